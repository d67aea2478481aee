"""Runs on disk: cut short by a signal, a kill or a full disk, they resume to the digest of the uninterrupted run."""

from __future__ import annotations

import os
import shutil
import signal
import sys
import time
from pathlib import Path
from subprocess import DEVNULL, Popen

import pytest

from scenarios import build_world, execution, read_scenario
from scenarios.execution import Plan, run_member, run_members
from scenarios.observed import observed_table
from twin import snapshot, store
from twin.errors import Interrupted, StoreError

UNTIL_S = 5 * 3600
SCENARIO = read_scenario("two-towns")
CHILD = """
import sys
from pathlib import Path
from scenarios.execution import Plan, run_members
from scenarios import read_scenario
run_members(Plan.make(read_scenario("two-towns"), int(sys.argv[2]), members=int(sys.argv[3])), Path(sys.argv[1]))
"""


def plan(members=1, until_s=UNTIL_S, **more):
    return Plan.make(SCENARIO, until_s, members=members, **more)


def make(path):
    return store.RunFolder.create(path, {"status": "running"})


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    """Digest of an uninterrupted run of one member."""
    folder = make(tmp_path_factory.mktemp("whole") / "run")
    run_member(plan(), folder.path, 0)
    return folder.merge([0])


def test_same_plan_same_digest_other_seed_other_digest(whole, tmp_path):
    again, other = make(tmp_path / "again"), make(tmp_path / "other")
    run_member(plan(), again.path, 0)
    run_member(plan(seed=99), other.path, 0)
    assert again.merge([0]) == whole
    assert other.merge([0]) != whole


@pytest.mark.parametrize("stop_at_s", [60, 3600, 4 * 3600 + 120])
def test_a_stop_between_steps_resumes_to_the_same_digest(whole, tmp_path, stop_at_s):
    folder = make(tmp_path / "run")
    reached = []

    def stop():
        reached.append(1)
        return len(reached) * 60 >= stop_at_s

    with pytest.raises(Interrupted, match="twin resume"):
        run_member(plan(), folder.path, 0, stop=stop)
    run_member(plan(), folder.path, 0)
    assert folder.merge([0]) == whole


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGKILL])
def test_a_signal_at_any_moment_resumes_to_the_same_digest(whole, tmp_path, number):
    folder = make(tmp_path / "run")
    child = Popen([sys.executable, "-c", CHILD, str(folder.path), str(UNTIL_S), "1"], stdout=DEVNULL, stderr=DEVNULL)
    deadline = time.monotonic() + 60
    while not list(folder.path.glob("snapshots/*/at-*.json")) and time.monotonic() < deadline:
        time.sleep(0.01)
    child.send_signal(number)
    child.wait(60)
    run_member(plan(), folder.path, 0)
    assert folder.merge([0]) == whole


def test_a_full_disk_keeps_what_was_finished(whole, tmp_path, monkeypatch):
    folder = make(tmp_path / "run")
    real, calls = store.write_table, []

    def full(table, path):
        calls.append(path)
        if len(calls) > 3:
            raise StoreError(f"cannot write {path}: no space left; free disk space, then `twin resume`")
        real(table, path)

    monkeypatch.setattr(store, "write_table", full)
    with pytest.raises(StoreError, match="twin resume"):
        run_member(plan(), folder.path, 0)
    kept = snapshot.times(folder.member_folder(0))
    assert kept
    monkeypatch.setattr(store, "write_table", real)
    run_member(plan(), folder.path, 0)
    assert folder.merge([0]) == whole


def test_a_damaged_snapshot_is_passed_over(whole, tmp_path):
    folder = make(tmp_path / "run")
    run_member(plan(until_s=4 * 3600), folder.path, 0)
    place = folder.member_folder(0)
    last = sorted(place.glob("at-*.json"))[-1]
    last.write_text(last.read_text()[:100])
    run_member(plan(), folder.path, 0)
    assert folder.merge([0]) == whole
    assert list(place.glob("damaged-*.json"))


def test_results_do_not_depend_on_the_number_of_workers(tmp_path):
    digests = []
    for workers in (1, 2):
        folder = make(tmp_path / str(workers))
        results = run_members(plan(3, 3600), folder.path, workers=workers)
        assert [result["member"] for result in results] == [0, 1, 2]
        digests.append(folder.merge(range(3)))
    assert digests[0] == digests[1]


def test_members_differ_and_share_the_place(tmp_path):
    folder = make(tmp_path / "run")
    for member in (0, 1):
        run_member(plan(2, 3600), folder.path, member)
    folder.merge([0, 1])
    rows = folder.series().to_pandas()
    power = rows[(rows.quantity == "households_without_power") & (rows.kind == "true")]
    power = power[(power.area == "all") & (power.time_s == 3600)]
    assert len(power) == 2
    assert power.value.nunique() == 2


def test_run_folder_holds_the_agreed_columns(tmp_path):
    folder = make(tmp_path / "run")
    run_member(plan(until_s=3600), folder.path, 0)
    folder.merge([0], observed_table(SCENARIO, build_world(SCENARIO), 3600))
    series, events = folder.series(), folder.events()
    assert series.column_names == [field.name for field in store.SERIES_SCHEMA]
    assert events.column_names == [field.name for field in store.EVENTS_SCHEMA]
    assert str(series.schema.field("time").type) == "timestamp[s, tz=Asia/Tokyo]"
    assert events["causes"].null_count == 0
    assert set(series["time_s"].to_pylist()) == {600, 1200, 1800, 2400, 3000, 3600}
    first = series["time"][0].as_py()
    assert (first - SCENARIO.start).total_seconds() == 600


def test_a_folder_that_cannot_be_made_is_told(tmp_path):
    blocked = tmp_path / "file"
    blocked.write_text("")
    with pytest.raises(StoreError, match="choose another --out"):
        store.RunFolder.create(blocked / "run", {})
    with pytest.raises(StoreError, match="not a run folder"):
        store.RunFolder.open(tmp_path)
    folder = make(tmp_path / "run")
    with pytest.raises(StoreError, match="already holds a run"):
        make(folder.path)


def test_fork_points_are_kept(tmp_path):
    folder = make(tmp_path / "run")
    run_member(plan(until_s=3 * 3600), folder.path, 0)
    assert set(snapshot.times(folder.member_folder(0))) >= {
        point for point in execution.FORK_POINTS_S if point <= 3 * 3600
    }
    shutil.rmtree(folder.path)
    assert not os.path.exists(folder.path)
    assert Path(folder.path).name == "run"
