"""The ledger: a stock is what it was, plus what came in, minus what went out; nothing else passes."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.twin import toy
from twin import ledger
from twin.chance import Chance
from twin.contract import Clock, Result, Stock
from twin.errors import StateError

CLOCK = Clock(540, 60, toy.START, Chance(1))


def check_basin(before_l, after_l, came_l=0.0, **booked):
    state = toy.BasinState(np.array([after_l, 0.0]), np.zeros(2))
    inputs = {"water_l": np.array([came_l, 0.0]), "pressure": np.zeros(2)}
    result = Result(state, {"calls": np.zeros(3)}, booked=booked)
    return ledger.check(toy.BASIN, None, {"water": before_l}, result, inputs, CLOCK)


def check_spring(before_l, after_l, sent_l, returned_l):
    state = toy.SpringState(np.array([after_l, 0.0, 0.0]), None, 0)
    inputs = {"basin_calls": np.zeros(3), "returned_water_l": np.full(3, returned_l / 3)}
    result = Result(state, {"water_l": np.full(3, sent_l / 3), "pressure": np.zeros(3)})
    return ledger.check(toy.SPRING, None, {"tank": before_l}, result, inputs, CLOCK)


def test_what_came_in_and_what_left_the_model_is_accepted():
    assert check_basin(100.0, 125.0, 30.0, water=-5.0) == {"water": 125.0}


def test_what_was_handed_on_and_what_came_back_is_accepted():
    assert check_spring(100.0, 76.0, 30.0, 6.0) == {"tank": 76.0}


@pytest.mark.parametrize(("sent_l", "returned_l", "leak"), [(30.0, 0.0, "\\+6"), (24.0, 6.0, "-6")])
def test_goods_handed_on_twice_or_kept_twice_are_found(sent_l, returned_l, leak):
    with pytest.raises(StateError, match=f"spring: stock 'tank' leaks {leak}"):
        check_spring(100.0, 76.0, sent_l, returned_l)


def test_the_message_holds_layer_stock_time_and_all_numbers():
    told = r"layer basin: stock 'water' leaks -7 at T\+600 s \(100 before, 120 after, 27 booked\)"
    with pytest.raises(StateError, match=told):
        check_basin(100.0, 120.0, 30.0, water=-3.0)


def test_unknown_stocks_are_refused_even_with_nothing_booked():
    with pytest.raises(StateError, match=r"basin books unknown stocks \['fuel'\]"):
        check_basin(100.0, 100.0, water=0.0, fuel=0.0)


@given(stock=st.floats(0.0, 1e15))
def test_rounding_passes_and_a_leak_above_it_does_not(stock):
    scale = max(1.0, stock)
    check_basin(stock, stock + 0.5e-9 * scale)
    with pytest.raises(StateError, match="leaks"):
        check_basin(stock, stock + 3e-9 * scale)


def test_a_stock_run_down_to_nothing_is_judged_by_its_size_before():
    check_basin(1e12, 0.0, water=-1e12 + 500.0)
    with pytest.raises(StateError, match="leaks"):
        check_basin(1e12, 0.0, water=-1e12 + 5000.0)


@pytest.mark.parametrize("bad", [float("nan"), float("inf")])
def test_stocks_that_are_no_numbers_never_pass(bad):
    with pytest.raises(StateError, match="stock 'water'"):
        check_basin(100.0, bad)
    with pytest.raises(StateError, match="stock 'water'"):
        check_basin(100.0, 100.0, water=bad)


def test_every_stock_of_a_layer_is_counted():
    basin = replace(toy.BASIN, stocks=(*toy.BASIN.stocks, Stock("mud", "m3", lambda given, state: state.level.sum())))
    state = toy.BasinState(np.array([1.0, 2.0]), np.array([4.0, 5.0]))
    assert ledger.totals(basin, None, state) == {"water": 3.0, "mud": 9.0}
    inputs = {"water_l": np.zeros(2)}
    with pytest.raises(StateError, match="stock 'mud' leaks \\+1"):
        ledger.check(basin, None, {"water": 3.0, "mud": 8.0}, Result(state, {}), inputs, CLOCK)
