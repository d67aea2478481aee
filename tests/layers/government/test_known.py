"""Known arrays: later as-of wins, silence stays silence."""

import numpy as np
import pytest

from layers.government.known import NEVER, Q, absorb, heard_s, information_age_s, nothing_known


def told(known, value, as_of_s, received_s, area=1, quantity=Q.DEATHS):
    one = np.array([0])
    return absorb(known, one, one + quantity, one + area, np.array([value]), as_of_s, received_s, 1)


def test_nothing_is_known_at_first():
    known = nothing_known(3, 5, 2)
    assert np.isnan(known.value).all()
    assert (known.received_s == NEVER).all()


def test_an_older_report_that_arrives_later_changes_nothing():
    known = told(nothing_known(2, len(Q), 3), 5.0, as_of_s=600, received_s=900)
    assert told(known, 2.0, as_of_s=300, received_s=1200) is known


def test_numbers_may_fall_when_a_newer_report_says_so():
    known = told(told(nothing_known(2, len(Q), 3), 5.0, 600, 900), 4.0, 700, 1000)
    assert known.value[0, Q.DEATHS, 1] == 4.0
    assert known.as_of_s[0, Q.DEATHS, 1] == 700


def test_of_two_messages_for_one_cell_the_later_as_of_stays_whatever_their_order():
    cell = np.array([0, 0])
    for order in ([0, 1], [1, 0]):
        value, as_of = np.array([1.0, 2.0])[order], np.array([100, 200])[order]
        known = absorb(nothing_known(1, 1, 1), cell, cell, cell, value, as_of, 300, 1)
        assert known.value[0, 0, 0] == 2.0


def test_nan_is_no_message():
    known = nothing_known(2, len(Q), 3)
    assert told(known, np.nan, 10, 20) is known


def test_arguments_are_untouched():
    known = nothing_known(2, len(Q), 3)
    told(known, 3.0, 10, 20)
    assert np.isnan(known.value).all()


def test_heard_looks_at_the_hall_itself():
    known = told(nothing_known(2, len(Q), 3), 3.0, 10, 20)
    assert (heard_s(known, 0) == NEVER).all()
    known = told(known, 1.0, 10, 30, quantity=Q.OFFICE_OK)
    assert heard_s(known, 0).tolist() == [NEVER, 30, NEVER]


def test_age_is_the_mean_over_what_was_heard():
    as_of_s = np.array([[100, NEVER], [300, NEVER]])
    age = information_age_s(as_of_s, 500)
    assert age[0] == pytest.approx(300.0)
    assert np.isnan(age[1])
