"""Triggers by intensity and danger, mutual aid, evacuation orders."""

import numpy as np
import pytest

from layers.government import triggers
from layers.government.triggers import Aid, Call
from tests.layers.government.place import PARAMS

NONE = np.full(4, np.nan)


def called(intensity=NONE, trapped=NONE, deaths=NONE, evacuees=NONE, now_s=60, params=PARAMS, due_s=None):
    due_s = triggers.nothing_called() if due_s is None else due_s
    return triggers.decide_calls(due_s, intensity, trapped, deaths, evacuees, now_s, params)


def test_without_a_report_nobody_is_called():
    assert (called() == -1).all()


def test_strong_reported_shaking_calls_everyone_at_the_observed_times():
    due_s = called(np.array([np.nan, 6.5, 4.0, np.nan]))
    assert 3780 <= due_s[Call.SDF] <= 3900
    assert due_s[Call.FIRE_AID] < due_s[Call.SDF] < due_s[Call.NATIONAL_HEADQUARTERS]
    assert not triggers.in_force(due_s, Call.SDF, 3600)
    assert triggers.in_force(due_s, Call.SDF, 4200)


def test_danger_to_life_is_reason_enough_without_intensity():
    assert (called(trapped=np.array([np.nan, 12.0, np.nan, 0.0])) >= 0).all()
    assert (called(trapped=np.array([2.0, np.nan, 0.0, 0.0])) == -1).all()


def test_a_call_stands():
    due_s = called(np.full(4, 6.5))
    np.testing.assert_array_equal(called(NONE, due_s=due_s, now_s=9000), due_s)


def test_push_can_be_forbidden():
    strong = np.full(4, 6.5)
    assert called(strong)[Call.PUSH] == 60 + PARAMS.push_delay_s
    assert called(strong, params=PARAMS.replace({"push_allowed": 0}))[Call.PUSH] == -1


def test_known_evacuees_alone_start_the_push_only():
    due_s = called(evacuees=np.array([6000.0, 0.0, 0.0, 0.0]))
    assert due_s[Call.PUSH] >= 0
    assert due_s[Call.FIRE_AID] == -1


def test_aid_grows_with_the_known_outage_up_to_a_bound_and_does_not_fall():
    never, none = np.full(3, -1), np.zeros(3)
    crews = [
        triggers.decide_aid(never, none, np.array([out, 0.0, 0.0]), 60, PARAMS)[1][0] for out in (0, 2e4, 4e4, 9e5)
    ]
    assert crews[0] == 0 < crews[1] < crews[2] < crews[3] == PARAMS.aid_most_crews[0]
    called_s, crews_now = triggers.decide_aid(never, none, np.array([4e4, np.nan, 0.0]), 60, PARAMS)
    later = triggers.decide_aid(called_s, crews_now, np.array([100.0, np.nan, 0.0]), 9000, PARAMS)
    np.testing.assert_array_equal(later[1], crews_now)
    assert called_s.tolist() == [60, -1, -1]


def test_aid_crews_gather_over_time():
    called_s, crews = np.array([0, -1, -1]), np.array([100.0, 0.0, 0.0])
    at = [triggers.aid_present_crews(called_s, crews, int(now_s), PARAMS)[Aid.POWER] for now_s in (0, 6e4, 9e4, 1e7)]
    assert at[0] == 0 < at[1] < at[2] < at[3] == 100


@pytest.mark.parametrize(
    ("intensity", "population", "share"),
    [(np.nan, 1e4, 0.0), (5.0, 1e4, 0.0), (5.5, 1e4, 0.3), (6.0, 1e4, 1.0), (6.5, 7e5, 0.3)],
)
def test_orders_follow_known_intensity(intensity, population, share):
    assert triggers.decide_order_fraction(intensity, population, 0.3, PARAMS) == share


def test_requested_strength_counts_calls_in_force_only():
    due_s = triggers.nothing_called()
    due_s[Call.SDF] = 100
    assert triggers.requested_persons(due_s, 99, PARAMS) == 0
    assert triggers.requested_persons(due_s, 100, PARAMS) == PARAMS.requested_persons[Call.SDF]
