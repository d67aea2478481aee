"""Errors as the API tells them: one shape, no paths, no traces."""

from __future__ import annotations

import errno
import json
from pathlib import Path

import pytest
from starlette.exceptions import HTTPException

from api.jobs.errors import IdempotencyError, LimitError, NotFoundError, QueueError
from api.problems import KINDS, Problem, as_problem, scrub
from api.settings import Settings
from twin.errors import Interrupted, ScenarioError, SnapshotError, StateError, StoreError

DATA = Path("/srv/twin data")


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("/srv/twin data/runs/run-1/series.parquet is damaged", "run-1 is damaged"),
        ("`twin resume /srv/twin data/runs/run-1` goes on", "`twin resume run-1` goes on"),
        ("cannot write /srv/twin data/keys.json: full", "cannot write keys.json: full"),
        ("under /srv/twin data", "under data"),
        ("/opt/py/scenarios/two-towns/scenario.yaml:12: no field", "two-towns:12: no field"),
        ("'/home/someone/x.yaml' is missing", "'x.yaml' is missing"),
        ("file:///etc/passwd, ~/keys/a and C:/Users/b", "passwd, a and b"),
        ("GET /v1/runs/run-1 lists; 3/4 of them, km/h", "GET /v1/runs/run-1 lists; 3/4 of them, km/h"),
    ],
)
def test_paths_become_run_ids_or_last_parts(text, shown):
    assert scrub(text, DATA) == shown


def full_disk():
    error = StoreError("cannot write /srv/x")
    error.__context__ = OSError(errno.ENOSPC, "No space left on device")
    return error


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (ScenarioError("two\nproblems"), 422),
        (StoreError("not finished yet"), 409),
        (SnapshotError("of another version"), 409),
        (Interrupted("stopped"), 409),
        (full_disk(), 507),
        (StateError("persons leak"), 500),
        (NotFoundError("no run"), 404),
        (QueueError("no database"), 503),
        (IdempotencyError("other request"), 422),
        (LimitError("runs", 3, 30), 429),
        (HTTPException(405), 405),
        (HTTPException(418), 400),
        (KeyError("secret"), 500),
    ],
)
def test_every_error_has_its_status(error, status):
    assert as_problem(error).status == status


def test_a_fault_tells_nothing_of_itself():
    answer = as_problem(KeyError("secret /etc/passwd")).response({"state": {"request_id": "abc"}})
    content = json.loads(answer.body)
    assert content["instance"] == "abc"
    assert "secret" not in answer.body.decode()
    assert answer.headers["content-type"] == "application/problem+json"


def test_a_limit_says_when_to_come_again():
    assert as_problem(LimitError("runs", 3, 30)).headers["Retry-After"] == "30"


def test_lines_of_a_scenario_error_are_told_one_by_one():
    problem = as_problem(ScenarioError("/a/b/x.yaml:1: one\n/a/b/x.yaml:2: two"), Settings(DATA))
    assert [error["detail"] for error in problem.errors] == ["x.yaml:1: one", "x.yaml:2: two"]


@pytest.mark.parametrize("kind", list(KINDS))
def test_every_kind_can_be_told(kind):
    content = json.loads(Problem(kind, "why").response({}).body)
    assert content["type"] == f"/v1/problems/{kind}"
    assert content["status"] == KINDS[kind].status
    assert ("errors" in content) == (KINDS[kind].status == 422)
