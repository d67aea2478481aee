"""The layer as a whole: conservation, moves, given incidents, dt-invariance, keyed chance, arguments untouched."""

import numpy as np
import pytest

from layers.people import LAYER
from layers.people.measures import measure
from layers.people.state import DEAD, SITE, persons
from tests.layers.people.small import CHANCE, ORIGIN, begin, calm_inputs, run, small_world, struck
from twin.chance import Chance
from twin.contract import Clock


def test_everyone_is_counted_through_shock_moves_and_hardship():
    world = small_world(incidents=True)
    given, state = begin(world)
    everyone = persons(given, state)
    state, _ = struck(world, given, state, site_damage_fraction=0.1)
    assert persons(given, state) == everyone
    levels = {"leaving_persons": 40.0, "returning_persons": 3.0, "shelter_persons": 5000.0, "crowding_fraction": 3.0}
    state, _ = run(
        world, given, state, 5 * 86400, 3600, start_s=3600, wood_collapsed_fraction=0.2, freed_persons=1.0,
        treated_persons=2.0, power_on_fraction=0.2, wbgt_c=32.0, site_damage_fraction=0.1, **levels,
    )  # fmt: skip
    assert persons(given, state) == everyone == world["cell"]["night_persons"].sum()
    assert min(state.residents.min(), state.away.min()) >= 0


def test_only_who_is_there_leaves_and_only_evacuees_return():
    world = small_world()
    given, state = begin(world)
    everyone = state.residents.sum()
    state, result = run(world, given, state, 600, leaving_persons=1e6)
    assert state.away.sum() == everyone
    assert result.outputs["persons_at_hand"].sum() == 0.0
    back, result = run(world, given, state, 1200, start_s=600, returning_persons=1e6)
    assert back.away.sum() == 0
    assert result.outputs["persons_away"].sum() == 0.0


def test_given_incident_kills_and_traps_the_given_numbers_once():
    world = small_world(incidents=True)
    given, state = begin(world)
    state, result = struck(world, given, state, wood_collapsed_fraction=0.0, site_damage_fraction=[0.1, 0.0])
    dead = (state.victims["kind"] == SITE) & (state.victims["state"] == DEAD)
    assert np.count_nonzero(dead) == 12
    assert np.all(given.town[state.victims["home"][dead]] == 0)
    assert result.outputs["site_trapped_persons"].tolist() == [15.0, 0.0]
    later, _ = run(world, given, state, 660, 600, start_s=60, site_damage_fraction=[0.1, 0.0])
    assert np.count_nonzero((later.victims["kind"] == SITE) & (later.victims["die_s"] <= 60)) == 12


def test_without_damage_to_the_site_the_incident_harms_nobody():
    world = small_world(incidents=True)
    given, state = begin(world)
    state, _ = run(world, given, state, 600)
    assert not np.any(state.victims["state"] == DEAD)


def test_kinds_of_deaths_are_kept_apart_and_add_up():
    world = small_world(night=50000, incidents=True)
    given, state = begin(world)
    state, _ = struck(
        world, given, state, site_damage_fraction=0.1, slide_buildings=60.0, fires_burning=50.0, buildings_burnt=90.0
    )
    series = measure(given, state)
    kinds = [series[f"deaths_{kind}"].sum() for kind in ("residential", "site", "fire", "landslide")]
    assert min(kinds) > 0
    assert sum(kinds) == series["deaths"].sum()


def test_damage_in_two_shocks_harms_as_many_as_in_one():
    def dead(*collapsed):
        world = small_world(night=50000)
        given, state = begin(world)
        for i, share in enumerate(collapsed):
            state, _ = run(world, given, state, 30 * i + 30, 30, start_s=30 * i, wood_collapsed_fraction=share)
        return measure(given, state)["deaths"].sum()

    assert dead(0.1, 0.3) == pytest.approx(dead(0.0, 0.3), rel=0.02)


def test_ten_steps_of_a_minute_equal_one_of_ten():
    world = small_world(night=100000)
    given, state = begin(world)
    state, _ = struck(world, given, state)
    one, _ = run(world, given, state, 3660, 600, start_s=60, wood_collapsed_fraction=0.2)
    ten, _ = run(world, given, state, 3660, 60, start_s=60, wood_collapsed_fraction=0.2)
    first, second = measure(given, one), measure(given, ten)
    for name in ("trapped_persons", "deaths", "freed_by_neighbours", "persons_home", "injured_severe"):
        assert first[name].sum() == pytest.approx(second[name].sum(), rel=0.03), name


def test_more_collapse_never_saves_anybody():
    world = small_world(night=50000)
    given, state = begin(world)
    deaths = [
        measure(given, struck(world, given, state, wood_collapsed_fraction=share)[0])["deaths"] for share in (0.1, 0.2)
    ]
    assert np.all(deaths[1] >= deaths[0])


def test_collapsed_burnt_and_half_of_half_collapsed_homes_displace():
    world = small_world()
    given, state = begin(world)
    _, result = struck(world, given, state, wood_collapsed_fraction=0.1, wood_half_fraction=0.2)
    expected = 0.8 * 3000 * (0.1 + given.params.half_collapsed_leave_fraction * 0.2)
    assert result.outputs["persons_displaced"] == pytest.approx(expected, abs=1.0)


def test_deaths_are_confirmed_later_than_they_happen_and_never_all_at_once():
    world = small_world(night=50000)
    given, state = begin(world, dwelling_life_threatened=0.5)
    state, _ = struck(world, given, state)
    confirmed, missing = [], []
    for start_s in range(60, 72 * 3600, 6 * 3600):
        state, result = run(
            world, given, state, start_s + 6 * 3600, 6 * 3600, start_s=start_s, wood_collapsed_fraction=0.2
        )
        confirmed.append(result.outputs["deaths_confirmed_persons"].sum())
        missing.append(result.outputs["missing_persons"].sum())
    assert confirmed[0] < 0.5 * confirmed[-1] <= measure(given, state)["deaths"].sum()
    assert np.all(np.diff(confirmed) >= 0)
    assert missing[0] > missing[-1]


def test_same_seed_same_people_other_member_other_people():
    world = small_world(night=50000)

    def keys(chance):
        given, state = begin(world, chance)
        return struck(world, given, state, chance)[0].victims["die_s"]

    assert np.array_equal(keys(Chance(3, 1)), keys(Chance(3, 1)))
    assert not np.array_equal(keys(Chance(3, 1)), keys(Chance(3, 2)))


def test_a_better_neighbourhood_changes_no_other_draw():
    world = small_world(night=50000)
    tables = []
    for share in (0.5, 0.85):
        given, state = begin(world, neighbour_freed_fraction=share)
        tables.append(struck(world, given, state)[0].victims)
    assert np.array_equal(tables[0]["die_s"], tables[1]["die_s"])
    assert np.all(tables[1]["effort_due_s"] <= tables[0]["effort_due_s"])


def test_events_name_places_and_causes():
    world = small_world(night=50000)
    given, state = begin(world)
    _, result = struck(world, given, state)
    killed = [event for event in result.events if event.kind == "killed"]
    assert killed
    assert all(("wood_collapsed_fraction", event.row) in event.causes for event in killed)


def test_every_event_cites_declared_quantities():
    world = small_world(night=50000, incidents=True)
    given, state = begin(world, related_per_ill=0.05, heat_rate_at_28_per_day=3e-5)
    own = {var.name for var in (*LAYER.gives, *LAYER.records)}
    known = own | {need.name for need in LAYER.needs}
    levels = {"wood_collapsed_fraction": 0.2, "site_damage_fraction": 0.1, "slide_buildings": 60.0}
    levels |= {"fires_burning": 50.0, "power_on_fraction": 0.0, "wbgt_c": 34.0, "shelter_persons": 5000.0}
    kinds = set()
    for start_s in range(0, 5 * 86400, 7200):
        shock = 6.5 if start_s == 0 else 0.0
        more = {"freed_persons": 1.0 * (start_s > 0), "site_freed_persons": 1.0 * (start_s > 0), "crowding_fraction": 3}
        state, result = run(
            world, given, state, start_s + 7200, 7200, start_s=start_s, shock_intensity=shock, **levels, **more
        )
        kinds |= {event.kind for event in result.events}
        assert all(event.quantity in own for event in result.events)
        assert all(cause in known for event in result.events for cause, _ in event.causes)
    assert kinds >= {
        "killed", "trapped", "freed_by_neighbours", "freed_by_responders", "died_trapped", "died_untreated", "call",
        "home_lost", "many_ill", "related_death", "death_confirmed", "jam_begins", "jam_ends", "staff_short",
        "shut_in_lift",
    }  # fmt: skip


def test_outputs_have_declared_shapes_and_whole_persons():
    world = small_world(incidents=True)
    given, state = begin(world)
    _, result = struck(world, given, state, site_damage_fraction=0.1)
    for var in LAYER.gives:
        array = result.outputs[var.name]
        assert array.shape == world.shape(var.on)
        assert array.dtype == np.float64
        if var.unit in ("person", "call"):
            assert np.array_equal(array, np.rint(array)), var.name
    assert set(measure(given, state)) == {series.name for series in LAYER.series}


def test_arguments_stay_untouched():
    world = small_world()
    given, state = begin(world)
    inputs = calm_inputs(world, wood_collapsed_fraction=0.3, shock_intensity=6.0)
    before = {name: array.copy() for name, array in inputs.items()}
    LAYER.step(given, state, inputs, Clock(0, 60, ORIGIN, CHANCE))
    assert all(np.array_equal(inputs[name], before[name]) for name in inputs)
    assert state.now_s == 0
    assert not len(state.victims)


def test_levers_point_at_parameters_within_their_range():
    rows = begin(small_world())[0].params.rows
    for lever in LAYER.levers:
        if not lever.target:
            continue
        row = rows[lever.target]
        assert row.low <= lever.low < lever.high <= row.high
        assert lever.unit == row.unit
