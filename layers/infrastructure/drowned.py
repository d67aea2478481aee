"""Plant under water: what stands low drowns, and works again only when the water has gone and it is dried and mended.

Sites are all facilities with their electrical rooms, then substations, then drainage pump stations. Substations,
base stations and waterworks wait for a gang of their utility; houses and pump stations for their own electricians.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from layers.infrastructure import crews as gang
from layers.infrastructure.crews import Crews
from layers.infrastructure.facilities import KINDS, PUMP, STATION
from twin.chance import Chance
from twin.missions import NEVER_S
from twin.params import Params
from twin.records import changed
from twin.world import World

Array = np.ndarray

SETS = (*KINDS, "substation", "pump")
SUBSTATION, DRAINAGE = len(KINDS), len(KINDS) + 1
ELECTRICIAN = -1
_POOL = np.full(len(SETS), ELECTRICIAN)
_POOL[PUMP], _POOL[STATION], _POOL[SUBSTATION] = gang.WATER, gang.TELECOM, gang.POWER


@dataclass(frozen=True)
class SitePlace:
    """Sites in the order of SETS, all (site,): row in SETS, patch (-1: outside the region), town, node; pool of the
    gang that mends it. first: first site of each set; `wet`: whether the world has water at all.
    """

    keys: Array
    kind: Array
    patch: Array
    municipality: Array
    node: Array
    pool: Array
    first: Array
    wet: bool


@dataclass(frozen=True)
class Drowned:
    """Per site: drowned; asked: a gang was asked for; due_s: end of the electricians' work (NEVER_S: not begun).

    storey: in (0, 1), low enough means plant on the ground floor or below; sill: standard normal, how high it stands.
    """

    drowned: Array
    asked: Array
    due_s: Array
    storey: Array
    sill: Array


def prepare(world: World) -> SitePlace:
    """Constants from all sets with a patch."""
    sets = [world[name] for name in SETS]
    sizes = [len(members) for members in sets]
    kind = np.repeat(np.arange(len(SETS)), sizes)
    cell_node = world["cell"]["node"]
    node = [members["node"] if "node" in members else cell_node[np.maximum(members["cell"], 0)] for members in sets]
    return SitePlace(
        keys=np.concatenate([members.keys for members in sets]),
        kind=kind,
        patch=np.concatenate([members["patch"] for members in sets]).astype(np.int64),
        municipality=np.concatenate([members["municipality"] for members in sets]).astype(np.int64),
        node=np.maximum(np.concatenate(node), 0).astype(np.int64),
        pool=_POOL[kind],
        first=np.concatenate([[0], np.cumsum(sizes)]),
        wet="water_dx_m" in world.settings,
    )


def start(place: SitePlace, chance: Chance) -> Drowned:
    """All dry; where each site's plant stands is its luck for the whole run."""
    none = np.zeros(len(place.keys), bool)
    if not place.wet:
        nothing = np.zeros(len(place.keys))
        return Drowned(none, none, np.full(len(place.keys), NEVER_S), nothing, nothing)
    storey = chance.uniform("infrastructure.flood_storey", place.keys)
    sill = chance.normal("infrastructure.flood_sill", place.keys)
    return Drowned(none, none, np.full(len(place.keys), NEVER_S), storey, sill)


def sill_m(state: Drowned, place: SitePlace, params: Params) -> Array:
    """Depth at which each site's plant drowns, metres above the ground (site,); infinite where it stands upstairs."""
    height_m = params.flood_sill_m[place.kind] * np.exp(params.flood_sill_spread * state.sill)
    return np.where(state.storey < params.flood_low_fraction[place.kind], height_m, np.inf)


def depth_at(place: SitePlace, depth_m: Array) -> Array:
    """Depth of water at each site, (site,); 0 outside the region. depth_m: (patch,)."""
    return np.where(place.patch >= 0, depth_m[np.maximum(place.patch, 0)], 0.0)


def soak(state: Drowned, place: SitePlace, params: Params, depth_m: Array, safe: Array, now_s: int) -> Drowned:
    """Sites newly drowned, and electricians at work where the water has gone and nobody is warned of more.

    depth_m: (patch,). safe: towns without a tsunami warning, bool (municipality,).
    """
    here_m = depth_at(place, depth_m)
    hit = here_m >= sill_m(state, place, params)
    if not hit.any() and not state.drowned.any():
        return state
    drowned = state.drowned | hit
    due_s = np.where(hit, NEVER_S, state.due_s)
    begin = _workable(drowned, place, params, here_m, safe) & (place.pool == ELECTRICIAN) & (due_s == NEVER_S)
    due_s = np.where(begin, now_s + params.dry_work_s[place.kind].astype(np.int64), due_s)
    done = drowned & (due_s <= now_s)
    drowned &= ~done
    due_s = np.where(done, NEVER_S, due_s)
    if np.array_equal(drowned, state.drowned) and np.array_equal(due_s, state.due_s):
        return state
    return changed(state, drowned=drowned, due_s=due_s)


def _workable(drowned: Array, place: SitePlace, params: Params, here_m: Array, safe: Array) -> Array:
    """Drowned sites that people can work on: the ground is dry and the town is not under a tsunami warning."""
    return drowned & (here_m < params.dry_ground_m) & safe[np.maximum(place.municipality, 0)]


def ask_repairs(
    state: Drowned, crew: Crews, place: SitePlace, params: Params, depth_m: Array, safe: Array, now_s: int
) -> tuple[Drowned, Crews]:
    """Gangs to dry and mend substations, base stations and waterworks, before all other work."""
    if not state.drowned.any():
        return state, crew
    here_m = depth_at(place, depth_m)
    wanted = _workable(state.drowned, place, params, here_m, safe) & (place.pool != ELECTRICIAN) & ~state.asked
    rows = np.flatnonzero(wanted)
    if not rows.size:
        return state, crew
    crew = gang.ask(
        crew, gang.DRY, place.pool[rows], rows, place.keys[rows], place.node[rows], np.zeros(rows.size, np.int64),
        now_s, params.dry_work_s[place.kind[rows]],
    )  # fmt: skip
    return changed(state, asked=state.asked | wanted), crew


def restore(state: Drowned, place: SitePlace, params: Params, depth_m: Array, kind: Array, subject: Array) -> Drowned:
    """What finished gangs mended; a site that stands under water again has to wait anew."""
    rows = subject[kind == gang.DRY]
    if not rows.size:
        return state
    drowned, asked = state.drowned.copy(), state.asked.copy()
    asked[rows] = False
    drowned[rows] = depth_at(place, depth_m)[rows] >= sill_m(state, place, params)[rows]
    return changed(state, drowned=drowned, asked=asked)


def of_set(place: SitePlace, values: Array, kind: int) -> Array:
    """The part of an array (site,) that belongs to one of SETS."""
    return values[place.first[kind] : place.first[kind + 1]]
