"""A twin of two-towns brought to an instant, orders given to it, and what came of them."""

from __future__ import annotations

from dataclasses import fields, replace
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np

from tests.contract import runs
from twin import snapshot
from twin.contract import Order
from twin.run import RunState, Twin


@lru_cache(maxsize=4)
def _state(at_s: int) -> RunState:
    return runs.run(runs.begin(), at_s).state


def standing_at(at_s: int) -> Twin:
    """A twin at an instant of the run without orders."""
    twin = runs.begin()
    state = _state(at_s)  # its arrays are never written; its dictionaries are
    own = {item.name: getattr(state, item.name) for item in fields(state)}
    twin.resume(replace(state, **{name: dict(value) for name, value in own.items() if isinstance(value, dict)}))
    return twin


def give(twin: Twin, name: str, rows: list[int], value: float, order_id: str = "test/0", number: int = 0) -> Twin:
    """The twin after the order `layer.lever`; NaN takes it back."""
    layer, _, lever = name.partition(".")
    twin.obey(layer, Order(order_id, lever, np.array(rows, dtype=np.int64), value), number)
    return twin


def saved_and_loaded(twin: Twin, folder: Path) -> Twin:
    """Another twin that goes on from a snapshot of this one."""
    schemas = {layer.name: layer.state_schema for layer in twin.wiring.layers}
    snapshot.Writer(folder, schemas, "w").save(twin.state)
    second = runs.begin()
    second.resume(snapshot.load(folder, twin.state.now_s, second.state, schemas, "w"))
    return second


def ordered_lines(twin: Twin) -> list[tuple[str, int, float, tuple[Any, ...]]]:
    """(quantity, row, amount, args) of every line about an order."""
    return [(line[4], line[5], line[6], line[8]) for line in twin.journal.lines if line[3] == "ordered"]
