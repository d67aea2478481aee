"""Processes that carry out members: kept warm between runs, so that a what-if starts at once.

Each worker has a pipe of its own. A worker that is killed is replaced and its member goes on from its last snapshot;
a worker whose parent is gone stops after the present step with a snapshot and ends.
"""

from __future__ import annotations

import gc
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
Task = tuple["Plan", Path, int]  # a member of a plan, with the folder of its run


class Pool(Protocol):
    """Carries out members somewhere."""

    def run(
        self,
        tasks: Sequence[Task],
        progress: Progress | None = None,
        stop: Callable[[], bool] = ...,
    ) -> Results:
        """Figures of all tasks, in order. Raises Interrupted once all have stopped, or the first member's error."""

    def close(self) -> None:
        """Let go of whatever the pool holds."""


@dataclass
class _Worker:
    """One process and this side of its pipe; task: number of what it works at, -1 when idle."""

    process: Any
    pipe: Connection
    task: int = -1


@dataclass
class _Round:
    """Tasks being carried out; waiting: numbers of those nobody works at."""

    tasks: Sequence[Task]
    waiting: list[int]
    results: dict[int, dict[str, Any]] = field(default_factory=dict)
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
        while len(self._workers) < self.number:
            here, there = self._context.Pipe()
            process = self._context.Process(target=_serve, args=(there, self.nice), daemon=True)
            process.start()
            there.close()
            self._workers.append(_Worker(process, here))

    def run(
        self,
        tasks: Sequence[Task],
        progress: Progress | None = None,
        stop: Callable[[], bool] = lambda: False,
    ) -> Results:
        """Figures of all tasks, in order; see Pool."""
        now = _Round(tasks, list(range(len(tasks))))
        while now.waiting or any(worker.task >= 0 for worker in self._workers):
            if not now.stopping and stop():
                now.stopping, now.waiting = True, []
                self._tell_stop()
            self._hand_out(now)
            for pipe in wait([worker.pipe for worker in self._workers if worker.task >= 0], timeout=LOOK_S):
                self._hear(next(worker for worker in self._workers if worker.pipe is pipe), now, progress)
        if now.failure is not None:
            raise now.failure
        if now.stopping:
            raise Interrupted(_resumable(tasks))
        return [now.results[number] for number in range(len(tasks))]

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

    def _hand_out(self, now: _Round) -> None:
        self.warm()
        for worker in list(self._workers):
            if now.waiting and worker.task < 0:
                worker.task = now.waiting.pop(0)
                try:
                    worker.pipe.send(now.tasks[worker.task])
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
        number, worker.task = worker.task, -1
        if kind == "done":
            now.results[number] = content
        elif kind == "failed":
            now.failure = now.failure or _error(*content)

    def _lose(self, worker: _Worker, now: _Round) -> None:
        """A worker is gone: its task waits for another one, which resumes it."""
        number = worker.task
        worker.pipe.close()
        worker.process.join(1)
        self._workers.remove(worker)
        now.losses[number] = now.losses.get(number, 0) + 1
        if now.losses[number] > MOST_LOSSES:
            member = now.tasks[number][2]
            now.failure = StateError(f"member {member}: {MOST_LOSSES} processes ended on it; look at memory and logs")
        elif not now.stopping:
            now.waiting.insert(0, number)

    def _tell_stop(self) -> None:
        for worker in self._workers:
            if worker.task >= 0:
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
        tasks: Sequence[Task],
        progress: Progress | None = None,
        stop: Callable[[], bool] = lambda: False,
    ) -> Results:
        """Figures of all tasks, in order; see Pool. A file `.stop` in a run's folder tells the workers to stop."""
        from distributed import wait as wait_for

        flags = {folder / ".stop" for _, folder, _ in tasks}
        _clear(flags)
        futures = {
            self.client.submit(_far_member, plan, str(folder), member, pure=False, retries=MOST_LOSSES): number
            for number, (plan, folder, member) in enumerate(tasks)
        }
        results: dict[int, dict[str, Any]] = {}
        failure, waiting, stopped = None, set(futures), False
        while waiting:
            if not stopped and stop():
                stopped = True
                for flag in flags:
                    flag.touch()
            with suppress(TimeoutError), self.client.as_current():
                wait_for(list(waiting), timeout=LOOK_S, return_when="FIRST_COMPLETED")
            for future in [one for one in waiting if one.done()]:
                waiting.remove(future)
                number, (kind, content) = futures[future], future.result()
                if kind == "done":
                    results[number] = content
                    if progress:
                        progress(tasks[number][2], tasks[number][0].until_s, None)
                elif kind == "failed":
                    failure = failure or _error(*content)
        _clear(flags)
        if failure is not None:
            raise failure
        if len(results) < len(tasks):
            raise Interrupted(_resumable(tasks))
        return [results[number] for number in range(len(tasks))]


def _clear(flags: set[Path]) -> None:
    for flag in flags:
        flag.unlink(missing_ok=True)


def _resumable(tasks: Sequence[Task]) -> str:
    return f"stopped; `twin resume {tasks[0][1]}` goes on from there"


def _serve(pipe: Connection, nice: int) -> None:
    """Life of a worker: takes members until its pipe closes. Ctrl-C and SIGTERM are left to the parent."""
    from scenarios.execution import FAST_SAMPLE_S, run_member

    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    os.nice(nice)
    gc.freeze()  # what is loaded by now stays: not looked through again, and shared with the other workers

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
