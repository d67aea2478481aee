"""A disk that can be filled up: a file system in memory whose size is set to what is used, and back again.

Needs a mount namespace of its own (`unshare --mount`), which vanishes with the processes in it. Where there is none
(`Disk.whole` is false), processes are refused longer files by a limit of the system instead.
"""

from __future__ import annotations

import os
import resource
import subprocess
import sys
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

INSIDE = "TWIN_FAULTS_NAMESPACE"
_NAMESPACE = ("unshare", "--mount", "--map-root-user", "--propagation", "private")
SIZE_BYTES = 4_000_000_000
SMALL_FILE_BYTES = 4096  # no file may grow beyond it while writing is refused


class Disk:
    """The data folder's disk."""

    def __init__(self, place: Path):
        self.place = place
        place.mkdir(parents=True, exist_ok=True)
        self.whole = INSIDE in os.environ and self._mount(f"size={SIZE_BYTES}", "-t", "tmpfs")

    def fill(self, left_bytes: int) -> bool:
        """Leave so many bytes free, and no more."""
        if not self.whole:
            return False
        for attempt in range(5):  # somebody may write meanwhile
            found = os.statvfs(self.place)
            used = (found.f_blocks - found.f_bfree) * found.f_frsize
            if self._mount(f"remount,size={used + left_bytes + attempt * 65_536}"):
                return True
        return False

    def free(self) -> None:
        """Undo `fill`."""
        if self.whole and not self._mount(f"remount,size={SIZE_BYTES}"):
            raise OSError("the file system in memory cannot be made larger again")

    def close(self) -> None:
        """Take the file system away, with all that is in it."""
        if self.whole:
            subprocess.run(["umount", "--lazy", str(self.place)], check=False, capture_output=True, timeout=30)

    def _mount(self, options: str, *more: str) -> bool:
        command = ["mount", *more, "-o", options, "tmpfs", str(self.place)]
        return subprocess.run(command, check=False, capture_output=True, timeout=30).returncode == 0


def in_namespace(command: list[str]) -> tuple[list[str], dict[str, str]]:
    """A command and its environment, inside a mount namespace of its own where the system grants one."""
    with suppress(OSError):
        if subprocess.run([*_NAMESPACE, "true"], check=False, capture_output=True, timeout=30).returncode == 0:
            return [*_NAMESPACE, *command], {**os.environ, INSIDE: "1"}
    return command, dict(os.environ)


def limit_files(pids: Iterable[int], most_bytes: int | None) -> int:
    """Refuse these processes files longer than this (None: no limit again); returns how many were reached."""
    reached = 0
    for pid in pids:
        with suppress(OSError):
            hard = resource.prlimit(pid, resource.RLIMIT_FSIZE)[1]
            resource.prlimit(pid, resource.RLIMIT_FSIZE, (hard if most_bytes is None else most_bytes, hard))
            reached += 1
    return reached


def enter_namespace(module: str, arguments: list[str]) -> None:
    """Start this program again inside a namespace, if the system grants one and this is not it."""
    if INSIDE not in os.environ:
        command, given = in_namespace([sys.executable, "-m", module, *arguments])
        if len(command) > len(arguments) + 3:
            os.execvpe(command[0], command, given)
