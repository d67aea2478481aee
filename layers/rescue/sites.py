"""Large sites: the operator reports, crews up to the useful number work side by side, machines are fetched."""

from __future__ import annotations

import numpy as np

from layers.rescue.codes import Ground, Pool, Task
from layers.rescue.dispatch import decide_priority
from layers.rescue.forces import unfinished
from layers.rescue.keys import mission_keys
from layers.rescue.state import Given, Sites, State, changed
from twin.chance import Chance
from twin.contract import Clock, Inputs
from twin.missions import NEVER_S, Missions

Array = np.ndarray


def report(given: Given, sites: Sites, inputs: Inputs, now_s: int, chance: Chance) -> tuple[Sites, Array]:
    """Operators of damaged sites get through with a first, rough count of missing people: (sites, new rows).

    The call is delayed by chance, longer where the dispatch centre is impaired or the damage does not show.
    """
    params = given.params
    damaged = inputs["site_damage_fraction"] >= params.site_known_damage
    rows = np.flatnonzero((damaged | (inputs["site_trapped_persons"] > 0)) & (sites.known_s == NEVER_S))
    if rows.size:
        capability = np.clip(inputs["dispatch_fraction"][given.site_town[rows]], 0.1, 1.0)
        plain = np.where(damaged[rows], 1.0, params.site_unseen_factor)
        mean_s = params.site_report_s * plain / capability
        delay_s = chance.exponential("rescue.site_report", given.site_keys[rows], mean_s)
        known_s = sites.known_s.copy()
        known_s[rows] = now_s + np.ceil(delay_s).astype(np.int64)
        sites = changed(sites, known_s=known_s)
    new = np.flatnonzero((sites.known_s <= now_s) & ~sites.begun)
    if not new.size:
        return sites, new
    error = np.exp(params.site_estimate_spread * chance.normal("rescue.site_estimate", given.site_keys[new]))
    missing, begun = sites.missing_persons.copy(), sites.begun.copy()
    missing[new] = np.rint(inputs["site_trapped_persons"][new] * error)
    begun[new] = True
    return changed(sites, missing_persons=missing, begun=begun), new


def decide_crews(missing: Array, negatives: Array, limit: Array, pocket: float, close: float) -> Array:
    """Crews wanted at each known site, (site,): one per pocket of missing people up to the useful number.

    Where nobody is missing any more one crew goes on looking, until `close` pockets in a row were empty.
    """
    by_count = np.minimum(np.ceil(np.maximum(missing, 0.0) / pocket), limit)
    return np.where(negatives >= close, 0.0, np.maximum(by_count, 1.0))


def site_missions(given: Given, state: State, clock: Clock) -> tuple[Missions, Array]:
    """Fill up the crews of all known sites: (missions, pockets begun so far (site,))."""
    params, sites, missions = given.params, state.sites, state.missions
    if not sites.begun.any():
        return missions, state.counts.site_made
    large = given.site_machine | (given.site_large >= params.site_large_m2)
    limit = np.where(large, params.site_crews_limit, params.site_small_crews_limit)
    close = params.site_negatives_to_close
    wanted = decide_crews(sites.missing_persons, sites.negatives, limit, params.site_pocket_persons, close)
    mine = given.places.entity[missions.place[unfinished(missions, Task.SITE)]]
    more = wanted - np.bincount(mine, minlength=len(wanted))
    rows = np.flatnonzero(sites.begun & (more > 0))
    if not rows.size:
        return missions, state.counts.site_made
    count = more[rows].astype(np.int64)
    site = np.repeat(rows, count)
    number = state.counts.site_made[site] + np.concatenate([np.arange(n) for n in count.tolist()])
    made = state.counts.site_made.copy()
    made[rows] += count
    return _pockets(given, missions, site, number, large[site], clock), made


def _pockets(given: Given, missions: Missions, site: Array, number: Array, large: Array, clock: Clock) -> Missions:
    params = given.params
    key = mission_keys(given.site_keys[site], Task.SITE, number)
    low, high = np.where(large, params.site_extraction_s[:, None], params.wood_extraction_s[:, None])
    return missions.append(
        key=key,
        kind=Task.SITE,
        pool=given.district[given.site_town[site]],
        priority=decide_priority(np.full(len(site), Task.SITE), np.ones(len(site))),
        place=given.places.first[Ground.SITE] + site,
        asked_s=clock.end_s,
        work_s=np.rint(low * (high / low) ** clock.chance.uniform("rescue.site_extraction", key)),
    )


def fetch_machines(given: Given, missions: Missions, new: Array, now_s: int) -> Missions:
    """One engineer crew with heavy machines to each newly known site that needs them."""
    rows = new[given.site_machine[new]]
    if not rows.size:
        return missions
    return missions.append(
        key=mission_keys(given.site_keys[rows], Task.MACHINE, 0),
        kind=Task.MACHINE,
        pool=given.n_town + Pool.ENGINEERS,
        place=given.places.first[Ground.SITE] + rows,
        asked_s=now_s,
        work_s=int(9 * given.params.road_shift_s),
    )


def work_off(
    given: Given, state: State, rows: Array, trapped: Array, chance: Chance
) -> tuple[Sites, Array, list[tuple[int, int]]]:
    """What crews found in the pockets just finished: (sites, freed (site,), [(mission key, persons freed)])."""
    missions, sites = state.missions, state.sites
    freed = np.zeros(len(given.site_keys))
    by_mission: list[tuple[int, int]] = []
    mine = rows[missions.kind[rows] == Task.SITE]
    if not mine.size:
        return sites, freed, by_mission
    missing, negatives = sites.missing_persons.copy(), sites.negatives.copy()
    mean_more = given.params.site_pocket_persons - 1.0
    sizes = 1 + chance.whole("rescue.pocket", missions.key[mine], np.full(len(mine), mean_more)).astype(np.int64)
    for row, size in zip(mine.tolist(), sizes.tolist()):
        site = int(given.places.entity[missions.place[row]])
        out = min(size, int(trapped[site] - freed[site]))
        freed[site] += out
        missing[site] -= max(out, 1)  # a place searched in vain also shortens the list of missing people
        negatives[site] = 0 if out else negatives[site] + 1
        by_mission.append((int(missions.key[row]), out))
    return changed(sites, missing_persons=missing, negatives=negatives), freed, by_mission
