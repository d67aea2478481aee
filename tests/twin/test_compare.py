"""Paired differences and tails against closed forms, and against what members say by themselves."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from twin import compare

members = arrays(float, st.integers(1, 40), elements=st.floats(-1e6, 1e6))


def test_the_tail_of_a_uniform_law():
    values = np.arange(1, 101) - 0.5
    assert compare.tail_mean(values, 0.05) == pytest.approx(np.mean([95.5, 96.5, 97.5, 98.5, 99.5]))
    assert compare.tail_mean(values, 0.05, worst_high=False) == pytest.approx(2.5)


def test_a_member_counts_in_part_where_the_tail_is_no_whole_number_of_members():
    values = np.arange(30.0)
    assert compare.tail_mean(values, 0.05) == pytest.approx((29 + 0.5 * 28) / 1.5)
    assert compare.tail_mean(np.array([4.0]), 0.05) == 4.0


def test_the_range_of_the_mean_holds_it_as_often_as_it_says():
    draws = np.random.default_rng(1).normal(3.0, 2.0, (4000, 8))
    ranges = np.array([compare.mean_range(row) for row in draws])
    held = ((ranges[:, 0] <= 3.0) & (ranges[:, 1] >= 3.0)).mean()
    assert held == pytest.approx(0.95, abs=0.012)


def test_ranges_over_members_hold_the_share_they_name():
    values = np.random.default_rng(2).normal(size=20_000)
    told = compare.spread(values)
    assert told.range80 == pytest.approx((-1.2816, 1.2816), abs=0.03)
    assert told.range95 == pytest.approx((-1.96, 1.96), abs=0.05)
    assert told.worst5 == pytest.approx(2.063, abs=0.03)  # phi(1.645) / 0.05


def test_pairing_sees_an_effect_that_two_separate_means_do_not():
    noise = np.random.default_rng(3).normal(0, 100, 20)
    base, branch = noise, noise - 1 + np.random.default_rng(4).normal(0, 0.1, 20)
    assert compare.difference(base, branch).verdict == "better"
    assert compare.difference(base, branch, "more").verdict == "worse"
    assert compare.difference(base, branch, "").verdict == "changed"
    apart = compare.difference(base, np.random.default_rng(5).permutation(branch))
    assert apart.verdict == "unclear"


@given(members)
def test_a_branch_is_the_same_as_itself(values):
    told = compare.difference(values, values)
    assert (told.mean, told.verdict, told.better_fraction) == (0.0, "same", 0.0)


@given(members, st.floats(1, 100))
def test_a_constant_gain_is_told_exactly(values, gain):
    told = compare.difference(np.zeros_like(values), np.full_like(values, -gain))
    assert told.mean == pytest.approx(-gain)
    assert told.range95 == pytest.approx((-gain, -gain))
    assert told.better_fraction == 1.0
    assert told.verdict == ("one-draw" if len(values) == 1 else "better")


@given(members)
def test_the_tail_is_the_worst_there_is(values):
    told = compare.spread(values)
    tolerance = 1e-9 * np.abs(values).max()
    assert told.range80[0] >= told.range95[0] - tolerance
    assert told.worst5 >= told.mean - tolerance
    assert told.worst5 <= values.max() + tolerance
    assert told.worst5 >= told.range80[1] - tolerance or len(values) < 20
