"""Rain place by place: read from a table without gaps, carried to the cells, or spread in bands that keep each hour."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest

from scenarios import build_world, read_scenario
from scenarios.facts import load_facts
from scenarios.rain_places import by_place, weights
from scenarios.schema import RainBands
from scenarios.synthesis.rain import band_rates
from twin.errors import ScenarioError
from twin.numerics.mesh import mesh_code
from twin.world import IndexSet

HEADER = "time,lat,lon,mm_per_h"
CORNERS = [(30.0, 135.0), (30.0, 135.1), (30.06, 135.0), (30.06, 135.1)]
MORE = [10.0, 20.0, 30.0, 40.0]  # mm/h at the corners in the first hour, half of it in the second


def instant(hour: int) -> str:
    return f"2027-08-03T{17 + hour:02d}:00:00+09:00"


def corner_rows(hours: int = 2) -> list[str]:
    return [
        f"{instant(hour)},{lat},{lon},{rate / (hour + 1)}"
        for hour in range(hours)
        for (lat, lon), rate in zip(CORNERS, MORE, strict=True)
    ]


@pytest.fixture
def place(tmp_path: Path) -> Path:
    """A copy of the test bed."""
    return Path(shutil.copytree(read_scenario("two-towns").path.parent, tmp_path / "place"))


def write(place: Path, rows: list[str], header: str = HEADER) -> Path:
    path = place / "rain_grid.csv"
    path.write_text("\n".join([header, *rows]) + "\n", encoding="utf-8")
    return path


def problems(place: Path) -> list[str]:
    return load_facts(place)[1]


def test_a_grid_of_points_reaches_every_cell(place):
    write(place, corner_rows())
    world = build_world(read_scenario(place / "scenario.yaml"))
    rates = world.arrays["rain_of_cell_m_per_s"] * 3.6e6
    cell = world["cell"]
    north, east = ((cell[name] - low) / span for name, low, span in (("lat", 30.0, 0.06), ("lon", 135.0, 0.1)))
    wanted = 10.0 + 10.0 * np.clip(east, 0.0, 1.0) + 20.0 * np.clip(north, 0.0, 1.0)
    assert rates[0] == pytest.approx(wanted)
    assert rates[1] == pytest.approx(wanted / 2.0)
    assert world["rain_grid"]["time_s"].tolist() == [1800, 5400]


def test_mesh_codes_name_the_places_as_well(place):
    codes = [int(mesh_code(lat, lon)) for lat, lon in CORNERS]
    rows = [f"{instant(hour)},{code},{rate}" for hour in (0, 1) for code, rate in zip(codes, MORE, strict=True)]
    write(place, rows, "time,mesh,mm_per_h")
    rates = build_world(read_scenario(place / "scenario.yaml")).arrays["rain_of_cell_m_per_s"] * 3.6e6
    assert 10.0 <= rates.min() < rates.max() <= 40.0


def test_gauges_that_form_no_grid_count_for_their_neighbourhood():
    gauges = np.array([[30.0, 135.0], [30.1, 135.02], [30.03, 135.2]])
    found = weights(gauges, np.array([30.01, 30.09, 30.04]), np.array([135.01, 135.0, 135.25]))
    assert found.tolist() == [[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]]


@pytest.mark.parametrize("points", [CORNERS, CORNERS[:2], CORNERS[:1], CORNERS[:3]])
def test_shares_add_up_to_one_everywhere(points):
    at = np.linspace(29.9, 30.2, 7)
    found = weights(np.array(points), at, 105.0 + at)
    assert found.sum(axis=1) == pytest.approx(1.0)
    assert found.min() >= 0.0


def test_the_test_bed_without_the_table_has_no_such_set():
    world = build_world(read_scenario("two-towns"))
    assert "rain_grid" not in world
    assert "kind" not in world["fault"]
    assert "wind_from_deg" not in world["day"]


def test_a_place_without_a_row_for_a_step_is_told(place):
    rows = corner_rows()
    del rows[6]  # third corner, second hour
    path = write(place, rows)
    (told,) = problems(place)
    assert told.startswith(f"{path}:4: time: place '30.06 135.0' has no row for {instant(1)} (1 of 2 missing)")
    assert "0 where it did not rain" in told


def test_a_missing_hour_everywhere_is_told(place):
    rows = [row for row in corner_rows(4) if instant(2) not in row]
    path = write(place, rows)
    (told,) = problems(place)
    assert told.startswith(f"{path}:10: time: {instant(3)} comes 2:00:00 after the instant before, others 1:00:00")


@pytest.mark.parametrize(
    ("row", "told"),
    [
        (f"{instant(0)},30.0,135.0,NaN", "mm_per_h: NaN and infinity are not allowed"),
        (f"{instant(0)},30.0,135.0,-1", "mm_per_h: too small, at least 0 is allowed, '-1'"),
        (f"{instant(0)},30.0,135.0,", "mm_per_h: blank, but a value is required"),
        (f"{instant(0)},30.0,,5", "mesh/lat/lon: a row needs either a mesh code or both lat and lon"),
        (f"{instant(0)},3.0,135.0,5", "lat: too small"),
        ("2027-08-03T17:00:00,30.0,135.0,5", "time: the time zone is missing"),
    ],
)
def test_bad_rows_are_told_with_file_line_and_value(place, row, told):
    path = write(place, [row])
    assert any(problem.startswith(f"{path}:2: {told}") for problem in problems(place)), problems(place)


@pytest.mark.parametrize("code", ["12", "4930053X", "49309999"])
def test_mesh_codes_that_do_not_exist_are_told(place, code):
    path = write(place, [f"{instant(hour)},{code},5" for hour in (0, 1)], "time,mesh,mm_per_h")
    told = problems(place)
    assert [line.startswith(f"{path}:{row}: mesh: ") for row, line in enumerate(told, 2)] == [True, True]
    assert all(code in line for line in told)


def test_a_doubled_row_is_told(place):
    rows = corner_rows()
    path = write(place, [*rows, rows[0]])
    assert any(problem.startswith(f"{path}:10: ") and "line 2" in problem for problem in problems(place))


def test_rain_given_by_time_counts_where_the_days_are_dry(place):
    write(place, corner_rows())
    path = place / "scenario.yaml"
    path.write_text(path.read_text(encoding="utf-8").replace("rain: assumed", "rain: dry"), encoding="utf-8")
    assert build_world(read_scenario(path)).arrays["rain_of_cell_m_per_s"].max() > 0.0


POINT = "30.0,135.0"


@pytest.mark.parametrize(
    ("rows", "says"),
    [
        ([f"{instant(0)},{POINT},5"], "one instant"),
        ([f"2027-08-03T17:{minute:02d}:00+09:00,{POINT},5" for minute in (0, 5, 10)], "multiples of ten minutes"),
        ([f"{instant(0)},{POINT},5", f"2027-08-03T08:00:00+00:00,{POINT},50", f"{instant(1)},{POINT},5"], "in line 2"),
    ],
)
def test_rain_that_would_be_lost_is_refused(place, rows, says):
    path = write(place, rows)
    assert any(problem.startswith(str(path)) and says in problem for problem in problems(place))


def test_near_gauges_stay_apart_and_a_strange_digit_is_no_mesh_code(place):
    near = (30.0001234, 30.0001236)
    write(place, [f"{instant(hour)},{lat},135.0,{rate}" for hour in (0, 1) for lat, rate in zip(near, (5, 50))])
    facts, told = load_facts(place)
    assert told == []
    assert by_place(facts["rain_grid"])[2].tolist() == [[5.0, 50.0], [5.0, 50.0]]
    path = write(place, [f"{instant(hour)},4930155²,5" for hour in (0, 1)], "time,mesh,mm_per_h")
    assert any(problem.startswith(f"{path}:2: mesh: a mesh code has 8, 9 or 10 digits") for problem in problems(place))


def test_table_and_bands_together_or_bands_without_hours_are_refused(place):
    path = place / "scenario.yaml"
    text = path.read_text(encoding="utf-8").replace("rain: assumed", "rain: assumed\n  rain_bands: {seed: 3}")
    path.write_text(text, encoding="utf-8")
    with pytest.raises(ScenarioError, match=r"rain\.csv: forcing\.rain_bands spreads the rain of this table"):
        build_world(read_scenario(path))
    write(place, corner_rows())
    with pytest.raises(ScenarioError, match="leave one out"):
        build_world(read_scenario(path))


HOURS = IndexSet.build(
    "rain", ["a", "b", "c"], time_s=np.array([-3600, 0, 3600]), town_m_per_s=np.array([4.0, 30.0, 0.0]) / 3.6e6
)
PLACES = np.stack(np.meshgrid(np.arange(9.0), np.arange(6.0)), axis=-1).reshape(-1, 2) * 1000.0


def test_bands_keep_the_rain_of_every_hour_and_move():
    time_s, rates = band_rates(RainBands(seed=5), HOURS, PLACES)
    assert time_s[[0, -1]].tolist() == [-3600, 6600]
    assert rates.reshape(3, 6, -1).mean(axis=(1, 2)) == pytest.approx(HOURS["town_m_per_s"])
    assert rates.min() >= 0.0
    first, later = rates[6], rates[11]
    assert first.max() > 1.2 * first.min()
    assert np.corrcoef(first, later)[0, 1] < 0.999


def test_bands_follow_their_seed():
    one, same, other = (band_rates(RainBands(seed=seed), HOURS, PLACES)[1] for seed in (1, 1, 2))
    assert np.array_equal(one, same)
    assert not np.allclose(one, other)
    even = band_rates(RainBands(seed=1, share=0.0), HOURS, PLACES)[1]
    assert np.ptp(even, axis=1) == pytest.approx(0.0, abs=1e-15)


def test_river_town_keeps_its_hours_and_so_its_river():
    world = build_world(read_scenario("river-town"))
    rates = world.arrays["rain_of_cell_m_per_s"].reshape(len(world["rain"]), 6, -1)
    assert rates.mean(axis=(1, 2)) == pytest.approx(world["rain"]["town_m_per_s"])
    assert world["day"]["wind_from_deg"][:3].tolist() == [90.0, 160.0, 250.0]


def test_the_earthquake_of_the_coast_is_an_interface_one():
    assert set(build_world(read_scenario("coastal-town"))["fault"]["kind"].tolist()) == {"interface"}


def test_an_unknown_kind_of_fault_is_told(tmp_path):
    folder = Path(shutil.copytree(read_scenario("coastal-town").path.parent, tmp_path / "coast"))
    path = folder / "fault.csv"
    path.write_text(path.read_text(encoding="utf-8").replace("interface", "interfase", 1), encoding="utf-8")
    (told,) = problems(folder)
    assert told == f"{path}:2: kind: not one of crustal, interface, intraslab; did you mean 'interface'?, 'interfase'"
