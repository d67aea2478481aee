"""What all OGC answers share: links, the choice between JSON and HTML, checks of query parameters."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from fastapi import Request
from markupsafe import Markup, escape
from starlette.responses import Response

from api.encoding import GEOJSON, JSON, json_bytes
from api.problems import Problem

HTML = "text/html"
Link = dict[str, str]
SHORT = {"json": JSON, "html": HTML}


def here(request: Request) -> str:
    """Address of the OGC root, without a slash at the end."""
    return f"{str(request.base_url).rstrip('/')}/ogc"


def link(href: str, rel: str, media_type: str = JSON, title: str = "") -> Link:
    """One link of an answer."""
    return {"href": href, "rel": rel, "type": media_type} | ({"title": title} if title else {})


def both_forms(request: Request, media_type: str = JSON) -> list[Link]:
    """Links to this answer itself and to its other form."""
    url = request.url
    as_json = str(url.include_query_params(f="json"))
    as_html = str(url.include_query_params(f="html"))
    if wants_html(request):
        return [link(as_html, "self", HTML), link(as_json, "alternate", media_type)]
    return [
        link(as_json if "f" in request.query_params else str(url), "self", media_type),
        link(as_html, "alternate", HTML),
    ]


def wants_html(request: Request) -> bool:
    """Whether the answer is to be HTML: `f` decides, else what the caller names first. Raises Problem for a wrong f."""
    asked = request.query_params.get("f")
    if asked is not None:
        if asked not in SHORT:
            raise Problem("bad-request", "f must be json or html", [("?f", "json or html")])
        return asked == "html"
    accepted = [one.partition(";")[0].strip() for one in request.headers.get("accept", "").split(",")]
    known = [one for one in accepted if one in (HTML, JSON, GEOJSON)]
    return bool(known) and known[0] == HTML


def told(
    request: Request, content: Mapping[str, Any], media_type: str = JSON, title: str = "", status: int = 200
) -> Response:
    """An answer in the form asked for."""
    body = json_bytes(content)
    if wants_html(request):
        return Response(page(title or str(content.get("title", "OGC API")), content), status, media_type=HTML)
    return Response(body, status, {"Cache-Control": "no-store"}, media_type)


def page(title: str, content: Mapping[str, Any]) -> str:
    """A plain page: links first, then the content as it is."""
    links = [one for one in content.get("links", []) if isinstance(one, dict)]
    items = Markup("").join(
        Markup('<li><a href="{}">{}</a></li>').format(one["href"], one.get("title") or one["rel"]) for one in links
    )
    plain = json_bytes({name: value for name, value in content.items() if name != "links"}).decode()
    return Markup(
        '<!DOCTYPE html><html lang="en"><meta charset="utf-8"><title>{0}</title><h1>{0}</h1><ul>{1}</ul>'
        "<pre>{2}</pre></html>"
    ).format(title, items, escape(plain))


def only(request: Request, known: Collection[str]) -> None:
    """Raises Problem for a query parameter the resource does not have, and for one given twice."""
    names = [name for name, _ in request.query_params.multi_items()]
    for name in names:
        if name not in (*known, "f"):
            text = f"unknown query parameter; known: {', '.join([*known, 'f'])}"
            raise Problem("bad-request", text, [(f"?{name[:60]}", "unknown")])
        if names.count(name) > 1:
            raise Problem("bad-request", f"`{name}` is given more than once", [(f"?{name}", "more than once")])


def whole(text: str | None, name: str, default: int, most: int, least: int = 1) -> int:
    """A whole number of a query; one above `most` counts as `most`. Raises Problem for anything else."""
    if text is None:
        return default
    if not (text.isascii() and text.isdigit() and len(text) <= 18 and int(text) >= least):
        raise Problem("bad-request", f"{name} must be a whole number from {least}", [(f"?{name}", "not such a number")])
    return min(int(text), most)
