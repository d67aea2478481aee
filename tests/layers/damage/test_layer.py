"""The layer as a whole: shocks, incidents, fires and counts fit together and leave the inputs alone."""

from dataclasses import replace

import numpy as np
import pytest

from layers.damage import LAYER
from scenarios import build_world, read_scenario
from twin.chance import Chance
from twin.contract import Clock
from twin.params import load
from twin.run import freeze

CHANCE = Chance(1, 0)
WORLD = build_world(read_scenario("two-towns"))
PARAMS = load(LAYER.params_file)
GIVEN = LAYER.prepare(WORLD, PARAMS)
N_CELL = len(WORLD["cell"])
DEFAULTS = {"wind_m_per_s": 2.0, "water_service_fraction": 1.0, "first_response_fraction": 0.5, "soil_water_m": 0.05}


def inputs(**values):
    """Read-only inputs on their index sets; numbers are spread, the rest is zero."""
    given = {**DEFAULTS, **values}
    arrays = {var.name: np.full(WORLD.shape(var.on), given.get(var.name, 0.0)) for var in LAYER.needs}
    for array in arrays.values():
        array.setflags(write=False)
    return arrays


SHOCK = {"shock_intensity": 6.4, "shock_pga_m_per_s2": 5.0}


def run(plan, given=GIVEN):
    """Walk through (end_s, inputs) pairs; state, outputs of the last step, events."""
    state, start_s, events = freeze(LAYER.start(given, CHANCE)), 0, []
    for end_s, values in plan:
        result = LAYER.step(given, state, values, Clock(start_s, end_s - start_s, WORLD.origin, CHANCE))
        state, start_s = freeze(result.state), end_s
        events += result.events
    return state, result.outputs, events


def hours(until_s, step_s=600, **values):
    quiet = inputs(**values)
    return [(60, inputs(**SHOCK, **values)), *((end, quiet) for end in range(step_s, until_s + 1, step_s))]


def test_nothing_happens_without_a_shock():
    state, outputs, events = run(
        [(600, inputs()), (1200, inputs())], replace(GIVEN, incident_s=GIVEN.incident_s + 9999)
    )
    assert not outputs["buildings_partial"].any()
    assert np.all(outputs["shelter_usable"] == 1.0)
    assert events == []
    assert len(state.fires) == 0


def test_every_building_counts_once():
    _, outputs, _ = run(hours(600))
    standing = WORLD["cell"]["buildings"].sum(axis=1)
    hurt = sum(outputs[f"buildings_{grade}"] for grade in ("collapsed", "half_collapsed", "partial"))
    assert np.all(hurt <= standing)
    assert outputs["buildings_collapsed"].sum() > 0.0
    assert np.all(outputs["wood_collapsed_fraction"] <= 1.0)
    assert outputs["debris_m3"].sum() > 0.0


def test_a_stronger_shock_leaves_no_building_better():
    _, weak, _ = run([(60, inputs(shock_intensity=6.0, shock_pga_m_per_s2=3.0))])
    _, strong, _ = run([(60, inputs(shock_intensity=6.6, shock_pga_m_per_s2=6.0))])
    for name in ("buildings_collapsed", "slide_buildings", "road_slides", "road_debris_m3", "site_damage_fraction"):
        assert np.all(strong[name] >= weak[name]), name
    for name in ("shelter_usable", "hospital_usable", "depot_usable", "office_usable", "fuel_station_usable"):
        assert np.all(strong[name] <= weak[name]), name


def test_damage_stays_after_the_shock_and_unchanged_arrays_are_handed_out_again():
    state, first, _ = run([(60, inputs(**SHOCK))])
    later = LAYER.step(GIVEN, state, inputs(), Clock(60, 540, WORLD.origin, CHANCE)).outputs
    assert np.array_equal(first["buildings_collapsed"], later["buildings_collapsed"])
    assert later["road_debris_m3"] is state.surface.road_debris_m3


def test_collapses_get_lines_by_structure_so_that_harm_can_cite_them():
    _, outputs, events = run(hours(600))
    lines = {event.quantity: event for event in events if event.kind.endswith("collapse")}
    assert {"buildings_collapsed", "wood_collapsed_fraction", "wood_half_fraction"} <= set(lines)
    wood = lines["wood_collapsed_fraction"]
    fallen = outputs["wood_collapsed_fraction"][wood.row] * GIVEN.wood_buildings[wood.row]
    assert PARAMS.event_buildings <= wood.amount <= fallen + 1e-9
    assert ("shock_intensity", wood.row) in wood.causes


def test_given_incidents_happen_and_can_be_left_out():
    site = GIVEN.incident_site[0]
    _, outputs, events = run([(60, inputs())])
    assert outputs["site_damage_fraction"][site] == GIVEN.incident_loss[0]
    assert [event.row for event in events if event.kind == "site_collapse"] == [site]
    without = LAYER.prepare(replace(WORLD, settings={**WORLD.settings, "special_incidents": 0.0}), PARAMS)
    assert not run([(60, inputs())], without)[1]["site_damage_fraction"].any()


def test_wet_soil_after_the_shock_brings_more_slides():
    dry = run(hours(1200))[1]
    wet = run([*hours(600), (1200, inputs(critical_ratio=1.4))])[1]
    assert np.all(wet["slide_buildings"] >= dry["slide_buildings"])
    slides = [outputs["slide_buildings"].sum() + outputs["road_slides"].sum() for outputs in (dry, wet)]
    assert slides[1] > slides[0]


def test_water_that_has_drained_before_the_shock_fails_no_slope():
    """Only what stood in the soil while the ground was weak counts: the ratio to the line of then, not the largest."""
    wet_first = run([(60, inputs(critical_ratio=0.75)), (1200, inputs(**SHOCK, critical_ratio=0.1))])[0]
    wet_after = run([(60, inputs(**SHOCK, critical_ratio=0.1)), (1200, inputs(critical_ratio=0.75))])[0]
    assert np.all(wet_first.slope_strain == 0.75)
    assert wet_after.slope_strain == pytest.approx(0.75 / PARAMS.lowered_fraction[1])


def test_returning_power_kindles_damaged_houses_only():
    flood = {"reenergised_customers": 2000.0}
    broken, _, _ = run([*hours(600), (1200, inputs(**flood))])
    sound, _, _ = run([(600, inputs()), (1200, inputs(**flood))])
    assert broken.power_ignitions.sum() > 0.0
    assert sound.power_ignitions.sum() == 0.0


def test_fires_are_told_and_end():
    many = LAYER.prepare(WORLD, PARAMS.replace({"ignition_log10": -3.5}))
    plan = [(60, inputs(shock_intensity=6.9, shock_pga_m_per_s2=5.0)), *hours(24 * 3600)[1:]]
    state, outputs, events = run(plan, many)
    begun = sum(event.kind == "fire" for event in events)
    assert begun > 0
    assert begun == sum(event.kind == "fire_out" for event in events)
    assert len(state.fires) == 0
    assert outputs["fires_burning"].sum() == 0.0
    assert outputs["buildings_burnt"].sum() >= begun / 2


def test_half_the_step_gives_the_same_burnt_houses():
    many = LAYER.prepare(WORLD, PARAMS.replace({"ignition_log10": -3.5}))
    coarse, fine = (
        run([(60, inputs(shock_intensity=6.9, shock_pga_m_per_s2=5.0)), *hours(6 * 3600, step_s)[1:]], many)
        for step_s in (600, 300)
    )
    total = fine[1]["buildings_burnt"].sum()
    assert coarse[1]["buildings_burnt"].sum() == pytest.approx(total, abs=max(1.0, 0.05 * total))


def test_two_half_steps_of_shaking_equal_one():
    one = run([(600, inputs(**SHOCK))])[1]
    two = run([(300, inputs(**SHOCK)), (600, inputs())])[1]
    for name in ("buildings_collapsed", "road_slides", "shelter_usable", "debris_m3"):
        assert np.array_equal(one[name], two[name]), name


def test_outputs_and_series_have_their_declared_shape():
    state, outputs, _ = run([(60, inputs(**SHOCK))])
    for var in LAYER.gives:
        assert outputs[var.name].shape == WORLD.shape(var.on)
        assert outputs[var.name].dtype == np.float64
    series = LAYER.measure(GIVEN, state)
    assert set(series) == {entry.name for entry in LAYER.series}
    assert series["buildings_collapsed"].sum() == outputs["buildings_collapsed"].sum()
    assert all(values.shape == (len(WORLD["municipality"]),) for values in series.values())
