"""Move missions and units over an interval: decide whether anything can happen, and only then build clocks."""

from __future__ import annotations

import numpy as np

from twin.errors import StateError
from twin.missions.course import Surroundings
from twin.missions.dispatch import Dispatch
from twin.missions.duty import idle, on_duty, roster_changes, rows_of_pools
from twin.missions.reach import ByPlace, TravelTimes, at_places
from twin.missions.tables import LOG, TRAVELLING, WAITING, WORKING, Missions, Units

Array = np.ndarray
NO_LOG = np.empty(0, LOG)
NO_LOG.flags.writeable = False


def advance(
    missions: Missions,
    units: Units,
    start_s: int,
    until_s: int,
    travel_s: TravelTimes,
    *,
    pause: ByPlace = None,
    stretch: ByPlace = None,
) -> tuple[Missions, Units, Array]:
    """Missions and units as they stand at `until_s`, and the log of what changed in [start_s, until_s).

    travel_s(unit_rows, from_places, to_place): seconds each of these units takes from its place (`from_places`, given
    because units move within the step) to one place; np.inf where there is no way. Rounded up to whole seconds.
    pause: array (place,) of bool, or a function of an array of places: where work stands still in this interval.
    Every mission at work there ends later by the part of the interval it was at work in; journeys go on, and
    crews stay. Work already complete at `start_s` is not held up.
    stretch: array (place,) or function, factor >= 0 on the seconds of work, read when work begins or begins again.

    The log has dtype LOG: by time; within a second ends and arrivals by key, then grants as they were made.
    The arguments stay untouched; if nothing can happen, the same objects come back. Columns that no mission changes
    (keys, places to go, shifts) are handed on uncopied. Raises StateError if until_s < start_s, or for a travel time
    or stretch that is negative or not a number.
    """
    if until_s < start_s:
        raise StateError(f"missions cannot go back from {start_s} s to {until_s} s; check the step's interval")
    missions = _put_off(missions, start_s, until_s, pause)
    if _quiet(missions, units, start_s, until_s):
        return missions, units, NO_LOG
    return Dispatch(missions, units, Surroundings(start_s, until_s, travel_s, pause, stretch)).run()


def _put_off(missions: Missions, start_s: int, until_s: int, pause: ByPlace) -> Missions:
    """Work going on at paused places ends later by the length of the interval."""
    if pause is None or until_s == start_s:
        return missions
    rows = ((missions.phase == WORKING) & (missions.due_s > start_s)).nonzero()[0]
    rows = rows[at_places(pause, missions.place[rows], False).astype(bool)]
    if not rows.size:
        return missions
    due_s = missions.due_s.copy()
    due_s[rows] += until_s - start_s
    return missions.with_columns(due_s=due_s)


def _quiet(missions: Missions, units: Units, start_s: int, until_s: int) -> bool:
    """Whether no clock rings in the interval and no waiting mission could be granted anything."""
    if until_s == start_s:
        return True
    running = (missions.phase == TRAVELLING) | (missions.phase == WORKING)
    if (running & (missions.due_s < until_s)).any():
        return False
    waits = ((missions.phase == WAITING) & (missions.asked_s < until_s)).nonzero()[0]
    if not waits.size:
        return True
    theirs = rows_of_pools(units, missions.pool[waits])
    if on_duty(units, idle(units, theirs, start_s), start_s).any():
        return False
    if roster_changes(units, theirs, start_s, until_s)[0].size:
        return False
    return not _could_preempt(missions, waits, (running & missions.preemptible).nonzero()[0])


def _could_preempt(missions: Missions, waits: Array, takeable: Array) -> bool:
    """Whether some waiting mission is more urgent than a pre-emptible one at work in its pool."""
    return any(
        missions.priority[waits[missions.pool[waits] == pool]].min(initial=2**15 - 1)
        < missions.priority[takeable[missions.pool[takeable] == pool]].max()
        for pool in np.unique(missions.pool[takeable])
    )
