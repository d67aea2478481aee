"""Firefighting: fires take crews, from rescue if need be; dry hydrants bind more crews for the same fire."""

from __future__ import annotations

import numpy as np

from layers.rescue.codes import IS_DWELLING, Ground, Task
from layers.rescue.dispatch import decide_priority
from layers.rescue.forces import unfinished
from layers.rescue.keys import mission_keys
from layers.rescue.state import Given, State, fraction
from twin.missions import WAITING, Missions, Units, cancel
from twin.units import DAY_S

Array = np.ndarray


def relay(given: Given, water: Array) -> Array:
    """Crews needed over those needed with full hydrants, >= 1, (town,)."""
    return 1.0 + given.params.relay_crews * (1.0 - fraction(water))


def fire_missions(
    given: Given, state: State, fires: Array, water: Array, now_s: int
) -> tuple[Missions, Units, Array, Array]:
    """As many crews as the fires of each cell want; surplus crews are free again.

    Returns (missions, units, crews ever sent for (cell,), cells with new fires).
    """
    missions, units, fought = state.missions, state.units, state.counts.fires_fought
    open_rows = np.flatnonzero(unfinished(missions, Task.FIRE))
    burning = np.flatnonzero(fires > 0)
    if not (open_rows.size or burning.size):
        return missions, units, fought, burning
    wanted = np.zeros(given.n_cell, np.int64)
    crews = fires[burning] * given.params.fire_crews_per_fire * relay(given, water)[given.cell_town[burning]]
    wanted[burning] = np.ceil(crews - 1e-9).astype(np.int64)
    cell_of = given.places.entity[missions.place[open_rows]]
    more = wanted - np.bincount(cell_of, minlength=given.n_cell)
    surplus = _surplus(missions, open_rows, cell_of, more)
    if surplus.size:
        missions, units = cancel(missions, units, surplus, now_s)
    short = np.flatnonzero(more > 0)
    if not short.size:
        return missions, units, fought, short
    cell = np.repeat(short, more[short])
    number = fought[cell] + np.concatenate([np.arange(n) for n in more[short].tolist()])
    known = np.zeros(given.n_cell, bool)
    known[cell_of] = True
    delay_s = np.where(known[cell], 0, given.params.fire_report_s).astype(np.int64)
    fought = fought.copy()
    fought[short] += more[short]
    missions = missions.append(
        key=mission_keys(given.cell_keys[cell], Task.FIRE, number),
        kind=Task.FIRE,
        pool=given.district[given.cell_town[cell]],
        priority=decide_priority(np.full(len(cell), Task.FIRE), np.ones(len(cell))),
        place=given.places.first[Ground.FIRE] + cell,
        asked_s=now_s + delay_s,
        work_s=DAY_S,
    )
    return missions, units, fought, short[~known[short]]


def let_fires_take(given: Given, missions: Missions) -> Missions:
    """While a fire waits for crews, those at work on houses of its district may be taken away; else nobody's."""
    waiting = (missions.kind == Task.FIRE) & (missions.phase == WAITING)
    if not (waiting.any() or missions.preemptible.any()):
        return missions
    may = IS_DWELLING[missions.kind] & np.isin(missions.pool, missions.pool[waiting])
    return missions if np.array_equal(may, missions.preemptible) else missions.with_columns(preemptible=may)


def _surplus(missions: Missions, open_rows: Array, cell_of: Array, more: Array) -> Array:
    """Missions no longer wanted: those still waiting first, then the ones farthest from work, by cell."""
    rows = []
    for cell in np.flatnonzero(more < 0).tolist():
        mine = open_rows[cell_of == cell]
        order = np.lexsort((missions.key[mine], missions.phase[mine] - WAITING))
        rows.append(mine[order[: -more[cell]]])
    return np.concatenate(rows) if rows else np.empty(0, np.int64)


def at_work(given: Given, crews: Array, water: Array) -> Array:
    """Crews at work on fires as their effect: relay crews only carry water, (cell,)."""
    if not crews.any():
        return crews
    return crews / relay(given, water)[given.cell_town]
