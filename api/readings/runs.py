"""Run folders as readers see them: found by id, with their manifest and what tells whether anything has changed."""

from __future__ import annotations

import re
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Hashable
from dataclasses import dataclass
from datetime import datetime
from hashlib import blake2b
from pathlib import Path
from typing import Any, Generic, TypeVar

from api.readings.asking import NotThere
from scenarios.schema import Scenario
from twin.errors import StoreError
from twin.store import RunFolder, parts

RUN_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9-]{0,120}")
SORTS = ("series", "events", "frames")
# a run under way is looked at again after this long, so that a large one is not read again for every caller
LOOK_AGAIN_S, LOOK_AGAIN_PER_MEMBER_S = 0.4, 0.1
SETTLED_NS = 100_000_000
Content = TypeVar("Content")


class Kept(Generic[Content]):
    """The last few results of a costly reading, by key; the one unused for longest goes first.

    Safe among threads: of several that ask for the same at once, one makes it and the others wait.
    """

    def __init__(self, most: int):
        self._most, self._lock = most, threading.Lock()
        self._found: OrderedDict[Hashable, Content] = OrderedDict()
        self._making: dict[Hashable, threading.Lock] = {}

    def get(self, key: Hashable, make: Callable[[], Content]) -> Content:
        """What was kept under a key, else what `make` returns."""
        with self._lock:
            if key in self._found:
                self._found.move_to_end(key)
                return self._found[key]
            making = self._making.setdefault(key, threading.Lock())
        with making:
            found = self.peek(key)
            return self._keep(key, make) if found is None else found

    def peek(self, key: Hashable) -> Content | None:
        """What was kept under a key, if anything."""
        with self._lock:
            return self._found.get(key)

    def _keep(self, key: Hashable, make: Callable[[], Content]) -> Content:
        try:
            content = make()
        except BaseException:
            with self._lock:
                self._making.pop(key, None)
            raise
        with self._lock:
            self._found[key] = content
            self._making.pop(key, None)
            while len(self._found) > self._most:
                self._found.popitem(last=False)
        return content


@dataclass(frozen=True)
class OpenRun:
    """A run at one moment. version: changes whenever its results do."""

    run_id: str
    folder: RunFolder
    manifest: dict[str, Any]
    version: str

    @property
    def done(self) -> bool:
        """Whether the run is finished, so that its results never change again."""
        return self.manifest.get("status") == "done"

    @property
    def members(self) -> int:
        """Number of members planned."""
        return int(self.manifest.get("members", 1))

    @property
    def start(self) -> datetime:
        """Instant of second 0."""
        return datetime.fromisoformat(self._told("start"))

    @property
    def scenario_path(self) -> str:
        """File of the scenario the run was made from."""
        return self._told("plan", "scenario")

    @property
    def scenario(self) -> Scenario:
        """The scenario of the run, read once."""
        from api.geometry import place_of

        return place_of(self.scenario_path).scenario

    def _told(self, *names: str) -> str:
        """A text of the manifest. Raises StoreError where it is missing."""
        found: Any = self.manifest
        for name in names:
            found = found.get(name) if isinstance(found, dict) else None
        if not isinstance(found, str):
            raise StoreError(f"the manifest of run '{self.run_id}' is damaged: it does not tell its {names[-1]}")
        return found

    def member_place(self, member: int) -> Path:
        """Where a member keeps parts and snapshots; looking does not create it."""
        return self.folder.path / "snapshots" / f"member-{member:03d}"

    def parts(self, name: str, member: int) -> list[Path]:
        """Part files of a member (`series`, `events` or `frames`), in order of time."""
        return _listed(self.member_place(member)).get(name, [])


_LISTS: Kept[dict[str, list[Path]]] = Kept(4096)
_MANIFESTS: Kept[dict[str, Any]] = Kept(256)
_VERSIONS: Kept[str] = Kept(256)


def find(data_dir: Path, run_id: str) -> OpenRun:
    """The run of an id. Raises NotThere for an unknown id or one that is no id at all."""
    if not RUN_ID.fullmatch(run_id):
        raise NotThere("no run has such an id: ids are made of letters, digits and hyphens")
    folder = RunFolder(data_dir / "runs" / run_id)
    if folder.path.is_symlink():  # it may lead anywhere
        raise NotThere(f"there is no run '{run_id}'; GET /v1/runs lists the runs there are")
    try:
        stat = (folder.path / "manifest.json").stat()
        seen = (str(folder.path), stat.st_mtime_ns, stat.st_size, stat.st_ino)
        manifest = _MANIFESTS.get(seen, folder.manifest)
    except (FileNotFoundError, NotADirectoryError):
        raise NotThere(f"there is no run '{run_id}'; GET /v1/runs lists the runs there are") from None
    except OSError as error:
        raise StoreError(f"run '{run_id}' cannot be read: {error.strerror}") from None
    if manifest.get("status") == "done":
        return OpenRun(run_id, folder, manifest, f"{run_id}:{manifest.get('digest', '')}")
    tick = int(time.monotonic() / (LOOK_AGAIN_S + LOOK_AGAIN_PER_MEMBER_S * int(manifest.get("members", 1))))
    version = _VERSIONS.get((seen, tick), lambda: _version(OpenRun(run_id, folder, manifest, "")))
    return OpenRun(run_id, folder, manifest, version)


def changed_ns(place: Path) -> int:
    """Tells whether a folder has gained or lost a file: when it last did, 0 if there is no folder.

    A folder that changed just now may change again within the same tick of the file system's clock; it gets a number
    of its own each time.
    """
    try:
        changed = place.stat().st_mtime_ns
    except OSError:
        return 0
    return changed if abs(time.time_ns() - changed) > SETTLED_NS else -time.monotonic_ns()


def _version(run: OpenRun) -> str:
    """Changes with every part that appears or goes."""
    seen = [changed_ns(run.member_place(member)) for member in range(run.members)]
    told = blake2b(repr(seen).encode(), digest_size=8).hexdigest()
    return f"{run.run_id}:{run.manifest.get('status')}:{told}"


def _listed(place: Path) -> dict[str, list[Path]]:
    """Parts of a member's folder by their sort, listed again only after the folder has changed."""
    return _LISTS.get((place, changed_ns(place)), lambda: {name: parts(place, name) for name in SORTS})
