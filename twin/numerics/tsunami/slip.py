"""How much a fault slips and where: magnitude and mean slip, planes cut into sub-faults, uneven slip over them."""

from __future__ import annotations

from dataclasses import astuple

import numpy as np
from numpy.typing import ArrayLike
from scipy.linalg import cholesky

from twin.errors import ParameterError
from twin.numerics.fault import Rectangles

Array = np.ndarray

RIGIDITY_PA = 4.1e10  # assumed: interface earthquakes, range 3e10 (shallow crust) to 7e10 (deep interface)
LOG_SD = 0.7  # assumed: spread of the logarithm of slip, range 0.4 to 1.0; 0.7 makes the largest slip 3 to 5 x mean
CORRELATED_SHARE = 1.0 / 3.0  # assumed: correlation length over length and over width, range 0.2 to 0.5


def mean_slip_m(magnitude: ArrayLike, area_m2: ArrayLike, rigidity_pa: float = RIGIDITY_PA) -> Array:
    """Mean slip of a moment magnitude on an area: M0 = mu A D, log10 M0 = 1.5 Mw + 9.1 (N m)."""
    return 10.0 ** (1.5 * np.asarray(magnitude, float) + 9.1) / (rigidity_pa * _positive("area_m2", area_m2))


def magnitude(slip_m: ArrayLike, area_m2: ArrayLike, rigidity_pa: float = RIGIDITY_PA) -> Array:
    """Moment magnitude of a mean slip on an area: Mw = (log10 M0 - 9.1) / 1.5."""
    moment = rigidity_pa * _positive("area_m2", area_m2) * _positive("slip_m", slip_m)
    return np.asarray((np.log10(moment) - 9.1) / 1.5)


def cut(plane: Rectangles, n_along: int, n_down: int) -> Rectangles:
    """One plane as n_down x n_along equal sub-faults, (n_down * n_along,): along strike first, from the top down."""
    whole = np.array([np.asarray(value, float).ravel() for value in astuple(plane)])
    if whole.shape[1] != 1:
        raise ParameterError(f"plane: cut one fault at a time, got {whole.shape[1]}")
    if n_along < 1 or n_down < 1:
        raise ParameterError(f"n_along, n_down: at least 1 each, got {n_along}, {n_down}")
    x_m, y_m, top_m, strike_deg, dip_deg, length_m, width_m = whole[:, 0]
    strike, dip = np.radians(strike_deg), np.radians(dip_deg)
    along_m = np.tile(((np.arange(n_along) + 0.5) / n_along - 0.5) * length_m, n_down)
    down_m = np.repeat(np.arange(n_down) / n_down * width_m, n_along)
    right_m = down_m * np.cos(dip)
    return Rectangles(
        x_m + along_m * np.sin(strike) + right_m * np.cos(strike),
        y_m + along_m * np.cos(strike) - right_m * np.sin(strike),
        top_m + down_m * np.sin(dip),
        *(np.full(along_m.size, value) for value in (strike_deg, dip_deg, length_m / n_along, width_m / n_down)),
    )


def correlated_slip_m(
    normals: ArrayLike, mean_m: float, log_sd: float = LOG_SD, correlated_share: float = CORRELATED_SHARE
) -> Array:
    """Uneven slip of the sub-faults of `cut`, (n_down * n_along,), metres: positive, and with exactly the given mean.

    normals (n_down, n_along): independent standard normals. The logarithm of slip is a normal field of spread
    `log_sd` (0: even slip) with correlation exp(-distance), distances along strike and down dip counted in
    `correlated_share` of the fault's length and width.
    """
    field = np.asarray(normals, float)
    if field.ndim != 2 or field.size == 0 or not np.isfinite(field).all():
        raise ParameterError(f"normals: need numbers of shape (n_down, n_along), got shape {field.shape}")
    _positive("mean_m", mean_m)
    _positive("correlated_share", correlated_share)
    if not (np.isfinite(log_sd) and log_sd >= 0):
        raise ParameterError(f"log_sd: must be 0 or more, got {log_sd}")
    down, along = np.meshgrid(*(np.arange(n) / (n * correlated_share) for n in field.shape), indexing="ij")
    distance = np.hypot(down.ravel()[:, None] - down.ravel(), along.ravel()[:, None] - along.ravel())
    uneven = np.exp(log_sd * (cholesky(np.exp(-distance), lower=True) @ field.ravel()))
    return np.asarray(mean_m * uneven / uneven.mean())


def _positive(name: str, value: ArrayLike) -> Array:
    array = np.asarray(value, float)
    if not (np.isfinite(array) & (array > 0)).all():
        raise ParameterError(f"{name}: must be above 0, got {array}")
    return array
