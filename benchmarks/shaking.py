"""Shaking: conditional update, correlated realisations and attenuation, beside the machine's rate of `dgemm`.

Each figure comes from a fresh process with one BLAS thread, so its peak memory is its own. The share of the limit
counts the multiply-adds that have to be done (triangular solves, covariance times misfit) at the rate `dgemm`
reaches in the same process; what is left is distances and exponentials, which no matrix product can do.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from typing import Any
from unittest.mock import patch

import numpy as np

from benchmarks import measuring
from twin.numerics import conditional, shaking
from twin.numerics.residuals import Prior, Stations

SIZES = (5_000, 20_000, 50_000)  # cells of 1 km
ATTENUATION_SIZES = (10_000, 100_000, 1_000_000)
N_POINT, N_AREA, N_DRAW = 500, 100, 100
SPACING_M = 1000.0
PRIOR = Prior(tau=0.15, phi=0.35, range_m=10_000.0)
LIMITS = {"conditional-update": "5 s and 2048 MB at 50000 cells", "realisations-100": "10 s at 50000 cells"}
BOUND = "distances and exponentials, then matrix arithmetic"
MATRIX_SIDE = 1200
Timed = tuple[Callable[[], Any], float]  # what to time, and the multiply-adds it cannot do without


def measure(peers: bool = False, tell: Callable[[str], None] = measuring.silent) -> Iterator[dict[str, Any]]:
    """Three cases at three sizes; there is no peer to compare with."""
    for case in CASES:
        for size in ATTENUATION_SIZES if case == "attenuation" else SIZES:
            row = _in_a_process_of_its_own(case, size)
            tell(f"  {case} {row['size']}: {row['wall_s']:.3g} s, {row['peak_rss_mb']:.0f} MB")
            yield row


def _in_a_process_of_its_own(case: str, size: int) -> dict[str, Any]:
    one_thread = dict.fromkeys(("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"), "1")
    with patch.dict(os.environ, one_thread):
        row, peak_rss_mb = measuring.in_child("benchmarks.shaking", "child", case, size)
    return {"peak_rss_mb": peak_rss_mb, **row}


def child(case: str, size: int) -> dict[str, Any]:
    """One row: median of the repeats after a warm-up, beside the rate of `dgemm` in this process."""
    work, flops = CASES[case](size)
    timing, _ = measuring.timed(work)
    peak_rss_mb = measuring.peak_rss_mb()
    rate = dgemm_flops_per_s()
    return {
        "case": case,
        "size": size,
        "value": timing.wall_s if case in LIMITS else size / timing.wall_s,
        "unit": "s" if case in LIMITS else "places/s",
        "limit": LIMITS.get(case),
        **timing.row,
        **({} if peak_rss_mb is None else {"peak_rss_mb": peak_rss_mb}),
        "share_of_limit": flops / timing.wall_s / rate if flops else None,
        "dgemm_gflop_per_s": rate / 1e9,
        "bound": BOUND if flops else "powers and logarithms",
        "load": measuring.load(),
    }


def workload(n_cell: int) -> tuple[np.ndarray, np.ndarray, conditional.Observed]:
    """A mesh of 1 km, 500 stations at random places (a third without error) and 100 districts that tile it."""
    n_column = int(np.sqrt(1.25 * n_cell))
    row, column = np.divmod(np.arange(n_cell), n_column)
    x_m, y_m = column * SPACING_M, row * SPACING_M
    rng = np.random.default_rng(1)
    points = Stations(
        rng.uniform(0, x_m.max(), N_POINT), rng.uniform(0, y_m.max(), N_POINT), rng.choice([0.0, 0.05, 0.1], N_POINT)
    )
    district = 10 * (10 * column // n_column) + 10 * row // (row.max() + 1)
    areas = conditional.areas_of_cells(x_m, y_m, district, np.full(N_AREA, 0.1))
    return x_m, y_m, conditional.Observed(points, areas, 0.2 * rng.standard_normal(N_POINT + N_AREA))


def _update(n_cell: int) -> Timed:
    x_m, y_m, observed = workload(n_cell)
    n_seen = N_POINT + N_AREA
    return lambda: conditional.update(x_m, y_m, observed, PRIOR), n_cell * n_seen**2 + n_seen**3 / 3


def _realisations(n_cell: int) -> Timed:
    x_m, y_m, observed = workload(n_cell)
    plan = conditional.plan_draws(x_m, y_m, observed, PRIOR, SPACING_M)
    rng = np.random.default_rng(2)
    normals = conditional.Normals(
        rng.standard_normal((N_DRAW, *plan.lattice.normals_shape)),
        rng.standard_normal((N_DRAW, plan.n_local)),
        rng.standard_normal(N_DRAW),
        rng.standard_normal((N_DRAW, N_POINT + N_AREA)),
    )
    return (
        lambda: conditional.draws(x_m, y_m, observed, PRIOR, plan, normals),
        2.0 * n_cell * (N_POINT + N_AREA) * N_DRAW,
    )


def _attenuation(n_place: int) -> Timed:
    """Both routes to intensity at places on ground of their own."""
    rng = np.random.default_rng(3)
    distance_m, vs30 = rng.uniform(5e3, 200e3, n_place), rng.uniform(150, 700, n_place)
    site = shaking.Site(vs30)

    def work() -> np.ndarray:
        rock = shaking.pgv_si_midorikawa_m_per_s(7.0, 10e3, distance_m)
        chain = shaking.intensity(rock * shaking.site_amplification(vs30))
        return chain - shaking.intensity_morikawa_fujiwara(7.0, distance_m, site)

    return work, 0.0


CASES: dict[str, Callable[[int], Timed]] = {
    "conditional-update": _update,
    "realisations-100": _realisations,
    "attenuation": _attenuation,
}


def dgemm_flops_per_s() -> float:
    """Best of five products of two square matrices, additions and multiplications counted apart."""
    left, right = np.random.default_rng(0).random((2, MATRIX_SIDE, MATRIX_SIDE))
    timing, _ = measuring.timed(lambda: left @ right, repeats=5)
    return 2.0 * MATRIX_SIDE**3 / min(timing.all_s)
