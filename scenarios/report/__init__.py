"""The report of a run: one self-contained HTML file, Japanese with an English switch, two printable pages first."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from scenarios.report import (
    annex,
    glance,
    maps,
    ordered,
    situation,
    timeline,
    water,
    water_cards,
    water_map,
    water_page,
    water_strip,
)
from scenarios.report.data import RunData, Wanted, read_run
from scenarios.report.text import Both, clock, lead
from scenarios.schema import Scenario
from twin.store import RunFolder

HERE = Path(__file__).parent
NAME = "report.html"
BY_TOWN = frozenset({*situation.QUEUES, *maps.NAMES, *glance.BY_TOWN} | {name for _, name, _ in annex.TOWN_COLUMNS})
WANTED = Wanted(
    BY_TOWN
    | {name for row in (*annex.CURVES, *annex.WATER_CURVES) for name in row if name}
    | {name for ask in situation.ALL_ASKS for name in (ask.true, ask.reported, *ask.observed) if name}
    | {*glance.NAMES, *water_cards.NAMES, *water_page.NAMES},
    BY_TOWN,
)


def write_report(folder: RunFolder, scenario: Scenario) -> Path:
    """Render `report.html` into the folder of a finished run and return its path.

    Raises StoreError for an unfinished run or a disk that refuses.
    """
    return folder.write_text(NAME, render(read_run(folder, scenario, WANTED)))


def render(run: RunData) -> str:
    """The whole report as HTML. All text passes through autoescape; pictures are built from numbers and names."""
    environment = Environment(
        loader=PackageLoader("scenarios.report", "."),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.globals["t"] = Both
    return environment.get_template("report.html.j2").render(**_content(run))


def _content(run: RunData) -> dict[str, Any]:
    events, wet = timeline.read_timeline(run), water.read_water(run)
    return {
        "run": run,
        "manifest": run.manifest,
        "title": Both(run.scenario.title_ja, run.scenario.title_en),
        "style": Markup((HERE / "style.css").read_text(encoding="utf-8")),
        "script": Markup((HERE / "switch.js").read_text(encoding="utf-8")),
        "end": lead(run.end_s) + Both("", "") + f" {clock(run.scenario.start, run.end_s)}",
        **_first_pages(run, events, wet),
        **_further_pages(run, events),
        "ordered": ordered.headline(run),
        "measures": ordered.table(run),
        "water": None if wet is None else _water(run, events, wet),
    }


def _first_pages(run: RunData, events: timeline.Timeline, wet: water.Water | None) -> dict[str, Any]:
    shapes = maps.outlines(run)
    horizons_s = glance.HORIZONS_S if wet is None else [row[0] for row in water_cards.horizons(wet)]
    first_s = min(horizons_s[0], run.end_s)
    shown = [time_s for time_s in horizons_s if time_s <= run.end_s]
    return {
        "clock_box": glance.clock_box(run, events),
        "cards": glance.cards(run, events) if wet is None else water_cards.cards(run, events, wet),
        "acts": glance.acts(run, events),
        "forces": glance.forces(run, horizons_s),
        "access": glance.access(run, horizons_s),
        "horizons": [lead(time_s) for time_s in horizons_s],
        "quiet": glance.quiet_towns(run, events, first_s),
        "quiet_at": lead(first_s),
        "shaken": maps.shaken(run),
        "shared_shapes": maps.shared_shapes(run, shapes),
        "map": _map(run, events, shapes, first_s, large=wet is None),
        "map_title": _map_title(run, first_s),
        "small_maps": [(_map_title(run, at), _map(run, events, shapes, at, large=False)) for at in shown],
        "legend": maps.legend([*maps.intensities(run, first_s).values()]),
        "situation": situation.table(run, events, run.end_s),
        "queues": situation.queues(run),
    }


def _water(run: RunData, events: timeline.Timeline, wet: water.Water) -> dict[str, Any]:
    """Maps, blocks and course of the water in a world that water can reach."""
    ground, last, member = wet.ground, wet.last, timeline.typical_member(run)
    title = Both("最大浸水深", "Largest depth of water")
    highest_m = None if last is None else last.highest_m
    small = [(one, Both("浸水の様子", "water on the ground")) for one in wet.seen]
    return {
        "square_m": f"{ground.square_m:g}",
        "shared_shapes": water_map.shared(ground),
        "map": water_map.draw(run, ground, last, highest_m, title, large=True),
        "map_title": title
        + (lead(0) if last is None else Both("（", " until ") + lead(last.time_s) + Both("まで）", "")),
        "legend": water_map.legend(highest_m),
        "signs": water_map.signs_shown(ground, last),
        "known": last is not None,
        "small_maps": [
            (lead(one.time_s), water_map.draw(run, ground, one, one.depth_m, name, large=False)) for one, name in small
        ],
        "blocks": water_page.blocks(run, events, wet),
        "strip": water_strip.strip(run, events, member),
        "acts": glance.acts(run, events, taken_only=True),
        "course": water_page.course(events, member),
    }


def _further_pages(run: RunData, events: timeline.Timeline) -> dict[str, Any]:
    member = timeline.typical_member(run)
    heads, towns = annex.towns(run)
    return {
        "curves": annex.curves(run),
        "observers": annex.sources_seen(run),
        "member": member,
        "chains": timeline.chains(events, member),
        "coupling": annex.coupling_matrix(run),
        "labels": annex.labels(run.manifest),
        "parameters": annex.parameters(run.manifest),
        "validation": annex.validation(run),
        "town_heads": heads,
        "town_rows": towns,
        "costs": annex.costs(run.manifest),
    }


def _map(run: RunData, events: timeline.Timeline, shapes: maps.Outlines, time_s: int, large: bool) -> Markup:
    return maps.draw(run, maps.silence(run, events, time_s), shapes, time_s, _map_title(run, time_s), large)


def _map_title(run: RunData, time_s: int) -> Both:
    at = clock(run.scenario.start, time_s)
    return lead(time_s) + Both(f"（{at}）の震度と沈黙", f" ({at}): intensity and silence")
