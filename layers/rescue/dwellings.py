"""Collapsed dwellings: patrols find blocks, crews search and look, and free those they find."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from layers.rescue.codes import IS_DWELLING, Ground, Task
from layers.rescue.dispatch import decide_priority
from layers.rescue.forces import unfinished
from layers.rescue.keys import mission_keys
from layers.rescue.state import Given, Search, State, changed, fraction
from twin.chance import Chance
from twin.contract import Inputs
from twin.missions import Missions
from twin.units import HOUR_S

Array = np.ndarray


@dataclass
class Outcome:
    """What the crews of one step found: houses with people (cell, once per house), freed and empty places."""

    found: list[int]
    freed: Array
    negatives: Array
    freed_rows: list[tuple[int, int]]  # (mission key, persons)


def persons_of(given: Given, keys: Array, chance: Chance) -> Array:
    """People trapped together in a house, 1 or 2, by the key of its mission."""
    return 1 + (chance.uniform("rescue.second_person", keys) < given.params.second_person_fraction).astype(np.int64)


def under_rescue(given: Given, missions: Missions, chance: Chance) -> Array:
    """People already found and not yet free, (cell,)."""
    rows = np.flatnonzero(unfinished(missions, Task.EXTRACT))
    cell = given.places.entity[missions.place[rows]]
    return np.bincount(cell, weights=persons_of(given, missions.key[rows], chance), minlength=given.n_cell)


def patrol(given: Given, search: Search, inputs: Inputs, end_s: int, dt_s: int) -> Search:
    """Patrols get on: slower in the dark and through blocked streets, not at all while work is stopped.

    Headquarters thickens them where it believes the need is (`search_priority`).
    """
    params = given.params
    span_s = min(dt_s, max(end_s - params.patrol_start_s, 0.0))
    if span_s <= 0:
        return search
    light = float(inputs["daylight"][0])
    pace = light + (1.0 - light) * params.night_patrol_factor
    pace = pace * (1.0 - params.blocked_slowing * fraction(inputs["local_blocked_fraction"]))
    pace = pace * inputs["search_priority"] * (inputs["work_stopped"] < 0.5)
    return changed(search, effort_s=search.effort_s + span_s * pace)


def search_missions(given: Given, state: State, collapsed: Array, now_s: int) -> tuple[Missions, Search, Array]:
    """Search newly found blocks, and again those where more houses fell: (missions, search, cells)."""
    params, search = given.params, state.search
    cells = np.flatnonzero(collapsed - search.searched_buildings >= 1.0)
    cells = cells[search.effort_s[given.cell_town[cells]] >= search.mark[cells] * params.patrol_s]
    if not cells.size:
        return state.missions, search, cells
    fresh = np.floor(collapsed[cells]) - search.searched_buildings[cells]
    missions, search = _search(given, state, cells, fresh, now_s)
    searched = search.searched_buildings.copy()
    searched[cells] += fresh
    return missions, changed(search, searched_buildings=searched), cells


def _search(given: Given, state: State, cells: Array, buildings: Array, now_s: int) -> tuple[Missions, Search]:
    """One pass over blocks of these cells by up to four crews each."""
    params, search = given.params, state.search
    blocks = np.maximum(np.ceil(buildings / params.buildings_per_block), 1.0)
    need = np.minimum(blocks, params.site_small_crews_limit).astype(np.int64)
    weight = state.search_priority[given.cell_town[cells]]
    missions = state.missions.append(
        key=mission_keys(given.cell_keys[cells], Task.SEARCH, search.passes[cells]),
        kind=Task.SEARCH,
        pool=given.district[given.cell_town[cells]],
        priority=decide_priority(np.full(len(cells), Task.SEARCH), weight),
        place=given.places.first[Ground.SEARCH] + cells,
        asked_s=now_s,
        work_s=np.rint(params.search_pass_s * blocks / need),
        need=need,
    )
    passes = search.passes.copy()
    passes[cells] += 1
    return missions, changed(search, passes=passes)


def work_off(given: Given, state: State, rows: Array, trapped: Array, chance: Chance) -> Outcome:
    """What the crews of the missions just done found; here, at the end of the work, the truth is met.

    rows: missions done, in time order. trapped: people really trapped (cell,), without those already freed.
    """
    outcome = Outcome([], np.zeros(given.n_cell), np.zeros(given.n_town), [])
    missions = state.missions
    mine = rows[IS_DWELLING[missions.kind[rows]]]
    if not mine.size:
        return outcome
    still_there = trapped.copy()
    hidden = trapped - under_rescue(given, missions, chance)
    for row in mine.tolist():
        cell, kind = int(given.places.entity[missions.place[row]]), int(missions.kind[row])
        key = missions.key[row : row + 1]
        if kind == Task.EXTRACT:
            freed = min(int(persons_of(given, key, chance)[0]), int(still_there[cell]))
            still_there[cell] -= freed
            outcome.freed[cell] += freed
            outcome.freed_rows.append((int(key[0]), freed))
            continue
        seen = _seen(given, kind, key, max(int(hidden[cell]), 0), chance)
        hidden[cell] -= seen
        outcome.found.extend([cell] * seen)
        outcome.negatives[given.cell_town[cell]] += seen == 0
    return outcome


def _seen(given: Given, kind: int, key: Array, hidden: int, chance: Chance) -> int:
    """Houses with people that one look or one search pass finds, at most `hidden`."""
    if not hidden:
        return 0
    if kind == Task.LOCATE:
        return int(chance.uniform("rescue.false_site", key)[0] >= given.params.false_site_fraction)
    crew_h = given.params.search_pass_s / HOUR_S
    detection = 1.0 - (1.0 - given.params.detection_per_crew_h) ** crew_h
    draws = chance.uniform("rescue.detection", np.repeat(key, hidden), np.arange(hidden))
    return int((draws < detection).sum())


def extract_missions(
    given: Given, missions: Missions, cells: Array, number: Array, now_s: int, chance: Chance
) -> Missions:
    """Free the people of houses just found, one mission per house; wood takes hours, concrete days."""
    params = given.params
    key = mission_keys(given.cell_keys[cells], Task.EXTRACT, number)
    concrete = chance.uniform("rescue.concrete", key) < params.concrete_case_fraction
    low, high = np.where(concrete, params.concrete_extraction_s[:, None], params.wood_extraction_s[:, None])
    work_s = low * (high / low) ** chance.uniform("rescue.extraction", key)
    crews = int(params.dwelling_crews)
    return missions.append(
        key=key,
        kind=Task.EXTRACT,
        pool=given.district[given.cell_town[cells]],
        priority=decide_priority(np.full(len(cells), Task.EXTRACT), np.ones(len(cells))),
        place=given.places.first[Ground.EXTRACT] + cells,
        asked_s=now_s,
        work_s=np.rint(work_s / crews**params.teamwork_exponent),
        need=crews,
    )


def search_again(given: Given, state: State, rows: Array, found: list[int], now_s: int) -> tuple[Missions, Search]:
    """Blocks where a search pass found somebody are searched once more, up to the limit of passes."""
    missions, search = state.missions, state.search
    if not found:
        return missions, search
    cells = np.unique(given.places.entity[missions.place[rows[missions.kind[rows] == Task.SEARCH]]])
    cells = cells[np.isin(cells, found) & (search.passes[cells] < given.params.search_passes_limit)]
    if not cells.size:
        return missions, search
    return _search(given, state, cells, search.searched_buildings[cells], now_s)
