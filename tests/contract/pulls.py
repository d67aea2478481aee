"""Levers pulled in the middle of runs; the run without them is made once and shared."""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache
from typing import Any, NamedTuple

import numpy as np

from tests.contract import runs
from twin.contract import Layer, Lever, Order
from twin.journal import Journal
from twin.run import RunState, Twin

LOOK_S, HOUR_S = 600, 3600
View = dict[str, np.ndarray]


class Case(NamedTuple):
    """When, where and how far a lever is pulled so that it has something to act on.

    hours: until the difference must have shown. value: None for the end of the range that is farther from the value
    now. rows: None for all. settings, cuts: what the place needs besides so that the lever is what limits.
    """

    at_h: float = 6.0
    hours: float = 24.0
    value: float | None = None
    rows: tuple[int, ...] | None = None
    name: str = "two-towns"
    settings: tuple[tuple[str, Any], ...] = ()
    cuts: tuple[str, ...] = ()

    @property
    def at_s(self) -> int:
        """Second of the pull."""
        return round(self.at_h * HOUR_S)


class Recorded:
    """A run, its states for branches to begin from, and what it gave at every look; runs on only as far as asked."""

    def __init__(self, twin: Twin):
        self.twin, self._begun = twin, dict(twin.given)
        self._views: dict[int, View] = {}
        self.states = {twin.state.now_s: held(twin.state)}

    def reach(self, at_s: int) -> None:
        """Run on to an instant."""
        for now_s in self.twin.advance(at_s):
            if looked_at(now_s):
                self.states[now_s] = held(self.twin.state)
                self._views[now_s] = view(self.twin)

    def view(self, at_s: int) -> View:
        """What it gave at an instant it is looked at."""
        self.reach(at_s)
        return self._views[at_s]

    def branch(self, at_s: int) -> Twin:
        """A twin of its own that goes on from an instant; states are never written to, so it can share them."""
        self.reach(at_s)
        base, state = self.twin, held(self.states[at_s])
        return replace(
            base,
            given=dict(self._begun),
            state=state,
            journal=Journal(base.wiring, last=dict(state.last_event)),
            layer_s=dict.fromkeys(state.layers, 0.0),
            _carried_before={},
        )

    def first_difference(self, other: Recorded, from_s: int, until_s: int) -> tuple[int, list[str]]:
        """When and in what another run first gives something else than this one; (-1, []) if never."""
        for now_s in filter(looked_at, self.twin.schedule.boundaries(from_s, until_s)):
            names = differing(self.view(now_s), other.view(now_s))
            if names:
                return now_s, names
        return -1, []


@lru_cache(maxsize=8)
def past(name: str = "two-towns", settings: tuple[tuple[str, Any], ...] = (), cuts: tuple[str, ...] = ()) -> Recorded:
    """The untouched run of a place."""
    return Recorded(runs.begin(name=name, settings=dict(settings), cuts=cuts))


def looked_at(now_s: int) -> bool:
    """Every ten minutes for six hours, every half hour from then on."""
    return now_s % (LOOK_S if now_s <= 6 * HOUR_S else 3 * LOOK_S) == 0


def held(state: RunState) -> RunState:
    """The state, apart from what later steps put in its place."""
    return replace(
        state,
        **{name: dict(getattr(state, name)) for name in ("layers", "outputs", "pending", "last_s", "stocks")},
        returned={layer: dict(values) for layer, values in state.returned.items()},
        last_event=dict(state.last_event),
    )


def view(twin: Twin) -> View:
    """All outputs and series now; what a layer keeps to itself is left out."""
    outputs = {f"{layer}.{name}": array for layer, given in twin.state.outputs.items() for name, array in given.items()}
    return outputs | {f"series {name}": array for name, array in twin.measure().items()}


def differing(one: View, other: View) -> list[str]:
    """Names under which two views differ."""
    return [name for name in one if one[name] is not other[name] and not _same(one[name], other[name])]


def _same(one: np.ndarray, other: np.ndarray) -> bool:
    return np.array_equal(one, other, equal_nan=True)


def find(name: str) -> tuple[Layer, Lever]:
    """Layer and lever of `layer.lever`."""
    layer = next(one for one in past().twin.wiring.layers if one.name == name.partition(".")[0])
    return layer, next(lever for lever in layer.levers if lever.name == name.partition(".")[2])


def value_of(twin: Twin, name: str, case: Case) -> float:
    """How far the lever is pulled."""
    layer, lever = find(name)
    if case.value is not None or not lever.target:
        return lever.high if case.value is None else case.value
    row = twin.given[layer.name].params.rows[lever.target]
    low = lever.low if row.low is None else max(lever.low, row.low)
    high = lever.high if row.high is None else min(lever.high, row.high)
    return high if abs(high - row.value) >= abs(low - row.value) else low


def rows_of(twin: Twin, lever: Lever, case: Case) -> np.ndarray:
    """Rows the order is about."""
    if lever.target or lever.on == "region":
        return np.empty(0, np.int64)
    return np.arange(len(twin.world[lever.on])) if case.rows is None else np.array(case.rows, np.int64)


def pull(twin: Twin, name: str, case: Case) -> None:
    """Pull the lever now."""
    layer, lever = find(name)
    if lever.target:
        twin.set_params(layer.name, {lever.target: value_of(twin, name, case)})
    else:
        twin.obey(layer.name, Order("law/0", lever.name, rows_of(twin, lever, case), value_of(twin, name, case)), 0)


def take_back(twin: Twin, name: str, case: Case) -> None:
    """Take an order back now."""
    layer, lever = find(name)
    twin.obey(layer.name, Order("law/0", lever.name, rows_of(twin, lever, case), np.nan), 1)
