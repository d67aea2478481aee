"""Forces: who is called, when they are ready, their shifts, and where they are."""

from __future__ import annotations

from typing import Any

import numpy as np

from layers.rescue.codes import IS_CASE, IS_SDF, Force, Task, Trigger
from layers.rescue.state import Given, Present, State, changed, fraction, home_pool
from twin.contract import Inputs
from twin.missions import NEVER_S, WAITING, WORKING, Missions, Units
from twin.missions.duty import on_duty
from twin.units import HOUR_S

Array = np.ndarray
ROSTER_LEVERS = ("shift_s", "ambulance_crew_fraction", "extra_fire_crews")  # remembered to notice a change
RELIEVED = (Force.FIRE, Force.POLICE, Force.HELICOPTER)
CALLS = ("", "fire_aid_called", "sdf_called", "police_aid_called", "medical_aid_called")


def called(called_s: Array, inputs: Inputs, start_s: int, end_s: int) -> Array:
    """When each trigger took effect, seconds (trigger,), -1 not yet; a call once given stands.

    Local forces start by themselves: their trigger is the beginning of the first step.
    """
    fresh = np.array([at_s < 0 and _asked(inputs, name) for at_s, name in zip(called_s.tolist(), CALLS)])
    if not fresh.any():
        return called_s  # the same object: nobody new is called
    when_s = np.full(len(called_s), end_s)
    when_s[Trigger.AT_ONCE] = start_s
    return np.where(fresh, when_s, called_s)


def _asked(inputs: Inputs, name: str) -> bool:
    return not name or bool(inputs[name][0] >= 0.5)


def order(given: Given, state: State, called_s: Array, night: bool) -> tuple[Units, Array]:
    """Units called since the last step get the instant at which they are ready, and their shifts.

    Returns (units, ordered (unit,)). Crews kept for levers come when the lever allows their rank.
    """
    roster, params = given.roster, given.params
    if called_s is state.called_s and all(getattr(state, name) == params[name] for name in ROSTER_LEVERS):
        return state.units, state.ordered
    extra = roster.kind == Force.AID_FIRE
    allowed = (roster.rank < 0) | (extra & (roster.rank < params.extra_fire_crews))
    should = (called_s[roster.trigger] >= 0) & allowed & ~state.ordered
    slow = np.where(roster.local & night, params.night_mobilise_factor, 1.0) * params.mobilise_factor
    mobilise_s = np.where(roster.mobilise_s >= 0, roster.mobilise_s * slow, params.extra_mobilise_s)
    ready_s = (called_s[roster.trigger] + mobilise_s).astype(np.int64)
    available_s = np.where(should, ready_s, state.units.available_s)
    ordered = state.ordered | should
    pool = np.where(
        should | (state.units.mission < 0) & (roster.kind == Force.FIRE), home_pool(given), state.units.pool
    )
    units = state.units.with_columns(available_s=available_s, pool=pool.astype(np.int16))
    return _with_shifts(given, units, ordered, state.sent.by > 0), ordered


def _with_shifts(given: Given, units: Units, ordered: Array, by_order: Array) -> Units:
    """Day and night crews: the first begin when they are ready, the others a shift later.

    Fire and police stations keep their number of crews on duty by relief with off-duty staff; helicopters need light.
    Units sent by order, bool (unit,), keep the turns they were given then.
    """
    shift_s, kind = int(given.params.shift_s), given.roster.kind
    second = given.roster.quantile > given.params.first_shift_fraction
    turns = ordered & ~np.isin(kind, RELIEVED)
    begin_s = np.where(by_order, units.shift_offset_s, units.available_s + np.where(second, shift_s, 0))
    offset_s = np.where(turns, begin_s, 0)
    span_s = np.where(turns, shift_s, 0)
    return units.with_columns(duty_s=span_s, rest_s=span_s, shift_offset_s=offset_s)


def fly(given: Given, units: Units, daylight: float, now_s: int) -> Units:
    """Helicopters can be sent by day, once ready, as many as there are; nobody flies in the dark."""
    rows, params = given.air, given.params
    can = (given.roster.rank[rows] < params.helicopters) & (daylight > 0.5) & (now_s >= params.helicopter_ready_s)
    could = units.available_s[rows] < NEVER_S
    if np.array_equal(can, could):
        return units
    available_s = units.available_s.copy()
    available_s[rows] = np.where(can, now_s, NEVER_S)
    return units.with_columns(available_s=available_s)


def arrivals(given: Given, units: Units, arrived: Array, by_order: Array, now_s: int) -> tuple[Array, Array]:
    """Bases of outside forces whose first crew is now there: (arrived (base,), rows of the new ones).

    Units sent by order, bool (unit,), are told of by themselves.
    """
    roster = given.roster
    here = np.append(arrived, True)  # the last stands for units that belong to no base
    here[roster.base[(units.available_s <= now_s) & ~roster.local & ~by_order]] = True
    new = np.flatnonzero(here[:-1] & ~arrived)
    return (here[:-1], new) if new.size else (arrived, new)


def look_round(given: Given, state: State, now_s: int) -> Present:
    """Work out who is where and what is open, from the tables of missions and units."""
    units, roster, places = state.units, given.roster, given.places
    rows = np.flatnonzero(state.ordered & (units.available_s <= now_s))
    busy = rows[units.mission[rows] >= 0]
    town, persons = places.town[units.place[busy]], roster.persons[busy]
    at_work = _among(units.mission[busy], state.missions.key[state.missions.phase == WORKING])
    dependent = roster.local[busy] | (now_s >= units.available_s[busy] + given.params.self_supply_s)
    coming = state.ordered & ~roster.local & (units.available_s > now_s)
    coming &= units.available_s <= now_s + given.params.approach_s
    underway = _by_town(given, town, persons * ~at_work)
    return Present(
        persons=_by_town(given, places.town[units.place[rows]], roster.persons[rows]),
        dependent_units=_by_town(given, town, dependent),
        active_units=_by_town(given, town, np.ones(len(busy))),
        moving=underway + _share_coming(given, float(roster.persons[coming].sum())),
        working=_by_town(given, town, persons * at_work),
        total_working=float(persons[at_work].sum()),
        sdf_crews=float(np.count_nonzero(IS_SDF[roster.kind[rows]])),
        **_of_missions(given, state, now_s),
    )


def _among(values: Array, keys: Array) -> Array:
    """Which values are among these keys, bool (value,)."""
    if not keys.size:
        return np.zeros(len(values), bool)
    keys = np.sort(keys)
    return keys.take(np.searchsorted(keys, values), mode="clip") == values


def look_at_missions(given: Given, state: State, now_s: int) -> Present:
    """The same for what follows from missions alone, at the instants in between."""
    return changed(state.present, **_of_missions(given, state, now_s))


def _of_missions(given: Given, state: State, now_s: int) -> dict[str, Any]:
    missions, places = state.missions, given.places
    cases = np.flatnonzero(IS_CASE[missions.kind] & (missions.phase <= WORKING) & (missions.asked_s <= now_s))
    town, kind = places.town[missions.place[cases]], missions.kind[cases]
    at_sites = np.where(state.sites.begun, np.maximum(state.sites.missing_persons, 0.0), 0.0)
    working = np.flatnonzero((missions.kind >= Task.FIRE) & (missions.phase == WORKING))
    entity, task = places.entity[missions.place[working]], missions.kind[working]
    return {
        "waiting": _by_town(given, town, missions.phase[cases] == WAITING),
        "open": _by_town(given, town, np.ones(len(cases))),
        "trapped_known": _by_town(given, town, kind != Task.SITE) + _by_town(given, given.site_town, at_sites),
        "road_crews": np.bincount(entity[task == Task.ROAD], minlength=given.n_town).astype(np.float64),
        "fire_crews": np.bincount(entity[task == Task.FIRE], minlength=given.n_cell).astype(np.float64),
        "medical_teams": np.bincount(entity[task == Task.HOSPITAL], minlength=len(given.hospital_beds)).astype(
            np.float64
        ),
    }


def _share_coming(given: Given, persons: float) -> Array:
    """Outside forces on their way belong to no town yet: shown by population so that the towns add up."""
    return persons * given.population / given.population.sum()


def _by_town(given: Given, town: Array, weight: Array) -> Array:
    """Sum by town; -1 is nowhere."""
    return np.bincount(town + 1, weights=weight, minlength=given.n_town + 1)[1:].astype(np.float64)


def free_units(given: Given, state: State, pool: int, now_s: int) -> Array:
    """Rows of the units of a pool that are ready, on duty and without a mission."""
    units = state.units
    rows = np.flatnonzero((units.pool == given.n_town + pool) & (units.mission < 0) & (units.available_s <= now_s))
    return rows[on_duty(units, rows, now_s)]


def unfinished(missions: Missions, task: int) -> Array:
    """Missions of a kind that are waiting, travelled to or worked on, bool (mission,)."""
    return (missions.kind == task) & (missions.phase <= WORKING)


def supply_fraction(present: Present, fuel_l: Array, food: Array, params_l_per_h: float, hours: float) -> Array:
    """Working capability left by fuel and food, (town,), 0..1.

    Only units past their self-supply depend on the town's fuel and food: `dependent_units` of the `active_units`.
    """
    need_l = present.dependent_units * params_l_per_h * hours
    fuel = np.minimum(1.0, fuel_l / np.maximum(need_l, 1e-9))
    dependent = present.dependent_units / np.maximum(present.active_units, 1.0)
    return 1.0 - dependent * (1.0 - np.minimum(fuel, fraction(food)))


def burn(present: Present, fuel_l: Array, l_per_crew_h: float, dt_s: int) -> tuple[Array, float]:
    """Fuel used by the units that depend on the town: (fuel left (town,), litres burnt)."""
    wanted_l = present.dependent_units * l_per_crew_h * dt_s / HOUR_S
    if not wanted_l.any():
        return fuel_l, 0.0
    used_l = np.minimum(wanted_l, fuel_l)
    return fuel_l - used_l, float(used_l.sum())


def wanted_fuel_l(given: Given, present: Present, fuel_l: Array) -> Array:
    """Fuel to order so that each town holds `fuel_order_days` of work of its units, litres (town,)."""
    params = given.params
    day_l = present.dependent_units * params.fuel_l_per_crew_h * 24.0
    return np.maximum(day_l * params.fuel_order_days - fuel_l, 0.0)


def first_fuel_l(given: Given) -> Array:
    """Fuel in the stations of local forces at the start, litres (town,)."""
    roster, params = given.roster, given.params
    crews = _by_town(given, np.where(roster.local, roster.town, -1), roster.local & (roster.kind != Force.VOLUNTEER))
    return crews * params.fuel_l_per_crew_h * 24.0 * params.local_fuel_days


def support(given: Given, present: Present, search_priority: Array) -> tuple[float, Array]:
    """Goods trucks of the Self-Defence Forces (number) and water they bring, litre per second (town,)."""
    params = given.params
    weight = given.population * search_priority
    water = present.sdf_crews * params.water_trailers_per_crew * params.water_trailer_l_per_s
    return float(np.floor(present.sdf_crews * params.trucks_per_crew)), water * weight / weight.sum()


def ground_place(given: Given, ground: int, entity: Array | int) -> Array:
    """Row of the place of an entity on one class of ground."""
    return given.places.first[ground] + np.asarray(entity)
