"""Seconds until the command line answers, as a fresh process."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from statistics import median
from subprocess import run
from typing import Any

COMMANDS = (("--help", 0.7), ("couplings", None), ("scenarios", None))
REPEATS = 5


def measure(peers: bool = False, tell: Callable[[str], None] = lambda text: None) -> Iterator[dict[str, Any]]:
    """Median of five starts, after one that warms the disk cache."""
    for command, limit_s in COMMANDS:
        seconds = []
        for _ in range(REPEATS + 1):
            begun = time.perf_counter()
            run([sys.executable, "-m", "api.cli", command], capture_output=True, check=True)
            seconds.append(time.perf_counter() - begun)
        value = median(seconds[1:])
        yield {
            "case": f"twin {command}",
            "value": value,
            "unit": "s",
            "wall_s": value,
            "limit": limit_s and f"{limit_s} s",
        }
