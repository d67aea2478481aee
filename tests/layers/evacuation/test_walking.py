import numpy as np
import pytest

from layers.evacuation import walking
from layers.evacuation.ground import Ways, prepare_ground
from layers.evacuation.households import ABLE, SLOW
from tests.layers.evacuation.strip_world import made, strip
from twin.errors import ScenarioError
from twin.world import IndexSet, World

LINE = Ways(np.array([1, 2, 3, -1]), np.array([300.0, 200.0, 100.0, 0.0]))
NO_WATER = np.zeros(4, dtype=bool)


@pytest.mark.parametrize(("left_m", "passed"), [(300.0, 0), (201.0, 0), (200.0, 1), (99.0, 2), (0.0, 3), (-50.0, 3)])
def test_the_patch_last_passed_follows_the_way_left(left_m, passed):
    at, caught = walking.pass_patches(LINE, np.array([0]), np.array([left_m]), NO_WATER)
    assert at.tolist() == [passed]
    assert not caught.any()


def test_nobody_walks_through_deep_water():
    at, caught = walking.pass_patches(LINE, np.array([0, 2]), np.array([-1.0, -1.0]), np.array([0, 1, 0, 0]) > 0)
    assert at.tolist() == [1, 3]
    assert caught.tolist() == [True, False]


def test_the_old_and_the_night_are_slower():
    params = made()[0].params
    by_day = walking.walk_m_per_s(params, np.array([ABLE, SLOW]), 1.0)
    by_night = walking.walk_m_per_s(params, np.array([ABLE, SLOW]), 0.0)
    assert by_day[0] > by_day[1] > 0
    assert by_night == pytest.approx(by_day * params.night_speed_fraction)


def test_cars_slow_down_in_a_straight_line_to_a_crawl():
    given, _ = made()
    jam = given.params.lane_m_per_m2 * given.ground.zone_m2 * given.params.jam_cars_per_m
    paces = [float(walking.car_pace(given.params, given.ground, share * jam)[0]) for share in (0.0, 0.5, 1.0, 9.0)]
    crawl = given.params.car_least_m_per_s / given.params.car_m_per_s
    assert paces == pytest.approx([1.0, 0.5, crawl, crawl])


def test_ways_that_do_not_fall_are_refused_with_the_patch():
    world = strip()
    columns = dict(world["patch"].columns)
    columns["next"] = np.where(np.arange(40) == 7, 6, columns["next"])
    bad = World("bad", world.origin, {**world.sets, "patch": IndexSet.build("patch", world["patch"].ids, **columns)})
    with pytest.raises(ScenarioError, match="p07"):
        prepare_ground(bad)
