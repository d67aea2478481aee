"""What a decision maker may change here: parameters for the whole region, orders for single shelters or towns.

Orders keep the delays of the layer: a shelter ordered open still needs someone with the key, a safety check and staff.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from layers.evacuation import shelters
from layers.evacuation.state import Given, Ordered, State, Status
from twin.contract import Clock, Event, Lever, Order, Result
from twin.records import changed

Array = np.ndarray

LEVERS = (
    Lever(
        "shelter_floor_per_person",
        "m2",
        1.0,
        10.0,
        "municipality",
        "floor_per_person_m2",
        "floor each person gets",
    ),
    Lever(
        "shelter_staff_rule",
        "person",
        0.5,
        10.0,
        "municipality",
        "staff_per_100_persons",
        "staff per 100 people",
    ),
    Lever("order_compliance", "1", 0.0, 0.3, "municipality", "order_compliance", "people who follow an order"),
    Lever(
        "shelter_heat_limit",
        "degC",
        25.0,
        35.0,
        "municipality",
        "heat_limit_wbgt_c",
        "heat a hall is used at",
    ),
    Lever("morning_head_count", "1", 0.0, 11.0, "municipality", "morning_count_h", "hour of the first head-count"),
    Lever("noon_head_count", "1", 11.0, 16.0, "municipality", "noon_count_h", "hour of the second head-count"),
    Lever("evening_head_count", "1", 16.0, 24.0, "municipality", "evening_count_h", "hour of the third head-count"),
    Lever("open_ahead", "1", 0.05, 1.0, "municipality", "open_ahead_fraction", "share of shelters opened ahead"),
    Lever("leave_at_once", "1", 0.0, 1.0, "municipality", "leave_at_once_fraction", "drills: who flees at once"),
    Lever(
        "leave_after_errand",
        "1",
        0.0,
        1.0,
        "municipality",
        "leave_after_errand_fraction",
        "who flees after an errand",
    ),
    Lever("flee_by_car", "1", 0.0, 1.0, "municipality", "car_fraction", "households that flee by car"),
    Lever("loudspeakers", "1", 0.0, 1.0, "municipality", "loudspeaker_fraction", "people whom loudspeakers reach"),
    Lever(
        "follow_order",
        "1",
        0.0,
        1.0,
        "municipality",
        "follow_all_fraction",
        "people in the zone who follow a flood order",
    ),
    Lever(
        "care_home_vehicles",
        "person",
        0.0,
        2000.0,
        "municipality",
        "care_persons_per_h",
        "people that vehicles fetch from care homes in an hour",
    ),
    Lever(
        "open_shelter",
        "1",
        1.0,
        1.0,
        "municipality",
        doc="open this shelter on top of what the town opens, and keep it open; key, check and staff as usual",
        on="shelter",
        withdraws=True,
    ),
    Lever(
        "close_shelter",
        "1",
        1.0,
        1.0,
        "municipality",
        doc="close this shelter and keep it closed; its people go to others of the town with room, else to its door",
        on="shelter",
        withdraws=True,
    ),
    Lever(
        "care_home_transport",
        "person",
        1.0,
        2000.0,
        "prefecture",
        doc="buses and lift cars for the care homes of a town in the hazard zone: people they fetch in an hour, beside "
        "those of the town; on the spot after the time vehicles need to get ready",
        on="municipality",
        withdraws=True,
    ),
)


def obey(given: Given, state: State, order: Order, clock: Clock) -> Result:
    """Carry out one order on shelters or towns; see the levers. One `ordered` line per row."""
    carry_out, quantity = ORDERS[order.lever]
    after = carry_out(given, state, order, clock)
    amount = 0.0 if np.isnan(order.value) else order.value
    told = [Event("ordered", quantity, row, amount, args=(order.lever,)) for row in order.rows.tolist()]
    return Result(after, {}, told)


def _open(given: Given, state: State, order: Order, clock: Clock) -> State:
    """Call up closed shelters now; taken back, those opened by the order close and the others follow the town again."""
    rows, halls, ordered = _named(state, order), state.halls, state.ordered.copy()
    if np.isnan(order.value):
        extra = rows & (ordered == Ordered.EXTRA)
        ordered[rows & (ordered > 0)] = Ordered.NOTHING
        return replace(state, ordered=ordered, halls=_closed(halls, extra))
    fresh = rows & ~(shelters.live(halls) & (ordered != Ordered.EXTRA))
    ordered[rows] = np.where(fresh, Ordered.EXTRA, Ordered.KEPT)[rows]
    due = rows & shelters.to_be_called(halls, ordered)
    return replace(state, ordered=ordered, halls=shelters.call(given, halls, due, clock.start_s, clock.chance))


def _close(_given: Given, state: State, order: Order, _clock: Clock) -> State:
    """Close shelters now, their people move in the next step; taken back, the town may open them again."""
    rows, ordered = _named(state, order), state.ordered.copy()
    if np.isnan(order.value):
        ordered[rows & (ordered == Ordered.SHUT)] = Ordered.NOTHING
        return replace(state, ordered=ordered)
    ordered[rows] = Ordered.SHUT
    return replace(state, ordered=ordered, halls=_closed(state.halls, rows))


def _closed(halls: shelters.Halls, rows: Array) -> shelters.Halls:
    """Shelters with open ones among `rows`, bool (shelter,), closed and those about to open called off."""
    status = halls.status.copy()
    status[rows & (halls.status == Status.OPEN)] = Status.MERGED
    status[rows & (halls.status == Status.WAITING)] = Status.CLOSED
    return replace(halls, status=status)


def _named(state: State, order: Order) -> Array:
    rows = np.zeros(len(state.ordered), dtype=bool)
    rows[order.rows] = True
    return rows


def _transport(given: Given, state: State, order: Order, clock: Clock) -> State:
    """Vehicles for care homes: the ones sent last count; taken back, they leave at once."""
    flight = state.flight
    more, from_s = flight.care_more_persons_per_h.copy(), flight.care_more_from_s.copy()
    taken_back = np.isnan(order.value)
    more[order.rows] = 0.0 if taken_back else order.value
    from_s[order.rows] = np.inf if taken_back else clock.start_s + given.params.care_prepare_s
    return replace(state, flight=changed(flight, care_more_persons_per_h=more, care_more_from_s=from_s))


ORDERS: dict[str, tuple[Callable[[Given, State, Order, Clock], State], str]] = {
    "open_shelter": (_open, "shelter_persons"),
    "close_shelter": (_close, "shelter_persons"),
    "care_home_transport": (_transport, "fleeing_persons"),
}
