"""Roads under orders: closures to general traffic and contraflow, once they are set up, and the jams they change."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from layers.infrastructure import roads
from layers.infrastructure.levers import Orders
from layers.infrastructure.roads import RoadPlace, Roads
from twin.params import Params

Array = np.ndarray


def hold(way: Roads, orders: Orders, now_s: int) -> Roads:
    """The roads with the closures and one-way roads in force now; the same object without news."""
    if not orders.heard:
        return way
    fresh = {"barred": orders.barred_from_s <= now_s, "reversed": orders.reversed_from_s <= now_s}
    news = {name: mask for name, mask in fresh.items() if not np.array_equal(mask, getattr(way, name))}
    return replace(way, **news, settled=False) if news else way


def changed(before: Roads, after: Roads) -> bool:
    """Whether drivers meet another order than before."""
    return before.barred is not after.barred or before.reversed is not after.reversed


def traffic(way: Roads, place: RoadPlace, params: Params, factor: Array, cars_units: Array) -> Array:
    """Travel time multiplier by town, (municipality,): everyday jams and those of people who flee.

    factor: of everyday traffic. cars_units: cars of people who flee. A reversed road carries, one way out, more
    than its share: it counts as so many more lanes, on which both kinds of jam thin out.
    """
    if not way.reversed.any():
        return roads.jammed(place, params, factor, cars_units)
    rows = way.reversed & (place.municipality >= 0)
    gained_km = params.contraflow_gain * place.length_km[rows] * place.lanes[rows]
    lane_km = place.lane_km + np.bincount(place.municipality[rows], gained_km, minlength=len(factor))
    thinned = np.divide(place.lane_km, lane_km, out=np.ones_like(lane_km), where=lane_km > 0)
    calmer = np.where(factor > 1.0, 1.0 + (factor - 1.0) * thinned, factor)
    return roads.jammed(replace(place, lane_km=lane_km), params, calmer, cars_units)
