import numpy as np
import pytest

from layers.logistics import water
from tests.layers.logistics import place
from twin.units import DAY_S, HOUR_S


def test_aid_grows_to_its_final_number():
    given = place.make_given()
    assert water.aid_coming(given.params, given.params.tanker_aid_from_s) == 0.0
    one = water.aid_coming(given.params, given.params.tanker_aid_from_s + given.params.tanker_aid_growth_s)
    assert one == pytest.approx(given.params.tankers_aid * (1 - np.exp(-1)))


def test_towns_get_no_more_tankers_than_there_are_or_than_they_need():
    given = place.make_given(tankers_aid=5.0, tankers_own_per_person=0.0)
    dry = np.array([20000.0, 10000.0])
    late = water.allot_tankers(given, dry, 30 * DAY_S)
    assert late.sum() == pytest.approx(5.0, rel=1e-4)
    assert late[0] == pytest.approx(2 * late[1])
    assert not water.allot_tankers(given, np.zeros(2), 30 * DAY_S).any()


def test_tankers_fill_where_water_still_flows():
    given = place.make_given(tanker_cycle_s=7200)
    near = water.cycle_s(given, place.make_inputs(water_service_fraction=np.array([0.0, 1.0])))
    assert near.tolist() == [7200 + 2 * 1200, 7200]
    nowhere = water.cycle_s(given, place.make_inputs(water_service_fraction=0.0))
    assert np.isinf(nowhere).all()


def test_a_longer_round_carries_less():
    given = place.make_given()
    day = water.capacity_l(given, np.array([1.0, 1.0]), np.array([7200.0, 14400.0]), DAY_S)
    assert day[0] == pytest.approx(12 * 2000 * given.params.tanker_day_fraction)
    assert day[1] == pytest.approx(day[0] / 2)


def test_more_points_reach_more_people_but_never_those_who_cannot_carry():
    given = place.make_given()
    few, some, many = (water.within_reach(given, np.full(2, n)) for n in (1.0, 5.0, 1000.0))
    assert (few < some).all()
    assert (some < many).all()
    assert many == pytest.approx(1 - given.params.old_cannot_carry_fraction * given.share_65)


def test_walking_share_has_its_closed_form():
    given = place.make_given(
        fetch_by_car_fraction=0.2, walk_m=500.0, fetch_by_car_m=1000.0, old_cannot_carry_fraction=0.1
    )
    reach = water.within_reach(given, np.array([0.0, 2.0]))
    walks = 1 - np.exp(-2 * np.pi * 500.0**2 / 1e6)
    drives = 0.2 * (1 - np.exp(-2 * np.pi * 1000.0**2 / 1e6))
    assert reach[0] == 0.0
    assert reach[1] == pytest.approx((1 - 0.1 * 0.4) * (walks + (1 - walks) * drives))


def test_more_tankers_mean_less_thirst():
    dry = place.make_inputs(water_service_fraction=np.array([0.0, 1.0]), power_on_fraction=0.0)
    short = []
    for aid in (0.0, 2.0, 10.0):
        given = place.make_given(tankers_aid=aid, tanker_aid_from_s=21600, tanker_aid_growth_s=40000)
        state, results = place.run(given, lambda a, b: dry, DAY_S, 3600)
        short.append(state.water_short_l.sum())
        assert results[-1].outputs["home_water_fraction"][1] == 1.0
    assert short[0] > short[1] > short[2]


def test_shelters_drink_before_homes():
    given = place.make_given(shelter_stock_days=0.0, tankers_own_per_person=0.0001)
    dry = place.make_inputs(
        water_service_fraction=np.array([0.0, 1.0]), power_on_fraction=0.0, shelter_persons=np.array([300.0, 0, 0, 0])
    )
    _, results = place.run(given, lambda a, b: dry, 6 * HOUR_S)
    assert results[-1].outputs["shelter_drink_fraction"][0] > results[-1].outputs["home_water_fraction"][0]
