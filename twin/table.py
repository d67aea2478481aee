"""A small immutable table of equal-length columns: rows that come and go inside a state (missions, messages)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np

from twin.errors import StateError

Array = np.ndarray


@dataclass(frozen=True)
class Table:
    """Columns by name, all of one length. Every change returns a new Table and copies only what it changes."""

    columns: Mapping[str, Array]

    def __post_init__(self) -> None:
        lengths = {name: len(column) for name, column in self.columns.items()}
        if len(set(lengths.values())) > 1:
            raise StateError(f"columns of a table differ in length: {lengths}")
        object.__setattr__(self, "columns", MappingProxyType(dict(self.columns)))

    @classmethod
    def empty(cls, **dtypes: str) -> Table:
        """A table without rows; keyword = column name, value = dtype (`int64`, `U10`)."""
        return cls({name: np.empty(0, dtype=dtype) for name, dtype in dtypes.items()})

    def __len__(self) -> int:
        return len(next(iter(self.columns.values()))) if self.columns else 0

    def __getitem__(self, name: str) -> Array:
        return self.columns[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self.columns)

    def with_columns(self, **changed: Array) -> Table:
        """The same rows with some columns replaced."""
        return Table({**self.columns, **changed})

    def append(self, **rows: Array | float | int) -> Table:
        """New rows at the end; scalars are repeated. Every column must be given."""
        missing = set(self.columns) - set(rows)
        if missing or set(rows) - set(self.columns):
            raise StateError(f"append needs exactly the columns {sorted(self.columns)}; got {sorted(rows)}")
        n = max((np.size(value) for value in rows.values() if np.ndim(value)), default=1)
        return Table(
            {
                name: np.concatenate([column, np.broadcast_to(rows[name], (n,)).astype(column.dtype)])
                for name, column in self.columns.items()
            }
        )

    def select(self, mask: Array) -> Table:
        """The rows where `mask` is true, or the rows with these numbers."""
        return Table({name: column[mask] for name, column in self.columns.items()})
