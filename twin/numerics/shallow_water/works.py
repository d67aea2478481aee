"""Works at a river or coast: levees, sea walls, gates, pumps and storm drains, fitted to a basin and checked.

The bed under a levee must be impassable (`levee_bed`): between touching cells the grid itself passes water.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import ArrayLike

from twin.errors import ParameterError
from twin.numerics.shallow_water.basin import Array, Basin, State, refuse

IMPASSABLE_M = 50.0  # bed of levee cells above the highest crest
CELLS = ("row", "column", "protected_row", "protected_column")
OUTSIDE = -1  # row and column of a pump that lifts water out of the basin


def _none() -> Array:
    return np.zeros(0)


@dataclass(frozen=True)
class Barriers:
    """Segments of levee, sea wall or gate; what does not change in a run. All arrays (segment,).

    `row`, `column`: the cell on the water side; `protected_row`, `protected_column`: the cell behind. `invert_m`: how
    deep a breach cuts (hinterland or high-water bed), m above datum. `gate_width_m`: 0 where there is no gate;
    `sill_m`: bottom of its opening. `levee`: number of the levee a segment belongs to; its segments follow in order.
    """

    row: Array
    column: Array
    protected_row: Array
    protected_column: Array
    length_m: Array
    invert_m: Array
    gate_width_m: Array | float = 0.0
    sill_m: Array | float = 0.0
    levee: Array | int = 0


@dataclass(frozen=True)
class Pumps:
    """Pumps, arrays (pump,): from a cell to another, or out of the basin (row and column -1).

    They run where the level lies above `start_level_m` (m above datum) and draw it down to there.
    """

    row: Array
    column: Array
    to_row: Array
    to_column: Array
    capacity_m3_per_s: Array
    start_level_m: Array


@dataclass(frozen=True)
class Drains:
    """Storm drains: `rate_m_per_s` (row, column), 0 where there are none, until `capacity_m3` of water is taken."""

    rate_m_per_s: Array
    capacity_m3: float = float("inf")


@dataclass(frozen=True)
class Setting:
    """What changes from call to call. Arrays (segment,), the last (pump,).

    `crest_m`: m above datum. `breach_start_s`: NaN where none. `breach_width_m`: final width, at most the segment's
    length. `gate_open_fraction`, `pump_running_fraction`: 0 to 1 (a gate nobody can close: 1; a pump without power: 0).
    """

    crest_m: Array = field(default_factory=_none)
    breach_start_s: Array = field(default_factory=_none)
    breach_width_m: Array = field(default_factory=_none)
    gate_open_fraction: Array = field(default_factory=_none)
    pump_running_fraction: Array = field(default_factory=_none)


@dataclass(frozen=True)
class Works:
    """Barriers, pumps and drains fitted to a basin; made by `make_works`. A link is a segment or, after them, a pump.

    `cell_row`, `cell_column`, `bed_m` (cell,): every cell a link touches, once. `giver`, `taker` (link,): index into
    them, the one past the last for outside. `ground_m` (segment,): the higher bed of the two cells; no opening
    reaches below it.
    """

    barriers: Barriers
    pumps: Pumps
    drains: Drains | None
    cell_row: Array
    cell_column: Array
    bed_m: Array
    giver: Array
    taker: Array
    ground_m: Array

    @property
    def n_segment(self) -> int:
        """Number of barrier segments."""
        return int(self.barriers.row.size)


def make_works(
    basin: Basin, barriers: Barriers | None = None, pumps: Pumps | None = None, drains: Drains | None = None
) -> Works:
    """Works checked against a basin. Raises ParameterError naming segment, pump or cell.

    Refused: cells outside the basin, a segment whose two cells are one or touch (the grid passes water between them),
    lengths or capacities that are not positive, gates wider than their segment, values that are no number.
    """
    none = np.zeros(0, np.int64)
    barriers = _checked_barriers(basin, barriers or Barriers(none, none, none, none, _none(), _none()))
    pumps = _checked_pumps(basin, pumps or Pumps(none, none, none, none, _none(), _none()))
    if drains is not None:
        drains = _checked_drains(basin, drains)
    columns, outside = basin.bed_m.shape[1], basin.bed_m.size
    away = np.where(pumps.to_row == OUTSIDE, outside, pumps.to_row * columns + pumps.to_column)
    ends = np.array(
        [
            np.append(barriers.row * columns + barriers.column, pumps.row * columns + pumps.column),
            np.append(barriers.protected_row * columns + barriers.protected_column, away),
        ]
    )
    flat, where = np.unique(np.append(ends, outside), return_inverse=True)
    giver, taker = where[:-1].reshape(ends.shape)
    row, column = np.divmod(flat[:-1], columns)
    bed_m = basin.bed_m[row, column].astype(float)
    n = barriers.row.size
    ground_m = np.maximum(bed_m[giver[:n]], bed_m[taker[:n]])
    return Works(barriers, pumps, drains, row, column, bed_m, giver, taker, ground_m)


def levee_bed(basin_bed_m: Array, row: Array, column: Array, crest_m: Array | float) -> Array:
    """A copy of the bed with the levee's own cells raised out of reach of any water, m above datum."""
    bed_m = np.array(basin_bed_m)
    bed_m[row, column] = np.max(crest_m) + IMPASSABLE_M
    return bed_m


def levels_m(works: Works, state: State) -> Array:
    """Level on both sides of each segment, (2, segment): water side, protected side; the ground where it is dry."""
    level = works.bed_m + state.depth_m[works.cell_row, works.cell_column]
    n = works.n_segment
    return np.array([level[works.giver[:n]], level[works.taker[:n]]])


def inside(basin: Basin, row: Array, column: Array) -> Array:
    """Whether cells lie in the basin."""
    rows, columns = basin.bed_m.shape
    return np.asarray((row >= 0) & (row < rows) & (column >= 0) & (column < columns))


def _checked_barriers(basin: Basin, barriers: Barriers) -> Barriers:
    cells = {name: np.asarray(getattr(barriers, name)) for name in CELLS}
    size = cells["row"].shape
    numbers = {
        name: _spread(getattr(barriers, name), size, name)
        for name in ("length_m", "invert_m", "gate_width_m", "sill_m")
    }
    _same_shape("barriers", size, cells)
    away = np.abs(cells["row"] - cells["protected_row"]) + np.abs(cells["column"] - cells["protected_column"])
    for here, there in (CELLS[:2], CELLS[2:]):
        refuse(
            ~inside(basin, cells[here], cells[there]), "barriers", f"{here}, {there}: a cell outside the basin, segment"
        )
    refuse(away <= 1, "barriers", "two cells that are one or touch, so that the grid itself passes water, segment")
    refuse(numbers["length_m"] <= 0, "length_m", "a segment without length")
    wrong = (numbers["gate_width_m"] < 0) | (numbers["gate_width_m"] > numbers["length_m"])
    refuse(wrong, "gate_width_m", "wider than its segment or below 0")
    return Barriers(**cells, **numbers, levee=np.broadcast_to(barriers.levee, size))


def _checked_pumps(basin: Basin, pumps: Pumps) -> Pumps:
    names = ("row", "column", "to_row", "to_column")
    cells = {name: np.asarray(getattr(pumps, name)) for name in names}
    size = cells["row"].shape
    _same_shape("pumps", size, cells)
    numbers = {name: _spread(getattr(pumps, name), size, name) for name in ("capacity_m3_per_s", "start_level_m")}
    refuse(~inside(basin, cells["row"], cells["column"]), "pumps", "row, column: a cell outside the basin, pump")
    out = (cells["to_row"] == OUTSIDE) & (cells["to_column"] == OUTSIDE)
    there = inside(basin, cells["to_row"], cells["to_column"])
    refuse(~(out | there), "pumps", "to_row, to_column: a cell outside the basin (-1, -1 lifts water out of it), pump")
    same = (cells["row"] == cells["to_row"]) & (cells["column"] == cells["to_column"])
    refuse(same, "pumps", "from a cell into itself, pump")
    refuse(numbers["capacity_m3_per_s"] < 0, "capacity_m3_per_s", "below 0")
    return Pumps(**cells, **numbers)


def _checked_drains(basin: Basin, drains: Drains) -> Drains:
    rate = np.asarray(drains.rate_m_per_s, basin.bed_m.dtype)
    if rate.shape != basin.bed_m.shape:
        raise ParameterError(f"drains: shape {rate.shape}, the basin has {basin.bed_m.shape}")
    refuse(~(np.isfinite(rate) & (rate >= 0)), "drains", "a rate below 0 or no number")
    if not drains.capacity_m3 >= 0:
        raise ParameterError(f"drains: capacity_m3 must be >= 0, got {drains.capacity_m3}")
    return Drains(rate, float(drains.capacity_m3))


def _same_shape(what: str, size: tuple[int, ...], cells: dict[str, Array]) -> None:
    for name, value in cells.items():
        if value.shape != size or value.ndim != 1 or not (np.issubdtype(value.dtype, np.integer)):
            raise ParameterError(f"{what}: {name} needs whole numbers of shape {size}, got {value.dtype} {value.shape}")


def _spread(value: ArrayLike, size: tuple[int, ...], name: str) -> Array:
    array = np.asarray(value, float)
    if array.ndim and array.shape != size:
        raise ParameterError(f"{name}: shape {array.shape}, the cells have {size}")
    refuse(~np.isfinite(array), name, "no number")
    return np.array(np.broadcast_to(array, size))
