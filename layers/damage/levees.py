"""Levees, sea walls and gates: crests sunk by shaking or raised beforehand, and segments that breach.

A river levee gathers strain while it is overtopped and while the river has stood above the danger level for hours; it
breaches when its strain passes its own capacity. Most breaches come from overtopping: of the state's levees that broke
in the typhoon of October 2019, 12 of 12 by overtopping (10 from the river side; xtech.nikkei.com 022000001, read).
Strain counts per kilometre, so that a levee cut into more segments breaches no sooner; and luck belongs to the place
along the levee, so that it breaches at the same place.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from twin.chance import Chance
from twin.errors import ParameterError
from twin.numerics.shallow_water import final_width_m
from twin.params import Params
from twin.world import IndexSet

Array = np.ndarray
RIVER = 0
M_PER_KM = 1000.0
PIECE_M = 12.5  # luck is drawn for every so many metres of a levee
BANK_KEYS = 10**7  # pieces a bank may have; more than any levee's


@dataclass(frozen=True)
class Levees:
    """Segments; columns of the index set, arrays (levee,). `width_m`: of a breach when it has grown.

    `piece`: first of the pieces of its bank a segment stands on, `pieces`: how many.
    """

    keys: Array
    ids: Array
    cell: Array
    town: Array
    river: Array
    x_m: Array
    y_m: Array
    length_m: Array
    crest_m: Array
    foot_m: Array
    danger_m: Array
    resistant: Array
    width_m: Array
    bank: Array
    piece: Array
    pieces: Array


def levees_of(members: IndexSet) -> Levees:
    """The segments of a world; none without a terrain."""
    whole = {name: np.asarray(members[name], dtype=np.int64) for name in ("cell", "municipality", "kind")}
    real = ("x_m", "y_m", "along_m", "length_m", "crest_m", "foot_m", "danger_m", "river_width_m")
    number = {name: np.asarray(members[name], dtype=float) for name in real}
    river_m, length_m = number.pop("river_width_m"), number["length_m"]
    along_m = number.pop("along_m")
    of_river = final_width_m(np.where(river_m >= 1.0, river_m, 1.0), np.asarray(members["confluence"]) > 0)
    return Levees(
        keys=members.keys,
        ids=members.ids,
        cell=whole["cell"],
        town=whole["municipality"],
        river=whole["kind"] == RIVER,
        resistant=np.asarray(members["resistant"]) > 0,
        width_m=np.where(river_m >= 1.0, of_river, length_m),
        bank=np.asarray(members["bank"], dtype=np.int64),
        piece=np.rint((along_m - length_m / 2) / PIECE_M).astype(np.int64),
        pieces=np.maximum(np.rint(length_m / PIECE_M), 1.0).astype(np.int64),
        **number,
    )


def settlement_m(levees: Levees, peak_intensity: Array, params: Params) -> Array:
    """How far each crest has sunk by the strongest shaking of its cell so far, less what it was raised beforehand."""
    felt = np.where(levees.cell >= 0, peak_intensity[np.maximum(levees.cell, 0)], 0.0)
    low, high = params.levee_sinks_intensity
    share = np.clip((felt - low) / (high - low), 0.0, 1.0) * ~levees.resistant
    height_m = np.maximum(levees.crest_m + params.levee_raised_m - levees.foot_m, 0.0)
    return share * params.levee_loss_fraction * height_m - params.levee_raised_m


def overtopping_m(levees: Levees, level_m: Array, sunk_m: Array) -> Array:
    """Depth of water above the crest as it stands, 0 where there is none or no water."""
    return np.maximum(np.nan_to_num(level_m - (levees.crest_m - sunk_m), nan=0.0), 0.0)


def above_danger_s(levees: Levees, level_m: Array, before_s: Array, dt_s: int) -> Array:
    """For how long the river has stood above the danger level without a break."""
    return np.where(level_m > levees.danger_m, before_s + dt_s, 0.0)


def strain(levees: Levees, over_m: Array, above_s: Array, dt_s: int, params: Params) -> Array:
    """Strain gathered in a step, (levee,): its sum over a levee is the expected number of breaches."""
    scour = over_m / params.levee_overtopping_m * dt_s / params.levee_overtopped_s
    soaked_s = np.clip(above_s - params.levee_soaking_s, 0.0, dt_s)
    per_km = scour + soaked_s / params.levee_seepage_s
    return levees.river * levees.length_m / M_PER_KM * params.levee_weakness * per_km


def fails_at_once(levees: Levees, over_m: Array, sunk_m: Array, params: Params) -> Array:
    """Overtopped segments that do not stand it: sea walls and gates without resistance, levees the shaking broke."""
    broken = sunk_m + params.levee_raised_m > 0.0
    return (over_m > 0.0) & ~levees.resistant & (~levees.river | broken)


class Load(NamedTuple):
    """What segments bear (levee,): strain so far, and which of them fail at once."""

    strain: Array
    failing: Array


def capacity(levees: Levees, rows: Array, chance: Chance) -> Array:
    """Strain that each of these segments stands, exponential with mean 1, (row,).

    That of the weakest of its pieces times their number: the strain of a piece is its part of the segment's. So a levee
    has the same weak places however it is cut into segments.
    """
    pieces = levees.pieces[rows]
    first = np.cumsum(pieces) - pieces
    within = np.arange(pieces.sum()) - np.repeat(first, pieces)
    keys = np.repeat(levees.bank[rows] * BANK_KEYS + BANK_KEYS // 2 + levees.piece[rows], pieces) + within
    drawn = chance.exponential("damage.levee", keys, 1.0)
    return np.minimum.reduceat(drawn, first) * pieces if rows.size else np.zeros(0)


def breached_s(levees: Levees, before_s: Array, load: Load, now_s: int, params: Params, chance: Chance) -> Array:
    """When each segment began to breach, NaN while it stands; the same array when nothing is new.

    Strain opens one breach after the other, the most overstrained first, and none near an older one, which draws the
    river down.
    """
    standing = np.isnan(before_s)
    strained, failing = np.flatnonzero(load.strain > 0.0), load.failing & standing
    spent = np.zeros(load.strain.size)
    spent[strained] = load.strain[strained] / capacity(levees, strained, chance)
    due = np.flatnonzero((spent >= 1.0) & standing)
    forced = forced_segment(levees, params)
    forced_now = forced >= 0 and standing[forced] and now_s >= params.breach_forced_s
    if not (due.size or failing.any() or forced_now):
        return before_s
    after = np.where(failing, float(now_s), before_s)
    if forced_now:
        after[forced] = now_s
    for row in due[np.argsort(-spent[due], kind="stable")].tolist():
        if np.isnan(after[row]) and not _relieved(levees, after, row, params):
            after[row] = now_s
    return after


def _relieved(levees: Levees, begun_s: Array, row: int, params: Params) -> bool:
    """Whether an open breach of the river lies within the least spacing or the width of that breach."""
    open_rows = np.flatnonzero(np.isfinite(begun_s) & levees.river)
    away_m = np.hypot(levees.x_m[open_rows] - levees.x_m[row], levees.y_m[open_rows] - levees.y_m[row])
    return bool((away_m < np.maximum(levees.width_m[open_rows], params.breach_spacing_m)).any())


def forced_segment(levees: Levees, params: Params) -> int:
    """Row of the segment a scenario lets breach at `breach_forced_s`, -1: none.

    Raises ParameterError for a segment outside the levees.
    """
    if params.breach_forced_s < 0.0:
        return -1
    row = int(params.breach_forced_segment)
    if not 0 <= row < levees.keys.size:
        raise ParameterError(
            f"damage.breach_forced_segment = {row}: there are {levees.keys.size} levee segments, numbered from 0; "
            "name one of them or set breach_forced_s to -1"
        )
    return row
