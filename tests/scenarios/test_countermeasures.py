"""Countermeasure files: everything wrong is told at once with its place; what is right becomes pulls."""

import json

import numpy as np
import pytest

from scenarios import build_world, countermeasures, read_scenario
from scenarios.assemble import chosen_layers
from twin.errors import ScenarioError

SCENARIO = read_scenario("two-towns")
WORLD = build_world(SCENARIO)
LAYERS = chosen_layers({})
TOWN = str(WORLD["municipality"].ids[0])
DOCKS = {"lever": "logistics.hub_docks", "value": 2}


def record(*measures, **more):
    return countermeasures.parse({"name": "test", "measures": list(measures), **more})


def resolve(*measures, at_s=0):
    return countermeasures.resolve(record(*measures), SCENARIO, WORLD, LAYERS, at_s)


def problem(*measures, at_s=0):
    with pytest.raises(ScenarioError) as told:
        resolve(*measures, at_s=at_s)
    return str(told.value)


def test_a_file_in_yaml_and_in_json_say_the_same(tmp_path):
    (tmp_path / "a.yaml").write_text("name: test\nmeasures:\n  - {lever: logistics.hub_docks, value: 2, at: 6h}\n")
    (tmp_path / "a.json").write_text(json.dumps({"name": "test", "measures": [{**DOCKS, "at": "6h"}]}))
    assert countermeasures.read(tmp_path / "a.yaml") == countermeasures.read(tmp_path / "a.json")


def test_plain_data_comes_back_as_it_went():
    one = record({**DOCKS, "at": "2h", "until": SCENARIO.start.replace(hour=23).isoformat(), "reason": "night"})
    assert countermeasures.parse(one.model_dump(mode="json")) == one


def test_times_may_be_durations_instants_or_left_out():
    later = SCENARIO.start.astimezone().isoformat()
    pulls = resolve({**DOCKS, "at": "2h"}, {**DOCKS, "at": later}, DOCKS, at_s=0)
    assert sorted(pull.at_s for pull in pulls) == [0, 0, 7200]
    assert [pull.at_s for pull in resolve(DOCKS, at_s=3600)] == [3600]


def test_every_mistake_of_a_file_is_told_at_once_with_line_and_field(tmp_path):
    path = tmp_path / "bad.yaml"
    path.write_text(
        "name: Bad Name\nmeasures:\n  - lever: logistics.hub_docks\n    value: .nan\n  - lever: docks\n    value: 1\n"
        "    at: 2026-07-28T20:00:00\n    colour: red\n"
    )
    with pytest.raises(ScenarioError) as told:
        countermeasures.read(path)
    lines = str(told.value).splitlines()
    assert [line.partition(": ")[0].rpartition(":")[2] for line in lines] == ["1", "4", "5", "7", "8"]
    for part in ("name", "measures.0.value: must be a number", "zone", "unknown field; known fields: lever"):
        assert part in str(told.value)


@pytest.mark.parametrize(
    ("measure", "part"),
    [
        ({"lever": "logistics.hub_dock", "value": 1}, "did you mean 'logistics.hub_docks'?"),
        ({**DOCKS, "value": 99}, "99 lies outside 0.25 to 4"),
        ({**DOCKS, "owner": "state"}, "'state' may not order logistics.hub_docks; its owner is prefecture"),
        ({**DOCKS, "at": "1h"}, "what has happened cannot be changed"),
        ({"lever": "people.furniture_fixed", "value": 5e-5, "at": "3h"}, "is decided before the event"),
        ({**DOCKS, "at": "5h", "until": "4h"}, "not after the beginning"),
        ({**DOCKS, "areas": [TOWN]}, "acts on the whole region"),
        ({"lever": "government.evacuation_order", "value": 1}, "name ids, town codes, or all"),
        ({"lever": "government.evacuation_order", "value": 1, "areas": ["99999"]}, "'99999' is no municipality"),
        ({"lever": "logistics.pre_position", "value": 100, "areas": [TOWN], "until": "9h"}, "cannot be taken back"),
    ],
)
def test_what_cannot_be_carried_out_is_refused_with_the_reason(measure, part):
    assert part in problem(measure, at_s=2 * 3600)


def test_areas_are_ids_towns_or_everything():
    every = resolve({"lever": "government.evacuation_order", "value": 1, "areas": ["all"]})[0]
    assert every.rows.tolist() == list(range(len(WORLD["municipality"])))
    roads = resolve({"lever": "infrastructure.road_closed", "value": 1, "areas": [str(WORLD["road"].ids[3])]})[0]
    assert roads.rows.tolist() == [3]
    halls = resolve({"lever": "evacuation.close_shelter", "value": 1, "areas": [TOWN]})[0]
    assert np.array_equal(halls.rows, np.flatnonzero(WORLD["shelter"]["municipality"] == 0))


def test_the_schema_names_every_field():
    schema = countermeasures.json_schema()
    assert set(schema["properties"]) == {"countermeasure", "name", "title_ja", "title_en", "reason", "measures"}
    assert set(schema["$defs"]["Measure"]["properties"]) == {
        "lever", "at", "until", "areas", "value", "owner", "reason"
    }  # fmt: skip


def test_every_lever_pulls_something_there_is():
    for layer in LAYERS:
        rows = countermeasures.load(layer.params_file).rows
        for lever in layer.levers:
            assert lever.low <= lever.high
            if lever.target:
                assert lever.target in rows, f"{layer.name}.{lever.name}"
            else:
                assert layer.obey is not None
                assert lever.on == "region" or lever.on in WORLD, f"{layer.name}.{lever.name}"


def test_candidates_need_names_of_their_own(tmp_path):
    path = tmp_path / "candidates.yaml"
    path.write_text("candidates:\n  - {name: a}\n  - {name: a}\n")
    with pytest.raises(ScenarioError, match="the name 'a' stands twice"):
        countermeasures.read_candidates(path)
    path.write_text("candidates:\n  - {name: a}\n  - {name: b}\n")
    assert [one.name for one in countermeasures.read_candidates(path)] == ["a", "b"]
