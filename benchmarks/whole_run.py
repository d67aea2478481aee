"""Seconds and memory of whole runs in one process, world building and layer preparation included, imports apart."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator
from subprocess import run
from typing import Any

CASES = (("two-towns", 24, 0.5), ("kumamoto-2026", 72, 5.0), ("kumamoto-2026", 720, 12.0))
REPEATS = 3
CHILD = """
import json, resource, sys, tempfile, time
from pathlib import Path
begun = time.perf_counter()
from scenarios import read_scenario
from scenarios.execution import Plan, run_member
from twin.store import RunFolder
imported = time.perf_counter()
plan = Plan.make(read_scenario(sys.argv[1]), int(sys.argv[2]) * 3600, members=1)
with tempfile.TemporaryDirectory() as folder:
    result = run_member(plan, Path(folder), 0)
    RunFolder(Path(folder)).merge([0])
done = time.perf_counter()
peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
figures = {**result, "import_s": imported - begun, "wall_s": done - imported, "peak_rss_mb": peak}
print(json.dumps(figures, default=float))
"""


def measure(peers: bool = False, tell: Callable[[str], None] = lambda text: None) -> Iterator[dict[str, Any]]:
    """One row per case: the median of three fresh processes."""
    for scenario, hours, limit_s in CASES:
        runs = sorted((_child(scenario, hours) for _ in range(REPEATS)), key=lambda one: one["wall_s"])
        middle = runs[len(runs) // 2]
        told = ", ".join(format(one["wall_s"], ".2f") for one in runs)
        tell(f"  {scenario} {hours} h: {told} s")
        yield {
            "case": f"{scenario} {hours} h",
            "size": middle["steps"],
            "value": middle["wall_s"],
            "unit": "s",
            "limit": f"{limit_s} s",
            "wall_s": middle["wall_s"],
            "peak_rss_mb": middle["peak_rss_mb"],
            "import_s": middle["import_s"],
            "layer_s": middle["layer_s"],
        }


def _child(scenario: str, hours: int) -> dict[str, Any]:
    done = run([sys.executable, "-c", CHILD, scenario, str(hours)], capture_output=True, text=True, check=True)
    return json.loads(done.stdout.splitlines()[-1])
