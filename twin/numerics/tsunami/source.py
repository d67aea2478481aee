"""What an earthquake under the sea does to sea surface and land: raised water, uplift and subsidence of the coast."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy.fft import dctn, idctn

from twin.errors import ParameterError
from twin.numerics.okada import Displacement

Array = np.ndarray


@dataclass(frozen=True)
class Coseismic:
    """Arrays (row, column), metres. `uplift_m`, `subsidence_m` >= 0: movement of the land, 0 at sea.

    `bed_after_m`: bed for the inundation: the sea floor as moved; on land subsidence counts and uplift does not
    (practice of Tokyo 2022, TKY22 p.83, status read), which errs on the side of more water.
    """

    initial_level_m: Array  # rise of the sea surface, 0 on land
    uplift_m: Array
    subsidence_m: Array
    bed_after_m: Array


def coseismic(
    bed_m: ArrayLike, moved: Displacement, sea_level_m: float = 0.0, cell_m: tuple[float, float] | None = None
) -> Coseismic:
    """Sea surface and land right after the rupture, which is taken as instantaneous (minutes against a wave's tens).

    bed_m (row, column): above datum; cells below `sea_level_m` are sea. With `cell_m` = (dx, dy) the horizontal
    movement of a sloping sea floor adds u_east dh/dx + u_north dh/dy, h depth (Tanioka & Satake 1996, Geophys. Res.
    Lett. 23:861-864, status recomputed: equals a rigid shift of a slope); without it the vertical part alone counts.
    Raises ParameterError for shapes that do not fit and beds that are not numbers.
    """
    bed = np.asarray(bed_m, float)
    if bed.ndim != 2 or bed.shape != np.shape(moved.up_m):
        raise ParameterError(f"bed_m: shape {bed.shape}, the displacement has {np.shape(moved.up_m)}")
    if not np.isfinite(bed).all():
        place = tuple(int(i) for i in np.argwhere(~np.isfinite(bed))[0])
        raise ParameterError(f"bed_m: no number at {place}; fill the gap first")
    rise_m = moved.up_m
    if cell_m is not None:
        north_slope, east_slope = np.gradient(bed, cell_m[1], cell_m[0])
        rise_m = rise_m - moved.east_m * east_slope - moved.north_m * north_slope
    sea = bed < sea_level_m
    land_m = np.where(sea, 0.0, moved.up_m)
    sinking_m = np.minimum(land_m, 0.0)
    bed_after = bed + np.where(sea, rise_m, sinking_m)
    return Coseismic(np.where(sea, rise_m, 0.0), np.maximum(land_m, 0.0), -sinking_m, bed_after)


def smoothed_by_water(rise_m: ArrayLike, depth_m: float, dx_m: float, dy_m: float) -> Array:
    """Rise of the surface over water of one depth when the floor rises: waves of number k pass by 1 / cosh(k depth).

    After Kajiura (1963), status recomputed (exact for a cosine). Keeps the volume; takes away bumps narrower than
    the water is deep. The field is mirrored at its edges.
    """
    rise = np.asarray(rise_m, float)
    if not (np.isfinite(depth_m) and depth_m >= 0):
        raise ParameterError(f"depth_m: must be a depth of 0 m or more, got {depth_m}")
    row, column = (np.pi * np.arange(n) / (n * d) for n, d in zip(rise.shape, (dy_m, dx_m), strict=True))
    depth_in_waves = np.minimum(np.hypot(row[:, None], column[None, :]) * depth_m, 700.0)  # cosh(710) overflows
    return np.asarray(idctn(dctn(rise) / np.cosh(depth_in_waves)))
