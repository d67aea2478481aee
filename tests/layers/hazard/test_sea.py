"""The sea right after the rupture: what moves with the ground, and what the step of the shore must not do."""

import numpy as np
import pytest

from layers.hazard.sea import after_shaking
from twin.numerics.okada import Displacement

STILL_M, EAST_M, DOWN_M = 0.3, 2.0, -0.8


def shore(dx_m: float):
    """Land at 3 m in the west, sea floor falling by 1 in 100 from -1.5 m in the east, 400 m each."""
    x_m = (np.arange(int(800 / dx_m)) + 0.5) * dx_m - 400.0
    bed_m = np.tile(np.where(x_m < 0, 3.0, -1.5 - x_m / 100.0), (4, 1))
    one = np.ones(bed_m.shape)
    return bed_m, Displacement(EAST_M * one, 0.0 * one, DOWN_M * one)


@pytest.mark.parametrize("dx_m", [50.0, 12.5])
def test_a_floor_that_slides_seaward_rises_by_its_slope_but_not_by_the_step_of_the_shore(dx_m):
    bed_m, moved = shore(dx_m)
    _, after_m = after_shaking(bed_m, moved, STILL_M, dx_m)
    at_sea = bed_m < STILL_M
    rise_m = (after_m - bed_m)[at_sea].reshape(4, -1)
    assert rise_m[:, 1:] == pytest.approx(DOWN_M + EAST_M / 100.0)
    assert rise_m[:, 0] == pytest.approx(DOWN_M + EAST_M / 200.0)  # half a slope: the floor goes on level ashore
    assert (after_m - bed_m)[~at_sea] == pytest.approx(DOWN_M)


def test_depths_at_sea_stay_and_levels_move_with_the_floor():
    bed_m, moved = shore(25.0)
    level_m, after_m = after_shaking(bed_m, moved, STILL_M, 25.0)
    at_sea = bed_m < STILL_M
    assert (level_m - after_m)[at_sea] == pytest.approx((STILL_M - bed_m)[at_sea])
    assert level_m[~at_sea] == pytest.approx(STILL_M)
