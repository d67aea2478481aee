"""Frozen records with some fields replaced, at the cost of the fields that change."""

from __future__ import annotations

from typing import Any, TypeVar

Record = TypeVar("Record")


def changed(record: Record, **new: Any) -> Record:
    """The record with these fields replaced: `dataclasses.replace` without its cost for every field.

    Cached properties are taken along, so this is not for a field that one of them is made of. Raises TypeError for a
    field the record does not have.
    """
    fresh = object.__new__(type(record))
    fresh.__dict__.update(record.__dict__, **new)
    if len(fresh.__dict__) != len(record.__dict__):
        raise TypeError(f"{type(record).__name__} lacks one of the fields {sorted(new)}")
    return fresh
