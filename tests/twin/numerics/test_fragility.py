"""Stored building curves against their anchors; tsunami table against the published medians."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from twin.errors import ParameterError
from twin.numerics import fragility as fr


@pytest.mark.parametrize("row", [0, 1, 3, 4])
def test_stored_collapse_curves_are_the_fit_of_their_anchors(row):
    points = [(x, p) for kind, x, p in fr.COLLAPSE_ANCHORS if kind == row]
    mean, sd = fr.fit_normal_curve(*zip(*points))
    assert fr.SHAKING_MEAN[row, 0] == pytest.approx(mean, abs=1e-3)
    assert fr.SHAKING_SD[row] == pytest.approx(sd, abs=1e-3)


def test_stored_curve_of_new_wood_passes_its_anchor():
    assert fr.SHAKING_SD[2] == fr.SHAKING_SD[1]
    assert fr.SHAKING_MEAN[2, 0] == pytest.approx(fr.mean_through(*fr.NEW_WOOD_ANCHOR, fr.SHAKING_SD[2]), abs=1e-3)
    step = fr.SHAKING_MEAN[1, 0] - fr.SHAKING_MEAN[1, 1]
    assert fr.SHAKING_MEAN[2, 0] - fr.SHAKING_MEAN[2, 1] == pytest.approx(step, abs=1e-9)


@pytest.mark.parametrize("row", fr.HALF_ANCHORS)
def test_stored_half_curves_pass_their_anchor(row):
    got = fr.shaking_damage_probability(fr.HALF_ANCHOR_INTENSITY)[row, 1]
    assert got == pytest.approx(fr.HALF_ANCHORS[row], abs=2e-3)
    assert fr.SHAKING_MEAN[row, 1] - fr.SHAKING_MEAN[row, 2] == pytest.approx(fr.PARTIAL_STEP)


def test_two_anchors_are_met_exactly():
    table = fr.shaking_damage_probability([6.25, 6.75])[..., 0]
    assert table[:, 0] == pytest.approx([0.18, 0.80], abs=2e-3)
    assert table[:, 3] == pytest.approx([0.029, 0.19], abs=2e-3)
    assert table[:, 4] == pytest.approx([0.006, 0.046], abs=2e-3)


@given(st.floats(0.0, 8.0), st.floats(0.001, 2.0))
def test_damage_grades_never_cross_and_rise_with_intensity(value, more):
    low, high = fr.shaking_damage_probability([value, value + more])
    assert np.all(np.diff(low, axis=-1) >= 0.0)
    assert np.all(high >= low)


@given(st.floats(5.0, 7.5))
def test_newer_buildings_are_never_weaker(value):
    total = fr.shaking_damage_probability(value)
    assert np.all(total[0] >= total[1])
    assert np.all(total[1] >= total[2])
    assert np.all(total[3] >= total[4])


def test_crossing_means_and_bad_anchors_are_refused():
    with pytest.raises(ParameterError, match="means"):
        fr.shaking_damage_probability(6.0, fr.SHAKING_MEAN[:, ::-1])
    with pytest.raises(ParameterError, match="anchors"):
        fr.fit_normal_curve([6.0, 6.0], [0.1, 0.2])


def test_capacity_reproduces_the_curve():
    quantile = (np.arange(20_000) + 0.5) / 20_000
    for grade in range(3):
        capacity = fr.intensity_that_breaks(quantile, 1, grade)
        share = np.mean(capacity <= 6.5)
        assert share == pytest.approx(fr.shaking_damage_probability(6.5)[1, grade], abs=1e-4)


def test_tsunami_medians_as_published():
    medians = {
        "wood": [0.96, 1.96, 2.19, 3.35],
        "rc": [1.17, 2.57, 6.95, 16.8],
        "steel": [1.07, 2.03, 4.30, 9.77],
    }
    for name, depths in medians.items():
        row = fr.TSUNAMI_TYPES.index(name)
        assert np.exp(fr.TSUNAMI_MU[row, 2:]) == pytest.approx(depths, rel=0.006)
        for grade, depth_m in enumerate(depths, start=2):
            raw_or_lower = fr.tsunami_damage_probability(depth_m, row)[grade]
            assert raw_or_lower == pytest.approx(0.5, abs=0.01)


def test_tsunami_running_minimum_acts_where_curves_cross():
    row = fr.TSUNAMI_TYPES.index("wood")
    table = fr.tsunami_damage_probability(0.5, row)
    assert table[4] == table[3]  # below 0.75 m the raw DS5 curve lies above DS4
    assert np.all(fr.tsunami_damage_probability([0.0, -1.0], row) == 0.0)


@given(st.floats(0.01, 30.0), st.floats(1.001, 3.0), st.integers(0, 9))
def test_tsunami_damage_is_ordered_and_rises_with_depth(depth_m, factor, row):
    low, high = fr.tsunami_damage_probability([depth_m, depth_m * factor], row)
    known = ~np.isnan(low)
    assert np.array_equal(known, ~np.isnan(fr.TSUNAMI_MU[row]))
    assert np.all(np.diff(low[known]) <= 0.0)
    assert np.all(high[known] >= low[known])


def test_fast_shaking_curves_are_the_exact_ones_within_1e_4():
    intensity = np.linspace(0.0, 12.0, 40_001)
    exact = fr.shaking_damage_probability(intensity)
    for row in range(len(fr.BUILDING_CLASSES)):
        fast = fr.buildings_by_shaking(intensity, np.full(intensity.size, row))
        assert np.abs(fast.T - exact[:, row]).max() < 1e-4
        assert np.all(np.diff(fast, axis=0) >= 0.0)
        assert np.all(np.diff(fast, axis=1) >= -1e-15)


def test_fast_tsunami_curves_are_the_exact_ones_within_1e_4():
    depth_m = np.concatenate([[-1.0, 0.0], np.geomspace(1e-6, 100.0, 20_001)])
    depth_m[-1] = 100.0
    for row in range(len(fr.TSUNAMI_TYPES)):
        exact = fr.tsunami_damage_probability(depth_m, row)
        fast = fr.buildings_by_tsunami(depth_m, np.full(depth_m.size, row)).T
        assert np.array_equal(np.isnan(fast), np.isnan(exact))
        assert np.nanmax(np.abs(fast - exact)) < 1e-4
        assert np.all(np.diff(fast[:, 3:], axis=1) <= 0.0)


def test_fast_curves_do_not_depend_on_how_buildings_are_cut_into_blocks():
    rng = np.random.default_rng(1)
    intensity, row = rng.uniform(4.0, 7.5, 2 * fr.BLOCK + 17), rng.integers(0, 5, 2 * fr.BLOCK + 17)
    whole = fr.buildings_by_shaking(intensity, row)
    tail = fr.buildings_by_shaking(intensity[fr.BLOCK - 3 :], row[fr.BLOCK - 3 :])
    assert np.array_equal(whole[:, fr.BLOCK - 3 :], tail)
    assert fr.buildings_by_shaking(np.empty(0), np.empty(0, int)).shape == (3, 0)


def test_fast_curves_take_other_means():
    mean = fr.SHAKING_MEAN + 0.2
    table = fr.curve_table(lambda nodes: fr.shaking_damage_probability(nodes, mean), 0.0, 12.0)
    got = fr.buildings_by_shaking(np.array([6.45]), np.array([0]), table)[:, 0]
    assert got == pytest.approx(fr.shaking_damage_probability(6.25)[0], abs=1e-4)


@pytest.mark.parametrize(
    ("measure", "value", "row"),
    [
        (fr.buildings_by_shaking, np.nan, 0),
        (fr.buildings_by_shaking, 13.0, 0),
        (fr.buildings_by_shaking, 6.0, 5),
        (fr.buildings_by_shaking, 6.0, -1),
        (fr.buildings_by_tsunami, np.nan, 0),
        (fr.buildings_by_tsunami, 101.0, 0),
    ],
)
def test_fast_curves_refuse_what_is_out_of_range(measure, value, row):
    with pytest.raises(ParameterError, match="building"):
        measure(np.array([1.0, value]), np.array([0, row]))
