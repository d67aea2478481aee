"""Files that must outlive a power cut, and folders that belong to one process at a time."""

from __future__ import annotations

import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from twin.errors import StoreError

MOST_WAIT_S, WAIT_S = 120.0, 0.1  # for another process to let go of a folder


@contextmanager
def alone(folder: Path) -> Iterator[None]:
    """Hold a member's folder; the system lets go of it when this process ends, however it ends.

    A process whose parent was killed still writes its last snapshot: it is waited for. Raises StoreError when another
    one keeps at work there, or the disk refuses.
    """
    try:
        lock = (folder / ".lock").open("a")
    except OSError as error:
        raise StoreError(f"cannot lock {folder}: {error.strerror}; free disk space, then `twin resume`") from None
    with lock:
        for _ in range(round(MOST_WAIT_S / WAIT_S)):
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                time.sleep(WAIT_S)
        else:
            raise StoreError(f"another process works at {folder}; wait until it has stopped")
        yield


def settle(path: Path) -> None:
    """Return once a file's content, or the names in a folder, outlive a power cut: later files promise them."""
    file = os.open(path, os.O_RDONLY)
    try:
        os.fsync(file)
    finally:
        os.close(file)
