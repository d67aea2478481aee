"""What holds for every answer of the server, however hostile the request: each law raises AssertionError."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from typing import Any

from api.problems import KINDS, MEDIA_TYPE

REQUEST_ID = re.compile(r"[A-Za-z0-9._-]{1,64}")
TRACE = ("Traceback (most recent call last)", 'File "', "site-packages", "sqlalchemy", "sqlite3.", "pydantic_core")
FIELDS = {"type": str, "title": str, "status": int, "detail": str, "instance": str}
OGC_TYPES = "http://www.opengis.net/def/exceptions/"
ALWAYS = {"x-content-type-options": "nosniff", "x-frame-options": "DENY", "referrer-policy": "no-referrer"}


def hold(answer: Any, secrets: Iterable[str]) -> None:
    """All laws of one answer."""
    assert answer.status_code < 500, f"{answer.status_code}: {answer.text[:500]}"
    for name, value in ALWAYS.items():
        assert answer.headers.get(name) == value, name
    request_id = answer.headers["x-request-id"]
    assert REQUEST_ID.fullmatch(request_id)
    tells_nothing(answer, secrets)
    if answer.status_code >= 400:
        is_problem(answer)


def tells_nothing(answer: Any, secrets: Iterable[str]) -> None:
    """No path of the machine, no trace of the program, no secret, in body or headers."""
    told = answer.content.decode("utf-8", "replace")
    headers = "\n".join(f"{name}: {value}" for name, value in answer.headers.items())
    for secret in secrets:
        assert secret not in told, f"told: {secret}"
        assert secret not in headers, f"told in a header: {secret}"
    if "html" not in answer.headers.get("content-type", ""):
        for text in TRACE:
            assert text not in told, f"told: {text}"


def is_problem(answer: Any) -> None:
    """A problem document with the documented fields, whose instance is the request id."""
    assert answer.headers["content-type"] == MEDIA_TYPE
    assert answer.headers["cache-control"] == "no-store"
    content = json.loads(answer.content)
    for name, kind in FIELDS.items():
        assert type(content[name]) is kind, name
    assert content["status"] == answer.status_code
    assert content["instance"] == answer.headers["x-request-id"]
    name = content["type"].removeprefix("/v1/problems/")
    assert content["type"].startswith(OGC_TYPES) or KINDS[name].status == answer.status_code
    assert len(content["detail"]) <= 4000
    if answer.status_code == 422:
        assert isinstance(content["errors"], list)
    for place in content.get("errors", ()):
        assert set(place) == {"pointer", "detail"}
        assert all(isinstance(text, str) for text in place.values())
    if answer.status_code == 401:
        assert "bearer" in answer.headers["www-authenticate"].lower()
    if answer.status_code == 405:
        assert answer.headers["allow"]
