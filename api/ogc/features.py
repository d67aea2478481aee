"""OGC API – Features, Core: collections and their items, by rectangle, time and page."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Annotated, Any

import numpy as np
import orjson
from anyio import to_thread
from fastapi import APIRouter, Path, Request
from starlette.responses import Response

from api import encoding
from api.encoding import GEOJSON
from api.ogc.collections import CRS84, Collection, every, known, utc
from api.ogc.pages import HTML, both_forms, here, link, only, page, told, wants_html, whole
from api.problems import Problem
from api.routes import Viewer
from api.routes import told as problems

Array = np.ndarray
router = APIRouter(prefix="/ogc", tags=["OGC features"])
PAGE, LONGEST_PAGE = 1000, 20_000
ITEM_PARAMETERS = ("bbox", "datetime", "limit", "offset", "bbox-crs")
PARAMETERS = {
    "bbox": ("west,south,east,north in degrees", {"type": "string"}),
    "datetime": ("an instant, or an interval begin/end; .. leaves an end open", {"type": "string"}),
    "limit": ("most features of the page", {"type": "integer", "minimum": 1, "maximum": LONGEST_PAGE, "default": PAGE}),
    "offset": ("features to pass over", {"type": "integer", "minimum": 0, "default": 0}),
}
SHOWN = {
    "parameters": [
        {
            "name": name,
            "in": "query",
            "required": False,
            "description": text,
            "schema": schema,
            "style": "form",
            "explode": False,
        }
        for name, (text, schema) in PARAMETERS.items()
    ]
}
Name = Annotated[str, Path(max_length=200, description="id of a collection")]


@router.get("/collections", responses=problems(400), response_class=Response)
async def list_collections(request: Request, who: Viewer) -> Response:
    """Places of every scenario, and states of the newest runs."""
    only(request, ())
    root, data_dir = here(request), request.app.state.settings.data_dir
    links = both_forms(request)
    rows = await to_thread.run_sync(lambda: [_told(one, root) for one in every(data_dir)])
    return told(request, {"collections": rows, "links": links}, title="Collections")


@router.get("/collections/{name}", responses=problems(400, 404), response_class=Response)
async def show_collection(request: Request, name: Name, who: Viewer) -> Response:
    """What a collection holds, where and when."""
    only(request, ())
    root, data_dir = here(request), request.app.state.settings.data_dir
    links = both_forms(request)

    def make() -> dict[str, Any]:
        found = known(data_dir, name)
        return found.told(root, found.extent(), links)

    return told(request, await to_thread.run_sync(make))


@router.get("/collections/{name}/items", responses=problems(400, 404), response_class=Response, openapi_extra=SHOWN)
async def list_items(request: Request, name: Name, who: Viewer) -> Response:
    """Features, in row order; of a run, its state at `datetime` (default: the latest)."""
    only(request, ITEM_PARAMETERS)
    asked = request.query_params
    box, span = box_of(asked.get("bbox")), span_of(asked.get("datetime"))
    if asked.get("bbox-crs", CRS84) != CRS84:
        raise Problem("bad-request", "bbox is in longitude and latitude (CRS84) only", [("?bbox-crs", CRS84)])
    limit = whole(asked.get("limit"), "limit", PAGE, LONGEST_PAGE)
    offset = whole(asked.get("offset"), "offset", 0, 10**9, least=0)
    as_html = wants_html(request)

    def make() -> bytes:
        found = known(request.app.state.settings.data_dir, name)
        rows, time_s = chosen(found, box, span)
        links = _page_links(request, found, offset, limit, len(rows))
        body = _collection(found, rows[offset : offset + limit], time_s, links, len(rows))
        return page(found.title, orjson.loads(body)).encode() if as_html else body

    return Response(await to_thread.run_sync(make), media_type=HTML if as_html else GEOJSON)


@router.get("/collections/{name}/items/{feature:path}", responses=problems(400, 404), response_class=Response)
async def show_item(
    request: Request, name: Name, feature: Annotated[str, Path(max_length=200)], who: Viewer
) -> Response:
    """One feature by its id; of a run, its latest state."""
    only(request, ())
    root, data_dir = here(request), request.app.state.settings.data_dir
    links = both_forms(request, GEOJSON)

    def make() -> dict[str, Any]:
        found = known(data_dir, name)
        row = found.geometry.row_of.get(feature)
        if row is None:
            raise Problem("not-found", "no feature of that id in this collection")
        time_s = found.times_s[-1] if found.times_s else None
        one: dict[str, Any] = orjson.loads(_features(found, np.array([row]), time_s)[0])
        return {**one, "links": [*links, link(f"{root}/collections/{name}", "collection", title=found.title)]}

    return told(request, await to_thread.run_sync(make), GEOJSON, feature)


def chosen(found: Collection, box: Array | None, span: tuple[datetime, datetime] | None) -> tuple[Array, int | None]:
    """Rows within a rectangle, and the second of the state shown: the last one in force within the time asked."""
    rows = np.arange(len(found.geometry.ids)) if box is None else _within(found, box)
    if found.run is None:
        return rows, None  # places hold at any time
    times = found.times_s
    if not times:
        return rows[:0], None
    if span is None:
        return rows, times[-1]
    at = bisect_right(times, (span[1] - found.run.start).total_seconds()) - 1
    return (rows, times[at]) if at >= 0 else (rows[:0], None)


def box_of(text: str | None) -> Array | None:
    """West, south, east, north of a `bbox` of four or six numbers. Raises Problem for anything else."""
    if text is None:
        return None
    wrong = Problem("bad-request", "bbox is west,south,east,north in degrees", [("?bbox", "not such a rectangle")])
    parts = text.split(",")
    if len(text) > 200 or len(parts) not in (4, 6) or not all(re.fullmatch(_NUMBER, part.strip()) for part in parts):
        raise wrong
    values = np.array([float(part) for part in parts])
    box = values if len(values) == 4 else values[[0, 1, 3, 4]]
    if not np.isfinite(values).all() or box[1] > box[3] or (np.abs(box) > (180, 90, 180, 90)).any():
        raise wrong
    return box


_NUMBER = r"(?a)[+-]?(\d{1,15}(\.\d{0,20})?|\.\d{1,20})([eE][+-]?\d{1,3})?"
_LONG_AGO, _FAR_OFF = datetime(1, 1, 2, tzinfo=UTC), datetime(9999, 12, 30, tzinfo=UTC)


def span_of(text: str | None) -> tuple[datetime, datetime] | None:
    """Begin and end of a `datetime`. Raises Problem for anything that is no RFC 3339 instant or interval of them."""
    if text is None:
        return None
    ends = text.split("/")
    if len(text) > 100 or len(ends) > 2 or (len(ends) == 1 and ends[0] in ("", "..")):
        raise _no_time()
    begin = _LONG_AGO if ends[0] in ("", "..") else _moment(ends[0])
    end = _FAR_OFF if ends[-1] in ("", "..") else _moment(ends[-1])
    if begin > end or (len(ends) == 2 and {*ends} <= {"", ".."}):
        raise _no_time()
    return begin, end


def _moment(text: str) -> datetime:
    try:
        at = datetime.fromisoformat(text.replace(" ", "+"))
        if at.tzinfo is None:
            raise _no_time()
        return at.astimezone(UTC)
    except (ValueError, OverflowError):
        raise _no_time() from None


def _no_time() -> Problem:
    told_ = "datetime is an instant with its zone, or begin/end with .. for an open end"
    return Problem("bad-request", told_, [("?datetime", "not such a time")])


def _within(found: Collection, box: Array) -> Array:
    west, south, east, north = box.tolist()
    if west <= east:
        return found.geometry.within((west, south, east, north))
    halves = [found.geometry.within(half) for half in ((west, south, 180.0, north), (-180.0, south, east, north))]
    return np.union1d(*halves)  # the rectangle crosses the date line


def _features(found: Collection, rows: Array, time_s: int | None) -> list[bytes]:
    values: Mapping[str, Array] = {} if time_s is None else found.values(time_s)
    more = b""
    if time_s is not None:
        members = found.run.members if found.run else 0
        plain = {"time": utc(found.instant(time_s)), "label": "simulated", "members": members}
        more = b"," + orjson.dumps(plain)[1:-1]
    return encoding.features(found.geometry, rows.tolist(), values, more)


def _collection(found: Collection, rows: Array, time_s: int | None, links: list[dict[str, str]], matched: int) -> bytes:
    head = {
        "type": "FeatureCollection",
        "timeStamp": utc(datetime.now(UTC)),
        "numberMatched": matched,
        "numberReturned": len(rows),
        "links": links,
    }
    return orjson.dumps(head)[:-1] + b',"features":[' + b",".join(_features(found, rows, time_s)) + b"]}"


def _page_links(request: Request, found: Collection, offset: int, limit: int, matched: int) -> list[dict[str, str]]:
    links = both_forms(request, GEOJSON)
    if offset + limit < matched:
        links.append(link(str(request.url.include_query_params(offset=offset + limit)), "next", GEOJSON, "next page"))
    if offset:
        before = max(offset - limit, 0)
        links.append(link(str(request.url.include_query_params(offset=before)), "prev", GEOJSON, "page before"))
    return [*links, link(f"{here(request)}/collections/{found.name}", "collection", title=found.title)]


def _told(found: Collection, root: str) -> dict[str, Any]:
    return found.told(root, found.extent(), [link(f"{root}/collections/{found.name}", "self")])
