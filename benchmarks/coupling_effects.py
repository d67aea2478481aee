"""What the couplings do: a paired ensemble of the default run, with each directed pair cut, and with each loop opened.

A pair counts when it moves the time integral of a headline series by at least 1 % with a 95 % range (Student's t over
paired members) that excludes zero. Opening a loop means cutting its last row. Results are written to
`benchmarks/coupling_effects.json`.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from scipy.special import stdtrit

from benchmarks.ensembles import HEADLINES, Task, change, run_all
from benchmarks.measuring import Tell, silent
from layers.couplings import LOOPS, pairs

SCENARIO, HOURS, MEMBERS = "kumamoto-2026", 72, 5
NOTABLE = 0.01
RESULT = Path(__file__).with_name("coupling_effects.json")


def measure(peers: bool = False, tell: Tell = silent) -> Iterator[dict[str, Any]]:
    """One row per directed pair and per loop: the headline it moves most, the change and its range."""
    cuts = {f"{source}>{target}": (f"{source}>{target}",) for source, target in pairs()}
    cuts |= {f"loop {name}": (rows[-1],) for name, (_, rows) in LOOPS.items()}
    tasks: list[Task] = [(SCENARIO, HOURS, member, (), False) for member in range(MEMBERS)]
    tasks += [(SCENARIO, HOURS, member, cut, False) for cut in cuts.values() for member in range(MEMBERS)]
    results = run_all(tasks)
    base = [next(results) for _ in range(MEMBERS)]
    effects = {}
    for name in cuts:
        effects[name] = _effect([change(one, next(results)) for one in base])
        tell(f"  {name}: {effects[name]['headline']} {effects[name]['change']:+.1%}")
        yield {"case": name, "size": MEMBERS, "value": effects[name]["change"], "unit": "share", **effects[name]}
    content = {"scenario": SCENARIO, "hours": HOURS, "members": MEMBERS, "effects": effects}
    try:
        RESULT.write_text(json.dumps(content, indent=1) + "\n")
    except OSError as error:
        tell(f"  {RESULT} is left as it is ({error.strerror}); use --save FILE")


def _effect(changes: list[np.ndarray]) -> dict[str, Any]:
    """The notable headline with the largest change, else the largest change there is."""
    values = np.array(changes)
    mean, n = values.mean(axis=0), len(values)
    half = stdtrit(n - 1, 0.975) * values.std(axis=0, ddof=1) / np.sqrt(n)
    sure = np.abs(mean) - half > 0
    notable = sure & (np.abs(mean) >= NOTABLE)
    ranked = np.where(notable, 10.0, 0.0) + np.abs(mean)
    best = int(np.argmax(ranked))
    return {
        "headline": HEADLINES[best],
        "change": float(mean[best]),
        "low": float(mean[best] - half[best]),
        "high": float(mean[best] + half[best]),
        "notable": bool(notable[best]),
        "all": {name: float(value) for name, value in zip(HEADLINES, mean, strict=True) if abs(value) >= NOTABLE},
    }
