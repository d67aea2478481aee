"""Shelters, hospitals, depots, offices, fuel stations and large sites: structure, and function apart from structure.

Each building has one quantile for its structure and one for ceilings, piping and fixtures; it fails when the
effective intensity at its cell exceeds the capacity these give.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from scipy.special import ndtri

from layers.damage.buildings import HALF, TOTAL
from twin.chance import Chance
from twin.numerics import fragility, water_damage
from twin.params import Params

Array = np.ndarray
NON_WOOD_OLD, NON_WOOD_NEW = 3, 4
KINDS = ("shelter", "hospital", "depot", "office", "fuel_station")
USABLE = tuple(f"{kind}_usable" for kind in KINDS)  # what the layer gives about each kind
CONCRETE, MANY_STOREYS = water_damage.STRUCTURES.index("rc"), 3
TSUNAMI_COLLAPSED = 4  # column of DS5


@dataclass(frozen=True)
class Facilities:
    """Where the facilities of one kind stand: cell (-1: outside the region) and construction class.

    patch: where water reaches them (-1: nowhere); floor_m: height of the floor in use above the ground there.
    """

    kind: str
    keys: Array
    cell: Array
    building_class: Array
    patch: Array = field(default_factory=lambda: np.zeros(0, dtype=np.int64))
    floor_m: Array = field(default_factory=lambda: np.zeros(0))


def usable(facilities: Facilities, effective: Array, params: Params, chance: Chance) -> Array:
    """Function left: 1 sound, 0 structure unsafe, the kind's `limited` share if only fixtures failed; (facility,)."""
    row = KINDS.index(facilities.kind)
    felt = _at(effective, facilities.cell)
    unsafe = felt > _capacity(facilities, HALF, params.structure_margin[row], chance)
    quantile = chance.uniform(f"damage.fixtures_{facilities.kind}", facilities.keys)
    broken = felt > params.fixtures_mean_intensity[row] + params.fixtures_sd * ndtri(quantile)
    return np.where(unsafe, 0.0, np.where(broken, params.limited_fraction[row], 1.0))


def floors_lost(sites: Facilities, effective: Array, params: Params, chance: Chance) -> Array:
    """Share of a large site's floors lost by shaking (site,): 0 unless it collapses, then a drawn share."""
    collapsed = _at(effective, sites.cell) > _capacity(sites, TOTAL, params.site_margin, chance)
    return np.where(collapsed, _drawn_loss(sites, params, chance), 0.0)


def _drawn_loss(sites: Facilities, params: Params, chance: Chance) -> Array:
    low, high = params.site_loss_range
    return low + (high - low) * chance.uniform("damage.site_loss", sites.keys)


def drowned(facilities: Facilities, depth_m: Array, params: Params) -> Array:
    """Facilities whose floor in use the water has reached: they stay shut until cleaned and repaired (facility,)."""
    limit_m = facilities.floor_m + params.facility_flood_m[KINDS.index(facilities.kind)]
    return _at(depth_m, facilities.patch) > limit_m


def floors_lost_to_sea(sites: Facilities, depth_m: Array, params: Params, chance: Chance) -> Array:
    """Share of a large site's floors lost by a tsunami (site,): as for shaking, if its structure collapses."""
    tall = water_damage.tsunami_type(CONCRETE, MANY_STOREYS)
    deep = _at(depth_m, sites.patch)
    collapse = fragility.tsunami_damage_probability(deep, tall)[..., TSUNAMI_COLLAPSED]
    return np.where(chance.uniform("damage.site_water", sites.keys) < collapse, _drawn_loss(sites, params, chance), 0.0)


def given_losses(n_site: int, site: Array, time_s: Array, loss: Array, now_s: int) -> Array:
    """Losses of the scenario's given incidents that have happened by now (site,)."""
    lost = np.zeros(n_site)
    happened = time_s <= now_s
    np.maximum.at(lost, site[happened], loss[happened])
    return lost


def class_of_year(year_class: Array) -> Array:
    """Construction class of a large building by year class (0 = to 1980)."""
    return np.where(np.asarray(year_class) == 0, NON_WOOD_OLD, NON_WOOD_NEW)


def _capacity(facilities: Facilities, grade: int, margin: float, chance: Chance) -> Array:
    quantile = chance.uniform(f"damage.structure_{facilities.kind}", facilities.keys)
    return fragility.intensity_that_breaks(quantile, facilities.building_class, grade) + margin


def _at(values: Array, cell: Array) -> Array:
    return np.where(cell >= 0, values[np.maximum(cell, 0)], 0.0)
