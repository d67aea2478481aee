"""Who is called, when they are ready, their shifts, fuel and food."""

from dataclasses import replace

import numpy as np
import pytest

from layers.rescue import allocation, forces
from layers.rescue.codes import Force, Pool
from tests.layers.rescue import small
from twin.missions import NEVER_S
from twin.units import HOUR_S


def _stepped(given=None, until=(60, 600), **inputs):
    state, begin = small.start(), 0
    for end in until:
        state = small.do(state, small.calm(**inputs), begin, end - begin, given).state
        begin = end
    return state


def test_only_local_forces_start_by_themselves():
    state, roster = _stepped(), small.given().roster
    local = roster.local & (roster.kind != Force.SDF)
    assert state.ordered[local].all()
    assert not state.ordered[np.isin(roster.kind, (Force.SDF, Force.AID_FIRE, Force.AID_SDF))].any()


def test_a_call_brings_its_force_after_mobilisation_and_stands():
    given, roster = small.given(), small.given().roster
    state = _stepped(sdf_called=1.0)
    sdf = roster.kind == Force.SDF
    assert np.array_equal(state.units.available_s[sdf], 60 + roster.mobilise_s[sdf].astype(int))
    again = small.do(state, small.calm(sdf_called=0.0), 600, 600).state
    assert np.array_equal(again.units.available_s, state.units.available_s)
    assert given.params.mobilise_factor == 1.0


def test_extra_crews_come_with_the_lever_only():
    without, with_lever = (
        int((_stepped(small.given(extra_fire_crews=n), fire_aid_called=1.0).units.available_s < NEVER_S).sum())
        for n in (0.0, 10.0)
    )
    assert with_lever == without + 10


def test_helicopters_fly_by_day_only():
    roster = small.given().roster
    heli = roster.kind == Force.HELICOPTER
    state = _stepped(until=(60, 10800))
    assert (state.units.available_s[heli] < NEVER_S).sum() == small.given().params.helicopters
    night = small.do(state, small.calm(daylight=0.0), 10800, 600).state
    assert (night.units.available_s[heli] == NEVER_S).all()


def test_ambulance_crews_never_leave_for_rescue():
    state, given = _stepped(), small.given()
    drives = state.units.pool == given.n_town + Pool.AMBULANCE
    share = given.roster.quantile < given.params.ambulance_crew_fraction
    assert np.array_equal(drives, share & (given.roster.kind == Force.FIRE))


def test_fuel_runs_out_and_limits_work():
    given = small.given()
    present = small.start().present
    two = np.full(given.n_town, 2.0)
    present = replace(present, active_units=two, dependent_units=two)
    left, burnt = forces.burn(present, np.array([100.0, 1.0]), 4.0, HOUR_S)
    assert left.tolist() == [92.0, 0.0]
    assert burnt == pytest.approx(9.0)
    food = np.array([1.0, 1.0])
    fraction = forces.supply_fraction(present, np.array([100.0, 4.0]), food, 4.0, 1.0)
    assert fraction.tolist() == [1.0, 0.5]
    hungry = forces.supply_fraction(present, np.array([100.0, 4.0]), np.array([0.2, 1.0]), 4.0, 1.0)
    assert hungry[0] == pytest.approx(0.2)


def test_self_supplied_units_need_nothing_from_the_town():
    present = replace(small.start().present, active_units=np.full(2, 3.0))
    assert forces.supply_fraction(present, np.zeros(2), np.zeros(2), 4.0, 6.0).tolist() == [1.0, 1.0]


def test_headquarters_sends_no_more_than_the_work_and_the_crews():
    need = np.array([4.0, 0.0, 10.0])
    wanted = allocation.decide_wanted(need, np.ones(3), 7)
    assert wanted.sum() == 7
    assert (wanted <= need).all()
    assert allocation.decide_wanted(need, np.ones(3), 50).tolist() == [4, 0, 10]


def test_staged_forces_go_to_the_district_with_waiting_work():
    given = small.given()
    state = _stepped(sdf_called=1.0)
    calls = small.in_cell(int(np.flatnonzero(given.cell_town == 0)[0]), 40.0)
    state = small.do(state, small.calm(trapped_calls=calls, sdf_called=1.0), 600, 7200).state
    state = small.do(state, small.calm(sdf_called=1.0), 7800, 600).state
    sdf = (given.roster.kind == Force.SDF) & (state.units.pool < given.n_town)
    assert sdf.any()
    assert (state.units.pool[sdf] == given.district[0]).all()
