"""The compiled forms against their NumPy oracles, tiles that sleep and wake, threads, and float32."""

from importlib import import_module

import numpy as np
import pytest

from twin.numerics import shallow_water as sw

Y, X = np.mgrid[:50, :150] * 5.0
BED = -2 + 0.01 * X + np.sin(X / 40) * np.cos(Y / 30)
FORMS = {"finite volume": (sw.advance, sw.still), "local inertial": (sw.advance_inertial, sw.still_on_faces)}
FIELDS = ("depth_m", "discharge_x_m2_per_s", "discharge_y_m2_per_s")


def case(kind, dtype=np.float64):
    """Dam break over uneven ground, partly dry, with every kind of side and source."""
    run, at_rest = FORMS[kind]
    basin = sw.make_basin(
        BED, 5.0, manning=0.03, dtype=dtype, west=sw.Side("stage", sw.constant(1.0)), east=sw.Side("open"),
        south=sw.Side("discharge", discharge_m3_per_s=sw.constant(50.0)),
    )  # fmt: skip
    sources = sw.Sources(0.0, None, np.array([3, 40]), np.array([10, 140]), sw.constant(np.array([-5.0, 20.0])))
    return run, basin, at_rest(basin, np.where(X < 100, 2.0, -1.0)), sources


@pytest.fixture(autouse=True)
def _numba():
    pytest.importorskip("numba", reason="Numba is not installed (extra `fast`)")


@pytest.mark.parametrize("kind", FORMS)
def test_both_forms_agree_to_1e_12(kind):
    run, basin, before, sources = case(kind)
    oracle = run(basin, before, 20.0, sources, form="numpy")
    fast = run(basin, before, 20.0, sources, form="compiled")
    assert fast.steps == oracle.steps
    for name in FIELDS:
        wanted = getattr(oracle, name)
        assert np.abs(getattr(fast, name) - wanted).max() <= 1e-12 * np.abs(wanted).max()


@pytest.mark.parametrize("kind", FORMS)
def test_two_threads_change_nothing(kind):
    run, basin, before, sources = case(kind)
    one, two = (run(basin, before, 10.0, sources, form="compiled", threads=n) for n in (1, 2))
    assert all(np.array_equal(getattr(one, name), getattr(two, name)) for name in FIELDS)


@pytest.mark.parametrize("kind", FORMS)
def test_float32_stays_float32_and_close(kind):
    run, basin, before, sources = case(kind, np.float32)
    coarse = run(basin, before, 10.0, sources, form="compiled")
    exact = run(*case(kind)[1:3], 10.0, sources, form="compiled")
    assert coarse.depth_m.dtype == np.float32
    assert np.abs(coarse.depth_m - exact.depth_m).sum() / exact.depth_m.sum() < 1e-4


def test_tiles_fall_asleep_and_wake_without_changing_the_flow():
    # a pond on a shelf drains by a pump, lies dry, and is reached again by the dam break
    x_m, y_m = X[:30], Y[:30]
    basin = sw.make_basin(np.where(x_m < 500, 0.0, -0.5), 5.0)
    before = sw.still(basin, np.where(x_m < 40, 2.0, np.where((x_m > 600) & (y_m < 20), -0.49, -9.0)))
    after = [sw.advance(basin, before, 90.0, form=form) for form in ("numpy", "compiled")]
    assert after[1].depth_m == pytest.approx(after[0].depth_m, abs=1e-12)


def test_rain_on_a_dry_slope_runs_off_alike():
    basin = sw.make_basin(0.05 * X, 5.0, manning=0.03, west=sw.Side("open"))
    rain = sw.Sources(sw.Series([0, 30, 31, 60], [1e-4, 1e-4, 0.0, 0.0]))
    after = [sw.advance(basin, sw.still(basin, -1.0), 60.0, rain, form=form) for form in ("numpy", "compiled")]
    assert after[0].sides_m3 < 0
    assert after[1].depth_m == pytest.approx(after[0].depth_m, abs=1e-12)


def test_where_nothing_can_be_kept_on_disk_it_compiles_all_the_same(monkeypatch):
    tiles = import_module("twin.numerics.shallow_water.tiles")

    def nowhere_to_write(cache=False, **options):
        """Refuse to keep anything, as Numba does without a folder it may write to."""

        def decorate(function):
            """Hand back what would be compiled."""
            if cache:
                raise RuntimeError("no locator available")
            return function, options

        return decorate

    monkeypatch.setattr(tiles, "njit", nowhere_to_write)
    function, options = tiles.compiled(abs)
    assert function is abs
    assert options["nogil"]
    assert "cache" not in options


@pytest.mark.parametrize("kind", FORMS)
def test_no_tile_ever_asleep_gives_the_same_bits(kind, monkeypatch):
    tiles = import_module("twin.numerics.shallow_water.tiles")
    run, at_rest = FORMS[kind]
    y_m, x_m = np.mgrid[:40, :400] * 5.0
    basin = sw.make_basin(-2 + 0.004 * x_m + 0.3 * np.sin(y_m / 15), 5.0, manning=0.03)
    before = at_rest(basin, np.where(x_m < 300, 2.0, -9.0))
    skipping = run(basin, before, 40.0, form="compiled")
    monkeypatch.setattr(tiles, "mark_near", lambda wet, always, near: near.fill(True))
    complete = run(basin, before, 40.0, form="compiled")
    assert (skipping.depth_m[:, -1] == 0).all()
    assert all(np.array_equal(getattr(skipping, name), getattr(complete, name)) for name in FIELDS)


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_the_inverse_cube_root_is_right_to_rounding(dtype):
    tiles = import_module("twin.numerics.shallow_water.tiles")
    k = tuple(dtype(value) for value in (0, 0, 1, *[0] * 9, *tiles.ROOT_SERIES))
    value = np.logspace(-6, 4, 300).astype(dtype)
    root = np.array([tiles.inverse_cube_root(v, k) for v in value])
    assert root == pytest.approx(np.cbrt(value.astype(float)) ** -1, rel=4 * float(np.finfo(dtype).eps))


def test_blocks_cover_every_active_tile_once():
    tiles = import_module("twin.numerics.shallow_water.tiles")
    active = np.random.default_rng(1).random((9, 20)) < 0.6
    active[3:7] = True  # long and alike rows, cut at the largest block
    rows, columns = 9 * tiles.TILE_ROWS - 3, 20 * tiles.TILE_COLUMNS - 5
    room, starts = np.zeros((active.size, 4), np.int64), np.zeros(20, np.int64)
    blocks = room[: tiles.join(active, rows, columns, room, starts)]
    covered = np.zeros((rows, columns), int)
    for row, column, n_row, n_column in blocks:
        covered[row : row + n_row, column : column + n_column] += 1
    cells = np.kron(active, np.ones((tiles.TILE_ROWS, tiles.TILE_COLUMNS), int))[:rows, :columns]
    assert np.array_equal(covered, cells)
    assert blocks[:, 2].max() <= tiles.MOST_ROWS
    assert blocks[:, 3].max() <= tiles.LONGEST_ROW
