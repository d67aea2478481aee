"""What the caller says about places: how long the way is, and where work stands still or takes longer."""

from __future__ import annotations

from collections.abc import Callable
from math import ceil
from typing import Any

import numpy as np

from twin.errors import StateError
from twin.missions.tables import Units

Array = np.ndarray
TravelTimes = Callable[[Array, Array, int], Array]
"""travel_s(unit_rows, from_places, to_place) -> seconds, np.inf where there is no way."""
ByPlace = Array | Callable[[Array], Array] | None
"""A value per place: an array (place,), a function of an array of places, or None for "nowhere special"."""

NOBODY = np.empty(0, np.int64)


def at_places(values: ByPlace, places: Array, default: Any) -> Array:
    """Values at these places; `default` everywhere when there are none."""
    if values is None:
        return np.full(len(places), default)
    return np.asarray(values(places) if callable(values) else values[places])


def within_reach(travel_s: TravelTimes, units: Units, rows: Array, place: int) -> tuple[Array, Array]:
    """Those of these units that can get to `place`, and the whole seconds each takes (int64, rounded up)."""
    if not rows.size:
        return NOBODY, NOBODY
    took_s = np.asarray(travel_s(rows, units.place[rows], place), np.float64)
    if took_s.shape != rows.shape or not (took_s >= 0).all():
        raise StateError(
            f"travel_s to place {place} must give one number >= 0 (or np.inf) for each of {len(rows)} units; "
            f"got {took_s}"
        )
    near = np.isfinite(took_s)
    return rows[near], np.ceil(took_s[near]).astype(np.int64)


def nearest(took_s: Array, count: int) -> Array:
    """Positions of the `count` smallest travel times; among equals the first ones."""
    if count == 1 and took_s.size:
        return np.array([np.argmin(took_s)])
    return np.argsort(took_s, kind="stable")[:count]


def stretched_s(nominal_s: int, pace: float) -> int:
    """Whole seconds that nominal work takes at a pace, rounded up; blind to the last bits of the product."""
    return ceil(round(nominal_s * pace, 6))
