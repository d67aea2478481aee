"""Patches of ground that water can reach, levee segments, drainage pumps, and the maps from them to the cells.

A patch is the part of a cell that lies in one square of the water grid. Without a terrain model every cell is one
patch that no water reaches, and there are no levees and no pumps.
"""

from __future__ import annotations

import numpy as np

from twin.world import Carrier, IndexSet, membership

Array = np.ndarray
NO_PLACE = -1


def dry_patches(cell: IndexSet) -> IndexSet:
    """One patch per cell, outside any water grid (row and column -1)."""
    n = len(cell)
    return IndexSet.build(
        "patch",
        np.char.add(cell.ids, "/0"),
        cell=np.arange(n),
        municipality=np.asarray(cell["municipality"], dtype=np.int64),
        x_m=np.asarray(cell["x_m"], dtype=float),
        y_m=np.asarray(cell["y_m"], dtype=float),
        height_m=np.full(n, np.nan),
        area_m2=np.asarray(cell["area_m2"], dtype=float),
        share=np.ones(n),
        water_row=np.full(n, NO_PLACE),
        water_column=np.full(n, NO_PLACE),
    )


def no_levees() -> IndexSet:
    """No levee segment."""
    none, whole = np.zeros(0), np.zeros(0, dtype=np.int64)
    return IndexSet.build(
        "levee",
        np.zeros(0, dtype="U1"),
        municipality=whole,
        cell=whole,
        kind=whole,
        x_m=none,
        y_m=none,
        length_m=none,
        crest_m=none,
        foot_m=none,
        danger_m=none,
        river_width_m=none,
        confluence=whole,
        resistant=whole,
        wet_row=whole,
        wet_column=whole,
        dry_row=whole,
        dry_column=whole,
    )


def no_pumps() -> IndexSet:
    """No drainage pump."""
    none, whole = np.zeros(0), np.zeros(0, dtype=np.int64)
    return IndexSet.build(
        "pump",
        np.zeros(0, dtype="U1"),
        municipality=whole,
        cell=whole,
        feeder=whole,
        patch=whole,
        capacity_m3_per_s=none,
        start_depth_m=none,
        generator_s=none,
        from_row=whole,
        from_column=whole,
        to_row=whole,
        to_column=whole,
    )


def water_carriers(patch: IndexSet, n_cell: int, n_town: int) -> dict[str, Carrier]:
    """Maps between patches, cells and municipalities; a cell's mean weighs its patches by their share of the people."""
    share = np.asarray(patch["share"], dtype=float)
    return {
        **membership("patch", "cell", patch["cell"], n_cell, share),
        **membership("patch", "municipality", patch["municipality"], n_town, share),
    }
