"""The river in the layer: chunks, breaches, pumps, warning levels, and what is kept on disk."""

import numpy as np
import pytest

from layers.hazard import LAYER, water
from tests.layers.hazard.small_water import COLUMNS, SOUTH, river_world
from twin import memo
from twin.chance import Chance
from twin.contract import Clock
from twin.params import load
from twin.run import freeze

CHANCE = Chance(1, 0)
PARAMS = load(LAYER.params_file).replace({"river_spin_up_s": 7200.0, "catchment_storage_mm_h": 20.0})
HOURS = 4


@pytest.fixture(scope="module")
def given():
    return LAYER.prepare(river_world(), PARAMS)


def decisions(given, **changes):
    n_levee, n_pump = given.n_levee, 1
    values = {
        "levee_settlement_m": np.zeros(n_levee),
        "levee_breach_s": np.full(n_levee, np.nan),
        "pump_power": np.ones(n_pump),
        "gate_open_fraction": np.zeros(n_levee),
    }
    return {**values, **changes}


def run(given, inputs, steps):
    """State, outputs and events after steps of the given lengths."""
    state, now_s, events, outputs = freeze(LAYER.start(given, CHANCE)), 0, [], {}
    for step_s in steps:
        result = LAYER.step(given, state, inputs, Clock(now_s, step_s, river_world().origin, CHANCE))
        state, outputs, now_s = freeze(result.state), result.outputs, now_s + step_s
        events += result.events
    return state, outputs, events


def breach_at(given, row, begin_s=3600.0):
    breach = np.full(given.n_levee, np.nan)
    breach[row] = begin_s
    return breach


@pytest.fixture(scope="module")
def broken(given):
    return run(given, decisions(given, levee_breach_s=breach_at(given, 20)), [600] * 6 * HOURS)


@pytest.fixture(scope="module")
def whole(given):
    return run(given, decisions(given), [600] * 6 * HOURS)


def test_the_river_starts_at_its_first_discharge(given):
    start = LAYER.start(given, CHANCE).water.depth_m[:-1, :-1]
    assert start[7].min() > 0.02
    assert not start[: SOUTH - 1].any()


def test_a_breach_floods_its_side_only(given, broken, whole):
    _, outputs, events = broken
    patch = river_world()["patch"]
    south = np.asarray(patch["water_row"]) < SOUTH
    assert outputs["water_max_depth_m"][south].max() > 0.3
    assert outputs["water_max_depth_m"][~south].max() < 0.3
    assert any(event.kind == "water_reached" for event in events)
    assert whole[1]["water_max_depth_m"].max() < outputs["water_max_depth_m"].max()


def test_warning_levels_rise_with_the_river_and_end_at_five_with_a_breach(given, broken, whole):
    levels = [event.amount for event in whole[2] if event.kind == "flood_warning"]
    assert max(levels) >= 3
    assert levels[-1] == max(levels)
    assert broken[1]["flood_warning"][0] == 5
    assert whole[1]["flood_warning"][1] == 0  # the other town has no river


def test_results_do_not_depend_on_the_step_length(given, broken):
    inputs = decisions(given, levee_breach_s=breach_at(given, 20))
    _, outputs, _ = run(given, inputs, [60] * 60 * HOURS)
    for name in ("water_depth_m", "levee_level_m"):
        assert np.array_equal(outputs[name], broken[1][name], equal_nan=True), name


def test_unchanged_water_is_handed_out_as_the_same_array(given):
    dry = LAYER.prepare(river_world((0.0,) * 6), PARAMS)
    state = LAYER.start(dry, CHANCE)
    inputs = decisions(dry)
    first = LAYER.step(dry, state, inputs, Clock(0, 600, river_world().origin, CHANCE))
    second = LAYER.step(dry, first.state, inputs, Clock(600, 600, river_world().origin, CHANCE))
    assert second.outputs["water_depth_m"] is first.outputs["water_depth_m"]


def test_without_power_the_rain_of_the_town_stays(given, whole):
    dark = run(given, decisions(given, pump_power=np.zeros(1)), [600] * 6 * HOURS)[1]
    lit = whole[1]
    patch = river_world()["patch"]
    near = (np.asarray(patch["water_row"]) == 2) & (np.asarray(patch["water_column"]) == 20)
    assert dark["water_depth_m"][near] > lit["water_depth_m"][near] + 0.02


def test_sunken_crests_are_overtopped_sooner(given, whole):
    sunk = run(given, decisions(given, levee_settlement_m=np.full(given.n_levee, 1.4)), [600] * 6 * HOURS)[1]
    assert sunk["water_max_depth_m"].sum() > 1.5 * whole[1]["water_max_depth_m"].sum()


def test_water_is_booked(given, broken):
    state = broken[0].water
    books = dict(zip(water.BOOKS, state.books_m3))
    begin = LAYER.start(given, CHANCE).water.depth_m.sum(dtype=float)
    now = state.depth_m.sum(dtype=float)
    cell_m2 = given.water.slow.cell_m2
    entered = books["inflow_m3"] + books["sides_m3"] - books["outflow_m3"]
    assert (now - begin) * cell_m2 == pytest.approx(entered, rel=1e-5)
    assert books["crossed_m3"] > 0


def test_a_second_run_takes_its_chunks_from_disk(given, tmp_path, monkeypatch):
    memo.use(tmp_path)
    try:
        inputs = decisions(given)
        first = run(given, inputs, [600] * 4)[1]
        solved = []
        monkeypatch.setattr(water, "_solve", lambda *args: solved.append(args))
        second = run(given, inputs, [600] * 4)[1]
        assert not solved
        for name, value in first.items():
            assert np.array_equal(value, second[name], equal_nan=True), name
    finally:
        memo.use(None)


def test_another_decision_is_another_chunk(given):
    state = LAYER.start(given, CHANCE).water
    one = water.advance(given.water, state, decisions(given), 300)
    other = water.advance(given.water, state, decisions(given, pump_power=np.zeros(1)), 300)
    assert not np.array_equal(one.key, other.key)


def test_breach_width_follows_the_river(given):
    assert given.water.breach_m[0] == pytest.approx(1.6 * np.log10(150.0) ** 3.8 + 62.0)
    assert given.n_levee == 2 * COLUMNS
