"""What a layer is: the declarations and the four functions every phenomenon provides, and nothing else.

A layer is one frozen record. Its arrays live in a frozen dataclass (the state); `step` is pure: it
copies what it changes and returns a `Result`. The loop (`twin/run.py`) calls it, `twin/wiring.py`
checks it, `tests/contract` holds every layer to the same laws.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cached_property
from pathlib import Path
from types import MappingProxyType
from typing import Any, NamedTuple

import numpy as np

from twin.chance import Chance

Array = np.ndarray
Inputs = Mapping[str, Array]
NOTHING: Mapping[str, Any] = MappingProxyType({})


@dataclass(frozen=True)
class Var:
    """A quantity that crosses a layer boundary.

    on: index set it lives on (`cell`, `road`, …); a product such as `municipality*item` is a 2-D array.
    kind: `level` (the value now) or `amount` (handed over since the target last looked; adds up).
    stock: name of the booked stock this amount moves, for amounts carried by transfer rows.
    All arrays that cross a boundary are float64; yes/no is 0 or 1; NaN means "not known".
    """

    name: str
    unit: str
    on: str
    kind: str = "level"
    doc: str = ""
    stock: str = ""


@dataclass(frozen=True)
class Link:
    """One feedback between two layers: `source` and `target` are `layer.quantity`.

    carrier: name of the world's carrier from the source's index set to the target's, if they differ.
    lag: True for rows against the layer order; `before` is what the target sees until the source has stepped.
    neutral: what the target sees when the row is cut: a number, or the name of one of the world's arrays.
    transfer: the amount is a booked stock.
    """

    id: str
    source: str
    target: str
    reason: str
    carrier: str | None = None
    lag: bool = False
    before: float | None = None
    neutral: float | str = 0.0
    transfer: bool = False
    bites_in: str = "two-towns"

    @property
    def source_layer(self) -> str:
        """Layer that gives."""
        return self.source.partition(".")[0]

    @property
    def target_layer(self) -> str:
        """Layer that needs."""
        return self.target.partition(".")[0]


@dataclass(frozen=True)
class Lever:
    """Something a decision maker may change, of one of two kinds.

    A parameter lever has a `target`: a parameter of this layer, swapped for the whole region while it is pulled.
    An order lever has none and names the index set it acts on (`on`; `region` for the whole): the layer's `obey`
    carries it out on the rows named. `withdraws`: whether an order may carry an end (parameter levers always may).
    owner: who may order it (municipality, prefecture, state, utility, hospital).
    prepares: decided before the event (houses strengthened, stock laid in); a countermeasure may not pull it later.
    """

    name: str
    unit: str
    low: float
    high: float
    owner: str
    target: str = ""
    doc: str = ""
    on: str = ""
    withdraws: bool = False
    prepares: bool = False


class Order(NamedTuple):
    """An order lever pulled: what `obey` of a layer carries out.

    rows: row numbers on the lever's index set, (n,) int64, empty for `region`. value: in the lever's unit; NaN takes
    the order back. id: `measure-id/n`, from which the ids and draw keys of anything new are made.
    """

    id: str
    lever: str
    rows: Array
    value: float


@dataclass(frozen=True)
class Series:
    """A quantity written to the run's series, by municipality; `total` says how towns add up to `all`.

    kind: `true` (what holds) or `reported` (what the known arrays hold; NaN = never heard).
    total: `sum`, `max`, `mean` (of the towns that have a value) or `none`.
    """

    name: str
    unit: str
    doc: str
    kind: str = "true"
    total: str = "sum"


@dataclass(frozen=True)
class Stock:
    """A conserved quantity a layer owns; `total(given, state)` counts it, `step` books what enters and leaves."""

    name: str
    unit: str
    total: Callable[[Any, Any], float]


class Event(NamedTuple):
    """Something worth a line in the journal: quantity `quantity` of row `row` changed.

    quantity: a name in this layer's `gives` or `records`, which fixes the index set of `row` (-1: whole region).
    causes: pairs (need or own quantity, row on its own index set); resolved to event ids by the loop.
    args: plain numbers or short keys for the renderer; never sentences.
    """

    kind: str
    quantity: str
    row: int
    amount: float = 0.0
    time_s: int = -1
    causes: Sequence[tuple[str, int]] = ()
    args: tuple[Any, ...] = ()


class Result(NamedTuple):
    """What a step returns.

    booked: stock name -> net amount that entered from (+) or left to (-) outside the model.
    """

    state: Any
    outputs: Mapping[str, Array]
    events: Sequence[Event] = ()
    booked: Mapping[str, float] = NOTHING


@dataclass(frozen=True)
class Clock:
    """The interval (start_s, end_s] a layer is asked to advance over, in whole seconds since the scenario's start."""

    start_s: int
    dt_s: int
    origin: datetime
    chance: Chance

    @property
    def end_s(self) -> int:
        """End of the interval; outputs describe this instant."""
        return self.start_s + self.dt_s

    @property
    def now(self) -> datetime:
        """Local wall-clock time at the end of the interval (zone of the scenario, JST by default)."""
        return self.origin + timedelta(seconds=self.end_s)

    @property
    def hour(self) -> float:
        """Hour of the local day at the end of the interval, 0 <= hour < 24."""
        now = self.now
        return now.hour + now.minute / 60.0 + now.second / 3600.0

    def rings(self, every_s: int, offset_s: int = 0) -> bool:
        """Whether a multiple of `every_s` (plus offset) lies in (start_s, end_s]: for slower processes."""
        return (self.end_s - offset_s) // every_s > (self.start_s - offset_s) // every_s


@dataclass(frozen=True)
class Layer:
    """One phenomenon, as a record of declarations and pure functions.

    prepare(world, params) -> given: constant arrays; `given.params` holds the parameters.
    start(given, chance) -> state: frozen dataclass of arrays, numbers, fixed-width ids, Tables.
    step(given, state, inputs, clock) -> Result: pure.
    measure(given, state) -> {series name: array (municipality,)}.
    obey(given, state, order, clock) -> Result: pure; carries out one order at clock.start_s (dt_s = 0), outputs empty.
    every_s: the layer is stepped when a step ends on a multiple of it (and always in the first step);
    wakes: needs whose non-zero value makes the layer step at once (shocks).
    A layer that gives a Var with a stock also finds `returned_<var>` in its inputs: what was not taken.
    """

    name: str
    doc: str
    needs: tuple[Var, ...]
    gives: tuple[Var, ...]
    prepare: Callable[[Any, Any], Any]
    start: Callable[[Any, Chance], Any]
    step: Callable[[Any, Any, Inputs, Clock], Result]
    measure: Callable[[Any, Any], Mapping[str, Array]]
    params_file: Path
    stocks: tuple[Stock, ...] = ()
    levers: tuple[Lever, ...] = ()
    series: tuple[Series, ...] = ()
    records: tuple[Var, ...] = ()
    every_s: int = 60
    wakes: tuple[str, ...] = ()
    state_schema: int = 1
    tables: tuple[str, ...] = field(default=())  # index sets of the world this layer reads
    obey: Callable[[Any, Any, Order, Clock], Result] | None = None  # needed by a layer with order levers

    @cached_property
    def moves(self) -> Mapping[str, tuple[tuple[str, ...], tuple[str, ...]]]:
        """Stock -> needs that bring it in, gives that hand it on."""
        return {
            stock.name: (
                tuple(need.name for need in self.needs if need.stock == stock.name),
                tuple(var.name for var in self.gives if var.stock == stock.name),
            )
            for stock in self.stocks
        }
