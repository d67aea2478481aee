"""Laws every layer obeys, on two-towns."""

from __future__ import annotations

import pickle
from dataclasses import fields

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from layers.couplings import ORDER
from scenarios.execution import schedule_of
from tests.contract import runs
from tests.contract.runs import content, leaves
from twin import snapshot
from twin.units import suffix_fits

SPLIT_END_S = 4 * 3600
BOUNDARIES = list(schedule_of(runs.SCENARIO).boundaries(0, SPLIT_END_S))[:-1]
LAYERS = {layer.name: layer for layer in runs.begin().wiring.layers}


@pytest.mark.parametrize("name", ORDER)
def test_state_holds_arrays_numbers_and_tables_only(name):
    twin = runs.begin()
    for _ in twin.advance(1800):
        pass
    for path, value in leaves(twin.state.layers[name]):
        allowed = isinstance(value, (np.ndarray, bool, int, float, str, np.generic))
        assert allowed, f"{name}{path} holds {type(value).__name__}"
        if isinstance(value, np.ndarray):
            assert value.dtype.kind in "biufU", f"{name}{path} has type {value.dtype}"


@pytest.mark.parametrize("name", ORDER)
def test_declarations_carry_unit_suffix_and_meaning(name):
    layer = LAYERS[name]
    for var in (*layer.needs, *layer.gives, *layer.records):
        assert var.doc, f"{name}.{var.name} has no meaning"
        assert suffix_fits(var.name, var.unit), f"{name}.{var.name}: name does not fit unit {var.unit}"
    assert layer.series, f"{name} has no series"
    assert all(series.doc and series.unit for series in layer.series)


@pytest.mark.parametrize("name", ORDER)
def test_levers_point_at_parameters_or_name_what_they_act_on(name):
    layer = LAYERS[name]
    table, sets = runs.begin().given[name].params, {"region", *runs.WORLD.sets}
    for lever in layer.levers:
        assert lever.low <= lever.high
        assert all((lever.unit, lever.owner, lever.doc)), f"{name}.{lever.name}"
        if lever.target:
            assert lever.target in table.rows, f"{name}: lever {lever.name} points at unknown {lever.target}"
            assert lever.low <= table.rows[lever.target].value <= lever.high
            assert (lever.on, lever.withdraws) == ("", False), f"{name}.{lever.name}: these are for orders"
        else:
            assert lever.on in sets, f"{name}: lever {lever.name} acts on unknown {lever.on!r}"
            assert layer.obey is not None, f"{name}: nobody obeys lever {lever.name}"
    names = [lever.name for lever in layer.levers]
    assert len(set(names)) == len(names)


@pytest.mark.parametrize("name", ORDER)
def test_step_leaves_its_arguments_alone_and_repeats(name):
    twin = runs.begin()
    layer = LAYERS[name]
    calls = []

    def spy(given_, state, inputs, clock):
        before = pickle.dumps((list(leaves(state)), dict(inputs)))
        first = layer.step(given_, state, inputs, clock)
        again = layer.step(given_, state, inputs, clock)
        assert pickle.dumps((list(leaves(state)), dict(inputs))) == before, "a step changed its arguments"
        assert pickle.dumps(list(leaves(first.state))) == pickle.dumps(list(leaves(again.state))), "not a pure function"
        calls.append(clock.end_s)
        return first

    spied = type(layer)(**{**{item.name: getattr(layer, item.name) for item in fields(layer)}, "step": spy})
    chosen = tuple(spied if one.name == name else one for one in twin.wiring.layers)
    twin.wiring = type(twin.wiring)(chosen, twin.wiring.feeds, twin.wiring.leaving)
    for _ in twin.advance(2400):
        pass
    assert calls


def test_same_seed_same_bits_and_members_differ():
    one, two, other = runs.begin(), runs.begin(), runs.begin(member=1)
    for twin in (one, two, other):
        for _ in twin.advance(2 * 3600):
            pass
    assert content(one) == content(two)
    assert content(one) != content(other)


@settings(max_examples=6, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(cut_s=st.sampled_from(BOUNDARIES))
def test_run_equals_run_save_load_run_at_any_boundary(cut_s, tmp_path_factory):
    whole, first, second = runs.begin(), runs.begin(), runs.begin()
    for twin, end_s in ((whole, SPLIT_END_S), (first, cut_s)):
        for _ in twin.advance(end_s):
            pass
    folder = tmp_path_factory.mktemp("at")
    schemas = {name: layer.state_schema for name, layer in LAYERS.items()}
    snapshot.Writer(folder, schemas, "w").save(first.state)
    second.resume(snapshot.load(folder, cut_s, second.state, schemas, "w"))
    for _ in second.advance(SPLIT_END_S):
        pass
    assert content(second) == content(whole)
    assert first.journal.lines + second.journal.lines == whole.journal.lines


def test_stocks_are_declared_and_kept():
    twin = runs.begin()
    assert {"people", "evacuation", "logistics", "infrastructure"} <= {
        name for name, layer in LAYERS.items() if layer.stocks
    }
    for _ in twin.advance(6 * 3600):  # the ledger raises on a leak
        pass
    assert all(np.isfinite(list(stocks.values())).all() for stocks in twin.state.stocks.values())


def test_no_output_is_nan_but_the_unknown():
    twin = runs.begin()
    for _ in twin.advance(3 * 3600):
        pass
    for layer in twin.wiring.layers:
        for var in layer.gives:
            values = twin.state.outputs[layer.name][var.name]
            if "NaN" not in var.doc and not var.name.startswith("travel_"):
                assert np.isfinite(values).all(), f"{layer.name}.{var.name}"


def test_all_events_are_about_something_and_most_have_causes():
    twin = runs.begin()
    for _ in twin.advance(24 * 3600):
        pass
    lines = twin.journal.lines
    ids = {line[0] for line in lines}
    assert len(ids) == len(lines), "event ids are unique"
    assert all(cause in ids and cause <= line[0] for line in lines for cause in line[7])
    layers_heard = {ORDER[line[2]] for line in lines}
    assert layers_heard == set(ORDER)
    assert sum(bool(line[7]) for line in lines) > 0.4 * len(lines)
