"""Which process holds a job: an id that outlives a server, and what the operating system says about it.

An id names the place (a boot of a machine, a container), the process, and the tick of its start, so that another
process that got the same number later is not taken for it. Of processes elsewhere nothing is known but their beats.
"""

from __future__ import annotations

import os
import signal
import socket
import time
from contextlib import suppress
from hashlib import blake2b
from pathlib import Path

MARK = "TWIN_JOB_WORKER"  # environment variable of a worker and all its member processes
_PROC = Path("/proc")
_START_TICK, _STATE, _GROUP = 19, 0, 2  # fields of /proc/PID/stat after the name, see proc(5)


def own_id(lane: str = "") -> str:
    """The id of this process as a holder of jobs."""
    pid = os.getpid()
    return ":".join((_place(), str(pid), _started(pid), lane))


def pid_of(worker: str) -> int | None:
    """Process number of a holder at this place; None for one elsewhere, or an id of another form."""
    place, _, rest = worker.partition(":")
    number = rest.partition(":")[0]
    return int(number) if place == _place() and number.isdigit() else None


def is_gone(worker: str) -> bool:
    """Whether the operating system says that this holder's process has ended. False where it cannot know."""
    pid = pid_of(worker)
    if pid is None:
        return False
    fields = _stat(pid)
    if fields is None:
        return not _exists(pid)
    return fields[_STATE] in "ZX" or fields[_START_TICK] != worker.split(":")[2]


def end_group(worker: str, wait_s: float = 5.0) -> None:
    """Kill what is left of a holder's process group, itself included, and wait until it is gone.

    A worker leads a group of its own. Only processes that carry its mark are touched, so nobody else's is.
    """
    pid = pid_of(worker)
    if pid is None:
        return
    deadline = time.monotonic() + wait_s
    while (left := _members(pid)) and time.monotonic() < deadline:
        for one in left:
            with suppress(ProcessLookupError, PermissionError):
                os.kill(one, signal.SIGKILL)
        time.sleep(0.02)


def _members(group: int) -> list[int]:
    """Living processes of a group of ours. Without /proc: none, they notice by themselves that their parent is gone."""
    found = []
    for folder in _PROC.glob("[0-9]*"):
        pid = int(folder.name)
        fields = _stat(pid)
        if fields is None or fields[_STATE] in "ZX" or fields[_GROUP] != str(group):
            continue
        with suppress(OSError):
            if f"{MARK}=".encode() in (folder / "environ").read_bytes():
                found.append(pid)
    return found


def _place() -> str:
    """This boot of this machine and, inside it, this container; without /proc the name of the host."""
    parts = []
    with suppress(OSError):
        parts.append((_PROC / "sys/kernel/random/boot_id").read_text())
        parts.append(str((_PROC / "self/ns/pid").stat().st_ino))
    return blake2b("\n".join(parts or [socket.gethostname()]).encode(), digest_size=6).hexdigest()


def _started(pid: int) -> str:
    fields = _stat(pid)
    return fields[_START_TICK] if fields else ""


def _stat(pid: int) -> list[str] | None:
    try:
        return (_PROC / str(pid) / "stat").read_text().rpartition(")")[2].split()
    except OSError:
        return None


def _exists(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
