"""Attenuation, site factor and intensity against the published tables."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from twin.errors import ParameterError
from twin.numerics import shaking

# Mw, depth km, distance km, kind, PGV cm/s on Vs 600, PGA gal; first row also in the OpenQuake table
SM99_ROWS = [
    (7.0, 10, 10, "crustal", 32.553, 484.58),
    (6.0, 10, 10, "crustal", 12.612, 270.81),
    (7.0, 10, 50, "crustal", 8.674, 149.41),
    (7.0, 10, 100, "crustal", 3.725, 60.72),
    (8.0, 10, 10, "crustal", 61.407, 645.78),
    (7.0, 50, 50, "crustal", 12.309, 222.02),
    (7.0, 10, 10, "interface", 31.088, 495.87),
    (7.0, 10, 10, "intraslab", 42.913, 804.21),
]


@pytest.mark.parametrize(("magnitude", "depth_km", "x_km", "kind", "pgv_cm_per_s", "pga_gal"), SM99_ROWS)
def test_si_midorikawa_rows(magnitude, depth_km, x_km, kind, pgv_cm_per_s, pga_gal):
    where = (magnitude, depth_km * 1000.0, x_km * 1000.0, kind)
    assert shaking.pgv_si_midorikawa_m_per_s(*where) * 100 == pytest.approx(pgv_cm_per_s, abs=6e-4)
    assert shaking.pga_si_midorikawa_m_per_s2(*where) * 100 == pytest.approx(pga_gal, abs=6e-3)


def test_si_midorikawa_on_400_m_per_s_ground_is_the_published_value():
    pgv = shaking.pgv_si_midorikawa_m_per_s(7.0, 10_000.0, 10_000.0)
    assert pgv * shaking.BEDROCK_600_TO_400 * 100 == pytest.approx(45.8993901892, rel=1e-8)


def test_si_midorikawa_sigma_steps():
    sigma = shaking.sigma_si_midorikawa([0.0, 20_000.0, 24_494.9, 30_000.0, 90_000.0])
    assert sigma == pytest.approx([0.23, 0.23, 0.215, 0.20, 0.20], abs=1e-6)
    assert shaking.sigma_subduction([0.1, 0.375, 0.9]) == pytest.approx([0.20, 0.175, 0.15])


# OpenQuake MF13/mean_crustal.csv: Mw, X km, Vs30, Z1.4 m, PGA, PGV; both columns there are divided by 980.665
MF13_ROWS = [
    (4.0, 0.1, 100.0, 100.0, 0.47625655, 0.06726291),
    (4.0, 0.1, 400.0, 400.0, 0.2135543, 0.03057179),
    (4.0, 1.0, 100.0, 100.0, 0.27514497, 0.01781149),
    (7.5, 100.0, 900.0, 900.0, 0.06039987, 0.00679954),
]


@pytest.mark.parametrize(("magnitude", "x_km", "vs30", "z_m", "pga", "pgv"), MF13_ROWS)
def test_morikawa_fujiwara_rows(magnitude, x_km, vs30, z_m, pga, pgv):
    where = (magnitude, x_km * 1000.0, vs30, z_m)
    assert shaking.pga_morikawa_fujiwara_m_per_s2(*where) / 9.80665 == pytest.approx(pga, rel=5e-6)
    assert shaking.pgv_morikawa_fujiwara_m_per_s(*where) / 9.80665 == pytest.approx(pgv, rel=5e-6)


def test_morikawa_fujiwara_intensity_by_hand():
    half = -0.0321 * 81 - 0.03736 + 6.9301 - np.log10(10 + 0.005078 * 10**3.5)
    half += 0.032214 * np.log10(320 / 300)
    assert shaking.intensity_morikawa_fujiwara(7.0, 10_000.0, 350.0) == pytest.approx(2 * half, abs=1e-9)


def test_two_routes_to_intensity_agree_within_their_scatter():
    distance_m = np.array([5.0, 20.0, 60.0]) * 1000
    chain = shaking.intensity(
        shaking.pgv_si_midorikawa_m_per_s(6.8, 12_000.0, distance_m) * shaking.site_amplification(350.0)
    )
    assert chain == pytest.approx(shaking.intensity_morikawa_fujiwara(6.8, distance_m, 350.0), abs=0.7)


def test_site_factor_of_2006():
    got = shaking.site_amplification([150, 200, 300, 400, 600])
    assert got == pytest.approx([3.26, 2.55, 1.81, 1.413, 1.000], abs=0.005)


def test_intensity_of_1999():
    wanted = [4.70, 5.22, 5.60, 5.94, 6.12, 6.42]
    pgv_m_per_s = np.array([15, 30, 50, 79, 100, 150]) / 100
    assert shaking.intensity_1999(pgv_m_per_s) == pytest.approx(wanted, abs=0.006)
    assert shaking.intensity(pgv_m_per_s) == pytest.approx(wanted, abs=0.006)


def test_intensity_is_continuous_at_the_joint_and_zero_at_rest():
    pgv = 10.0**shaking.INTENSITY_JOINT_LOG_PGV / 100
    assert shaking.intensity(pgv * (1 - 1e-9)) == pytest.approx(shaking.intensity(pgv * (1 + 1e-9)), abs=1e-7)
    assert shaking.intensity(pgv) == pytest.approx(4.43, abs=0.005)
    assert shaking.intensity(0.0) == 0.0


@given(st.floats(2e-3, 5.0), st.floats(1.0001, 3.0))
def test_intensity_rises_with_velocity(pgv_m_per_s, factor):
    assert shaking.intensity(pgv_m_per_s * factor) > shaking.intensity(pgv_m_per_s)


@given(st.floats(0.1, 7.5))
def test_velocity_from_intensity_returns(value):
    assert shaking.intensity(shaking.pgv_from_intensity_m_per_s(value)) == pytest.approx(value, abs=1e-9)


@given(st.floats(5.0, 8.0), st.floats(0.0, 150_000.0), st.floats(1.0, 50_000.0), st.floats(0.01, 1.0))
def test_motion_falls_with_distance_and_rises_with_magnitude(magnitude, distance_m, further_m, more):
    for law in (
        lambda m, x: shaking.pgv_si_midorikawa_m_per_s(m, 10_000.0, x),
        lambda m, x: shaking.pga_si_midorikawa_m_per_s2(m, 10_000.0, x),
        lambda m, x: shaking.intensity_morikawa_fujiwara(m, x, 350.0),
    ):
        assert law(magnitude, distance_m + further_m) < law(magnitude, distance_m)
        # very near the source both laws saturate and MF13 even turns over: ask from 20 km on
        assert law(magnitude + more, 20_000.0 + distance_m) >= law(magnitude, 20_000.0 + distance_m)


def test_classes_of_the_scale():
    values = [0.4, 0.5, 3.4, 4.4, 4.5, 4.999, 5.0, 5.9, 6.0, 6.49, 6.5, np.nan]
    names = [shaking.JMA_CLASS_NAMES[row] for row in shaking.jma_class(values)[:-1]]
    assert names == ["0", "1", "3", "4", "5-", "5-", "5+", "6-", "6+", "6+", "7"]
    assert shaking.jma_class(values)[-1] == -1
    inside = shaking.jma_class(shaking.JMA_CLASS_MIDDLE)
    assert np.array_equal(inside, np.arange(10))


def test_mesh_codes_stand_for_the_middle_of_their_class():
    codes = np.array([4.0, 5.0, 5.5, 6.0, 6.5, 7.0])
    middle = shaking.intensity_of_mesh_code(codes)
    assert middle == pytest.approx([4.0, 4.75, 5.25, 5.75, 6.25, 6.75])
    assert np.all(shaking.jma_class(middle) == [4, 5, 6, 7, 8, 9])


def test_unknown_kind_is_named():
    with pytest.raises(ParameterError, match="intraslab"):
        shaking.pgv_si_midorikawa_m_per_s(7.0, 1e4, 1e4, "slab")
    with pytest.raises(ParameterError, match="intraslab"):
        shaking.intensity_morikawa_fujiwara(7.0, 1e4, 350.0, kind="slab")
