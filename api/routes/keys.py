"""Keys, the audit log, and the log of decisions."""

from __future__ import annotations

from typing import Annotated, Any

from anyio import to_thread
from fastapi import APIRouter, Path, Query, Request
from starlette.responses import Response

from api.audit import Entry, note
from api.problems import Problem
from api.routes import Admin, Cursor, Limit, answer, cursor_of, packed, parts_of, told
from api.schemas import RUN_ID, AuditPage, DecisionPage, KeyAsk, KeyList, KeyMade, KeyShown

router = APIRouter(prefix="/v1", tags=["keys and decisions"])
DECISIONS = ("run", "fork", "rank", "cancel", "resume", "delete")
TOLD = ("time", "decision", "run_id", "parent", "countermeasure", "title_ja", "title_en", "reason", "key_id", "role")
KeyId = Annotated[str, Path(alias="id", pattern=r"^[a-z0-9]{4,32}$", description="id of a key", examples=["1f2e3d4c"])]


@router.get("/keys", summary="キーの一覧 / list keys", response_model=KeyList, responses=told(403))
async def list_keys(request: Request, who: Admin) -> Response:
    """All keys, also those that ended; secrets are kept nowhere."""
    return answer(request, packed({"keys": [key.shown() for key in request.app.state.keys.all().values()]}))


@router.post(
    "/keys",
    summary="キーを作る / make a key",
    status_code=201,
    response_model=KeyMade,
    responses=told(403, 413, 415, 422),
)
async def make_key(request: Request, ask: KeyAsk, who: Admin) -> Response:
    """A new key of a role; its text is told this once."""
    stored, text = await to_thread.run_sync(request.app.state.keys.add, ask.name, ask.role, ask.expires_in)
    note(request.state, made_key=stored.id, made_role=stored.role)
    response = answer(request, packed({**stored.shown(), "key": text}))
    response.status_code = 201
    response.headers["Location"] = f"/v1/keys/{stored.id}"
    return response


@router.delete(
    "/keys/{id}", summary="キーを無効にする / revoke a key", response_model=KeyShown, responses=told(403, 404, 422)
)
async def revoke_key(request: Request, id_: KeyId, who: Admin) -> Response:
    """End a key at once."""
    note(request.state, revoked_key=id_)
    stored = await to_thread.run_sync(request.app.state.keys.revoke, id_)
    if stored is None:
        raise Problem("not-found", "there is no such key")
    return answer(request, packed(stored.shown()))


@router.get("/audit", summary="監査記録 / audit log", response_model=AuditPage, responses=told(403, 422))
async def read_audit(request: Request, who: Admin, limit: Limit = 50, cursor: Cursor = None) -> Response:
    """Who asked and decided what, newest first."""
    log = request.app.state.audit
    entries, after = await to_thread.run_sync(log.page, limit, _place(cursor))
    content = {"entries": entries, "next": _next(after), "broken_line": log.broken}
    return answer(request, packed(content))


@router.get("/decisions", summary="判断の記録 / decisions", response_model=DecisionPage, responses=told(422))
async def read_decisions(
    request: Request,
    run: Annotated[str | None, Query(pattern=RUN_ID, description="a run, with the branches made from it")] = None,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> Response:
    """Runs, forks, rankings and cancellations that were accepted, with who decided them and why; newest first."""

    def wanted(entry: Entry) -> bool:
        fits = run is None or run in (entry.get("run_id"), entry.get("parent"))
        return fits and entry.get("decision") in DECISIONS and int(entry.get("status", 500)) < 400

    entries, after = await to_thread.run_sync(request.app.state.audit.page, limit, _place(cursor), wanted)
    names = {key.id: key.name for key in request.app.state.keys.all().values()}
    rows = [{**{name: entry.get(name) for name in TOLD}, "name": names.get(entry["key_id"])} for entry in entries]
    return answer(request, packed({"decisions": rows, "next": _next(after)}))


def _place(cursor: str | None) -> int | None:
    parts = parts_of(cursor, (int,))
    if parts is not None and parts[0] < 0:
        raise Problem("invalid", "this cursor was not given out here", [("?cursor", "use `next` of a page as it was")])
    return parts[0] if parts else None


def _next(place: Any) -> str | None:
    return cursor_of(place) if place else None
