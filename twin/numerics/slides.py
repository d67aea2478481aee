"""Slopes that fail by rain: the critical line and its warning levels; how far slides and debris flows run.

Run-out works on a height grid (row, column) of square cells. Material moves to neighbours that are not higher,
so hollows stop it: fill them before. Paths run in eight directions: exact along rows, columns and diagonals,
up to 8 % longer than the straight line, and the reach that much shorter, in between.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy.ndimage import distance_transform_edt

from twin.errors import ParameterError
from twin.numerics import ground
from twin.numerics.rain import RainSeries, accumulated_m, moving_sum_m
from twin.units import HOUR_S

Array = np.ndarray

# Criteria after strong shaking: share of the usual line from an instrumental intensity on. 新潟県 and the
# observatory in January 2024: 80 % where 5-upper, 70 % where 6-lower was observed (Niigata Nippo, read)
LOWERED = ((5.0, 0.8), (5.5, 0.7))

# 土砂災害警戒区域, order of the Sediment Disaster Prevention Act art. 2 (Yamaguchi, Kanagawa prefectures, read)
STEEP_DEG = 30.0
STEEP_LEAST_HEIGHT_M = 5.0
STEEP_TOP_M = 10.0
STEEP_REACH_HEIGHTS = 2.0
STEEP_REACH_MOST_M = 50.0
DEBRIS_FLOW_STOP_DEG = 2.0

SPREAD_FRACTION = 0.7  # assumed (0.5 to 0.9): directions at least this steep, of the steepest; 45 degrees on a plane
ZONE_SLOPE, ZONE_TOP, ZONE_BELOW = 1, 2, 3

_STEPS = ((-1, -1), (-1, 0), (-1, 1), (0, -1), (0, 1), (1, -1), (1, 0), (1, 1))


# --- critical line and warning ----------------------------------------------------------------------------


@dataclass(frozen=True)
class CriticalLine:
    """Soil-water index at which slides must be expected, by the rain of the last 60 minutes.

    `hour_rain_m` (knot,) rising; `index_m` (knot,) or (knot, …) per place, not rising with the rain; flat beyond
    the ends. Lines are published per 1 km cell by the prefectures.
    """

    hour_rain_m: Array
    index_m: Array


def critical_index_m(line: CriticalLine, hour_rain_m: ArrayLike) -> Array:
    """Index on the line at these 60-minute rains (…), m."""
    knots, index, rain = np.asarray(line.hour_rain_m, float), np.asarray(line.index_m, float), np.asarray(hour_rain_m)
    if knots.ndim != 1 or knots.size < 2 or index.shape[:1] != knots.shape or np.any(np.diff(knots) <= 0.0):
        raise ParameterError("critical line: hour_rain_m must rise over at least two knots, one index_m for each")
    if np.any(np.diff(index, axis=0) > 0.0) or not np.all(index > 0.0):
        raise ParameterError("critical line: index_m must be > 0 and must not rise with the 60-minute rain")
    left = np.clip(np.searchsorted(knots, rain, side="right") - 1, 0, knots.size - 2)
    share = np.clip((rain - knots[left]) / (knots[left + 1] - knots[left]), 0.0, 1.0)
    if index.ndim == 1:
        return (1.0 - share) * index[left] + share * index[left + 1]
    place = np.indices(np.broadcast_shapes(rain.shape, index.shape[1:]))[rain.ndim - index.ndim + 1 :]
    return (1.0 - share) * index[(left, *place)] + share * index[(left + 1, *place)]


def lowered_fraction(peak_intensity: ArrayLike, steps: tuple[tuple[float, float], ...] = LOWERED) -> Array:
    """Factor on the critical index where the ground has been shaken; `steps` are (intensity, factor), rising."""
    shaken = np.asarray(peak_intensity, float)
    factor = np.ones_like(shaken)
    for intensity, lowered in steps:
        factor = np.where(shaken >= intensity, lowered, factor)
    return factor


def critical_ratios(
    line: CriticalLine, storage_m: Array, series: RainSeries, at_s: Array, lowered: ArrayLike = 1.0
) -> Array:
    """Soil-water index over the critical index (time, …) at evenly spaced times, 1 on the line.

    `storage_m` (3, …) are the soil tanks at the first time. The series, observed and then forecast, must reach
    from an hour before the first time to the last. `lowered` scales the index of the line (JMA practice after
    shaking; that the index alone is scaled is assumed).
    """
    at = np.asarray(at_s, float)
    step_s = np.diff(at)
    if at.size < 2 or np.any(step_s <= 0.0) or np.ptp(step_s) > 1e-6 * step_s[0]:
        raise ParameterError("critical_ratios: at_s must hold at least two evenly spaced, rising times")
    rain = accumulated_m(series, at[:-1], at[1:]) / step_s[0]
    index = ground.soil_water_series(storage_m, rain, float(step_s[0])).sum(axis=1)
    return index / (critical_index_m(line, moving_sum_m(series, at, HOUR_S)) * np.asarray(lowered, float))


def slide_warning_level(
    now_ratio: ArrayLike, ahead_ratio: ArrayLike, advisory: float, warning: float, special: float
) -> Array:
    """Warning level 0, 2, 3, 4 or 5 (警戒レベル相当) from the critical ratio now and its most in the next two hours.

    2 and 3 where the ratio reaches `advisory`, `warning` (shares of the line, below 1), 4 where it reaches the
    line, now or within two hours (土砂災害警戒情報; Kyoto prefecture, read); 5 only where it is `special` >= 1 now.
    Advisory, warning and special criteria are published apart from the line; as shares of it they are assumed.
    """
    if not 0.0 < advisory <= warning <= 1.0 <= special:
        raise ParameterError("slide warning: need 0 < advisory <= warning <= 1 <= special")
    now = np.asarray(now_ratio, float)
    soon = np.maximum(now, np.asarray(ahead_ratio, float))
    level = np.select([soon >= 1.0, soon >= warning, soon >= advisory], [4, 3, 2], 0)
    return np.where(now >= special, 5, level)


# --- run-out ----------------------------------------------------------------------------------------------


def reach_ratio(volume_m3: ArrayLike, intercept: float = -0.047, slope: float = -0.085) -> Array:
    """H/L of a slide by its volume: log10(H/L) = intercept + slope log10 V.

    Form: Corominas 1996, table 1 (read in a public script); coefficients for all landslides unverified.
    """
    return 10.0 ** (intercept + slope * np.log10(np.asarray(volume_m3, float)))


def slide_volume_m3(area_m2: ArrayLike) -> Array:
    """Volume of a slide by its area: 0.074 A^1.450 (Guzzetti et al. 2009, unverified)."""
    return 0.074 * np.asarray(area_m2, float) ** 1.450


def runout_head_m(
    bed_m: Array, dx_m: float, source: Array, ratio: float, spread_fraction: float = SPREAD_FRACTION
) -> Array:
    """Height of the energy line above the ground (row, column) where slides from `source` arrive, NaN elsewhere.

    The line starts on the ground of each source cell (boolean grid) and falls by `ratio` (H/L, > 0) along the
    path; a cell is reached while it lies on or below the line. Paths fan out over directions at least
    `spread_fraction` as steep as the steepest (0: any way down, 1: the steepest only). On flat ground they go
    every way.
    """
    if not ratio > 0.0:
        raise ParameterError(f"H/L ratio {ratio}: must be > 0")
    line = _spread(bed_m, dx_m, source, bed_m, cost_per_m=ratio, floor=bed_m, share=spread_fraction, least_slope=0.0)
    return np.where(np.isfinite(line), np.maximum(line - bed_m, 0.0), np.nan)


def runout_reach(
    bed_m: Array, dx_m: float, source: Array, ratio: float, spread_fraction: float = SPREAD_FRACTION
) -> Array:
    """Cells (boolean grid, sources included) that slides from `source` reach; see `runout_head_m`."""
    return np.isfinite(runout_head_m(bed_m, dx_m, source, ratio, spread_fraction))


def share_reached(reached: Array, row: Array, column: Array, owner: Array, n_owner: int) -> Array:
    """Share (owner,) of each road's or house's points that lie in reached cells; 0 for an owner without points.

    Points (point,): cell `row`, `column`, and the row number of the road or house they belong to.
    """
    n_point = np.bincount(owner, minlength=n_owner)
    n_hit = np.bincount(owner, weights=np.asarray(reached, float)[row, column], minlength=n_owner)
    return n_hit / np.maximum(n_point, 1)


def debris_flow_reach(
    bed_m: Array,
    dx_m: float,
    source: Array,
    stop_deg: float = DEBRIS_FLOW_STOP_DEG,
    spread_fraction: float = SPREAD_FRACTION,
) -> Array:
    """Cells (boolean grid) a debris flow from `source` passes: down to where every way on is flatter than 2 degrees.

    Source: designation of debris-flow warning zones, downstream of the fan's head as far as 2 degrees (read).
    """
    least = float(np.tan(np.radians(stop_deg)))
    value = _spread(bed_m, dx_m, source, 0.0, cost_per_m=0.0, floor=-1.0, share=spread_fraction, least_slope=least)
    return np.isfinite(value)


def steep_slope_reach_m(height_m: ArrayLike) -> Array:
    """Horizontal reach below the foot of a steep slope: twice its height, at most 50 m, none below 5 m height."""
    height = np.asarray(height_m, float)
    reach = np.minimum(STEEP_REACH_HEIGHTS * height, STEEP_REACH_MOST_M)
    return np.where(height >= STEEP_LEAST_HEIGHT_M - 1e-9, reach, 0.0)


def steep_slope_zone(bed_m: Array, dx_m: float) -> Array:
    """Warning zone of steep-slope failure (row, column), int8: 0 outside, 1 slope, 2 above, 3 below.

    Slope: ground that falls by 30 degrees or more to a neighbour, over 5 m or more in all. Above: within 10 m
    of its top edge and not lower. Below: from the foot as far as `steep_slope_reach_m`, never uphill. Source:
    designation of steep-slope warning zones (read); the height is that above each point of the foot.
    """
    bed = _checked(bed_m, dx_m)
    least = float(np.tan(np.radians(STEEP_DEG)))
    steep = _steepest_fall(bed, dx_m) >= least - 1e-9
    free = {"cost_per_m": 0.0, "floor": -np.inf, "share": 0.0}
    top = _spread(bed, dx_m, steep, bed, least_slope=least, **free)
    foot = np.isfinite(top) & ~steep
    bottom = -_spread(-bed, dx_m, foot, -bed, least_slope=least, **free)
    slope = steep & (top - bottom >= STEEP_LEAST_HEIGHT_M - 1e-9)
    reach_m = np.where(foot, steep_slope_reach_m(np.where(foot, top - bed, 0.0)), 0.0)
    below = _spread(bed, dx_m, reach_m > 0.0, reach_m, cost_per_m=1.0, floor=0.0, share=0.0, least_slope=0.0)
    zone = np.where(np.isfinite(below), ZONE_BELOW, 0).astype(np.int8)
    zone[_behind(bed, dx_m, slope & (top <= bed))] = ZONE_TOP
    zone[slope] = ZONE_SLOPE
    return zone


def _behind(bed_m: Array, dx_m: float, edge: Array) -> Array:
    """Cells within 10 m of a top edge and not lower than it."""
    if not edge.any():
        return np.zeros(bed_m.shape, bool)
    away_m, nearest = distance_transform_edt(~edge, sampling=dx_m, return_indices=True)
    return (away_m <= STEEP_TOP_M) & (bed_m >= bed_m[tuple(nearest)])


def _checked(bed_m: Array, dx_m: float) -> Array:
    bed = np.asarray(bed_m, float)
    if bed.ndim != 2 or bed.size == 0 or not dx_m > 0.0:
        raise ParameterError("run-out needs a height grid (row, column) and a cell size > 0 m")
    if not np.isfinite(bed).all():
        row, column = (int(i) for i in np.argwhere(~np.isfinite(bed))[0])
        raise ParameterError(f"run-out: height at row {row}, column {column} is not a number; fill it first")
    return bed


def _steepest_fall(bed_m: Array, dx_m: float) -> Array:
    """Steepest fall (m/m) to one of the eight neighbours; negative in a hollow, -inf for a single cell."""
    high = np.pad(bed_m, 1, constant_values=np.inf)
    rows, columns = bed_m.shape
    falls = [(bed_m - high[1 + r : 1 + r + rows, 1 + c : 1 + c + columns]) / (dx_m * np.hypot(r, c)) for r, c in _STEPS]
    return np.maximum.reduce(falls)


def _spread(
    bed_m: Array,
    dx_m: float,
    source: Array,
    start: ArrayLike,
    *,
    cost_per_m: float,
    floor: ArrayLike,
    share: float,
    least_slope: float,
) -> Array:
    """Best value (row, column) carried down from sources, -inf where none comes.

    A value starts as `start`, loses `cost_per_m` per metre of path and must stay at or above `floor`. Only
    cells whose value rose are worked on, so the work grows with the ground covered, not with the grid.
    """
    bed = _checked(bed_m, dx_m)
    if np.shape(source) != bed.shape:
        raise ParameterError(f"source cells {np.shape(source)} do not fit the height grid {bed.shape}")
    width = bed.shape[1] + 2
    ground_m = np.pad(bed, 1, constant_values=np.inf).ravel()  # a wall all round: nothing leaves the grid
    least = np.pad(np.broadcast_to(np.asarray(floor, float), bed.shape), 1).ravel() - 1e-9
    value = np.full(ground_m.size, -np.inf)
    moved = np.flatnonzero(np.pad(np.asarray(source, bool), 1).ravel())
    value[moved] = np.pad(np.broadcast_to(np.asarray(start, float), bed.shape), 1).ravel()[moved]
    hop = np.array([r * width + c for r, c in _STEPS])[:, None]
    hop_m = dx_m * np.array([np.hypot(r, c) for r, c in _STEPS])[:, None]
    while moved.size:
        near = moved + hop
        fall = (ground_m[moved] - ground_m[near]) / hop_m
        free = (fall >= least_slope - 1e-12) & (fall >= share * fall.max(axis=0) - 1e-12)
        carried = value[moved] - cost_per_m * hop_m
        better = free & (carried >= least[near]) & (carried > value[near])
        np.maximum.at(value, near[better], carried[better])
        moved = np.unique(near[better])
    return value.reshape(bed.shape[0] + 2, width)[1:-1, 1:-1]
