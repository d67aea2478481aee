"""The sea a tsunami crosses: still-water depth on a regular local grid, nests inside it, and reading between cells.

Arrays are (row, column): x grows with the column (west to east), y with the row (south to north). SI throughout.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from twin.errors import ParameterError

Array = np.ndarray

GRAVITY_M_PER_S2 = 9.81
SIDES = ("west", "east", "south", "north")
KINDS = ("open", "wall")


@dataclass(frozen=True)
class Grid:
    """Still-water depth and where it lies; made by `make_grid`. `sides`: open or wall, in the order of SIDES."""

    depth_m: Array  # (row, column), positive down; 0 or less is land
    dx_m: float
    dy_m: float
    west_m: float  # x of the western edge
    south_m: float  # y of the southern edge
    sides: tuple[str, str, str, str]

    @property
    def wet(self) -> Array:
        """Sea cells, (row, column)."""
        return self.depth_m > 0

    @property
    def extent_m(self) -> tuple[float, float, float, float]:
        """West, east, south, north edge."""
        rows, columns = self.depth_m.shape
        return self.west_m, self.west_m + columns * self.dx_m, self.south_m, self.south_m + rows * self.dy_m

    @property
    def longest_step_s(self) -> float:
        """CFL bound of the leap-frog scheme: 1 / sqrt(g h (1/dx2 + 1/dy2)) at the deepest cell; inf on dry land."""
        rate = GRAVITY_M_PER_S2 * max(float(self.depth_m.max()), 0.0) * (self.dx_m**-2 + self.dy_m**-2)
        return float(rate**-0.5) if rate > 0 else float("inf")

    def centres_m(self) -> tuple[Array, Array]:
        """x (1, column) and y (row, 1) of the cell centres."""
        rows, columns = self.depth_m.shape
        x_m = self.west_m + (np.arange(columns) + 0.5) * self.dx_m
        y_m = self.south_m + (np.arange(rows) + 0.5) * self.dy_m
        return x_m[None, :], y_m[:, None]

    def contains(self, x_m: Array, y_m: Array) -> Array:
        """Points inside or on the edge."""
        west, east, south, north = self.extent_m
        return (x_m >= west) & (x_m <= east) & (y_m >= south) & (y_m <= north)


@dataclass(frozen=True)
class Nest:
    """A finer grid inside a coarser one. `initial_level_m` (row, column): read off the coarser grid if not given."""

    grid: Grid
    initial_level_m: Array | None = None


def make_grid(
    depth_m: ArrayLike,
    dx_m: float,
    dy_m: float | None = None,
    *,
    west_m: float = 0.0,
    south_m: float = 0.0,
    **sides: str,
) -> Grid:
    """A checked grid; sides by name (west, east, south, north), open unless given as wall.

    depth_m (row, column): still-water depth at the tide of the day, positive down, 0 or less on land, where the
    linear wave meets a wall. Raises ParameterError for no cells, a depth that is not a number (with its place), cell
    sizes that are not positive, and coordinates that look like degrees.
    """
    depth: Array = np.array(depth_m, float)
    if depth.ndim != 2 or depth.size == 0:
        raise ParameterError(f"depth_m: needs rows and columns, got shape {depth.shape}")
    _demand_numbers("depth_m", depth)
    dy_m = dx_m if dy_m is None else dy_m
    for name, value in (("dx_m", dx_m), ("dy_m", dy_m)):
        if not (np.isfinite(value) and value > 0):
            raise ParameterError(f"{name}: the size of a cell must be > 0 m, got {value}")
    if not (np.isfinite(west_m) and np.isfinite(south_m)):
        raise ParameterError(f"west_m, south_m: need numbers in m, got {west_m}, {south_m}")
    for name, kind in sides.items():
        if name not in SIDES or kind not in KINDS:
            raise ParameterError(f"side {name}={kind!r}: sides are {', '.join(SIDES)}; each is {' or '.join(KINDS)}")
    west, east, south, north = (sides.get(name, "open") for name in SIDES)
    grid = Grid(depth, float(dx_m), float(dy_m), float(west_m), float(south_m), (west, east, south, north))
    if min(dx_m, dy_m) < 1.0 and max(map(abs, grid.extent_m)) <= 180.0:
        raise ParameterError(
            f"dx_m, dy_m: cells of {dx_m:g} x {dy_m:g} within +-180 look like degrees; project to metres first, for "
            "example to the plane rectangular system of the prefecture (EPSG:6669 to 6687)"
        )
    return grid


def level_on(grid: Grid, level_m: ArrayLike, name: str = "initial_level_m") -> Array:
    """A checked copy of a water level (row, column), 0 on land."""
    level = np.asarray(level_m, float)
    if level.shape != grid.depth_m.shape:
        raise ParameterError(f"{name}: shape {level.shape}, the grid has {grid.depth_m.shape}")
    _demand_numbers(name, level)
    return np.where(grid.wet, level, 0.0)


def line_of_points(start_m: tuple[float, float], end_m: tuple[float, float], n_point: int) -> tuple[Array, Array]:
    """x and y (point,) of evenly spaced points from start to end, both included: gauges along an inner boundary."""
    return np.linspace(start_m[0], end_m[0], n_point), np.linspace(start_m[1], end_m[1], n_point)


@dataclass(frozen=True)
class Sampler:
    """Bilinear reading of a field at points; weights only on the nodes that count."""

    node: Array  # (4, point) flat index
    weight: Array  # (4, point); all 0 where no node counts

    def __call__(self, field: Array) -> Array:
        """Values at the points, (point,)."""
        return np.einsum("kp,kp->p", np.take(field, self.node), self.weight)


def make_sampler(column: Array, row: Array, counts: Array) -> Sampler:
    """Read a (row, column) field at fractional column and row (point,); `counts`: nodes that may be read.

    Beyond the outer nodes the value of the edge goes on. Where some of the four nodes do not count (land) the others
    share their weight.
    """
    rows, columns = counts.shape
    column, row = np.clip(column, 0, columns - 1), np.clip(row, 0, rows - 1)
    left, low = np.minimum(column.astype(int), max(columns - 2, 0)), np.minimum(row.astype(int), max(rows - 2, 0))
    right, high = np.minimum(left + 1, columns - 1), np.minimum(low + 1, rows - 1)
    east, north = column - left, row - low
    node = np.stack((low * columns + left, low * columns + right, high * columns + left, high * columns + right))
    weight = np.stack(((1 - east) * (1 - north), east * (1 - north), (1 - east) * north, east * north))
    weight = weight * counts.ravel()[node]
    total = weight.sum(axis=0)
    return Sampler(node, weight / np.where(total > 0, total, 1.0))


def level_sampler(grid: Grid, x_m: Array, y_m: Array) -> Sampler:
    """Reads water level, at cell centres, at points."""
    return make_sampler((x_m - grid.west_m) / grid.dx_m - 0.5, (y_m - grid.south_m) / grid.dy_m - 0.5, grid.wet)


def flux_sampler(grid: Grid, x_m: Array, y_m: Array, side: int) -> Sampler:
    """Reads the flux across a side's direction (0, 1: along x; 2, 3: along y), at the faces, at points."""
    rows, columns = grid.depth_m.shape
    along_x = side < 2
    column = (x_m - grid.west_m) / grid.dx_m - (0.0 if along_x else 0.5)
    row = (y_m - grid.south_m) / grid.dy_m - (0.5 if along_x else 0.0)
    return make_sampler(column, row, np.ones((rows, columns + 1) if along_x else (rows + 1, columns), bool))


def _demand_numbers(name: str, value: Array) -> None:
    bad = ~np.isfinite(value)
    if bad.any():
        place = tuple(int(i) for i in np.argwhere(bad)[0])
        raise ParameterError(f"{name}: no number at {place} ({int(bad.sum())} of {bad.size}); mend the input first")
