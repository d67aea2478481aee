"""What leaving early saves: a tsunami with 20, 70 and 100 % leaving at once, a levee breach with an earlier order.

Paired members (same chance, other parameters drawn alike), so differences are due to the measure. Figures are
simulated; the three tsunami cases are the behaviours of the national damage estimates (CAO 2012, 2025).
"""

from __future__ import annotations

import multiprocessing
import os
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from typing import Any

import numpy as np
from scipy.special import stdtrit

from benchmarks.measuring import Tell, silent
from scenarios import build_world, read_scenario
from scenarios.assemble import assemble
from scenarios.execution import schedule_of
from twin import memo
from twin.units import HOUR_S

LOOKED_AT = ("deaths", "people_caught")  # at the end
PEAKS = ("stranded_persons", "evacuees_in_refuges")
TSUNAMI, TSUNAMI_H = "coastal-town", 6
AT_ONCE = {"20 %": (0.2, 0.5), "70 %": (0.7, 0.3), "100 %": (1.0, 0.0)}  # at once, after an errand; the rest last
FLOOD, FLOOD_H, EARLIER_H = "river-town", 24, (1, 2, 3, 4, 5, 6)
MEMBERS = {TSUNAMI: 6, FLOOD: 24}  # not every member's levee breaks, so a flood needs more of them
DECIDED = {"government.reluctance_fraction": 0.0}  # a mayor who follows the warning level, so that there is an order
EVERYBODY = 4
Task = tuple[str, int, int, Mapping[str, float], str]  # scenario, hours, member, settings, folder of kept hazards


def measure(peers: bool = False, tell: Tell = silent) -> Iterator[dict[str, Any]]:
    """One row per case: deaths at the end (mean and 95 % range over members) and the paired change they bring."""
    with tempfile.TemporaryDirectory() as kept:
        cases = {
            f"{TSUNAMI}, {share} leave at once": {
                "evacuation.leave_at_once_fraction": at_once,
                "evacuation.leave_after_errand_fraction": errand,
            }
            for share, (at_once, errand) in AT_ONCE.items()
        }
        yield from _compared(TSUNAMI, TSUNAMI_H, cases, kept, tell)
        order_s = ordered_s(kept)
        tell(f"  {FLOOD}: the order comes at T+{order_s / HOUR_S:.1f} h")
        earlier: dict[str, Mapping[str, float]] = {f"{FLOOD}, order as decided": DECIDED}
        for hours in EARLIER_H:
            at_s = max(order_s - hours * HOUR_S, 0)
            earlier[f"{FLOOD}, order {hours} h earlier"] = {**DECIDED, "government.flood_order_at_s": at_s}
        yield from _compared(FLOOD, FLOOD_H, earlier, kept, tell)


def _compared(
    scenario: str, hours: int, cases: Mapping[str, Mapping[str, float]], kept: str, tell: Tell
) -> Iterator[dict[str, Any]]:
    members = MEMBERS[scenario]
    tasks: list[Task] = [
        (scenario, hours, member, settings, kept) for settings in cases.values() for member in range(members)
    ]
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["benchmarks.early_evacuation"])
    with ProcessPoolExecutor(os.cpu_count(), context) as pool:
        results = np.array(list(pool.map(final_values, tasks, chunksize=1))).reshape(len(cases), members, -1)
    for name, values in zip(cases, results, strict=True):
        deaths, saved = values[:, 0], values[:, 0] - results[0, :, 0]
        mean, low, high = _range(deaths)
        tell(f"  {name}: {mean:.0f} deaths ({low:.0f} to {high:.0f})")
        yield {
            "case": name,
            "size": members,
            "value": mean,
            "unit": "deaths",
            "low": low,
            "high": high,
            "change": _range(saved),
            **{other: float(values[:, row].mean()) for row, other in enumerate((*LOOKED_AT, *PEAKS)) if row},
        }


def final_values(task: Task) -> list[float]:
    """Totals at the end of a run of the series in LOOKED_AT, then the hourly peaks of those in PEAKS."""
    scenario, hours, member, settings, kept = task
    twin = _twin(scenario, member, settings, kept)
    peak = np.zeros(len(PEAKS))
    for now_s in twin.advance(hours * HOUR_S):
        if now_s % HOUR_S == 0:
            measured = twin.measure()
            peak = np.maximum(peak, [float(np.nansum(measured[name])) for name in PEAKS])
    return [*(float(np.nansum(measured[name])) for name in LOOKED_AT), *peak.tolist()]


def ordered_s(kept: str) -> int:
    """When member 0 of the flood, left alone, calls everybody out of the endangered ground (call 4)."""
    twin = _twin(FLOOD, 0, DECIDED, kept)
    for now_s in twin.advance(FLOOD_H * HOUR_S):
        if twin.state.outputs["government"]["flood_call"].max() >= EVERYBODY:
            return int(now_s)
    raise RuntimeError(f"{FLOOD}: no order within {FLOOD_H} h; there is nothing to bring forward")


def _twin(scenario: str, member: int, settings: Mapping[str, float], kept: str) -> Any:
    memo.use(kept)
    read = read_scenario(scenario)
    return assemble(build_world(read), schedule_of(read), read.seed, member, None, {**read.set, **settings}, read.cut)


def _range(values: np.ndarray | Sequence[float]) -> tuple[float, float, float]:
    """Mean and its 95 % range by Student's t."""
    data = np.asarray(values, float)
    half = float(stdtrit(data.size - 1, 0.975) * data.std(ddof=1) / np.sqrt(data.size))
    return float(data.mean()), float(data.mean()) - half, float(data.mean()) + half
