"""Results over HTTP: forms, filters, pages, tags, and hostile questions."""

import io

import numpy as np
import orjson
import pyarrow.parquet as pq
import pytest

from api import encoding
from api.readings import find, frames, series
from api.routes import results
from tests.api.finished import MEMBERS, OTHER, REACHED_S, RUN, UNDER_WAY, UNTIL_S, client_of, make_runs

HERE = f"/v1/runs/{RUN}"
COLLAPSED = "damage.buildings_collapsed"


@pytest.fixture(scope="module")
def data_dir(tmp_path_factory):
    return make_runs(tmp_path_factory.mktemp("data"))


@pytest.fixture(scope="module")
def client(data_dir):
    with client_of(data_dir, results.router) as found:
        yield found


def pages(client, url, name, limit):
    """Everything of a list, page by page."""
    found, cursor = [], None
    while True:
        content = client.get(url, params={"limit": limit} | ({"cursor": cursor} if cursor else {})).json()
        found += content[name]
        cursor = content["next"]
        if cursor is None:
            return found


def test_pages_of_curves_cover_everything_once(client, data_dir):
    whole = series.series_book(find(data_dir, RUN))
    found = pages(client, f"{HERE}/series", "series", 150)
    names = [(one["member"], one["kind"], one["quantity"], one["area"]) for one in found]
    assert len(names) == len(set(names)) == len(whole.keys(series.Wanted()))
    assert sum(len(one["time_s"]) for one in found) == len(find(data_dir, RUN).folder.series())


def test_curves_can_be_narrowed_by_everything(client):
    asked = {"quantity": "deaths", "area": "all", "kind": "true", "member": 1, "from": "1h", "to": "2h"}
    (one,) = client.get(f"{HERE}/series", params=asked).json()["series"]
    assert (one["quantity"], one["area"], one["kind"], one["member"]) == ("deaths", "all", "true", 1)
    assert (one["time_s"][0], one["time_s"][-1], one["unit"], one["label"]) == (3600, 7200, "person", "simulated")


def test_parquet_is_the_file_of_the_run_or_a_part_of_it(client, data_dir):
    whole = client.get(f"{HERE}/series?format=parquet")
    assert whole.content == (data_dir / "runs" / RUN / "series.parquet").read_bytes()
    part = client.get(f"{HERE}/series?quantity=deaths", headers={"Accept": encoding.PARQUET})
    assert part.headers["content-type"] == encoding.PARQUET
    table = pq.read_table(io.BytesIO(part.content))
    assert set(table["quantity"].to_pylist()) == {"deaths"}


def test_too_many_points_are_refused_with_a_cure(client, monkeypatch):
    monkeypatch.setattr(series, "MOST_POINTS", 100)
    told = client.get(f"{HERE}/series?kind=true")
    assert told.status_code == 422
    assert "name quantity, area" in told.json()["detail"]


@pytest.mark.parametrize("member", ["0", "mean", "high"])
def test_all_forms_of_a_frame_hold_the_same_values(client, data_dir, member):
    expected = frames.frame(find(data_dir, RUN), COLLAPSED, 7200, int(member) if member.isdigit() else member)
    url = f"{HERE}/frames/{COLLAPSED}?at=2h&member={member}"
    binary = encoding.read_frame_binary(client.get(f"{url}&format=binary").content)
    plain, geo = client.get(url).json(), client.get(f"{url}&format=geojson").json()
    table = pq.read_table(io.BytesIO(client.get(f"{url}&format=parquet").content))
    assert binary.values.tobytes() == expected.values.tobytes()
    assert np.allclose(plain["values"], expected.values)
    assert np.allclose([one["properties"]["value"] for one in geo["features"]], expected.values)
    assert np.allclose(table["value"].to_numpy(), expected.values)
    assert binary.header == geo["frame"] == dict(expected.header)
    assert plain["ids"] == [one["id"] for one in geo["features"]] == table["id"].to_pylist()


def test_accept_chooses_the_form(client):
    told = client.get(f"{HERE}/frames/{COLLAPSED}", headers={"Accept": f"text/x, {encoding.FRAME};q=1"})
    assert told.headers["content-type"] == encoding.FRAME


def test_the_list_of_frames_leads_to_frames(client):
    found = client.get(f"{HERE}/frames?member=1").json()["frames"]
    assert [one["quantity"] for one in found if one["mapped"]] == sorted(frames.MAPPED_NAMES)
    for one in found[::17]:
        told = client.get(f"{HERE}/frames/{one['quantity']}?member=1&at={one['times_s'][-1]}").json()
        assert (told["time_s"], told["on"], told["unit"]) == (one["times_s"][-1], one["on"], one["unit"])


def test_differences_of_runs(client):
    told = client.get(f"{HERE}/frames/{COLLAPSED}?minus={OTHER}&member=mean").json()
    assert told["minus"] == OTHER
    assert told["members"] == MEMBERS
    assert min(told["values"]) < 0 < max(told["values"])


def test_pages_of_events_cover_everything_once(client, data_dir):
    found = pages(client, f"{HERE}/events", "events", 300)
    pairs = [(one["id"], one["member"]) for one in found]
    assert len(pairs) == len(set(pairs)) == len(find(data_dir, RUN).folder.events())
    assert b"NaN" not in orjson.dumps(found)


def test_one_event_with_its_causes(client):
    one = client.get(f"{HERE}/events?kind=trapped&limit=1").json()["events"][0]
    told = client.get(f"{HERE}/events/{one['id']}?member={one['member']}&depth=12").json()
    assert told["sentence_en"] == one["sentence_en"]
    assert "kind" in told["causes"][0]
    assert told["causes"][0]["time_s"] <= told["time_s"]


def test_a_run_under_way_is_read_from_its_parts(client):
    there = f"/v1/runs/{UNDER_WAY}"
    slow = client.get(f"{there}/series?quantity=deaths&area=all&member=1&kind=true").json()["series"][0]
    assert slow["time_s"][-1] == REACHED_S
    assert client.get(f"{there}/events?member=1&limit=5").json()["events"]
    assert client.get(f"{there}/frames/{COLLAPSED}?member=mean").json()["time_s"] == REACHED_S
    assert client.get(f"{there}/frames/{COLLAPSED}").json()["time_s"] == UNTIL_S
    assert client.get(f"{there}/series?format=parquet").status_code == 200
    assert client.get(f"{there}/report").status_code == 404


@pytest.mark.parametrize("path", ["series?quantity=deaths", f"frames/{COLLAPSED}?format=binary", "events", "report"])
def test_answers_carry_a_tag_that_spares_a_second_one(client, path):
    first = client.get(f"{HERE}/{path}")
    again = client.get(f"{HERE}/{path}", headers={"If-None-Match": first.headers["etag"]})
    assert (first.status_code, again.status_code, again.content) == (200, 304, b"")
    other = client.get(f"{HERE}/{path}", headers={"If-None-Match": '"else"'})
    assert other.content == first.content


def test_tags_differ_between_forms_and_questions(client):
    urls = ["series?quantity=deaths", "series?quantity=deaths&format=parquet", "series?quantity=missing", "events"]
    assert len({client.get(f"{HERE}/{url}").headers["etag"] for url in urls}) == len(urls)


def test_the_report_opens_in_the_language_asked_for(client):
    assert b'location.hash === "#en"' in client.get(f"{HERE}/report").content
    english = client.get(f"{HERE}/report?lang=en")
    assert b'location.hash !== "#ja"' in english.content
    assert "sandbox" in english.headers["content-security-policy"]


def test_geometry_is_geojson_with_a_tag(client):
    told = client.get("/v1/regions/two-towns/geometry/cell")
    assert told.headers["content-type"] == encoding.GEOJSON
    assert len(told.json()["features"]) == 48
    again = client.get("/v1/regions/two-towns/geometry/cell", headers={"If-None-Match": told.headers["etag"]})
    assert again.status_code == 304


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/v1/runs/none/series", 404),
        ("/v1/runs/%2e%2e/series", 422),
        ("/v1/runs/..%2f..%2fetc/series", 404),
        (f"{HERE}/series?quantity=nothing", 422),
        (f"{HERE}/series?kind=wrong", 422),
        (f"{HERE}/series?from=yesterday", 422),
        (f"{HERE}/series?from=2026-07-28T16:27:00", 422),
        (f"{HERE}/series?cursor=%00", 422),
        (f"{HERE}/series?cursor=WzFd.", 422),
        (f"{HERE}/series?member=99999999999999999999999", 422),
        (f"{HERE}/series?limit=0", 422),
        (f"{HERE}/frames/a.b", 422),
        (f"{HERE}/frames/infrastructure.travel_truck_s", 422),
        (f"{HERE}/frames/hazard.daylight?format=geojson", 422),
        (f"{HERE}/frames/{COLLAPSED}?at=1s", 404),
        (f"{HERE}/frames/{COLLAPSED}?at=nan", 422),
        (f"{HERE}/frames/{COLLAPSED}?member=2", 404),
        (f"{HERE}/frames/{COLLAPSED}?member=-1", 422),
        (f"{HERE}/frames/{COLLAPSED}?minus=../x", 404),
        (f"{HERE}/frames/{COLLAPSED}?format=xml", 422),
        (f"{HERE}/events?kind=nothing", 422),
        (f"{HERE}/events?cursor=1", 422),
        (f"{HERE}/events/7", 404),
        (f"{HERE}/events/0?depth=13", 422),
        (f"{HERE}/events/99999999999999999999", 422),
        (f"{HERE}/report?lang=fr", 422),
        ("/v1/regions/..%5c/geometry/cell", 404),
        ("/v1/regions/two-towns/geometry/item", 422),
    ],
)
def test_hostile_questions_are_told_what_is_wrong(client, data_dir, path, status):
    told = client.get(path)
    assert told.status_code == status
    assert str(data_dir) not in told.text
    if told.headers["content-type"] == "application/problem+json":
        assert told.json()["detail"]
