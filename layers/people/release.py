"""How waiting ends: neighbours or responders free the trapped, treatment saves the hurt, or death comes first."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from layers.people.state import (
    DEAD,
    HURT,
    LIGHTLY,
    NEVER_S,
    SEVERELY,
    STUCK,
    TRAPPED,
    TREATED,
    UNHURT,
    WELL,
    Given,
)
from layers.people.victims import Scene, rank_in_group, seek_care, with_identification
from twin.chance import Chance
from twin.table import Table

Array = np.ndarray
NONE = np.zeros(0, dtype=np.int64)


class Ended(NamedTuple):
    """Rows whose waiting ended in this step."""

    by_neighbours: Array = NONE
    by_responders: Array = NONE
    died_trapped: Array = NONE
    died_hurt: Array = NONE


def choose(group: Array, order: Array, quota: Array) -> Array:
    """Which candidates get one of the `quota[group]` places, in ascending `order`; bool, shape of `group`."""
    return rank_in_group(group, order) < quota[group]


def effort_rate(given: Given, daylight: float, trapped: Array, helpers: Array) -> Array:
    """Speed of the neighbours' work per cell, 0..1: darkness slows, few helpers for many trapped slow further."""
    params = given.params
    light = daylight + (1.0 - daylight) * params.night_work_factor
    hands = np.minimum(1.0, helpers / np.maximum(params.helpers_per_trapped * trapped, 1.0))
    return light * hands


def freed_by_responders(chance: Chance, victims: Table, cell_quota: Array, site_quota: Array) -> Array:
    """Rows that rescue forces freed: numbers per cell (dwellings) and per site, in a fixed order of persons."""
    if not (cell_quota.any() or site_quota.any()):
        return NONE
    trapped = np.flatnonzero(victims["state"] == TRAPPED)
    order = chance.uniform("people.freed_order", victims["key"][trapped])
    at_site = victims["site"][trapped] >= 0
    rows = []
    for mask, column, quota in ((~at_site, "cell", cell_quota), (at_site, "site", site_quota)):
        candidates = trapped[mask]
        if candidates.size and quota.any():
            rows.append(candidates[choose(victims[column][candidates], order[mask], np.rint(quota))])
    return np.concatenate(rows) if rows else NONE


def treat(victims: Table, quota: Array, others: Array) -> tuple[Table, Array, Array]:
    """Give places of treatment to those who asked: severe first, then light, then everyday and ill patients.

    quota, others: (municipality,). What a town does not use goes to severe patients of other towns, because
    ambulances cross town limits. Returns (victims, other patients still waiting, rows treated).
    """
    left = np.rint(quota).astype(np.int64)
    waiting = ((victims["state"] == HURT) & victims["asked"]).nonzero()[0]
    near = waiting[left[victims["municipality"][waiting]] > 0]
    treated = NONE
    if near.size:
        town = victims["municipality"][near]
        order = near - len(victims) * (victims["severity"][near] == SEVERELY)
        chosen = choose(town, order, left)
        treated = near[chosen]
        left = left - np.bincount(town[chosen], minlength=len(left))
    served = np.minimum(left, others)
    spare = int((left - served).sum())
    if spare > 0 and treated.size < waiting.size:
        severe = waiting[victims["severity"][waiting] == SEVERELY]
        treated = np.concatenate((treated, np.setdiff1d(severe, treated, assume_unique=True)[:spare]))
    if not treated.size:
        return victims, others - served, treated
    state, die_s = victims["state"].copy(), victims["die_s"].copy()
    state[treated], die_s[treated] = TREATED, NEVER_S
    return victims.with_columns(state=state, die_s=die_s), others - served, treated


def release(
    given: Given, chance: Chance, scene: Scene, victims: Table, residents: Array, freed: Array
) -> tuple[Table, Array, Ended]:
    """Free, bury and discharge whoever is due at the end of the step.

    freed: rows freed by responders. Returns the victims, the residents (those who walk free rejoin them) and the
    rows whose waiting ended.
    """
    if not len(victims):
        return victims, residents, Ended()
    condition = victims["state"]
    dying = victims["die_s"] <= scene.now_s
    waiting = condition == TRAPPED
    waiting[freed] = False
    trapped = waiting.nonzero()[0]
    reached = _freed_s(victims, trapped, scene) <= np.minimum(scene.now_s, victims["die_s"][trapped])
    by_neighbours, trapped = trapped[reached], trapped[~reached]
    died_trapped = trapped[dying[trapped]]
    died_hurt = ((condition == HURT) & dying).nonzero()[0]
    out_of_lift = ((condition == STUCK) & (victims["ask_s"] <= scene.now_s)).nonzero()[0]
    ended = Ended(by_neighbours, freed, died_trapped, died_hurt)
    if not (sum(len(rows) for rows in ended) + len(out_of_lift)):
        return victims, residents, ended
    victims = _bury(given, chance, victims, np.concatenate((died_trapped, died_hurt)))
    victims, residents = _set_free(given, chance, scene, victims, residents, ended)
    if out_of_lift.size:
        state = victims["state"].copy()
        state[out_of_lift] = WELL
        victims = victims.with_columns(state=state)
    return victims, residents, ended


def _freed_s(victims: Table, rows: Array, scene: Scene) -> Array:
    """When neighbours get these victims out if they go on as in this step; effort grows evenly within the step."""
    cell = victims["cell"][rows]
    before, after = scene.effort_before_s[cell], scene.effort_s[cell]
    done = (victims["effort_due_s"][rows] - before) / np.maximum(after - before, 1e-9)
    return scene.start_s + done * (scene.now_s - scene.start_s)


def _bury(given: Given, chance: Chance, victims: Table, rows: Array) -> Table:
    if not rows.size:
        return victims
    dead = with_identification(given, chance, victims.select(rows))
    state, found, confirm = victims["state"].copy(), victims["found_s"].copy(), victims["confirm_s"].copy()
    state[rows], found[rows], confirm[rows] = DEAD, dead["found_s"], dead["confirm_s"]
    return victims.with_columns(state=state, found_s=found, confirm_s=confirm)


def _set_free(
    given: Given, chance: Chance, scene: Scene, victims: Table, residents: Array, ended: Ended
) -> tuple[Table, Array]:
    freed = ended.by_responders
    rows = np.concatenate((ended.by_neighbours, freed))
    if not rows.size:
        return victims, residents
    care = seek_care(given, chance, scene, Table({name: victims[name][rows] for name in ("key", "cell", "severity")}))
    severity = care["severity"]
    columns = {name: victims[name].copy() for name in ("state", "removed", "die_s", "line_due_s", "ask_s", "asked")}
    columns["state"][rows] = np.where(severity == UNHURT, WELL, HURT)
    columns["die_s"][rows] = np.where(severity == SEVERELY, victims["die_s"][rows], NEVER_S)
    columns["line_due_s"][rows] = np.where(severity == UNHURT, np.inf, care["line_due_s"])
    columns["ask_s"][rows] = np.where(severity == UNHURT, NEVER_S, care["ask_s"])
    brought = freed[victims["severity"][freed] != UNHURT]
    columns["asked"][brought] = True
    walking = rows[severity <= LIGHTLY]
    columns["removed"][walking] = False
    residents = residents.copy()
    np.add.at(residents, victims["home"][walking], 1)
    return victims.with_columns(**columns), residents
