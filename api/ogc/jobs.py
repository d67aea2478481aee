"""Runs as jobs of OGC API – Processes: list, status, results by reference, dismissal."""

from __future__ import annotations

from typing import Any

from anyio import to_thread
from fastapi import APIRouter, Request
from starlette.responses import Response

from api.audit import note
from api.encoding import JSON, PARQUET
from api.jobs.errors import ConflictError
from api.ogc.pages import HTML, both_forms, here, link, only, told, whole
from api.problems import Problem
from api.routes import Planner, RunId, Viewer, cursor_of, parts_of
from api.routes import told as problems

router = APIRouter(prefix="/ogc", tags=["OGC processes"])
TYPES = "http://www.opengis.net/def/exceptions/ogcapi-processes-1/1.0"
LISTED, MOST_LISTED = 50, 200
# name -> title, media type, address below /v1/runs/{id}
OUTPUTS = {
    "report": ("report of the run, Japanese and English", HTML, "report"),
    "series": ("curves by municipality", PARQUET, "series?format=parquet"),
    "events": ("what happened, in pages", JSON, "events"),
    "frames": ("list of the states that can be shown on a map", JSON, "frames"),
}
STATUS = {
    "accepted": "accepted",
    "running": "running",
    "interrupted": "running",  # it is kept and goes on
    "done": "successful",
    "failed": "failed",
    "cancelled": "dismissed",
}


def status_info(request: Request, run: dict[str, Any]) -> dict[str, Any]:
    """A run as the standard describes a job."""
    address = f"{here(request)}/jobs/{run['run_id']}"
    links = [link(address, "self"), link(_v1(request, run["run_id"]), "via", title="the run with all its parts")]
    if run["status"] == "done":
        links.append(link(f"{address}/results", "http://www.opengis.net/def/rel/ogc/1.0/results", title="results"))
    found = {
        "processID": run["scenario"],
        "type": "process",
        "jobID": run["run_id"],
        "status": STATUS[run["status"]],
        "message": run["message"] or run["status"],
        "progress": int(100 * (run["progress"] or 0.0)),
        "created": run["created"],
        "finished": run["finished"],
        "links": links,
    }
    return {name: value for name, value in found.items() if value is not None}


@router.get("/jobs", responses=problems(400), response_class=Response)
async def list_jobs(request: Request, who: Viewer) -> Response:
    """Runs, newest first."""
    only(request, ("limit", "cursor"))
    limit = whole(request.query_params.get("limit"), "limit", LISTED, MOST_LISTED)
    parts = parts_of(request.query_params.get("cursor"), [int, str, str])
    before = (parts[0], parts[1], parts[2]) if parts else None
    runs, after = await to_thread.run_sync(request.app.state.shelf.page, limit, before)
    links = both_forms(request)
    if after:
        links.append(link(str(request.url.include_query_params(cursor=cursor_of(*after))), "next"))
    jobs = [status_info(request, run) for run in runs if run["kind"] != "rank"]
    return told(request, {"jobs": jobs, "links": links}, title="Jobs")


@router.get("/jobs/{run_id}", responses=problems(400, 404, 422), response_class=Response)
async def show_job(request: Request, run_id: RunId, who: Viewer) -> Response:
    """How far a run is."""
    only(request, ())
    return told(request, status_info(request, await _shown(request, run_id)), title=run_id)


@router.get("/jobs/{run_id}/results", responses=problems(400, 404, 422), response_class=Response)
async def show_results(request: Request, run_id: RunId, who: Viewer) -> Response:
    """Where the results of a finished run are."""
    only(request, ())
    run = await _shown(request, run_id)
    if run["status"] != "done":
        detail = f"the run is {run['status']}; its results are there once it is done"
        raise Problem("not-found", detail, type=f"{TYPES}/result-not-ready")
    found = {
        name: {"href": f"{_v1(request, run_id)}/{address}", "type": media_type, "title": title}
        for name, (title, media_type, address) in OUTPUTS.items()
    }
    return told(request, found, title=run_id)


@router.delete("/jobs/{run_id}", responses=problems(403, 404, 409, 422), response_class=Response)
async def dismiss(request: Request, run_id: RunId, who: Planner) -> Response:
    """Stop a run; one that has ended already is deleted with everything it made."""
    run = await _shown(request, run_id)
    shelf = request.app.state.shelf
    if run["status"] in ("accepted", "running", "interrupted"):
        note(request.state, decision="cancel", run_id=run_id)
        try:
            await to_thread.run_sync(shelf.cancel, run_id)
        except ConflictError as error:  # it ended in between
            raise Problem("conflict", str(error)) from None
    else:
        note(request.state, decision="delete", run_id=run_id)
        await to_thread.run_sync(shelf.remove, run_id)
    return told(request, {**status_info(request, run), "status": "dismissed", "message": "dismissed"})


async def _shown(request: Request, run_id: str) -> dict[str, Any]:
    """The run of a job. Raises Problem `not-found` of the type the standard names."""
    try:
        run: dict[str, Any] = await to_thread.run_sync(request.app.state.shelf.show, run_id)
    except Problem as problem:
        if problem.status != 404:
            raise
        raise Problem("not-found", problem.detail, type=f"{TYPES}/no-such-job") from None
    if run["kind"] == "rank":
        raise Problem("not-found", "a ranking is no job of a process", type=f"{TYPES}/no-such-job")
    return run


def _v1(request: Request, run_id: str) -> str:
    return f"{str(request.base_url).rstrip('/')}/v1/runs/{run_id}"
