"""Landslide warnings: the worst slope of a town decides, shaking lowers the criteria, whole hours lower the level."""

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest

from layers.hazard import LAYER, warnings
from scenarios import build_world, read_scenario
from twin.chance import Chance
from twin.contract import Clock
from twin.params import load
from twin.run import freeze

PARAMS = load(LAYER.params_file)
SLOPES = warnings.Slopes(np.array([0, 1, 3]), np.array([0, 0, 1]), 3)
NONE = warnings.SlideLevels(np.zeros(3), 0)


def level(now, ahead=None, felt=(0.0, 0.0, 0.0), before=NONE, now_s=4200):
    now = np.asarray(now, float)
    ahead = now if ahead is None else np.asarray(ahead, float)
    return warnings.landslide_levels(SLOPES, before, (now, ahead), np.array(felt), now_s, PARAMS)


def test_each_town_has_the_level_of_its_worst_slope_and_flat_cells_count_for_nothing():
    assert level([0.2, 0.9, 9.0, 0.75]).level.tolist() == [3.0, 2.0, 0.0]


@pytest.mark.parametrize(
    ("now", "ahead", "expected"),
    [(0.69, 0.69, 0), (0.5, 0.7, 2), (0.5, 0.85, 3), (0.5, 1.0, 4), (1.0, 0.9, 4), (1.2, 2.0, 4), (1.25, 1.25, 5)],
)
def test_levels_by_the_ratio_now_and_ahead(now, ahead, expected):
    assert level([now] * 4, [ahead] * 4).level[0] == expected


def test_shaking_lowers_the_criteria_of_the_town_that_felt_it():
    assert level([0.75] * 4, felt=(4.9, 5.1, 6.9)).level.tolist() == [2.0, 3.0, 0.0]
    assert level([0.75] * 4, felt=(5.5, 0.0, 0.0)).level.tolist() == [4.0, 2.0, 0.0]


def test_a_level_rises_at_once_and_falls_at_whole_hours():
    high = level([1.0] * 4)
    same_hour = level([0.2] * 4, before=high, now_s=6000)
    assert same_hour is high
    assert level([1.3] * 4, before=high, now_s=6000).level[0] == 5.0
    assert level([0.2] * 4, before=high, now_s=7200).level.tolist() == [0.0, 0.0, 0.0]
    assert level([1.0] * 4, before=high, now_s=7200).level is high.level


def test_river_town_is_warned_level_by_level_as_the_rain_comes():
    """Hazard alone, without water: level 2 in the evening of the typhoon, 4 before and 5 at its peak."""
    world = build_world(read_scenario("river-town"))
    given = LAYER.prepare(without_water(world), PARAMS)
    state, told = freeze(LAYER.start(given, Chance(1))), []
    for start_s in range(0, 12 * 3600, 600):
        result = LAYER.step(given, state, quiet(world), Clock(start_s, 600, world.origin, Chance(1)))
        state = freeze(result.state)
        told += [event for event in result.events if event.kind == "landslide_warning"]
    rising = [event.amount for event in told if event.row == 1]
    assert max(rising) == 5.0
    assert all(b > a for a, b in pairwise(rising[: rising.index(5.0) + 1]))
    assert np.array_equal(result.outputs["landslide_warning"], state.slides.level)
    soil_m = result.outputs["soil_water_m"]
    assert np.ptp(soil_m) > 0.003  # the bands wet one side of the town more than the other


def without_water(world):
    """The world without its water grid: rain and slopes alone."""
    settings = {name: value for name, value in world.settings.items() if not name.startswith("water_")}
    return replace(world, settings=settings)


def quiet(world):
    return {var.name: np.full(world.shape(var.on), np.nan if var.name.endswith("_s") else 0.0) for var in LAYER.needs}
