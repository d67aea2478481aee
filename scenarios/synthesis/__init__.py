"""The synthetic region: one function that turns the facts of a scenario into a world, the same for the same seed.

What the rules do, in order (numbers in `rules.toml`; every draw is keyed by the region's seed and the thing's id):
1. land: 1-km mesh cells inside the outline; municipalities by a power diagram about their offices and
   settlements, moved until the areas fit; ground from drawn rings, else by nearness to people and shore.
2. cells: settlement kernels plus a thin rural share give expected residents; thin cells give theirs to the
   others; municipal sums are exact. Households, age and day population follow, with exact sums too.
3. buildings: wooden share and flats per building by density, age classes by the share of old people.
4. lifelines: cells in Z-order are cut into feeders, water zones and gas blocks of equal load; base stations
   stand evenly along the population and cover their own and the neighbouring cells.
5. places and forces: listed ones stand in the cell of their municipality nearest to their position; the rest
   is strung evenly along the population.
6. terrain, where the scenario has one: a landscape made of continuous functions and keyed noise is averaged over the
   squares of a water grid; land squares are patches that hold shares of their cell, levees stand between wet and dry
   squares, roads over rivers are bridges, and shortest ways on foot lead out of the official hazard zone.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np

from scenarios.columns import TABLES
from scenarios.facts import FactTable, read_facts
from scenarios.schema import Scenario
from scenarios.synthesis import buildings, carriers, cells, forces, lifelines, places, rain, roads, water
from scenarios.synthesis.frame import Frame, filled, nearest_cell, nearest_node
from scenarios.synthesis.land import build_land
from scenarios.synthesis.standing import with_patches
from scenarios.synthesis.terrain import build_ground
from twin.chance import Chance
from twin.params import Params, load
from twin.world import IndexSet, World

Array = np.ndarray
RULES_FILE = Path(__file__).parents[1] / "rules.toml"
LABELS = ("real", "derived", "synthetic")  # from most to least real
# Index sets that come straight from a fact table keep its label; all others are synthetic.
FROM_FACTS = {
    "municipality": "municipality",
    "node": "node",
    "road": "road",
    "base": "base",
    "day": "weather",
    "fault": "fault",
    "shock": "shock",
    "station": "station",
    "observed_intensity": "intensity_observed",
    "incident": "incident",
    "rain": "rain",
    "rain_grid": "rain_grid",
    "refuge": "refuge",
    "pump": "pump",
}


def region_rules() -> Params:
    """Every number of the synthesis with unit, range, source and status."""
    return load(RULES_FILE)


def region_frame(scenario: Scenario, rules: Params | None = None) -> Frame:
    """Facts, rules, chance and coordinates of a scenario's region. Raises ScenarioError for wrong facts."""
    facts = read_facts(scenario.facts_folder)
    outline = facts["outline"]
    return Frame(
        facts=facts,
        rules=rules if rules is not None else region_rules(),
        chance=Chance(scenario.region.seed),
        start=scenario.start,
        region=scenario.region,
        origin_lat=float(np.round((outline["lat"].min() + outline["lat"].max()) / 2, 4)),
        origin_lon=float(np.round((outline["lon"].min() + outline["lon"].max()) / 2, 4)),
        ground=build_ground(scenario.terrain) if scenario.terrain else None,
    )


def build_world(scenario: Scenario, rules: Params | None = None) -> World:
    """The world of a scenario: index sets, carriers and constants.

    The same scenario file, facts and rules give the same world bit for bit on every machine (same digest).
    Raises ScenarioError for facts that contradict each other, listing every problem.
    """
    frame = region_frame(scenario, rules)
    facts = frame.facts
    sets, maps, arrays, by_water = _build(frame, scenario)
    return World(
        name=scenario.name,
        origin=scenario.start,
        sets=sets,
        carriers=maps,
        labels=_labels(facts, sets),
        sources=_source_rows(facts["sources"]),
        settings={**_settings(frame, scenario), **by_water},
        arrays=arrays,
    )


def _build(
    frame: Frame, scenario: Scenario
) -> tuple[dict[str, IndexSet], dict[str, carriers.Carrier], dict[str, Array], Mapping[str, float]]:
    nodes = roads.build_nodes(frame)
    cell, sites = _cells_and_sites(frame, nodes)
    substations, feeders, maps, main_feeder = lifelines.build_power(frame, cell)
    zones, zone_of_cell = lifelines.build_water(frame, cell, main_feeder)
    blocks, block_of_cell = lifelines.build_gas(frame, cell)
    hospitals = places.build_hospitals(frame, cell, main_feeder, zone_of_cell)
    offices = places.build_offices(frame, nodes, cell, main_feeder)
    important = np.unique(np.concatenate([hospitals["cell"], offices["cell"][offices["cell"] >= 0]]))
    stations, cover = lifelines.build_telecom(frame, cell, main_feeder, important)
    trunk = roads.build_roads(frame, nodes, cell)
    shelters = places.build_shelters(frame, cell, main_feeder, zone_of_cell)
    fuel_stations = places.build_fuel_stations(frame, cell, main_feeder)
    depots = places.build_depots(frame, nodes, cell, main_feeder)
    towns = _municipalities(frame, cell, nodes)
    lifeline_sets = [substations, feeders, zones, blocks, stations]
    place_sets = [hospitals, shelters, sites, depots, fuel_stations, offices]
    region = IndexSet.build("region", ["all"])
    parts = [region, towns, cell, nodes, trunk, *lifeline_sets, *place_sets]
    parts += _driving_sets(frame, scenario, cell, nodes, sites)
    if frame.ground is None:
        wet = water.without_terrain(cell)
    else:
        wet = water.on_terrain(frame, frame.ground, nodes, trunk, cell, main_feeder)
    parts += [wet.patch, wet.levee, wet.pump, wet.refuge]
    sets = {part.name: part for part in parts}
    sets |= with_patches(frame, sets, wet.patch, frame.ground is not None)
    grid, rates = rain.build_rain_grid(frame, cell, scenario.forcing, sets["rain"])
    sets |= {part.name: part for part in grid}
    by_water = water.water_carriers(wet.patch, len(cell), len(towns))
    maps = {**carriers.build_carriers(sets, zone_of_cell, block_of_cell), **maps, **cover, **by_water}
    arrays = {"free_travel_s": roads.free_travel_s(frame, nodes, trunk), **wet.arrays, **rates}
    return sets, maps, {name: _fixed(array) for name, array in arrays.items()}, wet.settings


def _cells_and_sites(frame: Frame, nodes: IndexSet) -> tuple[IndexSet, IndexSet]:
    """Inhabited cells with all their columns, and the large sites that are part of their day population."""
    land = build_land(frame)
    chosen, persons = cells.inhabited(frame, land)
    ground = cells.ground_columns(frame, land, chosen)
    columns = _cell_columns(frame, land.code[chosen], ground, persons, nodes)
    plain = IndexSet.build("cell", land.code[chosen].astype(np.str_), **columns)
    sites = places.build_sites(frame, plain)
    at_sites = np.bincount(sites["cell"], weights=sites["persons_day"], minlength=len(plain)).astype(np.int64)
    density = persons / columns["area_m2"] * 1e6
    day = cells.day_columns(frame, columns["municipality"], persons, density, at_sites)
    more = {name: _fixed(column) for name, column in day.items()}
    return IndexSet("cell", plain.ids, plain.keys, {**plain.columns, **more}), sites


def _driving_sets(frame: Frame, scenario: Scenario, cell: IndexSet, nodes: IndexSet, sites: IndexSet) -> list[IndexSet]:
    """Responders, goods, weather and the earthquake itself."""
    shocks = forces.build_shocks(frame)
    return [
        forces.build_bases(frame, nodes),
        forces.build_items(frame),
        forces.build_days(frame, scenario.forcing),
        forces.build_fault(frame),
        shocks,
        forces.build_stations(frame, cell),
        forces.build_observed(frame, shocks),
        forces.build_incidents(frame, sites),
        forces.build_rain(frame),
    ]


def _cell_columns(
    frame: Frame, codes: Array, ground: dict[str, Array], persons: Array, nodes: IndexSet
) -> dict[str, Array]:
    """Columns of the inhabited cells that do not depend on places."""
    town = ground["municipality"]
    density = persons / ground["area_m2"] * 1e6
    people = cells.people_columns(frame, town, persons, density)
    stock = buildings.building_columns(frame, codes, persons, people["households"], people["share_65"], density)
    return {
        **ground,
        "night_persons": persons,
        **people,
        **stock,
        "node": nearest_node(nodes, ground["x_m"], ground["y_m"], town),
        "gas_customers": cells.gas_customers(frame, town, people["households"], density),
    }


def _municipalities(frame: Frame, cell: IndexSet, nodes: IndexSet) -> IndexSet:
    table = frame.facts["municipality"]
    n = len(table)
    x_m, y_m = frame.local(table["office_lat"], table["office_lon"])
    town = cell["municipality"]
    shore = cells.at_coast(frame, dict(cell.columns))
    near = np.bincount(town, weights=cell["coast_distance_m"] < frame.rules.coastal_m, minlength=n)
    low = np.bincount(town, weights=shore * cell["night_persons"], minlength=n)
    return IndexSet.build(
        "municipality",
        table["code"],
        name_ja=table["name_ja"],
        name_en=table["name_en"],
        kind=table["kind"],
        x_m=x_m,
        y_m=y_m,
        lat=table["office_lat"],
        lon=table["office_lon"],
        area_m2=table["area_km2"] * 1e6,
        population=table["population"].astype(np.int64),
        households=table["households"].astype(np.int64),
        share_65=filled(table["share_65"], frame.rules.share_65_unknown),
        daytime_ratio=filled(table["daytime_ratio"], 1.0),
        utility=lifelines.utilities(frame),
        gas_customers=filled(table["gas_customers"], 0.0).astype(np.int64),
        node=nearest_node(nodes, x_m, y_m, np.arange(n)),
        cell=nearest_cell(cell, x_m, y_m, np.arange(n)),
        coastal=(near > 0).astype(np.int64),
        population_at_coast_fraction=low / table["population"],
    )


def _settings(frame: Frame, scenario: Scenario) -> dict[str, float]:
    forcing = scenario.forcing
    return {
        "cell_size_m": float(scenario.region.cell_size_m),
        "seed": float(scenario.region.seed),
        "origin_lat": frame.origin_lat,
        "origin_lon": frame.origin_lon,
        "school_holiday": float(forcing.school_holiday),
        "holiday": float(forcing.holiday),
        "special_incidents": float(forcing.special_incidents),
        "aftershocks_given": float(forcing.aftershocks in ("given", "both")),
        "aftershocks_simulated": float(forcing.aftershocks in ("simulated", "both")),
        "intensity_reports": float(forcing.intensity_reports),
        "rain_assumed": float(forcing.rain == "assumed"),
    }


def _labels(facts: Mapping[str, FactTable], sets: Mapping[str, IndexSet]) -> dict[str, str]:
    """real, derived or synthetic for every index set and fact table; the least real source of a table counts."""
    sources = facts["sources"]
    given: dict[str, str] = {}
    for name, label in zip(sources["table"].tolist(), sources["label"].tolist(), strict=True):
        table = name.removesuffix(".csv")
        given[table] = max(given.get(table, LABELS[0]), label, key=LABELS.index)
    labels = {name: given.get(name, "synthetic") for name in {*TABLES, *given} - {"sources"}}
    for name in sets:
        labels[name] = given.get(FROM_FACTS.get(name, ""), "synthetic")
    return labels


def _source_rows(table: FactTable) -> tuple[dict[str, str], ...]:
    columns = list(table.columns)
    return tuple({name: str(table[name][row]) for name in columns} for row in range(len(table)))


def _fixed(array: Array) -> Array:
    array.setflags(write=False)
    return array
