"""Laws of the finite-volume form: rest, mass, positive depth, symmetry, forcing, and refusal of bad input."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from twin.errors import ParameterError, StateError
from twin.numerics.shallow_water import (
    BlowUp,
    Series,
    Side,
    Sources,
    State,
    advance,
    constant,
    finite_volume,
    form_available,
    make_basin,
    still,
    volume_m3,
)

Y, X = np.mgrid[:12, :20] * 5.0
SMOOTH = -3 + np.sin(X / 20) * np.cos(Y / 15)
BEDS = {
    "smooth": SMOOTH,
    "stepped": np.round(2 * SMOOTH) / 2,
    "emerging": SMOOTH + 3.2 * np.exp(-((X - 50) ** 2 + (Y - 30) ** 2) / 200),
}


def speed_m_per_s(state):
    depth = np.where(state.depth_m > 1e-6, state.depth_m, 1)
    return np.hypot(state.discharge_x_m2_per_s, state.discharge_y_m2_per_s) / depth


def mass_error(basin, before, after):
    booked = after.rain_m3 + after.inflow_m3 - after.outflow_m3 + after.sides_m3
    return abs(volume_m3(basin, after) - volume_m3(basin, before) - booked) / volume_m3(basin, after)


@pytest.mark.parametrize("bed", BEDS)
def test_lake_stays_at_rest(bed):
    basin = make_basin(BEDS[bed], 5.0, manning=0.02)
    after = advance(basin, still(basin, 0.0), 60.0, form="numpy")
    assert after.steps > 100
    assert speed_m_per_s(after).max() <= 1e-12


@pytest.mark.slow
@pytest.mark.parametrize("bed", BEDS)
def test_lake_stays_at_rest_for_ten_thousand_steps(bed):
    basin = make_basin(BEDS[bed], 5.0)
    after = advance(basin, still(basin, 0.0), 7000.0)
    assert after.steps >= 10_000
    assert speed_m_per_s(after).max() <= 1e-12


def test_water_is_booked_with_every_side_and_source_at_work():
    basin = make_basin(
        BEDS["emerging"], 5.0, manning=0.03, east=Side("open"), west=Side("stage", Series([0, 60], [0.0, 1.0])),
        south=Side("discharge", discharge_m3_per_s=Series([0, 30, 60], [0.0, 40.0, 10.0])),
    )  # fmt: skip
    sources = Sources(1e-4, None, np.array([2, 7]), np.array([3, 9]), constant(np.array([-900.0, 6.0])))
    before = still(basin, np.where(X < 40, 0.5, -0.5))
    after = advance(basin, before, 60.0, sources, form="numpy")
    assert mass_error(basin, before, after) <= 1e-12
    assert after.rain_m3 == pytest.approx(1e-4 * 60 * basin.bed_m.size * 25)
    assert after.inflow_m3 == pytest.approx(360.0)
    assert 0 < after.outflow_m3 < 900 * 60  # asked for more than there is
    assert after.depth_m.min() >= 0


def test_a_discharge_side_lets_in_exactly_its_series():
    inflow = Series([0, 10, 40], [0.0, 30.0, 30.0])
    basin = make_basin(0.01 * X, 5.0, manning=0.03, west=Side("discharge", discharge_m3_per_s=inflow))
    after = advance(basin, still(basin, -1.0), 40.0, form="numpy", cfl=0.2)
    assert after.sides_m3 == pytest.approx(1050.0, rel=1e-3)  # start and end of each step, trapezoid
    assert volume_m3(basin, after) == pytest.approx(after.sides_m3, rel=1e-12)


@settings(max_examples=40, deadline=None)
@given(
    arrays(float, (6, 7), elements=st.floats(-5, 5)),
    arrays(float, (6, 7), elements=st.one_of(st.just(0.0), st.floats(0, 4))),
    arrays(float, (2, 6, 7), elements=st.floats(-8, 8)),
)
def test_depth_never_goes_below_zero_and_no_water_is_lost(bed, depth, speed):
    basin = make_basin(bed, 5.0, manning=0.01)
    before = State(depth, depth * speed[0], depth * speed[1])
    after = advance(basin, before, 1.0, form="numpy")
    assert after.depth_m.min() >= 0
    assert after.depth_m.sum() == pytest.approx(depth.sum(), rel=1e-12)


def test_turning_or_mirroring_the_basin_turns_or_mirrors_the_flow():
    stage = np.where(X < 30, 1.5, -0.5)
    basin = make_basin(BEDS["emerging"], 5.0, 4.0, manning=0.02)
    plain = advance(basin, still(basin, stage), 10.0, form="numpy")
    turned_basin = make_basin(BEDS["emerging"].T, 4.0, 5.0, manning=0.02)
    turned = advance(turned_basin, still(turned_basin, stage.T), 10.0, form="numpy")
    assert np.abs(turned.depth_m.T - plain.depth_m).max() <= 1e-12
    assert np.abs(turned.discharge_y_m2_per_s.T - plain.discharge_x_m2_per_s).max() <= 1e-12
    mirror_basin = make_basin(BEDS["emerging"][:, ::-1], 5.0, 4.0, manning=0.02)
    mirror = advance(mirror_basin, still(mirror_basin, stage[:, ::-1]), 10.0, form="numpy")
    assert mirror.discharge_x_m2_per_s[:, ::-1] == pytest.approx(-plain.discharge_x_m2_per_s, abs=1e-12)


def test_a_run_cut_in_two_calls_goes_on_bit_for_bit_from_a_saved_state():
    basin = make_basin(SMOOTH, 5.0)
    before = still(basin, np.where(X < 30, 1.0, 0.0))
    half = advance(basin, before, 5.0, form="numpy")
    saved = replace(half, depth_m=half.depth_m.copy())
    again = advance(basin, saved, 9.0, form="numpy")
    assert np.array_equal(advance(basin, half, 9.0, form="numpy").depth_m, again.depth_m)
    assert (before.time_s, half.time_s, again.time_s) == (0.0, 5.0, 9.0)


def test_uniform_flow_settles_at_manning_depth():
    slope, n, q = 0.002, 0.03, 2.0
    normal_m = (q * n / slope**0.5) ** 0.6
    bed = np.tile(-slope * np.arange(40) * 10.0, (1, 1))
    west = Side("discharge", discharge_m3_per_s=constant(10 * q))
    east = Side("stage", constant(bed[0, -1] + normal_m))
    basin = make_basin(bed, 10.0, manning=n, west=west, east=east)
    flowing = replace(still(basin, bed + normal_m), discharge_x_m2_per_s=np.full(bed.shape, 0.8 * q))
    after = advance(basin, flowing, 300.0)
    assert after.depth_m[0, 2:30] == pytest.approx(normal_m, rel=0.01)  # away from the level held at the outlet
    assert after.discharge_x_m2_per_s[0, 2:] == pytest.approx(q, rel=0.01)


def test_a_blow_up_names_time_and_cell_and_hands_back_what_was_sound():
    basin = make_basin(np.zeros((3, 4)), 1.0)
    before = still(basin, 1.0)
    before.discharge_x_m2_per_s[1, 2] = 1e9
    with pytest.raises(BlowUp, match=r"after 0 s in cell \(row 1, column 2\)") as caught:
        advance(basin, before, 1.0, form="numpy")
    assert np.array_equal(caught.value.finished.depth_m, before.depth_m)


def test_a_run_that_breaks_late_keeps_what_was_finished_and_can_go_on_from_there():
    burst = Series([0, 5, 6, 20], [0.5, 0.5, 1e30, 1e30], "gauge")
    basin = make_basin(SMOOTH, 5.0, west=Side("stage", burst))
    with pytest.raises(BlowUp, match=r"after [45]\.\d+ s in cell \(row \d+, column \d+\)") as caught:
        advance(basin, still(basin, 0.0), 20.0, form="numpy")
    finished = caught.value.finished
    assert 4.5 < finished.time_s < 5.5
    mended = make_basin(SMOOTH, 5.0, west=Side("stage", constant(0.5)))
    assert mass_error(mended, still(mended, 0.0), finished) <= 1e-12
    assert advance(mended, finished, 10.0, form="numpy").time_s == 10.0


def test_a_flume_in_a_laboratory_is_not_taken_for_degrees():
    wall = np.where(np.arange(80) > 77, 50.0, 0.3 * np.sin(np.arange(80)))
    assert make_basin(wall[None], 0.05, 0.5).dx_m == 0.05


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        (lambda: make_basin(np.full((2, 2), np.nan), 1.0), r"bed_m: no number at \(0, 0\)"),
        (lambda: make_basin(np.zeros((0, 3)), 1.0), "bed_m: needs rows"),
        (lambda: make_basin(np.zeros((2, 2)), 0.0), "dx_m: .* > 0 m"),
        (lambda: make_basin(np.zeros((2, 2)), 1.0, -2.0), "dy_m: .* > 0 m"),
        (lambda: make_basin(np.zeros((2, 2)), 1.0, manning=-0.1), "manning: a value below 0"),
        (lambda: make_basin(np.zeros((2, 2)), 1.0, up=Side()), "no side 'up'"),
        (lambda: make_basin(3.0 + X / 10, 8.3e-5), "look like degrees; project the grid to metres"),
        (lambda: make_basin(-100 * X, 0.0125, 0.0083), "dx_m, dy_m: cells of 0.0125 x 0.0083 m"),
        (lambda: Series([0, 1, 2], [0, np.nan, 1], "gauge"), r"gauge: a gap \(no number\) at \(1,\)"),
        (lambda: Series([0, 1, 9], [0, 1, 1], "gauge", 3.0), r"gauge: a gap of over 3 s at \(1,\)"),
        (lambda: Series([0, 1, 1], [0, 1, 1], "gauge"), "gauge: an instant not before the next"),
        (lambda: Side("stage"), "needs stage_m"),
    ],
)  # fmt: skip
def test_bad_input_is_refused_with_field_and_place(wrong, says):
    with pytest.raises(ParameterError, match=says):
        wrong()


def test_a_bad_state_or_a_short_series_is_refused_before_the_first_step():
    basin = make_basin(np.zeros((2, 3)), 1.0)
    state = still(basin, 1.0)
    below = replace(state, depth_m=np.array([[1.0, 1.0, 1.0], [1.0, -0.1, 1.0]]))
    with pytest.raises(StateError, match=r"depth_m: a depth below 0 at \(1, 1\)"):
        advance(basin, below, 1.0)
    short = make_basin(np.zeros((2, 3)), 1.0, west=Side("stage", Series([0, 5], [1.0, 1.0], "tide")))
    with pytest.raises(ParameterError, match="tide: covers 0 to 5 s"):
        advance(short, state, 9.0)
    outside = Sources(row=np.array([5]), column=np.array([0]), discharge_m3_per_s=constant(np.ones(1)))
    with pytest.raises(ParameterError, match="a cell outside the basin"):
        advance(basin, state, 1.0, outside)


def test_without_numba_the_numpy_form_is_taken_and_the_compiled_one_refused(monkeypatch):
    monkeypatch.setattr(finite_volume, "find_spec", lambda name: None)
    assert form_available() == "numpy"
    basin = make_basin(np.zeros((2, 2)), 1.0)
    assert advance(basin, still(basin, 1.0), 1.0).time_s == 1.0
    with pytest.raises(ParameterError, match="install the extra `fast`"):
        advance(basin, still(basin, 1.0), 2.0, form="compiled")
