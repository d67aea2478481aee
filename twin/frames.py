"""Frames: one quantity over one index set at one time, kept hourly for the map beside series and events."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pyarrow as pa

Array = np.ndarray
TEXT = pa.dictionary(pa.int32(), pa.string())
FRAMES_SCHEMA = pa.schema(
    [("time_s", pa.int64()), ("quantity", TEXT), ("values", pa.list_(pa.float32()))]
)  # values null: as at the sample before


class FrameSampler:
    """Keeps frames: one quantity over one index set at one time, for the map. Not part of a run's digest."""

    def __init__(self, quantities: Sequence[str]):
        self.quantities = [(name, *name.split(".", 1)) for name in quantities]
        self._before: dict[str, Array] = {}
        self._rows: list[tuple[int, str, Array | None]] = []

    def add(self, now_s: int, outputs: Mapping[str, Mapping[str, Array]]) -> None:
        """Keep what layers handed out last; an array object seen at the sample before is not kept again."""
        for name, layer, quantity in self.quantities:
            array = outputs.get(layer, {}).get(quantity)
            if array is not None:
                same = self._before.get(name) is array
                self._rows.append((now_s, name, None if same else array))
                self._before[name] = array

    def take(self) -> pa.Table:
        """The frames since the last call; the next one starts afresh, so that each part can be read alone."""
        rows, self._rows, self._before = self._rows, [], {}
        columns = {
            "time_s": [row[0] for row in rows],
            "quantity": pa.array([row[1] for row in rows], pa.string()).dictionary_encode(),
            "values": pa.array(
                [None if row[2] is None else row[2].ravel().astype(np.float32) for row in rows],
                pa.list_(pa.float32()),
            ),
        }
        return pa.table(columns, schema=FRAMES_SCHEMA)
