"""Landing page, conformance and API definition of the OGC part."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Request
from starlette.responses import Response

from api.encoding import json_bytes
from api.ogc.pages import HTML, both_forms, here, link, told
from api.routes import Viewer
from api.routes import told as problems

router = APIRouter(prefix="/ogc", tags=["OGC"])
API_TYPE = "application/vnd.oai.openapi+json;version=3.0"
SPEC = "http://www.opengis.net/spec"
# Processes Core is not among them: inputs by reference would have the server fetch addresses it is given, and results
# come as a document only. The classes that build on it are left out too, though jobs can be listed and dismissed.
CONFORMANCE = (
    f"{SPEC}/ogcapi-common-1/1.0/conf/core",
    f"{SPEC}/ogcapi-common-1/1.0/conf/json",
    f"{SPEC}/ogcapi-features-1/1.0/conf/core",
    f"{SPEC}/ogcapi-features-1/1.0/conf/geojson",
    f"{SPEC}/ogcapi-processes-1/1.0/conf/ogc-process-description",
)
TITLE = "Disaster twin: scenarios as processes, places and states as features"
DESCRIPTION = (
    "Simulated states of a digital twin for disaster response (exercise; not an observation). "
    "Collections `places.<scenario>.<set>` say where things are, `state.<run>.<set>` what a run says of them."
)


@router.get("", responses=problems(), response_class=Response)
@router.get("/", responses=problems(), response_class=Response, include_in_schema=False)
async def landing(request: Request, who: Viewer) -> Response:
    """Where everything is."""
    root = here(request)
    relations = "http://www.opengis.net/def/rel/ogc/1.0"
    links = [
        *both_forms(request),
        link(f"{root}/api", "service-desc", API_TYPE, "API definition"),
        link(f"{root}/api?f=html", "service-doc", HTML, "API definition for people"),
        link(f"{root}/conformance", "conformance", title="conformance classes"),
        link(f"{root}/conformance", f"{relations}/conformance", title="conformance classes"),
        link(f"{root}/collections", "data", title="collections of features"),
        link(f"{root}/processes", f"{relations}/processes", title="scenarios that can be run"),
        link(f"{root}/jobs", f"{relations}/job-list", title="runs"),
    ]
    return told(request, {"title": TITLE, "description": DESCRIPTION, "links": links})


@router.get("/conformance", responses=problems(), response_class=Response)
async def conformance(request: Request, who: Viewer) -> Response:
    """The parts of the standards that hold here."""
    return told(request, {"conformsTo": list(CONFORMANCE)}, title="Conformance")


@router.get("/api", responses=problems(), response_class=Response)
async def definition(request: Request, who: Viewer) -> Response:
    """OpenAPI 3.0 definition of the OGC part."""
    content = definition_of(request.app)
    if request.query_params.get("f") == "html":
        return told(request, content, title="API definition")
    return Response(json_bytes(content), media_type=API_TYPE)


def definition_of(app: Any) -> dict[str, Any]:
    """The OGC routes of an application as an OpenAPI 3.0 document."""
    whole = app.openapi()
    paths = {path: item for path, item in whole["paths"].items() if path.startswith("/ogc")}
    info = {"title": TITLE, "version": whole["info"]["version"], "description": DESCRIPTION}
    found = {**whole, "openapi": "3.0.3", "info": info, "paths": paths}
    plain: dict[str, Any] = _as_30(found)
    return plain


def _as_30(node: Any) -> Any:
    """Schemas of OpenAPI 3.1 in the words of 3.0: `null` as `nullable`, one example instead of several."""
    if isinstance(node, list):
        return [_as_30(one) for one in node]
    if not isinstance(node, dict):
        return node
    found = {name: _as_30(value) for name, value in node.items() if name != "propertyNames"}
    choices = found.get("anyOf")
    if isinstance(choices, list) and {"type": "null"} in choices:
        rest = [one for one in choices if one != {"type": "null"}]
        del found["anyOf"]
        found |= {"nullable": True, **(rest[0] if len(rest) == 1 and "$ref" not in rest[0] else {"anyOf": rest})}
    if "const" in found:
        found["enum"] = [found.pop("const")]
    if "type" in found and isinstance(found.get("examples"), list):
        found["example"] = found.pop("examples")[0]
    return found
