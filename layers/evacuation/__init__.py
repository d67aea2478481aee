"""Evacuation and shelters: who leaves home and why, where they stay, and what makes a shelter habitable.

Flight from tsunami and flood (ground, households, alarm, walking, flight, flight_lines) moves single households over
the patches of worlds with a terrain; once safe they are handed on to the rest of the layer.
Each step: flight, demand by cell and reason (behaviour), shelters called up, checked, opened and consolidated
(shelters), whole people moved (moves), the ill transferred, presence by hour and the head-count (headcount), the
journal (lines).
A step lasts 20 minutes, short against the hours people take to leave.
Orders and behaviour are apart: an order is one of five reasons to leave. `people` owns all persons; this layer keeps
who is away from which cell, so that nobody returns who has not left.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from layers.evacuation import alarm, behaviour, flight, flight_lines, headcount, lines, moves, outputs, shelters
from layers.evacuation.flight import Fled
from layers.evacuation.levers import LEVERS, obey
from layers.evacuation.state import (
    Given,
    Place,
    State,
    evacuees_persons,
    prepare,
    start,
)
from twin.contract import Clock, Event, Inputs, Layer, Result, Series, Stock, Var
from twin.records import changed

NEEDS = (
    Var("felt_shocks", "1", "municipality", "amount", doc="number of shocks felt at intensity 4 or more"),
    Var("wbgt_c", "degC", "municipality", doc="wet-bulb globe temperature outdoors"),
    Var(
        "tsunami_advisory",
        "1",
        "municipality",
        doc="1 while a tsunami advisory or warning is in force for the town's coast",
    ),
    Var(
        "shelter_usable",
        "1",
        "shelter",
        doc="1 if the building is safe and its ceilings, floor and fixtures allow use",
    ),
    Var("buildings_collapsed", "building", "cell", doc="buildings totally collapsed so far by shaking or slope"),
    Var(
        "buildings_half_collapsed",
        "building",
        "cell",
        doc="buildings half collapsed so far, collapsed ones not counted",
    ),
    Var("power_on_fraction", "1", "cell", doc="share of households supplied with electricity"),
    Var("water_service_fraction", "1", "cell", doc="share of normal piped water service"),
    Var("shelter_power", "1", "shelter", doc="1 if the shelter has electricity"),
    Var("shelter_water", "1", "shelter", doc="share of piped water at the shelter"),
    Var("persons_home", "person", "cell", doc="people at home now"),
    Var(
        "persons_at_hand",
        "person",
        "cell",
        doc="residents who have not left, at home or out; those cut off not counted",
    ),
    Var("persons_displaced", "person", "cell", doc="residents whose home cannot be lived in"),
    Var("persons_away", "person", "cell", doc="residents who stay elsewhere as evacuees, as confirmed by people"),
    Var(
        "households_mobile_fraction",
        "1",
        "municipality",
        doc="share of households that are together and able to move",
    ),
    Var("persons_ill", "person", "municipality", "amount", doc="people newly ill from heat, crowding or lack of care"),
    Var("shelter_meals_fraction", "1", "shelter", doc="share of the meals needed that is served"),
    Var("shelter_drink_fraction", "1", "shelter", doc="share of the drinking water needed that is there"),
    Var(
        "shelter_toilets_fraction",
        "1",
        "shelter",
        doc="toilets there over toilets needed (1 per 50 people at first, then per 20)",
    ),
    Var("shelter_cooling_fraction", "1", "shelter", doc="coolers there over coolers needed"),
    Var("brought_persons", "person", "municipality", "amount", doc="freed or helped people brought to shelters"),
    Var("evacuation_order_fraction", "1", "municipality", doc="share of residents under an evacuation order"),
    Var(
        "flood_call",
        "1",
        "municipality",
        doc="call of the town for floods: 0 none, 3 old people and care homes leave, 4 all leave, 5 take cover",
    ),
    Var("shelter_staff_persons", "person", "municipality", doc="municipal staff on shelter duty"),
    Var("shelter_checks_units", "unit", "municipality", "amount", doc="shelter safety checks done"),
    Var(
        "shelters_target_units",
        "unit",
        "municipality",
        doc="number of shelters the town wants open; NaN = no decision",
    ),
    Var("homes_tagged_fraction", "1", "municipality", doc="share of damaged homes with a safety tag"),
    Var("water_depth_m", "m", "patch", doc="depth of sea or flood water on the ground now"),
    Var("tsunami_warning", "1", "municipality", doc="tsunami warning in force: 0 none or advisory, 1 warning, 2 major"),
    Var("flood_warning", "1", "municipality", doc="flood warning level in force, 0 to 5, by river stages"),
    Var("daylight", "1", "region", doc="1 by day, 0 by night, between in twilight"),
    Var("telecom_fraction", "1", "cell", doc="share of people with mobile service"),
)

GIVES = (
    Var("shelter_persons", "person", "shelter", doc="people staying in the shelter"),
    Var("car_persons", "person", "municipality", doc="people staying in cars"),
    Var("elsewhere_persons", "person", "municipality", doc="evacuees with relatives, in hotels or undesignated places"),
    Var("leaving_persons", "person", "cell", "amount", doc="people who leave home"),
    Var("returning_persons", "person", "cell", "amount", doc="people who go home"),
    Var("crowding_fraction", "1", "municipality", doc="people in shelters over habitable capacity"),
    Var("shelter_wbgt_c", "degC", "municipality", doc="heat people in shelters and cars live in (WBGT)"),
    Var(
        "shelter_counted_persons",
        "person",
        "municipality",
        doc="people in shelters at the last head-count (known in the town); NaN before the first",
    ),
    Var("shelter_staff_wanted_persons", "person", "municipality", doc="municipal staff the open shelters need"),
    Var("shelters_open_units", "unit", "municipality", doc="shelters open"),
    Var("shelters_unchecked_units", "unit", "municipality", doc="shelters waiting for a safety check"),
    Var("shelter_ambulance_calls", "call", "municipality", "amount", doc="119 calls from shelters and cars"),
    Var(
        "caught_persons",
        "person",
        "cell",
        "amount",
        doc="people on their way whom the water reached, by cell they left",
    ),
    Var(
        "caught_at_persons",
        "person",
        "patch",
        "amount",
        doc="the same people by the patch on which the water reached them",
    ),
    Var("evacuee_cars_units", "unit", "municipality", doc="cars of people fleeing that are on the road now"),
)


RECORDS = (
    Var("shelter_limit", "1", "shelter", doc="condition that binds: floor, check, heat, toilets, water, staff, power"),
    Var("refused_persons", "person", "municipality", doc="people turned away from every shelter of the town so far"),
    Var("evacuees_moved_persons", "person", "municipality", "amount", doc="people who left home or went back"),
    Var("fleeing_persons", "person", "municipality", doc="people fleeing from tsunami or flood"),
    Var("refuge_persons", "person", "patch", doc="people in the refuge building on the patch"),
)

SERIES = (
    Series("evacuees_in_shelters", "person", "people inside designated shelters now"),
    Series("evacuees_in_cars", "person", "people staying in cars now; not observed in 2026"),
    Series("evacuees_elsewhere", "person", "evacuees with relatives, in hotels, undesignated places and yards"),
    Series("evacuees_in_hospital", "person", "evacuees transferred to hospital and not yet back"),
    Series("shelters_open", "unit", "designated shelters open"),
    Series("shelters_full", "unit", "open shelters that take nobody in"),
    Series("shelter_capacity_persons", "person", "habitable capacity of the open shelters"),
    Series("refused_persons", "person", "people turned away from every shelter of their town so far"),
    Series("evacuees_fleeing", "person", "people on their way to safety from tsunami or flood now"),
    Series("evacuees_in_refuges", "person", "people who fled and wait on safe ground or in refuge buildings now"),
    Series("people_caught", "person", "people on their way to safety whom the water has reached so far"),
    Series("care_home_persons_moved", "person", "residents of care homes in the hazard zone brought to safety so far"),
    Series(
        "evacuees_aged_65_in_shelters",
        "person",
        "people aged 65 and over in shelters now; derived: by their share in the cells the people there came from",
    ),
    Series(
        "evacuees_aged_65_in_cars",
        "person",
        "people aged 65 and over in cars now; derived: by their share in the cells the people there came from",
    ),
    Series("evacuees_fleeing_slow", "person", "members of households slowed by old people on their way from water now"),
    Series("people_caught_slow", "person", "members of such households whom the water has reached on the way so far"),
    Series(
        "care_home_persons_caught", "person", "residents of care homes whom the water has reached on the way so far"
    ),
)


def step(given: Given, state: State, inputs: Inputs, clock: Clock) -> Result:
    """Advance flight, demand, shelters and people to the end of the interval."""
    turned_before = given.cells.sums(state.away_persons[Place.TURNED_AWAY])
    fled, state, home, told = _flee(given, state, inputs, clock)
    flown = lasts = None
    if fled is not None:
        flown, lasts = fled.flight.flown_persons, alarm.danger_lasts(given.params, inputs)
    demand = behaviour.advance(given, state.demand, inputs, clock, flown)
    if fled is not None and fled.handed_on.any():
        fled_persons = (fled.handed_on, fled.flight.flown_persons)
        demand = behaviour.take_over(given, demand, *fled_persons, inputs["persons_displaced"])
    halls, by_residents = shelters.manage(
        given, state.halls, demand.alarmed, turned_before, inputs, clock, lasts, state.ordered
    )
    halls = shelters.assess(given, halls, inputs, clock)
    fed = shelters.fed_in_town(given, halls, inputs["shelter_meals_fraction"], inputs["shelter_drink_fraction"])
    wish = moves.beyond_fled(state.away_persons, behaviour.wishes(given, demand, fed, state.wish_quantile))
    moved = moves.follow_wishes(given, state.away_persons, wish, home)
    sick = moves.transfer_ill(
        given, moved.away_persons, state.towns, inputs["persons_ill"], state.town_quantile, clock.dt_s
    )
    halls = shelters.check_out(given, halls, moved.left_shelters + sick.left_shelters)
    halls, away, towns = shelters.find_places(given, halls, sick.away_persons, sick.towns, turned_before)
    halls = headcount.look_around(given, state.halls, halls, state.hall_quantile, clock)
    halls, towns, n_counts = headcount.count(given, state, halls, towns, inputs, clock)
    towns, events = lines.journal(given, state, demand, halls, towns, moved, by_residents)
    cars = headcount.car_present_persons(given.params, given.cells, away, state.town_quantile, clock.hour)
    towns = changed(towns, car_persons=cars)
    after = changed(state, demand=demand, away_persons=away, halls=halls, towns=towns, n_counts=n_counts)
    booked = {"evacuees": _booked(moved, sick, fled)}
    return Result(after, outputs.outputs(given, after, inputs, clock, moved, sick, fled), [*told, *events], booked)


def _flee(
    given: Given, state: State, inputs: Inputs, clock: Clock
) -> tuple[Fled | None, State, np.ndarray, list[Event]]:
    """Flight of single households: what it did, the state with it, people at home who are left, lines told."""
    if not given.ground.active:
        return None, state, inputs["persons_home"], []
    away = state.away_persons
    fled = flight.advance(given.ground, given.params, state.flight, away.sum(axis=0), inputs, clock)
    home = np.maximum(flight.unseen(inputs["persons_home"], away.sum(axis=0), inputs) - fled.leaving, 0.0)
    now, told = flight_lines.journal(given.ground, given.params, state.flight, fled, inputs)
    fleeing = np.stack([fled.under_way, fled.in_refuge])
    at_door = fled.handed_on + fled.found
    if at_door.any() or not np.array_equal(away[Place.UNDER_WAY :], fleeing):
        away = away.copy()
        away[Place.UNDER_WAY :] = fleeing
        away[Place.TURNED_AWAY] += at_door
    return fled, changed(state, flight=now, away_persons=away), home, told


def _booked(moved: moves.Moved, sick: moves.Transfers, fled: Fled | None) -> float:
    """Net number of people who became evacuees."""
    entered = moved.leaving.sum() + sick.discharged.sum()
    net = float(entered - moved.returning.sum() - sick.transferred.sum())
    return net if fled is None else net + float(fled.leaving.sum() + fled.found.sum() - fled.caught.sum())


LAYER = Layer(
    name="evacuation",
    doc=__doc__ or "",
    needs=NEEDS,
    gives=GIVES,
    prepare=prepare,
    start=start,
    step=step,
    measure=outputs.measure,
    params_file=Path(__file__).with_name("params.toml"),
    stocks=(Stock("evacuees", "person", evacuees_persons),),
    levers=LEVERS,
    series=SERIES,
    records=RECORDS,
    every_s=1200,
    wakes=("tsunami_warning", "water_depth_m"),
    state_schema=3,
    obey=obey,
)
