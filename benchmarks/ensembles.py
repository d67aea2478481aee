"""Paired ensembles of series without a store, one worker process per core: shared by the slower benchmarks."""

from __future__ import annotations

import multiprocessing
import os
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from functools import lru_cache

import numpy as np

from scenarios import build_world, read_scenario
from scenarios.assemble import assemble
from scenarios.execution import schedule_of
from twin.run import Schedule
from twin.world import World

HEADLINES = (
    "households_without_power",
    "households_without_water",
    "base_stations_down",
    "roads_closed",
    "evacuees_in_shelters",
    "trapped_persons",
    "rescued_persons",
    "deaths",
    "hospital_patients_waiting",
    "meals_short",
    "water_short_l",
    "requests_pending",
)
Task = tuple[str, int, int, tuple[str, ...], bool]  # scenario, hours, member, cuts, halved schedule


@lru_cache(maxsize=2)
def _world(name: str) -> World:
    return build_world(read_scenario(name))


def run_one(task: Task) -> np.ndarray:
    """Totals over all municipalities, shape (headline, hour)."""
    name, hours, member, cuts, halved = task
    scenario = read_scenario(name)
    schedule: Schedule = schedule_of(scenario)
    twin = assemble(
        _world(name), schedule.halved() if halved else schedule, scenario.seed, member, None, scenario.set, cuts
    )
    samples = []
    for now_s in twin.advance(hours * 3600):
        if now_s % 3600 == 0:
            measured = twin.measure()
            samples.append([float(np.nansum(measured[headline])) for headline in HEADLINES])
    return np.array(samples).T


def run_all(tasks: Sequence[Task]) -> Iterator[np.ndarray]:
    """Results in the order of the tasks, from a pool as large as the cores."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["benchmarks.ensembles"])
    with ProcessPoolExecutor(os.cpu_count(), context) as pool:
        yield from pool.map(run_one, tasks, chunksize=1)


def change(base: np.ndarray, other: np.ndarray) -> np.ndarray:
    """Relative change of the time integral of each headline, shape (headline,); 0 where both are 0."""
    before, after = base.sum(axis=1), other.sum(axis=1)
    return np.where(before + after > 0, (after - before) / np.maximum(np.maximum(before, after), 1e-12), 0.0)
