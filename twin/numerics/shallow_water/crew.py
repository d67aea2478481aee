"""Threads that work side by side on one run: a caller and its helpers, who live as long as the run."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from functools import partial
from types import TracebackType
from typing import Any

import numpy as np

COUNTERS_APART = 8  # numbers from one counter to the next: a cache line, so that threads do not wait for each other's


class Crew:
    """So many threads, the caller among them; with one thread nothing is started. Use it in a `with` statement."""

    def __init__(self, threads: int) -> None:
        self.threads = threads
        self._helpers = ThreadPoolExecutor(threads - 1) if threads > 1 else None

    def __enter__(self) -> Crew:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        if self._helpers is not None:
            self._helpers.shutdown()

    def all_of(self, jobs: Sequence[Callable[[], Any]]) -> list[Any]:
        """What the jobs return, in their order; whoever is free takes the next. The first job's error comes first."""
        waiting = deque((job, Future[Any]()) for job in jobs)
        results = [result for _, result in waiting]

        def work() -> None:
            """Take jobs until none is left."""
            while waiting:
                try:
                    job, result = waiting.popleft()
                except IndexError:  # another was quicker
                    return
                try:
                    result.set_result(job())
                except Exception as error:
                    result.set_exception(error)

        self._side_by_side([work] * self.threads)
        return [result.result() for result in results]

    def share(self, work: Callable[..., Any], rooms: Sequence[Any], blocks: np.ndarray, *rest: Any) -> None:
        """Run `work(counter, blocks, room, *rest)`, which takes blocks while the counter finds any, in every room.

        Each thread has a stretch of blocks of its own, so that it finds the rows beside a block in its own cache, and
        then helps the others with what is left of theirs.
        """
        some = rooms[: max(len(blocks), 1)]
        ends = [len(blocks) * (number + 1) // len(some) for number in range(len(some))]
        counters = np.zeros((len(some), COUNTERS_APART), np.int64)
        counters[1:, 0] = ends[:-1]
        stretches = [(counters[number, :1], blocks[:end]) for number, end in enumerate(ends)]

        def job(own: int) -> None:
            """The own stretch first, then those after it."""
            for counter, part in (*stretches[own:], *stretches[:own]):
                work(counter, part, some[own], *rest)

        self._side_by_side([partial(job, own) for own in range(len(some))])

    def _side_by_side(self, works: Sequence[Callable[[], Any]]) -> None:
        """The first by the caller, the others by helpers, of whom there are enough."""
        jobs = [] if self._helpers is None else [self._helpers.submit(work) for work in works[1:]]
        works[0]()
        for job in jobs:
            job.result()
