"""The run loop of the local-inertial form: step by the wave speed of the deepest water, sides, sources, books."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from math import ceil

import numpy as np

from twin.errors import ParameterError
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
from twin.numerics.shallow_water.finite_volume import INNER, LONGEST_STEP_S, BlowUp, form_available

STABLE_CFL = 0.67  # sqrt((1 + 0.8) / 4): checkerboard waves in two directions, smoothed by OWN_WEIGHT 0.9
Fields = tuple[Array, Array, Array]
Step = Callable[[Fields, Array, float, float, bool], tuple[Fields, float]]


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
    form = form_available() if form == "auto" else form
    if form not in ("numpy", "compiled") or (form == "compiled" and form_available() != "compiled"):
        raise ParameterError(f"form: '{form}' is unknown or needs Numba (extra `fast`); form numpy is always there")
    if not 0 < cfl <= STABLE_CFL:
        raise ParameterError(f"cfl: must lie in (0, {STABLE_CFL}], got {cfl}")
    check_run(basin, state, sources, until_s, on_faces=True)
    with ThreadPoolExecutor(threads) as pool:
        step = _compiled(basin, sources, pool, threads) if form == "compiled" else _numpy(basin)
        return _loop(basin, state, float(until_s), sources, step, cfl)


def _loop(basin: Basin, state: State, until_s: float, sources: Sources, step: Step, cfl: float) -> State:
    bed, now = forcing.padded_bed(basin), _padded(basin, state)
    size_m = min(basin.dx_m, basin.dy_m)
    while state.time_s < until_s:
        forcing.fill_margins(basin, (now[0], now[1] * 0, now[2] * 0), bed, state.time_s)
        deepest_m = float(now[0].max())
        left_s = until_s - state.time_s
        bound_s = cfl * size_m / np.sqrt(GRAVITY_M_PER_S2 * max(deepest_m, DRY_DEPTH_M))
        dt_s = left_s / ceil(left_s / min(LONGEST_STEP_S, bound_s))
        to_s = until_s if dt_s == left_s else state.time_s + dt_s
        raining = forcing.rains(sources, state.time_s, to_s)
        new, marker = step(now, bed, state.time_s, dt_s, raining)
        if not np.isfinite(marker):
            row, column = np.argwhere(~np.isfinite(new[0][INNER] + new[1][INNER] + new[2][INNER]))[0]
            message = f"local inertial: no number after {state.time_s:g} s in cell (row {row}, column {column})"
            raise BlowUp(message, _taken(state, now))
        entered = forcing.side_volume_m3(basin, _side_flux(new), dt_s)
        inner = (new[0][INNER], new[1][2:-2, 2:-1], new[2][2:-1, 2:-2])
        state = forcing.add_sources(basin, inner, sources, state, to_s)
        state = replace(state, time_s=to_s, steps=state.steps + 1, sides_m3=state.sides_m3 + entered)
        now = new
    return _taken(state, now)


def _padded(basin: Basin, state: State) -> Fields:
    shape = tuple(n + 4 for n in basin.bed_m.shape)
    along_x, along_y = (np.zeros(shape, basin.bed_m.dtype) for _ in range(2))
    along_x[2:-2, 2:-1] = state.discharge_x_m2_per_s
    along_y[2:-1, 2:-2] = state.discharge_y_m2_per_s
    return forcing.padded(basin, state.depth_m), along_x, along_y


def _taken(state: State, fields: Fields) -> State:
    depth, along_x, along_y = fields
    return replace(
        state,
        depth_m=depth[INNER].copy(),
        discharge_x_m2_per_s=along_x[2:-2, 2:-1].copy(),
        discharge_y_m2_per_s=along_y[2:-1, 2:-2].copy(),
    )


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


def _numpy(basin: Basin) -> Step:
    manning = _padded_manning(basin)

    def step(now: Fields, bed: Array, from_s: float, dt_s: float, raining: bool) -> tuple[Fields, float]:
        _spread_edges(now)
        size = (dt_s, basin.dx_m, basin.dy_m)
        new_x, new_y = reference.new_faces(now, bed, manning, *size)
        _set_edges(basin, now, new_x, new_y, bed, from_s)
        depth = reference.fill(now[0], new_x, new_y, *size)
        if depth[INNER].min() < 0:
            reference.hold_back(now[0], new_x, new_y, *size)
            depth = reference.fill(now[0], new_x, new_y, *size)
        return (depth, new_x, new_y), float((depth + new_x + new_y).sum())

    return step


def _padded_manning(basin: Basin) -> Array:
    return np.ascontiguousarray(np.pad(basin.manning, 2, mode="edge"))


def _compiled(basin: Basin, sources: Sources, pool: ThreadPoolExecutor, threads: int) -> Step:
    from twin.numerics.shallow_water import compiled, inertial_compiled

    manning, kind = _padded_manning(basin), basin.bed_m.dtype.type
    tiles = compiled.Tiles(basin.bed_m.shape, [s.kind != "wall" for s in basin.sides], sources.row, sources.column)
    spare: list[Fields] = []
    almost = kind(1 - 4 * np.finfo(kind).eps)

    def step(now: Fields, bed: Array, from_s: float, dt_s: float, raining: bool) -> tuple[Fields, float]:
        while len(spare) < 2:
            spare.append((now[0].copy(), now[1].copy(), now[2].copy()))
        _spread_edges(now)
        out = next(f for f in spare if f[0] is not now[0])
        parts = tiles.parts(now, (out,), DRY_DEPTH_M, raining, threads)
        marks = [np.zeros((len(part), 3), kind) for part in parts]
        common = (0, 0.5, 1, GRAVITY_M_PER_S2**0.5, GRAVITY_M_PER_S2, DRY_DEPTH_M, dt_s)
        weight = (reference.OWN_WEIGHT, (1 - reference.OWN_WEIGHT) / 2, *compiled.ROOT_SERIES)
        kx = tuple(kind(v) for v in (*common, 1 / basin.dx_m, *weight))
        ky = tuple(kind(v) for v in (*common, 1 / basin.dy_m, *weight))
        depth, new_x, new_y = out

        def filled() -> float:
            list(pool.map(lambda p, m: inertial_compiled.fill(p, now[0], new_x, new_y, depth, m, kx, ky), parts, marks))
            return min(float(m[:, 0].min(initial=0.0)) for m in marks)

        list(pool.map(lambda p: inertial_compiled.faces(p, *now, bed, manning, new_x, new_y, kx, ky), parts))
        _set_edges(basin, now, new_x, new_y, bed, from_s)
        if filled() < 0:
            inertial_compiled.hold_back(now[0], new_x, new_y, np.empty_like(depth), almost, kx, ky)
            filled()
        return out, sum(float(m[:, 2].sum()) for m in marks)

    return step
