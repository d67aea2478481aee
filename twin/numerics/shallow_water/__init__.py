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

__all__ = [
    "Basin",
    "BlowUp",
    "Series",
    "Side",
    "Sources",
    "State",
    "advance",
    "constant",
    "form_available",
    "make_basin",
    "still",
    "still_on_faces",
    "volume_m3",
]
