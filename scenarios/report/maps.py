"""The map by municipality in the official colours of the Japan Meteorological Agency, silent towns hatched."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import shapely
from markupsafe import Markup

from scenarios.outlines import municipal_outlines
from scenarios.report.data import RunData, Town
from scenarios.report.svg import svg
from scenarios.report.text import Both, svg_text
from scenarios.report.timeline import Timeline

Array = np.ndarray
SIZE = 1000.0
NAMES = ("max_intensity", "silent_towns")  # series the maps read, town by town

# 気象庁ホームページにおける気象情報の配色に関する設定指針 (2012): class -> colour of the area, colour of text on it
CLASSES: tuple[tuple[float, str, str, str, str], ...] = (
    # lower bound of the instrumental intensity, class in Japanese, in English, colour, text
    (6.5, "7", "7", "#B40068", "#FFFFFF"),
    (6.0, "6強", "6+", "#A50021", "#FFFFFF"),
    (5.5, "6弱", "6-", "#FF2800", "#000000"),
    (5.0, "5強", "5+", "#FF9900", "#000000"),
    (4.5, "5弱", "5-", "#FFE600", "#000000"),
    (3.5, "4", "4", "#FAE696", "#000000"),
    (2.5, "3", "3", "#0041FF", "#FFFFFF"),
    (1.5, "2", "2", "#00AAFF", "#000000"),
    (0.5, "1", "1", "#F2F2FF", "#000000"),
)
NO_SHAKING = ("–", "–", "#FFFFFF", "#000000")
NOT_KNOWN = ("?", "?", "#D0D3D8", "#000000")
SILENT, UNHEARD, UNREPORTED = "silent", "unheard", "unreported"
STATES: dict[str, Both] = {
    SILENT: Both("沈黙", "silent"),
    UNHEARD: Both("震度未入電", "no intensity message"),
    UNREPORTED: Both("報告未公表", "no report yet"),
}


@dataclass(frozen=True)
class Outlines:
    """Path data of every municipality in a square drawing, and where its label stands."""

    paths: Mapping[str, str]
    labels: Mapping[str, tuple[float, float]]
    room: Mapping[str, float]  # side of a square of the town's area, in drawing units
    width: float
    height: float


def intensity_class(value: float) -> tuple[str, str, str, str]:
    """(class in Japanese, in English, official colour, colour of text on it) of an instrumental intensity."""
    if not math.isfinite(value):
        return NOT_KNOWN
    return next((row[1:] for row in CLASSES if value >= row[0]), NO_SHAKING)


def outlines(run: RunData) -> Outlines:
    """Municipal outlines (synthetic, from dissolved cells) scaled to the drawing."""
    shapes = municipal_outlines(run.scenario)
    west, south, east, north = shapely.total_bounds(list(shapes.values()))
    shrink = math.cos(math.radians((south + north) / 2))
    scale = SIZE / max((east - west) * shrink, north - south)

    def place(points: Array) -> Array:
        return np.column_stack([(points[:, 0] - west) * shrink * scale, (north - points[:, 1]) * scale])

    paths, labels, room = {}, {}, {}
    for code, shape in shapes.items():
        rings = [ring for part in shapely.get_parts([shapely.simplify(shape, 0.0)]) for ring in _rings(part)]
        paths[code] = "".join(_path(place(shapely.get_coordinates(ring))) for ring in rings)
        biggest = max(shapely.get_parts(shape), key=lambda part: part.area)
        centre = shapely.maximum_inscribed_circle(biggest, tolerance=0.01)
        x, y = place(shapely.get_coordinates(centre)[:1])[0]
        labels[code] = (float(x), float(y))
        room[code] = 2.0 * float(shapely.length(centre)) * scale
    return Outlines(paths, labels, room, (east - west) * shrink * scale, (north - south) * scale)


def _rings(part: shapely.Geometry) -> list[shapely.Geometry]:
    return [part.exterior, *part.interiors]


def _path(points: Array) -> str:
    """Closed path in whole drawing units."""
    whole = np.rint(points).astype(int)
    return "M" + "L".join(f"{x} {y}" for x, y in whole[:-1].tolist()) + "Z"


def silence(run: RunData, timeline: Timeline, time_s: float) -> dict[str, str]:
    """Towns nobody can vouch for at an instant, code -> state.

    `silent`: the hall is overdue; `unheard`: its intensity message was lost and has not come yet; `unreported`: no
    report of it is published yet. A town counts if that holds in at least half of the members.
    """
    lost = _lost_messages(run, timeline, time_s)
    found = {}
    reported = [block for (kind, name) in run.series_names if kind == "reported" and (block := run.block(kind, name))]
    for town in run.towns:
        overdue = run.at("true", "silent_towns", town.code, time_s)
        heard = np.zeros(run.n_member, dtype=bool)
        for block in reported:
            heard |= np.isfinite(block.at(town.code, time_s))
        if np.nan_to_num(overdue).mean() >= 0.5:
            found[town.code] = SILENT
        elif lost.get(town.code, 0) >= run.n_member / 2:
            found[town.code] = UNHEARD
        elif heard.mean() <= 0.5:
            found[town.code] = UNREPORTED
    return found


def _lost_messages(run: RunData, timeline: Timeline, time_s: float) -> Counter[str]:
    """Number of members in which a town's intensity message is still missing."""
    missing: set[tuple[int, str]] = set()
    column = timeline.columns
    rows = [*timeline.rows_of_kind.get("message_lost", []), *timeline.rows_of_kind.get("message_received", [])]
    for row in sorted(rows, key=lambda row: (int(column["time_s"][row]), column["kind"][row] == "message_received")):
        if column["time_s"][row] <= time_s:
            pair = (int(column["member"][row]), column["area"][row])
            (missing.add if column["kind"][row] == "message_lost" else missing.discard)(pair)
    return Counter(area for _, area in missing)


def intensities(run: RunData, time_s: float) -> dict[str, float]:
    """Median over the members of the largest intensity so far, by municipality code."""
    found = {}
    for town in run.towns:
        values = run.at("true", "max_intensity", town.code, time_s)
        known = values[np.isfinite(values)]
        found[town.code] = float(np.median(known)) if known.size else float("nan")
    return found


def shaken(run: RunData) -> bool:
    """Whether the ground shook in any member."""
    return any(value >= CLASSES[-1][0] for value in intensities(run, run.end_s).values())


def draw(run: RunData, quiet: Mapping[str, str], shapes: Outlines, time_s: float, title: Both, large: bool) -> Markup:
    """The map at an instant, towns in `quiet` hatched; every town carries its class, the large one names too."""
    values = intensities(run, time_s)
    parts = [_area(town, shapes, values[town.code], quiet.get(town.code)) for town in run.towns]
    parts += [_label(town, shapes, values[town.code], large) for town in run.towns]
    name = "map large" if large else "map"
    return svg(title, shapes.width, shapes.height, Markup("").join(parts), name)


def shared_shapes(run: RunData, shapes: Outlines) -> Markup:
    """Outlines and hatches that all maps use."""
    paths = Markup("").join(
        Markup('<path id="m{}" fill-rule="evenodd" d="{}"/>').format(town.code, shapes.paths[town.code])
        for town in run.towns
        if town.code in shapes.paths
    )
    return Markup(
        '<svg class="shared" width="0" height="0" aria-hidden="true"><defs>'
        '<pattern id="hatch-silent" width="14" height="14" patternUnits="userSpaceOnUse" '
        'patternTransform="rotate(45)"><path d="M3 0V14" stroke="#111" stroke-width="4.5"/>'
        '<path d="M6.2 0V14" stroke="#fff" stroke-width="1.6"/></pattern>'
        '<pattern id="hatch-unheard" width="16" height="16" patternUnits="userSpaceOnUse">'
        '<path d="M0 0L16 16M16 0L0 16" stroke="#111" stroke-width="2.2"/></pattern>'
        '<pattern id="hatch-unreported" width="20" height="20" patternUnits="userSpaceOnUse">'
        '<circle cx="8" cy="8" r="1.9" fill="#111" fill-opacity=".75"/></pattern>{}</defs></svg>'
    ).format(paths)


def _area(town: Town, shapes: Outlines, value: float, quiet: str | None) -> Markup:
    if town.code not in shapes.paths:
        return Markup("")
    ja, en, colour, _ = intensity_class(value)
    told = STATES[quiet].flat if quiet else ""
    hatch = Markup('<use href="#m{}" fill="url(#hatch-{})"/>').format(town.code, quiet) if quiet else Markup("")
    return Markup('<g><title>{} {} {}</title><use href="#m{}" class="town" fill="{}"/>{}</g>').format(
        town.name.flat, f"震度{ja} / {en}", told, town.code, colour, hatch
    )


def _label(town: Town, shapes: Outlines, value: float, large: bool) -> Markup:
    if town.code not in shapes.labels:
        return Markup("")
    x, y = shapes.labels[town.code]
    ja, en, _, _ = intensity_class(value)
    room = shapes.room[town.code]
    size = min(30.0, max(19.0, room / 2.6))
    named = large and room > 62
    at_y = y if named else y + size * 0.36
    parts = [svg_text(Both(ja, en), f'class="class" x="{x:.0f}" y="{at_y:.0f}" font-size="{size:.0f}"')]
    if named:
        parts.append(svg_text(town.name, f'class="name" x="{x:.0f}" y="{y + 21:.0f}" font-size="18"'))
    return Markup("").join(parts)


def legend(present: Sequence[float]) -> list[dict[str, object]]:
    """Classes that occur on the map, strongest first."""
    seen = {intensity_class(value) for value in present}
    rows = [row[1:] for row in CLASSES] + [NO_SHAKING, NOT_KNOWN]
    return [{"name": Both(row[0], row[1]), "colour": row[2], "text": row[3]} for row in rows if row in seen]
