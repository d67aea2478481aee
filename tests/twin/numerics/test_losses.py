"""Casualties, pipes, roads and debris against the numbers and consistency checks of the sources."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from twin.numerics import losses


def test_deaths_bound_of_tokyo_2022():
    assert losses.deaths_wood_persons(68_938, 1.0) == pytest.approx(4660, abs=1)
    assert losses.deaths_non_wood_persons(1000, 0.5, 20.0, 2.0) == pytest.approx(0.0084 * 10 * 1000 * 0.5)


def test_injury_rate_at_its_joints():
    rate = losses.injury_rate_fraction
    assert rate(0.25, 0.0) == pytest.approx(0.030)
    assert rate(0.25 - 1e-9, 0.0) == pytest.approx(0.030)
    assert rate(0.25, 0.25) == pytest.approx(0.010)
    assert rate(0.25, 0.25 - 1e-9) == pytest.approx(0.010)
    assert rate(0.0, 0.0) == 0.0


def test_severe_and_trapped_are_linear_in_collapse_and_people():
    assert losses.severe_injuries_persons(0.1, 1000.0) == pytest.approx(3.09)
    assert losses.trapped_persons([0.1, 0.2], 1000.0) == pytest.approx([11.7, 23.4])


def test_kawakami_water_outage():
    breaks_per_m = np.array([0.05, 0.1, 0.2, 0.5, 1, 2]) / 1000
    wanted = [0.089, 0.180, 0.331, 0.591, 0.765, 0.880]
    assert losses.water_outage_fraction(breaks_per_m) == pytest.approx(wanted, abs=6e-4)
    assert losses.water_outage_fraction(0.0) == 0.0


def test_pipe_breaks_by_hand_and_below_the_threshold():
    assert losses.pipe_break_rate_per_m(0.65) * 1000 == pytest.approx(3.11e-3 * 50**1.30)
    assert losses.pipe_break_rate_2013_per_m(0.65) * 1000 == pytest.approx(9.92e-3 * 50**1.14)
    assert np.all(losses.pipe_break_rate_per_m([0.0, 0.1, 0.15]) == 0.0)
    assert losses.liquefaction_pipe_factor([0, 0.1, 5, 5.1, 15, 16]) == pytest.approx([1, 1.8, 1.8, 3.2, 3.2, 8.8])
    assert losses.PIPE_FACTOR.shape == (len(losses.PIPE_KINDS), 4)
    assert np.all(np.diff(losses.PIPE_FACTOR, axis=1) <= 0.0)


def test_road_blockage_by_width_class():
    got = losses.road_blocked_fraction([3.0, 3.5, 5.5, 13.0], 0.2, 0.1) * 100
    assert got == pytest.approx([0.9009 * 25 + 19.845, 0.3514 * 25 + 13.189, 0.2229 * 25 - 1.5026, 0.0])
    assert np.all(losses.road_blocked_fraction([3.0, 4.0, 6.0], 0.0, 0.0) == 0.0)
    assert losses.road_blocked_fraction(6.0, 0.05, 0.0) == 0.0


def test_debris_of_one_wooden_house():
    unit = losses.WOOD_DEBRIS_KG_PER_M2
    assert losses.debris_kg(losses.WOOD_FLOOR_M2, unit, 1, 0) == pytest.approx(41_250.0)
    assert losses.debris_kg(losses.WOOD_FLOOR_M2, unit, 0, 2) == pytest.approx(41_250.0)


@given(st.floats(0.16, 3.0), st.floats(0.01, 1.0))
def test_stronger_motion_never_breaks_fewer_pipes_or_dries_fewer_taps(pgv, more):
    few, many = losses.pipe_break_rate_per_m([pgv, pgv + more])
    assert few < many
    assert losses.water_outage_fraction(few) < losses.water_outage_fraction(many)


@given(st.floats(0.0, 0.5), st.floats(0.0, 0.5), st.floats(0.0, 0.5), st.sampled_from([3.0, 4.0, 8.0, 20.0]))
def test_more_damage_never_opens_a_road(collapse, half, more, width_m):
    before = losses.road_blocked_fraction(width_m, collapse, half)
    after = losses.road_blocked_fraction(width_m, collapse + more, half)
    assert before <= after <= 1.0
