"""The tsunami's source and its way to the town's bay: Okada's sea floor, linear waves offshore, one series per square.

Levels are proportional to slip, so one computation for the scenario's slip serves every member, which scales it.
Both results are kept on disk by content (`twin.memo`).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from twin import memo
from twin.numerics import tsunami
from twin.numerics.fault import Rectangles
from twin.numerics.okada import Displacement, Faults, surface_displacement
from twin.world import IndexSet, World

Array = np.ndarray
SIDES = ("west", "east", "south", "north")
WALL, OPEN, SEA, LEAVES = range(4)  # codes of the settings water_side_*
SAMPLE_S = 10.0


@dataclass(frozen=True)
class Grid:
    """Squares of the water grid: centres (1, column) and (row, 1), size, and the code of each side."""

    x_m: Array
    y_m: Array
    dx_m: float
    sides: tuple[int, int, int, int]

    @classmethod
    def of(cls, world: World) -> Grid:
        """From the world's bed and settings."""
        rows, columns = world.arrays["water_bed_m"].shape
        dx_m = world.settings["water_dx_m"]
        x_m = world.settings["water_west_m"] + (np.arange(columns) + 0.5) * dx_m
        y_m = world.settings["water_south_m"] + (np.arange(rows) + 0.5) * dx_m
        codes = tuple(int(world.settings[f"water_side_{side}"]) for side in SIDES)
        return cls(x_m[None, :], y_m[:, None], dx_m, (codes[0], codes[1], codes[2], codes[3]))


@dataclass(frozen=True)
class Wave:
    """What reaches the town for the scenario's own slip: movement of the ground and the incoming level.

    moved: on the water grid (row, column). level_m (instant, square along the side) above still water.
    """

    side: int
    moved: Displacement
    time_s: Array
    level_m: Array


def incoming_wave(world: World, grid: Grid, until_s: float) -> Wave | None:
    """The tsunami of the world's faults at its sea side; None without a sea side or without a fault."""
    if SEA not in grid.sides or not len(world["fault"]):
        return None
    side, faults = grid.sides.index(SEA), faults_of(world["fault"])
    content = [np.asarray(value) for value in (*vars(faults.planes).values(), faults.slip_m, faults.rake_deg)]
    place = [grid.x_m, grid.y_m, side, world.arrays["sea_depth_m"]]
    place += [world.settings[f"sea_{name}"] for name in ("dx_m", "west_m", "south_m", "level_m")]
    name = memo.key("tsunami", until_s, SAMPLE_S, *content, *place)
    moved = memo.remembered(name + "-ground", lambda: _moved(grid, faults))
    waves = memo.remembered(name + "-waves", lambda: _gauges(world, grid, side, faults, until_s))
    return Wave(side, Displacement(*moved), waves[:, 0], waves[:, 1:])


def after_shaking(bed_m: Array, moved: Displacement, still_m: float, dx_m: float) -> tuple[Array, Array]:
    """Level of the sea and the bed right after the rupture, m above datum (row, column); `bed_m` without levees.

    The sea floor moves with its water: depths at sea stay, levels rise. What slides sideways changes heights by its
    slope; that of the sea floor goes on under the land, since the step of the shore, steeper on smaller squares, would
    lift the bed beside it by metres.
    """
    from scipy.ndimage import distance_transform_edt  # worlds without water do without it

    at_sea = bed_m < still_m
    row, column = distance_transform_edt(~at_sea, return_distances=False, return_indices=True)
    floor = tsunami.coseismic(bed_m[row, column], moved, still_m, (dx_m, dx_m))
    ground = tsunami.coseismic(bed_m, moved, still_m)
    level_m = still_m + np.where(at_sea, floor.initial_level_m, 0.0)
    return level_m, np.where(at_sea, floor.bed_after_m, ground.bed_after_m)


def faults_of(fault: IndexSet) -> Faults:
    """Slipping planes of the table; where slip is blank, the mean slip of the whole magnitude over the whole area."""
    names = ("x_m", "y_m", "top_m", "strike_deg", "dip_deg", "length_m", "width_m")
    planes = Rectangles(*(np.asarray(fault[name], dtype=float) for name in names))
    area_m2 = float((fault["length_m"] * fault["width_m"]).sum())
    mean_m = float(tsunami.mean_slip_m(float(fault["magnitude_mw"][0]), area_m2))
    slip_m = np.asarray(fault["slip_m"], dtype=float) if "slip_m" in fault else np.full(len(fault), np.nan)
    return Faults(planes, np.where(np.isnan(slip_m), mean_m, slip_m), np.asarray(fault["rake_deg"], dtype=float))


def _moved(grid: Grid, faults: Faults) -> Array:
    moved = surface_displacement(grid.x_m, grid.y_m, faults)
    return np.stack((moved.east_m, moved.north_m, moved.up_m))


def _gauges(world: World, grid: Grid, side: int, faults: Faults, until_s: float) -> Array:
    """Time and the incoming level along the side, (instant, 1 + square).

    The sea grid is cut where the water grid begins and left open there, so that the level holds only what comes in;
    what the town's own bay throws back is the water grid's affair.
    """
    sea = _sea_beyond(world, grid, side)
    x_m, y_m = (np.broadcast_to(centres, sea.depth_m.shape) for centres in sea.centres_m())
    moved = surface_displacement(x_m, y_m, faults)
    source = tsunami.coseismic(-sea.depth_m, moved, cell_m=(sea.dx_m, sea.dy_m))
    result = tsunami.propagate(sea, source.initial_level_m, until_s, _line(sea, grid, side), sample_s=SAMPLE_S)
    return np.column_stack((result.time_s, result.gauge_level_m))


def _sea_beyond(world: World, grid: Grid, side: int) -> tsunami.Grid:
    """The offshore grid beyond the water grid's sea side."""
    settings = world.settings
    depth_m = np.asarray(world.arrays["sea_depth_m"], float) + settings["sea_level_m"]
    dx_m, west_m, south_m = (settings[f"sea_{name}"] for name in ("dx_m", "west_m", "south_m"))
    along_x = side < 2
    first_m, centres = (west_m, grid.x_m.ravel()) if along_x else (south_m, grid.y_m.ravel())
    edge_m = centres[-1] + grid.dx_m / 2 if side in (1, 3) else centres[0] - grid.dx_m / 2
    cut = int(np.clip(round((edge_m - first_m) / dx_m), 0, depth_m.shape[1 if along_x else 0]))
    keep = slice(cut, None) if side in (1, 3) else slice(None, cut)
    depth_m = depth_m[:, keep] if along_x else depth_m[keep]
    moved_m = cut * dx_m if side in (1, 3) else 0.0
    west_m, south_m = (west_m + moved_m, south_m) if along_x else (west_m, south_m + moved_m)
    return tsunami.make_grid(depth_m, dx_m, west_m=west_m, south_m=south_m)


def _line(sea: tsunami.Grid, grid: Grid, side: int) -> tuple[Array, Array]:
    """Gauges at the squares along the side, half an offshore cell out, moved along the shore to where there is sea."""
    west_m, east_m, south_m, north_m = sea.extent_m
    half_m, along_x = sea.dx_m / 2, side < 2
    across_m = {0: east_m - half_m, 1: west_m + half_m, 2: north_m - half_m, 3: south_m + half_m}[side]
    line = np.where(sea.wet[:, _column(side)] if along_x else sea.wet[_column(side)])[0]
    first_m = south_m if along_x else west_m
    low_m, high_m = first_m + (line[0] + 0.5) * sea.dx_m, first_m + (line[-1] + 0.5) * sea.dx_m
    along_m = np.clip((grid.y_m if along_x else grid.x_m).ravel(), low_m, high_m)
    still_m = np.full(along_m.size, across_m)
    return (still_m, along_m) if along_x else (along_m, still_m)


def _column(side: int) -> int:
    return -1 if side in (0, 2) else 0
