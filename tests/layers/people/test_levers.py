"""The order to supply dependent people, and results by group."""

import numpy as np
import pytest

from layers.people import LAYER, illness, victims
from layers.people.measures import measure
from layers.people.state import AT_HOME, DEAD, IN_CAR, IN_SHELTER, RELATED
from tests.contract.runs import content, run
from tests.layers.evacuation.ordering import give, ordered_lines, saved_and_loaded, standing_at
from tests.layers.people.small import CHANCE, begin, small_world, struck
from tests.layers.people.small import run as step_on

AT_S, LATER_S = 3600, 10 * 3600
PARTS = {
    "deaths_aged_65": "deaths",
    "deaths_related_aged_65": "deaths_related",
    "deaths_related_in_cars": "deaths_related",
    "deaths_related_in_shelters": "deaths_related",
    "trapped_aged_65": "trapped_persons",
    "injured_severe_aged_65": "injured_severe",
    "ill_in_cars_expected": "ill_expected",
    "ill_in_shelters_expected": "ill_expected",
    "ill_dependent_expected": "ill_expected",
    "dependent_without_power_persons": "dependent_persons",
    "dependent_without_dialysis_persons": "dependent_persons",
}


def people(twin):
    return twin.state.layers["people"]


def test_supply_by_order_reaches_the_town_after_its_delay_and_no_other():
    twin, plain = give(standing_at(AT_S), "people.deliver_to_dependent", [0], 1.0), standing_at(AT_S)
    assert ordered_lines(twin) == [("persons_dependent", 0, 1.0, ("deliver_to_dependent",))]
    begins_s = AT_S + int(twin.given["people"].params.delivery_delay_s)
    run(twin, begins_s)
    run(plain, begins_s)
    np.testing.assert_array_equal(people(twin).groups.ill_dependent, people(plain).groups.ill_dependent)
    run(twin, LATER_S)
    run(plain, LATER_S)
    assert people(twin).groups.ill_dependent[0] < people(plain).groups.ill_dependent[0]
    assert people(twin).town.device_ok_fraction[0] > people(plain).town.device_ok_fraction[0]
    assert people(twin).groups.ill_dependent[1] == people(plain).groups.ill_dependent[1]


def test_supply_taken_back_ends():
    twin = give(standing_at(AT_S), "people.deliver_to_dependent", [0], 1.0)
    give(twin, "people.deliver_to_dependent", [0], np.nan, number=1)
    plain = run(standing_at(AT_S), LATER_S)
    np.testing.assert_array_equal(people(run(twin, LATER_S)).groups.ill_dependent, people(plain).groups.ill_dependent)
    assert illness.delivery_cover(twin.given["people"], people(twin).groups, LATER_S) == 0.5


def test_saved_between_order_and_effect_goes_on_the_same(tmp_path):
    twin = give(standing_at(AT_S), "people.deliver_to_dependent", [0], 1.0)
    second = saved_and_loaded(twin, tmp_path)
    assert content(run(second, LATER_S)) == content(run(twin, LATER_S))


def test_groups_are_parts_of_their_whole_in_a_run():
    twin = run(standing_at(AT_S), LATER_S)
    values = twin.measure()
    for part, whole in PARTS.items():
        assert (values[part] >= 0).all()
        assert (values[part] <= values[whole] + 1e-9).all(), f"{part} exceeds {whole}"
    assert values["dependent_without_power_persons"].sum() > 0
    assert values["ill_in_shelters_expected"].sum() > values["ill_in_cars_expected"].sum() > 0


def test_the_old_are_hit_as_much_more_often_as_the_parameter_says():
    def share(**params):
        world = small_world(night=40000)
        state, _ = struck(world, *begin(world, **params))
        hit = state.victims["state"] != DEAD
        assert hit.sum() > 5000
        return state.victims["aged"][hit].mean()

    assert share(aged_hurt_ratio=1.0) == pytest.approx(0.3, abs=0.02)
    assert share(aged_hurt_ratio=2.5) == pytest.approx(0.75 / 1.45, abs=0.02)


def test_age_divides_victims_and_never_changes_their_number():
    world = small_world(night=40000)
    one, other = (struck(world, *begin(world, aged_death_ratio=ratio))[0] for ratio in (1.0, 6.0))
    for name in ("key", "state", "severity", "die_s", "cell"):
        np.testing.assert_array_equal(one.victims[name], other.victims[name])
    assert other.victims["aged"].sum() > one.victims["aged"].sum()


def test_a_person_stays_old_when_freed_or_dead():
    world = small_world()
    given, state = begin(world)
    state, _ = struck(world, given, state)
    later, _ = step_on(world, given, state, 6 * 3600, start_s=60)
    known = {int(key): bool(old) for key, old in zip(state.victims["key"], state.victims["aged"], strict=True)}
    now = {int(key): bool(old) for key, old in zip(later.victims["key"], later.victims["aged"], strict=True)}
    assert known.items() <= now.items()


def test_who_dies_of_hardship_lived_where_the_hazard_is():
    world = small_world(night=40000)
    given, state = begin(world)
    towns, numbers = np.zeros(3000, dtype=np.int64), np.arange(3000)
    by_place = np.array([[1.0, 0.0], [2.0, 0.0], [1.0, 0.0]])
    rows, *_ = victims.related_victims(given, CHANCE, state, towns, numbers, by_place)
    assert (rows["kind"] == RELATED).all()
    shares = np.bincount(rows["lived"], minlength=3) / len(rows)
    assert shares[[AT_HOME, IN_SHELTER, IN_CAR]] == pytest.approx([0.25, 0.5, 0.25], abs=0.03)
    assert rows["aged"].mean() == pytest.approx(3.0 / 3.7, abs=0.04)


def test_deaths_of_hardship_by_place_add_up():
    world = small_world()
    given, _ = begin(world)
    n = given.n_towns
    now = illness.Conditions(
        *(np.full(n, value) for value in (5000.0, 400.0, 300.0, 0.5, 0.6, 31.0, 32.0, 1.2, 0.8, 0.9, 1.0, 0.2))
    )
    ill = illness.ill_per_day(given, now)
    parts = illness.related_by_place(given, now, ill)
    assert (parts > 0).all()
    assert parts.sum(axis=0) == pytest.approx(illness.related_per_day(given, now, ill.at_home + ill.away))
    assert (ill.in_cars < ill.away).all()


def test_every_declared_group_is_measured():
    given, state = begin(small_world())
    assert set(PARTS) <= {series.name for series in LAYER.series}
    assert set(PARTS) <= set(measure(given, state))
