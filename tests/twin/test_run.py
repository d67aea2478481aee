"""The loop: split runs equal whole runs, carriers and lags deliver, cuts feed neutral values, stocks are booked."""

import dataclasses

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.twin import toy
from twin import snapshot
from twin.contract import Result
from twin.errors import ScenarioError, StateError
from twin.run import Schedule

BOUNDARIES = list(toy.SCHEDULE.boundaries(0, 7200))


def snapshot_of(one):
    state = one.state
    return state.step, state.now_s, state.layers["spring"].tank_l.tolist(), state.layers["basin"].stored_l.tolist()


def test_same_seed_same_bits_other_seed_other_bits():
    assert snapshot_of(toy.final(toy.twin(1))) == snapshot_of(toy.final(toy.twin(1)))
    assert snapshot_of(toy.final(toy.twin(1))) != snapshot_of(toy.final(toy.twin(2)))
    assert snapshot_of(toy.final(toy.twin(1, 0))) != snapshot_of(toy.final(toy.twin(1, 1)))


@settings(max_examples=15, deadline=None)
@given(cut_s=st.sampled_from(BOUNDARIES[:-1]))
def test_run_equals_run_save_load_run_at_any_boundary(cut_s, tmp_path_factory):
    whole = toy.final(toy.twin())
    first = toy.final(toy.twin(), cut_s)
    folder = tmp_path_factory.mktemp("snapshot")
    schemas = {"spring": 1, "basin": 1}
    snapshot.Writer(folder, schemas, "w").save(first.state)
    second = toy.twin()
    second.resume(snapshot.load(folder, cut_s, second.state, schemas, "w"))
    toy.final(second)
    assert snapshot_of(second) == snapshot_of(whole)
    assert [*first.journal.lines, *second.journal.lines] == whole.journal.lines
    assert second.state.last_event == whole.state.last_event


def test_amounts_reach_a_slower_layer_in_full():
    one = toy.final(toy.twin(), 3600)
    spring, basin = one.state.layers["spring"], one.state.layers["basin"]
    assert spring.drops["amount"].sum() == 3000.0 - spring.tank_l.sum()
    moved = spring.drops["amount"].sum() - sum(amount.sum() for amount in one.state.pending.values())
    assert one.state.stocks["basin"]["water"] == basin.stored_l.sum() <= moved


def test_levels_are_averaged_by_weight_on_the_way():
    one = toy.final(toy.twin(), 300)
    pressure = one.state.outputs["spring"]["pressure"]
    assert one.state.layers["basin"].level == pytest.approx([(pressure[0] + 3 * pressure[1]) / 4, pressure[2]])


def test_cut_transfer_leaves_the_stock_with_the_giver():
    one = toy.final(toy.twin(cuts=("water",)))
    returned = one.state.returned["spring"]["water_l"].sum()
    assert one.state.layers["basin"].stored_l.sum() == 0.0
    assert one.state.layers["spring"].tank_l.sum() + returned == 3000.0


def test_cut_level_feeds_its_neutral_value():
    one = toy.final(toy.twin(cuts=("spring.pressure>basin.pressure",)))
    assert one.state.layers["basin"].level.tolist() == [1.0, 1.0]


def test_a_leak_is_named_with_layer_stock_and_time():
    def leaky(given, state, inputs, clock):
        result = toy.basin_step(given, state, inputs, clock)
        return result._replace(state=dataclasses.replace(result.state, stored_l=result.state.stored_l - 1.0))

    basin = dataclasses.replace(toy.BASIN, step=leaky)
    with pytest.raises(StateError, match=r"basin: stock 'water' leaks -2 at T\+60 s"):
        toy.final(toy.twin(layers=(toy.SPRING, basin)))


def test_wrong_shape_and_missing_output_are_named():
    def short(given, state, inputs, clock):
        return Result(state, {"calls": np.zeros(2)})

    with pytest.raises(StateError, match="'calls' has shape"):
        toy.final(toy.twin(layers=(toy.SPRING, dataclasses.replace(toy.BASIN, step=short))))

    def silent(given, state, inputs, clock):
        return Result(state, {})

    with pytest.raises(StateError, match="did not give 'calls'"):
        toy.final(toy.twin(layers=(toy.SPRING, dataclasses.replace(toy.BASIN, step=silent))))


def test_a_crash_in_a_layer_names_layer_and_time():
    def broken(given, state, inputs, clock):
        raise ZeroDivisionError("by nothing")

    with pytest.raises(StateError, match=r"layer basin failed at T\+60 s"):
        toy.final(toy.twin(layers=(toy.SPRING, dataclasses.replace(toy.BASIN, step=broken))))


def test_arrays_handed_on_are_read_only():
    one = toy.final(toy.twin(), 120)
    with pytest.raises(ValueError, match="read-only"):
        one.state.layers["spring"].tank_l[0] = 5.0
    with pytest.raises(ValueError, match="read-only"):
        one.state.outputs["spring"]["pressure"][0] = 5.0


def test_a_lever_changes_what_follows_and_nothing_before():
    changed = toy.final(toy.twin(), 3600)
    changed.set_params("spring", {"flow_l_per_s": 0.0})
    before = changed.state.layers["spring"].tank_l
    toy.final(changed)
    assert changed.state.layers["spring"].tank_l.tolist() == before.tolist()


def test_schedule_boundaries_and_floor():
    schedule = Schedule(((120, 60), (1200, 600)))
    assert list(schedule.boundaries(0, 1300)) == [60, 120, 720]
    assert schedule.floor(800) == 720
    assert schedule.floor(30) == 0
    assert schedule.halved().pieces == ((120, 30), (1200, 300))
    with pytest.raises(ScenarioError, match="schedule ends"):
        schedule.step_s(1200)
