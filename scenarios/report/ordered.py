"""What was ordered in a branch: its countermeasures, for the head of the report and as a table."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

from scenarios.countermeasures import Measure, parse, second_of
from scenarios.report.data import RunData
from scenarios.report.lever_names import lever_name
from scenarios.report.text import Both, clock, lead, number

MOST_AREAS = 6
OWNERS = {
    "municipality": Both("市町村", "municipality"),
    "prefecture": Both("県", "prefecture"),
    "state": Both("国", "state"),
    "utility": Both("事業者", "utility"),
    "hospital": Both("病院", "hospital"),
}


class Ordered(NamedTuple):
    """One measure as the report tells it."""

    name: Both
    value: str
    where: Both
    when: Both
    owner: Both
    reason: str


def headline(run: RunData) -> Both | None:
    """That the run is a branch, of what, and with which countermeasures; None for a run without any."""
    plan = run.manifest.get("plan") or {}
    records = [one["record"] for one in plan.get("countermeasures", ())]
    if not records:
        return None
    titles = [Both(one["title_ja"] or one["name"], one["title_en"] or one["name"]) for one in records]
    told = Both(
        "対策：" + "、".join(one.ja for one in titles), "Countermeasure: " + ", ".join(one.en for one in titles)
    )
    parent = run.manifest.get("parent")
    if not parent:
        return told
    at = lead(int(run.manifest["forked_at_s"]))
    return told + Both(f"（{parent} から {at.ja} に分岐）", f" (branched off {parent} at {at.en})")


def table(run: RunData) -> list[Ordered]:
    """Every measure of the run's countermeasures, in the order of the files."""
    plan = run.manifest.get("plan") or {}
    return [row for one in plan.get("countermeasures", ()) for row in _rows(run, one)]


def _rows(run: RunData, one: dict[str, Any]) -> Iterator[Ordered]:
    owners = {f"{name}.{lever.name}": lever.owner for name, lever in _levers(run)}
    record = parse(one["record"])
    for measure in record.measures:
        owner = owners.get(measure.lever, "")
        yield Ordered(
            lever_name(measure.lever),
            number(measure.value, 3),
            _where(run, measure.areas),
            _when(run, measure, int(one["from_s"])),
            OWNERS.get(owner, Both(owner, owner)),
            measure.reason or record.reason,
        )


def _levers(run: RunData) -> Iterator[tuple[str, Any]]:
    from scenarios.execution import layers_of

    for layer in layers_of(run.scenario):
        for lever in layer.levers:
            yield layer.name, lever


def _where(run: RunData, areas: list[str]) -> Both:
    if not areas or areas == ["all"]:
        return Both("全域", "whole region")
    named = [run.town_name(area) for area in areas[:MOST_AREAS]]
    more = len(areas) - len(named)
    told = Both("、".join(one.ja for one in named), ", ".join(one.en for one in named))
    return told + Both(f" ほか{more}か所", f" and {more} more") if more else told


def _when(run: RunData, measure: Measure, from_s: int) -> Both:
    begin_s = second_of(measure.at, run.scenario, from_s)
    told = lead(begin_s) + Both(f"（{clock(run.scenario.start, begin_s)}）", f" ({clock(run.scenario.start, begin_s)})")
    if measure.until is None:
        return told
    until = lead(second_of(measure.until, run.scenario, -1))
    return told + Both(f"〜{until.ja}", f" to {until.en}")
