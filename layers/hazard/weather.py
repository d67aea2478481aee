"""Heat, wind, rain, soil water and daylight, on whole ten-minute marks so that step length does not matter."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from twin.numerics import ground, sky, slides
from twin.params import Params
from twin.records import changed
from twin.units import DAY_S, HOUR_S
from twin.world import World

Array = np.ndarray
MARK_S = 600
MARKS_PER_DAY = DAY_S // MARK_S
MARKS_PER_HOUR = HOUR_S // MARK_S
CIVIL_TWILIGHT_DEG = -6.0
LEAST_SHORE_GRADIENT = 0.05  # rise of the distance from the shore per metre, below which no side is the sea's


@dataclass(frozen=True)
class WeatherTable:
    """Forcing by ten-minute mark (mark,), mark k = k x 600 s after the start; the last day repeats beyond the end.

    Rain falls by zone: one for the region, or one a cell where the scenario gives rain place by place.
    """

    temperature_c: Array
    humidity_fraction: Array
    day_rain_m: Array
    local_s: Array  # since local midnight
    elevation_deg: Array
    given_rain_m_per_s: Array  # (mark, zone) where rain is given by time, else empty
    wind_from_deg: Array  # NaN where the scenario gives none
    sea_from_deg: float  # where wind from the sea comes from; NaN inland
    zone_of_cell: Array  # (cell,)
    n_zone: int

    def row(self, mark: int) -> int:
        """Row of a mark: the mark itself, or the same hour of the last day."""
        n = self.temperature_c.size
        return mark if mark < n else n - MARKS_PER_DAY + (mark - n) % MARKS_PER_DAY


@dataclass(frozen=True)
class Weather:
    """The weather now; rain and what it leaves by zone.

    tank_m (3, zone): water in the soil's three tanks. recent_m (6, zone): rain of the last six marks, newest last.
    peak_ratio (zone,): largest `critical_ratio` of the marks passed in the last step, so that long steps miss no peak.
    """

    mark: int
    tank_m: Array
    recent_m: Array
    wbgt_c: float
    wind_m_per_s: float
    wind_from_deg: float
    rain_m_per_s: Array
    daylight: float
    peak_ratio: Array

    @property
    def hour_rain_m(self) -> Array:
        """Rain of the last 60 minutes (zone,)."""
        return self.recent_m.sum(axis=0)


def make_table(world: World) -> WeatherTable:
    """Temperature, humidity, rain, given winds and the sun's height for every mark of the weather table."""
    day, town = world["day"], world["municipality"]
    first_midnight_s = int(day["start_s"][0])
    n_mark = (int(day["start_s"][-1]) + DAY_S) // MARK_S
    mark_s = np.arange(n_mark) * MARK_S
    local_s = mark_s - first_midnight_s
    row = np.clip(local_s // DAY_S, 0, len(day) - 1)
    unix_s = world.origin.timestamp() + mark_s
    given_rain = _given_rain(world, mark_s)
    n_cell, by_cell = len(world["cell"]) if "cell" in world else 0, given_rain.shape[1:] not in ((), (1,))
    return WeatherTable(
        sky.daily_temperature_degc(local_s, day["min_c"], day["max_c"]),
        np.asarray(day["humidity_fraction"], float)[row],
        np.asarray(day["rain_mm"], float)[row] * 1e-3,
        local_s % DAY_S,
        sky.solar_elevation_deg(unix_s, float(np.mean(town["lat"])), float(np.mean(town["lon"]))),
        given_rain,
        np.asarray(day["wind_from_deg"], float)[row] if "wind_from_deg" in day else np.full(n_mark, np.nan),
        sea_from_deg(world),
        np.arange(n_cell) if by_cell else np.zeros(n_cell, np.int64),
        n_cell if by_cell else 1,
    )


def _given_rain(world: World, mark_s: Array) -> Array:
    """Rain rate (mark, zone) by the table of places, else of hours, 0 outside it; empty where there is neither."""
    if "rain_grid" in world and len(world["rain_grid"]):
        rates = np.asarray(world.arrays["rain_of_cell_m_per_s"], float)
        return _at_marks(np.asarray(world["rain_grid"]["time_s"]), rates, mark_s)
    if "rain" in world and len(world["rain"]):
        rates = np.asarray(world["rain"]["town_m_per_s"], float)[:, None]
        return _at_marks(np.asarray(world["rain"]["time_s"]), rates, mark_s)
    return np.zeros(0)


def _at_marks(time_s: Array, rates: Array, mark_s: Array) -> Array:
    """Rates (time, zone) that hold from each instant on, at the marks; none before the first and after the last."""
    row = np.searchsorted(time_s, mark_s, side="right") - 1
    inside = (row >= 0) & (mark_s < 2 * time_s[-1] - time_s[-2 if len(time_s) > 1 else -1])
    return np.where(inside[:, None], rates[np.maximum(row, 0)], 0.0)


def sea_from_deg(world: World) -> float:
    """Where wind from the sea comes from: against the way the shore recedes over the cells; NaN where it does not."""
    if "cell" not in world or len(world["cell"]) < 3:
        return float("nan")
    cell = world["cell"]
    x_m, y_m = (np.asarray(cell[name], float) - np.mean(cell[name]) for name in ("x_m", "y_m"))
    inland_m = np.asarray(cell["coast_distance_m"], float)
    (east, north), *_ = np.linalg.lstsq(np.column_stack([x_m, y_m]), inland_m - inland_m.mean(), rcond=None)
    if np.hypot(east, north) < LEAST_SHORE_GRADIENT:
        return float("nan")
    return float(np.degrees(np.arctan2(-east, -north)) % 360.0)


def first_weather(table: WeatherTable, params: Params) -> Weather:
    """Weather at time 0: the soil as the parameters say, an hour without rain behind it."""
    tank_m = np.repeat(np.array(params.soil_start_m)[:, None], table.n_zone, axis=1)
    dry = np.zeros(table.n_zone)
    start = Weather(0, tank_m, np.zeros((MARKS_PER_HOUR, table.n_zone)), 0.0, 0.0, 0.0, dry, 0.0, dry)
    start = _at_mark(table, start, 0, params)
    return changed(start, peak_ratio=critical_ratio(start, params))


def advance(table: WeatherTable, weather: Weather, now_s: int, params: Params) -> Weather:
    """Weather at the last whole mark not after `now_s`; the same object if no mark was passed."""
    peak_ratio = np.zeros(table.n_zone)
    last = weather
    for mark in range(weather.mark + 1, now_s // MARK_S + 1):
        tank_m = ground.soil_water_step(weather.tank_m, weather.rain_m_per_s, MARK_S)
        recent_m = np.concatenate([weather.recent_m[1:], weather.rain_m_per_s[None] * MARK_S])
        weather = _at_mark(table, changed(weather, tank_m=tank_m, recent_m=recent_m), mark, params)
        peak_ratio = np.maximum(peak_ratio, critical_ratio(weather, params))
    return weather if weather is last else changed(weather, peak_ratio=peak_ratio)


def _at_mark(table: WeatherTable, weather: Weather, mark: int, params: Params) -> Weather:
    row = table.row(mark)
    time_s = float(table.local_s[row])
    wind = wind_at(time_s, params)
    if table.given_rain_m_per_s.size:
        known = mark < len(table.given_rain_m_per_s)  # the last day repeats its heat, not its rain
        rain = table.given_rain_m_per_s[row] * params.rain_scale * known
    else:
        rain = np.full(table.n_zone, rain_at(float(table.day_rain_m[row]), time_s, params))
    wet = params.rain_radiation_fraction if rain.any() else params.clear_radiation_fraction
    elevation = float(table.elevation_deg[row])
    radiation = wet * float(sky.clear_sky_radiation_w_per_m2(elevation))
    wbgt = sky.wet_bulb_globe_degc(table.temperature_c[row], table.humidity_fraction[row], radiation, wind)
    return changed(
        weather,
        mark=mark,
        wbgt_c=float(wbgt),
        wind_m_per_s=wind,
        wind_from_deg=wind_from(float(table.wind_from_deg[row]), table.sea_from_deg, time_s, params),
        rain_m_per_s=rain,
        daylight=daylight_of(elevation),
    )


def wind_at(local_s: float, params: Params) -> float:
    """Mean wind at a time of day: sea breeze, strongest in mid-afternoon, weakest twelve hours later."""
    share = 0.5 + 0.5 * np.cos(2.0 * np.pi * (local_s - params.wind_peak_s) / DAY_S)
    return float(params.wind_night_m_per_s + (params.wind_day_m_per_s - params.wind_night_m_per_s) * share)


def wind_from(given_deg: float, sea_deg: float, local_s: float, params: Params) -> float:
    """Where the wind comes from, 0 to 360 clockwise from north: as given, else by rule, turned by `wind_turn_deg`.

    Where the distance to the shore rises one way over the region (`sea_from_deg`), however far that is, the wind comes
    from the sea by day and from the land by night; elsewhere the prevailing wind blows.
    """
    if np.isfinite(given_deg):
        return given_deg % 360.0
    begin_s, end_s = params.sea_breeze_s
    rule_deg = sea_deg if begin_s <= local_s < end_s else sea_deg + 180.0
    usual_deg = rule_deg if np.isfinite(sea_deg) else params.wind_prevailing_from_deg
    return float((usual_deg + params.wind_turn_deg) % 360.0)


def rain_at(day_rain_m: float, local_s: float, params: Params) -> float:
    """Rain rate: the day's rain falls evenly from `rain_start_s` on for `rain_duration_s`, none outside."""
    if day_rain_m <= 0.0 or not 0.0 <= local_s - params.rain_start_s < params.rain_duration_s:
        return 0.0
    return float(day_rain_m / params.rain_duration_s)


def daylight_of(elevation_deg: float) -> float:
    """1 from sunrise to sunset, 0 below civil twilight, linear in the sun's height between."""
    share = (elevation_deg - CIVIL_TWILIGHT_DEG) / (sky.SUNSET_ELEVATION_DEG - CIVIL_TWILIGHT_DEG)
    return float(min(max(share, 0.0), 1.0))


def critical_line(params: Params) -> slides.CriticalLine:
    """Soil-water index at which slides must be expected, by the rain of the last hour."""
    return slides.CriticalLine(params.critical_hour_rain_m, params.critical_index_m)


def critical_ratio(weather: Weather, params: Params) -> Array:
    """Soil water over the critical line of unshaken ground now (zone,)."""
    return weather.tank_m.sum(axis=0) / slides.critical_index_m(critical_line(params), weather.hour_rain_m)


def critical_ratio_ahead(weather: Weather, params: Params) -> Array:
    """The same in `slide_forecast_s`, if it goes on raining as in the last hour; as now where that was dry (zone,)."""
    hour_m, now = weather.hour_rain_m, critical_ratio(weather, params)
    if not hour_m.any():
        return now
    tank_m = ground.soil_water_step(weather.tank_m, hour_m / HOUR_S, params.slide_forecast_s)
    return np.where(hour_m > 0.0, tank_m.sum(axis=0) / slides.critical_index_m(critical_line(params), hour_m), now)
