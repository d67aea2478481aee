"""Maps of inundation in the official depth colours, each class with its own pattern; levees, breaches and refuges."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from markupsafe import Markup

from scenarios.report.data import RunData
from scenarios.report.svg import svg
from scenarios.report.text import Both, svg_text
from scenarios.report.water import GATE, SEA_WALL, WET_M, Ground, Wet

Array = np.ndarray
UNIT = 8  # drawing units of one square
SEA, LAND, LIVED_IN = "#CFE0EC", "#FBFBF9", "#E3E5E8"
# 水害ハザードマップ作成の手引き (MLIT 2016): lower bound in m -> name, colour; the pattern is our own, for eyes that
# cannot tell the colours apart
DEPTHS: tuple[tuple[float, Both, str, str], ...] = (
    (20.0, Both("20m以上", "20 m or more"), "#DC7ADC", "M0 0L16 16M16 0L0 16M8 0V16M0 8H16"),
    (10.0, Both("10–20m", "10–20 m"), "#F285C9", "M0 0L16 16M16 0L0 16"),
    (5.0, Both("5–10m", "5–10 m"), "#FF9191", "M0 4H16M0 12H16M4 0V16M12 0V16"),
    (3.0, Both("3–5m", "3–5 m"), "#FFB7B7", "M0 16L16 0"),
    (0.5, Both("0.5–3m", "0.5–3 m"), "#FFD8C0", "M6.5 8H9.5"),
    (WET_M, Both("0.5m未満", "below 0.5 m"), "#F7F5A9", ""),
)


@dataclass(frozen=True)
class Sign:
    """A mark for a place: path around (0, 0), its look, and what it stands for."""

    key: str
    name: Both
    path: str
    look: str


SIGNS = {
    sign.key: sign
    for sign in (
        Sign("shelter", Both("避難所", "shelter"), "M-8 8V-2L0-9L8-2V8Z", 'fill="#1d6b3a" stroke="#fff"'),
        Sign("refuge", Both("避難ビル等", "refuge"), "M0-11L10 8H-10Z", 'fill="#0b5394" stroke="#fff"'),
        Sign("pump", Both("排水機場", "pump"), "M-8 0A8 8 0 1 1 8 0A8 8 0 1 1-8 0Z", 'fill="#fff" stroke="#111"'),
        Sign(
            "dark",
            Both("停止した排水機場", "pump stopped"),
            "M-8 0A8 8 0 1 1 8 0A8 8 0 1 1-8 0ZM-8 8L8-8",
            'fill="#fff" stroke="#111"',
        ),
        Sign("open", Both("開いた陸閘・水門", "gate open"), "M-7-7H7V7H-7Z", 'fill="#fff" stroke="#111"'),
        Sign("closed", Both("閉じた陸閘・水門", "gate shut"), "M-7-7H7V7H-7Z", 'fill="#111" stroke="#fff"'),
        Sign(
            "breach",
            Both("決壊", "breach"),
            "M-13-9L-9-13L0-4L9-13L13-9L4 0L13 9L9 13L0 4L-9 13L-13 9L-4 0Z",
            'fill="#c00000" stroke="#fff"',
        ),
    )
}


def depth_class(depth_m: float) -> tuple[Both, str] | None:
    """(name, official colour) of a depth; None for dry ground."""
    return next(((name, colour) for least, name, colour, _ in DEPTHS if depth_m >= least), None)


def shared(ground: Ground) -> Markup:
    """Ground, levees and patterns that all maps use."""
    rows = ground.town.shape[0]
    shapes = {
        "land": squares(ground.town >= 0),
        "lived-in": squares(ground.lived_in),
        "levee": _small_squares(ground, ground.levee_kind != SEA_WALL, rows),
        "sea-wall": _small_squares(ground, ground.levee_kind == SEA_WALL, rows),
        "zone": edges(ground.danger),
        "towns": edges(ground.town, among=ground.town >= 0),
    }
    paths = Markup("").join(Markup('<path id="w-{}" d="{}"/>').format(name, path) for name, path in shapes.items())
    hatches = Markup("").join(
        Markup(
            '<pattern id="depth-{}" width="16" height="16" patternUnits="userSpaceOnUse">'
            '<path d="{}" stroke="#333" stroke-opacity=".5" stroke-width="1.6"/></pattern>'
        ).format(number, path)
        for number, (_, _, _, path) in enumerate(DEPTHS)
        if path
    )
    return Markup('<svg class="shared" width="0" height="0" aria-hidden="true"><defs>{}{}</defs></svg>').format(
        paths, hatches
    )


def draw(run: RunData, ground: Ground, wet: Wet | None, depth_m: Array | None, title: Both, large: bool) -> Markup:
    """The map; depth_m: what is shown (member, patch), as median over the members. The large one carries all signs."""
    rows, columns = ground.town.shape
    parts = [Markup(f'<rect width="{columns * UNIT}" height="{rows * UNIT}" fill="{SEA}"/>')]
    parts += [_use("land", f'fill="{LAND}"'), _use("lived-in", f'fill="{LIVED_IN}"')]
    if depth_m is not None:
        parts += _inundation(ground.field(np.median(depth_m, axis=0)))
    parts.append(_use("towns", 'class="border"'))
    parts += [_use("zone", 'class="zone"')] if large else []
    parts += [_use("levee", 'fill="#4a4f57"'), _use("sea-wall", 'fill="#111"')]
    parts += [_at(SIGNS[key], where, rows) for key, where in _signs(ground, wet, large)]
    if large:
        parts += _names(run, ground, rows)
        parts.append(_scale_bar(ground, rows))
    name = "map water large" if large else "map water"
    return svg(title, columns * UNIT, rows * UNIT, Markup("").join(parts), name)


def _use(name: str, look: str) -> Markup:
    return Markup('<use href="#w-{}" {}/>').format(name, Markup(look))


def _inundation(depth_m: Array) -> list[Markup]:
    """One path per class, filled with its colour, then with its pattern."""
    parts, deeper = [], np.inf
    for number, (least, name, colour, pattern) in enumerate(DEPTHS):
        path = squares((depth_m >= least) & (depth_m < deeper))
        deeper = least
        if path:
            hatch = Markup('<path d="{}" fill="url(#depth-{})"/>').format(path, number) if pattern else Markup("")
            shape = Markup('<path class="depth" d="{}" fill="{}"/>').format(path, colour)
            parts.append(Markup("<g><title>{}</title>{}{}</g>").format(name.flat, shape, hatch))
    return parts


def _signs(ground: Ground, wet: Wet | None, large: bool) -> list[tuple[str, Array]]:
    """Sign and places (k, 2) of everything marked on the map; breaches last, so that nothing hides them."""
    found: list[tuple[str, Array]] = []
    gate = ground.levee_kind == GATE
    if large:
        dark = wet.dark if wet is not None else np.zeros(len(ground.places["pump"]), dtype=bool)
        closed = wet.closed if wet is not None else np.zeros(gate.size, dtype=bool)
        found += [("shelter", ground.places["shelter"]), ("refuge", ground.places["refuge"])]
        found += [("pump", ground.places["pump"][~dark]), ("dark", ground.places["pump"][dark])]
        found += [("open", ground.levee[gate & ~closed]), ("closed", ground.levee[gate & closed])]
    if wet is not None:
        found.append(("breach", ground.levee[wet.breached]))
    return [(key, where) for key, where in found if len(where)]


def _at(sign: Sign, where: Array, rows: int) -> Markup:
    """A sign at its places."""
    parts = [
        Markup('<path transform="translate({:.0f} {:.0f})" d="{}"/>').format(x * UNIT, (rows - y) * UNIT, sign.path)
        for x, y in where.tolist()
    ]
    return Markup('<g {} stroke-width="2" class="sign-{}"><title>{}</title>{}</g>').format(
        Markup(sign.look), sign.key, sign.name.flat, Markup("").join(parts)
    )


def _names(run: RunData, ground: Ground, rows: int) -> list[Markup]:
    return [
        svg_text(run.town_name(code), f'class="name" x="{x * UNIT:.0f}" y="{(rows - y) * UNIT:.0f}" font-size="30"')
        for code, (x, y) in ground.towns.items()
    ]


def _scale_bar(ground: Ground, rows: int) -> Markup:
    """One kilometre, in the lower right corner."""
    length = 1000.0 / ground.square_m * UNIT
    right, low = ground.town.shape[1] * UNIT - 24, rows * UNIT - 22
    bar = Markup('<path class="bar" d="M{:.0f} {}h{:.0f}"/>').format(right - length, low, length)
    return bar + svg_text("1 km", f'class="name" x="{right - length / 2:.0f}" y="{low - 10}" font-size="24"')


def squares(mask: Array) -> str:
    """Path over the squares of a mask (row, column), run by run; empty where none is set."""
    top = mask.shape[0] - 1
    return "".join(
        f"M{begin * UNIT} {(top - row) * UNIT}h{(end - begin) * UNIT}v{UNIT}H{begin * UNIT}z"
        for row, begin, end in _runs(mask)
    )


def edges(values: Array, among: Array | None = None) -> str:
    """Path along the squares' sides where a field changes, only between squares of `among` if it is given."""
    rows = values.shape[0]
    kept = np.ones(values.shape, dtype=bool) if among is None else among
    across = (values[1:] != values[:-1]) & kept[1:] & kept[:-1]
    along = (values[:, 1:] != values[:, :-1]) & kept[:, 1:] & kept[:, :-1]
    parts = []
    for row, begin, end in _runs(across):
        parts.append(f"M{begin * UNIT} {(rows - 1 - row) * UNIT}H{end * UNIT}")
    for column, begin, end in _runs(along.T):
        parts.append(f"M{(column + 1) * UNIT} {(rows - begin) * UNIT}V{(rows - end) * UNIT}")
    return "".join(parts)


def _runs(mask: Array) -> Iterable[tuple[int, int, int]]:
    """(row, begin, end) of every run of set squares."""
    change = np.diff(np.pad(mask.astype(np.int8), ((0, 0), (1, 1))), axis=1)
    for row in np.flatnonzero(mask.any(axis=1)).tolist():
        for begin, end in zip(np.flatnonzero(change[row] > 0).tolist(), np.flatnonzero(change[row] < 0).tolist()):
            yield row, begin, end


def _small_squares(ground: Ground, which: Array, rows: int) -> str:
    """Levee segments as squares somewhat smaller than those of the grid."""
    half = UNIT * 3 // 8
    return "".join(
        f"M{x * UNIT - half:.0f} {(rows - y) * UNIT - half:.0f}h{2 * half}v{2 * half}h{-2 * half}z"
        for x, y in ground.levee[which].tolist()
    )


def legend(depth_m: Array | None) -> list[dict[str, object]]:
    """Depth classes on the map, deepest first; all of them where nothing is known."""
    if depth_m is None:
        return []
    middle = np.median(depth_m, axis=0)
    bounds = [least for least, _, _, _ in DEPTHS]
    present = {int(np.argmax([value >= least for least in bounds])) for value in np.unique(middle[middle >= WET_M])}
    return [
        {"name": name, "colour": colour, "pattern": f"depth-{number}" if pattern else ""}
        for number, (_, name, colour, pattern) in enumerate(DEPTHS)
        if number in present
    ]


def signs_shown(ground: Ground, wet: Wet | None) -> Sequence[Sign]:
    """Signs on the large map, for its legend."""
    return [SIGNS[key] for key, _ in _signs(ground, wet, large=True)]
