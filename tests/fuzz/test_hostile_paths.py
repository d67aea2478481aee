"""Path parameters that try to leave the folder of runs, or to confuse whoever reads them."""

from __future__ import annotations

import re

import pytest

from api.openapi import described
from tests.fuzz.place import BODIES, RUN, SCENARIO

VALID = {
    "run_id": RUN,
    "name": SCENARIO,
    "process_id": SCENARIO,
    "scenario": SCENARIO,
    "quantity": "damage.buildings_collapsed",
    "event_id": "1",
    "on": "cell",
    "id": "abcd1234",
    "feature": "1",
}
HOSTILE = {
    "dots": "..",
    "encoded dots": "%2e%2e",
    "encoded slashes": "..%2f..%2f..%2fetc%2fpasswd",
    "encoded twice": "%252e%252e%252fkeys.json",
    "back slashes": "..%5c..%5ckeys.json",
    "through the run": f"{RUN}%2f..%2f..%2fkeys.json",
    "the victim": "..%2fvictim",
    "nul": "%00",
    "nul at the end": f"{RUN}%00",
    "line feed at the end": f"{RUN}%0a",
    "header": "%0d%0aX-Evil:%201",
    "overlong utf-8": "%c0%ae%c0%ae%c0%af",
    "no utf-8": "%ff%fe",
    "wide dots": "%ef%bc%8e%ef%bc%8e%ef%bc%8f",
    "one dot leaders": "%e2%80%a4%e2%80%a4",
    "right to left": f"%e2%80%ae{RUN}",
    "arabic digits": "%d9%a3%d9%a3",
    "very long": "x" * 5000,
    "absolute": "%2fetc%2fpasswd",
    "address": "file:%2f%2f%2fetc%2fpasswd",
    "home": "~root",
    "hidden": f".deleted-{RUN}",
    "number": "9" * 400,
    "minus": "-1",
    "space": "%20",
    "quote": "'%20OR%20'1'='1",
    "mark up": "%3Cscript%3Ealert(1)%3C%2Fscript%3E",
    "template": "%7B%7B7*7%7D%7D$%7BHOME%7D",
}


@pytest.fixture(scope="module")
def victim(place):
    """A folder beside the runs that looks like one, which nothing may reach."""
    return place.copy_run(place.finished, "../victim")


def targets(place, value):
    """Every documented operation with one path parameter replaced, as (method, path)."""
    for path, operations in described(place.app)["paths"].items():
        names = re.findall(r"{(\w+)}", path)
        for name, method in ((name, method) for name in names for method in operations):
            collection = {"name": "places.two-towns.cell"} if path.startswith("/ogc") else {}
            yield method.upper(), path.format(**(VALID | collection | {name: value}))


@pytest.mark.usefixtures("victim")
@pytest.mark.parametrize("value", HOSTILE.values(), ids=HOSTILE)
def test_no_path_parameter_leads_anywhere(place, raw, value):
    sent = 0
    for method, path in targets(place, value):
        body = BODIES.get(path.rpartition("/")[2]) if method == "POST" else None
        more = {"headers": [(b"content-type", b"application/json")], "chunks": [json_of(body)]} if body else {}
        answer = raw(method, path, "admin", **more)
        assert 400 <= answer.status_code < 500, (method, path, answer.text)
        assert "x-evil" not in answer.headers
        sent += 1
    assert sent > 30
    assert (place.data_dir / "victim" / "manifest.json").is_file()
    assert (place.data_dir / "runs" / RUN / "manifest.json").is_file()


def json_of(body):
    """The bytes of a body."""
    from orjson import dumps

    return dumps(body)


@pytest.mark.parametrize("value", [*HOSTILE.values(), "assets/../../keys.json", "..;/keys.json", "%2e/keys.json"])
def test_the_page_gives_only_its_own_files(raw, value):
    for path in (f"/assets/{value}", f"/{value}"):
        assert raw("GET", path, "nobody").status_code == 404


@pytest.mark.parametrize("method", ["BREW", "TRACE", "CONNECT", "OPTIONS", "HEAD", "get", "PROPFIND", "X" * 1000])
def test_methods_nobody_offers(place, raw, method):
    for path in ("/v1/runs", f"/v1/runs/{RUN}", "/healthz", "/ogc/jobs"):
        assert raw(method, path, "admin").status_code == 405
    assert raw(method, "/nowhere", "admin").status_code in (404, 405)


@pytest.mark.parametrize(
    "path", ["/v1//runs", "/v1/runs/", "//v1/runs", "/V1/runs", "/v1/./runs", "/v1/x/../runs", "/v1;x/runs"]
)
def test_paths_are_taken_as_they_stand(raw, path):
    assert raw("GET", path, "nobody").status_code in (401, 404)
    assert raw("GET", path).status_code in (404, 422)


def test_a_linked_folder_is_no_run(place, ask, tmp_path):
    """Someone who may write beside the runs cannot have other folders shown or removed."""
    link = place.data_dir / "runs" / "linked-run"
    link.symlink_to(place.finished)
    assert ask("GET", "/v1/runs/linked-run").status_code == 404
    assert ask("GET", "/v1/runs/linked-run/report").status_code == 404
    assert ask("DELETE", "/v1/runs/linked-run").status_code == 404
    assert (place.finished / "manifest.json").is_file()
    link.unlink()
