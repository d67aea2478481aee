"""Counts by chance: how many breaks or faults an asset has, from one fixed quantile per asset."""

from __future__ import annotations

import numpy as np

Array = np.ndarray
LARGE_MEAN = 80.0  # beyond it the normal limit is within one count, and the sum below would grow long


def poisson_quantile(quantile: Array, mean: Array) -> Array:
    """Smallest whole number whose Poisson probability reaches `quantile`; never falls when `mean` grows.

    quantile: in (0, 1); mean: >= 0; equal shapes. Returns int64 of that shape. Because an asset keeps its quantile,
    damage after a second shock is the difference of two calls.
    """
    pair = np.broadcast_arrays(np.asarray(quantile, float), np.asarray(mean, float))
    u, m = (values.ravel() for values in pair)
    large = m > LARGE_MEAN
    count = np.zeros(len(u), np.int64)
    term = np.exp(-np.where(large, 0.0, m))
    rows, total, number = ((u > term) & ~large).nonzero()[0], term.copy(), 0
    while rows.size:
        number += 1
        count[rows] = number
        term[rows] *= m[rows] / number
        total[rows] += term[rows]
        rows = rows[(u[rows] > total[rows]) & (term[rows] > 0)]
    if large.any():
        from scipy.special import ndtri

        count[large] = np.maximum(np.ceil(m[large] + np.sqrt(m[large]) * ndtri(u[large])), 0).astype(np.int64)
    return count.reshape(pair[0].shape)


def probability(value: Array, median: float, spread: float) -> Array:
    """Probability that a threshold with normal scatter (median, spread; same unit) is passed by `value`."""
    from scipy.special import ndtr

    return ndtr((np.asarray(value, float) - median) / spread)
