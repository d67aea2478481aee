"""Shops and pharmacies: they close without power, goods or staff and reopen; relief demand follows."""

from __future__ import annotations

import numpy as np

from layers.logistics.state import Given
from layers.logistics.trucks import Now
from twin.contract import Inputs

Array = np.ndarray


def reopen(given: Given, open_fraction: Array, now: Now) -> Array:
    """Share of shops open in each town at the end of the step, shape (municipality,), 0..1.

    A shop closes at once when the lights go out; it opens again once power, road and staff are there, on average
    `shop_reopen_s` later. Damage to filling stations stands for damage to commercial buildings of the town.
    """
    possible = now.inputs["power_on_fraction"] * trade_usable(given, now.inputs) * now.place.reachable[: given.n_town]
    kept = np.minimum(open_fraction, possible)
    return kept + (possible - kept) * -np.expm1(-now.clock.dt_s / given.params.shop_reopen_s)


def trade_usable(given: Given, inputs: Inputs) -> Array:
    """Share of commercial buildings of the town that can be used, shape (municipality,)."""
    count = np.bincount(given.station_town, minlength=given.n_town)
    usable = np.bincount(given.station_town, weights=inputs["fuel_station_usable"], minlength=given.n_town)
    return np.where(count > 0, usable / np.maximum(count, 1), 1.0)


def shop_count(given: Given) -> Array:
    """Food shops of each town, whole numbers, shape (municipality,)."""
    return np.maximum(np.round(given.population / given.params.residents_per_shop), 1.0)


def can_buy(given: Given, open_fraction: Array) -> Array:
    """Share of people at home who can buy food, shape (municipality,): in their own town or, with a car, elsewhere."""
    elsewhere = float(open_fraction @ given.population / max(given.population.sum(), 1.0))
    return 1.0 - (1.0 - open_fraction) * (1.0 - given.params.buys_elsewhere_fraction * elsewhere)
