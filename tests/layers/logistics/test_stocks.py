import numpy as np
import pytest

from layers.logistics import LAYER, stocks
from layers.logistics.items import ITEMS, MEALS, WATER
from layers.logistics.state import make_places
from tests.layers.logistics import place
from twin.errors import ScenarioError
from twin.units import DAY_S
from twin.world import IndexSet


def test_household_stock_falls_exponentially_with_what_was_eaten():
    stock, full, daily = np.array([90000.0]), np.array([90000.0]), np.array([60000.0])
    for _ in range(144):
        stock = stock - stocks.used_at_home(stock, full, daily / 144)
    assert stock[0] == pytest.approx(90000.0 * np.exp(-60000.0 / 90000.0), rel=1e-9)


def test_household_stock_does_not_depend_on_the_step():
    once = stocks.used_at_home(np.array([500.0]), np.array([900.0]), np.array([300.0]))
    first = stocks.used_at_home(np.array([500.0]), np.array([900.0]), np.array([100.0]))
    second = stocks.used_at_home(500.0 - first, np.array([900.0]), np.array([200.0]))
    assert first + second == pytest.approx(once)


def test_a_short_stock_is_rationed_the_same_for_any_step():
    once = stocks.served(np.array([10.0]), np.array([1e9]), 14400.0, 3600.0)
    stock = 10.0
    for _ in range(6):
        stock -= float(stocks.served(np.array([stock]), np.array([1e9]), 14400.0, 600.0)[0])
    assert 10.0 - stock == pytest.approx(float(once[0]))
    assert stocks.served(np.array([1e6]), np.array([5.0]), 14400.0, 600.0)[0] == 5.0


def test_stocks_before_the_event_follow_their_parameters():
    given = place.make_given(household_stock_days=2.0, prefecture_stock_days=1.0, planned_evacuees_fraction=0.01)
    state, entered = stocks.preposition(given, place.begin(given))
    assert np.allclose(state.household_meals, 2.0 * 3.0 * np.array([20000, 10000]))
    assert state.store_units[place.HUB, MEALS] == pytest.approx(300 * 3.6)
    assert entered["meals"] == pytest.approx(stocks.meals(given, state))
    assert entered["fuel"] == pytest.approx(stocks.fuel_l(given, state))


def test_raising_household_stock_later_adds_the_difference():
    given = place.make_given(household_stock_days=1.0)
    stored, _ = stocks.preposition(given, place.begin(given))
    same, nothing = stocks.preposition(given, stored)
    more, entered = stocks.preposition(place.make_given(household_stock_days=3.0), stored)
    assert same is stored
    assert not any(nothing.values())
    assert entered["meals"] == pytest.approx(2.0 * 3.0 * 30000)
    assert more.household_water_l.sum() == pytest.approx(3.0 * 3.0 * 30000)


def test_a_damaged_floor_loses_stock_once():
    given = place.make_given(lost_with_floor_fraction=0.2)
    before, now = np.ones(given.places.n), np.array([1.0, 1.0, 0.5, 1.0])
    stores = np.full((given.places.n, len(ITEMS)), 100.0)
    left = stocks.lose_damaged(given, stores, before, now)
    assert left[place.HUB, MEALS] == pytest.approx(90.0)
    assert stocks.lose_damaged(given, left, now, now) is left


def test_items_in_another_order_are_refused():
    world = place.make_world()
    wrong = IndexSet.build("item", ITEMS[::-1], volume_m3=np.ones(len(ITEMS)))
    swapped = type(world)(world.name, world.origin, {**world.sets, "item": wrong}, arrays=world.arrays)
    with pytest.raises(ScenarioError, match="meals"):
        LAYER.prepare(swapped, place.PARAMS)


def test_places_are_towns_then_hubs_and_leave_terminals_out():
    places = make_places(place.make_world())
    assert places.n == 4
    assert places.first_depot.tolist() == [0, 1, 2, 4]
    assert not places.depot_share[:, place.TERMINAL].any()
    assert places.gateway_hub.tolist() == [False, False, False, True]


def test_people_eat_no_more_than_there_is_and_the_books_agree():
    given = place.make_given()
    hard = {"shelter_persons": 400.0, "power_on_fraction": 0.0, "water_service_fraction": 0.0, "car_persons": 200.0}
    state, results = place.run(given, lambda a, b: place.make_inputs(**hard), 2 * DAY_S, 3600)
    assert state.shelter_units.min() >= 0
    assert state.store_units.min() >= -1e-6
    assert results[-1].outputs["shelter_meals_fraction"].max() < 0.2
    assert 0 < results[-1].outputs["home_food_fraction"].min() < results[0].outputs["home_food_fraction"].min()
    assert state.meals_short.sum() > 0.5 * 400 * 4 * 3.6


def test_more_stock_at_home_means_less_hunger():
    hard = place.make_inputs(power_on_fraction=0.0)
    short = [
        place.run(place.make_given(household_stock_days=days), lambda a, b: hard, DAY_S, 3600)[0].meals_short.sum()
        for days in (0.5, 1.5, 3.0)
    ]
    assert short[0] > short[1] > short[2] > 0


def test_heat_raises_the_need_for_water():
    cool, hot = stocks.heat_factor(place.PARAMS, np.array([20.0, 32.0]))
    assert cool == 1.0
    assert hot == pytest.approx(1.35)


def test_bottles_in_shelters_are_only_used_as_far_as_the_mains_fail():
    given = place.make_given()

    def left(service):
        inputs = place.make_inputs(shelter_persons=50.0, water_service_fraction=service)
        return place.run(given, lambda a, b: inputs, 3600)[0].shelter_units[:, WATER].sum()

    assert left(1.0) > left(0.5) > left(0.0)


def test_meals_spoil_only_in_the_dark_and_the_same_for_any_step():
    given = place.make_given(meals_spoil_s=864000)
    stores = np.full((given.places.n, len(ITEMS)), 100.0)
    power = np.array([0.0, 1.0, 1.0, 1.0])
    once = stocks.spoil(given, stores, power, DAY_S)
    twice = stocks.spoil(given, stocks.spoil(given, stores, power, DAY_S / 2), power, DAY_S / 2)
    assert np.allclose(once, twice)
    assert once[0, MEALS] == pytest.approx(100.0 * np.exp(-0.1))
    assert once[1:].min() == once[0, WATER] == 100.0
    assert stocks.spoil(given, stores, np.ones(given.places.n), DAY_S) is stores
