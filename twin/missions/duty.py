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


def rows_of_pools(units: Units, pools: Array) -> Array:
    """Rows of the units that serve any of these pools (numbers >= 0)."""
    wanted = np.zeros(1 + max(pools.max(initial=0), units.pool.max(initial=0)), bool)
    wanted[pools] = True
    return wanted[units.pool].nonzero()[0]


def roster_changes(units: Units, rows: Array, start_s: int, until_s: int) -> tuple[Array, Array]:
    """Instants in (start_s, until_s) at which these units come or go, and their pools: sorted, each pair once.

    A unit comes or goes when it becomes available or withdraws, when a journey back ends, and at the ends of its
    shifts: the instants at which a queue may move though no mission changed.
    """
    back_s = np.where(units.mission[rows] == IDLE, units.arrive_s[rows], start_s)
    by_themselves_s = (units.available_s[rows], units.leave_s[rows], back_s)
    changes = [_inside(at_s, rows, start_s, until_s) for at_s in by_themselves_s]
    changes += _shift_edges(units, rows, start_s, until_s)
    times_s, of_unit = (np.concatenate(column) for column in zip(*changes))
    pairs = sorted(set(zip(times_s.tolist(), units.pool[of_unit].tolist())))
    both = np.array(pairs, np.int64).reshape(-1, 2)
    return both[:, 0], both[:, 1]


def _inside(at_s: Array, rows: Array, start_s: int, until_s: int) -> tuple[Array, Array]:
    """Those of these instants in (start_s, until_s), each with the row of its unit."""
    inside = ((at_s > start_s) & (at_s < until_s)).nonzero()[0]
    return at_s[inside], rows[inside]


def _shift_edges(units: Units, rows: Array, start_s: int, until_s: int) -> list[tuple[Array, Array]]:
    """Begins and ends of shifts of these units in (start_s, until_s), each with the row of its unit."""
    rows = rows[units.rest_s[rows] > 0]
    if not rows.size:
        return []
    offset_s, duty_s = units.shift_offset_s[rows], units.duty_s[rows]
    cycle_s = duty_s + units.rest_s[rows]
    edges = []
    for edge_s in (offset_s, offset_s + duty_s):
        first_s = start_s + 1 + (edge_s - start_s - 1) % cycle_s
        soon = (first_s < until_s).nonzero()[0]
        first_s, every_s = first_s[soon], cycle_s[soon]
        count = -((first_s - until_s) // every_s)
        nth = np.arange(count.sum()) - np.repeat(np.cumsum(count) - count, count)
        edges.append((np.repeat(first_s, count) + nth * np.repeat(every_s, count), np.repeat(rows[soon], count)))
    return edges
