"""What offices know: dense arrays by (holder, quantity, area), written by messages and by nothing else.

A cell holds the value, the instant it describes (`as_of_s`), the instant it arrived (`received_s`) and where it came
from. NaN and -1 mean: never heard. Silence is information, so nothing here ever fades back to zero.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum

import numpy as np

Array = np.ndarray

NEVER = -1


class Q(IntEnum):
    """What a message may be about: the second axis of the known arrays."""

    INTENSITY = 0
    POWER_OUT = 1
    WATER_OUT = 2
    GAS_OUT = 3
    BASE_STATIONS_DOWN = 4
    ROADS_CLOSED = 5
    EVACUEES = 6
    SHELTERS_OPEN = 7
    SHELTERS_UNCHECKED = 8
    DEATHS = 9
    MISSING = 10
    INJURED_SEVERE = 11
    INJURED_LIGHT = 12
    TRAPPED_KNOWN = 13
    INCIDENTS_OPEN = 14
    RESCUED_FIRE = 15
    HOMES_FULL = 16
    HOMES_HALF = 17
    HOMES_PARTIAL = 18
    HOMES_UNCLASSIFIED = 19
    STOCK_DAYS = 20
    TRUCKS_WAITING = 21
    GENERATOR_WANTED = 22
    OFFICE_OK = 23
    STAFF = 24
    SHELTER_STAFF_WANTED = 25
    HOMES_FLOODED = 26


class Holder(IntEnum):
    """Who knows it: the first axis of the known arrays. A town hall knows of its own town only."""

    HALLS = 0  # in each town's place, what its own hall knows
    PREFECTURE = 1
    STATE = 2


INTENSITY, OFFICE_OK = int(Q.INTENSITY), int(Q.OFFICE_OK)  # to compare arrays with: an IntEnum is ten times slower
FIRST_ITEM = len(Q)  # goods received, one quantity per item, follow the base quantities


class Source(IntEnum):
    """Who told it: the code in `Known.source`."""

    OWN = 0
    MUNICIPAL_LINE = 1
    SATELLITE = 2
    UTILITY = 3
    FIRE_POLICE = 4
    SCOUT = 5
    SEISMOGRAPH = 6
    PREFECTURE = 7
    AGENCY = 8  # warnings on their own line, see alerts.py


@dataclass(frozen=True)
class Known:
    """What every office knows, arrays (holder, quantity, area)."""

    value: Array
    as_of_s: Array
    received_s: Array
    source: Array


def nothing_known(n_holder: int, n_quantity: int, n_area: int) -> Known:
    """Arrays in which nobody has heard of anything."""
    shape = (n_holder, n_quantity, n_area)
    return Known(
        np.full(shape, np.nan),
        np.full(shape, NEVER, np.int32),
        np.full(shape, NEVER, np.int32),
        np.full(shape, NEVER, np.int8),
    )


def absorb(
    known: Known,
    holder: Array,
    quantity: Array,
    area: Array,
    value: Array,
    as_of_s: Array | int,
    received_s: Array | int,
    source: Array | int,
) -> Known:
    """Write messages into the arrays; what describes an earlier instant than the cell already does is ignored.

    holder, quantity, area, value: shape (message,). Returns the same object when nothing is new.
    """
    as_of = np.broadcast_to(as_of_s, value.shape) if np.ndim(as_of_s) == 0 else np.asarray(as_of_s)
    _, n_quantity, n_area = known.value.shape
    cell = (holder * n_quantity + quantity) * n_area + area
    told = (~np.isnan(value) & (as_of >= known.as_of_s.reshape(-1)[cell])).nonzero()[0]
    if not told.size:
        return known
    told = told[np.argsort(as_of[told], kind="stable")]  # of two messages for one cell the later as-of is written last
    cell = cell[told]
    columns = [known.value.copy(), known.as_of_s.copy(), known.received_s.copy(), known.source.copy()]
    for column, new in zip(columns, (value, as_of, received_s, source), strict=True):
        column.reshape(-1)[cell] = np.asarray(new)[told] if np.ndim(new) else new
    return Known(*columns)


def or_zero(values: Array) -> Array:
    """What was heard, and 0 where nothing was (NaN); same shape. Much quicker than np.nan_to_num on short arrays."""
    return np.where(np.isnan(values), 0.0, values)


def heard_s(known: Known, holder: int) -> Array:
    """When `holder` last heard from each town hall itself, by whatever way, seconds; -1 never; shape (area,)."""
    return known.received_s[holder, Q.OFFICE_OK]


def information_age_s(as_of_s: Array, now_s: int) -> Array:
    """Mean age of what is known about each area, seconds; NaN where nothing is; as_of_s (quantity, area)."""
    heard = as_of_s >= 0
    count = heard.sum(axis=0)
    total = np.where(heard, now_s - as_of_s, 0).sum(axis=0)
    return np.where(count > 0, total / np.maximum(count, 1), np.nan)
