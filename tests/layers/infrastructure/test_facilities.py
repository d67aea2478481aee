"""Facilities: generators, their fuel, generator cars, hospital tanks."""

import numpy as np
import pytest

from layers.infrastructure import facilities
from layers.infrastructure.facilities import HOSPITAL, PUMP


@pytest.fixture
def halls(bench):
    one = bench()
    return one.state.facilities, one.given.facilities, one.given.params


def test_more_pumps_have_a_generator_the_larger_their_share(halls):
    _, place, params = halls
    pump = place.kind[place.generators] == PUMP
    share = [
        (facilities.running_s(place, params.replace({"pump_generator_fraction": wanted}))[pump] > 0).mean()
        for wanted in (0.2, 0.9)
    ]
    assert share[0] < share[1]


def test_fuel_is_neither_made_nor_lost(halls):
    state, place, params = halls
    dark = np.zeros(len(place.keys), bool)
    delivered = np.full(place.n_municipality, 5000.0)
    before = state.fuel_l.sum() + state.pool_l.sum()
    for _ in range(5):
        state, burnt_l = facilities.run_generators(state, place, params, dark, dark, delivered, 36000)
        after = state.fuel_l.sum() + state.pool_l.sum()
        assert burnt_l > 0
        assert after == pytest.approx(before + delivered.sum() - burnt_l)
        before = after


def test_a_generator_runs_for_its_hours_and_then_it_is_dark(halls):
    state, place, params = halls
    dark, none = np.zeros(len(place.keys), bool), np.zeros(place.n_municipality)
    running_s, hospital = facilities.running_s(place, params), place.kind[place.generators] == HOSPITAL
    shortest_s = int(running_s[hospital].min())
    on, _ = facilities.run_generators(state, place, params, dark, dark, none, shortest_s - 60)
    off, _ = facilities.run_generators(on, place, params, dark, dark, none, int(running_s.max()) + 120)
    assert (on.power[place.generators[hospital]] == params.generator_power_fraction).all()
    assert (off.power == 0.0).all()


def test_tanks_below_the_order_level_order_what_is_missing(halls):
    state, place, params = halls
    assert facilities.fuel_wanted_l(state, place, params).sum() == 0.0
    dark, none = np.zeros(len(place.keys), bool), np.zeros(place.n_municipality)
    empty, burnt_l = facilities.run_generators(state, place, params, dark, dark, none, 10**7)
    own = place.municipality[place.generators] >= 0
    in_towns = facilities.burn_l_per_s(place, params)[own] @ facilities.running_s(place, params)[own]
    assert facilities.fuel_wanted_l(empty, place, params).sum() == pytest.approx(in_towns)
    assert burnt_l >= in_towns


def test_hospital_lives_from_its_tank_then_from_what_still_comes(halls):
    state, place, params = halls
    half = np.full(len(place.hospital_tank_s), 0.5)
    first = facilities.draw_tanks(state, place, params, half, 3600)
    assert first.tank_s == pytest.approx(place.hospital_tank_s - 1800.0)
    assert (facilities.draw_tanks(first, place, params, half, 10**7).tank_s == 0.0).all()
    assert (facilities.draw_tanks(first, place, params, half + 0.5, 10**7).tank_s == place.hospital_tank_s).all()


def test_tank_trucks_help_the_hospitals_of_their_town(halls, bench):
    _, place, params = halls
    beds = bench().given.town.hospital_beds
    dry = np.zeros(place.hospital_zone.max() + 1)
    nothing, some = np.zeros(place.n_municipality), np.full(place.n_municipality, 5.0)
    assert (facilities.hospital_supply(place, params, beds, dry, nothing)[place.hospital_zone >= 0] == 0.0).all()
    assert (facilities.hospital_supply(place, params, beds, dry, some) > 0.0).all()


def test_cars_come_when_allotted_feed_the_facility_and_leave_with_the_mains(shaken):
    one = shaken(6.9, 2.0, power_crews_per_100000=0.5)
    wanted = one.result.outputs["generator_cars_wanted_units"].sum()
    connected = []
    for _ in one.run(86400, generator_cars_units=30.0):
        wanted = max(wanted, one.result.outputs["generator_cars_wanted_units"].sum())
        connected += [event for event in one.result.events if event.kind == "car_connected"]
    assert wanted > 0
    assert connected
    assert all(event.causes for event in connected)


def test_no_car_without_an_allotment(shaken):
    one = shaken(6.9, 2.0, power_crews_per_100000=0.5)
    for _ in one.run(43200):
        assert not [event for event in one.result.events if event.kind == "car_connected"]
