"""Several callers at the same moment: what one of them does is done once, and the others are told so."""

from __future__ import annotations

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from starlette.testclient import TestClient

from tests.fuzz.laws import hold
from tests.fuzz.place import BODIES, RUN

CALLERS = 6


@pytest.fixture
def together(place):
    """Send several requests at once, each from a thread and a client of its own; returns the answers in order."""

    def sent(*requests):
        barrier, secrets = Barrier(len(requests)), place.secrets()

        def one(request):
            method, path, role, more = request
            client = TestClient(place.app, headers=place.headers_of(role))
            barrier.wait(timeout=30)
            return client.request(method, path, **more)

        with ThreadPoolExecutor(len(requests)) as threads:
            answers = list(threads.map(one, requests))
        for answer in answers:
            hold(answer, secrets)
        return answers

    return sent


def statuses(answers):
    """How often each status was told."""
    return Counter(answer.status_code for answer in answers)


@pytest.mark.parametrize("root", ["/v1/runs", "/ogc/jobs"])
def test_two_users_delete_a_finished_run_at_once(place, together, root):
    run_id = place.copy_run(place.finished, "deleted-by-two")
    answers = together(*(("DELETE", f"{root}/{run_id}", role, {}) for role in ("planner", "admin")))
    assert sorted(statuses(answers)) == [200 if "ogc" in root else 204, 404]
    assert not list(place.data_dir.glob("runs/*deleted*"))


def test_many_delete_a_waiting_run_at_once(place, together):
    run_id = place.run(until="1h")["run_id"]
    answers = together(*[("DELETE", f"/v1/runs/{run_id}", "planner", {})] * CALLERS)
    assert statuses(answers) == {204: 1, 404: CALLERS - 1}
    assert place.viewer.get(f"/v1/runs/{run_id}").status_code == 404


def test_a_run_is_cancelled_resumed_and_deleted_at_once(place, together):
    for _ in range(5):
        run_id = place.run(until="1h")["run_id"]
        asked = [("POST", f"/v1/runs/{run_id}/{verb}", "planner", {}) for verb in ("cancel", "resume")]
        *others, deleted = together(*asked, ("DELETE", f"/v1/runs/{run_id}", "admin", {}))
        assert deleted.status_code == 204
        assert set(statuses(others)) <= {200, 404}
        assert place.viewer.get(f"/v1/runs/{run_id}").status_code == 404


def test_a_run_a_worker_holds_is_cancelled_and_deleted_at_once(place, together):
    run_id = place.run(until="1h")["run_id"]
    while (job := place.jobs.claim("a-worker")).run_id != run_id:
        place.jobs.finish(job, "failed")
    asked = [
        (method, f"/v1/runs/{run_id}{more}", "planner", {}) for method, more in (("POST", "/cancel"), ("DELETE", ""))
    ]
    cancelled, deleted = together(*asked)
    assert deleted.status_code == 204
    assert cancelled.status_code in (200, 404)
    assert place.viewer.get(f"/v1/runs/{run_id}").status_code == 404


def test_the_same_request_of_many_makes_one_run(place, together):
    headers = {"Idempotency-Key": "the-same-for-all"}
    answers = together(*[("POST", "/v1/runs", "planner", {"json": BODIES["runs"], "headers": headers})] * CALLERS)
    assert statuses(answers) == {202: CALLERS}
    assert len({answer.json()["run_id"] for answer in answers}) == 1


def test_different_requests_under_one_key_make_one_run(together):
    headers = {"Idempotency-Key": "one-key-for-different"}
    bodies = [{**BODIES["runs"], "seed": seed} for seed in range(CALLERS)]
    answers = together(*(("POST", "/v1/runs", "planner", {"json": body, "headers": headers}) for body in bodies))
    assert statuses(answers) == {202: 1, 422: CALLERS - 1}


def test_a_key_is_revoked_while_it_is_used(place, together):
    stored, text = place.keys.add("short-lived", "viewer")
    used = {"headers": {"Authorization": f"Bearer {text}"}}
    asked = [("GET", "/v1/runs", "nobody", used)] * CALLERS
    *answers, revoked = together(*asked, ("DELETE", f"/v1/keys/{stored.id}", "admin", {}))
    assert revoked.status_code == 200
    assert set(statuses(answers)) <= {200, 401}
    assert place.nobody.get("/v1/runs", **used).status_code == 401


def test_many_make_keys_at_once(place, together):
    body = {"json": {"name": "one of many", "role": "viewer"}}
    answers = together(*[("POST", "/v1/keys", "admin", body)] * CALLERS)
    made = {answer.json()["id"] for answer in answers}
    assert len(made) == CALLERS
    assert made <= set(place.keys.all())


READ = [
    "series?quantity=deaths",
    "series?format=parquet",
    "events?limit=9",
    "frames",
    "report",
    "frames/hazard.daylight",
]


@pytest.mark.parametrize("round_", range(3))
def test_a_run_is_deleted_while_it_is_read(place, together, round_):
    run_id = place.copy_run(place.finished, f"read-and-deleted-{round_}")
    asked = [("GET", f"/v1/runs/{run_id}/{path}", "viewer", {}) for path in READ]
    *answers, deleted = together(*asked, ("DELETE", f"/v1/runs/{run_id}", "planner", {}))
    assert deleted.status_code == 204
    assert set(statuses(answers)) <= {200, 404, 409}


@pytest.mark.parametrize("path", [*READ, "forks", "events/1"])
def test_files_that_vanish_while_they_are_read_are_no_fault(place, ask, path):
    """The moment after a run was found and before its files are opened, made long."""
    run_id = place.copy_run(place.finished, "vanishing-" + "".join(filter(str.isalpha, path)))
    ask("GET", f"/v1/runs/{run_id}/frames", "viewer")
    for file in (place.data_dir / "runs" / run_id).rglob("*"):
        if file.is_file() and file.name != "manifest.json":
            file.unlink()
    assert ask("GET", f"/v1/runs/{run_id}/{path}", "viewer").status_code in (200, 404, 409, 422)
    assert ask("DELETE", f"/v1/runs/{run_id}").status_code == 204


@pytest.mark.parametrize(
    "content", [b"", b"{", b"[]", b"{}", b"null", b"\xff" * 99, b'{"status":"done"}', b"[" * 99_999]
)
def test_damaged_manifests_are_no_fault(place, ask, content):
    """What someone else left in the folder of runs."""
    folder = place.data_dir / "runs" / "damaged-run"
    folder.mkdir(exist_ok=True)
    (folder / "manifest.json").write_bytes(content)
    paths = ["", "/series", "/events", "/frames", "/report", "/forks", "/progress"]
    for path in (
        *(f"/v1/runs/damaged-run{path}" for path in paths),
        "/v1/runs",
        "/ogc/collections",
        "/ogc/jobs/damaged-run",
    ):
        assert ask("GET", path, "viewer").status_code in (200, 404, 409, 422)
    for method, path, body in (
        ("POST", "/forks", BODIES["forks"]),
        ("POST", "/ranks", BODIES["ranks"]),
        ("POST", "/resume", None),
        ("POST", "/cancel", None),
        ("DELETE", "", None),
    ):
        assert ask(method, f"/v1/runs/damaged-run{path}", json=body).status_code in (204, 404, 409, 422)


def test_the_finished_run_is_still_whole(ask):
    """Nothing above has reached the run the others were copied from."""
    assert ask("GET", f"/v1/runs/{RUN}/series?quantity=deaths", "viewer").status_code == 200
