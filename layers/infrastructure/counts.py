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
    u, m = np.broadcast_arrays(np.asarray(quantile, float), np.asarray(mean, float))
    large = m > LARGE_MEAN
    count = np.zeros(u.shape, np.int64)
    term = np.exp(-np.where(large, 0.0, m))
    total = term.copy()
    open_ = (u > total) & ~large
    while open_.any():
        count[open_] += 1
        term[open_] *= m[open_] / count[open_]
        total[open_] += term[open_]
        open_ &= (u > total) & (term > 0)
    if large.any():
        from scipy.special import ndtri

        count[large] = np.maximum(np.ceil(m[large] + np.sqrt(m[large]) * ndtri(u[large])), 0).astype(np.int64)
    return count


def probability(value: Array, median: float, spread: float) -> Array:
    """Probability that a threshold with normal scatter (median, spread; same unit) is passed by `value`."""
    from scipy.special import ndtr

    return ndtr((np.asarray(value, float) - median) / spread)
