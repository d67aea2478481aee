"""Forking a run: restore a snapshot from disk and take the first step after it.

The two shipped scenarios after six hours, and a made state of three sizes up to 100 MB whose layer changes a tenth of
its arrays in a step. The twin itself (world, wiring, parameters) is made beforehand; `prepare_s` says what that costs.
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.measuring import Tell, silent, timed
from scenarios import build_world, read_scenario
from scenarios.assemble import assemble
from scenarios.execution import schedule_of
from twin import snapshot
from twin.chance import Chance
from twin.contract import Clock, Inputs, Layer, Result
from twin.params import Params
from twin.run import Schedule, Twin
from twin.wiring import connect
from twin.world import IndexSet, World

SCENARIOS, HOURS = ("two-towns", "kumamoto-2026"), 6
MADE_MB = (10, 30, 100)
LIMIT_S, AIM_MB = 0.15, 100
VALUES = 125_000  # of one array of a made state: 1 MB


def measure(peers: bool = False, tell: Tell = silent) -> Iterator[dict[str, Any]]:
    """Median seconds of restoring and stepping once; size is the state in bytes as it lies on disk."""
    for name in SCENARIOS:
        yield _row(name, partial(_scenario, name), HOURS * 3600)
    for megabytes in MADE_MB:
        row = _row("made-state", partial(made, megabytes), 600)
        yield row | ({"limit": f"{LIMIT_S} s"} if megabytes == AIM_MB else {})


def _row(case: str, begin: Callable[[], Twin], at_s: int) -> dict[str, Any]:
    begun = time.perf_counter()
    twin = begin()
    prepare_s = time.perf_counter() - begun
    fresh, schemas = twin.state, {layer.name: layer.state_schema for layer in twin.wiring.layers}
    world = twin.world.digest()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for _ in twin.advance(at_s):
            pass
        begun = time.perf_counter()
        snapshot.Writer(folder, schemas, world).save(twin.state)
        save_s = time.perf_counter() - begun
        size = sum(path.stat().st_size for path in folder.iterdir())
        reading, _ = timed(partial(snapshot.load, folder, at_s, fresh, schemas, world))
        plain, _ = timed(lambda: [path.read_bytes() for path in folder.iterdir()])

        def fork() -> None:
            twin.resume(snapshot.load(folder, at_s, fresh, schemas, world))
            next(twin.advance(10**9))

        timing, _ = timed(fork)
    figures = {"value": timing.wall_s, "unit": "s", "save_s": save_s, "read_s": reading.wall_s, "prepare_s": prepare_s}
    limit = {"share_of_limit": plain.wall_s / timing.wall_s, "limit_of": "plain reading", "plain_read_s": plain.wall_s}
    return {"case": case, "size": size, **figures, **timing.row, **limit}


def _scenario(name: str) -> Twin:
    scenario = read_scenario(name)
    return assemble(build_world(scenario), schedule_of(scenario), scenario.seed, settings=scenario.set)


@dataclass(frozen=True)
class MadeState:
    """Arrays of one megabyte each."""

    columns: dict[str, np.ndarray]


@dataclass(frozen=True)
class MadeGiven:
    """How many arrays the state has."""

    n_column: int
    params: Params


def made(megabytes: int) -> Twin:
    """A twin of one layer with a state of this size."""
    layer = Layer(
        name="made",
        doc="one state of a given size",
        needs=(),
        gives=(),
        prepare=lambda world, params: MadeGiven(megabytes, params),
        start=_made_start,
        step=_made_step,
        measure=lambda given, state: {},
        params_file=Path("made.toml"),
    )
    world = World("made", datetime(2026, 1, 1, tzinfo=UTC), {"region": IndexSet.build("region", ["all"])})
    wiring = connect((layer,), (), world)
    return Twin.begin(world, wiring, Schedule(((10**9, 600),)), Chance(1), {"made": Params({})})


def _made_start(given: MadeGiven, chance: Chance) -> MadeState:
    keys = np.arange(VALUES)
    return MadeState({f"column_{k}": chance.uniform("made", keys, k) for k in range(given.n_column)})


def _made_step(given: MadeGiven, state: MadeState, inputs: Inputs, clock: Clock) -> Result:
    """Every tenth array moves on."""
    changed = {name: array + 1.0 for name, array in list(state.columns.items())[::10]}
    return Result(MadeState({**state.columns, **changed}), {}, [])
