"""Errors as the API tells them: RFC 9457 problem documents without paths, traces or secrets."""

from __future__ import annotations

import errno
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import orjson
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.responses import Response
from starlette.routing import Match

from twin.errors import Interrupted, ParameterError, ScenarioError, SnapshotError, StoreError, TwinError, WiringError

MEDIA_TYPE = "application/problem+json"
METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE")
MOST_ERRORS, LONGEST_DETAIL = 100, 4000


@dataclass(frozen=True)
class Kind:
    """One sort of problem: its status, its title, the same in Japanese, and what a caller can do."""

    status: int
    title: str
    title_ja: str
    cure: str


KINDS: Mapping[str, Kind] = {
    "bad-request": Kind(400, "Bad request", "要求が不正です", "Correct the request; `detail` says what is wrong."),
    "unauthorized": Kind(
        401, "A valid key is needed", "有効なキーが必要です", "Send `Authorization: Bearer KEY` with a key in force."
    ),
    "forbidden": Kind(
        403, "Not allowed for this role", "この役割では許可されていません", "Ask for a key of a higher role."
    ),
    "not-found": Kind(404, "Not found", "見つかりません", "Check the path or the id; lists show what there is."),
    "method-not-allowed": Kind(
        405, "Method not allowed", "このメソッドは使えません", "`Allow` names the methods of this path."
    ),
    "not-acceptable": Kind(406, "Not acceptable", "その形式では返せません", "Ask for a media type the route offers."),
    "conflict": Kind(
        409, "Does not fit the present state", "現在の状態では実行できません", "Read the run again, then decide."
    ),
    "too-large": Kind(413, "Request too large", "要求が大きすぎます", "Send a smaller body."),
    "unsupported-media-type": Kind(
        415, "Unsupported media type", "対応していない形式です", "Send `Content-Type: application/json` in UTF-8."
    ),
    "misdirected": Kind(
        421, "Not a name of this server", "このサーバーの名前ではありません", "Use a name given with --allow-host."
    ),
    "invalid": Kind(
        422, "Invalid content", "内容に誤りがあります", "`errors` names every place and what is wrong there."
    ),
    "idempotency-conflict": Kind(
        422,
        "Idempotency-Key was used for another request",
        "Idempotency-Key が別の要求で使われています",
        "Use a new key for a new request.",
    ),
    "too-many": Kind(
        429, "Too much at once", "同時に要求できる数を超えました", "Wait `Retry-After` seconds, then try again."
    ),
    "fault": Kind(
        500, "Fault of the program", "プログラムの不具合です", "Report it with the request id in `instance`."
    ),
    "unavailable": Kind(503, "Not ready", "準備ができていません", "Wait and try again; /readyz says what is missing."),
    "disk-full": Kind(
        507, "No disk space left", "ディスクの空きがありません", "Delete runs or free space, then try again."
    ),
}
OF_STATUS = {kind.status: name for name, kind in reversed(list(KINDS.items()))}


class Problem(Exception):
    """An error with its HTTP answer. `errors` are (pointer, detail) pairs."""

    def __init__(
        self,
        kind: str,
        detail: str,
        errors: Sequence[tuple[str, str]] = (),
        headers: Mapping[str, str] | None = None,
        **more: Any,
    ):
        super().__init__(detail)
        self.kind, self.detail, self.headers, self.more = kind, detail, dict(headers or {}), more
        self.errors = [{"pointer": pointer, "detail": text} for pointer, text in errors]

    @property
    def status(self) -> int:
        """HTTP status."""
        return KINDS[self.kind].status

    def response(self, scope: Mapping[str, Any]) -> Response:
        """The answer for this request; `instance` is its request id."""
        content: dict[str, Any] = {
            "type": f"/v1/problems/{self.kind}",
            "title": KINDS[self.kind].title,
            "status": self.status,
            "detail": self.detail[:LONGEST_DETAIL],
            "instance": scope.get("state", {}).get("request_id", ""),
            **self.more,
        }
        if self.errors or self.status == 422:
            content["errors"] = self.errors[:MOST_ERRORS]
        headers = {"Cache-Control": "no-store", **self.headers}
        return Response(orjson.dumps(content), self.status, headers, MEDIA_TYPE)


def install(app: FastAPI) -> None:
    """Make the application answer every error with a problem document."""

    async def told(request: Request, error: Exception) -> Response:
        problem = as_problem(error, request.app.state.settings)
        if problem.status == 405:
            problem.headers["Allow"] = ", ".join(methods_of(request))
        return problem.response(request.scope)

    for sort in (Problem, HTTPException, RequestValidationError, TwinError):
        app.add_exception_handler(sort, told)


def methods_of(request: Request) -> list[str]:
    """Methods the path of a request can be asked with, whatever route each has."""
    asked = [(method, {**request.scope, "method": method}) for method in METHODS]
    return [
        method
        for method, scope in asked
        if any(route.matches(scope)[0] is Match.FULL for route in request.app.router.routes)
    ]


def as_problem(error: Exception, settings: Any = None) -> Problem:
    """The problem that tells this error. An error nobody foresaw becomes a `fault` without its text."""
    if isinstance(error, Problem):
        return error
    if isinstance(error, RequestValidationError):
        found = [(_pointer(item["loc"]), _sentence(item)) for item in error.errors()]
        return Problem("invalid", f"{len(found)} of the values sent cannot be used", found)
    if isinstance(error, HTTPException):
        return _of_status(error)
    if isinstance(error, TwinError):
        return _of_twin(error, settings)
    return Problem("fault", "something went wrong inside; the log of the server has more under this request id")


def _of_status(error: HTTPException) -> Problem:
    kind = OF_STATUS.get(error.status_code, "bad-request" if error.status_code < 500 else "fault")
    return Problem(kind, KINDS[kind].cure, headers=error.headers)


def _of_twin(error: TwinError, settings: Any) -> Problem:
    if out_of_space(error):
        return Problem("disk-full", "the server's disk is full; nothing finished is lost")
    text = scrub(str(error), getattr(settings, "data_dir", None))
    kind = getattr(error, "problem", "")  # the errors of the queue and of the readings name their own
    if kind in KINDS:
        wait_s = getattr(error, "retry_after_s", None)
        return Problem(kind, text, headers={"Retry-After": str(wait_s)} if wait_s else None)
    if isinstance(error, (ScenarioError, ParameterError, WiringError)):
        lines = [line.strip() for line in text.splitlines() if line.strip()]
        return Problem("invalid", lines[0] if lines else "", [("#", line) for line in lines])
    if isinstance(error, (StoreError, SnapshotError, Interrupted)):
        return Problem("conflict", text)
    return as_problem(RuntimeError())


def out_of_space(error: BaseException | None) -> bool:
    """Whether this error, or the one it came from, is a full disk or quota."""
    while error is not None:
        if isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT):
            return True
        error = error.__cause__ or error.__context__
    return False


def scrub(text: str, data_dir: Path | None = None) -> str:
    """`text` without file system paths: a run folder becomes the run's id, any other path its last part.

    Names of routes (`/v1/…`, `/ogc/…`) stay.
    """
    if data_dir is not None:
        for place in {str(data_dir), str(data_dir.absolute()), str(data_dir.resolve())}:
            text = _below(place).sub(lambda match: match["run"] or match["rest"].rpartition("/")[2] or "data", text)
    return _PATH.sub(_last_part, text)


_PATH = re.compile(r"(?<![\w:.~/])(?:~|[A-Za-z]:|file://)?(?:/[^\s/:'\"`,;()<>\[\]|]+){1,}/?")
_ROUTES = ("/v1", "/ogc", "/healthz", "/readyz", "/metrics", "/assets")


@lru_cache(maxsize=64)
def _below(place: str) -> re.Pattern[str]:
    return re.compile(
        re.escape(place.rstrip("/"))
        + r"(?:/runs/(?P<run>[A-Za-z0-9-]+)(?:/[^\s:'\"`,;()]*)?|(?P<rest>(?:/[^\s:'\"`,;()]*)?))"
    )


def _last_part(match: re.Match[str]) -> str:
    path = match[0].rstrip("/")
    if path in _ROUTES or path.startswith(tuple(f"{route}/" for route in _ROUTES)):
        return match[0]
    parts = path.split("/")
    return parts[-2] if parts[-1] in ("scenario.yaml", "manifest.json") and len(parts) > 2 else parts[-1]


_SOURCES = {"query": "?{}", "header": "header:{}", "path": "path:{}"}


def _pointer(place: Sequence[Any]) -> str:
    """JSON pointer into the body (`#/set/x`), or `?name`, `header:name`, `path:name`."""
    source, *rest = [str(part) for part in place] or ["body"]
    if source in _SOURCES:
        return _SOURCES[source].format(".".join(rest))
    return "#" + "".join("/" + part.replace("~", "~0").replace("/", "~1")[:80] for part in rest)


def _sentence(item: Mapping[str, Any]) -> str:
    if item["type"] == "extra_forbidden":
        return "unknown field"
    return str(item["msg"]).removeprefix("Value error, ")[:500]
