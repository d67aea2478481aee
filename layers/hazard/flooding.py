"""Water in a step: sea and river move on, warnings are issued and lifted, and what is new gets a line."""

from __future__ import annotations

import numpy as np

from layers.hazard import warnings, water
from layers.hazard.state import Given, State
from twin.contract import Clock, Event, Inputs
from twin.records import changed

Array = np.ndarray
AROUND_M = 0.3  # depth from which water on a patch is dangerous: the first such patch of a town gets a line


def flood(given: Given, state: State, inputs: Inputs, clock: Clock) -> tuple[State, list[Event]]:
    """Sea and river at the end of the step, with the warnings about them."""
    state, events = _warn_of_tsunami(given, state, clock)
    if given.water is None:
        return state, events
    moved = water.advance(given.water, state.water, inputs, clock.end_s)
    seen = water.look(moved, clock.end_s, state.seen)
    breached = np.isfinite(inputs["levee_breach_s"])
    stages = state.stages
    if given.water.flows is not None:  # a tsunami that runs up the river is warned of as a tsunami
        stages = warnings.measure_stages(given.gauges, stages, seen.level_m, breached, clock.end_s, given.params)
    events += _flood_levels(given, state.stages.flood_level, stages.flood_level)
    events += _overtopped(given, inputs["levee_settlement_m"], state.seen.level_m, seen.level_m)
    if seen.depth_m is not state.seen.depth_m:
        events += _reached(given, state.seen.highest_m, seen.highest_m)
    return changed(state, water=moved, seen=seen, stages=stages), events


def _warn_of_tsunami(given: Given, state: State, clock: Clock) -> tuple[State, list[Event]]:
    now = warnings.tsunami_class(given.main.magnitude_mw, given.coast_m, clock.end_s, given.params)
    if now == state.warned.max(initial=0.0):
        return state, []
    warned = now * given.coastal
    cause = (("shock_intensity", -1),)
    events = [
        Event("tsunami_warning", "tsunami_warning", int(town), now, causes=cause)
        for town in np.flatnonzero(given.coastal)
    ]
    return changed(state, warned=warned), events


def _flood_levels(given: Given, before: Array, after: Array) -> list[Event]:
    """A line for every town whose warning level changed, with the rain and the highest river stage behind it."""
    if after is before:
        return []
    return [
        Event("flood_warning", "flood_warning", int(town), float(after[town]), causes=(("rain_m_per_s", int(town)),))
        for town in np.flatnonzero(after != before)
    ]


def _overtopped(given: Given, settlement_m: Array, before_m: Array, after_m: Array) -> list[Event]:
    """The segments of each levee that water begins to cross: one line a levee and step, at the highest water."""
    assert given.water is not None
    if after_m is before_m:
        return []
    crest_m = given.water.crest_m - settlement_m
    fresh = np.flatnonzero((after_m > crest_m) & ~(before_m > crest_m))
    lines = []
    for bank in np.unique(given.bank[fresh]):
        rows = fresh[given.bank[fresh] == bank]
        row = int(rows[np.argmax(after_m[rows] - crest_m[rows])])
        town = int(given.town_of_levee[row])
        causes = (("tsunami_warning", town), ("flood_warning", town))
        lines.append(Event("levee_overtopped", "levee_level_m", row, float(after_m[row] - crest_m[row]), causes=causes))
    return lines


def _reached(given: Given, before: Array, after: Array) -> list[Event]:
    """The first endangered ground of each town, and every further tenth of it."""
    fresh = np.flatnonzero((after >= AROUND_M) & (before < AROUND_M))
    if not fresh.size:
        return []
    lines = []
    if not (before >= AROUND_M).any():
        deepest = float(after[fresh].max())
        lines.append(Event("water_on_land", "water_depth_m", -1, deepest, causes=(("levee_level_m", -1),)))
    for town in np.unique(given.town_of_patch[fresh]):
        mine = given.town_of_patch == town
        share = float((after[mine] >= AROUND_M).mean())
        if int(share * 10) > int(float((before[mine] >= AROUND_M).mean()) * 10) or not (before[mine] >= AROUND_M).any():
            first = fresh[given.town_of_patch[fresh] == town]
            deepest = int(first[np.argmax(after[first])])
            lines.append(
                Event(
                    "water_reached",
                    "water_max_depth_m",
                    deepest,
                    float(after[deepest]),
                    causes=(("tsunami_warning", int(town)), ("flood_warning", int(town))),
                    args=(round(share, 2),),
                )
            )
    return lines
