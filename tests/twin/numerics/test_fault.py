"""Distance to rectangular faults against brute-force sampling of the plane."""

import numpy as np
import pytest

from twin.errors import ParameterError
from twin.numerics.fault import Rectangles, distance_to_rectangles_m, fault_length_m


def sampled_distance_m(x_m, y_m, fault, n=161):
    strike, dip = np.radians(fault.strike_deg), np.radians(fault.dip_deg)
    along, down = np.meshgrid(np.linspace(-0.5, 0.5, n) * fault.length_m, np.linspace(0.0, 1.0, n) * fault.width_m)
    px = fault.x_m + along * np.sin(strike) + down * np.cos(dip) * np.cos(strike)
    py = fault.y_m + along * np.cos(strike) - down * np.cos(dip) * np.sin(strike)
    pz = fault.top_depth_m + down * np.sin(dip)
    return np.array([np.sqrt((px - a) ** 2 + (py - b) ** 2 + pz**2).min() for a, b in zip(x_m, y_m)])


@pytest.mark.parametrize(
    ("strike_deg", "dip_deg"), [(0.0, 90.0), (35.0, 70.0), (215.0, 70.0), (120.0, 12.0), (300.0, 45.0)]
)
def test_matches_brute_force(strike_deg, dip_deg):
    fault = Rectangles(1000.0, -2000.0, 2000.0, strike_deg, dip_deg, 25_000.0, 15_000.0)
    x_m, y_m = np.random.default_rng(5).uniform(-40_000.0, 40_000.0, (2, 60))
    exact_m = distance_to_rectangles_m(x_m, y_m, fault)
    sampled_m = sampled_distance_m(x_m, y_m, fault)
    assert np.all(exact_m <= sampled_m + 1e-6)
    assert np.allclose(exact_m, sampled_m, atol=60.0, rtol=2e-3)


def test_above_a_vertical_plane_the_distance_is_its_top_depth():
    fault = Rectangles(0.0, 0.0, 3000.0, 35.0, 90.0, 20_000.0, 10_000.0)
    assert distance_to_rectangles_m(0.0, 0.0, fault) == pytest.approx(3000.0)


def test_dips_to_the_right_of_strike():
    fault = Rectangles(0.0, 0.0, 0.0, 0.0, 30.0, 20_000.0, 10_000.0)
    east_m, west_m = distance_to_rectangles_m(np.array([8000.0, -8000.0]), np.zeros(2), fault)
    assert east_m == pytest.approx(8000.0 * np.sin(np.radians(30.0)))
    assert west_m == pytest.approx(8000.0)


def test_nearest_of_several_faults_and_any_shape():
    two = Rectangles([0.0, 50_000.0], 0.0, [1000.0, 4000.0], 0.0, 90.0, 10_000.0, 5000.0)
    x_m = np.array([[0.0, 50_000.0], [10_000.0, 60_000.0]])
    got_m = distance_to_rectangles_m(x_m, 0.0, two)
    assert got_m.shape == (2, 2)
    assert got_m[0] == pytest.approx([1000.0, 4000.0])


def test_length_from_magnitude():
    assert fault_length_m(7.1) == pytest.approx(23_000.0, rel=0.01)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"width_m": 0.0}, "width > 0"),
        ({"length_m": [10_000.0, -1.0]}, "plane 1 needs length"),
        ({"top_depth_m": -1.0}, "above ground"),
        ({"dip_deg": 91.0}, "dip"),
        ({"x_m": np.nan}, "no number"),
    ],
)
def test_planes_that_cannot_be_are_refused(change, message):
    whole = {"x_m": 0.0, "y_m": 0.0, "top_depth_m": 0.0, "strike_deg": 0.0, "dip_deg": 45.0}
    fault = Rectangles(**(whole | {"length_m": 10_000.0, "width_m": 5000.0} | change))
    with pytest.raises(ParameterError, match=message):
        distance_to_rectangles_m(0.0, 0.0, fault)
