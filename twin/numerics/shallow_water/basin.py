"""What a shallow-water run is made of: the basin, its sides, series, sources, and the state that is saved.

Arrays are (row, column): x grows with the column (west to east), y with the row (south to north). SI throughout.
Everything is refused here, with field and place, before a first step is taken.
"""

from __future__ import annotations

from dataclasses import dataclass, field, fields, replace
from typing import TYPE_CHECKING, Literal, cast, get_args

import numpy as np
from numpy.typing import ArrayLike

from twin.errors import ParameterError, StateError

if TYPE_CHECKING:
    from twin.numerics.shallow_water.structures import Structures

Array = np.ndarray
Fields = tuple[Array, Array, Array]  # depth and discharge per metre along x and y
Kind = Literal["wall", "open", "stage", "discharge", "incoming"]
KINDS = get_args(Kind)

GRAVITY_M_PER_S2 = 9.81
DRY_DEPTH_M = 1e-6  # a film up to this depth keeps its water and does not move
SIDES = ("west", "east", "south", "north")


@dataclass(frozen=True)
class Series:
    """Values at instants, straight lines between: `time_s` (instant,), `value` (instant,) or (instant, point).

    `longest_gap_s` refuses instants further apart than that. Raises ParameterError naming the instant.
    """

    time_s: Array
    value: Array
    name: str = "series"
    longest_gap_s: float = float("inf")

    def __post_init__(self) -> None:
        time_s, value = np.asarray(self.time_s, float), np.asarray(self.value, float)
        object.__setattr__(self, "time_s", time_s)
        object.__setattr__(self, "value", value)
        if time_s.ndim != 1 or time_s.size == 0 or value.shape[:1] != time_s.shape:
            raise ParameterError(f"{self.name}: {time_s.shape} instants do not fit values of shape {value.shape}")
        refuse(~np.isfinite(time_s), self.name, "an instant that is not a number")
        refuse(~np.isfinite(value), self.name, "a gap (no number)")
        step_s = np.diff(time_s)
        refuse(np.append(step_s <= 0, False), self.name, "an instant not before the next")
        refuse(np.append(step_s > self.longest_gap_s, False), self.name, f"a gap of over {self.longest_gap_s:g} s")

    def at(self, time_s: float) -> Array:
        """Value at an instant inside the series; shape of one value."""
        after = min(max(int(self.time_s.searchsorted(time_s, side="right")), 1), max(self.time_s.size - 1, 1))
        if self.time_s.size == 1:
            return cast(Array, self.value[0])
        left, right = self.time_s[after - 1], self.time_s[after]
        share = (time_s - left) / (right - left)
        return cast(Array, (1.0 - share) * self.value[after - 1] + share * self.value[after])

    def integral(self, from_s: float, to_s: float) -> Array:
        """Exact integral of the straight lines from one instant to another, value x s."""
        inner = (self.time_s > from_s) & (self.time_s < to_s)
        time_s = np.concatenate(([from_s], self.time_s[inner], [to_s]))
        value = np.concatenate(([self.at(from_s)], self.value[inner], [self.at(to_s)]))
        return np.asarray(np.trapezoid(value, time_s, axis=0))

    def must_cover(self, from_s: float, to_s: float) -> None:
        """Raises ParameterError where the run would leave the series."""
        if self.time_s.size > 1 and (self.time_s[0] > from_s or self.time_s[-1] < to_s):
            raise ParameterError(
                f"{self.name}: covers {self.time_s[0]:g} to {self.time_s[-1]:g} s, but the run goes from {from_s:g} "
                f"to {to_s:g} s; give values for the whole run"
            )


def constant(value: ArrayLike, name: str = "series") -> Series:
    """A series that never changes."""
    return Series(np.zeros(1), np.asarray(value, float)[None], name)


@dataclass(frozen=True)
class Side:
    """One side of the basin.

    `wall`: nothing passes. `open`: waves leave. `stage`: water level outside, m above datum, one value for the side or
    one for each of its cells, (cell,) from west to east or south to north. `discharge`: m3/s into the basin (>= 0),
    shared over the wet cells by conveyance (depth^(5/3)), over the lowest cells while all are dry. `stage` with
    `discharge_m3_per_s` too is a supercritical inflow, which needs both. `incoming` (finite volumes only): `stage_m`
    is the level the incoming wave would have alone, over water at rest at `rest_m`; what comes back leaves.
    """

    kind: Kind = "wall"
    stage_m: Series | None = None
    discharge_m3_per_s: Series | None = None
    rest_m: float = 0.0

    def __post_init__(self) -> None:
        if self.kind not in KINDS:
            raise ParameterError(f"a side is {', '.join(KINDS[:-1])} or {KINDS[-1]}, not '{self.kind}'")
        if self.kind in ("stage", "incoming") and self.stage_m is None:
            raise ParameterError(f"a side of kind {self.kind} needs stage_m, a Series in m")
        if self.kind == "discharge" and self.discharge_m3_per_s is None:
            raise ParameterError("a discharge side needs discharge_m3_per_s, a Series in m3/s")
        if not np.isfinite(self.rest_m):
            raise ParameterError(f"rest_m: must be a level in m, got {self.rest_m}")
        if self.discharge_m3_per_s is not None:
            inward = self.discharge_m3_per_s
            if inward.value.ndim > 1:
                raise ParameterError(f"{inward.name}: a side takes one discharge in m3/s, got {inward.value.shape[1:]}")
            refuse(inward.value < 0, inward.name, "a discharge below 0; draw water out by a point")

    def fit(self, name: str, n_cell: int) -> None:
        """Raises ParameterError where a stage for each cell does not fit the side."""
        shape = () if self.stage_m is None else self.stage_m.value.shape[1:]
        if shape not in ((), (n_cell,)):
            raise ParameterError(f"side {name}: stage_m has values of shape {shape}, the side has {n_cell} cells")

    def series(self) -> list[Series]:
        """Those the side is driven by."""
        return [s for s in (self.stage_m, self.discharge_m3_per_s) if s is not None]


@dataclass(frozen=True)
class Sources:
    """Water from above, at points, and over structures.

    `rain_m_per_s`: a number, a Series, or an array (row, column), >= 0; `rain_pattern` (row, column) multiplies it.
    `row`, `column` (point,): cells of inflow (> 0: breach, outfall) or outflow (< 0: pump, drain), with
    `discharge_m3_per_s` a Series whose values have shape (point,). An outflow takes no more than is there.
    `structures`: levees, gates, breaches, pumps and drains with the setting that holds for this call.
    """

    rain_m_per_s: float | Array | Series = 0.0
    rain_pattern: Array | None = None
    row: Array = field(default_factory=lambda: np.zeros(0, np.int64))
    column: Array = field(default_factory=lambda: np.zeros(0, np.int64))
    discharge_m3_per_s: Series | None = None
    structures: Structures | None = None

    def cells(self) -> tuple[Array, Array]:
        """Rows and columns of the cells that points and structures touch."""
        if self.structures is None:
            return self.row, self.column
        row, column = self.structures.cells()
        return np.append(self.row, row), np.append(self.column, column)


@dataclass(frozen=True)
class Basin:
    """Bed and roughness on a regular grid, and what happens at its sides; made by `make_basin`."""

    bed_m: Array  # (row, column), m above datum
    manning: Array  # (row, column), s m^(-1/3)
    dx_m: float
    dy_m: float
    sides: tuple[Side, Side, Side, Side]  # west, east, south, north

    @property
    def cell_m2(self) -> float:
        """Area of a cell, m2."""
        return self.dx_m * self.dy_m


@dataclass(frozen=True)
class State:
    """All that a run needs to go on. `shape`: (row, column).

    Finite volume: discharges per metre at cell centres, `shape`. Local inertial: at the faces, (row, column + 1) and
    (row + 1, column). Booked since the start, m3: `volume now = volume then + rain + inflow - outflow + sides`.
    Of the structures: `crossed` over, through breaches of and gates in barriers (net, towards the protected side),
    `pumped` by pumps (out of the basin: also outflow), `drained` by storm drains (also outflow).
    """

    depth_m: Array
    discharge_x_m2_per_s: Array
    discharge_y_m2_per_s: Array
    time_s: float = 0.0
    rain_m3: float = 0.0
    inflow_m3: float = 0.0
    outflow_m3: float = 0.0
    sides_m3: float = 0.0
    steps: int = 0
    crossed_m3: float = 0.0
    pumped_m3: float = 0.0
    drained_m3: float = 0.0


def make_basin(
    bed_m: ArrayLike,
    dx_m: float,
    dy_m: float | None = None,
    manning: ArrayLike = 0.0,
    dtype: type = np.float64,
    **sides: Side,
) -> Basin:
    """A checked basin; sides by name (west, east, south, north), wall unless given. dtype: float64 or float32.

    Raises ParameterError for no cells, a bed or roughness that is not a number, a cell size that is not positive or
    can only be degrees, sides that do not fit.
    """
    bed: Array = np.array(bed_m, dtype=dtype)
    if bed.ndim != 2 or bed.size == 0:
        raise ParameterError(f"bed_m: needs rows and columns, got shape {bed.shape}")
    refuse(~np.isfinite(bed), "bed_m", "no number")
    dy_m = dx_m if dy_m is None else dy_m
    for name, size in (("dx_m", dx_m), ("dy_m", dy_m)):
        if not (np.isfinite(size) and size > 0):
            raise ParameterError(f"{name}: the size of a cell must be > 0 m, got {size}")
    _refuse_degrees(bed, dx_m, dy_m)
    roughness = _field("manning", manning, bed)
    unknown = set(sides) - set(SIDES)
    if unknown:
        raise ParameterError(f"no side '{unknown.pop()}'; sides are {', '.join(SIDES)}")
    west, east, south, north = (sides.get(name, Side()) for name in SIDES)
    for name, side in sides.items():
        side.fit(name, bed.shape[0 if name in SIDES[:2] else 1])
    return Basin(bed, roughness, float(dx_m), float(dy_m), (west, east, south, north))


def still(basin: Basin, stage_m: ArrayLike, time_s: float = 0.0) -> State:
    """Water at rest up to a level (number or (row, column), m above datum), for the finite-volume form."""
    stage = np.broadcast_to(np.asarray(stage_m, basin.bed_m.dtype), basin.bed_m.shape)
    refuse(~np.isfinite(stage), "stage_m", "no number")
    depth = np.maximum(stage - basin.bed_m, 0)
    return State(depth, np.zeros_like(depth), np.zeros_like(depth), float(time_s))


def still_on_faces(basin: Basin, stage_m: ArrayLike, time_s: float = 0.0) -> State:
    """Water at rest up to a level, for the local-inertial form."""
    rows, columns = basin.bed_m.shape
    dtype = basin.bed_m.dtype
    return replace(
        still(basin, stage_m, time_s),
        discharge_x_m2_per_s=np.zeros((rows, columns + 1), dtype),
        discharge_y_m2_per_s=np.zeros((rows + 1, columns), dtype),
    )


def volume_m3(basin: Basin, state: State) -> float:
    """Water in the basin."""
    return float(state.depth_m.sum(dtype=np.float64)) * basin.cell_m2


def check_run(basin: Basin, state: State, sources: Sources, until_s: float, on_faces: bool = False) -> None:
    """Refuse what cannot be computed. Raises StateError (state) or ParameterError (forcing), with field and place."""
    rows, columns = basin.bed_m.shape
    extra = 1 if on_faces else 0
    shapes = ((rows, columns), (rows, columns + extra), (rows + extra, columns))
    names = [f.name for f in fields(State)][:3]
    for name, shape in zip(names, shapes, strict=True):
        value = getattr(state, name)
        if value.shape != shape:
            raise StateError(f"{name}: shape {value.shape}, the basin needs {shape}")
        refuse(~np.isfinite(value), name, "no number", StateError)
    refuse(state.depth_m < 0, "depth_m", "a depth below 0", StateError)
    if not until_s >= state.time_s:
        raise ParameterError(f"until_s: {until_s} lies before the state's time {state.time_s:g} s")
    for name, side in zip(SIDES, basin.sides, strict=True):
        if on_faces and side.kind == "incoming":
            raise ParameterError(f"side {name}: kind incoming needs the finite volumes; take stage for local inertia")
        for series in side.series():
            series.must_cover(state.time_s, until_s)
    _check_sources(basin, sources, state.time_s, until_s)


def _check_sources(basin: Basin, sources: Sources, from_s: float, until_s: float) -> None:
    rain = sources.rain_m_per_s
    if isinstance(rain, Series):
        rain.must_cover(from_s, until_s)
        refuse(rain.value < 0, rain.name, "rain below 0")
    else:
        _field("rain_m_per_s", rain, basin.bed_m)
    if sources.rain_pattern is not None:
        _field("rain_pattern", sources.rain_pattern, basin.bed_m)
    if sources.structures is not None:
        sources.structures.check(basin)
    if sources.discharge_m3_per_s is None:
        return
    rows, columns = basin.bed_m.shape
    row, column = np.asarray(sources.row), np.asarray(sources.column)
    if not row.shape == column.shape == sources.discharge_m3_per_s.value.shape[1:]:
        raise ParameterError("points: row, column and each value of the discharge series need one shape (point,)")
    refuse((row < 0) | (row >= rows) | (column < 0) | (column >= columns), "points", "a cell outside the basin")
    sources.discharge_m3_per_s.must_cover(from_s, until_s)


def _field(name: str, value: ArrayLike, bed: Array) -> Array:
    array = np.asarray(value, bed.dtype)
    if array.ndim and array.shape != bed.shape:
        raise ParameterError(f"{name}: shape {array.shape}, the basin has {bed.shape}")
    refuse(~(np.isfinite(array) & (array >= 0)), name, "a value below 0 or no number")
    return np.array(np.broadcast_to(array, bed.shape))


def _refuse_degrees(bed: Array, dx_m: float, dy_m: float) -> None:
    """Cells under 1 m whose bed rises by more than the basin is long: slopes over 45 degrees all the way.

    The relief leaves out the highest and lowest twentieth, so that walls and pits do not count.
    """
    if max(dx_m, dy_m) >= 1:
        return
    low, high = np.percentile(bed, (5, 95))
    extent_m = max(dy_m * bed.shape[0], dx_m * bed.shape[1])
    if high - low > extent_m:
        raise ParameterError(
            f"dx_m, dy_m: cells of {dx_m:g} x {dy_m:g} m, but over the basin's {extent_m:g} m the bed rises by "
            f"{high - low:.1f} m: the sizes look like degrees; project the grid to metres first"
        )


def refuse(bad: Array, name: str, what: str, kind: type[Exception] = ParameterError) -> None:
    """Raise at the first place where `bad` holds."""
    if bad.any():
        place = tuple(int(i) for i in np.argwhere(np.atleast_1d(bad))[0])
        raise kind(f"{name}: {what} at {place} ({int(bad.sum())} of {bad.size}); mend the input and start again")
