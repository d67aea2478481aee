"""Missions: work that queues for units (crews, ambulances, repair gangs, generator cars, trucks, tankers).

All state lies in the columns of two tables, `Missions` and `Units`. `advance` moves both over [start_s, until_s)
with SimPy clocks built for what rings in that interval and dropped at its end. Rules:

- Times are whole seconds. A mission waits from `asked_s` on (a time ahead is allowed: it then waits unseen until it
  comes), units travel, work begins when the last of them is there, and ends `left_s` x stretch later.
- The queue of a pool is read once per second, after every other event of that second, in the total order
  (priority, asked_s, key). The nearest eligible units go, ties by key. `need` units are granted all or none.
- Eligible: of the mission's pool, idle, not on the way back, on duty, available_s <= t < leave_s, place reachable.
- A mission that finds some but not enough free units holds them back from those behind it, as long as enough units of
  the pool are on duty within reach for it to be served at all. One that nobody can reach holds nobody back.
- A waiting mission takes units from pre-emptible missions of a strictly greater priority number, the last in the
  order first, and only if that makes its crew complete. The interrupted mission keeps its left_s and its asked_s.
- Units are free where the work was; those with `return_to_base` go back first. A unit taken off the road turns
  back: it needs as long to where it set out as it has been driving, then goes on from there.
- A crew whose shift or stay ends while on a mission finishes that mission; its rest is not prolonged.

Law: advancing over any sub-division of an interval gives the same tables and the same log.
"""

from twin.missions.engine import advance
from twin.missions.queue import (
    UnitState,
    cancel,
    oldest_wait_s,
    queue_by_place,
    requeue,
    unit_counts,
    unit_states,
    waiting,
)
from twin.missions.tables import (
    CANCELLED,
    DONE,
    IDLE,
    LOG,
    NEVER_S,
    PHASES,
    TRAVELLING,
    WAITING,
    WORKING,
    Missions,
    Units,
)

__all__ = [
    "CANCELLED",
    "DONE",
    "IDLE",
    "LOG",
    "NEVER_S",
    "PHASES",
    "TRAVELLING",
    "WAITING",
    "WORKING",
    "Missions",
    "UnitState",
    "Units",
    "advance",
    "cancel",
    "oldest_wait_s",
    "queue_by_place",
    "requeue",
    "unit_counts",
    "unit_states",
    "waiting",
]
