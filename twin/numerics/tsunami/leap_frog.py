"""Linear long waves on a staggered grid, stepped by leap-frog; open, walled and given sides.

    d level / dt = -(d M / dx + d N / dy),   d M / dt = -g h d level / dx,   d N / dt = -g h d level / dy

Levels stand at cell centres at whole steps, fluxes M and N (m2/s) at faces at half steps; second order in space and
time, no numerical damping. Work arrays hold M dt / dx and N dt / dy, in m: what one step moves across a face, as a
level. Left out: advection, friction, dispersion, Coriolis force, the curvature of the earth (negligible over some
hundred kilometres at tsunami periods; near the shore the nonlinear solver takes over).

An open side applies two radiation conditions one after the other, exact for waves that cross it at 0 and at 53
degrees: (d/dt + c d/dx + 1/T)(M - 0.6 c level) = 0, after Higdon (1987, Math. Comp. 49:65-90; form recalled, its
reflection measured in the tests: 1 % head-on and at 20, 3 % at 45, 1 % at 60 degrees). The
slow rate 1/T drains what offset is left.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import exp

import numpy as np

from twin.numerics.tsunami.grid import GRAVITY_M_PER_S2, Array, Grid

OBLIQUE_COSINE = 0.6  # 53 degrees
DRAIN_S = 3600.0  # returns less than 2 % of waves with periods up to an hour


@dataclass(frozen=True)
class Given:
    """What an inner grid is told at its sides for one step: level at its start, outward flux at its middle."""

    level_m: tuple[Array, ...]  # per side (face,)
    outward_m2_per_s: tuple[Array, ...]


@dataclass
class _Side:
    """Views of the working arrays at one side, outward flux = sign x flux; constants and memory of an open side."""

    sign: float
    edge_m: Array  # flux at the side
    inner_m: Array  # flux one face in
    outer_level_m: Array  # of the cells at the side
    inner_level_m: Array  # of those one in
    courant: Array  # (face,), c dt / cell size of the cells at the side, 0 on land
    per_flux: float  # dt / cell size: turns m2/s into the flux of the arrays
    at_edge_m: Array  # M - 0.6 c level, outward, one step ago: at the side ...
    one_in_m: Array  # ... and one in; both 0 for waves that leave at 53 degrees


@dataclass
class Waves:
    """Working arrays of one grid, changed in place by `step_flux` and `step_level`."""

    grid: Grid
    step_s: float
    level_m: Array  # (row, column)
    flux_x_m: Array  # (row, column + 1), M dt / dx
    flux_y_m: Array  # (row + 1, column), N dt / dy
    gain_x: Array  # (row, column - 1), g h dt2 / dx2 between sea cells, else 0
    gain_y: Array  # (row - 1, column)
    sides: tuple[_Side, ...]
    scratch: tuple[Array, Array, Array]


def start_waves(grid: Grid, level_m: Array, step_s: float) -> Waves:
    """Water at rest with a raised surface; fluxes stand half a step later."""
    rows, columns = grid.depth_m.shape
    depth, wet = grid.depth_m, grid.wet
    pull = GRAVITY_M_PER_S2 * step_s**2
    gain_x = np.where(wet[:, 1:] & wet[:, :-1], 0.5 * (depth[:, 1:] + depth[:, :-1]), 0.0) * pull / grid.dx_m**2
    gain_y = np.where(wet[1:] & wet[:-1], 0.5 * (depth[1:] + depth[:-1]), 0.0) * pull / grid.dy_m**2
    level, flux_x, flux_y = level_m.copy(), np.zeros((rows, columns + 1)), np.zeros((rows + 1, columns))
    sides = tuple(_side(grid, side, step_s, level, flux_x if side < 2 else flux_y) for side in range(4))
    scratch = (np.zeros_like(gain_x), np.zeros_like(gain_y), np.zeros((rows, columns)))
    waves = Waves(grid, step_s, level, flux_x, flux_y, gain_x, gain_y, sides, scratch)
    _accelerate(waves)
    flux_x *= 0.5  # from rest: only half a step has passed
    flux_y *= 0.5
    for side, kind in zip(sides, grid.sides, strict=True):
        if kind == "open":
            side.edge_m[:] = np.where(side.courant > 0, side.inner_m, 0.0)
            side.at_edge_m = _oblique_part(side, side.edge_m, side.outer_level_m)
            side.one_in_m = _oblique_part(side, side.inner_m, side.inner_level_m)
    return waves


def step_flux(waves: Waves, given: Given | None = None) -> None:
    """Move the fluxes on by one step, from the levels in between; `given` overrides the grid's own sides."""
    _accelerate(waves)
    if given is not None:
        give_sides(waves, given)
        return
    for side, kind in zip(waves.sides, waves.grid.sides, strict=True):
        if kind == "open":
            _radiate(side, waves.step_s)


def step_level(waves: Waves) -> None:
    """Move the levels on by one step, from the fluxes in between."""
    gathered = waves.scratch[2]
    np.subtract(waves.flux_x_m[:, 1:], waves.flux_x_m[:, :-1], out=gathered)
    waves.level_m -= gathered
    np.subtract(waves.flux_y_m[1:], waves.flux_y_m[:-1], out=gathered)
    waves.level_m -= gathered


def give_sides(waves: Waves, given: Given) -> None:
    """Let in the outer wave and let out what the inner grid adds to it (Flather 1976)."""
    for side, level_m, outward in zip(waves.sides, given.level_m, given.outward_m2_per_s, strict=True):
        leaving_m = outward * side.per_flux + side.courant * (side.outer_level_m - level_m)
        side.edge_m[:] = np.where(side.courant > 0, side.sign * leaving_m, 0.0)


def energy_m2(waves: Waves, flux_before: tuple[Array, Array]) -> float:
    """Invariant of the scheme in a closed basin, in level^2 x cells; `flux_before`: x and y flux one step earlier."""
    total = float((waves.level_m**2).sum())
    inner = (waves.flux_x_m[:, 1:-1], waves.flux_y_m[1:-1])
    before = (flux_before[0][:, 1:-1], flux_before[1][1:-1])
    for flux, earlier, gain in zip(inner, before, (waves.gain_x, waves.gain_y), strict=True):
        total += float((flux * earlier / np.where(gain > 0, gain, 1.0)).sum())
    return total


def _accelerate(waves: Waves) -> None:
    slope_x, slope_y, _ = waves.scratch
    level = waves.level_m
    np.subtract(level[:, 1:], level[:, :-1], out=slope_x)
    slope_x *= waves.gain_x
    waves.flux_x_m[:, 1:-1] -= slope_x
    np.subtract(level[1:], level[:-1], out=slope_y)
    slope_y *= waves.gain_y
    waves.flux_y_m[1:-1] -= slope_y


def _side(grid: Grid, number: int, step_s: float, level_m: Array, flux_m: Array) -> _Side:
    across_x = number < 2
    depth, level, flux = (v.T if across_x else v for v in (grid.depth_m, level_m, flux_m))
    one_in = min(1, level.shape[0] - 1)
    low = number in (0, 2)
    outer, inner = (0, one_in) if low else (-1, -1 - one_in)
    per_flux = step_s / (grid.dx_m if across_x else grid.dy_m)
    courant = np.sqrt(GRAVITY_M_PER_S2 * np.maximum(depth[outer], 0.0)) * per_flux
    return _Side(
        -1.0 if low else 1.0, flux[outer], flux[1 if low else -2], level[outer], level[inner], courant, per_flux,
        np.zeros_like(courant), np.zeros_like(courant),
    )  # fmt: skip


def _oblique_part(side: _Side, flux_m: Array, level_m: Array) -> Array:
    return np.asarray(side.sign * flux_m - OBLIQUE_COSINE * side.courant * level_m)


def _radiate(side: _Side, step_s: float) -> None:
    one_in_m = _oblique_part(side, side.inner_m, side.inner_level_m)
    share = (side.courant - 1.0) / (side.courant + 1.0)
    side.at_edge_m = (side.one_in_m + share * (one_in_m - side.at_edge_m)) * exp(-step_s / DRAIN_S)
    side.one_in_m = one_in_m
    side.edge_m[:] = side.sign * (side.at_edge_m + OBLIQUE_COSINE * side.courant * side.outer_level_m)
