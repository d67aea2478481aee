"""Chooses the best of several candidates with few members: sequential allocation on paired outcomes.

The rule is optimal computing budget allocation for correlated sampling (Chen et al. 2000,
doi:10.1023/A:1008349927281; Fu, Hu, Chen & Xiong 2007, doi:10.1287/ijoc.1050.0146): members go where a candidate is
close to the leader or its difference from the leader is noisy. Candidates are run on the same members 0, 1, 2 …, so
differences are taken member by member. Smaller outcomes are better.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

Array = np.ndarray
FIRST_MEMBERS = 4  # of every candidate before anything is decided
PRIOR_WEIGHT = 2.0  # degrees of freedom lent to a candidate's variance by the others', against a lucky start
DRAWS = 2000  # of the means, for probabilities


@dataclass(frozen=True)
class Standing:
    """What is known of the candidates so far.

    leader: the best mean. mean, error: difference from the leader and its standard error, (candidate,), on members
    both have. probability_best: share of draws of the means in which a candidate is the best. good: probability that
    the leader is within `tolerance` of the best. alike: probability that all are within the tolerance of each other.
    regret: expected loss against the best when the candidate is chosen.
    """

    leader: int
    mean: Array
    error: Array
    probability_best: Array
    good: float
    alike: float
    regret: Array


def standing(outcomes: Sequence[Array], tolerance: float) -> Standing:
    """Where the candidates stand. outcomes: for each its outcomes on members 0, 1, 2 …, at least two each.

    tolerance: difference that does not matter, in the outcomes' unit, >= 0.
    """
    leader = _leader(outcomes)
    mean, error, freedom = _differences(outcomes, leader)
    generator = np.random.default_rng(len(outcomes))  # fixed: the same outcomes always give the same answer
    draws = mean + error * generator.standard_t(freedom, (DRAWS, len(outcomes)))
    best = draws.min(axis=1)
    ties = np.isclose(draws, best[:, None], rtol=0.0, atol=0.0)
    return Standing(
        leader,
        mean,
        error,
        (ties / ties.sum(axis=1, keepdims=True)).mean(axis=0),
        float((draws[:, leader] - best <= tolerance).mean()),
        float((draws.max(axis=1) - best <= tolerance).mean()),
        (draws - best[:, None]).mean(axis=0),
    )


def allocate(outcomes: Sequence[Array], tolerance: float, batch: int, most: int) -> list[int]:
    """How many further members each candidate should get out of a batch, (candidate,); none has more than `most`.

    A candidate is allotted by (deviation / distance from the leader) squared; the leader keeps up with whoever gets
    most, for differences are paired. Distances below the tolerance count as the tolerance: ties eat no budget.
    """
    have = np.array([len(values) for values in outcomes])
    leader = _leader(outcomes)
    mean, error, _ = _differences(outcomes, leader)
    common = np.minimum(have, have[leader])
    deviation = error * np.sqrt(common)
    gap = np.maximum(np.abs(mean), max(tolerance, 1e-300))
    weight = (deviation / gap) ** 2
    weight[leader] = max(weight.max(), 1e-300)
    extra = np.zeros(len(have), np.int64)
    for _ in range(batch):
        open_ = have + extra < most
        if not open_.any():
            break
        total = (have + extra).sum() + 1
        lack = np.where(open_, weight / weight.sum() * total - (have + extra), -np.inf)
        extra[int(np.argmax(lack))] += 1
    return extra.tolist()


def _leader(outcomes: Sequence[Array]) -> int:
    """The candidate with the best mean on the members all have; ties go to the first."""
    common = min(len(values) for values in outcomes)
    shared = np.array([values[:common].mean() for values in outcomes])
    leader = int(np.argmin(shared))
    for rival in range(len(outcomes)):  # whoever beats the leader on more members takes its place
        both = min(len(outcomes[rival]), len(outcomes[leader]))
        if (outcomes[rival][:both] - outcomes[leader][:both]).mean() < 0:
            leader = rival
    return leader


def _differences(outcomes: Sequence[Array], leader: int) -> tuple[Array, Array, Array]:
    """Mean paired difference from the leader, its standard error, degrees of freedom; (candidate,) each.

    A candidate that never differed from the leader by anything has error 0.
    """
    apart = [_apart(values, outcomes[leader]) for values in outcomes]
    variance = np.array([float(values.var(ddof=1)) if len(values) > 1 else 0.0 for values in apart])
    moved = np.array([bool(values.any()) for values in apart])
    usual = float(np.median(variance[moved])) if moved.any() else 0.0
    number = np.array([len(values) for values in apart])
    freedom = number - 1 + PRIOR_WEIGHT
    pooled = np.where(moved, (PRIOR_WEIGHT * usual + (number - 1) * variance) / freedom, 0.0)
    mean = np.array([float(values.mean()) for values in apart])
    return mean, np.sqrt(pooled / number), freedom


def _apart(values: Array, leader: Array) -> Array:
    common = min(len(values), len(leader))
    return values[:common] - leader[:common]
