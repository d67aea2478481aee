"""Gas blocks and sewers."""

from dataclasses import replace

import numpy as np
import pytest

from layers.infrastructure import gas, sewer
from layers.infrastructure.course import hours_between
from layers.infrastructure.gas import Gas, GasPlace


@pytest.fixture
def block():
    place = GasPlace(np.array([1]), np.array([1000.0]), np.array([0]), np.array([0]), np.array([90000.0]))
    return place, gas.start(place)


def test_blocks_stop_only_above_the_limit(block, bench):
    params = bench().given.params
    place, state = block
    limit = params.gas_stop_si_m_per_s / params.si_per_pgv
    assert not gas.shake(state, place, params, np.array([0.99 * limit]))[0].stopped.any()
    assert gas.shake(state, place, params, np.array([1.01 * limit]))[0].stopped.all()


def test_a_small_operator_stops_earlier(block, bench):
    params = bench().given.params
    place, state = block
    small = replace(place, network_customers=np.array([9000.0]))
    pgv = np.array([1.01 * params.gas_small_stop_si_m_per_s / params.si_per_pgv])
    assert gas.shake(state, small, params, pgv)[0].stopped.all()
    assert not gas.shake(state, place, params, pgv)[0].stopped.any()


def test_house_visits_take_crews_times_hours_with_second_visits_to_the_absent(block, bench):
    params = bench().given.params
    place, _ = block
    shut = Gas(np.array([True]), np.zeros(1), np.array([1000.0]), np.zeros(1))
    first_s = 1000.0 * params.gas_visit_s
    after = gas.restore(shut, place, params, 10.0, first_s / 10.0)
    assert after.to_visit[0] == pytest.approx(0.0)
    assert after.absent[0] == pytest.approx(1000.0 * params.absent_fraction)
    again_s = 1000.0 * params.absent_fraction / (1.0 - params.absent_fraction) * params.gas_visit_s
    assert not gas.restore(after, place, params, 10.0, again_s / 10.0 + 60.0).stopped.any()


def test_survey_comes_first_and_step_length_does_not_matter(block, bench):
    params = bench().given.params
    place, _ = block
    shut = Gas(np.array([True]), np.array([36000.0]), np.array([1000.0]), np.zeros(1))
    once = gas.restore(shut, place, params, 4.0, 86400.0)
    often = shut
    for _ in range(24):
        often = gas.restore(often, place, params, 4.0, 3600.0)
    assert once.to_visit[0] < 1000.0
    assert gas.customers_out(often) == pytest.approx(gas.customers_out(once), rel=0.02)


def test_hours_of_the_working_day():
    four_pm = 16 * 3600
    assert hours_between(0, 86400, four_pm, 8.0, 19.0) == 11 * 3600
    assert hours_between(0, 3600, four_pm, 8.0, 19.0) == 3600
    assert hours_between(4 * 3600, 8 * 3600, four_pm, 8.0, 19.0) == 0.0
    assert hours_between(500, 500, four_pm, 8.0, 19.0) == 0.0


def test_sewers_break_more_with_shaking_and_liquefaction_and_need_pumps(bench):
    params = bench().given.params
    weak, strong = sewer.broken_fraction(np.array([5.0, 6.5]), np.zeros(2), params)
    settled = sewer.broken_fraction(np.array([6.5]), np.array([0.5]), params)[0]
    assert weak < strong < settled <= 1.0
    assert sewer.usable(np.zeros(1), np.zeros(1), params)[0] < sewer.usable(np.zeros(1), np.ones(1), params)[0] == 1.0


def test_bypass_is_laid_at_a_rate_that_steps_do_not_change(bench):
    params = bench().given.params
    once = sewer.bypassed(np.array([0.4]), 7200, params)
    assert sewer.bypassed(sewer.bypassed(np.array([0.4]), 3600, params), 3600, params) == pytest.approx(once)
