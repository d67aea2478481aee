"""Frames: kept in full once a part, then only what changed; read back as they were at any instant."""

import numpy as np
import pytest

from twin import store
from twin.errors import StoreError
from twin.frames import FRAMES_SCHEMA, FrameSampler
from twin.store import RunFolder


def outputs(depth):
    return {"hazard": {"depth_m": depth}, "people": {"persons": np.arange(4.0)}}


@pytest.fixture
def folder(tmp_path):
    made = RunFolder.create(tmp_path / "run", {"status": "running"})
    sampler, dry, wet = FrameSampler(["hazard.depth_m", "rescue.none"]), np.zeros(3), np.array([0.0, 1.5, np.nan])
    for now_s, depth in ((3600, dry), (7200, dry), (10800, wet)):
        sampler.add(now_s, outputs(depth))
    store.write_table(sampler.take(), made.member_folder(0) / "frames-000010800.arrow")
    sampler.add(14400, outputs(wet))
    store.write_table(sampler.take(), made.member_folder(0) / "frames-000014400.arrow")
    return made


def test_only_what_changed_is_written_and_each_part_stands_alone(folder):
    first, second = (store.read_table(part, FRAMES_SCHEMA) for part in store.parts(folder.member_folder(0), "frames"))
    assert [values is None for values in first["values"].to_pylist()] == [False, True, False]
    assert [values is None for values in second["values"].to_pylist()] == [False]


def test_the_last_frame_at_or_before_an_instant_is_found(folder):
    assert folder.frames() == {"hazard.depth_m": [3600, 7200, 10800, 14400]}
    for at_s, found_s, values in ((3600, 3600, [0, 0, 0]), (9000, 7200, [0, 0, 0]), (99999, 14400, [0, 1.5, np.nan])):
        time_s, frame = folder.frame("hazard.depth_m", at_s)
        assert time_s == found_s
        assert np.array_equal(frame, np.array(values, np.float32), equal_nan=True)


def test_what_was_not_kept_is_told(folder):
    with pytest.raises(StoreError, match=r"no frame of 'hazard\.depth_m' at or before"):
        folder.frame("hazard.depth_m", 10)
    with pytest.raises(StoreError, match=r"no frame of 'rescue\.none'"):
        folder.frame("rescue.none", 99999)
