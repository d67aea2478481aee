"""Compiled form of the margins: what `forcing.fill_margins` does to walls, open sides and sides held at a level.

Needs Numba (the optional extra `fast`). Other sides (incoming waves, level and discharge given) take the NumPy form.
"""

import numpy as np

from twin.numerics.shallow_water import forcing
from twin.numerics.shallow_water.basin import Basin
from twin.numerics.shallow_water.tiles import HALO, Fields, compiled

WALL, OPEN, STAGE = range(3)
KINDS = {"wall": WALL, "open": OPEN, "discharge": OPEN, "stage": STAGE}


@compiled
def _from(side, n, number, kind):
    """Margin line `number` (0 near, 1 far) of a side of a basin with n lines, and the line it repeats."""
    if side % 2 == 0:
        return 1 - number, 2 + number if kind == WALL else 2
    return n - 2 + number, n - 3 - number if kind == WALL else n - 3


@compiled
def fill_depth(depth, bed, kinds, level_m):
    """Depths of the margins; `level_m` (side, line): outside levels, read where a side is held at one."""
    rows, columns = depth.shape
    for side in range(4):
        kind = kinds[side]
        n = columns if side < 2 else rows
        near, near_from = _from(side, n, 0, kind)
        far, far_from = _from(side, n, 1, kind)
        for i in range(rows if side < 2 else columns):
            for line, source in ((near, near_from), (far, far_from)):
                a, b = (i, line) if side < 2 else (line, i)
                c, d = (i, source) if side < 2 else (source, i)
                depth[a, b] = max(level_m[side, i] - bed[a, b], 0.0) if kind == STAGE else depth[c, d]


@compiled
def fill_discharge(along_x, along_y, kinds):
    """Discharges of the margins: mirrored at walls, else as in the cells at the edge."""
    rows, columns = along_x.shape
    for side in range(4):
        wall = kinds[side] == WALL
        n = columns if side < 2 else rows
        near, near_from = _from(side, n, 0, kinds[side])
        far, far_from = _from(side, n, 1, kinds[side])
        for i in range(rows if side < 2 else columns):
            for line, source in ((near, near_from), (far, far_from)):
                a, b = (i, line) if side < 2 else (line, i)
                c, d = (i, source) if side < 2 else (source, i)
                x, y = along_x[c, d], along_y[c, d]
                along_x[a, b] = -x if wall and side < 2 else x
                along_y[a, b] = -y if wall and side >= 2 else y


@compiled
def spread_faces(along_x, along_y):
    """Margin faces repeat the faces on the sides, for the smoothing along the flow of the local-inertial form."""
    rows, columns = along_x.shape
    for i in range(rows):
        along_x[i, HALO - 1], along_x[i, columns - 1] = along_x[i, HALO], along_x[i, columns - HALO]
    for j in range(columns):
        along_y[HALO - 1, j], along_y[rows - 1, j] = along_y[HALO, j], along_y[rows - HALO, j]


class Margins:
    """Fills the margins of one basin, and knows the discharge given through its sides."""

    def __init__(self, basin: Basin) -> None:
        self.basin = basin
        self.simple = all(
            side.kind in KINDS and (side.kind == "discharge" or side.discharge_m3_per_s is None) for side in basin.sides
        )
        self.kinds = np.array([KINDS.get(side.kind, STAGE) for side in basin.sides])
        self.level_m = np.zeros((4, max(basin.bed_m.shape) + 2 * HALO))
        self.driven = any(side.kind == "discharge" for side in basin.sides)
        self.no_discharge = np.full((4, max(basin.bed_m.shape)), np.nan, basin.bed_m.dtype)

    def fill(self, fields: Fields, bed: np.ndarray, time_s: float) -> None:
        """Set the margins of depth and both discharges at cells for an instant, in place."""
        if not self.simple:
            forcing.fill_margins(self.basin, fields, bed, time_s)
            return
        self.fill_depth(fields[0], bed, time_s)
        fill_discharge(fields[1], fields[2], self.kinds)

    def fill_depth(self, depth: np.ndarray, bed: np.ndarray, time_s: float) -> None:
        """Set the margins of the depth alone."""
        for number, side in enumerate(self.basin.sides):
            if side.kind == "stage" and side.stage_m is not None:
                level_m = forcing.along_side(side.stage_m, time_s)
                self.level_m[number, : level_m.size if level_m.ndim else None] = level_m
        fill_depth(depth, bed, self.kinds, self.level_m)

    def given_discharge(self, fields: Fields, bed: np.ndarray, time_s: float) -> np.ndarray:
        """As `forcing.given_discharge`; one array for all steps where no side has a discharge."""
        return forcing.given_discharge(self.basin, fields, bed, time_s) if self.driven else self.no_discharge
