"""Faults at random moments against a real server: python -m tests.faults.soak --kills 200 --seed 1 --minutes 15

Every run the server accepted has to be done in the end, once, with the digest it has when nothing interrupts it.
Ends with 0 if that holds, with 1 and a list of what is wrong otherwise.
"""

from __future__ import annotations

import argparse
import random
import shutil
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from tests.faults import checking, plans
from tests.faults.asking import Client, summary
from tests.faults.disk import Disk, enter_namespace
from tests.faults.injuries import WEIGHTS, Injuries
from tests.faults.server import Server

GAP_S, LONGEST_GAP_S = 0.8, 5.0  # mean and most between two faults
AT_WORK_SHARE, PATIENCE_S = 0.85, 20.0  # of the faults strike while a worker is at work, if there is one so soon
TELL_EVERY = 20  # faults
ORPHANS_S = 10.0
REST_S = 900.0  # most for what is unfinished when the faults are over


@dataclass
class Outcome:
    """What came of a soak; wrong: empty when all is well."""

    made: dict[str, int] = field(default_factory=dict)
    asked: dict[str, int] = field(default_factory=dict)
    wrong: list[str] = field(default_factory=list)
    lines: list[str] = field(default_factory=list)


def soak(
    place: Path,
    kills: int,
    seed: int,
    minutes: float,
    expected: list[plans.Expected],
    kinds: Sequence[str] = (),
    rest_s: float = REST_S,
) -> Outcome:
    """Inject so many faults, for at most so many minutes, then let everything end and look at what is there.

    kinds: these in this order instead of random ones.
    """
    outcome, chance, begun_s = Outcome(), random.Random(seed), time.monotonic()
    disk = Disk(place / "disk")
    server = Server(place, disk.place / "data")
    client = Client(server, expected, random.Random(seed + 1))
    injuries = Injuries(server, disk, chance, client.ask_one_more)
    try:
        server.start()
        server.wait()
        client.start()
        _injure(injuries, client, kills, begun_s + 60 * minutes, kinds)
        injured_s = time.monotonic() - begun_s
        client.submitting = False
        injuries.heal()
        server.wait()
        if not client.wait_for_all(rest_s):
            outcome.wrong += [f"not done in the end: {one}" for one in client.unfinished()]
        client.end()
        server.stop()
        outcome.wrong += _left_behind(server)
        outcome.wrong += [*client.wrong, *checking.problems(server.data_dir, client.accepted())]
        outcome.made, outcome.asked = dict(injuries.made), summary(client.asked)
        outcome.lines = [
            f"faults: {sum(injuries.made.values())} ({checking.as_text(outcome.made)}), in {injured_s:.0f} s",
            f"asked: {checking.as_text(outcome.asked)}, unanswered {client.unanswered}, refused {client.refused}",
            f"jobs: {checking.as_text(checking.setbacks(server.data_dir))}, servers started {server.starts}, "
            f"of these {injuries.fallen} because the one before ended by itself",
            f"disk: {'a file system of its own' if disk.whole else 'limits of file length'}",
            f"all done after {time.monotonic() - begun_s:.0f} s",
        ]
    finally:
        injuries.disk.free()
        server.end_all()
        disk.close()
    return outcome


def _left_behind(server: Server) -> list[str]:
    """Processes that outlive their server; those that end by themselves when their parent does get a moment."""
    deadline_s = time.monotonic() + ORPHANS_S
    while any(server.pids().values()) and time.monotonic() < deadline_s:
        time.sleep(0.1)
    left = {kind: pids for kind, pids in server.pids().items() if pids}
    return [f"processes left behind: {left}"] if left else []


def _injure(injuries: Injuries, client: Client, kills: int, deadline_s: float, kinds: Sequence[str]) -> None:
    waiting, chance = list(kinds), injuries.chance
    while sum(injuries.made.values()) < kills and time.monotonic() < deadline_s:
        time.sleep(min(chance.expovariate(1 / GAP_S), LONGEST_GAP_S))
        injuries.keep_up()
        if chance.random() < AT_WORK_SHARE:
            _wait_for_work(client)
        if not kinds:
            injuries.one_of_any_kind()
            _tell(injuries, client)
        elif waiting and injuries.inject(waiting[0]):
            del waiting[0]
        if kinds and not waiting:
            return


def _tell(injuries: Injuries, client: Client) -> None:
    made = sum(injuries.made.values())
    if made >= injuries.told + TELL_EVERY:
        injuries.told = made
        done = len(client.asked) - len(client.unfinished())
        print(f"{made} faults, {done} of {len(client.asked)} runs done", flush=True)


def _wait_for_work(client: Client) -> None:
    """Faults that strike servers and workers as they start would be the only ones otherwise: starting takes longest."""
    deadline_s = time.monotonic() + PATIENCE_S
    while not client.at_work and time.monotonic() < deadline_s:
        time.sleep(0.05)


def main(arguments: list[str]) -> int:
    """Run a soak; returns the exit code."""
    parser = argparse.ArgumentParser(prog="python -m tests.faults.soak", description=__doc__.splitlines()[0])
    parser.add_argument("--kills", type=int, default=200, help="faults to inject")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--minutes", type=float, default=15.0, help="no more faults after this long")
    parser.add_argument("--rest", type=float, default=REST_S, help="seconds for what is unfinished then")
    parser.add_argument("--runs", type=int, default=len(plans.RUNS), help="how many of the plans for runs")
    parser.add_argument("--forks", type=int, default=len(plans.FORKS), help="how many of the plans for forks")
    parser.add_argument("--kinds", default="", help=f"these, in this order, with commas: {', '.join(WEIGHTS)}")
    parser.add_argument("--keep", type=Path, help="keep the server's log in this folder")
    asked = parser.parse_args(arguments)
    place = Path(tempfile.mkdtemp(prefix="twin-soak-"))
    try:
        begun_s = time.monotonic()
        expected = plans.uninterrupted(place / "expected", asked.runs, asked.forks)
        print(f"expected digests of {len(expected)} plans: {time.monotonic() - begun_s:.0f} s", flush=True)
        kinds = [kind.strip() for kind in asked.kinds.split(",") if kind.strip()]
        kills = len(kinds) or asked.kills
        outcome = soak(place, kills, asked.seed, asked.minutes, expected, kinds, asked.rest)
        print("\n".join([*outcome.lines, *(f"WRONG {text}" for text in outcome.wrong)]), flush=True)
        made = sum(outcome.made.values())
        if made < kills:
            print(f"WRONG only {made} of {kills} faults in {asked.minutes} minutes")
        return int(bool(outcome.wrong) or made < kills)
    finally:
        if asked.keep and (place / "server.log").is_file():
            asked.keep.mkdir(parents=True, exist_ok=True)
            shutil.copy2(place / "server.log", asked.keep)
        shutil.rmtree(place, ignore_errors=True)


if __name__ == "__main__":
    enter_namespace("tests.faults.soak", sys.argv[1:])
    sys.exit(main(sys.argv[1:]))
