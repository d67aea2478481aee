"""Sea and flood water in buildings: which grades it brings them to, and how many it damages, floods and carries off.

Depth and force are known patch by patch, buildings cell by cell: a cell's buildings stand on its patches by their
shares. A tsunami damages by the curves of Suppasri et al. 2013, a river flood by depth above the floor and by force.
Every cell and class keeps one quantile for water, so counts are whole and never fall when the water rises.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from layers.damage.buildings import HALF, N_CLASS, PARTIAL, TOTAL
from twin.chance import Chance
from twin.numerics import fragility, water_damage
from twin.params import Params
from twin.world import World

Array = np.ndarray
WOOD, OTHER = 0, 1
STRUCTURE = np.where(fragility.IS_WOOD, WOOD, OTHER)  # (class,)
RC, STEEL = (water_damage.STRUCTURES.index(name) for name in ("rc", "steel"))
WASHED, FLOODED = 3, 4  # after TOTAL, HALF and PARTIAL
N_REACH = 5
INCOMING = 2.0  # setting of a side of the water grid where the tsunami comes from
SIDES = ("west", "east", "south", "north")
INUNDATED_M = 0.01  # shallower films leave no sediment


@dataclass(frozen=True)
class Land:
    """Ground that water can reach; arrays (patch,) and, for stretches of road on patches, (stretch,).

    `sea`: the water comes as a tsunami. `homes`: share of a cell's residents by class (cell, class).
    """

    sea: bool
    cell: Array
    town: Array
    share: Array
    area_m2: Array
    town_cell: Array  # (town,) the cell that lines about a town's flooded houses stand for, -1: none
    homes: Array
    stretch_road: Array
    stretch_patch: Array
    stretch_m: Array


class Stock(NamedTuple):
    """Buildings (cell, class), those damaged by shaking (cell, class, grade) and hit by slides (cell,), cells' keys."""

    buildings: Array
    damaged: Array
    hit: Array
    keys: Array


class Counts(NamedTuple):
    """Buildings under water by cell, whole numbers; `at_least` (cell, grade) besides those of earlier causes."""

    at_least: Array
    washed: Array
    flooded: Array
    uninhabitable: Array  # share of homes


def land_of(world: World) -> Land | None:
    """The ground of a world with a water grid; None without one."""
    if "water_dx_m" not in world.settings:
        return None
    patch, residents = world["patch"], np.asarray(world["cell"]["residents"], dtype=float)
    road, at = np.asarray(world.arrays["road_patch"], dtype=np.int64).reshape(-1, 2).T
    on_road = np.bincount(road, minlength=len(world["road"]))
    return Land(
        sea=any(world.settings.get(f"water_side_{side}") == INCOMING for side in SIDES),
        cell=np.asarray(patch["cell"], dtype=np.int64),
        town=np.asarray(patch["municipality"], dtype=np.int64),
        share=np.asarray(patch["share"], dtype=float),
        area_m2=np.asarray(patch["area_m2"], dtype=float),
        town_cell=_town_cells(world),
        homes=residents / np.maximum(residents.sum(axis=1, keepdims=True), 1.0),
        stretch_road=road,
        stretch_patch=at,
        stretch_m=np.asarray(world["road"]["length_m"], dtype=float)[road] / np.maximum(on_road, 1)[road],
    )


def _town_cells(world: World) -> Array:
    """By town, the cell with most buildings on endangered patches; -1 in a town without patches."""
    patch, n_cell = world["patch"], len(world["cell"])
    inside = np.flatnonzero(np.asarray(patch["cell"]) >= 0)
    cell = np.asarray(patch["cell"])[inside]
    weight = np.asarray(patch["share"])[inside] * (np.asarray(patch["danger"])[inside] + 1e-6)
    exposed = np.bincount(cell, weights=weight, minlength=n_cell) * world["cell"]["buildings"].sum(axis=1)
    chosen = np.full(len(world["municipality"]), -1)
    order = np.argsort(exposed, kind="stable")
    order = order[exposed[order] > 0.0]
    chosen[np.asarray(world["cell"]["municipality"], dtype=np.int64)[order]] = order  # the last, largest stays
    return chosen


def reach(land: Land, depth_m: Array, force_m3_per_s2: Array, params: Params) -> Array:
    """P(at least each grade) of a building of a cell by water alone, (cell, structure, reach).

    depth_m, force_m3_per_s2: largest so far (patch,). Along the last axis: total, half, partial, washed away, flooded
    above the floor. Never falls when depth or force grow; washed away <= total <= half <= partial, total <= flooded.
    """
    rows = np.flatnonzero((depth_m > 0.0) & (land.share > 0.0) & (land.cell >= 0))
    by_patch = _by_tsunami if land.sea else _by_flood
    wet = by_patch(depth_m[rows], force_m3_per_s2[rows], params)
    out = np.zeros((len(land.homes), *wet.shape[1:]))
    np.add.at(out, land.cell[rows], wet * land.share[rows, None, None])
    return np.minimum(out, 1.0)


def _by_tsunami(depth_m: Array, force_m3_per_s2: Array, params: Params) -> Array:
    wood = _mixed([_curves(depth_m, 0, storeys) for storeys in (1, 2, 3)], params.wood_storey_share)
    concrete = _mixed([_curves(depth_m, RC, storeys) for storeys in (1, 2, 3)], params.other_storey_share)
    steel = _curves(depth_m, STEEL, 0)
    other = params.other_concrete_share * concrete + (1.0 - params.other_concrete_share) * steel
    return _ordered(np.stack([wood, other], axis=1), _above_floor(depth_m, params))


def _mixed(curves: list[Array], share: Array) -> Array:
    return sum(part * curve for part, curve in zip(share / share.sum(), curves, strict=True))


def _curves(depth_m: Array, structure: int, storeys: int) -> Array:
    """P(total), P(half), P(partial), P(washed away), (patch, 4)."""
    grades = water_damage.tsunami_grade_probability(depth_m, structure, storeys)
    kind = water_damage.tsunami_type(structure, storeys)
    washed = fragility.tsunami_damage_probability(depth_m, kind)[..., [water_damage.TSUNAMI_WASHED_AWAY]]
    return np.concatenate([grades, washed], axis=-1)


def _by_flood(depth_m: Array, force_m3_per_s2: Array, params: Params) -> Array:
    """Wooden houses by depth and force; others lose no walls, so that few are total losses."""
    grades = water_damage.flood_grade_probability(depth_m, params.floor_height_m, params.floor_height_sd_m)
    carried = (force_m3_per_s2 >= params.washed_force_m3_per_s2).astype(float)
    wood = np.concatenate([grades, carried[:, None]], axis=-1)
    other = np.concatenate([grades, np.zeros_like(carried)[:, None]], axis=-1)
    other[:, TOTAL] *= params.other_flood_total_fraction
    return _ordered(np.stack([wood, other], axis=1), _above_floor(depth_m, params))


def _above_floor(depth_m: Array, params: Params) -> Array:
    return water_damage.flood_grade_probability(depth_m, params.floor_height_m, params.floor_height_sd_m)[..., HALF]


def _ordered(grades: Array, above_floor: Array) -> Array:
    """Washed away is total too, total half and flooded too, half partial too; shape (patch, structure, reach)."""
    washed = grades[..., WASHED]
    total = np.maximum(grades[..., TOTAL], washed)
    half = np.maximum(grades[..., HALF], total)
    partial = np.maximum(grades[..., PARTIAL], half)
    flooded = np.maximum(above_floor[:, None], total)
    return np.stack([total, half, partial, washed, flooded], axis=-1)


def count(land: Land, reached: Array, stock: Stock, params: Params, chance: Chance) -> Counts:
    """Buildings that water takes to each grade besides those shaking and slopes took there.

    A building that an earlier cause of `cause_order` destroyed is not counted as washed away or flooded again; the sum
    over causes is the same in any order.
    """
    buildings, damaged, hit, keys = stock
    u = chance.uniform("damage.water", keys[:, None] + np.arange(N_CLASS))
    p = reached[:, STRUCTURE]
    slid = np.minimum(hit / np.maximum(buildings.sum(axis=1), 1.0), 1.0)[:, None] * buildings
    left = np.maximum(buildings[..., None] - damaged - slid[..., None], 0.0)
    at_least = np.minimum(np.floor(left * p[..., [TOTAL, HALF, PARTIAL]] + u[..., None]), np.floor(left))
    own = buildings - _comes_before("shaking", params) * damaged[..., TOTAL] - _comes_before("slope", params) * slid
    own = np.maximum(own, 0.0)
    total, washed, flooded = (np.minimum(np.floor(own * p[..., k] + u), own // 1) for k in (TOTAL, WASHED, FLOODED))
    only_flooded = flooded - total
    unfit = total + np.where(STRUCTURE == WOOD, 1.0, params.other_ground_floor_share) * only_flooded
    lost = np.divide(unfit, buildings, out=np.zeros(unfit.shape), where=buildings > 0)
    return Counts(
        at_least.sum(axis=1), washed.sum(axis=1), only_flooded.sum(axis=1), np.minimum((lost * land.homes).sum(1), 1.0)
    )


def _comes_before(cause: str, params: Params) -> bool:
    order = params.cause_order.tolist()
    return order.index(cause) < order.index("water")


def sediment_m3(land: Land, depth_m: Array, n_town: int, params: Params) -> Array | float:
    """Mud and sand the sea left on the land, by town; none by a river."""
    if not land.sea:
        return 0.0
    wet = depth_m >= INUNDATED_M
    area_m2 = np.bincount(land.town[wet], weights=land.area_m2[wet], minlength=n_town)
    return area_m2 * params.sediment_t_per_m2 * params.sediment_m3_per_t


def on_road_m3(land: Land, depth_m: Array, n_road: int, params: Params) -> Array | float:
    """The same on roads, (road,)."""
    if not land.sea:
        return 0.0
    wet = depth_m[land.stretch_patch] >= INUNDATED_M
    length_m = np.bincount(land.stretch_road[wet], weights=land.stretch_m[wet], minlength=n_road)
    return length_m * params.road_width_m * params.sediment_t_per_m2 * params.sediment_m3_per_t


def flooded_area_m2(land: Land, depth_m: Array, n_town: int, params: Params) -> Array:
    """Ground that stood under water of some depth so far, by town."""
    deep = depth_m >= params.flooded_area_depth_m
    return np.bincount(land.town[deep], weights=land.area_m2[deep], minlength=n_town)
