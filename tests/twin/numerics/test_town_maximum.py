"""Station values given town maxima: inside the class, unbiased, equal to rejection sampling."""

import numpy as np
import pytest

from twin.errors import ScenarioError
from twin.numerics import residuals as rs
from twin.numerics.town_maximum import draw_given_town_maxima, maximum_by_town

TOWN = np.array([0, 0, 0, 1, 1])
X_M = np.array([0.0, 6e3, 12e3, 20e3, 26e3])
STATIONS = rs.Stations(X_M, 0.0 * X_M, np.full(5, 0.05))
COVARIANCE = rs.station_covariance(STATIONS, rs.Prior(0.15, 0.35, 10_000.0))
MEAN = np.array([5.0, 5.3, 5.1, 5.2, 4.8])
LOWER, UPPER = np.array([5.5, 4.5]), np.array([6.0, 5.0])


@pytest.fixture(scope="module")
def drawn():
    uniforms = np.random.default_rng(21).random((6000, 30, 5))
    return draw_given_town_maxima(MEAN, COVARIANCE, TOWN, LOWER, UPPER, uniforms)


@pytest.fixture(scope="module")
def rejected():
    rng = np.random.default_rng(22)
    prior = MEAN + rng.standard_normal((400_000, 5)) @ np.linalg.cholesky(COVARIANCE).T
    top = maximum_by_town(prior, TOWN, 2)
    return prior[np.all((top >= LOWER) & (top < UPPER), axis=1)]


def test_every_town_maximum_lies_in_its_class(drawn):
    top = maximum_by_town(drawn, TOWN, 2)
    assert np.all((top >= LOWER) & (top < UPPER))


def test_agrees_with_rejection_sampling(drawn, rejected):
    assert len(rejected) > 5000
    assert drawn.mean(axis=0) == pytest.approx(rejected.mean(axis=0), abs=0.02)
    assert drawn.std(axis=0) == pytest.approx(rejected.std(axis=0), abs=0.02)
    top, wanted = maximum_by_town(drawn, TOWN, 2), maximum_by_town(rejected, TOWN, 2)
    assert top.mean(axis=0) == pytest.approx(wanted.mean(axis=0), abs=0.01)


def test_town_mean_is_not_lifted_to_the_class(drawn, rejected):
    town_mean = drawn[:, TOWN == 0].mean()
    as_if_everywhere = 5.75
    assert town_mean == pytest.approx(rejected[:, TOWN == 0].mean(), abs=0.02)
    assert town_mean < as_if_everywhere - 0.2


def test_town_without_a_report_follows_its_neighbours_only():
    uniforms = np.random.default_rng(23).random((4000, 30, 5))
    open_low, open_high = np.array([6.0, -np.inf]), np.array([6.5, np.inf])
    values = draw_given_town_maxima(MEAN, COVARIANCE, TOWN, open_low, open_high, uniforms)
    assert np.all(values[:, 3] < 8.0)
    assert values[:, 3].mean() > MEAN[3] + 0.05
    free = draw_given_town_maxima(MEAN, COVARIANCE, TOWN, [-np.inf] * 2, [np.inf] * 2, uniforms)
    assert free.mean(axis=0) == pytest.approx(MEAN, abs=0.03)


def test_far_from_the_prior_stays_finite_and_inside():
    uniforms = np.random.default_rng(24).random((50, 10, 5))
    values = draw_given_town_maxima(MEAN, COVARIANCE, TOWN, [9.0, 0.5], [9.5, 1.0], uniforms)
    top = maximum_by_town(values, TOWN, 2)
    assert np.all(np.isfinite(values))
    assert np.all((top >= [9.0, 0.5]) & (top < [9.5, 1.0]))


def test_empty_bounds_are_refused():
    with pytest.raises(ScenarioError, match="lower bound"):
        draw_given_town_maxima(MEAN, COVARIANCE, TOWN, [5.5, 5.0], [5.5, 6.0], np.full((1, 5), 0.5))
