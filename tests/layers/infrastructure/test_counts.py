"""Counts by chance against closed forms."""

from math import exp, factorial

import numpy as np

from layers.infrastructure.counts import poisson_quantile, probability


def test_quantile_is_the_inverse_of_the_poisson_distribution():
    cumulative = np.cumsum([exp(-3.0) * 3.0**k / factorial(k) for k in range(12)])
    just_below = poisson_quantile(cumulative[:-1] - 1e-9, np.full(11, 3.0))
    just_above = poisson_quantile(cumulative[:-1] + 1e-9, np.full(11, 3.0))
    assert just_below.tolist() == list(range(11))
    assert just_above.tolist() == list(range(1, 12))


def test_mean_of_many_counts_is_the_mean_also_beyond_the_change_of_method():
    u = (np.arange(20000) + 0.5) / 20000
    for mean in (0.2, 5.0, 70.0, 200.0):
        assert abs(poisson_quantile(u, np.full(u.shape, mean)).mean() - mean) < 0.01 * mean + 0.51 * (mean > 80)


def test_count_never_falls_when_the_mean_grows():
    u = (np.arange(400) + 0.5) / 400
    before = np.zeros(400, int)
    for mean in (0.0, 0.1, 1.0, 10.0, 60.0, 120.0):
        after = poisson_quantile(u, np.full(400, mean))
        assert (after >= before).all()
        before = after
    assert before.min() > 80


def test_half_of_the_assets_fail_at_the_median():
    assert probability(np.array([6.3]), 6.3, 0.4)[0] == 0.5
