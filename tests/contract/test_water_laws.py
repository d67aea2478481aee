"""Laws every layer obeys, amid a tsunami and amid a river flood.

The coast runs until the first waves have come; the valley's levee is let break early, so that a short run holds both
the rising river and the flood.
"""

from __future__ import annotations

import pickle
from dataclasses import replace

import numpy as np
import pytest

from layers.couplings import ORDER
from scenarios.assemble import assemble
from scenarios.execution import schedule_of
from tests.contract import runs
from tests.contract.runs import content, leaves, run
from twin import snapshot
from twin.run import Twin

NAMES = ("coastal-town", "river-town")
FORCED = {"river-town": {"damage.breach_forced_s": 5 * 3600, "damage.breach_forced_segment": 60}}
END_S = {"coastal-town": 40 * 60, "river-town": 7 * 3600}
AMID_S = {"coastal-town": (19 * 60, 22 * 60), "river-town": (5 * 3600 + 300, 6 * 3600)}  # not all at ends of chunks
SIGNED = ("levee_settlement_m",)  # below 0 where a levee was raised beforehand


def begin(name: str) -> Twin:
    """A twin at time 0, the levee's breach settled."""
    scenario, world = runs.place(name)
    settings = {**scenario.set, **FORCED.get(name, {})}
    return assemble(world, schedule_of(scenario), scenario.seed, settings=settings)


@pytest.fixture(scope="module", params=NAMES)
def name(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(scope="module")
def whole(name: str) -> Twin:
    """A run to the end, what it measured kept with it."""
    return run(begin(name), END_S[name])


def test_the_run_holds_a_flood(name, whole):
    depth_m = whole.state.outputs["hazard"]["water_depth_m"]
    assert (depth_m > 0.5).mean() > 0.01
    assert np.nansum(whole.measure()["buildings_flooded"]) > 50
    assert np.nansum(whole.measure()["persons_away"]) > 100
    assert np.nansum(whole.measure()["levees_breached"]) >= 1


def test_run_equals_run_save_load_run_amid_the_flood(name, whole, tmp_path):
    expected = content(whole)
    schemas = {layer.name: layer.state_schema for layer in whole.wiring.layers}
    for cut_s in AMID_S[name]:
        first, second = run(begin(name), cut_s), begin(name)
        folder = tmp_path / str(cut_s)
        folder.mkdir()
        snapshot.Writer(folder, schemas, "w").save(first.state)
        second.resume(snapshot.load(folder, cut_s, second.state, schemas, "w"))
        run(second, END_S[name])
        found = content(second)
        assert [path for path, value in expected.items() if found.get(path) != value] == []
        assert first.journal.lines + second.journal.lines == whole.journal.lines


def test_same_seed_same_bits(name, whole):
    assert content(run(begin(name), END_S[name])) == content(whole)


def test_persons_are_kept_and_stocks_are_finite(name, whole):
    """The ledger raises on a leak in any step; here the whole span is looked at once more."""
    people = next(layer for layer in whole.wiring.layers if layer.name == "people")
    assert "persons" in {stock.name for stock in people.stocks}
    fresh = begin(name)
    held = [twin.state.stocks["people"]["persons"] for twin in (fresh, whole)]
    assert held[1] == pytest.approx(held[0], abs=0.5)
    assert all(np.isfinite(list(stocks.values())).all() for stocks in whole.state.stocks.values())


def test_nothing_is_negative_and_no_output_is_nan_but_the_unknown(name, whole):
    for layer in whole.wiring.layers:
        for var in layer.gives:
            values = whole.state.outputs[layer.name][var.name]
            told = f"{layer.name}.{var.name}"
            if "NaN" not in var.doc and not var.name.startswith("travel_"):
                assert np.isfinite(values).all(), told
            if var.name not in SIGNED and not (var.unit == "m" and "level" in var.name):
                assert np.nanmin(values, initial=0.0) >= 0.0, told


def test_everything_measured_is_a_declared_series(name, whole):
    declared = [series.name for layer in whole.wiring.layers for series in layer.series]
    measured = whole.measure()
    assert sorted(measured) == sorted(declared)
    n_town = len(whole.world["municipality"])
    for series, values in measured.items():
        assert values.shape == (n_town,), series
        assert np.nanmin(values, initial=0.0) >= 0.0, series


def test_states_hold_arrays_numbers_and_tables_only(whole):
    for layer, state in whole.state.layers.items():
        for path, value in leaves(state):
            told = f"{layer}{path} holds {type(value).__name__}"
            assert isinstance(value, (np.ndarray, bool, int, float, str, np.generic)), told
            if isinstance(value, np.ndarray):
                assert value.dtype.kind in "biufU", f"{layer}{path} has type {value.dtype}"
                assert not value.flags.writeable, f"{layer}{path} can be written to"


def test_steps_leave_their_arguments_alone_and_repeat(name):
    """Every layer amid the flood, for as long as the least busy of them rests."""
    twin, seen = run(begin(name), AMID_S[name][0]), []

    def spied(layer):
        def step(given, state, inputs, clock):
            before = pickle.dumps((list(leaves(state)), dict(inputs)))
            first, again = (layer.step(given, state, inputs, clock) for _ in range(2))
            assert pickle.dumps((list(leaves(state)), dict(inputs))) == before, f"{layer.name} changed its arguments"
            same = [pickle.dumps((list(leaves(one.state)), one.outputs)) for one in (first, again)]
            assert same[0] == same[1], f"{layer.name} is not a pure function"
            seen.append(layer.name)
            return first

        return replace(layer, step=step)

    twin.wiring = replace(twin.wiring, layers=tuple(spied(layer) for layer in twin.wiring.layers))
    run(twin, AMID_S[name][0] + 1800)
    assert set(seen) == set(ORDER)


def test_events_have_their_own_ids_and_causes_that_came_before(whole):
    lines = whole.journal.lines
    ids = {line[0] for line in lines}
    assert len(ids) == len(lines)
    assert all(cause in ids and cause <= line[0] for line in lines for cause in line[7])
    assert {ORDER[line[2]] for line in lines} == set(ORDER)
