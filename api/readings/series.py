"""Series of a run as curves: read from the parts as they lie on disk, memory-mapped, never copied as a whole.

Every part is a block (time, series, area) written in that order, so one curve is a strided slice and needs no search.
A run whose parts are gone is read from its merged file instead.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from api.readings.asking import AskError, known_name
from api.readings.runs import Kept, OpenRun, changed_ns
from twin.errors import StoreError
from twin.store import SERIES_SCHEMA, TEXT, read_table

Array = np.ndarray
MOST_POINTS = 200_000  # in one JSON answer
MOST_ROWS = 2_000_000  # in one Parquet answer that is not the run's own file
OBSERVED = -1


class Kind(NamedTuple):
    """What a curve shows, apart from member and area."""

    kind: str
    quantity: str
    unit: str
    label: str


@dataclass(frozen=True)
class Line:
    """One curve. time_s int64 and value float64, shape (time,); NaN = not known."""

    what: Kind
    area: str
    member: int
    time_s: Array
    value: Array


@dataclass(frozen=True)
class Wanted:
    """Which curves; empty collections mean all. Instants are seconds since the start, both ends included."""

    quantities: Collection[str] = frozenset()
    areas: Collection[str] = frozenset()
    kinds: Collection[str] = frozenset()
    members: Collection[int] = frozenset()
    from_s: int | None = None
    to_s: int | None = None


@dataclass(frozen=True)
class Block:
    """One part of one member. values: shape (time, series, area), a view of the file."""

    time_s: Array
    what: tuple[Kind, ...]
    areas: tuple[str, ...]
    values: Array


@dataclass(frozen=True)
class Strand:
    """All blocks of one member, in order of time; their series and areas are the same."""

    member: int
    blocks: Sequence[Block]

    @cached_property
    def time_s(self) -> Array:
        """Sampled instants, ascending."""
        return np.concatenate([block.time_s for block in self.blocks])

    def values(self, series: int, area: int) -> Array:
        """One curve, shape (time,)."""
        return np.concatenate([block.values[:, series, area] for block in self.blocks])


@dataclass(frozen=True)
class SeriesBook:
    """Every curve of a run at one moment."""

    strands: Mapping[int, Strand]
    observed: Sequence[Line]

    @cached_property
    def names(self) -> Mapping[str, frozenset[str]]:
        """What there is of `quantity`, `area` and `kind`."""
        whats = [what for strand in self._kinds() for what in strand.blocks[0].what] + [o.what for o in self.observed]
        areas = {area for strand in self._kinds() for area in strand.blocks[0].areas} | {o.area for o in self.observed}
        return {
            "quantity": frozenset(what.quantity for what in whats),
            "kind": frozenset(what.kind for what in whats),
            "area": frozenset(areas),
        }

    def _kinds(self) -> list[Strand]:
        return list(self.strands.values())[:1]  # all members have the same

    def check(self, wanted: Wanted) -> None:
        """Raises AskError for a quantity, area or kind the run does not have."""
        if not self.names["quantity"]:
            return  # nothing sampled yet: nothing can be told from a mistake
        for what, asked in (("quantity", wanted.quantities), ("area", wanted.areas), ("kind", wanted.kinds)):
            for name in asked:
                known_name(what, name, self.names[what])

    def keys(self, wanted: Wanted) -> list[tuple[int, int, int]]:
        """(member, series, area) of every wanted curve in order of member; member -1 numbers the observed ones."""
        found = []
        for member, strand in self.strands.items():
            if wanted.members and member not in wanted.members:
                continue
            rows = [row for row, what in enumerate(strand.blocks[0].what) if _fits(what, wanted)]
            areas = [at for at, area in enumerate(strand.blocks[0].areas) if not wanted.areas or area in wanted.areas]
            found += [(member, row, area) for row in rows for area in areas]
        for number, line in enumerate(self.observed):
            fits = _fits(line.what, wanted) and (not wanted.areas or line.area in wanted.areas)
            if fits and (not wanted.members or OBSERVED in wanted.members):
                found.append((OBSERVED, number, 0))
        return found

    def points(self, keys: Iterable[tuple[int, int, int]], wanted: Wanted) -> int:
        """Number of samples of some curves."""
        spans = {member: len(strand.time_s[_span(strand.time_s, wanted)]) for member, strand in self.strands.items()}
        return sum(len(self.observed[row].time_s) if member == OBSERVED else spans[member] for member, row, _ in keys)

    def lines(self, keys: Iterable[tuple[int, int, int]], wanted: Wanted) -> Iterator[Line]:
        """The curves, cut to the wanted instants."""
        for member, row, area in keys:
            if member == OBSERVED:
                line = self.observed[row]
                span = _span(line.time_s, wanted)
                yield Line(line.what, line.area, OBSERVED, line.time_s[span], line.value[span])
                continue
            strand = self.strands[member]
            span = _span(strand.time_s, wanted)
            first = strand.blocks[0]
            value = strand.values(row, area)[span]
            yield Line(first.what[row], first.areas[area], member, strand.time_s[span], value)


def table_of(lines: Sequence[Line], start_s: int) -> pa.Table:
    """Curves as rows of `series.parquet`. start_s: Unix time of second 0."""
    lengths = [len(line.time_s) for line in lines]
    time_s = np.concatenate([line.time_s for line in lines]) if lines else np.empty(0, np.int64)
    columns = {
        "time_s": time_s,
        "time": pa.array(time_s + start_s).cast(pa.timestamp("s", tz="Asia/Tokyo")),
        "quantity": _repeated([line.what.quantity for line in lines], lengths),
        "unit": _repeated([line.what.unit for line in lines], lengths),
        "area": _repeated([line.area for line in lines], lengths),
        "member": np.repeat(np.array([line.member for line in lines], np.int16), lengths),
        "kind": _repeated([line.what.kind for line in lines], lengths),
        "label": _repeated([line.what.label for line in lines], lengths),
        "value": np.concatenate([line.value for line in lines]) if lines else np.empty(0),
    }
    return pa.table(columns, schema=SERIES_SCHEMA)


_BOOKS: Kept[SeriesBook] = Kept(8)


def series_book(run: OpenRun) -> SeriesBook:
    """The curves of a run, kept until the run changes. Raises StoreError for a damaged file."""
    return _BOOKS.get(run.version, lambda: _open(run))


def _open(run: OpenRun) -> SeriesBook:
    merged = run.folder.path / "series.parquet"
    strands = {member: strand for member in range(run.members) if (strand := _strand(run, member)).blocks}
    if run.done and not strands and merged.is_file():
        strands = _from_merged(read_table(merged, SERIES_SCHEMA))
    return SeriesBook(strands, _observed(merged) if run.done and merged.is_file() else [])


_STRANDS: Kept[Strand] = Kept(512)
_BLOCKS: Kept[Block | None] = Kept(20_000)


def _strand(run: OpenRun, member: int) -> Strand:
    """What a member has so far; only parts that are new are opened."""
    place = run.member_place(member)

    def make() -> Strand:
        blocks = [_block(part) for part in run.parts("series", member)]
        return Strand(member, [block for block in blocks if block is not None])

    return _STRANDS.get((place, changed_ns(place)), make)


def _block(part: Path) -> Block | None:
    """A part as a block, None for one without rows."""
    try:
        stat = part.stat()
    except FileNotFoundError:  # a run that goes on has dropped it in between
        return None

    def make() -> Block | None:
        table = read_table(part, SERIES_SCHEMA)
        return block_of(table) if len(table) else None

    return _BLOCKS.get((part, stat.st_mtime_ns, stat.st_size, stat.st_ino), make)


def block_of(table: pa.Table) -> Block:
    """A part as a block. Raises StoreError if its rows do not lie in the order the sampler writes."""
    quantity, area = _codes(table["quantity"]), _codes(table["area"])
    time_s = table["time_s"].combine_chunks().to_numpy()
    kind, unit, label = (_codes(table[name]) for name in ("kind", "unit", "label"))
    pairs = np.stack([quantity[0], kind[0]])
    period = _first_change(time_s)
    n_area = _first_change(pairs[:, :period])
    if len(table) % period or period % n_area:
        raise StoreError("a part of the series is not a block of time, series and area; it is damaged")
    shape = (len(table) // period, period // n_area, n_area)
    for codes in (pairs[0], pairs[1], area[0]):
        whole = codes.reshape(shape[0], period)
        if not np.array_equal(whole[0], whole[-1]):
            raise StoreError("a part of the series changes its order of rows half-way; it is damaged")
    firsts = np.arange(0, period, n_area)
    texts = [[codes[1][code] for code in codes[0][firsts]] for codes in (kind, quantity, unit, label)]
    return Block(
        np.ascontiguousarray(time_s[::period]),
        tuple(Kind(*row) for row in zip(*texts)),
        tuple(area[1][code] for code in area[0][:n_area]),
        table["value"].combine_chunks().to_numpy().reshape(shape),
    )


def _first_change(rows: Array) -> int:
    """Length of the first run of equal columns."""
    changed = np.atleast_2d(rows)
    at = np.flatnonzero((changed[:, 1:] != changed[:, :1]).any(axis=0))
    return int(at[0]) + 1 if at.size else changed.shape[1]


def _codes(column: pa.ChunkedArray) -> tuple[Array, list[str]]:
    whole = column.unify_dictionaries().combine_chunks()
    return whole.indices.to_numpy(), whole.dictionary.to_pylist()


def _from_merged(table: pa.Table) -> dict[int, Strand]:
    member = table["member"].combine_chunks().to_numpy()
    found = {}
    for one in np.unique(member[member >= 0]).tolist():
        rows = np.flatnonzero(member == one)
        found[int(one)] = Strand(int(one), [block_of(table.slice(int(rows[0]), len(rows)))])
    return found


def _observed(path: Path) -> list[Line]:
    """Observed series; they stand at the end of the merged file, so only its last groups are read."""
    pieces = []
    with pq.ParquetFile(path) as file:
        for number in reversed(range(file.num_row_groups)):
            piece = file.read_row_group(number)
            seen = piece.filter(pc.less(piece["member"], 0))
            pieces.append(seen)
            if len(seen) < len(piece):
                break
    if not pieces:
        return []
    table = pa.concat_tables(pieces[::-1]).select([*Kind._fields, "area", "time_s", "value"])
    grouped: dict[tuple[str, ...], list[tuple[int, float]]] = {}
    for row in table.to_pylist():
        key = tuple(row[name] for name in (*Kind._fields, "area"))
        grouped.setdefault(key, []).append((row["time_s"], row["value"]))
    return [_observed_line(key, sorted(points)) for key, points in grouped.items()]


def _observed_line(key: tuple[str, ...], points: list[tuple[int, float]]) -> Line:
    times, values = zip(*points)
    return Line(Kind(*key[:-1]), key[-1], OBSERVED, np.array(times, np.int64), np.array(values, float))


def _fits(what: Kind, wanted: Wanted) -> bool:
    return (not wanted.quantities or what.quantity in wanted.quantities) and (
        not wanted.kinds or what.kind in wanted.kinds
    )


def _span(time_s: Array, wanted: Wanted) -> slice:
    begin = 0 if wanted.from_s is None else int(np.searchsorted(time_s, wanted.from_s))
    end = len(time_s) if wanted.to_s is None else int(np.searchsorted(time_s, wanted.to_s, side="right"))
    return slice(begin, max(begin, end))


def _repeated(texts: Sequence[str], lengths: Sequence[int]) -> pa.Array:
    coded = pa.array(texts, pa.string()).dictionary_encode()
    return coded.take(pa.array(np.repeat(np.arange(len(texts)), lengths))).cast(TEXT)


def at_most(points: int, most: int) -> None:
    """Raises AskError that says how to narrow the question."""
    if points > most:
        raise AskError(
            f"this asks for {points} points, an answer holds at most {most}; name quantity, area, kind or member, "
            "shorten the time with from and to, or lower limit and follow next"
        )
