"""How wall time grows with size: the exponent p of wall_s ~ size**p, one row per case."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np

Row = Mapping[str, Any]
LEAST_SIZES = 3


def exponent(size: Sequence[float], wall_s: Sequence[float]) -> float:
    """Slope of log(wall time) over log(size) by least squares; sizes > 0 and not all equal, wall times > 0."""
    x, y = np.log(np.asarray(size, dtype=np.float64)), np.log(np.asarray(wall_s, dtype=np.float64))
    x = x - x.mean()
    return float(np.dot(x, y - y.mean()) / np.dot(x, x))


def rows(results: Sequence[Row]) -> Iterator[dict[str, Any]]:
    """One row per case that was measured at three sizes or more, alike in threads and number type.

    Rows of one case share `case`, or `growth_of` where the name of the case holds its size.
    """
    groups: dict[tuple[str, int, str], dict[float, float]] = {}
    for row in results:
        if row.get("size") and row.get("wall_s"):
            name = row.get("growth_of") or row["case"]
            groups.setdefault((name, row["threads"], row["dtype"]), {})[row["size"]] = row["wall_s"]
    for (name, threads, dtype), wall_s in groups.items():
        if len(wall_s) < LEAST_SIZES:
            continue
        sizes = sorted(wall_s)
        yield {
            "case": f"growth of {name}",
            "threads": threads,
            "dtype": dtype,
            "value": exponent(sizes, [wall_s[size] for size in sizes]),
            "unit": "exponent",
            "sizes": sizes,
        }
