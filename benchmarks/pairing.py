"""What pairing saves in a what-if: variance of the difference between branch and baseline with shared chance.

Compared with members drawn apart; the branch's own distribution must not change by pairing (two-sample
Kolmogorov-Smirnov against a branch of an ensemble of another seed). Three measures of the default region, ordered at
6 h and looked at until 24 h.
"""

from __future__ import annotations

import tempfile
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from scipy.stats import ks_2samp

from benchmarks.measuring import Tell, silent
from benchmarks.what_if import SCENARIO, ensemble
from scenarios import branches, comparing
from scenarios.countermeasures import shipped
from scenarios.headlines import HEADLINES, Headline
from scenarios.pool import MemberPool
from scenarios.running import finish
from twin import store
from twin.units import HOUR_S

AT_S, UNTIL_S, MEMBERS = 6 * HOUR_S, 24 * HOUR_S, 20
SEEDS = (None, 4711)  # of the scenario, and another one
VARIANCE_AIM = 8.0
LEAST_P = 0.01  # below it the laws differ
MEASURES = {
    "more-tankers": "water_short_l",
    "airlift-meals": "meals_short",
    "medical-teams": "hospital_patients_waiting",
}
UNREACHED = ("hazard", "damage")  # no measure of these three reaches them, but by crews that put out fires


def measure(peers: bool = False, tell: Tell = silent) -> Iterator[dict[str, Any]]:
    """For each measure how much smaller the variance is, and whether what it cannot reach stays the same."""
    with tempfile.TemporaryDirectory() as name, MemberPool() as pool:
        place = Path(name)
        tell(f"  {MEMBERS} members of the baseline until {UNTIL_S // HOUR_S} h, with {len(SEEDS)} seeds")
        parents = [ensemble(place, pool, MEMBERS, UNTIL_S, seed) for seed in SEEDS]
        for measure_name, quantity in MEASURES.items():
            record = shipped(SCENARIO)[measure_name].model_dump(mode="json")
            branch, other = (
                _carried_out(parent, record, place / f"{measure_name}-{number}", pool)
                for number, parent in enumerate(parents)
            )
            yield from _paired(measure_name, quantity, parents, branch, other)
            yield _unreached(measure_name, parents[0], branch)


def _carried_out(parent: store.RunFolder, record: dict[str, Any], path: Path, pool: MemberPool) -> store.RunFolder:
    """A branch with this measure, run to the end."""
    folder = branches.fork(parent, AT_S, record, path, path.name)
    finish(folder, pool=pool, with_report=False)
    return folder


def _paired(
    name: str, quantity: str, parents: list[store.RunFolder], branch: store.RunFolder, other: store.RunFolder
) -> Iterator[dict[str, Any]]:
    """How many times smaller the variance of the paired difference is, and whether the branch's law is the same."""
    headline = next(one for one in HEADLINES if one.quantity == quantity)
    base, with_it, apart = (_outcomes(folder, headline) for folder in (parents[0], branch, other))
    paired = (with_it - base).var(ddof=1)
    yield {
        "case": f"variance without over with pairing, {name} on {quantity}",
        "size": MEMBERS,
        "value": float((base.var(ddof=1) + with_it.var(ddof=1)) / paired) if paired else 0.0,  # no effect shows nothing
        "unit": "times",
        "limit": f"at least {VARIANCE_AIM:g} times",
        "effect": float((with_it - base).mean()),
        "effect_relative": float((with_it - base).mean() / base.mean()),
    }
    yield {
        "case": f"same law with and without pairing (Kolmogorov and Smirnov), {name} on {quantity}",
        "size": MEMBERS,
        "value": float(ks_2samp(with_it, apart).pvalue),
        "unit": "p",
        "limit": f"at least {LEAST_P:g} p",
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
        "limit": "at least 1",
    }


def _happened(folder: store.RunFolder) -> Counter[tuple[Any, ...]]:
    """Events of hazard and damage but those of fires, which crews put out."""
    rows = folder.events().select(["member", "time_s", "layer", "kind", "subject", "amount"]).to_pylist()
    return Counter(
        tuple(row.values()) for row in rows if row["layer"] in UNREACHED and not row["kind"].startswith("fire")
    )
