"""Headquarters gives forces a district: staged and idle crews go where known work waits, nearest first."""

from __future__ import annotations

import numpy as np

from layers.rescue import ways
from layers.rescue.codes import IS_OUTSIDE_CREW, N_POOL, Force, Pool, Trigger
from layers.rescue.scouting import decide_shares
from layers.rescue.state import Given, State
from twin.contract import Inputs
from twin.missions import WAITING, Units
from twin.missions.duty import on_duty

Array = np.ndarray


def decide_wanted(need: Array, weight: Array, free: int) -> Array:
    """Crews to send to each district, whole (town,): by known work that waits for crews and the town's weight.

    Never more than the work that waits, and no more than `free` crews.
    """
    return np.minimum(decide_shares(need * weight, min(free, int(need.sum()))), need.astype(np.int64))


def movable(given: Given, state: State, now_s: int) -> Array:
    """Rows of idle crews on duty that headquarters may send to another district.

    Outside forces and the Self-Defence Forces always; police; local fire crews, but for a reserve, once emergency
    teams are called. Crews sent to a town by order stay with its district.
    """
    roster, units, params = given.roster, state.units, given.params
    rows = np.flatnonzero((units.mission < 0) & (units.available_s <= now_s) & (units.arrive_s <= now_s))
    kind = roster.kind[rows]
    kept = params.ambulance_crew_fraction + params.reserve_fraction
    fire = (kind == Force.FIRE) & (roster.quantile[rows] >= kept) & (state.called_s[Trigger.FIRE_AID] >= 0)
    rows = rows[IS_OUTSIDE_CREW[kind] | (kind == Force.POLICE) | fire]
    rows = rows[state.sent.by[rows] == 0]
    return rows[on_duty(units, rows, now_s)]


def allocate(given: Given, state: State, inputs: Inputs, now_s: int) -> Units:
    """Units with the districts headquarters gives them now; the same object if nothing changes."""
    missions, units = state.missions, state.units
    waits = (missions.phase == WAITING) & (missions.asked_s <= now_s) & (missions.pool < given.n_town)
    if not waits.any():
        return units
    shut = ways.closed(given, inputs)
    if shut is not None:  # work nobody may go to draws no crews
        waits &= ~shut[missions.place]
    need = np.bincount(missions.pool[waits], weights=missions.need[waits], minlength=given.n_town)
    rows = movable(given, state, now_s)
    at = units.pool[rows]
    spare = (at >= given.n_town + Pool.STAGING) | (np.append(need, np.zeros(N_POOL))[at] == 0)
    rows = rows[spare]
    if not rows.size:
        return units
    share = decide_wanted(need, inputs["search_priority"], rows.size)
    pool = units.pool.copy()
    for district in np.argsort(-share, kind="stable")[: np.count_nonzero(share)].tolist():
        drive_s = _drive_s(given, inputs, units, rows, district)
        order = np.argsort(drive_s, kind="stable")[: share[district]]
        sent = order[np.isfinite(drive_s[order])]
        pool[rows[sent]] = district
        rows = np.delete(rows, sent)
    return units if np.array_equal(pool, units.pool) else units.with_columns(pool=pool)


def _drive_s(given: Given, inputs: Inputs, units: Units, rows: Array, district: int) -> Array:
    """Drive of each unit to the main town of a district; infinite beyond what local forces are sent."""
    params, kind = given.params, given.roster.kind[rows]
    drive_s = inputs["travel_emergency_s"][given.places.node[units.place[rows]], given.town_node[district]]
    limit_s = np.full(len(rows), np.inf)
    limit_s[kind == Force.FIRE] = params.aid_reach_s
    limit_s[kind == Force.POLICE] = params.police_reach_s
    return np.where(drive_s <= limit_s, drive_s, np.inf)
