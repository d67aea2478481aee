"""What stands in a cell: dwellings by structure and age, who lives in them, other buildings, streets."""

from __future__ import annotations

import numpy as np

from scenarios.synthesis.frame import Frame, share_out_rows

Array = np.ndarray


def building_columns(
    frame: Frame, code: Array, persons: Array, households: Array, share_65: Array, density: Array
) -> dict[str, Array]:
    """Columns of shape (cell, 5): wood to 1980, wood 1981-2000, wood later, other to 1980, other later.

    `buildings` are those with dwellings (empty ones included), `residents` the night population living in
    each class (rows sum to it), `other_buildings` those without dwellings, `floor_m2` mean floor area.
    """
    rules = frame.rules
    knots = np.log10(rules.density_knots_per_km2)
    level = np.log10(np.maximum(density, 1.0))

    def at(values: Array) -> Array:
        return np.interp(level, knots, values)

    wood, old = at(rules.wood_share), _old_share(frame, code, share_65)
    classes = _classes(wood, old, rules.middle_share, rules.nonwood_old_share)
    living = classes * households[:, None]
    per_building = np.stack([at(rules.households_per_wood)] * 3 + [at(rules.households_per_nonwood)] * 2, axis=1)
    standing = living / per_building * (1.0 + at(rules.vacant_share)[:, None] / (1.0 - at(rules.vacant_share)[:, None]))
    key = code[:, None] * 8 + np.arange(5)
    buildings = frame.chance.whole("region.buildings", key, standing).astype(np.int64)
    buildings[buildings.sum(axis=1) == 0, 1] = 1
    lived_in = np.where(buildings > 0, living + 1e-9, 0.0)
    other = (
        rules.other_per_household
        * households[:, None]
        * _classes(np.full(len(code), rules.other_wood_share), old, rules.middle_share, rules.nonwood_old_share)
    )
    floor = np.concatenate(
        [np.tile(rules.floor_wood_m2, (len(code), 1)), rules.floor_per_flat_m2 * per_building[:, 3:]], axis=1
    )
    return {
        "buildings": buildings,
        "residents": share_out_rows(lived_in, persons),
        "other_buildings": frame.chance.whole("region.other-buildings", key, other).astype(np.int64),
        "floor_m2": floor,
        "local_road_m": _streets(frame, persons, density),
    }


def _old_share(frame: Frame, code: Array, share_65: Array) -> Array:
    """Share of wooden houses built before 1981; older where more people are old."""
    rules = frame.rules
    mean = rules.old_share_middle + rules.old_share_per_aged_share * (share_65 - 0.30)
    spread = 0.03 * frame.chance.normal("region.old", code)
    return np.clip(mean + spread, 0.08, 0.55)


def _classes(wood: Array, old: Array, middle: float, nonwood_old: float) -> Array:
    """Shares of the five classes, rows sum to 1."""
    later = np.maximum(1.0 - old - middle, 0.05)
    scale = wood / (old + middle + later)
    return np.stack(
        [old * scale, middle * scale, later * scale, (1.0 - wood) * nonwood_old, (1.0 - wood) * (1.0 - nonwood_old)],
        axis=1,
    )


def _streets(frame: Frame, persons: Array, density: Array) -> Array:
    """Length of streets per cell, m."""
    rules = frame.rules
    area_km2 = persons / np.maximum(density, 1e-9)
    longest = rules.local_road_max_m_per_km2 * area_km2
    return np.minimum(rules.local_road_m_per_km2 * area_km2 + rules.local_road_m_per_person * persons, longest)
