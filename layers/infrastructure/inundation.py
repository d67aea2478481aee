"""Ground under water: house connections cut until an electrician has called, streets slowed, trunk roads closed."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import sparse

from layers.infrastructure.roads import CLOSED, EMERGENCY_ONLY, INSPECTED, MUST, NO_NEED, OPEN, RoadPlace, Roads
from twin.chance import Chance
from twin.missions import NEVER_S
from twin.numerics.water_damage import drivable
from twin.params import Params
from twin.records import changed
from twin.world import World

Array = np.ndarray


@dataclass(frozen=True)
class GroundPlace:
    """Patches: keys (patch,); to_cell, to_town: shares of the customers and people on them that are inhabited.

    road, patch: pairs of a road and a patch it crosses at grade; patches_of_road (road,), at least 1.
    """

    keys: Array
    to_cell: sparse.csr_matrix
    to_town: sparse.csr_matrix
    road: Array
    patch: Array
    patches_of_road: Array


@dataclass(frozen=True)
class Ground:
    """What water does to the ground. depth_m: (patch,) at the last look.

    due_s: when a patch's house connections come back, (patch,): 0 sound, NEVER_S still wet. cut: share of the
    cell's customers without connection, (cell,). streets: share of inhabited ground no car can cross, (municipality,).
    """

    depth_m: Array
    due_s: Array
    cut: Array
    streets: Array


@dataclass(frozen=True)
class RoadWater:
    """Water on the roads, (road,): what it still allows (OPEN, EMERGENCY_ONLY, CLOSED); share of the patches under it;
    row of the deepest patch, -1 where dry.
    """

    status: Array
    share: Array
    deepest: Array


def prepare(world: World) -> GroundPlace:
    """Constants from patches and the roads over them."""
    pairs = np.asarray(world.arrays["road_patch"], np.int64).reshape(-1, 2)
    count = np.bincount(pairs[:, 0], minlength=len(world["road"]))
    return GroundPlace(
        keys=world["patch"].keys,
        to_cell=world.carriers["patch_to_cell_mean"].matrix.tocsr(),
        to_town=world.carriers["patch_to_municipality_mean"].matrix.tocsr(),
        road=pairs[:, 0],
        patch=pairs[:, 1],
        patches_of_road=np.maximum(count, 1),
    )


def start(place: GroundPlace) -> Ground:
    """Dry ground."""
    n_patch = len(place.keys)
    return Ground(
        np.zeros(n_patch),
        np.zeros(n_patch, np.int64),
        np.zeros(place.to_cell.shape[0]),
        np.zeros(place.to_town.shape[0]),
    )


def soak(ground: Ground, place: GroundPlace, params: Params, chance: Chance, depth_m: Array, now_s: int) -> Ground:
    """Connections cut and restored, streets under water; depth_m: (patch,). The same object without news."""
    due_s = ground.due_s
    if depth_m is not ground.depth_m:
        due_s = _reconnections(due_s, place, params, chance, depth_m, now_s)
        streets = place.to_town @ (~drivable(depth_m)).astype(float)
        streets = ground.streets if np.array_equal(streets, ground.streets) else streets
        ground = changed(ground, depth_m=depth_m, streets=streets)
    back = (due_s > 0) & (due_s <= now_s)
    if back.any():
        due_s = np.where(back, 0, due_s)
    if due_s is ground.due_s:
        return ground
    cut = np.minimum(place.to_cell @ (due_s > 0).astype(float), 1.0)
    return changed(ground, due_s=due_s, cut=ground.cut if np.array_equal(cut, ground.cut) else cut)


def _reconnections(
    due_s: Array, place: GroundPlace, params: Params, chance: Chance, depth_m: Array, now_s: int
) -> Array:
    """When connections come back, after the depth changed: never while wet, a lognormal time after the water left."""
    hit = (depth_m >= params.connection_flood_m) & (due_s != NEVER_S)
    left = np.flatnonzero((due_s == NEVER_S) & (depth_m < params.dry_ground_m))
    if not hit.any() and not left.size:
        return due_s
    due_s = np.where(hit, NEVER_S, due_s)
    if left.size:
        luck = chance.normal("infrastructure.reconnection", place.keys[left])
        wait_s = params.reconnection_s * np.exp(params.reconnection_spread * luck)
        due_s[left] = now_s + np.ceil(wait_s).astype(np.int64)
    return due_s


def on_roads(place: GroundPlace, depth_m: Array, params: Params) -> RoadWater:
    """Water on each road by its deepest patch: shut to cars from 0.3 m (water_damage.drivable), to all from 0.6 m."""
    n = len(place.patches_of_road)
    pair_m = depth_m[place.patch]
    deepest_m, deepest = np.zeros(n), np.full(n, -1)
    order = np.argsort(pair_m, kind="stable")
    order = order[pair_m[order] > 0.0]
    deepest[place.road[order]] = place.patch[order]  # the last written, hence the deepest, stays
    deepest_m[place.road[order]] = pair_m[order]
    status = np.where(drivable(deepest_m), OPEN, EMERGENCY_ONLY)
    status = np.where(deepest_m >= params.emergency_ford_m, CLOSED, status).astype(np.int8)
    wet = np.bincount(place.road[~drivable(pair_m)], minlength=n)
    return RoadWater(status, wet / place.patches_of_road, deepest)


def close_roads(roads: Roads, params: Params, water: RoadWater) -> Roads:
    """Roads closed by water and those it left again; the same object without news."""
    fresh = {
        "flooded": water.status,
        "cut_off": water.share > params.detour_flooded_most,
        "swept": roads.swept | (water.status > OPEN),
    }
    news = {name: array for name, array in fresh.items() if not np.array_equal(array, getattr(roads, name))}
    return changed(roads, **news, settled=False) if news else roads


def send_patrols(roads: Roads, place: RoadPlace, safe: Array) -> Roads:
    """What stood under water is to be inspected before it opens, once it is dry and no more waves are expected.

    safe: towns without a tsunami warning, bool (municipality,). The same object without news.
    """
    patrol = roads.swept & (roads.flooded == OPEN) & safe[np.maximum(place.municipality, 0)]
    patrol &= (roads.inspected == NO_NEED) | (roads.inspected == INSPECTED)
    if not patrol.any():
        return roads
    return changed(roads, inspected=np.where(patrol, MUST, roads.inspected).astype(np.int8))
