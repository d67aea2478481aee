"""Formulas of the damage estimate: closed forms, joints, monotone laws."""

import numpy as np
import pytest

from layers.people import casualties
from layers.people.state import CAUGHT, KILLED, LIGHT, SEVERE
from tests.layers.people.small import PARAMS


def people_inside(home=1000.0, visitors=0.0):
    return casualties.indoors(
        PARAMS, np.array([800.0]), np.array([200.0]), np.array([home]), np.array([visitors]), np.array([0.5])
    )


def test_injury_rate_is_continuous_at_its_joints():
    for joint in (0.25, 0.375):
        low, high = casualties.injury_rate(np.array([joint - 1e-9, joint + 1e-9]))
        assert low == pytest.approx(high, abs=1e-8)
    assert casualties.injury_rate(np.array([0.1]))[0] == pytest.approx(0.012)


def test_indoor_people_at_home_follow_their_structure_and_never_exceed_the_limit():
    inside = people_inside(home=500.0)
    assert inside.wood_persons[0] == pytest.approx(400.0)
    assert inside.wood_ratio[0] == pytest.approx(0.5)
    assert people_inside(visitors=1e6).nonwood_ratio[0] == PARAMS.indoor_ratio_limit


def test_deaths_of_wood_are_the_published_coefficient_times_the_instant_share():
    tokyo = PARAMS.replace({"deaths_per_wood_building": 0.0676})
    deaths = casualties.collapse_deaths(tokyo, np.array([100.0]), np.array([0.0]), 1.0, people_inside())
    assert deaths[0] == pytest.approx(6.76 * PARAMS.instant_death_fraction)


def test_nonwood_deaths_scale_with_people_per_building():
    few, many = (
        casualties.collapse_deaths(PARAMS, np.array([0.0]), np.array([10.0]), ratio, people_inside())[0]
        for ratio in (1.0, 4.0)
    )
    assert many == pytest.approx(4.0 * few)


def test_trapped_and_free_severe_add_up_to_the_published_severe_rate():
    collapsed = np.array([0.1])
    none = np.zeros(1)
    harm = casualties.collapse_harm(PARAMS, (collapsed, none, collapsed), (none, none, none), people_inside())
    severe = harm[SEVERE, 0] + PARAMS.trapped_severe_fraction * harm[CAUGHT, 0]
    assert harm[CAUGHT, 0] == pytest.approx(PARAMS.trapped_per_person * 0.1 * 800.0)
    assert severe == pytest.approx(PARAMS.severe_per_person * 0.1 * 800.0)
    assert harm[KILLED, 0] == 0.0


def test_only_a_stronger_shock_than_before_hurts_by_falls():
    people = np.array([1e5])
    first = casualties.fall_harm(PARAMS, np.array([0.0]), np.array([6.0]), people)
    again = casualties.fall_harm(PARAMS, np.array([6.0]), np.array([5.8]), people)
    more = casualties.fall_harm(PARAMS, np.array([6.0]), np.array([6.5]), people)
    assert first[SEVERE, 0] + first[LIGHT, 0] == pytest.approx(PARAMS.fall_injury_fraction_at_6 * 1e5)
    assert again.sum() == 0.0
    assert more.sum() > 0.0


def test_weak_shocks_hurt_nobody():
    assert casualties.fall_rate(PARAMS, np.array([0.0, 4.0]))[1] == 0.0


def test_slide_injuries_are_a_fixed_multiple_of_deaths():
    harm = casualties.slide_harm(PARAMS, np.array([10.0]), np.array([1.0]), np.array([0.5]))
    assert harm[KILLED, 0] == pytest.approx(0.098 * 10.0 * 0.7 * 0.5)
    assert harm[SEVERE, 0] + harm[LIGHT, 0] == pytest.approx(1.25 * harm[KILLED, 0])


def test_fire_deaths_need_people_indoors():
    empty = casualties.fire_harm(PARAMS, np.array([5.0]), np.array([50.0]), np.array([0.0]))
    full = casualties.fire_harm(PARAMS, np.array([5.0]), np.array([50.0]), np.array([1.0]))
    assert empty.sum() == 0.0
    assert full[KILLED, 0] == pytest.approx(5 * PARAMS.deaths_per_ignition + 50 * PARAMS.deaths_per_burnt_building)
