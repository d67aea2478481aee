"""Search, extraction and large sites: nobody is freed twice, truth is met only at the end of the work."""

import numpy as np
import pytest

from layers.rescue import dwellings, sites
from layers.rescue.codes import Task
from layers.rescue.keys import mission_keys
from tests.layers.rescue import small
from twin.contract import Clock

CELL = 3


def _run(hours, trapped, calls_until_h=1.0, dt_s=600, given=None, **inputs):
    """Let the layer work on people trapped in one cell; returns (states, freed so far, people left)."""
    state, freed, left = small.start(), 0.0, float(trapped)
    time_s, step_s = 0, 60
    while time_s < hours * 3600:
        calls = 1.0 if time_s < calls_until_h * 3600 else 0.0
        inside = small.calm(
            trapped_persons=small.in_cell(CELL, left), trapped_calls=small.in_cell(CELL, calls), **inputs
        )
        result = small.do(state, inside, time_s, step_s, given)
        state, now = result.state, result.outputs["freed_persons"]
        assert now.sum() <= left
        freed, left = freed + now.sum(), left - now.sum()
        time_s, step_s = time_s + step_s, dt_s - 60 if time_s == 0 else dt_s
    return state, freed, left


def test_callers_are_found_and_freed():
    state, freed, left = _run(24, 4)
    assert freed >= 3
    assert freed + left == 4
    assert state.counts.rescued.sum() == freed
    assert 0 <= state.counts.rescued_fire.sum() <= freed


def test_false_places_end_in_nothing():
    state, freed, _ = _run(10, 0)
    assert freed == 0
    assert state.counts.negatives.sum() > 0


def test_finds_barely_depend_on_the_step():
    coarse, fine = (_run(20, 6, dt_s=dt)[1] for dt in (600, 300))
    assert abs(coarse - fine) <= 1


def test_without_calls_search_finds_people_under_collapsed_houses():
    def found(**inputs):
        return _run(30, 5, calls_until_h=0.0, **inputs)[1]

    assert found(buildings_collapsed=small.in_cell(CELL, 12.0)) > 0
    assert found() == 0


def test_better_detection_finds_more():
    keys = mission_keys(np.arange(1, 400), Task.SEARCH, 0)
    low, high = (
        sum(
            dwellings._seen(small.given(detection_per_crew_h=p), Task.SEARCH, keys[i : i + 1], 3, small.CHANCE)
            for i in range(len(keys))
        )
        for p in (0.1, 0.5)
    )
    assert high > 1.5 * low


def test_night_and_stopped_work_hold_patrols_up():
    given, search = small.given(), small.start().search
    day = dwellings.patrol(given, search, small.calm(), 7200, 600)
    night = dwellings.patrol(given, search, small.calm(daylight=0.0), 7200, 600)
    stopped = dwellings.patrol(given, search, small.calm(work_stopped=1.0), 7200, 600)
    assert (day.effort_s > night.effort_s).all()
    thick = dwellings.patrol(given, search, small.calm(search_priority=2.0), 7200, 600)
    assert thick.effort_s == pytest.approx(2.0 * day.effort_s)
    assert stopped.effort_s.sum() == 0


def test_site_crews_are_limited_and_end_after_empty_pockets():
    limit, negatives = np.array([15.0, 4.0, 4.0, 4.0]), np.array([0, 0, 0, 2])
    wanted = sites.decide_crews(np.array([60.0, 60.0, 0.0, 5.0]), negatives, limit, 2.0, 2.0)
    assert wanted.tolist() == [15.0, 4.0, 1.0, 0.0]


def test_a_large_site_is_reported_worked_on_and_emptied():
    given, trapped = small.given(), np.zeros(len(small.given().site_keys))
    trapped[0] = 8.0
    state, freed, time_s = small.start(), 0.0, 0
    for step_s in (60, 540, *[600] * 400):
        inputs = small.calm(site_trapped_persons=trapped, site_damage_fraction=(trapped > 0) * 0.3, fire_aid_called=1.0)
        result = small.do(state, inputs, time_s, step_s)
        state, now = result.state, result.outputs["site_freed_persons"]
        assert (now <= trapped).all()
        running = (state.missions.kind == Task.SITE) & (state.missions.phase < 3)
        assert running.sum() <= given.params.site_crews_limit
        trapped, freed, time_s = trapped - now, freed + now.sum(), time_s + step_s
    assert freed >= 6
    assert state.counts.rescued.sum() == freed


def test_changed_truth_without_a_call_changes_no_mission():
    def missions(trapped):
        state = small.do(small.start(), small.calm(trapped_persons=small.in_cell(CELL, trapped)), 0, 60).state
        calls = small.in_cell(CELL, 5.0)
        inputs = small.calm(trapped_persons=small.in_cell(CELL, trapped), trapped_calls=calls)
        return small.do(state, inputs, 60, 540).state.missions

    none, many = missions(0.0), missions(50.0)
    assert np.array_equal(none.key, many.key)
    assert np.array_equal(none.priority, many.priority)


def test_strong_aftershock_holds_extraction_up():
    _, freed, _ = _run(8, 4, work_stopped=1.0)
    assert freed == 0


def test_clock_and_arguments_stay_untouched():
    state, inputs = small.start(), small.calm(trapped_calls=small.in_cell(CELL, 3.0))
    before = {name: array.copy() for name, array in inputs.items()}
    clock = Clock(0, 60, small.world().origin, small.CHANCE)
    small.do(state, inputs, clock.start_s, clock.dt_s)
    assert all(np.array_equal(before[name], inputs[name]) for name in before)
    assert len(state.missions) == 0
