"""The subject `rank`: races replayed on outcomes known beforehand."""

from __future__ import annotations

import numpy as np
import pytest

from benchmarks import rank


def table(effects, noise=1.0, members=16):
    """Outcomes about 100 on common members."""
    generator = np.random.default_rng(3)
    disaster = generator.normal(100.0, 20.0, members)
    return disaster + np.array(effects)[:, None] + noise * generator.normal(0, 1, (len(effects), members))


def test_a_clear_winner_is_chosen_with_few_members():
    played = rank.play(table([0.0, -40.0, *[-1.0] * 8]))
    assert (played.chosen, played.verdict) == (1, "best")
    assert played.members < 9 * 16 / 2


def test_equal_allocation_gives_everybody_the_same():
    played = rank.play(table([0.0, -40.0, -33.0, -1.0], noise=15.0), rank.equally)
    assert played.members % 3 == 0


def test_fixed_equal_allocation_counts_members_of_all():
    outcomes = table([0.0, -40.0, -1.0])
    right = np.array([False, True, False])
    assert rank.fixed_equal([outcomes], right) == 2
    assert rank.fixed_equal([outcomes], np.array([False, False, True])) is None


def test_rows_tell_how_often_right_and_at_which_cost():
    right, cost = rank.rows("made", table([0.0, -40.0, *[-1.0] * 8]), races=5)
    assert right["value"] == right["equal_allocation"] == 1.0
    assert right["right_blindly"] == pytest.approx(0.1)
    assert cost["value"] == pytest.approx(cost["members"] / cost["members_equal"])
    assert cost["value"] < 1
