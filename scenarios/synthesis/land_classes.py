"""Settings of the ground, in the order of `columns.GROUNDS`."""

from __future__ import annotations

import numpy as np

ALLUVIAL, RECLAIMED, TERRACE, HILL, MOUNTAIN = range(5)


def by_height(over_m: np.ndarray, limits_m: tuple[float, float, float]) -> np.ndarray:
    """Alluvial up to the first limit above the plain, then terrace, hill and mountain."""
    return np.array([ALLUVIAL, TERRACE, HILL, MOUNTAIN])[np.searchsorted(limits_m, over_m)]
