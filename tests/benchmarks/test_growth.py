"""The exponent of wall time with size."""

from __future__ import annotations

import numpy as np
import pytest

from benchmarks import growth

SIZES = (100, 1_000, 30_000)


def row(size, wall_s, **more):
    return {"case": "a", "size": size, "wall_s": wall_s, "threads": 1, "dtype": "float64", **more}


@pytest.mark.parametrize("power", [0.0, 1.0, 1.5, 2.0])
def test_a_power_law_gives_its_power(power):
    assert growth.exponent(SIZES, [3e-4 * size**power for size in SIZES]) == pytest.approx(power, abs=1e-12)


def test_it_is_the_least_squares_slope_of_the_logarithms():
    wall_s = [0.1, 0.5, 60.0]
    slope = np.polyfit(np.log(SIZES), np.log(wall_s), 1)[0]
    assert growth.exponent(SIZES, wall_s) == pytest.approx(slope, rel=1e-12)


def test_one_row_per_case_with_three_sizes():
    measured = [row(size, 2e-6 * size**2) for size in SIZES]
    measured += [row(size, 1e-6 * size, case="b") for size in SIZES[:2]]  # two sizes tell nothing
    measured += [row(SIZES[2], 9.0, threads=2)]
    [found] = growth.rows(measured)
    assert (found["case"], found["unit"], found["sizes"]) == ("growth of a", "exponent", list(SIZES))
    assert found["value"] == pytest.approx(2.0)


def test_cases_named_by_their_size_are_joined_by_growth_of():
    measured = [row(size, 1e-6 * size, case=f"{size} h", growth_of="length") for size in SIZES]
    assert [found["case"] for found in growth.rows(measured)] == ["growth of length"]


def test_rows_without_size_or_time_do_not_count():
    assert not list(growth.rows([row(None, 1.0), row(10, None), row(20, 1.0), row(30, 1.0)]))
