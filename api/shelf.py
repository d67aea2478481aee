"""The runs there are, as the API shows them: jobs of this server, and folders the command line left beside them."""

from __future__ import annotations

import re
import shutil
import threading
import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from api.jobs.errors import ConflictError, NotFoundError
from api.jobs.records import STATES, UNFINISHED, Job
from api.jobs.store import JobStore
from api.jobs.work import ranking_of, remove_folder
from api.problems import Problem, scrub
from api.schemas import RUN_ID
from api.settings import Settings
from twin.errors import StoreError
from twin.store import RunFolder

LOOK_AGAIN_S = 1.0
MOST_FORKS = 1000
NEEDED = {"scenario", "members", "seed", "until_s", "start"}
Shown = dict[str, Any]
Place = tuple[int, str, str]


class Shelf:
    """Finds, lists and removes runs. A run is known by its id alone; no text of a caller ever becomes a path."""

    def __init__(self, settings: Settings, jobs: JobStore):
        self.settings, self.jobs = settings, jobs
        self.changed: Callable[[], None] = lambda: None  # called after whatever this server changes
        self._lock = threading.Lock()
        self._manifests: dict[str, tuple[tuple[int, int], dict[str, Any]]] = {}
        self._of_jobs: set[str] = set()  # ids that are or were jobs: their folders are never strays
        self._strays: list[Shown] = []
        self._looked = -LOOK_AGAIN_S

    def folder(self, run_id: str) -> RunFolder:
        """The folder of a run. Raises Problem `not-found`, or `conflict` while its worker has not made it yet."""
        path = self._path(run_id)
        if path is not None and (path / "manifest.json").is_file() and not self._hidden(run_id):
            return RunFolder(path)
        if self.job(run_id) is not None:
            raise Problem("conflict", f"run '{run_id}' has not begun yet; its progress tells when")
        raise _no_run(run_id)

    def job(self, run_id: str) -> Job | None:
        """The job of a run, None for a run of the command line and for no run at all."""
        try:
            return self.jobs.get(run_id)
        except NotFoundError:
            return None

    def show(self, run_id: str) -> Shown:
        """One run. Raises Problem `not-found`."""
        job = self.job(run_id)
        if job is not None:
            return self.show_job(job)
        manifest = self.manifest(run_id)
        if manifest is None or self._hidden(run_id):
            raise _no_run(run_id)
        return self._show_stray(run_id, manifest)

    def show_job(self, job: Job) -> Shown:
        """A job as a run. What its folder would tell lies in the payload, so that no file is opened."""
        self._of_jobs.add(job.run_id)
        about = dict(job.payload.get("shown") or {})
        parent = job.payload.get("parent")
        if job.kind == "rank":
            about = dict(self.manifest(parent) or {})
        members = job.payload.get("most_members") if job.kind == "rank" else about.get("members")
        done = job.state == "done"
        return {
            "run_id": job.run_id,
            "kind": job.kind,
            "scenario": about.get("scenario"),
            "status": job.state,
            "members": members,
            "seed": about.get("seed"),
            "until_s": about.get("until_s"),
            "start": about.get("start"),
            "created": _instant(job.created),
            "finished": _instant(job.finished),
            "now_s": about.get("until_s") if done and job.kind != "rank" else job.now_s,
            "progress": 1.0 if done else min(max(job.progress, 0.0), 1.0),
            "parent": parent,
            "forked_at_s": job.payload.get("at_s"),
            "countermeasure": job.payload.get("countermeasure") or about.get("countermeasure"),
            "digest": job.digest,
            "draws": None if job.kind == "rank" else _draws(members),
            "message": scrub(job.message, self.settings.data_dir),
            "links": _links(job.run_id, job.kind, done, parent),
        }

    def rank(self, run_id: str) -> Shown:
        """A ranking with its result, null until it is there. Raises Problem `not-found`."""
        job = self.job(run_id)
        if job is None or job.kind != "rank":
            raise Problem("not-found", f"there is no ranking '{run_id}'")
        result = ranking_of(self.settings.data_dir, run_id) if job.state == "done" else job.result
        return {**self.show_job(job), "result": result}

    def page(self, limit: int, before: Place | None) -> tuple[list[Shown], Place | None]:
        """Runs, newest first, after a place (number of the last job, instant and id of the last stray)."""
        number, *last = before or (0, "~", "~")
        jobs, more = self.jobs.page(limit, str(number) if number else None) if number >= 0 else ([], None)
        strays = [run for run in self.strays() if (run["created"] or "", run["run_id"]) < tuple(last)]
        rows = [(self.show_job(job), job.number) for job in jobs]
        both = sorted(
            [*rows, *((run, 0) for run in strays[:limit])], key=lambda row: row[0]["created"] or "", reverse=True
        )
        taken = both[:limit]
        numbers = [one for _, one in taken if one]
        left = [run for run, one in taken if not one]
        spent = more is None and len(numbers) == len(rows)
        number = -1 if spent else (numbers[-1] if numbers else number)
        if left:
            last = [left[-1]["created"] or "", left[-1]["run_id"]]
        rest = not spent or len(strays) > len(left)
        return [run for run, _ in taken], (number, last[0], last[1]) if rest and taken else None

    def forks(self, run_id: str) -> list[Shown]:
        """Branches of a run, newest first."""
        jobs = [job for job in self.jobs.page(MOST_FORKS, kind="fork")[0] if job.payload.get("parent") == run_id]
        strays = [run for run in self.strays() if run["parent"] == run_id]
        return sorted([*map(self.show_job, jobs), *strays], key=lambda run: run["created"] or "", reverse=True)

    def remove(self, run_id: str) -> None:
        """Delete a run with everything it made; one a worker still holds goes as soon as the worker lets go.

        Raises Problem `not-found` (also for the second of two) or `conflict`.
        """
        job = self.job(run_id)
        if job is None:
            self._remove_stray(run_id)
        else:
            self._of_jobs.add(run_id)
            if self.jobs.delete(run_id):
                remove_folder(self.settings.data_dir, job.kind, run_id)
                self.jobs.forget(run_id)
        self._looked = -LOOK_AGAIN_S
        self.changed()

    def _remove_stray(self, run_id: str) -> None:
        manifest = self.manifest(run_id)
        if manifest is None or self._hidden(run_id):
            raise _no_run(run_id)
        if manifest.get("status") == "running":
            raise Problem("conflict", f"run '{run_id}' goes on at the command line; resume and cancel it here first")
        self._refuse_with_branches(run_id)
        path = self.settings.runs_dir / run_id
        aside = path.with_name(f".deleted-{run_id}")
        try:
            path.rename(aside)
        except FileNotFoundError:
            raise _no_run(run_id) from None
        except OSError as error:
            raise StoreError(f"run '{run_id}' cannot be removed: {error.strerror}") from error
        shutil.rmtree(aside, ignore_errors=True)

    def cancel(self, run_id: str) -> Job:
        """Stop a run. Raises Problem `conflict` for one of the command line, which no worker of this server holds."""
        if self.job(run_id) is None and self.manifest(run_id) is not None and not self._hidden(run_id):
            raise Problem("conflict", f"run '{run_id}' was made at the command line; stop it there")
        job = self.jobs.cancel(run_id)
        self.changed()
        return job

    def without_paths(self, data: Mapping[str, Any]) -> dict[str, Any]:
        """What a worker told, without the names of its files."""
        place = self.settings.data_dir
        return {name: scrub(value, place) if isinstance(value, str) else value for name, value in data.items()}

    def adopted(self, run_id: str) -> None:
        """From now on this run is a job."""
        with self._lock:
            self._of_jobs.add(run_id)
            self._looked = -LOOK_AGAIN_S
        self.changed()

    def manifest(self, run_id: str | None) -> dict[str, Any] | None:
        """The manifest of a run, read again only when it changed; None if there is none that can be read."""
        path = self._path(run_id or "")
        if path is None:
            return None
        try:
            found = (path / "manifest.json").stat()
            seen = (found.st_mtime_ns, found.st_size)
            kept = self._manifests.get(str(run_id))
            if kept is None or kept[0] != seen:
                kept = self._manifests[str(run_id)] = seen, _whole(RunFolder(path).manifest())
            return kept[1]
        except (OSError, StoreError):
            self._manifests.pop(str(run_id), None)
            return None

    def strays(self) -> list[Shown]:
        """Runs without a job, newest first; looked up again once a second."""
        with self._lock:
            if time.monotonic() - self._looked >= LOOK_AGAIN_S:
                self._strays = sorted(self._look(), key=lambda run: (run["created"] or "", run["run_id"]), reverse=True)
                self._looked = time.monotonic()
            return self._strays

    def _look(self) -> list[Shown]:
        try:
            names = [entry.name for entry in self.settings.runs_dir.iterdir()]
        except OSError:
            return []
        found = []
        for run_id in names:
            manifest = None if run_id in self._of_jobs else self.manifest(run_id)
            if manifest is None:
                continue
            if self.job(run_id) is not None:
                self._of_jobs.add(run_id)
            else:
                found.append(self._show_stray(run_id, manifest))
        return found

    def _path(self, run_id: str) -> Path | None:
        """Folder of an id inside the folder of runs; None for anything that is no id, or leads outside."""
        if not re.fullmatch(RUN_ID, run_id):
            return None
        path = self.settings.runs_dir / run_id
        return None if path.is_symlink() else path

    def _hidden(self, run_id: str) -> bool:
        """Whether a folder is left over from a job that was deleted."""
        return run_id in self._of_jobs and self.job(run_id) is None

    def _refuse_with_branches(self, run_id: str) -> None:
        for state in UNFINISHED:
            for job in self.jobs.page(MOST_FORKS, state=state)[0]:
                if job.payload.get("parent") == run_id:
                    raise ConflictError(
                        f"the run '{job.run_id}' starts from this one and has not ended; cancel it first"
                    )

    def _show_stray(self, run_id: str, manifest: Mapping[str, Any]) -> Shown:
        status = manifest.get("status")
        status, done = status if status in STATES else "failed", status == "done"
        keys = ("scenario", "members", "seed", "until_s", "start", "created", "finished", "parent", "forked_at_s")
        record, created = manifest.get("countermeasure"), manifest.get("created")
        return {
            "run_id": run_id,
            "kind": "fork" if manifest.get("parent") else "run",
            "status": status,
            **{key: manifest.get(key) for key in keys},
            "created": created if isinstance(created, str) else None,
            "now_s": manifest.get("until_s") if done else None,
            "progress": 1.0 if done else None,
            "countermeasure": record if isinstance(record, dict) and record else None,
            "digest": manifest.get("digest"),
            "draws": manifest.get("draws"),
            "message": "",
            "links": _links(run_id, "run", done, manifest.get("parent")),
        }


def _whole(manifest: dict[str, Any]) -> dict[str, Any]:
    """The manifest itself. Raises StoreError for one without what every run tells."""
    if not isinstance(manifest.get("plan"), dict) or not manifest.keys() >= NEEDED:
        raise StoreError("the manifest is damaged")
    return manifest


def _links(run_id: str, kind: str, done: bool, parent: str | None) -> dict[str, str]:
    here = f"/v1/runs/{run_id}"
    links = {"self": here, "progress": f"{here}/progress"}
    if kind == "rank":
        links["result"] = f"/v1/ranks/{run_id}"
    else:
        names = ("series", "frames", "events", "forks", *(["report"] if done else []))
        links.update({name: f"{here}/{name}" for name in names})
    if parent:
        links["parent"] = f"/v1/runs/{parent}"
    return links


def _draws(members: int | None) -> str | None:
    return None if members is None else "one draw" if members == 1 else f"{members} members"


def _instant(unix_s: float | None) -> str | None:
    return None if unix_s is None else datetime.fromtimestamp(unix_s, UTC).isoformat(timespec="seconds")


def _no_run(run_id: str) -> Problem:
    return Problem("not-found", f"there is no run '{run_id[:121]}'; GET /v1/runs lists the runs there are")
