"""Ground and aftershocks: soil water, slopes that fail, sand that liquefies, how shocks follow one another.

All inputs and outputs are SI (m, s, m/s, m/s2) unless the name says degrees; published formulas in mm, cm,
km or gal are evaluated in those units inside. Functions broadcast over arrays of any shape.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike

from twin.errors import ParameterError

Array = np.ndarray

MM_PER_M = 1000.0
CM_PER_M = 100.0
S_PER_H = 3600.0

# Three serial tanks of the soil-water index: JMA method, Ishihara & Kobatake 1979 (status unverified)
SIDE_OUTLET_M = np.array([15.0, 60.0, 15.0, 15.0]) / MM_PER_M  # L1, L2 (both tank 1), L3, L4
SIDE_RATE_PER_S = np.array([0.1, 0.15, 0.05, 0.01]) / S_PER_H  # alpha 1 to 4
DRAIN_RATE_PER_S = np.array([0.12, 0.05, 0.01]) / S_PER_H  # beta 1 to 3
SOIL_STEP_S = 300.0  # sub-step; the index stays within 0.1 mm of a fine integration over 72 h (test)


def soil_water_step(storage_m: Array, rain_m_per_s: ArrayLike, dt_s: float) -> Array:
    """Storages (3, …) of the three tanks after `dt_s` of steady rain (…); the index is their sum.

    Heun sub-steps of at most 300 s. Water leaves by the side outlets and the bottom of tank 3 only.
    Source: JMA soil-water index, Ishihara & Kobatake 1979 (coefficients unverified).
    """
    n_sub = max(1, int(np.ceil(dt_s / SOIL_STEP_S)))
    sub_s = dt_s / n_sub
    rain = np.asarray(rain_m_per_s, float)
    tanks = [np.array(tank, float) for tank in storage_m]
    for _ in range(n_sub):
        before = _tank_rates(tanks, rain)
        after = _tank_rates([tank + sub_s * rate for tank, rate in zip(tanks, before)], rain)
        tanks = [tank + 0.5 * sub_s * (a + b) for tank, a, b in zip(tanks, before, after)]
    return np.stack(np.broadcast_arrays(*tanks))


def soil_water_series(storage_m: Array, rain_m_per_s: Array, step_s: float) -> Array:
    """Storages (time + 1, 3, …) at the ends of equal steps of steady rain (time, …), the start first.

    The start is (3,), the same everywhere, or (3, …).
    """
    rain = np.asarray(rain_m_per_s, float)
    start = np.asarray(storage_m, float)
    start = start.reshape(3, *(1,) * (rain.ndim - 1)) if start.ndim == 1 else start
    tanks = [np.broadcast_to(start, (3, *rain.shape[1:]))]
    for row in rain:
        tanks.append(soil_water_step(tanks[-1], row, step_s))
    return np.stack(tanks)


def _tank_rates(tanks: Sequence[Array], rain_m_per_s: Array) -> tuple[Array, Array, Array]:
    """Change of each tank, m/s, at these storages (3, …)."""
    first, second, third = tanks
    down_1, down_2 = DRAIN_RATE_PER_S[0] * first, DRAIN_RATE_PER_S[1] * second
    side_1 = SIDE_RATE_PER_S[0] * np.maximum(first - SIDE_OUTLET_M[0], 0.0)
    side_1 = side_1 + SIDE_RATE_PER_S[1] * np.maximum(first - SIDE_OUTLET_M[1], 0.0)
    side_2 = SIDE_RATE_PER_S[2] * np.maximum(second - SIDE_OUTLET_M[2], 0.0)
    side_3 = SIDE_RATE_PER_S[3] * np.maximum(third - SIDE_OUTLET_M[3], 0.0)
    return (
        rain_m_per_s - side_1 - down_1,
        down_1 - side_2 - down_2,
        down_2 - side_3 - DRAIN_RATE_PER_S[2] * third,
    )


def soil_water_index_m(storage_m: Array) -> Array:
    """Soil-water index: water held by the three tanks, metres (published in mm); no tank axis."""
    return np.asarray(storage_m).sum(axis=0)


def slope_failure_score(slope_deg: ArrayLike, mean_curvature_per_m: ArrayLike, pga_m_per_s2: ArrayLike) -> Array:
    """Rokko formula: F = 0.075 slope(deg) - 8.92 mean curvature + 0.006 PGA(gal) - 3.228; the slope fails if
    F >= 0.

    Source: Kamiya et al. 2013 as quoted (read); the constant 3.228 follows from the source's own "43 degrees
    at 0 gal".
    """
    pga_gal = np.asarray(pga_m_per_s2, float) * CM_PER_M
    return 0.075 * np.asarray(slope_deg) - 8.92 * np.asarray(mean_curvature_per_m) + 0.006 * pga_gal - 3.228


def liquefaction_probability(
    pgv_m_per_s: ArrayLike,
    vs30_m_per_s: ArrayLike,
    precipitation_m_per_year: ArrayLike,
    coast_distance_m: ArrayLike,
    river_distance_m: ArrayLike,
) -> Array:
    """Probability that a coastal site shows liquefaction (Zhu et al. 2017, coastal model; OpenQuake, read).

    logit = 12.435 + 0.301 ln PGV(cm/s) - 2.615 ln Vs30 + 5.556e-4 rain(mm) - 0.0287 sqrt(dc) + 0.0666 dr
    - 0.0369 sqrt(dc) dr, distances in km; zero for PGV below 3 cm/s or Vs30 above 620 m/s.
    """
    pgv_cm_per_s = np.asarray(pgv_m_per_s, float) * CM_PER_M
    vs30 = np.asarray(vs30_m_per_s, float)
    root_coast_km = np.sqrt(np.asarray(coast_distance_m, float) / 1000.0)
    river_km = np.asarray(river_distance_m, float) / 1000.0
    logit = 12.435 + 0.301 * np.log(np.maximum(pgv_cm_per_s, 3.0)) - 2.615 * np.log(vs30)
    logit = logit + 5.556e-4 * np.asarray(precipitation_m_per_year, float) * MM_PER_M
    logit = logit - 0.0287 * root_coast_km + 0.0666 * river_km - 0.0369 * root_coast_km * river_km
    return np.where((pgv_cm_per_s < 3.0) | (vs30 > 620.0), 0.0, 1.0 / (1.0 + np.exp(-logit)))


def liquefied_area_fraction(probability: ArrayLike) -> Array:
    """Share of the area that liquefies: 0.4208 / (1 + 62.59 exp(-11.43 P))^2 (Zhu et al. 2017; OpenQuake,
    read).

    At P = 0 the curve leaves 0.0001, which is returned as 0.
    """
    chance = np.asarray(probability, float)
    return np.where(chance > 0.0, 0.4208 / (1.0 + 62.59 * np.exp(-11.43 * chance)) ** 2, 0.0)


def newmark_displacement_m(critical_m_per_s2: ArrayLike, pga_m_per_s2: ArrayLike) -> Array:
    """Sliding of a slope with critical acceleration > 0: log D(cm) = 0.215 + log[(1 - r)^2.341 r^-1.438], r
    = ac / amax.

    Zero while the shaking stays below the critical value. Source: Jibson 2007 (OpenQuake `sep/landslide`,
    read).
    """
    critical, peak = np.asarray(critical_m_per_s2, float), np.asarray(pga_m_per_s2, float)
    if np.any(critical <= 0.0):
        raise ParameterError("the critical acceleration must be > 0 m/s2 (a slope at 0 slides without a shock)")
    ratio = np.minimum(critical / np.maximum(peak, np.finfo(float).tiny), 1.0)
    return 10.0**0.215 * (1.0 - ratio) ** 2.341 * ratio**-1.438 / CM_PER_M


def omori_rate_per_s(time_s: ArrayLike, productivity: float, c_s: float, p: float) -> Array:
    """Aftershocks per second at `time_s` >= 0 after the main shock: K (t + c)^-p (Utsu 1961).

    `productivity` K in shocks x s^(p-1); make it from a count by `omori_productivity`.
    """
    return productivity * (np.asarray(time_s, float) + c_s) ** -p


def omori_count(time_s: ArrayLike, productivity: float, c_s: float, p: float) -> Array:
    """Expected number of aftershocks from 0 to `time_s`: the integral of `omori_rate_per_s`."""
    log_ratio = np.log1p(np.asarray(time_s, float) / c_s)
    # (1 - e^-(p-1)L)/(p-1) with its limit L at p = 1: expm1 keeps the digits near it
    scaled = log_ratio if abs(p - 1.0) < 1e-9 else -np.expm1((1.0 - p) * log_ratio) / (p - 1.0)
    return productivity * c_s ** (1.0 - p) * scaled


def omori_productivity(count: float, until_s: float, c_s: float, p: float) -> float:
    """K that gives `count` expected shocks from 0 to `until_s`."""
    return float(count / omori_count(until_s, 1.0, c_s, p))


def omori_time_s(count: ArrayLike, productivity: float, c_s: float, p: float) -> Array:
    """Time by which `count` shocks are expected; inf beyond the total that p > 1 allows. Inverse of
    `omori_count`.

    Unit-rate arrival times (running sums of -ln u) in, aftershock times out.
    """
    scaled = np.asarray(count, float) / (productivity * c_s ** (1.0 - p))
    if abs(p - 1.0) < 1e-9:
        return c_s * np.expm1(scaled)
    left = 1.0 - scaled * (p - 1.0)
    log_ratio = np.log(np.where(left > 0.0, left, 1.0)) / (1.0 - p)
    return np.where(left > 0.0, c_s * np.expm1(log_ratio), np.inf)


def gutenberg_richter_magnitude(uniform: ArrayLike, b_value: float, least: float, most: float = np.inf) -> Array:
    """Magnitudes between `least` and `most` from uniforms in [0, 1): density falls by 10^-b per unit.

    Source: Gutenberg & Richter 1944, cut at both ends.
    """
    reach = -np.expm1(-b_value * np.log(10.0) * (most - least))
    return least - np.log1p(-np.asarray(uniform, float) * reach) / (b_value * np.log(10.0))
