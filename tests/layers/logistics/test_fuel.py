from dataclasses import replace

import numpy as np
import pytest

from layers.logistics import fuel, stocks
from tests.layers.logistics import place
from twin.units import DAY_S, HOUR_S


def stored(given):
    return stocks.preposition(given, place.begin(given))[0]


def test_a_station_without_power_sells_nothing_until_it_is_checked():
    given = place.make_given()
    chain = stored(given).fuel
    dark = fuel.sell(given, chain, place.make_inputs(fuel_station_power=0.0), place.make_clock(0, 600))
    assert dark.selling.tolist() == [True, False, False, False, False, False]
    light = fuel.sell(given, dark, place.make_inputs(), place.make_clock(600, 1200))
    assert light.closures.tolist() == [0, 1, 1, 1, 1, 1]
    assert (light.opens_s[1:] > 1200).all()
    later = fuel.sell(given, light, place.make_inputs(), place.make_clock(1200, int(light.opens_s.max())))
    assert later.selling.all()


def test_stations_in_the_neighbour_town_help_out_only_while_the_road_is_open():
    given = place.make_given()
    wants = {"fuel_station_power": np.array([0, 0, 0, 0, 1, 1.0]), "responder_fuel_wanted_l": np.array([500.0, 0.0])}
    given = replace(given, station_emergency=np.zeros(place.STATIONS, bool))
    cut = place.make_world().arrays["free_travel_s"].copy()
    cut[0, 1] = cut[1, 0] = np.inf
    got = []
    for roads in (place.make_inputs()["travel_truck_s"], cut):
        inputs = place.make_inputs(travel_truck_s=roads, **wants)
        chain = fuel.sell(given, stored(given).fuel, inputs, place.make_clock(0, 600))
        after, _, handed = fuel.serve_priority(given, chain, np.zeros(place.TOWNS), inputs, 600)
        assert handed.responders_l.sum() == pytest.approx(chain.station_l.sum() - after.station_l.sum())
        got.append(float(handed.responders_l[0]))
    assert got == [pytest.approx(500.0), 0.0]


def test_generators_are_filled_at_a_pace_that_does_not_depend_on_the_step():
    given = place.make_given()

    def left_l(step_s):
        want, chain = (
            np.array([3000.0, 0.0]),
            fuel.sell(given, stored(given).fuel, place.make_inputs(), place.make_clock(0, 60)),
        )
        for _ in range(3600 // step_s):
            chain, _, handed = fuel.serve_priority(
                given, chain, np.zeros(place.TOWNS), place.make_inputs(fuel_wanted_l=want), step_s
            )
            want = want - handed.lifelines_l
        return want[0]

    assert left_l(600) == pytest.approx(left_l(3600))
    assert left_l(600) == pytest.approx(3000.0 * np.exp(-3600 / given.params.generator_round_s))


@pytest.mark.parametrize(
    "change", [{"tsunami_advisory": 1.0}, {"depot_power": 0.0}, {"depot_usable": np.array([1, 1, 1, 0.2, 1])}]
)
def test_a_terminal_closes_and_trucks_come_from_outside(change):
    given = place.make_given()
    chain = replace(stored(given).fuel, station_l=np.zeros(place.STATIONS))
    clock = place.make_clock(3000, 3600)
    fair, from_ships = fuel.send(given, chain, place.make_inputs(), clock)
    shut, from_outside = fuel.send(given, chain, place.make_inputs(**change), clock)
    assert fair.terminal_l.sum() < chain.terminal_l.sum()
    assert from_ships == 0.0
    assert shut.terminal_l.sum() == chain.terminal_l.sum()
    assert from_outside == pytest.approx(shut.trip_l.sum())
    assert (shut.trip_due_s > fair.trip_due_s).all()


def test_tanker_trucks_arrive_once_and_come_back():
    given = place.make_given()
    chain = replace(stored(given).fuel, station_l=np.zeros(place.STATIONS))
    sent, _ = fuel.send(given, chain, place.make_inputs(), place.make_clock(3000, 3600))
    there, _ = fuel.arrive(sent, int(sent.trip_due_s.max()))
    assert there.station_l.sum() == pytest.approx(sent.trip_l.sum())
    assert there.trip_l.sum() == 0
    assert len(fuel.arrive(there, int(sent.trip_back_s.max()))[0].trip_l) == 0


def test_fewer_tanker_trucks_mean_emptier_stations():
    levels = []
    for factor in (0.1, 5.0):
        given = place.make_given(fleet_per_person=0.0001, fleet_emergency_factor=factor, driving_l_per_person_day=3.0)
        state, _ = place.run(given, lambda a, b: place.make_inputs(), 3 * DAY_S, 3600)
        levels.append(state.fuel.station_l.sum())
    assert levels[0] < levels[1]


def test_fuel_handed_back_by_a_cut_row_is_in_stock_again():
    given = place.make_given()
    inputs = place.make_inputs(returned_fuel_delivered_l=np.array([70.0, 0.0]))
    state, _ = place.run(given, lambda a, b: inputs, 600)
    assert fuel.drums(state.store_units, place.TOWNS)[0] == pytest.approx(70.0)


def test_the_reserve_stays_for_responders():
    given = place.make_given(station_reserve_fraction=0.3)
    chain = replace(stored(given).fuel, vehicle_l=np.zeros(place.TOWNS))
    for _ in range(48):
        chain, _ = fuel.drive_and_fill(given, chain, HOUR_S)
    assert chain.station_l.min() == pytest.approx(0.3 * 20000.0)
