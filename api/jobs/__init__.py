"""The queue of jobs behind the API: what is asked is kept, carried out once, and survives the end of any process.

store.py   the queue as the API sees it        leases.py      the queue as the workers see it
work.py    what a job does                     worker.py      one process that does jobs
voice.py   what a job tells while it is done   supervisor.py  keeps the workers going
"""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from api.jobs.store import JobStore
    from api.jobs.supervisor import Supervisor

__all__ = ["JobStore", "Supervisor"]


def __getattr__(name: str) -> Any:
    """Imported on first use: a program that only reads the queue need not load what workers need."""
    if name == "JobStore":
        from api.jobs.store import JobStore

        return JobStore
    if name == "Supervisor":
        from api.jobs.supervisor import Supervisor

        return Supervisor
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
