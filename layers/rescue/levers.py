"""What a decision maker may change here: parameters for the whole region, orders for towns and hospitals.

What is sent by order comes with the delays of the layer: it gathers outside, drives in, works in shifts, flies by day.
"""

from __future__ import annotations

import numpy as np

from layers.rescue import sent
from layers.rescue.codes import Force, Pool
from layers.rescue.state import Given, State, changed
from twin.chance import key_of
from twin.contract import Clock, Event, Lever, Order, Result

Array = np.ndarray

LEVERS = (
    Lever(
        "extra_fire_crews", "crew", 0, 200, "state", "extra_fire_crews", "more emergency fire crews in the first wave"
    ),
    Lever("shift_length", "s", 28800, 86400, "prefecture", "shift_s", "hours on duty before as many hours of rest"),
    Lever(
        "call_takers", "1", 2e-5, 3e-4, "municipality", "call_takers_per_person", "dispatch desks manned per resident"
    ),
    Lever("site_crews", "crew", 1, 30, "prefecture", "site_crews_limit", "crews sent to one large site"),
    Lever("dwelling_crews", "crew", 1, 4, "prefecture", "dwelling_crews", "crews sent to one collapsed house"),
    Lever(
        "search_detection",
        "1",
        0.1,
        0.5,
        "state",
        "detection_per_crew_h",
        "search with dogs, listening devices, drones",
    ),
    Lever("helicopters", "1", 0, 20, "state", "helicopters", "helicopters for reconnaissance and hoists"),
    Lever("boats", "1", 0.0, 2e-3, "municipality", "boats_per_person", "boats of local forces per resident"),
    Lever(
        "reserve", "1", 0.0, 0.6, "municipality", "reserve_fraction", "local fire crews kept at home for everyday cover"
    ),
    Lever(
        "crews_sent",
        "crew",
        1.0,
        100.0,
        "state",
        doc="further fire crews from outside straight to the fire district of the town, bound to it; at the gateway "
        "after `extra_mobilise_s`; taken back, they finish the work in hand and leave",
        on="municipality",
        withdraws=True,
    ),
    Lever(
        "medical_teams_sent",
        "crew",
        1.0,
        30.0,
        "prefecture",
        doc="further medical teams from outside straight to the hospital, bound to it; at the gateway as long after "
        "the order as other teams after their call",
        on="hospital",
        withdraws=True,
    ),
    Lever(
        "airlift_patients",
        "1",
        1.0,
        10.0,
        "prefecture",
        doc="helicopters of those at hand allotted to fly severe patients of the hospital out of the region, before "
        "scouting and hoists; by day and in fair wind only",
        on="hospital",
        withdraws=True,
    ),
)


def obey(given: Given, state: State, order: Order, clock: Clock) -> Result:
    """Carry out one order on towns or hospitals; see the levers. One `ordered` line per row: what was really sent."""
    if order.lever == "airlift_patients":
        after, number, quantity = *_allot(given, state, order, clock.start_s), "airlift_helicopters"
    else:
        teams = order.lever == "medical_teams_sent"
        quantity = "sent_teams_crews" if teams else "sent_crews"
        if np.isnan(order.value):
            after, number = _call_back(given, state, order, clock.start_s), np.zeros(len(order.rows))
        else:
            after, number = _send(given, state, order, Force.MEDICAL if teams else Force.AID_FIRE, clock.start_s)
    told = [
        Event("ordered", quantity, row, amount, args=(order.lever,))
        for row, amount in zip(order.rows.tolist(), number.tolist(), strict=True)
    ]
    return Result(after, {}, told)


def _send(given: Given, state: State, order: Order, kind: int, now_s: int) -> tuple[State, Array]:
    """Order units of those kept ready to each row, as many as are left; returns the number by row.

    The last of those kept are taken first: the first ones come with a parameter lever.
    """
    roster, units, was = given.roster, state.units, state.sent
    free = np.flatnonzero((roster.kind == kind) & (roster.rank >= 0) & ~state.ordered)[::-1]
    number = np.full(len(order.rows), int(order.value))
    number = np.diff(np.minimum(np.cumsum(number), free.size), prepend=0)
    rows, to = free[: number.sum()], np.repeat(order.rows, number)
    place = np.arange(len(rows)) - np.repeat(np.cumsum(number) - number, number)
    second = place + 0.5 > given.params.first_shift_fraction * np.repeat(number, number)
    shift_s = int(given.params.shift_s)
    mobilise_s = roster.mobilise_s[rows] * given.params.mobilise_factor
    ready_s = now_s + np.where(roster.mobilise_s[rows] >= 0, mobilise_s, given.params.extra_mobilise_s)
    pool = given.n_town + Pool.SENT_TEAMS if kind == Force.MEDICAL else given.district[to]
    columns = {"available_s": ready_s, "duty_s": shift_s, "rest_s": shift_s, "pool": pool}
    columns |= {"shift_offset_s": ready_s + shift_s * second}
    ordered = state.ordered.copy()
    ordered[rows] = True
    after = changed(
        state,
        units=units.with_columns(**{name: _put(getattr(units, name), rows, new) for name, new in columns.items()}),
        ordered=ordered,
        sent=changed(was, by=_put(was.by, rows, key_of(order.id)), to=_put(was.to, rows, to)),
        stale=True,
    )
    return after, number.astype(np.float64)


def _put(column: Array, rows: Array, values: Array | float) -> Array:
    """The column with other values in these rows."""
    column = column.copy()
    column[rows] = values
    return column


def _call_back(given: Given, state: State, order: Order, now_s: int) -> State:
    """The units this order sent to these rows leave."""
    mine = (state.sent.by == key_of(order.id)) & np.isin(state.sent.to, order.rows)
    return sent.withdraw(given, state, mine, now_s)


def _allot(given: Given, state: State, order: Order, now_s: int) -> tuple[State, Array]:
    """Helicopters for the flights of each hospital: the number ordered last counts; taken back, flights in hand end."""
    number = 0.0 if np.isnan(order.value) else float(int(order.value))
    airlift = _put(state.sent.airlift, order.rows, number)
    after = changed(state, sent=changed(state.sent, airlift=airlift))
    return sent.end_flights(given, after, airlift <= 0, now_s), np.full(len(order.rows), number)
