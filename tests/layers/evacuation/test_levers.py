"""Orders to this layer: what they bite on, what they leave alone, how they are taken back."""

import numpy as np

from layers.evacuation import LAYER, shelters
from layers.evacuation.outputs import measure
from layers.evacuation.state import Ordered, Place, Status
from tests.contract import runs
from tests.contract.runs import content, run
from tests.layers.evacuation import small_world, strip_world
from tests.layers.evacuation.ordering import give, ordered_lines, saved_and_loaded, standing_at
from tests.layers.evacuation.small_world import clock, inputs, made
from twin.contract import Order

AT_S, LATER_S = 3 * 3600, 6 * 3600
CROWDED, CLOSED = 7, 2  # shelters of two-towns at AT_S
QUIET = {"felt_shocks": 4.0, "shelter_staff_persons": 12.0, "shelter_checks_units": 1.0}


def halls(twin):
    return twin.state.layers["evacuation"].halls


def ordered(state, given, lever, rows, value, now_s=0):
    order = Order("hand/0", lever, np.array(rows), value)
    return LAYER.obey(given, state, order, clock(now_s, 0)).state


def test_a_shelter_ordered_open_opens_after_key_check_and_staff():
    twin = give(standing_at(AT_S), "evacuation.open_shelter", [CLOSED], 1.0)
    assert halls(twin).status[CLOSED] == Status.WAITING
    assert halls(twin).due_s[CLOSED] >= AT_S + twin.given["evacuation"].params.opening_least_s
    assert ordered_lines(twin) == [("shelter_persons", CLOSED, 1.0, ("open_shelter",))]
    run(twin, 8 * 3600)
    assert halls(twin).status[CLOSED] == Status.OPEN
    line = next(line for line in twin.journal.lines if line[3] == "shelter_opened" and line[5] == CLOSED)
    assert twin.journal.lines[0][0] in line[7], "the opening cites the order"
    plain = run(standing_at(AT_S), 8 * 3600)
    assert halls(plain).status[CLOSED] == Status.CLOSED


def test_orders_leave_the_other_town_alone():
    twin = run(give(standing_at(AT_S), "evacuation.open_shelter", [CLOSED], 1.0), LATER_S)
    plain = run(standing_at(AT_S), LATER_S)
    other = twin.given["evacuation"].halls.town == 1
    for name in ("status", "persons", "due_s", "checked", "capacity_persons"):
        np.testing.assert_array_equal(getattr(halls(twin), name)[other], getattr(halls(plain), name)[other])
    assert not np.array_equal(halls(twin).status, halls(plain).status)


def test_people_of_a_closed_shelter_go_to_others_and_it_stays_closed():
    twin, plain = standing_at(AT_S), run(standing_at(AT_S), LATER_S)
    give(twin, "evacuation.close_shelter", [CROWDED], 1.0)
    before = halls(standing_at(AT_S)).persons
    run(twin, AT_S + 1200)
    state = twin.state.layers["evacuation"]
    assert before[CROWDED] > 100
    assert state.halls.persons[CROWDED] == 0
    at_door = state.away_persons[Place.TURNED_AWAY].sum()
    assert state.halls.persons.sum() + at_door >= 0.9 * before.sum(), "nobody vanished"
    run(twin, LATER_S)
    assert halls(twin).status[CROWDED] == Status.MERGED
    assert halls(plain).status[CROWDED] == Status.OPEN


def test_taken_back_a_closed_shelter_may_open_again():
    twin = give(standing_at(AT_S), "evacuation.close_shelter", [CROWDED], 1.0)
    run(twin, AT_S + 3600)
    assert twin.state.layers["evacuation"].ordered[CROWDED] == Ordered.SHUT
    give(twin, "evacuation.close_shelter", [CROWDED], np.nan)
    assert not twin.state.layers["evacuation"].ordered.any()
    assert ordered_lines(twin)[-1][2] == 0.0


def test_taken_back_a_shelter_opened_by_order_closes():
    twin = run(give(standing_at(AT_S), "evacuation.open_shelter", [CLOSED], 1.0), 8 * 3600)
    give(twin, "evacuation.open_shelter", [CLOSED], np.nan)
    run(twin, 8 * 3600 + 1800)
    assert halls(twin).status[CLOSED] == Status.MERGED
    assert halls(twin).persons[CLOSED] == 0


def test_saved_between_order_and_effect_goes_on_the_same(tmp_path):
    twin = give(standing_at(AT_S), "evacuation.open_shelter", [CLOSED], 1.0)
    give(twin, "evacuation.close_shelter", [CROWDED], 1.0, "other/0", 1)
    second = saved_and_loaded(twin, tmp_path)
    assert content(run(second, LATER_S)) == content(run(twin, LATER_S))


def test_an_unsafe_shelter_never_opens_and_the_town_opens_as_many_as_before():
    given, state = made(open_ahead_fraction=0.5)
    usable = np.array([1.0, 0.0, 1.0, 1.0])
    state = ordered(state, given, "open_shelter", [1], 1.0)
    state, *_ = small_world.advance(given, state, 12 * 3600, 600, shelter_usable=usable, **QUIET)
    assert state.halls.status[1] == Status.UNUSABLE
    assert state.halls.status[0] == Status.OPEN, "the one ordered comes on top of what the town wants"
    assert state.ordered.tolist() == [0, Ordered.EXTRA, 0, 0]


def test_a_shelter_kept_open_is_not_consolidated():
    given, state = made(open_ahead_fraction=1.0)
    state, *_ = small_world.advance(given, state, 12 * 3600, 600, **QUIET)
    assert (state.halls.status == Status.OPEN).all()
    row = int(np.argmin(state.halls.persons[:2]))
    kept = ordered(state, given, "open_shelter", [row], 1.0)
    assert kept.ordered[row] == Ordered.KEPT
    target = {"shelters_target_units": 1.0, "shelter_staff_persons": 12.0}
    for one, status in ((state, Status.MERGED), (kept, Status.OPEN)):
        wanted = inputs(given, **target)
        closed = shelters.consolidate(given, one.halls, wanted["shelters_target_units"], np.zeros(2), one.ordered)
        assert closed.status[row] == status


def test_more_vehicles_fetch_care_homes_sooner_and_none_after_they_are_taken_back():
    def fetched(per_h, back_s=None, dt_s=300):
        given, state = strip_world.made(strip_world.strip(care_persons=60), care_persons_per_h=10.0)
        state = ordered(state, given, "care_home_transport", [0], per_h) if per_h else state
        if back_s is not None:
            state = ordered(state, given, "care_home_transport", [0], np.nan, back_s)
        return strip_world.run(given, state, range(dt_s, 4 * 3600 + 1, dt_s)).state.flight.care_persons.sum()

    assert fetched(0.0) < 0.8 * 60
    assert fetched(40.0) == 60
    assert fetched(40.0, back_s=0) == fetched(0.0)
    assert fetched(15.0, dt_s=60) == fetched(15.0, dt_s=600)


def test_order_levers_say_where_they_act():
    levers = [lever for lever in LAYER.levers if not lever.target]
    assert {lever.name: lever.on for lever in levers} == {
        "open_shelter": "shelter",
        "close_shelter": "shelter",
        "care_home_transport": "municipality",
    }
    assert all(lever.on in runs.WORLD and lever.doc for lever in levers)


def test_groups_are_parts_of_their_whole():
    state = run(standing_at(AT_S), LATER_S).state.layers["evacuation"]
    given = standing_at(AT_S).given["evacuation"]
    values = measure(given, state)
    for part, whole in (
        ("evacuees_aged_65_in_shelters", "evacuees_in_shelters"),
        ("evacuees_aged_65_in_cars", "evacuees_in_cars"),
        ("evacuees_fleeing_slow", "evacuees_fleeing"),
        ("people_caught_slow", "people_caught"),
    ):
        assert (values[part] <= values[whole] + 1e-9).all()
    share = values["evacuees_aged_65_in_shelters"].sum() / values["evacuees_in_shelters"].sum()
    assert 0.1 < share < 0.6


def test_slow_and_cared_for_people_caught_by_water_are_told_apart():
    given, state = strip_world.made(
        strip_world.strip(care_persons=40), care_persons_per_h=2000.0, slow_65_fraction=1.0, care_prepare_s=600.0
    )
    story = strip_world.run(given, state, range(300, 3600, 300), strip_world.wave(900))
    values = measure(given, story.state)
    parts = values["people_caught_slow"] + values["care_home_persons_caught"]
    assert values["people_caught_slow"].sum() > 0
    assert parts.sum() <= values["people_caught"].sum()
