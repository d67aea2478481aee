"""The journal of a run as the report reads it: what happened when, and the chains of causes behind what mattered."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import pyarrow as pa

from scenarios.report.data import RunData
from scenarios.report.sentences import sentence
from scenarios.report.text import Both, clock, lead
from scenarios.report.words import LAYERS

Array = np.ndarray
PLAIN = ("id", "member", "time_s", "amount")
TEXTS = ("layer", "kind", "subject", "area", "quantity", "unit")

# kinds that end a chain -> how much one unit of the amount weighs against one life
OUTCOMES: dict[str, float] = {
    "killed": 1.0,
    "died_trapped": 1.5,
    "died_untreated": 1.5,
    "related_death": 2.0,
    "trapped": 0.3,
    "freed_by_responders": 0.2,
    "hospital_overloaded": 0.05,
    "fire_reported": 0.2,
    "scouted": 1.0,
    "dispatch_manual": 2.0,
    "people_turned_away": 0.02,
    "people_left_home": 0.005,
    "shelter_full": 0.01,
    "shelter_out_of_food": 0.02,
    "shelter_out_of_water": 0.03,
    "zone_dry": 0.001,
    "zone_refilled": 0.001,
    "power_restored": 0.0005,
    "stations_down": 0.1,
    "unusable": 1.0,
    "many_ill": 0.05,
    "depot_queue": 0.2,
    "stock_low": 2.0,
    "station_stopped": 0.5,
    "generator_cars_sent": 1.0,
    "request_approved": 0.5,
    "scouts_wanted": 2.0,
    "town_silent": 2.0,
    "report_late": 1e-4,
    "road_opened": 0.5,
    "mutual_aid_called": 0.02,
    "drowned_at_home": 1.0,
    "drowned_on_way": 1.2,
    "people_caught": 0.3,
    "stranded": 0.1,
    "lifted": 0.2,
    "home_lost": 0.005,
    "houses_flooded": 0.02,
    "facility_flooded": 20.0,
    "refuge_full": 0.02,
    "road_flooded": 2.0,
    "flight_over": 0.002,
}
LONGEST, MOST, PER_KIND, PER_AREA = 8, 12, 1, 2


@dataclass(frozen=True)
class Link:
    """One step of a chain as it is shown."""

    when: Both
    clock: str
    layer: Both
    text: Both


@dataclass(frozen=True)
class Timeline:
    """All events of a run; text columns are plain lists."""

    run: RunData
    columns: Mapping[str, Any]
    causes: list[list[int]]

    @cached_property
    def row_of(self) -> dict[tuple[int, int], int]:
        """(member, id) -> row."""
        pairs = zip(self.columns["member"].tolist(), self.columns["id"].tolist())
        return {pair: row for row, pair in enumerate(pairs)}

    @cached_property
    def rows_of_kind(self) -> dict[str, list[int]]:
        """Kind -> rows, in order."""
        found: dict[str, list[int]] = {}
        for row, kind in enumerate(self.columns["kind"]):
            found.setdefault(kind, []).append(row)
        return found

    def first_times(self, kind: str) -> Array:
        """Time of the first event of a kind in each member, seconds, shape (member,); NaN where there is none."""
        times = np.full(self.run.n_member, np.nan)
        for row in self.rows_of_kind.get(kind, []):
            member = int(self.columns["member"][row])
            times[member] = np.nanmin([times[member], float(self.columns["time_s"][row])])
        return times

    def last_before(self, kind: str, time_s: float) -> list[int]:
        """Row of the last event of a kind up to an instant, one per member that has one."""
        last: dict[int, int] = {}
        for row in self.rows_of_kind.get(kind, []):
            if self.columns["time_s"][row] <= time_s:
                last[int(self.columns["member"][row])] = row
        return list(last.values())

    def place(self, row: int) -> Both:
        """Town and, where it has a name, the thing the event is about."""
        subject, area = self.columns["subject"][row], self.columns["area"][row]
        town = Both("", "") if area == "all" else self.run.town_name(area)
        if not subject or subject == area:
            return town if area != "all" else self.run.town_name("all")
        name = self.run.names.get(subject)
        if name is None:
            return town if area != "all" else Both(subject, subject)
        if not town.ja or town.ja in name.ja:
            return name
        return Both(f"{town.ja}の{name.ja}", f"{name.en}, {town.en}")

    def link(self, row: int) -> Link:
        """The event as a line of a chain."""
        column = self.columns
        text = sentence(
            column["kind"][row],
            self.place(row),
            float(column["amount"][row]),
            column["quantity"][row],
            column["unit"][row],
            json.loads(column["args"][row] or "[]"),
        )
        seconds = int(column["time_s"][row])
        layer = column["layer"][row]
        return Link(lead(seconds), clock(self.run.scenario.start, seconds), LAYERS.get(layer, Both(layer, layer)), text)

    def chain(self, row: int) -> list[int]:
        """Rows from the first cause to an event: at each step the cause from another layer, else the latest."""
        found = [row]
        member, layer = int(self.columns["member"][row]), self.columns["layer"]
        while len(found) < LONGEST:
            rows = [self.row_of.get((member, one)) for one in self.causes[found[-1]]]
            known = [one for one in rows if one is not None and one not in found and not self._same(one, found[-1])]
            if not known:
                break
            found.append(max(known, key=lambda one: (layer[one] != layer[found[-1]], self.columns["time_s"][one])))
        return found[::-1]

    def _same(self, row: int, other: int) -> bool:
        """Whether two events tell the same thing twice."""
        return all(self.columns[name][row] == self.columns[name][other] for name in ("kind", "subject", "area"))


def read_timeline(run: RunData) -> Timeline:
    """The events of a finished run."""
    table = run.folder.events()
    columns: dict[str, Any] = {name: table[name].to_numpy() for name in PLAIN}
    columns |= {name: table[name].cast(pa.string()).to_pylist() for name in TEXTS}
    columns["args"] = table["args"].to_pylist()
    return Timeline(run, columns, table["causes"].to_pylist())


def typical_member(run: RunData) -> int:
    """The member whose outcomes at the end lie nearest to the medians."""
    away = np.zeros(run.n_member)
    for quantity in ("deaths", "trapped_persons", "households_without_water", "evacuees_in_shelters", "meals_short"):
        values = run.at("true", quantity, "all", run.end_s)
        if np.isfinite(values).all() and values.std() > 0:
            away += np.abs(values - np.median(values)) / values.std()
    return int(np.argmin(away))


def chains(timeline: Timeline, member: int) -> list[list[Link]]:
    """The most consequential chains of one member: heavy outcomes first, many layers before few, not all of a kind."""
    column = timeline.columns
    scored = []
    for kind, weight in OUTCOMES.items():
        rows = [row for row in timeline.rows_of_kind.get(kind, []) if column["member"][row] == member]
        heavy = sorted(rows, key=lambda row: -abs(float(np.nan_to_num(column["amount"][row]))))[:12]
        for row in heavy:
            path = timeline.chain(row)
            layers = len({column["layer"][one] for one in path})
            if layers > 1:
                amount = abs(float(np.nan_to_num(column["amount"][row])))
                scored.append((np.log1p(weight * amount) + 1.2 * (layers - 1) + 0.2 * len(path), path))
    return [[timeline.link(row) for row in path] for path in _varied(timeline, scored)]


def _varied(timeline: Timeline, scored: list[tuple[float, list[int]]]) -> list[list[int]]:
    """The best chains, at most a few of one kind and of one town, shown in order of their end."""
    kinds: Counter[str] = Counter()
    areas: Counter[str] = Counter()
    told: set[int] = set()
    chosen: list[list[int]] = []
    for _, path in sorted(scored, key=lambda pair: (-pair[0], pair[1])):
        kind, area = timeline.columns["kind"][path[-1]], timeline.columns["area"][path[-1]]
        if kinds[kind] >= PER_KIND or areas[area] >= PER_AREA or path[-1] in told:
            continue
        kinds[kind] += 1
        areas[area] += 1
        told.update(path)
        chosen.append(path)
        if len(chosen) == MOST:
            break
    return sorted(chosen, key=lambda path: int(timeline.columns["time_s"][path[-1]]))
