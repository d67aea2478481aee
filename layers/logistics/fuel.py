"""The fuel chain: terminal, tanker truck, filling station with power, vehicle; and who is served first."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from layers.logistics.items import FUEL
from layers.logistics.state import Fuel, Given
from twin.contract import Clock, Inputs
from twin.records import changed
from twin.units import DAY_S, HOUR_S

Array = np.ndarray


@dataclass(frozen=True)
class Handed:
    """Fuel handed over in one step to lifeline generators and to response vehicles, litre (municipality,)."""

    lifelines_l: Array
    responders_l: Array


@dataclass(frozen=True)
class Round:
    """One round of tanker trucks: roads, terminals that load (terminal,), trucks free (whole number), the time."""

    inputs: Inputs
    working: Array
    free: int
    now_s: int


def sell(given: Given, fuel: Fuel, inputs: Inputs, clock: Clock) -> Fuel:
    """Which stations sell now. One that lost its power or pumps opens again only after a check of its own length."""
    params = given.params
    powered = (inputs["fuel_station_power"] >= 0.5) | given.station_emergency
    sound = (inputs["fuel_station_usable"] >= 0.5) & powered
    back = sound & ~fuel.sound
    opens_s, closures = fuel.opens_s, fuel.closures
    if back.any():
        rows = np.flatnonzero(back)
        opens_s, closures = opens_s.copy(), closures.copy()
        wait_s = clock.chance.exponential(
            "logistics.station_check", given.station_key[rows], params.station_check_s, closures[rows]
        )
        opens_s[rows] = clock.end_s + np.ceil(wait_s).astype(np.int64)
        closures[rows] += 1
    has_fuel = fuel.station_l > params.station_dead_fraction * given.station_tank_l
    selling = sound & (opens_s <= clock.end_s) & has_fuel
    return changed(fuel, sound=sound, opens_s=opens_s, closures=closures, selling=selling)


def serve_priority(
    given: Given, fuel: Fuel, store_fuel_l: Array, inputs: Inputs, dt_s: float
) -> tuple[Fuel, Array, Handed]:
    """Generators and response vehicles first: (fuel, fuel left in municipal stores, what was handed over).

    A town's drums first, then its stations, then those of towns not further than `fuel_fetch_s`. Generators are
    filled by a round of small tankers, so their order is worked off with time constant `generator_round_s`.
    """
    generators = inputs["fuel_wanted_l"] * -np.expm1(-dt_s / given.params.generator_round_s)
    vehicles = inputs["responder_fuel_wanted_l"]
    wanted = generators + vehicles
    nothing = np.zeros(given.n_town)
    if not wanted.any():
        return fuel, store_fuel_l, Handed(nothing, nothing)
    from_store = np.minimum(wanted, store_fuel_l)
    dead_l = given.params.station_dead_fraction * given.station_tank_l
    at_hand = np.where(fuel.selling, np.maximum(fuel.station_l - dead_l, 0.0), 0.0)
    stock = np.bincount(given.station_town, weights=at_hand, minlength=given.n_town)
    taken, given_l = _share_out(given, wanted - from_store, stock, inputs["travel_truck_s"])
    ratio = taken / np.maximum(stock, 1e-9)
    station_l = fuel.station_l - at_hand * ratio[given.station_town]
    met = (from_store + given_l) / np.maximum(wanted, 1e-12)
    handed = Handed(generators * met, vehicles * met)
    return changed(fuel, station_l=station_l), store_fuel_l - from_store, handed


def _share_out(given: Given, wanted: Array, stock: Array, travel_s: Array) -> tuple[Array, Array]:
    """Litres taken from each town's stations and given to each town; own stations first, then the nearest others."""
    own = np.minimum(wanted, stock)
    taken, got = own.copy(), own.copy()
    for town in np.flatnonzero(wanted - own > 1e-6).tolist():
        drive_s = travel_s[given.town_node, given.town_node[town]]
        for other in np.argsort(drive_s, kind="stable").tolist():
            if drive_s[other] > given.params.fuel_fetch_s or wanted[town] - got[town] <= 1e-6:
                break
            litres = min(wanted[town] - got[town], stock[other] - taken[other])
            taken[other] += litres
            got[town] += litres
    return taken, got


def drive_and_fill(given: Given, fuel: Fuel, dt_s: float) -> tuple[Fuel, float]:
    """The public drives, fills up, and hoards where stations are shut: (fuel, litres burnt).

    Sales are limited by pumps and by an emergency reserve that stays for responders; where fewer than half of the
    stations sell, rationing cuts every sale.
    """
    params = given.params
    tank_l = params.vehicle_tank_l_per_person * given.population
    burnt = np.minimum(params.driving_l_per_person_day * given.population * dt_s / DAY_S, fuel.vehicle_l)
    vehicle_l = fuel.vehicle_l - burnt
    n_selling = np.bincount(given.station_town, weights=fuel.selling, minlength=given.n_town)
    n_station = np.maximum(np.bincount(given.station_town, minlength=given.n_town), 1)
    few = n_selling < 0.5 * n_station
    target = np.where(few, params.hoarding_fill_fraction, params.vehicle_fill_fraction) * tank_l
    wish = np.maximum(target - vehicle_l, 0.0) * -np.expm1(-dt_s / params.fill_up_s)
    wish *= np.where(few, params.ration_fraction, 1.0)
    reserve_l = params.station_reserve_fraction * given.station_tank_l
    spare = np.where(fuel.selling, np.maximum(fuel.station_l - reserve_l, 0.0), 0.0)
    spare = np.minimum(spare, params.pump_l_per_h * dt_s / HOUR_S)
    stock = np.bincount(given.station_town, weights=spare, minlength=given.n_town)
    ratio = np.minimum(wish / np.maximum(stock, 1e-9), 1.0)
    sold = spare * ratio[given.station_town]
    sold_in_town = np.bincount(given.station_town, weights=sold, minlength=given.n_town)
    moved = changed(fuel, vehicle_l=vehicle_l + sold_in_town, station_l=fuel.station_l - sold)
    return moved, float(burnt.sum())


def terminals_open(given: Given, inputs: Inputs) -> Array:
    """Whether each terminal loads tanker trucks, bool (terminal,): sound, powered, no tsunami advisory."""
    rows, town = given.terminal_depot, given.terminal_town
    advisory = np.where(town >= 0, inputs["tsunami_advisory"][town], 0.0) > 0
    sound = inputs["depot_usable"][rows] >= given.params.terminal_closed_below
    return sound & (inputs["depot_power"][rows] >= 0.5) & ~advisory


def fleet(given: Given, now_s: float, behind: float = 0.0) -> int:
    """Tanker trucks in the region: the usual number, more from day to day as others are sent.

    behind: what of the last change of the factor is still missing (a negative number adds nothing yet).
    """
    params = given.params
    grown = min(now_s / params.fleet_growth_s, 1.0)
    usual = params.fleet_per_person * given.population.sum()
    return max(int(np.ceil(usual * (1.0 + (params.fleet_emergency_factor - 1.0) * grown + behind))), 0)


def arrive(fuel: Fuel, end_s: int) -> tuple[Fuel, Array]:
    """Tanker trucks that have come empty into their station or the town's drums; those back at the source are free.

    Returns the fuel and the litres poured into drums, (municipality,).
    """
    n_station, n_town = len(fuel.station_l), len(fuel.vehicle_l)
    there = (fuel.trip_due_s <= end_s) & (fuel.trip_l > 0)
    stay = fuel.trip_back_s > end_s
    if stay.all() and not there.any():
        return fuel, np.zeros(n_town)
    filled = np.concatenate([fuel.station_l, np.zeros(n_town)])
    np.add.at(filled, fuel.trip_station[there], fuel.trip_l[there])
    left = np.where(there, 0.0, fuel.trip_l)[stay]
    emptied = changed(
        fuel,
        station_l=filled[:n_station],
        trip_station=fuel.trip_station[stay],
        trip_l=left,
        trip_due_s=fuel.trip_due_s[stay],
        trip_back_s=fuel.trip_back_s[stay],
    )
    return emptied, filled[n_station:]


def send(given: Given, fuel: Fuel, inputs: Inputs, clock: Clock, behind: float = 0.0) -> tuple[Fuel, float]:
    """Hourly round: free tanker trucks go where they are ordered first, then to the emptiest stations they can reach.

    Open terminals serve what is nearer to them than to the edge of the region; the rest is served from outside.
    Ships fill the terminals up again while they are open. Returns the fuel and the litres from outside.
    """
    params = given.params
    working = terminals_open(given, inputs)
    refill = np.where(working, (params.terminal_stock_l - fuel.terminal_l) * HOUR_S / params.ship_interval_s, 0.0)
    refill = np.maximum(refill, 0.0)
    fuel = changed(fuel, terminal_l=fuel.terminal_l + refill)
    free = fleet(given, clock.end_s, behind) - len(fuel.trip_l)
    n_station = len(given.station_town)
    ordered_l = 0.0
    if fuel.first_l.any():
        trucks = np.ceil(fuel.first_l / params.tanker_truck_l).astype(np.int64)
        towns = np.repeat(np.arange(given.n_town), trucks)
        litres = (fuel.first_l / np.maximum(trucks, 1))[towns]
        before = len(fuel.trip_l)
        fuel, ordered_l = _set_off(given, fuel, n_station + towns, litres, Round(inputs, working, free, clock.end_s))
        free -= len(fuel.trip_l) - before
        fuel = changed(fuel, first_l=_still_first(fuel, before, n_station))
    room = given.station_tank_l - fuel.station_l
    to_station = fuel.trip_station < n_station
    np.subtract.at(room, fuel.trip_station[to_station], fuel.trip_l[to_station])
    asks = (room >= np.minimum(params.tanker_truck_l, 0.5 * given.station_tank_l)) & fuel.sound
    rows = np.flatnonzero(asks)
    rows = rows[np.argsort(-room[rows] / given.station_tank_l[rows], kind="stable")]
    litres = np.minimum(params.tanker_truck_l, room[rows])
    fuel, outside_l = _set_off(given, fuel, rows, litres, Round(inputs, working, free, clock.end_s))
    return fuel, float(refill.sum() + ordered_l + outside_l)


def _still_first(fuel: Fuel, before: int, n_station: int) -> Array:
    """What is still ordered for drums after the trips from number `before` on were added, (municipality,)."""
    left = fuel.first_l.copy()
    np.subtract.at(left, fuel.trip_station[before:] - n_station, fuel.trip_l[before:])
    return np.where(left >= 1.0, left, 0.0)


def _set_off(given: Given, fuel: Fuel, rows: Array, litres: Array, trip: Round) -> tuple[Fuel, float]:
    """Send a truck with these litres to each of these stations or drums, while trucks and open roads last.

    Returns the fuel and the litres that came from outside the region.
    """
    load_s = given.params.tanker_truck_load_s
    source, drive_s = _sources(given, trip.inputs, trip.working, rows)
    may = np.flatnonzero(np.isfinite(drive_s))[: max(trip.free, 0)]
    rows, source, drive_s, litres = rows[may], source[may], drive_s[may], litres[may]
    terminal_l, litres = _load(fuel.terminal_l, source, litres)
    due_s = np.ceil(trip.now_s + load_s + drive_s).astype(np.int64)
    sent = changed(
        fuel,
        terminal_l=terminal_l,
        trip_station=np.concatenate([fuel.trip_station, rows]),
        trip_l=np.concatenate([fuel.trip_l, litres]),
        trip_due_s=np.concatenate([fuel.trip_due_s, due_s]),
        trip_back_s=np.concatenate([fuel.trip_back_s, due_s + np.ceil(drive_s + load_s).astype(int)]),
    )
    return sent, float(litres[source < 0].sum())


def _sources(given: Given, inputs: Inputs, working: Array, rows: Array) -> tuple[Array, Array]:
    """Terminal row (-1: outside) and drive of the nearest source for these stations or drums; infinite if cut off."""
    travel_s, to = inputs["travel_truck_s"], np.concatenate([given.station_node, given.town_node])[rows]
    drive_s = np.full(len(rows), np.inf)
    source = np.full(len(rows), -1)
    if given.gateway_nodes.size:
        drive_s = travel_s[np.ix_(given.gateway_nodes, to)].min(axis=0) + given.params.outside_terminal_s
    for terminal in np.flatnonzero(working).tolist():
        direct_s = travel_s[given.terminal_node[terminal], to]
        source = np.where(direct_s < drive_s, terminal, source)
        drive_s = np.minimum(drive_s, direct_s)
    return source, drive_s


def _load(terminal_l: Array, source: Array, litres: Array) -> tuple[Array, Array]:
    """Terminals after loading these trucks, and the litres each really gets."""
    terminal_l, litres = terminal_l.copy(), litres.copy()
    for terminal in range(len(terminal_l)):
        mine = source == terminal
        asked = litres[mine].sum()
        if asked > terminal_l[terminal]:
            litres[mine] *= terminal_l[terminal] / asked
        terminal_l[terminal] -= litres[mine].sum()
    return terminal_l, litres


def drums(store_units: Array, n_town: int) -> Array:
    """Fuel in municipal stores, litre (municipality,)."""
    return store_units[:n_town, FUEL]
