from dataclasses import replace

import numpy as np
import pytest

from layers.evacuation import headcount
from layers.evacuation.state import Status
from tests.layers.evacuation.small_world import CHANCE, clock, made

HOUR_S = 3600


def test_head_counts_are_taken_at_the_fixed_hours_only():
    given, _ = made()
    start_of_day_s = given.origin_of_day_s
    taken = [
        (start_of_day_s + now_s + 600) // 600 * 600 % (24 * HOUR_S) // HOUR_S
        for now_s in range(0, 48 * HOUR_S, 600)
        if headcount.counts_now(given.params, start_of_day_s, clock(now_s, 600))
    ]
    assert taken == [19, 6, 12, 19, 6, 12]


def test_people_are_out_by_day_and_back_at_night():
    params = made()[0].params
    registered, quantile = np.full(500, 100.0), np.linspace(0.0, 0.999, 500)
    night = headcount.present_persons(params, registered, quantile, 3.0)
    noon = headcount.present_persons(params, registered, quantile, 12.0)
    assert np.array_equal(night, registered)
    assert noon.mean() == pytest.approx(100.0 * (1.0 - params.day_out_fraction), rel=0.01)
    assert np.array_equal(noon, np.floor(noon))


def test_only_staffed_shelters_are_counted_and_others_keep_the_old_number():
    given, state = made()
    halls = replace(
        state.halls,
        status=np.full(4, Status.OPEN, dtype=np.int8),
        present=np.full(4, 50.0),
        counted_persons=np.array([10.0, np.nan, 10.0, 10.0]),
    )
    counted = headcount.head_count(given, halls, np.array([0.0, 1.0]), CHANCE, 0)
    assert np.array_equal(counted, [10.0, np.nan, 50.0, 50.0], equal_nan=True)


def test_a_town_knows_nothing_before_its_first_count():
    given, _ = made()
    unknown, is_open = np.full(2, np.nan), np.full(4, Status.OPEN)
    known = headcount.known_persons(given.halls, is_open, np.array([np.nan, np.nan, 7.0, 5.0]), unknown)
    assert np.array_equal(known, [np.nan, 12.0], equal_nan=True)
    shut = np.array([Status.OPEN, Status.OPEN, Status.MERGED, Status.OPEN])
    assert headcount.known_persons(given.halls, shut, np.array([1.0, 1.0, 7.0, 5.0]), known)[1] == 5.0
