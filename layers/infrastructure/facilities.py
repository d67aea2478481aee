"""Buildings and plant that must not go dark: mains, generator with its fuel, generator car; hospital water tanks."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from layers.infrastructure import crews as gang
from layers.infrastructure.crews import Crews
from layers.infrastructure.power import SECTIONS
from twin.params import Params
from twin.world import World

Array = np.ndarray

KINDS = ("hospital", "office", "shelter", "depot", "fuel_station", "water_zone", "base_station")
HOSPITAL, OFFICE, SHELTER, DEPOT, FUEL_STATION, PUMP, STATION = range(len(KINDS))


@dataclass(frozen=True)
class FacilityPlace:
    """All facilities, one row each, in the order of KINDS; `rows[kind]` is the slice of one kind.

    feeder -1: no mains needed. section: which section of the feeder it hangs on, from its permanent key.
    running_s: time its own full tank lasts; 0 without a generator.
    """

    keys: Array
    kind: Array
    feeder: Array
    section: Array
    municipality: Array
    node: Array
    running_s: Array
    first: Array
    hospital_tank_s: Array
    hospital_zone: Array
    shelter_zone: Array
    n_municipality: int


@dataclass(frozen=True)
class Facilities:
    """fuel_l: in the facility's own tank. pool_l: lifeline fuel held by each town. car_asked: a car was asked for.

    power: share of the wanted electricity now (0..1). tank_s: hours of water left in hospital tanks, seconds.
    """

    fuel_l: Array
    pool_l: Array
    car_asked: Array
    power: Array
    tank_s: Array


def prepare(world: World, params: Params) -> FacilityPlace:
    """Constants; a facility's section and a pump's or shelter's generator follow from its permanent key."""
    sets = [world[name] for name in KINDS]
    sizes = np.array([len(members) for members in sets])
    keys = np.concatenate([members.keys for members in sets])
    feeder = np.concatenate([members["feeder"] for members in sets]).astype(np.int64)
    municipality = np.concatenate([members["municipality"] for members in sets]).astype(np.int64)
    cell_node = world["cell"]["node"]
    node = np.concatenate(
        [members["node"] if "node" in members else cell_node[np.maximum(members["cell"], 0)] for members in sets]
    )
    return FacilityPlace(
        keys=keys,
        kind=np.repeat(np.arange(len(KINDS)), sizes),
        feeder=feeder,
        section=(keys >> 7) % SECTIONS,
        municipality=municipality,
        node=np.maximum(node, 0).astype(np.int64),
        running_s=np.concatenate([_running_s(world, name, params) for name in KINDS]),
        first=np.concatenate([[0], np.cumsum(sizes)]),
        hospital_tank_s=world["hospital"]["tank_s"].astype(float),
        hospital_zone=world["hospital"]["water_zone"].astype(np.int64),
        shelter_zone=world["shelter"]["water_zone"].astype(np.int64),
        n_municipality=len(world["municipality"]),
    )


def _running_s(world: World, name: str, params: Params) -> Array:
    members = world[name]
    if name in ("hospital", "office"):
        return members["generator_s"].astype(float)
    if name == "shelter":
        return members["generator"] * params.shelter_generator_s
    if name == "fuel_station":
        return members["emergency"] * params.fuel_station_generator_s
    if name == "base_station":
        return members["hall"] * params.hall_station_generator_s
    if name == "water_zone":
        lucky = (members.keys >> 11) % 1000 < 1000 * params.pump_generator_fraction
        return np.where(lucky & (members["feeder"] >= 0), params.pump_generator_s, 0.0)
    return np.where(members["kind"] > 0, params.depot_generator_s, 0.0)


def burn_l_per_s(place: FacilityPlace, params: Params) -> Array:
    """Fuel a running generator burns, litre per second, (facility,)."""
    return params.generator_burn_l_per_h[place.kind] / 3600.0


def start(place: FacilityPlace, params: Params) -> Facilities:
    """Full tanks."""
    n = len(place.keys)
    return Facilities(
        fuel_l=place.running_s * burn_l_per_s(place, params),
        pool_l=np.zeros(place.n_municipality),
        car_asked=np.zeros(n, bool),
        power=np.ones(n),
        tank_s=place.hospital_tank_s.copy(),
    )


def mains_on(place: FacilityPlace, section_on: Array) -> Array:
    """Which facilities the network feeds, bool (facility,); True where no mains are needed."""
    return (place.feeder < 0) | section_on[np.maximum(place.feeder, 0), place.section]


def run_generators(
    state: Facilities, place: FacilityPlace, params: Params, mains: Array, car: Array, delivered_l: Array, dt_s: int
) -> tuple[Facilities, float]:
    """Deliveries fill tanks, generators burn; returns the state and the litres burnt.

    mains, car: bool (facility,). delivered_l: (municipality,). A generator that runs dry within the step is dark at
    its end. Keeps: fuel + pool = before + delivered - burnt.
    """
    fuel_l, pool_l = state.fuel_l, state.pool_l
    if delivered_l.any() or pool_l.any():
        fuel_l, pool_l = _fill(fuel_l, pool_l + delivered_l, _missing_l(fuel_l, place, params), place)
    running = ~mains & ~car & (fuel_l > 0)
    burnt_l = 0.0
    if running.any():
        used_l = np.where(running, np.minimum(burn_l_per_s(place, params) * dt_s, fuel_l), 0.0)
        fuel_l, burnt_l = fuel_l - used_l, float(used_l.sum())
    backed = np.where(car, params.car_power_fraction, np.where(fuel_l > 0, params.generator_power_fraction, 0.0))
    power = np.where(mains, 1.0, backed)
    return replace(state, fuel_l=fuel_l, pool_l=pool_l, power=power), burnt_l


def _missing_l(fuel_l: Array, place: FacilityPlace, params: Params) -> Array:
    return np.maximum(place.running_s * burn_l_per_s(place, params) - fuel_l, 0.0)


def _fill(fuel_l: Array, pool_l: Array, missing_l: Array, place: FacilityPlace) -> tuple[Array, Array]:
    """Share each town's fuel among its tanks by what is missing; what finds no room stays in the town's store."""
    town = np.maximum(place.municipality, 0)
    missing_l = np.where(place.municipality >= 0, missing_l, 0.0)
    wanted_l = np.bincount(town, missing_l, minlength=len(pool_l))
    given_l = np.minimum(pool_l, wanted_l)
    share = np.divide(given_l, wanted_l, out=np.zeros_like(wanted_l), where=wanted_l > 0)
    return fuel_l + missing_l * share[town], pool_l - given_l


def fuel_wanted_l(state: Facilities, place: FacilityPlace, params: Params) -> Array:
    """Litres the towns' generators want brought: what is missing in tanks below the order level, less the store."""
    missing_l = _missing_l(state.fuel_l, place, params)
    full_l = place.running_s * burn_l_per_s(place, params)
    ordering = (missing_l > (1.0 - params.fuel_order_level) * full_l) & (place.municipality >= 0)
    wanted = np.bincount(place.municipality[ordering], missing_l[ordering], minlength=place.n_municipality)
    return np.maximum(wanted - state.pool_l, 0.0)


def wants_car(state: Facilities, place: FacilityPlace, params: Params, mains: Array) -> Array:
    """Important facilities off the mains whose own generator is missing or will soon stop, bool (facility,).

    Once asked for, a car stays wanted until the mains are back.
    """
    important = (place.kind == HOSPITAL) | (place.kind == OFFICE) | (place.kind == PUMP)
    left_s = state.fuel_l / np.maximum(burn_l_per_s(place, params), 1e-12)
    return important & (place.municipality >= 0) & ~mains & ((left_s < params.car_ask_s) | state.car_asked)


def ask_cars(
    state: Facilities, crew: Crews, place: FacilityPlace, params: Params, wanted: Array, now_s: int
) -> tuple[Facilities, Crews]:
    """Ask for cars newly wanted, send back those no longer wanted (the mains returned)."""
    if np.array_equal(wanted, state.car_asked):
        return state, crew
    crew = gang.release(crew, gang.CAR, np.flatnonzero(state.car_asked & ~wanted), now_s)
    rows = np.flatnonzero(wanted & ~state.car_asked)
    pool = gang.CARS + place.municipality[rows]
    crew = gang.ask(
        crew, gang.CAR, pool, rows, place.keys[rows], place.node[rows], place.kind[rows], now_s, params.car_stay_s
    )
    return replace(state, car_asked=wanted), crew


def hospital_supply(
    place: FacilityPlace, params: Params, beds: Array, zone_service: Array, tanker_l_per_s: Array
) -> Array:
    """Piped and trucked water at each hospital as a share of its need, (hospital,).

    zone_service: (water_zone,). tanker_l_per_s: brought to each town, (municipality,); shared by beds.
    """
    piped = np.where(place.hospital_zone >= 0, zone_service[np.maximum(place.hospital_zone, 0)], 1.0)
    if not tanker_l_per_s.any():
        return piped
    town = np.maximum(place.municipality[place.kind == HOSPITAL], 0)
    need = np.bincount(town, beds * params.hospital_demand_l_per_s_bed, minlength=len(tanker_l_per_s))
    share = params.support_to_hospitals_fraction * tanker_l_per_s / np.maximum(need, 1e-9)
    return np.minimum(piped + share[town], 1.0)


def draw_tanks(state: Facilities, place: FacilityPlace, params: Params, supply: Array, dt_s: int) -> Facilities:
    """Hospitals live from their water tanks while supply (share of need, (hospital,)) falls short."""
    filled = np.minimum(state.tank_s + params.hospital_tank_fill * dt_s, place.hospital_tank_s)
    tank_s = np.where(supply < 1.0, np.maximum(state.tank_s - (1.0 - supply) * dt_s, 0.0), filled)
    return state if np.array_equal(tank_s, state.tank_s) else replace(state, tank_s=tank_s)
