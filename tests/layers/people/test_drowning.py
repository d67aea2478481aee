"""Shares of people who die by depth: end points, storeys, age, care; never less in deeper water."""

import numpy as np
import pytest

from layers.people import drowning
from tests.layers.people.small import PARAMS, begin, small_world

DEPTHS_M = np.linspace(0.0, 12.0, 121)


def settled(kind="sea", **options):
    return begin(small_world(water=kind, **options))[0].water


def alive(kind, depth_m, care=0, **params):
    at = settled(kind, care=care)
    rows = np.zeros(np.size(depth_m), dtype=np.int64)
    return drowning.alive_fraction(PARAMS.replace(params), at, rows, np.atleast_1d(depth_m))


def test_a_world_without_a_water_grid_has_no_settled_patches():
    assert begin(small_world())[0].water is None


def test_only_patches_with_homes_are_settled():
    at = settled()
    assert at.patch.tolist() == [row for row in range(18) if row % 3 != 2]
    assert np.allclose(np.bincount(at.cell, at.share), 1.0)


def test_groups_share_out_everybody():
    at = settled(care=200)
    rows = np.arange(len(at.patch))
    assert sum(share for share, _ in drowning.groups(PARAMS, at, rows)) == pytest.approx(1.0)
    assert at.care[0] == pytest.approx(200 / 1500)


def test_those_caught_die_from_a_third_of_a_metre_to_one():
    risk = drowning.caught_fraction(PARAMS, np.array([0.2, 0.3, 0.65, 1.0, 5.0]))
    assert risk == pytest.approx([0.0, 0.0, 0.5, 1.0, 1.0])


def test_the_normal_curve_crosses_the_line_in_the_middle():
    normal = PARAMS.replace({"caught_linear_weight": 0.0})
    low, high = (drowning.caught_fraction(normal, np.array([depth_m]))[0] for depth_m in (0.45, 0.9))
    assert low < drowning.caught_fraction(PARAMS, np.array([0.45]))[0]
    assert high > drowning.caught_fraction(PARAMS, np.array([0.9]))[0]


@pytest.mark.parametrize("kind", ["sea", "river"])
def test_deeper_water_never_spares_more(kind):
    share = alive(kind, DEPTHS_M)
    assert share[0] == 1.0
    assert np.all(np.diff(share) <= 1e-12)
    assert share[-1] < (0.35 if kind == "sea" else 0.98)


def test_without_anybody_below_only_upper_floors_count():
    safe = {"aged_ground_fraction": 0.1, "single_storey_wood_fraction": 0.05, "nonwood_ground_fraction": 0.1}
    low, below = (
        drowning.at_home_fraction(PARAMS, np.array([2.5]), drowning.Group(drowning.WOOD, 2, stays), sea=False)[0]
        for stays in (False, True)
    )
    assert low == pytest.approx(0.03 * 0.00023)
    assert below == pytest.approx(0.03 * 0.9175)
    assert alive("river", 2.5, **safe)[0] > alive("river", 2.5)[0]
    assert not settled("river").sea


def test_a_flooded_care_home_loses_a_fifth():
    group = drowning.Group(drowning.CONCRETE, 1, True, care=True)
    assert drowning.at_home_fraction(PARAMS, np.array([3.0]), group, sea=False)[0] == pytest.approx(14 / 65, abs=0.002)


def test_care_homes_and_the_old_die_first():
    assert alive("river", 2.5, care=400)[0] < alive("river", 2.5)[0] - 0.04
    assert alive("sea", 1.5, care=400)[0] < alive("sea", 1.5)[0] - 0.1


def test_the_sea_carries_wooden_homes_off_and_leaves_concrete():
    wood, concrete = (
        drowning.at_home_fraction(PARAMS, np.array([3.0]), drowning.Group(kind, 2, False), sea=True)[0]
        for kind in (drowning.WOOD, drowning.CONCRETE)
    )
    assert 0.1 < wood < 0.5
    assert concrete < 0.1
    assert (
        wood > drowning.at_home_fraction(PARAMS, np.array([3.0]), drowning.Group(drowning.WOOD, 2, False), sea=False)[0]
    )
