"""Warnings on the dedicated line: heard after a delay, and no decision before."""

import numpy as np

from layers.government import LAYER, alerts
from layers.government.alerts import Warned
from layers.government.known import Holder, Q
from layers.government.triggers import Call
from tests.layers.government.place import CHANCE, N_TOWN, calm, clock, given, quiet, run, wet

MAJOR = calm(tsunami_warning=np.full(N_TOWN, 2.0))


def events(results, kind):
    return [event for result in results for event in result.events if event.kind == kind]


def test_a_warning_is_heard_after_the_line_and_by_every_holder():
    state, results = run(wet(), MAJOR, 600, dt_s=60)
    for holder in Holder:
        np.testing.assert_array_equal(alerts.level(state.alerts, holder, Warned.TSUNAMI), 2.0)
    heard_s = alerts.heard_s(state.alerts, Holder.HALLS, Warned.TSUNAMI)
    assert (heard_s > 60).all()
    assert (heard_s < 60 + 180).all()
    lines = events(results, "tsunami_warning_heard")
    assert sorted(line.time_s for line in lines) == sorted(heard_s.tolist())
    assert all(line.causes == (("tsunami_warning", line.row),) for line in lines)


def test_a_warning_that_has_not_arrived_changes_no_decision():
    constants = wet(alert_delay_s=300.0, alert_delay_spread=0.1)
    warned, silent = run(constants, MAJOR, 120, dt_s=60)[1][-1], run(constants, calm(), 120, dt_s=60)[1][-1]
    for name, array in silent.outputs.items():
        np.testing.assert_array_equal(warned.outputs[name], array, err_msg=name)
    assert not np.isnan(run(constants, MAJOR, 900, dt_s=60)[1][-1].outputs["shelters_target_units"][0])


def test_a_failed_receiver_and_a_dark_hall_hear_later():
    def heard_s(inputs=MAJOR, **values):
        return alerts.heard_s(run(wet(**values), inputs, 7200)[0].alerts, Holder.HALLS, Warned.TSUNAMI)

    usual = heard_s()
    assert (heard_s(alert_failed_fraction=0.15, alert_backup_s=3600.0) >= usual).all()
    keys = wet().office_keys[:N_TOWN]
    failed = CHANCE.uniform("government.alert_failed", keys, 0) < 0.15
    np.testing.assert_array_equal(heard_s(alert_failed_fraction=0.15, alert_backup_s=3600.0)[~failed], usual[~failed])
    dark = calm(tsunami_warning=MAJOR["tsunami_warning"], office_power=np.zeros(N_TOWN + 2))
    assert (heard_s(dark) > usual).all()


def test_a_major_warning_sets_up_headquarters_and_calls_forces_before_any_damage_is_known():
    state, results = run(wet(), MAJOR, 3600, dt_s=60)
    assert state.headquarters.tolist() == [1] * (N_TOWN + 2)
    due_s, params = state.calls_due_s, wet().params
    heard_s = alerts.heard_s(state.alerts, Holder.STATE, Warned.TSUNAMI).min()
    assert due_s[Call.SDF] == heard_s + params.major_call_delay_s[Call.SDF]
    assert due_s[Call.SDF] < due_s[Call.NATIONAL_HEADQUARTERS] < due_s[Call.FIRE_AID]
    assert due_s[Call.RELIEF_ACT] == -1
    assert events(results, "sdf_called")[0].causes == (("tsunami_warning", 0),)


def test_a_plain_warning_calls_no_forces_and_an_overflow_calls_boats():
    plain = run(wet(), calm(tsunami_warning=np.ones(N_TOWN)), 1800)[0]
    assert (plain.calls_due_s == -1).all()
    assert plain.headquarters.tolist() == [1] * N_TOWN + [1, 0]
    over = run(wet(), calm(flood_warning=np.array([5.0, 0, 0, 0])), 1800)[0]
    called = [Call.FIRE_AID, Call.POLICE_AID, Call.MEDICAL_AID, Call.SDF]
    assert np.flatnonzero(over.calls_due_s >= 0).tolist() == called
    assert over.headquarters.tolist() == [1, 0, 0, 0, 1, 0]


def test_search_goes_to_the_town_whose_river_overflowed():
    state, _ = run(wet(), calm(flood_warning=np.array([3.0, 5.0, 3.0, 0])), 1800)
    assert np.argmax(state.search_weight) == 1
    assert state.search_weight[1] > 1.0


def test_without_water_nothing_of_it_stirs():
    state, results = run(given(), quiet(), 12 * 3600, dt_s=1800)
    fresh = LAYER.start(given(), CHANCE)
    assert not state.alerts.n_issued.any()
    assert np.array_equal(state.orders.due_s, fresh.orders.due_s)
    assert (state.flooding.since_s == -1).all()
    assert not any(result.outputs["flood_call"].any() for result in results)
    assert np.isnan(state.known.value[:, Q.HOMES_FLOODED]).all()


def test_the_line_does_not_depend_on_the_step():
    ends = [run(wet(), MAJOR, 1200, dt_s)[0] for dt_s in (60, 30)]
    delays = [
        alerts.heard_s(end.alerts, Holder.HALLS, Warned.TSUNAMI) - dt_s
        for end, dt_s in zip(ends, (60, 30), strict=True)
    ]
    np.testing.assert_array_equal(*delays)


def test_a_step_repeats_while_warnings_are_on_the_line():
    constants = wet()
    state, _ = run(constants, MAJOR, 60, dt_s=60)
    first, second = (LAYER.step(constants, state, MAJOR, clock(60, 600)) for _ in range(2))
    np.testing.assert_array_equal(first.state.orders.due_s, second.state.orders.due_s)
    assert list(first.events) == list(second.events)
