"""Where things are: rows in order, shapes of the right kind, everything inside Japan."""

import numpy as np
import orjson
import pytest
import shapely

from api import geometry
from api.readings import AskError, NotThere
from scenarios.outlines import cell_boxes
from twin.errors import StoreError

JAPAN = (122.0, 20.0, 154.0, 46.0)
KINDS = {"municipality": "Polygon", "cell": "Polygon", "patch": "Polygon", "road": "LineString"}


@pytest.fixture(scope="module", params=["two-towns", "coastal-town"])
def path(request):
    return geometry.shipped_path(request.param)


@pytest.mark.parametrize("on", geometry.ON_MAP)
def test_features_lie_in_row_order_inside_japan(path, on):
    shapes = geometry.geometry(path, on)
    world = geometry.place_of(path).world
    content = orjson.loads(shapes.collection)
    assert [one["id"] for one in content["features"]] == world[on].ids.tolist()
    assert content["label"] in ("real", "derived", "synthetic")
    for one in content["features"]:
        shape = shapely.geometry.shape(one["geometry"])
        west, south, east, north = shape.bounds
        assert JAPAN[0] < west <= east < JAPAN[2]
        assert JAPAN[1] < south <= north < JAPAN[3]
        assert shape.is_valid
        assert one["geometry"]["type"].removeprefix("Multi") == KINDS.get(on, "Point")
        assert one["properties"]["id"] == one["id"]


def test_cells_are_their_own_rectangles(path):
    shapes = geometry.geometry(path, "cell").shapes
    exact = cell_boxes(geometry.place_of(path).world)
    assert shapely.hausdorff_distance(shapes, exact).max() < 1e-6


def test_squares_of_the_water_grid_have_its_size_and_stand_on_their_places():
    path = geometry.shipped_path("coastal-town")
    world = geometry.place_of(path).world
    shapes = geometry.geometry(path, "patch").shapes
    metres = world.settings["water_dx_m"]
    lat = np.deg2rad(shapely.get_y(shapely.centroid(shapes)))
    area_m2 = shapely.area(shapes) * 111_000.0**2 * np.cos(lat)
    assert np.allclose(area_m2, metres**2, rtol=0.02)
    west, south, east, north = shapely.bounds(shapes).T
    centre = np.column_stack([(west + east) / 2, (south + north) / 2])
    assert np.allclose(centre, geometry.points(world, "patch"), atol=2e-6)


def test_roads_join_their_nodes(path):
    world = geometry.place_of(path).world
    nodes, road = geometry.points(world, "node"), world["road"]
    ends = shapely.get_coordinates(geometry.geometry(path, "road").shapes).reshape(-1, 2, 2)
    assert np.allclose(ends[:, 0], nodes[road["node_a"]], atol=1e-6)
    assert np.allclose(ends[:, 1], nodes[road["node_b"]], atol=1e-6)


def test_outlines_hold_the_cells_of_their_town():
    path = geometry.shipped_path("two-towns")
    world = geometry.place_of(path).world
    towns = geometry.geometry(path, "municipality").shapes
    centres = shapely.points(geometry.points(world, "cell"))
    assert shapely.contains(towns[world["cell"]["municipality"]], centres).all()


def test_features_carry_names_and_their_municipality():
    path = geometry.shipped_path("two-towns")
    hospital = geometry.geometry(path, "hospital").properties[0]
    assert hospital["name_ja"]
    assert hospital["municipality"] in geometry.place_of(path).world["municipality"].ids


def test_rectangles_find_what_they_touch():
    shapes = geometry.geometry(geometry.shipped_path("two-towns"), "cell")
    west, south, east, north = shapely.bounds(shapes.shapes[7])
    middle = ((west + east) / 2, (south + north) / 2)
    assert shapes.within((*middle, *middle)).tolist() == [7]
    assert shapes.within(tuple(shapes.bounds)).tolist() == list(range(len(shapes.ids)))
    assert not shapes.within((0.0, 0.0, 1.0, 1.0)).size


def test_shapes_are_made_once_and_keep_their_tag():
    path = geometry.shipped_path("two-towns")
    assert geometry.geometry(path, "cell") is geometry.geometry(path, "cell")
    assert geometry.geometry(path, "cell").etag != geometry.geometry(path, "patch").etag


@pytest.mark.parametrize("on", ["item", "day", "../cell", "", "region"])
def test_sets_without_a_place_are_refused(on):
    with pytest.raises(AskError):
        geometry.geometry(geometry.shipped_path("two-towns"), on)


@pytest.mark.parametrize("name", ["../two-towns", "/etc/passwd", "two-towns/scenario.yaml", ""])
def test_only_shipped_scenarios_have_a_region(name):
    with pytest.raises(NotThere):
        geometry.shipped_path(name)


def test_a_scenario_that_is_gone_is_told(tmp_path):
    with pytest.raises(StoreError, match="no longer there"):
        geometry.place_of(str(tmp_path / "gone" / "scenario.yaml"))
