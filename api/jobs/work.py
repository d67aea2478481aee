"""What a job does: a run, a fork or a ranking, from wherever its folder shows it was left.

A folder appears whole or not at all (made aside, then renamed). A folder that is done is not worked at again, so a
job whose worker died between the last byte and the last word still gives one result.
"""

from __future__ import annotations

import fcntl
import json
import os
import shutil
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, Protocol

from api.jobs.errors import BusyError, NotFoundError
from api.jobs.records import Job, packed
from twin import store
from twin.errors import StoreError

Progress = Callable[[int, int, tuple[str, str] | None], None]
RESULT, SO_FAR = "rank.json", "so-far.json"
OPTIONS = ("objective", "until_s", "most_members", "budget")  # of a ranking, see ranking.rank
_FROM_MANIFEST = ("digest", "wall_s", "members", "until_s", "draws")


class Meter(Protocol):
    """Told how much of a job there is and how much is done, for its progress from 0 to 1."""

    def expect(self, members: int, until_s: int) -> None:
        """So many members run to this simulated second."""

    def share(self, done: float) -> None:
        """This share is done, where it does not follow from simulated time."""


def carry_out(
    job: Job,
    data_dir: Path,
    progress: Progress | None = None,
    stop: Callable[[], bool] = lambda: False,
    pool: Any = None,
    meter: Meter | None = None,
) -> dict[str, Any]:
    """Do a job to its end and return its result, with the digest where there is one.

    Payloads: run {"plan": asdict(Plan)}; fork {"parent", "at_s", "countermeasure", "members"?, "until_s"?}; rank
    {"parent", "at_s", "candidates", and any of OPTIONS}; other fields are left alone. Raises Interrupted when stop()
    turned true, BusyError while another process holds the folder, StoreError if the disk refuses, any other TwinError
    for a job that cannot be done.
    """
    with _alone(data_dir, job.run_id):
        if job.kind == "rank":
            return _rank(job, data_dir, meter, stop, pool)
        folder = _folder(job, data_dir)
        if meter:
            manifest = folder.manifest()
            meter.expect(manifest["members"], manifest["until_s"])
        from scenarios import running

        manifest = running.finish(folder, progress=progress, stop=stop, pool=pool)
        if not (folder.path / "report.html").is_file():  # cut short between the last byte of the run and its report
            running.report(folder)
        return {name: manifest.get(name) for name in _FROM_MANIFEST}


def folder_of(data_dir: Path, kind: str, run_id: str) -> Path:
    """Where a job keeps what it makes."""
    return data_dir / ("ranks" if kind == "rank" else "runs") / run_id


def ranking_of(data_dir: Path, run_id: str) -> dict[str, Any] | None:
    """The answer of a ranking: the last one, or while it goes on the one so far; None before the first."""
    for name in (RESULT, SO_FAR):
        with suppress(OSError, ValueError):
            return dict(json.loads((folder_of(data_dir, "rank", run_id) / name).read_text(encoding="utf-8")))
    return None


def remove_folder(data_dir: Path, kind: str, run_id: str) -> None:
    """Remove what a deleted job made, in one step for whoever looks; again on nothing does nothing.

    Raises BusyError while a worker still writes there, StoreError if the disk refuses.
    """
    with _alone(data_dir, run_id):
        place, aside = folder_of(data_dir, kind, run_id), data_dir / "runs" / ".deleted" / run_id
        try:
            shutil.rmtree(aside, ignore_errors=True)
            if place.exists():
                aside.parent.mkdir(parents=True, exist_ok=True)
                place.rename(aside)
            shutil.rmtree(aside, ignore_errors=True)
            shutil.rmtree(_making(data_dir, run_id), ignore_errors=True)
        except OSError as error:
            raise StoreError(f"cannot remove the folder of '{run_id}': {error.strerror}") from None
    with suppress(OSError):
        _lock(data_dir, run_id).unlink()


def _folder(job: Job, data_dir: Path) -> store.RunFolder:
    """The folder of a run or fork, made if it is not there."""
    place = folder_of(data_dir, job.kind, job.run_id)
    if not (place / "manifest.json").is_file():
        making = _making(data_dir, job.run_id)
        try:
            shutil.rmtree(making, ignore_errors=True)
            shutil.rmtree(place, ignore_errors=True)  # without a manifest it holds no run
            making.parent.mkdir(parents=True, exist_ok=True)
            _make(job, data_dir, making)
            making.rename(place)
        except OSError as error:
            raise StoreError(f"cannot create the folder of '{job.run_id}': {error.strerror}") from error
    return store.RunFolder(place)


def _make(job: Job, data_dir: Path, place: Path) -> None:
    if job.kind == "run":
        from scenarios import read_scenario, running
        from scenarios.execution import Plan

        plan = Plan.of(job.payload)
        running.create(plan, read_scenario(plan.scenario), place, job.run_id)
    else:
        from scenarios import branches

        asked = {name: job.payload.get(name) for name in ("members", "until_s")}
        parent = _parent(data_dir, job.payload)
        branches.fork(parent, job.payload["at_s"], job.payload["countermeasure"], place, job.run_id, **asked)


def _rank(job: Job, data_dir: Path, meter: Meter | None, stop: Callable[[], bool], pool: Any) -> dict[str, Any]:
    """A ranking; its result is one file, written last and in one step."""
    folder = store.RunFolder(folder_of(data_dir, "rank", job.run_id))
    if not (folder.path / RESULT).is_file():
        from scenarios import ranking

        options = {name: job.payload[name] for name in OPTIONS if name in job.payload}

        def tell(answer: Mapping[str, Any]) -> None:
            folder.write_text(SO_FAR, packed(answer))
            if meter:
                budget = options.get("budget") or answer["members_equal_allocation"] / 2
                meter.share(min(answer["members_used"] / max(budget, 1), 1.0))

        parent = _parent(data_dir, job.payload)
        measures = job.payload["at_s"], job.payload["candidates"]
        folder.path.mkdir(parents=True, exist_ok=True)
        result = ranking.rank(parent, *measures, folder.path, tell=tell, stop=stop, pool=pool, **options)
        folder.write_text(RESULT, packed(result))
    return ranking_of(data_dir, job.run_id) or {}


def _parent(data_dir: Path, payload: Mapping[str, Any]) -> store.RunFolder:
    try:
        return store.RunFolder.open(folder_of(data_dir, "run", payload["parent"]))
    except StoreError:
        raise NotFoundError(f"the run '{payload['parent']}' to start from has no folder") from None


def _making(data_dir: Path, run_id: str) -> Path:
    return data_dir / "runs" / ".making" / run_id


def _lock(data_dir: Path, run_id: str) -> Path:
    return data_dir / "locks" / run_id


@contextmanager
def _alone(data_dir: Path, run_id: str) -> Iterator[None]:
    """Hold the folder of a job: the system frees it when this process ends, however it ends.

    Raises BusyError while another process holds it: a worker given up as silent may wake up again.
    """
    path = _lock(data_dir, run_id)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        file = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    except OSError as error:
        raise StoreError(f"cannot lock '{run_id}': {error.strerror}") from error
    try:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            if os.fstat(file).st_ino != path.stat().st_ino:  # removed and made anew since it was opened
                raise BlockingIOError
        except OSError:
            raise BusyError(f"another process still holds '{run_id}'") from None
        yield
    finally:
        os.close(file)
