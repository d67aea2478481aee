"""Whole persons and whole halls shared out inside each municipality, with exact sums and without draws."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

Array = np.ndarray
ROUNDING_SLACK = 1e-6  # persons; far above the rounding error of a running sum, far below one person


@dataclass(frozen=True)
class Grouping:
    """Members of a set by municipality.

    town: (member,) row of the municipality. order: members sorted by municipality, then by rank inside it.
    first: (municipality,) position in `order` where each municipality begins. filled: municipalities with members;
    by_town: members sorted by municipality, None where they already are. count: members in each municipality.
    """

    town: Array
    order: Array
    first: Array
    filled: Array
    by_town: Array | None
    count: Array

    @property
    def n_towns(self) -> int:
        """Number of municipalities."""
        return len(self.first)

    @cached_property
    def members(self) -> Array | None:
        """Members in each municipality, int64; None where they are not sorted by municipality."""
        return None if self.by_town is not None else self.count.astype(np.int64)

    @cached_property
    def complete(self) -> bool:
        """Whether every municipality has members."""
        return self.filled.size == self.n_towns

    def spread(self, values: Array) -> Array:
        """Values of municipalities on their members, over the last axis, shape (…, member)."""
        return values[..., self.town] if self.members is None else values.repeat(self.members, axis=-1)

    def sums(self, values: Array) -> Array:
        """Sum by municipality over the last axis, shape (…, municipality)."""
        listed = values if self.by_town is None else values[..., self.by_town]
        if self.complete:
            return np.add.reduceat(listed, self.first, axis=-1, dtype=np.float64)
        total = np.zeros((*values.shape[:-1], self.n_towns))
        if self.filled.size:
            total[..., self.filled] = np.add.reduceat(listed, self.first[self.filled], axis=-1, dtype=np.float64)
        return total


def group(town: Array, n_towns: int, rank: Array | None = None) -> Grouping:
    """Group members by municipality; `rank` orders them inside it (lower first), else by row."""
    town = np.asarray(town, dtype=np.int64)
    order = np.lexsort((np.arange(len(town)), np.zeros(len(town)) if rank is None else rank, town))
    first = np.searchsorted(town[order], np.arange(n_towns))
    count = np.bincount(town, minlength=n_towns).astype(np.float64)
    in_order = bool((np.diff(town) >= 0).all())
    by_town = None if in_order else np.argsort(town, kind="stable")
    return Grouping(town, order, first, np.flatnonzero(count), by_town, count)


def apportion(amount: Array, weight: Array, groups: Grouping) -> Array:
    """Split whole amounts per municipality over its members in proportion to whole weights.

    amount: (municipality,) whole, 0 <= amount <= sum of weights there. weight: (member,) whole, >= 0.
    Returns whole parts (member,), each at most its weight, that add up to `amount` exactly: shares are
    rounded down along their running sum, so what one member loses the next one gains.
    """
    if not amount.any():
        return np.zeros(len(weight))
    total = groups.sums(weight)
    ratio = np.divide(amount, total, out=np.zeros_like(total), where=total > 0)
    share = (weight * groups.spread(ratio))[groups.order]
    some = share.nonzero()[0]
    running = np.floor(np.cumsum(share[some]) + ROUNDING_SLACK)
    running[1:] -= running[:-1].copy()
    parts = np.zeros(len(weight))
    parts[groups.order[some]] = running
    return parts


def first_in_town(candidate: Array, number: Array, groups: Grouping) -> Array:
    """Mark the first `number` candidates of each municipality in the grouping's order; bool (member,)."""
    chosen = np.zeros(len(candidate), dtype=bool)
    rows = groups.order[candidate[groups.order]]
    if not rows.size:
        return chosen
    town = groups.town[rows]
    position = np.arange(1, len(rows) + 1) - np.searchsorted(town, town)
    chosen[rows[position <= number[town]]] = True
    return chosen
