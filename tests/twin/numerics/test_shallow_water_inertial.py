"""The local-inertial form: rest, mass, positive depth, uniform flow, and a slow flood against finite volumes."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from twin.errors import ParameterError
from twin.numerics.shallow_water import (
    Side,
    Sources,
    advance,
    advance_inertial,
    constant,
    make_basin,
    still,
    still_on_faces,
    volume_m3,
)

Y, X = np.mgrid[:12, :20] * 5.0
BED = -1 + np.sin(X / 20) * np.cos(Y / 15)


def test_lake_with_an_island_stays_at_rest():
    basin = make_basin(BED, 5.0)
    after = advance_inertial(basin, still_on_faces(basin, -0.5), 300.0, form="numpy")
    assert (after.depth_m == 0).any()
    assert np.abs(after.discharge_x_m2_per_s).max() <= 1e-12


@settings(max_examples=40, deadline=None)
@given(
    arrays(float, (6, 7), elements=st.floats(-5, 5)),
    arrays(float, (6, 7), elements=st.one_of(st.just(0.0), st.floats(0, 4))),
)
def test_depth_never_goes_below_zero_and_no_water_is_lost(bed, depth):
    basin = make_basin(bed, 5.0, manning=0.02)
    after = advance_inertial(basin, still_on_faces(basin, bed + depth), 3.0, form="numpy")
    start = volume_m3(basin, still_on_faces(basin, bed + depth))
    assert after.depth_m.min() >= 0
    assert volume_m3(basin, after) == pytest.approx(start, rel=1e-12)


def test_water_is_booked():
    basin = make_basin(
        BED, 5.0, manning=0.03, east=Side("open"), south=Side("stage", constant(0.2)),
        west=Side("discharge", discharge_m3_per_s=constant(5.0)),
    )  # fmt: skip
    sources = Sources(1e-5, None, np.array([4]), np.array([4]), constant(np.array([-2.0])))
    before = still_on_faces(basin, 0.0)
    after = advance_inertial(basin, before, 120.0, sources, form="numpy")
    booked = after.rain_m3 + after.inflow_m3 - after.outflow_m3 + after.sides_m3
    assert volume_m3(basin, after) - volume_m3(basin, before) == pytest.approx(booked, rel=1e-10)


def test_uniform_flow_settles_at_manning_depth():
    slope, n, q = 0.001, 0.03, 1.0
    normal_m = (q * n / slope**0.5) ** 0.6
    bed = (-slope * np.arange(40) * 20.0)[None]
    west = Side("discharge", discharge_m3_per_s=constant(20 * q))
    basin = make_basin(bed, 20.0, manning=n, west=west, east=Side("stage", constant(bed[0, -1] + normal_m)))
    after = advance_inertial(basin, still_on_faces(basin, bed + normal_m), 900.0)
    assert after.depth_m[0, :30] == pytest.approx(normal_m, rel=0.02)


def test_a_slow_flood_agrees_with_finite_volumes():
    bed = 0.0005 * np.tile(np.arange(60) * 20.0, (3, 1))
    west = Side("discharge", discharge_m3_per_s=constant(30.0))
    basin = make_basin(bed, 20.0, manning=0.05, west=west)
    slow = advance_inertial(basin, still_on_faces(basin, 0.1), 900.0)
    full = advance(basin, still(basin, 0.1), 900.0)
    assert np.abs(slow.depth_m - full.depth_m).sum() / full.depth_m.sum() < 0.05


def test_a_step_beyond_the_stable_bound_is_refused():
    basin = make_basin(BED, 5.0)
    with pytest.raises(ParameterError, match="cfl"):
        advance_inertial(basin, still_on_faces(basin, 0.0), 1.0, cfl=0.7)
