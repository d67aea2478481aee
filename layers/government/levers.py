"""Levers of the offices: parameters swapped, and orders carried out for whoever may give them.

An order skips what leads to a decision (reports, triggers, rounds) and keeps what follows one: papers, loudspeakers,
travel, the fleet there is. It is laid over what the offices decide (`pulled.py`) and never read by their decisions.
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from layers.government import orders, pulled
from layers.government.known import NEVER
from layers.government.pulled import Pulled
from layers.government.rounds import CALL_QUANTITIES
from layers.government.state import Given, State
from layers.government.triggers import Call, may_push
from twin.contract import Clock, Event, Lever, Order, Result
from twin.errors import StateError
from twin.params import Params
from twin.records import changed

Array = np.ndarray
URGENT = 0.1  # least share of the paper time: a call by telephone with the papers after it still has to be taken down

PARAMETER_LEVERS = (
    Lever("approval_delay", "s", 600, 7200, "prefecture", "approval_s", "usual time one level needs to approve"),
    Lever("staff_support", "person", 0, 300, "state", "support_team_persons", "outside staff sent to a hard-hit town"),
    Lever("mutual_aid_size", "1", 0, 3, "utility", "aid_size", "size of utilities' mutual aid (1 = as planned)"),
    Lever("silence_timer", "s", 1800, 21600, "prefecture", "silence_s", "silence after which a town is visited"),
    Lever("push_time", "s", 3600, 259200, "state", "push_delay_s", "delay of the push of goods after the trigger"),
    Lever("push_allowed", "1", 0, 1, "state", "push_allowed", "whether the state pushes goods (0 = never)"),
    Lever("consolidation", "1", 0, 1, "municipality", "consolidation", "whether towns consolidate shelters (0 = no)"),
    Lever(
        "flood_order_time",
        "s",
        -1,
        259200,
        "municipality",
        "flood_order_at_s",
        "evacuation ordered on the forecast at this time after the start (-1: by warning level)",
    ),
    Lever("flood_reluctance", "1", 0, 0.8, "municipality", "reluctance_fraction", "share of flood calls a level late"),
    Lever("report_interval", "s", 1800, 21600, "municipality", "report_every_s", "time between situation reports"),
)

CALLS = {
    "request_fire_aid": Call.FIRE_AID,
    "request_police": Call.POLICE_AID,
    "request_medical": Call.MEDICAL_AID,
    "request_self_defence": Call.SDF,
    "request_staff_support": Call.STAFF_SUPPORT,
    "push_goods_now": Call.PUSH,
}
_ASKED = {
    "request_fire_aid": "emergency fire teams",
    "request_police": "wide-area police units",
    "request_medical": "medical assistance teams",
    "request_self_defence": "the Self-Defence Forces",
    "request_staff_support": "staff of other governments",
}
_SHARE = "now; value: share of the usual paper time kept (1 = all of it, 0.1 = by telephone, papers after)"


def _for_towns(name: str, unit: str, low: float, high: float, owner: str, doc: str) -> Lever:
    return Lever(name, unit, low, high, owner, doc=doc, on="municipality", withdraws=True)


LEVERS = (
    *PARAMETER_LEVERS,
    *(
        Lever(name, "1", URGENT, 1, "prefecture", doc=f"ask for {asked} {_SHARE}", on="region")
        for name, asked in _ASKED.items()
    ),
    Lever("push_goods_now", "1", URGENT, 1, "state", doc=f"push goods {_SHARE}, even where not allowed", on="region"),
    _for_towns(
        "evacuation_order",
        "1",
        0,
        1,
        "municipality",
        "share of residents ordered out at least, after the town's order delay; calls the zone in danger of water too",
    ),
    _for_towns("shelters_open", "unit", 0, 1000, "municipality", "halls wanted open, instead of the town's decision"),
    _for_towns("support_persons", "person", 0, 300, "state", "outside staff sent to the town, besides those decided"),
    _for_towns("generator_cars", "unit", 0, 100, "prefecture", "cars for the town, first out of the fleet there is"),
    _for_towns("search_first", "1", 0.05, 20, "prefecture", "weight of the town in search, instead of the decided"),
    _for_towns(
        "road_first", "1", 0.05, 20, "prefecture", "weight of the town in opening roads, instead of the decided"
    ),
)

# lever -> (field of `Pulled`, quantity the order is told about); the fields of whole things are rounded down
TOWN_ORDERS = {
    "evacuation_order": ("evacuation_fraction", "evacuation_order_fraction"),
    "shelters_open": ("shelters_units", "shelters_target_units"),
    "support_persons": ("support_persons", "town_support_persons"),
    "generator_cars": ("cars_units", "generator_cars_units"),
    "search_first": ("search_weight", "search_priority"),
    "road_first": ("road_weight", "road_priority"),
}
WHOLE = ("shelters_open", "support_persons", "generator_cars")


def obey(given: Given, state: State, order: Order, clock: Clock) -> Result:
    """Carry out one order at `clock.start_s`. Raises StateError for a lever that is no order of this layer.

    Calls take effect after their papers, orders to leave after `order_delay_s`, staff after its way; cars move at the
    next round of the prefecture; halls and weights hold with the next step.
    """
    now_s = clock.start_s
    if order.lever in CALLS:
        return _call(given, state, order, now_s)
    if order.lever not in TOWN_ORDERS:
        raise StateError(f"layer government has no order '{order.lever}'")
    if not order.rows.size:
        return Result(state, {})
    value = float(np.floor(order.value)) if order.lever in WHOLE else float(order.value)
    after = changed(state, pulled=_laid_over(state.pulled, order, value, now_s, given.params))
    quantity = TOWN_ORDERS[order.lever][1]
    return Result(_sent_home(given, state, after), {}, _told(order, quantity, order.rows.tolist(), value))


def paper_s(call: Call, share: float, params: Params) -> int:
    """Time from asking to effect when that share of the usual paper time is kept, whole seconds, at least one."""
    usual_s = params.push_delay_s if call == Call.PUSH else params.call_delay_s[call]
    return max(1, int(share * usual_s))


def _call(given: Given, state: State, order: Order, now_s: int) -> Result:
    """Give a call now; one that takes effect sooner anyway stands as it is, and the order is only noted."""
    call, held = CALLS[order.lever], state.pulled
    due_s, standing_s = now_s + paper_s(call, order.value, given.params), int(state.calls_due_s[call])
    stands = call != Call.PUSH or may_push(held.call_due_s, given.params)
    if stands and 0 <= standing_s <= due_s:
        return Result(state, {}, _told(order, CALL_QUANTITIES[call], (-1,), order.value))
    calls, ordered = state.calls_due_s.copy(), held.call_due_s.copy()
    calls[call] = ordered[call] = due_s
    after = changed(state, calls_due_s=calls, pulled=changed(held, call_due_s=ordered))
    return Result(after, {}, _told(order, CALL_QUANTITIES[call], (0,), order.value))


def _laid_over(held: Pulled, order: Order, value: float, now_s: int, params: Params) -> Pulled:
    """The orders in force with one more, or without the one taken back."""
    if order.lever == "evacuation_order":
        return pulled.order_out(held, order.rows, value, now_s, now_s + int(params.order_delay_s))
    if order.lever == "support_persons":
        return pulled.send_staff(held, order.rows, value, now_s, params)
    return pulled.put(held, TOWN_ORDERS[order.lever][0], order.rows, value)


def _sent_home(given: Given, before: State, after: State) -> State:
    """Staff called in for an order that was taken back goes home where nothing else keeps the town alerted."""
    over = pulled.called_out(given, before.pulled) & ~orders.alerted(given, after)
    if not over.any():
        return after
    called_in_s = np.where(over, NEVER, after.orders.called_in_s)
    return changed(after, orders=changed(after.orders, called_in_s=called_in_s))


def _told(order: Order, quantity: str, rows: Iterable[int], value: float) -> list[Event]:
    """One line per row, told after what stood before; an order taken back has no amount and says so."""
    taken_back = bool(np.isnan(value))
    amount, args = (0.0, (order.lever, "withdrawn")) if taken_back else (value, (order.lever,))
    return [Event("ordered", quantity, row, amount, causes=((quantity, max(row, 0)),), args=args) for row in rows]
