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
    exact = solve_ivp(tanks, (0, 36_000), [0.01, 0.02, 0.03], rtol=1e-9, atol=1e-12).y[:, -1]
    start = np.array([0.01, 0.02, 0.03])
    got = ground.soil_water_step(start, RAIN_M_PER_S, 36_000.0)
    assert ground.soil_water_index_m(got) == pytest.approx(exact.sum(), rel=0.01)
    fine = start
    for _ in range(360):
        fine = ground.soil_water_step(fine, RAIN_M_PER_S, 100.0)
    assert 4.0 < np.abs(got - exact).max() / np.abs(fine - exact).max() < 8.0  # first order: six times


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
