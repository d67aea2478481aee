"""Milliseconds a step costs outside the layers: inputs, carriers, checks, ledger, journal."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

from benchmarks.measuring import REPEATS, Tell, Timing, silent
from scenarios import build_world, read_scenario
from scenarios.assemble import assemble
from scenarios.execution import schedule_of

CASES = (("two-towns", 24), ("kumamoto-2026", 6), ("kumamoto-2026", 24), ("kumamoto-2026", 72))
LIMIT_MS = 0.3


def measure(peers: bool = False, tell: Tell = silent) -> Iterator[dict[str, Any]]:
    """Wall time of the loop less the time inside the layers, per step; size is the number of steps.

    wall_s is that time outside, loop_s the whole loop, layer_s the time inside each layer in the first repeat.
    """
    for name, hours in CASES:
        runs = [_run(name, hours) for _ in range(REPEATS)]
        whole, steps = Timing(tuple(wall_s for wall_s, _, _ in runs)), runs[0][2]
        outside = Timing(tuple(wall_s - sum(layer_s.values()) for wall_s, layer_s, _ in runs))
        yield {
            "case": f"{name} {hours} h",
            "growth_of": f"the time outside the layers of {name} with its length",
            "size": steps,
            "value": 1000 * outside.wall_s / steps,
            "unit": "ms per step",
            "limit": f"{LIMIT_MS} ms",
            **outside.row,
            "loop_s": whole.wall_s,
            "layer_s": runs[0][1],
        }


def _run(name: str, hours: int) -> tuple[float, dict[str, float], int]:
    """Seconds of the loop, seconds inside each layer, and steps; one twin in memory at a time, as in a run."""
    scenario = read_scenario(name)
    twin = assemble(build_world(scenario), schedule_of(scenario), scenario.seed, settings=scenario.set)
    begun = time.perf_counter()
    for _ in twin.advance(hours * 3600):
        pass
    return time.perf_counter() - begun, dict(twin.layer_s), twin.state.step
