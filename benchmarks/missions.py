"""The mission queue against plain SimPy models of the same queue: missions per second, same waits.

Ours is cut into steps and rebuilt from its columns in each of them, the plain models run in one go; ours in one step
too, which tells what the cutting costs. The first plain model only counts units; the second one chooses one of those
that are idle for each mission, by travel time, and keeps a log, as ours does. Neither can be saved half way, nor do
they know shifts, rest, pools, pre-emption or travel.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator
from functools import partial
from typing import Any

import numpy as np
import simpy

from benchmarks.measuring import Tell, silent, timed
from twin.chance import Chance
from twin.errors import StateError
from twin.missions import Missions, Units, advance

SIZES = (1_000, 3_000, 10_000)
MISSIONS_PER_UNIT, END_S, STEP_S = 50, 72 * 3600, 600  # more work than units can do at first, so that queues form
BOUND = "array operations of each grant and clock; under a profile two fifths of the time go to reading the queues"
STARTS_S = range(0, 2 * END_S, STEP_S)  # long enough for the last mission to end


def measure(peers: bool = False, tell: Tell = silent) -> Iterator[dict[str, Any]]:
    """Missions per second at three sizes; the mean wait of all models must agree. Raises StateError if not."""
    for size in SIZES:
        keys, asked_s, work_s = _workload(size)
        timing, ours_s = timed(partial(_ours, keys, asked_s, work_s, STARTS_S, STEP_S))
        once, once_s = timed(partial(_ours, keys, asked_s, work_s, STARTS_S[:1], STARTS_S[-1] + STEP_S))
        plain, theirs_s = timed(partial(_simpy, asked_s, work_s))
        choosing, chosen_s = timed(partial(_simpy_choosing, asked_s, work_s))
        waits_s = (ours_s, once_s, theirs_s, chosen_s)
        if max(waits_s) - min(waits_s) > 1e-6 * max(1.0, theirs_s):
            raise StateError(f"the queues disagree: mean waits of {waits_s} s for {size} missions")
        for case, own in (("queue", timing), ("queue-in-one-step", once)):
            yield {
                "case": case,
                "size": size,
                "value": size / own.wall_s,
                "unit": "missions/s",
                **own.row,
                "units": _units(size),
                "steps": len(STARTS_S) if own is timing else 1,
                "mean_wait_s": ours_s,
                "peers": {"simpy": size / plain.wall_s, "simpy_choosing": size / choosing.wall_s},
                "bound": BOUND,
            }


def _units(size: int) -> int:
    return max(size // MISSIONS_PER_UNIT, 1)


def _workload(size: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Keys, asking times over the first part of the run, and exponential work of one hour."""
    chance, keys = Chance(1), np.arange(size)
    asked_s = np.sort((chance.uniform("asked", keys) * END_S * 0.6).astype(np.int64))
    return keys, asked_s, np.ceil(chance.exponential("work", keys, 3600.0)).astype(np.int64)


def _ours(keys: np.ndarray, asked_s: np.ndarray, work_s: np.ndarray, starts_s: Iterable[int], step_s: int) -> float:
    place = np.zeros(len(keys), dtype=np.int32)
    missions = Missions.empty().append(key=keys, place=place, asked_s=asked_s, work_s=work_s)
    n_unit = _units(len(keys))
    units = Units.empty().append(key=np.arange(n_unit), base=np.zeros(n_unit, dtype=np.int32))
    for start_s in starts_s:
        missions, units, _ = advance(
            missions, units, start_s, start_s + step_s, lambda rows, here, there: np.zeros(len(rows))
        )
    return float(np.mean(missions.began_s - missions.asked_s))


def _simpy(asked_s: np.ndarray, work_s: np.ndarray) -> float:
    env = simpy.Environment()
    crews = simpy.Resource(env, _units(len(asked_s)))
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


def _simpy_choosing(asked_s: np.ndarray, work_s: np.ndarray) -> float:
    """The same queue, first come first served, with the unit chosen among those that are idle."""
    n_unit = _units(len(asked_s))
    env, idle, travel_s = simpy.Environment(), np.ones(n_unit, bool), np.zeros(n_unit)
    line: deque[simpy.Event] = deque()
    log: list[tuple[float, int, int]] = []
    waits = []

    def mission(number: int, asked: int, work: int) -> Any:
        yield env.timeout(asked)
        if line or not idle.any():
            line.append(env.event())
            unit = yield line[-1]
        else:
            at_hand = idle.nonzero()[0]
            unit = int(at_hand[travel_s[at_hand].argmin()])
            idle[unit] = False
        waits.append(env.now - asked)
        log.append((env.now, number, unit))
        yield env.timeout(travel_s[unit] + work)
        log.append((env.now, number, unit))
        if line:
            line.popleft().succeed(unit)
        else:
            idle[unit] = True

    for number, (asked, work) in enumerate(zip(asked_s.tolist(), work_s.tolist(), strict=True)):
        env.process(mission(number, asked, work))
    env.run()
    return float(np.mean(waits))
