"""Priorities, silence, generator cars, consolidation: from what is known only."""

import numpy as np
import pytest

from layers.government import priorities
from tests.layers.government.place import PARAMS

NEIGHBOURS = np.array([[1, 2], [0, 2], [1, 3], [2, 1]])


def test_a_missing_intensity_is_estimated_from_neighbours_not_read_as_weak():
    known = np.array([6.0, np.nan, 6.6, np.nan])
    estimate = priorities.decide_intensity_estimate(known, NEIGHBOURS)
    np.testing.assert_allclose(estimate, [6.0, 6.3, 6.6, 6.6])
    assert np.isnan(priorities.decide_intensity_estimate(np.full(4, np.nan), NEIGHBOURS)).all()


def test_silence_grows_with_time_and_ends_with_a_report():
    heard = np.array([-1, 100])
    assert not priorities.decide_silent(heard, 1800.0, 3600, PARAMS).any()
    assert priorities.decide_silent(heard, 1800.0, 7260, PARAMS).tolist() == [True, False]
    assert priorities.decide_silent(np.array([7000, 100]), 1800.0, 9_300, PARAMS).tolist() == [False, True]


def test_only_silent_towns_believed_to_be_shaken_are_visited():
    wanted = priorities.decide_scouting(np.array([True, True, False]), np.array([6.0, 3.0, 6.0]), PARAMS)
    assert wanted.tolist() == [1.0, 0.0, 0.0]


def test_a_silent_shaken_town_weighs_more_than_one_that_reported_nothing_wrong():
    population, intensity = np.full(2, 1e4), np.full(2, 6.5)
    need = priorities.decide_need(
        np.array([np.nan, 0.0]), np.array([np.nan, 0.0]), intensity, population, np.array([True, False]), PARAMS
    )
    weight = priorities.decide_weights(need, population, PARAMS)
    assert weight[0] > weight[1]


def test_weights_are_equal_when_nothing_is_known_and_bounded_otherwise():
    population = np.array([1e3, 1e5])
    assert priorities.decide_weights(np.zeros(2), population, PARAMS).tolist() == [1.0, 1.0]
    weight = priorities.decide_weights(np.array([50.0, 0.0]), population, PARAMS)
    assert weight.tolist() == [PARAMS.weight_bounds[1], PARAMS.weight_bounds[0]]


def test_cars_never_exceed_fleet_approval_or_known_need():
    approved, wanted = np.array([5.0, 4.0, 3.0]), np.array([2.0, np.nan, 9.0])
    cars = priorities.decide_generator_cars(approved, wanted, np.array([1.0, 0.5, 2.0]), 6.0)
    assert cars.tolist() == [2.0, 1.0, 3.0]
    assert priorities.decide_generator_cars(approved, wanted, np.ones(3), 99.0).tolist() == [2.0, 4.0, 3.0]


def test_the_fleet_grows_as_observed():
    assert [priorities.fleet_units(int(h * 3600), PARAMS) for h in (0, 20, 38, 100)] == [8.0, 18.0, 82.0, 82.0]


@pytest.mark.parametrize(
    ("evacuees", "shelters", "target"),
    [(2062.0, 182.0, 77.0), (4000.0, 200.0, 84.0), (2887.0, 62.0, np.nan), (9.0, 3.0, np.nan), (np.nan, 50.0, np.nan)],
)
def test_consolidation_follows_the_known_head_count(evacuees, shelters, target):
    decided = priorities.decide_shelters_target(evacuees, shelters, 500.0, PARAMS)
    np.testing.assert_equal(decided, target)


def test_halls_kept_have_room_for_all_and_larger_halls_are_sooner_too_many():
    roomy = PARAMS.replace({"consolidation_least_fraction": 0.15})
    assert priorities.decide_shelters_target(2500.0, 182.0, 500.0, roomy) == np.ceil(2500.0 / (0.3 * 250.0))
    small, large = (priorities.decide_shelters_target(900.0, 50.0, floor_m2, PARAMS) for floor_m2 in (300.0, 900.0))
    assert np.isnan(small)
    assert large < 50.0


def test_missing_staff_makes_gathering_likelier():
    draws = np.linspace(0.01, 0.99, 99)
    enough, short = (
        sum(priorities.decide_gathering(draw, 20.0, granted, PARAMS) for draw in draws) for granted in (20.0, 10.0)
    )
    assert 0 < enough < short < len(draws)


def test_support_goes_to_the_hardest_hit_known():
    intensity = np.array([6.6, 5.6, np.nan, 4.0])
    target = priorities.decide_support(intensity, np.zeros(4), np.zeros(4), PARAMS)
    assert (target > 0).tolist() == [True, True, False, False]
