"""The first page: clock box, what each planning horizon must answer, acts, forces, access, what is unknown."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from scenarios.report.data import RunData, Town
from scenarios.report.maps import STATES, intensities, silence
from scenarios.report.sentences import ACTS, SENTENCES
from scenarios.report.spread import Spread
from scenarios.report.text import NOT_MODELLED, NOT_REACHED, UNKNOWN, Both, clock, duration, joined, lead, number
from scenarios.report.timeline import Timeline
from scenarios.report.words import quantity_name, unit_name
from twin.numerics import sky

HORIZONS_S = (1800, 3 * 3600, 24 * 3600, 72 * 3600)
QUESTIONS = (
    Both("どこまで広がったか、誰が沈黙しているか", "How wide is it, and who is silent?"),
    Both("誰を先に助け、今夜をどうしのぐか", "Whom first, and how to get through the night?"),
    Both("何が足りず、どこへ配るか", "What runs short, and where to send it?"),
    Both("救助から生活へ切り替えられるか", "Time to switch from rescue to living?"),
)
TRUE, REPORTED = Both("真", "true"), Both("報", "rep.")
SIX_LOWER = 5.5
BY_TOWN = ("trapped_persons",)  # series of which this page names towns
# series that only this page reads
NAMES = (
    "facilities_dark",
    "shelter_capacity_persons",
    "generator_cars_allotted",
    "fuel_stations_open",
    "shops_open",
    "homes_tagged",
)
ROOM_FOR_NAMES = 12


@dataclass(frozen=True)
class Item:
    """One answer on a card. mark: whether the value is simulated truth or what was reported."""

    name: Both
    value: Both
    mark: Both | None = None
    detail: Both | None = None


@dataclass(frozen=True)
class Card:
    """What must be known at one horizon."""

    title: Both
    clock: str
    question: Both
    items: list[Item]


def cards(run: RunData, timeline: Timeline) -> list[Card]:
    """One card per horizon; those beyond the run say so."""
    makers = (_half_hour, _three_hours, _one_day, _three_days)
    found = []
    for time_s, question, make in zip(HORIZONS_S, QUESTIONS, makers, strict=True):
        items = make(run, timeline, time_s) if time_s <= run.end_s else []
        found.append(Card(lead(time_s), clock(run.scenario.start, time_s), question, items))
    return found


def _true(run: RunData, name: str, time_s: int, detail: Both | None = None, label: Both | None = None) -> Item:
    if run.block("true", name) is None:
        return Item(label or quantity_name(name), NOT_MODELLED)
    spread = Spread.of(run.at("true", name, "all", time_s))
    value = spread.text(UNKNOWN, seconds=name.endswith("_s"))
    unit = unit_name(name)
    if unit.ja and spread.known:
        value = Both(f"{value.ja}{unit.ja}", f"{value.en} {unit.en}")
    return Item(label or quantity_name(name), value, TRUE, detail)


def _with_reported(run: RunData, name: str, reported: str, time_s: int) -> Item:
    """Truth with the reported value beneath; silence is named."""
    told = Spread.of(run.at("reported", reported, "all", time_s)).text(digits=None)
    return _true(run, name, time_s, Both(f"報告：{told.ja}", f"reported: {told.en}"))


def _half_hour(run: RunData, timeline: Timeline, time_s: int) -> list[Item]:
    shaken = intensities(run, time_s)
    strong = [town for town in run.towns if shaken[town.code] >= SIX_LOWER]
    people = number(sum(town.population for town in strong), 3)
    quiet = silence(run, timeline, time_s)
    tsunami = timeline.last_before("advisory", time_s)
    wave = any(timeline.columns["amount"][row] > 0 for row in tsunami)
    return [
        Item(
            Both("震度6弱以上", "6-lower or more"),
            Both(f"{len(strong)}市町村", f"{len(strong)} towns"),
            TRUE,
            Both(f"人口 {people}人", f"{people} people live there"),
        ),
        Item(
            Both("報告のない市町村", "towns not heard"),
            Both(f"{len(quiet)}/{len(run.towns)}", f"{len(quiet)}/{len(run.towns)}"),
            REPORTED,
        ),
        _true(run, "buildings_collapsed", time_s),
        _with_reported(run, "trapped_persons", "trapped_persons", time_s),
        _worst_towns(run, "trapped_persons", time_s),
        _with_reported(run, "deaths", "deaths", time_s),
        _true(run, "fires_burning", time_s),
        _true(run, "households_without_power", time_s),
        Item(
            Both("津波", "tsunami"),
            Both("注意報等あり", "advisory in force") if wave else Both("発表なし", "no advisory"),
            TRUE,
        ),
        Item(Both("日没まで", "daylight left"), daylight_left(run, time_s)),
    ]


def _three_hours(run: RunData, timeline: Timeline, time_s: int) -> list[Item]:
    return [
        _with_reported(run, "trapped_persons", "trapped_persons", time_s),
        _worst_towns(run, "trapped_persons", time_s),
        _true(run, "rescue_waiting", time_s),
        _true(run, "responders_working", time_s, _forces(run, time_s)),
        _true(run, "hospital_patients_waiting", time_s),
        _true(run, "facilities_dark", time_s),
        _with_reported(run, "roads_closed", "roads_closed", time_s),
        _with_reported(run, "evacuees_in_shelters", "evacuees_in_shelters", time_s),
        _true(run, "shelter_capacity_persons", time_s),
        Item(Both("日の出まで", "until sunrise"), _until_sunrise(run, time_s)),
    ]


def _one_day(run: RunData, timeline: Timeline, time_s: int) -> list[Item]:
    return [
        _with_reported(run, "trapped_persons", "trapped_persons", time_s),
        _with_reported(run, "power_contracts_out", "households_without_power", time_s),
        _with_reported(run, "households_without_water", "households_without_water", time_s),
        _true(run, "evacuees_in_cars", time_s, Both("観測なしの量", "nobody observes this")),
        _true(run, "meals_short", time_s),
        _true(run, "water_short_l", time_s),
        _true(run, "trucks_queued", time_s),
        _true(run, "generator_cars_allotted", time_s, _dark(run, time_s)),
        _true(run, "requests_pending", time_s, _oldest(run, time_s)),
    ]


def _three_days(run: RunData, timeline: Timeline, time_s: int) -> list[Item]:
    return [
        _true(run, "trapped_persons", time_s),
        _with_reported(run, "power_contracts_out", "households_without_power", time_s),
        _with_reported(run, "households_without_water", "households_without_water", time_s),
        _with_reported(run, "evacuees_in_shelters", "evacuees_in_shelters", time_s),
        _true(run, "deaths_related", time_s),
        _true(run, "meals_short", time_s),
        _true(run, "shops_open", time_s),
        _true(run, "homes_tagged", time_s, _unclassified(run, time_s)),
        _true(run, "debris_m3", time_s),
    ]


def _worst_towns(run: RunData, name: str, time_s: int, most: int = 3) -> Item:
    """The towns with the largest medians, each with its range."""
    spreads = [(Spread.of(run.at("true", name, town.code, time_s)), town) for town in run.towns]
    worst = sorted((pair for pair in spreads if pair[0].middle > 0), key=lambda pair: -pair[0].middle)[:most]
    told = [town.name + " " + spread.text() for spread, town in worst]
    label = Both("うち多い町", "most of them in")
    return Item(label, joined(told, "、") if told else Both("なし", "none"), TRUE)


def _forces(run: RunData, time_s: int) -> Both:
    asked, moving = (
        Spread.of(run.at("true", name, "all", time_s)).text(UNKNOWN)
        for name in ("responders_requested", "responders_moving")
    )
    return Both(f"要請 {asked.ja}・移動 {moving.ja}", f"requested {asked.en}, moving {moving.en}")


def _dark(run: RunData, time_s: int) -> Both:
    dark = Spread.of(run.at("true", "facilities_dark", "all", time_s)).text(UNKNOWN)
    return Both(f"電源なし {dark.ja}施設", f"facilities dark: {dark.en}")


def _oldest(run: RunData, time_s: int) -> Both:
    oldest = Spread.of(run.at("true", "approval_delay_s", "all", time_s)).text(UNKNOWN, seconds=True)
    return Both(f"最長 {oldest.ja}", f"longest wait {oldest.en}")


def _unclassified(run: RunData, time_s: int) -> Both:
    told = Spread.of(run.at("reported", "homes_unclassified", "all", time_s)).text(digits=None)
    return Both(f"報告：分類未了 {told.ja}", f"reported, not yet classed: {told.en}")


def _middle(run: RunData) -> tuple[float, float]:
    return float(np.mean([town.lat for town in run.towns])), float(np.mean([town.lon for town in run.towns]))


def sun(run: RunData, time_s: float) -> tuple[float, float]:
    """Next sunrise and next sunset after an instant, seconds since the start."""
    origin_s, (lat, lon) = run.scenario.start.timestamp(), _middle(run)
    edges = [sky.sunrise_sunset_s(origin_s + time_s + day * 86400.0, lat, lon) for day in (-1, 0, 1, 2)]
    rises, sets = (sorted(float(edge[side]) - origin_s for edge in edges) for side in (0, 1))
    return next(at for at in rises if at > time_s), next(at for at in sets if at > time_s)


def daylight_left(run: RunData, time_s: float) -> Both:
    """Time to sunset, or that it is night."""
    rise, down = sun(run, time_s)
    if rise < down:
        at = clock(run.scenario.start, rise)
        return Both(f"夜間（日の出 {at}）", f"night (sunrise {at})")
    at = clock(run.scenario.start, down)
    return duration(down - time_s) + Both(f"（{at}）", f" ({at})")


def _until_sunrise(run: RunData, time_s: float) -> Both:
    rise, down = sun(run, time_s)
    if down < rise:
        return Both("日中", "daytime")
    at = clock(run.scenario.start, rise)
    return duration(rise - time_s) + Both(f"（{at}）", f" ({at})")


def acts(run: RunData, timeline: Timeline) -> list[tuple[Both, Both]]:
    """Acts of government with the range of their times; those not taken in a run are named as such."""
    rows = []
    for kind in ACTS:
        times = timeline.first_times(kind)
        name = Both(*SENTENCES[kind])
        if not np.isfinite(times).any():
            rows.append((name, Both("なし", "not in this run")))
            continue
        rows.append((name, Both("T+", "T+") + Spread.of(times).text(seconds=True)))
    return rows


def forces(run: RunData) -> list[tuple[Both, list[Both]]]:
    """Requested, moving, working at every horizon."""
    names = ("responders_requested", "responders_moving", "responders_working")
    return [(quantity_name(name), [_at(run, "true", name, time_s) for time_s in HORIZONS_S]) for name in names]


def access(run: RunData) -> list[tuple[Both, list[Both]]]:
    """Closed trunk sections, true and reported, and filling stations at every horizon."""
    rows = (
        ("true", "roads_closed", Both("通行止め（真値）", "sections closed (true)")),
        ("reported", "roads_closed", Both("通行止め（報告）", "sections closed (reported)")),
        ("true", "fuel_stations_open", quantity_name("fuel_stations_open")),
    )
    return [(label, [_at(run, kind, name, time_s) for time_s in HORIZONS_S]) for kind, name, label in rows]


def _at(run: RunData, kind: str, name: str, time_s: int) -> Both:
    if time_s > run.end_s:
        return Both("–", "–")
    if run.block(kind, name) is None:
        return NOT_MODELLED
    return Spread.of(run.at(kind, name, "all", time_s)).text(digits=3 if kind == "true" else None)


def quiet_towns(run: RunData, timeline: Timeline, time_s: int) -> list[tuple[Both, Both]]:
    """Names of the towns nobody can vouch for at an instant, by the kind of their silence."""
    quiet = silence(run, timeline, time_s)
    return [
        _listed(run, name, [town for town in run.towns if quiet.get(town.code) == key]) for key, name in STATES.items()
    ]


def _listed(run: RunData, name: Both, towns: list[Town]) -> tuple[Both, Both]:
    """Label with the number of towns, and their names as far as there is room."""
    label = name + Both(f"（{len(towns)}）", f" ({len(towns)})")
    if not towns:
        return label, Both("なし", "none")
    if len(towns) == len(run.towns):
        return label, Both("全市町村", "all towns")
    names = joined([town.name for town in towns[:ROOM_FOR_NAMES]])
    more = len(towns) - ROOM_FOR_NAMES
    return label, names + Both(f"ほか{more}", f" and {more} more") if more > 0 else names


def clock_box(run: RunData, timeline: Timeline) -> list[tuple[Both, Both]]:
    """Where the clock stands at the end of the run."""
    end = run.end_s
    start = run.scenario.start
    drawn = (
        Both("1試行（幅なし）", "one draw (no range)")
        if run.n_member == 1
        else Both(f"{run.n_member}試行の幅 P10–P90", f"P10–P90 of {run.n_member} members")
    )
    rows = timeline.last_before("report_published", end)
    last = max((int(timeline.columns["time_s"][row]) for row in rows), default=None)
    told = NOT_REACHED if last is None else Both(clock(start, last), clock(start, last))
    if last is None:
        told = Both("公表なし", "none")
    return [
        (Both("発生", "origin"), Both(f"{start:%Y-%m-%d %H:%M}", f"{start:%Y-%m-%d %H:%M}")),
        (Both("現在", "now"), lead(end) + Both(f"（{clock(start, end)}）", f" ({clock(start, end)})")),
        (Both("日没まで", "daylight left"), daylight_left(run, end)),
        (Both("直近の県公表", "last report published"), told),
        (Both("試行", "draws"), drawn),
    ]
