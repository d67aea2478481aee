"""Orders and calls a town gives on warnings: out of the danger zone before the sea, level by level before the river.

The town decides on the warning it has heard: a tsunami order follows at once, a flood call after its headquarters has
met or the mayor was reached, which takes longer at night; some towns wait for one level more. The lever
`flood_order_at_s` is different: an order on the forecast, given at an instant fixed beforehand and blind to the river.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum
from typing import TYPE_CHECKING

import numpy as np

from layers.government import pulled
from layers.government.alerts import TSUNAMI_WARNING, Warned, heard_s, level
from layers.government.known import NEVER, Holder
from twin.chance import Chance
from twin.contract import Clock, Event
from twin.params import Params
from twin.records import changed
from twin.units import DAY_S, HOUR_S

if TYPE_CHECKING:  # the state holds `Orders`
    from layers.government.state import Given, State

Array = np.ndarray


class Order(IntEnum):
    """Rows of `Orders.due_s`: the tsunami order, then the flood calls of level 3, 4 and 5."""

    TSUNAMI = 0
    LEVEL_3 = 1
    LEVEL_4 = 2
    LEVEL_5 = 3


LEVEL_OF = {Order.LEVEL_3: 3.0, Order.LEVEL_4: 4.0, Order.LEVEL_5: 5.0}
FLOOD = list(LEVEL_OF)
ROWS_OF = {Warned.TSUNAMI: [Order.TSUNAMI], Warned.FLOOD: FLOOD}


@dataclass(frozen=True)
class Orders:
    """What each town ordered on warnings.

    due_s: when an order is out, (order, town), -1 not given. lift_s: when the town lifts what it gave, (warning, town),
    -1 no decision. rounds: how often it lifted. peak: highest level known since the last lift, (warning, town).
    called_in_s: when the town called its people in on a warning, (town,), -1 never.
    """

    due_s: Array
    lift_s: Array
    rounds: Array
    peak: Array
    called_in_s: Array


def nothing_ordered(n_town: int) -> Orders:
    """No order given."""
    warnings = (len(Warned), n_town)
    return Orders(
        np.full((len(Order), n_town), NEVER, np.int64),
        np.full(warnings, NEVER, np.int64),
        np.zeros(warnings, np.int64),
        np.zeros(warnings),
        np.full(n_town, NEVER, np.int64),
    )


def is_night(instant_s: Array | int, clock_offset_s: int, params: Params) -> Array:
    """Whether an instant lies in the hours in which the mayor and the officials are at home, yes/no."""
    begin_s, end_s = params.night_hours * HOUR_S
    second = (np.asarray(instant_s) + clock_offset_s) % DAY_S
    return (second >= begin_s) | (second < end_s)


def decide_tsunami_order(known: float, heard: int, z: float, able: float, params: Params) -> int:
    """When the order against a tsunami is out, seconds; -1 without a warning known. The same by day and night.

    known: class of the warning (advisories give 0). heard: when it arrived. z: standard normal draw of town and case.
    """
    if known < TSUNAMI_WARNING:
        return NEVER
    return heard + int(params.tsunami_order_s * np.exp(params.order_spread * z) / max(able, params.least_able))


def decide_flood_call(order: Order, known: float, heard: int, z: float, late: bool, slow: float, params: Params) -> int:
    """When the call of one level is out, seconds; -1 while the level known gives no reason.

    late: this town waits for one level more (level 5 only reports what happened and waits for nothing). slow: factor on
    the time it takes to meet and to reach the mayor.
    """
    if known < LEVEL_OF[order] + late:
        return NEVER
    usual_s = params.flood_call_s[order - Order.LEVEL_3]
    return heard + int(usual_s * np.exp(params.order_spread * z) * slow)


def decide_town(given: Given, state: State, town: int, chance: Chance) -> list[tuple[Order, int]]:
    """New orders and calls of one town on the warnings its hall knows: (order, instant it is out)."""
    params, orders = given.params, state.orders
    key, able = int(given.town_keys[town]), float(state.able[town])
    decided = []
    for order in Order:
        higher = orders.due_s[order + 1 :, town] if order != Order.TSUNAMI else orders.due_s[:0, town]
        if orders.due_s[order, town] >= 0 or ((higher >= 0) & (higher <= state.now_s)).any():
            continue
        warning = Warned.TSUNAMI if order == Order.TSUNAMI else Warned.FLOOD
        known = float(level(state.alerts, Holder.HALLS, warning)[town])
        heard = int(heard_s(state.alerts, Holder.HALLS, warning)[town])
        case = len(Order) * int(orders.rounds[warning, town]) + order
        z = float(chance.normal("government.order_time", key, case)[0])
        if order == Order.TSUNAMI:
            due_s = decide_tsunami_order(known, heard, z, able, params)
        else:
            late = order != Order.LEVEL_5 and bool(
                chance.uniform("government.reluctance", key, case)[0] < params.reluctance_fraction
            )
            night = bool(is_night(heard, given.clock_offset_s, params))
            slow = (params.night_factor if night else 1.0) / max(able, params.least_able)
            due_s = decide_flood_call(order, known, heard, z, late, slow, params)
        if due_s >= 0:
            decided.append((order, due_s))
    return decided


def scheduled(given: Given, orders: Orders, start_s: int, end_s: int) -> Orders:
    """The order on the forecast: level 4 at `flood_order_at_s`, level 3 somewhat before, in towns with a danger zone.

    Holds for the first flood of a run. An order already out, or due earlier by level, stands; an instant already past
    when the lever is set means now.
    """
    at_s = int(given.params.flood_order_at_s)
    if at_s < 0:
        return orders
    due_s = orders.due_s.copy()
    free = (given.danger_fraction > 0) & (orders.rounds[Warned.FLOOD] == 0)
    for order, instant_s in ((Order.LEVEL_3, at_s - int(given.params.forecast_level_3_s)), (Order.LEVEL_4, at_s)):
        if instant_s <= end_s:
            instant_s = instant_s if instant_s > start_s else end_s
            later = (due_s[order] < 0) | (due_s[order] > instant_s)
            due_s[order] = np.where(free & later, instant_s, due_s[order])
    return orders if np.array_equal(due_s, orders.due_s) else changed(orders, due_s=due_s)


def follow(given: Given, state: State, now_s: int) -> Orders:
    """Drop what is no longer called for, decide on lifting, from what the halls know, and lift what is due.

    An order still being prepared is dropped when the level known falls below its own. A town that gave an order lifts
    it `lift_decision_s` after it heard that the reason is gone, and an order on a forecast that did not come true
    `forecast_hold_s` after it was due.
    """
    params, orders = given.params, state.orders
    known = np.stack([level(state.alerts, Holder.HALLS, warning) for warning in Warned])
    orders = _drop(orders, known, now_s)
    peak = np.maximum(orders.peak, known)
    least = np.array([[TSUNAMI_WARNING], [LEVEL_OF[Order.LEVEL_3]]])
    given_s = np.stack([orders.due_s[ROWS_OF[warning]].max(axis=0) for warning in Warned])
    heard = np.stack([heard_s(state.alerts, Holder.HALLS, warning) for warning in Warned]).astype(np.int64)
    after_s = np.where(peak >= least, heard + int(params.lift_decision_s), given_s + int(params.forecast_hold_s))
    after_s = np.where(orders.lift_s >= 0, orders.lift_s, after_s)  # a decision to lift stands while the reason is gone
    lift_s = np.where((given_s >= 0) & (known < least), after_s, NEVER)
    gone = (lift_s >= 0) & (lift_s <= now_s)
    if not gone.any():
        same = np.array_equal(peak, orders.peak) and np.array_equal(lift_s, orders.lift_s)
        return orders if same else changed(orders, peak=peak, lift_s=lift_s)
    due_s = orders.due_s.copy()
    for warning, rows in ROWS_OF.items():
        due_s[rows] = np.where(gone[warning], NEVER, due_s[rows])
    called_in_s = np.where(gone.any(axis=0) & (due_s < 0).all(axis=0), NEVER, orders.called_in_s)
    return Orders(due_s, np.where(gone, NEVER, lift_s), orders.rounds + gone, np.where(gone, 0.0, peak), called_in_s)


def _drop(orders: Orders, known: Array, now_s: int) -> Orders:
    """Take back orders that are not out yet where the level known, (warning, town), no longer asks for them.

    A call that would come after a higher one is not given any more: who was told to take cover is not called out.
    """
    least = np.array([TSUNAMI_WARNING, *LEVEL_OF.values()])[:, None]
    level_now = known[[Warned.TSUNAMI, *[Warned.FLOOD] * len(FLOOD)]]
    idle = (orders.due_s > now_s) & (level_now < least)
    due_s = np.where(idle, NEVER, orders.due_s)
    for order in FLOOD[:-1]:
        higher = due_s[order + 1 :]
        overtaken = (higher >= 0) & (higher <= now_s) & (higher < due_s[order])
        due_s[order] = np.where(overtaken.any(axis=0), NEVER, due_s[order])
    return orders if np.array_equal(due_s, orders.due_s) else changed(orders, due_s=due_s)


def out(orders: Orders, now_s: int) -> Array:
    """Which orders are out and not lifted, bool (order, town)."""
    return (orders.due_s >= 0) & (orders.due_s <= now_s)


def flood_call(orders: Orders, now_s: int) -> Array:
    """Highest flood call in force, (town,): 0, 3, 4 or 5."""
    levels = np.array(list(LEVEL_OF.values()))[:, None]
    return np.where(out(orders, now_s)[FLOOD], levels, 0.0).max(axis=0)


def ordered_fraction(orders: Orders, danger_fraction: Array, now_s: int) -> Array:
    """Share of residents told to leave on a warning, (town,): those in the danger zone; at level 5 it stays ordered."""
    standing = out(orders, now_s)
    return np.where(standing[Order.TSUNAMI] | standing[Order.LEVEL_4], danger_fraction, 0.0)


def carry_out(
    given: Given, state: State, decided: list[tuple[int, Order, int]], clock: Clock
) -> tuple[State, list[Event]]:
    """Note the orders decided, lift those whose reason is gone, and tell what went out or was lifted in this step.

    decided: (town, order, instant it is out).
    """
    before = orders = state.orders
    if calm(state) and not (decided or given.params.flood_order_at_s >= 0):
        return state, []
    if decided:
        due_s = orders.due_s.copy()
        for town, order, instant_s in decided:
            due_s[order, town] = instant_s
        orders = changed(orders, due_s=due_s)
    orders = scheduled(given, orders, clock.start_s, clock.end_s)
    orders = _call_in(given, changed(state, orders=orders), clock.end_s)
    orders = follow(given, changed(state, orders=orders), clock.end_s)
    fresh = out(orders, clock.end_s) & ~out(before, clock.start_s)
    if orders is before and not fresh.any():
        return state, []
    return changed(state, orders=orders), _events(given, before, orders, fresh, clock.start_s)


def calm(state: State) -> bool:
    """Whether nothing was ever warned of and no order stands, as nearly always."""
    ordered = state.pulled.evacuation_fraction > 0
    return not (state.alerts.n_issued.any() or (state.orders.due_s >= 0).any() or ordered.any())


def alerted(given: Given, state: State) -> Array:
    """Towns whose headquarters stands to a warning they know or an order they gave or prepare, bool (town,)."""
    if calm(state):
        return np.zeros(given.n_town, bool)
    tsunami, flood = (level(state.alerts, Holder.HALLS, warning) for warning in Warned)
    warned = (tsunami >= TSUNAMI_WARNING) | (flood >= given.params.headquarters_flood_level)
    standing: Array = warned | (state.orders.due_s >= 0).any(axis=0) | pulled.called_out(given, state.pulled)
    return standing


def _call_in(given: Given, state: State, now_s: int) -> Orders:
    """Towns that are alerted call their people in, once."""
    orders = state.orders
    fresh = alerted(given, state) & (orders.called_in_s < 0)
    return changed(orders, called_in_s=np.where(fresh, now_s, orders.called_in_s)) if fresh.any() else orders


def _events(given: Given, before: Orders, orders: Orders, fresh: Array, start_s: int) -> list[Event]:
    """Lines for orders out (fresh: (order, town)) and for those lifted."""
    lines = []
    for order, town in np.argwhere(fresh).tolist():
        lines += _given(Order(order), town, float(given.danger_fraction[town]), int(orders.due_s[order, town]))
    for warning, town in np.argwhere(orders.rounds > before.rounds).tolist():
        if out(before, start_s)[ROWS_OF[Warned(warning)], town].any():
            at_s = int(before.lift_s[warning, town])
            lines.append(_lifted(warning, town, at_s if at_s > start_s else -1))
    return lines


def _given(order: Order, town: int, share: float, at_s: int) -> list[Event]:
    river, call = (("flood_warning", town),), (("flood_call", town),)
    if order == Order.TSUNAMI:
        sea, why = (("tsunami_warning", town),), ("tsunami",)
        return [Event("evacuation_ordered", "evacuation_order_fraction", town, share, at_s, sea, why)]
    if order == Order.LEVEL_3:
        return [Event("flood_call_3", "flood_call", town, 3.0, at_s, river)]
    if order == Order.LEVEL_5:
        return [Event("flood_call_5", "flood_call", town, 5.0, at_s, river)]
    return [
        Event("flood_call_4", "flood_call", town, 4.0, at_s, river),
        Event("evacuation_ordered", "evacuation_order_fraction", town, share, at_s, call, ("flood",)),
    ]


def _lifted(warning: int, town: int, at_s: int) -> Event:
    if warning == Warned.TSUNAMI:
        cause = (("tsunami_warning", town),)
        return Event("order_lifted", "evacuation_order_fraction", town, 0.0, at_s, cause)
    return Event("flood_call_lifted", "flood_call", town, 0.0, at_s, (("flood_warning", town),))
