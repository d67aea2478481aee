"""People cut off by water: known late, fetched once, never in the danger zone; deep water stops work on foot."""

from dataclasses import replace

import numpy as np
import pytest

from layers.rescue import allocation, boats, ways
from layers.rescue.codes import IS_LIFT, Ground, Task
from tests.layers.rescue import small
from twin.contract import Clock
from twin.missions import WORKING

CELL = 3


def wet(danger: float = 0.0, **values):
    """Constants of a world with a water grid, with this share of every cell in the hazard zone."""
    given = small.given(**values)
    return replace(given, water=True, cell_danger=np.full(given.n_cell, danger))


def run(hours, stranded, given=None, **levels):
    """Let the layer work on people cut off in one cell, taken off at once; returns (state, lifted, brought, left)."""
    given = given or wet()
    state, left, lifted, brought = small.start(), float(stranded), 0.0, 0.0
    for start_s in range(0, int(hours * 3600), 600):
        inputs = small.calm(stranded_persons=small.in_cell(CELL, left), **levels)
        result = small.do(state, inputs, start_s, 600, given)
        state, now = result.state, result.outputs["lifted_persons"]
        assert now.sum() <= left
        left, lifted = left - now.sum(), lifted + now.sum()
        brought += result.outputs["brought_persons"].sum()
    return state, lifted, brought, left


def test_people_cut_off_are_fetched_and_counted_once():
    state, lifted, brought, left = run(15, 60)
    assert lifted + left == 60
    assert lifted > 40
    assert state.lifts.lifted.sum() == state.counts.rescued.sum() == lifted
    assert brought == np.floor(lifted * 0.9)
    assert 0 < state.counts.rescued_fire.sum() <= lifted


def test_a_world_without_a_water_grid_orders_no_boats():
    _, lifted, _, _ = run(6, 60, small.given())
    assert lifted == 0


def test_nobody_is_fetched_twice_before_the_people_layer_has_taken_over():
    state, given = small.start(), wet()
    inputs, total = small.calm(stranded_persons=small.in_cell(CELL, 20.0)), 0.0
    for start_s in range(0, 12 * 3600, 600):
        result = small.do(state, inputs, start_s, 600, given)
        state, total = result.state, total + result.outputs["lifted_persons"].sum()
    assert total == 20


def test_an_impaired_dispatch_centre_hears_of_them_later():
    def known_s(dispatch):
        inputs = small.calm(stranded_persons=5.0, dispatch_fraction=dispatch)
        clock = Clock(0, 600, small.world().origin, small.CHANCE)
        lifts = boats.taken_over(small.start().lifts, inputs["stranded_persons"])
        return boats.look(wet(), lifts, inputs, clock)[0].known_s.mean()

    assert known_s(0.2) == pytest.approx(600 + 5 * (known_s(1.0) - 600), rel=0.01)


def test_unknown_people_draw_no_sortie_and_the_saved_are_forgotten():
    given, state = wet(), small.start()
    clock = Clock(0, 600, small.world().origin, small.CHANCE)
    inputs = small.calm(stranded_persons=5.0)
    lifts = boats.taken_over(state.lifts, inputs["stranded_persons"])
    lifts, new = boats.look(given, lifts, inputs, clock)
    assert not new.size
    assert boats.waiting(lifts).sum() == 0
    later, new = boats.look(given, lifts, inputs, replace(clock, start_s=600, dt_s=10**6))
    assert new.size == given.n_cell
    assert boats.waiting(later).sum() == 5 * given.n_cell
    gone = boats.taken_over(later, small.calm()["stranded_persons"])
    none, _ = boats.look(given, gone, small.calm(), replace(clock, start_s=10**6))
    assert boats.waiting(none).sum() == 0


def test_more_boats_fetch_more():
    few, many = (run(5, 400, wet(boats_per_person=share, helicopters=0.0))[1] for share in (2e-5, 1e-3))
    assert few < many


def test_helicopters_hoist_by_day_and_below_the_wind_limit():
    without = {"boats_per_person": 0.0, "boats_per_aid_crew": 0.0}
    by_day, by_night, in_storm, in_wind = (
        run(8, 40, wet(**without), **levels)[1]
        for levels in ({}, {"daylight": 0.0}, {"wind_m_per_s": 16.0}, {"wind_m_per_s": 11.0})
    )
    assert by_day > 0
    assert by_night == in_storm == 0
    assert in_wind <= by_day
    assert boats.hoist_stretch(wet(), 10.0) == pytest.approx(1.0 / (1.0 - (10.0 / 15.0) ** 2))


def test_sorties_go_where_more_wait_and_where_headquarters_wants_them():
    wanted, even = np.array([60.0, 20.0, 0.0, -5.0]), np.ones(4)
    assert boats.decide_sorties(wanted, even, 10.0, 4).tolist() == [3, 1, 0, 0]
    assert boats.decide_sorties(wanted, np.array([1.0, 9.0, 9.0, 9.0]), 10.0, 4).tolist() == [1, 2, 0, 0]
    assert boats.decide_sorties(wanted, even, 10.0, 99).tolist() == [6, 2, 0, 0]
    assert boats.decide_sorties(wanted, even, 10.0, -3).sum() == 0


def test_nobody_enters_the_danger_zone_under_a_tsunami_warning():
    no_flight = {"helicopters": 0.0}
    kept_out, lifted = wet(danger=0.5, **no_flight), {}
    for warning in (0.0, 1.0, 2.0):
        lifted[warning] = run(8, 40, kept_out, tsunami_warning=warning)[1]
    assert lifted[0.0] > 0
    assert lifted[1.0] == lifted[2.0] == 0
    assert run(8, 40, wet(danger=0.05, **no_flight), tsunami_warning=2.0)[1] == lifted[0.0]
    assert run(8, 40, wet(danger=0.5), tsunami_warning=2.0)[1] > 0


def test_closed_places_follow_depth_and_warning():
    given, places = wet(danger=0.5), small.given().places
    assert ways.closed(small.given(), small.calm(water_depth_m=2.0)) is None
    assert ways.closed(given, small.calm(water_depth_m=0.4)) is None
    deep = ways.closed(given, small.calm(water_depth_m=small.in_cell(CELL, 0.6)))
    assert set(places.ground[deep]) <= {Ground.SEARCH, Ground.EXTRACT, Ground.FIRE, Ground.SITE}
    assert set(places.entity[deep & (places.ground == Ground.EXTRACT)]) == {CELL}
    warned = ways.closed(given, small.calm(tsunami_warning=1.0))
    assert warned[places.ground == Ground.WATER].all()
    assert not warned[places.ground == Ground.HOSPITAL].any()


def test_water_holds_extraction_up_and_frees_the_crews():
    def freed(depth_m):
        state, total, left = small.start(), 0.0, 4.0
        given = wet()
        for start_s in range(0, 14 * 3600, 600):
            calls = small.in_cell(CELL, float(start_s < 3600))
            deep = small.in_cell(CELL, depth_m if start_s >= 1800 else 0.0)
            inputs = small.calm(trapped_persons=small.in_cell(CELL, left), trapped_calls=calls, water_depth_m=deep)
            result = small.do(state, inputs, start_s, 600, given)
            state, now = result.state, result.outputs["freed_persons"].sum()
            left, total = left - now, total + now
            if depth_m >= 0.5 and start_s >= 1800:
                assert not (state.missions.phase[state.missions.place == CELL] == WORKING).any()
        return total

    assert freed(0.3) >= 3
    assert freed(0.8) == 0


def test_work_nobody_may_go_to_draws_no_crews():
    given, state = wet(), small.start()
    for start_s in range(0, 6000, 600):
        state = small.do(state, small.calm(trapped_calls=small.in_cell(CELL, 3.0)), start_s, 600, given).state
    state = replace(state, missions=state.missions.with_columns(phase=np.zeros_like(state.missions.phase)))
    pool = np.full_like(state.units.pool, given.n_town)  # everybody staged
    state = replace(state, units=state.units.with_columns(pool=pool, mission=np.full_like(state.units.mission, -1)))
    dry, deep = (
        allocation.allocate(given, state, small.calm(water_depth_m=small.in_cell(CELL, depth_m)), 6000)
        for depth_m in (0.0, 1.0)
    )
    assert (dry.pool != pool).any()
    assert np.array_equal(deep.pool, pool)


def test_boats_reach_homes_that_no_road_leads_to():
    roads_s = np.full(small.world().shape("node*node"), np.inf)
    assert run(12, 30, travel_emergency_s=roads_s)[1] > 0
    assert run(12, 30, wet(helicopters=0.0, boats_per_person=0.0, boats_per_aid_crew=0.0))[1] == 0


def test_events_tell_when_they_are_known_and_fetched():
    given, state, kinds = wet(), small.start(), {}
    for start_s in range(0, 8 * 3600, 600):
        result = small.do(state, small.calm(stranded_persons=small.in_cell(CELL, 9.0)), start_s, 600, given)
        state = result.state
        kinds |= {event.kind: event for event in result.events}
    assert kinds["stranded_known"].amount == 9.0
    assert ("stranded_persons", CELL) in kinds["stranded_known"].causes
    assert kinds["lifted"].causes == (("stranded_known_persons", CELL),)
    assert (IS_LIFT[state.missions.kind]).sum() <= state.lifts.made.sum() + 1
    assert set(state.missions.kind[IS_LIFT[state.missions.kind]]) <= {Task.BOAT, Task.HOIST}
