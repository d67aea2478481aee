"""Compiled form of the local-inertial step: the arithmetic of `inertial_reference.py` on runs of wet tiles."""

import numpy as np

from twin.numerics.shallow_water.compiled import HALO, TILE_ROWS, compiled


@compiled
def _face_row(h_low, h_high, z_low, z_high, n_low, n_high, q_low, q_own, q_high, out, k):
    """New discharge through a row of faces between `low` and `high` cells; h^(-7/3) as in `compiled.py`."""
    zero, half, one, root_g, g, dry, dt, per, own_weight, side_weight, c_1, c_2, c_3 = k
    for j in range(out.size):
        zl, zh, q = z_low[j], z_high[j], q_own[j]
        nl, nh, ql, qh = n_low[j], n_high[j], q_low[j], q_high[j]
        el, eh = h_low[j] + zl, h_high[j] + zh
        flow = (el if el > eh else eh) - (zl if zl > zh else zh)
        carries = flow > dry
        h = flow if carries else one
        rough = (nl + nh) * half
        root = np.sqrt(h)
        quarter = np.sqrt(root)
        x = one / (quarter * np.sqrt(np.sqrt(quarter)))
        for _ in range(3):
            c = one - h * x * x * x
            x = x * (one + c * (c_1 + c * (c_2 + c * c_3)))
        cube = x * x * x
        pushed = own_weight * q + side_weight * (ql + qh) - g * h * dt * (eh - el) * per
        new = pushed / (one + g * dt * rough * rough * np.abs(q) * cube * cube * x)
        critical = h * root * root_g
        new = new if new < critical else critical
        new = new if new > -critical else -critical
        out[j] = new if carries else zero


@compiled
def faces(runs, depth, along_x, along_y, bed, manning, new_x, new_y, kx, ky):
    """New discharges at the own faces of all cells in the runs, and at the basin's last column and row."""
    rows, columns = bed.shape[0] - 2 * HALO, bed.shape[1] - 2 * HALO
    for t in range(runs.shape[0]):
        first_row, a, n = runs[t, 0], runs[t, 1] + HALO, runs[t, 2]
        last = min(first_row + TILE_ROWS, rows)
        b = a + n + (1 if a + n == columns + HALO else 0)
        for i in range(first_row + HALO, last + HALO):
            _face_row(
                depth[i, a - 1 : b - 1], depth[i, a:b], bed[i, a - 1 : b - 1], bed[i, a:b],
                manning[i, a - 1 : b - 1], manning[i, a:b], along_x[i, a - 1 : b - 1], along_x[i, a:b],
                along_x[i, a + 1 : b + 1], new_x[i, a:b], kx,
            )  # fmt: skip
        for i in range(first_row + HALO, last + HALO + (1 if last == rows else 0)):
            _face_row(
                depth[i - 1, a : a + n], depth[i, a : a + n], bed[i - 1, a : a + n], bed[i, a : a + n],
                manning[i - 1, a : a + n], manning[i, a : a + n], along_y[i - 1, a : a + n], along_y[i, a : a + n],
                along_y[i + 1, a : a + n], new_y[i, a : a + n], ky,
            )  # fmt: skip


@compiled
def _fill_row(h, west, east, south, north, out, lowest, highest, broken, dt, per_x, per_y, zero):
    """Depths of one row after the step, and column-wise extremes (a NaN sticks in `broken`)."""
    for j in range(h.size):
        new = h[j] - dt * ((east[j] - west[j]) * per_x + (north[j] - south[j]) * per_y)
        out[j] = new
        low, high = lowest[j], highest[j]
        lowest[j] = new if new < low else low
        highest[j] = new if new > high else high
        broken[j] += zero * new


@compiled
def fill(runs, depth, new_x, new_y, out, extremes, kx, ky):
    """Depths after the step; `extremes`: row per run: lowest and highest depth, NaN marker."""
    rows, columns = depth.shape[0] - 2 * HALO, depth.shape[1] - 2 * HALO
    marks = np.empty((3, columns), depth.dtype)
    for t in range(runs.shape[0]):
        first_row, a, n = runs[t, 0], runs[t, 1] + HALO, runs[t, 2]
        marks[0, :n] = np.inf
        marks[1:, :n] = kx[0]
        for i in range(first_row + HALO, min(first_row + TILE_ROWS, rows) + HALO):
            _fill_row(
                depth[i, a : a + n], new_x[i, a : a + n], new_x[i, a + 1 : a + n + 1], new_y[i, a : a + n],
                new_y[i + 1, a : a + n], out[i, a : a + n], marks[0, :n], marks[1, :n], marks[2, :n],
                kx[6], kx[7], ky[7], kx[0],
            )  # fmt: skip
        extremes[t, 0] = marks[0, :n].min()
        extremes[t, 1] = marks[1, :n].max()
        extremes[t, 2] = marks[2, :n].sum()


@compiled
def hold_back(depth, new_x, new_y, factor, almost, kx, ky):
    """Scale, in place, what leaves a cell that would be drawn below zero (few cells, whole grid)."""
    rows, columns = depth.shape
    zero, one, dt, per_x, per_y = kx[0], kx[2], kx[6], kx[7], ky[7]
    factor[:] = one
    for i in range(HALO, rows - HALO):
        for j in range(HALO, columns - HALO):
            out_x = max(new_x[i, j + 1], zero) + max(-new_x[i, j], zero)
            out_y = max(new_y[i + 1, j], zero) + max(-new_y[i, j], zero)
            leaving = dt * (out_x * per_x + out_y * per_y)
            if leaving > depth[i, j]:
                factor[i, j] = depth[i, j] / leaving * almost
    for i in range(1, rows):
        for j in range(1, columns):
            new_x[i, j] *= factor[i, j - 1] if new_x[i, j] > zero else factor[i, j]
            new_y[i, j] *= factor[i - 1, j] if new_y[i, j] > zero else factor[i, j]
