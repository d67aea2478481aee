"""Where things are, for maps: GeoJSON of an index set of a world, features in row order, made once and kept.

Cells and water squares are rectangles, municipalities outlines, roads lines between their nodes, all else points.
Longitude and latitude in degrees (WGS84), rounded to 1e-6 degrees, about a decimetre.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from hashlib import blake2b
from pathlib import Path
from typing import NamedTuple

import numpy as np
import orjson
import shapely

from api.readings.asking import NotThere, known_name
from api.readings.runs import Kept
from scenarios import build_world, read_scenario, scenario_names
from scenarios.outlines import cell_boxes, municipal_outlines
from scenarios.schema import Scenario
from twin.errors import StoreError
from twin.numerics.mesh import to_lat_lon
from twin.world import IndexSet, World

Array = np.ndarray
DECIMALS = 6
MEDIA_TYPE = "application/geo+json"
# index sets whose entities stand somewhere; others (items, days, the region as a whole) have no place on a map
ON_MAP = (
    "municipality",
    "cell",
    "patch",
    "road",
    "node",
    "shelter",
    "hospital",
    "office",
    "depot",
    "site",
    "fuel_station",
    "base",
    "refuge",
    "levee",
    "pump",
    "substation",
    "feeder",
    "water_zone",
    "gas_block",
    "base_station",
)


class Region(NamedTuple):
    """A scenario and its world, both made once."""

    scenario: Scenario
    world: World


@dataclass(frozen=True)
class Geometry:
    """Shapes of one index set, in row order. label: real, derived or synthetic. properties: of each, never empty."""

    on: str
    label: str
    ids: Array
    shapes: Array
    properties: Sequence[dict[str, str]]

    @cached_property
    def openings(self) -> list[bytes]:
        """Each feature up to its properties, which are left open: `…"properties":{"name_ja":"…"`."""
        texts = shapely.to_geojson(self.shapes).tolist()
        return [
            b'{"type":"Feature","id":%b,"geometry":%b,"properties":%b'
            % (orjson.dumps(str(name)), text.encode().replace(b" ", b""), orjson.dumps(more)[:-1])
            for name, text, more in zip(self.ids.tolist(), texts, self.properties)
        ]

    @cached_property
    def before_values(self) -> list[bytes]:
        """What stands between two values in a collection of features with one value each; the first without comma."""
        rows = [b'}},%b,"value":' % opening for opening in self.openings]
        return [rows[0].removeprefix(b"}},"), *rows[1:]] if rows else []

    @cached_property
    def collection(self) -> bytes:
        """The whole set as a GeoJSON feature collection; never changes for a world."""
        head = b'{"type":"FeatureCollection","on":%b,"label":%b,"features":[' % (
            orjson.dumps(self.on),
            orjson.dumps(self.label),
        )
        return head + b"}},".join(self.openings) + (b"}}]}" if self.openings else b"]}")

    @cached_property
    def etag(self) -> str:
        """Changes with the content."""
        return f'"{blake2b(self.collection, digest_size=16).hexdigest()}"'

    @cached_property
    def bounds(self) -> Array:
        """West, south, east, north of the whole set, degrees; NaN for an empty one."""
        return np.asarray(shapely.total_bounds(self.shapes)) if len(self.shapes) else np.full(4, np.nan)

    @cached_property
    def row_of(self) -> dict[str, int]:
        """Id -> row."""
        return {str(name): row for row, name in enumerate(self.ids.tolist())}

    def within(self, box: tuple[float, float, float, float]) -> Array:
        """Rows of the features that touch a rectangle (west, south, east, north), ascending."""
        return np.flatnonzero(shapely.intersects(self.shapes, shapely.box(*box)))


_REGIONS: Kept[Region] = Kept(6)
_SHAPES: Kept[Geometry] = Kept(64)


def place_of(path: str) -> Region:
    """Scenario and world of a scenario's file as a run's manifest names it; never called with a user's text."""
    return _REGIONS.get((path, *_stamp(path)), lambda: _region(path))


def shipped_path(name: str) -> str:
    """File of a shipped scenario. Raises NotThere for any other name."""
    if name not in scenario_names():
        raise NotThere(f"no scenario of that name; there are {', '.join(scenario_names())}")
    return str(read_scenario(name).path)


def geometry(path: str, on: str) -> Geometry:
    """Shapes of an index set in the world of a scenario's file. Raises AskError for a set without a place."""
    region = place_of(path)
    known_name("index set on a map", on, ON_MAP)
    return _SHAPES.get((id(region.world), path, on), lambda: _make(region, on))


def ids_of(path: str, on: str) -> Array:
    """Ids of the entities of an index set, in row order; also of sets that have no place on a map."""
    return place_of(path).world[on].ids


def _stamp(path: str) -> tuple[int, int]:
    try:
        stat = Path(path).stat()
    except OSError:
        raise StoreError(f"the scenario '{Path(path).parent.name}' this run was made from is no longer there") from None
    return stat.st_mtime_ns, stat.st_size


def _region(path: str) -> Region:
    scenario = read_scenario(path)
    return Region(scenario, build_world(scenario))


def _make(region: Region, on: str) -> Geometry:
    world = region.world
    members = world[on]
    if on == "municipality":
        outlines = municipal_outlines(region.scenario)
        shapes = np.array([shapely.simplify(outlines[code], 0.0) for code in members.ids.tolist()], dtype=object)
    elif on == "cell":
        shapes = cell_boxes(world)
    elif on == "patch":
        shapes = _squares(world, members)
    elif on == "road":
        shapes = _lines(world, members)
    else:
        shapes = shapely.points(points(world, on))
    rounded = shapely.transform(shapes, lambda places: np.round(places, DECIMALS))
    label = "synthetic" if on == "municipality" else world.labels.get(on, "synthetic")  # codes are real, outlines not
    return Geometry(on, label, members.ids, rounded, _properties(world, on, members))


def points(world: World, on: str) -> Array:
    """Longitude and latitude of every entity, degrees, shape (entity, 2): its own place, else that of its cell, else
    that of its road node, else that of its town hall."""
    members = world[on]
    if "lat" in members and "lon" in members:
        return np.column_stack([members["lon"], members["lat"]])
    if "x_m" in members:
        return _degrees(world, members["x_m"], members["y_m"])
    found = np.full((len(members), 2), np.nan)
    for parent in ("municipality", "node", "cell"):  # the later, the nearer
        if parent in members and len(members):
            row = members[parent]
            found[row >= 0] = points(world, parent)[row[row >= 0]]
    return found


def _degrees(world: World, x_m: Array, y_m: Array) -> Array:
    lat, lon = to_lat_lon(x_m, y_m, world.settings["origin_lat"], world.settings["origin_lon"])
    return np.column_stack([lon, lat])


def _squares(world: World, patch: IndexSet) -> Array:
    """Squares of the water grid; a world without one has a patch for each cell."""
    if "water_dx_m" not in world.settings:
        return cell_boxes(world)[patch["cell"]]
    half_m = world.settings["water_dx_m"] / 2
    south_west = _degrees(world, patch["x_m"] - half_m, patch["y_m"] - half_m)
    north_east = _degrees(world, patch["x_m"] + half_m, patch["y_m"] + half_m)
    return shapely.box(south_west[:, 0], south_west[:, 1], north_east[:, 0], north_east[:, 1])


def _lines(world: World, road: IndexSet) -> Array:
    ends = points(world, "node")
    return shapely.linestrings(np.stack([ends[road["node_a"]], ends[road["node_b"]]], axis=1))


def _properties(world: World, on: str, members: IndexSet) -> list[dict[str, str]]:
    """The id, and names and the code of the municipality where there are any."""
    codes, town = world["municipality"].ids.tolist(), world.municipality_of(on).tolist()
    named = [name for name in ("name_ja", "name_en", "route") if name in members]
    rows = zip(*(members[name].tolist() for name in named)) if named else (() for _ in town)
    return [
        {"id": str(name)}
        | {column: str(text) for column, text in zip(named, row) if str(text)}
        | ({"municipality": str(codes[at])} if at >= 0 else {})
        for name, row, at in zip(members.ids.tolist(), rows, town)
    ]
