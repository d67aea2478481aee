"""Curves as inline SVG: band and median of what is true, line of what is reported, marks of what was observed."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from markupsafe import Markup

from scenarios.report.data import Block, Observed
from scenarios.report.text import Both, number, svg_text

Array = np.ndarray
WIDTH, HEIGHT = 420, 190
LEFT, RIGHT, TOP, BOTTOM = 48, 20, 12, 24
MARKS = {"cabinet": "circle", "pref": "square"}


@dataclass(frozen=True)
class Scale:
    """Maps seconds and values to the drawing."""

    end_s: float
    top: float

    def x(self, time_s: Array | float) -> Array:
        """Horizontal place of instants."""
        return LEFT + np.asarray(time_s, dtype=float) / max(self.end_s, 1.0) * (WIDTH - LEFT - RIGHT)

    def y(self, value: Array | float) -> Array:
        """Vertical place of values."""
        return HEIGHT - BOTTOM - np.asarray(value, dtype=float) / self.top * (HEIGHT - TOP - BOTTOM)


def nice_top(largest: float) -> float:
    """The next round number at or above the largest value: 1, 2, 2.5, 4, 5 or 8 times a power of ten."""
    if not math.isfinite(largest) or largest <= 0:
        return 1.0
    power = 10.0 ** math.floor(math.log10(largest))
    return next(step * power for step in (1, 2, 2.5, 4, 5, 8, 10) if step * power >= largest * (1 - 1e-9))


def curve(title: Both, end_s: int, true: Block | None, reported: Block | None, observed: Sequence[Observed]) -> Markup:
    """One plot over the whole run for the whole region."""
    bands = [_quantiles(block) for block in (true, reported)]
    shown = [one for one in observed if one.time_s <= end_s]
    largest = [float(np.nanmax(band[1])) for band in bands if band is not None and np.isfinite(band[1]).any()]
    top = nice_top(max([*largest, *(one.value for one in shown)], default=0.0))
    scale = Scale(float(end_s), top)
    parts = [_grid(scale)]
    if bands[0] is not None:
        low, high, middle, times = bands[0]
        parts += [_band(scale, times, low, high), _line(scale, times, middle, "true-line")]
    if bands[1] is not None:
        parts.append(_line(scale, bands[1][3], bands[1][2], "reported-line", steps=True))
    parts += [_mark(scale, one) for one in shown]
    return svg(title, WIDTH, HEIGHT, Markup("").join(parts), "curve")


def svg(title: Both, width: float, height: float, content: Markup, name: str) -> Markup:
    """A picture with a title that readers of the screen hear."""
    return Markup('<svg class="{}" viewBox="0 0 {} {}" role="img" aria-label="{}"><title>{}</title>{}</svg>').format(
        name, f"{width:g}", f"{height:g}", title.flat, title.flat, content
    )


def _quantiles(block: Block | None) -> tuple[Array, Array, Array, Array] | None:
    """P10, P90, median over the members that know, and times; None where nobody ever knows."""
    if block is None:
        return None
    values = block.of("all")
    known = np.isfinite(values)
    if not known.any():
        return None
    found = np.full((3, values.shape[1]), np.nan)
    whole, some = known.all(axis=0), known.any(axis=0)
    for columns, quantile in ((whole, np.quantile), (some & ~whole, np.nanquantile)):
        if columns.any():
            found[:2, columns] = quantile(values[:, columns], (0.1, 0.9), axis=0, method="nearest")
            found[2, columns] = quantile(values[:, columns], 0.5, axis=0)
    return found[0], found[1], found[2], block.time_s


def _grid(scale: Scale) -> Markup:
    parts = []
    for share in (0, 0.25, 0.5, 0.75, 1.0):
        y = float(scale.y(share * scale.top))
        parts.append(Markup(f'<path class="grid" d="M{LEFT} {y:.1f}H{WIDTH - RIGHT}"/>'))
        if share in (0, 0.5, 1.0):
            told = number(share * scale.top)
            parts.append(Markup(f'<text class="tick" x="{LEFT - 5}" y="{y + 3.5:.1f}" text-anchor="end">{told}</text>'))
    for hour in hours_shown(scale.end_s):
        x = float(scale.x(hour * 3600))
        parts.append(Markup(f'<path class="grid" d="M{x:.1f} {TOP}V{HEIGHT - BOTTOM}"/>'))
        at = f'class="tick" x="{x:.1f}" y="{HEIGHT - 8}" text-anchor="middle"'
        parts.append(svg_text(Both(f"{hour:g}時間", f"{hour:g} h"), at))
    return Markup("").join(parts)


def hours_shown(end_s: float) -> list[float]:
    """About six round hours along the time axis."""
    hours = end_s / 3600
    step = next((step for step in (0.5, 1, 2, 4, 6, 12, 24, 48, 120) if hours / step <= 7), 240)
    return [step * n for n in range(int(hours / step) + 1)]


def _points(scale: Scale, times: Array, values: Array, steps: bool = False) -> str:
    """Path data with a gap wherever the value is not known."""
    xs, ys = scale.x(times), scale.y(values)
    parts, drawing = [], False
    for x, y in zip(xs, ys):
        if not math.isfinite(y):
            drawing = False
            continue
        if drawing and steps:
            parts.append(f"H{x:.1f}")
        parts.append(f"{'L' if drawing else 'M'}{x:.1f} {y:.1f}")
        drawing = True
    return "".join(parts)


def _line(scale: Scale, times: Array, values: Array, name: str, steps: bool = False) -> Markup:
    return Markup(f'<path class="{name}" d="{_points(scale, times, values, steps)}"/>')


def _band(scale: Scale, times: Array, low: Array, high: Array) -> Markup:
    known = np.isfinite(low)
    if not known.any() or np.array_equal(low[known], high[known]):
        return Markup("")
    there = _points(scale, times[known], high[known])
    back = _points(scale, times[known][::-1], low[known][::-1]).replace("M", "L", 1)
    return Markup(f'<path class="band" d="{there}{back}Z"/>')


def _mark(scale: Scale, one: Observed) -> Markup:
    x, y = float(scale.x(one.time_s)), float(scale.y(one.value))
    if MARKS.get(one.source) == "square":
        return Markup(f'<rect class="observed" x="{x - 2.6:.1f}" y="{y - 2.6:.1f}" width="5.2" height="5.2"/>')
    return Markup(f'<circle class="observed" cx="{x:.1f}" cy="{y:.1f}" r="2.9"/>')
