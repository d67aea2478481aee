"""A town on a bay open to the east: plain, terrace and hills, a river with levees, a harbour behind breakwaters."""

from __future__ import annotations

import numpy as np

from scenarios.schema import Terrain
from scenarios.synthesis.land_classes import ALLUVIAL, RECLAIMED, by_height
from scenarios.synthesis.landscape import STEP_M, Course, Line, banks
from scenarios.synthesis.noise import bump, noise_along, smooth_noise, smooth_step
from twin.chance import Chance

Array = np.ndarray
GRAVITY_M_PER_S2 = 9.81
HEAD_M = 2300.0  # half the mouth of the bay
SHORE_M, MOUTH_M = 300.0, 2905.0  # shore at the middle of the bay, and how far the heads reach beyond it
RIVER_Y_M = -400.0
# Metres seaward of the shore -> depth of the sea bed: bay, narrow shelf, slope, trench, ocean floor (assumed).
PROFILE = (
    (0, 1.5), (150, 4.0), (700, 8.0), (1500, 16.0), (2900, 38.0), (7000, 100.0), (15_000, 180.0), (25_000, 400.0),
    (35_000, 900.0), (50_000, 1900.0), (75_000, 4000.0), (98_000, 6000.0), (110_000, 6200.0), (130_000, 5600.0),
    (200_000, 5500.0),
)  # fmt: skip
HARBOUR_M = (100.0, 1200.0)  # south and north end of the dredged harbour
HARBOUR_DEPTH_M = 5.5
BREAKWATER = ((1350.0, -1000.0), (1430.0, 250.0), (1300.0, 1500.0))  # ends and middle, the opening lies at the middle
VILLAGE_M = (1850.0, -2150.0)  # a cove in the southern head


class Bay:
    """The coastal landscape; see `Landscape`."""

    courses: tuple[Course, ...]
    junction_m: tuple[float, float] | None = None

    def __init__(self, terrain: Terrain):
        self.terrain = terrain
        self.chance = Chance(terrain.seed)
        length_m, _ = terrain.size_m
        x_m = np.arange(-length_m / 2 - 200.0, length_m / 2 + 200.0, STEP_M)
        y_m = np.full(x_m.size, RIVER_Y_M)  # straight, on edges of squares: stepped banks would narrow it
        mouth = float(np.interp(RIVER_Y_M, (RIVER_Y_M,), self.shore_x_m(np.array([RIVER_Y_M]))))
        kept = x_m <= mouth + 150.0
        wall_m = terrain.levee_crest_m
        self.courses = (
            Course(
                "river",
                True,
                x_m[kept],
                y_m[kept],
                terrain.width_m / 2,
                lambda x, off: np.minimum(-1.5 + np.maximum(SHORE_M - x, 0.0) / 500.0, 40.0) - 0.8 * (1 - off**2),
                lambda x, side: np.maximum(wall_m, wall_m - 0.6 + np.maximum(SHORE_M - x, 0.0) / 520.0),
                lambda x: wall_m - 1.8 + np.maximum(SHORE_M - x, 0.0) / 520.0,
            ),
        )

    def shore_x_m(self, y_m: Array) -> Array:
        """x of the shoreline at each y."""
        out = np.minimum((np.abs(y_m) / HEAD_M) ** 4, 1.0)
        wiggle = 70.0 * (1.0 - out) * noise_along(self.chance, "terrain.shore", y_m, 800.0)
        coast = 2500.0 * smooth_step((np.abs(y_m) - HEAD_M - 800.0) / 9000.0)
        coast = coast * (1.0 + noise_along(self.chance, "terrain.coast", y_m, 14_000.0))
        return SHORE_M + MOUTH_M * out + wiggle + coast

    def seaward_m(self, x_m: Array, y_m: Array) -> Array:
        return x_m[None, :] - self.shore_x_m(y_m)[:, None]

    def ground_m(self, x_m: Array, y_m: Array) -> Array:
        seaward = self.seaward_m(x_m, y_m)
        return np.where(seaward > 0, -self._depth_m(seaward, x_m, y_m), self._land_m(-seaward, x_m, y_m))

    def _depth_m(self, seaward_m: Array, x_m: Array, y_m: Array) -> Array:
        profile = np.array(PROFILE)
        depth_m = np.interp(seaward_m, profile[:, 0], profile[:, 1])
        depth_m *= 1.0 + 0.08 * smooth_noise(self.chance, "terrain.sea", x_m, y_m, 700.0)
        south, north = HARBOUR_M
        along = smooth_step((y_m - south + 100.0) / 100.0) * smooth_step((north + 100.0 - y_m) / 100.0)
        dredged = HARBOUR_DEPTH_M * along[:, None] * (seaward_m < 700.0)
        return np.maximum(depth_m, dredged)

    def _land_m(self, inland_m: Array, x_m: Array, y_m: Array) -> Array:
        rough = smooth_noise(self.chance, "terrain.plain", x_m, y_m, 600.0)
        plain = 1.7 + inland_m / 470.0 + 0.45 * rough + 0.9 * bump((inland_m - 260.0) / 150.0)
        terrace = 9.0 * smooth_step((inland_m - 2350.0 - 120.0 * rough) / 260.0)
        folds = smooth_noise(self.chance, "terrain.folds", x_m, y_m, 420.0)
        west = (52.0 + 22.0 * folds) * smooth_step((inland_m - 2850.0) / 800.0)
        edge_m = 1750.0 + 150.0 * smooth_noise(self.chance, "terrain.edge", x_m, np.zeros(1), 900.0)
        side = (44.0 + 24.0 * folds) * smooth_step((np.abs(y_m)[:, None] - edge_m) / 420.0)
        cove = bump(np.hypot((x_m - VILLAGE_M[0])[None, :] / 560.0, (y_m - VILLAGE_M[1])[:, None] / 300.0))
        side = side * np.clip(1.0 - 1.25 * cove, 0.0, 1.0)
        _, away = self.courses[0].across_m(x_m[None, :], y_m[:, None])
        valley = smooth_step((np.abs(away) - 120.0) / 380.0)
        return np.maximum(plain + (terrace + west + side) * valley, 1.0)

    def use(self, x_m: Array, y_m: Array, ground_m: Array, slope: Array) -> Array:
        flat = np.interp(slope, (0.04, 0.12, 0.25), (1.0, 0.35, 0.0))
        level = np.interp(ground_m, (1.0, 2.5, 20.0, 45.0), (0.55, 1.0, 0.8, 0.05))
        return flat * level

    def setting(self, x_m: Array, y_m: Array, height_m: Array) -> Array:
        south, north = HARBOUR_M
        harbour = (x_m > self.shore_x_m(y_m) - 220.0) & (y_m > south) & (y_m < north)
        kind = by_height(height_m, (8.0, 18.0, 45.0))
        return np.where(harbour & (kind == ALLUVIAL), RECLAIMED, kind)

    def safe_above_m(self, x_m: Array, y_m: Array, coast_m: Array) -> Array:
        """Design tsunami level of the zone: 12 m at the shore, 3 m lower for every kilometre inland."""
        return np.maximum(12.0 - 3.0e-3 * coast_m, 0.0)

    def levee_lines(self) -> list[tuple[Array, Array]]:
        half_m = self.terrain.size_m[1] / 2
        y_m = np.arange(-half_m, half_m, STEP_M)
        return [*banks(self.courses), (self.shore_x_m(y_m), y_m)]

    def breakwaters(self) -> list[Line]:
        """The two arms as lines from end to end; the opening lies between them."""
        (ax, ay), (bx, by), (cx, cy) = BREAKWATER
        gap = self.terrain.breakwater_opening_m / 2.0
        south, north = np.hypot(bx - ax, by - ay), np.hypot(cx - bx, cy - by)
        left = (bx - (bx - ax) * gap / south, by - (by - ay) * gap / south)
        right = (bx + (cx - bx) * gap / north, by + (cy - by) * gap / north)
        return [((ax, ay), left), (right, (cx, cy))]


def long_wave_s(depth_m: Array, spacing_m: float) -> float:
    """Travel time of a long wave over evenly spaced depths (point,), all > 0: sum of dx / sqrt(g h)."""
    return float(np.sum(spacing_m / np.sqrt(GRAVITY_M_PER_S2 * np.asarray(depth_m))))
