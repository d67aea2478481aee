"""Fact tables: text stays text, blanks stay unknown, and every mistake is told with its place."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest

from scenarios import check
from scenarios.facts import load_facts, read_facts
from twin.errors import ScenarioError

TWO_TOWNS = Path(__file__).parents[2] / "scenarios" / "two-towns"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A copy of the test bed that may be broken."""
    return Path(shutil.copytree(TWO_TOWNS, tmp_path / "facts"))


def replaced(folder: Path, table: str, old: str, new: str) -> Path:
    path = folder / f"{table}.csv"
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), encoding="utf-8")
    return path


def problem(folder: Path) -> str:
    with pytest.raises(ScenarioError) as error:
        read_facts(folder)
    return str(error.value)


def test_codes_are_text_and_numbers_are_floats():
    facts = read_facts(TWO_TOWNS)
    assert facts["municipality"]["code"].tolist() == ["99201", "99202"]
    assert facts["municipality"]["population"].dtype == np.float64


def test_a_blank_number_is_unknown_not_zero(folder):
    replaced(folder, "municipality", "0.28,1.05", "0.28,")
    assert np.isnan(read_facts(folder)["municipality"]["daytime_ratio"][0])


def test_negative_population_is_told_with_its_place(folder):
    path = replaced(folder, "municipality", "33000", "-33000")
    assert f"{path}:2: population: too small, at least 1 is allowed, '-33000'" in problem(folder)


def test_missing_column_is_told(folder):
    replaced(folder, "municipality", "population,", "popolation,")
    assert "municipality.csv:1: column 'population' is missing; did you mean 'popolation'?" in problem(folder)


def test_nan_is_refused(folder):
    path = replaced(folder, "fault", "6.9", "NaN")
    assert f"{path}:2: mw: NaN and infinity are not allowed" in problem(folder)


def test_blank_where_a_value_is_needed_is_told(folder):
    replaced(folder, "base", "40,8,4,5", "40,,4,5")
    assert "base.csv:2: crews: blank, but a value is required" in problem(folder)


def test_time_without_zone_is_told(folder):
    replaced(folder, "shock", "+09:00", "")
    assert "shock.csv:2: time: the time zone is missing" in problem(folder)


def test_unknown_municipality_tells_the_nearest(folder):
    replaced(folder, "hospital", "西村診療所,99202", "西村診療所,99203")
    assert "hospital.csv:4: municipality: unknown municipality '99203'; did you mean" in problem(folder)


def test_unknown_node_of_a_road_is_told(folder):
    replaced(folder, "road", ",j-kawa,office", ",j-kava,office")
    assert "unknown node 'j-kava'; did you mean 'j-kawa'?" in problem(folder)


def test_doubled_id_is_told(folder):
    replaced(folder, "base", "fire-99202,", "fire-99201,")
    assert "base.csv:3: id: 'fire-99201' stands already in line 2" in problem(folder)


def test_unknown_kind_lists_what_is_allowed(folder):
    replaced(folder, "base", ",volunteer,", ",volunteers,")
    message = problem(folder)
    assert "not one of fire, volunteer" in message
    assert "did you mean 'volunteer'?" in message


def test_short_row_is_told(folder):
    replaced(folder, "settlement", ",0.55,2.0", ",0.55")
    assert "settlement.csv:2: 5 fields, the header has 6" in problem(folder)


def test_missing_table_and_missing_folder_are_told(folder, tmp_path):
    (folder / "weather.csv").unlink()
    assert "weather.csv: this fact table is missing" in problem(folder)
    assert "no such folder" in problem(tmp_path / "elsewhere")


def test_municipality_without_settlement_is_told(folder):
    text = (folder / "settlement.csv").read_text(encoding="utf-8").splitlines()
    (folder / "settlement.csv").write_text("\n".join(line for line in text if "99202" not in line), encoding="utf-8")
    assert "municipality '99202' has no row in settlement.csv" in problem(folder)


def test_all_problems_are_collected(folder):
    replaced(folder, "municipality", "33000", "-1")
    replaced(folder, "weather", "34.5", "hot")
    replaced(folder, "node", "135.085,office", "13.5,office")
    _, problems = load_facts(folder)
    assert len(problems) == 3


def test_check_tells_wrong_facts_without_running(folder):
    replaced(folder, "municipality", "33000", "-1")
    problems = check(folder / "scenario.yaml")
    assert len(problems) == 1
    assert "municipality.csv:2: population" in problems[0]


def test_cut_off_node_is_told(folder):
    replaced(folder, "road", "L1.office-99202.j-oku,L1,村道1号,local,office-99202", "L1.x,L1,村道1号,local,j-oku")
    assert any("cut off: j-oku" in line for line in check(folder / "scenario.yaml"))


def test_weather_must_begin_with_the_run(folder):
    replaced(folder, "weather", "2027-08-03,34.5,26.0,0.68,0,assumed\n", "")
    assert any("first day is 2027-08-04" in line for line in check(folder / "scenario.yaml"))


def test_more_households_than_people_is_told(folder):
    replaced(folder, "municipality", "7000,2025,2650", "7000,2025,7001")
    assert "municipality.csv:3: households: 7001 is more than the 7000 in column 'population'" in problem(folder)


def test_optional_tables_are_checked_where_they_are(folder):
    header = "as_of,published,received,source,municipality,quantity,value,flag\n"
    row = "2027-08-03T18:00:00,2027-08-03T19:00:00+09:00,2027-08-03T19:00:00+09:00,town,99209,deaths,1,\n"
    (folder / "report.csv").write_text(header + row, encoding="utf-8")
    problems = check(folder / "scenario.yaml")
    assert len(problems) == 2
    assert "as_of: the time zone is missing" in problems[0]
    assert "unknown municipality '99209'" in problems[1]


def test_scored_areas_must_exist(folder):
    scored = "validate:\n  quantities:\n    - {quantity: deaths, report: deaths, areas: [['99203']]}\n"
    path = folder / "scenario.yaml"
    path.write_text(path.read_text(encoding="utf-8") + scored, encoding="utf-8")
    problems = check(path)
    assert len(problems) == 1
    assert "areas: unknown municipality '99203'; did you mean" in problems[0]
