import numpy as np
import pytest

from layers.evacuation import households
from layers.evacuation.households import ABLE, CARE, SLOW
from tests.layers.evacuation.strip_world import CELLS, PATCHES, made, strip


def test_all_residents_live_in_households_on_the_patches_of_their_cell():
    given, state = made(strip(care_persons=23, persons=311))
    homes, ground = state.flight.households, given.ground
    per_cell = np.bincount(homes["cell"], weights=homes["persons"], minlength=CELLS)
    assert np.array_equal(per_cell, given.residents_persons)
    assert np.array_equal(ground.cell[homes["patch"]], homes["cell"])
    assert homes["persons"][homes["group"] == CARE].sum() == 23
    assert (homes["patch"][homes["group"] == CARE] == 5).all()
    assert len(np.unique(homes["key"])) == len(homes)
    assert (np.diff(homes["cell"]) >= 0).all()


def test_patches_hold_their_share_to_a_person_and_sizes_follow_the_census():
    _, state = made(strip(persons=20000))
    homes = state.flight.households
    per_patch = np.bincount(homes["patch"], weights=homes["persons"], minlength=PATCHES)
    assert np.abs(per_patch - 2000.0).max() <= 1.0
    assert homes["persons"].mean() == pytest.approx(2.18, abs=0.03)
    assert set(np.unique(homes["persons"])) <= {1, 2, 3, 4, 5}


def test_a_share_of_the_old_makes_slow_households():
    _, state = made(strip(persons=20000), slow_65_fraction=0.5)
    group = state.flight.households["group"]
    assert np.mean(group == SLOW) == pytest.approx(0.15, abs=0.01)
    assert np.mean(group == ABLE) == pytest.approx(0.85, abs=0.01)


@pytest.mark.parametrize("seed", range(5))
def test_whole_parts_add_up_in_every_group(seed):
    rng = np.random.default_rng(seed)
    group = np.sort(rng.integers(0, 7, 60))
    weight, amount = rng.random(60) * (rng.random(60) < 0.8), rng.integers(0, 50, 7).astype(float)
    parts = households.whole_parts(amount, weight, group)
    held = np.bincount(group, weights=weight, minlength=7) > 0
    assert np.array_equal(np.bincount(group, weights=parts, minlength=7), amount * held)
    assert (parts >= 0).all()
