"""The situation table in the order of 第4号様式 (その2 被害状況即報), then shortages and slowest queues."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from scenarios.report.data import RunData
from scenarios.report.spread import Spread
from scenarios.report.text import NOT_HEARD, NOT_MODELLED, NOT_OBSERVED, NOT_REACHED, Both, clock, lead, number
from scenarios.report.timeline import Timeline
from scenarios.report.words import quantity_name, source_name, unit_name

SIMULATED = Both("模擬・真値", "simulated truth")
PREFECTURE = Both("模擬・県公表", "simulated, prefecture")


@dataclass(frozen=True)
class Figure:
    """One number of the table with its as-of time and source. `known` is False for words such as 未受信."""

    value: Both
    as_of: Both
    source: Both
    kind: str
    known: bool = True


@dataclass(frozen=True)
class Ask:
    """A row to fill: series names of what is true, reported and observed; `add` joins further observed ones."""

    quantity: str
    true: str = ""
    reported: str = ""
    observed: tuple[str, ...] = ()
    name: Both | None = None
    unit: Both | None = None
    note: Both | None = None
    observable: bool = True


@dataclass(frozen=True)
class Row:
    """A filled row."""

    name: Both
    unit: Both
    reported: Figure
    true: Figure
    observed: list[Figure] = field(default_factory=list)
    note: Both | None = None


def _same(quantity: str, *observed: str, **more: Both | bool | None) -> Ask:
    return Ask(quantity, quantity, quantity, observed or (quantity,), **more)  # type: ignore[arg-type]


FORM: tuple[tuple[Both, tuple[Ask, ...]], ...] = (
    (
        Both("人的被害", "Casualties"),
        (
            _same("deaths", note=Both("関連死を含まない", "related deaths apart")),
            Ask("deaths_related", true="deaths_related"),
            Ask("cardiac_arrest", true="cardiac_arrest", observed=("cardiac_arrest",)),
            Ask("missing", true="missing"),
            _same("injured_severe"),
            _same("injured_light", "injured_light", "injured_moderate"),
        ),
    ),
    (
        Both("住家被害", "Homes"),
        (
            _same("buildings_collapsed", note=Both("真値は非住家を含む棟数", "truth counts all buildings")),
            _same("buildings_half_collapsed"),
            _same("buildings_partial"),
            Ask("homes_unclassified", reported="homes_unclassified", observed=("homes_unclassified",)),
            Ask("flooded", name=Both("床上・床下浸水", "flooded"), unit=Both("棟", "buildings"), observable=False),
            Ask("buildings_burnt", true="buildings_burnt", name=Both("焼失（火災）", "burnt down (fires)")),
        ),
    ),
    (
        Both("ライフライン", "Lifelines"),
        (
            _same("households_without_water"),
            Ask(
                "power_contracts_out",
                true="power_contracts_out",
                reported="households_without_power",
                observed=("power_contracts_out",),
                note=Both("戸＝契約数、世帯ではない", "contracts, not households"),
            ),
            Ask(
                "base_stations_down",
                true="base_stations_down",
                reported="base_stations_down",
                observed=("base_stations_down",),
                name=Both("電話（停波した基地局）", "telephone (mobile stations down)"),
            ),
            _same("households_without_gas", "gas_stopped"),
        ),
    ),
    (
        Both("箇所数", "Sites"),
        (
            _same("roads_closed", note=Both("道路：幹線の区間数", "roads: trunk sections")),
            Ask("bridges", name=Both("橋りょう", "bridges"), unit=Both("か所", "bridges"), observable=False),
            Ask("slide_buildings", true="slide_buildings"),
        ),
    ),
    (
        Both("避難・体制", "Shelter and organisation"),
        (
            _same("evacuees_in_shelters"),
            Ask("evacuees_in_cars", true="evacuees_in_cars"),
            _same("shelters_open"),
            Ask(
                "rescued_fire_service",
                true="rescued_fire_service",
                reported="rescued_persons",
                observed=("rescued_fire_service",),
            ),
            Ask("responders_working", true="responders_working"),
        ),
    ),
)

# rows that stand for one of the form where the world has ground that water can reach
WHERE_WATER_CAN_COME: Mapping[str, tuple[Ask, ...]] = {
    "flooded": (
        Ask("buildings_flooded", "buildings_flooded", "buildings_flooded", observable=False),
        Ask("buildings_washed", true="buildings_washed", observable=False),
    ),
    "bridges": (
        Ask("levees_breached", true="levees_breached", observable=False),
        Ask("flooded_area_m2", true="flooded_area_m2", observable=False),
    ),
    "missing": (_same("missing"), Ask("stranded_persons", true="stranded_persons")),
}
ALL_ASKS = (
    *(ask for _, asks in FORM for ask in asks),
    *(ask for asks in WHERE_WATER_CAN_COME.values() for ask in asks),
)

QUEUES = (
    "meals_short",
    "water_short_l",
    "trucks_queued",
    "rescue_waiting",
    "hospital_patients_waiting",
    "requests_pending",
    "approval_delay_s",
)


def table(run: RunData, timeline: Timeline, time_s: int) -> list[tuple[Both, list[Row]]]:
    """The situation at an instant, group by group. A number not known is named, never 0."""
    as_of = published(run, timeline, time_s)
    other = WHERE_WATER_CAN_COME if run.scenario.terrain is not None else {}
    return [
        (group, [_row(run, ask, time_s, as_of) for one in asks for ask in other.get(one.quantity, (one,))])
        for group, asks in FORM
    ]


def published(run: RunData, timeline: Timeline, time_s: float) -> Both:
    """When the report in force at an instant was published, as a range over the members; its number where all agree."""
    rows = timeline.last_before("report_published", time_s)
    if not rows:
        return Both("公表なし", "nothing published")
    times = sorted(int(timeline.columns["time_s"][row]) for row in rows)
    first, last = clock(run.scenario.start, times[0]), clock(run.scenario.start, times[-1])
    told = first if first == last else f"{first}–{last.partition(' ')[2] if first[:4] == last[:4] else last}"
    numbers = {int(timeline.columns["amount"][row]) for row in rows}
    if len(numbers) == 1:
        return Both(f"{told} 第{next(iter(numbers))}報", f"{told} no. {next(iter(numbers))}")
    return Both(f"{told} 公表", f"{told}")


def _row(run: RunData, ask: Ask, time_s: int, as_of: Both) -> Row:
    now = Both(clock(run.scenario.start, time_s), clock(run.scenario.start, time_s))
    return Row(
        ask.name or quantity_name(ask.quantity),
        ask.unit or unit_name(ask.quantity),
        _reported(run, ask.reported, time_s, as_of),
        _true(run, ask.true, time_s, now),
        _observed(run, ask, time_s, now),
        ask.note,
    )


def _true(run: RunData, name: str, time_s: int, now: Both) -> Figure:
    if not name or run.block("true", name) is None:
        return Figure(NOT_MODELLED, now, SIMULATED, "none", False)
    spread = Spread.of(run.at("true", name, "all", time_s))
    return Figure(spread.text(NOT_REACHED), now, SIMULATED, "true", spread.known)


def _reported(run: RunData, name: str, time_s: int, as_of: Both) -> Figure:
    block = run.block("reported", name) if name else None
    if block is None:
        return Figure(Both("報告項目なし", "not reported"), as_of, PREFECTURE, "none", False)
    spread = Spread.of(block.at("all", time_s))
    if not spread.known:
        return Figure(NOT_HEARD, as_of, PREFECTURE, "reported", False)
    towns = [town.code for town in run.towns]
    heard = np.array([np.isfinite(block.at(code, time_s)).mean() for code in towns])
    n_heard = int(np.rint(heard.sum()))
    source = PREFECTURE + Both(f" {n_heard}/{len(towns)}市町村", f" {n_heard}/{len(towns)} towns")
    return Figure(spread.text(digits=None), as_of, source, "reported")


def _observed(run: RunData, ask: Ask, time_s: int, now: Both) -> list[Figure]:
    figures = []
    for name in ask.observed:
        for one in run.latest_observed(name, time_s):
            value = Both(number(one.value), number(one.value))
            if name != ask.observed[0]:
                value = quantity_name(name) + " " + value
            as_of = clock(run.scenario.start, one.time_s)
            source = source_name(one.source) + (Both("", "") if one.area else Both("（町の和）", " (sum of towns)"))
            figures.append(Figure(value, Both(as_of, as_of), source, "observed"))
    if figures:
        return figures
    unknown = NOT_OBSERVED if ask.observable else Both("–", "–")
    if ask.quantity == "roads_closed" and (run.scenario.facts_folder / "report_road.csv").is_file():
        unknown = Both("路線別に比較", "compared by route")
    return [Figure(unknown, now, Both("公表資料", "public reports"), "none", False)]


def queues(run: RunData) -> list[dict[str, object]]:
    """Worst moment of each shortage and queue: spread of the members' peaks, when and where."""
    return [_queue(run, name) for name in QUEUES]


def _queue(run: RunData, name: str) -> dict[str, object]:
    block = run.block("true", name)
    row: dict[str, object] = {"name": quantity_name(name), "unit": unit_name(name), "known": False}
    if block is None or not np.isfinite(block.of("all")).any():
        return row
    whole = block.of("all")
    peaks = np.array([np.nanmax(member) if np.isfinite(member).any() else np.nan for member in whole])
    seconds = name.endswith("_s")
    row |= {"peak": Spread.of(peaks).text(seconds=seconds), "known": True}
    row["now"] = Spread.of(whole[:, -1]).text(seconds=seconds)
    if not np.nanmax(peaks) > 0:
        return {**row, "when": Both("発生せず", "none"), "where": Both("–", "–")}
    middle = _median(whole)
    peak_at = int(np.nanargmax(middle)) if np.nanmax(middle) > 0 else int(np.nanargmax(np.nanmax(whole, axis=0)))
    at_s = int(block.time_s[peak_at])
    row["when"] = lead(at_s) + Both(f"（{clock(run.scenario.start, at_s)}）", f" ({clock(run.scenario.start, at_s)})")
    row["where"] = _worst_town(run, name, at_s)
    return row


def _median(values: np.ndarray) -> np.ndarray:
    """Median over the members; NaN where nobody knows."""
    known = np.isfinite(values).any(axis=0)
    found = np.full(values.shape[1], np.nan)
    found[known] = np.nanmedian(values[:, known], axis=0)
    return found


def _worst_town(run: RunData, name: str, time_s: int) -> Both:
    worst, most = Both("全域", "whole region"), 0.0
    for town in run.towns:
        values = run.at("true", name, town.code, time_s)
        mean = float(np.nanmean(values)) if np.isfinite(values).any() else 0.0
        if mean > most:
            worst, most = town.name, mean
    return worst
