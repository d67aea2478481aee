import numpy as np
import pytest

from layers.logistics import GIVES, LAYER, NEEDS, shops
from layers.logistics.events import turned
from layers.logistics.trucks import Now
from tests.layers.logistics import place
from tests.layers.logistics.test_trucks import handling_of
from twin.units import DAY_S, HOUR_S

HARD = {
    "shelter_persons": np.array([200.0, 80.0, 40.0, 0.0]),
    "car_persons": 100.0,
    "power_on_fraction": np.array([0.2, 1.0]),
    "water_service_fraction": np.array([0.1, 0.9]),
    "persons_dependent": 50.0,
    "fuel_wanted_l": 400.0,
    "responders_present_persons": 300.0,
    "push_started": 1.0,
}


def test_outputs_have_their_declared_shapes_and_are_shares():
    world = place.make_world()
    _, results = place.run(place.make_given(), lambda a, b: place.make_inputs(**HARD), 6 * HOUR_S)
    for var in GIVES:
        value = results[-1].outputs[var.name]
        assert value.shape == world.shape(var.on), var.name
        assert value.dtype == np.float64
        assert (value >= 0).all()
        if var.name.endswith("_fraction"):
            assert (value <= 1).all(), var.name


def test_a_quiet_day_is_short_of_nothing():
    state, results = place.run(place.make_given(), lambda a, b: place.make_inputs(), DAY_S, 3600)
    series = LAYER.measure(place.make_given(), state)
    assert series["meals_short"].sum() == series["water_short_l"].sum() == series["trucks_queued"].sum() == 0
    assert series["fuel_stations_open"].sum() == place.STATIONS
    assert not [event for result in results for event in result.events]
    assert set(series) == {one.name for one in LAYER.series}


def test_arguments_stay_untouched():
    given = place.make_given()
    state = place.begin(given)
    inputs = place.make_inputs(**HARD)
    kept = {name: value.copy() for name, value in inputs.items()}
    for value in inputs.values():
        value.setflags(write=False)
    LAYER.step(given, state, inputs, place.make_clock(0, 3600))
    assert all(np.array_equal(kept[name], inputs[name]) for name in kept)
    assert not state.household_meals.any()


def test_half_the_step_moves_no_headline_series_by_five_percent():
    given = place.make_given(contract_trucks_factor=5.0)
    order = np.full((place.TOWNS, 10), 300.0)
    totals = []
    for step_s in (1200, 3600):
        state, _ = place.run(given, place.order_once(7200, order, **HARD), 2 * DAY_S, step_s)
        totals.append([state.meals_short.sum(), state.water_short_l.sum(), state.received_units.sum()])
    assert min(totals[0]) > 0
    assert totals[1] == pytest.approx(totals[0], rel=0.05)


def test_shops_close_at_once_and_reopen_with_their_time_constant():
    given = place.make_given(shop_reopen_s=43200)
    told, hall = handling_of(given, power_on_fraction=np.array([0.0, 1.0]))
    dark = shops.reopen(given, np.ones(2), Now(told, hall, place.make_clock(0, 600)))
    assert dark.tolist() == [0.0, 1.0]
    told, hall = handling_of(given)
    light = shops.reopen(given, dark, Now(told, hall, place.make_clock(600, 600 + 43200)))
    assert light[0] == pytest.approx(1 - np.exp(-1))


def test_open_shops_end_relief_demand():
    short = []
    for power in (0.0, 0.5, 1.0):
        inputs = place.make_inputs(power_on_fraction=power)
        short.append(place.run(place.make_given(), lambda a, b, i=inputs: i, DAY_S, 3600)[0].meals_short.sum())
    assert short[0] > short[1] > short[2] == 0


def test_responders_live_on_what_they_brought_for_three_days():
    given = place.make_given(municipal_stock_days=0.0)
    inputs = place.make_inputs(responders_present_persons=np.array([300.0, 0.0]))
    _, results = place.run(given, lambda a, b: inputs, 4 * DAY_S, 3600)
    share = np.array([result.outputs["responder_food_fraction"][0] for result in results])
    assert (share[:72] == 1).all()
    assert share[72:].max() < 0.01


def test_a_toilet_serves_fifty_at_first_and_twenty_later():
    given = place.make_given(toilets_later_s=DAY_S)
    inputs = place.make_inputs(shelter_persons=np.array([600.0, 0, 0, 0]))
    _, results = place.run(given, lambda a, b: inputs, 2 * DAY_S, 3600)
    assert results[0].outputs["shelter_toilets_fraction"][0] == pytest.approx(6 / (600 / 50))
    assert results[-1].outputs["shelter_toilets_fraction"][0] == pytest.approx(6 / (600 / 20))


def test_a_shelter_tells_once_until_it_is_supplied_again():
    told, flags = [], np.zeros(1, bool)
    for level in (1.0, 0.2, 0.1, 0.5, 0.2, 0.9, 0.1):
        level = np.array([level])
        rows, flags = turned(flags, level < 0.3, level > 0.8)
        told.append(rows.size)
    assert told == [0, 1, 0, 0, 0, 0, 1]


def test_events_cite_only_declared_quantities():
    known = {var.name for var in (*NEEDS, *GIVES, *LAYER.records)}
    given = place.make_given(long_queue_units=1, municipal_stock_days=0.1)
    inputs = place.make_inputs(**{**HARD, "fuel_station_power": 0.0, "depot_power": 0.0})
    _, results = place.run(given, lambda a, b: inputs, 2 * DAY_S, 3600)
    events = [event for result in results for event in result.events]
    assert {"shelter_out_of_food", "stock_low", "station_stopped"} <= {event.kind for event in events}
    assert all(event.quantity in known for event in events)
    assert all(name in known for event in events for name, _ in event.causes)
    assert len(events) < 100
