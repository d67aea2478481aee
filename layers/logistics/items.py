"""The ten relief items in their fixed order, and what one evacuee needs of each."""

from __future__ import annotations

import numpy as np

from twin.params import Params

Array = np.ndarray

ITEMS = ("meals", "water", "coolers", "blankets", "toilets", "beds", "diapers", "milk", "medicine", "fuel")
MEALS, WATER, COOLERS, BLANKETS, TOILETS, BEDS, DIAPERS, MILK, MEDICINE, FUEL = range(len(ITEMS))
URGENT = np.array([MEALS, WATER, TOILETS, DIAPERS, MILK, MEDICINE])
"""Items that are used up; they leave the depot before anything else."""
LASTING = np.array([COOLERS, BLANKETS, BEDS])
"""Items that stay where they were brought."""


def daily_need_units(params: Params) -> Array:
    """What one person in a shelter uses up per day, shape (item,)."""
    need = np.zeros(len(ITEMS))
    need[MEALS] = params.meals_per_day_meals * params.shelter_meals_factor
    need[WATER] = params.drinking_water_per_day_l
    need[TOILETS] = params.toilet_uses_per_day
    need[DIAPERS] = params.diapers_per_day
    need[MILK] = params.milk_per_day
    need[MEDICINE] = params.medicine_per_day
    return need


def lasting_need_units(params: Params) -> Array:
    """What one person in a shelter needs once, shape (item,); coolers follow the floor instead."""
    need = np.zeros(len(ITEMS))
    need[BLANKETS] = params.blankets_per_person
    need[BEDS] = params.beds_per_person
    return need


def kit_units_per_day(params: Params) -> Array:
    """One day of a planned stock per person, shape (item,): a stock of `kit_days` equips everyone fully."""
    return daily_need_units(params) + lasting_need_units(params) / params.kit_days


def per_meal_units(params: Params) -> Array:
    """Goods that are used up and go with one meal when relief is sent by order, (item,); the meal itself is 1."""
    need = daily_need_units(params)
    return need / need[MEALS]
