"""Flooded homes: counted like other damage, but only where the water has gone.

Inspectors see what stands there, so this reads the true flood; headquarters reads only what the town has listed.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from layers.government import counting
from layers.government.known import NEVER, or_zero
from layers.government.staff import Duty
from twin.contract import Clock, Event, Inputs
from twin.params import Params
from twin.units import HOUR_S
from twin.world import World

if TYPE_CHECKING:  # the state holds a `Flooding`
    from layers.government.state import Given, State

Array = np.ndarray
UPPER_FLOOR_M = 3.0  # a hall whose lowest used floor lies this high stays usable above a flood


@dataclass(frozen=True)
class Land:
    """Ground that water may cover, by patch: its town, its homes; by town: safe halls, share of people in danger.

    wet: whether the world has a terrain on which water runs.
    """

    wet: bool
    town: Array
    buildings: Array
    safe_halls: Array
    danger_fraction: Array


@dataclass(frozen=True)
class Flooding:
    """The count of homes flooded above the floor, (town,).

    since_s: when the flood that is counted began (-1 none); since_homes: how many were flooded then; listed so far.
    """

    since_s: Array
    since_homes: Array
    listed: Array


def nothing_flooded(n_town: int) -> Flooding:
    """No home under water."""
    return Flooding(np.full(n_town, NEVER, np.int64), np.zeros(n_town), np.zeros(n_town))


def land_of(world: World, params: Params) -> Land:
    """Patches by town with the homes on them; danger is the zone of the official hazard map."""
    n_town, shelter = len(world["municipality"]), world["shelter"]
    if "water_dx_m" not in world.settings:
        none = np.zeros(0)
        halls = np.bincount(shelter["municipality"], minlength=n_town).astype(np.float64)
        return Land(False, none.astype(np.int64), none, halls, np.zeros(n_town))
    patch, cell = world["patch"], world["cell"]
    town, inside = np.asarray(patch["municipality"], np.int64), np.asarray(patch["cell"]) >= 0
    in_cell: Array = np.where(inside, patch["cell"], 0)
    share = np.where(inside, patch["share"], 0.0)
    persons = share * np.asarray(cell["night_persons"], np.float64)[in_cell]
    total = np.maximum(np.bincount(town, weights=persons, minlength=n_town), 1.0)
    danger = np.asarray(patch["danger"], np.float64)
    endangered = np.bincount(town, weights=persons * danger, minlength=n_town)
    stands = np.asarray(shelter["patch"], np.int64)
    safe = (stands < 0) | (danger[stands] == 0) | (np.asarray(shelter["floor_height_m"]) >= UPPER_FLOOR_M)
    safe_halls = np.bincount(shelter["municipality"], weights=safe, minlength=n_town)
    buildings = share * np.asarray(cell["buildings"], np.float64).sum(axis=1)[in_cell]
    return Land(True, town, buildings, safe_halls, endangered / total)


def still_wet(land: Land, depth_m: Array, n_town: int, params: Params) -> Array:
    """Homes that stand in water now, (town,)."""
    return np.bincount(land.town, weights=land.buildings * (depth_m >= params.survey_depth_m), minlength=n_town)


def survey(given: Given, state: State, inputs: Inputs, work_s: float, clock: Clock) -> Flooding:
    """The count after `work_s` of daylight work: begun some time after the flood, and only where the water has gone.

    A flood that more than doubles begins anew: puddles behind the levee before it breaks start no survey.
    """
    before, params, flooded = state.flooding, given.params, inputs["buildings_flooded"]
    anew = flooded > 2.0 * before.since_homes + params.flood_grain_homes
    since_s = np.where(anew, clock.end_s, before.since_s)
    if not (since_s >= 0).any():
        return before
    usual = counting.begin_s(state.habits, given.staff_posts, given.population, params)[:, 1] / params.count_begin_s[1]
    begun = (since_s >= 0) & (since_s + params.flood_count_begin_s * usual <= clock.end_s)
    listed = before.listed
    if work_s > 0 and begun.any():
        wet = still_wet(given.land, inputs["water_depth_m"], given.n_town, params)
        hours = state.staff[:, Duty.COUNTING] * counting.effort(state.habits, params) * work_s / HOUR_S
        listed = counting.listed(listed, np.maximum(flooded - wet, 0.0), given.homes, hours * begun, params)
    return Flooding(since_s, np.where(anew, flooded, before.since_homes), listed)


def first_listed(before: Flooding, after: Flooding) -> list[Event]:
    """A line when the first flooded homes of a town stand on its list."""
    return [
        Event(
            "flooded_homes_listed",
            "flooded_homes_listed",
            int(town),
            float(np.floor(after.listed[town])),
            causes=(("buildings_flooded", int(town)),),
        )
        for town in np.flatnonzero((after.listed >= 1.0) & (before.listed < 1.0))
    ]


def decide_relief(full: Array, half: Array, flooded: Array, population: Array, params: Params) -> bool:
    """Whether the counts reported reach the Disaster Relief Act in any town; all (town,), NaN = not reported.

    Destroyed homes count 1, half-destroyed 1/2, flooded above the floor 1/3; a home stands for a household. The number
    a town needs grows with its population and is halved where the whole region has passed its own number. Source:
    Enforcement order of the Disaster Relief Act, article 1, as told in the statutory paths.
    """
    reached = or_zero(full) + or_zero(half) / 2.0 + or_zero(flooded) / 3.0
    needed = params.relief_homes[np.searchsorted(params.relief_population, population, side="right")]
    region = np.searchsorted(params.relief_region_population, population.sum(), side="right")
    if reached.sum() >= params.relief_region_homes[region]:
        needed = needed / 2.0
    return bool((reached >= needed).any())
