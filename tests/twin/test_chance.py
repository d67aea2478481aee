"""Keyed chance: uniform, independent of order and of other draws, fixed by its key."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from twin.chance import Chance, key_of, keys_of

KEYS = keys_of("cell", np.array([f"{n:08d}" for n in range(20000)]))


def test_draws_are_uniform_and_uncorrelated():
    chance = Chance(7)
    u, v = chance.uniform("a", KEYS), chance.uniform("b", KEYS)
    counts, _ = np.histogram(u, bins=20, range=(0, 1))
    assert ((counts - 1000) ** 2 / 1000).sum() < 43.8  # chi-square, 19 degrees of freedom, p = 0.001
    assert abs(np.corrcoef(u, v)[0, 1]) < 0.03
    assert abs(np.corrcoef(u, chance.uniform("a", KEYS, 1))[0, 1]) < 0.03


def test_consecutive_keys_do_not_show():
    u = Chance(1).uniform("row", np.arange(100000))
    assert abs(np.corrcoef(u[:-1], u[1:])[0, 1]) < 0.01


@given(st.integers(0, 2**40), st.integers(0, 99), st.permutations(range(50)))
def test_order_and_company_do_not_matter(seed, member, order):
    chance = Chance(seed, member)
    order = np.array(order)
    assert np.array_equal(chance.uniform("p", KEYS[:50])[order], chance.uniform("p", KEYS[:50][order]))
    assert chance.uniform("p", int(KEYS[3]))[0] == chance.uniform("p", KEYS[:50])[3]


def test_seed_member_purpose_and_occurrence_all_matter():
    base = Chance(1, 0).uniform("p", KEYS[:9])
    others = [
        Chance(2, 0).uniform("p", KEYS[:9]),
        Chance(1, 1).uniform("p", KEYS[:9]),
        Chance(1, 0).uniform("q", KEYS[:9]),
        Chance(1, 0).uniform("p", KEYS[:9], 1),
    ]
    assert all(not np.any(base == other) for other in others)


@given(st.floats(0, 50), st.floats(0, 50))
def test_whole_numbers_grow_with_their_mean(low, high):
    low, high = sorted((low, high))
    few, many = Chance(3).whole("w", KEYS[:200], low), Chance(3).whole("w", KEYS[:200], high)
    assert np.all(few <= many)


def test_whole_numbers_keep_the_mean():
    assert abs(Chance(3).whole("w", KEYS, 0.3).mean() - 0.3) < 0.01


def test_normal_and_exponential_moments():
    chance = Chance(5)
    normal, waiting = chance.normal("n", KEYS), chance.exponential("e", KEYS, 600.0)
    assert abs(normal.mean()) < 0.03
    assert abs(normal.std() - 1.0) < 0.03
    assert abs(waiting.mean() - 600.0) < 20.0


def test_keys_are_permanent():
    assert key_of("cell/49307512") == keys_of("cell", np.array(["49307512"]))[0]
    assert key_of("cell/49307512") == 7332455966132352676  # pinned: another value would change every run
