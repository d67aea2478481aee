"""What hostile requests are sent to: a whole server without workers, with one small finished run, and its secrets."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import anyio
import orjson

from api.keys import new_key
from scenarios import read_scenario, running
from scenarios.execution import Plan, run_member
from tests.api.server import HOST, MEASURE, Server

RUN, SCENARIO = "fuzz-finished-run", "two-towns"
UNTIL_S, MEMBERS = 3600, 2
ROLES = ("admin", "planner", "viewer", "nobody")
JSON = {"Content-Type": "application/json"}
Headers = Sequence[tuple[bytes, bytes]]
Chunks = Sequence[bytes]
CANDIDATES = [MEASURE, {**MEASURE, "name": "another"}]
# bodies that are accepted, by the last part of the path they are sent to
BODIES: dict[str, dict[str, Any]] = {
    "runs": {"scenario": SCENARIO, "until": "1h", "members": 1},
    "forks": {"at": "30m", "countermeasure": MEASURE},
    "ranks": {"at": "30m", "candidates": CANDIDATES},
    "check": {"scenario": SCENARIO, "countermeasure": MEASURE},
    "keys": {"name": "somebody", "role": "viewer"},
    "execution": {"inputs": {"until": "1h", "members": 1}},
}


@dataclass(frozen=True)
class Answer:
    """An answer as it went over the wire. left: blocks of the body that were never taken."""

    status_code: int
    headers: dict[str, str]
    content: bytes
    left: int

    @property
    def text(self) -> str:
        """The body as text."""
        return self.content.decode("utf-8", "replace")

    def json(self) -> Any:
        """The body as JSON."""
        return orjson.loads(self.content)


class InPlace:
    """Members carried out one after the other in this process."""

    def run(self, tasks: Sequence[Any], progress: Any = None, stop: Any = lambda: False) -> list[dict[str, Any]]:
        """Figures of all tasks, in order."""
        return [run_member(plan, folder, member, progress, stop) for plan, folder, member in tasks]

    def close(self) -> None:
        """Nothing is held."""


class Place(Server):
    """A server on a copy of the finished run. keys: the texts of its keys by role; the last of them is none."""

    def __init__(self, data_dir: Path, finished: Path, **limits: int):
        (data_dir / "runs").mkdir(parents=True)
        super().__init__(data_dir, **limits)
        self.copy_run(finished, RUN)
        self.finished = finished
        self.key_of = {role: self.keys.add(f"fuzz {role}", role)[1] for role in ROLES[:3]} | {"nobody": ""}
        self.spares = [self.run(until="1h")["run_id"] for _ in range(3)]
        self.event_id = self.viewer.get(f"/v1/runs/{RUN}/events?limit=1").json()["events"][0]["id"]

    def copy_run(self, finished: Path, run_id: str) -> str:
        """One more run beside the others, as the command line leaves it."""
        shutil.copytree(finished, self.data_dir / "runs" / run_id, copy_function=_linked)
        running.store.RunFolder(self.data_dir / "runs" / run_id).update_manifest(run_id=run_id)
        return run_id

    def headers_of(self, role: str) -> dict[str, str]:
        """The headers a caller of this role sends."""
        return {"Authorization": f"Bearer {self.key_of[role]}"} if self.key_of[role] else {}

    def raw(self, method: str, target: str, role: str = "planner", headers: Headers = (), chunks: Chunks = ()) -> Any:
        """The answer to a request as it comes off the wire: nothing of the target or the headers is tidied up.

        headers: pairs of bytes, after Host and Authorization (which they replace); chunks: of the body.
        """
        names = {name.lower() for name, _ in headers}
        usual = [(b"host", HOST.encode())] + [
            (name.lower().encode(), value.encode()) for name, value in self.headers_of(role).items()
        ]
        path, _, query = target.partition("?")
        scope = {
            **{"type": "http", "asgi": {"version": "3.0"}, "http_version": "1.1", "scheme": "http", "method": method},
            **{"path": unquote(path), "raw_path": path.encode(), "query_string": query.encode(), "root_path": ""},
            "headers": [pair for pair in usual if pair[0] not in names] + [(n.lower(), v) for n, v in headers],
            **{"client": ("127.0.0.1", 50_000), "server": (HOST, 80), "state": {}},
        }
        return anyio.run(_called, self.app, scope, list(chunks) or [b""])

    def secrets(self) -> list[str]:
        """Texts no answer may hold: keys and their hashes, and where this machine keeps the server and its data."""
        hashes = [key.sha256 for key in self.keys.all().values()]
        texts = [text.split("_", 2)[2] for text in self.key_of.values() if text]
        here = Path(__file__).absolute().parents[2]
        return [*hashes, *texts, str(self.data_dir), str(here), str(Path(new_key.__code__.co_filename).parent)]


def finished_run(folder: Path) -> Path:
    """Make the run that all servers of a session copy: one hour of the small scenario, two members."""
    scenario = read_scenario(SCENARIO)
    made = running.create(Plan.make(scenario, UNTIL_S, 1, MEMBERS), scenario, folder, RUN)
    running.finish(made, pool=InPlace())
    return made.path


async def _called(app: Any, scope: dict[str, Any], chunks: list[bytes]) -> Any:
    """One request of an ASGI application; what it sends becomes an answer like a client's."""
    sent: list[dict[str, Any]] = []
    parts = [{"type": "http.request", "body": one, "more_body": True} for one in chunks[:-1]]
    parts.append({"type": "http.request", "body": chunks[-1], "more_body": False})

    async def receive() -> dict[str, Any]:
        return parts.pop(0) if parts else await anyio.sleep_forever()  # type: ignore[func-returns-value]

    async def send(message: dict[str, Any]) -> None:
        sent.append(message)

    await app(scope, receive, send)
    headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in sent[0]["headers"]}
    content = b"".join(message.get("body", b"") for message in sent[1:])
    return Answer(sent[0]["status"], headers, content, len(parts))


def _linked(source: str, target: str) -> str:
    """A hard link is enough for what is never written again; a manifest is copied."""
    copied = shutil.copy2(source, target) if source.endswith(".json") else Path(target).hardlink_to(source)
    return str(copied or target)
