"""People cut off by water: known by calls or sight, fetched by crews with boats and by helicopters.

Boats are manned by the crews that also search and fight fires. Where people wait is known after a delay; the truth is
met at the end of a sortie. No boat sets out into the danger zone while a tsunami warning is in force.
"""

from __future__ import annotations

import numpy as np

from layers.rescue.codes import IS_LIFT, IS_OUTSIDE_CREW, Ground, Pool, Task
from layers.rescue.dispatch import decide_priority
from layers.rescue.keys import mission_keys
from layers.rescue.scouting import decide_shares
from layers.rescue.state import Given, Lifts, State, changed
from twin.contract import Clock, Inputs
from twin.missions import NEVER_S, WAITING, WORKING, Missions, Units, cancel

Array = np.ndarray
HOISTS_AHEAD = 2  # sorties ordered for each helicopter, so that it flies on without waiting for the next order


def taken_over(lifts: Lifts, stranded: Array) -> Lifts:
    """Who is cut off now, (cell,): once the number has changed, those fetched before are no longer counted in it."""
    if np.array_equal(stranded, lifts.seen):
        return lifts
    return changed(lifts, seen=stranded, pending=np.zeros_like(lifts.pending))


def look(given: Given, lifts: Lifts, inputs: Inputs, clock: Clock) -> tuple[Lifts, Array]:
    """Hear of people cut off: (lifts, cells that became known in the step).

    The first call or look from a cell comes after a delay by chance, longer where the dispatch centre is impaired;
    from then on the people at windows and on roofs are seen. A cell nobody is cut off in any more is forgotten.
    """
    stranded = lifts.seen
    if not (stranded.any() or lifts.known.any()):
        return lifts, np.empty(0, np.int64)
    known_s = np.where(stranded > 0, lifts.known_s, NEVER_S)
    rows = np.flatnonzero((stranded > 0) & (known_s == NEVER_S))
    if rows.size:
        capability = np.clip(inputs["dispatch_fraction"][given.cell_town[rows]], 0.1, 1.0)
        mean_s = given.params.stranded_report_s / capability
        delay_s = clock.chance.exponential("rescue.stranded_report", given.cell_keys[rows], mean_s, lifts.made[rows])
        known_s[rows] = clock.end_s + np.ceil(delay_s).astype(np.int64)
    new = np.flatnonzero((known_s > clock.start_s) & (known_s <= clock.end_s))
    return changed(lifts, known_s=known_s, known=known_s <= clock.end_s), new


def waiting(lifts: Lifts) -> Array:
    """People known to wait for boats and helicopters, (cell,)."""
    return np.where(lifts.known, np.maximum(lifts.seen - lifts.pending, 0.0), 0.0)


def boats_at_hand(given: Given, units: Units, now_s: int) -> int:
    """Boats of local fire brigades and police, and those that crews from outside bring with them once they are here."""
    params = given.params
    outside = IS_OUTSIDE_CREW[given.roster.kind] & (units.available_s <= now_s)
    return int(params.boats_per_person * given.population.sum() + params.boats_per_aid_crew * outside.sum() + 1e-9)


def can_hoist(given: Given, inputs: Inputs) -> bool:
    """Helicopters hoist by day and below a limit of wind."""
    return bool(inputs["daylight"][0] > 0.5 and inputs["wind_m_per_s"][0] < given.params.hoist_wind_limit_m_per_s)


def hoist_stretch(given: Given, wind_m_per_s: float) -> float:
    """How much longer a hoist takes in wind, >= 1: hovering gets harder with its square up to the limit."""
    share = min(wind_m_per_s / given.params.hoist_wind_limit_m_per_s, 0.95)
    return 1.0 / (1.0 - share**2)


def decide_sorties(unserved_persons: Array, weight: Array, load: float, free: int) -> Array:
    """Sorties to order for each cell, whole (cell,): shared by the people known to wait and the town's weight.

    unserved_persons: those nobody is ordered to yet. Never more sorties of `load` persons than they fill, nor more
    than `free` crafts.
    """
    need = np.ceil(np.maximum(unserved_persons, 0.0) / load)
    return np.minimum(decide_shares(need * weight, min(free, int(need.sum()))), need.astype(np.int64))


def lift_missions(
    given: Given, state: State, inputs: Inputs, closed: Array | None, now_s: int
) -> tuple[Missions, Units, Lifts]:
    """Order sorties of helicopters, then of boats, for the people known to wait, as many as there are crafts."""
    params, units, lifts = given.params, state.units, state.lifts
    wanted = waiting(lifts)
    if not (wanted.any() or (IS_LIFT[state.missions.kind] & (state.missions.phase <= WORKING)).any()):
        return state.missions, units, lifts
    may_hoist = can_hoist(given, inputs)
    missions, units = _lapse(given, state.missions, units, wanted, may_hoist, now_s)
    afloat = wanted if closed is None else np.where(closed[_homes(given)], 0.0, wanted)
    weight, made = inputs["search_priority"][given.cell_town], lifts.made
    crafts = (
        (Task.HOIST, params.hoist_persons, HOISTS_AHEAD * int(params.helicopters) if may_hoist else 0, wanted),
        (Task.BOAT, params.boat_persons, boats_at_hand(given, units, now_s), afloat),
    )
    under_way = {craft[0]: _open_sorties(given, missions, craft[0]) for craft in crafts}
    promised = sum(under_way[craft[0]] * craft[1] for craft in crafts)
    wind_m_per_s = float(inputs["wind_m_per_s"][0])
    for task, load, number, waiting_persons in crafts:
        share = decide_sorties(waiting_persons - promised, weight, load, number - int(under_way[task].sum()))
        if share.any():
            missions = _order(given, missions, task, share, (made, weight), (wind_m_per_s, now_s))
            made, promised = made + share, promised + share * load
    return missions, units, changed(lifts, made=made)


def _homes(given: Given) -> Array:
    """Places of flooded homes, (cell,)."""
    return given.places.first[Ground.WATER] + np.arange(given.n_cell)


def _open_sorties(given: Given, missions: Missions, task: int) -> Array:
    """Sorties ordered and not yet over, (cell,)."""
    rows = (missions.kind == task) & (missions.phase <= WORKING)
    return np.bincount(given.places.entity[missions.place[rows]], minlength=given.n_cell)


def _lapse(
    given: Given, missions: Missions, units: Units, wanted: Array, may_hoist: bool, now_s: int
) -> tuple[Missions, Units]:
    """Sorties not begun lapse where nobody waits any more, and hoists also in darkness and storm."""
    idle = IS_LIFT[missions.kind] & (missions.phase == WAITING)
    if not idle.any():
        return missions, units
    needless = wanted[np.where(idle, given.places.entity[missions.place], 0)] <= 0
    grounded = (missions.kind == Task.HOIST) & (not may_hoist)
    return cancel(missions, units, idle & (needless | grounded), now_s)


def _order(
    given: Given, missions: Missions, task: int, share: Array, of_cell: tuple[Array, Array], now: tuple[float, int]
) -> Missions:
    """`share` sorties to each cell, (cell,); of_cell: sorties ordered before and weight; now: wind, time."""
    params, hoist, (made, weight), (wind_m_per_s, now_s) = given.params, task == Task.HOIST, of_cell, now
    cell = np.repeat(np.arange(given.n_cell), share)
    number = made[cell] + np.arange(len(cell)) - np.repeat(np.cumsum(share) - share, share)
    hoist_s = params.hoist_sortie_s * hoist_stretch(given, wind_m_per_s)
    return missions.append(
        key=mission_keys(given.cell_keys[cell], task, number),
        kind=task,
        pool=given.n_town + Pool.AIR if hoist else given.district[given.cell_town[cell]],
        priority=decide_priority(np.full(len(cell), task), weight[cell]),
        place=_homes(given)[cell],
        asked_s=now_s,
        work_s=int(hoist_s if hoist else params.boat_sortie_s),
    )


def work_off(given: Given, state: State, rows: Array) -> tuple[Array, list[tuple[int, int]]]:
    """Whom the sorties just done fetched: (lifted (cell,), [(mission key, persons)]); rows: missions done."""
    missions, lifts = state.missions, state.lifts
    lifted = np.zeros(given.n_cell)
    by_mission: list[tuple[int, int]] = []
    left = np.maximum(lifts.seen - lifts.pending, 0.0)
    for row in rows[IS_LIFT[missions.kind[rows]]].tolist():
        cell = int(given.places.entity[missions.place[row]])
        load = given.params.hoist_persons if missions.kind[row] == Task.HOIST else given.params.boat_persons
        fetched = int(min(load, left[cell]))
        left[cell] -= fetched
        lifted[cell] += fetched
        by_mission.append((int(missions.key[row]), fetched))
    return lifted, by_mission
