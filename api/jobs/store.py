"""The queue of jobs as the API sees it: submit, look, cancel, resume, delete, and what was told about a job."""

from __future__ import annotations

from collections.abc import Mapping
from hashlib import sha256
from typing import Any

from sqlalchemy import delete, func, insert, select
from sqlalchemy.engine import Connection
from sqlalchemy.exc import IntegrityError

from api.jobs.database import Note, is_run_id
from api.jobs.errors import ConflictError, CursorError, IdempotencyError, JobError, LimitError, NotFoundError
from api.jobs.leases import Leases
from api.jobs.records import (
    ACCEPTED,
    CANCELLED,
    DELETED,
    INTERRUPTED,
    KINDS,
    PRIORITY,
    RETRY_AFTER_S,
    RUNNING,
    UNFINISHED,
    Event,
    Job,
    Limits,
    packed,
)
from api.jobs.schema import EVENT, JOB, SCHEMA

MOST_PER_PAGE = 1000
_LARGEST = 2**62  # numbers from outside are held below what the database can store


class JobStore(Leases):
    """Jobs in SQLite or PostgreSQL, shared by a server and its workers; safe with any number of threads and processes.

    Every method raises QueueError when the database does not answer; what was accepted before is kept.
    """

    def submit(
        self,
        kind: str,
        run_id: str,
        payload: Mapping[str, Any],
        owner: str,
        idempotency_key: str | None = None,
        request_digest: str = "",
        limits: Limits | None = None,
        parent: str | None = None,
    ) -> tuple[Job, bool]:
        """Accept a job; once this returns, it is on disk. Returns (job, whether it is new).

        payload: JSON for work.carry_out. owner: id of the caller's key. The same idempotency key of one owner with the
        same request digest gives the job of the first time. parent: the run it starts from, which cannot be deleted
        before this job has ended; it may be one that was not made through the queue. Raises IdempotencyError
        (same key, another request), LimitError, ConflictError (run id in use), NotFoundError (parent deleted).
        """
        if kind not in KINDS or not is_run_id(run_id):
            raise JobError(f"a job is one of {', '.join(KINDS)} and has a run id of letters, digits, '.', '_' and '-'")
        key = None if idempotency_key is None else sha256(idempotency_key.encode("utf-8", "replace")).hexdigest()
        first = {
            **{"run_id": run_id, "kind": kind, "payload": packed(payload), "state": ACCEPTED, "owner": owner},
            **{"idempotency_key": key, "request_digest": request_digest, "parent": parent},
            **{"priority": PRIORITY[kind], "created": self._clock(), "attempt": 0, "worker": "", "lease_s": 0.0},
            **{"beats": 0, "wish": "", "setbacks": 0, "furthest": 0.0, "now_s": 0, "progress": 0.0, "message": ""},
            "last_seq": 0,
        }
        try:
            with self._write() as connection:
                _one_at_a_time(connection)
                before = _of_key(connection, owner, key)
                if before is not None:
                    return _repeated(before, request_digest), False
                _refuse_deleted(connection, parent)
                _hold_limits(connection, owner, limits)
                connection.execute(insert(JOB).values(**first))
                row = connection.execute(select(JOB).where(JOB.c.run_id == run_id)).one()
                return self._change(connection, row, state=ACCEPTED), True
        except IntegrityError:
            raise ConflictError("this run id is in use") from None

    def get(self, run_id: str) -> Job:
        """A job. Raises NotFoundError."""
        with self._read() as connection:
            return Job.of(self._find(connection, run_id))

    def page(
        self,
        limit: int = 50,
        cursor: str | None = None,
        *,
        owner: str | None = None,
        kind: str | None = None,
        state: str | None = None,
        parent: str | None = None,
    ) -> tuple[list[Job], str | None]:
        """Jobs, newest first, and the cursor of the next page (None: that was the last). Raises CursorError."""
        query = select(JOB).where(JOB.c.state != DELETED, JOB.c.wish != "delete")
        if cursor is not None:
            if not (cursor.isascii() and cursor.isdigit() and len(cursor) <= 18):
                raise CursorError("this cursor is none that a page gave out; begin without one")
            query = query.where(JOB.c.number < int(cursor))
        for column, value in ((JOB.c.owner, owner), (JOB.c.kind, kind), (JOB.c.state, state), (JOB.c.parent, parent)):
            if value is not None:
                query = query.where(column == value.replace("\0", ""))
        limit = min(max(limit, 1), MOST_PER_PAGE)
        with self._read() as connection:
            rows = connection.execute(query.order_by(JOB.c.number.desc()).limit(limit + 1)).all()
        jobs = [Job.of(row) for row in rows[:limit]]
        return jobs, str(jobs[-1].number) if len(rows) > limit else None

    def cancel(self, run_id: str) -> Job:
        """Stop a job, or keep it from starting; a running one stops after its present step. What it made is kept.

        Raises NotFoundError, ConflictError if it has ended already. Again on a cancelled job changes nothing.
        """
        with self._write() as connection:
            row = self._find(connection, run_id, lock=True)
            if row.state in (ACCEPTED, INTERRUPTED):
                return self._change(connection, row, state=CANCELLED, finished=self._clock())
            if row.state == RUNNING:
                return self._change(connection, row, wish="cancel")
            if row.state == CANCELLED:
                return Job.of(row)
            raise ConflictError(f"the run is {row.state} already; there is nothing left to cancel")

    def resume(self, run_id: str, limits: Limits | None = None) -> Job:
        """Let a cancelled, failed or interrupted job go on from its last snapshot.

        A job that waits, runs or is done stays as it is; a wish to cancel that was not yet heard is taken back. Raises
        NotFoundError, LimitError.
        """
        with self._write() as connection:
            _one_at_a_time(connection)
            row = self._find(connection, run_id, lock=True)
            if row.state == RUNNING and row.wish:
                return self._change(connection, row, wish="")
            if row.state not in (CANCELLED, INTERRUPTED, "failed"):
                return Job.of(row)
            _hold_limits(connection, row.owner, limits)
            return self._change(connection, row, state=ACCEPTED, setbacks=0, finished=None, message="")

    def delete(self, run_id: str) -> bool:
        """Take a job out of sight, at once. True: its folder can go now; False: a worker has it and will see to it.

        Afterwards work.remove_folder and `forget`; what a crash leaves undone the supervisor sweeps up. Raises
        NotFoundError (also for the second of two who delete the same job), ConflictError while a job that starts from
        this one has not ended.
        """
        with self._write() as connection:
            _one_at_a_time(connection)
            row = self._find(connection, run_id, lock=True)
            children = select(JOB.c.run_id).where(JOB.c.parent == run_id, JOB.c.state.in_(UNFINISHED))
            child = connection.execute(children.where(JOB.c.wish != "delete").limit(1)).scalar()
            if child is not None:
                raise ConflictError(f"the run '{child}' starts from this one and has not ended; cancel it first")
            if row.state == RUNNING:
                self._change(connection, row, wish="delete", idempotency_key=None)
                return False
            self._change(connection, row, state=DELETED, idempotency_key=None)
            return True

    def forget(self, run_id: str) -> None:
        """Drop the row and events of a deleted job, once its folder is gone."""
        with self._write() as connection:
            connection.execute(delete(JOB).where(JOB.c.run_id == run_id, JOB.c.state == DELETED))

    def note(self, run_id: str, kind: str, data: Mapping[str, Any]) -> int:
        """Tell something about a job; returns its seq. Workers tell theirs with `beat`. Raises NotFoundError."""
        with self._write() as connection:
            row = self._find(connection, run_id, lock=True)
            notes: list[Note] = [(kind, data)]
            self._change(connection, row, notes)
            return int(row.last_seq) + 1

    def events_after(self, run_id: str, seq: int = 0, limit: int = 500) -> list[Event]:
        """What was told about a job after event `seq`, in order. Raises NotFoundError."""
        query = select(EVENT).where(EVENT.c.run_id == run_id, EVENT.c.seq > min(max(seq, 0), _LARGEST))
        with self._read() as connection:
            self._find(connection, run_id)
            rows = connection.execute(query.order_by(EVENT.c.seq).limit(min(max(limit, 1), MOST_PER_PAGE))).all()
        return [Event.of(row) for row in rows]

    def counts(self) -> dict[tuple[str, str], int]:
        """Number of jobs by (kind, state)."""
        query = select(JOB.c.kind, JOB.c.state, func.count()).where(JOB.c.state != DELETED)
        with self._read() as connection:
            rows = connection.execute(query.group_by(JOB.c.kind, JOB.c.state)).all()
        return {(kind, state): number for kind, state, number in rows}


def _one_at_a_time(connection: Connection) -> None:
    """Submissions, resumptions and deletions follow each other (SQLite has one writer anyway), so that counts hold."""
    connection.execute(select(SCHEMA).with_for_update()).one()


def _refuse_deleted(connection: Connection, parent: str | None) -> None:
    gone = (JOB.c.state == DELETED) | (JOB.c.wish == "delete")
    if parent is not None and connection.execute(select(JOB.c.number).where(JOB.c.run_id == parent, gone)).first():
        raise NotFoundError("the run to start from has been deleted")


def _of_key(connection: Connection, owner: str, key: str | None) -> Any:
    if key is None:
        return None
    return connection.execute(select(JOB).where(JOB.c.owner == owner, JOB.c.idempotency_key == key)).one_or_none()


def _repeated(row: Any, request_digest: str) -> Job:
    if row.request_digest != request_digest:
        raise IdempotencyError("this Idempotency-Key came with another request before; use a new key")
    return Job.of(row)


def _hold_limits(connection: Connection, owner: str, limits: Limits | None) -> None:
    """Raises LimitError where one more unfinished job would be too many."""
    if limits is None:
        return
    query = select(func.count()).select_from(JOB).where(JOB.c.state.in_(UNFINISHED))
    if connection.execute(query.where(JOB.c.owner == owner)).scalar_one() >= limits.queued_of_one:
        raise LimitError("runs waiting or going on with this key", limits.queued_of_one, RETRY_AFTER_S)
    if connection.execute(query).scalar_one() >= limits.queued:
        raise LimitError("runs waiting or going on", limits.queued, RETRY_AFTER_S)
