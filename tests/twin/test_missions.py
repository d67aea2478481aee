"""Missions, case by case: what one reads in the rules of `twin.missions`, on queues small enough to check by hand."""

import numpy as np
import pytest

from twin.errors import StateError
from twin.missions import (
    CANCELLED,
    DONE,
    IDLE,
    TRAVELLING,
    WAITING,
    WORKING,
    Missions,
    Units,
    UnitState,
    advance,
    cancel,
    oldest_wait_s,
    queue_by_place,
    requeue,
    unit_counts,
    waiting,
)

DAY_S = 86_400


def on_a_line(_rows, from_places, to_place):
    """100 s from one place to the next, on a straight road."""
    return 100.0 * np.abs(from_places - to_place)


def no_way(rows, _from_places, _to_place):
    return np.full(len(rows), np.inf)


def missions(n=1, **columns):
    defaults = {"key": 10 + np.arange(n), "place": 0, "asked_s": 0, "work_s": 1000}
    return Missions.empty().append(**defaults | columns)


def units(n=1, **columns):
    return Units.empty().append(**{"key": np.arange(n), "base": 0} | columns)


def test_a_mission_waits_travels_works_and_is_done():
    m, u = missions(place=3, asked_s=50), units()
    m, u, log = advance(m, u, 0, 10_000, on_a_line)
    assert log["time_s"].tolist() == [50, 350, 1350]
    assert list(zip(log["before"], log["after"])) == [(WAITING, TRAVELLING), (TRAVELLING, WORKING), (WORKING, DONE)]
    assert (m.sent_s[0], m.began_s[0], m.done_s[0], m.left_s[0], m.due_s[0]) == (50, 350, 1350, 0, -1)
    assert (u.mission[0], u.place[0]) == (IDLE, 3)


def test_an_interval_is_half_open():
    m, u, _ = advance(missions(work_s=600), units(), 0, 600, on_a_line)
    assert (m.phase[0], m.due_s[0]) == (WORKING, 600)
    m, u, _ = advance(m, u, 600, 601, on_a_line)
    assert (m.phase[0], m.done_s[0]) == (DONE, 600)


def test_the_nearest_unit_goes_and_the_smaller_key_among_equals():
    _, u, _ = advance(missions(place=5), units(4, key=[7, 3, 5, 1], base=[4, 6, 6, 9]), 0, 1, on_a_line)
    assert u.mission.tolist() == [IDLE, 10, IDLE, IDLE]


def test_a_unit_sets_out_from_where_its_last_mission_was():
    m = missions(2, place=[9, 8], asked_s=[0, 1], work_s=0)
    m, _, _ = advance(m, units(), 0, 10_000, on_a_line)
    assert m.done_s.tolist() == [900, 1000]


def test_the_queue_is_ordered_by_priority_then_time_asked_then_key():
    m = missions(4, key=[4, 3, 2, 1], priority=[1, 1, 0, 1], asked_s=[5, 5, 5, 2], work_s=10)
    m, _, _ = advance(m, units(available_s=10), 0, 1000, on_a_line)
    assert m.began_s.tolist() == [40, 30, 10, 20]


def test_a_crew_is_granted_all_or_none_and_waits_for_its_last_unit():
    m = missions(need=3)
    u = units(3, base=[0, 1, 2], available_s=[0, 0, 500])
    early, held, _ = advance(m, u, 0, 500, on_a_line)
    assert early.phase[0] == WAITING
    assert (held.mission == IDLE).all()
    later, _, _ = advance(m, u, 0, 5000, on_a_line)
    assert (later.sent_s[0], later.began_s[0], later.done_s[0]) == (500, 700, 1700)


def test_an_incomplete_crew_is_kept_together_against_later_missions():
    m = missions(key=1, work_s=300, place=1).append(key=[10, 11], place=0, asked_s=[1, 2], work_s=1000, need=[2, 1])
    m, _, _ = advance(m, units(2, base=[0, 1]), 0, 10_000, on_a_line)
    assert m.sent_s.tolist() == [0, 300, 1400]


def test_a_crew_that_can_never_be_complete_holds_nobody_back():
    m, _, _ = advance(missions(2, need=[3, 1]), units(2), 0, 5000, on_a_line)
    assert m.phase.tolist() == [WAITING, DONE]


def test_a_mission_nobody_can_reach_waits_until_there_is_a_way():
    m, u, log = advance(missions(), units(), 0, 600, no_way)
    assert (m.phase[0], len(log)) == (WAITING, 0)
    m, _, _ = advance(m, u, 600, 5000, on_a_line)
    assert m.began_s[0] == 600


def test_pools_do_not_lend_units():
    m, _, _ = advance(missions(2, pool=[1, 2]), units(2, pool=[2, 3]), 0, 5000, on_a_line)
    assert m.phase.tolist() == [WAITING, DONE]


def test_a_more_urgent_mission_takes_units_and_the_rest_of_the_work_comes_later():
    m = missions(2, priority=[5, 1], asked_s=[0, 400], place=[0, 2], preemptible=[True, False])
    m, _, log = advance(m, units(), 0, 10_000, on_a_line)
    assert m.done_s.tolist() == [1600 + 200 + 600, 400 + 200 + 1000]
    assert m.asked_s[0] == 0
    assert (10, WORKING, WAITING) in list(zip(log["key"], log["before"], log["after"]))


@pytest.mark.parametrize(("priority", "preemptible"), [(1, True), (5, False)])
def test_nothing_is_taken_from_equals_or_from_missions_not_marked(priority, preemptible):
    m = missions(2, priority=[priority, 1], asked_s=[0, 400], preemptible=preemptible)
    m, _, _ = advance(m, units(), 0, 10_000, on_a_line)
    assert m.done_s.tolist() == [1000, 2000]


def test_nobody_is_interrupted_when_the_crew_would_still_be_incomplete():
    m = missions(2, priority=[5, 1], asked_s=[0, 400], need=[1, 3], preemptible=True)
    m, _, _ = advance(m, units(2), 0, 10_000, on_a_line)
    assert (m.done_s[0], m.phase[1]) == (1000, WAITING)


def test_a_unit_taken_off_the_road_turns_back_first():
    m = missions(2, priority=[5, 1], asked_s=[0, 300], place=[8, 1], preemptible=[True, False], work_s=0)
    m, _, _ = advance(m, units(), 0, 10_000, on_a_line)
    assert m.done_s.tolist() == [700 + 700, 300 + 300 + 100]


def test_a_unit_that_returns_is_busy_until_it_is_back():
    m = missions(2, place=[3, 3], work_s=0)
    m, u, _ = advance(m, units(return_to_base=True), 0, 10_000, on_a_line)
    assert m.done_s.tolist() == [300, 900]
    assert (u.place[0], u.arrive_s[0]) == (0, 1200)


def test_shifts_are_kept_and_a_mission_begun_is_finished():
    m = missions(3, work_s=[7 * 3600, 7 * 3600, 10])
    u = units(duty_s=12 * 3600, rest_s=12 * 3600)
    m, _, _ = advance(m, u, 0, 2 * DAY_S, on_a_line)
    assert m.began_s.tolist() == [0, 7 * 3600, 24 * 3600]


def test_a_unit_withdraws_after_its_mission():
    m, u, _ = advance(missions(2), units(leave_s=500), 0, 5000, on_a_line)
    assert m.phase.tolist() == [DONE, WAITING]
    assert unit_counts(m, u, 5000, 1)[0, UnitState.WITHDRAWN] == 1


def test_work_stands_still_at_paused_places_only_and_journeys_go_on():
    m, u = missions(3, place=[0, 1, 4]), units(3, base=[0, 1, 2])
    pause = np.array([True, False, False, False, True])
    m, u, _ = advance(m, u, 0, 100, on_a_line)
    m, u, _ = advance(m, u, 100, 500, on_a_line, pause=pause)
    assert m.due_s.tolist() == [1400, 1000, 1500]
    m, _, _ = advance(m, u, 500, 5000, on_a_line)
    assert m.done_s.tolist() == [1400, 1000, 1500]


def test_pause_may_be_a_function_of_places():
    m, _, _ = advance(missions(2, place=[0, 7]), units(2, base=[0, 7]), 0, 3000, on_a_line, pause=lambda p: p > 5)
    assert m.phase.tolist() == [DONE, WORKING]
    assert m.due_s[1] == 4000


def test_paused_work_that_is_interrupted_keeps_all_that_was_left():
    m = missions(2, priority=[5, 1], asked_s=[0, 400], preemptible=[True, False])
    m, u, _ = advance(m, units(), 0, 300, on_a_line)
    m, _, _ = advance(m, u, 300, 1000, on_a_line, pause=np.array([True]))
    assert m.left_s.tolist() == [700, 1000]


def test_work_complete_when_a_pause_begins_is_not_held_up():
    m, u, _ = advance(missions(), units(), 0, 1000, on_a_line)
    m, _, _ = advance(m, u, 1000, 2000, on_a_line, pause=np.array([True]))
    assert m.done_s[0] == 1000


def test_of_a_crew_the_smaller_key_is_taken():
    m = missions(2, priority=[5, 1], asked_s=[0, 400], need=[2, 1], preemptible=[True, False])
    _, u, _ = advance(m, units(2, key=[8, 3]), 0, 500, on_a_line)
    assert u.mission.tolist() == [IDLE, 11]


def test_work_interrupted_in_the_second_it_began_does_not_grow_by_rounding():
    m = missions(2, priority=[5, 1], asked_s=[0, 100], place=1, work_s=11, preemptible=[True, False])
    m, _, _ = advance(m, units(), 0, 101, on_a_line, stretch=np.array([1.0, 1.1]))
    assert (m.began_s[0], m.left_s[0]) == (100, 11)


def test_stretch_counts_when_work_begins_and_again_when_it_goes_on():
    m = missions(2, priority=[5, 1], asked_s=[0, 500], preemptible=[True, False], work_s=[1000, 100])
    m, u, _ = advance(m, units(), 0, 600, on_a_line, stretch=np.array([2.0]))
    assert m.left_s[0] == 750
    m, _, _ = advance(m, u, 600, 5000, on_a_line)
    assert m.done_s.tolist() == [700 + 750, 700]


def test_cancel_and_requeue_free_units_and_keep_what_is_left():
    m, u, _ = advance(missions(3, place=[0, 0, 6]), units(3), 0, 400, on_a_line)
    m, u = requeue(m, u, np.array([True, False, False]), 400)
    m, u = cancel(m, u, np.array([False, True, True]), 400)
    assert m.phase.tolist() == [WAITING, CANCELLED, CANCELLED]
    assert m.left_s.tolist() == [600, 600, 1000]
    assert u.arrive_s.tolist() == [0, 0, 800]
    assert len(m.drop_done(401)) == 1
    assert m.drop_done(400) is m
    m, _, _ = advance(m, u, 400, 5000, on_a_line)
    assert m.done_s.tolist() == [1000, 400, 400]


def test_queue_figures():
    m = missions(4, place=[0, 2, 2, 1], asked_s=[0, 100, 200, 9000])
    m, _, _ = advance(m, units(), 0, 500, on_a_line)
    assert waiting(m, 500).tolist() == [False, True, True, False]
    assert waiting(m).sum() == 3
    assert oldest_wait_s(m, 500) == 400
    assert queue_by_place(m, 4, 500).tolist() == [0, 0, 2, 0]
    assert oldest_wait_s(Missions.empty(), 500) == 0


def test_every_unit_is_counted_in_one_state():
    u = units(6, available_s=[0, 0, 900, 0, 0, 0], pool=[0, 0, 0, 0, 0, 1], leave_s=[10**9] * 4 + [5, 10**9])
    u = u.append(key=9, base=0, pool=1, duty_s=100, rest_s=900)
    m, u, _ = advance(missions(2, place=[0, 9]), u, 0, 500, on_a_line)
    counts = unit_counts(m, u, 500, 2)
    assert counts.sum(axis=1).tolist() == [5, 2]
    expected = {UnitState.WORKING: 1, UnitState.TRAVELLING: 1, UnitState.NOT_YET_AVAILABLE: 1}
    expected |= {UnitState.IDLE: 1, UnitState.WITHDRAWN: 1}
    assert {state: counts[0, state] for state in expected} == expected
    assert (counts[1, UnitState.IDLE], counts[1, UnitState.RESTING]) == (1, 1)


def test_nothing_to_do_gives_the_same_objects_back():
    m, u, _ = advance(missions(3), units(1), 0, 100, on_a_line)
    after_m, after_u, log = advance(m, u, 100, 400, on_a_line)
    assert after_m is m
    assert after_u is u
    assert len(log) == 0


@pytest.mark.parametrize(
    ("make", "part"),
    [
        (lambda: missions(2, key=[1, 1]), "distinct"),
        (lambda: missions().append(key=10, place=0, asked_s=0, work_s=1), "new"),
        (lambda: missions(key=IDLE), "not -1"),
        (lambda: missions(need=0), "need"),
        (lambda: missions(work_s=-1), "work_s"),
        (lambda: units(rest_s=5), "duty_s"),
        (lambda: units(rest_s=-5), "rest_s"),
        (lambda: advance(missions(), units(), 5, 4, on_a_line), "back"),
        (lambda: advance(missions(), units(), 0, 4, lambda r, f, t: np.full(len(r), -1.0)), "travel_s"),
        (lambda: advance(missions(), units(), 0, 4, on_a_line, stretch=np.array([np.nan])), "stretch"),
    ],
)
def test_wrong_input_is_refused(make, part):
    with pytest.raises(StateError, match=part):
        make()
