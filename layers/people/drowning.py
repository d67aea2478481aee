"""Who dies in water of a given depth: at home by storeys, age and care, or caught on the way (shares, no persons)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from twin.numerics import water_damage
from twin.numerics.fragility import tsunami_damage_probability
from twin.params import Params
from twin.world import World

Array = np.ndarray
WOOD, CONCRETE = water_damage.STRUCTURES.index("wood"), water_damage.STRUCTURES.index("rc")
INCOMING_SEA = 2  # code of a side of the water grid from which a tsunami comes
SIDES = ("west", "east", "south", "north")


@dataclass(frozen=True)
class Waters:
    """Patches with homes, in worlds with a water grid; arrays (settled,) unless said.

    sea: whether a tsunami can come. patch: row among all patches. share: of the cell's people. care: residents of
    care homes over the people of the patch. wood, aged: shares of the cell. low: outside safe ground, bool.
    site_patch: (site,), -1 outside. town_of_patch: of all patches, (patch,).
    """

    sea: bool
    patch: Array
    cell: Array
    town: Array
    share: Array
    care: Array
    wood: Array
    aged: Array
    low: Array
    site_patch: Array
    town_of_patch: Array


def waters(world: World, wood_fraction: Array, share_65: Array) -> Waters | None:
    """Settled patches of a world; None for a world without a water grid. wood_fraction, share_65: (cell,)."""
    if "water_dx_m" not in world.settings:
        return None
    patch, night = world["patch"], world["cell"]["night_persons"]
    rows = np.flatnonzero((patch["cell"] >= 0) & (patch["share"] > 0.0))
    cell, share = patch["cell"][rows], patch["share"][rows].astype(np.float64)
    people = np.maximum(share * night[cell], 1.0)
    return Waters(
        sea=any(world.settings.get(f"water_side_{side}", 0) == INCOMING_SEA for side in SIDES),
        patch=rows,
        cell=cell,
        town=patch["municipality"][rows],
        share=share,
        care=np.minimum(patch["care_persons"][rows] / people, 1.0),
        wood=wood_fraction[cell],
        aged=share_65[cell],
        low=patch["way_m"][rows] > 0.0,
        site_patch=np.asarray(world["site"]["patch"], dtype=np.int64),
        town_of_patch=np.asarray(patch["municipality"], dtype=np.int64),
    )


class Group(NamedTuple):
    """People alike in what they can reach: structure, storeys, whether they stay below, whether in a care home."""

    structure: int
    storeys: int
    below: bool
    care: bool = False


def groups(params: Params, at: Waters, rows: Array) -> list[tuple[Array, Group]]:
    """People of settled patches by what they can reach, with the share of the people of each patch.

    The shares add up to 1. Wooden homes have one or two storeys; in other buildings most people live upstairs
    already. Who stays below: residents of care homes, and the old who cannot get upstairs by themselves.
    """
    care, wood = at.care[rows], at.wood[rows]
    below = params.aged_ground_fraction * at.aged[rows]
    house, block = (1.0 - care) * wood, (1.0 - care) * (1.0 - wood)
    single = params.single_storey_wood_fraction
    lower = params.nonwood_ground_fraction * below
    high = int(params.nonwood_storeys)
    return [
        (house * single, Group(WOOD, 1, True)),
        (house * (1.0 - single) * (1.0 - below), Group(WOOD, 2, False)),
        (house * (1.0 - single) * below, Group(WOOD, 2, True)),
        (block * (1.0 - lower), Group(CONCRETE, high, False)),
        (block * lower, Group(CONCRETE, high, True)),
        (care, Group(CONCRETE, 1, True, care=True)),
    ]


def caught_fraction(params: Params, depth_m: Array) -> Array:
    """Share of those whom water of this greatest depth catches and who die: 0 below 0.3 m to 1 from 1.0 m on."""
    weight = params.caught_linear_weight
    line = water_damage.caught_death_fraction_linear(depth_m)
    if weight >= 1.0:
        return line
    return weight * line + (1.0 - weight) * water_damage.caught_death_fraction(depth_m)


def at_home_fraction(params: Params, depth_m: Array, group: Group, sea: bool) -> Array:
    """Share of one group at home that dies, by the greatest depth outside; never falls with depth.

    River: zones over the floor reached (LIFESim form), scaled to what recent floods have shown. Sea: the ramp of
    those caught over the floor reached, and for those above it the chance that the house is carried off with them
    (Suppasri 2013, washed away).
    """
    structure, storeys, below, care = group
    if not sea:
        risk = water_damage.home_death_fraction(depth_m, storeys, below)
        return np.minimum((params.care_flood_death_factor if care else params.home_flood_death_factor) * risk, 1.0)
    above_m = 0.0 if below else water_damage.FLOOR_HEIGHT_M + (storeys - 1) * water_damage.STOREY_M
    row = water_damage.tsunami_type(structure, storeys)
    carried = tsunami_damage_probability(depth_m, row)[..., water_damage.TSUNAMI_WASHED_AWAY]
    lost = caught_fraction(params, depth_m) * carried
    return 1.0 - (1.0 - caught_fraction(params, depth_m - above_m)) * (1.0 - lost)


def alive_fraction(params: Params, at: Waters, rows: Array, depth_m: Array) -> Array:
    """Share of the people at home on settled patches `rows` who live after water of this greatest depth, 0..1."""
    alive = np.zeros(len(rows))
    for share, group in groups(params, at, rows):
        alive += share * (1.0 - at_home_fraction(params, depth_m, group, at.sea))
    return np.clip(alive, 0.0, 1.0)
