"""Scouts, engineers, medical teams."""

import numpy as np

from layers.rescue import scouting, ways
from layers.rescue.codes import Force, Ground, Task
from tests.layers.rescue import small


def _reports(hours, **inputs):
    state, time_s, reports = small.start(), 0, 0.0
    for step_s in (60, 540, *[600] * int(6 * hours)):
        result = small.do(state, small.calm(**inputs), time_s, step_s)
        state, time_s = result.state, time_s + step_s
        reports += result.outputs["scout_reports"].sum()
    return state, reports


def test_silent_towns_are_visited_and_others_left_alone():
    assert _reports(3)[1] == 0
    assert _reports(3, scouting_wanted=np.array([1.0, 0.0]))[1] >= 2  # by road, and by air after T+105 min


def test_closed_roads_keep_patrols_out_but_not_flights():
    given, roster = small.given(), small.given().roster
    closed = np.where(np.eye(len(small.world()["node"])) > 0, 0.0, np.inf)
    drive_s = ways.travel(given, small.calm(travel_emergency_s=closed))
    police = np.flatnonzero((roster.kind == Force.POLICE) & (roster.town == 0))
    helicopter = np.flatnonzero(roster.kind == Force.HELICOPTER)[:1]
    other_town = int(given.places.first[Ground.TOWN]) + 1
    assert np.isinf(drive_s(police, roster.place[police], other_town)).all()
    assert np.isfinite(drive_s(helicopter, roster.place[helicopter], other_town)).all()


def test_orders_not_begun_lapse_when_a_town_is_heard():
    state, _ = _reports(0.2, scouting_wanted=1.0, daylight=0.0)
    flights = state.missions.kind == Task.FLIGHT
    assert (state.missions.phase[flights] == 0).all()
    heard = small.do(state, small.calm(daylight=0.0), 1200, 600).state
    assert (heard.missions.phase[heard.missions.kind == Task.FLIGHT] == 4).all()


def test_crews_are_shared_out_whole():
    share = scouting.decide_shares(np.array([1.0, 2.0, 0.0]), 4)
    assert share.sum() == 4
    assert share[1] >= share[0]
    assert share[2] == 0
    assert scouting.decide_shares(np.zeros(3), 4).sum() == 0


def test_engineers_go_where_headquarters_puts_weight():
    state, _ = _reports(9, search_priority=np.array([2.0, 0.5]))
    roads = state.missions.kind == Task.ROAD
    assert roads.any()
    assert (small.given().places.town[state.missions.place[roads]] == 0).all()
