"""Short runs of the shipped scenarios for the laws every layer obeys."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import fields, is_dataclass
from functools import lru_cache
from typing import Any

import numpy as np

from scenarios import build_world, read_scenario
from scenarios.assemble import assemble
from scenarios.execution import schedule_of
from scenarios.schema import Scenario
from twin.contract import NOTHING
from twin.run import Schedule, Twin
from twin.table import Table
from twin.world import World


@lru_cache(maxsize=4)
def place(name: str) -> tuple[Scenario, World]:
    """A shipped scenario and its world."""
    scenario = read_scenario(name)
    return scenario, build_world(scenario)


def begin(
    member: int = 0,
    cuts: tuple[str, ...] = (),
    schedule: Schedule | None = None,
    name: str = "two-towns",
    settings: Mapping[str, Any] = NOTHING,
) -> Twin:
    """A twin at time 0; settings stand over those of the scenario."""
    scenario, world = place(name)
    models = {str(layer): model for layer, model in scenario.models.items()}
    chosen = {**scenario.set, **settings}
    return assemble(world, schedule or schedule_of(scenario), scenario.seed, member, models, chosen, cuts)


def sampled(twin: Twin, until_s: int, every_s: int = 1800) -> dict[str, np.ndarray]:
    """Run on and sample every series: name -> array (time, municipality)."""
    rows = [twin.measure() for now_s in twin.advance(until_s) if now_s % every_s == 0]
    return {name: np.array([row[name] for row in rows]) for name in rows[0]}


@lru_cache(maxsize=8)
def baseline(hours: float, member: int = 0, name: str = "two-towns", every_s: int = 1800) -> dict[str, np.ndarray]:
    """Series of the uncut run."""
    return sampled(begin(member, name=name), int(hours * 3600), every_s)


SCENARIO, WORLD = place("two-towns")


def moved(one: np.ndarray, other: np.ndarray) -> float:
    """Largest change of a series between two runs, as a share of the first one's largest value."""
    before, after = np.nansum(one, axis=1), np.nansum(other, axis=1)
    peak = max(np.abs(before).max(), np.abs(after).max())
    known = np.mean(np.isnan(one) != np.isnan(other))
    return float(max(np.abs(before - after).max() / peak if peak else 0.0, known))


def leaves(value: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    """Every plain value inside a state, with its path."""
    if isinstance(value, Table):
        for name, column in value.columns.items():
            yield f"{path}.{name}", column
    elif is_dataclass(value):
        for item in fields(value):
            yield from leaves(getattr(value, item.name), f"{path}.{item.name}")
    else:
        yield path, value


def content(twin: Twin) -> dict[str, Any]:
    """State of all layers as bytes, for bitwise comparison."""
    return {
        name + path: value.tobytes() if isinstance(value, np.ndarray) else value
        for name, state in twin.state.layers.items()
        for path, value in leaves(state)
    }


def run(twin: Twin, until_s: int) -> Twin:
    """The twin, gone on to an instant."""
    for _ in twin.advance(until_s):
        pass
    return twin
