"""Gates and drainage pumps: closing times in closed form, hands that leave in time, power, pump cars."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from layers.infrastructure import drowned, gates
from layers.infrastructure.gates import HAND, LEFT, REMOTE

EXACT = {"gate_wait_s": 0.0, "gate_hand_spread": 0.0}


def closed_at(one, until_s, **inputs):
    """Second at which the last gate of the town shut, None if some stand open; and the open count at the end."""
    last_s = None
    for totals in one.run(until_s, 60, **inputs):
        if totals["gates_open"] == 0:
            last_s = one.now_s if last_s is None else last_s
    return last_s, totals["gates_open"]


def test_gates_stand_open_without_a_warning_and_levees_without_gates_count_zero(coast):
    one = coast()
    one.step(60)
    share = one.result.outputs["gate_open_fraction"]
    assert share.sum() == len(one.given.gates.row) > 0
    assert (np.flatnonzero(share) == one.given.gates.row).all()


def test_remote_gates_shut_when_order_and_gate_take_their_time(coast):
    one = coast(gate_remote_fraction=1.0, gate_remote_s=360.0, **EXACT)
    list(one.run(180, 60))
    assert closed_at(one, 1800, tsunami_warning=2.0) == (240 + 360, 0)


def test_hands_shut_gates_within_their_limit_and_else_leave_them_open(coast):
    quick = coast(gate_remote_fraction=0.0, gate_hand_s=600.0, gate_hand_limit_s=720.0, **EXACT)
    late = coast(gate_remote_fraction=0.0, gate_hand_s=780.0, gate_hand_limit_s=720.0, **EXACT)
    assert closed_at(quick, 3600, tsunami_warning=1.0) == (60 + 600, 0)
    assert closed_at(late, 3600, tsunami_warning=1.0) == (None, len(late.given.gates.row))
    assert (late.state.gates.mode == LEFT).all()


def test_share_of_gates_shut_in_time_follows_the_lognormal_law(coast):
    one = coast(gate_remote_fraction=0.0, gate_hand_s=900.0, gate_hand_spread=0.35, gate_hand_limit_s=720.0)
    place, params = one.given.gates, one.given.params
    n = 20000
    many = replace(
        place, keys=np.arange(n), municipality=np.zeros(n, int), cell=np.full(n, -1), row=np.arange(n), n_levee=n
    )
    orders, hurried = np.zeros(n, int), np.ones(n, bool)
    mode, needed_s = gates.closing(many, params, one.chance, orders, hurried, np.ones(1))
    from scipy.special import ndtr

    expected = ndtr(np.log(720.0 / 900.0) / 0.35)
    assert (mode == HAND).mean() == pytest.approx(expected, abs=0.012)
    assert (needed_s[mode == HAND] <= 720).all()
    assert (gates.closing(many, params, one.chance, orders, ~hurried, np.ones(1))[0] == HAND).all()


def test_without_power_remote_gates_fall_to_hands(coast):
    one = coast(gate_remote_fraction=1.0, gate_backup_fraction=0.0, gate_hand_limit_s=3600.0)
    place, orders = one.given.gates, one.state.gates.orders
    dark, lit = np.zeros(one.world.shape("cell")), np.ones(one.world.shape("cell"))
    inside = place.cell >= 0
    hurried = np.ones(orders.size, bool)
    assert (gates.closing(place, one.given.params, one.chance, orders, hurried, dark)[0][inside] != REMOTE).all()
    assert (gates.closing(place, one.given.params, one.chance, orders, hurried, lit)[0] == REMOTE).all()


def test_a_river_shuts_gates_without_haste_and_they_open_after_the_warning(coast):
    one = coast(gate_hand_limit_s=0.0, gate_reopen_s=3600.0)
    list(one.run(2 * 3600, flood_warning=1.0))
    assert one.totals()["gates_open"] == len(one.given.gates.row)
    list(one.run(6 * 3600, flood_warning=2.0))
    assert one.totals()["gates_open"] == 0
    one.step(600)
    list(one.run(one.now_s + 3000))
    assert one.totals()["gates_open"] == 0
    one.step(600)
    assert one.totals()["gates_open"] == len(one.given.gates.row)


def test_gates_say_how_they_shut_and_which_stayed_open(coast):
    one = coast(gate_remote_fraction=0.5, gate_hand_s=1800.0, **EXACT)
    lines = []
    while one.now_s < 1800:
        lines += [event for event in one.step(60, tsunami_warning=2.0).events if event.kind.startswith("gate_")]
    kinds = {event.kind for event in lines}
    assert kinds == {"gate_closed", "gate_left_open"}
    assert len(lines) == len(one.given.gates.row)
    assert all(("tsunami_warning", int(one.world["levee"]["municipality"][e.row])) in e.causes for e in lines)


def test_pumps_run_on_mains_then_on_their_generator_then_on_pump_cars(coast):
    one = coast(pump_cars_units=4.0, pump_cars_after_s=43200.0)
    place, off = one.given.gates, np.zeros_like(one.state.power.on)
    dry = np.zeros(len(place.own_s), bool)
    state, seen = one.state.gates, []
    for _ in range(48):
        state = gates.run_pumps(state, place, one.given.params, off, dry, 3600)
        seen.append(state.power)
    course = np.array(seen)
    own_h = (place.own_s / 3600).astype(int)
    cars = 4 * 0.5 / place.capacity_m3_per_s
    for pump, hours in enumerate(own_h.tolist()):
        runs = max(hours - 1, 0)  # the tank that empties within the hour is dark at its end
        assert (course[:runs, pump] == 1.0).all()
        assert (course[runs : runs + 12, pump] == 0.0).all()
        assert course[-1, pump] == pytest.approx(cars[pump])
    assert (gates.run_pumps(state, place, one.given.params, ~off, dry, 3600).power == 1.0).all()


def test_a_drowned_pump_stops_on_mains_too_and_stays_stopped_until_dried(coast):
    one = coast(flood_sill_spread=0.0, pump_cars_units=0.0)
    one.step(60)
    depth = np.zeros(one.world.shape("patch"))
    depth[one.given.gates.pump_patch[0]] = 1.5
    one.step(600, water_depth_m=depth)
    assert one.result.outputs["pump_power"].tolist()[0] == 0.0
    (line,) = [event for event in one.result.events if event.kind == "pump_stopped" and event.row == 0]
    assert ("water_depth_m", int(one.given.gates.pump_patch[0])) in line.causes
    work_s = int(one.given.params.dry_work_s[drowned.DRAINAGE])
    list(one.run(one.now_s + work_s - 600))
    assert one.result.outputs["pump_power"][0] == 0.0
    list(one.run(one.now_s + 1800))
    assert one.result.outputs["pump_power"][0] == 1.0


def test_unchanged_gates_and_pumps_are_handed_out_as_the_same_arrays(coast):
    one = coast()
    first = one.step(60).outputs
    again = one.step(600).outputs
    assert all(first[name] is again[name] for name in ("pump_power", "gate_open_fraction"))
