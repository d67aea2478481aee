"""How buildings fail: damage to five classes by JMA intensity, damage by tsunami depth.

Shaking curves are normal in instrumental intensity, P = Phi((I - mean) / sd) (form: Tokyo 2022 estimate
p.130, read). Inside a class all grades of damage share one sd, and mean(total) > mean(half) > mean(partial):
so the curves of a class never cross. The stored values are `calibrated` on the anchors listed below; the
tests fit them again. For a million buildings the curves are read from tables by linear interpolation.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import ndtr, ndtri

from twin.errors import ParameterError

Array = np.ndarray

BUILDING_CLASSES = (
    "wood_to_1980",
    "wood_1981_to_2000",
    "wood_from_2001",
    "non_wood_to_1980",
    "non_wood_from_1981",
)
IS_WOOD = np.array([True, True, True, False, False])
DAMAGE_GRADES = ("total", "half", "partial")  # each includes the graver ones: P(at least half) and so on

# Anchors (class row, intensity, probability of total collapse). A published class stands for its middle:
# 6-upper = 6.25, 7 = 6.75. MEXT 2012 as quoted by allabout.co.jp gc/392009 (read): wood to 1961 18 % -> 80
# %, wood from 1982 1 % -> 15 %, non-wood to 1971 2.9 % -> 19 %, from 1982 0.6 % -> 4.6 %; Cabinet Office
# 2003 (read): wood after 1981 over 50 % at 7.0. The "to 1961" and "to 1971" values stand for all buildings
# to 1980 (upper side, assumed).
COLLAPSE_ANCHORS = (
    (0, 6.25, 0.18), (0, 6.75, 0.80),
    (1, 6.25, 0.01), (1, 6.75, 0.15), (1, 7.0, 0.50),
    (3, 6.25, 0.029), (3, 6.75, 0.19),
    (4, 6.25, 0.006), (4, 6.75, 0.046),
)  # fmt: skip
# Wood from 2001: sd of 1981-2000, mean through one anchor: 5 % at 6.7, central Mashiki 2016, where 2.9 % of
# these houses had fallen (MLIT committee 2016, press report, read) and heavily damaged ones count as total
# too (assumed).
NEW_WOOD_ANCHOR = (6.7, 0.05)
# Total plus half at I = 6.3, reading of the Tokyo 2022 curves (rakumachi.jp 153506, read): wood 1972-80, wood
# 1990-2001, non-wood 1972-80, non-wood after 1981. New wood: the step of 1981-2000 below its own mean.
HALF_ANCHOR_INTENSITY = 6.3
HALF_ANCHORS = {0: 0.76, 1: 0.12, 3: 0.25, 4: 0.09}
PARTIAL_STEP = 0.6  # partial lies this far below half in intensity; assumed (0.4 to 0.9), no anchor in the sources

SHAKING_SD = np.array([0.285, 0.330, 0.330, 0.491, 0.604])  # (class,)
SHAKING_MEAN = np.array(  # (class, grade)
    [
        [6.510, 6.099, 5.499],
        [7.037, 6.688, 6.088],
        [7.243, 6.894, 6.294],
        [7.181, 6.631, 6.031],
        [7.768, 7.110, 6.510],
    ]
)


def fit_normal_curve(intensity: ArrayLike, probability: ArrayLike) -> tuple[float, float]:
    """(mean, sd) of the normal curve through anchors: straight line in the probit by least squares.

    Two anchors are met exactly. Raises ParameterError unless there are two different intensities and rising
    values.
    """
    x, y = np.asarray(intensity, float), ndtri(np.asarray(probability, float))
    spread = np.sum((x - x.mean()) ** 2)
    slope = np.sum((x - x.mean()) * (y - y.mean())) / spread if spread > 0.0 else 0.0
    if not slope > 0.0:
        raise ParameterError("anchors must lie at two or more intensities and rise with intensity")
    return float(x.mean() - y.mean() / slope), float(1.0 / slope)


def mean_through(intensity: float, probability: float, sd: float) -> float:
    """Mean of the normal curve of known sd that passes through one anchor."""
    return float(intensity - sd * ndtri(probability))


def shaking_damage_probability(
    jma_intensity: ArrayLike,
    mean: ArrayLike = SHAKING_MEAN,
    sd: ArrayLike = SHAKING_SD,
) -> Array:
    """P(total), P(at least half), P(at least partial) by class; shape (…, class, grade) for intensities (…).

    mean (class, grade), sd (class,): the stored curves, or others, e.g. means shifted by a calibration;
    raises ParameterError when they would let the grades cross. NaN intensity gives NaN.
    """
    centre, width = np.asarray(mean, float), np.asarray(sd, float)
    if np.any(np.diff(centre, axis=-1) > 0.0) or np.any(width <= 0.0):
        raise ParameterError("means must not rise from total to half to partial, and every sd must be > 0")
    values = np.asarray(jma_intensity, float)[..., None, None]
    return ndtr((values - centre) / width[:, None])


def intensity_that_breaks(
    quantile: ArrayLike,
    class_of_building: ArrayLike,
    grade: int = 0,
    mean: ArrayLike = SHAKING_MEAN,
    sd: ArrayLike = SHAKING_SD,
) -> Array:
    """Intensity at which a building of given quantile in (0, 1) reaches the grade: its capacity.

    A building keeps one quantile for all shocks and what-if runs; it fails when I exceeds its capacity, so a
    stronger class (higher mean) always helps the same house. P(capacity <= I) is the fragility curve.
    """
    row = np.asarray(class_of_building, np.int64)
    centre, width = np.asarray(mean, float)[row, grade], np.asarray(sd, float)[row]
    return centre + width * ndtri(np.asarray(quantile, float))


# Suppasri et al. 2013, Table 3 (as transcribed in the sources; read): mu and sigma of ln depth for DS1 to DS6
TSUNAMI_TYPES = (
    "wood", "wood_1_floor", "wood_2_floors", "wood_3_floors", "rc", "rc_1_floor",
    "rc_2_floors", "rc_3_floors", "steel", "masonry",
)  # fmt: skip
_NONE = np.nan  # the paper gives no curve
TSUNAMI_MU = np.array(
    [
        [-2.1216, -0.9338, -0.040, 0.6721, 0.7825, 1.2094],
        [-1.7268, -0.8580, 0.0481, 0.6872, 0.8134, 1.1733],
        [-2.008, -0.8747, 0.035, 0.777, 0.9461, 1.3633],
        [-2.19, -0.8617, 0.1137, 0.7977, 1.2658, 1.7702],
        [-1.9636, -0.9723, 0.1577, 0.9423, 1.9381, 2.8232],
        [_NONE, _NONE, _NONE, 0.8881, 1.6578, 2.4155],
        [_NONE, _NONE, _NONE, 0.925, 1.7814, 2.4352],
        [_NONE, _NONE, _NONE, 1.1408, 2.3491, 2.7121],
        [-1.6956, -0.8982, 0.0662, 0.7061, 1.4575, 2.2790],
        [-2.113, -1.1573, 0.1059, 0.9043, 1.1918, 1.6583],
    ]
)
TSUNAMI_SIGMA = np.array(
    [
        [1.2261, 0.9144, 0.7276, 0.4985, 0.5559, 0.5247],
        [1.1462, 0.9395, 0.7115, 0.5288, 0.5941, 0.5756],
        [1.1873, 0.9053, 0.7387, 0.5153, 0.5744, 0.471],
        [1.3198, 1.224, 0.844, 0.4734, 0.6242, 0.3711],
        [1.0966, 1.0600, 0.7090, 0.7522, 1.0120, 0.9635],
        [_NONE, _NONE, _NONE, 0.8391, 0.8948, 0.869],
        [_NONE, _NONE, _NONE, 0.692, 0.7196, 0.662],
        [_NONE, _NONE, _NONE, 0.7981, 0.7898, 0.4966],
        [1.1013, 0.8835, 0.7171, 0.6680, 0.8938, 0.7362],
        [1.3362, 1.0400, 0.7693, 0.5746, 0.6821, 0.6913],
    ]
)
TSUNAMI_TOTAL = 3  # column of DS4 (complete): official total collapse is about DS4 and above (our mapping, unverified)


def tsunami_damage_probability(depth_m: ArrayLike, building_type: ArrayLike) -> Array:
    """P(at least DS1 … DS6) for inundation depth (m); shape (…, 6), never growing along the last axis.

    `building_type`: row in TSUNAMI_TYPES, broadcast with depth. P = Phi((ln h - mu) / sigma), then the
    running minimum over DS, since curves of different sigma cross; grades without a curve are NaN; dry
    ground gives 0.
    """
    depth, row = np.broadcast_arrays(np.asarray(depth_m, float), np.asarray(building_type, np.int64))
    log_depth = np.log(np.where(depth > 0.0, depth, 1.0))[..., None]
    raw = ndtr((log_depth - TSUNAMI_MU[row]) / TSUNAMI_SIGMA[row])
    lowest = np.fmin.accumulate(raw, axis=-1)
    return np.where(np.isnan(raw), np.nan, np.where(depth[..., None] > 0.0, lowest, 0.0))


BLOCK = 1 << 14  # buildings worked on at once, so that what is in between stays in the processor's cache
TABLE_STEP = 0.01  # error of linear interpolation: step^2 / 8 x steepest bend, below 4e-5 for every stored curve
HIGHEST_INTENSITY = 12.0
LOWEST_DEPTH_M, HIGHEST_DEPTH_M = 1e-4, 100.0


@dataclass(frozen=True)
class CurveTable:
    """Curves of several classes at equally spaced nodes; value and rise to the next node: (grade, class * node)."""

    low: float
    n_node: int
    value: Array
    rise: Array


def curve_table(curve: Callable[[Array], Array], low: float, high: float) -> CurveTable:
    """Table of `curve`, which gives (node, class, grade) for nodes (node,), from `low` to at least `high`."""
    nodes = low + TABLE_STEP * np.arange(int(np.ceil((high - low) / TABLE_STEP)) + 2)
    value = np.moveaxis(curve(nodes), 0, -1).swapaxes(0, 1)  # (grade, class, node)
    rise = np.diff(value, axis=-1, append=value[..., -1:])
    return CurveTable(low, nodes.size, value.reshape(len(value), -1), rise.reshape(len(rise), -1))


@lru_cache(maxsize=1)
def shaking_table() -> CurveTable:
    """The stored shaking curves."""
    return curve_table(shaking_damage_probability, 0.0, HIGHEST_INTENSITY)


@lru_cache(maxsize=1)
def tsunami_table() -> CurveTable:
    """The curves by the logarithm of depth, before the running minimum: its kinks would spoil the interpolation."""
    return curve_table(
        lambda log_depth: ndtr((log_depth[:, None, None] - TSUNAMI_MU) / TSUNAMI_SIGMA),
        float(np.log(LOWEST_DEPTH_M)),
        float(np.log(HIGHEST_DEPTH_M)),
    )


def buildings_by_shaking(jma_intensity: Array, class_of_building: Array, table: CurveTable | None = None) -> Array:
    """P(total), P(at least half), P(at least partial) of each building under its own intensity, (grade, building).

    The fast form of `shaking_damage_probability`, within 1e-4 of it for the stored curves; `table`: that of other
    means and sds. Raises ParameterError where an intensity is not a number from 0 to 12 or a class is unknown.
    """
    table = shaking_table() if table is None else table
    felt = _within(jma_intensity, 0.0, HIGHEST_INTENSITY, "JMA intensity")
    row = _rows(class_of_building, felt, table)
    out = np.empty((len(table.value), felt.size))
    for begin in range(0, felt.size, BLOCK):
        part = slice(begin, begin + BLOCK)
        _read(table, felt[part], row[part], out[:, part])
    return out


def buildings_by_tsunami(depth_m: Array, building_type: Array) -> Array:
    """P(at least DS1 ... DS6) of each building, (6, building): fast form of `tsunami_damage_probability`.

    Within 1e-4 of it. Raises ParameterError where a depth is not a number up to 100 m or a type is unknown; below 0
    counts as dry.
    """
    depth, table = _within(depth_m, -HIGHEST_DEPTH_M, HIGHEST_DEPTH_M, "depth"), tsunami_table()
    row = _rows(building_type, depth, table)
    out = np.empty((len(table.value), depth.size))
    for begin in range(0, depth.size, BLOCK):
        part = slice(begin, begin + BLOCK)
        wet = depth[part] > 0.0
        grades = out[:, part]
        _read(table, np.log(np.maximum(depth[part], LOWEST_DEPTH_M)), row[part], grades)
        for graver in range(1, len(grades)):  # types without the first curves hold NaN there, which fmin passes by
            np.fmin(grades[graver], grades[graver - 1], out=grades[graver])
        grades *= wet
    return out


def _read(table: CurveTable, x: Array, row: Array, out: Array) -> None:
    """Interpolate one block of abscissae (building,) in the curves of its classes, into out (grade, building)."""
    share = np.clip((x - table.low) / TABLE_STEP, 0.0, table.n_node - 2)
    node = share.astype(np.int64)
    share -= node
    node += row * table.n_node
    for grade, values in enumerate(out):
        np.multiply(table.rise[grade].take(node), share, out=values)
        values += table.value[grade].take(node)


def _within(values: ArrayLike, low: float, high: float, what: str) -> Array:
    """Flat float64 values; raises ParameterError naming the first that is NaN or out of range."""
    flat = np.asarray(values, float).ravel()
    bad = ~((flat >= low) & (flat <= high))
    if bad.any():
        first = int(np.flatnonzero(bad)[0])
        raise ParameterError(f"{what} of building {first} is {flat[first]}; it must lie between {low} and {high}")
    return flat


def _rows(classes: ArrayLike, like: Array, table: CurveTable) -> Array:
    row = np.asarray(classes).ravel()
    n_class = table.value.shape[1] // table.n_node
    if row.size != like.size or (row.size and not (row.min() >= 0 and row.max() < n_class)):
        raise ParameterError(f"every building needs one class from 0 to {n_class - 1}")
    return row.astype(np.int64, copy=False)
