"""Shallow water on a 5 km basin: element updates per second, beside the memory bandwidth measured in the same run.

An update is one flux evaluation of one cell: two a step for finite volumes (SSP-RK2), one for local inertia. Every
cell of the grid counts, as in the peers; `wet_share` says how many hold water, the others sleep in tiles.
"""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from importlib import import_module
from importlib.util import find_spec
from typing import Any

import numpy as np

from twin.numerics.shallow_water import (
    Basin,
    State,
    advance,
    advance_inertial,
    form_available,
    make_basin,
    still,
    still_on_faces,
)

SIDE_M, MANNING, END_S, REPEATS = 5000.0, 0.025, 10.0, 3
SIZES = (250, 500, 1000)  # cells along a side
CASES: dict[str, tuple[Callable[..., State], Callable[..., State], int, float]] = {
    # run, start, flux evaluations a step, values of a cell that cross memory per evaluation at least
    "finite-volume": (advance, still, 2, 9.5),  # 5 read and 3 written, 3 more read in the second stage
    "local-inertial": (advance_inertial, still_on_faces, 1, 11.0),  # 5 + 2 for the faces, 3 + 1 for the depth
}
BOUND = "arithmetic: vector divisions and square roots, not memory"
TRIAD_VALUES = 6_000_000


def measure(peers: bool = False, tell: Callable[[str], None] = lambda text: None) -> Iterator[dict[str, Any]]:
    """Both forms at three sizes; at the largest also float32, two threads and, where installed, the peers."""
    bandwidth = triad_bytes_per_s()
    tell(f"triad {bandwidth / 1e9:.1f} GB/s; form {form_available()}")
    cold_s = cold_compile_s() if form_available() == "compiled" else None
    sizes = SIZES if form_available() == "compiled" else SIZES[:1]
    for case in CASES:
        for n_side in sizes:
            variants: list[tuple[type, int]] = [(np.float64, 1)]
            if n_side == SIZES[-1]:
                variants += [(np.float32, 1), (np.float64, 2)]
            for dtype, threads in variants:
                row, state = _row(case, n_side, dtype, threads, bandwidth)
                row["cold_compile_s"] = cold_s
                if peers and n_side == SIZES[-1] and (dtype, threads) == (np.float64, 1):
                    row["peers"] = _peer(case, state, tell)
                yield row


def workload(n_side: int, dtype: type = np.float64) -> tuple[Basin, np.ndarray]:
    """The basin and its stage at the start: 5 m in the westernmost 500 m, else 0."""
    dx_m = SIDE_M / n_side
    x_m, y_m = np.meshgrid(*(2 * [(np.arange(n_side) + 0.5) * dx_m]))
    return make_basin(_bed_m(x_m, y_m), dx_m, manning=MANNING, dtype=dtype), np.where(x_m < 500, 5.0, 0.0)


def _bed_m(x_m: np.ndarray, y_m: np.ndarray) -> np.ndarray:
    return -20 + 0.006 * x_m + np.sin(2 * np.pi * x_m / 500) * np.sin(2 * np.pi * y_m / 500)


def _row(case: str, n_side: int, dtype: type, threads: int, bandwidth: float) -> tuple[dict[str, Any], State]:
    run, begin, evaluations, values = CASES[case]
    basin, stage_m = workload(n_side, dtype)
    before = begin(basin, stage_m)
    after = run(basin, before, 0.5, threads=threads)  # warm-up
    wall_s = []
    for _ in range(REPEATS):
        begun = time.perf_counter()
        after = run(basin, before, END_S, threads=threads)
        wall_s.append(time.perf_counter() - begun)
    middle_s = statistics.median(wall_s)
    updates_per_s = n_side**2 * after.steps * evaluations / middle_s
    wet_share = float((after.depth_m > 0).mean())
    bytes_per_cell = values * np.dtype(dtype).itemsize
    return {
        "case": case,
        "size": n_side**2,
        "threads": threads,
        "dtype": np.dtype(dtype).name,
        "value": updates_per_s,
        "unit": "element-updates/s",
        "wall_s": middle_s,
        "spread_s": max(wall_s) - min(wall_s),
        "steps": after.steps,
        "simulated_s_per_s": END_S / middle_s,
        "bytes_per_cell": bytes_per_cell,
        "share_of_limit": updates_per_s * wet_share * bytes_per_cell / bandwidth,
        "wet_share": wet_share,
        "triad_gb_per_s": bandwidth / 1e9,
        "bound": BOUND,
        "form": form_available(),
    }, after


def triad_bytes_per_s() -> float:
    """Best of five a = b + 3 c over arrays beyond the cache; bytes read and written, no write-allocate counted."""
    a, b, c = (np.ones(TRIAD_VALUES) for _ in range(3))
    triad, moved = _triad()
    triad(a, b, c)
    best_s = float("inf")
    for _ in range(5):
        begun = time.perf_counter()
        triad(a, b, c)
        best_s = min(best_s, time.perf_counter() - begun)
    return moved * 8 * TRIAD_VALUES / best_s


def _triad() -> tuple[Callable[..., None], int]:
    """The triad and the values it moves per element; NumPy needs two passes for it."""
    if form_available() == "compiled":
        from numba import njit

        @njit
        def triad(a: np.ndarray, b: np.ndarray, c: np.ndarray) -> None:
            for i in range(a.size):
                a[i] = b[i] + 3.0 * c[i]

        return triad, 3

    def two_passes(a: np.ndarray, b: np.ndarray, c: np.ndarray) -> None:
        np.multiply(c, 3.0, out=a)
        np.add(a, b, out=a)

    return two_passes, 5


def cold_compile_s() -> float:
    """Seconds from an empty cache to the first finished runs of both forms, in a process of its own."""
    code = (
        "import time; from benchmarks import shallow_water as s; begun = time.perf_counter(); "
        "b, z = s.workload(20); s.advance(b, s.still(b, z), 0.1); "
        "s.advance_inertial(b, s.still_on_faces(b, z), 0.1); print(time.perf_counter() - begun)"
    )
    with tempfile.TemporaryDirectory() as empty:
        environment = {**os.environ, "NUMBA_CACHE_DIR": empty}
        done = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True)
    return float(done.stdout.split()[-1])


def _peer(case: str, ours: State, tell: Callable[[str], None]) -> dict[str, float]:
    name, run = {"finite-volume": ("anuga", _anuga), "local-inertial": ("landlab", _landlab)}[case]
    if find_spec(name) is None:
        tell(f"{name} is not installed; no ratio for {case}")
        return {}
    updates_per_s, simulated_s_per_s, depth = run()
    block = ours.depth_m.shape[0] // depth.shape[0]
    mine = ours.depth_m.reshape(depth.shape[0], block, depth.shape[1], block).mean(axis=(1, 3))
    return {
        name: updates_per_s,
        f"{name} simulated s/s": simulated_s_per_s,
        f"{name} depth, relative L1": float(np.abs(mine - depth).sum() / depth.sum()),
    }


def _anuga() -> tuple[float, float, np.ndarray]:
    """One million triangles, four to a square of 10 m; depth averaged over each square."""
    anuga = import_module("anuga")
    domain = anuga.rectangular_cross_domain(500, 500, SIDE_M, SIDE_M)
    domain.set_store(False)
    domain.set_quantity("elevation", _bed_m, location="centroids")
    domain.set_quantity("friction", MANNING, location="centroids")
    domain.set_quantity(
        "stage", lambda x, y: np.maximum(_bed_m(x, y), np.where(x < 500, 5.0, 0.0)), location="centroids"
    )
    wall = anuga.Reflective_boundary(domain)
    domain.set_boundary(dict.fromkeys(("left", "right", "top", "bottom"), wall))
    begun, steps = time.perf_counter(), 0
    for _ in domain.evolve(yieldstep=END_S, finaltime=END_S):
        steps += domain.number_of_steps
    wall_s = time.perf_counter() - begun
    evaluations = {"euler": 1, "rk2": 2, "rk3": 3}[domain.get_timestepping_method()]
    height = domain.quantities["stage"].centroid_values - domain.quantities["elevation"].centroid_values
    x_m, y_m = domain.centroid_coordinates.T
    cell = (y_m // 10).astype(int) * 500 + (x_m // 10).astype(int)
    depth = np.bincount(cell, height, 500 * 500).reshape(500, 500) / 4
    return len(height) * steps * evaluations / wall_s, END_S / wall_s, depth


def _landlab() -> tuple[float, float, np.ndarray]:
    """One million nodes of 5 m."""
    landlab, components = import_module("landlab"), import_module("landlab.components")
    basin, stage_m = workload(1000)
    grid = landlab.RasterModelGrid(basin.bed_m.shape, xy_spacing=basin.dx_m)
    grid.set_closed_boundaries_at_grid_edges(True, True, True, True)
    grid.add_field("topographic__elevation", basin.bed_m.ravel().copy(), at="node")
    grid.add_field("surface_water__depth", np.maximum(stage_m - basin.bed_m, 1e-8).ravel(), at="node")
    flow = components.OverlandFlow(grid, mannings_n=MANNING, steep_slopes=False)
    flow.overland_flow(dt=flow.calc_time_step())
    begun, done_s, steps = time.perf_counter(), 0.0, 0
    while done_s < END_S:
        dt_s = min(flow.calc_time_step(), END_S - done_s)
        flow.overland_flow(dt=dt_s)
        done_s, steps = done_s + dt_s, steps + 1
    wall_s = time.perf_counter() - begun
    return grid.number_of_nodes * steps / wall_s, END_S / wall_s, flow.h.reshape(basin.bed_m.shape)
