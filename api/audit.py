"""The audit log: who asked and decided what. Append-only JSON lines, each chained to the one before by SHA-256.

A changed, removed or inserted line breaks the chain there. Lines cut off at the very end cannot be seen in the file
alone: the hash of every line also goes to the server's log, which is kept elsewhere.
"""

from __future__ import annotations

import fcntl
import os
import re
import threading
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256
from io import FileIO
from pathlib import Path
from typing import Any

import orjson
from anyio import to_thread
from starlette.types import ASGIApp, Message, Receive, Scope, Send

START = "0" * 64
BLOCK_BYTES = 65_536
MOST_READ_BYTES = 16_000_000
WRITES = ("POST", "PUT", "PATCH", "DELETE")
EXPORTS = re.compile(r"/v1/runs/[^/]+/report")
Entry = dict[str, Any]


@dataclass(frozen=True)
class Chain:
    """What an audit file holds: lines, the first broken one (None: whole), whether it was told by a later segment."""

    lines: int
    last: str
    first_broken: int | None
    told: bool
    torn: bool
    digest: str


def verify(path: Path) -> int | None:
    """Number of the first line (from 1) that does not fit the chain, None if all fit or there is no file."""
    return inspect(path).first_broken


def inspect(path: Path) -> Chain:
    """Walk the whole file. A line that opens a segment carries the hash of everything before it."""
    before, last, lines, first, told, torn = sha256(), START, 0, None, True, False
    for line in _lines(path):
        lines += 1
        entry = _parsed(line)
        opens = entry is not None and "segment" in entry
        expected = before.hexdigest() if opens else last
        if entry is None or entry.get("previous") != expected or entry.get("hash") != _hash_of(entry):
            first = lines if first is None else first
            told = False
        elif opens:
            told = True
        last = entry["hash"] if entry and isinstance(entry.get("hash"), str) else START
        torn = not line.endswith(b"\n")
        before.update(line)
    return Chain(lines, last, first, told, torn, before.hexdigest())


class AuditLog:
    """Writes entries; one writer at a time, also across processes, and on disk before it returns.

    `broken`: the first broken line found on opening, None for a whole file; `failed`: why the last write failed.
    """

    def __init__(self, path: Path, warn: Callable[..., Any] = lambda *_, **__: None):
        self.path, self._warn, self._lock = path, warn, threading.Lock()
        self.failed = ""
        chain = inspect(path)
        self.broken = chain.first_broken
        self._lines, self._last, self._size = chain.lines, chain.last, _size(path)
        if self.broken is not None:
            warn("audit log is broken", line=self.broken, file=path.name)
            if not chain.told:
                self._open_segment(chain)

    def append(self, entry: Mapping[str, Any]) -> str:
        """Keep one entry; returns its hash. Raises OSError where the disk refuses."""
        with self._lock:
            try:
                written = self._append(entry)
            except OSError as error:
                self.failed = error.strerror or type(error).__name__
                raise
            self.failed = ""
            return written

    def page(
        self, limit: int, before: int | None = None, keep: Callable[[Entry], bool] = lambda entry: True
    ) -> tuple[list[Entry], int | None]:
        """Up to `limit` entries that `keep` takes, newest first, from byte `before` backwards; and where to go on."""
        found: list[Entry] = []
        end = _size(self.path) if before is None else min(before, _size(self.path))
        lowest = max(end - MOST_READ_BYTES, 0)
        for start, line in _lines_backwards(self.path, end):
            entry = _parsed(line)
            if entry is not None and keep(entry):
                found.append(entry)
            if start > 0 and (len(found) >= limit or start <= lowest):
                return found, start
        return found, None

    def _append(self, entry: Mapping[str, Any]) -> str:
        self.path.parent.mkdir(parents=True, exist_ok=True)
        with open(self.path, "ab", 0, opener=lambda path, flags: os.open(path, flags, 0o600)) as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            start = b""
            if _size(self.path) != self._size:  # another process wrote, or was ended while it did
                chain = inspect(self.path)
                self._lines, self._last = chain.lines, chain.last
                start = b"\n" if chain.torn else b""
            content = {"n": self._lines + 1, "time": _now(), **entry, "previous": entry.get("previous", self._last)}
            content["hash"] = _hash_of(content)
            _write_whole(file, start + orjson.dumps(content) + b"\n")
        self._lines, self._last, self._size = content["n"], content["hash"], _size(self.path)
        return content["hash"]

    def _open_segment(self, chain: Chain) -> None:
        """A line that names the break and binds what was found, so that the chain can go on from here."""
        if chain.torn:
            with open(self.path, "ab") as file:
                file.write(b"\n")
            chain = inspect(self.path)
        self._size = _size(self.path)
        self.append({"segment": chain.lines + 1, "broken_line": chain.first_broken, "previous": chain.digest})


class Recorder:
    """ASGI middleware: writes of known callers, and exported reports, stand in the log before they are answered."""

    def __init__(self, app: ASGIApp, log: AuditLog, warn: Callable[..., Any]):
        self.app, self.log, self.warn = app, log, warn

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on; record it when its answer starts."""
        recorded = scope["type"] == "http" and scope.get("state", {}).get("who") is not None
        if not recorded or not (scope["method"] in WRITES or EXPORTS.fullmatch(scope["path"])):
            await self.app(scope, receive, send)
            return

        async def recording(message: Message) -> None:
            if message["type"] == "http.response.start":
                await to_thread.run_sync(self._record, scope, message["status"])
            await send(message)

        await self.app(scope, receive, recording)

    def _record(self, scope: Scope, status: int) -> None:
        state = scope["state"]
        named = {name: str(value)[:200] for name, value in scope.get("path_params", {}).items()}
        entry = {
            **named,  # first, so that nothing a caller sends can stand for what follows
            **state.get("audit", {}),
            "request_id": state.get("request_id", ""),
            "key_id": state["who"].key_id,
            "role": state["who"].role,
            "method": scope["method"],
            "route": route_of(scope),
            "status": status,
        }
        try:
            state["audit_hash"] = self.log.append(entry)
        except OSError as error:
            self.warn("audit log cannot be written", reason=error.strerror, request_id=entry["request_id"])


def note(state: Any, **what: Any) -> None:
    """Add to what the audit log will say about this request (`state` is `request.state`)."""
    if not hasattr(state, "audit"):
        state.audit = {}
    state.audit.update(what)


def route_of(scope: Scope) -> str:
    """Template of the route that answered, such as `/v1/runs/{run_id}`; `unmatched` if none did."""
    return str(getattr(scope.get("route"), "path", None) or "unmatched")


def _write_whole(file: FileIO, data: bytes) -> None:
    """All of it or nothing: half a line that a full disk left would look like a broken chain."""
    before = os.fstat(file.fileno()).st_size
    try:
        rest = memoryview(data)
        while rest:
            rest = rest[file.write(rest) or 0 :]
        os.fsync(file.fileno())
    except OSError:
        os.ftruncate(file.fileno(), before)
        raise


def _hash_of(entry: Mapping[str, Any]) -> str:
    content = {name: value for name, value in entry.items() if name != "hash"}
    return sha256(str(entry.get("previous")).encode() + orjson.dumps(content, option=orjson.OPT_SORT_KEYS)).hexdigest()


def _parsed(line: bytes) -> Entry | None:
    try:
        entry = orjson.loads(line)
    except ValueError:
        return None
    return entry if isinstance(entry, dict) else None


def _lines(path: Path) -> Iterator[bytes]:
    try:
        with open(path, "rb") as file:
            yield from file
    except FileNotFoundError:
        return


def _lines_backwards(path: Path, end: int) -> Iterator[tuple[int, bytes]]:
    """Lines that end at or before byte `end`, last first, each with the byte it starts at."""
    if end <= 0:
        return
    with open(path, "rb") as file:
        rest = b""
        while end > 0:
            start = max(end - BLOCK_BYTES, 0)
            file.seek(start)
            block = file.read(end - start) + rest
            first, *lines = block.splitlines(keepends=True)
            place = start + len(block)
            for line in reversed(lines):
                place -= len(line)
                yield place, line
            rest, end = first, start
        yield 0, rest


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except FileNotFoundError:
        return 0


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="milliseconds")
