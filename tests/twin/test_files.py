"""Folders that belong to one process at a time."""

import errno
from pathlib import Path

import pytest

from twin import files
from twin.errors import StoreError


def test_a_folder_is_held_by_one_process_at_a_time(tmp_path, monkeypatch):
    monkeypatch.setattr(files, "MOST_WAIT_S", 0.2)
    with files.alone(tmp_path), pytest.raises(StoreError, match="another process works"), files.alone(tmp_path):
        pass
    with files.alone(tmp_path):
        pass


def test_a_folder_that_cannot_be_locked_is_told(tmp_path, monkeypatch):
    def refuse(*_given, **_named):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(Path, "open", refuse)
    with pytest.raises(StoreError, match=r"cannot lock .*No space left"), files.alone(tmp_path):
        pass
