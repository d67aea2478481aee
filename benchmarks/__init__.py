"""The benchmark suite: one module per subject; `twin bench [SUBJECT]` runs it and prints the machine and its load.

Speeds are meant as ratios in one run; shared machines are noisy, so the load stands beside every figure.
"""

from __future__ import annotations

import json
import os
import platform
from collections.abc import Callable, Iterator
from importlib import import_module, metadata
from pathlib import Path
from typing import Any

from twin.errors import ScenarioError

# subject -> (module, what it measures); modules are imported only when asked for
SUBJECTS = {
    "whole-run": ("benchmarks.whole_run", "seconds and memory of the shipped scenarios in one process"),
    "coupling-overhead": ("benchmarks.coupling_overhead", "milliseconds per step spent outside the layers"),
    "start-up": ("benchmarks.start_up", "seconds until `twin --help` has answered"),
    "shallow-water": (
        "benchmarks.shallow_water",
        "element updates per second of both shallow-water forms, and the memory limit",
    ),
    "missions": ("benchmarks.missions", "mission queue against simpy.PreemptiveResource"),
    "coupling-effects": ("benchmarks.coupling_effects", "paired ensemble: what each pair and loop moves"),
    "step-size": ("benchmarks.step_size", "change of the headline series when every step is halved"),
}
DEFAULT = ("whole-run", "coupling-overhead", "start-up", "missions")
RESULTS = Path(__file__).with_name("results.md")


def run(subject: str | None, peers: bool = False, tell: Callable[[str], None] = lambda text: None) -> dict[str, Any]:
    """Measure one subject, or the quick ones: machine and results. Raises ScenarioError for an unknown one."""
    if subject is not None and subject not in SUBJECTS:
        raise ScenarioError(f"no benchmark '{subject}'; there are {', '.join(SUBJECTS)}")
    results: list[dict[str, Any]] = []
    for name in [subject] if subject else DEFAULT:
        tell(f"{name}: {SUBJECTS[name][1]}")
        results.extend(_measured(name, peers, tell))
    return {"machine": machine(), "results": results}


def _measured(name: str, peers: bool, tell: Callable[[str], None]) -> Iterator[dict[str, Any]]:
    for row in import_module(SUBJECTS[name][0]).measure(peers=peers, tell=tell):
        blank: dict[str, Any] = {
            "size": None,
            "threads": 1,
            "dtype": "float64",
            "peers": {},
            "share_of_limit": None,
            "bytes_per_cell": None,
        }
        yield {"subject": name, **blank, "wall_s": None, "peak_rss_mb": None, "load": os.getloadavg()[0], **row}


def machine() -> dict[str, Any]:
    """What the figures were measured on."""
    return {
        "system": platform.platform(),
        "processor": platform.processor() or platform.machine(),
        "cores": os.cpu_count(),
        "python": platform.python_version(),
        "packages": {name: metadata.version(name) for name in ("numpy", "scipy", "mesa", "simpy")},
        "load": os.getloadavg(),
    }


def lines(content: dict[str, Any]) -> list[str]:
    """Results as text."""
    rows = [
        f"{row['subject']:<18} {row['case']:<40} {row['value']:>10.4g} {row['unit']:<14} load {row['load']:.1f}"
        + (f"  limit {row['limit']}" if row.get("limit") else "")
        for row in content["results"]
    ]
    return [f"machine: {json.dumps(content['machine'], default=str)}", *rows]
