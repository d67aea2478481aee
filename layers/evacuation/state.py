"""What the evacuation layer holds: constants of a world, who is away from which cell, every shelter's state."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from layers.evacuation.ground import Ground, prepare_ground
from layers.evacuation.households import Flight, start_flight
from layers.evacuation.whole import Grouping, group
from twin.chance import Chance
from twin.params import Params
from twin.units import HOUR_S
from twin.world import IndexSet, World

Array = np.ndarray


class Reason:
    """Why people want to be away from home: rows of `Demand.wanted_persons`."""

    LOST = 0  # the home cannot be lived in
    OUTAGE = 1  # no power in the heat, no water
    FEAR = 2  # felt shocks, damage around
    ORDER = 3  # evacuation order or tsunami advisory
    BROUGHT = 4  # freed or helped by responders and brought to a shelter


class Place:
    """Where evacuees stay: rows of `State.away_persons`. The first four are what people wish for."""

    SHELTER = 0
    UNDESIGNATED = 1
    CAR = 2
    RELATIVES = 3  # also hotels
    TURNED_AWAY = 4  # at the door of a closed or full shelter, in yards and parked cars
    HOSPITAL = 5  # transferred out: no longer an evacuee, but not at home either
    UNDER_WAY = 6  # fleeing from water, on the way
    REFUGE = 7  # fled from water: on safe ground or in a refuge building


N_WISHES, N_PLACES = 4, 8  # places people wish for; all
REASON_NAMES = ("lost_home", "outage", "fear", "order", "brought")
LIMIT_NAMES = ("floor", "check", "heat", "toilets", "water", "staff", "power")


class Status:
    """What a shelter is."""

    CLOSED = 0
    WAITING = 1  # to be opened: waits for staff or a safety check
    OPEN = 2
    MERGED = 3  # closed by consolidation
    UNUSABLE = 4  # found unsafe


class Ordered:
    """What has been ordered about a shelter: codes of `State.ordered`."""

    SHUT = -1  # stays closed
    NOTHING = 0  # the town's own rules
    KEPT = 1  # was open or called up already: stays so
    EXTRA = 2  # called up by the order, on top of what the town wants


class Limit:
    """Which condition binds a shelter's habitable capacity."""

    FLOOR = 0
    CHECK = 1
    HEAT = 2
    TOILETS = 3
    WATER = 4
    STAFF = 5
    POWER = 6  # no light or ventilation at night


@dataclass(frozen=True)
class Given:
    """Constants of the layer; cell columns (cell,), shelter columns (shelter,), town columns (municipality,)."""

    params: Params
    origin_of_day_s: int  # local time of day at the scenario's start
    cells: Grouping
    halls: Grouping
    cell_keys: Array
    hall_keys: Array
    town_keys: Array
    residents_persons: Array  # (cell,)
    buildings: Array  # (cell,), at least 1
    coastal: Array  # (cell,) 1 where the home is near the coast
    nearest_hall: Array  # (cell,) nearest shelter of the own municipality, -1 if it has none
    hall_floor_m2: Array
    hall_cooled: Array
    hall_toilets: Array
    town_residents_persons: Array
    nobody: Array  # (cell,): zeros
    no_cars: Array  # (municipality,): zeros
    no_patch: Array  # (patch,): zeros
    share_65: Array  # (cell,): share of the residents aged 65 and over
    ground: Ground


@dataclass(frozen=True)
class Demand:
    """What drives people out, with its memory."""

    wanted_persons: Array  # (reason, cell): residents who by now want to be away, fractional
    power_out_s: Array  # (cell,): how long the outage lasts
    water_out_s: Array  # (cell,)
    felt: Array  # (municipality,): felt shocks, fading
    car_factor: Array  # (municipality,): how far heat keeps people from sleeping in cars, 0..1
    alarmed: Array  # bool (municipality,): the town has had a reason to open shelters
    leaning: Array  # (municipality,): standard normal quantile of how readily its people leave


@dataclass(frozen=True)
class Halls:
    """Every designated shelter, shape (shelter,)."""

    status: Array  # int8, Status
    checked: Array  # bool: a safety check was done
    due_s: Array  # int64: someone with a key is there from this time on
    openings: Array  # int64: times the shelter was called up
    persons: Array  # registered, whole
    present: Array  # inside now, whole
    capacity_persons: Array  # habitable, whole; 0 unless open
    limit: Array  # int8, Limit
    full: Array  # bool
    counted_persons: Array  # at its last head-count; NaN before
    wbgt_c: Array  # heat inside


@dataclass(frozen=True)
class Towns:
    """Counters per municipality, shape (municipality,)."""

    refused_persons: Array  # turned away from every shelter of the town so far
    ill_expected_persons: Array  # evacuees expected to have needed a transfer so far
    transferred_persons: Array  # transferred so far
    in_hospital_level: Array  # fractional number still in hospital
    left_persons: Array  # since the last line in the journal
    returned_persons: Array
    counted_persons: Array  # known number in shelters; NaN before the first head-count
    car_persons: Array  # in cars now


@dataclass(frozen=True)
class State:
    """Evacuees: away = all places but the hospital (shelter, car, relatives, door, fleeing, safe from water)."""

    demand: Demand
    away_persons: Array  # (place, cell), whole
    halls: Halls
    towns: Towns
    wish_quantile: Array  # (wish, cell): the cell's own rounding
    hall_quantile: Array  # (shelter,)
    town_quantile: Array  # (municipality,)
    n_counts: int  # head-counts taken
    flight: Flight  # households that may have to flee from water
    ordered: Array  # int8 (shelter,), Ordered


def prepare(world: World, params: Params) -> Given:
    """Constants for all runs."""
    cell, shelter, town = world["cell"], world["shelter"], world["municipality"]
    n_towns = len(town)
    near_coast = (cell["coast_distance_m"] <= params.coast_distance_m) & (town["coastal"][cell["municipality"]] > 0)
    start = world.origin
    return Given(
        params=params,
        origin_of_day_s=start.hour * HOUR_S + start.minute * 60 + start.second,
        cells=group(cell["municipality"], n_towns),
        halls=group(shelter["municipality"], n_towns, _opening_rank(shelter["kind"], shelter["floor_m2"])),
        cell_keys=cell.keys,
        hall_keys=shelter.keys,
        town_keys=town.keys,
        residents_persons=cell["night_persons"].astype(np.float64),
        buildings=np.maximum(cell["buildings"].sum(axis=1), 1).astype(np.float64),
        coastal=near_coast.astype(np.float64),
        nearest_hall=_nearest(cell, shelter, n_towns),
        hall_floor_m2=shelter["floor_m2"].astype(np.float64),
        hall_cooled=shelter["cooled"].astype(np.float64),
        hall_toilets=shelter["toilets"].astype(np.float64),
        town_residents_persons=np.bincount(
            cell["municipality"], weights=cell["night_persons"], minlength=n_towns
        ).astype(np.float64),
        nobody=np.zeros(len(cell)),
        no_cars=np.zeros(n_towns),
        no_patch=np.zeros(len(world["patch"])),
        share_65=cell["share_65"].astype(np.float64),
        ground=prepare_ground(world),
    )


def _opening_rank(kind: Array, floor_m2: Array) -> Array:
    """Order in which a town opens: school gyms, large and community halls, welfare shelters last; large first."""
    by_kind = np.array([0.0, 1.0, 1.0, 2.0])[kind]
    return by_kind - floor_m2 / (1.0 + floor_m2.max(initial=0.0))


def _nearest(cell: IndexSet, shelter: IndexSet, n_towns: int) -> Array:
    nearest = np.full(len(cell), -1, dtype=np.int64)
    x_m, y_m, stands_in = cell["x_m"], cell["y_m"], shelter["cell"]
    for row in range(n_towns):
        inside = np.flatnonzero(cell["municipality"] == row)
        halls = np.flatnonzero(shelter["municipality"] == row)
        if inside.size and halls.size:
            east = x_m[inside][:, None] - x_m[stands_in[halls]][None, :]
            north = y_m[inside][:, None] - y_m[stands_in[halls]][None, :]
            nearest[inside] = halls[np.argmin(east**2 + north**2, axis=1)]
    return nearest


def start(given: Given, chance: Chance) -> State:
    """Everyone at home, every shelter closed and unchecked."""
    n_cells, n_halls, n_towns = len(given.cell_keys), len(given.hall_keys), len(given.town_keys)
    none, nobody = np.zeros(n_towns), np.zeros(n_halls)
    return State(
        demand=Demand(
            wanted_persons=np.zeros((len(REASON_NAMES), n_cells)),
            power_out_s=np.zeros(n_cells),
            water_out_s=np.zeros(n_cells),
            felt=none,
            car_factor=np.ones(n_towns),
            alarmed=np.zeros(n_towns, dtype=bool),
            leaning=chance.normal("evacuation.leaning", given.town_keys),
        ),
        away_persons=np.zeros((N_PLACES, n_cells)),
        halls=Halls(
            status=np.zeros(n_halls, dtype=np.int8),
            checked=np.zeros(n_halls, dtype=bool),
            due_s=np.zeros(n_halls, dtype=np.int64),
            openings=np.zeros(n_halls, dtype=np.int64),
            persons=nobody,
            present=nobody,
            capacity_persons=nobody,
            limit=np.zeros(n_halls, dtype=np.int8),
            full=np.zeros(n_halls, dtype=bool),
            counted_persons=np.full(n_halls, np.nan),
            wbgt_c=np.full(n_halls, given.params.cooled_wbgt_c),
        ),
        towns=Towns(none, none, none, none, none, none, np.full(n_towns, np.nan), none),
        wish_quantile=np.stack(
            [chance.uniform("evacuation.wish", given.cell_keys, place) for place in range(N_WISHES)]
        ),
        hall_quantile=chance.uniform("evacuation.presence", given.hall_keys),
        town_quantile=chance.uniform("evacuation.town", given.town_keys),
        n_counts=0,
        flight=start_flight(given.ground, given.residents_persons, given.params, n_towns, chance),
        ordered=np.zeros(n_halls, dtype=np.int8),
    )


def evacuees_persons(given: Given, state: State) -> float:
    """Persons the layer holds: everyone away except those in hospital."""
    return float(state.away_persons[: Place.HOSPITAL].sum() + state.away_persons[Place.UNDER_WAY :].sum())
