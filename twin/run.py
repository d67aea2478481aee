"""The one time loop: steps layers in their fixed order, carries quantities between them, books, journals, samples."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, fields, is_dataclass
from typing import Any, NamedTuple

import numpy as np

from twin import ledger
from twin.chance import Chance
from twin.contract import NOTHING, Clock, Layer, Order, Result
from twin.errors import ScenarioError, StateError, TwinError
from twin.journal import Journal
from twin.params import Params
from twin.table import Table
from twin.wiring import Wire, Wiring
from twin.world import World

Array = np.ndarray


@dataclass(frozen=True)
class Schedule:
    """Step lengths: `pieces` are (until_s, step_s), ascending; boundaries are the only instants a run can stop at."""

    pieces: tuple[tuple[int, int], ...]

    def step_s(self, now_s: int) -> int:
        """Length of the step that begins at `now_s`. Raises ScenarioError beyond the last piece."""
        for until_s, step_s in self.pieces:
            if now_s < until_s:
                return step_s
        raise ScenarioError(f"the step schedule ends at T+{self.pieces[-1][0]} s; extend `schedule` in the scenario")

    def boundaries(self, start_s: int, until_s: int) -> Iterator[int]:
        """Ends of the steps after `start_s`, up to the last one not beyond `until_s`."""
        now_s = start_s
        while now_s < until_s:
            now_s += self.step_s(now_s)
            if now_s > until_s:
                return
            yield now_s

    def floor(self, at_s: int) -> int:
        """The last boundary at or before an instant."""
        return max((b for b in self.boundaries(0, at_s)), default=0)

    def halved(self) -> Schedule:
        """The same schedule with every step half as long."""
        return Schedule(tuple((until_s, step_s // 2) for until_s, step_s in self.pieces))


@dataclass
class RunState:
    """Everything needed to go on, bit for bit: what a snapshot holds."""

    step: int
    now_s: int
    layers: dict[str, Any]
    outputs: dict[str, dict[str, Array]]
    pending: dict[str, Array]  # row id -> amount on its way
    returned: dict[str, dict[str, Array]]  # layer -> var -> what a cut transfer handed back
    last_s: dict[str, int]
    stocks: dict[str, dict[str, float]]
    last_event: dict[tuple[str, int], int] = field(default_factory=dict)


class _Feed(NamedTuple):
    """A need made ready for the loop.

    wires: those to collect; None where the need is a level taken as it is from `source`'s output `name`, and `before`
    until there is one.
    """

    need: str
    source: str
    name: str
    before: Array
    wires: tuple[Wire, ...] | None


@dataclass
class Twin:
    """A running twin: constant `given` of each layer, wiring, schedule, and the state that moves."""

    world: World
    wiring: Wiring
    schedule: Schedule
    chance: Chance
    given: dict[str, Any]
    state: RunState
    journal: Journal
    layer_s: dict[str, float]
    busy: tuple[str, float] | None = None  # layer at work and when it began, for the watchdog
    _carried_before: dict[str, tuple[Array, Array]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        layers, feeds = self.wiring.layers, self.wiring.feeds
        self._shapes = {layer.name: [(var.name, self.world.shape(var.on)) for var in layer.gives] for layer in layers}
        self._feeds = {name: [_feed(need, wires) for need, wires in rows.items()] for name, rows in feeds.items()}
        self._arriving = {
            name: [wire.link.id for wires in rows.values() for wire in wires if wire.given.kind == "amount"]
            for name, rows in feeds.items()
        }
        self._returns = {
            layer.name: [(var.name, _readonly(np.zeros(self.world.shape(var.on)))) for var in layer.gives if var.stock]
            for layer in layers
        }

    @classmethod
    def begin(
        cls, world: World, wiring: Wiring, schedule: Schedule, chance: Chance, params: Mapping[str, Params]
    ) -> Twin:
        """Prepare all layers and make the state at time 0."""
        given = {layer.name: layer.prepare(world, params[layer.name]) for layer in wiring.layers}
        states = {layer.name: freeze(layer.start(given[layer.name], chance)) for layer in wiring.layers}
        state = RunState(
            step=0,
            now_s=0,
            layers=states,
            outputs={},
            pending={},
            returned={},
            last_s={layer.name: 0 for layer in wiring.layers},
            stocks={layer.name: ledger.totals(layer, given[layer.name], states[layer.name]) for layer in wiring.layers},
        )
        return cls(world, wiring, schedule, chance, given, state, Journal(wiring), dict.fromkeys(states, 0.0))

    def resume(self, state: RunState) -> None:
        """Continue from a restored state; what was journalled before stays with whoever stored it."""
        self.state = state
        self.journal = Journal(self.wiring, last=dict(state.last_event))

    def set_params(self, layer: str, values: Mapping[str, Any]) -> None:
        """Swap parameters of one layer from now on (a lever). Raises ParameterError outside the range."""
        given = self.given[layer]
        changed = given.params.replace(values, where=f"{layer}: ")
        self.given[layer] = type(given)(
            **{**{f.name: getattr(given, f.name) for f in fields(given)}, "params": changed}
        )

    def obey(self, layer_name: str, order: Order, number: int) -> None:
        """Let a layer carry out an order now, before the next step; `number` tells orders of one instant apart.

        Raises StateError where the layer takes no orders or breaks its books.
        """
        state = self.state
        position, layer = next((k, layer) for k, layer in enumerate(self.wiring.layers) if layer.name == layer_name)
        if layer.obey is None:
            raise StateError(f"layer {layer_name} has no `obey`, yet lever '{order.lever}' was pulled")
        clock = Clock(state.now_s, 0, self.world.origin, self.chance)
        given, before = self.given[layer_name], state.layers[layer_name]
        result = layer.obey(given, before, order, clock)
        state.stocks[layer_name] = ledger.check(layer, given, state.stocks[layer_name], result, None, clock)
        state.layers[layer_name] = freeze(result.state, before)
        self.journal.write(state.step, position, layer, result.events, state.now_s, number)
        state.last_event = self.journal.last

    def advance(self, until_s: int) -> Iterator[int]:
        """Step until the last boundary not beyond `until_s`; yields the time after each step."""
        for end_s in self.schedule.boundaries(self.state.now_s, until_s):
            self._step(end_s)
            yield end_s

    def measure(self) -> dict[str, Array]:
        """Every declared series now: name -> array (municipality,)."""
        values: dict[str, Array] = {}
        for layer in self.wiring.layers:
            values.update(layer.measure(self.given[layer.name], self.state.layers[layer.name]))
        return values

    def _step(self, end_s: int) -> None:
        state = self.state
        for position, layer in enumerate(self.wiring.layers):
            if not self._due(layer, end_s):
                continue
            inputs = self._inputs(layer)
            start_s = state.last_s[layer.name]
            self._deliver(layer)
            clock = Clock(start_s, end_s - start_s, self.world.origin, self.chance)
            begun = time.perf_counter()
            self.busy = (layer.name, begun)
            result = self._call(layer, inputs, clock)
            self.layer_s[layer.name] += time.perf_counter() - begun
            self.busy = None
            self._accept(position, layer, result, inputs, clock)
        state.now_s = end_s
        state.step += 1
        state.last_event = self.journal.last

    def _due(self, layer: Layer, end_s: int) -> bool:
        if self.state.step == 0 or end_s // layer.every_s > self.state.last_s[layer.name] // layer.every_s:
            return True
        return any(self._collect(self.wiring.feeds[layer.name][need]).any() for need in layer.wakes)

    def _call(self, layer: Layer, inputs: Mapping[str, Array], clock: Clock) -> Result:
        try:
            return layer.step(self.given[layer.name], self.state.layers[layer.name], inputs, clock)
        except TwinError:
            raise
        except Exception as error:
            raise StateError(
                f"layer {layer.name} failed at T+{clock.end_s} s (step {self.state.step}): "
                f"{type(error).__name__}: {error}. "
                "This is a fault of the program; run again with --debug and report it."
            ) from error

    def _inputs(self, layer: Layer) -> dict[str, Array]:
        outputs, returned = self.state.outputs, self.state.returned.get(layer.name, NOTHING)
        inputs = {
            feed.need: outputs.get(feed.source, NOTHING).get(feed.name, feed.before)
            if feed.wires is None
            else self._collect(feed.wires)
            for feed in self._feeds[layer.name]
        }
        for name, none in self._returns[layer.name]:
            inputs[f"returned_{name}"] = returned.get(name, none)
        return inputs

    def _collect(self, wires: Sequence[Wire]) -> Array:
        if len(wires) == 1:
            return self._carried(wires[0])
        arrays = [self._carried(wire) for wire in wires]
        return np.sum(arrays, axis=0)

    def _carried(self, wire: Wire) -> Array:
        if wire.cut:
            return wire.neutral
        if wire.given.kind == "amount":
            value = self.state.pending.get(wire.link.id)
        else:
            value = self.state.outputs.get(wire.source_layer, {}).get(wire.given.name)
        if value is None:
            return wire.before
        return value if wire.carrier is None else self._through(wire, value)

    def _through(self, wire: Wire, value: Array) -> Array:
        """The carried value; an array object seen before has the same content and is not carried again."""
        known = self._carried_before.get(wire.link.id)
        if known is None or known[0] is not value:
            assert wire.carrier is not None
            known = (value, _readonly(wire.carrier(value)))
            self._carried_before[wire.link.id] = known
        return known[1]

    def _deliver(self, layer: Layer) -> None:
        for row in self._arriving[layer.name]:
            self.state.pending.pop(row, None)
        self.state.returned.pop(layer.name, None)

    def _accept(self, position: int, layer: Layer, result: Result, inputs: Mapping[str, Array], clock: Clock) -> None:
        state = self.state
        state.outputs[layer.name] = _checked_outputs(layer, result.outputs, self._shapes[layer.name], clock)
        state.stocks[layer.name] = ledger.check(
            layer, self.given[layer.name], state.stocks[layer.name], result, inputs, clock
        )
        state.layers[layer.name] = freeze(result.state, state.layers[layer.name])
        state.last_s[layer.name] = clock.end_s
        for wire in self.wiring.leaving[layer.name]:
            amount = result.outputs[wire.given.name]
            if not wire.cut:
                waiting = state.pending.get(wire.link.id)
                state.pending[wire.link.id] = _readonly(amount if waiting is None else waiting + amount)
            elif wire.link.transfer:
                state.returned.setdefault(layer.name, {})[wire.given.name] = amount
        self.journal.write(state.step, position, layer, result.events, clock.end_s)


def _feed(need: str, wires: tuple[Wire, ...]) -> _Feed:
    first = wires[0]
    as_it_is = len(wires) == 1 and not first.cut and first.carrier is None and first.given.kind == "level"
    return _Feed(need, first.source_layer, first.given.name, first.before, None if as_it_is else wires)


def _checked_outputs(
    layer: Layer, outputs: Mapping[str, Array], shapes: Sequence[tuple[str, tuple[int, ...]]], clock: Clock
) -> dict[str, Array]:
    """What the layer declares to give, read-only."""
    checked = {}
    for name, shape in shapes:
        array = outputs.get(name)
        if array is None:
            raise StateError(f"layer {layer.name} did not give '{name}' at T+{clock.end_s} s")
        if array.shape != shape or array.dtype != _FLOAT64:
            raise StateError(
                f"layer {layer.name}: '{name}' has shape {array.shape}, type {array.dtype} at T+{clock.end_s} s; "
                f"declared: {shape}, float64"
            )
        array.setflags(write=False)
        checked[name] = array
    return checked


def _readonly(array: Array) -> Array:
    array.setflags(write=False)
    return array


_FLOAT64 = np.dtype(np.float64)
_PLAIN = (int, float, bool, str)


def freeze(value: Any, before: Any = None) -> Any:
    """Make every array inside a state read-only, in place, and return the state.

    before: the state it came from, already frozen; parts shared with it are passed over.
    """
    if value is before:
        return value
    if isinstance(value, np.ndarray):
        value.setflags(write=False)
    elif isinstance(value, Table):
        for column in value.columns.values():
            column.setflags(write=False)
    elif isinstance(value, Mapping):
        for item in value.values():
            freeze(item)
    elif is_dataclass(value):
        was = before.__dict__ if type(before) is type(value) else NOTHING
        for name, item in value.__dict__.items():
            if item is was.get(name):
                continue
            if type(item) is np.ndarray:
                item.setflags(write=False)
            elif type(item) not in _PLAIN:
                freeze(item, was.get(name))
    return value
