"""One step of the people layer: move, harm, free, call, fall ill; in this order, once per step."""

from __future__ import annotations

from itertools import chain
from typing import NamedTuple

import numpy as np

from layers.people import calls, flooding, illness, journal, measures, presence, release, town, victims
from layers.people.harm import is_new, new_harm
from layers.people.presence import Presence
from layers.people.state import LIGHTLY, SEVERELY, TRAPPED, Arrivals, Given, Groups, State, Town, arrive
from layers.people.victims import Scene
from twin.contract import Clock, Event, Inputs, Result
from twin.records import changed
from twin.table import Table
from twin.units import DAY_S

Array = np.ndarray
Outputs = dict[str, np.ndarray]


def step(given: Given, state: State, inputs: Inputs, clock: Clock) -> Result:
    """Advance over the clock's interval; see the modules of this folder for each part."""
    before, shaken = state, bool(inputs["shock_intensity"].any())
    town_now, where = _presence(given, state, inputs, clock, shaken)
    wet = given.water is not None and flooding.is_wet(inputs)
    if wet:
        state = changed(state, victims=flooding.drown_trapped(given, state, inputs, clock.chance, clock.end_s))
    scene = _scene(given, state, inputs, clock, where)
    residents, away = town.move(state.residents, state.away, inputs["leaving_persons"], inputs["returning_persons"])
    rows, ended = _end_waiting(given, state, inputs, clock, scene, residents)
    people, residents, served = rows
    state = changed(
        state,
        now_s=clock.end_s,
        place_fractions=where.places,
        residents=residents,
        away=away,
        victims=people,
        town=town_now,
        effort_s=scene.effort_s,
        line_s=scene.line_s,
        routine_waiting=served,
        neighbour_freed=_count_freed(given, state, ended),
        flood=flooding.leave(state.flood, inputs["leaving_persons"]),
    )
    fresh = drowned = None
    if shaken or is_new(given, state, inputs, clock):
        state, fresh = new_harm(given, state, inputs, clock, scene, where)
    if wet:
        here = np.maximum(where.home + state.residents - before.residents, 0)
        state, drowned = flooding.advance(given, state, inputs, clock, scene, where._replace(home=here))
    state, amounts, hardship = _demand(given, state, inputs, clock, where)
    still = state.residents is before.residents and state.flood is before.flood
    home = where.home if still else measures.home_persons(given, state)
    outputs = _outputs(given, state, where, home) | amounts
    events = _events(given, before, state, News(fresh, hardship, drowned, inputs), ended, outputs)
    return Result(state, outputs, events)


def _presence(given: Given, state: State, inputs: Inputs, clock: Clock, shaken: bool) -> tuple[Town, Presence]:
    """Outings follow the hourly profile; after a strong shock people go home through the jam they make."""
    params, before = given.params, state.town
    places = presence.place_fractions(params, clock.now, given.school_holiday, given.holiday)
    everyday = float(places.sum())
    stay = before.stay_home_fraction * np.exp(-clock.dt_s / params.stay_home_recovery_s)
    target = everyday * (1.0 - stay)
    jammed = (stay > params.upset_stay_home) & (before.absent_fraction > target)
    time_s = np.where(jammed, params.return_home_s * before.traffic_factor, params.outing_s)
    absent = presence.relax(before.absent_fraction, target, time_s, clock.dt_s)
    strength: Array | float = 0.0
    strong_s = before.strong_s
    if shaken:
        strength = town.strong_shock(given, inputs["shock_intensity"])
        stay = np.maximum(stay, params.stay_home_peak_fraction * strength)
        strong_s = np.where(strength >= params.strong_strength, float(clock.end_s), strong_s)
    waiting = np.maximum(absent - everyday * (1.0 - stay), 0.0)
    now = changed(
        before,
        absent_fraction=absent,
        homeward_fraction=np.where(stay > params.upset_stay_home, waiting, 0.0),
        stay_home_fraction=stay,
        phone_excess=calls.phone_load(given, before.phone_excess, strength, clock.dt_s),
        strong_s=strong_s,
    )
    home = measures.at_home(given, state, absent)
    out = state.residents - home
    visitors = presence.visitors(given.attraction_persons, float(out.sum()))
    present = home + visitors
    awake = presence.awake_fraction(params, clock.hour)
    response = _first_response(given, now, clock, awake, present)
    return now, Presence(home, present, visitors, response, now.homeward_fraction, places, awake)


def _scene(given: Given, state: State, inputs: Inputs, clock: Clock, where: Presence) -> Scene:
    """Clocks of neighbours and telephone lines run on over the interval."""
    daylight = float(inputs["daylight"][0])
    line_s = state.line_s + clock.dt_s * inputs["telecom_fraction"]
    effort_s = state.effort_s
    trapped = state.victims["state"] == TRAPPED
    if trapped.any():  # where nobody is trapped the neighbours' clock stands
        number = np.bincount(state.victims["cell"][trapped], minlength=len(given.town))
        cells = number.nonzero()[0]
        helpers = where.present[cells] * where.response_fraction[cells]
        effort_s = effort_s.copy()
        effort_s[cells] += clock.dt_s * release.effort_rate(given, daylight, number[cells], helpers)
    return Scene(clock.start_s, clock.end_s, daylight, state.effort_s, effort_s, line_s)


def _first_response(given: Given, now: Town, clock: Clock, awake: float, present: Array) -> Array:
    woken = clock.end_s - now.strong_s < given.params.woken_s
    shaken = town.on_cells(given, woken).astype(np.float64) if woken.any() else 0.0
    return town.first_response(given, awake, shaken, present)


def _end_waiting(
    given: Given, state: State, inputs: Inputs, clock: Clock, scene: Scene, residents: Array
) -> tuple[tuple[Table, Array, Array], release.Ended]:
    """Responders free, hospitals treat, neighbours free, and death comes to those who waited too long."""
    people, chance = state.victims, clock.chance
    freed = release.freed_by_responders(chance, people, inputs["freed_persons"], inputs["site_freed_persons"])
    treated = inputs["treated_persons"]
    served = state.routine_waiting
    if treated.any():
        people, served, _ = release.treat(people, treated, served)
    people, residents, ended = release.release(given, chance, scene, people, residents, freed)
    return (people, residents, served), ended


def _count_freed(given: Given, state: State, ended: release.Ended) -> Array:
    if not ended.by_neighbours.size:
        return state.neighbour_freed
    towns = state.victims["municipality"][ended.by_neighbours]
    return state.neighbour_freed + np.bincount(towns, minlength=given.n_towns)


def _conditions(given: Given, inputs: Inputs, where: Presence) -> illness.Conditions:
    return illness.Conditions(
        home_persons=town.by_town(given, where.home),
        shelter_persons=inputs["shelter_persons"],
        car_persons=inputs["car_persons"],
        power=town.service_of_town(given, inputs["power_on_fraction"]),
        water=town.service_of_town(given, inputs["water_service_fraction"]),
        wbgt_c=inputs["wbgt_c"],
        shelter_wbgt_c=inputs["shelter_wbgt_c"],
        crowding=inputs["crowding_fraction"],
        home_water=inputs["home_water_fraction"],
        home_food=inputs["home_food_fraction"],
        medicine=inputs["medicine_fraction"],
        advice=inputs["advice"],
    )


def _demand(
    given: Given, state: State, inputs: Inputs, clock: Clock, where: Presence
) -> tuple[State, dict[str, Array], Table | None]:
    """Calls, walk-in patients, illness and related deaths of the step."""
    people, trapped_calls = calls.trapped_calls(given, clock.chance, state.victims, state.line_s)
    people, hurt_calls, walk_in = calls.care_seekers(given, people, state.line_s, clock.end_s)
    now = _conditions(given, inputs, where)
    hall_calls, carry = _town_hall(given, state, inputs, clock, now, where.awake_fraction)
    ill, new, devices, groups, per_day = _fall_ill(given, state, clock, now, where.awake_fraction)
    routine, new_home = new["routine"], new["ill_home"]
    by_ambulance = _share_of_count(ill["ill_home"], new_home, given.params.ill_ambulance_fraction)
    ambulance_calls = hurt_calls + routine + by_ambulance
    calls_now = ambulance_calls + (0.0 if trapped_calls is given.nobody else town.by_town(given, trapped_calls))
    state = changed(
        state,
        victims=people,
        town=_town_now(given, state, clock, where, people, call_carry=carry, **devices),
        routine_waiting=state.routine_waiting + routine + new_home,
        emergency_calls=state.emergency_calls + calls_now.astype(np.int64),
        groups=groups,
        **ill,
    )
    hardship = None
    if new["related"].any():
        by_place = illness.related_by_place(given, now, per_day)
        state, hardship = _related(given, state, clock, ill["related"], new["related"], by_place)
    amounts = {
        "trapped_calls": trapped_calls,
        "ambulance_calls": ambulance_calls,
        "walk_in_persons": walk_in + new_home - by_ambulance,
        "persons_ill": (new_home + new["ill_shelter"]).astype(np.float64),
        "resident_calls": hall_calls,
        "phone_load_fraction": 1.0 + state.town.phone_excess,
    }
    return state, amounts, hardship


def _town_now(given: Given, state: State, clock: Clock, where: Presence, victims: Table, **fields: Array) -> Town:
    """Jams, staff at work and confirmed deaths at the end of the step; fields: what else changed in the town."""
    traffic = presence.traffic_factor(given.params, where.waiting_fraction, float(where.places[3]))
    hit = state.displaced_in_town / np.maximum(given.town_night_persons, 1.0)
    return changed(
        state.town,
        traffic_factor=traffic,
        attendance_fraction=town.staff_attendance(given, state.town.strong_s, clock.end_s, hit, traffic),
        deaths_confirmed_persons=measures.count(given, victims, measures.confirmed(victims, clock.end_s)),
        **fields,
    )


class Sick(NamedTuple):
    """Poisson processes after the step and their new events by name, shares with device and dialysis, groups, rates."""

    ill: dict[str, Arrivals]
    new: dict[str, Array]
    devices: dict[str, Array]
    groups: Groups
    per_day: illness.IllPerDay


def _fall_ill(given: Given, state: State, clock: Clock, now: illness.Conditions, awake: float) -> Sick:
    """Everyday emergencies, illness from the conditions, related deaths; and who still has device or dialysis."""
    params, chance, keys, days = given.params, clock.chance, given.town_keys, clock.dt_s / DAY_S
    per_day = illness.ill_per_day(given, now)
    at_home, away, in_cars = per_day
    cover = illness.delivery_cover(given, state.groups, clock.start_s)
    device, dialysis, dependents = illness.dependents_ill(
        given, state.town.device_ok_fraction, state.town.dialysis_ok_fraction, now, clock.dt_s, cover
    )
    by_hour = awake * params.routine_awake_factor + (1.0 - awake) * params.routine_asleep_factor
    everyday = given.town_night_persons * params.routine_per_person_day * by_hour * days
    expected = {
        "routine": everyday,
        "ill_home": at_home * days + dependents,
        "ill_shelter": away * days,
        "related": illness.related_per_day(given, now, at_home + away) * days,
    }
    ill, new = {}, {}
    for name, more in expected.items():
        ill[name], new[name] = arrive(chance, f"people.{name}", keys, getattr(state, name), more)
    groups = changed(
        state.groups,
        ill_in_cars=state.groups.ill_in_cars + in_cars * days,
        ill_in_shelters=state.groups.ill_in_shelters + np.maximum(away - in_cars, 0.0) * days,
        ill_dependent=state.groups.ill_dependent + dependents,
    )
    return Sick(ill, new, {"device_ok_fraction": device, "dialysis_ok_fraction": dialysis}, groups, per_day)


def _share_of_count(after: Arrivals, new: Array, share: float) -> Array:
    """Every share-th event counted from the start, so that the split does not depend on the steps."""
    return np.floor(after.count * share) - np.floor((after.count - new) * share)


def _town_hall(
    given: Given, state: State, inputs: Inputs, clock: Clock, now: illness.Conditions, awake: float
) -> tuple[Array, Array]:
    """Whole calls that reach the town halls in the step, and the fraction of a call left over."""
    line = town.service_of_town(given, inputs["telecom_fraction"])
    rate = calls.town_hall_calls_per_s(given, awake, now.power, now.water, state.displaced_in_town)
    wanted = state.town.call_carry + rate * line * clock.dt_s
    made = np.floor(wanted)
    return made, wanted - made


def _related(
    given: Given, state: State, clock: Clock, after: Arrivals, new: Array, by_place: Array
) -> tuple[State, Table]:
    """Disaster-related deaths leave the living; `after` counts them for the keys of the persons."""
    towns = np.repeat(np.arange(given.n_towns), new)
    numbers = np.repeat(after.count - new, new) + victims.rank_in_group(towns, np.arange(len(towns)))
    rows, residents, away = victims.related_victims(given, clock.chance, state, towns, numbers, by_place)
    return changed(state, residents=residents, away=away, victims=victims.join(state.victims, rows)), rows


def _outputs(given: Given, state: State, where: Presence, home: Array) -> dict[str, Array]:
    """What is given but the amounts of the step; home: residents at home now, (cell,)."""
    in_dwellings, at_sites = _trapped(given, state)
    hurt = measures.in_hospital(given, state)
    return {
        "stranded_persons": state.flood.stranded.astype(np.float64) if given.water is not None else given.nobody,
        "persons_at_hand": (state.residents - state.flood.stranded).astype(np.float64),
        "persons_home": (home - state.flood.stranded).astype(np.float64),
        "persons_present": np.rint(where.present),
        "persons_away": state.away.astype(np.float64),
        "persons_displaced": state.displaced_persons,
        "trapped_persons": in_dwellings,
        "site_trapped_persons": at_sites,
        "staff_attendance_fraction": state.town.attendance_fraction,
        "traffic_factor": state.town.traffic_factor,
        "persons_dependent": town.dependents(given, town.by_town(given, home)),
        "first_response_fraction": where.response_fraction,
        "households_mobile_fraction": town.households_mobile(given, where.waiting_fraction),
        "deaths_confirmed_persons": state.town.deaths_confirmed_persons,
        "missing_persons": measures.count(given, state.victims, measures.missing(state)),
        "injured_severe_persons": hurt[SEVERELY],
        "injured_light_persons": hurt[LIGHTLY],
    }


def _trapped(given: Given, state: State) -> tuple[Array, Array]:
    """People trapped in dwellings (cell,) and in large sites (site,)."""
    trapped = (state.victims["state"] == TRAPPED).nonzero()[0]
    if not trapped.size:
        return given.nobody, np.zeros(len(given.site_keys))
    cell, site = state.victims["cell"][trapped], state.victims["site"][trapped]
    dwelling = site < 0
    return (
        np.bincount(cell[dwelling], minlength=len(given.town)).astype(np.float64),
        np.bincount(site[~dwelling], minlength=len(given.site_keys)).astype(np.float64),
    )


class News(NamedTuple):
    """New victims of the step by damage, by hardship and by water, and the inputs they had."""

    fresh: Table | None
    hardship: Table | None
    drowned: Table | None
    inputs: Inputs


def _events(
    given: Given, before: State, state: State, news: News, ended: release.Ended, outputs: Outputs
) -> list[Event]:
    """Lines for the journal."""
    fresh, hardship, drowned, inputs = news
    return list(
        chain(
            journal.ended(state.victims, ended),
            journal.harmed(fresh) if fresh is not None else (),
            journal.homeless(given, before.displaced_persons, state.displaced_persons),
            journal.in_lifts(fresh) if fresh is not None else (),
            journal.called(outputs["trapped_calls"]) if outputs["trapped_calls"] is not given.nobody else (),
            journal.died_of_hardship(hardship) if hardship is not None else (),
            journal.drowned(given, drowned, inputs) if drowned is not None else (),
            journal.stranded(given, before.flood, state.flood, inputs) if drowned is not None else (),
            journal.confirmed(
                state.victims,
                state.town.deaths_confirmed_persons - before.town.deaths_confirmed_persons,
                before.now_s,
                state.now_s,
            ),
            journal.towns(given, before, state),
        )
    )
