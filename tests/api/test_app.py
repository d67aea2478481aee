"""The application as a whole: what holds for every path and every answer."""

from __future__ import annotations

import json
import re

import pytest

from api.openapi import described
from api.problems import MEDIA_TYPE
from tests.api.server import Server

READ_BY_ALL = ["/v1", "/v1/scenarios", "/v1/runs", "/v1/decisions", "/metrics", "/ogc"]


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    made = Server(tmp_path_factory.mktemp("data"))
    yield made
    made.close()


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/nowhere", 404),
        ("GET", "/v1/nowhere", 404),
        ("GET", "/assets/../../etc/passwd", 404),
        ("GET", "/assets/%2e%2e/%2e%2e/etc/passwd", 404),
        ("GET", "/v1/runs/..%2f..%2fetc", 404),
        ("GET", "/v1/runs/a.b", 422),
        ("GET", f"/v1/runs/{'x' * 200}", 422),
        ("PUT", "/v1/runs", 405),
        ("POST", "/v1/scenarios", 405),
        ("POST", "/healthz", 405),
        ("GET", "/v1/runs?limit=0", 422),
        ("GET", "/v1/runs?limit=x", 422),
        ("GET", "/v1/runs?cursor=x", 422),
        ("GET", "/v1/runs?cursor=W10", 422),
        ("GET", "/v1/audit?cursor=Wy0xXQ", 422),
        ("POST", "/v1/runs", 422),
    ],
)
def test_every_error_is_a_problem_document(server, method, path, status):
    answer = server.admin.request(method, path)
    content = answer.json()
    assert answer.status_code == content["status"] == status
    assert answer.headers["content-type"] == MEDIA_TYPE
    assert content["instance"] == answer.headers["x-request-id"]
    assert {"type", "title", "detail"} <= set(content)
    assert status != 422 or content["errors"]


def test_405_names_the_methods_of_the_path(server):
    assert server.admin.put("/v1/runs").headers["allow"] == "GET, POST"
    assert server.admin.put("/v1/runs/a-run").headers["allow"] == "GET, DELETE"


@pytest.mark.parametrize("path", READ_BY_ALL)
def test_reading_needs_a_key_and_any_key_will_do(server, path):
    assert server.nobody.get(path).status_code == 401
    assert server.viewer.get(path).status_code == 200


def test_asking_without_a_key_tells_nothing_of_the_path(server):
    assert server.nobody.get("/v1/nowhere").status_code == 401
    assert server.nobody.post("/v1/runs", content=b"{").status_code == 401


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("POST", "/v1/runs", {"scenario": "two-towns"}),
        ("POST", "/v1/runs/a-run/forks", {"at": 0, "countermeasure": {"name": "a"}}),
        ("POST", "/v1/runs/a-run/ranks", {"at": 0, "candidates": [{"name": "a"}]}),
        ("POST", "/v1/countermeasures/check", {"scenario": "two-towns", "countermeasure": {"name": "a"}}),
        ("POST", "/v1/runs/a-run/cancel", None),
        ("POST", "/v1/runs/a-run/resume", None),
        ("DELETE", "/v1/runs/a-run", None),
        ("GET", "/v1/keys", None),
        ("GET", "/v1/audit", None),
        ("POST", "/v1/keys", {"name": "a", "role": "admin"}),
        ("DELETE", "/v1/keys/abcd1234", None),
    ],
)
def test_a_viewer_only_looks(server, method, path, body):
    assert server.viewer.request(method, path, json=body).status_code == 403


@pytest.mark.parametrize(
    ("method", "path"), [("GET", "/v1/keys"), ("GET", "/v1/audit"), ("DELETE", "/v1/keys/abcd1234")]
)
def test_a_planner_is_no_admin(server, method, path):
    assert server.planner.request(method, path).status_code == 403


@pytest.mark.parametrize("path", ["/", "/v1", "/healthz", "/nowhere", "/v1/runs?limit=0"])
def test_security_headers_are_on_every_answer(server, path):
    headers = server.viewer.get(path).headers
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["x-frame-options"] == "DENY"
    assert headers["referrer-policy"] == "no-referrer"
    assert "default-src 'none'" in headers["content-security-policy"]
    assert "unsafe" not in headers["content-security-policy"]
    assert "access-control-allow-origin" not in headers


def test_another_host_name_is_refused(server):
    assert server.admin.get("/v1", headers={"host": "evil.example"}).status_code == 421


@pytest.mark.parametrize(("sent", "kept"), [("abc-1.2_3", True), ("x" * 65, False), ("a b", False), ("a/b", False)])
def test_a_request_id_is_kept_if_it_is_one(server, sent, kept):
    answer = server.viewer.get("/healthz", headers={"x-request-id": sent})
    assert (answer.headers["x-request-id"] == sent) is kept
    assert re.fullmatch(r"[A-Za-z0-9._-]{1,64}", answer.headers["x-request-id"])


def test_a_fault_becomes_a_500_without_its_text_and_is_logged(server, monkeypatch, capsys):
    def broken(run_id):
        raise RuntimeError("secret in /srv/x")

    monkeypatch.setattr(server.shelf, "show", broken)
    answer = server.viewer.get("/v1/runs/broken-run")
    assert answer.status_code == 500
    assert "secret" not in answer.text
    lines = [json.loads(line) for line in capsys.readouterr().err.splitlines()]
    fault = next(line for line in lines if line["event"] == "fault")
    assert fault["request_id"] == answer.headers["x-request-id"]
    assert "secret in" in fault["trace"]


def test_a_log_line_tells_who_what_and_how_long(server, capsys):
    server.planner.get("/v1/runs/some-run")
    line = json.loads(capsys.readouterr().err.splitlines()[-1])
    assert (line["route"], line["run_id"], line["status"]) == ("/v1/runs/{run_id}", "some-run", 404)
    assert line["key_id"] in server.keys.all()
    assert line["duration_s"] >= 0


def test_figures_count_by_route_and_not_by_path(server):
    server.viewer.get("/v1/runs/one")
    server.viewer.get("/v1/runs/two")
    text = server.viewer.get("/metrics").text
    assert re.search(r'twin_http_requests_total\{method="GET",route="/v1/runs/\{run_id\}",status="404"\} \d', text)
    assert "/v1/runs/one" not in text
    for name in (
        "twin_http_request_seconds_bucket",
        "twin_sse_clients",
        "twin_workers_alive",
        "twin_jobs_running_seconds",
    ):
        assert name in text


def test_health_needs_no_key(server):
    assert server.nobody.get("/healthz").json() == {"status": "alive"}
    ready = server.nobody.get("/readyz")
    assert ready.status_code == 200
    assert all(check["ok"] for check in ready.json()["checks"].values())


@pytest.mark.parametrize("missing", ["database", "disk", "workers", "audit"])
def test_not_ready_names_what_is_missing(tmp_path, missing):
    server = Server(tmp_path, **({"disk_free_bytes": 2**62} if missing == "disk" else {}))
    state = server.app.state
    if missing == "workers":
        state.supervisor, state.alive = object(), lambda: 0
    if missing == "audit":
        state.audit.failed = "No space left on device"
    if missing == "database":
        (tmp_path / "jobs.sqlite").unlink()
        server.close()
        (tmp_path / "jobs.sqlite").mkdir()
    answer = server.nobody.get("/readyz")
    content = answer.json()
    server.close()
    assert answer.status_code == content["status"] == 503
    assert missing in content["detail"]
    assert [name for name, check in content["checks"].items() if not check["ok"]] == [missing]
    assert str(tmp_path) not in answer.text


def test_openapi_documents_every_answer(server):
    document = described(server.app)
    assert server.nobody.get("/openapi.json").status_code == 200
    operations = [(path, method, one) for path, methods in document["paths"].items() for method, one in methods.items()]
    names = [one["operationId"] for _, _, one in operations]
    assert len(set(names)) == len(names)
    for path, method, one in operations:
        keyed = path.startswith(("/v1", "/ogc", "/metrics")) and not path.startswith("/v1/problems")
        assert bool(one["security"]) is keyed, path
        needed = {"400", "421", "500"} | ({"401", "403"} if keyed else set())
        needed |= {"413", "415", "422"} if method in ("post", "delete") else set()
        assert needed <= set(one["responses"]), (path, method)
        for status, answer in one["responses"].items():
            assert int(status) < 400 or MEDIA_TYPE in answer["content"], (path, status)


def test_openapi_refers_only_to_what_it_has(server):
    document = described(server.app)
    names = set(re.findall(r'"#/components/schemas/([^"]+)"', json.dumps(document)))
    assert names <= set(document["components"]["schemas"])
    assert "HTTPValidationError" not in document["components"]["schemas"]


def test_summaries_are_in_both_languages(server):
    for path, methods in described(server.app)["paths"].items():
        if path.startswith("/v1"):
            assert all(one.get("summary") and one.get("description") for one in methods.values()), path
