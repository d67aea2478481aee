"""The staff budget."""

import numpy as np
import pytest

from layers.government import staff
from layers.government.staff import Duty
from tests.layers.government.place import PARAMS


def granted(available, shelter_staff, waiting=0.0, unchecked=0.0):
    one = np.array([float(available)])
    wanted = staff.wanted_persons(
        np.array([3.0]),
        np.array([1000.0]),
        np.array([shelter_staff]),
        np.array([unchecked]),
        np.array([waiting]),
        one,
        PARAMS,
    )
    return staff.allocate(one, wanted, PARAMS)[0]


def test_no_more_people_than_there_are():
    for shelters in (0.0, 30.0, 500.0):
        assert granted(100, shelters, 5000.0, 50.0).sum() <= 100.0 + 1e-9


def test_shelters_take_people_from_counting():
    few, many = granted(100, 10.0), granted(100, 45.0)
    assert many[Duty.SHELTERS] > few[Duty.SHELTERS]
    assert many[Duty.COUNTING] < few[Duty.COUNTING]


def test_calls_take_people_from_counting():
    assert granted(100, 10.0, waiting=2000.0)[Duty.COUNTING] < granted(100, 10.0)[Duty.COUNTING]


def test_fewer_officials_at_work_means_fewer_on_duty():
    def free(attendance, able=1.0):
        return staff.available_persons(np.array([400.0]), attendance, able, np.zeros(1), PARAMS)[0]

    assert free(0.5) == pytest.approx(free(1.0) / 2)
    assert free(1.0, 0.4) == pytest.approx(0.4 * free(1.0))


def test_unanswered_calls_are_given_up_and_staff_shortens_the_queue():
    waiting = np.array([500.0])
    alone = staff.answer(waiting, np.zeros(1), np.zeros(1), 7200, PARAMS)
    assert alone[0] == pytest.approx(500.0 * np.exp(-1.0))
    assert staff.answer(waiting, np.zeros(1), np.array([5.0]), 7200, PARAMS)[0] < alone[0]


def test_checks_are_whole_and_do_not_depend_on_the_step():
    def total(dt_s):
        left, carry, done = np.array([7.0]), np.zeros(1), 0.0
        for _ in range(21600 // dt_s):
            whole, left, carry = staff.checks_done(left, carry, np.array([3.0]), dt_s, PARAMS)
            assert whole[0] == np.floor(whole[0])
            done += whole[0]
        return done, left[0]

    assert total(600) == total(60) == (7.0, 0.0)


def test_support_arrives_over_days():
    target = np.array([30.0, 0.0])
    at = [staff.support_persons(target, 0, int(now_s), PARAMS)[0] for now_s in (0, 1e5, 2e5, 1e7)]
    assert at[0] == 0 < at[1] < at[2] < at[3] == 30.0
    assert staff.support_persons(target, -1, 10**7, PARAMS).sum() == 0
