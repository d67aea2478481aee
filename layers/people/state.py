"""What the people layer holds: constants of a world, counts per cell, and one row per victim."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import TypeVar

import numpy as np

from layers.people.drowning import Waters, waters
from layers.people.presence import attraction, place_fractions
from twin.chance import Chance
from twin.params import Params
from twin.table import Table
from twin.world import World

Array = np.ndarray
Record = TypeVar("Record")

# causes of harm (column `kind`); related deaths never count as deaths of the earthquake itself
RESIDENTIAL, SITE, FIRE, LANDSLIDE, RELATED, LIFT, WATER, FLEEING = range(8)  # water: at home; fleeing: on the way
KINDS = ("residential", "site", "fire", "landslide", "related", "lift", "water", "fleeing")
# outcomes an expectation is kept for
KILLED, CAUGHT, SEVERE, LIGHT = range(4)
OUTCOMES = ("killed", "trapped", "severe", "light")
# states of a victim (column `state`)
TRAPPED, HURT, TREATED, WELL, DEAD, STUCK = range(6)
# Poisson processes of the state
ARRIVALS = ("routine", "ill_home", "ill_shelter", "related")
# severities (column `severity`)
UNHURT, LIGHTLY, SEVERELY = range(3)
# where people who die of hardship lived (column `lived`); 0 for all others
AT_HOME, IN_SHELTER, IN_CAR = range(3)
NEVER_S = np.iinfo(np.int64).max // 4

COLUMNS = {
    "key": "int64",  # permanent key of the person's draws
    "home": "int64",  # cell of residence: whose count the person was taken from
    "cell": "int64",  # cell where it happened
    "municipality": "int64",  # town where it happened
    "site": "int64",  # large site, -1 for dwellings
    "kind": "int8",
    "state": "int8",
    "severity": "int8",
    "aged": "bool",  # 65 years or older
    "lived": "int8",  # after the shock: at home, in a shelter, in a car
    "removed": "bool",  # no longer counted among the residents or evacuees
    "since_s": "int64",
    "die_s": "int64",  # dies then unless freed or treated before
    "effort_due_s": "float64",  # effort of neighbours in the cell at which they free the person
    "line_due_s": "float64",  # time with a working line in the cell at which the next call gets through
    "ask_s": "int64",  # goes to hospital without an ambulance then
    "calls": "int64",  # calls made so far
    "asked": "bool",  # known to the ambulance service or a hospital
    "missing_s": "int64",  # the family reports the person then
    "found_s": "int64",  # the body is found then
    "confirm_s": "int64",  # the death is confirmed then
}


@dataclass(frozen=True)
class Given:
    """Constants of the layer. Cell columns (cell,), town columns (municipality,), site columns (site,)."""

    params: Params
    origin: datetime
    school_holiday: bool
    holiday: bool
    n_towns: int
    n_patches: int
    town: Array
    cell_keys: Array
    town_keys: Array
    site_keys: Array
    night_persons: Array
    day_persons: Array
    share_65: Array
    wood_buildings: Array
    nonwood_buildings: Array
    wood_residents: Array
    nonwood_residents: Array
    wood_floor_fraction: Array
    crowding_ratio: float  # people per non-wood building over people per wooden building, at night
    town_night_persons: Array
    town_share_65: Array
    cells_by_town: Array | None  # cell rows ordered by town; None where they already are
    first_of_town: Array  # where each town with cells begins in that order
    towns_with_cells: Array
    cells_per_town: Array
    share_of_town: Array  # (cell,): residents over those of the town
    nobody: Array  # (cell,): zeros
    site_cell: Array
    site_town: Array
    site_persons_day: Array
    site_persons_night: Array
    incident_site: Array
    incident_time_s: Array
    incident_persons_exposed: Array
    incident_persons_dead: Array
    incident_persons_trapped: Array
    water: Waters | None  # None in worlds that no sea or river reaches

    @cached_property
    def attraction_persons(self) -> Array:
        """How strongly a cell draws people who are out, (cell,); follows from the parameters."""
        return attraction(self.params, self.night_persons, self.day_persons)

    @cached_property
    def able_fraction(self) -> Array:
        """Share of the adults of a cell who can help a neighbour; follows from the parameters."""
        return self.params.able_fraction * (1.0 - self.params.frail_fraction_65 * self.share_65)


@dataclass(frozen=True)
class Seen:
    """The last damage this layer has turned into casualties, so that only what is new harms people."""

    wood_collapsed_fraction: Array
    nonwood_collapsed_fraction: Array
    wood_half_fraction: Array
    nonwood_half_fraction: Array
    slide_buildings: Array
    buildings_burnt: Array
    fires_burning: Array
    shock_intensity: Array
    site_damage_fraction: Array
    uninhabitable_fraction: Array


@dataclass(frozen=True)
class Flood:
    """What water has done so far; without a water grid nothing ever changes here.

    highest_m: greatest depth seen, (patch,). alive: share of the people of each settled patch who live, and amid:
    whether water cuts them off; amid_persons: living residents there, not yet fetched; (settled,) all three.
    stranded, lifted: residents cut off, and fetched but still on the home's register; caught: reached by water on
    their way so far; int64 (cell,). caught_at: the same people by the place where it reached them
    lately and in the window before, (2, patch); caught_dead, caught_known: expected deaths of those caught earlier, all
    caught at known places, (municipality,).
    """

    highest_m: Array
    alive: Array
    amid: Array
    amid_persons: Array
    stranded: Array
    lifted: Array
    caught: Array
    caught_at: Array
    caught_dead: Array
    caught_known: Array


@dataclass(frozen=True)
class Town:
    """Slow quantities per municipality, shape (municipality,)."""

    absent_fraction: Array  # share of the residents who are out
    homeward_fraction: Array  # share of the residents who are out and on their way home after a shock
    stay_home_fraction: Array  # share of outings given up since the shock
    phone_excess: Array  # offered telephone traffic above normal
    strong_s: Array  # time of the last strong shock, NaN if none
    device_ok_fraction: Array  # users of powered devices who still have battery or cylinder
    dialysis_ok_fraction: Array  # dialysis patients whose last session is recent enough
    call_carry: Array  # fraction of a call to the town hall not yet made
    traffic_factor: Array  # travel time over free flow
    attendance_fraction: Array  # municipal staff at work
    deaths_confirmed_persons: Array  # confirmed so far


@dataclass(frozen=True)
class Groups:
    """Mean numbers so far by group of people, and what is ordered for one, (municipality,) each."""

    ill_in_cars: Array  # people in cars taken ill by the conditions
    ill_in_shelters: Array
    ill_dependent: Array  # people who ran out of power, oxygen or dialysis
    delivery_cover: Array  # share of the dependent that supply by order reaches; 0: none ordered
    delivery_from_s: Array  # from then on; inf: none ordered


@dataclass(frozen=True)
class Arrivals:
    """Events of a Poisson process per municipality: level reached, level of the next event, events so far."""

    level: Array
    next_level: Array
    count: Array


@dataclass(frozen=True)
class State:
    """All persons: residents at hand + away + removed victims = everyone, at any time."""

    now_s: int
    place_fractions: Array  # (4,): residents at work, school, shops, on the road by the hour
    quantile: Array  # (cell,): fixed draw that rounds persons of the cell
    residents: Array  # int64 (cell,): living at home or out for the day
    away: Array  # int64 (cell,): residents who stay elsewhere (evacuated)
    victims: Table
    expected: Array  # (kind, outcome, cell): people expected to be harmed so far
    site_expected: Array  # (outcome, site)
    incident_done: Array  # bool (incident,)
    seen: Seen
    flood: Flood
    town: Town
    effort_s: Array  # (cell,): time neighbours have effectively worked
    line_s: Array  # (cell,): time a telephone line has effectively worked
    routine: Arrivals  # everyday ambulance calls
    ill_home: Arrivals  # people at home taken ill by the conditions
    ill_shelter: Arrivals  # people in shelters and cars taken ill by the conditions
    related: Arrivals  # disaster-related deaths
    routine_waiting: Array  # int64 (municipality,): everyday and ill patients not yet treated
    displaced_persons: Array  # (cell,)
    displaced_in_town: Array  # (municipality,): the same by town
    neighbour_freed: Array  # int64 (municipality,): freed by neighbours so far
    emergency_calls: Array  # int64 (municipality,): 119 calls that got through so far
    groups: Groups


def prepare(world: World, params: Params) -> Given:
    """Constants for all runs."""
    cell, site = world["cell"], world["site"]
    towns = world["municipality"]
    buildings, residents = cell["buildings"], cell["residents"]
    floors = buildings * cell["floor_m2"]
    wood_buildings, wood_residents = buildings[:, :3].sum(axis=1), residents[:, :3].sum(axis=1)
    nonwood_buildings, nonwood_residents = buildings[:, 3:].sum(axis=1), residents[:, 3:].sum(axis=1)
    per_wood = wood_residents.sum() / max(wood_buildings.sum(), 1)
    per_nonwood = nonwood_residents.sum() / max(nonwood_buildings.sum(), 1)
    town, night = cell["municipality"], cell["night_persons"].astype(np.float64)
    wood_share = wood_residents / np.maximum(wood_residents + nonwood_residents, 1.0)
    return Given(
        params=params,
        origin=world.origin,
        school_holiday=bool(world.settings.get("school_holiday", 0)),
        holiday=bool(world.settings.get("holiday", 0)),
        n_towns=len(towns),
        n_patches=len(world["patch"]),
        town=town,
        cell_keys=cell.keys,
        town_keys=towns.keys,
        site_keys=site.keys,
        night_persons=night,
        day_persons=cell["day_persons"].astype(np.float64),
        share_65=cell["share_65"].astype(np.float64),
        wood_buildings=wood_buildings.astype(np.float64),
        nonwood_buildings=nonwood_buildings.astype(np.float64),
        wood_residents=wood_residents.astype(np.float64),
        nonwood_residents=nonwood_residents.astype(np.float64),
        wood_floor_fraction=floors[:, :3].sum(axis=1) / np.maximum(floors.sum(axis=1), 1.0),
        crowding_ratio=float(per_nonwood / per_wood) if per_wood > 0 else 1.0,
        town_share_65=towns["share_65"].astype(np.float64),
        **_by_town(town, night, len(towns)),
        nobody=np.zeros(len(town)),
        site_cell=site["cell"],
        site_town=site["municipality"],
        site_persons_day=site["persons_day"].astype(np.float64),
        site_persons_night=site["persons_night"].astype(np.float64),
        **_incidents(world),
        water=waters(world, wood_share, cell["share_65"].astype(np.float64)),
    )


def _by_town(town: Array, night_persons: Array, n_towns: int) -> dict[str, Array]:
    """Residents of the towns, and the order of the cells that adds them up in one pass."""
    in_town = np.bincount(town, weights=night_persons, minlength=n_towns)
    order = np.argsort(town, kind="stable")
    settled, first = np.unique(town[order], return_index=True)
    return {
        "town_night_persons": in_town,
        "cells_by_town": None if (town[1:] >= town[:-1]).all() else order,
        "first_of_town": first,
        "towns_with_cells": settled,
        "cells_per_town": np.bincount(town, minlength=n_towns),
        "share_of_town": night_persons / np.maximum(in_town, 1.0)[town],
    }


def _incidents(world: World) -> dict[str, Array]:
    """Casualties given by the scenario; none when it has no incidents or they are switched off."""
    columns = {
        "incident_site": "site",
        "incident_time_s": "time_s",
        "incident_persons_exposed": "persons_exposed",
        "incident_persons_dead": "persons_dead",
        "incident_persons_trapped": "persons_trapped",
    }
    whole = ("incident_site", "incident_time_s")
    used = "incident" in world and bool(world.settings.get("special_incidents", 1))
    return {
        name: np.asarray(world["incident"][column] if used else [], dtype=np.int64 if name in whole else np.float64)
        for name, column in columns.items()
    }


def start(given: Given, chance: Chance) -> State:
    """Everyone alive and unhurt, at home or out as the hour of the scenario's origin has it."""
    n_cells, n_sites, n_towns = len(given.town), len(given.site_keys), given.n_towns
    zeros = np.zeros(n_cells)
    places = place_fractions(given.params, given.origin, given.school_holiday, given.holiday)
    town = Town(
        absent_fraction=np.full(n_towns, float(places.sum())),
        homeward_fraction=np.zeros(n_towns),
        stay_home_fraction=np.zeros(n_towns),
        phone_excess=np.zeros(n_towns),
        strong_s=np.full(n_towns, np.nan),
        device_ok_fraction=np.ones(n_towns),
        dialysis_ok_fraction=np.ones(n_towns),
        call_carry=np.zeros(n_towns),
        traffic_factor=np.ones(n_towns),
        attendance_fraction=np.ones(n_towns),
        deaths_confirmed_persons=np.zeros(n_towns),
    )
    return State(
        now_s=0,
        place_fractions=places,
        quantile=chance.uniform("people.rounding", given.cell_keys),
        residents=given.night_persons.astype(np.int64),
        away=np.zeros(n_cells, dtype=np.int64),
        victims=Table.empty(**COLUMNS),
        expected=np.zeros((len(KINDS), len(OUTCOMES), n_cells)),
        site_expected=np.zeros((len(OUTCOMES), n_sites)),
        incident_done=np.zeros(len(given.incident_site), dtype=bool),
        seen=Seen(zeros, zeros, zeros, zeros, zeros, zeros, zeros, zeros, np.zeros(n_sites), zeros),
        flood=_no_flood(given),
        town=town,
        effort_s=zeros,
        line_s=zeros,
        **{name: first_arrivals(chance, f"people.{name}", given.town_keys) for name in ARRIVALS},
        routine_waiting=np.zeros(n_towns, dtype=np.int64),
        displaced_persons=zeros,
        displaced_in_town=np.zeros(n_towns),
        neighbour_freed=np.zeros(n_towns, dtype=np.int64),
        emergency_calls=np.zeros(n_towns, dtype=np.int64),
        groups=_no_groups(n_towns),
    )


def _no_groups(n_towns: int) -> Groups:
    none = np.zeros(n_towns)
    return Groups(none, none, none, none, delivery_from_s=np.full(n_towns, np.inf))


def _no_flood(given: Given) -> Flood:
    settled = len(given.water.patch) if given.water is not None else 0
    nobody = np.zeros(len(given.town), dtype=np.int64)
    return Flood(
        highest_m=np.zeros(given.n_patches),
        alive=np.ones(settled),
        amid=np.zeros(settled, dtype=bool),
        amid_persons=np.zeros(settled),
        stranded=nobody,
        lifted=nobody,
        caught=nobody,
        caught_at=np.zeros((2, given.n_patches)),
        caught_dead=np.zeros(given.n_towns),
        caught_known=np.zeros(given.n_towns),
    )


def first_arrivals(chance: Chance, purpose: str, keys: Array) -> Arrivals:
    """A Poisson process before its first event."""
    return Arrivals(np.zeros(len(keys)), chance.exponential(purpose, keys, 1.0, 0), np.zeros(len(keys), np.int64))


def arrive(chance: Chance, purpose: str, keys: Array, before: Arrivals, expected: Array) -> tuple[Arrivals, Array]:
    """Let a Poisson process run on by `expected` events per entity; returns it and the number of events, int64.

    The gap to the n-th event is one draw for (entity, n), so any sub-division of a step gives the same events.
    """
    level = before.level + expected
    due = (level >= before.next_level).nonzero()[0]
    if not due.size:
        return Arrivals(level, before.next_level, before.count), np.zeros(len(keys), dtype=np.int64)
    next_level, count = before.next_level.copy(), before.count.copy()
    while due.size:
        count[due] += 1
        next_level[due] += chance.exponential(purpose, keys[due], 1.0, count[due])
        due = due[level[due] >= next_level[due]]
    return Arrivals(level, next_level, count), count - before.count


def persons(given: Given, state: State) -> float:
    """Everyone the layer owns, the dead included."""
    return float(state.residents.sum() + state.away.sum() + np.count_nonzero(state.victims["removed"]))
