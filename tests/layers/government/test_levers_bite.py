"""Orders of the offices in two-towns: each reaches another layer, survives a snapshot, and is cited by what follows."""

from dataclasses import replace
from functools import cache

import numpy as np
import pytest

from tests.contract import runs
from twin import snapshot
from twin.contract import Order
from twin.journal import Journal
from twin.run import Twin

HOUR_S, FORK_S = 3600, 60
SHORT_H = 5
SOON = 0.1  # share of the paper time kept
BITES = {  # lever -> (town or None, value, series of another layer it moves, hours)
    "request_fire_aid": (None, SOON, "responders_moving", 2),
    "request_police": (None, SOON, "responders_moving", 3),
    "request_medical": (None, SOON, "responders_moving", 3),
    "request_self_defence": (None, SOON, "responders_working", 3),
    "request_staff_support": (None, SOON, "shelter_capacity_persons", 18),
    "push_goods_now": (None, SOON, "goods_under_way_m3", 4),
    "evacuation_order": (1, 1.0, "evacuees_elsewhere", 3),
    "shelters_open": (0, 14.0, "shelter_capacity_persons", 4),
    "support_persons": (0, 50.0, "shelter_capacity_persons", 18),
    "generator_cars": (1, 5.0, "facilities_dark", 5),
    "search_first": (1, 10.0, "responders_working", 3),
    "road_first": (1, 20.0, "roads_closed", 48),  # in a network this small only a late repair changes place
}


@cache
def start():
    return runs.run(runs.begin(), FORK_S)


def branch(twin):
    """The twin once more, to go on by itself; arrays are shared, as nothing writes into them."""
    held = twin.state
    mappings = ("layers", "outputs", "pending", "last_s", "stocks", "last_event")
    returned = {layer: dict(amounts) for layer, amounts in held.returned.items()}
    state = replace(held, **{name: dict(getattr(held, name)) for name in mappings}, returned=returned)
    journal = Journal(twin.wiring, last=dict(held.last_event))
    return Twin(
        twin.world, twin.wiring, twin.schedule, twin.chance, dict(twin.given), state, journal, dict(twin.layer_s)
    )


@cache
def plain(hours):
    return runs.sampled(branch(start()), hours * HOUR_S)


def ordered(lever, twin=None, number=0):
    town, value, _, _ = BITES[lever]
    twin = branch(start()) if twin is None else twin
    rows = np.array([] if town is None else [town], dtype=np.int64)
    twin.obey("government", Order(f"measure/{number}", lever, rows, value), number)
    return twin


@pytest.mark.parametrize(
    "lever", [pytest.param(name, marks=[pytest.mark.slow] if row[3] > SHORT_H else []) for name, row in BITES.items()]
)
def test_each_order_reaches_another_layer(lever):
    _, _, series, hours = BITES[lever]
    moved = runs.sampled(ordered(lever), hours * HOUR_S)[series]
    assert runs.moved(plain(max(hours, SHORT_H))[series][: len(moved)], moved) >= 1e-3


def test_an_order_is_kept_by_a_snapshot_between_order_and_effect(tmp_path):
    schemas = {layer.name: layer.state_schema for layer in start().wiring.layers}
    whole = branch(start())
    for number, lever in enumerate(("request_fire_aid", "evacuation_order", "support_persons", "generator_cars")):
        ordered(lever, whole, number)
    loaded = runs.begin()
    snapshot.Writer(tmp_path, schemas, "w").save(whole.state)
    loaded.resume(snapshot.load(tmp_path, FORK_S, loaded.state, schemas, "w"))
    begun = len(whole.journal.lines)
    for twin in (whole, loaded):
        runs.run(twin, 2 * HOUR_S)
    assert runs.content(loaded) == runs.content(whole)
    assert loaded.journal.lines == whole.journal.lines[begun:]


def test_what_an_order_brings_about_can_be_followed_back_to_it():
    twin = branch(start())
    for number, lever in enumerate(("request_self_defence", "evacuation_order", "generator_cars")):
        ordered(lever, twin, number)
    runs.run(twin, 2 * HOUR_S)
    lines = {line[0]: line for line in twin.journal.lines}

    def reasons(kind, row):
        (line,) = [one for one in lines.values() if one[3] == kind and one[5] == row]
        return {lines[cause][8] for cause in line[7] if cause in lines and lines[cause][3] == "ordered"}

    assert reasons("sdf_called", 0) == {("request_self_defence",)}
    assert reasons("evacuation_ordered", 1) == {("evacuation_order",)}
    assert reasons("generator_cars_sent", 1) == {("generator_cars",)}
