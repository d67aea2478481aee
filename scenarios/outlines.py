"""Shapes for maps: the cells of each municipality dissolved into one outline. Made when asked for, never in a run."""

from __future__ import annotations

from typing import Any

import numpy as np
import shapely

from scenarios.schema import Scenario
from scenarios.synthesis import region_frame
from scenarios.synthesis.land import build_land, cells_per_degree
from twin.world import World


def municipal_outlines(scenario: Scenario) -> dict[str, shapely.Geometry]:
    """Outline of each municipality by code, longitude and latitude in degrees; synthetic.

    All land cells are used, inhabited or not, so the outlines fill the region without gaps.
    """
    frame = region_frame(scenario)
    land = build_land(frame)
    boxes = _boxes(land.lat, land.lon, {1000: 8, 500: 9, 250: 10}[scenario.region.cell_size_m])
    return {
        code: shapely.coverage_union_all(boxes[land.municipality == town])
        for town, code in enumerate(frame.codes.tolist())
    }


def cell_boxes(world: World) -> np.ndarray:
    """Rectangle of every inhabited cell, shape (cell,), longitude and latitude in degrees."""
    cells = world["cell"]
    return _boxes(cells["lat"], cells["lon"], len(str(cells.ids[0])))


def outlines_geojson(scenario: Scenario) -> dict[str, Any]:
    """GeoJSON feature collection of the municipal outlines, marked synthetic."""
    features = [
        {
            "type": "Feature",
            "id": code,
            "properties": {"code": code, "label": "synthetic"},
            "geometry": shapely.geometry.mapping(shape),
        }
        for code, shape in municipal_outlines(scenario).items()
    ]
    return {"type": "FeatureCollection", "features": features}


def _boxes(lat: np.ndarray, lon: np.ndarray, digits: int) -> np.ndarray:
    per_lat, per_lon = cells_per_degree(digits)
    # Corners come from whole grid numbers, so neighbours share them bit for bit and dissolve without slivers.
    row, column = np.rint(lat * per_lat - 0.5), np.rint(lon * per_lon - 0.5)
    return shapely.box(column / per_lon, row / per_lat, (column + 1) / per_lon, (row + 1) / per_lat)
