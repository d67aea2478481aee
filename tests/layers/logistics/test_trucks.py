from dataclasses import replace

import numpy as np
import pytest

from layers.logistics import orders, trucks
from layers.logistics.items import COOLERS, ITEMS, MEALS
from layers.logistics.state import no_loads
from tests.layers.logistics import place
from twin.units import DAY_S, HOUR_S

MEALS_FOR_TOWN_0 = np.zeros((place.TOWNS, len(ITEMS)))
MEALS_FOR_TOWN_0[0, MEALS] = 1000.0


def loads_at_hub(arrive_s, unknown=False):
    n = len(arrive_s)
    return trucks.new_loads(
        no_loads(),
        origin=np.array(-1),
        place=np.full(n, place.HUB),
        serial=np.arange(n),
        phase=np.array(trucks.DRIVING),
        due_s=np.asarray(arrive_s),
        arrived_s=np.array(-1),
        drive_s=np.array(1200),
        unknown=np.broadcast_to(unknown, n),
        pushed=np.array(False),
        units=np.full((n, len(ITEMS)), 100.0),
    )


def handling_of(given, hour=12.0, **inputs):
    told = place.make_inputs(**inputs)
    usable = trucks.by_place(given.places, told["depot_usable"])
    return told, trucks.handling(given, replace(place.begin(given), place_usable=usable), told, hour)


def unload_times(given, loads, cuts, until_s=6 * HOUR_S, **inputs):
    """When each load is unloaded, by stepping over these cuts."""
    told, hall = handling_of(given, **inputs)
    dock_free_s, done, start_s = np.zeros((given.places.n, 32), np.int64), {}, 0
    for end_s in [*cuts, until_s]:
        now = trucks.Now(told, hall, place.make_clock(start_s, end_s))
        serial, before = loads.serial, loads
        loads, dock_free_s, unloaded = trucks.move(given, loads, dock_free_s, now)
        done.update({int(k): end_s for k in serial[unloaded]})
        assert set(before.serial) - set(loads.serial) == set(serial[unloaded].tolist())
        start_s = end_s
    return done


def test_trucks_queue_first_come_first_served_at_four_docks():
    given = place.make_given(unload_s=2700)
    done = unload_times(given, loads_at_hub([0] * 12), list(range(900, 6 * HOUR_S, 900)))
    assert sorted(done.values()) == [2700] * 4 + [5400] * 4 + [8100] * 4
    assert done[0] < done[11]


def test_the_queue_does_not_depend_on_where_steps_are_cut():
    given = place.make_given()
    rng = np.random.default_rng(3)
    loads = loads_at_hub(np.sort(rng.integers(0, 2 * HOUR_S, 25)), unknown=rng.random(25) < 0.4)
    fine = unload_times(given, loads, list(range(60, 12 * HOUR_S, 60)), 12 * HOUR_S)
    coarse = unload_times(given, loads, list(range(3600, 12 * HOUR_S, 3600)), 12 * HOUR_S)
    assert {k: -(-at // 3600) * 3600 for k, at in fine.items()} == coarse


def test_food_is_waved_past_beds_and_part_loads_are_quick():
    given = place.make_given(unload_s=3600, dock_fixed_fraction=0.25)
    loads = loads_at_hub([0] * 12)
    units = loads.units.copy()
    units[:11, trucks.URGENT] = 0.0
    done = unload_times(given, replace(loads, units=units), list(range(60, 6 * HOUR_S, 60)))
    assert done[11] == min(done.values())
    assert trucks.load_factor(given, 0.0) == 0.25
    assert trucks.load_factor(given, 15.0) == trucks.load_factor(given, 40.0) == 1.0


@pytest.mark.parametrize("change", [{"depot_power": 0.0}, {"depot_usable": 0.5}, {"wbgt_c": 33.0}])
def test_no_power_less_floor_and_heat_make_the_queue_longer(change):
    given, loads = place.make_given(), loads_at_hub([0] * 12)
    cuts = list(range(300, 12 * HOUR_S, 300))
    fair = max(unload_times(given, loads, cuts, 12 * HOUR_S).values())
    assert max(unload_times(given, loads, cuts, 12 * HOUR_S, **change).values()) > fair


def test_a_hub_without_power_works_by_hand_three_times_as_long():
    given = place.make_given(unload_s=2700, by_hand_factor=3.0)
    dark, light = (handling_of(given, depot_power=power)[1].service_s[place.HUB] for power in (0.0, 1.0))
    assert dark == pytest.approx(3.0 * light)


def test_surplus_blocks_the_floor():
    given = place.make_given()
    full = place.begin(given).store_units.copy()
    full[place.HUB, COOLERS] = 13000.0  # 5,200 m3 on 5,000 m2
    hall = trucks.handling(given, replace(place.begin(given), store_units=full), place.make_inputs(), 12.0)
    assert hall.docks[place.HUB] == 0
    assert hall.docks[0] > 0


def test_a_night_shift_has_fewer_docks():
    given = place.make_given(night_docks_fraction=0.5)
    assert handling_of(given, 23.0)[1].docks[place.HUB] == 2
    assert handling_of(given, 12.0)[1].docks[place.HUB] == 4


def test_trucks_at_a_closed_hall_are_unloaded_one_by_one_in_front_of_it():
    given = place.make_given()
    hall = handling_of(given, depot_usable=np.array([0.1, 1, 1, 1, 1]))[1]
    assert hall.docks.tolist()[:3] == [1, 2, 4]
    assert hall.service_s[0] == pytest.approx(given.params.by_hand_factor * given.params.unload_s)


def test_part_of_an_unknown_load_is_lost():
    given = place.make_given(unknown_lost_fraction=0.1)
    loads = loads_at_hub([0, 0], unknown=True)
    stores = np.zeros((given.places.n, len(ITEMS)))
    after, arrived, lost = trucks.unload(given, loads, np.array([True, True]), stores)
    assert after[place.HUB, MEALS] == pytest.approx(180.0)
    assert arrived.sum() + lost.sum() == pytest.approx(loads.units.sum())


def test_an_order_is_served_from_the_hub_within_hours():
    given = place.make_given(prefecture_stock_days=3.0)
    state, results = place.run(given, place.order_once(600, MEALS_FOR_TOWN_0), 6 * HOUR_S)
    assert state.received_units[0, MEALS] == pytest.approx(1000.0)
    assert not state.backlog_units.any()
    assert results[5].outputs["goods_received_units"][0, MEALS] == 0.0


def test_what_the_hub_lacks_is_bought_outside_and_takes_a_day():
    given = place.make_given(prefecture_stock_days=0.0, procure_s=DAY_S, unknown_lost_fraction=0.0)
    state, _ = place.run(given, place.order_once(600, MEALS_FOR_TOWN_0), DAY_S - HOUR_S, 3600)
    assert state.received_units.sum() == 0
    state, _ = place.run(given, place.order_once(600, MEALS_FOR_TOWN_0), 2 * DAY_S, 3600)
    assert state.received_units[0, MEALS] == pytest.approx(1000.0)


def test_a_town_that_is_cut_off_waits():
    given = place.make_given(prefecture_stock_days=3.0)
    cut = place.make_world().arrays["free_travel_s"].copy()
    cut[:, 0] = cut[0, :] = np.inf
    cut[0, 0] = 0.0
    state, _ = place.run(given, place.order_once(600, MEALS_FOR_TOWN_0, travel_truck_s=cut), 6 * HOUR_S)
    assert state.backlog_units[0, MEALS] == pytest.approx(1000.0)
    assert state.received_units.sum() == 0


def test_the_state_pushes_once_and_a_broken_hub_is_bypassed():
    given = place.make_given(push_lead_s=21600, push_spread_s=DAY_S, outside_trucks_per_h=50)
    pushed = place.make_inputs(push_started=1.0)
    state, results = place.run(given, lambda a, b: pushed, 2 * DAY_S, 3600)
    kinds = [event.kind for result in results for event in result.events]
    assert kinds.count("first_push_delivery") == 1
    assert state.store_units[place.HUB, COOLERS] > 0
    broken = place.make_inputs(push_started=1.0, depot_usable=np.array([1, 1, 0, 1, 1.0]))
    state, _ = place.run(given, lambda a, b: broken, 2 * DAY_S, 3600)
    assert state.store_units[place.HUB, COOLERS] == 0
    assert state.received_units[:, COOLERS].min() > 0


def test_a_second_hub_takes_over_when_the_lever_opens_it():
    told = place.make_inputs(depot_usable=np.array([1, 1, 0, 1, 1.0]))
    hubs = []
    for second in (0.0, 1.0):
        given = place.make_given(second_hub=second)
        usable = trucks.by_place(given.places, told["depot_usable"])
        hall = trucks.handling(given, replace(place.begin(given), place_usable=usable), told, 12.0)
        hubs.append(orders.usable_hubs(given, hall).tolist())
    assert hubs == [[], [3]]


def test_shelters_share_what_the_town_has_and_urgent_goods_go_first():
    given = place.make_given(last_mile_vehicles_per_person=0.00002, last_mile_vehicles_least=0.0)
    stores, shelters = np.full((4, len(ITEMS)), 500.0), np.zeros((place.SHELTERS, len(ITEMS)))
    state = replace(place.begin(given), store_units=stores, shelter_units=shelters)
    inputs = place.make_inputs(shelter_persons=np.array([100.0, 50.0, 10.0, 0.0]))
    left, brought = trucks.last_mile(given, state, inputs)
    assert left.sum() + brought.sum() == pytest.approx(stores.sum() + shelters.sum())
    assert brought[0, MEALS] == pytest.approx(2.0 * brought[1, MEALS])
    assert brought[0, MEALS] > 0 == brought[0, COOLERS]
    assert not brought[3].any()


def test_the_same_truck_is_unknown_in_every_run():
    given = place.make_given(push_evacuees_fraction=0.05)
    pushed = place.make_inputs(push_started=1.0)
    one, two = (place.run(given, lambda a, b: pushed, 1200)[0].loads.unknown for _ in range(2))
    assert np.array_equal(one, two)
    assert 0 < one.mean() < 1


def test_stock_of_empty_shelters_goes_back_to_the_town():
    given = place.make_given()
    goods = np.full((place.SHELTERS, len(ITEMS)), 5.0)
    state = replace(place.begin(given), shelter_units=goods)
    after = trucks.collect(given, state, np.array([10.0, 0.0, 0.0, 0.0]))
    assert after.shelter_units[:, MEALS].tolist() == [5.0, 0.0, 5.0, 5.0]
    assert after.store_units[0, MEALS] == 5.0
    assert after.store_units.sum() + after.shelter_units.sum() == goods.sum()


def test_trucks_of_the_forces_carry_what_carriers_cannot():
    given = place.make_given(prefecture_stock_days=3.0, contract_trucks_factor=0.0)
    none, _ = place.run(given, place.order_once(600, MEALS_FOR_TOWN_0), 6 * HOUR_S)
    some, _ = place.run(given, place.order_once(600, MEALS_FOR_TOWN_0, forces_trucks_units=2.0), 6 * HOUR_S)
    assert none.received_units.sum() == 0
    assert some.received_units[0, MEALS] == pytest.approx(1000.0)
