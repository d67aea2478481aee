"""The rhythm of headquarters: fixed hours, frozen at the cut-off."""

import numpy as np
import pytest

from layers.government import rhythm
from layers.government.known import NEVER, absorb, nothing_known
from tests.layers.government.place import PARAMS, given

OFFSET_S = given().clock_offset_s


def clock_hours(instants_s):
    return [round((instant + OFFSET_S) % 86400 / 3600, 2) for instant in instants_s]


def cutoffs(n, after_s=0):
    out = []
    for _ in range(n):
        after_s = rhythm.next_cutoff_s(after_s, OFFSET_S, PARAMS)
        out.append(after_s)
    return out


def test_first_report_is_cut_off_within_half_an_hour():
    assert rhythm.first_round(PARAMS, 3, 2).cutoff_due_s == 1800


def test_regular_reports_are_published_at_fixed_hours():
    regular = [c for c in cutoffs(20) if c >= PARAMS.regular_from_s]
    published = clock_hours([c + int(rhythm.compile_time_s(c, PARAMS)) for c in regular])
    assert set(published) == {7.5, 14.0}


def test_cutoffs_only_move_forward():
    assert np.all(np.diff(cutoffs(40)) > 0)


def test_later_one_report_a_day():
    days = np.diff(cutoffs(4, after_s=int(PARAMS.daily_from_s)))
    assert days.tolist() == [86400, 86400, 86400]


def test_what_arrives_after_the_cutoff_waits_for_the_next_report():
    one = np.array([0])
    known = absorb(nothing_known(1, 1, 1), one, one, one, np.array([5.0]), 100, 200, 1)
    beat = rhythm.cut_off(rhythm.first_round(PARAMS, 1, 1), known, 0, 3600, 9000)
    absorb(known, one, one, one, np.array([9.0]), 2000, 2000, 1)
    beat = rhythm.publish(beat)
    assert beat.published_value[0, 0] == 5.0
    assert beat.published_as_of_s[0, 0] == 100
    assert (beat.publish_due_s, beat.n_published, beat.meeting_s) == (NEVER, 1, 3600)


@pytest.mark.parametrize("compile_s", [3600.0, 14400.0])
def test_slower_compiling_means_an_earlier_cutoff(compile_s):
    params = PARAMS.replace({"compile_s": compile_s})
    cutoff_s = rhythm.next_cutoff_s(3 * 86400, OFFSET_S, params)
    assert clock_hours([cutoff_s + compile_s])[0] in (7.5, 14.0)
