"""Crews: roster, keys, islands."""

import numpy as np
import pytest

from layers.infrastructure import crews
from twin.missions import NEVER_S


@pytest.fixture
def gang(bench):
    one = bench()
    return one.state.crews, one.given.crews, one.given.params


def mustered(gang, aid=0.0, cars=0.0, now_s=0):
    state, place, params = gang
    pools = np.zeros(len(crews.POOLS))
    pools[crews.POWER] = aid
    return crews.muster(state, place, params, pools, np.full(len(place.town_node), cars), now_s)


def on_roster(state, pool):
    return int(((state.units.pool == pool) & (state.units.leave_s == NEVER_S)).sum())


def test_aid_comes_on_top_of_own_crews_and_leaves_again(gang):
    _, place, params = gang
    own = crews.own_units(place, params)[crews.POWER]
    called = mustered(gang, aid=5.0)
    assert on_roster(called, crews.POWER) == own + 5
    gone = mustered((called, place, params), aid=0.0, now_s=3600)
    assert on_roster(gone, crews.POWER) == own
    assert on_roster(mustered((gone, place, params), aid=7.0, now_s=7200), crews.POWER) == own + 7


def test_every_pool_has_someone_in_the_smallest_region(gang):
    _, place, params = gang
    assert (crews.own_units(place, params) >= 1).all()


def test_generator_cars_serve_their_own_town_only(gang):
    state = mustered(gang, cars=2.0)
    for town in range(len(gang[1].town_node)):
        assert on_roster(state, crews.CARS + town) == 2


def test_keys_of_missions_differ_also_for_the_same_subject_and_stay_the_same():
    subject = np.array([11, 42, 11, 11], np.int64)
    one = crews.mission_keys(subject, crews.LEAK, 600)
    assert len(set(one.tolist())) == 4
    assert (one >= 0).all()
    assert crews.mission_keys(subject, crews.LEAK, 600).tolist() == one.tolist()
    assert not set(one.tolist()) & set(crews.mission_keys(subject, crews.LEAK, 1200).tolist())


def test_work_that_nobody_can_reach_waits_and_is_done_once_the_way_is_open(gang):
    state = mustered(gang)
    n = len(gang[1].node_municipality)
    nobody = np.full((n, n), np.inf)
    np.fill_diagonal(nobody, 0.0)
    far = int(np.setdiff1d(np.arange(n), state.units.place[state.units.pool == crews.WATER])[0])
    ask = crews.ask(
        state, crews.LEAK, crews.WATER, np.array([3]), np.array([77]), np.array([far]), np.array([1]), 0, 600.0
    )
    waits, kind, _ = crews.work(ask, nobody, np.arange(n), 0.0, 0, 86400)
    assert len(waits.subject) == 1
    assert not kind.size
    done, kind, subject = crews.work(waits, np.zeros((n, n)), np.zeros(n, int), 0.0, 86400, 2 * 86400)
    assert (kind.tolist(), subject.tolist()) == ([crews.LEAK], [3])
    assert len(done.subject) == 0
