"""What a generated place is made of: water courses with their levees, and fields of ground height, sea and land use.

A landscape answers at any point, so squares of any size see the same place. Local metres, heights above datum
(mean sea level); x grows to the east, y to the north.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from scenarios.schema import Terrain

Array = np.ndarray
STEP_M = 10.0  # spacing of the points a course is given by
RIVER, SEA_WALL, GATE = 0, 1, 2


@dataclass(frozen=True)
class Course:
    """A leveed river that runs along one axis: where its middle is, how wide, how deep, how high its levees.

    along_x: it is a function y(x), else x(y). at_m (point,): evenly spaced places along the axis, centre_m (point,).
    bed_m, crest_m, danger_m: functions of the place along; crest takes the side too (-1 right or south or west, +1).
    """

    name: str
    along_x: bool
    at_m: Array
    centre_m: Array
    half_m: float
    bed_m: Callable[[Array, Array], Array]  # (along, distance from the middle in half widths)
    crest_m: Callable[[Array, Array], Array]  # (along, side)
    danger_m: Callable[[Array], Array]

    def across_m(self, x_m: Array, y_m: Array) -> tuple[Array, Array]:
        """Place along the axis and signed distance from the middle (positive north or east); far off its ends."""
        along, across = np.broadcast_arrays(*((x_m, y_m) if self.along_x else (y_m, x_m)))
        tilt = np.interp(along, self.at_m, np.gradient(self.centre_m, STEP_M))
        signed = (across - np.interp(along, self.at_m, self.centre_m)) / np.sqrt(1.0 + tilt**2)
        beyond = np.maximum(np.maximum(self.at_m[0] - along, along - self.at_m[-1]), 0.0)
        return along, np.where(beyond > STEP_M, np.copysign(np.hypot(signed, beyond) + self.half_m, signed), signed)

    def bank(self, side: int) -> tuple[Array, Array]:
        """Points on the levee line of one side: x and y."""
        tilt = np.gradient(self.centre_m, STEP_M)
        away = self.half_m * np.sqrt(1.0 + tilt**2) * side
        along, across = self.at_m, self.centre_m + away
        return (along, across) if self.along_x else (across, along)


Line = tuple[tuple[float, float], tuple[float, float]]


def banks(courses: tuple[Course, ...]) -> list[tuple[Array, Array]]:
    """Both levee lines of every river, as x and y of their points."""
    return [course.bank(side) for course in courses for side in (-1, 1)]


class Landscape(Protocol):
    """A place as functions of points on lines x_m (column,) and y_m (row,); results are (row, column)."""

    terrain: Terrain
    courses: tuple[Course, ...]
    junction_m: tuple[float, float] | None  # where two rivers meet

    def levee_lines(self) -> list[tuple[Array, Array]]:
        """x and y of points a few metres apart along every levee and sea wall."""
        ...

    def breakwaters(self) -> list[Line]:
        """Straight breakwaters in the sea, from end to end."""
        ...

    def ground_m(self, x_m: Array, y_m: Array) -> Array:
        """Height of the land, and of the sea bed where it is below datum, without rivers, levees and walls."""
        ...

    def seaward_m(self, x_m: Array, y_m: Array) -> Array:
        """Positive in the sea, negative on land; -inf where there is no sea."""
        ...

    def use(self, x_m: Array, y_m: Array, ground_m: Array, slope: Array) -> Array:
        """How fit for houses the ground is, 0 to 1."""
        ...

    def setting(self, x_m: Array, y_m: Array, height_m: Array) -> Array:
        """Class of the ground (`land_classes`) at points (point,) of that height."""
        ...

    def safe_above_m(self, x_m: Array, y_m: Array, coast_m: Array) -> Array:
        """Ground higher than this is outside the official hazard-map zone."""
        ...
