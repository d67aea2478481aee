"""What the lifelines give to the other layers, and the series they are measured by.

An output without news is the same array object as before: other layers and the loop then have nothing to redo.
"""

from __future__ import annotations

import numpy as np

from layers.infrastructure import facilities, gas, placed, road_orders, sewer, telecom, water
from layers.infrastructure.facilities import DEPOT, FUEL_STATION, OFFICE, PUMP, SHELTER
from layers.infrastructure.roads import EMERGENCY_ONLY, INSPECTED, NO_NEED, OPEN
from layers.infrastructure.state import Given, Seen, State
from twin.contract import Clock, Inputs
from twin.records import changed

Array = np.ndarray


def look(given: Given, before: State, state: State, inputs: Inputs, shaken: bool) -> State:
    """The state with the outputs that are kept, brought up to date where something changed."""
    seen = state.seen
    seen = _look_at_power(given, before, state, seen)
    seen = _look_at_water(given, before, state, seen)
    seen = _look_at_phones(given, before, state, seen, inputs["phone_load_fraction"])
    seen = _look_at_rest(given, before, state, seen)
    if shaken:
        seen = changed(seen, settled=given.town.mean @ inputs["liquefaction_fraction"])
    speed = _local_speed(given, state, seen, inputs)
    if not np.array_equal(speed, seen.local_speed):
        seen = changed(seen, local_speed=speed)
    return state if seen is state.seen else changed(state, seen=seen)


def _look_at_power(given: Given, before: State, state: State, seen: Seen) -> Seen:
    grid = state.power
    cut = state.ground.cut
    if grid.on is not before.power.on or cut is not before.ground.cut:
        lit = given.power.to_cell @ grid.on.mean(axis=1) if not grid.on.all() else np.ones(len(given.town.persons))
        lit = np.minimum(lit, 1.0) * (1.0 - cut)
        seen = changed(seen, power_on=lit, pumps_on=given.town.mean @ lit)
    if grid.out_customers is not before.power.out_customers:
        out = np.bincount(given.power.municipality, grid.out_customers, minlength=given.town.n)
        seen = changed(seen, contracts_out=np.rint(out))
    return seen


def _look_at_water(given: Given, before: State, state: State, seen: Seen) -> Seen:
    zones, place = state.water, given.water
    if zones.connected is not before.water.connected:
        dry = np.bincount(place.municipality, place.households * (1.0 - zones.connected), minlength=given.town.n)
        seen = changed(seen, connected=_on_cells(given, zones.connected), water_out=np.rint(dry))
    if zones.served is not before.water.served:
        seen = changed(seen, served=_on_cells(given, zones.served))
    if zones.drinkable is not before.water.drinkable:
        seen = changed(seen, drinkable=_on_cells(given, zones.drinkable))
    return seen


def _look_at_phones(given: Given, before: State, state: State, seen: Seen, load: Array) -> Seen:
    up, links = state.telecom.up, state.orders.terminals.on
    heard = load is seen.phone_load or np.array_equal(load, seen.phone_load)
    same = up is before.telecom.up and links is before.orders.terminals.on
    if same and heard:
        return seen
    if not same:
        down = _by_town(given.telecom.municipality, ~up, given.town.n)
        covered = telecom.coverage(up, given.telecom, given.params)
        if links.any():
            place, shelters = (
                given.facilities,
                slice(given.facilities.first[SHELTER], given.facilities.first[SHELTER + 1]),
            )
            reach = (links[shelters], place.cell[shelters], given.town.persons)
            covered = np.minimum(covered + placed.served_fraction(*reach, given.params), 1.0)
        seen = changed(seen, coverage=covered, stations_down=down)
    through = telecom.completion(load, given.params)
    return changed(seen, mobile=seen.coverage * through[given.town.municipality], phone_load=load)


def _look_at_rest(given: Given, before: State, state: State, seen: Seen) -> Seen:
    n, town = given.town.n, given.town
    if state.roads is not before.roads:
        way, place = state.roads.status, given.roads.municipality
        total = _by_town(place, state.roads.inspected != NO_NEED, n)
        done = _by_town(place, state.roads.inspected == INSPECTED, n)
        seen = changed(
            seen,
            roads_closed=_by_town(place, way >= EMERGENCY_ONLY, n),
            roads_found=_by_town(place, state.roads.found & (state.roads.bare > OPEN), n),
            roads_flooded=_by_town(place, state.roads.flooded > OPEN, n),
            roads_inspected=np.divide(done, total, out=np.ones_like(total), where=total > 0),
        )
    if state.gas is not before.gas:
        out, customers = gas.customers_out(state.gas), given.gas.customers
        share = np.divide(out, customers, out=np.zeros_like(out), where=customers > 0)
        seen = changed(
            seen,
            gas_out=np.bincount(given.gas.municipality, out, minlength=n).astype(float),
            gas_on=np.where(town.gas_share, 1.0 - town.to_cell_gas @ share, 1.0),
        )
    if state.facilities.power is not before.facilities.power:
        important = given.facilities.important
        dark = state.facilities.power[important] <= 0
        seen = changed(seen, facilities_dark=_by_town(given.facilities.municipality[important], dark, n))
    return seen


def give(given: Given, before: State, state: State, inputs: Inputs, clock: Clock) -> dict[str, Array]:
    """All outputs at the end of the step."""
    seen = state.seen
    lit = seen.power_on is not before.seen.power_on
    return {
        "pump_power": state.gates.power,
        "gate_open_fraction": state.gates.open,
        "power_on_fraction": seen.power_on,
        "reenergised_customers": _came_back(given, before.seen, seen) if lit else given.town.nothing,
        "power_out_customers": seen.contracts_out,
        "water_service_fraction": seen.served,
        "water_drinkable": seen.drinkable,
        "water_out_households": seen.water_out,
        "water_leak_l_per_s": water.leak_l_per_s(state.water, given.water, given.params, given.town.n),
        "sewer_usable_fraction": sewer.usable(state.sewer_broken, seen.pumps_on, given.params),
        "gas_out_customers": seen.gas_out,
        "gas_on_fraction": seen.gas_on,
        "telecom_fraction": seen.mobile,
        "base_stations_down_units": seen.stations_down,
        "travel_emergency_s": state.travel.emergency_s,
        "travel_truck_s": state.travel.truck_s,
        "local_speed_fraction": seen.local_speed,
        "roads_found_closed_units": seen.roads_found,
        "roads_inspected_fraction": seen.roads_inspected,
        **_facilities(given, state),
        **_offices(given, state, clock.end_s),
    }


def _came_back(given: Given, before: Seen, seen: Seen) -> Array:
    return np.maximum(seen.power_on - before.power_on, 0.0) * given.power.cell_customers


def _facilities(given: Given, state: State) -> dict[str, Array]:
    """Supply of facilities and what they ask for."""
    place, halls = given.facilities, state.facilities
    shares = [halls.power[place.first[kind] : place.first[kind + 1]] for kind in range(PUMP)]
    wanted = place.municipality[halls.car_asked]
    zone, cars = place.shelter_zone, state.orders.cars
    for_cars_l = placed.fuel_wanted_l(cars, place, given.params) if cars.wanted.any() else 0.0
    return {
        "hospital_power": shares[0],
        "hospital_water": halls.water,
        "office_power": _any(shares[OFFICE]),
        "shelter_power": _any(shares[SHELTER]),
        "shelter_water": np.where(zone >= 0, state.water.served[np.maximum(zone, 0)], 1.0),
        "depot_power": _any(shares[DEPOT]),
        "fuel_station_power": _any(shares[FUEL_STATION]),
        "fuel_wanted_l": facilities.fuel_wanted_l(halls, place, given.params, for_cars_l),
        "generator_cars_wanted_units": np.bincount(wanted, minlength=given.town.n).astype(float),
    }


def _offices(given: Given, state: State, now_s: int) -> dict[str, Array]:
    """Lines of offices, and the dispatch centres in them."""
    params, town, place = given.params, given.town, given.facilities
    offices = slice(place.first[OFFICE], place.first[OFFICE + 1])
    feeder, section = place.feeder[offices], place.section[offices]
    fixed = np.where(feeder >= 0, state.power.faults[np.maximum(feeder, 0), section] == 0, True)
    at_office = np.where(town.office_cell >= 0, state.seen.mobile[np.maximum(town.office_cell, 0)], 1.0)
    lines = params.fixed_line_share * fixed + (1.0 - params.fixed_line_share) * at_office
    lines = np.maximum(lines, params.satellite_line_fraction * state.orders.terminals.on[offices])
    own = np.maximum(town.office_row, 0)
    by_hand = (state.dispatch_due_s > now_s) | (state.facilities.power[offices][own] <= 0)
    speed = np.where(by_hand, params.dispatch_manual_fraction, 1.0)
    return {"office_telecom": lines, "dispatch_fraction": speed * lines[own]}


def _local_speed(given: Given, state: State, seen: Seen, inputs: Inputs) -> Array:
    """Speed on local streets: rubble, settled ground, water, jams."""
    params = given.params
    blocked, settled = inputs["local_blocked_fraction"], seen.settled
    speed = (1.0 - params.local_blocked_weight * blocked) * (1.0 - params.local_liquefaction_weight * settled)
    speed = speed * (1.0 - params.local_flood_weight * state.ground.streets)
    factor, cars = inputs["traffic_factor"], inputs["evacuee_cars_units"]
    traffic = road_orders.traffic(state.roads, given.roads, params, factor, cars)
    return np.maximum(speed, params.local_speed_least) / np.maximum(traffic, 1.0)


def _on_cells(given: Given, by_zone: Array) -> Array:
    """A share of water zones on cells; 1 where no zone lies."""
    return np.where(given.water.covered, given.water.to_cell @ by_zone, 1.0)


def _by_town(municipality: Array, mask: Array, n: int) -> Array:
    rows = municipality[mask]
    return np.bincount(rows[rows >= 0], minlength=n).astype(float)


def _any(power_share: Array) -> Array:
    return (power_share > 0).astype(float)


def measure(given: Given, state: State) -> dict[str, Array]:
    """The declared series, (municipality,)."""
    town, seen = given.town, state.seen

    def lacking(weight: Array, share: Array) -> Array:
        return np.bincount(town.municipality, weight * (1.0 - share), minlength=town.n)

    return {
        "households_without_power": lacking(town.households, seen.power_on),
        "power_contracts_out": seen.contracts_out,
        "households_without_water": lacking(town.households, seen.connected),
        "households_without_gas": seen.gas_out,
        "base_stations_down": seen.stations_down,
        "people_without_telecom": lacking(town.persons, seen.coverage),
        "roads_closed": seen.roads_closed,
        "roads_flooded": seen.roads_flooded,
        "pumps_stopped": _by_town(given.gates.pump_municipality, state.gates.power < 1.0, town.n),
        "gates_open": _by_town(given.gates.municipality, state.gates.open[given.gates.row] > 0.0, town.n),
        "contracts_cut_by_water": _cut_by_water(given, state),
        "facilities_dark": seen.facilities_dark,
        "local_speed_fraction": seen.local_speed,
        "calls_blocked_fraction": 1.0 - telecom.completion(seen.phone_load, given.params),
        "hospital_water_fraction": _hospital_water(given, state),
    }


def _cut_by_water(given: Given, state: State) -> Array:
    """Contracts whose house connection is drowned, lost buildings left out, (municipality,)."""
    grid, place = state.power, given.power
    cut = place.customers * grid.cut_fraction * (1.0 - grid.lost_fraction)
    return np.bincount(place.municipality, cut, minlength=given.town.n)


def _hospital_water(given: Given, state: State) -> Array:
    """Share of the water they need that the town's hospitals have, by bed; NaN in a town without a hospital."""
    place, beds = given.facilities, given.town.hospital_beds
    town = place.municipality[place.first[0] : place.first[1]]
    total = np.bincount(town, beds, minlength=given.town.n)
    had = np.bincount(town, beds * state.facilities.water, minlength=given.town.n)
    return np.divide(had, total, out=np.full(given.town.n, np.nan), where=total > 0)
