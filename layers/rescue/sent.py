"""What orders from outside set going: crews bound to a town, medical teams bound to a hospital, flights of patients."""

from __future__ import annotations

import numpy as np

from layers.rescue.boats import can_hoist
from layers.rescue.codes import N_TASK, Force, Ground, Pool, Task
from layers.rescue.forces import unfinished
from layers.rescue.keys import mission_keys
from layers.rescue.news import News
from layers.rescue.state import Given, Sent, State, changed, home_pool
from twin.contract import Clock, Inputs
from twin.missions import NEVER_S, WAITING, Missions, cancel

Array = np.ndarray
FIRST_IN_LINE = 1  # priority of flights that helicopters are allotted to: only fires come before
STAYS = N_TASK  # makes the keys of their stays differ from those of other medical teams


def go_on(given: Given, state: State, inputs: Inputs, clock: Clock, news: News) -> State:
    """Tell of units that have come, let go those who are done, post the teams, order the flights of this step."""
    if state.sent.by.any():
        _tell_arrivals(given, state, clock, news)
        state = _post_teams(given, _let_go(given, state, clock.end_s), clock.end_s)
    if state.sent.airlift.any():
        state = _order_flights(given, state, inputs, clock.end_s)
    return state


def teams_at(given: Given, sent: Sent) -> Array:
    """Medical teams sent to each hospital by orders in force, whole (hospital,)."""
    mine = (sent.by > 0) & (given.roster.kind == Force.MEDICAL)
    return np.bincount(sent.to[mine], minlength=len(given.hospital_beds))


def _tell_arrivals(given: Given, state: State, clock: Clock, news: News) -> None:
    at_s = state.units.available_s
    come = (state.sent.by > 0) & (at_s > clock.start_s) & (at_s <= clock.end_s)
    teams = given.roster.kind == Force.MEDICAL
    for rows, quantity in ((come & ~teams, "sent_crews"), (come & teams, "sent_teams_crews")):
        news.sent_arrived(given.roster.persons[rows], state.sent.to[rows], quantity)


def withdraw(given: Given, state: State, rows: Array, now_s: int) -> State:
    """Call these units back, bool (unit,): work in hand is finished, stays at hospitals end at once."""
    leave_s = np.where(rows, now_s, state.units.leave_s)
    state = changed(state, units=state.units.with_columns(leave_s=leave_s))
    if not (rows & (given.roster.kind == Force.MEDICAL)).any():
        return _let_go(given, state, now_s)
    state = _end_stays(given, state, rows, now_s)
    return _post_teams(given, _let_go(given, state, now_s), now_s)


def _end_stays(given: Given, state: State, rows: Array, now_s: int) -> State:
    """End the stays of teams called back, and those nobody will come to any more."""
    missions, units = state.missions, state.units
    posted = unfinished(missions, Task.HOSPITAL) & (missions.pool == given.n_town + Pool.SENT_TEAMS)
    hospitals = np.unique(state.sent.to[rows])
    waits = (missions.phase == WAITING) & np.isin(given.places.entity[missions.place], hospitals)
    ends = posted & (waits | np.isin(missions.key, units.mission[rows]))
    missions, units = cancel(missions, units, ends, now_s)
    return changed(state, missions=missions, units=units)


def _let_go(given: Given, state: State, now_s: int) -> State:
    """Units called back that have no work in hand leave the region and may be sent again."""
    sent, units = state.sent, state.units
    gone = (sent.by > 0) & (units.leave_s <= now_s) & (units.mission < 0)
    if not gone.any():
        return state
    columns = {"available_s": NEVER_S, "leave_s": NEVER_S, "duty_s": 0, "rest_s": 0, "shift_offset_s": 0}
    columns |= {"arrive_s": 0, "departed_s": 0}
    fresh = {name: np.where(gone, value, getattr(units, name)) for name, value in columns.items()}
    place = np.where(gone, given.roster.place, units.place).astype(units.place.dtype)
    pool = np.where(gone, home_pool(given), units.pool).astype(units.pool.dtype)
    return changed(
        state,
        units=units.with_columns(**fresh, place=place, pool=pool),
        ordered=state.ordered & ~gone,
        sent=changed(sent, by=np.where(gone, 0, sent.by), to=np.where(gone, -1, sent.to)),
        stale=True,
    )


def _post_teams(given: Given, state: State, now_s: int) -> State:
    """A stay for every team sent to a hospital, again when one ends; they wait for it on their way and at rest."""
    wanted = teams_at(given, state.sent)
    missions, posts = state.missions, state.sent.posts
    mine = unfinished(missions, Task.HOSPITAL) & (missions.pool == given.n_town + Pool.SENT_TEAMS)
    there = np.bincount(given.places.entity[missions.place[mine]], minlength=len(wanted))
    more = np.maximum(wanted - there, 0)
    if not more.any():
        return state
    work_s = int(given.params.dmat_stay_s)
    missions = _posted(given, missions, STAYS, Pool.SENT_TEAMS, more, posts, (now_s, work_s))
    return changed(state, missions=missions, sent=changed(state.sent, posts=posts + more))


def _posted(
    given: Given, missions: Missions, task: int, pool: int, more: Array, before: Array, when: tuple[int, int]
) -> Missions:
    """`more` missions at each hospital, numbered on from `before`; both (hospital,). when: asked, seconds of work."""
    rows = np.repeat(np.arange(len(more)), more)
    number = before[rows] + np.arange(len(rows)) - np.repeat(np.cumsum(more) - more, more)
    asked_s, work_s = when
    return missions.append(
        key=mission_keys(given.hospital_keys[rows], task, number.astype(np.int64)),
        kind=Task.HOSPITAL if task == STAYS else task,
        pool=given.n_town + pool,
        priority=FIRST_IN_LINE,
        place=given.places.first[Ground.HOSPITAL] + rows,
        asked_s=asked_s,
        work_s=work_s,
    )


def _order_flights(given: Given, state: State, inputs: Inputs, now_s: int) -> State:
    """Sorties for the severe patients who wait, by day and in fair wind, no more at a time than helicopters allotted.

    Sorties not begun lapse in darkness and storm.
    """
    if not can_hoist(given, inputs):
        return end_flights(given, state, np.ones(len(given.hospital_beds), bool), now_s)
    sent, missions = state.sent, state.missions
    flying = np.bincount(
        given.places.entity[missions.place[unfinished(missions, Task.AIRLIFT)]], minlength=len(sent.airlift)
    )
    loads = np.floor(severe_waiting(given, state) / given.params.airlift_persons)
    more = np.maximum(np.minimum(sent.airlift, loads) - flying, 0).astype(np.int64)
    if not more.any():
        return state
    work_s = int(given.params.airlift_sortie_s)
    missions = _posted(given, missions, Task.AIRLIFT, Pool.AIR, more, sent.flights, (now_s, work_s))
    return changed(state, missions=missions, sent=changed(sent, flights=sent.flights + more))


def severe_waiting(given: Given, state: State) -> Array:
    """Patients waiting at each hospital who need a bed, (hospital,): the hospital itself asks for their flight."""
    return state.medical.waiting.sum(axis=1) * given.params.admitted_fraction


def end_flights(given: Given, state: State, hospitals: Array, now_s: int) -> State:
    """Give up the sorties not begun for these hospitals, bool (hospital,)."""
    missions = state.missions
    idle = (missions.kind == Task.AIRLIFT) & (missions.phase == WAITING)
    if not idle.any():
        return state
    mine = idle & hospitals[np.where(idle, given.places.entity[missions.place], 0)]
    missions, units = cancel(missions, state.units, mine, now_s)
    return changed(state, missions=missions, units=units)


def flown_out(given: Given, state: State, rows: Array) -> State:
    """Patients of sorties just done (`rows`: missions) have a bed outside the region: they count as treated."""
    missions = state.missions
    mine = rows[missions.kind[rows] == Task.AIRLIFT]
    if not mine.size:
        return state
    medical, flown = state.medical, state.sent.flown.copy()
    waiting, treated = medical.waiting.copy(), medical.treated.copy()
    for row in given.places.entity[missions.place[mine]].tolist():
        queue = waiting[row].sum()
        taken = waiting[row] * (min(given.params.airlift_persons, queue) / max(queue, 1e-12))
        waiting[row] -= taken
        treated += taken
        flown[row] += taken.sum()
    return changed(
        state, medical=changed(medical, waiting=waiting, treated=treated), sent=changed(state.sent, flown=flown)
    )
