"""The two-towns place as this layer sees it, and a driver that feeds one shock by hand."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta, timezone
from typing import Any

import numpy as np
import pytest

from layers.infrastructure import LAYER
from scenarios import build_world, read_scenario
from twin import ledger
from twin import params as parameters
from twin.chance import Chance
from twin.contract import Clock, Order
from twin.run import freeze
from twin.world import World

ORIGIN = datetime(2026, 7, 28, 16, 27, tzinfo=timezone(timedelta(hours=9)))
NEUTRAL = {"phone_load_fraction": 1.0, "traffic_factor": 1.0, "road_priority": 1.0}


@dataclass
class Bench:
    """One run of the layer alone: `step` feeds neutral inputs, `shock` adds motion and collapse in that step."""

    world: World
    given: Any
    state: Any
    chance: Chance
    now_s: int = 0
    result: Any = None
    booked_l: float = 0.0

    def inputs(self, **changed: Any) -> dict[str, np.ndarray]:
        """Neutral inputs, some replaced by a number or an array."""
        values = {}
        for var in LAYER.needs:
            value = changed.get(var.name, NEUTRAL.get(var.name, 0.0))
            values[var.name] = np.array(np.broadcast_to(np.asarray(value, float), self.world.shape(var.on)))
            values[var.name].setflags(write=False)
        return values

    def step(self, dt_s: int = 600, **changed: Any) -> Any:
        """Advance by one step; returns the Result."""
        clock = Clock(self.now_s, dt_s, ORIGIN, self.chance)
        inputs = self.inputs(**changed)
        self.result = LAYER.step(self.given, self.state, inputs, clock)
        self.state = freeze(self.result.state)
        self.now_s += dt_s
        self.booked_l += self.result.booked["fuel"] + float(inputs["fuel_delivered_l"].sum())
        return self.result

    def obey(self, lever: str, rows: Sequence[int], value: float) -> Any:
        """Carry out an order now; returns the Result, whose books are checked."""
        before = ledger.totals(LAYER, self.given, self.state)
        order = Order(f"order/{lever}", lever, np.array(rows, np.int64), value)
        self.result = LAYER.obey(self.given, self.state, order, Clock(self.now_s, 0, ORIGIN, self.chance))
        ledger.check(LAYER, self.given, before, self.result, None, Clock(self.now_s, 0, ORIGIN, self.chance))
        self.state = freeze(self.result.state)
        return self.result

    def run(self, until_s: int, dt_s: int = 600, **changed: Any) -> Iterator[dict[str, float]]:
        """Step on; yields totals of the series after each step."""
        while self.now_s < until_s:
            self.step(dt_s, **changed)
            yield self.totals()

    def totals(self) -> dict[str, float]:
        """Series summed over towns."""
        return {name: float(values.sum()) for name, values in LAYER.measure(self.given, self.state).items()}


@pytest.fixture(scope="session")
def world() -> World:
    return build_world(read_scenario("two-towns"))


@pytest.fixture(scope="session")
def coast_world() -> World:
    return build_world(read_scenario("coastal-town"))


def make_bench(world: World, member: int, settings: dict[str, Any]) -> Bench:
    """The layer alone at second 0 in a world, with some parameters set."""
    params = parameters.load(LAYER.params_file)
    given = LAYER.prepare(world, params)
    given = replace(given, params=params.replace(settings))
    chance = Chance(7, member)
    return Bench(world, given, freeze(LAYER.start(given, chance)), chance)


@pytest.fixture
def bench(world: World) -> Callable[..., Bench]:
    """Makes a bench of two-towns; keyword arguments set parameters, `member` the chance."""
    return lambda member=0, **settings: make_bench(world, member, settings)


@pytest.fixture
def coast(coast_world: World) -> Callable[..., Bench]:
    """Makes a bench of coastal-town; as `bench`."""
    return lambda member=0, **settings: make_bench(coast_world, member, settings)


@pytest.fixture
def shaken(bench: Callable[..., Bench], world: World) -> Callable[..., Bench]:
    """A bench after one strong shock: intensity 6.5, PGV 1.3 m/s, four of a hundred buildings collapsed."""

    def make(intensity: float = 6.5, pgv: float = 1.3, member: int = 0, **settings: float) -> Bench:
        one = bench(member, **settings)
        lost = world["cell"]["buildings"].sum(axis=1) * 0.04
        one.step(60, shock_intensity=intensity, shock_pgv_m_per_s=pgv, buildings_collapsed=lost)
        return one

    return make
