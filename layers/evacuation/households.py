"""Households as rows of a table: who lives on which patch, how fast they walk, and where they are on their flight."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from layers.evacuation.ground import Ground
from layers.evacuation.whole import ROUNDING_SLACK
from twin.chance import Chance
from twin.contract import Inputs
from twin.params import Params
from twin.table import Table

Array = np.ndarray
# groups (column `group`)
ABLE, SLOW, CARE = range(3)
# phases (column `phase`)
HOME, WAITING, MOVING, SAFE, HANDED_ON, UPSTAIRS, CAUGHT = range(7)
STILL_HOME = np.array([1, 1, 0, 0, 0, 1, 0], dtype=bool)  # by phase
FLED = np.array([0, 0, 1, 1, 0, 0, 0], dtype=bool)
# what they flee from (column `hazard`): set when the warning has been heard
NOTHING, TSUNAMI, FLOOD = range(3)
# where they go (column `goal`) and how (column `mode`)
GROUND, REFUGE = range(2)
FOOT, VEHICLE = range(2)
CARE_LOAD_PERSONS = 4  # one row of a care home: as many as one vehicle takes
KEY_STEP = np.uint64(0x9E3779B97F4A7C15)
NEVER_S = np.inf

DRAWS = ("phone", "speaker", "seen", "own", "act", "delay", "car", "home")
FIXED = {"key": "int64", "cell": "int64", "patch": "int64", "persons": "int64", "group": "int8"}
CHANGING = {
    "phase": "int8",
    "hazard": "int8",
    "mode": "int8",
    "goal": "int8",
    "leave_s": "float64",  # sets out then
    "at": "int64",  # patch last passed
    "left_m": "float64",  # way left to the goal
    "here_s": "float64",  # reached safety then
    "gone": "int64",  # members who have left: in the layer's stock until handed on or caught
}
COLUMNS = {**FIXED, **dict.fromkeys(DRAWS, "float64"), **CHANGING}


@dataclass(frozen=True)
class Flight:
    """Everyone who may have to flee, and what they meet on the way. Town columns (municipality,)."""

    households: Table
    inside_persons: Array  # (refuge,) places taken
    closed: Array  # bool (refuge,): somebody found no room
    pace: Array  # share of the free speed that cars reach; looked at every minute
    care_called_s: Array  # the care homes were called then; inf: not yet
    care_room_persons: Array  # people the vehicles could have fetched since
    shock_s: Array  # the last felt shock; -inf: none
    wet: Array  # bool (patch,): under water too deep to walk in when last looked at
    flown_persons: Array  # (cell,) fled, and since handed on to shelters and relatives while the danger lasts
    lost_persons: Array  # (cell,) caught, of whom it is not known yet who lives
    lost_s: float  # the last ones were caught then
    caught_persons: Array  # so far
    care_persons: Array  # brought to safety from care homes so far
    care_more_persons_per_h: Array  # further people that vehicles sent by order fetch from care homes in an hour
    care_more_from_s: Array  # from then on; inf: none sent
    stage: Array  # int8: what the journal has told (see flight_lines)


@dataclass(frozen=True)
class Scene:
    """What the parts of one step share: `columns` are the step's own copies of the CHANGING columns."""

    ground: Ground
    params: Params
    flight: Flight  # at the beginning of the step; `flight.households` lends the columns that do not change
    columns: dict[str, Array]
    inputs: Inputs
    now_s: int  # end of the step: the inputs describe this instant
    asleep: float  # how far people sleep, 0..1

    @property
    def homes(self) -> Table:
        """The columns that do not change (the others are out of date)."""
        return self.flight.households

    @cached_property
    def town(self) -> Array:
        """Municipality of each row."""
        return self.ground.town[self.homes["patch"]]


def start_flight(ground: Ground, residents: Array, params: Params, n_towns: int, chance: Chance) -> Flight:
    """Everyone at home, nothing heard. residents: whole persons (cell,)."""
    none, n_refuge = np.zeros(n_towns), len(ground.refuge_patch)
    return Flight(
        households=make(ground, residents, params, chance) if ground.active else Table.empty(**COLUMNS),
        inside_persons=np.zeros(n_refuge),
        closed=np.zeros(n_refuge, dtype=bool),
        pace=np.ones(n_towns),
        care_called_s=np.full(n_towns, np.inf),
        care_room_persons=none,
        shock_s=np.full(n_towns, -np.inf),
        wet=ground.dry,
        flown_persons=np.zeros(len(residents) if ground.active else 0),
        lost_persons=np.zeros(len(residents) if ground.active else 0),
        lost_s=0.0,
        caught_persons=none,
        care_persons=none,
        care_more_persons_per_h=none,
        care_more_from_s=np.full(n_towns, np.inf),
        stage=np.zeros(n_towns, dtype=np.int8),
    )


def make(ground: Ground, residents: Array, params: Params, chance: Chance) -> Table:
    """All residents as households, ordered by cell and patch; their persons add up to the cell's residents.

    Sizes follow the census shares (`household_sizes`, 1 to 5 persons), the last household of a patch takes what is
    left. Residents of care homes make rows of their own, one per vehicle.
    """
    private, care = persons_on_patches(ground, residents)
    patch, number, persons = _split(ground, private, params.household_sizes, chance)
    rows = np.ceil(care / CARE_LOAD_PERSONS).astype(np.int64)
    in_care = np.repeat(np.arange(len(care)), rows)
    nth = np.arange(len(in_care)) - np.repeat(np.cumsum(rows) - rows, rows)
    load = np.minimum(care[in_care] - nth * CARE_LOAD_PERSONS, CARE_LOAD_PERSONS)
    cared = np.concatenate([np.zeros(len(patch), bool), np.ones(len(in_care), bool)])
    number = np.concatenate([number, -1 - nth])  # never a number of a private household
    patch, persons = np.concatenate([patch, in_care]), np.concatenate([persons, load])
    cell = ground.cell[patch]
    keys = _keys(ground.keys[patch], number)
    slow = chance.uniform("evacuation.slow", keys) < params.slow_65_fraction * ground.share_65[cell]
    group = np.where(cared, CARE, np.where(slow, SLOW, ABLE))
    fixed = {"key": keys, "cell": cell, "patch": patch, "persons": persons, "group": group}
    order = np.lexsort((keys, patch, cell))
    columns = {name: np.asarray(fixed[name][order], kind) for name, kind in FIXED.items()}
    columns |= {name: chance.uniform(f"evacuation.{name}", columns["key"]) for name in DRAWS}
    return Table({**columns, **_at_home(columns["patch"])})


def _at_home(patch: Array) -> dict[str, Array]:
    n = len(patch)
    columns = {name: np.zeros(n, dtype=kind) for name, kind in CHANGING.items()}
    columns["leave_s"][:], columns["here_s"][:] = NEVER_S, NEVER_S
    columns["at"][:] = patch
    return columns


def persons_on_patches(ground: Ground, residents: Array) -> tuple[Array, Array]:
    """Whole persons outside and inside care homes on each patch; they add up to the residents of each cell.

    Cells without a patch that has a share of their people get none.
    """
    homes = np.flatnonzero((ground.cell >= 0) & (ground.share > 0))
    homes = homes[np.argsort(ground.cell[homes], kind="stable")]
    cell, share, care = ground.cell[homes], ground.share[homes], ground.care_persons[homes]
    n_cells = len(residents)
    in_care = np.bincount(cell, weights=care, minlength=n_cells)
    rest = np.maximum(np.rint(residents) - in_care, 0.0)
    weight = np.maximum(share * residents[cell] - care, 0.0)
    all_cared = np.bincount(cell, weights=weight, minlength=n_cells) <= 0
    weight = np.where(all_cared[cell], share, weight)
    private, cared = np.zeros(len(ground.cell), np.int64), np.zeros(len(ground.cell), np.int64)
    private[homes] = whole_parts(rest, weight, cell)
    cared[homes] = care
    return private, cared


def whole_parts(amount: Array, weight: Array, group: Array) -> Array:
    """Split whole amounts (group,) over members sorted by group, in proportion to weight; exact sums, int64 (member,).

    Shares are rounded down along their running sum inside the group. Groups without weight get nothing.
    """
    n = len(amount)
    total = np.bincount(group, weights=weight, minlength=n)
    running = np.cumsum(weight)
    before = running - weight
    first = np.searchsorted(group, group)
    inside = running - before[first]
    ratio = np.divide(amount, total, out=np.zeros(n), where=total > 0)
    upto = np.floor(inside * ratio[group] + ROUNDING_SLACK)
    last = np.flatnonzero(np.append(group[1:] != group[:-1], True)) if len(group) else np.zeros(0, np.int64)
    upto[last] = np.where(total[group[last]] > 0, amount[group[last]], 0.0)
    start = np.zeros_like(upto)
    start[1:] = np.where(group[1:] == group[:-1], upto[:-1], 0.0)
    return (upto - start).astype(np.int64)


def _split(ground: Ground, persons: Array, sizes: Array, chance: Chance) -> tuple[Array, Array, Array]:
    """Cut the persons of each patch into households: (patch, number inside the patch, persons) of each."""
    patch = np.repeat(np.arange(len(persons)), persons)
    first = np.repeat(np.cumsum(persons) - persons, persons)
    number = np.arange(len(patch)) - first
    u = chance.uniform("evacuation.household", _keys(ground.keys[patch], number))
    drawn = 1 + np.searchsorted(np.cumsum(sizes)[:-1], u)
    running = np.cumsum(drawn)
    before = running - drawn
    before = before - before[first] if len(patch) else before
    kept = before < persons[patch]
    size = np.minimum(drawn, persons[patch] - before)
    return patch[kept], number[kept], size[kept]


def _keys(patch_keys: Array, number: Array) -> Array:
    """Permanent key of the n-th household of a patch."""
    with np.errstate(over="ignore"):
        mixed = patch_keys.astype(np.uint64) + (number.astype(np.int64).astype(np.uint64) + np.uint64(1)) * KEY_STEP
    return (mixed >> np.uint64(1)).astype(np.int64)
