"""Progress of a run as server-sent events."""

from __future__ import annotations

import json
import threading

import fastapi.routing
import pytest

from tests.api.server import Server, leave_folder


@pytest.fixture
def server(tmp_path):
    made = Server(tmp_path)
    yield made
    made.close()


def events(text):
    """(id, kind, data) of every event of a stream."""
    found = []
    for block in text.strip().split("\n\n"):
        fields = dict(line.partition(": ")[::2] for line in block.splitlines())
        if "id" in fields:
            found.append((int(fields["id"]), fields["event"], json.loads(fields["data"])))
    return found


def ended_run(server):
    """A run that was told about and is done."""
    run_id = server.run()["run_id"]
    server.jobs.note(run_id, "progress", {"now_s": 600})
    server.jobs.note(run_id, "remark", {"ja": "余震", "en": f"aftershock, see {server.data_dir}/runs/{run_id}/x"})
    server.finish(run_id)
    return run_id


def test_a_stream_tells_everything_and_ends_with_the_run(server):
    run_id = ended_run(server)
    answer = server.viewer.get(f"/v1/runs/{run_id}/progress")
    found = events(answer.text)
    assert answer.headers["content-type"].startswith("text/event-stream")
    assert [number for number, _, _ in found] == list(range(1, len(found) + 1))
    assert [kind for _, kind, _ in found] == ["status", "progress", "remark", "status", "status"]
    assert found[2][2] == {"ja": "余震", "en": f"aftershock, see {run_id}"}
    assert found[-1][2]["status"] == "done"
    assert server.app.state.streams == 0


@pytest.mark.parametrize("how", ["header", "query"])
def test_a_stream_goes_on_after_the_last_id_seen(server, how):
    run_id = ended_run(server)
    asked = {"headers": {"Last-Event-ID": "3"}} if how == "header" else {"params": {"last_event_id": "3"}}
    found = events(server.viewer.get(f"/v1/runs/{run_id}/progress", **asked).text)
    assert [number for number, _, _ in found] == [4, 5]


def test_nothing_is_left_after_the_last_event(server):
    run_id = ended_run(server)
    assert server.viewer.get(f"/v1/runs/{run_id}/progress", headers={"Last-Event-ID": "99"}).text == ""


@pytest.mark.parametrize("bad", ["x", "-1", "1.5", "9" * 25, "٣"])
def test_bad_ids_are_422(server, bad):
    run_id = ended_run(server)
    answer = server.viewer.get(f"/v1/runs/{run_id}/progress", params={"last_event_id": bad})
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["pointer"] == "?last_event_id"


def test_a_stream_of_no_run_is_404(server):
    assert server.viewer.get("/v1/runs/no-run/progress").status_code == 404


def test_a_run_of_the_command_line_tells_its_state(server):
    leave_folder(server.data_dir, "cli-run", status="done")
    assert events(server.viewer.get("/v1/runs/cli-run/progress").text) == [
        (1, "status", {"status": "done", "message": ""})
    ]


def test_a_stream_under_way_gets_what_comes_later_and_keeps_the_line_open(server, monkeypatch):
    monkeypatch.setattr(fastapi.routing, "_PING_INTERVAL", 0.02)
    run_id = server.run()["run_id"]
    later = threading.Timer(0.3, server.finish, [run_id])
    later.start()
    answer = server.viewer.get(f"/v1/runs/{run_id}/progress")
    later.join()
    assert ": ping" in answer.text
    assert [data["status"] for _, _, data in events(answer.text)] == ["accepted", "running", "done"]


def test_a_deleted_run_ends_its_streams(server):
    run_id = server.run()["run_id"]
    later = threading.Timer(0.2, server.planner.delete, [f"/v1/runs/{run_id}"])
    later.start()
    answer = server.viewer.get(f"/v1/runs/{run_id}/progress")
    later.join()
    assert [data["status"] for _, _, data in events(answer.text)][:1] == ["accepted"]


def test_too_many_streams_are_429(tmp_path):
    server = Server(tmp_path, streams=0)
    answer = server.viewer.get(f"/v1/runs/{ended_run(server)}/progress")
    server.close()
    assert answer.status_code == 429
    assert answer.headers["retry-after"]
