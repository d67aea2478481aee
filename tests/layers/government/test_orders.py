"""Orders on warnings: at once before the sea, level by level before the river, earlier on a forecast."""

import numpy as np
import pytest

from layers.government import orders, staff
from layers.government.known import NEVER
from layers.government.orders import Order
from tests.layers.government.place import N_TOWN, PARAMS, calm, run, wet

HOUR_S = 3600
NIGHT_S = 7 * HOUR_S  # 23:27 of the place


def river(*levels):
    return calm(flood_warning=np.array(levels, dtype=float))


def out_s(state, order):
    return state.orders.due_s[order]


def kinds(results):
    return [event.kind for result in results for event in result.events]


def test_a_tsunami_orders_the_danger_zone_out_within_minutes_and_lifts_it_later():
    constants = wet()
    state, results = run(constants, calm(tsunami_warning=np.array([2.0, 1.0, 0.0, 0.0])), 1800, dt_s=60)
    ordered = results[-1].outputs["evacuation_order_fraction"]
    np.testing.assert_allclose(ordered, [0.75, 0.75, 0.0, 0.0])
    assert (out_s(state, Order.TSUNAMI)[:2] < 900).all()
    lines = [event for result in results for event in result.events if event.kind == "evacuation_ordered"]
    assert {(line.row, line.time_s) for line in lines} == {(k, int(out_s(state, Order.TSUNAMI)[k])) for k in (0, 1)}
    state, results = run(constants, calm(), 1800 + 2 * HOUR_S, state=state)
    assert results[-1].outputs["evacuation_order_fraction"][0] == pytest.approx(0.75)
    state, results = run(constants, calm(), 1800 + 6 * HOUR_S, state=state)
    assert not results[-1].outputs["evacuation_order_fraction"].any()
    assert kinds(results).count("order_lifted") == 2
    assert np.isnan(state.shelters_target).all()


def test_each_level_calls_its_own_people():
    state, results = run(wet(), river(2, 3, 4, 5), 6 * HOUR_S)
    last = results[-1].outputs
    assert last["flood_call"].tolist() == [0.0, 3.0, 4.0, 5.0]
    np.testing.assert_allclose(last["evacuation_order_fraction"], [0.0, 0.0, 0.75, 0.0])
    assert state.headquarters[:N_TOWN].tolist() == [0, 1, 1, 1]
    assert {"flood_call_3", "flood_call_4", "flood_call_5", "evacuation_ordered"} <= set(kinds(results))


def test_a_call_takes_twice_as_long_at_night():
    constants = wet(night_factor=2.0)
    state, _ = run(constants, river(0, 0, 0, 0), NIGHT_S)
    night = out_s(run(constants, river(4, 4, 4, 0), NIGHT_S + 6 * HOUR_S, state=state)[0], Order.LEVEL_4)
    day = out_s(run(constants, river(4, 4, 4, 0), 6 * HOUR_S)[0], Order.LEVEL_4)
    heard_day = 600 + 20
    took_night, took_day = night[:3] - NIGHT_S - heard_day, day[:3] - heard_day
    np.testing.assert_allclose(took_night / took_day, 2.0, atol=0.2)


def test_reluctant_towns_wait_for_one_level_more():
    common = {"night_factor": 1.0}
    assert (
        orders.decide_flood_call(Order.LEVEL_4, 4.0, 100, 0.0, True, 1.0, PARAMS)
        == NEVER
        != orders.decide_flood_call(Order.LEVEL_4, 4.0, 100, 0.0, False, 1.0, PARAMS)
    )
    share = [
        np.mean(run(wet(reluctance_fraction=f, **common), river(3, 3, 3, 3), 6 * HOUR_S)[0].orders.due_s[1] >= 0)
        for f in (0.0, 0.8)
    ]
    assert share[0] == 1.0 > share[1]


def test_a_call_prepared_is_dropped_when_the_river_falls_and_lifted_when_it_was_out():
    constants = wet(order_spread=0.1)
    state, _ = run(constants, river(3, 0, 0, 0), 1200)
    assert out_s(state, Order.LEVEL_3)[0] > 1200
    state, results = run(constants, river(1, 0, 0, 0), 4 * HOUR_S, state=state)
    assert "flood_call_3" not in kinds(results)
    state, results = run(constants, river(3, 0, 0, 0), 7 * HOUR_S, state=state)
    assert results[-1].outputs["flood_call"][0] == 3.0
    state, results = run(constants, river(1, 0, 0, 0), 14 * HOUR_S, state=state)
    assert "flood_call_lifted" in kinds(results)
    assert results[-1].outputs["flood_call"][0] == 0.0


def test_a_call_overtaken_by_a_higher_one_is_not_given_any_more():
    state, results = run(wet(flood_call_s=[21600.0, 20000.0, 60.0], order_spread=0.1), river(5, 0, 0, 0), 12 * HOUR_S)
    assert "flood_call_5" in kinds(results)
    assert not {"flood_call_3", "flood_call_4", "evacuation_ordered"} & set(kinds(results))
    assert out_s(state, Order.LEVEL_4)[0] == NEVER


def test_an_order_on_the_forecast_is_out_at_its_instant_where_people_are_in_danger():
    at_s = 5 * HOUR_S
    constants = wet(flood_order_at_s=at_s)
    state, results = run(constants, river(0, 0, 0, 0), at_s)
    assert out_s(state, Order.LEVEL_4).tolist() == [at_s, at_s, at_s, NEVER]
    assert (out_s(state, Order.LEVEL_3)[:3] == at_s - constants.params.forecast_level_3_s).all()
    np.testing.assert_allclose(results[-1].outputs["evacuation_order_fraction"], [0.75, 0.75, 0.75, 0.0])
    assert not results[-2].outputs["evacuation_order_fraction"].any()
    state, results = run(constants, river(0, 0, 0, 0), at_s + 26 * HOUR_S, state=state)
    assert not results[-1].outputs["evacuation_order_fraction"].any()


@pytest.mark.parametrize("advance_s", [HOUR_S, 3 * HOUR_S])
def test_the_lever_orders_as_much_earlier_as_it_says(advance_s):
    quiet_hours = 7 * HOUR_S

    def ordered_s(**values):
        state, _ = run(wet(**values), river(0, 0, 0, 0), quiet_hours)
        return int(out_s(run(wet(**values), river(4, 0, 0, 0), 11 * HOUR_S, state=state)[0], Order.LEVEL_4)[0])

    by_level = ordered_s()
    assert ordered_s(flood_order_at_s=by_level - advance_s) == by_level - advance_s
    assert ordered_s(flood_order_at_s=10 * HOUR_S + by_level) == by_level


def test_halls_are_wanted_open_before_the_water_and_not_in_the_danger_zone():
    constants = wet()
    assert constants.land.safe_halls.tolist() == [2.0, 2.0, 2.0, 3.0]
    state, results = run(constants, river(3, 4, 0, 0), 4 * HOUR_S)
    assert state.shelters_target[:2].tolist() == [1.0, 2.0]
    assert np.isnan(state.shelters_target[2:]).all()
    assert "shelters_opened_ahead" in kinds(results)
    busy = river(3, 4, 0, 0) | {"shelters_unchecked_units": np.array([40.0, 40.0, 0.0, 0.0])}
    busy = {**busy, "shelter_staff_wanted_persons": np.array([9.0, 9.0, 0.0, 0.0])}
    _, results = run(constants, busy, 8 * HOUR_S)
    staffed = results[-1].outputs["shelter_staff_persons"]
    assert (staffed[:2] > 0).all()
    checks = sum(result.outputs["shelter_checks_units"] for result in results)
    _, slow = run(wet(check_unshaken_s=1800.0), busy, 8 * HOUR_S)
    assert checks[0] > sum(result.outputs["shelter_checks_units"] for result in slow)[0]


def test_staff_come_when_called_and_are_there_in_office_hours():
    called = np.array([-1, 0, 0])
    at = [staff.readiness(called, t, 0, PARAMS) for t in (0, HOUR_S, 6 * HOUR_S)]
    np.testing.assert_allclose(at[0], PARAMS.night_watch)
    assert (np.diff([row[1] for row in at]) > 0).all()
    assert at[2][0] == PARAMS.night_watch < at[1][1] < at[2][1] <= 1.0
    np.testing.assert_array_equal(staff.readiness(called, 12 * HOUR_S, 0, PARAMS), 1.0)


def test_the_hall_at_night_is_thin_until_the_warning_calls_its_people_in():
    constants = wet()
    people = calm(shelter_staff_wanted_persons=np.full(N_TOWN, 50.0))
    state, results = run(constants, people, NIGHT_S)
    before = results[-1].outputs["shelter_staff_persons"]
    warned = {**people, "flood_warning": np.array([3.0, 0.0, 0.0, 0.0])}
    _, results = run(constants, warned, NIGHT_S + 3 * HOUR_S, state=state)
    after = results[-1].outputs["shelter_staff_persons"]
    assert after[0] > 2.0 * before[0]
    assert after[1] == pytest.approx(before[1])
