"""Water over a small town: who drowns, who is cut off and fetched; nobody lost, nothing twice."""

import numpy as np
import pytest

from layers.people import LAYER, drowning, flooding
from layers.people.measures import measure
from layers.people.state import DEAD, FLEEING, HURT, TRAPPED, WATER, persons
from tests.layers.people.small import begin, depths, run, small_world, struck
from twin.run import freeze

HOUR = 3600
MANY = 40000


def flooded(world, given, state, depth, *, until_s=600, start_s=0, **levels):
    """State after steps of ten minutes with this depth on the three patches of every cell."""
    deepest = np.maximum(depths(world, *depth), state.flood.highest_m)
    levels = {"water_depth_m": depths(world, *depth), "water_max_depth_m": deepest, **levels}
    return run(world, given, state, until_s, start_s=start_s, **levels)


def dead(state, kind=WATER):
    """Those killed at once, without the hurt who died later."""
    people = state.victims
    return np.count_nonzero(
        (people["kind"] == kind) & (people["state"] == DEAD) & (people["die_s"] == people["since_s"])
    )


@pytest.fixture(params=["sea", "river"])
def town(request):
    world = small_world(night=MANY, water=request.param)
    return world, *begin(world)


def test_deaths_follow_the_closed_form(town):
    world, given, state = town
    after, _ = flooded(world, given, state, (2.5, 0.0, 9.0), daylight=0.0)
    share = drowning.alive_fraction(given.params, given.water, np.array([0]), np.array([2.5]))[0]
    present = run(world, given, state, 600)[1].outputs["persons_present"].sum()
    assert dead(after) == pytest.approx(0.5 * present * (1.0 - share), rel=0.01)
    assert dead(after) == pytest.approx(measure(given, after)["deaths_water_expected"].sum(), abs=6)


def test_water_that_rises_slowly_kills_as_many_as_a_sudden_rise(town):
    world, given, state = town
    at_once, _ = flooded(world, given, state, (3.0, 1.0, 0.0), until_s=300, dt_s=60)
    slowly = state
    for step, depth_m in enumerate((0.4, 0.9, 1.4, 2.2, 3.0)):
        minute = {"start_s": 60 * step, "until_s": 60 * step + 60, "dt_s": 60}
        slowly, _ = flooded(world, given, slowly, (depth_m, depth_m / 3.0, 0.0), **minute)
    assert dead(slowly) == pytest.approx(dead(at_once), rel=0.005)


def test_the_same_depth_again_kills_nobody_twice(town):
    world, given, state = town
    once, _ = flooded(world, given, state, (2.5, 1.0, 0.0))
    ebb, _ = flooded(world, given, once, (0.0, 0.0, 0.0), start_s=600, until_s=1800)
    again, _ = flooded(world, given, ebb, (2.5, 1.0, 0.0), start_s=1800, until_s=3600)
    assert dead(again) == dead(once) > 0


def test_deeper_water_kills_more_and_those_who_left_live(town):
    world, given, state = town
    gone, _ = run(world, given, state, 600, leaving_persons=1e6)
    numbers = [dead(flooded(world, given, state, (depth_m, 0.0, 0.0))[0]) for depth_m in (0.2, 1.5, 3.0, 8.0)]
    assert numbers[0] == 0
    assert np.all(np.diff(numbers) > 0)
    assert dead(flooded(world, given, gone, (3.0, 0.0, 0.0), start_s=600, until_s=1200)[0]) < 0.6 * numbers[2]


def test_people_on_low_ground_leave_first(town):
    given = town[1]
    half = 0.5 * given.night_persons
    for away, low, high in ((0.0, 1.0, 1.0), (0.25, 0.5, 1.0), (0.5, 0.0, 1.0), (0.75, 0.0, 0.5)):
        stay = flooding.staying(given, away * given.night_persons, given.water)
        assert stay[given.water.low] == pytest.approx(low)
        assert stay[~given.water.low] == pytest.approx(high)
        assert half @ (stay[::2] + stay[1::2]) == pytest.approx((1.0 - away) * given.night_persons.sum())


def test_everyone_is_counted_through_a_flood(town):
    world, given, state = town
    everyone = persons(given, state)
    state, _ = flooded(world, given, state, (1.5, 0.6, 0.0), leaving_persons=4000.0)
    state, _ = flooded(
        world, given, state, (2.5, 0.8, 0.0), start_s=600, until_s=1800, caught_persons=900.0, lifted_persons=50.0,
        leaving_persons=70.0,
    )  # fmt: skip
    state, _ = flooded(world, given, state, (0.0, 0.0, 0.0), start_s=1800, until_s=7200, returning_persons=300.0)
    assert min(dead(state), dead(state, FLEEING)) > 0
    assert persons(given, state) == everyone
    assert min(state.residents.min(), state.away.min()) >= 0
    assert len(np.unique(state.victims["key"])) == len(state.victims)


def test_people_amid_water_are_stranded_until_it_falls():
    world = small_world(water="river")
    given, state = begin(world)
    state, result = flooded(world, given, state, (0.7, 0.4, 9.0))
    home = measure(given, state)["persons_home"].sum()
    stranded = result.outputs["stranded_persons"]
    assert stranded.sum() == pytest.approx(0.5 * home, abs=6)
    assert result.outputs["persons_home"].sum() == home - stranded.sum()
    lower, result = flooded(world, given, state, (0.4, 0.4, 0.0), start_s=600, until_s=1800)
    assert np.array_equal(result.outputs["stranded_persons"], stranded)
    _, result = flooded(world, given, lower, (0.2, 0.2, 0.0), start_s=1800, until_s=2400)
    assert result.outputs["stranded_persons"].sum() == 0.0
    assert "stranded_ends" in {event.kind for event in result.events}


def test_the_fetched_are_stranded_no_more_and_leave_first():
    world = small_world(water="river")
    given, state = begin(world)
    state, result = flooded(world, given, state, (0.7, 0.0, 0.0), until_s=1200)
    first = result.outputs["stranded_persons"]
    state, result = flooded(world, given, state, (0.7, 0.0, 0.0), start_s=1200, until_s=1800, lifted_persons=100.0)
    assert np.all(np.abs(first - 100.0 - result.outputs["stranded_persons"]) <= 1)
    assert state.flood.lifted.tolist() == [100] * 6
    after, result = flooded(world, given, state, (0.7, 0.0, 0.0), start_s=1800, until_s=2400, leaving_persons=60.0)
    assert after.flood.lifted.tolist() == [40] * 6
    assert np.all(np.abs(first - 100.0 - result.outputs["stranded_persons"]) <= 1)
    more, result = flooded(world, given, after, (0.7, 0.0, 0.0), start_s=2400, until_s=3000, lifted_persons=1e6)
    assert result.outputs["stranded_persons"].sum() == 0.0
    assert persons(given, more) == persons(given, state)


def test_those_cut_off_do_not_go_to_work():
    world = small_world(water="river")
    given, state = begin(world)
    state, _ = run(world, given, state, 8 * HOUR)
    state, _ = flooded(world, given, state, (0.7, 0.7, 0.0), start_s=8 * HOUR, until_s=9 * HOUR)
    night = measure(given, state)["stranded_persons"]
    state, _ = flooded(world, given, state, (0.7, 0.7, 0.0), start_s=9 * HOUR, until_s=20 * HOUR)
    assert np.all(measure(given, state)["stranded_persons"] >= 0.99 * night)


def test_the_caught_die_by_depth_and_their_deaths_follow_the_rise():
    world = small_world(water="sea")
    given, state = begin(world)
    state, _ = run(world, given, state, 600, leaving_persons=1000.0)
    few, _ = flooded(world, given, state, (0.65, 0.0, 0.0), start_s=600, until_s=1200, caught_persons=200.0)
    drown = 1.0 - given.params.caught_upstairs_fraction
    assert dead(few, FLEEING) == pytest.approx(600 * drown, abs=6)
    hurt = few.victims.select((few.victims["kind"] == FLEEING) & (few.victims["state"] == HURT))
    assert len(hurt) == pytest.approx(1200 - 600 * drown, abs=12)
    assert np.mean(hurt["severity"] == 2) == pytest.approx(0.12, abs=0.02)
    assert few.away.sum() == 6000 - dead(few, FLEEING) - np.count_nonzero(hurt["severity"] == 2)
    more, _ = flooded(world, given, few, (1.2, 0.0, 0.0), start_s=1200, until_s=1800)
    assert dead(more, FLEEING) == pytest.approx(1200 * drown, abs=12)
    assert measure(given, more)["deaths_water"].sum() == dead(more) + dead(more, FLEEING)


def test_the_caught_of_a_dry_cell_meet_the_water_of_their_town():
    world = small_world(water="sea")
    given, state = begin(world)
    state, _ = run(world, given, state, 600, leaving_persons=1000.0)
    depth_m = depths(world, 0.0, 0.0, 0.0)
    depth_m[0] = 5.0
    after, _ = run(
        world, given, state, 1200, start_s=600, water_depth_m=depth_m, water_max_depth_m=depth_m, caught_persons=10.0
    )
    killed = (after.victims["kind"] == FLEEING) & (after.victims["state"] == DEAD)
    towns = np.bincount(after.victims["municipality"][killed], minlength=2)
    assert towns.tolist() == [round(30 * (1.0 - given.params.caught_upstairs_fraction)), 0]


@pytest.mark.parametrize(("patch", "drown"), [(0, True), (1, False)])
def test_the_depth_where_they_were_caught_decides(patch, drown):
    world = small_world(water="sea")
    given, state = begin(world)
    state, _ = run(world, given, state, 600, leaving_persons=1000.0)
    at = np.zeros(given.n_patches)
    at[patch] = 60.0  # the first patch lies deep, the second in a trickle
    levels = {"caught_persons": 10.0, "caught_at_persons": at}
    after, _ = flooded(world, given, state, (2.0, 0.2, 0.0), start_s=600, until_s=1200, **levels)
    killed = (after.victims["kind"] == FLEEING) & (after.victims["state"] == DEAD)
    in_town = after.victims["municipality"][killed] == given.water.town_of_patch[patch]
    assert in_town.any() == drown


@pytest.mark.parametrize(("rises_s", "more"), [(1800, True), (7200, False)])
def test_water_that_rises_hours_later_finds_nobody_there(rises_s, more):
    world = small_world(water="sea")
    given, state = begin(world)
    state, _ = run(world, given, state, 600, leaving_persons=1000.0)
    at = np.zeros(given.n_patches)
    at[0] = 60.0
    levels = {"caught_persons": 10.0, "caught_at_persons": at}
    state, _ = flooded(world, given, state, (0.35, 0.0, 0.0), start_s=600, until_s=1200, **levels)
    state, _ = flooded(world, given, state, (0.35, 0.0, 0.0), start_s=1200, until_s=rises_s)
    after, _ = flooded(world, given, state, (3.0, 0.0, 0.0), start_s=rises_s, until_s=rises_s + 600)
    killed = [
        np.count_nonzero((one["kind"] == FLEEING) & (one["state"] == DEAD) & (one["municipality"] == town))
        for town in given.water.town_of_patch[:1]
        for one in (state.victims, after.victims)
    ]
    assert (killed[1] > killed[0]) == more


def test_nobody_is_caught_who_had_not_left():
    world = small_world(water="sea")
    given, state = begin(world)
    after, _ = flooded(world, given, state, (2.0, 0.0, 0.0), caught_persons=1e6)
    assert dead(after, FLEEING) == 0


def test_the_trapped_drown_where_water_reaches_them():
    world = small_world(night=MANY, water="sea")
    given, state = begin(world)
    state, _ = struck(world, given, state, site_damage_fraction=[0.0, 0.3])
    dry, _ = run(world, given, state, 600, start_s=60, dt_s=540, wood_collapsed_fraction=0.2)
    wet, _ = flooded(world, given, state, (0.0, 2.0, 2.0), start_s=60, until_s=660, wood_collapsed_fraction=0.2)

    def trapped(state):
        rows = state.victims["state"] == TRAPPED
        return np.count_nonzero(rows & (state.victims["site"] < 0))

    assert trapped(wet) == pytest.approx(0.5 * trapped(dry), rel=0.05)


def test_bodies_of_the_sea_are_found_late():
    def median_s(kind):
        world = small_world(night=MANY, water=kind)
        given, state = begin(world)
        rows = flooded(world, given, state, (5.0, 0.0, 0.0))[0].victims
        rows = rows.select(rows["state"] == DEAD)
        return np.median(rows["found_s"] - rows["die_s"])

    assert median_s("sea") == pytest.approx(10 * 24 * HOUR, rel=0.05)
    assert median_s("river") == pytest.approx(2 * 24 * HOUR, rel=0.05)


def test_flooded_homes_displace_once():
    world = small_world(water="river")
    given, state = begin(world)
    quiet = {"shock_intensity": 0.0, "wood_half_fraction": 0.0}
    _, wet = struck(world, given, state, wood_collapsed_fraction=0.0, uninhabitable_fraction=0.4, **quiet)
    _, both = struck(world, given, state, wood_collapsed_fraction=0.5, uninhabitable_fraction=0.4, **quiet)
    assert wet.outputs["persons_displaced"] == pytest.approx(0.4 * 3000, abs=1.0)
    assert both.outputs["persons_displaced"] == pytest.approx(3000 * (1.0 - 0.6 * 0.6), abs=200)
    assert any(event.kind == "home_lost" for event in wet.events)


def test_every_new_need_bites_and_events_name_their_causes():
    world = small_world(night=MANY, water="sea")
    given, state = begin(world)
    state, _ = run(world, given, state, 600, leaving_persons=2000.0)
    state, result = flooded(world, given, state, (2.0, 0.7, 0.0), start_s=600, until_s=1200, caught_persons=100.0)
    events = {event.kind: event for event in result.events}
    assert ("water_max_depth_m", 3 * events["drowned_at_home"].row) in events["drowned_at_home"].causes
    assert ("caught_persons", events["drowned_on_way"].row) in events["drowned_on_way"].causes
    assert events["stranded"].amount == state.flood.stranded[events["stranded"].row]
    declared = {var.name for var in (*LAYER.needs, *LAYER.gives, *LAYER.records)}
    for event in events.values():
        assert event.quantity in declared
        assert all(need in declared for need, _ in event.causes)


def test_a_water_grid_without_water_changes_nothing():
    results = []
    for kind in ("", "river"):
        world = small_world(water=kind)
        given, state = begin(world)
        state, _ = struck(world, given, state)
        results.append(run(world, given, state, 6 * HOUR, start_s=60, dt_s=540, wood_collapsed_fraction=0.2))
    (dry, first), (wet, second) = results
    for name, values in first.outputs.items():
        assert np.array_equal(values, second.outputs[name]), name
    for name in dry.victims:
        assert np.array_equal(dry.victims[name], wet.victims[name]), name


def test_a_step_gives_the_same_twice_and_leaves_the_state_alone():
    world = small_world(water="sea")
    given, state = begin(world)
    state, _ = flooded(world, given, state, (1.0, 0.6, 0.0))
    one, two = (flooded(world, given, freeze(state), (2.0, 0.8, 0.0), start_s=600, until_s=1200)[0] for _ in range(2))
    assert np.array_equal(one.victims["key"], two.victims["key"])
    assert np.array_equal(one.flood.amid_persons, two.flood.amid_persons)
