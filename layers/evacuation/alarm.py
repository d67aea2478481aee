"""Who hears the warning and decides to flee, and when each household sets out.

Tsunami: people flee at once, after an errand, or only when they see the water; the delay counts from the shock.
Flood: some of those called follow the call after hours; the others stay, upstairs if need be.
A warning is heard by mobile phone, by loudspeaker, from others who leave, or, near the coast, by the shaking itself.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from layers.evacuation.ground import Ground
from layers.evacuation.households import (
    CARE,
    FLOOD,
    HOME,
    NEVER_S,
    NOTHING,
    SLOW,
    STILL_HOME,
    TSUNAMI,
    UPSTAIRS,
    WAITING,
    Scene,
)
from twin.contract import Inputs
from twin.params import Params
from twin.table import Table
from twin.units import HOUR_S

Array = np.ndarray
ROUNDING_PERSONS = 1e-6


class Call(NamedTuple):
    """What each town is told at an instant, (municipality,)."""

    tsunami: Array  # bool: a tsunami warning is in force
    shaken: Array  # bool: felt a shock a short while ago
    order_slow: Array  # bool: the old and the care homes are called (level 3)
    order_all: Array  # bool: everybody in the zone is called (level 4)
    river_slow: Array  # bool: the river alone tells the old to go (level 3)
    river_all: Array  # bool: the river alone tells everybody to go (level 4)

    @property
    def any(self) -> Array:
        """Towns in which anybody has a reason to flee."""
        return self.tsunami | self.shaken | self.order_slow | self.river_slow


def call_of(params: Params, shock_s: Array, inputs: Inputs, now_s: int) -> Call:
    """What is in force at `now_s`; calls to take cover (level 5) send nobody out of doors any more."""
    tsunami = inputs["tsunami_warning"] > 0
    level, call = inputs["flood_warning"], inputs["flood_call"]
    outdoors = ~tsunami & (call < params.cover_level)
    return Call(
        tsunami,
        now_s - shock_s <= params.shock_counts_s,
        outdoors & (call >= params.slow_level),
        outdoors & (call >= params.all_level),
        outdoors & (level >= params.slow_level),
        outdoors & (level >= params.all_level),
    )


def danger_lasts(params: Params, inputs: Inputs) -> Array:
    """Towns whose people do not go back yet, bool (municipality,)."""
    flood = (inputs["flood_warning"] >= params.slow_level) | (inputs["flood_call"] >= params.slow_level)
    return flood | (inputs["tsunami_warning"] > 0)


def left_fraction(homes: Table, phase: Array, n_cells: int) -> Array:
    """Share of each cell's people whose household has left, (cell,)."""
    gone = np.flatnonzero(~STILL_HOME[phase])
    if not gone.size:
        return np.zeros(n_cells)
    left = np.bincount(homes["cell"][gone], weights=homes["persons"][gone], minlength=n_cells)
    everyone = np.bincount(homes["cell"], weights=homes["persons"], minlength=n_cells)
    return left / np.maximum(everyone, 1.0)


def hears(params: Params, homes: Table, rows: Array, service: Array, left: Array) -> Array:
    """Whether each row learns of a warning in force, bool (row,).

    service: share of people with mobile service, left: share of people who have left, both (cell,).
    """
    cell = homes["cell"][rows]
    by_phone = homes["phone"][rows] < params.phone_reach_fraction * service[cell]
    by_speaker = homes["speaker"][rows] < params.loudspeaker_fraction
    by_others = homes["seen"][rows] < params.seen_fraction * left[cell]
    return by_phone | by_speaker | by_others


def start_s(params: Params, homes: Table, rows: Array, since_s: Array, daylight: float) -> Array:
    """When households that flee a tsunami set out, (row,): at once or after an errand, later at night.

    since_s: shock or warning the delay counts from. Last-moment households: inf.
    """
    act, spread = homes["act"][rows], 2.0 * homes["delay"][rows] - 1.0
    day, night = params.start_day_s, params.start_night_s
    delay_s = night + (day - night) * daylight
    at_once = act < params.leave_at_once_fraction
    errand = act < params.leave_at_once_fraction + params.leave_after_errand_fraction
    wait_s = np.where(at_once, delay_s[0], delay_s[1]) * (1.0 + params.start_spread * spread)
    return np.where(errand, since_s + wait_s, NEVER_S)


def near_water(ground: Ground, patches: Array, depth_m: Array, least_m: float) -> Array:
    """Whether water stands or flows on a neighbouring patch, bool, as `patches`."""
    wet = np.append(depth_m >= least_m, False)  # the last entry answers for neighbours that do not exist
    return wet[ground.around[patches]].any(axis=1)


def decide(scene: Scene) -> Array:
    """Let households at home hear, decide and set a time to leave; writes the scene's columns.

    Returns the rows that have heard a warning for the first time.
    """
    ground, params, homes, columns = scene.ground, scene.params, scene.homes, scene.columns
    call = call_of(params, scene.flight.shock_s, scene.inputs, scene.now_s)
    if not call.any.any():
        return np.zeros(0, dtype=np.int64)
    depth_m = scene.inputs["water_depth_m"]
    if depth_m.any() and call.tsunami.any():
        _run_from_water(scene, call.tsunami, depth_m)
    patch = homes["patch"]
    rows = np.flatnonzero((columns["phase"] == HOME) & (call.any[ground.town] & ground.can_flee)[patch])
    rows = rows[(homes["group"][rows] != CARE) & _concerned(params, ground, homes, rows)]
    rows = rows[depth_m[patch[rows]] < params.upstairs_depth_m]
    if not rows.size:
        return rows
    left = left_fraction(homes, columns["phase"], len(ground.share_65))
    told = (columns["hazard"][rows] != NOTHING) | hears(params, homes, rows, scene.inputs["telecom_fraction"], left)
    return np.concatenate([_tsunami(scene, call, rows, told), _flood(scene, call, rows, told)])


def _concerned(params: Params, ground: Ground, homes: Table, rows: Array) -> Array:
    """Households of the hazard zone, and the few outside it who leave as well."""
    shadow = homes["own"][rows] > 1.0 - params.shadow_fraction
    return ground.danger[homes["patch"][rows]] | shadow


def _run_from_water(scene: Scene, warned: Array, depth_m: Array) -> None:
    """Those still at home who see the water next door: who was about to leave runs, and some of the others."""
    ground, params, homes, columns = scene.ground, scene.params, scene.homes, scene.columns
    patch, phase = homes["patch"], columns["phase"]
    here = (warned[ground.town] & ground.can_flee & (depth_m < params.upstairs_depth_m))[patch]
    rows = np.flatnonzero(((phase == HOME) | (phase == WAITING)) & here)
    rows = rows[(homes["group"][rows] != CARE) & (columns["leave_s"][rows] > scene.now_s)]
    rows = rows[(phase[rows] == WAITING) | (homes["delay"][rows] < params.last_moment_leave_fraction)]
    running = rows[near_water(ground, patch[rows], depth_m, params.upstairs_depth_m)]
    columns["leave_s"][running] = scene.now_s
    columns["phase"][running] = WAITING
    columns["hazard"][running] = TSUNAMI


def _tsunami(scene: Scene, call: Call, rows: Array, told: Array) -> Array:
    ground, params, homes, columns = scene.ground, scene.params, scene.homes, scene.columns
    patch, town = homes["patch"][rows], scene.town[rows]
    self_moved = call.shaken[town] & (homes["own"][rows] < params.self_evacuation_fraction)
    self_moved &= ground.coast_distance_m[patch] <= params.coast_distance_m
    knows = (call.tsunami[town] & told) | self_moved
    new = rows[knows & (columns["hazard"][rows] != TSUNAMI)]
    if not new.size:
        return new
    shock_s = scene.flight.shock_s[scene.town[new]]
    since_s = np.where(scene.now_s - shock_s <= params.shock_counts_s, shock_s, float(scene.now_s))
    begin_s = start_s(params, homes, new, since_s, float(scene.inputs["daylight"][0]))
    columns["hazard"][new] = TSUNAMI
    columns["leave_s"][new] = np.maximum(begin_s, scene.now_s)
    columns["phase"][new] = np.where(np.isfinite(begin_s), WAITING, HOME)
    return new


def _flood(scene: Scene, call: Call, rows: Array, told: Array) -> Array:
    params, homes, columns = scene.params, scene.homes, scene.columns
    if not (call.order_slow | call.river_slow).any():
        return rows[:0]
    town, slow = scene.town[rows], homes["group"][rows] == SLOW
    ordered = np.where(slow, call.order_slow[town], call.order_all[town])
    river = np.where(slow, call.river_slow[town], call.river_all[town])
    follow = np.where(slow, params.follow_slow_fraction, params.follow_all_fraction) * ordered
    willing = np.maximum(follow, params.follow_river_fraction * river) * (1.0 - params.flood_night_loss * scene.asleep)
    knows = told & (ordered | river)
    new = rows[knows & (columns["hazard"][rows] == NOTHING)]
    columns["hazard"][new] = FLOOD
    leaving = rows[knows & (homes["act"][rows] < willing) & (columns["phase"][rows] == HOME)]
    columns["leave_s"][leaving] = scene.now_s - np.log(homes["delay"][leaving]) * params.flood_start_s
    columns["phase"][leaving] = WAITING
    return new


def call_care_homes(scene: Scene) -> Array:
    """When each town's care homes were called, seconds (municipality,); the same array while nothing changes."""
    flight = scene.flight
    call = call_of(scene.params, flight.shock_s, scene.inputs, scene.now_s)
    due = (call.tsunami | call.order_slow | call.river_all) & np.isinf(flight.care_called_s)
    return np.where(due, float(scene.now_s), flight.care_called_s) if due.any() else flight.care_called_s


def fetch_from_care_homes(scene: Scene, start_s: int) -> Array:
    """Set the times at which vehicles leave care homes until the scene's instant; writes the scene's columns.

    Vehicles of a town fetch `care_persons_per_h` from `care_prepare_s` after the call on, home by home, while the
    danger lasts; those sent by order work beside them once they are there.
    Returns the room they have offered by then, persons (municipality,).
    """
    params, ground, flight, columns = scene.params, scene.ground, scene.flight, scene.columns
    begin_s = np.maximum(flight.care_called_s + params.care_prepare_s, start_s)
    worked_s = np.maximum(scene.now_s - begin_s, 0.0) * danger_lasts(params, scene.inputs)
    rate, more = params.care_persons_per_h / HOUR_S, flight.care_more_persons_per_h / HOUR_S
    if not worked_s.any() or (rate == 0 and not more.any()):
        return flight.care_room_persons
    before, room = flight.care_room_persons, flight.care_room_persons + rate * worked_s
    later_s = np.maximum(flight.care_more_from_s, begin_s)
    room = room + more * np.minimum(np.maximum(scene.now_s - later_s, 0.0), worked_s)
    rows, town, needed = _care_queue(ground, scene.homes)
    due = (columns["phase"][rows] == HOME) & (needed <= room[town] + ROUNDING_PERSONS)
    rows, town, needed = rows[due], town[due], needed[due]
    leave_s = _offered_s(needed - before[town], begin_s[town], later_s[town], rate, more[town])
    leave_s = np.round(leave_s, 3)  # the same in steps of any length
    columns["leave_s"][rows] = np.maximum(leave_s, start_s)
    columns["phase"][rows] = WAITING
    columns["hazard"][rows] = np.where(scene.inputs["tsunami_warning"][town] > 0, TSUNAMI, FLOOD)
    return room


def _offered_s(persons: Array, begin_s: Array, later_s: Array, rate: float, more: Array) -> Array:
    """When so many persons can have been fetched, (row,): at `rate` from `begin_s`, with `more` from `later_s` on."""
    alone_s = begin_s + persons / rate if rate > 0 else np.full(len(persons), NEVER_S)
    helped = alone_s > later_s
    if not helped.any():
        return alone_s
    rest = persons - rate * np.subtract(later_s, begin_s, out=np.zeros(len(persons)), where=helped)
    return np.where(helped, later_s + rest / np.maximum(rate + more, 1e-12), alone_s)


def _care_queue(ground: Ground, homes: Table) -> tuple[Array, Array, Array]:
    """Loads of the care homes in the zone by town: rows, towns, people fetched in the town up to and with each."""
    patch = homes["patch"]
    rows = np.flatnonzero(homes["group"] == CARE)
    rows = rows[(ground.danger & ground.can_flee)[patch[rows]]]
    rows = rows[np.argsort(ground.town[patch[rows]], kind="stable")]
    town, persons = ground.town[patch[rows]], homes["persons"][rows].astype(float)
    upto = np.cumsum(persons)
    return rows, town, upto - (upto - persons)[np.searchsorted(town, town)]


def stay_upstairs(scene: Scene) -> None:
    """Who has not left when the water stands at the own door goes upstairs; writes the scene's columns."""
    rows = np.flatnonzero(scene.columns["phase"] == WAITING)
    rows = rows[scene.inputs["water_depth_m"][scene.homes["patch"][rows]] >= scene.params.upstairs_depth_m]
    scene.columns["phase"][rows] = UPSTAIRS
