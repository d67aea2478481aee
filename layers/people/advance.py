"""One step of the people layer: move, harm, free, call, fall ill; in this order, once per step."""

from __future__ import annotations

from dataclasses import replace
from itertools import chain

import numpy as np

from layers.people import calls, illness, journal, measures, presence, release, town, victims
from layers.people.harm import new_harm
from layers.people.presence import Presence
from layers.people.state import (
    LIGHTLY,
    SEVERELY,
    TRAPPED,
    Arrivals,
    Given,
    State,
    Town,
    arrive,
)
from layers.people.victims import Scene
from twin.contract import Clock, Event, Inputs, Result
from twin.table import Table
from twin.units import DAY_S

Array = np.ndarray
Outputs = dict[str, np.ndarray]


def step(given: Given, state: State, inputs: Inputs, clock: Clock) -> Result:
    """Advance over the clock's interval; see the modules of this folder for each part."""
    before = state
    town_now, where = _presence(given, state, inputs, clock)
    scene = _scene(given, state, inputs, clock, where)
    residents, away = town.move(
        state.residents, state.away, where.home, inputs["leaving_persons"], inputs["returning_persons"]
    )
    rows, ended = _end_waiting(given, state, inputs, clock, scene, residents)
    people, residents, served = rows
    state = replace(
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
    )
    state, fresh = new_harm(given, state, inputs, clock, scene, where)
    state, amounts, hardship = _demand(given, state, inputs, clock, where)
    outputs = _outputs(given, state, inputs, clock, where, amounts)
    state = replace(
        state,
        town=replace(
            state.town,
            traffic_factor=outputs["traffic_factor"],
            attendance_fraction=outputs["staff_attendance_fraction"],
        ),
    )
    events = _events(given, before, state, (fresh, hardship), ended, outputs)
    return Result(state, outputs, events)


def _presence(given: Given, state: State, inputs: Inputs, clock: Clock) -> tuple[Town, Presence]:
    """Outings follow the hourly profile; after a strong shock people go home through the jam they make."""
    params, before = given.params, state.town
    strength = _strength(given, inputs)
    places = presence.place_fractions(params, clock.now, given.school_holiday, given.holiday)
    stay = before.stay_home_fraction * np.exp(-clock.dt_s / params.stay_home_recovery_s)
    target = places.sum() * (1.0 - stay)
    homeward = before.absent_fraction > target
    slow_s = np.where(stay > params.upset_stay_home, params.return_home_s * before.traffic_factor, params.outing_s)
    absent = presence.relax(before.absent_fraction, target, np.where(homeward, slow_s, params.outing_s), clock.dt_s)
    now = replace(
        before,
        absent_fraction=absent,
        stay_home_fraction=np.maximum(stay, params.stay_home_peak_fraction * strength),
        phone_excess=calls.phone_load(given, before.phone_excess, strength, clock.dt_s),
        strong_s=np.where(strength >= params.strong_strength, float(clock.end_s), before.strong_s),
    )
    out = presence.absent_persons(absent, given.town, state.residents, state.quantile)
    home = state.residents - out
    visitors = presence.visitors(params, given.night_persons, given.day_persons, float(out.sum()))
    waiting = np.maximum(absent - places.sum() * (1.0 - now.stay_home_fraction), 0.0)
    now = replace(now, homeward_fraction=np.where(now.stay_home_fraction > params.upset_stay_home, waiting, 0.0))
    present = home + visitors
    response = _first_response(given, now, clock, present)
    return now, Presence(home, present, visitors, response, now.homeward_fraction, places)


def _strength(given: Given, inputs: Inputs) -> Array:
    shock = inputs["shock_intensity"]
    return town.strong_shock(given, shock) if shock.any() else np.zeros(given.n_towns)


def _scene(given: Given, state: State, inputs: Inputs, clock: Clock, where: Presence) -> Scene:
    """Clocks of neighbours and telephone lines run on over the interval."""
    daylight = float(inputs["daylight"][0])
    line_s = state.line_s + clock.dt_s * inputs["telecom_fraction"]
    effort_s = state.effort_s
    trapped = state.victims["state"] == TRAPPED
    if trapped.any():
        number = np.bincount(state.victims["cell"][trapped], minlength=len(given.town))
        helpers = where.present * where.response_fraction
        effort_s = effort_s + clock.dt_s * release.effort_rate(given, daylight, number, helpers)
    return Scene(clock.start_s, clock.end_s, daylight, state.effort_s, effort_s, line_s)


def _first_response(given: Given, now: Town, clock: Clock, present: Array) -> Array:
    woken = np.nan_to_num((clock.end_s - now.strong_s) < given.params.woken_s)[given.town]
    return town.first_response(given, clock.hour, woken.astype(np.float64), present)


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
        home_water=town.service_of_town(given, inputs["water_service_fraction"]),
        home_food=np.clip(inputs["home_food_fraction"], 0.0, 1.0),
        medicine=inputs["medicine_fraction"],
        advice=inputs["advice"],
    )


def _demand(
    given: Given, state: State, inputs: Inputs, clock: Clock, where: Presence
) -> tuple[State, dict[str, Array], Table]:
    """Calls, walk-in patients, illness and related deaths of the step."""
    people, trapped_calls = calls.trapped_calls(given, clock.chance, state.victims, state.line_s)
    people, hurt_calls, walk_in = calls.care_seekers(given, people, state.line_s, clock.end_s)
    now = _conditions(given, inputs, where)
    hall_calls, carry = _town_hall(given, state, inputs, clock, now)
    state = replace(state, victims=people, town=replace(state.town, call_carry=carry))
    ill_before = state.ill_home.count, state.ill_shelter.count
    state, routine, hardship = _fall_ill(given, state, clock, now)
    new_home, new_shelter = state.ill_home.count - ill_before[0], state.ill_shelter.count - ill_before[1]
    by_ambulance = _share_of_count(state.ill_home, new_home, given.params.ill_ambulance_fraction)
    ambulance_calls = hurt_calls + routine + by_ambulance
    calls_now = ambulance_calls + (town.by_town(given, trapped_calls) if trapped_calls.any() else 0.0)
    state = replace(state, emergency_calls=state.emergency_calls + calls_now.astype(np.int64))
    amounts = {
        "trapped_calls": trapped_calls,
        "ambulance_calls": ambulance_calls,
        "walk_in_persons": walk_in + new_home - by_ambulance,
        "persons_ill": (new_home + new_shelter).astype(np.float64),
        "resident_calls": hall_calls,
        "phone_load_fraction": 1.0 + state.town.phone_excess,
    }
    return state, amounts, hardship


def _fall_ill(given: Given, state: State, clock: Clock, now: illness.Conditions) -> tuple[State, Array, Table]:
    """Everyday emergencies, illness from the conditions, related deaths: (state, everyday calls, new dead)."""
    params, chance, keys, days = given.params, clock.chance, given.town_keys, clock.dt_s / DAY_S
    at_home, in_shelter = illness.ill_per_day(given, now)
    device, dialysis, dependents = illness.dependents_ill(
        given, state.town.device_ok_fraction, state.town.dialysis_ok_fraction, now, clock.dt_s
    )
    awake = presence.awake_fraction(params, clock.hour)
    by_hour = awake * params.routine_awake_factor + (1.0 - awake) * params.routine_asleep_factor
    everyday = given.town_night_persons * params.routine_per_person_day * by_hour * days
    routine, new_routine = arrive(chance, "people.routine", keys, state.routine, everyday)
    ill_home, new_home = arrive(chance, "people.ill_home", keys, state.ill_home, at_home * days + dependents)
    ill_shelter, _ = arrive(chance, "people.ill_shelter", keys, state.ill_shelter, in_shelter * days)
    dying = illness.related_per_day(given, now, at_home + in_shelter) * days
    related, new_related = arrive(chance, "people.related", keys, state.related, dying)
    state = replace(
        state,
        routine=routine,
        ill_home=ill_home,
        ill_shelter=ill_shelter,
        related=related,
        routine_waiting=state.routine_waiting + new_routine + new_home,
        town=replace(state.town, device_ok_fraction=device, dialysis_ok_fraction=dialysis),
    )
    state, hardship = _related(given, state, clock, related, new_related)
    return state, new_routine, hardship


def _share_of_count(after: Arrivals, new: Array, share: float) -> Array:
    """Every share-th event counted from the start, so that the split does not depend on the steps."""
    return np.floor(after.count * share) - np.floor((after.count - new) * share)


def _town_hall(
    given: Given, state: State, inputs: Inputs, clock: Clock, now: illness.Conditions
) -> tuple[Array, Array]:
    """Whole calls that reach the town halls in the step, and the fraction of a call left over."""
    line = town.service_of_town(given, inputs["telecom_fraction"])
    displaced = town.by_town(given, state.displaced_persons)
    rate = calls.town_hall_calls_per_s(given, clock.hour, now.power, now.water, displaced)
    wanted = state.town.call_carry + rate * line * clock.dt_s
    made = np.floor(wanted)
    return made, wanted - made


def _related(given: Given, state: State, clock: Clock, after: Arrivals, new: Array) -> tuple[State, Table]:
    """Disaster-related deaths leave the living; `after` counts them for the keys of the persons."""
    towns = np.repeat(np.arange(given.n_towns), new)
    numbers = np.repeat(after.count - new, new) + victims.rank_in_group(towns, np.arange(len(towns)))
    if not towns.size:
        return state, state.victims.select(np.zeros(0, dtype=np.int64))
    rows, residents, away = victims.related_victims(given, clock.chance, state, towns, numbers)
    return replace(state, residents=residents, away=away, victims=victims.join(state.victims, rows)), rows


def _outputs(
    given: Given, state: State, inputs: Inputs, clock: Clock, where: Presence, amounts: dict[str, Array]
) -> dict[str, Array]:
    params, people = given.params, state.victims
    home = measures.home_persons(given, state)
    trapped = people["state"] == TRAPPED
    dwelling, site = trapped & (people["site"] < 0), trapped & (people["site"] >= 0)
    traffic = presence.traffic_factor(params, where.waiting_fraction, float(where.places[3]))
    hit = town.by_town(given, state.displaced_persons) / np.maximum(given.town_night_persons, 1.0)
    return {
        **amounts,
        "persons_home": home.astype(np.float64),
        "persons_present": np.rint(where.present),
        "persons_away": state.away.astype(np.float64),
        "persons_displaced": state.displaced_persons,
        "trapped_persons": np.bincount(people["cell"][dwelling], minlength=len(home)).astype(np.float64),
        "site_trapped_persons": np.bincount(people["site"][site], minlength=len(given.site_keys)).astype(np.float64),
        "staff_attendance_fraction": town.staff_attendance(given, state.town.strong_s, clock.end_s, hit, traffic),
        "traffic_factor": traffic,
        "persons_dependent": town.dependents(given, town.by_town(given, home)),
        "first_response_fraction": where.response_fraction,
        "households_mobile_fraction": town.households_mobile(given, where.waiting_fraction),
        "deaths_confirmed_persons": measures.count(given, state, measures.confirmed(state)),
        "missing_persons": measures.count(given, state, measures.missing(state)),
        "injured_severe_persons": measures.count(given, state, measures.in_care(state, SEVERELY) & people["asked"]),
        "injured_light_persons": measures.count(given, state, measures.in_care(state, LIGHTLY) & people["asked"]),
    }


def _events(
    given: Given, before: State, state: State, lists: tuple[Table, Table], ended: release.Ended, outputs: Outputs
) -> list[Event]:
    """Lines for the journal; lists: victims of this step by damage and by hardship."""
    fresh, hardship = lists
    known = measures.count(given, before, measures.confirmed(before))
    ill_before = before.ill_home.count + before.ill_shelter.count
    ill = state.ill_home.count + state.ill_shelter.count
    was, now = before.town, state.town
    return list(
        chain(
            journal.ended(state.victims, ended),
            journal.harmed(fresh),
            journal.homeless(given, before.displaced_persons, state.displaced_persons),
            journal.in_lifts(fresh),
            journal.called(outputs["trapped_calls"]),
            journal.died_of_hardship(hardship),
            journal.confirmed(outputs["deaths_confirmed_persons"] - known),
            journal.towns(
                given,
                (was.traffic_factor, was.attendance_fraction),
                (now.traffic_factor, now.attendance_fraction),
                (ill_before, ill),
            ),
        )
    )
