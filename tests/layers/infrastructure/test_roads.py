"""Roads: states, inspection, clearing, and ways round."""

from dataclasses import replace

import numpy as np
import pytest

from layers.infrastructure import roads
from layers.infrastructure.roads import CLOSED, EMERGENCY_ONLY, EXPRESSWAY, LIMITED, OPEN


@pytest.fixture
def net(bench):
    one = bench()
    return one.state.roads, one.given.roads, one.given.params


def no_load(place):
    return np.zeros(len(place.keys)), np.zeros(len(place.keys))


def test_free_network_is_symmetric_and_obeys_the_triangle(net):
    _, place, _ = net
    s = roads.shortest_s(place, place.free_s)
    assert s == pytest.approx(s.T)
    assert (s[:, None, :] <= s[:, :, None] + s[None, :, :] + 1e-6).all()
    assert s[place.node_a[0], place.node_b[0]] <= place.free_s[0] + 1e-9


def test_of_parallel_roads_the_faster_counts(net):
    _, place, _ = net
    double = replace(
        place,
        node_a=np.r_[place.node_a, place.node_a[0]],
        node_b=np.r_[place.node_b, place.node_b[0]],
    )
    time_s = np.r_[place.free_s, 1.0]
    assert roads.shortest_s(double, time_s)[place.node_a[0], place.node_b[0]] == 1.0


def test_debris_passes_through_limited_to_closed(net):
    state, place, params = net
    debris, slides = no_load(place)
    seen = []
    for per_km in (0.0, 8.0, 100.0):
        seen.append(set(roads.physical(state, place, params, debris + per_km * place.length_km, slides).tolist()))
    assert seen == [{OPEN}, {LIMITED}, {CLOSED}]


def test_slides_close_until_cleared(net):
    state, place, params = net
    debris, slides = no_load(place)
    state = replace(state, slide_quantile=np.where(np.arange(len(slides)) < 1, 0.1, 0.99))
    slides[:2] = 1.0
    assert roads.physical(state, place, params, debris, slides)[1] == LIMITED
    assert roads.physical(state, place, params, debris, slides)[0] == CLOSED
    kind, subject = np.array([roads.gang.CLEAR]), np.array([0])
    cleared = roads.restore(state, kind, subject, debris, slides)
    assert roads.physical(cleared, place, params, debris, slides)[0] == OPEN


def test_expressways_shut_at_once_and_open_after_inspection(shaken):
    one = shaken(5.5, 0.3)
    fast = one.given.roads.road_class == EXPRESSWAY
    if not fast.any():
        pytest.skip("no expressway in this place")
    assert (one.state.roads.status[fast] >= EMERGENCY_ONLY).all()
    list(one.run(6 * 86400, 3600))
    assert (one.state.roads.inspected == roads.INSPECTED).all()
    assert (one.state.roads.status[fast] < EMERGENCY_ONLY).any()


def test_nothing_is_found_before_someone_looked(shaken):
    one = shaken()
    assert one.result.outputs["roads_found_closed_units"].sum() == 0.0
    assert one.result.outputs["roads_inspected_fraction"].max() == 0.0


def test_closing_a_road_never_makes_a_way_shorter_and_emergency_passes_more(net):
    state, place, params = net
    free = roads.start_travel(place, 2, params, state)
    shut = replace(state, bare=np.full(len(place.keys), EMERGENCY_ONLY, np.int8))
    after = roads.travel(free, shut, place, params, free.traffic)
    assert (after.truck_s >= free.truck_s - 1e-9).all()
    assert (after.emergency_s <= after.truck_s + 1e-9).all()
    assert after.truck_s.max() > free.truck_s.max()


def test_letting_in_a_faster_road_gives_what_a_new_search_gives(net):
    _, place, _ = net
    slow_s = place.free_s.copy()
    slow_s[0], slow_s[-1] = np.inf, 5.0 * slow_s[-1]
    let_in = roads.renewed_s(roads.shortest_s(place, slow_s), place, slow_s, place.free_s)
    assert let_in == pytest.approx(roads.shortest_s(place, place.free_s))
    shut = roads.renewed_s(let_in, place, place.free_s, slow_s)
    assert shut == pytest.approx(roads.shortest_s(place, slow_s))


def test_small_changes_of_traffic_change_nothing(net):
    state, place, params = net
    free = roads.start_travel(place, 2, params, state)
    assert roads.travel(free, state, place, params, np.array([1.05, 1.0])) is free
    jam = roads.travel(free, state, place, params, np.array([2.0, 2.0]))
    assert jam.truck_s.max() > 1.5 * free.truck_s.max()


def test_a_slide_on_every_slope_road_cuts_nodes_off(net):
    state, place, params = net
    free = roads.start_travel(place, 2, params, state)
    steep = replace(place, slope_exposed=np.ones(len(place.keys)))
    shut = replace(state, bare=np.full(len(place.keys), CLOSED, np.int8))
    cut = roads.travel(free, shut, steep, params, free.traffic)
    off_diagonal = ~np.eye(place.n_node, dtype=bool)
    assert np.isinf(cut.emergency_s[off_diagonal]).all()
    assert len(np.unique(cut.island)) == place.n_node
