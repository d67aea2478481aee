"""Where an earthquake broke: rectangular fault planes, distance to points, size from magnitude."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from twin.errors import ParameterError

Array = np.ndarray


@dataclass(frozen=True)
class Rectangles:
    """One or more fault planes in local coordinates (x east, y north, depth down); each field a number or
    (fault,).

    `x_m`, `y_m`: middle of the upper edge; `top_depth_m` >= 0. `strike_deg` clockwise from north, with the
    plane dipping to the right of it (so a plane striking N35E that dips to the north-west has strike 215);
    `dip_deg` 0 to 90 below horizontal; `length_m` along strike, `width_m` down dip.
    """

    x_m: ArrayLike
    y_m: ArrayLike
    top_depth_m: ArrayLike
    strike_deg: ArrayLike
    dip_deg: ArrayLike
    length_m: ArrayLike
    width_m: ArrayLike


def distance_to_rectangles_m(x_m: ArrayLike, y_m: ArrayLike, faults: Rectangles) -> Array:
    """Closest distance from surface points to the nearest of the rectangles; shape of the points, metres.

    Exact: the point is written in the fault's own axes (along strike, down dip, normal) and clipped to the
    rectangle. Raises ParameterError for a plane without extent, above ground, or with NaN.
    """
    points_x, points_y = np.broadcast_arrays(np.asarray(x_m, float), np.asarray(y_m, float))
    columns = [
        np.atleast_1d(np.asarray(field, float))
        for field in (faults.x_m, faults.y_m, faults.top_depth_m, faults.strike_deg,
                      faults.dip_deg, faults.length_m, faults.width_m)
    ]  # fmt: skip
    nearest_m = np.full(points_x.shape, np.inf)
    planes = np.stack(np.broadcast_arrays(*columns), axis=-1)
    _refuse_impossible(planes)
    for fault in planes:
        nearest_m = np.minimum(nearest_m, _distance_to_one_m(points_x, points_y, fault))
    return nearest_m


def _refuse_impossible(planes: Array) -> None:
    """planes (fault, 7): the fields of `Rectangles` in their order."""
    _, _, top_depth_m, _, dip_deg, length_m, width_m = planes.T
    for told, bad in (
        ("has a coordinate or angle that is no number", ~np.isfinite(planes).all(axis=1)),
        ("needs length and width > 0 m", ~((length_m > 0.0) & (width_m > 0.0))),
        ("has its upper edge above ground", top_depth_m < 0.0),
        ("needs a dip of 0 to 90 degrees", (dip_deg < 0.0) | (dip_deg > 90.0)),
    ):
        if bad.any():
            row = int(np.flatnonzero(bad)[0])
            raise ParameterError(f"fault plane {row} {told}: {planes[row].tolist()}")


def _distance_to_one_m(x_m: Array, y_m: Array, fault: Array) -> Array:
    """Distance to one plane; fault (7,): the fields of `Rectangles` in their order."""
    fault_x_m, fault_y_m, top_depth_m, strike_deg, dip_deg, length_m, width_m = fault
    strike, dip = np.radians(strike_deg), np.radians(dip_deg)
    east_m, north_m = x_m - fault_x_m, y_m - fault_y_m
    along_m = east_m * np.sin(strike) + north_m * np.cos(strike)
    across_m = east_m * np.cos(strike) - north_m * np.sin(strike)
    down_dip_m = across_m * np.cos(dip) - top_depth_m * np.sin(dip)
    normal_m = across_m * np.sin(dip) + top_depth_m * np.cos(dip)
    beyond_end_m = np.maximum(np.abs(along_m) - 0.5 * length_m, 0.0)
    beyond_edge_m = down_dip_m - np.clip(down_dip_m, 0.0, width_m)
    return np.sqrt(beyond_end_m**2 + beyond_edge_m**2 + normal_m**2)


def fault_length_m(magnitude: ArrayLike) -> Array:
    """Length of a crustal fault: log L(km) = 0.6 M - 2.9 (Matsuda 1975, quoted; unverified), metres."""
    return 10.0 ** (0.6 * np.asarray(magnitude, float) - 2.9) * 1000.0
