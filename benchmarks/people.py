"""The people layer: persons moved on per second, fed with what the other layers gave it in a recorded run.

Larger sizes are the same prefecture several times side by side: every cell, town, site and input repeated, with ids,
and therefore draws, of its own. One person counts once for each step of the layer. No other model does the same work;
beside it stands the least an agent model can do: one Mesa agent per person that only looks whether its home stands.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from dataclasses import fields, is_dataclass, replace
from typing import Any

import mesa
import numpy as np
from scipy import sparse

from benchmarks.limits import triad_bytes_per_s
from benchmarks.measuring import REPEATS, Tell, Timing, silent, timed
from layers.people import LAYER
from scenarios import build_world, read_scenario
from scenarios.assemble import assemble, member_params
from scenarios.execution import schedule_of
from twin.chance import Chance
from twin.contract import Clock
from twin.table import Table
from twin.world import Carrier, IndexSet, World

SCENARIO, HOURS, COPIES = "kumamoto-2026", 6, (1, 3, 10)
AGENTS, AGENT_STEPS = 20_000, 5
REPEATED = ("municipality", "cell", "site", "incident", "patch")
Call = tuple[Mapping[str, np.ndarray], Clock]


def measure(peers: bool = False, tell: Tell = silent) -> Iterator[dict[str, Any]]:
    """One row per size: persons times steps of the layer over the time inside the layer."""
    place, calls = recorded(SCENARIO, HOURS)
    bandwidth = triad_bytes_per_s()
    tell(f"  {len(calls)} steps of the layer in {HOURS} h of {SCENARIO}; triad {bandwidth / 1e9:.1f} GB/s")
    agents_per_s = mesa_persons_per_s()
    for copies in COPIES:
        world = side_by_side(place, copies)
        passes = [_one_pass(world, calls, copies) for _ in range(REPEATS)]
        timing, moved_bytes = Timing(tuple(seconds for seconds, _ in passes)), passes[0][1]
        persons, n_cell = int(world["cell"]["night_persons"].sum()), len(world["cell"])
        yield {
            "case": "layer",
            "size": persons,
            "value": persons * len(calls) / timing.wall_s,
            "unit": "persons/s",
            **timing.row,
            "cells": n_cell,
            "ms_per_step": 1000 * timing.wall_s / len(calls),
            "bytes_per_cell": moved_bytes / len(calls) / n_cell,
            "share_of_limit": moved_bytes / timing.wall_s / bandwidth,
            "peers": {"mesa": agents_per_s},
            "bound": "the cost of some hundred small array operations a step, not memory",
        }


def mesa_persons_per_s() -> float:
    """Agents moved on per second by a Mesa model in which each one only looks at its cell."""

    class Person(mesa.Agent):
        def __init__(self, model: mesa.Model, cell: int) -> None:
            super().__init__(model)
            self.cell, self.nights_at_home = cell, 0

        def step(self) -> None:
            self.nights_at_home += stands[self.cell]

    stands, model = [1, 0] * 500, mesa.Model(seed=1)
    for number in range(AGENTS):
        Person(model, number % len(stands))
    timing, _ = timed(lambda: [model.agents.do("step") for _ in range(AGENT_STEPS)])
    return AGENTS * AGENT_STEPS / timing.wall_s


def recorded(name: str, hours: int) -> tuple[World, list[Call]]:
    """The world of a scenario and every call the loop made to the people layer in its first hours."""
    scenario = read_scenario(name)
    world = build_world(scenario)
    twin = assemble(world, schedule_of(scenario), scenario.seed, settings=scenario.set)
    calls: list[Call] = []

    def listening(given: Any, state: Any, inputs: Mapping[str, np.ndarray], clock: Clock) -> Any:
        calls.append((dict(inputs), clock))
        return LAYER.step(given, state, inputs, clock)

    layers = tuple(replace(one, step=listening) if one.name == LAYER.name else one for one in twin.wiring.layers)
    twin = replace(twin, wiring=replace(twin.wiring, layers=layers))
    for _ in twin.advance(hours * 3600):
        pass
    return world, calls


def side_by_side(world: World, copies: int) -> World:
    """The world with its cells, towns, sites, incidents and patches repeated; other sets stay as they are."""
    sets = dict(world.sets)
    for name in REPEATED:
        if name in world:
            sets[name] = _repeated(world, world[name], copies)
    carriers = {
        name: replace(one, matrix=sparse.block_diag([one.matrix] * copies, format="csr"))
        for name, one in world.carriers.items()
        if one.source in REPEATED and one.target in REPEATED
    }
    return replace(world, sets=sets, carriers=dict[str, Carrier](carriers))


def _repeated(world: World, one: IndexSet, copies: int) -> IndexSet:
    """Ids get the number of the copy; a column that holds rows of a repeated set points into its own copy."""
    ids = np.concatenate([np.char.add(one.ids, f"/{copy}" if copy else "") for copy in range(copies)])
    columns = {}
    for name, column in one.columns.items():
        rows = len(world[name]) if name in REPEATED and name in world else 0
        parts = [np.where(column >= 0, column + copy * rows, column) if rows else column for copy in range(copies)]
        columns[name] = np.concatenate(parts)
    return IndexSet.build(one.name, ids, **columns)


def _one_pass(world: World, calls: list[Call], copies: int) -> tuple[float, int]:
    """Seconds inside the layer over all recorded calls, and the bytes that had to cross memory at least once."""
    on = {var.name: var.on for var in LAYER.needs}
    given = LAYER.prepare(world, member_params((LAYER,), {}, 0, 0)[LAYER.name])
    state = LAYER.start(given, Chance(0))
    spent_s, moved = 0.0, 0
    for inputs, clock in calls:
        wide = {
            name: np.concatenate([array] * copies) if on[name].partition("*")[0] in REPEATED else array
            for name, array in inputs.items()
        }
        begun = time.perf_counter()
        result = LAYER.step(given, state, wide, clock)
        spent_s += time.perf_counter() - begun
        state = result.state
        moved += 2 * _bytes(state) + _bytes(wide) + _bytes(dict(result.outputs))
    return spent_s, moved


def _bytes(value: Any) -> int:
    """Bytes of all arrays in a state or a mapping."""
    if isinstance(value, np.ndarray):
        return value.nbytes
    if isinstance(value, Table):
        return sum(column.nbytes for column in value.columns.values())
    if isinstance(value, Mapping):
        return sum(_bytes(item) for item in value.values())
    return sum(_bytes(getattr(value, item.name)) for item in fields(value)) if is_dataclass(value) else 0
