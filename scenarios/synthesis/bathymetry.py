"""The sea off a bay on a coarse grid: still-water depth from the shore over the shelf and slope to the trench."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from scenarios.synthesis.terrain import Ground

Array = np.ndarray
OUT_M, IN_M, HALF_M = 150_000.0, 8000.0, 145_000.0  # beyond the east side, behind it, north and south of the middle
POINTS = 3  # per side of a square
DRY_M = -10.0  # stands for any height of land


@dataclass(frozen=True)
class SeaGrid:
    """Depth (row, column), positive down, <= 0 on land; side of the squares, south-western corner in local metres."""

    depth_m: Array
    dx_m: float
    west_m: float
    south_m: float


def sea_grid(ground: Ground) -> SeaGrid:
    """Mean depth of the squares that are sea for at least half of their area; the others are land."""
    side = ground.terrain.sea_square_m
    east_m = ground.west_m + ground.square_m * len(ground.x_m)
    columns, rows = int((OUT_M + IN_M) / side), int(2 * HALF_M / side)
    west_m, south_m = east_m + OUT_M - columns * side, -rows * side / 2
    inner = (np.arange(columns * POINTS) + 0.5) / POINTS * side
    x_m, y_m = west_m + inner, south_m + (np.arange(rows * POINTS) + 0.5) / POINTS * side
    shape = (rows, POINTS, columns, POINTS)
    sea = (ground.landscape.seaward_m(x_m, y_m) > 0).reshape(shape)
    depth_m = (-ground.landscape.ground_m(x_m, y_m)).reshape(shape)
    count = sea.sum(axis=(1, 3))
    mean_m = (depth_m * sea).sum(axis=(1, 3)) / np.maximum(count, 1)
    return SeaGrid(np.where(count * 2 >= POINTS**2, mean_m, DRY_M), side, west_m, south_m)
