"""Calls, hospital visits, illness, staff: rates and what limits them."""

import numpy as np
import pytest

from layers.people import calls, illness, town
from layers.people.measures import measure
from layers.people.state import arrive, first_arrivals
from tests.layers.people.small import CHANCE, begin, run, small_world, struck

TOWNS = np.array([5, 9])


def calls_in_an_hour(telecom):
    world = small_world(night=100000)
    given, state = begin(world)
    total = 0.0
    state, result = struck(world, given, state, telecom_fraction=telecom)
    for start_s in range(60, 3660, 600):
        state, result = run(
            world, given, state, start_s + 600, 600, start_s=start_s, wood_collapsed_fraction=0.2,
            telecom_fraction=telecom,
        )  # fmt: skip
        total += result.outputs["trapped_calls"].sum()
    return total


def test_calls_need_a_line_and_repeat():
    full, half, none = (calls_in_an_hour(share) for share in (1.0, 0.3, 0.0))
    assert none == 0.0
    assert 0.0 < half < full


def test_phone_load_halves_and_is_lifted_by_a_shock():
    given, _ = begin(small_world())
    excess = np.array([4.0, 0.0])
    later = calls.phone_load(given, excess, np.array([0.0, 1.0]), given.params.phone_half_life_s)
    assert later == pytest.approx([2.0, given.params.phone_peak_excess])


def test_walk_in_patients_peak_between_one_and_four_hours():
    world = small_world(night=200000)
    given, state = begin(world)
    state, _ = struck(world, given, state)
    by_hour = np.zeros(12)
    for start_s in range(60, 12 * 3600, 900):
        state, result = run(world, given, state, start_s + 900, 900, start_s=start_s, wood_collapsed_fraction=0.2)
        by_hour[min(start_s // 3600, 11)] += result.outputs["walk_in_persons"].sum()
    assert 1 <= int(np.argmax(by_hour)) <= 3


def test_poisson_events_do_not_depend_on_the_steps():
    one, once = arrive(CHANCE, "p", TOWNS, first_arrivals(CHANCE, "p", TOWNS), np.array([30.0, 3.0]))
    many, seen = first_arrivals(CHANCE, "p", TOWNS), np.zeros(2, dtype=np.int64)
    for _ in range(10):
        many, new = arrive(CHANCE, "p", TOWNS, many, np.array([3.0, 0.3]))
        seen += new
    assert np.array_equal(once, seen)
    assert np.array_equal(one.count, many.count)


def test_poisson_events_have_the_right_mean():
    keys = np.arange(20000)
    _, new = arrive(CHANCE, "p", keys, first_arrivals(CHANCE, "p", keys), np.full(20000, 1.5))
    assert new.mean() == pytest.approx(1.5, abs=0.03)
    assert new.var() == pytest.approx(1.5, abs=0.06)


def conditions(**changed):
    values = {"power": 1.0, "water": 1.0, "wbgt_c": 30.0, "shelter_wbgt_c": 30.0, "home_persons": 1e5}
    values |= {"home_water": 1.0, "home_food": 1.0, "medicine": 1.0, **changed}
    return illness.Conditions(**{name: np.array([values.get(name, 0.0)]) for name in illness.Conditions._fields})


@pytest.mark.parametrize(
    "worse",
    [{"power": 0.0}, {"water": 0.5}, {"home_water": 0.5}, {"home_food": 0.0}, {"car_persons": 100.0},
     {"shelter_persons": 500.0, "crowding": 1.0}],
)  # fmt: skip
def test_every_hardship_makes_people_ill_and_advice_helps(worse):
    given, _ = begin(small_world())
    cases = ({}, worse, {**worse, "advice": 1.0})
    per_day = [illness.ill_per_day(given, conditions(**case)) for case in cases]
    base, bad, heeded = ((ill.at_home + ill.away)[0] for ill in per_day)
    assert base == 0.0
    assert bad > heeded > 0.0


def test_heat_grows_by_a_fixed_factor_per_degree():
    given, _ = begin(small_world())
    low, high = illness.heat_rate_per_day(given, np.array([28.0, 29.0]))
    assert low == pytest.approx(given.params.heat_rate_at_28_per_day)
    assert high / low == pytest.approx(np.exp(given.params.heat_rate_per_degree))


def test_device_users_run_out_without_power_and_only_once():
    ok, lost = np.ones(1), 0.0
    for _ in range(100):
        ok, gone = illness.pool_loss(ok, np.ones(1), 21600.0, 43200.0, 3600.0)
        lost += gone[0]
    assert lost == pytest.approx(1.0, abs=1e-4)
    back, _ = illness.pool_loss(np.zeros(1), np.zeros(1), 21600.0, 43200.0, 43200.0)
    assert back[0] == pytest.approx(1.0 - np.exp(-1.0))


def test_related_deaths_fall_on_evacuees_and_leave_the_earthquake_deaths_alone():
    world = small_world()
    given, state = begin(world, related_per_evacuee=0.0042, related_period_s=1209600)
    state, _ = run(world, given, state, 40 * 86400, 86400, shelter_persons=9000.0, crowding_fraction=2.0)
    series = measure(given, state)
    assert series["deaths_related"].sum() > 10
    assert series["deaths"].sum() == 0


def test_staff_attendance_is_low_for_twelve_hours_and_then_grows():
    given, _ = begin(small_world())
    struck_at, none, jam = np.array([0.0, np.nan]), np.zeros(2), np.ones(2)
    early, late = (town.staff_attendance(given, struck_at, h * 3600, none, jam) for h in (6, 72))
    assert early[0] == pytest.approx(given.params.first_attendance)
    assert early[1] == late[1] == 1.0
    assert late[0] > 0.8
    assert town.staff_attendance(given, struck_at, 3600, np.full(2, 0.2), jam)[0] < early[0]
    assert town.staff_attendance(given, struck_at, 3600, none, 2 * jam)[0] < early[0]


def test_everyday_ambulance_demand_goes_on():
    world = small_world(night=200000)
    given, state = begin(world)
    state, _ = run(world, given, state, 86400, 3600)
    expected = given.params.routine_per_person_day * world["cell"]["night_persons"].sum()
    assert state.routine.count.sum() == pytest.approx(expected, rel=0.2)
