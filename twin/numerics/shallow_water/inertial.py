"""The run loop of the local-inertial form: step by the wave speed of the deepest water, sides, sources, books."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from math import ceil

import numpy as np

from twin.numerics.shallow_water import forcing
from twin.numerics.shallow_water import inertial_reference as reference
from twin.numerics.shallow_water.basin import (
    DRY_DEPTH_M,
    GRAVITY_M_PER_S2,
    Array,
    Basin,
    Sources,
    State,
    check_run,
)
from twin.numerics.shallow_water.crew import Crew
from twin.numerics.shallow_water.finite_volume import (
    INNER,
    LONGEST_STEP_S,
    BlowUp,
    SpareFields,
    chosen_form,
    with_values,
)

STABLE_CFL = 0.67  # sqrt((1 + 0.8) / 4): checkerboard waves in two directions, smoothed by OWN_WEIGHT 0.9
FACES_X, FACES_Y = (slice(2, -2), slice(2, -1)), (slice(2, -1), slice(2, -2))
Fields = tuple[Array, Array, Array]


def advance_inertial(
    basin: Basin,
    state: State,
    until_s: float,
    sources: Sources | None = None,
    form: str = "auto",
    threads: int = 1,
    cfl: float = 0.6,
) -> State:
    """The state (discharges at faces, see `still_on_faces`) at `until_s`; arguments and errors as in `advance`."""
    sources = sources or Sources()
    form = chosen_form(form, cfl, STABLE_CFL)
    check_run(basin, state, sources, until_s, on_faces=True)
    with Crew(threads) as crew:
        form_of = _Compiled(basin, sources, crew) if form == "compiled" else _Numpy(basin)
        return _loop(basin, state, float(until_s), sources, form_of, cfl, crew)


def _loop(
    basin: Basin, state: State, until_s: float, sources: Sources, step: _Numpy | _Compiled, cfl: float, crew: Crew
) -> State:
    bed, *fields = crew.all_of([partial(forcing.padded_bed, basin), *_paddings(basin, state)])
    now: Fields = (fields[0], fields[1], fields[2])
    size_m = min(basin.dx_m, basin.dy_m)
    shut = all(side.kind == "wall" for side in basin.sides)
    deepest_m = float(now[0].max())
    while state.time_s < until_s:
        step.fill_margins(now[0], bed, state.time_s)
        left_s = until_s - state.time_s
        bound_s = cfl * size_m / np.sqrt(GRAVITY_M_PER_S2 * max(deepest_m, _deepest_outside_m(basin, now), DRY_DEPTH_M))
        dt_s = left_s / ceil(left_s / min(LONGEST_STEP_S, bound_s))
        to_s = until_s if dt_s == left_s else state.time_s + dt_s
        raining = forcing.rains(sources, state.time_s, to_s)
        new, deepest_m, marker = step(now, bed, state.time_s, dt_s, raining)
        if not np.isfinite(marker):
            row, column = np.argwhere(~np.isfinite(new[0][INNER] + new[1][INNER] + new[2][INNER]))[0]
            message = f"local inertial: no number after {state.time_s:g} s in cell (row {row}, column {column})"
            raise BlowUp(message, _taken(state, now))
        entered = 0.0 if shut else forcing.side_volume_m3(basin, _side_flux(new), dt_s)
        inner = _inner(new)
        state = forcing.add_sources(basin, inner, sources, state, to_s)
        touched = inner[0] if raining else inner[0][sources.cells()]
        deepest_m = max(deepest_m, float(touched.max(initial=0.0)))
        state = replace(state, time_s=to_s, steps=state.steps + 1, sides_m3=state.sides_m3 + entered)
        now = new
    return _taken(state, now)


def _deepest_outside_m(basin: Basin, now: Fields) -> float:
    """Depth in the margins beyond sides held at a level; other margins repeat cells of the basin."""
    lines = (now[0][:, :2], now[0][:, -2:], now[0][:2], now[0][-2:])
    held = [line.max() for line, side in zip(lines, basin.sides, strict=True) if side.kind == "stage"]
    return float(max(held, default=0.0))


def _paddings(basin: Basin, state: State) -> list[Callable[[], Array]]:
    """Jobs that make the padded fields."""
    return [
        partial(forcing.padded, basin, state.depth_m),
        partial(_padded_faces, basin, state.discharge_x_m2_per_s, FACES_X),
        partial(_padded_faces, basin, state.discharge_y_m2_per_s, FACES_Y),
    ]


def _padded_faces(basin: Basin, value: Array, place: tuple[slice, slice]) -> Array:
    out = np.zeros([n + 4 for n in basin.bed_m.shape], basin.bed_m.dtype)
    out[place] = value
    return out


def _inner(fields: Fields) -> Fields:
    depth, along_x, along_y = fields
    return depth[INNER], along_x[FACES_X], along_y[FACES_Y]


def _taken(state: State, fields: Fields) -> State:
    """The state of padded fields, which nobody writes to again: views, not copies."""
    depth, along_x, along_y = _inner(fields)
    return replace(state, depth_m=depth, discharge_x_m2_per_s=along_x, discharge_y_m2_per_s=along_y)


def _side_flux(fields: Fields) -> Array:
    _, along_x, along_y = fields
    rows, columns = along_x.shape[0] - 4, along_x.shape[1] - 4
    flux = np.zeros((4, max(rows, columns)))
    flux[0, :rows], flux[1, :rows] = along_x[2:-2, 2], along_x[2:-2, -2]
    flux[2, :columns], flux[3, :columns] = along_y[2, 2:-2], along_y[-2, 2:-2]
    return flux


def _set_edges(basin: Basin, now: Fields, new_x: Array, new_y: Array, bed: Array, time_s: float) -> None:
    """Faces on the sides: shut, given, or as the next face inside if that flows out; a stage side is computed."""
    given = forcing.given_discharge(basin, now, bed, time_s)
    edges = (
        (new_x[2:-2, 2], new_x[2:-2, 3], -1),
        (new_x[2:-2, -2], new_x[2:-2, -3], 1),
        (new_y[2, 2:-2], new_y[3, 2:-2], -1),
        (new_y[-2, 2:-2], new_y[-3, 2:-2], 1),
    )
    for side, (edge, inside, outward) in enumerate(edges):
        kind = basin.sides[side].kind
        if kind == "wall":
            edge[:] = 0
        elif kind == "discharge":
            edge[:] = -outward * given[side, : edge.size]
        elif kind == "open":
            edge[:] = np.where(inside * outward > 0, inside, 0)


def _spread_edges(now: Fields) -> None:
    """Margin faces repeat the faces on the sides, for the smoothing along the flow."""
    _, along_x, along_y = now
    along_x[:, 1], along_x[:, -1] = along_x[:, 2], along_x[:, -2]
    along_y[1], along_y[-1] = along_y[2], along_y[-2]


class _Numpy:
    """Steps of the NumPy form."""

    def __init__(self, basin: Basin) -> None:
        self.basin, self.manning = basin, _padded_manning(basin)
        self.fill_margins = partial(_fill_margins, basin)

    def __call__(
        self, now: Fields, bed: Array, from_s: float, dt_s: float, raining: bool
    ) -> tuple[Fields, float, float]:
        """Faces, sides, depths."""
        _spread_edges(now)
        size = (dt_s, self.basin.dx_m, self.basin.dy_m)
        new_x, new_y = reference.new_faces(now, bed, self.manning, *size)
        _set_edges(self.basin, now, new_x, new_y, bed, from_s)
        depth = reference.fill(now[0], new_x, new_y, *size)
        if depth[INNER].min() < 0:
            reference.hold_back(now[0], new_x, new_y, *size)
            depth = _without_dust(reference.fill(now[0], new_x, new_y, *size))
        return (depth, new_x, new_y), float(depth[INNER].max()), float((depth + new_x + new_y).sum())


def _fill_margins(basin: Basin, depth: Array, bed: Array, time_s: float) -> None:
    still = np.zeros_like(depth)  # discharges of the margins, which this form does not use
    forcing.fill_margins(basin, (depth, still, still), bed, time_s)


def _without_dust(depth_m: Array) -> Array:
    """Depths held back, in place: what underflows (about -1e-323 m) is dry; anything larger would be an error."""
    depth_m[(depth_m < 0) & (depth_m > -np.finfo(depth_m.dtype).tiny)] = 0
    return depth_m


def _padded_manning(basin: Basin) -> Array:
    return np.ascontiguousarray(np.pad(basin.manning, 2, mode="edge"))


class _Compiled:
    """Steps of the compiled form; writes in turn to fields of its own, dry tiles left out."""

    def __init__(self, basin: Basin, sources: Sources, crew: Crew) -> None:
        from twin.numerics.shallow_water import inertial_compiled, margins, tiles

        self.basin, self.spare, self.kernel = basin, SpareFields(), inertial_compiled
        self.manning, self.tiles = _padded_manning(basin), tiles.Tiles(basin, sources)
        self.margins, self.spread = margins.Margins(basin), margins.spread_faces
        simple = self.margins.simple
        self.fill_margins = self.margins.fill_depth if simple else partial(_fill_margins, basin)
        self.kinds = np.array([inertial_compiled.KINDS[side.kind] for side in basin.sides])
        rooms = [inertial_compiled.scratch(basin.bed_m.shape[1], basin.bed_m.dtype) for _ in range(crew.threads)]
        self.share = partial(crew.share, inertial_compiled.step, rooms)
        self.constants, self.backwards = _constants(basin, tiles.ROOT_SERIES), False

    def __call__(
        self, now: Fields, bed: Array, from_s: float, dt_s: float, raining: bool
    ) -> tuple[Fields, float, float]:
        self.spread(now[1], now[2])
        (out,) = self.spare.targets(now, 1)
        blocks = self.tiles.blocks(now, (out,), raining)
        self.backwards = not self.backwards  # to and fro: what the last pass ended with is still in the cache
        blocks = blocks[::-1].copy() if self.backwards else blocks
        given = self.margins.given_discharge(now, bed, from_s)
        extremes, k = np.zeros((len(blocks), 3), bed.dtype), with_values(self.constants, {7: dt_s})
        rest = (now, out, bed, self.manning, self.kinds, given, self.tiles.wet, self.tiles.size, extremes)
        self.share(blocks, *rest, True, k)
        if extremes[:, 0].min(initial=0.0) < 0:
            almost = bed.dtype.type(1 - 4 * np.finfo(bed.dtype).eps)
            self.kernel.hold_back(now[0], out[1], out[2], np.ones_like(bed), almost, k)
            self.share(blocks, *rest, False, k)
            _without_dust(out[0])
        self.tiles.marked(out, raining)
        return out, float(extremes[:, 1].max(initial=0.0)), float(extremes[:, 2].sum())


def _constants(basin: Basin, series: tuple[float, ...]) -> tuple[np.floating, ...]:
    """Scalars of the arrays' own type, in the order the kernels read them; the step comes later."""
    side_weight = (1 - reference.OWN_WEIGHT) / 2
    values = (
        0, 0.5, 1, GRAVITY_M_PER_S2**0.5, reference.OWN_WEIGHT, GRAVITY_M_PER_S2, DRY_DEPTH_M, 0, side_weight,
        1 / basin.dx_m, 1 / basin.dy_m, 0, *series,
    )  # fmt: skip
    return tuple(basin.bed_m.dtype.type(value) for value in values)
