"""The surface: buildings, large sites, slopes, fires, debris, and which facilities can be used."""

from __future__ import annotations

from dataclasses import fields, replace
from pathlib import Path

import numpy as np

from layers.damage import events, facilities, fires, flood, shock, slopes, water
from layers.damage.buildings import fraction
from layers.damage.state import Given, State, Surface, prepare, start
from twin.contract import Clock, Event, Inputs, Layer, Lever, Result, Series, Var
from twin.params import Params
from twin.table import Table

Array = np.ndarray

NEEDS = (
    Var(
        "shock_intensity",
        "1",
        "cell",
        doc="JMA instrumental intensity of the strongest shock inside the step; 0 when there was none",
    ),
    Var("shock_pga_m_per_s2", "m_per_s2", "cell", doc="peak ground acceleration of that shock; 0 when there was none"),
    Var("soil_water_m", "m", "cell", doc="soil-water index (three tanks)"),
    Var(
        "critical_ratio",
        "1",
        "cell",
        doc="soil water over the critical line at this rain, 1: on it",
    ),
    Var("wind_m_per_s", "m_per_s", "region", doc="mean wind speed"),
    Var("wind_from_deg", "deg", "region", doc="where the wind comes from, clockwise from north; NaN: not known"),
    Var("liquefaction_fraction", "1", "cell", doc="share of the cell's ground liquefied so far"),
    Var("reenergised_customers", "customer", "cell", "amount", doc="customers whose supply came back"),
    Var("water_service_fraction", "1", "cell", doc="share of normal piped water service"),
    Var(
        "first_response_fraction",
        "1",
        "cell",
        doc="share of adults present and awake who can put out a fire or help a neighbour",
    ),
    Var("fire_crews", "crew", "cell", doc="crews at work on fires"),
    Var("water_max_depth_m", "m", "patch", doc="largest depth of sea or flood water so far"),
    Var("water_force_m3_per_s2", "m3_per_s2", "patch", doc="largest depth times speed squared of that water so far"),
    Var("levee_level_m", "m", "levee", doc="level on the water side, above datum; NaN where it is dry"),
)

GIVES = (
    Var("buildings_collapsed", "building", "cell", doc="buildings totally collapsed so far by shaking or slope"),
    Var(
        "buildings_half_collapsed",
        "building",
        "cell",
        doc="buildings half collapsed so far, collapsed ones not counted",
    ),
    Var("buildings_partial", "building", "cell", doc="buildings partly damaged so far, worse ones not counted"),
    Var("buildings_burnt", "building", "cell", doc="buildings burnt down so far"),
    Var("wood_collapsed_fraction", "1", "cell", doc="share of the wooden buildings collapsed"),
    Var("nonwood_collapsed_fraction", "1", "cell", doc="share of the other buildings collapsed"),
    Var("wood_half_fraction", "1", "cell", doc="share of the wooden buildings half collapsed"),
    Var("nonwood_half_fraction", "1", "cell", doc="share of the other buildings half collapsed"),
    Var("slide_buildings", "building", "cell", doc="buildings hit by landslides so far"),
    Var("site_damage_fraction", "1", "site", doc="share of the large site's floors lost"),
    Var("fires_burning", "1", "cell", doc="fires burning now"),
    Var("road_debris_m3", "m3", "road", doc="debris on the road from buildings beside it"),
    Var("road_slides", "1", "road", doc="slope failures lying on the road"),
    Var("debris_m3", "m3", "municipality", doc="disaster waste made so far and not yet removed"),
    Var(
        "shelter_usable", "1", "shelter", doc="1 if the building is safe and its ceilings, floor and fixtures allow use"
    ),
    Var("hospital_usable", "1", "hospital", doc="share of the hospital's function that structure and fixtures allow"),
    Var("depot_usable", "1", "depot", doc="share of the depot's floor that can be used"),
    Var("office_usable", "1", "office", doc="1 if the office can be entered and used, less if limited"),
    Var("fuel_station_usable", "1", "fuel_station", doc="1 if tanks and pumps are sound"),
    Var("local_blocked_fraction", "1", "cell", doc="share of narrow streets blocked by collapsed buildings"),
    Var("buildings_flooded", "building", "cell", doc="buildings flooded above the floor, worse ones not counted"),
    Var("buildings_washed", "building", "cell", doc="buildings washed away so far (also counted as collapsed)"),
    Var("uninhabitable_fraction", "1", "cell", doc="share of the homes that water has made unfit to live in"),
    Var(
        "levee_settlement_m",
        "m",
        "levee",
        doc="how far the crest of the levee segment has sunk by shaking, less what it was raised beforehand",
    ),
    Var("levee_breach_s", "s", "levee", doc="when the segment began to breach; NaN while it stands"),
    Var("peak_intensity", "1", "cell", doc="strongest JMA intensity felt so far, 0 where nothing shook"),
)


SERIES = (
    Series("buildings_collapsed", "building", "buildings totally collapsed so far"),
    Series("buildings_half_collapsed", "building", "buildings half collapsed so far"),
    Series("buildings_partial", "building", "buildings partly damaged so far"),
    Series("buildings_burnt", "building", "buildings burnt down so far"),
    Series("fires_burning", "1", "fires burning now"),
    Series("slide_buildings", "building", "buildings hit by landslides so far"),
    Series("debris_m3", "m3", "disaster waste made so far"),
    Series("burnt_floor_m2", "m2", "floor area burnt so far, houses still burning included"),
    Series("slopes_failed_fraction", "1", "share of steep slopes failed by shaking, by slope angle", total="mean"),
    Series("slopes_failed_rain_fraction", "1", "share of steep slopes failed by rain, by slope angle", total="mean"),
    Series("buildings_flooded", "building", "buildings flooded above the floor, destroyed ones not counted"),
    Series("buildings_washed", "building", "buildings washed away so far"),
    Series("levees_breached", "1", "segments of levee, sea wall or gate breached so far"),
    Series("flooded_area_m2", "m2", "ground that stood deep under water so far"),
)
BY_CELL = tuple(series.name for series in SERIES[:6])
BY_WATER = tuple(series.name for series in SERIES[-4:])

LEVERS = (
    Lever(
        "retrofit_share",
        "1",
        0.0,
        1.0,
        "municipality",
        "retrofit_share",
        "old wooden houses strengthened beforehand",
        prepares=True,
    ),
    Lever(
        "seismic_breaker_share",
        "1",
        0.0,
        1.0,
        "prefecture",
        "seismic_breaker_share",
        "houses whose supply trips off",
        prepares=True,
    ),
    Lever(
        "first_extinguishing_fraction",
        "1",
        0.0,
        1.0,
        "municipality",
        "first_extinguishing_fraction",
        "fires residents put out themselves",
    ),
    Lever(
        "levee_raised_m",
        "m",
        0.0,
        3.0,
        "prefecture",
        "levee_raised_m",
        "levees and sea walls raised beforehand",
        prepares=True,
    ),
)


def step(given: Given, state: State, inputs: Inputs, clock: Clock) -> Result:
    """Shocks, water, wet slopes, given incidents, levees, returning power, then the fires."""
    first, before, shaken = state, state.surface, bool(inputs["shock_intensity"].any())
    if shaken:
        state = shock.after_shock(given, state, inputs, clock)
    wet = flood.has_risen(given, state, inputs)
    if wet:
        state = flood.after_water(given, state, inputs, clock)
    now = slopes.strain(inputs["critical_ratio"], state.peak_intensity, given.params)
    if shaken or wet or _soil_matters(state.slope_strain, now, given.params):
        state = shock.tally(given, replace(state, slope_strain=np.maximum(state.slope_strain, now)), clock)
    state = _sites(given, state, clock)
    lines = events.of_water(given, first, state) if wet else []
    lines += events.of_change(given, before, state.surface, shaken, state.water_max_depth_m if wet else None)
    if given.levees.keys.size:
        unbroken = state.surface
        state = flood.on_levees(given, state, inputs, clock)
        lines += events.of_levees(given, unbroken, state.surface, inputs)
    if inputs["reenergised_customers"].any():
        state = _power_back(given, state, inputs, clock)
    if len(state.fires):
        state, burning = _burn(given, state, inputs, clock)
        lines += burning
    return Result(state, _outputs(state), lines)


def _outputs(state: State) -> dict[str, Array]:
    surface = {field.name: getattr(state.surface, field.name) for field in fields(state.surface)}
    return {**surface, "peak_intensity": state.peak_intensity}


def _soil_matters(before: Array, now: Array, params: Params) -> bool:
    """Whether the water has risen, by more than a trifle, to where slopes begin to fail."""
    return bool(now.max() > params.strain_least and (now - before).max() > params.strain_step)


def _sites(given: Given, state: State, clock: Clock) -> State:
    """Large sites: floors lost by shaking or in a given incident."""
    happened = facilities.given_losses(
        given.sites.keys.size, given.incident_site, given.incident_s, given.incident_loss, clock.end_s
    )
    lost = np.maximum(np.maximum(state.site_shaken, state.site_drowned), happened)
    if np.array_equal(lost, state.surface.site_damage_fraction):
        return state
    return replace(state, surface=replace(state.surface, site_damage_fraction=lost))


def _power_back(given: Given, state: State, inputs: Inputs, clock: Clock) -> State:
    """Fires that start when supply returns to damaged houses."""
    surface = state.surface
    broken = fraction(surface.buildings_collapsed + surface.buildings_half_collapsed, given.all_buildings)
    more = fires.power_ignitions(inputs["reenergised_customers"], broken, given.params)
    return shock.ignite(given, state, more, fires.BY_POWER, clock)


def _burn(given: Given, state: State, inputs: Inputs, clock: Clock) -> tuple[State, list[Event]]:
    """Fires break out, are put out at once or grow; those that end leave the table."""
    table, params = state.fires, given.params
    wind = fires.Wind(float(inputs["wind_m_per_s"][0]), float(inputs["wind_from_deg"][0]))
    flaring = (table["ignite_s"] <= clock.end_s) & (table["burning"] == 0)
    at_once = fires.put_out_at_once(
        table, flaring, inputs["first_response_fraction"], given.cell_keys, params, clock.chance
    )
    jump = fires.jump_chance(given.wood_per_m2, wind.speed_m_per_s, params)
    begun = flaring & ~at_once
    limit = np.where(begun, fires.spread_limit(table, jump, given.cell_keys, clock.chance), table["limit"])
    table = table.with_columns(limit=limit, burning=np.where(begun, 1, table["burning"]))
    lines = [
        events.of_fire("fire", int(table["cell"][row]), 1.0, table["cause"][row] == fires.BY_POWER)
        for row in np.flatnonzero(begun)
    ]
    table = _advance(given, table, inputs, clock, wind.speed_m_per_s)
    ended = (table["limit"] > 0.0) & (table["burning"] == 0)
    lines += [
        events.of_fire(
            "fire_out", int(table["cell"][row]), float(fires.whole_houses(table["burnt"][row], params)), False
        )
        for row in np.flatnonzero(ended)
    ]
    table, fresh, further = _over_borders(given, state, table, wind, clock)
    left = table.select(~(ended | at_once)).append(**fresh.columns)
    lines += further
    over = np.bincount(table["cell"][ended], weights=table["burnt"][ended], minlength=given.cell_keys.size)
    surface = _fire_counts(given, state, table, left)
    return replace(state, fires=left, surface=surface, houses_lost=state.houses_lost + over), lines


def _over_borders(
    given: Given, state: State, table: Table, wind: fires.Wind, clock: Clock
) -> tuple[Table, Table, list[Event]]:
    """The step's fires with the borders they met, those that went on in the cells next to theirs, and their events."""
    before = state.fires["burnt"]
    if not fires.grown(table, before).size:
        return table, fires.no_fires(), []
    place = fires.land(given.borders, given.cell_keys, given.wood_per_m2, wind, given.params)
    table, fresh, source = fires.over_borders(table, before, place, clock.end_s, clock.chance)
    lines = [
        Event("fire", "fires_burning", int(cell), 1.0, causes=(("fires_burning", int(origin)),))
        for cell, origin in zip(fresh["cell"], source, strict=True)
    ]
    return table, fresh, lines


def _advance(given: Given, table: Table, inputs: Inputs, clock: Clock, wind: float) -> Table:
    cell = table["cell"]
    in_cell = np.bincount(cell, weights=table["burning"], minlength=given.cell_keys.size)
    crews = inputs["fire_crews"][cell] / np.maximum(in_cell[cell], 1.0)
    dt_s = np.clip(clock.end_s - np.maximum(table["ignite_s"], clock.start_s), 0, clock.dt_s).astype(float)
    against = fires.Defence(crews, inputs["water_service_fraction"][cell], inputs["first_response_fraction"][cell])
    return fires.burn(table, dt_s, against, wind, given.params)


def _fire_counts(given: Given, state: State, table: Table, left: Table) -> Surface:
    """Fires burning and whole houses burnt by cell."""
    n_cell, params = given.cell_keys.size, given.params
    old = state.fires
    before = np.bincount(old["cell"], weights=fires.whole_houses(old["burnt"], params), minlength=n_cell)
    now = np.bincount(table["cell"], weights=fires.whole_houses(table["burnt"], params), minlength=n_cell)
    burnt = np.minimum(state.surface.buildings_burnt + now - before, given.all_buildings)
    burning = np.bincount(left["cell"], weights=left["burning"], minlength=n_cell).astype(float)
    return replace(state.surface, fires_burning=burning, buildings_burnt=burnt)


def measure(given: Given, state: State) -> dict[str, Array]:
    """Series by town."""
    values = {
        name: np.bincount(given.town_of_cell, weights=getattr(state.surface, name), minlength=given.n_town)
        for name in BY_CELL
    }
    burning = np.bincount(state.fires["cell"], weights=state.fires["burnt"], minlength=given.cell_keys.size)
    floor_m2 = (state.houses_lost + burning) * given.wood_floor_m2
    weight = np.maximum(np.bincount(given.town_of_cell, weights=given.slope_deg, minlength=given.n_town), 1e-9)
    by_rain = slopes.failure_by_rain(state.slope_strain, given.params)
    shaken, soaked = (
        np.bincount(given.town_of_cell, weights=given.slope_deg * share, minlength=given.n_town)
        for share in (state.slope_shaken, by_rain)
    )
    return {
        **values,
        "debris_m3": state.surface.debris_m3,
        "burnt_floor_m2": np.bincount(given.town_of_cell, weights=floor_m2, minlength=given.n_town),
        "slopes_failed_fraction": shaken / weight,
        "slopes_failed_rain_fraction": soaked / weight,
        **_measure_water(given, state),
    }


def _measure_water(given: Given, state: State) -> dict[str, Array]:
    """Series about water by town; the same zeros where no water can come."""
    if given.land is None:
        return dict.fromkeys(BY_WATER, given.zero_town)
    surface, n_town = state.surface, given.n_town
    breached = np.isfinite(surface.levee_breach_s).astype(float)
    values = (
        np.bincount(given.town_of_cell, weights=surface.buildings_flooded, minlength=n_town),
        np.bincount(given.town_of_cell, weights=surface.buildings_washed, minlength=n_town),
        np.bincount(given.levees.town, weights=breached, minlength=n_town),
        water.flooded_area_m2(given.land, state.water_max_depth_m, n_town, given.params),
    )
    return dict(zip(BY_WATER, values, strict=True))


LAYER = Layer(
    name="damage",
    doc=__doc__,
    needs=NEEDS,
    gives=GIVES,
    prepare=prepare,
    start=start,
    step=step,
    measure=measure,
    params_file=Path(__file__).with_name("params.toml"),
    levers=LEVERS,
    series=SERIES,
    every_s=600,
    wakes=("shock_intensity",),
    tables=(
        "cell",
        "municipality",
        "road",
        "site",
        "incident",
        "shelter",
        "hospital",
        "depot",
        "office",
        "fuel_station",
        "patch",
        "levee",
    ),
    state_schema=3,
)
