"""Buildings and plant that must not go dark: mains, generator with its fuel, generator car; hospital water tanks."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from layers.infrastructure import crews as gang
from layers.infrastructure.crews import Crews
from layers.infrastructure.power import SECTIONS
from twin.params import Params
from twin.records import changed
from twin.world import World

Array = np.ndarray

KINDS = ("hospital", "office", "shelter", "depot", "fuel_station", "water_zone", "base_station")
HOSPITAL, OFFICE, SHELTER, DEPOT, FUEL_STATION, PUMP, STATION = range(len(KINDS))


@dataclass(frozen=True)
class FacilityPlace:
    """All facilities, one row each, in the order of KINDS; `rows[kind]` is the slice of one kind.

    feeder -1: no mains needed. section: which section of the feeder it hangs on, from its permanent key.
    generators: rows that have a generator or, pumps, may have one; own_s: running time given with hospitals and
    offices; luck: in [0, 1), pumps below the share of pumps with a generator have one, both (generator,).
    important: rows that may ask for a generator car.
    """

    keys: Array
    kind: Array
    feeder: Array
    section: Array
    municipality: Array
    node: Array
    cell: Array
    generators: Array
    own_s: Array
    luck: Array
    important: Array
    first: Array
    hospital_tank_s: Array
    hospital_zone: Array
    shelter_zone: Array
    n_municipality: int


@dataclass(frozen=True)
class Facilities:
    """fuel_l: in the facility's own tank. pool_l: lifeline fuel held by each town. car_asked: a car was asked for;
    car: it feeds the facility.

    flooded: its electrical room drowned and is not yet dried: neither network nor generator nor car feeds it, bool.
    mains: fed by the network, bool. power: share of the wanted electricity now (0..1).
    tank_s: hours of water left in hospital tanks, seconds. water: share of its need a hospital has, tank included.
    """

    fuel_l: Array
    pool_l: Array
    car_asked: Array
    car: Array
    flooded: Array
    mains: Array
    power: Array
    tank_s: Array
    water: Array


def prepare(world: World) -> FacilityPlace:
    """Constants; a facility's section and a pump's luck with a generator follow from its permanent key."""
    sets = [world[name] for name in KINDS]
    sizes = np.array([len(members) for members in sets])
    keys = np.concatenate([members.keys for members in sets])
    feeder = np.concatenate([members["feeder"] for members in sets]).astype(np.int64)
    municipality = np.concatenate([members["municipality"] for members in sets]).astype(np.int64)
    cell_node = world["cell"]["node"]
    node = np.concatenate(
        [members["node"] if "node" in members else cell_node[np.maximum(members["cell"], 0)] for members in sets]
    )
    kind = np.repeat(np.arange(len(KINDS)), sizes)
    own_s = np.concatenate([_own_s(world, name) for name in KINDS])
    generators = np.flatnonzero(own_s > 0)
    return FacilityPlace(
        keys=keys,
        kind=kind,
        feeder=feeder,
        section=(keys >> 7) % SECTIONS,
        municipality=municipality,
        node=np.maximum(node, 0).astype(np.int64),
        cell=np.concatenate([members["cell"] for members in sets]).astype(np.int64),
        generators=generators,
        own_s=own_s[generators],
        luck=(keys[generators] >> 11) % 1000 / 1000.0,
        important=np.flatnonzero(((kind == HOSPITAL) | (kind == OFFICE) | (kind == PUMP)) & (municipality >= 0)),
        first=np.concatenate([[0], np.cumsum(sizes)]),
        hospital_tank_s=world["hospital"]["tank_s"].astype(float),
        hospital_zone=world["hospital"]["water_zone"].astype(np.int64),
        shelter_zone=world["shelter"]["water_zone"].astype(np.int64),
        n_municipality=len(world["municipality"]),
    )


def _own_s(world: World, name: str) -> Array:
    """Running time of a full tank where the place gives it; 1 where only the parameters do; 0 without a generator."""
    members = world[name]
    if name in ("hospital", "office"):
        return members["generator_s"].astype(float)
    if name == "water_zone":
        return (members["feeder"] >= 0).astype(float)
    if name == "depot":
        return (members["kind"] > 0).astype(float)
    return members[{"shelter": "generator", "fuel_station": "emergency", "base_station": "hall"}[name]].astype(float)


def running_s(place: FacilityPlace, params: Params) -> Array:
    """Time the full tank of each generator lasts, (generator,); 0 for pumps that have none."""
    by_kind = np.ones(len(KINDS))
    by_kind[SHELTER], by_kind[DEPOT] = params.shelter_generator_s, params.depot_generator_s
    by_kind[FUEL_STATION], by_kind[STATION] = params.fuel_station_generator_s, params.hall_station_generator_s
    by_kind[PUMP] = params.pump_generator_s
    kind = place.kind[place.generators]
    return np.where((kind == PUMP) & (place.luck >= params.pump_generator_fraction), 0.0, place.own_s * by_kind[kind])


def burn_l_per_s(place: FacilityPlace, params: Params) -> Array:
    """Fuel a running generator burns, litre per second, (generator,)."""
    return params.generator_burn_l_per_h[place.kind[place.generators]] / 3600.0


def start(place: FacilityPlace, params: Params) -> Facilities:
    """Full tanks."""
    n = len(place.keys)
    on = np.ones(n, bool)
    return Facilities(
        fuel_l=running_s(place, params) * burn_l_per_s(place, params),
        pool_l=np.zeros(place.n_municipality),
        car_asked=~on,
        car=~on,
        flooded=~on,
        mains=on,
        power=np.ones(n),
        tank_s=place.hospital_tank_s.copy(),
        water=np.ones(len(place.hospital_tank_s)),
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
        lacking_l = missing_l(fuel_l, place, params)
        fuel_l, pool_l = fill(fuel_l, pool_l + delivered_l, lacking_l, place.municipality[place.generators])
    ready = (fuel_l > 0) & ~state.flooded[place.generators]
    running = ~(mains | car)[place.generators] & ready
    burnt_l = 0.0
    if running.any():
        used_l = np.where(running, np.minimum(burn_l_per_s(place, params) * dt_s, fuel_l), 0.0)
        fuel_l, burnt_l = fuel_l - used_l, float(used_l.sum())
    power = np.zeros(len(mains))
    power[place.generators[ready & (fuel_l > 0)]] = params.generator_power_fraction
    power[car & ~state.flooded] = params.car_power_fraction
    power[mains] = 1.0
    power = state.power if np.array_equal(power, state.power) else power
    if power is state.power and fuel_l is state.fuel_l and mains is state.mains and car is state.car:
        return state if pool_l is state.pool_l else changed(state, pool_l=pool_l), 0.0
    return changed(state, fuel_l=fuel_l, pool_l=pool_l, car=car, mains=mains, power=power), burnt_l


def missing_l(fuel_l: Array, place: FacilityPlace, params: Params) -> Array:
    """Litres missing in the tank of each generator, (generator,)."""
    return np.maximum(running_s(place, params) * burn_l_per_s(place, params) - fuel_l, 0.0)


def fill(fuel_l: Array, pool_l: Array, missing_l: Array, municipality: Array) -> tuple[Array, Array]:
    """Share each town's fuel among its tanks by what is missing; what finds no room stays in the town's store.

    fuel_l, missing_l, municipality (-1: none): arrays (tank,). pool_l: (municipality,). Returns tanks and stores.
    """
    town = np.maximum(municipality, 0)
    missing_l = np.where(municipality >= 0, missing_l, 0.0)
    wanted_l = np.bincount(town, missing_l, minlength=len(pool_l))
    given_l = np.minimum(pool_l, wanted_l)
    share = np.divide(given_l, wanted_l, out=np.zeros_like(wanted_l), where=wanted_l > 0)
    return fuel_l + missing_l * share[town], pool_l - given_l


def fuel_wanted_l(state: Facilities, place: FacilityPlace, params: Params, more_l: Array | float = 0.0) -> Array:
    """Litres the towns' generators want brought: what is missing in tanks below the order level, less the store.

    more_l: wanted by generator cars sent by order, (municipality,).
    """
    full_l = running_s(place, params) * burn_l_per_s(place, params)
    missing_l = np.maximum(full_l - state.fuel_l, 0.0)
    town = place.municipality[place.generators]
    ordering = (missing_l > (1.0 - params.fuel_order_level) * full_l) & (town >= 0)
    wanted = np.bincount(town[ordering], missing_l[ordering], minlength=place.n_municipality)
    return np.maximum(wanted + more_l - state.pool_l, 0.0)


def wants_car(state: Facilities, place: FacilityPlace, params: Params, sent: Array) -> Array:
    """Important facilities off the mains whose own generator is missing or will soon stop, bool (facility,).

    sent: fed by a car sent there by order, which need no other, bool (facility,). Once asked for, a car stays wanted
    until the mains are back. Unchanged wishes come back as the same object.
    """
    dark = place.important[~(state.mains | state.flooded | sent)[place.important]]
    if not dark.size and not state.car_asked.any():
        return state.car_asked
    left_s = np.zeros(len(place.keys))
    left_s[place.generators] = state.fuel_l / burn_l_per_s(place, params)
    wanted = np.zeros(len(place.keys), bool)
    wanted[dark] = (left_s[dark] < params.car_ask_s) | state.car_asked[dark]
    return state.car_asked if np.array_equal(wanted, state.car_asked) else wanted


def ask_cars(
    state: Facilities, crew: Crews, place: FacilityPlace, params: Params, sent: Array, now_s: int
) -> tuple[Facilities, Crews]:
    """Ask for cars newly wanted, send back those no longer wanted (the mains returned, or `sent`: another car did)."""
    wanted = wants_car(state, place, params, sent)
    if wanted is state.car_asked:
        return state, crew
    crew = gang.release(crew, gang.CAR, np.flatnonzero(state.car_asked & ~wanted), now_s)
    rows = np.flatnonzero(wanted & ~state.car_asked)
    pool = gang.CARS + place.municipality[rows]
    crew = gang.ask(
        crew, gang.CAR, pool, rows, place.keys[rows], place.node[rows], place.kind[rows], now_s, params.car_stay_s
    )
    return changed(state, car_asked=wanted), crew


def hospital_supply(
    place: FacilityPlace, params: Params, beds: Array, zone_service: Array, tanker_l_per_s: Array
) -> Array:
    """Piped and trucked water at each hospital as a share of its need, (hospital,).

    zone_service: (water_zone,). tanker_l_per_s: brought to each town, (municipality,); shared by beds.
    """
    piped = np.where(place.hospital_zone >= 0, zone_service[np.maximum(place.hospital_zone, 0)], 1.0)
    if not tanker_l_per_s.any():
        return piped
    town = np.maximum(place.municipality[: place.first[1]], 0)
    need = np.bincount(town, beds * params.hospital_demand_l_per_s_bed, minlength=len(tanker_l_per_s))
    share = params.support_to_hospitals_fraction * tanker_l_per_s / np.maximum(need, 1e-9)
    return np.minimum(piped + share[town], 1.0)


def draw_tanks(state: Facilities, place: FacilityPlace, params: Params, supply: Array, dt_s: int) -> Facilities:
    """Hospitals live from their water tanks while supply (share of need, (hospital,)) falls short."""
    filled = np.minimum(state.tank_s + params.hospital_tank_fill * dt_s, place.hospital_tank_s)
    tank_s = np.where(supply < 1.0, np.maximum(state.tank_s - (1.0 - supply) * dt_s, 0.0), filled)
    water = np.where(tank_s > 0, 1.0, supply)
    if np.array_equal(tank_s, state.tank_s) and np.array_equal(water, state.water):
        return state
    return changed(state, tank_s=tank_s, water=water)
