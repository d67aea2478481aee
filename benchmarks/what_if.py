"""What a question costs: a fork at 6 h run to 72 h, its first paired answer and 30 members; what pairing saves.

The default region. The parent's members are stored, the workers are warm, as on a server. Pairing: variance of the
difference between branch and baseline with shared chance, against members drawn apart; the branch's own distribution
must not change by it (two-sample Kolmogorov-Smirnov against a branch of an ensemble of another seed).
"""

from __future__ import annotations

import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from scipy.stats import ks_2samp

from benchmarks.measuring import Tell, silent
from scenarios import branches, comparing, read_scenario
from scenarios.countermeasures import shipped
from scenarios.execution import Plan
from scenarios.headlines import HEADLINES, Headline
from scenarios.pool import MemberPool
from scenarios.running import create, finish
from twin import store
from twin.units import HOUR_S

SCENARIO, AT_S, UNTIL_S, MEMBERS = "kumamoto-2026", 6 * HOUR_S, 72 * HOUR_S, 30
FIRST_AIM_S, ALL_AIM_S, VARIANCE_AIM = 5.0, 60.0, 8.0
MEASURES = {
    "more-tankers": "water_short_l",
    "airlift-meals": "meals_short",
    "medical-teams": "hospital_patients_waiting",
}
UNREACHED = ("hazard", "damage")  # no measure of these three reaches them, but by crews that put out fires


def measure(peers: bool = False, tell: Tell = silent) -> Iterator[dict[str, Any]]:
    """Seconds to the first and to the last paired answer; then, for each measure, what pairing saves."""
    with tempfile.TemporaryDirectory() as name, MemberPool() as pool:
        place = Path(name)
        parents = []
        for seed in (None, 4711):
            tell(f"  {MEMBERS} members of the baseline, seed {seed or 'of the scenario'}")
            plan = Plan.make(read_scenario(SCENARIO), UNTIL_S, seed, MEMBERS, cache=str(place / "cache"))
            folder = create(plan, read_scenario(SCENARIO), place / f"parent-{seed}", f"parent-{seed}")
            finish(folder, pool=pool, with_report=False)
            parents.append(folder)
        for number, (measure_name, quantity) in enumerate(MEASURES.items()):
            record = shipped(SCENARIO)[measure_name].model_dump(mode="json")
            rows, branch = _timed(parents[0], record, place / f"branch-{number}", pool)
            yield from rows
            other = branches.fork(parents[1], AT_S, record, place / f"other-{number}", measure_name)
            finish(other, pool=pool, with_report=False)
            yield _paired(measure_name, quantity, parents, branch, other)
            yield _unreached(measure_name, parents[0], branch)


def _timed(
    parent: store.RunFolder, record: dict[str, Any], path: Path, pool: MemberPool
) -> tuple[list[dict[str, Any]], store.RunFolder]:
    """Fork, first member, first answer; all members, the answer with ranges; then what finishing the folder takes."""
    begun, answers = time.perf_counter(), Answers(parent)
    folder = branches.fork(parent, AT_S, record, path, path.name)
    answers.branch = folder
    finish(folder, progress=lambda member, now_s, remark: answers.look(begun, now_s), pool=pool, with_report=False)
    name, whole_s = record["name"], time.perf_counter() - begun
    return [
        {"case": f"first paired answer, {name}", "value": answers.at_s[1], "unit": "s", "limit": f"{FIRST_AIM_S:g} s"},
        {
            "case": f"{MEMBERS} paired members, {name}",
            "size": MEMBERS,
            "threads": pool.number,
            "value": answers.at_s[MEMBERS],
            "unit": "s",
            "limit": f"{ALL_AIM_S:g} s",
            "with_merged_tables_s": whole_s,
        },
    ], folder


class Answers:
    """When the answer stood on so many members: looked at as soon as one has come to the end."""

    def __init__(self, parent: store.RunFolder):
        self.parent, self.branch = parent, parent
        self.at_s: dict[int, float] = {}
        self._ended = 0

    def look(self, begun_s: float, now_s: int) -> None:
        """Told of every member's progress; its last part may still be on its way when it says that it is at the end."""
        self._ended += now_s == UNTIL_S
        if now_s == UNTIL_S and self._ended in (1, MEMBERS):
            while True:
                told = comparing.compare(self.parent, [self.branch])["branches"][0]
                if told["members"] >= self._ended and told["until_s"] == UNTIL_S:
                    break
                time.sleep(0.01)
            self.at_s[self._ended] = time.perf_counter() - begun_s


def _paired(
    name: str, quantity: str, parents: list[store.RunFolder], branch: store.RunFolder, other: store.RunFolder
) -> dict[str, Any]:
    """How many times smaller the variance of the paired difference is, and whether the branch's law is the same."""
    headline = next(one for one in HEADLINES if one.quantity == quantity)
    base, with_it, apart = (_outcomes(folder, headline) for folder in (parents[0], branch, other))
    paired = (with_it - base).var(ddof=1)
    return {
        "case": f"variance without over with pairing, {name} on {quantity}",
        "size": MEMBERS,
        "value": float((base.var(ddof=1) + with_it.var(ddof=1)) / paired) if paired else float("inf"),
        "unit": "times",
        "limit": f"{VARIANCE_AIM:g} times",
        "effect": float((with_it - base).mean()),
        "effect_relative": float((with_it - base).mean() / base.mean()),
        "ks_p": float(ks_2samp(with_it, apart).pvalue),
    }


def _outcomes(folder: store.RunFolder, headline: Headline) -> np.ndarray:
    return np.array(
        [comparing.outcomes(folder, member, [headline], AT_S, UNTIL_S)[headline] for member in range(MEMBERS)]
    )


def _unreached(name: str, parent: store.RunFolder, branch: store.RunFolder) -> dict[str, Any]:
    """Events of what the measure cannot reach that are the same in both, over all there are."""
    first, second = (_happened(folder) for folder in (parent, branch))
    return {
        "case": f"shocks, collapses and slides unchanged, {name}",
        "size": first.total(),
        "value": (first & second).total() / max(first.total(), second.total(), 1),
        "unit": "share",
        "limit": "1",
    }


def _happened(folder: store.RunFolder) -> Counter[tuple[Any, ...]]:
    """Events of hazard and damage but those of fires, which crews put out."""
    rows = folder.events().select(["member", "time_s", "layer", "kind", "subject", "amount"]).to_pylist()
    return Counter(
        tuple(row.values()) for row in rows if row["layer"] in UNREACHED and not row["kind"].startswith("fire")
    )
