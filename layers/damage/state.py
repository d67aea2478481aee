"""Constants and state of the damage layer."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from layers.damage import fires, levees, slopes, water
from layers.damage.buildings import N_CLASS, N_GRADE
from layers.damage.facilities import KINDS, USABLE, Facilities, class_of_year
from twin.chance import Chance
from twin.numerics import fire_spread, fragility
from twin.params import Params
from twin.table import Table
from twin.world import IndexSet, World

Array = np.ndarray


@dataclass(frozen=True)
class Given:
    """Constants of the layer."""

    params: Params
    cell_keys: Array
    town_of_cell: Array
    n_town: int
    buildings: Array  # (cell, class)
    all_buildings: Array  # (cell,)
    wood_buildings: Array
    other_buildings: Array
    wood_per_m2: Array
    borders: fire_spread.Graph  # cells that share a border
    wood_floor_m2: Array  # (cell,) mean floor area of a wooden building
    slope_deg: Array
    ground: Array  # (cell,) row of the ground kind
    road_keys: Array
    road_cell: Array
    road_length_m: Array
    road_exposed_fraction: Array
    frontage_buildings: Array
    sites: Facilities
    incident_site: Array  # (incident,) rows of sites
    incident_s: Array
    incident_loss: Array
    facilities: tuple[Facilities, ...]  # shelter, hospital, depot, office, fuel station
    land: water.Land | None  # None: no water grid, as for `exposed`
    exposed: slopes.Exposed | None
    levees: levees.Levees
    zero_town: Array


@dataclass(frozen=True)
class Surface:
    """What the layer hands out, kept so that unchanged steps hand out the same arrays; names as in GIVES."""

    buildings_collapsed: Array
    buildings_half_collapsed: Array
    buildings_partial: Array
    buildings_burnt: Array
    wood_collapsed_fraction: Array
    nonwood_collapsed_fraction: Array
    wood_half_fraction: Array
    nonwood_half_fraction: Array
    slide_buildings: Array
    site_damage_fraction: Array
    fires_burning: Array
    road_debris_m3: Array
    road_slides: Array
    debris_m3: Array
    shelter_usable: Array
    hospital_usable: Array
    depot_usable: Array
    office_usable: Array
    fuel_station_usable: Array
    local_blocked_fraction: Array
    buildings_flooded: Array
    buildings_washed: Array
    uninhabitable_fraction: Array
    levee_settlement_m: Array
    levee_breach_s: Array


@dataclass(frozen=True)
class State:
    """What the layer remembers."""

    peak_intensity: Array  # (cell,) strongest shock so far
    effective_intensity: Array  # (cell,) the same with the weakening by earlier shocks
    damaged: Array  # (cell, class, grade) buildings at or above the grade
    slope_shaken: Array  # (cell,) share of steep slopes failed by shaking
    road_shaken: Array  # (road,)
    slope_strain: Array  # (cell,) highest at which the slopes were looked at
    site_shaken: Array  # (site,) floors lost by shaking
    shaking_ignitions: Array  # (cell,) expected number so far
    power_ignitions: Array
    fires: Table
    houses_lost: Array  # (cell,) burnt in fires that are out, in houses and parts of houses
    water_max_depth_m: Array  # (patch,) as last looked at; empty without a water grid, as for the next two
    water_force_m3_per_s2: Array
    water_reach: Array  # (cell, structure, reach) see water.reach
    site_drowned: Array  # (site,) floors lost by a tsunami
    levee_strain: Array  # (levee,) so far
    levee_above_s: Array  # (levee,) time above the danger level without a break
    surface: Surface


def prepare(world: World, params: Params) -> Given:
    """Constants for all runs."""
    cell, road, site = world["cell"], world["road"], world["site"]
    buildings = np.asarray(cell["buildings"], dtype=float)
    wood = buildings[:, fragility.IS_WOOD].sum(axis=1)
    incident_site, incident_s, incident_loss = _incidents(world)
    return Given(
        params=params,
        cell_keys=cell.keys,
        town_of_cell=np.asarray(cell["municipality"], dtype=np.int64),
        n_town=len(world["municipality"]),
        buildings=buildings,
        all_buildings=buildings.sum(axis=1),
        wood_buildings=wood,
        other_buildings=buildings.sum(axis=1) - wood,
        wood_per_m2=wood / np.asarray(cell["area_m2"], dtype=float),
        borders=fires.neighbours(*(np.asarray(cell[name], dtype=float) for name in ("x_m", "y_m", "area_m2"))),
        wood_floor_m2=np.asarray(cell["floor_m2"], dtype=float)[:, fragility.IS_WOOD].mean(axis=1),
        slope_deg=np.asarray(cell["slope_deg"], dtype=float),
        ground=np.asarray(cell["ground"], dtype=np.int64),
        road_keys=road.keys,
        road_cell=np.asarray(road["cell"], dtype=np.int64),
        road_length_m=np.asarray(road["length_m"], dtype=float),
        road_exposed_fraction=np.asarray(road["slope_exposed_fraction"], dtype=float),
        frontage_buildings=np.asarray(road["frontage_buildings"], dtype=float),
        sites=_facilities("site", site),
        incident_site=incident_site,
        incident_s=incident_s,
        incident_loss=incident_loss,
        facilities=tuple(_facilities(name, world[name]) for name in KINDS),
        land=water.land_of(world),
        exposed=slopes.exposed_by_terrain(world, params),
        levees=_levees(world, params),
        zero_town=np.zeros(len(world["municipality"])),
    )


def start(given: Given, chance: Chance) -> State:
    """An undamaged surface."""
    n_cell, n_road, n_levee = given.cell_keys.size, given.road_keys.size, given.levees.keys.size
    n_patch, wet_cells = (given.land.cell.size, n_cell) if given.land is not None else (0, 0)
    zero = np.zeros(n_cell)
    sound = {name: np.ones(kind.keys.size) for name, kind in zip(USABLE, given.facilities, strict=True)}
    by_cell = (
        "buildings_collapsed", "buildings_half_collapsed", "buildings_partial", "buildings_burnt",
        "wood_collapsed_fraction", "nonwood_collapsed_fraction", "wood_half_fraction", "nonwood_half_fraction",
        "slide_buildings", "fires_burning", "local_blocked_fraction",
        "buildings_flooded", "buildings_washed", "uninhabitable_fraction",
    )  # fmt: skip
    surface = Surface(
        **dict.fromkeys(by_cell, zero),
        site_damage_fraction=np.zeros(given.sites.keys.size),
        road_debris_m3=np.zeros(n_road),
        road_slides=np.zeros(n_road),
        debris_m3=np.zeros(given.n_town),
        levee_settlement_m=np.zeros(n_levee),
        levee_breach_s=np.full(n_levee, np.nan),
        **sound,
    )
    return State(
        peak_intensity=zero,
        effective_intensity=zero,
        damaged=np.zeros((n_cell, N_CLASS, N_GRADE)),
        slope_shaken=zero,
        road_shaken=np.zeros(n_road),
        slope_strain=zero,
        site_shaken=np.zeros(given.sites.keys.size),
        shaking_ignitions=zero,
        power_ignitions=zero,
        fires=fires.no_fires(),
        houses_lost=zero,
        water_max_depth_m=np.zeros(n_patch),
        water_force_m3_per_s2=np.zeros(n_patch),
        water_reach=np.zeros((wet_cells, 2, water.N_REACH)),
        site_drowned=np.zeros(given.sites.keys.size),
        levee_strain=np.zeros(n_levee),
        levee_above_s=np.zeros(n_levee),
        surface=surface,
    )


def _facilities(kind: str, members: IndexSet) -> Facilities:
    year = members["year_class"] if "year_class" in members else np.ones(len(members), dtype=np.int64)
    floor_m = members["floor_height_m"] if "floor_height_m" in members else np.zeros(len(members))
    return Facilities(
        kind,
        members.keys,
        np.asarray(members["cell"], dtype=np.int64),
        class_of_year(year),
        np.asarray(members["patch"], dtype=np.int64),
        np.asarray(floor_m, dtype=float),
    )


def _levees(world: World, params: Params) -> levees.Levees:
    members = levees.levees_of(world["levee"])
    levees.forced_segment(members, params)  # refuses a breach outside the levees
    return members


def _incidents(world: World) -> tuple[Array, Array, Array]:
    """Site, time and loss of the given incidents; empty when the scenario leaves them out."""
    if "incident" not in world or world.settings.get("special_incidents", 1.0) <= 0.0:
        return np.empty(0, dtype=np.int64), np.empty(0, dtype=np.int64), np.empty(0)
    table = world["incident"]
    return (
        np.asarray(table["site"], dtype=np.int64),
        np.asarray(table["time_s"], dtype=np.int64),
        np.asarray(table["damage_fraction"], dtype=float),
    )
