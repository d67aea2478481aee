"""How everything here is measured: warm-up, median of repeats and their spread, memory of a child process, the machine.

A shared machine is noisy, so the load stands beside every figure and speeds are meant as ratios inside one run.
"""

from __future__ import annotations

import json
import os
import platform
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from importlib import metadata
from importlib.util import find_spec
from pathlib import Path
from statistics import median
from typing import Any, TypeVar

from twin.errors import StateError

Result = TypeVar("Result")
Tell = Callable[[str], None]
REPEATS = 3
SHORT_S, MOST_CALLS = 0.05, 100
NEEDED, OPTIONAL = ("numpy", "scipy", "mesa", "simpy", "pyarrow"), ("numba", "anuga", "landlab", "networkx")
CHILD = """
import json, resource, sys
from importlib import import_module
from pathlib import Path
module, name, arguments = sys.argv[1], sys.argv[2], json.loads(sys.argv[3])
result = getattr(import_module(module), name)(*arguments)
status = Path("/proc/self/status")  # there the peak of a child does not start at its parent's, as ru_maxrss does
lines = status.read_text().splitlines() if status.exists() else ()
own = [int(line.split()[1]) for line in lines if line.startswith("VmHWM")]
peak = (own[0] if own else resource.getrusage(resource.RUSAGE_SELF).ru_maxrss) / 1024
print(json.dumps({"result": result, "peak_rss_mb": peak}, default=float))
"""


def silent(text: str) -> None:
    """Tell nobody."""


@dataclass(frozen=True)
class Timing:
    """Wall time of several repeats of one piece of work, seconds."""

    all_s: tuple[float, ...]

    @property
    def wall_s(self) -> float:
        """The middle one."""
        return median(self.all_s)

    @property
    def row(self) -> dict[str, float | int]:
        """Fields of a result: median, largest less smallest, and how often it was measured."""
        return {"wall_s": self.wall_s, "spread_s": max(self.all_s) - min(self.all_s), "repeats": len(self.all_s)}


def timed(work: Callable[[], Result], repeats: int | None = None, warm_ups: int = 1) -> tuple[Timing, Result]:
    """Time `work` after `warm_ups` runs that do not count; also returns what its last run gave.

    repeats: REPEATS when not given. Work that took less than SHORT_S to warm up is called several times per repeat,
    and the mean of these calls counts, so that the clock and one interruption matter less.
    """
    calls = 1
    for _ in range(warm_ups):
        begun = time.perf_counter()
        work()
        calls = min(MOST_CALLS, max(1, int(SHORT_S / max(time.perf_counter() - begun, 1e-9))))
    seconds = []
    for _ in range(REPEATS if repeats is None else repeats):
        begun = time.perf_counter()
        for _ in range(calls):
            result = work()
        seconds.append((time.perf_counter() - begun) / calls)
    return Timing(tuple(seconds)), result


def in_child(module: str, name: str, *arguments: Any) -> tuple[Any, float]:
    """Call a function in a fresh process; returns what it gave (as JSON) and the peak memory of that process, MB.

    Raises StateError with the child's last words when it fails.
    """
    command = [sys.executable, "-c", CHILD, module, name, json.dumps(arguments)]
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode:
        last = (done.stderr.strip().splitlines() or ["no message"])[-1]
        raise StateError(f"{module}.{name}{arguments} failed in its own process: {last}")
    told = json.loads(done.stdout.splitlines()[-1])
    return told["result"], told["peak_rss_mb"]


def restart_peak() -> None:
    """Let the peak of this process begin anew at what it holds now, where Linux allows that."""
    with suppress(OSError):
        Path("/proc/self/clear_refs").write_text("5")


def peak_rss_mb(process: int | str = "self") -> float | None:
    """Largest resident memory of a process since it began or `restart_peak` was called, MB; None but on Linux."""
    try:
        lines = Path(f"/proc/{process}/status").read_text().splitlines()
    except OSError:
        return None
    return next((int(line.split()[1]) / 1024 for line in lines if line.startswith("VmHWM")), None)


def load() -> float:
    """Processes that want to run on this machine, mean over the last minute."""
    return round(os.getloadavg()[0], 2)


def machine() -> dict[str, Any]:
    """What the figures are measured on; clock_ghz: as measured just now, None without Numba."""
    from benchmarks.limits import clock_hz

    clock = clock_hz()
    packages = {name: metadata.version(name) for name in NEEDED}
    packages |= {name: metadata.version(name) for name in OPTIONAL if find_spec(name)}
    return {
        "system": platform.platform(),
        "processor": _processor(),
        "cores": len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count(),
        "memory_gb": round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 1e9, 1),
        "python": platform.python_version(),
        "version": metadata.version("disaster-twin"),
        "packages": packages,
        "clock_ghz": None if clock is None else round(clock / 1e9, 2),
        "load": load(),
    }


def _processor() -> str:
    """The model as Linux gives it, else what Python knows."""
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        lines = []
    models = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return models[0] if models else platform.processor() or platform.machine()
