"""Fixed results to render, merge and compare."""

from __future__ import annotations

import time
from functools import partial
from typing import Any

from benchmarks import DEFAULTS

MACHINE = {
    "system": "Linux-6",
    "processor": "A processor",
    "cores": 2,
    "memory_gb": 24.0,
    "python": "3.11.9",
    "version": "0.1.0",
    "packages": {"numpy": "2.1.0"},
    "load": 0.5,
    "load_after": 1.25,
}


def row(value: float = 1000.0, **fields: Any) -> dict[str, Any]:
    """One result of `routing`, everything else as given."""
    plain = {"subject": "routing", "case": "streets", "unit": "nodes/s", "load": 0.5, "measured": "2026-07-01T00:00:00"}
    return {**DEFAULTS, **plain, "value": value, "wall_s": 0.5, "spread_s": 0.005, "size": 100, **fields}


def content(*rows: dict[str, Any], complete: tuple[str, ...] = ("routing",), **machine: Any) -> dict[str, Any]:
    """What one run of the suite gives."""
    return {"machine": {**MACHINE, **machine}, "results": list(rows), "complete": list(complete), "failed": {}}


def sleeping(seconds: float) -> partial[None]:
    """Work that needs no core."""
    return partial(time.sleep, seconds)
