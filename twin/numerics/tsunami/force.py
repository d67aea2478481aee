"""What a tsunami presses on a building: drag of the flow, and the static design load of the Japanese rules."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from twin.errors import ParameterError
from twin.numerics.tsunami.grid import GRAVITY_M_PER_S2, Array

WATER_KG_PER_M3 = 1000.0  # rho in the design load, "mass of water, t/m3"; assumed 1.0
FLOW_KG_PER_M3 = 1100.0  # read: FEMA P-646 appendix C, sea water with sediment
DRAG_COEFFICIENT = 2.0  # read: FEMA P-646 eq. 6-5 and appendix C, wide buildings
FAR_FROM_WATER_M = 500.0
MULTIPLIER_OPEN, MULTIPLIER_SHELTERED, MULTIPLIER_SHELTERED_FAR = 3.0, 2.0, 1.5


def drag_force_n_per_m(
    depth_m: ArrayLike,
    speed_m_per_s: ArrayLike,
    drag_coefficient: float = DRAG_COEFFICIENT,
    density_kg_per_m3: float = FLOW_KG_PER_M3,
) -> Array:
    """Drag on each metre of a building's width across the flow: 1/2 rho C depth speed^2, N/m; arrays of one shape.

    Depth and speed of the same instant: their maxima do not come together, so take the maximum of this over time.
    Source: FEMA P-646 eq. 6-5 (status read, from its worked example).
    """
    depth, speed = _not_below_zero("depth_m", depth_m), np.asarray(speed_m_per_s, float)
    if not np.isfinite(speed).all():
        raise ParameterError("speed_m_per_s: no number; give the speed of the flow, 0 where dry")
    return np.asarray(0.5 * density_kg_per_m3 * drag_coefficient * depth * speed**2)


def depth_multiplier(distance_to_water_m: ArrayLike, sheltered: ArrayLike) -> Array:
    """a of the design load: 3 in the open; 2 behind sea walls or the like; 1.5 if also 500 m or more from the water.

    distance_to_water_m: to sea or river; sheltered: yes/no, same shape. Source: MLIT technical advice 2570 of
    2011-11-17 (status read, in a digest of it), taken over by MLIT notification 1318 of 2011-12-27 (that text:
    unverified; an English table of the advice swaps 2 and 1.5, against the digest).
    """
    far = _not_below_zero("distance_to_water_m", distance_to_water_m) >= FAR_FROM_WATER_M
    behind = np.where(far, MULTIPLIER_SHELTERED_FAR, MULTIPLIER_SHELTERED)
    return np.where(np.asarray(sheltered, bool), behind, MULTIPLIER_OPEN)


def design_force_n_per_m(
    depth_m: ArrayLike, multiplier: ArrayLike = MULTIPLIER_OPEN, building_height_m: ArrayLike = np.inf
) -> Array:
    """Static design load on each metre of a building's width, N/m: pressure rho g (a depth - z) up to a x depth.

    Height z counts from the ground; no pressure above the building's top. depth_m: design depth on land. Source:
    design formula q = rho g (3 h - z), 0 <= z <= 3 h, of the 2005 guideline for tsunami evacuation buildings, with a
    in place of 3 since 2011 (status read).
    """
    head = np.asarray(multiplier, float) * _not_below_zero("depth_m", depth_m)
    top = np.minimum(head, _not_below_zero("building_height_m", building_height_m, np.inf))
    return np.asarray(WATER_KG_PER_M3 * GRAVITY_M_PER_S2 * (head - 0.5 * top) * top)


def _not_below_zero(name: str, value: ArrayLike, most: float = np.finfo(float).max) -> Array:
    array = np.asarray(value, float)
    good = (array >= 0) & (array <= most)
    if not good.all():
        place = tuple(int(i) for i in np.argwhere(~np.atleast_1d(good))[0])
        raise ParameterError(f"{name}: must be a number, 0 or more; at {place} it is {np.atleast_1d(array)[place]}")
    return array
