"""Where things are: Japanese standard mesh codes, a local flat projection, distances on the globe.

Source of the codes: JIS X 0410, first mesh 40' x 1 degree, second 1/8, third (1 km) 1/10 of that, then
halves (500 m, 250 m). A code is an int64: 8 digits for 1 km, 9 for 500 m, 10 for 250 m. Angles are degrees
(WGS84 and JGD2011 agree far below a cell), lengths metres.
"""

import numpy as np
from numpy.typing import ArrayLike

from twin.errors import ScenarioError

Array = np.ndarray
Codes = np.ndarray

EARTH_MEAN_RADIUS_M = 6_371_008.8  # IUGG mean radius R1
WGS84_EQUATOR_RADIUS_M = 6_378_137.0
WGS84_ECCENTRICITY_SQUARED = 6.694379990141e-3

QUARTERS_PER_DEGREE_LAT = 480  # 7.5" cells
QUARTERS_PER_DEGREE_LON = 320  # 11.25" cells
WEST_EDGE_DEG = 100  # the code counts longitude from 100 degrees east
QUARTERS_PER_CELL = {8: 4, 9: 2, 10: 1}  # digits of the code -> 250 m steps along one side


def _quarters_per_cell(digits: int) -> int:
    try:
        return QUARTERS_PER_CELL[digits]
    except KeyError:
        raise ScenarioError(f"mesh codes have 8, 9 or 10 digits (1 km, 500 m, 250 m), not {digits}") from None


def _code_of_quarters(row: Codes, column: Codes, digits: int) -> Codes:
    """Code of the cell that holds the 250 m step (row, column) counted from 0 N, 100 E."""
    first = (row // 320) * 100 + column // 320
    second = (row % 320 // 40) * 10 + column % 320 // 40
    third = (row % 40 // 4) * 10 + column % 40 // 4
    code = first * 10_000 + second * 100 + third
    if digits >= 9:
        code = code * 10 + 1 + 2 * (row % 4 // 2) + column % 4 // 2
    if digits == 10:
        code = code * 10 + 1 + 2 * (row % 2) + column % 2
    return code


def mesh_code(lat_deg: ArrayLike, lon_deg: ArrayLike, digits: int = 8) -> Codes:
    """JIS X 0410 code of the cell that holds each point; same shape as the (broadcast) inputs.

    `digits`: 8 (1 km), 9 (500 m) or 10 (250 m). Cells are closed at the south and west edge, else open.
    Raises ScenarioError outside latitude 0 to 66.67 or longitude 100 to 180, where the code has no digits.
    """
    _quarters_per_cell(digits)
    lat, lon = np.broadcast_arrays(np.asarray(lat_deg, float), np.asarray(lon_deg, float))
    if not np.all((lat >= 0.0) & (lat < 200.0 / 3.0) & (lon >= WEST_EDGE_DEG) & (lon < 180.0)):
        raise ScenarioError("mesh codes exist for latitude 0 to 66.67 and longitude 100 to 180 degrees only")
    row = np.floor(lat * QUARTERS_PER_DEGREE_LAT).astype(np.int64)
    column = np.floor((lon - WEST_EDGE_DEG) * QUARTERS_PER_DEGREE_LON).astype(np.int64)
    return _code_of_quarters(row, column, digits)


def mesh_row_column(code: ArrayLike, digits: int = 8) -> tuple[Codes, Codes]:
    """Row (northwards from the equator) and column (eastwards from 100 E) of each cell, counted in cells.

    Neighbouring cells differ by one, across the borders of the upper meshes too. Inverse of `mesh_code_of`.
    Raises ScenarioError when a code does not have `digits` digits or holds an impossible digit.
    """
    step = _quarters_per_cell(digits)
    codes = np.asarray(code, np.int64)
    if not np.all((codes >= 10 ** (digits - 1)) & (codes < 10**digits)):
        raise ScenarioError(f"every mesh code must have {digits} digits")
    quarter = codes % 10 - 1 if digits == 10 else np.zeros_like(codes)
    half = codes // 10 ** (digits - 9) % 10 - 1 if digits >= 9 else np.zeros_like(codes)
    base = codes // 10 ** (digits - 8)
    lat_first, lon_first = base // 1_000_000, base // 10_000 % 100
    lat_second, lon_second = base // 1000 % 10, base // 100 % 10
    lat_third, lon_third = base // 10 % 10, base % 10
    row = lat_first * 320 + lat_second * 40 + lat_third * 4 + half // 2 * 2 + quarter // 2
    column = lon_first * 320 + lon_second * 40 + lon_third * 4 + half % 2 * 2 + quarter % 2
    if not np.array_equal(_code_of_quarters(row, column, digits), codes):
        raise ScenarioError("a mesh code holds an impossible digit (second mesh 0-7, halves and quarters 1-4)")
    return row // step, column // step


def mesh_code_of(row: ArrayLike, column: ArrayLike, digits: int = 8) -> Codes:
    """Code of the cell at (row, column) as counted by `mesh_row_column`; for walking to neighbours."""
    step = _quarters_per_cell(digits)
    return _code_of_quarters(np.asarray(row, np.int64) * step, np.asarray(column, np.int64) * step, digits)


def mesh_centre(code: ArrayLike, digits: int = 8) -> tuple[Array, Array]:
    """(latitude, longitude) of the centre of each cell, degrees; same shape as `code`."""
    step = _quarters_per_cell(digits)
    row, column = mesh_row_column(code, digits)
    lat_deg = (row + 0.5) * (step / QUARTERS_PER_DEGREE_LAT)
    lon_deg = WEST_EDGE_DEG + (column + 0.5) * (step / QUARTERS_PER_DEGREE_LON)
    return lat_deg, lon_deg


def mesh_area_m2(code: ArrayLike, digits: int = 8) -> Array:
    """Area of each cell on a sphere of mean radius, m2 (within 0.5 % of the ellipsoid in Japan)."""
    step = _quarters_per_cell(digits)
    lat_deg, _ = mesh_centre(code, digits)
    height_m = EARTH_MEAN_RADIUS_M * np.radians(step / QUARTERS_PER_DEGREE_LAT)
    width_m = EARTH_MEAN_RADIUS_M * np.cos(np.radians(lat_deg)) * np.radians(step / QUARTERS_PER_DEGREE_LON)
    return height_m * width_m


def _metres_per_degree(origin_lat_deg: float) -> tuple[float, float]:
    """Length of one degree of longitude and of latitude at the origin on WGS84, metres."""
    sin_lat = np.sin(np.radians(origin_lat_deg))
    shrink = 1.0 - WGS84_ECCENTRICITY_SQUARED * sin_lat**2
    across_m = WGS84_EQUATOR_RADIUS_M / np.sqrt(shrink)
    along_m = across_m * (1.0 - WGS84_ECCENTRICITY_SQUARED) / shrink
    return float(np.radians(across_m * np.cos(np.radians(origin_lat_deg)))), float(np.radians(along_m))


def to_local(
    lat_deg: ArrayLike, lon_deg: ArrayLike, origin_lat_deg: float, origin_lon_deg: float
) -> tuple[Array, Array]:
    """Flat coordinates (x east, y north; metres) about an origin: equirectangular, scaled on WGS84.

    The east-west scale is that of the origin's latitude: it errs by tan(latitude) x (latitude difference),
    i.e. 0.5 % at 50 km and 1.0 % at 100 km north or south of an origin in Kyushu; north-south by < 0.02 %.
    """
    x_m_per_deg, y_m_per_deg = _metres_per_degree(origin_lat_deg)
    x_m = (np.asarray(lon_deg, float) - origin_lon_deg) * x_m_per_deg
    y_m = (np.asarray(lat_deg, float) - origin_lat_deg) * y_m_per_deg
    return x_m, y_m


def to_lat_lon(x_m: ArrayLike, y_m: ArrayLike, origin_lat_deg: float, origin_lon_deg: float) -> tuple[Array, Array]:
    """Latitude and longitude, degrees; exact inverse of `to_local` about the same origin."""
    x_m_per_deg, y_m_per_deg = _metres_per_degree(origin_lat_deg)
    lat_deg = origin_lat_deg + np.asarray(y_m, float) / y_m_per_deg
    lon_deg = origin_lon_deg + np.asarray(x_m, float) / x_m_per_deg
    return lat_deg, lon_deg


def haversine_m(lat_a_deg: ArrayLike, lon_a_deg: ArrayLike, lat_b_deg: ArrayLike, lon_b_deg: ArrayLike) -> Array:
    """Great-circle distance on a sphere of mean radius, metres; inputs broadcast.

    Within 0.5 % of the ellipsoid. Source: haversine formula (Sinnott 1984).
    """
    lat_a, lat_b = np.radians(lat_a_deg), np.radians(lat_b_deg)
    half_lat = 0.5 * (lat_b - lat_a)
    half_lon = 0.5 * np.radians(np.asarray(lon_b_deg, float) - np.asarray(lon_a_deg, float))
    squared = np.sin(half_lat) ** 2 + np.cos(lat_a) * np.cos(lat_b) * np.sin(half_lon) ** 2
    return 2.0 * EARTH_MEAN_RADIUS_M * np.arcsin(np.sqrt(np.clip(squared, 0.0, 1.0)))
