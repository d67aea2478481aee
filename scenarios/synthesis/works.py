"""Levee and sea-wall segments with their gates, drainage pumps and refuge buildings of a place with a terrain."""

from __future__ import annotations

import numpy as np

from scenarios.columns import REFUGE_KINDS
from scenarios.synthesis.frame import Frame, names, nearest_cell
from scenarios.synthesis.landscape import GATE, RIVER, SEA_WALL
from scenarios.synthesis.near import nearest
from scenarios.synthesis.patches import Squares
from scenarios.synthesis.terrain import FACES, LAND, Ground, crest_at, levee_squares, next_to_sea
from twin.errors import ScenarioError
from twin.units import HOUR_S
from twin.world import IndexSet

Array = np.ndarray
NONE = -1
REACH_M = 500.0  # levees are strengthened reach by reach
PIECES = 5  # parts of a piece of a levee's line that segments share
NEAR_JUNCTION_M = 400.0
NEAR_GATE_M = 150.0
AROUND = (*FACES, (-1, -1), (-1, 1), (1, -1), (1, 1))


def build_levees(frame: Frame, ground: Ground, squares: Squares, town: Array, cell: IndexSet) -> IndexSet:
    """Segments, one on each levee square that joins a wet square and a dry one, in order along their levee.

    town: municipality of each patch. The square between is impassable in the water grid's bed: water passes a segment
    over its crest, through its gate or a breach only.
    """
    line = _segments(ground)
    x_m, y_m, river, dry = line["x_m"], line["y_m"], line["river"], (line["dry_row"], line["dry_column"])
    segment_town = town[squares.number[dry]]
    length_m, foot_m = _lengths(ground, x_m, y_m), _foot_m(ground, line)
    gate_m, sill_m = _gates(frame, ground, x_m, y_m, squares.height_m[squares.number[dry]])
    widths_m = np.array([*(2 * one.half_m for one in ground.landscape.courses), np.nan])
    return IndexSet.build(
        "levee",
        names(frame, "levee", segment_town, _numbers(segment_town)),
        municipality=segment_town,
        cell=nearest_cell(cell, x_m, y_m, segment_town),
        kind=np.where(gate_m > 0, GATE, np.where(river < 0, SEA_WALL, RIVER)),
        length_m=length_m,
        foot_m=foot_m,
        river_width_m=widths_m[river],
        confluence=_near_junction(ground, x_m, y_m),
        resistant=_resistant(frame, line["bank"], line["along_m"]),
        gate_width_m=np.minimum(gate_m, 0.9 * length_m),
        sill_m=sill_m,
        **{name: column for name, column in line.items() if name != "river"},
    )


def _segments(ground: Ground) -> dict[str, Array]:
    """Place, both sides, crest and river (-1: the sea) of every segment, ordered by bank and along it."""
    row, column = np.nonzero(ground.levee)
    (wet_row, wet_column), (dry_row, dry_column) = _sides(ground, row, column)
    x_m, y_m = ground.x_m[column], ground.y_m[row]
    crest_m, danger_m, river = crest_at(ground.landscape, x_m, y_m, next_to_sea(ground.kind, row, column))
    side, along_m = _along(ground, river, x_m, y_m)
    line = {
        "x_m": x_m,
        "y_m": y_m,
        "row": row,
        "column": column,
        "wet_row": wet_row,
        "wet_column": wet_column,
        "dry_row": dry_row,
        "dry_column": dry_column,
        "crest_m": crest_m,
        "danger_m": danger_m,
        "river": river,
        "bank": (river + 1) * 2 + (side > 0),
        "along_m": along_m,
    }
    order = np.lexsort((along_m, line["bank"]))
    order = order[((wet_row >= 0) & (dry_row >= 0))[order]]
    return {name: column[order] for name, column in line.items()}


def _sides(ground: Ground, row: Array, column: Array) -> tuple[tuple[Array, Array], tuple[Array, Array]]:
    """The wet square beside each levee square and a dry one behind it, opposite if possible; -1 where none."""
    rows, columns = ground.kind.shape
    wet, behind = ground.wet, ~ground.wet & ~ground.levee & (ground.kind == LAND)
    wet_at, dry_at = (np.full((2, len(row)), NONE) for _ in range(2))

    def look(mask: Array, d_row: Array, d_column: Array, found: Array) -> None:
        r, c = row + d_row, column + d_column
        inside = (r >= 0) & (r < rows) & (c >= 0) & (c < columns)
        apart = (wet_at[0] < 0) | (np.abs(r - wet_at[0]) + np.abs(c - wet_at[1]) > 1)
        hit = inside & apart & mask[np.clip(r, 0, rows - 1), np.clip(c, 0, columns - 1)] & (found[0] < 0)
        found[0][hit], found[1][hit] = r[hit], c[hit]

    thick = levee_squares(ground.square_m)
    for d_row, d_column in FACES:
        look(wet, np.full(len(row), d_row), np.full(len(row), d_column), wet_at)
    look(behind, thick * (row - wet_at[0]), thick * (column - wet_at[1]), dry_at)
    for steps in range(1, thick + 2):
        for d_row, d_column in AROUND:
            look(behind, np.full(len(row), steps * d_row), np.full(len(row), steps * d_column), dry_at)
    return (wet_at[0], wet_at[1]), (dry_at[0], dry_at[1])


def _along(ground: Ground, river: Array, x_m: Array, y_m: Array) -> tuple[Array, Array]:
    """Side (-1, +1) and place along the river of each segment; along the shore (south to north) at the sea."""
    side, along = np.ones(len(x_m)), y_m.copy()
    for number, course in enumerate(ground.landscape.courses):
        at, across = course.across_m(x_m, y_m)
        mine = river == number
        side[mine], along[mine] = np.sign(across[mine]), at[mine]
    return side, along


def _lengths(ground: Ground, x_m: Array, y_m: Array) -> Array:
    """Length of levee each segment stands for: the true lines of banks and shore shared among the nearest squares."""
    length_m = np.zeros(len(x_m))
    for line_x_m, line_y_m in ground.landscape.levee_lines():
        fine = np.linspace(0.0, line_x_m.size - 1.0, PIECES * (line_x_m.size - 1) + 1)
        ends = [np.interp(fine, np.arange(line_x_m.size), line_m) for line_m in (line_x_m, line_y_m)]
        piece_m = np.hypot(*(np.diff(end_m) for end_m in ends))
        middle = ((ends[0][1:] + ends[0][:-1]) / 2, (ends[1][1:] + ends[1][:-1]) / 2)
        far_m, at = nearest((x_m, y_m), middle, within_m=1.5 * ground.square_m)
        near = np.isfinite(far_m)
        length_m += np.bincount(at[near], weights=piece_m[near], minlength=len(x_m))
    return np.clip(length_m, 0.3 * ground.square_m, 2.0 * ground.square_m)


def _foot_m(ground: Ground, line: dict[str, Array]) -> Array:
    """Height of the land behind each segment, over as many squares as the levee is thick: the same on small squares."""
    row, column = line["dry_row"], line["dry_column"]
    d_row, d_column = np.sign(row - line["wet_row"]), np.sign(column - line["wet_column"])
    total_m, number = np.zeros(len(row)), np.zeros(len(row))
    rows, columns = ground.kind.shape
    for step in range(levee_squares(ground.square_m)):
        r, c = np.clip(row + step * d_row, 0, rows - 1), np.clip(column + step * d_column, 0, columns - 1)
        land = (ground.kind[r, c] == LAND) & ~ground.levee[r, c]
        total_m += np.where(land, ground.height_m[r, c], 0.0)
        number += land
    return total_m / number


def _near_junction(ground: Ground, x_m: Array, y_m: Array) -> Array:
    if ground.landscape.junction_m is None:
        return np.zeros(len(x_m), dtype=np.int64)
    jx_m, jy_m = ground.landscape.junction_m
    return (np.hypot(x_m - jx_m, y_m - jy_m) < NEAR_JUNCTION_M).astype(np.int64)


def _resistant(frame: Frame, bank: Array, along_m: Array) -> Array:
    """1 on the reaches strengthened against earthquakes."""
    reach = np.floor(along_m / REACH_M).astype(np.int64)
    draw = frame.chance.uniform("region.levee-resistant", bank * 10_000 + reach + 5000)
    return (draw < frame.rules.levee_resistant_share).astype(np.int64)


def _gates(frame: Frame, ground: Ground, x_m: Array, y_m: Array, behind_m: Array) -> tuple[Array, Array]:
    """Width (0: none) and sill of the gate in each segment. Raises ScenarioError for a gate far from any levee."""
    table = frame.facts["gate"]
    width_m, sill_m = np.zeros(len(x_m)), behind_m.copy()
    gx_m, gy_m = frame.local(table["lat"], table["lon"])
    for number in range(len(table)):
        away_m = np.hypot(x_m - gx_m[number], y_m - gy_m[number])
        at = int(np.argmin(away_m)) if len(away_m) else 0
        limit_m = max(NEAR_GATE_M, 2 * ground.square_m)
        if not len(away_m) or away_m[at] > limit_m:
            told = f"the nearest levee segment is {away_m[at]:.0f} m away" if len(away_m) else "there is no levee"
            raise ScenarioError(
                f"{table.path}:{table.lines[number]}: lat, lon: gate '{table['id'][number]}' does not stand on a levee "
                f"or sea wall: {told}, at most {limit_m:.0f} m is allowed; move the gate"
            )
        width_m[at] = table["width_m"][number]
        sill_m[at] = table["sill_m"][number]
    return width_m, sill_m


def _numbers(town: Array) -> Array:
    """1, 2, 3 … within each municipality, in the given order."""
    order = np.argsort(town, kind="stable")
    counts = np.bincount(town)
    number = np.empty(len(town), dtype=np.int64)
    number[order] = np.arange(len(town)) - np.repeat(np.cumsum(counts) - counts, counts) + 1
    return number


def build_pumps(
    frame: Frame, ground: Ground, squares: Squares, patch: Array, cell: IndexSet, main_feeder: Array
) -> IndexSet:
    """Drainage pumps of the table: from the ground they stand on into the nearest river or sea square."""
    table = frame.facts["pump"]
    town = frame.rows_of(table["municipality"])
    near = nearest_cell(cell, squares.x_m[patch], squares.y_m[patch], town)
    row, column = np.nonzero(ground.wet)
    if len(patch) and not len(row):
        raise ScenarioError(f"{table.path}: there is no river or sea to pump into; take the pumps out")
    here = (squares.x_m[patch], squares.y_m[patch])
    to = nearest((ground.x_m[column], ground.y_m[row]), here)[1] if len(patch) else np.zeros(0, dtype=np.int64)
    return IndexSet.build(
        "pump",
        table["id"],
        municipality=town,
        cell=near,
        feeder=main_feeder[near],
        patch=patch,
        capacity_m3_per_s=table["capacity_m3_per_s"],
        start_depth_m=table["start_depth_m"],
        generator_s=table["generator_h"] * HOUR_S,
        from_row=squares.row[patch],
        from_column=squares.column[patch],
        to_row=row[to],
        to_column=column[to],
    )


def build_refuges(frame: Frame, squares: Squares, patch: Array, cell: IndexSet) -> IndexSet:
    """Refuge buildings and towers of the table."""
    table = frame.facts["refuge"]
    town = frame.rows_of(table["municipality"])
    return IndexSet.build(
        "refuge",
        table["id"],
        municipality=town,
        cell=nearest_cell(cell, squares.x_m[patch], squares.y_m[patch], town),
        patch=patch,
        capacity_persons=table["capacity_persons"].astype(np.int64),
        floor_height_m=table["floor_height_m"],
        kind=np.asarray([REFUGE_KINDS.index(kind) for kind in table["kind"].tolist()], dtype=np.int64),
    )
