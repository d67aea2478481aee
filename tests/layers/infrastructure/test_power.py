"""Feeders: what trips, what breaks, and the three ways supply returns."""

import numpy as np
import pytest

from layers.infrastructure import power
from twin.missions import NEVER_S


def test_without_a_shock_nothing_is_out(bench):
    one = bench()
    for totals in one.run(7200):
        wanting = {name: total for name, total in totals.items() if not name.endswith("_fraction")}
        assert not any(wanting.values())
    assert (one.result.outputs["power_on_fraction"] == 1.0).all()
    assert not one.result.events


def test_poles_break_by_the_published_share_of_collapsed_houses(bench):
    place, params = bench().given.power, bench().given.params
    zero = np.zeros(len(place.keys))
    collapsed = np.full(len(place.keys), 0.1)
    faults = power.expected_faults(place, params, zero, collapsed, zero, zero)
    assert faults == pytest.approx(place.poles * 0.17155 * 0.1)


def test_stronger_shaking_never_breaks_less(shaken):
    before = np.zeros(1)
    for pgv in (0.5, 0.9, 1.4, 2.0):
        faults = shaken(6.0, pgv).state.power.faults_ever
        assert (faults >= before).all()
        before = faults
    assert before.sum() > 0


def test_a_second_equal_shock_breaks_nothing_more(shaken, world):
    one = shaken()
    faults = one.state.power.faults_ever
    lost = world["cell"]["buildings"].sum(axis=1) * 0.04
    one.step(60, shock_intensity=6.5, shock_pgv_m_per_s=1.3, buildings_collapsed=lost)
    assert (one.state.power.faults_ever == faults).all()


def test_remote_switching_brings_sound_sections_back_within_the_hour(shaken):
    one = shaken(remote_switch_fraction=0.9, remote_switch_s=300.0)
    first = one.totals()["power_contracts_out"]
    *_, later = one.run(3600)
    tripped = one.state.power.live_from_s
    assert later["power_contracts_out"] < first
    assert (tripped[tripped < NEVER_S] <= 60 + 20 * 300).all()


def test_patrols_re_close_feeders_that_cannot_be_switched(shaken):
    one = shaken(6.8, 0.4, remote_switch_fraction=0.6, feeder_trip_intensity=6.5)
    assert (one.state.power.live_from_s == NEVER_S).any()
    list(one.run(2 * 86400, 3600))
    assert (one.state.power.live_from_s < NEVER_S).all()


def test_repairs_restore_everyone_and_more_crews_are_faster(shaken):
    left = {}
    for crews in (2.0, 20.0):
        one = shaken(power_crews_per_100000=crews, locate_s=21600.0)
        left[crews] = sum(totals["power_contracts_out"] for totals in one.run(4 * 86400, 3600))
    assert left[20.0] < 0.8 * left[2.0]


def test_customers_whose_supply_came_back_are_those_who_left_the_dark(shaken):
    one = shaken()
    place = one.given.power
    dark = ((1.0 - one.result.outputs["power_on_fraction"]) * place.cell_customers).sum()
    back = 0.0
    for _ in one.run(86400, 3600):
        back += one.result.outputs["reenergised_customers"].sum()
    still = ((1.0 - one.result.outputs["power_on_fraction"]) * place.cell_customers).sum()
    assert back == pytest.approx(dark - still)
    assert back > 0


def test_lost_houses_are_not_counted_as_contracts_out(shaken, world):
    one = shaken(6.5, 1.3)
    everything = world["cell"]["buildings"].sum(axis=1)
    one.step(600, buildings_collapsed=everything)
    assert one.totals()["power_contracts_out"] == 0.0


def test_priority_puts_the_larger_gain_and_the_fuller_shelter_first(bench):
    params = bench().given.params
    order = power.priority(np.array([100.0, 1000.0, 1000.0]), np.array([0.0, 0.0, 3000.0]), params)
    assert order[0] > order[1] > order[2]
