"""Firefighting shares its crews with rescue."""

import numpy as np

from layers.rescue import fire
from layers.rescue.codes import Task
from tests.layers.rescue import small
from twin.missions import CANCELLED, WORKING

CELL = 2


def _burn(hours=1.0, **inputs):
    state, time_s = small.start(), 0
    for step_s in (60, 540, *[600] * int(6 * hours)):
        result = small.do(state, small.calm(fires_burning=small.in_cell(CELL, 1.0), **inputs), time_s, step_s)
        state, time_s = result.state, time_s + step_s
    return state, result, time_s


def test_crews_reach_a_fire_and_leave_when_it_is_out():
    state, result, time_s = _burn()
    assert result.outputs["fire_crews"][CELL] == small.given().params.fire_crews_per_fire
    out = small.do(state, small.calm(), time_s, 600)
    assert (out.state.missions.phase[out.state.missions.kind == Task.FIRE] == CANCELLED).all()
    assert (small.do(out.state, small.calm(), time_s + 600, 600).outputs["fire_crews"] == 0).all()


def test_dry_hydrants_bind_more_crews_for_less_effect():
    wet, dry = (_burn(water_service_fraction=water) for water in (1.0, 0.0))
    bound = [(state.missions.kind == Task.FIRE).sum() for state, *_ in (wet, dry)]
    assert bound[1] == 2 * bound[0]
    effect = [result.outputs["fire_crews"][CELL] / n for (_, result, _), n in zip((wet, dry), bound)]
    assert effect[1] < effect[0]


def test_fires_take_crews_from_houses():
    given = small.given()
    state, time_s = small.start(), 0
    calls = small.in_cell(CELL, 30.0)
    for step_s in (60, 540, *[600] * 6):
        state = small.do(state, small.calm(trapped_calls=calls if time_s < 600 else 0.0), time_s, step_s).state
        time_s += step_s
    at_houses = state.missions.phase[state.missions.kind == Task.LOCATE] == WORKING
    assert at_houses.any()
    burning = small.calm(fires_burning=small.in_cell(CELL, 4.0))
    for _ in range(3):
        state = small.do(state, burning, time_s, 600).state
        time_s += 600
    fighting = (state.missions.kind == Task.FIRE) & (state.missions.phase >= 1)
    assert fighting.sum() >= given.params.fire_crews_per_fire


def test_relay_grows_as_water_fails():
    relay = fire.relay(small.given(), np.array([1.0, 0.5]))
    assert relay[0] == 1.0
    assert relay[1] > relay[0]
