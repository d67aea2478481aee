"""Tsunami: refusals, gauges and series, the moved coast, uneven slip, and loads on buildings."""

import numpy as np
import pytest

from twin.errors import ParameterError, StateError
from twin.numerics import tsunami
from twin.numerics.fault import Rectangles
from twin.numerics.okada import Displacement, Faults, surface_displacement
from twin.numerics.tsunami import leap_frog, propagation

SEA = np.full((6, 8), 100.0)
GRID = tsunami.make_grid(SEA, 500.0)
LEVEL = np.ones((6, 8))
PLANE = Rectangles(2e3, -1e3, 5e3, 200.0, 15.0, 100e3, 40e3)


def with_value(value, row=2, column=3):
    depth_m = SEA.copy()
    depth_m[row, column] = value
    return depth_m


@pytest.mark.parametrize(
    ("build", "words"),
    [
        (lambda: tsunami.make_grid(with_value(np.nan), 500.0), r"depth_m: no number at \(2, 3\) \(1 of 48\)"),
        (lambda: tsunami.make_grid(np.zeros((0, 5)), 500.0), "needs rows and columns"),
        (lambda: tsunami.make_grid(SEA, 0.0), "dx_m: the size of a cell must be > 0 m, got 0.0"),
        (lambda: tsunami.make_grid(SEA, 500.0, np.inf), "dy_m: the size"),
        (lambda: tsunami.make_grid(SEA, 0.01, west_m=130.4, south_m=32.1), "look like degrees; project to metres"),
        (lambda: tsunami.make_grid(SEA, 500.0, west_m=np.nan), "west_m, south_m: need numbers"),
        (lambda: tsunami.make_grid(SEA, 500.0, west="stage"), "each is open or wall"),
        (lambda: tsunami.make_grid(SEA, 500.0, top="wall"), "sides are west, east, south, north"),
        (lambda: tsunami.propagate(GRID, LEVEL[:3], 60.0), r"initial_level_m: shape \(3, 8\), the grid has \(6, 8\)"),
        (lambda: tsunami.propagate(GRID, LEVEL * np.nan, 60.0), "initial_level_m: no number"),
        (lambda: tsunami.propagate(GRID, LEVEL, -1.0), "until_s"),
        (lambda: tsunami.propagate(GRID, LEVEL, 60.0, sample_s=np.nan), "sample_s"),
        (lambda: tsunami.propagate(GRID, LEVEL, 60.0, step_s=11.3), "11.3 s must be .* CFL bound of 11.29"),
        (lambda: tsunami.propagate(tsunami.make_grid(-SEA, 500.0), LEVEL, 60.0), "no sea cell; .* check the sign"),
        (lambda: tsunami.propagate(GRID, LEVEL, 60.0, ([1.0, 9e3], [1.0, 1.0])), r"gauge 1: \(9000, 1\) lies off"),
        (
            lambda: tsunami.propagate(
                GRID, LEVEL, 60.0, nested=[tsunami.Nest(tsunami.make_grid(SEA, 250.0, west_m=2500.0))]
            ),
            "sticks out",
        ),
        (lambda: tsunami.propagate(GRID, LEVEL, 60.0, nested=[tsunami.Nest(tsunami.make_grid(SEA[:1, :1], 600.0))]),
         "order coarse to fine"),
        (lambda: tsunami.propagate(GRID, LEVEL, 60.0, nested=[tsunami.Nest(tsunami.make_grid(SEA, 250.0), LEVEL.T)]),
         "nest: initial_level_m: shape"),
        (lambda: tsunami.stage_series(tsunami.propagate(GRID, LEVEL, 60.0)), "no gauge chosen"),
    ],
)  # fmt: skip
def test_bad_input_is_refused_before_the_first_step(build, words):
    with pytest.raises(ParameterError, match=words):
        build()


def test_a_gauge_on_land_is_refused():
    depth_m = SEA.copy()
    depth_m[:, :4] = -3.0
    grid = tsunami.make_grid(depth_m, 500.0)
    with pytest.raises(ParameterError, match=r"gauge 1: \(600, 1000\) lies on land"):
        tsunami.propagate(grid, LEVEL, 60.0, ([3000.0, 600.0], [1000.0, 1000.0]))


def test_a_blow_up_is_told_with_time_and_cell():
    waves = leap_frog.start_waves(GRID, LEVEL, 10.0)
    watch = propagation._Watch(LEVEL, GRID, 1, 0.05, propagation.level_sampler(GRID, np.zeros(0), np.zeros(0)))
    waves.level_m[4, 5] = np.nan
    with pytest.raises(StateError, match=r"at 30 s in cell \(4, 5\)"):
        watch.note(1, 30.0, waves.level_m)


def test_what_is_handed_in_stays_as_it_was_and_land_has_no_wave():
    depth_m = with_value(-1.0)
    grid, level = tsunami.make_grid(depth_m, 500.0), LEVEL.copy()
    seen = tsunami.propagate(grid, level, 300.0).maps[0]
    assert np.array_equal(level, LEVEL)
    assert np.array_equal(grid.depth_m, depth_m)
    assert np.isnan(seen.maximum_level_m[2, 3])
    assert np.isnan(seen.crest_time_s[2, 3])
    assert seen.arrival_time_s[2, 3] == np.inf


def test_gauges_read_straight_lines_between_cells():
    grid = tsunami.make_grid(SEA, 500.0)
    x_m, y_m = grid.centres_m()
    plane = 1e-3 * x_m - 2e-4 * y_m
    points = np.array([400.0, 2000.0, 3300.0]), np.array([300.0, 1500.0, 2700.0])
    result = tsunami.propagate(grid, plane, 10.0, points)
    assert result.gauge_level_m[0] == pytest.approx(1e-3 * points[0] - 2e-4 * points[1])
    assert result.gauge_level_m.shape == (2, 3)


def test_arrival_is_read_between_instants():
    level_m = np.array([[0.0, 0.0, -0.5], [0.02, 0.0, -0.5], [-0.08, 0.01, -0.3]])
    arrival_s = tsunami.arrival_time_s(np.array([0.0, 10.0, 20.0]), level_m, 0.05)
    assert arrival_s == pytest.approx([15.0, np.inf, 12.5])  # a coast that sank with its water has no wave yet


def test_arrival_map_follows_the_long_wave_speed():
    grid = tsunami.make_grid(np.full((3, 120), 1000.0), 1000.0, south="wall", north="wall")
    x_m = grid.centres_m()[0]
    level_m = np.where(x_m < 20e3, 1.0, 0.0) + np.zeros((3, 1))
    seen = tsunami.propagate(grid, level_m, 1000.0, sample_s=5.0).maps[0]
    assert seen.arrival_time_s[1, 90] == pytest.approx((90.5e3 - 20e3) / np.sqrt(9.81 * 1000), rel=0.03)
    assert seen.arrival_time_s[1, 20] <= 10.0


def test_stage_series_is_the_mean_of_its_gauges_on_the_tide():
    result = tsunami.propagate(GRID, np.linspace(0, 1, 48).reshape(6, 8), 95.0, ([700.0, 3000.0], [800.0, 2000.0]))
    series = tsunami.stage_series(result, still_level_m=0.9)
    assert series.at(50.0) == pytest.approx(0.9 + result.gauge_level_m[5].mean())
    series.must_cover(0.0, 95.0)


def test_coast_sinks_counted_rises_not_and_the_sea_follows_its_floor():
    bed_m = np.array([[-50.0, -10.0, 0.2, 5.0]])
    moved = Displacement(*np.zeros((2, 1, 4)), np.array([[1.5, -0.4, -0.6, 0.3]]))
    after = tsunami.coseismic(bed_m, moved, sea_level_m=0.1)
    assert after.initial_level_m[0] == pytest.approx([1.5, -0.4, 0.0, 0.0])
    assert after.subsidence_m[0] == pytest.approx([0.0, 0.0, 0.6, 0.0])
    assert after.uplift_m[0] == pytest.approx([0.0, 0.0, 0.0, 0.3])
    assert after.bed_after_m[0] == pytest.approx([-48.5, -10.4, -0.4, 5.0])


def test_a_slope_that_moves_sideways_lifts_the_water_as_much_as_the_floor():
    x_m, y_m = np.arange(12) * 500.0, np.arange(9)[:, None] * 400.0

    def bed_m(x, y):
        return -3000.0 + 0.05 * x - 0.02 * y

    moved = Displacement(np.full((9, 12), 4.0), np.full((9, 12), -3.0), np.full((9, 12), 0.5))
    rise_m = tsunami.coseismic(bed_m(x_m, y_m), moved, cell_m=(500.0, 400.0)).initial_level_m
    assert rise_m == pytest.approx(0.5 + bed_m(x_m - 4.0, y_m + 3.0) - bed_m(x_m, y_m))
    assert tsunami.coseismic(bed_m(x_m, y_m), moved).initial_level_m == pytest.approx(0.5)


def test_deep_water_smooths_a_cosine_by_the_hyperbolic_cosine_and_keeps_volume():
    x_m = (np.arange(64) + 0.5) * 1000.0
    number = 2 * np.pi / 32e3
    rise_m = 0.3 + np.cos(number * x_m) * np.ones((20, 1))
    smooth_m = tsunami.smoothed_by_water(rise_m, 6000.0, 1000.0, 1000.0)
    assert smooth_m == pytest.approx(0.3 + (rise_m - 0.3) / np.cosh(number * 6000.0), abs=1e-12)
    assert tsunami.smoothed_by_water(rise_m, 0.0, 1000.0, 1000.0) == pytest.approx(rise_m)


def test_source_refuses_what_does_not_fit():
    moved = Displacement(*np.zeros((3, 2, 2)))
    with pytest.raises(ParameterError, match=r"shape \(3, 3\)"):
        tsunami.coseismic(np.zeros((3, 3)), moved)
    with pytest.raises(ParameterError, match=r"no number at \(1, 0\)"):
        tsunami.coseismic(np.array([[0.0, 1.0], [np.nan, 0.0]]), moved)
    with pytest.raises(ParameterError, match="depth_m"):
        tsunami.smoothed_by_water(np.zeros((2, 2)), np.nan, 1.0, 1.0)


def test_magnitude_and_mean_slip_are_inverse_and_match_a_great_earthquake():
    area_m2 = 500e3 * 200e3
    assert tsunami.magnitude(tsunami.mean_slip_m(8.3, area_m2), area_m2) == pytest.approx(8.3)
    assert tsunami.mean_slip_m(9.0, area_m2, 4e10) == pytest.approx(10**22.6 / (4e10 * area_m2))
    assert tsunami.mean_slip_m(8.0, area_m2) * 10**1.5 == pytest.approx(tsunami.mean_slip_m(9.0, area_m2))


def test_a_cut_plane_moves_the_ground_as_the_whole():
    x_m, y_m = np.random.default_rng(2).uniform(-80e3, 80e3, (2, 50))
    whole = surface_displacement(x_m, y_m, Faults(PLANE, 2.0, 90.0)).up_m
    parts = surface_displacement(x_m, y_m, Faults(tsunami.cut(PLANE, 5, 3), np.full(15, 2.0), 90.0)).up_m
    assert parts == pytest.approx(whole, abs=1e-9)
    assert np.ptp(whole) > 0.5


def test_uneven_slip_is_positive_keeps_its_mean_and_follows_its_normals():
    normals = np.random.default_rng(8).standard_normal((8, 15))
    slip_m = tsunami.correlated_slip_m(normals, 6.0)
    assert slip_m.shape == (120,)
    assert slip_m.min() > 0
    assert slip_m.mean() == pytest.approx(6.0, rel=1e-14)
    assert np.array_equal(slip_m, tsunami.correlated_slip_m(normals, 6.0))
    assert np.ptp(slip_m) > 2.0
    assert tsunami.correlated_slip_m(normals, 6.0, log_sd=0.0) == pytest.approx(6.0)


def test_logarithm_of_slip_is_correlated_as_promised():
    rng = np.random.default_rng(5)
    draws = np.log([tsunami.correlated_slip_m(rng.standard_normal((2, 6)), 1.0, 0.5, 0.5) for _ in range(4000)])
    steps = draws[:, 1] - draws[:, 0], draws[:, 6] - draws[:, 0]  # the common scaling of a draw drops out
    expected = [2 * 0.25 * (1 - np.exp(-distance)) for distance in (1 / 3, 1.0)]
    assert [step.var() for step in steps] == pytest.approx(expected, rel=0.08)


@pytest.mark.parametrize(
    ("build", "words"),
    [
        (lambda: tsunami.mean_slip_m(8.0, 0.0), "area_m2: must be above 0"),
        (lambda: tsunami.magnitude(-1.0, 1e9), "slip_m"),
        (lambda: tsunami.cut(PLANE, 0, 2), "n_along, n_down"),
        (lambda: tsunami.cut(tsunami.cut(PLANE, 2, 1), 2, 2), "cut one fault at a time, got 2"),
        (lambda: tsunami.correlated_slip_m(np.zeros(4), 1.0), "normals"),
        (lambda: tsunami.correlated_slip_m(np.zeros((2, 2)), 0.0), "mean_m"),
        (lambda: tsunami.correlated_slip_m(np.zeros((2, 2)), 1.0, -0.1), "log_sd"),
        (lambda: tsunami.drag_force_n_per_m([1.0, -0.1], 2.0), r"depth_m: .* at \(1,\) it is -0.1"),
        (lambda: tsunami.drag_force_n_per_m(1.0, np.nan), "speed_m_per_s"),
        (lambda: tsunami.depth_multiplier(np.nan, True), "distance_to_water_m"),
    ],
)
def test_bad_slip_and_loads_are_refused(build, words):
    with pytest.raises(ParameterError, match=words):
        build()


def test_drag_matches_the_worked_example_of_the_american_guideline():
    force_n = tsunami.drag_force_n_per_m(105.0, 1.0) * 10.0  # FEMA P-646 C.3: h u2 = 105 m3/s2, 10 m wide
    assert force_n == pytest.approx(1155e3, rel=1e-3)
    assert tsunami.drag_force_n_per_m(2.0, [-3.0, 3.0, 6.0]) == pytest.approx([19800.0, 19800.0, 79200.0])


def test_design_load_is_a_triangle_cut_off_at_the_roof():
    a = tsunami.depth_multiplier([10.0, 10.0, 499.0, 500.0, 900.0], [False, True, True, True, False])
    assert a.tolist() == [3.0, 2.0, 2.0, 1.5, 3.0]
    whole = tsunami.design_force_n_per_m(4.0, a)
    assert whole == pytest.approx(0.5 * 9810.0 * (a * 4.0) ** 2)
    z_m = np.linspace(0.0, 9.0, 20001)
    cut_off = tsunami.design_force_n_per_m(4.0, 3.0, building_height_m=9.0)
    assert cut_off == pytest.approx(np.trapezoid(9810.0 * (12.0 - z_m), z_m))
    assert tsunami.design_force_n_per_m(0.0) == 0.0
