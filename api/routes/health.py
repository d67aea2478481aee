"""Whether the server lives, whether it is ready, and its figures for Prometheus."""

from __future__ import annotations

import shutil
from typing import Any

from anyio import to_thread
from fastapi import APIRouter, Request
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from starlette.responses import Response

from api.problems import Problem
from api.routes import answer, packed, told
from twin.errors import TwinError

router = APIRouter(tags=["health"])
TEXT = {"text/plain": {"schema": {"type": "string"}}}
STATE = {"application/json": {"schema": {"type": "object"}}}


@router.get(
    "/healthz", summary="生存確認 / alive", responses={200: {"description": "alive", "content": STATE}, **told()}
)
async def alive(request: Request) -> Response:
    """The process answers."""
    return answer(request, b'{"status":"alive"}')


@router.get(
    "/readyz", summary="準備完了か / ready", responses={200: {"description": "ready", "content": STATE}, **told(503)}
)
async def ready(request: Request) -> Response:
    """Database, disk, workers and audit log; 503 names what is missing."""
    checks = await to_thread.run_sync(readiness, request.app.state)
    missing = [name for name, check in checks.items() if not check["ok"]]
    if missing:
        raise Problem("unavailable", f"not ready: {', '.join(missing)}", headers={"Retry-After": "5"}, checks=checks)
    return answer(request, packed({"status": "ready", "checks": checks}))


@router.get(
    "/metrics", summary="計測値 / figures", responses={200: {"description": "figures", "content": TEXT}, **told()}
)
async def metrics(request: Request) -> Response:
    """Figures in the text format of Prometheus."""
    body = await to_thread.run_sync(generate_latest, request.app.state.figures.registry)
    return answer(request, body, media_type=CONTENT_TYPE_LATEST)


def readiness(state: Any) -> dict[str, dict[str, Any]]:
    """Every check with whether it passed and, in words, why not."""
    return {
        "database": _told(lambda: bool(state.jobs.counts()) or True, "the job database does not answer"),
        "disk": _told(
            lambda: shutil.disk_usage(state.settings.data_dir).free > state.settings.limits.disk_free_bytes,
            "too little disk space is left",
        ),
        "workers": _told(lambda: state.supervisor is None or state.alive() > 0, "no worker is alive"),
        "audit": {
            "ok": not state.audit.failed,
            "detail": "the audit log cannot be written"
            if state.audit.failed
            else f"line {state.audit.broken} of the audit log does not fit its chain"
            if state.audit.broken
            else "",
        },
    }


def _told(check: Any, otherwise: str) -> dict[str, Any]:
    try:
        passed = bool(check())
    except (TwinError, OSError):
        passed = False
    return {"ok": passed, "detail": "" if passed else otherwise}
