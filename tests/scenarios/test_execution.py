"""Runs on disk: cut short by a signal, a kill or a full disk, they resume to the digest of the uninterrupted run."""

from __future__ import annotations

import os
import pickle
import shutil
import signal
import sys
import time
from pathlib import Path
from subprocess import DEVNULL, Popen

import pyarrow as pa
import pyarrow.compute as pc
import pytest
from threadpoolctl import threadpool_info, threadpool_limits

from api import cli
from layers.hazard import water
from scenarios import build_world, check, execution, read_scenario
from scenarios.execution import Plan, run_member, run_members
from scenarios.observed import observed_table
from twin import memo, snapshot, store
from twin.errors import Interrupted, ParameterError, StateError, StoreError
from twin.numerics.shallow_water import BlowUp

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


def test_a_member_multiplies_matrices_with_one_thread_whatever_the_process_has(tmp_path):
    seen = set()

    def note(*_):
        seen.update(pool["num_threads"] for pool in threadpool_info() if pool["user_api"] == "blas")

    with threadpool_limits(2, "blas"):
        run_member(plan(until_s=600), make(tmp_path / "run").path, 0, progress=note)
        assert {pool["num_threads"] for pool in threadpool_info() if pool["user_api"] == "blas"} == {2}
    assert seen == {1}


@pytest.mark.parametrize("stop_at_s", [60, 3600, 4 * 3600 + 120])
def test_a_stop_between_steps_resumes_to_the_same_digest(whole, tmp_path, stop_at_s):
    folder = make(tmp_path / "run")
    reached = []

    def stop():
        reached.append(1)
        return len(reached) * 60 >= stop_at_s

    with pytest.raises(Interrupted, match="twin resume"):
        run_member(plan(), folder.path, 0, stop=stop)
    place = folder.member_folder(0)
    assert max(snapshot.times(place)) == stop_at_s
    run_member(plan(), folder.path, 0)
    assert folder.merge([0]) == whole
    assert not list(place.glob("damaged-*"))


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


@pytest.fixture(scope="module")
def two_hours(tmp_path_factory):
    """A run that came to its end after two hours, with a snapshot after the first."""
    folder = make(tmp_path_factory.mktemp("short") / "run")
    run_member(plan(until_s=7200), folder.path, 0)
    return folder


@pytest.mark.parametrize(
    ("name", "left"), [("series", None), ("events", 0), ("frames", 0.5), ("series", 0.999), ("events", None)]
)
def test_a_part_that_is_lost_or_cut_short_is_computed_again(two_hours, tmp_path, name, left):
    folder = store.RunFolder(shutil.copytree(two_hours.path, tmp_path / "run"))
    place = folder.member_folder(0)
    part = store.parts(place, name)[-1]
    content = part.read_bytes()
    part.unlink()
    if left is not None:
        part.write_bytes(content[: int(left * len(content))])
    (place / "series-000000700.tmp").write_text("of a process that was killed")
    run_member(plan(until_s=7200), folder.path, 0)
    assert folder.merge([0]) == two_hours.merge([0])
    assert folder.frames() == two_hours.frames()
    assert [file.name for file in place.glob("damaged-*")] == ["damaged-000007200.json"]
    assert not list(place.glob("*.tmp"))


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


# A blow-up stops a run with time and cell, keeps what was finished, and leaves a run that can go on.

BLOWN_S, LAST_KEPT_S, ENDS = 900, 600, ("--until", "30m")
COAST = read_scenario("coastal-town")


@pytest.fixture
def blown(monkeypatch):
    """The solver fails in the chunk that begins at BLOWN_S; call the fixture's value to take the cause away."""
    real = water._solve

    def solve(place, state, decided, pace):
        if state.until_s >= BLOWN_S:
            raise BlowUp(f"finite volume: no step is short enough after {BLOWN_S} s in cell (row 7, column 9)", None)
        return real(place, state, decided, pace)

    monkeypatch.setattr(water, "_solve", solve)
    yield lambda: monkeypatch.setattr(water, "_solve", real)
    memo.use(None)


def command(capsys, *arguments):
    """Exit code and what was said by a command."""
    with pytest.raises(SystemExit) as ended:
        cli.main(list(arguments))
    out, err = capsys.readouterr()
    return ended.value.code, out + err


@pytest.fixture(scope="module")
def flooded(tmp_path_factory):
    """Digest of an uninterrupted run of the coast until the waves are there, and the folder of kept chunks."""
    data = tmp_path_factory.mktemp("flooded")
    folder = make(data / "run")
    run_member(Plan.make(COAST, 1800, cache=str(data / "cache")), folder.path, 0)
    memo.use(None)
    return folder.merge([0]), data / "cache"


def test_a_blow_up_stops_the_run_with_time_and_cell_and_keeps_what_was_finished(blown, flooded, tmp_path, capsys):
    start = ("--quiet", "--data-dir", str(tmp_path), "run", "coastal-town", *ENDS, "--out", str(tmp_path / "run"))
    code, told = command(capsys, *start)
    assert code == 1
    assert "after 900 s in cell (row 7, column 9)" in told
    assert f"kept until T+{LAST_KEPT_S} s" in told
    assert "twin resume" in told
    assert "Traceback" not in told
    folder = store.RunFolder.open(tmp_path / "run")
    assert folder.manifest()["status"] == "failed"
    assert snapshot.times(folder.member_folder(0)) == [LAST_KEPT_S]
    for name in ("series", "events"):
        (part,) = store.parts(folder.member_folder(0), name)
        with pa.ipc.open_file(part) as file:
            times = file.read_all()["time_s"]
        assert 0 < pc.max(times).as_py() <= LAST_KEPT_S, name
    blown()
    code, told = command(capsys, "--quiet", "--data-dir", str(tmp_path), "resume", str(tmp_path / "run"))
    assert code == 0, told
    assert folder.manifest()["status"] == "done"
    assert folder.manifest()["digest"] == flooded[0]


def test_a_blow_up_that_stays_stops_the_resumed_run_at_the_same_place(blown, flooded, tmp_path):
    folder, plan_ = make(tmp_path / "run"), Plan.make(COAST, 1800)
    for _ in range(2):
        with pytest.raises(StateError, match=rf"row 7, column 9.*\n.*kept until T\+{LAST_KEPT_S} s"):
            run_members(plan_, folder.path)
        assert snapshot.times(folder.member_folder(0)) == [LAST_KEPT_S]


def test_a_blow_up_reaches_the_parent_process(blown, tmp_path):
    """Errors of workers cross over as bytes; one that cannot would break the pool and lose the other members."""
    with pytest.raises(StateError) as caught:
        run_member(Plan.make(COAST, 1800), make(tmp_path / "run").path, 0)
    assert str(pickle.loads(pickle.dumps(caught.value))) == str(caught.value)


@pytest.mark.parametrize("layer", ["damage", "government"])
def test_a_step_that_fails_half_way_keeps_whole_steps_only(whole, tmp_path, monkeypatch, layer):
    """Layers before the failing one have moved on already; what is kept is the instant before them."""
    real, folder = execution.begin, make(tmp_path / "run")

    def begin(plan_, member):
        scenario, world, twin = real(plan_, member)
        step, call = 2 * 3600 + 900, twin._call

        def failing(one, inputs, clock):
            if one.name == layer and clock.end_s >= step:
                raise StateError(f"layer {layer}: no number at T+{clock.end_s} s")
            return call(one, inputs, clock)

        twin._call = failing
        return scenario, world, twin

    monkeypatch.setattr(execution, "begin", begin)
    with pytest.raises(StateError, match="kept until T"):
        run_member(plan(), folder.path, 0)
    assert snapshot.times(folder.member_folder(0))[-1] >= 2 * 3600
    monkeypatch.setattr(execution, "begin", real)
    run_member(plan(), folder.path, 0)
    assert folder.merge([0]) == whole


# What a water scenario is refused for, before the first step.


@pytest.mark.parametrize(
    ("name", "table", "column", "value", "told"),
    [
        ("coastal-town", "fault", "width_km", "0", "too small, at least 1 is allowed, '0'"),
        ("coastal-town", "fault", "slip_m", "NaN", "NaN and infinity are not allowed"),
        ("coastal-town", "fault", "lat", "3653478", "too large"),
        ("river-town", "rain", "town_mm_per_h", "NaN", "NaN and infinity are not allowed"),
        ("river-town", "rain", "catchment_mm_per_h", "", "blank, but a value is required"),
        ("river-town", "rain", "catchment_mm_per_h", "-3", "too small, at least 0 is allowed, '-3'"),
        ("river-town", "rain", "time", "2027-09-14T18:00:00", "the time zone is missing"),
        ("river-town", "pump", "capacity_m3_per_s", "inf", "NaN and infinity are not allowed"),
    ],
)
def test_a_bad_number_is_refused_with_its_file_line_and_column(tmp_path, name, table, column, value, told):
    place = Path(shutil.copytree(read_scenario(name).path.parent, tmp_path / "place"))
    path = place / f"{table}.csv"
    lines = path.read_text(encoding="utf-8").splitlines()
    row = lines[1].split(",")
    row[lines[0].split(",").index(column)] = value
    lines[1] = ",".join(row)
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    (problem,) = check(place / "scenario.yaml")
    assert problem.startswith(f"{path}:2: {column}: ")
    assert told in problem


def test_a_missing_hour_of_rain_is_refused(tmp_path):
    place = Path(shutil.copytree(read_scenario("river-town").path.parent, tmp_path / "place"))
    path = place / "rain.csv"
    lines = path.read_text(encoding="utf-8").splitlines()
    path.write_text("\n".join([*lines[:4], *lines[5:]]) + "\n", encoding="utf-8")
    (problem,) = check(place / "scenario.yaml")
    assert problem.startswith(f"{path}:5: time: ")
    assert "give a row for every step" in problem


def test_a_breach_outside_the_levee_is_refused_before_the_first_step(tmp_path):
    folder = make(tmp_path / "run")
    settings = {"damage.breach_forced_s": 3600, "damage.breach_forced_segment": 100_000}
    with pytest.raises(ParameterError, match=r"breach_forced_segment = 100000: there are \d+ levee segments") as caught:
        run_member(Plan.make(COAST, 1800, settings=settings), folder.path, 0)
    assert "name one of them or set breach_forced_s to -1" in str(caught.value)
    assert not snapshot.times(folder.member_folder(0))
    assert not store.parts(folder.member_folder(0), "series")


def test_a_breach_before_the_levees_is_refused_with_its_line(tmp_path):
    path = tmp_path / "mine.yaml"
    text = COAST.path.read_text(encoding="utf-8").replace("facts: .", f"facts: {COAST.path.parent}")
    path.write_text(text + "set:\n  damage.breach_forced_segment: -5\n", encoding="utf-8")
    (problem,) = check(path)
    assert problem.startswith(f"{path}:")
    assert "set.damage.breach_forced_segment" in problem
    assert "outside its valid range" in problem
