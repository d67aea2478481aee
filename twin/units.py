"""Units used inside the twin, the name suffix that goes with each, and conversions for the doors."""

from __future__ import annotations

MINUTE_S = 60
HOUR_S = 3600
DAY_S = 86400
MM_PER_H = 1e-3 / HOUR_S  # m/s
KM_PER_H = 1000.0 / HOUR_S  # m/s

# unit -> suffixes a variable's name may end with; "1" is a pure number (fraction, factor, class, count of events)
SUFFIXES: dict[str, tuple[str, ...]] = {
    "m": ("_m",),
    "m2": ("_m2",),
    "m3": ("_m3",),
    "s": ("_s",),
    "m_per_s": ("_m_per_s",),
    "m_per_s2": ("_m_per_s2",),
    "m3_per_s": ("_m3_per_s",),
    "m3_per_s2": ("_m3_per_s2",),
    "degC": ("_c",),
    "deg": ("_deg",),
    "litre": ("_l",),
    "litre_per_s": ("_l_per_s",),
    "person": ("_persons",),
    "household": ("_households",),
    "customer": ("_customers",),
    "building": ("_buildings",),
    "meal": ("_meals",),
    "unit": ("_units",),
    "crew": ("_crews",),
    "call": ("_calls",),
    "report": ("_reports",),
    "1": (),
}


def suffix_fits(name: str, unit: str) -> bool:
    """Whether a variable's name carries the suffix of its unit, and no suffix of another unit.

    Counted things may also stand at the front (`persons_home`, `buildings_collapsed`).
    """
    if unit not in SUFFIXES:
        return False
    longest = max((end for ends in SUFFIXES.values() for end in ends if name.endswith(end)), key=len, default="")
    allowed = SUFFIXES[unit]
    if not allowed:
        flows = ("_m_per_s", "_m_per_s2", "_m3_per_s", "_m3_per_s2", "_l_per_s")
        physical = ("_m", "_m2", "_m3", "_s", "_deg", "_l", *flows)
        return longest not in physical
    words = [suffix.strip("_") for suffix in allowed]
    return longest in allowed or any(name.startswith(word + "_") for word in words)
