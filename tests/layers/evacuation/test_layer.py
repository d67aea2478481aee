import numpy as np
import pytest

from layers.evacuation import LAYER
from layers.evacuation.outputs import measure
from layers.evacuation.state import Place, evacuees_persons
from tests.layers.evacuation.small_world import advance, clock, inputs, made

DISASTER = {
    "felt_shocks": 4.0,
    "persons_displaced": np.array([80.0, 20.0, 40.0, 0.0]),
    "power_on_fraction": 0.4,
    "water_service_fraction": 0.5,
    "buildings_collapsed": 10.0,
    "buildings_half_collapsed": 30.0,
    "shelter_staff_persons": 12.0,
    "shelter_checks_units": 1.0,
}


def test_books_balance_and_registers_agree_with_who_is_away():
    given, state = made()
    quiet, home = inputs(given, **DISASTER), given.residents_persons.copy()
    for k in range(72):
        ill = np.full(2, 2.0 * (k % 5 == 0))
        values = {**quiet, "persons_home": home, "persons_ill": ill, "brought_persons": np.array([k == 9, 0.0])}
        result = LAYER.step(given, state, values, clock(600 * k, 600))
        before, after = evacuees_persons(given, state), evacuees_persons(given, result.state)
        assert after == before + result.booked["evacuees"]
        state = result.state
        home = home - result.outputs["leaving_persons"] + result.outputs["returning_persons"]
        assert np.array_equal(home + state.away_persons.sum(axis=0), given.residents_persons)
        in_halls = given.halls.sums(state.halls.persons)
        assert np.array_equal(in_halls, given.cells.sums(state.away_persons[Place.SHELTER]))
    assert in_halls.min() > 0


def test_evacuees_hardly_depend_on_the_step():
    def sheltered(dt_s):
        given, state = made()
        return measure(given, advance(given, state, 12 * 3600, dt_s, **DISASTER)[0])["evacuees_in_shelters"].sum()

    assert sheltered(60) == pytest.approx(sheltered(600), rel=0.05)


def test_same_seed_same_bits_and_inputs_untouched():
    given, state = made()
    values = inputs(given, **DISASTER)
    first, second = (LAYER.step(given, state, values, clock(0, 600)) for _ in range(2))
    for name, array in first.outputs.items():
        assert np.array_equal(array, second.outputs[name], equal_nan=True)
        assert array.dtype == np.float64
    assert state.away_persons.sum() == 0
    assert state.halls.persons.sum() == 0


def test_nothing_happens_without_a_disaster():
    given, state = made()
    state, result, left, _ = advance(given, state, 6 * 3600, 600)
    assert left.sum() == 0
    assert result.outputs["shelters_open_units"].sum() == 0
    assert np.isnan(result.outputs["shelter_counted_persons"]).all()


@pytest.mark.parametrize(
    ("change", "more"),
    [
        ({"power_on_fraction": 0.0}, True),
        ({"felt_shocks": 0.0}, False),
        ({"evacuation_order_fraction": 1.0}, True),
        ({"persons_displaced": 0.0}, False),
        ({"households_mobile_fraction": 0.0}, False),
    ],
)
def test_who_leaves_follows_its_causes(change, more):
    given, state = made()
    usual = advance(given, state, 6 * 3600, 600, **DISASTER)[2].sum()
    other = advance(given, state, 6 * 3600, 600, **{**DISASTER, **change})[2].sum()
    assert (other > usual) if more else (other < usual)


def test_the_journal_tells_openings_and_large_moves_with_their_causes():
    given, state = made(event_moves_persons=50.0, event_opening_persons=10.0)
    kinds, quiet, home = {}, inputs(given, **DISASTER), given.residents_persons.copy()
    for k in range(60):
        result = LAYER.step(given, state, {**quiet, "persons_home": home}, clock(600 * k, 600))
        state = result.state
        home = home - result.outputs["leaving_persons"] + result.outputs["returning_persons"]
        for event in result.events:
            kinds.setdefault(event.kind, event)
    assert {"shelter_opened", "people_left_home"} <= set(kinds)
    known = {var.name for var in (*LAYER.needs, *LAYER.gives, *LAYER.records)}
    for event in kinds.values():
        assert event.causes
        assert {name for name, _ in event.causes} | {event.quantity} <= known


def test_crowding_and_staff_wanted_grow_with_people():
    given, state = made()
    few = advance(given, state, 4 * 3600, 600, **DISASTER)[1].outputs
    many = advance(given, state, 4 * 3600, 600, **{**DISASTER, "persons_displaced": 250.0})[1].outputs
    assert many["crowding_fraction"].sum() > few["crowding_fraction"].sum()
    assert many["shelter_staff_wanted_persons"].sum() > few["shelter_staff_wanted_persons"].sum()


def test_every_series_is_declared_and_measured_by_town():
    given, state = made()
    values = measure(given, advance(given, state, 3600, 600, **DISASTER)[0])
    assert set(values) == {series.name for series in LAYER.series}
    assert all(array.shape == (2,) for array in values.values())
