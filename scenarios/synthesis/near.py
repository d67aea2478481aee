"""Nearest of many places to many points."""

from __future__ import annotations

import numpy as np

Array = np.ndarray


def nearest(
    places_m: tuple[Array, Array], points_m: tuple[Array, Array], within_m: float = np.inf
) -> tuple[Array, Array]:
    """Distance and row of the place nearest to each point; inf and the number of places where none lies within.

    places_m, points_m: x and y, (place,) and (point,).
    """
    from scipy.spatial import cKDTree  # a start-up without terrain does without it

    tree = cKDTree(np.stack(places_m, axis=1))
    distance_m, row = tree.query(np.stack(points_m, axis=1), distance_upper_bound=within_m)
    return distance_m, row
