"""Stocks booked: after each step a layer owns what it had, plus what came in, minus what went out."""

from __future__ import annotations

from collections.abc import Mapping
from math import isfinite
from typing import Any

from twin.contract import Clock, Inputs, Layer, Result
from twin.errors import StateError

RELATIVE_LEAK = 1e-9  # of the stock, above the rounding of float64 sums over 1e6 entries


def totals(layer: Layer, given: Any, state: Any) -> dict[str, float]:
    """Every stock of the layer, counted."""
    return {stock.name: float(stock.total(given, state)) for stock in layer.stocks}


def check(
    layer: Layer, given: Any, before: Mapping[str, float], result: Result, inputs: Inputs | None, clock: Clock
) -> dict[str, float]:
    """Count the stocks after a step, or after an order (inputs None: nothing is handed over), against the books.

    Raises StateError naming layer, stock, time and the size of the leak. Returns the new totals.
    """
    after = totals(layer, given, result.state)
    for name, value in after.items():
        moved = float(result.booked.get(name, 0.0))
        if inputs is not None:
            moved += _handed_over(layer, name, result, inputs)
        leak = value - before[name] - moved
        scale = max(1.0, abs(value), abs(before[name]))
        if not (isfinite(leak) and abs(leak) <= RELATIVE_LEAK * scale):
            raise StateError(
                f"layer {layer.name}: stock '{name}' leaks {leak:+.6g} at T+{clock.end_s} s "
                f"({before[name]:.6g} before, {value:.6g} after, {moved:.6g} booked)"
            )
    unknown = result.booked.keys() - after.keys()
    if unknown:
        raise StateError(f"layer {layer.name} books unknown stocks {sorted(unknown)}")
    return after


def _handed_over(layer: Layer, stock: str, result: Result, inputs: Inputs) -> float:
    """Net amount of a stock that came over transfer rows in one step."""
    needs, gives = layer.moves[stock]
    moved = sum(float(inputs[need].sum()) for need in needs)
    for name in gives:
        moved -= float(result.outputs[name].sum())
        moved += float(inputs[f"returned_{name}"].sum())
    return moved
