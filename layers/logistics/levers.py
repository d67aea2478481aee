"""What a decision maker may change or order in the supply chain, and how an order is carried out.

An order is written into the state; the goods it moves are loaded, driven and unloaded by the processes of the layer.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from layers.logistics import stocks
from layers.logistics.items import MEALS, WATER, per_meal_units
from layers.logistics.ordered import CONTRACT_TRUCKS, FUEL_FLEET, GROWING, TANKERS_AID, growing
from layers.logistics.state import Given, State
from layers.logistics.water import aid_share
from twin.contract import Clock, Event, Lever, Order, Result
from twin.records import changed

Array = np.ndarray

LEVERS = (
    *(
        Lever(name, "1", 0, 7, owner, f"{name}_days", f"days of {what}", prepares=True)
        for name, owner, what in (
            ("household_stock", "municipality", "food at home"),
            ("municipal_stock", "municipality", "stock for the plan"),
            ("shelter_stock", "municipality", "stock in shelters"),
            ("prefecture_stock", "prefecture", "stock at the hubs"),
        )
    ),
    Lever("hub_docks", "1", 0.25, 4, "prefecture", "docks_factor", "docks and hands everywhere over the usual"),
    Lever("night_shift", "1", 0, 1, "prefecture", "night_docks_fraction", "share of the docks at work at night"),
    Lever(
        "second_hub", "1", 0, 1, "prefecture", "second_hub", "1 opens the hub at the edge nearest to the residents"
        "; what has not left yet is named anew, by docks and by what is on its way",
    ),
    Lever("tankers_aid", "unit", 0, 400, "state", "tankers_aid", "water tankers of others; they come over days"),
    Lever(
        "contract_trucks", "1", 0, 10, "prefecture", "contract_trucks_factor", "trucks under contract over usual; "
        "more come over hours",
    ),
    Lever(
        "fuel_fleet", "1", 0.1, 5, "state", "fleet_emergency_factor", "tanker trucks over the usual number; "
        "they come over days",
    ),
    Lever(
        "pre_position", "meal", 1, 500_000, "prefecture", on="municipality",
        doc="meals, with the water and goods that go with them, that hubs send to the town's depot before all else; "
        "as far as the stock of the hubs reaches",
    ),
    Lever(
        "pre_position_water", "litre", 1, 500_000, "prefecture", on="municipality",
        doc="bottled water that hubs send to the town's depot before all else, as far as their stock reaches",
    ),
    Lever(
        "unloading_hands", "1", 0.25, 4, "prefecture", on="depot", withdraws=True,
        doc="docks and hands at the depot over the usual; more take hours to come",
    ),
    Lever(
        "airlift", "meal", 0, 100_000, "state", on="municipality", withdraws=True,
        doc="meals a day, with what goes with them, that helicopters carry from the hubs to the town by daylight; "
        "meant for towns cut off by road",
    ),
    Lever(
        "trucks_sent", "unit", 0, 1000, "state", on="region", withdraws=True,
        doc="trucks from outside that carry for the hubs, in all; they come over hours and leave when empty",
    ),
    Lever(
        "fuel_to", "litre", 1, 200_000, "state", on="municipality",
        doc="fuel tanker trucks bring to the town's drums, for generators and response vehicles, before any station",
    ),
)  # fmt: skip

Carried = tuple[State, list[Event]]


def obey(given: Given, state: State, order: Order, clock: Clock) -> Result:
    """Carry out one order lever at `clock.start_s`; the stocks the parameters ask for are stored first, and booked."""
    state, booked = stocks.preposition(given, state)
    state, events = _CARRY_OUT[order.lever](given, state, order, clock)
    return Result(state, {}, events, booked)


def take_effect(given: Given, state: State, clock: Clock) -> State:
    """Hands and trucks ordered earlier that have come by the start of the step; changed aid comes little by little."""
    ordered, params = state.ordered, given.params
    coming = (ordered.hands_coming_factor != ordered.hands_factor) & (ordered.hands_due_s <= clock.start_s)
    if coming.any():
        hands = np.where(coming, ordered.hands_coming_factor, ordered.hands_factor)
        ordered = changed(ordered, hands_factor=hands)
    if ordered.trucks_coming_units != ordered.trucks_units and ordered.trucks_due_s <= clock.start_s:
        ordered = changed(ordered, trucks_units=ordered.trucks_coming_units)
    change = growing(params) - ordered.seen
    if change.any() or ordered.behind.any():
        behind = ordered.behind - change * _grown(given, clock.start_s)
        times_s = np.array([params.tanker_aid_growth_s, params.fleet_growth_s, params.trucks_sent_s])
        behind = behind * np.exp(-clock.dt_s / times_s)
        ordered = changed(ordered, seen=growing(params), behind=behind)
    return state if ordered is state.ordered else changed(state, ordered=ordered)


def _grown(given: Given, now_s: float) -> Array:
    """Share of each of the parameters GROWING that is at work by now when nobody changes it, (3,)."""
    grown = np.ones(len(GROWING))
    grown[TANKERS_AID] = aid_share(given.params, now_s)
    grown[FUEL_FLEET] = min(now_s / given.params.fleet_growth_s, 1.0)
    grown[CONTRACT_TRUCKS] = 1.0
    return grown


def _told(order: Order, quantity: str, amount: float, missing: float = 0.0) -> list[Event]:
    """One event per row with what was ordered (0: taken back), and what of it is missing behind the lever's name."""
    args = (order.lever, missing) if missing > 0 else (order.lever,)
    return [Event("ordered", quantity, row, amount, args=args) for row in order.rows.tolist()]


def _send_first(given: Given, state: State, order: Order, kit: Array, main: int) -> Carried:
    """Promise each town `order.value` times this kit (item,), as far as the hubs have it and have not promised it."""
    ordered = state.ordered
    hubs = np.arange(given.n_town, given.places.n)
    hubs = hubs[state.place_usable[hubs] >= given.params.depot_closed_below]
    stock = np.maximum(state.store_units[hubs].sum(axis=0) - ordered.first_units.sum(axis=0), 0.0)
    share = np.minimum(1.0, stock / np.maximum(order.value * len(order.rows) * kit, 1e-12))
    units = order.value * kit * share
    first = ordered.first_units.copy()
    first[order.rows] += units
    missing = order.value - float(units[main])
    events = _told(order, "goods_received_units", order.value, missing if missing > 1e-6 * order.value else 0.0)
    return changed(state, ordered=changed(ordered, first_units=first)), events


def _pre_position(given: Given, state: State, order: Order, clock: Clock) -> Carried:
    return _send_first(given, state, order, per_meal_units(given.params), MEALS)


def _pre_position_water(given: Given, state: State, order: Order, clock: Clock) -> Carried:
    kit = np.zeros(len(given.item_m3))
    kit[WATER] = 1.0
    return _send_first(given, state, order, kit, WATER)


def _unloading_hands(given: Given, state: State, order: Order, clock: Clock) -> Carried:
    """More hands come after `hands_come_s`; fewer are gone at once."""
    ordered, factor = state.ordered, 1.0 if np.isnan(order.value) else order.value
    coming, due_s, hands = (
        column.copy() for column in (ordered.hands_coming_factor, ordered.hands_due_s, ordered.hands_factor)
    )
    hands[order.rows] = np.minimum(hands[order.rows], factor)
    coming[order.rows] = factor
    due_s[order.rows] = clock.start_s + int(given.params.hands_come_s)
    ordered = changed(ordered, hands_factor=hands, hands_coming_factor=coming, hands_due_s=due_s)
    return changed(state, ordered=ordered), _told(order, "depot_hands", 0.0 if np.isnan(order.value) else factor)


def _airlift(given: Given, state: State, order: Order, clock: Clock) -> Carried:
    """Flights begin when crews and landing ground are ready; where helicopters fly already, only the number changes."""
    ordered, meals = state.ordered, 0.0 if np.isnan(order.value) else order.value
    flown, from_s, owed = (
        column.copy() for column in (ordered.airlift_meals, ordered.airlift_from_s, ordered.airlift_owed_meals)
    )
    new = order.rows[flown[order.rows] <= 0]
    from_s[new] = clock.start_s + int(given.params.airlift_ready_s)
    flown[order.rows] = meals
    owed[order.rows] = 0.0
    ordered = changed(ordered, airlift_meals=flown, airlift_from_s=from_s, airlift_owed_meals=owed)
    return changed(state, ordered=ordered), _told(order, "goods_received_units", meals)


def _trucks_sent(given: Given, state: State, order: Order, clock: Clock) -> Carried:
    """More trucks come after `trucks_sent_s`; fewer get no new load from now on."""
    ordered, trucks = state.ordered, 0.0 if np.isnan(order.value) else float(order.value)
    ordered = changed(
        ordered,
        trucks_units=min(ordered.trucks_units, trucks),
        trucks_coming_units=trucks,
        trucks_due_s=clock.start_s + int(given.params.trucks_sent_s),
    )
    return changed(state, ordered=ordered), [Event("ordered", "trucks_sent_units", -1, trucks, args=(order.lever,))]


def _fuel_to(given: Given, state: State, order: Order, clock: Clock) -> Carried:
    first_l = state.fuel.first_l.copy()
    first_l[order.rows] += order.value
    return changed(state, fuel=changed(state.fuel, first_l=first_l)), _told(order, "fuel_delivered_l", order.value)


_CARRY_OUT: dict[str, Callable[[Given, State, Order, Clock], Carried]] = {
    "pre_position": _pre_position,
    "pre_position_water": _pre_position_water,
    "unloading_hands": _unloading_hands,
    "airlift": _airlift,
    "trucks_sent": _trucks_sent,
    "fuel_to": _fuel_to,
}
