"""The ground people flee over: patches with the ways to safe ground and to refuge buildings, and halls that may flood.

A world without a terrain has no ways (`active` is False): nobody flees there and nothing of this costs anything.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from twin.errors import ScenarioError
from twin.world import IndexSet, World

Array = np.ndarray
NONE = -1
AROUND = ((-1, -1), (-1, 0), (-1, 1), (0, -1), (0, 1), (1, -1), (1, 0), (1, 1))


@dataclass(frozen=True)
class Ways:
    """A tree of shortest ways, arrays (patch,): next patch (-1: there, or no way), walking length to the end.

    The length holds winding streets and the cost of slopes; 0 at the end, inf where there is no way.
    """

    next_patch: Array
    way_m: Array


@dataclass(frozen=True)
class Ground:
    """Constants of the patches (patch,), the refuges (refuge,), the shelters (shelter,), cells and towns."""

    active: bool
    cell: Array
    town: Array
    keys: Array
    share: Array  # of its cell's residents
    care_persons: Array
    danger: Array  # bool: inside the hazard-map zone
    can_flee: Array  # bool: outside safe ground, with a way to it or to a refuge
    coast_distance_m: Array
    around: Array  # (patch, 8) neighbouring patches, -1: none
    to_safety: Ways
    to_refuge: Ways
    refuge: Array  # nearest refuge, -1: none
    dry: Array  # bool, all False
    refuge_patch: Array
    refuge_capacity_persons: Array
    refuge_floor_m: Array
    hall_patch: Array
    hall_floor_m: Array
    outside_fraction: Array  # (cell,) share of the residents who live outside the zone
    zone_fraction: Array  # (municipality,) share of the residents who live inside it
    zone_m2: Array  # (municipality,) built-up area of the zone
    share_65: Array  # (cell,)
    town_of_cell: Array


def prepare_ground(world: World) -> Ground:
    """Constants for all runs. Raises ScenarioError for ways that do not lead down to their end."""
    patch = world["patch"]
    if not _has_ways(patch):
        return _no_ground()
    to_safety = _ways(patch, "next", "way_m")
    to_refuge = _ways(patch, "refuge_next", "refuge_way_m")
    refuge = np.asarray(patch["refuge"], np.int64)
    cell, share, danger = patch["cell"], np.asarray(patch["share"], float), np.asarray(patch["danger"]) > 0
    near = np.isfinite(to_safety.way_m) | ((refuge >= 0) & np.isfinite(to_refuge.way_m))
    hall_patch, hall_floor_m = _halls(world["shelter"])
    outside, zone, zone_m2 = _zones(world, cell, share, danger)
    return Ground(
        active=True,
        cell=cell,
        town=np.asarray(patch["municipality"], np.int64),
        keys=patch.keys,
        share=share,
        care_persons=np.asarray(patch["care_persons"], np.int64),
        danger=danger,
        can_flee=near & (to_safety.way_m > 0),
        coast_distance_m=np.asarray(patch["coast_distance_m"], float),
        around=_around(patch["water_row"], patch["water_column"]),
        to_safety=to_safety,
        to_refuge=to_refuge,
        refuge=refuge,
        dry=np.zeros(len(patch), dtype=bool),
        **_refuges(world),
        hall_patch=hall_patch,
        hall_floor_m=hall_floor_m,
        outside_fraction=outside,
        zone_fraction=zone,
        zone_m2=zone_m2,
        share_65=np.asarray(world["cell"]["share_65"], float),
        town_of_cell=np.asarray(world["cell"]["municipality"], np.int64),
    )


def _has_ways(patch: IndexSet) -> bool:
    if "next" not in patch:
        return False
    walks = np.isfinite(patch["way_m"]) & (patch["next"] >= 0)
    return bool(walks.any() or (patch["refuge"] >= 0).any())


def _ways(patch: IndexSet, next_column: str, way_column: str) -> Ways:
    to, way_m = np.asarray(patch[next_column], np.int64), np.asarray(patch[way_column], float)
    going = np.flatnonzero(to >= 0)
    wrong = going[~(way_m[to[going]] < way_m[going])]
    if wrong.size:
        row = int(wrong[0])
        raise ScenarioError(
            f"patch '{patch.ids[row]}': {next_column} leads to '{patch.ids[to[row]]}' but {way_column} does not fall "
            f"({way_m[row]:g} m to {way_m[to[row]]:g} m); ways must be shortest ways that end at 0"
        )
    return Ways(to, way_m)


def _around(row: Array, column: Array) -> Array:
    """Rows of the eight neighbours of each patch on the water grid, -1 where there is none, (patch, 8)."""
    row, column = np.asarray(row, np.int64), np.asarray(column, np.int64)
    number = np.full((row.max() + 3, column.max() + 3), NONE, dtype=np.int64)
    placed = np.flatnonzero((row >= 0) & (column >= 0))
    number[row[placed] + 1, column[placed] + 1] = placed
    found = np.stack([number[row + 1 + up, column + 1 + right] for up, right in AROUND], axis=1)
    found[(row < 0) | (column < 0)] = NONE
    return found


def _refuges(world: World) -> dict[str, Array]:
    refuge = world["refuge"]
    names = {"refuge_patch": "patch", "refuge_capacity_persons": "capacity_persons", "refuge_floor_m": "floor_height_m"}
    return {
        field: np.asarray(refuge[column], np.int64 if column == "patch" else float) for field, column in names.items()
    }


def _halls(shelter: IndexSet) -> tuple[Array, Array]:
    """Patch and height of the used floor of each shelter; -1 where unknown."""
    n = len(shelter)
    patch = np.asarray(shelter["patch"], np.int64) if "patch" in shelter else np.full(n, NONE)
    floor_m = np.asarray(shelter["floor_height_m"], float) if "floor_height_m" in shelter else np.zeros(n)
    return patch, floor_m


def _zones(world: World, cell: Array, share: Array, danger: Array) -> tuple[Array, Array, Array]:
    """Share of each cell's residents outside the zone, of each town's inside it, and the zone's built-up area."""
    cells, n_towns, patch = world["cell"], len(world["municipality"]), world["patch"]
    homes = np.flatnonzero((cell >= 0) & (share > 0))
    inside = np.bincount(cell[homes], weights=(share * danger)[homes], minlength=len(cells))
    inside = np.clip(inside, 0.0, 1.0)
    night, town = cells["night_persons"].astype(float), cells["municipality"]
    persons = np.bincount(town, weights=night, minlength=n_towns)
    exposed = np.bincount(town, weights=night * inside, minlength=n_towns)
    built = homes[danger[homes]]
    area = np.bincount(patch["municipality"][built], weights=patch["area_m2"][built], minlength=n_towns)
    return 1.0 - inside, exposed / np.maximum(persons, 1.0), area


def _no_ground() -> Ground:
    none, whole, never = np.zeros(0), np.zeros(0, dtype=np.int64), np.zeros(0, dtype=bool)
    ways = Ways(whole, none)
    return Ground(
        active=False,
        cell=whole,
        town=whole,
        keys=whole,
        share=none,
        care_persons=whole,
        danger=never,
        can_flee=never,
        coast_distance_m=none,
        around=np.zeros((0, len(AROUND)), dtype=np.int64),
        to_safety=ways,
        to_refuge=ways,
        refuge=whole,
        dry=never,
        refuge_patch=whole,
        refuge_capacity_persons=none,
        refuge_floor_m=none,
        hall_patch=whole,
        hall_floor_m=none,
        outside_fraction=none,
        zone_fraction=none,
        zone_m2=none,
        share_65=none,
        town_of_cell=whole,
    )
