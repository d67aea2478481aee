"""What a job does on disk: whole folders or none, one result however often it is begun, one process at a time."""

from __future__ import annotations

import json
from dataclasses import asdict

import pytest

from api.jobs import work
from api.jobs.errors import BusyError, NotFoundError
from api.jobs.voice import Voice
from scenarios import branches, ranking, read_scenario, running
from scenarios.execution import Plan
from twin.errors import Interrupted, ScenarioError


@pytest.fixture(scope="module")
def plan():
    return Plan.make(read_scenario("two-towns"), until_s=3600)


@pytest.fixture
def job(submit, store, plan):
    submit("a", payload={"plan": json.loads(json.dumps(asdict(plan))), "shown": {}})
    return store.claim("w")


@pytest.fixture
def url(tmp_path):
    return f"sqlite:///{tmp_path / 'jobs.sqlite'}"


def test_a_stopped_run_goes_on_to_the_digest_of_one_that_was_never_stopped(job, store, plan, tmp_path):
    stops = iter([False, False, True])
    with pytest.raises(Interrupted):
        work.carry_out(job, tmp_path, stop=lambda: next(stops))
    voice = Voice(store, job)
    result = work.carry_out(job, tmp_path, voice.progress, voice.stop, meter=voice)
    whole = running.create(plan, read_scenario("two-towns"), tmp_path / "whole", "whole")
    assert result["digest"] == running.finish(whole, with_report=False)["digest"]
    assert (tmp_path / "runs" / "a" / "report.html").is_file()
    assert store.finish(job, "done", result=result, notes=voice.rest()).now_s == 3600
    (tmp_path / "runs" / "a" / "report.html").unlink()
    assert work.carry_out(job, tmp_path) == result
    assert (tmp_path / "runs" / "a" / "report.html").is_file()


def fake_create(plan, scenario, path, run_id):
    path.mkdir(parents=True)
    (path / "manifest.json").write_text('{"status": "done", "members": 1, "until_s": 3600, "digest": "d"}')
    (path / "report.html").touch()


def test_a_half_made_folder_is_made_again(job, tmp_path, monkeypatch):
    monkeypatch.setattr(running, "create", fake_create)
    for rest in (tmp_path / "runs" / "a" / "snapshots", tmp_path / "runs" / ".making" / "a" / "snapshots"):
        rest.mkdir(parents=True)
    assert work.carry_out(job, tmp_path)["digest"] == "d"
    assert sorted(path.name for path in (tmp_path / "runs" / "a").iterdir()) == ["manifest.json", "report.html"]


def test_a_folder_whose_making_fails_is_not_there(job, tmp_path, monkeypatch):
    def refuse(plan, scenario, path, run_id):
        path.mkdir(parents=True)
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(running, "create", refuse)
    with pytest.raises(work.StoreError, match="No space left"):
        work.carry_out(job, tmp_path)
    assert not (tmp_path / "runs" / "a").exists()


def test_two_processes_never_work_in_one_folder(job, tmp_path, monkeypatch):
    monkeypatch.setattr(running, "create", fake_create)

    def finish(folder, **_):
        with pytest.raises(BusyError):
            work.carry_out(job, tmp_path)
        with pytest.raises(BusyError):
            work.remove_folder(tmp_path, "run", "a")
        return folder.manifest()

    monkeypatch.setattr(running, "finish", finish)
    assert work.carry_out(job, tmp_path)["members"] == 1
    work.remove_folder(tmp_path, "run", "a")  # the lock is free again


def test_removing_leaves_nothing_and_may_be_repeated(job, tmp_path, monkeypatch):
    monkeypatch.setattr(running, "create", fake_create)
    work.carry_out(job, tmp_path)
    (tmp_path / "runs" / ".deleted" / "a").mkdir(parents=True)  # of a removal that was cut short
    for _ in range(2):
        work.remove_folder(tmp_path, "run", "a")
        assert [path for path in tmp_path.rglob("*") if path.name == "a"] == []


def test_a_fork_gets_what_was_asked_and_needs_its_parent(submit, store, tmp_path, monkeypatch):
    def fake_fork(parent, at_s, countermeasure, path, run_id, **asked):
        assert (parent.path.name, at_s, countermeasure, asked) == ("p", 60, {}, {"members": 2, "until_s": None})
        fake_create(None, None, path, run_id)

    monkeypatch.setattr(branches, "fork", fake_fork)
    submit("f", kind="fork", payload={"parent": "p", "at_s": 60, "countermeasure": {}, "members": 2})
    fork = store.claim("w")
    with pytest.raises(NotFoundError):
        work.carry_out(fork, tmp_path)
    fake_create(None, None, tmp_path / "runs" / "p", "p")
    assert work.carry_out(fork, tmp_path)["digest"] == "d"


def test_a_ranking_is_answered_once_and_meanwhile_so_far(submit, store, tmp_path, monkeypatch):
    fake_create(None, None, tmp_path / "runs" / "p", "p")
    answer = {"best": "hub", "members_used": 4, "members_equal_allocation": 16}

    def fake_rank(parent, at_s, candidates, place, *, tell, stop, pool, objective):
        assert (at_s, candidates, objective) == (60, [], "deaths")
        tell({**answer, "best": "crews"})
        if stop():
            raise Interrupted("stopped")
        return answer

    monkeypatch.setattr(ranking, "rank", fake_rank)
    submit("r", kind="rank", payload={"parent": "p", "at_s": 60, "candidates": [], "objective": "deaths", "shown": {}})
    rank = store.claim("w")
    voice = Voice(store, rank)
    assert work.ranking_of(tmp_path, "r") is None
    with pytest.raises(Interrupted):
        work.carry_out(rank, tmp_path, stop=lambda: True, meter=voice)
    assert work.ranking_of(tmp_path, "r")["best"] == "crews"
    assert store.get("r").progress == 0.5
    assert work.carry_out(rank, tmp_path) == answer
    monkeypatch.delattr(ranking, "rank")
    assert work.carry_out(rank, tmp_path) == answer


def test_a_scenario_that_is_gone_is_told(submit, store, tmp_path, plan):
    submit("a", payload={"plan": {**asdict(plan), "scenario": "nowhere"}})
    with pytest.raises(ScenarioError):
        work.carry_out(store.claim("w"), tmp_path)
