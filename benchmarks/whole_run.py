"""Seconds and memory of whole runs in one process, world building and layer preparation included, imports apart."""

from __future__ import annotations

import time
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from benchmarks.measuring import REPEATS, Tell, Timing, in_child, silent

CASES = (  # scenario, hours, aim
    ("two-towns", 24, "0.5 s"),
    ("kumamoto-2026", 24, None),
    ("kumamoto-2026", 72, "5 s and 500 MB"),
    ("kumamoto-2026", 720, "12 s"),
)


def measure(peers: bool = False, tell: Tell = silent) -> Iterator[dict[str, Any]]:
    """One row per case: the median of fresh processes with its memory; size is the number of steps."""
    for scenario, hours, limit in CASES:
        runs = sorted((_fresh(scenario, hours) for _ in range(REPEATS)), key=lambda one: one["wall_s"])
        middle = runs[len(runs) // 2]
        timing = Timing(tuple(one["wall_s"] for one in runs))
        yield {
            "case": f"{scenario} {hours} h",
            "growth_of": f"the length of {scenario}",
            "size": middle["steps"],
            "value": timing.wall_s,
            "unit": "s",
            "limit": limit,
            **timing.row,
            "peak_rss_mb": middle["peak_rss_mb"],
            "import_s": middle["import_s"],
            "layer_s": middle["layer_s"],
        }


def _fresh(scenario: str, hours: int) -> dict[str, Any]:
    figures, peak_rss_mb = in_child(__name__, "whole_run", scenario, hours)
    return {**figures, "peak_rss_mb": peak_rss_mb}


def whole_run(name: str, hours: int) -> dict[str, Any]:
    """Run one member with store, report of its figures and a merged folder, as `twin run` does; seconds by part.

    Modules are imported here, so that their time can be told apart: to be called in a fresh process.
    """
    begun = time.perf_counter()
    execution, reading, store = (import_module(m) for m in ("scenarios.execution", "scenarios.reading", "twin.store"))
    imported = time.perf_counter()
    plan = execution.Plan.make(reading.read_scenario(name), hours * 3600, members=1)
    with TemporaryDirectory() as folder:
        result = execution.run_member(plan, Path(folder), 0)
        store.RunFolder(Path(folder)).merge([0])
    return {**result, "import_s": imported - begun, "wall_s": time.perf_counter() - imported}
