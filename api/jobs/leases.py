"""The workers' side of the queue: jobs are claimed, kept alive, ended, or put back when their holder is gone.

A lease is a promise to give signs of life, not an instant on a clock. The holder counts up `beats`; whoever watches
(the supervisor) gives a holder up once the count has stood still for the lease's length *on the watcher's own monotonic
clock*, or at once when the operating system says that the process is gone. So nothing here depends on the wall
clock, which may jump, nor on the clocks of two machines agreeing. `attempt` counts the claims of a job, and everything
a holder writes is refused once another attempt has begun or the job was put back.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import select
from sqlalchemy.engine import Connection

from api.jobs.database import Database, Note, one_line
from api.jobs.records import (
    ACCEPTED,
    CANCELLED,
    DELETED,
    DONE,
    FAILED,
    INTERRUPTED,
    KINDS,
    RUNNING,
    Job,
    packed,
)
from api.jobs.schema import JOB

LEASE_S = 60.0
CRASHES_AT_ONCE = 5  # after so many lost workers in succession the job waits, instead of taking the next one along
GO_ON, STOP, LOST = "go on", "stop", "lost"


class Leases(Database):
    """Claims of jobs by workers."""

    def __init__(self, *arguments: Any, **options: Any):
        super().__init__(*arguments, **options)
        self._still: dict[tuple[str, int], tuple[int, float]] = {}  # beats last seen, and how long they stand still
        self._looked: float | None = None

    def waiting(self, kinds: Sequence[str] = KINDS) -> bool:
        """Whether there is something to claim; cheaper than a claim."""
        with self._read() as connection:
            return connection.execute(_next(kinds)).first() is not None

    def claim(self, worker: str, lease_s: float = LEASE_S, kinds: Sequence[str] = KINDS) -> Job | None:
        """Take the most urgent, then oldest, job of these kinds; each goes to exactly one worker.

        worker: id of the holder, see processes.py. lease_s: silence after which it may be given up. None: no job.
        """
        with self._write() as connection:
            row = connection.execute(_next(kinds).with_for_update(skip_locked=True)).first()
            if row is None:
                return None
            return self._change(
                connection,
                row,
                state=RUNNING,
                attempt=row.attempt + 1,
                worker=worker,
                lease_s=lease_s,
                beats=0,
                started=row.started or self._clock(),
                finished=None,
                message="",
            )

    def beat(self, job: Job, notes: Iterable[Note] = ()) -> str:
        """A sign of life, with what there is to tell: GO_ON, STOP (cancelled, deleted) or LOST (not ours now)."""
        with self._write() as connection:
            row = _held(connection, job)
            if row is None:
                return LOST
            notes = list(notes)
            self._change(connection, row, notes, beats=row.beats + 1, **_reached(row, notes))
            return STOP if row.wish else GO_ON

    def finish(
        self,
        job: Job,
        state: str,
        *,
        message: str = "",
        digest: str | None = None,
        result: dict[str, Any] | None = None,
        notes: Iterable[Note] = (),
    ) -> Job | None:
        """End an attempt as done, failed or interrupted (a setback, tried again later). None: not ours any more.

        A wish to cancel turns an interrupted job into a cancelled one; a wish to delete always holds.
        """
        if state not in (DONE, FAILED, INTERRUPTED):
            raise ValueError(f"a job does not end as '{state}'")
        with self._write() as connection:
            row = _held(connection, job)
            if row is None:
                return None
            notes = list(notes)
            values = {**_reached(row, notes), "message": one_line(message), "digest": digest}
            if result is not None:
                values["result"] = packed(result)
            if state == DONE:
                values.update(progress=1.0, setbacks=0)
            elif state == INTERRUPTED:
                values["setbacks"] = values.get("setbacks", row.setbacks) + 1
            return self._leave(connection, row, state, notes, **values)

    def give_back(self, job: Job, message: str = "", notes: Iterable[Note] = ()) -> Job | None:
        """Leave a job unfinished, through no fault of its own: it waits again, or is cancelled or deleted as wished."""
        with self._write() as connection:
            row = _held(connection, job)
            if row is None:
                return None
            notes = list(notes)
            return self._leave(connection, row, ACCEPTED, notes, message=one_line(message), **_reached(row, notes))

    def release(self, job: Job, message: str) -> Job | None:
        """Put back a job whose holder is gone; the CRASHES_AT_ONCE-th loss in succession makes it wait a while.

        None: it had ended, or another attempt had begun.
        """
        with self._write() as connection:
            row = _held(connection, job)
            if row is None:
                return None
            setbacks = row.setbacks + 1
            state = ACCEPTED if setbacks < CRASHES_AT_ONCE else INTERRUPTED
            return self._leave(connection, row, state, message=one_line(message), setbacks=setbacks)

    def retry(self, job: Job) -> Job | None:
        """Let an interrupted job wait for a worker again, its setbacks kept. None: it has changed meanwhile."""
        with self._write() as connection:
            row = connection.execute(_same(job).where(JOB.c.state == INTERRUPTED).with_for_update()).first()
            return None if row is None else self._change(connection, row, state=ACCEPTED, message=job.message)

    def held(self, state: str = RUNNING) -> list[Job]:
        """All jobs in this state, oldest first; running: those in a worker's hands."""
        with self._read() as connection:
            rows = connection.execute(select(JOB).where(JOB.c.state == state).order_by(JOB.c.number)).all()
        return [Job.of(row) for row in rows]

    def silent(self, now: float) -> list[tuple[Job, float]]:
        """Jobs whose holder has given no sign of life for its lease, each with the seconds of silence.

        now: seconds of the caller's monotonic clock. Only what passes between looks counts, and of one gap at most a
        quarter of the lease: a watcher that was frozen itself, or a clock that leaps, gives nobody up who is alive.
        """
        gap_s = 0.0 if self._looked is None else max(now - self._looked, 0.0)
        self._looked = now
        seen, found = {}, []
        with self._read() as connection:
            rows = connection.execute(select(JOB).where(JOB.c.state == RUNNING)).all()
        for row in rows:
            key = (row.run_id, row.attempt)
            beats, still_s = self._still.get(key, (-1, 0.0))
            still_s = still_s + min(gap_s, row.lease_s / 4) if beats == row.beats else 0.0
            seen[key] = (row.beats, still_s)
            if still_s >= row.lease_s:
                found.append((Job.of(row), still_s))
        self._still = seen
        return found

    def release_expired(self, now: float) -> int:
        """Put back all jobs whose holder has been silent for its lease; returns how many. now: see `silent`."""
        released = [self.release(job, "its worker has given no sign of life") for job, _ in self.silent(now)]
        return sum(job is not None for job in released)

    def _leave(self, connection: Connection, row: Any, state: str, notes: Iterable[Note] = (), **values: Any) -> Job:
        """Take a job out of its holder's hands, into this state or the one somebody wished for."""
        if row.wish == "delete":
            state = DELETED
        elif row.wish == "cancel" and state in (ACCEPTED, INTERRUPTED):
            state = CANCELLED
        finished = None if state == ACCEPTED else self._clock()
        return self._change(connection, row, notes, state=state, wish="", worker="", finished=finished, **values)


def _reached(row: Any, notes: Sequence[Note]) -> dict[str, Any]:
    """What the last progress told says about the job; ground never covered before forgives setbacks."""
    told = next((data for kind, data in reversed(notes) if kind == "progress"), {})
    values = {name: told[name] for name in ("now_s", "progress") if name in told}
    if values.get("progress", 0.0) > row.furthest:
        values.update(furthest=values["progress"], setbacks=0)
    return values


def _next(kinds: Sequence[str]) -> Any:
    query = select(JOB).where(JOB.c.state == ACCEPTED, JOB.c.kind.in_(kinds))
    return query.order_by(JOB.c.priority.desc(), JOB.c.number).limit(1)


def _same(job: Job) -> Any:
    return select(JOB).where(JOB.c.run_id == job.run_id, JOB.c.number == job.number, JOB.c.attempt == job.attempt)


def _held(connection: Connection, job: Job) -> Any:
    """The row of a job that is still in this holder's hands, with its lock; None otherwise."""
    return connection.execute(_same(job).where(JOB.c.state == RUNNING).with_for_update()).first()
