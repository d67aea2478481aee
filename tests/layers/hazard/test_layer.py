"""The layer as a whole: when shocks act, what towns hear, how work stops, and that steps leave no trace elsewhere."""

from dataclasses import replace

import numpy as np
import pytest

from layers.hazard import LAYER, messages
from scenarios import build_world, read_scenario
from twin.chance import Chance
from twin.contract import Clock
from twin.params import load
from twin.run import freeze

CHANCE = Chance(1, 0)
WORLD = build_world(read_scenario("two-towns"))
PARAMS = load(LAYER.params_file)
GIVEN = LAYER.prepare(WORLD, PARAMS)


def run(until_s, step_s=60, given=GIVEN):
    """States and outputs at the end of every step."""
    state, history, events = freeze(LAYER.start(given, CHANCE)), {}, []
    for start_s in range(0, until_s, step_s):
        result = LAYER.step(given, state, {}, Clock(start_s, step_s, WORLD.origin, CHANCE))
        state = freeze(result.state)
        history[start_s + step_s] = result.outputs
        events += result.events
    return state, history, events


STATE, HISTORY, EVENTS = run(7200)


def test_the_main_shock_acts_at_the_end_of_the_first_step():
    assert HISTORY[60]["shock_intensity"].max() > 5.5
    assert np.all(HISTORY[60]["shock_pgv_m_per_s"] > 0.0)
    assert not HISTORY[120]["shock_intensity"].any()


def test_observed_towns_are_heard_when_their_message_comes():
    received = GIVEN.received_s[0]
    soon = np.flatnonzero(received <= 180)
    late = np.flatnonzero(~(received <= 7200))
    assert soon.size
    assert late.size
    assert np.isnan(HISTORY[120]["intensity_received"]).all()
    heard = HISTORY[180]["intensity_received"]
    assert np.all((heard[soon] >= GIVEN.observed_low[0][soon]) & (heard[soon] <= GIVEN.observed_high[0][soon]))
    assert np.isnan(HISTORY[7200]["intensity_received"][late]).all()


def test_a_lost_message_is_told():
    lost = {event.row for event in EVENTS if event.kind == "message_lost"}
    assert lost == set(np.flatnonzero(GIVEN.received_s[0] > 180).tolist())


def test_the_advisory_runs_from_two_to_a_hundred_and_three_minutes():
    in_force = [time_s for time_s, outputs in HISTORY.items() if outputs["tsunami_advisory"].any()]
    assert (in_force[0], in_force[-1]) == (120, 6120)
    assert np.array_equal(HISTORY[600]["tsunami_advisory"] > 0, WORLD["municipality"]["coastal"] > 0)


@pytest.mark.parametrize(("magnitude", "coast_m"), [(6.0, 1e3), (7.0, 1e6)])
def test_no_advisory_for_small_or_distant_shocks(magnitude, coast_m):
    assert not messages.advisory_in_force(magnitude, coast_m, 600, PARAMS)


def test_work_stops_for_half_an_hour_after_a_strong_aftershock():
    strong = [event.time_s for event in EVENTS if event.kind == "work_stopped"]
    assert strong
    first = strong[0] + (-strong[0]) % 60
    before, during = HISTORY[max(first - 60, 60)]["work_stopped"], HISTORY[first]["work_stopped"]
    assert not before.any()
    assert during.any()
    later = [s for s in strong if s > strong[0]]
    if not later or later[0] > strong[0] + 1800:
        assert not HISTORY[first + 1860]["work_stopped"].any()


def test_the_main_shock_stops_no_work():
    assert not HISTORY[60]["work_stopped"].any()


def test_ten_minute_steps_end_in_the_same_place():
    coarse, rough, _ = run(7200, 600)
    assert np.array_equal(coarse.max_intensity, STATE.max_intensity)
    assert np.array_equal(coarse.liquefied, STATE.liquefied)
    assert coarse.next_shock == STATE.next_shock
    fine = sum(outputs["felt_shocks"] for outputs in HISTORY.values())
    assert np.array_equal(sum(outputs["felt_shocks"] for outputs in rough.values()), fine)


def test_liquefaction_only_on_soft_coastal_ground():
    assert STATE.liquefied.max() > 0.0
    assert not STATE.liquefied[~GIVEN.soft_coast].any()


def test_a_stronger_shock_replaces_the_message_and_a_weaker_does_not():
    sent = messages.send(messages.none_sent(2), np.array([6.0, 5.0]), np.array([180, 180]), np.array([True, True]))
    heard = messages.deliver(sent, 180)
    again = messages.send(heard, np.array([5.0, 5.5]), np.array([900, 900]), np.array([False, True]))
    assert messages.deliver(again, 900).heard.tolist() == [6.0, 5.5]
    assert messages.deliver(again, 300) is again


def test_without_reports_messages_are_lost_by_chance():
    sure = PARAMS.replace({"message_loss_fraction": 0.2})
    due = messages.due_by_chance(0, np.arange(5000), 0, sure, CHANCE)
    assert (due == messages.NEVER_S).mean() == pytest.approx(0.2, abs=0.02)
    assert set(due[due != messages.NEVER_S].tolist()) == {180}


def test_without_reports_the_prior_is_used():
    settings = {**WORLD.settings, "intensity_reports": 0.0}
    given = LAYER.prepare(replace(WORLD, settings=settings), PARAMS)
    assert not given.listed.any()
    state = LAYER.start(given, CHANCE)
    assert not np.array_equal(state.residual_log10, STATE.residual_log10)


def test_quiet_steps_hand_out_the_same_arrays():
    quiet = [s for s in range(240, 600, 60) if not HISTORY[s]["felt_shocks"].any()]
    one, two = HISTORY[quiet[0]], HISTORY[quiet[0] + 60]
    assert one["wbgt_c"] is two["wbgt_c"]
    assert one["soil_water_m"] is two["soil_water_m"]


def test_outputs_have_the_declared_shape():
    for var in LAYER.gives:
        assert HISTORY[60][var.name].shape == WORLD.shape(var.on)
        assert HISTORY[60][var.name].dtype == np.float64
