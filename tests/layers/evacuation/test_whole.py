import numpy as np
import pytest

from layers.evacuation.whole import apportion, first_in_town, group

TOWN = np.array([0, 2, 0, 2, 2, 0])


@pytest.mark.parametrize("seed", range(20))
def test_parts_are_whole_add_up_and_never_exceed_their_weight(seed):
    rng = np.random.default_rng(seed)
    town = rng.integers(0, 5, 60)
    groups = group(town, 6)
    weight = rng.integers(0, 40, 60).astype(float)
    amount = np.floor(groups.sums(weight) * rng.random(6))
    parts = apportion(amount, weight, groups)
    assert np.array_equal(groups.sums(parts), amount)
    assert (parts >= 0).all()
    assert (parts <= weight).all()
    assert np.array_equal(parts, np.floor(parts))


def test_everyone_is_apportioned_when_the_amount_is_the_sum():
    groups = group(TOWN, 3)
    weight = np.array([3.0, 7.0, 1.0, 2.0, 9.0, 5.0])
    assert np.array_equal(apportion(groups.sums(weight), weight, groups), weight)


def test_sums_handle_towns_without_members_and_unsorted_rows():
    assert np.array_equal(group(TOWN, 4).sums(np.arange(6.0)), [7.0, 0.0, 8.0, 0.0])


def test_first_in_town_follows_the_rank():
    groups = group(TOWN, 3, rank=np.array([2.0, 0.0, 1.0, 1.0, 2.0, 0.0]))
    chosen = first_in_town(np.array([True, True, True, False, True, True]), np.array([2.0, 5.0, 1.0]), groups)
    assert chosen.tolist() == [False, True, True, False, False, True]
