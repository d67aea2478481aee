"""Three hours of tsunami over a coastal town of 5 km x 5 km: wall seconds on two threads, and what they are spent on.

The town is made from formulas: a shelving sea, a beach with pines, a sea wall with an opening, blocks of houses with
streets between, fields, and ground that rises inland. A train of long waves with crests of 6 m comes in from the west.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from benchmarks.limits import triad_bytes_per_s_of_two
from benchmarks.measuring import Tell, silent
from benchmarks.shallow_water import CASES
from twin.numerics.shallow_water import (
    Basin,
    Series,
    Side,
    State,
    advance,
    form_available,
    make_basin,
    still,
    volume_m3,
)

Array = np.ndarray
SIDE_M, END_S, AIM_S, AIM_CELL_M, THREADS = 5000.0, 3 * 3600.0, 60.0, 10.0, 2
CELL_VALUES = CASES["finite-volume"][3]  # that cross memory in an update of a cell at least
PART_S, FLOODED_M = 600.0, 0.01
CELL_SIZES_M = (50.0, 25.0, 10.0)
CREST_M, PERIODS_S, FADING_S = 6.0, (1800.0, 1500.0, 1200.0), 2 * 3600.0
SHORE_M, WALL_M, SEA_SLOPE, CREST_OF_WALL_M = 800.0, 900.0, 0.01, 4.0
# Manning n by land use, s m^(-1/3), after Kotani et al. 1998 as named in Tokyo's 2022 assessment, p. 83: unverified
MANNING = {
    "water": 0.025,
    "bare": 0.025,
    "forest": 0.030,
    "field": 0.020,
    "low": 0.040,
    "medium": 0.060,
    "dense": 0.080,
}
BOUND = "the number of steps (deepest water and fastest front) and arithmetic on wet ground, not memory"


@dataclass(frozen=True)
class Course:
    """What one run gave: the state at its end, seconds, share of wet cells on average, and relative error in mass."""

    basin: Basin
    state: State
    wall_s: float
    cpu_s: float
    wet_share: float
    mass_error: float


def measure(peers: bool = False, tell: Tell = silent) -> Iterator[dict[str, Any]]:
    """Cells of 50, 25 and 10 m in float64; the finest also in float32, unless Numba is missing (50 m only)."""
    fast = form_available() == "compiled"
    bandwidth = triad_bytes_per_s_of_two()
    advance(*start(100.0), 60.0)  # warm-up
    for cell_m in CELL_SIZES_M if fast else CELL_SIZES_M[:1]:
        for dtype in (np.float64, np.float32) if cell_m == CELL_SIZES_M[-1] else (np.float64,):
            if dtype == np.float32:
                advance(*start(100.0, dtype), 60.0)
            tell(f"cells of {cell_m:g} m, {np.dtype(dtype).name}")
            yield _row(cell_m, dtype, bandwidth)


def town(cell_m: float) -> tuple[Array, Array]:
    """Bed, m above datum, and Manning roughness of a town with cells of this size; (row, column), sea in the west."""
    n_side = round(SIDE_M / cell_m)
    x_m, y_m = np.meshgrid(*(2 * [(np.arange(n_side) + 0.5) * cell_m]))
    inland_m = x_m - SHORE_M
    wavy_m = np.sin(x_m / 310) * np.cos(y_m / 270) + 0.5 * np.sin(x_m / 130 + y_m / 190)
    plain_m = 1.5 + 0.0015 * inland_m + 0.4 * wavy_m + 12 * np.clip((x_m - 4000) / 1000, 0, 1) ** 2
    bed_m = np.where(inland_m < 0, SEA_SLOPE * inland_m, np.minimum(0.02 * inland_m, plain_m))
    wall = (np.abs(x_m - WALL_M) <= max(cell_m, 10.0)) & (np.abs(y_m - SIDE_M / 2) > 50)
    bed_m = np.where(wall, np.maximum(bed_m, CREST_OF_WALL_M), bed_m)
    street = (x_m % 250 < 25) | (y_m % 250 < 25)
    centre_m = np.hypot(x_m - 2200, y_m - SIDE_M / 2)
    land = [inland_m < 0, x_m < WALL_M, street, centre_m < 700, centre_m < 1300, centre_m < 1900]
    use = ("water", "forest", "bare", "dense", "medium", "low")
    return bed_m, np.select(land, [MANNING[name] for name in use], MANNING["field"])


def incoming() -> Series:
    """Level at the western side every 10 s: three long periods one after another, crests of 6 m that fade."""
    time_s = np.arange(0.0, END_S + 10.0, 10.0)
    phase = np.interp(time_s, np.cumsum((0.0, *PERIODS_S)), np.arange(len(PERIODS_S) + 1.0))
    after = np.maximum(time_s - sum(PERIODS_S), 0.0) / PERIODS_S[-1]
    fading = np.exp(-np.maximum(time_s - PERIODS_S[0] / 2, 0.0) / FADING_S)
    return Series(time_s, CREST_M * fading * np.sin(2 * np.pi * (phase + after)), "incoming wave")


def run(cell_m: float, dtype: type = np.float64, until_s: float = END_S) -> Course:
    """The town under water up to an instant, in parts of ten minutes after each of which the wet cells are counted."""
    basin, state = start(cell_m, dtype)
    before_m3, wet_shares, wall_s, cpu_s = volume_m3(basin, state), [], 0.0, 0.0
    for part_s in np.append(np.arange(PART_S, until_s, PART_S), until_s):
        begun, cpu = time.perf_counter(), time.process_time()
        state = advance(basin, state, float(part_s), threads=THREADS)
        wall_s, cpu_s = wall_s + time.perf_counter() - begun, cpu_s + time.process_time() - cpu
        wet_shares.append(float((state.depth_m > 0).mean()))
    after_m3 = volume_m3(basin, state)
    mass_error = abs(after_m3 - before_m3 - state.sides_m3) / after_m3
    return Course(basin, state, wall_s, cpu_s, float(np.mean(wet_shares)), mass_error)


def start(cell_m: float, dtype: type = np.float64) -> tuple[Basin, State]:
    """The town before the first wave, the sea at rest at 0 m."""
    bed_m, manning = town(cell_m)
    basin = make_basin(bed_m, cell_m, manning=manning, dtype=dtype, west=Side("stage", incoming()))
    return basin, still(basin, 0.0)


def _row(cell_m: float, dtype: type, bandwidth: float) -> dict[str, Any]:
    """Fields of a result; bandwidth: bytes/s of two processes together, as wet cells need them."""
    course = run(cell_m, dtype)
    state, cells = course.state, course.state.depth_m.size
    flooded = course.basin.bed_m > 0
    bytes_per_cell, updates_per_s = CELL_VALUES * np.dtype(dtype).itemsize, 2 * state.steps * cells / course.wall_s
    return {
        "case": "three-hours",
        "size": cells,
        "threads": THREADS,
        "dtype": np.dtype(dtype).name,
        "value": END_S / course.wall_s,
        "unit": "simulated s/s",
        "limit": f"{AIM_S:g} s" if cell_m == AIM_CELL_M else None,
        "wall_s": course.wall_s,
        "cpu_s": course.cpu_s,
        "repeats": 1,
        "steps": state.steps,
        "cell_m": cell_m,
        "element_updates_per_s": updates_per_s,
        "bytes_per_cell": bytes_per_cell,
        "share_of_limit": updates_per_s * course.wet_share * bytes_per_cell / bandwidth,
        "limit_of": "bandwidth of two processes",
        "wet_share": course.wet_share,
        "wet_land_share": float((state.depth_m[flooded] > FLOODED_M).mean()),
        "mass_error": course.mass_error,
        "bound": BOUND,
        "form": form_available(),
    }
