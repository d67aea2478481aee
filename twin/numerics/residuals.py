"""Correlated ground-motion residuals: how much more or less a place shook than the formula says.

A residual is the sum of a between-event part (one number for the whole earthquake, sd `tau`) and a
within-event part (sd `phi`, correlation exp(-h / range)). Units are those of the residual, usually log10 of
PGV. Nothing here draws: callers hand in standard normals or uniforms, so chance stays keyed. Random fields
on many points live in the first half, what carries observations to other places in the second; the posterior
given point and area observations is in `conditional.py`, a town's reported maximum in `town_maximum.py`.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy.linalg import cho_factor, cho_solve

from twin.errors import ParameterError, StateError

Array = np.ndarray

PAD_RANGES = 6.0  # free margin of the periodic grid, in correlation ranges: wrap-around adds < 0.01
IMAGES = 2  # copies of the covariance summed on each side of the period
CHUNK_ROWS = 4096  # targets handled at a time, so no (target, observation) block grows beyond some 10 MB
RELATIVE_JITTER = 1e-9  # added to the diagonal, relative to the prior variance: co-located observations


@dataclass(frozen=True)
class FieldPlan:
    """What a draw of the field needs, made once by `plan_field`.

    `normals_shape`: (row, column) of the periodic grid = number of normals a draw takes. `first_node`: row
    and column of its first node on the lattice y = row x spacing, x = column x spacing, so that normals can
    be keyed by lattice node and overlapping regions with one origin share them.
    """

    root_spectrum: Array  # (row, column // 2 + 1)
    node: Array  # (point, 4) flat index of the surrounding nodes
    weight: Array  # (point, 4) bilinear weights scaled to unit variance
    normals_shape: tuple[int, int]
    first_node: tuple[int, int]


def plan_field(x_m: ArrayLike, y_m: ArrayLike, range_m: float, spacing_m: float = 500.0) -> FieldPlan:
    """Prepare unit-variance fields with correlation exp(-h / range) at scattered points; x, y: shape
    (point,).

    Method: circulant embedding on a regular periodic grid (Dietrich & Newsam 1997) of the periodised
    covariance, whose spectrum is positive by construction; bilinear look-up, rescaled to unit variance at
    every point.
    Errors: periodicity adds less than 0.01 to a correlation; the look-up (rescaled so that every variance
    is right) adds at most 0.9 x spacing / range, i.e. 0.045 at 500 m and 10 km, and nothing at the nodes.
    Memory: O(grid + point).
    """
    if not (range_m > 0.0 and spacing_m > 0.0):
        raise ParameterError(f"range and spacing must be > 0 m, got {range_m} and {spacing_m}")
    east, north = np.asarray(x_m, float) / spacing_m, np.asarray(y_m, float) / spacing_m
    first_column, first_row = np.floor(east.min()), np.floor(north.min())
    column, row = east - first_column, north - first_row
    pad = PAD_RANGES * range_m / spacing_m
    n_row, n_column = (_fast_length(int(np.ceil(axis.max() + 2 + pad))) for axis in (row, column))
    covariance = _periodic_covariance(n_row, n_column, spacing_m / range_m)
    spectrum = np.fft.rfft2(covariance).real
    root_spectrum = np.sqrt(np.maximum(spectrum, 0.0))
    node, weight = _bilinear(row, column, n_column)
    # variance of a weighted mean of the four corners: sum of w_i w_j C_ij
    corner = np.array([[0, 0], [0, 1], [1, 0], [1, 1]])
    lag = np.abs(corner[:, None] - corner[None])
    variance = np.einsum("pi,ij,pj->p", weight, covariance[lag[..., 0], lag[..., 1]], weight)
    scaled = weight / np.sqrt(variance)[:, None]
    return FieldPlan(root_spectrum, node, scaled, (n_row, n_column), (int(first_row), int(first_column)))


def _fast_length(least: int) -> int:
    """Smallest even length >= least without prime factors above 5: fast for any FFT."""
    length = least + least % 2
    while True:
        rest = length
        for prime in (2, 3, 5):
            while rest % prime == 0:
                rest //= prime
        if rest == 1:
            return length
        length += 2


def _periodic_covariance(n_row: int, n_column: int, spacing_per_range: float) -> Array:
    """exp(-h / range) summed over periodic images, scaled to one at lag zero; shape (n_row, n_column)."""
    total = np.zeros((n_row, n_column))
    shifts = range(-IMAGES, IMAGES + 1)
    for row_shift in shifts:
        row2 = ((np.arange(n_row) + row_shift * n_row) * spacing_per_range)[:, None] ** 2
        for column_shift in shifts:
            column2 = ((np.arange(n_column) + column_shift * n_column) * spacing_per_range) ** 2
            total += np.exp(-np.sqrt(row2 + column2))
    return total / total[0, 0]


def _bilinear(row: Array, column: Array, n_column: int) -> tuple[Array, Array]:
    """Flat node indices and weights (point, 4) of the square around each point; sums of weights are one."""
    row_0, column_0 = np.floor(row).astype(np.int64), np.floor(column).astype(np.int64)
    up, right = row - row_0, column - column_0
    corner = row_0 * n_column + column_0
    node = np.stack([corner, corner + 1, corner + n_column, corner + n_column + 1], axis=-1)
    weight = np.stack([(1 - up) * (1 - right), (1 - up) * right, up * (1 - right), up * right], axis=-1)
    return node, weight


def draw_field(plan: FieldPlan, normals: Array) -> Array:
    """One unit-variance field at the points of the plan; normals: shape `plan.normals_shape`, standard
    normal.

    Leading axes are allowed: (draw, row, column) gives (draw, point).
    """
    if normals.shape[-2:] != plan.normals_shape:
        raise StateError(f"normals must end in shape {plan.normals_shape}, got {normals.shape}")
    nodes = np.fft.irfft2(np.fft.rfft2(normals) * plan.root_spectrum, s=plan.normals_shape)
    flat = nodes.reshape(*normals.shape[:-2], -1)
    field = flat[..., plan.node[:, 0]] * plan.weight[:, 0]
    for k in range(1, 4):
        field += flat[..., plan.node[:, k]] * plan.weight[:, k]
    return field


@dataclass(frozen=True)
class Prior:
    """Spread of residuals before any observation: between-event sd, within-event sd, correlation range."""

    tau: float
    phi: float
    range_m: float


@dataclass(frozen=True)
class Stations:
    """Where residuals were observed; all (station,). `noise_sd`: standard error of each value, 0 allowed."""

    x_m: Array
    y_m: Array
    noise_sd: Array


def prior_covariance(x_m: Array, y_m: Array, at: Stations, prior: Prior) -> Array:
    """Covariance tau2 + phi2 exp(-h / range) between targets and stations, noise aside; (target, station)."""
    distance_m = np.hypot(x_m[:, None] - at.x_m, y_m[:, None] - at.y_m)
    return prior.tau**2 + prior.phi**2 * np.exp(-distance_m / prior.range_m)


def station_covariance(at: Stations, prior: Prior) -> Array:
    """Covariance of the values observed at the stations, noise included; (station, station)."""
    return prior_covariance(at.x_m, at.y_m, at, prior) + np.diag(at.noise_sd**2)


def _factor(at: Stations, prior: Prior) -> tuple[Array, bool]:
    jitter = RELATIVE_JITTER * (prior.tau**2 + prior.phi**2)
    return cho_factor(station_covariance(at, prior) + jitter * np.eye(at.x_m.size), lower=True)


def kriging_weights(x_m: Array, y_m: Array, at: Stations, prior: Prior) -> Array:
    """Weights (target, station) that carry a misfit at the stations to the targets; each row has its own sum.

    Memory is 8 bytes x targets x stations (12 MB for 10,000 x 150); compute once, use for every draw.
    """
    factor = _factor(at, prior)
    weights = np.empty((x_m.size, at.x_m.size))
    for start in range(0, x_m.size, CHUNK_ROWS):
        part = slice(start, start + CHUNK_ROWS)
        weights[part] = cho_solve(factor, prior_covariance(x_m[part], y_m[part], at, prior).T).T
    return weights


def update_draw(field: Array, weights: Array, simulated_at_stations: Array, observed: Array) -> Array:
    """Bend a simulated residual field (…, target) so that it honours the stations: a conditional draw.

    `simulated_at_stations` (…, station): the same draw at the stations (plan the field at targets and
    stations together) plus one draw of the noise (noise_sd x normal); `observed` (…, station) may be a draw
    too, e.g. from `town_maximum.draw_given_town_maxima`. Source: Matheron's rule (conditioning by kriging),
    exact in distribution when field and stations come from one draw of the prior.
    """
    return field + (observed - simulated_at_stations) @ weights.T
