"""A small finished run of two members for tests that read results, and an application that serves nothing else."""

from __future__ import annotations

import shutil
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from fastapi import APIRouter, FastAPI, Request
from starlette.testclient import TestClient

from api import problems
from api.keys import Who
from scenarios import build_world, read_scenario, running
from scenarios.execution import Plan, run_member
from scenarios.observed import observed_table

RUN, OTHER, UNDER_WAY = "finished-run", "other-run", "run-under-way"
MEMBERS, UNTIL_S, REACHED_S = 2, 3 * 3600, 3600  # REACHED_S: of the second member of the run under way


def make_runs(data_dir: Path) -> Path:
    """Three runs below a data folder: a finished one, one of another seed, and the first cut short before its end."""
    for run_id, seed in ((RUN, 1), (OTHER, 2)):
        _finished(data_dir, run_id, seed)
    shutil.copytree(data_dir / "runs" / RUN, data_dir / "runs" / UNDER_WAY)
    folder = running.store.RunFolder(data_dir / "runs" / UNDER_WAY)
    for name in ("series.parquet", "events.parquet", "report.html"):
        (folder.path / name).unlink()
    folder.update_manifest(status="running", run_id=UNDER_WAY)
    for part in folder.path.glob("snapshots/member-001/*-*.*"):
        if int(part.stem.rpartition("-")[2]) > REACHED_S:
            part.unlink()
    return data_dir


def _finished(data_dir: Path, run_id: str, seed: int) -> None:
    scenario = read_scenario("two-towns")
    plan = Plan.make(scenario, UNTIL_S, seed, MEMBERS)
    folder = running.create(plan, scenario, data_dir / "runs" / run_id, run_id)
    for member in range(MEMBERS):
        run_member(plan, folder.path, member)
    digest = folder.merge(range(MEMBERS), observed_table(scenario, build_world(scenario), UNTIL_S))
    folder.update_manifest(status="done", digest=digest)
    folder.write_text("report.html", '<html lang="ja">location.hash === "#en" ? "en" : "ja"</html>')


def client_of(data_dir: Path, router: APIRouter, **state: Any) -> TestClient:
    """A client of an application with one router, to which every caller is an administrator."""
    app = FastAPI()
    problems.install(app)
    app.include_router(router)
    app.state.settings = SimpleNamespace(data_dir=data_dir, jobs_url="sqlite://")
    for name, value in state.items():
        setattr(app.state, name, value)

    @app.middleware("http")
    async def known_caller(request: Request, call_next: Any) -> Any:
        request.state.who = Who("tester", "tester", "admin")
        return await call_next(request)

    return TestClient(app)
