"""Scenario files: what is read, and how mistakes are told."""

from __future__ import annotations

from pathlib import Path

import pytest

from scenarios import check, read_scenario, scenario_names
from scenarios.reading import json_schema, parse_yaml
from scenarios.schema import duration_s
from twin.errors import ScenarioError

SHIPPED = Path(__file__).parents[2] / "scenarios"
GOOD = (SHIPPED / "two-towns" / "scenario.yaml").read_text(encoding="utf-8")


def written(folder: Path, text: str) -> Path:
    """A scenario file that uses the facts of the test bed."""
    path = folder / "mine.yaml"
    path.write_text(text.replace("facts: .", f"facts: {SHIPPED / 'two-towns'}"), encoding="utf-8")
    return path


def told(folder: Path, text: str) -> str:
    with pytest.raises(ScenarioError) as error:
        read_scenario(written(folder, text))
    return str(error.value)


def line_of(text: str, start: str) -> int:
    return next(n for n, line in enumerate(text.splitlines(), start=1) if line.strip().startswith(start))


@pytest.mark.parametrize(
    ("text", "seconds"), [("90m", 5400), ("72h", 259_200), ("30d", 2_592_000), ("45s", 45), (600, 600), ("1.5h", 5400)]
)
def test_durations_become_seconds(text, seconds):
    assert duration_s(text) == seconds


@pytest.mark.parametrize("text", ["soon", "-3h", "3 weeks", "0.5s", True, ""])
def test_other_texts_are_no_durations(text):
    with pytest.raises(ValueError, match="duration"):
        duration_s(text)


@pytest.mark.parametrize("name", ["two-towns", "kumamoto-2026"])
def test_shipped_scenarios_are_found_and_sound(name):
    assert name in scenario_names()
    scenario = read_scenario(name)
    assert scenario.name == name
    assert scenario.start.utcoffset().total_seconds() == 9 * 3600
    assert scenario.facts_folder == SHIPPED / name


def test_a_path_reads_like_a_name(tmp_path):
    by_path = read_scenario(written(tmp_path, GOOD))
    by_name = read_scenario("two-towns")
    assert by_path.model_dump(exclude={"path", "facts"}) == by_name.model_dump(exclude={"path", "facts"})


def test_default_schedule_covers_sixty_days(tmp_path):
    text = GOOD[: GOOD.index("schedule:")] + GOOD[GOOD.index("facts:") :]
    scenario = read_scenario(written(tmp_path, text))
    assert [(step.step_s, step.until) for step in scenario.schedule] == [
        (60, 6 * 3600),
        (600, 72 * 3600),
        (3600, 60 * 86400),
    ]


def test_boundaries_follow_the_schedule_and_end_on_time():
    ends = read_scenario("two-towns").boundaries_s(6 * 3600 + 700)
    assert ends[:2] == [60, 120]
    assert ends[-3:] == [6 * 3600, 6 * 3600 + 600, 6 * 3600 + 700]


def test_unknown_name_tells_the_nearest():
    with pytest.raises(ScenarioError, match="did you mean 'two-towns'"):
        read_scenario("two-town")


def test_missing_file_is_told(tmp_path):
    with pytest.raises(ScenarioError, match="no such scenario file"):
        read_scenario(tmp_path / "nothing.yaml")


def test_broken_yaml_names_the_line(tmp_path):
    text = GOOD.replace("  max_cells: 48", "  max_cells: [48")
    assert "not valid YAML" in told(tmp_path, text)
    assert ".yaml:" in told(tmp_path, text)


def test_unknown_field_names_line_and_nearest(tmp_path):
    text = GOOD.replace("max_cells", "max_cell")
    message = told(tmp_path, text)
    assert f":{line_of(text, 'max_cell:')}: region.max_cell: unknown field; did you mean 'max_cells'?" in message


def test_missing_zone_is_an_error(tmp_path):
    message = told(tmp_path, GOOD.replace("+09:00", ""))
    assert ": start: the time zone is missing" in message
    assert len(message.splitlines()) == 1


def test_every_problem_is_told_at_once(tmp_path):
    text = GOOD.replace("until: 24h", "until: tomorrow").replace("rain: assumed", "rain: wet")
    text = text.replace("seed: 11", "seed: -4").replace("members: 1", "members: many")
    lines = told(tmp_path, text).splitlines()
    for field in ("until:", "forcing.rain:", "region.seed:", "members:"):
        assert any(field in line for line in lines), field
    assert "allowed: dry, assumed" in next(line for line in lines if "forcing.rain" in line)
    assert len(lines) == 4


def test_layer_names_in_set_are_checked(tmp_path):
    message = told(tmp_path, GOOD + "  rescu.shift_s: 3\n")  # the file ends with its `set:` block
    assert "no layer 'rescu'" in message
    assert "did you mean 'rescue'?" in message


def test_doubled_field_is_told(tmp_path):
    assert "stands twice" in told(tmp_path, GOOD + "members: 3\n")


def test_schedule_that_runs_backwards_is_told(tmp_path):
    message = told(tmp_path, GOOD.replace("until: 72h}", "until: 3h}"))
    assert "schedule.1: 'until' must grow" in message


def test_schedule_that_does_not_fill_is_told(tmp_path):
    assert "do not fill" in told(tmp_path, GOOD.replace("step_s: 600s", "step_s: 7000s"))


def test_a_list_is_no_scenario(tmp_path):
    assert "list of `field: value`" in told(tmp_path, "- one\n- two\n")


@pytest.mark.parametrize("text", ["", "\0", "a: &x [*x]\n", "? [1]\n: 2\n", "1: 2\n", "- &a [1]\n- *b\n"])
def test_odd_files_give_one_clear_error(tmp_path, text):
    assert "mine.yaml" in told(tmp_path, text)


def test_code_in_yaml_is_refused(tmp_path):
    assert "not valid YAML" in told(tmp_path, GOOD + "title: !!python/object/apply:os.getcwd []\n")


def test_lines_of_fields_are_kept(tmp_path):
    path = written(tmp_path, GOOD)
    _, lines = parse_yaml(path)
    assert lines["region", "seed"] == line_of(path.read_text(encoding="utf-8"), "seed: 11")


def test_schema_lists_every_field_with_its_limits():
    schema = json_schema()
    assert "path" not in schema["properties"]
    assert {"name", "start", "until", "schedule", "region", "forcing", "validate"} <= set(schema["properties"])
    assert schema["additionalProperties"] is False
    assert schema["$defs"]["Forcing"]["properties"]["rain"]["enum"] == ["dry", "assumed"]


@pytest.mark.parametrize("name", ["two-towns", "kumamoto-2026"])
def test_check_finds_nothing_in_shipped_scenarios(name):
    assert check(name) == []


def test_check_returns_problems_instead_of_raising(tmp_path):
    assert "did you mean 'two-towns'" in check("two-twns")[0]
    problems = check(written(tmp_path, GOOD.replace("rain: assumed", "rain: wet")))
    assert len(problems) == 1
    assert "forcing.rain" in problems[0]
