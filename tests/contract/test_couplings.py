"""The coupling table: enough pairs, closed loops, every row named by a reason, shown in the README, and biting."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from api import tables
from layers.couplings import COUPLINGS, LOOPS, ORDER, pairs
from tests.contract import runs
from twin.contract import Link
from twin.wiring import find_problems

ROWS = {link.id: link for link in COUPLINGS}
BITE = 1e-3
WATER = ("coastal-town", "river-town")
DRY = ("two-towns", "kumamoto-2026")
SCENARIOS = (*DRY, *WATER)

# Hours within which a row of a water scenario bites: on the coast the first waves, in the valley the levee's breach in
# the small hours and the morning after it; and the rows that need less or more.
HOURS = {"coastal-town": 0.75, "river-town": 20.0}
OTHER_HOURS = {
    "flood_warning-to-evacuation": 8.0,
    "flood_call-to-evacuation": 8.0,
    "stranded_persons-to-rescue": 8.0,
    "water_depth_m-to-rescue": 12.0,  # crews search on foot once the warning is down
    "water_depth_m-to-government": 48.0,  # homes are counted when the days of rescue are over
    "buildings_flooded-to-government": 96.0,
}
# Rows that bite in the scenario they name only under these settings, all within their ranges: no shipped scenario has a
# conflagration, and the direction of the wind tells only where fires cross the borders of cells.
UNDER = {
    "wind_from_deg-to-damage": {
        "damage.ignition_log10": -3.5,
        "damage.first_extinguishing_fraction": 0.0,
        "damage.residents_hold_fraction": 0.0,
        "damage.crews_to_hold": 6.0,
        "damage.crew_per_house_s": 10800.0,
        "damage.house_burn_s": 1200.0,
        "damage.jump_chance_dense": 0.9,
        "damage.dense_wood_per_km2": 2000.0,
        "damage.jump_wind_m_per_s": 2.0,
        "hazard.wind_day_m_per_s": 12.0,
        "hazard.wind_night_m_per_s": 5.0,
    },
}
QUICK = (  # a row of every layer that water speaks to, run with every test
    "water_max_depth_m-to-damage",
    "water_depth_m-to-people",
    "tsunami_warning-to-evacuation",
    "tsunami_warning-to-government",
    "caught_persons-to-people",
    "telecom_fraction-to-evacuation",
    "flood_call-to-evacuation",
    "stranded_persons-to-rescue",
)


def water_rows() -> list[object]:
    """Rows that need a terrain, those of one scenario together; most of them marked slow."""
    rows = [link for link in COUPLINGS if link.bites_in in WATER]
    rows.sort(key=lambda link: (link.bites_in, OTHER_HOURS.get(link.id, HOURS[link.bites_in])))
    return [pytest.param(link, id=link.id, marks=list(marks(link))) for link in rows]


def marks(link: Link) -> Iterator[pytest.MarkDecorator]:
    """Slow but for the quick rows."""
    if link.id not in QUICK:
        yield pytest.mark.slow


def test_layers_rows_and_world_fit():
    assert find_problems(runs.begin().wiring.layers, COUPLINGS, runs.WORLD) == []


def test_at_least_36_of_56_pairs_and_10_loops():
    assert len(pairs()) >= 36
    assert len(LOOPS) >= 10


@pytest.mark.parametrize("name", LOOPS)
def test_loops_are_closed_and_hold_a_lag(name):
    rows = [ROWS[row] for row in LOOPS[name][1]]
    assert all(a.target_layer == b.source_layer for a, b in zip(rows, rows[1:] + rows[:1], strict=True))
    assert any(row.lag for row in rows)


def test_readme_shows_the_matrix():
    readme = (Path(__file__).parents[2] / "README.md").read_text(encoding="utf-8")
    assert "\n".join(tables.matrix_markdown()) in readme


def effect(row: Link, hours: float, name: str = "two-towns", every_s: int = 1800) -> float:
    """Largest change of a series of the target layer when the row is cut, as a share of its peak.

    Of water the hazard layer has no series: there the change must reach the surface.
    """
    settings, until_s = UNDER.get(row.id), int(hours * 3600)
    if settings:
        whole = runs.sampled(runs.begin(name=name, settings=settings), until_s, every_s)
    else:
        whole = runs.baseline(hours, name=name, every_s=every_s)
    seen_in = "damage" if row.target_layer == "hazard" else row.target_layer
    layer = next(one for one in runs.begin(name=name).wiring.layers if one.name == seen_in)
    cut = runs.sampled(runs.begin(cuts=(row.id,), name=name, settings=settings or {}), until_s, every_s)
    return max(runs.moved(whole[series.name], cut[series.name]) for series in layer.series)


@pytest.mark.parametrize("row", [pytest.param(link, id=link.id) for link in COUPLINGS if link.bites_in == "two-towns"])
def test_each_row_bites(row):
    """Most rows within a day; those about aid from outside, restoration and counting within four."""
    moved = effect(row, 24)
    if moved < BITE:
        moved = effect(row, 96)
    assert moved >= BITE, f"cutting {row.id} moves {row.target_layer} by {moved:.1e} at most"


@pytest.mark.slow
@pytest.mark.parametrize(
    "row", [pytest.param(link, id=link.id) for link in COUPLINGS if link.bites_in == "kumamoto-2026"]
)
def test_rows_that_need_a_prefecture_bite_there(row):
    moved = effect(row, 12 if row.id in UNDER else 72, row.bites_in)
    assert moved >= BITE, f"cutting {row.id} moves {row.target_layer} by {moved:.1e} at most"


@pytest.mark.parametrize("row", water_rows())
def test_rows_that_need_water_bite_in_the_scenario_they_name(row):
    hours = OTHER_HOURS.get(row.id, HOURS[row.bites_in])
    moved = effect(row, hours, row.bites_in, every_s=300 if hours <= 1 else 1800)
    assert moved >= BITE, f"cutting {row.id} moves {row.target_layer} by {moved:.1e} at most"


def test_nearly_all_rows_bite_in_the_test_bed_or_need_water():
    """Two-towns has no terrain: there rows about water carry dry constants and cannot bite; all others nearly must."""
    assert {link.bites_in for link in COUPLINGS} <= set(SCENARIOS)
    dry = [link for link in COUPLINGS if link.bites_in not in WATER]
    assert sum(link.bites_in == "two-towns" for link in dry) >= 0.9 * len(dry)
    assert len(dry) >= 0.75 * len(COUPLINGS), "rows are not to be called water's to escape the test bed"


def test_the_quick_rows_and_special_hours_name_rows_of_water():
    of_water = {link.id for link in COUPLINGS if link.bites_in in WATER}
    assert {*QUICK, *OTHER_HOURS} <= of_water


def test_order_names_the_eight():
    assert len(ORDER) == len(set(ORDER)) == 8
