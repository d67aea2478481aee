"""Landslides: slopes fail by acceleration and by water in the soil, sooner where the ground has been shaken."""

from __future__ import annotations

import numpy as np
from scipy.special import ndtr

from twin.chance import Chance
from twin.numerics import ground
from twin.params import Params

Array = np.ndarray
M_PER_KM = 1000.0


def failure_by_shaking(steep_deg: Array, pga_m_per_s2: Array, soil_water_m: Array, params: Params) -> Array:
    """Share of steep slopes that fail in a shock: Rokko score, raised by water in the soil; same shape.

    Slopes differ, so the share is a normal distribution in the score.
    """
    score = ground.slope_failure_score(steep_deg, 0.0, pga_m_per_s2)
    score = score + params.soil_water_score * soil_water_m / params.critical_soil_water_m
    share = ndtr((score - params.slope_score_mean) / params.slope_score_sd)
    return np.where(pga_m_per_s2 > 0.0, share, 0.0)


def failure_by_rain(soil_water_m: Array, peak_intensity: Array, params: Params) -> Array:
    """Share of steep slopes that fail by water; the limit is lowered after strong shaking (JMA practice)."""
    lowered = np.where(
        peak_intensity >= params.lowered_much_intensity,
        params.lowered_much_fraction,
        np.where(peak_intensity >= params.lowered_intensity, params.lowered_fraction, 1.0),
    )
    return ndtr((soil_water_m / (params.critical_soil_water_m * lowered) - 1.0) / params.soil_water_spread)


def either(first: Array, second: Array) -> Array:
    """Chance that at least one of two independent causes acts."""
    return 1.0 - (1.0 - first) * (1.0 - second)


def buildings_hit(
    buildings: Array, exposed_fraction: Array, failed: Array, keys: Array, params: Params, chance: Chance
) -> Array:
    """Buildings hit by slides so far (cell,), whole numbers that grow with the share of failed slopes."""
    mean = buildings * exposed_fraction * failed * params.slide_hit_fraction
    return np.minimum(chance.whole("damage.slide", keys, mean), buildings)


def slides_on_roads(
    length_m: Array, exposed_fraction: Array, failed: Array, keys: Array, params: Params, chance: Chance
) -> Array:
    """Slope failures that reached each road so far (road,), whole numbers."""
    mean = length_m / M_PER_KM * exposed_fraction * failed * params.road_slides_per_km
    return chance.whole("damage.road_slide", keys, mean)
