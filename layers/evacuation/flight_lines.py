"""Lines for the journal about the flight from water: warning heard, flight begun, caught, refuge full, all safe."""

from __future__ import annotations

import numpy as np

from layers.evacuation.flight import Fled
from layers.evacuation.ground import Ground
from layers.evacuation.households import MOVING, WAITING, Flight
from twin.contract import Event, Inputs
from twin.params import Params
from twin.records import changed

Array = np.ndarray
Causes = tuple[tuple[str, int], ...]
# what has been told of a town (Flight.stage)
QUIET, HEARD, BEGUN, OVER = range(4)


def journal(ground: Ground, params: Params, before: Flight, fled: Fled, inputs: Inputs) -> tuple[Flight, list[Event]]:
    """Events of the step, and the flight with what has been told."""
    after, stage = fled.flight, fled.flight.stage.copy()
    events = _told(ground, fled, inputs, stage) + _begun(ground, fled, inputs, stage)
    events += _refuges_full(ground, before, after)
    events += _caught(ground, params, before, fled, inputs)
    events += _over(ground, fled, stage)
    if not np.array_equal(stage, after.stage):
        after = changed(after, stage=stage)
    return after, events


def warning_causes(inputs: Inputs, town: int) -> Causes:
    """What made the people of a town flee."""
    if inputs["tsunami_warning"][town] > 0:
        return (("tsunami_warning", town),)
    if inputs["flood_call"][town] > 0:
        return (("flood_call", town), ("flood_warning", town))
    if inputs["flood_warning"][town] > 0:
        return (("flood_warning", town),)
    return (("felt_shocks", town),)


def _told(ground: Ground, fled: Fled, inputs: Inputs, stage: Array) -> list[Event]:
    homes, rows = fled.flight.households, fled.heard
    if not rows.size:
        return []
    town = ground.town[homes["patch"][rows]]
    persons = np.bincount(town, weights=homes["persons"][rows], minlength=len(stage))
    events = []
    for row in np.flatnonzero((persons > 0) & (stage == QUIET)).tolist():
        stage[row] = HEARD
        events.append(
            Event("warning_heard", "fleeing_persons", row, float(persons[row]), -1, warning_causes(inputs, row))
        )
    return events


def _begun(ground: Ground, fled: Fled, inputs: Inputs, stage: Array) -> list[Event]:
    if not fled.leaving.any():
        return []
    left = np.bincount(ground.town_of_cell, weights=fled.leaving, minlength=len(stage))
    events = []
    for town in np.flatnonzero((left > 0) & (stage < BEGUN)).tolist():
        stage[town] = BEGUN
        causes = warning_causes(inputs, town)
        events.append(Event("flight_begun", "fleeing_persons", town, float(left[town]), -1, causes))
    return events


def _refuges_full(ground: Ground, before: Flight, after: Flight) -> list[Event]:
    return [
        Event(
            "refuge_full",
            "refuge_persons",
            int(ground.refuge_patch[row]),
            float(after.inside_persons[row]),
            -1,
            (("fleeing_persons", int(ground.town[ground.refuge_patch[row]])),),
        )
        for row in np.flatnonzero(after.closed & ~before.closed).tolist()
    ]


def _caught(ground: Ground, params: Params, before: Flight, fled: Fled, inputs: Inputs) -> list[Event]:
    """Towns in which another `event_caught_persons` were caught, and the first ones of each."""
    least, was, now = params.event_caught_persons, before.caught_persons, fled.flight.caught_persons
    crossed = np.flatnonzero((np.floor(now / least) > np.floor(was / least)) | ((was == 0) & (now > 0)))
    events = []
    for town in crossed.tolist():
        cells = np.flatnonzero(ground.town_of_cell == town)
        cell = int(cells[np.argmax(fled.caught[cells])])
        patches = np.flatnonzero(ground.cell == cell)
        patch = int(patches[np.argmax(inputs["water_depth_m"][patches])])
        causes = (("water_depth_m", patch), *warning_causes(inputs, town))
        events.append(Event("people_caught", "caught_persons", cell, float(now[town]), -1, causes))
    return events


def _over(ground: Ground, fled: Fled, stage: Array) -> list[Event]:
    """Towns where nobody is on the way or about to set out any more."""
    towns = np.flatnonzero(stage == BEGUN)
    if not towns.size:
        return []
    homes = fled.flight.households
    out = np.flatnonzero((homes["phase"] == MOVING) | (homes["phase"] == WAITING))
    still = np.bincount(ground.town[homes["patch"][out]], minlength=len(stage))
    safe = np.bincount(ground.town_of_cell, weights=fled.in_refuge, minlength=len(stage))
    events = []
    for town in towns[still[towns] == 0].tolist():
        stage[town] = OVER
        events.append(
            Event("flight_over", "fleeing_persons", town, float(safe[town]), -1, (("fleeing_persons", town),))
        )
    return events
