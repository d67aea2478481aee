"""Seconds until the command line answers, as a fresh process."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from functools import partial
from subprocess import run
from typing import Any

from benchmarks.measuring import Tell, silent, timed

COMMANDS = (("--help", 0.7), ("couplings", None), ("scenarios", None))
REPEATS = 5


def measure(peers: bool = False, tell: Tell = silent) -> Iterator[dict[str, Any]]:
    """Median of five starts, after one that warms the disk cache."""
    for command, limit_s in COMMANDS:
        call = [sys.executable, "-m", "api.cli", command]
        timing, _ = timed(partial(run, call, capture_output=True, check=True), REPEATS)
        yield {
            "case": f"twin {command}",
            "value": timing.wall_s,
            "unit": "s",
            "limit": limit_s and f"{limit_s} s",
            **timing.row,
            "peak_rss_mb": None,  # not of this process; `whole-run` tells what a run takes
        }
