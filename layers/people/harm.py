"""New damage since the last step becomes new victims: buildings, falls, fires, slopes, lifts, large sites."""

from __future__ import annotations

import numpy as np

from layers.people import casualties, town, victims
from layers.people.casualties import Indoors
from layers.people.presence import Presence, busy_fraction
from layers.people.state import CAUGHT, FIRE, KILLED, KINDS, LANDSLIDE, LIFT, OUTCOMES, RESIDENTIAL, Given, Seen, State
from layers.people.victims import Scene
from twin.contract import Clock, Inputs
from twin.records import changed
from twin.table import Table

Array = np.ndarray


DAMAGE = tuple(name for name in Seen.__dataclass_fields__ if name != "shock_intensity")


def is_new(given: Given, state: State, inputs: Inputs, clock: Clock) -> bool:
    """Whether any damage has changed or a given incident may be due (shocks apart)."""
    seen = state.seen
    if any(inputs[name] is not getattr(seen, name) for name in DAMAGE):
        return True
    return bool((~state.incident_done & (given.incident_time_s <= clock.end_s)).any())


def new_harm(
    given: Given, state: State, inputs: Inputs, clock: Clock, scene: Scene, where: Presence
) -> tuple[State, Table | None]:
    """Victims of whatever damage is new, among the people who are there. Returns (state, new rows or none)."""
    now = Seen(**{name: inputs[name] for name in Seen.__dataclass_fields__})
    due = _incidents_due(given, state, now, clock)
    fresh = state.victims.select(np.zeros(0, dtype=np.int64))
    cells = _cells_changed(state.seen, now)
    sites = bool(due.any()) or bool((now.site_damage_fraction > state.seen.site_damage_fraction).any())
    strongest = np.maximum(state.seen.shock_intensity, now.shock_intensity)
    seen = changed(now, shock_intensity=strongest)
    if not (cells or sites):
        return changed(state, seen=seen), None
    if cells:
        state, fresh = _strike_cells(given, state, now, clock, scene, where)
    if sites:
        expected = state.site_expected + _site_harm(given, state, now, due, busy_fraction(given.params, where.places))
        more, residents = victims.site_victims(
            given, clock.chance, scene, state.residents, state.site_expected, expected
        )
        state = changed(state, residents=residents, site_expected=expected, incident_done=state.incident_done | due)
        fresh = victims.join(fresh, more)
    return changed(state, victims=victims.join(state.victims, fresh), seen=seen), fresh


def _strike_cells(
    given: Given, state: State, now: Seen, clock: Clock, scene: Scene, where: Presence
) -> tuple[State, Table]:
    """Victims and lost homes of the cells; the state's own rows of victims are joined by the caller."""
    expected = state.expected + _cell_harm(given, state.seen, now, _indoors(given, where))
    fresh, residents = victims.cell_victims(given, clock.chance, scene, state.residents, state.expected, expected)
    displaced = town.displaced_persons(
        given,
        (now.wood_collapsed_fraction, now.wood_half_fraction),
        (now.nonwood_collapsed_fraction, now.nonwood_half_fraction),
        (now.buildings_burnt + now.slide_buildings, now.uninhabitable_fraction),
        residents + state.away,
        state.quantile,
    )
    after = changed(
        state,
        residents=residents,
        expected=expected,
        displaced_persons=displaced,
        displaced_in_town=town.by_town(given, displaced),
    )
    return after, fresh


def _indoors(given: Given, where: Presence) -> Indoors:
    indoor_share = 1.0 - where.places[3] / max(where.places.sum(), 1e-9)
    return casualties.indoors(
        given.params,
        given.wood_residents,
        given.nonwood_residents,
        where.home,
        where.visitors * indoor_share,
        given.wood_floor_fraction,
    )


def _cells_changed(seen: Seen, now: Seen) -> bool:
    return any(
        getattr(now, name) is not getattr(seen, name) and not np.array_equal(getattr(now, name), getattr(seen, name))
        for name in Seen.__dataclass_fields__
        if name not in ("site_damage_fraction", "shock_intensity")
    ) or bool((now.shock_intensity > seen.shock_intensity).any())


def _incidents_due(given: Given, state: State, now: Seen, clock: Clock) -> Array:
    """Given incidents whose time has come and whose site is damaged (without damage nobody is harmed)."""
    damaged = now.site_damage_fraction[given.incident_site] > 0.0
    return (given.incident_time_s <= clock.end_s) & damaged & ~state.incident_done


def _cell_harm(given: Given, seen: Seen, now: Seen, inside: Indoors) -> Array:
    """Expected victims of new damage, (kind, outcome, cell)."""
    params = given.params
    harm = np.zeros((len(KINDS), len(OUTCOMES), len(given.town)))
    ratio = (inside.wood_persons + inside.nonwood_persons) / np.maximum(given.night_persons, 1.0)
    ratio = np.minimum(ratio, params.indoor_ratio_limit)
    wood = _measure(
        seen.wood_collapsed_fraction, seen.wood_half_fraction, now.wood_collapsed_fraction, now.wood_half_fraction
    )
    nonwood = _measure(
        seen.nonwood_collapsed_fraction,
        seen.nonwood_half_fraction,
        now.nonwood_collapsed_fraction,
        now.nonwood_half_fraction,
    )
    harm[RESIDENTIAL] = casualties.collapse_harm(params, wood, nonwood, inside)
    harm[RESIDENTIAL, KILLED] = casualties.collapse_deaths(
        params, wood[0] * given.wood_buildings, nonwood[0] * given.nonwood_buildings, given.crowding_ratio, inside
    )
    harm[FIRE] = casualties.fire_harm(
        params,
        np.maximum(now.fires_burning - seen.fires_burning, 0.0),
        np.maximum(now.buildings_burnt - seen.buildings_burnt, 0.0),
        ratio,
    )
    buildings = np.maximum(given.wood_buildings + given.nonwood_buildings, 1.0)
    slides = np.maximum(now.slide_buildings - seen.slide_buildings, 0.0)
    harm[LANDSLIDE] = casualties.slide_harm(params, slides, given.wood_buildings / buildings, ratio)
    strongest = np.maximum(seen.shock_intensity, now.shock_intensity)
    harm[RESIDENTIAL] += casualties.fall_harm(
        params, seen.shock_intensity, strongest, inside.wood_persons + inside.nonwood_persons
    )
    harm[LIFT, CAUGHT] = casualties.shut_in_lifts(params, seen.shock_intensity, strongest, inside.nonwood_persons)
    return harm


def _measure(collapsed_before: Array, half_before: Array, collapsed: Array, half: Array) -> tuple[Array, Array, Array]:
    """Newly collapsed share and the injury measure q (collapsed + half of half-collapsed) before and now."""
    new = np.maximum(collapsed - collapsed_before, 0.0)
    return new, collapsed_before + 0.5 * half_before, collapsed + 0.5 * half


def _site_harm(given: Given, state: State, now: Seen, due: Array, busy: float) -> Array:
    """Expected victims at large sites, (outcome, site).

    A site with a given incident harms nobody before it; then the given numbers stand where there are any.
    """
    params = given.params
    people = given.site_persons_night + busy * np.maximum(given.site_persons_day - given.site_persons_night, 0.0)
    lost = np.maximum(now.site_damage_fraction - state.seen.site_damage_fraction, 0.0)
    lost[given.incident_site[~state.incident_done]] = 0.0
    exposed = given.incident_persons_exposed[due]
    site = given.incident_site[due]
    under = people * lost
    under[site] = np.where(np.isnan(exposed), people[site], exposed) * now.site_damage_fraction[site]
    harm = casualties.site_harm(params, under)
    dead, trapped = given.incident_persons_dead[due], given.incident_persons_trapped[due]
    harm[KILLED, site] = np.where(np.isnan(dead), harm[KILLED, site], dead)
    harm[CAUGHT, site] = np.where(np.isnan(trapped), harm[CAUGHT, site], trapped)
    return harm
