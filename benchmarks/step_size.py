"""Change of the headline series when every step of the schedule is halved, over a paired ensemble."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from benchmarks.ensembles import HEADLINES, Task, change, run_all
from benchmarks.measuring import Tell, silent

CASES = (("two-towns", 24, 8), ("kumamoto-2026", 72, 4))
LIMIT = "at most 0.05"


def measure(peers: bool = False, tell: Tell = silent) -> Iterator[dict[str, Any]]:
    """One row per scenario and headline: mean relative change of the time integral."""
    for name, hours, members in CASES:
        tasks: list[Task] = [(name, hours, member, (), halved) for halved in (False, True) for member in range(members)]
        results = list(run_all(tasks))
        mean = np.mean([change(a, b) for a, b in zip(results[:members], results[members:], strict=True)], axis=0)
        for headline, value in zip(HEADLINES, mean, strict=True):
            yield {
                "case": f"{name} {headline}",
                "size": members,
                "value": float(value),
                "unit": "share",
                "limit": LIMIT,
            }
