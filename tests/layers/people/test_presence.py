"""Where people are: hours, weekdays, holidays, the way home."""

from datetime import datetime, timedelta

import numpy as np
import pytest

from layers.people import presence
from layers.people.measures import measure
from tests.layers.people.small import ORIGIN, PARAMS, begin, run, small_world, struck


def out(*when):
    return presence.place_fractions(*when).sum()


def test_fewer_are_out_at_night_at_weekends_and_in_school_holidays():
    noon, night = datetime(2026, 7, 28, 12), datetime(2026, 7, 28, 3)
    assert out(PARAMS, night, False, False) < 0.1 < out(PARAMS, noon, False, False)
    assert out(PARAMS, noon, True, False) < out(PARAMS, noon, False, False)
    assert out(PARAMS, noon + timedelta(days=5), False, False) < out(PARAMS, noon, False, False)
    assert out(PARAMS, noon, False, True) == out(PARAMS, noon + timedelta(days=5), False, False)


def test_hours_are_joined_by_straight_lines_around_midnight():
    before, after = (presence.awake_fraction(PARAMS, hour) for hour in (23.5, 0.0))
    table = PARAMS.awake_fraction_by_hour
    assert before == pytest.approx((table[23] + table[0]) / 2)
    assert after == table[0]


def test_relaxation_in_ten_steps_equals_one():
    value = np.array([0.5])
    many = value
    for _ in range(10):
        many = presence.relax(many, 0.1, 1800.0, 60.0)
    assert many == pytest.approx(presence.relax(value, 0.1, 1800.0, 600.0))


def test_noon_visitors_make_the_day_population():
    night, day = np.array([1000.0, 5000.0, 2000.0]), np.array([3000.0, 4000.0, 1000.0])
    out = sum(PARAMS[f"{place}_fraction_by_hour"][12] for place in presence.PLACES)
    drawn = presence.attraction(PARAMS, night, day)
    found = (1.0 - out) * night + presence.visitors(drawn, out * night.sum())
    assert found == pytest.approx(day, rel=0.05)


def test_jams_grow_with_people_on_their_way_home():
    factor = presence.traffic_factor(PARAMS, np.array([0.0, 0.1, 0.4]), PARAMS.free_road_fraction)
    assert factor[0] == 1.0
    assert np.all(np.diff(factor) > 0)


def test_people_go_home_after_a_strong_shock_and_stay():
    world = small_world()
    given, state = begin(world)
    quiet, calm_result = run(world, given, state, 4 * 3600)
    shaken, _ = struck(world, given, state)
    shaken, result = run(world, given, shaken, 4 * 3600, 60, start_s=60, wood_collapsed_fraction=0.2)
    assert result.outputs["persons_home"].sum() > calm_result.outputs["persons_home"].sum()
    assert np.all(shaken.town.absent_fraction < quiet.town.absent_fraction)


def test_everybody_is_somewhere_and_the_roads_fill_after_a_shock():
    world = small_world()
    given, state = begin(world)
    before = measure(given, state)
    shaken, _ = struck(world, given, state, wood_collapsed_fraction=0.0, wood_half_fraction=0.0)
    after = measure(given, shaken)
    for series in (before, after):
        out = sum(series[f"persons_{place}"] for place in ("at_work", "at_school", "at_shops", "on_road"))
        everyone = out + series["persons_home"] + series["persons_away"]
        removed = shaken.victims["removed"].sum() if series is after else 0
        assert everyone.sum() + removed == pytest.approx(world["cell"]["night_persons"].sum())
    assert after["persons_on_road"].sum() > 2.0 * before["persons_on_road"].sum()


def test_start_is_a_tuesday_afternoon_in_school_holidays():
    world = small_world()
    _, state = begin(world)
    assert ORIGIN.weekday() == 1
    assert 0.3 < state.town.absent_fraction[0] < 0.5
