"""The squares of the water grid: a landscape averaged over them, which are sea, river, levee or land, and what for.

A landscape is a continuous function of place; each square takes the mean over points of its own kind inside it, so two
sizes of square describe the same ground.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from scenarios.schema import Terrain
from scenarios.synthesis.bay import Bay
from scenarios.synthesis.landscape import Landscape
from scenarios.synthesis.near import nearest
from scenarios.synthesis.valley import Valley

Array = np.ndarray
POINT_M = 12.5  # spacing of the points a square is averaged from
LAND, SEA, RIVER, BREAKWATER = range(4)
INLAND_M = 50_000.0  # distance to the shore where there is no sea (assumed)
FREE_M = 0.2  # ground less than this below the crest still gets a levee
LEVEE_M = 50.0  # strip along the water that levees take with their slopes and roads, on squares of any size (assumed)
BREAKWATER_M = 50.0  # width of breakwaters with their mounds (assumed)
LANDSCAPES: dict[str, Callable[[Terrain], Landscape]] = {"bay": Bay, "river": Valley}
FACES = ((0, -1), (0, 1), (-1, 0), (1, 0))


@dataclass(frozen=True)
class Ground:
    """The generated ground on the squares of the water grid; arrays (row, column), row to the north."""

    terrain: Terrain
    landscape: Landscape
    x_m: Array  # (column,) middles of the squares, local metres
    y_m: Array  # (row,)
    kind: Array  # LAND, SEA, RIVER or BREAKWATER
    height_m: Array  # land surface, or bed of sea and river; crest on breakwaters
    slope: Array
    course: Array  # number of the river whose levees the square lies between; -1 elsewhere
    levee: Array  # land squares that a levee or wall stands on
    coast_m: Array  # distance to the sea
    use: Array  # how fit for houses, 0 to 1

    @property
    def square_m(self) -> float:
        """Side of a square."""
        return self.terrain.square_m

    @property
    def west_m(self) -> float:
        """Western edge of the grid."""
        return float(self.x_m[0]) - self.square_m / 2

    @property
    def south_m(self) -> float:
        """Southern edge of the grid."""
        return float(self.y_m[0]) - self.square_m / 2

    @property
    def wet(self) -> Array:
        """Squares of sea and river."""
        return (self.kind == SEA) | (self.kind == RIVER)

    def place(self, x_m: Array, y_m: Array) -> tuple[Array, Array, Array]:
        """Row and column of points, and whether they lie inside the grid (clipped to it where not)."""
        column = np.floor((np.asarray(x_m) - self.west_m) / self.square_m).astype(np.int64)
        row = np.floor((np.asarray(y_m) - self.south_m) / self.square_m).astype(np.int64)
        rows, columns = self.kind.shape
        inside = (row >= 0) & (row < rows) & (column >= 0) & (column < columns)
        return np.clip(row, 0, rows - 1), np.clip(column, 0, columns - 1), inside


@dataclass(frozen=True)
class _Fields:
    """A landscape on the points of all squares: (row, point, column, point)."""

    ground_m: Array
    in_sea: Array
    bed_m: Array
    course: Array


def build_ground(terrain: Terrain) -> Ground:
    """The ground of a terrain block; the same block gives the same ground."""
    landscape: Landscape = LANDSCAPES[terrain.kind](terrain)
    rows, columns = terrain.shape
    side = terrain.square_m
    x_m = (np.arange(columns) + 0.5 - columns / 2) * side
    y_m = (np.arange(rows) + 0.5 - rows / 2) * side
    fields = _fields(landscape, x_m, y_m, side)
    kind, height_m, course = _squares(fields)
    for start, end in landscape.breakwaters():
        _build_on(kind, height_m, _band_squares((x_m, y_m), side, start, end), terrain.breakwater_crest_m)
    dry_m = np.where(kind == SEA, 1.0, fields.ground_m.mean(axis=(1, 3)))
    slope = np.hypot(*np.gradient(dry_m, side))
    coast_m = _coast_m(x_m, y_m, kind == SEA, side)
    use = np.where(kind == LAND, landscape.use(x_m, y_m, height_m, slope), 0.0)
    levee = _levees(landscape, (x_m, y_m), kind, height_m, course)
    use[levee] = 0.0
    return Ground(terrain, landscape, x_m, y_m, kind, height_m, slope, course, levee, coast_m, use)


def _coast_m(x_m: Array, y_m: Array, sea: Array, side_m: float) -> Array:
    """Distance of every square to the edge of the nearest square of sea."""
    if not sea.any():
        return np.full(sea.shape, INLAND_M)
    x, y = np.meshgrid(x_m, y_m)
    distance_m, _ = nearest((x[sea], y[sea]), (x.ravel(), y.ravel()))
    return np.maximum(distance_m.reshape(sea.shape) - side_m / 2, 0.0)


def _fields(landscape: Landscape, x_m: Array, y_m: Array, side_m: float) -> _Fields:
    """The landscape on a few points of every square."""
    per_side = max(1, round(side_m / POINT_M))
    inner = ((np.arange(per_side) + 0.5) / per_side - 0.5) * side_m
    px_m, py_m = (x_m[:, None] + inner).ravel(), (y_m[:, None] + inner).ravel()
    ground_m = landscape.ground_m(px_m, py_m)
    in_sea = landscape.seaward_m(px_m, py_m) > 0
    bed_m, course, nearest = np.zeros_like(ground_m), np.full(ground_m.shape, -1), np.ones(ground_m.shape)
    for number, river in enumerate(landscape.courses):
        along, across = river.across_m(px_m[None, :], py_m[:, None])
        off = np.abs(across) / river.half_m
        here = off <= nearest
        bed_m = np.where(here, river.bed_m(along, off), bed_m)
        course[here] = number
        nearest = np.where(here, off, nearest)
    shape = (len(y_m), per_side, len(x_m), per_side)
    return _Fields(*(field.reshape(shape) for field in (ground_m, in_sea, bed_m, course)))


def _squares(fields: _Fields) -> tuple[Array, Array, Array]:
    """Kind, height and river of each square: the kind that fills half of it, the mean height over that kind."""
    sea = fields.in_sea
    river = (fields.course >= 0) & ~sea
    mostly_sea = sea.mean(axis=(1, 3)) >= 0.5
    mostly_river = (river.mean(axis=(1, 3)) >= 0.5) & ~mostly_sea
    kind = np.where(mostly_sea, SEA, np.where(mostly_river, RIVER, LAND))
    mine = np.select(
        [kind[:, None, :, None] == SEA, kind[:, None, :, None] == RIVER], [sea, river], default=~sea & ~river
    )
    value = np.where(river, fields.bed_m, fields.ground_m)
    count = mine.sum(axis=(1, 3))
    mean = (value * mine).sum(axis=(1, 3)) / np.maximum(count, 1)
    height_m = np.where(count > 0, mean, value.mean(axis=(1, 3)))
    course = np.where(kind == RIVER, fields.course.max(axis=(1, 3)), -1)
    return kind, height_m, course


def _line_squares(
    middles: tuple[Array, Array], side_m: float, start: tuple[float, float], end: tuple[float, float]
) -> tuple[Array, Array]:
    """Row and column of the squares a straight line runs over."""
    x_m, y_m = middles
    steps = np.linspace(0.0, 1.0, int(4 * np.hypot(end[0] - start[0], end[1] - start[1]) / side_m) + 2)
    column = np.floor((start[0] + steps * (end[0] - start[0]) - x_m[0]) / side_m + 0.5).astype(np.int64)
    row = np.floor((start[1] + steps * (end[1] - start[1]) - y_m[0]) / side_m + 0.5).astype(np.int64)
    inside = (row >= 0) & (row < len(y_m)) & (column >= 0) & (column < len(x_m))
    return row[inside], column[inside]


def line_squares(ground: Ground, start: tuple[float, float], end: tuple[float, float]) -> tuple[Array, Array]:
    """Row and column of the squares of the grid that a straight line between two places (x, y) runs over, in order."""
    return _line_squares((ground.x_m, ground.y_m), ground.square_m, start, end)


def _band_squares(
    middles: tuple[Array, Array], side_m: float, start: tuple[float, float], end: tuple[float, float]
) -> tuple[Array, Array]:
    """Row and column of the squares of a breakwater from south to north, as wide as it is in whole squares.

    A row has them where its middle lies between both ends, so that squares of any size leave the same opening where the
    ends lie on edges of squares; rows that touch by a corner only let nothing through.
    """
    x_m, y_m = middles
    row = np.flatnonzero((y_m > start[1]) & (y_m < end[1]))
    at_m = np.interp(y_m[row], (start[1], end[1]), (start[0], end[0]))
    wide = max(1, round(BREAKWATER_M / side_m))
    first = np.round((at_m - x_m[0]) / side_m - (wide - 1) / 2).astype(np.int64)
    column = first[:, None] + np.arange(wide)
    inside = (column >= 0) & (column < len(x_m))
    return np.broadcast_to(row[:, None], column.shape)[inside], column[inside]


def _build_on(kind: Array, height_m: Array, squares: tuple[Array, Array], crest_m: float) -> None:
    """Set breakwater squares where the line crosses the sea."""
    wet = kind[squares] == SEA
    row, column = squares[0][wet], squares[1][wet]
    kind[row, column] = BREAKWATER
    height_m[row, column] = crest_m


def _levees(landscape: Landscape, middles: tuple[Array, Array], kind: Array, height_m: Array, course: Array) -> Array:
    """Land squares beside sea or river that lie below the crest there, a closed line for flow through faces, and those
    behind them as far as the levee reaches.
    """
    wet = (kind == SEA) | (kind == RIVER)
    beside = np.zeros(kind.shape, dtype=bool)
    for d_row, d_column in FACES:
        beside |= shifted(wet, d_row, d_column, False)
    row, column = np.nonzero(beside & (kind == LAND))
    crest_m = crest_at(landscape, middles[0][column], middles[1][row], next_to_sea(kind, row, column))[0]
    low = height_m[row, column] < crest_m - FREE_M
    levee = np.zeros(kind.shape, dtype=bool)
    levee[row[low], column[low]] = True
    behind = levee_squares(landscape.terrain.square_m) - 1
    return levee if behind == 0 else (_away_squares(levee) <= behind) & (kind == LAND)


def levee_squares(square_m: float) -> int:
    """Squares that a levee is thick, at least one."""
    return max(1, round(LEVEE_M / square_m))


def _away_squares(mask: Array) -> Array:
    """Distance of every square to the nearest one of a mask, in squares between their middles; inf without any."""
    from scipy.ndimage import distance_transform_edt  # a start-up without terrain does without it

    return distance_transform_edt(~mask) if mask.any() else np.full(mask.shape, np.inf)


def shifted(values: Array, d_row: int, d_column: int, outside: float | bool) -> Array:
    """Value of the neighbour at (row + d_row, column + d_column) of every square."""
    rows, columns = values.shape
    padded = np.pad(values, 1, constant_values=outside)
    return padded[1 + d_row : 1 + d_row + rows, 1 + d_column : 1 + d_column + columns]


def next_to_sea(kind: Array, row: Array, column: Array) -> Array:
    """Whether squares touch the sea along a face."""
    touching = [shifted(kind == SEA, *face, False)[row, column] for face in FACES]
    return np.any(touching, axis=0)


def crest_at(landscape: Landscape, x_m: Array, y_m: Array, sea: Array) -> tuple[Array, Array, Array]:
    """Crest, danger level and nearest river of points beside water; at the sea the wall's crest, NaN and -1."""
    crest_m, danger_m = np.zeros(len(x_m)), np.full(len(x_m), np.nan)
    nearest, river = np.full(len(x_m), np.inf), np.full(len(x_m), -1)
    for number, one in enumerate(landscape.courses):
        along, across = one.across_m(x_m, y_m)
        closer = np.abs(across) - one.half_m < nearest
        crest_m = np.where(closer, one.crest_m(along, np.sign(across)), crest_m)
        danger_m = np.where(closer, one.danger_m(along), danger_m)
        river[closer] = number
        nearest = np.where(closer, np.abs(across) - one.half_m, nearest)
    wall_m = landscape.terrain.levee_crest_m
    return np.where(sea, wall_m, crest_m), np.where(sea, np.nan, danger_m), np.where(sea, -1, river)
