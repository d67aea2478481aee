"""Debris: waste made by damaged buildings, what of it lies on roads, and narrow streets it blocks."""

from __future__ import annotations

import numpy as np

from twin.chance import Chance
from twin.numerics import losses
from twin.params import Params

Array = np.ndarray
KG_PER_T = 1000.0


def waste_m3(collapsed: Array, half: Array, params: Params) -> Array:
    """Disaster waste of collapsed and half-collapsed buildings, same shape."""
    per_building_m3 = params.waste_t_per_building * params.waste_m3_per_t
    return per_building_m3 * (collapsed + params.half_waste_fraction * half)


def on_road_m3(
    frontage_buildings: Array, collapsed_fraction: Array, keys: Array, params: Params, chance: Chance
) -> Array:
    """Debris on each road from collapsed buildings beside it (road,); whole buildings fall."""
    fallen = chance.whole("damage.road_frontage", keys, frontage_buildings * collapsed_fraction)
    per_building_m3 = params.waste_t_per_building * params.waste_m3_per_t * params.waste_on_road_fraction
    return np.minimum(fallen, frontage_buildings) * per_building_m3


def streets_blocked_fraction(collapsed_fraction: Array, half_fraction: Array, params: Params) -> Array:
    """Share of narrow streets left with 3 m or less, over the street widths of a cell; same shape.

    The regression does not vanish at no damage, so it is faded in over small damage.
    """
    damage = collapsed_fraction + 0.5 * half_fraction
    blocked = sum(
        share * losses.road_blocked_fraction(width_m, collapsed_fraction, half_fraction)
        for width_m, share in zip(params.street_width_m, params.street_share, strict=True)
    )
    return blocked * np.minimum(damage / params.blocked_full_damage, 1.0)
