"""Aftershocks: counts follow Omori-Utsu, sizes Gutenberg-Richter, and the table is not doubled."""

import numpy as np
import pytest

from layers.hazard import LAYER, aftershocks
from twin.chance import Chance
from twin.params import load
from twin.table import Table

PARAMS = load(LAYER.params_file)
ZONE = aftershocks.Zone(0.0, 0.0, 215.0, 25_000.0, 6.8)


def given():
    return Table(
        {
            "time_s": np.array([0, 7200]),
            "x_m": np.zeros(2),
            "y_m": np.zeros(2),
            "depth_m": np.full(2, 1e4),
            "mw": np.array([6.8, 5.6]),
            "origin": np.array([aftershocks.MAIN, aftershocks.GIVEN]),
            "key": np.array([11, 12]),
            "row": np.array([0, 1]),
            "residual_log10": np.zeros(2),
        }
    )


def test_mean_count_of_the_first_thirteen_hours_is_the_parameter():
    counts = [
        (aftershocks.simulate_shocks(ZONE, PARAMS, Chance(5, m))["time_s"] < aftershocks.COUNT_WINDOW_S).sum()
        for m in range(80)
    ]
    assert np.mean(counts) == pytest.approx(PARAMS.aftershock_count, abs=4.0 * np.sqrt(PARAMS.aftershock_count / 80))


def test_sizes_stay_between_their_limits_and_small_ones_dominate():
    mw = np.concatenate([aftershocks.simulate_shocks(ZONE, PARAMS, Chance(5, m))["mw"] for m in range(20)])
    assert mw.min() >= PARAMS.aftershock_least_mw
    assert mw.max() <= ZONE.magnitude_mw - PARAMS.aftershock_below_main
    least = PARAMS.aftershock_least_mw
    ratio = (mw >= least + 1.0).mean()
    assert ratio == pytest.approx(10.0**-PARAMS.gutenberg_richter_b, rel=0.2)


def test_a_smaller_main_shock_has_fewer_aftershocks():
    small = aftershocks.Zone(0.0, 0.0, 215.0, 10_000.0, 5.8)
    assert len(aftershocks.simulate_shocks(small, PARAMS, Chance(5, 1))) < 0.4 * len(
        aftershocks.simulate_shocks(ZONE, PARAMS, Chance(5, 1))
    )


def test_shocks_are_in_order_of_time_and_start_with_the_main_shock():
    shocks = aftershocks.list_shocks(given(), ZONE, True, True, PARAMS, Chance(1))
    assert np.all(np.diff(shocks["time_s"]) >= 0)
    assert shocks["origin"][0] == aftershocks.MAIN
    assert (shocks["origin"] == aftershocks.GIVEN).sum() == 1


def test_large_simulated_shocks_are_left_out_while_the_table_runs():
    both = aftershocks.list_shocks(given(), ZONE, True, True, PARAMS, Chance(1))
    doubled = (
        (both["origin"] == aftershocks.SIMULATED) & (both["time_s"] <= 7200) & (both["mw"] >= PARAMS.given_complete_mw)
    )
    assert not doubled.any()
    free = aftershocks.list_shocks(given(), ZONE, True, False, PARAMS, Chance(1))
    assert ((free["time_s"] <= 7200) & (free["mw"] >= PARAMS.given_complete_mw)).sum() > 1


def test_none_leaves_the_main_shock_alone():
    shocks = aftershocks.list_shocks(given(), ZONE, False, False, PARAMS, Chance(1))
    assert shocks["origin"].tolist() == [aftershocks.MAIN]
