"""What if over HTTP: forks, their comparison, rankings, the check of countermeasures."""

from __future__ import annotations

import pytest

from tests.api.server import MEASURE, Server, leave_folder

PARENT = "parent-run"


@pytest.fixture
def server(tmp_path):
    made = Server(tmp_path)
    leave_folder(tmp_path, PARENT, status="done")
    yield made
    made.close()


@pytest.fixture(scope="module")
def shared(tmp_path_factory):
    made = Server(tmp_path_factory.mktemp("data"), branches=2, candidates=2)
    leave_folder(made.data_dir, PARENT, status="done")
    yield made
    made.close()


def fork(server, run_id=PARENT, **ask):
    return server.planner.post(f"/v1/runs/{run_id}/forks", json={"at": "1h", "countermeasure": MEASURE, **ask})


def test_a_fork_is_a_run_with_a_parent(server):
    answer = fork(server, members=1)
    shown = answer.json()
    assert answer.status_code == 202
    assert (shown["kind"], shown["parent"], shown["forked_at_s"], shown["members"]) == ("fork", PARENT, 3600, 1)
    assert shown["countermeasure"]["name"] == "nothing-new"
    assert shown["links"]["parent"] == f"/v1/runs/{PARENT}"
    assert server.viewer.get(f"/v1/runs/{PARENT}/forks").json()["runs"] == [shown]
    payload = server.jobs.get(shown["run_id"]).payload
    assert (payload["at_s"], payload["members"], payload["countermeasure"]["measures"]) == (3600, 1, [])


def test_forks_of_the_command_line_are_listed_too(server):
    leave_folder(server.data_dir, "cli-fork", parent=PARENT, forked_at_s=3600, countermeasure=MEASURE)
    shown = server.viewer.get(f"/v1/runs/{PARENT}/forks").json()["runs"]
    assert [(run["run_id"], run["kind"], run["forked_at_s"]) for run in shown] == [("cli-fork", "fork", 3600)]


def test_the_reason_of_a_fork_stands_in_the_decision_log(server):
    run_id = fork(server).json()["run_id"]
    decision = server.viewer.get(f"/v1/decisions?run={PARENT}").json()["decisions"][0]
    assert (decision["decision"], decision["run_id"], decision["parent"]) == ("fork", run_id, PARENT)
    assert (decision["reason"], decision["countermeasure"]) == ("a test", "nothing-new")
    assert (decision["role"], decision["name"]) == ("planner", "planner")


def test_a_parent_with_a_waiting_fork_cannot_be_deleted(server):
    fork(server)
    assert server.planner.delete(f"/v1/runs/{PARENT}").status_code == 409
    job = server.run()["run_id"]
    leave_folder(server.data_dir, job, status="running")
    assert fork(server, job).status_code == 202
    assert server.planner.delete(f"/v1/runs/{job}").status_code == 409


def test_a_parent_that_has_not_begun_is_409(server):
    assert fork(server, server.run()["run_id"]).status_code == 409


@pytest.mark.parametrize(
    ("ask", "pointer"),
    [
        ({"at": "2h"}, "#/at"),
        ({"at": "-1h"}, "#/at"),
        ({"at": None}, "#/at"),
        ({"members": 3}, "#/members"),
        ({"members": 0}, "#/members"),
        ({"countermeasure": {}}, "#"),
        ({"countermeasure": []}, "#/countermeasure"),
        ({"countermeasure": {**MEASURE, "measures": [{"lever": "no.lever", "value": 1}]}}, "#"),
        ({"countermeasure": {**MEASURE, "measures": "x"}}, "#"),
        ({"extra": 1}, "#/extra"),
    ],
)
def test_bad_forks_are_422(shared, ask, pointer):
    answer = fork(shared, **ask)
    assert answer.status_code == 422, answer.text
    assert answer.json()["errors"][0]["pointer"] == pointer


def test_a_fork_of_nothing_is_404(shared):
    assert fork(shared, "no-run").status_code == 404
    assert shared.viewer.get("/v1/runs/no-run/forks").status_code == 404


def test_the_check_tells_every_problem(shared):
    measures = [{"lever": "no.lever", "value": 1}, {"lever": "also.none", "value": 2}]
    ask = {"scenario": "two-towns", "at": "6h", "countermeasure": {**MEASURE, "measures": measures}}
    problems = shared.planner.post("/v1/countermeasures/check", json=ask).json()["problems"]
    assert "measures.0" in problems[0]
    good = {**ask, "countermeasure": MEASURE}
    assert shared.planner.post("/v1/countermeasures/check", json=good).json() == {"problems": []}
    bad = {**ask, "scenario": "nowhere"}
    assert shared.planner.post("/v1/countermeasures/check", json=bad).status_code == 422


def rank(server, **ask):
    candidates = [{**MEASURE, "name": "one"}, {**MEASURE, "name": "two"}]
    return server.planner.post(f"/v1/runs/{PARENT}/ranks", json={"at": "1h", "candidates": candidates, **ask})


def test_a_ranking_is_accepted_and_shown_without_result_first(server):
    answer = rank(server, members=2, objective="deaths=2,meals_short=1", horizon="2h", effort=8)
    shown = answer.json()
    assert answer.status_code == 202
    assert answer.headers["location"] == f"/v1/ranks/{shown['run_id']}"
    assert (shown["kind"], shown["parent"], shown["scenario"]) == ("rank", PARENT, "two-towns")
    assert server.viewer.get(f"/v1/ranks/{shown['run_id']}").json()["result"] is None
    payload = server.jobs.get(shown["run_id"]).payload
    assert (payload["most_members"], payload["until_s"], payload["budget"]) == (2, 7200, 8)
    assert server.viewer.get(f"/v1/ranks/{PARENT}").status_code == 404


def test_the_result_of_a_finished_ranking_is_told(server):
    run_id = rank(server).json()["run_id"]
    place = server.data_dir / "ranks" / run_id
    place.mkdir(parents=True)
    (place / "rank.json").write_text('{"best": "one", "verdict": "best"}')
    server.finish(run_id, result={"best": "one"})
    answer = server.viewer.get(f"/v1/ranks/{run_id}")
    assert answer.json()["result"] == {"best": "one", "verdict": "best"}
    assert answer.headers["etag"]


@pytest.mark.parametrize(
    "ask",
    [
        {"candidates": []},
        {"candidates": [MEASURE, MEASURE]},
        {"candidates": [{**MEASURE, "name": "nothing"}]},
        {"candidates": [{**MEASURE, "name": f"n{number}"} for number in range(3)]},
        {"objective": "happiness"},
        {"objective": "deaths=x"},
        {"members": 1},
        {"at": "3h"},
    ],
)
def test_bad_rankings_are_422(shared, ask):
    assert rank(shared, **ask).status_code == 422


@pytest.fixture
def compared(monkeypatch):
    """What compare was asked for; it answers with the same."""
    from scenarios import comparing

    asked = []

    def compare(base, branches, quantities=None, areas=None):
        asked.append((base.path.name, [one.path.name for one in branches], quantities, areas))
        return {"base": base.path.name, "value": float("nan")}

    monkeypatch.setattr(comparing, "compare", compare)
    return asked


def test_compare_hands_over_and_keeps_finished_answers(server, compared):
    for name in ("a", "b"):
        leave_folder(server.data_dir, name, status="done", parent=PARENT, digest=name)
    query = f"/v1/compare?base={PARENT}&branch=a&branch=b&quantity=deaths&area=all"
    answer = server.viewer.get(query)
    assert answer.json() == {"base": PARENT, "value": None}
    assert server.viewer.get(query, headers={"if-none-match": answer.headers["etag"]}).status_code == 304
    assert compared == [(PARENT, ["a", "b"], ["deaths"], ["all"])]


def test_compare_of_a_run_under_way_is_worked_out_each_time(server, compared):
    leave_folder(server.data_dir, "a", status="running", parent=PARENT)
    query = f"/v1/compare?base={PARENT}&branch=a"
    assert "etag" not in server.viewer.get(query).headers
    server.viewer.get(query)
    assert len(compared) == 2


@pytest.mark.parametrize(
    ("query", "status"),
    [
        ("", 422),
        (f"base={PARENT}", 422),
        (f"base={PARENT}&branch=../x", 422),
        (f"base={PARENT}&branch=none", 404),
        (f"base={PARENT}&branch=a&branch=b&branch=c", 422),
        (f"base={PARENT}&branch={PARENT}&quantity=no.such", 422),
    ],
)
def test_bad_comparisons(shared, query, status):
    assert shared.viewer.get(f"/v1/compare?{query}").status_code == status
