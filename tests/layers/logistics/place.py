"""A coast of two towns with one hub, one terminal and six filling stations: just enough for goods to move."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

import numpy as np

from layers.logistics import LAYER, NEEDS
from layers.logistics.items import ITEMS
from layers.logistics.state import Given, State
from twin import ledger, params
from twin.chance import Chance
from twin.contract import Clock, Order, Result
from twin.run import freeze
from twin.world import IndexSet, World

ORIGIN = datetime(2026, 7, 28, 7, 27, tzinfo=UTC)
CHANCE = Chance(1)
PARAMS = params.load(Path(LAYER.params_file))
Pulls = Sequence[tuple[int, str, Sequence[int], float]]
TOWNS, SHELTERS, STATIONS = 2, 4, 6
HUB, TERMINAL, SECOND_HUB = 2, 3, 4
"""Rows of `depot`; rows 0 and 1 are the municipal depots."""


def make_world(hub_kind: int = 1) -> World:
    """Nodes 0 and 1 are the town offices, 2 the hub, 3 the gateway, 4 the port; every drive takes 1,200 s."""
    volume = [0.002, 0.0012, 0.4, 0.008, 0.003, 0.06, 0.002, 0.0005, 0.0005, 0.001]
    drive_s = np.full((5, 5), 1200.0)
    np.fill_diagonal(drive_s, 0.0)
    sets = {
        "region": IndexSet.build("region", ["all"]),
        "municipality": IndexSet.build(
            "municipality",
            ["99001", "99002"],
            node=np.array([0, 1]),
            population=np.array([20000, 10000]),
            share_65=np.array([0.3, 0.4]),
        ),
        "node": IndexSet.build("node", list("abcde"), kind=np.array([0, 0, 2, 3, 4])),
        "cell": IndexSet.build(
            "cell",
            ["c0", "c1", "c2"],
            municipality=np.array([0, 0, 1]),
            node=np.array([0, 0, 1]),
            night_persons=np.array([15000, 5000, 10000]),
            area_m2=np.full(3, 1e6),
        ),
        "shelter": IndexSet.build(
            "shelter",
            [f"s{k}" for k in range(SHELTERS)],
            municipality=np.array([0, 0, 1, 1]),
            cell=np.array([0, 1, 2, 2]),
            floor_m2=np.full(SHELTERS, 600.0),
            cooled=np.array([0, 0, 1, 0]),
            toilets=np.full(SHELTERS, 6),
        ),
        "depot": IndexSet.build(
            "depot",
            ["d0", "d1", "hub", "oil", "edge"],
            kind=np.array([0, 0, hub_kind, 2, 3]),
            municipality=np.array([0, 1, 0, 1, -1]),
            node=np.array([0, 1, 2, 4, 3]),
            docks=np.array([2, 2, 4, 2, 6]),
            forklifts=np.array([0, 0, 4, 0, 6]),
            floor_m2=np.array([600.0, 600.0, 5000.0, 500.0, 8000.0]),
        ),
        "fuel_station": IndexSet.build(
            "fuel_station",
            [f"f{k}" for k in range(STATIONS)],
            municipality=np.array([0, 0, 0, 0, 1, 1]),
            node=np.array([0, 0, 0, 0, 1, 1]),
            tank_l=np.full(STATIONS, 20000.0),
            emergency=np.array([1, 0, 0, 0, 0, 0]),
        ),
        "item": IndexSet.build("item", ITEMS, volume_m3=np.array(volume)),
    }
    return World("coast", ORIGIN, sets, arrays={"free_travel_s": drive_s})


def make_given(hub_kind: int = 1, **changed: float) -> Given:
    """Constants of the coast; keywords replace parameters."""
    return LAYER.prepare(make_world(hub_kind), PARAMS.replace(changed))


def make_inputs(**changed: np.ndarray | float) -> dict[str, np.ndarray]:
    """A quiet day; keywords replace arrays, numbers fill them."""
    world = make_world()
    inputs = {need.name: np.zeros(world.shape(need.on)) for need in NEEDS}
    ones = ("depot_usable", "depot_power", "fuel_station_usable", "fuel_station_power")
    for name in (*ones, "water_service_fraction", "power_on_fraction"):
        inputs[name] = np.ones_like(inputs[name])
    inputs["wbgt_c"] = np.full(TOWNS, 25.0)
    inputs["travel_truck_s"] = world.arrays["free_travel_s"]
    inputs["persons_home"] = np.array([19000.0, 9500.0])
    inputs["returned_fuel_delivered_l"] = inputs["returned_responder_fuel_l"] = np.zeros(TOWNS)
    for name, value in changed.items():
        inputs[name] = np.broadcast_to(np.asarray(value, float), inputs[name].shape).copy()
    return inputs


def make_clock(start_s: int, end_s: int) -> Clock:
    """The interval from start to end."""
    return Clock(start_s, end_s - start_s, ORIGIN, CHANCE)


def begin(given: Given) -> State:
    """State at time 0, read-only as in the loop."""
    return freeze(LAYER.start(given, CHANCE))


def run(given: Given, inputs_at, until_s: int, step_s: int = 600, pulls: Pulls = ()) -> tuple[State, list[Result]]:
    """Steps from 0 on with the books checked; `inputs_at(start_s, end_s)` gives the inputs of each step.

    pulls: (at_s, lever, rows, value) of orders obeyed before the step that begins then; their results come along.
    """
    state = begin(given)
    totals = ledger.totals(LAYER, given, state)
    results = []
    for start_s in range(0, until_s, step_s):
        for k, (_, lever, rows, value) in enumerate(pull for pull in pulls if pull[0] == start_s):
            order = Order(f"measure/{k}", lever, np.asarray(rows, np.int64), value)
            told = LAYER.obey(given, state, order, make_clock(start_s, start_s))
            totals = ledger.check(LAYER, given, totals, told, None, make_clock(start_s, start_s))
            state = freeze(told.state)
            results.append(told)
        clock = make_clock(start_s, start_s + step_s)
        inputs = inputs_at(start_s, clock.end_s)
        result = LAYER.step(given, state, inputs, clock)
        totals = ledger.check(LAYER, given, totals, result, inputs, clock)
        state = freeze(result.state)
        results.append(result)
    return state, results


def order_once(at_s: int, units: np.ndarray, **always: np.ndarray | float):
    """Inputs with one order (municipality, item) handed over in the step that holds `at_s`."""

    def inputs_at(start_s: int, end_s: int) -> dict[str, np.ndarray]:
        given_now = units if start_s < at_s <= end_s else np.zeros_like(units)
        return make_inputs(goods_ordered_units=given_now, **always)

    return inputs_at
