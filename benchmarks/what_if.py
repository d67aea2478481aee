"""What a question costs: a fork at 6 h run to 72 h, its first paired answer, and that of 10 and 30 members.

The default region. The parent's members are stored, the workers are warm, as on a server. What pairing saves is the
subject `pairing`.
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from benchmarks.measuring import Tell, silent
from scenarios import branches, comparing, read_scenario
from scenarios.countermeasures import shipped
from scenarios.execution import Plan
from scenarios.pool import MemberPool
from scenarios.running import create, finish
from twin import store
from twin.units import HOUR_S

SCENARIO, MEASURE, AT_S, UNTIL_S = "kumamoto-2026", "more-tankers", 6 * HOUR_S, 72 * HOUR_S
SIZES = (1, 10, 30)  # members the answer stands on
AIMS_S = {1: 5, 30: 60}


def measure(peers: bool = False, tell: Tell = silent) -> Iterator[dict[str, Any]]:
    """Seconds from the question to the answer with ranges on so many paired members, all of one fork."""
    with tempfile.TemporaryDirectory() as name, MemberPool() as pool:
        place = Path(name)
        tell(f"  {SIZES[-1]} members of the baseline until {UNTIL_S // HOUR_S} h")
        parent = ensemble(place, pool, SIZES[-1], UNTIL_S)
        record = shipped(SCENARIO)[MEASURE].model_dump(mode="json")
        yield from _timed(parent, record, place / "branch", pool)


def ensemble(place: Path, pool: MemberPool, members: int, until_s: int, seed: int | None = None) -> store.RunFolder:
    """So many members of the baseline, carried out and stored in a folder below `place`; seed: as in the scenario."""
    scenario, name = read_scenario(SCENARIO), f"parent-{seed}"
    plan = Plan.make(scenario, until_s, seed, members, cache=str(place / "cache"))
    folder = create(plan, scenario, place / name, name)
    finish(folder, pool=pool, with_report=False)
    return folder


def _timed(parent: store.RunFolder, record: dict[str, Any], path: Path, pool: MemberPool) -> Iterator[dict[str, Any]]:
    """Fork, then the answers as members come to the end; `with_merged_tables_s`: until the folder is finished."""
    begun, answers = time.perf_counter(), Answers(parent)
    folder = branches.fork(parent, AT_S, record, path, path.name)
    answers.branch = folder
    finish(
        folder, progress=lambda member, now_s, remark: answers.look(begun, member, now_s), pool=pool, with_report=False
    )
    whole_s = time.perf_counter() - begun
    for members in SIZES:
        yield {
            "case": f"paired answer, {record['name']}",
            "size": members,
            "threads": pool.number,
            "value": answers.at_s[members],
            "unit": "s",
            "limit": f"{AIMS_S[members]} s" if members in AIMS_S else None,
            "wall_s": answers.at_s[members],
            "peak_rss_mb": folder.manifest()["peak_rss_mb"],  # of the largest worker
            "with_merged_tables_s": whole_s,
        }


class Answers:
    """When the answer stood on so many members: looked at as soon as one has come to the end."""

    def __init__(self, parent: store.RunFolder):
        self.parent, self.branch = parent, parent
        self.at_s: dict[int, float] = {}
        self._ended: set[int] = set()

    def look(self, begun_s: float, member: int, now_s: int) -> None:
        """Told of every member's progress; its last part may still be on its way when it says that it is at the end."""
        if now_s < UNTIL_S or member in self._ended:
            return
        self._ended.add(member)
        if (number := len(self._ended)) in SIZES:
            while True:
                told = comparing.compare(self.parent, [self.branch])["branches"][0]
                if told["members"] >= number and told["until_s"] == UNTIL_S:
                    break
                time.sleep(0.01)
            self.at_s[number] = time.perf_counter() - begun_s
