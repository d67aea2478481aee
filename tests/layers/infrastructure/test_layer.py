"""The layer as a whole: shapes, purity, chance, books, reasons, length of steps."""

import numpy as np
import pytest

from layers.infrastructure import LAYER, fuel_l


def test_all_gives_have_the_declared_shape_and_are_finite_but_travel(shaken, world):
    one = shaken()
    for var in LAYER.gives:
        array = one.result.outputs[var.name]
        assert array.shape == world.shape(var.on)
        assert array.dtype == np.float64
        assert not np.isnan(array).any()
        if var.unit == "1" and var.name.endswith("_fraction"):
            assert ((array >= 0.0) & (array <= 1.0 + 1e-12)).all()


def test_before_any_shock_everything_works(bench):
    outputs = bench().step(60).outputs
    for name in (
        "power_on_fraction",
        "water_service_fraction",
        "gas_on_fraction",
        "telecom_fraction",
        "hospital_power",
    ):
        assert (outputs[name] == 1.0).all()
    assert outputs["sewer_usable_fraction"] == pytest.approx(np.ones(2))
    assert np.isfinite(outputs["travel_truck_s"]).all()


def test_same_key_same_run_and_another_member_differs(shaken):
    runs = [list(shaken(member=member).run(43200))[-1] for member in (0, 0, 1)]
    assert runs[0] == runs[1]
    assert runs[0] != runs[2]


def test_fuel_books_close(shaken):
    one = shaken(6.9, 2.0, power_crews_per_100000=0.5)
    begin = fuel_l(one.given, one.state) - one.booked_l
    list(one.run(3 * 86400, 3600, fuel_delivered_l=50.0))
    assert fuel_l(one.given, one.state) == pytest.approx(begin + one.booked_l)
    assert one.booked_l != 0.0


def test_step_leaves_state_and_inputs_alone(shaken):
    one = shaken()
    before = one.state.power.faults.copy(), one.state.crews.missions.phase.copy()
    state = one.state
    one.step(3600)
    assert (state.power.faults == before[0]).all()
    assert (state.crews.missions.phase == before[1]).all()


def test_shorter_steps_move_no_series_by_more_than_five_percent_of_its_peak(shaken):
    courses = []
    for dt_s in (1800, 600):
        one = shaken()
        one.step(540)
        list(one.run(1800, 600))
        courses.append([totals for totals in one.run(86400 + 1800, dt_s) if one.now_s % 7200 == 1800])
    for name in courses[0][0]:
        coarse, fine = (np.array([totals[name] for totals in course]) for course in courses)
        assert np.abs(coarse - fine).mean() <= 0.05 * max(fine.max(), 1.0), name


def test_outages_name_the_shock_that_caused_them(shaken):
    one = shaken(event_customers=50.0)
    out = [event for event in one.result.events if event.kind == "power_out"]
    assert out
    assert all(("shock_intensity", one.given.power.cell[event.row]) in event.causes for event in out)
    declared = {var.name for var in (*LAYER.gives, *LAYER.records)}
    assert {event.quantity for event in one.result.events} <= declared


def test_power_carries_water_and_phones_down(shaken):
    dark = shaken(6.9, 0.2, remote_switch_fraction=0.6, power_crews_per_100000=0.5, patrol_s=21600.0)
    lit = shaken(6.9, 0.2, remote_switch_fraction=0.6, power_crews_per_100000=20.0, patrol_s=3600.0)
    lost = []
    for one in (dark, lit):
        course = list(one.run(2 * 86400, 3600))
        lost.append(sum(t["base_stations_down"] + t["households_without_water"] for t in course))
    assert lost[0] > lost[1]


def test_aid_crews_shorten_the_outage(shaken):
    left = []
    for aid in (0.0, 40.0):
        one = shaken(locate_s=21600.0)
        left.append(sum(t["households_without_water"] for t in one.run(5 * 86400, 3600, water_aid_crews=aid)))
    assert left[1] < left[0]


def test_every_parameter_is_read_somewhere(bench):
    from pathlib import Path

    folder = Path(LAYER.params_file).parent
    text = "\n".join(path.read_text(encoding="utf-8") for path in folder.glob("*.py"))
    unused = [name for name in bench().given.params if f"params.{name}" not in text]
    assert not unused
