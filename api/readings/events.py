"""Events of a run: filtered, in pages, each with its sentence, and one event with the chain of its causes."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from functools import cached_property
from typing import Any

import numpy as np
import pyarrow as pa

from api.readings.asking import AskError, NotThere, known_name
from api.readings.runs import Kept, OpenRun
from scenarios.report import data as report_data
from scenarios.report.data import RunData
from scenarios.report.timeline import PLAIN, TEXTS, Timeline
from scenarios.schema import Scenario
from twin.store import EVENTS_SCHEMA, read_table

Array = np.ndarray
MOST_EVENTS, DEEPEST = 200, 12  # of one chain of causes
PAGE, LONGEST_PAGE = 100, 1000
_MEMBER_BITS = 15
FILTERED = ("kind", "layer", "area", "quantity")


@dataclass(frozen=True)
class Asked:
    """Which events; empty collections mean all. Instants are seconds since the start, both ends included."""

    texts: Mapping[str, Collection[str]]
    members: Collection[int] = ()
    from_s: int | None = None
    to_s: int | None = None


@dataclass(frozen=True)
class EventBook:
    """All events of a run at one moment, in order of id, then member: as good as in order of time."""

    scenario: Scenario
    table: pa.Table

    @cached_property
    def key(self) -> Array:
        """Id and member in one number, ascending, shape (event,)."""
        return _key(self.table)

    @cached_property
    def numbers(self) -> Mapping[str, Array]:
        """Columns `member` and `time_s`."""
        return {name: self.table[name].combine_chunks().to_numpy() for name in ("member", "time_s")}

    @cached_property
    def codes(self) -> Mapping[str, tuple[Array, list[str]]]:
        """Text columns one can filter by: code of each row, and the words."""
        found = {}
        for name in FILTERED:
            column = self.table[name].combine_chunks()
            found[name] = (column.indices.to_numpy(), column.dictionary.to_pylist())
        return found

    @cached_property
    def names(self) -> RunData:
        """Names of places as the report tells them; holds no series."""
        nothing = np.empty(0, np.int64)
        return RunData(
            scenario=self.scenario,
            manifest={},
            folder=None,  # type: ignore[arg-type]  # only names are asked of it
            towns=[],
            names=report_data.names_of(self.scenario),
            observed=[],
            _rows={},
            _time=nothing,
            _area=nothing,
            _member=nothing,
            _value=nothing,
            area_names=(),
        )

    def rows(self, asked: Asked) -> Array:
        """Rows of the wanted events, ascending. Raises AskError for a name no event of the run has."""
        wanted = np.ones(len(self.table), dtype=bool)
        for column, texts in asked.texts.items():
            if texts and len(self.table):
                codes, words = self.codes[column]
                chosen = [words.index(known_name(column, text, words)) for text in texts]
                wanted &= np.isin(codes, chosen)
        if asked.members:
            wanted &= np.isin(self.numbers["member"], list(asked.members))
        time_s = self.numbers["time_s"]
        if asked.from_s is not None:
            wanted &= time_s >= asked.from_s
        if asked.to_s is not None:
            wanted &= time_s <= asked.to_s
        return np.flatnonzero(wanted)

    def page(self, asked: Asked, limit: int, cursor: str | None) -> tuple[list[dict[str, Any]], str | None]:
        """One page of events and the cursor of the next, None at the end. Raises AskError for a wrong cursor."""
        rows = self.rows(asked)
        if cursor is not None:
            rows = rows[self.key[rows] > _cursor_key(cursor)]
        shown = rows[:limit]
        more = len(rows) > len(shown) and len(shown) > 0
        return self.told(shown), (_cursor(int(self.key[shown[-1]])) if more else None)

    def told(self, rows: Array) -> list[dict[str, Any]]:
        """Events as plain dicts with their sentences in Japanese and English; unknown amounts are NaN."""
        table = self.table.take(pa.array(rows))
        columns: dict[str, Any] = {name: table[name].to_numpy() for name in PLAIN}
        columns |= {name: table[name].cast(pa.string()).to_pylist() for name in TEXTS}
        columns["args"] = table["args"].to_pylist()
        causes = table["causes"].to_pylist()
        timeline = Timeline(self.names, columns, causes)
        return [self._event(timeline, row) for row in range(len(table))]

    def _event(self, timeline: Timeline, row: int) -> dict[str, Any]:
        column = timeline.columns
        text = timeline.link(row).text
        plain = {name: column[name][row].item() for name in PLAIN}
        return {
            **plain,
            "time": (self.scenario.start + timedelta(seconds=plain["time_s"])).isoformat(),
            **{name: column[name][row] for name in TEXTS},
            "causes": timeline.causes[row],
            "args": json.loads(column["args"][row] or "[]"),
            "sentence_ja": text.ja,
            "sentence_en": text.en,
        }

    def chain(self, number: int, member: int, depth: int) -> dict[str, Any]:
        """One event with its `causes` as events, breadth first, down to a depth and at most MOST_EVENTS in all.

        An event met twice stands once, at its shallowest place; deeper mentions keep only its id, as do causes beyond
        the depth. Raises NotThere for an unknown event.
        """
        found: dict[int, dict[str, Any]] = {}
        layer = [number]
        for level in range(depth + 1):
            numbers = [one for one in dict.fromkeys(layer) if one not in found][: MOST_EVENTS - len(found)]
            rows = [self._row(one, member) for one in numbers]
            known = np.array([row for row in rows if row is not None], np.int64)
            if level == 0 and not len(known):
                raise NotThere(f"member {member} of this run has no event {number}")
            events = self.told(known)
            found |= {event["id"]: event for event in events}
            layer = [cause for event in events for cause in event["causes"]]
        return _nested(number, found)

    def _row(self, number: int, member: int) -> int | None:
        if not 0 <= number < 1 << (62 - _MEMBER_BITS):
            return None
        key = number << _MEMBER_BITS | member
        row = int(np.searchsorted(self.key, key))
        return row if row < len(self.key) and self.key[row] == key else None


_BOOKS: Kept[EventBook] = Kept(6)


def event_book(run: OpenRun) -> EventBook:
    """The events of a run, kept until the run changes. Raises StoreError for a damaged file."""
    return _BOOKS.get(run.version, lambda: _open(run))


def member_of(run: OpenRun, member: int) -> int:
    """The member itself. Raises NotThere for one the run does not have."""
    if not 0 <= member < run.members:
        raise NotThere(f"this run has members 0 to {run.members - 1}")
    return member


def _open(run: OpenRun) -> EventBook:
    merged = run.folder.path / "events.parquet"
    if run.done and merged.is_file():
        tables = [read_table(merged, EVENTS_SCHEMA)]
    else:
        paths = [part for member in range(run.members) for part in run.parts("events", member)]
        tables = [read_table(part, EVENTS_SCHEMA) for part in paths]
    whole = pa.concat_tables(tables) if tables else EVENTS_SCHEMA.empty_table()
    whole = whole.unify_dictionaries().combine_chunks()
    return EventBook(run.scenario, whole.take(pa.array(np.argsort(_key(whole), kind="stable"))))


def _key(table: pa.Table) -> Array:
    number, member = (table[name].combine_chunks().to_numpy().astype(np.int64) for name in ("id", "member"))
    return number << _MEMBER_BITS | member


def _cursor(key: int) -> str:
    return f"{key >> _MEMBER_BITS}.{key & ((1 << _MEMBER_BITS) - 1)}"


def _cursor_key(cursor: str) -> int:
    number, _, member = cursor.partition(".")
    fits = len(cursor) <= 24 and number.isascii() and number.isdigit() and member.isascii() and member.isdigit()
    if not fits or int(number) >= 1 << (62 - _MEMBER_BITS) or int(member) >= 1 << _MEMBER_BITS:
        raise AskError("this cursor was not given by the page before; leave it out to begin anew")
    return int(number) << _MEMBER_BITS | int(member)


def _nested(number: int, found: Mapping[int, dict[str, Any]]) -> dict[str, Any]:
    """Events inside one another; each of them once, causes that are not among them as `{"id": …}`."""
    placed = {number}
    root = dict(found[number])
    waiting: list[dict[str, Any]] = [root]
    while waiting:
        below: list[dict[str, Any]] = []
        for event in waiting:
            event["causes"] = _placed(event["causes"], found, placed)
            below += [cause for cause in event["causes"] if "kind" in cause]
        waiting = below
    return root


def _placed(causes: Sequence[int], found: Mapping[int, dict[str, Any]], placed: set[int]) -> list[dict[str, Any]]:
    shown = []
    for cause in causes:
        if cause in found and cause not in placed:
            placed.add(cause)
            shown.append(dict(found[cause]))
        else:
            shown.append({"id": cause})
    return shown
