"""Reading a scenario file: every mistake in it is collected and told with file, line and the nearest valid name."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import datetime
from difflib import get_close_matches
from pathlib import Path
from typing import Any, get_args

import yaml
from pydantic import BaseModel, ValidationError

from scenarios.schema import Scenario
from twin.errors import ScenarioError

HERE = Path(__file__).parent
FILE = "scenario.yaml"
Place = tuple[Any, ...]


def scenario_names() -> list[str]:
    """Names of the scenarios that come with the project."""
    return sorted(folder.name for folder in HERE.iterdir() if (folder / FILE).is_file())


def scenario_path(name_or_path: str | Path) -> Path:
    """File of a shipped scenario or of a YAML file. Raises ScenarioError with the nearest name."""
    text = str(name_or_path)
    if text in scenario_names():
        return HERE / text / FILE
    path = Path(name_or_path)
    if path.is_dir() and (path / FILE).is_file():
        return path / FILE
    if path.is_file():
        return path
    if path.suffix in (".yaml", ".yml") or path.parent != Path():
        raise ScenarioError(f"{path}: no such scenario file; shipped scenarios: {', '.join(scenario_names())}")
    raise ScenarioError(f"no scenario '{text}'{nearest(text, scenario_names())}; `twin scenarios` lists them")


def read_scenario(name_or_path: str | Path) -> Scenario:
    """Read and check one scenario. Raises ScenarioError that lists every problem found, one per line."""
    path = scenario_path(name_or_path)
    data, lines = parse_yaml(path)
    problems = _zone_problems(data, lines, path)
    scenario = None
    try:
        scenario = Scenario.model_validate({**data, "path": path})
    except ValidationError as error:
        told_start = bool(problems)
        problems += [
            told
            for item, told in zip(error.errors(), pydantic_problems(error, Scenario, str(path), lines))
            if not (told_start and item["loc"][:1] == ("start",))
        ]
    if scenario is not None:
        problems += list(_schedule_problems(scenario, lines, path))
    if problems or scenario is None:
        raise ScenarioError("\n".join(problems))
    return scenario


def json_schema() -> dict[str, Any]:
    """JSON schema of a scenario file, as `twin schema` prints it."""
    schema = Scenario.model_json_schema(by_alias=True)
    schema["properties"].pop("path", None)
    return schema


def nearest(name: str, known: list[str] | tuple[str, ...]) -> str:
    """`; did you mean 'x'?` or nothing."""
    near = get_close_matches(name, list(known), n=1)
    return f"; did you mean '{near[0]}'?" if near else ""


def parse_yaml(path: Path) -> tuple[dict[str, Any], dict[Place, int]]:
    """Content of a YAML file and the line of every field. Raises ScenarioError for text that is no YAML."""
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise ScenarioError(f"{path}: cannot read: {error}") from None
    lines: dict[Place, int] = {}
    doubled: list[str] = []
    try:
        data = _composed(text, lines, doubled)
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        raise ScenarioError(f"{path}:{line}: this is not valid YAML: {error.problem}") from None
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        raise ScenarioError(f"{path}: this is not valid YAML: {error}") from None
    if doubled:
        raise ScenarioError("\n".join(f"{path}:{item}" for item in doubled))
    if not isinstance(data, dict):
        raise ScenarioError(f"{path}:1: a scenario file is a list of `field: value` lines, not {type(data).__name__}")
    return data, lines


def _composed(text: str, lines: dict[Place, int], doubled: list[str]) -> Any:
    """Content of a YAML text; fills the line of every field and the fields that stand twice."""
    loader = yaml.SafeLoader(text)
    try:
        node = loader.get_single_node()
        if isinstance(node, yaml.MappingNode):
            _note_lines(node, (), lines, doubled)
        return loader.construct_document(node) if node is not None else None
    finally:
        loader.dispose()


def _note_lines(node: yaml.Node, place: Place, lines: dict[Place, int], doubled: list[str]) -> None:
    lines[place] = node.start_mark.line + 1
    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            here = (*place, str(key.value))
            if here in lines:
                doubled.append(f"{key.start_mark.line + 1}: {_dotted(here)}: stands twice in the same block")
            _note_lines(value, here, lines, doubled)
            lines[here] = key.start_mark.line + 1
    elif isinstance(node, yaml.SequenceNode):
        for number, value in enumerate(node.value):
            _note_lines(value, (*place, number), lines, doubled)


def _dotted(place: Place) -> str:
    return ".".join(str(part) for part in place if part != "[key]") or "scenario"


def _line(place: Place, lines: dict[Place, int]) -> int:
    while place and place not in lines:
        place = place[:-1]
    return lines.get(place, 1)


def _zone_problems(data: dict[str, Any], lines: dict[Place, int], path: Path) -> list[str]:
    start = data.get("start")
    zoneless = isinstance(start, datetime) and start.tzinfo is None
    zoneless |= isinstance(start, str) and start.count(":") in (1, 2) and "+" not in start and "Z" not in start
    if not zoneless:
        return []
    return [
        f"{path}:{_line(('start',), lines)}: start: the time zone is missing, '{start}'; "
        "write it like 2026-07-28T16:27:00+09:00"
    ]


def pydantic_problems(
    error: ValidationError, model: type[BaseModel], path: str, lines: dict[Place, int] | None = None
) -> list[str]:
    """One line for each problem of a validation: where it stands, what is wrong, the nearest valid name.

    lines: line of every field, for files; without it the path alone names the origin.
    """
    return [_told(item, model, path, lines) for item in error.errors()]


def _told(item: Any, model: type[BaseModel], path: str, lines: dict[Place, int] | None) -> str:
    place = tuple(part for part in item["loc"] if part != "[key]")
    line = f":{_line(place, lines)}" if lines is not None else ""
    where = f"{path}{line}: {_dotted(place)}: "
    value = item.get("input")
    shown = "" if isinstance(value, dict | list) else f", '{value}'"
    if item["type"] == "extra_forbidden":
        known = _fields_at(model, place[:-1])
        return f"{where}unknown field{nearest(str(place[-1]), known)}; known fields: {', '.join(known)}"
    if item["type"] == "missing":
        return f"{where}this field is required and missing"
    if item["type"] == "literal_error":
        allowed = str(item["ctx"]["expected"]).replace("'", "").replace(" or ", ", ").split(", ")
        return f"{where}value not allowed{shown}; allowed: {', '.join(allowed)}{nearest(str(value), allowed)}"
    message = item["msg"].removeprefix("Value error, ")
    hint = ""
    if "no layer" in message:
        name = str(value).partition(".")[0]
        hint = nearest(name, message.partition("layers are ")[2].split(", "))
    return f"{where}{message}{shown}{hint}"


def _fields_at(model: Any, place: Place) -> list[str]:
    for part in place:
        if isinstance(part, int):
            continue
        fields = {(field.alias or name): field for name, field in model.model_fields.items()}
        if part not in fields:
            return []
        model = next(_models_in(fields[part].annotation), None)
        if model is None:
            return []
    return [field.alias or name for name, field in model.model_fields.items() if name != "path"]


def _models_in(annotation: Any) -> Iterator[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
        return
    for part in get_args(annotation):
        yield from _models_in(part)


def _schedule_problems(scenario: Scenario, lines: dict[Place, int], path: Path) -> Iterator[str]:
    begin_s = 0
    for number, step in enumerate(scenario.schedule):
        where = f"{path}:{_line(('schedule', number), lines)}: schedule.{number}: "
        if step.until <= begin_s:
            yield f"{where}'until' must grow from row to row, {step.until} s is not after {begin_s} s"
        elif (step.until - begin_s) % step.step_s:
            yield f"{where}{step.step_s} s steps do not fill the time from {begin_s} s to {step.until} s"
        begin_s = max(begin_s, step.until)


def schema_text() -> str:
    """The JSON schema as indented text."""
    return json.dumps(json_schema(), ensure_ascii=False, indent=2)
