"""Warnings as issued: the class of the tsunami warning, and five-step levels by river stages and for landslides."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from layers.hazard.messages import advisory_in_force
from twin.numerics.runoff import river_warning_level
from twin.numerics.slides import lowered_fraction, slide_warning_level
from twin.params import Params
from twin.units import HOUR_S
from twin.world import World

Array = np.ndarray
NONE, WARNING, MAJOR = 0.0, 1.0, 2.0
RIVER_LEVEE = 0


@dataclass(frozen=True)
class Gauges:
    """River levees as gauges: their rows, towns, danger level and crest (segment,)."""

    row: Array
    town: Array
    danger_m: Array
    crest_m: Array
    n_town: int


@dataclass(frozen=True)
class Stages:
    """Highest stage over the danger level by town (municipality,), NaN without a river: now and an hour mark ago.

    `hour`: number of the hour mark; `flood_level` (municipality,): warning level 0 to 5 in force.
    """

    over_danger_m: Array
    hour_ago_m: Array
    hour: int
    flood_level: Array


def gauges_of(world: World) -> Gauges:
    """Every segment of a river levee."""
    levee = world["levee"]
    row = np.flatnonzero((np.asarray(levee["kind"]) == RIVER_LEVEE) & np.isfinite(levee["danger_m"]))
    return Gauges(
        row,
        np.asarray(levee["municipality"], np.int64)[row],
        np.asarray(levee["danger_m"], float)[row],
        np.asarray(levee["crest_m"], float)[row],
        len(world["municipality"]),
    )


def no_stages(n_town: int) -> Stages:
    """Nothing measured, no warning."""
    unknown = np.full(n_town, np.nan)
    return Stages(unknown, unknown, 0, np.zeros(n_town))


def tsunami_class(magnitude_mw: float, coast_m: float, since_shock_s: int, params: Params) -> float:
    """Class in force: by the magnitude of a shock near or under the sea, from its issue until it is lifted."""
    if not params.tsunami_warning_s <= since_shock_s < params.tsunami_warning_end_s:
        return NONE
    if coast_m > params.tsunami_coast_m or magnitude_mw < params.warning_least_mw:
        return NONE
    return MAJOR if magnitude_mw >= params.major_least_mw else WARNING


def anything_in_force(magnitude_mw: float, coast_m: float, since_shock_s: int, params: Params) -> bool:
    """Whether an advisory or a warning holds; after a warning an advisory stays until `advisory_after_s`."""
    warned = tsunami_class(magnitude_mw, coast_m, params.tsunami_warning_s, params) > NONE
    if warned and params.tsunami_warning_s <= since_shock_s < params.advisory_after_s:
        return True
    return advisory_in_force(magnitude_mw, coast_m, since_shock_s, params)


def measure_stages(
    gauges: Gauges, stages: Stages, level_m: Array, breached: Array, now_s: int, params: Params
) -> Stages:
    """Stages and warning levels at `now_s`; level_m (levee,), breached (levee,) yes/no; the same object if unchanged.

    The stage expected in `forecast_h` hours follows the last hour's trend, as a flood forecast does at its simplest.
    """
    level = level_m[gauges.row]
    if not np.isfinite(level).any():
        return stages
    over = np.full(gauges.n_town, -np.inf)
    np.fmax.at(over, gauges.town, level - gauges.danger_m)
    over[np.isinf(over)] = np.nan
    spilling = np.zeros(gauges.n_town, bool)
    np.logical_or.at(spilling, gauges.town, (level > gauges.crest_m) | breached[gauges.row])
    hour = now_s // HOUR_S
    hour_ago = stages.over_danger_m if hour > stages.hour else stages.hour_ago_m
    trend = np.nan_to_num(over - hour_ago)
    bounds = np.array(params.river_stages_m)[:, None] + np.zeros(gauges.n_town)
    known = np.isfinite(over)
    stage = np.where(known, over, -np.inf)
    warned = river_warning_level(stage, stage + params.forecast_h * np.where(known, trend, 0.0), bounds, spilling)
    warned = warned.astype(float)
    if hour == stages.hour:  # a warning is lowered at whole hours only
        warned = np.maximum(warned, stages.flood_level)
    kept = stages.flood_level if np.array_equal(warned, stages.flood_level) else warned
    return Stages(over, hour_ago, hour, kept)


@dataclass(frozen=True)
class Slopes:
    """Cells with slopes that can fail, (slope,): their rows and towns; the number of towns."""

    cell: Array
    town: Array
    n_town: int


@dataclass(frozen=True)
class SlideLevels:
    """Landslide warning level in force by town (municipality,): 0, 2, 3, 4 or 5; `hour`: number of its hour mark."""

    level: Array
    hour: int


def slopes_of(world: World, least_deg: float) -> Slopes:
    """Cells whose mean slope is at least this."""
    cell = np.flatnonzero(np.asarray(world["cell"]["slope_deg"], float) >= least_deg)
    return Slopes(cell, np.asarray(world["cell"]["municipality"], np.int64)[cell], len(world["municipality"]))


def landslide_levels(
    slopes: Slopes, before: SlideLevels, ratio: tuple[Array, Array], felt: Array, now_s: int, params: Params
) -> SlideLevels:
    """Levels at `now_s`: of each town that of its worst slope; the same object if unchanged.

    ratio: soil water over the critical line now and ahead, (cell,). felt: strongest intensity so far, (municipality,);
    where it was strong the criteria are lowered (JMA practice). A warning is lowered at whole hours only.
    """
    steps = tuple(zip(params.criteria_intensity.tolist(), params.criteria_fraction.tolist(), strict=True))
    lowered = lowered_fraction(felt, steps)[slopes.town]
    now, ahead = (one[slopes.cell] / lowered for one in ratio)
    shares = (params.slide_advisory_fraction, params.slide_warning_fraction, params.slide_special_fraction)
    level = np.zeros(slopes.n_town)
    np.maximum.at(level, slopes.town, slide_warning_level(now, ahead, *shares).astype(float))
    hour = now_s // HOUR_S
    if hour == before.hour:
        level = np.maximum(level, before.level)
    if np.array_equal(level, before.level):
        level = before.level
    return before if level is before.level and hour == before.hour else SlideLevels(level, hour)
