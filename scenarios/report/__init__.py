"""The report of a run: one self-contained HTML file, Japanese with an English switch, two printable pages first."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from scenarios.report import annex, glance, maps, situation, timeline
from scenarios.report.data import RunData, Wanted, read_run
from scenarios.report.text import Both, clock, lead
from scenarios.schema import Scenario
from twin.store import RunFolder

HERE = Path(__file__).parent
NAME = "report.html"
BY_TOWN = frozenset({*situation.QUEUES, *maps.NAMES, *glance.BY_TOWN} | {name for _, name, _ in annex.TOWN_COLUMNS})
WANTED = Wanted(
    BY_TOWN
    | {name for row in annex.CURVES for name in row if name}
    | {name for _, asks in situation.FORM for ask in asks for name in (ask.true, ask.reported, *ask.observed) if name}
    | {*glance.NAMES},
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
    events = timeline.read_timeline(run)
    return {
        "run": run,
        "manifest": run.manifest,
        "title": Both(run.scenario.title_ja, run.scenario.title_en),
        "style": Markup((HERE / "style.css").read_text(encoding="utf-8")),
        "script": Markup((HERE / "switch.js").read_text(encoding="utf-8")),
        "end": lead(run.end_s) + Both("", "") + f" {clock(run.scenario.start, run.end_s)}",
        **_first_pages(run, events),
        **_further_pages(run, events),
    }


def _first_pages(run: RunData, events: timeline.Timeline) -> dict[str, Any]:
    shapes = maps.outlines(run)
    first_s = min(glance.HORIZONS_S[0], run.end_s)
    shown = [time_s for time_s in glance.HORIZONS_S if time_s <= run.end_s]
    return {
        "clock_box": glance.clock_box(run, events),
        "cards": glance.cards(run, events),
        "acts": glance.acts(run, events),
        "forces": glance.forces(run),
        "access": glance.access(run),
        "horizons": [lead(time_s) for time_s in glance.HORIZONS_S],
        "quiet": glance.quiet_towns(run, events, first_s),
        "quiet_at": lead(first_s),
        "shared_shapes": maps.shared_shapes(run, shapes),
        "map": _map(run, events, shapes, first_s, large=True),
        "map_title": _map_title(run, first_s),
        "small_maps": [(_map_title(run, at), _map(run, events, shapes, at, large=False)) for at in shown],
        "legend": maps.legend([*maps.intensities(run, first_s).values()]),
        "situation": situation.table(run, events, run.end_s),
        "queues": situation.queues(run),
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
