"""Ways and working conditions: who can get where in what time, where work stands still or takes longer."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from layers.rescue.codes import N_GROUND, Force, Ground, Task
from layers.rescue.state import Given, State, fraction
from twin.contract import Inputs
from twin.missions import WORKING, Missions, Units, requeue
from twin.missions.reach import TravelTimes

Array = np.ndarray
VOLUNTEER, HELICOPTER = Force.VOLUNTEER, Force.HELICOPTER
EXPOSED = (Ground.SEARCH, Ground.EXTRACT, Ground.SITE, Ground.ROAD)  # left after a strong aftershock


def closed(given: Given, inputs: Inputs) -> Array | None:
    """Places nobody may go to on foot, by car or by boat now, bool (place,); None if there are none.

    Houses, sites and fires in cells under deep water; and, while a tsunami warning holds in the town, all of them and
    flooded homes in cells with people in the hazard zone.
    """
    if not given.water:
        return None
    params, places = given.params, given.places
    wet = inputs["water_depth_m"] >= params.no_entry_depth_m
    warned = (inputs["tsunami_warning"] >= 1.0)[given.cell_town]
    danger = warned & (given.cell_danger >= params.keep_out_zone_fraction)
    if not (wet.any() or danger.any()):
        return None
    shut = np.zeros(len(places.ground), bool)
    for ground in (Ground.SEARCH, Ground.EXTRACT, Ground.FIRE):
        shut[places.first[ground] : places.first[ground] + given.n_cell] = wet | danger
    shut[places.first[Ground.SITE] : places.first[Ground.SITE] + len(given.site_cell)] = (wet | danger)[given.site_cell]
    shut[places.first[Ground.WATER] : places.first[Ground.WATER] + given.n_cell] = danger
    return shut


def withdraw(missions: Missions, units: Units, shut: Array | None, now_s: int) -> tuple[Missions, Units]:
    """Crews at or on their way to closed places leave their work, which waits; they are free for other work.

    Helicopters stay: they touch no ground.
    """
    if shut is None:
        return missions, units
    leave = shut[missions.place] & (missions.phase <= WORKING) & (missions.kind != Task.HOIST)
    return requeue(missions, units, leave, now_s)


def travel(given: Given, inputs: Inputs, shut: Array | None = None) -> TravelTimes:
    """Travel times as the missions ask for them: roads, the last kilometre, and how fit each unit is for the place.

    Volunteers stay in their own town. To flooded homes crews drive as near as roads lead, or go by boat all the way,
    whichever is shorter. shut: places nobody may go to, bool (place,).
    """
    params, places, roster = given.params, given.places, given.roster
    roads_s = inputs["travel_emergency_s"]
    slowing = 1.0 - params.blocked_slowing * fraction(inputs["local_blocked_fraction"])
    local_m_per_s = params.local_speed_m_per_s * np.maximum(fraction(inputs["local_speed_fraction"] * slowing), 0.05)
    handicap_s = np.column_stack((params.handicap_s, np.full(len(params.handicap_s), -1.0), params.boat_handicap_s))
    handicap_s = np.where(handicap_s < 0, np.inf, handicap_s)

    def drive_s(rows: Array, origin: Array, to: int) -> Array:
        """Seconds of units `rows` from `origin` to place `to`; infinite where no way leads."""
        kind, town = roster.kind[rows], places.town[to]
        if rows.size and kind[0] == HELICOPTER:
            return _flight_s(given, origin, to)
        if shut is not None and shut[to]:
            return np.full(len(rows), np.inf)
        took_s = roads_s[:, places.node[to]][places.node[origin]]
        took_s = took_s + params.last_way_factor * places.last_m[to] / local_m_per_s[town]
        if places.ground[to] == Ground.WATER:
            took_s = np.minimum(took_s, _straight_m(given, origin, to) / params.boat_speed_m_per_s)
        took_s[places.spot[origin] == places.spot[to]] = 0.0
        took_s[(kind == VOLUNTEER) & (roster.town[rows] != town)] = np.inf
        return took_s + handicap_s[:, places.ground[to]][kind]

    return drive_s


def _flight_s(given: Given, origin: Array, to: int) -> Array:
    return _straight_m(given, origin, to) / given.params.helicopter_speed_m_per_s


def _straight_m(given: Given, origin: Array, to: int) -> Array:
    places = given.places
    return np.hypot(places.x_m[origin] - places.x_m[to], places.y_m[origin] - places.y_m[to])


def pause(given: Given, work_stopped: Array) -> Array | None:
    """Where work stands still, bool (place,): damaged places of towns just shaken; None if nowhere."""
    stopped = work_stopped >= 0.5
    if not stopped.any():
        return None
    places = given.places
    return np.append(stopped, False)[places.town] & np.isin(places.ground, EXPOSED)


def heat_factor(given: Given, wbgt_c: Array) -> Array:
    """How much longer work takes with rest in heat, >= 1, (town,)."""
    low, high = given.params.heat_rest_wbgt_c
    rest = given.params.heat_rest_fraction * fraction((wbgt_c - low) / (high - low))
    return 1.0 / (1.0 - rest)


def stretch(given: Given, state: State, inputs: Inputs, supply: Array) -> Callable[[Array], Array]:
    """Seconds of work per nominal second at given places: darkness, heat, missing machines, missing fuel and food."""
    params, places, missions = given.params, given.places, state.missions
    dark = 1.0 - float(inputs["daylight"][0])
    night = np.ones(N_GROUND)
    night[Ground.SEARCH] += dark * (params.night_search_factor - 1.0)
    night[Ground.WATER] += dark * (params.night_boat_factor - 1.0)
    night[[Ground.EXTRACT, Ground.SITE]] += dark * (params.night_work_factor - 1.0)
    slower = heat_factor(given, inputs["wbgt_c"]) / np.maximum(supply, params.least_working_fraction)

    def at(rows: Array) -> Array:
        """Seconds of work per nominal second at these places, >= 1."""
        ground = places.ground[rows]
        factor = night[ground] * slower[places.town[rows]]
        by_hand = ground == Ground.SITE
        if not by_hand.any():
            return factor
        there = (missions.kind == Task.MACHINE) & (missions.phase == WORKING)
        by_hand &= ~np.isin(rows, missions.place[there])
        by_hand[by_hand] = given.site_machine[places.entity[rows[by_hand]]]
        return factor * np.where(by_hand, params.machine_wait_factor, 1.0)

    return at
