"""Turns expected numbers of harmed people into persons: one row each, with the clocks that decide their fate."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from layers.people.state import (
    CAUGHT,
    COLUMNS,
    DEAD,
    FLEEING,
    HURT,
    IN_CAR,
    KILLED,
    KINDS,
    LIFT,
    LIGHT,
    LIGHTLY,
    NEVER_S,
    OUTCOMES,
    RELATED,
    SEVERE,
    SEVERELY,
    SITE,
    STUCK,
    TRAPPED,
    UNHURT,
    WATER,
    Given,
    State,
)
from twin.chance import Chance
from twin.table import Table

Array = np.ndarray
STATE_OF_OUTCOME = {KILLED: DEAD, CAUGHT: TRAPPED, SEVERE: HURT, LIGHT: HURT}
SEVERITY_OF_OUTCOME = {KILLED: UNHURT, CAUGHT: UNHURT, SEVERE: SEVERELY, LIGHT: LIGHTLY}
_KIND_STRIDE, _OUTCOME_STRIDE = np.uint64(1) << np.uint64(48), np.uint64(1) << np.uint64(44)


class Scene(NamedTuple):
    """Time and light of the step; per cell the neighbours' effort before and after it, and line time so far."""

    start_s: int
    now_s: int
    daylight: float
    effort_before_s: Array
    effort_s: Array
    line_s: Array


def person_keys(entity_keys: Array, kind: int, outcome: int, number: Array) -> Array:
    """Permanent key of the n-th victim of a kind and outcome at an entity, int64 >= 0."""
    with np.errstate(over="ignore"):
        mixed = entity_keys.astype(np.uint64) + _KIND_STRIDE * np.uint64(kind) + _OUTCOME_STRIDE * np.uint64(outcome)
        mixed = mixed + number.astype(np.uint64)
    return (mixed & np.uint64(0x7FFFFFFFFFFFFFFF)).astype(np.int64)


def newly_harmed(chance: Chance, purpose: str, keys: Array, before: Array, after: Array) -> tuple[Array, Array]:
    """Whole persons between two expectations: (entity of each person, number of the person there).

    floor(expected + u) with one u per entity and purpose: the same people however the damage is split in time.
    """
    grown = np.flatnonzero(after > before)
    u = chance.uniform(purpose, keys[grown])
    old = np.floor(before[grown] + u).astype(np.int64)
    new = np.floor(after[grown] + u).astype(np.int64)
    many = new - old
    entity = np.repeat(grown, many)
    number = np.repeat(old, many) + _rank_in_runs(many)
    return entity, number


def _rank_in_runs(many: Array) -> Array:
    ends = np.cumsum(many)
    return np.arange(ends[-1] if len(ends) else 0) - np.repeat(ends - many, many)


def rank_in_group(group: Array, order: Array) -> Array:
    """Position of each row among the rows of its group in ascending `order`, from 0."""
    sequence = np.lexsort((order, group))
    ranked = np.empty(len(group), dtype=np.int64)
    sizes = np.bincount(group) if len(group) else np.zeros(0, dtype=np.int64)
    ranked[sequence] = _rank_in_runs(sizes[sizes > 0])
    return ranked


def cell_victims(
    given: Given, chance: Chance, scene: Scene, residents: Array, before: Array, after: Array
) -> tuple[Table, Array]:
    """Victims of new damage to cells. Arrays (kind, outcome, cell). Returns their rows and the residents left.

    A victim is counted among the residents of the cell where it happened, as long as there are any. The evacuees
    take the place of the residents for those whom water reached on their way.
    """
    fresh, residents = Table.empty(**COLUMNS), residents.copy()
    for kind, outcome in zip(*np.nonzero((after > before).any(axis=2))):
        purpose = f"people.{KINDS[kind]}.{OUTCOMES[outcome]}"
        cell, number = newly_harmed(chance, purpose, given.cell_keys, before[kind, outcome], after[kind, outcome])
        keep = rank_in_group(cell, number) < residents[cell]
        cell, number = cell[keep], number[keep]
        keys = person_keys(given.cell_keys[cell], int(kind), int(outcome), number)
        no_site = np.full(len(cell), -1, dtype=np.int64)
        rows = _base_rows(given, keys, int(kind), int(outcome), (cell, cell, no_site), scene.now_s)
        rows = with_age(given, chance, rows)
        if kind == LIFT:
            fresh = join(fresh, _stuck(given, chance, rows))
            continue
        if outcome != LIGHT:
            np.subtract.at(residents, cell, 1)
        fresh = join(fresh, draw_clocks(given, chance, scene, rows))
    return fresh, residents


def site_victims(
    given: Given, chance: Chance, scene: Scene, residents: Array, before: Array, after: Array
) -> tuple[Table, Array]:
    """Victims at large sites. Arrays (outcome, site). They are residents of the same town, drawn by residence."""
    fresh, residents = Table.empty(**COLUMNS), residents.copy()
    for outcome in np.flatnonzero((after > before).any(axis=1)):
        purpose = f"people.site.{OUTCOMES[outcome]}"
        site, number = newly_harmed(chance, purpose, given.site_keys, before[outcome], after[outcome])
        keys = person_keys(given.site_keys[site], SITE, int(outcome), number)
        home = home_cells(given, chance, residents, given.site_town[site], keys)
        site, keys, home = site[home >= 0], keys[home >= 0], home[home >= 0]
        rows = _base_rows(given, keys, SITE, int(outcome), (given.site_cell[site], home, site), scene.now_s)
        rows = with_age(given, chance, rows)
        if outcome != LIGHT:
            np.subtract.at(residents, home, 1)
        fresh = join(fresh, draw_clocks(given, chance, scene, rows))
    return fresh, residents


def home_cells(given: Given, chance: Chance, persons: Array, towns: Array, keys: Array) -> Array:
    """A cell of residence in each one's town, drawn in proportion to `persons` (cell,); -1 where nobody is left."""
    homes, left = np.full(len(towns), -1, dtype=np.int64), persons.copy()
    u = chance.uniform("people.home_cell", keys)
    for i, town in enumerate(towns):
        cells = np.flatnonzero((given.town == town) & (left > 0))
        if cells.size:
            steps = np.cumsum(left[cells])
            homes[i] = cells[np.searchsorted(steps, u[i] * steps[-1], side="right")]
            left[homes[i]] -= 1
    return homes


def related_victims(
    given: Given, chance: Chance, state: State, towns: Array, numbers: Array, by_place: Array
) -> tuple[Table, Array, Array]:
    """One disaster-related death per entry of `towns`: evacuees first. Returns rows, residents and away left.

    numbers: count of the death in its town, for the keys of the persons. by_place: deaths expected now at home, in
    shelters and in cars, (3, municipality): they decide where the person had lived.
    """
    residents, away = state.residents.copy(), state.away.copy()
    keys = person_keys(given.town_keys[towns], RELATED, KILLED, numbers)
    from_away = home_cells(given, chance, away, towns, keys)
    at_home = home_cells(given, chance, residents, towns, keys)
    home = np.where(from_away >= 0, from_away, at_home)
    known = home >= 0
    np.subtract.at(away, from_away[from_away >= 0], 1)
    np.subtract.at(residents, at_home[(from_away < 0) & (at_home >= 0)], 1)
    home, no_site = home[known], np.full(int(known.sum()), -1, dtype=np.int64)
    rows = _base_rows(given, keys[known], RELATED, KILLED, (home, home, no_site), state.now_s)
    upto = np.cumsum(by_place, axis=0)[:, towns[known]]
    u = chance.uniform("people.lived", rows["key"]) * upto[-1]
    lived = np.minimum((u >= upto).sum(axis=0), IN_CAR).astype(np.int8)
    return with_age(given, chance, rows).with_columns(lived=lived), residents, away


def with_age(given: Given, chance: Chance, rows: Table) -> Table:
    """Who of new victims is 65 or older: by the share of them where the person lives, and how much likelier they are.

    Of as many old as younger people `ratio` times as many old ones are hit: with a share s, r s / (r s + 1 - s).
    """
    params, share = given.params, given.share_65[rows["home"]]
    dead = rows["state"] == DEAD
    ratio = np.where(dead, params.aged_death_ratio, params.aged_hurt_ratio)
    ratio = np.where(rows["site"] >= 0, params.aged_site_ratio, ratio)
    ratio = np.where(rows["kind"] == RELATED, params.aged_related_ratio, ratio)
    hit = ratio * share
    return rows.with_columns(aged=chance.uniform("people.aged", rows["key"]) * (hit + 1.0 - share) < hit)


def _base_rows(
    given: Given,
    keys: Array,
    kind: int,
    outcome: int,
    places: tuple[Array, Array, Array],
    now_s: int,
) -> Table:
    """Rows before their clocks are drawn; places: cell, cell of residence, site (-1: none) of each person."""
    cell, home, site = places
    n, at_site, municipality = len(cell), site >= 0, given.town[cell]
    municipality[at_site] = given.site_town[site[at_site]]
    never, endless = np.full(n, NEVER_S), np.full(n, np.inf)
    dead = STATE_OF_OUTCOME[outcome] == DEAD
    return Table(
        {
            "key": keys,
            "home": home,
            "cell": cell,
            "municipality": municipality,
            "site": site,
            "kind": np.full(n, kind, dtype=np.int8),
            "state": np.full(n, STATE_OF_OUTCOME[outcome], dtype=np.int8),
            "severity": np.full(n, SEVERITY_OF_OUTCOME[outcome], dtype=np.int8),
            "aged": np.zeros(n, dtype=bool),
            "lived": np.zeros(n, dtype=np.int8),
            "removed": np.full(n, outcome != LIGHT),
            "since_s": np.full(n, now_s, dtype=np.int64),
            "die_s": np.full(n, now_s if dead else NEVER_S, dtype=np.int64),
            "effort_due_s": endless,
            "line_due_s": endless,
            "ask_s": never,
            "calls": np.zeros(n, dtype=np.int64),
            "asked": np.zeros(n, dtype=bool),
            "missing_s": never,
            "found_s": never,
            "confirm_s": never,
        }
    )


def draw_clocks(given: Given, chance: Chance, scene: Scene, rows: Table) -> Table:
    """Fate of new victims of one outcome: who is reached by neighbours, who would die when, who calls when."""
    if not len(rows):
        return rows
    if rows["state"][0] == DEAD:
        return with_identification(given, chance, with_missing(given, chance, rows))
    if rows["state"][0] == TRAPPED:
        return _trapped_clocks(given, chance, scene, with_missing(given, chance, rows))
    severe = rows["severity"] == SEVERELY
    at_risk = severe & (chance.uniform("people.life_threatened", rows["key"]) < given.params.severe_life_threatened)
    return seek_care(given, chance, scene, rows.with_columns(die_s=_death_clock(given, chance, rows, at_risk)))


def _trapped_clocks(given: Given, chance: Chance, scene: Scene, rows: Table) -> Table:
    params, keys, at_site = given.params, rows["key"], rows["site"] >= 0
    hurt = chance.uniform("people.trapped_severity", keys)
    severe, light = params.trapped_severe_fraction, params.trapped_light_fraction
    severity = np.where(hurt < severe, SEVERELY, np.where(hurt < severe + light, LIGHTLY, UNHURT))
    risk = np.where(at_site, params.site_life_threatened, params.dwelling_life_threatened)
    at_risk = chance.uniform("people.life_threatened", keys) < risk
    reach = neighbour_reach(given, scene.daylight, rows["cell"])
    reach = np.where(at_site, params.site_neighbour_freed_fraction, reach)
    reached = chance.uniform("people.reached", keys) < reach
    effort = chance.exponential("people.neighbour_effort", keys, params.neighbour_effort_s)
    call = chance.exponential("people.trapped_call", keys, params.trapped_call_s)
    return rows.with_columns(
        severity=severity.astype(np.int8),
        die_s=_death_clock(given, chance, rows, at_risk),
        effort_due_s=np.where(reached, scene.effort_s[rows["cell"]] + effort, np.inf),
        line_due_s=np.where(at_site, np.inf, scene.line_s[rows["cell"]] + call),
    )


def neighbour_reach(given: Given, daylight: float, cell: Array) -> Array:
    """Share of the trapped that neighbours can free without machines, per row of `cell`, 0..1."""
    params = given.params
    night = 1.0 - params.night_reach_loss * (1.0 - daylight)
    age = 1.0 - params.age_reach_loss * (given.share_65[cell] - params.reference_share_65)
    return np.clip(params.neighbour_freed_fraction * night * age, 0.0, 1.0)


def _death_clock(given: Given, chance: Chance, rows: Table, at_risk: Array) -> Array:
    mean_s = given.params.delayed_death_half_life_s / np.log(2.0)
    life_s = chance.exponential("people.delayed_death", rows["key"], mean_s)
    return np.where(at_risk, rows["since_s"] + np.ceil(life_s), NEVER_S).astype(np.int64)


def seek_care(given: Given, chance: Chance, scene: Scene, rows: Table) -> Table:
    """How hurt people reach a doctor: by ambulance (needs a line), on their own, or not at all."""
    params, keys = given.params, rows["key"]
    severe = rows["severity"] == SEVERELY
    u = chance.uniform("people.way_to_doctor", keys)
    by_ambulance = u < np.where(severe, params.severe_ambulance_fraction, params.light_ambulance_fraction)
    goes = u < np.where(severe, 1.0, params.light_care_fraction)
    call = chance.exponential("people.ambulance_call", keys, params.ambulance_call_s)
    delay = params.walk_in_median_s * np.exp(params.walk_in_log_std * chance.normal("people.walk_in", keys))
    walk_s = scene.now_s + np.ceil(delay).astype(np.int64)
    return rows.with_columns(
        line_due_s=np.where(by_ambulance, scene.line_s[rows["cell"]] + call, np.inf),
        ask_s=np.where(goes & ~by_ambulance, walk_s, NEVER_S),
    )


def with_missing(given: Given, chance: Chance, rows: Table) -> Table:
    """When the family reports a trapped or dead person as unaccounted for."""
    delay = chance.exponential("people.missing", rows["key"], given.params.missing_report_s)
    return rows.with_columns(missing_s=rows["since_s"] + np.ceil(delay).astype(np.int64))


def with_identification(given: Given, chance: Chance, rows: Table) -> Table:
    """When a dead person is found (in cardiac arrest until a doctor decides) and the death is confirmed."""
    params, keys = given.params, rows["key"]
    median = np.where(rows["site"] >= 0, params.site_found_median_s, params.dwelling_found_median_s)
    if given.water is not None:
        by_water = params.sea_found_median_s if given.water.sea else params.flood_found_median_s
        median = np.where((rows["kind"] == WATER) | (rows["kind"] == FLEEING), by_water, median)
    spread = np.exp(params.found_log_std * chance.normal("people.found", keys))
    found = rows["die_s"] + np.ceil(np.where(rows["state"] == HURT, 0.0, median * spread)).astype(np.int64)
    confirm = params.confirm_median_s * np.exp(params.confirm_log_std * chance.normal("people.confirm", keys))
    return rows.with_columns(found_s=found, confirm_s=found + np.ceil(confirm).astype(np.int64))


def _stuck(given: Given, chance: Chance, rows: Table) -> Table:
    n, delay = len(rows), chance.exponential("people.lift_release", rows["key"], given.params.lift_release_s)
    return rows.with_columns(
        state=np.full(n, STUCK, dtype=np.int8),
        severity=np.full(n, UNHURT, dtype=np.int8),
        removed=np.zeros(n, dtype=bool),
        ask_s=rows["since_s"] + np.ceil(delay).astype(np.int64),
    )


def join(first: Table, second: Table) -> Table:
    """Rows of both tables."""
    if not len(second):
        return first
    return first.append(**{name: second[name] for name in second})
