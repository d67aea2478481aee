"""Mesh codes, projection and distances against published points and independent libraries."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from twin.errors import ScenarioError
from twin.numerics import mesh

POINTS = np.random.default_rng(3).uniform([24.0, 123.0], [45.5, 145.8], (400, 2))


@pytest.mark.parametrize(("digits", "code"), [(8, 52366700), (9, 523667001), (10, 5236670014)])
def test_published_check_point(digits, code):
    assert mesh.mesh_code(35.17, 136.88, digits) == code


@pytest.mark.parametrize(("digits", "level"), [(8, 3), (9, 4), (10, 5)])
def test_codes_and_centres_agree_with_jismesh(digits, level):
    oracle = pytest.importorskip("jismesh.utils", reason="the package jismesh, the oracle, is not installed")
    codes = mesh.mesh_code(POINTS[:, 0], POINTS[:, 1], digits)
    assert np.array_equal(codes, oracle.to_meshcode(POINTS[:, 0], POINTS[:, 1], level).astype(np.int64))
    lat_deg, lon_deg = mesh.mesh_centre(codes, digits)
    oracle_lat, oracle_lon = oracle.to_meshpoint(codes, 0.5, 0.5)
    assert np.allclose(lat_deg, oracle_lat, atol=1e-9)
    assert np.allclose(lon_deg, oracle_lon, atol=1e-9)


@given(st.floats(20.5, 45.9), st.floats(122.0, 153.9), st.sampled_from([8, 9, 10]))
def test_centre_of_a_code_has_that_code(lat_deg, lon_deg, digits):
    code = mesh.mesh_code(lat_deg, lon_deg, digits)
    assert mesh.mesh_code(*mesh.mesh_centre(code, digits), digits) == code
    assert mesh.mesh_code_of(*mesh.mesh_row_column(code, digits), digits) == code


def test_neighbours_differ_by_one_across_borders_of_the_upper_mesh():
    south, north = mesh.mesh_code([32.6666, 32.6667], [130.7, 130.7])
    assert south // 10_000 != north // 10_000
    rows, _ = mesh.mesh_row_column([south, north])
    assert rows[1] - rows[0] == 1


def test_bad_codes_and_points_are_refused():
    with pytest.raises(ScenarioError, match="digits"):
        mesh.mesh_centre(5236670, 8)
    with pytest.raises(ScenarioError, match="impossible digit"):
        mesh.mesh_centre(5236670019, 10)
    with pytest.raises(ScenarioError, match="latitude"):
        mesh.mesh_code(np.nan, 130.0)
    with pytest.raises(ScenarioError, match="8, 9 or 10"):
        mesh.mesh_code(32.0, 130.0, 7)


def test_projection_returns_and_stays_within_documented_error():
    pyproj = pytest.importorskip("pyproj", reason="the package pyproj, the oracle, is not installed")
    lat_deg, lon_deg = np.array([32.9, 32.35, 32.63]), np.array([130.9, 130.4, 130.68])
    x_m, y_m = mesh.to_local(lat_deg, lon_deg, 32.63, 130.68)
    assert np.allclose(mesh.to_lat_lon(x_m, y_m, 32.63, 130.68), (lat_deg, lon_deg), atol=1e-12)
    _, _, true_m = pyproj.Geod(ellps="WGS84").inv(np.full(3, 130.68), np.full(3, 32.63), lon_deg, lat_deg)
    assert np.allclose(np.hypot(x_m, y_m), true_m, rtol=0.006)
    assert np.allclose(mesh.haversine_m(32.63, 130.68, lat_deg, lon_deg), true_m, rtol=0.005)


def test_haversine_of_a_quarter_of_the_meridian():
    assert mesh.haversine_m(0.0, 130.0, 90.0, 130.0) == pytest.approx(np.pi / 2 * mesh.EARTH_MEAN_RADIUS_M)


def test_areas_of_the_levels_add_up():
    big = mesh.mesh_code(32.63, 130.68)
    parts = np.concatenate([big * 100 + half * 10 + np.arange(1, 5) for half in range(1, 5)])
    assert mesh.mesh_area_m2(parts, 10).sum() == pytest.approx(mesh.mesh_area_m2(big), rel=1e-6)
    assert 1.0e6 < mesh.mesh_area_m2(big) < 1.2e6
