"""Weather: the day's rain adds up, the sun rises and sets, step length does not matter."""

from dataclasses import replace
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


def world(more=None, arrays=None, **columns):
    day = IndexSet.build(
        "day",
        ["2026-07-28", "2026-07-29", "2026-07-30"],
        start_s=np.arange(3) * DAY_S - START_S,
        max_c=np.array([33.0, 35.0, 36.0]),
        min_c=np.array([25.0, 25.0, 26.0]),
        humidity_fraction=np.array([0.7, 0.7, 0.6]),
        rain_mm=np.array([0.0, 40.0, 0.0]),
        **columns,
    )
    town = IndexSet.build("municipality", ["1"], lat=np.array([32.7]), lon=np.array([130.7]))
    origin = datetime(2026, 7, 28, 16, 27, tzinfo=ZoneInfo("Asia/Tokyo"))
    return World("w", origin, {"day": day, "municipality": town, **(more or {})}, arrays=arrays or {})


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
    assert np.array_equal(fine.recent_m, coarse.recent_m)
    assert (fine.wbgt_c, fine.wind_from_deg) == (coarse.wbgt_c, coarse.wind_from_deg)
    assert np.array_equal(fine.rain_m_per_s, coarse.rain_m_per_s)


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


def shore(to_east, to_north, n=6):
    """Cells of 1 km on a square whose distance from the shore grows this much a metre eastwards and northwards."""
    x, y = (axis.ravel() * 1000.0 for axis in np.meshgrid(np.arange(n), np.arange(n)))
    distance_m = 8000.0 + to_east * x + to_north * y
    return IndexSet.build("cell", [f"c{k}" for k in range(n * n)], x_m=x, y_m=y, coast_distance_m=distance_m)


@pytest.mark.parametrize(
    ("to_east", "to_north", "from_deg"), [(1.0, 0.0, 270.0), (-1.0, 0.0, 90.0), (0.0, 1.0, 180.0), (-0.5, -0.5, 45.0)]
)
def test_wind_from_the_sea_blows_from_where_the_shore_lies(to_east, to_north, from_deg):
    assert weather.sea_from_deg(world({"cell": shore(to_east, to_north)})) == pytest.approx(from_deg)


def test_wind_comes_from_the_sea_by_day_and_from_the_land_by_night():
    day, night = (weather.wind_from(np.nan, 250.0, hour * 3600.0, PARAMS) for hour in (15, 3))
    assert (day, night) == (250.0, 70.0)
    assert np.isnan(weather.sea_from_deg(world({"cell": shore(0.0, 0.0)})))
    inland = weather.wind_from(np.nan, np.nan, 0.0, PARAMS)
    assert inland == PARAMS.wind_prevailing_from_deg


def test_members_turn_the_wind_of_the_rule_but_not_the_given_one():
    turned = PARAMS.replace({"wind_turn_deg": 30.0})
    assert weather.wind_from(np.nan, 350.0, 15 * 3600.0, turned) == pytest.approx(20.0)
    assert weather.wind_from(100.0, 350.0, 15 * 3600.0, turned) == 100.0


def test_a_given_direction_holds_on_its_day():
    table = weather.make_table(world(wind_from_deg=np.array([90.0, np.nan, 360.0])))
    found = {}
    now = weather.first_weather(table, PARAMS)
    for hour in (1, 20, 40):
        now = weather.advance(table, now, hour * HOUR_S, PARAMS)
        found[hour] = now.wind_from_deg
    assert found == {1: 90.0, 20: PARAMS.wind_prevailing_from_deg, 40: 0.0}


def gridded():
    """Rain on four cells: 30 mm/h on the first in the first hour, on the second in the next, none on the others."""
    cells = shore(1.0, 0.0, 2)
    times = IndexSet.build("rain_grid", ["a", "b", "c"], time_s=np.array([0, 3600, 7200]))
    rates = np.array([[30.0, 0, 0, 0], [0, 30.0, 0, 0], [0, 0, 0, 0]]) / 3.6e6
    return world({"cell": cells, "rain_grid": times}, {"rain_of_cell_m_per_s": rates})


def test_rain_given_place_by_place_falls_there_and_soaks_the_soil_there():
    table = weather.make_table(gridded())
    assert (table.n_zone, table.zone_of_cell.tolist()) == (4, [0, 1, 2, 3])
    early = weather.advance(table, weather.first_weather(table, PARAMS), 3600, PARAMS)
    assert early.hour_rain_m == pytest.approx([0.03, 0.0, 0.0, 0.0])
    late = weather.advance(table, early, 7200, PARAMS)
    assert late.hour_rain_m == pytest.approx([0.0, 0.03, 0.0, 0.0])
    soil = late.tank_m.sum(axis=0)
    assert soil[1] > soil[0] > soil[2] == soil[3]
    assert not weather.advance(table, late, 4 * HOUR_S, PARAMS).rain_m_per_s.any()


def test_the_ratio_to_the_critical_line_counts_the_rain_of_the_hour():
    """At one soil water the ratio is higher while it pours; with the forecast it is higher still."""
    dry = weather.first_weather(TABLE, PARAMS)
    pouring = replace(dry, recent_m=np.full((6, 1), 0.08 / 6))
    line = dict(zip(PARAMS.critical_hour_rain_m.tolist(), PARAMS.critical_index_m.tolist(), strict=True))
    soil_m = dry.tank_m.sum()
    assert weather.critical_ratio(dry, PARAMS) == pytest.approx(soil_m / line[0.0])
    assert weather.critical_ratio(pouring, PARAMS) == pytest.approx(soil_m / line[0.08])
    assert weather.critical_ratio_ahead(pouring, PARAMS) > weather.critical_ratio(pouring, PARAMS)
    assert weather.critical_ratio_ahead(dry, PARAMS) == weather.critical_ratio(dry, PARAMS)


def test_a_long_step_misses_no_peak_of_the_critical_ratio():
    """Rain for an hour in the middle of a step of three: the peak is that of steps of ten minutes."""
    table = weather.make_table(gridded())
    start = weather.first_weather(table, PARAMS)
    long = weather.advance(table, start, 4 * HOUR_S, PARAMS)
    now, peak = start, np.zeros(table.n_zone)
    for mark in range(1, 25):
        now = weather.advance(table, now, 600 * mark, PARAMS)
        peak = np.maximum(peak, now.peak_ratio)
    assert long.peak_ratio.tolist() == peak.tolist()
    assert long.peak_ratio[0] > weather.critical_ratio(long, PARAMS)[0]
    assert weather.advance(table, long, 4 * HOUR_S + 300, PARAMS) is long
