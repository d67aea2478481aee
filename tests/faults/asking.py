"""A client that keeps the server busy, and asks again whenever it did not hear the answer."""

from __future__ import annotations

import http.client
import random
import threading
import time
import uuid
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from tests.faults.plans import Expected
from tests.faults.server import Server

PAUSE_S = 0.4
TRY_AGAIN = (429, 503, 507)
NOT_YET = (404, 409)  # the parent has no folder yet, or lost it to nobody: its worker makes it when it begins


@dataclass
class Asked:
    """One thing asked for. key: sent with every attempt; run_id: "" until it was accepted."""

    expected: Expected
    path: str
    key: str
    run_id: str = ""
    status: str = ""
    now_s: int = 0
    resent: int = 0


class Client(threading.Thread):
    """Keeps `busy` runs unfinished until told to stop; `wrong` holds what never may happen."""

    def __init__(self, server: Server, plans: list[Expected], chance: random.Random, busy: int = 5):
        super().__init__(daemon=True)
        self.server, self.plans, self.chance, self.busy = server, plans, chance, busy
        self.asked: list[Asked] = []
        self.wrong: list[str] = []
        self.unanswered = self.refused = 0
        self._ended = threading.Event()
        self.submitting = True
        self.at_work = False  # whether, as far as was heard last, a worker has something in its hands

    def run(self) -> None:
        """Ask, look, ask again."""
        while not self._ended.wait(PAUSE_S):
            try:
                self.look()
                self.at_work = any(one.status == "running" for one in self.asked)
                if self.submitting:
                    self._ask()
            except (OSError, http.client.HTTPException, ValueError):
                self.unanswered, self.at_work = self.unanswered + 1, False

    def end(self) -> None:
        """Stop asking and looking."""
        self._ended.set()
        self.join()

    def accepted(self) -> list[Asked]:
        """What the server accepted."""
        return [one for one in self.asked if one.run_id]

    def unfinished(self) -> list[Asked]:
        """What is not done, so far as was heard; also what was sent and never answered."""
        return [one for one in self.asked if one.status != "done"]

    def look(self) -> None:
        """Ask how far the unfinished ones are."""
        for one in self.unfinished():
            if not one.run_id:
                self._send(one)
                continue
            status, run = self.server.call("GET", f"/v1/runs/{one.run_id}")
            if status == 200:
                one.status, one.now_s = run["status"], run["now_s"] or 0
            elif status not in TRY_AGAIN:
                self.wrong.append(f"GET of accepted run {one.run_id}: {status} {run}")

    def ask_one_more(self) -> bool:
        """Ask for the first plan; whether it was accepted at once."""
        self.asked.append(Asked(self.plans[0], "/v1/runs", uuid.uuid4().hex))
        with suppress(OSError, http.client.HTTPException, ValueError):
            self._send(self.asked[-1])
        return bool(self.asked[-1].run_id)

    def _ask(self) -> None:
        if self.asked and self.chance.random() < 0.2:
            self._send(self.chance.choice(self.asked))  # as after an answer that was lost
        if len(self.unfinished()) >= self.busy:
            return
        expected = self.chance.choice(self.plans)
        path = "/v1/runs"
        if expected.parent >= 0:
            at_s = int(expected.ask["at"].removesuffix("h")) * 3600
            parents = [one for one in self.accepted() if one.expected is self.plans[expected.parent]]
            parents = [one for one in parents if one.status == "done" or one.now_s > at_s + 600]
            if not parents:
                return
            path = f"/v1/runs/{self.chance.choice(parents).run_id}/forks"
        self.asked.append(Asked(expected, path, uuid.UUID(int=self.chance.getrandbits(128)).hex))
        self._send(self.asked[-1])

    def _send(self, one: Asked) -> None:
        one.resent += 1
        status, run = self.server.call("POST", one.path, one.expected.ask, one.key)
        if status == 202 and one.run_id in ("", run["run_id"]):
            one.run_id = run["run_id"]
        elif status in TRY_AGAIN or (status in NOT_YET and not one.run_id and one.path != "/v1/runs"):
            self.refused += 1
        else:
            self.wrong.append(f"POST {one.path} (accepted before as '{one.run_id}'): {status} {run}")

    def wait_for_all(self, limit_s: float) -> bool:
        """Whether everything asked for is done within this time."""
        deadline = time.monotonic() + limit_s
        while self.unfinished() and time.monotonic() < deadline:
            time.sleep(PAUSE_S)
        return not self.unfinished()


def summary(asked: list[Asked]) -> dict[str, Any]:
    """How much was asked for."""
    return {
        "runs": sum(one.expected.parent < 0 for one in asked),
        "forks": sum(one.expected.parent >= 0 for one in asked),
        "sent": sum(one.resent for one in asked),
    }
