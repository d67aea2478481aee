"""Shallow water on a 5 km basin: element updates per second, beside the memory bandwidth measured in the same run.

An update is one flux evaluation of one cell: two a step for finite volumes (SSP-RK2), one for local inertia. Every
cell of the grid counts, as in the peers; `wet_share` says how many hold water, the others sleep in tiles. At the
largest size four variants (float64 and float32, one and two threads) take turns, so that their ratios are fair. What
two threads can reach is measured too: the same run in two processes at once, `two_processes_over_one`. A row of two
threads has its share of the bandwidth two processes reach together.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from statistics import median
from typing import Any
from unittest.mock import patch

import numpy as np

from benchmarks.limits import together, triad_bytes_per_s, triad_bytes_per_s_of_two
from benchmarks.measuring import Tell, Timing, in_child, silent
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

SIDE_M, MANNING, END_S, REPEATS = 5000.0, 0.025, 10.0, 5
SIZES = (250, 500, 1000)  # cells along a side
CASES: dict[str, tuple[Callable[..., State], Callable[..., State], int, float]] = {
    # run, start, flux evaluations a step, values of a cell that cross memory per evaluation at least
    "finite-volume": (advance, still, 2, 9.5),  # 5 read and 3 written, 3 more read in the second stage
    "local-inertial": (advance_inertial, still_on_faces, 1, 8.0),  # 5 read and 3 written in one pass
}
AIMS = {
    ("finite-volume", "float64", 1): "6 x ANUGA per update, 10 x its simulated s/s",
    ("local-inertial", "float64", 1): "8 x Landlab",
    ("finite-volume", "float64", 2): "1.8 x one thread",
    ("local-inertial", "float64", 2): "1.8 x one thread",
    ("finite-volume", "float32", 1): "1.6 x float64",
    ("local-inertial", "float32", 1): "1.6 x float64",
}
BOUND = "arithmetic and cache: divisions, square roots and row buffers between the passes, not memory"


@dataclass
class Variant:
    """One number type and number of threads of one case: its basin, where it starts, and what was measured."""

    case: str
    n_side: int
    dtype: type
    threads: int
    wall_s: list[float] = field(default_factory=list)
    cpu_s: list[float] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.basin, stage_m = workload(self.n_side, self.dtype)
        self.run, begin, self.evaluations, self.values = CASES[self.case]
        self.before = begin(self.basin, stage_m)
        self.after = self.run(self.basin, self.before, 0.5, threads=self.threads)  # warm-up

    def once(self) -> None:
        """One run, timed."""
        begun, cpu = time.perf_counter(), time.process_time()
        self.after = self.run(self.basin, self.before, END_S, threads=self.threads)
        self.wall_s.append(time.perf_counter() - begun)
        self.cpu_s.append(time.process_time() - cpu)

    @property
    def updates_per_s(self) -> float:
        """Flux evaluations of all cells, by the median wall time."""
        return self.n_side**2 * self.after.steps * self.evaluations / median(self.wall_s)

    def row(self, bandwidths: Mapping[int, float]) -> dict[str, Any]:
        """Fields of a result; bandwidths: bytes/s by number of threads."""
        bandwidth = bandwidths[self.threads]
        timing, dtype = Timing(tuple(self.wall_s)), np.dtype(self.dtype)
        wet_share = float((self.after.depth_m > 0).mean())
        bytes_per_cell = self.values * dtype.itemsize
        return {
            "case": self.case,
            "size": self.n_side**2,
            "threads": self.threads,
            "dtype": dtype.name,
            "value": self.updates_per_s,
            "unit": "element-updates/s",
            **timing.row,
            "cpu_s": median(self.cpu_s),  # beside wall_s: what a second thread costs, and what a busy machine took away
            "steps": self.after.steps,
            "simulated_s_per_s": END_S / timing.wall_s,
            "bytes_per_cell": bytes_per_cell,
            "share_of_limit": self.updates_per_s * wet_share * bytes_per_cell / bandwidth,
            "limit_of": "bandwidth of one core" if self.threads == 1 else "bandwidth of two processes",
            "wet_share": wet_share,
            "triad_gb_per_s": bandwidth / 1e9,
            "bound": BOUND,
            "form": form_available(),
        }


def measure(peers: bool = False, tell: Tell = silent) -> Iterator[dict[str, Any]]:
    """Both forms at three sizes; at the largest also float32, two threads and, where installed, the peers."""
    bandwidths = {1: triad_bytes_per_s(), 2: triad_bytes_per_s_of_two()}
    told = ", ".join(f"{number} at once {value / 1e9:.1f} GB/s" for number, value in bandwidths.items())
    tell(f"  triad: {told}; form {form_available()}")
    cold_s = cold_compile_s() if form_available() == "compiled" else None
    for case in CASES:
        for n_side in SIZES if cold_s is not None else SIZES[:1]:
            for row, state in _rows(case, n_side, bandwidths):
                if peers and n_side == SIZES[-1] and (row["dtype"], row["threads"]) == ("float64", 1):
                    row["peers"] = _peer(case, n_side, state, tell)
                yield {**row, "cold_compile_s": cold_s}


def _rows(case: str, n_side: int, bandwidths: Mapping[int, float]) -> Iterator[tuple[dict[str, Any], State]]:
    """One variant, or at the largest size four that take turns, with their speed as a multiple of the first."""
    kinds = [(np.float64, 1), (np.float64, 2), (np.float32, 1), (np.float32, 2)]
    variants = [Variant(case, n_side, *kind) for kind in (kinds if n_side == SIZES[-1] else kinds[:1])]
    for _ in range(REPEATS):
        for variant in variants:
            variant.once()
    for variant in variants:
        row = variant.row(bandwidths)
        dtype, threads = row["dtype"], row["threads"]
        row["peak_rss_mb"] = in_child(__name__, "one_run", case, n_side, dtype, threads)[1]
        if n_side == SIZES[-1]:
            pairs = zip(variants[0].wall_s, variant.wall_s, strict=True)
            row["ratio_to_float64_1_thread"] = median(first / own for first, own in pairs)
            row["limit"] = AIMS.get((case, dtype, threads))
            if threads == 2:
                row["two_processes_over_one"] = together(__name__, "prepared", case, n_side, dtype).gain
        yield row, variant.after


def prepared(case: str, n_side: int, dtype: str) -> Callable[[], None]:
    """One run on one thread, warmed up: to be timed in processes of its own."""
    return Variant(case, n_side, np.dtype(dtype).type, 1).once


def one_run(case: str, n_side: int, dtype: str, threads: int) -> None:
    """The warm-up of one variant: in a process of its own it tells what memory that variant takes."""
    Variant(case, n_side, np.dtype(dtype).type, threads)


def workload(n_side: int, dtype: type = np.float64) -> tuple[Basin, np.ndarray]:
    """The basin and its stage at the start: 5 m in the westernmost 500 m, else 0."""
    dx_m = SIDE_M / n_side
    x_m, y_m = np.meshgrid(*(2 * [(np.arange(n_side) + 0.5) * dx_m]))
    return make_basin(_bed_m(x_m, y_m), dx_m, manning=MANNING, dtype=dtype), np.where(x_m < 500, 5.0, 0.0)


def _bed_m(x_m: np.ndarray, y_m: np.ndarray) -> np.ndarray:
    return -20 + 0.006 * x_m + np.sin(2 * np.pi * x_m / 500) * np.sin(2 * np.pi * y_m / 500)


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


def _peer(case: str, n_side: int, ours: State, tell: Tell) -> dict[str, float]:
    """Speeds, memory and depth of a peer, in a process of its own with one thread: Landlab would take every core."""
    name = {"finite-volume": "anuga", "local-inertial": "landlab"}[case]
    if find_spec(name) is None:
        tell(f"{name} is not installed; no ratio for {case}")
        return {}
    with tempfile.TemporaryDirectory() as folder, patch.dict(os.environ, {"OMP_NUM_THREADS": "1"}):
        path = str(Path(folder) / "depth.npy")
        (updates_per_s, simulated_s_per_s), peak_rss_mb = in_child(__name__, "peer_run", name, n_side, path)
        depth = np.load(path)
    block = ours.depth_m.shape[0] // depth.shape[0]
    mine = ours.depth_m.reshape(depth.shape[0], block, depth.shape[1], block).mean(axis=(1, 3))
    return {
        name: updates_per_s,
        f"{name} simulated s/s": simulated_s_per_s,
        f"{name} depth, relative L1": float(np.abs(mine - depth).sum() / depth.sum()),
        f"{name} memory, MB": peak_rss_mb,
    }


def peer_run(name: str, n_side: int, path: str) -> tuple[float, float]:
    """Updates and simulated seconds per second of a peer; its depth is put into a file."""
    updates_per_s, simulated_s_per_s, depth = {"anuga": _anuga, "landlab": _landlab}[name](n_side)
    np.save(path, depth)
    return updates_per_s, simulated_s_per_s


def _anuga(n_side: int) -> tuple[float, float, np.ndarray]:
    """As many triangles as we have cells, four to a square of two cells a side; depth averaged over each square."""
    anuga, n_square = import_module("anuga"), n_side // 2
    domain = anuga.rectangular_cross_domain(n_square, n_square, SIDE_M, SIDE_M)
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
    row, column = ((at_m * n_square // SIDE_M).astype(int) for at_m in (y_m, x_m))
    depth = np.bincount(row * n_square + column, height, n_square**2).reshape(n_square, n_square) / 4
    return len(height) * steps * evaluations / wall_s, END_S / wall_s, depth


def _landlab(n_side: int) -> tuple[float, float, np.ndarray]:
    """As many nodes as we have cells."""
    landlab, components = import_module("landlab"), import_module("landlab.components")
    basin, stage_m = workload(n_side)
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
