"""Okada 1985 against its published check case, closed limits, symmetry, additivity and refusals."""

from dataclasses import replace

import numpy as np
import pytest

from twin.errors import ParameterError
from twin.numerics.fault import Rectangles
from twin.numerics.okada import Faults, surface_displacement

RAKE_DEG = {"strike": 0.0, "dip": 90.0, "tensile": 0.0}
POINTS = np.random.default_rng(3).uniform(-30e3, 30e3, (2, 200))
PLANE = Rectangles(1000.0, -2000.0, 3000.0, 35.0, 40.0, 20e3, 12e3)


def vector(moved):
    return np.stack((moved.east_m, moved.north_m, moved.up_m))


def check_case(kind, dip_deg=70.0, depth_m=4.0):
    """x = 2, y = 3 in Okada's axes: x along strike, y up-dip, from the lower corner at `depth_m`."""
    dip = np.radians(dip_deg)
    top = Rectangles(1.5, 2 * np.cos(dip), depth_m - 2 * np.sin(dip), 90.0, dip_deg, 3.0, 2.0)
    opening = kind == "tensile"
    return vector(surface_displacement(2.0, 3.0, Faults(top, 1.0 - opening, RAKE_DEG[kind], float(opening))))


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        ("strike", (-8.689e-3, -4.298e-3, -2.747e-3)),
        ("dip", (-4.682e-3, -3.527e-2, -3.564e-2)),
        ("tensile", (-2.660e-4, 1.056e-2, 3.214e-3)),
    ],
)
def test_published_check_case_to_four_digits(kind, expected):
    assert [float(f"{value:.3e}") for value in check_case(kind)] == list(expected)


@pytest.mark.parametrize(
    ("kind", "expected"),  # Okada 1985, table 2, case 3: x = y = 0 over the corner, dip 90
    [("strike", (0.0, 5.253e-3, 0.0)), ("dip", (0.0, 0.0, 0.0)), ("tensile", (1.223e-2, 0.0, -1.606e-2))],
)
def test_published_vertical_case_over_the_corner(kind, expected):
    top = Rectangles(1.5, 0.0, 2.0, 90.0, 90.0, 3.0, 2.0)
    opening = kind == "tensile"
    moved = surface_displacement(0.0, 0.0, Faults(top, 1.0 - opening, RAKE_DEG[kind], float(opening)))
    assert vector(moved) == pytest.approx(expected, abs=5e-6)


@pytest.mark.parametrize("kind", RAKE_DEG)
@pytest.mark.parametrize("dip_deg", [0.0, 12.0, 89.9999, 90.0])
def test_a_fault_cut_in_four_moves_the_ground_as_the_whole(kind, dip_deg):
    whole = replace(PLANE, dip_deg=dip_deg)
    strike, dip, opening = np.radians(35.0), np.radians(dip_deg), float(kind == "tensile")
    along, down = np.array([-5e3, 5e3, -5e3, 5e3]), np.array([0.0, 0.0, 6e3, 6e3])
    right = down * np.cos(dip)
    parts = Rectangles(
        1000.0 + along * np.sin(strike) + right * np.cos(strike),
        -2000.0 + along * np.cos(strike) - right * np.sin(strike),
        3000.0 + down * np.sin(dip), 35.0, dip_deg, 10e3, 6e3,
    )  # fmt: skip
    one, four = (
        vector(surface_displacement(*POINTS, Faults(p, 2.0 - opening, RAKE_DEG[kind], opening))) for p in (whole, parts)
    )
    assert four == pytest.approx(one, abs=1e-7)
    assert np.abs(one).max() > 0.05


@pytest.mark.parametrize("kind", RAKE_DEG)
def test_nearly_vertical_tends_to_vertical(kind):
    opening = float(kind == "tensile")

    def moved(dip_deg):
        planes = replace(PLANE, dip_deg=dip_deg)
        return vector(surface_displacement(*POINTS, Faults(planes, 1.0 - opening, RAKE_DEG[kind], opening)))

    upright = moved(90.0)
    for lean_deg in (1e-2, 1e-3, 1e-4):
        assert np.abs(moved(90.0 - lean_deg) - upright).max() < 0.03 * lean_deg + 1e-5


def test_vertical_strike_slip_is_antisymmetric_and_long_faults_follow_the_arctangent():
    fault = Faults(Rectangles(0.0, 0.0, 0.0, 0.0, 90.0, 4e6, 10e3), 1.0, 0.0)
    east_m = np.array([500.0, 3000.0, 10e3, 40e3])
    right, left = (surface_displacement(s * east_m, 0.0, fault) for s in (1, -1))
    assert right.north_m == pytest.approx(-left.north_m, abs=1e-12)
    assert right.up_m == pytest.approx(0.0, abs=1e-6)
    screw = np.arctan(10e3 / east_m) / np.pi  # screw dislocation from the surface to depth W, left-lateral
    assert right.north_m == pytest.approx(screw, rel=1e-3)


def test_thrust_is_mirrored_across_its_middle_and_lifts_the_hanging_side():
    fault = Faults(Rectangles(0.0, 0.0, 5e3, 0.0, 20.0, 40e3, 20e3), 3.0, 90.0)
    north, south = (surface_displacement(POINTS[0], s * POINTS[1], fault) for s in (1, -1))
    assert north.up_m == pytest.approx(south.up_m, abs=1e-12)
    assert north.north_m == pytest.approx(-south.north_m, abs=1e-12)
    assert surface_displacement(5e3, 0.0, fault).up_m > 0.5
    assert surface_displacement(35e3, 0.0, fault).up_m < 0


def test_turning_fault_and_points_together_turns_the_movement():
    turned = surface_displacement(POINTS[1], -POINTS[0], Faults(Rectangles(0, 0, 3e3, 125, 40, 2e4, 1e4), 1, 70))
    before = surface_displacement(*POINTS, Faults(Rectangles(0, 0, 3e3, 35, 40, 2e4, 1e4), 1, 70))
    assert vector(turned) == pytest.approx(np.stack((before.north_m, -before.east_m, before.up_m)), abs=1e-12)


def test_far_away_it_decays_with_the_square_of_distance():
    near, far = (vector(surface_displacement(0.6 * r, 0.8 * r, Faults(PLANE, 1.0, 60.0))) for r in (2e6, 4e6))
    assert np.linalg.norm(near) / np.linalg.norm(far) == pytest.approx(4.0, rel=0.02)


def test_edges_corners_and_trace_give_finite_numbers():
    for dip_deg in (30.0, 90.0):
        fault = Faults(Rectangles(0.0, 0.0, 0.0, 0.0, dip_deg, 20e3, 10e3), 1.0, 30.0, 0.5)
        x_m, y_m = np.array([0.0, 0.0, 0.0, 0.0, 5e3]), np.array([-10e3, 0.0, 10e3, 25e3, 10e3])
        assert np.isfinite(vector(surface_displacement(x_m, y_m, fault))).all()


def test_a_surface_trace_takes_the_mean_of_its_sides():
    fault = Faults(Rectangles(0.0, 0.0, 0.0, 0.0, 90.0, 20e3, 10e3), 2.0, 0.0)
    trace, beside = (surface_displacement(x, 1e3, fault).north_m for x in (0.0, 1e-3))
    assert trace == pytest.approx(0.0, abs=1e-9)
    assert beside == pytest.approx(1.0, abs=1e-3)  # half of the slip on each side


def test_shapes_follow_the_points_and_slip_scales():
    one = surface_displacement(np.zeros((3, 1)), np.arange(4.0), Faults(PLANE, 1.0, 90.0))
    two = surface_displacement(np.zeros((3, 1)), np.arange(4.0), Faults(PLANE, [0.5, 1.5], 90.0))
    assert one.up_m.shape == (3, 4)
    assert two.up_m == pytest.approx(2 * one.up_m)


@pytest.mark.parametrize(
    ("field", "value", "words"),
    [
        ("width_m", 0.0, "width_m of fault 1 is 0"),
        ("length_m", -2.0, "length_m of fault 1 is -2"),
        ("dip_deg", 120.0, "dip_deg of fault 1 is 120; allowed is 0 to 90"),
        ("top_depth_m", -1.0, "top_depth_m of fault 1 is -1"),
        ("strike_deg", np.nan, "strike_deg of fault 1 is nan"),
    ],
)
def test_impossible_faults_are_refused(field, value, words):
    planes = replace(PLANE, **{field: [getattr(PLANE, field), value]})
    with pytest.raises(ParameterError, match=words):
        surface_displacement(0.0, 0.0, Faults(planes, 1.0, 90.0))


def test_other_bad_input_is_refused():
    with pytest.raises(ParameterError, match="point 1 is no number"):
        surface_displacement([0.0, np.inf], 0.0, Faults(PLANE, 1.0, 90.0))
    with pytest.raises(ParameterError, match="slip_m of fault 0 is inf"):
        surface_displacement(0.0, 0.0, Faults(PLANE, np.inf, 90.0))
    with pytest.raises(ParameterError, match="slip_m 2, rake_deg 3"):
        surface_displacement(0.0, 0.0, Faults(PLANE, [1.0, 1.0], [90.0] * 3))
    with pytest.raises(ParameterError, match="where the plane is level"):
        surface_displacement(0.0, 0.0, Faults(replace(PLANE, dip_deg=0.0, top_depth_m=0.0), 1.0, 90.0))
    with pytest.raises(ParameterError, match="poisson_ratio"):
        surface_displacement(0.0, 0.0, Faults(PLANE, 1.0, 90.0), 0.5)


def test_agrees_with_the_three_dimensional_code():
    wrapper = pytest.importorskip("okada_wrapper", reason="okada_wrapper is not installed")
    fault = Faults(Rectangles(0.0, 0.0, 0.0, 90.0, 50.0, 20e3, 10e3), 1.0, 40.0)
    for x_m, y_m in POINTS.T[:20]:
        rake = np.radians(40.0)
        ok, moved, _ = wrapper.dc3dwrapper(
            2 / 3, [x_m, y_m, 0.0], 0.0, 50.0, [-10e3, 10e3], [-10e3, 0.0], [np.cos(rake), np.sin(rake), 0.0]
        )
        assert ok == 0
        assert vector(surface_displacement(x_m, y_m, fault)) == pytest.approx(moved, abs=1e-8)
