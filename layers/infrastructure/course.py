"""One step of the lifelines, in order: work, restore, break, supply, ask."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np

from layers.infrastructure import crews as gang
from layers.infrastructure import facilities, gas, power, roads, sewer, telecom, water
from layers.infrastructure.counts import probability
from layers.infrastructure.facilities import PUMP, STATION
from layers.infrastructure.state import Given, State
from twin.contract import Clock, Inputs
from twin.units import DAY_S, HOUR_S

Array = np.ndarray


@dataclass(frozen=True)
class Fresh:
    """What broke in this step: feeders tripped, faults made (feeder, section), gas blocks shut, shaken at all."""

    tripped: Array
    faults: Array
    blocks_shut: Array
    shaken: bool


class Supply(NamedTuple):
    """Who has mains now: bool by (feeder, section) and by facility."""

    section_on: Array
    mains: Array


def advance(given: Given, state: State, inputs: Inputs, clock: Clock) -> tuple[State, float, Fresh]:
    """The state at the end of the step, litres of fuel burnt in it, and what broke."""
    state = _work(given, state, inputs, clock)
    state, fresh = _shake(given, state, inputs, clock)
    state, supply, burnt_l = _electricity(given, state, inputs, clock, fresh)
    state = _water(given, state, inputs, clock)
    state = _gas(given, state, inputs, clock)
    state = _ask(given, state, inputs, clock, fresh, supply)
    if fresh.shaken or clock.start_s == 0 or clock.rings(HOUR_S):  # drivers learn of jams and openings by the hour
        traffic = inputs["traffic_factor"]
        state = replace(state, travel=roads.travel(state.travel, state.roads, given.roads, given.params, traffic))
    return state, burnt_l, fresh


def _work(given: Given, state: State, inputs: Inputs, clock: Clock) -> State:
    """Crews muster, travel and work over the interval; what they finished is in order again."""
    params = given.params
    aid = np.zeros(len(gang.POOLS))
    aid[gang.POWER] = inputs["power_aid_crews"].sum()
    aid[gang.WATER] = inputs["water_aid_crews"].sum()
    aid[gang.CLEARING] = inputs["road_clearing_crews"].sum()
    crew = gang.muster(state.crews, given.crews, params, aid, inputs["generator_cars_units"], clock.start_s)
    way = state.travel
    crew, kind, subject = gang.work(
        crew, way.emergency_s, way.island, params.local_access_s, clock.start_s, clock.end_s
    )
    state = replace(state, crews=crew)
    if not kind.size:
        return state
    debris_m3, slides = inputs["road_debris_m3"], inputs["road_slides"]
    return replace(
        state,
        power=power.restore(state.power, kind, subject, clock.end_s),
        water=water.restore(state.water, kind, subject),
        telecom=telecom.restore(state.telecom, kind, subject),
        roads=roads.restore(state.roads, kind, subject, debris_m3, slides),
    )


def _shake(given: Given, state: State, inputs: Inputs, clock: Clock) -> tuple[State, Fresh]:
    """Damage by a shock, by ground newly liquefied, by buildings newly lost."""
    params, chance = given.params, clock.chance
    intensity, pgv, liquefied = (inputs[k] for k in ("shock_intensity", "shock_pgv_m_per_s", "liquefaction_fraction"))
    lost = (inputs["buildings_collapsed"], inputs["buildings_burnt"])
    shaken = (
        float(intensity.max(initial=0.0)) >= params.damage_from_intensity or float(liquefied.sum()) != state.liquefied
    )
    n_feeder, n_block = len(given.power.keys), len(given.gas.keys)
    nothing = Fresh(np.zeros(n_feeder, bool), np.zeros((n_feeder, power.SECTIONS)), np.zeros(n_block, bool), shaken)
    if not shaken and float(lost[0].sum() + lost[1].sum()) == state.power.damage_seen:
        return state, nothing
    grid, tripped = power.shake(
        state.power, given.power, params, chance, (intensity, pgv), lost, liquefied, clock.end_s
    )  # fmt: skip
    faults = grid.faults_ever - state.power.faults_ever
    state = replace(state, power=grid, telecom=telecom.cut_lines(state.telecom, given.telecom, params, chance, faults))
    if not shaken:
        return state, replace(nothing, tripped=tripped, faults=faults)
    burner, shut = gas.shake(state.gas, given.gas, params, pgv)
    hall = np.maximum(given.town.office_cell[np.maximum(given.town.office_row, 0)], 0)
    failed = chance.uniform("infrastructure.dispatch", given.town.keys) < probability(
        intensity[hall], params.dispatch_fail_intensity, params.dispatch_fail_spread
    )
    town_intensity, town_liquefied = given.town.mean @ intensity, given.town.mean @ liquefied
    state = replace(
        state,
        water=water.shake(state.water, given.water, params, chance, pgv, liquefied, clock.end_s),
        telecom=telecom.shake(state.telecom, given.telecom, params, chance, intensity),
        roads=roads.shake(state.roads, given.roads, params, chance, intensity, liquefied),
        gas=burner,
        sewer_broken=np.maximum(state.sewer_broken, sewer.broken_fraction(town_intensity, town_liquefied, params)),
        dispatch_due_s=np.where(failed, clock.end_s + int(params.dispatch_repair_s), state.dispatch_due_s),
        liquefied=float(liquefied.sum()),
    )
    return state, Fresh(tripped, faults, shut, True)


def _electricity(given: Given, state: State, inputs: Inputs, clock: Clock, fresh: Fresh) -> tuple[State, Supply, float]:
    """Mains, then generators and cars, then base stations."""
    params, place = given.params, given.facilities
    on = power.section_on(state.power, clock.end_s)
    mains = facilities.mains_on(place, on)
    car = gang.connected(state.crews, gang.CAR, len(place.keys), params.car_connect_s, clock.end_s)
    hall, burnt_l = facilities.run_generators(
        state.facilities, place, params, mains, car, inputs["fuel_delivered_l"], clock.dt_s
    )  # fmt: skip
    stations = slice(place.first[STATION], place.first[STATION + 1])
    backed = gang.connected(
        state.crews, gang.STATION_CAR, len(given.telecom.keys), params.station_car_connect_s, clock.end_s
    )
    backed |= hall.power[stations] > 0
    phone = telecom.run(state.telecom, given.telecom, params, mains[stations], backed, clock.dt_s)
    return replace(state, facilities=hall, telecom=phone), Supply(on, mains), burnt_l


def _water(given: Given, state: State, inputs: Inputs, clock: Clock) -> State:
    """Zones with their pumps, sewers with their by-passes."""
    place = given.facilities
    pump_power = state.facilities.power[place.first[PUMP] : place.first[PUMP + 1]]
    zones = water.run(state.water, given.water, given.params, pump_power, (clock.start_s, clock.end_s), clock.hour)
    _, served = water.service(zones, given.water, given.params, clock.hour)
    supply = facilities.hospital_supply(
        place, given.params, given.town.hospital_beds, served, inputs["water_support_l_per_s"]
    )
    halls = facilities.draw_tanks(state.facilities, place, given.params, supply, clock.dt_s)
    broken = state.sewer_broken
    if broken.any():
        broken = sewer.bypassed(broken, clock.dt_s, given.params)
    return replace(state, water=zones, facilities=halls, sewer_broken=broken)


def _gas(given: Given, state: State, inputs: Inputs, clock: Clock) -> State:
    """House visits by day."""
    if not state.gas.stopped.any():
        return state
    params = given.params
    gangs = params.gas_crews_per_100000 * given.crews.population / 1e5 + inputs["gas_aid_crews"].sum()
    midnight_s = int((clock.origin - clock.origin.replace(hour=0, minute=0, second=0)).total_seconds())
    hours = (params.gas_day_from_h, params.gas_day_to_h)
    worked_s = hours_between(max(clock.start_s, int(params.gas_begin_s)), clock.end_s, midnight_s, *hours)
    return replace(state, gas=gas.restore(state.gas, given.gas, params, float(gangs), worked_s))


def hours_between(start_s: int, end_s: int, midnight_s: int, from_h: float, to_h: float) -> float:
    """Seconds of [start_s, end_s) that lie between two hours of the local day; 0 if end_s <= start_s."""

    def until(t_s: float) -> float:
        day, rest = divmod(t_s + midnight_s, DAY_S)
        return day * (to_h - from_h) * HOUR_S + min(max(rest - from_h * HOUR_S, 0.0), (to_h - from_h) * HOUR_S)

    return max(until(end_s) - until(start_s), 0.0) if end_s > start_s else 0.0


def _ask(given: Given, state: State, inputs: Inputs, clock: Clock, fresh: Fresh, supply: Supply) -> State:
    """New work for crews: patrols, repairs, surveys, leaks, lines, inspections, clearing, cars."""
    params, now_s, crew = given.params, clock.end_s, state.crews
    shelter = inputs["shelter_persons"]
    if fresh.tripped.any():
        crew = power.ask_patrols(crew, given.power, params, fresh.tripped, state.power, shelter, now_s)
    grid, crew = power.ask_repairs(state.power, crew, given.power, params, shelter, now_s)
    leaks = crew.subject[crew.missions.kind == gang.LEAK]
    queued = np.bincount(leaks, minlength=len(given.water.keys))
    zones, crew = water.ask_repairs(state.water, queued, crew, given.water, params, shelter, now_s)
    stations = slice(given.facilities.first[STATION], given.facilities.first[STATION + 1])
    phone, crew = telecom.ask_repairs(
        state.telecom, crew, given.telecom, params, supply.mains[stations], state.power.faults, now_s
    )
    wanted = facilities.wants_car(state.facilities, given.facilities, params, supply.mains)
    halls, crew = facilities.ask_cars(state.facilities, crew, given.facilities, params, wanted, now_s)
    found = (inputs["road_debris_m3"], inputs["road_slides"])
    way = roads.update(state.roads, given.roads, params, *found)
    way, crew = roads.ask_work(way, crew, given.roads, params, inputs["road_priority"], found, now_s)
    return replace(state, crews=crew, power=grid, water=zones, telecom=phone, facilities=halls, roads=way)
