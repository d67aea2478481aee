"""The place: index sets with their columns, and carriers that map an array from one set to another."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from hashlib import blake2b

import numpy as np
from scipy import sparse

from twin.chance import keys_of
from twin.errors import ScenarioError

Array = np.ndarray


@dataclass(frozen=True)
class IndexSet:
    """Entities of one kind: permanent ids, their int64 keys, and columns (first axis = entity)."""

    name: str
    ids: Array
    keys: Array
    columns: Mapping[str, Array]

    @classmethod
    def build(cls, name: str, ids: Sequence[str] | Array, **columns: Array) -> IndexSet:
        """Make a set. Raises ScenarioError for doubled ids or a column of another length."""
        names = np.asarray(ids, dtype=np.str_)
        if len(np.unique(names)) != len(names):
            values, counts = np.unique(names, return_counts=True)
            raise ScenarioError(f"index set '{name}': id '{values[counts > 1][0]}' stands more than once")
        arrays = {key: _readonly(np.asarray(column)) for key, column in columns.items()}
        for key, column in arrays.items():
            if len(column) != len(names):
                raise ScenarioError(f"index set '{name}': column '{key}' has {len(column)} rows, not {len(names)}")
        return cls(name, _readonly(names), _readonly(keys_of(name, names)), arrays)

    def __len__(self) -> int:
        return len(self.ids)

    def __getitem__(self, column: str) -> Array:
        try:
            return self.columns[column]
        except KeyError:
            raise ScenarioError(
                f"index set '{self.name}' has no column '{column}'; it has {', '.join(sorted(self.columns))}"
            ) from None

    def __contains__(self, column: str) -> bool:
        return column in self.columns

    def row(self, name: str) -> int:
        """Row number of an id. Raises ScenarioError for an unknown one."""
        hits = np.flatnonzero(self.ids == name)
        if not hits.size:
            raise ScenarioError(f"'{name}' is not in index set '{self.name}'")
        return int(hits[0])


@dataclass(frozen=True)
class Carrier:
    """A linear map from one index set to another: `target = matrix @ source`."""

    name: str
    source: str
    target: str
    matrix: sparse.csr_matrix

    def __call__(self, values: Array) -> Array:
        return self.matrix @ values

    def dominant(self, target_row: int) -> int:
        """Row of the source set that weighs most in this target row (-1 if none): used to trace causes."""
        start, end = self.matrix.indptr[target_row : target_row + 2]
        if start == end:
            return -1
        return int(self.matrix.indices[start + int(np.argmax(self.matrix.data[start:end]))])


@dataclass(frozen=True)
class World:
    """All that does not change during a run.

    sets: index sets by name; carriers by name; origin: local time of second 0; labels: table -> real, derived
    or synthetic; sources: rows for reports and exports; settings: plain numbers of the scenario;
    arrays: constants on products of sets (`free_travel_s`), used as the neutral value of cut rows.
    """

    name: str
    origin: datetime
    sets: Mapping[str, IndexSet]
    carriers: Mapping[str, Carrier] = field(default_factory=dict)
    labels: Mapping[str, str] = field(default_factory=dict)
    sources: Sequence[Mapping[str, str]] = ()
    settings: Mapping[str, float] = field(default_factory=dict)
    arrays: Mapping[str, Array] = field(default_factory=dict)

    def __getitem__(self, name: str) -> IndexSet:
        try:
            return self.sets[name]
        except KeyError:
            raise ScenarioError(
                f"world '{self.name}' has no index set '{name}'; it has {', '.join(sorted(self.sets))}"
            ) from None

    def __contains__(self, name: str) -> bool:
        return name in self.sets

    def shape(self, on: str) -> tuple[int, ...]:
        """Array shape of a quantity on `cell`, `municipality*item` …"""
        return tuple(len(self[part]) for part in on.split("*"))

    def municipality_of(self, on: str) -> Array:
        """Row of the municipality each entity of a set lies in (-1: none), shape (set,)."""
        first = on.partition("*")[0]
        if first == "municipality":
            return np.arange(len(self["municipality"]))
        members = self[first]
        return members["municipality"] if "municipality" in members else np.full(len(members), -1)

    def digest(self) -> str:
        """BLAKE2b over all sets and carriers: two worlds of equal digest give equal runs."""
        h = blake2b(digest_size=16)
        for name in sorted(self.sets):
            members = self.sets[name]
            h.update(name.encode() + members.ids.tobytes())
            for column in sorted(members.columns):
                h.update(column.encode() + np.ascontiguousarray(members.columns[column]).tobytes())
        for name in sorted(self.arrays):
            h.update(name.encode() + np.ascontiguousarray(self.arrays[name]).tobytes())
        for name in sorted(self.carriers):
            matrix = self.carriers[name].matrix
            h.update(name.encode() + matrix.indptr.tobytes() + matrix.indices.tobytes() + matrix.data.tobytes())
        return h.hexdigest()


def membership(child: str, parent: str, parent_of_child: Array, n_parent: int, weight: Array) -> dict[str, Carrier]:
    """The four carriers between a set and the set its entities belong to.

    parent_of_child: row of the parent, -1 for none, shape (child,). weight: shape (child,), >= 0.
    `<child>_to_<parent>_sum` adds up; `_mean` averages by weight; `<parent>_to_<child>` copies the parent's
    value to each child; `<parent>_to_<child>_share` splits it by weight (equal shares where all weights are 0).
    """
    rows = np.flatnonzero(parent_of_child >= 0)
    parents = parent_of_child[rows]
    n_child = len(parent_of_child)
    totals = np.bincount(parents, weights=weight[rows], minlength=n_parent)
    counts = np.bincount(parents, minlength=n_parent)
    weighed = totals > np.finfo(np.float64).tiny * 1e9  # smaller totals are as good as none
    share = np.where(weighed[parents], weight[rows] / np.where(weighed, totals, 1.0)[parents], 1.0 / counts[parents])
    ones = np.ones(len(rows))

    def up(values: Array) -> sparse.csr_matrix:
        return sparse.csr_matrix((values, (parents, rows)), shape=(n_parent, n_child))

    def down(values: Array) -> sparse.csr_matrix:
        return sparse.csr_matrix((values, (rows, parents)), shape=(n_child, n_parent))

    return {
        f"{child}_to_{parent}_sum": Carrier(f"{child}_to_{parent}_sum", child, parent, up(ones)),
        f"{child}_to_{parent}_mean": Carrier(f"{child}_to_{parent}_mean", child, parent, up(share)),
        f"{parent}_to_{child}": Carrier(f"{parent}_to_{child}", parent, child, down(ones)),
        f"{parent}_to_{child}_share": Carrier(f"{parent}_to_{child}_share", parent, child, down(share)),
    }


def _readonly(array: Array) -> Array:
    if array.dtype == object:
        array = array.astype(np.str_)
    array.setflags(write=False)
    return array
