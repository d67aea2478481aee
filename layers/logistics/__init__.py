"""Food, water, fuel and relief goods: stocks, orders, depots, trucks, tankers, last mile.

Goods go from outside to a hub, wait there for a dock, go on to the municipal store that ordered them, and from there
to shelters. People at home live on their own stock, on shops and on what the town hands out. Emergency water and fuel
are chains of their own. See `orders` and `trucks` for goods, `consumption` for people, `water`, `fuel`, `shops`.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np

from layers.logistics import consumption, events, fuel, orders, shops, stocks, trucks
from layers.logistics.items import FUEL, MEALS, WATER
from layers.logistics.state import Given, State, prepare, start
from twin.contract import Clock, Event, Inputs, Layer, Lever, Result, Series, Stock, Var
from twin.units import HOUR_S

Array = np.ndarray

NEEDS = (
    Var("wbgt_c", "degC", "municipality", doc="wet-bulb globe temperature outdoors"),
    Var("tsunami_advisory", "1", "municipality", doc="1 while a tsunami advisory or warning holds for the coast"),
    Var("depot_usable", "1", "depot", doc="share of the depot's floor that can be used"),
    Var("fuel_station_usable", "1", "fuel_station", doc="1 if tanks and pumps are sound"),
    Var("travel_truck_s", "s", "node*node", doc="travel time of trucks and ordinary vehicles; infinite when cut off"),
    Var("depot_power", "1", "depot", doc="1 if the depot has electricity"),
    Var("fuel_station_power", "1", "fuel_station", doc="1 if the filling station has electricity"),
    Var("fuel_wanted_l", "litre", "municipality", doc="generator fuel the lifelines want delivered"),
    Var("water_service_fraction", "1", "municipality", doc="share of normal piped water service"),
    Var("power_on_fraction", "1", "municipality", doc="share of households supplied with electricity"),
    Var("persons_home", "person", "municipality", doc="people at home now"),
    Var("persons_dependent", "person", "municipality", doc="people at home who depend on power, oxygen or dialysis"),
    Var("shelter_persons", "person", "shelter", doc="people staying in the shelter"),
    Var("car_persons", "person", "municipality", doc="people staying in cars"),
    Var("responders_present_persons", "person", "municipality", doc="responders in the town"),
    Var("responder_fuel_wanted_l", "litre", "municipality", doc="fuel response vehicles want"),
    Var("forces_trucks_units", "unit", "region", doc="trucks of the forces that carry goods"),
    Var("goods_ordered_units", "unit", "municipality*item", "amount", doc="goods ordered from the last report"),
    Var("push_started", "1", "region", doc="1 once the state sends goods without request"),
)

GIVES = (
    Var("shelter_meals_fraction", "1", "shelter", doc="share of the meals needed that is served"),
    Var("shelter_drink_fraction", "1", "shelter", doc="share of the drinking water needed that is there"),
    Var("shelter_toilets_fraction", "1", "shelter", doc="usable toilets over toilets needed (1 per 50, then per 20)"),
    Var("shelter_cooling_fraction", "1", "shelter", doc="coolers there over coolers needed"),
    Var("home_water_fraction", "1", "municipality", doc="drinking water people at home get over what they need"),
    Var("home_food_fraction", "1", "municipality", doc="food people at home get over what they need"),
    Var("medicine_fraction", "1", "municipality", doc="medicine, oxygen and milk available over need"),
    Var("fuel_delivered_l", "litre", "municipality", "amount", doc="fuel handed to lifeline generators", stock="fuel"),
    Var("responder_fuel_l", "litre", "municipality", "amount", doc="fuel handed to response vehicles", stock="fuel"),
    Var("responder_food_fraction", "1", "municipality", doc="food and water for responders over need"),
    Var("stock_days", "1", "municipality", doc="days of food the town's own stock still covers"),
    Var("trucks_waiting_units", "unit", "municipality", doc="trucks waiting at the depots in the town"),
    Var("goods_received_units", "unit", "municipality*item", doc="goods that arrived in the town so far"),
)

RECORDS = (
    Var("depot_queue_units", "unit", "depot", doc="trucks waiting for a dock at the depot's place"),
    Var("fuel_station_open", "1", "fuel_station", doc="1 while the station sells fuel"),
)

SERIES = (
    Series("meals_short", "meal", "meals per day that people need now and do not get (shelters, cars, homes)"),
    Series("water_short_l", "litre", "drinking water per day that people need now and do not get"),
    Series("trucks_queued", "unit", "trucks waiting for a dock at hubs and municipal depots"),
    Series("fuel_stations_open", "unit", "filling stations that sell fuel"),
    Series("shops_open", "unit", "food shops open"),
    Series("water_points", "unit", "emergency water points at work"),
    Series("water_tankers", "unit", "tankers at work"),
    Series("meals_in_stock", "meal", "meals in the town's depots and shelters, hubs left out"),
)

LEVERS = (
    Lever("household_stock", "1", 0.0, 7.0, "municipality", "household_stock_days", "days of food and water at home"),
    Lever("municipal_stock", "1", 0.0, 7.0, "municipality", "municipal_stock_days", "days of stock for the plan"),
    Lever("shelter_stock", "1", 0.0, 7.0, "municipality", "shelter_stock_days", "days of stock kept in shelters"),
    Lever("prefecture_stock", "1", 0.0, 7.0, "prefecture", "prefecture_stock_days", "days of stock at the hub"),
    Lever("hub_docks", "1", 0.25, 4.0, "prefecture", "docks_factor", "docks and hands per shift over the usual"),
    Lever("night_shift", "1", 0.0, 1.0, "prefecture", "night_docks_fraction", "docks at work at night"),
    Lever("second_hub", "1", 0.0, 1.0, "prefecture", "second_hub", "1 opens the hub at the edge of the region"),
    Lever("tankers_aid", "unit", 0.0, 400.0, "state", "tankers_aid", "water tankers sent by others"),
    Lever("contract_trucks", "unit", 0.0, 400.0, "prefecture", "contract_trucks", "trucks under contract"),
    Lever("fuel_fleet", "unit", 0.0, 200.0, "state", "fleet_emergency", "tanker trucks for fuel"),
)


def step(given: Given, state: State, inputs: Inputs, clock: Clock) -> Result:
    """Store, order, drive, unload, hand out, and say what share of every need was met."""
    before = state
    state, booked = stocks.preposition(given, state)
    state, lost = _take_in(given, state, inputs)
    place = trucks.handling(given, state, inputs, clock.hour)
    now = trucks.Now(inputs, place, clock)
    entering = -_goods(state)
    state = orders.push(given, state, now)
    if clock.rings(HOUR_S):
        state = orders.procure(given, state, now)
    entering += _goods(state)
    state, lost_on_way = _move(given, state, now)
    if clock.rings(HOUR_S):
        state = orders.dispatch(given, state, now)
        store_units, shelter_units = trucks.last_mile(given, inputs, state.store_units, state.shelter_units)
        state = replace(state, store_units=store_units, shelter_units=shelter_units)
    state, outputs, fed = _feed(given, state, now)
    state, given_fuel, fuel_entered = _fuel(given, state, inputs, clock)
    outputs |= given_fuel | _stock_outputs(given, state, inputs)
    state, told = _tell(given, before, state, outputs, now)
    goods = entering - lost - lost_on_way
    booked["meals"] += goods[MEALS] + fed["meals"]
    booked["water"] += goods[WATER] + fed["water"]
    booked["fuel"] += goods[FUEL] + fuel_entered
    return Result(state, outputs, told, booked)


def _goods(state: State) -> Array:
    return state.loads.units.sum(axis=0)


def _take_in(given: Given, state: State, inputs: Inputs) -> tuple[State, Array]:
    """New orders, fuel handed back by cut rows, and stock lost with damaged floors (item,)."""
    backlog = state.backlog_units
    if inputs["goods_ordered_units"].any():
        backlog = backlog + inputs["goods_ordered_units"]
    stores = state.store_units
    back = inputs["returned_fuel_delivered_l"] + inputs["returned_responder_fuel_l"]
    if back.any():
        stores = stores.copy()
        stores[: given.n_town, FUEL] += back
    usable = trucks.by_place(given.places, inputs["depot_usable"])
    left = stocks.lose_damaged(given, stores, state.place_usable, usable)
    lost = (stores - left).sum(axis=0)
    return replace(state, backlog_units=backlog, store_units=left, place_usable=usable), lost


def _move(given: Given, state: State, now: trucks.Now) -> tuple[State, Array]:
    """Trucks arrive, queue and are unloaded; returns the goods lost (item,)."""
    loads, dock_free_s, unloaded = trucks.move(given, state.loads, state.dock_free_s, now)
    if not unloaded.any():
        return replace(state, loads=loads, dock_free_s=dock_free_s), np.zeros(len(given.item_m3))
    stores, arrived, lost = trucks.unload(given, state.loads, unloaded, state.store_units)
    pushed = int((unloaded & state.loads.pushed).any())
    after = replace(
        state,
        loads=loads,
        dock_free_s=dock_free_s,
        store_units=stores,
        received_units=state.received_units + arrived[: given.n_town],
        push_arrived=max(state.push_arrived, pushed),
    )
    return after, lost


def _feed(given: Given, state: State, now: trucks.Now) -> tuple[State, dict[str, Array], dict[str, float]]:
    """Everyone eats and drinks: (state, shares met, what entered or was used up by stock)."""
    inputs, clock, dt_s = now.inputs, now.clock, now.clock.dt_s
    meals, water_l = stocks.meals(given, state), stocks.water_l(given, state)
    state = replace(state, shops_open_fraction=shops.reopen(given, state.shops_open_fraction, now))
    state, group = consumption.use_shelter_stock(given, state, inputs, dt_s)
    state, from_tankers, at_home_water = consumption.drink(given, state, inputs, group, clock)
    state, at_home_food = consumption.eat(given, state, inputs, group, dt_s)
    state, medicine = consumption.medicate(given, state, inputs, group, dt_s)
    state, responder_food, _ = consumption.feed_responders(given, state, inputs, dt_s)
    state = consumption.buy_again(given, state, inputs, dt_s)
    outputs = consumption.shelter_fractions(given, state, inputs, group, from_tankers, clock.end_s)
    service = np.clip(inputs["water_service_fraction"], 0.0, 1.0)
    outputs |= {
        "home_water_fraction": service + (1.0 - service) * stocks.share(at_home_water.met, at_home_water.needed),
        "home_food_fraction": stocks.share(at_home_food.met, at_home_food.needed),
        "medicine_fraction": medicine,
        "responder_food_fraction": responder_food,
    }
    used = {"meals": stocks.meals(given, state) - meals, "water": stocks.water_l(given, state) - water_l}
    return state, outputs, used


def _fuel(given: Given, state: State, inputs: Inputs, clock: Clock) -> tuple[State, dict[str, Array], float]:
    """One step of the fuel chain: (state, fuel handed over, litres that entered less those burnt)."""
    chain = fuel.sell(given, fuel.arrive(state.fuel, clock.end_s), inputs, clock)
    chain, drums, handed = fuel.serve_priority(
        given, chain, fuel.drums(state.store_units, given.n_town), inputs, clock.dt_s
    )
    stores = state.store_units
    if not np.array_equal(drums, stores[: given.n_town, FUEL]):
        stores = stores.copy()
        stores[: given.n_town, FUEL] = drums
    chain, burnt = fuel.drive_and_fill(given, chain, clock.dt_s)
    entered = 0.0
    if clock.rings(HOUR_S):
        chain, entered = fuel.send(given, chain, inputs, clock)
    handed_over = {"fuel_delivered_l": handed.lifelines_l, "responder_fuel_l": handed.responders_l}
    return replace(state, fuel=chain, store_units=stores), handed_over, entered - burnt


def _stock_outputs(given: Given, state: State, inputs: Inputs) -> dict[str, Array]:
    """What towns report of their stocks: days of food, trucks at the gate, goods received."""
    return {
        "stock_days": stock_days(given, state, inputs),
        "trucks_waiting_units": _by_municipality(given, trucks.queue_units(state.loads, given.places.n)),
        "goods_received_units": state.received_units,
    }


def stock_days(given: Given, state: State, inputs: Inputs) -> Array:
    """Days of food that depots and occupied shelters of the town hold for people in shelters and cars; capped."""
    params, n_town = given.params, given.n_town
    sheltered = inputs["shelter_persons"]
    people = np.bincount(given.shelter_town, weights=sheltered, minlength=n_town) + inputs["car_persons"]
    in_shelters = np.where(sheltered > 0, state.shelter_units[:, MEALS], 0.0)
    stock = state.store_units[:n_town, MEALS] + np.bincount(given.shelter_town, weights=in_shelters, minlength=n_town)
    need = people * params.meals_per_day_meals * params.shelter_meals_factor
    cap = params.stock_days_cap
    return np.where(need > 0, np.minimum(stock / np.maximum(need, 1e-9), cap), cap)


def _by_municipality(given: Given, values: Array) -> Array:
    inside = given.places.town >= 0
    return np.bincount(given.places.town[inside], weights=values[inside], minlength=given.n_town)


def _tell(
    given: Given, before: State, state: State, outputs: dict[str, Array], now: trucks.Now
) -> tuple[State, list[Event]]:
    told: list[Event] = list(events.first_push(given, before, state, now))
    state, at_shelters = events.shelters(given, state, now.inputs, outputs)
    state, at_towns = events.towns(given, state, outputs["stock_days"], now)
    return state, told + at_towns + at_shelters + list(events.stations(given, before, state, now.inputs))


def measure(given: Given, state: State) -> dict[str, Array]:
    """The declared series, arrays (municipality,)."""
    n_town = given.n_town
    in_shelters = np.bincount(given.shelter_town, weights=state.shelter_units[:, MEALS], minlength=n_town)
    return {
        "meals_short": state.meals_short,
        "water_short_l": state.water_short_l,
        "trucks_queued": _by_municipality(given, trucks.queue_units(state.loads, given.places.n)),
        "fuel_stations_open": np.bincount(given.station_town, weights=state.fuel.selling, minlength=n_town),
        "shops_open": np.round(state.shops_open_fraction * shops.shop_count(given)),
        "water_points": state.water_points,
        "water_tankers": state.tankers,
        "meals_in_stock": state.store_units[:n_town, MEALS] + in_shelters,
    }


LAYER = Layer(
    name="logistics",
    doc=__doc__,
    needs=NEEDS,
    gives=GIVES,
    prepare=prepare,
    start=start,
    step=step,
    measure=measure,
    params_file=Path(__file__).with_name("params.toml"),
    stocks=(
        Stock("meals", "meal", stocks.meals),
        Stock("water", "litre", stocks.water_l),
        Stock("fuel", "litre", stocks.fuel_l),
    ),
    levers=LEVERS,
    series=SERIES,
    records=RECORDS,
    every_s=600,
    wakes=(),
    tables=("municipality", "cell", "node", "depot", "item", "shelter", "fuel_station"),
)
