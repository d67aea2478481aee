"""What must hold when all faults are over."""

from __future__ import annotations

import sqlite3
from collections import Counter
from collections.abc import Iterator
from hashlib import blake2b
from pathlib import Path
from typing import Any

import pyarrow as pa

from api.audit import inspect
from api.jobs.records import DONE
from api.jobs.schema import default_url
from api.jobs.store import JobStore
from tests.faults.asking import Asked
from twin import store
from twin.errors import StoreError


def problems(data_dir: Path, asked: list[Asked]) -> list[str]:
    """Everything that is wrong with a data folder whose server has stopped; empty when all is well."""
    found = [*_of_database(data_dir)]
    with JobStore(default_url(data_dir)) as jobs:
        found += _of_jobs(jobs, asked)
    for one in asked:
        found += [f"{one.run_id}: {text}" for text in _of_folder(data_dir / "runs" / one.run_id, one)]
    found += _of_leftovers(data_dir, asked)
    return [*found, *_of_audit(data_dir, asked)]


def setbacks(data_dir: Path) -> dict[str, int]:
    """Most attempts of one job, and how many jobs needed more than one."""
    with JobStore(default_url(data_dir)) as jobs:
        attempts = [job.attempt for job in jobs.page(1000)[0]]
    return {"most_attempts": max(attempts, default=0), "more_than_one": sum(one > 1 for one in attempts)}


def digest_of(folder: store.RunFolder) -> str:
    """The digest, from the files as they are read back."""
    hasher = blake2b(digest_size=16)
    for table in (folder.series(), folder.events()):
        store._digest(table, hasher)
    return hasher.hexdigest()


def _of_database(data_dir: Path) -> Iterator[str]:
    try:
        connection = sqlite3.connect(data_dir / "jobs.sqlite", timeout=1.0, isolation_level=None)
        try:
            connection.execute("BEGIN IMMEDIATE")
            connection.execute("ROLLBACK")
            told = connection.execute("PRAGMA integrity_check").fetchone()[0]
            if told != "ok":
                yield f"database: {told}"
        finally:
            connection.close()
    except sqlite3.Error as error:
        yield f"database: {error}"


def _of_jobs(jobs: JobStore, asked: list[Asked]) -> Iterator[str]:
    listed = {job.run_id: job for job in jobs.page(1000)[0]}
    ids = [one.run_id for one in asked]
    if len(set(ids)) != len(ids):
        yield f"two keys gave one run: {Counter(ids).most_common(3)}"
    for run_id in set(listed) ^ set(ids):
        yield f"{run_id}: {'no client asked for it' if run_id in listed else 'accepted, and not in the queue'}"
    for one in asked:
        job = listed.get(one.run_id)
        if job is None:
            continue
        if (job.state, job.digest, job.worker, job.wish) != (DONE, one.expected.digest, "", ""):
            yield f"{job.run_id}: {job.state}, digest {job.digest}, held by '{job.worker}', {job.message}"
        told = jobs.events_after(job.run_id, 0, 1000)
        states = [event.data["status"] for event in told if event.kind == "status"]
        if [event.seq for event in told] != list(range(1, len(told) + 1)):
            yield f"{job.run_id}: events are missing or doubled"
        if states.count(DONE) != 1 or states[-1] != DONE or states.count("running") != job.attempt:
            yield f"{job.run_id}: {job.attempt} attempts, but told {states}"


def _of_folder(path: Path, one: Asked) -> Iterator[str]:
    try:
        folder = store.RunFolder.open(path)
        manifest, series, events = folder.manifest(), folder.series(), folder.events()
        found = digest_of(folder)
    except StoreError as error:
        yield str(error)
        return
    if (manifest["status"], manifest["digest"]) != ("done", one.expected.digest):
        yield f"manifest: {manifest['status']}, {manifest.get('digest')}, expected {one.expected.digest}"
    if found != one.expected.digest:
        yield f"tables have digest {found}, expected {one.expected.digest}"
    yield from _doubled(series, ["time_s", "quantity", "area", "member", "kind", "label"], "series")
    yield from _doubled(events, ["id", "member"], "events")
    if not (path / "report.html").is_file():
        yield "no report"
    frames, expected = (
        {member: one_of.frames(member) for member in range(manifest["members"])}
        for one_of in (folder, one.expected.reference)
    )
    if frames != expected:
        yield "frames are missing or doubled"
    for file in path.rglob("*"):
        if ".tmp" in file.name or file.name.startswith("damaged"):
            yield f"left behind: {file.relative_to(path)}"


def _doubled(table: pa.Table, keys: list[str], name: str) -> Iterator[str]:
    plain = pa.table({key: table[key].cast(pa.string()) for key in keys})
    doubled = len(plain) - len(plain.group_by(keys).aggregate([]))
    if doubled:
        yield f"{doubled} doubled rows of {name}"


def _of_leftovers(data_dir: Path, asked: list[Asked]) -> Iterator[str]:
    known = {one.run_id for one in asked}
    for path in (data_dir / "runs").glob("*"):
        if path.name in (".making", ".deleted"):
            yield from (f"left behind: {path.name}/{inner.name}" for inner in path.iterdir())
        elif path.name not in known:
            yield f"a run nobody asked for: {path.name}"


def _of_audit(data_dir: Path, asked: list[Asked]) -> Iterator[str]:
    chain = inspect(data_dir / "audit.log")
    if chain.first_broken is not None or chain.torn:
        yield f"audit log: line {chain.first_broken} of {chain.lines} does not fit its chain (torn: {chain.torn})"
    if chain.lines < len(asked) / 2:
        yield f"audit log: {chain.lines} lines for {len(asked)} accepted runs"


def as_text(told: dict[str, Any]) -> str:
    """Figures in one line."""
    return ", ".join(f"{name} {value}" for name, value in told.items())
