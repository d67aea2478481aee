"""Crews of the lifelines: own and mutual-aid gangs, inspectors, generator cars; all their work queues in one place."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import TypeVar

import numpy as np

from twin.chance import key_of
from twin.missions import CANCELLED, DONE, IDLE, NEVER_S, WAITING, WORKING, Missions, Units, advance, cancel
from twin.params import Params
from twin.records import changed
from twin.units import DAY_S
from twin.world import World

Array = np.ndarray

POWER, WATER, TELECOM, INSPECTION, CLEARING, STATION_CARS = range(6)
POOLS = ("power", "water", "telecom", "inspection", "clearing", "station_cars")
CARS = 100
"""Pool of the generator cars allotted to municipality row m: CARS + m."""
GUEST_GANGS = (POWER, WATER, CLEARING)
"""Pools whose gangs may be sent from outside to work for one town only."""
PATROL, FAULT, SURVEY, LEAK, LINE, INSPECT, CLEAR, CAR, STATION_CAR, DRY, SENT_CAR, TERMINAL = range(12)
"""Kinds of missions; the subject is a feeder, feeder section, water zone, station, road, facility or drowned site."""

Moved = TypeVar("Moved", Missions, Units)
_GOLDEN_RATIO = 0.6180339887498949
_SALT = np.uint64(0x9E3779B97F4A7C15)


@dataclass(frozen=True)
class CrewPlace:
    """Where crews come from: nodes of town offices with the people they serve, and the gateways for aid."""

    town_node: Array
    population_share: Array  # cumulative, (municipality,)
    population: float
    gateway: Array
    node_municipality: Array


@dataclass(frozen=True)
class Crews:
    """missions: open work. subject: row each mission is about, (mission,). units: who works.

    ahead: places in the queue each mission was moved forward by order, (mission,).
    called: units wanted of each pool at the last look: pools, generator cars by town, guests as in `guest_pool`.
    """

    missions: Missions
    subject: Array
    ahead: Array
    units: Units
    called: Array


def prepare(world: World) -> CrewPlace:
    """Constants; aid enters at the gateways, or at the first node where there are none."""
    town, node = world["municipality"], world["node"]
    gateway = np.flatnonzero(node["kind"] == 3)
    total = float(town["population"].sum())
    return CrewPlace(
        town_node=np.maximum(town["node"], 0).astype(np.int64),
        population_share=np.cumsum(town["population"]) / total,
        population=total,
        gateway=gateway if gateway.size else np.zeros(1, np.int64),
        node_municipality=node["municipality"],
    )


def start(place: CrewPlace) -> Crews:
    """No work and nobody called yet; own crews muster in the first step."""
    n = len(POOLS) + (1 + len(GUEST_GANGS)) * len(place.town_node) + 2
    nothing = np.empty(0, np.int64)
    return Crews(Missions.empty(), nothing, nothing, Units.empty(), np.zeros(n, np.int64))


def guest_pool(n_town: int, gang: int, town: int = 0) -> int:
    """Pool of the gangs sent to one town (gang: place in GUEST_GANGS), of sent generator cars (gang 3, town 0) and of
    satellite terminals (gang 3, town 1)."""
    return CARS + (1 + gang) * n_town + town


def own_units(place: CrewPlace, params: Params) -> Array:
    """Own units of each pool, int64 (pool,): at least one of each in any region."""
    per_person = np.array(
        [
            params.power_crews_per_100000,
            params.water_crews_per_100000,
            params.telecom_crews_per_100000,
            params.road_inspectors_per_100000,
            params.road_crews_per_100000,
            params.station_cars_per_100000,
        ]
    )
    return np.maximum(np.rint(per_person * place.population / 1e5), 1).astype(np.int64)


def muster(crews: Crews, place: CrewPlace, params: Params, aid: Array, cars: Array, now_s: int) -> Crews:
    """Bring the roster to own units plus aid.

    aid: units called up by pool, (pool,), >= 0. cars: generator cars allotted, (municipality,).
    New own units stand at town offices, new aid at the gateways; those no longer called leave after their mission.
    """
    guests = crews.called[len(POOLS) + len(cars) :]
    wanted = np.concatenate([own_units(place, params) + np.floor(aid), np.floor(cars), guests])
    return _roster(crews, place, params, wanted.astype(np.int64), now_s)


def send(crews: Crews, place: CrewPlace, params: Params, guests: Array, now_s: int) -> Crews:
    """Bring the units sent by order to their numbers, in the order of `guest_pool`: int64 (3 x municipality + 2,).

    They come through the gateways after the way of mutual aid; who left has to come all the way again.
    """
    wanted = np.concatenate([crews.called[: len(POOLS) + len(place.town_node)], guests])
    return _roster(crews, place, params, wanted, now_s)


def _roster(crews: Crews, place: CrewPlace, params: Params, wanted: Array, now_s: int) -> Crews:
    """The crews with as many units of each pool as wanted; arrays as `Crews.called`."""
    moving = np.flatnonzero(wanted != crews.called)
    if not moving.size:
        return crews
    own, first_guest = own_units(place, params), len(POOLS) + len(place.town_node)
    units, leave_s = crews.units, crews.units.leave_s.copy()
    pools, numbers, aided = [], [], []
    for column in moving.tolist():
        pool = column if column < len(POOLS) else CARS + column - len(POOLS)
        rows = np.flatnonzero(units.pool == pool)
        present = rows if column < first_guest else _present(units, rows)
        staying, surplus = present[: wanted[column]], present[wanted[column] :]
        leave_s[staying] = NEVER_S
        leave_s[surplus] = np.minimum(leave_s[surplus], now_s)
        number = np.arange(len(rows), len(rows) + wanted[column] - len(present))
        numbers.append(number)
        pools.append(np.full(len(number), pool))
        aided.append(number >= (own[column] if column < len(own) else 0))
    units = changed(units, leave_s=leave_s)
    units = _joined(units, np.concatenate(pools), np.concatenate(numbers), np.concatenate(aided), place, params, now_s)
    return changed(crews, units=units, called=wanted)


def _present(units: Units, rows: Array) -> Array:
    """Those of these units that were not sent home, busy ones first: who is idle is spared first."""
    here = rows[units.leave_s[rows] == NEVER_S]
    return here[np.argsort(units.mission[here] == IDLE, kind="stable")]


def _joined(
    units: Units, pool: Array, number: Array, aid: Array, place: CrewPlace, params: Params, now_s: int
) -> Units:
    """The roster with new units; pool, number within the pool, whether they come from outside: arrays (new,)."""
    if not number.size:
        return units
    n_town = len(place.town_node)
    guest = pool >= guest_pool(n_town, 0)
    gang = (pool < STATION_CARS) | (guest & (pool < guest_pool(n_town, len(GUEST_GANGS))))
    way_s = np.where(aid, params.aid_muster_s, params.own_muster_s) + np.where(guest, params.sent_travel_s, 0.0)
    turn = (number * _GOLDEN_RATIO) % 1.0
    town = np.minimum(np.searchsorted(place.population_share, turn), n_town - 1)
    home = np.where(aid, place.gateway[number % len(place.gateway)], place.town_node[town])
    return units.append(
        key=np.array([key_of(f"infrastructure/unit/{p}/{n}") for p, n in zip(pool.tolist(), number.tolist())]),
        pool=pool,
        base=home,
        available_s=now_s + way_s.astype(np.int64),
        duty_s=int(params.crew_duty_s),
        rest_s=np.where(gang, int(DAY_S - params.crew_duty_s), 0),
        shift_offset_s=(number % 3) * (DAY_S // 3),
    )


def ask(
    crews: Crews, kind: int, pool: Array | int, subject: Array, keys: Array, place: Array, priority: Array,
    asked_s: int, work_s: Array, need: Array | int = 1,
) -> Crews:  # fmt: skip
    """New missions, one per subject; arrays (new,). keys: permanent keys of the subjects."""
    n = len(subject)
    if not n:
        return crews
    key = mission_keys(keys, kind, asked_s)
    missions = crews.missions.append(
        key=key,
        kind=kind,
        pool=pool,
        place=place,
        priority=np.clip(priority, 0, 30000),
        asked_s=asked_s,
        work_s=np.ceil(np.broadcast_to(work_s, (n,))).astype(np.int64),
        need=need,
    )
    return changed(
        crews,
        missions=missions,
        subject=np.concatenate([crews.subject, np.asarray(subject, np.int64)]),
        ahead=np.concatenate([crews.ahead, np.zeros(n, np.int64)]),
    )


def mission_keys(keys: Array, kind: int, asked_s: int) -> Array:
    """Permanent keys of missions from the subject's key, the kind, the time, and the number among equals."""
    order = np.argsort(keys, kind="stable")
    position = np.arange(len(keys))
    first = np.r_[True, keys[order][1:] != keys[order][:-1]]
    number = np.empty(len(keys), np.int64)
    number[order] = position - np.maximum.accumulate(np.where(first, position, 0))
    serial = np.uint64(kind + 1) + np.uint64(16) * np.uint64(asked_s) + (number.astype(np.uint64) << np.uint64(48))
    with np.errstate(over="ignore"):
        return ((keys.astype(np.uint64) ^ (serial * _SALT)) >> np.uint64(1)).astype(np.int64)


def work(
    crews: Crews, travel_s: Array, island: Array, local_s: float, start_s: int, end_s: int
) -> tuple[Crews, Array, Array]:
    """Let the crews travel and work over [start_s, end_s).

    travel_s: (node, node); island: connected part of each node; local_s: finding the address at the end.
    Returns the crews without finished work, and kind and subject of what was finished, arrays (finished,).
    """
    missions, units = _advance(crews, travel_s, island, local_s, start_s, end_s)
    over = missions.phase >= DONE
    if not over.any():
        if missions is crews.missions and units is crews.units:
            return crews, _NONE, _NONE
        return changed(crews, missions=missions, units=units), _NONE, _NONE
    done = missions.phase == DONE
    kind, subject = missions.kind[done].astype(np.int64), crews.subject[done]
    return _kept(crews, missions, units, ~over), kind, subject


def _kept(crews: Crews, missions: Missions, units: Units, mask: Array) -> Crews:
    """The crews with those of these missions that are under the mask."""
    return changed(
        crews, missions=missions.select(mask), subject=crews.subject[mask], ahead=crews.ahead[mask], units=units
    )


def _advance(
    crews: Crews, travel_s: Array, island: Array, local_s: float, start_s: int, end_s: int
) -> tuple[Missions, Units]:
    """As twin.missions.advance; work and units cut off from each other are left out, which saves searching."""
    m, units = crews.missions, crews.units
    offered, useful = _within_reach(m, units, island)
    some, who = (m, units) if offered.all() and useful.all() else (m.select(offered), units.select(useful))
    after, those, _ = advance(some, who, start_s, end_s, lambda rows, at, to: travel_s[at, to] + local_s)
    if after is some and those is who:
        return m, units
    if some is m and who is units:
        return after, those
    return _merged(m, offered, some, after), _merged(units, useful, who, those)


def _merged(rows: Moved, mask: Array, before: Moved, after: Moved) -> Moved:
    """The rows with those under the mask replaced, in their old order.

    before: the rows under the mask; columns that `after` shares with it have not changed.
    """
    columns = {}
    for column in fields(rows):
        new = getattr(after, column.name)
        if new is not getattr(before, column.name):
            values = getattr(rows, column.name).copy()
            values[mask] = new
            columns[column.name] = values
    return changed(rows, **columns)


def _within_reach(m: Missions, units: Units, island: Array) -> tuple[Array, Array]:
    """Missions some unit of the pool can get to, and units that can get to some waiting mission, bool each.

    island: number of the connected part of the network each node lies in, (node,). Running missions and busy
    units always count.
    """
    waits, free = m.phase == WAITING, units.mission == IDLE
    if not island.any():
        return np.ones_like(waits), np.ones_like(free)
    job = m.pool.astype(np.int64) * len(island) + island[m.place]
    gang = units.pool.astype(np.int64) * len(island) + island[units.place]
    manned, asked = np.zeros((2, 1 + max(job.max(initial=0), gang.max(initial=0))), bool)
    manned[gang] = True
    asked[job[waits]] = True
    return ~waits | manned[job], ~free | asked[gang]


def release(crews: Crews, kind: int, subjects: Array, now_s: int) -> Crews:
    """Give up the missions of a kind about these subjects: their units are free again."""
    if not len(subjects) or not len(crews.subject):
        return crews
    mask = (crews.missions.kind == kind) & np.isin(crews.subject, subjects)
    if not mask.any():
        return crews
    missions, units = cancel(crews.missions, crews.units, mask, now_s)
    return _kept(crews, missions, units, missions.phase != CANCELLED)


def connected(crews: Crews, kind: int, n_subject: int, connect_s: float, now_s: int) -> Array:
    """Which subjects have a car of this kind that has been on site for `connect_s`: bool (subject,)."""
    on = np.zeros(n_subject, bool)
    m = crews.missions
    rows = (m.kind == kind) & (m.phase == WORKING) & (m.began_s + connect_s <= now_s)
    on[crews.subject[rows]] = True
    return on


_NONE = np.empty(0, np.int64)
