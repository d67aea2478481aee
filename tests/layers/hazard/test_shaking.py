"""Main shock: observed town maxima are honoured, the prior has its spread, stronger sources shake more."""

import numpy as np
import pytest

from layers.hazard import LAYER, shaking
from twin.chance import Chance
from twin.errors import ParameterError
from twin.numerics.shaking import intensity
from twin.params import load

PARAMS = load(LAYER.params_file)


def ground(n_side, spacing_m=3000.0, avs30=300.0):
    x, y = np.meshgrid(np.arange(n_side) * spacing_m, np.arange(n_side) * spacing_m)
    return shaking.Ground(x.ravel(), y.ravel(), np.full(n_side**2, avs30))


CELLS, STATIONS = ground(8), ground(3, 7000.0)
SOURCE = shaking.Source(6.8, 16_000.0)
TOWN_OF_STATION = np.array([0, 0, 0, 1, 1, 1, 2, 2, 2])
MEDIAN = shaking.median_log10(SOURCE, np.full(9, 20_000.0), STATIONS, PARAMS)
LOW, HIGH = np.array([6.0, 4.5, np.nan]), np.array([6.5, 5.0, np.nan])


@pytest.mark.parametrize("member", range(5))
def test_town_maxima_lie_in_their_observed_class(member):
    bounds = shaking.bounds_of_classes(LOW, HIGH, TOWN_OF_STATION)
    _, read = shaking.draw_residual(CELLS, STATIONS, bounds, MEDIAN, PARAMS, Chance(1, member))
    top = intensity(10.0 ** read.reshape(3, 3)).max(axis=1)
    assert np.all((top[:2] >= LOW[:2] - 1e-9) & (top[:2] < HIGH[:2] + 1e-9))


def test_cells_beside_a_strong_town_shake_more_than_beside_a_weak_one():
    bounds = shaking.bounds_of_classes(LOW, HIGH, TOWN_OF_STATION)
    draws = [shaking.draw_residual(CELLS, STATIONS, bounds, MEDIAN, PARAMS, Chance(1, m))[0] for m in range(8)]
    mean = np.mean(draws, axis=0)
    near_strong, near_weak = CELLS.y_m < 2000.0, np.abs(CELLS.y_m - 7000.0) < 2000.0
    assert mean[near_strong].mean() > mean[near_weak].mean() + 0.2


def test_without_observations_the_prior_is_drawn():
    assert shaking.bounds_of_classes(np.full(3, np.nan), np.full(3, np.nan), TOWN_OF_STATION) is None
    fields = [shaking.draw_residual(CELLS, STATIONS, None, MEDIAN, PARAMS, Chance(3, m))[0] for m in range(60)]
    spread = np.std(fields)
    assert spread == pytest.approx(np.hypot(PARAMS.between_event_sd, PARAMS.within_event_sd), rel=0.12)
    assert abs(np.mean(fields)) < 0.05


def test_a_missing_value_bounds_from_below_only():
    bounds = shaking.bounds_of_classes(np.array([4.5]), np.array([np.nan]), np.array([0]))
    assert np.isfinite(bounds.low_log10[0])
    assert bounds.high_log10[0] == np.inf


def test_the_same_member_draws_the_same_field():
    one, two, other = (
        shaking.draw_residual(CELLS, STATIONS, None, MEDIAN, PARAMS, Chance(1, member))[0] for member in (2, 2, 3)
    )
    assert np.array_equal(one, two)
    assert not np.array_equal(one, other)


def test_residual_scales_motion_and_magnitude_raises_it():
    distance_m = np.linspace(2e3, 60e3, CELLS.x_m.size)
    base = shaking.motion(SOURCE, distance_m, CELLS, 0.0, PARAMS)
    more = shaking.motion(SOURCE, distance_m, CELLS, 0.3, PARAMS)
    assert np.allclose(more.pgv_m_per_s / base.pgv_m_per_s, 10.0**0.3)
    assert np.allclose(more.pga_m_per_s2 / base.pga_m_per_s2, 10.0**0.3)
    big = shaking.motion(shaking.Source(7.2, 16_000.0), distance_m, CELLS, 0.0, PARAMS)
    assert np.all(big.intensity > base.intensity)
    assert np.all(np.diff(base.pgv_m_per_s) < 0.0)


MF13 = PARAMS.replace({"attenuation": "morikawa-fujiwara-2013"})


@pytest.mark.parametrize("kind", ["crustal", "interface"])
@pytest.mark.parametrize("magnitude", [6.0, 6.8, 7.4])
def test_both_attenuation_formulas_agree_within_their_scatter(kind, magnitude):
    """From 10 to 100 km on ground of 300 m/s: means apart by less than one standard deviation of either."""
    distance_m = np.geomspace(10e3, 100e3, CELLS.x_m.size)
    source = shaking.Source(magnitude, 15_000.0, kind)
    one, other = (shaking.motion(source, distance_m, CELLS, 0.0, params) for params in (PARAMS, MF13))
    assert not np.allclose(one.pgv_m_per_s, other.pgv_m_per_s)
    for name in ("pgv_m_per_s", "pga_m_per_s2"):
        apart = np.log10(getattr(one, name) / getattr(other, name))
        assert abs(apart.mean()) < 0.23, name
        assert np.abs(apart).max() < 2 * 0.23, name


def test_the_kind_of_earthquake_shifts_the_median():
    distance_m = np.full(64, 30e3)
    crust, interface, slab = (
        shaking.motion(shaking.Source(7.0, 30_000.0, kind), distance_m, CELLS, 0.0, PARAMS)
        for kind in ("crustal", "interface", "intraslab")
    )
    assert interface.pgv_m_per_s / crust.pgv_m_per_s == pytest.approx(10.0**-0.02)
    assert slab.pgv_m_per_s / crust.pgv_m_per_s == pytest.approx(10.0**0.12)
    assert np.all(interface.pga_m_per_s2 > crust.pga_m_per_s2)


def test_an_unknown_formula_is_refused_with_those_known():
    with pytest.raises(ParameterError, match="si-midorikawa-1999, morikawa-fujiwara-2013"):
        shaking.check_attenuation(PARAMS.replace({"attenuation": "by-eye"}))


def test_soft_ground_amplifies_strong_acceleration_less():
    soft = shaking.Ground(CELLS.x_m, CELLS.y_m, np.full(64, 190.0))
    firm = shaking.Ground(CELLS.x_m, CELLS.y_m, np.full(64, 600.0))
    ratio = [
        shaking.motion(SOURCE, np.full(64, d), soft, 0.0, PARAMS).pga_m_per_s2[0]
        / shaking.motion(SOURCE, np.full(64, d), firm, 0.0, PARAMS).pga_m_per_s2[0]
        for d in (2e3, 80e3)
    ]
    assert 1.0 < ratio[0] < ratio[1]


def test_aftershock_residual_moves_towards_what_towns_reported():
    at = shaking.Ground(np.array([0.0]), np.array([0.0]), np.array([300.0]))
    field = shaking.residual_from_towns(CELLS, at, np.array([0.5]), PARAMS)
    near, far = np.argmin(np.hypot(CELLS.x_m, CELLS.y_m)), np.argmax(np.hypot(CELLS.x_m, CELLS.y_m))
    assert 0.3 < field[near] < 0.5
    assert 0.0 < field[far] < field[near]
