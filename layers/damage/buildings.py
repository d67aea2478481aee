"""Houses and other buildings: how many of each class reach each grade of damage, and how aftershocks add to it.

Every cell and class has one quantile. The expected number at a grade is rounded with it, so counts are whole,
never fall when intensity grows, and total <= half <= partial (each grade includes the graver ones).
"""

from __future__ import annotations

import numpy as np
from scipy.special import ndtr

from twin.chance import Chance
from twin.numerics import fragility
from twin.params import Params

Array = np.ndarray
N_CLASS = len(fragility.BUILDING_CLASSES)
N_GRADE = len(fragility.DAMAGE_GRADES)
TOTAL, HALF, PARTIAL = range(N_GRADE)
OLD_WOOD, NEWER_WOOD = 0, 1


def effective_intensity(before: Array, peak_before: Array, shock: Array, weakening: float) -> Array:
    """Intensity that the graver grades (total, half) feel after a shock, (cell,).

    A building that stands damaged fails at an intensity lower by `weakening`. With a weakening below the gap
    between two grades, every building this adds was already damaged: its lower grade lies below the peak.
    """
    repeated = np.minimum(shock, peak_before) + weakening
    return np.maximum(before, np.where(peak_before > 0.0, np.maximum(shock, repeated), shock))


def damage_probability(effective: Array, peak: Array, liquefied: Array, params: Params) -> Array:
    """P(at least grade) by cell, class and grade; liquefied ground adds its own share.

    The published curves of half collapse are moved up by `half_shift`, so that half and total collapse stand to each
    other as in Kumamoto 2016.
    """
    mean = fragility.SHAKING_MEAN + np.array([0.0, params.half_shift, 0.0])
    graver = fragility.shaking_damage_probability(effective, mean)
    lighter = fragility.shaking_damage_probability(peak)
    by_shaking = np.concatenate([graver[..., :PARTIAL], lighter[..., PARTIAL:]], axis=-1)
    by_shaking[:, OLD_WOOD, TOTAL] = old_wood_collapse(by_shaking[:, OLD_WOOD, TOTAL], effective, params)
    stronger = params.retrofit_share
    old = (1.0 - stronger) * by_shaking[:, OLD_WOOD] + stronger * by_shaking[:, NEWER_WOOD]
    by_shaking[:, OLD_WOOD] = old
    by_ground = liquefied[:, None, None] * params.liquefaction_damage_fraction
    return 1.0 - (1.0 - by_shaking) * (1.0 - by_ground)


def old_wood_collapse(oldest: Array, effective: Array, params: Params) -> Array:
    """Total collapse of wooden houses to 1980, (cell,): the stored curve holds for those to 1961 only.

    Most of the class was built later, between that curve and the one of 1981-2000.
    """
    spread = fragility.SHAKING_SD[OLD_WOOD]
    later = ndtr((effective - params.old_wood_later_mean_intensity) / spread)
    return oldest + params.old_wood_later_share * (np.minimum(later, oldest) - oldest)


def damaged_buildings(buildings: Array, cell_keys: Array, probability: Array, before: Array, chance: Chance) -> Array:
    """Whole numbers at or above each grade (cell, class, grade), never fewer than `before`."""
    keys = cell_keys[:, None] + np.arange(N_CLASS)
    quantile = chance.uniform("damage.capacity", keys)[..., None]
    wanted = np.floor(buildings[..., None] * probability + quantile)
    return np.maximum(np.minimum(wanted, buildings[..., None]), before)


def fraction(part: Array, whole: Array) -> Array:
    """part / whole, 0 where there is nothing."""
    return np.divide(part, whole, out=np.zeros(part.shape), where=whole > 0)
