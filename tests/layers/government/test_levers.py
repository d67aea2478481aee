"""Orders by levers: each is laid over what the offices decide, keeps the delays it cannot skip, and can be followed."""

import pickle

import numpy as np
import pytest

from layers.government import LAYER, levers, pulled
from layers.government.known import NEVER
from layers.government.priorities import decide_generator_cars, fleet_units
from layers.government.triggers import Call
from tests.layers.government.place import N_TOWN, PARAMS, calm, clock, given, quiet, run, wet
from tests.layers.government.test_layer import BUSY, leaves
from twin.contract import Order
from twin.errors import StateError

HOUR_S = 3600
TOWN_VALUES = {
    "evacuation_order": 0.4,
    "shelters_open": 7.0,
    "support_persons": 40.0,
    "generator_cars": 3.0,
    "search_first": 9.0,
    "road_first": 9.0,
}


def obeyed(constants, state, lever, rows=(), value=1.0):
    order = Order("measure/0", lever, np.array(rows, dtype=np.int64), value)
    return LAYER.obey(constants, state, order, clock(state.now_s, 0))


def kinds(results, kind):
    return [event for result in results for event in result.events if event.kind == kind]


def same(one, other):
    return all(np.array_equal(a, b, equal_nan=True) for a, b in zip(leaves(one), leaves(other), strict=True))


def test_every_order_lever_is_obeyed_and_says_what_it_acts_on():
    orders = {lever.name: lever for lever in LAYER.levers if not lever.target}
    assert set(orders) == {*levers.CALLS, *levers.TOWN_ORDERS}
    assert all(orders[name].on == "region" and not orders[name].withdraws for name in levers.CALLS)
    assert all(orders[name].on == "municipality" and orders[name].withdraws for name in levers.TOWN_ORDERS)
    with pytest.raises(StateError, match="no order 'approval_delay'"):
        obeyed(given(), LAYER.start(given(), clock(0, 0).chance), "approval_delay")


@pytest.mark.parametrize("lever", TOWN_VALUES)
def test_an_order_touches_its_rows_only_and_nothing_when_it_names_none(lever):
    constants = given()
    state, _ = run(constants, quiet(**BUSY), HOUR_S)
    before = pickle.dumps(leaves(state))
    result = obeyed(constants, state, lever, [1], TOWN_VALUES[lever])
    assert pickle.dumps(leaves(state)) == before
    assert [(event.kind, event.row, event.args) for event in result.events] == [("ordered", 1, (lever,))]
    others = np.arange(N_TOWN) != 1
    for name in pulled.Pulled.__dataclass_fields__:
        new, old = getattr(result.state.pulled, name), getattr(state.pulled, name)
        if name != "call_due_s":
            np.testing.assert_array_equal(new[others], old[others])
    assert not same(result.state.pulled, state.pulled)
    nobody = obeyed(constants, state, lever, [], TOWN_VALUES[lever])
    assert nobody.state is state
    assert not nobody.events


@pytest.mark.parametrize("lever", TOWN_VALUES)
def test_what_is_taken_back_leaves_the_offices_as_without_it(lever):
    constants, inputs = given(), quiet(**BUSY)
    state, _ = run(constants, inputs, HOUR_S)
    plain, plain_results = run(constants, inputs, 3 * HOUR_S, state=state)
    ordered = obeyed(constants, state, lever, [1], TOWN_VALUES[lever]).state
    ordered, _ = run(constants, inputs, 2 * HOUR_S, state=ordered)
    assert not same(ordered, run(constants, inputs, 2 * HOUR_S, state=state)[0])
    taken = obeyed(constants, ordered, lever, [1], float("nan"))
    assert [(event.amount, event.args) for event in taken.events] == [(0.0, (lever, "withdrawn"))]
    assert same(taken.state.pulled, pulled.nothing_pulled(N_TOWN))
    after, after_results = run(constants, inputs, 3 * HOUR_S, state=taken.state)
    for name in plain_results[-1].outputs:
        np.testing.assert_array_equal(after_results[-1].outputs[name], plain_results[-1].outputs[name], name)
    assert same(after, plain)


@pytest.mark.parametrize("lever", [name for name, call in levers.CALLS.items() if call != Call.PUSH])
def test_a_call_takes_its_papers_and_no_longer(lever):
    constants, call = given(), levers.CALLS[lever]
    deaf = quiet(intensity_received=np.full(N_TOWN, np.nan))
    state, _ = run(constants, deaf, 1200)
    assert state.calls_due_s[call] == NEVER
    for value in (1.0, 0.1):
        asked = obeyed(constants, state, lever, value=value)
        assert asked.state.calls_due_s[call] == 1200 + int(value * PARAMS.call_delay_s[call])
        others = np.arange(len(Call)) != call
        np.testing.assert_array_equal(asked.state.calls_due_s[others], state.calls_due_s[others])
        assert [event.row for event in asked.events] == [0]


def test_a_call_given_for_earlier_stands_and_the_order_is_only_noted():
    constants = given()
    state, _ = run(constants, quiet(), 600)
    asked = obeyed(constants, state, "request_self_defence")
    assert 0 <= state.calls_due_s[Call.SDF] <= 600 + PARAMS.call_delay_s[Call.SDF]
    assert asked.state is state
    assert [event.row for event in asked.events] == [-1]
    sooner = obeyed(constants, state, "request_self_defence", value=0.1)
    assert sooner.state.calls_due_s[Call.SDF] == 600 + 378
    _, results = run(constants, quiet(), 2 * HOUR_S, state=sooner.state)
    (effect,) = kinds(results, "sdf_called")
    assert effect.time_s == 978
    assert effect.causes == (("sdf_called", 0),)


def test_goods_are_pushed_on_order_even_where_the_state_does_not_push():
    constants = given(push_allowed=0)
    state, _ = run(constants, quiet(), HOUR_S)
    ordered = obeyed(constants, state, "push_goods_now", value=0.1).state
    _, with_order = run(constants, quiet(), 4 * HOUR_S, state=ordered)
    _, without = run(constants, quiet(), 4 * HOUR_S, state=state)
    pushed = [bool(result.outputs["push_started"][0]) for result in with_order]
    assert pushed.index(True) == -(-6480 // 600) - 1
    assert not any(result.outputs["push_started"][0] for result in without)
    again = obeyed(constants, ordered, "push_goods_now")
    assert again.state is ordered


def test_an_order_to_leave_is_out_after_the_towns_delay_and_lifts_nothing():
    constants, inputs = given(), quiet()
    state, before = run(constants, inputs, HOUR_S)
    ordered = obeyed(constants, state, "evacuation_order", [1, 3], 0.4).state
    ordered, results = run(constants, inputs, 2 * HOUR_S, state=ordered)
    share = np.array([result.outputs["evacuation_order_fraction"] for result in results])
    assert share[0, 3] == 0.0
    assert share[1, 3] == 0.4
    assert (share[:, 1] == before[-1].outputs["evacuation_order_fraction"][1]).all()
    assert share[0, 1] == 1.0
    lines = kinds(results, "evacuation_ordered")
    assert [(line.row, line.time_s) for line in lines] == [(1, HOUR_S + 1200), (3, HOUR_S + 1200)]
    assert all(line.causes == (("evacuation_order_fraction", line.row),) for line in lines)
    more = obeyed(constants, ordered, "evacuation_order", [3], 0.9).state
    _, results = run(constants, inputs, 3 * HOUR_S, state=more)
    assert [result.outputs["evacuation_order_fraction"][3] for result in results[:3]] == [0.4, 0.9, 0.9]


def test_before_water_an_order_calls_the_zone_brings_in_staff_and_opens_halls():
    constants = wet()
    state, before = run(constants, calm(), HOUR_S)
    ordered = obeyed(constants, state, "evacuation_order", [0, 3], 0.5).state
    ordered, results = run(constants, calm(), 3 * HOUR_S, state=ordered)
    outputs = results[-1].outputs
    assert outputs["flood_call"].tolist() == [4.0, 0.0, 0.0, 0.0]
    assert outputs["evacuation_order_fraction"].tolist() == [0.5, 0.0, 0.0, 0.5]
    assert (ordered.orders.called_in_s >= 0).tolist() == [True, False, False, False]
    assert outputs["shelters_target_units"][0] == constants.land.safe_halls[0]
    (ahead,) = kinds(results, "shelters_opened_ahead")
    assert ahead.causes == (("evacuation_order_fraction", 0),)
    taken = obeyed(constants, ordered, "evacuation_order", [0, 3], float("nan")).state
    assert taken.orders.called_in_s[0] == NEVER
    _, results = run(constants, calm(), 4 * HOUR_S, state=taken)
    for name in ("flood_call", "evacuation_order_fraction", "shelters_target_units"):
        np.testing.assert_array_equal(results[-1].outputs[name], before[-1].outputs[name])


def test_staff_sent_travels_arrives_bit_by_bit_and_stays_when_more_is_sent():
    constants, params = given(), PARAMS
    start = LAYER.start(constants, clock(0, 0).chance)
    sent = obeyed(constants, start, "support_persons", [1], 40.7).state.pulled
    half_s = int(params.support_travel_s + params.support_ramp_s / 2)
    present = [pulled.support_persons(sent, now_s, params)[1] for now_s in (0, int(params.support_travel_s), half_s)]
    np.testing.assert_allclose(present, [0.0, 0.0, 20.0])
    more = pulled.send_staff(sent, np.array([1]), 100.0, half_s, params)
    ends = [pulled.support_persons(more, now_s, params)[1] for now_s in (half_s, 2 * half_s, 10**7)]
    np.testing.assert_allclose(ends, [20.0, 20.0 + 80.0 / 2, 100.0])
    fewer = pulled.send_staff(sent, np.array([1]), 5.0, half_s, params)
    assert pulled.support_persons(fewer, half_s, params)[1] == 5.0


def test_the_arrival_of_staff_is_told_and_cites_the_order():
    constants = given()
    state = obeyed(constants, LAYER.start(constants, clock(0, 0).chance), "support_persons", [1], 40.0).state
    _, results = run(constants, quiet(), 13 * HOUR_S)
    assert not kinds(results, "support_arrives")
    _, results = run(constants, quiet(), 13 * HOUR_S, state=state)
    (arrival,) = kinds(results, "support_arrives")
    assert (arrival.row, arrival.time_s, arrival.amount) == (1, int(PARAMS.support_travel_s), 40.0)
    assert arrival.causes == (("town_support_persons", 1),)


def test_cars_ordered_come_first_the_rest_is_shared_and_the_fleet_is_never_exceeded():
    approved, wanted, weight = np.array([5.0, 4.0, 3.0]), np.array([9.0, 9.0, 9.0]), np.array([1.0, 0.5, 2.0])
    ordered = np.array([np.nan, 6.0, np.nan])
    assert decide_generator_cars(approved, wanted, weight, 8.0, ordered).tolist() == [0.0, 6.0, 2.0]
    assert decide_generator_cars(approved, wanted, weight, 4.0, ordered).tolist() == [0.0, 4.0, 0.0]
    constants = given()
    state, _ = run(constants, quiet(**BUSY), 10 * HOUR_S)
    assert state.generator_cars[0] > 0
    ordered = obeyed(constants, state, "generator_cars", [3], 100.0).state
    ordered, results = run(constants, quiet(**BUSY), 11 * HOUR_S, state=ordered)
    assert ordered.generator_cars.tolist() == [0.0, 0.0, 0.0, fleet_units(ordered.now_s, PARAMS)]
    (sent,) = kinds(results, "generator_cars_sent")
    assert sent.causes[0] == ("generator_cars_units", 3)
    assert all(back.causes[0] == ("generator_cars_units", 3) for back in kinds(results, "generator_cars_back"))


def test_a_town_told_how_many_halls_to_open_does_not_gather_people_in_fewer():
    constants, inputs, city = given(consolidation_chance=0.6), quiet(**BUSY), 2
    start = LAYER.start(constants, clock(0, 0).chance)
    free, _ = run(constants, inputs, 24 * HOUR_S, state=start)
    held = obeyed(constants, start, "shelters_open", [city], 190.0).state
    held, results = run(constants, inputs, 24 * HOUR_S, state=held)
    assert free.shelters_target[city] < 182
    assert np.isnan(held.shelters_target[city])
    assert results[-1].outputs["shelters_target_units"][city] == 190.0


def test_weights_ordered_replace_the_decided_ones_outside_only():
    constants, inputs = given(), quiet(**BUSY)
    state, _ = run(constants, inputs, HOUR_S)
    ordered = obeyed(constants, state, "search_first", [3], 12.0).state
    ordered, results = run(constants, inputs, 2 * HOUR_S, state=ordered)
    plain, plain_results = run(constants, inputs, 2 * HOUR_S, state=state)
    np.testing.assert_array_equal(ordered.search_weight, plain.search_weight)
    np.testing.assert_array_equal(results[-1].outputs["road_priority"], plain_results[-1].outputs["road_priority"])
    assert results[-1].outputs["search_priority"].tolist() == [*plain.search_weight[:3].tolist(), 12.0]
