"""Shallow water on a regular grid: finite volumes for waves and breaches, local inertia for large slow floods."""

from twin.numerics.shallow_water.basin import (
    Basin,
    Series,
    Side,
    Sources,
    State,
    constant,
    make_basin,
    still,
    still_on_faces,
    volume_m3,
)
from twin.numerics.shallow_water.finite_volume import BlowUp, advance, form_available
from twin.numerics.shallow_water.inertial import advance_inertial

__all__ = [
    "Basin",
    "BlowUp",
    "Series",
    "Side",
    "Sources",
    "State",
    "advance",
    "advance_inertial",
    "constant",
    "form_available",
    "make_basin",
    "still",
    "still_on_faces",
    "volume_m3",
]
