"""Who goes where: the queues of one step, read at the end of each second in which something happened."""

from __future__ import annotations

from bisect import insort
from collections.abc import Callable
from functools import partial

import numpy as np
import simpy
from simpy.events import EventPriority

from twin.missions.course import Clock, Course, Surroundings, own_missions, own_units
from twin.missions.duty import idle, on_duty, roster_changes, rows_of_pools
from twin.missions.reach import NOBODY, nearest, within_reach
from twin.missions.tables import IDLE, LOG, TRAVELLING, WAITING, WORKING, Missions, Units

Array = np.ndarray
AFTER_ALL_ELSE = EventPriority(2)  # SimPy runs its own events of a second with priorities 0 and 1


class EndOfSecond(simpy.Event):
    """Happens in the present second, after everything else that is to happen in it."""

    def __init__(self, env: simpy.Environment, then: Callable[[simpy.Event], None]) -> None:
        super().__init__(env)
        self._ok, self._value = True, None
        self.callbacks.append(then)
        env.schedule(self, priority=AFTER_ALL_ELSE)


class Dispatch:
    """The queues of one step, as sorted lists of ranks in the total order (priority, asked_s, key), by pool.

    Reading a queue twice in the same state changes nothing the second time, and it is read whenever a mission or a
    unit changes. That is why a step may be cut anywhere.
    """

    def __init__(self, missions: Missions, units: Units, around: Surroundings) -> None:
        self.around = around
        self.m, self.u = own_missions(missions), own_units(units)
        self.env = simpy.Environment(around.start_s)
        running = (self.m.phase == TRAVELLING) | (self.m.phase == WORKING)
        self.course = Course(self.m, self.u, around, self.env, self.read_later, running & self.m.preemptible)
        self.due = np.flatnonzero(running & (self.m.due_s < around.until_s))
        self.to_read: set[int] = set()
        self._rank()

    def _rank(self) -> None:
        """Rank all missions that wait or may come to wait before the step ends, and line up those that wait now."""
        m, start_s = self.m, self.around.start_s
        waits = (m.phase == WAITING) & (m.asked_s < self.around.until_s)
        rows = np.flatnonzero(waits | self.course.takeable)
        self.row_of_rank = rows[np.lexsort((m.key[rows], m.asked_s[rows], m.priority[rows]))]
        self.rank = np.full(len(m), -1)
        self.rank[self.row_of_rank] = np.arange(len(rows))
        self.queues: dict[int, list[int]] = {pool: [] for pool in m.pool[rows].tolist()}
        in_line = (waits & (m.asked_s <= start_s))[self.row_of_rank].nonzero()[0]
        for rank, pool in zip(in_line.tolist(), m.pool[self.row_of_rank[in_line]].tolist()):
            self.queues[pool].append(rank)
        self.coming = self.row_of_rank[(waits & (m.asked_s > start_s))[self.row_of_rank]]

    def run(self) -> tuple[Missions, Units, Array]:
        """Let all clocks of the interval ring; returns the tables at its end and the log."""
        for row in self.due.tolist():
            self.course.start_clock(row)
        for row in self.coming.tolist():
            Clock(self.env, int(self.m.asked_s[row]), partial(self._come, row))
        self._watch_roster()
        for pool, queue in self.queues.items():
            if queue:
                self.read_later(pool)
        self.env.run(until=self.around.until_s)
        self.course.close_second()
        log = np.array(self.course.log, LOG)
        del self.course  # which holds this object: without the circle both are freed at once
        return self.m, self.u, log

    def _come(self, row: int, _: simpy.Event) -> None:
        """A mission asked for within the step joins its queue."""
        self._line_up(row)
        self.read_later(int(self.m.pool[row]))

    def _watch_roster(self) -> None:
        """Have a queue read again whenever units of its pool come or go by themselves."""
        if self.queues:
            rows = rows_of_pools(self.u, np.array(list(self.queues)))
            times_s, pools = roster_changes(self.u, rows, self.around.start_s, self.around.until_s)
            for at_s, pool in zip(times_s.tolist(), pools.tolist()):
                Clock(self.env, at_s, partial(self._change_roster, pool))

    def _change_roster(self, pool: int, _: simpy.Event) -> None:
        """Units of a pool came or went."""
        self.read_later(pool)

    def read_later(self, pool: int) -> None:
        """Have this pool's queue, if anybody waits in it, read once, at the end of the present second."""
        if not self.queues.get(pool):
            return
        if not self.to_read:
            EndOfSecond(self.env, self._read)
        self.to_read.add(pool)

    def _read(self, _: simpy.Event) -> None:
        """Grant what can be granted now, pool by pool; then start the clocks of those that set out."""
        self.course.close_second()
        pools, self.to_read = sorted(self.to_read), set()
        sent: list[int] = []
        for pool in pools:
            while self._interrupts(pool, sent):
                pass  # units set free may serve a mission that was passed over
        for row in sent:
            self.course.start_clock(row)

    def _interrupts(self, pool: int, sent: list[int]) -> bool:
        """Go through a queue; stops with True at a pre-emption, after which the queue is another one."""
        queue = self.queues.get(pool, [])
        if not queue:
            return False
        at_hand = self._on_duty(idle(self.u, (self.u.pool == pool).nonzero()[0], self.course.now_s))
        closed: set[int] = set()
        position = 0
        while position < len(queue):
            row = int(self.row_of_rank[queue[position]])
            lesser = self._less_urgent(row)
            if not at_hand.size and not lesser.size:
                return False  # those behind are no more urgent
            near, took_s = self._idle_within_reach(at_hand, row, closed)
            if near.size >= self.m.need[row]:
                chosen = nearest(took_s, int(self.m.need[row]))
                self.course.send(row, near[chosen], took_s[chosen])
                sent.append(row)
                del queue[position]
                at_hand = at_hand[self.u.mission[at_hand] == IDLE]
            elif lesser.size and self._preempt(row, lesser, near, took_s):
                sent.append(row)
                return True
            else:
                if near.size and self._enough_on_duty(row):
                    at_hand = at_hand[~np.isin(at_hand, near)]
                position += 1
        return False

    def _preempt(self, row: int, lesser: Array, near: Array, took_s: Array) -> bool:
        """Complete a crew from less urgent missions, last in the order first; False if even all would not do."""
        victims, crews, times_s = [], [near], [took_s]
        missing = int(self.m.need[row]) - near.size
        for victim in lesser[np.argsort(-self.rank[lesser])].tolist():
            crew, crew_s = self._crew_within_reach(victim, int(self.m.place[row]))
            chosen = nearest(crew_s, missing)
            if not chosen.size:
                continue
            victims.append(victim)
            crews.append(crew[chosen])
            times_s.append(crew_s[chosen])
            missing -= chosen.size
            if not missing:
                break
        if missing:
            return False
        for victim in victims:
            self.course.interrupt(victim)
            self._line_up(victim)
        self.queues[int(self.m.pool[row])].remove(int(self.rank[row]))
        self.course.send(row, np.concatenate(crews), np.concatenate(times_s))
        return True

    def _crew_within_reach(self, row: int, place: int) -> tuple[Array, Array]:
        """Units of a running mission that could go to another place, and their seconds, turning back included."""
        crew = self.course.crew(row)
        crew = crew[on_duty(self.u, crew, self.course.now_s)]
        crew, took_s = within_reach(self.around.travel_s, self.u, crew, place)
        return crew, took_s + self.course.turn_back_s(row, crew)

    def _less_urgent(self, row: int) -> Array:
        """Rows of the missions whose units this one may take."""
        m, rows = self.m, self.course.takeable.nonzero()[0]
        return rows[(m.pool[rows] == m.pool[row]) & (m.priority[rows] > m.priority[row])] if rows.size else rows

    def _idle_within_reach(self, at_hand: Array, row: int, closed: set[int]) -> tuple[Array, Array]:
        """Idle units that can get to a mission, and their seconds; asks only once for a place nobody can reach."""
        place = int(self.m.place[row])
        if place in closed:
            return NOBODY, NOBODY
        near, took_s = within_reach(self.around.travel_s, self.u, at_hand, place)
        if not near.size:
            closed.add(place)
        return near, took_s

    def _enough_on_duty(self, row: int) -> bool:
        """Whether enough units of the pool, idle or not, are on duty within reach of this mission."""
        rows = self._on_duty((self.u.pool == self.m.pool[row]).nonzero()[0])
        near, _ = within_reach(self.around.travel_s, self.u, rows, int(self.m.place[row]))
        return near.size >= self.m.need[row]

    def _on_duty(self, rows: Array) -> Array:
        """Those of these units that are on duty now, with or without a mission, by key."""
        rows = rows[on_duty(self.u, rows, self.course.now_s)]
        return rows[np.argsort(self.u.key[rows])] if rows.size > 1 else rows

    def _line_up(self, row: int) -> None:
        """Put a mission into its queue."""
        insort(self.queues[int(self.m.pool[row])], int(self.rank[row]))
