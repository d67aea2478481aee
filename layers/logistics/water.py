"""Emergency water: tankers that fill where water still flows and drive in circles, and the points people walk to."""

from __future__ import annotations

import numpy as np

from layers.logistics.state import Given
from twin.contract import Inputs
from twin.params import Params

Array = np.ndarray


def tankers_wanted(given: Given, dry_persons: Array) -> Array:
    """Tankers the towns would need, shape (municipality,), by people without piped water (municipality,)."""
    return given.params.tankers_per_dry_person * dry_persons


def aid_coming(params: Params, now_s: float) -> float:
    """Tankers of other waterworks, ministries and forces in the region, 0 before `tanker_aid_from_s`, then growing to
    `tankers_aid` with time constant `tanker_aid_growth_s`."""
    return float(params.tankers_aid * aid_share(params, now_s))


def aid_share(params: Params, now_s: float) -> float:
    """Share of the aid that is there, 0..1."""
    since_s = max(now_s - params.tanker_aid_from_s, 0.0)
    return float(-np.expm1(-since_s / params.tanker_aid_growth_s))


def allot_tankers(given: Given, dry_persons: Array, now_s: float, behind: float = 0.0) -> Array:
    """Tankers at work for each town, shape (municipality,): its own and a share of the aid, never more than wanted.

    behind: tankers of the last change of the aid that have not come yet (negative) or not left yet.
    """
    wanted = tankers_wanted(given, dry_persons)
    own = np.minimum(given.params.tankers_own_per_person * given.population, wanted)
    missing = wanted - own
    coming = max(aid_coming(given.params, now_s) + behind, 0.0)
    return own + missing * min(1.0, coming / max(missing.sum(), 1e-9))


def cycle_s(given: Given, inputs: Inputs) -> Array:
    """Time of one tanker round, shape (municipality,): fill, drive, hand out; infinite without a source in reach.

    The source is the nearest town whose mains still give at least `fill_source_fraction` of their water.
    """
    sources = np.flatnonzero(inputs["water_service_fraction"] >= given.params.fill_source_fraction)
    if not sources.size:
        return np.full(given.n_town, np.inf)
    drive_s = inputs["travel_truck_s"][np.ix_(given.town_node[sources], given.town_node)].min(axis=0)
    return given.params.tanker_cycle_s + 2.0 * drive_s


def capacity_l(given: Given, tankers: Array, round_s: Array, dt_s: float) -> Array:
    """Litres the tankers can hand out in `dt_s`, shape (municipality,), spread over day and night."""
    return tankers * given.params.tanker_l * given.params.tanker_day_fraction * dt_s / round_s


def points(params: Params, tankers: Array) -> Array:
    """Water points at work, shape (municipality,), whole numbers; a town with any tanker has at least one."""
    return np.where(tankers >= params.tanker_least, np.maximum(np.floor(tankers * params.points_per_tanker), 1.0), 0.0)


def within_reach(given: Given, water_points: Array) -> Array:
    """Share of people who can bring water home, shape (municipality,).

    Points lie at random among the homes, so the share within a walk is 1 - exp(-points x pi r^2 / area). Drivers come
    from further away; part of the old cannot carry at all.
    """
    params = given.params
    density = water_points / np.maximum(given.effective_area_m2, 1.0)
    walks = -np.expm1(-density * np.pi * params.walk_m**2)
    drives = -np.expm1(-density * np.pi * params.fetch_by_car_m**2) * params.fetch_by_car_fraction
    can_carry = 1.0 - params.old_cannot_carry_fraction * given.share_65
    return can_carry * (walks + (1.0 - walks) * drives)
