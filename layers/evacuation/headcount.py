"""The head-count at fixed hours: who is inside then, in the shelters that have staff to count."""

from __future__ import annotations

import numpy as np

from layers.evacuation.shelters import staff_wanted_persons
from layers.evacuation.state import Given, Halls, Place, State, Status, Towns
from layers.evacuation.whole import Grouping
from twin.chance import Chance
from twin.contract import Clock, Inputs
from twin.params import Params
from twin.records import changed
from twin.units import DAY_S, HOUR_S

Array = np.ndarray


def out_fraction(params: Params, hour: float) -> float:
    """Share of the registered people who are out at an hour of the day (at work, cleaning up at home), 0..1."""
    table, whole = params.out_by_hour, int(hour)
    now, soon = float(table[whole % 24]), float(table[(whole + 1) % 24])
    return params.day_out_fraction * (now + (soon - now) * (hour - whole))


def present_persons(params: Params, registered: Array, quantile: Array, hour: float) -> Array:
    """Whole people inside now: registered less those who are out, rounded by the shelter's own quantile."""
    out = np.floor(registered * out_fraction(params, hour) + quantile)
    return registered - np.minimum(out, registered)


def car_present_persons(params: Params, cells: Grouping, away: Array, quantile: Array, hour: float) -> Array:
    """Whole people in cars now, by municipality: by day most are out; the turned away stay in cars in part."""
    sleepers = cells.sums(away[Place.CAR]) + np.floor(
        params.turned_car_fraction * cells.sums(away[Place.TURNED_AWAY]) + quantile
    )
    day = out_fraction(params, hour) / max(params.day_out_fraction, 1e-9)
    out = np.floor(sleepers * params.car_day_out_fraction * day + quantile)
    return sleepers - np.minimum(out, sleepers)


def counts_now(params: Params, origin_of_day_s: int, clock: Clock) -> bool:
    """Whether an hour of the head-count falls into the step."""
    hours = (params.morning_count_h, params.noon_count_h, params.evening_count_h)
    return any(clock.rings(DAY_S, round(float(hour) * HOUR_S) - origin_of_day_s) for hour in hours)


def head_count(given: Given, halls: Halls, staffed: Array, chance: Chance, occurrence: int) -> Array:
    """Last counted number per shelter after this head-count, NaN where never counted.

    staffed: staff over the staff a full count takes, 0..1 (municipality,). A shelter is counted with that probability;
    the others keep their old number (an old number is what the town then reports).
    """
    quantile = chance.uniform("evacuation.count", given.hall_keys, occurrence)
    counted = (halls.status == Status.OPEN) & (quantile < staffed[given.halls.town])
    return np.where(counted, halls.present, halls.counted_persons)


def known_persons(groups: Grouping, status: Array, counted: Array, before: Array) -> Array:
    """Number each town knows after a head-count: the sum over its open shelters; NaN until one was counted."""
    known = np.isfinite(counted) & (status == Status.OPEN)
    total = groups.sums(np.where(known, counted, 0.0))
    ever = (groups.sums(known) > 0) | np.isfinite(before)
    return np.where(ever, total, np.nan)


def look_around(given: Given, before: Halls, halls: Halls, quantile: Array, clock: Clock) -> Halls:
    """Who is inside at this hour, and which shelters are full (with a margin before they count as free again)."""
    present = present_persons(given.params, halls.persons, quantile, clock.hour)
    level = np.where(before.full, given.params.full_again_fraction, 1.0)
    full = (halls.status == Status.OPEN) & (halls.persons >= np.maximum(level * halls.capacity_persons, 1.0))
    return changed(halls, present=present, full=full)


def count(
    given: Given, state: State, halls: Halls, towns: Towns, inputs: Inputs, clock: Clock
) -> tuple[Halls, Towns, int]:
    """Take the head-count if its hour has come."""
    if not counts_now(given.params, given.origin_of_day_s, clock):
        return halls, towns, state.n_counts
    wanted = given.halls.sums(staff_wanted_persons(given, halls))
    enough = given.params.count_staff_fraction * np.maximum(wanted, 1.0)
    staffed = np.minimum(inputs["shelter_staff_persons"] / enough, 1.0)
    counted = head_count(given, halls, staffed, clock.chance, state.n_counts)
    known = known_persons(given.halls, halls.status, counted, towns.counted_persons)
    return changed(halls, counted_persons=counted), changed(towns, counted_persons=known), state.n_counts + 1
