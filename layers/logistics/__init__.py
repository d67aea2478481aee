"""Food, water, fuel and relief goods: stocks, orders, depots, trucks, tankers, last mile.

Goods go from outside to a hub, wait there for a dock, go on to the municipal store that ordered them, and from there
to shelters. People at home live on their own stock, on shops and on what the town hands out. Emergency water and fuel
are chains of their own. See `orders`, `trucks` and `airlift` for goods, `consumption` for people, `water`, `fuel` and
`shops`; `levers` for what a decision maker may order.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from layers.logistics import airlift, consumption, events, fuel, levers, orders, shops, stocks, trucks
from layers.logistics.declared import GIVES, NEEDS, RECORDS, SERIES
from layers.logistics.items import FUEL, MEALS, WATER
from layers.logistics.ordered import FUEL_FLEET
from layers.logistics.state import Given, State, prepare, start
from twin.contract import Clock, Event, Inputs, Layer, Result, Stock
from twin.records import changed
from twin.units import DAY_S, HOUR_S

Array = np.ndarray


def step(given: Given, state: State, inputs: Inputs, clock: Clock) -> Result:
    """Store, order, drive, unload, hand out, and say what share of every need was met."""
    before = state
    state, booked = stocks.preposition(given, levers.take_effect(given, state, clock))
    state, lost = _take_in(given, state, inputs, clock.dt_s)
    place = trucks.handling(given, state, inputs, clock.hour)
    now = trucks.Now(inputs, place, clock)
    entering = -_goods(state)
    state = orders.name_hubs(given, state, now)
    state = orders.push(given, state, now)
    if clock.rings(HOUR_S):
        state = orders.procure(given, state, now)
    entering += _goods(state)
    state, lost_on_way = _move(given, state, now)
    if clock.rings(HOUR_S):
        state = airlift.fly(given, orders.dispatch(given, state, now), now)
        if clock.rings(DAY_S):
            state = trucks.collect(given, state, inputs["shelter_persons"])
        store_units, shelter_units = trucks.last_mile(given, state, inputs)
        state = changed(state, store_units=store_units, shelter_units=shelter_units)
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


def _take_in(given: Given, state: State, inputs: Inputs, dt_s: float) -> tuple[State, Array]:
    """New orders, fuel handed back by cut rows, and stock lost with damaged floors and dark cold rooms."""
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
    left = stocks.spoil(given, left, trucks.by_place(given.places, inputs["depot_power"]), dt_s)
    lost = (stores - left).sum(axis=0)
    return changed(state, backlog_units=backlog, store_units=left, place_usable=usable), lost


def _move(given: Given, state: State, now: trucks.Now) -> tuple[State, Array]:
    """Trucks arrive, queue and are unloaded; returns the goods lost (item,)."""
    loads, dock_free_s, unloaded = trucks.move(given, state.loads, state.dock_free_s, now)
    if not unloaded.any():
        return changed(state, loads=loads, dock_free_s=dock_free_s), np.zeros(len(given.item_m3))
    stores, arrived, lost = trucks.unload(given, state.loads, unloaded, state.store_units)
    pushed = int((unloaded & state.loads.pushed).any())
    after = changed(
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
    state = changed(state, shops_open_fraction=shops.reopen(given, state.shops_open_fraction, now))
    state, group = consumption.use_shelter_stock(given, state, inputs, dt_s)
    state, from_tankers, at_home_water = consumption.drink(given, state, inputs, group, clock)
    state, at_home_food = consumption.eat(given, state, inputs, group, dt_s)
    state, medicine = consumption.medicate(given, state, inputs, group, dt_s)
    state, responder_food = consumption.feed_responders(given, state, inputs, dt_s)
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
    arrived, poured = fuel.arrive(state.fuel, clock.end_s)
    chain = fuel.sell(given, arrived, inputs, clock)
    in_drums = fuel.drums(state.store_units, given.n_town) + poured
    chain, drums, handed = fuel.serve_priority(given, chain, in_drums, inputs, clock.dt_s)
    stores = state.store_units
    if not np.array_equal(drums, stores[: given.n_town, FUEL]):
        stores = stores.copy()
        stores[: given.n_town, FUEL] = drums
    chain, burnt = fuel.drive_and_fill(given, chain, clock.dt_s)
    entered = 0.0
    if clock.rings(HOUR_S):
        chain, entered = fuel.send(given, chain, inputs, clock, state.ordered.behind[FUEL_FLEET])
    handed_over = {"fuel_delivered_l": handed.lifelines_l, "responder_fuel_l": handed.responders_l}
    state = changed(
        state,
        fuel=chain,
        store_units=stores,
        generator_fuel_l=state.generator_fuel_l + handed.lifelines_l,
        responder_fuel_l=state.responder_fuel_l + handed.responders_l,
    )
    return state, handed_over, entered - burnt


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


def _under_way_m3(given: Given, state: State) -> Array:
    volume_m3 = state.loads.units @ given.item_m3
    return np.bincount(state.loads.place, weights=volume_m3, minlength=given.places.n)


def measure(given: Given, state: State) -> dict[str, Array]:
    """The declared series, arrays (municipality,)."""
    n_town = given.n_town
    hub_m3 = np.concatenate([np.zeros(n_town), state.store_units[n_town:] @ given.item_m3])
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
        "meals_received": state.received_units[:, MEALS],
        "hub_stock_m3": _by_municipality(given, hub_m3),
        "goods_under_way_m3": _by_municipality(given, _under_way_m3(given, state)),
        "people_without_medicine": state.unmedicated_persons,
        "responder_meals": state.responder_meals,
        "fuel_in_stations_l": np.bincount(given.station_town, weights=state.fuel.station_l, minlength=n_town),
        "fuel_to_generators_l": state.generator_fuel_l,
        "fuel_to_responders_l": state.responder_fuel_l,
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
    levers=levers.LEVERS,
    obey=levers.obey,
    series=SERIES,
    records=RECORDS,
    every_s=1800,
    wakes=(),
    state_schema=2,
    tables=("municipality", "cell", "node", "depot", "item", "shelter", "fuel_station"),
)
