"""One step of the flight from tsunami or flood: set out, walk, drive, be let in, be caught, and be handed on.

Households at home are only looked at while a warning is in force; those on the way are moved minute by minute inside
the step, on marks of the clock, so that the length of the step does not matter.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from layers.evacuation import alarm, walking
from layers.evacuation.behaviour import within
from layers.evacuation.ground import Ground
from layers.evacuation.households import (
    CARE,
    CAUGHT,
    CHANGING,
    FLED,
    FLOOD,
    GROUND,
    HANDED_ON,
    MOVING,
    REFUGE,
    SAFE,
    STILL_HOME,
    WAITING,
    Flight,
    Scene,
)
from twin.contract import Clock, Inputs
from twin.params import Params
from twin.records import changed

Array = np.ndarray
MARK_S = 60
THERE = np.array([0, 0, 0, 1, 1, 0, 0], dtype=bool)  # phases of those who have been brought to safety


class Fled(NamedTuple):
    """What a step of the flight did; whole persons (cell,) unless said otherwise."""

    flight: Flight
    leaving: Array
    caught: Array
    caught_at: Array  # the same by the patch they had reached, (patch,)
    handed_on: Array
    found: Array  # had been caught and live: back among the evacuees, at the shelters' doors
    under_way: Array  # on the way now
    in_refuge: Array  # on safe ground or in a refuge now
    heard: Array  # rows that heard the warning in the step
    cars_units: Array  # (municipality,) on the road now


def advance(ground: Ground, params: Params, before: Flight, away: Array, inputs: Inputs, clock: Clock) -> Fled:
    """Advance to the end of the step. away: people the layer holds in all places, whole (cell,)."""
    homes = before.households
    if _nothing_happens(before, inputs):
        return _nobody(ground, before)
    home = unseen(inputs["persons_at_hand"], away, inputs)
    columns = {name: homes[name].copy() for name in CHANGING}
    shock_s = np.where(inputs["felt_shocks"] > 0, float(clock.end_s), before.shock_s)
    known = before if np.array_equal(shock_s, before.shock_s) else changed(before, shock_s=shock_s)
    to_bed_h, up_h = params.asleep_h
    asleep = within(clock.hour, to_bed_h, up_h, params.dusk_h)
    scene = Scene(ground, params, known, columns, inputs, clock.end_s, asleep)
    room = alarm.fetch_from_care_homes(scene, clock.start_s)
    wet = _too_deep(ground, params, inputs["water_depth_m"], before.wet)
    inside, closed = before.inside_persons.copy(), before.closed.copy()
    pace, hit = _travel(scene, clock.start_s, home, (inside, closed), before.wet & wet)
    hit = np.concatenate([hit, _surprised(scene, wet)])
    caught, caught_at = _take_out(scene, hit, inside)
    alarm.stay_upstairs(scene)
    handed_on = _hand_on(scene, wet, inside, closed)
    found = _found(scene, away)
    heard = alarm.decide(scene)
    after = changed(
        known,
        inside_persons=inside,
        closed=closed,
        pace=pace,
        care_called_s=alarm.call_care_homes(scene),
        care_room_persons=room,
        wet=wet,
        lost_persons=before.lost_persons + caught if found is None else caught,
        lost_s=float(clock.end_s) if caught.any() else before.lost_s,
    )
    found = np.zeros_like(caught) if found is None else found
    return _result(scene, after, (caught, caught_at, handed_on, found), heard)


def unseen(there: Array, away: Array, inputs: Inputs) -> Array:
    """People who may leave, (cell,): those `people` saw there last, less who has left since unseen by it."""
    return np.maximum(there - np.maximum(away - inputs["persons_away"], 0.0), 0.0)


def _found(scene: Scene, away: Array) -> Array | None:
    """Once the danger is over: people caught who live, as `people` still counts them away, (cell,); None before."""
    lost = scene.flight.lost_persons
    over = not alarm.danger_lasts(scene.params, scene.inputs).any()
    if not lost.any() or not (over or scene.now_s - scene.flight.lost_s >= scene.params.search_s):
        return None
    return np.clip(np.rint(scene.inputs["persons_away"] - away), 0.0, lost)


def _nothing_happens(before: Flight, inputs: Inputs) -> bool:
    """Whether nobody is on the way or away, and nothing gives a reason to flee."""
    reasons = ("felt_shocks", "tsunami_warning", "flood_warning", "flood_call", "water_depth_m")
    if any(inputs[name].any() for name in reasons):
        return False
    phase = before.households["phase"]
    return not (FLED[phase].any() or (phase == WAITING).any() or before.lost_persons.any())


def _nobody(ground: Ground, before: Flight) -> Fled:
    none, no_cars = np.zeros(len(ground.share_65)), np.zeros(len(ground.zone_m2))
    after = changed(before, wet=ground.dry, flown_persons=none) if before.flown_persons.any() else before
    nowhere, nobody = np.zeros(len(ground.cell)), np.zeros(0, dtype=np.int64)
    return Fled(after, none, none, nowhere, none, none, none, none, nobody, no_cars)


def _too_deep(ground: Ground, params: Params, depth_m: Array, before: Array) -> Array:
    """Patches nobody can cross, bool (patch,); the same array while nothing changes."""
    if not depth_m.any():
        return ground.dry
    wet = depth_m >= params.caught_depth_m
    return before if np.array_equal(wet, before) else wet


def _travel(
    scene: Scene, start_s: int, home: Array, places: tuple[Array, Array], blocked: Array
) -> tuple[Array, Array]:
    """Everyone sets out and moves until the end of the step; returns (pace of cars, rows that ran into water).

    places: people inside and closed doors of the refuges, written.
    """
    columns, end_s = scene.columns, scene.now_s
    pace, free, caught = scene.flight.pace, np.floor(np.maximum(home, 0.0)), [np.zeros(0, dtype=np.int64)]
    members = _members_home(scene)
    ratio = np.minimum(free / np.maximum(members, 1.0), 1.0)
    walking.follow_on(scene, free, members)
    now_s = float(start_s)
    while now_s < end_s:
        moving = bool((columns["phase"] == MOVING).any())
        if not moving:
            first_s = max(now_s, columns["leave_s"][columns["phase"] == WAITING].min(initial=np.inf))
            if min(first_s, float(end_s)) // MARK_S > now_s // MARK_S:
                pace = np.ones_like(pace)  # as it would have been found on the marks in between
            now_s = first_s
            if now_s >= end_s:
                break
        until_s = min((now_s // MARK_S + 1.0) * MARK_S, float(end_s))
        due = np.flatnonzero((columns["phase"] == WAITING) & (columns["leave_s"] < until_s))
        if due.size:
            walking.set_out(scene, due, ratio, free)
        stopped, arrived = walking.advance(scene, pace, now_s, until_s, blocked)
        caught.append(stopped)
        if arrived.size:
            refused = walking.let_in(scene, arrived, *places)
            caught.append(walking.go_on(scene, refused, pace, until_s, blocked))
        if until_s % MARK_S == 0:
            pace = walking.car_pace(
                scene.params, scene.ground, walking.cars_by_town(scene.ground, scene.homes, columns)
            )
        now_s = until_s
    return pace, np.concatenate(caught)


def _members_home(scene: Scene) -> Array:
    """Members of all households who have not left, at home or out, (cell,)."""
    homes = scene.homes
    members = (homes["persons"] - scene.columns["gone"]) * (STILL_HOME | FLED)[scene.columns["phase"]]
    return np.bincount(homes["cell"], weights=members, minlength=len(scene.ground.share_65))


def _surprised(scene: Scene, wet: Array) -> Array:
    """Rows whom the water has reached: on the way, on the patch they are on or the next; in a refuge, inside."""
    if not wet.any():
        return np.zeros(0, dtype=np.int64)
    ground, columns = scene.ground, scene.columns
    caught = []
    for goal, ways in ((GROUND, ground.to_safety), (REFUGE, ground.to_refuge)):
        rows = np.flatnonzero((columns["phase"] == MOVING) & (columns["goal"] == goal))
        at = columns["at"][rows]
        onward = ways.next_patch[at]
        caught.append(rows[wet[at] | ((onward >= 0) & wet[onward])])
    depth_m = scene.inputs["water_depth_m"][ground.refuge_patch]
    drowned = depth_m > ground.refuge_floor_m + scene.params.refuge_margin_m
    if drowned.any():
        rows = _in_refuges(scene)
        caught.append(rows[drowned[ground.refuge[scene.homes["patch"][rows]]]])
    return np.concatenate(caught)


def _in_refuges(scene: Scene) -> Array:
    columns = scene.columns
    return np.flatnonzero((columns["phase"] == SAFE) & (columns["goal"] == REFUGE))


def _take_out(scene: Scene, rows: Array, inside: Array) -> tuple[Array, Array]:
    """Take the caught out of the table and of the refuges; returns persons by the cell they left and by patch."""
    columns = scene.columns
    rows = np.unique(rows)
    within = rows[(columns["phase"][rows] == SAFE) & (columns["goal"][rows] == REFUGE)]
    _make_room(scene, within, inside)
    columns["phase"][rows] = CAUGHT
    n_patches = len(scene.ground.cell)
    return _by_cell(scene, rows), np.bincount(columns["at"][rows], weights=columns["gone"][rows], minlength=n_patches)


def _make_room(scene: Scene, rows: Array, inside: Array) -> Array:
    """Free the places of rows that leave a refuge; returns the refuges."""
    refuge = scene.ground.refuge[scene.homes["patch"][rows]]
    np.subtract.at(inside, refuge, scene.homes["persons"][rows].astype(float))
    return refuge


def _hand_on(scene: Scene, wet: Array, inside: Array, closed: Array) -> Array:
    """Those whose time on high ground is over go on to shelters, relatives or home; returns persons (cell,).

    They go when the danger is over or after some hours, and never through deep water.
    """
    params, columns = scene.params, scene.columns
    fresh = scene.now_s - scene.flight.shock_s <= params.shock_counts_s
    over = ~(alarm.danger_lasts(params, scene.inputs) | fresh)
    phase = columns["phase"]
    here = np.flatnonzero((phase == SAFE) | ((phase == MOVING) & np.isinf(columns["left_m"])))
    if not here.size:
        return np.zeros(len(scene.ground.share_65))
    stay_s = np.where(columns["hazard"][here] == FLOOD, params.flood_stay_s, params.tsunami_stay_s)
    ripe = (columns["phase"][here] == SAFE) & (scene.now_s >= columns["here_s"][here] + stay_s)
    go = (ripe | over[scene.town[here]]) & ~wet[columns["at"][here]]
    rows = here[go]
    within = rows[(columns["phase"][rows] == SAFE) & (columns["goal"][rows] == REFUGE)]
    closed[_make_room(scene, within, inside)] = False
    columns["phase"][rows] = HANDED_ON
    return _by_cell(scene, rows)


def _by_cell(scene: Scene, rows: Array) -> Array:
    n_cells = len(scene.ground.share_65)
    return np.bincount(scene.homes["cell"][rows], weights=scene.columns["gone"][rows], minlength=n_cells)


def _result(scene: Scene, after: Flight, moved: tuple[Array, Array, Array, Array], heard: Array) -> Fled:
    """Books of the step and the state to go on with; columns that did not change stay the same arrays.

    moved: caught (cell,) and by patch, handed on, found (cell,), persons.
    """
    caught, caught_at, handed_on, found = moved
    ground, homes, columns = scene.ground, scene.homes, scene.columns
    new = {name: column for name, column in columns.items() if not np.array_equal(column, homes[name])}
    left = columns["gone"] - homes["gone"]
    leaving = np.bincount(homes["cell"], weights=left, minlength=len(ground.share_65))
    lasts = alarm.danger_lasts(scene.params, scene.inputs)
    flown = (after.flown_persons + handed_on) * lasts[ground.town_of_cell]
    care = np.flatnonzero(homes["group"] == CARE)
    brought = THERE[columns["phase"][care]] & ~THERE[homes["phase"][care]]
    cared = _by_cell(scene, care[brought])
    after = changed(
        after,
        households=homes.with_columns(**new) if new else homes,
        flown_persons=flown,
        caught_persons=_added(ground, after.caught_persons, caught),
        care_persons=_added(ground, after.care_persons, cared),
    )
    phase = columns["phase"]
    return Fled(
        after,
        leaving,
        caught,
        caught_at,
        handed_on,
        found,
        _by_cell(scene, np.flatnonzero(phase == MOVING)),
        _by_cell(scene, np.flatnonzero(phase == SAFE)),
        heard,
        walking.cars_by_town(ground, homes, columns),
    )


def _added(ground: Ground, so_far: Array, persons: Array) -> Array:
    """A count by municipality with more persons (cell,); the same array if there are none."""
    if not persons.any():
        return so_far
    return so_far + np.bincount(ground.town_of_cell, weights=persons, minlength=len(so_far))
