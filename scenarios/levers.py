"""Pulls the levers of a countermeasure while a member runs: parameters are swapped, orders handed to their layer."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from scenarios.countermeasures import Pull, parse, resolve
from scenarios.schema import Scenario
from twin.contract import Order
from twin.run import Twin


class Act(NamedTuple):
    """Something done at a boundary: `pull` begins, or (`ends`) is taken back."""

    at_s: int
    number: int
    pull: Pull
    ends: bool


class Levers:
    """The levers of one running member.

    What is done at a boundary is done after its snapshot and before the next step. Parameters stand outside the
    state, so a restored twin gets back those swapped earlier (`catch_up`); orders obeyed earlier lie in the state.
    """

    def __init__(self, twin: Twin, countermeasures: Sequence[Mapping[str, Any]], scenario: Scenario):
        self.twin, self._acts, self._next = twin, _acts(twin, countermeasures, scenario), 0
        layers = {act.pull.layer for act in self._acts}
        self._usual = {layer: twin.given[layer].params for layer in layers}

    def catch_up(self) -> None:
        """Bring parameters to where the twin's clock stands; nothing due now is done yet."""
        while self._next < len(self._acts) and self._acts[self._next].at_s < self.twin.state.now_s:
            self._swap(self._acts[self._next])
            self._next += 1

    def pull(self) -> None:
        """Do everything that is due at the twin's clock."""
        while self._next < len(self._acts) and self._acts[self._next].at_s <= self.twin.state.now_s:
            act = self._acts[self._next]
            self._next += 1
            if act.pull.lever.target:
                self._swap(act)
            else:
                value = np.nan if act.ends else act.pull.value
                order = Order(act.pull.id, act.pull.lever.name, act.pull.rows, value)
                self.twin.obey(act.pull.layer, order, act.number)

    def _swap(self, act: Act) -> None:
        """Swap a parameter, or give it back its usual value."""
        name = act.pull.lever.target
        if name:
            usual = self._usual[act.pull.layer][name]
            self.twin.set_params(act.pull.layer, {name: usual if act.ends else act.pull.value})


def _acts(twin: Twin, countermeasures: Sequence[Mapping[str, Any]], scenario: Scenario) -> list[Act]:
    """Beginnings and ends by time; an instant between two boundaries acts at the one before it."""
    times: list[tuple[int, Pull, bool]] = []
    for one in countermeasures:
        record, from_s = parse(one["record"]), int(one["from_s"])
        for pull in resolve(record, scenario, twin.world, twin.wiring.layers, from_s):
            times.append((max(twin.schedule.floor(pull.at_s), from_s), pull, False))
            if pull.until_s >= 0:
                times.append((twin.schedule.floor(pull.until_s), pull, True))
    taken: Counter[int] = Counter()
    acts = []
    for at_s, pull, ends in sorted(times, key=_order):
        acts.append(Act(at_s, taken[at_s], pull, ends))
        taken[at_s] += 1
    return acts


def _order(act: tuple[int, Pull, bool]) -> tuple[int, bool]:
    """By time; what ends goes before what begins; else in the order of the files."""
    return act[0], not act[2]
