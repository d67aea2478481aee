"""Daylight and heat: where the sun stands, when it sets, how warm it is, how hot it feels to the body.

Times are seconds since 1970-01-01 00:00 UTC unless a name says local; angles degrees, temperatures degrees
Celsius.
"""

import numpy as np
from numpy.typing import ArrayLike

from twin.errors import ScenarioError

Array = np.ndarray

S_PER_DAY = 86_400.0
J2000_UNIX_S = 946_728_000.0  # 2000-01-01 12:00 UTC
SUNSET_ELEVATION_DEG = -0.833  # refraction 34' and half the disc 16'
MINIMUM_AT_S = 5 * 3600.0  # local time of the daily minimum, assumed (4:30 to 6:00 in a Japanese summer)
MAXIMUM_AT_S = 14 * 3600.0  # local time of the daily maximum, assumed (13:00 to 15:00)


def _sun(time_s: ArrayLike) -> tuple[Array, Array]:
    """Declination (radians) and equation of time (seconds, sun minus clock)."""
    century = (np.asarray(time_s, float) - J2000_UNIX_S) / (36_525.0 * S_PER_DAY)
    mean_longitude = np.radians(280.46646 + 36_000.76983 * century)
    anomaly = np.radians(357.52911 + 35_999.05029 * century)
    eccentricity = 0.016708634 - 4.2037e-5 * century
    centre = (1.914602 - 0.004817 * century) * np.sin(anomaly) + 0.019993 * np.sin(2.0 * anomaly)
    longitude = mean_longitude + np.radians(centre + 2.89e-4 * np.sin(3.0 * anomaly) - 0.00569)
    obliquity = np.radians(23.439291 - 0.0130042 * century)
    declination = np.arcsin(np.sin(obliquity) * np.sin(longitude))
    y = np.tan(0.5 * obliquity) ** 2
    angle = y * np.sin(2.0 * mean_longitude) - 2.0 * eccentricity * np.sin(anomaly)
    angle = angle + 4.0 * eccentricity * y * np.sin(anomaly) * np.cos(2.0 * mean_longitude)
    angle = angle - 0.5 * y**2 * np.sin(4.0 * mean_longitude) - 1.25 * eccentricity**2 * np.sin(2.0 * anomaly)
    return declination, angle * S_PER_DAY / (2.0 * np.pi)


def solar_elevation_deg(time_s: ArrayLike, lat_deg: ArrayLike, lon_deg: ArrayLike) -> Array:
    """Height of the sun's centre over the horizon without refraction, degrees; inputs broadcast.

    Source: Meeus, Astronomical Algorithms, low-precision sun (the NOAA solar calculator), about 0.02 degrees.
    """
    declination, lead_s = _sun(time_s)
    solar_s = np.mod(np.asarray(time_s, float), S_PER_DAY) + lead_s + np.asarray(lon_deg) * 240.0
    hour_angle = solar_s * (2.0 * np.pi / S_PER_DAY) - np.pi
    lat = np.radians(lat_deg)
    sine = np.sin(lat) * np.sin(declination) + np.cos(lat) * np.cos(declination) * np.cos(hour_angle)
    return np.degrees(np.arcsin(np.clip(sine, -1.0, 1.0)))


def sunrise_sunset_s(time_s: ArrayLike, lat_deg: ArrayLike, lon_deg: ArrayLike) -> tuple[Array, Array]:
    """Sunrise and sunset (upper edge, standard refraction) around the solar noon nearest to `time_s`.

    Returns UTC seconds, within a minute below 60 degrees of latitude; NaN where the sun does not rise or set.
    """
    wanted = np.asarray(time_s, float)
    lon_s = np.asarray(lon_deg, float) * 240.0
    _, lead_s = _sun(wanted)
    day = np.round((wanted + lead_s + lon_s - 0.5 * S_PER_DAY) / S_PER_DAY)
    noon_s = day * S_PER_DAY + 0.5 * S_PER_DAY - lon_s - lead_s
    edges = []
    for side in (-1.0, 1.0):
        edge_s = noon_s
        for _ in range(3):  # the sun moves on meanwhile: three rounds settle below a second
            declination, lead_s = _sun(edge_s)
            half_day_s = _half_day_s(declination, np.radians(lat_deg))
            edge_s = day * S_PER_DAY + 0.5 * S_PER_DAY - lon_s - lead_s + side * half_day_s
        edges.append(edge_s)
    return edges[0], edges[1]


def _half_day_s(declination: Array, lat: Array) -> Array:
    """Time from solar noon to the horizon; NaN in polar day or night."""
    height = np.sin(np.radians(SUNSET_ELEVATION_DEG))
    cosine = (height - np.sin(lat) * np.sin(declination)) / (np.cos(lat) * np.cos(declination))
    angle = np.arccos(np.where(np.abs(cosine) <= 1.0, cosine, np.nan))
    return angle * S_PER_DAY / (2.0 * np.pi)


def daily_temperature_degc(local_s: ArrayLike, minimum_degc: ArrayLike, maximum_degc: ArrayLike) -> Array:
    """Air temperature from a table of daily extremes; half cosines from each extreme to the next.

    local_s: seconds since local midnight of the table's first day, any shape; minimum_degc, maximum_degc
    (day,). Minimum at 05:00, maximum at 14:00 (assumed).
    Before the first minimum it cools from the first day's maximum, after the last maximum towards the last
    day's minimum; times outside the table keep its end values.
    """
    low, high = np.atleast_1d(np.asarray(minimum_degc, float)), np.atleast_1d(np.asarray(maximum_degc, float))
    if np.any(low > high):
        raise ScenarioError(f"daily minimum above maximum on day {np.flatnonzero(low > high)} of the table")
    day_s = np.arange(low.size) * S_PER_DAY
    knot_s = np.stack([day_s + MINIMUM_AT_S, day_s + MAXIMUM_AT_S], axis=1).ravel()
    knot_degc = np.stack([low, high], axis=1).ravel()
    knot_s = np.concatenate([[MAXIMUM_AT_S - S_PER_DAY], knot_s, [day_s[-1] + MINIMUM_AT_S + S_PER_DAY]])
    knot_degc = np.concatenate([[high[0]], knot_degc, [low[-1]]])
    clipped_s = np.clip(local_s, knot_s[0], knot_s[-1])
    left = np.clip(np.searchsorted(knot_s, clipped_s, side="right") - 1, 0, knot_s.size - 2)
    share = (clipped_s - knot_s[left]) / (knot_s[left + 1] - knot_s[left])
    return knot_degc[left] + (knot_degc[left + 1] - knot_degc[left]) * 0.5 * (1.0 - np.cos(np.pi * share))


def wet_bulb_globe_degc(
    temperature_degc: ArrayLike,
    humidity_fraction: ArrayLike,
    radiation_w_per_m2: ArrayLike = 0.0,
    wind_m_per_s: ArrayLike = 1.0,
) -> Array:
    """Wet-bulb globe temperature (WBGT) outdoors, degrees Celsius.

    0.735 T + 0.0374 RH + 0.00292 T RH + 7.619 S - 4.557 S2 - 0.0572 V - 4.064; RH in %, S global radiation in
    kW/m2 (inside). Source: Ono & Tonouchi 2014 (status unverified). Without radiation: shade or night.
    """
    temperature = np.asarray(temperature_degc, float)
    humidity = np.asarray(humidity_fraction, float) * 100.0
    sun = np.asarray(radiation_w_per_m2, float) / 1000.0
    heat = 0.735 * temperature + 0.0374 * humidity + 0.00292 * temperature * humidity
    return heat + 7.619 * sun - 4.557 * sun**2 - 0.0572 * np.asarray(wind_m_per_s) - 4.064


def clear_sky_radiation_w_per_m2(elevation_deg: ArrayLike) -> Array:
    """Global radiation under a clear sky: 1098 sin(e) exp(-0.057 / sin(e)), 0 at night.

    Source: Haurwitz 1945 (status unverified; within about 10 % of measured clear days).
    """
    sine = np.sin(np.radians(elevation_deg))
    safe = np.maximum(sine, 1e-3)
    return np.where(sine > 0.0, 1098.0 * safe * np.exp(-0.057 / safe), 0.0)
