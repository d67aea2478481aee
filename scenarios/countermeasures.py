"""Countermeasures: typed, timed records of what is ordered, by whom and why; checked, and turned into orders.

A file names levers of the layers (`twin levers`), when each is pulled, where, and how far.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from math import isfinite
from pathlib import Path
from typing import Annotated, Any, Literal

import numpy as np
from pydantic import Field, PlainValidator, ValidationError, WithJsonSchema, field_validator

from scenarios.reading import nearest, parse_yaml, pydantic_problems, scenario_path
from scenarios.schema import Name, Scenario, Strict, duration_s
from twin.contract import Layer, Lever
from twin.errors import ScenarioError
from twin.params import load
from twin.world import World

Array = np.ndarray
MOST_MEASURES, MOST_AREAS = 100, 10_000
MOST_UNKNOWN, LONGEST_ID = 20, 120  # areas told one by one, and how much of each
EVERYWHERE = "all"
SHIPPED = "countermeasures"  # folder beside a scenario's file


def _instant(value: Any) -> int | str:
    """A duration in seconds, or an instant with its zone in ISO 8601."""
    text = isinstance(value, str) and ("T" in value or ":" in value)
    instant = datetime.fromisoformat(value) if text else value
    if not isinstance(instant, datetime):
        return duration_s(value)
    if instant.tzinfo is None:
        raise ValueError("an instant needs its zone, like 2026-07-28T22:00:00+09:00; or write a duration like 8h")
    return instant.isoformat()


Instant = Annotated[
    int | str,
    PlainValidator(_instant),
    WithJsonSchema({"anyOf": [{"type": "integer", "minimum": 0}, {"type": "string"}]}),
]


class Measure(Strict):
    """One lever pulled: which, when, where, how far, by whom and why."""

    lever: str = Field(
        pattern=r"^[a-z]+[.][a-z][a-z0-9_]*$", max_length=80, description="layer.lever, see `twin levers`"
    )
    at: Instant | None = Field(None, description="since the start (8h) or an instant with its zone; default: the fork")
    until: Instant | None = Field(None, description="when it is taken back; for levers that can be")
    areas: list[str] = Field(
        default_factory=list, max_length=MOST_AREAS, description="ids the lever acts on, town codes, or `all`"
    )
    value: float = Field(description="in the lever's unit, within its range")
    owner: str | None = Field(None, description="who orders it; must be the lever's owner")
    reason: str = Field("", max_length=2000)

    @field_validator("value")
    @classmethod
    def _number(cls, value: float) -> float:
        if not isfinite(value):
            raise ValueError("must be a number")
        return value


class Countermeasure(Strict):
    """What a decision maker orders, as one record with a name and a reason; no measures = nothing is changed."""

    countermeasure: Literal[1] = Field(1, description="version of the format")
    name: Name
    title_ja: str = Field("", max_length=200)
    title_en: str = Field("", max_length=200)
    reason: str = Field("", max_length=2000)
    measures: list[Measure] = Field(default_factory=list, max_length=MOST_MEASURES)


@dataclass(frozen=True)
class Pull:
    """A measure made ready: the lever it pulls, from when to when (seconds; -1: for good), on which rows, how far."""

    id: str
    layer: str
    lever: Lever
    at_s: int
    until_s: int
    rows: Array
    value: float


def parse(data: Mapping[str, Any], where: str = "countermeasure") -> Countermeasure:
    """A countermeasure out of plain data. Raises ScenarioError with every problem, one a line."""
    try:
        return Countermeasure.model_validate(dict(data))
    except ValidationError as error:
        raise ScenarioError("\n".join(pydantic_problems(error, Countermeasure, where))) from None


def read(path: Path) -> Countermeasure:
    """A countermeasure out of a YAML or JSON file. Raises ScenarioError naming file, line and field."""
    data, lines = parse_yaml(path)
    try:
        return Countermeasure.model_validate(data)
    except ValidationError as error:
        raise ScenarioError("\n".join(pydantic_problems(error, Countermeasure, str(path), lines))) from None


def read_candidates(path: Path) -> list[Countermeasure]:
    """Several countermeasures: every file of a folder, or the list `candidates:` of one file.

    Raises ScenarioError for a name that stands twice, and as `read`.
    """
    if path.is_dir():
        files = sorted(file for file in path.iterdir() if file.suffix in (".yaml", ".yml", ".json"))
        found = [read(file) for file in files]
    else:
        data, _ = parse_yaml(path)
        rows = data.get("candidates")
        if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
            raise ScenarioError(f"{path}: candidates: give a list of countermeasures, or a folder of files")
        found = [parse(row, f"{path}: candidates.{number}") for number, row in enumerate(rows)]
    names = [one.name for one in found]
    doubled = sorted({name for name in names if names.count(name) > 1})
    if doubled or not found:
        raise ScenarioError(f"{path}: " + (f"the name '{doubled[0]}' stands twice" if doubled else "no countermeasure"))
    return found


def shipped(scenario: str) -> dict[str, Countermeasure]:
    """The countermeasures that come with a scenario, by name; empty where none do."""
    folder = scenario_path(scenario).parent / SHIPPED
    return {one.name: one for one in read_candidates(folder)} if folder.is_dir() else {}


def json_schema() -> dict[str, Any]:
    """JSON schema of a countermeasure file."""
    return Countermeasure.model_json_schema()


def problems(measure: Countermeasure, scenario: Scenario, at_s: int | None = None) -> list[str]:
    """Everything that keeps a countermeasure from being carried out, one line each; empty when it can be.

    at_s: moment of the fork; measures may not begin before it.
    """
    from scenarios.assemble import chosen_layers
    from scenarios.synthesis import build_world

    layers = chosen_layers({str(name): model for name, model in scenario.models.items()})
    return list(_problems(measure, scenario, build_world(scenario), layers, at_s or 0))


def resolve(
    measure: Countermeasure, scenario: Scenario, world: World, layers: tuple[Layer, ...], at_s: int = 0
) -> list[Pull]:
    """The pulls of a countermeasure, by time. Raises ScenarioError with every problem, one a line."""
    found = list(_problems(measure, scenario, world, layers, at_s))
    if found:
        raise ScenarioError("\n".join(found))
    pulls = [
        Pull(
            f"{measure.name}/{number}",
            row.lever.partition(".")[0],
            lever,
            second_of(row.at, scenario, at_s),
            second_of(row.until, scenario, -1),
            _rows(row, lever, world)[0],
            row.value,
        )
        for number, row, lever in _with_levers(measure, layers)
        if lever is not None
    ]
    return sorted(pulls, key=lambda pull: pull.at_s)


def _with_levers(measure: Countermeasure, layers: tuple[Layer, ...]) -> Iterator[tuple[int, Measure, Lever | None]]:
    known = {f"{layer.name}.{lever.name}": lever for layer in layers for lever in layer.levers}
    for number, row in enumerate(measure.measures):
        yield number, row, known.get(row.lever)


def second_of(instant: Instant | None, scenario: Scenario, otherwise: int) -> int:
    """Seconds since the start of the scenario."""
    if instant is None:
        return otherwise
    if isinstance(instant, int):
        return instant
    return round((datetime.fromisoformat(instant) - scenario.start).total_seconds())


def _problems(
    measure: Countermeasure, scenario: Scenario, world: World, layers: tuple[Layer, ...], at_s: int
) -> Iterator[str]:
    known = [f"{layer.name}.{lever.name}" for layer in layers for lever in layer.levers]
    for number, row, lever in _with_levers(measure, layers):
        where = f"{measure.name}: measures.{number}: "
        if lever is None:
            yield f"{where}lever: there is no '{row.lever}'{nearest(row.lever, known)}; `twin levers` lists them"
            continue
        if not lever.low <= row.value <= lever.high:
            allowed = f"{lever.low:g} to {lever.high:g} {lever.unit}"
            yield f"{where}value: {row.value:g} lies outside {allowed} of {row.lever}"
        if lever.target:
            yield from _outside_parameter(row, lever, layers, where)
        if row.owner not in (None, lever.owner):
            yield f"{where}owner: '{row.owner}' may not order {row.lever}; its owner is {lever.owner}"
        begin_s, end_s = second_of(row.at, scenario, at_s), second_of(row.until, scenario, -1)
        if begin_s < at_s:
            yield f"{where}at: T+{begin_s} s lies before the fork at T+{at_s} s; what has happened cannot be changed"
        if lever.prepares and begin_s > 0:
            yield f"{where}at: {row.lever} is decided before the event; pull it from the start (`twin run --apply`)"
        if row.until is not None and end_s <= begin_s:
            yield f"{where}until: T+{end_s} s is not after the beginning at T+{begin_s} s"
        if row.until is not None and not (lever.target or lever.withdraws):
            yield f"{where}until: {row.lever} cannot be taken back; leave `until` out"
        for text in _rows(row, lever, world)[1]:
            yield f"{where}areas: {text}"


def _outside_parameter(row: Measure, lever: Lever, layers: tuple[Layer, ...], where: str) -> Iterator[str]:
    """A parameter lever's value against the parameter's own range."""
    layer = next(layer for layer in layers if layer.name == row.lever.partition(".")[0])
    parameter = load(layer.params_file).rows[lever.target]
    low, high = parameter.low, parameter.high
    if low is not None and high is not None and not low <= row.value <= high:
        yield f"{where}value: {row.value:g} lies outside {low:g} to {high:g}, the range of {lever.target}"


def _rows(row: Measure, lever: Lever, world: World) -> tuple[Array, list[str]]:
    """Row numbers on the lever's index set, and what is wrong with the areas."""
    none = np.empty(0, np.int64)
    if lever.target or lever.on in ("", "region"):
        return none, [f"{row.lever} acts on the whole region; leave `areas` out"] if row.areas not in (
            [],
            ["all"],
        ) else []
    if not row.areas:
        return none, [f"{row.lever} acts on {lever.on}: name ids, town codes, or all"]
    if row.areas == [EVERYWHERE]:
        return np.arange(len(world[lever.on])), []
    ids = {name: number for number, name in enumerate(world[lever.on].ids.tolist())}
    towns = {code: number for number, code in enumerate(world["municipality"].ids.tolist())}
    of_town = world.municipality_of(lever.on)
    found, unknown = [none], []
    for area in row.areas:
        if area in ids:
            found.append(np.array([ids[area]]))
        elif area in towns:
            found.append(np.flatnonzero(of_town == towns[area]))
        else:
            unknown.append(area[:LONGEST_ID])
    return np.unique(np.concatenate(found)), list(_unknown(unknown, lever.on, [*ids, *towns]))


def _unknown(areas: list[str], on: str, known: list[str]) -> Iterator[str]:
    """What is wrong with areas nobody knows. One near name is looked up: among thousands of ids that takes long."""
    for number, area in enumerate(areas[:MOST_UNKNOWN]):
        yield f"'{area}' is no {on} and no town code{'' if number else nearest(area, known)}"
    if len(areas) > MOST_UNKNOWN:
        yield f"{len(areas) - MOST_UNKNOWN} more are neither"
