"""The course of missions within one step: setting out, working, being interrupted, done; one SimPy clock for each."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial

import numpy as np
import simpy

from twin.errors import StateError
from twin.missions.reach import ByPlace, TravelTimes, at_places, stretched_s, within_reach
from twin.missions.tables import DONE, IDLE, TRAVELLING, WAITING, WORKING, Missions, Units

Array = np.ndarray


@dataclass(frozen=True)
class Surroundings:
    """What the caller of `advance` says about one interval: its span, the ways, and work by place."""

    start_s: int
    until_s: int
    travel_s: TravelTimes
    pause: ByPlace = None
    stretch: ByPlace = None


class Clock(simpy.Event):
    """Rings at a whole second of the step, in no particular order among those of that second."""

    def __init__(self, env: simpy.Environment, at_s: int, then: Callable[[simpy.Event], None]) -> None:
        super().__init__(env)
        self._ok, self._value = True, None
        self.callbacks.append(then)
        env.schedule(self, delay=at_s - env.now)


@dataclass
class Course:
    """Writes the rows of missions and units; never reads a queue.

    m, u: the step's own tables, whose changing columns are copies. ask: has a pool's queue read at the end of the
    present second. clocks: mission row -> the clock that is to ring within the step. takeable: missions with units
    that a more urgent one may take. log: finished lines; rung: lines of one second, not yet in order of keys.
    """

    m: Missions
    u: Units
    around: Surroundings
    env: simpy.Environment
    ask: Callable[[int], None]
    takeable: Array
    clocks: dict[int, Clock] = field(default_factory=dict)
    log: list[tuple[int, ...]] = field(default_factory=list)
    rung: list[tuple[int, ...]] = field(default_factory=list)

    @property
    def now_s(self) -> int:
        """The present second."""
        return int(self.env.now)

    def start_clock(self, row: int) -> None:
        """Start the clock of a mission that is due within the step; leave all others without one."""
        due_s = int(self.m.due_s[row])
        if 0 <= due_s < self.around.until_s and row not in self.clocks:
            self.clocks[row] = Clock(self.env, due_s, partial(self._ring, row))

    def _ring(self, row: int, clock: simpy.Event) -> None:
        """The travel or the work of a mission ends, unless it was interrupted meanwhile."""
        if self.clocks.get(row) is not clock:
            return
        del self.clocks[row]
        if self.rung and self.rung[0][0] < self.now_s:
            self.close_second()
        if self.m.phase[row] == TRAVELLING:
            self._begin_work(row)
        else:
            self._finish(row)
        self.ask(int(self.m.pool[row]))
        self.start_clock(row)

    def send(self, row: int, rows: Array, took_s: Array) -> None:
        """Give a mission these units: they set out now."""
        m, now_s = self.m, self.now_s
        self.u.mission[rows], self.u.departed_s[rows], self.u.arrive_s[rows] = (
            m.key[row],
            now_s,
            now_s + took_s,
        )
        m.due_s[row] = now_s + took_s.max()
        if m.sent_s[row] < 0:
            m.sent_s[row] = now_s
        self.takeable[row] = m.preemptible[row]
        self._enter(row, TRAVELLING, self.log)

    def _begin_work(self, row: int) -> None:
        """The last unit is there: work begins, or goes on where it was interrupted."""
        m, crew = self.m, self.crew(row)
        self.u.place[crew] = m.place[row]
        m.pace[row] = self._pace(m.place[row : row + 1])
        work_s = stretched_s(int(m.left_s[row]), float(m.pace[row]))
        m.due_s[row] = work_s + (self.around.until_s if work_s and self._paused(row) else self.now_s)
        if m.began_s[row] < 0:
            m.began_s[row] = self.now_s
        self._enter(row, WORKING, self.rung)

    def _finish(self, row: int) -> None:
        """The work is done: the units are free, or go back first."""
        m, crew = self.m, self.crew(row)
        m.due_s[row], m.done_s[row], m.left_s[row] = -1, self.now_s, 0
        self.takeable[row] = False
        self.u.mission[crew] = IDLE
        back = crew[self.u.return_to_base[crew]]
        if back.size:
            self._send_back(back[self.u.place[back] != self.u.base[back]])
        self._enter(row, DONE, self.rung)

    def interrupt(self, row: int) -> None:
        """Take a mission's units away; it keeps what work is left and waits again, since when it first asked."""
        m, crew = self.m, self.crew(row)
        if m.phase[row] == WORKING:
            stopped_s = self.around.until_s if self._paused(row) else self.now_s
            m.left_s[row] = left_s(m.left_s[row], m.due_s[row] - stopped_s, m.pace[row])
        turn_s = self.turn_back_s(row, crew)
        m.due_s[row], self.takeable[row] = -1, False
        self.u.mission[crew] = IDLE
        self._busy_until(crew, self.now_s + turn_s)
        self.clocks.pop(row, None)
        self._enter(row, WAITING, self.log)

    def _send_back(self, rows: Array) -> None:
        """These units travel to their base, busy until there; one without a way stays and is free."""
        for base in np.unique(self.u.base[rows]).tolist():
            mine, took_s = within_reach(self.around.travel_s, self.u, rows[self.u.base[rows] == base], base)
            self.u.place[mine], self.u.departed_s[mine] = base, self.now_s
            self._busy_until(mine, self.now_s + took_s)

    def _busy_until(self, rows: Array, arrive_s: Array) -> None:
        """These idle units are free at these instants."""
        self.u.arrive_s[rows] = arrive_s
        for pool, at_s in sorted(set(zip(self.u.pool[rows].tolist(), arrive_s.tolist()))):
            if self.now_s < at_s < self.around.until_s:
                Clock(self.env, at_s, partial(self._back, pool))

    def _back(self, pool: int, _: simpy.Event) -> None:
        """Units of this pool are free again."""
        self.ask(pool)

    def _enter(self, row: int, phase: int, log: list[tuple[int, ...]]) -> None:
        """Write a mission's new phase, and a line about it."""
        m = self.m
        log.append((self.now_s, int(m.key[row]), int(m.kind[row]), int(m.place[row]), int(m.phase[row]), phase))
        m.phase[row] = phase

    def close_second(self) -> None:
        """Put what rang in one second into the log by key, so that the order of making clocks leaves no trace."""
        self.log.extend(sorted(self.rung, key=lambda line: line[1]))
        self.rung.clear()

    def crew(self, row: int) -> Array:
        """Rows of the units on a mission, by key."""
        rows = (self.u.mission == self.m.key[row]).nonzero()[0]
        return rows[np.argsort(self.u.key[rows])] if rows.size > 1 else rows

    def turn_back_s(self, row: int, crew: Array) -> Array:
        """Seconds these units of a mission need back to where they set out; 0 once work has begun."""
        return turn_back_s(self.u, crew, self.now_s) if self.m.phase[row] == TRAVELLING else np.zeros(len(crew), int)

    def _paused(self, row: int) -> bool:
        """Whether work at this mission's place stands still in this step."""
        pause = self.around.pause
        return pause is not None and bool(at_places(pause, self.m.place[row : row + 1], False)[0])

    def _pace(self, places: Array) -> float:
        """The stretch of work at one place (given as an array of one)."""
        pace = float(at_places(self.around.stretch, places, 1.0)[0])
        if not 0 <= pace < np.inf:
            raise StateError(f"stretch at place {places[0]} must be a finite factor >= 0; got {pace}")
        return pace


def left_s(before_s: int, due_in_s: int, pace: float) -> int:
    """Nominal work left when `due_in_s` seconds on site are still to go; never more than before."""
    return min(int(before_s), stretched_s(int(due_in_s), 1.0 / pace)) if pace > 0 else 0


def turn_back_s(units: Units, rows: Array, now_s: int) -> Array:
    """Seconds units on the road need back to where they set out: as long as they have been driving."""
    return np.minimum(units.arrive_s[rows], now_s) - units.departed_s[rows]


def own_missions(m: Missions) -> Missions:
    """The same missions with copies of the columns that a step changes."""
    changing = ("phase", "due_s", "sent_s", "began_s", "done_s", "left_s", "pace")
    return m.with_columns(**{name: getattr(m, name).copy() for name in changing})


def own_units(u: Units) -> Units:
    """The same units with copies of the columns that a step changes."""
    changing = ("place", "mission", "departed_s", "arrive_s")
    return u.with_columns(**{name: getattr(u, name).copy() for name in changing})
