"""What a headquarters asks of its queues: who waits, how long, where; and changes made from outside a step."""

from __future__ import annotations

from enum import IntEnum

import numpy as np

from twin.missions.course import left_s, own_missions, own_units, turn_back_s
from twin.missions.duty import resting
from twin.missions.tables import CANCELLED, IDLE, TRAVELLING, WAITING, WORKING, Missions, Units

Array = np.ndarray


class UnitState(IntEnum):
    """What a unit is doing: the columns of `unit_counts`."""

    IDLE = 0
    TRAVELLING = 1
    WORKING = 2
    RETURNING = 3
    RESTING = 4
    NOT_YET_AVAILABLE = 5
    WITHDRAWN = 6


def waiting(missions: Missions, now_s: int | None = None) -> Array:
    """Which missions wait for units, bool (mission,); with `now_s`, only those asked for by then."""
    waits = missions.phase == WAITING
    return waits if now_s is None else waits & (missions.asked_s <= now_s)


def oldest_wait_s(missions: Missions, now_s: int) -> int:
    """How long the mission that has waited longest has been waiting, seconds; 0 when none waits.

    Counted from `asked_s`: an interrupted mission counts the time it was worked on.
    """
    asked_s = missions.asked_s[waiting(missions, now_s)]
    return int(now_s - asked_s.min()) if asked_s.size else 0


def queue_by_place(missions: Missions, n_place: int, now_s: int | None = None) -> Array:
    """Number of missions waiting at each place, int64 (place,)."""
    return np.bincount(missions.place[waiting(missions, now_s)], minlength=n_place)


def unit_states(missions: Missions, units: Units, at_s: int) -> Array:
    """What each unit does at `at_s`, UnitState values as int8 (unit,); the tables must stand at `at_s`.

    A unit on a mission counts as travelling until the whole crew is there, and keeps that state beyond the end of its
    shift or stay.
    """
    state = np.full(len(units), UnitState.IDLE, np.int8)
    state[resting(units, np.arange(len(units)), at_s)] = UnitState.RESTING
    state[units.arrive_s > at_s] = UnitState.RETURNING
    state[units.available_s > at_s] = UnitState.NOT_YET_AVAILABLE
    state[units.leave_s <= at_s] = UnitState.WITHDRAWN
    at_work = np.isin(units.mission, missions.key[missions.phase == WORKING])
    state[units.mission != IDLE] = UnitState.TRAVELLING
    state[(units.mission != IDLE) & at_work] = UnitState.WORKING
    return state


def unit_counts(missions: Missions, units: Units, at_s: int, n_pool: int) -> Array:
    """Number of units by pool and state at `at_s`, int64 (n_pool, len(UnitState)); rows add up to the pool's units."""
    cell = units.pool.astype(np.int64) * len(UnitState) + unit_states(missions, units, at_s)
    return np.bincount(cell, minlength=n_pool * len(UnitState)).reshape(n_pool, len(UnitState))


def requeue(missions: Missions, units: Units, mask: Array, now_s: int) -> tuple[Missions, Units]:
    """Take the units off these running missions, which wait again with the work that is left.

    mask: bool (mission,) or rows; missions that are not travelling or working stay as they are. The tables must
    stand at `now_s`. Units on the road turn back; units at work are free where they are.
    """
    rows = _rows(mask)
    rows = rows[(missions.phase[rows] == TRAVELLING) | (missions.phase[rows] == WORKING)]
    if not rows.size:
        return missions, units
    m = own_missions(missions)
    u = _released(missions, units, rows, now_s)
    for row in rows[missions.phase[rows] == WORKING].tolist():
        m.left_s[row] = left_s(m.left_s[row], m.due_s[row] - now_s, m.pace[row])
    m.phase[rows], m.due_s[rows] = WAITING, -1
    return m, u


def cancel(missions: Missions, units: Units, mask: Array, now_s: int) -> tuple[Missions, Units]:
    """Give these missions up, and free their units as `requeue` does; `left_s` keeps the work not done.

    mask: bool (mission,) or rows; missions already done or cancelled stay as they are.
    """
    rows = _rows(mask)
    rows = rows[missions.phase[rows] <= WORKING]
    if not rows.size:
        return missions, units
    missions, units = requeue(missions, units, rows, now_s)
    phase, done_s = missions.phase.copy(), missions.done_s.copy()
    phase[rows], done_s[rows] = CANCELLED, now_s
    return missions.with_columns(phase=phase, done_s=done_s), units


def _rows(mask: Array) -> Array:
    """Row numbers of a bool mask; row numbers stay what they are."""
    mask = np.asarray(mask)
    return np.flatnonzero(mask) if mask.dtype == bool else mask


def _released(missions: Missions, units: Units, rows: Array, now_s: int) -> Units:
    """The units, without a mission if they were on one of these."""
    u = own_units(units)
    travelling = rows[missions.phase[rows] == TRAVELLING]
    on_the_road = np.flatnonzero(np.isin(u.mission, missions.key[travelling]))
    u.arrive_s[on_the_road] = now_s + turn_back_s(units, on_the_road, now_s)
    u.mission[np.isin(u.mission, missions.key[rows])] = IDLE
    return u
