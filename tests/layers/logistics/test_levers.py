"""Every lever of the layer bites when it is pulled during a run, keeps the books, and can be taken back."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from layers.logistics import LAYER, fuel, levers, orders, trucks, water
from layers.logistics.items import ITEMS, MEALS, WATER, per_meal_units
from tests.contract import runs
from tests.layers.logistics import place
from tests.layers.logistics.test_trucks import MEALS_FOR_TOWN_0, handling_of
from twin import snapshot
from twin.contract import Order
from twin.units import DAY_S, HOUR_S

NAN = float("nan")
HUB_DEPOT = 2


def quiet(start_s, end_s):
    return place.make_inputs()


def full_hub(**changed):
    return place.make_given(prefecture_stock_days=7.0, municipal_stock_days=0.0, **changed)


def cut_off(town):
    """Drives with one town cut off."""
    drive_s = place.make_world().arrays["free_travel_s"].copy()
    drive_s[:, town] = drive_s[town, :] = np.inf
    drive_s[town, town] = 0.0
    return drive_s


def ordered(results):
    return [event for result in results for event in result.events if event.kind == "ordered"]


def test_pre_positioned_meals_come_by_truck_with_what_goes_with_them():
    given = full_hub()
    pulls = [(600, "pre_position", [0], 1500.0)]
    waiting, _ = place.run(given, quiet, HOUR_S, pulls=pulls)
    assert waiting.received_units.sum() == 0.0
    assert (waiting.loads.place[waiting.loads.phase == trucks.DRIVING] == 0).all()
    assert waiting.loads.units.sum(axis=0) == pytest.approx(1500.0 * per_meal_units(given.params))
    state, results = place.run(given, quiet, 6 * HOUR_S, pulls=pulls)
    assert state.received_units[0] == pytest.approx(1500.0 * per_meal_units(given.params))
    assert not state.received_units[1].any()
    assert not state.ordered.first_units.any()
    event = ordered(results)[0]
    assert (event.quantity, event.row, event.amount, event.args) == (
        "goods_received_units",
        0,
        1500.0,
        ("pre_position",),
    )


def test_nothing_goes_that_the_hub_does_not_have():
    given = full_hub(contract_trucks_factor=10.0)
    stock = place.run(given, quiet, 600)[0].store_units[place.HUB]
    pulls = [(600, "pre_position", [0, 1], stock[MEALS]), (600, "pre_position", [0], 100.0)]
    state, results = place.run(given, quiet, 12 * HOUR_S, pulls=pulls)
    assert state.received_units[:, MEALS] == pytest.approx(np.full(2, stock[MEALS] / 2))
    assert state.store_units[place.HUB, MEALS] == pytest.approx(0.0, abs=0.1)
    first, second, third = ordered(results)
    assert first.amount == second.amount == stock[MEALS]
    assert first.args == ("pre_position", pytest.approx(stock[MEALS] / 2))
    assert third.args == ("pre_position", pytest.approx(100.0))


def test_an_order_before_the_first_step_finds_the_stock_of_the_parameters():
    given = full_hub()
    state, results = place.run(given, quiet, 6 * HOUR_S, pulls=[(0, "pre_position_water", [1], 200.0)])
    assert results[0].booked["water"] > 200.0
    assert state.received_units[1, WATER] == pytest.approx(200.0)
    assert state.received_units.sum() == pytest.approx(200.0)


def test_pre_positioned_goods_take_the_trucks_before_ordinary_orders():
    given = full_hub(contract_trucks_factor=0.0)
    told = place.order_once(600, MEALS_FOR_TOWN_0, forces_trucks_units=1.0)
    plain, _ = place.run(given, told, 2 * HOUR_S)
    moved, _ = place.run(given, told, 2 * HOUR_S, pulls=[(600, "pre_position_water", [1], 300.0)])
    assert plain.loads.place.tolist() == [0]
    assert moved.loads.place.tolist() == [1]
    assert moved.backlog_units[0, MEALS] == pytest.approx(1000.0)


def test_a_town_cut_off_gets_its_goods_by_air_in_daylight_only():
    given = full_hub(airlift_ready_s=7200)
    told = place.make_inputs(travel_truck_s=cut_off(0))
    pulls = [(0, "airlift", [0], 600.0)]
    state, results = place.run(given, lambda a, b: told, DAY_S, 3600, pulls)
    got = np.array([result.outputs["goods_received_units"][0, MEALS] for result in results[1:]])
    hours = 7.45 + np.arange(1, 25)
    assert got[-1] == pytest.approx(600.0 * (18 - 9) / 12, rel=0.15)
    assert got[hours <= 9.4].max() == 0.0
    assert np.ptp(got[(hours > 18) & (hours < 30)]) == 0.0
    assert not state.received_units[1].any()
    assert state.received_units[0] == pytest.approx(got[-1] * per_meal_units(given.params))


@pytest.mark.parametrize(("rotation_s", "loads"), [(3600, 12), (7200, 6)])
def test_helicopters_carry_no_more_than_their_loads(rotation_s, loads):
    given = full_hub(airlift_ready_s=3600, airlift_helicopters=1.0, airlift_rotation_s=rotation_s, airlift_load_m3=2.0)
    state, _ = place.run(given, quiet, DAY_S, 3600, [(0, "airlift", [0], 5000.0)])
    assert state.received_units[0] @ given.item_m3 == pytest.approx(2.0 * loads, abs=2.1)


def test_airlift_is_taken_back():
    given = full_hub(airlift_ready_s=3600, airlift_load_m3=2.0)
    pulls = [(0, "airlift", [0], 6000.0), (4 * HOUR_S, "airlift", [0], NAN)]
    some, results = place.run(given, quiet, DAY_S, 3600, pulls)
    until_then, _ = place.run(given, quiet, 4 * HOUR_S, 3600, pulls[:1])
    assert some.received_units.sum() == until_then.received_units.sum() > 0
    assert [event.amount for event in ordered(results)] == [6000.0, 0.0]


def test_more_hands_come_after_a_while_and_go_at_once():
    given = place.make_given(hands_come_s=7200)
    pulls = [(0, "unloading_hands", [HUB_DEPOT], 3.0), (4 * HOUR_S, "unloading_hands", [HUB_DEPOT], NAN)]
    docks = []
    for until_s in (HOUR_S, 3 * HOUR_S, 5 * HOUR_S):
        state, _ = place.run(given, quiet, until_s, pulls=pulls)
        docks.append(trucks.handling(given, state, place.make_inputs(), 12.0).docks.tolist()[:3])
    assert docks == [[2, 2, 4], [2, 2, 12], [2, 2, 4]]


def test_more_trucks_come_after_a_while_and_leave_when_empty():
    given = full_hub(contract_trucks_factor=0.0, trucks_sent_s=7200)
    told = place.order_once(600, MEALS_FOR_TOWN_0)
    pulls = [(0, "trucks_sent", [], 2.0)]
    assert not place.run(given, told, 2 * HOUR_S, pulls=pulls)[0].loads.place.size
    out, results = place.run(given, told, 3 * HOUR_S + 600, pulls=pulls)
    assert out.loads.place.tolist() == [0]
    assert (ordered(results)[0].quantity, ordered(results)[0].row) == ("trucks_sent_units", -1)
    pulls.append((3 * HOUR_S + 600, "trucks_sent", [], NAN))
    gone, _ = place.run(given, told, 12 * HOUR_S, pulls=pulls)
    assert gone.received_units[0, MEALS] == pytest.approx(1000.0)
    assert orders.trucks_free(given, gone, 0.0) == 0


def test_fuel_comes_to_the_drums_of_a_town_whose_stations_are_dark():
    given = place.make_given(generator_round_s=3600, fleet_per_person=0.0001)
    dark = np.array([0, 0, 0, 0, 0, 0.0])
    told = place.make_inputs(fuel_station_power=dark, fuel_station_usable=dark, fuel_wanted_l=np.array([0.0, 400.0]))
    plain, _ = place.run(given, lambda a, b: told, 12 * HOUR_S)
    state, results = place.run(given, lambda a, b: told, 12 * HOUR_S, pulls=[(600, "fuel_to", [1], 20000.0)])
    assert plain.generator_fuel_l.sum() == 0.0
    assert state.generator_fuel_l[1] > 1000.0
    assert fuel.drums(state.store_units, place.TOWNS) == pytest.approx([0, 20000.0 - state.generator_fuel_l[1]])
    assert not state.fuel.first_l.any()
    assert ordered(results)[0].quantity == "fuel_delivered_l"


def test_levers_that_promise_aid_bring_it_little_by_little():
    given = place.make_given(tankers_aid=100.0)
    late = given.params.tanker_aid_from_s + 4 * HOUR_S
    more = replace(given, params=given.params.replace({"tankers_aid": 300.0, "contract_trucks_factor": 5.0}))
    state, clock = place.begin(given), place.make_clock(late, late + 600)
    after = levers.take_effect(more, state, clock)
    before = water.aid_coming(given.params, clock.end_s)
    now = water.aid_coming(more.params, clock.end_s) + after.ordered.behind[0]
    assert before < now < before + 2.0
    for start_s in range(late + 600, late + 20 * DAY_S, HOUR_S):
        after = levers.take_effect(more, after, place.make_clock(start_s, start_s + HOUR_S))
    assert np.abs(after.ordered.behind).max() < 0.1
    assert levers.take_effect(given, state, clock) is state


def test_one_hub_at_the_edge_is_opened_and_trucks_not_yet_gone_are_named_anew():
    given = place.make_given(push_evacuees_fraction=0.05, push_lead_s=36000, convoy_trucks=1)
    opened = replace(given, params=given.params.replace({"second_hub": 1.0}))
    pushed = place.make_inputs(push_started=1.0)
    state, _ = place.run(given, lambda a, b: pushed, HOUR_S)
    now = trucks.Now(pushed, trucks.handling(opened, state, pushed, 12.0), place.make_clock(HOUR_S, HOUR_S + 600))
    after = orders.name_hubs(opened, state, now)
    hub, second = (int((after.loads.place == row).sum()) for row in (2, 3))
    assert (state.loads.place == 2).all()
    assert 0 < hub < second
    assert after.loads.units.sum() == state.loads.units.sum()
    closed = orders.name_hubs(given, after, now)
    assert (closed.loads.place == 2).all()
    assert orders.name_hubs(given, state, now) is state


def test_a_second_hub_that_is_closed_again_sends_what_it_has():
    given = place.make_given(prefecture_stock_days=0.0)
    told, hall = handling_of(given)
    stores = np.zeros((4, len(ITEMS)))
    stores[3, MEALS] = 2000.0
    backlog = np.zeros((place.TOWNS, len(ITEMS)))
    backlog[0, MEALS] = 1500.0
    state = replace(place.begin(given), store_units=stores, backlog_units=backlog)
    after = orders.dispatch(
        given, state, trucks.Now({**told, "forces_trucks_units": np.array([2.0])}, hall, place.make_clock(0, 3600))
    )
    assert after.store_units[3, MEALS] == pytest.approx(500.0)


# the same through the loop

PULLS = {
    "pre_position": ([1], 500.0),
    "pre_position_water": ([0], 200.0),
    "unloading_hands": ([HUB_DEPOT], 2.0),
    "airlift": ([1], 300.0),
    "trucks_sent": ([], 20.0),
    "fuel_to": ([1], 5000.0),
}


def test_every_order_lever_is_tried():
    named = {lever.name: lever for lever in LAYER.levers if not lever.target}
    assert set(named) == set(PULLS)
    assert all(lever.low <= PULLS[name][1] <= lever.high for name, lever in named.items())


@pytest.fixture(scope="module")
def morning(tmp_path_factory):
    """Two-towns at 3 h, with a function that brings it back to there."""
    folder, twin = tmp_path_factory.mktemp("at"), runs.run(runs.begin(), 3 * HOUR_S)
    schemas, given = {layer.name: layer.state_schema for layer in twin.wiring.layers}, dict(twin.given)

    def keep():
        snapshot.Writer(folder, schemas, "w").save(twin.state)

    def back(at_s=3 * HOUR_S):
        twin.given = dict(given)
        twin.resume(snapshot.load(folder, at_s, twin.state, schemas, "w"))
        return twin

    keep()
    return keep, back


def pulled(twin, names=tuple(PULLS)):
    for number, name in enumerate(names):
        rows, value = PULLS[name]
        twin.obey("logistics", Order(f"measure/{number}", name, np.asarray(rows, np.int64), value), number)
    return twin


def test_orders_through_the_loop_are_told_change_towns_and_survive_a_snapshot(morning):
    keep, back = morning
    plain = LAYER.measure(back().given["logistics"], runs.run(back(), 7 * HOUR_S).state.layers["logistics"])
    twin = pulled(back())
    assert [line[8][0] for line in twin.journal.lines if line[3] == "ordered"] == list(PULLS)
    runs.run(twin, 4 * HOUR_S)
    keep()
    whole = runs.content(runs.run(twin, 7 * HOUR_S))
    assert runs.content(runs.run(back(4 * HOUR_S), 7 * HOUR_S)) == whole
    state = twin.state.layers["logistics"]
    assert state.received_units[1, MEALS] > 0
    assert state.ordered.hands_factor.tolist() == [1, 1, 2, 1, 1]
    assert LAYER.measure(twin.given["logistics"], state)["meals_short"][1] < plain["meals_short"][1]


def test_a_town_that_is_not_named_keeps_its_stock(morning):
    _, back = morning
    plain = runs.run(back(), 5 * HOUR_S).state.layers["logistics"]
    moved = runs.run(pulled(back(), ["pre_position"]), 5 * HOUR_S).state.layers["logistics"]
    for name in ("store_units", "received_units", "household_meals", "household_water_l", "backlog_units"):
        assert np.array_equal(getattr(moved, name)[0], getattr(plain, name)[0]), name
    assert not np.array_equal(moved.store_units[2], plain.store_units[2])


@pytest.mark.parametrize(("name", "value"), [("fleet_emergency_factor", 5.0), ("contract_trucks_factor", 10.0)])
def test_aid_changed_during_a_run_starts_from_what_is_there(morning, name, value):
    twin = morning[1]()
    usual = twin.given["logistics"].params[name]
    twin.set_params("logistics", {name: value})
    state = runs.run(twin, 3 * HOUR_S + 1800).state.layers["logistics"]
    grown = {"fleet_emergency_factor": 3 * HOUR_S / twin.given["logistics"].params.fleet_growth_s}.get(name, 1.0)
    assert -(value - usual) * grown < state.ordered.behind.min() < -0.9 * (value - usual) * grown
    assert np.count_nonzero(state.ordered.behind) == 1
