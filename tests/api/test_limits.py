"""What a request may look like before any route sees it."""

from __future__ import annotations

import anyio
import pytest
from starlette.responses import Response
from starlette.testclient import TestClient

from api.limits import BodyGuard, HostGuard, check_json, host_name
from api.problems import Problem
from api.settings import ANY_ADDRESS

JSON = {"content-type": "application/json"}


async def echo(scope, receive, send):
    """Answers with the body it was handed."""
    body, more = b"", True
    while more:
        message = await receive()
        body += message.get("body", b"")
        more = message.get("more_body", False)
    await Response(body)(scope, receive, send)


@pytest.fixture
def client():
    return TestClient(BodyGuard(echo, body_bytes=100, depth=4))


def test_a_good_body_is_handed_on_as_it_came(client):
    answer = client.post("/", content=b'{"a": [1, 2.5, "x"]}', headers=JSON)
    assert (answer.status_code, answer.content) == (200, b'{"a": [1, 2.5, "x"]}')
    assert client.post("/").content == b""
    assert client.get("/").status_code == 200


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE"])
def test_too_large_is_413(client, method):
    assert client.request(method, "/", content=b'"' + b"x" * 98 + b'"', headers=JSON).status_code == 200
    assert client.request(method, "/", content=b'"' + b"x" * 99 + b'"', headers=JSON).status_code == 413


def test_a_body_in_pieces_is_cut_off_too(client):
    answer = client.post("/", content=(b"x" * 30 for _ in range(1000)), headers=JSON)
    assert answer.status_code == 413
    assert answer.headers["content-type"] == "application/problem+json"


@pytest.mark.parametrize("length", ["-1", "1e3", "1" * 30, "abc"])
def test_a_declared_length_that_is_none_is_refused(client, length):
    assert client.get("/", headers={"content-length": length}).status_code in (400, 413)


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"content-type": "text/plain"},
        {"content-type": "application/x-www-form-urlencoded"},
        {"content-type": "application/json; charset=utf-16"},
        {"content-type": "application/json", "content-encoding": "gzip"},
        {"content-type": "application/jsonx"},
    ],
)
def test_anything_but_plain_json_in_utf8_is_415(client, headers):
    assert client.post("/", content=b"{}", headers=headers).status_code == 415


@pytest.mark.parametrize(
    "media_type",
    ["application/json", "Application/JSON; charset=UTF-8", "application/geo+json", 'application/json;charset="utf-8"'],
)
def test_json_under_its_names_is_taken(client, media_type):
    assert client.post("/", content=b"{}", headers={"content-type": media_type}).status_code == 200


@pytest.mark.parametrize(
    ("body", "told"),
    [
        (b"{", "not valid JSON"),
        (b"NaN", "not valid JSON"),
        (b"[Infinity]", "not valid JSON"),
        (b"[1e999]", "not valid JSON"),
        (b'"\\ud800"', "not valid JSON"),
        (b'"\xff"', "not valid JSON"),
        (b"[" * 5000 + b"]" * 5000, "not valid JSON"),
        (b"[[[[[1]]]]]", "nested too deep"),
        (b"[9223372036854775808]", "64 bits"),
        (b"[-9223372036854775808]", "64 bits"),
        (b"[" + b"1" * 5000 + b"]", "JSON"),
        (b'{"a": 18446744073709551616}', "64 bits"),
        (b'{"a": 1, "a": 2}', "twice"),
        (b'{"a": "x\\u0000y"}', "U+0000"),
        (b'{"a\\u0000": 1}', "U+0000"),
    ],
)
def test_what_no_field_can_take_is_422(body, told):
    with pytest.raises(Problem) as problem:
        check_json(body, 4)
    assert problem.value.status == 422
    assert told in f"{problem.value.detail} {problem.value.errors}"


@pytest.mark.parametrize("body", [b"[[[[1]]]]", b"9223372036854775807", b"-9223372036854775807", b"1e300", b"null"])
def test_the_limits_themselves_are_allowed(body):
    check_json(body, 4)


def test_where_a_mistake_stands_is_told():
    with pytest.raises(Problem) as problem:
        check_json(b'{"a": [{"b": "\\u0000"}]}', 8)
    assert problem.value.errors[0]["pointer"] == "#/a/0/b"


def test_a_caller_who_leaves_in_the_middle_gets_no_answer():
    sent = []

    async def receive():
        return {"type": "http.disconnect"}

    async def send(message):
        sent.append(message)

    scope = {"type": "http", "method": "POST", "headers": [], "path": "/"}
    anyio.run(BodyGuard(echo, 100, 4), scope, receive, send)
    assert sent == []


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("localhost:80", "localhost"),
        ("[::1]:80", "::1"),
        ("A.example", "a.example"),
        ("a:b", ""),
        ("a@b", ""),
        ("", ""),
    ],
)
def test_host_names_without_port(text, name):
    assert host_name(text) == name


@pytest.mark.parametrize(
    ("hosts", "host", "status"),
    [
        (("localhost",), "localhost:8765", 200),
        (("localhost",), "evil.example", 421),
        (("localhost",), "localhost.evil.example", 421),
        (("localhost",), "192.0.2.1", 421),
        (("localhost", ANY_ADDRESS), "192.0.2.1:80", 200),
        (("localhost", ANY_ADDRESS), "192.0.2.1.evil.example", 421),
        (("*",), "anything.example", 200),
    ],
)
def test_only_known_names_are_answered(hosts, host, status):
    assert TestClient(HostGuard(echo, hosts)).get("/", headers={"host": host}).status_code == status
