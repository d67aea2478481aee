"""What the rescue layer holds: constants of a world, its forces, missions, calls, knowledge and hospitals."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, TypeVar

import numpy as np

from layers.rescue.codes import N_TRIGGER, SPECIAL_POOL, Force, Pool
from twin.chance import Chance
from twin.missions import NEVER_S, Missions, Units
from twin.params import Params

Array = np.ndarray
Record = TypeVar("Record")


@dataclass(frozen=True)
class Places:
    """Where a mission can take place, one row per place; `first[Ground]` is the first row of each class.

    spot: places on the same spot need no drive between them. last_m: way from the road node.
    """

    first: Array
    ground: Array
    entity: Array
    node: Array
    town: Array
    spot: Array
    x_m: Array
    y_m: Array
    last_m: Array


@dataclass(frozen=True)
class Roster:
    """Who the units are, arrays (unit,): what never changes about them.

    rank: number of the unit among those kept for a lever; quantile: place in its base's roll, 0..1.
    """

    key: Array
    kind: Array
    base: Array
    place: Array
    town: Array
    persons: Array
    mobilise_s: Array
    trigger: Array
    local: Array
    rank: Array
    quantile: Array


@dataclass(frozen=True)
class Given:
    """Constants of the layer. district: town of the nearest fire station, which leads the town's crews, (town,).

    hospital_way: where the way from a town to a hospital stands in the flattened table of travel times,
    (town, hospital). air: rows of the helicopters among the units. water: whether the world has a water grid;
    cell_danger: share of the people of the cell inside the hazard zone, (cell,).
    """

    params: Params
    places: Places
    roster: Roster
    n_town: int
    n_cell: int
    n_base: int
    cell_town: Array
    cell_keys: Array
    town_node: Array
    town_keys: Array
    population: Array
    site_town: Array
    site_cell: Array
    site_keys: Array
    site_large: Array
    site_machine: Array
    hospital_town: Array
    hospital_way: Array
    hospital_keys: Array
    hospital_beds: Array
    hospital_base: Array
    district: Array
    fire_crews: Array
    air: Array
    water: bool
    cell_danger: Array


@dataclass(frozen=True)
class Calls:
    """The emergency call queue: waiting calls about the trapped (cell,) and for ambulances (town,).

    answered: calls answered so far, cases: places made known by calls, reported: false ones included; all (cell,).
    """

    trapped: Array
    ambulance: Array
    answered: Array
    cases: Array
    reported: Array


@dataclass(frozen=True)
class Search:
    """Systematic search: patrol effort so far (town,), effort that finds a block, houses searched, passes (cell,)."""

    effort_s: Array
    mark: Array
    searched_buildings: Array
    passes: Array


@dataclass(frozen=True)
class Sites:
    """Large sites (site,): when known (NEVER_S before), people missing by the operator's and the crews' count."""

    known_s: Array
    reported: Array
    missing_persons: Array
    begun: Array
    negatives: Array


@dataclass(frozen=True)
class Medical:
    """Patients: waiting for an ambulance and on their own way (town,), waiting (hospital, town of origin), in beds.

    runs: ambulance runs so far (town,). treated and told: treated so far, exact and as handed over in whole persons,
    (town,). known_*: what the hospitals last reported (hospital,), NaN before; report_due_s: next report of each.
    """

    ambulance_waiting: Array
    walk_in: Array
    runs: Array
    waiting: Array
    bedded: Array
    treated: Array
    told: Array
    known_function: Array
    known_waiting: Array
    report_due_s: Array
    reports: Array
    overloaded: Array


@dataclass(frozen=True)
class Counts:
    """Counters that only grow, and what was sent but not yet taken over by the people layer."""

    rescued: Array
    rescued_fire: Array
    negatives: Array
    pending_cell: Array
    pending_site: Array
    made: Array
    site_made: Array
    extractions: Array
    fires_fought: Array
    visits: Array
    visited_s: Array
    road_rounds: int
    medical_rounds: int


@dataclass(frozen=True)
class Lifts:
    """People cut off by water, (cell,) unless said.

    known_s: when responders get to know of them (NEVER_S: nobody is cut off); known: whether they do, bool; seen: cut
    off when last looked; pending: fetched since; made: sorties ordered so far; lifted: people fetched so far, (town,).
    """

    known_s: Array
    known: Array
    seen: Array
    pending: Array
    made: Array
    lifted: Array


@dataclass(frozen=True)
class Sent:
    """Orders in force. by: key of the order that sent the unit, 0 for none; to: the town or, for medical teams, the
    hospital it is bound to; both (unit,). posts: stays of sent teams posted so far, airlift: helicopters allotted,
    flights: sorties ordered so far, flown: patients flown out so far; all (hospital,).
    """

    by: Array
    to: Array
    posts: Array
    airlift: Array
    flights: Array
    flown: Array


@dataclass(frozen=True)
class Present:
    """Levels as last worked out, (town,) unless said.

    active_units: on the way or at work; dependent_units: those of them that need the town's fuel and food.
    """

    persons: Array
    active_units: Array
    dependent_units: Array
    moving: Array
    working: Array
    waiting: Array
    open: Array
    trapped_known: Array
    road_crews: Array
    fire_crews: Array  # (cell,)
    medical_teams: Array  # (hospital,)
    sdf_crews: float
    total_working: float


@dataclass(frozen=True)
class State:
    """Everything needed to go on."""

    missions: Missions
    units: Units
    ordered: Array
    called_s: Array
    shift_s: float
    ambulance_crew_fraction: float
    extra_fire_crews: float
    arrived: Array
    calls: Calls
    search: Search
    sites: Sites
    medical: Medical
    counts: Counts
    present: Present
    stale: bool  # something changed since `present` was last worked out in full
    fuel_l: Array
    filled: bool
    manual: Array
    search_priority: Array
    trapped_seen: Array
    site_trapped_seen: Array
    lifts: Lifts
    sent: Sent


def changed(record: Record, **new: Any) -> Record:
    """A record with these fields replaced; the same object if all of them are the objects it holds already."""
    held = vars(record)
    for name, value in new.items():
        if held[name] is not value:
            break
    else:
        return record
    fresh = object.__new__(type(record))  # past __init__: some twenty of these are made in every step
    fresh.__dict__.update(held, **new)
    return fresh


def fraction(values: Array) -> Array:
    """Values cut to 0..1; quicker than np.clip on short arrays."""
    return np.minimum(np.maximum(values, 0.0), 1.0)


def home_pool(given: Given) -> Array:
    """Pool each unit starts in, (unit,): local crews their district, the others a pool of their own."""
    roster, params = given.roster, given.params
    special = SPECIAL_POOL[roster.kind]
    pool = np.where(special < 0, given.district[np.maximum(roster.town, 0)], given.n_town + special)
    drives = (roster.kind == Force.FIRE) & (roster.quantile < params.ambulance_crew_fraction)
    return np.where(drives, given.n_town + Pool.AMBULANCE, pool)


def start(given: Given, chance: Chance) -> State:
    """Nobody called, nothing known."""
    n_town, n_cell, n_hospital = given.n_town, given.n_cell, len(given.hospital_beds)
    town, cell, hospital = np.zeros(n_town), np.zeros(n_cell), np.zeros(n_hospital)
    site, whole_town = np.zeros(len(given.site_keys)), np.zeros(n_town, np.int64)
    whole_cell, whole_site = np.zeros(n_cell, np.int64), np.zeros(len(site), np.int64)
    roster = given.roster
    units = Units.empty().append(key=roster.key, base=roster.place, pool=home_pool(given), available_s=NEVER_S)
    mark = chance.exponential("rescue.patrol", given.cell_keys, 1.0)
    return State(
        missions=Missions.empty(),
        units=units,
        ordered=np.zeros(len(roster.key), bool),
        called_s=np.full(N_TRIGGER, -1, np.int64),
        shift_s=0.0,
        ambulance_crew_fraction=-1.0,
        extra_fire_crews=-1.0,
        arrived=np.zeros(given.n_base, bool),
        calls=Calls(cell, town, cell, whole_cell, whole_cell),
        search=Search(town, mark, cell, whole_cell),
        sites=Sites(np.full(len(site), NEVER_S), np.zeros(len(site), bool), site, whole_site, whole_site),
        medical=_no_patients(given, n_town, hospital),
        counts=Counts(
            *(whole_town, whole_town, whole_town, cell, site, whole_cell, whole_site, whole_cell, whole_cell),
            *(whole_town, np.full(n_town, -NEVER_S), 0, 0),
        ),
        present=Present(*(town,) * 9, fire_crews=cell, medical_teams=hospital, sdf_crews=0.0, total_working=0.0),
        stale=True,
        fuel_l=town,
        filled=False,
        manual=np.zeros(n_town, bool),
        search_priority=np.ones(n_town),
        trapped_seen=cell,
        site_trapped_seen=site,
        lifts=Lifts(np.full(n_cell, NEVER_S), np.zeros(n_cell, bool), cell, cell, whole_cell, whole_town),
        sent=_nobody_sent(len(roster.key), n_hospital),
    )


def _nobody_sent(n_unit: int, n_hospital: int) -> Sent:
    unit, hospital = np.zeros(n_unit, np.int64), np.zeros(n_hospital)
    return Sent(unit, np.full(n_unit, -1, np.int64), np.zeros(n_hospital, np.int64), hospital, hospital, hospital)


def _no_patients(given: Given, n_town: int, hospital: Array) -> Medical:
    whole = np.zeros(len(hospital), np.int64)
    town, matrix = np.zeros(n_town), np.zeros((len(hospital), n_town))
    never_heard = np.full(len(hospital), np.nan)
    due = np.full(len(hospital), -1, np.int64)
    return Medical(
        *(town, town, town, matrix, hospital, town, town, never_heard, never_heard, due, whole),
        np.zeros(len(hospital), bool),
    )
