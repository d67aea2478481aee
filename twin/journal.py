"""The journal: events with the events that caused them.

A layer cites a cause as (quantity, row); the journal knows which event last changed that quantity there and
writes its id. Ids are made from (step, layer, k): unique within a member and the same after a resume.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from twin.contract import Event, Layer
from twin.errors import StateError
from twin.wiring import Wiring
from twin.world import World

_LAYER_BITS, _K_BITS = 4, 24
# Events of an order stand after all those of the step before and before those of the step to come: a bit above the
# eight layers in the number of the step before, with room for 2**14 events of each order.
_ORDERED, _ORDER_K_BITS = 8, 14
COLUMNS = ("id", "time_s", "layer", "kind", "quantity", "row", "amount", "causes", "args")
Line = tuple[int, int, int, str, str, int, float, tuple[int, ...], tuple]


@dataclass
class Journal:
    """Lines written so far, and for each (layer, quantity, row) the id of the event that last changed it."""

    wiring: Wiring
    last: dict[tuple[str, int], int] = field(default_factory=dict)
    lines: list[Line] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._own = {layer.name: {var.name for var in (*layer.gives, *layer.records)} for layer in self.wiring.layers}

    def write(
        self, step: int, position: int, layer: Layer, events: Sequence[Event], now_s: int, order: int | None = None
    ) -> None:
        """Append a layer's events of one step. Raises StateError for a quantity the layer did not declare.

        order: number of the order obeyed before the step, whose events these are; None for the step itself.
        """
        own = self._own[layer.name]
        after = (step + 1, position) if order is None else (step, position | _ORDERED)
        for k, event in enumerate(events, 0 if order is None else order << _ORDER_K_BITS):
            if event.quantity not in own:
                raise StateError(
                    f"layer {layer.name} writes an event on '{event.quantity}', which it neither gives nor records"
                )
            number = ((after[0] << _LAYER_BITS) | after[1]) << _K_BITS | k
            causes = self._resolve(layer, event.causes)
            time_s = now_s if event.time_s < 0 else int(event.time_s)
            self.lines.append(
                (
                    number,
                    time_s,
                    position,
                    event.kind,
                    event.quantity,
                    int(event.row),
                    float(event.amount),
                    causes,
                    event.args,
                )
            )
            self.last[(f"{layer.name}.{event.quantity}", int(event.row))] = number

    def _resolve(self, layer: Layer, causes: Sequence[tuple[str, int]]) -> tuple[int, ...]:
        found = []
        for quantity, row in causes:
            number = self._cause(layer, quantity, int(row))
            if number is not None and number not in found:
                found.append(number)
        return tuple(found)

    def _cause(self, layer: Layer, quantity: str, row: int) -> int | None:
        if quantity in self._own[layer.name]:
            return self.last.get((f"{layer.name}.{quantity}", row), self.last.get((f"{layer.name}.{quantity}", -1)))
        wires = self.wiring.feeds[layer.name].get(quantity)
        if wires is None:
            raise StateError(f"layer {layer.name} cites '{quantity}', which is neither its need nor its own quantity")
        for wire in wires:
            if wire.cut:
                continue
            source_row = row if wire.carrier is None or row < 0 else wire.carrier.dominant(row)
            number = self.last.get((wire.link.source, source_row), self.last.get((wire.link.source, -1)))
            if number is not None:
                return number
        return None


def subjects(
    world: World, on: Mapping[str, str], lines: Sequence[Line], names: Sequence[str]
) -> tuple[list[str], list[str]]:
    """Id and municipality code of the entity each line is about (empty subject and `all` for the whole region).

    on: `layer.quantity` -> index set; names: layer names by position.
    """
    codes = world["municipality"].ids
    ids_of: dict[str, np.ndarray] = {}
    town_of: dict[str, np.ndarray] = {}
    subject, area = [], []
    for line in lines:
        where, row = on[f"{names[line[2]]}.{line[4]}"].partition("*")[0], line[5]
        if where not in ids_of:
            ids_of[where], town_of[where] = world[where].ids, world.municipality_of(where)
        subject.append(str(ids_of[where][row]) if row >= 0 else "")
        town = int(town_of[where][row]) if row >= 0 else -1
        area.append(str(codes[town]) if town >= 0 else "all")
    return subject, area
