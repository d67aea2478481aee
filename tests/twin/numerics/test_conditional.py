"""Conditioning on points and areas: the ShakeMap verification cases, dense algebra, and draws in distribution."""

import numpy as np
import pytest

from twin.chance import Chance
from twin.errors import ParameterError, StateError
from twin.numerics import conditional as cd
from twin.numerics.residuals import Prior, Stations

PRIOR = Prior(tau=0.6, phi=0.8, range_m=10_000.0)
FAR_M = 1e7
NONE = cd.Areas.none()


def points(x_m, y_m, noise_sd):
    x = np.asarray(x_m, float)
    return Stations(x, np.broadcast_to(np.asarray(y_m, float), x.shape), np.broadcast_to(float(noise_sd), x.shape))


def at_origin(x_m, value, noise_sd=0.0):
    """Posterior at (x, 0) after observations at the origin."""
    values = np.atleast_1d(np.asarray(value, float))
    seen = cd.Observed(points(np.zeros(values.size), 0.0, noise_sd), NONE, values)
    return cd.update(np.array([x_m]), np.zeros(1), seen, PRIOR)


def test_shakemap_one_observation():
    far, here = at_origin(FAR_M, 1.0), at_origin(0.0, 1.0)
    assert (far.event_mean, far.event_sd) == pytest.approx((0.360, 0.480), abs=5e-4)
    assert (far.mean[0], far.sd[0]) == pytest.approx((0.360, 0.933), abs=5e-4)
    assert (here.mean[0], here.sd[0]) == pytest.approx((1.0, 0.0), abs=1e-4)


@pytest.mark.parametrize(
    ("noise", "bias", "far_sd"),
    [(0, 0.3600, 0.9330), (0.75, 0.2304, 0.9576), (1.5, 0.1108, 0.9799), (3, 0.0360, 0.9935), (6, 0.0097, 0.9982)],
)
def test_shakemap_noisy_observation(noise, bias, far_sd):
    far = at_origin(FAR_M, 1.0, noise)
    assert (far.event_mean, far.sd[0]) == pytest.approx((bias, far_sd), abs=5e-4)


def test_shakemap_two_co_located_observations_count_as_one():
    once, twice = at_origin(4000.0, 1.0), at_origin(4000.0, [1.0, 1.0])
    assert twice.mean == pytest.approx(once.mean, abs=1e-6)
    assert twice.sd == pytest.approx(once.sd, abs=1e-6)
    assert twice.event_mean == pytest.approx(once.event_mean, abs=1e-6)


def mesh(n_column=12, n_row=10, spacing_m=1000.0):
    x_m, y_m = np.meshgrid(np.arange(n_column) * spacing_m, np.arange(n_row) * spacing_m)
    return x_m.ravel(), y_m.ravel()


def mixed(most_members=1000, value=(0.5, -0.2, 0.3, 0.4)):
    """Two points and two areas of 28 cells on the mesh."""
    x_m, y_m = mesh()
    area = np.where(x_m < 4000.0, 0, np.where(x_m > 7000.0, 1, -1))
    area[y_m > 6500.0] = -1
    areas = cd.areas_of_cells(x_m, y_m, area, [0.0, 0.15], most_members)
    return cd.Observed(points([1500.0, 8000.0], [900.0, 9000.0], 0.1), areas, np.array(value)), area


def dense(observed, area):
    """Posterior mean and covariance at all cells by plain matrices."""
    x_m, y_m = mesh()
    at_x, at_y = (np.concatenate(pair) for pair in ((observed.points.x_m, x_m), (observed.points.y_m, y_m)))
    full = PRIOR.tau**2 + PRIOR.phi**2 * np.exp(-np.hypot(at_x[:, None] - at_x, at_y[:, None] - at_y) / PRIOR.range_m)
    look = np.zeros((4, at_x.size))
    look[[0, 1], [0, 1]] = 1.0
    for row in (0, 1):
        look[2 + row, 2:] = (area == row) / (area == row).sum()
    seen = look @ full @ look.T + np.diag(observed.noise_sd**2)
    gain = np.linalg.solve(seen, look @ full).T
    return (gain @ observed.value)[2:], (full - gain @ look @ full)[2:, 2:]


def test_points_and_areas_equal_dense_algebra():
    observed, area = mixed()
    got = cd.update(*mesh(), observed, PRIOR)
    mean, covariance = dense(observed, area)
    assert got.mean == pytest.approx(mean, abs=1e-7)
    assert got.sd == pytest.approx(np.sqrt(np.diag(covariance)), abs=1e-7)


def test_the_mean_over_an_exactly_observed_area_is_its_value():
    observed, area = mixed()
    got = cd.update(*mesh(), observed, PRIOR)
    assert got.mean[area == 0].mean() == pytest.approx(0.3, abs=1e-6)
    assert abs(got.mean[area == 1].mean() - 0.4) > 0.01


def test_few_members_stand_for_many_cells():
    full, area = mixed()
    mean, _ = dense(full, area)

    def apart(most):
        observed, _ = mixed(most)
        assert np.add.reduceat(observed.areas.weight, observed.areas.first_member) == pytest.approx([1.0, 1.0])
        assert observed.areas.x_m.size == 2 * min(most, 28)
        return np.abs(cd.update(*mesh(), observed, PRIOR).mean - mean).max()

    assert apart(28) < 1e-7
    assert apart(14) < 0.01
    assert apart(7) < 0.02


def test_an_area_of_one_cell_is_a_point():
    as_area = cd.areas_of_cells([2000.0], [3000.0], [0], [0.2])
    nobody = points(np.empty(0), 0.0, 0.0)
    one = cd.update(*mesh(), cd.Observed(nobody, as_area, np.array([0.7])), PRIOR)
    other = cd.update(*mesh(), cd.Observed(points([2000.0], 3000.0, 0.2), NONE, np.array([0.7])), PRIOR)
    assert one.mean == pytest.approx(other.mean, abs=1e-12)
    assert one.sd == pytest.approx(other.sd, abs=1e-12)


def test_blocks_do_not_change_the_result(monkeypatch):
    observed, _ = mixed()
    whole = cd.update(*mesh(), observed, PRIOR)
    monkeypatch.setattr(cd, "BLOCK_VALUES", 1)
    parts = cd.update(*mesh(), observed, PRIOR)
    assert parts.mean == pytest.approx(whole.mean, abs=1e-12)
    assert parts.sd == pytest.approx(whole.sd, abs=1e-12)


def test_more_observations_never_widen_the_spread():
    rng = np.random.default_rng(9)
    x_m, y_m = rng.uniform(0, 40_000, (2, 50))
    at_x, at_y = rng.uniform(0, 40_000, (2, 12))

    def spread(n):
        return cd.update(x_m, y_m, cd.Observed(points(at_x[:n], at_y[:n], 0.2), NONE, np.ones(n)), PRIOR).sd

    assert np.all(spread(4) <= spread(1) + 1e-12)
    assert np.all(spread(12) <= spread(4) + 1e-12)


def keyed(plan, observed, n_draw):
    """Normals of a plan from fixed keys."""
    chance, draw = Chance(seed=5), np.arange(n_draw)[:, None]
    n_node, n_seen = int(np.prod(plan.lattice.normals_shape)), observed.noise_sd.size
    return cd.Normals(
        chance.normal("test.node", np.arange(n_node), draw).reshape(n_draw, *plan.lattice.normals_shape),
        chance.normal("test.local", np.arange(plan.n_local), draw),
        chance.normal("test.event", draw[:, 0]),
        chance.normal("test.noise", np.arange(n_seen), draw),
    )


def test_draws_have_the_posterior_mean_and_covariance():
    observed, area = mixed()
    places = tuple(axis[area >= 0][::5] for axis in mesh())
    plan = cd.plan_draws(*places, observed, PRIOR, 1000.0)
    drawn = cd.draws(*places, observed, PRIOR, plan, keyed(plan, observed, 1500))
    mean, covariance = dense(observed, area)
    rows = np.flatnonzero(area >= 0)[::5]
    error = np.sqrt(np.diag(covariance)[rows] / 1500)
    assert np.all(np.abs(drawn.mean(axis=0) - mean[rows]) < 4.0 * error)
    assert drawn.std(axis=0) == pytest.approx(np.sqrt(np.diag(covariance)[rows]), rel=0.06)
    assert np.cov(drawn.T) == pytest.approx(covariance[np.ix_(rows, rows)], abs=0.03)


def test_every_draw_meets_an_exact_observation():
    seen = cd.Observed(points([300.0, 2600.0], [700.0, 2200.0], 0.0), NONE, np.array([1.5, -0.5]))
    at = (seen.points.x_m, seen.points.y_m)
    plan = cd.plan_draws(*at, seen, PRIOR, 1000.0)
    drawn = cd.draws(*at, seen, PRIOR, plan, keyed(plan, seen, 20))
    assert drawn == pytest.approx(np.tile([1.5, -0.5], (20, 1)), abs=2e-3)


def test_values_may_differ_from_draw_to_draw(monkeypatch):
    seen = cd.Observed(points([300.0], [700.0], 0.0), NONE, np.array([[1.0], [2.0], [3.0]]))
    plan = cd.plan_draws([300.0], [700.0], seen, PRIOR, 1000.0)
    monkeypatch.setattr(cd, "BATCH_VALUES", 1)
    drawn = cd.draws([300.0], [700.0], seen, PRIOR, plan, keyed(plan, seen, 3))
    assert drawn[:, 0] == pytest.approx([1.0, 2.0, 3.0], abs=2e-3)


def test_the_unconditional_field_has_the_prior_correlation():
    """Exact covariance of the method, from unit impulses: on nodes, between them, and in one square."""
    x_m, y_m = np.array([1000.0, 3000.0, 1250.0, 1700.0, 2500.0]), np.array([1000.0, 2000.0, 1600.0, 1300.0, 400.0])
    prior = Prior(0.0, 1.0, 2000.0)
    seen = cd.Observed(points([1400.0], [1400.0], 0.1), NONE, np.zeros(1))
    plan = cd.plan_draws(x_m, y_m, seen, prior, 1000.0)
    n_node, n_all = int(np.prod(plan.lattice.normals_shape)), plan.n_local
    impulse = np.eye(n_node + n_all)
    lattice = impulse[:, :n_node].reshape(-1, *plan.lattice.normals_shape)
    response = cd._unconditional(plan, lattice, impulse[:, n_node:])
    at_x, at_y = np.append(x_m, 1400.0), np.append(y_m, 1400.0)
    wanted = np.exp(-np.hypot(at_x[:, None] - at_x, at_y[:, None] - at_y) / prior.range_m)
    apart = np.abs(response.T @ response - wanted)
    assert np.diag(apart).max() < 0.01
    assert apart[:2, :2].max() < 0.01  # nodes
    assert apart[2:4, 2:4].max() < 0.01  # one square
    assert apart.max() < 0.03


@pytest.mark.parametrize(
    ("x_m", "noise_sd", "value", "message"),
    [
        ([0.0, np.nan], 0.1, [0.0, 0.0], "member of an observation 1"),
        ([0.0, 1.0], -0.1, [0.0, 0.0], "standard error of observation 0"),
        ([0.0, 1.0], 0.1, [0.0, np.inf], "value of observation 1"),
        ([0.0, 1.0], 0.1, [0.0], "1 values for 2"),
        ([0.0, 0.0], 0.0, [0.0, 0.5], "points 0 and 1"),
        ([], 0.1, [], "no observation"),
    ],
)
def test_impossible_observations_are_refused(x_m, noise_sd, value, message):
    seen = cd.Observed(points(x_m, 0.0, noise_sd), NONE, np.array(value, float))
    with pytest.raises(ParameterError, match=message):
        cd.update(np.zeros(1), np.zeros(1), seen, PRIOR)


def test_other_impossible_input_is_refused():
    seen = cd.Observed(points([0.0], 0.0, 0.1), NONE, np.ones(1))
    with pytest.raises(ParameterError, match="place 1"):
        cd.update(np.array([0.0, np.nan]), np.zeros(2), seen, PRIOR)
    with pytest.raises(ParameterError, match="range > 0"):
        cd.update(np.zeros(1), np.zeros(1), seen, Prior(0.1, 0.1, 0.0))
    with pytest.raises(ParameterError, match="area 1 has no cell"):
        cd.areas_of_cells([0.0], [0.0], [0], [0.1, 0.1])
    plan = cd.plan_draws([0.0], [0.0], seen, PRIOR, 1000.0)
    short = keyed(plan, seen, 2)
    with pytest.raises(StateError, match="noise"):
        cd.draws([0.0], [0.0], seen, PRIOR, plan, cd.Normals(short.lattice, short.local, short.event, np.zeros((2, 3))))
