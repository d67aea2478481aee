"""Water in a step: what has risen since the last look, what it takes, and what the levees stand."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from layers.damage import facilities, levees, water
from layers.damage.facilities import USABLE
from layers.damage.shock import usable_before
from layers.damage.state import Given, State
from twin.contract import Clock, Inputs

Array = np.ndarray


def has_risen(given: Given, state: State, inputs: Inputs) -> bool:
    """Whether the largest depth or force exceed those last looked at; never without a water grid."""
    if given.land is None:
        return False
    seen = (state.water_max_depth_m, state.water_force_m3_per_s2)
    now = (inputs["water_max_depth_m"], inputs["water_force_m3_per_s2"])
    return any(old is not new and bool((new > old).any()) for old, new in zip(seen, now, strict=True))


def after_water(given: Given, state: State, inputs: Inputs, clock: Clock) -> State:
    """The state with what the risen water reaches: buildings, facilities, large sites. Nothing recovers by itself."""
    land, params = given.land, given.params
    assert land is not None
    depth_m = _highest(state.water_max_depth_m, inputs["water_max_depth_m"])
    force = _highest(state.water_force_m3_per_s2, inputs["water_force_m3_per_s2"])
    usable = [
        _shut(before, facilities.drowned(kind, depth_m, params))
        for kind, before in zip(given.facilities, usable_before(state.surface), strict=True)
    ]
    drowned = state.site_drowned
    if land.sea:
        drowned = np.maximum(drowned, facilities.floors_lost_to_sea(given.sites, depth_m, params, clock.chance))
    return replace(
        state,
        water_max_depth_m=depth_m,
        water_force_m3_per_s2=force,
        water_reach=np.maximum(state.water_reach, water.reach(land, depth_m, force, params)),
        site_drowned=drowned,
        surface=replace(state.surface, **dict(zip(USABLE, usable, strict=True))),
    )


def _highest(before: Array, now: Array) -> Array:
    """The larger of both; the newer array itself where it is nowhere lower (its row may have been cut)."""
    return now if (now >= before).all() else np.maximum(before, now)


def _shut(before: Array, drowned: Array) -> Array:
    """Function left; the same array where nothing more is shut."""
    return np.where(drowned, 0.0, before) if (drowned & (before > 0.0)).any() else before


def on_levees(given: Given, state: State, inputs: Inputs, clock: Clock) -> State:
    """Crests as they stand after shaking, strain by the water on them, and breaches."""
    place, params, surface = given.levees, given.params, state.surface
    level_m = inputs["levee_level_m"]
    sunk_m = levees.settlement_m(place, state.peak_intensity, params)
    over_m = levees.overtopping_m(place, level_m, sunk_m)
    above_s = levees.above_danger_s(place, level_m, state.levee_above_s, clock.dt_s)
    more = levees.strain(place, over_m, above_s, clock.dt_s, params)
    strained = state.levee_strain + more if more.any() else state.levee_strain
    load = levees.Load(strained, levees.fails_at_once(place, over_m, sunk_m, params))
    breach_s = levees.breached_s(place, surface.levee_breach_s, load, clock.end_s, params, clock.chance)
    sunk_m = surface.levee_settlement_m if np.array_equal(sunk_m, surface.levee_settlement_m) else sunk_m
    if sunk_m is not surface.levee_settlement_m or breach_s is not surface.levee_breach_s:
        surface = replace(surface, levee_settlement_m=sunk_m, levee_breach_s=breach_s)
    return replace(state, levee_strain=strained, levee_above_s=above_s, surface=surface)
