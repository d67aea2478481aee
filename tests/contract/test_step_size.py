"""Halving every step of the schedule moves no headline series of two-towns by more than 5 %."""

from __future__ import annotations

import numpy as np
import pytest

from benchmarks.ensembles import HEADLINES
from scenarios.execution import schedule_of
from tests.contract import runs

MEMBERS, LIMIT = 8, 0.05


@pytest.mark.slow
def test_halving_the_schedule_moves_no_headline_by_more_than_5_percent():
    """Change of the time integral over a day, mean over paired members (twin bench step-size prints each)."""
    halved = schedule_of(runs.SCENARIO).halved()
    changes = []
    for member in range(MEMBERS):
        whole = runs.sampled(runs.begin(member), 24 * 3600)
        fine = runs.sampled(runs.begin(member, schedule=halved), 24 * 3600)
        before, after = ({name: np.nansum(one[name]) for name in HEADLINES} for one in (whole, fine))
        changes.append([(after[name] - before[name]) / max(before[name], after[name], 1e-9) for name in HEADLINES])
    mean = dict(zip(HEADLINES, np.mean(changes, axis=0), strict=True))
    assert max(abs(change) for change in mean.values()) <= LIMIT, mean
