"""What rising water does to people: those at home, those on their way, those under rubble, and those cut off."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from layers.people import drowning, victims
from layers.people.drowning import Waters
from layers.people.presence import Presence
from layers.people.state import FLEEING, KILLED, LIGHT, SEVERE, TRAPPED, WATER, Flood, Given, State
from layers.people.victims import Scene
from twin.chance import Chance
from twin.contract import Clock, Inputs
from twin.numerics.water_damage import CAUGHT_M
from twin.records import changed
from twin.table import Table

Array = np.ndarray
CAUGHT_WINDOW_S = 1800  # assumed: caught people are out of the water, one way or the other, within the hour
LEAST = 1e-12  # shares below this count as nobody


class Risen(NamedTuple):
    """People at risk on settled patches and the share of the living there whom the rise kills; (settled,) each."""

    people: Array
    share: Array


def is_wet(inputs: Inputs) -> bool:
    """Whether there is or was any water, or somebody was caught by it."""
    return bool(inputs["water_max_depth_m"].any() or inputs["caught_persons"].any())


def advance(
    given: Given, state: State, inputs: Inputs, clock: Clock, scene: Scene, where: Presence
) -> tuple[State, Table]:
    """Let the water of the step do its harm; returns the state and the new victims, who are in its table too."""
    at = given.water
    assert at is not None
    highest_m = np.maximum(state.flood.highest_m, inputs["water_max_depth_m"])
    state = _fetched(state, at, inputs["lifted_persons"])
    home = np.minimum(where.home, state.residents)
    state, on_patch = _cut_off(given, state, at, inputs["water_depth_m"][at.patch], home)
    state, risen = _rise(given, state, at, highest_m, on_patch, where)
    state, at_home = _drown_at_home(given, state, at, clock.chance, scene, risen)
    state = _note_caught(given, state, at, inputs["caught_at_persons"], clock)
    state, on_way = _drown_on_way(given, state, at, clock.chance, scene, inputs)
    state = changed(state, flood=changed(state.flood, stranded=_whole_stranded(state, at)))
    fresh = victims.join(at_home, on_way)
    return changed(state, victims=victims.join(state.victims, fresh)), fresh


def leave(flood: Flood, leaving: Array) -> Flood:
    """Those fetched are the first to leave a home amid water: they stand on its register until evacuation has them."""
    if not (flood.lifted.any() and leaving.any()):
        return flood
    return changed(flood, lifted=np.maximum(flood.lifted - np.rint(leaving).astype(np.int64), 0))


def drown_trapped(given: Given, state: State, inputs: Inputs, chance: Chance, now_s: int) -> Table:
    """Victims, with death now for the trapped whom the water reaches: they cannot rise with it.

    Each has a place in the cell's order of low ground; at a large site the depth at the site counts.
    """
    people, at = state.victims, given.water
    assert at is not None
    rows = np.flatnonzero(people["state"] == TRAPPED)
    highest_m = np.maximum(state.flood.highest_m, inputs["water_max_depth_m"])
    if not rows.size or np.array_equal(highest_m, state.flood.highest_m):
        return people
    before, after = (_trapped_risk(given, at, people, rows, depth_m) for depth_m in (state.flood.highest_m, highest_m))
    u = chance.uniform("people.trapped_ground", people["key"][rows])
    dead = rows[(u >= before) & (u < after)]
    if not dead.size:
        return people
    die_s = people["die_s"].copy()
    die_s[dead] = np.minimum(die_s[dead], now_s)
    return people.with_columns(die_s=die_s)


def _trapped_risk(given: Given, at: Waters, people: Table, rows: Array, highest_m: Array) -> Array:
    """Share of the trapped at each one's place whom water of this greatest depth kills, (row,)."""
    on_ground = drowning.caught_fraction(given.params, highest_m[at.patch])
    of_cell = _sum(at, at.share * on_ground, len(given.town))
    risk = of_cell[people["cell"][rows]]
    site = people["site"][rows]
    patch = np.append(at.site_patch, -1)[site]  # -1 of dwellings falls on the last entry
    at_site = drowning.caught_fraction(given.params, highest_m[patch])
    return np.where(site >= 0, np.where(patch >= 0, at_site, 0.0), risk)


def _fetched(state: State, at: Waters, lifted: Array) -> State:
    """People whom boats and helicopters took off; nobody more than were cut off."""
    if not lifted.any():
        return state
    flood = state.flood
    taken = np.minimum(np.rint(lifted).astype(np.int64), flood.stranded)
    left = 1.0 - taken / np.maximum(flood.stranded, 1)
    return changed(
        state,
        flood=changed(
            flood,
            amid_persons=flood.amid_persons * left[at.cell],
            stranded=flood.stranded - taken,
            lifted=flood.lifted + taken,
        ),
    )


def _cut_off(given: Given, state: State, at: Waters, depth_m: Array, home: Array) -> tuple[State, Array]:
    """Which patches the water cuts off now; returns the state and the living residents at home by patch.

    Nobody leaves or reaches a patch amid water: the others of the cell move freely, spread by the survivors' share.
    """
    params, flood = given.params, state.flood
    n_cells = len(given.town)
    cut = _sum(at, flood.amid_persons, n_cells)
    here = np.maximum(home - flood.lifted, 0).astype(np.float64)
    amid_persons = flood.amid_persons * np.minimum(1.0, here / np.maximum(cut, LEAST))[at.cell]
    free = np.maximum(here - np.minimum(cut, here), 0.0)
    weight = np.where(flood.amid, 0.0, at.share * flood.alive * staying(given, state.away, at))
    spread = weight / np.maximum(_sum(at, weight, n_cells), LEAST)[at.cell]
    on_patch = np.where(flood.amid, amid_persons, free[at.cell] * spread)
    amid = (depth_m >= params.stranded_depth_m) | (flood.amid & (depth_m >= params.stranded_ends_depth_m))
    kept = np.where(amid, on_patch, 0.0)
    return changed(state, flood=changed(flood, amid=amid, amid_persons=kept)), on_patch


def staying(given: Given, away: Array, at: Waters) -> Array:
    """Share of the people of each settled patch who have not left it, 0..1: people on low ground leave first.

    Known is only how many have left each cell: they are taken from its low patches alike, then from the others.
    """
    low = _sum(at, at.share * at.low, len(away)) * given.night_persons
    gone = np.minimum(away / np.maximum(low, 1.0), 1.0)
    more = np.maximum(away - low, 0.0) / np.maximum(given.night_persons - low, 1.0)
    return 1.0 - np.where(at.low, gone[at.cell], np.minimum(more, 1.0)[at.cell])


def _rise(
    given: Given, state: State, at: Waters, highest_m: Array, on_patch: Array, where: Presence
) -> tuple[State, Risen]:
    """Survivors by patch after a new greatest depth, and those at risk: residents at home and visitors.

    Visitors behave like the residents of the place: as large a share of them has left for safety.
    """
    flood, n_cells = state.flood, len(given.town)
    grown = np.flatnonzero(highest_m[at.patch] > flood.highest_m[at.patch])
    alive = flood.alive.copy()
    alive[grown] = np.minimum(
        drowning.alive_fraction(given.params, at, grown, highest_m[at.patch[grown]]), flood.alive[grown]
    )
    share = np.where(flood.alive > LEAST, 1.0 - alive / np.maximum(flood.alive, LEAST), 0.0)
    everywhere = state.residents.sum() / max(float((state.residents + state.away).sum()), 1.0)
    stay = np.minimum(staying(given, state.away, at) / max(everywhere, LEAST), 1.0)
    weight = at.share * flood.alive
    spread = weight / np.maximum(_sum(at, weight, n_cells), LEAST)[at.cell]
    people = on_patch + where.visitors[at.cell] * spread * stay
    after = changed(flood, highest_m=highest_m, alive=alive, amid_persons=flood.amid_persons * (1.0 - share))
    return changed(state, flood=after), Risen(people, share)


def _drown_at_home(
    given: Given, state: State, at: Waters, chance: Chance, scene: Scene, risen: Risen
) -> tuple[State, Table]:
    """The dead and hurt at home and at work where the water has risen."""
    params = given.params
    dead = _sum(at, risen.people * risen.share, len(given.town))
    expected = state.expected.copy()
    hurt = params.water_hurt_per_death * dead
    expected[WATER, KILLED] += dead
    expected[WATER, SEVERE] += params.caught_severe_fraction * hurt
    expected[WATER, LIGHT] += (1.0 - params.caught_severe_fraction) * hurt
    fresh, residents = victims.cell_victims(given, chance, scene, state.residents, state.expected, expected)
    return changed(state, residents=residents, expected=expected), fresh


def _drown_on_way(
    given: Given, state: State, at: Waters, chance: Chance, scene: Scene, inputs: Inputs
) -> tuple[State, Table]:
    """The dead and hurt among those whom water reached on their way: by the greatest depth where it reached them.

    Deaths among those caught lately follow the depth as it rises; of those who live through the first step the given
    share is hurt, the others get away wet.
    """
    params, flood = given.params, state.flood
    new = np.minimum(np.rint(inputs["caught_persons"]).astype(np.int64), state.away)
    total = flood.caught + new
    if not total.any():
        return state, state.victims.select(np.zeros(0, dtype=np.int64))
    risk = caught_risk(given, at, flood)
    expected = state.expected.copy()
    hurt = params.caught_hurt_fraction * (1.0 - risk) * new
    expected[FLEEING, SEVERE] += params.caught_severe_fraction * hurt
    expected[FLEEING, LIGHT] += (1.0 - params.caught_severe_fraction) * hurt
    most = total - expected[FLEEING, SEVERE]
    expected[FLEEING, KILLED] = np.maximum(expected[FLEEING, KILLED], np.minimum(total * risk, most))
    fresh, away = victims.cell_victims(given, chance, scene, state.away, state.expected, expected)
    return changed(state, away=away, expected=expected, flood=changed(flood, caught=total)), fresh


def _note_caught(given: Given, state: State, at: Waters, caught_at: Array, clock: Clock) -> State:
    """Count people by the place where water reached them; after CAUGHT_WINDOW_S to twice that their fate is settled.

    Water that rises hours later finds nobody there any more.
    """
    flood = state.flood
    ends = clock.rings(CAUGHT_WINDOW_S)
    if not (caught_at.any() or (ends and flood.caught_at.any())):
        return state
    lately, before = flood.caught_at
    dead = flood.caught_dead
    if ends:
        dead = dead + _by_town(given, at, before * caught_share(given, at, flood.highest_m))
        lately, before = np.zeros_like(lately), lately
    known = flood.caught_known + _by_town(given, at, caught_at)
    noted = np.stack((lately + caught_at, before))
    return changed(state, flood=changed(flood, caught_at=noted, caught_dead=dead, caught_known=known))


def caught_share(given: Given, at: Waters, highest_m: Array) -> Array:
    """Share of the people caught at places of this greatest depth who die, same shape.

    Some get up into a building beside the street; river water stands or flows slowly over most of the ground: only a
    part of the share of a tsunami dies.
    """
    params = given.params
    still = 1.0 - params.caught_upstairs_fraction if at.sea else params.caught_still_factor
    return still * drowning.caught_fraction(params, highest_m)


def caught_risk(given: Given, at: Waters, flood: Flood) -> Array:
    """Share of the caught who die, by cell left, (cell,): mean over the places where the town's people were caught.

    Where these are not known, the dangerous places they may have left count.
    """
    share = caught_share(given, at, flood.highest_m)
    dead = flood.caught_dead + _by_town(given, at, flood.caught_at.sum(axis=0) * share)
    known = flood.caught_known > 0.0
    by_place = dead / np.maximum(flood.caught_known, LEAST)
    if known.all():
        return by_place[given.town]
    return np.where(known[given.town], by_place[given.town], _risk_left(given, at, flood.highest_m))


def _by_town(given: Given, at: Waters, values: Array) -> Array:
    return np.bincount(at.town_of_patch, values, given.n_towns)


def _risk_left(given: Given, at: Waters, highest_m: Array) -> Array:
    """The same by the places people left, (cell,): mean over the cell's dangerous patches, else over the town's.

    Dangerous: reached by 0.3 m or more, where water catches people. Without any such patch nobody dies.
    """
    depth_m = highest_m[at.patch]
    weight = np.where(depth_m >= CAUGHT_M, at.share, 0.0)
    risk = weight * caught_share(given, at, depth_m)
    by_town = [np.bincount(at.town, weights=values, minlength=given.n_towns) for values in (risk, weight)]
    of_town = by_town[0] / np.maximum(by_town[1], LEAST)
    n_cells = len(given.town)
    wet = _sum(at, weight, n_cells)
    return np.where(wet > 0.0, _sum(at, risk, n_cells) / np.maximum(wet, LEAST), of_town[given.town])


def _whole_stranded(state: State, at: Waters) -> Array:
    """Residents cut off in whole persons, int64 (cell,), rounded by the cell's own quantile."""
    flood = state.flood
    sums = _sum(at, flood.amid_persons, len(state.residents))
    whole = np.floor(sums + state.quantile).astype(np.int64) * (sums > LEAST)
    return np.minimum(whole, np.maximum(state.residents - flood.lifted, 0))


def deepest_patch(at: Waters, depth_m: Array, cell: int) -> int:
    """Row of the settled patch of a cell under the deepest water, by depth (patch,); -1 without patches."""
    rows = at.patch[at.cell == cell]
    return int(rows[np.argmax(depth_m[rows])]) if rows.size else -1


def _sum(at: Waters, values: Array, n_cells: int) -> Array:
    return np.bincount(at.cell, weights=values, minlength=n_cells)
