"""All that can be wrong with a scenario, told at once and without running it."""

from __future__ import annotations

import importlib
import importlib.util
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from scenarios.columns import OPTIONAL_TABLES
from scenarios.facts import PLACE, cut, load_facts
from scenarios.reading import nearest, parse_yaml, read_scenario, scenario_path
from scenarios.schema import Scenario
from scenarios.synthesis import build_world
from twin.errors import ParameterError, ScenarioError
from twin.params import load

LAYERS_FOLDER = Path(__file__).parents[1] / "layers"


def check(name_or_path: str | Path) -> list[str]:
    """Every problem of a scenario, one line each; empty when it can be run."""
    try:
        path = scenario_path(name_or_path)
        scenario = read_scenario(path)
    except ScenarioError as error:
        return str(error).splitlines()
    _, lines = parse_yaml(path)
    problems = [*_parameter_problems(scenario, lines, path), *_model_problems(scenario, lines, path)]
    problems += _cut_problems(scenario, lines, path)
    optional = [name for name in OPTIONAL_TABLES if (scenario.facts_folder / f"{name}.csv").is_file()]
    facts, found = load_facts(scenario.facts_folder, [*PLACE, *optional])
    problems += found
    if "municipality" in facts:
        problems += _area_problems(scenario, facts["municipality"]["code"].tolist(), lines, path)
    if not problems:
        try:
            build_world(scenario)
        except ScenarioError as error:
            problems += str(error).splitlines()
    return cut(problems)


def _parameter_problems(scenario: Scenario, lines: dict[tuple[Any, ...], int], path: Path) -> Iterator[str]:
    for dotted, value in scenario.set.items():
        layer, _, name = dotted.partition(".")
        file = LAYERS_FOLDER / layer / "params.toml"
        where = f"{path}:{lines.get(('set', dotted), 1)}: set.{dotted}: "
        try:
            if file.is_file():
                load(file).replace({name: value})
        except ParameterError as error:
            yield where + str(error)


def _model_problems(scenario: Scenario, lines: dict[tuple[Any, ...], int], path: Path) -> Iterator[str]:
    models = _declared("MODELS") if scenario.models else {}
    for layer, model in scenario.models.items():
        known = list(models.get(layer, ())) if models else [model]
        if model not in known:
            yield (
                f"{path}:{lines.get(('models', layer), 1)}: models.{layer}: no model '{model}'"
                f"{nearest(model, known)}; allowed: {', '.join(known) or 'none'}"
            )


def _cut_problems(scenario: Scenario, lines: dict[tuple[Any, ...], int], path: Path) -> Iterator[str]:
    rows = _declared("COUPLINGS") if scenario.cut else ()
    known = [name for row in rows for name in (row.id, f"{row.source}>{row.target}")]
    for number, name in enumerate(scenario.cut):
        if known and name not in known:
            yield (
                f"{path}:{lines.get(('cut', number), 1)}: cut.{number}: no coupling row '{name}'"
                f"{nearest(name, known)}; `twin couplings` lists them"
            )


def _declared(name: str) -> Any:
    """MODELS or COUPLINGS of the layers package, empty where the layers are not installed."""
    if importlib.util.find_spec("layers") is None:
        return {}
    layers = importlib.import_module("layers")
    found = getattr(layers, name, None)
    if found is None and importlib.util.find_spec("layers.couplings") is not None:
        found = getattr(importlib.import_module("layers.couplings"), name, None)
    return found if found is not None else {}


def _area_problems(
    scenario: Scenario, codes: list[str], lines: dict[tuple[Any, ...], int], path: Path
) -> Iterator[str]:
    """Areas scored by `twin validate` must be municipalities of the scenario."""
    known = [*codes, "all"]
    for number, scored in enumerate(scenario.scoring.quantities if scenario.scoring else ()):
        for area in (area for group in scored.areas for area in group):
            if area not in known:
                place = ("validate", "quantities", number, "areas")
                yield (
                    f"{path}:{lines.get(place, 1)}: validate.quantities.{number}.areas: unknown municipality "
                    f"'{area}'{nearest(area, known)}; allowed: 'all' and the codes of municipality.csv"
                )
