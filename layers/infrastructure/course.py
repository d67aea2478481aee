"""One step of the lifelines, in order: work, restore, break, supply, ask."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from layers.infrastructure import crews as gang
from layers.infrastructure import (
    facilities,
    gas,
    placed,
    power,
    road_orders,
    roads,
    sending,
    sewer,
    soaking,
    telecom,
    water,
)
from layers.infrastructure.counts import probability
from layers.infrastructure.facilities import PUMP, STATION
from layers.infrastructure.state import Given, State
from twin.contract import Clock, Inputs
from twin.records import changed
from twin.units import DAY_S, HOUR_S

Array = np.ndarray


@dataclass(frozen=True)
class Fresh:
    """What broke in this step: feeders tripped, faults made (feeder, section), gas blocks shut, shaken at all."""

    tripped: Array
    faults: Array
    blocks_shut: Array
    shaken: bool


def advance(given: Given, state: State, inputs: Inputs, clock: Clock) -> tuple[State, float, Fresh]:
    """The state at the end of the step, litres of fuel burnt in it, and what broke."""
    before, in_round = state, _is_round(given, inputs, clock)
    if in_round:
        state = _work(given, state, inputs, clock)
    state, fresh = _shake(given, state, inputs, clock)
    state = soaking.soak(given, state, inputs, clock)
    state, burnt_l = _electricity(given, state, inputs, clock, before)
    if fresh.tripped.any():
        state = changed(state, crews=_patrols(given, state, inputs, clock, fresh))
    way = road_orders.hold(state.roads, state.orders, clock.end_s)
    if roads.has_news(way, inputs["road_debris_m3"], inputs["road_slides"]):
        way = roads.update(way, given.roads, given.params, inputs["road_debris_m3"], inputs["road_slides"])
        state = changed(state, roads=way)
    if in_round:
        state = _water(given, state, inputs, clock)
        state = _slow(given, state, inputs, clock)
        state = sending.carry_out(given, _ask(given, state, inputs, clock), clock.end_s)
    return _drive(given, before, state, inputs, clock, fresh.shaken), burnt_l, fresh


def _drive(given: Given, before: State, state: State, inputs: Inputs, clock: Clock, shaken: bool) -> State:
    """Travel times: drivers learn of jams and openings by the hour, of a shock, water, a flight, orders at once."""
    cars = inputs["evacuee_cars_units"]
    soaked = state.roads.flooded is not before.roads.flooded or state.roads.cut_off is not before.roads.cut_off
    ordered = road_orders.changed(before.roads, state.roads)
    if not (shaken or soaked or ordered or cars.any() or clock.start_s == 0 or clock.rings(HOUR_S)):
        return state
    traffic = road_orders.traffic(state.roads, given.roads, given.params, inputs["traffic_factor"], cars)
    return changed(state, travel=roads.travel(state.travel, state.roads, given.roads, given.params, traffic))


def _is_round(given: Given, inputs: Inputs, clock: Clock) -> bool:
    """Whether the control rooms book finished work and give out new jobs: every half hour and after a shock."""
    return clock.start_s == 0 or clock.rings(int(given.params.round_s)) or bool(inputs["shock_intensity"].any())


def _work(given: Given, state: State, inputs: Inputs, clock: Clock) -> State:
    """Crews muster, travel and work since the last round; what they finished is in order again."""
    params = given.params
    aid = np.zeros(len(gang.POOLS))
    aid[gang.POWER] = inputs["power_aid_crews"].sum()
    aid[gang.WATER] = inputs["water_aid_crews"].sum()
    aid[gang.CLEARING] = inputs["road_clearing_crews"].sum()
    crew = gang.muster(state.crews, given.crews, params, aid, inputs["generator_cars_units"], clock.start_s)
    way = state.travel
    crew, kind, subject = gang.work(
        crew, way.emergency_s, way.island, params.local_access_s, state.round_s, clock.end_s
    )
    state = changed(state, crews=crew)
    if not kind.size:
        return state
    debris_m3, slides = inputs["road_debris_m3"], inputs["road_slides"]
    state = changed(
        state,
        power=power.restore(state.power, kind, subject, clock.end_s),
        water=water.restore(state.water, kind, subject),
        telecom=telecom.restore(state.telecom, kind, subject),
        roads=roads.restore(state.roads, kind, subject, debris_m3, slides),
    )
    return soaking.mended(given, state, inputs, kind, subject)


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
    state = changed(state, power=grid, telecom=telecom.cut_lines(state.telecom, given.telecom, params, chance, faults))
    if not shaken:
        return state, changed(nothing, tripped=tripped, faults=faults)
    burner, shut = gas.shake(state.gas, given.gas, params, pgv)
    hall = np.maximum(given.town.office_cell[np.maximum(given.town.office_row, 0)], 0)
    failed = chance.uniform("infrastructure.dispatch", given.town.keys) < probability(
        intensity[hall], params.dispatch_fail_intensity, params.dispatch_fail_spread
    )
    town_intensity, town_liquefied = given.town.mean @ intensity, given.town.mean @ liquefied
    state = changed(
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


def _electricity(given: Given, state: State, inputs: Inputs, clock: Clock, before: State) -> tuple[State, float]:
    """Mains, then generators and cars, then base stations and drainage pumps. before: at the last look."""
    span = (clock.start_s, clock.end_s)
    params, place = given.params, given.facilities
    grid = power.supply(state.power, before.power, given.power, clock.end_s)
    mains, flooded = state.facilities.mains, state.facilities.flooded
    if grid.on is not before.power.on or flooded is not before.facilities.flooded:
        mains = facilities.mains_on(place, grid.on) & ~flooded
    car = gang.connected(state.crews, gang.CAR, len(place.keys), params.car_connect_s, clock.end_s)
    halls, delivered_l = state.facilities, inputs["fuel_delivered_l"]
    sent, halls, delivered_l = placed.refuel(state.orders.cars, halls, place, params, delivered_l)
    sent, sent_burnt_l = placed.feed(sent, state.crews, halls, place, params, mains, span, car)
    car = car | sent.on
    car = halls.car if np.array_equal(car, halls.car) else car
    hall, burnt_l = facilities.run_generators(halls, place, params, mains, car, delivered_l, clock.dt_s)
    terminals = placed.transmit(state.orders.terminals, state.crews, place, params, hall.power, span)
    orders = changed(state.orders, cars=sent, terminals=terminals) if state.orders.heard else state.orders
    stations = slice(place.first[STATION], place.first[STATION + 1])
    backed = gang.connected(
        state.crews, gang.STATION_CAR, len(given.telecom.keys), params.station_car_connect_s, clock.end_s
    )
    backed |= hall.power[stations] > 0
    phone = telecom.run(
        state.telecom, given.telecom, params, mains[stations], backed, clock.dt_s, terminals.on[stations]
    )
    state = changed(state, power=grid, facilities=hall, telecom=phone, orders=orders)
    return soaking.drain(given, state, clock.dt_s), burnt_l + sent_burnt_l


def _water(given: Given, state: State, inputs: Inputs, clock: Clock) -> State:
    """Zones with their pumps and the tanks of hospitals, since the last round."""
    place = given.facilities
    pump_power = state.facilities.power[place.first[PUMP] : place.first[PUMP + 1]]
    zones = water.run(state.water, given.water, given.params, pump_power, (state.round_s, clock.end_s), clock.hour)
    zones = water.supply(zones, given.water, given.params, clock.hour, clock.end_s)
    supply = facilities.hospital_supply(
        place, given.params, given.town.hospital_beds, zones.served, inputs["water_support_l_per_s"]
    )
    halls = facilities.draw_tanks(state.facilities, place, given.params, supply, clock.end_s - state.round_s)
    return changed(state, water=zones, facilities=halls)


def _slow(given: Given, state: State, inputs: Inputs, clock: Clock) -> State:
    """By-passes of sewers and, by day, visits of gas customers since the last round."""
    params = given.params
    broken = state.sewer_broken
    if broken.any():
        broken = sewer.bypassed(broken, clock.end_s - state.round_s, params)
        state = changed(state, sewer_broken=broken)
    if not state.gas.stopped.any():
        return state
    gangs = params.gas_crews_per_100000 * given.crews.population / 1e5 + inputs["gas_aid_crews"].sum()
    midnight_s = int((clock.origin - clock.origin.replace(hour=0, minute=0, second=0)).total_seconds())
    hours = (params.gas_day_from_h, params.gas_day_to_h)
    worked_s = hours_between(max(state.round_s, int(params.gas_begin_s)), clock.end_s, midnight_s, *hours)
    return changed(state, gas=gas.restore(state.gas, given.gas, params, float(gangs), worked_s))


def hours_between(start_s: int, end_s: int, midnight_s: int, from_h: float, to_h: float) -> float:
    """Seconds of [start_s, end_s) that lie between two hours of the local day; 0 if end_s <= start_s."""

    def until(t_s: float) -> float:
        day, rest = divmod(t_s + midnight_s, DAY_S)
        return day * (to_h - from_h) * HOUR_S + min(max(rest - from_h * HOUR_S, 0.0), (to_h - from_h) * HOUR_S)

    return max(until(end_s) - until(start_s), 0.0) if end_s > start_s else 0.0


def _patrols(given: Given, state: State, inputs: Inputs, clock: Clock, fresh: Fresh) -> gang.Crews:
    """Patrols set out at once for feeders that tripped."""
    shelter = inputs["shelter_persons"]
    return power.ask_patrols(
        state.crews, given.power, given.params, fresh.tripped, state.power, shelter, clock.end_s
    )  # fmt: skip


def _ask(given: Given, state: State, inputs: Inputs, clock: Clock) -> State:
    """New work for crews: repairs, surveys, leaks, lines, inspections, clearing, cars."""
    state = soaking.ask(given, state, inputs, clock.end_s)
    params, now_s, crew = given.params, clock.end_s, state.crews
    shelter = inputs["shelter_persons"]
    grid, crew = power.ask_repairs(state.power, crew, given.power, params, shelter, now_s)
    leaks = crew.subject[crew.missions.kind == gang.LEAK]
    queued = np.bincount(leaks, minlength=len(given.water.keys))
    zones, crew = water.ask_repairs(state.water, queued, crew, given.water, params, shelter, now_s)
    stations = slice(given.facilities.first[STATION], given.facilities.first[STATION + 1])
    phone, crew = telecom.ask_repairs(
        state.telecom, crew, given.telecom, params, state.facilities.mains[stations], state.power.faults, now_s
    )
    halls, crew = facilities.ask_cars(state.facilities, crew, given.facilities, params, state.orders.cars.on, now_s)
    found = (inputs["road_debris_m3"], inputs["road_slides"])
    way, crew = roads.ask_work(state.roads, crew, given.roads, params, inputs["road_priority"], found, now_s)
    return changed(
        state, crews=crew, power=grid, water=zones, telecom=phone, facilities=halls, roads=way, round_s=now_s
    )  # fmt: skip
