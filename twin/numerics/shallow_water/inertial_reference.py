"""The local-inertial form in plain NumPy: reference and oracle of the fast one.

Momentum without its advective part, discharges at faces, friction implicit (Bates et al. 2010,
doi:10.1016/j.jhydrol.2010.03.027), smoothed along the flow (de Almeida et al. 2012, doi:10.1029/2011WR011570).
For large slow floods; a face carries no more than critical flow, so steep ground stays calm but is not exact.
Padded arrays of one shape: a cell's own x face is its western one, its own y face the southern one.
"""

from __future__ import annotations

import numpy as np

from twin.numerics.shallow_water.basin import DRY_DEPTH_M, GRAVITY_M_PER_S2

Array = np.ndarray
Fields = tuple[Array, Array, Array]
OWN_WEIGHT = 0.9  # theta of de Almeida et al. 2012: 1 no smoothing


def new_faces(fields: Fields, bed: Array, manning: Array, dt_s: float, dx_m: float, dy_m: float) -> tuple[Array, Array]:
    """Discharges per metre after one step, padded; margins other than the basin's own edges are 0."""
    depth, along_x, along_y = fields
    new_x, new_y = np.zeros_like(along_x), np.zeros_like(along_y)
    new_x[2:-2, 2:-1] = _faces(depth[2:-2], along_x[2:-2], bed[2:-2], manning[2:-2], dt_s, dx_m)
    h, q, z, n = (v[:, 2:-2].T for v in (depth, along_y, bed, manning))
    new_y[2:-1, 2:-2] = _faces(h, q, z, n, dt_s, dy_m).T
    return new_x, new_y


def _faces(depth: Array, q: Array, bed: Array, manning: Array, dt_s: float, size_m: float) -> Array:
    """Faces of cells 2 to the last but one, along the last axis."""
    level = depth + bed
    low, high, own = slice(1, -2), slice(2, -1), q[:, 2:-1]
    flow = np.maximum(level[:, low], level[:, high]) - np.maximum(bed[:, low], bed[:, high])
    carries = flow > DRY_DEPTH_M
    safe = np.where(carries, flow, 1)
    rough = (manning[:, low] + manning[:, high]) / 2
    smooth = OWN_WEIGHT * own + (1 - OWN_WEIGHT) / 2 * (q[:, 1:-2] + q[:, 3:])
    pushed = smooth - GRAVITY_M_PER_S2 * safe * dt_s * (level[:, high] - level[:, low]) / size_m
    drag = GRAVITY_M_PER_S2 * dt_s * rough**2 * np.abs(own) / (safe**2 * np.cbrt(safe))
    critical = safe * np.sqrt(GRAVITY_M_PER_S2 * safe)
    return np.where(carries, np.clip(pushed / (1 + drag), -critical, critical), 0)


def fill(depth: Array, new_x: Array, new_y: Array, dt_s: float, dx_m: float, dy_m: float) -> Array:
    """Padded depth after one step of these discharges."""
    out = depth.copy()
    net = (new_x[2:-2, 3:-1] - new_x[2:-2, 2:-2]) / dx_m + (new_y[3:-1, 2:-2] - new_y[2:-2, 2:-2]) / dy_m
    out[2:-2, 2:-2] = depth[2:-2, 2:-2] - dt_s * net
    return out


def hold_back(depth: Array, new_x: Array, new_y: Array, dt_s: float, dx_m: float, dy_m: float) -> None:
    """Scale, in place, what leaves a cell that would be drawn below zero; what the sides bring in is kept."""
    inner = (slice(2, -2), slice(2, -2))
    out_x = np.maximum(new_x[2:-2, 3:-1], 0) + np.maximum(-new_x[2:-2, 2:-2], 0)
    out_y = np.maximum(new_y[3:-1, 2:-2], 0) + np.maximum(-new_y[2:-2, 2:-2], 0)
    leaving = dt_s * (out_x / dx_m + out_y / dy_m)
    factor = np.ones_like(depth)
    over = leaving > depth[inner]
    almost = depth.dtype.type(1) - 4 * np.finfo(depth.dtype).eps
    factor[inner][over] = depth[inner][over] / leaving[over] * almost
    new_x[:, 1:] *= np.where(new_x[:, 1:] > 0, factor[:, :-1], factor[:, 1:])
    new_y[1:] *= np.where(new_y[1:] > 0, factor[:-1], factor[1:])
