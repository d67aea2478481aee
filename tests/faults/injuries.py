"""What is done to a server and its processes at random moments."""

from __future__ import annotations

import os
import random
import signal
import time
from collections import Counter
from collections.abc import Callable
from contextlib import suppress

from tests.faults.disk import SMALL_FILE_BYTES, Disk, limit_files
from tests.faults.launch import HUNG_S, LEASE_S
from tests.faults.server import Server

WEIGHTS = {
    "kill worker": 45,
    "kill member": 45,
    "kill server": 30,
    "kill forkserver": 10,
    "kill all": 5,
    "kill unclaimed": 5,
    "pause worker": 12,
    "pause member": 8,
    "disk full": 20,
    "files refused": 10,
    "clock leap": 15,
}
SETTLED_S = 6.0  # a server younger than this is mostly left alone: it would never get to anything
HOUR_S = 3600.0
LEAPS_S = (-HOUR_S, HOUR_S, -30 * 24 * HOUR_S, 400 * 24 * HOUR_S, -20.0, 90.0)


class Injuries:
    """Injects faults; `made` counts them by kind.

    submit: asks the server for one more run and tells whether it was accepted. far: share of server starts with workers
    as of another machine.
    """

    def __init__(self, server: Server, disk: Disk, chance: random.Random, submit: Callable[[], bool], far: float = 0.3):
        self.server, self.disk, self.chance, self.submit, self.far = server, disk, chance, submit, far
        self.made: Counter[str] = Counter()
        self.clock_s, self.fallen, self.told = 0.0, 0, 0

    def one_of_any_kind(self) -> str:
        """Inject one fault of a random kind; returns its name, or "" where nothing could be hurt just now."""
        kind = self.chance.choices(list(WEIGHTS), list(WEIGHTS.values()))[0]
        return kind if self.inject(kind) else ""

    def inject(self, kind: str) -> bool:
        """Inject a fault of this kind; False where it could not be done just now."""
        does: dict[str, Callable[[], bool]] = {
            "kill worker": lambda: self._kill("worker"),
            "kill member": lambda: self._kill("member"),
            "kill forkserver": lambda: self._kill("forkserver"),
            "kill server": self._kill_server,
            "kill all": self._kill_all,
            "kill unclaimed": self._kill_unclaimed,
            "pause worker": lambda: self._pause("worker"),
            "pause member": lambda: self._pause("member"),
            "disk full": self._fill_disk,
            "files refused": self._refuse_files,
            "clock leap": self._leap,
        }
        done = does[kind]()
        self.made[kind] += done
        return done

    def keep_up(self) -> None:
        """Start a server again that ended by itself, as a service manager would: a full disk keeps it from starting."""
        process = self.server.process
        if process is not None and process.poll() is not None:
            self.fallen += 1
            self._start()

    def heal(self) -> None:
        """Undo what lasts: a full disk, limits, pauses, a server that is down."""
        self.disk.free()
        alive = self.server.pids()
        everyone = [pid for pids in alive.values() for pid in pids]
        limit_files(everyone, None)
        for pid in everyone:
            _signal(pid, signal.SIGCONT)
        if not alive["server"]:
            self._start()

    def _start(self) -> None:
        self.server.kill()
        self.server.start(far=self.chance.random() < self.far)

    def _kill(self, kind: str) -> bool:
        alive = self.server.pids()[kind]
        return bool(alive) and _signal(self.chance.choice(alive), signal.SIGKILL)

    def _kill_server(self) -> bool:
        if time.monotonic() - self.server.started_at < SETTLED_S and self.chance.random() < 0.9:
            return False
        self.server.kill()
        time.sleep(self.chance.choice((0.0, 0.0, 1.0)))
        self._start()
        return True

    def _kill_all(self) -> bool:
        """As a power cut would, but for the page cache."""
        self.server.kill()
        killed = bool(self.server.end_all())
        self._start()
        return killed

    def _kill_unclaimed(self) -> bool:
        """Everything, after a run was accepted and before a worker could take it."""
        for pid in self.server.pids()["worker"]:
            _signal(pid, signal.SIGSTOP)
        accepted = self.submit()
        return self._kill_all() and accepted

    def _pause(self, kind: str) -> bool:
        """Longer than the lease and than the watcher's patience; two times in three it wakes up again."""
        alive = self.server.pids()[kind]
        if not alive:
            return False
        pid = self.chance.choice(alive)
        paused = _signal(pid, signal.SIGSTOP)
        self._meanwhile(self.chance.choice((LEASE_S, 2 * LEASE_S + HUNG_S)))
        _signal(pid, signal.SIGCONT)
        return paused

    def _fill_disk(self) -> bool:
        if not self.disk.whole:
            return self._refuse_files()
        filled = self.disk.fill(self.chance.choice((0, 0, 4096, 65_536, 300_000)))
        self._meanwhile(self.chance.uniform(1.0, 4.0))
        self.disk.free()
        return filled

    def _refuse_files(self) -> bool:
        """Processes of workers and members, and sometimes of the server, may not write long files for a while."""
        alive = self.server.pids()
        chosen = [*alive["worker"], *alive["member"], *(alive["server"] if self.chance.random() < 0.3 else [])]
        reached = limit_files(chosen, self.chance.choice((0, SMALL_FILE_BYTES, 100_000)))
        self._meanwhile(self.chance.uniform(1.0, 3.0))
        limit_files(chosen, None)
        return reached > 0

    def _leap(self) -> bool:
        self.clock_s += self.chance.choice(LEAPS_S)
        aside = self.server.clock.with_suffix(".new")
        aside.write_text(str(self.clock_s))
        aside.replace(self.server.clock)
        return True

    def _meanwhile(self, seconds: float) -> None:
        """Let time pass; one time in three something is killed on top of it."""
        time.sleep(seconds / 2)
        if self.chance.random() < 1 / 3:
            self.inject(self.chance.choice(("kill worker", "kill member", "kill server")))
        time.sleep(seconds / 2)


def _signal(pid: int, number: int) -> bool:
    with suppress(ProcessLookupError):
        os.kill(pid, number)
        return True
    return False
