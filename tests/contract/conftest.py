"""Sea and river of the runs of this folder are computed once: their chunks are kept for the session."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from twin import memo


@pytest.fixture(scope="session")
def kept_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Folder for results kept by content."""
    return tmp_path_factory.mktemp("kept")


@pytest.fixture(autouse=True, scope="module")
def kept(kept_folder: Path) -> Iterator[None]:
    """Keep results there while a module of this folder runs, its own fixtures included."""
    memo.use(kept_folder)
    yield
    memo.use(None)
