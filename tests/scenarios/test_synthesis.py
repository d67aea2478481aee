"""The synthetic region: sums are exact, the seed decides everything, nothing is lost between index sets."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.sparse.csgraph import connected_components

from scenarios import build_world, read_scenario
from scenarios.synthesis import region_frame, region_rules
from scenarios.synthesis.land import build_land
from twin.errors import ScenarioError
from twin.world import World

COLUMNS = {
    "municipality": "name_ja name_en kind x_m y_m lat lon area_m2 population households share_65 daytime_ratio utility "
    "gas_customers node coastal population_at_coast_fraction",
    "cell": "municipality x_m y_m lat lon area_m2 night_persons day_persons households share_65 buildings residents "
    "other_buildings floor_m2 avs30_m_per_s slope_deg coast_distance_m ground node local_road_m gas_customers "
    "work_share",
    "node": "municipality x_m y_m kind",
    "road": "node_a node_b route road_class length_m speed_m_per_s bridges slope_exposed_fraction lanes municipality "
    "cell frontage_buildings",
    "substation": "municipality cell x_m y_m",
    "feeder": "municipality substation customers node cell poles line_m",
    "water_zone": "municipality utility households pipe_m tank_s feeder cell",
    "gas_block": "municipality customers cell",
    "base_station": "municipality cell feeder operator battery_s hall persons",
    "hospital": "name_ja municipality cell node feeder water_zone beds disaster_base generator_s tank_s",
    "shelter": "municipality cell feeder water_zone kind floor_m2 year_class cooled generator toilets patch "
    "floor_height_m",
    "site": "name_ja kind municipality cell node persons_day persons_night floor_m2 year_class needs_machine",
    "depot": "kind municipality cell node feeder docks forklifts floor_m2",
    "fuel_station": "municipality cell node feeder tank_l emergency",
    "office": "kind municipality cell node feeder staff_persons generator_s",
    "base": "kind name_ja municipality node crews crew_persons mobilise_s local",
    "item": "volume_m3 unit",
    "day": "start_s max_c min_c humidity_fraction rain_mm kind",
    "fault": "x_m y_m lat lon strike_deg dip_deg length_m width_m top_m rake_deg magnitude_mw",
    "shock": "time_s x_m y_m lat lon depth_m mj mw role",
    "station": "municipality cell x_m y_m avs30_m_per_s",
    "observed_intensity": "shock municipality low high received_s",
    "incident": "site time_s persons_exposed persons_dead persons_trapped damage_fraction needs_machine",
    "region": "",
    "patch": "cell municipality x_m y_m height_m area_m2 share water_row water_column coast_distance_m care_persons "
    "next way_m refuge_next refuge_way_m refuge danger",
    "levee": "municipality cell kind x_m y_m length_m crest_m foot_m danger_m river_width_m confluence resistant "
    "wet_row wet_column dry_row dry_column row column bank gate_width_m sill_m",
    "pump": "municipality cell feeder patch capacity_m3_per_s start_depth_m generator_s from_row from_column to_row "
    "to_column",
    "refuge": "municipality cell patch capacity_persons floor_height_m kind",
    "rain": "time_s town_m_per_s catchment_m_per_s",
}
# columns that hold a row of another set -> that set; -1 means none
POINTERS = {"municipality", "cell", "node", "feeder", "substation", "water_zone", "site", "shock", "patch", "refuge"}


@pytest.fixture(scope="module", params=["two-towns", "coastal-town", "river-town", "kumamoto-2026"])
def world(request: pytest.FixtureRequest) -> World:
    return build_world(read_scenario(request.param))


@pytest.fixture(scope="module")
def towns() -> World:
    return build_world(read_scenario("two-towns"))


def by_town(world: World, values: np.ndarray) -> np.ndarray:
    return np.bincount(world["cell"]["municipality"], weights=values, minlength=len(world["municipality"]))


def test_sets_have_the_columns_layers_rely_on(world):
    assert set(world.sets) - {"rain_grid"} == set(COLUMNS)
    assert ("rain_grid" in world) == (world.name == "river-town")  # rain place by place
    for name, columns in COLUMNS.items():
        assert set(columns.split()) <= set(world[name].columns), name
    n = len(world["cell"])
    for column in ("buildings", "residents", "other_buildings", "floor_m2"):
        assert world["cell"][column].shape == (n, 5)
    assert world["water_zone"]["pipe_m"].shape == (len(world["water_zone"]), 4)
    assert len(world["base"]) > 5
    assert len(world["shelter"]) > 10


def test_pointers_name_rows_that_exist(world):
    for name, members in world.sets.items():
        for column in POINTERS & set(members.columns):
            rows = members[column]
            assert rows.dtype == np.int64, (name, column)
            assert rows.min(initial=0) >= -1
            assert rows.max(initial=-1) < len(world[column]), (name, column)


def test_municipal_sums_are_exact(world):
    cells, towns = world["cell"], world["municipality"]
    assert np.array_equal(by_town(world, cells["night_persons"]), towns["population"])
    assert np.array_equal(by_town(world, cells["households"]), towns["households"])
    assert np.array_equal(by_town(world, cells["gas_customers"]), towns["gas_customers"])
    assert np.array_equal(cells["residents"].sum(axis=1), cells["night_persons"])
    day = by_town(world, cells["day_persons"])
    assert np.array_equal(day, np.rint(towns["population"] * towns["daytime_ratio"]))


def test_share_of_old_people_agrees_with_the_towns(world):
    cells, towns = world["cell"], world["municipality"]
    mean = by_town(world, cells["share_65"] * cells["night_persons"]) / towns["population"]
    assert np.allclose(mean, towns["share_65"], atol=0.01)


def test_nobody_lives_in_a_class_without_buildings(world):
    cells = world["cell"]
    assert np.all(cells["buildings"] >= 0)
    assert not np.any((cells["residents"] > 0) & (cells["buildings"] == 0))
    assert np.all(cells["households"] <= cells["night_persons"])
    assert np.all(cells["night_persons"] > 0)


def test_people_at_large_sites_are_part_of_the_day_population(world):
    at_sites = np.bincount(world["site"]["cell"], weights=world["site"]["persons_day"], minlength=len(world["cell"]))
    assert np.all(at_sites <= world["cell"]["day_persons"])
    assert np.all((world["cell"]["work_share"] >= 0) & (world["cell"]["work_share"] <= 1))


def test_wooden_share_is_that_of_the_housing_survey(world):
    cells = world["cell"]
    share = cells["residents"][:, :3].sum() / cells["night_persons"].sum()
    assert (0.5 if world.name == "coastal-town" else 0.55) < share < 0.75  # dense towns have more flats
    old = cells["buildings"][:, 0].sum() / cells["buildings"][:, :3].sum()
    assert 0.15 < old < 0.40


@pytest.mark.parametrize("name", ["two-towns", "kumamoto-2026"])
def test_areas_follow_the_published_ones(name):
    frame = region_frame(read_scenario(name))
    land = build_land(frame)
    area = np.bincount(land.municipality, weights=land.area_m2)
    published = frame.facts["municipality"]["area_km2"]
    wanted = published / published.sum() * area.sum()
    assert np.max(np.abs(area - wanted) / wanted) < 0.10


def test_sum_carriers_keep_totals_and_shares_split_them(world):
    for name, carrier in world.carriers.items():
        shape = (len(world[carrier.target]), len(world[carrier.source]))
        assert carrier.matrix.shape == shape, name
        columns = np.asarray(carrier.matrix.sum(axis=0)).ravel()
        rows = np.asarray(carrier.matrix.sum(axis=1)).ravel()
        if name.endswith(("_sum", "_share")):
            assert np.allclose(columns[columns > 0], 1.0), name
        if name.endswith("_mean"):
            assert np.allclose(rows[rows > 0], 1.0), name
        assert np.all(carrier.matrix.data >= 0), name


def test_sums_over_cells_reach_the_region(world):
    up = world.carriers["cell_to_municipality_sum"]
    total = world.carriers["municipality_to_region_sum"](up(world["cell"]["night_persons"].astype(float)))
    assert total[0] == world["municipality"]["population"].sum()


def test_feeders_cover_every_cell_fully(world):
    down, up = world.carriers["feeder_to_cell"].matrix, world.carriers["cell_to_feeder"].matrix
    assert np.allclose(np.asarray(down.sum(axis=1)).ravel(), 1.0)
    assert np.allclose(np.asarray(up.sum(axis=0)).ravel(), 1.0)
    feeders = world["feeder"]
    contracts = np.bincount(feeders["municipality"], weights=feeders["customers"])
    assert np.all(contracts >= 1.05 * world["municipality"]["households"])
    assert np.all(contracts <= 1.5 * world["municipality"]["households"])
    crosses = down.tocoo()
    assert np.array_equal(world["cell"]["municipality"][crosses.row], feeders["municipality"][crosses.col])


def test_every_cell_has_mobile_coverage_water_and_a_road(world):
    cover = world.carriers["base_station_to_cell"].matrix
    assert np.allclose(np.asarray(cover.sum(axis=1)).ravel(), 1.0)
    assert world["water_zone"]["households"].sum() == world["municipality"]["households"].sum()
    assert np.all(np.asarray(world.carriers["water_zone_to_cell"].matrix.sum(axis=1)).ravel() == 1.0)
    assert np.all(world["cell"]["node"] >= 0)
    assert not np.any(world["node"]["kind"][world["cell"]["node"]] == 3)


def test_road_net_is_connected_and_times_are_symmetric(world):
    time_s = world.arrays["free_travel_s"]
    assert np.all(np.isfinite(time_s))
    assert np.array_equal(time_s, time_s.T)
    assert np.all(np.diag(time_s) == 0)
    assert connected_components(time_s > 0)[0] == 1
    a, b, via = 0, 1, len(time_s) - 1
    assert time_s[a, b] <= time_s[a, via] + time_s[via, b] + 1e-6


def test_offices_stand_in_the_order_of_the_municipalities(world):
    offices, n = world["office"], len(world["municipality"])
    assert offices.ids[:n].tolist() == world["municipality"].ids.tolist()
    assert offices.ids[n:].tolist() == [world["municipality"].ids[0][:2] + "000", "state"]
    assert offices["municipality"][-1] == -1
    assert offices["feeder"][-1] == -1


def test_important_halls_keep_long_batteries(world):
    stations = world["base_station"]
    assert stations["hall"].sum() >= 1
    assert stations["battery_s"][stations["hall"] == 1].min() >= 24 * 3600


def test_forces_from_outside_wait_at_a_gateway(world):
    bases = world["base"]
    outside = bases["municipality"] < 0
    assert outside.any()
    assert np.all(world["node"]["kind"][bases["node"][outside]] == 3)
    assert np.all(bases["local"][outside] == 0)


def test_every_set_has_a_label_and_sources_are_carried(world):
    assert set(world.sets) <= set(world.labels)
    assert set(world.labels.values()) <= {"real", "derived", "synthetic"}
    assert world.labels["cell"] == "synthetic"
    assert all(row["licence"] for row in world.sources)


def test_same_seed_same_world_and_other_seed_another(towns):
    scenario = read_scenario("two-towns")
    assert build_world(scenario).digest() == towns.digest()
    other = scenario.model_copy(update={"region": scenario.region.model_copy(update={"seed": 12})})
    assert build_world(other).digest() != towns.digest()


def test_the_seed_of_a_run_does_not_change_the_place(towns):
    scenario = read_scenario("two-towns")
    assert build_world(scenario.model_copy(update={"seed": 99})).digest() == towns.digest()


def test_max_cells_bounds_the_region_and_keeps_everybody():
    scenario = read_scenario("two-towns")
    small = scenario.model_copy(update={"region": scenario.region.model_copy(update={"max_cells": 20})})
    world = build_world(small)
    assert len(world["cell"]) == 20
    assert world["cell"]["night_persons"].sum() == 40_000


def test_fewer_cells_than_towns_is_an_error():
    scenario = read_scenario("two-towns")
    region = scenario.region.model_copy(update={"max_cells": 1})
    with pytest.raises(ScenarioError, match="less than the 2 municipalities"):
        build_world(scenario.model_copy(update={"region": region}))


def test_finer_cells_hold_the_same_people():
    scenario = read_scenario("two-towns")
    region = scenario.region.model_copy(update={"cell_size_m": 500, "max_cells": 400})
    world = build_world(scenario.model_copy(update={"region": region}))
    assert {len(code) for code in world["cell"].ids.tolist()} == {9}
    assert len(world["cell"]) > 120
    assert world["cell"]["night_persons"].sum() == 40_000


def test_two_towns_is_small_and_kumamoto_is_bounded(world):
    limit = 60 if world.name == "two-towns" else 4000
    assert len(world["municipality"]) * 5 < len(world["cell"]) <= limit


def test_dry_option_takes_the_rain_away():
    scenario = read_scenario("two-towns")
    assert build_world(scenario)["day"]["rain_mm"].sum() > 0
    dry = scenario.model_copy(update={"forcing": scenario.forcing.model_copy(update={"rain": "dry"})})
    assert build_world(dry)["day"]["rain_mm"].sum() == 0


def test_days_start_at_local_midnight(towns):
    assert towns["day"]["start_s"][:2].tolist() == [-16 * 3600 - 1800, 7 * 3600 + 1800]


def test_a_lost_intensity_message_comes_late(towns):
    observed = towns["observed_intensity"]
    assert observed["received_s"].tolist() == [180.0, 540 * 60.0]
    assert observed["low"].tolist() == [6.0, 6.0]


def test_shared_waterworks_have_one_number():
    world = build_world(read_scenario("kumamoto-2026"))
    towns = world["municipality"]
    assert towns["utility"][towns.row("43202")] == towns["utility"][towns.row("43468")]
    assert len(np.unique(towns["utility"])) == len(towns) - 1


def test_coast_vertices_outside_the_ring_are_told():
    scenario = read_scenario("two-towns")
    region = scenario.region.model_copy(update={"coast": {"shore": (0, 9)}})
    with pytest.raises(ScenarioError, match=r"region\.coast\.shore"):
        build_world(scenario.model_copy(update={"region": region}))


def test_every_rule_has_a_source_and_is_inside_its_range():
    rules = region_rules()
    assert len(rules) > 80
    assert all(row.source for row in rules.rows.values())
