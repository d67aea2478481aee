"""Fires: residents, crews, water, gaps and wind decide how far they go; step length does not."""

from itertools import pairwise

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


def quarter(n=20, jump=1.0, through=1.0):
    """Square cells of 100 m in a block of n by n, 250 m2 to a house."""
    column, row = np.meshgrid(np.arange(n), np.arange(n))
    borders = fires.neighbours(column.ravel() * 100.0, row.ravel() * 100.0, np.full(n * n, 1e4))
    calm = np.ones(borders.target.size)
    keys, house_m2 = np.arange(n * n) * 31 + 5, np.full(n * n, 250.0)
    return fires.Land(borders, keys, house_m2, np.full(n * n, jump), jump * through * calm, calm)


def one_fire(cell, burnt, cause=fires.BY_SHAKING):
    return fires.no_fires().append(
        cell=np.atleast_1d(cell), number=0, cause=cause, ignite_s=0, burning=1, burnt=burnt, limit=500.0, work_s=0.0,
        spent_s=0.0, tried=0,
    )  # fmt: skip


def reached(land, cell, *burnt):
    """Cells that catch while one fire grows from each number of houses to the next, their sources, the last rows."""
    table, cells, sources = one_fire(cell, burnt[0]), [], []
    for before, after in pairwise(burnt):
        table = table.with_columns(burnt=np.atleast_1d(float(after)))
        table, fresh, source = fires.over_borders(table, np.atleast_1d(before), land, 600, CHANCE)
        cells += fresh["cell"].tolist()
        sources += source.tolist()
    return cells, sources, fresh


def test_cells_across_a_border_are_neighbours_and_those_across_a_corner_are_not():
    borders = quarter(5).borders
    assert np.diff(borders.first).max() == 4
    assert borders.target[borders.first[12] : borders.first[13]].tolist() == [7, 11, 13, 17]


def test_a_large_fire_goes_on_in_all_cells_around_and_a_small_one_in_none():
    land = quarter()
    cell = 10 * 20 + 10
    around, source, fresh = reached(land, cell, 0.0, 130.0)  # radius 102 m: past every border of the cell
    assert around == [cell - 20, cell - 1, cell + 1, cell + 20]
    assert source == [cell] * 4
    assert np.all(fresh["burning"] == 1)
    assert np.all(fresh["cause"] == fires.BY_NEIGHBOUR)
    assert np.all(fresh["ignite_s"] == 600)
    assert np.all(fresh["limit"] >= 1.0)
    assert len(np.unique(fresh["number"])) == 4
    assert reached(land, cell, 0.0, 0.99)[0] == []
    assert fires.grown(one_fire(cell, 4.9), np.array([4.1])).size == 0
    assert fires.grown(one_fire(cell, 5.1), np.array([4.9])).tolist() == [0]
    assert len(reached(land, cell, 0.0, 130.0, 400.0)[0]) == 4  # each border is tried once


def test_a_border_is_met_when_the_burnt_circle_reaches_it():
    """Fires stand anywhere: the share that touches the border to the east is the burnt radius over the side."""
    land, n = quarter(60), 3600
    table = one_fire(np.arange(n), np.full(n, 11.0))
    row, edge = fires._touched(table, np.zeros(n), land, CHANCE)
    east = land.borders.east[edge] > 0.5
    with_east = n - 60
    assert east.sum() / with_east == pytest.approx(np.sqrt(11 * 250.0 / np.pi) / 100.0, abs=0.03)
    assert np.array_equal(land.borders.source[edge], table["cell"][row])


def test_however_a_fire_grows_the_same_borders_are_crossed():
    land = quarter(jump=0.5)
    burnt = np.linspace(0.0, 130.0, 27)
    for cell in (45, 130, 210):
        at_once = reached(land, cell, 0.0, 130.0)[0]
        in_steps = reached(land, cell, *burnt)[0]
        assert sorted(in_steps) == at_once


def test_gaps_roads_and_cells_that_burn_already_stop_a_fire_at_the_border():
    cell = 210
    assert reached(quarter(jump=0.0), cell, 0.0, 130.0)[0] == []
    assert reached(quarter(through=0.0), cell, 0.0, 130.0)[0] == []
    land = quarter()
    both = one_fire([cell, cell + 1], [130.0, 0.0])
    _, fresh, _ = fires.over_borders(both, np.zeros(2), land, 600, CHANCE)
    assert cell + 1 not in fresh["cell"]
    more = [set(reached(quarter(jump=jump), cell, 0.0, 130.0)[0]) for jump in (0.2, 0.5, 0.9)]
    assert more[0] <= more[1] <= more[2]


def test_wind_helps_fire_over_the_road_between_two_cells():
    wide = PARAMS.replace({"border_road_m": 12.0})
    assert fires.through_border(1.0, wide) < fires.through_border(8.0, wide) < 1.0
    assert fires.through_border(1.0, wide) < fires.through_border(1.0, PARAMS)
    assert fires.through_border(3.0, PARAMS.replace({"border_road_m": 14.0})) == 0.0


def test_no_fire_crosses_no_border():
    _, fresh, source = fires.over_borders(fires.no_fires(), np.zeros(0), quarter(), 600, CHANCE)
    assert len(fresh) == len(source) == 0


def test_a_house_that_stands_alone_does_not_burn_its_whole_cell():
    wood_per_m2 = np.array([0.0, 1e-6, 0.004, 0.01])
    place = fires.land(quarter(2).borders, np.arange(4), wood_per_m2, fires.Wind(3.0), PARAMS)
    assert place.house_m2 == pytest.approx([PARAMS.burnt_ground_m2, PARAMS.burnt_ground_m2, 250.0, 100.0])
    assert place.jump[0] == 0.0
    assert np.all(np.diff(place.jump) >= 0.0)
    assert place.over == pytest.approx(place.jump[place.borders.target] * fires.through_border(3.0, PARAMS))
    assert np.all(place.stretch == 1.0)
