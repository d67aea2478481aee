"""The land: mesh cells inside the outline, which municipality each belongs to, ground and distance to the shore."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import shapely

from scenarios.columns import GROUNDS
from scenarios.facts import FactTable
from scenarios.synthesis.frame import Frame, rows_of_codes
from scenarios.synthesis.land_classes import ALLUVIAL, HILL, MOUNTAIN, RECLAIMED, TERRACE
from scenarios.synthesis.terrain import LAND, Ground
from twin.errors import ScenarioError
from twin.numerics.mesh import mesh_area_m2, mesh_code, mesh_code_of, mesh_row_column, to_lat_lon

Array = np.ndarray
DIGITS = {1000: 8, 500: 9, 250: 10}
ALWAYS_OWN_KM2 = 1e9
LEAST_DRY = 0.15  # cells with less land than this share are sea
WIDEST_GRID = 400_000  # cells of the bounding box: keeps a wrong outline from filling the memory


@dataclass(frozen=True)
class Land:
    """All land cells; arrays (land,). `settlement_m`: distance to the nearest settlement, `centre`: valley floor."""

    code: Array
    row: Array
    column: Array
    lat: Array
    lon: Array
    x_m: Array
    y_m: Array
    area_m2: Array
    municipality: Array
    ground: Array
    coast_distance_m: Array
    settled_m2: Array | None = None  # ground fit for houses; None: by the class of the ground
    slope_deg: Array | None = None  # None: by the class of the ground


def build_land(frame: Frame) -> Land:
    """Land cells of the outline with owner, ground and shore distance; of the terrain where there is one."""
    digits = DIGITS[frame.region.cell_size_m]
    rings = _rings(frame.facts["outline"])
    row, column = _grid(rings, digits)
    code = mesh_code_of(row, column, digits)
    per_lat, per_lon = cells_per_degree(digits)
    lat, lon = (row + 0.5) / per_lat, 100.0 + (column + 0.5) / per_lon
    x_m, y_m = frame.local(lat, lon)
    area_m2 = mesh_area_m2(code, digits)
    if frame.ground is not None:
        return _of_terrain(frame, frame.ground, (code, row, column, lat, lon, area_m2))
    if not len(frame.facts["ground"]):
        raise ScenarioError(f"{frame.facts['ground'].path}: missing or empty; draw the ground or give a terrain block")
    municipality = allocate(frame, x_m, y_m, area_m2)
    coast_m = _coast_distance(frame, rings, x_m, y_m)
    ground = _ground(frame, lat, lon, x_m, y_m, coast_m)
    return Land(code, row, column, lat, lon, x_m, y_m, area_m2, municipality, ground, coast_m)


def _of_terrain(frame: Frame, ground: Ground, mesh: tuple[Array, ...]) -> Land:
    """Cells with land in the water grid: their dry area, ground, slope and shore distance from its squares.

    mesh: code, row, column, latitude, longitude and area of the cells inside the outline.
    """
    code, area_m2 = mesh[0], mesh[-1]
    row, column = np.nonzero(ground.kind == LAND)
    places = to_lat_lon(ground.x_m[column], ground.y_m[row], frame.origin_lat, frame.origin_lon)
    at = rows_of_codes(code, mesh_code(*places, DIGITS[frame.region.cell_size_m]))
    inside = at >= 0
    at, row, column = at[inside], row[inside], column[inside]
    count = np.bincount(at, minlength=len(code))
    dry_m2 = count * ground.square_m**2
    kept = np.flatnonzero(dry_m2 > LEAST_DRY * area_m2)
    if not len(kept):
        raise ScenarioError(f"{frame.facts['outline'].path}: no land of the terrain lies inside the outline")

    def mean(values: Array) -> Array:
        return (np.bincount(at, weights=values[row, column], minlength=len(count)) / np.maximum(count, 1))[kept]

    lat, lon = mesh[3][kept], mesh[4][kept]
    x_m, y_m = frame.local(lat, lon)
    dry_m2 = dry_m2[kept]
    town = allocate(frame, x_m, y_m, dry_m2)
    setting = ground.landscape.setting(x_m, y_m, mean(ground.height_m)).astype(np.int64)
    places_of = (code[kept], mesh[1][kept], mesh[2][kept], lat, lon, x_m, y_m, np.minimum(dry_m2, area_m2[kept]))
    slope_deg = np.degrees(np.arctan(mean(ground.slope)))
    return Land(*places_of, town, setting, mean(ground.coast_m), mean(ground.use) * dry_m2, slope_deg)


def cells_per_degree(digits: int) -> tuple[int, int]:
    """Cells in one degree of latitude and of longitude for mesh codes of this many digits."""
    side = {8: 1, 9: 2, 10: 4}[digits]
    return 120 * side, 80 * side


def _rings(table: FactTable) -> dict[str, Array]:
    """Ring name -> points (lat, lon) in drawing order."""
    rings = {}
    for name in dict.fromkeys(table["ring"].tolist()):
        rows = np.flatnonzero(table["ring"] == name)
        rows = rows[np.argsort(table["order"][rows], kind="stable")]
        if len(rows) < 3:
            raise ScenarioError(
                f"{table.path}:{table.lines[rows[0]]}: ring '{name}' has {len(rows)} points, at least 3"
            )
        rings[name] = np.stack([table["lat"][rows], table["lon"][rows]], axis=1)
    return rings


def _polygon(ring: Array) -> shapely.Polygon:
    shape = shapely.Polygon(ring[:, ::-1])
    return shape if shape.is_valid else shapely.make_valid(shape)


def _grid(rings: dict[str, Array], digits: int) -> tuple[Array, Array]:
    points = np.concatenate(list(rings.values()))
    per_lat, per_lon = cells_per_degree(digits)
    low = np.floor(points.min(axis=0) * (per_lat, per_lon)).astype(int) - (0, 100 * per_lon)
    high = np.floor(points.max(axis=0) * (per_lat, per_lon)).astype(int) - (0, 100 * per_lon)
    if np.prod(high - low + 1) > WIDEST_GRID:
        raise ScenarioError(f"the outline spans {np.prod(high - low + 1)} cells, at most {WIDEST_GRID} are allowed")
    grid = np.meshgrid(np.arange(low[0], high[0] + 1), np.arange(low[1], high[1] + 1), indexing="ij")
    row, column = grid[0].ravel(), grid[1].ravel()
    lat, lon = (row + 0.5) / per_lat, 100.0 + (column + 0.5) / per_lon
    inside = np.zeros(len(row), dtype=bool)
    for ring in rings.values():
        shape = _polygon(ring)
        shapely.prepare(shape)
        inside |= shapely.contains_xy(shape, lon, lat)
    if not inside.any():
        raise ScenarioError("no mesh cell lies inside the outline; check outline.csv")
    return row[inside], column[inside]


def allocate(frame: Frame, x_m: Array, y_m: Array, area_m2: Array) -> Array:
    """Municipality of each land cell, shape (land,): a power diagram whose areas follow the published ones.

    Each municipality is the set of its office, centre and settlements; a cell goes to the smallest squared
    distance minus the municipality's weight, and the weights are moved until the areas fit (Aurenhammer 1987).
    """
    towns, places = frame.facts["municipality"], frame.facts["settlement"]
    n = len(frame.codes)
    owner = np.concatenate([np.arange(n), np.arange(n), frame.rows_of(places["municipality"])])
    lat = np.concatenate([towns["office_lat"], towns["centre_lat"], places["lat"]])
    lon = np.concatenate([towns["office_lon"], towns["centre_lon"], places["lon"]])
    order = np.argsort(owner, kind="stable")
    px_m, py_m = frame.local(lat[order], lon[order])
    squared_km2 = ((x_m - px_m[:, None]) ** 2 + (y_m - py_m[:, None]) ** 2) * 1e-6
    starts = np.searchsorted(owner[order], np.arange(n))
    by_town = np.ascontiguousarray(np.minimum.reduceat(squared_km2, starts, axis=0).T)
    wanted = towns["area_km2"] / towns["area_km2"].sum() * area_m2.sum() * 1e-6
    # The cell under an office or settlement is its own, whatever the diagram says.
    by_town[np.argmin(squared_km2, axis=1), owner[order]] = -ALWAYS_OWN_KM2
    return _balanced(frame, by_town, wanted, area_m2 * 1e-6).astype(np.int64)


def _balanced(frame: Frame, by_town: Array, wanted_km2: Array, area_km2: Array) -> Array:
    weight = np.zeros(len(wanted_km2))
    best, best_error = np.argmin(by_town, axis=1), np.inf
    for turn in range(int(frame.rules.power_iterations)):
        owner = np.argmin(by_town - weight, axis=1)
        area = np.bincount(owner, weights=area_km2, minlength=len(wanted_km2))
        error = float(np.max(np.abs(area - wanted_km2) / wanted_km2))
        if error < best_error:
            best, best_error = owner, error
        if best_error < 0.04:
            break
        weight += frame.rules.power_gain * (wanted_km2 - area) / (1.0 + turn / 60.0)
    return best


def _coast_distance(frame: Frame, rings: dict[str, Array], x_m: Array, y_m: Array) -> Array:
    lines = []
    for name, ring in rings.items():
        ends = frame.region.coast.get(name)
        if ends is None:
            shore = np.concatenate([ring, ring[:1]])
        else:
            first, last = ends
            if max(first, last) >= len(ring) or min(first, last) < 0:
                raise ScenarioError(
                    f"region.coast.{name}: vertices {first} to {last}, the ring has 0 to {len(ring) - 1}"
                )
            shore = ring[first : last + 1] if first <= last else np.concatenate([ring[first:], ring[: last + 1]])
        lines.append(shapely.LineString(np.stack(frame.local(shore[:, 0], shore[:, 1]), axis=1)))
    distances = [shapely.distance(shapely.points(x_m, y_m), line) for line in lines]
    return np.min(distances, axis=0)


def _ground(frame: Frame, lat: Array, lon: Array, x_m: Array, y_m: Array, coast_m: Array) -> Array:
    """Setting of each cell: drawn rings first (reclaimed over alluvial over terrace), then by nearness to people."""
    places, table, rules = frame.facts["settlement"], frame.facts["ground"], frame.rules
    sx_m, sy_m = frame.local(places["lat"], places["lon"])
    squared = (x_m - sx_m[:, None]) ** 2 + (y_m - sy_m[:, None]) ** 2
    reach_m = places["radius_km"][:, None] * 1000.0 * rules.valley_floor_share
    near = (squared.min(axis=0) < rules.hill_reach_m**2) | (coast_m < rules.hill_reach_m / 2)
    ground = np.where(near, HILL, MOUNTAIN)
    ground[np.any(squared < reach_m**2, axis=0)] = TERRACE
    rings = _rings(table)
    kind_of = {ring: GROUNDS.index(kind) for ring, kind in zip(table["ring"].tolist(), table["ground"].tolist())}
    for wanted in (MOUNTAIN, HILL, TERRACE, ALLUVIAL, RECLAIMED):
        for name, ring in rings.items():
            if kind_of[name] == wanted:
                shape = _polygon(ring)
                shapely.prepare(shape)
                ground[shapely.contains_xy(shape, lon, lat)] = wanted
    return ground.astype(np.int64)


def row_column(code: Array, digits: int = 8) -> tuple[Array, Array]:
    """Grid place of mesh codes given as text or numbers."""
    return mesh_row_column(np.asarray(code).astype(np.int64), digits)
