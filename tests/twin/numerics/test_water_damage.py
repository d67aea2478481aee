"""Water damage against its sources' numbers, and the one order in which causes are counted."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from twin.errors import ParameterError
from twin.numerics import fragility
from twin.numerics import water_damage as water

SHARES = arrays(float, (2, 3), elements=st.floats(0.0, 1.0)).map(lambda p: np.sort(p, axis=-1))
DEPTHS = st.floats(0.0, 20.0)


def test_combine_by_hand():
    """Two causes of one grade, 0.5 and 0.4: the first takes 0.5, the second what the first has left, 0.2."""
    both = {"water": [0.4], "shaking": [0.5]}
    assert water.combine(both)["shaking"] == pytest.approx([0.5])
    assert water.combine(both)["water"] == pytest.approx([0.2])
    other = water.combine(both, ("water", "shaking"))
    assert other["water"] == pytest.approx([0.4])
    assert other["shaking"] == pytest.approx([0.3])


def test_a_graver_later_cause_takes_the_building_from_a_lighter_first_one():
    certain_half, certain_total = [0.0, 1.0, 1.0], [1.0, 1.0, 1.0]
    got = water.combine({"shaking": certain_half, "fire": certain_total})
    assert got["shaking"].tolist() == [0.0, 0.0, 0.0]
    assert got["fire"].tolist() == [1.0, 0.0, 0.0]


@given(st.dictionaries(st.sampled_from(water.ORDER), SHARES, min_size=1), st.permutations(water.ORDER))
def test_every_building_counts_once_in_any_order(causes, order):
    got = water.combine(causes, order)
    nothing = np.prod([1.0 - p[..., -1] for p in causes.values()], axis=0)
    total = sum(share.sum(axis=-1) for share in got.values())
    assert np.allclose(total, 1.0 - nothing, atol=1e-12)
    assert all(np.all(share >= 0.0) for share in got.values())
    by_grade = sum(got.values())
    default = sum(water.combine(causes).values())
    assert np.allclose(by_grade, default, atol=1e-12)  # the order moves causes, never grades


def test_combine_agrees_with_drawing_buildings():
    rng, n = np.random.default_rng(3), 400_000
    causes = {"slope": [0.1, 0.2, 0.3], "shaking": [0.2, 0.5, 0.7], "fire": [0.3, 0.3, 0.3]}
    grade = {cause: np.searchsorted(p, rng.random(n), side="right") for cause, p in causes.items()}  # 3: sound
    gravest = np.min(list(grade.values()), axis=0)
    left = gravest < 3
    for cause in [name for name in water.ORDER if name in causes]:
        mine = left & (grade[cause] == gravest)
        left = left & ~mine
        share = np.bincount(gravest[mine], minlength=3) / n
        assert share == pytest.approx(water.combine(causes)[cause], abs=4e-3)


@pytest.mark.parametrize(
    ("causes", "order"),
    [
        ({"meteorite": [0.1]}, water.ORDER),
        ({"water": [0.5, 0.1]}, water.ORDER),
        ({"water": [1.5]}, water.ORDER),
        ({"water": [np.nan]}, water.ORDER),
        ({"water": [0.1]}, ("water", "water")),
    ],
)
def test_combine_refuses_what_is_no_probability_or_no_order(causes, order):
    with pytest.raises(ParameterError, match=r"order|grade"):
        water.combine(causes, order)


def test_tsunami_types_by_structure_and_storeys():
    names = np.array(fragility.TSUNAMI_TYPES)
    assert names[water.tsunami_type(0, [0, 1, 2, 3, 9])].tolist() == [
        "wood", "wood_1_floor", "wood_2_floors", "wood_3_floors", "wood_3_floors",
    ]  # fmt: skip
    assert names[water.tsunami_type(1, [0, 2])].tolist() == ["rc", "rc_2_floors"]
    assert names[water.tsunami_type([2, 3], 5)].tolist() == ["steel", "masonry"]


@given(DEPTHS, st.integers(0, 3), st.integers(0, 5), st.floats(0.0, 3.0))
def test_tsunami_grades_are_ordered_and_rise_with_depth(depth_m, structure, storeys, more_m):
    low, high = water.tsunami_grade_probability([depth_m, depth_m + more_m], structure, storeys)
    assert np.all(np.diff(low) >= 0.0)
    assert np.all(high >= low)
    assert 0.0 <= low[0] <= high[-1] <= 1.0


def test_tsunami_total_collapse_is_the_fourth_class_of_the_paper():
    row = fragility.TSUNAMI_TYPES.index("wood_2_floors")
    depth_m = float(np.exp(fragility.TSUNAMI_MU[row, 3]))
    assert water.tsunami_grade_probability(depth_m, 0, 2)[0] == pytest.approx(0.5)
    assert water.tsunami_grade_probability(0.0, 0, 2).tolist() == [0.0, 0.0, 0.0]


def test_house_classes_at_their_edges():
    depth_m = np.array([0.0, 0.3, 0.5, 0.6, 0.99, 1.0, 1.5, 2.29, 2.3, 4.0])
    names = [water.HOUSE_CLASSES[row] for row in water.house_class(depth_m)]
    assert names[:5] == ["dry", "below_floor", "below_floor", "half", "half"]
    assert names[5:] == ["medium_half", "large_half", "large_half", "total", "total"]
    assert water.house_class(1.8 + 1.2, floor_height_m=1.2) == len(water.HOUSE_CLASSES) - 1
    assert water.damage_ratio([0.0, 0.4, 0.9, 1.2, 2.0, 3.0, 9.0]).tolist() == [0.0, 0.03, 0.19, 0.32, 0.49, 0.65, 0.84]


@given(DEPTHS, DEPTHS, st.floats(0.0, 1.5))
def test_deeper_water_or_a_lower_floor_never_harms_a_house_less(first_m, second_m, floor_m):
    low_m, high_m = sorted((first_m, second_m))
    for measure in (water.house_class, water.damage_ratio, water.flood_grade_probability):
        assert np.all(measure(low_m, floor_m) <= measure(high_m, floor_m))
        assert np.all(measure(low_m, floor_m + 0.3) <= measure(low_m, floor_m))


def test_flood_grades_are_half_where_the_mean_floor_meets_the_edge():
    total = water.flood_grade_probability(0.5 + 1.8)
    assert total == pytest.approx([0.5, 1.0, 1.0])
    assert water.flood_grade_probability([0.0, 0.5]) == pytest.approx(np.array([[0, 0, 0], [0, 0.5, 1.0]]), abs=1e-9)


def test_fast_water_carries_wooden_houses_off():
    depth_m, speed_m_per_s = np.array([2.5, 2.4, 0.625, 1.0]), np.array([1.0, 1.0, 2.0, 3.0])
    force = depth_m * speed_m_per_s**2
    assert water.washed_away(force).tolist() == [True, False, True, True]
    assert not water.washed_away(force, is_wood=False).any()


def test_depths_that_stop_people_and_cars():
    depth_m = np.array([0.1, 0.2, 0.3, 0.5, 0.6])
    assert water.drivable(depth_m).tolist() == [True, True, False, False, False]
    assert water.drivable(depth_m, underpass=True).tolist() == [True, False, False, False, False]
    assert water.walkable(depth_m).tolist() == [True, True, True, False, False]
    assert water.walkable(depth_m, frail=True).tolist() == [True, True, False, False, False]
    assert water.vehicle_stalls(depth_m).tolist() == [False, False, False, False, True]


def test_caught_in_the_open_as_in_the_national_estimates():
    depth_m, share = zip(*water.CAUGHT_ANCHORS)
    mean_m, sd_m = fragility.fit_normal_curve(depth_m, share)
    assert mean_m == pytest.approx(water.CAUGHT_MEAN_M, abs=1e-4)
    assert sd_m == pytest.approx(water.CAUGHT_SD_M, abs=1e-4)
    assert water.caught_death_fraction(depth_m) == pytest.approx(share, rel=0.2, abs=5e-4)
    assert water.caught_death_fraction([0.0, 0.29]).tolist() == [0.0, 0.0]
    assert water.caught_death_fraction(1.0) > 0.999
    assert water.caught_death_fraction_linear([0.2, 0.3, 0.65, 1.0, 2.0]) == pytest.approx([0.0, 0.0, 0.5, 1.0, 1.0])


def test_upper_floors_save_the_young_and_not_the_aged():
    safe, compromised, chance = water.HOME_DEATH_FRACTION
    young = water.home_death_fraction([0.4, 1.0, 1.8, 2.3, 4.0, 4.5, 5.0], 2, aged=False)
    assert young.tolist() == [0.0, safe, safe, safe, safe, compromised, chance]
    aged = water.home_death_fraction([0.4, 1.0, 1.8, 2.3, 4.0], 2, aged=True)
    assert aged.tolist() == [0.0, safe, compromised, chance, chance]


@given(DEPTHS, st.floats(0.0, 5.0), st.integers(1, 9), st.booleans())
def test_deaths_at_home_rise_with_depth_and_fall_with_storeys(depth_m, more_m, storeys, aged):
    rate = water.home_death_fraction
    assert rate(depth_m, storeys, aged) <= rate(depth_m + more_m, storeys, aged)
    assert rate(depth_m, storeys + 1, aged) <= rate(depth_m, storeys, aged) <= rate(depth_m, storeys, True)
