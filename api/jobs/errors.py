"""Errors of the job queue. `problem` names the kind of problem document the API answers with."""

from __future__ import annotations

from typing import ClassVar

from twin.errors import TwinError


class JobError(TwinError):
    """Root of the queue's errors."""

    problem: ClassVar[str] = "conflict"


class NotFoundError(JobError):
    """There is no such job, or it has been deleted."""

    problem = "not-found"


class ConflictError(JobError):
    """What was asked does not fit the state the job is in."""


class IdempotencyError(ConflictError):
    """The same idempotency key came with another request."""

    problem = "idempotency-conflict"


class CursorError(JobError):
    """A page was asked for with a cursor this queue never gave out."""

    problem = "invalid"


class LimitError(JobError):
    """Too many jobs at once. what: the limit met; limit: its number; retry_after_s: when to ask again."""

    problem = "too-many"

    def __init__(self, what: str, limit: int, retry_after_s: int):
        super().__init__(f"too many {what}: the limit is {limit}; try again in {retry_after_s} s")
        self.what, self.limit, self.retry_after_s = what, limit, retry_after_s


class QueueError(JobError):
    """The database of jobs does not answer or cannot be written; what was accepted before is kept."""

    problem = "unavailable"


class VersionError(QueueError):
    """The database of jobs was written by another version of the program."""


class BusyError(JobError):
    """Another process still holds the folder of this job."""
