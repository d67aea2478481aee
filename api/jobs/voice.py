"""One job in a worker's hands: its signs of life, what it tells, and whether it is to stop."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable
from itertools import islice
from typing import Any

from api.jobs.database import Note
from api.jobs.errors import QueueError
from api.jobs.leases import GO_ON, LOST, STOP, Leases
from api.jobs.records import Job

BEAT_S = 1.0  # between two signs of life; the first comes with the first progress
MOST_NOTES = 5  # told at one time, so at most five a second; remarks beyond wait, they are never dropped


class Voice:
    """Handed to the work as its `progress` and `stop`; one transaction a second holds beat, progress and remarks.

    leaving: whether the worker itself has to go.
    """

    def __init__(
        self,
        store: Leases,
        job: Job,
        leaving: Callable[[], bool] = lambda: False,
        now: Callable[[], float] = time.monotonic,
    ):
        self.verdict = GO_ON
        self._store, self._job, self._leaving, self._now = store, job, leaving, now
        self._reached: dict[int, int] = {}
        self._whole_s, self._share = 0, 0.0
        self._remarks: deque[Note] = deque()
        self._changed = False
        self._beaten = float("-inf")

    def expect(self, members: int, until_s: int) -> None:
        """How much simulated time lies ahead, for the share that is done."""
        self._whole_s = members * until_s

    def share(self, done: float) -> None:
        """This share of the job is done, where it does not follow from simulated time."""
        self._share, self._changed = done, True
        self._beat_when_due()

    def progress(self, member: int, now_s: int, remark: tuple[str, str] | None = None) -> None:
        """What the work calls with each piece of news; see scenarios.execution.Progress."""
        self._reached[member] = max(now_s, self._reached.get(member, 0))
        self._changed = True
        if remark:
            self._remarks.append(("remark", {"member": member, "now_s": now_s, "ja": remark[0], "en": remark[1]}))
        self._beat_when_due()

    def stop(self) -> bool:
        """What the work asks after each step: whether to leave off."""
        self._beat_when_due()
        return self.verdict != GO_ON or self._leaving()

    def rest(self) -> list[Note]:
        """What is not told yet, for the last word on the job."""
        notes = [*self._remarks, *self._progress()]
        self._remarks.clear()
        return notes

    @property
    def lost(self) -> bool:
        """Whether the job has gone to somebody else."""
        return self.verdict == LOST

    @property
    def cancelled(self) -> bool:
        """Whether somebody wants the job stopped."""
        return self.verdict == STOP

    def _beat_when_due(self) -> None:
        now = self._now()
        if now - self._beaten < BEAT_S:
            return
        self._beaten = now
        progress = self._progress()
        notes = [*islice(self._remarks, MOST_NOTES - len(progress)), *progress]
        try:
            self.verdict = self._store.beat(self._job, notes)
        except QueueError:  # the work goes on; the next beat tries again
            return
        for _ in range(len(notes) - len(progress)):
            self._remarks.popleft()
        self._changed = False

    def _progress(self) -> list[Note]:
        """The one event that says how far the work is: the furthest member's time, and the share of the whole."""
        if not self._changed:
            return []
        data: dict[str, Any] = {}
        if self._reached:
            data = {"now_s": max(self._reached.values()), "members": len(self._reached)}
        done = sum(self._reached.values()) / self._whole_s if self._whole_s else self._share
        data["progress"] = min(round(done, 4), 1.0)
        return [("progress", data)]
