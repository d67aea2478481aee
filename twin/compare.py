"""Branches against their baseline: paired differences over members, their ranges, and the tail of bad outcomes.

Members of two branches share every draw the countermeasure does not touch (common random numbers), so their
difference is taken member by member: its variance is that of the measure's effect, not of the disaster.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from scipy.special import stdtrit

Array = np.ndarray
Range = tuple[float, float]
TAIL = 0.05
FEWEST = 2  # members from which a mean has an error at all


class Spread(NamedTuple):
    """What members say of one number: mean, the middle 80 and 95 % of members, mean of the worst 5 %."""

    mean: float
    range80: Range
    range95: Range
    worst5: float


class Difference(NamedTuple):
    """Branch less baseline, member by member.

    mean95: where the mean effect lies, 95 % (Student's t); NaN for one member. better_fraction: share of members in
    which the branch is better. verdict: `better`, `worse`, `unclear`, `same`, or `changed` for what is neither good
    nor bad; of one member `one-draw` unless it is the same.
    """

    mean: float
    mean95: Range
    range80: Range
    range95: Range
    worst5: float
    better_fraction: float
    verdict: str


def spread(values: Array, better: str = "less") -> Spread:
    """Spread over members, values (member,), at least one. better: `less`, `more` or `` (high counts as worst)."""
    return Spread(
        float(values.mean()),
        _middle(values, 0.8),
        _middle(values, 0.95),
        tail_mean(values, worst_high=better != "more"),
    )


def tail_mean(values: Array, share: float = TAIL, worst_high: bool = True) -> float:
    """Mean of the worst `share` of members (conditional value at risk); a member may count in part.

    Rockafellar & Uryasev 2002, doi:10.1016/S0378-4266(02)00271-6, for equally likely members.
    """
    ranked = np.sort(values)[::-1] if worst_high else np.sort(values)
    weight = np.clip(share * len(ranked) - np.arange(len(ranked)), 0.0, 1.0)
    return float((ranked * weight).sum() / weight.sum())


def difference(base: Array, branch: Array, better: str = "less") -> Difference:
    """Paired difference; base and branch (member,) hold the same members in the same order."""
    apart = branch - base
    gain = -apart if better != "more" else apart
    low, high = mean_range(apart)
    return Difference(
        float(apart.mean()),
        (low, high),
        _middle(apart, 0.8),
        _middle(apart, 0.95),
        tail_mean(apart, worst_high=better != "more"),
        float((gain > 0).mean()) if better else float("nan"),
        _verdict(apart, (low, high), better),
    )


def mean_range(values: Array, share: float = 0.95) -> Range:
    """Where the mean of all possible members lies with probability `share` (Student's t); NaN for one member."""
    n = len(values)
    if n < FEWEST:
        return float("nan"), float("nan")
    reach = float(stdtrit(n - 1, 0.5 + share / 2)) * float(values.std(ddof=1)) / n**0.5
    return float(values.mean()) - reach, float(values.mean()) + reach


def _middle(values: Array, share: float) -> Range:
    """The middle `share` of members: quantiles interpolated as for a sample of a continuous law (Hazen)."""
    low, high = np.quantile(values, ((1 - share) / 2, (1 + share) / 2), method="hazen")
    return float(low), float(high)


def _verdict(apart: Array, mean95: Range, better: str) -> str:
    if not apart.any():
        return "same"
    if len(apart) < FEWEST:
        return "one-draw"
    if mean95[0] <= 0 <= mean95[1]:
        return "unclear"
    if not better:
        return "changed"
    return "better" if (mean95[0] > 0) == (better == "more") else "worse"
