"""What the offices want of the other layers, as arrays: calls, crews, weights, orders, staff, goods, advice."""

from __future__ import annotations

import numpy as np

from layers.government import orders, pulled, triggers
from layers.government.staff import Duty
from layers.government.state import Given, State
from layers.government.triggers import Call
from twin.contract import Inputs

Array = np.ndarray


def give(given: Given, state: State, inputs: Inputs, checks: Array, goods: Array) -> dict[str, Array]:
    """Every quantity this layer gives, at the end of the step.

    checks: shelter checks done in the step (town,). goods: units ordered in the step (town, item).
    """
    now_s, called, held = state.now_s, state.calls_due_s, state.pulled
    present = triggers.aid_present_crews(state.aid_called_s, state.aid_crews, now_s, given.params)
    power_crews, water_crews, gas_crews = present[:, None]  # in the order of `Aid`
    return {
        "power_aid_crews": power_crews,
        "water_aid_crews": water_crews,
        "gas_aid_crews": gas_crews,
        "generator_cars_units": state.generator_cars,
        "road_priority": pulled.override(state.road_weight, held.road_weight),
        "fire_aid_called": _called(called, Call.FIRE_AID, now_s),
        "sdf_called": _called(called, Call.SDF, now_s),
        "police_aid_called": _called(called, Call.POLICE_AID, now_s),
        "medical_aid_called": _called(called, Call.MEDICAL_AID, now_s),
        "search_priority": pulled.override(state.search_weight, held.search_weight),
        "scouting_wanted": state.scouting,
        "evacuation_order_fraction": ordered_fraction(given, state),
        "flood_call": flood_call(given, state),
        "shelter_staff_persons": state.staff[:, Duty.SHELTERS].copy(),
        "shelter_checks_units": checks,
        "shelters_target_units": pulled.override(state.shelters_target, held.shelters_units),
        "homes_tagged_fraction": tagged_fraction(state),
        "goods_ordered_units": goods,
        "push_started": _called(called, Call.PUSH, now_s) * float(triggers.may_push(held.call_due_s, given.params)),
        "advice": advice(given, state, inputs),
    }


def _called(due_s: Array, call: Call, now_s: int) -> Array:
    return np.array([float(triggers.in_force(due_s, call, now_s))])


def ordered_fraction(given: Given, state: State) -> Array:
    """Share of residents under an order that is out by now, for whatever reason, (town,)."""
    out = (state.order_due_s >= 0) & (state.order_due_s <= state.now_s)
    by_shaking = np.where(out, state.order_fraction, 0.0)
    if _nobody_leaves_water(state):
        return by_shaking
    by_water = orders.ordered_fraction(state.orders, given.danger_fraction, state.now_s)
    by_order = pulled.evacuation_fraction(state.pulled, state.now_s)
    return np.maximum(np.maximum(by_shaking, by_water), by_order)


def _nobody_leaves_water(state: State) -> bool:
    """Whether no order to leave stands or is prepared but for shaking, as nearly always."""
    return pulled.nobody_ordered_out(state.pulled) and not (state.orders.due_s >= 0).any()


def flood_call(given: Given, state: State) -> Array:
    """Highest flood call in force, for whatever reason, (town,): 0, 3, 4 or 5."""
    if _nobody_leaves_water(state):
        return np.zeros(given.n_town)
    by_order = pulled.flood_call(given, state.pulled, state.now_s)
    return np.maximum(orders.flood_call(state.orders, state.now_s), by_order)


def tagged_fraction(state: State) -> Array:
    """Share of damaged homes with a safety tag, (town,); 1 where no home is damaged."""
    total = state.damaged.sum(axis=1)
    return np.where(total >= 1.0, np.minimum(1.0, state.counts.tagged / np.maximum(total, 1.0)), 1.0)


def advice(given: Given, state: State, inputs: Inputs) -> Array:
    """Strength of heat and safety advice that reaches residents, 0..1 (town,): a standing headquarters with lines."""
    towns = slice(0, given.n_town)
    reach = np.clip(inputs["office_telecom"][towns], 0.0, 1.0) * state.able[towns]
    return given.params.advice_strength * reach * state.headquarters[towns]
