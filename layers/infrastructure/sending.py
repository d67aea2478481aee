"""Orders carried out in the rounds of the control rooms: units sent, queues put in another order, jobs handed over."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from layers.infrastructure import crews as gang
from layers.infrastructure import levers
from layers.infrastructure.crews import Crews
from layers.infrastructure.facilities import HOSPITAL
from layers.infrastructure.power import SECTIONS
from layers.infrastructure.state import Given, State
from twin.missions import WAITING, Units
from twin.missions.duty import idle, on_duty
from twin.records import changed

Array = np.ndarray
PER_FOLD = 10.0
"""Places in the queue that a job moves when its weight grows e-fold: the slope of `power.priority`."""
BEFORE_ALL = 20000
"""Places a road moves that is to be opened first: more than any other order or road can move."""


def carry_out(given: Given, state: State, now_s: int) -> State:
    """The state with everything ordered so far on its way; called at the end of a round."""
    orders = state.orders
    if not orders.heard:
        return state
    crew, n_town = state.crews, given.town.n
    means = ((gang.SENT_CAR, 0, orders.cars), (gang.TERMINAL, 1, orders.terminals))
    for kind, _, placed in means:
        crew = gang.release(crew, kind, np.flatnonzero(~placed.wanted), now_s)
    guests = np.r_[orders.crews.ravel(), [int(placed.wanted.sum()) for _, _, placed in means]]
    crew = gang.send(crew, given.crews, given.params, guests, now_s)
    for kind, number, placed in means:
        pool = gang.guest_pool(n_town, len(gang.GUEST_GANGS), number)
        crew = _ask(given, crew, kind, pool, placed.wanted, now_s)
    crew = _called_back(crew, n_town)
    town = towns(given, crew)
    crew = _reordered(given, crew, orders, town)
    return changed(state, crews=_handed_over(crew, town, n_town, state.travel.island, now_s))


def _ask(given: Given, crew: Crews, kind: int, pool: int, wanted: Array, now_s: int) -> Crews:
    """A mission for each facility to which something was ordered and nothing is on its way."""
    place, asked = given.facilities, wanted.copy()
    asked[crew.subject[crew.missions.kind == kind]] = False
    rows = np.flatnonzero(asked)
    first = np.zeros(len(rows), np.int64)
    return gang.ask(crew, kind, pool, rows, place.keys[rows], place.node[rows], first, now_s, given.params.car_stay_s)


def towns(given: Given, crew: Crews) -> Array:
    """Town each open job lies in, -1 for none or for work that no order touches, (mission,)."""
    feeder, zone, road = given.power.municipality, given.water.municipality, given.roads.municipality
    where = {
        gang.PATROL: feeder,
        gang.FAULT: np.repeat(feeder, SECTIONS),
        gang.SURVEY: zone,
        gang.LEAK: zone,
        gang.INSPECT: road,
        gang.CLEAR: road,
        gang.DRY: given.sites.municipality,
    }
    town = np.full(len(crew.subject), -1)
    for kind, municipality in where.items():
        rows = crew.missions.kind == kind
        town[rows] = municipality[crew.subject[rows]]
    return town


def _called_back(crew: Crews, n_town: int) -> Crews:
    """Jobs that wait for gangs sent to their town wait for all gangs again, until they are handed over anew."""
    m, first = crew.missions, gang.guest_pool(n_town, 0)
    mine = (m.phase == WAITING) & (m.pool >= first) & (m.pool < gang.guest_pool(n_town, len(gang.GUEST_GANGS)))
    if not mine.any():
        return crew
    pool = m.pool.copy()
    pool[mine] = np.array(gang.GUEST_GANGS)[(pool[mine] - first) // n_town]
    return changed(crew, missions=m.with_columns(pool=pool))


def _reordered(given: Given, crew: Crews, orders: levers.Orders, town: Array) -> Crews:
    """The queues by the weights ordered; a job whose weight is 1 again stands where it stood."""
    m = crew.missions
    ahead = np.rint(PER_FOLD * np.log(_weight(given, crew, orders, town))).astype(np.int64)
    roads = (m.kind == gang.INSPECT) | (m.kind == gang.CLEAR)
    ahead[roads] += np.where(orders.road_first[crew.subject[roads]], BEFORE_ALL, 0)
    if np.array_equal(ahead, crew.ahead):
        return crew
    priority = (m.priority + crew.ahead - ahead).astype(m.priority.dtype)
    return changed(crew, missions=m.with_columns(priority=priority), ahead=ahead)


def _weight(given: Given, crew: Crews, orders: levers.Orders, town: Array) -> Array:
    """Weight of each job, (mission,): that of its town, times the largest of the facilities that hang on it."""
    kind, subject, pool = crew.missions.kind, crew.subject, crew.missions.pool
    weight = np.ones(len(subject))
    for row, of_town in zip((gang.POWER, gang.WATER), orders.town_weight):
        rows = (pool == row) & (town >= 0)
        weight[rows] = of_town[town[rows]]
    section, zone = _site_weights(given, orders)
    of_site = {gang.FAULT: section.ravel(), gang.PATROL: section.max(axis=1), gang.SURVEY: zone, gang.LEAK: zone}
    for job, of_subject in of_site.items():
        rows = kind == job
        weight[rows] *= of_subject[subject[rows]]
    return weight


def _site_weights(given: Given, orders: levers.Orders) -> tuple[Array, Array]:
    """Largest weight of the facilities on each feeder section, (feeder, section), and in each water zone, (zone,)."""
    place, weight = given.facilities, orders.site_weight
    section, zone = np.ones((len(given.power.keys), SECTIONS)), np.ones(len(given.water.keys))
    fed = place.feeder >= 0
    np.maximum.at(section, (place.feeder[fed], place.section[fed]), weight[fed])
    hospitals = weight[place.first[HOSPITAL] : place.first[HOSPITAL + 1]]
    piped = place.hospital_zone >= 0
    np.maximum.at(zone, place.hospital_zone[piped], hospitals[piped])
    return section, zone


def _handed_over(crew: Crews, town: Array, n_town: int, island: Array, now_s: int) -> Crews:
    """The most urgent jobs of a town go to the gangs sent there that are free, as many as these can begin with.

    island: connected part of each node.
    """
    m, first = crew.missions, gang.guest_pool(n_town, 0)
    pools = np.unique(crew.units.pool[crew.units.pool >= first])
    pools = pools[pools < gang.guest_pool(n_town, len(gang.GUEST_GANGS))]
    if not pools.size:
        return crew
    columns = {name: getattr(m, name).copy() for name in ("pool", "need", "left_s", "work_s")}
    queue = np.lexsort((m.key, m.asked_s, m.priority))
    queue = queue[m.phase[queue] == WAITING]
    for pool in pools.tolist():
        which, where = divmod(pool - first, n_town)
        jobs = queue[(m.pool[queue] == gang.GUEST_GANGS[which]) & (town[queue] == where)]
        free = island[crew.units.place[_free(crew.units, pool, now_s)]].tolist()
        others = _free(crew.units, gang.GUEST_GANGS[which], now_s).size
        for row, gangs in _shared_out(jobs, m.need, island[m.place], free, others):
            _give(columns, row, pool, gangs)
    return changed(crew, missions=m.with_columns(**columns))


def _shared_out(jobs: Array, need: Array, island: Array, free: list[int], others: int) -> Iterator[tuple[int, int]]:
    """Which jobs the free gangs of a town begin with, and how many gangs go to each.

    jobs: in their order. need, island: (mission,). free: part of the network of each gang. others: gangs of the
    region that are free. A job for more gangs than were sent takes these longer, unless the region has enough.
    """
    sent = len(free)
    for row in jobs.tolist():
        if not free:
            return
        gangs, part = int(need[row]), int(island[row])
        if sent < gangs and others < gangs:
            gangs = sent
        if free.count(part) >= gangs:
            for _ in range(gangs):
                free.remove(part)
            yield row, gangs


def _free(units: Units, pool: int, now_s: int) -> Array:
    """Units of a pool that are here, on duty and without a job."""
    rows = idle(units, np.flatnonzero(units.pool == pool), now_s)
    return rows[on_duty(units, rows, now_s)]


def _give(columns: dict[str, Array], row: int, pool: int, gangs: int) -> None:
    """Hand a job to so many gangs of a pool; the work in all stays the same."""
    longer = columns["need"][row] / gangs
    for name in ("left_s", "work_s"):
        columns[name][row] = int(np.ceil(columns[name][row] * longer))
    columns["pool"][row], columns["need"][row] = pool, gangs
