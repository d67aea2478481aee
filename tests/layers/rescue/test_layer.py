"""The layer as a whole: shapes, stocks, determinism."""

import numpy as np

from layers.rescue import LAYER
from tests.layers.rescue import small
from twin import ledger
from twin.contract import Clock


def test_outputs_have_the_declared_shapes_and_are_never_negative():
    result = small.do(small.start(), small.calm(ambulance_calls=5.0, walk_in_persons=30.0), 0, 600)
    for var in LAYER.gives:
        array = result.outputs[var.name]
        assert array.shape == small.world().shape(var.on), var.name
        assert array.dtype == np.float64, var.name
        assert (array >= 0).all(), var.name


def test_fuel_is_booked():
    given, state, time_s = small.given(), small.start(), 0
    totals = ledger.totals(LAYER, given, state)
    calls = small.in_cell(1, 5.0)
    for step_s in (60, 540, *[600] * 12):
        inputs = small.calm(trapped_calls=calls, responder_fuel_l=10.0)
        clock = Clock(time_s, step_s, small.world().origin, small.CHANCE)
        result = LAYER.step(given, state, inputs, clock)
        totals = ledger.check(LAYER, given, totals, result, inputs, clock)
        state, time_s = result.state, time_s + step_s
    assert totals["fuel"] > 0


def test_same_chance_same_bits():
    inputs = small.calm(trapped_calls=small.in_cell(1, 8.0), ambulance_calls=3.0)
    first, second = (small.do(small.start(), inputs, 0, 600) for _ in range(2))
    assert np.array_equal(first.state.missions.key, second.state.missions.key)
    assert np.array_equal(first.state.missions.work_s, second.state.missions.work_s)


def test_responders_grow_when_help_is_called():
    def present(**inputs):
        state, time_s = small.start(), 0
        for step_s in (60, 540, *[3600] * 14):
            result = small.do(state, small.calm(**inputs), time_s, step_s)
            state, time_s = result.state, time_s + step_s
        return (state.ordered & (state.units.available_s <= time_s)).sum()

    alone = present()
    helped = present(fire_aid_called=1.0, sdf_called=1.0, police_aid_called=1.0, medical_aid_called=1.0)
    assert helped > alone


def test_series_are_declared_and_measured():
    measured = LAYER.measure(small.given(), small.start())
    assert set(measured) == {series.name for series in LAYER.series}
    assert all(array.shape == (2,) for array in measured.values())
