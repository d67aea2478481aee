"""The rounds of the upper offices: prefecture and state decide on arrays of what they know, and say why."""

from __future__ import annotations

import numpy as np

from layers.government import alerts, flooding, priorities, requests, rhythm, triggers
from layers.government.alerts import MAJOR_TSUNAMI_WARNING, Warned, level
from layers.government.alerts import heard_s as warned_s
from layers.government.known import Holder, Q, heard_s, or_zero
from layers.government.requests import Kind
from layers.government.state import Given, State
from layers.government.supply import decide_goods
from layers.government.triggers import Aid, Call
from twin.chance import Chance
from twin.contract import Event
from twin.records import changed

Array = np.ndarray
ITEMS_FROM = max(Q) + 1
CALL_QUANTITIES = {
    Call.FIRE_AID: "fire_aid_called",
    Call.POLICE_AID: "police_aid_called",
    Call.MEDICAL_AID: "medical_aid_called",
    Call.SDF: "sdf_called",
    Call.RELIEF_ACT: "relief_act_applied",
    Call.NATIONAL_HEADQUARTERS: "national_headquarters_set",
    Call.STAFF_SUPPORT: "staff_support_persons",
    Call.PUSH: "push_started",
}
AID_QUANTITIES = {Aid.POWER: "power_aid_crews", Aid.WATER: "water_aid_crews", Aid.GAS: "gas_aid_crews"}
AID_CAUSES = {Aid.POWER: "power_out_customers", Aid.WATER: "water_out_households", Aid.GAS: "gas_out_customers"}


def prefecture_round(given: Given, state: State, now_s: int) -> tuple[State, list[Event]]:
    """Silence, scouts, liaison officers, weights for search and roads, and generator cars, from what is known."""
    params = given.params
    told = state.known.value[Holder.PREFECTURE]
    intensity = priorities.decide_intensity_estimate(told[Q.INTENSITY], given.neighbours)
    silent = priorities.decide_silent(heard_s(state.known, Holder.PREFECTURE), params.first_report_s, now_s, params)
    sea, river = (level(state.alerts, Holder.PREFECTURE, warning) for warning in Warned)
    cut_off = silent & ((sea >= MAJOR_TSUNAMI_WARNING) | (river >= params.overflow_level))
    scouting = np.maximum(priorities.decide_scouting(silent, intensity, params), cut_off)
    liaison = (scouting > 0) & (state.liaison_due_s < 0)
    need = priorities.decide_need(
        told[Q.TRAPPED_KNOWN], told[Q.INCIDENTS_OPEN], intensity, given.population, silent, params
    )
    endangered = given.danger_fraction * given.population
    need = need + priorities.decide_flood_need(told[Q.HOMES_FLOODED], sea, river, endangered, params)
    weight = priorities.decide_weights(need, given.population, params)
    road_need = need + params.road_need_per_evacuee * or_zero(told[Q.EVACUEES])
    known = (state.generator_approved, told[Q.GENERATOR_WANTED], weight, priorities.fleet_units(now_s, params))
    cars = priorities.decide_generator_cars(*known, state.pulled.cars_units)
    after = changed(
        state,
        silent=silent,
        scouting=_same(scouting, state.scouting),
        liaison_due_s=np.where(liaison, now_s + int(params.liaison_travel_s), state.liaison_due_s),
        search_weight=_same(weight, state.search_weight),
        road_weight=_same(priorities.decide_weights(road_need, given.population, params), state.road_weight),
        generator_cars=_same(cars, state.generator_cars),
        calls_due_s=_relief_by_count(given, state, now_s),
    )
    return after, _prefecture_events(state, after, cars != priorities.decide_generator_cars(*known))


def _relief_by_count(given: Given, state: State, now_s: int) -> Array:
    """The governor applies the Disaster Relief Act once reported homes reach the number of a town, (call,)."""
    told, due_s = state.known.value[Holder.PREFECTURE], state.calls_due_s
    if due_s[Call.RELIEF_ACT] >= 0:
        return due_s
    counts = (told[Q.HOMES_FULL], told[Q.HOMES_HALF], told[Q.HOMES_FLOODED])
    if not flooding.decide_relief(*counts, given.population, given.params):
        return due_s
    after = due_s.copy()
    after[Call.RELIEF_ACT] = now_s + int(given.params.call_delay_s[Call.RELIEF_ACT])
    return after


def _prefecture_events(before: State, after: State, moved: Array) -> list[Event]:
    """Lines of the round; moved: towns whose cars are not what they would be without orders, bool (town,)."""
    why = (("office_power", "office_telecom", "office_usable"), ("generator_cars_wanted_units",))
    events = [
        Event("town_silent", "town_silent", int(town), 1.0, causes=[(need, int(town)) for need in why[0]])
        for town in np.flatnonzero(after.silent & ~before.silent)
    ]
    events += [
        Event("town_heard", "town_silent", int(town), 0.0, causes=(("town_silent", int(town)),))
        for town in np.flatnonzero(before.silent & ~after.silent)
    ]
    events += [
        Event("scouts_wanted", "scouting_wanted", int(town), 1.0, causes=(("town_silent", int(town)),))
        for town in np.flatnonzero(after.scouting > before.scouting)
    ]
    change = after.generator_cars - before.generator_cars
    events += [
        Event(
            "generator_cars_sent" if change[town] > 0 else "generator_cars_back",
            "generator_cars_units",
            int(town),
            float(after.generator_cars[town]),
            causes=(*_car_orders(after, int(town), moved), ("requests_open", int(town)), (why[1][0], int(town))),
        )
        for town in np.flatnonzero(change)
    ]
    return events


def _car_orders(state: State, town: int, moved: Array) -> list[tuple[str, int]]:
    """The orders that gave a town its cars or took them: its own, else those of the towns that came first."""
    held = ~np.isnan(state.pulled.cars_units)
    if not moved[town]:
        return []
    rows = [town] if held[town] else np.flatnonzero(held & (state.generator_cars > 0)).tolist()
    return [("generator_cars_units", row) for row in rows]


def supply_round(given: Given, state: State, now_s: int) -> tuple[State, list[tuple[Kind, int, float]]]:
    """Work out orders for every town from its last report; towns with an open order wait."""
    if state.supply_due_s > now_s:
        return state, []
    told = state.known.value[Holder.PREFECTURE]
    order, received = np.zeros_like(state.goods_ordered), np.zeros_like(state.goods_ordered)
    received[:, given.item_of] = or_zero(told[ITEMS_FROM:]).T
    order[:, given.item_of] = state.goods_ordered
    wanted = decide_goods(told[Q.EVACUEES], told[Q.WATER_OUT], told[Q.STOCK_DAYS], order, received, given.params)
    free = state.goods_asked.sum(axis=1) == 0
    asked = np.where(free[:, None], wanted[:, given.item_of], state.goods_asked)
    asks = [(Kind.GOODS, int(town), float(wanted[town].sum())) for town in np.flatnonzero(free & wanted.any(axis=1))]
    every = int(given.params.supply_every_s)
    due_s = state.supply_due_s + every * (1 + (now_s - state.supply_due_s) // every)
    return changed(state, goods_asked=asked, supply_due_s=due_s), asks


def state_round(given: Given, state: State, now_s: int) -> tuple[State, list[Event]]:
    """Calls of forces, mutual aid of utilities, outside staff, from what the state knows."""
    params = given.params
    told = state.known.value[Holder.STATE]
    due_s = triggers.decide_calls(
        state.calls_due_s, told[Q.INTENSITY], told[Q.TRAPPED_KNOWN], told[Q.DEATHS], told[Q.EVACUEES], now_s, params
    )
    sea, river = (level(state.alerts, Holder.STATE, warning) for warning in Warned)
    sea_s, river_s = (warned_s(state.alerts, Holder.STATE, warning) for warning in Warned)
    due_s = triggers.decide_calls_on_warning(due_s, sea, sea_s, river, river_s, params)
    out = np.array([_sum(told[quantity]) for quantity in (Q.POWER_OUT, Q.WATER_OUT, Q.GAS_OUT)])
    called_s, crews = triggers.decide_aid(state.aid_called_s, state.aid_crews, out, now_s, params)
    support = state.support_target
    if triggers.in_force(due_s, Call.STAFF_SUPPORT, now_s) and not support.any():
        homes = told[Q.HOMES_FULL : Q.HOMES_UNCLASSIFIED + 1]
        support = priorities.decide_support(told[Q.INTENSITY], told[Q.EVACUEES], or_zero(homes).sum(axis=0), params)
    events = [
        Event(
            "mutual_aid_called",
            AID_QUANTITIES[aid],
            0,
            float(crews[aid]),
            causes=((AID_CAUSES[aid], _largest(told[(Q.POWER_OUT, Q.WATER_OUT, Q.GAS_OUT)[aid]])),),
        )
        for aid in Aid
        if state.aid_called_s[aid] < 0 <= called_s[aid]
    ]
    return changed(state, calls_due_s=due_s, aid_called_s=called_s, aid_crews=crews, support_target=support), events


def call_events(given: Given, state: State, start_s: int, end_s: int) -> list[Event]:
    """One event per call that takes effect in (start_s, end_s], caused by what the state or the governor knows."""
    due_s = state.calls_due_s
    if not ((start_s < due_s) & (due_s <= end_s)).any():
        return []
    return [
        Event(
            CALL_QUANTITIES[call],
            CALL_QUANTITIES[call],
            0,
            1.0,
            time_s=int(due_s[call]),
            causes=_reasons(state, call),
        )
        for call in Call
        if start_s < due_s[call] <= end_s
    ]


def _reasons(state: State, call: Call) -> tuple[tuple[str, int], ...]:
    """Why a call was given: an order, or warnings in force, flooded homes reported, the strongest intensity known."""
    if state.pulled.call_due_s[call] == state.calls_due_s[call]:
        return ((CALL_QUANTITIES[call], 0),)
    intensity = state.known.value[Holder.STATE, Q.INTENSITY]
    flooded = state.known.value[Holder.PREFECTURE, Q.HOMES_FLOODED]
    reasons = alerts.causes(state.alerts, Holder.STATE)
    if call == Call.RELIEF_ACT and (flooded > 0).any():
        reasons += (("buildings_flooded", _largest(flooded)),)
    if reasons and np.isnan(intensity).all():
        return reasons
    return (("intensity_received", _largest(intensity)), *reasons)


def headquarters_round(given: Given, state: State, able: float, now_s: int) -> tuple[State, list[Event]]:
    """Cut-offs and publications of the prefectural headquarters that fall due by now."""
    params, beat, events = given.params, state.rhythm, []
    while True:
        if 0 <= beat.publish_due_s <= now_s:
            beat = rhythm.publish(beat)
            events.append(Event("report_published", "reports_published", 0, float(beat.n_published)))
        elif beat.publish_due_s < 0 and beat.cutoff_due_s <= now_s:
            wait_s = rhythm.compile_time_s(beat.cutoff_due_s, params) / max(able, params.least_able)
            later_s = rhythm.next_cutoff_s(beat.cutoff_due_s, given.clock_offset_s, params)
            beat = rhythm.cut_off(beat, state.known, Holder.PREFECTURE, beat.cutoff_due_s + int(wait_s), later_s)
        else:
            return (state if beat is state.rhythm else changed(state, rhythm=beat)), events


def ask_all(
    given: Given, state: State, asks: list[tuple[Kind, int, float]], able: float, now_s: int, chance: Chance
) -> tuple[State, list[Event]]:
    """Put new requests before the prefecture."""
    if not asks:
        return state, []
    count, asked, events, rows = state.n_requests.copy(), state.generator_asked.copy(), [], []
    for kind, town, amount in asks:
        key = int(given.town_keys[town])
        wait_s = requests.approval_s(kind, key, int(count[town]), 0, able, given.params, chance)
        rows.append((int(kind), town, amount, int(count[town]), now_s + int(wait_s)))
        count[town] += 1
        if kind == Kind.GENERATOR_CARS:
            asked[town] += amount
        cause = "generator_cars_wanted_units" if kind == Kind.GENERATOR_CARS else "shelter_counted_persons"
        events.append(Event("request_sent", "requests_open", town, amount, causes=((cause, town),), args=(kind.name,)))
    table = requests.ask(state.requests, rows, now_s)
    return changed(state, requests=table, n_requests=count, generator_asked=asked), events


def _same(new: Array, old: Array) -> Array:
    """The old array when nothing changed, so that unchanged content keeps its object."""
    return old if np.array_equal(new, old) else new


def _sum(values: Array) -> float:
    """Sum of what was heard; NaN when nothing was."""
    return float(np.nansum(values)) if not np.isnan(values).all() else float("nan")


def _largest(values: Array) -> int:
    """Row of the largest value heard; 0 when nothing was."""
    return int(np.argmax(np.where(np.isnan(values), -np.inf, values)))
