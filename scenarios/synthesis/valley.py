"""A valley with a leveed river, a tributary, old natural levees, a low back swamp, a terrace and a gorge at its end."""

from __future__ import annotations

import numpy as np

from scenarios.schema import Terrain
from scenarios.synthesis.land_classes import by_height
from scenarios.synthesis.landscape import STEP_M, Course, Line, banks
from scenarios.synthesis.noise import bump, smooth_noise, smooth_step
from twin.chance import Chance

Array = np.ndarray
HEAD_M, SLOPE = 14.0, 1.0 / 1500.0  # plain at the western edge of an 8 km grid, fall of plain and river
BED_M, BED_RISE_M = -2.8, 2.0  # middle of the river bed against the plain, and how much higher its edges lie
FREEBOARD_M, ALARM_M = 1.2, 0.9  # crest over design level; danger level under it
TRIBUTARY_ALARM_M = 0.65  # set so that the call comes some hours before the main river is full
LOW_SPOTS = ((2050.0, -1, 0.7, 180.0), (-2000.0, 1, 0.4, 150.0))  # x, side, how low, half length: levees not yet raised
# Both rivers were straightened. A winding bed of whole squares is narrowed by its stepped banks: four squares of 50 m
# stood 0.4 m higher at their upper end than eight of 25 m; straight ones on their edges agree within 1 cm.
RIVER_Y_M = 150.0
TRIBUTARY_X_M, TRIBUTARY_HALF_M = 1150.0, 50.0
SWAMP_M = (2350.0, -1250.0)
GORGE_X_M = 3150.0


class Valley:
    """The river landscape; see `Landscape`."""

    courses: tuple[Course, ...]
    junction_m: tuple[float, float] | None

    def __init__(self, terrain: Terrain):
        self.terrain = terrain
        self.chance = Chance(terrain.seed)
        length_m, width_m = terrain.size_m
        x_m = np.arange(-length_m / 2 - 200.0, length_m / 2 + 200.0 + STEP_M, STEP_M)
        y_m = np.full(x_m.size, RIVER_Y_M)
        main = Course(
            "river",
            True,
            x_m,
            y_m,
            terrain.width_m / 2,
            lambda x, off: self.plain_m(x) + BED_M + BED_RISE_M * np.minimum(off**2, 1.0),
            self._crest_m,
            lambda x: self.full_m(x) - FREEBOARD_M - ALARM_M,
        )
        self.courses = (main, self._tributary(main, -width_m / 2 - 200.0))
        self.junction_m = (TRIBUTARY_X_M, float(np.interp(TRIBUTARY_X_M, x_m, y_m)))

    def _tributary(self, main: Course, south_m: float) -> Course:
        mouth_y_m = float(np.interp(TRIBUTARY_X_M, main.at_m, main.centre_m))
        y_m = np.arange(south_m, mouth_y_m, STEP_M)
        x_m = np.full(y_m.size, TRIBUTARY_X_M)
        level_m = float(self.plain_m(np.array(TRIBUTARY_X_M)))
        # Upstream of the mouth its levees keep the main river's backwater out; they rise like its bed beyond.
        crest_m = float(self.full_m(np.array(TRIBUTARY_X_M)))
        return Course(
            "tributary",
            False,
            y_m,
            x_m,
            TRIBUTARY_HALF_M,
            lambda y, off: level_m - 2.0 + (mouth_y_m - y) / 450.0 + 0.6 * np.minimum(off**2, 1.0),
            lambda y, side: crest_m - 0.3 + (mouth_y_m - y) / 1500.0,
            lambda y: crest_m - 0.3 - FREEBOARD_M - TRIBUTARY_ALARM_M + (mouth_y_m - y) / 1500.0,
        )

    def levee_lines(self) -> list[tuple[Array, Array]]:
        return banks(self.courses)

    def breakwaters(self) -> list[Line]:
        return []

    def plain_m(self, x_m: Array) -> Array:
        """Level of the valley floor without its unevenness."""
        return HEAD_M - (x_m + 4000.0) * SLOPE

    def full_m(self, x_m: Array) -> Array:
        """Crest of the levees where they are complete."""
        return self.plain_m(x_m) + self.terrain.levee_crest_m

    def _crest_m(self, x_m: Array, side: Array) -> Array:
        crest_m = self.full_m(x_m)
        for at_m, on, low_m, half_m in LOW_SPOTS:
            crest_m = crest_m - low_m * bump((x_m - at_m) / half_m) * (side == on)
        return crest_m

    def seaward_m(self, x_m: Array, y_m: Array) -> Array:
        return np.full((len(y_m), len(x_m)), -np.inf)

    def ground_m(self, x_m: Array, y_m: Array) -> Array:
        _, away = self.courses[0].across_m(x_m[None, :], y_m[:, None])
        away = np.abs(away)
        bank = away - self.courses[0].half_m
        old_course = -900.0 + 200.0 * np.sin(2 * np.pi * x_m / 3000.0)
        ridge = bump((y_m[:, None] - old_course) / 120.0) * smooth_step((700.0 - np.abs(x_m + 1300.0) / 3.2) / 200.0)
        swamp = bump(np.hypot((x_m - SWAMP_M[0])[None, :] / 900.0, (y_m - SWAMP_M[1])[:, None] / 520.0))
        floor = self.plain_m(x_m) + 0.25 * smooth_noise(self.chance, "terrain.floor", x_m, y_m, 500.0)
        floor = floor + 1.4 * np.exp(-np.maximum(bank, 0.0) / 220.0) + 1.3 * ridge
        floor = floor - 0.5 * smooth_step((away - 600.0) / 400.0) - 1.2 * swamp
        return floor + self._rise_m(x_m, y_m, away)

    def _rise_m(self, x_m: Array, y_m: Array, away_m: Array) -> Array:
        """Terrace and hills in the north, hills in the south, the gorge in the east."""
        zero = np.zeros(1)
        y = y_m[:, None]
        folds = smooth_noise(self.chance, "terrain.folds", x_m, y_m, 450.0)
        edge = 1450.0 + 110.0 * smooth_noise(self.chance, "terrain.terrace", x_m, zero, 900.0)
        terrace = 9.5 * smooth_step((y - edge) / 160.0) + 0.006 * np.maximum(y - edge, 0.0)
        north = (38.0 + 16.0 * folds) * smooth_step((y - 2050.0) / 480.0)
        foot = -1950.0 + 90.0 * smooth_noise(self.chance, "terrain.foot", x_m, zero, 800.0)
        _, off = self.courses[1].across_m(x_m[None, :], y)
        south = (60.0 + 24.0 * folds) * smooth_step((foot - y) / 520.0) * smooth_step((np.abs(off) - 90.0) / 260.0)
        gorge = (34.0 + 10.0 * folds) * smooth_step((x_m - GORGE_X_M) / 550.0) * smooth_step((away_m - 100.0) / 110.0)
        return terrace + north + south + gorge

    def use(self, x_m: Array, y_m: Array, ground_m: Array, slope: Array) -> Array:
        """Natural levees and the terrace were settled first, the swamp last (later, cheaper ground)."""
        flat = np.interp(slope, (0.05, 0.14, 0.28), (1.0, 0.35, 0.0))
        over = ground_m - self.plain_m(x_m)
        return flat * np.interp(over, (-1.6, -0.6, 0.4, 1.2, 16.0, 32.0), (0.3, 0.5, 0.85, 1.0, 0.8, 0.05))

    def setting(self, x_m: Array, y_m: Array, height_m: Array) -> Array:
        return by_height(height_m - self.plain_m(x_m), (5.0, 16.0, 32.0))

    def safe_above_m(self, x_m: Array, y_m: Array, coast_m: Array) -> Array:
        """The river's design level at the same place along the valley."""
        level = self.full_m(x_m) - FREEBOARD_M
        return np.broadcast_to(level, np.shape(coast_m))
