"""The layer as a whole: knowledge before decisions, silence, rhythm, forgetting of models."""

import gc
import pickle
from dataclasses import fields, is_dataclass

import mesa
import numpy as np
import pytest

from layers.government import LAYER, cycle
from layers.government.known import Holder, Q
from layers.government.offices import wake
from tests.layers.government.place import CHANCE, N_TOWN, clock, given, quiet, run
from twin.table import Table

HOUR_S = 3600
BUSY = {
    "shelter_counted_persons": [3000, 300, 2000, 20],
    "shelters_open_units": [20, 9, 182, 3],
    "shelter_staff_wanted_persons": [90, 9, 60, 1],
    "power_out_customers": [8000, 3500, 400, 0],
    "water_out_households": [14_000, 3900, 9000, 0],
    "generator_cars_wanted_units": [6, 4, 3, 0],
    "trapped_known_persons": [10, 4, 2, 0],
    "buildings_partial": [300, 120, 900, 3],
    "stock_days": [0.2, 0.2, 0.2, 3.0],
}
DECISIONS = [var.name for var in LAYER.gives if var.name not in ("shelter_checks_units", "homes_tagged_fraction")]


def leaves(value):
    if isinstance(value, Table):
        return list(value.columns.values())
    if is_dataclass(value):
        return [leaf for item in fields(value) for leaf in leaves(getattr(value, item.name))]
    return [value]


def test_truth_without_a_message_changes_no_decision():
    constants = given()
    state, _ = run(constants, quiet(**BUSY), 3 * HOUR_S)
    quiet_s = state.now_s
    due = np.concatenate([state.desk_due_s, state.report_due_s])
    assert not (due <= quiet_s + 60).any()
    worse = {name: np.asarray(value) * 5.0 for name, value in BUSY.items()}
    worse |= {"deaths_confirmed_persons": np.full(N_TOWN, 400.0), "resident_calls": np.full(N_TOWN, 999.0)}
    one = LAYER.step(constants, state, quiet(**BUSY), clock(quiet_s, 60))
    other = LAYER.step(constants, state, quiet(**worse), clock(quiet_s, 60))
    for name in DECISIONS:
        np.testing.assert_array_equal(one.outputs[name], other.outputs[name])
    np.testing.assert_array_equal(one.state.known.value, other.state.known.value)


def test_step_leaves_its_arguments_alone_and_repeats():
    constants, inputs = given(), quiet(**BUSY)
    state, _ = run(constants, inputs, 2 * HOUR_S)
    before = pickle.dumps(leaves(state))
    first, second = (LAYER.step(constants, state, inputs, clock(state.now_s, 600)) for _ in range(2))
    assert pickle.dumps(leaves(state)) == before
    assert pickle.dumps(leaves(first.state)) == pickle.dumps(leaves(second.state))
    assert list(first.events) == list(second.events)


def test_every_give_has_its_shape_and_every_series_is_measured():
    constants = given()
    state, results = run(constants, quiet(**BUSY), HOUR_S)
    for var in LAYER.gives:
        array = results[-1].outputs[var.name]
        assert array.dtype == np.float64
        assert array.shape == tuple({"region": 1, "municipality": N_TOWN, "item": 10}[s] for s in var.on.split("*"))
    measured = LAYER.measure(constants, state)
    assert set(measured) == {series.name for series in LAYER.series}
    assert all(values.shape == (N_TOWN,) and values.dtype == np.float64 for values in measured.values())


def test_a_cut_off_town_falls_silent_is_scouted_and_heard_when_visited():
    constants = given(satellite_share=0.2)
    own = CHANCE.uniform("government.satellite", constants.office_keys[:N_TOWN])
    town = int(np.argmax(np.where(np.arange(N_TOWN) < 3, own, 0.0)))
    lines = np.ones(N_TOWN + 2)
    lines[town] = 0.0
    dead = quiet(**BUSY, office_telecom=lines)
    state, results = run(constants, dead, 3 * HOUR_S)
    assert state.silent[town]
    assert results[-1].outputs["scouting_wanted"][town] == 1.0
    assert np.isnan(state.known.value[Holder.PREFECTURE, Q.EVACUEES, town])
    scouted = quiet(**BUSY, office_telecom=lines, scout_reports=np.eye(N_TOWN)[town])
    state = LAYER.step(constants, state, scouted, clock(state.now_s, 600)).state
    state, results = run(constants, dead, 6 * HOUR_S, state=state)
    assert state.known.value[Holder.PREFECTURE, Q.TRAPPED_KNOWN, town] == BUSY["trapped_known_persons"][town]
    assert any(event.kind == "town_heard" and event.row == town for result in results for event in result.events)


def test_reports_are_unknown_before_publication_and_old_afterwards():
    constants = given()
    state, _ = run(constants, quiet(**BUSY), 1800)
    assert np.isnan(LAYER.measure(constants, state)["reported.evacuees_in_shelters"]).all()
    state, _ = run(constants, quiet(**BUSY), 30 * HOUR_S, state=state)
    told = LAYER.measure(constants, state)["reported.evacuees_in_shelters"]
    np.testing.assert_array_equal(told, BUSY["shelter_counted_persons"])
    assert (LAYER.measure(constants, state)["information_age_s"] > 600).all()


@pytest.mark.parametrize("missing", [True, False])
def test_forces_come_by_intensity_message(missing):
    inputs = quiet(intensity_received=np.full(N_TOWN, np.nan)) if missing else quiet()
    _, results = run(given(), inputs, 2 * HOUR_S)
    assert results[-1].outputs["sdf_called"][0] == (0.0 if missing else 1.0)


def test_generator_cars_come_after_approval_and_go_back_when_light_returns():
    constants = given()
    state, results = run(constants, quiet(**BUSY), 12 * HOUR_S)
    cars = np.array([result.outputs["generator_cars_units"].sum() for result in results])
    assert cars[5] == 0 < cars[-1] <= 8
    lit = quiet(**(BUSY | {"generator_cars_wanted_units": [0, 0, 0, 0]}))
    _, results = run(constants, lit, 24 * HOUR_S, state=state)
    assert results[-1].outputs["generator_cars_units"].sum() == 0


def test_goods_are_ordered_from_reports_and_booked_once():
    constants = given(order_doubled_fraction=0.0)
    state, results = run(constants, quiet(**BUSY), 20 * HOUR_S)
    handed_over = np.sum([result.outputs["goods_ordered_units"] for result in results], axis=0)
    np.testing.assert_array_equal(handed_over, state.goods_ordered)
    assert handed_over[0, 0] > 0


def test_nearly_empty_halls_are_given_up_once_in_the_morning_and_never_when_forbidden():
    state, results = run(given(consolidation_chance=0.6), quiet(**BUSY), 5 * 24 * HOUR_S)
    events = [
        (event.row, k) for k, result in enumerate(results) for event in result.events if "shelters_" in event.kind
    ]
    city = 2
    assert [row for row, _ in events] == [city]
    assert (events[0][1] * 600 + 600 + given().clock_offset_s) % 86400 // HOUR_S == 9
    assert state.shelters_target[city] < BUSY["shelters_open_units"][city]
    assert np.isnan(state.shelters_target[0])
    kept, _ = run(given(consolidation=0), quiet(**BUSY), 5 * 24 * HOUR_S)
    assert np.isnan(kept.shelters_target).all()


def test_slower_approval_delays_goods():
    def first_order_s(approval_s):
        _, results = run(given(approval_s=approval_s), quiet(**BUSY), 16 * HOUR_S)
        return next(k for k, result in enumerate(results) if result.outputs["goods_ordered_units"].any())

    assert first_order_s(7200.0) > first_order_s(900.0)


def test_halving_the_step_hardly_changes_what_is_known():
    constants = given()
    ends = [run(constants, quiet(**BUSY), 24 * HOUR_S, dt_s)[0] for dt_s in (600, 300)]
    series = [LAYER.measure(constants, state) for state in ends]
    for name in ("requests_pending", "reported.evacuees_in_shelters", "generator_cars_allotted", "silent_towns"):
        np.testing.assert_allclose(series[0][name], series[1][name], rtol=0.05)


def test_a_hall_that_is_dark_or_closed_works_slower():
    constants = given()
    dark = cycle.own_resources(constants, quiet(office_power=np.zeros(N_TOWN + 2)))
    closed = cycle.own_resources(constants, quiet(office_usable=np.zeros(N_TOWN + 2)))
    np.testing.assert_allclose(dark, constants.params.able_dark)
    np.testing.assert_allclose(closed, constants.params.able_elsewhere)


def test_models_do_not_outlive_the_step():
    constants = given()
    state = LAYER.start(constants, CHANCE)
    before = len(mesa.Agent._ids)
    plan = wake(constants, state, np.ones(N_TOWN), False, 60, CHANCE)
    gc.collect()
    assert plan.desks == list(range(N_TOWN))
    assert len(mesa.Agent._ids) == before
    assert not [thing for thing in gc.get_objects() if type(thing).__name__ == "Offices"]
