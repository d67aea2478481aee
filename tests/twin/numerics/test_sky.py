"""Sun and heat: published sunset, symmetry, the extremes of the day."""

from datetime import UTC, datetime, timedelta, timezone

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from twin.errors import ScenarioError
from twin.numerics import sky

JST = timezone(timedelta(hours=9))
SHOCK_S = datetime(2026, 7, 28, 16, 27, tzinfo=JST).timestamp()
KUMAMOTO = (32.80, 130.71)


def jst_s(*parts):
    return datetime(*parts, tzinfo=JST).timestamp()


def test_sunset_of_kumamoto_on_the_day():
    # "about 19:22" is quoted; the formula by hand (declination 18.95 deg, clock lead -6.5 min) gives 19:19
    _, set_s = sky.sunrise_sunset_s(SHOCK_S, *KUMAMOTO)
    assert set_s == pytest.approx(jst_s(2026, 7, 28, 19, 22), abs=240)
    assert set_s == pytest.approx(jst_s(2026, 7, 28, 19, 19), abs=45)


@pytest.mark.parametrize(
    ("day", "rise", "sunset"),
    [((2025, 6, 21), (4, 25), (19, 0)), ((2025, 12, 22), (6, 47), (16, 32))],
)
def test_solstices_in_tokyo_as_in_the_almanac(day, rise, sunset):
    got = sky.sunrise_sunset_s(jst_s(*day, 12), 35.66, 139.74)
    assert got == pytest.approx((jst_s(*day, *rise), jst_s(*day, *sunset)), abs=60)


def test_elevation_at_sunset_and_at_noon_of_the_equinox():
    _, set_s = sky.sunrise_sunset_s(SHOCK_S, *KUMAMOTO)
    assert sky.solar_elevation_deg(set_s, *KUMAMOTO) == pytest.approx(-0.833, abs=0.01)
    noon_s = datetime(2026, 3, 20, 12, 7, tzinfo=UTC).timestamp()
    assert sky.solar_elevation_deg(noon_s, 51.48, 0.0) == pytest.approx(90 - 51.48, abs=0.2)


def test_polar_night_has_no_sunset():
    rise_s, set_s = sky.sunrise_sunset_s(datetime(2026, 12, 21, tzinfo=UTC).timestamp(), 80.0, 0.0)
    assert np.isnan(rise_s)
    assert np.isnan(set_s)


def test_every_shape_of_input_is_kept():
    times_s = SHOCK_S + np.arange(6.0).reshape(2, 3) * 3600
    assert sky.solar_elevation_deg(times_s, *KUMAMOTO).shape == (2, 3)
    assert sky.sunrise_sunset_s(times_s, *KUMAMOTO)[1].shape == (2, 3)


def test_temperature_meets_the_extremes_and_is_continuous():
    low, high = np.array([25.0, 26.0, 24.0]), np.array([33.0, 36.0, 31.0])
    at_low_s, at_high_s = np.arange(3) * 86_400 + 5 * 3600.0, np.arange(3) * 86_400 + 14 * 3600.0
    assert sky.daily_temperature_degc(at_low_s, low, high) == pytest.approx(low)
    assert sky.daily_temperature_degc(at_high_s, low, high) == pytest.approx(high)
    curve = sky.daily_temperature_degc(np.arange(0.0, 3 * 86_400.0, 60.0), low, high)
    assert np.abs(np.diff(curve)).max() < 0.05
    assert curve.max() <= 36.0
    assert curve.min() >= 24.0


def test_reversed_extremes_are_refused():
    with pytest.raises(ScenarioError, match="minimum above"):
        sky.daily_temperature_degc(0.0, [30.0], [20.0])


def test_wbgt_by_hand_and_in_the_plausible_range():
    by_hand = 0.735 * 35 + 0.0374 * 60 + 0.00292 * 35 * 60 + 7.619 * 0.9 - 4.557 * 0.81 - 0.0572 * 2 - 4.064
    assert sky.wet_bulb_globe_degc(35.0, 0.6, 900.0, 2.0) == pytest.approx(by_hand)
    assert 31.0 < by_hand < 35.0


@given(st.floats(15.0, 40.0), st.floats(0.1, 5.0), st.floats(0.2, 0.9), st.floats(0.01, 0.1))
def test_wbgt_rises_with_heat_and_humidity(temperature, warmer, humidity, damper):
    base = sky.wet_bulb_globe_degc(temperature, humidity, 500.0)
    assert sky.wet_bulb_globe_degc(temperature + warmer, humidity, 500.0) > base
    assert sky.wet_bulb_globe_degc(temperature, humidity + damper, 500.0) > base


def test_clear_sky_radiation():
    got = sky.clear_sky_radiation_w_per_m2([-5.0, 0.0, 30.0, 90.0])
    assert got[0] == 0.0
    assert got[1] == pytest.approx(0.0, abs=1e-9)
    assert 400.0 < got[2] < 550.0
    assert got[3] == pytest.approx(1098 * np.exp(-0.057))
