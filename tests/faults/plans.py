"""What the soak asks for, and what each of it gives when nothing interrupts it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from scenarios import branches, read_scenario, running
from scenarios.execution import Plan
from scenarios.schema import duration_s
from twin.store import RunFolder

NOTHING = {"name": "nothing-changed", "measures": []}
CREWS = {"name": "crews", "measures": [{"lever": "rescue.extra_fire_crews", "value": 150}]}
RUNS = (  # until, seed, members
    ("1h", 1, 1),
    ("1h", 2, 2),
    ("2h", 1, 1),
    ("2h", 2, 3),
    ("3h", 1, 1),
    ("3h", 2, 2),
)
FORKS = ((2, "1h", NOTHING), (3, "1h", CREWS), (4, "2h", CREWS), (5, "1h", CREWS))  # parent (of RUNS), at, what


@dataclass(frozen=True)
class Expected:
    """Something to ask for, and the folder of its uninterrupted run. parent: number of what it starts from, or -1."""

    ask: dict[str, Any]
    parent: int
    folder: Path
    digest: str

    @property
    def reference(self) -> RunFolder:
        """The uninterrupted run."""
        return RunFolder(self.folder)


def uninterrupted(place: Path, runs: int = len(RUNS), forks: int = len(FORKS)) -> list[Expected]:
    """Carry out the first so many runs and forks in this process, one after another."""
    scenario = read_scenario("two-towns")
    made: list[Expected] = []
    for number, (until, seed, members) in enumerate(RUNS[:runs]):
        plan = Plan.make(scenario, duration_s(until), seed, members)
        folder = running.create(plan, scenario, place / f"run-{number}", f"run-{number}")
        ask = {"scenario": "two-towns", "until": until, "seed": seed, "members": members}
        made.append(_finished(ask, -1, folder))
    for number, (parent, at, measure) in enumerate(fork for fork in FORKS[:forks] if fork[0] < runs):
        path = place / f"fork-{number}"
        folder = branches.fork(made[parent].reference, duration_s(at), measure, path, path.name)
        made.append(_finished({"at": at, "countermeasure": measure}, parent, folder))
    return made


def _finished(ask: dict[str, Any], parent: int, folder: RunFolder) -> Expected:
    for member in range(folder.manifest()["members"]):
        folder.member_folder(member)
    manifest = running.finish(folder, pool=InOrder(), with_report=False)
    return Expected(ask, parent, folder.path, manifest["digest"])


class InOrder:
    """A pool that is none: members one after another in this process."""

    def run(self, tasks: Any, progress: Any = None, stop: Any = None) -> list[dict[str, Any]]:
        """Figures of all tasks."""
        from scenarios.execution import run_member

        return [run_member(*task) for task in tasks]

    def close(self) -> None:
        """Nothing to close."""
