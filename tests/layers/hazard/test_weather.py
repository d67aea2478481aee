"""Weather: the day's rain adds up, the sun rises and sets, step length does not matter."""

from datetime import datetime
from zoneinfo import ZoneInfo

import numpy as np
import pytest

from layers.hazard import LAYER, weather
from twin.params import load
from twin.units import DAY_S, HOUR_S
from twin.world import IndexSet, World

PARAMS = load(LAYER.params_file)
START_S = 16 * HOUR_S + 27 * 60


def world():
    day = IndexSet.build(
        "day",
        ["2026-07-28", "2026-07-29", "2026-07-30"],
        start_s=np.arange(3) * DAY_S - START_S,
        max_c=np.array([33.0, 35.0, 36.0]),
        min_c=np.array([25.0, 25.0, 26.0]),
        humidity_fraction=np.array([0.7, 0.7, 0.6]),
        rain_mm=np.array([0.0, 40.0, 0.0]),
    )
    town = IndexSet.build("municipality", ["1"], lat=np.array([32.7]), lon=np.array([130.7]))
    origin = datetime(2026, 7, 28, 16, 27, tzinfo=ZoneInfo("Asia/Tokyo"))
    return World("w", origin, {"day": day, "municipality": town})


TABLE = weather.make_table(world())


def walk(until_s, step_s):
    now = weather.first_weather(TABLE, PARAMS)
    for time_s in range(step_s, until_s + 1, step_s):
        now = weather.advance(TABLE, now, time_s, PARAMS)
    return now


def test_rain_of_a_day_adds_up():
    total_m = sum(weather.rain_at(0.04, time_s, PARAMS) * weather.MARK_S for time_s in range(0, DAY_S, weather.MARK_S))
    assert total_m == pytest.approx(0.04)


def test_night_comes_about_three_hours_after_the_shock():
    assert walk(int(2.5 * HOUR_S), 600).daylight == 1.0
    assert walk(4 * HOUR_S, 600).daylight == 0.0
    assert 0.0 < walk(int(3.2 * HOUR_S), 600).daylight < 1.0


def test_step_length_does_not_matter():
    fine, coarse = walk(36 * HOUR_S, 60), walk(36 * HOUR_S, 3600)
    assert np.array_equal(fine.tank_m, coarse.tank_m)
    assert (fine.wbgt_c, fine.rain_m_per_s) == (coarse.wbgt_c, coarse.rain_m_per_s)


def test_rain_fills_the_soil_and_dry_days_drain_it():
    before, after = walk(20 * HOUR_S, 600), walk(28 * HOUR_S, 600)
    assert after.tank_m.sum() > before.tank_m.sum() + 0.02
    assert walk(60 * HOUR_S, 600).tank_m.sum() < after.tank_m.sum()


def test_noon_is_hotter_than_midnight_and_windier():
    midnight, afternoon = walk(int(7.5 * HOUR_S), 600), walk(int(22.5 * HOUR_S), 600)
    assert afternoon.wbgt_c > midnight.wbgt_c + 3.0
    assert afternoon.wind_m_per_s > midnight.wind_m_per_s


def test_the_last_day_repeats_beyond_the_table():
    n = TABLE.temperature_c.size
    assert TABLE.row(n) == n - weather.MARKS_PER_DAY
    assert TABLE.row(n + 5 * weather.MARKS_PER_DAY + 7) == n - weather.MARKS_PER_DAY + 7
