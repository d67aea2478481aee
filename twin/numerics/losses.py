"""What damage does: casualties of collapse, broken pipes and dry taps, blocked streets, debris.

Regression formulas of Japanese damage estimates (Tokyo 2022 = TKY22 with page). They give expected numbers;
turning them into whole people and buildings is the caller's affair. Shares are fractions 0 to 1. Functions
broadcast.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from twin.errors import ParameterError
from twin.numerics.fragility import BLOCK, IS_WOOD, CurveTable, buildings_by_shaking

Array = np.ndarray

CM_PER_M = 100.0
M_PER_KM = 1000.0

DEATHS_PER_WOOD_COLLAPSE = 0.0676  # TKY22 p.357, read
DEATHS_PER_NON_WOOD_COLLAPSE = 0.00840  # TKY22 p.357, read
SEVERE_PER_COLLAPSE_SHARE = 0.0309  # TKY22 p.359, read
TRAPPED_PER_COLLAPSE_SHARE = 0.117  # TKY22 p.151 confirms the form; coefficient unverified


def deaths_wood_persons(collapsed: ArrayLike, indoor_ratio: ArrayLike) -> Array:
    """Deaths in collapsed wooden buildings: 0.0676 x collapsed x indoor ratio (occupants now / at 05:00)."""
    return DEATHS_PER_WOOD_COLLAPSE * np.asarray(collapsed, float) * np.asarray(indoor_ratio)


def deaths_non_wood_persons(
    collapsed: ArrayLike,
    indoor_ratio: ArrayLike,
    night_persons_per_building: ArrayLike,
    night_persons_per_wood_building: ArrayLike,
) -> Array:
    """Deaths in collapsed non-wooden buildings: 0.00840 x (Pn0/Bn)/(Pw0/Bw) x collapsed x indoor ratio.

    The two densities are occupants at 05:00 per building of either kind, > 0.
    """
    crowding = np.asarray(night_persons_per_building, float) / np.asarray(night_persons_per_wood_building, float)
    return DEATHS_PER_NON_WOOD_COLLAPSE * crowding * np.asarray(collapsed) * np.asarray(indoor_ratio)


def severe_injuries_persons(collapse_fraction: ArrayLike, indoor_persons: ArrayLike) -> Array:
    """Severely injured by building damage: 0.0309 x collapse ratio x people indoors; per structure."""
    return SEVERE_PER_COLLAPSE_SHARE * np.asarray(collapse_fraction, float) * np.asarray(indoor_persons)


def trapped_persons(collapse_fraction: ArrayLike, indoor_persons: ArrayLike) -> Array:
    """People who cannot free themselves: 0.117 x collapse ratio x people indoors (coefficient unverified)."""
    return TRAPPED_PER_COLLAPSE_SHARE * np.asarray(collapse_fraction, float) * np.asarray(indoor_persons)


def injury_rate_fraction(collapse_fraction: ArrayLike, half_fraction: ArrayLike) -> Array:
    """Share of people indoors injured at all (light and severe), by q = collapse + half / 2; per structure.

    0.12 q below 0.25; 0.07 - 0.16 q to 0.375; 0.01 above. `half_fraction`: half-collapsed only, without
    collapsed. The rate falls again in heavily damaged areas because there deaths and severe injuries take
    over. Source: TKY22 p.358 (Osaka 1997 form), read. Take the larger of this and the severe injuries for
    consistency.
    """
    q = np.asarray(collapse_fraction, float) + 0.5 * np.asarray(half_fraction, float)
    return np.where(q < 0.25, 0.12 * q, np.where(q < 0.375, 0.07 - 0.16 * q, 0.01))


def pipe_break_rate_per_m(pgv_m_per_s: ArrayLike) -> Array:
    """Standard break rate of water mains: 3.11e-3 (v - 15)^1.30 breaks/km, v in cm/s; 0 below 15 cm/s.

    Source: JWWA 1998 (status unverified). Multiply by the factors of pipe and ground.
    """
    excess_cm_per_s = np.maximum(np.asarray(pgv_m_per_s, float) * CM_PER_M - 15.0, 0.0)
    return 3.11e-3 * excess_cm_per_s**1.30 / M_PER_KM


def pipe_break_rate_2013_per_m(pgv_m_per_s: ArrayLike) -> Array:
    """The later form 9.92e-3 (v - 15)^1.14 breaks/km (JWRC 2013, status unverified)."""
    excess_cm_per_s = np.maximum(np.asarray(pgv_m_per_s, float) * CM_PER_M - 15.0, 0.0)
    return 9.92e-3 * excess_cm_per_s**1.14 / M_PER_KM


def liquefaction_pipe_factor(liquefaction_index: ArrayLike) -> Array:
    """Factor on the break rate by liquefaction index PL (TKY22 p.393, read).

    PL = 0: 1.0; up to 5: 1.8; up to 15: 3.2; above: 8.8.
    """
    return np.array([1.0, 1.8, 3.2, 8.8])[np.searchsorted([0.0, 5.0, 15.0], liquefaction_index, side="left")]


# TKY22 p.393; unverified: the table's grid is lost in the text and the order of diameters is a reading of it.
# Columns: small to large diameter; a missing class repeats its neighbour.
PIPE_KINDS = ("ductile_seismic_joint", "ductile", "cast_iron", "steel", "pvc", "asbestos")
PIPE_FACTOR = np.array(
    [
        [0.0, 0.0, 0.0, 0.0],
        [0.50, 0.30, 0.15, 0.05],
        [3.20, 3.20, 0.15, 0.15],  # only the ends are printed; the middle takes the nearer end (assumed)
        [0.84, 0.42, 0.24, 0.24],
        [1.50, 1.20, 1.20, 1.20],
        [6.90, 2.70, 1.20, 1.20],
    ]
)


def water_outage_fraction(breaks_per_m: ArrayLike) -> Array:
    """Share of households without water on the next day: 1 / (1 + 0.307 R^-1.17), R in breaks/km.

    Source: Kawakami 1996, TKY22 p.392 (read). 0 for no breaks.
    """
    powered = (np.asarray(breaks_per_m, float) * M_PER_KM) ** 1.17
    return powered / (powered + 0.307)


ROAD_WIDTH_EDGES_M = np.array([3.5, 5.5, 13.0])
ROAD_SLOPE = np.array([0.9009, 0.3514, 0.2229, 0.0])
ROAD_OFFSET_PERCENT = np.array([19.845, 13.189, -1.5026, 0.0])


def road_blocked_fraction(width_m: ArrayLike, collapse_fraction: ArrayLike, half_fraction: ArrayLike) -> Array:
    """Share of street links left with 3 m or less, by width and damage along them, q = collapse + half / 2.

    In percent: width < 3.5 m 0.9009 q + 19.845; 3.5 to 5.5 m 0.3514 q + 13.189; 5.5 to 13 m 0.2229 q -
    1.5026, 0 if negative; 0 from 13 m. Source: TKY22 p.154, 378 (read). The narrow two do not vanish at q =
    0: where nothing is damaged (q = 0) this returns 0, as the method is for damaged zones only.
    """
    q_percent = 100.0 * (np.asarray(collapse_fraction, float) + 0.5 * np.asarray(half_fraction, float))
    row = np.searchsorted(ROAD_WIDTH_EDGES_M, width_m, side="right")
    percent = ROAD_SLOPE[row] * q_percent + ROAD_OFFSET_PERCENT[row]
    return np.where(q_percent > 0.0, np.clip(percent, 0.0, 100.0) / 100.0, 0.0)


# Old manual (eprc.kyoto-u saigai 001281, read): wooden building 125 m2 at 0.33 t/m2 = 41.25 t, non-wooden
# 957 t
WOOD_FLOOR_M2 = 125.0
WOOD_DEBRIS_KG_PER_M2 = 330.0
NON_WOOD_DEBRIS_KG = 957_000.0


def debris_kg(floor_area_m2: ArrayLike, unit_kg_per_m2: ArrayLike, total: ArrayLike, half: ArrayLike) -> Array:
    """Debris: floor area x unit weight x (total + half / 2); total and half are shares or counts of
    buildings.

    Source: TKY22 p.403 (read); `half` without total.
    """
    damaged = np.asarray(total, float) + 0.5 * np.asarray(half, float)
    return np.asarray(floor_area_m2) * np.asarray(unit_kg_per_m2) * damaged


@dataclass(frozen=True)
class Stock:
    """Buildings one by one, arrays (building,): row in BUILDING_CLASSES, floor area, people inside now.

    indoor_ratio: occupants now over those at 05:00, of the neighbourhood rather than of the one building.
    """

    class_of_building: Array
    floor_area_m2: Array
    indoor_persons: Array
    indoor_ratio: Array


@dataclass(frozen=True)
class Losses:
    """Expected harm of each building, arrays (building,); injured counts light and severe, half leaves out total."""

    total_fraction: Array
    half_fraction: Array
    partial_fraction: Array
    dead_persons: Array
    severe_persons: Array
    injured_persons: Array
    trapped_persons: Array
    debris_kg: Array


def building_losses(
    jma_intensity: Array, stock: Stock, non_wood_crowding: float = 1.0, table: CurveTable | None = None
) -> Losses:
    """Damage, casualties and debris of each building under its own intensity: fast enough for a million of them.

    non_wood_crowding: occupants at 05:00 per non-wooden building over those per wooden one. A building's probability
    stands for the collapse ratio of its like in the formulas above. Debris: wood by floor area, others by the mean
    building. Raises ParameterError for intensities or classes out of range and columns of unequal length.
    """
    columns = (stock.class_of_building, stock.floor_area_m2, stock.indoor_persons, stock.indoor_ratio)
    if any(np.shape(column) != np.shape(jma_intensity) for column in columns):
        raise ParameterError("every building needs an intensity, a class, a floor area, people inside and their ratio")
    grades = buildings_by_shaking(jma_intensity, stock.class_of_building, table)
    out = Losses(*grades, *np.empty((5, grades.shape[1])))
    for begin in range(0, grades.shape[1], BLOCK):
        part = slice(begin, begin + BLOCK)
        np.subtract(grades[1:, part], grades[:-1, part], out=grades[1:, part])  # from "at least" to "exactly"
        _harm(out, part, stock, non_wood_crowding)
    return out


def _harm(out: Losses, part: slice, stock: Stock, non_wood_crowding: float) -> None:
    """Fill casualties and debris of one block."""
    total, half, inside = out.total_fraction[part], out.half_fraction[part], stock.indoor_persons[part]
    wood = IS_WOOD[stock.class_of_building[part]]
    deaths = np.where(wood, DEATHS_PER_WOOD_COLLAPSE, DEATHS_PER_NON_WOOD_COLLAPSE * non_wood_crowding)
    out.dead_persons[part] = deaths * total * stock.indoor_ratio[part]
    out.trapped_persons[part] = trapped_persons(total, inside)
    severe = out.severe_persons[part] = severe_injuries_persons(total, inside)
    out.injured_persons[part] = np.maximum(injury_rate_fraction(total, half) * inside, severe)
    whole_kg = np.where(wood, stock.floor_area_m2[part] * WOOD_DEBRIS_KG_PER_M2, NON_WOOD_DEBRIS_KG)
    out.debris_kg[part] = debris_kg(1.0, whole_kg, total, half)
