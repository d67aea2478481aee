"""What enters a basin from outside in one step: margins for the sides, rain, and points; all of it booked."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from twin.numerics.shallow_water.basin import (
    DRY_DEPTH_M,
    GRAVITY_M_PER_S2,
    Array,
    Basin,
    Fields,
    Series,
    Side,
    Sources,
    State,
)

HALO = 2


def padded(basin: Basin, value: Array) -> Array:
    """A copy with a margin of two cells, filled with 0."""
    rows, columns = value.shape
    out = np.zeros((rows + 2 * HALO, columns + 2 * HALO), basin.bed_m.dtype)
    out[HALO:-HALO, HALO:-HALO] = value
    return out


def padded_bed(basin: Basin) -> Array:
    """The bed goes on level beyond a side, mirrored beyond a wall, at its slope where a discharge comes in."""
    bed = padded(basin, basin.bed_m)
    for side, ghost, mirror, edge in margins():
        line, rule = _line(bed, side), basin.sides[side]
        for g, m in zip(ghost, mirror, strict=True):
            line[g] = line[m if rule.kind == "wall" else edge]
            if rule.discharge_m3_per_s is not None and line.shape[0] > 2 * HALO + 1:
                line[g] += (line[edge] - line[2 * edge - ghost[0]]) * abs(g - edge)
    return bed


def _both_given(rule: Side) -> bool:
    """Supercritical inflow: level and discharge."""
    return rule.kind == "stage" and rule.discharge_m3_per_s is not None


def margins() -> list[tuple[int, tuple[int, int], tuple[int, int], int]]:
    """For each side: its number, the two margin lines, their mirror lines and the line at the edge."""
    low, high = ((1, 0), (2, 3), 2), ((-2, -1), (-3, -4), -3)
    return [(0, *low), (1, *high), (2, *low), (3, *high)]


def fill_margins(basin: Basin, fields: Fields, bed: Array, time_s: float) -> None:
    """Set the margin cells of padded fields for an instant, in place."""
    for side, ghost, mirror, edge in margins():
        rule = basin.sides[side]
        normal = 1 if side < 2 else 2
        depth, along = _line(fields[0], side), _line(fields[normal], side)
        across, ground = _line(fields[3 - normal], side), _line(bed, side)
        for g, m in zip(ghost, mirror, strict=True):
            source = m if rule.kind == "wall" else edge
            depth[g], across[g] = depth[source], across[source]
            along[g] = -along[source] if rule.kind == "wall" else along[source]
            if rule.kind == "stage" and rule.stage_m is not None:
                bed_there = ground[edge if _both_given(rule) else g]
                depth[g] = np.maximum(along_side(rule.stage_m, time_s) - bed_there, 0)
                if rule.discharge_m3_per_s is not None:
                    along[g] = _shared(basin, rule.discharge_m3_per_s, side, depth[g], ground[g], time_s)
                    along[g] *= 1 if side in (0, 2) else -1
        if rule.kind == "incoming" and rule.stage_m is not None:
            near, far = ghost  # the bed goes on level: both lines hold the same
            wave_m = along_side(rule.stage_m, time_s) - ground[near]
            inward = 1 if side in (0, 2) else -1
            depth[near], along[near] = _incoming(wave_m, rule.rest_m - ground[near], depth[near], along[near], inward)
            depth[far], along[far] = depth[near], along[near]


def along_side(stage_m: Series, time_s: float) -> Array:
    """Level at an instant: one number, or one for each cell of a side and its margins."""
    level_m = stage_m.at(time_s)
    if not level_m.ndim:
        return level_m
    return np.concatenate((level_m[:1], level_m[:1], level_m, level_m[-1:], level_m[-1:]))


def _incoming(wave_m: Array, rest_m: Array, depth: Array, along: Array, inward: int) -> tuple[Array, Array]:
    """Depth and discharge where an incoming wave meets what comes back from the cells at the edge.

    Characteristics: u + 2c of the wave (a simple wave over water of depth `rest_m`), u - 2c of the edge cells, with u
    into the basin; for small waves the wave's velocity is sqrt(g / depth) x its height. Dry ground is open.
    """
    wet = (depth > DRY_DEPTH_M) & (rest_m > DRY_DEPTH_M)
    safe = np.where(wet, depth, 1)
    in_m, out_m = (2 * np.sqrt(GRAVITY_M_PER_S2 * np.maximum(v, 0)) for v in (wave_m, depth))
    entering = 2 * in_m - 2 * np.sqrt(GRAVITY_M_PER_S2 * np.maximum(rest_m, 0))
    leaving = inward * along / safe - out_m
    wave_speed = np.maximum(entering - leaving, 0) / 4
    new = wave_speed**2 / GRAVITY_M_PER_S2
    return np.where(wet, new, depth), np.where(wet, inward * new * (entering + leaving) / 2, along)


def given_discharge(basin: Basin, fields: Fields, bed: Array, time_s: float) -> Array:
    """Discharge per metre through each face of the sides, into the basin; NaN where a side prescribes none."""
    given = np.full((4, max(basin.bed_m.shape)), np.nan, basin.bed_m.dtype)
    for side, _, _, edge in margins():
        rule = basin.sides[side]
        if rule.kind == "discharge" and rule.discharge_m3_per_s is not None:
            depth, ground = _line(fields[0], side)[edge], _line(bed, side)[edge]
            q = _shared(basin, rule.discharge_m3_per_s, side, depth, ground, time_s)
            given[side, : q.size - 2 * HALO] = q[HALO:-HALO]
    return given


def _shared(basin: Basin, inward: Series, side: int, depth: Array, ground: Array, time_s: float) -> Array:
    """m3/s shared over a side's cells by conveyance, as m2/s; over the lowest cells while the side is dry."""
    inner = slice(HALO, -HALO)
    width_m = basin.dy_m if side < 2 else basin.dx_m
    weight = np.zeros(depth.shape)
    weight[inner] = np.where(depth[inner] > DRY_DEPTH_M, depth[inner], 0).astype(float) ** (5 / 3)
    if not weight.any():
        weight[inner] = ground[inner] == ground[inner].min()
    return float(inward.at(time_s)) * weight / (weight.sum() * width_m)


def side_volume_m3(basin: Basin, flux_m2_per_s: Array, dt_s: float) -> float:
    """Water that entered through the sides in a step, from the mass fluxes along +x and +y."""
    west, east, south, north = flux_m2_per_s.sum(axis=1, dtype=np.float64)
    return float(((west - east) * basin.dy_m + (south - north) * basin.dx_m) * dt_s)


def rains(sources: Sources, from_s: float, to_s: float) -> bool:
    """Whether any rain falls in a step."""
    rain = sources.rain_m_per_s
    if isinstance(rain, float | int):
        return rain != 0
    return bool(np.any(rain.integral(from_s, to_s) if isinstance(rain, Series) else rain))


def add_sources(basin: Basin, fields: Fields, sources: Sources, state: State, to_s: float) -> State:
    """Rain, points and structures of a step [state.time_s, to_s) into the inner fields, in place; returns the books.

    An outflow takes the momentum of the water it takes, and no more water than there is.
    """
    if rains(sources, state.time_s, to_s):
        state = _add_rain(basin, fields, sources, state, to_s)
    if sources.discharge_m3_per_s is not None:
        state = _add_points(basin, fields, sources, sources.discharge_m3_per_s, state, to_s)
    if sources.structures is not None:
        moved = sources.structures.apply(basin, fields, state, to_s)
        if any(moved):
            state = replace(
                state,
                crossed_m3=state.crossed_m3 + moved.crossed_m3,
                pumped_m3=state.pumped_m3 + moved.pumped_m3,
                drained_m3=state.drained_m3 + moved.drained_m3,
                outflow_m3=state.outflow_m3 + moved.pumped_out_m3 + moved.drained_m3,
            )
    return state


def _add_rain(basin: Basin, fields: Fields, sources: Sources, state: State, to_s: float) -> State:
    depth, from_s, rain = fields[0], state.time_s, sources.rain_m_per_s
    fallen = rain.integral(from_s, to_s) if isinstance(rain, Series) else np.asarray(rain) * (to_s - from_s)
    fallen = fallen if sources.rain_pattern is None else fallen * sources.rain_pattern
    water = np.broadcast_to(fallen, depth.shape).astype(depth.dtype)
    depth += water
    return replace(state, rain_m3=state.rain_m3 + float(water.sum(dtype=np.float64)) * basin.cell_m2)


def _add_points(basin: Basin, fields: Fields, sources: Sources, series: Series, state: State, to_s: float) -> State:
    depth = fields[0]
    asked = series.integral(state.time_s, to_s) / basin.cell_m2
    cells, which = np.unique(np.ravel_multi_index((sources.row, sources.column), depth.shape), return_inverse=True)
    into = np.bincount(which, np.maximum(asked, 0), cells.size)
    wanted = np.bincount(which, np.maximum(-asked, 0), cells.size)
    row, column = np.unravel_index(cells, depth.shape)
    before = depth[row, column] + into
    taken = np.minimum(wanted, before)
    depth[row, column] = before - taken
    left = 1 - taken / np.where(before > 0, before, 1)
    for along in fields[1:]:
        if along.shape == depth.shape:  # momentum at the faces of the staggered form is set by the next step
            along[row, column] *= left
    return replace(
        state,
        inflow_m3=state.inflow_m3 + float(into.sum()) * basin.cell_m2,
        outflow_m3=state.outflow_m3 + float(taken.sum()) * basin.cell_m2,
    )


def _line(value: Array, side: int) -> Array:
    """View whose first index runs across a side: columns for west and east, rows for south and north."""
    return value.T if side < 2 else value
