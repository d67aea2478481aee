"""Power, water, sewer, gas, roads, telecom: damage that spreads and is restored."""

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
    Var(
        "shock_pgv_m_per_s",
        "m_per_s",
        "cell",
        doc="peak ground velocity at the surface of that shock; 0 when there was none",
    ),
    Var(
        "shock_intensity",
        "1",
        "cell",
        doc="JMA instrumental intensity of the strongest shock inside the step; 0 when there was none",
    ),
    Var("liquefaction_fraction", "1", "cell", doc="share of the cell's ground liquefied so far"),
    Var("road_debris_m3", "m3", "road", doc="debris on the road from buildings beside it"),
    Var("road_slides", "1", "road", doc="slope failures lying on the road"),
    Var("buildings_collapsed", "building", "cell", doc="buildings totally collapsed so far by shaking or slope"),
    Var("buildings_burnt", "building", "cell", doc="buildings burnt down so far"),
    Var("local_blocked_fraction", "1", "municipality", doc="share of narrow streets blocked by collapsed buildings"),
    Var("phone_load_fraction", "1", "municipality", doc="offered telephone traffic as a multiple of capacity"),
    Var("traffic_factor", "1", "municipality", doc="travel time multiplier from jams (1 = free)"),
    Var("shelter_persons", "person", "municipality", doc="people staying in the shelter"),
    Var("fuel_delivered_l", "litre", "municipality", "amount", doc="fuel handed to lifeline generators", stock="fuel"),
    Var("road_clearing_crews", "crew", "municipality", doc="engineer crews that clear roads"),
    Var("water_support_l_per_s", "litre_per_s", "municipality", doc="water brought by Self-Defence tank trucks"),
    Var("power_aid_crews", "crew", "region", doc="mutual-aid crews for electricity called up"),
    Var("water_aid_crews", "crew", "region", doc="mutual-aid crews for water called up"),
    Var("gas_aid_crews", "crew", "region", doc="mutual-aid crews for gas called up"),
    Var("generator_cars_units", "unit", "municipality", doc="generator cars allotted to the town"),
    Var("road_priority", "1", "municipality", doc="weight of the town in road inspection and opening (1 = equal)"),
)

GIVES = (
    Var("power_on_fraction", "1", "cell", doc="share of households supplied with electricity"),
    Var("water_service_fraction", "1", "cell", doc="share of normal piped water service"),
    Var("water_drinkable", "1", "cell", doc="1 if the piped water may be drunk"),
    Var("gas_on_fraction", "1", "cell", doc="share of city-gas customers supplied (1 where there is no city gas)"),
    Var("telecom_fraction", "1", "cell", doc="share of people with mobile service"),
    Var("sewer_usable_fraction", "1", "municipality", doc="share of sewerage that works"),
    Var("travel_emergency_s", "s", "node*node", doc="travel time of emergency vehicles; infinite when cut off"),
    Var("travel_truck_s", "s", "node*node", doc="travel time of trucks and ordinary vehicles; infinite when cut off"),
    Var("local_speed_fraction", "1", "municipality", doc="speed on local streets as a share of normal"),
    Var("hospital_power", "1", "hospital", doc="share of the electricity a hospital needs, generator included"),
    Var("hospital_water", "1", "hospital", doc="share of the water a hospital needs, its tank included"),
    Var("shelter_power", "1", "shelter", doc="1 if the shelter has electricity"),
    Var("shelter_water", "1", "shelter", doc="share of piped water at the shelter"),
    Var("office_power", "1", "office", doc="1 if the office has electricity, emergency power included"),
    Var("office_telecom", "1", "office", doc="share of the office's lines that work"),
    Var("depot_power", "1", "depot", doc="1 if the depot has electricity"),
    Var("fuel_station_power", "1", "fuel_station", doc="1 if the filling station has electricity"),
    Var(
        "dispatch_fraction",
        "1",
        "municipality",
        doc="119 dispatch capability as a share of normal (power, lines, the centre itself)",
    ),
    Var("reenergised_customers", "customer", "cell", "amount", doc="customers whose supply came back"),
    Var("fuel_wanted_l", "litre", "municipality", doc="generator fuel the lifelines want delivered"),
    Var(
        "generator_cars_wanted_units",
        "unit",
        "municipality",
        doc="important facilities dark without a generator of their own",
    ),
    Var(
        "power_out_customers", "customer", "municipality", doc="contracts without supply, as the utility monitors them"
    ),
    Var("water_out_households", "household", "municipality", doc="households without piped water"),
    Var("gas_out_customers", "customer", "municipality", doc="city-gas customers stopped"),
    Var("base_stations_down_units", "unit", "municipality", doc="mobile base stations out of service"),
    Var(
        "roads_found_closed_units",
        "unit",
        "municipality",
        doc="road sections found closed or limited by inspection so far",
    ),
    Var("roads_inspected_fraction", "1", "municipality", doc="share of trunk-road sections inspected"),
    Var("water_leak_l_per_s", "litre_per_s", "municipality", doc="water lost through leaks"),
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
    "power_on_fraction": 1.0,
    "water_service_fraction": 1.0,
    "water_drinkable": 0.0,
    "gas_on_fraction": 0.0,
    "telecom_fraction": 1.0,
    "sewer_usable_fraction": 0.0,
    "travel_emergency_s": 1800.0,
    "travel_truck_s": 1800.0,
    "local_speed_fraction": 1.0,
    "hospital_power": 1.0,
    "hospital_water": 1.0,
    "shelter_power": 1.0,
    "shelter_water": 1.0,
    "office_power": 1.0,
    "office_telecom": 1.0,
    "depot_power": 1.0,
    "fuel_station_power": 1.0,
    "dispatch_fraction": 1.0,
    "reenergised_customers": 0.0,
    "fuel_wanted_l": 0.0,
    "generator_cars_wanted_units": 0.0,
    "power_out_customers": 0.0,
    "water_out_households": 0.0,
    "gas_out_customers": 0.0,
    "base_stations_down_units": 0.0,
    "roads_found_closed_units": 0.0,
    "roads_inspected_fraction": 0.0,
    "water_leak_l_per_s": 0.0,
}


def step(given: Given, state: State, inputs: Inputs, clock: Clock) -> Result:
    """Give neutral values."""
    outputs = {var.name: np.full(given.world.shape(var.on), NEUTRAL[var.name]) for var in GIVES}
    return Result(State(state.n_steps + 1), outputs)


def measure(given: Given, state: State) -> dict[str, Array]:
    """No series yet."""
    return {}


LAYER = Layer(
    name="infrastructure",
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
