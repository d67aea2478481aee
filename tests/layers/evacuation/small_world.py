"""A hand-made world of two towns, four cells and four shelters, and inputs for one step of the layer."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from zoneinfo import ZoneInfo

import numpy as np

from layers.evacuation import LAYER
from layers.evacuation.state import Given, State, prepare, start
from twin.chance import Chance
from twin.contract import Clock
from twin.params import load
from twin.world import IndexSet, World

ORIGIN = datetime(2026, 7, 28, 16, 27, tzinfo=ZoneInfo("Asia/Tokyo"))
CHANCE = Chance(7)
BEFORE = {
    "power_on_fraction": 1.0,
    "water_service_fraction": 1.0,
    "shelter_usable": 1.0,
    "shelter_power": 1.0,
    "shelter_water": 1.0,
    "shelter_meals_fraction": 1.0,
    "shelter_drink_fraction": 1.0,
    "shelter_toilets_fraction": 1.0,
    "households_mobile_fraction": 1.0,
    "wbgt_c": 26.0,
    "daylight": 1.0,
    "telecom_fraction": 1.0,
    "shelters_target_units": np.nan,
}


def world() -> World:
    """Two towns with two cells and two shelters each; the second town lies at the coast."""
    cells = IndexSet.build(
        "cell",
        ["49307500", "49307501", "49307510", "49307511"],
        municipality=np.array([0, 0, 1, 1]),
        x_m=np.array([0.0, 1000.0, 9000.0, 10000.0]),
        y_m=np.zeros(4),
        night_persons=np.array([1000, 400, 800, 300]),
        share_65=np.array([0.3, 0.5, 0.2, 0.4]),
        buildings=np.full((4, 5), 60),
        coast_distance_m=np.array([9e3, 8e3, 3e3, 500.0]),
    )
    towns = IndexSet.build("municipality", ["43001", "43002"], coastal=np.array([0, 1]))
    shelters = IndexSet.build(
        "shelter",
        ["a", "b", "c", "d"],
        municipality=np.array([0, 0, 1, 1]),
        cell=np.array([0, 1, 2, 3]),
        kind=np.array([0, 1, 0, 3]),
        floor_m2=np.array([800.0, 300.0, 700.0, 250.0]),
        cooled=np.array([0, 1, 0, 1]),
        toilets=np.array([20, 10, 20, 10]),
    )
    nowhere = np.full(4, -1)
    patches = IndexSet.build("patch", cells.ids, cell=np.arange(4), next=nowhere, way_m=np.zeros(4), refuge=nowhere)
    return World("hand", ORIGIN, {"cell": cells, "municipality": towns, "shelter": shelters, "patch": patches})


def made(**values: object) -> tuple[Given, State]:
    """Given and first state, with some parameters replaced."""
    params = load(LAYER.params_file).replace(values)
    given = prepare(world(), params)
    return given, start(given, CHANCE)


def inputs(given: Given, **values: object) -> dict[str, np.ndarray]:
    """Quiet inputs, everyone at home, with some values replaced."""
    shapes = {
        "cell": len(given.cell_keys),
        "shelter": len(given.hall_keys),
        "municipality": len(given.town_keys),
        "patch": len(given.no_patch),
        "region": 1,
    }
    arrays = {need.name: np.full(shapes[need.on], BEFORE.get(need.name, 0.0)) for need in LAYER.needs}
    arrays["persons_home"] = given.residents_persons.copy()
    arrays["persons_at_hand"] = given.residents_persons.copy()
    for name, value in values.items():
        arrays[name] = np.broadcast_to(np.asarray(value, dtype=float), arrays[name].shape).copy()
    for array in arrays.values():
        array.setflags(write=False)
    return arrays


def clock(start_s: int, dt_s: int) -> Clock:
    """The interval (start_s, start_s + dt_s]."""
    return Clock(start_s, dt_s, ORIGIN, CHANCE)


def advance(given: Given, state: State, until_s: int, dt_s: int, start_s: int = 0, **values: object):
    """Run the layer alone; people at home follow its own moves. Returns (state, last result, leaving, returning)."""
    quiet = inputs(given, **values)
    home, left, back = given.residents_persons.copy(), np.zeros(4), np.zeros(4)
    for now_s in range(start_s, until_s, dt_s):
        result = LAYER.step(given, state, {**quiet, "persons_home": home}, clock(now_s, dt_s))
        state = result.state
        leaving, returning = result.outputs["leaving_persons"], result.outputs["returning_persons"]
        home = home - leaving + returning
        left, back = left + leaving, back + returning
        quiet = {**quiet, "felt_shocks": np.zeros(2)}
    return state, result, left, back


def with_params(given: Given, **values: object) -> Given:
    """The same constants with parameters swapped, as a lever does."""
    return replace(given, params=given.params.replace(values))
