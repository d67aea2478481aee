"""Processes that carry out members: kept warm between runs, so that a what-if starts at once.

Each worker has a pipe of its own. A worker that is killed is replaced and its member goes on from its last snapshot;
a worker whose parent is gone stops after the present step with a snapshot and ends.
"""

from __future__ import annotations

import multiprocessing
import os
import signal
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from multiprocessing.connection import Connection, wait
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from twin import errors
from twin.errors import Interrupted, StateError

if TYPE_CHECKING:
    from scenarios.execution import Plan, Progress

MOST_LOSSES = 20  # workers lost on one member before it is given up: something kills it each time
LOOK_S = 0.2  # between two looks at `stop`
Results = list[dict[str, Any]]


class Pool(Protocol):
    """Carries out members somewhere."""

    def run(
        self,
        plan: Plan,
        folder: Path,
        members: Sequence[int],
        progress: Progress | None = None,
        stop: Callable[[], bool] = ...,
    ) -> Results:
        """Figures of all members, in order. Raises Interrupted once all have stopped, or the first member's error."""


@dataclass
class _Worker:
    """One process and this side of its pipe; member: what it works at, -1 when idle."""

    process: Any
    pipe: Connection
    member: int = -1


@dataclass
class _Round:
    """One run being carried out."""

    waiting: list[int]
    results: Results = field(default_factory=list)
    failure: BaseException | None = None
    stopping: bool = False
    losses: dict[int, int] = field(default_factory=dict)


class MemberPool:
    """Worker processes of this machine, one thread each; workers: default as many as cores; nice: lower priority."""

    def __init__(self, workers: int | None = None, nice: int = 0):
        self.number, self.nice = workers or os.cpu_count() or 1, nice
        self._context = multiprocessing.get_context("forkserver")
        self._context.set_forkserver_preload(["scenarios.execution"])
        self._workers: list[_Worker] = []

    def __enter__(self) -> MemberPool:
        return self

    def __exit__(self, *_: Any) -> None:
        self.close()

    def warm(self) -> None:
        """Start the processes now."""
        for name in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS"):
            os.environ.setdefault(name, "1")
        while len(self._workers) < self.number:
            here, there = self._context.Pipe()
            process = self._context.Process(target=_serve, args=(there, self.nice), daemon=True)
            process.start()
            there.close()
            self._workers.append(_Worker(process, here))

    def run(
        self,
        plan: Plan,
        folder: Path,
        members: Sequence[int],
        progress: Progress | None = None,
        stop: Callable[[], bool] = lambda: False,
    ) -> Results:
        """Figures of all members, in order; see Pool."""
        now = _Round(list(members))
        while now.waiting or any(worker.member >= 0 for worker in self._workers):
            if not now.stopping and stop():
                now.stopping, now.waiting = True, []
                self._tell_stop()
            self._hand_out(now, plan, folder)
            for pipe in wait([worker.pipe for worker in self._workers if worker.member >= 0], timeout=LOOK_S):
                self._hear(next(worker for worker in self._workers if worker.pipe is pipe), now, progress)
        if now.failure is not None:
            raise now.failure
        if now.stopping:
            raise Interrupted(f"stopped; `twin resume {folder}` goes on from there")
        return sorted(now.results, key=lambda result: result["member"])

    def close(self) -> None:
        """End all workers; one at work stops after its present step."""
        for worker in self._workers:
            worker.pipe.close()
        for worker in self._workers:
            worker.process.join(10)
            if worker.process.is_alive():
                worker.process.kill()
                worker.process.join()
        self._workers = []

    def pids(self) -> list[int]:
        """Process ids of the workers."""
        return [worker.process.pid for worker in self._workers]

    def _hand_out(self, now: _Round, plan: Plan, folder: Path) -> None:
        self.warm()
        for worker in list(self._workers):
            if now.waiting and worker.member < 0:
                worker.member = now.waiting.pop(0)
                try:
                    worker.pipe.send((plan, folder, worker.member))
                except OSError:
                    self._lose(worker, now)

    def _hear(self, worker: _Worker, now: _Round, progress: Progress | None) -> None:
        try:
            kind, content = worker.pipe.recv()
        except (EOFError, OSError):
            self._lose(worker, now)
            return
        if kind == "progress":
            if progress:
                progress(*content)
            return
        worker.member = -1
        if kind == "done":
            now.results.append(content)
        elif kind == "failed":
            now.failure = now.failure or _error(*content)

    def _lose(self, worker: _Worker, now: _Round) -> None:
        """A worker is gone: its member waits for another one, which resumes it."""
        member = worker.member
        worker.pipe.close()
        worker.process.join(1)
        self._workers.remove(worker)
        now.losses[member] = now.losses.get(member, 0) + 1
        if now.losses[member] > MOST_LOSSES:
            now.failure = StateError(f"member {member}: {MOST_LOSSES} processes ended on it; look at memory and logs")
        elif not now.stopping:
            now.waiting.insert(0, member)

    def _tell_stop(self) -> None:
        for worker in self._workers:
            if worker.member >= 0:
                with suppress(OSError):
                    worker.pipe.send("stop")


class DaskPool:
    """Members on an existing dask.distributed cluster that sees the run's folder; dask replaces lost workers.

    Raises ImportError text as a StateError where `distributed` (extra `cluster`) is missing.
    """

    def __init__(self, scheduler: str):
        try:
            from distributed import Client
        except ImportError:
            raise StateError("--scheduler needs dask.distributed; install the extra `cluster`") from None
        try:
            self.client = Client(scheduler, set_as_default=False, timeout="10s")
        except (OSError, ValueError) as error:
            raise errors.ScenarioError(f"--scheduler {scheduler}: no scheduler answers there ({error})") from None

    def __enter__(self) -> DaskPool:
        return self

    def __exit__(self, *_: Any) -> None:
        self.close()

    def close(self) -> None:
        """Leave the cluster; it goes on without us."""
        self.client.close()

    def warm(self) -> None:
        """Nothing to start: the cluster is there."""

    def run(
        self,
        plan: Plan,
        folder: Path,
        members: Sequence[int],
        progress: Progress | None = None,
        stop: Callable[[], bool] = lambda: False,
    ) -> Results:
        """Figures of all members, in order; see Pool. A file `.stop` in the folder tells the workers to stop."""
        from distributed import wait as wait_for

        flag = folder / ".stop"
        flag.unlink(missing_ok=True)
        futures = {
            self.client.submit(_far_member, plan, str(folder), member, pure=False, retries=MOST_LOSSES): member
            for member in members
        }
        results, failure, waiting = [], None, set(futures)
        while waiting:
            if stop():
                flag.touch()
            with suppress(TimeoutError):
                wait_for(list(waiting), timeout=LOOK_S, return_when="FIRST_COMPLETED")
            for future in [one for one in waiting if one.done()]:
                waiting.remove(future)
                kind, content = future.result()
                if kind == "done":
                    results.append(content)
                    if progress:
                        progress(futures[future], plan.until_s, None)
                elif kind == "failed":
                    failure = failure or _error(*content)
        stopped = flag.exists()
        flag.unlink(missing_ok=True)
        if failure is not None:
            raise failure
        if stopped and len(results) < len(futures):
            raise Interrupted(f"stopped; `twin resume {folder}` goes on from there")
        return sorted(results, key=lambda result: result["member"])


def _serve(pipe: Connection, nice: int) -> None:
    """Life of a worker: takes members until its pipe closes. Ctrl-C and SIGTERM are left to the parent."""
    from scenarios.execution import FAST_SAMPLE_S, run_member

    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    os.nice(nice)

    def told() -> bool:
        """Whether the parent wants a stop or is gone; what it says while a member runs is `stop`."""
        return pipe.poll()

    def progress(member: int, now_s: int, remark: Any) -> None:
        if remark or now_s % (6 * FAST_SAMPLE_S) == 0:
            with suppress(OSError):
                pipe.send(("progress", (member, now_s, remark)))

    while True:
        try:
            task = pipe.recv()
            if task != "stop":
                plan, folder, member = task
                pipe.send(_outcome(partial(run_member, plan, folder, member, progress, told)))
        except (EOFError, OSError):
            return


def _outcome(work: Callable[[], dict[str, Any]]) -> tuple[str, Any]:
    """What came of a member, as plain data that survives the way between processes."""
    try:
        return "done", work()
    except Interrupted as error:
        return "stopped", str(error)
    except Exception as error:
        return "failed", (type(error).__name__, str(error))


def _error(name: str, text: str) -> BaseException:
    """The error of a member, of its own kind where it was raised on purpose."""
    kind = getattr(errors, name, None)
    if isinstance(kind, type) and issubclass(kind, errors.TwinError):
        return kind(text)
    return StateError(f"{name}: {text}. This is a fault of the program; run again with --debug and report it.")


def _far_member(plan: Plan, folder: str, member: int) -> tuple[str, Any]:
    """One member on a machine of the cluster."""
    from scenarios.execution import run_member

    flag = Path(folder) / ".stop"
    return _outcome(partial(run_member, plan, Path(folder), member, stop=flag.exists))
