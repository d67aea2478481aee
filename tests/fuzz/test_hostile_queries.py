"""Query parameters nobody would send by mistake: cursors, instants, rectangles, numbers, names."""

from __future__ import annotations

import base64

import orjson
import pytest

from tests.fuzz.place import RUN

HERE = f"/v1/runs/{RUN}"
STATE = f"/ogc/collections/state.{RUN}.municipality"
PLACES = "/ogc/collections/places.two-towns.cell"


def cursor_of(content):
    """A cursor in the form the lists give out, around any content."""
    packed = content if isinstance(content, bytes) else orjson.dumps(content)
    return base64.urlsafe_b64encode(packed).decode().rstrip("=")


CURSORS = ["", "x", "%00", "====", "a" * 10_000, "%ff", "..%2f", "1", "1.2", "1.99999", "-1.0", "%d9%a3.1", "1e3.1"]
CURSORS += ["9" * 20, "9" * 12 + "." + "9" * 12, "4611686018427387904.0", "[]", "null", "%0a", "'--", "0x1.0x1"]
INSIDE = [[], {}, None, 1, "a", [1], [-1], [True], [None], ["1"], [1.5], [2**62], [2**63], [2**64 - 1], [[]]]
INSIDE += [
    [1, "a", "b"],
    [-1, "", ""],
    [2**63, "~", "~"],
    [True, "", ""],
    [0, 1, 2],
    [1, "a" * 90, "\0"],
    [1, "a", "b", "c"],
]
INSIDE += [[-(2**63), "a", "b"], b"\xff", b"[1e999]", b"[NaN]", b"[" * 90, b'[1,"\\ud800","x"]']
PAGED = ["/v1/runs", f"{HERE}/series", f"{HERE}/events", "/v1/audit", "/v1/decisions", "/ogc/jobs"]


@pytest.mark.parametrize("cursor", [*CURSORS, *map(cursor_of, INSIDE)], ids=lambda one: one[:24])
def test_cursors_no_page_gave_out(raw, cursor):
    """Most are refused; those that happen to be well formed lead to some page, at worst an empty one."""
    for path in PAGED:
        assert raw("GET", f"{path}?cursor={cursor}", "admin").status_code in (200, 422)


def test_a_cursor_is_not_taken_as_part_of_a_statement(raw):
    for text in ("x' OR '1'='1", "z", "~" * 80):
        answer = raw("GET", f"/v1/runs?cursor={cursor_of([10**17, text, text])}", "viewer")
        assert answer.status_code == 200


NUMBERS = [
    "-1",
    "0",
    "1e3",
    "1.5",
    "NaN",
    "Infinity",
    "0x10",
    "%d9%a3",
    "%c2%b2",
    "9" * 30,
    "9" * 5000,
    "",
    "%20",
    "1_000",
    "+1",
]


@pytest.mark.parametrize("number", NUMBERS, ids=lambda one: one[:12])
@pytest.mark.parametrize(
    "path",
    [
        "/v1/runs?limit=",
        "/v1/audit?limit=",
        f"{HERE}/series?limit=",
        f"{HERE}/events?limit=",
        f"{HERE}/series?member=",
        f"{HERE}/frames?member=",
        f"{HERE}/frames/hazard.daylight?member=",
        f"{HERE}/events/1?depth=",
        f"{PLACES}/items?limit=",
        f"{PLACES}/items?offset=",
        "/ogc/jobs?limit=",
        "/ogc/processes?limit=",
    ],
)
def test_numbers_that_are_none_or_far_too_large(raw, path, number):
    assert raw("GET", path + number, "admin").status_code in (200, 400, 404, 422)


INSTANTS = ["yesterday", "NaN", "-1h", "9" * 64, "9" * 60 + "d", "1e999h", "2026-07-28T16:27:00", "24:00", "T", "%00"]
INSTANTS += [
    "9999-12-31T23:59:59-23:59",
    "0001-01-01T00:00:00%2b23:59",
    "2026-02-30T00:00:00Z",
    "%d9%a3h",
    "../..",
    "1" * 9999,
]


@pytest.mark.parametrize("instant", INSTANTS, ids=lambda one: one[:24])
def test_instants_that_are_none_or_far_away(raw, instant):
    for path in (
        f"{HERE}/series?from=",
        f"{HERE}/series?to=",
        f"{HERE}/events?from=",
        f"{HERE}/frames/hazard.daylight?at=",
    ):
        assert raw("GET", path + instant, "viewer").status_code == 422
    for path in (f"{STATE}/items?datetime=", f"{PLACES}/items?datetime="):
        assert raw("GET", path + instant, "viewer").status_code in (200, 400)


BOXES = [
    "",
    ",",
    ",,,",
    "1,2,3",
    "1,2,3,4,5",
    "a,b,c,d",
    "NaN,NaN,NaN,NaN",
    "inf,inf,inf,inf",
    "1e999,0,1,1",
    "0,1,1,0",
]
BOXES += [
    "-181,0,0,0",
    "0,0,0,91",
    "1,2,3,4,5,6,7",
    "0,0,0,0;DROP",
    "%00,0,0,0",
    "%d9%a1,0,1,1",
    "1e,0,1,1",
    "1,1,1,1," * 99,
]
BOXES += ["9" * 99 + ",0,1,1", "0x1,0,1,1", "1_0,0,11,1", "--1,0,1,1", "1..1,0,1,1", "[0,0,1,1]"]


@pytest.mark.parametrize("box", BOXES, ids=lambda one: one[:16])
def test_rectangles_that_are_none(raw, box):
    assert raw("GET", f"{PLACES}/items?bbox={box}", "viewer").status_code == 400


@pytest.mark.parametrize(
    "box", ["-180,-90,180,90", "180,-90,-180,90", "0,0,0,0", "1e-300,0,1e-299,1", "139,-90,-1e308,138,90,1e308"]
)
def test_extreme_rectangles(raw, box):
    assert raw("GET", f"{PLACES}/items?bbox={box}", "viewer").status_code == 200


SPANS = [
    "/",
    "../..",
    "..",
    "a/b",
    "2026-07-29T00:00:00Z/2026-07-28T00:00:00Z",
    "2026-07-28T00:00:00Z/x",
    "a/b/c",
    "/" * 99,
]
SPANS += ["2026-07-28", "2026-07-28T00:00:00", "0000-00-00T00:00:00Z", "10000-01-01T00:00:00Z", "%00/..", "../%d9%a3"]


@pytest.mark.parametrize("span", SPANS, ids=lambda one: one[:24])
def test_times_of_features_that_are_none(raw, span):
    assert raw("GET", f"{STATE}/items?datetime={span}", "viewer").status_code == 400


@pytest.mark.parametrize(
    "query",
    [
        "f=xml",
        "f=",
        "f=json&f=html",
        "x=1",
        "%00=1",
        "f=..%2f",
        "limit=1&limit=2",
        "bbox-crs=EPSG:4326",
        "crs=x",
        "=",
        "filter=1%3D1",
    ],
)
def test_parameters_the_standard_does_not_know(raw, query):
    for path in (f"{PLACES}/items", f"{STATE}/items"):
        assert raw("GET", f"{path}?{query}", "viewer").status_code == 400


@pytest.mark.parametrize(
    "text", ["<script>alert(1)</script>", '"onload="x', "javascript:alert(1)", "%3C/pre%3E%3Cb%3E"]
)
def test_pages_for_people_carry_no_script_of_a_caller(raw, text):
    for path in ("/ogc", "/ogc/collections", f"{PLACES}/items", "/ogc/jobs"):
        answer = raw("GET", f"{path}?f=html&limit={text}", "viewer")
        assert answer.status_code in (200, 400)
        assert text not in answer.text


NAMES = [
    "%00",
    "..%2f..",
    "x" * 122,
    "x" * 5000,
    "'%20OR%201=1",
    "%e2%80%ae",
    "%ff",
    "%0d%0aX-Evil:1",
    "",
    "*",
    "%25s",
    "(a%2b)%2b$",
]


@pytest.mark.parametrize("name", NAMES, ids=lambda one: one[:16])
def test_names_nothing_has(raw, name):
    for path in (f"{HERE}/series?quantity=", f"{HERE}/series?area=", f"{HERE}/series?kind=", f"{HERE}/series?format="):
        assert raw("GET", path + name, "viewer").status_code == 422
    for path in (f"{HERE}/events?kind=", f"{HERE}/events?layer=", f"{HERE}/events?area=", f"{HERE}/report?lang="):
        assert raw("GET", path + name, "viewer").status_code == 422
    for one in ("base", "branch", "quantity", "area"):
        rest = f"&base={RUN}" if one != "base" else ""
        rest += f"&branch={RUN}" if one != "branch" else ""
        assert raw("GET", f"/v1/compare?{one}={name}{rest}", "viewer").status_code in (404, 422)
    assert raw("GET", f"/v1/decisions?run={name}", "viewer").status_code == 422
    assert raw("GET", f"{HERE}/frames/hazard.daylight?minus={name}", "viewer").status_code in (404, 422)


def test_a_thousand_names_at_once(raw):
    many = "&".join("quantity=deaths" for _ in range(1000))
    assert raw("GET", f"{HERE}/series?{many}", "viewer").status_code == 422
    assert raw("GET", f"{HERE}/events?{many}", "viewer").status_code == 422
    branches = "&".join(f"branch={RUN}" for _ in range(1000))
    assert raw("GET", f"/v1/compare?base={RUN}&{branches}", "viewer").status_code == 422


@pytest.mark.parametrize("reason", ["%00", "%0d%0aX-Evil: 1", "%e2%80%ae", "x" * 2001, "%ff", "<script>", "%1b[2J"])
def test_hostile_reasons_go_to_the_log_as_texts(place, raw, reason):
    run_id = place.spares[0]
    answer = raw("POST", f"/v1/runs/{run_id}/cancel?reason={reason}", "planner")
    assert answer.status_code == (422 if len(reason) > 2000 else 200)
    assert raw("GET", "/v1/audit?limit=5", "admin").json()["broken_line"] is None
    assert raw("GET", f"/v1/decisions?run={run_id}", "viewer").status_code == 200
