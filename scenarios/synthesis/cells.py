"""Where people live: which land cells are inhabited, how many live there by night and are there by day, and how old."""

from __future__ import annotations

import numpy as np

from scenarios.synthesis.frame import Frame, filled, morton, share_out
from scenarios.synthesis.land import Land
from twin.errors import ScenarioError

Array = np.ndarray
Columns = dict[str, Array]


def inhabited(frame: Frame, land: Land) -> tuple[Array, Array]:
    """Rows of the inhabited land cells, ordered by municipality then along a Z-curve, and their night population.

    Population sums are exact in every municipality; thinner cells than the rule allows, and those beyond
    `max_cells`, give their people to the others of the same municipality.
    """
    if frame.region.max_cells < len(frame.codes):
        raise ScenarioError(
            f"region.max_cells: {frame.region.max_cells} is less than the {len(frame.codes)} municipalities"
        )
    expected = _expected_persons(frame, land)
    rules = frame.rules
    threshold = np.maximum(rules.min_persons_per_km2 * land.area_m2 * 1e-6, rules.min_persons_per_cell)
    fullest = np.zeros(len(land.code), dtype=bool)
    order = np.lexsort((-expected, land.municipality))
    fullest[order[np.searchsorted(land.municipality[order], np.arange(len(frame.codes)))]] = True
    dense = expected >= threshold
    room = max(frame.region.max_cells - int(fullest.sum()), 0)
    ranked = np.argsort(-(np.where(dense & ~fullest, expected, -1.0)), kind="stable")
    kept = fullest.copy()
    kept[ranked[: min(room, int((dense & ~fullest).sum()))]] = True
    rows = np.flatnonzero(kept)
    z = morton(land.row[rows] - land.row.min(), land.column[rows] - land.column.min())
    rows = rows[np.lexsort((z, land.municipality[rows]))]
    population = frame.facts["municipality"]["population"]
    return rows, share_out(expected[rows], population, land.municipality[rows])


def _expected_persons(frame: Frame, land: Land) -> Array:
    """Expected residents of each land cell: settlement kernels plus a thin rural share, weighted by ground."""
    places, rules = frame.facts["settlement"], frame.rules
    n_town = len(frame.codes)
    by_ground = rules.habitable_by_ground[land.ground] * land.area_m2
    habitable = by_ground if land.settled_m2 is None else land.settled_m2
    sx_m, sy_m = frame.local(places["lat"], places["lon"])
    town = frame.rows_of(places["municipality"])
    squared = (land.x_m - sx_m[:, None]) ** 2 + (land.y_m - sy_m[:, None]) ** 2
    scaled = np.sqrt(squared) / (places["radius_km"][:, None] * 1000.0)
    kernel = np.exp(-(scaled**rules.kernel_power)) * habitable
    kernel *= land.municipality[None, :] == town[:, None]
    sums = kernel.sum(axis=1, keepdims=True)
    weight = places["weight"] / np.bincount(town, weights=places["weight"], minlength=n_town)[town]
    settled = (kernel / np.where(sums > 0, sums, 1.0) * weight[:, None]).sum(axis=0)
    thin = habitable / np.bincount(land.municipality, weights=habitable, minlength=n_town)[land.municipality]
    noise = np.exp(rules.density_log_std * frame.chance.normal("region.density", land.code))
    population = frame.facts["municipality"]["population"][land.municipality]
    raw = ((1.0 - rules.rural_share) * settled + rules.rural_share * thin) * noise
    raw = raw / np.bincount(land.municipality, weights=raw, minlength=n_town)[land.municipality] * population
    raw = raw / (1.0 + raw / (rules.dense_persons_per_km2 * land.area_m2 * 1e-6))
    return raw / np.bincount(land.municipality, weights=raw, minlength=n_town)[land.municipality] * population


def people_columns(frame: Frame, town: Array, persons: Array, density_per_km2: Array) -> Columns:
    """Households and share aged 65+ of each cell; both agree with the municipality's figures."""
    table, rules = frame.facts["municipality"], frame.rules
    n_town = len(frame.codes)
    rural = np.log10(np.maximum(density_per_km2, 1.0))
    households = share_out(persons * (0.9 + 0.05 * rural), table["households"], town)
    households = _at_most(households, persons, town, table["households"])
    mean_rural = np.bincount(town, weights=rural * persons, minlength=n_town) / table["population"]
    aged = filled(table["share_65"], rules.share_65_unknown)[town]
    share = np.clip(aged - rules.share_65_spread * (rural - mean_rural[town]), 0.05, 0.75)
    mean = np.bincount(town, weights=share * persons, minlength=n_town) / table["population"]
    share = np.clip(share * aged / mean[town], 0.02, 0.95)
    return {"households": households, "share_65": share}


def _at_most(households: Array, persons: Array, town: Array, wanted: Array) -> Array:
    """No cell has more households than persons; what is cut goes to the others of the municipality."""
    capped = np.minimum(households, persons)
    missing = wanted - np.bincount(town, weights=capped, minlength=len(wanted))
    if not np.any(missing > 0):
        return capped
    extra = share_out((persons - capped).astype(float), np.maximum(missing, 0), town)
    return np.minimum(capped + extra, persons)


def day_columns(frame: Frame, town: Array, persons: Array, density: Array, site_persons: Array) -> Columns:
    """People present at noon of a weekday and the share of them at work, school or shops.

    site_persons: those at listed large sites, (cell,), always part of the cell's day population. Sums per
    municipality are population times the published day ratio (1 where none is published).
    """
    table, rules = frame.facts["municipality"], frame.rules
    n_town = len(frame.codes)
    total = np.rint(table["population"] * filled(table["daytime_ratio"], 1.0))
    at_sites = np.bincount(town, weights=site_persons, minlength=n_town)
    total = np.maximum(total, at_sites)
    away = np.minimum(np.maximum(rules.day_work_share * total, at_sites), total)
    work = share_out(persons * density ** (rules.work_power - 1.0), np.rint(away - at_sites), town)
    home = share_out(persons.astype(float), total - np.rint(away - at_sites) - at_sites, town)
    day = home + work + site_persons
    return {"day_persons": day, "work_share": np.where(day > 0, (work + site_persons) / np.maximum(day, 1), 0.0)}


def ground_columns(frame: Frame, land: Land, rows: Array) -> Columns:
    """Site class, slope, shore distance and codes of the inhabited cells."""
    rules, code = frame.rules, land.code[rows]
    ground = land.ground[rows]
    avs = rules.avs30_m_per_s[ground] * np.exp(rules.avs30_log_std * frame.chance.normal("region.avs30", code))
    slope = rules.slope_deg[ground] * np.exp(rules.slope_log_std * frame.chance.normal("region.slope", code))
    if land.slope_deg is not None:
        slope = land.slope_deg[rows]
    return {
        "municipality": land.municipality[rows],
        "x_m": land.x_m[rows],
        "y_m": land.y_m[rows],
        "lat": land.lat[rows],
        "lon": land.lon[rows],
        "area_m2": land.area_m2[rows],
        "avs30_m_per_s": np.maximum(avs, rules.avs30_low_m_per_s),
        "slope_deg": np.clip(slope, 0.0, 45.0),
        "coast_distance_m": land.coast_distance_m[rows],
        "ground": ground,
    }


def at_coast(frame: Frame, columns: Columns) -> Array:
    """Share of each cell's residents who live low at the shore, (cell,)."""
    low = frame.rules.low_at_shore_by_ground[columns["ground"]]
    return np.where(columns["coast_distance_m"] < frame.rules.coastal_m, low, 0.0)


def gas_customers(frame: Frame, town: Array, households: Array, density: Array) -> Array:
    """City-gas customers per cell: the densest cells of each municipality are supplied; exact sums."""
    wanted = np.minimum(
        filled(frame.facts["municipality"]["gas_customers"], 0.0), frame.facts["municipality"]["households"]
    )
    order = np.lexsort((-density, town))
    cumulative = np.cumsum(households[order])
    first = np.searchsorted(town[order], np.arange(len(wanted)))
    before = np.concatenate([[0], cumulative])[first][town[order]]
    reached = cumulative - households[order] - before < wanted[town[order]] / frame.rules.gas_share
    supplied = np.zeros(len(town), dtype=bool)
    supplied[order] = reached & (wanted[town[order]] > 0)
    return share_out(np.where(supplied, households, 0).astype(float), wanted, town)
