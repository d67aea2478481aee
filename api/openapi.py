"""The OpenAPI document: what FastAPI makes of the routes, plus keys, problem shapes, and errors every path shares."""

from __future__ import annotations

from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi

from api.keys import needs_key
from api.problems import KINDS, MEDIA_TYPE
from api.schemas import ErrorPlace, ProblemDocument

SCHEME = "key"
REF = "#/components/schemas/{model}"
EVERYWHERE = ("bad-request", "misdirected", "fault")
KEYED = ("unauthorized", "forbidden")
WITH_BODY = ("too-large", "unsupported-media-type", "invalid")
DESCRIPTION = """災害対応のためのデジタルツイン: 実行・分岐(what-if)・比較・順位づけ。
結果はすべてシミュレーション(訓練)です。

Digital twin for disaster response: runs, what-if branches, comparison, ranking. All results are simulated (exercise).
Errors are RFC 9457 problem documents; what can be wrong is listed at `/v1/problems`. Lists are paged by `cursor`.
Making runs, forks and rankings takes an `Idempotency-Key`. Times are seconds since the start of the
scenario, or instants with their zone.
"""


def described(app: FastAPI) -> dict[str, Any]:
    """The document, made once."""
    if app.openapi_schema is None:
        from importlib import metadata

        document = get_openapi(
            title=app.title,
            version=metadata.version("disaster-twin"),
            summary="What-if twin of eight coupled layers",
            description=DESCRIPTION,
            routes=app.routes,
        )
        _complete(document)
        app.openapi_schema = document
    return app.openapi_schema


def _complete(document: dict[str, Any]) -> None:
    components = document.setdefault("components", {})
    schemas = components.setdefault("schemas", {})
    for name in ("HTTPValidationError", "ValidationError"):
        schemas.pop(name, None)
    for model in (ErrorPlace, ProblemDocument):
        schemas[model.__name__] = {
            name: value for name, value in model.model_json_schema(ref_template=REF).items() if name != "$defs"
        }
    components["securitySchemes"] = {
        SCHEME: {"type": "http", "scheme": "bearer", "description": "a key: `twin keys add NAME --role ROLE`"}
    }
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            _complete_operation(operation, needs_key(path), method in ("post", "put", "patch", "delete"))


def _complete_operation(operation: dict[str, Any], keyed: bool, writes: bool) -> None:
    operation["security"] = [{SCHEME: []}] if keyed else []
    kinds = [*EVERYWHERE, *(KEYED if keyed else ()), *(WITH_BODY if writes else ())]
    responses = operation.setdefault("responses", {})
    if "422" in responses:  # the framework's own shape, where a route did not say better
        kinds.append("invalid")
    for name in kinds:
        kind = KINDS[name]
        known = responses.get(str(kind.status), {}).get("content", {})
        if MEDIA_TYPE not in known:
            responses[str(kind.status)] = problem_response(kind.title)


def problem_response(title: str) -> dict[str, Any]:
    """An OpenAPI response that is a problem document."""
    content = {MEDIA_TYPE: {"schema": {"$ref": REF.format(model=ProblemDocument.__name__)}}}
    return {"description": title, "content": content}
