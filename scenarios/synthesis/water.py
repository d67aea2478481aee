"""What water can reach: patches of ground, levee segments, pumps, refuges, and the maps from them to the cells.

With a terrain, a patch is a land square of the water grid. Without one, every cell is one patch that no water reaches,
and there are no levees, pumps or refuges.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from scenarios.synthesis.bathymetry import sea_grid
from scenarios.synthesis.bay import Bay
from scenarios.synthesis.frame import Frame
from scenarios.synthesis.land_classes import HILL
from scenarios.synthesis.near import nearest
from scenarios.synthesis.patches import (
    Squares,
    build_ways,
    cells_of,
    danger_zone,
    located,
    make_squares,
    road_patches,
    shares,
    with_care_homes,
)
from scenarios.synthesis.terrain import RIVER, SEA, Ground
from scenarios.synthesis.valley import SLOPE
from scenarios.synthesis.works import build_levees, build_pumps, build_refuges
from twin.units import HOUR_S
from twin.world import Carrier, IndexSet, membership

Array = np.ndarray
NO_PLACE = -1
IMPASSABLE_M = 50.0  # bed of levee squares above the highest crest: water passes by crest, gate and breach only
WALL, OPEN, INCOMING, LEAVING = 0.0, 1.0, 2.0, 3.0  # what happens at a side of the water grid
DENSITY_PER_M2 = (500e-6, 4000e-6, 8000e-6)  # persons per m2 between the classes of roughness
NO_COLUMNS = {
    "levee": (
        "municipality cell kind confluence resistant wet_row wet_column dry_row dry_column row column bank",
        "x_m y_m along_m length_m crest_m foot_m danger_m river_width_m gate_width_m sill_m",
    ),
    "pump": (
        "municipality cell feeder patch from_row from_column to_row to_column",
        "capacity_m3_per_s start_depth_m generator_s",
    ),
    "refuge": ("municipality cell patch capacity_persons kind", "floor_height_m"),
}


@dataclass(frozen=True)
class Water:
    """Everything about water in a world."""

    patch: IndexSet
    levee: IndexSet
    pump: IndexSet
    refuge: IndexSet
    arrays: Mapping[str, Array]
    settings: Mapping[str, float] = field(default_factory=dict)


def none_of(name: str) -> IndexSet:
    """An index set of works with all its columns and no rows."""
    whole, real = NO_COLUMNS[name]
    columns: dict[str, Array] = {column: np.zeros(0, dtype=np.int64) for column in whole.split()}
    columns |= {column: np.zeros(0) for column in real.split()}
    return IndexSet.build(name, np.zeros(0, dtype="U1"), **columns)


def without_terrain(cell: IndexSet) -> Water:
    """A world that no water reaches."""
    return Water(
        dry_patches(cell),
        none_of("levee"),
        none_of("pump"),
        none_of("refuge"),
        {"road_patch": np.zeros((0, 2), dtype=np.int64)},
    )


def dry_patches(cell: IndexSet) -> IndexSet:
    """One patch per cell, outside any water grid (row and column -1); everywhere is safe."""
    n = len(cell)
    nowhere, unreachable = np.full(n, NO_PLACE), np.full(n, np.inf)
    return IndexSet.build(
        "patch",
        np.char.add(cell.ids, "/0"),
        cell=np.arange(n),
        municipality=np.asarray(cell["municipality"], dtype=np.int64),
        x_m=np.asarray(cell["x_m"], dtype=float),
        y_m=np.asarray(cell["y_m"], dtype=float),
        height_m=np.full(n, np.nan),
        area_m2=np.asarray(cell["area_m2"], dtype=float),
        share=np.ones(n),
        water_row=nowhere,
        water_column=nowhere,
        coast_distance_m=np.asarray(cell["coast_distance_m"], dtype=float),
        care_persons=np.zeros(n, dtype=np.int64),
        next=nowhere,
        way_m=np.zeros(n),
        refuge_next=nowhere,
        refuge_way_m=unreachable,
        refuge=nowhere,
        danger=np.zeros(n, dtype=np.int64),
    )


def on_terrain(
    frame: Frame, ground: Ground, nodes: IndexSet, roads: IndexSet, cell: IndexSet, main_feeder: Array
) -> Water:
    """Patches, levees, pumps and refuges of a generated ground. Raises ScenarioError for works in wrong places."""
    squares = make_squares(frame, ground, nodes, roads)
    of_cell = cells_of(frame, cell, squares.x_m, squares.y_m)
    share = shares(frame, ground, squares, of_cell, len(cell))
    at = {
        name: located(frame, ground, squares, share, frame.facts[name], homes=name == "care_home")
        for name in ("care_home", "refuge", "pump")
    }
    care, share = with_care_homes(frame, cell, of_cell, share, at["care_home"])
    town = _town_of(squares, of_cell, cell)
    patch = _patches(frame, ground, squares, (of_cell, town, share, care), at["refuge"])
    levee = build_levees(frame, ground, squares, town, cell)
    around, settings = _around(ground)
    return Water(
        patch,
        levee,
        build_pumps(frame, ground, squares, at["pump"], cell, main_feeder),
        build_refuges(frame, squares, at["refuge"], cell),
        {
            "road_patch": road_patches(ground, squares, nodes, roads),
            "water_bed_m": _bed_m(ground, levee),
            "water_manning": _manning(frame, ground, squares, _density(cell, of_cell, share, ground)),
            **around,
        },
        settings,
    )


def _patches(
    frame: Frame, ground: Ground, squares: Squares, people: tuple[Array, Array, Array, Array], refuge_patch: Array
) -> IndexSet:
    """people: cell, municipality, share and residents of care homes by patch."""
    of_cell, town, share, care = people
    danger = danger_zone(ground, squares)
    safe, refuge = build_ways(frame, ground, squares, danger, refuge_patch)
    refuge_row = np.full(len(share) + 1, NO_PLACE)
    refuge_row[refuge_patch[::-1]] = np.arange(len(refuge_patch))[::-1]  # the first listed where two share a patch
    return IndexSet.build(
        "patch",
        np.char.add(np.char.add(squares.row.astype(np.str_), "/"), squares.column.astype(np.str_)),
        cell=of_cell,
        municipality=town,
        x_m=squares.x_m,
        y_m=squares.y_m,
        height_m=squares.height_m,
        area_m2=np.full(len(share), ground.square_m**2),
        share=share,
        water_row=squares.row,
        water_column=squares.column,
        coast_distance_m=ground.coast_m[squares.row, squares.column],
        care_persons=care,
        next=safe.next_patch,
        way_m=safe.way_m,
        refuge_next=refuge.next_patch,
        refuge_way_m=refuge.way_m,
        refuge=refuge_row[refuge.goal],
        danger=danger,
    )


def _town_of(squares: Squares, of_cell: Array, cell: IndexSet) -> Array:
    """Municipality of each patch: its cell's, else that of the nearest patch in a cell."""
    inside = np.flatnonzero(of_cell >= 0)
    _, near = nearest((squares.x_m[inside], squares.y_m[inside]), (squares.x_m, squares.y_m))
    return cell["municipality"][of_cell[inside[near]]]


def _density(cell: IndexSet, of_cell: Array, share: Array, ground: Ground) -> Array:
    """Residents per m2 of each patch."""
    return np.where(of_cell >= 0, cell["night_persons"][of_cell] * share, 0.0) / ground.square_m**2


def _bed_m(ground: Ground, levee: IndexSet) -> Array:
    bed_m = ground.height_m.copy()
    bed_m[ground.levee] = (float(levee["crest_m"].max()) if len(levee) else 0.0) + IMPASSABLE_M
    return bed_m


def _manning(frame: Frame, ground: Ground, squares: Squares, persons_per_m2: Array) -> Array:
    """Roughness by use of the ground, s m^-1/3, (row, column)."""
    rules = frame.rules
    sea, river = rules.manning_water
    roughness = np.where(ground.kind == RIVER, river, sea)
    by_density = rules.manning_by_density[np.searchsorted(DENSITY_PER_M2, persons_per_m2, side="right")]
    setting = ground.landscape.setting(squares.x_m, squares.y_m, squares.height_m)
    empty = persons_per_m2 < DENSITY_PER_M2[0]
    land = np.where(empty & (setting >= HILL), rules.manning_forest, by_density)
    dry = ~squares.bridge
    roughness[squares.row[dry], squares.column[dry]] = land[dry]
    return roughness


def _around(ground: Ground) -> tuple[dict[str, Array], dict[str, float]]:
    """What lies at the sides of the water grid: the offshore depths of a bay, or where rivers enter a valley."""
    terrain = ground.terrain
    ends = {"west": ground.kind[:, 0], "east": ground.kind[:, -1], "south": ground.kind[0], "north": ground.kind[-1]}
    sides = {f"water_side_{side}": OPEN if (kind == SEA).any() else WALL for side, kind in ends.items()}
    settings = {
        "water_dx_m": ground.square_m,
        "water_west_m": ground.west_m,
        "water_south_m": ground.south_m,
        "river_width_m": terrain.width_m,
        **sides,
    }
    if isinstance(ground.landscape, Bay):
        sea = sea_grid(ground)
        settings |= {"sea_dx_m": sea.dx_m, "sea_west_m": sea.west_m, "sea_south_m": sea.south_m}
        return {"sea_depth_m": sea.depth_m}, settings | {
            "water_side_east": INCOMING,
            "sea_level_m": terrain.sea_level_m,
        }
    return _inflows(ground), settings | {
        "water_side_east": LEAVING,
        "sea_level_m": 0.0,
        "catchment_m2": terrain.catchment_km2 * 1e6,
        "tributary_catchment_m2": terrain.tributary_catchment_km2 * 1e6,
        "catchment_time_s": terrain.concentration_h * HOUR_S,
        "river_slope": SLOPE,
    }


def _inflows(ground: Ground) -> dict[str, Array]:
    """River squares on the western side (main river) and on the southern side (tributary): (square, 2) row, column."""
    main = np.flatnonzero((ground.kind[:, 0] == RIVER) & (ground.course[:, 0] == 0))
    side = np.flatnonzero((ground.kind[0] == RIVER) & (ground.course[0] == 1))
    return {
        "inflow_cells": np.stack([main, np.zeros_like(main)], axis=1),
        "tributary_cells": np.stack([np.zeros_like(side), side], axis=1),
    }


def water_carriers(patch: IndexSet, n_cell: int, n_town: int) -> dict[str, Carrier]:
    """Maps between patches, cells and municipalities; a cell's mean weighs its patches by their share of the people."""
    share = np.asarray(patch["share"], dtype=float)
    return {
        **membership("patch", "cell", patch["cell"], n_cell, share),
        **membership("patch", "municipality", patch["municipality"], n_town, share),
    }
