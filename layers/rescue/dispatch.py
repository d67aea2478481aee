"""The emergency call centre: calls wait for a free desk, are merged into places, and become missions.

Everything here rests on calls and reports: nothing in this file sees who is really trapped.
"""

from __future__ import annotations

import numpy as np

from layers.rescue.codes import N_TASK, Ground, Task
from layers.rescue.keys import mission_keys
from layers.rescue.state import Calls, Given, State, changed
from twin.chance import Chance
from twin.missions import WAITING, Missions

Array = np.ndarray
# order of urgency; a town's weight moves LOCATE, SEARCH and BOAT by up to two places
URGENCY = np.full(N_TASK, 20)
URGENCY[[Task.FIRE, Task.EXTRACT, Task.SITE, Task.HOIST, Task.BOAT, Task.LOCATE, Task.SEARCH]] = (0, 1, 2, 2, 5, 6, 12)
MOVABLE = np.isin(np.arange(N_TASK), (Task.LOCATE, Task.SEARCH, Task.BOAT))
ROUNDING = 1e-9  # a call answered in parts counts as whole
FORGOTTEN = 1e-3  # what is left of a call when nobody waits any more


def answer(
    given: Given, calls: Calls, arriving: Array, ambulance: Array, dispatch: Array, dt_s: int
) -> tuple[Calls, Array]:
    """Let the desks of each town answer what waits; returns (calls, ambulance calls answered (town,)).

    arriving: calls about the trapped (cell,), ambulance: calls for ambulances (town,), dispatch: capability (town,).
    Callers not answered give up at a constant rate. Answered + waiting + given up = waiting before + arriving.
    """
    params = given.params
    patients = calls.ambulance + ambulance
    waiting = calls.trapped + arriving if arriving.any() else calls.trapped
    houses = bool(waiting.any())
    if not (houses or patients.any()):
        return calls, ambulance
    load = patients
    if houses:
        cells = waiting.nonzero()[0]
        load = load + np.bincount(given.cell_town[cells], weights=waiting[cells], minlength=given.n_town)
    desks = np.maximum(given.population * params.call_takers_per_person, params.call_takers_least)
    capacity = desks * dispatch * dt_s / params.call_handling_s
    share = np.minimum(1.0, capacity / np.maximum(load, ROUNDING))
    left = (1.0 - share) * np.exp(-dt_s / params.call_patience_s)
    calls = changed(calls, ambulance=patients * left)
    if houses:
        still = waiting * left[given.cell_town]
        still[still < FORGOTTEN] = 0.0
        calls = changed(calls, trapped=still, answered=calls.answered + waiting * share[given.cell_town])
    return calls, patients * share


def decide_cases(given: Given, before: Calls, calls: Calls, chance: Chance) -> tuple[Calls, Array, Array]:
    """Which answered calls tell of a place not yet known: (calls, cells of new cases, their numbers in the cell).

    The first call from a block is always new; later ones are duplicates by chance. Some places are false: nobody is
    there. They come on top, so that their share of all cases is `false_site_fraction`; the centre cannot tell.
    """
    if calls.answered is before.answered:
        return calls, np.empty(0, np.int64), np.empty(0, np.int64)
    first = np.floor(before.answered + ROUNDING).astype(np.int64)
    count = np.floor(calls.answered + ROUNDING).astype(np.int64) - first
    rows = np.flatnonzero(count)
    cell = np.repeat(rows, count[rows])
    number = np.concatenate([np.arange(first[row], first[row] + count[row]) for row in rows.tolist()] or [rows])
    new = chance.uniform("rescue.duplicate", given.cell_keys[cell], number) >= given.params.duplicate_fraction
    cell = cell[new | (number == 0)]
    if not cell.size:
        return calls, cell, cell
    ratio = given.params.false_site_fraction / (1.0 - given.params.false_site_fraction)
    nth = calls.cases[cell] + order_within(cell)
    false = chance.whole("rescue.false_report", given.cell_keys[cell], np.full(len(cell), ratio), nth).astype(np.int64)
    told = np.repeat(cell, 1 + false)
    numbers = calls.reported[told] + order_within(told)
    cases, reported = calls.cases.copy(), calls.reported.copy()
    np.add.at(cases, cell, 1)
    np.add.at(reported, told, 1)
    return changed(calls, cases=cases, reported=reported), told, numbers


def order_within(values: Array) -> Array:
    """0, 1, 2 … within each run of equal values (sorted)."""
    starts = np.flatnonzero(np.append(True, values[1:] != values[:-1]))
    return np.arange(len(values)) - np.repeat(starts, np.diff(np.append(starts, len(values))))


def assign_delay_s(given: Given, dispatch: Array) -> Array:
    """From the answered call to the order of a crew, whole seconds (town,): longer where the centre works by hand."""
    params = given.params
    by_hand = dispatch < params.manual_dispatch_fraction
    return np.rint(params.assign_delay_s * np.where(by_hand, params.manual_delay_factor, 1.0)).astype(np.int64)


def decide_priority(task: Array | int, weight: Array) -> Array:
    """Place in the queue, 0 most urgent, from the kind of work and the weight headquarters gives the town."""
    shift = np.clip(np.rint(-2.0 * np.log2(np.maximum(weight, 0.05))), -2, 2).astype(np.int64)
    return URGENCY[task] + np.where(MOVABLE[task], shift, 0)


def reorder(given: Given, missions: Missions, weight: Array) -> Missions:
    """Missions still waiting take the urgency of the towns' present weights."""
    rows = np.flatnonzero((missions.phase == WAITING) & MOVABLE[missions.kind])
    if not rows.size:
        return missions
    priority = missions.priority.copy()
    priority[rows] = decide_priority(missions.kind[rows], weight[given.places.town[missions.place[rows]]])
    return missions.with_columns(priority=priority)


def locate_missions(given: Given, state: State, cell: Array, number: Array, asked_s: Array, chance: Chance) -> Missions:
    """Send a crew to look at each newly reported house."""
    params = given.params
    key = mission_keys(given.cell_keys[cell], Task.LOCATE, number)
    low, high = params.locate_s
    work_s = low + (high - low) * chance.uniform("rescue.locate", key)
    return state.missions.append(
        key=key,
        kind=Task.LOCATE,
        pool=given.district[given.cell_town[cell]],
        priority=decide_priority(np.full(len(cell), Task.LOCATE), state.search_priority[given.cell_town[cell]]),
        place=given.places.first[Ground.SEARCH] + cell,
        asked_s=asked_s,
        work_s=np.rint(work_s),
    )
