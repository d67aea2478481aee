"""Two counts of damaged homes: safety tags in days, damage certificates in weeks; reported damage grows with both.

Inspectors see what stands there, so these processes read the true damage; headquarters reads only their reports.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from twin.chance import Chance
from twin.params import Params
from twin.units import DAY_S, HOUR_S

Array = np.ndarray
CLASSES = ("full", "half", "partial")


@dataclass(frozen=True)
class Counts:
    """Homes by state of the count: tagged and found (town,), classified (town, class), fractions of a home kept."""

    tagged: Array
    found: Array
    classified: Array


def nothing_counted(n_town: int) -> Counts:
    """No home seen yet."""
    return Counts(np.zeros(n_town), np.zeros(n_town), np.zeros((n_town, len(CLASSES))))


def daylight_work_s(start_s: int, end_s: int, clock_offset_s: int, params: Params) -> float:
    """Working seconds of inspectors between two instants (they work between fixed hours of the day)."""
    open_s, close_s = (params.inspection_hours * HOUR_S).tolist()

    def until(instant_s: int) -> float:
        days, second = divmod(instant_s + clock_offset_s, DAY_S)
        return float(days * (close_s - open_s) + min(max(second - open_s, 0.0), close_s - open_s))

    return until(end_s) - until(start_s)


def draw_habits(keys: Array, chance: Chance) -> Array:
    """Standard normal quantiles of each town: begin of tagging, finding, classifying, and effort, (town, 4).

    Towns differ widely in when and how hard they count, and keep their ways.
    """
    return np.column_stack(
        [chance.normal(f"government.{what}", keys) for what in ("tag", "find", "classify", "count_effort")]
    )


def begin_s(habits: Array, staff: Array, population: Array, params: Params) -> Array:
    """When each town begins tagging, finding and classifying, seconds (town, 3).

    A town with many officials per resident begins earlier.
    """
    strength = np.clip(staff / np.maximum(population, 1.0) / params.usual_staff_per_resident, 0.5, 2.0)
    return params.count_begin_s * np.exp(params.count_begin_spread * habits[:, :3]) * strength[:, None] ** -0.5


def effort(habits: Array, params: Params) -> Array:
    """How hard each town counts compared with the usual (median 1), (town,)."""
    return np.exp(params.count_effort_spread * habits[:, 3])


def tag(counts: Counts, damaged: Array, teams: Array, work_s: float, params: Params) -> Array:
    """Homes with a safety tag after `work_s` of teams' work, never more than stand damaged, (town,)."""
    return np.minimum(np.maximum(damaged, counts.tagged), counts.tagged + teams * work_s / params.tag_s)


def find(counts: Counts, damaged: Array, homes: Array, hours: Array, params: Params) -> Array:
    """Damaged homes the town has on its list after `hours` staff hours of patrols and calls, (town,).

    A staff hour looks at `homes_seen_per_hour` of the town's homes, damaged or not, so dense damage is found fast.
    """
    return listed(counts.found, damaged, homes, hours, params)


def listed(before: Array, there: Array, homes: Array, hours: Array, params: Params) -> Array:
    """Homes on a list after `hours` staff hours, when `there` such homes can be seen among all `homes`, (town,)."""
    seen = -np.expm1(-params.homes_seen_per_hour * hours / homes)
    return before + np.maximum(there - before, 0.0) * seen


def classify(counts: Counts, found: Array, damage: Array, homes: Array, hours: Array, params: Params) -> Array:
    """Homes classified after `hours` staff hours of surveys, (town, class), never more than found of each class.

    damage: true homes (town, class). Surveyors begin in the worst streets: `survey_weights` say how much likelier a
    listed home of each class is taken up than a partly damaged one.
    """
    total = damage.sum(axis=1)
    listed = damage * np.minimum(1.0, found / np.maximum(total, 1.0))[:, None]
    covered = params.homes_surveyed_per_hour * hours / homes
    taken_up = -np.expm1(-covered[:, None] * params.survey_weights)
    return counts.classified + np.maximum(listed - counts.classified, 0.0) * taken_up


def reported(counts: Counts) -> Array:
    """What a town can write: homes full, half, partial, unclassified, whole homes (town, 4)."""
    classified = np.floor(counts.classified)
    unclassified = np.maximum(np.floor(counts.found) - classified.sum(axis=1), 0.0)
    return np.column_stack([classified, unclassified])
