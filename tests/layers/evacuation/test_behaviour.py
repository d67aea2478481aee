import numpy as np
import pytest

from layers.evacuation import LAYER, behaviour
from layers.evacuation.state import Place, Reason
from tests.layers.evacuation.small_world import advance, clock, inputs, made, with_params
from twin.records import changed


def demand_after(until_s, dt_s, **values):
    given, state = made()
    demand = state.demand
    for now_s in range(0, until_s, dt_s):
        demand = behaviour.advance(given, demand, inputs(given, **values), clock(now_s, dt_s))
    return given, demand


def test_lost_homes_are_left_with_an_exponential_delay():
    given, demand = demand_after(3600, 60, persons_displaced=100.0)
    expected = 100.0 * (1.0 - np.exp(-3600.0 / given.params.leave_s[Reason.LOST]))
    assert np.allclose(demand.wanted_persons[Reason.LOST], expected)


def test_ten_short_steps_equal_one_long_step_for_a_constant_reason():
    long = demand_after(600, 600, persons_displaced=50.0)[1].wanted_persons[Reason.LOST]
    short = demand_after(600, 60, persons_displaced=50.0)[1].wanted_persons[Reason.LOST]
    assert np.allclose(long, short, rtol=1e-12)


def test_outages_drive_out_more_the_longer_hotter_and_darker_they_are():
    def outage(hours, **values):
        _given, demand = demand_after(hours * 3600, 600, **values)
        return demand.wanted_persons[Reason.OUTAGE].sum()

    assert outage(3) == 0.0
    assert 0.0 < outage(3, power_on_fraction=0.5) < outage(9, power_on_fraction=0.5)
    assert outage(3, power_on_fraction=0.5) < outage(3, power_on_fraction=0.5, wbgt_c=31.0)
    assert outage(6, power_on_fraction=0.2) > outage(6, power_on_fraction=0.5)
    assert outage(6, water_service_fraction=0.2) > outage(6, water_service_fraction=0.6)


def test_the_clock_of_an_outage_stops_when_service_is_back():
    given, demand = demand_after(7200, 600, power_on_fraction=0.5)
    assert (demand.power_out_s == 7200).all()
    after = behaviour.remember(given, demand, inputs(given), clock(7200, 600))
    assert (after.power_out_s == 0).all()


def test_whoever_has_service_has_no_outage_to_remember():
    before = np.array([0.0, 3600.0])
    assert behaviour.outage_clock(np.zeros(2), np.ones(2), 0.98, 600).tolist() == [0.0, 0.0]
    assert behaviour.outage_clock(before, np.array([0.5, 1.0]), 0.98, 600).tolist() == [600.0, 0.0]


def test_fear_grows_with_repeated_shocks_night_and_damage_and_fades():
    params = made()[0].params
    some, none = np.array([2.0]), np.array([0.0])

    def share(felt, night, damaged):
        return behaviour.fear_share(params, behaviour.fear_level(params, felt, night), damaged)[0]

    calm = share(some, 0.0, none)
    assert share(none, 1.0, none) == 0.0
    assert calm < share(some, 1.0, none)
    assert calm < share(some + 3.0, 0.0, none)
    assert calm < share(some, 0.0, none + 0.2)
    halved = behaviour.fading(some, none, int(params.fear_fades_s * np.log(2.0)), params)
    assert halved[0] == pytest.approx(1.0, rel=1e-4)


def test_fear_calibrated_on_2026_falls_short_of_2016_even_with_the_largest_rates():
    given, _ = made()
    largest = {name: given.params.rows[name].high for name in ("fear_rate", "fear_damage_rate")}
    ratio = behaviour.fear_ratio_2016(given.params)
    print(f"people in shelters in 2016 over what the fear of 2026 gives there: {ratio:.0f}")
    assert ratio == pytest.approx(39.6, rel=0.01)
    assert ratio > behaviour.fear_ratio_2016(with_params(given, **largest).params) > 5.0


def test_the_fear_check_on_2016_is_used_by_nothing_that_is_shown():
    given, state = made()
    shown = LAYER.measure(given, state).keys() | {var.name for var in LAYER.gives + LAYER.records}
    assert not any("2016" in name for name in shown)
    other = with_params(given, felt_2016=10.0, share_2016=0.2, damaged_2016_fraction=0.15)
    values = inputs(given, felt_shocks=5.0, buildings_half_collapsed=20.0)
    for name, array in LAYER.step(given, state, values, clock(0, 600)).outputs.items():
        assert np.array_equal(array, LAYER.step(other, state, values, clock(0, 600)).outputs[name], equal_nan=True)


def test_orders_alone_move_a_small_part_of_the_ordered():
    given, demand = demand_after(86400, 600, evacuation_order_fraction=1.0)
    share = demand.wanted_persons[Reason.ORDER].sum() / given.residents_persons.sum()
    towns = np.bincount(given.cells.town, given.residents_persons)
    lean = np.average(behaviour.readiness(given.params, demand.leaning), weights=towns)
    assert share == pytest.approx(given.params.order_compliance * lean, rel=1e-3)


def test_only_the_coast_follows_a_tsunami_advisory():
    _given, demand = demand_after(3600, 600, tsunami_advisory=np.array([1.0, 1.0]))
    assert demand.wanted_persons[Reason.ORDER].nonzero()[0].tolist() == [3]


def test_tags_let_half_collapsed_homes_be_entered_again_but_not_collapsed_ones():
    given, state = made()

    def lost(tagged, **damage):
        values = inputs(given, persons_displaced=60.0, homes_tagged_fraction=tagged, **damage)
        return behaviour.target_persons(given, state.demand, values, 12.0)[Reason.LOST].sum()

    assert lost(1.0, buildings_half_collapsed=20.0) < lost(0.0, buildings_half_collapsed=20.0)
    assert lost(1.0, buildings_collapsed=20.0) == lost(0.0, buildings_collapsed=20.0)


def test_separated_households_leave_later():
    slow = demand_after(3600, 600, persons_displaced=100.0, households_mobile_fraction=0.5)[1]
    quick = demand_after(3600, 600, persons_displaced=100.0)[1]
    assert slow.wanted_persons.sum() < quick.wanted_persons.sum()


def test_heat_turns_car_sleepers_to_shelters_and_hunger_shelters_to_relatives():
    given, state = made()
    wanted = np.zeros_like(state.demand.wanted_persons)
    wanted[Reason.FEAR] = 100.0
    half = np.full((4, 4), 0.5)

    def wish(car_factor, fed):
        demand = changed(state.demand, wanted_persons=wanted, car_factor=np.full(2, car_factor))
        return behaviour.wishes(given, demand, np.full(2, fed), half).sum(axis=1)

    mild, hot, hungry = wish(1.0, 1.0), wish(0.3, 1.0), wish(1.0, 0.0)
    assert hot[Place.CAR] < mild[Place.CAR]
    assert hot[Place.SHELTER] > mild[Place.SHELTER]
    assert hungry[Place.RELATIVES] > mild[Place.RELATIVES]


def test_brought_people_want_a_shelter_at_once():
    _given, demand = demand_after(600, 600, brought_persons=np.array([5.0, 0.0]), persons_displaced=10.0)
    assert demand.wanted_persons[Reason.BROUGHT].sum() == 5.0


def test_rounding_by_cell_is_unbiased():
    given, state = made()
    demand = changed(state.demand, wanted_persons=np.full((5, 4), 0.3))
    draws = np.random.default_rng(1).random((500, 4, 4))
    totals = [behaviour.wishes(given, demand, np.ones(2), quantile).sum() for quantile in draws]
    assert np.mean(totals) == pytest.approx(0.3 * 20, rel=0.05)


def test_shocks_fade_and_people_go_home():
    given, state = made()
    state, _, left, back = advance(given, state, 86400, 600, felt_shocks=6.0, buildings_half_collapsed=150.0)
    assert left.sum() > 20
    state, _, _, later = advance(given, state, 20 * 86400, 3600, start_s=86400)
    assert back.sum() + later.sum() == left.sum() - state.away_persons.sum()
    assert state.away_persons.sum() < 0.1 * left.sum()


def test_towns_lean_either_way_and_keep_the_mean():
    leaning = np.random.default_rng(0).standard_normal(200_000)
    params = made()[0].params
    factor = behaviour.readiness(params, leaning)
    assert abs(factor.mean() - 1.0) < 0.01
    assert 1.5 < np.quantile(factor, 0.9) / np.median(factor) < 2.5
    assert np.all(np.diff(behaviour.readiness(params, np.linspace(-3, 3, 9))) > 0)
