"""Units: one suffix belongs to one unit, the longest one counts, and conversions agree with their definition."""

import pytest

from twin import units

SUFFIXED = [(unit, suffix) for unit, suffixes in units.SUFFIXES.items() for suffix in suffixes]
# factors and classes of these may be pure numbers (`basin_calls`); a length or a time never is
MAY_BE_PURE = {
    "degC", "person", "household", "customer", "building", "meal", "unit", "crew", "call", "report",
}  # fmt: skip


@pytest.mark.parametrize(("own", "suffix"), SUFFIXED)
def test_a_suffix_fits_its_own_unit_only(own, suffix):
    """A speed `_m_per_s` also ends with `_s`: it must not pass as a time."""
    fitting = {unit for unit in units.SUFFIXES if units.suffix_fits(f"any{suffix}", unit)}
    assert fitting == ({own, "1"} if own in MAY_BE_PURE else {own})


def test_conversions():
    assert pytest.approx(10.0) == 36.0 * units.KM_PER_H
    assert pytest.approx(0.001) == 3600.0 * units.MM_PER_H
    assert units.DAY_S == 24 * units.HOUR_S == 24 * 60 * units.MINUTE_S
