"""Trunk roads between towns: nodes, sections, what stands beside them, and free travel times between all nodes."""

from __future__ import annotations

import numpy as np
from scipy.sparse import csr_matrix
from scipy.sparse.csgraph import connected_components, dijkstra

from scenarios.columns import ROAD_CLASSES
from scenarios.synthesis.frame import Frame, nearest_cell
from twin.errors import ScenarioError
from twin.world import IndexSet

Array = np.ndarray
NODE_CODE = {"office": 0, "interchange": 1, "junction": 2, "gateway": 3, "port": 4, "airport": 4}
SAMPLES = (0.1, 0.3, 0.5, 0.7, 0.9)  # places along a section where the houses beside it are counted
FAR_M = 1500.0  # no inhabited cell nearer: nobody lives beside the road


def build_nodes(frame: Frame) -> IndexSet:
    """Road nodes."""
    table = frame.facts["node"]
    x_m, y_m = frame.local(table["lat"], table["lon"])
    kind = np.asarray([NODE_CODE[name] for name in table["kind"].tolist()], dtype=np.int64)
    town = frame.rows_of(table["municipality"])
    names = np.where(table["name_ja"] != "", table["name_ja"], table["id"])
    return IndexSet.build(
        "node",
        table["id"],
        municipality=town,
        x_m=x_m,
        y_m=y_m,
        lat=table["lat"],
        lon=table["lon"],
        kind=kind,
        airport=(table["kind"] == "airport").astype(np.int64),
        name_ja=names,
    )


def build_roads(frame: Frame, nodes: IndexSet, cells: IndexSet) -> IndexSet:
    """Road sections between nodes; raises ScenarioError if some node cannot be reached."""
    table, rules = frame.facts["road"], frame.rules
    row_of = {name: row for row, name in enumerate(nodes.ids.tolist())}
    a = np.asarray([row_of[name] for name in table["node_a"].tolist()], dtype=np.int64)
    b = np.asarray([row_of[name] for name in table["node_b"].tolist()], dtype=np.int64)
    _require_connected(frame, nodes, a, b)
    middle_x_m, middle_y_m = (nodes["x_m"][a] + nodes["x_m"][b]) / 2, (nodes["y_m"][a] + nodes["y_m"][b]) / 2
    cell = nearest_cell(cells, middle_x_m, middle_y_m)
    road_class = np.asarray([ROAD_CLASSES.index(name) for name in table["road_class"].tolist()], dtype=np.int64)
    length_m = table["length_km"] * 1000.0
    return IndexSet.build(
        "road",
        table["id"],
        node_a=a,
        node_b=b,
        route=table["route"],
        road_class=road_class,
        length_m=length_m,
        speed_m_per_s=rules.speed_m_per_s[road_class],
        bridges=table["bridges"].astype(np.int64),
        slope_exposed_fraction=table["slope_exposed_fraction"],
        lanes=table["lanes"].astype(np.int64),
        municipality=cells["municipality"][cell],
        cell=cell,
        x_m=middle_x_m,
        y_m=middle_y_m,
        frontage_buildings=_frontage(frame, nodes, cells, (a, b), length_m, road_class),
    )


def _frontage(
    frame: Frame, nodes: IndexSet, cells: IndexSet, ends: tuple[Array, Array], length_m: Array, road_class: Array
) -> Array:
    """Buildings standing beside each section, float (road,); expressways have none."""
    rules = frame.rules
    per_m2 = (cells["buildings"].sum(axis=1) + cells["other_buildings"].sum(axis=1)) / cells["area_m2"]
    a, b = ends
    mean = np.zeros(len(a))
    for along in SAMPLES:
        x_m = nodes["x_m"][a] * (1 - along) + nodes["x_m"][b] * along
        y_m = nodes["y_m"][a] * (1 - along) + nodes["y_m"][b] * along
        cell = nearest_cell(cells, x_m, y_m)
        away_m = np.hypot(cells["x_m"][cell] - x_m, cells["y_m"][cell] - y_m)
        mean += np.where(away_m < FAR_M, per_m2[cell], 0.0) / len(SAMPLES)
    beside = mean * rules.frontage_depth_m * rules.frontage_gain * length_m
    return np.where(road_class == 0, 0.0, np.floor(beside))


def _require_connected(frame: Frame, nodes: IndexSet, a: Array, b: Array) -> None:
    n = len(nodes)
    _, part = connected_components(csr_matrix((np.ones(len(a)), (a, b)), shape=(n, n)), directed=False)
    lost = nodes.ids[part != np.bincount(part).argmax()]
    if len(lost):
        raise ScenarioError(
            f"{frame.facts['road'].path}: the road net is in pieces; cut off: {', '.join(lost.tolist()[:10])}"
        )


def free_travel_s(frame: Frame, nodes: IndexSet, roads: IndexSet) -> Array:
    """Travel time of a truck on free roads between all nodes, seconds, (node, node), symmetric."""
    n = len(nodes)
    section_s = roads["length_m"] / (roads["speed_m_per_s"] * frame.rules.truck_factor)
    best = np.full((n, n), np.inf)
    np.minimum.at(best, (roads["node_a"], roads["node_b"]), section_s)
    best = np.minimum(best, best.T)
    rows, columns = np.nonzero(np.isfinite(best))
    graph = csr_matrix((best[rows, columns], (rows, columns)), shape=(n, n))
    time_s = dijkstra(graph, directed=False)
    return np.minimum(time_s, time_s.T)  # sums along a way differ in the last bit by direction
