"""Water in the layer as a whole: counts, places shut, debris, lines of the journal; nothing where it is dry."""

from dataclasses import fields, replace

import numpy as np
import pytest

from layers.damage import LAYER, slopes
from tests.layers.damage.wet_place import CHANCE, N_CELL, PARAMS, ROAD, STEP_S, given, inputs, place, walk
from twin.contract import Clock
from twin.world import IndexSet

SEA, RIVER = given(sea=True), given()
N_PATCH = RIVER.land.cell.size
SHOCK = {"shock_intensity": 6.3, "shock_pga_m_per_s2": 4.0}
GRADES = ("buildings_collapsed", "buildings_half_collapsed", "buildings_partial")


def deep(depth, force=0.0):
    return {"water_max_depth_m": depth, "water_force_m3_per_s2": force}


def test_every_building_counts_once_after_shock_and_tsunami():
    _, outputs, _ = walk([SHOCK, deep(1.0, 1.0), deep(3.0, 9.0)], SEA, sea=True)
    assert np.all(sum(outputs[name] for name in GRADES) <= SEA.all_buildings)
    assert np.all(outputs["buildings_washed"] <= outputs["buildings_collapsed"])
    assert np.all(outputs["buildings_flooded"] + outputs["buildings_collapsed"] <= SEA.all_buildings)
    assert outputs["buildings_washed"][:N_CELL].min() > 0.0


def test_losses_never_fall_whatever_comes_after():
    plan = [deep(0.8), {**SHOCK, **deep(0.8)}, deep(2.5, 3.0), SHOCK, deep(6.0, 3.0), {}]
    states, _, _ = walk(plan, SEA, sea=True)
    for name in ("buildings_collapsed", "buildings_washed", "uninhabitable_fraction", "road_debris_m3", "debris_m3"):
        values = np.array([getattr(state.surface, name) for state in states])
        assert np.all(np.diff(values, axis=0) >= 0.0), name


def test_water_leaves_collapse_by_structure_to_shaking():
    shaken = walk([SHOCK, {}], SEA, sea=True)[1]
    drowned = walk([SHOCK, deep(5.0, 20.0)], SEA, sea=True)[1]
    assert drowned["buildings_collapsed"].sum() > 2.0 * shaken["buildings_collapsed"].sum()
    for name in ("wood_collapsed_fraction", "nonwood_collapsed_fraction", "wood_half_fraction"):
        assert np.array_equal(drowned[name], shaken[name]), name


def test_only_cells_with_wet_patches_change():
    quiet = walk([{}], RIVER)[1]
    outputs = walk([deep(1.5)], RIVER)[1]
    assert np.all(outputs["buildings_flooded"][:N_CELL] > 0.0)
    for name in (*GRADES, "buildings_flooded", "uninhabitable_fraction"):
        assert np.array_equal(outputs[name][N_CELL:], quiet[name][N_CELL:]), name


def test_a_flood_makes_homes_unfit_and_half_destroyed_but_blocks_no_street():
    outputs = walk([deep(1.2)], RIVER)[1]
    assert outputs["uninhabitable_fraction"][:N_CELL].min() > 0.5
    assert outputs["buildings_half_collapsed"][:N_CELL].min() > 0.0
    assert outputs["debris_m3"].sum() > 0.0
    assert not outputs["local_blocked_fraction"].any()


def test_flooded_places_shut_and_stay_shut():
    states, _, events = walk([deep(2.0), {}, {}], RIVER)
    depot = RIVER.facilities[2]
    inside = depot.patch >= 0
    assert not states[0].surface.depot_usable[inside].any()
    assert np.array_equal(states[2].surface.depot_usable, states[0].surface.depot_usable)
    lines = [event for event in events if event.kind == "facility_flooded" and event.quantity == "depot_usable"]
    assert sorted(event.row for event in lines) == np.flatnonzero(inside).tolist()
    assert ("water_max_depth_m", int(depot.patch[lines[0].row])) in lines[0].causes


def test_shallow_water_shuts_nothing_and_keeps_the_arrays():
    start = LAYER.start(RIVER, CHANCE)
    result = LAYER.step(RIVER, start, inputs(place(), **deep(0.05)), Clock(0, 600, place().origin, CHANCE))
    assert result.state.surface.shelter_usable is start.surface.shelter_usable


def test_towns_get_a_line_at_the_first_house_and_at_each_tenfold():
    few = PARAMS.replace({"event_flooded_buildings": 100.0})
    _, _, events = walk([deep(0.25), deep(0.5), deep(0.5), deep(1.5)], replace(RIVER, params=few))
    lines = [event for event in events if event.kind == "houses_flooded"]
    towns = np.unique(RIVER.land.town)
    assert {int(RIVER.town_of_cell[event.row]) for event in lines} == set(towns.tolist())
    amounts = [event.amount for event in lines if RIVER.town_of_cell[event.row] == towns[0]]
    assert amounts == sorted(set(amounts))
    steps = [0 if amount < 100.0 else int(np.log10(amount / 100.0)) + 1 for amount in amounts]
    assert steps == sorted(set(steps))
    first_danger = next(event for event in lines if event.causes)
    assert first_danger.causes[0][0] == "water_max_depth_m"


def test_the_same_water_again_costs_nothing():
    states, _, _ = walk([deep(1.0), deep(1.0)], RIVER)
    assert states[1].water_reach is states[0].water_reach
    assert states[1].surface is states[0].surface


def test_the_sea_buries_roads_and_adds_waste():
    sea, river = (walk([deep(0.3)], constants, flag)[1] for constants, flag in ((SEA, True), (RIVER, False)))
    assert sea["road_debris_m3"][ROAD] > river["road_debris_m3"][ROAD]
    assert sea["debris_m3"].sum() > river["debris_m3"].sum() > 0.0


def test_series_count_what_the_outputs_hold():
    wet = np.where(np.arange(N_PATCH) < 40, 0.8, 0.1)
    states, outputs, _ = walk([{**deep(wet), "levee_level_m": np.nan}], RIVER)
    series = LAYER.measure(RIVER, states[0])
    assert series["buildings_flooded"].sum() == outputs["buildings_flooded"].sum()
    assert series["flooded_area_m2"].sum() == pytest.approx(RIVER.land.area_m2[:40].sum())
    assert series["levees_breached"].sum() == 0.0


def test_exposure_to_slides_follows_the_terrain():
    world, row, column = place(), 11, 20
    bed = np.array(world.arrays["water_bed_m"])
    bed[row, column:] += 40.0  # a wall of rock on the plain, one square wide
    patch = world["patch"]
    at, along = patch["water_row"], patch["water_column"]
    columns = {**patch.columns, "height_m": bed[at, along]}
    sets = {**world.sets, "patch": IndexSet(patch.name, patch.ids, patch.keys, columns)}
    steep = replace(world, sets=sets, arrays={**world.arrays, "water_bed_m": bed})
    flat, found = (slopes.exposed_by_terrain(one, PARAMS) for one in (world, steep))
    assert not np.nansum(flat.buildings)  # the levees, out of reach of any water, are no slopes
    assert np.isnan(flat.buildings[N_CELL:]).all()
    near = (np.abs(at - row) <= 2) & (along >= column - 1)  # the wall, its foot and 50 m beyond, not uphill
    wanted = np.bincount(patch["cell"], weights=patch["share"] * near)
    assert found.buildings[:N_CELL] == pytest.approx(wanted)
    assert found.roads[ROAD] == 0.0
    hit = [
        walk([{"shock_intensity": 6.5, "shock_pga_m_per_s2": 9.0}], replace(RIVER, exposed=one))[1]["slide_buildings"]
        for one in (flat, slopes.Exposed(np.ones_like(found.buildings), found.roads))
    ]
    assert not hit[0][:N_CELL].any()
    assert hit[1][:N_CELL].sum() > 0.0


def _copy(record):
    """The record with copies of all its arrays."""
    new = {item.name: getattr(record, item.name) for item in fields(record)}
    return replace(record, **{name: value.copy() for name, value in new.items() if isinstance(value, np.ndarray)})


def test_a_run_goes_on_from_any_state_bit_for_bit():
    plan = [SHOCK, deep(0.7, 0.4), {**deep(2.0, 3.0), "levee_level_m": RIVER.levees.crest_m + 0.3}, deep(2.0, 3.0)]
    states, outputs, _ = walk(plan, RIVER)
    copied = replace(
        _copy(states[1]), surface=_copy(states[1].surface)
    )  # other objects of the same content, as after loading
    for number, values in enumerate(plan[2:], 2):
        clock = Clock(number * STEP_S, STEP_S, place().origin, CHANCE)
        result = LAYER.step(RIVER, copied, inputs(place(), **values), clock)
        copied = result.state
    for name, values in outputs.items():
        assert np.array_equal(result.outputs[name], values, equal_nan=True), name
