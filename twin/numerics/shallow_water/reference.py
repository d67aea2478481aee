"""Finite volumes for the shallow-water equations in plain NumPy: the reference form and the oracle of the fast one.

Second order: limited slopes of level, depth and velocities; hydrostatic reconstruction at the faces, so that a lake
at rest stays at rest over any bed (Audusse et al. 2004, doi:10.1137/S1064827503431090); HLL flux with the
transverse momentum carried upwind. Depths at faces are never negative. Momentum fluxes are written less the
pressure of the cell's own water, so that at rest every term is exactly zero instead of a difference of large ones.
"""

from __future__ import annotations

import numpy as np

from twin.numerics.shallow_water.basin import DRY_DEPTH_M, GRAVITY_M_PER_S2

Array = np.ndarray
Fields = tuple[Array, Array, Array]  # depth, discharge along x, discharge along y

HALO = 2  # cells added on every side
NARROW_M_PER_S = 1e-6  # a fan of waves narrower than this has no water in it
LIMITER = 1.5  # generalised minmod: 1 most damped, 2 sharpest; 1.5 is second order on smooth water


def stage(
    state: Fields, base: Fields, bed: Array, manning: Array, given: Array, dt_s: float, keep: float,
    dx_m: float, dy_m: float,
) -> tuple[Fields, Array]:  # fmt: skip
    """keep x base + (1 - keep) x (state + dt x rates, then friction): one stage of SSP-RK2 on padded arrays.

    `given`: discharge per metre into the basin through west, east, south, north; NaN where a side gives none.
    Returns the padded fields (margins as in `base`) and the mass flux through the sides along +x or +y, m2/s.
    """
    inner = (slice(HALO, -HALO), slice(HALO, -HALO))
    rows, columns = bed[inner].shape
    depth, along_x, along_y = state
    wet, level, speed_x, speed_y = primitives(depth, along_x, along_y, bed)
    row_h, row_e, row_u, row_v = (v[HALO:-HALO] for v in (wet, level, speed_x, speed_y))
    mass_x, push_x, side_x = _along(row_h, row_e, row_u, row_v, given[0, :rows], given[1, :rows])
    row_h, row_e, row_v, row_u = (v[:, HALO:-HALO].T for v in (wet, level, speed_y, speed_x))
    mass_y, push_y, side_y = _along(row_h, row_e, row_v, row_u, given[2, :columns], given[3, :columns])
    h = depth[inner] - dt_s * (np.diff(mass_x) / dx_m + np.diff(mass_y).T / dy_m)
    x = along_x[inner] - dt_s * (push_x / dx_m + np.diff(side_y).T / dy_m)
    y = along_y[inner] - dt_s * (np.diff(side_x) / dx_m + push_y.T / dy_m)
    x, y = friction(h, x, y, manning[inner], dt_s)
    out = base[0].copy(), base[1].copy(), base[2].copy()
    for target, b, new in zip(out, base, (h, x, y), strict=True):
        target[inner] = keep * b[inner] + (1 - keep) * new
    film = out[0][inner] <= DRY_DEPTH_M
    out[1][inner][film] = 0
    out[2][inner][film] = 0
    sides = np.zeros_like(given)
    sides[0, :rows], sides[1, :rows] = mass_x[:, 0], mass_x[:, -1]
    sides[2, :columns], sides[3, :columns] = mass_y[:, 0], mass_y[:, -1]
    return out, sides


def primitives(depth: Array, along_x: Array, along_y: Array, bed: Array) -> tuple[Array, Array, Array, Array]:
    """Movable depth (0 for a film), level of the water or the bed, and velocities."""
    moves = depth > DRY_DEPTH_M
    wet = np.where(moves, depth, 0)
    safe = np.where(moves, depth, 1)
    return wet, bed + wet, np.where(moves, along_x / safe, 0), np.where(moves, along_y / safe, 0)


def fastest_rate(state: Fields, dx_m: float, dy_m: float) -> Array:
    """(speed + wave speed) / cell size, 1/s, the larger of both directions; its inverse bounds the step."""
    depth, along_x, along_y = state
    moves = depth > DRY_DEPTH_M
    safe = np.where(moves, depth, 1)
    wave = np.sqrt(GRAVITY_M_PER_S2 * np.where(moves, depth, 0))
    return np.maximum((np.abs(along_x) / safe + wave) / dx_m, (np.abs(along_y) / safe + wave) / dy_m)


def friction(depth: Array, x: Array, y: Array, manning: Array, dt_s: float) -> tuple[Array, Array]:
    """Manning friction by backward Euler, solved exactly: never turns the water round, keeps a steady flow steady."""
    safe = np.where(depth > DRY_DEPTH_M, depth, 1)
    drag = GRAVITY_M_PER_S2 * manning**2 / (safe**2 * np.cbrt(safe))
    factor = 2 / (1 + np.sqrt(1 + 4 * dt_s * drag * np.sqrt(x * x + y * y)))
    return x * factor, y * factor


def _along(
    wet: Array, level: Array, normal: Array, across: Array, first: Array, last: Array
) -> tuple[Array, Array, Array]:
    """Along the last axis: mass flux at faces, momentum rate of cells x cell size, transverse flux at faces."""
    h_low, h_high = _ends(wet)
    e_low, e_high = _ends(level)
    u_low, u_high = _ends(normal)
    v_low, v_high = _ends(across)
    mass, left, right, side = _flux(
        h_high[:, :-1], e_high[:, :-1], u_high[:, :-1], v_high[:, :-1], h_low[:, 1:], e_low[:, 1:], u_low[:, 1:],
        v_low[:, 1:],
    )  # fmt: skip
    for face, sign, q, h in ((0, 1, first, h_low[:, 1]), (-1, -1, last, h_high[:, -2])):
        on = ~np.isnan(q)
        critical = np.cbrt(q[on] ** 2 / GRAVITY_M_PER_S2)
        momentum = np.where(q[on] > 0, q[on] ** 2 / np.maximum(np.maximum(h[on], critical), DRY_DEPTH_M), 0)
        mass[on, face], side[on, face] = sign * q[on], 0
        left[on, face] = right[on, face] = momentum
    slope = (e_high - e_low)[:, 1:-1]
    push = left[:, 1:] - right[:, :-1] + GRAVITY_M_PER_S2 * wet[:, HALO:-HALO] * slope
    return mass, push, side


def _ends(value: Array) -> tuple[Array, Array]:
    """Values at the low and the high end of each cell but the outermost; straight lines, limited."""
    step = np.diff(value)
    a, b = step[:, :-1], step[:, 1:]
    centred = (a + b) / 2
    up = np.maximum(np.minimum(np.minimum(LIMITER * a, LIMITER * b), centred), 0)
    down = np.minimum(np.maximum(np.maximum(LIMITER * a, LIMITER * b), centred), 0)
    half = (up + down) / 2
    return value[:, 1:-1] - half, value[:, 1:-1] + half


def _flux(
    h_l: Array, e_l: Array, u_l: Array, v_l: Array, h_r: Array, e_r: Array, u_r: Array, v_r: Array
) -> tuple[Array, Array, Array, Array]:
    """Mass flux; momentum flux less the pressure of the left and of the right water; transverse momentum flux."""
    z_l, z_r = e_l - h_l, e_r - h_r
    z = np.maximum(z_l, z_r)
    a_l, a_r = np.maximum(h_l - (z - z_l), 0), np.maximum(h_r - (z - z_r), 0)
    c_l, c_r = np.sqrt(GRAVITY_M_PER_S2 * a_l), np.sqrt(GRAVITY_M_PER_S2 * a_r)
    # a front runs onto dry ground at twice the wave speed
    slow = np.minimum(np.minimum(u_l - c_l, u_r - np.where(a_l > 0, c_r, 2 * c_r)), 0)
    fast = np.maximum(np.maximum(u_r + c_r, u_l + np.where(a_r > 0, c_l, 2 * c_l)), 0)
    width = fast - slow
    inverse = 1 / np.where(width > NARROW_M_PER_S, width, 1)  # no water at the face: any number will do
    q_l, q_r, both = a_l * u_l, a_r * u_r, slow * fast
    mass = (fast * q_l - slow * q_r + both * (a_r - a_l)) * inverse
    jump = GRAVITY_M_PER_S2 / 2 * (a_r - a_l) * (a_r + a_l)
    left = (fast * q_l * u_l - slow * q_r * u_r - slow * jump + both * (q_r - q_l)) * inverse
    return mass, left, left - jump, mass * np.where(mass > 0, v_l, v_r)
