"""Runs: make, list, show, cancel, resume, delete."""

from __future__ import annotations

from typing import Annotated, Any

from anyio import to_thread
from fastapi import APIRouter, Query, Request
from starlette.responses import Response

from api.audit import note
from api.jobs.records import DONE, Job
from api.routes import (
    Cursor,
    Fresh,
    IdempotencyKey,
    Limit,
    Planner,
    RunId,
    answer,
    cursor_of,
    packed,
    parts_of,
    told,
)
from api.schemas import Run, RunAsk, RunPage

router = APIRouter(prefix="/v1", tags=["runs"])
MADE: dict[str, Any] = {
    "status_code": 202,
    "response_model": Run,
    "responses": {
        202: {
            "description": "accepted; `Location` names it",
            "headers": {"Location": {"schema": {"type": "string"}, "description": "path of the new run"}},
        },
        **told(403, 404, 409, 413, 415, 422, 429, 503, 507),
    },
}
CHANGED: dict[str, Any] = {"response_model": Run, "responses": told(403, 404, 409, 422, 429, 503)}


def accepted(request: Request, job: Job, is_new: bool, place: str = "runs") -> Response:
    """202 with the run and where it is; the same for a request that is repeated, which is no new decision."""
    note(request.state, run_id=job.run_id, **({} if is_new else {"decision": "repeated"}))
    shelf = request.app.state.shelf
    response = answer(request, packed(shelf.rank(job.run_id) if job.kind == "rank" else shelf.show_job(job)))
    response.status_code = 202
    response.headers["Location"] = f"/v1/{place}/{job.run_id}"
    return response


@router.post("/runs", summary="実行を始める / make a run", **MADE)
async def make_run(request: Request, ask: RunAsk, who: Planner, idempotency_key: IdempotencyKey = None) -> Response:
    """Accept a run of a scenario; it starts as soon as a worker is free and survives restarts of the server."""
    note(request.state, decision="run", **told_of(ask.countermeasure))
    desk = request.app.state.desk
    return accepted(request, *await to_thread.run_sync(desk.run, ask, who.key_id, idempotency_key))


@router.get("/runs", summary="実行の一覧 / list runs", response_model=RunPage, responses=told(422, 503))
async def list_runs(request: Request, limit: Limit = 50, cursor: Cursor = None) -> Response:
    """Runs, forks and rankings, newest first; also runs made at the command line in the same data folder."""
    place = parts_of(cursor, (int, str, str))
    before = (place[0], place[1], place[2]) if place else None

    def page() -> tuple[Any, bool]:
        runs, after = request.app.state.shelf.page(limit, before)
        return {"runs": runs, "next": cursor_of(*after) if after else None}, False

    return await fresh(request).get(request, ("page", limit, before), page)


@router.get(
    "/runs/{run_id}",
    summary="実行の状態 / show a run",
    response_model=Run,
    responses={304: {"description": "not modified"}, **told(404, 422, 503)},
)
async def show_run(request: Request, run_id: RunId) -> Response:
    """State and progress of one run; with an ETag once it is finished."""

    def show() -> tuple[Any, bool]:
        shown = request.app.state.shelf.show(run_id)
        return shown, shown["status"] == DONE

    return await fresh(request).get(request, ("run", run_id), show)


@router.post("/runs/{run_id}/cancel", summary="実行を止める / cancel a run", **CHANGED)
async def cancel_run(
    request: Request,
    run_id: RunId,
    who: Planner,
    reason: Annotated[str, Query(max_length=2000, description="why, for the decision log")] = "",
) -> Response:
    """Stop a run after its present step; what it made is kept and it can be resumed."""
    note(request.state, decision="cancel", run_id=run_id, reason=reason)
    shelf = request.app.state.shelf
    job = await to_thread.run_sync(shelf.cancel, run_id)
    return answer(request, packed(shelf.show_job(job)))


@router.post("/runs/{run_id}/resume", summary="実行を再開する / resume a run", **CHANGED)
async def resume_run(request: Request, run_id: RunId, who: Planner) -> Response:
    """Go on from the last snapshot; a run begun at the command line is taken over by this server."""
    note(request.state, decision="resume", run_id=run_id)
    job = await to_thread.run_sync(request.app.state.desk.resume, run_id, who.key_id)
    return answer(request, packed(request.app.state.shelf.show_job(job)))


@router.delete(
    "/runs/{run_id}",
    summary="実行を削除する / delete a run",
    status_code=204,
    response_class=Response,
    responses={204: {"description": "deleted"}, **told(403, 404, 409, 422, 503)},
)
async def delete_run(request: Request, run_id: RunId, who: Planner) -> Response:
    """Delete a run with all its results; branches made from it stay."""
    note(request.state, decision="delete", run_id=run_id)
    await to_thread.run_sync(request.app.state.shelf.remove, run_id)
    return Response(status_code=204)


def fresh(request: Request) -> Fresh:
    """Answers about runs that are kept for a moment."""
    kept: Fresh = request.app.state.fresh
    return kept


def told_of(measure: Any) -> dict[str, Any]:
    """What the audit log keeps of a countermeasure: its names and its reason."""
    if not isinstance(measure, dict):
        return {}
    names = {"countermeasure": "name", "title_ja": "title_ja", "title_en": "title_en", "reason": "reason"}
    return {key: str(measure[name])[:2000] for key, name in names.items() if measure.get(name)}
