"""Every documented route, every error that can be brought about on it: the same shape, and the id of the request."""

from __future__ import annotations

import re

import pytest

from api.openapi import described
from api.problems import KINDS, MEDIA_TYPE
from tests.fuzz.place import RUN, SCENARIO

JSON = (b"content-type", b"application/json")
VALUES = {"run_id": RUN, "process_id": SCENARIO, "scenario": SCENARIO, "on": "cell", "event_id": "1", "id": "abcd1234"}
VALUES |= {"name": SCENARIO, "quantity": "hazard.daylight", "feature": "1"}
REACHED_ELSEWHERE = {"202", "201", "200", "204", "304"}


@pytest.fixture(scope="module")
def operations(place):
    """Every documented operation: method, path with values in place, and what the document says of it."""
    return [
        (method.upper(), re.sub(r"{(\w+)}", lambda name: VALUES[name[1]], path), operation)
        for path, methods in described(place.app)["paths"].items()
        for method, operation in methods.items()
    ]


def told(raw, operations, status, wanted=lambda operation: True, **more):
    """Bring an error about on every operation; returns how many there were. All laws are held by `raw`."""
    number = 0
    for method, path, operation in operations:
        if not wanted(operation):
            continue
        number += 1
        request_id = f"{status}-{number}"
        headers = [(b"x-request-id", request_id.encode()), *more.get("headers", [])]
        answer = raw(
            more.get("method", method),
            path + more.get("query", ""),
            more.get("role", "admin"),
            headers,
            more.get("chunks", ()),
        )
        assert answer.status_code == status, (method, path, answer.text)
        assert answer.headers["content-type"] == MEDIA_TYPE
        assert answer.json()["instance"] == answer.headers["x-request-id"] == request_id
        assert str(status) in operation["responses"] or status == 405
    return number


def closed(operation):
    """Whether an operation needs a key."""
    return bool(operation["security"])


def writes(operation):
    """Whether an operation takes bodies."""
    return "413" in operation["responses"]


def test_every_operation_tells_401_in_the_same_shape(raw, operations):
    assert told(raw, operations, 401, closed, role="nobody") > 45


def test_every_operation_tells_403_in_the_same_shape(raw, operations):
    """To a viewer, where more is needed."""
    guarded = [one for one in operations if one[0] != "GET" or re.search(r"/(keys|audit)$", one[1])]
    good = [(method, path, operation) for method, path, operation in guarded if "requestBody" not in operation]
    assert told(raw, good, 403, role="viewer") >= 7


def test_every_operation_tells_421_in_the_same_shape(raw, operations):
    assert told(raw, operations, 421, headers=[(b"host", b"evil.example")]) == len(operations)


def test_every_operation_tells_405_in_the_same_shape(raw, operations):
    assert told(raw, operations, 405, method="PATCH") == len(operations)


def test_every_operation_tells_400_in_the_same_shape(raw, operations):
    assert told(raw, operations, 400, headers=[(b"content-length", b"many")]) == len(operations)


def test_every_write_tells_413_in_the_same_shape(raw, operations):
    assert told(raw, operations, 413, writes, headers=[(b"content-length", b"99999999")]) >= 11


def test_every_write_tells_415_in_the_same_shape(raw, operations):
    assert told(raw, operations, 415, writes, headers=[(b"content-type", b"text/plain")], chunks=[b"{}"]) >= 11


def test_every_write_tells_422_in_the_same_shape(raw, operations):
    assert told(raw, operations, 422, writes, headers=[JSON], chunks=[b"{"]) >= 11


def test_every_operation_on_a_thing_tells_404_in_the_same_shape(place, raw):
    """Where the thing does not exist."""
    missing = {**VALUES, "run_id": "no-such-run", "process_id": "none", "scenario": "none", "name": "none"}
    number = 0
    for path, methods in described(place.app)["paths"].items():
        for method, operation in methods.items():
            if "404" not in operation["responses"] or "requestBody" in operation:
                continue
            target = re.sub(r"{(\w+)}", lambda name: missing[name[1]], path)
            query = "?base=no-such-run&branch=no-such-run" if path == "/v1/compare" else ""
            assert raw(method.upper(), target + query, "admin").status_code == 404, target
            number += 1
    assert number > 25


def test_no_undocumented_error_is_known(place):
    """Every status the document names has a kind of problem, whose page tells what to do."""
    for _, _, operation in [(m, p, o) for p, ms in described(place.app)["paths"].items() for m, o in ms.items()]:
        for status in set(operation["responses"]) - REACHED_ELSEWHERE:
            assert int(status) in {kind.status for kind in KINDS.values()}


@pytest.mark.parametrize("kind", KINDS)
def test_the_type_of_every_problem_leads_to_its_page(ask, kind):
    content = ask("GET", f"/v1/problems/{kind}", "nobody").json()
    assert (content["type"], content["status"]) == (f"/v1/problems/{kind}", KINDS[kind].status)
    assert content["cure"]
