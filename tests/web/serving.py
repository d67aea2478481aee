"""A real server with workers in a process of its own, for tests that look at the page in a browser."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

START = """
import sys
from pathlib import Path
from api.console import Console
from api.serving import serve
console = Console()
console.set(as_json=True, data_dir=Path(sys.argv[1]))
serve(console, port=0)
"""
PATIENCE_S = 90


class Place(NamedTuple):
    """Where the server is and the key of its administrator."""

    address: str
    key: str

    def ask(self, path: str, body: dict[str, Any] | None = None) -> dict[str, Any]:
        """JSON answer to a GET, or to a POST of a body."""
        data = None if body is None else json.dumps(body).encode()
        headers = {"Authorization": f"Bearer {self.key}", "Content-Type": "application/json"}
        with urllib.request.urlopen(urllib.request.Request(self.address + path, data, headers), timeout=60) as answer:
            return json.load(answer)

    def finished(self, run_id: str) -> dict[str, Any]:
        """A run, once it is done. Raises AssertionError if it is not done in time."""
        for _ in range(PATIENCE_S * 5):
            run = self.ask(f"v1/runs/{run_id}")
            if run["status"] not in ("accepted", "running"):
                break
            time.sleep(0.2)
        assert run["status"] == "done", run
        return run


@contextmanager
def server(data_dir: Path) -> Iterator[Place]:
    """Serves until the block ends."""
    root = Path(__file__).parents[2]
    environment = {name: value for name, value in os.environ.items() if name != "TWIN_API_KEY"}
    process = subprocess.Popen(
        [sys.executable, "-c", START, str(data_dir)],
        cwd=root,
        env=environment | {"PYTHONPATH": str(root), "PYTHONUNBUFFERED": "1"},
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    try:
        assert process.stdout is not None
        told = json.loads("".join(iter(process.stdout.readline, "}\n")) + "}")
        place = Place(told["api"].removesuffix("v1"), told["key"])
        _wait_for(place)
        yield place
    finally:
        process.terminate()
        process.wait(30)
        if process.stdout is not None:
            process.stdout.close()


def _wait_for(place: Place) -> None:
    for _ in range(PATIENCE_S * 5):
        try:
            place.ask("v1")
            return
        except OSError:
            time.sleep(0.2)
    raise AssertionError("the server does not answer")
