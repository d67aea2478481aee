"""Lines of the journal: which lifeline failed or came back where, and what caused it."""

from __future__ import annotations

import numpy as np

from layers.infrastructure import flood_reports, levers, water
from layers.infrastructure.course import Fresh
from layers.infrastructure.facilities import DEPOT, FUEL_STATION, HOSPITAL, OFFICE, PUMP, SHELTER
from layers.infrastructure.roads import CLOSED, EMERGENCY_ONLY, OPEN
from layers.infrastructure.state import Given, State
from twin.contract import Event, Inputs

Causes = list[tuple[str, int]]
CAR_FEEDS = {
    HOSPITAL: "hospital_power",
    OFFICE: "office_power",
    SHELTER: "shelter_power",
    DEPOT: "depot_power",
    FUEL_STATION: "fuel_station_power",
    PUMP: "zone_pump",
}


def events(given: Given, before: State, after: State, inputs: Inputs, fresh: Fresh) -> list[Event]:
    """What changed between two states and is worth a line."""
    return [
        *_power(given, before, after),
        *_water(given, before, after),
        *_gas(given, before, after, fresh),
        *_stations(given, before, after),
        *_roads(given, before, after, inputs),
        *_cars(given, before, after),
        *_terminals(given, before, after),
        *flood_reports.events(given, before, after, inputs),
    ]


def _power(given: Given, before: State, after: State) -> list[Event]:
    """Feeders that went out, and those that are wholly back."""
    old, new = before.power.out_customers, after.power.out_customers
    if new is old:
        return []
    place, least = given.power, given.params.event_customers
    went = np.flatnonzero((old < least) & (new >= least))
    back = np.flatnonzero((old >= least) & (new < least))
    lines: list[Event] = []
    for row in went.tolist():
        cell = int(place.cell[row])
        why: Causes = [("shock_intensity", cell), ("buildings_collapsed", cell), ("buildings_burnt", cell)]
        if after.power.dark[row]:
            why.append(("substation_drowned", int(place.substation[row])))
        lines.append(Event("power_out", "feeder_out_customers", row, float(new[row]), causes=why))
    for row in back.tolist():
        town = int(place.municipality[row])
        why = [("feeder_out_customers", row), ("power_aid_crews", 0), ("sent_power_crews", town), ("power_first", town)]
        lines.append(Event("power_restored", "feeder_out_customers", row, float(new[row] - old[row]), causes=why))
    return lines


def _water(given: Given, before: State, after: State) -> list[Event]:
    """Zones that ran dry or are under pressure again, and breaks in those that hold."""
    if after.water.phase is before.water.phase and after.water.breaks_ever is before.water.breaks_ever:
        return []
    place = given.water
    empty = after.water.phase == water.EMPTY
    ran_dry = np.flatnonzero(empty & (before.water.phase == water.PRESSURISED))
    filled = np.flatnonzero((after.water.phase == water.PRESSURISED) & (before.water.phase != water.PRESSURISED))
    broke = np.flatnonzero(after.water.breaks_ever > before.water.breaks_ever)
    lines: list[Event] = []
    for row in broke.tolist():
        cell = int(place.cell[row])
        amount = float(after.water.breaks_ever[row] - before.water.breaks_ever[row])
        why: Causes = [("shock_pgv_m_per_s", cell), ("shock_intensity", cell), ("liquefaction_fraction", cell)]
        lines.append(Event("pipes_broken", "zone_breaks", row, amount, causes=why))
    for row in ran_dry.tolist():
        why = [("zone_breaks", row)]
        if place.feeder[row] >= 0:
            why.append(("feeder_out_customers", int(place.feeder[row])))
        lines.append(Event("zone_dry", "zone_out_households", row, float(place.households[row]), causes=why))
    for row in filled.tolist():
        town = int(place.municipality[row])
        why = [("zone_out_households", row), ("water_aid_crews", 0), ("sent_water_crews", town), ("water_first", town)]
        lines.append(Event("zone_refilled", "zone_out_households", row, float(-place.households[row]), causes=why))
    return lines


def _gas(given: Given, before: State, after: State, fresh: Fresh) -> list[Event]:
    """Blocks shut and blocks wholly open again."""
    place = given.gas
    lines: list[Event] = []
    for row in np.flatnonzero(fresh.blocks_shut).tolist():
        why: Causes = [("shock_pgv_m_per_s", int(place.cell[row])), ("shock_intensity", int(place.cell[row]))]
        lines.append(Event("gas_shut", "block_out_customers", row, float(place.customers[row]), causes=why))
    for row in np.flatnonzero(before.gas.stopped & ~after.gas.stopped).tolist():
        why = [("block_out_customers", row), ("gas_aid_crews", 0)]
        lines.append(Event("gas_restored", "block_out_customers", row, float(-place.customers[row]), causes=why))
    return lines


def _stations(given: Given, before: State, after: State) -> list[Event]:
    """Towns where several stations fell silent, or are back."""
    if after.telecom.up is before.telecom.up:
        return []
    place, least = given.telecom, given.params.event_stations
    old, new = before.seen.stations_down, after.seen.stations_down
    lines: list[Event] = []
    for town in np.flatnonzero((old < least) & (new >= least)).tolist():
        down = np.flatnonzero(~after.telecom.up & (place.municipality == town))
        why: Causes = [("feeder_out_customers", int(row)) for row in np.unique(place.feeder[down]) if row >= 0]
        lines.append(Event("stations_down", "base_stations_down_units", town, float(new[town]), causes=why))
    for town in np.flatnonzero((old >= least) & (new < least)).tolist():
        why = [("base_stations_down_units", town)]
        lines.append(Event("stations_back", "base_stations_down_units", town, float(new[town] - old[town]), causes=why))
    return lines


def _roads(given: Given, before: State, after: State, inputs: Inputs) -> list[Event]:
    """Sections closed to ordinary vehicles, or open to them again."""
    if after.roads.status is before.roads.status:
        return []
    old, new, place = before.roads.status, after.roads.status, given.roads
    lines: list[Event] = []
    for row in np.flatnonzero((old < EMERGENCY_ONLY) & (new >= EMERGENCY_ONLY)).tolist():
        why: Causes = [("shock_intensity", int(place.cell[row]))]
        if after.roads.bare[row] < EMERGENCY_ONLY:
            why = [("road_closed", row)]
        if after.roads.flooded[row] > OPEN:
            why.append(("road_flooded", row))
        if new[row] == CLOSED:
            why += [("road_slides", row), ("road_debris_m3", row)]
        lines.append(Event("road_closed", "road_state", row, float(new[row]), causes=why))
    for row in np.flatnonzero((old >= EMERGENCY_ONLY) & (new < EMERGENCY_ONLY)).tolist():
        why, town = [("road_state", row), ("road_first", row), ("road_closed", row)], int(place.municipality[row])
        if town >= 0:
            why += [("road_clearing_crews", town), ("sent_road_crews", town)]
        lines.append(Event("road_opened", "road_state", row, float(new[row]), causes=why))
    return lines


def _cars(given: Given, before: State, after: State) -> list[Event]:
    """Generator cars that began to feed a facility."""
    if after.facilities.car is before.facilities.car:
        return []
    place = given.facilities
    new = after.facilities.car & ~before.facilities.car
    ordered = {kind: lever for lever, kind in levers.CARS.items()}
    lines: list[Event] = []
    for row in np.flatnonzero(new).tolist():
        kind, town = int(place.kind[row]), int(place.municipality[row])
        number = row - int(place.first[kind])
        why: Causes = [("generator_cars_units", town)]
        if after.orders.cars.on[row]:
            why = [(ordered[kind], number)]
        if place.feeder[row] >= 0:
            why.append(("feeder_out_customers", int(place.feeder[row])))
        lines.append(Event("car_connected", CAR_FEEDS[kind], number, 1.0, causes=why))
    return lines


def _terminals(given: Given, before: State, after: State) -> list[Event]:
    """Satellite terminals that began to work."""
    old, new = before.orders.terminals.on, after.orders.terminals.on
    if new is old:
        return []
    place, ordered = given.facilities, {kind: lever for lever, kind in levers.TERMINALS.items()}
    lines: list[Event] = []
    for row in np.flatnonzero(new & ~old).tolist():
        kind = int(place.kind[row])
        lever, number = ordered[kind], row - int(place.first[kind])
        lines.append(Event("terminal_connected", lever, number, 1.0, causes=[(lever, number)]))
    return lines
