"""Helicopters that carry relief goods from the hubs to towns the planner names: by day, in whole loads."""

from __future__ import annotations

import numpy as np

from layers.logistics.items import per_meal_units
from layers.logistics.state import Given, State
from layers.logistics.trucks import Now
from twin.records import changed
from twin.units import HOUR_S

Array = np.ndarray


def fly(given: Given, state: State, now: Now) -> State:
    """Flights of the past hour: out of the hubs' stock onto the floor of the town's store.

    A town's meals of the day come evenly over the hours of light; a helicopter leaves when its load is full, in the
    last hour with what is left. The hour is longer than half a rotation, so nothing is in the air at its end.
    """
    params, ordered, clock = given.params, state.ordered, now.clock
    if not ordered.airlift_meals.any():
        return state
    light = params.airlift_from_h < clock.hour <= params.airlift_to_h
    at_work = light & (clock.end_s >= ordered.airlift_from_s)
    hourly = ordered.airlift_meals / max(params.airlift_to_h - params.airlift_from_h, 1.0)
    owed = np.where(at_work, ordered.airlift_owed_meals + hourly, 0.0)
    per_hour, hours = params.airlift_helicopters * HOUR_S / params.airlift_rotation_s, clock.end_s // HOUR_S
    most = int(per_hour * hours) - int(per_hour * (hours - 1))
    flown = _flown_meals(given, owed, most, last=clock.hour + 1.0 > params.airlift_to_h)
    state, brought = _carry(given, state, flown[:, None] * per_meal_units(params), now)
    return changed(
        state,
        ordered=changed(ordered, airlift_owed_meals=owed - flown),
        received_units=state.received_units + brought,
    )


def _flown_meals(given: Given, owed: Array, most: int, last: bool) -> Array:
    """Meals (with what goes with them) that fly in an hour, (municipality,), in `most` loads; the town that is owed
    most first."""
    params = given.params
    load_meals = params.airlift_load_m3 / float(per_meal_units(params) @ given.item_m3)
    wanted = owed / load_meals
    loads = np.ceil(wanted) if last else np.floor(wanted + 1e-9)
    order = np.argsort(-owed, kind="stable")
    before = np.cumsum(loads[order]) - loads[order]
    loads[order] = np.clip(most - before, 0, loads[order])
    return np.minimum(owed, loads * load_meals)


def _carry(given: Given, state: State, units: Array, now: Now) -> tuple[State, Array]:
    """Take these goods (municipality, item) from all hubs whose floor is used, as far as they have them."""
    if not units.any():
        return state, units
    hubs = np.arange(given.n_town, given.places.n)
    hubs = hubs[now.place.usable[hubs] >= given.params.depot_closed_below]
    stock = state.store_units[hubs].sum(axis=0)
    asked = units.sum(axis=0)
    share = np.minimum(1.0, stock / np.maximum(asked, 1e-12))
    stores = state.store_units.copy()
    stores[hubs] *= 1.0 - asked * share / np.maximum(stock, 1e-12)
    stores[: given.n_town] += units * share
    return changed(state, store_units=np.maximum(stores, 0.0)), units * share
