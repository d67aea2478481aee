"""Posted by headquarters: scouts to silent towns by road and air, engineers on roads, medical teams in hospitals."""

from __future__ import annotations

import numpy as np

from layers.rescue.codes import IS_SCOUT, Ground, Pool, Task
from layers.rescue.forces import free_units, unfinished
from layers.rescue.keys import mission_keys
from layers.rescue.state import Counts, Given, State, changed
from twin.missions import WAITING, Missions, Units, cancel

Array = np.ndarray


def scout_missions(given: Given, state: State, wanted: Array, now_s: int) -> tuple[Missions, Units, Counts]:
    """A patrol by road and a flight to each town headquarters wants seen; orders not begun lapse when it is heard."""
    missions, units, counts = state.missions, state.units, state.counts
    scouts = IS_SCOUT[missions.kind] & (missions.phase == WAITING) & (missions.sent_s < 0)
    if not (wanted.any() or scouts.any()):
        return missions, units, counts
    lapsed = scouts & (wanted[given.places.town[missions.place]] < 0.5)
    if lapsed.any():
        missions, units = cancel(missions, units, lapsed, now_s)
    due = (wanted >= 0.5) & (now_s - counts.visited_s >= given.params.scout_repeat_s)
    towns = np.flatnonzero(due)
    if not towns.size:
        return missions, units, counts
    visits, visited_s = counts.visits.copy(), counts.visited_s.copy()
    for task, pool in ((Task.VISIT, given.district[towns]), (Task.FLIGHT, given.n_town + Pool.AIR)):
        missions = missions.append(
            key=mission_keys(given.town_keys[towns], task, visits[towns]),
            kind=int(task),
            pool=pool,
            priority=4,
            place=given.places.first[Ground.TOWN] + towns,
            asked_s=now_s,
            work_s=int(given.params.scout_stay_s),
        )
    visits[towns] += 1
    visited_s[towns] = now_s
    return missions, units, changed(counts, visits=visits, visited_s=visited_s)


def decide_shares(weight: Array, count: int) -> Array:
    """`count` crews shared out by weight, whole numbers (row,): largest remainders, ties by row."""
    if weight.sum() <= 0 or count <= 0:
        return np.zeros(len(weight), np.int64)
    exact = count * weight / weight.sum()
    share = np.floor(exact).astype(np.int64)
    rest = np.lexsort((np.arange(len(weight)), -(exact - share)))[: count - int(share.sum())]
    share[rest] += 1
    return share


def road_missions(given: Given, state: State, weight: Array, now_s: int) -> tuple[Missions, Counts]:
    """Post the engineer crews now free to towns for one shift, by known incidents and the weight of the town.

    weight: `search_priority` (town,); only towns above the ordinary or with open incidents get crews.
    """
    crews = free_units(given, state, Pool.ENGINEERS, now_s).size
    asked = np.where((weight > 1.0) | (state.present.open > 0), weight * (1.0 + state.present.open), 0.0)
    waiting = unfinished(state.missions, Task.ROAD) & (state.missions.sent_s < 0)
    share = decide_shares(asked, crews - int(waiting.sum()))
    if not share.any():
        return state.missions, state.counts
    town = np.repeat(np.arange(given.n_town), share)
    return _post(given, state, Task.ROAD, town, now_s)


def decide_medical_weights(waiting: Array, known_function: Array, base: Array) -> Array:
    """Weight of each hospital for medical teams, (hospital,), from reported queues; disaster bases count a little."""
    heard = np.nan_to_num(waiting) * (np.nan_to_num(known_function, nan=1.0) > 0.1)
    return heard + np.where(base, 1.0, 0.0)


def medical_missions(given: Given, state: State, now_s: int) -> tuple[Missions, Counts]:
    """Post the medical teams now free to hospitals, where the medical information system shows patients waiting."""
    teams = free_units(given, state, Pool.MEDICAL, now_s).size
    medical = state.medical
    weight = decide_medical_weights(medical.known_waiting, medical.known_function, given.hospital_base)
    waiting = unfinished(state.missions, Task.HOSPITAL) & (state.missions.sent_s < 0)
    waiting &= state.missions.pool == given.n_town + Pool.MEDICAL
    share = decide_shares(weight, teams - int(waiting.sum()))
    if not share.any():
        return state.missions, state.counts
    rows = np.repeat(np.arange(len(share)), share)
    return _post(given, state, Task.HOSPITAL, rows, now_s)


def _post(given: Given, state: State, task: int, rows: Array, now_s: int) -> tuple[Missions, Counts]:
    """One mission per crew: engineers to the roads of towns, medical teams to hospitals (`rows`)."""
    roads = task == Task.ROAD
    first = state.counts.road_rounds if roads else state.counts.medical_rounds
    keys = given.town_keys if roads else given.hospital_keys
    missions = state.missions.append(
        key=mission_keys(keys[rows], task, first + np.arange(len(rows))),
        kind=task,
        pool=given.n_town + (Pool.ENGINEERS if roads else Pool.MEDICAL),
        priority=5,
        place=given.places.first[Ground.ROAD if roads else Ground.HOSPITAL] + rows,
        asked_s=now_s,
        work_s=int(given.params.road_shift_s if roads else given.params.dmat_stay_s),
    )
    after = first + len(rows)
    counts = changed(state.counts, road_rounds=after) if roads else changed(state.counts, medical_rounds=after)
    return missions, counts
