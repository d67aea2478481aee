"""Ranks candidate countermeasures by running few members of each: an answer at any time, better with every batch."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from scenarios import branches, comparing, countermeasures
from scenarios.execution import Plan
from scenarios.headlines import HEADLINES, NEEDS, Headline
from scenarios.pool import MemberPool, Pool
from twin import compare as pairing
from twin import ranking, store
from twin.errors import ScenarioError

Array = np.ndarray
NOTHING = "nothing"  # name of the candidate that changes nothing; its members are the parent's
TOLERANCE = 0.05  # of the baseline's mean outcome: what is closer than this is as good
MOST_CANDIDATES, LEAST_CANDIDATES = 100, 1
Tell = Callable[[Mapping[str, Any]], None]


@dataclass
class Candidate:
    """A countermeasure in the race, with the outcomes of its members so far."""

    record: Mapping[str, Any]
    folder: store.RunFolder
    plan: Plan
    outcomes: list[float] = field(default_factory=list)


def objective_of(text: str | None) -> dict[Headline, float]:
    """Weights of headlines: `deaths`, or `deaths=5,meals_short=1`; None: unmet needs, all alike.

    Raises ScenarioError for an unknown headline, a weight that is no positive number, or one nobody wants less of.
    """
    known = {one.quantity: one for one in HEADLINES if one.better}
    weights: dict[Headline, float] = {}
    for part in (text or ",".join(NEEDS)).split(","):
        name, _, weight = part.strip().partition("=")
        if name not in known:
            raise ScenarioError(f"objective: no headline '{name}'; choose among {', '.join(sorted(known))}")
        try:
            weights[known[name]] = float(weight or 1.0)
        except ValueError:
            raise ScenarioError(f"objective: '{weight}' is no weight; write {name}=2") from None
        if not 0 < weights[known[name]] < 1e9:
            raise ScenarioError(f"objective: weight {weight} of {name} must be more than 0")
    return weights


def rank(
    parent: store.RunFolder,
    at_s: int,
    candidates: Sequence[Mapping[str, Any]],
    place: Path,
    *,
    objective: str | None = None,
    until_s: int | None = None,
    most_members: int | None = None,
    budget: int | None = None,
    tell: Tell | None = None,
    stop: Callable[[], bool] = lambda: False,
    pool: Pool | None = None,
) -> dict[str, Any]:
    """Which countermeasure is best from `at_s` on; doing nothing is always among the candidates.

    objective: see `objective_of`; several headlines are each taken over the baseline's mean, so the outcome is 1 for
    the baseline. most_members: of one candidate, default all of the parent's. budget: members in all, default half of
    what equal allocation needs. tell: gets the answer so far after each batch. Raises ScenarioError, as `fork` does.
    """
    weights = objective_of(objective)
    records = [countermeasures.parse(one).model_dump(mode="json") for one in candidates]
    _check(records)
    members = int(parent.manifest()["members"])
    most = min(most_members or members, members)
    if most < 2:
        raise ScenarioError("rank: one draw says nothing of what is best; run the parent with --members 8 or more")
    race = Race(parent, at_s, weights, most, until_s)
    race.enter(records, place)
    equal = most * len(records)
    budget = min(budget or max(equal // 2, ranking.FIRST_MEMBERS * len(records)), equal)
    own = pool or MemberPool()
    answer: dict[str, Any] = {}

    def run(extra: Sequence[int]) -> list[Array]:
        race.run(extra, own, stop)
        return race.outcomes()

    try:
        for standing in ranking.race(run, len(records), race.tolerance, most, budget):
            answer = race.answer(standing, equal)
            if tell:
                tell(answer)
    finally:
        if pool is None:
            own.close()
    race.clear()
    return answer


def _check(records: Sequence[Mapping[str, Any]]) -> None:
    names = [str(record["name"]) for record in records]
    if not LEAST_CANDIDATES <= len(records) <= MOST_CANDIDATES:
        raise ScenarioError(f"rank: {len(records)} candidates; give {LEAST_CANDIDATES} to {MOST_CANDIDATES}")
    if len(set(names)) < len(names) or NOTHING in names:
        raise ScenarioError(f"rank: every candidate needs a name of its own, and none may be called '{NOTHING}'")


class Race:
    """The candidates with their branches; outcomes are taken from the parts of finished members."""

    def __init__(
        self, parent: store.RunFolder, at_s: int, weights: Mapping[Headline, float], most: int, until_s: int | None
    ):
        self.parent, self.at_s, self.most = parent, at_s, most
        self.until_s = until_s or int(parent.manifest()["until_s"])
        self.weights = dict(weights)
        rows = [self._numbers(parent, member) for member in range(most)]
        self.usual = {one: float(np.mean([row[one] for row in rows])) for one in self.weights}
        self.single = len(self.weights) == 1
        self.baseline = np.array([self._outcome(row) for row in rows])
        self.tolerance = TOLERANCE * abs(float(self.baseline.mean()))
        self.candidates: list[Candidate] = []

    def enter(self, records: Sequence[Mapping[str, Any]], place: Path) -> None:
        """Make a branch of every candidate; what an earlier, interrupted race left is used again."""
        for record in records:
            folder = store.RunFolder(place / str(record["name"]))
            if not (folder.path / "manifest.json").exists():
                shutil.rmtree(folder.path, ignore_errors=True)
                branches.fork(self.parent, self.at_s, record, folder.path, str(record["name"]), self.most, self.until_s)
            self.candidates.append(Candidate(record, folder, Plan.of(folder.manifest())))

    def run(self, extra: Sequence[int], pool: Pool, stop: Callable[[], bool] = lambda: False) -> None:
        """Run so many further members of each candidate, and read their outcomes."""
        wanted = self._next(extra)
        pool.run([(one.plan, one.folder.path, member) for one, member in wanted], None, stop)
        self.read(extra)

    def read(self, extra: Sequence[int]) -> None:
        """Take the outcomes of so many further members of each candidate, which have been run to the end."""
        for one, member in self._next(extra):
            one.outcomes.append(self._outcome(self._numbers(one.folder, member)))

    def _next(self, extra: Sequence[int]) -> list[tuple[Candidate, int]]:
        """The next members of each candidate, the first members before the later ones."""
        wanted = [
            (candidate, member)
            for candidate, number in zip(self.candidates, extra, strict=True)
            for member in range(len(candidate.outcomes), min(len(candidate.outcomes) + number, self.most))
        ]
        return sorted(wanted, key=lambda pair: pair[1])

    def clear(self) -> None:
        """Remove the branches once the answer stands: dozens fill a disk, and the winner is soon forked again."""
        for one in self.candidates:
            shutil.rmtree(one.folder.path, ignore_errors=True)

    def used(self) -> int:
        """Members run so far, in all."""
        return sum(len(one.outcomes) for one in self.candidates)

    def answer(self, now: ranking.Standing, equal: int) -> dict[str, Any]:
        """What can be said now, JSON-ready. equal: members equal allocation takes."""
        names = [NOTHING, *(str(one.record["name"]) for one in self.candidates)]
        return {
            "objective": {one.quantity: weight for one, weight in self.weights.items()},
            "at_s": self.at_s,
            "until_s": self.until_s,
            "tolerance": self.tolerance,
            "candidates": [self._row(number, name, now) for number, name in enumerate(names)],
            "best": names[now.leader],
            "probability_good": now.good,
            "verdict": now.verdict,
            "members_used": self.used(),
            "members_equal_allocation": equal,
        }

    def _row(self, number: int, name: str, now: ranking.Standing) -> dict[str, Any]:
        """One line of the answer; candidate 0 is doing nothing."""
        values = self.outcomes()[number]
        record = self.candidates[number - 1].record if number else {"title_ja": "何もしない", "title_en": "do nothing"}
        return {
            "name": name,
            "title_ja": record.get("title_ja", ""),
            "title_en": record.get("title_en", ""),
            "members": len(values),
            "mean": float(values.mean()),
            "mean95": list(pairing.mean_range(values)),
            "difference": pairing.difference(self.baseline[: len(values)], values)._asdict(),
            "probability_best": float(now.probability_best[number]),
            "regret": float(now.regret[number]),
            "regret_other_params": self._regret(number),
        }

    def _regret(self, number: int) -> dict[str, float]:
        """Loss against the best of each member, whose parameters are drawn over their ranges: mean and worst."""
        outcomes = self.outcomes()
        common = min(len(values) for values in outcomes)
        table = np.array([values[:common] for values in outcomes])
        loss = table[number] - table.min(axis=0)
        return {"mean": float(loss.mean()), "worst": float(loss.max()), "members": common}

    def outcomes(self) -> list[Array]:
        """Outcomes so far of doing nothing, then of each candidate; smaller is better."""
        return [self.baseline, *(np.array(one.outcomes) for one in self.candidates)]

    def _numbers(self, folder: store.RunFolder, member: int) -> dict[Headline, float]:
        found = comparing.outcomes(folder, member, list(self.weights), self.at_s, self.until_s)
        missing = [one.quantity for one in self.weights if one not in found]
        if missing:
            raise ScenarioError(f"rank: {folder.path.name} has no series '{missing[0]}' in member {member} yet")
        return found

    def _outcome(self, numbers: Mapping[Headline, float]) -> float:
        """One number, smaller is better: the headline itself, or the weighted mean of headlines over their usual."""
        signed = {one: value if one.better == "less" else -value for one, value in numbers.items()}
        if self.single:
            return next(iter(signed.values()))
        total = sum(self.weights.values())
        return sum(
            self.weights[one] / total * (value / self.usual[one] if self.usual[one] else value)
            for one, value in signed.items()
        )
