"""The call centre: queues, duplicates, false places, urgency."""

import inspect

import numpy as np
import pytest

from layers.rescue import allocation, dispatch, hospitals, scouting, sites
from layers.rescue.codes import Task
from layers.rescue.state import Calls
from tests.layers.rescue import small


def test_calls_beyond_the_desks_wait_or_give_up():
    given = small.given()
    state = small.start()
    arriving = np.zeros(given.n_cell)
    arriving[0] = 500.0
    dispatch_full = np.ones(given.n_town)
    calls, _ = dispatch.answer(given, state.calls, arriving, np.zeros(given.n_town), dispatch_full, 60)
    desks = max(given.population[given.cell_town[0]] * given.params.call_takers_per_person, 0.5)
    answered = desks * 60 / given.params.call_handling_s
    assert calls.answered[0] == pytest.approx(answered)
    assert calls.trapped[0] == pytest.approx((500 - answered) * np.exp(-60 / given.params.call_patience_s))


def test_a_broken_centre_answers_nobody():
    given, state = small.given(), small.start()
    calls, patients = dispatch.answer(
        given, state.calls, small.in_cell(0, 10.0), np.full(given.n_town, 5.0), np.zeros(given.n_town), 600
    )
    assert calls.answered.sum() == 0
    assert patients.sum() == 0


def test_more_desks_answer_more():
    state, full = small.start(), np.ones(small.given().n_town)
    few, many = (
        dispatch.answer(
            small.given(call_takers_per_person=desks), state.calls, small.in_cell(0, 300.0), 0 * full, full, 60
        )
        for desks in (2e-5, 3e-4)
    )
    assert few[0].answered.sum() < many[0].answered.sum()


def test_first_call_is_never_a_duplicate_and_half_of_the_places_are_false():
    given = small.given()
    before = small.start().calls
    after = Calls(before.trapped, before.ambulance, np.full(given.n_cell, 20.0), before.cases, before.reported)
    calls, told, number = dispatch.decide_cases(given, before, after, small.CHANCE)
    assert (calls.cases >= 1).all()
    assert calls.cases.sum() < 20 * given.n_cell * 0.75
    assert calls.reported.sum() / calls.cases.sum() == pytest.approx(2.0, rel=0.01)
    assert len(np.unique(told * 1000 + number)) == len(told)


def test_cases_do_not_depend_on_how_calls_are_split_over_steps():
    given = small.given()
    zero = small.start().calls

    def calls_with(answered, base):
        return Calls(base.trapped, base.ambulance, np.full(given.n_cell, answered), base.cases, base.reported)

    at_once, *_ = dispatch.decide_cases(given, zero, calls_with(6.0, zero), small.CHANCE)
    half, *_ = dispatch.decide_cases(given, zero, calls_with(3.0, zero), small.CHANCE)
    both, *_ = dispatch.decide_cases(given, half, calls_with(6.0, half), small.CHANCE)
    assert np.array_equal(at_once.reported, both.reported)


def test_heavier_towns_come_first_but_never_before_people_found():
    weight = np.array([0.25, 1.0, 4.0])
    locate = dispatch.decide_priority(np.full(3, Task.LOCATE), weight)
    assert (np.diff(locate) < 0).all()
    assert locate.min() > dispatch.decide_priority(np.array([Task.EXTRACT]), np.ones(1))[0]


def test_work_by_hand_is_slower():
    delay = dispatch.assign_delay_s(small.given(), np.array([1.0, 0.2]))
    assert delay[1] == 5 * delay[0]


def test_no_decision_sees_the_truth():
    for module in (dispatch, allocation, hospitals, scouting, sites):
        for name, function in inspect.getmembers(module, inspect.isfunction):
            if name.startswith("decide_"):
                assert not {"inputs", "trapped", "truth"} & set(inspect.signature(function).parameters), name
