"""Water in a step of the lifelines: ground, sites, roads and gates, and what follows for power and telephone.

A world without a water grid never comes in here beyond the first line.
"""

from __future__ import annotations

import numpy as np

from layers.infrastructure import crews as gang
from layers.infrastructure import drowned, gates, inundation
from layers.infrastructure.facilities import STATION
from layers.infrastructure.state import Given, State
from twin.contract import Clock, Inputs
from twin.records import changed

Array = np.ndarray


def soak(given: Given, state: State, inputs: Inputs, clock: Clock) -> State:
    """What the water reached in this step, and what fell dry."""
    if not given.sites.wet:
        return state
    params, depth_m, safe, now_s = given.params, inputs["water_depth_m"], is_safe(inputs), clock.end_s
    moved = depth_m is not state.ground.depth_m
    ground = inundation.soak(state.ground, given.ground, params, clock.chance, depth_m, now_s)
    sites = drowned.soak(state.sites, given.sites, params, depth_m, safe, now_s)
    warned = (inputs["tsunami_warning"], inputs["flood_warning"])
    works = gates.operate(state.gates, given.gates, params, clock.chance, warned, state.seen.power_on, now_s)
    state = follow(given, changed(state, ground=ground, sites=sites, gates=works), state)
    roads = state.roads
    if moved:
        roads = inundation.close_roads(roads, params, inundation.on_roads(given.ground, depth_m, params))
    if roads.swept.any():
        roads = inundation.send_patrols(roads, given.roads, safe)
    return state if roads is state.roads else changed(state, roads=roads)


def is_safe(inputs: Inputs) -> Array:
    """Towns whose coast nobody is warned to leave, bool (municipality,)."""
    return inputs["tsunami_warning"] < 1.0


def follow(given: Given, state: State, before: State) -> State:
    """Feeders, facilities and base stations after their sites drowned or were dried."""
    if state.ground.cut is not before.ground.cut:
        cut = given.power.weight @ state.ground.cut
        state = changed(state, power=changed(state.power, cut_fraction=np.minimum(cut, 1.0)))
    under = state.sites.drowned
    if under is before.sites.drowned or np.array_equal(under, before.sites.drowned):
        return state
    substations = drowned.of_set(given.sites, under, drowned.SUBSTATION)
    stations = drowned.of_set(given.sites, under, STATION)
    return changed(
        state,
        power=changed(state.power, dark=substations[given.power.substation]),
        facilities=changed(state.facilities, flooded=under[: len(given.facilities.keys)]),
        telecom=changed(state.telecom, drowned=stations),
    )


def mended(given: Given, state: State, inputs: Inputs, kind: Array, subject: Array) -> State:
    """What gangs dried and mended since the last round works again."""
    if not (kind == gang.DRY).any():
        return state
    sites = drowned.restore(state.sites, given.sites, given.params, inputs["water_depth_m"], kind, subject)
    return follow(given, changed(state, sites=sites), state)


def ask(given: Given, state: State, inputs: Inputs, now_s: int) -> State:
    """Gangs for drowned sites that stand dry again."""
    if not given.sites.wet:
        return state
    sites, crew = drowned.ask_repairs(
        state.sites, state.crews, given.sites, given.params, inputs["water_depth_m"], is_safe(inputs), now_s
    )
    return state if crew is state.crews else changed(state, sites=sites, crews=crew)


def drain(given: Given, state: State, dt_s: int) -> State:
    """Drainage pumps on what the grid, their generators and the water leave them."""
    under = drowned.of_set(given.sites, state.sites.drowned, drowned.DRAINAGE)
    works = gates.run_pumps(state.gates, given.gates, given.params, state.power.on, under, dt_s)
    return state if works is state.gates else changed(state, gates=works)
