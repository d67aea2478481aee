"""A tsunami's way from the source to the coast: offshore grid, nests, gauges, arrival, crest and highest level.

The equations are linear: levels are proportional to the initial level, hence to slip, and the levels of sub-faults
add up. Members of an ensemble may scale (or combine) stored gauge levels instead of running again; arrival times
depend on a threshold and are read off the scaled levels with `arrival_time_s`.
Nesting is one-way: an inner grid is driven by the outer one and lets out what differs, but the outer one does not
feel it. First wave and maxima agree with a grid that is fine everywhere within 1 to 2 % (tests); later waves carry
what the outer grid's rough coast sends back (some 5 to 10 %), so put the sides of a nest well off the coast. Every
inner grid lies inside the one before it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from math import ceil, isfinite

import numpy as np
from numpy.typing import ArrayLike

from twin.errors import ParameterError, StateError
from twin.numerics.shallow_water import Series
from twin.numerics.tsunami.grid import Array, Grid, Nest, Sampler, flux_sampler, level_on, level_sampler
from twin.numerics.tsunami.leap_frog import Given, Waves, give_sides, start_waves, step_flux, step_level

CFL_SHARE = 0.95  # of the bound; near 1 the scheme disperses least
ARRIVAL_CHANGE_M = 0.2  # unverified: +-20 cm, said to be usual for prefectural maps; range 0.05 to 0.3


@dataclass(frozen=True)
class Map:
    """What one grid saw, arrays (row, column), at sampled instants.

    `maximum_level_m` above still water and the instant of it, `crest_time_s`: NaN on land. `arrival_time_s`: first
    change of the level by more than the threshold, counted from the level right after the rupture (the floor has
    moved with the water, so that level is no wave yet); inf where it never came.
    """

    grid: Grid
    maximum_level_m: Array
    crest_time_s: Array
    arrival_time_s: Array
    final_level_m: Array


@dataclass(frozen=True)
class Propagation:
    """`gauge_level_m` (instant, gauge) above still water at `time_s` (instant,); one Map per grid, coarse first."""

    time_s: Array
    gauge_level_m: Array
    maps: tuple[Map, ...]

    @property
    def gauge_arrival_s(self) -> Array:
        """First change by more than the default threshold at each gauge (gauge,); inf where it never came."""
        return arrival_time_s(self.time_s, self.gauge_level_m)

    @property
    def gauge_crest_time_s(self) -> Array:
        """Instant of the highest level at each gauge (gauge,)."""
        return np.asarray(self.time_s[self.gauge_level_m.argmax(axis=0)])


@dataclass(frozen=True)
class _Feed:
    """What an outer grid recorded at the sides of the next: every step of the outer grid, all faces in a row."""

    step_s: float
    level_m: Array  # (step + 1, face), at whole steps
    outward_m2_per_s: Array  # (step + 1, face), at half steps, first row: rest
    parts: tuple[slice, ...]  # the faces of each side

    def at(self, level_s: float, flux_s: float) -> Given:
        """Straight lines between recorded instants."""
        level = _between(self.level_m, level_s / self.step_s)
        half = flux_s / self.step_s + 0.5
        half = 2.0 * half - 1.0 if half < 1.0 else half  # from rest to the first flux there is only half a step
        outward = _between(self.outward_m2_per_s, half)
        return Given(tuple(level[part] for part in self.parts), tuple(outward[part] for part in self.parts))


def propagate(
    grid: Grid,
    initial_level_m: ArrayLike,
    until_s: float,
    gauges: tuple[ArrayLike, ArrayLike] = ((), ()),
    *,
    nested: Sequence[Nest] = (),
    sample_s: float = 10.0,
    step_s: float | None = None,
    arrival_change_m: float = ARRIVAL_CHANGE_M,
) -> Propagation:
    """Follow the wave that a raised sea surface (row, column), m, leaves behind, from rest, to `until_s`.

    gauges: x and y (gauge,), each read on the finest grid that holds it. nested: ever finer grids, each inside the
    one before. sample_s: interval of the gauge levels and maps. step_s: longest step on the outer grid; 0.95 of the
    CFL bound unless given. Raises ParameterError for shapes and numbers that do not fit, a step above the CFL bound,
    a nest that sticks out, a gauge off the grids or on land; StateError with time and cell if a level blows up.
    """
    for name, value in (("until_s", until_s), ("sample_s", sample_s), ("arrival_change_m", arrival_change_m)):
        if not (isfinite(value) and value > 0):
            raise ParameterError(f"{name}: must be a number above 0, got {value}")
    grids = [grid, *(nest.grid for nest in nested)]
    for outer, inner in pairwise(grids):
        _must_hold(outer, inner)
    levels = [level_on(grid, initial_level_m)]
    for nest in nested:
        levels.append(_initial(nest, grids[len(levels) - 1], levels[-1]))
    n_sample = ceil(until_s / sample_s - 1e-9)
    place = _Gauges(grids, *gauges)
    feed: _Feed | None = None
    maps = []
    gauge_level_m = np.zeros((n_sample + 1, place.grid_of_gauge.size))
    for number, (here, level) in enumerate(zip(grids, levels, strict=True)):
        steps = _steps_per_sample(here, sample_s, step_s if number == 0 else None)
        waves = start_waves(here, level, sample_s / steps)
        recorder = _Recorder(here, grids[number + 1] if number + 1 < len(grids) else None, n_sample * steps, waves)
        mine = place.grid_of_gauge == number
        watch = _Watch(level, here, n_sample, arrival_change_m, place.samplers[number])
        _run(waves, n_sample, steps, feed, recorder, watch)
        gauge_level_m[:, mine] = watch.gauge_level_m
        maps.append(watch.map(waves))
        feed = recorder.feed()
    return Propagation(np.arange(n_sample + 1) * sample_s, gauge_level_m, tuple(maps))


def arrival_time_s(time_s: Array, level_m: Array, threshold_m: float = ARRIVAL_CHANGE_M) -> Array:
    """First change from the first level by more than a threshold; level (instant, gauge) -> (gauge,).

    Straight lines between instants; inf where the threshold is never passed.
    """
    height_m = np.abs(level_m - level_m[0])
    over = height_m > threshold_m
    after = over.argmax(axis=0)
    before = np.maximum(after - 1, 0)
    gauge = np.arange(level_m.shape[1])
    low, high = height_m[before, gauge], height_m[after, gauge]
    share = np.where(high > low, (threshold_m - low) / np.where(high > low, high - low, 1.0), 1.0)
    at_s = time_s[before] + np.clip(share, 0.0, 1.0) * (time_s[after] - time_s[before])
    return np.where(over.any(axis=0), at_s, np.inf)


def stage_series(
    result: Propagation, gauges: slice | Sequence[int] = slice(None), still_level_m: float = 0.0, name: str = "tsunami"
) -> Series:
    """Water level outside a `stage` side of `twin.numerics.shallow_water`: mean of some gauges, one value an instant.

    still_level_m: tide of the day above the datum of the bed. The side takes one level for its whole length, so the
    gauges should lie along it, in water deep against the wave.
    """
    level_m = result.gauge_level_m[:, gauges]
    if level_m.shape[1] == 0:
        raise ParameterError(f"{name}: no gauge chosen; give at least one of the {result.gauge_level_m.shape[1]}")
    return Series(result.time_s, still_level_m + level_m.mean(axis=1), name)


def _run(waves: Waves, n_sample: int, steps: int, feed: _Feed | None, recorder: _Recorder, watch: _Watch) -> None:
    dt_s = waves.step_s
    if feed is not None:
        give_sides(waves, feed.at(0.0, 0.5 * dt_s))
    recorder.note(0, waves)
    watch.note(0, 0.0, waves.level_m)
    for step in range(n_sample * steps):
        if step:
            step_flux(waves, feed.at(step * dt_s, (step + 0.5) * dt_s) if feed else None)
        step_level(waves)
        recorder.note(step + 1, waves)
        if (step + 1) % steps == 0:
            watch.note((step + 1) // steps, (step + 1) * dt_s, waves.level_m)


class _Gauges:
    """Which grid reads which gauge: the finest that holds it."""

    def __init__(self, grids: list[Grid], x_m: ArrayLike, y_m: ArrayLike) -> None:
        x, y = np.broadcast_arrays(np.atleast_1d(np.asarray(x_m, float)), np.atleast_1d(np.asarray(y_m, float)))
        self.grid_of_gauge = np.full(x.shape, -1)
        for number, grid in enumerate(grids):
            self.grid_of_gauge[grid.contains(x, y)] = number
        for gauge in np.flatnonzero(self.grid_of_gauge < 0)[:1]:
            raise ParameterError(f"gauge {gauge}: ({x[gauge]:g}, {y[gauge]:g}) lies off the grid {grids[0].extent_m}")
        self.samplers = []
        for number, grid in enumerate(grids):
            mine = np.flatnonzero(self.grid_of_gauge == number)
            sampler = level_sampler(grid, x[mine], y[mine])
            for dry in np.flatnonzero(sampler.weight.sum(axis=0) == 0)[:1]:
                gauge = mine[dry]
                raise ParameterError(f"gauge {gauge}: ({x[gauge]:g}, {y[gauge]:g}) lies on land; move it out to sea")
            self.samplers.append(sampler)


class _Watch:
    """Collects, at sampled instants, gauge levels and the maps of one grid."""

    def __init__(self, first_m: Array, grid: Grid, n_sample: int, arrival_change_m: float, gauges: Sampler) -> None:
        self.grid, self.gauges, self.threshold_m = grid, gauges, arrival_change_m
        self.first_m = first_m.copy()
        shape = grid.depth_m.shape
        self.gauge_level_m = np.zeros((n_sample + 1, gauges.weight.shape[1]))
        self.best_m, self.crest_s = np.full(shape, -np.inf), np.zeros(shape)
        self.arrival_s, self.waiting = np.full(shape, np.inf), grid.wet.copy()

    def note(self, sample: int, time_s: float, level_m: Array) -> None:
        """Keep gauges, crest and arrival of one sampled instant. Raises StateError where a level is no number."""
        if not isfinite(float(level_m.sum())):
            cell = tuple(int(i) for i in np.argwhere(~np.isfinite(level_m))[0])
            raise StateError(f"tsunami: no number at {time_s:g} s in cell {cell}; check depths near that cell")
        self.gauge_level_m[sample] = self.gauges(level_m)
        higher = level_m > self.best_m
        np.copyto(self.best_m, level_m, where=higher)
        self.crest_s[higher] = time_s
        come = (np.abs(level_m - self.first_m) > self.threshold_m) & self.waiting
        self.arrival_s[come] = time_s
        self.waiting &= ~come

    def map(self, waves: Waves) -> Map:
        wet = self.grid.wet
        highest, crest = np.where(wet, self.best_m, np.nan), np.where(wet, self.crest_s, np.nan)
        return Map(self.grid, highest, crest, self.arrival_s, waves.level_m)


class _Recorder:
    """Records what the next inner grid is told at its sides; nothing where there is none."""

    def __init__(self, grid: Grid, inner: Grid | None, n_step: int, waves: Waves) -> None:
        self.step_s, self.inner = waves.step_s, inner
        if inner is None:
            return
        sides = [_faces_m(inner, side) for side in range(4)]
        x_m, y_m = (np.concatenate([side[axis] for side in sides]) for axis in (0, 1))
        self.level = level_sampler(grid, x_m, y_m)
        self.fluxes = [flux_sampler(grid, *sides[side], side) for side in range(4)]
        ends = np.cumsum([0, *(side[0].size for side in sides)])
        self.parts = tuple(slice(*pair) for pair in pairwise(ends))
        sizes = (-grid.dx_m, grid.dx_m, -grid.dy_m, grid.dy_m)  # outward through west and south is negative
        self.to_outward = [size / waves.step_s for size in sizes]
        self.level_m = np.zeros((n_step + 1, x_m.size), np.float32)
        self.outward = np.zeros((n_step + 1, x_m.size), np.float32)

    def note(self, step: int, waves: Waves) -> None:
        """Keep level and outward flux at the sides of the inner grid after one step."""
        if self.inner is None:
            return
        self.level_m[step] = self.level(waves.level_m)
        if step:
            along = (waves.flux_x_m, waves.flux_x_m, waves.flux_y_m, waves.flux_y_m)
            for read, flux, factor, part in zip(self.fluxes, along, self.to_outward, self.parts, strict=True):
                self.outward[step, part] = factor * read(flux)

    def feed(self) -> _Feed | None:
        return None if self.inner is None else _Feed(self.step_s, self.level_m, self.outward, self.parts)


def _faces_m(grid: Grid, side: int) -> tuple[Array, Array]:
    """x and y of the middles of a side's faces."""
    x_m, y_m = (axis.ravel() for axis in grid.centres_m())
    edge_m = grid.extent_m[side]
    return (np.full(y_m.size, edge_m), y_m) if side < 2 else (x_m, np.full(x_m.size, edge_m))


def _between(rows: Array, position: float) -> Array:
    """Row at a fractional position; the last row goes on."""
    low = min(int(position), rows.shape[0] - 1)
    high = min(low + 1, rows.shape[0] - 1)
    share = position - low
    return np.asarray((1.0 - share) * rows[low] + share * rows[high])


def _initial(nest: Nest, outer: Grid, outer_level_m: Array) -> Array:
    if nest.initial_level_m is not None:
        return level_on(nest.grid, nest.initial_level_m, "nest: initial_level_m")
    x_m, y_m = np.broadcast_arrays(*nest.grid.centres_m())
    read = level_sampler(outer, x_m.ravel(), y_m.ravel())
    return level_on(nest.grid, read(outer_level_m).reshape(nest.grid.depth_m.shape))


def _must_hold(outer: Grid, inner: Grid) -> None:
    slack_m = 1e-6 * outer.dx_m
    (w, e, s, n), (west, east, south, north) = outer.extent_m, inner.extent_m
    if west < w - slack_m or east > e + slack_m or south < s - slack_m or north > n + slack_m:
        raise ParameterError(f"nested: a grid over {inner.extent_m} sticks out of the outer one over {outer.extent_m}")
    if inner.dx_m > outer.dx_m or inner.dy_m > outer.dy_m:
        raise ParameterError(
            f"nested: cells of {inner.dx_m:g} m inside cells of {outer.dx_m:g} m; order coarse to fine"
        )


def _steps_per_sample(grid: Grid, sample_s: float, step_s: float | None) -> int:
    bound_s = grid.longest_step_s
    if not isfinite(bound_s):
        raise ParameterError("depth_m: no sea cell; depths are positive down, so check the sign")
    if step_s is not None and not 0 < step_s <= bound_s:
        raise ParameterError(f"step_s: {step_s:g} s must be above 0 and not above the CFL bound of {bound_s:.4g} s")
    return ceil(sample_s / (CFL_SHARE * bound_s if step_s is None else step_s) - 1e-9)
