"""A small world for the rescue layer: the two-towns scenario, calm inputs, and a driver for single steps."""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache

import numpy as np

from layers.rescue import LAYER
from layers.rescue.state import Given, State
from scenarios import build_world, read_scenario
from twin.chance import Chance
from twin.contract import Clock, Result
from twin.params import load
from twin.run import freeze
from twin.world import World

CHANCE = Chance(7)
FULL = (
    *("daylight", "hospital_usable", "local_speed_fraction", "hospital_power", "hospital_water"),
    *("dispatch_fraction", "water_service_fraction", "responder_food_fraction", "search_priority"),
)


@lru_cache(maxsize=1)
def world() -> World:
    """The two towns."""
    return build_world(read_scenario("two-towns"))


@lru_cache(maxsize=1)
def _given() -> Given:
    return LAYER.prepare(world(), load(LAYER.params_file))


def given(**values: float) -> Given:
    """Constants, with some parameters replaced."""
    return replace(_given(), params=_given().params.replace(values)) if values else _given()


def start() -> State:
    """State at time 0."""
    return freeze(LAYER.start(_given(), CHANCE))


def calm(**values: np.ndarray | float) -> dict[str, np.ndarray]:
    """Inputs of a day on which nothing happened, with some replaced (numbers fill the array)."""
    inputs = {}
    for need in LAYER.needs:
        shape = world().shape(need.on)
        inputs[need.name] = np.full(shape, 1.0 if need.name in FULL else 0.0)
    inputs["wbgt_c"] += 25.0
    inputs["travel_emergency_s"] = world().arrays["free_travel_s"].copy()
    for name, value in values.items():
        inputs[name] = np.broadcast_to(np.asarray(value, dtype=np.float64), inputs[name].shape).copy()
    for array in inputs.values():
        array.setflags(write=False)
    return inputs


def do(state: State, inputs: dict, start_s: int, dt_s: int, constants: Given | None = None) -> Result:
    """One step of the layer."""
    result = LAYER.step(constants or _given(), state, inputs, Clock(start_s, dt_s, world().origin, CHANCE))
    freeze(result.state)
    return result


def in_cell(cell: int, value: float) -> np.ndarray:
    """A cell array with one value."""
    array = np.zeros(len(world()["cell"]))
    array[cell] = value
    return array
