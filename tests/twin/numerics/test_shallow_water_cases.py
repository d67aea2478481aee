"""The finite-volume form against closed forms: dam breaks, a basin, bumps; and its orders of convergence."""

from dataclasses import replace

import numpy as np
import pytest

from twin.numerics.shallow_water import Side, advance, constant, make_basin, still

G = 9.81


def relative_l1(computed, exact):
    return np.abs(computed - exact).sum() / np.abs(exact).sum()


def stoker(x_m, time_s):
    """Depths 10 and 1 m; middle state and shock of verification case V12."""
    middle_m, middle_m_per_s, shock_m_per_s, wave = 3.9617, 7.3408, 9.8193, np.sqrt(10 * G)
    xi = x_m / time_s
    fan = (2 * wave - xi) ** 2 / (9 * G), 2 / 3 * (xi + wave)
    at = [xi < -wave, xi < middle_m_per_s - np.sqrt(G * middle_m), xi < shock_m_per_s]
    return np.select(at, [10.0, fan[0], middle_m], 1.0), np.select(at, [0.0, fan[1], middle_m_per_s], 0.0)


def ritter(x_m, time_s):
    """Depth 10 m onto dry ground, verification case V13."""
    wave, xi = np.sqrt(10 * G), x_m / time_s
    at = [xi < -wave, xi < 2 * wave]
    return np.select(at, [10.0, (2 * wave - xi) ** 2 / (9 * G)], 0.0), np.select(at, [0.0, 2 / 3 * (xi + wave)], 0.0)


def dam_break(right_m, n_cell, time_s=20.0):
    x_m = (np.arange(n_cell) + 0.5) * 1000 / n_cell - 500
    basin = make_basin(np.zeros((1, n_cell)), 1000 / n_cell, west=Side("open"), east=Side("open"))
    after = advance(basin, still(basin, np.where(x_m < 0, 10.0, right_m)[None]), time_s)
    return x_m, after.depth_m[0], after.discharge_x_m2_per_s[0]


def test_stoker_dam_break_at_one_metre():
    x_m, depth, discharge = dam_break(1.0, 1000)
    exact, speed = stoker(x_m, 20.0)
    assert relative_l1(depth, exact) < 0.002
    assert relative_l1(discharge, exact * speed) < 0.005
    assert depth[600] == pytest.approx(3.9617, abs=2e-3)
    shock_m = x_m[np.argmin(np.abs(depth - 2.5) + 10 * (x_m < 100))]
    assert shock_m == pytest.approx(9.8193 * 20, abs=2.0)


def test_ritter_dam_break_at_one_metre():
    x_m, depth, discharge = dam_break(0.0, 1000)
    exact, speed = ritter(x_m, 20.0)
    assert relative_l1(depth, exact) < 0.002
    assert relative_l1(discharge, exact * speed) < 0.005
    assert np.interp(0.0, x_m, depth) == pytest.approx(40 / 9, rel=0.005)
    assert x_m[depth > 1e-3].max() == pytest.approx(x_m[exact > 1e-3].max(), rel=0.06)  # fronts arrive a little late


def test_order_of_convergence_with_a_shock():
    error = [relative_l1(dam_break(1.0, n)[1], stoker(dam_break(1.0, n)[0], 20.0)[0]) for n in (100, 400)]
    assert np.log2(error[0] / error[1]) / 2 >= 0.8


def test_order_of_convergence_on_smooth_water():
    def depth(n):
        x_m = (np.arange(n) + 0.5) / n * 100
        bed = 0.2 * np.exp(-(((x_m - 50) / 10) ** 2))
        basin = make_basin(bed[None], 100 / n, west=Side("open"), east=Side("open"))
        return advance(basin, still(basin, (1 + 0.05 * np.exp(-(((x_m - 50) / 6) ** 2)))[None]), 6.0).depth_m[0]

    fine = depth(1600)
    error = [np.abs(depth(n) - fine.reshape(n, -1).mean(axis=1)).mean() for n in (100, 200, 400)]
    assert np.log2(error[0] / error[1]) >= 1.8
    assert np.log2(error[1] / error[2]) >= 1.8


def paraboloid(n_cell, share_of_period):
    """Thacker 1981: water swinging radially in a round bowl; returns computed and exact depth, and discharge."""
    bowl_m, centre_m, edge_m, width_m = 1.0, 0.1, 0.8, 4.0
    dx_m = width_m / n_cell
    x_m = (np.arange(n_cell) + 0.5) * dx_m - width_m / 2
    east, north = np.meshgrid(x_m, x_m)
    squared = (east**2 + north**2) / bowl_m**2
    bed = -centre_m * (1 - squared)
    omega, a = np.sqrt(8 * G * centre_m) / bowl_m, (bowl_m**2 - edge_m**2) / (bowl_m**2 + edge_m**2)

    def exact(time_s):
        c = 1 - a * np.cos(omega * time_s)
        stage = centre_m * (np.sqrt(1 - a * a) / c - 1 - squared * ((1 - a * a) / c**2 - 1))
        depth = np.maximum(stage - bed, 0)
        return depth, depth * omega * a * np.sin(omega * time_s) * east / (2 * c)

    basin, end_s = make_basin(bed, dx_m), share_of_period * 2 * np.pi / omega
    after = advance(basin, replace(still(basin, -1.0), depth_m=exact(0.0)[0]), end_s)
    return after, exact(end_s)


def test_paraboloid_quarter_period_depth_and_discharge():
    after, (depth, discharge) = paraboloid(160, 0.25)
    assert relative_l1(after.depth_m, depth) < 0.01
    assert relative_l1(after.discharge_x_m2_per_s, discharge) < 0.02


@pytest.mark.slow
def test_paraboloid_whole_period():
    after, (depth, _) = paraboloid(200, 1.0)
    assert relative_l1(after.depth_m, depth) < 0.01


BUMPS = {  # discharge m2/s, stage downstream, stage upstream (supercritical), stage at the start, seconds
    "subcritical": (4.42, 2.0, None, 2.0, 40.0),
    "transcritical": (1.53, None, None, 0.66, 40.0),
    "transcritical with a shock": (0.18, 0.33, None, 0.33, 60.0),
    "supercritical": (25.0567, None, 2.0, 2.0, 6.0),
}


@pytest.mark.parametrize("name", BUMPS)
def test_steady_flow_over_a_bump(name):
    q, stage_out, stage_in, start, time_s = BUMPS[name]
    x_m = (np.arange(100) + 0.5) * 0.25
    bed = np.maximum(0, 0.2 - 0.05 * (x_m - 10) ** 2)
    inflow = constant(q)
    west = Side("discharge", None, inflow) if stage_in is None else Side("stage", constant(stage_in), inflow)
    east = Side("open") if stage_out is None else Side("stage", constant(stage_out))
    basin = make_basin(bed[None], 0.25, 1.0, west=west, east=east)
    level = still(basin, np.maximum(start, bed)[None])
    after = advance(basin, replace(level, discharge_x_m2_per_s=np.full((1, 100), q)), time_s)
    assert relative_l1(after.discharge_x_m2_per_s[0], np.full(100, q)) < 0.02
    depth = after.depth_m[0]
    head = bed + depth + (q / depth) ** 2 / (2 * G)
    upstream = x_m < 10 if "shock" in name else x_m > 0
    assert head[upstream] == pytest.approx(head[0], rel=0.01)  # Bernoulli holds where there is no shock
    if "shock" in name:
        assert head[-1] < head[0] - 0.02


def test_front_speed_of_a_bore_follows_the_jump_conditions():
    x_m, depth, discharge = dam_break(1.0, 500)
    behind = depth[int(500 * 0.62)], discharge[int(500 * 0.62)]
    assert behind[1] / (behind[0] - 1.0) == pytest.approx(9.8193, rel=2e-3)
    assert x_m[discharge > 1].max() == pytest.approx(9.8193 * 20, abs=4.0)
