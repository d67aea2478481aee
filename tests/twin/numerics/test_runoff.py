"""Runoff: storage against closed forms, water booked, uniform flow inverted, river levels."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from twin.errors import ParameterError
from twin.numerics import rain, runoff
from twin.units import MM_PER_H

HOUR = 3600.0
K = float(runoff.storage_constant(30.0, 0.6))
STORM = np.array([0, 5, 12, 40, 70, 25, 8, 2, 0, 0, 0, 0, 0, 0, 0, 0]) * MM_PER_H


def series(rate=STORM, step_s=HOUR):
    rate = np.asarray(rate)
    return rain.make_series(np.arange(len(rate) + 1) * step_s, rate)


def test_storage_constant_in_table_units():
    storage_m = K * (20.0 * MM_PER_H) ** 0.6
    assert storage_m == pytest.approx(30.0 * 20.0**0.6 * 1e-3)  # S = 30 Q^0.6 in mm and mm/h
    assert runoff.runoff_rate_m_per_s(storage_m, K, 0.6) / MM_PER_H == pytest.approx(20.0)


@pytest.mark.parametrize("dt_s", [60.0, 600.0, 7200.0])
def test_linear_storage_is_an_exponential(dt_s):
    rate, k = 1e-5, 9000.0
    exact = rate * k + (0.2 - rate * k) * np.exp(-dt_s / k)
    assert runoff.storage_step(0.2, rate, dt_s, k, 1.0) == pytest.approx(exact, rel=1e-5)


def test_square_root_storage_fills_as_a_hyperbolic_tangent():
    rate, k = np.array([2e-5, 5e-6]), 60.0
    exact = k * np.sqrt(rate) * np.tanh(5400.0 * np.sqrt(rate) / k)  # dS/dt = r - (S/K)^2 from dry
    assert runoff.storage_step(0.0, rate, 5400.0, k, 0.5) == pytest.approx(exact, rel=1e-4)


def test_recession_of_a_nonlinear_storage():
    m = 1 / 0.6 - 1.0  # dS/dt = -(S/K)^(1/p): S^-m grows evenly
    exact = (0.2**-m + m * K ** (-1 / 0.6) * 40_000.0) ** (-1 / m)
    assert runoff.storage_step(0.2, 0.0, 40_000.0, K, 0.6) == pytest.approx(exact, rel=1e-12)


def test_storage_step_is_of_second_order(monkeypatch):
    exact = 60.0 * np.sqrt(4e-5) * np.tanh(14_400.0 * np.sqrt(4e-5) / 60.0)

    def error(longest_s):
        monkeypatch.setattr(runoff, "STORAGE_STEP_S", longest_s)
        return abs(float(runoff.storage_step(0.0, 4e-5, 14_400.0, 60.0, 0.5)) - exact)

    assert 1.9 < np.log2(error(1200.0) / error(600.0)) < 2.1


@given(st.floats(0.0, 0.5), st.floats(0.0, 4e-5), st.floats(60.0, 20_000.0), st.floats(5.0, 100.0), st.floats(0.4, 1.0))
def test_two_half_steps_make_one_and_storage_stays_between_dry_and_full(storage, rate, dt_s, k_mm, p):
    k = runoff.storage_constant(k_mm, p)
    once = runoff.storage_step(storage, rate, dt_s, k, p)
    half = runoff.storage_step(runoff.storage_step(storage, rate, dt_s / 2, k, p), rate, dt_s / 2, k, p)
    assert half == pytest.approx(once, rel=5e-3, abs=1e-9)
    assert 0.0 <= once <= storage + rate * dt_s + 1e-12
    assert runoff.storage_step(storage, rate * 1.5, dt_s, k, p) >= once - 1e-12


def test_long_steady_rain_gives_the_rational_discharge():
    catchment = runoff.Catchment(area_m2=50e6, storage_k=K, base_m3_per_s=3.0)
    result = runoff.catchment_runoff(series(np.full(96, 10 * MM_PER_H)), catchment)
    rational = runoff.rational_peak_m3_per_s(1.0, 10 * MM_PER_H, 50e6)
    assert rational == pytest.approx(10 * 50 / 3.6)
    assert result.discharge_m3_per_s[-1] - 3.0 == pytest.approx(rational, rel=1e-4)
    assert result.discharge_m3_per_s[0] == 3.0


@pytest.mark.parametrize("lag_s", [0.0, 1800.0, 5000.0])
def test_every_drop_is_booked(lag_s):
    catchment = runoff.Catchment(np.array([50e6, 8e6]), K, lag_s=lag_s, first_fraction=0.5, saturation_m=0.05)
    rate = np.stack([STORM, 0.3 * STORM], axis=1)
    result = runoff.catchment_runoff(series(rate), catchment)
    fallen = rain.accumulated_m(series(rate), 0.0, 16 * HOUR)
    effective_m3 = (0.5 * np.minimum(fallen, 0.05) + np.maximum(fallen - 0.05, 0.0)) * catchment.area_m2
    assert result.outflow_m3[-1] + result.held_m3[-1] == pytest.approx(effective_m3, rel=1e-12)
    assert np.all(result.held_m3[0] == 0.0)
    assert np.all(np.diff(result.outflow_m3, axis=0) >= -1e-6)
    assert np.all(result.held_m3 >= -1e-6)
    assert result.discharge_m3_per_s.max() < 70 * MM_PER_H * 50e6


def test_outflow_is_the_integral_of_the_discharge():
    fine = series(np.repeat(STORM, 60), 60.0)
    result = runoff.catchment_runoff(fine, runoff.Catchment(50e6, K, lag_s=900.0))
    integral = np.trapezoid(result.discharge_m3_per_s, result.edge_s)
    assert integral == pytest.approx(result.outflow_m3[-1], rel=1e-5)


def test_lag_shifts_the_hydrograph_and_keeps_what_ran_before():
    steady = K * 1e-6**0.6
    here = runoff.catchment_runoff(series(), runoff.Catchment(50e6, K), steady)
    later = runoff.catchment_runoff(series(), runoff.Catchment(50e6, K, lag_s=2 * HOUR), steady)
    assert later.discharge_m3_per_s[2:] == pytest.approx(here.discharge_m3_per_s[:-2])
    assert later.discharge_m3_per_s[:2] == pytest.approx(50.0)  # 1e-6 m/s on 50 km2 before the storm
    assert later.outflow_m3[1] == pytest.approx(50.0 * HOUR)
    assert later.held_m3[0] == pytest.approx(here.held_m3[0] + 50.0 * 2 * HOUR)


def test_rows_cut_in_six_give_the_same_hydrograph():
    catchment = runoff.Catchment(50e6, K, lag_s=1800.0)
    hourly = runoff.catchment_runoff(series(), catchment)
    fine = runoff.catchment_runoff(series(np.repeat(STORM, 6), 600.0), catchment)
    assert fine.held_m3[::6] == pytest.approx(hourly.held_m3, rel=0.02)
    shifted = runoff.Catchment(50e6, K)
    exact = runoff.catchment_runoff(series(np.repeat(STORM, 6), 600.0), shifted).discharge_m3_per_s[::6]
    assert exact == pytest.approx(runoff.catchment_runoff(series(), shifted).discharge_m3_per_s, rel=1e-9)


def test_one_rain_for_several_catchments():
    both = runoff.catchment_runoff(series(), runoff.Catchment(np.array([50e6, 8e6]), K, lag_s=np.array([0.0, 900.0])))
    small = runoff.catchment_runoff(series(), runoff.Catchment(8e6, K, lag_s=900.0))
    assert both.discharge_m3_per_s[:, 1] == pytest.approx(small.discharge_m3_per_s)


def test_effective_rain_starts_in_full_when_the_ground_is_wet():
    rate = runoff.effective_rate_m_per_s(series([1e-5, 1e-5, 1e-5]), 0.4, 0.054)
    assert rate == pytest.approx([4e-6, 0.7e-5, 1e-5])  # 36 mm an hour: wet after an hour and a half


def test_bad_catchments_are_refused():
    for change in ({"area_m2": 0.0}, {"storage_k": -1.0}, {"exponent": 1.2}, {"lag_s": -1.0}):
        with pytest.raises(ParameterError, match="catchment"):
            runoff.catchment_runoff(series(), runoff.Catchment(**({"area_m2": 1e6, "storage_k": K} | change)))


def test_basin_rain_index_is_a_root():
    assert runoff.basin_rain_index([0.0, 400.0]) == pytest.approx([0.0, 20.0])


# --- uniform flow ---------------------------------------------------------------------------------------------


def test_manning_by_hand():
    channel = runoff.Channel(10.0, 2.0, 1e-3, 0.03)
    area, perimeter = 28.0, 10.0 + 4.0 * np.sqrt(5.0)
    by_hand = area * (area / perimeter) ** (2 / 3) * np.sqrt(1e-3) / 0.03
    assert runoff.manning_discharge_m3_per_s(2.0, channel) == pytest.approx(by_hand)
    wide = runoff.manning_discharge_m3_per_s(2.0, runoff.Channel(1e7, 0.0, 1e-3, 0.03)) / 1e7
    assert runoff.wide_depth_m(wide, 1e-3, 0.03) == pytest.approx(2.0, rel=1e-6)


@given(st.floats(1e-4, 60.0), st.floats(0.1, 2000.0), st.floats(0.0, 5.0), st.floats(1e-5, 0.1), st.floats(0.01, 0.2))
def test_depth_of_uniform_flow_inverts_the_discharge(depth, bottom, side, slope, n):
    channel = runoff.Channel(bottom, side, slope, n)
    flow = runoff.manning_discharge_m3_per_s(depth, channel)
    assert runoff.manning_depth_m(flow, channel) == pytest.approx(depth, rel=1e-10)
    assert runoff.manning_discharge_m3_per_s(depth * 1.01, channel) > flow


def test_depth_takes_arrays_dry_beds_and_refuses_nonsense():
    channel = runoff.Channel(np.array([5.0, 50.0]), 1.5, 5e-4, 0.03)
    depth = runoff.manning_depth_m(np.array([[0.0], [80.0]]), channel)
    assert depth.shape == (2, 2)
    assert np.all(depth[0] == 0.0)
    assert depth[1, 0] > depth[1, 1] > 0.0
    for flow, bad in (
        (-1.0, channel),
        (1.0, runoff.Channel(5.0, 1.0, 0.0, 0.03)),
        (1.0, runoff.Channel(0.0, 1.0, 1e-3, 0.03)),
    ):
        with pytest.raises(ParameterError, match="uniform flow"):
            runoff.manning_depth_m(flow, bad)


# --- warning --------------------------------------------------------------------------------------------------

STAGES = np.array([2.0, 3.0, 4.0, 5.0])


def test_levels_follow_the_fixed_stages():
    stage = np.array([1.9, 2.0, 3.0, 4.0, 5.0, 9.0])
    level = runoff.river_warning_level(stage, stage, STAGES[:, None], False)
    assert level.tolist() == [0, 1, 2, 3, 4, 4]
    assert runoff.river_warning_level(9.0, 9.0, STAGES, True) == 5
    assert runoff.river_warning_level(2.5, 5.1, STAGES, False) == 3  # danger in the forecast
    assert runoff.river_warning_level(4.9, 9.0, STAGES, False) == 3  # a forecast alone never makes 4
    per_gauge = np.stack([STAGES, STAGES + 1.0], axis=1)
    assert runoff.river_warning_level([3.5, 3.5], [0.0, 0.0], per_gauge, False).tolist() == [2, 1]


@given(st.floats(0.0, 8.0), st.floats(0.0, 8.0), st.floats(0.0, 3.0), st.booleans())
def test_more_water_never_lowers_a_level(stage, expected, more, over):
    low = runoff.river_warning_level(stage, expected, STAGES, over)
    assert runoff.river_warning_level(stage + more, expected, STAGES, over) >= low
    assert runoff.river_warning_level(stage, expected + more, STAGES, over) >= low


def test_stages_out_of_order_are_refused():
    with pytest.raises(ParameterError, match="rising"):
        runoff.river_warning_level(1.0, 1.0, STAGES[::-1], False)
