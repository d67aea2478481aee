"""Milliseconds a step costs outside the layers: inputs, carriers, checks, ledger, journal."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from typing import Any

from scenarios import build_world, read_scenario
from scenarios.assemble import assemble
from scenarios.execution import schedule_of

CASES = (("two-towns", 24), ("kumamoto-2026", 24))
LIMIT_MS = 0.3


def measure(peers: bool = False, tell: Callable[[str], None] = lambda text: None) -> Iterator[dict[str, Any]]:
    """Wall time of the loop less the time inside the layers, per step."""
    for name, hours in CASES:
        scenario = read_scenario(name)
        twin = assemble(build_world(scenario), schedule_of(scenario), scenario.seed, settings=scenario.set)
        begun = time.perf_counter()
        for _ in twin.advance(hours * 3600):
            pass
        wall_s = time.perf_counter() - begun
        outside_s = wall_s - sum(twin.layer_s.values())
        yield {
            "case": f"{name} {hours} h",
            "size": twin.state.step,
            "value": 1000 * outside_s / twin.state.step,
            "unit": "ms per step",
            "limit": f"{LIMIT_MS} ms",
            "wall_s": wall_s,
            "layer_s": dict(twin.layer_s),
        }
