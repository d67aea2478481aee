"""Killed between two writes, one after another, a job gives what it gives when nothing kills it, and nothing else."""

from __future__ import annotations

import json
import shutil
import signal
from dataclasses import asdict
from pathlib import Path

import pytest

from api.jobs import work
from api.jobs.store import JobStore
from scenarios import branches, read_scenario, running
from scenarios.execution import Plan
from tests.faults.checking import digest_of
from tests.faults.dying import die
from tests.faults.plans import CREWS, InOrder
from twin import store

UNTIL_S, AT_S = 4800, 3600  # snapshots at both
MOMENTS = {  # in the order of a run, each met by a process that goes on where the one before was killed
    "before the folder has its name": ("pathlib:Path.rename", 1, ""),
    "between the parts of a snapshot": ("twin.store:write_table", 2, "arrow"),
    "between the parts of the second snapshot": ("twin.store:write_table", 5, "arrow"),
    "between parts and snapshot": ("twin.snapshot:Writer.save", 1, ""),
    "between the halves of a snapshot": ("twin.snapshot:_write_atomically", 1, ""),
    "when the first table is merged": ("twin.store:write_table", 1, "events.parquet"),
    "before a table has its name": ("pathlib:Path.replace", 1, "series.parquet"),
    "before the run is marked done": ("twin.store:RunFolder.update_manifest", 1, "'done'"),
    "before the report": ("scenarios.running:report", 1, ""),
    "before the report has its name": ("pathlib:Path.replace", 1, "report.html"),
}


@pytest.fixture(scope="module")
def parent(tmp_path_factory):
    """A data folder with a finished run `parent`."""
    data_dir = tmp_path_factory.mktemp("parent")
    scenario = read_scenario("two-towns")
    folder = running.create(Plan.make(scenario, UNTIL_S), scenario, data_dir / "runs" / "parent", "parent")
    running.finish(folder, pool=InOrder(), with_report=False)
    return data_dir


@pytest.fixture
def claim(tmp_path):
    with JobStore(f"sqlite:///{tmp_path / 'jobs.sqlite'}") as jobs:

        def claimed(kind, payload):
            jobs.submit(kind, kind, json.loads(json.dumps(payload)), "owner")
            return jobs.claim("a worker")

        yield claimed


def left_behind(path: Path) -> list[str]:
    return [file.name for file in path.rglob("*") if ".tmp" in file.name or "damaged" in file.name]


def test_a_run_killed_at_every_moment_is_done_once(parent, claim, tmp_path):
    job = claim("run", {"plan": asdict(Plan.make(read_scenario("two-towns"), UNTIL_S))})
    for moment, where in MOMENTS.items():
        assert die(job, tmp_path, *where) == -signal.SIGKILL, moment
    result = work.carry_out(job, tmp_path, pool=InOrder())
    expected = store.RunFolder(parent / "runs" / "parent")
    folder = store.RunFolder(tmp_path / "runs" / "run")
    assert result["digest"] == digest_of(folder) == expected.manifest()["digest"]
    assert folder.frames() == expected.frames()
    assert (folder.path / "report.html").is_file()
    assert left_behind(tmp_path / "runs") == []


def test_a_fork_killed_while_it_links_its_past_is_made_again(parent, claim, tmp_path):
    shutil.copytree(parent / "runs", tmp_path / "runs")
    job = claim("fork", {"parent": "parent", "at_s": AT_S, "countermeasure": CREWS})
    for link in (1, 3, 5):
        assert die(job, tmp_path, "os:link", link) == -signal.SIGKILL
        assert not (tmp_path / "runs" / "fork").exists()
    result = work.carry_out(job, tmp_path, pool=InOrder())
    source = store.RunFolder(parent / "runs" / "parent")
    whole = branches.fork(source, AT_S, CREWS, tmp_path / "whole", "whole")
    assert result["digest"] == running.finish(whole, pool=InOrder(), with_report=False)["digest"]
    assert not list((tmp_path / "runs" / ".making").iterdir())
    assert digest_of(store.RunFolder(tmp_path / "runs" / "parent")) == source.manifest()["digest"]
