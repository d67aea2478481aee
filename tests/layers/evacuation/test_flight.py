from dataclasses import replace

import numpy as np
import pytest

from layers.evacuation import LAYER
from layers.evacuation.households import CARE, HANDED_ON, REFUGE, SAFE, VEHICLE
from layers.evacuation.state import Place, Status, evacuees_persons
from tests.layers.evacuation.strip_world import PATCHES, SAFE_FROM, dry, made, run, strip, wave

MINUTES = range(60, 3601, 60)
FLOOD = {"tsunami_warning": 0.0, "flood_call": 4.0}


def split(until_s, seed):
    """Boundaries of odd steps that meet 60 and `until_s`."""
    inner = np.random.default_rng(seed).choice(np.arange(61, until_s), 25, replace=False)
    return [60, *np.sort(inner).tolist(), until_s]


def test_a_household_reaches_safety_after_way_over_speed():
    given, state = made(slow_65_fraction=0.2)
    story = run(given, state, MINUTES)
    homes, params = story.state.flight.households, given.params
    able = (homes["group"] == 0) & (homes["patch"] < SAFE_FROM)
    way_m = given.ground.to_safety.way_m[homes["patch"][able]]
    assert (homes["phase"][able] == SAFE).all()
    expected_s = 60.0 + params.start_day_s[0] + way_m / (params.able_m_per_s * params.way_winding)
    assert homes["here_s"][able] == pytest.approx(expected_s, rel=1e-9)
    assert story.caught.sum() == 0


@pytest.mark.parametrize("arrives_s", [600, 1200, 1800])
def test_a_wave_catches_exactly_those_still_inside(arrives_s):
    given, state = made()
    free = run(given, state, MINUTES).state.flight.households
    story = run(given, state, MINUTES, wave(arrives_s, SAFE_FROM))
    late = (free["here_s"] > arrives_s) & (free["patch"] < SAFE_FROM)
    assert late.sum() > 0
    assert story.caught.sum() == free["persons"][late].sum()
    assert story.caught_at.sum() == story.caught.sum()
    assert story.caught_at[SAFE_FROM:].sum() == 0


def test_books_hold_to_the_person_and_registers_agree():
    given, state = made(strip(capacity_persons=60.0, care_persons=20), car_fraction=0.3, leave_at_once_fraction=0.6)
    held = evacuees_persons(given, state)
    for until_s in (300, 900, 1500, 2400):
        story = run(given, state, range(60, until_s + 1, 60), wave(1500, 25))
        assert np.array_equal(story.home + story.away + story.caught, given.residents_persons)
        assert np.array_equal(story.state.away_persons.sum(axis=0), story.away)
        assert evacuees_persons(given, story.state) == held + story.away.sum() == held + story.booked
        assert (story.state.away_persons >= 0).all()
    assert story.caught.sum() == LAYER.measure(given, story.state)["people_caught"].sum() > 0


def test_the_caught_who_live_come_back_to_the_shelters_when_the_danger_is_over():
    given, state = made()
    story = run(given, state, MINUTES, wave(1200, SAFE_FROM))
    alive = np.floor(story.caught / 2)
    story.away += alive  # people counts those who live among the evacuees
    story = run_on(given, story, 8 * 3600)
    assert np.array_equal(story.state.away_persons.sum(axis=0), story.away)
    assert np.array_equal(story.home + story.away + story.caught - alive, given.residents_persons)
    assert story.state.flight.lost_persons.sum() == 0


@pytest.mark.parametrize("seed", [None, 1, 2])
def test_the_length_of_the_step_does_not_matter(seed):
    given, state = made(
        strip(capacity_persons=60.0, care_persons=20), car_fraction=0.4, start_spread=0.5, care_prepare_s=600.0
    )
    fine = run(given, state, range(60, 1861, 60)).state.flight
    coarse = run(given, state, [60, 660, 1260, 1860] if seed is None else split(1860, seed)).state.flight
    one, other = fine.households, coarse.households
    assert (one["mode"] == VEHICLE).sum() > 20
    for name in ("phase", "gone", "goal", "at", "mode"):
        assert np.array_equal(one[name], other[name]), name
    moving = np.isfinite(one["left_m"])
    assert one["left_m"][moving] == pytest.approx(other["left_m"][moving], abs=1e-6)
    assert np.array_equal(fine.inside_persons, coarse.inside_persons)
    assert np.allclose(fine.pace, coarse.pace)


def test_standing_water_catches_the_same_people_in_long_and_short_steps():
    given, state = made()
    depth = lambda now_s: np.where((np.arange(PATCHES) > 20) & (np.arange(PATCHES) < 24), 1.0, 0.0)  # noqa: E731
    fine, coarse = (run(given, state, ends, depth).caught for ends in (MINUTES, [60, 1260, 2460, 3600]))
    assert np.array_equal(fine, coarse)
    assert fine[:2].sum() > 500
    assert fine[3] == 0


def test_an_earlier_start_and_more_who_hear_never_leave_more_caught():
    def caught(**values):
        telecom = values.pop("telecom", 1.0)
        given, state = made(**{"self_evacuation_fraction": 0.0, **values})
        return run(given, state, MINUTES, wave(1300, SAFE_FROM), telecom_fraction=telecom).caught.sum()

    by_start = [caught(start_day_s=[delay, 900.0]) for delay in (60.0, 300.0, 600.0, 900.0)]
    assert by_start == sorted(by_start)
    assert by_start[0] < by_start[-1]
    deaf = {"loudspeaker_fraction": 0.0, "seen_fraction": 0.0, "last_moment_leave_fraction": 0.0}
    by_phone = [run_out(made(self_evacuation_fraction=0.0, **deaf), telecom) for telecom in (0.0, 0.4, 1.0)]
    assert by_phone == sorted(by_phone)
    assert by_phone[0] == 0 < by_phone[-1]


def run_out(twin, telecom):
    """People safe when nobody is in a hurry, by how many the telephone reaches."""
    given, state = twin
    story = run(given, state, MINUTES, telecom_fraction=telecom)
    return story.state.away_persons[Place.REFUGE].sum()


def test_more_who_leave_at_once_means_fewer_at_home_when_the_water_comes():
    def at_home(at_once, errand):
        given, state = made(leave_at_once_fraction=at_once, leave_after_errand_fraction=errand)
        return run(given, state, range(60, 1201, 60)).home.sum()

    low, high, all_at_once = at_home(0.2, 0.5), at_home(0.7, 0.3), at_home(1.0, 0.0)
    assert low > high >= all_at_once
    assert low == pytest.approx(0.3 * 1080 + 120, rel=0.1)  # 120 live on safe ground; errands end after 15 minutes


def test_a_refuge_is_never_overfull_and_the_refused_go_on():
    given, state = made(strip(capacity_persons=50.0))
    most, story = 0.0, None
    for until_s in (900, 1500, 3600):
        story = run(given, state, range(60, until_s + 1, 60))
        most = max(most, float(story.state.flight.inside_persons[0]))
    homes = story.state.flight.households
    inside = (homes["phase"] == SAFE) & (homes["goal"] == REFUGE)
    assert homes["persons"][inside].sum() == most
    assert 45 <= most <= 50
    assert [event.kind for event in story.events].count("refuge_full") == 1
    assert (homes["phase"][homes["patch"] < SAFE_FROM] == SAFE).all()


def test_water_over_the_roof_of_a_refuge_catches_those_inside():
    given, state = made(strip(capacity_persons=50.0))
    inside = run(given, state, MINUTES).state.flight.inside_persons[0]
    low = run(given, state, [*MINUTES, 3660], wave(3660, 20, 12.0)).caught.sum()
    high = run(given, state, [*MINUTES, 3660], wave(3660, 20, 14.0)).caught.sum()
    assert low == 0
    assert high == inside > 0


def test_who_is_out_flees_too():
    given, state = made()
    at_work, at_home = (run(given, state, range(60, 1801, 60), out=out) for out in (0.6, 0.0))
    assert np.array_equal(at_work.away, at_home.away)
    assert at_work.away.sum() > 0.97 * 1080
    assert np.array_equal(at_work.home + at_work.away, given.residents_persons)


def test_the_warning_must_be_heard():
    silent = {"loudspeaker_fraction": 0.0, "self_evacuation_fraction": 0.0}
    given, state = made(**silent)
    assert run(given, state, MINUTES, telecom_fraction=0.0).away.sum() == 0
    assert run(given, state, MINUTES, telecom_fraction=1.0).away.sum() > 500
    given, state = made(**{**silent, "self_evacuation_fraction": 1.0})
    near = run(given, state, range(60, 1501, 60), telecom_fraction=0.0, tsunami_warning=0.0)
    assert near.away.sum() > 500


def test_the_last_moment_is_when_the_water_is_next_door():
    late = {"leave_at_once_fraction": 0.0, "self_evacuation_fraction": 0.0}
    given, state = made(**late, last_moment_leave_fraction=1.0)
    story = run(given, state, range(60, 1261, 60), wave(1200, 10))
    homes = story.state.flight.households
    assert set(homes["patch"][homes["gone"] > 0].tolist()) == {10}
    given, state = made(**late, last_moment_leave_fraction=0.0)
    assert run(given, state, range(60, 1261, 60), wave(1200, 10)).away.sum() == 0


def test_a_flood_call_moves_the_slow_first_and_fewer_at_night():
    values = {"follow_slow_fraction": 1.0, "follow_all_fraction": 1.0, "flood_start_s": 600.0}

    def left(call, late):
        given, state = made(**values)
        hours = range(1200, 6 * 3600 + 1, 1200)  # from 16:27 on
        moved = replace(given, params=given.params.replace({"asleep_h": [8.0, 7.0] if late else [0.0, 6.0]}))
        story = run(moved, state, hours, dry, **{**FLOOD, "flood_call": call})
        homes = story.state.flight.households
        return homes["gone"][homes["group"] == 0].sum(), homes["gone"][homes["group"] == 1].sum()

    able, slow = left(3.0, late=False)
    assert able == 0 < slow
    awake, asleep = left(4.0, late=False), left(4.0, late=True)
    assert sum(awake) > 2 * sum(asleep) > 0
    assert left(5.0, late=False) == (0, 0)


def test_care_homes_are_fetched_at_the_rate_of_their_vehicles():
    given, state = made(strip(care_persons=100), care_persons_per_h=24.0, care_prepare_s=3600.0, car_fraction=0.0)
    call = {**FLOOD, "flood_call": 3.0}
    for hours, moved in ((1, 0), (2, 20), (3, 44)):
        story = run(given, state, range(600, hours * 3600 + 1, 600), **call)
        assert abs(LAYER.measure(given, story.state)["care_home_persons_moved"].sum() - moved) <= 8
    homes = story.state.flight.households
    assert (homes["mode"][(homes["group"] == CARE) & (homes["gone"] > 0)] == VEHICLE).all()
    wet = run(given, state, range(600, 3 * 3600 + 1, 600), wave(1800, 10, 0.2), **call)
    assert LAYER.measure(given, wet.state)["care_home_persons_moved"].sum() == 0


def test_who_fled_a_flood_goes_on_to_a_shelter_and_home_when_it_is_over():
    given, state = made(follow_all_fraction=1.0, follow_slow_fraction=1.0, flood_start_s=600.0)
    story = run(given, state, range(600, 6 * 3600 + 1, 600), **FLOOD)
    homes = story.state.flight.households
    assert (homes["phase"] == HANDED_ON).sum() > 100
    halls = story.state.halls
    assert halls.persons[1] > 100
    assert halls.status.tolist() == [Status.CLOSED, Status.OPEN]  # the low one lies in the zone
    fled = story.away.sum()
    assert run_on(given, story, 40 * 3600).away.sum() < 0.1 * fled


def run_on(given, story, until_s):
    """The calm after: no call, no warning, same people."""
    from tests.layers.evacuation.small_world import clock, inputs

    quiet = inputs(given, shelter_staff_persons=40.0)
    for now_s in range(6 * 3600, until_s, 1200):
        there = {"persons_home": story.home.copy(), "persons_at_hand": story.home.copy()}
        values = {**quiet, **there, "persons_away": story.away.copy()}
        result = LAYER.step(given, story.state, values, clock(now_s, 1200))
        moved = result.outputs["leaving_persons"] - result.outputs["returning_persons"]
        story.home, story.away, story.state = story.home - moved, story.away + moved, result.state
    return story


def test_events_are_told_once_with_causes_the_layer_knows():
    given, state = made(event_caught_persons=200.0)
    story = run(given, state, MINUTES, wave(1200, SAFE_FROM))
    kinds = [event.kind for event in story.events]
    for kind in ("warning_heard", "flight_begun", "flight_over", "people_caught"):
        assert kinds.count(kind) == 1, kind
    known = {var.name for var in (*LAYER.needs, *LAYER.gives, *LAYER.records)}
    for event in story.events:
        assert event.causes
        assert {name for name, _ in event.causes} | {event.quantity} <= known


def test_without_a_terrain_nobody_is_a_row_and_nothing_changes_hands():
    from tests.layers.evacuation.small_world import advance
    from tests.layers.evacuation.small_world import made as made_dry

    given, state = made_dry()
    after, result, _, _ = advance(given, state, 3600, 600, tsunami_warning=2.0, felt_shocks=3.0)
    assert len(after.flight.households) == 0
    assert after.flight is state.flight
    assert result.outputs["caught_persons"] is given.nobody
    assert result.outputs["evacuee_cars_units"] is given.no_cars
    assert result.outputs["caught_at_persons"] is given.no_patch
