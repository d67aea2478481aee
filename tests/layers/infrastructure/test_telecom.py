"""Base stations: batteries, lines, overlap."""

from dataclasses import replace

import numpy as np
import pytest

from layers.infrastructure import telecom


@pytest.fixture
def stations(bench):
    one = bench()
    return one.state.telecom, one.given.telecom, one.given.params


def test_a_station_dies_when_its_battery_ends_and_not_before(stations):
    state, place, params = stations
    dark = np.zeros(len(place.keys), bool)
    shortest_s = place.battery_s.min() * params.battery_life_factor
    before = telecom.run(state, place, params, dark, dark, int(shortest_s) - 60)
    after = telecom.run(before, place, params, dark, dark, 120)
    assert before.up.all()
    assert (after.up == (place.battery_s > place.battery_s.min() + 60)).all()


def test_generator_or_car_keeps_it_up_but_no_power_mends_a_cut_line(stations):
    state, place, params = stations
    dark, fed = np.zeros(len(place.keys), bool), np.ones(len(place.keys), bool)
    long_s = int(place.battery_s.max() * params.battery_life_factor) + 60
    assert telecom.run(state, place, params, dark, fed, long_s).up.all()
    assert not telecom.run(replace(state, line_cut=fed), place, params, fed, fed, 600).up.any()


def test_faults_towards_the_exchange_count_and_those_beyond_do_not(stations):
    _, place, _ = stations
    faults = np.zeros((place.feeder.max() + 1, 6), int)
    faults[:, 3] = 2
    on_way = telecom.faults_on_the_way(place, faults)
    assert (on_way[(place.feeder >= 0) & (place.section >= 3)] == 2).all()
    assert (on_way[place.section < 3] == 0).all()


def test_overlap_keeps_everyone_served_until_too_few_stations_are_left(stations):
    _, place, params = stations
    up = np.ones(len(place.keys), bool)
    assert (telecom.coverage(up, place, params) == 1.0).all()
    assert (telecom.coverage(~up, place, params) < 1.0).any()
    cell = int(np.argmax(np.diff(place.to_cell.indptr)))
    weakest = place.to_cell.indices[place.to_cell.indptr[cell]]
    up[weakest] = False
    assert telecom.coverage(up, place, params)[cell] == 1.0


def test_congestion_grows_with_load_but_not_below_capacity(stations):
    params = stations[2]
    half, full, ten = telecom.completion(np.array([0.5, 1.0, 10.0]), params)
    assert half == full == 1.0
    assert params.uncongested_fraction < ten < 0.5


def test_stations_follow_the_power_and_come_back(shaken):
    one = shaken(battery_life_factor=1.5, telecom_crews_per_100000=10.0, power_crews_per_100000=20.0, locate_s=21600.0)
    down = [totals["base_stations_down"] for totals in one.run(5 * 86400, 3600)]
    assert max(down) > 0
    assert down[-1] < max(down)
