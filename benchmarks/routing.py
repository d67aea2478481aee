"""Ways over a road net: the nearest of fifty facilities from everywhere, and all ways between the nodes of trunk roads.

The nets are square grids of streets with travel times drawn by key. The nearest facility is one multi-source Dijkstra
search (`scipy.sparse.csgraph`), checked against networkx where that is asked for; all ways are those of
`layers.infrastructure.roads`, as found again whenever a road changes.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import fields
from functools import partial
from importlib import import_module
from importlib.util import find_spec
from typing import Any

import numpy as np
from scipy.sparse import csr_matrix
from scipy.sparse.csgraph import dijkstra

from benchmarks.measuring import Tell, silent, timed
from layers.infrastructure.roads import RoadPlace, shortest_s
from twin.chance import Chance

NEAREST_SIDES, ALL_WAYS_SIDES = (32, 100, 316), (6, 12, 24)  # nodes along a side
N_FACILITY, CELLS_M, SPEED_M_PER_S = 50, 100.0, 8.0
BOUND = {
    "nearest-facility": "the heap: comparisons and reads in no order for every edge, so the clock and the cache",
    "all-ways": "additions and comparisons of a dense table (Floyd and Warshall), so the clock",
}


def measure(peers: bool = False, tell: Tell = silent) -> Iterator[dict[str, Any]]:
    """Nodes settled per second (nearest facility) and pairs per second (all ways), three sizes each."""
    if peers and not find_spec("networkx"):
        tell("  networkx is not installed; no ratio")
    with_peer = peers and find_spec("networkx")
    for side in NEAREST_SIDES:
        a, b, time_s = streets(side)
        graph = csr_matrix((time_s, (a, b)), shape=(side**2, side**2))
        facilities = np.unique(np.linspace(0, side**2 - 1, N_FACILITY).astype(np.int64))
        timing, found_s = timed(partial(dijkstra, graph, directed=False, indices=facilities, min_only=True))
        row = _row("nearest-facility", side**2, side**2 / timing.wall_s, "nodes/s")
        yield row | timing.row | ({"peers": _networkx(a, b, time_s, facilities, found_s)} if with_peer else {})
    for side in ALL_WAYS_SIDES:
        a, b, time_s = streets(side)
        trunk = trunk_roads(a, b, side**2)
        timing, found_s = timed(partial(shortest_s, trunk, time_s))
        row = _row("all-ways", side**2, side**4 / timing.wall_s, "pairs/s") | timing.row
        yield row | ({"peers": _all_ways_networkx(a, b, time_s, found_s)} if with_peer else {})


def _row(case: str, size: int, value: float, unit: str) -> dict[str, Any]:
    return {"case": case, "size": size, "value": value, "unit": unit, "bound": BOUND[case]}


def streets(side: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Both ends and the travel time (s) of every street of a square grid; streets differ by up to a factor of two."""
    node = np.arange(side**2).reshape(side, side)
    a = np.concatenate([node[:, :-1].ravel(), node[:-1].ravel()])
    b = np.concatenate([node[:, 1:].ravel(), node[1:].ravel()])
    slower = 1.0 + Chance(1).uniform("streets", np.arange(len(a)))
    return a, b, CELLS_M / SPEED_M_PER_S * slower


def trunk_roads(a: np.ndarray, b: np.ndarray, n_node: int) -> RoadPlace:
    """Roads as the infrastructure layer holds them; only their ends matter for finding ways."""
    blank = np.zeros(len(a))
    columns: dict[str, Any] = {item.name: blank for item in fields(RoadPlace)}
    return RoadPlace(**columns | {"node_a": a, "node_b": b, "n_node": n_node})


def _networkx(
    a: np.ndarray, b: np.ndarray, time_s: np.ndarray, facilities: np.ndarray, found_s: np.ndarray
) -> dict[str, float]:
    """Nodes per second of the same search, and how far the travel times differ."""
    networkx, graph = import_module("networkx"), _graph(a, b, time_s)
    sources = set(facilities.tolist())
    timing, theirs = timed(partial(networkx.multi_source_dijkstra_path_length, graph, sources), repeats=1, warm_ups=0)
    worst_s = max(abs(theirs[node] - found_s[node]) for node in range(len(found_s)))
    return {"networkx": len(found_s) / timing.wall_s, "networkx largest difference, s": float(worst_s)}


def _all_ways_networkx(a: np.ndarray, b: np.ndarray, time_s: np.ndarray, found_s: np.ndarray) -> dict[str, float]:
    """Pairs per second of a Dijkstra search from every node, and how far the travel times differ."""
    networkx, graph = import_module("networkx"), _graph(a, b, time_s)
    timing, theirs = timed(lambda: dict(networkx.all_pairs_dijkstra_path_length(graph)), repeats=1, warm_ups=0)
    worst_s = max(abs(found_s[one, other] - away_s) for one, row in theirs.items() for other, away_s in row.items())
    return {"networkx": found_s.size / timing.wall_s, "networkx largest difference, s": float(worst_s)}


def _graph(a: np.ndarray, b: np.ndarray, time_s: np.ndarray) -> Any:
    graph = import_module("networkx").Graph()
    graph.add_weighted_edges_from(zip(a.tolist(), b.tolist(), time_s.tolist(), strict=True))
    return graph
