"""The mission queue against a plain SimPy model of the same queue: missions per second, same waits."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import simpy

from twin.chance import Chance
from twin.missions import Missions, Units, advance

SIZES = (1_000, 3_000, 10_000)
N_UNIT, END_S, STEP_S = 300, 72 * 3600, 600


def measure(peers: bool = False, tell: Callable[[str], None] = lambda text: None) -> Iterator[dict[str, Any]]:
    """Ours cut into 432 steps, SimPy in one go; the mean wait of both must agree."""
    chance = Chance(1)
    for size in SIZES:
        keys = np.arange(size)
        asked_s = np.sort((chance.uniform("asked", keys) * END_S * 0.6).astype(np.int64))
        work_s = np.ceil(chance.exponential("work", keys, 3600.0)).astype(np.int64)
        begun = time.perf_counter()
        ours = _ours(keys, asked_s, work_s)
        mine_s = time.perf_counter() - begun
        begun = time.perf_counter()
        theirs = _simpy(asked_s, work_s)
        peer_s = time.perf_counter() - begun
        assert abs(ours - theirs) <= 1e-6 * max(1.0, theirs), "the two queues disagree"
        yield {
            "case": f"{size} missions, {N_UNIT} units, 432 steps",
            "size": size,
            "value": size / mine_s,
            "unit": "missions/s",
            "wall_s": mine_s,
            "peers": {"simpy, one run": size / peer_s},
        }


def _ours(keys: np.ndarray, asked_s: np.ndarray, work_s: np.ndarray) -> float:
    place = np.zeros(len(keys), dtype=np.int32)
    missions = Missions.empty().append(key=keys, place=place, asked_s=asked_s, work_s=work_s)
    units = Units.empty().append(key=np.arange(N_UNIT), base=np.zeros(N_UNIT, dtype=np.int32))
    for start_s in range(0, END_S * 2, STEP_S):
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
