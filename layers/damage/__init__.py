"""The surface: buildings, large sites, slopes, fires, debris, and which facilities can be used."""

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
        "shock_intensity",
        "1",
        "cell",
        doc="JMA instrumental intensity of the strongest shock inside the step; 0 when there was none",
    ),
    Var("shock_pga_m_per_s2", "m_per_s2", "cell", doc="peak ground acceleration of that shock; 0 when there was none"),
    Var("soil_water_m", "m", "cell", doc="soil-water index (three tanks)"),
    Var("wind_m_per_s", "m_per_s", "region", doc="mean wind speed"),
    Var("liquefaction_fraction", "1", "cell", doc="share of the cell's ground liquefied so far"),
    Var("reenergised_customers", "customer", "cell", "amount", doc="customers whose supply came back"),
    Var("water_service_fraction", "1", "cell", doc="share of normal piped water service"),
    Var(
        "first_response_fraction",
        "1",
        "cell",
        doc="share of adults present and awake who can put out a fire or help a neighbour",
    ),
    Var("fire_crews", "crew", "cell", doc="crews at work on fires"),
)

GIVES = (
    Var("buildings_collapsed", "building", "cell", doc="buildings totally collapsed so far by shaking or slope"),
    Var(
        "buildings_half_collapsed",
        "building",
        "cell",
        doc="buildings half collapsed so far, collapsed ones not counted",
    ),
    Var("buildings_partial", "building", "cell", doc="buildings partly damaged so far, worse ones not counted"),
    Var("buildings_burnt", "building", "cell", doc="buildings burnt down so far"),
    Var("wood_collapsed_fraction", "1", "cell", doc="share of the wooden buildings collapsed"),
    Var("nonwood_collapsed_fraction", "1", "cell", doc="share of the other buildings collapsed"),
    Var("wood_half_fraction", "1", "cell", doc="share of the wooden buildings half collapsed"),
    Var("nonwood_half_fraction", "1", "cell", doc="share of the other buildings half collapsed"),
    Var("slide_buildings", "building", "cell", doc="buildings hit by landslides so far"),
    Var("site_damage_fraction", "1", "site", doc="share of the large site's floors lost"),
    Var("fires_burning", "1", "cell", doc="fires burning now"),
    Var("road_debris_m3", "m3", "road", doc="debris on the road from buildings beside it"),
    Var("road_slides", "1", "road", doc="slope failures lying on the road"),
    Var("debris_m3", "m3", "municipality", doc="disaster waste made so far and not yet removed"),
    Var(
        "shelter_usable", "1", "shelter", doc="1 if the building is safe and its ceilings, floor and fixtures allow use"
    ),
    Var("hospital_usable", "1", "hospital", doc="share of the hospital's function that structure and fixtures allow"),
    Var("depot_usable", "1", "depot", doc="share of the depot's floor that can be used"),
    Var("office_usable", "1", "office", doc="1 if the office can be entered and used, less if limited"),
    Var("fuel_station_usable", "1", "fuel_station", doc="1 if tanks and pumps are sound"),
    Var("local_blocked_fraction", "1", "cell", doc="share of narrow streets blocked by collapsed buildings"),
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
    "buildings_collapsed": 0.0,
    "buildings_half_collapsed": 0.0,
    "buildings_partial": 0.0,
    "buildings_burnt": 0.0,
    "wood_collapsed_fraction": 0.0,
    "nonwood_collapsed_fraction": 0.0,
    "wood_half_fraction": 0.0,
    "nonwood_half_fraction": 0.0,
    "slide_buildings": 0.0,
    "site_damage_fraction": 0.0,
    "fires_burning": 0.0,
    "road_debris_m3": 0.0,
    "road_slides": 0.0,
    "debris_m3": 0.0,
    "shelter_usable": 1.0,
    "hospital_usable": 1.0,
    "depot_usable": 1.0,
    "office_usable": 1.0,
    "fuel_station_usable": 1.0,
    "local_blocked_fraction": 0.0,
}


def step(given: Given, state: State, inputs: Inputs, clock: Clock) -> Result:
    """Give neutral values."""
    outputs = {var.name: np.full(given.world.shape(var.on), NEUTRAL[var.name]) for var in GIVES}
    return Result(State(state.n_steps + 1), outputs)


def measure(given: Given, state: State) -> dict[str, Array]:
    """No series yet."""
    return {}


LAYER = Layer(
    name="damage",
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
