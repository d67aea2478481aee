"""Rain in time and space: design storms, moving fields, checked series, exact sums over any interval.

Rates in m/s, depths in m, times in s, half-open intervals [a, b). A series holds steady rain between its edges,
so that sums and decaying sums over any interval are closed forms and do not depend on how it is cut.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from twin.errors import ParameterError, ScenarioError
from twin.units import DAY_S, HOUR_S, MM_PER_H

Array = np.ndarray

UNIT_M_PER_S = {"m_per_s": 1.0, "mm_per_h": MM_PER_H, "mm_per_10min": 6.0 * MM_PER_H, "mm_per_day": 1e-3 / DAY_S}


# --- depth by duration ------------------------------------------------------------------------------------


def talbot_depth_m(duration_s: ArrayLike, limit_m: float, half_s: float) -> Array:
    """Depth R = a t / (t + b) of the heaviest `duration_s`; `limit_m` is a, `half_s` is b (R = a/2 at t = b).

    The intensity a' / (t + b) in mm/h with t, b in minutes has a = a' / 60 mm. Source: Talbot's form as in
    Suda 2018 (doi 10.3178/jjshwr.31.166, abstract, read); Noboribetsu's seven-year line is a' = 4860, b = 39
    (read).
    """
    time = np.asarray(duration_s, float)
    return limit_m * time / (time + half_s)


def sherman_depth_m(duration_s: ArrayLike, hour_m: float, exponent: float) -> Array:
    """Depth R = c t^n of the heaviest `duration_s`: `hour_m` in one hour, 0 < `exponent` < 1.

    Source: Sherman's form as in Suda 2018 (abstract, read). Exponent 1/3 is Mononobe's rule
    r = R24/24 (24/t)^(2/3) (read, encyclopaedia), for which `hour_m` = R24 / 24^(1/3).
    """
    return hour_m * (np.asarray(duration_s, float) / HOUR_S) ** exponent


def alternating_block_m_per_s(depth_m: Array, block_s: float, peak_fraction: float) -> Array:
    """Rates (block,) of a storm whose heaviest k blocks in a row bring `depth_m[k-1]`, for every k.

    `depth_m` (block,) are depths of the durations block_s, 2 block_s, …, with increments that never grow; the
    heaviest block stands at `peak_fraction` (0 to 1) of the storm, the next ones to its right and left in turn.
    """
    step_m = np.diff(np.asarray(depth_m, float), prepend=0.0)
    if step_m.size == 0 or np.any(step_m < 0.0) or np.any(np.diff(step_m) > 1e-12 * step_m[0]):
        raise ParameterError("depth_m: depths must rise with duration, and by less from block to block")
    if not 0.0 <= peak_fraction <= 1.0:
        raise ParameterError(f"peak_fraction {peak_fraction}: must lie between 0 and 1")
    n = step_m.size
    peak = round(peak_fraction * (n - 1))
    place = np.arange(n)
    # distance from the peak decides the rank; at equal distance the later block comes first
    order = np.lexsort((place < peak, np.abs(place - peak)))
    rate = np.empty(n)
    rate[order] = step_m / block_s
    return rate


def centred_storm_m_per_s(total_m: float, n_block: int, block_s: float, peak_fraction: float, half_s: float) -> Array:
    """Block means (block,) of a typhoon-like storm of `total_m`: one peak, falling off on both sides by Talbot's form.

    Rain within tau on both sides of the peak (in the ratio of the two limbs) follows `talbot_depth_m` with
    `half_s`; every block is the exact integral. Source of the construction: Keifer & Chu 1957 (unverified);
    the integral is recomputed here.
    """
    if not 0.0 < peak_fraction < 1.0 or total_m < 0.0 or n_block < 1 or half_s <= 0.0:
        raise ParameterError("a centred storm needs 0 < peak_fraction < 1, total_m >= 0, n_block >= 1, half_s > 0")
    duration_s = n_block * block_s
    limit_m = total_m * (duration_s + half_s) / duration_s
    from_peak_s = np.arange(n_block + 1) * block_s - peak_fraction * duration_s
    limb = np.where(from_peak_s < 0.0, peak_fraction, 1.0 - peak_fraction)
    from_peak_m = np.sign(from_peak_s) * limb * talbot_depth_m(np.abs(from_peak_s) / limb, limit_m, half_s)
    return np.diff(from_peak_m) / block_s


# --- moving fields ----------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Typhoon:
    """Rain around a moving centre: `core_m_per_s` in the eye, `peak_m_per_s` at `radius_m`, e-folding beyond.

    Track: positions `x_m`, `y_m` (knot,) at `time_s` (knot,), straight and even between. Source of the profile:
    R-CLIPER (Marks & DeMaria 2003, final report, read: exp(-(r - rm)/re), re = 500 km for gauges; the linear
    rise inside rm after Tuleya et al. 2007, unverified).
    """

    time_s: Array
    x_m: Array
    y_m: Array
    peak_m_per_s: float
    core_m_per_s: float
    radius_m: float
    fold_m: float


@dataclass(frozen=True)
class RainBand:
    """A straight band that drifts: Gaussian across with `half_width_m` (one sigma) and along with `half_length_m`.

    Centre `x_m`, `y_m` at time 0, `axis_deg` counter-clockwise from east, drift `u_m_per_s` east and
    `v_m_per_s` north. The shape is assumed (JMA calls a rain area line-shaped at 50-300 km length and 20-50 km
    width; glossary, unverified).
    """

    x_m: float
    y_m: float
    axis_deg: float
    half_width_m: float
    half_length_m: float
    peak_m_per_s: float
    u_m_per_s: float = 0.0
    v_m_per_s: float = 0.0


def typhoon_rain_m_per_s(storm: Typhoon, time_s: ArrayLike, x_m: ArrayLike, y_m: ArrayLike) -> Array:
    """Rain rate (time, …) at places (…), a grid or a list; the track must cover the times."""
    when, x, y = np.atleast_1d(np.asarray(time_s, float)), np.asarray(x_m, float), np.asarray(y_m, float)
    if when.min() < storm.time_s[0] or when.max() > storm.time_s[-1]:
        raise ScenarioError(
            f"typhoon track covers {storm.time_s[0]}-{storm.time_s[-1]} s, asked {when.min()}-{when.max()}"
        )
    along = (-1, *(1,) * x.ndim)
    centre_x = np.interp(when, storm.time_s, storm.x_m).reshape(along)
    centre_y = np.interp(when, storm.time_s, storm.y_m).reshape(along)
    away_m = np.hypot(x - centre_x, y - centre_y)
    inside = storm.core_m_per_s + (storm.peak_m_per_s - storm.core_m_per_s) * away_m / storm.radius_m
    outside = storm.peak_m_per_s * np.exp(-np.maximum(away_m - storm.radius_m, 0.0) / storm.fold_m)
    return np.where(away_m < storm.radius_m, inside, outside)


def band_rain_m_per_s(band: RainBand, time_s: ArrayLike, x_m: ArrayLike, y_m: ArrayLike) -> Array:
    """Rain rate (time, …) of a drifting band at places (…)."""
    x, y = np.asarray(x_m, float), np.asarray(y_m, float)
    when = np.atleast_1d(np.asarray(time_s, float)).reshape(-1, *(1,) * x.ndim)
    east, north = x - band.x_m - band.u_m_per_s * when, y - band.y_m - band.v_m_per_s * when
    cos, sin = np.cos(np.radians(band.axis_deg)), np.sin(np.radians(band.axis_deg))
    along, across = (east * cos + north * sin) / band.half_length_m, (north * cos - east * sin) / band.half_width_m
    return band.peak_m_per_s * np.exp(-0.5 * (along**2 + across**2))


def orographic_factor(height_m: ArrayLike, rise_per_m: float, most: float) -> Array:
    """Factor >= 1 by which hills raise rain: 1 + rise_per_m x height above the sea, at most `most`.

    Linear form and values are assumed; the caller's parameter table gives range and reason.
    """
    return np.clip(1.0 + rise_per_m * np.asarray(height_m, float), 1.0, most)


# --- series -----------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class RainSeries:
    """Steady rain `rate_m_per_s` (interval, …) between `edge_s` (interval + 1,); `depth_m` (interval + 1, …) so far."""

    edge_s: Array
    rate_m_per_s: Array
    depth_m: Array


def make_series(edge_s: ArrayLike, rate_m_per_s: ArrayLike) -> RainSeries:
    """A series from checked edges and rates; rates (interval, …) must be finite and not negative."""
    edge, rate = np.asarray(edge_s, float), np.asarray(rate_m_per_s, float)
    if edge.ndim != 1 or edge.size < 2 or rate.shape[:1] != (edge.size - 1,):
        raise ScenarioError(f"rain series: {edge.shape} edges do not bound {rate.shape[:1]} intervals")
    if not np.all(np.diff(edge) > 0.0):
        raise ScenarioError(f"rain series: times do not rise at row {int(np.argmin(np.diff(edge) > 0.0)) + 1}")
    bad = ~(rate >= 0.0) | np.isinf(rate)
    if bad.any():
        row, *place = (int(i) for i in np.argwhere(bad)[0])
        raise ScenarioError(
            f"rain series: value {rate[(row, *place)]} m/s at row {row} (from {edge[row]:.0f} s), place {place};"
            " rain must be a number >= 0: fill or drop the interval before reading"
        )
    width = np.diff(edge).reshape(-1, *(1,) * (rate.ndim - 1))
    depth = np.concatenate([np.zeros((1, *rate.shape[1:])), np.cumsum(rate * width, axis=0)])
    return RainSeries(edge, rate, depth)


def read_series(time_s: ArrayLike, value: ArrayLike, unit: str, step_s: float) -> RainSeries:
    """Series of equal intervals that begin at `time_s` (time,), from values (time, …) in one of `UNIT_M_PER_S`.

    Raises ScenarioError, with the row, for an unknown unit, a gap, a double or late row, NaN or negative rain.
    """
    if unit not in UNIT_M_PER_S:
        raise ScenarioError(f"rain unit '{unit}' is not known; known: {', '.join(UNIT_M_PER_S)}")
    begin = np.asarray(time_s, float)
    uneven = np.flatnonzero(np.abs(np.diff(begin) - step_s) > 1e-6 * step_s)
    if uneven.size:
        row = int(uneven[0])
        raise ScenarioError(
            f"rain series: after row {row} ({begin[row]:.0f} s) the next row is at {begin[row + 1]:.0f} s, expected"
            f" {begin[row] + step_s:.0f} s: rows must follow each other every {step_s:.0f} s without a gap"
        )
    return make_series(np.append(begin, begin[-1:] + step_s), np.asarray(value, float) * UNIT_M_PER_S[unit])


def with_dry_lead(series: RainSeries, lead_s: float) -> RainSeries:
    """The series with `lead_s` of no rain put before it: the assumption that it was dry, made explicit."""
    edge = np.concatenate([series.edge_s[:1] - lead_s, series.edge_s])
    return make_series(edge, np.concatenate([np.zeros_like(series.rate_m_per_s[:1]), series.rate_m_per_s]))


def accumulated_m(series: RainSeries, start_s: ArrayLike, end_s: ArrayLike) -> Array:
    """Rain in [start_s, end_s), m: shape of the times, then of the places; intervals may cut rows anywhere.

    Raises ScenarioError outside the series: rain that is not known is not zero.
    """
    start, end = np.broadcast_arrays(np.asarray(start_s, float), np.asarray(end_s, float))
    return _depth_until(series, end) - _depth_until(series, start)


def moving_sum_m(series: RainSeries, at_s: ArrayLike, window_s: float) -> Array:
    """Rain of the `window_s` (3600 s, 86,400 s) before each time, m."""
    at = np.asarray(at_s, float)
    return accumulated_m(series, at - window_s, at)


def effective_rain_m(series: RainSeries, at_s: ArrayLike, half_life_s: float) -> Array:
    """Effective rainfall: rain since the series began, each drop fading by half in `half_life_s`, m.

    The integral of rate x 0.5^(age / half-life), exact. The published daily sum R0 + a R1 + a^2 R2 … with
    a = 0.5^(1/T) (read, soilwaterlabo.jp) is its form for daily totals. Half-lives in use: 1.5 h, 72 h
    (unverified).
    """
    decay_per_s = np.log(2.0) / half_life_s
    width = np.diff(series.edge_s)
    held = [np.zeros(series.rate_m_per_s.shape[1:])]
    for rate, kept in zip(series.rate_m_per_s, np.exp(-decay_per_s * width)):
        held.append(held[-1] * kept + rate * (1.0 - kept) / decay_per_s)
    row, into_s = _locate(series, np.asarray(at_s, float))
    kept = np.exp(-decay_per_s * into_s).reshape(row.shape + (1,) * (series.rate_m_per_s.ndim - 1))
    return np.stack(held)[row] * kept + series.rate_m_per_s[row] * (1.0 - kept) / decay_per_s


def _depth_until(series: RainSeries, time_s: Array) -> Array:
    row, into_s = _locate(series, time_s)
    into = into_s.reshape(row.shape + (1,) * (series.rate_m_per_s.ndim - 1))
    return series.depth_m[row] + series.rate_m_per_s[row] * into


def _locate(series: RainSeries, time_s: Array) -> tuple[Array, Array]:
    """Row of each time and the seconds since its edge; the end of the series belongs to the last row."""
    edge = series.edge_s
    if time_s.size and (time_s.min() < edge[0] or time_s.max() > edge[-1]):
        raise ScenarioError(
            f"rain series covers {edge[0]:.0f}-{edge[-1]:.0f} s, asked {time_s.min():.0f}-{time_s.max():.0f} s:"
            " give a longer series, or a dry lead (with_dry_lead) if it was dry before"
        )
    row = np.minimum(np.searchsorted(edge, time_s, side="right") - 1, edge.size - 2)
    return row, time_s - edge[row]
