"""Two measurements beside each other."""

from __future__ import annotations

import json

import pytest

from benchmarks import comparison
from tests.benchmarks.fixed import content, row
from twin.errors import ScenarioError


@pytest.fixture
def compared(tmp_path):
    """Compare two lists of rows through files."""

    def through_files(old, new):
        paths = [tmp_path / "old.json", tmp_path / "new.json"]
        for path, rows in zip(paths, (old, new), strict=True):
            path.write_text(json.dumps(content(*rows)))
        return comparison.compare(*paths)

    return through_files


def flags(found):
    return [one["flags"] for one in found["rows"]]


@pytest.mark.parametrize(
    ("value", "unit", "flag"),
    [
        (1049.0, "nodes/s", []),
        (1051.0, "nodes/s", ["faster"]),
        (953.0, "nodes/s", []),
        (952.0, "nodes/s", ["slower"]),
        (1100.0, "s", ["slower"]),
        (900.0, "ms per step", ["faster"]),
        (900.0, "share", ["changed"]),
    ],
)
def test_a_change_beyond_five_percent_is_flagged(compared, value, unit, flag):
    found = compared([row(1000.0, unit=unit)], [row(value, unit=unit)])
    assert flags(found) == [flag]
    assert found["flagged"] == len(flag)


def test_three_spreads_of_the_noisier_measurement_are_allowed(compared):
    noisy = row(1280.0, wall_s=1.0, spread_s=0.1)
    assert flags(compared([row(1000.0)], [noisy])) == [[]]
    assert flags(compared([row(1000.0)], [noisy | {"value": 1310.0}])) == [["faster"]]


def test_without_repeats_a_quarter_is_allowed(compared):
    once = row(1000.0, spread_s=None)
    assert flags(compared([once], [row(1240.0)])) == [[]]
    assert flags(compared([once], [row(1260.0)])) == [["faster"]]


def test_memory_new_gone_and_other_units_are_told(compared):
    old = [row(peak_rss_mb=100.0), row(case="gone"), row(case="unit")]
    new = [row(peak_rss_mb=115.0), row(case="unit", unit="s"), row(case="new")]
    found = compared(old, new)
    assert flags(found) == [["more memory"], ["gone"], ["not comparable"], ["new"]]
    assert found["flagged"] == 1
    text = comparison.lines(found)
    assert len(text) == 6
    assert text[-1] == "1 of 4 beyond noise"


def test_sizes_threads_and_types_are_told_apart(compared):
    rows = [row(size=size, threads=threads) for size in (10, 20) for threads in (1, 2)]
    assert flags(compared(rows, rows)) == [[]] * 4


def test_the_store_can_be_compared_and_one_subject_chosen(tmp_path):
    store, new = tmp_path / "results.json", tmp_path / "new.json"
    store.write_text(json.dumps({"subjects": {"routing": {"machine": {}, "results": [row()]}}}))
    new.write_text(json.dumps(content(row(2000.0), row(subject="people"))))
    assert flags(comparison.compare(store, new)) == [["faster"], ["new"]]
    assert flags(comparison.compare(store, new, ["routing"])) == [["faster"]]


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"results": [{}]}', '{"subjects": []}'])
def test_a_file_without_results_is_refused(tmp_path, text):
    path = tmp_path / "odd.json"
    path.write_text(text)
    with pytest.raises(ScenarioError, match=r"odd.json does not hold results"):
        comparison.read(path)


def test_a_missing_file_is_refused(tmp_path):
    with pytest.raises(ScenarioError, match="No such file"):
        comparison.read(tmp_path / "nowhere.json")
