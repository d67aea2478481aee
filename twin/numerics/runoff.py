"""From rain on a catchment to discharge, stage and the warning level of a river.

The catchment is one storage S = K Q^p per unit area (Kimura 1961) with a share of the first rain lost and a lag;
the channel is uniform flow by Manning. Depths in m, rates in m/s of depth, discharge in m3/s.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from twin.errors import ParameterError
from twin.numerics.rain import RainSeries, make_series
from twin.units import MM_PER_H

Array = np.ndarray

STORAGE_STEP_S = 120.0  # longest sub-step of the storage
NEWTON_ROUNDS = 50


@dataclass(frozen=True)
class Catchment:
    """One or several catchments; every number may be an array (catchment,).

    `storage_k` in m (s/m)^p, from `storage_constant`; `exponent` p about 0.6 (read: Okayama University,
    escholarship srfa/73/1/769; equal to the kinematic wave's 3/5, Sugiyama et al. 1997, abstract, read);
    `first_fraction` of the rain runs off until `saturation_m` has fallen, all of it afterwards.
    """

    area_m2: ArrayLike
    storage_k: ArrayLike
    exponent: ArrayLike = 0.6
    lag_s: ArrayLike = 0.0
    first_fraction: ArrayLike = 1.0
    saturation_m: ArrayLike = 0.0
    base_m3_per_s: ArrayLike = 0.0


@dataclass(frozen=True)
class Runoff:
    """Hydrograph at the edges of the rain's rows (edge, …).

    `discharge_m3_per_s` with base flow; `outflow_m3` since the first edge without it; `held_m3` in storage and on
    the way. Effective rain since the first edge = outflow + growth of what is held.
    """

    edge_s: Array
    discharge_m3_per_s: Array
    outflow_m3: Array
    held_m3: Array


def storage_constant(k_mm_h: ArrayLike, exponent: ArrayLike) -> Array:
    """K for SI units from K for S in mm and Q in mm/h, the units of the Japanese tables."""
    return 1e-3 * np.asarray(k_mm_h, float) / MM_PER_H ** np.asarray(exponent, float)


def runoff_rate_m_per_s(storage_m: ArrayLike, storage_k: ArrayLike, exponent: ArrayLike) -> Array:
    """Runoff per unit area Q = (S / K)^(1/p)."""
    return (np.asarray(storage_m, float) / np.asarray(storage_k)) ** (1.0 / np.asarray(exponent, float))


def effective_rate_m_per_s(series: RainSeries, first_fraction: ArrayLike, saturation_m: ArrayLike) -> Array:
    """Rates (interval, …) of the rain that runs off: f1 until `saturation_m` has fallen, then all (Kimura 1961).

    Effective depth = f1 min(R, Rsa) + max(R - Rsa, 0) at every edge, whatever the rows.
    """
    fallen, limit = series.depth_m, np.asarray(saturation_m, float)
    effective = np.asarray(first_fraction) * np.minimum(fallen, limit) + np.maximum(fallen - limit, 0.0)
    width = np.diff(series.edge_s).reshape(-1, *(1,) * (fallen.ndim - 1))
    return np.diff(effective, axis=0) / width


def storage_step(
    storage_m: ArrayLike, rain_m_per_s: ArrayLike, dt_s: float, storage_k: ArrayLike, exponent: ArrayLike
) -> Array:
    """Storage after `dt_s` of steady effective rain: dS/dt = r - (S / K)^(1/p), 0 < p <= 1, all arrays broadcast.

    Each sub-step adds half its rain, empties by the closed form of the recession, adds the other half (Strang
    splitting): second order, never negative, stable however fast the storage empties, exact without rain. The
    outflow of the step is rain minus the change of storage, so nothing is lost.
    """
    storage, rain = np.asarray(storage_m, float), np.asarray(rain_m_per_s, float)
    n_sub = max(1, int(np.ceil(dt_s / STORAGE_STEP_S)))
    sub_s = dt_s / n_sub
    power = 1.0 / np.asarray(exponent, float)
    bend = power - 1.0
    emptying = sub_s / np.asarray(storage_k, float) ** power
    straight = bend < 1e-9  # p = 1: the closed form's limit, an exponential
    safe = np.where(straight, 1.0, bend)
    for _ in range(n_sub):
        storage = storage + 0.5 * sub_s * rain
        turned = emptying * storage**bend  # share of the storage that would leave at the present rate
        storage = storage * np.exp(-np.where(straight, turned, np.log1p(safe * turned) / safe))
        storage = storage + 0.5 * sub_s * rain
    return storage


def catchment_runoff(series: RainSeries, catchment: Catchment, storage_m: ArrayLike = 0.0) -> Runoff:
    """Discharge at the outlet of catchments whose mean rain is `series` (interval,) or (interval, catchment).

    Water that entered the storage before the series is `storage_m`; before that, within the lag, the outflow
    was steady at the rate of this storage.
    """
    _check(catchment)
    shape = np.broadcast_shapes(series.rate_m_per_s.shape[1:], *(np.shape(part) for part in vars(catchment).values()))
    series = _on_catchments(series, shape)
    k, p, area = catchment.storage_k, catchment.exponent, np.asarray(catchment.area_m2, float)
    rate = effective_rate_m_per_s(series, catchment.first_fraction, catchment.saturation_m)
    storage = [np.broadcast_to(np.asarray(storage_m, float), shape)]
    width = np.diff(series.edge_s)
    for row, dt_s in zip(rate, width):
        storage.append(storage_step(storage[-1], row, float(dt_s), k, p))
    held = np.stack(storage)
    grown = np.cumsum(rate * width.reshape(-1, *(1,) * len(shape)), axis=0)
    entered = np.concatenate([np.zeros((1, *shape)), grown]) + held[0]
    before = runoff_rate_m_per_s(held[0], k, p)
    lag_s = np.broadcast_to(np.asarray(catchment.lag_s, float), shape)
    arrived = _later(series.edge_s, entered - held, lag_s, before)
    flow = _later(series.edge_s, runoff_rate_m_per_s(held, k, p), lag_s, 0.0 * before)
    discharge = flow * area + np.asarray(catchment.base_m3_per_s)
    return Runoff(series.edge_s, discharge, arrived * area, (entered - arrived + before * lag_s) * area)


def _check(catchment: Catchment) -> None:
    positive = (catchment.area_m2, catchment.storage_k, catchment.exponent)
    if any(np.any(np.asarray(part) <= 0.0) for part in positive) or np.any(np.asarray(catchment.exponent) > 1.0):
        raise ParameterError("catchment: area_m2 and storage_k must be > 0, exponent between 0 and 1")
    if np.any(np.asarray(catchment.lag_s) < 0.0):
        raise ParameterError("catchment: lag_s must be >= 0")


def _on_catchments(series: RainSeries, shape: tuple[int, ...]) -> RainSeries:
    """The series with one column per catchment where it had a single one for all."""
    rate = series.rate_m_per_s
    if rate.shape[1:] == shape:
        return series
    return make_series(series.edge_s, np.broadcast_to(rate.reshape(-1, *(1,) * len(shape)), (len(rate), *shape)))


def _later(edge_s: Array, value: Array, lag_s: Array, slope_before: Array) -> Array:
    """`value` (edge, …) delayed by `lag_s` (…), linear between edges and with `slope_before` before the first."""
    columns = value.reshape(edge_s.size, -1)
    out = np.empty_like(columns)
    for column, (lag, slope) in enumerate(zip(lag_s.ravel(), slope_before.ravel())):
        seen_s = edge_s - lag
        out[:, column] = np.interp(seen_s, edge_s, columns[:, column])
        out[:, column] += slope * (np.minimum(seen_s - edge_s[0], 0.0) + lag)
    return out.reshape(value.shape)


def rational_peak_m3_per_s(runoff_fraction: ArrayLike, rain_m_per_s: ArrayLike, area_m2: ArrayLike) -> Array:
    """Peak discharge Q = f r A of the rational method (Q = f r A / 3.6 in mm/h and km2, read).

    `rain_m_per_s` is the mean over the time of concentration; the method holds for small catchments.
    """
    return np.asarray(runoff_fraction) * np.asarray(rain_m_per_s, float) * np.asarray(area_m2, float)


def basin_rain_index(discharge_m3_per_s: ArrayLike) -> Array:
    """Number that stands for JMA's basin rain index (流域雨量指数): the square root of the discharge in m3/s.

    Source: JMA's index is the root of the routed discharge (Nipponica, read). JMA's own runoff tanks are not
    reproduced, so values compare with each other, not with JMA's published criteria.
    """
    return np.sqrt(np.asarray(discharge_m3_per_s, float))


# --- uniform flow -----------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Channel:
    """Trapezoid: bed width `bottom_m` > 0, sides 1 in `side` (0 = upright), bed slope, Manning n (s/m^1/3)."""

    bottom_m: ArrayLike
    side: ArrayLike
    slope: ArrayLike
    manning: ArrayLike


def manning_discharge_m3_per_s(depth_m: ArrayLike, channel: Channel) -> Array:
    """Uniform flow A R^(2/3) sqrt(slope) / n at a depth >= 0."""
    area, perimeter = _section(np.asarray(depth_m, float), channel)
    return area ** (5.0 / 3.0) * perimeter ** (-2.0 / 3.0) * np.sqrt(np.asarray(channel.slope, float)) / channel.manning


def manning_depth_m(discharge_m3_per_s: ArrayLike, channel: Channel) -> Array:
    """Depth of uniform flow at a discharge >= 0; inverse of `manning_discharge_m3_per_s` to 12 digits.

    Newton's rule on the logarithms, where the curve is nearly straight.
    """
    flow = np.asarray(discharge_m3_per_s, float)
    if np.any(flow < 0.0) or np.any(np.asarray(channel.slope) <= 0.0) or np.any(np.asarray(channel.bottom_m) <= 0.0):
        raise ParameterError("uniform flow needs discharge >= 0, slope > 0 and bottom_m > 0")
    wet = np.where(flow > 0.0, flow, 1.0)
    level = np.log(wide_depth_m(wet / np.asarray(channel.bottom_m), channel.slope, channel.manning))
    for _ in range(NEWTON_ROUNDS):
        depth = np.exp(level)
        area, perimeter = _section(depth, channel)
        steepness = 5.0 / 3.0 * (np.asarray(channel.bottom_m) + 2.0 * np.asarray(channel.side) * depth) * depth / area
        steepness = steepness - 4.0 / 3.0 * np.hypot(1.0, np.asarray(channel.side, float)) * depth / perimeter
        miss = (np.log(manning_discharge_m3_per_s(depth, channel)) - np.log(wet)) / steepness
        level = level - miss
        if np.max(np.abs(miss)) < 1e-13:
            break
    return np.where(flow > 0.0, np.exp(level), 0.0)


def wide_depth_m(discharge_m2_per_s: ArrayLike, slope: ArrayLike, manning: ArrayLike) -> Array:
    """Depth of uniform flow in a wide channel, discharge per metre of width: (q n / sqrt(slope))^(3/5)."""
    root = np.sqrt(np.asarray(slope, float))
    return (np.asarray(discharge_m2_per_s, float) * np.asarray(manning, float) / root) ** 0.6


def _section(depth_m: Array, channel: Channel) -> tuple[Array, Array]:
    bottom, side = np.asarray(channel.bottom_m, float), np.asarray(channel.side, float)
    return (bottom + side * depth_m) * depth_m, bottom + 2.0 * np.hypot(1.0, side) * depth_m


# --- warning ----------------------------------------------------------------------------------------------


def river_warning_level(stage_m: ArrayLike, expected_m: ArrayLike, threshold_m: Array, overflowing: ArrayLike) -> Array:
    """Warning level 0 to 5 (警戒レベル相当) of a gauge from its stage, the stage forecast and its fixed stages.

    `threshold_m` (4, …), rising: standby 水防団待機, attention 氾濫注意, evacuation judgement 避難判断, danger
    氾濫危険. Level 1 to 4 as the stage reaches them; 3 also where the forecast reaches danger; 5 where water
    leaves the river (氾濫発生). Source: designated-river flood forecasts as quoted by tenki.jp and hazardlab.jp
    (read); 内閣府 避難情報に関するガイドライン (unverified). Level 1 is the standby stage of the river's own
    scale, not a call to residents. Raises ParameterError if thresholds do not rise.
    """
    bounds = np.asarray(threshold_m, float)
    if bounds.shape[0] != 4 or np.any(np.diff(bounds, axis=0) < 0.0) or np.any(np.isnan(bounds)):
        raise ParameterError("threshold_m must hold four rising stages: standby, attention, judgement, danger")
    stage = np.asarray(stage_m, float)
    level = (stage >= bounds).sum(axis=0)
    soon = np.where(np.asarray(expected_m, float) >= bounds[3], 3, 0)
    return np.where(np.asarray(overflowing, bool), 5, np.maximum(level, soon))
