"""Moving over the tree of ways: exact distances, whatever the step; cars slow each other down; refuges fill up."""

from __future__ import annotations

import numpy as np

from layers.evacuation.ground import Ground, Ways
from layers.evacuation.households import (
    CARE,
    CAUGHT,
    FLED,
    FOOT,
    GROUND,
    MOVING,
    REFUGE,
    SAFE,
    SLOW,
    VEHICLE,
    Scene,
    whole_parts,
)
from twin.params import Params
from twin.table import Table

Array = np.ndarray


def pass_patches(ways: Ways, at: Array, left_m: Array, blocked: Array) -> tuple[Array, Array]:
    """Patches last passed by walkers who have `left_m` of their way left; returns (at, bool: ran into water).

    at: patch last passed so far, (walker,); blocked: bool (patch,). Who enters a blocked patch stays there.
    """
    at, caught = at.copy(), np.zeros(len(at), dtype=bool)
    ahead = np.arange(len(at))
    while ahead.size:
        onward = ways.next_patch[at[ahead]]
        reached = (onward >= 0) & (left_m[ahead] <= ways.way_m[onward])
        ahead, onward = ahead[reached], onward[reached]
        at[ahead] = onward
        stopped = blocked[onward]
        caught[ahead[stopped]] = True
        ahead = ahead[~stopped]
    return at, caught


def walk_m_per_s(params: Params, group: Array, daylight: float) -> Array:
    """Speed along the way, (row,): able or slow, `night_speed_fraction` of it in darkness."""
    by_day = np.where(group == SLOW, params.slow_m_per_s, params.able_m_per_s) * params.way_winding
    return by_day * (params.night_speed_fraction + (1.0 - params.night_speed_fraction) * daylight)


def car_pace(params: Params, ground: Ground, cars: Array) -> Array:
    """Share of the free speed that cars reach, (municipality,), from the cars on the road there.

    Greenshields (1935): speed falls in a straight line with density, to nothing at the jam density; not below
    `car_least_m_per_s`. Lanes: `lane_m_per_m2` of the built-up hazard zone.
    """
    lane_m = np.maximum(params.lane_m_per_m2 * ground.zone_m2, 1.0)
    return np.maximum(1.0 - cars / lane_m / params.jam_cars_per_m, params.car_least_m_per_s / params.car_m_per_s)


def cars_by_town(ground: Ground, homes: Table, columns: dict[str, Array]) -> Array:
    """Cars of households on the road, counted in the town they left, (municipality,)."""
    driving = np.flatnonzero((columns["phase"] == MOVING) & (columns["mode"] == VEHICLE))
    return np.bincount(ground.town[homes["patch"][driving]], minlength=len(ground.zone_m2)).astype(np.float64)


def set_out(scene: Scene, rows: Array, ratio: Array, free: Array) -> None:
    """Let the households of `rows` leave home; writes the scene's columns and `free`.

    ratio: share of the members who are at home, free: people at home who may still leave, both (cell,). Rows leave in
    the order of their time; on foot they take the nearer of refuge and safe ground, by car they drive to safe ground.
    """
    ground, params, homes, columns = scene.ground, scene.params, scene.homes, scene.columns
    rows = rows[np.lexsort((homes["key"][rows], columns["leave_s"][rows], homes["cell"][rows]))]
    cell, patch = homes["cell"][rows], homes["patch"][rows]
    members = np.floor(homes["persons"][rows] * ratio[cell] + homes["home"][rows])
    members = np.minimum(members, homes["persons"][rows])
    upto = np.cumsum(members)
    upto -= (upto - members)[np.searchsorted(cell, cell)]
    allowed = np.minimum(upto, free[cell])
    before = np.minimum(upto - members, free[cell])
    gone = allowed - before
    np.subtract.at(free, cell, gone)
    way_m, refuge_m = ground.to_safety.way_m[patch], ground.to_refuge.way_m[patch]
    by_car = (homes["group"][rows] == CARE) | (homes["car"][rows] < params.car_fraction)
    by_car &= np.isfinite(way_m)
    to_refuge = ~by_car & (ground.refuge[patch] >= 0) & (refuge_m < way_m)
    columns["gone"][rows] = gone.astype(np.int64)
    columns["phase"][rows] = MOVING
    columns["mode"][rows] = np.where(by_car, VEHICLE, FOOT)
    columns["goal"][rows] = np.where(to_refuge, REFUGE, GROUND)
    columns["left_m"][rows] = np.where(to_refuge, refuge_m, way_m)
    columns["at"][rows] = patch


def follow_on(scene: Scene, free: Array, members_home: Array) -> None:
    """Members who were out when their household left go after it; writes the scene's columns and `free`.

    Of the people at home the share that belongs to households that have left goes at once, wherever these are by now.
    members_home: members of all households who have not left, (cell,).
    """
    homes, columns = scene.homes, scene.columns
    rows = np.flatnonzero(FLED[columns["phase"]])
    rows = rows[columns["gone"][rows] < homes["persons"][rows]]
    if not rows.size:
        return
    cell, missing = homes["cell"][rows], (homes["persons"][rows] - columns["gone"][rows]).astype(float)
    in_cell = np.bincount(cell, weights=missing, minlength=len(free))
    share = np.minimum(free / np.maximum(members_home, 1.0), 1.0)
    going = np.floor(in_cell * share + 1e-9)
    if going.any():
        joined = whole_parts(going, missing, cell)
        columns["gone"][rows] += joined
        free -= going


def speed_m_per_s(scene: Scene, pace: Array, rows: Array) -> Array:
    """Speed of the rows along their way, on foot or by car, (row,)."""
    params, homes, columns = scene.params, scene.homes, scene.columns
    on_foot = walk_m_per_s(params, homes["group"][rows], float(scene.inputs["daylight"][0]))
    by_car = (params.car_m_per_s * pace)[scene.town[rows]]
    return np.where(columns["mode"][rows] == VEHICLE, by_car, on_foot)


def advance(scene: Scene, pace: Array, begin_s: float, until_s: float, blocked: Array) -> tuple[Array, Array]:
    """Move everyone who is on the way over [begin_s, until_s]; writes the scene's columns.

    Returns (rows that ran into water, rows that have reached a refuge and want to be let in).
    """
    columns = scene.columns
    rows = np.flatnonzero(columns["phase"] == MOVING)
    speed = speed_m_per_s(scene, pace, rows)
    columns["left_m"][rows] -= speed * (until_s - np.maximum(columns["leave_s"][rows], begin_s))
    caught = _pass(scene, rows, blocked)
    left_m = columns["left_m"][rows]
    arrived = (left_m <= 0) & (columns["phase"][rows] == MOVING)
    columns["here_s"][rows[arrived]] = until_s + left_m[arrived] / speed[arrived]
    rows = rows[arrived]
    columns["left_m"][rows] = 0.0
    on_ground = columns["goal"][rows] == GROUND
    columns["phase"][rows[on_ground]] = SAFE
    return caught, rows[~on_ground]


def _pass(scene: Scene, rows: Array, blocked: Array) -> Array:
    """Bring `at` up to date with `left_m`; returns the rows that entered a blocked patch."""
    columns, caught = scene.columns, []
    for goal, ways in ((GROUND, scene.ground.to_safety), (REFUGE, scene.ground.to_refuge)):
        some = rows[columns["goal"][rows] == goal]
        at, stopped = pass_patches(ways, columns["at"][some], columns["left_m"][some], blocked)
        columns["at"][some] = at
        columns["phase"][some[stopped]] = CAUGHT
        caught.append(some[stopped])
    return np.concatenate(caught)


def let_in(scene: Scene, rows: Array, inside: Array, closed: Array) -> Array:
    """Let households into refuges in the order they come; writes columns, `inside` and `closed`; returns the refused.

    Places are kept for all members. The first household that finds no room closes the doors: all later ones go on.
    """
    homes, columns, capacity = scene.homes, scene.columns, scene.ground.refuge_capacity_persons
    refuge = scene.ground.refuge[homes["patch"][rows]]
    order = np.lexsort((homes["key"][rows], columns["here_s"][rows], refuge))
    rows, refuge = rows[order], refuge[order]
    members = homes["persons"][rows].astype(float)
    upto = np.cumsum(members)
    upto -= (upto - members)[np.searchsorted(refuge, refuge)]
    fits = (inside[refuge] + upto <= capacity[refuge]) & ~closed[refuge]
    np.add.at(inside, refuge[fits], members[fits])
    closed[refuge[~fits]] = True
    columns["phase"][rows[fits]] = SAFE
    return rows[~fits]


def go_on(scene: Scene, rows: Array, pace: Array, until_s: float, blocked: Array) -> Array:
    """Send refused households from the refuge's door to safe ground until `until_s`; returns rows caught on the way.

    Who has no way there waits at the door (way left: inf).
    """
    columns = scene.columns
    columns["goal"][rows] = GROUND
    speed, door_s = speed_m_per_s(scene, pace, rows), columns["here_s"][rows]
    way_m = scene.ground.to_safety.way_m[columns["at"][rows]]
    columns["left_m"][rows] = way_m - speed * (until_s - door_s)
    caught = _pass(scene, rows, blocked)
    there = (columns["left_m"][rows] <= 0) & (columns["phase"][rows] == MOVING)
    safe = rows[there]
    columns["phase"][safe] = SAFE
    columns["here_s"][safe] = (door_s + way_m / speed)[there]
    columns["left_m"][safe] = 0.0
    return caught
