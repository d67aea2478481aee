"""Goods ordered for a town from its last report: old head-counts, known water outage, and what was said to arrive."""

from __future__ import annotations

import numpy as np

from layers.government.known import or_zero
from twin.params import Params
from twin.units import DAY_S

Array = np.ndarray
ITEMS = ("meals", "water", "coolers", "blankets", "toilets", "beds", "diapers", "milk", "medicine", "fuel")


def decide_goods(
    evacuees: Array, water_out: Array, stock_days: Array, ordered: Array, received: Array, params: Params
) -> Array:
    """Units to order now, whole (town, item), items in the order of ITEMS.

    evacuees (persons), water_out (households), stock_days (days of food in the town's own stock): last reports (town,),
    NaN = not heard, which orders nothing. ordered: units ordered so far; received: units the town said arrived.
    Things used up are ordered for `cover_s`, less what is still on its way; things that stay are ordered once a head.
    """
    people = or_zero(evacuees)[:, None]
    dry = or_zero(water_out)[:, None] * params.persons_per_household
    daily = people * params.daily_per_evacuee + dry * params.daily_per_dry_person
    own = np.clip(or_zero(stock_days) / (params.cover_s / DAY_S), 0.0, 1.0)[:, None] * params.in_own_stock
    on_the_way = np.maximum(ordered - received, 0.0)
    used_up = np.maximum(daily * params.cover_s / DAY_S * (1.0 - own) - on_the_way, 0.0)
    lasting = np.maximum(people * params.once_per_evacuee - ordered, 0.0)
    wanted = used_up + lasting
    return np.where(wanted >= params.least_order_units, np.ceil(wanted), 0.0)
