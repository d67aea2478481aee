"""Ground under water: roads, streets, house connections, cars of those who flee."""

from __future__ import annotations

import pickle

import numpy as np
import pytest

from layers.infrastructure import inundation, roads
from layers.infrastructure.roads import CLOSED, EMERGENCY_ONLY, INSPECTED, OPEN


def on_road(one, road, depth_m, every=1):
    """Depth by patch: every n-th patch of one road is wet."""
    depth = np.zeros(one.world.shape("patch"))
    ground = one.given.ground
    depth[ground.patch[ground.road == road][::every]] = depth_m
    return depth


def busiest(one):
    """The road over most patches."""
    return int(np.argmax(one.given.ground.patches_of_road))


@pytest.mark.parametrize(
    ("depth_m", "status"), [(0.0, OPEN), (0.29, OPEN), (0.3, EMERGENCY_ONLY), (0.59, EMERGENCY_ONLY), (0.6, CLOSED)]
)
def test_depth_of_the_deepest_patch_decides_who_may_pass(coast, depth_m, status):
    one = coast()
    road = busiest(one)
    depth = on_road(one, road, 0.05)
    patch = one.given.ground.patch[one.given.ground.road == road][0]
    depth[patch] = depth_m
    water = inundation.on_roads(one.given.ground, depth, one.given.params)
    assert water.status[road] == status
    assert water.deepest[road] == patch or depth_m < 0.05
    assert water.share[road] == pytest.approx((depth_m >= 0.3) / one.given.ground.patches_of_road[road])


def test_water_shuts_the_road_at_once_and_a_patrol_opens_it_when_it_is_dry(coast):
    one = coast()
    one.step(60)
    road = busiest(one)
    free_s = one.result.outputs["travel_truck_s"]
    one.step(600, water_depth_m=on_road(one, road, 0.8))
    assert one.state.roads.status[road] == CLOSED
    assert (one.result.outputs["travel_truck_s"] >= free_s - 1e-6).all()
    assert one.result.outputs["travel_truck_s"].sum() > free_s.sum()
    assert {"road_flooded", "road_closed"} <= {event.kind for event in one.result.events}
    one.step(600)
    assert one.state.roads.flooded[road] == OPEN
    assert one.state.roads.status[road] == EMERGENCY_ONLY
    list(one.run(one.now_s + 86400))
    assert one.state.roads.inspected[road] == INSPECTED
    assert one.state.roads.status[road] == OPEN
    assert one.result.outputs["travel_truck_s"] == pytest.approx(free_s)


def test_no_patrol_leaves_while_a_warning_holds_and_a_second_flood_needs_a_second_patrol(coast):
    one = coast()
    one.step(60)
    road = busiest(one)
    for _ in range(2):
        one.step(600, water_depth_m=on_road(one, road, 0.8))
        list(one.run(one.now_s + 43200, tsunami_warning=1.0))
        assert one.state.roads.swept[road]
        assert one.state.roads.status[road] == EMERGENCY_ONLY
        list(one.run(one.now_s + 86400))
        assert not one.state.roads.swept[road]
        assert one.state.roads.status[road] == OPEN


def test_wide_water_leaves_no_way_round(coast):
    one = coast()
    place, params = one.given.roads, one.given.params
    wide = np.zeros(len(place.keys), bool)
    road = busiest(one)
    status = np.where(np.arange(wide.size) == road, CLOSED, OPEN)
    narrow_s = roads.road_times_s(place, params, status, wide, np.ones(2))
    wide[road] = True
    wide_s = roads.road_times_s(place, params, status, wide, np.ones(2))
    assert np.isinf(wide_s[0][road])
    assert np.isinf(wide_s[1][road])
    others = np.arange(wide.size) != road
    assert all(np.array_equal(a[others], b[others]) for a, b in zip(narrow_s, wide_s))


def test_streets_slow_down_with_the_share_of_inhabited_ground_under_water(coast):
    one = coast(local_flood_weight=1.0)
    one.step(60)
    before = one.result.outputs["local_speed_fraction"]
    town = one.world["patch"]["municipality"]
    half = (np.arange(len(town)) % 2 == 0) & (town == 0)
    one.step(600, water_depth_m=half * 0.4)
    share = one.given.ground.to_town @ half.astype(float)
    assert 0.2 < share[0] < 0.8
    assert share[1] == 0.0
    assert one.result.outputs["local_speed_fraction"] == pytest.approx(before * (1.0 - share))


def test_connections_come_back_a_lognormal_time_after_the_water_left(coast):
    one = coast(reconnection_s=43200.0, reconnection_spread=0.6)
    wet = np.where(one.world["patch"]["share"] > 0, 0.7, 0.0)
    one.step(60)
    list(one.run(6 * 3600, water_depth_m=wet))
    contracts = one.given.power.customers.sum()
    assert one.totals()["contracts_cut_by_water"] == pytest.approx(contracts, rel=1e-9)
    assert one.result.outputs["power_on_fraction"].max() == pytest.approx(0.0, abs=1e-12)
    list(one.run(6 * 3600 + 43800, 600, water_depth_m=0.0))
    assert one.totals()["contracts_cut_by_water"] == pytest.approx(0.5 * contracts, rel=0.08)
    list(one.run(30 * 86400, 21600))
    assert one.totals()["contracts_cut_by_water"] == 0.0
    assert (one.state.ground.due_s == 0).all()


def test_shallow_water_cuts_no_connection(coast):
    one = coast()
    one.step(60)
    one.step(600, water_depth_m=0.45)
    assert one.totals()["contracts_cut_by_water"] == 0.0
    assert one.totals()["roads_flooded"] > 0


def test_contracts_out_never_exceed_the_contracts(coast):
    one = coast()
    depth = np.linspace(0.0, 4.0, one.world.shape("patch")[0])
    one.step(60, shock_intensity=6.5, shock_pgv_m_per_s=1.0)
    for totals in one.run(86400, 3600, water_depth_m=depth):
        out = one.state.power.out_customers
        assert ((out >= 0.0) & (out <= one.given.power.customers + 1e-6)).all()
        assert totals["contracts_cut_by_water"] <= out.sum() + 1e-6


@pytest.mark.parametrize("density", [0.0, 0.5, 0.85, 2.0])
def test_fleeing_cars_jam_the_trunk_roads_by_their_density(coast, density):
    one = coast(fleeing_on_trunk_fraction=1.0)
    place, params = one.given.roads, one.given.params
    cars = density * params.jam_cars_per_km * place.lane_km
    traffic = np.array([1.0, 1.3])
    jam = roads.jammed(place, params, traffic, cars)
    expected = traffic / max(1.0 - density, params.crawl_fraction)
    assert jam == pytest.approx(np.where(place.lane_km > 0, expected, traffic))
    assert (jam is traffic) == (density == 0.0)


def test_fleeing_cars_slow_trucks_and_let_them_go_again(coast):
    one = coast()
    one.step(60)
    free_s = one.result.outputs["travel_truck_s"]
    one.step(600, evacuee_cars_units=5000.0)
    jammed_s = one.result.outputs["travel_truck_s"]
    assert jammed_s.sum() > 1.2 * free_s.sum()
    list(one.run(2 * 3600))
    assert one.result.outputs["travel_truck_s"] == pytest.approx(free_s)


def test_a_run_goes_on_the_same_after_save_and_load_amid_the_flood(coast):
    whole, cut = coast(), coast()
    rng = np.random.default_rng(5)
    course = [rng.uniform(0.0, 2.0, whole.world.shape("patch")[0]) for _ in range(3)] + [0.0] * 60
    for one in (whole, cut):
        for k, depth in enumerate(course):
            one.step(1800, water_depth_m=depth, tsunami_warning=2.0 if k < 4 else 0.0)
            if one is cut and k in (1, 7, 30):
                one.state = pickle.loads(pickle.dumps(one.state))
    assert pickle.dumps(whole.totals()) == pickle.dumps(cut.totals())
    assert np.array_equal(whole.state.ground.due_s, cut.state.ground.due_s)
    assert np.array_equal(whole.state.sites.drowned, cut.state.sites.drowned)
    assert np.array_equal(whole.state.roads.status, cut.state.roads.status)
