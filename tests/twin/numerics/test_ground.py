"""Soil water against an ODE solver; ground failure and aftershock laws against closed forms."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.integrate import quad, solve_ivp

from twin.errors import ParameterError
from twin.numerics import ground

RAIN_M_PER_S = 50e-3 / 3600.0
C_S, P = 0.05 * 86_400.0, 1.1


def tanks(_, s):
    over = np.maximum([s[0] - ground.SIDE_OUTLET_M[0], s[0] - ground.SIDE_OUTLET_M[1], s[1] - 0.015, s[2] - 0.015], 0.0)
    run, drain = ground.SIDE_RATE_PER_S * over, ground.DRAIN_RATE_PER_S * s
    return [
        RAIN_M_PER_S - run[0] - run[1] - drain[0],
        drain[0] - run[2] - drain[1],
        drain[1] - run[3] - drain[2],
    ]


def test_soil_water_follows_the_differential_equation():
    exact = solve_ivp(tanks, (0, 36_000), [0.01, 0.02, 0.03], rtol=1e-11, atol=1e-14).y[:, -1]

    def error_m(step_s):
        state = np.array([0.01, 0.02, 0.03])
        for _ in range(round(36_000 / step_s)):
            state = ground.soil_water_step(state, RAIN_M_PER_S, step_s)
        return np.abs(state - exact).max()

    assert error_m(3600.0) < 2e-5
    assert 3.0 < error_m(300.0) / error_m(150.0) < 5.5  # second order, but for the corners at the outlets


# Ten-minute amounts, mm, of a front's two waves and the dry spells around them: 72 h, 324 mm, up to 85 mm in an hour
WAVES_MM = ((60, 0.5, 9), (96, 2.0, 18), (114, 14.0, 6), (120, 4.0, 15), (240, 1.0, 24), (270, 9.0, 12))
TEN_MINUTES_S = 600.0


def front_m_per_s():
    amount_mm = np.zeros(432)
    for begin, mm, n in WAVES_MM:
        amount_mm[begin : begin + n] += mm * (1.0 + 0.5 * np.sin(np.arange(n)))
    return amount_mm * 1e-3 / TEN_MINUTES_S


def explicit_storage_m(rain_m_per_s, step_s, fine_s):
    """The tanks written out once more in plain numbers, in explicit steps of `fine_s`."""
    first, second, third, sums = 0.0, 0.0, 0.0, [0.0]
    h = fine_s / 3600.0
    for rate in rain_m_per_s * 3.6e6:
        for _ in range(round(step_s / fine_s)):
            side_1 = 0.1 * max(first - 15.0, 0.0) + 0.15 * max(first - 60.0, 0.0)
            side_2, side_3 = 0.05 * max(second - 15.0, 0.0), 0.01 * max(third - 15.0, 0.0)
            down_1, down_2, down_3 = 0.12 * first, 0.05 * second, 0.01 * third
            first += h * (rate - side_1 - down_1)
            second += h * (down_1 - side_2 - down_2)
            third += h * (down_2 - side_3 - down_3)
        sums.append(first + second + third)
    return np.array(sums) * 1e-3


@pytest.mark.parametrize(("step_s", "rows"), [(600.0, 1), (3600.0, 6)])
def test_soil_water_index_of_a_72_hour_storm_to_a_tenth_of_a_millimetre(step_s, rows):
    rain = front_m_per_s().reshape(-1, rows).mean(axis=1)
    fine = explicit_storage_m(rain, step_s, 5.0)
    places = ground.soil_water_series(np.zeros(3), np.stack([rain, 0.5 * rain], axis=1), step_s)
    index_m = ground.soil_water_index_m(np.moveaxis(places, 1, 0))
    assert index_m.shape == (rain.size + 1, 2)
    assert np.abs(index_m[:, 0] - fine).max() < 1e-4
    assert 0.1 < index_m[:, 0].max() < rain.sum() * step_s
    assert np.all(index_m[1:, 1] <= index_m[1:, 0])


def test_soil_water_index_equals_rain_before_any_outlet_runs():
    storage = ground.soil_water_step(np.zeros((3, 2)), np.array([5e-3, 10e-3]) / 3600.0, 3600.0)
    assert ground.soil_water_index_m(storage) == pytest.approx([5e-3, 10e-3], rel=1e-3)
    assert storage.shape == (3, 2)


@given(st.floats(0.0, 0.3), st.floats(0.0, 0.3), st.floats(0.0, 0.3), st.floats(0.0, 3e-5), st.floats(0.0, 1e-5))
def test_more_rain_never_dries_the_soil(first, second, third, rain, more):
    start = np.array([first, second, third])
    less, wet = (ground.soil_water_step(start, r, 3600.0) for r in (rain, rain + more))
    assert np.all(less >= 0.0)
    assert np.all(wet >= less)
    assert ground.soil_water_index_m(less) <= start.sum() + rain * 3600.0 + 1e-12


def test_rokko_formula_fails_at_43_degrees_without_shaking():
    assert ground.slope_failure_score(43.0, 0.0, 0.0) == pytest.approx(0.0, abs=0.01)
    assert ground.slope_failure_score(30.0, 0.0, 1.5) < 0.0 < ground.slope_failure_score(30.0, 0.0, 6.0)
    assert ground.slope_failure_score(30.0, 0.05, 3.0) < ground.slope_failure_score(30.0, 0.0, 3.0)


def test_liquefaction_by_hand_and_at_its_limits():
    logit = 12.435 + 0.301 * np.log(50) - 2.615 * np.log(200) + 5.556e-4 * 2000 - 0.0287 * 2 + 0.0666 - 0.0369 * 2
    got = ground.liquefaction_probability(0.5, 200.0, 2.0, 4000.0, 1000.0)
    assert got == pytest.approx(1 / (1 + np.exp(-logit)))
    assert ground.liquefaction_probability(0.029, 200.0, 2.0, 0.0, 0.0) == 0.0
    assert ground.liquefaction_probability(0.5, 621.0, 2.0, 0.0, 0.0) == 0.0
    assert ground.liquefied_area_fraction(1.0) == pytest.approx(0.4208, rel=0.002)
    assert ground.liquefied_area_fraction(0.0) == 0.0


@given(st.floats(0.03, 2.0), st.floats(1.01, 2.0), st.floats(100.0, 600.0))
def test_liquefaction_rises_with_motion_and_soft_ground(pgv, factor, vs30):
    base = ground.liquefaction_probability(pgv, vs30, 1.5, 3000.0, 500.0)
    assert ground.liquefaction_probability(pgv * factor, vs30, 1.5, 3000.0, 500.0) > base
    assert ground.liquefaction_probability(pgv, vs30 * factor, 1.5, 3000.0, 500.0) < base


def test_newmark_by_hand():
    assert ground.newmark_displacement_m(1.0, 2.0) * 100 == pytest.approx(10**0.215 * 0.5 ** (2.341 - 1.438))
    assert np.all(ground.newmark_displacement_m(1.0, np.array([0.0, 0.5, 1.0])) == 0.0)
    with pytest.raises(ParameterError, match="critical"):
        ground.newmark_displacement_m(0.0, 1.0)


@given(st.floats(0.1, 5.0), st.floats(0.1, 10.0), st.floats(0.01, 5.0))
def test_newmark_rises_with_shaking(critical, pga, more):
    assert ground.newmark_displacement_m(critical, pga + more) >= ground.newmark_displacement_m(critical, pga)


@pytest.mark.parametrize("p", [0.9, 1.0, 1.1])
def test_omori_count_is_the_integral_and_inverts(p):
    productivity = ground.omori_productivity(43.0, 13 * 3600.0, C_S, p)
    assert ground.omori_count(13 * 3600.0, productivity, C_S, p) == pytest.approx(43.0)
    integral, _ = quad(ground.omori_rate_per_s, 0, 86_400.0, args=(productivity, C_S, p))
    assert ground.omori_count(86_400.0, productivity, C_S, p) == pytest.approx(integral, rel=1e-7)
    times_s = np.array([[60.0, 3600.0], [1e5, 1e6]])
    counts = ground.omori_count(times_s, productivity, C_S, p)
    assert ground.omori_time_s(counts, productivity, C_S, p) == pytest.approx(times_s, rel=1e-9)


def test_omori_beyond_the_total_never_comes():
    total = C_S ** (1 - P) / (P - 1)
    assert ground.omori_time_s(total * 1.01, 1.0, C_S, P) == np.inf


def test_gutenberg_richter_quantiles():
    uniform = (np.arange(100_000) + 0.5) / 100_000
    magnitude = ground.gutenberg_richter_magnitude(uniform, 0.9, 3.0)
    assert np.mean(magnitude >= 4.0) == pytest.approx(10**-0.9, abs=1e-4)
    cut = ground.gutenberg_richter_magnitude(uniform, 0.9, 3.0, 6.0)
    assert cut.min() >= 3.0
    assert cut.max() <= 6.0
    assert np.all(np.diff(cut) > 0.0)
