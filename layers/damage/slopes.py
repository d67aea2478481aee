"""Landslides: slopes fail by acceleration and where rain crosses the critical line, which shaking lowers."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.special import ndtr

from twin.chance import Chance
from twin.numerics import ground, slides
from twin.params import Params
from twin.world import World

Array = np.ndarray
M_PER_KM = 1000.0


@dataclass(frozen=True)
class Exposed:
    """Share of each cell's buildings (cell,) and of each road (road,) on, above or below steep slopes.

    NaN where the terrain model does not reach.
    """

    buildings: Array
    roads: Array


def exposed_by_terrain(world: World, params: Params) -> Exposed | None:
    """What lies in the zones that the law draws about steep slopes; None for a world without a terrain model.

    Squares of the terrain model smooth slopes, so heights are stretched by `square_steepness`.
    """
    if "water_dx_m" not in world.settings:
        return None
    patch, n_cell, n_road = world["patch"], len(world["cell"]), len(world["road"])
    row, column = (np.asarray(patch[f"water_{axis}"], dtype=np.int64) for axis in ("row", "column"))
    stretched_m = _natural_ground(world, row, column) * params.square_steepness
    zone = slides.steep_slope_zone(stretched_m, world.settings["water_dx_m"]) > 0
    cell, share = np.asarray(patch["cell"], dtype=np.int64), np.asarray(patch["share"], dtype=float)
    inside = np.flatnonzero((cell >= 0) & (share > 0.0))
    hit = share[inside] * zone[row[inside], column[inside]]
    buildings = np.bincount(cell[inside], weights=hit, minlength=n_cell)
    known = np.bincount(cell[inside], minlength=n_cell) > 0
    road, at = np.asarray(world.arrays["road_patch"], dtype=np.int64).reshape(-1, 2).T
    roads = slides.share_reached(zone, row[at], column[at], road, n_road)
    seen = np.bincount(road, minlength=n_road) > 0
    return Exposed(np.where(known, np.minimum(buildings, 1.0), np.nan), np.where(seen, roads, np.nan))


def _natural_ground(world: World, row: Array, column: Array) -> Array:
    """The bed without what is built on it: walls of water-tight levee squares and bridge decks are no slopes."""
    bed_m = np.array(world.arrays["water_bed_m"], dtype=float)
    levee = world["levee"]
    wet, dry = ([np.asarray(levee[f"{side}_{axis}"]) for axis in ("row", "column")] for side in ("wet", "dry"))
    bed_m[(wet[0] + dry[0]) // 2, (wet[1] + dry[1]) // 2] = np.asarray(levee["foot_m"], dtype=float)
    height_m = np.asarray(world["patch"]["height_m"], dtype=float)
    bed_m[row, column] = np.minimum(bed_m[row, column], height_m)
    return bed_m


def failure_by_shaking(steep_deg: Array, pga_m_per_s2: Array, soil_water_m: Array, params: Params) -> Array:
    """Share of steep slopes that fail in a shock: Rokko score, raised by water in the soil; same shape.

    Slopes differ, so the share is a normal distribution in the score.
    """
    score = ground.slope_failure_score(steep_deg, 0.0, pga_m_per_s2)
    score = score + params.soil_water_score * soil_water_m / params.critical_soil_water_m
    share = ndtr((score - params.slope_score_mean) / params.slope_score_sd)
    return np.where(pga_m_per_s2 > 0.0, share, 0.0)


def strain(critical_ratio: Array, peak_intensity: Array, params: Params) -> Array:
    """Water in the soil over what slopes bear at this rain, same shape; shaken ground bears less (JMA practice).

    critical_ratio: over the critical line of unshaken ground.
    """
    steps = tuple(zip(params.lowered_intensity.tolist(), params.lowered_fraction.tolist(), strict=True))
    return critical_ratio / slides.lowered_fraction(peak_intensity, steps)


def failure_by_rain(strain_fraction: Array, params: Params) -> Array:
    """Share of steep slopes that fail by water: half of them on the critical line, 1; slopes differ."""
    return ndtr((strain_fraction - 1.0) / params.strain_spread)


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
