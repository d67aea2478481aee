"""The generated ground: a function of its block, the same land at every size of square, closed by its levees."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import ndimage

from scenarios.schema import Terrain
from scenarios.synthesis.bay import Bay, long_wave_s
from scenarios.synthesis.noise import smooth_noise
from scenarios.synthesis.terrain import (
    BREAKWATER,
    FREE_M,
    LAND,
    RIVER,
    SEA,
    build_ground,
    crest_at,
    line_squares,
    shifted,
)
from scenarios.synthesis.valley import Valley
from tests.scenarios.terrains import world_of
from twin.chance import Chance
from twin.units import MINUTE_S

BAY, VALLEY = Terrain(kind="bay", seed=5), Terrain(kind="river", seed=7, levee_crest_m=5.5)
ROUND = VALLEY.model_copy(update={"river_width_m": 200.0})
FACES = ((0, 1), (1, 0), (0, -1), (-1, 0))
STRONGEST_SLIP_M = 52_700.0  # offshore of the bay's mouth: the far edge of the 40-60 km the scenario speaks of


@pytest.fixture(scope="module", params=[BAY, VALLEY], ids=["bay", "river"])
def ground(request: pytest.FixtureRequest):
    return build_ground(request.param)


def test_noise_is_smooth_bounded_and_keyed():
    x_m = np.linspace(-3000.0, 3000.0, 4001)
    noise = smooth_noise(Chance(3), "a", x_m, np.array([0.0, 10.0]), 500.0)
    assert np.abs(noise).max() < 1.0
    assert noise.std() > 0.2
    assert np.abs(np.diff(noise, axis=1)).max() < 1.5 * 2 * 1.875 / 500.0  # slope of the curve between two nodes
    assert not np.array_equal(noise, smooth_noise(Chance(4), "a", x_m, np.array([0.0, 10.0]), 500.0))


def test_noise_does_not_depend_on_what_else_is_asked():
    x_m = np.array([-700.0, 20.0, 333.0, 1800.0])
    whole = smooth_noise(Chance(3), "a", x_m, np.array([40.0, 900.0]), 500.0)
    part = smooth_noise(Chance(3), "a", x_m[2:3], np.array([900.0]), 500.0)
    assert part[0, 0] == pytest.approx(whole[1, 2], abs=1e-12)


def test_the_same_block_gives_the_same_ground(ground):
    again = build_ground(ground.terrain)
    assert np.array_equal(ground.height_m, again.height_m)
    other = build_ground(ground.terrain.model_copy(update={"seed": 99}))
    assert np.abs(other.height_m - ground.height_m)[ground.kind == LAND].mean() > 0.2


def test_every_square_has_a_finite_height_and_one_kind(ground):
    assert np.isfinite(ground.height_m).all()
    assert set(np.unique(ground.kind)) <= {LAND, SEA, RIVER, BREAKWATER}
    assert (ground.height_m[ground.kind == SEA] < 0).all()
    assert (ground.height_m[ground.kind == LAND] > 0).all()
    assert not ground.levee[ground.kind != LAND].any()


def test_rivers_and_sea_hang_together(ground):
    _, parts = ndimage.label(ground.wet)
    assert parts == 1


def test_levees_leave_no_gap_for_water(ground):
    """Dry land that touches water along a face without a levee lies as high as the crest there."""
    for face in FACES:
        row, column = np.nonzero((ground.kind == LAND) & ~ground.levee & shifted(ground.wet, *face, False))
        sea = shifted(ground.kind == SEA, *face, False)[row, column]
        crest_m, _, _ = crest_at(ground.landscape, ground.x_m[column], ground.y_m[row], sea)
        assert np.all(ground.height_m[row, column] > crest_m - 0.3)


@pytest.mark.parametrize("terrain", [BAY, VALLEY], ids=["bay", "river"])
def test_two_sizes_of_square_show_the_same_land(terrain):
    coarse, fine = (build_ground(terrain.model_copy(update={"square_m": side})) for side in (50.0, 25.0))
    area = [one.square_m**2 * (one.kind == LAND).sum() for one in (coarse, fine)]
    assert area[0] == pytest.approx(area[1], rel=0.005)
    rows, columns = coarse.kind.shape
    means = fine.height_m.reshape(rows, 2, columns, 2).mean(axis=(1, 3))
    inland = ndimage.binary_erosion((coarse.kind == LAND) & ~coarse.levee, iterations=2)
    assert np.abs(means - coarse.height_m)[inland].mean() < 0.05


def test_the_bay_has_plain_terrace_hills_and_a_sheltered_harbour():
    ground = build_ground(BAY)
    land = ground.kind == LAND
    plain = (ground.height_m < 6.0) & land
    assert 5e6 < plain.sum() * ground.square_m**2 < 10e6
    assert ground.height_m[:, :4][land[:, :4]].mean() > 30.0
    (end, gap_south), (gap_north, _) = ground.landscape.breakwaters()
    assert np.hypot(gap_north[0] - gap_south[0], gap_north[1] - gap_south[1]) == pytest.approx(300.0, abs=5.0)
    assert np.all(ground.height_m[ground.kind == BREAKWATER] == BAY.breakwater_crest_m)
    row, column = line_squares(ground, end, gap_south)
    inner = np.abs(ground.y_m[row] - ground.y_m[row].mean()) < np.ptp(ground.y_m[row]) / 2
    assert (ground.kind[row, column] == BREAKWATER)[inner].mean() > 0.8
    assert (ground.kind[line_squares(ground, gap_south, gap_north)] == SEA).sum() >= 4


@pytest.mark.parametrize("square_m", [50.0, 25.0, 12.5])
def test_openings_and_walls_are_as_wide_on_squares_of_any_size(square_m):
    """The gap between the breakwaters, the rivers, and the strip their levees stand on."""
    bay, valley = (build_ground(one.model_copy(update={"square_m": square_m})) for one in (BAY, ROUND))
    rows = np.flatnonzero((bay.kind == BREAKWATER).any(axis=1))
    gaps = np.diff(rows)[np.diff(rows) > 1] - 1
    assert gaps * square_m == pytest.approx([300.0])
    assert (bay.kind == BREAKWATER).sum(axis=1)[rows] * square_m == pytest.approx(np.full(rows.size, 50.0))
    _, parts = ndimage.label(bay.kind[rows.min() : rows.max() + 1] == BREAKWATER, structure=np.ones((3, 3)))
    assert parts == 2
    river = (valley.kind == RIVER)[:, valley.x_m < -1500.0]
    assert river.sum(axis=0) * square_m == pytest.approx(np.full(river.shape[1], 200.0))
    levee = valley.levee[:, (valley.x_m > -3500.0) & (valley.x_m < -1500.0)]
    assert levee.sum(axis=0) * square_m == pytest.approx(np.full(levee.shape[1], 2 * 50.0))
    mouth = (bay.kind == RIVER)[:, bay.x_m < 100.0]
    assert mouth.sum(axis=0) * square_m == pytest.approx(np.full(mouth.shape[1], 100.0))


def test_the_sea_deepens_to_a_trench_and_the_first_wave_comes_within_twenty_minutes():
    bay = Bay(BAY)
    x_m = np.arange(0.0, 3200.0 + STRONGEST_SLIP_M, 25.0)
    for y_m in (-1200.0, 0.0, 1200.0):
        seaward = bay.seaward_m(x_m, np.array([y_m]))[0] > 50.0
        depth_m = -bay.ground_m(x_m, np.array([y_m]))[0][seaward]
        assert 8 * MINUTE_S < long_wave_s(depth_m, 25.0) < 20 * MINUTE_S
    depth_m = world_of("coastal-town").arrays["sea_depth_m"]
    assert 4000.0 < depth_m.max() < 7000.0
    middle = depth_m[depth_m.shape[0] // 2]
    assert np.all(np.diff(middle[10:110]) > -0.1 * middle[10:109])


def test_the_valley_is_a_closed_basin_with_a_gorge():
    ground = build_ground(VALLEY)
    valley = ground.landscape
    assert isinstance(valley, Valley)
    crest_m = valley.full_m(ground.x_m)
    dry = ground.kind == LAND
    _, off_m = valley.courses[1].across_m(ground.x_m, np.full(len(ground.x_m), ground.y_m[0]))
    dry[0] &= np.abs(off_m) > 300.0  # the tributary comes out of a valley of its own
    for edge in (0, -1):
        assert np.all(ground.height_m[edge][dry[edge]] > crest_m[dry[edge]])
    east = dry[:, -1] & ~ground.levee[:, -1]
    assert np.all(ground.height_m[east, -1] > crest_m[-1] - FREE_M)
    assert (ground.kind[:, -1] == RIVER).sum() >= 3


def test_the_levee_stands_five_to_six_metres_over_the_plain_and_has_low_spots():
    valley = Valley(VALLEY)
    river = valley.courses[0]
    x_m = np.linspace(-3900.0, 3000.0, 400)
    for side, spot_m in ((-1, 2050.0), (1, -2000.0)):
        crest_m = river.crest_m(x_m, np.full(400, side))
        assert 4.3 < (crest_m - valley.plain_m(x_m)).min() < (crest_m - valley.plain_m(x_m)).max() < 6.3
        assert x_m[np.argmax(valley.full_m(x_m) - crest_m)] == pytest.approx(spot_m, abs=20.0)
        assert np.all(river.danger_m(x_m) < crest_m)
    fall = valley.plain_m(np.array([0.0, 1500.0]))
    assert fall[0] - fall[1] == pytest.approx(1.0)


def test_swamp_and_natural_levees_differ_by_a_man_s_height():
    ground = build_ground(VALLEY)
    over = ground.height_m - ground.landscape.plain_m(ground.x_m)
    row, column, _ = ground.place(np.array([2350.0, 300.0]), np.array([-1250.0, 250.0]))
    assert over[row[0], column[0]] < -1.0
    assert over[row[1], column[1]] > 0.5
