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
    """Thacker 1981: water swinging radially in a round bowl; computed, exact (depth, discharge), always wet."""
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
    return after, exact(end_s), squared <= edge_m**2


def test_paraboloid_quarter_period_depth_and_discharge():
    after, (depth, discharge), _ = paraboloid(160, 0.25)
    assert relative_l1(after.depth_m, depth) < 0.01
    assert relative_l1(after.discharge_x_m2_per_s, discharge) < 0.02


def test_paraboloid_order_of_convergence():
    error = []
    for n_cell in (40, 80, 160):
        after, (depth, discharge), wet = paraboloid(n_cell, 0.25)
        computed = after.depth_m, after.discharge_x_m2_per_s
        off = [np.abs(a - b) for a, b in zip(computed, (depth, discharge), strict=True)]
        error.append([v[part].sum() / n_cell**2 for v in off for part in (wet, depth >= 0)])
    depth_wet, depth_all, discharge_wet, discharge_all = np.log2(np.array(error[0]) / error[-1]) / 2
    assert min(depth_wet, discharge_wet) >= 1.8
    assert min(depth_all, discharge_all) >= 1.6  # the moving shoreline included


@pytest.mark.slow
def test_paraboloid_whole_period():
    after, (depth, _), _ = paraboloid(200, 1.0)
    assert relative_l1(after.depth_m, depth) < 0.01


BUMPS = {  # discharge m2/s, stage downstream, stage upstream (supercritical), stage at the start, seconds
    "subcritical": (4.42, 2.0, None, 2.0, 40.0),
    "transcritical": (1.53, None, None, 0.66, 40.0),
    "transcritical with a shock": (0.18, 0.33, None, 0.33, 120.0),
    "supercritical": (25.0567, None, 2.0, 2.0, 6.0),
}


def bernoulli_depth(q, head_m, bed, slow):
    """Depth of the slow or of the fast branch at a head, by bisection on either side of critical depth."""
    critical_m = (q * q / G) ** (1 / 3)
    low, high = (critical_m, head_m) if slow else (1e-3, critical_m)
    low, high = np.full(bed.shape, low), np.full(bed.shape, high)
    for _ in range(60):
        middle = (low + high) / 2
        short = (bed + middle + (q / middle) ** 2 / (2 * G) < head_m) == slow
        low, high = np.where(short, middle, low), np.where(short, high, middle)
    return low


def bump_depth(name, bed, x_m):
    q, stage_out, stage_in, *_ = BUMPS[name]
    fixed_m = stage_in or stage_out or 1.0
    held = fixed_m + (q / fixed_m) ** 2 / (2 * G)  # head where a level is given
    if name in ("subcritical", "supercritical"):
        return bernoulli_depth(q, held, bed, name == "subcritical")
    crest = 0.2 + 1.5 * (q * q / G) ** (1 / 3)  # critical flow on top
    slow, fast, after = (
        bernoulli_depth(q, *args) for args in ((crest, bed, True), (crest, bed, False), (held, bed, True))
    )
    if "shock" not in name:
        return np.where(x_m < 10, slow, fast)
    push = [q * q / h + G * h * h / 2 for h in (fast, after)]
    return np.where(x_m < 10, slow, np.where(push[0] > push[1], fast, after))


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
    assert relative_l1(depth, bump_depth(name, bed, x_m)) < 0.01
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


CRITICAL_M = (4 / G) ** (1 / 3)  # of 2 m2/s
CHANNELS = {  # Mac Donald et al. 1997 on 1 km: discharge m2/s, Manning n, supercritical at the inlet, at the outlet
    "subcritical": (2.0, 0.033, False, False),
    "supercritical": (2.5, 0.04, True, True),
    "jump": (2.0, 0.0218, True, False),
}


def mac_donald_depth(name, x_m):
    s = x_m / 1000
    if name == "subcritical":
        return CRITICAL_M * (1 + 0.5 * np.exp(-16 * (s - 0.5) ** 2))
    if name == "supercritical":
        return CRITICAL_M * (1 - 0.2 * np.exp(-36 * (s - 0.5) ** 2))
    behind = sum(a * np.exp(-20 * k * (s - 0.5)) for k, a in ((1, -0.348427), (2, 0.552264), (3, -0.55558)))
    return CRITICAL_M * np.where(x_m < 500, 0.9 - np.exp(-x_m / 250) / 6, 1 + behind + 0.8 * np.exp(s - 1))


def mac_donald_bed(name, n_cell, per_cell=400):
    """Bed at cell centres, from the steady momentum equation on a fine grid; a jump leaves the bed continuous."""
    q, n, *_ = CHANNELS[name]
    edge_m = np.linspace(0, 1000, n_cell * per_cell + 1)
    middle_m = (edge_m[1:] + edge_m[:-1]) / 2
    nudge = 1e-9 * np.where(edge_m == 500, 1, 0)
    low, high = mac_donald_depth(name, edge_m[:-1] + nudge[:-1]), mac_donald_depth(name, edge_m[1:] - nudge[1:])
    depth = mac_donald_depth(name, middle_m)
    fall = (1 - q * q / (G * depth**3)) * (high - low) + q * q * n * n / depth ** (10 / 3) * np.diff(edge_m)
    bed = np.append(0, -np.cumsum(fall))
    return bed[per_cell // 2 :: per_cell] - bed[-1], (edge_m[per_cell // 2 :: per_cell])


@pytest.mark.parametrize("name", CHANNELS)
def test_mac_donald_channel(name):
    q, n, fast_in, fast_out = CHANNELS[name]
    bed, x_m = mac_donald_bed(name, 200)
    depth = mac_donald_depth(name, x_m)
    inflow, entry_m, exit_m = constant(q), *mac_donald_depth(name, np.array([0.0, 1000.0]))
    west = Side("stage", constant(bed[0] + entry_m), inflow) if fast_in else Side("discharge", None, inflow)
    east = Side("open") if fast_out else Side("stage", constant(bed[-1] + exit_m))
    basin = make_basin(bed[None], 5.0, 1.0, manning=n, west=west, east=east)
    started = replace(still(basin, (bed + 1.1 * depth)[None]), discharge_x_m2_per_s=np.full((1, 200), 0.9 * q))
    after = advance(basin, started, 300.0 if fast_in and fast_out else 600.0)
    assert relative_l1(after.depth_m[0], depth) < 0.01
    assert relative_l1(after.discharge_x_m2_per_s[0], np.full(200, q)) < 0.02
