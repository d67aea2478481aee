"""Order levers in a whole run of two-towns: pulled through the loop, kept by a snapshot, cited by the journal."""

from __future__ import annotations

import copy
from dataclasses import fields

import numpy as np
import pytest

from tests.contract.runs import begin, content, run
from twin import snapshot
from twin.contract import Order
from twin.run import RunState

ORDERED_S, KEPT_S, END_S = 6 * 3600, 8 * 3600, 31 * 1800
ORDERS = (
    ("water_crews_sent", [1], 10.0),
    ("power_first", [0], 100.0),
    ("hospital_first", [1], 100.0),
    ("road_first", [6], 1.0),
    ("road_closed", [1], 1.0),
    ("generator_at_hospital", [2], 1.0),
    ("generator_at_shelter", [0, 5], 1.0),
    ("satellite_at_office", [1], 1.0),
)


def forked(twin):
    """The same run once more, from here on."""
    other, state = copy.copy(twin), twin.state
    kept = {f.name: getattr(state, f.name) for f in fields(RunState)}
    fresh = {name: copy.copy(value) for name, value in kept.items()}
    fresh["outputs"] = {name: dict(values) for name, values in state.outputs.items()}
    other.resume(RunState(**fresh))
    return other


def layer_of(twin):
    return twin.state.layers["infrastructure"]


@pytest.fixture(scope="module")
def early():
    """The run up to the orders."""
    return run(begin(), ORDERED_S)


def with_orders(early):
    one = forked(early)
    for number, (lever, rows, value) in enumerate(ORDERS):
        one.obey("infrastructure", Order(f"measure/{number}", lever, np.array(rows), value), number)
    return one


@pytest.fixture(scope="module")
def ordered(early):
    """The run with all orders, to the end."""
    return run(with_orders(early), END_S)


def test_a_snapshot_between_order_and_effect_changes_nothing(early, ordered, tmp_path):
    half = run(with_orders(early), KEPT_S)
    assert not layer_of(half).orders.cars.on.any()
    assert layer_of(half).orders.cars.wanted.sum() == 3
    schemas = {layer.name: layer.state_schema for layer in half.wiring.layers}
    snapshot.Writer(tmp_path, schemas, "world").save(half.state)
    again = forked(early)
    again.resume(snapshot.load(tmp_path, KEPT_S, forked(early).state, schemas, "world"))
    run(again, END_S)
    assert layer_of(again).orders.cars.on.sum() == 3
    assert content(again) == content(ordered)
    assert again.state.stocks == ordered.state.stocks


def test_events_name_the_order_among_their_causes(ordered):
    lines = {line[0]: line for line in ordered.journal.lines}
    orders = {number: line for number, line in lines.items() if line[3] == "ordered"}
    assert len(orders) == sum(len(rows) for _, rows, _ in ORDERS)
    cited = {(line[3], orders[cause][4]) for line in lines.values() for cause in line[7] if cause in orders}
    assert ("road_closed", "road_closed") in cited
    assert ("car_connected", "generator_at_shelter") in cited
    assert ("terminal_connected", "satellite_at_office") in cited


def test_rows_not_named_keep_what_they_had(early, ordered):
    plain = run(forked(early), END_S)
    for name in ("site_weight", "road_first", "barred_from_s", "town_weight"):
        before, after = getattr(layer_of(plain).orders, name), getattr(layer_of(ordered).orders, name)
        assert (before != after).sum() == 1, name
    others = np.arange(len(layer_of(plain).roads.barred)) != 1
    assert not layer_of(ordered).roads.barred[others].any()
    assert np.array_equal(layer_of(plain).power.faults_ever, layer_of(ordered).power.faults_ever)
    assert np.array_equal(layer_of(plain).water.breaks_ever, layer_of(ordered).water.breaks_ever)
    assert np.array_equal(layer_of(plain).telecom.broken, layer_of(ordered).telecom.broken)
    shelters = ordered.state.outputs["infrastructure"]["shelter_power"]
    assert shelters[[0, 5]].all()
