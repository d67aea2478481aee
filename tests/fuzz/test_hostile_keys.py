"""Keys that do not hold: nobody comes in with them, and nothing tells how near they were."""

from __future__ import annotations

import hmac
from datetime import UTC, datetime, timedelta

import pytest

from api import keys
from api.openapi import described
from tests.fuzz.place import RUN

CLOSED = ("/v1/runs", "/v1/keys", f"/v1/runs/{RUN}/report", "/ogc/jobs", "/metrics", "/v1/nowhere")


def bearer(text):
    """The header that sends a key."""
    return [(b"authorization", b"Bearer " + (text if isinstance(text, bytes) else text.encode()))]


def refused(raw, headers):
    """Whether all closed paths are shut; returns what the first one told."""
    answers = [raw("GET", path, "nobody", headers) for path in CLOSED]
    assert {answer.status_code for answer in answers} == {401}
    return answers[0]


def test_an_expired_key_is_refused_and_told_so(place, raw):
    _, text = place.keys.add("for a moment", "admin", 0)
    assert "expired" in refused(raw, bearer(text)).text


def test_a_key_holds_until_its_moment_and_not_longer(place, raw, monkeypatch):
    _, text = place.keys.add("for an hour", "viewer", 3600)
    assert raw("GET", "/v1/runs", "nobody", bearer(text)).status_code == 200

    class Later(datetime):
        @classmethod
        def now(cls, zone=None):
            return datetime.now(zone or UTC) + timedelta(hours=2)

    monkeypatch.setattr(keys, "datetime", Later)
    assert "expired" in refused(raw, bearer(text)).text


def test_a_revoked_key_is_refused_at_once(place, raw, ask):
    stored, text = place.keys.add("to be revoked", "planner")
    assert raw("GET", "/v1/runs", "nobody", bearer(text)).status_code == 200
    assert ask("DELETE", f"/v1/keys/{stored.id}", "admin").status_code == 200
    assert "revoked" in refused(raw, bearer(text)).text


def test_an_ended_key_is_only_told_to_whoever_has_all_of_it(place, raw):
    stored, _ = place.keys.add("for a moment", "admin", 0)
    assert "expired" not in refused(raw, bearer(f"twin_{stored.id}_{'x' * 43}")).text


@pytest.mark.parametrize(
    "change",
    [
        lambda text: text[:-1],
        lambda text: text + "x",
        lambda text: text[:-1] + chr(ord(text[-1]) ^ 1),
        lambda text: text.upper(),
        lambda text: text.replace("twin_", "", 1),
        lambda text: "twin_" + text,
        lambda text: text.replace(text[5:13], "00000000", 1),
        lambda text: text + "\n",
        lambda text: text + "\0",
        lambda text: f'"{text}"',
        lambda text: text + ", Bearer " + text,
        lambda text: "x",
        lambda text: "twin__",
        lambda text: "twin_" + "a" * 8 + "_" + "x" * 15,
        lambda text: "a" * 1_000_000,
        lambda text: "twin_" + "a" * 32 + "_" + "x" * 1_000_000,
        lambda text: "ключ",
        lambda text: b"\xff\xfe\x00",
    ],
)
def test_what_is_nearly_a_key(place, raw, change):
    wrong = change(place.key_of["admin"])
    if wrong in (place.key_of["admin"] + "\n",):  # white space around a header's value is no part of it
        assert raw("GET", "/v1/keys", "nobody", bearer(wrong)).status_code == 200
    else:
        refused(raw, bearer(wrong))


@pytest.mark.parametrize(
    "scheme", [b"Basic ", b"Digest ", b"Token ", b"Bearer", b"Bearer\t", b"", b"\xa0Bearer ", b":"]
)
def test_other_schemes(place, raw, scheme):
    refused(raw, [(b"authorization", scheme + place.key_of["admin"].encode())])


@pytest.mark.parametrize("name", ["key", "api_key", "access_token", "token", "Authorization", "authorization"])
def test_a_key_in_the_query_is_no_key(place, raw, name):
    """It would stand in logs and histories. What is told does not repeat it."""
    text = place.key_of["admin"]
    for path in CLOSED:
        assert raw("GET", f"{path}?{name}={text}", "nobody").status_code == 401
        assert raw("GET", f"{path}?{name}=Bearer%20{text}", "nobody").status_code == 401


@pytest.mark.parametrize(
    "name", [b"cookie", b"x-api-key", b"proxy-authorization", b"x-authorization", b"x-forwarded-user"]
)
def test_a_key_in_another_header_is_no_key(place, raw, name):
    text = place.key_of["admin"].encode()
    refused(raw, [(name, text), (name, b"Bearer " + text), (name, b"Authorization=" + text)])


def test_two_keys_are_none(place, raw):
    good = bearer(place.key_of["admin"])
    refused(raw, good + good)
    refused(raw, good + bearer("x"))


def test_every_wrong_key_is_compared_as_often_as_a_good_one(place, raw, monkeypatch):
    """Whatever is sent, one hash of equal length is compared by each key the process holds, and one more."""
    seen = []

    def compared(one, other):
        seen.append((len(one), len(other)))
        return hmac_compare(one, other)

    hmac_compare = hmac.compare_digest
    monkeypatch.setattr(keys.hmac, "compare_digest", compared)
    counts = []
    text = place.key_of["viewer"]
    for sent in (text, text[:-1] + "~", "twin_00000000_" + "x" * 43, "no key at all", "x" * 10_000):
        seen.clear()
        raw("GET", "/v1/runs", "nobody", bearer(sent))
        assert {length for pair in seen for length in pair} == {64}
        counts.append(len(seen))
    assert len(set(counts)) == 1


def test_the_log_holds_no_key(place, raw, capsys):
    for role in ("admin", "viewer"):
        text = place.key_of[role]
        raw("GET", f"/v1/runs?access_token={text}", role)
        raw("GET", f"/v1/runs/{text}", role)
        raw("POST", f"/v1/runs/{RUN}/cancel?reason={text}", role)
    told = capsys.readouterr().err
    assert told.count("request_id") >= 6
    assert not any(secret in told for secret in place.secrets())


def test_every_documented_operation_that_needs_a_key_refuses_without(place, raw):
    tried = 0
    for path, operations in described(place.app)["paths"].items():
        for method, operation in operations.items():
            if operation["security"]:
                assert raw(method.upper(), path.replace("{", "").replace("}", ""), "nobody").status_code == 401
                tried += 1
    assert tried > 40
