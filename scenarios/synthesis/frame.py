"""What all builders of the region share: facts, rules, chance, coordinates, fair shares of whole numbers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

import numpy as np

from scenarios.facts import FactTable
from scenarios.schema import Region
from scenarios.synthesis.terrain import Ground
from twin.chance import Chance
from twin.numerics.mesh import to_local
from twin.params import Params
from twin.world import IndexSet

Array = np.ndarray
KEY_STEP = 1_000_000  # room for entities of one kind in one municipality


@dataclass(frozen=True)
class Frame:
    """Facts of one scenario with everything needed to turn them into a region."""

    facts: Mapping[str, FactTable]
    rules: Params
    chance: Chance
    start: datetime
    region: Region
    origin_lat: float
    origin_lon: float
    ground: Ground | None = None  # generated squares; None without a terrain block

    @property
    def codes(self) -> Array:
        """5-digit municipality codes in the order of the table, shape (municipality,)."""
        return self.facts["municipality"]["code"]

    def local(self, lat: Array, lon: Array) -> tuple[Array, Array]:
        """Metres east and north of the frame's origin."""
        return to_local(lat, lon, self.origin_lat, self.origin_lon)

    def rows_of(self, codes: Array) -> Array:
        """Row of each municipality code, -1 for a blank one; int64."""
        return rows_of_codes(self.codes, codes)

    def keys(self, municipality: Array, number: Array) -> Array:
        """Permanent int64 key of the n-th thing of a kind in a municipality (codes, not row numbers, make it)."""
        return self.codes.astype(np.int64)[municipality] * KEY_STEP + number


def rows_of_codes(known: Array, wanted: Array) -> Array:
    """Row of each wanted code among the known ones, -1 where it is none of them; int64."""
    order = np.argsort(known)
    at = order[np.minimum(np.searchsorted(known, wanted, sorter=order), len(order) - 1)]
    return np.where(known[at] == wanted, at, -1).astype(np.int64)


def share_out(weight: Array, total: Array, group: Array) -> Array:
    """Whole numbers proportional to `weight` whose sum in each group is exactly `total[group]`.

    Largest remainder (Hamilton) method; ties go to the earlier row. weight >= 0 and total >= 0, shapes
    (row,) and (group,). A group with total > 0 and no weight is shared equally.
    """
    n_group = len(total)
    sums = np.bincount(group, weights=weight, minlength=n_group)
    counts = np.bincount(group, minlength=n_group)
    fraction = np.where(sums[group] > 0, weight / np.where(sums[group] > 0, sums[group], 1.0), 1.0 / counts[group])
    exact = fraction * total[group]
    whole = np.floor(exact + 1e-9)
    missing = np.asarray(total) - np.bincount(group, weights=whole, minlength=n_group)
    order = np.lexsort((np.arange(len(group)), whole - exact, group))
    first = np.concatenate([[0], np.cumsum(counts)[:-1]])
    place = np.empty(len(group), dtype=np.int64)
    place[order] = np.arange(len(group)) - first[group[order]]
    return (whole + (place < np.rint(missing)[group])).astype(np.int64)


def share_out_rows(weight: Array, total: Array) -> Array:
    """As `share_out`, along the last axis: weight (row, class), total (row,) -> whole numbers (row, class)."""
    sums = weight.sum(axis=1, keepdims=True)
    exact = weight / np.where(sums > 0, sums, 1.0) * total[:, None]
    whole = np.floor(exact + 1e-9)
    missing = np.rint(total - whole.sum(axis=1))
    rank = np.argsort(np.argsort(whole - exact, axis=1, kind="stable"), axis=1, kind="stable")
    return (whole + (rank < missing[:, None])).astype(np.int64)


def morton(row: Array, column: Array) -> Array:
    """Z-order number of a grid place: neighbours in this order lie near each other; int64, arguments >= 0."""

    def spread(v: Array) -> Array:
        v = v.astype(np.int64) & 0xFFFF
        v = (v | (v << 8)) & 0x00FF00FF
        v = (v | (v << 4)) & 0x0F0F0F0F
        v = (v | (v << 2)) & 0x33333333
        return (v | (v << 1)) & 0x55555555

    return spread(column) | (spread(row) << 1)


def strung(frame: Frame, purpose: str, counts: Array, weight: Array, cells: IndexSet) -> tuple[Array, Array, Array]:
    """Place `counts[m]` things per municipality along its cells, evenly by `weight`, each shifted by chance.

    Cells lie ordered by municipality. Returns (municipality, number within it from 1, cell), each (thing,).
    """
    n_town = len(frame.codes)
    town = np.repeat(np.arange(n_town), counts)
    number = np.arange(len(town)) - np.repeat(np.cumsum(counts) - counts, counts) + 1
    sums = np.bincount(cells["municipality"], weights=weight, minlength=n_town)
    ends = np.cumsum(weight)
    starts = np.cumsum(sums) - sums
    shift = frame.chance.uniform(purpose, frame.keys(town, number))
    at = starts[town] + (number - 1 + shift) / counts[town] * sums[town]
    cell = np.minimum(np.searchsorted(ends, at, side="right"), len(cells) - 1)
    bounds = np.searchsorted(cells["municipality"], np.arange(n_town + 1))
    return town, number, np.clip(cell, bounds[town], bounds[town + 1] - 1)


def names(frame: Frame, kind: str, town: Array, number: Array) -> Array:
    """Permanent ids `43202/feeder/7`."""
    codes = frame.codes.tolist()
    return np.asarray([f"{codes[t]}/{kind}/{n}" for t, n in zip(town.tolist(), number.tolist())], dtype=np.str_)


def nearest_cell(cells: IndexSet, x_m: Array, y_m: Array, town: Array | None = None) -> Array:
    """Row of the nearest inhabited cell to each point; with `town`, of that municipality where it is >= 0."""
    distance2 = (x_m[:, None] - cells["x_m"]) ** 2 + (y_m[:, None] - cells["y_m"]) ** 2
    if town is not None:
        foreign = (town[:, None] >= 0) & (cells["municipality"][None, :] != town[:, None])
        distance2 = np.where(foreign, np.inf, distance2)
    return np.argmin(distance2, axis=1).astype(np.int64)


def nearest_node(nodes: IndexSet, x_m: Array, y_m: Array, town: Array | None = None) -> Array:
    """Row of the nearest road node inside the region (gateways and airports serve no houses)."""
    distance2 = (x_m[:, None] - nodes["x_m"]) ** 2 + (y_m[:, None] - nodes["y_m"]) ** 2
    serving = np.isin(nodes["kind"], (0, 1, 2, 4))
    if np.any(serving):
        distance2 = np.where(serving[None, :], distance2, np.inf)
    if town is not None:
        near_home = (nodes["municipality"][None, :] == town[:, None]) & serving[None, :]
        has = near_home.any(axis=1)[:, None]
        distance2 = np.where(has & ~near_home, distance2 * 4.0, distance2)
    return np.argmin(distance2, axis=1).astype(np.int64)


def pick(uniform: Array, share: Array) -> Array:
    """Class by its share: row number of the class in whose part of (0, 1) the draw falls; share sums to 1."""
    edges = np.cumsum(share) / np.sum(share)
    return np.minimum(np.searchsorted(edges, uniform, side="right"), len(edges) - 1).astype(np.int64)


def filled(values: Array, instead: Array | float) -> Array:
    """Values with NaN replaced."""
    return np.where(np.isnan(values), instead, values)
