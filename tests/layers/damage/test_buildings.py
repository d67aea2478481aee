"""Buildings: whole and nested counts, more shaking never heals, aftershocks only worsen what is damaged."""

from itertools import pairwise

import numpy as np
import pytest

from layers.damage import LAYER, buildings
from twin.chance import Chance
from twin.numerics import fragility
from twin.params import load

PARAMS = load(LAYER.params_file)
CHANCE = Chance(4)
N_CELL = 400
KEYS = np.arange(N_CELL) * 7919 + 13
STOCK = np.tile([40.0, 50.0, 60.0, 3.0, 15.0], (N_CELL, 1))
NO_LIQUEFACTION = np.zeros(N_CELL)
UNDAMAGED = np.zeros((N_CELL, 5, 3))


def damaged(intensity, params=PARAMS, before=UNDAMAGED):
    felt = np.full(N_CELL, intensity)
    probability = buildings.damage_probability(felt, felt, NO_LIQUEFACTION, params)
    return buildings.damaged_buildings(STOCK, KEYS, probability, before, CHANCE)


def test_counts_are_whole_nested_and_within_the_stock():
    count = damaged(6.4)
    assert np.array_equal(count, np.floor(count))
    assert np.all(np.diff(count, axis=-1) >= 0.0)
    assert np.all(count <= STOCK[..., None])


def test_counts_never_fall_when_intensity_grows():
    series = [damaged(i) for i in (4.5, 5.5, 6.0, 6.01, 6.5, 7.2)]
    assert all(np.all(after >= before) for before, after in pairwise(series))
    assert series[-1].sum() > series[0].sum()


def test_mean_count_is_the_expected_one():
    probability = buildings.damage_probability(np.full(1, 6.2), np.full(1, 6.2), np.zeros(1), PARAMS)[0]
    expected = (STOCK.sum(axis=0)[:, None] * probability).sum()
    assert damaged(6.2).sum() == pytest.approx(expected, rel=0.03)


def test_undamaged_stays_what_was_damaged():
    before = damaged(6.6)
    assert np.array_equal(damaged(5.0, before=before), before)


def test_retrofit_lowers_the_loss_of_the_same_houses():
    weak, strong = (damaged(6.4, PARAMS.replace({"retrofit_share": share})) for share in (0.0, 0.8))
    assert np.all(strong <= weak)
    assert strong[:, buildings.OLD_WOOD, 0].sum() < 0.5 * weak[:, buildings.OLD_WOOD, 0].sum()
    assert np.array_equal(strong[:, 1:], weak[:, 1:])


def test_the_published_anchor_holds_for_houses_to_1961():
    oldest_only = PARAMS.replace({"old_wood_later_share": 0.6, "retrofit_share": 0.0})
    oldest = fragility.shaking_damage_probability(np.array([6.25]))[:, 0, 0]
    mixed = buildings.old_wood_collapse(oldest, np.array([6.25]), oldest_only)
    assert oldest[0] == pytest.approx(0.18, abs=0.005)
    assert 0.4 * oldest[0] < mixed[0] < oldest[0]


def test_liquefied_ground_adds_damage():
    felt = np.full(N_CELL, 5.0)
    dry, wet = (buildings.damage_probability(felt, felt, np.full(N_CELL, s), PARAMS) for s in (0.0, 0.4))
    assert np.allclose(wet - dry, (1.0 - dry) * 0.4 * PARAMS.liquefaction_damage_fraction)


def test_a_first_shock_is_felt_as_it_is():
    felt = buildings.effective_intensity(np.zeros(3), np.zeros(3), np.array([5.0, 6.0, 6.8]), 0.25)
    assert felt.tolist() == [5.0, 6.0, 6.8]


def test_an_equal_aftershock_reaches_as_far_as_the_weakening():
    felt = buildings.effective_intensity(np.array([6.2]), np.array([6.2]), np.array([6.2]), 0.25)
    assert felt[0] == pytest.approx(6.45)


def test_weak_aftershocks_change_nothing():
    felt = buildings.effective_intensity(np.array([6.2]), np.array([6.2]), np.array([4.6]), 0.25)
    assert felt[0] == 6.2


def test_aftershocks_collapse_only_buildings_that_were_half_collapsed():
    peak = np.full(N_CELL, 6.3)
    first = damaged(6.3)
    effective = buildings.effective_intensity(peak, peak, peak, PARAMS.weakening_intensity)
    probability = buildings.damage_probability(effective, peak, NO_LIQUEFACTION, PARAMS)
    second = buildings.damaged_buildings(STOCK, KEYS, probability, first, CHANCE)
    wood = fragility.IS_WOOD
    assert second[..., buildings.TOTAL].sum() > first[..., buildings.TOTAL].sum()
    assert np.all(second[:, wood, buildings.TOTAL] <= first[:, wood, buildings.HALF])
    assert np.array_equal(second[..., buildings.PARTIAL], np.maximum(first[..., 2], second[..., 1]))


def test_the_weakening_stays_below_the_gap_between_grades():
    gap = fragility.SHAKING_MEAN[:, buildings.HALF]
    assert PARAMS.rows["weakening_intensity"].high < np.min(fragility.SHAKING_MEAN[:, buildings.TOTAL] - gap)


def test_fraction_of_nothing_is_nothing():
    assert buildings.fraction(np.array([0.0, 1.0]), np.array([0.0, 4.0])).tolist() == [0.0, 0.25]
