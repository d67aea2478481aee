"""Shelters, hospitals, depots, offices, fuel stations and large sites: structure, and function apart from structure.

Each building has one quantile for its structure and one for ceilings, piping and fixtures; it fails when the
effective intensity at its cell exceeds the capacity these give.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.special import ndtri

from layers.damage.buildings import HALF, TOTAL
from twin.chance import Chance
from twin.numerics import fragility
from twin.params import Params

Array = np.ndarray
NON_WOOD_OLD, NON_WOOD_NEW = 3, 4
KINDS = ("shelter", "hospital", "depot", "office", "fuel_station")


@dataclass(frozen=True)
class Facilities:
    """Where the facilities of one kind stand: cell (-1: outside the region) and construction class."""

    kind: str
    keys: Array
    cell: Array
    building_class: Array


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
    low, high = params.site_loss_range
    return np.where(collapsed, low + (high - low) * chance.uniform("damage.site_loss", sites.keys), 0.0)


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
