"""A straight river between levees on a plain, 3 km long, laid over the place of two-towns."""

from dataclasses import replace
from functools import cache

import numpy as np

from scenarios import build_world, read_scenario
from twin.world import IndexSet

ROWS, COLUMNS, SQUARE_M = 15, 40, 50.0
RIVER, SOUTH, NORTH = (6, 7, 8), 5, 9  # rows of the river and of its two levees
FALL = 1.0 / 500.0
CREST_M, DANGER_M = 2.0, 1.4  # above the plain


def bed_m() -> np.ndarray:
    """Plain that falls eastwards; the river lies 2 m below it."""
    plain = 5.0 - FALL * SQUARE_M * np.arange(COLUMNS)
    bed = np.tile(plain, (ROWS, 1))
    bed[list(RIVER)] -= 2.0
    return bed


def _levee(town, cell):
    columns = np.arange(COLUMNS)
    plain = bed_m()[0, columns]
    n = columns.size
    row = np.repeat([SOUTH, NORTH], n)
    inward = np.repeat([1, -1], n)
    column, plain = np.tile(columns, 2), np.tile(plain, 2)
    return IndexSet.build(
        "levee",
        [f"levee/{side}/{at}" for side in ("south", "north") for at in columns],
        municipality=np.full(2 * n, town),
        cell=np.full(2 * n, cell),
        kind=np.zeros(2 * n, np.int64),
        x_m=column * SQUARE_M,
        y_m=row * SQUARE_M,
        along_m=column * SQUARE_M,
        length_m=np.full(2 * n, SQUARE_M),
        crest_m=plain + CREST_M,
        foot_m=plain,
        danger_m=plain + DANGER_M,
        river_width_m=np.full(2 * n, 150.0),
        confluence=np.zeros(2 * n, np.int64),
        resistant=np.zeros(2 * n, np.int64),
        row=row,
        column=column,
        bank=np.repeat([0, 1], n),
        gate_width_m=np.zeros(2 * n),
        sill_m=plain,
        wet_row=row + inward,
        wet_column=column,
        dry_row=row - inward,
        dry_column=column,
    )


def _pump(cell):
    one = np.array([1])
    return IndexSet.build(
        "pump",
        ["pump/1"],
        municipality=one * 0,
        cell=one * cell,
        feeder=one * 0,
        patch=one * 0,
        capacity_m3_per_s=np.array([4.0]),
        start_depth_m=np.array([0.05]),
        generator_s=np.array([0.0]),
        from_row=one * 2,
        from_column=one * 20,
        to_row=one * RIVER[0],
        to_column=one * 20,
    )


def _patches(world, bed):
    row, column = (index.ravel() for index in np.indices(bed.shape))
    dry = ~np.isin(row, (*RIVER, SOUTH, NORTH))
    row, column = row[dry], column[dry]
    n = row.size
    return IndexSet.build(
        "patch",
        [f"patch/{one}" for one in range(n)],
        cell=np.zeros(n, np.int64),
        municipality=np.zeros(n, np.int64),
        x_m=column * SQUARE_M,
        y_m=row * SQUARE_M,
        height_m=bed[row, column],
        area_m2=np.full(n, SQUARE_M**2),
        share=np.full(n, 1.0 / n),
        water_row=row,
        water_column=column,
        danger=np.ones(n, np.int64),
    )


def _rain(mm_per_h):
    time_s = np.arange(len(mm_per_h)) * 3600.0
    rate = np.asarray(mm_per_h) / 3.6e6
    return IndexSet.build(
        "rain", [f"rain/{k}" for k in range(len(rate))], time_s=time_s, town_m_per_s=rate, catchment_m_per_s=rate
    )


@cache
def river_world(mm_per_h=(20.0,) + 8 * (60.0,), catchment_m2=200e6):
    """The world; rain in mm/h by the hour over town and catchment."""
    world = build_world(read_scenario("two-towns"))
    bed = bed_m()
    sets = {
        **world.sets,
        "patch": _patches(world, bed),
        "levee": _levee(0, 0),
        "pump": _pump(0),
        "rain": _rain(mm_per_h),
    }
    sides = dict(zip(("west", "east", "south", "north"), (0.0, 3.0, 0.0, 0.0)))
    settings = {
        **world.settings,
        **{f"water_side_{side}": code for side, code in sides.items()},
        "water_dx_m": SQUARE_M,
        "water_west_m": 0.0,
        "water_south_m": 0.0,
        "sea_level_m": 0.0,
        "catchment_m2": catchment_m2,
        "catchment_time_s": 0.0,
    }
    arrays = {
        **world.arrays,
        "water_bed_m": bed,
        "water_manning": np.full(bed.shape, 0.03),
        "inflow_cells": np.array([(row, 0) for row in RIVER]),
    }
    return replace(world, sets=sets, settings=settings, arrays=arrays)
