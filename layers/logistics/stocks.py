"""Stocks before the event and what people use up: household, shelter, municipal and prefectural stock."""

from __future__ import annotations

import numpy as np

from layers.logistics.items import COOLERS, FUEL, MEALS, WATER, kit_units_per_day
from layers.logistics.state import STOCK_SCALES, Fuel, Given, State
from twin.params import Params
from twin.records import changed
from twin.units import DAY_S

Array = np.ndarray


def served(stock: Array, need: Array, ration_s: float, dt_s: float) -> Array:
    """What is handed out in `dt_s` of a need in that time, same shape: all of it, or, when stock runs short, the
    share of the stock that lets it last about `ration_s` more. Never more than the stock."""
    return np.minimum(need, stock * -np.expm1(-dt_s / ration_s))


def used_at_home(stock: Array, full_stock: Array, need: Array) -> Array:
    """What households take from their own stock for `need`, same shape.

    Stocks differ from home to home; when they are exponentially distributed around their mean, the share of homes
    that still have something is stock / full_stock, so the stock falls as exp(-need / full_stock).
    """
    return np.where(full_stock > 0, stock * -np.expm1(-need / np.maximum(full_stock, 1e-9)), 0.0)


def share(part: Array, whole: Array, none: float = 1.0) -> Array:
    """part / whole, at most 1; `none` where nothing is needed."""
    return np.where(whole > 0, np.minimum(part / np.maximum(whole, 1e-12), 1.0), none)


def full_household_units(given: Given, per_person_day: float) -> Array:
    """Full household stock of a town in meals or litres, shape (municipality,)."""
    return given.params.household_stock_days * given.population * per_person_day


def preposition(given: Given, state: State) -> tuple[State, dict[str, float]]:
    """Store what the parameters say and is not stored yet; returns the state and what entered by stock.

    Also how a lever acts during a run: the difference is added, or taken from what is left.
    """
    wanted = np.array([float(given.params[name]) for name in STOCK_SCALES])
    change = dict(zip(STOCK_SCALES, wanted - state.stock_scale))
    if not any(change.values()):
        return state, {"meals": 0.0, "water": 0.0, "fuel": 0.0}
    before = totals(given, state)
    after = changed(_goods_stored(given, state, change), stock_scale=wanted)
    after = changed(after, fuel=_fuel_stored(given, after, change))
    return after, {name: total - before[name] for name, total in totals(given, after).items()}


def _goods_stored(given: Given, state: State, change: dict[str, float]) -> State:
    params = given.params
    people = params.planned_evacuees_fraction * given.population
    kit = kit_units_per_day(params)
    kit[[COOLERS, FUEL]] = 0.0
    stores = state.store_units.copy()
    stores[: given.n_town] += change["municipal_stock_days"] * people[:, None] * kit
    hubs = np.flatnonzero(~given.places.gateway_hub)[given.n_town :]
    if hubs.size:
        stores[hubs] += change["prefecture_stock_days"] * people.sum() / hubs.size * kit
    sheltered = people[given.shelter_town] * given.shelter_floor_share
    shelters = state.shelter_units + change["shelter_stock_days"] * sheltered[:, None] * kit
    at_home = change["household_stock_days"] * given.population
    return changed(
        state,
        store_units=np.maximum(stores, 0.0),
        shelter_units=np.maximum(shelters, 0.0),
        household_meals=np.maximum(state.household_meals + at_home * params.meals_per_day_meals, 0.0),
        household_water_l=np.maximum(state.household_water_l + at_home * params.drinking_water_per_day_l, 0.0),
    )


def _fuel_stored(given: Given, state: State, change: dict[str, float]) -> Fuel:
    fuel, tank_l = state.fuel, given.params.vehicle_tank_l_per_person * given.population
    return changed(
        fuel,
        station_l=np.clip(fuel.station_l + change["station_fill_fraction"] * given.station_tank_l, 0.0, None),
        vehicle_l=np.clip(fuel.vehicle_l + change["vehicle_fill_fraction"] * tank_l, 0.0, None),
        terminal_l=np.clip(fuel.terminal_l + change["terminal_stock_l"], 0.0, None),
    )


def everywhere(state: State, item: int) -> float:
    """Units of one item in depots, shelters and on trucks."""
    places = (state.store_units, state.shelter_units, state.loads.units)
    return float(sum(units[:, item].sum() for units in places))


def meals(given: Given, state: State) -> float:
    """All meals of the model."""
    return everywhere(state, MEALS) + float(state.household_meals.sum()) + state.self_supply_meals


def water_l(given: Given, state: State) -> float:
    """All stored drinking water of the model, litre (tankers carry none over from step to step)."""
    return everywhere(state, WATER) + float(state.household_water_l.sum())


def fuel_l(given: Given, state: State) -> float:
    """All fuel of the model, litre: drums in depots, terminals, tanker trucks, stations, vehicles."""
    chain = state.fuel
    parts = (chain.terminal_l, chain.station_l, chain.vehicle_l, chain.trip_l)
    return everywhere(state, FUEL) + float(sum(part.sum() for part in parts))


def totals(given: Given, state: State) -> dict[str, float]:
    """The booked stocks."""
    return {"meals": meals(given, state), "water": water_l(given, state), "fuel": fuel_l(given, state)}


def lose_damaged(given: Given, store_units: Array, usable_before: Array, usable: Array) -> Array:
    """Goods left after part of the floor became unusable, shape (place, item); repairs bring nothing back."""
    drop = np.where(usable < usable_before, 1.0 - usable / np.maximum(usable_before, 1e-9), 0.0)
    if not drop.any():
        return store_units
    return store_units * (1.0 - given.params.lost_with_floor_fraction * drop)[:, None]


def spoil(given: Given, store_units: Array, power: Array, dt_s: float) -> Array:
    """Goods left (place, item): without electricity (place,) fresh meals in cold rooms spoil."""
    if (power >= 1.0).all():
        return store_units
    left = store_units.copy()
    left[:, MEALS] *= np.exp(-np.clip(1.0 - power, 0.0, 1.0) * dt_s / given.params.meals_spoil_s)
    return left


def heat_factor(params: Params, wbgt_c: Array) -> Array:
    """Drinking-water need in heat over the normal need, same shape as wbgt_c."""
    return 1.0 + params.water_need_per_degree * np.clip(wbgt_c - params.warm_wbgt_c, 0.0, None)


def per_day(amount: Array, dt_s: float) -> Array:
    """An amount within `dt_s` as a daily rate."""
    return amount * (DAY_S / dt_s)
