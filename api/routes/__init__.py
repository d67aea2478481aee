"""Routes of the API: each translates between HTTP and the parts that do the work. Here: what several of them share."""

from __future__ import annotations

import base64
import binascii
import time
from collections.abc import Awaitable, Callable, Hashable, Sequence
from hashlib import blake2b
from typing import Annotated, Any

import orjson
from anyio import to_thread
from fastapi import Depends, Header, Path, Query, Request
from starlette.responses import Response

from api.keys import Who
from api.problems import KINDS, MEDIA_TYPE, OF_STATUS, Problem
from api.schemas import RUN_ID, ProblemDocument

JSON = "application/json"
LONGEST_CURSOR = 400
FRESH_S = 0.2
ALWAYS = (400, 401, 421, 500)

RunId = Annotated[
    str, Path(pattern=RUN_ID, description="id of a run", examples=["two-towns-20260728t072700z-1f2e3d4c"])
]
Cursor = Annotated[str | None, Query(max_length=LONGEST_CURSOR, description="`next` of the page before")]
Limit = Annotated[int, Query(ge=1, le=200, description="most rows of the page")]
IdempotencyKey = Annotated[
    str | None,
    Header(
        alias="Idempotency-Key",
        pattern=r"^[\x21-\x7e]{1,200}$",
        description="the same key with the same body makes the thing only once",
    ),
]


def needs(role: str) -> Any:
    """Dependency: the caller, who must have at least this role. Raises Problem `forbidden`."""

    def caller(request: Request) -> Who:
        who: Who = request.state.who
        if not who.may(role):
            raise Problem("forbidden", f"this needs the role {role}; your key has the role {who.role}")
        return who

    return Depends(_without_thread(caller))


def _without_thread(function: Callable[[Request], Who]) -> Callable[[Request], Awaitable[Who]]:
    """As a coroutine, which FastAPI calls in place; a plain function would go through its pool of threads."""

    async def called(request: Request) -> Who:
        return function(request)

    return called


Viewer = Annotated[Who, needs("viewer")]
Planner = Annotated[Who, needs("planner")]
Admin = Annotated[Who, needs("admin")]


def told(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """OpenAPI responses of these error statuses, all of one shape."""
    return {
        status: {
            "description": KINDS[OF_STATUS[status]].title,
            "content": {MEDIA_TYPE: {"schema": {"$ref": f"#/components/schemas/{ProblemDocument.__name__}"}}},
        }
        for status in sorted({*ALWAYS, *statuses})
    }


def tag_of(body: bytes) -> str:
    """Entity tag of an answer: a hash of its bytes."""
    return f'"{blake2b(body, digest_size=12).hexdigest()}"'


def matches(request: Request, tag: str) -> bool:
    """Whether the caller already holds what `tag` names (If-None-Match)."""
    asked = request.headers.get("if-none-match")
    if not asked:
        return False
    return any(one.strip().removeprefix("W/") in (tag, "*") for one in asked.split(","))


def answer(request: Request, body: bytes, tag: str = "", max_age_s: int = 0, media_type: str = JSON) -> Response:
    """Bytes as an answer; with a tag it can be asked for again cheaply (304). Never kept by shared caches."""
    if not tag:
        return Response(body, headers={"Cache-Control": "no-store"}, media_type=media_type)
    kept = f"private, max-age={max_age_s}" if max_age_s else "private, no-cache"
    headers = {"ETag": tag, "Cache-Control": kept, "Vary": "Authorization, Accept"}
    if matches(request, tag):
        return Response(status_code=304, headers=headers)
    return Response(body, headers=headers, media_type=media_type)


def packed(content: Any) -> bytes:
    """JSON bytes; numbers that are none become null."""
    return orjson.dumps(content, option=orjson.OPT_SERIALIZE_NUMPY)


def cursor_of(*parts: Any) -> str:
    """An opaque cursor that holds these parts."""
    return base64.urlsafe_b64encode(orjson.dumps(list(parts))).decode().rstrip("=")


def parts_of(cursor: str | None, kinds: Sequence[type | tuple[type, ...]]) -> list[Any] | None:
    """The parts of a cursor, of these types; None for the first page. Raises Problem `invalid` for any other text."""
    if cursor is None:
        return None
    try:
        parts = orjson.loads(base64.b64decode(cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True))
    except (ValueError, binascii.Error):
        parts = None
    fits = isinstance(parts, list) and len(parts) == len(kinds)
    if not fits or not all(isinstance(part, kind) for part, kind in zip(parts, kinds, strict=True)):
        raise Problem("invalid", "this cursor was not given out here", [("?cursor", "use `next` of a page as it was")])
    return list(parts)


class Fresh:
    """Answers kept for a moment, so that many clients who watch the same run cost one look at the job store.

    Whatever this server changes clears them; what workers change shows after FRESH_S at the latest.
    """

    def __init__(self, most: int = 1000):
        self._most = most
        self._kept: dict[Hashable, tuple[float, bytes, str]] = {}

    def clear(self) -> None:
        """Forget all."""
        self._kept = {}

    async def get(self, request: Request, key: Hashable, make: Callable[[], tuple[Any, bool]]) -> Response:
        """The answer under a key. make: returns what to answer, and whether it gets an entity tag."""
        now = time.monotonic()
        kept = self._kept.get(key)
        if kept is None or kept[0] < now:
            place = self._kept  # if it is cleared in between, what was read before must not be kept after
            content, tagged = await look(request, make)
            body = packed(content)
            kept = now + FRESH_S, body, tag_of(body) if tagged else ""
            if len(place) >= self._most:
                place.clear()
            place[key] = kept
        return answer(request, kept[1], kept[2])


async def look(request: Request, function: Callable[..., Any], *arguments: Any) -> Any:
    """Call a short reading of the job store: in place for SQLite, whose readers never wait; in a thread otherwise."""
    if request.app.state.settings.jobs_url.startswith("sqlite"):
        return function(*arguments)
    return await to_thread.run_sync(function, *arguments)
