"""What one shock does to the surface: buildings, facilities, slopes, roads, new fires."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from layers.damage import buildings, debris, facilities, fires, slopes, water
from layers.damage.buildings import HALF, PARTIAL, TOTAL
from layers.damage.facilities import USABLE
from layers.damage.state import Given, State, Surface
from twin.contract import Clock, Inputs
from twin.numerics import fragility

Array = np.ndarray


def after_shock(given: Given, state: State, inputs: Inputs, clock: Clock) -> State:
    """The state after the strongest shock of the interval."""
    params, shock = given.params, inputs["shock_intensity"]
    effective = buildings.effective_intensity(
        state.effective_intensity, state.peak_intensity, shock, params.weakening_intensity
    )
    peak = np.maximum(state.peak_intensity, shock)
    state = replace(
        state,
        effective_intensity=effective,
        peak_intensity=peak,
        slope_shaken=_slopes(given, state, inputs),
        road_shaken=_roads(given, state, inputs),
    )
    before = state.damaged[..., TOTAL].sum(axis=1)
    damaged = _damaged(given, state, inputs, clock)
    state = replace(state, damaged=damaged)
    state = _kindled(given, state, shock, damaged[..., TOTAL].sum(axis=1) - before, clock)
    return _facilities(given, state, clock)


def _damaged(given: Given, state: State, inputs: Inputs, clock: Clock) -> Array:
    """Buildings at each grade; only cells shaken enough to change are worked on."""
    rows = np.flatnonzero(inputs["shock_intensity"] >= given.params.least_damage_intensity)
    if not rows.size:
        return state.damaged
    probability = buildings.damage_probability(
        state.effective_intensity[rows],
        state.peak_intensity[rows],
        inputs["liquefaction_fraction"][rows],
        given.params,
    )
    damaged = state.damaged.copy()
    damaged[rows] = buildings.damaged_buildings(
        given.buildings[rows], given.cell_keys[rows], probability, state.damaged[rows], clock.chance
    )
    return damaged


def _slopes(given: Given, state: State, inputs: Inputs) -> Array:
    steep = np.minimum(given.slope_deg * given.params.steep_factor, given.params.steepest_deg)
    failed = slopes.failure_by_shaking(steep, inputs["shock_pga_m_per_s2"], inputs["soil_water_m"], given.params)
    return np.maximum(state.slope_shaken, failed)


def _roads(given: Given, state: State, inputs: Inputs) -> Array:
    pga, soil_m = (inputs[name][given.road_cell] for name in ("shock_pga_m_per_s2", "soil_water_m"))
    failed = slopes.failure_by_shaking(np.full(pga.size, given.params.road_slope_deg), pga, soil_m, given.params)
    return np.maximum(state.road_shaken, failed)


def _kindled(given: Given, state: State, shock: Array, collapsed_new: Array, clock: Clock) -> State:
    """Ignitions of this shock; each breaks out after its own delay."""
    params = given.params
    rate = fires.ignition_rate(shock, clock.hour, params)
    more = fires.shaking_ignitions(given.all_buildings, collapsed_new, rate, clock.hour, params)
    return ignite(given, state, more, fires.BY_SHAKING, clock)


def ignite(given: Given, state: State, more: Array, cause: int, clock: Clock) -> State:
    """Raise the expected number of ignitions of one cause; whole new ones become rows of the fire table."""
    name, purpose = (
        ("shaking_ignitions", "damage.ignitions_shaking")
        if cause == fires.BY_SHAKING
        else ("power_ignitions", "damage.ignitions_power")
    )
    before = getattr(state, name)
    cells = np.flatnonzero(more > 0.0)
    keys = given.cell_keys[cells]
    old = clock.chance.whole(purpose, keys, before[cells])
    new = clock.chance.whole(purpose, keys, before[cells] + more[cells])
    lit = new > old
    fresh = fires.Ignitions(cells[lit], old[lit], (new - old)[lit], cause)
    table = fires.kindle(state.fires, fresh, clock.end_s, given.cell_keys, given.params, clock.chance)
    return replace(state, fires=table, **{name: before + more})


def _facilities(given: Given, state: State, clock: Clock) -> State:
    """Function of facilities and floors lost at large sites after a shock; nothing recovers by itself."""
    usable = [
        np.minimum(facilities.usable(kind, state.effective_intensity, given.params, clock.chance), before)
        for kind, before in zip(given.facilities, usable_before(state.surface), strict=True)
    ]
    lost = facilities.floors_lost(given.sites, state.effective_intensity, given.params, clock.chance)
    lost[given.incident_site] = 0.0  # what happened at these sites is given
    surface = replace(state.surface, **dict(zip(USABLE, usable, strict=True)))
    return replace(state, site_shaken=np.maximum(state.site_shaken, lost), surface=surface)


def usable_before(surface: Surface) -> tuple[Array, ...]:
    """What each kind of facility can still do, in the order of `Given.facilities`."""
    return tuple(getattr(surface, name) for name in USABLE)


def tally(given: Given, state: State, clock: Clock) -> State:
    """Bring everything that follows from damaged buildings and failed slopes up to date."""
    params, surface = given.params, state.surface
    by_rain = slopes.failure_by_rain(state.slope_strain, params)
    exposed, exposed_road = _exposed(given)
    hit = slopes.buildings_hit(
        given.all_buildings, exposed, slopes.either(state.slope_shaken, by_rain), given.cell_keys, params, clock.chance
    )
    road_rain = by_rain[given.road_cell]
    road_slides = slopes.slides_on_roads(
        given.road_length_m, exposed_road, slopes.either(state.road_shaken, road_rain),
        given.road_keys, params, clock.chance,
    )  # fmt: skip
    hit, road_slides = np.maximum(hit, surface.slide_buildings), np.maximum(road_slides, surface.road_slides)
    surface = replace(surface, slide_buildings=hit, road_slides=road_slides)
    flooded = _flooded(given, state, hit, clock)
    by_water = flooded.at_least if flooded is not None else None
    counted = replace(surface, **_counts(given, state.damaged, hit, by_water))
    if flooded is not None:
        counted = _with_water(given, surface, counted, flooded)
    counted = replace(counted, **_debris(given, state, counted, clock))
    return replace(state, surface=counted)


def _exposed(given: Given) -> tuple[Array, Array]:
    """Share of buildings (cell,) and roads (road,) near steep slopes: by the terrain, else by kind of ground."""
    by_kind = given.params.slope_exposed_fraction[given.ground]
    if given.exposed is None:
        return by_kind, given.road_exposed_fraction
    found = given.exposed
    return (
        np.where(np.isnan(found.buildings), by_kind, found.buildings),
        np.where(np.isnan(found.roads), given.road_exposed_fraction, found.roads),
    )


def _flooded(given: Given, state: State, hit: Array, clock: Clock) -> water.Counts | None:
    """Buildings under water; None while all is dry."""
    if given.land is None or not state.water_reach.any():
        return None
    stock = water.Stock(given.buildings, state.damaged, hit, given.cell_keys)
    return water.count(given.land, state.water_reach, stock, given.params, clock.chance)


def _with_water(given: Given, before: Surface, counted: Surface, flooded: water.Counts) -> Surface:
    """What is lost stays lost, also when a later cause takes over a building that water had taken."""
    collapsed = np.maximum(counted.buildings_collapsed, before.buildings_collapsed)
    standing = given.all_buildings - collapsed
    half = np.minimum(counted.buildings_half_collapsed, standing)
    return replace(
        counted,
        buildings_collapsed=collapsed,
        buildings_half_collapsed=half,
        buildings_partial=np.minimum(counted.buildings_partial, standing - half),
        buildings_washed=np.maximum(flooded.washed, before.buildings_washed),
        buildings_flooded=np.minimum(flooded.flooded, standing),
        uninhabitable_fraction=np.maximum(flooded.uninhabitable, before.uninhabitable_fraction),
    )


def _counts(given: Given, damaged: Array, hit: Array, by_water: Array | None) -> dict[str, Array]:
    """Buildings by their gravest grade; one hit by a slide counts as collapsed, each building counts once.

    by_water: (cell, grade) buildings that water took to each grade and no earlier cause did.
    """
    total, half, partial = (damaged[..., grade].sum(axis=1) for grade in (TOTAL, HALF, PARTIAL))
    if by_water is not None:
        total, half, partial = (
            number + by_water[:, grade] for number, grade in ((total, TOTAL), (half, HALF), (partial, PARTIAL))
        )
    collapsed = np.minimum(total + hit, given.all_buildings)
    half_only = np.minimum(half - total, given.all_buildings - collapsed)
    partial_only = np.minimum(partial - half, given.all_buildings - collapsed - half_only)
    wood, other = fragility.IS_WOOD, ~fragility.IS_WOOD
    return {
        "buildings_collapsed": collapsed,
        "buildings_half_collapsed": half_only,
        "buildings_partial": partial_only,
        "wood_collapsed_fraction": buildings.fraction(damaged[:, wood, TOTAL].sum(axis=1), given.wood_buildings),
        "nonwood_collapsed_fraction": buildings.fraction(damaged[:, other, TOTAL].sum(axis=1), given.other_buildings),
        "wood_half_fraction": buildings.fraction(
            (damaged[:, wood, HALF] - damaged[:, wood, TOTAL]).sum(axis=1), given.wood_buildings
        ),
        "nonwood_half_fraction": buildings.fraction(
            (damaged[:, other, HALF] - damaged[:, other, TOTAL]).sum(axis=1), given.other_buildings
        ),
    }


def _debris(given: Given, state: State, surface: Surface, clock: Clock) -> dict[str, Array]:
    params, land, depth_m = given.params, given.land, state.water_max_depth_m
    collapsed = buildings.fraction(surface.buildings_collapsed, given.all_buildings)
    half = buildings.fraction(surface.buildings_half_collapsed, given.all_buildings)
    waste = debris.waste_m3(surface.buildings_collapsed, surface.buildings_half_collapsed, params)
    in_town = np.bincount(given.town_of_cell, weights=waste, minlength=given.n_town)
    on_road = debris.on_road_m3(
        given.frontage_buildings, collapsed[given.road_cell], given.road_keys, params, clock.chance
    )
    if land is not None:
        shaken = state.damaged[..., HALF].sum(axis=1) - state.damaged[..., TOTAL].sum(axis=1)
        half = np.minimum(half, buildings.fraction(shaken, given.all_buildings))  # wet houses block no street
        in_town = in_town + water.sediment_m3(land, depth_m, given.n_town, params)
        on_road = on_road + water.on_road_m3(land, depth_m, given.road_keys.size, params)
    return {
        "local_blocked_fraction": debris.streets_blocked_fraction(collapsed, half, params),
        "road_debris_m3": on_road,
        "debris_m3": in_town,
    }
