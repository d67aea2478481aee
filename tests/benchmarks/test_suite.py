"""The suite itself: which subjects there are, what every row holds, what an interruption or a fault leaves."""

from __future__ import annotations

import importlib
import json
import os
import signal
from importlib.util import find_spec
from types import SimpleNamespace

import numpy as np
import pytest

import benchmarks
from api import cli
from benchmarks import aims, limits, measuring, results, shallow_water, what_if
from tests.benchmarks import fixed
from twin.errors import Interrupted, ScenarioError, StateError, StoreError

CLOCK_HZ = limits.clock_hz
NEEDED = {
    "subject", "case", "size", "threads", "dtype", "value", "unit", "peers", "share_of_limit", "bytes_per_cell",
    "wall_s", "peak_rss_mb", "load",
}  # fmt: skip
TINY = {
    "start-up": {"COMMANDS": (("--help", 0.7),), "REPEATS": 1},
    "coupling-overhead": {"CASES": (("two-towns", 1),), "REPEATS": 1},
    "whole-run": {"CASES": (("two-towns", 1, None),), "REPEATS": 1},
    "fork": {"SCENARIOS": ("two-towns",), "HOURS": 1, "MADE_MB": (1, 2, 3), "VALUES": 1000},
    "people": {"SCENARIO": "two-towns", "HOURS": 1, "COPIES": (1, 2, 3), "REPEATS": 1, "AGENTS": 20},
    "missions": {"SIZES": (10, 20, 40), "END_S": 7200, "STARTS_S": range(0, 288000, 600)},
    "damage": {"SIZES": (100, 400, 900), "REPEATS": 1, "FIRE_S": 1200.0},
    "routing": {"NEAREST_SIDES": (8, 9, 10), "ALL_WAYS_SIDES": (3, 4, 5)},
}
CASES = {
    "start-up": {"twin --help"},
    "coupling-overhead": {"two-towns 1 h"},
    "whole-run": {"two-towns 1 h"},
    "fork": {"two-towns", "made-state", "growth of made-state"},
    "people": {"layer", "growth of layer"},
    "missions": {"queue", "queue-in-one-step", "growth of queue", "growth of queue-in-one-step"},
    "damage": {
        *("fragility-and-casualties", "tsunami-fragility", "fire-spread", "fire-spread-in-steps"),
        *("growth of fragility-and-casualties", "growth of tsunami-fragility"),
        *("growth of fire-spread", "growth of fire-spread-in-steps"),
    },
    "routing": {"nearest-facility", "all-ways", "growth of nearest-facility", "growth of all-ways"},
}


@pytest.fixture(autouse=True)
def apart(tmp_path, monkeypatch):
    """No test writes into the repository, and the memory limit is measured on small arrays."""
    monkeypatch.setattr(results, "PAGE", tmp_path / "results.md")
    monkeypatch.setattr(results, "STORE", tmp_path / "results.json")
    monkeypatch.setattr(limits, "TRIAD_VALUES", 1000)
    monkeypatch.setattr(limits, "clock_hz", lambda: 3e9)
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


def saved_s(store):
    """Seconds each subject took, where it came to the end."""
    kept = json.loads(store.read_text())["subjects"]
    return {name: one["took_s"] for name, one in kept.items() if "took_s" in one}


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


def test_every_module_exists():
    assert [name for name, one in benchmarks.SUBJECTS.items() if find_spec(one.module) is None] == []


def test_an_unknown_subject_is_refused_with_the_names():
    with pytest.raises(ScenarioError, match=r"no benchmark 'rooting'.*routing, shallow-water"):
        benchmarks.run("rooting")


def test_the_ratio_to_a_peer_is_how_many_times_as_fast(subjects):
    [row] = benchmarks.run("people")["results"]
    assert row["peer_ratios"] == {"other": 4.0}


def test_a_fault_of_one_subject_does_not_cost_the_others(subjects):
    only(subjects, "routing", "people")
    content = benchmarks.run()
    assert content["failed"] == {"routing": "StateError: the kernel blew up"}
    assert content["complete"] == ["people"]
    assert "routing            failed: StateError" in benchmarks.lines(content)[-1]
    with pytest.raises(StateError, match="blew up"):
        benchmarks.run("routing")


def test_what_was_measured_before_an_interruption_is_kept(subjects, tmp_path):
    only(subjects, "people", "missions", "routing")
    with pytest.raises(Interrupted, match=r"stopped at missions \(2 of 3\).*twin bench missions routing`"):
        benchmarks.run(save=tmp_path / "saved.json")
    assert list(json.loads(results.STORE.read_text())["subjects"]) == ["people", "missions"]
    assert list(saved_s(results.STORE)) == ["people"]
    saved = json.loads((tmp_path / "saved.json").read_text())
    assert [row["case"] for row in saved["results"]] == ["a", "c"]
    assert saved["complete"] == ["people"]


@pytest.mark.parametrize("how", ["members", "terminated"])
def test_an_interruption_of_members_or_from_outside_ends_the_suite(subjects, how):
    def measure(peers, tell):
        yield {"case": "c", "value": 1.0, "unit": "s"}
        if how == "terminated":
            os.kill(os.getpid(), signal.SIGTERM)
        raise Interrupted("stopped at T+600 s")

    subjects.setattr(benchmarks, "import_module", lambda name: SimpleNamespace(measure=measure))
    only(subjects, "people", "routing")
    with pytest.raises(Interrupted, match=r"stopped at people \(1 of 2\)"):
        benchmarks.run()
    assert list(json.loads(results.STORE.read_text())["subjects"]) == ["people"]


def test_an_interruption_exits_with_3(subjects, capsys):
    with pytest.raises(SystemExit) as ended:
        cli.main(["bench", "missions", "--json"])
    assert (ended.value.code, json.loads(capsys.readouterr().out)["error"]) == (3, "Interrupted")


def test_a_place_that_cannot_be_written_is_refused_before_measuring(subjects, tmp_path):
    with pytest.raises(StoreError, match="choose another --save"):
        benchmarks.run("missions", save=tmp_path / "missing" / "saved.json")


def test_studies_run_only_when_named(subjects):
    told = []
    only(subjects, "people", "step-size", "rank")
    content = benchmarks.run(tell=told.append)
    assert {row["subject"] for row in content["results"]} == {"people"}
    assert told[1].startswith("[1/1] people: ")
    assert benchmarks.chosen(["studies", "rank"]) == ["step-size", "rank"]
    assert benchmarks.chosen(["rank", "people", "rank"]) == ["rank", "people"]


def test_json_is_one_object_and_faults_show_in_the_exit_code(subjects, capsys):
    only(subjects, "people", "routing")
    with pytest.raises(SystemExit) as ended:
        cli.main(["bench", "--json"])
    content = json.loads(capsys.readouterr().out)
    assert ended.value.code == 1
    assert {"machine", "results"} <= set(content)
    assert content["results"][0]["peers"] == {"other": 2.0, "other depth, m": 1.0}


def test_several_subjects_can_be_named(subjects, capsys, tmp_path):
    path = tmp_path / "saved.json"
    with pytest.raises(SystemExit) as ended:
        cli.main(["bench", "people", "people", "--quiet", "--save", str(path)])
    capsys.readouterr()
    saved = json.loads(path.read_text())
    assert (ended.value.code, saved["complete"], len(saved["results"])) == (0, ["people"], 1)


def test_a_peer_runs_on_one_thread_in_a_process_of_its_own(monkeypatch):
    def child(module, name, peer, n_side, path):
        assert (module, name, os.environ["OMP_NUM_THREADS"]) == ("benchmarks.shallow_water", "peer_run", "1")
        return shallow_water.peer_run(peer, n_side, path), 50.0

    monkeypatch.setattr(shallow_water, "_anuga", lambda n_side: (2.0, 4.0, np.full((2, 2), 2.0)))
    monkeypatch.setattr(shallow_water, "in_child", child)
    monkeypatch.setattr(shallow_water, "find_spec", {"anuga": "found"}.get)
    ours = SimpleNamespace(depth_m=np.full((4, 4), 2.5))
    peer = shallow_water._peer("finite-volume", 4, ours, print)
    speeds = {"anuga": 2.0, "anuga simulated s/s": 4.0}
    assert peer == {**speeds, "anuga depth, relative L1": 0.25, "anuga memory, MB": 50.0}
    assert shallow_water._peer("local-inertial", 4, ours, lambda text: None) == {}


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


def test_a_finished_subject_is_kept_before_the_next_begins(subjects):
    """A process that is killed loses at most the subject it was at."""
    seen = []

    def last(peers, tell):
        seen.append(results.PAGE.read_text())
        yield {"case": "d", "value": 1.0, "unit": "s"}

    modules = {"people": benchmarks.import_module("benchmarks.people"), "damage": SimpleNamespace(measure=last)}
    subjects.setattr(benchmarks, "import_module", lambda name: modules[name.rpartition(".")[2]])
    only(subjects, "people", "damage")
    benchmarks.run()
    assert "## people" in seen[0]


def test_the_aims_stand_in_the_output(subjects):
    def judged(peers, tell):
        yield {"case": "a", "value": 0.2, "unit": "s", "limit": "0.1 s"}

    subjects.setattr(benchmarks, "import_module", lambda name: SimpleNamespace(measure=judged))
    content = benchmarks.run("people")
    assert [(aim["what"], aim["met"]) for aim in content["aims"]] == [("a", False)]
    assert "aim missed  people: a: 0.2 s, aim at most 0.1 s" in benchmarks.lines(content)


def test_memory_is_the_peak_of_each_row(subjects):
    """The array of the first row is gone when the second one is measured."""

    def hungry(peers, tell):
        for megabytes in (200, 1):
            yield {"case": f"{megabytes}", "value": np.ones(megabytes * 125_000).sum(), "unit": "x"}

    subjects.setattr(benchmarks, "import_module", lambda name: SimpleNamespace(measure=hungry))
    large, small = (row["peak_rss_mb"] for row in benchmarks.run("people")["results"])
    assert 150 < large - small < 250


def test_cycles_follow_from_the_clock(subjects):
    def counted(peers, tell):
        yield {"case": "a", "value": 4e8, "unit": "x/s", "threads": 2}
        yield {"case": "b", "value": 4e8, "unit": "reads/s"}

    subjects.setattr(benchmarks, "import_module", lambda name: SimpleNamespace(measure=counted))
    subjects.setattr(limits, "clock_hz", lambda: 2e9)
    first, second = benchmarks.run("people")["results"]
    assert first["cycles_each"] == pytest.approx(10.0)
    assert "cycles_each" not in second


def test_two_processes_work_at_the_same_time(monkeypatch):
    monkeypatch.setattr(limits, "ROUNDS", 2)
    found = limits.together(fixed.__name__, "sleeping", 0.02)
    assert [len(both) for both in found.both_s] == [2, 2]
    assert min(found.alone_s) >= 0.02
    with pytest.raises(StateError, match="without an answer"):
        limits.together("operator", "truediv", 1, 0)


@pytest.mark.skipif(find_spec("numba") is None, reason="the chain is compiled")
def test_the_clock_is_that_of_the_fastest_chain(monkeypatch):
    ticks = iter([0.0, 4.0, 10.0, 12.0, *range(20, 26)])
    monkeypatch.setattr(limits, "time", SimpleNamespace(perf_counter=lambda: next(ticks)))
    monkeypatch.setattr(limits, "CHAIN", 500)
    assert CLOCK_HZ() == pytest.approx(2000.0)


def test_the_gain_is_the_median_of_the_rounds():
    found = limits.Together((1.0, 1.0, 3.0), ((1.0, 1.0), (2.0, 2.0), (2.0, 4.0)))
    assert found.gain == pytest.approx(2.0)
    assert found.most_per_s == pytest.approx(2.0)


def test_shallow_water_tells_all_its_aims(monkeypatch):
    monkeypatch.setattr(shallow_water, "SIZES", (8, 12, 20))
    monkeypatch.setattr(shallow_water, "REPEATS", 1)
    basin = SimpleNamespace(steps=7, depth_m=np.array([[0.0, 1.0]]))
    for case, (_, _, *figures) in shallow_water.CASES.items():
        solver = (lambda *given, threads: basin, lambda basin, stage_m: basin, *figures)
        monkeypatch.setitem(shallow_water.CASES, case, solver)
    monkeypatch.setattr(shallow_water, "cold_compile_s", lambda: 8.0)
    monkeypatch.setattr(shallow_water, "triad_bytes_per_s", lambda: 1e10)
    monkeypatch.setattr(shallow_water, "triad_bytes_per_s_of_two", lambda: 2e10)
    monkeypatch.setattr(shallow_water, "in_child", lambda *call: (None, 123.0))
    monkeypatch.setattr(shallow_water, "together", lambda *call: limits.Together((1.0,), ((1.25, 1.25),)))
    peer = {"anuga": 1.0, "anuga simulated s/s": 0.5, "anuga depth, relative L1": 0.001}
    monkeypatch.setattr(shallow_water, "_peer", lambda case, *rest: peer if case == "finite-volume" else {})
    rows = benchmarks.run("shallow-water", peers=True)["results"]
    told = {aim.what: aim for aim in aims.of(rows)}
    assert len(told) == 8
    assert told["finite-volume: two threads over one, float64"].remark.endswith("reach 1.60 x one")
    [first] = [row for row in rows if row["peers"]]
    over = told["finite-volume: simulated s/s over anuga"].value
    assert over == pytest.approx(first["simulated_s_per_s"] / 0.5)
    shares = {row["threads"]: row["limit_of"] for row in rows if "limit_of" in row}
    assert shares == {1: "bandwidth of one core", 2: "bandwidth of two processes"}
    assert all(row["peak_rss_mb"] == 123.0 for row in rows if row["unit"] != "exponent")


def test_what_if_looks_at_each_member_once(monkeypatch):
    """The last progress of a member may come more than once."""
    answers = what_if.Answers(None)
    monkeypatch.setattr(what_if, "SIZES", (1, 2))
    counted = {"members": 2, "until_s": what_if.UNTIL_S}
    monkeypatch.setattr(what_if.comparing, "compare", lambda parent, branches: {"branches": [counted]})
    for member, now_s in ((0, 3600), (0, what_if.UNTIL_S), (0, what_if.UNTIL_S)):
        answers.look(0.0, member, now_s)
    assert list(answers.at_s) == [1]
    answers.look(0.0, 1, what_if.UNTIL_S)
    assert list(answers.at_s) == [1, 2]
