"""Illness and deaths from the conditions after the shock: heat, crowding, thirst, hunger, devices without power."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from layers.people.presence import relax
from layers.people.state import Given, Groups
from twin.units import DAY_S

Array = np.ndarray


class Conditions(NamedTuple):
    """How people live now, per municipality: numbers of persons, shares of service, WBGT, all (municipality,)."""

    home_persons: Array
    shelter_persons: Array
    car_persons: Array
    power: Array
    water: Array
    wbgt_c: Array
    shelter_wbgt_c: Array
    crowding: Array
    home_water: Array
    home_food: Array
    medicine: Array
    advice: Array


def heat_rate_per_day(given: Given, wbgt_c: Array) -> Array:
    """Persons per person and day taken to hospital with heat illness at a WBGT, grows by a fixed factor per degree."""
    params = given.params
    return params.heat_rate_at_28_per_day * np.exp(params.heat_rate_per_degree * (wbgt_c - 28.0))


class IllPerDay(NamedTuple):
    """People newly ill per day beyond everyday illness, because of how they live, (municipality,) each."""

    at_home: Array
    away: Array  # in shelters and cars
    in_cars: Array


def ill_per_day(given: Given, now: Conditions) -> IllPerDay:
    """Who falls ill under these conditions; advice that reaches residents lowers all of it."""
    params = given.params
    heeded = 1.0 - params.advice_effect * np.clip(now.advice, 0.0, 1.0)
    at_home = heat_rate_per_day(given, now.wbgt_c) * (
        params.heat_without_power * (1.0 - now.power)
        + params.heat_without_water * (1.0 - now.water)
        + params.heat_without_drink * (1.0 - now.home_water)
    )
    want = params.ill_without_food_per_day * (1.0 - now.home_food)
    heat = heat_rate_per_day(given, now.shelter_wbgt_c)
    crowded = params.ill_by_crowding_per_day * np.maximum(now.crowding, 0.0)
    in_cars = now.car_persons * (heat * params.heat_in_car + params.ill_in_car_per_day)
    away = now.shelter_persons * (heat * params.heat_in_shelter + crowded) + in_cars
    return IllPerDay(now.home_persons * (at_home + want) * heeded, away * heeded, in_cars * heeded)


def pool_loss(ok: Array, stress: Array, life_s: float, recovery_s: float, dt_s: float) -> tuple[Array, Array]:
    """Share of dependent people still supplied at the end of the step, and share that ran out in it.

    Battery, cylinder or the days since the last dialysis last `life_s` on average under full `stress` (0..1);
    when the stress ends the share recovers with `recovery_s`.
    """
    kept = ok * np.exp(-stress * dt_s / life_s)
    back = relax(kept, 1.0, recovery_s / np.maximum(1.0 - stress, 1e-9), dt_s)
    return back, ok - kept


def dependents_ill(
    given: Given, device_ok: Array, dialysis_ok: Array, now: Conditions, dt_s: float, cover: Array | float | None = None
) -> tuple[Array, Array, Array]:
    """Dependent people in distress in the step: (device share left, dialysis share left, expected persons).

    cover: share of them whom supply reaches, (municipality,); the usual one if not given.
    """
    params = given.params
    without = 1.0 - np.clip(now.medicine, 0.0, 1.0) * (params.delivery_cover if cover is None else cover)
    device_ok, device_lost = pool_loss(
        device_ok, (1.0 - now.power) * without, params.device_battery_s, params.device_recovery_s, dt_s
    )
    dialysis_ok, dialysis_lost = pool_loss(
        dialysis_ok, (1.0 - now.water) * without, params.dialysis_interval_s, params.device_recovery_s, dt_s
    )
    persons = now.home_persons + now.shelter_persons + now.car_persons
    device = params.device_users_per_person * persons * device_lost * params.device_distress_fraction
    dialysis = params.dialysis_per_person * persons * dialysis_lost * params.dialysis_missed_fraction
    return device_ok, dialysis_ok, device + dialysis


def delivery_cover(given: Given, groups: Groups, now_s: int) -> Array | float:
    """Share of the dependent whom supply reaches: the usual one, or more where more was ordered and has begun."""
    begun = groups.delivery_from_s <= now_s
    usual = given.params.delivery_cover
    return np.where(begun, np.maximum(groups.delivery_cover, usual), usual) if begun.any() else usual


def related_by_place(given: Given, now: Conditions, ill: IllPerDay) -> Array:
    """Disaster-related deaths per day of people at home, in shelters and in cars, (3, municipality).

    Adds up to `related_per_day`.
    """
    nobody = np.zeros_like(ill.in_cars)
    in_shelters = np.maximum(ill.away - ill.in_cars, 0.0)
    return np.stack(
        [
            related_per_day(given, now._replace(shelter_persons=nobody, car_persons=nobody), ill.at_home),
            related_per_day(given, now._replace(car_persons=nobody), in_shelters),
            related_per_day(given, now._replace(shelter_persons=nobody), ill.in_cars),
        ]
    )


def related_per_day(given: Given, now: Conditions, ill_per_day_now: Array) -> Array:
    """Disaster-related deaths per day, (municipality,): evacuees' hardship, and a share of the newly ill."""
    params = given.params
    evacuees = now.shelter_persons + now.car_persons
    hardship = params.related_per_evacuee * DAY_S / params.related_period_s
    burden = 1.0 + params.related_crowding * np.maximum(now.crowding, 0.0)
    return evacuees * hardship * burden + params.related_per_ill * ill_per_day_now
