"""How the ground surface moves when rectangular faults slip in an elastic half-space (Okada 1985).

Local coordinates in metres: x east, y north, z up. The planes are those of `twin.numerics.fault.Rectangles`
(middle of the upper edge, dipping to the right of strike). Displacement is linear in slip: sub-faults add up, and a
stored result for one metre of slip may be scaled.

Source of all formulas: Okada, Y. (1985), Surface deformation due to shear and tensile faults in a half-space, Bull.
Seism. Soc. Am. 75, 1135-1154, eqs. 24 to 30, status recomputed (they reproduce the published check case to 4 digits).
"""

from __future__ import annotations

from dataclasses import dataclass, fields

import numpy as np
from numpy.typing import ArrayLike

from twin.errors import ParameterError
from twin.numerics.fault import Rectangles

Array = np.ndarray

POISSON_RATIO = 0.25  # assumed (the usual choice for crust, range 0.22 to 0.30)
VERTICAL_COSINE = 1e-5  # below it the formulas for a vertical plane: above, rounding grows with 1 / cosine squared
POINTS_AT_A_TIME = 4096  # keeps the dozen working arrays in the cache


@dataclass(frozen=True)
class Faults:
    """Slipping planes; `slip_m`, `rake_deg`, `opening_m` are numbers or (fault,).

    `rake_deg`: direction in which the upper side moves, counted on the plane from strike upwards: 0 left-lateral,
    90 thrust, 180 right-lateral, -90 normal. `opening_m` is movement across the plane (dykes), 0 for earthquakes.
    """

    planes: Rectangles
    slip_m: ArrayLike
    rake_deg: ArrayLike
    opening_m: ArrayLike = 0.0


@dataclass(frozen=True)
class Displacement:
    """Movement of surface points, metres, in the shape of the points."""

    east_m: Array
    north_m: Array
    up_m: Array


def surface_displacement(
    x_m: ArrayLike, y_m: ArrayLike, faults: Faults, poisson_ratio: float = POISSON_RATIO
) -> Displacement:
    """Movement of surface points by all faults together.

    x_m, y_m: points, any shapes that broadcast. On the trace of a fault that reaches the surface, where both sides
    part, the mean of the two sides is given. Raises ParameterError naming field, row and value for planes without
    length or width, dips outside 0 to 90, planes above the surface, and what is not a number.
    """
    table = _table(faults)
    east_m, north_m = np.broadcast_arrays(np.asarray(x_m, float), np.asarray(y_m, float))
    for name, value in (("x_m", east_m), ("y_m", north_m)):
        if not np.isfinite(value).all():
            raise ParameterError(f"{name}: point {int(np.argmin(np.isfinite(value)))} is no number; give metres")
    if not -1.0 < poisson_ratio < 0.5:
        raise ParameterError(f"poisson_ratio: {poisson_ratio} lies outside -1 to 0.5")
    moved_m = np.zeros((3, east_m.size))
    for first in range(0, east_m.size, POINTS_AT_A_TIME):
        part = slice(first, first + POINTS_AT_A_TIME)
        points = (east_m.ravel()[part], north_m.ravel()[part])
        for fault in table:
            moved_m[:, part] += _one_fault(points, fault, 1.0 - 2.0 * poisson_ratio)
    east, north, up = moved_m.reshape(3, *east_m.shape)
    return Displacement(east, north, up)


def _table(faults: Faults) -> Array:
    """Checked table (fault, field): the fields of Rectangles in their order, then slip, rake, opening."""
    named = {f.name: getattr(faults.planes, f.name) for f in fields(faults.planes)}
    named |= {"slip_m": faults.slip_m, "rake_deg": faults.rake_deg, "opening_m": faults.opening_m}
    columns = {name: np.atleast_1d(np.asarray(value, float)) for name, value in named.items()}
    try:
        table = np.stack(np.broadcast_arrays(*columns.values()), axis=-1)
    except ValueError:
        sizes = ", ".join(f"{name} {column.size}" for name, column in columns.items())
        raise ParameterError(f"faults: fields need one number or one per fault, got {sizes}") from None
    if table.ndim != 2 or table.shape[0] == 0:
        raise ParameterError(f"faults: need one row per fault, got shape {table.shape[:-1]}")
    checked = dict(zip(columns, table.T, strict=True))
    for name, column in checked.items():
        _demand(np.isfinite(column), name, column, "a number")
    for name in ("length_m", "width_m"):
        _demand(checked[name] > 0, name, checked[name], "a length above 0 m")
    dip, top = checked["dip_deg"], checked["top_depth_m"]
    _demand((dip >= 0) & (dip <= 90), "dip_deg", dip, "0 to 90 degrees (turn strike by 180 for a plane dipping left)")
    _demand(top >= 0, "top_depth_m", top, "a depth of 0 m or more: the fault must not stand out of the ground")
    _demand((top > 0) | (dip > 0), "top_depth_m", top, "a depth above 0 m where the plane is level")
    return table


def _demand(good: Array, name: str, value: Array, allowed: str) -> None:
    if not good.all():
        row = int(np.argmin(good))
        raise ParameterError(f"faults: {name} of fault {row} is {value[row]:g}; allowed is {allowed}")


def _one_fault(points: tuple[Array, Array], fault: Array, alpha: float) -> Array:
    """East, north, up (3, point) of one row of the table; alpha = mu / (lambda + mu) = 1 - 2 nu."""
    x_m, y_m, top_m, strike_deg, dip_deg, length_m, width_m, slip_m, rake_deg, opening_m = fault
    strike, dip, rake = np.radians(strike_deg), np.radians(dip_deg), np.radians(rake_deg)
    sine, cosine = float(np.sin(dip)), float(np.cos(dip))
    east_m, north_m = points[0] - x_m, points[1] - y_m
    along_m = east_m * np.sin(strike) + north_m * np.cos(strike)
    right_m = east_m * np.cos(strike) - north_m * np.sin(strike)
    bottom_m = top_m + width_m * sine
    y_okada_m = width_m * cosine - right_m  # counted up-dip from above the lower edge
    p = y_okada_m * cosine + bottom_m * sine
    q = y_okada_m * sine - bottom_m * cosine
    burgers = (slip_m * np.cos(rake), slip_m * np.sin(rake), opening_m)
    corners = ((1, 0.5, 0.0), (-1, 0.5, width_m), (-1, -0.5, 0.0), (1, -0.5, width_m))
    moved = np.zeros((3, along_m.size))
    for sign, end, down_m in corners:  # Chinnery's four corners, eq. 24
        moved += sign * _corner(along_m + end * length_m, p - down_m, q, (sine, cosine, alpha), burgers)
    along, left, up = moved / (2.0 * np.pi)
    east = along * np.sin(strike) - left * np.cos(strike)
    north = along * np.cos(strike) + left * np.sin(strike)
    return np.stack((east, north, up))


def _corner(
    xi: Array, eta: Array, q: Array, dip: tuple[float, float, float], burgers: tuple[float, float, float]
) -> Array:
    """One corner's share of 2 pi x displacement (along strike, left of it, up): eqs. 25 to 27."""
    sine, cosine, _ = dip
    strike_slip, dip_slip, opening = burgers
    y, d = eta * cosine + q * sine, eta * sine - q * cosine
    r = np.sqrt(xi**2 + eta**2 + q**2)
    near_eta, near_xi = _over(q, r * _plus(r, eta, xi, q)), _over(q, r * _plus(r, xi, eta, q))
    turn = np.arctan(_over(xi * eta, q * r))  # 0 in the plane itself: the mean of its two sides
    i1, i2, i3, i4, i5 = _integrals(xi, eta, q, (y, d, r), dip)
    moved = np.zeros((3, xi.size))
    if strike_slip:
        q_eta = near_eta * r
        moved -= strike_slip * np.stack(
            (xi * near_eta + turn + i1 * sine, y * near_eta + q_eta * cosine + i2 * sine,
             d * near_eta + q_eta * sine + i4 * sine)
        )  # fmt: skip
    if dip_slip:
        moved -= dip_slip * np.stack(
            (_over(q, r) - i3 * sine * cosine, y * near_xi + cosine * turn - i1 * sine * cosine,
             d * near_xi + sine * turn - i5 * sine * cosine)
        )  # fmt: skip
    if opening:
        twist = xi * near_eta - turn
        moved += opening * np.stack(
            (q * near_eta - i3 * sine**2, -d * near_xi - sine * twist - i1 * sine**2,
             y * near_xi + cosine * twist - i5 * sine**2)
        )  # fmt: skip
    return moved


def _integrals(
    xi: Array, eta: Array, q: Array, distances: tuple[Array, Array, Array], dip: tuple[float, float, float]
) -> tuple[Array, Array, Array, Array, Array]:
    """I1 to I5, eqs. 28 and 29. I5 leaves out pi sign(xi) / cosine, which cancels between corners of one xi."""
    y, d, r = distances
    sine, cosine, alpha = dip
    log_eta = _log_plus(r, eta, xi, q)
    below = r + d
    if cosine < VERTICAL_COSINE:
        i1 = -0.5 * alpha * _over(xi * q, below**2)
        i3 = 0.5 * alpha * (_over(eta, below) + _over(y * q, below**2) - log_eta)
        i4 = -alpha * _over(q, below)
        i5 = -alpha * sine * _over(xi, below)
        return i1, -alpha * log_eta - i3, i3, i4, i5
    x = np.hypot(xi, q)
    rise = eta * (x + q * cosine) + x * (r + x) * sine
    i5 = -2.0 * alpha / cosine * np.sign(xi) * np.arctan2(np.abs(xi) * (r + x) * cosine, rise)
    i4 = alpha / cosine * (np.log(np.where(below > 0, below, 1.0)) - sine * log_eta)
    i3 = alpha * (_over(y, below) / cosine - log_eta) + sine / cosine * i4
    i1 = -alpha / cosine * _over(xi, below) - sine / cosine * i5
    return i1, -alpha * log_eta - i3, i3, i4, i5


def _plus(r: Array, one: Array, other: Array, third: Array) -> Array:
    """r + one, where r is the length of (one, other, third), without cancellation for negative `one`."""
    return np.where(one >= 0, r + one, _over(other**2 + third**2, r - one))


def _log_plus(r: Array, one: Array, other: Array, third: Array) -> Array:
    """log(r + one); where that is 0, on the line of an edge, -log(r - one) as Okada prescribes."""
    total = _plus(r, one, other, third)
    behind = np.where(r - one > 0, r - one, 1.0)
    return np.where(total > 0, np.log(np.where(total > 0, total, 1.0)), -np.log(behind))


def _over(above: Array, below: Array) -> Array:
    """Quotient; 0 where the denominator is 0, which is how the singular terms are to be read (Okada 1985)."""
    return np.divide(above, below, out=np.zeros(np.broadcast(above, below).shape), where=below != 0)
