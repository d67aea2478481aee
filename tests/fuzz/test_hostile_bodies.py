"""Bodies that are too large, too deep, no JSON, or JSON that means trouble."""

from __future__ import annotations

import gzip
import re

import orjson
import pytest

from api.openapi import described
from api.settings import Limits
from scenarios import countermeasures, read_scenario
from scenarios.execution import layers_of
from tests.fuzz.place import BODIES, MEASURE, RUN, SCENARIO
from twin.params import load

JSON = (b"content-type", b"application/json")
MOST = Limits().body_bytes
DEEP = 10_000


@pytest.fixture(scope="module")
def writes(place):
    """Every documented operation that takes a body or might, as (method, path)."""

    def filled(path, method):
        ids = {"run_id": RUN if method == "post" else "no-such-run", "process_id": SCENARIO, "id": "abcd1234"}
        return re.sub(r"{(\w+)}", lambda name: ids[name[1]], path)

    return [
        (method.upper(), filled(path, method))
        for path, operations in described(place.app)["paths"].items()
        for method in operations
        if method in ("post", "delete")
    ]


def test_a_length_beyond_the_limit_is_refused_unread(writes, raw):
    for method, path in writes:
        headers = [JSON, (b"content-length", str(MOST + 1).encode())]
        answer = raw(method, path, "admin", headers, [b"{"])
        assert answer.status_code == 413
        assert answer.left == 1  # not one block was taken
        assert answer.headers["connection"] == "close"


def test_a_body_in_blocks_is_cut_off_at_the_limit(writes, raw):
    block = b" " * 65_536
    for method, path in writes:
        answer = raw(method, path, "admin", [JSON, (b"transfer-encoding", b"chunked")], [block] * 100)
        assert answer.status_code == 413
        assert answer.left >= 100 - MOST // len(block) - 1


def test_a_length_that_lies_does_not_help(raw):
    answer = raw("POST", "/v1/runs", "planner", [JSON, (b"content-length", b"2")], [b" " * MOST, b"  "])
    assert answer.status_code == 413


@pytest.mark.parametrize("length", [b"-1", b"+1", b"1e3", b"0x10", b"\xb2", b"", b" ", b"9" * 400, b"1,1", b"NaN"])
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_a_length_that_is_none(raw, method, length):
    assert raw(method, "/v1/runs", "planner", [(b"content-length", length)]).status_code in (400, 413)


@pytest.mark.parametrize(
    "body",
    [
        b"[" * DEEP + b"]" * DEEP,
        b'{"a":' * DEEP + b"1" + b"}" * DEEP,
        b"[" * DEEP,
        b'{"scenario":"two-towns","countermeasure":' + b'{"a":' * DEEP + b"1" + b"}" * DEEP + b"}",
        b'{"scenario":"two-towns","cut":' + b"[" * 33 + b"]" * 33 + b"}",
    ],
    ids=["lists", "objects", "never closed", "below a field", "just too deep"],
)
def test_nests_ten_thousand_deep(writes, raw, body):
    for method, path in writes:
        assert raw(method, path, "admin", [JSON], [body]).status_code == 422


NUMBERS = ["NaN", "Infinity", "-Infinity", "1e999", "-1e999", "1" + "0" * 400, str(2**63), str(-(2**63)), "1" * 5000]


@pytest.mark.parametrize("number", NUMBERS, ids=lambda text: text[:20])
def test_numbers_that_are_none_or_fit_nowhere(raw, number):
    for place_ in (
        '"seed":%s',
        '"members":%s',
        '"until":%s',
        '"set":{"hazard.x":%s}',
        '"set":{"hazard.x":[%s]}',
        '"countermeasure":{"name":"a","measures":[{"lever":"logistics.second_hub","value":%s}]}',
        '"%s":1',
    ):
        body = f'{{"scenario":"two-towns",{place_ % number}}}'
        answer = raw("POST", "/v1/runs", "planner", [JSON], [body.encode()])
        assert answer.status_code == 422


@pytest.mark.parametrize("seed", [-1, 1.5, True, "1", None, [], {}, 2**63 - 1, 0])
@pytest.mark.parametrize("field", ["seed", "members", "until", "set", "cut", "countermeasure", "scenario"])
def test_values_of_another_kind(ask, field, seed):
    answer = ask("POST", "/v1/runs", json={"scenario": SCENARIO, "until": "1h", field: seed})
    assert answer.status_code in (202, 422)
    accepted = {"seed": (2**63 - 1, 0), "cut": ([],), "set": ({},)}.get(field, ())
    fits = any(seed == one and type(seed) is type(one) for one in accepted)
    fits |= seed is None and field in ("seed", "members", "until", "countermeasure")
    assert (answer.status_code == 202) is fits


@pytest.mark.parametrize(
    "body",
    [
        b'{"scenario":"two-towns","scenario":"kumamoto-2026"}',
        b'{"scenario":"two-towns","set":{"hazard.a":1,"hazard.a":2}}',
        b'{"scenario":"two-towns","sc\\u0065nario":"river-town"}',
        b'{"scenario":"two-towns","\\u0000":1}',
        b'{"scenario":"two-towns\\u0000"}',
        b'{"scenario":"two-towns"}{"scenario":"two-towns"}',
        b'{"scenario":"two-towns",}',
        b"{'scenario':'two-towns'}",
        b'/* */{"scenario":"two-towns"}',
        b'\xef\xbb\xbf{"scenario":"two-towns"}',
        '{"scenario":"two-towns"}'.encode("utf-16"),
        b'{"scenario":"two-towns","set":{"__proto__":1}}',
        b'{"scenario":"\\ud800"}',
        b'{"scenario":"\xc0\xae"}',
        b"null",
        b"[]",
        b'"two-towns"',
        b"0",
        b"scenario: two-towns",
        b"\x00",
        b" ",
    ],
)
def test_texts_that_are_no_plain_json_object(writes, raw, body):
    for method, path in writes:
        answer = raw(method, path, "admin", [JSON], [body])
        assert answer.status_code == 422 or (method == "DELETE" or path.endswith(("cancel", "resume")))
        assert answer.status_code >= 400


@pytest.mark.parametrize(
    "media_type",
    [
        b"text/plain",
        b"text/yaml",
        b"application/xml",
        b"application/x-www-form-urlencoded",
        b"multipart/form-data; boundary=x",
        b"application/json; charset=shift_jis",
        b"application/json; charset=utf-7",
        b"application/json; charset=utf-8; charset=utf-16",
        b"application/jsonp",
        b"application/json/x",
        b"application/json, text/html",
        b"\xff\xfe",
        b"",
        b";",
        b"application/" + b"x" * 100_000,
    ],
    ids=lambda one: one[:40].decode("latin-1"),
)
def test_other_media_types_and_charsets(raw, media_type):
    body = orjson.dumps(BODIES["runs"])
    assert raw("POST", "/v1/runs", "planner", [(b"content-type", media_type)], [body]).status_code == 415
    assert raw("POST", "/ogc/processes/two-towns/execution", "planner", [], [b"{}"]).status_code == 415


@pytest.mark.parametrize("coding", [b"gzip", b"deflate", b"br", b"zstd", b"gzip, identity", b"GZIP", b"x"])
def test_a_packed_body_is_never_unpacked(raw, coding):
    bomb = gzip.compress(b" " * 50_000_000, 9)
    assert len(bomb) < MOST
    assert raw("POST", "/v1/runs", "planner", [JSON, (b"content-encoding", coding)], [bomb]).status_code == 415


def test_a_packed_body_that_claims_to_be_plain_is_no_json(raw):
    assert raw("POST", "/v1/runs", "planner", [JSON], [gzip.compress(b"{}")]).status_code == 422


@pytest.mark.parametrize(
    "text",
    [
        "!!python/object/apply:os.system ['id']",
        "*alias",
        "&anchor x",
        "<<: *x",
        "{{7*7}}${HOME}%(x)s{0}",
        "'; DROP TABLE job; --",
        "<script>alert(1)</script>",
        "=cmd|' /C calc'!A0",
        "../../etc/passwd",
        "\u202egnirts\u2066 \u200f",
        "\x1b[2J\x07\x08\r\n\t",
        "\ufeff\ufffe\uffff",
        "e\u0301" * 50,
        "\U0001f4a5" * 50,
    ],
)
def test_hostile_texts_of_a_countermeasure_stay_texts(ask, text):
    """Free texts come back as they were; names, levers, areas and owners of that kind are refused."""
    free = {**MEASURE, "title_ja": text, "title_en": text, "reason": text}
    made = ask("POST", "/v1/runs", json={"scenario": SCENARIO, "until": "1h", "countermeasure": free})
    assert made.status_code == 202
    assert made.json()["countermeasure"]["reason"] == text
    shown = ask("GET", made.headers["location"], "viewer").json()
    assert shown["countermeasure"]["title_ja"] == text
    lever = {"lever": "logistics.second_hub", "value": 1, "areas": ["all"]}
    for wrong in (
        {"name": text},
        {text: 1},
        {"measures": [{**lever, "lever": text}]},
        {"measures": [{**lever, "owner": text}]},
        {"measures": [{**lever, "areas": [text]}]},
        {"measures": [{**lever, "at": text}]},
        {"measures": [{**lever, "value": text}]},
    ):
        body = {"scenario": SCENARIO, "until": "1h", "countermeasure": {**MEASURE, **wrong}}
        assert ask("POST", "/v1/runs", json=body).status_code == 422
        told = ask(
            "POST", "/v1/countermeasures/check", json={"scenario": SCENARIO, "countermeasure": body["countermeasure"]}
        )
        assert told.status_code == 200
        assert told.json()["problems"]


INSTANTS = ["9" * 400, "9" * 400 + "d", "1e999h", "-1h", "24:00", "2026-13-45T99:99+00:00", "T", ":", "٣h", "²h"]
INSTANTS += ["0001-01-01T00:00:00+23:59", "2025-W01-1T00:00+00:00", 2**62, -1, 1.5, True, [], {}]


@pytest.mark.parametrize("instant", INSTANTS, ids=str)
@pytest.mark.parametrize("field", ["at", "until"])
def test_hostile_instants_of_a_measure(ask, field, instant):
    measure = {"lever": "logistics.second_hub", "value": 1, "areas": ["all"], field: instant}
    body = {"scenario": SCENARIO, "at": "1h", "countermeasure": {**MEASURE, "measures": [measure]}}
    told = ask("POST", "/v1/countermeasures/check", json=body)
    assert told.status_code == 200
    assert told.json()["problems"]


@pytest.mark.parametrize("instant", ["9999-12-31T23:59:59-23:59", "999999999999d", 10**11])
def test_instants_nobody_will_see_do_no_harm(ask, instant):
    measure = {"lever": "logistics.second_hub", "value": 1, "areas": ["all"], "at": instant}
    body = {"scenario": SCENARIO, "countermeasure": {**MEASURE, "measures": [measure]}}
    assert ask("POST", "/v1/countermeasures/check", json=body).status_code == 200


@pytest.mark.parametrize("number", [1e308, -1e308, 5e-324, 2**63 - 1, -0.0])
def test_extreme_values_of_a_measure(ask, number):
    measure = {"lever": "logistics.second_hub", "value": number, "areas": ["all"]}
    body = {"scenario": SCENARIO, "countermeasure": {**MEASURE, "measures": [measure]}}
    assert ask("POST", "/v1/countermeasures/check", json=body).status_code == 200


def test_a_million_areas_are_too_large(raw):
    areas = b'"a",' * 1_000_000 + b'"a"'
    body = b'{"scenario":"two-towns","countermeasure":{"name":"a","measures":[{"lever":"a.b","value":1,"areas":[%b]}]}}'
    for path in ("/v1/runs", "/v1/countermeasures/check", f"/v1/runs/{RUN}/forks"):
        assert raw("POST", path, "planner", [JSON], [body % areas]).status_code == 413


def test_more_areas_than_a_measure_may_name(ask):
    measure = {"lever": "logistics.second_hub", "value": 1, "areas": ["x"] * 10_001}
    body = {"scenario": SCENARIO, "countermeasure": {**MEASURE, "measures": [measure]}}
    (told,) = ask("POST", "/v1/countermeasures/check", json=body).json()["problems"]
    assert "10000" in told


def test_a_body_full_of_unknown_areas_is_told_in_brief(ask, monkeypatch):
    """Near names of as many wrong areas as a body holds would take an hour: one for each measure is looked up."""
    looked_up = []
    monkeypatch.setattr(countermeasures, "nearest", lambda name, known: looked_up.append(name) or "")
    lever = {"lever": "evacuation.open_shelter", "value": 1}
    measures = [
        {**lever, "areas": [f"{number:05}x" for number in range(first, first + 900)]} for first in range(0, 90_000, 900)
    ]
    body = {"scenario": SCENARIO, "countermeasure": {**MEASURE, "measures": measures}}
    assert len(orjson.dumps(body)) < MOST
    told = ask("POST", "/v1/countermeasures/check", json=body)
    assert told.status_code == 200
    assert len(looked_up) == len(measures)
    assert len(told.content) < MOST
    assert "880 more" in told.text


@pytest.mark.parametrize(
    "name", ["a\x00", "a\r\nX: 1", "\u202enimda", "", " ", "a" * 101, "a\x7f", "a\u2028b", 1, None]
)
def test_names_of_keys_are_printable(ask, name):
    assert ask("POST", "/v1/keys", "admin", json={"name": name, "role": "viewer"}).status_code == 422


@pytest.mark.parametrize(
    "objective", ["deaths=" + "9" * 300, "deaths=1e999", "deaths=-1", "=", ",,,", "deaths=nan", "x=1"]
)
def test_objectives_of_a_ranking(ask, objective):
    body = {**BODIES["ranks"], "objective": objective}
    assert ask("POST", f"/v1/runs/{RUN}/ranks", json=body).status_code == 422


WRONG = [1e308, -1e308, 5e-324, "x", "", [], [1e308] * 1000, [0.0]]


def test_settings_of_real_parameters_to_hostile_values(ask):
    """Either the value lies in the parameter's range, or the answer names the parameter."""
    layers = layers_of(read_scenario(SCENARIO))
    names = [f"{layer.name}.{name}" for layer in layers for name in load(layer.params_file).rows]
    for number, name in enumerate(names[::23]):
        body = {"scenario": SCENARIO, "until": "1h", "set": {name: WRONG[number % len(WRONG)]}}
        answer = ask("POST", "/v1/runs", json=body)
        assert answer.status_code == 202 or (answer.status_code == 422 and name.partition(".")[2] in answer.text)


@pytest.mark.parametrize("cut", ["", "*", "a->b", "(a+)+$", "\x1b[2J", "x" * 200, "../..", "hazard.* -> *"])
def test_cuts_of_couplings_that_are_none(ask, cut):
    assert ask("POST", "/v1/runs", json={**BODIES["runs"], "cut": [cut] * 200}).status_code == 422
