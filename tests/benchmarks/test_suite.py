"""The suite itself: which subjects there are, what every row holds, what an interruption or a fault leaves."""

from __future__ import annotations

import importlib
import json
import os
from importlib.util import find_spec

import pytest

import benchmarks
from api import cli
from benchmarks import measuring, results
from twin.errors import Interrupted, ScenarioError, StateError, StoreError

NEEDED = {
    "subject", "case", "size", "threads", "dtype", "value", "unit", "peers", "share_of_limit", "bytes_per_cell",
    "wall_s", "peak_rss_mb", "load",
}  # fmt: skip
TINY = {
    "start-up": {"COMMANDS": (("--help", 0.7),), "REPEATS": 1},
    "coupling-overhead": {"CASES": (("two-towns", 1),), "REPEATS": 1},
    "whole-run": {"CASES": (("two-towns", 1, None),), "REPEATS": 1},
    "fork": {"SCENARIOS": ("two-towns",), "HOURS": 1, "MADE_MB": (1, 2, 3), "VALUES": 1000},
    "people": {"SCENARIO": "two-towns", "HOURS": 1, "COPIES": (1, 2, 3), "REPEATS": 1},
    "missions": {"SIZES": (10, 20, 40), "END_S": 7200, "STARTS_S": range(0, 36000, 600)},
    "routing": {"NEAREST_SIDES": (8, 9, 10), "ALL_WAYS_SIDES": (3, 4, 5)},
}
CASES = {
    "start-up": {"twin --help"},
    "coupling-overhead": {"two-towns 1 h"},
    "whole-run": {"two-towns 1 h"},
    "fork": {"two-towns", "made-state", "growth of made-state"},
    "people": {"layer", "growth of layer"},
    "missions": {"queue", "growth of queue"},
    "routing": {"nearest-facility", "all-ways", "growth of nearest-facility", "growth of all-ways"},
}


@pytest.fixture(autouse=True)
def apart(tmp_path, monkeypatch):
    """No test writes into the repository, and the memory limit is measured on small arrays."""
    monkeypatch.setattr(results, "PAGE", tmp_path / "results.md")
    monkeypatch.setattr(results, "STORE", tmp_path / "results.json")
    monkeypatch.setattr(measuring, "TRIAD_VALUES", 1000)
    monkeypatch.setattr(measuring, "REPEATS", 1)
    monkeypatch.setattr(measuring, "SHORT_S", 0.0)


@pytest.fixture
def subjects(monkeypatch):
    """Three made subjects: one sound, one that fails, one that is interrupted."""

    def sound(peers, tell):
        yield {"case": "a", "size": 3, "value": 8.0, "unit": "x/s", "peers": {"other": 2.0, "other depth, m": 1.0}}

    def faulty(peers, tell):
        yield {"case": "b", "value": 1.0, "unit": "s"}
        raise StateError("the kernel blew up")

    def interrupted(peers, tell):
        yield {"case": "c", "value": 1.0, "unit": "s"}
        raise KeyboardInterrupt

    made = {"people": sound, "routing": faulty, "missions": interrupted}
    modules = {name: type(name, (), {"measure": staticmethod(measure)}) for name, measure in made.items()}
    monkeypatch.setattr(benchmarks, "import_module", lambda name: modules[name.rpartition(".")[2]])
    return monkeypatch


def only(monkeypatch, *names):
    monkeypatch.setattr(benchmarks, "SUBJECTS", {name: benchmarks.SUBJECTS[name] for name in names})


@pytest.mark.parametrize("name", TINY)
def test_every_subject_yields_the_agreed_fields(name, monkeypatch):
    module = importlib.import_module(benchmarks.SUBJECTS[name].module)
    for constant, value in TINY[name].items():
        monkeypatch.setattr(module, constant, value)
    rows = benchmarks.run(name)["results"]
    assert {row["case"] for row in rows} == CASES[name]
    for row in rows:
        assert set(row) >= NEEDED
        assert row["subject"] == name
        assert row["value"] > 0 or row["unit"] == "exponent"
        assert row["wall_s"] is None or row["wall_s"] > 0
    assert json.loads(json.dumps(rows)) == rows


def test_every_module_of_the_whole_picture_exists():
    assert [name for name, one in benchmarks.SUBJECTS.items() if one.quick and find_spec(one.module) is None] == []


def test_an_unknown_subject_is_refused_with_the_names():
    with pytest.raises(ScenarioError, match=r"no benchmark 'rooting'.*routing, shallow-water"):
        benchmarks.run("rooting")


def test_the_ratio_to_a_peer_is_how_many_times_as_fast(subjects):
    [row] = benchmarks.run("people")["results"]
    assert row["peer_ratios"] == {"other": 4.0}


def test_a_fault_of_one_subject_does_not_cost_the_others(subjects):
    only(subjects, "routing", "people")
    content = benchmarks.run(None)
    assert content["failed"] == {"routing": "StateError: the kernel blew up"}
    assert content["complete"] == ["people"]
    assert "routing            failed: StateError" in benchmarks.lines(content)[-1]
    with pytest.raises(StateError, match="blew up"):
        benchmarks.run("routing")


def test_what_was_measured_before_an_interruption_is_kept(subjects, tmp_path):
    only(subjects, "people", "missions", "routing")
    with pytest.raises(Interrupted, match=r"stopped at missions \(2 of 3\)"):
        benchmarks.run(None, save=tmp_path / "saved.json")
    assert list(json.loads(results.STORE.read_text())["subjects"]) == ["people", "missions"]
    saved = json.loads((tmp_path / "saved.json").read_text())
    assert [row["case"] for row in saved["results"]] == ["a", "c"]
    assert saved["complete"] == ["people"]


def test_an_interruption_exits_with_3(subjects, capsys):
    with pytest.raises(SystemExit) as ended:
        cli.main(["bench", "missions", "--json"])
    assert (ended.value.code, json.loads(capsys.readouterr().out)["error"]) == (3, "Interrupted")


def test_a_place_that_cannot_be_written_is_refused_before_measuring(subjects, tmp_path):
    with pytest.raises(StoreError, match="choose another --save"):
        benchmarks.run("missions", save=tmp_path / "missing" / "saved.json")


def test_slow_subjects_run_only_when_named(subjects):
    told = []
    only(subjects, "people", "step-size", "inundation")
    content = benchmarks.run(None, tell=told.append)
    assert {row["subject"] for row in content["results"]} == {"people"}
    assert told[0].startswith("[1/1] people: ")


def test_json_is_one_object_and_faults_show_in_the_exit_code(subjects, capsys):
    only(subjects, "people", "routing")
    with pytest.raises(SystemExit) as ended:
        cli.main(["bench", "--json"])
    content = json.loads(capsys.readouterr().out)
    assert ended.value.code == 1
    assert {"machine", "results"} <= set(content)
    assert content["results"][0]["peers"] == {"other": 2.0, "other depth, m": 1.0}


def test_two_saved_files_are_compared_on_the_command_line(subjects, capsys, tmp_path):
    only(subjects, "people")
    path = str(tmp_path / "saved.json")
    for arguments in (["bench", "--quiet", "--save", path], ["bench", "--compare", path, path, "--json"]):
        with pytest.raises(SystemExit) as ended:
            cli.main(arguments)
        assert ended.value.code == 0
        out = capsys.readouterr().out
    content = json.loads(out)
    assert (content["flagged"], len(content["rows"])) == (0, 1)


def test_a_comparison_without_results_is_bad_input(capsys, tmp_path):
    with pytest.raises(SystemExit) as ended:
        cli.main(["bench", "--compare", str(tmp_path / "a"), str(tmp_path / "b")])
    assert ended.value.code == 2
    assert "cannot read" in capsys.readouterr().err


def test_timing_takes_the_median_after_warming_up(monkeypatch):
    calls = []
    monkeypatch.setattr(measuring, "SHORT_S", 60.0)
    monkeypatch.setattr(measuring, "MOST_CALLS", 4)  # short work is called several times per repeat
    timing, last = measuring.timed(lambda: calls.append(None) or len(calls), repeats=5, warm_ups=2)
    assert (last, len(timing.all_s)) == (2 + 5 * 4, 5)
    assert measuring.Timing((3.0, 1.0, 2.0)).row == {"wall_s": 2.0, "spread_s": 2.0, "repeats": 3}


def test_a_child_process_gives_its_result_and_its_memory():
    folder, peak_rss_mb = measuring.in_child("os", "getcwd")
    assert folder == os.getcwd()
    assert 1 < peak_rss_mb < 500
    with pytest.raises(StateError, match="No such file"):
        measuring.in_child("os", "listdir", "/no-such-folder")
