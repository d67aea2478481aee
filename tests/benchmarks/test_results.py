"""The page of all results: what is kept, what is replaced, how it looks."""

from __future__ import annotations

import json

import pytest

from benchmarks import SUBJECTS, results
from tests.benchmarks.fixed import MACHINE, content, row

PAGE = """
## routing

Nodes per second of the nearest facility and of all ways.

A processor, 2 cores, 24.0 GB, Linux-6, Python 3.11.9, numpy 2.1.0; load 0.5 before, 1.25 after.

| case | size | threads | type | value | wall time | spread | memory | of the limit | beside peers | load | measured |
|---|---|---|---|---|---|---|---|---|---|---|---|
| streets | 100 | 1 | float64 | 12,346 nodes/s | 0.5 s | 0.005 s | 40 MB | 31% | 2.5 x networkx | 0.5 | 2026-07-01 |
| lanes | 100 | 2 | float32 | 7.12 nodes/s | 0.5 s | 0.005 s |  |  |  | 0.5 | 2026-07-01 |

Bound by:

- streets: the heap

Growth of wall time:

- growth of streets (1 thread, float64): size to the power 1.13, 100 to 10,000
"""


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    """Page and store in a folder of their own."""
    monkeypatch.setattr(results, "PAGE", tmp_path / "results.md")
    monkeypatch.setattr(results, "STORE", tmp_path / "results.json")
    return tmp_path


def test_the_page_has_a_fixed_layout():
    rows = [
        row(
            12345.6,
            peak_rss_mb=40.2,
            share_of_limit=0.312,
            bound="the heap",
            peers={"networkx": 4938.24},
            peer_ratios={"networkx": 2.5},
            peers_measured="2026-07-01T00:00:00",
        ),
        row(7.1234, case="lanes", threads=2, dtype="float32"),
        row(1.131, case="growth of streets", unit="exponent", size=None, wall_s=None, sizes=[100, 1000, 10000]),
    ]
    kept = {"subjects": {"routing": {"machine": MACHINE, "results": rows}}}
    absent = ", ".join(name for name in SUBJECTS if name != "routing")
    assert results.page(kept) == f"{results.HEAD}\n## The whole picture\n\n\nNot measured yet: {absent}.\n{PAGE}"


def test_only_the_measured_subjects_are_replaced(folder):
    results.keep(content(row(1.0), row(2.0, subject="people"), complete=("routing", "people")))
    results.keep(content(row(3.0)))
    kept = json.loads((folder / "results.json").read_text())["subjects"]
    assert {name: one["results"][0]["value"] for name, one in kept.items()} == {"people": 2.0, "routing": 3.0}
    assert list(kept) == ["people", "routing"], "the order of the table of subjects"
    assert (folder / "results.md").read_text() == results.page({"subjects": kept})


def test_an_interrupted_subject_keeps_the_rows_it_did_not_reach():
    kept = results.merged({}, content(row(1.0), row(2.0, size=200)))["subjects"]
    after = results.merged(kept, content(row(3.0), complete=()))["subjects"]["routing"]["results"]
    assert [(one["size"], one["value"]) for one in after] == [(100, 3.0), (200, 2.0)]
    whole = results.merged(kept, content(row(3.0)))["subjects"]["routing"]["results"]
    assert [one["value"] for one in whole] == [3.0]


def test_peers_of_another_run_stay_with_their_date():
    peers = {"peers": {"networkx": 500.0}, "peer_ratios": {"networkx": 2.0}, "peers_measured": "2026-06-30T00:00:00"}
    kept = results.merged({}, content(row(1000.0, **peers)))["subjects"]
    after = results.merged(kept, content(row(1100.0)))
    [one] = after["subjects"]["routing"]["results"]
    assert (one["value"], one["peers"]) == (1100.0, {"networkx": 500.0})
    assert "2 x networkx (2026-06-30)" in results.page(after)


def test_rows_of_another_machine_are_not_mixed_in():
    kept = results.merged({}, content(row(1.0), row(2.0, size=200)))["subjects"]
    after = results.merged(kept, content(row(3.0), complete=(), cores=64))["subjects"]["routing"]["results"]
    assert [one["value"] for one in after] == [3.0]


def test_a_folder_that_cannot_be_written_is_told_and_nothing_breaks(folder, monkeypatch):
    monkeypatch.setattr(results, "PAGE", folder / "missing" / "results.md")
    monkeypatch.setattr(results, "STORE", folder / "missing" / "results.json")
    told = results.keep(content(row()))
    assert "cannot be written" in told
    assert "--save FILE" in told


def test_a_damaged_store_is_measured_again(folder):
    (folder / "results.json").write_text("{")
    assert results.keep(content(row(5.0))).startswith("written")
    assert "| 5 nodes/s |" in (folder / "results.md").read_text()


def test_the_page_in_the_repository_is_the_one_the_command_writes():
    page = results.__file__.replace("results.py", "results.md")
    store = results.__file__.replace("results.py", "results.json")
    with open(page, encoding="utf-8") as text, open(store, encoding="utf-8") as figures:
        assert text.read() == results.page(json.load(figures))


def test_what_holds_stands_first_and_beside_the_rows():
    rows = [row(case="a", unit="s", value=0.2, limit="0.1 s"), row(case="b", unit="s", value=0.2, limit="0.3 s")]
    page = results.page({"subjects": {"routing": {"machine": MACHINE, "results": rows, "took_s": 90.0}}})
    assert "\n1 of 2 aims met.\nMissed:\n\n- routing: a, 100: 0.2 s, aim at most 0.1 s\n" in page
    assert "- a, 100: 0.2 s, aim at most 0.1 s: **missed**\n- b, 100: 0.2 s, aim at most 0.3 s: met\n" in page
    assert "after. Took 1.5 min.\n" in page


def test_a_share_says_of_which_limit():
    rows = [row(share_of_limit=0.25, limit_of="bandwidth of two processes", cycles_each=12.34)]
    page = results.page({"subjects": {"routing": {"machine": {**MACHINE, "clock_ghz": 3.2}, "results": rows}}})
    assert "| 25% of bandwidth of two processes | 12.3 |" in page
    assert "\nA processor at 3.2 GHz, 2 cores" in page
