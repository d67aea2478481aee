"""Warning levels and orders over time as a strip: one bar per town in the official colours, the level written in it."""

from __future__ import annotations

from markupsafe import Markup

from scenarios.report.data import RunData
from scenarios.report.svg import hours_shown, svg
from scenarios.report.text import Both, svg_text
from scenarios.report.timeline import Timeline
from scenarios.report.water_cards import TSUNAMI_WARNINGS

# 内閣府「避難情報に関するガイドライン」: warning level -> colour, text on it
LEVELS = {
    0.0: ("#ECEFF3", "#5b6675"),
    1.0: ("#FFFFFF", "#111"),
    2.0: ("#F2E700", "#111"),
    3.0: ("#FF2800", "#111"),
    4.0: ("#AA00AA", "#FFF"),
    5.0: ("#0C000C", "#FFF"),
}
# 大津波警報 purple, 津波警報 red, 津波注意報 yellow (hues by the JMA guideline; RGB unverified)
CLASSES = {0.0: LEVELS[0.0], 0.5: ("#FAF500", "#111"), 1.0: ("#FF2800", "#111"), 2.0: ("#C800FF", "#FFF")}
CLASS_NAMES = {0.5: Both("津波注意報", "advisory"), **TSUNAMI_WARNINGS, 0.0: Both("", "")}
MARKS = {
    "flood_call_3": Both("高齢者等", "old"),
    "flood_call_4": Both("指示", "order"),
    "flood_call_5": Both("確保", "cover"),
    "evacuation_ordered": Both("指示", "order"),
    "levee_breached": Both("決壊", "breach"),
    "water_reached": Both("浸水", "water"),
}
WIDTH, LEFT, LINE = 1000, 130, 34
MOST_LINES = 6


def strip(run: RunData, timeline: Timeline, member: int) -> Markup | None:
    """Warning levels of each town over time in their official colours, with orders, breaches and arrivals marked."""
    kind, colours, names = _scale(timeline)
    if not kind:
        return None
    spans = {town.code: _spans(timeline, kind, town.code, member, run.end_s) for town in run.towns}
    towns = [town for town in run.towns if any(level for _, _, level in spans[town.code])][:MOST_LINES]
    if not towns:
        return None
    parts = []
    for line, town in enumerate(towns):
        y = line * LINE * 1.6
        parts.append(svg_text(town.name, f'class="tick" x="{LEFT - 8}" y="{y + 23:.0f}" text-anchor="end"'))
        parts += [_span(run, span, y, colours, names) for span in spans[town.code]]
        parts += _marks(run, timeline, town.code, member, y)
    height = len(towns) * LINE * 1.6
    for hour in hours_shown(run.end_s):
        at = f'class="tick" x="{_x(run, hour * 3600):.0f}" y="{height + 18:.0f}" text-anchor="middle"'
        parts.append(svg_text(Both(f"{hour:g}時間", f"{hour:g} h"), at))
    title = Both("警報レベルと避難情報の経過", "warning levels and orders over time")
    return svg(title, WIDTH, height + 26, Markup("").join(parts), "strip")


def _scale(timeline: Timeline) -> tuple[str, dict[float, tuple[str, str]], dict[float, Both]]:
    """Kind of event that carries the level, colours and names; no kind where nothing was issued."""
    if "flood_warning" in timeline.rows_of_kind:
        return "flood_warning", LEVELS, {level: Both(f"{level:.0f}", f"{level:.0f}") for level in LEVELS}
    return ("tsunami_warning" if "tsunami_warning" in timeline.rows_of_kind else ""), CLASSES, CLASS_NAMES


def _spans(timeline: Timeline, kind: str, code: str, member: int, end_s: int) -> list[tuple[float, float, float]]:
    """(begin, end, level) of a town; after a tsunami warning the advisory holds until it is lifted."""
    column, changes = timeline.columns, [(0.0, 0.0)]
    for row in timeline.rows_of_kind.get(kind, []):
        if column["member"][row] == member and column["area"][row] == code:
            changes.append((float(column["time_s"][row]), float(column["amount"][row])))
    if kind == "tsunami_warning" and len(changes) > 1:
        lifted = [row for row in timeline.rows_of_kind.get("advisory", []) if column["member"][row] == member]
        off = [float(column["time_s"][row]) for row in lifted if column["amount"][row] == 0]
        changes = [(at, level or (0.5 if at > 0 and not any(o <= at for o in off) else 0.0)) for at, level in changes]
        changes += [(at, 0.0) for at in off]
    changes.sort()
    ends = [*(at for at, _ in changes[1:]), float(end_s)]
    return [(at, end, level) for (at, level), end in zip(changes, ends) if end > at]


def _x(run: RunData, time_s: float) -> float:
    return LEFT + (WIDTH - LEFT - 30) * time_s / max(run.end_s, 1)


def _span(
    run: RunData,
    span: tuple[float, float, float],
    y: float,
    colours: dict[float, tuple[str, str]],
    names: dict[float, Both],
) -> Markup:
    """One bar with its level written in it if there is room."""
    begin, end, level = span
    x, width = _x(run, begin), _x(run, end) - _x(run, begin)
    fill, ink = colours[level]
    bar = Markup('<rect class="span" x="{:.1f}" y="{:.0f}" width="{:.1f}" height="{}" fill="{}"/>').format(
        x, y, width, LINE, fill
    )
    name = names[level]
    if not level or width < 16 * max(len(name.ja), len(name.en) * 0.6):
        return bar
    at = f'class="level" x="{x + width / 2:.1f}" y="{y + 23:.0f}" fill="{ink}" text-anchor="middle"'
    return bar + svg_text(name, at)


def _marks(run: RunData, timeline: Timeline, code: str, member: int, y: float) -> list[Markup]:
    """First order of each kind, first breach and first water of a town, beneath its bar where there is room."""
    column = timeline.columns
    firsts: dict[Both, float] = {}
    for kind in MARKS:
        for row in timeline.rows_of_kind.get(kind, []):
            if column["member"][row] == member and column["area"][row] == code:
                firsts.setdefault(MARKS[kind], float(column["time_s"][row]))
    parts, free_x = [], 0.0
    for name, time_s in sorted(firsts.items(), key=lambda pair: pair[1]):
        x = _x(run, time_s)
        parts.append(Markup('<path class="mark" d="M{:.1f} {:.0f}v{}"/>').format(x, y, LINE + 4))
        at = max(x, free_x)
        parts.append(svg_text(name, f'class="tick" x="{at:.0f}" y="{y + LINE + 15:.0f}"'))
        free_x = at + 15 * max(len(name.ja), 0.55 * len(name.en)) + 6
    return parts
