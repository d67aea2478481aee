"""Fire, police, Self-Defence and medical forces: search, rescue, transport, firefighting, hospitals."""

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
    Var("work_stopped", "1", "municipality", doc="1 while outdoor work is stopped after a shock of 5-lower or more"),
    Var("daylight", "1", "region", doc="1 by day, 0 by night, between in twilight"),
    Var("wbgt_c", "degC", "municipality", doc="wet-bulb globe temperature outdoors"),
    Var("fires_burning", "1", "cell", doc="fires burning now"),
    Var("buildings_collapsed", "building", "cell", doc="buildings totally collapsed so far by shaking or slope"),
    Var("hospital_usable", "1", "hospital", doc="share of the hospital's function that structure and fixtures allow"),
    Var("site_damage_fraction", "1", "site", doc="share of the large site's floors lost"),
    Var("local_blocked_fraction", "1", "municipality", doc="share of narrow streets blocked by collapsed buildings"),
    Var("travel_emergency_s", "s", "node*node", doc="travel time of emergency vehicles; infinite when cut off"),
    Var("local_speed_fraction", "1", "municipality", doc="speed on local streets as a share of normal"),
    Var("hospital_power", "1", "hospital", doc="share of the electricity a hospital needs, generator included"),
    Var("hospital_water", "1", "hospital", doc="share of the water a hospital needs, its tank included"),
    Var(
        "dispatch_fraction",
        "1",
        "municipality",
        doc="119 dispatch capability as a share of normal (power, lines, the centre itself)",
    ),
    Var("water_service_fraction", "1", "municipality", doc="share of normal piped water service"),
    Var("trapped_persons", "person", "cell", doc="people trapped in collapsed dwellings (the truth)"),
    Var("site_trapped_persons", "person", "site", doc="people trapped in large sites (the truth)"),
    Var("trapped_calls", "call", "cell", "amount", doc="119 calls about trapped people, duplicates included"),
    Var(
        "ambulance_calls",
        "call",
        "municipality",
        "amount",
        doc="119 calls for an ambulance: hurt, ill and everyday demand",
    ),
    Var("walk_in_persons", "person", "municipality", "amount", doc="hurt people who go to hospital by themselves"),
    Var("shelter_ambulance_calls", "call", "municipality", "amount", doc="119 calls from shelters and cars"),
    Var("responder_fuel_l", "litre", "municipality", "amount", doc="fuel handed to response vehicles", stock="fuel"),
    Var("responder_food_fraction", "1", "municipality", doc="food and water for responders over need"),
    Var("fire_aid_called", "1", "region", doc="1 once emergency fire teams are called"),
    Var("sdf_called", "1", "region", doc="1 once the Self-Defence Forces are requested"),
    Var("police_aid_called", "1", "region", doc="1 once wide-area police units are called"),
    Var("medical_aid_called", "1", "region", doc="1 once medical assistance teams are called"),
    Var("search_priority", "1", "municipality", doc="weight of the town in sending rescue forces (1 = equal)"),
    Var("scouting_wanted", "1", "municipality", doc="1 where a silent town shall be visited or flown over"),
)

GIVES = (
    Var("freed_persons", "person", "cell", "amount", doc="trapped people freed from dwellings by responders"),
    Var("site_freed_persons", "person", "site", "amount", doc="trapped people freed from large sites"),
    Var("treated_persons", "person", "municipality", "amount", doc="patients given a bed or treatment"),
    Var("hospital_waiting_persons", "person", "hospital", doc="patients waiting at the hospital"),
    Var("fire_crews", "crew", "cell", doc="crews at work on fires"),
    Var("road_clearing_crews", "crew", "municipality", doc="engineer crews that clear roads"),
    Var("water_support_l_per_s", "litre_per_s", "municipality", doc="water brought by Self-Defence tank trucks"),
    Var(
        "scout_reports",
        "report",
        "municipality",
        "amount",
        doc="reports by reconnaissance flights, liaison officers and patrols",
    ),
    Var("trapped_known_persons", "person", "municipality", doc="trapped people at places known to responders"),
    Var("incidents_open", "1", "municipality", doc="known incidents not yet closed"),
    Var("responders_present_persons", "person", "municipality", doc="responders in the town"),
    Var("responders_working_persons", "person", "region", doc="responders at work"),
    Var("responder_fuel_wanted_l", "litre", "municipality", doc="fuel response vehicles want"),
    Var("forces_trucks_units", "unit", "region", doc="trucks of the forces that carry goods"),
    Var("brought_persons", "person", "municipality", "amount", doc="freed or helped people brought to shelters"),
    Var("rescued_fire_persons", "person", "municipality", doc="people rescued by fire services so far (local and aid)"),
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
    "freed_persons": 0.0,
    "site_freed_persons": 0.0,
    "treated_persons": 0.0,
    "hospital_waiting_persons": 0.0,
    "fire_crews": 0.0,
    "road_clearing_crews": 0.0,
    "water_support_l_per_s": 0.0,
    "scout_reports": 0.0,
    "trapped_known_persons": 0.0,
    "incidents_open": 0.0,
    "responders_present_persons": 0.0,
    "responders_working_persons": 0.0,
    "responder_fuel_wanted_l": 0.0,
    "forces_trucks_units": 0.0,
    "brought_persons": 0.0,
    "rescued_fire_persons": 0.0,
}


def step(given: Given, state: State, inputs: Inputs, clock: Clock) -> Result:
    """Give neutral values."""
    outputs = {var.name: np.full(given.world.shape(var.on), NEUTRAL[var.name]) for var in GIVES}
    return Result(State(state.n_steps + 1), outputs)


def measure(given: Given, state: State) -> dict[str, Array]:
    """No series yet."""
    return {}


LAYER = Layer(
    name="rescue",
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
