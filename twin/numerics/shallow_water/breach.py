"""Levees that fail: width and growth of a breach, which segments fail when, and the rule for tsunami after shaking.

Widths by the manual for maps of flood areas (4th edition 2015), as in reference tables of the project: existence of
the rule read, its coefficients unverified.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import ArrayLike

from twin.errors import ParameterError
from twin.numerics.shallow_water.basin import Array, refuse
from twin.numerics.shallow_water.works import Setting, Works

ELSEWHERE, CONFLUENCE = (1.6, 62.0), (2.0, 77.0)  # factor and m: factor (log10 river width)^3.8 + m; unverified
AT_ONCE, GROWTH_S = 0.5, 3600.0  # share of the width open at the start; full after
SHAKEN_LOSS = 0.75  # share of the height a levee without seismic resistance loses (Tokyo 2022, p. 83)


def final_width_m(river_width_m: ArrayLike, at_confluence: ArrayLike = False) -> Array:
    """Width a breach grows to: 1.6 (log10 B)^3.8 + 62 m, at a confluence 2.0 (log10 B)^3.8 + 77 m; B >= 1 m."""
    river = np.asarray(river_width_m, float)
    refuse(~(river >= 1), "river_width_m", "a river narrower than 1 m or no number")
    factor, base = (np.where(at_confluence, there, here) for here, there in zip(ELSEWHERE, CONFLUENCE, strict=True))
    return np.asarray(factor * np.log10(river) ** 3.8 + base)


def open_width_m(width_m: Array, start_s: Array, time_s: float) -> Array:
    """Open part of breaches at an instant: none before the start (or NaN), half at once, all after an hour."""
    grown = np.minimum(AT_ONCE + (1 - AT_ONCE) / GROWTH_S * (time_s - start_s), 1.0)
    return np.asarray(np.where(time_s >= start_s, grown * width_m, 0.0))


def open_breach(works: Works, setting: Setting, segment: int, width_m: float, start_s: float) -> Setting:
    """A setting with a breach of this final width round a segment, spread along its levee.

    Neighbours are taken in order of distance; what is open already counts. A levee shorter than the breach opens
    whole. Raises ParameterError for a segment outside the works or a width that is not positive.
    """
    if not 0 <= segment < works.n_segment:
        raise ParameterError(f"breach: segment {segment} lies outside the levee (0 to {works.n_segment - 1})")
    if not (np.isfinite(width_m) and width_m > 0 and np.isfinite(start_s)):
        raise ParameterError(f"breach at segment {segment}: width {width_m} m at {start_s} s is not a breach")
    length_m, levee = works.barriers.length_m, np.asarray(works.barriers.levee)
    start, width = setting.breach_start_s.copy(), setting.breach_width_m.copy()
    middle_m = np.cumsum(length_m) - length_m / 2
    same = np.flatnonzero(levee == levee[segment])
    left_m = width_m
    for k in same[np.argsort(np.abs(middle_m[same] - middle_m[segment]), kind="stable")]:
        if left_m <= 0:
            break
        if np.isnan(start[k]):
            start[k], width[k] = start_s, min(left_m, length_m[k])
        left_m -= width[k]
    return replace(setting, breach_start_s=start, breach_width_m=width)


def above_since_s(since_s: Array, level_m: Array, limit_m: ArrayLike, time_s: float) -> Array:
    """Since when a level has stood above a limit (crest: overtopped; or a danger level); NaN where it does not.

    Arrays (segment,); a caller keeps the result and hands it back at its next look.
    """
    return np.where(level_m > limit_m, np.where(np.isnan(since_s), time_s, since_s), np.nan)


def due_to_breach(setting: Setting, since_s: Array, time_s: float, duration_s: float = 0.0) -> Array:
    """Segments still whole whose level has stood above the limit for the duration, longest first; (n,) numbers.

    Breaches one after another: open the first, look again at the next call.
    """
    due = np.isnan(setting.breach_start_s) & (time_s - since_s >= duration_s)
    which = np.flatnonzero(due)
    return which[np.argsort(since_s[which], kind="stable")]


def shaken_crest_m(crest_m: Array, ground_m: Array, resistant: Array, shaken: ArrayLike = True) -> Array:
    """Crest after strong shaking: a levee without seismic resistance loses 75 % of its height above the ground."""
    sinks = np.asarray(shaken) & ~np.asarray(resistant)
    return np.where(sinks, crest_m - SHAKEN_LOSS * np.maximum(crest_m - ground_m, 0), crest_m)


def overtopped_crest_m(crest_m: Array, ground_m: Array, resistant: Array, level_m: Array) -> Array:
    """Crest once a level (water side) has been seen: without seismic resistance an overtopped levee is gone."""
    gone = (level_m > crest_m) & ~np.asarray(resistant)
    return np.where(gone, np.minimum(crest_m, ground_m), crest_m)
