"""A finished run as the report reads it: series as arrays by member, area and time, observations, names of places."""

from __future__ import annotations

import csv
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from itertools import pairwise
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from scenarios.report.text import Both
from scenarios.report.words import SHOWN_PER
from scenarios.schema import Scenario
from twin.store import RunFolder

Array = np.ndarray
COLUMNS = ["time_s", "quantity", "unit", "area", "member", "kind", "label", "value"]
NAMED_TABLES = ("municipality", "node", "office", "road", "site", "hospital", "base")


class Wanted(NamedTuple):
    """Which series to read, and of which also the true values of single towns."""

    quantities: Collection[str]
    by_town: Collection[str]


@dataclass(frozen=True)
class Block:
    """One simulated series. values: shape (member, area, time); NaN = not known."""

    unit: str
    time_s: Array
    areas: tuple[str, ...]
    values: Array

    def of(self, area: str) -> Array:
        """Values of one area, shape (member, time); all NaN for an area the series does not have."""
        if area not in self.areas:
            return np.full(self.values[:, 0].shape, np.nan)
        return self.values[:, self.areas.index(area)]

    def at(self, area: str, time_s: float) -> Array:
        """Last sample at or before an instant, shape (member,); NaN before the first and after the last."""
        column = int(np.searchsorted(self.time_s, time_s, side="right")) - 1
        if column < 0 or time_s > self.time_s[-1]:
            return np.full(len(self.values), np.nan)
        return self.of(area)[:, column]


@dataclass(frozen=True)
class Observed:
    """One observed number at its as-of time; `area` is empty for a sum over those towns that were reported."""

    quantity: str
    area: str
    time_s: int
    value: float
    source: str


@dataclass(frozen=True)
class Town:
    """A municipality as the report names it."""

    code: str
    name: Both
    population: float
    lat: float
    lon: float


@dataclass
class RunData:
    """Everything the pages are made from. Blocks are cut out of the series table when first asked for."""

    scenario: Scenario
    manifest: Mapping[str, Any]
    folder: RunFolder
    towns: list[Town]
    names: Mapping[str, Both]
    observed: list[Observed]
    _rows: dict[tuple[str, str], tuple[str, Array]]
    _time: Array
    _area: Array
    _member: Array
    _value: Array
    area_names: tuple[str, ...]
    _blocks: dict[tuple[str, str], Block] = field(default_factory=dict)

    @cached_property
    def n_member(self) -> int:
        """Number of members of the run."""
        return int(self._member.max(initial=0)) + 1

    @cached_property
    def end_s(self) -> int:
        """Last sampled instant."""
        return int(self._time.max()) if len(self._time) else int(self.manifest.get("until_s", 0))

    @property
    def series_names(self) -> list[tuple[str, str]]:
        """(kind, quantity) of every simulated series there is."""
        return sorted(self._rows)

    def block(self, kind: str, quantity: str) -> Block | None:
        """A simulated series (`true` or `reported`) as it is shown, or None if the run has none."""
        key = (kind, quantity)
        if key not in self._rows:
            return None
        if key not in self._blocks:
            unit, rows = self._rows[key]
            self._blocks[key] = self._cube(unit, rows, SHOWN_PER.get(quantity, 1.0))
        return self._blocks[key]

    def _cube(self, unit: str, rows: Array, shown_per: float) -> Block:
        times, at = np.unique(self._time[rows], return_inverse=True)
        values = np.full((self.n_member, len(self.area_names), len(times)), np.nan)
        values[self._member[rows], self._area[rows], at] = self._value[rows] / shown_per
        return Block(unit, times, self.area_names, values)

    def at(self, kind: str, quantity: str, area: str, time_s: float) -> Array:
        """Values of all members at an instant, shape (member,); NaN where not known."""
        block = self.block(kind, quantity)
        return np.full(self.n_member, np.nan) if block is None else block.at(area, time_s)

    def happened(self, quantity: str) -> bool:
        """Whether a true series exists and is not 0 throughout."""
        block = self.block("true", quantity)
        return block is not None and bool(np.nan_to_num(block.of("all")).any())

    def observed_total(self, quantity: str) -> list[Observed]:
        """Observations of the whole region, in order of time; the towns' sum where only towns were reported."""
        found = [one for one in self.observed if one.quantity == quantity]
        whole = [one for one in found if one.area == "all"]
        if whole or not found:
            return whole
        sums: dict[tuple[int, str], float] = {}
        for one in found:
            sums[(one.time_s, one.source)] = sums.get((one.time_s, one.source), 0.0) + one.value
        return [Observed(quantity, "", at, value, source) for (at, source), value in sums.items()]

    def latest_observed(self, quantity: str, time_s: float) -> list[Observed]:
        """The last observation of the whole region at or before an instant, one per source."""
        latest = {one.source: one for one in self.observed_total(quantity) if one.time_s <= time_s}
        return [latest[source] for source in sorted(latest)]

    def town_name(self, code: str) -> Both:
        """Name of a municipality code; `all` is the whole region."""
        return Both("全域", "whole region") if code == "all" else self.names.get(code, Both(code, code))


def read_run(folder: RunFolder, scenario: Scenario, wanted: Wanted) -> RunData:
    """Read manifest, names and the wanted series of a finished run. Raises StoreError for an unfinished one."""
    table = _series_table(folder, wanted)
    words = {name: _words(table[name]) for name in ("quantity", "unit", "area", "kind", "label")}
    member, time_s, value = (table[name].to_numpy() for name in ("member", "time_s", "value"))
    simulated = np.flatnonzero(member >= 0)
    towns = _towns(scenario)
    area_words, area_codes = words["area"]
    known = [town.code for town in towns]
    areas = (*known, *(name for name in area_words if name not in {*known, "all"}), "all")
    position = np.array([areas.index(name) for name in area_words], dtype=np.int32)
    return RunData(
        scenario=scenario,
        manifest=folder.manifest(),
        folder=folder,
        towns=towns,
        names=names_of(scenario),
        observed=list(_observed(words, member, time_s, value)),
        _rows=_groups(words, simulated),
        _time=time_s,
        _area=position[area_codes] if len(position) else area_codes,
        _member=member.astype(np.int64),
        _value=value,
        area_names=areas,
    )


def _series_table(folder: RunFolder, wanted: Wanted) -> pa.Table:
    """Rows of the wanted series only, taken piece by piece: a whole run would fill more than a gigabyte."""
    path = folder.path / "series.parquet"
    if not path.is_file():
        return folder.series()  # raises with the cure
    with pq.ParquetFile(path) as file:
        pieces = [file.schema_arrow.empty_table().select(COLUMNS)]
        for number in range(file.num_row_groups):
            piece = file.read_row_group(number, columns=COLUMNS)
            pieces.append(piece.filter(pa.array(_kept(piece, wanted))))
    return pa.concat_tables(pieces).unify_dictionaries().combine_chunks()


def _kept(piece: pa.Table, wanted: Wanted) -> Array:
    """Mask of the rows to keep; true values of single towns only where a page shows them."""
    whole = _among(piece["area"], {"all"}) | ~_among(piece["kind"], {"true"})
    return _among(piece["quantity"], wanted.quantities) & (whole | _among(piece["quantity"], wanted.by_town))


def _among(column: pa.ChunkedArray, words: Collection[str]) -> Array:
    """Mask of the rows whose text is one of some words, decided once per distinct text."""
    masks = [
        np.isin(chunk.dictionary.to_pylist(), list(words))[chunk.indices.to_numpy(zero_copy_only=False)]
        for chunk in column.dictionary_encode().chunks
    ]
    return np.concatenate(masks) if masks else np.empty(0, dtype=bool)


def _words(column: pa.ChunkedArray) -> tuple[list[str], Array]:
    """Distinct texts of a column and the code of every row."""
    array = column.combine_chunks()
    if isinstance(array, pa.ChunkedArray):
        array = array.chunk(0) if array.num_chunks else pa.array([], pa.string())
    if not pa.types.is_dictionary(array.type):
        array = array.dictionary_encode()
    return array.dictionary.to_pylist(), array.indices.to_numpy(zero_copy_only=False).astype(np.int32)


def _groups(words: Mapping[str, tuple[list[str], Array]], rows: Array) -> dict[tuple[str, str], tuple[str, Array]]:
    """(kind, quantity) -> (unit, rows of the table)."""
    (kinds, kind), (names, quantity), (units, unit) = (words[name] for name in ("kind", "quantity", "unit"))
    code = (kind[rows] * len(names) + quantity[rows]).astype(np.int16)  # 16 bits: numpy sorts them by radix
    sort = np.argsort(code, kind="stable")
    order, sorted_code = rows[sort], code[sort]
    edges = [0, *(np.flatnonzero(np.diff(sorted_code)) + 1).tolist(), len(order)]
    found = {}
    for begin, end in pairwise(edges):
        if begin == end:
            continue
        group, one = order[begin:end], int(sorted_code[begin])
        found[(kinds[one // len(names)], names[one % len(names)])] = (units[unit[group[0]]], group)
    return found


def _observed(
    words: Mapping[str, tuple[list[str], Array]], member: Array, time_s: Array, value: Array
) -> Iterator[Observed]:
    rows = np.flatnonzero(member < 0)
    for row in rows[np.argsort(time_s[rows], kind="stable")]:
        quantity, area, label = (words[name][0][words[name][1][row]] for name in ("quantity", "area", "label"))
        if np.isfinite(value[row]):
            yield Observed(quantity, area, int(time_s[row]), float(value[row]), label.removeprefix("observed:"))


def _table(path: Path) -> list[dict[str, str]]:
    if not path.is_file():
        return []
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def _towns(scenario: Scenario) -> list[Town]:
    return [
        Town(
            row["code"],
            Both(row["name_ja"], row.get("name_en") or row["name_ja"]),
            float(row["population"]),
            float(row["office_lat"]),
            float(row["office_lon"]),
        )
        for row in _table(scenario.facts_folder / "municipality.csv")
    ]


def names_of(scenario: Scenario) -> dict[str, Both]:
    """Permanent ids of the fact tables -> names."""
    found: dict[str, Both] = {}
    for table in NAMED_TABLES:
        for row in _table(scenario.facts_folder / f"{table}.csv"):
            key, ja = row.get("code") or row.get("id") or "", row.get("name_ja") or ""
            if key and ja:
                route = row.get("route", "")
                found[key] = Both(f"{ja}（{route}）" if route else ja, row.get("name_en") or route or ja)
    return found
