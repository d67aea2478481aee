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
        "patch": IndexSet.build("patch", [f"493075{k:02d}" for k in range(8)], cell=np.arange(8)),
    }
    return World("four-towns", ORIGIN, sets)


def wet_world() -> World:
    """The four towns with a terrain: two patches to a cell, the lower one in danger (not in the fourth town)."""
    dry, lower = world(), np.tile([1.0, 0.0], 8)
    cell = IndexSet.build(
        "cell",
        dry["cell"].ids.tolist(),
        municipality=np.repeat(np.arange(N_TOWN), 2),
        night_persons=np.full(8, 1000),
        slope_deg=np.full(8, 2.0),
        buildings=np.full((8, 5), 80.0),
    )
    patch = IndexSet.build(
        "patch",
        [f"patch-{k}" for k in range(16)],
        cell=np.repeat(np.arange(8), 2),
        municipality=np.repeat(np.arange(N_TOWN), 4),
        share=np.where(lower > 0, 0.75, 0.25),
        danger=np.where(np.arange(16) < 12, lower, 0.0),
    )
    shelter = IndexSet.build(
        "shelter",
        [f"hall-{k}" for k in range(12)],
        municipality=np.repeat(np.arange(N_TOWN), 3),
        floor_m2=np.full(12, 500.0),
        patch=np.repeat(np.arange(N_TOWN) * 4, 3) + np.tile([0, 1, 0], N_TOWN),
        floor_height_m=np.tile([0.0, 0.0, 4.0], N_TOWN),
    )
    sets = {**dry.sets, "cell": cell, "patch": patch, "shelter": shelter}
    return World("four-wet-towns", ORIGIN, sets, settings={"water_dx_m": 50.0})


WORLD = world()
WET = wet_world()


def given(**values: object) -> Given:
    """Constants of the layer with some parameters swapped."""
    return LAYER.prepare(WORLD, PARAMS.replace(values))


def wet(**values: object) -> Given:
    """The same for the towns with a terrain: nobody misses a warning, nobody is reluctant unless told."""
    usual = {"alert_failed_fraction": 0.0, "reluctance_fraction": 0.0}
    return LAYER.prepare(WET, PARAMS.replace(usual | values))


def calm(**changed: object) -> dict[str, np.ndarray]:
    """Inputs of the towns with a terrain before anything has happened: no shaking, no warning, dry ground."""
    return quiet(**({"intensity_received": np.full(N_TOWN, np.nan), "water_depth_m": np.zeros(16)} | changed))


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
