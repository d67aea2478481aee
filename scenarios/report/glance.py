"""The first page: clock box, what each planning horizon must answer, acts, forces, access, what is unknown."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from scenarios.report.data import RunData, Town
from scenarios.report.items import (
    REPORTED,
    TRUE,
    Card,
    Item,
    dark_note,
    daylight_left,
    forces_note,
    oldest_note,
    true_item,
    unclassified_note,
    until_sunrise,
    with_reported,
    worst_towns,
)
from scenarios.report.maps import STATES, intensities, silence
from scenarios.report.sentences import ACTS, SENTENCES
from scenarios.report.spread import Spread
from scenarios.report.text import NOT_MODELLED, NOT_REACHED, Both, clock, joined, lead, number
from scenarios.report.timeline import Timeline
from scenarios.report.words import quantity_name

HORIZONS_S = (1800, 3 * 3600, 24 * 3600, 72 * 3600)
QUESTIONS = (
    Both("どこまで広がったか、誰が沈黙しているか", "How wide is it, and who is silent?"),
    Both("誰を先に助け、今夜をどうしのぐか", "Whom first, and how to get through the night?"),
    Both("何が足りず、どこへ配るか", "What runs short, and where to send it?"),
    Both("救助から生活へ切り替えられるか", "Time to switch from rescue to living?"),
)
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


def cards(run: RunData, timeline: Timeline) -> list[Card]:
    """One card per horizon; those beyond the run say so."""
    makers = (_half_hour, _three_hours, _one_day, _three_days)
    found = []
    for time_s, question, make in zip(HORIZONS_S, QUESTIONS, makers, strict=True):
        items = make(run, timeline, time_s) if time_s <= run.end_s else []
        found.append(Card(lead(time_s), clock(run.scenario.start, time_s), question, items))
    return found


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
        true_item(run, "buildings_collapsed", time_s),
        with_reported(run, "trapped_persons", "trapped_persons", time_s),
        worst_towns(run, "trapped_persons", time_s),
        with_reported(run, "deaths", "deaths", time_s),
        true_item(run, "fires_burning", time_s),
        true_item(run, "households_without_power", time_s),
        Item(
            Both("津波", "tsunami"),
            Both("注意報等あり", "advisory in force") if wave else Both("発表なし", "no advisory"),
            TRUE,
        ),
        Item(Both("日没まで", "daylight left"), daylight_left(run, time_s)),
    ]


def _three_hours(run: RunData, timeline: Timeline, time_s: int) -> list[Item]:
    return [
        with_reported(run, "trapped_persons", "trapped_persons", time_s),
        worst_towns(run, "trapped_persons", time_s),
        true_item(run, "rescue_waiting", time_s),
        true_item(run, "responders_working", time_s, forces_note(run, time_s)),
        true_item(run, "hospital_patients_waiting", time_s),
        true_item(run, "facilities_dark", time_s),
        with_reported(run, "roads_closed", "roads_closed", time_s),
        with_reported(run, "evacuees_in_shelters", "evacuees_in_shelters", time_s),
        true_item(run, "shelter_capacity_persons", time_s),
        Item(Both("日の出まで", "until sunrise"), until_sunrise(run, time_s)),
    ]


def _one_day(run: RunData, timeline: Timeline, time_s: int) -> list[Item]:
    return [
        with_reported(run, "trapped_persons", "trapped_persons", time_s),
        with_reported(run, "power_contracts_out", "households_without_power", time_s),
        with_reported(run, "households_without_water", "households_without_water", time_s),
        true_item(run, "evacuees_in_cars", time_s, Both("観測なしの量", "nobody observes this")),
        true_item(run, "meals_short", time_s),
        true_item(run, "water_short_l", time_s),
        true_item(run, "trucks_queued", time_s),
        true_item(run, "generator_cars_allotted", time_s, dark_note(run, time_s)),
        true_item(run, "requests_pending", time_s, oldest_note(run, time_s)),
    ]


def _three_days(run: RunData, timeline: Timeline, time_s: int) -> list[Item]:
    return [
        true_item(run, "trapped_persons", time_s),
        with_reported(run, "power_contracts_out", "households_without_power", time_s),
        with_reported(run, "households_without_water", "households_without_water", time_s),
        with_reported(run, "evacuees_in_shelters", "evacuees_in_shelters", time_s),
        true_item(run, "deaths_related", time_s),
        true_item(run, "meals_short", time_s),
        true_item(run, "shops_open", time_s),
        true_item(run, "homes_tagged", time_s, unclassified_note(run, time_s)),
        true_item(run, "debris_m3", time_s),
    ]


def acts(run: RunData, timeline: Timeline, taken_only: bool = False) -> list[tuple[Both, Both]]:
    """Acts of government with the range of their times; those not taken are named as such, or left out."""
    rows = []
    for kind in ACTS:
        times = timeline.first_times(kind)
        name = Both(*SENTENCES[kind])
        if not np.isfinite(times).any():
            rows += [] if taken_only else [(name, Both("なし", "not in this run"))]
            continue
        rows.append((name, Both("T+", "T+") + Spread.of(times).text(seconds=True)))
    return rows


def forces(run: RunData, horizons_s: Sequence[int] = HORIZONS_S) -> list[tuple[Both, list[Both]]]:
    """Requested, moving, working at every horizon."""
    names = ("responders_requested", "responders_moving", "responders_working")
    return [(quantity_name(name), [_at(run, "true", name, time_s) for time_s in horizons_s]) for name in names]


def access(run: RunData, horizons_s: Sequence[int] = HORIZONS_S) -> list[tuple[Both, list[Both]]]:
    """Closed trunk sections, true and reported, and filling stations at every horizon."""
    rows = (
        ("true", "roads_closed", Both("通行止め（真値）", "sections closed (true)")),
        ("reported", "roads_closed", Both("通行止め（報告）", "sections closed (reported)")),
        ("true", "fuel_stations_open", quantity_name("fuel_stations_open")),
    )
    return [(label, [_at(run, kind, name, time_s) for time_s in horizons_s]) for kind, name, label in rows]


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
