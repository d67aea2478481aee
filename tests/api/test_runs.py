"""Runs over HTTP: made once, listed whole, shown, cancelled, resumed, deleted."""

from __future__ import annotations

import shutil
from concurrent.futures import ThreadPoolExecutor

import pytest

from api.jobs.records import FAILED
from tests.api.server import MEASURE, Server, leave_folder


@pytest.fixture(scope="module")
def shared(tmp_path_factory):
    made = Server(tmp_path_factory.mktemp("data"))
    yield made
    made.close()


@pytest.fixture
def server(tmp_path):
    made = Server(tmp_path)
    yield made
    made.close()


def test_a_run_is_accepted_with_its_place(server):
    answer = server.planner.post("/v1/runs", json={"scenario": "two-towns", "until": "2h", "members": 3, "seed": 7})
    run = answer.json()
    assert answer.status_code == 202
    assert answer.headers["location"] == run["links"]["self"] == f"/v1/runs/{run['run_id']}"
    assert (run["status"], run["kind"], run["scenario"]) == ("accepted", "run", "two-towns")
    assert (run["members"], run["seed"], run["until_s"], run["draws"]) == (3, 7, 7200, "3 members")
    assert server.jobs.get(run["run_id"]).payload["plan"]["members"] == 3


def test_what_is_left_out_comes_from_the_scenario(server):
    run = server.planner.post("/v1/runs", json={"scenario": "two-towns"}).json()
    told = server.viewer.get("/v1/scenarios/two-towns").json()
    assert {name: run[name] for name in ("members", "seed", "until_s")} == {
        name: told[name] for name in ("members", "seed", "until_s")
    }


@pytest.mark.parametrize(
    ("ask", "pointer"),
    [
        ({}, "#/scenario"),
        ({"scenario": "two-town"}, "#/scenario"),
        ({"scenario": "../two-towns"}, "#/scenario"),
        ({"scenario": "/etc/passwd"}, "#/scenario"),
        ({"scenario": "two-towns", "more": 1}, "#/more"),
        ({"scenario": "two-towns", "until": "soon"}, "#/until"),
        ({"scenario": "two-towns", "until": -1}, "#/until"),
        ({"scenario": "two-towns", "until": True}, "#/until"),
        ({"scenario": "two-towns", "until": "1s"}, "#/until"),
        ({"scenario": "two-towns", "until": "61d"}, "#/until"),
        ({"scenario": "two-towns", "members": 201}, "#/members"),
        ({"scenario": "two-towns", "members": 0}, "#/members"),
        ({"scenario": "two-towns", "members": "2"}, "#/members"),
        ({"scenario": "two-towns", "members": 1.5}, "#/members"),
        ({"scenario": "two-towns", "seed": -1}, "#/seed"),
        ({"scenario": "two-towns", "set": {f"people.p{n}": 1 for n in range(101)}}, "#/set"),
        ({"scenario": "two-towns", "set": {"people.nothing": 1}}, "#"),
        ({"scenario": "two-towns", "set": {"nobody.nothing": 1}}, "#"),
        ({"scenario": "two-towns", "set": {"../x": 1}}, "#/set/..~1x/[key]"),
        ({"scenario": "two-towns", "set": {"people.outing_s": "x"}}, "#/set/people.outing_s"),
        ({"scenario": "two-towns", "set": {"people.outing_s": [1.0]}}, "#/set/people.outing_s"),
        ({"scenario": "two-towns", "cut": ["nothing"]}, "#"),
        ({"scenario": "two-towns", "countermeasure": {"name": "Bad Name"}}, "#"),
        ({"scenario": "two-towns", "countermeasure": {**MEASURE, "measures": [{"lever": "x.y", "value": 1}]}}, "#"),
    ],
)
def test_bad_asks_name_the_place(shared, ask, pointer):
    answer = shared.planner.post("/v1/runs", json=ask)
    content = answer.json()
    assert answer.status_code == 422, answer.text
    assert pointer in [error["pointer"] for error in content["errors"]]
    assert str(shared.data_dir) not in answer.text
    assert "scenario.yaml" not in answer.text
    assert shared.jobs.counts() == {}


def test_the_same_idempotency_key_makes_one_run(server):
    ask, key = {"scenario": "two-towns", "until": "2h"}, {"Idempotency-Key": "key-1"}
    first = server.planner.post("/v1/runs", json=ask, headers=key)
    again = server.planner.post("/v1/runs", json={"until": "2h", "scenario": "two-towns"}, headers=key)
    assert (again.status_code, again.json()["run_id"]) == (202, first.json()["run_id"])
    other = server.planner.post("/v1/runs", json={**ask, "seed": 2}, headers=key)
    assert (other.status_code, other.json()["type"]) == (422, "/v1/problems/idempotency-conflict")
    somebody = server.admin.post("/v1/runs", json=ask, headers=key)
    assert somebody.json()["run_id"] != first.json()["run_id"]
    assert [one["decision"] for one in server.viewer.get("/v1/decisions").json()["decisions"]] == ["run", "run"]


def test_the_same_key_at_the_same_time_makes_one_run(server):
    def ask(_):
        body = {"scenario": "two-towns", "until": "2h"}
        return server.planner.post("/v1/runs", json=body, headers={"Idempotency-Key": "k"}).json()["run_id"]

    with ThreadPoolExecutor(4) as pool:
        assert len(set(pool.map(ask, range(8)))) == 1


@pytest.mark.parametrize("key", ["x" * 201, "a b", "", "\x7f"])
def test_bad_idempotency_keys_are_refused(shared, key):
    answer = shared.planner.post("/v1/runs", json={"scenario": "two-towns"}, headers={"Idempotency-Key": key})
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["pointer"] == "header:Idempotency-Key"


def test_too_many_waiting_runs_are_429(tmp_path):
    server = Server(tmp_path, queued_of_one=1, queued=2)
    server.run()
    answer = server.planner.post("/v1/runs", json={"scenario": "two-towns"})
    assert answer.status_code == 429
    assert int(answer.headers["retry-after"]) > 0
    assert server.admin.post("/v1/runs", json={"scenario": "two-towns"}).status_code == 202
    server.close()


def test_lists_hold_jobs_and_folders_of_the_command_line_in_order(server):
    leave_folder(server.data_dir, "old-run", created="2020-01-01T00:00:00+00:00", status="done")
    made = [server.run()["run_id"] for _ in range(3)]
    leave_folder(server.data_dir, "new-run", created="2990-01-01T00:00:00+00:00")
    leave_folder(server.data_dir, "older-run", created="2019-01-01T00:00:00+00:00")
    server.shelf.adopted("")  # look again now
    expected = ["new-run", *reversed(made), "old-run", "older-run"]
    assert [run["run_id"] for run in server.viewer.get("/v1/runs").json()["runs"]] == expected
    for limit in (1, 2, 4):
        found, cursor = [], ""
        while cursor is not None:
            page = server.viewer.get(
                "/v1/runs", params={"limit": limit, **({"cursor": cursor} if cursor else {})}
            ).json()
            assert len(page["runs"]) <= limit
            found += [run["run_id"] for run in page["runs"]]
            cursor = page["next"]
        assert found == expected


def test_a_folder_of_the_command_line_is_shown(server):
    leave_folder(server.data_dir, "cli-run", status="done", digest="abc", finished="2026-01-01T00:00:00+00:00")
    shown = server.viewer.get("/v1/runs/cli-run").json()
    assert (shown["status"], shown["digest"], shown["progress"], shown["now_s"]) == ("done", "abc", 1.0, 7200)
    assert shown["scenario"] == "two-towns"


def test_what_is_no_run_folder_is_not_there(server):
    outside = leave_folder(server.data_dir / "elsewhere", "outside-run")
    runs = server.data_dir / "runs"
    runs.mkdir(exist_ok=True)
    (runs / "linked-run").symlink_to(outside)
    (runs / "empty-run").mkdir()
    (runs / "broken-run").mkdir()
    (runs / "broken-run" / "manifest.json").write_text("{")
    for run_id in ("linked-run", "empty-run", "broken-run"):
        assert server.viewer.get(f"/v1/runs/{run_id}").status_code == 404
    assert server.viewer.get("/v1/runs").json()["runs"] == []


def test_a_finished_run_has_an_entity_tag(server):
    run_id = server.run()["run_id"]
    assert "etag" not in server.viewer.get(f"/v1/runs/{run_id}").headers
    server.finish(run_id, digest="abc")
    server.app.state.fresh.clear()
    answer = server.viewer.get(f"/v1/runs/{run_id}")
    tag = answer.headers["etag"]
    assert answer.json()["digest"] == "abc"
    assert answer.headers["cache-control"].startswith("private")
    for asked in (tag, f"W/{tag}", f'"x", {tag}', "*"):
        again = server.viewer.get(f"/v1/runs/{run_id}", headers={"if-none-match": asked})
        assert (again.status_code, again.content) == (304, b"")
    assert server.viewer.get(f"/v1/runs/{run_id}", headers={"if-none-match": '"x"'}).status_code == 200


def test_a_failed_run_tells_why_without_paths(server):
    run_id = server.run()["run_id"]
    server.finish(run_id, FAILED, message=f"layer people failed in {server.data_dir}/runs/{run_id}/x")
    server.app.state.fresh.clear()
    shown = server.viewer.get(f"/v1/runs/{run_id}").json()
    assert (shown["status"], shown["message"]) == ("failed", f"layer people failed in {run_id}")


def test_cancel_resume_and_cancel_again(server):
    run_id = server.run()["run_id"]
    assert server.planner.post(f"/v1/runs/{run_id}/cancel?reason=wrong+seed").json()["status"] == "cancelled"
    assert server.viewer.get(f"/v1/runs/{run_id}").json()["status"] == "cancelled"
    assert server.planner.post(f"/v1/runs/{run_id}/cancel").status_code == 200
    assert server.planner.post(f"/v1/runs/{run_id}/resume").json()["status"] == "accepted"
    server.finish(run_id)
    assert server.planner.post(f"/v1/runs/{run_id}/cancel").status_code == 409
    for verb in ("cancel", "resume"):
        assert server.planner.post(f"/v1/runs/no-run/{verb}").status_code == 404
    decisions = server.viewer.get(f"/v1/decisions?run={run_id}").json()["decisions"]
    assert [one["decision"] for one in decisions] == ["resume", "cancel", "cancel", "run"]
    assert decisions[2]["reason"] == "wrong seed"
    assert decisions[0]["name"] == "planner"


def test_a_run_of_the_command_line_is_taken_over_by_resume(server):
    leave_folder(server.data_dir, "cli-run", status="interrupted")
    leave_folder(server.data_dir, "done-run", status="done")
    assert server.planner.post("/v1/runs/cli-run/cancel").status_code == 409
    assert server.planner.post("/v1/runs/done-run/resume").status_code == 409
    assert server.planner.post("/v1/runs/cli-run/resume").json()["status"] == "accepted"
    job = server.jobs.get("cli-run")
    assert (job.kind, job.payload["plan"]["until_s"]) == ("run", 7200)
    assert [run["run_id"] for run in server.viewer.get("/v1/runs").json()["runs"]].count("cli-run") == 1


def test_two_who_delete_the_same_run(server):
    run_id = server.run()["run_id"]
    with ThreadPoolExecutor(2) as pool:
        codes = sorted(
            pool.map(lambda who: who.delete(f"/v1/runs/{run_id}").status_code, (server.admin, server.planner))
        )
    assert codes == [204, 404]
    assert server.viewer.get(f"/v1/runs/{run_id}").status_code == 404
    assert server.viewer.get("/v1/runs").json()["runs"] == []


def test_deleting_a_job_takes_its_folder_and_nothing_comes_back(server):
    run_id = server.run()["run_id"]
    path = leave_folder(server.data_dir, run_id, status="done")
    server.finish(run_id)
    copy = shutil.copytree(path, server.data_dir / "copy")
    assert server.planner.delete(f"/v1/runs/{run_id}").status_code == 204
    assert not path.exists()
    shutil.copytree(copy, path)  # as if a worker had written once more
    assert server.viewer.get(f"/v1/runs/{run_id}").status_code == 404
    assert server.viewer.get("/v1/runs").json()["runs"] == []


def test_deleting_a_folder_of_the_command_line(server):
    path = leave_folder(server.data_dir, "cli-run", status="done")
    going = leave_folder(server.data_dir, "going-run", status="running")
    assert server.planner.delete("/v1/runs/cli-run").status_code == 204
    assert server.planner.delete("/v1/runs/cli-run").status_code == 404
    assert server.planner.delete("/v1/runs/going-run").status_code == 409
    assert (path.exists(), going.exists()) == (False, True)
