"""What deep and fast water does to houses, roads and people; and how several causes of damage are told apart.

Tsunami by the curves of Suppasri et al. 2013 (`fragility`), river floods by depth above the floor. Every number names
its source and status. Functions broadcast; depths are metres above the ground unless the name says otherwise.
"""

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import ndtr

from twin.errors import ParameterError
from twin.numerics import fragility

Array = np.ndarray

# A building counts once, under its first cause of the gravest grade. Order of a prefectural estimate with tsunami
# (opendata.pref.tokushima 2145, read); the other order is that of the Cabinet Office as used by Narita (read, gives
# liquefaction, shaking, fire; slope and water keep their places, assumed).
ORDER = ("shaking", "liquefaction", "slope", "water", "fire")
LIQUEFACTION_FIRST = ("liquefaction", "shaking", "slope", "water", "fire")


def combine(probability: Mapping[str, ArrayLike], order: Sequence[str] = ORDER) -> dict[str, Array]:
    """Probability that a building ends at exactly each grade because of each cause; shape (..., grade) per cause.

    probability: by cause, P(at least the grade), gravest grade first, so that it never falls along the last axis;
    causes act independently; shapes broadcast. A building takes its gravest grade and, among the causes that reach
    it, the first in `order`: the sum over causes and grades is 1 - the chance that nothing happens. Raises
    ParameterError for a cause outside the order or values that are no such probabilities.
    """
    strange = [cause for cause in probability if cause not in order]
    if strange or len(set(order)) != len(order):
        raise ParameterError(f"causes {strange} stand not, or twice, in the order {tuple(order)}")
    causes = [cause for cause in order if cause in probability]
    at_least = {cause: _exceedance(cause, probability[cause]) for cause in causes}
    graver = {cause: np.concatenate([0.0 * p[..., :1], p[..., :-1]], axis=-1) for cause, p in at_least.items()}
    out: dict[str, Array] = {}
    for rank, cause in enumerate(causes):
        share = at_least[cause] - graver[cause]
        for earlier in causes[:rank]:
            share = share * (1.0 - at_least[earlier])
        for later in causes[rank + 1 :]:
            share = share * (1.0 - graver[later])
        out[cause] = share
    return out


def _exceedance(cause: str, values: ArrayLike) -> Array:
    p = np.asarray(values, float)
    if not (np.all(p >= 0.0) and np.all(p <= 1.0) and np.all(np.diff(p, axis=-1) >= 0.0)):
        raise ParameterError(f"P(at least grade) by {cause} must lie in 0 to 1 and not fall from grave to light grades")
    return p


STRUCTURES = ("wood", "rc", "steel", "masonry")
_TYPE_OF = np.array(  # row of TSUNAMI_TYPES by structure and storeys: unknown, one, two, three or more
    [[0, 1, 2, 3], [4, 5, 6, 7], [8, 8, 8, 8], [9, 9, 9, 9]]
)
# Columns of DS4, DS2 and DS1. MLIT's survey calls DS4 and above total, DS2 and DS3 (major) half, DS1 partial: our
# reading of the six classes, unverified.
TSUNAMI_GRADES = (fragility.TSUNAMI_TOTAL, 1, 0)
TSUNAMI_WASHED_AWAY = 5


def tsunami_type(structure: ArrayLike, storeys: ArrayLike = 0) -> Array:
    """Row in TSUNAMI_TYPES by row in STRUCTURES and number of storeys (0: unknown)."""
    return _TYPE_OF[np.asarray(structure, np.int64), np.clip(storeys, 0, 3)]


def tsunami_grade_probability(depth_m: ArrayLike, structure: ArrayLike, storeys: ArrayLike = 0) -> Array:
    """P(total), P(at least half), P(at least partial) by tsunami depth; shape (..., 3), never falling along it.

    Where the paper has no curve for DS1 to DS3 (concrete by storeys) those of all concrete buildings stand in, at
    least as likely as DS4.
    """
    row = tsunami_type(structure, storeys)
    own = fragility.tsunami_damage_probability(depth_m, row)
    alike = fragility.tsunami_damage_probability(depth_m, tsunami_type(structure))
    filled = np.where(np.isnan(own), alike, own)[..., list(TSUNAMI_GRADES)]
    return np.maximum.accumulate(filled, axis=-1)


FLOOR_HEIGHT_M = (
    0.5  # river portal of MLIT, quoted by patdata.jp 26624: from about 50 cm floors of houses get wet, read
)
FLOOR_HEIGHT_SD_M = 0.15  # floors differ; assumed (0.05 to 0.3)
# Depth above the floor at its shallowest place: simple judgement for houses of one or two storeys, wood or prefab,
# marked by the force of the water. Cabinet Office notice of 2018-07-12 (0884akio.jp 2018-07-13, read): 1.8 m total,
# 1.0 m large half, below 1.0 m half; guide after 2020 (muramoto-hitachi.com 1271, read): medium half from 0.5 m.
HOUSE_CLASSES = ("dry", "below_floor", "half", "medium_half", "large_half", "total")
HOUSE_EDGES_M = np.array([0.0, 0.5, 1.0, 1.8])
# 治水経済調査マニュアル 2020, slope class A, approximate; unverified. Below the floor: assumed (0.0 to 0.1).
DAMAGE_EDGES_M = np.array([0.0, 0.5, 1.0, 2.0, 3.0])
DAMAGE_RATIO = np.array([0.03, 0.19, 0.32, 0.49, 0.65, 0.84])


def house_class(depth_m: ArrayLike, floor_height_m: ArrayLike = FLOOR_HEIGHT_M) -> Array:
    """Row in HOUSE_CLASSES of a flooded house; the floor itself counts as wet when the water stands above it.

    Still water without force on the walls is judged by a survey of parts and often lower: an upper side there.
    """
    depth = np.asarray(depth_m, float)
    return np.where(depth > 0.0, 1 + _steps(depth, floor_height_m, HOUSE_EDGES_M), 0)


def damage_ratio(depth_m: ArrayLike, floor_height_m: ArrayLike = FLOOR_HEIGHT_M) -> Array:
    """Share of a house's value lost by flood depth above the floor, in the manual's steps; 0 on dry ground."""
    depth = np.asarray(depth_m, float)
    return np.where(depth > 0.0, DAMAGE_RATIO[_steps(depth, floor_height_m, DAMAGE_EDGES_M)], 0.0)


def _steps(depth_m: Array, base_m: ArrayLike, edges_m: Array) -> Array:
    """How many edges above the base the water has reached; the first, at the base itself, must be passed."""
    base = np.asarray(base_m, float)
    return (depth_m > base + edges_m[0]) + sum((depth_m >= base + edge_m).astype(np.int64) for edge_m in edges_m[1:])


def flood_grade_probability(
    depth_m: ArrayLike, floor_height_m: ArrayLike = FLOOR_HEIGHT_M, floor_sd_m: float = FLOOR_HEIGHT_SD_M
) -> Array:
    """P(total), P(at least half), P(at least partial) of the houses under one depth; shape (..., 3).

    Floors differ normally about their mean height. Total from 1.8 m above the floor, half from the floor; partial is
    water below the floor: any wet ground. floor_sd_m > 0.
    """
    depth = np.asarray(depth_m, float)
    above_m = (depth - np.asarray(floor_height_m, float))[..., None] - np.array([HOUSE_EDGES_M[-1], 0.0])
    by_floor = ndtr(above_m / floor_sd_m)
    wet = (depth > 0.0)[..., None]
    return np.where(wet, np.concatenate([by_floor, np.ones_like(by_floor[..., :1])], axis=-1), 0.0)


WASHED_AWAY_M3_PER_S2 = 2.5  # depth x speed^2 at which wooden houses go; basis of 家屋倒壊等氾濫想定区域; unverified


def washed_away(force_m3_per_s2: ArrayLike, is_wood: ArrayLike = True) -> Array:
    """Whether the flow carries a house off, by the largest depth x speed^2: from 2.5 m3/s2 on, wooden houses only."""
    return (np.asarray(force_m3_per_s2) >= WASHED_AWAY_M3_PER_S2) & np.asarray(is_wood)


# MLIT guide on indicators of flood damage 2013, quoted by suigaitaisaku.com: 0.2 and 0.3 m read, 0.5 m unverified.
# 0.6 m: test of the Japan Automobile Federation (ent.smt.docomo.ne.jp 13545562; livedoor 29672040), read.
UNDERPASS_CLOSED_M, FRAIL_WALK_M, ADULT_WALK_M, VEHICLE_STALL_M = 0.2, 0.3, 0.5, 0.6


def walkable(depth_m: ArrayLike, frail: ArrayLike = False) -> Array:
    """Whether people can walk: adults below 0.5 m, frail people below 0.3 m."""
    return np.asarray(depth_m) < np.where(frail, FRAIL_WALK_M, ADULT_WALK_M)


def drivable(depth_m: ArrayLike, underpass: ArrayLike = False) -> Array:
    """Whether cars may set out: below 0.3 m (exhaust wet), underpasses below 0.2 m; `vehicle_stalls` for those out."""
    return np.asarray(depth_m) < np.where(underpass, UNDERPASS_CLOSED_M, FRAIL_WALK_M)


def vehicle_stalls(depth_m: ArrayLike) -> Array:
    """Whether a car on the way stops for good: 0.6 m and more."""
    return np.asarray(depth_m) >= VEHICLE_STALL_M


CAUGHT_M, CAUGHT_ALL_DIE_M = 0.3, 1.0  # village-kaihatu.jp 2097, from the national estimate of 2012; read
# Cabinet Office, Japan and Kuril trench estimate of 2021-12-21, quoted by dorattara.hatenablog.com (read): of those
# caught 1 in 10,000 dies at 0.3 m, 1 in 20 at 0.5 m, 997 in 1,000 at 0.9 m; the survivors are all hurt, 12 % severely.
CAUGHT_ANCHORS = ((0.3, 0.0001), (0.5, 0.05), (0.9, 0.997))
CAUGHT_MEAN_M, CAUGHT_SD_M = 0.6474, 0.0925  # normal curve through them by least squares in the probit, recomputed
CAUGHT_SEVERE_FRACTION = 0.12


def caught_death_fraction(depth_m: ArrayLike) -> Array:
    """Share of people caught in the open (or in a stalled car) who die, by the greatest depth: normal curve, 0 below
    0.3 m.
    """
    depth = np.asarray(depth_m, float)
    return np.where(depth >= CAUGHT_M, ndtr((depth - CAUGHT_MEAN_M) / CAUGHT_SD_M), 0.0)


def caught_death_fraction_linear(depth_m: ArrayLike) -> Array:
    """The same as a straight line from 0 at 0.3 m to 1 at 1.0 m: end points read, what lies between assumed."""
    return np.clip((np.asarray(depth_m, float) - CAUGHT_M) / (CAUGHT_ALL_DIE_M - CAUGHT_M), 0.0, 1.0)


STOREY_M = 2.7  # planning value, assumed (2.4 to 3.0)
HOME_ZONE_EDGES_M = np.array([1.2, 1.8])  # depth over the floor people stand on: compromised, chance; assumed
HOME_DEATH_FRACTION = np.array([0.00023, 0.12, 0.9175])  # LIFESim: safe, compromised, chance zone; unverified


def home_death_fraction(depth_m: ArrayLike, storeys: ArrayLike, aged: ArrayLike) -> Array:
    """Share of people who stayed at home in a flood and die, by depth and the highest floor they reach; LIFESim form.

    aged: 65 and older, who stay on the ground floor; others stand on the top floor, (storeys - 1) x 2.7 m above it.
    Safe below 1.2 m over that floor, compromised to 1.8 m, chance above; 0 where no floor of the house is wet. In
    recent Japanese floods people died only from 1.5 to 2 m on (JSCE 77(2) I_1381, read), which the edges meet.
    """
    depth = np.asarray(depth_m, float)
    stand_m = FLOOR_HEIGHT_M + np.where(aged, 0.0, (np.maximum(storeys, 1) - 1) * STOREY_M)
    zone = sum((depth >= stand_m + edge_m).astype(np.int64) for edge_m in HOME_ZONE_EDGES_M)
    return np.where(depth > FLOOR_HEIGHT_M, HOME_DEATH_FRACTION[zone], 0.0)
