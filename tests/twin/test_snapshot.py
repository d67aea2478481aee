"""Snapshots come back bit for bit; damage, other versions and hostile files are refused with a reason."""

import json
import os

import numpy as np
import pytest

from tests.twin import toy
from twin import snapshot
from twin.errors import SnapshotError, StoreError

SCHEMAS = {"spring": 1, "basin": 1}


@pytest.fixture
def saved(tmp_path):
    one = toy.final(toy.twin(), 600)
    snapshot.Writer(tmp_path, SCHEMAS, "w").save(one.state)
    return tmp_path, one


def load(folder, schemas=SCHEMAS, world="w"):
    return snapshot.load(folder, 600, toy.twin().state, schemas, world)


def test_everything_comes_back(saved):
    folder, one = saved
    state = load(folder)
    assert state.layers["spring"].drops["amount"].tolist() == one.state.layers["spring"].drops["amount"].tolist()
    assert state.stocks == one.state.stocks
    assert state.last_event == one.state.last_event
    assert {name: amount.tolist() for name, amount in state.pending.items()} == {
        name: amount.tolist() for name, amount in one.state.pending.items()
    }
    assert snapshot.times(folder) == [600]


def test_loaded_arrays_are_read_only(saved):
    state = load(saved[0])
    with pytest.raises(ValueError, match="read-only"):
        state.layers["spring"].tank_l[0] = 1.0


def test_loaded_arrays_are_plain_ones(saved):
    state = load(saved[0])
    drops = state.layers["spring"].drops
    assert {type(array) for array in (state.layers["spring"].tank_l, *drops.columns.values())} == {np.ndarray}


def test_unchanged_arrays_are_written_once(tmp_path):
    one = toy.final(toy.twin(), 600)
    writer = snapshot.Writer(tmp_path, SCHEMAS, "w")
    writer.save(one.state)
    one.state.now_s = 660
    writer.save(one.state)
    assert os.path.getsize(tmp_path / "at-000000660.bin") == 0
    again = snapshot.load(tmp_path, 660, toy.twin().state, SCHEMAS, "w")
    assert again.layers["spring"].tank_l.tolist() == one.state.layers["spring"].tank_l.tolist()


def test_a_flipped_bit_is_found(saved):
    folder, _ = saved
    path = folder / "at-000000600.bin"
    data = bytearray(path.read_bytes())
    data[3] ^= 1
    path.write_bytes(data)
    with pytest.raises(SnapshotError, match="damaged"):
        load(folder)


@pytest.mark.parametrize("text", ["", "{", "[]", '{"format": 1}', '{"state": {"array": 1}}'])
def test_a_broken_index_is_refused(saved, text):
    folder, _ = saved
    (folder / "at-000000600.json").write_text(text)
    with pytest.raises(SnapshotError):
        load(folder)


def test_other_versions_and_places_are_refused_with_both_values(saved):
    folder, _ = saved
    with pytest.raises(SnapshotError, match=r"schemas is .*1.* have .*2"):
        load(folder, schemas={"spring": 2, "basin": 1})
    with pytest.raises(SnapshotError, match="world is w, this program and scenario have v"):
        load(folder, world="v")


def edit(folder, change):
    path = folder / "at-000000600.json"
    tree = json.loads(path.read_text())
    change(tree["state"]["map"]["layers"]["map"]["spring"]["record"])
    path.write_text(json.dumps(tree))


def test_a_file_outside_the_folder_is_refused(saved):
    folder, _ = saved
    edit(folder, lambda spring: spring["tank_l"]["array"].update(file="../../etc/passwd"))
    with pytest.raises(SnapshotError, match="outside the snapshot folder"):
        load(folder)


def test_objects_are_refused(saved):
    folder, _ = saved
    edit(folder, lambda spring: spring["tank_l"]["array"].update(dtype="|O"))
    with pytest.raises(SnapshotError):
        load(folder)


def test_unknown_fields_are_refused(saved):
    folder, _ = saved
    edit(folder, lambda spring: spring.update(extra=1))
    with pytest.raises(SnapshotError, match="fields of SpringState differ"):
        load(folder)


def test_a_disk_that_refuses_is_told(tmp_path):
    one = toy.final(toy.twin(), 60)
    writer = snapshot.Writer(tmp_path / "gone", SCHEMAS, "w")
    with pytest.raises(StoreError, match="cannot write snapshot"):
        writer.save(one.state)


def test_states_of_other_types_are_refused(tmp_path):
    one = toy.final(toy.twin(), 60)
    one.state.layers["spring"] = {"bad": [np.zeros(2)]}
    with pytest.raises(StoreError, match="found list"):
        snapshot.Writer(tmp_path, SCHEMAS, "w").save(one.state)
