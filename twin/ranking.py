"""Chooses the best of several candidates with few members: sequential allocation on paired outcomes.

The rule is optimal computing budget allocation for correlated sampling (Chen et al. 2000,
doi:10.1023/A:1008349927281; Fu, Hu, Chen & Xiong 2007, doi:10.1287/ijoc.1050.0146): members go where a candidate is
close to the leader or its difference from the leader is noisy. Candidates are run on the same members 0, 1, 2 …, and
doing nothing, which costs nothing, on all of them: differences are taken from effects, member by member. Smaller
outcomes are better.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np

Array = np.ndarray
FIRST_MEMBERS = 4  # of every candidate before anything is decided
LEADER_MEMBERS = 10  # before it is called the best: few members with a long tail of bad ones look surer than they are
PRIOR_WEIGHT = 2.0  # degrees of freedom lent to a candidate's variance by the others', against a lucky start
DRAWS = 2000  # of the means, for probabilities
SURE = 0.97  # ends a race; more than the 0.95 that is promised, for it is judged again after every batch
BATCHES = 4  # a batch of members is this part of the candidates
BEST, INDIFFERENT, UNDECIDED = "best", "indifferent", "undecided"
Share = Callable[[Sequence[Array], float, int, int], list[int]]  # as `allocate`


@dataclass(frozen=True)
class Standing:
    """What is known of the candidates so far.

    leader: the best mean. mean, error: difference from the leader and its standard error, (candidate,), on members
    both have. probability_best: share of draws of the means in which a candidate is the best. good: probability that
    the leader is within `tolerance` of the best. alike: probability that all are within the tolerance of each other.
    regret: expected loss against the best when the candidate is chosen. settled: whether the leader has LEADER_MEMBERS,
    or as many as there are.
    """

    leader: int
    mean: Array
    error: Array
    probability_best: Array
    good: float
    alike: float
    regret: Array
    settled: bool

    @property
    def verdict(self) -> str:
        """`indifferent` when all are surely alike, `best` when the leader is surely good, else `undecided`."""
        if not self.settled:
            return UNDECIDED
        return INDIFFERENT if self.alike >= SURE else BEST if self.good >= SURE else UNDECIDED


def race(
    run: Callable[[Sequence[int]], Sequence[Array]],
    number: int,
    tolerance: float,
    most: int,
    budget: int,
    share: Share | None = None,
) -> Iterator[Standing]:
    """Let `number` candidates run until the verdict is certain or the budget is spent; yields each standing.

    run: carries out so many further members of each candidate and returns all outcomes so far, those of doing nothing
    before them, which cost nothing. tolerance: as for `standing`. most: members a candidate can have. budget: members
    in all, beyond the first ones of each. share: who gets the next batch, default `allocate`.
    """
    extra, used = [min(FIRST_MEMBERS, most)] * number, 0
    while any(extra):
        outcomes = run(extra)
        used += sum(extra)
        now = standing(outcomes, tolerance)
        yield now
        left = budget - used
        if now.verdict != UNDECIDED or left <= 0:
            return
        extra = (share or allocate)(outcomes, tolerance, min(max(2, number // BATCHES), left), most)[1:]


def standing(outcomes: Sequence[Array], tolerance: float) -> Standing:
    """Where the candidates stand. outcomes: those of doing nothing, then of each candidate, on members 0, 1, 2 …, at
    least two each; nobody has more members than doing nothing.

    tolerance: difference that does not matter, in the outcomes' unit, >= 0.
    """
    apart = _apart(outcomes)
    generator = np.random.default_rng(len(outcomes))  # fixed: the same outcomes always give the same answer
    own = apart.own_error * generator.standard_t(apart.own_freedom, (DRAWS, len(outcomes)))
    draws = apart.mean + own - apart.shared_error * generator.standard_t(apart.shared_freedom, (DRAWS, 1))
    best = draws.min(axis=1)
    ties = np.isclose(draws, best[:, None], rtol=0.0, atol=0.0)
    return Standing(
        apart.leader,
        apart.mean,
        np.hypot(apart.own_error, apart.shared_error),
        (ties / ties.sum(axis=1, keepdims=True)).mean(axis=0),
        float((draws[:, apart.leader] - best <= tolerance).mean()),
        float((draws.max(axis=1) - best <= tolerance).mean()),
        (draws - best[:, None]).mean(axis=0),
        len(outcomes[apart.leader]) >= min(LEADER_MEMBERS, len(outcomes[0])),
    )


def allocate(outcomes: Sequence[Array], tolerance: float, batch: int, most: int) -> list[int]:
    """How many further members each candidate should get out of a batch, (candidate,); none has more than `most`.

    A candidate is allotted by (deviation / distance from the leader) squared, where the distance is what it lacks to be
    better by more than the tolerance. The leader keeps up with whoever gets most, and gets what its own share in any of
    these differences asks for.
    """
    have = np.array([len(values) for values in outcomes])
    apart = _apart(outcomes)
    gap = np.maximum(np.abs(apart.mean) + tolerance, 1e-100)
    weight = (apart.own_error**2 * np.minimum(have, have[apart.leader])) / gap**2
    shared = apart.shared_error**2 * have[apart.leader] / gap**2
    weight[apart.leader] = max(weight.max(), shared.max(), 1e-300)
    extra = np.zeros(len(have), np.int64)
    for _ in range(batch):
        open_ = have + extra < most
        if not open_.any():
            break
        total = (have + extra).sum() + 1
        lack = np.where(open_, weight / weight.sum() * total - (have + extra), -np.inf)
        extra[int(np.argmax(lack))] += 1
    return extra.tolist()


@dataclass(frozen=True)
class _Apart:
    """Differences of the means from the leader's, (candidate,) each.

    own_error, own_freedom: standard error a candidate brings in by itself, and its degrees of freedom. shared_error,
    shared_freedom: what the leader's mean brings into each difference; it is one and the same for all.
    """

    leader: int
    mean: Array
    own_error: Array
    own_freedom: Array
    shared_error: Array
    shared_freedom: float


def _apart(outcomes: Sequence[Array]) -> _Apart:
    """Differences from the leader out of each candidate's effects: its outcomes less those of doing nothing."""
    effects = [values - outcomes[0][: len(values)] for values in outcomes]
    leader = _leader(effects)
    pairs = [_pair(one, effects[leader]) for one in effects]
    members, common = np.array([len(one) for one in effects]), np.array([pair.common for pair in pairs])
    moved = np.array([bool(one.any()) for one in effects])  # what never had an effect does not reach the outcome
    spread = np.array([_variance(one) for one in effects])
    rest = np.array([pair.rest for pair in pairs])
    moved_rest = moved & (np.arange(len(effects)) != leader)
    spread, rest = _pooled(spread, members, moved), _pooled(rest, common, moved_rest)
    beta, more = np.array([pair.beta for pair in pairs]), members[leader]
    bound = np.sqrt(rest * spread[leader])
    covariance = np.clip([pair.covariance for pair in pairs], -bound, bound)
    own = np.maximum(rest / common - 2 * (1 - beta) * covariance / more, 0.0)
    shared = (1 - beta) * np.sqrt(spread[leader] / more)
    own[leader] = shared[leader] = 0.0
    freedom = common - 1 + PRIOR_WEIGHT
    return _Apart(
        leader,
        np.array([pair.mean for pair in pairs]),
        np.sqrt(own),
        freedom,
        shared,
        float(more - 1 + PRIOR_WEIGHT),
    )


@dataclass(frozen=True)
class _Pair:
    """A candidate beside the leader. mean: difference of their means. beta: part of the leader's effect found again in
    the candidate's; rest: variance of what is left, covariance: with the leader's effect."""

    mean: float
    beta: float
    rest: float
    covariance: float
    common: int


def _pair(effect: Array, leader: Array) -> _Pair:
    """Difference of the mean effects, by double sampling: what a candidate would show on the leader's further members
    follows from its likeness to the leader on those both have (Cochran 1977, Sampling Techniques, chapter 12).

    A candidate without effect needs no member more; one just like the leader is compared member by member.
    """
    common = min(len(effect), len(leader))
    one, two = effect[:common], leader[:common]
    square = float(two @ two)
    beta = float(one @ two) / square if square > 0 and len(leader) >= len(effect) else 1.0
    left = one - beta * two
    mean = float(left.mean()) - (1 - beta) * float(leader.mean())
    off, off_two = left - left.mean(), two - two.mean()
    freedom = max(common - 1, 1)
    return _Pair(mean, beta, float(off @ off) / freedom, float(off @ off_two) / freedom, common)


def _leader(effects: Sequence[Array]) -> int:
    """The candidate with the best mean effect; ties go to the first."""
    common = min(len(values) for values in effects)
    leader = int(np.argmin([values[:common].mean() for values in effects]))
    for rival in range(len(effects)):  # whoever beats the leader on more members takes its place
        if _pair(effects[rival], effects[leader]).mean < 0:
            leader = rival
    return leader


def _variance(values: Array) -> float:
    return float(values.var(ddof=1)) if len(values) > 1 else 0.0


def _pooled(variance: Array, members: Array, moved: Array) -> Array:
    """Variances drawn towards the usual one of those that moved; 0 for those that did not."""
    usual = float(np.median(variance[moved])) if moved.any() else 0.0
    return np.where(moved, (PRIOR_WEIGHT * usual + (members - 1) * variance) / (members - 1 + PRIOR_WEIGHT), variance)
