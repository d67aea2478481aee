"""One step of the rescue layer: forces are called, missions run, finds are worked off, new work is taken on."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from layers.rescue import (
    allocation,
    ambulance,
    boats,
    dispatch,
    dwellings,
    fire,
    forces,
    hospitals,
    scouting,
    sent,
    sites,
    ways,
)
from layers.rescue.codes import IS_SCOUT, Force
from layers.rescue.keys import crew_kind, done_keys, rows_of
from layers.rescue.news import News
from layers.rescue.state import Given, State, changed, fraction
from twin.contract import Clock, Inputs, Result
from twin.missions import Units, advance
from twin.units import HOUR_S

Array = np.ndarray
CARE_ROUND_S = 300  # the medical chain is worked off in rounds
PATROL_ROUND_S = 600
LOOK_ROUND_S = 600
KEEP_DONE_S = 7200
FIRE_SERVICE = (Force.FIRE, Force.AID_FIRE)


class Round(NamedTuple):
    """What all parts of a step look at."""

    given: Given
    inputs: Inputs
    clock: Clock
    news: News


class Fetched(NamedTuple):
    """People freed from houses (cell,) and large sites (site,), and fetched from flooded homes (cell,), in a step."""

    freed: Array
    site_freed: Array
    lifted: Array


def step(given: Given, state: State, inputs: Inputs, clock: Clock) -> Result:
    """Advance over (start_s, end_s]: see the module's one-line story; every part copies only what it changes."""
    now, before = Round(given, inputs, clock, News(given, clock.end_s)), state.missions
    state, fuel_in_l = _fuel_and_calls(now, state)
    state, fetched, log_size = _missions(now, state)
    state = _new_dwellings(now, state)
    state = _new_work(now, state, log_size)
    state = _new_lifts(now, state) if given.water else state
    state = sent.go_on(given, state, inputs, clock, now.news)
    state, treated = _care(now, state)
    state = _look(now, state, state.missions is not before)
    fuel_l, burnt_l = forces.burn(state.present, state.fuel_l, given.params.fuel_l_per_crew_h, clock.dt_s)
    state = changed(state, fuel_l=fuel_l)
    outputs = _outputs(now, state, fetched, treated)
    return Result(state, outputs, now.news.events, {"fuel": fuel_in_l - burnt_l})


def _fuel_and_calls(now: Round, state: State) -> tuple[State, float]:
    """Take over fuel; call up forces; returns (state, litres that were in the stations at the start)."""
    given, inputs, clock, news = now
    first_l = 0.0
    if inputs["responder_fuel_l"].any():
        state = changed(state, fuel_l=state.fuel_l + inputs["responder_fuel_l"])
    if not state.filled:
        stations_l = forces.first_fuel_l(given)
        first_l = float(stations_l.sum())
        state = changed(state, fuel_l=state.fuel_l + stations_l, filled=True)
    called_s = forces.called(state.called_s, inputs, clock.start_s, clock.end_s)
    night = bool(inputs["daylight"][0] < 0.5)
    units, ordered = forces.order(given, state, called_s, night)
    units = forces.fly(given, units, float(inputs["daylight"][0]), clock.end_s)
    arrived = state.arrived
    if clock.rings(LOOK_ROUND_S):
        arrived, new = forces.arrivals(given, units, state.arrived, state.sent.by > 0, clock.end_s)
        news.arrived(new)
    state = changed(state, called_s=called_s, units=units, ordered=ordered, arrived=arrived)
    levers = {name: float(given.params[name]) for name in forces.ROSTER_LEVERS}
    if any(getattr(state, name) != value for name, value in levers.items()):
        state = changed(state, **levers)
    return state, first_l


def _missions(now: Round, state: State) -> tuple[State, Fetched, int]:
    """Let missions run and work off what their crews found: (state, people fetched, changes)."""
    given, inputs, clock, news = now
    state = _taken_over(state, inputs)
    if given.water:
        state = changed(state, lifts=boats.taken_over(state.lifts, inputs["stranded_persons"]))
    supply = forces.supply_fraction(
        state.present, state.fuel_l, inputs["responder_food_fraction"], given.params.fuel_l_per_crew_h, 6.0
    )
    shut = ways.closed(given, inputs)
    missions, units = ways.withdraw(fire.let_fires_take(given, state.missions), state.units, shut, clock.start_s)
    missions, units, log = advance(
        *(missions, units, clock.start_s, clock.end_s, ways.travel(given, inputs, shut)),
        pause=ways.pause(given, inputs["work_stopped"]),
        stretch=ways.stretch(given, state, inputs, supply),
    )
    before = state.units
    state = changed(state, missions=missions, units=units)
    nobody = Fetched(np.zeros(given.n_cell), np.zeros(len(given.site_keys)), np.zeros(given.n_cell))
    if not log.size:
        return state, nobody, 0
    news.sent(missions, log)
    done = done_keys(log)
    if not done.size:
        return state, nobody, len(log)
    rows = rows_of(missions, done)
    state, fetched = _finds(now, state, rows, before)
    return changed(state, missions=state.missions.drop_done(clock.end_s - KEEP_DONE_S)), fetched, len(log)


def _taken_over(state: State, inputs: Inputs) -> State:
    """Once the number of trapped people has changed, those freed before are no longer counted among them."""
    counts = state.counts
    if not (counts.pending_cell.any() or counts.pending_site.any()):
        return state
    same = np.array_equal(inputs["trapped_persons"], state.trapped_seen)
    same = same and np.array_equal(inputs["site_trapped_persons"], state.site_trapped_seen)
    if same:
        return state
    none = (np.zeros_like(counts.pending_cell), np.zeros_like(counts.pending_site))
    return changed(state, counts=changed(counts, pending_cell=none[0], pending_site=none[1]))


def _finds(now: Round, state: State, rows: Array, before: Units) -> tuple[State, Fetched]:
    """Truth meets the crews at the end of their work: people found, people freed, nobody there."""
    given, inputs, clock, news = now
    chance, counts, now_s = clock.chance, state.counts, clock.end_s
    trapped = np.maximum(inputs["trapped_persons"] - counts.pending_cell, 0.0)
    site_trapped = np.maximum(inputs["site_trapped_persons"] - counts.pending_site, 0.0)
    outcome = dwellings.work_off(given, state, rows, trapped, chance)
    site_state, site_freed, by_pocket = sites.work_off(given, state, rows, site_trapped, chance)
    missions, search = dwellings.search_again(given, state, rows, outcome.found, now_s)
    extractions = counts.extractions
    if outcome.found:
        cells = np.sort(np.array(outcome.found, dtype=np.int64))
        number = extractions[cells] + dispatch.order_within(cells)
        missions = dwellings.extract_missions(given, missions, cells, number, now_s, chance)
        extractions = extractions.copy()
        np.add.at(extractions, cells, 1)
    state, lifted, by_sortie = _lifted(now, sent.flown_out(given, state, rows), rows)
    freed_rows = [pair for pair in (*outcome.freed_rows, *by_pocket, *by_sortie) if pair[1]]
    rescued, rescued_fire = _count(given, state, before, freed_rows)
    counts = changed(
        counts,
        rescued=rescued,
        rescued_fire=rescued_fire,
        negatives=counts.negatives + outcome.negatives.astype(np.int64),
        pending_cell=counts.pending_cell + outcome.freed,
        pending_site=counts.pending_site + site_freed,
        extractions=extractions,
    )
    news.freed(outcome.freed, site_freed)
    state = changed(
        state,
        missions=missions,
        search=search,
        sites=site_state,
        counts=counts,
        trapped_seen=inputs["trapped_persons"],
        site_trapped_seen=inputs["site_trapped_persons"],
    )
    return state, Fetched(outcome.freed, site_freed, lifted)


def _lifted(now: Round, state: State, rows: Array) -> tuple[State, Array, list[tuple[int, int]]]:
    """Whom boats and helicopters brought ashore: (state, people (cell,), [(mission key, people)])."""
    given = now.given
    lifted, by_sortie = boats.work_off(given, state, rows)
    if not lifted.any():
        return state, lifted, by_sortie
    lifts = state.lifts
    by_town = np.bincount(given.cell_town, weights=lifted, minlength=given.n_town).astype(np.int64)
    now.news.lifted(lifted)
    lifts = changed(lifts, pending=lifts.pending + lifted, lifted=lifts.lifted + by_town)
    return changed(state, lifts=lifts), lifted, by_sortie


def _count(given: Given, state: State, before: Units, freed: list[tuple[int, int]]) -> tuple[Array, Array]:
    """Rescued people so far by all forces and by the fire service, (town,) each."""
    if not freed:
        return state.counts.rescued, state.counts.rescued_fire
    rescued, by_fire = state.counts.rescued.copy(), state.counts.rescued_fire.copy()
    rows = rows_of(state.missions, np.array([key for key, _ in freed]))
    for (key, persons), row in zip(freed, rows.tolist()):
        place = int(state.missions.place[row])
        town = given.places.town[place]
        rescued[town] += persons
        if crew_kind(given.roster.kind, before, state.units, key, place) in FIRE_SERVICE:
            by_fire[town] += persons
    return rescued, by_fire


def _new_dwellings(now: Round, state: State) -> State:
    """Calls become places to look at; patrols find blocks to search."""
    given, inputs, clock, news = now
    capability = fraction(inputs["dispatch_fraction"])
    patients = inputs["ambulance_calls"] + inputs["shelter_ambulance_calls"]
    calls, answered = dispatch.answer(given, state.calls, inputs["trapped_calls"], patients, capability, clock.dt_s)
    if answered.any():
        medical = state.medical
        medical = changed(medical, ambulance_waiting=medical.ambulance_waiting + answered)
        state = changed(state, medical=medical)
    weight = inputs["search_priority"]
    if not np.array_equal(weight, state.search_priority):
        state = changed(state, missions=dispatch.reorder(given, state.missions, weight), search_priority=weight)
    calls, cells, number = dispatch.decide_cases(given, state.calls, calls, clock.chance)
    if cells.size:
        asked_s = clock.end_s + dispatch.assign_delay_s(given, capability)[given.cell_town[cells]]
        missions = dispatch.locate_missions(given, state, cells, number, asked_s, clock.chance)
        news.cases(np.unique(cells[number == 0]))
        state = changed(state, missions=missions)
    manual = capability < given.params.manual_dispatch_fraction
    if not np.array_equal(manual, state.manual):
        news.by_hand(np.flatnonzero(manual & ~state.manual), np.flatnonzero(state.manual & ~manual))
    state = changed(state, calls=calls, manual=manual)
    return _patrols(now, state)


def _patrols(now: Round, state: State) -> State:
    """Patrols get on all the time; blocks they found are searched from the next round on."""
    given, inputs, clock, _ = now
    search = dwellings.patrol(given, state.search, inputs, clock.end_s, clock.dt_s)
    state = changed(state, search=search)
    if clock.rings(PATROL_ROUND_S):
        missions, search, _ = dwellings.search_missions(given, state, inputs["buildings_collapsed"], clock.end_s)
        state = changed(state, missions=missions, search=search)
    return state


def _new_work(now: Round, state: State, log_size: int) -> State:
    """Large sites, fires, scouts, roads and medical teams."""
    given, inputs, clock, news = now
    now_s, water = clock.end_s, inputs["water_service_fraction"]
    site_state, new = sites.report(given, state.sites, inputs, now_s, clock.chance)
    news.sites(new)
    state = changed(state, sites=site_state, missions=sites.fetch_machines(given, state.missions, new, now_s))
    if new.size or log_size:
        missions, site_made = sites.site_missions(given, state, clock)
        if missions is not state.missions:
            state = changed(state, missions=missions, counts=changed(state.counts, site_made=site_made))
    missions, units, fought, burning = fire.fire_missions(given, state, inputs["fires_burning"], water, now_s)
    news.fires(burning)
    if fought is not state.counts.fires_fought:
        state = changed(state, counts=changed(state.counts, fires_fought=fought))
    state = changed(state, missions=missions, units=units)
    missions, units, counts = scouting.scout_missions(given, state, inputs["scouting_wanted"], now_s)
    state = changed(state, missions=missions, units=units, counts=counts)
    if clock.rings(int(given.params.road_shift_s) // 4):
        missions, counts = scouting.road_missions(given, state, inputs["search_priority"], now_s)
        state = changed(state, missions=missions, counts=counts)
    if clock.rings(int(given.params.dmat_review_s)):
        missions, counts = scouting.medical_missions(given, state, now_s)
        state = changed(state, missions=missions, counts=counts)
    return state


def _new_lifts(now: Round, state: State) -> State:
    """Boats and helicopters for people cut off by water."""
    given, inputs, clock, news = now
    lifts, new = boats.look(given, state.lifts, inputs, clock)
    news.stranded_known(new, lifts.seen)
    state = changed(state, lifts=lifts)
    shut = ways.closed(given, inputs)
    missions, units, lifts = boats.lift_missions(given, state, inputs, shut, clock.end_s)
    return changed(state, missions=missions, units=units, lifts=lifts)


def _care(now: Round, state: State) -> tuple[State, Array]:
    """Ambulances and hospitals, in rounds; returns (state, people treated (town,))."""
    given, inputs, clock, news = now
    medical = state.medical
    if inputs["walk_in_persons"].any():
        medical = changed(medical, walk_in=medical.walk_in + inputs["walk_in_persons"])
    rounds = clock.end_s // CARE_ROUND_S - clock.start_s // CARE_ROUND_S
    if not rounds:
        return changed(state, medical=medical), np.zeros(given.n_town)
    dt_s = rounds * CARE_ROUND_S
    teams = state.present.medical_teams
    medical, _ = ambulance.care(given, medical, inputs, teams, clock, dt_s)
    medical, treated = hospitals.hand_over(medical)
    overloaded = medical.waiting.sum(axis=1) > given.params.overload_patients
    if not np.array_equal(overloaded, medical.overloaded):
        news.overloaded(np.flatnonzero(overloaded & ~medical.overloaded), medical.waiting)
        medical = changed(medical, overloaded=overloaded)
    return changed(state, medical=medical), treated


def _outputs(now: Round, state: State, fetched: Fetched, treated: Array) -> dict[str, Array]:
    """Everything the layer gives."""
    given, inputs, clock, _ = now
    freed, site_freed, lifted = fetched
    present = state.present
    trucks, water = forces.support(given, present, inputs["search_priority"])
    return {
        "freed_persons": freed,
        "lifted_persons": lifted,
        "site_freed_persons": site_freed,
        "treated_persons": treated,
        "hospital_waiting_persons": np.rint(state.medical.waiting.sum(axis=1)),
        "fire_crews": fire.at_work(given, present.fire_crews, inputs["water_service_fraction"]),
        "road_clearing_crews": present.road_crews,
        "water_support_l_per_s": water,
        "scout_reports": _scouted(given, state, clock),
        "trapped_known_persons": present.trapped_known,
        "incidents_open": present.open,
        "responders_present_persons": present.persons,
        "responders_working_persons": np.array([present.total_working]),
        "responder_fuel_wanted_l": forces.wanted_fuel_l(given, present, state.fuel_l),
        "forces_trucks_units": np.array([trucks]),
        "brought_persons": _brought(given, state, fetched),
        "rescued_fire_persons": state.counts.rescued_fire.astype(np.float64),
    }


def _look(now: Round, state: State, moved: bool) -> State:
    """Headquarters' round: who is where, and who is given which district; in between only missions are counted."""
    given, inputs, clock, _ = now
    stale = state.stale or moved
    if not clock.rings(LOOK_ROUND_S) and clock.start_s:
        if moved:
            state = changed(state, present=forces.look_at_missions(given, state, clock.end_s))
        return changed(state, stale=stale)
    if stale or clock.rings(HOUR_S):
        state = changed(state, present=forces.look_round(given, state, clock.end_s), stale=False)
    return changed(state, units=allocation.allocate(given, state, inputs, clock.end_s))


def _brought(given: Given, state: State, fetched: Fetched) -> Array:
    """Of the people just freed or fetched, those taken to a shelter: unhurt and without a home, whole (town,)."""
    freed, site_freed, lifted = fetched
    if not (freed.any() or site_freed.any() or lifted.any()):
        return np.zeros(given.n_town)
    params, by_boat = given.params, np.bincount(given.cell_town, weights=lifted, minlength=given.n_town)
    now = np.bincount(given.cell_town, weights=freed, minlength=given.n_town)
    now += np.bincount(given.site_town, weights=site_freed, minlength=given.n_town)
    from_rubble = state.counts.rescued - state.lifts.lifted
    return _share_of(from_rubble, now, params.brought_fraction) + _share_of(
        state.lifts.lifted, by_boat, params.lifted_brought_fraction
    )


def _share_of(total: Array, now: Array, share: float) -> Array:
    """Whole persons of the last `now` of `total` that fall to a share of all so far."""
    return np.floor(total * share) - np.floor((total - now) * share)


def _scouted(given: Given, state: State, clock: Clock) -> Array:
    """Reports by scouts whose stay ended in this step, (town,)."""
    missions = state.missions
    seen = IS_SCOUT[missions.kind]
    seen &= (missions.done_s >= clock.start_s) & (missions.done_s < clock.end_s) & (missions.left_s == 0)
    if not seen.any():
        return np.zeros(given.n_town)
    return np.bincount(given.places.town[missions.place[seen]], minlength=given.n_town).astype(np.float64)
