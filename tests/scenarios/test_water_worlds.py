"""Worlds with a terrain: who stands where, ways to safety, levees between wet and dry, works in their places."""

from __future__ import annotations

import math
import shutil
from pathlib import Path

import numpy as np
import pytest

from scenarios import build_world, check, read_scenario, scenario_names
from scenarios.facts import read_facts
from scenarios.outlines import municipal_outlines
from scenarios.synthesis.terrain import LAND
from tests.scenarios.terrains import NAMES, changed, ground_of, persons_on, world_of
from twin.errors import ScenarioError
from twin.world import World

SHIPPED = Path(__file__).parents[2] / "scenarios"
RIGIDITY_PA = 4.1e10  # assumed for interface earthquakes
DRY_PLACES = ("two-towns", "kumamoto-2026")


@pytest.fixture(scope="module", params=NAMES)
def world(request: pytest.FixtureRequest) -> World:
    return world_of(request.param)


@pytest.fixture(scope="module")
def coast() -> World:
    return world_of("coastal-town")


@pytest.fixture(scope="module")
def valley() -> World:
    return world_of("river-town")


@pytest.mark.parametrize("name", NAMES)
def test_same_seed_same_world_and_other_seed_other_ground(name):
    assert build_world(changed(name)).digest() == world_of(name).digest()
    other = world_of(name, seed=99)
    assert other.digest() != world_of(name).digest()
    assert other["municipality"]["population"].sum() == world_of(name)["municipality"]["population"].sum()


@pytest.mark.parametrize("name", NAMES)
def test_two_sizes_of_square_agree(name):
    coarse, fine = world_of(name), world_of(name, 25.0)
    assert coarse["patch"]["area_m2"].sum() == pytest.approx(fine["patch"]["area_m2"].sum(), rel=0.005)
    low_m = 5.0 if name == "coastal-town" else 10.5
    low = [persons_on(one)[one["patch"]["height_m"] < low_m].sum() for one in (coarse, fine)]
    assert low[0] == pytest.approx(low[1], rel=0.02)
    levee_m = [one["levee"]["length_m"].sum() for one in (coarse, fine)]
    assert levee_m[0] == pytest.approx(levee_m[1], rel=0.05)


def test_shares_sum_to_one_and_nobody_lives_in_water(world):
    patch, n = world["patch"], len(world["cell"])
    inside = patch["cell"] >= 0
    total = np.bincount(patch["cell"][inside], weights=patch["share"][inside], minlength=n)
    assert np.allclose(total, 1.0, atol=1e-12)
    assert np.all(patch["share"][~inside] == 0)
    ground = ground_of(world.name)
    square = (patch["water_row"], patch["water_column"])
    homes = patch["share"] > 0
    assert np.all((ground.kind[square] == LAND)[homes])
    assert not ground.levee[square][homes].any()
    every_land = set(zip(*(axis.tolist() for axis in np.nonzero(ground.kind == LAND)), strict=True))
    assert every_land <= set(zip(square[0].tolist(), square[1].tolist(), strict=True))


def test_populations_and_residents_on_patches(coast, valley):
    assert coast["municipality"]["population"].sum() == 60_000
    assert valley["municipality"]["population"].sum() == 30_000
    for world in (coast, valley):
        assert persons_on(world).sum() == pytest.approx(world["municipality"]["population"].sum())
        assert len(world["municipality"]) == 2
        inside = world["patch"]["cell"] >= 0
        owner = world["cell"]["municipality"][world["patch"]["cell"][inside]]
        assert np.array_equal(owner, world["patch"]["municipality"][inside])


def test_patches_lie_in_their_cells(world):
    patch, cell = world["patch"], world["cell"]
    inside = patch["cell"] >= 0
    at = patch["cell"][inside]
    assert np.abs(patch["x_m"][inside] - cell["x_m"][at]).max() < 150.0
    assert np.abs(patch["y_m"][inside] - cell["y_m"][at]).max() < 120.0


@pytest.mark.parametrize(("next_name", "way_name"), [("next", "way_m"), ("refuge_next", "refuge_way_m")])
def test_every_way_leads_nearer_and_ends_at_its_goal(world, next_name, way_name):
    patch = world["patch"]
    after, way_m = patch[next_name], patch[way_name]
    assert np.isfinite(way_m[patch["share"] > 0]).all()
    going = after >= 0
    assert np.all(way_m[after[going]] < way_m[going])
    assert np.all(way_m[~going & np.isfinite(way_m)] == 0)
    step_m = np.hypot(
        patch["x_m"][after[going]] - patch["x_m"][going], patch["y_m"][after[going]] - patch["y_m"][going]
    )
    assert step_m.max() < 75.0
    assert np.all(way_m[going] - way_m[after[going]] > 0.999 * step_m)


def test_safe_ground_lies_outside_the_zone_and_is_not_a_levee(world):
    patch = world["patch"]
    ground = ground_of(world.name)
    safe = patch["way_m"] == 0
    assert not patch["danger"][safe].any()
    assert not ground.levee[patch["water_row"], patch["water_column"]][safe].any()
    endangered = persons_on(world)[patch["danger"] == 1].sum()
    assert 0.5 < endangered / world["municipality"]["population"].sum() < 0.95


def test_ways_cross_the_river_by_bridges_only(world):
    patch = world["patch"]
    ground = ground_of(world.name)
    square = (patch["water_row"], patch["water_column"])
    bridge = ground.kind[square] != LAND
    assert 0 < bridge.sum() < 60
    assert np.all(patch["height_m"][bridge] > ground.height_m[square][bridge] + 3.0)
    on_road = np.unique(world.arrays["road_patch"][:, 1])
    assert np.all(np.isin(np.flatnonzero(bridge), on_road))


def test_the_refuge_of_a_way_stands_at_its_end(world):
    patch, refuge = world["patch"], world["refuge"]
    assert np.all(patch["refuge_way_m"][refuge["patch"]] == 0)
    known = patch["refuge"] >= 0
    at = refuge["patch"][patch["refuge"][known]]
    straight_m = np.hypot(patch["x_m"][at] - patch["x_m"][known], patch["y_m"][at] - patch["y_m"][known])
    assert np.all(straight_m <= patch["refuge_way_m"][known] + 1e-6)


def test_levees_join_wet_and_dry_squares(world):
    levee, bed_m = world["levee"], world.arrays["water_bed_m"]
    ground = ground_of(world.name)
    assert len(levee) > 150
    assert ground.wet[levee["wet_row"], levee["wet_column"]].all()
    dry = (levee["dry_row"], levee["dry_column"])
    assert np.all((ground.kind[dry] == LAND) & ~ground.levee[dry])
    apart = np.abs(levee["wet_row"] - levee["dry_row"]) + np.abs(levee["wet_column"] - levee["dry_column"])
    assert apart.min() >= 2
    assert np.all(bed_m[levee["row"], levee["column"]] >= levee["crest_m"].max() + 50.0)
    assert np.all(bed_m[levee["wet_row"], levee["wet_column"]] < levee["crest_m"])
    assert np.array_equal(levee["foot_m"], ground.height_m[dry])
    assert np.all(levee["gate_width_m"] <= levee["length_m"])
    assert np.array_equal(levee["kind"] == 2, levee["gate_width_m"] > 0)


def test_each_world_has_the_arrays_and_settings_of_its_kind(coast, valley):
    for world, shape in ((coast, (120, 128)), (valley, (100, 160))):
        assert world.arrays["water_bed_m"].shape == world.arrays["water_manning"].shape == shape
        assert 0.015 < world.arrays["water_manning"].min() <= world.arrays["water_manning"].max() < 0.1
        assert world.settings["water_dx_m"] == 50.0
        assert world.settings["water_west_m"] == -shape[1] * 25.0
    assert [coast.settings[f"water_side_{side}"] for side in ("west", "east", "south", "north")] == [0, 2, 0, 0]
    assert [valley.settings[f"water_side_{side}"] for side in ("west", "east", "south", "north")] == [0, 3, 0, 0]
    assert "sea_depth_m" not in valley.arrays
    assert 400e6 <= valley.settings["catchment_m2"] <= 600e6
    row, column = valley.arrays["inflow_cells"].T
    assert np.all(column == 0)
    assert np.all(np.diff(row) == 1)
    assert np.all(valley.arrays["water_bed_m"][row, column] < 13.0)


def test_care_homes_stand_on_low_ground_inside_the_zone(world):
    patch, table = world["patch"], read_facts(SHIPPED / world.name)["care_home"]
    homes = patch["care_persons"] > 0
    assert patch["care_persons"].sum() == table["persons"].sum()
    assert np.all(patch["danger"][homes] == 1)
    assert np.all(persons_on(world)[homes] >= patch["care_persons"][homes] - 1e-9)
    ground = ground_of(world.name)
    level_m = ground.landscape.safe_above_m(ground.x_m, ground.y_m, ground.coast_m)
    over = patch["height_m"][homes] - level_m[patch["water_row"][homes], patch["water_column"][homes]]
    assert over.max() < -1.0


def test_places_stand_in_their_cell_on_a_patch_with_homes(world):
    patch = world["patch"]
    for name in ("shelter", "hospital", "depot", "office", "fuel_station", "site", "base_station", "water_zone"):
        members = world[name]
        inside = members["cell"] >= 0
        assert np.array_equal(patch["cell"][members["patch"][inside]], members["cell"][inside]), name
        assert np.all(members["patch"][~inside] == -1)
    assert set(np.unique(world["shelter"]["floor_height_m"])) == {0.0, 4.0}


def test_pumps_lift_water_from_behind_the_levee(world):
    pump, bed_m = world["pump"], world.arrays["water_bed_m"]
    ground = ground_of(world.name)
    assert len(pump) == 3
    assert ground.wet[pump["to_row"], pump["to_column"]].all()
    assert not ground.wet[pump["from_row"], pump["from_column"]].any()
    assert np.all(bed_m[pump["from_row"], pump["from_column"]] < 20.0)


def test_the_fault_adds_up_to_its_magnitude(coast):
    fault = coast["fault"]
    moment = RIGIDITY_PA * (fault["length_m"] * fault["width_m"] * fault["slip_m"]).sum()
    assert (math.log10(moment) - 9.1) / 1.5 == pytest.approx(8.5, abs=0.02)
    assert np.all(fault["magnitude_mw"] == 8.5)
    assert len(np.unique(fault["slip_m"])) > 3


def test_a_place_without_an_earthquake_has_empty_tables_with_all_columns(valley, coast):
    for name in ("fault", "shock", "station", "observed_intensity", "incident"):
        assert len(valley[name]) == 0
        assert set(valley[name].columns) == set(coast[name].columns)
        for column, values in coast[name].columns.items():
            assert valley[name][column].dtype.kind == values.dtype.kind, (name, column)


def test_the_rain_peaks_in_the_small_hours(valley, coast):
    rain = valley["rain"]
    assert len(coast["rain"]) == 0
    hours = np.diff(rain["time_s"]) / 3600.0
    total_mm = (rain["catchment_m_per_s"][:-1] * hours).sum() * 3.6e6
    assert 250.0 <= total_mm <= 400.0
    peak_s = rain["time_s"][np.argmax(rain["catchment_m_per_s"])]
    assert 5 * 3600 <= peak_s <= 9 * 3600
    assert rain["time_s"][0] <= 0


@pytest.mark.parametrize("name", DRY_PLACES)
def test_places_without_terrain_stay_dry(name):
    world = build_world(read_scenario(name))
    patch = world["patch"]
    assert np.array_equal(patch["cell"], np.arange(len(world["cell"])))
    assert np.all(patch["way_m"] == 0)
    assert np.all(patch["next"] == -1)
    assert not patch["danger"].any()
    assert [len(world[one]) for one in ("levee", "pump", "refuge", "rain")] == [0, 0, 0, 0]
    assert world.arrays["road_patch"].shape == (0, 2)
    assert "water_dx_m" not in world.settings
    assert np.array_equal(world["depot"]["patch"], world["depot"]["cell"])


# What is refused, and how.


@pytest.fixture(params=NAMES)
def folder(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    return Path(shutil.copytree(SHIPPED / request.param, tmp_path / "place"))


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("square_m: 0", "terrain.square_m: Input should be greater than or equal to 10"),
        ("square_m: -50", "terrain.square_m: Input should be greater than or equal to 10"),
        ("west_east_m: 0.06", "terrain.west_east_m: must be 2000 to 20000 m; lengths are metres, not degrees"),
        ("south_north_m: -5000", "terrain.south_north_m: must be 2000 to 20000 m"),
        ("kind: lake", "terrain.kind: value not allowed, 'lake'; allowed: bay, river"),
        ("west_east_m: 20000\n  south_north_m: 20000\n  square_m: 10", "at most 1000000; make square_m larger"),
        ("levee_crest: 3", "terrain.levee_crest: unknown field; did you mean 'levee_crest_m'"),
    ],
)
def test_bad_terrain_is_refused_with_its_place(tmp_path, line, told):
    text = (SHIPPED / "coastal-town" / "scenario.yaml").read_text(encoding="utf-8")
    for field in ("square_m: 50", "kind: bay"):
        if field.split(":")[0] in line:
            text = text.replace(f"  {field}\n", "")
    path = tmp_path / "mine.yaml"
    path.write_text(
        text.replace("terrain:\n", f"terrain:\n  {line}\n").replace("facts: .", f"facts: {SHIPPED}/coastal-town"),
        encoding="utf-8",
    )
    with pytest.raises(ScenarioError) as error:
        read_scenario(path)
    assert told in str(error.value)
    assert f"{path}:" in str(error.value)


def test_a_field_of_the_other_kind_is_refused():
    with pytest.raises(ValueError, match="catchment_km2 belongs to kind river, not bay"):
        type(read_scenario("coastal-town").terrain)(kind="bay", catchment_km2=100)


def edited(folder: Path, table: str, number: int, **values: str) -> Path:
    """Change fields of one line (2: the first row) of a table."""
    path = folder / f"{table}.csv"
    lines = path.read_text(encoding="utf-8").splitlines()
    header, row = lines[0].split(","), lines[number - 1].split(",")
    for name, value in values.items():
        row[header.index(name)] = value
    lines[number - 1] = ",".join(row)
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


@pytest.mark.parametrize("table", ["refuge", "pump", "care_home"])
def test_works_outside_the_grid_are_refused(folder, table):
    path = edited(folder, table, 3, lat="33.5")
    (problem,) = check(folder / "scenario.yaml")
    assert f"{path}:3: lat, lon: 33.5" in problem
    assert "outside the water grid" in problem
    assert "move it or enlarge terrain" in problem


def test_a_gate_off_the_levee_is_refused(folder):
    rows = (folder / "settlement.csv").read_text(encoding="utf-8").splitlines()[1].split(",")
    path = edited(folder, "gate", 2, lat=rows[2], lon=rows[3])
    (problem,) = check(folder / "scenario.yaml")
    assert f"{path}:2: lat, lon: gate '" in problem
    assert "does not stand on a levee or sea wall" in problem


def test_a_care_home_larger_than_its_cell_is_refused(folder):
    path = edited(folder, "care_home", 2, persons="1900")
    (problem,) = check(folder / "scenario.yaml")
    assert f"{path}:2: persons: 1900" in problem
    assert "move the home or lower the number" in problem


def test_a_metre_where_degrees_belong_is_refused(folder):
    path = edited(folder, "refuge", 2, lat="-350")
    assert any(f"{path}:2: lat: too small, at least 20 is allowed" in line for line in check(folder / "scenario.yaml"))


def test_tables_of_the_place_may_be_absent(folder):
    for name in ("refuge", "care_home", "pump", "gate", "rain"):
        (folder / f"{name}.csv").unlink(missing_ok=True)
    path = folder / "scenario.yaml"
    lines = path.read_text(encoding="utf-8").splitlines(keepends=True)
    path.write_text("".join(line for line in lines if "rain_bands" not in line), encoding="utf-8")  # need rain.csv
    world = build_world(read_scenario(folder))
    assert [len(world[name]) for name in ("refuge", "pump", "rain")] == [0, 0, 0]
    assert np.all(np.isinf(world["patch"]["refuge_way_m"]))
    assert not (world["levee"]["kind"] == 2).any()
    assert world["patch"]["care_persons"].sum() == 0


def test_a_place_without_terrain_needs_drawn_ground(tmp_path):
    place = Path(shutil.copytree(SHIPPED / "two-towns", tmp_path / "place"))
    (place / "ground.csv").unlink()
    (problem,) = check(place / "scenario.yaml")
    assert "ground.csv: missing or empty; draw the ground or give a terrain block" in problem


@pytest.mark.parametrize("name", NAMES)
def test_the_new_scenarios_are_sound_and_name_their_sources(name):
    assert name in scenario_names()
    assert check(name) == []
    sources = read_facts(SHIPPED / name)["sources"]
    tables = {path.stem for path in (SHIPPED / name).glob("*.csv")} - {"sources"}
    assert set(sources["table"].tolist()) == tables
    assert set(sources["label"].tolist()) == {"synthetic"}
    assert world_of(name).labels["patch"] == world_of(name).labels["refuge"] == "synthetic"


@pytest.mark.parametrize("name", NAMES)
def test_towns_are_outlined_on_land_without_overlap(name):
    shapes = list(municipal_outlines(read_scenario(name)).values())
    assert all(shape.is_valid and shape.area > 0 for shape in shapes)
    assert shapes[0].intersection(shapes[1]).area == 0
