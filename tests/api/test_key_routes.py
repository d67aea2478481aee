"""Keys, audit log and decisions over HTTP."""

from __future__ import annotations

import pytest

from api.audit import verify
from tests.api.server import Server, leave_folder


@pytest.fixture
def server(tmp_path):
    made = Server(tmp_path)
    yield made
    made.close()


def test_a_key_is_made_used_and_revoked(server):
    made = server.admin.post("/v1/keys", json={"name": "second planner", "role": "planner", "expires_in": "1h"})
    key = made.json()
    assert made.status_code == 201
    assert made.headers["cache-control"] == "no-store"
    client = server.client(key["key"])
    assert client.get("/v1/runs").status_code == 200
    listed = server.admin.get("/v1/keys")
    assert key["key"] not in listed.text
    assert key["id"] in [one["id"] for one in listed.json()["keys"]]
    assert server.admin.delete(made.headers["location"]).json()["revoked"]
    refused = client.get("/v1/runs")
    assert (refused.status_code, refused.json()["detail"]) == (401, "this key was revoked")
    assert server.admin.delete("/v1/keys/00000000").status_code == 404


@pytest.mark.parametrize(
    "ask",
    [
        {"name": "a", "role": "king"},
        {"name": "", "role": "viewer"},
        {"name": "a"},
        {"name": "a", "role": "viewer", "x": 1},
        {"name": "a\nb", "role": "viewer"},
        {"name": "a", "role": "viewer", "expires_in": "never"},
    ],
)
def test_bad_keys_are_422(server, ask):
    assert server.admin.post("/v1/keys", json=ask).status_code == 422


def test_the_audit_log_tells_who_asked_what(server):
    run_id = server.run()["run_id"]
    server.viewer.delete(f"/v1/runs/{run_id}")
    server.nobody.delete(f"/v1/runs/{run_id}")
    server.viewer.get("/v1/runs")
    page = server.admin.get("/v1/audit").json()
    refused, made = page["entries"]
    assert (made["method"], made["route"], made["status"], made["run_id"]) == ("POST", "/v1/runs", 202, run_id)
    assert (refused["role"], refused["status"], refused["run_id"]) == ("viewer", 403, run_id)
    assert made["key_id"] in server.keys.all()
    assert made["request_id"]
    assert page["broken_line"] is None
    assert verify(server.data_dir / "audit.log") is None


def test_a_caller_cannot_sign_for_somebody_else(server):
    server.viewer.delete("/v1/keys/abcd1234", headers={"x-request-id": "mine"})
    entry = server.admin.get("/v1/audit").json()["entries"][0]
    assert entry["key_id"] in server.keys.all()
    assert (entry["role"], entry["id"], entry["request_id"]) == ("viewer", "abcd1234", "mine")


def test_an_exported_report_is_recorded(server):
    path = leave_folder(server.data_dir, "done-run", status="done")
    (path / "report.html").write_text("<html></html>")
    server.viewer.get("/v1/runs/done-run/report")
    entry = server.admin.get("/v1/audit").json()["entries"][0]
    assert (entry["method"], entry["run_id"], entry["role"]) == ("GET", "done-run", "viewer")


def test_pages_of_the_audit_log(server):
    made = [server.run()["run_id"] for _ in range(5)]
    found, cursor = [], None
    while True:
        page = server.admin.get("/v1/audit", params={"limit": 2, **({"cursor": cursor} if cursor else {})}).json()
        found += [entry["run_id"] for entry in page["entries"]]
        cursor = page["next"]
        if cursor is None:
            break
    assert found == made[::-1]


def test_decisions_leave_out_what_was_refused(server):
    run_id = server.run()["run_id"]
    server.viewer.post(f"/v1/runs/{run_id}/cancel")
    server.planner.post("/v1/runs", json={"scenario": "nowhere"})
    server.planner.delete(f"/v1/runs/{run_id}")
    shown = server.viewer.get("/v1/decisions").json()
    assert [(one["decision"], one["run_id"]) for one in shown["decisions"]] == [("delete", run_id), ("run", run_id)]
    assert shown["next"] is None


def test_a_run_goes_on_where_the_audit_log_cannot_be_written(server, capsys, monkeypatch):
    def full(entry):
        server.app.state.audit.failed = "No space left on device"
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(server.app.state.audit, "append", full)
    server.run()
    assert "audit log cannot be written" in capsys.readouterr().err
    assert server.nobody.get("/readyz").status_code == 503
