"""Kept results: found again by content, recomputed when damaged, dropped when the folder grows too large."""

import os

import numpy as np
import pytest

from twin import memo


@pytest.fixture
def folder(tmp_path):
    memo.use(tmp_path)
    yield tmp_path
    memo.use(None)


def counted(calls, value):
    def compute():
        calls.append(value)
        return np.full(5, float(value))

    return compute


def test_second_call_finds_the_first_result(folder):
    calls = []
    name = memo.key("sea", np.arange(3.0), 2)
    first = memo.remembered(name, counted(calls, 7))
    second = memo.remembered(name, counted(calls, 8))
    assert calls == [7]
    assert np.array_equal(first, second)
    assert not second.flags.writeable


def test_without_a_folder_everything_is_computed():
    memo.use(None)
    calls = []
    for _ in range(2):
        memo.remembered(memo.key("x"), counted(calls, 1))
    assert calls == [1, 1]


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ((1,), (1.0,)),
        (("ab", "c"), ("a", "bc")),
        ((np.zeros(4),), (np.zeros((2, 2)),)),
        ((np.zeros(2, np.float32),), (np.zeros(1, np.float64),)),
        (((1, 2), 3), ((1,), (2, 3))),
        ((None,), ("None",)),
        ((0.0,), (-0.0,)),
    ],
)
def test_keys_tell_contents_apart(one, other):
    assert memo.key(*one) != memo.key(*other)
    assert memo.key(*one) == memo.key(*one)


def test_an_object_cannot_be_part_of_a_key():
    with pytest.raises(TypeError, match="dict"):
        memo.key({"a": 1})


@pytest.mark.parametrize("damage", [b"", b"\x93NUMPY", None])
def test_a_damaged_file_is_computed_again(folder, damage):
    name = memo.key("damage")
    memo.remembered(name, counted([], 3))
    path = next(folder.glob("??/*.npy"))
    raw = path.read_bytes()
    path.write_bytes(damage if damage is not None else raw[:140] + b"\xff" + raw[141:])
    calls = []
    assert memo.remembered(name, counted(calls, 4))[0] == 4.0
    assert calls == [4]


def test_sweep_drops_what_was_not_used_for_longest(folder):
    names = [memo.key("sweep", i) for i in range(4)]
    for age, name in zip((40, 30, 20, 10), names):
        memo.remembered(name, counted([], age))
        path = folder / name[:2] / f"{name}.npy"
        os.utime(path, (1e9 - age, 1e9 - age))
    size = path.stat().st_size
    memo.sweep(2 * size)
    left = {path.stem for path in folder.glob("??/*.npy")}
    assert left == set(names[2:])


def test_a_folder_that_cannot_be_written_is_no_failure(tmp_path):
    blocked = tmp_path / "file"
    blocked.write_text("not a folder")
    memo.use(blocked)
    try:
        assert memo.remembered(memo.key("blocked"), counted([], 2))[0] == 2.0
    finally:
        memo.use(None)
