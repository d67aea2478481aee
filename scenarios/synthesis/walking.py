"""The shortest ways on foot over the land squares: to safe ground, and to the nearest refuge building."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.sparse import csr_matrix
from scipy.sparse.csgraph import connected_components, dijkstra

from scenarios.synthesis.terrain import Ground
from twin.params import Params

Array = np.ndarray
NONE = -1
HALF_THE_NEIGHBOURS = ((0, 1), (1, 0), (1, 1), (1, -1))


@dataclass(frozen=True)
class Ways:
    """Trees of shortest ways, arrays (patch,): next patch (-1: there, or no way), length (0 there, inf none), goal."""

    next_patch: Array
    way_m: Array
    goal: Array


def patch_numbers(shape: tuple[int, int], row: Array, column: Array) -> Array:
    """Row of the patch on every square, -1 where there is none."""
    number = np.full(shape, NONE, dtype=np.int64)
    number[row, column] = np.arange(len(row))
    return number


def walking_graph(ground: Ground, number: Array, height_m: Array, rules: Params) -> csr_matrix:
    """Walking length between neighbouring patches (all eight), symmetric: slopes count longer, streets wind."""
    parts = []
    rows, columns = number.shape
    for d_row, d_column in HALF_THE_NEIGHBOURS:
        here = number[: rows - d_row, max(0, -d_column) : columns - max(0, d_column)]
        there = number[d_row:, max(0, d_column) : columns + min(0, d_column)]
        both = (here >= 0) & (there >= 0)
        a, b = here[both], there[both]
        length_m = ground.square_m * np.hypot(d_row, d_column)
        slope = np.minimum(np.abs(height_m[a] - height_m[b]) / length_m, rules.walk_slope_most)
        parts.append((a, b, rules.walk_detour * length_m * (1.0 + rules.walk_slope_cost * slope)))
    a, b, cost_m = (np.concatenate(part) for part in zip(*parts))
    n = len(height_m)
    pairs = (np.concatenate([a, b]), np.concatenate([b, a]))
    return csr_matrix((np.concatenate([cost_m, cost_m]), pairs), shape=(n, n))


def ways_to(graph: csr_matrix, goals: Array) -> Ways:
    """Shortest ways from every patch to the nearest of the `goals` (patches). No goals: no way anywhere."""
    n = graph.shape[0]
    if not len(goals):
        return no_ways(n)
    way_m, before, goal = dijkstra(graph, indices=np.unique(goals), return_predecessors=True, min_only=True)
    return Ways(np.maximum(before, NONE).astype(np.int64), way_m, np.maximum(goal, NONE).astype(np.int64))


def no_ways(n: int) -> Ways:
    """Nowhere to go."""
    nowhere = np.full(n, NONE, dtype=np.int64)
    return Ways(nowhere, np.full(n, np.inf), nowhere)


def large_parts(graph: csr_matrix, wanted: Array, least: float) -> Array:
    """The wanted patches that hang together in parts of at least `least` patches, bool (patch,)."""
    rows = np.flatnonzero(wanted)
    _, part = connected_components(graph[rows][:, rows], directed=False)
    kept = np.zeros(len(wanted), dtype=bool)
    kept[rows] = np.bincount(part)[part] >= least if len(rows) else False
    return kept
