"""Fires: residents, crews, water, gaps and wind decide how far they go; step length does not."""

import numpy as np
import pytest

from layers.damage import LAYER, fires
from twin.chance import Chance
from twin.params import load

PARAMS = load(LAYER.params_file)
CHANCE = Chance(4)
KEYS = np.arange(2000) * 17 + 3


def burning(n=50, limit=20.0):
    cells = np.arange(n)
    table = fires.kindle(
        fires.no_fires(), fires.Ignitions(cells, np.zeros(n), np.ones(n), fires.BY_SHAKING), 0, KEYS, PARAMS, CHANCE
    )
    return table.with_columns(burning=np.ones(n, dtype=np.int64), limit=np.full(n, limit))


def after(table, seconds, step_s=600, crews=0.0, water=1.0, wind=2.0, response=0.0):
    n = len(table)
    for _ in range(0, seconds, step_s):
        against = fires.Defence(np.full(n, crews), np.full(n, water), np.full(n, response))
        table = fires.burn(table, np.full(n, float(step_s)), against, wind, PARAMS)
    return table


def test_ignition_needs_shaking_and_rises_with_it():
    rate = fires.ignition_rate(np.array([4.4, 5.0, 6.0, 7.0]), 16.5, PARAMS)
    assert rate[0] == 0.0
    assert np.all(np.diff(rate) > 0.0)
    assert rate[3] / rate[2] == pytest.approx(10.0**PARAMS.ignition_slope)


def test_breakers_cut_ignitions_by_shaking_and_by_returning_power():
    many = PARAMS.replace({"seismic_breaker_share": 1.0})
    strong = np.array([6.5])
    assert fires.ignition_rate(strong, 16.5, many) < fires.ignition_rate(strong, 16.5, PARAMS)
    back = [fires.power_ignitions(np.array([1e4]), np.array([0.2]), p)[0] for p in (PARAMS, many)]
    assert back[1] == pytest.approx(1e4 * 0.2 * PARAMS.reenergising_ignition_fraction * (1.0 - PARAMS.breaker_effect))
    assert back[0] > back[1]


def test_every_ignition_becomes_one_row_with_its_own_number():
    new = fires.Ignitions(np.array([3, 7]), np.array([2.0, 0.0]), np.array([2.0, 1.0]), fires.BY_POWER)
    table = fires.kindle(fires.no_fires(), new, 100, KEYS, PARAMS, CHANCE)
    assert table["cell"].tolist() == [3, 3, 7]
    assert table["number"].tolist() == [2, 3, 0]
    assert np.all(table["ignite_s"] >= 100)
    assert len(np.unique(table["ignite_s"])) == 3


def test_residents_put_out_the_published_share():
    table = burning(2000)
    flaring, able = np.ones(2000, dtype=bool), np.full(2000, PARAMS.first_response_reference)
    out = fires.put_out_at_once(table, flaring, able, KEYS, PARAMS, CHANCE)
    assert out.mean() == pytest.approx(PARAMS.first_extinguishing_fraction, abs=0.03)
    nobody = fires.put_out_at_once(table, flaring, np.zeros(2000), KEYS, PARAMS, CHANCE)
    assert not nobody.any()
    some = fires.put_out_at_once(table, flaring, 0.5 * able, KEYS, PARAMS, CHANCE)
    assert np.all(out[some])


def test_crews_end_fires_sooner_and_save_houses():
    alone, held = after(burning(), 7200), after(burning(), 7200, crews=3.0)
    assert alone["burnt"].sum() > 2.0 * held["burnt"].sum()
    assert held["burning"].sum() == 0
    assert alone["burning"].sum() == len(alone)


def test_dry_hydrants_make_crews_less_useful():
    wet, dry = (after(burning(), 3600, step_s=60, crews=1.5, water=w) for w in (1.0, 0.0))
    assert dry["burnt"].sum() > wet["burnt"].sum()


def test_residents_slow_a_fire_but_do_not_end_it():
    helped, alone = after(burning(), 3600, response=0.6), after(burning(), 3600)
    assert np.all(helped["burnt"] < alone["burnt"])
    assert helped["burning"].sum() == len(helped)


def test_wind_speeds_spread_and_helps_fire_over_gaps():
    assert after(burning(), 3600, wind=10.0)["burnt"].sum() > after(burning(), 3600, wind=0.0)["burnt"].sum()
    dense = np.array([0.003])
    assert fires.jump_chance(dense, 10.0, PARAMS) > fires.jump_chance(dense, 1.0, PARAMS)
    assert fires.jump_chance(np.zeros(1), 10.0, PARAMS)[0] == 0.0


def test_a_fire_stops_at_its_gap_and_burns_out():
    table = after(burning(limit=3.0), 12 * 3600)
    assert np.all(table["burnt"] == 3.0)
    assert table["burning"].sum() == 0


def test_limits_are_geometric_in_the_chance_to_jump():
    table = burning(2000)
    limit = fires.spread_limit(table, np.full(2000, 0.5), KEYS, CHANCE)
    assert limit.min() == 1.0
    assert limit.mean() == pytest.approx(2.0, rel=0.08)
    assert np.all(fires.spread_limit(table, np.zeros(2000), KEYS, CHANCE) == 1.0)


@pytest.mark.parametrize("crews", [0.0, 0.7])
def test_step_length_hardly_matters(crews):
    fine, coarse = (after(burning(), 7200, step_s=step_s, crews=crews) for step_s in (60, 3600))
    assert coarse["burnt"].sum() == pytest.approx(fine["burnt"].sum(), rel=0.05)


def test_a_house_is_lost_when_half_of_it_has_burnt():
    assert fires.whole_houses(np.array([0.0, 0.49, 0.51, 1.4, 3.0]), PARAMS).tolist() == [0.0, 0.0, 1.0, 1.0, 3.0]
