"""Waves at sides and shores against closed forms: incoming waves, run-up on a beach, a bore on a flat dry coast."""

from dataclasses import replace

import numpy as np
import pytest
from scipy.special import j0, j1

from twin.errors import ParameterError
from twin.numerics.shallow_water import (
    Series,
    Side,
    advance,
    advance_inertial,
    constant,
    make_basin,
    still,
    still_on_faces,
)

G = 9.81
DEPTH_M = 40.0
PEAK_S = 300.0
CELERITY = np.sqrt(G * DEPTH_M)


def relative_l1(computed, exact):
    return np.abs(computed - exact).sum() / np.abs(exact).sum()


def pulse_m(time_s, height_m=0.5):
    return height_m * np.exp(-(((time_s - PEAK_S) / 90.0) ** 2))


def sea(east, west=None, n_cell=200):
    """A flat sea 10 km long; a pulse comes in from the west."""
    time_s = np.arange(0, 3000.0, 2.0)
    west = west or Side("incoming", Series(time_s, pulse_m(time_s), "wave"))
    basin = make_basin(np.full((1, n_cell), -DEPTH_M), 10_000 / n_cell, west=west, east=east)
    return basin, still(basin, 0.0)


def test_an_incoming_wave_arrives_whole_and_on_time():
    basin, rest = sea(Side("open"))
    travel_s = 5025.0 / CELERITY  # to the middle of cell 100
    after = advance(basin, rest, PEAK_S + travel_s)
    level = after.depth_m[0] - DEPTH_M
    assert level[100] == pytest.approx(0.5, rel=0.01)
    assert after.discharge_x_m2_per_s[0, 100] == pytest.approx(0.5 * CELERITY, rel=0.02)  # sqrt(g / h) x height


def test_a_wave_thrown_back_by_a_wall_leaves_through_the_side_it_came_in_by():
    basin, rest = sea(Side("wall"))
    doubled = advance(basin, rest, PEAK_S + 10_000 / CELERITY)
    assert doubled.depth_m[0, -1] - DEPTH_M == pytest.approx(1.0, rel=0.02)
    gone = advance(basin, doubled, PEAK_S + 20_000 / CELERITY + 400)
    assert np.abs(gone.depth_m - DEPTH_M).max() < 0.05 * 0.5


@pytest.mark.parametrize("side", ["west", "east", "south", "north"])
def test_a_wave_that_leaves_by_an_incoming_side_reflects_less_than_five_percent(side):
    x_m = (np.arange(100) + 0.5) * 100
    hump = 0.5 * np.exp(-(((x_m - 5000) / 800) ** 2))
    stage, bed = (hump[None], (1, 100)) if side in ("west", "east") else (hump[:, None], (100, 1))
    quiet = Side("incoming", constant(0.0))
    basin = make_basin(np.full(bed, -DEPTH_M), 100.0, **{side: quiet})
    after = advance(basin, still(basin, stage), 1.8 * 10_000 / CELERITY)  # the half that hit the wall left too
    assert np.abs(after.depth_m - DEPTH_M).max() < 0.05 * 0.25


def test_an_incoming_side_holds_the_lake_at_rest_at_its_own_level_and_lets_dry_ground_be():
    bed = np.where(np.arange(12)[:, None] < 6, -5.0, 4.0) + 0.1 * np.arange(8)
    basin = make_basin(bed, 10.0, west=Side("incoming", constant(1.2), rest_m=1.2))
    after = advance(basin, still(basin, 1.2), 60.0, form="numpy")
    assert np.abs(after.discharge_x_m2_per_s).max() <= 1e-12
    assert (after.depth_m[6:] == 0).all()


@pytest.mark.parametrize(("run", "at_rest"), [(advance, still), (advance_inertial, still_on_faces)])
def test_a_stage_for_each_cell_of_a_side_turns_and_mirrors_with_it(run, at_rest):
    bed, stage = np.full((6, 9), -4.0), np.linspace(0, 1, 6)
    series = Series(np.array([0.0, 60.0]), np.array([0 * stage, stage]), "sea")
    west = run(*(b := make_basin(bed, 10.0, west=Side("stage", series)), at_rest(b, 0.0)), 60.0, form="numpy")
    south = run(*(b := make_basin(bed.T, 10.0, south=Side("stage", series)), at_rest(b, 0.0)), 60.0, form="numpy")
    north = run(*(b := make_basin(bed.T, 10.0, north=Side("stage", series)), at_rest(b, 0.0)), 60.0, form="numpy")
    assert west.depth_m[5, 0] > west.depth_m[0, 0] + 0.05
    assert south.depth_m == pytest.approx(west.depth_m.T, abs=1e-12)
    assert north.depth_m[::-1] == pytest.approx(west.depth_m.T, abs=1e-12)
    level = run(*(b := make_basin(bed, 10.0, west=Side("stage", constant(np.full(6, 0.5)))), at_rest(b, 0.0)), 60.0)
    whole = run(*(b := make_basin(bed, 10.0, west=Side("stage", constant(0.5))), at_rest(b, 0.0)), 60.0)
    assert np.array_equal(level.depth_m, whole.depth_m)


def test_sides_that_do_not_fit_are_refused():
    with pytest.raises(ParameterError, match=r"side west: stage_m has values of shape \(5,\), the side has 6 cells"):
        make_basin(np.zeros((6, 9)), 10.0, west=Side("stage", constant(np.zeros(5))))
    with pytest.raises(ParameterError, match="kind incoming needs stage_m"):
        Side("incoming")
    with pytest.raises(ParameterError, match="takes one discharge"):
        Side("discharge", discharge_m3_per_s=constant(np.ones(6), "inflow"))
    basin, _ = sea(Side("open"))
    with pytest.raises(ParameterError, match="side west: kind incoming needs the finite volumes"):
        advance_inertial(basin, still_on_faces(basin, 0.0), 1.0)


SLOPE, LENGTH_M, SWING = 0.02, 500.0, 0.4  # beach; scale of length; amplitude (waves break from 1)
HEIGHT_M, SPEED = SLOPE * LENGTH_M, np.sqrt(G * SLOPE * LENGTH_M)
UNIT_S = LENGTH_M / SPEED


def carrier_greenspan(x_m, time_s):
    """Carrier & Greenspan 1958: standing wave on a plane beach, at rest and furthest out at time 0.

    Returns level and velocity at x (bed = slope x, water where the level is above it), by iteration for sigma, lambda.
    """
    x, t = x_m / LENGTH_M, time_s / UNIT_S + np.pi / 4
    level, speed = np.zeros_like(x + t), np.zeros_like(x + t)
    for _ in range(300):
        sigma, lam = 4 * np.sqrt(np.maximum(level - x, 1e-12)), 2 * (speed + t)
        speed = -SWING * j1(sigma) / sigma * np.cos(lam)
        level = -SWING / 4 * j0(sigma) * np.sin(lam) - speed**2 / 2
    return level * HEIGHT_M, speed * SPEED


def beach(share_of_period, n_cell=270):
    dx_m = 1350 / n_cell
    x_m = -1250 + (np.arange(n_cell) + 0.5) * dx_m
    end_s = share_of_period * np.pi * UNIT_S
    time_s = np.linspace(0, end_s, 400)
    tide = Series(time_s, carrier_greenspan(np.full(400, -1250.0), time_s)[0], "sea")
    basin = make_basin((SLOPE * x_m)[None], dx_m, west=Side("stage", tide))
    start = np.maximum(carrier_greenspan(x_m, 0.0)[0], -1e9)
    after = advance(basin, still(basin, start[None]), end_s)
    level, speed = carrier_greenspan(x_m, end_s)
    depth = np.maximum(level - SLOPE * x_m, 0)
    return x_m, after, depth, depth * speed


def shoreline_m(x_m, depth, least_m=0.005):
    return x_m[depth > least_m].max()


@pytest.mark.parametrize(("share", "shore_m"), [(0.25, None), (0.5, 0.1), (1.0, -0.1)])
def test_carrier_greenspan_run_up_and_run_down(share, shore_m):
    x_m, after, depth, discharge = beach(share)
    assert relative_l1(after.depth_m[0], depth) < 0.01
    if share == 0.25:
        assert relative_l1(after.discharge_x_m2_per_s[0], discharge) < 0.02
    reached = shoreline_m(x_m, after.depth_m[0])
    assert reached == pytest.approx(shoreline_m(x_m, depth), abs=10.0)
    if shore_m is not None:
        assert reached == pytest.approx(shore_m * LENGTH_M, abs=10.0)  # a quarter of the swing x the length


def bore(behind_m, ahead_m):
    """Speed of the water behind a bore, from the jump conditions."""
    return (behind_m - ahead_m) * np.sqrt(G * (behind_m + ahead_m) / (2 * behind_m * ahead_m))


def on_a_dry_coast(behind_m, speed, x_m, time_s):
    """A bore's body (depth, speed) let onto flat dry ground at x = 0: simple wave, front at u + 2c."""
    wave, xi = np.sqrt(G * behind_m), x_m / time_s
    fan = (speed + 2 * wave - xi) ** 2 / (9 * G), (speed + 2 * wave + 2 * xi) / 3
    at = [xi < speed - wave, xi < speed + 2 * wave]
    return np.select(at, [behind_m, fan[0]], 0.0), np.select(at, [speed, fan[1]], 0.0)


@pytest.mark.parametrize("ahead_m", [2.0, 0.4])  # body slower and faster than its own waves
def test_a_bore_floods_a_flat_dry_coast_as_the_closed_form_says(ahead_m):
    behind_m, time_s = 4.0, 40.0
    speed = bore(behind_m, ahead_m)
    x_m = -1000 + np.arange(1000) * 2.0 + 1.0
    basin = make_basin(np.zeros((1, 1000)), 2.0, west=Side("open"), east=Side("open"))
    body = still(basin, np.where(x_m < 0, behind_m, -1.0)[None])
    after = advance(basin, replace(body, discharge_x_m2_per_s=body.depth_m * speed), time_s)
    depth, velocity = on_a_dry_coast(behind_m, speed, x_m, time_s)
    assert relative_l1(after.depth_m[0], depth) < 0.01
    assert relative_l1(after.discharge_x_m2_per_s[0], depth * velocity) < 0.02
    land = x_m > 0
    flooded_m3 = 2.0 * after.depth_m[0, land].sum()
    assert flooded_m3 == pytest.approx(2.0 * depth[land].sum(), rel=0.01)
    assert x_m[after.depth_m[0] > 0.01].max() == pytest.approx(x_m[depth > 0.01].max(), rel=0.05)


def test_a_bore_coming_in_by_a_side_floods_a_flat_dry_coast():
    depth_m, speed, time_s = 2.0, 1.3 * np.sqrt(G * 2.0), 30.0
    west = Side("stage", constant(depth_m), constant(10 * depth_m * speed))
    basin = make_basin(np.zeros((1, 500)), 2.0, 10.0, west=west, east=Side("open"))
    after = advance(basin, still(basin, -1.0), time_s)
    x_m = np.arange(500) * 2.0 + 1.0
    depth, velocity = on_a_dry_coast(depth_m, speed, x_m, time_s)
    assert relative_l1(after.depth_m[0], depth) < 0.01
    assert relative_l1(after.discharge_x_m2_per_s[0], depth * velocity) < 0.02
