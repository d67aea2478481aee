"""Sea and river on the water grid: computed ahead in chunks of five minutes and handed out minute by minute.

Once waves and rain are over a chunk lasts an hour and is handed out every ten minutes.

Waves run as finite volumes while a tsunami may come; afterwards, and in rivers, as local inertia with the deep sea
filled up (it no longer matters and would force short steps). What other layers decide - breaches, sunken crests,
gates, power of pumps - holds from the next chunk on, so results do not depend on the step length. Every chunk is kept
on disk by content: its key is chained from the place, the chunks before and these decisions.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from layers.hazard.water_place import Place, setting_of, through_outlet_m3_per_s, with_outlet
from twin import memo
from twin.contract import Inputs
from twin.numerics import shallow_water
from twin.numerics.shallow_water import Basin, Sources, Structures

Array = np.ndarray
LOOK_S = 30  # depth and force are looked at this often for their maxima, at least once a mark
BOOKS = ("rain_m3", "inflow_m3", "outflow_m3", "sides_m3", "crossed_m3", "pumped_m3", "drained_m3")
DECISIONS = ("levee_settlement_m", "levee_breach_s", "pump_power", "gate_open_fraction")
DRY_M = 1e-3  # thinner films on a patch count as dry


@dataclass(frozen=True)
class Pace:
    """Length of a chunk and of the marks in it at which its water is handed out, seconds."""

    chunk_s: int
    mark_s: int

    @property
    def marks(self) -> int:
        """Marks in a chunk."""
        return self.chunk_s // self.mark_s


FAST, CALM = Pace(300, 60), Pace(3600, 600)


@dataclass(frozen=True)
class Water:
    """Sea and river at the end of the last chunk (`until_s`, `chunk_s` long), what patches and levees saw in it.

    Fields (row + 1, column + 1) float32: centres use all but the last row and column, faces one more. `mark_*`:
    minute by minute of the chunk. `highest_m`, `force_m3_per_s2` (patch,): maxima of the chunk; `before_*`: of all
    chunks before it. `books_m3`: see BOOKS. `key`: digest of all that led here, uint8.
    """

    until_s: int
    chunk_s: int
    depth_m: Array
    discharge_x_m2_per_s: Array
    discharge_y_m2_per_s: Array
    books_m3: Array
    mark_depth_m: Array  # (mark, patch) float32
    mark_level_m: Array  # (mark, levee) float32
    highest_m: Array
    force_m3_per_s2: Array
    before_highest_m: Array
    before_force_m3_per_s2: Array
    key: Array


@dataclass(frozen=True)
class Seen:
    """What holds at an instant: depth, maxima so far (patch,), levels at the levees (levee,); NaN where dry."""

    depth_m: Array
    highest_m: Array
    force_m3_per_s2: Array
    level_m: Array


def start(place: Place) -> Water:
    """At second 0: the sea as the earthquake left it, or the river filled to its first discharge."""
    n_patch, n_levee = place.patch_row.size, place.levee_row.size
    rows, columns = place.start_depth_m.shape
    frame = np.zeros((rows + 1, columns + 1), np.float32)
    depth = frame.copy()
    depth[:-1, :-1] = place.start_depth_m
    dry = np.zeros(n_patch, np.float32)
    return Water(
        until_s=0,
        chunk_s=FAST.chunk_s,
        depth_m=depth,
        discharge_x_m2_per_s=frame,
        discharge_y_m2_per_s=frame,
        books_m3=np.zeros(len(BOOKS)),
        mark_depth_m=np.zeros((FAST.marks, n_patch), np.float32),
        mark_level_m=np.full((FAST.marks, n_levee), np.nan, np.float32),
        highest_m=dry,
        force_m3_per_s2=dry,
        before_highest_m=dry,
        before_force_m3_per_s2=dry,
        key=_bytes(place.key),
    )


def no_water() -> Water:
    """A world without a water grid."""
    empty, nothing = np.zeros((0, 0), np.float32), np.zeros(0, np.float32)
    key = np.zeros(0, np.uint8)
    return Water(0, FAST.chunk_s, empty, empty, empty, nothing, empty, empty, nothing, nothing, nothing, nothing, key)


def advance(place: Place, water: Water, inputs: Inputs, now_s: int) -> Water:
    """Compute chunks until `now_s` is covered; the same object if it already is."""
    while water.until_s < now_s:
        water = _next_chunk(place, water, inputs)
    return water


def nothing_seen(n_patch: int, n_levee: int) -> Seen:
    """Dry ground everywhere."""
    dry = np.zeros(n_patch)
    return Seen(dry, dry, dry, np.full(n_levee, np.nan))


def look(water: Water, now_s: int, last: Seen) -> Seen:
    """What holds at `now_s` (last mark passed); what has not changed is handed out as the array of `last`.

    The maxima within a minute come with the end of their chunk.
    """
    pace = FAST if water.chunk_s == FAST.chunk_s else CALM
    mark = min(max((now_s - (water.until_s - pace.chunk_s)) // pace.mark_s, 1), pace.marks)
    depth = water.mark_depth_m[mark - 1]
    highest = np.maximum(last.highest_m, depth)
    force = np.maximum(last.force_m3_per_s2, water.before_force_m3_per_s2)
    highest = np.maximum(highest, water.before_highest_m)
    if mark == pace.marks:
        highest, force = np.maximum(highest, water.highest_m), np.maximum(force, water.force_m3_per_s2)
    new = Seen(depth.astype(float), highest, force, water.mark_level_m[mark - 1].astype(float))
    kept = [old if np.array_equal(old, now, equal_nan=True) else now for old, now in zip(_values(last), _values(new))]
    return Seen(*kept)


def _values(seen: Seen) -> tuple[Array, Array, Array, Array]:
    return seen.depth_m, seen.highest_m, seen.force_m3_per_s2, seen.level_m


def _next_chunk(place: Place, water: Water, inputs: Inputs) -> Water:
    decided = [np.asarray(inputs[name], dtype=float) for name in DECISIONS]
    pace = FAST if water.until_s < place.calm_from_s else CALM
    name = memo.key("chunk", pace.chunk_s, pace.mark_s, LOOK_S, water.key.tobytes(), *decided)
    packed = memo.remembered(name, lambda: _packed(_solve(place, water, decided, pace)))
    chunk = _unpacked(packed, water, pace)
    fields = chunk.fields.reshape(3, *water.depth_m.shape)
    return Water(
        until_s=water.until_s + pace.chunk_s,
        chunk_s=pace.chunk_s,
        depth_m=fields[0],
        discharge_x_m2_per_s=fields[1],
        discharge_y_m2_per_s=fields[2],
        books_m3=chunk.books_m3,
        mark_depth_m=chunk.patches[:-2],
        mark_level_m=chunk.level_m,
        highest_m=chunk.patches[-2],
        force_m3_per_s2=chunk.patches[-1],
        before_highest_m=np.maximum(water.before_highest_m, water.highest_m),
        before_force_m3_per_s2=np.maximum(water.before_force_m3_per_s2, water.force_m3_per_s2),
        key=_bytes(name),
    )


class Chunk(NamedTuple):
    """What a chunk makes: fields (3, square), depth by mark with highest depth and force (mark + 2, patch), float32;
    level by mark (mark, levee), float32; books (book,).
    """

    fields: Array
    patches: Array
    level_m: Array
    books_m3: Array


def _packed(chunk: Chunk) -> Array:
    """As bytes; of fields and patches only the columns that hold any water."""
    parts: list[Array] = []
    for dense in (chunk.fields, chunk.patches):
        wet = np.flatnonzero(dense.any(axis=0))
        parts += [np.array([wet.size]), wet, np.ascontiguousarray(dense[:, wet])]
    parts += [chunk.level_m, chunk.books_m3]
    return np.concatenate([np.ascontiguousarray(part).view(np.uint8).ravel() for part in parts])


def _unpacked(packed: Array, water: Water, pace: Pace) -> Chunk:
    """The inverse of `_packed`, with the sizes of `water`."""
    at, dense = 0, []
    for rows, columns in ((3, water.depth_m.size), (pace.marks + 2, water.highest_m.size)):
        n_wet = int(packed[at : at + 8].view(np.int64)[0])
        at += 8
        wet = packed[at : at + 8 * n_wet].view(np.int64)
        at += 8 * n_wet
        values = packed[at : at + 4 * rows * n_wet].view(np.float32).reshape(rows, n_wet)
        at += 4 * rows * n_wet
        full = np.zeros((rows, columns), np.float32)
        full[:, wet] = values
        dense.append(full)
    shape = (pace.marks, water.mark_level_m.shape[1])
    books_at = at + 4 * shape[0] * shape[1]
    level = packed[at:books_at].copy().view(np.float32).reshape(shape)
    return Chunk(dense[0], dense[1], level, packed[books_at:].copy().view(np.float64))


def _bytes(name: str) -> Array:
    return np.frombuffer(name.encode(), np.uint8).copy()


def _solve(place: Place, water: Water, decided: Sequence[Array], pace: Pace) -> Chunk:
    """One chunk, computed."""
    waves = water.until_s < place.waves_until_s
    basin, run = (place.waves, shallow_water.advance) if waves else (place.slow, shallow_water.advance_inertial)
    sources = _sources(place, waves, water, decided, pace)
    state = _state(basin, water, waves)
    if not waves:
        x, y = state.discharge_x_m2_per_s, state.discharge_y_m2_per_s
        basin = with_outlet(place, basin, through_outlet_m3_per_s(place, state.depth_m, x, y))
    patches = np.zeros((pace.marks + 2, water.highest_m.size), np.float32)
    depth, level = patches[:-2], np.zeros((pace.marks, water.mark_level_m.shape[1]), np.float32)
    look_s = LOOK_S if pace is FAST else pace.mark_s
    for mark in range(pace.marks):
        for _ in range(pace.mark_s // look_s):
            state = run(basin, state, state.time_s + look_s, sources)
            depth[mark], push = on_patches(place, basin, state)
            patches[-2:] = np.maximum(patches[-2:], (depth[mark], push))
        level[mark] = _at_levees(place, basin, state)
    books = water.books_m3 + [getattr(state, name) for name in BOOKS]
    last = waves and water.until_s + pace.chunk_s >= place.waves_until_s
    return Chunk(np.stack(_frames(place, state, last)).reshape(3, -1), patches, level, books)


def _sources(place: Place, waves: bool, water: Water, decided: Sequence[Array], pace: Pace) -> Sources:
    """River, runoff of the town at the pumps, and the works with what was decided."""
    works = place.wave_works if waves else place.slow_works
    structures = Structures(works, setting_of(place, works, water.depth_m, decided)) if works is not None else None
    if place.flows is None:
        return Sources(structures=structures)
    town_m_per_s = place.flows.town_rain_m_per_s(water.until_s, water.until_s + pace.chunk_s)
    river = place.flows.river_m3_per_s
    discharge = shallow_water.Series(
        river.time_s, np.outer(river.value, place.river_share) + town_m_per_s * place.drained_m2, river.name
    )
    return Sources(
        row=place.inflow_row, column=place.inflow_column, discharge_m3_per_s=discharge, structures=structures
    )


def _state(basin: Basin, water: Water, waves: bool) -> shallow_water.State:
    """The solver's state out of the frames."""
    x, y = water.discharge_x_m2_per_s, water.discharge_y_m2_per_s
    x, y = (x[:-1, :-1], y[:-1, :-1]) if waves else (x[:-1], y[:, :-1])
    parts = [np.ascontiguousarray(part, basin.bed_m.dtype) for part in (water.depth_m[:-1, :-1], x, y)]
    return shallow_water.State(parts[0], parts[1], parts[2], time_s=float(water.until_s))


def _frames(place: Place, state: shallow_water.State, last_wave: bool) -> list[Array]:
    """The solver's fields in frames; after the last wave the level stands over the filled-up bed, at rest."""
    depth, x, y = state.depth_m, state.discharge_x_m2_per_s, state.discharge_y_m2_per_s
    if last_wave:
        level = depth + place.waves.bed_m
        depth = np.where(depth > 0, np.maximum(level - place.slow.bed_m, 0), 0)
        x, y = np.zeros((0, 0)), np.zeros((0, 0))
    rows, columns = depth.shape
    frames = [np.zeros((rows + 1, columns + 1), np.float32) for _ in range(3)]
    for frame, values in zip(frames, (depth, x, y)):
        frame[: values.shape[0], : values.shape[1]] = values
    return frames


def on_patches(place: Place, basin: Basin, state: shallow_water.State) -> tuple[Array, Array]:
    """Depth above the patches' ground and depth x speed squared there, (patch,) float32; 0 where dry."""
    at = (place.patch_row, place.patch_column)
    water_m = state.depth_m[at]
    depth = np.where(water_m > DRY_M, np.maximum(water_m + place.patch_above_m, 0), 0)
    x, y = state.discharge_x_m2_per_s, state.discharge_y_m2_per_s
    if x.shape != state.depth_m.shape:  # discharges at the faces
        x, y = (x[:, 1:] + x[:, :-1]) / 2, (y[1:] + y[:-1]) / 2
    squared = x[at] ** 2 + y[at] ** 2
    push = np.divide(squared, water_m, out=np.zeros_like(squared), where=depth > DRY_M)
    return depth.astype(np.float32), push.astype(np.float32)


def _at_levees(place: Place, basin: Basin, state: shallow_water.State) -> Array:
    """Level on the water side of each segment, (levee,), NaN where it is dry."""
    at = (place.levee_row, place.levee_column)
    water_m = state.depth_m[at]
    return np.where(water_m > DRY_M, water_m + basin.bed_m[at], np.nan)
