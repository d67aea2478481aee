"""Water zones: tanks, the cycle of filling and finding, and what people get."""

from dataclasses import replace

import numpy as np
import pytest

from layers.infrastructure import water


@pytest.fixture
def zones(bench):
    one = bench()
    return one.state.water, one.given.water, one.given.params


def with_breaks(state, known, hidden=0):
    n = len(state.known)
    return replace(state, known=np.full(n, known), hidden=np.full(n, hidden), breaks_ever=np.full(n, known + hidden))


def test_break_rate_is_the_published_curve(bench):
    params = bench().given.params
    rate = water.break_rate_per_km(np.array([0.1, 0.65]), np.zeros(2), params)
    assert rate[0] == 0.0
    assert rate[1] == pytest.approx(params.pipe_break_scale * 9.92e-3 * 50.0**1.14)


def test_liquefied_ground_breaks_more(bench):
    params = bench().given.params
    dry, wet = water.break_rate_per_km(np.array([0.5, 0.5]), np.array([0.0, 0.4]), params)
    assert wet > dry


def test_without_pump_the_tank_lasts_its_hours(zones):
    state, place, params = zones
    off = np.zeros(len(place.keys))
    half = water.run(state, place, params, off, (0, int(place.tank_s.min() / 2)), 12.0)
    assert (half.phase == water.PRESSURISED).all()
    dry = water.run(half, place, params, off, (0, int(place.tank_s.max()) + 60), 12.0)
    assert (dry.phase == water.EMPTY).all()


def test_drawdown_does_not_depend_on_the_length_of_steps(zones):
    state, place, params = zones
    leaking = with_breaks(state, 40)
    on = np.ones(len(place.keys))
    once = water.run(leaking, place, params, on, (0, 3600), 12.0)
    often = leaking
    for start_s in range(0, 3600, 60):
        often = water.run(often, place, params, on, (start_s, start_s + 60), 12.0)
    assert often.level_s == pytest.approx(once.level_s)


def test_finding_of_leaks_does_not_depend_on_the_length_of_steps(zones):
    state, place, params = zones
    leaking = with_breaks(state, 0, 5)
    on = np.ones(len(place.keys))
    once, often = leaking, leaking
    for start_s in range(0, 12 * 3600, 3600):
        once = water.run(once, place, params, on, (start_s, start_s + 3600), 12.0)
    for start_s in range(0, 12 * 3600, 600):
        often = water.run(often, place, params, on, (start_s, start_s + 600), 12.0)
    assert often.hidden == pytest.approx(once.hidden, abs=1)
    assert (often.hidden + often.known == 5).all()


def test_refilling_shows_hidden_leaks_and_takes_its_time(zones):
    state, place, params = zones
    empty = replace(with_breaks(state, 0, 10), phase=np.full(len(state.phase), water.EMPTY, np.int8))
    on = np.ones(len(place.keys))
    filling = water.run(empty, place, params, on, (0, 600), 12.0)
    assert (filling.phase == water.REFILLING).all()
    due_s = int(filling.due_s[0])
    assert due_s == 600 + params.refill_s
    full = water.run(filling, place, params, on, (due_s - 600, due_s), 12.0)
    assert (full.phase == water.PRESSURISED).all()
    assert (full.known >= 6).all()
    assert (full.cycles == 1).all()


def test_outage_grows_before_it_shrinks(shaken):
    one = shaken()
    course = [totals["households_without_water"] for totals in one.run(6 * 86400, 3600)]
    assert max(course) > 1.1 * course[0]
    assert course[-1] < max(course)


def test_kawakami_share_behind_open_breaks(zones):
    state, place, params = zones
    per_km = 0.2
    known = per_km * place.pipe_km.sum(axis=1)
    out = water.isolated_fraction(replace(state, known=known), place, params)
    assert out == pytest.approx(np.full(len(out), 1.0 / (1.0 + 0.307 * 0.2**-1.17)))


def test_night_cut_spares_the_tank_and_is_not_an_outage(zones):
    state, place, params = zones
    low = replace(state, level_s=0.1 * place.tank_s)
    connected, served = water.service(low, place, params, 23.0)
    assert (connected == 1.0).all()
    assert (served == 0.0).all()
    assert (water.service(low, place, params, 12.0)[1] > 0).all()


def test_no_drinking_after_strong_shaking(shaken):
    one = shaken()
    assert (one.result.outputs["water_drinkable"] < 1.0).any()
    list(one.run(7200))
    assert (one.result.outputs["water_service_fraction"] > 0).any()
