"""Keeps the workers of a server going: starts them, replaces dead ones, and puts back the jobs they held.

    python -m api.jobs.supervisor --data-dir DIR [--database-url URL] [--scheduler tcp://…]

The queue is the only memory: after `kill -9` of the server the next one looks who holds which job, asks the operating
system whether that process lives, ends what is left of its members, and puts the job back at once.
"""

from __future__ import annotations

import argparse
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

import structlog

from api.jobs import processes, work
from api.jobs.errors import QueueError
from api.jobs.leases import LEASE_S
from api.jobs.records import DELETED, INTERRUPTED, Job
from api.jobs.schema import default_url
from api.jobs.store import JobStore
from twin.errors import TwinError

LOOK_S = 0.25  # between two looks at the workers
PATROL_S = 1.0  # between two looks at the queue
STOP_S = 10.0  # a worker told to leave is killed after this long
RESTART_FIRST_S, RESTART_LONGEST_S = 0.25, 30.0
HUNG_S = 600.0  # of silence, for a process of this machine that lives: merging many members may take minutes
LIVED_S = 30.0  # a worker that lived this long is replaced without waiting
RETRY_FIRST_S, RETRY_LONGEST_S, MOST_RETRIES = 2.0, 900.0, 14
LANES = (("run", "fork", "rank"), ("fork", "rank"))  # the second one never is behind a long run
log = structlog.get_logger("jobs.supervisor")


class Process(Protocol):
    """What is needed of a worker's process."""

    pid: int

    def poll(self) -> int | None:
        """Exit code, or None while it lives."""

    def send_signal(self, number: int, /) -> None:
        """Send it a signal."""


@dataclass
class _Seat:
    """One place for a worker: what it takes, who sits there, and when the next one may come."""

    kinds: tuple[str, ...]
    process: Process | None = None
    since: float = 0.0
    wait_s: float = 0.0
    free_at: float = field(default=float("-inf"))


def lanes_for(workers: int | None) -> tuple[tuple[str, ...], ...]:
    """What each of so many workers takes; the last of several takes forks and ranks only. None: LANES."""
    if workers is None:
        return LANES
    return LANES[:1] * max(workers - 1, 1) + LANES[1:] * (workers > 1)


class Supervisor:
    """Starts and watches workers of one data folder and one database.

    lanes: kinds of job, one tuple per worker. members: member processes of each worker (None: as many as cores).
    spawn and now (monotonic seconds) are for tests.
    """

    def __init__(
        self,
        data_dir: Path,
        database_url: str = "",
        scheduler: str = "",
        *,
        lanes: Sequence[tuple[str, ...]] = LANES,
        members: int | None = None,
        lease_s: float = LEASE_S,
        spawn: Callable[[tuple[str, ...]], Process] | None = None,
        now: Callable[[], float] = time.monotonic,
    ):
        self.data_dir, self.url = data_dir, database_url or default_url(data_dir)
        self._scheduler, self._members, self._lease_s = scheduler, members, lease_s
        self._spawn, self._now = spawn or self._start_worker, now
        self._seats = [_Seat(kinds) for kinds in lanes]
        self._store = JobStore(self.url)
        self._patrolled = float("-inf")
        self._interrupted: dict[tuple[str, int, int], float] = {}  # since when a job waits to be tried again
        self._ended = threading.Event()
        self._thread: threading.Thread | None = None

    def __enter__(self) -> Supervisor:
        self.start()
        return self

    def __exit__(self, *_: Any) -> None:
        self.stop()

    def start(self) -> None:
        """Take over what an earlier server left, start the workers, and watch them in a thread of this process."""
        self.tick()
        self._thread = threading.Thread(target=self._watch, name="jobs-supervisor", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Tell the workers to leave, wait at most STOP_S, then end them; their jobs wait for the next server."""
        self._ended.set()
        if self._thread is not None:
            self._thread.join()
        sitting = [seat.process for seat in self._seats if seat.process is not None]
        for process in sitting:
            with suppress(OSError):
                process.send_signal(signal.SIGTERM)
        deadline = time.monotonic() + STOP_S
        while any(process.poll() is None for process in sitting) and time.monotonic() < deadline:
            time.sleep(0.02)
        for process in sitting:
            if process.poll() is None:
                process.send_signal(signal.SIGKILL)
                while process.poll() is None:
                    time.sleep(0.02)
        with suppress(QueueError):
            self._release_gone()
        self._store.close()

    def pids(self) -> list[int]:
        """Processes of the workers that live."""
        return [seat.process.pid for seat in self._seats if seat.process and seat.process.poll() is None]

    def tick(self) -> None:
        """One look at workers and queue."""
        now = self._now()
        died = [seat for seat in self._seats if self._has_died(seat, now)]
        try:
            if died or now - self._patrolled >= PATROL_S:
                self._patrolled = now
                self._patrol(now)
        except QueueError as error:
            log.warning("queue does not answer", error=str(error.__cause__ or error))
        for seat in self._seats:
            if seat.process is None and now >= seat.free_at:
                seat.process, seat.since = self._spawn(seat.kinds), now
                log.info("worker starts", pid=seat.process.pid, kinds=seat.kinds)

    def _watch(self) -> None:
        while not self._ended.wait(LOOK_S):
            try:
                self.tick()
            except Exception as error:  # whatever it was, the workers need somebody to watch them
                log.error("look at the workers failed", exc_info=error)

    def _has_died(self, seat: _Seat, now: float) -> bool:
        if seat.process is None or seat.process.poll() is None:
            return False
        long_lived = now - seat.since >= LIVED_S
        seat.wait_s = RESTART_FIRST_S if long_lived else min(max(2 * seat.wait_s, RESTART_FIRST_S), RESTART_LONGEST_S)
        seat.free_at = now if long_lived else now + seat.wait_s
        log.warning("worker ended", pid=seat.process.pid, code=seat.process.poll())
        seat.process = None
        return True

    def _patrol(self, now: float) -> None:
        self._release_gone()
        for job, silence_s in self._store.silent(now):
            if processes.pid_of(job.worker) is None or silence_s >= HUNG_S:
                processes.end_group(job.worker)
                self._release(job, "its worker gave no sign of life")
        self._try_again(now)
        self._sweep()

    def _release_gone(self) -> None:
        for job in self._store.held():
            if processes.is_gone(job.worker):
                processes.end_group(job.worker)  # its members could still write a last snapshot
                self._release(job, "its worker ended")

    def _release(self, job: Job, why: str) -> None:
        released = self._store.release(job, why)
        if released is not None:
            log.warning("job put back", run_id=job.run_id, why=why, state=released.state, setbacks=released.setbacks)

    def _try_again(self, now: float) -> None:
        """Interrupted jobs wait longer after each setback without progress, and are left alone after MOST_RETRIES."""
        waiting = {}
        for job in self._store.held(INTERRUPTED):
            if not 0 < job.setbacks <= MOST_RETRIES:
                continue
            key = (job.run_id, job.attempt, job.setbacks)
            waiting[key] = self._interrupted.get(key, now)
            if now - waiting[key] >= min(RETRY_FIRST_S * 2 ** (job.setbacks - 1), RETRY_LONGEST_S):
                self._store.retry(job)
        self._interrupted = waiting

    def _sweep(self) -> None:
        """Remove what deleted jobs left behind."""
        for job in self._store.held(DELETED):
            with suppress(TwinError):  # still held by a worker, or the disk refuses: next time
                work.remove_folder(self.data_dir, job.kind, job.run_id)
                self._store.forget(job.run_id)

    def _start_worker(self, kinds: tuple[str, ...]) -> Process:
        command = [sys.executable, "-m", "api.jobs.worker", "--data-dir", str(self.data_dir.absolute())]
        command += ["--kinds", ",".join(kinds), "--lease", str(self._lease_s), "--parent", str(os.getpid())]
        command += ["--scheduler", self._scheduler] if self._scheduler else []
        command += ["--members", str(self._members)] if self._members else []
        threads = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")
        given = {**os.environ, **threads, processes.MARK: "1", "TWIN_DATABASE_URL": self.url}  # not seen in `ps`
        return subprocess.Popen(command, env=given, stdin=subprocess.DEVNULL, start_new_session=True)


def main(arguments: Sequence[str] | None = None) -> None:
    """Keep workers going without a server, until SIGTERM."""
    from api.jobs.worker import log_to_stderr

    parser = argparse.ArgumentParser(prog="python -m api.jobs.supervisor", description="workers of the job queue")
    parser.add_argument("--data-dir", type=Path, required=True)
    parser.add_argument("--database-url", default=os.environ.get("TWIN_DATABASE_URL", ""))
    parser.add_argument("--scheduler", default="")
    parser.add_argument("--workers", type=int)
    parser.add_argument("--members", type=int, help="member processes of each worker; default: as many as cores")
    parser.add_argument("--lease", type=float, default=LEASE_S, help="seconds of silence before a worker is given up")
    asked = parser.parse_args(arguments)
    log_to_stderr()
    told = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: told.set())
    options = {"lanes": lanes_for(asked.workers), "members": asked.members, "lease_s": asked.lease}
    with Supervisor(asked.data_dir, asked.database_url, asked.scheduler, **options):
        told.wait()


if __name__ == "__main__":
    main()
