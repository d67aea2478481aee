"""Short runs of two-towns for the laws every layer obeys."""

from __future__ import annotations

from functools import lru_cache

import numpy as np

from scenarios import build_world, read_scenario
from scenarios.assemble import assemble
from scenarios.execution import schedule_of
from scenarios.schema import Scenario
from twin.run import Schedule, Twin
from twin.world import World


@lru_cache(maxsize=2)
def place(name: str) -> tuple[Scenario, World]:
    """A shipped scenario and its world."""
    scenario = read_scenario(name)
    return scenario, build_world(scenario)


def begin(
    member: int = 0, cuts: tuple[str, ...] = (), schedule: Schedule | None = None, name: str = "two-towns"
) -> Twin:
    """A twin at time 0."""
    scenario, world = place(name)
    models = {str(layer): model for layer, model in scenario.models.items()}
    return assemble(world, schedule or schedule_of(scenario), scenario.seed, member, models, scenario.set, cuts)


def sampled(twin: Twin, until_s: int, every_s: int = 1800) -> dict[str, np.ndarray]:
    """Run on and sample every series: name -> array (time, municipality)."""
    rows = [twin.measure() for now_s in twin.advance(until_s) if now_s % every_s == 0]
    return {name: np.array([row[name] for row in rows]) for name in rows[0]}


@lru_cache(maxsize=4)
def baseline(hours: int, member: int = 0, name: str = "two-towns") -> dict[str, np.ndarray]:
    """Series of the uncut run."""
    return sampled(begin(member, name=name), hours * 3600)


SCENARIO, WORLD = place("two-towns")


def moved(one: np.ndarray, other: np.ndarray) -> float:
    """Largest change of a series between two runs, as a share of the first one's largest value."""
    before, after = np.nansum(one, axis=1), np.nansum(other, axis=1)
    peak = max(np.abs(before).max(), np.abs(after).max())
    known = np.mean(np.isnan(one) != np.isnan(other))
    return float(max(np.abs(before - after).max() / peak if peak else 0.0, known))
