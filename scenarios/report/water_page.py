"""The water of a run on the pages: what headquarters asks first, the levels and orders over time, their course."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

import numpy as np

from scenarios.report.data import RunData
from scenarios.report.spread import Spread
from scenarios.report.text import Both, clock, joined, lead, number
from scenarios.report.timeline import Link, Timeline
from scenarios.report.water import GATE, Water
from scenarios.report.water_cards import class_name, in_force, landslide_name, level_name, peak_row

Array = np.ndarray
Row = tuple[Both, Both]
PEOPLE = (
    "residents_ordered",
    "evacuees_fleeing",
    "evacuees_in_refuges",
    "people_caught",
    "care_home_persons_moved",
    "stranded_persons",
    "lifted_persons",
    "deaths_water",
    "deaths_water_on_way",
)
HOUSES = ("buildings_flooded", "buildings_washed", "flooded_area_m2")
WORKS = ("levees_breached", "pumps_stopped", "roads_flooded")
NAMES = (*PEOPLE, *HOUSES, *WORKS, "gates_open")
# kinds whose events are told one by one, and the marks of some on the strip
COURSE = (
    "tsunami_warning",
    "advisory",
    "flood_warning",
    "landslide_warning",
    "flood_call_3",
    "flood_call_4",
    "flood_call_5",
    "evacuation_ordered",
    "order_lifted",
    "flood_call_lifted",
    "warning_heard",
    "flight_begun",
    "flight_over",
    "gate_left_open",
    "levee_sunk",
    "levee_overtopped",
    "levee_breached",
    "water_reached",
    "refuge_full",
    "pump_stopped",
    "substation_drowned",
)
CALLS = {
    "flood_call_3": Both("高齢者等避難（レベル3）", "the old are to leave (level 3)"),
    "evacuation_ordered": Both("避難指示", "evacuation order"),
    "flood_call_5": Both("緊急安全確保（レベル5）", "take cover (level 5)"),
}
ISSUED = (
    ("tsunami_warning", Both("現在", "now"), class_name),
    ("flood_warning", Both("現在", "now"), level_name),
    ("landslide_warning", Both("土砂災害、現在", "landslide, now"), landslide_name),
)
LEVELS = tuple(kind for kind, _, _ in ISSUED)  # every change of these is told
PER_TOWN = 3  # lines of one kind told for one town


def blocks(run: RunData, timeline: Timeline, water: Water) -> list[tuple[Both, list[Row]]]:
    """Headed rows for the first page; a row stands only if something of it happened."""
    danger = number(sum(water.ground.danger_persons.values()), 3)
    zone = (Both("浸水想定区域の住民", "residents of the hazard zone"), Both(f"{danger}人", f"{danger} people"))
    found: list[tuple[Both, list[Row | None]]] = [
        (Both("警報と到達", "Warning and arrival"), [*_issued(run, timeline), _arrival(run, timeline), _stage(water)]),
        (Both("人", "People"), [zone, *(peak_row(run, name) for name in PEOPLE)]),
        (
            Both("堤防・施設・家屋", "Levees, works, houses"),
            [*_gates(water), *(peak_row(run, name) for name in (*WORKS, *HOUSES))],
        ),
    ]
    kept = [(name, [row for row in rows if row is not None]) for name, rows in found]
    return [(name, rows) for name, rows in kept if rows]


def _issued(run: RunData, timeline: Timeline) -> list[Row]:
    """What is in force, when the highest classes or levels were first issued over all towns, and the calls to leave."""
    rows: list[Row] = []
    for kind, now, name_of in ISSUED:
        if kind not in timeline.rows_of_kind:
            continue
        rows.append((now, in_force(timeline, kind, name_of, run.end_s)))
        amounts = {float(timeline.columns["amount"][row]) for row in timeline.rows_of_kind[kind]}
        for amount in sorted(amounts - {0.0}, reverse=True)[:2]:
            rows.append((name_of(amount), _when(run, _first(timeline, kind, amount=amount))))
    for kind, name in CALLS.items():
        times = timeline.first_times(kind)
        if np.isfinite(times).any():
            rows.append((name, _when(run, times)))
    return rows


def _first(timeline: Timeline, kind: str, area: str = "", amount: float = np.nan) -> Array:
    """Time of the first event of a kind, of one area or amount if asked, shape (member,); NaN where there is none."""
    column, times = timeline.columns, np.full(timeline.run.n_member, np.nan)
    for row in timeline.rows_of_kind.get(kind, []):
        if area in ("", column["area"][row]) and (np.isnan(amount) or amount == column["amount"][row]):
            member = int(column["member"][row])
            times[member] = np.nanmin([times[member], float(column["time_s"][row])])
    return times


def _when(run: RunData, times: Array) -> Both:
    """`T+3 min (14:49)`, or a range; members in which it never happened are named."""
    spread = Spread.of(times)
    if spread.n_known < spread.n_member or spread.low != spread.high:
        return Both("T+", "T+") + spread.text(seconds=True)
    at = clock(run.scenario.start, spread.middle)
    return lead(round(spread.middle)) + Both(f"（{at}）", f" ({at})")


def _arrival(run: RunData, timeline: Timeline) -> Row | None:
    """When the first dangerous water stood in each town."""
    told = []
    for town in run.towns:
        times = _first(timeline, "water_reached", area=town.code)
        if np.isfinite(times).any():
            told.append(town.name + " " + _when(run, times))
    return (Both("深さ0.3m以上の水が到達", "water of 0.3 m reaches"), joined(told)) if told else None


def _stage(water: Water) -> Row | None:
    """How high the river stands against its danger level where it is worst, at the last instant there is."""
    wet, danger_m = water.last, water.ground.levee_danger_m
    if water.sea or wet is None or not np.isfinite(wet.level_m - danger_m).any():
        return None
    over = np.nanmax(np.where(np.isfinite(wet.level_m - danger_m), wet.level_m - danger_m, -np.inf), axis=1)
    low, high = (f"{value:+.1f}" for value in (over.min(), over.max()))
    told = f"{low} m" if low == high else f"{low} – {high} m"
    return Both("川の水位（危険水位比、最悪点）", "river over its danger level (worst place)"), Both(told, told)


def _gates(water: Water) -> list[Row]:
    """Gates shut of all there are."""
    wet, gate = water.last, water.ground.levee_kind == GATE
    if wet is None or not gate.any() or not np.isfinite(wet.open_fraction).all():
        return []
    told = Spread.of((wet.open_fraction[:, gate] < 0.5).sum(axis=1).astype(float)).text()
    return [(Both("閉じた陸閘・水門", "gates shut"), told + f" / {int(gate.sum())}")]


def course(timeline: Timeline, member: int) -> list[Link]:
    """Warnings, orders, flight, breaches and arrivals of one member in order of time, the first few of each town.

    Lines that read the same at the same instant are told once, with their number.
    """
    column = timeline.columns
    told: Counter[tuple[str, str]] = Counter()
    links: Counter[Link] = Counter()
    for row in _course_rows(timeline, member):
        link = timeline.link(row)
        kind, area = column["kind"][row], column["area"][row]
        told[(kind, area)] += link not in links
        if told[(kind, area)] <= PER_TOWN or kind in LEVELS:
            links[link] += 1
    return [
        link if number == 1 else replace(link, text=link.text + Both(f"（{number}件）", f" (× {number})"))
        for link, number in links.items()
    ]


def _course_rows(timeline: Timeline, member: int) -> list[int]:
    """Rows of the kinds told, in order; an advisory only where no warning stands above it, or when it is lifted."""
    column = timeline.columns
    warned = "tsunami_warning" in timeline.rows_of_kind
    rows = [row for kind in COURSE for row in timeline.rows_of_kind.get(kind, []) if column["member"][row] == member]
    kept = [row for row in rows if not (warned and column["kind"][row] == "advisory" and column["amount"][row] > 0)]
    return sorted(kept, key=lambda row: (column["time_s"][row], row))
