"""Results of costly computations, kept on disk by the content of what they were computed from.

A key is the digest of everything a result depends on, so a result is never out of date: another input is another
key. Only arrays are kept. Where no folder is set, where the disk is full or a file is damaged, things are computed.
"""

from __future__ import annotations

import os
import tempfile
import zlib
from collections.abc import Callable
from contextlib import suppress
from hashlib import blake2b
from pathlib import Path
from typing import Any

import numpy as np

Array = np.ndarray
LIMIT_BYTES = 2_000_000_000
SWEEP_EVERY = 200  # files written between two looks at the folder's size
VERSION = 1  # part of every key: raise it when a computation that is kept changes

_FOLDER: list[Path] = []
_WRITTEN = [0]


def use(folder: str | Path | None) -> None:
    """Keep results of this process in `folder` (made if missing); None or "": keep nothing."""
    _FOLDER.clear()
    if folder:
        _FOLDER.append(Path(folder))


def key(*parts: Any) -> str:
    """Digest of arrays, texts, bytes, numbers, None, and tuples or lists of these; arrays count with type and shape.

    Raises TypeError for anything else, so that nothing is left out unnoticed.
    """
    h = blake2b(f"{VERSION}".encode(), digest_size=16)
    _feed(h, parts)
    return h.hexdigest()


def remembered(name: str, compute: Callable[[], Array]) -> Array:
    """The array kept under `name` (from `key`), else computed and kept; read-only."""
    kept = _read(name)
    if kept is None:
        kept = np.ascontiguousarray(compute())
        _write(name, kept)
    kept.setflags(write=False)
    return kept


def _feed(h: Any, value: Any) -> None:
    if isinstance(value, np.ndarray):
        h.update(f"array{value.dtype.str}{value.shape}".encode() + np.ascontiguousarray(value).tobytes())
    elif isinstance(value, (tuple, list)):
        h.update(f"list{len(value)}".encode())
        for part in value:
            _feed(h, part)
    elif value is None or isinstance(value, (str, bytes, bool, int, float, np.generic)):
        raw = value if isinstance(value, bytes) else repr(value).encode()
        h.update(f"{type(value).__name__}{len(raw)}".encode() + raw)
    else:
        raise TypeError(f"a {type(value).__name__} cannot be part of a key")


def _path(name: str) -> Path | None:
    return _FOLDER[0] / name[:2] / f"{name}.npy" if _FOLDER else None


def _read(name: str) -> Array | None:
    path = _path(name)
    if path is None:
        return None
    with suppress(OSError, ValueError, EOFError), path.open("rb") as file:
        kept: Array = np.load(file, allow_pickle=False)
        if int(np.load(file, allow_pickle=False)) == zlib.crc32(kept.data):
            with suppress(OSError):
                os.utime(path)  # the sweep drops what was not used for longest
            return kept
    return None


def _write(name: str, array: Array) -> None:
    """Beside the place first, then renamed: a reader never sees half a file."""
    path = _path(name)
    if path is None:
        return
    with suppress(OSError):
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, beside = tempfile.mkstemp(dir=path.parent)
        try:
            with os.fdopen(handle, "wb") as file:
                np.save(file, array)
                np.save(file, np.array(zlib.crc32(array.data)))
            os.replace(beside, path)
        except BaseException:
            os.unlink(beside)
            raise
        _WRITTEN[0] += 1
        if _WRITTEN[0] % SWEEP_EVERY == 1:
            sweep(LIMIT_BYTES)


def sweep(limit_bytes: int) -> None:
    """Drop what was not used for longest until the folder holds at most `limit_bytes`."""
    if not _FOLDER:
        return
    files = []
    for path in _FOLDER[0].glob("??/*.npy"):
        with suppress(OSError):
            about = path.stat()
            files.append((about.st_mtime, about.st_size, path))
    total = sum(size for _, size, _ in files)
    for _, size, path in sorted(files, key=lambda one: one[0]):
        if total <= limit_bytes:
            return
        with suppress(OSError):
            path.unlink()
            total -= size
