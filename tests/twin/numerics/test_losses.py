"""Casualties, pipes, roads and debris against the numbers and consistency checks of the sources."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from twin.errors import ParameterError
from twin.numerics import fragility, losses


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


def stock(n=1000, **columns):
    rng = np.random.default_rng(7)
    drawn = {
        "class_of_building": rng.integers(0, 5, n),
        "floor_area_m2": rng.uniform(40.0, 400.0, n),
        "indoor_persons": rng.uniform(0.0, 6.0, n),
        "indoor_ratio": rng.uniform(0.0, 1.0, n),
    }
    return losses.Stock(**{**drawn, **columns})


def test_losses_of_many_buildings_are_those_of_the_formulas_one_by_one():
    houses, crowding = stock(), 3.0
    intensity = np.random.default_rng(8).uniform(4.0, 7.5, 1000)
    got = losses.building_losses(intensity, houses, crowding)
    row = houses.class_of_building
    p = fragility.shaking_damage_probability(intensity)[np.arange(1000), row]
    total, half, wood = p[:, 0], p[:, 1] - p[:, 0], fragility.IS_WOOD[row]
    dead = np.where(
        wood,
        losses.deaths_wood_persons(total, houses.indoor_ratio),
        losses.deaths_non_wood_persons(total, houses.indoor_ratio, crowding, 1.0),
    )
    assert got.dead_persons == pytest.approx(dead, abs=1e-5)
    assert got.trapped_persons == pytest.approx(losses.trapped_persons(total, houses.indoor_persons), abs=1e-4)
    assert got.total_fraction + got.half_fraction + got.partial_fraction == pytest.approx(p[:, 2], abs=1e-4)
    kg = np.where(wood, losses.WOOD_DEBRIS_KG_PER_M2 * houses.floor_area_m2, losses.NON_WOOD_DEBRIS_KG)
    assert got.debris_kg == pytest.approx(losses.debris_kg(kg, 1.0, total, half), abs=1e-4 * kg.max())
    hurt = losses.injury_rate_fraction(total, half) * houses.indoor_persons
    severe = losses.severe_injuries_persons(total, houses.indoor_persons)
    assert got.severe_persons == pytest.approx(severe, abs=1e-4)
    assert got.injured_persons == pytest.approx(np.maximum(hurt, severe), abs=1e-4)


def test_empty_buildings_harm_nobody_and_still_make_debris():
    got = losses.building_losses(np.full(50, 7.0), stock(50, indoor_persons=np.zeros(50), indoor_ratio=np.zeros(50)))
    assert got.dead_persons.sum() == got.injured_persons.sum() == got.trapped_persons.sum() == 0.0
    assert np.all(got.debris_kg > 0.0)


def test_buildings_without_an_intensity_each_are_refused():
    with pytest.raises(ParameterError, match="every building"):
        losses.building_losses(np.full(49, 6.0), stock(50))
