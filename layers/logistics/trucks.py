"""Trucks with relief goods: the drive, the queue for a dock, unloading and sorting, the drive back, the last mile."""

from __future__ import annotations

from dataclasses import dataclass, fields

import numpy as np

from layers.logistics.items import COOLERS, LASTING, URGENT, daily_need_units, lasting_need_units
from layers.logistics.state import MAX_DOCKS, Given, Loads, Places, State
from twin.contract import Clock, Inputs
from twin.records import changed
from twin.units import DAY_S, HOUR_S

Array = np.ndarray

DRIVING, QUEUED, UNLOADING, RETURNING = range(4)
"""Phases of a load."""


@dataclass(frozen=True)
class Handling:
    """What each place can do now; arrays (place,).

    usable: share of the floor. docks: trucks unloaded at once. service_s: dock time of one truck with a known load.
    reachable: some road leads there from outside.
    """

    usable: Array
    docks: Array
    service_s: Array
    reachable: Array


@dataclass(frozen=True)
class Now:
    """The step a round takes place in: what the layer was told, what places can do, which interval."""

    inputs: Inputs
    place: Handling
    clock: Clock


@dataclass
class _Docks:
    """Columns that are rewritten while docks are given out (copies of one step)."""

    phase: Array
    due_s: Array
    free_s: Array


def handling(given: Given, state: State, inputs: Inputs, hour: float) -> Handling:
    """Docks and handling times from damage, electricity, staff of the hour, heat and a floor that fills up.

    Trucks that come to a closed hall are unloaded one by one, by hand, in front of it.
    """
    params, places = given.params, given.places
    usable = state.place_usable
    power = by_place(places, inputs["depot_power"])
    night = hour >= params.night_from_h or hour < params.night_to_h
    labour = params.docks_factor * (params.night_docks_fraction if night else 1.0)
    room_m3 = places.floor_m2 * params.stack_height_m * usable
    fits = state.store_units @ given.item_m3 < room_m3
    hands = state.ordered.hands_factor - 1.0
    labour = labour * (1.0 + places.depot_share @ hands) if hands.any() else labour
    docks = np.clip(np.floor(places.docks * labour * usable + 0.5), 1, MAX_DOCKS)
    closed = usable < params.depot_closed_below
    working = np.where(closed, 1, docks * fits)
    by_hand = closed | (places.forklifts <= 0) | (power < 0.5)
    wbgt_c = np.where(places.town >= 0, inputs["wbgt_c"][places.town], inputs["wbgt_c"].mean())
    slower = 1.0 + params.heat_slows_per_degree * np.clip(wbgt_c - params.hot_wbgt_c, 0.0, None)
    service_s = params.unload_s * np.where(by_hand, params.by_hand_factor, 1.0) * slower
    reachable = np.isfinite(drive_from_outside_s(given, inputs))
    return Handling(usable, working.astype(np.int64), service_s, reachable)


def by_place(places: Places, values: Array) -> Array:
    """Mean over the depots of each place by floor, shape (place,); 1 where a place has no depot of its own."""
    return np.where(places.has_depot, places.depot_share @ values, 1.0)


def drive_from_outside_s(given: Given, inputs: Inputs) -> Array:
    """Shortest truck drive from the edge of the region to each place, s, shape (place,); 0 without known gateways."""
    if not given.gateway_nodes.size:
        return np.zeros(given.places.n)
    return inputs["travel_truck_s"][np.ix_(given.gateway_nodes, given.places.node)].min(axis=0)


def new_loads(loads: Loads, **columns: Array) -> Loads:
    """These loads and new ones; columns as in Loads, scalars are repeated."""
    n = len(columns["units"])
    grown = {}
    for column in fields(Loads):
        old = getattr(loads, column.name)
        value = np.asarray(columns[column.name])
        fresh = value if value.ndim else np.full(n, value)
        grown[column.name] = np.concatenate([old, fresh.astype(old.dtype)])
    return Loads(**grown)


def move(given: Given, loads: Loads, dock_free_s: Array, now: Now) -> tuple[Loads, Array, Array]:
    """Loads and docks at the end of the step, and which rows of the old `loads` were unloaded, bool (load,).

    At every place food and water go first, then first come, first served. Unloaded trucks of the region drive back;
    those from outside leave.
    Nothing depends on where the steps are cut, as long as the places work at the same pace.
    """
    clock, place = now.clock, now.place
    due = (loads.due_s <= clock.end_s) | (loads.phase == QUEUED)
    if not due.any():
        return loads, dock_free_s, np.zeros(len(loads.place), bool)
    phase, due_s, arrived_s = loads.phase.copy(), loads.due_s.copy(), loads.arrived_s.copy()
    come = (phase == DRIVING) & (due_s <= clock.end_s) & place.reachable[loads.place]
    phase[come], arrived_s[come] = QUEUED, np.maximum(due_s[come], clock.start_s)
    docks = _Docks(phase, due_s, dock_free_s.copy())
    queued = np.flatnonzero(phase == QUEUED)
    _give_docks(given, changed(loads, arrived_s=arrived_s), queued, docks, now)
    unloaded = (phase == UNLOADING) & (due_s <= clock.end_s)
    phase[unloaded] = RETURNING
    due_s[unloaded] += loads.drive_s[unloaded]
    moved = changed(loads, phase=phase, due_s=due_s, arrived_s=arrived_s)
    gone = (phase == RETURNING) & ((loads.origin < 0) | (due_s <= clock.end_s))
    return _select(_emptied(moved, unloaded), ~gone), docks.free_s, unloaded


def _give_docks(given: Given, loads: Loads, queued: Array, docks: _Docks, now: Now) -> None:
    """Write the columns of the loads that get a dock before the end of the step."""
    clock, volume_m3 = now.clock, loads.units @ given.item_m3
    # loads known to be food, water or medicine are waved past beds and unknown boxes
    later = loads.unknown | (loads.units[:, URGENT].sum(axis=1) <= 0)
    for at in np.unique(loads.place[queued][now.place.docks[loads.place[queued]] > 0]).tolist():
        free_s = docks.free_s[at, : now.place.docks[at]]
        line = queued[loads.place[queued] == at]
        while line.size:
            dock = int(np.argmin(free_s))
            begin_s = max(int(free_s[dock]), clock.start_s, int(loads.arrived_s[line].min()))
            if begin_s >= clock.end_s:
                break
            here = line[loads.arrived_s[line] <= begin_s]
            row = here[np.lexsort((loads.serial[here], loads.arrived_s[here], later[here]))[0]]
            work_s = now.place.service_s[at] * load_factor(given, volume_m3[row])
            work_s += given.params.sorting_s if loads.unknown[row] else 0.0
            docks.due_s[row] = free_s[dock] = begin_s + round(work_s)
            docks.phase[row] = UNLOADING
            line = line[line != row]


def load_factor(given: Given, volume_m3: Array | float) -> Array | float:
    """Dock time of a part load over that of a full truck."""
    fixed = given.params.dock_fixed_fraction
    return fixed + (1.0 - fixed) * np.minimum(volume_m3 / given.params.truck_m3, 1.0)


def unload(given: Given, loads: Loads, unloaded: Array, store_units: Array) -> tuple[Array, Array, Array]:
    """Put goods on the floor: (stores (place, item), arrived (place, item), lost (item,)).

    Part of what comes without notice of its content is lost, spoilt or sent on to the wrong town.
    """
    lost_share = np.where(loads.unknown[unloaded], given.params.unknown_lost_fraction, 0.0)[:, None]
    units, at = loads.units[unloaded], loads.place[unloaded]
    arrived = np.zeros_like(store_units)
    np.add.at(arrived, at, units * (1.0 - lost_share))
    return store_units + arrived, arrived, (units * lost_share).sum(axis=0)


def queue_units(loads: Loads, n_place: int) -> Array:
    """Trucks waiting for a dock at each place, (place,)."""
    return np.bincount(loads.place[loads.phase == QUEUED], minlength=n_place)


def vehicle_round(given: Given, inputs: Inputs) -> tuple[Array, Array]:
    """Volume the town's own vehicles bring to shelters in one hour, m3 (municipality,), and whether each shelter can
    be reached from its town's store, bool (shelter,)."""
    params = given.params
    drive_s = inputs["travel_truck_s"][given.town_node[given.shelter_town], given.shelter_node]
    open_road = np.isfinite(drive_s)
    count = np.bincount(given.shelter_town, weights=open_road, minlength=given.n_town)
    total_s = np.bincount(given.shelter_town, weights=np.where(open_road, drive_s, 0.0), minlength=given.n_town)
    cycle_s = params.last_mile_handling_s + 2.0 * total_s / np.maximum(count, 1.0)
    vehicles = params.last_mile_vehicles_per_person * given.population + params.last_mile_vehicles_least
    return vehicles * params.last_mile_vehicle_m3 * HOUR_S / cycle_s, open_road


def last_mile(given: Given, state: State, inputs: Inputs) -> tuple[Array, Array]:
    """One hourly round from municipal stores to occupied shelters: (stores, shelters) afterwards.

    Every shelter asks for what it lacks to last `shelter_buffer_s` and to equip everyone; what the town has is shared
    in proportion, things that are used up before things that last, within what its vehicles can carry.
    """
    persons, stores, shelters = inputs["shelter_persons"], state.store_units, state.shelter_units
    rows = np.flatnonzero(persons > 0)
    if not rows.size:
        return stores, shelters
    capacity_m3, open_road = vehicle_round(given, inputs)
    closed = state.place_usable[: given.n_town] < given.params.depot_closed_below
    capacity_m3 = capacity_m3 * np.where(closed, given.params.closed_depot_pace, 1.0)
    rows = rows[open_road[rows]]
    town = given.shelter_town[rows]
    lacking = np.maximum(_wanted_units(given, rows, persons[rows]) - shelters[rows], 0.0)
    stores, shelters = stores.copy(), shelters.copy()
    for items in (URGENT, LASTING):
        asked = _sum_by(town, lacking[:, items], given.n_town)
        ratio = np.minimum(stores[: given.n_town, items] / np.maximum(asked, 1e-12), 1.0)
        volume_m3 = (asked * ratio) @ given.item_m3[items]
        ratio *= np.minimum(capacity_m3 / np.maximum(volume_m3, 1e-12), 1.0)[:, None]
        brought = lacking[:, items] * ratio[town]
        shelters[np.ix_(rows, items)] += brought
        stores[: given.n_town, items] = np.maximum(
            stores[: given.n_town, items] - _sum_by(town, brought, given.n_town), 0.0
        )
        capacity_m3 = np.maximum(capacity_m3 - volume_m3, 0.0)
    return stores, shelters


def collect(given: Given, state: State, persons: Array) -> State:
    """Once a day towns fetch what lies in shelters where nobody is, if some other shelter of the town is occupied."""
    occupied = np.bincount(given.shelter_town, weights=persons, minlength=given.n_town) > 0
    rows = np.flatnonzero((persons <= 0) & occupied[given.shelter_town])
    stores, shelters = state.store_units.copy(), state.shelter_units.copy()
    np.add.at(stores, given.shelter_town[rows], shelters[rows])
    shelters[rows] = 0.0
    return changed(state, store_units=stores, shelter_units=shelters)


def _wanted_units(given: Given, rows: Array, persons: Array) -> Array:
    params = given.params
    per_person = daily_need_units(params) * params.shelter_buffer_s / DAY_S + lasting_need_units(params)
    wanted = persons[:, None] * per_person
    wanted[:, COOLERS] = coolers_needed(given, rows)
    return wanted


def coolers_needed(given: Given, rows: Array) -> Array:
    """Spot coolers that make these shelters bearable, (len(rows),); none where there is air conditioning."""
    needed = np.ceil(given.shelter_floor_m2[rows] / given.params.cooler_floor_m2)
    return np.where(given.shelter_cooled[rows], 0.0, needed)


def _sum_by(group: Array, values: Array, n: int) -> Array:
    total = np.zeros((n, values.shape[1]))
    np.add.at(total, group, values)
    return total


def _select(loads: Loads, mask: Array) -> Loads:
    return Loads(**{column.name: getattr(loads, column.name)[mask] for column in fields(Loads)})


def _emptied(loads: Loads, unloaded: Array) -> Loads:
    units = loads.units.copy()
    units[unloaded] = 0.0
    return changed(loads, units=units)
