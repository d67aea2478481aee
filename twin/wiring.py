"""Checks layers, coupling rows and world against each other before the first step, and prepares the rows for the loop.

All problems are found in one pass and reported together, each with its cure.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches

import numpy as np

from twin.contract import Layer, Link, Var
from twin.errors import WiringError
from twin.units import SUFFIXES
from twin.world import Carrier, World

Array = np.ndarray


@dataclass(frozen=True)
class Wire:
    """A coupling row made ready: its variables, carrier, and the constant arrays it may feed.

    id, source_layer, name, amount: of the row and of what it carries, kept at hand for the loop.
    """

    link: Link
    given: Var
    needed: Var
    carrier: Carrier | None
    neutral: Array
    before: Array
    cut: bool
    id: str
    source_layer: str
    name: str
    amount: bool


@dataclass(frozen=True)
class Wiring:
    """Layers in their fixed order and the wires that feed each need: `feeds[layer][need]`."""

    layers: tuple[Layer, ...]
    feeds: Mapping[str, Mapping[str, tuple[Wire, ...]]]
    leaving: Mapping[str, tuple[Wire, ...]]  # source layer -> wires that carry amounts


def select_cuts(links: Sequence[Link], cuts: Sequence[str]) -> frozenset[str]:
    """Ids of the rows named by `cuts`: a row id, `layer.quantity>layer.quantity`, or `layer>layer` for a whole pair.

    Raises WiringError naming every text that fits no row, with the nearest row id.
    """
    chosen: set[str] = set()
    unknown = []
    for cut in cuts:
        hits = {
            link.id
            for link in links
            if cut in (link.id, f"{link.source}>{link.target}", f"{link.source_layer}>{link.target_layer}")
        }
        if not hits:
            near = get_close_matches(cut, [link.id for link in links], n=1)
            unknown.append(f"  '{cut}'" + (f": did you mean '{near[0]}'?" if near else ""))
        chosen |= hits
    if unknown:
        raise WiringError("no coupling row named\n" + "\n".join(unknown) + "\nSee `twin couplings` for all rows.")
    return frozenset(chosen)


def connect(layers: Sequence[Layer], links: Sequence[Link], world: World, cuts: Sequence[str] = ()) -> Wiring:
    """Check everything and return the wiring. Raises WiringError listing every problem at once."""
    problems = list(find_problems(layers, links, world))
    if problems:
        raise WiringError(
            f"{len(problems)} wiring problems:\n"
            + "\n".join("  " + problem for problem in problems)
            + "\nRows stand in layers/couplings.py, needs and gives in each layer's __init__.py."
        )
    cut_ids = select_cuts(links, cuts)
    by_name = {layer.name: layer for layer in layers}
    feeds: dict[str, dict[str, list[Wire]]] = {layer.name: {} for layer in layers}
    leaving: dict[str, list[Wire]] = {layer.name: [] for layer in layers}
    for link in links:
        wire = _make_wire(link, by_name, world, link.id in cut_ids)
        feeds[link.target_layer].setdefault(wire.needed.name, []).append(wire)
        if wire.amount:
            leaving[link.source_layer].append(wire)
    return Wiring(
        tuple(layers),
        {name: {need: tuple(wires) for need, wires in rows.items()} for name, rows in feeds.items()},
        {name: tuple(wires) for name, wires in leaving.items()},
    )


def find_problems(layers: Sequence[Layer], links: Sequence[Link], world: World) -> list[str]:
    """Every way in which layers, rows and world do not fit, as sentences; empty when all is well."""
    order = {layer.name: position for position, layer in enumerate(layers)}
    problems = [problem for layer in layers for problem in _layer_problems(layer, world)]
    seen: set[str] = set()
    for link in links:
        if link.id in seen:
            problems.append(f"row id '{link.id}' stands twice")
        seen.add(link.id)
        problems += _link_problems(link, {layer.name: layer for layer in layers}, order, world)
    fed: dict[str, list[Link]] = {}
    for link in links:
        fed.setdefault(link.target, []).append(link)
    for layer in layers:
        for need in layer.needs:
            rows = fed.get(f"{layer.name}.{need.name}", [])
            if not rows:
                problems.append(
                    f"{layer.name}.{need.name} [{need.unit}, on {need.on}] has no source: add a row ({need.doc})"
                )
            if len(rows) > 1 and need.kind == "level":
                problems.append(f"{layer.name}.{need.name} is a level fed by {len(rows)} rows; only amounts add up")
    return problems


def _layer_problems(layer: Layer, world: World) -> list[str]:
    problems = []
    for var in (*layer.needs, *layer.gives):
        place = f"{layer.name}.{var.name}"
        if var.unit not in SUFFIXES:
            problems.append(f"{place}: unknown unit '{var.unit}'; known: {', '.join(SUFFIXES)}")
        if var.kind not in ("level", "amount"):
            problems.append(f"{place}: kind '{var.kind}' is neither level nor amount")
        problems += [
            f"{place}: index set '{part}' is not in world '{world.name}'"
            for part in var.on.split("*")
            if part not in world
        ]
    for name, count in _counts([var.name for var in layer.gives]).items():
        if count > 1:
            problems.append(f"{layer.name} gives '{name}' twice")
    problems += [
        f"{layer.name} wakes on '{wake}', which it does not need"
        for wake in layer.wakes
        if wake not in _names(layer.needs)
    ]
    stocks = {stock.name for stock in layer.stocks}
    problems += [
        f"{layer.name}.{var.name}: stock '{var.stock}' is not declared"
        for var in (*layer.needs, *layer.gives)
        if var.stock and var.stock not in stocks
    ]
    return problems


def _link_problems(link: Link, layers: Mapping[str, Layer], order: Mapping[str, int], world: World) -> list[str]:
    given = _find(link.source, layers, "gives")
    needed = _find(link.target, layers, "needs")
    if isinstance(given, str) or isinstance(needed, str):
        return [f"row '{link.id}': {text}" for text in (given, needed) if isinstance(text, str)]
    problems = []
    if given.unit != needed.unit or given.kind != needed.kind:
        problems.append(f"{given.unit}/{given.kind} does not fit {needed.unit}/{needed.kind}")
    if link.carrier is None and given.on != needed.on:
        problems.append(f"on {given.on} but needed on {needed.on}: name a carrier")
    if link.carrier is not None:
        carrier = world.carriers.get(link.carrier)
        if carrier is None:
            problems.append(f"no carrier '{link.carrier}' in world '{world.name}'")
        elif (carrier.source, carrier.target) != (given.on, needed.on):
            problems.append(
                f"carrier '{link.carrier}' maps {carrier.source} to {carrier.target}, not {given.on} to {needed.on}"
            )
    backward = order[link.source_layer] >= order[link.target_layer]
    if backward and not (link.lag and (link.before is not None or given.kind == "amount")):
        problems.append("runs against the layer order: needs lag=True and a value `before` the first step")
    if not backward and link.lag:
        problems.append("runs with the layer order: must not be lagged")
    if link.transfer and not (given.stock and needed.stock and given.kind == "amount"):
        problems.append("a transfer needs an amount with a stock on both sides")
    if isinstance(link.neutral, str) and link.neutral not in world.arrays:
        problems.append(f"neutral '{link.neutral}' is not an array of world '{world.name}'")
    if not link.reason:
        problems.append("has no reason")
    return [f"row '{link.id}': {problem}" for problem in problems]


def _find(path: str, layers: Mapping[str, Layer], side: str) -> Var | str:
    layer, _, name = path.partition(".")
    if layer not in layers:
        return f"no layer '{layer}'"
    for var in getattr(layers[layer], side):
        if var.name == name:
            return var
    return f"layer '{layer}' has no '{name}' among what it {side}"


def _make_wire(link: Link, layers: Mapping[str, Layer], world: World, cut: bool) -> Wire:
    given, needed = _find(link.source, layers, "gives"), _find(link.target, layers, "needs")
    assert isinstance(given, Var)
    assert isinstance(needed, Var)
    shape = world.shape(needed.on)
    neutral = world.arrays[link.neutral] if isinstance(link.neutral, str) else np.full(shape, float(link.neutral))
    before = np.full(shape, 0.0 if link.before is None else link.before)
    for array in (neutral, before):
        array.setflags(write=False)
    carrier = world.carriers[link.carrier] if link.carrier else None
    return Wire(
        link,
        given,
        needed,
        carrier,
        neutral,
        before,
        cut,
        link.id,
        link.source_layer,
        given.name,
        given.kind == "amount",
    )


def _names(variables: Sequence[Var]) -> set[str]:
    return {var.name for var in variables}


def _counts(names: Sequence[str]) -> dict[str, int]:
    return {name: names.count(name) for name in names}
