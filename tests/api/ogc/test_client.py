"""OGC API – Features and – Processes as an independent client (OWSLib) sees them, over a real socket."""

import socket
import threading
import time
from contextlib import contextmanager

import pytest
import requests
import uvicorn
from owslib.ogcapi.features import Features
from owslib.ogcapi.processes import Processes

from api.app import create_app
from api.keys import new_key
from api.ogc.pages import page
from api.settings import Settings
from tests.api.finished import REACHED_S, RUN, UNDER_WAY, make_runs

PLACES, STATE = "places.two-towns.cell", f"state.{RUN}.cell"
BOX = [135.02, 30.01, 135.06, 30.04]
WAIT_S = 20.0


@contextmanager
def serving(app):
    """Address of a server in a thread that ends with the test."""
    listener = socket.socket()
    listener.bind(("127.0.0.1", 0))
    server = uvicorn.Server(uvicorn.Config(app, log_level="error"))
    thread = threading.Thread(target=lambda: server.run(sockets=[listener]), daemon=True)
    thread.start()
    until = time.monotonic() + WAIT_S
    while not server.started and time.monotonic() < until:
        time.sleep(0.02)
    try:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}/ogc"
    finally:
        server.should_exit = True
        thread.join(WAIT_S)
        listener.close()


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    data_dir = make_runs(tmp_path_factory.mktemp("data"))
    key = new_key()[1]
    with serving(create_app(Settings(data_dir, session_key=key))) as address:
        yield address, {"Authorization": f"Bearer {key}"}


@pytest.fixture
def features(place):
    return Features(place[0], headers=dict(place[1]))


@pytest.fixture
def processes(place):
    return Processes(place[0], headers=dict(place[1]))


@pytest.fixture
def get(place):
    def asked(path, **query):
        return requests.get(place[0] + path, params=query, headers=place[1], timeout=WAIT_S)

    return asked


def test_landing_page_has_the_links_clients_follow(features):
    relations = {one["rel"] for one in features.links}
    assert {"self", "service-desc", "conformance", "data"} <= relations
    assert "/ogc/items" not in str(features.links)


def test_every_link_of_the_landing_page_can_be_followed(features, place):
    for one in features.links:
        told = requests.get(one["href"], headers=place[1], timeout=WAIT_S)
        assert told.status_code == 200
        assert told.headers["content-type"].partition(";")[0] == one["type"].partition(";")[0]


def test_conformance_claims_features_core_and_not_what_is_missing(features):
    classes = features.conformance()["conformsTo"]
    assert "http://www.opengis.net/spec/ogcapi-features-1/1.0/conf/core" in classes
    assert not [one for one in classes if "processes" in one and one.endswith("/core")]


def test_definition_is_openapi_3_0_of_the_ogc_paths(features):
    document = features.api()
    assert document["openapi"].startswith("3.0")
    assert document["paths"]
    assert all(path.startswith("/ogc") for path in document["paths"])
    assert "'type': 'null'" not in str(document)


def test_collections_hold_places_and_states(features):
    names = features.feature_collections()
    assert {PLACES, STATE, f"state.{UNDER_WAY}.cell"} <= set(names)
    assert len(names) == len(set(names))
    told = features.collection(STATE)
    west, south, east, north = told["extent"]["spatial"]["bbox"][0]
    assert 122 < west < east < 154
    assert 20 < south < north < 46
    assert told["extent"]["temporal"]["interval"][0][0].endswith("Z")


def test_pages_of_items_cover_everything_once(features, place):
    whole = features.collection_items(PLACES, limit=1000)
    assert whole["numberMatched"] == whole["numberReturned"] == 48
    found, address = [], f"{place[0]}/collections/{PLACES}/items?limit=7"
    while address:
        content = requests.get(address, headers=place[1], timeout=WAIT_S).json()
        assert content["numberMatched"] == 48
        assert content["numberReturned"] == len(content["features"]) <= 7
        found += [one["id"] for one in content["features"]]
        address = next((one["href"] for one in content["links"] if one["rel"] == "next"), None)
    assert found == [one["id"] for one in whole["features"]]


def test_a_rectangle_keeps_what_touches_it(features):
    whole = features.collection_items(PLACES, limit=1000)["features"]
    inside = features.collection_items(PLACES, bbox=BOX, limit=1000)["features"]
    west, south, east, north = BOX

    def touches(one):
        lon, lat = zip(*one["geometry"]["coordinates"][0])
        return min(lon) <= east and max(lon) >= west and min(lat) <= north and max(lat) >= south

    assert 0 < len(inside) < len(whole)
    assert [one["id"] for one in inside] == [one["id"] for one in whole if touches(one)]


def test_a_state_tells_mapped_quantities_at_the_time_asked(features):
    def state(**asked):
        return features.collection_items(STATE, limit=1000, **asked)["features"]

    last, first = state()[5]["properties"], state(datetime_="2027-08-03T08:35:00Z")[5]["properties"]
    assert {"buildings_collapsed", "trapped_persons", "power_on_fraction", "time", "label"} <= set(last)
    assert (first["time"], last["time"]) == ("2027-08-03T08:30:00Z", "2027-08-03T10:30:00Z")
    assert state(datetime_="../2027-08-03T09:30:00Z")[5]["properties"]["time"] == "2027-08-03T09:30:00Z"
    assert not state(datetime_="2027-08-03T07:40:00Z")
    assert len(features.collection_items(PLACES, datetime_="2027-08-03T07:40:00Z")["features"]) > 0


def test_the_state_of_a_run_under_way_is_what_all_members_have(features):
    one = features.collection_items(f"state.{UNDER_WAY}.cell", limit=1)["features"][0]
    assert one["properties"]["time"] == "2027-08-03T08:30:00Z"
    assert REACHED_S == 3600


def test_one_item_by_an_id_with_slashes(features):
    name = "places.two-towns.shelter"
    listed = features.collection_items(name, limit=1)["features"][0]
    told = features.collection_item(name, listed["id"])
    assert "/" in told["id"]
    assert (told["id"], told["geometry"]) == (listed["id"], listed["geometry"])
    assert {"self", "alternate", "collection"} <= {one["rel"] for one in told["links"]}


@pytest.mark.parametrize(
    "query",
    [
        {"bbox": "1,2,3"},
        {"bbox": "nan,0,1,1"},
        {"bbox": "0,50,1,40"},
        {"bbox": "1e999,0,1,1"},
        {"bbox": "-200,0,1,1"},
        {"limit": "0"},
        {"limit": "x"},
        {"limit": "-1"},
        {"offset": "1.5"},
        {"datetime": "2027"},
        {"datetime": "../.."},
        {"datetime": "2027-08-03T10:00:00Z/2027-08-03T09:00:00Z"},
        {"f": "xml"},
        {"unknown": "1"},
        {"bbox-crs": "EPSG:3857"},
        {"limit": ["1", "2"]},
    ],
    ids=str,
)
def test_wrong_questions_are_400(get, query):
    told = get(f"/collections/{STATE}/items", **query)
    assert told.status_code == 400
    assert told.headers["content-type"] == "application/problem+json"


@pytest.mark.parametrize(
    "path",
    [
        "/collections/x",
        "/collections/state.none.cell",
        "/collections/places.two-towns.item",
        f"/collections/{PLACES}/items/none",
        "/collections/state...%2f..%2fx.cell/items",
        "/processes/x",
        "/jobs/x",
        "/jobs/x/results",
    ],
)
def test_what_is_not_there_is_404(get, path):
    assert get(path).status_code == 404


@pytest.mark.parametrize("path", ["", "/conformance", "/collections", f"/collections/{STATE}", "/processes", "/jobs"])
def test_everything_can_be_read_as_html(get, path):
    told = get(path, f="html")
    assert told.headers["content-type"].startswith("text/html")
    assert told.text.startswith("<!DOCTYPE html>")


def test_html_escapes_what_it_shows():
    evil = '"><script>x</script>'
    told = page(evil, {"title": evil, "links": [{"href": evil, "rel": evil}], "more": [evil]})
    assert "<script" not in told
    assert told.count("&lt;script&gt;") == 6


def test_a_rectangle_over_the_date_line_finds_both_sides(get):
    assert get(f"/collections/{PLACES}/items", bbox="135,20,-170,40").json()["numberMatched"] == 48
    assert get(f"/collections/{PLACES}/items", bbox="170,20,-170,40").json()["numberMatched"] == 0


def test_scenarios_are_processes(processes):
    assert "two-towns" in [one["id"] for one in processes.processes()]
    told = processes.process("two-towns")
    assert {"until", "seed", "members", "set", "countermeasure"} <= set(told["inputs"])
    assert "async-execute" in told["jobControlOptions"]
    assert "report" in told["outputs"]


def test_executing_a_process_makes_a_job_that_can_be_dismissed(processes, get, place):
    job = processes.execute("two-towns", {"until": "2h", "members": {"value": 1}}, async_=True)
    name = job["jobID"]
    assert processes.response_headers["Location"].endswith(f"/ogc/jobs/{name}")
    assert (job["status"], job["processID"], job["type"]) == ("accepted", "two-towns", "process")
    assert name in [one["jobID"] for one in get("/jobs").json()["jobs"]]
    early = get(f"/jobs/{name}/results")
    assert early.status_code == 404
    assert early.json()["type"].endswith("/result-not-ready")
    ended = requests.delete(f"{place[0]}/jobs/{name}", headers=place[1], timeout=WAIT_S)
    assert ended.json()["status"] == "dismissed"
    assert get(f"/jobs/{name}").json()["status"] == "dismissed"


def test_results_of_a_finished_run_are_references_that_open(get, place):
    assert get(f"/jobs/{RUN}").json()["status"] == "successful"
    results = get(f"/jobs/{RUN}/results").json()
    assert set(results) == {"report", "series", "events", "frames"}
    for one in results.values():
        told = requests.get(one["href"], headers=place[1], timeout=WAIT_S)
        assert told.status_code == 200
        assert told.headers["content-type"].partition(";")[0] == one["type"]


@pytest.mark.parametrize(
    "body",
    [
        {"inputs": {"until": "soon"}},
        {"inputs": {"members": 0}},
        {"inputs": {"unknown": 1}},
        {"inputs": {"set": {"x": 1}}},
        {"inputs": {"until": {"href": "http://127.0.0.1/x"}}},
        {"inputs": {"until": "2h"}, "response": "raw"},
        {"inputs": {}, "outputs": {"report": {"transmissionMode": "value"}}},
        {"inputs": []},
    ],
    ids=str,
)
def test_wrong_executions_make_no_job(place, get, body):
    before = len(get("/jobs").json()["jobs"])
    told = requests.post(f"{place[0]}/processes/two-towns/execution", json=body, headers=place[1], timeout=WAIT_S)
    assert told.status_code == 422
    assert told.json()["errors"]
    assert len(get("/jobs").json()["jobs"]) == before
