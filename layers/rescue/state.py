"""What the rescue layer holds: constants of a world, its forces, missions, calls, knowledge and hospitals."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum

import numpy as np

from twin.chance import Chance, keys_of
from twin.missions import NEVER_S, Missions, Units
from twin.params import Params
from twin.world import World

Array = np.ndarray
MAX_HELICOPTERS, MAX_EXTRA_CREWS = 20, 200  # units kept ready for the levers of the same names


class Force(IntEnum):
    """Kinds of unit: the codes of the table `base`, and helicopters."""

    FIRE = 0
    VOLUNTEER = 1
    POLICE = 2
    SDF = 3
    MEDICAL = 4
    AID_FIRE = 5
    AID_POLICE = 6
    AID_SDF = 7
    ENGINEERS = 8
    HELICOPTER = 9


class Trigger(IntEnum):
    """What sets a force moving; rows of `called_s`."""

    AT_ONCE = 0
    FIRE_AID = 1
    SDF = 2
    POLICE_AID = 3
    MEDICAL_AID = 4


class Pool(IntEnum):
    """Pools of units. Fire and rescue share CREWS, so fires take crews from rescue."""

    CREWS = 0
    ENGINEERS = 1
    MEDICAL = 2
    AIR = 3


class Task(IntEnum):
    """Kinds of mission."""

    LOCATE = 0  # look at a reported house
    EXTRACT = 1  # free the people of one house
    SEARCH = 2  # search a block of collapsed houses nobody called about
    SITE = 3  # search and free one pocket of a large site
    FIRE = 4
    VISIT = 5  # liaison officer or patrol to a silent town
    FLIGHT = 6  # reconnaissance flight over a silent town
    ROAD = 7
    MACHINE = 8  # heavy machine to a large site
    HOSPITAL = 9  # medical assistance team at a hospital


class Ground(IntEnum):
    """Classes of place; which unit is fit for which is the parameter `handicap_s`."""

    SEARCH = 0
    EXTRACT = 1
    SITE = 2
    FIRE = 3
    TOWN = 4
    HOSPITAL = 5
    ROAD = 6
    BASE = 7


FORCE_POOL = np.array([0, 0, 0, 0, 2, 0, 0, 0, 1, 3])
OUTSIDE_TRIGGER = np.array([1, 1, 3, 2, 4, 1, 3, 2, 2, 0])


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
    """Constants of the layer."""

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
    hospital_node: Array
    hospital_keys: Array
    hospital_beds: Array
    hospital_base: Array
    ambulance_town: Array
    fire_crews: Array


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
    """Ambulance queue by district of ambulances (town,), patients by hospital and town of origin, occupied beds.

    credit: service not yet used; treated and told: treatments by town, exact and already handed over;
    known_*: what the medical headquarters heard; report_due_s: next report of each hospital.
    """

    ambulance_waiting: Array
    ambulance_credit: Array
    runs: Array
    waiting: Array
    bedded: Array
    credit: Array
    treated: Array
    told: Array
    known_function: Array
    known_wait_s: Array
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
class Present:
    """Levels as last worked out, (town,) unless said."""

    persons: Array
    outside_persons: Array
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
    arrived: Array
    calls: Calls
    search: Search
    sites: Sites
    medical: Medical
    counts: Counts
    present: Present
    fuel_l: Array
    filled: bool
    manual: Array
    search_priority: Array
    trapped_seen: Array
    site_trapped_seen: Array


def start(given: Given, chance: Chance) -> State:
    """Nobody called, nothing known."""
    n_town, n_cell, n_hospital = given.n_town, given.n_cell, len(given.hospital_beds)
    town, cell, hospital = np.zeros(n_town), np.zeros(n_cell), np.zeros(n_hospital)
    site, whole_town = np.zeros(len(given.site_keys)), np.zeros(n_town, np.int64)
    whole_cell, whole_site = np.zeros(n_cell, np.int64), np.zeros(len(site), np.int64)
    roster = given.roster
    units = Units.empty().append(
        key=roster.key, base=roster.place, pool=FORCE_POOL[roster.kind], available_s=NEVER_S
    )
    mark = chance.exponential("rescue.patrol", given.cell_keys, 1.0)
    return State(
        missions=Missions.empty(),
        units=units,
        ordered=np.zeros(len(roster.key), bool),
        called_s=np.full(len(Trigger), -1, np.int64),
        shift_s=0.0,
        arrived=np.zeros(given.n_base, bool),
        calls=Calls(cell, town, cell, whole_cell, whole_cell),
        search=Search(town, mark, cell, whole_cell),
        sites=Sites(np.full(len(site), NEVER_S), np.zeros(len(site), bool), site, whole_site, whole_site),
        medical=_no_patients(given, n_town, hospital),
        counts=Counts(
            *(whole_town, whole_town, whole_town, cell, site, whole_cell, whole_site, whole_cell, whole_cell),
            *(whole_town, np.full(n_town, -NEVER_S), 0, 0),
        ),
        present=Present(*([town] * 10), cell, hospital, 0.0, 0.0),
        fuel_l=town,
        filled=False,
        manual=np.zeros(n_town, bool),
        search_priority=np.ones(n_town),
        trapped_seen=cell,
        site_trapped_seen=site,
    )


def _no_patients(given: Given, n_town: int, hospital: Array) -> Medical:
    whole = np.zeros(len(hospital), np.int64)
    town, matrix = np.zeros(n_town), np.zeros((len(hospital), n_town))
    never_heard = np.full(len(hospital), np.nan)
    due = np.full(len(hospital), -1, np.int64)
    return Medical(
        *(town, town, town, matrix, hospital, hospital, town, town, never_heard, never_heard, due, whole),
        np.zeros(len(hospital), bool),
    )


def prepare(world: World, params: Params) -> Given:
    """Constants for all runs."""
    cell, town, site, hospital = world["cell"], world["municipality"], world["site"], world["hospital"]
    base = world["base"]
    places = _places(world)
    free_s = world.arrays["free_travel_s"]
    fire = base["kind"] == Force.FIRE
    crews_of_town = np.bincount(base["municipality"][fire], weights=base["crews"][fire], minlength=len(town))
    stations = np.flatnonzero(crews_of_town > 0)
    drive_s = free_s[np.ix_(town["node"], town["node"][stations])]
    nearest = stations[np.argmin(drive_s, axis=1)] if stations.size else np.arange(len(town))
    large = site["floor_m2"].astype(np.float64)
    return Given(
        params=params,
        places=places,
        roster=_roster(world, places),
        n_town=len(town),
        n_cell=len(cell),
        n_base=len(base),
        cell_town=cell["municipality"],
        cell_keys=cell.keys,
        town_node=town["node"],
        town_keys=town.keys,
        population=town["population"].astype(np.float64),
        site_town=site["municipality"],
        site_cell=site["cell"],
        site_keys=site.keys,
        site_large=large,
        site_machine=_needs_machine(world),
        hospital_town=hospital["municipality"],
        hospital_node=hospital["node"],
        hospital_keys=hospital.keys,
        hospital_beds=hospital["beds"].astype(np.float64),
        hospital_base=hospital["disaster_base"].astype(bool),
        ambulance_town=nearest,
        fire_crews=crews_of_town,
    )


def _needs_machine(world: World) -> Array:
    """Whether a site needs heavy machines: by its kind, or because its incident says so."""
    machine = world["site"]["needs_machine"].astype(bool)
    if "incident" in world and len(world["incident"]):
        machine = machine.copy()
        machine[world["incident"]["site"][world["incident"]["needs_machine"] > 0]] = True
    return machine


def _places(world: World) -> Places:
    cell, town, site, hospital, base = (world[name] for name in ("cell", "municipality", "site", "hospital", "base"))
    node = world["node"]
    half_m = float(world.settings.get("cell_size_m", 1000.0)) / 2.0
    cell_last_m = np.hypot(cell["x_m"] - node["x_m"][cell["node"]], cell["y_m"] - node["y_m"][cell["node"]]) + half_m
    port = int(np.flatnonzero(node["kind"] == 4)[0]) if (node["kind"] == 4).any() else 0
    base_node = np.append(base["node"], port)
    base_town = np.append(base["municipality"], node["municipality"][port])
    of_cell = (cell["node"], cell["municipality"], cell["x_m"], cell["y_m"], cell_last_m)
    of_site = (site["node"], site["municipality"], cell["x_m"][site["cell"]], cell["y_m"][site["cell"]])
    of_town = (town["node"], np.arange(len(town)), town["x_m"], town["y_m"], np.zeros(len(town)))
    at_hospital = hospital["cell"]
    groups = [
        of_cell,
        of_cell,
        (*of_site, np.full(len(site), half_m)),
        of_cell,
        of_town,
        (hospital["node"], hospital["municipality"], cell["x_m"][at_hospital], cell["y_m"][at_hospital],
         np.zeros(len(hospital))),
        of_town,
        (base_node, base_town, node["x_m"][base_node], node["y_m"][base_node], np.zeros(len(base_node))),
    ]  # fmt: skip
    sizes = [len(group[0]) for group in groups]
    first = np.concatenate(([0], np.cumsum(sizes)))[:-1]
    kinds = np.repeat(np.arange(len(Ground)), sizes)
    entity = np.concatenate([np.arange(size) for size in sizes])
    spot_class = np.where(np.isin(kinds, (Ground.EXTRACT, Ground.FIRE)), Ground.SEARCH, kinds)
    columns = [np.concatenate([group[k] for group in groups]) for k in range(5)]
    return Places(first, kinds, entity, columns[0], columns[1], first[spot_class] + entity, *columns[2:])


def _roster(world: World, places: Places) -> Roster:
    """One unit per crew of each base, then the helicopters and the crews kept for levers."""
    base = world["base"]
    n_base, crews = len(base), base["crews"]
    row = np.repeat(np.arange(n_base), crews)
    number = np.arange(len(row)) - np.repeat(np.cumsum(crews) - crews, crews)
    gate = int(np.flatnonzero(base["kind"] == Force.AID_FIRE)[0]) if (base["kind"] == Force.AID_FIRE).any() else 0
    ids = [f"{base.ids[b]}/{n}" for b, n in zip(row.tolist(), number.tolist())]
    ids += [f"helicopter/{n}" for n in range(MAX_HELICOPTERS)] + [f"extra/{n}" for n in range(MAX_EXTRA_CREWS)]
    kept = MAX_HELICOPTERS + MAX_EXTRA_CREWS
    kind = np.concatenate(
        [base["kind"][row], np.full(MAX_HELICOPTERS, Force.HELICOPTER), np.full(MAX_EXTRA_CREWS, Force.AID_FIRE)]
    )
    local = np.append(base["local"][row].astype(bool), np.zeros(kept, bool))
    full_row = np.concatenate([row, np.full(MAX_HELICOPTERS, n_base), np.full(MAX_EXTRA_CREWS, gate)])
    persons = np.append(base["crew_persons"][row], np.repeat([3.0, 5.0], [MAX_HELICOPTERS, MAX_EXTRA_CREWS]))
    sdf = kind == Force.SDF
    return Roster(
        key=keys_of("rescue-unit", np.array(ids)),
        kind=kind,
        base=full_row,
        place=places.first[Ground.BASE] + full_row,
        town=places.town[places.first[Ground.BASE] + full_row],
        persons=persons.astype(np.float64),
        mobilise_s=np.append(base["mobilise_s"][row].astype(np.float64), np.full(kept, -1.0)),
        trigger=np.where(sdf, Trigger.SDF, np.where(local, Trigger.AT_ONCE, OUTSIDE_TRIGGER[kind])),
        local=local,
        rank=np.concatenate([np.full(len(row), -1), np.arange(MAX_HELICOPTERS), np.arange(MAX_EXTRA_CREWS)]),
        quantile=np.append((number + 0.5) / np.maximum(crews[row], 1), np.full(kept, 0.99)),
    )
