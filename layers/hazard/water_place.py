"""The place where water runs: bed and sides of the water grid, levees and pumps fitted to it, the tsunami and river."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from layers.hazard import river, sea
from layers.hazard.sea import LEAVES, OPEN, SEA, WALL, Grid
from twin import memo
from twin.numerics.runoff import wide_depth_m
from twin.numerics.shallow_water import (
    Barriers,
    Basin,
    Pumps,
    Series,
    Setting,
    Side,
    Works,
    advance_inertial,
    constant,
    final_width_m,
    levee_bed,
    make_basin,
    make_works,
    open_breach,
    still_on_faces,
)
from twin.numerics.shallow_water import Sources as Feed
from twin.params import Params
from twin.records import changed
from twin.units import HOUR_S
from twin.world import IndexSet, World

Array = np.ndarray
CALM_AFTER_H = 6  # hours the water needs to run out after waves and rain (assumed)
SLUICE_TO_PUMP = 4.0  # assumed: a sluice passes a few times what its pumps lift
FLAP_M = 0.1  # head that opens the flap
IN_THE_BED_M = 1.9  # squares at the outlet up to so much above its lowest belong to the river
FALL_SQUARES = 10  # the river's fall is read over so many squares
LEAST_SLOPE = 1e-4
RUN_IN_STEP_S = 600.0
ABOVE_GROUND_M = 10.0  # a bed so far above its patch is a levee's square
UNDER_DECK_M = 0.5  # a patch so far above the bed is a bridge
FOREVER_S = 1e10
EDITION = 2  # of the computation of a chunk: results kept on disk before it changed are not used


@dataclass(frozen=True)
class Outlet:
    """Where the river leaves: squares (square,) at the side, their beds, Manning's n and the river's fall."""

    side: int
    row: Array
    column: Array
    bed_m: Array
    manning: float
    slope: float


@dataclass(frozen=True)
class Place:
    """Constants of the water grid. `waves`: bed for finite volumes; `slow`: with the deep sea filled up, for inertia.

    `patch_above_m`: bed of the square less the patch's own height (0, but under bridges). `river_share` (inflow,) and
    `drained_m2` (inflow,): how the river's discharge and the rain on the town enter at the inflow squares.
    """

    key: str
    waves: Basin
    slow: Basin
    wave_works: Works | None
    slow_works: Works | None
    waves_until_s: int
    calm_from_s: int  # waves and rain are over: coarser chunks
    start_depth_m: Array
    patch_row: Array
    patch_column: Array
    patch_above_m: Array
    levee_row: Array
    levee_column: Array
    crest_m: Array
    breach_m: Array  # final width of a breach at each segment
    outlet: Outlet | None
    flows: river.Flows | None
    inflow_row: Array
    inflow_column: Array
    river_share: Array
    drained_m2: Array


def prepare(world: World, params: Params) -> Place | None:
    """The water grid of a world; None where there is none. Raises ParameterError for a place that cannot be run."""
    if "water_dx_m" not in world.settings:
        return None
    levee, patch = world["levee"], world["patch"]
    beds = _beds(world, params)
    flows = river.flows(world, params)
    inflow = _inflow(world, flows)
    place = Place(
        key="",
        waves=beds.waves,
        slow=beds.slow,
        wave_works=_works(world, beds.waves),
        slow_works=_works(world, beds.slow),
        waves_until_s=beds.waves_until_s,
        calm_from_s=_calm_from_s(beds, flows),
        start_depth_m=beds.start_depth_m,
        patch_row=np.asarray(patch["water_row"], np.int64),
        patch_column=np.asarray(patch["water_column"], np.int64),
        patch_above_m=_above(world),
        levee_row=np.asarray(levee["wet_row"], np.int64),
        levee_column=np.asarray(levee["wet_column"], np.int64),
        crest_m=np.asarray(levee["crest_m"], float),
        breach_m=_breach_widths(levee),
        outlet=_outlet(world, beds.slow),
        flows=flows,
        inflow_row=inflow[0],
        inflow_column=inflow[1],
        river_share=inflow[2],
        drained_m2=inflow[3] * params.local_runoff_fraction,
    )
    place = changed(place, key=_key(place))
    return changed(place, start_depth_m=_filled_river(place, params)) if flows is not None else place


def _calm_from_s(beds: Beds, flows: river.Flows | None) -> int:
    """Whole hours after the last wave and the last rain, with time for both to run out."""
    rain_end_s = float(flows.town_rain.edge_s[-1]) if flows is not None else 0.0
    return int(max(beds.waves_until_s, rain_end_s) // HOUR_S + CALM_AFTER_H) * HOUR_S


class Beds(NamedTuple):
    """Both beds with their sides, the water on them at second 0, and until when waves come."""

    waves: Basin
    slow: Basin
    start_depth_m: Array
    waves_until_s: int


def _beds(world: World, params: Params) -> Beds:
    """The ground as the earthquake left it, with the levees' squares raised; the sea as it lifted it."""
    grid = Grid.of(world)
    wave = sea.incoming_wave(world, grid, params.tsunami_offshore_s)
    built_m = np.asarray(world.arrays["water_bed_m"], float)
    bed_m, levees = _without_levees(world, built_m)
    still_m, manning, at_sea = world.settings["sea_level_m"], world.arrays["water_manning"], SEA in grid.sides
    level_m = np.full_like(bed_m, still_m)
    if wave is not None:
        moved = _scaled(wave.moved, params.tsunami_slip_scale)
        level_m, bed_m = sea.after_shaking(bed_m, moved, still_m, grid.dx_m)
    walled = _walled(np.where(levees, built_m, bed_m), world["levee"])
    filled = np.maximum(walled, still_m - params.filled_sea_m) if at_sea else walled
    sides = _still_sides(grid, still_m)
    if wave is not None:
        sides[sea.SIDES[wave.side]] = _sea_side(wave, still_m, params)
    return Beds(
        waves=make_basin(walled, grid.dx_m, grid.dx_m, manning, np.float32, **sides),
        slow=make_basin(filled, grid.dx_m, grid.dx_m, manning, np.float64, **_still_sides(grid, still_m)),
        start_depth_m=np.where(_open_water(world, at_sea), np.maximum(level_m - walled, 0.0), 0.0),
        waves_until_s=int(params.tsunami_waves_s) if wave is not None else 0,
    )


def _without_levees(world: World, built_m: Array) -> tuple[Array, Array]:
    """The bed with the natural ground under levees, and which squares those are."""
    patch, bed_m, levees = world["patch"], built_m.copy(), np.zeros(built_m.shape, dtype=bool)
    under = np.flatnonzero(_above(world) > ABOVE_GROUND_M)
    at = patch["water_row"][under], patch["water_column"][under]
    bed_m[at], levees[at] = np.asarray(patch["height_m"], float)[under], True
    return bed_m, levees


def setting_of(place: Place, works: Works, depth_m: Array, decided: Sequence[Array]) -> Setting:
    """The works' setting: sunken crests, breaches grown from where they began, gates, pumps with power.

    A pump station has a sluice too: while the river stands lower than the water behind the levee, that water leaves
    by its own weight, SLUICE_TO_PUMP times what the pumps lift; else the flap is shut and the pumps must lift it.
    """
    settlement_m, breach_s, pump_power, gate_open = decided
    never = np.full(place.crest_m.size, np.nan)
    pumps = works.pumps
    stage = [
        place.slow.bed_m[row, column] + depth_m[row, column]
        for row, column in ((pumps.row, pumps.column), (pumps.to_row, pumps.to_column))
    ]
    draining = np.where(stage[1] < stage[0] - FLAP_M, 1.0, pump_power / SLUICE_TO_PUMP)
    setting = Setting(place.crest_m - settlement_m, never, np.zeros(never.size), gate_open, draining)
    begun = np.flatnonzero(np.isfinite(breach_s))
    for row in begun[np.argsort(breach_s[begun], kind="stable")].tolist():
        setting = open_breach(works, setting, row, float(place.breach_m[row]), float(breach_s[row]))
    return setting


def _scaled(moved: sea.Displacement, scale: float) -> sea.Displacement:
    return sea.Displacement(moved.east_m * scale, moved.north_m * scale, moved.up_m * scale)


def _walled(bed_m: Array, levee: IndexSet) -> Array:
    """The bed with the levees' own squares, between wet and dry side, out of reach: water passes by the works only."""
    if not len(levee):
        return bed_m
    return levee_bed(bed_m, levee["row"], levee["column"], float(levee["crest_m"].max()))


def _open_water(world: World, at_sea: bool) -> Array:
    """Squares of the sea (row, column): all that are no dry ground. Low land behind a wall is not the sea."""
    patch, sea_squares = world["patch"], np.full(world.arrays["water_bed_m"].shape, at_sea)
    ground = np.flatnonzero(_above(world) > -UNDER_DECK_M)
    sea_squares[patch["water_row"][ground], patch["water_column"][ground]] = False
    return sea_squares


def _sea_side(wave: sea.Wave, still_m: float, params: Params) -> Side:
    """The incoming wave square by square; after its series the sea is at rest."""
    time_s = np.append(wave.time_s, [wave.time_s[-1] + HOUR_S, FOREVER_S])
    rest = np.zeros((2, wave.level_m.shape[1]))
    level_m = still_m + params.tsunami_slip_scale * np.concatenate((wave.level_m, rest))
    return Side("incoming", Series(time_s, level_m, "tsunami"), rest_m=still_m)


def _still_sides(grid: Grid, still_m: float) -> dict[str, Side]:
    kinds = {WALL: Side(), OPEN: Side("open"), LEAVES: Side("open"), SEA: Side("stage", constant(still_m, "sea level"))}
    return {name: kinds[code] for name, code in zip(sea.SIDES, grid.sides, strict=True)}


def _works(world: World, basin: Basin) -> Works | None:
    levee, pump = world["levee"], world["pump"]
    if not (len(levee) or len(pump)):
        return None
    names = ("wet_row", "wet_column", "dry_row", "dry_column")
    wet_row, wet_column, dry_row, dry_column = (np.asarray(levee[name], np.int64) for name in names)
    length_m, foot_m = np.asarray(levee["length_m"], float), np.asarray(levee["foot_m"], float)
    gates = (np.asarray(levee["gate_width_m"], float), np.asarray(levee["sill_m"], float))
    barriers = Barriers(wet_row, wet_column, dry_row, dry_column, length_m, foot_m, *gates, levee["bank"])
    names = ("from_row", "from_column", "to_row", "to_column")
    row, column, to_row, to_column = (np.asarray(pump[name], np.int64) for name in names)
    start_m = basin.bed_m[row, column] + np.asarray(pump["start_depth_m"], float)
    sluices = SLUICE_TO_PUMP * np.asarray(pump["capacity_m3_per_s"], float)
    pumps = Pumps(row, column, to_row, to_column, sluices, start_m)
    return make_works(basin, barriers, pumps)


def _breach_widths(levee: IndexSet) -> Array:
    """Final width of a breach: by the river's width; a sea wall or gate goes with its whole segment."""
    width_m = np.asarray(levee["river_width_m"], float)
    of_river = final_width_m(np.where(width_m >= 1, width_m, 1.0), np.asarray(levee["confluence"]) > 0)
    return np.where(width_m >= 1, of_river, np.asarray(levee["length_m"], float))


def _above(world: World) -> Array:
    """Bed of each patch's square over the patch's own height, (patch,): below 0 under a bridge deck."""
    patch = world["patch"]
    ground_m = world.arrays["water_bed_m"][patch["water_row"], patch["water_column"]]
    return ground_m - np.asarray(patch["height_m"], float)


def _outlet(world: World, basin: Basin) -> Outlet | None:
    """The lowest ground along the side where the river leaves, within the depth of its bed."""
    sides = Grid.of(world).sides
    if LEAVES not in sides:
        return None
    side, (rows, columns) = sides.index(LEAVES), basin.bed_m.shape
    along = np.arange(rows if side < 2 else columns)
    edge = np.full(along.size, (0, columns - 1, 0, rows - 1)[side])
    row, column = (along, edge) if side < 2 else (edge, along)
    bed_m = basin.bed_m[row, column].astype(float)
    low = bed_m < bed_m.min() + IN_THE_BED_M
    row, column, inward = row[low], column[low], (1, -1, 1, -1)[side]
    back_row, back_column = (row, column + FALL_SQUARES * inward) if side < 2 else (row + FALL_SQUARES * inward, column)
    inside = (back_row < rows) & (back_column < columns) & (back_row >= 0) & (back_column >= 0)
    upstream_m = basin.bed_m[np.where(inside, back_row, row), np.where(inside, back_column, column)]
    fall_m = float(np.median(upstream_m - bed_m[low])) if inside.all() else 0.0
    slope = world.settings.get("river_slope", max(fall_m / (FALL_SQUARES * basin.dx_m), LEAST_SLOPE))
    return Outlet(side, row, column, bed_m[low], float(np.median(basin.manning[row, column])), slope)


def with_outlet(place: Place, basin: Basin, discharge_m3_per_s: float) -> Basin:
    """The basin with the level of uniform flow where the river leaves; the same one without an outlet."""
    outlet = place.outlet
    if outlet is None:
        return basin
    per_m = max(discharge_m3_per_s, 0.0) / (outlet.row.size * basin.dx_m)
    edge = (slice(None), 0), (slice(None), -1), (0, slice(None)), (-1, slice(None))
    level_m = basin.bed_m[edge[outlet.side]].astype(float)  # dry beyond the plain: flood water leaves freely
    level_m[outlet.row if outlet.side < 2 else outlet.column] = outlet.bed_m.mean() + wide_depth_m(
        per_m, outlet.slope, outlet.manning
    )
    sides = list(basin.sides)
    sides[outlet.side] = Side("stage", constant(level_m, "outlet"))
    return changed(basin, sides=(sides[0], sides[1], sides[2], sides[3]))


def through_outlet_m3_per_s(place: Place, depth_m: Array, along_x: Array, along_y: Array) -> float:
    """Discharge towards the outlet one square inside it; faces (row, column + 1) and (row + 1, column)."""
    outlet = place.outlet
    if outlet is None:
        return 0.0
    flux = along_x if outlet.side < 2 else along_y
    step = 1 if outlet.side in (0, 2) else 0
    at = (outlet.row, outlet.column + step) if outlet.side < 2 else (outlet.row + step, outlet.column)
    return float(flux[at].sum()) * place.slow.dx_m * (-1.0 if outlet.side in (0, 2) else 1.0)


def _inflow(world: World, flows: river.Flows | None) -> tuple[Array, Array, Array, Array]:
    """Squares where water enters: upstream squares share the river, pump squares the rain on their part of the town."""
    none, whole = np.zeros(0), np.zeros(0, np.int64)
    if flows is None:
        return whole, whole, none, none
    pump, empty = world["pump"], np.zeros((0, 2), np.int64)
    cells, share = [], []
    rivers = (("inflow_cells", 1.0), ("tributary_cells", world.settings.get("tributary_catchment_m2", 0.0)))
    for name, area_m2 in rivers:  # a tributary brings its part of the rain by its area
        squares = np.asarray(world.arrays.get(name, empty), np.int64)
        part = area_m2 if area_m2 == 1.0 else area_m2 / world.settings["catchment_m2"]
        cells.append(squares)
        share.append(np.full(len(squares), part / max(len(squares), 1)))
    row, column = np.concatenate(cells).T
    row = np.concatenate((row, np.asarray(pump["from_row"], np.int64)))
    column = np.concatenate((column, np.asarray(pump["from_column"], np.int64)))
    river_share = np.concatenate((*share, np.zeros(len(pump))))
    area = np.concatenate((np.zeros(row.size - len(pump)), _drained_m2(world)))
    return row, column, river_share, area


def _drained_m2(world: World) -> Array:
    """Area of the endangered ground nearest to each pump, (pump,): its drains lead there."""
    patch, pump = world["patch"], world["pump"]
    low = np.flatnonzero(np.asarray(patch["danger"]) > 0)
    if not len(pump) or not low.size:
        return np.zeros(len(pump))
    at = np.asarray(pump["patch"], np.int64)
    away = [np.asarray(patch[axis])[low, None] - np.asarray(patch[axis])[at] for axis in ("x_m", "y_m")]
    nearest = np.argmin(np.hypot(*away), axis=1)
    return np.bincount(nearest, np.asarray(patch["area_m2"])[low], len(pump))


def _filled_river(place: Place, params: Params) -> Array:
    """Depth after the river has run at its first discharge for a while, from an empty bed; kept by content."""
    return memo.remembered(memo.key("spin-up", place.key, params.river_spin_up_s), lambda: _run_in(place, params))


def _run_in(place: Place, params: Params) -> Array:
    """From an empty bed, the outlet's level following the flow."""
    assert place.flows is not None
    first = place.flows.river_m3_per_s.at(0.0) * place.river_share
    feed = Feed(row=place.inflow_row, column=place.inflow_column, discharge_m3_per_s=constant(first, "first discharge"))
    state = still_on_faces(place.slow, float(place.slow.bed_m.min()))
    for end_s in np.arange(RUN_IN_STEP_S, params.river_spin_up_s + RUN_IN_STEP_S, RUN_IN_STEP_S):
        passing = through_outlet_m3_per_s(place, state.depth_m, state.discharge_x_m2_per_s, state.discharge_y_m2_per_s)
        state = advance_inertial(with_outlet(place, place.slow, passing), state, float(end_s), feed)
    return state.depth_m


def _key(place: Place) -> str:
    """Digest of everything chunks depend on, decisions apart."""
    parts: list[object] = [
        EDITION,
        place.waves_until_s,
        place.calm_from_s,
        place.start_depth_m,
        place.crest_m,
        place.breach_m,
    ]
    parts += [place.patch_row, place.patch_column, place.patch_above_m, place.levee_row, place.levee_column]
    parts += [place.inflow_row, place.inflow_column, place.river_share, place.drained_m2]
    for basin in (place.waves, place.slow):
        parts += [basin.bed_m, basin.manning, basin.dx_m]
        for side in basin.sides:
            parts += [side.kind, side.rest_m, *_series(side.stage_m)]
    if place.slow_works is not None:
        parts += [np.asarray(value) for value in vars(place.slow_works.barriers).values()]
        parts += [np.asarray(value) for value in vars(place.slow_works.pumps).values()]
    if place.flows is not None:
        parts += [
            *_series(place.flows.river_m3_per_s),
            place.flows.town_rain.edge_s,
            place.flows.town_rain.rate_m_per_s,
        ]
    return memo.key("place", *parts)


def _series(series: Series | None) -> Sequence[Array]:
    return (series.time_s, series.value) if series is not None else ()
