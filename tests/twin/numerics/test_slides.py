"""Slides: critical line and levels by hand; run-out against closed forms on planes, feet and fans."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from twin.errors import ParameterError, ScenarioError
from twin.numerics import ground, rain, slides
from twin.units import MM_PER_H

HOUR = 3600.0
LINE = slides.CriticalLine(np.array([0.0, 0.04, 0.08]), np.array([0.2, 0.16, 0.08]))


# --- critical line and warning --------------------------------------------------------------------------------


def test_critical_index_between_and_beyond_the_knots():
    assert slides.critical_index_m(LINE, [0.0, 0.02, 0.06, 0.5]) == pytest.approx([0.2, 0.18, 0.12, 0.08])
    per_place = slides.CriticalLine(LINE.hour_rain_m, np.stack([LINE.index_m, 2 * LINE.index_m], axis=1))
    assert slides.critical_index_m(per_place, [0.02, 0.06]) == pytest.approx([0.18, 0.24])
    series = slides.critical_index_m(per_place, np.array([[0.0, 0.0], [0.02, 0.06]]))
    assert series == pytest.approx(np.array([[0.2, 0.4], [0.18, 0.24]]))


@pytest.mark.parametrize(("rains", "index"), [([0, 0.1], [0.1, 0.2]), ([0.1, 0.1], [0.2, 0.1]), ([0, 0.1], [0.1, 0.0])])
def test_lines_that_make_no_sense_are_refused(rains, index):
    with pytest.raises(ParameterError, match="critical line"):
        slides.critical_index_m(slides.CriticalLine(np.array(rains), np.array(index)), 0.05)


def test_criteria_are_lowered_after_shaking():
    assert slides.lowered_fraction([4.9, 5.0, 5.4, 5.5, 6.8]).tolist() == [1.0, 0.8, 0.8, 0.7, 0.7]


def test_ratios_come_from_the_tanks_and_the_last_hour():
    series = rain.make_series(np.arange(6) * HOUR, np.array([5.0, 20.0, 60.0, 30.0, 0.0]) * MM_PER_H)
    tanks = np.array([0.03, 0.04, 0.05])
    ratio = slides.critical_ratios(LINE, tanks, series, np.arange(1, 4) * HOUR, 0.8)
    after = ground.soil_water_step(ground.soil_water_step(tanks, 20 * MM_PER_H, HOUR), 60 * MM_PER_H, HOUR)
    assert ratio[0] == pytest.approx(0.12 / (0.8 * 0.195))  # 5 mm in the last hour
    assert ratio[2] == pytest.approx(after.sum() / (0.8 * 0.12))  # 60 mm
    fine = slides.critical_ratios(LINE, tanks, series, np.arange(6, 19) * 600.0, 0.8)
    assert fine[::6] == pytest.approx(ratio, rel=1e-6)
    with pytest.raises(ScenarioError, match="covers"):
        slides.critical_ratios(LINE, tanks, series, np.arange(0, 4) * HOUR)
    with pytest.raises(ParameterError, match="evenly"):
        slides.critical_ratios(LINE, tanks, series, np.array([1.0, 2.0, 4.0]) * HOUR)


def test_slide_levels():
    now = np.array([0.3, 0.6, 0.8, 0.9, 1.1, 1.3])
    assert slides.slide_warning_level(now, now, 0.5, 0.75, 1.2).tolist() == [0, 2, 3, 3, 4, 5]
    assert slides.slide_warning_level([0.4, 0.4], [1.0, 1.5], 0.5, 0.75, 1.2).tolist() == [
        4,
        4,
    ]  # 5 is never a forecast
    with pytest.raises(ParameterError, match="advisory"):
        slides.slide_warning_level(now, now, 0.8, 0.75, 1.2)


# --- run-out --------------------------------------------------------------------------------------------------


def slope_and_foot(height_m=40.0, dx_m=5.0, gradient=1.0, n_flat=60, rows=3):
    """A slope that falls to the right by `gradient` from a short plateau, and flat ground below."""
    n_slope = round(height_m / gradient / dx_m)
    profile = np.concatenate(
        [np.full(6, height_m), height_m - gradient * dx_m * np.arange(1, n_slope + 1), np.zeros(n_flat)]
    )
    return np.tile(profile, (rows, 1)), 5, 5 + n_slope  # bed, column of the top edge, column of the foot


@pytest.mark.parametrize("ratio", [0.25, 0.4, 0.8])
def test_slide_on_a_slope_with_a_flat_foot_stops_at_height_over_ratio(ratio):
    bed, top, foot = slope_and_foot()
    source = np.zeros(bed.shape, bool)
    source[:, top] = True
    head = slides.runout_head_m(bed, 5.0, source, ratio)
    last = np.flatnonzero(np.isfinite(head[1])).max()
    assert last == top + np.floor(40.0 / ratio / 5.0 + 1e-9)
    away = (np.arange(foot, last + 1) - top) * 5.0
    assert head[1, foot : last + 1] == pytest.approx(40.0 - ratio * away, abs=1e-9)
    assert slides.runout_reach(bed, 5.0, source, ratio)[1].sum() == last - top + 1  # nothing stays behind the top


def test_slide_on_a_plane_flatter_than_the_ratio_does_not_move():
    bed = np.tile(np.arange(30.0)[::-1] * 0.3 * 5.0, (5, 1))
    source = np.zeros(bed.shape, bool)
    source[2, 10] = True
    assert slides.runout_reach(bed, 5.0, source, 0.31).sum() == 1
    steeper = slides.runout_reach(bed, 5.0, source, 0.29, spread_fraction=1.0)
    assert np.array_equal(np.flatnonzero(steeper[2]), np.arange(10, 30))
    assert steeper.sum() == 20


def test_slide_down_a_diagonal_plane_is_exact_too():
    i = np.arange(40)
    bed = np.maximum(60.0 - 0.7 * 5.0 * (i[:, None] + i) / np.sqrt(2.0), 0.0)
    source = np.zeros(bed.shape, bool)
    source[0, 0] = True
    reached = slides.runout_reach(bed, 5.0, source, 0.4)
    last = np.flatnonzero(np.diagonal(reached)).max()
    assert last == np.floor(60.0 / 0.4 / (5.0 * np.sqrt(2.0)))


def test_fan_opens_to_45_degrees_on_a_plane():
    bed = np.tile(np.arange(40.0)[::-1] * 5.0, (41, 1))
    source = np.zeros(bed.shape, bool)
    source[20, 0] = True
    reached = slides.runout_reach(bed, 5.0, source, 0.01)
    for column in (1, 7, 15):
        assert np.array_equal(np.flatnonzero(reached[:, column]), np.arange(20 - column, 21 + column))


HILLS = hnp.arrays(float, (7, 8), elements=st.floats(0.0, 60.0).map(lambda z: round(z, 1)))
SPOTS = hnp.arrays(bool, (7, 8))


@settings(max_examples=60)
@given(HILLS, SPOTS, SPOTS, st.floats(0.1, 1.0), st.floats(1.0, 3.0), st.floats(0.0, 1.0))
def test_laws_of_the_runout(bed, first, second, ratio, factor, spread):
    far = slides.runout_reach(bed, 10.0, first, ratio, spread)
    assert np.all(far >= slides.runout_reach(bed, 10.0, first, ratio * factor, spread))  # more friction, less reach
    other = slides.runout_reach(bed, 10.0, second, ratio, spread)
    assert np.array_equal(slides.runout_reach(bed, 10.0, first | second, ratio, spread), far | other)
    assert np.all(far >= first)
    if first.any():
        assert bed[far].max() == bed[first].max()  # never uphill
    turned = slides.runout_reach(bed.T[::-1], 10.0, first.T[::-1], ratio, spread)
    assert np.array_equal(turned, far.T[::-1])


def test_debris_flow_stops_where_the_fan_is_flatter_than_two_degrees():
    gradient = np.concatenate([np.full(10, 0.3), np.full(12, 0.06), np.full(15, 0.03)])
    bed = np.tile(50.0 - np.concatenate([[0.0], np.cumsum(gradient) * 10.0]), (31, 1))
    source = np.zeros(bed.shape, bool)
    source[15, 0] = True
    reached = slides.debris_flow_reach(bed, 10.0, source)
    assert np.array_equal(np.flatnonzero(reached.any(axis=0)), np.arange(23))  # tan 2 degrees = 0.035
    assert slides.debris_flow_reach(bed, 10.0, source, stop_deg=1.0).any(axis=0).all()
    assert reached[:, 22].sum() > reached[:, 3].sum() > 1  # a fan


def test_steep_slope_rule_by_height():
    assert slides.steep_slope_reach_m([4.9, 5.0, 12.0, 25.0, 80.0]).tolist() == [0.0, 10.0, 24.0, 50.0, 50.0]


@pytest.mark.parametrize(("height", "reach"), [(5.0, 10.0), (15.0, 30.0), (25.0, 50.0), (60.0, 50.0)])
def test_steep_slope_zone_of_a_straight_slope(height, reach):
    bed, top, foot = slope_and_foot(height, 2.5)
    zone = slides.steep_slope_zone(bed, 2.5)
    assert np.array_equal(zone[0], zone[2])
    assert np.flatnonzero(zone[1] == slides.ZONE_SLOPE).tolist() == list(range(top, foot))
    below = np.flatnonzero(zone[1] == slides.ZONE_BELOW)
    assert below[0] == foot
    assert (below[-1] - foot) * 2.5 == reach
    assert (top - np.flatnonzero(zone[1] == slides.ZONE_TOP)[0]) * 2.5 == 10.0


def test_low_and_gentle_slopes_make_no_zone():
    assert not slides.steep_slope_zone(slope_and_foot(4.0, 2.0)[0], 2.0).any()
    assert not slides.steep_slope_zone(slope_and_foot(40.0, 5.0, gradient=0.5)[0], 5.0).any()
    assert slides.steep_slope_zone(slope_and_foot(40.0, 5.0, gradient=0.6)[0], 5.0).any()


@settings(max_examples=60)
@given(hnp.arrays(float, (12, 15), elements=st.floats(0.0, 90.0).map(lambda z: round(z, 1))))
def test_no_zone_reaches_beyond_fifty_metres_or_uphill(bed):
    zone = slides.steep_slope_zone(bed, 12.0)
    slope, below = np.argwhere(zone == slides.ZONE_SLOPE), np.argwhere(zone == slides.ZONE_BELOW)
    if below.size:
        away = 12.0 * np.hypot(*(below[:, None] - slope[None]).transpose(2, 0, 1))
        assert away.min(axis=1).max() <= 50.0 + 12.0 * np.sqrt(2.0)  # the foot lies one cell from the slope
        higher = bed[tuple(slope.T)][None] > bed[tuple(below.T)][:, None]
        assert higher.any(axis=1).all()


def test_a_bank_across_the_foot_stops_the_slide():
    bed, top, foot = slope_and_foot()
    bed[:, foot + 4] = 3.0
    source = np.zeros(bed.shape, bool)
    source[:, top] = True
    reached = slides.runout_reach(bed, 5.0, source, 0.3)
    assert reached[:, foot + 3].all()
    assert not reached[:, foot + 4 :].any()
    assert (slides.steep_slope_zone(bed, 5.0)[:, foot + 4 :] == 0).all()


def test_roads_and_houses_hit_are_shares_of_their_points():
    reached = np.zeros((3, 4), bool)
    reached[1, :2] = True
    row, column, owner = np.array([1, 1, 1, 1, 0]), np.array([0, 1, 2, 3, 0]), np.array([0, 0, 0, 2, 2])
    assert slides.share_reached(reached, row, column, owner, 4) == pytest.approx([2 / 3, 0.0, 0.0, 0.0])


def test_volume_area_and_mobility_by_hand():
    assert slides.slide_volume_m3(1000.0) == pytest.approx(0.074 * 10 ** (1.45 * 3))
    assert slides.reach_ratio(1e4) == pytest.approx(10 ** (-0.047 - 0.34))
    assert slides.reach_ratio(1e6) < slides.reach_ratio(1e3)


def test_bad_grids_are_refused_with_the_place():
    bed = np.zeros((3, 4))
    hole = bed.copy()
    hole[1, 2] = np.nan
    with pytest.raises(ParameterError, match="row 1, column 2"):
        slides.runout_reach(hole, 5.0, bed > 0, 0.3)
    with pytest.raises(ParameterError, match="do not fit"):
        slides.runout_reach(bed, 5.0, np.zeros((2, 4), bool), 0.3)
    with pytest.raises(ParameterError, match="cell size"):
        slides.steep_slope_zone(bed, 0.0)
    with pytest.raises(ParameterError, match="H/L"):
        slides.runout_reach(bed, 5.0, bed > 0, 0.0)
    assert not slides.steep_slope_zone(bed, 5.0).any()
