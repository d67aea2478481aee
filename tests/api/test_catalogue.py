"""What there is to run, over HTTP."""

from __future__ import annotations

import pytest

from tests.api.server import Server

LISTS = {
    "/v1": "links",
    "/v1/scenarios": "scenarios",
    "/v1/regions": "regions",
    "/v1/layers": "layers",
    "/v1/couplings": "rows",
    "/v1/levers": "levers",
    "/v1/mapped": "mapped",
    "/v1/countermeasures/schema": "properties",
    "/v1/problems": "problems",
    "/v1/scenarios/two-towns": "schedule",
    "/v1/regions/two-towns": "sets",
    "/v1/problems/invalid": "cure",
}


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    made = Server(tmp_path_factory.mktemp("data"))
    yield made
    made.close()


@pytest.mark.parametrize(("path", "holds"), LISTS.items())
def test_lists_are_full_and_can_be_asked_for_again(server, path, holds):
    answer = server.viewer.get(path)
    assert answer.status_code == 200
    assert answer.json()[holds]
    assert answer.headers["cache-control"].startswith("private")
    again = server.viewer.get(path, headers={"if-none-match": answer.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")


def test_links_of_the_landing_page_lead_somewhere(server):
    for name, path in server.viewer.get("/v1").json()["links"].items():
        if name != "compare":  # needs to be told what
            assert server.viewer.get(path).status_code == 200, path


@pytest.mark.parametrize("kind", ["scenarios", "regions", "problems"])
def test_unknown_names_are_404_and_bad_ones_422(server, kind):
    assert server.viewer.get(f"/v1/{kind}/nowhere").status_code == 404
    assert server.viewer.get(f"/v1/{kind}/NoWhere").status_code == 422


def test_scenarios_tell_what_a_form_needs(server):
    rows = server.viewer.get("/v1/scenarios").json()["scenarios"]
    two_towns = next(row for row in rows if row["name"] == "two-towns")
    whole = server.viewer.get(two_towns["link"]).json()
    assert {"title_ja", "title_en", "start", "until_s", "seed", "members"} <= set(two_towns)
    assert "path" not in whole


def test_mapped_quantities_have_their_set_and_unit(server):
    rows = server.viewer.get("/v1/mapped").json()
    assert all(row["on"] and row["unit"] and row["scale"] in rows["scales"] for row in rows["mapped"])


def test_regions_tell_sizes_towns_and_sources(server):
    region = server.viewer.get("/v1/regions/two-towns").json()
    assert len(region["municipalities"]) == region["sets"]["municipality"] == 2
    assert region["municipalities"][0]["name_ja"]
    assert region["sources"]


def test_no_list_holds_a_path_of_this_machine(server):
    for path in LISTS:
        text = server.viewer.get(path).text
        assert "site-packages" not in text
        assert str(server.data_dir) not in text
        assert "/scenarios/two-towns/" not in text
