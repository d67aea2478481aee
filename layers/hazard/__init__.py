"""Weather and ground: shaking, aftershocks, heat, rain, daylight, and the messages about them."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from twin.chance import Chance
from twin.contract import Clock, Inputs, Layer, Result, Var
from twin.params import Params
from twin.world import World

Array = np.ndarray

NEEDS = ()

GIVES = (
    Var(
        "shock_intensity",
        "1",
        "cell",
        doc="JMA instrumental intensity of the strongest shock inside the step; 0 when there was none",
    ),
    Var(
        "shock_pgv_m_per_s",
        "m_per_s",
        "cell",
        doc="peak ground velocity at the surface of that shock; 0 when there was none",
    ),
    Var("shock_pga_m_per_s2", "m_per_s2", "cell", doc="peak ground acceleration of that shock; 0 when there was none"),
    Var("liquefaction_fraction", "1", "cell", doc="share of the cell's ground liquefied so far"),
    Var("felt_shocks", "1", "municipality", "amount", doc="number of shocks felt at intensity 4 or more"),
    Var("work_stopped", "1", "municipality", doc="1 while outdoor work is stopped after a shock of 5-lower or more"),
    Var("daylight", "1", "region", doc="1 by day, 0 by night, between in twilight"),
    Var("wbgt_c", "degC", "municipality", doc="wet-bulb globe temperature outdoors"),
    Var("wind_m_per_s", "m_per_s", "region", doc="mean wind speed"),
    Var("soil_water_m", "m", "municipality", doc="soil-water index (three tanks)"),
    Var("rain_m_per_s", "m_per_s", "municipality", doc="rain rate"),
    Var(
        "tsunami_advisory",
        "1",
        "municipality",
        doc="1 while a tsunami advisory or warning is in force for the town's coast",
    ),
    Var(
        "intensity_received",
        "1",
        "municipality",
        doc="observed maximum intensity as received by headquarters; NaN until (or unless) the message comes",
    ),
)


@dataclass(frozen=True)
class Given:
    """Constants of the layer."""

    params: Params
    world: World


@dataclass(frozen=True)
class State:
    """Nothing yet."""

    n_steps: int


def prepare(world: World, params: Params) -> Given:
    """Constants for all runs."""
    return Given(params, world)


def start(given: Given, chance: Chance) -> State:
    """State at time 0."""
    return State(0)


NEUTRAL = {
    "shock_intensity": 0.0,
    "shock_pgv_m_per_s": 0.0,
    "shock_pga_m_per_s2": 0.0,
    "liquefaction_fraction": 0.0,
    "felt_shocks": 0.0,
    "work_stopped": 0.0,
    "daylight": 1.0,
    "wbgt_c": 25.0,
    "wind_m_per_s": 2.0,
    "soil_water_m": 0.0,
    "rain_m_per_s": 0.0,
    "tsunami_advisory": 0.0,
    "intensity_received": float("nan"),
}


def step(given: Given, state: State, inputs: Inputs, clock: Clock) -> Result:
    """Give neutral values."""
    outputs = {var.name: np.full(given.world.shape(var.on), NEUTRAL[var.name]) for var in GIVES}
    return Result(State(state.n_steps + 1), outputs)


def measure(given: Given, state: State) -> dict[str, Array]:
    """No series yet."""
    return {}


LAYER = Layer(
    name="hazard",
    doc=__doc__,
    needs=NEEDS,
    gives=GIVES,
    prepare=prepare,
    start=start,
    step=step,
    measure=measure,
    params_file=Path(__file__).with_name("params.toml"),
    stocks=(),
    every_s=600,
    wakes=(),
)
