"""The mission queue against a plain SimPy model of the same queue: missions per second, same waits.

Ours is cut into steps and rebuilt from its columns in each of them, the plain model runs in one go.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import Any

import numpy as np
import simpy

from benchmarks.measuring import Tell, silent, timed
from twin.chance import Chance
from twin.errors import StateError
from twin.missions import Missions, Units, advance

SIZES = (1_000, 3_000, 10_000)
N_UNIT, END_S, STEP_S = 300, 72 * 3600, 600
STARTS_S = range(0, 2 * END_S, STEP_S)  # long enough for the last mission to end


def measure(peers: bool = False, tell: Tell = silent) -> Iterator[dict[str, Any]]:
    """Missions per second at three sizes; the mean wait of both models must agree. Raises StateError if not."""
    for size in SIZES:
        keys, asked_s, work_s = _workload(size)
        timing, ours_s = timed(partial(_ours, keys, asked_s, work_s))
        plain, theirs_s = timed(partial(_simpy, asked_s, work_s))
        if abs(ours_s - theirs_s) > 1e-6 * max(1.0, theirs_s):
            raise StateError(f"the two queues disagree: mean wait {ours_s} s and {theirs_s} s for {size} missions")
        yield {
            "case": "queue",
            "size": size,
            "value": size / timing.wall_s,
            "unit": "missions/s",
            **timing.row,
            "units": N_UNIT,
            "steps": len(STARTS_S),
            "mean_wait_s": ours_s,
            "peers": {"simpy": size / plain.wall_s},
        }


def _workload(size: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Keys, asking times over the first part of the run, and exponential work of one hour."""
    chance, keys = Chance(1), np.arange(size)
    asked_s = np.sort((chance.uniform("asked", keys) * END_S * 0.6).astype(np.int64))
    return keys, asked_s, np.ceil(chance.exponential("work", keys, 3600.0)).astype(np.int64)


def _ours(keys: np.ndarray, asked_s: np.ndarray, work_s: np.ndarray) -> float:
    place = np.zeros(len(keys), dtype=np.int32)
    missions = Missions.empty().append(key=keys, place=place, asked_s=asked_s, work_s=work_s)
    units = Units.empty().append(key=np.arange(N_UNIT), base=np.zeros(N_UNIT, dtype=np.int32))
    for start_s in STARTS_S:
        missions, units, _ = advance(
            missions, units, start_s, start_s + STEP_S, lambda rows, here, there: np.zeros(len(rows))
        )
    return float(np.mean(missions.began_s - missions.asked_s))


def _simpy(asked_s: np.ndarray, work_s: np.ndarray) -> float:
    env = simpy.Environment()
    crews = simpy.Resource(env, N_UNIT)
    waits = []

    def mission(asked: int, work: int) -> Any:
        yield env.timeout(asked)
        with crews.request() as turn:
            yield turn
            waits.append(env.now - asked)
            yield env.timeout(work)

    for asked, work in zip(asked_s.tolist(), work_s.tolist(), strict=True):
        env.process(mission(asked, work))
    env.run()
    return float(np.mean(waits))
