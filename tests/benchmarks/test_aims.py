"""What was aimed at, beside what was measured."""

from __future__ import annotations

import pytest

from benchmarks import aims
from tests.benchmarks.fixed import row


def judged(**fields):
    """Value, bound, unit and verdict of every aim of one row."""
    return [(aim.value, aim.bound, aim.unit, aim.met) for aim in aims.of([row(**fields)])]


@pytest.mark.parametrize(
    ("value", "unit", "limit", "bound", "met"),
    [
        (0.29, "ms per step", "0.3 ms", 0.3, True),
        (0.31, "ms per step", "0.3 ms", 0.3, False),
        (999.0, "reads/s", "1,000 reads/s", 1000.0, False),
        (1000.0, "reads/s", "1,000 reads/s", 1000.0, True),
        (7.9, "times", "at least 8 times", 8.0, False),
        (0.96, "share", "at least 0.95", 0.95, True),
        (-0.06, "share", "at most 0.05", 0.05, False),
    ],
)
def test_a_row_is_judged_by_its_limit(value, unit, limit, bound, met):
    [(found, wanted, _, verdict)] = judged(value=value, unit=unit, limit=limit)
    assert (found, wanted, verdict) == (value, bound, met)


def test_seconds_of_a_speed_are_its_wall_time():
    assert judged(value=5e6, unit="buildings/s", wall_s=0.2, limit="0.3 s") == [(0.2, 0.3, "s", True)]


def test_a_limit_for_one_size_says_nothing_of_others():
    limit = "5 s and 2048 MB at 50000 cells"
    found = judged(value=6.0, unit="s", size=50_000, peak_rss_mb=100.0, limit=limit)
    assert found == [(6.0, 5.0, "s", False), (100.0, 2048.0, "MB", True)]
    assert judged(value=6.0, unit="s", size=20_000, limit=limit) == []


@pytest.mark.parametrize("limit", [None, "", "1.8 x one thread", "60 s for 10 m, 2 threads"])
def test_other_words_are_no_aim(limit):
    assert judged(limit=limit) == []


def test_peers_of_another_run_are_judged_by_our_speed_of_that_run():
    """Ours was 60 updates/s then, and 30 now with 3 simulated seconds a second."""
    peers = {"anuga": 10.0, "anuga simulated s/s": 0.5, "anuga depth, relative L1": 0.03}
    fields = {"subject": "shallow-water", "simulated_s_per_s": 3.0, "ratio_to_float64_1_thread": 1.0}
    measured = {"peers": peers, "peer_ratios": {"anuga": 6.0}, "peers_measured": "2026-06-30T00:00:00"}
    found = aims.of([row(30.0, **fields, **measured)])
    assert [(round(aim.value, 9), aim.met) for aim in found] == [(6.0, True), (12.0, True), (0.03, False)]
    assert all("2026-06-30" in aim.remark for aim in found)


def test_an_aim_on_one_line():
    aim = aims.Aim("api", "reads", 2253.4, 1000.0, True, "reads/s", "by wrk")
    assert aims.told(aim) == "met     api: reads: 2,253 reads/s, aim at least 1,000 reads/s (by wrk)"
    assert aim.fields["met"] is True
