"""Two counts: tags in days, certificates in weeks."""

import numpy as np
import pytest

from layers.government import counting
from layers.government.counting import Counts
from tests.layers.government.place import PARAMS, given

OFFSET_S = given().clock_offset_s
DAMAGE = np.array([[100.0, 300.0, 2000.0], [0.0, 0.0, 0.0]])
TOTAL = DAMAGE.sum(axis=1)


def test_work_time_is_daylight_only_and_adds_up():
    day = counting.daylight_work_s(0, 86400, OFFSET_S, PARAMS)
    assert day == pytest.approx((PARAMS.inspection_hours[1] - PARAMS.inspection_hours[0]) * 3600)
    parts = [counting.daylight_work_s(t, t + 600, OFFSET_S, PARAMS) for t in range(0, 86400, 600)]
    assert sum(parts) == pytest.approx(day)
    night_s = 22 * 3600 - OFFSET_S
    assert counting.daylight_work_s(night_s, night_s + 3600, OFFSET_S, PARAMS) == 0


HOMES = np.array([4000.0, 4000.0])


def test_finding_in_parts_equals_finding_at_once():
    hours = np.array([400.0, 400.0])
    at_once = counting.find(counting.nothing_counted(2), TOTAL, HOMES, hours, PARAMS)
    counts = counting.nothing_counted(2)
    for _ in range(10):
        counts = Counts(counts.tagged, counting.find(counts, TOTAL, HOMES, hours / 10, PARAMS), counts.classified)
    np.testing.assert_allclose(counts.found, at_once)
    assert at_once[0] == pytest.approx(TOTAL[0] * (1 - np.exp(-PARAMS.homes_seen_per_hour * 400.0 / 4000.0)))
    assert at_once[1] == 0


def test_dense_damage_is_found_faster():
    blank, hours = counting.nothing_counted(2), np.full(2, 10.0)
    found = counting.find(blank, np.array([2000.0, 200.0]), HOMES, hours, PARAMS)
    assert found[0] == pytest.approx(10 * found[1])


def test_the_worst_come_first_and_never_more_than_is_found():
    counts, found = counting.nothing_counted(2), np.array([1200.0, 0.0])
    few = counting.classify(counts, found, DAMAGE, HOMES, np.full(2, 100.0), PARAMS)
    every = counting.classify(counts, found, DAMAGE, HOMES, np.full(2, 1e7), PARAMS)
    assert few[0, 0] / few[0, 2] > DAMAGE[0, 0] / DAMAGE[0, 2]
    np.testing.assert_allclose(every[0], 0.5 * DAMAGE[0])
    assert every[1].sum() == 0


def test_reported_homes_are_whole_and_add_up_to_those_found():
    counts = Counts(np.zeros(1), np.array([50.7]), np.array([[3.4, 10.2, 20.9]]))
    assert counting.reported(counts).tolist() == [[3.0, 10.0, 20.0, 17.0]]


def test_more_teams_tag_more_up_to_all():
    blank = counting.nothing_counted(2)
    few, many, all_of_them = (
        counting.tag(blank, TOTAL, np.full(2, teams), 36000.0, PARAMS)[0] for teams in (5, 20, 1e4)
    )
    assert few < many < all_of_them == TOTAL[0]


def test_towns_keep_their_habits_and_more_officials_begin_earlier():
    keys, population = np.arange(2) * 31 + 7, np.full(2, 1e4)
    habits = np.zeros((len(keys), 4))
    begin = counting.begin_s(habits, np.array([40.0, 140.0]), population, PARAMS)
    assert (begin[0] > begin[1]).all()
    np.testing.assert_array_equal(counting.effort(habits, PARAMS), np.ones(2))
