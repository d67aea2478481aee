"""Neighbours, responders, treatment and death: who comes first, how many, and in which order."""

import numpy as np
import pytest

from layers.people import release, victims
from layers.people.state import DEAD, HURT, NEVER_S, TRAPPED, TREATED
from tests.layers.people.small import CHANCE, begin, run, small_world, struck
from twin.chance import Chance

BIG = 400000
DAY = 86400


def trapped_after(hours, **params):
    """(trapped at first, trapped later, freed by neighbours) in a large town without responders."""
    levels = {name: params.pop(name) for name in list(params) if name == "daylight"}
    world = small_world(night=BIG)
    given, state = begin(world, **params)
    state, _ = struck(world, given, state, **levels)
    first = np.count_nonzero(state.victims["state"] == TRAPPED)
    state, _ = run(world, given, state, hours * 3600, 60, start_s=60, wood_collapsed_fraction=0.2, **levels)
    return first, np.count_nonzero(state.victims["state"] == TRAPPED), int(state.neighbour_freed.sum())


def test_neighbours_free_their_share_within_three_hours_by_day():
    first, _, freed = trapped_after(3, dwelling_life_threatened=0.2)
    assert first > 20000
    assert 0.55 < freed / first < 0.70


def test_darkness_and_lack_of_training_lower_the_share():
    by_day, by_night = trapped_after(2)[2], trapped_after(2, daylight=0.0)[2]
    trained = trapped_after(2, neighbour_freed_fraction=0.85)[2]
    assert by_night < 0.7 * by_day
    assert trained > 1.1 * by_day


def test_half_of_those_at_risk_die_within_the_half_life():
    world = small_world(night=BIG)
    given, state = begin(world, neighbour_freed_fraction=0.5, dwelling_life_threatened=1.0)
    state, _ = struck(world, given, state)
    trapped = state.victims.select(state.victims["state"] == TRAPPED)
    at_dwelling = trapped["site"] < 0
    share = np.mean(trapped["die_s"][at_dwelling] <= 60 + given.params.delayed_death_half_life_s)
    assert share == pytest.approx(0.5, abs=0.01)


def test_responders_free_exactly_as_many_as_they_say_and_never_more():
    world = small_world()
    given, state = begin(world)
    state, result = struck(world, given, state)
    waiting = result.outputs["trapped_persons"]
    quota = np.minimum(waiting, 3.0)
    quota[0] = waiting[0] + 100.0
    rows = release.freed_by_responders(CHANCE, state.victims, quota, np.zeros(2))
    found = np.bincount(state.victims["cell"][rows], minlength=6)
    assert np.array_equal(found, np.minimum(quota, waiting))
    assert np.all(state.victims["state"][rows] == TRAPPED)


def test_one_more_freed_person_keeps_the_others():
    world = small_world()
    given, state = begin(world)
    state, _ = struck(world, given, state)
    few = release.freed_by_responders(CHANCE, state.victims, np.full(6, 2.0), np.zeros(2))
    more = release.freed_by_responders(CHANCE, state.victims, np.full(6, 3.0), np.zeros(2))
    assert set(few) < set(more)


def test_freed_people_return_home_or_wait_for_care():
    world = small_world()
    given, state = begin(world)
    state, result = struck(world, given, state)
    waiting = result.outputs["trapped_persons"]
    after, result = run(world, given, state, 120, 60, start_s=60, wood_collapsed_fraction=0.2, freed_persons=waiting)
    assert result.outputs["trapped_persons"].sum() == 0.0
    assert after.residents.sum() > state.residents.sum()
    assert any(event.kind == "freed_by_responders" for event in result.events)


def test_treatment_takes_the_severe_first_and_stops_their_clock():
    world = small_world(night=BIG)
    given, state = begin(world)
    state, _ = struck(world, given, state)
    state, _ = run(world, given, state, 4 * 3600, start_s=60, dt_s=540, wood_collapsed_fraction=0.2)
    asked = (state.victims["state"] == HURT) & state.victims["asked"]
    severe = np.count_nonzero(asked & (state.victims["severity"] == 2) & (state.victims["municipality"] == 0))
    table, _, rows = release.treat(state.victims, np.array([severe, 0.0]), np.zeros(2, dtype=np.int64))
    assert severe > 100
    assert np.all(table["severity"][rows] == 2)
    assert np.all(table["state"][rows] == TREATED)
    assert np.all(table["die_s"][rows] == NEVER_S)


def test_places_left_over_go_to_everyday_patients():
    world = small_world()
    _, state = begin(world)
    _, waiting, rows = release.treat(state.victims, np.array([5.0, 2.0]), np.array([3, 8]))
    assert not rows.size
    assert np.array_equal(waiting, [0, 6])


def test_waiting_kills_and_treatment_saves():
    def deaths(treated):
        world = small_world(night=BIG)
        given, state = begin(world)
        state, _ = struck(world, given, state)
        state, _ = run(world, given, state, DAY, 3540, start_s=60, wood_collapsed_fraction=0.2, treated_persons=treated)
        return np.count_nonzero(state.victims["state"] == DEAD)

    assert deaths(1000.0) < deaths(0.0)


def test_choose_gives_each_group_its_quota_in_order():
    group, order = np.array([1, 0, 1, 1]), np.array([0.3, 0.9, 0.1, 0.2])
    assert release.choose(group, order, np.array([1, 2])).tolist() == [False, True, True, True]


def test_person_keys_differ_between_kinds_and_numbers():
    cells = Chance(1).uniform("k", np.arange(100))
    keys = (cells * 2**62).astype(np.int64)
    number = np.arange(100)
    both = np.concatenate([victims.person_keys(keys, kind, 1, number) for kind in (0, 1)])
    assert len(np.unique(both)) == 200
    assert both.min() >= 0
