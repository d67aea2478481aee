"""Ranking: how often the chosen countermeasure is right, and how many members that takes beside equal allocation.

The shipped countermeasures of the default region, ordered at 6 h and looked at until 24 h. All members of all
candidates are run once; then the race of `twin rank` is played many times on members drawn from these with
replacement, so that no race is right only because it has seen them all. Right: the mean over all members of the chosen
one lies within 5 % of the best. Equal allocation gives one member to every candidate until it is as certain.
"""

from __future__ import annotations

import tempfile
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from benchmarks.measuring import Tell, silent
from scenarios import read_scenario
from scenarios.countermeasures import shipped
from scenarios.execution import Plan
from scenarios.pool import MemberPool
from scenarios.ranking import TOLERANCE, Race, objective_of
from scenarios.running import create, finish
from twin import ranking
from twin.units import HOUR_S

Array = np.ndarray
SCENARIO, AT_S, UNTIL_S = "kumamoto-2026", 6 * HOUR_S, 24 * HOUR_S
MEMBERS = 10  # run of every candidate
MOST = 30  # a candidate can have in a replayed race, as with a parent of 30 members
RACES = 80
OBJECTIVES = ("", "meals_short", "water_short_l", "people_without_medicine")  # "": unmet needs, the default
RIGHT_AIM, RATIO_AIM = 0.95, 0.5


class Outcome(NamedTuple):
    """How one race ended: number of the chosen one (0: doing nothing), members it took, verdict."""

    chosen: int
    members: int
    verdict: str


def measure(peers: bool = False, tell: Tell = silent) -> Iterator[dict[str, Any]]:
    """For each objective the share of races with a right choice, and members used over those of equal allocation."""
    with tempfile.TemporaryDirectory() as name, MemberPool() as pool:
        for objective, table in tables(Path(name), pool, tell):
            yield from rows(objective or "unmet needs", table)


def tables(place: Path, pool: MemberPool, tell: Tell) -> Iterator[tuple[str, Array]]:
    """Outcomes (candidate, member) for each objective, those of doing nothing first."""
    records = [one.model_dump(mode="json") for one in shipped(SCENARIO).values()]
    tell(f"  {MEMBERS} members of the baseline and of {len(records)} candidates")
    scenario = read_scenario(SCENARIO)
    plan = Plan.make(scenario, UNTIL_S, None, MEMBERS, cache=str(place / "cache"))
    parent = create(plan, scenario, place / "parent", "parent")
    finish(parent, pool=pool, with_report=False)
    for number, objective in enumerate(OBJECTIVES):
        race = Race(parent, AT_S, objective_of(objective or None), MEMBERS, UNTIL_S)
        race.enter(records, place / "branches")
        everyone = [MEMBERS] * len(records)
        if number:
            race.read(everyone)
        else:
            race.run(everyone, pool)
        yield objective, np.array(race.outcomes())


def rows(objective: str, table: Array, races: int = RACES) -> Iterator[dict[str, Any]]:
    """Two rows of figures for one objective."""
    means = table.mean(axis=1)
    right = means <= means.min() + TOLERANCE * abs(means.min())
    generator = np.random.default_rng(1)
    drawn = [table[:, generator.integers(0, table.shape[1], MOST)] for _ in range(races)]
    sequential = [play(one) for one in drawn]
    equal = [play(one, equally) for one in drawn]
    used, used_equal = (float(np.mean([one.members for one in played])) for played in (sequential, equal))
    common = {"size": len(table) - 1, "races": races, "right_blindly": float(right.mean())}
    yield {
        "case": f"choice is right, {objective}",
        "value": share_right(sequential, right),
        "unit": "share",
        "limit": f"at least {RIGHT_AIM}",
        "equal_allocation": share_right(equal, right),
        "verdicts": dict(Counter(one.verdict for one in sequential)),
        **common,
    }
    yield {
        "case": f"members over equal allocation, {objective}",
        "value": used / used_equal,
        "unit": "times",
        "limit": f"at most {RATIO_AIM}",
        "members": used,
        "members_equal": used_equal,
        "members_equal_fixed": fixed_equal(drawn, right),
        **common,
    }


def share_right(played: Sequence[Outcome], right: Array) -> float:
    """Share of races that chose a candidate that is right."""
    return float(np.mean([right[one.chosen] for one in played]))


def play(table: Array, share: ranking.Share = ranking.allocate) -> Outcome:
    """One race on outcomes (candidate, member) known beforehand, with the limits `twin rank` has.

    Equal allocation is not held to half of what it needs.
    """
    number, most = len(table) - 1, table.shape[1]
    have = np.zeros(number, np.int64)

    def run(extra: Sequence[int]) -> list[Array]:
        np.minimum(have + extra, most, out=have)
        return [table[0], *(row[:known] for row, known in zip(table[1:], have.tolist(), strict=True))]

    everyone = number * most
    budget = everyone // 2 if share is ranking.allocate else everyone
    tolerance = TOLERANCE * abs(float(table[0].mean()))
    *_, last = ranking.race(run, number, tolerance, most, budget, share)
    return Outcome(last.leader, int(have.sum()), last.verdict)


def equally(outcomes: Sequence[Array], tolerance: float, batch: int, most: int) -> list[int]:
    """One further member for every candidate; the answer has the form of `allocate`."""
    return [int(len(values) < most) for values in outcomes]


def fixed_equal(drawn: Sequence[Array], right: Array) -> int | None:
    """Members in all when each candidate gets the same number, known beforehand to be right often enough; None: more
    than there are."""
    for number in range(1, drawn[0].shape[1] + 1):
        chosen = [int(np.argmin(table[:, :number].mean(axis=1))) for table in drawn]
        if np.mean(right[chosen]) >= RIGHT_AIM:
            return number * (len(drawn[0]) - 1)
    return None
