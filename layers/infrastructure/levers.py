"""Order levers of the lifelines: what a decision maker can order by place, what was ordered so far, and `obey`.

An order only sets what is wanted. The control rooms carry it out in their half-hourly rounds (`sending`), closures of
roads after the time police need to set them up (`road_orders`), cars and terminals when they are connected (`placed`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from layers.infrastructure import placed
from layers.infrastructure.facilities import (
    DEPOT,
    FUEL_STATION,
    HOSPITAL,
    OFFICE,
    PUMP,
    SHELTER,
    STATION,
    FacilityPlace,
)
from layers.infrastructure.placed import Placed
from twin.contract import NOTHING, Clock, Event, Lever, Order, Result, Var
from twin.missions import NEVER_S
from twin.records import changed

if TYPE_CHECKING:
    from layers.infrastructure.state import Given, State

Array = np.ndarray

CREWS = ("power_crews_sent", "water_crews_sent", "road_crews_sent")
"""In the order of `crews.GUEST_GANGS`."""
TOWNS_FIRST = ("power_first", "water_first")
SITES_FIRST = {"hospital_first": HOSPITAL, "office_first": OFFICE}
CARS = {
    "generator_at_hospital": HOSPITAL,
    "generator_at_office": OFFICE,
    "generator_at_shelter": SHELTER,
    "generator_at_depot": DEPOT,
    "generator_at_fuel_station": FUEL_STATION,
    "generator_at_waterworks": PUMP,
}
TERMINALS = {"satellite_at_office": OFFICE, "satellite_at_shelter": SHELTER, "satellite_at_station": STATION}


def _lever(name: str, on: str, owner: str, doc: str, unit: str = "1", low: float = 0.0, high: float = 1.0) -> Lever:
    return Lever(name, unit, low, high, owner, doc=doc, on=on, withdraws=True)


def _crews(name: str, owner: str, most: float, who: str) -> Lever:
    doc = f"{who} from outside that work in the town only; the number wanted there from now on"
    return _lever(name, "municipality", owner, doc, "crew", high=most)


def _first(name: str, on: str, low: float, what: str) -> Lever:
    return _lever(
        name, on, "utility", f"weight of {what} in the order of repair jobs, 1 as usual", low=low, high=1000.0
    )


def _car(name: str, on: str) -> Lever:
    return _lever(name, on, "utility", "1: a generator car from outside the region, full tank, stays there")


def _terminal(name: str, on: str, what: str) -> Lever:
    return _lever(name, on, "utility", f"1: a satellite terminal from outside the region {what}")


LEVERS = (
    _crews(CREWS[0], "utility", 300.0, "line gangs"),
    _crews(CREWS[1], "utility", 100.0, "pipe gangs"),
    _crews(CREWS[2], "prefecture", 100.0, "gangs that open roads"),
    _first("power_first", "municipality", 0.01, "the town in line repairs"),
    _first("water_first", "municipality", 0.01, "the town in water repairs"),
    _first("hospital_first", "hospital", 1.0, "the line section and the water zone of the hospital"),
    _first("office_first", "office", 1.0, "the line section of the office"),
    _lever("road_first", "road", "prefecture", "1: the road is inspected and opened before all others"),
    _lever("road_closed", "road", "prefecture", "1: closed to general traffic, emergency vehicles may pass"),
    _lever("contraflow", "road", "prefecture", "1: all lanes lead out of the danger; others go round"),
    _car("generator_at_hospital", "hospital"),
    _car("generator_at_office", "office"),
    _car("generator_at_shelter", "shelter"),
    _car("generator_at_depot", "depot"),
    _car("generator_at_fuel_station", "fuel_station"),
    _car("generator_at_waterworks", "water_zone"),
    _terminal("satellite_at_office", "office", "gives the office its lines back"),
    _terminal("satellite_at_shelter", "shelter", "serves the people round the shelter"),
    _terminal("satellite_at_station", "base_station", "stands in for the cut line of the base station"),
)
QUANTITY = dict(zip(CREWS, ("sent_power_crews", "sent_water_crews", "sent_road_crews")))
"""What an order of crews is recorded as; every other order is recorded under the name of its lever."""
RECORDS = tuple(
    Var(QUANTITY.get(lever.name, lever.name), lever.unit, lever.on, doc=f"ordered: {lever.doc}") for lever in LEVERS
)


@dataclass(frozen=True)
class Orders:
    """What was ordered and not taken back. heard: whether there ever was an order.

    crews: wanted of GUEST_GANGS, (gang, municipality). town_weight: in the order of TOWNS_FIRST, (2, municipality).
    site_weight: (facility,). road_first: bool (road,). barred_from_s, reversed_from_s: from when on the road is closed
    to general traffic, leads one way only, (road,); NEVER_S without an order. cars, terminals: see `Placed`.
    """

    heard: bool
    crews: Array
    town_weight: Array
    site_weight: Array
    road_first: Array
    barred_from_s: Array
    reversed_from_s: Array
    cars: Placed
    terminals: Placed


def start(place: FacilityPlace, n_road: int) -> Orders:
    """Nothing ordered."""
    n, never = place.n_municipality, np.full(n_road, NEVER_S)
    none = placed.start(len(place.keys))
    return Orders(
        False, np.zeros((len(CREWS), n), np.int64), np.ones((len(TOWNS_FIRST), n)), np.ones(len(place.keys)),
        np.zeros(n_road, bool), never, never, none, none,
    )  # fmt: skip


def obey(given: Given, state: State, order: Order, clock: Clock) -> Result:
    """Take an order in; a journal line for each row. Generator cars bring a full tank with them, which is booked."""
    rows = np.asarray(order.rows, np.int64)
    orders, booked = changed(state.orders, heard=True), NOTHING
    if order.lever in CARS:
        orders, booked = _place_cars(given, orders, order, rows)
    elif order.lever in TERMINALS:
        sites = given.facilities.first[TERMINALS[order.lever]] + rows
        full_s = np.full(len(rows), given.params.satellite_battery_s)
        orders = changed(orders, terminals=placed.order(orders.terminals, sites, _on(order), full_s))
    elif order.lever in ("road_closed", "contraflow"):
        orders = _close_roads(given, orders, order, rows, clock.start_s)
    else:
        orders = _set_wanted(given, orders, order, rows)
    quantity = QUANTITY.get(order.lever, order.lever)
    events = [Event("ordered", quantity, int(row), _amount(order), args=(order.lever,)) for row in rows]
    return Result(changed(state, orders=orders), {}, events, booked)


def _on(order: Order) -> bool:
    """Whether an order for something that is there or not wants it there; False when taken back."""
    return bool(order.value >= 0.5)


def _amount(order: Order) -> float:
    """Value of the order, for the journal; what holds without one when taken back."""
    weight = order.lever in (*TOWNS_FIRST, *SITES_FIRST)
    return float(1.0 if weight else 0.0) if np.isnan(order.value) else float(order.value)


def _set_wanted(given: Given, orders: Orders, order: Order, rows: Array) -> Orders:
    """Numbers of crews, weights of towns and facilities, roads to be opened first."""
    value = _amount(order)
    if order.lever in CREWS:
        where = (CREWS.index(order.lever), rows)
        return changed(orders, crews=_changed(orders.crews, where, int(np.floor(value))))
    if order.lever in TOWNS_FIRST:
        where = (TOWNS_FIRST.index(order.lever), rows)
        return changed(orders, town_weight=_changed(orders.town_weight, where, value))
    if order.lever in SITES_FIRST:
        sites = given.facilities.first[SITES_FIRST[order.lever]] + rows
        return changed(orders, site_weight=_changed(orders.site_weight, sites, value))
    return changed(orders, road_first=_changed(orders.road_first, rows, _on(order)))


def _close_roads(given: Given, orders: Orders, order: Order, rows: Array, now_s: int) -> Orders:
    """Closures and one-way roads hold once police have set them up; they end at once. A running one goes on."""
    closes = order.lever == "road_closed"
    before_s = orders.barred_from_s if closes else orders.reversed_from_s
    set_up_s = int(given.params.closure_set_up_s if closes else given.params.contraflow_set_up_s)
    from_s = np.minimum(before_s[rows], now_s + set_up_s) if _on(order) else NEVER_S
    fresh = _changed(before_s, rows, from_s)
    return changed(orders, barred_from_s=fresh) if closes else changed(orders, reversed_from_s=fresh)


def _place_cars(given: Given, orders: Orders, order: Order, rows: Array) -> tuple[Orders, Mapping[str, float]]:
    """Cars ordered to facilities or taken away, with the fuel in their tanks."""
    sites = given.facilities.first[CARS[order.lever]] + rows
    full_l = placed.tank_l(given.facilities, given.params)[sites]
    cars = placed.order(orders.cars, sites, _on(order), full_l)
    return changed(orders, cars=cars), {"fuel": float(cars.left.sum() - orders.cars.left.sum())}


def _changed(array: Array, where: Array | tuple[int, Array], value: Array | float) -> Array:
    fresh = array.copy()
    fresh[where] = value
    return fresh
