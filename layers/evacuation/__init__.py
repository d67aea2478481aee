"""Evacuation and shelters: who leaves, where they stay, what makes a shelter habitable."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from twin.chance import Chance
from twin.contract import Clock, Inputs, Layer, Result, Var
from twin.params import Params
from twin.world import World

Array = np.ndarray

NEEDS = (
    Var("felt_shocks", "1", "municipality", "amount", doc="number of shocks felt at intensity 4 or more"),
    Var("wbgt_c", "degC", "municipality", doc="wet-bulb globe temperature outdoors"),
    Var(
        "tsunami_advisory",
        "1",
        "municipality",
        doc="1 while a tsunami advisory or warning is in force for the town's coast",
    ),
    Var(
        "shelter_usable", "1", "shelter", doc="1 if the building is safe and its ceilings, floor and fixtures allow use"
    ),
    Var("buildings_collapsed", "building", "cell", doc="buildings totally collapsed so far by shaking or slope"),
    Var(
        "buildings_half_collapsed",
        "building",
        "cell",
        doc="buildings half collapsed so far, collapsed ones not counted",
    ),
    Var("power_on_fraction", "1", "cell", doc="share of households supplied with electricity"),
    Var("water_service_fraction", "1", "cell", doc="share of normal piped water service"),
    Var("shelter_power", "1", "shelter", doc="1 if the shelter has electricity"),
    Var("shelter_water", "1", "shelter", doc="share of piped water at the shelter"),
    Var("persons_home", "person", "cell", doc="people at home now"),
    Var("persons_displaced", "person", "cell", doc="residents whose home cannot be lived in"),
    Var(
        "households_mobile_fraction", "1", "municipality", doc="share of households that are together and able to move"
    ),
    Var("persons_ill", "person", "municipality", "amount", doc="people newly ill from heat, crowding or lack of care"),
    Var("shelter_meals_fraction", "1", "shelter", doc="share of the meals needed that is served"),
    Var("shelter_drink_fraction", "1", "shelter", doc="share of the drinking water needed that is there"),
    Var(
        "shelter_toilets_fraction",
        "1",
        "shelter",
        doc="toilets there over toilets needed (1 per 50 people at first, then per 20)",
    ),
    Var("shelter_cooling_fraction", "1", "shelter", doc="coolers there over coolers needed"),
    Var("brought_persons", "person", "municipality", "amount", doc="freed or helped people brought to shelters"),
    Var("evacuation_order_fraction", "1", "municipality", doc="share of residents under an evacuation order"),
    Var("shelter_staff_persons", "person", "municipality", doc="municipal staff on shelter duty"),
    Var("shelter_checks_units", "unit", "municipality", "amount", doc="shelter safety checks done"),
    Var(
        "shelters_target_units", "unit", "municipality", doc="number of shelters the town wants open; NaN = no decision"
    ),
    Var("homes_tagged_fraction", "1", "municipality", doc="share of damaged homes with a safety tag"),
)

GIVES = (
    Var("shelter_persons", "person", "shelter", doc="people staying in the shelter"),
    Var("car_persons", "person", "municipality", doc="people staying in cars"),
    Var("elsewhere_persons", "person", "municipality", doc="evacuees with relatives, in hotels or undesignated places"),
    Var("leaving_persons", "person", "cell", "amount", doc="people who leave home"),
    Var("returning_persons", "person", "cell", "amount", doc="people who go home"),
    Var("crowding_fraction", "1", "municipality", doc="people in shelters over habitable capacity"),
    Var("shelter_wbgt_c", "degC", "municipality", doc="heat people in shelters and cars live in (WBGT)"),
    Var(
        "shelter_counted_persons",
        "person",
        "municipality",
        doc="people in shelters at the last head-count (known in the town); NaN before the first",
    ),
    Var("shelter_staff_wanted_persons", "person", "municipality", doc="municipal staff the open shelters need"),
    Var("shelters_open_units", "unit", "municipality", doc="shelters open"),
    Var("shelters_unchecked_units", "unit", "municipality", doc="shelters waiting for a safety check"),
    Var("shelter_ambulance_calls", "call", "municipality", "amount", doc="119 calls from shelters and cars"),
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
    "shelter_persons": 0.0,
    "car_persons": 0.0,
    "elsewhere_persons": 0.0,
    "leaving_persons": 0.0,
    "returning_persons": 0.0,
    "crowding_fraction": 0.0,
    "shelter_wbgt_c": 25.0,
    "shelter_counted_persons": float("nan"),
    "shelter_staff_wanted_persons": 0.0,
    "shelters_open_units": 0.0,
    "shelters_unchecked_units": 0.0,
    "shelter_ambulance_calls": 0.0,
}


def step(given: Given, state: State, inputs: Inputs, clock: Clock) -> Result:
    """Give neutral values."""
    outputs = {var.name: np.full(given.world.shape(var.on), NEUTRAL[var.name]) for var in GIVES}
    return Result(State(state.n_steps + 1), outputs)


def measure(given: Given, state: State) -> dict[str, Array]:
    """No series yet."""
    return {}


LAYER = Layer(
    name="evacuation",
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
