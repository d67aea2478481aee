"""Transactions on the tables of jobs, and the few steps that both sides of the queue share."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from sqlalchemy import delete, insert, select, update
from sqlalchemy.engine import Connection
from sqlalchemy.exc import InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

from api.jobs.errors import NotFoundError, QueueError
from api.jobs.records import DELETED, Job, packed
from api.jobs.schema import EVENT, JOB, READING, open_engine

MOST_PROGRESS_EVENTS = 1000  # older ones of a job are dropped; remarks and changes of status are kept
LONGEST_MESSAGE = 4000
_RUN_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,199}")
Note = tuple[str, Mapping[str, Any]]


class Database:
    """Connections to the database of jobs; clock: Unix time in seconds, only ever shown to people."""

    def __init__(self, url: str, clock: Callable[[], float] = time.time):
        self._engine = open_engine(url)
        self._reading = self._engine.execution_options(**{READING: True})
        self._clock = clock

    def close(self) -> None:
        """Close all connections."""
        self._engine.dispose()

    def __enter__(self) -> Any:
        return self

    def __exit__(self, *_: Any) -> None:
        self.close()

    @contextmanager
    def _write(self) -> Iterator[Connection]:
        with _told(), self._engine.begin() as connection:
            yield connection

    @contextmanager
    def _read(self) -> Iterator[Connection]:
        with _told(), self._reading.begin() as connection:
            yield connection

    def _find(self, connection: Connection, run_id: str, *, lock: bool = False) -> Any:
        """The row of a job. Raises NotFoundError if there is none, or one that is deleted."""
        query = select(JOB).where(JOB.c.run_id == run_id)
        row = None
        if is_run_id(run_id):
            row = connection.execute(query.with_for_update() if lock else query).one_or_none()
        if row is None or row.state == DELETED or row.wish == "delete":
            raise NotFoundError("there is no such run")
        return row

    def _change(self, connection: Connection, row: Any, notes: Iterable[Note] = (), **values: Any) -> Job:
        """Write new values and events of a row whose lock is held; a change of state is an event of its own."""
        told = list(notes)
        if "state" in values and values["state"] != DELETED:
            told.append(("status", {"status": values["state"], "message": values.get("message", "")}))
        if told:
            self._tell(connection, row, told)
            values["last_seq"] = row.last_seq + len(told)
        connection.execute(update(JOB).where(JOB.c.number == row.number).values(**values))
        return Job.of(connection.execute(select(JOB).where(JOB.c.number == row.number)).one())

    def _tell(self, connection: Connection, row: Any, notes: list[Note]) -> None:
        now = self._clock()
        rows = [
            {"run_id": row.run_id, "seq": seq, "time": now, "kind": kind, "data": packed(data)}
            for seq, (kind, data) in enumerate(notes, row.last_seq + 1)
        ]
        connection.execute(insert(EVENT), rows)
        last = row.last_seq + len(rows)
        if last // MOST_PROGRESS_EVENTS > row.last_seq // MOST_PROGRESS_EVENTS:
            old = (EVENT.c.run_id == row.run_id) & (EVENT.c.seq <= last - MOST_PROGRESS_EVENTS)
            connection.execute(delete(EVENT).where(old, EVENT.c.kind == "progress"))


def is_run_id(text: str) -> bool:
    """Whether this can be the id of a run (letters, digits, dot, dash, underscore; no path)."""
    return _RUN_ID.fullmatch(text) is not None


def one_line(message: str) -> str:
    """A message as the database takes it: without NUL and lone surrogates, of bounded length."""
    return message.replace("\0", "").encode("utf-8", "replace").decode()[:LONGEST_MESSAGE]


@contextmanager
def _told() -> Iterator[None]:
    """A database that does not answer is our own error, with the driver's one only as its cause."""
    try:
        yield
    except (OperationalError, InterfaceError, PoolTimeoutError) as error:
        raise QueueError("the job database does not answer or cannot be written; try again soon") from error
