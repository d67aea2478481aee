"""Headers that try to write other headers, to be other hosts, to make too much work, or to confuse streams."""

from __future__ import annotations

import pytest

from tests.fuzz.place import BODIES, RUN, SCENARIO

JSON = (b"content-type", b"application/json")
BODY = b'{"scenario":"two-towns","until":"1h"}'
PLACES = ("/v1/runs", "/v1/nowhere", "/healthz", "/", f"/v1/runs/{RUN}/series?format=parquet", "/ogc/jobs")
GARBAGE = [
    b"",
    b" ",
    b"*",
    b"\xff\xfe",
    b"a\r\nX-Evil: 1",
    b"a\nb",
    b"\x00",
    b'"' * 999,
    b"," * 100_000,
    b"x" * 100_000,
]


@pytest.mark.parametrize("value", GARBAGE, ids=lambda one: repr(one[:12]))
@pytest.mark.parametrize("name", [b"x-request-id", b"accept", b"if-none-match", b"user-agent", b"accept-language"])
def test_garbage_is_neither_obeyed_nor_repeated(raw, name, value):
    for path in PLACES:
        answer = raw("GET", path, "planner", [(name, value)])
        assert "x-evil" not in answer.headers
        assert not any("\n" in text or "\r" in text or len(text) > 1000 for text in answer.headers.values())


@pytest.mark.parametrize("sent", [b"a\r\nX-Evil: 1", b"a b", b"a\x00", b"\xc3\xa9", b"x" * 65, b"", b"../x", b"a\n"])
def test_a_request_id_that_is_none_is_replaced(raw, sent):
    answer = raw("GET", "/v1/nowhere", "viewer", [(b"x-request-id", sent)])
    assert answer.headers["x-request-id"] != sent.decode("latin-1")


def test_of_several_request_ids_one_is_kept(raw):
    answer = raw("GET", "/v1/nowhere", "viewer", [(b"x-request-id", b"first"), (b"x-request-id", b"second")])
    assert answer.headers["x-request-id"] == "first"


@pytest.mark.parametrize(
    "key", [b"", b" ", b"a b", b"a\r\nX-Evil: 1", b"a\n", b"\x00", b"\xe3\x81\x82", b"x" * 201, b"\x7f"]
)
def test_idempotency_keys_that_are_none_make_nothing(place, raw, key):
    before = sum(place.jobs.counts().values())
    for path, body in (("/v1/runs", BODY), (f"/ogc/processes/{SCENARIO}/execution", b"{}")):
        answer = raw("POST", path, "planner", [JSON, (b"idempotency-key", key)], [body])
        assert answer.status_code == 422
        assert "header:Idempotency-Key" in answer.text
    assert sum(place.jobs.counts().values()) == before


@pytest.mark.parametrize("key", [b"'; DROP TABLE job; --", b"%00", b"../../x", b"{{7*7}}", b"x" * 200, b"~!@#$%^&*()"])
def test_hostile_idempotency_keys_are_keys_like_others(raw, key):
    key = key.replace(b" ", b"")
    sent = [raw("POST", "/v1/runs", "planner", [JSON, (b"idempotency-key", key)], [BODY]) for _ in range(2)]
    assert [answer.status_code for answer in sent] == [202, 202]
    assert sent[0].headers["location"] == sent[1].headers["location"]
    other = raw("POST", "/v1/runs", "planner", [JSON, (b"idempotency-key", key)], [BODY.replace(b"1h", b"2h")])
    assert other.status_code == 422
    assert "idempotency-conflict" in other.text


def test_a_key_of_one_caller_is_none_of_another(raw):
    headers = [JSON, (b"idempotency-key", b"same-key-of-two")]
    mine, theirs = (raw("POST", "/v1/runs", role, headers, [BODY]).headers["location"] for role in ("planner", "admin"))
    assert mine != theirs


EVENT_IDS = [
    b"-1",
    b"+1",
    b"1e3",
    b"1.0",
    b"0x1",
    b"\xb2",
    b"\xd9\xa3",
    b"9" * 19,
    b"9" * 400,
    b"1\r\n2",
    b"NaN",
    b"null",
]


@pytest.mark.parametrize("event_id", EVENT_IDS, ids=lambda one: repr(one[:12]))
def test_event_ids_no_stream_gave_out(raw, event_id):
    path = f"/v1/runs/{RUN}/progress"
    assert raw("GET", path, "viewer", [(b"last-event-id", event_id)]).status_code == 422
    quoted = "".join(f"%{byte:02x}" for byte in event_id)
    assert raw("GET", f"{path}?last_event_id={quoted}", "viewer").status_code == 422


@pytest.mark.parametrize("event_id", [b"", b"0", b"1", b"99999999", b" 7 ", str(2**62).encode()])
def test_event_ids_that_may_be(raw, event_id):
    answer = raw("GET", f"/v1/runs/{RUN}/progress", "viewer", [(b"last-event-id", event_id)])
    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith("text/event-stream")


RANGES = [
    b"bytes=0-",
    b"bytes=-1",
    b"bytes=0-0",
    b"bytes=999999999-",
    b"bytes=5-1",
    b"bytes=a-b",
    b"bytes=-",
    b"lines=1-2",
]
RANGES += [
    b"bytes=" + b"0-0," * 5000 + b"0-0",
    b"bytes=" + b"9" * 5000 + b"-",
    b"bytes=-0",
    b"bytes= 0 - 0",
    b"\xff",
    b"",
]


@pytest.mark.parametrize("asked", RANGES, ids=lambda one: repr(one[:20]))
def test_ranges_are_ignored_as_a_whole(raw, asked):
    """No route gives parts, so that a file cannot be asked for a thousand times over in one request."""
    whole = raw("GET", f"/v1/runs/{RUN}/series?format=parquet", "viewer")
    for path in (f"/v1/runs/{RUN}/series?format=parquet", f"/v1/runs/{RUN}/report", "/v1/scenarios", "/"):
        answer = raw("GET", path, "viewer", [(b"range", asked), (b"if-range", b'"x"')])
        assert answer.status_code == 200
        assert "content-range" not in answer.headers
    assert raw("GET", f"/v1/runs/{RUN}/series?format=parquet", "viewer", [(b"range", asked)]).content == whole.content


@pytest.mark.parametrize(
    "accept",
    [
        b"*/*;q=0",
        b"text/html",
        b"application/xml",
        b"a/b" + b",a/b" * 20_000,
        b"*/*;q=nan",
        b";;;,,,",
        b"image/*",
        b"\x00/\x00",
    ],
    ids=lambda one: repr(one[:16]),
)
def test_hostile_wishes_for_a_form(raw, accept):
    for path in (
        f"/v1/runs/{RUN}/series?quantity=deaths",
        f"/v1/runs/{RUN}/frames/hazard.daylight",
        "/ogc/collections",
    ):
        assert raw("GET", path, "viewer", [(b"accept", accept)]).status_code == 200


@pytest.mark.parametrize(
    "hosts",
    [
        [b"evil.example"],
        [b"testserver.evil.example"],
        [b"testserver@evil.example"],
        [b"evil.example#testserver"],
        [b"testserver:80@evil.example"],
        [b"testserver:99999999"],
        [b"testserver/x"],
        [b"192.0.2.1"],
        [b"[::ffff:127.0.0.1]"],
        [b"localhost.evil.example"],
        [b""],
        [b"\xff"],
        [b"te\xc5\x9ftserver"],
        [b"testserver", b"evil.example"],
        [b"testserver", b"testserver"],
        [],
    ],
)
def test_another_host_is_misdirected(place, raw, hosts):
    for path in ("/", "/v1/runs", "/healthz", "/ogc", "/nowhere"):
        headers = [(b"host", host) for host in hosts] or [(b"host", b"")]
        answer = raw("GET", path, "admin", headers)
        assert answer.status_code == 421
        assert "evil" not in answer.text


@pytest.mark.parametrize(
    "host", [b"testserver:99999", b"testserver:0", b"TESTSERVER", b"testserver:00080", b" testserver "]
)
def test_odd_forms_of_the_right_host(raw, host):
    for path in ("/ogc", "/ogc/collections", "/ogc/jobs?limit=1", f"/ogc/jobs/{RUN}/results", "/v1", "/"):
        assert raw("GET", path, "viewer", [(b"host", host)]).status_code in (200, 421)


@pytest.mark.parametrize(
    "name", [b"x-forwarded-host", b"forwarded", b"x-original-url", b"x-rewrite-url", b"x-http-method-override"]
)
def test_headers_of_proxies_change_nothing(raw, name):
    for value in (b"evil.example", b"host=evil.example", b"/v1/keys", b"DELETE"):
        plain, other = raw("GET", "/ogc", "viewer"), raw("GET", "/ogc", "viewer", [(name, value)])
        assert other.content == plain.content


def test_a_thousand_headers(raw):
    headers = [(f"x-{number}".encode(), b"x" * 100) for number in range(1000)]
    assert raw("GET", "/v1/runs", "viewer", headers).status_code == 200


@pytest.mark.parametrize("origin", [b"https://evil.example", b"null", b"*"])
def test_no_other_site_may_read(raw, origin):
    asked = [(b"origin", origin), (b"access-control-request-method", b"DELETE")]
    assert raw("OPTIONS", f"/v1/runs/{RUN}", "admin", asked).status_code == 405
    assert not any(name.startswith("access-control") for name in raw("GET", "/v1/runs", "admin", asked).headers)


def test_bodies_used_here_are_good(ask):
    """Else the refusals above would prove nothing."""
    assert ask("POST", "/v1/runs", json=BODIES["runs"]).status_code == 202
