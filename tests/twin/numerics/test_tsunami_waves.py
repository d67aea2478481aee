"""Linear long waves against closed forms: speed, order, energy, walls, open sides, shoaling, nesting."""

import numpy as np
import pytest

from twin.numerics import tsunami
from twin.numerics.shallow_water import Side, advance, make_basin, still
from twin.numerics.tsunami import leap_frog

G = 9.81
WALLS = {"west": "wall", "east": "wall", "south": "wall", "north": "wall"}
CHANNEL = {"south": "wall", "north": "wall"}


def hump(grid, x_m, width_m=8e3):
    return np.exp(-(((grid.centres_m()[0] - x_m) / width_m) ** 2)) + 0 * grid.depth_m


def channel(depth_m, dx_m=1000.0, **sides):
    return tsunami.make_grid(np.tile(depth_m, (3, 1)), dx_m, **CHANNEL, **sides)


def standing_error(n_column, along_y=False):
    """Largest error after a bit more than one period of the second mode, 100 km x 1000 m."""
    shape, cell_m = ((n_column, 3), (7e3, 1e5 / n_column)) if along_y else ((3, n_column), (1e5 / n_column, 7e3))
    grid = tsunami.make_grid(np.full(shape, 1000.0), *cell_m, **WALLS)
    wave = np.cos(2e-5 * np.pi * grid.centres_m()[along_y]) + np.zeros(shape)
    result = tsunami.propagate(grid, wave, 1350.0, sample_s=27.0, step_s=540.0 / n_column)
    return np.abs(result.maps[0].final_level_m - wave * np.cos(2e-5 * np.pi * np.sqrt(G * 1000.0) * 1350.0)).max()


@pytest.mark.parametrize("along_y", [False, True])
def test_standing_wave_converges_at_second_order(along_y):
    coarse, middle, fine = (standing_error(n, along_y) for n in (20, 40, 80))
    assert fine < 0.002
    assert 3.7 < coarse / middle < 4.3
    assert 3.7 < middle / fine < 4.3


def test_a_hump_parts_into_two_waves_of_half_height_at_the_long_wave_speed():
    grid = channel(np.full(300, 1000.0))
    result = tsunami.propagate(grid, hump(grid, 150e3, 12e3), 1000.0)
    x_m = grid.centres_m()[0][0] - 150e3
    reach_m = np.sqrt(G * 1000.0) * 1000.0
    exact = 0.5 * sum(np.exp(-(((x_m + s * reach_m) / 12e3) ** 2)) for s in (1, -1))
    assert result.maps[0].final_level_m[1] == pytest.approx(exact, abs=0.01)


def test_a_closed_basin_keeps_its_energy_and_its_water():
    rng = np.random.default_rng(4)
    depth_m = rng.uniform(-300.0, 3000.0, (20, 30))
    grid = tsunami.make_grid(depth_m, 1000.0, **WALLS)
    level_m = np.where(grid.wet, rng.normal(size=depth_m.shape), 0.0)
    waves = leap_frog.start_waves(grid, level_m, 0.99 * grid.longest_step_s)
    energies = []
    for _ in range(400):
        leap_frog.step_level(waves)
        before = waves.flux_x_m.copy(), waves.flux_y_m.copy()
        leap_frog.step_flux(waves)
        energies.append(leap_frog.energy_m2(waves, before))
    assert energies == pytest.approx([energies[0]] * 400, rel=1e-12)
    assert waves.level_m.sum() == pytest.approx(level_m.sum(), abs=1e-10)
    assert np.abs(waves.level_m - level_m).max() > 0.5
    assert not waves.level_m[~grid.wet].any()


@pytest.mark.parametrize("wall", ["side", "land"])
def test_a_wall_doubles_the_wave(wall):
    depth_m = np.full(160, 1000.0)
    if wall == "land":
        depth_m[:10] = -5.0
    grid = channel(depth_m, west="wall" if wall == "side" else "open")
    result = tsunami.propagate(grid, hump(grid, 80e3), 1200.0)
    first_wet = 10 if wall == "land" else 0
    assert result.maps[0].maximum_level_m[1, first_wet] == pytest.approx(1.0, abs=0.01)  # twice the half height
    assert result.maps[0].maximum_level_m[1, 40] == pytest.approx(0.5, abs=0.01)


def test_an_open_side_lets_a_head_on_wave_out():
    grid = channel(np.full(200, 1000.0))
    result = tsunami.propagate(grid, hump(grid, 100e3), 2400.0)
    assert np.abs(result.maps[0].final_level_m).max() < 0.01 * 0.5


@pytest.mark.parametrize(("angle_deg", "most"), [(20.0, 0.02), (45.0, 0.04), (60.0, 0.02)])
def test_an_open_side_lets_oblique_waves_out(angle_deg, most):
    angle = np.radians(angle_deg)
    seen = []
    for columns in (90, 300):  # the side stands at 45 km, or so far away that nothing comes back in time
        grid = tsunami.make_grid(np.full((360, columns), 1000.0), 1000.0, west_m=-45e3, south_m=-180e3)
        x_m, y_m = grid.centres_m()
        across, along = x_m * np.cos(angle) + y_m * np.sin(angle), y_m * np.cos(angle) - x_m * np.sin(angle)
        level_m = np.exp(-((across / 8e3) ** 2) - (along / 35e3) ** 4)
        result = tsunami.propagate(grid, level_m, 800.0, (40e3, 40e3 * np.tan(angle)))
        seen.append(result.gauge_level_m[:, 0])
    assert np.abs(seen[0] - seen[1]).max() < most * np.abs(seen[1]).max()
    assert np.abs(seen[1]).max() > 0.35


def test_open_sides_over_a_rough_coast_stay_stable_and_drain():
    rng = np.random.default_rng(1)
    grid = tsunami.make_grid(rng.normal(800.0, 600.0, (25, 30)), 1000.0)
    noise, raised = (
        np.abs(tsunami.propagate(grid, level, 4 * 3600.0, sample_s=60.0).maps[0].final_level_m)
        for level in (rng.normal(size=(25, 30)), np.ones((25, 30)))
    )
    assert noise.max() < 2.0
    assert np.median(raised[grid.wet]) < 0.15


def test_height_grows_by_greens_law_over_a_gentle_slope():
    x_m = np.arange(600) * 500.0 + 250.0
    depth_m = np.interp(x_m, [50e3, 250e3], [100.0, 2000.0])
    grid = channel(depth_m, 500.0)
    result = tsunami.propagate(grid, hump(grid, 270e3, 6e3), 2700.0)
    highest_m = result.maps[0].maximum_level_m[1]
    at_start, at_end = np.searchsorted(x_m, [240e3, 70e3])
    law = (depth_m[at_start] / depth_m[at_end]) ** 0.25
    assert highest_m[at_end] / highest_m[at_start] == pytest.approx(law, rel=0.03)
    assert law > 1.5


def test_crest_over_a_step_comes_after_the_sum_of_travel_times_and_the_step_sends_part_of_it_on():
    depth_m = np.where(np.arange(400) < 200, 400.0, 3600.0)  # deep east, shallow west
    grid = channel(depth_m, 500.0)
    result = tsunami.propagate(grid, hump(grid, 150e3, 12e3), 1500.0, ([60e3], [750.0]), sample_s=5.0)
    travel_s = 50e3 / np.sqrt(G * 3600.0) + 40e3 / np.sqrt(G * 400.0)
    assert result.gauge_crest_time_s[0] == pytest.approx(travel_s, abs=6.0)
    passed_on = 2.0 / (1.0 + np.sqrt(400.0 / 3600.0))  # times the half height of the hump
    assert result.gauge_level_m.max() == pytest.approx(0.5 * passed_on, rel=0.01)


def bay_depth_m(grid):
    x_m, y_m = grid.centres_m()
    return np.interp(x_m, [0.0, 4e3, 30e3, 90e3], [-40.0, 60.0, 200.0, 1500.0]) - 30.0 * np.cos(y_m / 6e3)


def bay(dx_m, west_m, south_m, rows, columns):
    flat = tsunami.make_grid(np.zeros((rows, columns)), dx_m, west_m=west_m, south_m=south_m)
    return tsunami.make_grid(bay_depth_m(flat), dx_m, west_m=west_m, south_m=south_m)


def source_m(grid):
    x_m, y_m = grid.centres_m()
    return 2.0 * np.exp(-(((x_m - 65e3) / 14e3) ** 2) - ((y_m - 32e3) / 18e3) ** 2)


def test_a_nest_sees_the_same_wave_as_a_fine_grid_everywhere():
    """Until what the coarse coast sends back reaches the nest's sides: one-way nesting cannot mend that."""
    coarse, fine = bay(1000.0, 0.0, 0.0, 60, 90), bay(1000.0 / 3, 0.0, 0.0, 180, 270)
    inner = bay(1000.0 / 3, 0.0, 10e3, 120, 120)
    gauges = tsunami.line_of_points((10e3, 22e3), (10e3, 38e3), 6)
    nested, alone = (
        tsunami.propagate(grid, source_m(grid), 1500.0, gauges, nested=nests).gauge_level_m
        for grid, nests in ((coarse, [tsunami.Nest(inner)]), (fine, []))
    )
    assert np.abs(alone).max() > 0.8
    assert np.abs(nested - alone).max() < 0.03 * np.abs(alone).max()
    assert nested.max(axis=0) == pytest.approx(alone.max(axis=0), rel=0.02)


def test_two_nests_and_a_source_inside_them():
    coarse, middle, inner = (
        bay(900.0, 0.0, 0.0, 66, 100), bay(300.0, 0.0, 9e3, 140, 130), bay(100.0, 5e3, 21e3, 150, 150)
    )  # fmt: skip
    level_m = [np.exp(-(((g.centres_m()[0] - 14e3) / 4e3) ** 2) - ((g.centres_m()[1] - 28e3) / 4e3) ** 2)
               for g in (coarse, middle, inner)]  # fmt: skip
    gauges = ([9e3, 18e3], [26e3, 30e3])
    through = tsunami.propagate(
        coarse, level_m[0], 900.0, gauges, nested=[tsunami.Nest(middle), tsunami.Nest(inner, level_m[2])]
    )
    direct = tsunami.propagate(middle, level_m[1], 900.0, gauges)
    assert len(through.maps) == 3
    assert np.abs(through.gauge_level_m - direct.gauge_level_m).max() < 0.03 * np.abs(direct.gauge_level_m).max()


def test_levels_scale_and_add_with_slip():
    grid = bay(1000.0, 0.0, 0.0, 60, 90)
    parts = source_m(grid), hump(grid, 40e3)
    one, two, both = (
        tsunami.propagate(grid, level, 600.0, (20e3, 30e3)).gauge_level_m
        for level in (parts[0], parts[1], 3.0 * parts[0] - parts[1])
    )
    assert both == pytest.approx(3.0 * one - two, abs=1e-12)


def test_a_stage_side_of_the_nonlinear_solver_carries_the_wave_on():
    grid = channel(np.full(100, 50.0), 2000.0)
    gauges = ([60e3, 60e3, 31e3], [1000.0, 5000.0, 3000.0])
    result = tsunami.propagate(grid, 0.4 * hump(grid, 120e3, 16e3), 4200.0, gauges, sample_s=40.0)
    outside = tsunami.stage_series(result, [0, 1], still_level_m=1.5)
    basin = make_basin(np.full((2, 30), -48.5), 2000.0, east=Side("stage", outside), west=Side("open"))
    after = advance(basin, still(basin, 1.5), 4100.0, form="numpy")
    level_m = after.depth_m[1, 15] - 50.0  # the crest has come some 30 km further
    assert level_m == pytest.approx(np.interp(4100.0, result.time_s, result.gauge_level_m[:, 2]), abs=0.02)
    assert level_m > 0.15
