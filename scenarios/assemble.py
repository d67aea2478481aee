"""Puts a twin together: layers chosen by the scenario, coupling rows, world, parameters of one member."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from difflib import get_close_matches
from typing import Any

import layers
from layers.couplings import COUPLINGS, ORDER
from twin import params as parameters
from twin.chance import Chance
from twin.contract import Layer
from twin.errors import ScenarioError
from twin.params import Params
from twin.run import Schedule, Twin
from twin.wiring import connect
from twin.world import World


def chosen_layers(models: Mapping[str, str]) -> tuple[Layer, ...]:
    """The eight layers in their fixed order, with the models a scenario names."""
    return tuple(layers.choose(name, models.get(name)) for name in ORDER)


def member_params(chosen: Sequence[Layer], settings: Mapping[str, Any], seed: int, member: int) -> dict[str, Params]:
    """Parameters of one member: values of the tables, drawn over their range for members above 0, then `settings`.

    settings: `layer.parameter` -> value. Raises ScenarioError or ParameterError naming the nearest valid name.
    """
    result = {}
    by_layer = _by_layer(settings, [layer.name for layer in chosen])
    for layer in chosen:
        table = parameters.load(layer.params_file)
        if member > 0:
            table = table.draw(layer.name, Chance(seed, member))
        result[layer.name] = table.replace(by_layer.get(layer.name, {}), where=f"{layer.name}: ")
    return result


def assemble(
    world: World,
    schedule: Schedule,
    seed: int,
    member: int = 0,
    models: Mapping[str, str] | None = None,
    settings: Mapping[str, Any] | None = None,
    cuts: Sequence[str] = (),
) -> Twin:
    """A twin at time 0, wired and checked. Raises WiringError, ScenarioError or ParameterError."""
    chosen = chosen_layers(models or {})
    wiring = connect(chosen, COUPLINGS, world, cuts)
    params = member_params(chosen, settings or {}, seed, member)
    return Twin.begin(world, wiring, schedule, Chance(seed, member), params)


def _by_layer(settings: Mapping[str, Any], names: Sequence[str]) -> dict[str, dict[str, Any]]:
    result: dict[str, dict[str, Any]] = {}
    for path, value in settings.items():
        layer, dot, name = path.partition(".")
        if layer not in names or not dot:
            near = get_close_matches(layer, list(names), n=1)
            hint = f"; did you mean '{near[0]}.{name}'?" if near else f"; layers: {', '.join(names)}"
            raise ScenarioError(f"'{path}' is not `layer.parameter`{hint}")
        result.setdefault(layer, {})[name] = value
    return result
