"""Rain: design storms against their own depth curves, moving fields by hand, series by closed forms."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.integrate import quad

from twin.errors import ParameterError, ScenarioError
from twin.numerics import rain
from twin.units import MM_PER_H

HOUR = 3600.0


def test_talbot_by_the_printed_line_of_noboribetsu():
    depth_m = rain.talbot_depth_m(HOUR, 4860 / 60 * 1e-3, 39 * 60.0)
    assert depth_m / HOUR / MM_PER_H == pytest.approx(49.1, abs=0.05)  # printed: 49.1 mm/h
    assert rain.talbot_depth_m(39 * 60.0, 1.0, 39 * 60.0) == 0.5


def test_mononobe_is_a_sherman_line():
    hour_m = 0.24 / 24 ** (1 / 3)
    assert rain.sherman_depth_m(24 * HOUR, hour_m, 1 / 3) == pytest.approx(0.24)
    assert rain.sherman_depth_m(8 * HOUR, hour_m, 1 / 3) / (8 * HOUR) == pytest.approx(0.24 / 86_400 * 3 ** (2 / 3))


@pytest.mark.parametrize("peak", [0.0, 0.3, 0.5, 1.0])
def test_alternating_blocks_hold_the_depth_of_every_duration(peak):
    depth_m = rain.talbot_depth_m(np.arange(1, 25) * HOUR, 0.3, 5 * HOUR)
    rate = rain.alternating_block_m_per_s(depth_m, HOUR, peak)
    for k in (1, 2, 5, 24):
        assert np.convolve(rate, np.ones(k), "valid").max() * HOUR == pytest.approx(depth_m[k - 1])
    assert np.argmax(rate) == round(peak * 23)


def test_alternating_blocks_refuse_depths_that_do_not_flatten():
    with pytest.raises(ParameterError, match="block"):
        rain.alternating_block_m_per_s(np.array([1.0, 3.0]), HOUR, 0.5)
    with pytest.raises(ParameterError, match="peak_fraction"):
        rain.alternating_block_m_per_s(np.array([1.0, 1.5]), HOUR, 1.5)


@given(st.floats(0.0, 0.8), st.integers(1, 90), st.floats(0.05, 0.95), st.floats(600.0, 40_000.0))
def test_centred_storm_brings_its_total_in_any_number_of_blocks(total, n, peak, half_s):
    rate = rain.centred_storm_m_per_s(total, n, 1800.0, peak, half_s)
    halves = rain.centred_storm_m_per_s(total, 2 * n, 900.0, peak, half_s)
    assert rate.sum() * 1800.0 == pytest.approx(total)
    assert halves.reshape(-1, 2).mean(axis=1) == pytest.approx(rate, abs=1e-15)
    assert np.all(rate >= 0.0)


def test_centred_storm_peaks_where_asked_and_follows_talbot_around_the_peak():
    rate = rain.centred_storm_m_per_s(0.3, 240, 360.0, 0.75, 5 * HOUR)
    assert abs(np.argmax(rate) - 180) <= 1
    assert np.all(np.diff(rate[:179]) > 0)
    assert np.all(np.diff(rate[181:]) < 0)
    around_m = rate[180 - 30 : 180 + 10].sum() * 360.0  # 3 h before, 1 h after: 4 h astride the peak
    assert around_m == pytest.approx(rain.talbot_depth_m(4 * HOUR, 0.3 * 29 / 24, 5 * HOUR))
    with pytest.raises(ParameterError, match="peak_fraction"):
        rain.centred_storm_m_per_s(0.3, 24, HOUR, 1.0, HOUR)


def storm(**change):
    track = {"time_s": np.array([0.0, 36_000.0]), "x_m": np.array([-2e5, 2e5]), "y_m": np.zeros(2)}
    shape = {"peak_m_per_s": 1e-5, "core_m_per_s": 4e-6, "radius_m": 5e4, "fold_m": 1e5}
    return rain.Typhoon(**(track | shape | change))


def test_typhoon_profile_by_hand_and_moved_with_the_track():
    x = np.array([0.0, 2.5e4, 5e4, 1.5e5])
    rate = rain.typhoon_rain_m_per_s(storm(), [18_000.0, 19_800.0], x, 0.0 * x)
    assert rate[0] == pytest.approx([4e-6, 7e-6, 1e-5, 1e-5 / np.e])
    shifted = rain.typhoon_rain_m_per_s(storm(), 18_000.0, x - 2e4, 0.0 * x)  # half an hour is 20 km
    assert rate[1] == pytest.approx(shifted[0])
    with pytest.raises(ScenarioError, match="track"):
        rain.typhoon_rain_m_per_s(storm(), 40_000.0, x, x)


def test_typhoon_rain_of_a_passage_is_the_integral_along_the_track():
    along = np.arange(0.0, 36_001.0, 60.0)
    rate = rain.typhoon_rain_m_per_s(storm(), along, np.zeros((2, 3)), np.full((2, 3), 3e4))
    assert rate.shape == (601, 2, 3)
    speed = 4e5 / 36_000

    def at(t):
        away = np.hypot(3e4, speed * (t - 18_000))
        return 4e-6 + 6e-6 * away / 5e4 if away < 5e4 else 1e-5 * np.exp(-(away - 5e4) / 1e5)

    assert np.trapezoid(rate[:, 1, 2], along) == pytest.approx(
        quad(at, 0, 36_000, points=[14_400, 21_600])[0], rel=1e-5
    )


def test_band_is_symmetric_drifts_and_reaches_along_its_axis():
    band = rain.RainBand(0.0, 0.0, 30.0, 1e4, 6e4, 2e-5, u_m_per_s=10.0)
    cos, sin = np.cos(np.pi / 6), np.sin(np.pi / 6)
    rate = rain.band_rain_m_per_s(
        band, [0.0, 600.0], np.array([0.0, 6e4 * cos, -1e4 * sin]), np.array([0.0, 6e4 * sin, 1e4 * cos])
    )
    assert rate[0] == pytest.approx(2e-5 * np.exp([0.0, -0.5, -0.5]))
    assert rain.band_rain_m_per_s(band, 600.0, 6000.0, 0.0) == pytest.approx(2e-5)


def test_hills_raise_rain_up_to_a_limit():
    assert rain.orographic_factor([-3.0, 0.0, 500.0, 5000.0], 4e-4, 1.6) == pytest.approx([1.0, 1.0, 1.2, 1.6])


# --- series ---------------------------------------------------------------------------------------------------

RATES = st.lists(st.floats(0.0, 5e-5), min_size=1, max_size=12)


@given(RATES, st.floats(0, 1), st.floats(0, 1), st.floats(0, 1))
def test_rain_adds_up_however_an_interval_is_cut(rates, a, b, c):
    series = rain.make_series(np.arange(len(rates) + 1) * 600.0, rates)
    low, middle, high = np.sort([a, b, c]) * 600.0 * len(rates)
    whole = rain.accumulated_m(series, low, high)
    parts = rain.accumulated_m(series, [low, middle], [middle, high])
    assert parts.sum() == pytest.approx(whole, abs=1e-15)
    assert np.all(parts >= -1e-15)
    exact = sum(r * max(min(high, 600 * k + 600) - max(low, 600 * k), 0.0) for k, r in enumerate(rates))
    assert whole == pytest.approx(exact, abs=1e-14)


@given(RATES, st.floats(0.01, 0.99), st.floats(600.0, 3e5))
def test_effective_rain_does_not_feel_how_rows_are_cut(rates, cut, half_life):
    series = rain.make_series(np.arange(len(rates) + 1) * 600.0, rates)
    edge = np.insert(series.edge_s, 1, cut * 600.0)
    split = rain.make_series(edge, np.insert(np.asarray(rates), 0, rates[0]))
    at = np.linspace(0.0, 600.0 * len(rates), 7)
    once = rain.effective_rain_m(series, at, half_life)
    assert rain.effective_rain_m(split, at, half_life) == pytest.approx(once, abs=1e-14)
    assert np.all(once <= rain.accumulated_m(series, 0.0 * at, at) + 1e-14)


def test_effective_rain_halves_in_a_half_life_and_forgets_nothing_at_once():
    series = rain.make_series([0.0, 600.0, 600.0 + 3 * HOUR], np.array([[1e-5, 2e-5], [0.0, 0.0]]))
    got = rain.effective_rain_m(series, [600.0, 600.0 + 1.5 * HOUR, 600.0 + 3 * HOUR], 1.5 * HOUR)
    assert got[1:] == pytest.approx(got[:-1] / 2)
    exact = quad(lambda s: 1e-5 * 0.5 ** ((600.0 - s) / 5400.0), 0, 600)[0]
    assert got[0] == pytest.approx([exact, 2 * exact])


def test_moving_sums_of_one_hour_and_a_day():
    rate = np.zeros(48)
    rate[[3, 30]] = 36.0
    series = rain.with_dry_lead(rain.read_series(np.arange(48) * HOUR, rate, "mm_per_h", HOUR), 24 * HOUR)
    assert rain.moving_sum_m(series, [3 * HOUR, 3.5 * HOUR, 4 * HOUR, 4.25 * HOUR], HOUR) == pytest.approx(
        [0.0, 0.018, 0.036, 0.027]
    )
    assert rain.moving_sum_m(series, [4 * HOUR, 31 * HOUR, 27.5 * HOUR], 24 * HOUR) == pytest.approx(
        [0.036, 0.036, 0.018]
    )


def test_series_keeps_grids_and_units():
    value = np.arange(12.0).reshape(3, 2, 2)
    series = rain.read_series([0, 600, 1200], value, "mm_per_10min", 600.0)
    assert rain.accumulated_m(series, 0.0, 1800.0) == pytest.approx(value.sum(axis=0) * 1e-3)
    assert rain.accumulated_m(series, [0.0, 600.0], 1800.0).shape == (2, 2, 2)
    assert rain.read_series([0.0], [86.4], "mm_per_day", 86_400.0).rate_m_per_s == pytest.approx(1e-6)


@pytest.mark.parametrize(
    ("time", "value", "unit", "word"),
    [
        ([0, 600, 1800], [1, 1, 1], "mm_per_h", "after row 1 .600 s."),
        ([0, 600, 600], [1, 1, 1], "mm_per_h", "after row 1"),
        ([0, 600], [1, np.nan], "mm_per_h", "row 1 .from 600 s."),
        ([0, 600], [[1, 2], [-0.1, 1]], "mm_per_h", r"row 1.*place \[0\]"),
        ([0, 600], [1, np.inf], "mm_per_h", "row 1"),
        ([0, 600], [1, 1], "inch", "mm_per_10min"),
        ([0, 600], [1, 1, 1], "mm_per_h", "intervals"),
        ([], [], "mm_per_h", "edges"),
    ],
)
def test_bad_series_are_refused_with_the_place(time, value, unit, word):
    with pytest.raises(ScenarioError, match=word):
        rain.read_series(time, value, unit, 600.0)


def test_rain_outside_the_series_is_unknown_not_zero():
    series = rain.make_series([0.0, 600.0], [1e-6])
    for start, end in ((-1.0, 100.0), (0.0, 601.0)):
        with pytest.raises(ScenarioError, match="dry lead"):
            rain.accumulated_m(series, start, end)
    with pytest.raises(ScenarioError, match="rise"):
        rain.make_series([0.0, 600.0, 600.0], [1e-6, 1e-6])
