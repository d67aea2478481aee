"""A whole server in the test's own process, without workers: clients of every role, and jobs carried out by hand."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from starlette.testclient import TestClient

from api.app import create_app
from api.jobs.records import DONE
from api.keys import KeyFile, new_key
from api.settings import Limits, Settings
from scenarios import read_scenario, running
from scenarios.execution import Plan

HOST = "testserver"
MEASURE = {"name": "nothing-new", "title_ja": "何もしない", "title_en": "nothing", "reason": "a test", "measures": []}


class Server:
    """An application on a data folder. `admin`, `planner` and `viewer` are clients with keys of these roles."""

    def __init__(self, data_dir: Path, **limits: int):
        self.data_dir = data_dir
        session = new_key()[1]
        settings = Settings(data_dir, hosts=(HOST,), limits=Limits(**limits), session_key=session)
        self.keys = KeyFile(data_dir)
        self.app = create_app(settings)
        self.jobs, self.shelf = self.app.state.jobs, self.app.state.shelf
        self.admin = self.client(session)
        self.planner = self.client(self.keys.add("planner", "planner")[1])
        self.viewer = self.client(self.keys.add("viewer", "viewer")[1])
        self.nobody = TestClient(self.app)

    def client(self, key: str) -> TestClient:
        """A client that sends this key."""
        return TestClient(self.app, headers={"Authorization": f"Bearer {key}"})

    def run(self, **ask: Any) -> dict[str, Any]:
        """A run that was accepted."""
        answer = self.planner.post("/v1/runs", json={"scenario": "two-towns", "until": "2h", **ask})
        assert answer.status_code == 202, answer.text
        return answer.json()

    def finish(self, run_id: str, state: str = DONE, **told: Any) -> None:
        """Let a worker end the oldest waiting job, which must be this one."""
        job = self.jobs.claim("a-worker")
        assert job.run_id == run_id
        self.jobs.finish(job, state, **told)

    def close(self) -> None:
        """Close the database."""
        self.jobs.close()


def leave_folder(data_dir: Path, run_id: str, **manifest: Any) -> Path:
    """What the command line leaves of a run of two-towns: a folder with a manifest."""
    scenario = read_scenario("two-towns")
    plan = Plan.make(scenario, 7200, members=2)
    return running.create(plan, scenario, data_dir / "runs" / run_id, run_id, **manifest).path
