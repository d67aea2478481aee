"""Threads side by side, and margins filled by compiled code as NumPy fills them."""

from importlib import import_module

import numpy as np
import pytest

from twin.errors import ParameterError, StateError
from twin.numerics import shallow_water as sw
from twin.numerics.shallow_water import forcing
from twin.numerics.shallow_water.crew import Crew

LEVEL = sw.Series([0.0, 10.0], [1.0, 3.0])


@pytest.mark.parametrize("threads", [1, 2, 3])
def test_jobs_give_their_results_in_order(threads):
    with Crew(threads) as crew:
        assert crew.all_of([lambda number=number: number**2 for number in range(20)]) == [n**2 for n in range(20)]


@pytest.mark.parametrize("threads", [1, 2])
def test_the_first_jobs_error_is_the_one_that_is_raised(threads):
    def fail(error):
        """Raise it."""
        raise error

    with Crew(threads) as crew, pytest.raises(StateError, match="first"):
        crew.all_of([lambda: 1, lambda: fail(StateError("first")), lambda: fail(ParameterError("second"))])


def test_shared_work_takes_every_block_once_and_hands_on_an_error():
    blocks = np.arange(44).reshape(11, 4)
    taken = []

    def work(counter, blocks, room, bad):
        """Take blocks until none is left."""
        while counter[0] < len(blocks):
            number, counter[0] = int(counter[0]), counter[0] + 1
            taken.append(number)
            if number == bad:
                raise StateError("bad block")

    for threads in (1, 2, 3):
        taken.clear()
        with Crew(threads) as crew:
            crew.share(work, [None] * threads, blocks, -1)
        assert sorted(taken) == list(range(11))
    with Crew(2) as crew, pytest.raises(StateError, match="bad block"):
        crew.share(work, [None, None], blocks, 3)


@pytest.mark.parametrize("shape", [(6, 9), (1, 4), (5, 1)])
@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize(
    "sides",
    [
        {},
        {"west": sw.Side("stage", LEVEL), "south": sw.Side("open")},
        {"east": sw.Side("stage", LEVEL), "north": sw.Side("discharge", discharge_m3_per_s=sw.constant(2.0))},
        {"west": sw.Side("incoming", LEVEL), "south": sw.Side("stage", LEVEL)},
    ],
)
def test_compiled_margins_are_those_of_numpy(shape, dtype, sides):
    pytest.importorskip("numba", reason="Numba is not installed (extra `fast`)")
    margins = import_module("twin.numerics.shallow_water.margins")
    chance = np.random.default_rng(1)
    basin = sw.make_basin(chance.normal(size=shape), 5.0, dtype=dtype, **sides)
    bed = forcing.padded_bed(basin)
    fields = [chance.random(bed.shape).astype(dtype) for _ in range(3)]
    wanted, got = (tuple(v.copy() for v in fields) for _ in range(2))
    forcing.fill_margins(basin, wanted, bed, 4.0)
    margins.Margins(basin).fill(got, bed, 4.0)
    assert all(np.array_equal(a, b) for a, b in zip(got, wanted, strict=True))
    assert not np.array_equal(got[0], fields[0])


def test_levels_along_a_side_reach_their_own_cells():
    pytest.importorskip("numba", reason="Numba is not installed (extra `fast`)")
    margins = import_module("twin.numerics.shallow_water.margins")
    level = sw.Series([0.0, 10.0], np.array([[1.0, 2.0, 3.0], [2.0, 4.0, 6.0]]))
    basin = sw.make_basin(np.zeros((3, 5)), 5.0, west=sw.Side("stage", level))
    depth = np.zeros((7, 9))
    margins.Margins(basin).fill_depth(depth, forcing.padded_bed(basin), 5.0)
    assert depth[2:-2, 1].tolist() == depth[2:-2, 0].tolist() == [1.5, 3.0, 4.5]
