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
from twin.numerics.shallow_water.breach import (
    above_since_s,
    due_to_breach,
    final_width_m,
    open_breach,
    open_width_m,
    overtopped_crest_m,
    shaken_crest_m,
)
from twin.numerics.shallow_water.finite_volume import BlowUp, advance, form_available
from twin.numerics.shallow_water.inertial import advance_inertial
from twin.numerics.shallow_water.structures import Structures, honma_m2_per_s
from twin.numerics.shallow_water.works import Barriers, Drains, Pumps, Setting, Works, levee_bed, levels_m, make_works

__all__ = [
    "Barriers",
    "Basin",
    "BlowUp",
    "Drains",
    "Pumps",
    "Series",
    "Setting",
    "Side",
    "Sources",
    "State",
    "Structures",
    "Works",
    "above_since_s",
    "advance",
    "advance_inertial",
    "constant",
    "due_to_breach",
    "final_width_m",
    "form_available",
    "honma_m2_per_s",
    "levee_bed",
    "levels_m",
    "make_basin",
    "make_works",
    "open_breach",
    "open_width_m",
    "overtopped_crest_m",
    "shaken_crest_m",
    "still",
    "still_on_faces",
    "volume_m3",
]
