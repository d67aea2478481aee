"""The run loop of the finite-volume form: steps held by the CFL bound, margins, sources, books, blow-ups.

Depth stays positive without clipping: a step that would draw a cell below zero is taken again at half its length,
and at a quarter of the CFL bound the reconstruction cannot do that.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from importlib.util import find_spec
from math import ceil

import numpy as np

from twin.errors import ParameterError, StateError
from twin.numerics.shallow_water import forcing, reference
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

HALO = reference.HALO
INNER = (slice(HALO, -HALO), slice(HALO, -HALO))
LONGEST_STEP_S = 10.0  # still or dry basins: how long a change at a side may go unseen
SHORTEST_STEP_S = 1e-7
Fields = tuple[Array, Array, Array]
Tried = tuple[Fields, Array, float, float]  # fields, mass through the sides, lowest depth, fastest rate
MOST_CFL = 0.5  # positive depths with two stages in two directions


class BlowUp(StateError):
    """A run that could not go on; `finished` is the last state that was sound."""

    def __init__(self, message: str, finished: State) -> None:
        super().__init__(message)
        self.finished = finished


def form_available() -> str:
    """'compiled' with Numba (extra `fast`) installed, else 'numpy': same numbers, more slowly."""
    return "compiled" if find_spec("numba") else "numpy"


def chosen_form(form: str, cfl: float, most_cfl: float) -> str:
    """'numpy' or 'compiled' for what was asked. Raises ParameterError for an unknown or missing form and a bad cfl."""
    if form not in ("auto", "numpy", "compiled"):
        raise ParameterError(f"form: '{form}' is not one of auto, numpy, compiled")
    if form == "compiled" and form_available() != "compiled":
        raise ParameterError("form: compiled needs Numba; install the extra `fast`, or take form numpy")
    if not 0 < cfl <= most_cfl:
        raise ParameterError(f"cfl: must lie in (0, {most_cfl}], got {cfl}")
    return form_available() if form == "auto" else form


def advance(
    basin: Basin,
    state: State,
    until_s: float,
    sources: Sources | None = None,
    form: str = "auto",
    threads: int = 1,
    cfl: float = 0.45,
) -> State:
    """The state at `until_s`. Pure: what is handed in stays as it was.

    form: `numpy`, `compiled` (needs Numba) or `auto`. threads: 2 only outside forked processes; the result is the
    same. Raises ParameterError and StateError (see `check_run`), BlowUp with time and cell.
    """
    sources = sources or Sources()
    form = chosen_form(form, cfl, MOST_CFL)
    check_run(basin, state, sources, until_s)
    with Crew(threads) as crew:
        attempt = _Compiled(basin, sources, crew) if form == "compiled" else _numpy(basin)
        return _loop(basin, state, float(until_s), sources, attempt, cfl, crew)


@dataclass(frozen=True)
class Step:
    """One step asked of a form: padded fields and bed, start and length, and whether rain falls in it."""

    fields: Fields
    bed: Array
    from_s: float
    dt_s: float
    raining: bool


def _loop(
    basin: Basin,
    state: State,
    until_s: float,
    sources: Sources,
    attempt: Callable[[Step], Tried],
    cfl: float,
    crew: Crew,
) -> State:
    values = (state.depth_m, state.discharge_x_m2_per_s, state.discharge_y_m2_per_s)
    *fields, bed = crew.all_of(
        [*(partial(forcing.padded, basin, value) for value in values), partial(forcing.padded_bed, basin)]
    )
    new: Fields = (fields[0], fields[1], fields[2])
    now = new
    forcing.fill_margins(basin, now, bed, state.time_s)
    rate = _fastest(basin, now, crew)
    while state.time_s < until_s:
        left_s = until_s - state.time_s
        dt_s = left_s / ceil(left_s / min(LONGEST_STEP_S, cfl / rate if rate > 0 else LONGEST_STEP_S))
        while True:
            if dt_s < SHORTEST_STEP_S and dt_s < left_s:
                raise BlowUp(_where("no step is short enough", state.time_s, new), _taken(state, now))
            to_s = until_s if dt_s == left_s else state.time_s + dt_s
            raining = forcing.rains(sources, state.time_s, to_s)
            new, through, lowest, rate = attempt(Step(now, bed, state.time_s, dt_s, raining))
            if lowest >= 0 and rate * dt_s <= 2 * cfl:  # a rate that is no number fails here too
                break
            dt_s = min(dt_s / 2, cfl / rate) if rate > 0 else dt_s / 2
        entered = forcing.side_volume_m3(basin, through, dt_s)
        state = forcing.add_sources(basin, _inner(new), sources, state, to_s)
        state = replace(state, time_s=to_s, steps=state.steps + 1, sides_m3=state.sides_m3 + entered)
        now = new
    return _taken(state, now)


def _fastest(basin: Basin, fields: Fields, crew: Crew) -> float:
    """Largest rate of the padded fields; a few rows at a time stay in the cache."""

    def largest(first_row: int) -> float:
        """Of so many rows."""
        parts = (tuple(v[first : first + 16] for v in fields) for first in range(first_row, first_row + 128, 16))
        return max(
            float(reference.fastest_rate((h, x, y), basin.dx_m, basin.dy_m).max(initial=0.0)) for h, x, y in parts
        )

    return max(crew.all_of([partial(largest, first) for first in range(0, fields[0].shape[0], 128)]))


def _inner(fields: Fields) -> Fields:
    return (fields[0][INNER], fields[1][INNER], fields[2][INNER])


def _taken(state: State, fields: Fields) -> State:
    """The state of padded fields, which nobody writes to again: views, not copies."""
    depth, along_x, along_y = _inner(fields)
    return replace(state, depth_m=depth, discharge_x_m2_per_s=along_x, discharge_y_m2_per_s=along_y)


def _where(what: str, time_s: float, fields: Fields) -> str:
    depth, along_x, along_y = _inner(fields)
    bad = ~np.isfinite(depth + along_x + along_y)
    speed = (np.abs(along_x) + np.abs(along_y)) / np.maximum(depth, DRY_DEPTH_M)
    row, column = np.argwhere(bad)[0] if bad.any() else np.unravel_index(np.argmax(speed), depth.shape)
    return (
        f"shallow water: {what} after {time_s:g} s in cell (row {row}, column {column}), "
        f"depth {depth[row, column]:g} m; look at bed and forcing there"
    )


def _numpy(basin: Basin) -> Callable[[Step], Tried]:
    manning = forcing.padded(basin, basin.manning)

    def attempt(step: Step) -> Tried:
        """Both stages; stops after the first if that broke."""
        through: list[Array] = []
        fields = step.fields
        for keep, time_s in ((0.0, step.from_s), (0.5, step.from_s + step.dt_s)):
            forcing.fill_margins(basin, fields, step.bed, time_s)
            given = forcing.given_discharge(basin, fields, step.bed, time_s)
            fields, sides = reference.stage(
                fields, step.fields, step.bed, manning, given, step.dt_s, keep, basin.dx_m, basin.dy_m
            )
            through.append(sides)
            lowest, rate = _extremes(basin, fields)
            if not (lowest >= 0 and rate * step.dt_s <= 1):
                break
        return fields, np.mean(through, axis=0), lowest, rate

    return attempt


def _extremes(basin: Basin, fields: Fields) -> tuple[float, float]:
    depth, along_x, along_y = _inner(fields)
    marker = float((depth + along_x + along_y).sum()) * 0.0
    return float(depth.min()), float(reference.fastest_rate(_inner(fields), basin.dx_m, basin.dy_m).max()) + marker


class _Compiled:
    """Attempts of the compiled form; writes in turn to fields of its own, dry tiles left out."""

    def __init__(self, basin: Basin, sources: Sources, crew: Crew) -> None:
        from twin.numerics.shallow_water import compiled, margins, tiles

        self.spare, self.margins, self.tiles = SpareFields(), margins.Margins(basin), tiles.Tiles(basin, sources)
        self.manning = forcing.padded(basin, basin.manning)
        rooms = [compiled.scratch(basin.bed_m.shape[1], basin.bed_m.dtype) for _ in range(crew.threads)]
        self.share = partial(crew.share, compiled.stage, rooms)
        self.constants = _constants(basin, tiles.ROOT_SERIES)

    def __call__(self, step: Step) -> Tried:
        first, second = self.spare.targets(step.fields, 2)
        blocks = self.tiles.blocks(step.fields, (first, second), step.raining)
        through: list[Array] = []
        fields = step.fields
        for keep, time_s, out in ((0.0, step.from_s, first), (0.5, step.from_s + step.dt_s, second)):
            sides, lowest, rate = self._stage(step, blocks, fields, out, keep, time_s)
            fields = out
            through.append(sides)
            if not (lowest >= 0 and rate * step.dt_s <= 1):
                break
        self.tiles.marked(fields, step.raining)
        return fields, (through[0] + through[-1]) / 2, lowest, rate

    def _stage(
        self, step: Step, blocks: Array, fields: Fields, out: Fields, keep: float, time_s: float
    ) -> tuple[Array, float, float]:
        """One stage into `out`: mass through the sides, lowest depth, fastest rate."""
        self.margins.fill(fields, step.bed, time_s)
        given = self.margins.given_discharge(fields, step.bed, time_s)
        sides = np.zeros(given.shape, given.dtype)
        extremes = np.zeros((len(blocks), 3), given.dtype)
        k = with_values(self.constants, {7: step.dt_s, 10: keep})
        marks = (self.tiles.wet, self.tiles.size, extremes)
        self.share(blocks, fields, step.fields, step.bed, self.manning, given, out, sides, *marks, k)
        rate = float(extremes[:, 1].max(initial=0.0)) + float(extremes[:, 2].sum())
        return sides, float(extremes[:, 0].min(initial=0.0)), rate


def _constants(basin: Basin, series: tuple[float, ...]) -> tuple[np.floating, ...]:
    """Scalars of the arrays' own type, in the order the kernels read them; step and share of the base come later."""
    values = (
        0, 0.5, 1, 2, reference.LIMITER, GRAVITY_M_PER_S2, DRY_DEPTH_M, 0, 1 / basin.dx_m, 1 / basin.dy_m, 0,
        reference.NARROW_M_PER_S, *series,
    )  # fmt: skip
    return tuple(basin.bed_m.dtype.type(value) for value in values)


def with_values(constants: tuple[np.floating, ...], changed: dict[int, float]) -> tuple[np.floating, ...]:
    """Constants with other values at some places, of the type of the rest."""
    new = list(constants)
    for place, value in changed.items():
        new[place] = type(constants[0])(value)
    return tuple(new)


class SpareFields:
    """Fields to write to in turn, made when first asked for; their margins and sleeping tiles are filled by others."""

    def __init__(self) -> None:
        self.known: list[Fields] = []

    def targets(self, fields: Fields, number: int) -> list[Fields]:
        """So many sets of fields that are not the ones handed in."""
        if not self.known:
            self.known.append(fields)
        while len(self.known) < number + 1:
            depth, along_x, along_y = (np.zeros(v.shape, v.dtype) for v in fields)
            self.known.append((depth, along_x, along_y))
        return [f for f in self.known if f[0] is not fields[0]][:number]
