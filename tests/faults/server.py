"""A real server in processes of its own, its clients, and what of it is alive."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
import uuid
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
KEY = "key-of-the-soak-0123456789abcdefghijklmnopqrstuv"
MARK = "TWIN_FAULTS_CLOCK"  # environment variable, and at the same time the mark of all processes of one server
MOST_LOG_BYTES = 20_000_000
_OPENER = urllib.request.build_opener(urllib.request.ProxyHandler({}))  # loopback only, whatever the environment says


class Server:
    """`twin serve` with two workers on a free loopback port and one data folder; may be killed and started again.

    place: folder for log and clock; data_dir: of the server.
    """

    def __init__(self, place: Path, data_dir: Path, members: int = 2):
        self.place, self.data_dir = place, data_dir
        self.clock = place / f"clock-{uuid.uuid4().hex}"
        self.log = place / "server.log"
        self.port = _free_port()
        self.process: subprocess.Popen[bytes] | None = None
        self.starts, self.started_at = 0, 0.0
        self._ends: list[int] = []

    def start(self, far: bool = False) -> None:
        """Start it; does not wait until it answers. far: see launch.py."""
        reading, writing = os.pipe()  # not a file of the full disk, and not a limited one
        threading.Thread(target=_copy, args=(reading, self.log), daemon=True).start()
        given = {**os.environ, "TWIN_API_KEY": KEY, MARK: str(self.clock), "PYTHONPATH": _python_path()}
        given.pop("TWIN_DATABASE_URL", None)
        command = [sys.executable, "-m", "tests.faults.launch", *(["--far"] if far else []), "--"]
        command += ["--data-dir", str(self.data_dir), "serve", "--port", str(self.port), "--workers", "2"]
        self.process = subprocess.Popen(
            command, cwd=ROOT, env=given, stdin=subprocess.DEVNULL, stdout=writing, stderr=writing
        )
        os.close(writing)
        self.starts += 1
        self.started_at = time.monotonic()

    def answers(self) -> bool:
        """Whether it answers now."""
        with suppress(OSError, ValueError):
            return self.call("GET", "/healthz")[0] == 200
        return False

    def wait(self, limit_s: float = 120.0) -> None:
        """Wait until it answers. Raises TimeoutError."""
        until(self.answers, limit_s, "the server does not answer")

    def kill(self) -> None:
        """kill -9."""
        if self.process is not None:
            self.process.kill()
            self.process.wait()

    def stop(self, limit_s: float = 60.0) -> int:
        """SIGTERM, as an operator would; returns the exit code."""
        assert self.process is not None
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(limit_s)

    def call(self, method: str, path: str, body: Any = None, key: str = "", timeout_s: float = 20.0) -> tuple[int, Any]:
        """Status and JSON of an answer. Raises OSError where there is none."""
        headers = {"Authorization": f"Bearer {KEY}", "Content-Type": "application/json"}
        headers |= {"Idempotency-Key": key} if key else {}
        data = None if body is None else json.dumps(body).encode()
        url = f"http://127.0.0.1:{self.port}{path}"
        request = urllib.request.Request(url, data=data, headers=headers, method=method)
        try:
            with _OPENER.open(request, timeout=timeout_s) as answer:
                return answer.status, json.loads(answer.read() or b"null")
        except urllib.error.HTTPError as error:
            with error:
                return error.code, json.loads(error.read() or b"null")

    def pids(self) -> dict[str, list[int]]:
        """Living processes by kind: server, worker, forkserver, member, other."""
        found: dict[str, list[int]] = {kind: [] for kind in ("server", "worker", "forkserver", "member", "other")}
        commands, parents = {}, {}
        for folder in Path("/proc").glob("[0-9]*"):
            with suppress(OSError, IndexError):
                fields = (folder / "stat").read_text().rpartition(")")[2].split()
                marked = f"{MARK}={self.clock}".encode() in (folder / "environ").read_bytes()
                if marked and fields[0] not in "ZX":
                    pid = int(folder.name)
                    commands[pid] = (folder / "cmdline").read_bytes().replace(b"\0", b" ").decode()
                    parents[pid] = int(fields[1])
        for pid, command in commands.items():
            found[_kind(command, commands.get(parents[pid], ""))].append(pid)
        return {kind: sorted(pids) for kind, pids in found.items()}

    def end_all(self) -> list[int]:
        """Kill whatever is left of it, paused or not; returns what there was."""
        left: list[int] = []
        for _ in range(50):
            now = [pid for pids in self.pids().values() for pid in pids]
            if not now:
                break
            left = left or now
            for pid in now:
                with suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
            time.sleep(0.1)
        if self.process is not None:
            self.process.wait()
        return left


def until(condition: Callable[[], Any], limit_s: float, what: str) -> Any:
    """Wait until a condition holds and return what it gave. Raises TimeoutError that says `what`."""
    deadline = time.monotonic() + limit_s
    while time.monotonic() < deadline:
        if found := condition():
            return found
        time.sleep(0.05)
    raise TimeoutError(f"{what} (waited {limit_s:.0f} s)")


def _kind(command: str, parent: str) -> str:
    if "tests.faults.launch" in command:
        return "server"
    if "api.jobs.worker" in command:
        return "worker"
    if "multiprocessing.forkserver" in command:
        return "member" if "multiprocessing.forkserver" in parent else "forkserver"
    return "other"


def _python_path() -> str:
    before = os.environ.get("PYTHONPATH", "")
    return os.pathsep.join([str(Path(__file__).parent / "clock"), str(ROOT), *([before] if before else [])])


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as bound:
        return int(bound.getsockname()[1])


def _copy(reading: int, path: Path) -> None:
    """What the server says, into a file of bounded size."""
    with os.fdopen(reading, "rb") as pipe, path.open("ab") as file:
        for line in pipe:
            if file.tell() < MOST_LOG_BYTES:
                file.write(line)
                file.flush()
