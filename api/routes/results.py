"""What a run found, over HTTP: series, frames, events with their causes, the report, and where things are.

Routes look the run up and hand the work to `api.readings` and `api.encoding`. An answer of a run that has not changed
is kept as bytes and given again without a thread or a file.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from hashlib import blake2b
from pathlib import Path
from typing import Annotated, Any, BinaryIO, Literal

from fastapi import APIRouter, Query, Request
from fastapi import Path as PathParameter
from pydantic import Field
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response, StreamingResponse

from api import encoding, geometry
from api.readings import AskError, NotThere, OpenRun, events, find, frames, moment_s, series
from api.readings.runs import Kept
from api.routes import RunId, Viewer, answer, matches, parts_of, told
from api.routes import cursor_of as packed_cursor

router = APIRouter(prefix="/v1", tags=["results"])
KEPT_BYTES = 256_000  # larger answers are made again
_ANSWERS: Kept[bytes] = Kept(512)
BLOCK_BYTES = 1_000_000
DAY_S = 86_400
# the report carries its own style and language switch; in a sandbox they reach nothing of this server
CSP_OF_REPORT = (
    "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; img-src data:; "
    "sandbox allow-scripts allow-modals allow-downloads"
)

Name = Annotated[str, Field(max_length=120)]
Names = Annotated[list[Name], Query(max_length=50)]
Member = Annotated[int, Query(ge=0, le=9999, description="number of the member")]
Members = Annotated[list[Annotated[int, Field(ge=-1, le=9999)]], Query(max_length=200)]
From = Annotated[str | None, Query(alias="from", max_length=64, description="6h, seconds, or an instant with its zone")]
To = Annotated[str | None, Query(max_length=64, description="as `from`; included")]
PageCursor = Annotated[str | None, Query(max_length=64, description="`next` of the page before")]
OverMembers = Annotated[
    str, Query(pattern=r"^([0-9]{1,4}|mean|low|high)$", description="a member, or over all of them")
]


def whole_file(path: Path, media_type: str, filename: str) -> Response | None:
    """A file as it is, opened at once so that a deletion cannot cut it short; None if it is not there.

    Never in parts: the answers to a Range header (206, 400, 416) are none of this API.
    """
    try:
        file = open(path, "rb")  # noqa: SIM115 - closed once it is sent
    except OSError:
        return None
    headers = {
        "Content-Length": str(os.fstat(file.fileno()).st_size),
        "Content-Disposition": f'attachment; filename="{filename}"',
        "Cache-Control": "private, no-cache",
    }
    return StreamingResponse(_blocks(file), headers=headers, media_type=media_type)


def _blocks(file: BinaryIO) -> Iterator[bytes]:
    with file:
        while block := file.read(BLOCK_BYTES):
            yield block


def shown(*media_types: str, errors: tuple[int, ...] = (404, 409, 422)) -> dict[int | str, dict[str, Any]]:
    """OpenAPI responses of a route that answers in these media types and knows entity tags."""
    kinds = {one: {"schema": {"type": "object"} if "json" in one else {"type": "string"}} for one in media_types}
    return {**told(*errors), 200: {"description": "found", "content": kinds}, 304: {"description": "not modified"}}


def opened(request: Request, run_id: str) -> OpenRun:
    """The run of an id. Raises Problem `not-found`, or `conflict` while it has not begun."""
    settings = request.app.state.settings
    try:
        return find(settings.data_dir, run_id)
    except NotThere:
        shelf = getattr(request.app.state, "shelf", None)
        if shelf is not None:
            shelf.folder(run_id)  # knows runs that wait for their worker
        raise


async def answered(
    request: Request, version: str, media_type: str, make: Callable[[], bytes], max_age_s: int = 0
) -> Response:
    """Bytes with an entity tag that changes with `version`, path, query and media type; made only if they must be."""
    asked = f"{version}\n{request.url.path}?{request.url.query}\n{media_type}"
    tag = f'"{blake2b(asked.encode(), digest_size=12).hexdigest()}"'
    if matches(request, tag):
        return answer(request, b"", tag, max_age_s, media_type)
    body = _ANSWERS.peek(tag)
    if body is None:
        try:
            body = await run_in_threadpool(make)
        except FileNotFoundError:
            raise NotThere("the run was deleted while it was read") from None
        if len(body) <= KEPT_BYTES:
            made = body
            _ANSWERS.get(tag, lambda: made)
    return answer(request, body, tag, max_age_s, media_type)


def media_type_of(request: Request, format_: str | None, offered: tuple[str, ...]) -> str:
    """The media type to answer in: `format` decides, else Accept, else the first offered."""
    if format_ is not None:
        return encoding.FORMATS[format_]
    accepted = [one.partition(";")[0].strip() for one in request.headers.get("accept", "").split(",")]
    known = {encoding.FORMATS[name] for name in offered}
    return next((one for one in accepted if one in known), encoding.FORMATS[offered[0]])


@router.get(
    "/runs/{run_id}/series",
    responses=shown(encoding.JSON, encoding.PARQUET),
    response_class=Response,
)
async def read_series(
    request: Request,
    run_id: RunId,
    who: Viewer,
    quantity: Names = [],  # noqa: B006 - FastAPI copies defaults
    area: Names = [],  # noqa: B006
    kind: Annotated[list[Literal["true", "reported", "observed"]], Query(max_length=3)] = [],  # noqa: B006
    member: Members = [],  # noqa: B006
    from_: From = None,
    to: To = None,
    limit: Annotated[int, Query(ge=1, le=10_000, description="most curves of a page")] = 1000,
    cursor: PageCursor = None,
    format_: Annotated[Literal["json", "parquet"] | None, Query(alias="format")] = None,
) -> Response:
    """Curves by quantity, area (municipality code or `all`), kind and member; of a run under way, as far as it is."""
    run = opened(request, run_id)
    wanted = series.Wanted(
        frozenset(quantity),
        frozenset(area),
        frozenset(kind),
        frozenset(member),
        _moment(from_, run),
        _moment(to, run),
    )
    media_type = media_type_of(request, format_, ("json", "parquet"))
    if media_type == encoding.PARQUET:
        whole = run.folder.path / "series.parquet"
        everything = wanted == series.Wanted() and run.done
        if everything and (response := whole_file(whole, media_type, f"{run.run_id}-series.parquet")) is not None:
            return response
        return await answered(request, run.version, media_type, lambda: _series_parquet(run, wanted))
    begin = _first(cursor)
    return await answered(request, run.version, media_type, lambda: _series_json(run, wanted, begin, limit))


def _series_json(run: OpenRun, wanted: series.Wanted, begin: int, limit: int) -> bytes:
    book = series.series_book(run)
    book.check(wanted)
    keys = book.keys(wanted)
    page = keys[begin : begin + limit]
    series.at_most(book.points(page, wanted), series.MOST_POINTS)
    following = packed_cursor(begin + limit) if begin + limit < len(keys) else None
    return encoding.series_json(book.lines(page, wanted), following)


def _series_parquet(run: OpenRun, wanted: series.Wanted) -> bytes:
    book = series.series_book(run)
    book.check(wanted)
    keys = book.keys(wanted)
    series.at_most(book.points(keys, wanted), series.MOST_ROWS)
    return encoding.parquet(series.table_of(list(book.lines(keys, wanted)), int(run.start.timestamp())))


@router.get("/runs/{run_id}/frames", responses=shown(encoding.JSON), response_class=Response)
async def list_frames(request: Request, run_id: RunId, who: Viewer, member: Member = 0) -> Response:
    """Quantities that can be shown on a map, with index set, unit and the instants they were kept at."""
    run = opened(request, run_id)
    return await answered(
        request,
        run.version,
        encoding.JSON,
        lambda: encoding.json_bytes({"frames": frames.frame_list(run, member)}),
    )


@router.get(
    "/runs/{run_id}/frames/{quantity}",
    responses=shown(*encoding.FORMATS.values()),
    response_class=Response,
)
async def read_frame(
    request: Request,
    run_id: RunId,
    quantity: Annotated[str, PathParameter(max_length=120, description="layer.quantity, see the list of frames")],
    who: Viewer,
    at: Annotated[str | None, Query(max_length=64, description="6h or an instant; default: the latest frame")] = None,
    member: OverMembers = "0",
    minus: Annotated[str | None, Query(max_length=121, description="id of a run to take away")] = None,
    format_: Annotated[Literal["binary", "json", "geojson", "parquet"] | None, Query(alias="format")] = None,
) -> Response:
    """One quantity over one index set at one instant; mean, and ends of the 80 % range, over members on demand."""
    run = opened(request, run_id)
    other = None if minus is None else opened(request, minus)
    media_type = media_type_of(request, format_, ("json", "binary", "geojson", "parquet"))
    at_s = _moment(at, run)
    one = member if member in frames.OVER_MEMBERS else int(member)
    version = run.version if other is None else f"{run.version} {other.version}"

    def make() -> bytes:
        return _encoded(run, frames.frame(run, quantity, at_s, one, other), media_type)

    return await answered(request, version, media_type, make)


def _encoded(run: OpenRun, found: frames.Frame, media_type: str) -> bytes:
    if media_type == encoding.FRAME:
        return encoding.frame_binary(found)
    if media_type == encoding.GEOJSON:
        return encoding.frame_geojson(found, geometry.geometry(run.scenario_path, found.header["on"]))
    ids = geometry.ids_of(run.scenario_path, found.header["on"])
    return (encoding.frame_json if media_type == encoding.JSON else encoding.frame_parquet)(found, ids)


@router.get("/runs/{run_id}/events", responses=shown(encoding.JSON), response_class=Response)
async def list_events(
    request: Request,
    run_id: RunId,
    who: Viewer,
    kind: Names = [],  # noqa: B006
    layer: Names = [],  # noqa: B006
    area: Names = [],  # noqa: B006
    quantity: Names = [],  # noqa: B006
    from_: From = None,
    to: To = None,
    member: Members = [],  # noqa: B006
    limit: Annotated[int, Query(ge=1, le=events.LONGEST_PAGE)] = events.PAGE,
    cursor: PageCursor = None,
) -> Response:
    """Events in order of time with their sentences. While a run goes on, ask for one member: they advance unevenly."""
    run = opened(request, run_id)
    texts = {"kind": kind, "layer": layer, "area": area, "quantity": quantity}
    asked = events.Asked(texts, frozenset(member), _moment(from_, run), _moment(to, run))

    def make() -> bytes:
        page, following = events.event_book(run).page(asked, limit, cursor)
        return encoding.json_bytes({"events": page, "next": following})

    return await answered(request, run.version, encoding.JSON, make)


@router.get("/runs/{run_id}/events/{event_id}", responses=shown(encoding.JSON), response_class=Response)
async def read_event(
    request: Request,
    run_id: RunId,
    event_id: Annotated[int, PathParameter(ge=0, le=2**62, description="id of an event")],
    who: Viewer,
    member: Member = 0,
    depth: Annotated[int, Query(ge=0, le=events.DEEPEST, description="how far back causes are followed")] = 4,
) -> Response:
    """One event with the events that caused it, and what caused those."""
    run = opened(request, run_id)

    def make() -> bytes:
        chain = events.event_book(run).chain(event_id, events.member_of(run, member), depth)
        return encoding.json_bytes(chain)

    return await answered(request, run.version, encoding.JSON, make)


@router.get(
    "/regions/{scenario}/geometry/{on}",
    responses=shown(encoding.GEOJSON, errors=(404, 422)),
    response_class=Response,
)
async def read_geometry(
    request: Request,
    scenario: Annotated[str, PathParameter(max_length=60)],
    on: Annotated[str, PathParameter(max_length=60, description="index set, e.g. cell, municipality, road, shelter")],
    who: Viewer,
) -> Response:
    """Where the entities of an index set are, as GeoJSON features in row order."""
    path = await run_in_threadpool(geometry.shipped_path, scenario)
    shapes = await run_in_threadpool(geometry.geometry, path, on)
    tag = await run_in_threadpool(lambda: shapes.etag)
    return answer(request, shapes.collection, tag, DAY_S, encoding.GEOJSON)


@router.get("/runs/{run_id}/report", responses=shown("text/html"), response_class=Response)
async def read_report(request: Request, run_id: RunId, who: Viewer, lang: Literal["ja", "en"] = "ja") -> Response:
    """The report of a finished run: one HTML page that holds both languages."""
    run = opened(request, run_id)
    path = run.folder.path / "report.html"
    stat = _stat(path)
    if stat is None:
        raise NotThere("this run has no report: it is written when a run ends")

    def make() -> bytes:
        page = path.read_bytes()
        return page if lang == "ja" else page.replace(b'location.hash === "#en"', b'location.hash !== "#ja"', 1)

    response = await answered(request, f"{run.version}{stat.st_mtime_ns}", "text/html; charset=utf-8", make)
    response.headers["Content-Security-Policy"] = CSP_OF_REPORT
    return response


def _moment(text: str | None, run: OpenRun) -> int | None:
    return None if text is None else moment_s(text, run.start)


def _stat(path: Path) -> os.stat_result | None:
    """None if the file is not there (any more)."""
    try:
        return path.stat()
    except OSError:
        return None


def _first(cursor: str | None) -> int:
    """Number of the first curve of a page."""
    parts = parts_of(cursor, [int])
    if parts is not None and not 0 <= parts[0] < 2**40:
        raise AskError("this cursor was not given by the page before; leave it out to begin anew")
    return parts[0] if parts else 0
