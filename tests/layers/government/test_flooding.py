"""Flooded homes: listed where the water has gone, reported late, counted a third for the Disaster Relief Act."""

from functools import cache

import numpy as np
import pytest

from layers.government import LAYER, flooding
from layers.government.known import Holder, Q
from layers.government.triggers import Call
from tests.layers.government.place import N_TOWN, PARAMS, calm, clock, run, wet

HOUR_S, DAY_S = 3600, 86400
FLOODED = np.array([900.0, 0.0, 0.0, 0.0])
SOON = {"flood_count_begin_s": 21600.0, "count_begin_spread": 0.1}
UNDER = np.where(np.arange(16) < 4, 1.0, 0.0)


@cache
def after(days, under=False):
    ground = UNDER if under else np.zeros(16)
    return run(wet(**SOON), calm(buildings_flooded=FLOODED, water_depth_m=ground), days * DAY_S, dt_s=1800)


def test_homes_are_listed_only_where_the_water_has_gone():
    dry, results = after(2)
    assert dry.flooding.listed[0] > 100
    assert [event.row for result in results for event in result.events if event.kind == "flooded_homes_listed"] == [0]
    wet_ground = after(2, under=True)[0]
    land = wet().land
    still = flooding.still_wet(land, UNDER, N_TOWN, PARAMS)
    np.testing.assert_allclose(still, [800.0, 0.0, 0.0, 0.0])
    assert wet_ground.flooding.listed[0] < min(dry.flooding.listed[0], 101.0)


def test_nothing_is_listed_before_the_survey_begins_and_a_bigger_flood_begins_it_anew():
    constants = wet(**SOON)
    state, _ = run(constants, calm(buildings_flooded=np.array([20.0, 0, 0, 0])), 4 * HOUR_S)
    first_s = state.flooding.since_s[0]
    assert first_s == 600
    assert not state.flooding.listed.any()
    state, _ = run(constants, calm(buildings_flooded=FLOODED), 5 * HOUR_S, state=state)
    assert state.flooding.since_s[0] == 4 * HOUR_S + 600
    assert state.flooding.since_homes[0] == 900.0


def test_true_floods_reach_the_prefecture_by_report_only():
    state, _ = after(1)
    assert np.nan_to_num(LAYER.measure(wet(), state)["reported.buildings_flooded"]).sum() < 900
    one, other = (
        LAYER.step(wet(**SOON), state, calm(buildings_flooded=FLOODED * factor), clock(state.now_s, 60))
        for factor in (1.0, 1.9)
    )
    for name, array in one.outputs.items():
        np.testing.assert_array_equal(other.outputs[name], array, err_msg=name)
    np.testing.assert_array_equal(one.state.known.value, other.state.known.value)


def test_the_report_follows_the_list():
    state, _ = after(3)
    told = state.known.value[Holder.PREFECTURE, Q.HOMES_FLOODED]
    assert 0 < told[0] <= state.flooding.listed[0]
    assert LAYER.measure(wet(), state)["reported.buildings_flooded"][0] > 0


@pytest.mark.parametrize(
    ("full", "half", "flooded", "applies"),
    [(0, 0, 239, False), (0, 0, 240, True), (79, 2, 0, True), (79, 1, 0, False), (40, 40, 60, True)],
)
def test_relief_act_counts_halves_and_thirds(full, half, flooded, applies):
    counts = (np.array([float(value), np.nan]) for value in (full, half, flooded))
    assert flooding.decide_relief(*counts, np.array([60_000.0, 4_000.0]), PARAMS) is applies


def test_the_number_is_halved_where_the_region_has_passed_its_own():
    population = np.full(40, 60_000.0)
    flooded = np.full(40, 3 * 39.0)
    assert not flooding.decide_relief(np.zeros(40), np.zeros(40), flooded, population, PARAMS)
    flooded[0] = 3 * 45.0
    assert not flooding.decide_relief(np.zeros(40), np.zeros(40), flooded, population, PARAMS)
    full = np.where(np.arange(40) == 1, 79.0, 20.0)
    assert not flooding.decide_relief(full, np.zeros(40), flooded * 0, population, PARAMS)
    assert flooding.decide_relief(full, np.zeros(40), flooded, population, PARAMS)


def test_the_governor_applies_the_act_on_reported_floods():
    state, results = after(3)
    due_s = state.calls_due_s[Call.RELIEF_ACT]
    assert due_s > DAY_S / 2
    assert (np.delete(state.calls_due_s, Call.RELIEF_ACT) == -1).all()
    line = next(event for result in results for event in result.events if event.kind == "relief_act_applied")
    assert line.causes == (("buildings_flooded", 0),)
    none = after(2, under=True)[0]
    assert none.calls_due_s[Call.RELIEF_ACT] == -1
