"""The rhythm of the prefectural headquarters: cut off, compile, meet, publish; information waits for the next round."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from layers.government.known import NEVER, Known
from twin.params import Params
from twin.units import DAY_S, HOUR_S

Array = np.ndarray


@dataclass(frozen=True)
class Rhythm:
    """Where the headquarters stands in its round.

    cutoff_due_s, publish_due_s: next cut-off and publication (the latter -1 unless a report is being compiled).
    cut_*: what was known at the last cut-off; published_*: what the last report said; arrays (quantity, area).
    n_published: reports so far. meeting_s: when the headquarters last met (-1 never).
    """

    cutoff_due_s: int
    publish_due_s: int
    n_published: int
    meeting_s: int
    cut_value: Array
    cut_as_of_s: Array
    published_value: Array
    published_as_of_s: Array


def first_round(params: Params, n_quantity: int, n_area: int) -> Rhythm:
    """Nothing published; the first cut-off stands."""
    blank, never = np.full((n_quantity, n_area), np.nan), np.full((n_quantity, n_area), NEVER, np.int32)
    return Rhythm(int(params.first_cutoff_s), NEVER, 0, NEVER, blank, never, blank, never)


def next_cutoff_s(after_s: int, clock_offset_s: int, params: Params) -> int:
    """The first cut-off strictly after an instant, seconds.

    Early bulletins follow each other every `bulletin_every_s` until `regular_from_s`; from then on reports are
    published at fixed hours of the day (two, later one), and the cut-off lies `compile_s` before.
    clock_offset_s: seconds from local midnight to time 0.
    """
    bulletin_s = int(params.first_cutoff_s) + int(params.bulletin_every_s) * (
        1 + max(0, after_s - int(params.first_cutoff_s)) // int(params.bulletin_every_s)
    )
    if bulletin_s < params.regular_from_s:
        return bulletin_s
    hours = params.publish_hours if after_s < params.daily_from_s else params.publish_hours[:1]
    start_s = max(after_s, int(params.regular_from_s) - 1)
    midnight_s = (start_s + clock_offset_s) // DAY_S * DAY_S - clock_offset_s
    candidates = [
        midnight_s + day * DAY_S + int(hour * HOUR_S) - int(params.compile_s) for day in (0, 1, 2) for hour in hours
    ]
    return min(instant for instant in candidates if instant > start_s)


def compile_time_s(cutoff_s: int, params: Params) -> float:
    """How long compiling takes after a cut-off: short for a bulletin, long for a full report, seconds."""
    return float(params.bulletin_compile_s if cutoff_s < params.regular_from_s else params.compile_s)


def cut_off(rhythm: Rhythm, known: Known, holder: int, publish_s: int, next_s: int) -> Rhythm:
    """Freeze what is known now; it is published later, whatever arrives meanwhile."""
    return Rhythm(
        next_s,
        publish_s,
        rhythm.n_published,
        rhythm.meeting_s,
        known.value[holder].copy(),
        known.as_of_s[holder].copy(),
        rhythm.published_value,
        rhythm.published_as_of_s,
    )


def publish(rhythm: Rhythm) -> Rhythm:
    """Meet and publish what was frozen at the cut-off."""
    return Rhythm(
        rhythm.cutoff_due_s,
        NEVER,
        rhythm.n_published + 1,
        rhythm.publish_due_s,
        rhythm.cut_value,
        rhythm.cut_as_of_s,
        rhythm.cut_value,
        rhythm.cut_as_of_s,
    )
