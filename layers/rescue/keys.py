"""Keys of missions, and who served on those just done."""

from __future__ import annotations

import numpy as np

from twin.missions import DONE, Missions, Units

Array = np.ndarray
_STEP = np.uint64(0x9E3779B97F4A7C15)
_KIND = np.uint64(0xC2B2AE3D27D4EB4F)


def mission_keys(entity_keys: Array, task: int, number: Array | int) -> Array:
    """Permanent int64 keys from the key of the place, the kind of work and its running number there."""
    with np.errstate(over="ignore"):
        z = np.asarray(entity_keys).astype(np.uint64) + (np.asarray(number).astype(np.uint64) + np.uint64(1)) * _STEP
        z = (z ^ (z >> np.uint64(31))) * (_KIND + np.uint64(2 * int(task)))
        z = (z ^ (z >> np.uint64(29))) * _STEP
    return ((z ^ (z >> np.uint64(32))) >> np.uint64(1)).astype(np.int64)


def rows_of(missions: Missions, keys: Array) -> Array:
    """Row numbers of missions by key."""
    order = np.argsort(missions.key)
    return order[np.searchsorted(missions.key[order], keys)]


def done_keys(log: Array) -> Array:
    """Keys of the missions that ended in a step, in the order they did."""
    return log["key"][log["after"] == DONE]


def crew_kind(kinds: Array, before: Units, after: Units, key: int, place: int) -> int:
    """Kind of the force that served on a mission just done; -1 if nobody can be named.

    Crews are known from before the step; work begun and ended within one step is known from who stands there now.
    """
    rows = np.flatnonzero(before.mission == key)
    if not rows.size:
        rows = np.flatnonzero(after.place == place)
    return int(kinds[rows[0]]) if rows.size else -1
