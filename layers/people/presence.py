"""Where people are by hour, weekday and school holiday, and how they go home after a shock (jams included)."""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple

import numpy as np

from twin.params import Params

Array = np.ndarray
PLACES = ("work", "school", "shop", "road")


class Presence(NamedTuple):
    """Where people are at the end of the step."""

    home: Array  # int64 (cell,)
    present: Array  # (cell,)
    visitors: Array  # (cell,): people away from their home
    response_fraction: Array  # (cell,): present, awake and able to help
    waiting_fraction: Array  # (municipality,): share of residents on their way home
    places: Array  # share of residents at work, school, shops, on the road
    awake_fraction: float


def place_fractions(params: Params, now: datetime, school_holiday: bool, holiday: bool) -> Array:
    """Share of the residents at work, school, shops and leisure, and on the road; shape (4,).

    The hourly values stand at the full hour and are joined by straight lines.
    """
    hour = now.hour + now.minute / 60.0 + now.second / 3600.0
    weekend = holiday or now.weekday() >= 5
    by_hour = np.array([params[f"{place}_fraction_by_hour"] for place in PLACES])
    shares = _at_hour(by_hour.T, hour)
    if weekend:
        shares = shares * params.weekend_place_factors
    if school_holiday:
        shares[1] *= params.school_holiday_factor
    return shares


def busy_fraction(params: Params, places: Array) -> float:
    """Activity of workplaces, schools and shops over that at noon of a weekday, 0..1."""
    noon = sum(float(params[f"{place}_fraction_by_hour"][12]) for place in PLACES[:3])
    return min(1.0, float(places[:3].sum()) / max(noon, 1e-9))


def _at_hour(values: Array, hour: float) -> Array:
    first = int(hour) % len(values)
    share = hour - int(hour)
    return (1.0 - share) * values[first] + share * values[(first + 1) % len(values)]


def awake_fraction(params: Params, hour: float) -> float:
    """Share of the people awake at an hour of the day, 0..1."""
    return float(_at_hour(params.awake_fraction_by_hour, hour))


def relax(value: Array, target: Array | float, time_s: Array | float, dt_s: float) -> Array:
    """Exact approach of `value` to `target` with time constant `time_s` over `dt_s`."""
    return target + (value - target) * np.exp(-dt_s / time_s)


def traffic_factor(params: Params, waiting_fraction: Array, road_fraction: float) -> Array:
    """Travel time as a multiple of free flow, >= 1, shape (municipality,).

    waiting_fraction: share of the residents who want to be home and are not yet there (they fill the roads at
    once after a shock); road_fraction: share on the road in everyday traffic.
    """
    everyday = params.everyday_jam * max(0.0, road_fraction - params.free_road_fraction)
    return 1.0 + everyday + params.homeward_jam * np.maximum(waiting_fraction, 0.0)


def absent_persons(absent: Array, residents: Array, quantile: Array, held: Array | None = None) -> Array:
    """Whole residents who are out, int64 (cell,), by the share of them, rounded by the cell's own quantile.

    held: residents at home whom water keeps there, (cell,).
    """
    out = np.floor(absent * residents + quantile).astype(np.int64)
    return np.minimum(out, residents if held is None else np.maximum(residents - held, 0))


def attraction(params: Params, night_persons: Array, day_persons: Array) -> Array:
    """Attraction of a cell to everyone who is out, (cell,).

    People at noon of a weekday less the residents then at home, so that noon reproduces `day_persons`.
    """
    noon_out = sum(float(params[f"{place}_fraction_by_hour"][12]) for place in PLACES)
    return np.maximum(day_persons - (1.0 - noon_out) * night_persons, params.least_attraction * day_persons)


def visitors(attraction_persons: Array, absent_total: float) -> Array:
    """People present in a cell away from their home, (cell,): everyone who is out, spread by attraction."""
    return absent_total * attraction_persons / max(attraction_persons.sum(), 1.0)
