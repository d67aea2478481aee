"""A two-layer toy twin for tests of the machine: a spring gives water, a basin stores it and calls back."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta, timezone
from pathlib import Path

import numpy as np

from twin.chance import Chance
from twin.contract import Event, Layer, Link, Result, Series, Stock, Var
from twin.params import Parameter, Params
from twin.run import Schedule, Twin
from twin.table import Table
from twin.wiring import connect
from twin.world import IndexSet, World, membership

JST = timezone(timedelta(hours=9))
START = datetime(2026, 7, 28, 16, 27, tzinfo=JST)


def world() -> World:
    town = IndexSet.build("municipality", ["99201", "99202"])
    cell = IndexSet.build("cell", ["a", "b", "c"], municipality=np.array([0, 0, 1]))
    carriers = membership("cell", "municipality", cell["municipality"], 2, np.array([1.0, 3.0, 2.0]))
    return World("toy", START, {"municipality": town, "cell": cell}, carriers)


@dataclass(frozen=True)
class Given:
    params: Params
    keys: np.ndarray


@dataclass(frozen=True)
class SpringState:
    tank_l: np.ndarray
    drops: Table
    n_calls: int


@dataclass(frozen=True)
class BasinState:
    stored_l: np.ndarray
    level: np.ndarray


def parameters(**values: float) -> Params:
    return Params({name: Parameter(name, value, "1", 0.0, 1e9, "toy", "read") for name, value in values.items()})


def prepare(place: World, params: Params) -> Given:
    return Given(params, place["cell"].keys)


def spring_start(given: Given, chance: Chance) -> SpringState:
    return SpringState(np.full(3, 1000.0), Table.empty(due_s="int64", amount="float64"), 0)


def spring_step(given, state, inputs, clock):
    asked = np.minimum(given.params.flow_l_per_s * clock.dt_s * (1 + inputs["basin_calls"]), state.tank_l)
    luck = clock.chance.uniform("spring.luck", given.keys, state.n_calls)
    sent = np.floor(asked * luck)
    tank = state.tank_l - sent + inputs["returned_water_l"]
    drops = state.drops.append(due_s=np.array([clock.end_s]), amount=np.array([sent.sum()]))
    events = [
        Event("sent", "water_l", row, sent[row], causes=(("basin_calls", row),)) for row in np.flatnonzero(sent > 0)
    ]
    new = SpringState(tank, drops, state.n_calls + 1)
    return Result(new, {"water_l": sent, "pressure": tank / 1000.0}, events)


def basin_start(given: Given, chance: Chance) -> BasinState:
    return BasinState(np.zeros(2), np.zeros(2))


def basin_step(given, state, inputs, clock):
    lost = np.floor(state.stored_l * given.params.leak_fraction)
    stored = state.stored_l + inputs["water_l"] - lost
    calls = np.repeat(stored < 50.0, [2, 1]).astype(float)
    events = [Event("filled", "calls", int(row), 1.0, causes=(("water_l", 0),)) for row in np.flatnonzero(calls)]
    new = replace(state, stored_l=stored, level=inputs["pressure"])
    return Result(new, {"calls": calls}, events, {"water": -float(lost.sum())})


SPRING = Layer(
    "spring",
    "gives water",
    needs=(Var("basin_calls", "1", "cell"),),
    gives=(Var("water_l", "litre", "cell", "amount", stock="tank"), Var("pressure", "1", "cell")),
    prepare=prepare,
    start=spring_start,
    step=spring_step,
    measure=lambda given, state: {"tank": state.tank_l[[0, 2]]},
    params_file=Path("spring/params.toml"),
    stocks=(Stock("tank", "litre", lambda given, state: state.tank_l.sum()),),
    series=(Series("tank", "litre", "water left"),),
)
BASIN = Layer(
    "basin",
    "stores water",
    needs=(
        Var("water_l", "litre", "municipality", "amount", stock="water"),
        Var("pressure", "1", "municipality"),
    ),
    gives=(Var("calls", "1", "cell"),),
    prepare=prepare,
    start=basin_start,
    step=basin_step,
    measure=lambda given, state: {"stored": state.stored_l},
    params_file=Path("basin/params.toml"),
    stocks=(Stock("water", "litre", lambda given, state: state.stored_l.sum()),),
    series=(Series("stored", "litre", "water stored"),),
    every_s=300,
)
LINKS = (
    Link("water", "spring.water_l", "basin.water_l", "it flows", "cell_to_municipality_sum", transfer=True),
    Link("pressure", "spring.pressure", "basin.pressure", "it presses", "cell_to_municipality_mean", neutral=1.0),
    Link("calls", "basin.calls", "spring.basin_calls", "it asks", lag=True, before=0.0),
)
SCHEDULE = Schedule(((600, 60), (3600, 300), (7200, 600)))


def twin(seed: int = 1, member: int = 0, cuts: tuple[str, ...] = (), layers=(SPRING, BASIN), links=LINKS) -> Twin:
    place = world()
    params = {"spring": parameters(flow_l_per_s=0.5), "basin": parameters(leak_fraction=0.1)}
    return Twin.begin(place, connect(layers, links, place, cuts), SCHEDULE, Chance(seed, member), params)


def final(one: Twin, until_s: int = 7200) -> Twin:
    for _ in one.advance(until_s):
        pass
    return one
