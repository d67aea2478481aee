"""Fair shares of whole numbers, places along cells, and shapes for maps."""

from __future__ import annotations

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from scenarios import build_world, read_scenario
from scenarios.outlines import cell_boxes, municipal_outlines, outlines_geojson
from scenarios.synthesis.frame import morton, pick, share_out, share_out_rows
from scenarios.synthesis.lifelines import cut_strings

GROUPS = np.array([0, 0, 0, 1, 1, 2])


@settings(max_examples=60, deadline=None)
@given(
    weight=st.lists(st.floats(0, 1e6), min_size=6, max_size=6),
    total=st.lists(st.integers(0, 10_000_000), min_size=3, max_size=3),
)
def test_shares_add_up_exactly_and_miss_by_less_than_one(weight, total):
    weights, totals = np.array(weight), np.array(total)
    whole = share_out(weights, totals, GROUPS)
    assert np.array_equal(np.bincount(GROUPS, weights=whole, minlength=3), totals)
    sums = np.bincount(GROUPS, weights=weights, minlength=3)
    if np.all(sums > 1e-3):
        assert np.all(np.abs(whole - weights / sums[GROUPS] * totals[GROUPS]) < 1.0 + 1e-6)


def test_shares_along_rows_add_up():
    weight = np.array([[0.2, 0.3, 0.5], [1.0, 0.0, 0.0], [1.0, 1.0, 1.0]])
    whole = share_out_rows(weight, np.array([7, 5, 10]))
    assert whole.sum(axis=1).tolist() == [7, 5, 10]
    assert whole[1].tolist() == [5, 0, 0]
    assert whole[2].max() - whole[2].min() == 1


def test_z_order_keeps_blocks_together():
    row, column = np.divmod(np.arange(16), 4)
    order = np.argsort(morton(row, column))
    first = order[:4]
    assert set(zip(row[first].tolist(), column[first].tolist())) == {(0, 0), (0, 1), (1, 0), (1, 1)}


def test_picked_classes_come_in_their_shares():
    classes = pick((np.arange(1000) + 0.5) / 1000, np.array([0.2, 0.5, 0.3]))
    assert np.bincount(classes).tolist() == [200, 500, 300]


def test_strings_are_equal_pieces_and_lose_nothing():
    load = np.array([5.0, 1.0, 3.0, 3.0, 8.0])
    strings = cut_strings(load, np.array([0, 0, 0, 1, 1]), np.array([3, 1]))
    assert np.allclose(np.asarray(strings.matrix.sum(axis=1)).ravel(), [3.0, 3.0, 3.0, 11.0])
    assert np.allclose(np.asarray(strings.matrix.sum(axis=0)).ravel(), load)
    assert strings.main_cell.tolist() == [0, 0, 2, 4]


@pytest.fixture(scope="module")
def shapes() -> dict[str, shapely.Geometry]:
    return municipal_outlines(read_scenario("two-towns"))


def test_outlines_touch_without_overlap(shapes):
    east, west = shapes["99201"], shapes["99202"]
    assert east.is_valid
    assert west.is_valid
    assert east.intersection(west).area == 0
    assert east.touches(west)


def test_outlines_hold_the_cells_of_their_town(shapes):
    world = build_world(read_scenario("two-towns"))
    town = world["cell"]["municipality"]
    boxes = cell_boxes(world)
    for number, code in enumerate(world["municipality"].ids.tolist()):
        assert np.all(shapely.covers(shapes[code].buffer(1e-9), boxes[town == number]))


def test_outlines_are_marked_synthetic():
    collection = outlines_geojson(read_scenario("two-towns"))
    assert [feature["id"] for feature in collection["features"]] == ["99201", "99202"]
    assert {feature["properties"]["label"] for feature in collection["features"]} == {"synthetic"}
