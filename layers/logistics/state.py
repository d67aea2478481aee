"""Constants and state of the layer.

A place is where trucks are unloaded: first one store per municipality (all its municipal depots together), in the
order of `municipality`, then the hubs: prefectural hubs, and gateway hubs, of which one may be opened as a second hub.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, TypeVar

import numpy as np

from layers.logistics.items import ITEMS
from layers.logistics.ordered import Ordered, nothing_ordered
from twin.chance import Chance
from twin.errors import ScenarioError
from twin.params import Params
from twin.units import DAY_S
from twin.world import World

Array = np.ndarray
Record = TypeVar("Record")

MUNICIPAL, PREFECTURAL, TERMINAL, GATEWAY_HUB = range(4)
"""Kinds of depot."""
GATEWAY_NODE = 3
MAX_DOCKS = 32
STOCK_SCALES = (
    "household_stock_days",
    "shelter_stock_days",
    "municipal_stock_days",
    "prefecture_stock_days",
    "station_fill_fraction",
    "vehicle_fill_fraction",
    "terminal_stock_l",
)
"""Parameters that set how much is stored beforehand; a change during a run adds or removes the difference."""


@dataclass(frozen=True)
class Places:
    """Stores and hubs; arrays (place,) unless said.

    n_town: the first rows are municipal stores. town: municipality row, -1 outside. gateway_hub: lies at the edge,
    closed unless it is the second_hub and opened as such. depot_share: (place, depot), share of the place's floor in
    each of its depots; has_depot: any at all. first_depot: a depot row of the place to cite, -1 for none.
    """

    n_town: int
    key: Array
    town: Array
    node: Array
    docks: Array
    forklifts: Array
    floor_m2: Array
    gateway_hub: Array
    second_hub: Array
    depot_share: Array
    has_depot: Array
    first_depot: Array

    @property
    def n(self) -> int:
        """Number of places."""
        return len(self.key)


@dataclass(frozen=True)
class Given:
    """Constants of the layer; arrays (municipality,), (shelter,), (fuel_station,), (terminal,) by prefix."""

    params: Params
    places: Places
    item_m3: Array
    town_node: Array
    population: Array
    share_65: Array
    effective_area_m2: Array
    gateway_nodes: Array
    shelter_town: Array
    shelter_node: Array
    shelter_floor_m2: Array
    shelter_floor_share: Array
    shelter_cooled: Array
    shelter_toilets: Array
    station_town: Array
    station_node: Array
    station_key: Array
    station_tank_l: Array
    station_emergency: Array
    terminal_depot: Array
    terminal_town: Array
    terminal_node: Array

    @property
    def n_town(self) -> int:
        """Number of municipalities."""
        return len(self.town_node)


@dataclass(frozen=True)
class Loads:
    """Trucks with relief goods, one row each.

    origin: place they were loaded at, -1 outside the region. place: where they go. serial: number of the load among
    all sent to that place. phase: see `trucks`. due_s: end of the present drive or unloading. arrived_s: at the gate.
    drive_s: time of the drive out. unknown: nobody was told what is on it. pushed: sent without
    request. units: (load, item).
    """

    origin: Array
    place: Array
    serial: Array
    phase: Array
    due_s: Array
    arrived_s: Array
    drive_s: Array
    unknown: Array
    pushed: Array
    units: Array


@dataclass(frozen=True)
class Fuel:
    """Four stocks of fuel (terminals, tanker trucks under way, stations, vehicles) and which stations sell.

    Tanker trucks: trip_station, trip_l, trip_due_s (at the station), trip_back_s (free again); arrays (trip,).
    Numbers of trip_station beyond the stations stand for the drums of towns. first_l: ordered for a town's drums
    before any station, not yet on a truck (municipality,).
    sound: station has tanks, pumps and electricity. opens_s: checks done. closures: how often it has stopped so far.
    """

    terminal_l: Array
    station_l: Array
    vehicle_l: Array
    sound: Array
    opens_s: Array
    closures: Array
    selling: Array
    first_l: Array
    trip_station: Array
    trip_l: Array
    trip_due_s: Array
    trip_back_s: Array


@dataclass(frozen=True)
class State:
    """All goods and where they are.

    household_meals, household_water_l: (municipality,). medicine_cover_fraction: people with medicine left at home.
    store_units: (place, item). shelter_units: (shelter, item). backlog_units: ordered, not yet sent (municipality,
    item). received_units: arrived so far. stock_scale: values of STOCK_SCALES already stored.
    dock_free_s: (place, MAX_DOCKS). loads_sent: (place,). self_supply_meals: what responders brought.
    meals_short, water_short_l: unmet need per day now (municipality,); unmedicated_persons: dependent people without
    medicine now; responder_meals: what responders in the town still have of their own.
    generator_fuel_l, responder_fuel_l: handed over so far (municipality,).
    out_of_food, out_of_water: (shelter,), stock_low: (municipality,), queue_long: (place,): told already.
    ordered: what decision makers ordered.
    """

    household_meals: Array
    household_water_l: Array
    medicine_cover_fraction: Array
    store_units: Array
    shelter_units: Array
    backlog_units: Array
    received_units: Array
    stock_scale: Array
    place_usable: Array
    loads: Loads
    dock_free_s: Array
    loads_sent: Array
    push_begun: int
    push_arrived: int
    fuel: Fuel
    shops_open_fraction: Array
    tankers: Array
    water_points: Array
    self_supply_meals: float
    responders_peak_persons: float
    meals_short: Array
    water_short_l: Array
    unmedicated_persons: Array
    responder_meals: Array
    generator_fuel_l: Array
    responder_fuel_l: Array
    out_of_food: Array
    out_of_water: Array
    stock_low: Array
    queue_long: Array
    ordered: Ordered


def prepare(world: World, params: Params) -> Given:
    """Constants for all runs. Raises ScenarioError if the world's items are not the ten known ones in order."""
    item = world["item"]
    if tuple(item.ids.tolist()) != ITEMS:
        raise ScenarioError(f"index set 'item' must hold {', '.join(ITEMS)} in this order; it has {item.ids.tolist()}")
    town, shelter, station, depot = (world[name] for name in ("municipality", "shelter", "fuel_station", "depot"))
    floor = shelter["floor_m2"].astype(np.float64)
    town_floor = np.bincount(shelter["municipality"], weights=floor, minlength=len(town))
    terminal = np.flatnonzero(depot["kind"] == TERMINAL)
    return Given(
        params=params,
        places=make_places(world),
        item_m3=item["volume_m3"].astype(np.float64),
        town_node=town["node"],
        population=town["population"].astype(np.float64),
        share_65=town["share_65"].astype(np.float64),
        effective_area_m2=effective_area_m2(world),
        gateway_nodes=np.flatnonzero(world["node"]["kind"] == GATEWAY_NODE),
        shelter_town=shelter["municipality"],
        shelter_node=world["cell"]["node"][shelter["cell"]],
        shelter_floor_m2=floor,
        shelter_floor_share=floor / np.maximum(town_floor, 1.0)[shelter["municipality"]],
        shelter_cooled=shelter["cooled"] > 0,
        shelter_toilets=shelter["toilets"].astype(np.float64),
        station_town=station["municipality"],
        station_node=station["node"],
        station_key=station.keys,
        station_tank_l=station["tank_l"].astype(np.float64),
        station_emergency=station["emergency"] > 0,
        terminal_depot=terminal,
        terminal_town=depot["municipality"][terminal],
        terminal_node=depot["node"][terminal],
    )


def make_places(world: World) -> Places:
    """Municipal depots gathered by town, then each hub on its own."""
    depot, town = world["depot"], world["municipality"]
    kind, floor = depot["kind"], depot["floor_m2"].astype(np.float64)
    hubs = np.concatenate([np.flatnonzero(kind == PREFECTURAL), np.flatnonzero(kind == GATEWAY_HUB)])
    of_depot = np.full(len(depot), -1)
    municipal = np.flatnonzero((kind == MUNICIPAL) & (depot["municipality"] >= 0))
    of_depot[municipal] = depot["municipality"][municipal]
    of_depot[hubs] = len(town) + np.arange(len(hubs))
    counted = np.flatnonzero(of_depot >= 0)

    def add_up(column: Array) -> Array:
        return np.bincount(of_depot[counted], weights=column[counted], minlength=len(town) + len(hubs))

    share = np.zeros((len(town) + len(hubs), len(depot)))
    share[of_depot[counted], counted] = np.maximum(floor[counted], 1e-6)
    first = np.full(len(town) + len(hubs), -1)
    first[of_depot[counted][::-1]] = counted[::-1]
    return Places(
        n_town=len(town),
        key=np.concatenate([town.keys, depot.keys[hubs]]),
        town=np.concatenate([np.arange(len(town)), depot["municipality"][hubs]]),
        node=np.concatenate([town["node"], depot["node"][hubs]]),
        docks=np.maximum(add_up(depot["docks"].astype(np.float64)), 1.0),
        forklifts=add_up(depot["forklifts"].astype(np.float64)),
        floor_m2=np.maximum(add_up(floor), 1.0),
        gateway_hub=np.concatenate([np.zeros(len(town), bool), kind[hubs] == GATEWAY_HUB]),
        second_hub=np.concatenate([np.zeros(len(town), bool), np.isin(hubs, second_hub(world))]),
        depot_share=share / np.maximum(share.sum(axis=1, keepdims=True), 1e-9),
        has_depot=share.sum(axis=1) > 0,
        first_depot=first,
    )


def second_hub(world: World) -> Array:
    """Depot row of the gateway hub nearest to the residents by undamaged roads; empty where there is none."""
    depot, town = world["depot"], world["municipality"]
    rows = np.flatnonzero(depot["kind"] == GATEWAY_HUB)
    drive_s = world.arrays["free_travel_s"][np.ix_(depot["node"][rows], town["node"])]
    total_s = np.where(np.isfinite(drive_s), drive_s, DAY_S) @ town["population"].astype(np.float64)
    return rows[np.argsort(total_s, kind="stable")[:1]]


def effective_area_m2(world: World) -> Array:
    """Area a town would have if all lived at the density the average resident lives at, shape (municipality,), m2."""
    cell, n_town = world["cell"], len(world["municipality"])
    persons, town = cell["night_persons"].astype(np.float64), cell["municipality"]
    total = np.bincount(town, weights=persons, minlength=n_town)
    crowding = np.bincount(town, weights=persons**2 / np.maximum(cell["area_m2"], 1.0), minlength=n_town)
    return np.where(crowding > 0, total**2 / np.maximum(crowding, 1e-12), 1.0)


def no_loads() -> Loads:
    """No truck under way."""
    whole, yes = np.empty(0, np.int64), np.empty(0, bool)
    return Loads(
        origin=whole,
        place=whole,
        serial=whole,
        phase=whole,
        due_s=whole,
        arrived_s=whole,
        drive_s=whole,
        unknown=yes,
        pushed=yes,
        units=np.empty((0, len(ITEMS))),
    )


def no_fuel_yet(given: Given) -> Fuel:
    """The fuel chain before anything is stored: every station sound and selling, no tanker truck under way."""
    n_station = len(given.station_town)
    return Fuel(
        terminal_l=np.zeros(len(given.terminal_depot)),
        station_l=np.zeros(n_station),
        vehicle_l=np.zeros(given.n_town),
        sound=np.ones(n_station, bool),
        opens_s=np.zeros(n_station, np.int64),
        closures=np.zeros(n_station, np.int64),
        selling=np.ones(n_station, bool),
        first_l=np.zeros(given.n_town),
        trip_station=np.empty(0, np.int64),
        trip_l=np.empty(0),
        trip_due_s=np.empty(0, np.int64),
        trip_back_s=np.empty(0, np.int64),
    )


def start(given: Given, chance: Chance) -> State:
    """State at time 0: nothing stored yet (the first step stores what the parameters say), everything open."""
    n_town, n_shelter = given.n_town, len(given.shelter_town)
    n_item, n_place = len(ITEMS), given.places.n
    towns = np.zeros(n_town)
    return State(
        household_meals=towns,
        household_water_l=towns,
        medicine_cover_fraction=np.ones(n_town),
        store_units=np.zeros((n_place, n_item)),
        shelter_units=np.zeros((n_shelter, n_item)),
        backlog_units=np.zeros((n_town, n_item)),
        received_units=np.zeros((n_town, n_item)),
        stock_scale=np.zeros(len(STOCK_SCALES)),
        place_usable=np.ones(n_place),
        loads=no_loads(),
        dock_free_s=np.zeros((n_place, MAX_DOCKS), np.int64),
        loads_sent=np.zeros(n_place, np.int64),
        push_begun=0,
        push_arrived=0,
        fuel=no_fuel_yet(given),
        shops_open_fraction=np.ones(n_town),
        tankers=towns,
        water_points=towns,
        self_supply_meals=0.0,
        responders_peak_persons=0.0,
        ordered=nothing_ordered(given.params, n_town, n_item, given.places.depot_share.shape[1]),
        **_nothing_short(given),
    )


def _nothing_short(given: Given) -> dict[str, Any]:
    """Fields of the state that tell what was missing or handed over so far, and what the journal has told."""
    n_shelter, towns = len(given.shelter_town), np.zeros(given.n_town)
    return {
        "meals_short": towns,
        "water_short_l": towns,
        "unmedicated_persons": towns,
        "responder_meals": towns,
        "generator_fuel_l": towns,
        "responder_fuel_l": towns,
        "out_of_food": np.zeros(n_shelter, bool),
        "out_of_water": np.zeros(n_shelter, bool),
        "stock_low": np.zeros(given.n_town, bool),
        "queue_long": np.zeros(given.places.n, bool),
    }
