"""Orders of decision makers in force: what was pulled by a lever stands beside what the offices decide themselves.

The offices go on deciding on what they know; an order is laid over their decision while it holds and leaves it as it
is. `levers.py` carries orders out; the functions here say what they mean at an instant.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from layers.government.known import NEVER, or_zero
from layers.government.staff import arrived_fraction
from layers.government.triggers import nothing_called
from twin.contract import Event
from twin.params import Params
from twin.records import changed

if TYPE_CHECKING:  # the state holds a `Pulled`
    from layers.government.state import Given, State

Array = np.ndarray
CALL_ALL = 4.0  # flood call at which everybody in the danger zone leaves


@dataclass(frozen=True)
class Pulled:
    """Orders in force; arrays (town,) hold NaN where nothing is ordered.

    call_due_s: when a call ordered takes effect, (call,), -1 not ordered. evacuation_fraction: share of residents
    ordered out; evacuation_due_s: from when; evacuation_before_fraction: the share of an earlier order until then.
    shelters_units: halls wanted open. support_persons: outside staff sent; support_since_s: when;
    support_there_persons: those who had come by then on an earlier order. cars_units: generator cars. search_weight,
    road_weight: as the decided weights (1 = equal).
    """

    call_due_s: Array
    evacuation_fraction: Array
    evacuation_due_s: Array
    evacuation_before_fraction: Array
    shelters_units: Array
    support_persons: Array
    support_since_s: Array
    support_there_persons: Array
    cars_units: Array
    search_weight: Array
    road_weight: Array


def nothing_pulled(n_town: int) -> Pulled:
    """No order in force."""
    free, zero, never = np.full(n_town, np.nan), np.zeros(n_town), np.full(n_town, NEVER, np.int64)
    return Pulled(nothing_called(), free, never, zero, free, free, never, zero, free, free, free)


def override(decided: Array, ordered: Array) -> Array:
    """What was decided, replaced where something is ordered, (town,); the same array where nothing is."""
    held = ~np.isnan(ordered)
    return np.where(held, ordered, decided) if held.any() else decided


def nobody_ordered_out(pulled: Pulled) -> bool:
    """Whether no decision maker has ordered anybody to leave, as nearly always."""
    return not (pulled.evacuation_before_fraction.any() or (pulled.evacuation_fraction > 0).any())


def evacuation_fraction(pulled: Pulled, now_s: int) -> Array:
    """Share of residents under an order of a decision maker that is out by now, (town,)."""
    out = pulled.evacuation_due_s <= now_s
    if not out.any():
        return pulled.evacuation_before_fraction
    return np.where(out, or_zero(pulled.evacuation_fraction), pulled.evacuation_before_fraction)


def flood_call(given: Given, pulled: Pulled, now_s: int) -> Array:
    """Call for floods that goes with these orders, (town,): everybody leaves, where a danger zone for water is."""
    return np.where((evacuation_fraction(pulled, now_s) > 0) & (given.danger_fraction > 0), CALL_ALL, 0.0)


def called_out(given: Given, pulled: Pulled) -> Array:
    """Towns with a danger zone for water where such an order is out or prepared: headquarters stand, bool (town,)."""
    ordered: Array = (or_zero(pulled.evacuation_fraction) > 0) & (given.danger_fraction > 0)
    return ordered


def order_out(pulled: Pulled, rows: Array, share: float, now_s: int, due_s: int) -> Pulled:
    """Order a share of the residents out from `due_s` on; NaN takes the order back at once."""
    taken_back = np.isnan(share)
    before, instant_s = pulled.evacuation_before_fraction.copy(), pulled.evacuation_due_s.copy()
    before[rows] = 0.0 if taken_back else evacuation_fraction(pulled, now_s)[rows]
    instant_s[rows] = NEVER if taken_back else due_s
    after = put(pulled, "evacuation_fraction", rows, share)
    return changed(after, evacuation_due_s=instant_s, evacuation_before_fraction=before)


def support_persons(pulled: Pulled, now_s: int, params: Params) -> Array:
    """Outside staff present on these orders, persons (town,): they travel and arrive as support teams do."""
    if np.isnan(pulled.support_persons).all():
        return np.zeros(len(pulled.support_persons))
    target = or_zero(pulled.support_persons)
    coming = np.maximum(target - pulled.support_there_persons, 0.0)
    share = arrived_fraction(pulled.support_since_s, now_s, params)
    return np.minimum(pulled.support_there_persons, target) + coming * share


def send_staff(pulled: Pulled, rows: Array, persons: float, now_s: int, params: Params) -> Pulled:
    """Send that many people in all; those who have come stay, the others travel from now; NaN sends all home."""
    taken_back = np.isnan(persons)
    there, since_s = pulled.support_there_persons.copy(), pulled.support_since_s.copy()
    there[rows] = 0.0 if taken_back else support_persons(pulled, now_s, params)[rows]
    since_s[rows] = NEVER if taken_back else now_s
    after = put(pulled, "support_persons", rows, persons)
    return changed(after, support_since_s=since_s, support_there_persons=there)


def put(pulled: Pulled, field: str, rows: Array, value: float) -> Pulled:
    """Set one quantity of the towns named; NaN takes it back."""
    column = getattr(pulled, field).copy()
    column[rows] = value
    return changed(pulled, **{field: column})


def ordered_out_causes(given: Given, state: State, town: int) -> tuple[tuple[str, int], ...]:
    """The order to leave as a reason for what the town does, if there is one."""
    return (("evacuation_order_fraction", town),) if called_out(given, state.pulled)[town] else ()


def events(given: Given, state: State, start_s: int, end_s: int) -> list[Event]:
    """Lines for orders to leave that are out, and for staff sent who begin to arrive, in (start_s, end_s]."""
    pulled, lines = state.pulled, []
    due_s = pulled.evacuation_due_s
    if max(due_s.max(), pulled.support_since_s.max()) < 0:
        return []
    fresh = (start_s < due_s) & (due_s <= end_s) & (pulled.evacuation_fraction > 0)
    for town in np.flatnonzero(fresh).tolist():
        why, share = (("evacuation_order_fraction", town),), float(pulled.evacuation_fraction[town])
        lines.append(Event("evacuation_ordered", "evacuation_order_fraction", town, share, int(due_s[town]), why))
        if given.danger_fraction[town] > 0:
            lines.append(Event("flood_call_4", "flood_call", town, CALL_ALL, int(due_s[town]), why))
    arrive_s = pulled.support_since_s + int(given.params.support_travel_s)
    coming = (pulled.support_persons > pulled.support_there_persons) & (start_s < arrive_s) & (arrive_s <= end_s)
    lines += [
        Event(
            "support_arrives",
            "shelter_staff_persons",
            town,
            float(pulled.support_persons[town]),
            int(arrive_s[town]),
            (("town_support_persons", town),),
        )
        for town in np.flatnonzero(coming).tolist()
    ]
    return lines
