"""One worker: a single-threaded process that takes jobs from the queue, one at a time, and carries them out.

    python -m api.jobs.worker --data-dir DIR [--database-url URL] [--scheduler tcp://…] [--kinds run,fork,rank]

It runs at low priority, keeps a pool of member processes warm between jobs, and gives a sign of life every second from
the progress and stop callbacks of the work. SIGTERM, or the end of the server that started it (--parent), makes it
stop after the present step with a snapshot; the job then waits for the next worker.
"""

from __future__ import annotations

import argparse
import gc
import os
import signal
import sys
import time
from collections.abc import Callable, Sequence
from concurrent.futures import CancelledError
from contextlib import suppress
from pathlib import Path
from typing import Any

import structlog

from api.jobs import processes, work
from api.jobs.errors import BusyError, QueueError
from api.jobs.leases import LEASE_S
from api.jobs.records import DELETED, DONE, FAILED, INTERRUPTED, KINDS, Job
from api.jobs.schema import default_url
from api.jobs.store import JobStore
from api.jobs.voice import Voice
from twin.errors import Interrupted, StoreError, TwinError

IDLE_S = 0.1  # between two looks at an empty queue
NICE = 10
BUSY_WAIT_S, LONGEST_WAIT_S = 2.0, 60.0
NOT_ITS_FAULT = (Interrupted, StoreError, BusyError, OSError, MemoryError, EOFError, CancelledError)  # try it again
log = structlog.get_logger("jobs.worker")
CarryOut = Callable[..., dict[str, Any]]


class Worker:
    """Takes jobs until it is told to leave.

    open_pool makes the pool of member processes; carry_out does a job (see work.carry_out). kinds: the jobs it takes.
    parent: process whose end makes it leave (0: none).
    """

    def __init__(
        self,
        store: JobStore,
        data_dir: Path,
        kinds: Sequence[str] = KINDS,
        *,
        carry_out: CarryOut = work.carry_out,
        open_pool: Callable[[], Any] = lambda: None,
        lease_s: float = LEASE_S,
        parent: int = 0,
        sleep: Callable[[float], None] = time.sleep,
    ):
        self.store, self.data_dir, self.kinds = store, data_dir, tuple(kinds)
        self.name = processes.own_id(",".join(kinds))
        self._carry_out, self._open_pool, self._pool = carry_out, open_pool, None
        self._lease_s, self._parent, self._sleep = lease_s, parent, sleep
        self._told_to_leave = False

    def leave(self, *_: Any) -> None:
        """Stop soon; also a signal handler."""
        self._told_to_leave = True

    def leaving(self) -> bool:
        """Whether this worker has to go."""
        return self._told_to_leave or bool(self._parent and os.getppid() != self._parent)

    def run(self) -> None:
        """Take jobs until it is time to leave."""
        try:
            self._warm()
            while not self.leaving():
                if not self.serve_one():
                    self._sleep(IDLE_S)
        finally:
            self._close_pool()

    def serve_one(self) -> bool:
        """Carry out one job, if there is one; returns whether there was."""
        pool = self._warm()  # before the claim: without members to work with, the job stays where it is
        try:
            job = self.store.claim(self.name, self._lease_s, self.kinds) if self.store.waiting(self.kinds) else None
        except QueueError as error:
            log.warning("queue does not answer", error=str(error.__cause__ or error))
            self._sleep(1.0)
            return False
        if job is None:
            return False
        log.info("begins", run_id=job.run_id, kind=job.kind, attempt=job.attempt)
        voice = Voice(self.store, job, self.leaving)
        try:
            result = self._carry_out(job, self.data_dir, voice.progress, voice.stop, pool, voice)
        except Exception as error:
            self._failed(job, voice, error)
        else:
            digest, notes = result.get("digest"), voice.rest()
            self._last_word(job, lambda: self.store.finish(job, DONE, digest=digest, result=result, notes=notes))
        return True

    def _failed(self, job: Job, voice: Voice, error: Exception) -> None:
        """What becomes of a job whose work ended with an error."""
        from api.problems import scrub  # no path of this machine in what callers see

        message, notes = scrub(str(error), self.data_dir), voice.rest()
        state = INTERRUPTED if isinstance(error, NOT_ITS_FAULT) else FAILED
        if voice.lost:
            log.warning("given to somebody else", run_id=job.run_id)
            return
        if isinstance(error, (Interrupted, BusyError)) and voice.stop():
            self._last_word(job, lambda: self.store.give_back(job, "stopped; goes on from here", notes))
            return
        if not isinstance(error, TwinError):
            message = f"a fault of the program or the machine ({type(error).__name__}); the server's log has more"
            self._close_pool()  # whatever went wrong, the next job begins afresh
        log.error("ended early", run_id=job.run_id, state=state, error=str(error), exc_info=error)
        self._last_word(job, lambda: self.store.finish(job, state, message=message, notes=notes))

    def _last_word(self, job: Job, say: Callable[[], Job | None]) -> None:
        """Tell the queue how a job ended, for as long as it does not answer. Leaving before: the job is released and,
        since its folder tells what was done, ends at the next claim."""
        wait_s = BUSY_WAIT_S
        while True:
            try:
                told = say()
                break
            except QueueError:
                log.warning("queue does not answer", run_id=job.run_id)
                if self.leaving():
                    return
                self._sleep(wait_s)
                wait_s = min(2 * wait_s, LONGEST_WAIT_S)
        log.info("ends", run_id=job.run_id, state=told.state if told else "given to somebody else")
        if told and told.state == DELETED:
            with suppress(TwinError):  # the supervisor sweeps up what stays
                work.remove_folder(self.data_dir, job.kind, job.run_id)
                self.store.forget(job.run_id)

    def _warm(self) -> Any:
        if self._pool is None:
            self._pool = self._open_pool()
        return self._pool

    def _close_pool(self) -> None:
        if self._pool is not None:
            self._pool.close()
            self._pool = None


def open_pool(scheduler: str = "", workers: int | None = None) -> Any:
    """A pool of this machine's cores, its processes started; or of a dask.distributed cluster."""
    from scenarios import branches, pool, running  # imported now, so that the first what-if need not wait for it

    gc.freeze()  # what is loaded by now stays
    del branches, running
    opened: Any = pool.DaskPool(scheduler) if scheduler else pool.MemberPool(workers)
    opened.warm()
    return opened


def main(arguments: Sequence[str] | None = None) -> None:
    """Start a worker; see the module."""
    parser = argparse.ArgumentParser(prog="python -m api.jobs.worker", description="one worker of the job queue")
    parser.add_argument("--data-dir", type=Path, required=True)
    parser.add_argument("--database-url", default=os.environ.get("TWIN_DATABASE_URL", ""))
    parser.add_argument("--scheduler", default="")
    parser.add_argument("--kinds", default=",".join(KINDS))
    parser.add_argument("--members", type=int, help="member processes; default: as many as cores")
    parser.add_argument("--lease", type=float, default=LEASE_S, help="seconds of silence before it is given up")
    parser.add_argument("--parent", type=int, default=0, help="leave when this parent process ends")
    asked = parser.parse_args(arguments)
    kinds = asked.kinds.split(",")
    if not set(kinds) <= set(KINDS):
        parser.error(f"--kinds: choose among {', '.join(KINDS)}")
    become_background()
    log_to_stderr()
    with JobStore(asked.database_url or default_url(asked.data_dir)) as store:
        worker = Worker(
            store,
            asked.data_dir,
            kinds,
            open_pool=lambda: open_pool(asked.scheduler, asked.members),
            lease_s=asked.lease,
            parent=asked.parent,
        )
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, worker.leave)
        worker.run()


def become_background() -> None:
    """Low priority, one thread of algebra for its members, and a process group of its own."""
    os.environ.update({"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"})
    os.environ.setdefault(processes.MARK, "1")
    with suppress(OSError):  # already the leader of its group
        os.setsid()
    os.nice(max(NICE - os.nice(0), 0))


def log_to_stderr() -> None:
    """Logs of this process as JSON lines on stderr."""
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            structlog.processors.JSONRenderer(ensure_ascii=False),
        ],
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
    )


if __name__ == "__main__":
    main()
