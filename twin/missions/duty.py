"""When a unit may be sent: mobilisation, withdrawal and shifts."""

from __future__ import annotations

import numpy as np

from twin.missions.tables import IDLE, Units

Array = np.ndarray


def on_duty(units: Units, rows: Array, at_s: int) -> Array:
    """Whether each of these units is here (available, not withdrawn) and within its shift; bool, shape of `rows`."""
    here = (units.available_s[rows] <= at_s) & (at_s < units.leave_s[rows])
    return here & ~resting(units, rows, at_s)


def resting(units: Units, rows: Array, at_s: int) -> Array:
    """Whether each of these units is between two shifts; bool, shape of `rows`."""
    rest_s, duty_s = units.rest_s[rows], units.duty_s[rows]
    if not rest_s.any():
        return np.zeros(len(rest_s), bool)
    cycle_s = np.maximum(duty_s + rest_s, 1)
    return (rest_s > 0) & ((at_s - units.shift_offset_s[rows]) % cycle_s >= duty_s)


def idle(units: Units, rows: Array, at_s: int) -> Array:
    """Those of these rows whose unit has no mission and is not on its way back."""
    rows = rows[units.mission[rows] == IDLE]
    return rows[units.arrive_s[rows] <= at_s]


def roster_changes(units: Units, start_s: int, until_s: int) -> tuple[Array, Array]:
    """Instants in (start_s, until_s) at which units come or go, and their pools: sorted, each pair once.

    A unit comes or goes when it becomes available or withdraws, when a journey back ends, and at the ends of its
    shifts: the instants at which a queue may move though no mission changed.
    """
    times, rows = [], []
    everyone = np.arange(len(units))
    back_s = np.where(units.mission == IDLE, units.arrive_s, start_s)
    for at_s in (units.available_s, units.leave_s, back_s):
        inside = (at_s > start_s) & (at_s < until_s)
        times.append(at_s[inside])
        rows.append(everyone[inside])
    for at_s, of_unit in _shift_edges(units, start_s, until_s):
        times.append(at_s)
        rows.append(of_unit)
    pairs = np.stack([np.concatenate(times), units.pool[np.concatenate(rows)].astype(np.int64)], axis=1)
    pairs = np.unique(pairs, axis=0) if len(pairs) else pairs
    return pairs[:, 0], pairs[:, 1]


def _shift_edges(units: Units, start_s: int, until_s: int) -> list[tuple[Array, Array]]:
    """Begins and ends of shifts in (start_s, until_s), each with the row of its unit."""
    rows = np.flatnonzero(units.rest_s > 0)
    if not rows.size:
        return []
    offset_s, duty_s = units.shift_offset_s[rows], units.duty_s[rows]
    cycle_s = duty_s + units.rest_s[rows]
    edges = []
    for edge_s in (offset_s, offset_s + duty_s):
        first_s = start_s + 1 + (edge_s - start_s - 1) % cycle_s
        count = np.maximum(-((first_s - until_s) // cycle_s), 0)
        nth = np.arange(count.sum()) - np.repeat(np.cumsum(count) - count, count)
        edges.append((np.repeat(first_s, count) + nth * np.repeat(cycle_s, count), np.repeat(rows, count)))
    return edges
