"""Patches: the land squares of the water grid, whose cell they belong to, who lives there, and where safety lies."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from scenarios.facts import FactTable
from scenarios.synthesis.frame import Frame, rows_of_codes
from scenarios.synthesis.land import DIGITS
from scenarios.synthesis.terrain import LAND, RIVER, Ground, line_squares
from scenarios.synthesis.walking import Ways, large_parts, no_ways, patch_numbers, walking_graph, ways_to
from twin.errors import ScenarioError
from twin.numerics.mesh import mesh_code, to_lat_lon
from twin.world import IndexSet

Array = np.ndarray
NONE = -1
EXPRESSWAY = 0  # runs on viaducts: nobody walks there and no flood reaches it
DECK_M = 1.0  # bridge decks above the levees' crest
MOST_IN_CARE = 0.9  # of a cell's residents


@dataclass(frozen=True)
class Squares:
    """Land and bridge squares before anybody is placed on them; arrays (patch,)."""

    row: Array
    column: Array
    x_m: Array
    y_m: Array
    height_m: Array
    bridge: Array
    levee: Array
    number: Array  # (row, column) of the grid -> patch, -1: none


def make_squares(frame: Frame, ground: Ground, nodes: IndexSet, roads: IndexSet) -> Squares:
    """Land squares, and the river squares that roads cross, at the height of the bridge deck."""
    bridge = bridges(ground, nodes, roads)
    row, column = np.nonzero((ground.kind == LAND) | bridge)
    height_m = ground.height_m[row, column]
    over = bridge[row, column]
    deck_m = np.array([_deck_m(ground, r, c) for r, c in zip(row[over].tolist(), column[over].tolist())])
    height_m = height_m.copy()
    height_m[over] = deck_m
    number = patch_numbers(ground.kind.shape, row, column)
    levee = ground.levee[row, column]
    return Squares(row, column, ground.x_m[column], ground.y_m[row], height_m, over, levee, number)


def _deck_m(ground: Ground, row: int, column: int) -> float:
    river = ground.landscape.courses[ground.course[row, column]]
    along, _ = river.across_m(ground.x_m[column : column + 1], ground.y_m[row : row + 1])
    return float(river.crest_m(along, np.ones(1))[0]) + DECK_M


def road_lines(nodes: IndexSet, roads: IndexSet) -> list[tuple[int, tuple[float, float], tuple[float, float]]]:
    """Road row and both ends (x, y) of every section at grade."""
    ends = np.stack([nodes["x_m"], nodes["y_m"]], axis=1)
    a, b = ends[roads["node_a"]].tolist(), ends[roads["node_b"]].tolist()
    at_grade = np.flatnonzero(roads["road_class"] != EXPRESSWAY).tolist()
    return [(road, tuple(a[road]), tuple(b[road])) for road in at_grade]


def bridges(ground: Ground, nodes: IndexSet, roads: IndexSet) -> Array:
    """River squares under a road, bool (row, column)."""
    crossed = np.zeros(ground.kind.shape, dtype=bool)
    for _, start, end in road_lines(nodes, roads):
        crossed[line_squares(ground, start, end)] = True
    return crossed & (ground.kind == RIVER)


def road_patches(ground: Ground, squares: Squares, nodes: IndexSet, roads: IndexSet) -> Array:
    """(road row, patch row) of every patch a road section runs over at grade, shape (pair, 2)."""
    pairs = []
    for road, start, end in road_lines(nodes, roads):
        patch = np.unique(squares.number[line_squares(ground, start, end)])
        patch = patch[patch >= 0]
        pairs.append(np.stack([np.full(len(patch), road), patch], axis=1))
    return np.concatenate(pairs).astype(np.int64) if pairs else np.zeros((0, 2), dtype=np.int64)


def cells_of(frame: Frame, cell: IndexSet, x_m: Array, y_m: Array) -> Array:
    """Row of the inhabited cell each point lies in, -1: none; int64."""
    digits = DIGITS[frame.region.cell_size_m]
    codes = mesh_code(*to_lat_lon(x_m, y_m, frame.origin_lat, frame.origin_lon), digits)
    return rows_of_codes(cell.ids.astype(np.int64), codes)


def settled_density(frame: Frame, x_m: Array, y_m: Array) -> Array:
    """Density of the settlements at points against their highest, 0 to 1, never below the rule's floor."""
    places, rules = frame.facts["settlement"], frame.rules
    sx_m, sy_m = frame.local(places["lat"], places["lon"])
    radius_m = places["radius_km"][:, None] * 1000.0
    scaled = np.hypot(x_m - sx_m[:, None], y_m - sy_m[:, None]) / radius_m
    persons = places["weight"] * frame.facts["municipality"]["population"][frame.rows_of(places["municipality"])]
    peak = persons[:, None] / radius_m**2
    kernel = (np.exp(-(scaled**rules.kernel_power)) * peak).sum(axis=0)
    return np.maximum(kernel / peak.max(), rules.share_floor)


def shares(frame: Frame, ground: Ground, squares: Squares, of_cell: Array, n_cell: int) -> Array:
    """Share of its cell's people and buildings on each patch: fitness of the ground times density of settlement."""
    use = np.where(squares.bridge, 0.0, ground.use[squares.row, squares.column])
    weight = use * settled_density(frame, squares.x_m, squares.y_m) * (of_cell >= 0)
    total = np.bincount(of_cell[of_cell >= 0], weights=weight[of_cell >= 0], minlength=n_cell)
    return np.where(of_cell >= 0, weight / np.maximum(total[of_cell], 1e-300), 0.0)


def located(
    frame: Frame, ground: Ground, squares: Squares, share: Array, table: FactTable, homes: bool = True
) -> Array:
    """Patch of each row of a table with places: the nearest one with homes (or any land), in the grid.

    Raises ScenarioError naming the row for a place outside the water grid.
    """
    x_m, y_m = frame.local(table["lat"], table["lon"])
    _, _, inside = ground.place(x_m, y_m)
    for row in np.flatnonzero(~inside).tolist():
        half_m = (ground.square_m * len(ground.x_m) / 2, ground.square_m * len(ground.y_m) / 2)
        raise ScenarioError(
            f"{table.path}:{table.lines[row]}: lat, lon: {table['lat'][row]:g}, {table['lon'][row]:g} lies "
            f"{x_m[row]:.0f} m east and {y_m[row]:.0f} m north of the middle, outside the water grid of "
            f"{half_m[0]:.0f} m east-west and {half_m[1]:.0f} m north-south of it; move it or enlarge terrain"
        )
    usable = np.flatnonzero(share > 0 if homes else ~(squares.bridge | squares.levee))
    squared = (x_m[:, None] - squares.x_m[usable]) ** 2 + (y_m[:, None] - squares.y_m[usable]) ** 2
    return usable[np.argmin(squared, axis=1)].astype(np.int64) if len(x_m) else np.zeros(0, dtype=np.int64)


def with_care_homes(
    frame: Frame, cell: IndexSet, of_cell: Array, share: Array, patch_of_home: Array
) -> tuple[Array, Array]:
    """Residents of care homes by patch, and shares raised where a home holds more than its patch's part of the cell.

    Raises ScenarioError for a home that holds more people than its cell can give.
    """
    table = frame.facts["care_home"]
    care = np.bincount(patch_of_home, weights=table["persons"], minlength=len(share)).astype(np.int64)
    night = cell["night_persons"].astype(float)
    need = np.where(of_cell >= 0, care / np.maximum(night[of_cell], 1.0), 0.0)
    in_care = np.bincount(of_cell[of_cell >= 0], weights=need[of_cell >= 0], minlength=len(cell))
    for home in range(len(table)):
        at = of_cell[patch_of_home[home]]
        if in_care[at] > MOST_IN_CARE:
            raise ScenarioError(
                f"{table.path}:{table.lines[home]}: persons: {table['persons'][home]:.0f} with the other homes there "
                f"are more than {MOST_IN_CARE:.0%} of the {night[at]:.0f} residents of cell {cell.ids[at]}; "
                "move the home or lower the number"
            )
    rest = (1.0 - in_care)[of_cell]
    return care, np.where(of_cell >= 0, share * rest + need, 0.0)


def danger_zone(ground: Ground, squares: Squares) -> Array:
    """1 inside the official hazard-map zone: ground below the landscape's design level. A rule, not a model run."""
    limit_m = ground.landscape.safe_above_m(ground.x_m, ground.y_m, ground.coast_m)[squares.row, squares.column]
    surface_m = np.where(squares.bridge | squares.levee, -np.inf, squares.height_m)
    return (surface_m < limit_m).astype(np.int64)


def build_ways(frame: Frame, ground: Ground, squares: Squares, danger: Array, refuge_patch: Array) -> tuple[Ways, Ways]:
    """Ways to safe ground (outside the zone, in one piece of some size) and to refuge buildings."""
    graph = walking_graph(ground, squares.number, squares.height_m, frame.rules)
    safe = large_parts(graph, danger == 0, frame.rules.safe_ground_m2 / ground.square_m**2)
    to_refuge = ways_to(graph, refuge_patch) if len(refuge_patch) else no_ways(len(squares.row))
    return ways_to(graph, np.flatnonzero(safe)), to_refuge
