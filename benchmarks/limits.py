"""What this machine can do at most, measured in the same run: memory bandwidth, clock, and two processes at once.

Two cores often share caches, memory and power, so two threads cannot be twice as fast as one. How far two processes
get that have nothing to do with each other is the limit of any two threads.
"""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from importlib.util import find_spec
from statistics import median
from typing import Any

import numpy as np

from benchmarks.measuring import timed
from twin.errors import StateError

Array = np.ndarray
TRIAD_VALUES = 6_000_000  # three arrays of 48 MB, beyond the cache of one core
TRIADS_A_TURN = 20
ROUNDS = 5
CHAIN, CYCLES_A_LINK = 20_000_000, 4  # a multiplication (3) and an addition (1) of integers that wait for each other
PARTNER = """
import json, sys, time
from importlib import import_module
work = getattr(import_module(sys.argv[1]), sys.argv[2])(*json.loads(sys.argv[3]))
print("ready", flush=True)
for line in sys.stdin:
    begun = time.perf_counter()
    work()
    print(time.perf_counter() - begun, flush=True)
"""


@dataclass(frozen=True)
class Together:
    """Seconds of one piece of work by round: alone, and in each of two processes that begin it at the same time."""

    alone_s: tuple[float, ...]
    both_s: tuple[tuple[float, float], ...]

    @property
    def gain(self) -> float:
        """Work done per second by both over that of one alone: the median of the rounds, 2 where nothing is shared."""
        rounds = zip(self.alone_s, self.both_s, strict=True)
        return median(sum(alone / own for own in both) for alone, both in rounds)

    @property
    def most_per_s(self) -> float:
        """Pieces of work per second of both together in the best round."""
        return max(sum(1.0 / own for own in both) for both in self.both_s)


def together(module: str, name: str, *arguments: Any) -> Together:
    """Time work alone and in two processes at once, in turns, so that a change of the machine's pace meets both.

    module, name: a function that prepares the work, warms it up and returns it. Raises StateError when it fails.
    """
    command = [sys.executable, "-c", PARTNER, module, name, json.dumps(arguments)]
    pipe, nowhere = subprocess.PIPE, subprocess.DEVNULL
    with ExitStack() as stack:
        partners = [subprocess.Popen(command, stdin=pipe, stdout=pipe, stderr=nowhere, text=True) for _ in range(2)]
        for partner in partners:
            stack.enter_context(partner)
            stack.callback(partner.terminate)
        told = [_answer(partner, name) for partner in partners]
        if told != ["ready", "ready"]:
            raise StateError(f"{module}.{name} printed {told} while it was prepared; it must print nothing")
        rounds = [(_turn(partners[:1], name)[0], _turn(partners, name)) for _ in range(ROUNDS)]
    return Together(tuple(alone for alone, _ in rounds), tuple((both[0], both[1]) for _, both in rounds))


def _turn(partners: list[subprocess.Popen[str]], name: str) -> list[float]:
    """Let these processes work once, all at the same time; seconds of each."""
    for partner in partners:
        if partner.stdin:
            partner.stdin.write("\n")
            partner.stdin.flush()
    return [float(_answer(partner, name)) for partner in partners]


def _answer(partner: subprocess.Popen[str], name: str) -> str:
    told = partner.stdout.readline().strip() if partner.stdout else ""
    if not told:
        raise StateError(f"{name} ended in its own process without an answer")
    return told


def triad_bytes_per_s() -> float:
    """Memory bandwidth of one core: best of five a = b + 3 c over arrays beyond the cache.

    Counts the bytes read and written, 24 per element when compiled; NumPy needs two passes, 40. A line that is
    fetched only to be overwritten is not counted.
    """
    a, b, c = (np.full(TRIAD_VALUES, value) for value in (0.0, 1.0, 2.0))
    triad, values = _triad()
    timing, _ = timed(lambda: triad(a, b, c), repeats=5)
    return values * a.itemsize * TRIAD_VALUES / min(timing.all_s)


def triad_bytes_per_s_of_two() -> float:
    """Memory bandwidth two processes reach together, counted as for one; the best of the rounds."""
    moved = _triad()[1] * 8 * TRIAD_VALUES * TRIADS_A_TURN
    return moved * together(__name__, "triads", TRIAD_VALUES).most_per_s


def triads(values: int) -> Callable[[], None]:
    """Several triads in a row over so many values."""
    a, b, c = (np.full(values, value) for value in (0.0, 1.0, 2.0))
    triad, _ = _triad()

    def work() -> None:
        for _ in range(TRIADS_A_TURN):
            triad(a, b, c)

    work()
    return work


def _triad() -> tuple[Callable[..., None], int]:
    """The fastest form there is, and how many values it moves per element."""
    return _compiled_triad() if find_spec("numba") else (_two_passes, 5)


def _two_passes(a: Array, b: Array, c: Array) -> None:
    np.multiply(c, 3.0, out=a)
    np.add(a, b, out=a)


def _compiled_triad() -> tuple[Callable[..., None], int]:
    from numba import njit

    @njit
    def triad(a: np.ndarray, b: np.ndarray, c: np.ndarray) -> None:
        for i in range(a.size):
            a[i] = b[i] + 3.0 * c[i]

    return triad, 3


def clock_hz() -> float | None:
    """Cycles per second of one core: best of five chains of integer steps that wait for each other.

    A step takes four cycles on x86-64 and current ARM cores (multiplication 3, addition 1). None without Numba.
    """
    if not find_spec("numba"):
        return None
    from numba import njit, uint64

    @njit
    def chain(steps: int, value: int) -> Any:
        x = uint64(value)
        for _ in range(steps):
            x = x * x + uint64(1442695040888963407)  # a compiler cannot take two of these in one
        return x

    seconds = []
    chain(10, 1)
    for _ in range(5):
        begun = time.perf_counter()
        chain(CHAIN, 1)
        seconds.append(time.perf_counter() - begun)
    return CYCLES_A_LINK * CHAIN / min(seconds)
