"""Slopes, debris and facilities: more shaking or water, more failures; function apart from structure."""

from itertools import pairwise

import numpy as np
import pytest

from layers.damage import LAYER, debris, facilities, slopes
from twin.chance import Chance
from twin.params import load

PARAMS = load(LAYER.params_file)
CHANCE = Chance(4)
KEYS = np.arange(3000) * 31 + 5


def test_steeper_slopes_and_stronger_shaking_fail_more():
    pga = np.array([0.0, 1.0, 3.0, 6.0])
    gentle, steep = (slopes.failure_by_shaking(np.full(4, deg), pga, np.zeros(4), PARAMS) for deg in (15.0, 40.0))
    assert np.all(np.diff(steep) > 0.0)
    assert np.all(steep[1:] > gentle[1:])
    assert steep[0] == 0.0


def test_wet_slopes_fail_at_lower_acceleration():
    pga, steep = np.full(2, 3.0), np.full(2, 30.0)
    dry, wet = slopes.failure_by_shaking(steep, pga, np.array([0.02, 0.12]), PARAMS)
    assert wet > dry > 0.0


def test_shaken_ground_fails_with_less_water():
    strain = slopes.strain(np.full(3, 0.7), np.array([4.0, 5.2, 6.0]), PARAMS)
    assert strain == pytest.approx([0.7, 0.7 / 0.8, 1.0])
    share = slopes.failure_by_rain(strain, PARAMS)
    assert np.all(np.diff(share) > 0.0)
    assert share[2] == pytest.approx(0.5)  # half of the slopes on the line, whatever lowered it


def test_two_causes_combine_as_independent_ones():
    assert slopes.either(np.array([0.5]), np.array([0.5]))[0] == 0.75


def test_slides_grow_with_failed_slopes_and_stay_whole():
    some, more = (
        slopes.buildings_hit(np.full(3000, 300.0), np.full(3000, 0.1), np.full(3000, p), KEYS, PARAMS, CHANCE)
        for p in (0.2, 0.8)
    )
    assert np.all(more >= some)
    assert np.array_equal(more, np.floor(more))
    assert more.sum() == pytest.approx(3000 * 300 * 0.1 * 0.8 * PARAMS.slide_hit_fraction, rel=0.1)


def test_slides_on_roads_follow_exposed_length():
    km = np.full(3000, 10_000.0)
    count = slopes.slides_on_roads(km, np.full(3000, 0.5), np.ones(3000), KEYS, PARAMS, CHANCE)
    assert count.mean() == pytest.approx(5.0 * PARAMS.road_slides_per_km, rel=0.1)


def test_waste_counts_half_collapse_at_its_share():
    one, half = (
        debris.waste_m3(np.array([1.0]), np.array([0.0]), PARAMS),
        debris.waste_m3(np.array([0.0]), np.array([1.0]), PARAMS),
    )
    assert one[0] == pytest.approx(PARAMS.waste_t_per_building * PARAMS.waste_m3_per_t)
    assert half[0] / one[0] == pytest.approx(PARAMS.half_waste_fraction)


def test_road_debris_never_exceeds_all_houses_beside_it():
    frontage = np.full(3000, 4.0)
    volume = debris.on_road_m3(frontage, np.ones(3000), KEYS, PARAMS, CHANCE)
    assert np.allclose(volume, 4.0 * debris.waste_m3(1.0, 0.0, PARAMS) * PARAMS.waste_on_road_fraction)
    assert not debris.on_road_m3(frontage, np.zeros(3000), KEYS, PARAMS, CHANCE).any()


def test_streets_stay_open_without_damage_and_block_smoothly():
    damage = np.array([0.0, 1e-4, 0.05, 0.3])
    blocked = debris.streets_blocked_fraction(damage, np.zeros(4), PARAMS)
    assert blocked[0] == 0.0
    assert blocked[1] < 0.001
    assert np.all(np.diff(blocked) > 0.0)
    assert blocked[-1] < 1.0


def shelters(n=3000):
    return facilities.Facilities("shelter", KEYS[:n], np.zeros(n, dtype=np.int64), np.full(n, 4))


def test_function_falls_with_intensity_for_the_same_building():
    usable = [facilities.usable(shelters(), np.array([i]), PARAMS, CHANCE) for i in (0.0, 5.5, 6.2, 6.9)]
    assert np.all(usable[0] == 1.0)
    assert all(np.all(after <= before) for before, after in pairwise(usable))
    assert usable[-1].mean() < 0.5


def test_fixtures_fail_at_half_of_the_places_at_their_mean():
    halls = facilities.Facilities("hospital", KEYS, np.zeros(3000, dtype=np.int64), np.full(3000, 4))
    sound = PARAMS.replace({"structure_margin": [1.5] * 5})
    usable = facilities.usable(halls, np.array([PARAMS.fixtures_mean_intensity[1]]), sound, CHANCE)
    assert np.mean(usable < 1.0) == pytest.approx(0.5, abs=0.04)
    assert set(np.unique(usable).tolist()) <= {0.0, 0.5, 1.0}


def test_places_outside_the_region_are_not_shaken():
    outside = facilities.Facilities("office", KEYS[:2], np.array([-1, 0]), np.array([4, 3]))
    assert facilities.usable(outside, np.array([9.0]), PARAMS, CHANCE).tolist() == [1.0, 0.0]


def test_old_sites_lose_floors_before_new_ones():
    cell = np.zeros(3000, dtype=np.int64)
    old, new = (
        facilities.floors_lost(
            facilities.Facilities("site", KEYS, cell, np.full(3000, c)), np.array([6.8]), PARAMS, CHANCE
        )
        for c in (facilities.NON_WOOD_OLD, facilities.NON_WOOD_NEW)
    )
    assert (old > 0).mean() > (new > 0).mean() > 0.0
    low, high = PARAMS.site_loss_range
    assert np.all((old[old > 0] >= low) & (old[old > 0] <= high))


def test_given_incidents_happen_at_their_time():
    args = (4, np.array([1, 3]), np.array([30, 900]), np.array([0.3, 0.5]))
    assert facilities.given_losses(*args, 29).tolist() == [0.0, 0.0, 0.0, 0.0]
    assert facilities.given_losses(*args, 60).tolist() == [0.0, 0.3, 0.0, 0.0]
    assert facilities.given_losses(*args, 900).tolist() == [0.0, 0.3, 0.0, 0.5]
