"""Smooth seeded unevenness of the ground: a continuous function of place, so every resolution samples the same land."""

from __future__ import annotations

import numpy as np

from twin.chance import Chance

Array = np.ndarray
ROOM = 1 << 20  # lattice lines in one direction


def smooth_noise(chance: Chance, purpose: str, x_m: Array, y_m: Array, scale_m: float) -> Array:
    """Noise in (-1, 1) on the lines x_m (column,) and y_m (row,): shape (row, column).

    A uniform draw on every node of a lattice of `scale_m`, joined by quintic curves (Perlin 2002, value noise).
    """
    column, at_x = _weights(x_m, scale_m)
    row, at_y = _weights(y_m, scale_m)
    keys = (row + ROOM // 2)[:, None] * ROOM + (column + ROOM // 2)
    node = 2.0 * chance.uniform(purpose, keys.ravel()).reshape(keys.shape) - 1.0
    return at_y @ node @ at_x.T


def noise_along(chance: Chance, purpose: str, at_m: Array, scale_m: float) -> Array:
    """The same along one line, shape as `at_m`."""
    return smooth_noise(chance, purpose, np.ravel(at_m), np.zeros(1), scale_m)[0].reshape(np.shape(at_m))


def smooth_step(value: Array) -> Array:
    """0 up to 0, 1 from 1 on, with continuous first and second derivatives between."""
    t = np.clip(value, 0.0, 1.0)
    return t * t * t * (t * (t * 6.0 - 15.0) + 10.0)


def bump(distance: Array) -> Array:
    """A bell: 1 at 0, 0.37 at 1."""
    return np.exp(-(distance**2))


def _weights(at_m: Array, scale_m: float) -> tuple[Array, Array]:
    """Lattice lines from the first to the last needed, and the weight of each at every point (point, line)."""
    place = np.asarray(at_m, dtype=float) / scale_m
    low = np.floor(place).astype(np.int64)
    lines = np.arange(low.min(), low.max() + 2)
    upper = smooth_step(place - low)
    weights = np.zeros((len(place), len(lines)))
    points = np.arange(len(place))
    weights[points, low - lines[0]] = 1.0 - upper
    weights[points, low - lines[0] + 1] = upper
    return lines, weights
