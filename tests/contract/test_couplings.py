"""The coupling table: enough pairs, closed loops, every row named by a reason, shown in the README, and biting."""

from __future__ import annotations

from pathlib import Path

import pytest

from api import tables
from layers.couplings import COUPLINGS, LOOPS, ORDER, pairs
from tests.contract import runs
from twin.wiring import find_problems

ROWS = {link.id: link for link in COUPLINGS}
HOURS = 24
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


@pytest.mark.parametrize("row", [pytest.param(link, id=link.id) for link in COUPLINGS])
def test_each_row_bites(row):
    assert row.bites_in == "two-towns"
    series = [
        one.name for layer in runs.begin().wiring.layers if layer.name == row.target_layer for one in layer.series
    ]
    cut = runs.sampled(runs.begin(cuts=(row.id,)), HOURS * 3600)
    effect = {name: runs.moved(runs.baseline(HOURS)[name], cut[name]) for name in series}
    assert max(effect.values()) >= BITE, (
        f"cutting {row.id} moves {row.target_layer} by {max(effect.values()):.1e} at most"
    )


def test_order_names_the_eight():
    assert len(ORDER) == len(set(ORDER)) == 8
