"""Food, water, fuel and relief goods: stocks, orders, depots, trucks, tankers, last mile."""

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
    Var("wbgt_c", "degC", "municipality", doc="wet-bulb globe temperature outdoors"),
    Var(
        "tsunami_advisory",
        "1",
        "municipality",
        doc="1 while a tsunami advisory or warning is in force for the town's coast",
    ),
    Var("depot_usable", "1", "depot", doc="share of the depot's floor that can be used"),
    Var("fuel_station_usable", "1", "fuel_station", doc="1 if tanks and pumps are sound"),
    Var("travel_truck_s", "s", "node*node", doc="travel time of trucks and ordinary vehicles; infinite when cut off"),
    Var("depot_power", "1", "depot", doc="1 if the depot has electricity"),
    Var("fuel_station_power", "1", "fuel_station", doc="1 if the filling station has electricity"),
    Var("fuel_wanted_l", "litre", "municipality", doc="generator fuel the lifelines want delivered"),
    Var("water_service_fraction", "1", "municipality", doc="share of normal piped water service"),
    Var("power_on_fraction", "1", "municipality", doc="share of households supplied with electricity"),
    Var("persons_home", "person", "municipality", doc="people at home now"),
    Var("persons_dependent", "person", "municipality", doc="people at home who depend on power, oxygen or dialysis"),
    Var("shelter_persons", "person", "shelter", doc="people staying in the shelter"),
    Var("car_persons", "person", "municipality", doc="people staying in cars"),
    Var("responders_present_persons", "person", "municipality", doc="responders in the town"),
    Var("responder_fuel_wanted_l", "litre", "municipality", doc="fuel response vehicles want"),
    Var("forces_trucks_units", "unit", "region", doc="trucks of the forces that carry goods"),
    Var(
        "goods_ordered_units",
        "unit",
        "municipality*item",
        "amount",
        doc="goods ordered for the town from the last report",
    ),
    Var("push_started", "1", "region", doc="1 once the state sends goods without request"),
)

GIVES = (
    Var("shelter_meals_fraction", "1", "shelter", doc="share of the meals needed that is served"),
    Var("shelter_drink_fraction", "1", "shelter", doc="share of the drinking water needed that is there"),
    Var(
        "shelter_toilets_fraction",
        "1",
        "shelter",
        doc="toilets there over toilets needed (1 per 50 people at first, then per 20)",
    ),
    Var("shelter_cooling_fraction", "1", "shelter", doc="coolers there over coolers needed"),
    Var("home_water_fraction", "1", "municipality", doc="drinking water people at home get over what they need"),
    Var("home_food_fraction", "1", "municipality", doc="food people at home get over what they need"),
    Var("medicine_fraction", "1", "municipality", doc="medicine, oxygen and milk available over need"),
    Var("fuel_delivered_l", "litre", "municipality", "amount", doc="fuel handed to lifeline generators", stock="fuel"),
    Var("responder_fuel_l", "litre", "municipality", "amount", doc="fuel handed to response vehicles", stock="fuel"),
    Var("responder_food_fraction", "1", "municipality", doc="food and water for responders over need"),
    Var("stock_days", "1", "municipality", doc="days of food the town's own stock still covers"),
    Var("trucks_waiting_units", "unit", "municipality", doc="trucks waiting at the depots in the town"),
    Var("goods_received_units", "unit", "municipality*item", doc="goods that arrived in the town so far"),
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
    "shelter_meals_fraction": 1.0,
    "shelter_drink_fraction": 1.0,
    "shelter_toilets_fraction": 1.0,
    "shelter_cooling_fraction": 0.0,
    "home_water_fraction": 1.0,
    "home_food_fraction": 1.0,
    "medicine_fraction": 1.0,
    "fuel_delivered_l": 0.0,
    "responder_fuel_l": 0.0,
    "responder_food_fraction": 1.0,
    "stock_days": 3.0,
    "trucks_waiting_units": 0.0,
    "goods_received_units": 0.0,
}


def step(given: Given, state: State, inputs: Inputs, clock: Clock) -> Result:
    """Give neutral values."""
    outputs = {var.name: np.full(given.world.shape(var.on), NEUTRAL[var.name]) for var in GIVES}
    return Result(State(state.n_steps + 1), outputs)


def measure(given: Given, state: State) -> dict[str, Array]:
    """No series yet."""
    return {}


LAYER = Layer(
    name="logistics",
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
