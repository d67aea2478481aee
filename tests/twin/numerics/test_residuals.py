"""Random fields against their exact covariance; draws bent to observations against the exact posterior."""

import numpy as np
import pytest

from twin.errors import StateError
from twin.numerics import residuals as rs
from twin.numerics.conditional import Areas, Observed, update

PRIOR = rs.Prior(tau=0.6, phi=0.8, range_m=10_000.0)


def exponential(x_m, y_m, range_m):
    at = rs.Stations(x_m, y_m, np.zeros(x_m.size))
    return rs.prior_covariance(x_m, y_m, at, rs.Prior(0.0, 1.0, range_m))


def exact_covariance(plan):
    """Covariance that the plan produces, obtained by pushing every unit impulse through it (no sampling)."""
    n = int(np.prod(plan.normals_shape))
    columns = rs.draw_field(plan, np.eye(n).reshape(n, *plan.normals_shape))
    return columns.T @ columns


def worst_error(spacing_m, range_m):
    x_m, y_m = np.random.default_rng(11).uniform(0, 4_000, (2, 30))
    covariance = exact_covariance(rs.plan_field(x_m, y_m, range_m, spacing_m))
    assert np.diag(covariance) == pytest.approx(np.ones(30), abs=1e-6)
    return np.abs(covariance - exponential(x_m, y_m, range_m)).max()


def test_field_has_unit_variance_and_correlation_within_the_documented_error():
    coarse, fine = worst_error(1000.0, 2000.0), worst_error(500.0, 2000.0)
    assert coarse < 0.9 * 1000 / 2000
    assert fine < 0.9 * 500 / 2000
    assert fine < 0.65 * coarse


def test_at_the_nodes_only_the_period_errs():
    x_m, y_m = (axis.ravel() * 1000.0 for axis in np.meshgrid(np.arange(8), np.arange(6)))
    covariance = exact_covariance(rs.plan_field(x_m, y_m, 2_500.0, 1_000.0))
    wanted = exponential(x_m, y_m, 2_500.0)
    assert np.abs(covariance - wanted).max() < 0.01


def test_large_field_needs_no_dense_matrix_and_has_the_right_spread():
    rng = np.random.default_rng(2)
    x_m, y_m = rng.uniform(0, 90_000, 50_000), rng.uniform(0, 110_000, 50_000)
    plan = rs.plan_field(x_m, y_m, 10_000.0)
    field = rs.draw_field(plan, rng.standard_normal((6, *plan.normals_shape)))
    assert field.shape == (6, 50_000)
    assert np.sqrt(np.mean(field**2)) == pytest.approx(1.0, abs=0.12)
    assert plan.weight.sum(axis=1).min() - 1.0 >= -1e-9
    assert plan.weight.sum(axis=1).max() - 1.0 < 0.045


def test_normals_of_another_shape_are_refused():
    plan = rs.plan_field(np.zeros(1), np.zeros(1), 1000.0)
    with pytest.raises(StateError, match="shape"):
        rs.draw_field(plan, np.zeros((3, 3)))


def test_overlapping_regions_share_their_nodes():
    west = rs.plan_field(np.array([1_200.0, 9_700.0]), np.array([800.0, 4_100.0]), 2_000.0, 1_000.0)
    east = rs.plan_field(np.array([4_300.0, 9_700.0]), np.array([2_800.0, 4_100.0]), 2_000.0, 1_000.0)
    nodes = [
        (plan.first_node[0] + plan.node[1] // plan.normals_shape[1],
         plan.first_node[1] + plan.node[1] % plan.normals_shape[1])
        for plan in (west, east)
    ]  # fmt: skip
    assert np.array_equal(nodes[0], nodes[1])
    assert west.weight[1] == pytest.approx(east.weight[1], rel=1e-3)


def test_updated_draws_have_the_conditional_mean_and_spread():
    rng = np.random.default_rng(7)
    at = rs.Stations(np.array([0.0, 8e3]), np.zeros(2), np.array([0.1, 0.3]))
    observed, target_x = np.array([1.0, -0.5]), np.array([2e3, 30e3])
    together = rs.Stations(np.concatenate([target_x, at.x_m]), np.zeros(4), np.zeros(4))
    prior = rng.standard_normal((40_000, 4)) @ np.linalg.cholesky(rs.station_covariance(together, PRIOR)).T
    simulated = prior[:, 2:] + at.noise_sd * rng.standard_normal((40_000, 2))
    weights = rs.kriging_weights(target_x, np.zeros(2), at, PRIOR)
    drawn = rs.update_draw(prior[:, :2], weights, simulated, observed)
    exact = update(target_x, np.zeros(2), Observed(at, Areas.none(), observed), PRIOR)
    assert drawn.mean(axis=0) == pytest.approx(exact.mean, abs=0.02)
    assert drawn.std(axis=0) == pytest.approx(exact.sd, rel=0.02)
