"""The one time loop: steps layers in their fixed order, carries quantities between them, books, journals, samples."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, fields, is_dataclass
from itertools import repeat
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


class _Seat(NamedTuple):
    """A layer with what the loop looks up for it in every step, made ready once an advance.

    levels: levels taken as they are, by the layer that gives them: needs, names there, and what holds before there are
    any. gathered: all other needs with their wires. wakes: wires of the needs that wake the layer. arriving: rows whose
    amounts it takes. returned: what a cut transfer hands back, and the zeros it hands back else. gives: names, shapes.
    """

    position: int
    layer: Layer
    levels: tuple[tuple[str, tuple[str, ...], tuple[str, ...], dict[str, Array]], ...]
    gathered: tuple[tuple[str, tuple[Wire, ...]], ...]
    wakes: tuple[tuple[Wire, ...], ...]
    arriving: tuple[str, ...]
    returned: tuple[tuple[str, str, Array], ...]
    gives: tuple[tuple[str, tuple[int, ...]], ...]
    leaving: tuple[Wire, ...]


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
        seats = [_seat(position, layer, self.wiring, self.world) for position, layer in enumerate(self.wiring.layers)]
        for end_s in self.schedule.boundaries(self.state.now_s, until_s):
            self._step(seats, end_s)
            yield end_s

    def measure(self) -> dict[str, Array]:
        """Every declared series now: name -> array (municipality,)."""
        values: dict[str, Array] = {}
        for layer in self.wiring.layers:
            values.update(layer.measure(self.given[layer.name], self.state.layers[layer.name]))
        return values

    def _step(self, seats: Sequence[_Seat], end_s: int) -> None:
        state = self.state
        for seat in seats:
            if not self._due(seat, end_s):
                continue
            layer = seat.layer
            inputs = self._inputs(seat)
            start_s = state.last_s[layer.name]
            self._deliver(seat)
            clock = Clock(start_s, end_s - start_s, self.world.origin, self.chance)
            begun = time.perf_counter()
            self.busy = (layer.name, begun)
            result = self._call(layer, inputs, clock)
            self.layer_s[layer.name] += time.perf_counter() - begun
            self.busy = None
            self._accept(seat, result, inputs, clock)
        state.now_s = end_s
        state.step += 1
        state.last_event = self.journal.last

    def _due(self, seat: _Seat, end_s: int) -> bool:
        every_s = seat.layer.every_s
        if self.state.step == 0 or end_s // every_s > self.state.last_s[seat.layer.name] // every_s:
            return True
        return any(self._collect(wires).any() for wires in seat.wakes)

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

    def _inputs(self, seat: _Seat) -> dict[str, Array]:
        outputs = self.state.outputs
        inputs: dict[str, Array] = {}
        for source, needs, names, before in seat.levels:
            given = outputs.get(source)
            inputs.update(before if given is None else zip(needs, map(given.__getitem__, names)))
        for need, wires in seat.gathered:
            inputs[need] = self._collect(wires)
        returned = self.state.returned.get(seat.layer.name, NOTHING)
        for need, name, none in seat.returned:
            inputs[need] = returned.get(name, none)
        return inputs

    def _collect(self, wires: Sequence[Wire]) -> Array:
        if len(wires) == 1:
            return self._carried(wires[0])
        return np.sum([self._carried(wire) for wire in wires], axis=0)

    def _carried(self, wire: Wire) -> Array:
        if wire.cut:
            return wire.neutral
        if wire.amount:
            value = self.state.pending.get(wire.id)
        else:
            value = self.state.outputs.get(wire.source_layer, NOTHING).get(wire.name)
        if value is None:
            return wire.before
        return value if wire.carrier is None else self._through(wire, value)

    def _through(self, wire: Wire, value: Array) -> Array:
        """The carried value; an array object seen before has the same content and is not carried again."""
        known = self._carried_before.get(wire.id)
        if known is None or known[0] is not value:
            assert wire.carrier is not None
            known = (value, _readonly(wire.carrier(value)))
            self._carried_before[wire.id] = known
        return known[1]

    def _deliver(self, seat: _Seat) -> None:
        for row in seat.arriving:
            self.state.pending.pop(row, None)
        self.state.returned.pop(seat.layer.name, None)

    def _accept(self, seat: _Seat, result: Result, inputs: Mapping[str, Array], clock: Clock) -> None:
        state, layer, name = self.state, seat.layer, seat.layer.name
        state.outputs[name] = _checked_outputs(seat, result.outputs, state.outputs.get(name, NOTHING), clock)
        state.stocks[name] = ledger.check(layer, self.given[name], state.stocks[name], result, inputs, clock)
        state.layers[name] = freeze(result.state, state.layers[name])
        state.last_s[name] = clock.end_s
        for wire in seat.leaving:
            amount = result.outputs[wire.name]
            if not wire.cut:
                waiting = state.pending.get(wire.id)
                state.pending[wire.id] = amount if waiting is None else _readonly(waiting + amount)
            elif wire.link.transfer:
                state.returned.setdefault(name, {})[wire.name] = amount
        self.journal.write(state.step, seat.position, layer, result.events, clock.end_s)


def _seat(position: int, layer: Layer, wiring: Wiring, world: World) -> _Seat:
    feeds = wiring.feeds[layer.name]
    as_it_is: dict[str, list[Wire]] = {}
    for wires in feeds.values():
        if len(wires) == 1 and not (wires[0].cut or wires[0].amount) and wires[0].carrier is None:
            as_it_is.setdefault(wires[0].source_layer, []).append(wires[0])
    levels = tuple(
        (
            source,
            tuple(wire.needed.name for wire in wires),
            tuple(wire.name for wire in wires),
            {wire.needed.name: wire.before for wire in wires},
        )
        for source, wires in as_it_is.items()
    )
    plain = {need for _, needs, _, _ in levels for need in needs}
    stocked = [var for var in layer.gives if var.stock]
    return _Seat(
        position,
        layer,
        levels,
        tuple((need, wires) for need, wires in feeds.items() if need not in plain),
        tuple(feeds[need] for need in layer.wakes),
        tuple(wire.id for wires in feeds.values() for wire in wires if wire.amount),
        tuple((f"returned_{var.name}", var.name, _readonly(np.zeros(world.shape(var.on)))) for var in stocked),
        tuple((var.name, world.shape(var.on)) for var in layer.gives),
        wiring.leaving[layer.name],
    )


def _checked_outputs(
    seat: _Seat, outputs: Mapping[str, Array], before: Mapping[str, Array], clock: Clock
) -> dict[str, Array]:
    """What the layer declares to give, read-only; array objects it gave before were checked then."""
    checked = {}
    for name, shape in seat.gives:
        array = outputs.get(name)
        if array is None:
            raise StateError(f"layer {seat.layer.name} did not give '{name}' at T+{clock.end_s} s")
        if array is not before.get(name):
            if array.shape != shape or array.dtype != _FLOAT64:
                raise StateError(
                    f"layer {seat.layer.name}: '{name}' has shape {array.shape}, type {array.dtype} at "
                    f"T+{clock.end_s} s; declared: {shape}, float64"
                )
            array.setflags(write=False)
        checked[name] = array
    return checked


def _readonly(array: Array) -> Array:
    array.setflags(write=False)
    return array


_FLOAT64 = np.dtype(np.float64)
_PLAIN = (int, float, bool, str, type(None))


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
    elif is_dataclass(value):
        alike = type(before) is type(value) and len(before.__dict__) == len(value.__dict__)
        was: Iterable[Any] = before.__dict__.values() if alike else repeat(None)
        for item, old in zip(value.__dict__.values(), was, strict=alike):
            if item is old:
                continue
            if type(item) is np.ndarray:
                item.setflags(write=False)
            elif type(item) not in _PLAIN:
                freeze(item, old)
    elif isinstance(value, Mapping):
        for item in value.values():
            freeze(item)
    return value
