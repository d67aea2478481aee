"""Water in buildings: the published curves patch by patch, whole counts that grow, each building once."""

from itertools import pairwise

import numpy as np
import pytest

from layers.damage import buildings, facilities, water
from tests.layers.damage.wet_place import CHANCE, N_CELL, PARAMS, ROAD, given, place
from twin.numerics import fragility, water_damage

SEA, RIVER = given(sea=True), given()
N_PATCH = RIVER.land.cell.size
UNSHAKEN = np.zeros((*RIVER.buildings.shape, buildings.N_GRADE))
NO_SLIDE = np.zeros(RIVER.all_buildings.size)


def reached(constants, depth, force=0.0, params=PARAMS):
    return water.reach(constants.land, np.full(N_PATCH, depth), np.full(N_PATCH, force), params)


def counts(reach, damaged=UNSHAKEN, hit=NO_SLIDE, stock=RIVER.buildings, params=PARAMS):
    return water.count(RIVER.land, reach, water.Stock(stock, damaged, hit, RIVER.cell_keys), params, CHANCE)


def test_two_towns_without_terrain_have_no_water():
    assert water.land_of(place()) is not None
    dry = place().settings.copy()
    del dry["water_dx_m"]
    assert water.land_of(type(place())(**{**vars(place()), "settings": dry})) is None


def test_tsunami_follows_the_published_curves_by_storey():
    p = reached(SEA, 2.5, params=PARAMS.replace({"wood_storey_share": [0.0, 1.0, 0.0]}))
    curve = fragility.tsunami_damage_probability(2.5, fragility.TSUNAMI_TYPES.index("wood_2_floors"))
    assert p[0, water.WOOD, buildings.TOTAL] == pytest.approx(curve[3])
    assert p[0, water.WOOD, water.WASHED] == pytest.approx(curve[5])
    one, steel = (PARAMS.replace({"other_concrete_share": share}) for share in (0.8, 0.2))
    assert reached(SEA, 2.5, params=one)[0, water.OTHER, 0] != reached(SEA, 2.5, params=steel)[0, water.OTHER, 0]


def test_flood_takes_depth_above_the_floor_and_force_on_wooden_houses():
    p = reached(RIVER, 1.2)[0, water.WOOD]
    whole = water_damage.flood_grade_probability(1.2, PARAMS.floor_height_m, PARAMS.floor_height_sd_m)
    assert p[:3].tolist() == pytest.approx(whole.tolist())
    assert p[water.FLOODED] == pytest.approx(whole[1])
    swift = reached(RIVER, 1.2, PARAMS.washed_force_m3_per_s2)
    assert swift[0, water.WOOD].tolist() == [1.0] * water.N_REACH
    assert swift[0, water.OTHER, water.WASHED] == 0.0
    slow = reached(RIVER, 1.2, PARAMS.washed_force_m3_per_s2 - 0.01)
    assert slow[0, water.WOOD, water.WASHED] == 0.0


def test_only_the_share_on_wet_patches_is_reached():
    depth = np.where(np.arange(N_PATCH) % (2 * N_CELL) < N_CELL, 4.0, 0.0)  # every second patch of each cell
    half = water.reach(RIVER.land, depth, np.zeros(N_PATCH), PARAMS)
    wet = np.bincount(RIVER.land.cell, weights=RIVER.land.share * (depth > 0), minlength=len(half))
    assert half[:, water.WOOD, water.FLOODED] == pytest.approx(wet)
    assert not half[N_CELL:].any()


@pytest.mark.parametrize("constants", [SEA, RIVER], ids=["sea", "river"])
def test_grades_are_nested_and_grow_with_the_water(constants):
    levels = [reached(constants, depth, depth) for depth in (0.0, 0.1, 0.4, 0.8, 1.5, 2.4, 3.5, 8.0)]
    assert not levels[0].any()
    for p in levels:
        total, half, partial, washed, flooded = np.moveaxis(p, -1, 0)
        assert np.all((washed <= total) & (total <= half) & (half <= partial) & (total <= flooded))
    assert all(np.all(after >= before) for before, after in pairwise(levels))


def test_counts_are_whole_nested_and_never_fall():
    series = [counts(reached(SEA, depth)) for depth in (0.2, 0.6, 1.1, 2.0, 3.0, 6.0)]
    for one in series:
        assert np.array_equal(one.at_least, np.floor(one.at_least))
        assert np.all(np.diff(one.at_least, axis=1) >= 0.0)
        assert np.all(one.washed <= one.at_least[:, 0])
        assert np.all(one.at_least[:, 0] + one.flooded <= RIVER.all_buildings)
    for before, after in pairwise(series):
        assert np.all(after.at_least >= before.at_least)
        assert np.all(after.washed >= before.washed)
        assert np.all(after.uninhabitable >= before.uninhabitable)
    assert series[-1].washed[:N_CELL].sum() > 0.5 * RIVER.wood_buildings[:N_CELL].sum()


def test_counts_meet_the_explicit_order_of_causes():
    """Many like cells: the numbers by cause are those of `water_damage.combine`."""
    stock, n_cell = np.tile([400.0, 0.0, 0.0, 0.0, 0.0], (3000, 1)), 3000
    by_shaking = np.array([0.2, 0.35, 0.6])
    p = np.zeros((n_cell, 2, water.N_REACH))
    p[:, water.WOOD] = [0.3, 0.5, 0.8, 0.1, 0.6]
    damaged = np.zeros((n_cell, 5, 3))
    damaged[:, 0] = 400.0 * by_shaking
    land = water.Land(**{**vars(RIVER.land), "homes": np.tile([1.0, 0, 0, 0, 0], (n_cell, 1))})
    houses = water.Stock(stock, damaged, np.zeros(n_cell), np.arange(n_cell) * 97 + 5)
    found = water.count(land, p, houses, PARAMS, CHANCE)
    parts = water_damage.combine({"shaking": by_shaking, "water": p[0, water.WOOD, :3]})
    total = 400.0 * (parts["shaking"][0] + parts["water"][0])
    half_or_worse = 400.0 * sum(part[:2].sum() for part in parts.values())
    assert (80.0 + found.at_least[:, 0]).mean() == pytest.approx(total, rel=0.002)
    assert (140.0 + found.at_least[:, 1]).mean() == pytest.approx(half_or_worse, rel=0.002)
    assert found.washed.mean() == pytest.approx(400.0 * 0.8 * 0.1, rel=0.01)
    assert found.uninhabitable.mean() == pytest.approx(0.8 * 0.6, rel=0.01)


def test_the_order_decides_which_cause_counts_not_how_many_are_lost():
    p = reached(SEA, 5.0)
    shaken = UNSHAKEN + np.floor(0.5 * RIVER.buildings)[..., None]
    first, last = (
        counts(p, shaken, params=PARAMS.replace({"cause_order": order}))
        for order in (["shaking", "liquefaction", "slope", "water", "fire"], ["water", "shaking", "slope"])
    )
    assert np.array_equal(first.at_least, last.at_least)
    assert first.washed.sum() < 0.7 * last.washed.sum()
    assert np.array_equal(last.washed, counts(p).washed)


def test_houses_hit_by_slides_are_not_counted_again():
    p = reached(SEA, 10.0)
    hit = np.floor(RIVER.all_buildings / 2)
    assert np.all(counts(p, hit=hit).at_least[:, 0] + hit <= RIVER.all_buildings + 1.0)
    assert counts(p, hit=hit).washed.sum() < counts(p).washed.sum()


def test_the_sea_leaves_sediment_and_a_river_none():
    depth = np.full(N_PATCH, 1.0)
    town = water.sediment_m3(SEA.land, depth, SEA.n_town, PARAMS)
    area_m2 = np.bincount(SEA.land.town, weights=SEA.land.area_m2, minlength=SEA.n_town)
    assert town == pytest.approx(area_m2 * PARAMS.sediment_t_per_m2 * PARAMS.sediment_m3_per_t)
    assert water.sediment_m3(RIVER.land, depth, RIVER.n_town, PARAMS) == 0.0
    on_road = water.on_road_m3(SEA.land, np.where(np.arange(N_PATCH) < 5, 1.0, 0.0), 3, PARAMS)
    per_m = PARAMS.road_width_m * PARAMS.sediment_t_per_m2 * PARAMS.sediment_m3_per_t
    length_m = place()["road"]["length_m"][ROAD]
    assert on_road.tolist() == pytest.approx([0.5 * length_m * per_m, 0.0, 0.0])  # half of its ten patches


def test_facilities_flood_above_the_floor_in_use():
    upper = facilities.Facilities(
        "shelter",
        np.arange(4),
        np.zeros(4, int),
        np.full(4, 4),
        np.array([0, 0, 1, -1]),
        np.array([0.0, 3.0, 0.0, 0.0]),
    )
    limit = PARAMS.facility_flood_m[0]
    assert facilities.drowned(upper, np.array([2.0, limit]), PARAMS).tolist() == [True, False, False, False]
    assert facilities.drowned(upper, np.array([3.1 + limit, 0.0]), PARAMS).tolist() == [True, True, False, False]


def test_large_sites_fall_to_deep_tsunamis_as_often_as_the_curve_says():
    many = np.arange(4000)
    sites = facilities.Facilities("site", many * 13 + 1, many * 0, np.full(4000, 4), many * 0, np.zeros(4000))
    lost = facilities.floors_lost_to_sea(sites, np.array([8.0]), PARAMS, CHANCE)
    curve = fragility.tsunami_damage_probability(8.0, fragility.TSUNAMI_TYPES.index("rc_3_floors"))[4]
    assert (lost > 0).mean() == pytest.approx(curve, abs=0.03)
    deeper = facilities.floors_lost_to_sea(sites, np.array([12.0]), PARAMS, CHANCE)
    assert np.all(deeper >= lost)
