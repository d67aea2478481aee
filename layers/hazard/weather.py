"""Heat, wind, rain, soil water and daylight, on whole ten-minute marks so that step length does not matter."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from twin.numerics import ground, sky
from twin.params import Params
from twin.records import changed
from twin.units import DAY_S
from twin.world import World

Array = np.ndarray
MARK_S = 600
MARKS_PER_DAY = DAY_S // MARK_S
CIVIL_TWILIGHT_DEG = -6.0


@dataclass(frozen=True)
class WeatherTable:
    """Forcing by ten-minute mark (mark,), mark k = k x 600 s after the start; the last day repeats beyond the end."""

    temperature_c: Array
    humidity_fraction: Array
    day_rain_m: Array
    local_s: Array  # since local midnight
    elevation_deg: Array
    hourly_rain_m_per_s: Array  # (mark,) where rain is given by the hour, else empty

    def row(self, mark: int) -> int:
        """Row of a mark: the mark itself, or the same hour of the last day."""
        n = self.temperature_c.size
        return mark if mark < n else n - MARKS_PER_DAY + (mark - n) % MARKS_PER_DAY


@dataclass(frozen=True)
class Weather:
    """The weather now; `tank_m` (3,) is the water in the soil's three tanks."""

    mark: int
    tank_m: Array
    wbgt_c: float
    wind_m_per_s: float
    rain_m_per_s: float
    daylight: float


def make_table(world: World) -> WeatherTable:
    """Temperature, humidity, rain of the day and the sun's height for every mark of the weather table."""
    day, town = world["day"], world["municipality"]
    first_midnight_s = int(day["start_s"][0])
    n_mark = (int(day["start_s"][-1]) + DAY_S) // MARK_S
    mark_s = np.arange(n_mark) * MARK_S
    local_s = mark_s - first_midnight_s
    row = np.clip(local_s // DAY_S, 0, len(day) - 1)
    unix_s = world.origin.timestamp() + mark_s
    return WeatherTable(
        sky.daily_temperature_degc(local_s, day["min_c"], day["max_c"]),
        np.asarray(day["humidity_fraction"], float)[row],
        np.asarray(day["rain_mm"], float)[row] * 1e-3,
        local_s % DAY_S,
        sky.solar_elevation_deg(unix_s, float(np.mean(town["lat"])), float(np.mean(town["lon"]))),
        _hourly_rain(world, mark_s),
    )


def _hourly_rain(world: World, mark_s: Array) -> Array:
    """Rain rate at each mark from the table of hours, 0 outside it; empty where there is no such table."""
    if "rain" not in world or len(world["rain"]) == 0:
        return np.zeros(0)
    table = world["rain"]
    row = np.searchsorted(table["time_s"], mark_s, side="right") - 1
    inside = (row >= 0) & (mark_s < 2 * table["time_s"][-1] - table["time_s"][-2 if len(table) > 1 else -1])
    return np.where(inside, np.asarray(table["town_m_per_s"], float)[np.maximum(row, 0)], 0.0)


def first_weather(table: WeatherTable, params: Params) -> Weather:
    """Weather at time 0."""
    start = Weather(0, np.array(params.soil_start_m), 0.0, 0.0, 0.0, 0.0)
    return _at_mark(table, start, 0, params)


def advance(table: WeatherTable, weather: Weather, now_s: int, params: Params) -> Weather:
    """Weather at the last whole mark not after `now_s`; the same object if no mark was passed."""
    for mark in range(weather.mark + 1, now_s // MARK_S + 1):
        tank_m = ground.soil_water_step(weather.tank_m, weather.rain_m_per_s, MARK_S)
        weather = _at_mark(table, changed(weather, tank_m=tank_m), mark, params)
    return weather


def _at_mark(table: WeatherTable, weather: Weather, mark: int, params: Params) -> Weather:
    row = table.row(mark)
    time_s = float(table.local_s[row])
    wind = wind_at(time_s, params)
    if table.hourly_rain_m_per_s.size:
        known = mark < table.hourly_rain_m_per_s.size  # the last day repeats its heat, not its rain
        rain = float(table.hourly_rain_m_per_s[row]) * params.rain_scale * known
    else:
        rain = rain_at(float(table.day_rain_m[row]), time_s, params)
    wet = params.rain_radiation_fraction if rain > 0.0 else params.clear_radiation_fraction
    elevation = float(table.elevation_deg[row])
    radiation = wet * float(sky.clear_sky_radiation_w_per_m2(elevation))
    wbgt = sky.wet_bulb_globe_degc(table.temperature_c[row], table.humidity_fraction[row], radiation, wind)
    return changed(
        weather,
        mark=mark,
        wbgt_c=float(wbgt),
        wind_m_per_s=wind,
        rain_m_per_s=rain,
        daylight=daylight_of(elevation),
    )


def wind_at(local_s: float, params: Params) -> float:
    """Mean wind at a time of day: sea breeze, strongest in mid-afternoon, weakest twelve hours later."""
    share = 0.5 + 0.5 * np.cos(2.0 * np.pi * (local_s - params.wind_peak_s) / DAY_S)
    return float(params.wind_night_m_per_s + (params.wind_day_m_per_s - params.wind_night_m_per_s) * share)


def rain_at(day_rain_m: float, local_s: float, params: Params) -> float:
    """Rain rate: the day's rain falls evenly from `rain_start_s` on for `rain_duration_s`, none outside."""
    if day_rain_m <= 0.0 or not 0.0 <= local_s - params.rain_start_s < params.rain_duration_s:
        return 0.0
    return float(day_rain_m / params.rain_duration_s)


def daylight_of(elevation_deg: float) -> float:
    """1 from sunrise to sunset, 0 below civil twilight, linear in the sun's height between."""
    share = (elevation_deg - CIVIL_TWILIGHT_DEG) / (sky.SUNSET_ELEVATION_DEG - CIVIL_TWILIGHT_DEG)
    return float(min(max(share, 0.0), 1.0))
