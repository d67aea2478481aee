"""Orders to this layer: crews and teams from outside, helicopters for patients; what they leave alone; taken back."""

import numpy as np

from layers.rescue import LAYER, sent
from layers.rescue.codes import MAX_EXTRA_CREWS, Force, Ground, Pool, Task
from layers.rescue.state import changed
from tests.contract import runs
from tests.contract.runs import content, run
from tests.layers.evacuation.ordering import give, ordered_lines, saved_and_loaded, standing_at
from tests.layers.rescue import small
from twin.contract import Clock, Order
from twin.missions import NEVER_S, WORKING

AT_S, NIGHT_S, LATER_S = 3600, 4 * 3600, 7 * 3600
CENTRAL, WEST_TOWN = 1, 1  # the hospital with the longest queue, the smaller town


def rescue(twin):
    return twin.state.layers["rescue"]


def given():
    return standing_at(AT_S).given["rescue"]


def come(twin):
    """Units sent by order that have reached the gateway."""
    state = rescue(twin)
    return (state.sent.by > 0) & (state.units.available_s <= twin.state.now_s)


def teams_at_work(twin, hospital):
    """Medical teams at work in a hospital by order."""
    missions, constants = rescue(twin).missions, twin.given["rescue"]
    mine = (missions.pool == constants.n_town + Pool.SENT_TEAMS) & (missions.phase == WORKING)
    return int((constants.places.entity[missions.place[mine]] == hospital).sum())


def test_crews_come_after_their_way_and_are_bound_to_the_town():
    twin = give(standing_at(AT_S), "rescue.crews_sent", [WEST_TOWN], 6.0)
    constants, state = twin.given["rescue"], rescue(twin)
    mine = state.sent.by > 0
    assert mine.sum() == 6
    assert (state.units.available_s[mine] == AT_S + constants.params.extra_mobilise_s).all()
    assert (state.units.pool[mine] == constants.district[WEST_TOWN]).all()
    assert ordered_lines(twin) == [("sent_crews", WEST_TOWN, 6.0, ("crews_sent",))]
    run(twin, LATER_S)
    assert come(twin).sum() == 6
    line = next(line for line in twin.journal.lines if line[3] == "force_arrived" and line[4] == "sent_crews")
    assert line[7] == (twin.journal.lines[0][0],), "their arrival cites the order"
    assert (rescue(twin).units.pool[mine] == constants.district[WEST_TOWN]).all()


def test_crews_take_on_what_waits_once_they_are_there_and_change_nothing_before():
    twin, plain = give(standing_at(AT_S), "rescue.crews_sent", [0], 40.0), standing_at(AT_S)
    run(twin, AT_S + 17000)
    run(plain, AT_S + 17000)
    for name in ("rescued_persons", "rescue_waiting", "responders_working", "hospital_patients_waiting"):
        np.testing.assert_array_equal(twin.measure()[name], plain.measure()[name])
    run(twin, AT_S + 19800)
    run(plain, AT_S + 19800)
    assert twin.measure()["responders_working"].sum() > plain.measure()["responders_working"].sum()
    assert twin.measure()["rescue_waiting"].sum() < plain.measure()["rescue_waiting"].sum()


def test_taken_back_crews_finish_their_work_and_leave():
    twin = give(standing_at(AT_S), "rescue.crews_sent", [0], 10.0)
    give(twin, "rescue.crews_sent", [0], 5.0, "other/0", 1)
    run(twin, LATER_S)
    give(twin, "rescue.crews_sent", [0], np.nan)
    state = rescue(twin)
    busy = (state.sent.by > 0) & (state.units.leave_s < NEVER_S)
    assert (state.units.mission[busy] >= 0).all(), "only who has work in hand is still there"
    run(twin, 12 * 3600)
    assert (rescue(twin).sent.by > 0).sum() == 5, "crews of another order stay"
    give(twin, "rescue.crews_sent", [0], 190.0, "third/0")
    assert (rescue(twin).sent.by > 0).sum() == 195, "who has left may be sent again"


def test_no_more_crews_are_sent_than_are_kept():
    twin = give(standing_at(AT_S), "rescue.crews_sent", [0, 1], 150.0)
    assert [line[2] for line in ordered_lines(twin)] == [150.0, MAX_EXTRA_CREWS - 150.0]


def test_saved_between_order_and_effect_goes_on_the_same(tmp_path):
    twin = standing_at(AT_S)
    orders = (("crews_sent", 0, 10.0), ("medical_teams_sent", CENTRAL, 3.0), ("airlift_patients", CENTRAL, 2.0))
    for number, (lever, row, value) in enumerate(orders):
        give(twin, f"rescue.{lever}", [row], value, f"test/{number}", number)
    second = saved_and_loaded(twin, tmp_path)
    assert content(run(second, LATER_S)) == content(run(twin, LATER_S))


def test_teams_come_to_the_hospital_named_and_shorten_its_queue():
    twin = give(standing_at(AT_S), "rescue.medical_teams_sent", [CENTRAL], 4.0)
    assert ordered_lines(twin) == [("sent_teams_crews", CENTRAL, 4.0, ("medical_teams_sent",))]
    run(twin, AT_S + 5 * 3600 - 600)
    assert teams_at_work(twin, CENTRAL) == 0
    run(twin, LATER_S)
    assert 0 < teams_at_work(twin, CENTRAL) <= 4
    assert rescue(twin).present.medical_teams[CENTRAL] >= teams_at_work(twin, CENTRAL)
    queue = [rescue(one).medical.waiting[CENTRAL].sum() for one in (twin, run(standing_at(AT_S), LATER_S))]
    assert queue[0] < queue[1]


def test_teams_taken_back_leave_at_once_and_others_stay():
    twin = give(standing_at(AT_S), "rescue.medical_teams_sent", [CENTRAL], 4.0)
    give(twin, "rescue.medical_teams_sent", [CENTRAL], 2.0, "other/0", 1)
    run(twin, LATER_S)
    give(twin, "rescue.medical_teams_sent", [CENTRAL], np.nan)
    state, constants = rescue(twin), twin.given["rescue"]
    assert sent.teams_at(constants, state.sent)[CENTRAL] == 2
    run(twin, LATER_S + 3600)
    assert teams_at_work(twin, CENTRAL) <= 2
    assert (rescue(twin).sent.by > 0).sum() == 2


def test_patients_fly_by_day_and_count_as_treated():
    twin, plain = give(standing_at(AT_S), "rescue.airlift_patients", [CENTRAL], 2.0), standing_at(AT_S)
    run(twin, NIGHT_S)
    run(plain, NIGHT_S)
    state, constants = rescue(twin), twin.given["rescue"]
    assert state.sent.flown[CENTRAL] > 0
    assert twin.measure()["patients_airlifted"].sum() == state.sent.flown.sum()
    assert rescue(plain).sent.flown.sum() == 0
    assert state.medical.treated.sum() > rescue(plain).medical.treated.sum()
    flights = state.missions.place[state.missions.kind == Task.AIRLIFT]
    assert (flights == constants.places.first[Ground.HOSPITAL] + CENTRAL).all()


def _with_patients(daylight, wind=0.0, value=2.0):
    constants, state = small.given(), small.start()
    waiting = state.medical.waiting.copy()
    waiting[CENTRAL, 0] = 40.0
    state = changed(state, medical=changed(state.medical, waiting=waiting))
    order = Order("small/0", "airlift_patients", np.array([CENTRAL]), value)
    state = LAYER.obey(constants, state, order, Clock(0, 0, small.world().origin, small.CHANCE)).state
    values = small.calm(daylight=daylight, wind_m_per_s=wind, hospital_usable=0.0)
    for begin in range(0, 6 * 3600, 300):
        state = small.do(state, values, begin, 300).state
    return state


def test_nobody_flies_at_night_or_in_a_storm_and_no_more_than_allotted():
    assert _with_patients(1.0).sent.flown.sum() > 0
    assert _with_patients(0.0).sent.flights.sum() == 0
    assert _with_patients(1.0, wind=20.0).sent.flights.sum() == 0
    one, two = (_with_patients(1.0, value=n).sent.flown.sum() for n in (1.0, 2.0))
    assert one < two <= 2 * one + 1


def test_flights_taken_back_end_with_those_in_the_air():
    twin = give(standing_at(AT_S), "rescue.airlift_patients", [CENTRAL], 2.0)
    run(twin, 2 * 3600)
    give(twin, "rescue.airlift_patients", [CENTRAL], np.nan)
    before = rescue(twin).sent.flights.sum()
    assert not (rescue(twin).missions.kind[rescue(twin).missions.phase == 0] == Task.AIRLIFT).any()
    run(twin, NIGHT_S)
    assert rescue(twin).sent.flights.sum() == before


def test_order_levers_say_where_they_act_and_units_are_kept_for_them():
    levers = {lever.name: lever.on for lever in LAYER.levers if not lever.target}
    assert levers == {"crews_sent": "municipality", "medical_teams_sent": "hospital", "airlift_patients": "hospital"}
    assert set(levers.values()) <= set(runs.WORLD.sets)
    roster = given().roster
    kept = (roster.rank >= 0) & (roster.kind == Force.MEDICAL)
    assert kept.any()
    assert not rescue(run(standing_at(AT_S), LATER_S)).ordered[kept].any()
