"""A hand-made place of four towns and its inputs, for the tests of the government layer."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone

import numpy as np

from layers.government import LAYER
from layers.government.state import Given, State
from layers.government.supply import ITEMS
from twin.chance import Chance
from twin.contract import Clock, Result
from twin.params import load
from twin.world import IndexSet, World

ORIGIN = datetime(2026, 7, 28, 16, 27, tzinfo=timezone(timedelta(hours=9)))
CHANCE = Chance(7)
N_TOWN = 4
PARAMS = load(LAYER.params_file)


def world() -> World:
    """Four towns in a row, 10 km apart; the third is a large city."""
    codes = [f"4310{k}" for k in range(N_TOWN)]
    town = IndexSet.build(
        "municipality",
        codes,
        x_m=np.arange(N_TOWN) * 1e4,
        y_m=np.zeros(N_TOWN),
        population=np.array([60_000, 11_000, 700_000, 9_000]),
        households=np.array([24_000, 4_000, 300_000, 3_500]),
        population_at_coast_fraction=np.array([0.1, 0.0, 0.02, 0.0]),
    )
    cell = IndexSet.build(
        "cell",
        [f"493075{k:02d}" for k in range(8)],
        municipality=np.repeat(np.arange(N_TOWN), 2),
        night_persons=np.full(8, 1000),
        slope_deg=np.tile([2.0, 20.0], N_TOWN),
    )
    staff = np.array([400, 80, 5000, 66, 4300, 300])
    sets = {
        "municipality": town,
        "cell": cell,
        "office": IndexSet.build("office", [*codes, "43000", "state"], staff_persons=staff),
        "item": IndexSet.build("item", ITEMS),
        "region": IndexSet.build("region", ["all"]),
        "shelter": IndexSet.build(
            "shelter",
            [f"hall-{k}" for k in range(N_TOWN)],
            municipality=np.arange(N_TOWN),
            floor_m2=np.full(N_TOWN, 500.0),
        ),
    }
    return World("four-towns", ORIGIN, sets)


WORLD = world()


def given(**values: object) -> Given:
    """Constants of the layer with some parameters swapped."""
    return LAYER.prepare(WORLD, PARAMS.replace(values))


def quiet(**changed: object) -> dict[str, np.ndarray]:
    """Inputs of a place where nothing is wrong but the shaking was strong in the first two towns."""
    inputs = {need.name: np.zeros(WORLD.shape(need.on)) for need in LAYER.needs}
    for name in ("office_usable", "office_power", "office_telecom", "staff_attendance_fraction"):
        inputs[name] = np.ones_like(inputs[name])
    inputs["shelter_counted_persons"] = np.full(N_TOWN, np.nan)
    inputs["stock_days"] = np.full(N_TOWN, 3.0)
    inputs["intensity_received"] = np.array([6.6, 6.1, 6.0, 4.0])
    inputs.update({name: np.array(value, dtype=np.float64) for name, value in changed.items()})
    for array in inputs.values():
        array.setflags(write=False)
    return inputs


def clock(start_s: int, dt_s: int) -> Clock:
    """The interval (start_s, start_s + dt_s]."""
    return Clock(start_s, dt_s, ORIGIN, CHANCE)


def run(
    constants: Given, inputs: dict[str, np.ndarray], until_s: int, dt_s: int = 600, state: State | None = None
) -> tuple[State, list[Result]]:
    """Step on with constant inputs; returns the last state and all results."""
    state = LAYER.start(constants, CHANCE) if state is None else state
    results = []
    while state.now_s < until_s:
        result = LAYER.step(constants, state, inputs, clock(state.now_s, dt_s))
        results.append(result)
        state = result.state
    return state, results
