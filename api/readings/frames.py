"""Frames: one handed-out quantity over one index set at one instant, of one member or over all of them.

Mapped quantities are kept hourly in parts `frames-<t>.arrow`; every other one stands in the snapshots. Parts are opened
memory-mapped, and only the batch that holds the frame is unpacked.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from functools import lru_cache
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa

from api.readings.asking import AskError, NotThere, known_name
from api.readings.events import member_of
from api.readings.runs import Kept, OpenRun
from scenarios.assemble import chosen_layers
from scenarios.mapped import MAPPED
from twin import snapshot
from twin.contract import Var
from twin.errors import SnapshotError, StoreError

Array = np.ndarray
OVER_MEMBERS = ("mean", "low", "high")  # mean, and both ends of the 80 % range
LOW, HIGH = 0.1, 0.9
MAPPED_NAMES = frozenset(one.quantity for one in MAPPED)


class Place(NamedTuple):
    """Where a frame lies in a part: row `row` of batch `batch`."""

    time_s: int
    batch: int
    row: int


@dataclass(frozen=True)
class Frame:
    """A frame as it is handed on. header: what it is; values: float32, in row order of the index set, NaN = unknown."""

    header: Mapping[str, Any]
    values: Array


@lru_cache(maxsize=1)
def given_vars() -> Mapping[str, Var]:
    """Every quantity on one index set that a layer hands out, `layer.quantity` -> declaration."""
    return {f"{layer.name}.{var.name}": var for layer in chosen_layers({}) for var in layer.gives if "*" not in var.on}


def frame_list(run: OpenRun, member: int) -> list[dict[str, Any]]:
    """Quantities that can be shown with the instants they were kept at; the mapped ones first."""
    member_of(run, member)
    kept = _kept_times(run, member)
    saved = snapshot.times(run.member_place(member))
    names = sorted(given_vars(), key=lambda name: (name not in kept, name))
    return [
        {
            "quantity": name,
            "on": given_vars()[name].on,
            "unit": given_vars()[name].unit,
            "mapped": name in MAPPED_NAMES,
            "times_s": times_s,
        }
        for name in names
        if (times_s := kept.get(name, saved))
    ]


def common_times(run: OpenRun, quantity: str) -> list[int]:
    """Seconds at which every member that has kept the quantity at all has kept it, ascending."""
    kept = [set(found) for member in range(run.members) if (found := times(run, quantity, member))]
    return sorted(set.intersection(*kept)) if kept else []


def frame(
    run: OpenRun,
    quantity: str,
    at_s: int | None = None,
    member: int | str = 0,
    minus: OpenRun | None = None,
) -> Frame:
    """The frame kept last at or before an instant (None: the latest one there is).

    member: a number, or `mean`, `low`, `high` over all members that have come as far (mean and 80 % range). minus: run
    whose values at the same instant are taken away, member by member. Raises AskError for an unknown quantity or runs
    that do not fit together, NotThere where no frame was kept.
    """
    known_name("quantity", quantity, given_vars())
    over = member if isinstance(member, str) else ""
    asked = range(run.members) if over else [member_of(run, int(member))]
    time_s = _instant(run, quantity, at_s, asked)
    values = {one: found for one in asked if (found := _values(run, quantity, time_s, one)) is not None}
    if minus is not None:
        values = _less(values, minus, quantity, time_s)
    if not values:
        raise NotThere(f"no frame of '{quantity}' at T+{time_s} s in both runs")
    whole = summary(np.stack(list(values.values())), over) if over else next(iter(values.values()))
    return Frame(_header(run, quantity, time_s, member, len(whole), len(values), minus), whole)


def summary(values: Array, how: str) -> Array:
    """Mean, or lower or upper end of the 80 % range, over the members; values (member, row), NaN = not known.

    Members that do not know a value are left out; where none does the result is NaN. Ends are interpolated
    linearly between the ordered values. float32, shape (row,).
    """
    known = np.isfinite(values)
    count = known.sum(axis=0)
    some = np.maximum(count, 1)
    if how == "mean":
        found = np.where(known, values, 0.0).sum(axis=0, dtype=np.float64) / some
    else:
        ordered = np.sort(np.where(known, values, np.float32(np.inf)), axis=0)  # the unknown last
        ordered[~np.isfinite(ordered)] = 0.0
        at = (some - 1) * (LOW if how == "low" else HIGH)
        below = np.floor(at).astype(np.int64)
        above = np.minimum(below + 1, some - 1)
        rows = np.arange(values.shape[1])
        first, second = ordered[below, rows].astype(np.float64), ordered[above, rows].astype(np.float64)
        weight = at - below
        found = np.where(weight > 0, first * (1.0 - weight) + second * weight, first)
    return np.where(count > 0, found, np.nan).astype(np.float32)


def _less(values: Mapping[int, Array], minus: OpenRun, quantity: str, time_s: int) -> dict[int, Array]:
    """Differences by member, for the members both runs have."""
    found = {}
    for member, mine in values.items():
        if member >= minus.members or (theirs := _values(minus, quantity, time_s, member, exact=True)) is None:
            continue
        if len(theirs) != len(mine):
            raise AskError(f"run '{minus.run_id}' plays in another place: its frames cannot be taken away from these")
        found[member] = mine - theirs
    return found


def _header(
    run: OpenRun, quantity: str, time_s: int, member: int | str, count: int, of: int, minus: OpenRun | None
) -> dict[str, Any]:
    var = given_vars()[quantity]
    header = {
        "run": run.run_id,
        "member": member,
        "quantity": quantity,
        "on": var.on,
        "unit": var.unit,
        "time_s": time_s,
        "time": (run.start + timedelta(seconds=time_s)).isoformat(),
        "count": count,
        "dtype": "float32",
        "label": "simulated",
    }
    return header | ({"members": of} if isinstance(member, str) else {}) | ({"minus": minus.run_id} if minus else {})


def _instant(run: OpenRun, quantity: str, at_s: int | None, members: Sequence[int]) -> int:
    """The latest instant at or before `at_s` kept by every member asked that has started. Raises NotThere."""
    found = []
    for member in members:
        times_s = times(run, quantity, member)
        at = len(times_s) if at_s is None else bisect_right(times_s, at_s)
        if at:
            found.append(times_s[at - 1])
    if not found:
        when = "yet" if at_s is None else f"at or before T+{at_s} s"
        raise NotThere(f"no frame of '{quantity}' {when} in this run; its list of frames tells which there are")
    return min(found)


def times(run: OpenRun, quantity: str, member: int = 0) -> list[int]:
    """Seconds at which a quantity was kept, ascending."""
    kept = _kept_times(run, member)
    return kept[quantity] if quantity in kept else snapshot.times(run.member_place(member))


def _kept_times(run: OpenRun, member: int) -> dict[str, list[int]]:
    return _TIMES.get((run.version, member), lambda: _read_times(run, member))


def _read_times(run: OpenRun, member: int) -> dict[str, list[int]]:
    found: dict[str, list[int]] = {}
    for index in _indices(run, member):
        for quantity, places in index.places.items():
            found.setdefault(quantity, []).extend(place.time_s for place in places)
    return found


def _values(run: OpenRun, quantity: str, time_s: int, member: int, exact: bool = False) -> Array | None:
    """Values of one member at the last frame at or before an instant (exactly then, if so asked); None without."""
    for index in reversed(_indices(run, member)):
        places = index.places.get(quantity, ())
        at = bisect_right(places, time_s, key=lambda place: place.time_s)
        if at:
            place = places[at - 1]
            return None if exact and place.time_s != time_s else index.values(quantity, at - 1)
    saved = [at for at in snapshot.times(run.member_place(member)) if at <= time_s]
    if not saved or (exact and saved[-1] != time_s):
        return None
    return _from_snapshot(run.member_place(member), saved[-1], quantity)


def _from_snapshot(place: Path, at_s: int, quantity: str) -> Array | None:
    try:
        found = snapshot.handed_out(place, at_s, {quantity})
    except SnapshotError:
        raise StoreError(f"the snapshot at T+{at_s} s of {place.name} cannot be read; run again to have it") from None
    return found[quantity].ravel().astype(np.float32) if quantity in found else None


@dataclass(frozen=True)
class Index:
    """Where every frame of one part lies, by quantity in order of time. full: whether it repeats the one before."""

    path: Path
    places: Mapping[str, Sequence[Place]]
    full: frozenset[tuple[int, int]]

    def values(self, quantity: str, number: int) -> Array:
        """A frame of the part; one that says `as before` is the last full one. Raises StoreError if it is damaged."""
        for place in reversed(self.places[quantity][: number + 1]):
            if (place.batch, place.row) in self.full:
                return self._read(place)
        raise StoreError(f"a part of the frames of {self.path.parent.name} begins without a full one; it is damaged")

    def _read(self, place: Place) -> Array:
        with _reader(self.path) as reader:
            column = reader.get_batch(place.batch).column("values")
            begin, end = (column.offsets[place.row + side].as_py() for side in (0, 1))
            return column.values.slice(begin, end - begin).to_numpy()


_INDICES: Kept[Index] = Kept(4096)
_TIMES: Kept[dict[str, list[int]]] = Kept(512)


def _indices(run: OpenRun, member: int) -> list[Index]:
    """Index of every part of frames of a member, in order of time."""
    return _PARTS.get((run.version, member), lambda: _read_indices(run, member))


def _read_indices(run: OpenRun, member: int) -> list[Index]:
    found = []
    for path in run.parts("frames", member):
        stat = path.stat()
        seen = (path, stat.st_mtime_ns, stat.st_size, stat.st_ino)
        found.append(_INDICES.get(seen, lambda path=path: _index(path)))  # type: ignore[misc]
    return found


_PARTS: Kept[list[Index]] = Kept(512)


def _index(path: Path) -> Index:
    places: dict[str, list[Place]] = {}
    full = set()
    with _reader(path) as reader:
        for number in range(reader.num_record_batches):
            batch = reader.get_batch(number)
            filled = batch.column("values").is_valid().to_pylist()
            names, times = batch.column("quantity").to_pylist(), batch.column("time_s").to_pylist()
            for row, (name, time_s, there) in enumerate(zip(names, times, filled)):
                places.setdefault(name, []).append(Place(time_s, number, row))
                if there:
                    full.add((number, row))
    return Index(path, places, frozenset(full))


def _reader(path: Path) -> Any:
    try:
        return pa.ipc.open_file(pa.memory_map(str(path)))
    except (OSError, pa.ArrowException) as error:
        raise StoreError(
            f"a part of the frames of {path.parent.name} cannot be read ({type(error).__name__})"
        ) from None
