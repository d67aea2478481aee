"""Fire between patches: closed forms on a line, laws of wind, gaps, firebreaks and crews, shortest times as oracle."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from twin.errors import ParameterError
from twin.numerics import fire_spread as fire

DENSE = fire.Town(house_m=10.0, gap_m=3.0)
SIDE_M = 50.0
GRID = fire.grid_graph(13, 17, SIDE_M)
MIDDLE = 6 * 17 + 8
ALL = np.ones(GRID.source.size, bool)


def per_pair(graph, seed):
    """One uniform per pair of neighbours, the same in both directions."""
    low, high = np.minimum(graph.source, graph.target), np.maximum(graph.source, graph.target)
    pair = np.unique(low.astype(np.int64) * len(graph.first) + high, return_inverse=True)[1]
    return np.random.default_rng(seed).random(pair.max() + 1)[pair]


def extents_m(wind, town=DENSE, hours=3.0):
    """How far the fire from the middle has come to the east, west and north along a wide line of open patches."""
    graph = fire.grid_graph(21, 101, SIDE_M)
    start = 10 * 101 + 50
    edge_s = fire.crossing_s(graph, town, wind, 0.0)
    reached = fire.arrival_s(graph, edge_s, np.ones(edge_s.size, bool), np.array([start])) <= hours * 3600.0
    row, column = np.divmod(np.flatnonzero(reached), 101)
    return column.max() - 50, 50 - column.min(), row.max() - 10


def test_grid_and_distance_give_the_same_neighbours():
    column, row = np.meshgrid(np.arange(17), np.arange(13))
    near = fire.near_graph(column.ravel() * SIDE_M, row.ravel() * SIDE_M, 1.5 * SIDE_M)
    for name in ("first", "source", "target"):
        assert np.array_equal(getattr(near, name), getattr(GRID, name))
    assert near.distance_m == pytest.approx(GRID.distance_m)
    assert np.diff(GRID.first).tolist().count(3) == 4  # corners
    assert near.east**2 + near.north**2 == pytest.approx(1.0)


def test_patches_in_one_place_are_refused():
    with pytest.raises(ParameterError, match="same place"):
        fire.near_graph(np.zeros(2), np.zeros(2), 10.0)


def test_hamada_by_hand_and_at_sakata():
    """10 m houses, gaps of 3 m, wind 6 m/s: bare 7.35, resistant 12.45 minutes calm; gain 1.5 x 1.852."""
    down, side, up = fire.hamada_m_per_s(DENSE, 6.0)
    share = fire.OBSERVED_SPEED_FRACTION
    assert down == pytest.approx(share * 13.0 / ((7.35 + 12.45) / 2 / 2.778 * 60.0))
    assert side == pytest.approx(share * 13.0 / ((6.75 + 24 / 6.5 + 11.25 + 48 / 6.5) / 2 / 1.18 * 60.0))
    assert up < side < down
    sakata = fire.hamada_m_per_s(DENSE, 12.0)[0] * 3600.0
    assert 150.0 < sakata < 160.0


def test_wind_that_is_no_speed_is_refused():
    with pytest.raises(ParameterError, match="wind"):
        fire.hamada_m_per_s(DENSE, float("nan"))


def test_front_on_a_line_runs_at_the_speed_of_the_formula():
    line = fire.grid_graph(1, 40, SIDE_M)
    down, _, up = fire.hamada_m_per_s(DENSE, 6.0)
    edge_s = fire.crossing_s(line, DENSE, 6.0, 0.0)
    arrival = fire.arrival_s(line, edge_s, np.ones(edge_s.size, bool), np.array([10]), 600.0)
    steps = np.arange(40) - 10
    early = fire.arrival_s(line, edge_s, np.ones(edge_s.size, bool), np.array([10]), 600.0, until_s=5000.0)
    assert np.array_equal(np.isfinite(early), arrival <= 5000.0)
    assert arrival == pytest.approx(600.0 + np.abs(steps) * SIDE_M / np.where(steps > 0, down, up))


def test_reach_along_a_line_is_the_power_of_the_chance_to_jump():
    """Percolation in one dimension: fire comes k patches far with probability p^k."""
    n_line, length = 20_000, 6
    graph = fire.join(
        np.tile(np.arange(length) * SIDE_M, n_line),
        np.repeat(np.arange(n_line) * 1e3, length),
        *(np.arange(n_line * length).reshape(n_line, length)[:, part].ravel() for part in (slice(-1), slice(1, None))),
    )
    p = float(fire.jump_probability(DENSE, 2.0))
    chance = fire.edge_probability(graph, DENSE, 2.0)
    assert chance == pytest.approx(p)
    is_open = per_pair(graph, 5) < chance
    edge_s = fire.crossing_s(graph, DENSE, 2.0, 0.0)
    burnt = np.isfinite(fire.arrival_s(graph, edge_s, is_open, np.arange(0, n_line * length, length)))
    share = burnt.reshape(n_line, length).mean(axis=0)
    assert share == pytest.approx(p ** np.arange(length), abs=0.012)


def test_fire_is_round_without_wind_and_long_downwind_with_it():
    edge_s = fire.crossing_s(GRID, DENSE, 0.0, 0.0)
    assert np.ptp(edge_s / GRID.distance_m) < 1e-9
    east, west, north = extents_m(0.0)
    assert east == west == north
    lengths = [extents_m(wind)[0] for wind in (0.0, 3.0, 6.0, 12.0)]
    assert lengths == sorted(set(lengths))
    east, west, north = extents_m(8.0)
    assert east > 2 * north > 0
    assert east > 2 * west > 0


@given(st.floats(0.0, 20.0), st.floats(0.0, 5.0), st.floats(0.0, 2 * np.pi), st.integers(0, 50))
@settings(max_examples=40)
def test_stronger_wind_never_spares_a_patch_nor_reaches_it_later(wind, more, bearing, seed):
    uniform = per_pair(GRID, seed)
    arrivals = []
    for speed in (wind, wind + more):
        edge_s = fire.crossing_s(GRID, DENSE, speed * np.cos(bearing), speed * np.sin(bearing))
        is_open = uniform < fire.edge_probability(GRID, DENSE, speed)
        arrivals.append(fire.arrival_s(GRID, edge_s, is_open, np.array([MIDDLE])))
    assert np.all(arrivals[1] <= arrivals[0] + 1e-6)


@given(
    st.floats(0.5, 20.0), st.floats(0.0, 10.0), st.floats(0.0, 1.0), st.floats(0.0, 1.0), st.floats(0.0, 15.0)
)  # fmt: skip
def test_gaps_walls_and_firebreaks_only_ever_stop_fire(gap_m, more, resistant, fireproof, wind):
    chance = fire.jump_probability(fire.Town(10.0, gap_m, resistant, fireproof), wind)
    assert 0.0 <= chance <= 1.0
    assert fire.jump_probability(fire.Town(10.0, gap_m + more, resistant, fireproof), wind) <= chance
    assert fire.jump_probability(fire.Town(10.0, gap_m, 1.0, fireproof), wind) <= chance
    assert fire.jump_probability(fire.Town(10.0, gap_m, resistant, 1.0), wind) == 0.0
    assert fire.openness(gap_m + more, wind) <= fire.openness(gap_m, wind)
    assert fire.openness(6.0, wind) == 1.0


def test_nothing_crosses_a_wide_river_and_half_crosses_a_road_in_between():
    line = fire.grid_graph(1, 10, SIDE_M)
    width_m = np.where((np.minimum(line.source, line.target) == 4), 30.0, 0.0)
    chance = fire.edge_probability(line, DENSE, 3.0, width_m)
    edge_s = fire.crossing_s(line, DENSE, 3.0, 0.0)
    arrival = fire.arrival_s(line, edge_s, np.full(edge_s.size, 1e-9) < chance, np.array([0]))
    assert np.isfinite(arrival).tolist() == [True] * 5 + [False] * 5
    assert fire.openness([6.0, 10.0, 14.0], 3.0) == pytest.approx([1.0, 0.5, 0.0])


def test_many_facing_houses_make_a_crossing_likely():
    many = fire.Town(10.0, 12.0, houses_along_edge=20.0)
    one = fire.Town(10.0, 12.0)
    p = float(fire.jump_probability(one, 3.0))
    assert fire.edge_probability(GRID, many, 3.0) == pytest.approx(1.0 - (1.0 - p) ** 20)


@given(st.integers(0, 1000), st.floats(0.0, 10.0), st.floats(0.3, 0.9), st.integers(1, 6))
@settings(max_examples=30)
def test_stepping_meets_the_shortest_times_however_it_is_cut(seed, wind, share, n_cut):
    rng = np.random.default_rng(seed)
    is_open = rng.random(GRID.source.size) < share
    edge_s = fire.crossing_s(GRID, DENSE, wind, 0.3 * wind)
    started, at_s = rng.choice(13 * 17, 3, replace=False), rng.uniform(0.0, 7200.0, 3)
    exact = fire.arrival_s(GRID, edge_s, is_open, started, at_s)
    end_s = 6 * 3600.0
    now = fire.ignite(fire.no_fires(GRID), started, at_s)
    bounds = np.concatenate([[0.0], np.sort(rng.uniform(0.0, end_s, n_cut - 1)), [end_s]])
    for begin, end in pairwise(bounds):
        now = fire.advance(GRID, now, edge_s, is_open, 0.0, begin, end)
    inside = exact <= end_s - 1e-6
    assert now.ignite_s[inside] == pytest.approx(exact[inside], abs=1e-5)
    assert np.all(now.ignite_s[~inside] >= end_s - 1e-5)


def test_crews_slow_the_front_and_enough_of_them_stop_it():
    edge_s = fire.crossing_s(GRID, DENSE, 4.0, 0.0)
    begun = fire.ignite(fire.no_fires(GRID), np.array([MIDDLE]), 0.0)
    burnt = [
        np.isfinite(fire.advance(GRID, begun, edge_s, ALL, held, 0.0, 4 * 3600.0).ignite_s).sum()
        for held in (0.0, 0.5, 0.9, 1.0)
    ]
    assert burnt == sorted(burnt, reverse=True)
    assert burnt[-1] == 1
    half = fire.advance(GRID, begun, edge_s, ALL, 0.5, 0.0, 4 * 3600.0).ignite_s
    whole = fire.arrival_s(GRID, edge_s, ALL, np.array([MIDDLE]))
    known = np.isfinite(half)
    assert half[known] == pytest.approx(2.0 * whole[known])


def test_front_and_what_crews_can_hold_of_it():
    begun = fire.ignite(fire.no_fires(GRID), np.array([MIDDLE, MIDDLE + 1]), 0.0)
    length_m = fire.front_m(GRID, begun, ALL, 20.0, now_s=0.0)
    assert length_m.sum() == 2 * 7 * 20.0
    assert fire.held_fraction(100.0, 5.0, 1.0) == pytest.approx(0.5)
    assert fire.held_fraction(100.0, 5.0, 0.0) == pytest.approx(0.2)
    assert fire.held_fraction([0.0, 10.0], [1.0, 9.0], 1.0).tolist() == [1.0, 1.0]


def test_a_cluster_burns_as_one():
    is_open = per_pair(GRID, 11) < 0.3
    label = fire.clusters(GRID, is_open)
    edge_s = fire.crossing_s(GRID, DENSE, 2.0, 0.0)
    burnt = np.isfinite(fire.arrival_s(GRID, edge_s, is_open, np.array([MIDDLE])))
    assert np.array_equal(burnt, label == label[MIDDLE])
    assert 1 < burnt.sum() < burnt.size
    assert fire.cluster_burn_probability([1, 100], 0.01) == pytest.approx([1 - np.exp(-0.01), 1 - np.exp(-1.0)])


def test_coverage_gives_the_gap_of_a_regular_grid():
    gap_m = fire.gap_of_coverage_m(8.0, [0.25, 0.64])
    assert gap_m == pytest.approx([8.0, 2.0])
    assert 8.0**2 / (8.0 + gap_m) ** 2 == pytest.approx([0.25, 0.64])


def test_wind_blows_from_where_it_is_said_to_come():
    """A westerly, from 270 degrees, blows to the east."""
    east, north = np.array([1.0, 0.0, -1.0, 0.0]), np.array([0.0, 1.0, 0.0, -1.0])
    assert fire.along_wind(east, north, 270.0) == pytest.approx([1.0, 0.0, -1.0, 0.0], abs=1e-12)
    assert fire.along_wind(east, north, 0.0) == pytest.approx([0.0, -1.0, 0.0, 1.0], abs=1e-12)
    assert fire.along_wind(np.sqrt(0.5), np.sqrt(0.5), 225.0) == pytest.approx(1.0)


def test_wind_felt_gives_hamadas_clear_distance_in_each_direction():
    felt = fire.felt_wind_m_per_s([1.0, 0.0, -1.0], 8.0)
    assert 5.0 + 0.5 * felt == pytest.approx([5.0 + 0.5 * 8.0, 5.0 + 0.25 * 8.0, 5.0 + 0.2 * 8.0])


@pytest.mark.parametrize("wind", [0.0, 0.5, 3.0, 12.0])
def test_burnt_ground_keeps_its_size_whatever_the_wind(wind):
    """The reach towards straight borders all round is the support of the shape: its area is that of the unit circle."""
    speeds = speeds_of(wind)
    angle = np.linspace(0.0, 2.0 * np.pi, 2001)[:-1]
    reach = fire.front_stretch(np.cos(angle), *speeds)
    bend = np.gradient(np.concatenate([reach, reach, reach]), angle[1])[2000:4000]
    area = 0.5 * np.mean(reach**2 - bend**2) * 2.0 * np.pi
    hull_over_shape = area / np.pi
    assert 1.0 - 1e-3 <= hull_over_shape < 1.1  # a hollow flank lets the hull be a little larger than the shape
    assert np.all(np.diff(fire.front_stretch(np.linspace(-1.0, 1.0, 41), *speeds)) >= -1e-4)


def speeds_of(wind):
    return tuple(float(speed) for speed in fire.hamada_m_per_s(DENSE, wind))
