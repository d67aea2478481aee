"""Lines of the journal about water: roads under it, what drowned, which gates stand open, which pumps stopped."""

from __future__ import annotations

import numpy as np

from layers.infrastructure import drowned, inundation
from layers.infrastructure.facilities import OFFICE, STATION
from layers.infrastructure.gates import HAND, LEFT, REMOTE
from layers.infrastructure.roads import OPEN
from layers.infrastructure.state import Given, State
from twin.contract import Event, Inputs

Array = np.ndarray
Causes = list[tuple[str, int]]


def events(given: Given, before: State, after: State, inputs: Inputs) -> list[Event]:
    """What water changed between two states and is worth a line."""
    if not given.sites.wet:
        return []
    return [
        *_roads(given, before, after, inputs),
        *_substations(given, before, after, inputs),
        *_by_town(given, before, after, inputs),
        *_gates(given, before, after),
        *_pumps(given, before, after, inputs),
    ]


def _water_at(inputs: Inputs, patch: int, town: int) -> Causes:
    """The water on a patch; hazard tells of the first ground a town lost, hence also the warnings before it."""
    causes: Causes = [("water_depth_m", patch)] if patch >= 0 else []
    if town >= 0:
        causes += [(name, town) for name in ("tsunami_warning", "flood_warning") if inputs[name][town] > 0]
    return causes


def _roads(given: Given, before: State, after: State, inputs: Inputs) -> list[Event]:
    old, new = before.roads.flooded > OPEN, after.roads.flooded > OPEN
    if after.roads.flooded is before.roads.flooded or np.array_equal(old, new):
        return []
    place = given.roads.municipality
    deepest = inundation.on_roads(given.ground, inputs["water_depth_m"], given.params).deepest
    lines = []
    for row in np.flatnonzero(new & ~old).tolist():
        why = _water_at(inputs, int(deepest[row]), int(place[row]))
        lines.append(Event("road_flooded", "road_flooded", row, 1.0, causes=why))
    for row in np.flatnonzero(old & ~new).tolist():
        lines.append(Event("road_dry", "road_flooded", row, 0.0, causes=[("road_flooded", row)]))
    return lines


def _substations(given: Given, before: State, after: State, inputs: Inputs) -> list[Event]:
    old, new = (drowned.of_set(given.sites, state.sites.drowned, drowned.SUBSTATION) for state in (before, after))
    first, lines = int(given.sites.first[drowned.SUBSTATION]), []
    for row in np.flatnonzero(new & ~old).tolist():
        site = first + row
        why = _water_at(inputs, int(given.sites.patch[site]), int(given.sites.municipality[site]))
        lines.append(Event("substation_drowned", "substation_drowned", row, 1.0, causes=why))
    for row in np.flatnonzero(old & ~new).tolist():
        why = [("substation_drowned", row)]
        lines.append(Event("substation_back", "substation_drowned", row, 0.0, causes=why))
    return lines


def _by_town(given: Given, before: State, after: State, inputs: Inputs) -> list[Event]:
    """Towns where some more base stations drowned or came back, or any hospital or office."""
    if after.sites.drowned is before.sites.drowned:
        return []
    place, lines = given.sites, []
    stations = place.kind == STATION
    halls = place.kind <= OFFICE
    least = given.params.event_stations
    for quantity, mask, per_line in (("stations_drowned_units", stations, least), ("facility_drowned_units", halls, 1)):
        mask = mask & (place.municipality >= 0)
        town = place.municipality[mask]
        old, new = (np.bincount(town, s.sites.drowned[mask], given.town.n) for s in (before, after))
        for row in np.flatnonzero(np.ceil(old / per_line) != np.ceil(new / per_line)).tolist():
            fresh = np.flatnonzero(mask & (place.municipality == row) & after.sites.drowned & ~before.sites.drowned)
            rose = new[row] > old[row]
            why = _water_at(inputs, int(place.patch[fresh[0]]), row) if rose else [(quantity, row)]
            kind = quantity.removesuffix("_units") + ("" if rose else "_back")
            lines.append(Event(kind, quantity, row, float(new[row]), causes=why))
    return lines


def _gates(given: Given, before: State, after: State) -> list[Event]:
    """Gates shut, left open by those who had to go, and open again."""
    if after.gates is before.gates:
        return []
    place, lines = given.gates, []
    was, now = (state.gates.open[place.row] > 0 for state in (before, after))
    left = (after.gates.mode == LEFT) & (before.gates.mode != LEFT)
    ways = {REMOTE: "remote", HAND: "hand"}
    for gate in np.flatnonzero(left | (was != now)).tolist():
        town, row = int(place.municipality[gate]), int(place.row[gate])
        why: Causes = [("tsunami_warning", town), ("flood_warning", town)]
        kind = "gate_left_open" if left[gate] else "gate_opened" if now[gate] else "gate_closed"
        way = ways.get(int(after.gates.mode[gate]), "")
        lines.append(Event(kind, "gate_open_fraction", row, float(now[gate]), causes=why, args=(way,) if way else ()))
    return lines


def _pumps(given: Given, before: State, after: State, inputs: Inputs) -> list[Event]:
    """Drainage pumps that stopped, run on pump cars, or run again."""
    if after.gates.power is before.gates.power:
        return []
    place, lines = given.gates, []
    under = drowned.of_set(given.sites, after.sites.drowned, drowned.DRAINAGE)
    for row in np.flatnonzero(after.gates.power != before.gates.power).tolist():
        power, feeder = float(after.gates.power[row]), int(place.pump_feeder[row])
        why: Causes = [("pump_power", row)]
        if power == 0.0 and under[row]:
            why = _water_at(inputs, int(place.pump_patch[row]), int(place.pump_municipality[row]))
        elif power == 0.0 and feeder >= 0:
            why = [("feeder_out_customers", feeder)]
        kind = "pump_back" if power == 1.0 else "pump_cars_at_work" if power > 0.0 else "pump_stopped"
        lines.append(Event(kind, "pump_power", row, power, causes=why))
    return lines
