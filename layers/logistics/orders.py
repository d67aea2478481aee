"""Orders and push: what leaves where for whom.

Orders of the government fill a backlog. Hubs serve it from their stock; what they lack is bought outside. A push
brings goods nobody asked for to the hubs. When no hub can be used, goods bypass it: outside trucks drive straight to
the towns without notice of what they carry (as in April 2016).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from layers.logistics.items import COOLERS, FUEL, LASTING, URGENT, kit_units_per_day
from layers.logistics.ordered import CONTRACT_TRUCKS
from layers.logistics.state import Given, Loads, State
from layers.logistics.trucks import DRIVING, RETURNING, Handling, Now, drive_from_outside_s, new_loads, queue_units
from twin.records import changed
from twin.units import HOUR_S

Array = np.ndarray

MIN_LOAD_EVERY_S = 6 * HOUR_S
"""Part loads leave four times a day."""
LEAST_FIRST_M3 = 0.01
"""Less than this of an order is a rest of rounding, a few meals at most, and no truck goes for it."""


@dataclass(frozen=True)
class Trips:
    """Trucks to send from one hub: how many to each of these towns (town,), what each town gets in all
    (municipality, item), and the drive (municipality,)."""

    hub: int
    towns: Array
    trucks: Array
    units: Array
    drive_s: Array


@dataclass(frozen=True)
class Offer:
    """What one hub may send in a round: free trucks, trucks its docks have loaded already (whole numbers), the least
    load, and the situation."""

    hub: int
    free: int
    busy: int
    least_m3: float
    now: Now


def push_units(given: Given) -> Array:
    """Goods the state sends without request, (item,): some days for a fixed share of the population, and coolers."""
    params = given.params
    people = params.push_evacuees_fraction * given.population.sum()
    units = people * params.push_days * kit_units_per_day(params)
    units[COOLERS] = people * params.push_coolers_per_person
    units[FUEL] = 0.0
    return units


def push(given: Given, state: State, now: Now) -> State:
    """Put the pushed goods on the road once the state has decided; they leave in convoys over `push_spread_s`."""
    if state.push_begun or not now.inputs["push_started"].any():
        return state
    units = push_units(given)
    n = trucks_for(given, units)
    convoy = max(int(given.params.convoy_trucks), 1)
    first_s = now.clock.end_s + given.params.push_lead_s
    leave_s = first_s + given.params.push_spread_s * (np.arange(n) // convoy) * convoy / n
    state = _from_outside(given, state, units, leave_s, now)
    pushed = state.loads.pushed.copy()
    pushed[-n:] = True
    return changed(state, loads=changed(state.loads, pushed=pushed), push_begun=1)


def procure(given: Given, state: State, now: Now) -> State:
    """Buy outside what is ordered and neither in a usable hub nor on its way to one."""
    params = given.params
    working, clock = usable_hubs(given, now.place), now.clock
    in_hubs = state.store_units[working].sum(axis=0)
    direct = (state.loads.origin < 0) & (state.loads.phase < RETURNING)
    direct &= state.loads.due_s <= clock.end_s + params.procure_s
    lacking = np.maximum(state.backlog_units.sum(axis=0) - in_hubs - state.loads.units[direct].sum(axis=0), 0.0)
    limit_m3 = params.outside_trucks_per_h * params.truck_m3
    volume_m3 = lacking @ given.item_m3
    if volume_m3 < params.least_load_m3 and not (volume_m3 > 0 and clock.rings(MIN_LOAD_EVERY_S)):
        return state
    bought = lacking * min(1.0, limit_m3 / volume_m3)
    n = trucks_for(given, bought)
    leave_s = clock.end_s + params.procure_s + HOUR_S * (np.arange(n) + 0.5) / n
    backlog = state.backlog_units
    if not working.size:
        backlog = backlog * (1.0 - np.where(lacking > 0, bought / np.maximum(lacking, 1e-12), 0.0))
    return changed(_from_outside(given, state, bought, leave_s, now), backlog_units=backlog)


def usable_hubs(given: Given, place: Handling) -> Array:
    """Rows of the hubs that take trucks at all (a full floor does not count as closed)."""
    open_hub = (place.usable >= given.params.depot_closed_below) & place.reachable
    open_hub &= ~given.places.gateway_hub | (given.places.second_hub & (given.params.second_hub > 0))
    rows = np.arange(given.places.n)
    return rows[open_hub & (rows >= given.n_town)]


def trucks_for(given: Given, units: Array) -> int:
    """Number of trucks that carry these units (item,); at least one."""
    return max(1, int(np.ceil(units @ given.item_m3 / given.params.truck_m3)))


def _from_outside(given: Given, state: State, units: Array, leave_s: Array, now: Now) -> State:
    """Equal trucks with these units, leaving at these times, to the hubs named, or to towns when none works."""
    n = len(leave_s)
    hubs = usable_hubs(given, now.place)
    if hubs.size:
        to = _named_hubs(given, state.loads, hubs, n, now)
        unknown_fraction = given.params.unknown_load_fraction
    else:
        waiting = state.backlog_units @ given.item_m3
        weight = np.cumsum(waiting if waiting.sum() > 0 else given.population)
        to = np.searchsorted(weight, weight[-1] * (np.arange(n) + 0.5) / n)
        unknown_fraction = given.params.unknown_bypass_fraction
    drive_s = _drive_in_s(given, to, now)
    serial, counts = _serials(state.loads_sent, to)
    draw = now.clock.chance.uniform("logistics.unknown_load", given.places.key[to], serial)
    loads = new_loads(
        state.loads,
        origin=np.array(-1),
        place=to,
        serial=serial,
        phase=np.array(DRIVING),
        due_s=np.ceil(leave_s + drive_s),
        arrived_s=np.array(-1),
        drive_s=np.ceil(drive_s),
        unknown=draw < unknown_fraction,
        pushed=np.array(False),
        units=np.repeat(units[None, :] / n, n, axis=0),
    )
    return changed(state, loads=loads, loads_sent=counts)


def _drive_in_s(given: Given, to: Array, now: Now) -> Array:
    """Drive from the edge of the region to these places; an hour where nobody knows a way yet."""
    drive_s = drive_from_outside_s(given, now.inputs)[to]
    return np.where(np.isfinite(drive_s), drive_s, HOUR_S)


def _named_hubs(given: Given, loads: Loads, hubs: Array, n: int, now: Now) -> Array:
    """Hub of each of `n` trucks in convoys, (n,): the hubs in turn; once there is a second hub, the one to which
    least is on its way for its docks."""
    convoy = max(int(given.params.convoy_trucks), 1)
    if not given.places.gateway_hub[hubs].any():
        return hubs[np.arange(n) // convoy % hubs.size]
    coming = np.bincount(loads.place[loads.phase < RETURNING], minlength=given.places.n)[hubs].astype(np.float64)
    docks = np.maximum(now.place.docks[hubs], 0.5)
    to = np.empty(n, np.int64)
    for first in range(0, n, convoy):
        size = min(convoy, n - first)
        best = int(np.argmin((coming + size) / docks))
        coming[best] += size
        to[first : first + size] = hubs[best]
    return to


def name_hubs(given: Given, state: State, now: Now) -> State:
    """When the second hub opens or closes, trucks from outside that have not left are told their new hub."""
    hubs = usable_hubs(given, now.place)
    opened = int(given.params.second_hub > 0)
    if opened == state.ordered.second_hub_open:
        return state
    state, loads = changed(state, ordered=changed(state.ordered, second_hub_open=opened)), state.loads
    leave_s = loads.due_s - loads.drive_s
    rows = np.flatnonzero((loads.origin < 0) & (loads.phase == DRIVING) & (leave_s > now.clock.start_s))
    rows = rows[np.argsort(leave_s[rows], kind="stable")]
    if not (hubs.size and rows.size):
        return state
    phase = loads.phase.copy()
    phase[rows] = RETURNING  # not on their way to anywhere while hubs are named
    to = _named_hubs(given, changed(loads, phase=phase), hubs, len(rows), now)
    place, serial, drive_s, due_s = (
        column.copy() for column in (loads.place, loads.serial, loads.drive_s, loads.due_s)
    )
    serial[rows], counts = _serials(state.loads_sent, to)
    place[rows], drive_s[rows] = to, np.ceil(_drive_in_s(given, to, now))
    due_s[rows] = leave_s[rows] + drive_s[rows]
    moved = changed(loads, place=place, serial=serial, drive_s=drive_s, due_s=due_s)
    return changed(state, loads=moved, loads_sent=counts)


def _serials(loads_sent: Array, to: Array) -> tuple[Array, Array]:
    """Number of each new load among those sent to its place, and the new counts."""
    serial, counts = np.empty(len(to), np.int64), loads_sent.copy()
    for k, at in enumerate(to.tolist()):
        serial[k] = counts[at]
        counts[at] += 1
    return serial, counts


def dispatch(given: Given, state: State, now: Now) -> State:
    """One hourly round of trucks from every usable hub to the towns that ordered and can be reached.

    What decision makers want sent first goes first; then food, water and the like; beds, blankets and coolers take
    the trucks that are left, and wait while trucks stand in a row at the town's gate.
    """
    free = trucks_free(given, state, float(now.inputs["forces_trucks_units"].sum()))
    hubs = _sending_hubs(given, state, now.place)
    state, busy = _send_first(given, state, hubs, free, now)
    free -= int(busy.sum())
    least_m3 = 0.0 if now.clock.rings(MIN_LOAD_EVERY_S) else given.params.least_load_m3
    crowded = queue_units(state.loads, given.places.n)[: given.n_town] > given.params.gate_limit_trucks
    for items, held_back in ((np.append(URGENT, FUEL), np.zeros(given.n_town, bool)), (LASTING, crowded)):
        wanted = np.zeros_like(state.backlog_units)
        wanted[:, items] = state.backlog_units[:, items] * ~held_back[:, None]
        for hub in hubs.tolist():
            if free <= 0 or not wanted.any():
                break
            state, sent = _dispatch_from(given, state, wanted, Offer(hub, free, int(busy[hub]), least_m3, now))
            state = changed(state, backlog_units=np.maximum(state.backlog_units - sent.units, 0.0))
            wanted = wanted - sent.units
            free -= int(sent.trucks.sum())
    return state


def _sending_hubs(given: Given, state: State, place: Handling) -> Array:
    """Rows of the hubs that send goods: those in use, and a second hub that is closed again until it is empty."""
    leaving = given.places.gateway_hub & place.reachable & state.store_units.any(axis=1)
    return np.union1d(usable_hubs(given, place), np.flatnonzero(leaving))


def _send_first(given: Given, state: State, hubs: Array, free: int, now: Now) -> tuple[State, Array]:
    """Goods ordered by hand leave before all else: (state, trucks that took them by hub (place,)).

    What no hub has any more is not promised any longer.
    """
    busy, wanted = np.zeros(given.places.n, np.int64), state.ordered.first_units
    if not wanted.any():
        return state, busy
    for hub in hubs.tolist():
        state, sent = _dispatch_from(given, state, wanted, Offer(hub, free - int(busy.sum()), 0, 0.0, now))
        busy[hub] = sent.trucks.sum()
        wanted = np.maximum(wanted - sent.units, 0.0)
    left = state.store_units[given.n_town :].sum(axis=0)
    wanted = wanted * np.minimum(1.0, left / np.maximum(wanted.sum(axis=0), 1e-12))
    wanted = np.where(wanted @ given.item_m3 >= LEAST_FIRST_M3, wanted.T, 0.0).T
    return changed(state, ordered=changed(state.ordered, first_units=wanted)), busy


def trucks_free(given: Given, state: State, forces_trucks: float) -> int:
    """Trucks of carriers under contract, of the forces and sent by order that are not on the road."""
    params, ordered = given.params, state.ordered
    factor = params.contract_trucks_factor + ordered.behind[CONTRACT_TRUCKS]
    contracted = params.contract_trucks_per_person * given.population.sum() * factor
    return int(contracted + forces_trucks + ordered.trucks_units) - int((state.loads.origin >= 0).sum())


def _dispatch_from(given: Given, state: State, wanted: Array, offer: Offer) -> tuple[State, Trips]:
    params, places, hub, now = given.params, given.places, offer.hub, offer.now
    drive_s = now.inputs["travel_truck_s"][places.node[hub], given.town_node]
    wanted = wanted * np.isfinite(drive_s)[:, None]
    stock = state.store_units[hub]
    units = wanted * np.minimum(stock / np.maximum(wanted.sum(axis=0), 1e-12), 1.0)
    volume_m3 = units @ given.item_m3
    towns = np.flatnonzero((volume_m3 > offer.least_m3) & (volume_m3 > 0))
    towns = towns[np.argsort(-volume_m3[towns], kind="stable")]
    trucks = np.ceil(volume_m3[towns] / params.truck_m3).astype(np.int64)
    most = min(offer.free, int(now.place.docks[hub] * HOUR_S / now.place.service_s[hub]) - offer.busy)
    fits = np.cumsum(trucks) <= most
    if towns.size and not fits.any():
        # even the largest order gets what the free trucks can carry
        most = max(most, 0)
        towns, trucks, fits = towns[:1], np.array([most]), np.array([most > 0])
        units[towns] *= most * params.truck_m3 / volume_m3[towns][0]
    trips = Trips(hub, towns[fits], trucks[fits], _only(units, towns[fits]), drive_s)
    return (_load_trucks(given, state, trips, now) if trips.towns.size else state), trips


def _only(units: Array, towns: Array) -> Array:
    kept = np.zeros_like(units)
    kept[towns] = units[towns]
    return kept


def _load_trucks(given: Given, state: State, trips: Trips, now: Now) -> State:
    hub, towns, trucks, units, drive_s = trips.hub, trips.towns, trips.trucks, trips.units, trips.drive_s
    to = np.repeat(towns, trucks)
    serial, counts = _serials(state.loads_sent, to)
    each = units[to] / np.repeat(trucks, trucks)[:, None]
    loads = new_loads(
        state.loads,
        origin=np.array(hub),
        place=to,
        serial=serial,
        phase=np.array(DRIVING),
        due_s=np.ceil(now.clock.end_s + given.params.load_s + drive_s[to]),
        arrived_s=np.array(-1),
        drive_s=np.ceil(drive_s[to]),
        unknown=np.array(False),
        pushed=np.array(False),
        units=each,
    )
    stores = state.store_units.copy()
    stores[hub] = np.maximum(stores[hub] - units[towns].sum(axis=0), 0.0)
    return changed(state, loads=loads, loads_sent=counts, store_units=stores)
