"""Reading the fact tables of a scenario: text in, typed columns out, every mistake told with file, line and column.

Strings stay strings (codes keep leading zeros); a blank number reads as NaN and never as 0.
"""

from __future__ import annotations

import csv
import math
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np

from scenarios import rain_places
from scenarios.columns import MAY_BE_EMPTY, OPTIONAL_TABLES, PLACE_TABLES, TABLES, UNIQUE, Column
from scenarios.reading import nearest
from twin.errors import ScenarioError

Array = np.ndarray
RULES = {**TABLES, **PLACE_TABLES, **OPTIONAL_TABLES}
PLACE = (*TABLES, *PLACE_TABLES)  # what a world is made of
MAX_TOLD = 200  # problems listed before the rest is only counted


@dataclass(frozen=True)
class FactTable:
    """One fact table: columns by name (text as str, numbers as float64, instants as objects) and line numbers."""

    name: str
    path: Path
    columns: Mapping[str, Array]
    lines: Array

    def __len__(self) -> int:
        return len(self.lines)

    def __getitem__(self, column: str) -> Array:
        try:
            return self.columns[column]
        except KeyError:
            known = sorted(self.columns)
            raise ScenarioError(f"{self.path}: no column '{column}'{nearest(column, known)}") from None

    def __contains__(self, column: str) -> bool:
        return column in self.columns


def read_facts(folder: Path, tables: Iterable[str] = PLACE) -> dict[str, FactTable]:
    """Read and check the fact tables of a folder.

    A table that may be absent reads as one without rows. Raises ScenarioError that lists every problem: missing
    files and columns, blanks, values that are no number or outside their range, unknown codes, doubled ids,
    instants without a zone.
    """
    facts, problems = load_facts(folder, tables)
    if problems:
        raise ScenarioError("\n".join(cut(problems)))
    return facts


def cut(problems: list[str]) -> list[str]:
    """The first problems and, if there are more, how many."""
    if len(problems) <= MAX_TOLD:
        return problems
    return [*problems[:MAX_TOLD], f"… and {len(problems) - MAX_TOLD} more"]


def load_facts(folder: Path, tables: Iterable[str] = PLACE) -> tuple[dict[str, FactTable], list[str]]:
    """The tables that can be read, and every problem found, as text."""
    problems: list[str] = []
    facts: dict[str, FactTable] = {}
    if not folder.is_dir():
        return facts, [f"{folder}: no such folder of fact tables"]
    for name in tables:
        table = _read_table(folder / f"{name}.csv", name, problems)
        if table is not None:
            facts[name] = table
    for table in facts.values():
        problems += _reference_problems(table, facts)
        problems += _doubled(table)
    if "settlement" in facts and "municipality" in facts:
        problems += _settled(facts)
    if "municipality" in facts:
        problems += _too_many(facts["municipality"])
    if "rain" in facts:
        problems += _uneven(facts["rain"])
    if "rain_grid" in facts:
        problems += [*rain_places.row_problems(facts["rain_grid"]), *rain_places.gap_problems(facts["rain_grid"])]
    return facts, problems


def _read_table(path: Path, name: str, problems: list[str]) -> FactTable | None:
    try:
        text = path.read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        if name in MAY_BE_EMPTY:
            return _empty(path, name)
        problems.append(f"{path}: this fact table is missing")
        return None
    except (OSError, UnicodeDecodeError) as error:
        problems.append(f"{path}: cannot read: {error}")
        return None
    reader = csv.reader(text.splitlines())
    header = [field.strip() for field in next(reader, [])]
    rows, lines = _rows(reader, header, path, problems)
    columns = dict(zip(header, zip(*rows, strict=True) if rows else [()] * len(header)))
    typed: dict[str, Array] = {}
    complete = True
    for column, rule in RULES[name].items():
        if column not in columns:
            if rule.needed:
                complete = False
                problems.append(f"{path}:1: column '{column}' is missing{nearest(column, header)}")
                continue
            columns[column] = ("",) * len(rows)
        typed[column] = _typed(columns[column], column, rule, (path, lines), problems)
    if not rows and name not in MAY_BE_EMPTY:
        problems.append(f"{path}: the table has no rows")
    return FactTable(name, path, typed, np.asarray(lines)) if complete else None


def _empty(path: Path, name: str) -> FactTable:
    """A table that may be absent and is: all its columns, no rows."""
    columns = {column: _typed((), column, rule, (path, []), []) for column, rule in RULES[name].items()}
    return FactTable(name, path, columns, np.zeros(0, dtype=np.int64))


def _rows(
    reader: Iterator[list[str]], header: list[str], path: Path, problems: list[str]
) -> tuple[list[list[str]], list[int]]:
    rows, lines = [], []
    for line, row in enumerate(reader, start=2):
        if not any(field.strip() for field in row):
            continue
        if len(row) != len(header):
            problems.append(f"{path}:{line}: {len(row)} fields, the header has {len(header)}")
            continue
        rows.append([field.strip() for field in row])
        lines.append(line)
    return rows, lines


def _typed(
    values: tuple[str, ...], column: str, rule: Column, place: tuple[Path, list[int]], problems: list[str]
) -> Array:
    parse = {"number": _number, "count": _count, "time": _time, "date": _date}.get(rule.kind, _text)
    blank = math.nan if rule.kind in ("number", "count") else ""
    typed: list[Any] = []
    for value, line in zip(values, place[1], strict=True):
        where = f"{place[0]}:{line}: {column}: "
        if value == "":
            if not rule.blank:
                problems.append(f"{where}blank, but a value is required")
            typed.append(blank)
            continue
        try:
            typed.append(parse(value, rule))
        except ValueError as error:
            problems.append(f"{where}{error}, '{value}'")
            typed.append(blank)
    if rule.kind in ("number", "count"):
        return np.asarray(typed, dtype=np.float64)
    if rule.kind == "time":
        return np.asarray(typed, dtype=object)
    return np.asarray(typed, dtype=np.str_)


def _number(value: str, rule: Column) -> float:
    try:
        number = float(value)
    except ValueError:
        raise ValueError("this is not a number") from None
    if not math.isfinite(number):
        raise ValueError("NaN and infinity are not allowed; leave an unknown value blank where that is allowed")
    if rule.low is not None and number < rule.low:
        raise ValueError(f"too small, at least {rule.low:g} is allowed")
    if rule.high is not None and number > rule.high:
        raise ValueError(f"too large, at most {rule.high:g} is allowed")
    return number


def _count(value: str, rule: Column) -> float:
    number = _number(value, rule)
    if number != int(number):
        raise ValueError("this must be a whole number")
    return number


def _time(value: str, rule: Column) -> datetime:
    try:
        instant = datetime.fromisoformat(value)
    except ValueError:
        raise ValueError("this is not an instant; write it like 2026-07-28T16:27:00+09:00") from None
    if instant.tzinfo is None:
        raise ValueError("the time zone is missing; write it like 2026-07-28T16:27:00+09:00")
    return instant


def _date(value: str, rule: Column) -> str:
    try:
        return date.fromisoformat(value).isoformat()
    except ValueError:
        raise ValueError("this is not a date; write it like 2026-07-28") from None


def _text(value: str, rule: Column) -> str:
    if rule.kind == "code" and not (len(value) == 5 and value.isdigit()):
        raise ValueError("a municipality code has five digits")
    if rule.choices and value not in rule.choices:
        raise ValueError(f"not one of {', '.join(rule.choices)}{nearest(value, rule.choices)}")
    return value


def _reference_problems(table: FactTable, facts: Mapping[str, FactTable]) -> Iterator[str]:
    for column, rule in RULES[table.name].items():
        if rule.refers is None or rule.refers[0] not in facts:
            continue
        known = {*facts[rule.refers[0]][rule.refers[1]].tolist(), *rule.also}
        for value, line in zip(table[column].tolist(), table.lines.tolist(), strict=True):
            if value and value not in known:
                yield (
                    f"{table.path}:{line}: {column}: unknown {rule.refers[0]} '{value}'"
                    f"{nearest(value, sorted(known))}; allowed: the values of {rule.refers[0]}.csv column "
                    f"'{rule.refers[1]}'"
                )


def _doubled(table: FactTable) -> Iterator[str]:
    seen: dict[tuple[str, ...], int] = {}
    columns = UNIQUE.get(table.name, ())
    for number, line in enumerate(table.lines.tolist() if columns else ()):
        key = tuple(str(table[column][number]) for column in columns)
        if key in seen:
            yield f"{table.path}:{line}: {'/'.join(columns)}: '{'/'.join(key)}' stands already in line {seen[key]}"
        seen.setdefault(key, line)


def _settled(facts: Mapping[str, FactTable]) -> Iterator[str]:
    towns, places = facts["municipality"], facts["settlement"]
    settled = set(places["municipality"].tolist())
    for code, line in zip(towns["code"].tolist(), towns.lines.tolist(), strict=True):
        if code not in settled:
            yield f"{towns.path}:{line}: code: municipality '{code}' has no row in settlement.csv"


def _uneven(rain: FactTable) -> Iterator[str]:
    """A row that comes later than one usual step after the row before: rain that is not known is not zero."""
    instants = rain["time"].tolist()
    told = [row for row, instant in enumerate(instants) if isinstance(instant, datetime)]  # others are refused anyway
    order = sorted(told, key=lambda row: instants[row])
    steps = [instants[after] - instants[row] for row, after in pairwise(order)]
    usual = min(steps, default=None)
    for step, row in zip(steps, order[1:], strict=True):
        if step != usual:
            yield (
                f"{rain.path}:{rain.lines[row]}: time: {instants[row].isoformat()} comes {step} after the row before, "
                f"others {usual}; give a row for every step (0 where it did not rain)"
            )
    yield from rain_places.step_problems(rain, usual)


def _too_many(towns: FactTable) -> Iterator[str]:
    """Parts that exceed their whole."""
    for part, whole in (("households", "population"), ("gas_customers", "households")):
        for row in np.flatnonzero(towns[part] > towns[whole]).tolist():
            yield (
                f"{towns.path}:{towns.lines[row]}: {part}: {towns[part][row]:.0f} is more than the "
                f"{towns[whole][row]:.0f} in column '{whole}'"
            )
