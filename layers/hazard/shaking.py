"""Ground motion of the main shock and of aftershocks at cells and stations.

The main shock follows the attenuation formula plus a residual (log10): one part common to the earthquake,
one part that varies over the region. Where town maxima were observed the residual is drawn conditionally on
them. Aftershocks are point sources of their own.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from twin.chance import Chance, key_of
from twin.errors import ParameterError
from twin.numerics import residuals, shaking, town_maximum
from twin.params import Params

Array = np.ndarray
GRID_SPACING_M = 1000.0  # lattice of the residual field: one node per 1-km cell
SI_MIDORIKAWA, MORIKAWA_FUJIWARA = ATTENUATIONS = ("si-midorikawa-1999", "morikawa-fujiwara-2013")
NODE_KEY_ROW = 1 << 24  # lattice nodes are keyed row * this + column, so that equal places share their draw


@dataclass(frozen=True)
class Ground:
    """Places where motion is wanted; all (place,)."""

    x_m: Array
    y_m: Array
    avs30_m_per_s: Array


@dataclass(frozen=True)
class Motion:
    """Peak motion and JMA intensity at places (place,)."""

    intensity: Array
    pgv_m_per_s: Array
    pga_m_per_s2: Array


@dataclass(frozen=True)
class Source:
    """What the attenuation formula needs, apart from the distance; kind: crustal, interface or intraslab."""

    magnitude_mw: float
    depth_m: float
    kind: str = "crustal"


def check_attenuation(params: Params) -> None:
    """Raise ParameterError for an attenuation formula that is not known."""
    if params.attenuation not in ATTENUATIONS:
        raise ParameterError(
            f"hazard.attenuation = '{params.attenuation}' is not known; known: {', '.join(ATTENUATIONS)}"
        )


def median_log10(source: Source, distance_m: Array, ground: Ground, params: Params) -> Array:
    """log10 of the median surface PGV (m/s) at places of given distance to the source."""
    if params.attenuation == MORIKAWA_FUJIWARA:
        site = shaking.Site(ground.avs30_m_per_s, params.basin_depth_m)
        return np.log10(shaking.pgv_morikawa_fujiwara_m_per_s(source.magnitude_mw, distance_m, site, source.kind))
    rock = shaking.pgv_si_midorikawa_m_per_s(source.magnitude_mw, source.depth_m, distance_m, source.kind)
    return np.log10(rock * shaking.site_amplification(ground.avs30_m_per_s))


def _median_pga_m_per_s2(source: Source, distance_m: Array, ground: Ground, params: Params) -> Array:
    """Median surface PGA; soft ground yields under strong shaking, so it amplifies less and less."""
    if params.attenuation == MORIKAWA_FUJIWARA:
        firm = shaking.Site(params.pga_reference_m_per_s, params.basin_depth_m)
        rock = shaking.pga_morikawa_fujiwara_m_per_s2(source.magnitude_mw, distance_m, firm, source.kind)
    else:
        rock = shaking.pga_si_midorikawa_m_per_s2(source.magnitude_mw, source.depth_m, distance_m, source.kind)
    slope = params.pga_site_slope / (1.0 + rock / params.pga_yield_m_per_s2)
    return rock * (ground.avs30_m_per_s / params.pga_reference_m_per_s) ** slope


def motion(source: Source, distance_m: Array, ground: Ground, residual_log10: Array | float, params: Params) -> Motion:
    """Motion with a residual in log10; the same residual shifts PGV and PGA."""
    pgv = 10.0 ** (median_log10(source, distance_m, ground, params) + residual_log10)
    pga = _median_pga_m_per_s2(source, distance_m, ground, params) * 10.0 ** np.asarray(residual_log10)
    return Motion(shaking.intensity(pgv), pgv, pga)


def draw_residual(
    cells: Ground, stations: Ground, bounds: TownBounds | None, station_median: Array, params: Params, chance: Chance
) -> tuple[Array, Array]:
    """Residual (log10) of the main shock at cells (cell,) and log10 PGV read by the stations (station,).

    bounds None: the prior. Else a draw given only that each town's largest station value lies in its class
    (Gibbs sampling), carried to the cells by Matheron's rule.
    """
    prior = residuals.Prior(params.between_event_sd, params.within_event_sd, params.correlation_m)
    n_cell = cells.x_m.size
    plan = residuals.plan_field(
        np.concatenate([cells.x_m, stations.x_m]),
        np.concatenate([cells.y_m, stations.y_m]),
        prior.range_m,
        GRID_SPACING_M,
    )
    row, column = (first + np.arange(n) for first, n in zip(plan.first_node, plan.normals_shape))
    nodes = (row[:, None] * NODE_KEY_ROW + column).ravel()
    normals = chance.normal("hazard.residual_node", nodes).reshape(plan.normals_shape)
    event = prior.tau * chance.normal("hazard.residual_event", key_of("shock/main"))[0]
    field = event + prior.phi * residuals.draw_field(plan, normals)
    if stations.x_m.size == 0:
        return field, np.empty(0)
    noise_sd = np.full(stations.x_m.size, params.station_noise_sd)
    place_keys = np.round(stations.x_m).astype(np.int64) * NODE_KEY_ROW + np.round(stations.y_m).astype(np.int64)
    read = field[n_cell:] + noise_sd * chance.normal("hazard.station_noise", place_keys)
    if bounds is None:
        return field[:n_cell], station_median + read
    at = residuals.Stations(stations.x_m, stations.y_m, noise_sd)
    sweeps = np.arange(int(params.gibbs_sweeps))
    uniforms = chance.uniform("hazard.gibbs", place_keys[None, :], sweeps[:, None])
    covariance = residuals.station_covariance(at, prior)
    observed = town_maximum.draw_given_town_maxima(
        station_median, covariance, bounds.town_of_station, bounds.low_log10, bounds.high_log10, uniforms
    )
    weights = residuals.kriging_weights(cells.x_m, cells.y_m, at, prior)
    return residuals.update_draw(field[:n_cell], weights, read, observed - station_median), observed


@dataclass(frozen=True)
class TownBounds:
    """Class bounds of each town's strongest station as log10 PGV (m/s); -inf and inf where nothing was heard."""

    town_of_station: Array  # (station,)
    low_log10: Array  # (town,)
    high_log10: Array  # (town,)


def bounds_of_classes(low: Array, high: Array, town_of_station: Array) -> TownBounds | None:
    """Bounds from instrumental intensities (town,), NaN for no bound; None when there is none at all."""
    if not (np.isfinite(low).any() or np.isfinite(high).any()):
        return None
    return TownBounds(
        town_of_station,
        np.where(np.isfinite(low), _log10_pgv(low), -np.inf),
        np.where(np.isfinite(high), _log10_pgv(high), np.inf),
    )


def _log10_pgv(intensity: Array) -> Array:
    return np.log10(shaking.pgv_from_intensity_m_per_s(np.nan_to_num(intensity, nan=5.0)))


def residual_from_towns(cells: Ground, at_stations: Ground, residual_log10: Array, params: Params) -> Array:
    """Mean residual of an aftershock at the cells (cell,), given its misfit at some stations (station,)."""
    prior = residuals.Prior(params.aftershock_event_sd, params.within_event_sd, params.correlation_m)
    noise_sd = np.full(residual_log10.size, params.station_noise_sd)
    at = residuals.Stations(at_stations.x_m, at_stations.y_m, noise_sd)
    return residuals.kriging_weights(cells.x_m, cells.y_m, at, prior) @ residual_log10
