"""What the lifelines give to the other layers, and the series they are measured by."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from layers.infrastructure import facilities, gas, power, sewer, telecom, water
from layers.infrastructure.facilities import DEPOT, FUEL_STATION, HOSPITAL, OFFICE, PUMP, SHELTER
from layers.infrastructure.roads import EMERGENCY_ONLY, INSPECTED, NO_NEED
from layers.infrastructure.state import Given, Seen, State
from twin.contract import Clock, Inputs

Array = np.ndarray


def give(given: Given, state: State, inputs: Inputs, clock: Clock) -> tuple[dict[str, Array], Seen]:
    """All outputs at the end of the step, and what the next step and the measures need of them."""
    on = power.section_on(state.power, clock.end_s)
    coverage = telecom.coverage(state.telecom.up, given.telecom, given.params)
    connected, served = water.service(state.water, given.water, given.params, clock.hour)
    values = _electricity(given, state, on)
    values |= _water(given, state, values["power_on_fraction"], served, inputs, clock)
    values |= _phones(given, state, coverage, inputs, clock)
    values |= _roads(given, state, inputs)
    values |= _counts(given, state, connected)
    seen = Seen(
        power_on=values["power_on_fraction"],
        coverage=coverage,
        connected=_on_cells(given, connected),
        contracts_out=values["power_out_customers"],
        stations_down=values["base_stations_down_units"],
        roads_closed=_by_town(given.roads.municipality, state.roads.status >= EMERGENCY_ONLY, given.town.n),
        facilities_dark=_dark(given, state),
        gas_out=values["gas_out_customers"],
    )
    return values, seen


def _electricity(given: Given, state: State, on: Array) -> dict[str, Array]:
    """Supply of cells and facilities, and what came back since the last step."""
    place, halls = given.facilities, state.facilities
    lit = given.power.to_cell @ on.mean(axis=1) if not on.all() else np.ones(len(given.town.persons))
    came_back = np.maximum(lit - state.seen.power_on, 0.0) * given.power.cell_customers
    out = power.customers_out(state.power, given.power, on)
    shares = {kind: halls.power[place.first[kind] : place.first[kind + 1]] for kind in range(PUMP)}
    wanted = place.municipality[halls.car_asked]
    return {
        "power_on_fraction": np.minimum(lit, 1.0),
        "reenergised_customers": came_back,
        "power_out_customers": np.rint(np.bincount(given.power.municipality, out, minlength=given.town.n)),
        "hospital_power": shares[HOSPITAL],
        "office_power": _any(shares[OFFICE]),
        "shelter_power": _any(shares[SHELTER]),
        "depot_power": _any(shares[DEPOT]),
        "fuel_station_power": _any(shares[FUEL_STATION]),
        "fuel_wanted_l": facilities.fuel_wanted_l(halls, place, given.params),
        "generator_cars_wanted_units": np.bincount(wanted, minlength=given.town.n).astype(float),
    }


def _water(
    given: Given, state: State, power_on: Array, served: Array, inputs: Inputs, clock: Clock
) -> dict[str, Array]:
    """Piped water of cells, hospitals and shelters; sewers."""
    place, params, zones = given.facilities, given.params, state.water
    supply = facilities.hospital_supply(
        place, params, given.town.hospital_beds, served, inputs["water_support_l_per_s"]
    )  # fmt: skip
    drinkable = (zones.turbid_until_s <= clock.end_s) & (zones.phase == water.PRESSURISED)
    return {
        "water_service_fraction": _on_cells(given, served),
        "water_drinkable": _on_cells(given, drinkable.astype(float)),
        "hospital_water": np.where(state.facilities.tank_s > 0, 1.0, supply),
        "shelter_water": np.where(place.shelter_zone >= 0, served[np.maximum(place.shelter_zone, 0)], 1.0),
        "water_leak_l_per_s": water.leak_l_per_s(zones, given.water, params, given.town.n),
        "sewer_usable_fraction": sewer.usable(state.sewer_broken, given.town.mean @ power_on, params),
    }


def _phones(given: Given, state: State, coverage: Array, inputs: Inputs, clock: Clock) -> dict[str, Array]:
    """Mobile service of cells, lines of offices, the dispatch centres."""
    params, town, place = given.params, given.town, given.facilities
    through = telecom.completion(inputs["phone_load_fraction"], params)
    mobile = coverage * through[town.municipality]
    offices = slice(place.first[OFFICE], place.first[OFFICE + 1])
    feeder, section = place.feeder[offices], place.section[offices]
    fixed = np.where(feeder >= 0, state.power.faults[np.maximum(feeder, 0), section] == 0, True)
    at_office = np.where(town.office_cell >= 0, mobile[np.maximum(town.office_cell, 0)], 1.0)
    lines = params.fixed_line_share * fixed + (1.0 - params.fixed_line_share) * at_office
    own = np.maximum(town.office_row, 0)
    by_hand = (state.dispatch_due_s > clock.end_s) | (state.facilities.power[offices][own] <= 0)
    speed = np.where(by_hand, params.dispatch_manual_fraction, 1.0)
    return {
        "telecom_fraction": mobile,
        "office_telecom": lines,
        "dispatch_fraction": speed * lines[own],
        "base_stations_down_units": _by_town(given.telecom.municipality, ~state.telecom.up, town.n),
    }


def _roads(given: Given, state: State, inputs: Inputs) -> dict[str, Array]:
    """Travel times, local streets, and what inspections have found."""
    params, way, place = given.params, state.roads, given.roads
    settled = given.town.mean @ inputs["liquefaction_fraction"]
    speed = (1.0 - params.local_blocked_weight * inputs["local_blocked_fraction"]) * (
        1.0 - params.local_liquefaction_weight * settled
    )
    speed = np.maximum(speed, params.local_speed_least) / np.maximum(inputs["traffic_factor"], 1.0)
    total = _by_town(place.municipality, way.inspected != NO_NEED, given.town.n)
    done = _by_town(place.municipality, way.inspected == INSPECTED, given.town.n)
    return {
        "travel_emergency_s": state.travel.emergency_s,
        "travel_truck_s": state.travel.truck_s,
        "local_speed_fraction": speed,
        "roads_found_closed_units": _by_town(place.municipality, way.found & (way.status > 0), given.town.n),
        "roads_inspected_fraction": np.divide(done, total, out=np.ones_like(total), where=total > 0),
    }


def _counts(given: Given, state: State, connected: Array) -> dict[str, Array]:
    """Households without water, customers without gas."""
    n = given.town.n
    dry = given.water.households * (1.0 - connected)
    no_gas = gas.customers_out(state.gas)
    share = np.divide(no_gas, given.gas.customers, out=np.zeros_like(no_gas), where=given.gas.customers > 0)
    burning = np.where(given.town.gas_share, 1.0 - given.town.to_cell_gas @ share, 1.0)
    return {
        "water_out_households": np.rint(np.bincount(given.water.municipality, dry, minlength=n)),
        "gas_out_customers": np.bincount(given.gas.municipality, no_gas, minlength=n).astype(float),
        "gas_on_fraction": burning,
    }


def _dark(given: Given, state: State) -> Array:
    """Hospitals, offices and pumps without any electricity, by town."""
    kind, town = given.facilities.kind, given.facilities.municipality
    dark = ((kind == HOSPITAL) | (kind == OFFICE) | (kind == PUMP)) & (state.facilities.power <= 0)
    return _by_town(town, dark, given.town.n)


def _on_cells(given: Given, by_zone: Array) -> Array:
    """A share of water zones on cells; 1 where no zone lies."""
    return np.where(given.water.covered, given.water.to_cell @ by_zone, 1.0)


def _by_town(municipality: Array, mask: Array, n: int) -> Array:
    rows = municipality[mask]
    return np.bincount(rows[rows >= 0], minlength=n).astype(float)


def _any(power_share: Array) -> Array:
    return (power_share > 0).astype(float)


def remember(state: State, seen: Seen) -> State:
    """The state with what was given last."""
    return replace(state, seen=seen)


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
        "facilities_dark": seen.facilities_dark,
    }
