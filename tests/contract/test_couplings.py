"""The coupling table: enough pairs, closed loops, every row named by a reason, shown in the README, and biting."""

from __future__ import annotations

from pathlib import Path

import pytest

from api import tables
from layers.couplings import COUPLINGS, LOOPS, ORDER, pairs
from tests.contract import runs
from twin.wiring import find_problems

ROWS = {link.id: link for link in COUPLINGS}
BITE = 1e-3


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


def effect(row, hours, name="two-towns"):
    """Largest change of a series of the target layer when the row is cut, as a share of its peak."""
    whole = runs.baseline(hours, name=name)
    layer = next(one for one in runs.begin(name=name).wiring.layers if one.name == row.target_layer)
    cut = runs.sampled(runs.begin(cuts=(row.id,), name=name), hours * 3600)
    return max(runs.moved(whole[series.name], cut[series.name]) for series in layer.series)


@pytest.mark.parametrize("row", [pytest.param(link, id=link.id) for link in COUPLINGS if link.bites_in == "two-towns"])
def test_each_row_bites(row):
    """Most rows within a day; those about aid from outside, restoration and counting within four."""
    moved = effect(row, 24)
    if moved < BITE:
        moved = effect(row, 96)
    assert moved >= BITE, f"cutting {row.id} moves {row.target_layer} by {moved:.1e} at most"


@pytest.mark.slow
@pytest.mark.parametrize("row", [pytest.param(link, id=link.id) for link in COUPLINGS if link.bites_in != "two-towns"])
def test_rows_that_need_a_prefecture_bite_there(row):
    moved = effect(row, 72, row.bites_in)
    assert moved >= BITE, f"cutting {row.id} moves {row.target_layer} by {moved:.1e} at most"


def test_nearly_all_rows_bite_in_the_test_bed():
    assert sum(link.bites_in == "two-towns" for link in COUPLINGS) >= 0.9 * len(COUPLINGS)


def test_order_names_the_eight():
    assert len(ORDER) == len(set(ORDER)) == 8
