"""Shocks as they come: what each does to the ground, which towns feel it, what is told about it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from layers.hazard import aftershocks, messages, shaking
from layers.hazard.state import Given, State
from twin.contract import Clock, Event
from twin.numerics import ground
from twin.numerics import shaking as attenuation
from twin.records import changed

Array = np.ndarray


@dataclass(frozen=True)
class Shaken:
    """All shocks of one step: strongest motion by cell, shocks felt by town, towns shaken enough to stop work."""

    motion: shaking.Motion
    felt: Array
    state: State
    events: Sequence[Event]


def shake(given: Given, state: State, clock: Clock) -> Shaken:
    """Let the shocks up to the end of the interval act, in order of time."""
    zero = given.zero_cell
    motion, felt, events = shaking.Motion(zero, zero, zero), given.zero_town, []
    while state.next_shock < len(state.shocks) and state.shocks["time_s"][state.next_shock] <= clock.end_s:
        row = state.next_shock
        one, in_town = _motion_of(given, state, row)
        state = changed(state, next_shock=row + 1)
        if max(one.intensity.max(), in_town.max()) < given.params.least_field_intensity:
            continue
        if one.intensity.max() >= given.params.acting_intensity:
            motion = _stronger(motion, one)
        felt = felt + (in_town >= given.params.felt_intensity)
        events += _shock_events(given, state, row, in_town)
        state = _after_shock(given, state, row, one, in_town, clock)
    return Shaken(motion, felt, state, events)


def _motion_of(given: Given, state: State, row: int) -> tuple[shaking.Motion, Array]:
    """Motion at the cells and the intensity each town's stations read."""
    shocks, params = state.shocks, given.params
    if shocks["origin"][row] == aftershocks.MAIN:
        one = shaking.motion(given.main, given.main_distance_m, given.cells, state.residual_log10, params)
        in_town = _town_values(given, one)
        at_stations = attenuation.intensity(10.0**state.station_log10_pgv)
        top = np.full(in_town.size, -np.inf)
        np.maximum.at(top, given.town_of_station, at_stations)
        return one, np.where(np.isfinite(top), top, in_town)
    source = shaking.Source(float(shocks["mw"][row]), float(shocks["depth_m"][row]), given.main.kind)
    place = (shocks["x_m"][row], shocks["y_m"][row], shocks["depth_m"][row])
    distance_m = _distance_m(given.cells, *place)
    one = shaking.motion(source, distance_m, given.cells, _residual(given, state, row, source, place), params)
    return one, _town_values(given, one)


def _residual(given: Given, state: State, row: int, source: shaking.Source, place: tuple) -> Array | float:
    """Drawn at the start for simulated shocks; for given ones the mean given what their towns reported."""
    shocks, params = state.shocks, given.params
    listed_row = int(shocks["row"][row])
    if listed_row < 0:
        return float(shocks["residual_log10"][row])
    median = shaking.median_log10(source, _distance_m(given.stations, *place), given.stations, params)
    wanted = _class_middles(given, listed_row, attenuation.intensity(10.0**median))
    rows = _strongest_station(given.town_of_station, median, wanted)
    if rows.size == 0:
        return 0.0
    misfit = np.log10(attenuation.pgv_from_intensity_m_per_s(wanted[given.town_of_station[rows]])) - median[rows]
    at = shaking.Ground(given.stations.x_m[rows], given.stations.y_m[rows], given.stations.avs30_m_per_s[rows])
    return shaking.residual_from_towns(given.cells, at, misfit, params)


def _class_middles(given: Given, listed_row: int, prior_intensity: Array) -> Array:
    """Intensity to fit by town: middle of its reported class, 3.5 for unlisted towns expected above it, else NaN."""
    if not given.listed[listed_row].any():
        return np.full(given.zero_town.size, np.nan)
    middle = 0.5 * (given.observed_low[listed_row] + given.observed_high[listed_row])
    expected = np.full(given.zero_town.size, -np.inf)
    np.maximum.at(expected, given.town_of_station, prior_intensity)
    quiet = ~given.listed[listed_row] & (expected > given.params.felt_intensity)
    return np.where(quiet, given.params.felt_intensity, middle)


def _strongest_station(town_of_station: Array, median: Array, wanted: Array) -> Array:
    """Row of the station expected strongest in each town that has a value."""
    order = np.lexsort((-median, town_of_station))
    _, first = np.unique(town_of_station[order], return_index=True)
    rows = order[first]
    return rows[np.isfinite(wanted[town_of_station[rows]])]


def _distance_m(places: shaking.Ground, x_m: float, y_m: float, depth_m: float) -> Array:
    return np.sqrt((places.x_m - x_m) ** 2 + (places.y_m - y_m) ** 2 + depth_m**2)


def _town_values(given: Given, one: shaking.Motion) -> Array:
    return np.maximum.reduceat(one.intensity[given.seen_cell], given.seen_start)


def _stronger(first: shaking.Motion, second: shaking.Motion) -> shaking.Motion:
    """Cell by cell the motion of the stronger of two shocks."""
    return shaking.Motion(
        np.maximum(first.intensity, second.intensity),
        np.maximum(first.pgv_m_per_s, second.pgv_m_per_s),
        np.maximum(first.pga_m_per_s2, second.pga_m_per_s2),
    )


def _after_shock(given: Given, state: State, row: int, one: shaking.Motion, in_town: Array, clock: Clock) -> State:
    """Consequences of a shock: liquefied ground, stopped work, messages under way."""
    params, shock_s = given.params, int(state.shocks["time_s"][row])
    main = state.shocks["origin"][row] == aftershocks.MAIN
    strong = (in_town >= params.stop_intensity) & (not main)
    stopped = np.where(strong, shock_s + int(params.stop_s), state.stopped_until_s)
    higher = (in_town >= params.message_least_intensity) & (in_town > state.max_intensity)
    due_s = _message_due_s(given, state, row, shock_s, clock)
    return changed(
        state,
        liquefied=np.maximum(state.liquefied, _liquefied(given, one))
        if one.intensity.max() >= params.stop_intensity
        else state.liquefied,
        max_intensity=np.maximum(state.max_intensity, in_town),
        stopped_until_s=stopped,
        messages=messages.send(state.messages, in_town, due_s, higher),
    )


def _message_due_s(given: Given, state: State, row: int, shock_s: int, clock: Clock) -> Array:
    """As observed where the scenario says so, else by chance."""
    keys, listed_row = given.town_keys, int(state.shocks["row"][row])
    drawn = messages.due_by_chance(shock_s, keys, int(state.shocks["key"][row]), given.params, clock.chance)
    if listed_row < 0 or not given.listed[listed_row].any():
        return drawn
    received = given.received_s[listed_row]
    observed = np.where(np.isfinite(received), np.nan_to_num(received), 0.0).astype(np.int64)
    seen = np.where(np.isfinite(received), observed, messages.NEVER_S)
    return np.where(given.listed[listed_row], seen, drawn)


def _liquefied(given: Given, one: shaking.Motion) -> Array:
    """Share of the ground liquefied by a shock: soft coastal cells only."""
    rows = np.flatnonzero(given.soft_coast)
    share = np.zeros(given.zero_cell.size)
    likely = ground.liquefaction_probability(
        one.pgv_m_per_s[rows],
        given.cells.avs30_m_per_s[rows],
        given.params.annual_rain_m,
        given.coast_distance_m[rows],
        given.params.river_distance_m,
    )
    share[rows] = ground.liquefied_area_fraction(likely)
    return share


def _shock_events(given: Given, state: State, row: int, in_town: Array) -> list[Event]:
    """One line for the shock, one for each town where it was strong."""
    kind = "mainshock" if state.shocks["origin"][row] == aftershocks.MAIN else "aftershock"
    least = given.params.event_intensity if kind == "mainshock" else given.params.stop_intensity
    towns = np.flatnonzero(in_town >= least)
    if not towns.size:
        return []
    time_s, mw = int(state.shocks["time_s"][row]), float(state.shocks["mw"][row])
    lines = [Event(kind, "shock_intensity", -1, mw, time_s)]
    cause = (("shock_intensity", -1),)
    lines += [Event(kind, "max_intensity", int(town), float(in_town[town]), time_s, cause) for town in towns]
    if kind == "aftershock":
        lines += [Event("work_stopped", "work_stopped", int(town), 1.0, time_s, cause) for town in towns]
    return lines
