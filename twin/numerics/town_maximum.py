"""Conditioning on a municipal intensity: the reported class is that of the town's strongest station.

Treating the class as the value of every station (or of the town) biases upward. Here station values are
drawn from their joint normal distribution given only that each town's largest value lies inside its reported
class. Method: Gibbs sampling, one station at a time. Given all others a station is normal; if another
station of its town already lies in the class it must merely stay below the class's upper bound, else it must
itself lie between the bounds. Every configuration can be reached, so the chain tends to the exact
distribution. It starts from a state that satisfies all bounds; 30 sweeps leave no visible trace of the start
for stations some kilometres apart (see the test against rejection sampling). Uniforms are handed in, so
chance stays keyed.
"""

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import ndtr, ndtri

from twin.errors import ScenarioError

Array = np.ndarray

SWEEPS = 30
RELATIVE_JITTER = 1e-6  # keeps the precision matrix finite for stations that share a site
EDGE = 1e-12  # inside of the unit interval kept for the inverse normal


def maximum_by_town(values: Array, town_of_station: Array, n_town: int) -> Array:
    """Largest value of each town's stations; values (…, station), result (…, town); -inf for no station."""
    result = np.full((*values.shape[:-1], n_town), -np.inf)
    for station, town in enumerate(town_of_station):
        result[..., town] = np.maximum(result[..., town], values[..., station])
    return result


def draw_given_town_maxima(
    mean: ArrayLike,
    covariance: Array,
    town_of_station: Array,
    lower: ArrayLike,
    upper: ArrayLike,
    uniforms: Array,
) -> Array:
    """Station values whose town maxima lie in [lower, upper); shape (…, station), unit of `mean`.

    mean (station,), covariance (station, station): prior of the station values (site noise included);
    town_of_station (station,) row of the town; lower, upper (town,): class bounds, -inf and inf allowed (a
    town never heard of has both); uniforms (…, sweep, station) in (0, 1), leading axes are separate draws.
    Raises ScenarioError when a town's bounds are empty.
    """
    mu = np.asarray(mean, float)
    low, high = np.asarray(lower, float)[town_of_station], np.asarray(upper, float)[town_of_station]
    if not np.all(low < high):
        raise ScenarioError(f"lower bound not below upper bound for stations {np.flatnonzero(~(low < high))}")
    jitter = RELATIVE_JITTER * np.diag(covariance).mean()
    precision = np.linalg.inv(covariance + jitter * np.eye(mu.size))
    sd = 1.0 / np.sqrt(np.diag(precision))
    lead = uniforms.shape[:-2]
    values = np.broadcast_to(_feasible_start(mu, sd, town_of_station, low, high), (*lead, mu.size)).copy()
    pull = (values - mu) @ precision
    mates = [
        np.flatnonzero((town_of_station == town_of_station[i]) & (np.arange(mu.size) != i)) for i in range(mu.size)
    ]
    for sweep in range(uniforms.shape[-2]):
        for i in range(mu.size):
            held = np.any(values[..., mates[i]] >= low[i], axis=-1)
            floor = np.where(held, -np.inf, low[i])
            centre = values[..., i] - pull[..., i] * sd[i] ** 2
            new = _truncated_normal(centre, sd[i], floor, high[i], uniforms[..., sweep, i])
            pull += (new - values[..., i])[..., None] * precision[i]
            values[..., i] = new
    return values


def _feasible_start(mu: Array, sd: Array, town_of_station: Array, low: Array, high: Array) -> Array:
    """The mean, with every town shifted as a whole until its largest station lies inside the bounds."""
    start = mu.copy()
    for town in np.unique(town_of_station):
        rows = np.flatnonzero(town_of_station == town)
        least, most = low[rows[0]], high[rows[0]]
        inset = min(0.5 * sd[rows].max(), 0.25 * (most - least))
        top = start[rows].max()
        start[rows] += np.clip(top, least + inset, most - inset) - top
    return start


def _truncated_normal(centre: Array, sd: float, floor: Array, ceiling: float, uniform: Array) -> Array:
    """Normal(centre, sd) cut to [floor, ceiling) by inverting its distribution; exact in either tail."""
    a, b = (floor - centre) / sd, (ceiling - centre) / sd
    mirrored = a > 0.0  # far above the centre the upper tail keeps its digits when reflected below it
    left, right = np.where(mirrored, -b, a), np.where(mirrored, -a, b)
    share = np.clip(np.where(mirrored, 1.0 - uniform, uniform), EDGE, 1.0 - EDGE)
    below, above = ndtr(left), ndtr(right)
    z = ndtri(np.clip(below + share * (above - below), 1e-300, 1.0 - 1e-16))
    value = centre + sd * np.where(mirrored, -z, z)
    inside = np.nextafter(ceiling, -np.inf)
    return np.minimum(np.maximum(value, floor), inside)
