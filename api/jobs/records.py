"""What a job is: one row of the queue, the states it passes through, and the limits on how many there may be."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from api.jobs.errors import JobError

KINDS = ("run", "fork", "rank")
PRIORITY = {"run": 0, "rank": 5, "fork": 10}  # a planner waits for a fork; a run takes its time anyway
ACCEPTED, RUNNING, DONE = "accepted", "running", "done"
INTERRUPTED, FAILED, CANCELLED = "interrupted", "failed", "cancelled"
STATES = (ACCEPTED, RUNNING, DONE, INTERRUPTED, FAILED, CANCELLED)
DELETED = "deleted"  # nobody sees such a row any more; it goes once the folder of the job is gone
UNFINISHED = (ACCEPTED, RUNNING)
RETRY_AFTER_S = 30


class Limits(Protocol):
    """Most jobs accepted or running at once, in all and of one owner."""

    @property
    def queued(self) -> int:
        """On the whole server."""

    @property
    def queued_of_one(self) -> int:
        """Of one owner."""


@dataclass(frozen=True)
class Job:
    """One row of the queue.

    number: order of submission, and cursor of a page. attempt: how often it was claimed; it tells the present holder
    from earlier ones. worker: who holds it, see processes.py. lease_s: a holder silent for this long is given up.
    wish: what the holder shall do: "", "cancel" or "delete". setbacks: lost workers and full disks in succession
    without progress in between. now_s: simulated second the furthest member has reached; progress: 0 to 1. created,
    started, finished: Unix time for people to read; nothing is decided by them.
    """

    number: int
    run_id: str
    kind: str
    payload: dict[str, Any]
    state: str
    owner: str
    parent: str | None
    priority: int
    created: float
    started: float | None
    finished: float | None
    attempt: int
    worker: str
    lease_s: float
    wish: str
    setbacks: int
    now_s: int
    progress: float
    message: str
    digest: str | None
    result: dict[str, Any] | None

    @classmethod
    def of(cls, row: Any) -> Job:
        """From a row of the table."""
        values = {name: row._mapping[name] for name in cls.__dataclass_fields__}
        values["payload"] = json.loads(values["payload"])
        values["result"] = json.loads(values["result"]) if values["result"] else None
        return cls(**values)


@dataclass(frozen=True)
class Event:
    """Something told about a job: kind `progress`, `remark` or `status`; seq counts up from 1 within the job."""

    seq: int
    time: float
    kind: str
    data: dict[str, Any]

    @classmethod
    def of(cls, row: Any) -> Event:
        """From a row of the table."""
        return cls(row.seq, row.time, row.kind, json.loads(row.data))


def packed(data: Mapping[str, Any]) -> str:
    """JSON text; numbers that are none (NaN, infinity) become null. Raises JobError for what JSON cannot hold."""
    try:
        return json.dumps(_finite(data), allow_nan=False)
    except (TypeError, ValueError) as error:
        raise JobError(f"this cannot be kept as JSON: {error}") from None


def _finite(data: Any) -> Any:
    if hasattr(data, "item"):  # a NumPy number
        data = data.item()
    if isinstance(data, float):
        return data if math.isfinite(data) else None
    if isinstance(data, Mapping):
        return {str(key): _finite(value) for key, value in data.items()}
    if isinstance(data, (list, tuple)):
        return [_finite(value) for value in data]
    return data
