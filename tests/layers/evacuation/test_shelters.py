from dataclasses import replace

import numpy as np
import pytest

from layers.evacuation import shelters
from layers.evacuation.state import Limit, Status
from tests.layers.evacuation.small_world import CHANCE, inputs, made, with_params

NOBODY = np.zeros(2)


def opened(given, state, **changes):
    columns = {"status": np.full(4, Status.OPEN, dtype=np.int8), "checked": np.ones(4, dtype=bool), **changes}
    return replace(state.halls, **columns)


def capacity(given, halls, wbgt_c=24.0, night=0.0, **values):
    values = {"shelter_staff_persons": 100.0, **values}
    return shelters.habitable(given, halls, inputs(given, **values), np.full(4, wbgt_c), night)


def test_habitable_capacity_is_the_scarcest_condition_and_says_which():
    given, state = made(self_run_persons=20.0)
    halls = opened(given, state)
    floor = np.floor(given.hall_floor_m2 * given.params.usable_floor_fraction / given.params.floor_per_person_m2)
    full, limit = capacity(given, halls)
    assert np.array_equal(full, floor)
    assert (limit == Limit.FLOOR).all()
    shortages = {
        Limit.CHECK: lambda: capacity(given, replace(halls, checked=np.zeros(4, dtype=bool))),
        Limit.HEAT: lambda: capacity(given, halls, wbgt_c=30.0),
        Limit.TOILETS: lambda: capacity(given, halls, shelter_water=0.0, shelter_toilets_fraction=0.1),
        Limit.WATER: lambda: capacity(given, halls, shelter_drink_fraction=0.0),
        Limit.STAFF: lambda: capacity(given, halls, shelter_staff_persons=0.0),
        Limit.POWER: lambda: capacity(given, halls, night=1.0, shelter_power=0.0),
    }
    for binding, ask in shortages.items():
        short, limit = ask()
        assert (short < full).all(), binding
        assert (limit == binding).all(), binding


def test_flush_toilets_with_water_need_no_portable_ones():
    given, state = made()
    halls = opened(given, state)
    assert np.array_equal(capacity(given, halls, shelter_toilets_fraction=0.0)[0], capacity(given, halls)[0])


def test_closed_shelters_hold_nobody():
    given, state = made()
    assert capacity(given, state.halls)[0].sum() == 0


def test_more_floor_per_person_means_fewer_places():
    given, state = made()
    wide = with_params(given, floor_per_person_m2=7.0)
    assert capacity(wide, opened(given, state))[0].sum() < capacity(given, opened(given, state))[0].sum()


def test_cooling_needs_power_and_lowers_the_heat():
    given, _ = made()
    dark = shelters.cooling_fraction(given, np.zeros(4), np.ones(4))
    lit = shelters.cooling_fraction(given, np.ones(4), np.array([0.5, 0.0, 0.0, 0.0]))
    assert dark.sum() == 0
    assert lit.tolist() == [0.5, 1.0, 0.0, 1.0]
    heat = shelters.indoor_wbgt_c(given.params, np.full(4, 31.0), lit, 0.0)
    assert heat[1] == given.params.cooled_wbgt_c < heat[0] < heat[2]


def test_arrivals_fill_the_nearest_then_the_others_and_the_rest_is_refused():
    given, state = made()
    halls = replace(opened(given, state), capacity_persons=np.array([10.0, 5.0, 3.0, 0.0]))
    intake = shelters.take_in(given, halls, np.array([12.0, 0.0, 0.0, 2.0]))
    assert intake.persons.tolist() == [10.0, 2.0, 2.0, 0.0]
    assert intake.turned_persons.tolist() == [0.0, 0.0]
    intake = shelters.take_in(given, halls, np.array([20.0, 1.0, 0.0, 0.0]))
    assert intake.persons.tolist() == [10.0, 5.0, 0.0, 0.0]
    assert intake.turned_persons.tolist() == [6.0, 0.0]


def test_a_town_opens_only_with_key_holder_check_and_staff():
    given, state = made(open_ahead_fraction=1.0)
    halls = shelters.call_up(given, state.halls, np.array([2.0, 2.0]), NOBODY, 0, CHANCE)
    assert (halls.status == Status.WAITING).all()
    late = int(halls.due_s.max())
    sound, staff = np.ones(4), np.full(2, 4.0)

    def n_open(halls, staff=staff, now_s=late):
        after, _ = shelters.open_doors(given, halls, staff, sound, NOBODY, now_s)
        return int((after.status == Status.OPEN).sum())

    checked = shelters.check(given, halls, np.array([2.0, 2.0]), sound)
    assert n_open(checked) == 4
    assert n_open(halls) == 0
    assert n_open(checked, staff=np.full(2, 2.0)) == 2
    assert n_open(checked, staff=NOBODY) == 0
    assert n_open(checked, now_s=int(halls.due_s.min()) - 1) == 0


def test_residents_open_after_waiting_in_vain():
    given, state = made(open_ahead_fraction=1.0)
    halls = shelters.call_up(given, state.halls, np.array([2.0, 2.0]), NOBODY, 0, CHANCE)
    late = int(halls.due_s.max() + given.params.residents_open_s)
    crowd = np.array([5.0, 0.0])
    after, by_residents = shelters.open_doors(given, halls, NOBODY, np.array([1.0, 0, 1, 1]), crowd, late)
    assert by_residents.tolist() == [True, False, False, False]
    assert (after.status == Status.OPEN).tolist() == [True, False, False, False]


def test_checks_find_unsafe_shelters_in_opening_order():
    given, state = made(open_ahead_fraction=1.0)
    halls = shelters.call_up(given, state.halls, np.array([2.0, 2.0]), NOBODY, 0, CHANCE)
    after = shelters.check(given, halls, np.array([1.0, 0.0]), np.array([0.0, 1.0, 0.0, 1.0]))
    assert after.checked.tolist() == [True, False, False, False]
    assert after.status.tolist() == [Status.UNUSABLE, Status.WAITING, Status.WAITING, Status.WAITING]


def test_consolidation_closes_the_emptiest_only_if_the_others_have_room():
    given, state = made()
    halls = opened(
        given, state, persons=np.array([40.0, 10.0, 30.0, 30.0]), capacity_persons=np.array([60.0, 60.0, 40.0, 40.0])
    )
    after = shelters.consolidate(given, halls, np.array([1.0, 1.0]), NOBODY)
    assert after.status.tolist() == [Status.OPEN, Status.MERGED, Status.OPEN, Status.OPEN]
    same = shelters.consolidate(given, halls, np.full(2, np.nan), NOBODY)
    assert same is halls
    crowded = shelters.consolidate(given, halls, np.array([1.0, 1.0]), np.array([3.0, 0.0]))
    assert np.array_equal(crowded.status, halls.status)


@pytest.mark.parametrize(("meals", "drink"), [(0.4, 1.0), (1.0, 0.4), (0.4, 0.7)])
def test_missing_water_leaves_people_unserved_like_missing_meals(meals, drink):
    given, state = made()
    halls = opened(given, state, persons=np.array([30.0, 10.0, 0.0, 0.0]))
    fed = shelters.fed_in_town(given, halls, np.array([meals, 1.0, 1.0, 1.0]), np.array([drink, 1.0, 1.0, 1.0]))
    assert fed == pytest.approx([0.55, 1.0])


def test_an_aftershock_shuts_a_damaged_shelter_and_its_people_go_to_the_door():
    given, state = made()
    halls = opened(given, state, persons=np.array([40.0, 10.0, 0.0, 0.0]))
    halls, out = shelters.evict(given, shelters.shut_damaged(halls, np.array([0.0, 1.0, 1.0, 1.0])))
    assert halls.persons.tolist() == [0.0, 10.0, 0.0, 0.0]
    assert out.tolist() == [40.0, 0.0]


@pytest.mark.parametrize(("persons", "wanted"), [(0.0, 2.0), (60.0, 2.0), (200.0, 6.0)])
def test_staff_wanted_follows_the_rule_of_three_per_hundred(persons, wanted):
    given, state = made()
    halls = opened(given, state, persons=np.full(4, persons))
    assert (shelters.staff_wanted_persons(given, halls) == wanted).all()


def test_a_target_of_the_town_goes_before_opening_ahead():
    given, state = made(open_ahead_fraction=1.0)
    alarmed = np.ones(2, dtype=bool)
    wanted = shelters.shelters_wanted(given, state.halls, alarmed, np.array([1.0, np.nan]), np.ones(4), NOBODY)
    assert wanted.tolist() == [1.0, 2.0]
    need = shelters.shelters_wanted(given, state.halls, ~alarmed, np.full(2, np.nan), np.ones(4), np.array([30.0, 0.0]))
    assert need.tolist() == [1.0, 0.0]
