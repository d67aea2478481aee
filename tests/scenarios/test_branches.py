"""Branches: nothing changed gives the parent bit by bit; a measure changes what it reaches and nothing before it."""

import numpy as np
import pyarrow.compute as pc
import pytest

from scenarios import branches, read_scenario
from scenarios.comparing import compare
from scenarios.execution import Plan
from scenarios.running import create, finish
from twin import snapshot
from twin.errors import ScenarioError, StoreError

SCENARIO = read_scenario("two-towns")
UNTIL_S, AT_S = 5 * 3600, 2 * 3600
NOTHING = {"name": "nothing-changed"}
CREWS = {"name": "crews", "measures": [{"lever": "rescue.extra_fire_crews", "value": 150}]}
ADVICE = {"name": "advice", "measures": [{"lever": "people.heat_advice", "value": 0.6, "until": "4h"}]}


@pytest.fixture(scope="module")
def parent(tmp_path_factory):
    plan = Plan.make(SCENARIO, UNTIL_S, members=2)
    folder = create(plan, SCENARIO, tmp_path_factory.mktemp("parent") / "run", "parent")
    finish(folder, with_report=False)
    return folder


def branch(parent, path, record, at_s=AT_S, **more):
    folder = branches.fork(parent, at_s, record, path, path.name, **more)
    finish(folder, with_report=False)
    return folder


@pytest.mark.parametrize("at_s", [AT_S, AT_S + 100, 1200, 4 * 3600 + 1800])
def test_an_empty_countermeasure_gives_the_parent_bit_by_bit(parent, tmp_path, at_s):
    twin = branch(parent, tmp_path / "same", NOTHING, at_s)
    assert twin.manifest()["digest"] == parent.manifest()["digest"]
    told = compare(parent, [twin])["branches"][0]
    assert {row["difference"]["verdict"] for row in told["differences"]} == {"same"}


def test_a_branch_says_what_it_is(parent, tmp_path):
    manifest = branch(parent, tmp_path / "one", CREWS, AT_S + 59, members=1).manifest()
    assert (manifest["parent"], manifest["forked_at_s"], manifest["draws"]) == ("parent", AT_S, "one draw")
    assert manifest["countermeasure"]["name"] == "crews"


def test_the_past_is_shared_and_not_computed_again(parent, tmp_path):
    at_s = 3600  # a fork point: there is a snapshot, however long snapshots take
    folder = branches.fork(parent, at_s, CREWS, tmp_path / "b", "b")
    place = folder.member_folder(0)
    assert snapshot.times(place) == [at_s]
    source = parent.member_folder(0) / f"at-{at_s:09d}.json"
    assert (place / source.name).stat().st_ino == source.stat().st_ino


def test_a_branch_keeps_snapshots_at_fork_points_and_its_end_only(parent, tmp_path):
    folder = branch(parent, tmp_path / "few", CREWS, 3600, members=1)
    assert snapshot.times(folder.member_folder(0)) == [3600, 3 * 3600, UNTIL_S]


def test_nothing_before_the_fork_changes_and_something_after_it_does(parent, tmp_path):
    folder = branch(parent, tmp_path / "advice", ADVICE)
    before, after = (table.filter(pc.less_equal(table["time_s"], AT_S)) for table in (parent.series(), folder.series()))
    for name in ("time_s", "quantity", "area", "member"):
        assert before[name].to_pylist() == after[name].to_pylist()
    assert np.array_equal(before["value"].to_numpy(), after["value"].to_numpy(), equal_nan=True)
    assert folder.manifest()["digest"] != parent.manifest()["digest"]


def test_a_branch_outlives_its_parent_and_can_be_forked_again(parent, tmp_path):
    first = branches.fork(parent, AT_S, ADVICE, tmp_path / "first", "first")
    finish(first, with_report=False)
    second = branch(first, tmp_path / "second", NOTHING, 3 * 3600)
    assert second.manifest()["digest"] == first.manifest()["digest"]
    later = branch(first, tmp_path / "third", NOTHING, 4 * 3600 + 600)
    assert later.manifest()["digest"] == first.manifest()["digest"]  # the lever was taken back at 4 h in both


def test_a_branch_cut_short_goes_on_with_its_levers(parent, tmp_path):
    whole = branch(parent, tmp_path / "whole", ADVICE, members=1)
    folder = branches.fork(parent, AT_S, ADVICE, tmp_path / "cut", "cut", members=1)
    steps = iter(range(10_000))
    with pytest.raises(Exception, match="twin resume"):
        finish(folder, stop=lambda: next(steps) == 70, with_report=False)
    assert folder.manifest()["status"] == "interrupted"
    finish(folder, with_report=False)
    assert folder.manifest()["digest"] == whole.manifest()["digest"]


def test_an_archived_run_can_be_forked(parent, tmp_path):
    copy = branch(parent, tmp_path / "copy", NOTHING)
    before, after = snapshot.compress(copy.member_folder(0))
    assert 0 < after < before
    assert branch(copy, tmp_path / "of-copy", NOTHING, 3 * 3600, members=1).manifest()["status"] == "done"


@pytest.mark.parametrize(
    ("more", "part"),
    [
        ({"members": 3}, "has 2; ask for 1 to 2"),
        ({"at_s": UNTIL_S}, "lies outside the run"),
        ({"record": {"name": "x", "measures": [{"lever": "no.lever", "value": 1}]}}, "there is no 'no.lever'"),
        (
            {"record": {"name": "x", "measures": [{"lever": "rescue.extra_fire_crews", "value": 1, "at": "1h"}]}},
            "before",
        ),
    ],
)
def test_a_branch_that_cannot_be_is_refused_and_leaves_no_run(parent, tmp_path, more, part):
    asked = {"record": NOTHING, "at_s": AT_S, **more}
    with pytest.raises(ScenarioError, match=part):
        branches.fork(parent, asked.pop("at_s"), asked.pop("record"), tmp_path / "x", "x", **asked)
    assert not (tmp_path / "x" / "manifest.json").exists()


def test_a_run_that_has_not_come_so_far_is_told(tmp_path):
    folder = create(Plan.make(SCENARIO, UNTIL_S), SCENARIO, tmp_path / "new", "new")
    with pytest.raises(StoreError, match="not come to"):
        branches.fork(folder, AT_S, NOTHING, tmp_path / "b", "b")


def test_runs_of_another_seed_are_not_compared(parent, tmp_path):
    other = create(Plan.make(SCENARIO, UNTIL_S, seed=77), SCENARIO, tmp_path / "other", "other")
    with pytest.raises(ScenarioError, match="only branches of one run"):
        compare(parent, [other])


def test_the_report_of_a_branch_says_what_was_ordered(parent, tmp_path):
    record = {
        **CREWS,
        "title_ja": "増隊<b>",
        "measures": [{**CREWS["measures"][0], "at": "3h", "reason": "many trapped"}],
    }
    folder = branches.fork(parent, AT_S, record, tmp_path / "told", "told", members=1)
    finish(folder)
    page = (folder.path / "report.html").read_text()
    for part in (
        "増隊&lt;b&gt;",
        "branched off parent",
        "緊急消防援助隊の増隊",
        "many trapped",
        "more emergency fire crews",
    ):
        assert part in page
