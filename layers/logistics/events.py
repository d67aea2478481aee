"""What of all this is worth a line in the journal, with its causes. Thresholds stand in params.toml."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from layers.logistics.state import Given, State
from layers.logistics.trucks import Now, queue_units
from twin.contract import Event, Inputs
from twin.records import changed

Array = np.ndarray


def turned(told: Array, low: Array, fine: Array) -> tuple[Array, Array]:
    """Rows that have just become low, and who is told now: `told` is kept until things are `fine` again."""
    now_told = (told & ~fine) | low
    return np.flatnonzero(now_told & ~told), now_told


def shelters(given: Given, state: State, inputs: Inputs, outputs: dict[str, Array]) -> tuple[State, list[Event]]:
    """Shelters that run out of food or water, and say so once until they are supplied again."""
    params = given.params
    crowded = inputs["shelter_persons"] >= params.told_from_persons

    def change(told: Array, quantity: str) -> tuple[Array, Array]:
        level = outputs[quantity]
        return turned(told, crowded & (level < params.told_below), level > params.fine_above)

    def tell(kind: str, quantity: str, row: int, causes: tuple[str, ...]) -> Event:
        cited = [(name, int(given.shelter_town[row])) for name in causes]
        return Event(kind, quantity, row, float(inputs["shelter_persons"][row]), causes=cited)

    hungry, out_of_food = change(state.out_of_food, "shelter_meals_fraction")
    thirsty, out_of_water = change(state.out_of_water, "shelter_drink_fraction")
    food = [tell("shelter_out_of_food", "shelter_meals_fraction", row, ("stock_days",)) for row in hungry.tolist()]
    causes = ("water_service_fraction", "stock_days")
    drink = [tell("shelter_out_of_water", "shelter_drink_fraction", row, causes) for row in thirsty.tolist()]
    return changed(state, out_of_food=out_of_food, out_of_water=out_of_water), food + drink


def towns(given: Given, state: State, stock_days: Array, now: Now) -> tuple[State, list[Event]]:
    """Towns whose stock of food ends soon, and hubs or depots where trucks pile up."""
    params, places = given.params, given.places
    rows, stock_low = turned(state.stock_low, stock_days < params.stock_low_days, stock_days > params.stock_fine_days)
    found = [
        Event("stock_low", "stock_days", town, float(stock_days[town]), causes=_supply_causes(given, town, now))
        for town in rows.tolist()
    ]
    queue = queue_units(state.loads, places.n)
    rows, queue_long = turned(state.queue_long, queue >= params.long_queue_units, queue <= params.long_queue_units // 2)
    for place in rows.tolist():
        depot = int(places.first_depot[place])
        if depot < 0:
            continue
        causes = [("depot_usable", depot), ("depot_power", depot), ("push_started", 0), ("depot_hands", depot)]
        causes += [("goods_received_units", place)] if place < given.n_town else []
        found.append(Event("depot_queue", "depot_queue_units", depot, float(queue[place]), causes=causes))
    return changed(state, stock_low=stock_low, queue_long=queue_long), found


def _supply_causes(given: Given, town: int, now: Now) -> list[tuple[str, int]]:
    hubs = given.places.first_depot[given.n_town :]
    causes = [
        ("shelter_persons", -1),
        ("goods_ordered_units", town),
        ("power_on_fraction", town),
        ("depot_usable", given.places.first_depot[town]),
    ]
    causes += [("depot_queue_units", int(depot)) for depot in hubs.tolist()]
    return [(name, int(row)) for name, row in causes]


def stations(given: Given, before: State, after: State, inputs: Inputs) -> Iterator[Event]:
    """Filling stations that stop selling (dry, dark or broken) or sell again."""
    changed = np.flatnonzero(before.fuel.selling != after.fuel.selling)
    for row in changed.tolist():
        if after.fuel.selling[row]:
            yield Event("station_sells", "fuel_station_open", row, 1.0, causes=[("fuel_station_power", row)])
        elif after.fuel.sound[row]:
            yield Event("station_dry", "fuel_station_open", row, 0.0, causes=[("fuel_wanted_l", _town(given, row))])
        else:
            name = "fuel_station_usable" if inputs["fuel_station_usable"][row] < 0.5 else "fuel_station_power"
            causes = [(name, row), ("power_on_fraction", _town(given, row))]
            yield Event(
                "station_stopped", "fuel_station_open", row, 0.0, causes=causes[: 1 if name.endswith("usable") else 2]
            )


def _town(given: Given, station: int) -> int:
    return int(given.station_town[station])


def first_push(given: Given, before: State, after: State, now: Now) -> Iterator[Event]:
    """The first load that arrives after the state began to push."""
    if before.push_arrived or not after.push_arrived:
        return
    hubs = given.places.first_depot[given.n_town :]
    row = int(hubs[0]) if hubs.size else -1
    yield Event("first_push_delivery", "depot_queue_units", row, float(now.clock.end_s), causes=[("push_started", 0)])
