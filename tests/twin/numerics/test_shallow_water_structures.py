"""Levees, breaches, gates, pumps and drains: the weir formula, exact books, the rules of failure, refusals."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from twin.errors import ParameterError
from twin.numerics import shallow_water as sw

LEVEE = 5  # column of the levee: river to the west, land to the east
ROWS, COLUMNS = 4, 12
CREST_M, LENGTH_M = 3.0, 20.0
RIVER = np.arange(COLUMNS)[None] < LEVEE


def town(pumps=None, drains=None, gate_width_m=0.0, dtype=np.float64):
    """A river 4 cells long (bed 0 m), a levee, and land at 0.5 m; one segment a row."""
    row, column = np.arange(ROWS), np.full(ROWS, LEVEE)
    bed = np.tile(np.where(np.arange(COLUMNS) < LEVEE, 0.0, 0.5), (ROWS, 1))
    basin = sw.make_basin(sw.levee_bed(bed, row, column, CREST_M), 20.0, manning=0.03, dtype=dtype)
    length_m, invert_m = np.full(ROWS, LENGTH_M), np.full(ROWS, 0.5)
    barriers = sw.Barriers(row, column - 1, row, column + 1, length_m, invert_m, gate_width_m, 1.0)
    return basin, sw.make_works(basin, barriers, pumps, drains)


def whole(works, **change):
    """Crest everywhere, no breach, gates shut, pumps running."""
    n, n_pump = works.n_segment, works.pumps.row.size
    plain = sw.Setting(np.full(n, CREST_M), np.full(n, np.nan), np.zeros(n), np.zeros(n), np.ones(n_pump))
    return replace(plain, **change)


def one_pump(to=(-1, -1), capacity_m3_per_s=2.0, start_level_m=0.7, at=(1, 8)):
    cells = [np.array([k]) for k in (*at, *to)]
    return sw.Pumps(*cells, np.array([capacity_m3_per_s]), np.array([start_level_m]))


def flood(basin, works, setting, river_m, until_s, land_m=-1.0, form="numpy", **other):
    before = sw.still(basin, np.where(RIVER, river_m, land_m))
    sources = sw.Sources(structures=sw.Structures(works, setting), **other)
    return before, sw.advance(basin, before, until_s, sources, form=form)


def mass_error(basin, before, after):
    booked = after.rain_m3 + after.inflow_m3 - after.outflow_m3 + after.sides_m3
    return abs(sw.volume_m3(basin, after) - sw.volume_m3(basin, before) - booked) / sw.volume_m3(basin, after)


def land_m3(basin, state):
    return float(state.depth_m[:, LEVEE + 1 :].sum()) * basin.cell_m2


def test_weir_formula_free_and_submerged():
    free = 0.35 * 1.2 * np.sqrt(2 * 9.81 * 1.2)
    assert sw.honma_m2_per_s(np.array([1.2, 1.2]), np.array([0.0, 0.79])) == pytest.approx(free)
    assert sw.honma_m2_per_s(np.array([1.2]), np.array([1.0])) == pytest.approx(0.91 * np.sqrt(2 * 9.81 * 0.2))
    at_the_change = sw.honma_m2_per_s(np.array([1.0, 1.0]), np.array([2 / 3 - 1e-9, 2 / 3 + 1e-9]))
    assert at_the_change[1] == pytest.approx(at_the_change[0], rel=1e-3)


def test_a_levee_holds_below_its_crest_and_passes_by_the_formula_above_it():
    basin, works = town()
    _, held = flood(basin, works, whole(works), CREST_M - 0.01, 60.0)
    assert land_m3(basin, held) == 0
    before, over = flood(basin, works, whole(works), CREST_M + 0.8, 0.05)
    expected = ROWS * LENGTH_M * 0.35 * 0.8 * np.sqrt(2 * 9.81 * 0.8)
    structures = sw.Structures(works, whole(works))
    assert structures.discharge_m3_per_s(before).sum() == pytest.approx(expected)
    assert over.crossed_m3 == pytest.approx(0.05 * expected, rel=0.01)
    assert land_m3(basin, over) == pytest.approx(over.crossed_m3, rel=1e-12)


def test_water_comes_back_over_the_levee_from_the_land():
    basin, works = town()
    _, after = flood(basin, works, whole(works), 0.5, 30.0, land_m=CREST_M + 1)
    assert after.crossed_m3 < 0
    assert after.depth_m[:, :LEVEE].sum() * basin.cell_m2 == pytest.approx(0.5 * 20 * 400 - after.crossed_m3)


def test_levels_meet_and_never_cross():
    basin, works = town()
    low = whole(works, crest_m=np.full(ROWS, 0.6))
    before, after = flood(basin, works, low, 2.0, 1200.0)
    river, land = sw.levels_m(works, after)
    assert river == pytest.approx(land, abs=0.01)
    assert (land <= river + 1e-3).all()
    assert mass_error(basin, before, after) <= 1e-12


def test_breach_widths_of_the_manual():
    assert sw.final_width_m(100.0) == pytest.approx(1.6 * 2**3.8 + 62)
    assert sw.final_width_m([100.0, 300.0], [True, False]) == pytest.approx([104.86, 112.25], abs=0.01)
    start, full = np.array([100.0, np.nan]), np.array([80.0, 80.0])
    open_m = [sw.open_width_m(full, start, t)[0] for t in (99, 100, 100 + 1800, 100 + 3600, 9000)]
    assert open_m == pytest.approx([0, 40, 60, 80, 80])
    assert sw.open_width_m(full, start, 9000.0)[1] == 0


def test_a_breach_is_spread_along_its_own_levee():
    basin, works = town()
    opened = sw.open_breach(works, whole(works), 1, 50.0, 10.0)
    assert opened.breach_width_m == pytest.approx([20, 20, 10, 0])
    assert np.isnan(opened.breach_start_s).tolist() == [False, False, False, True]
    again = sw.open_breach(works, opened, 3, 25.0, 99.0)  # a second one, later, keeps the first
    assert again.breach_start_s == pytest.approx([10, 10, 10, 99])
    two = sw.make_works(basin, replace(works.barriers, levee=np.array([0, 0, 1, 1])))
    assert sw.open_breach(two, whole(two), 1, 50.0, 0.0).breach_width_m == pytest.approx([20, 20, 0, 0])


def test_breaches_one_after_another_flood_the_land_and_lose_no_water():
    basin, works = town()
    first = sw.open_breach(works, whole(works), 0, 20.0, 100.0)
    both = sw.open_breach(works, first, 3, 20.0, 200.0)
    before, one = flood(basin, works, first, 2.5, 300.0)
    _, two = flood(basin, works, both, 2.5, 300.0)
    assert one.crossed_m3 > 0
    assert two.crossed_m3 > 1.1 * one.crossed_m3
    assert mass_error(basin, before, two) <= 1e-12
    assert two.crossed_m3 == pytest.approx(land_m3(basin, two), rel=1e-12)
    assert flood(basin, works, first, 2.5, 99.0)[1].crossed_m3 == 0


@pytest.mark.parametrize(("run", "at_rest"), [(sw.advance, sw.still), (sw.advance_inertial, sw.still_on_faces)])
def test_no_water_is_lost_with_rain_sides_and_every_kind_of_works(run, at_rest):
    rate = np.full((ROWS, COLUMNS), 2e-5)
    plain, works = town(one_pump(), sw.Drains(rate), gate_width_m=np.array([0, 0, 0, 8.0]))
    basin = replace(plain, sides=(sw.Side("stage", sw.constant(3.4)), sw.Side("open"), sw.Side(), sw.Side()))
    setting = sw.open_breach(works, whole(works, gate_open_fraction=np.full(ROWS, 0.5)), 0, 25.0, 30.0)
    before = at_rest(basin, np.where(RIVER, 2.0, -1.0))
    sources = sw.Sources(5e-5, structures=sw.Structures(works, setting))
    after = run(basin, before, 120.0, sources, form="numpy")
    assert min(after.rain_m3, after.sides_m3, after.crossed_m3, after.pumped_m3, after.drained_m3) > 0
    assert after.outflow_m3 == pytest.approx(after.pumped_m3 + after.drained_m3)
    assert mass_error(basin, before, after) <= 1e-12


def test_a_breach_passes_half_of_its_width_at_once():
    basin, works = town()
    before = sw.still(basin, np.where(RIVER, 2.5, -1.0))
    opened = sw.open_breach(works, whole(works), 2, LENGTH_M, 0.0)
    flow = [sw.Structures(works, opened).discharge_m3_per_s(replace(before, time_s=t))[2] for t in (0.0, 3600.0)]
    assert flow[0] == pytest.approx(LENGTH_M / 2 * 0.35 * 2 * np.sqrt(2 * 9.81 * 2))
    assert flow[1] == pytest.approx(2 * flow[0])


@pytest.mark.parametrize("fraction", [0.0, 0.25, 1.0])
def test_a_gate_passes_by_its_open_part_over_its_sill(fraction):
    basin, works = town(gate_width_m=np.array([8.0, 0, 0, 0]))
    setting = whole(works, gate_open_fraction=np.array([fraction, 0, 0, 0]))
    flow = sw.Structures(works, setting).discharge_m3_per_s(sw.still(basin, np.where(RIVER, 2.0, -1.0)))
    assert flow[0] == pytest.approx(fraction * 8 * 0.35 * np.sqrt(2 * 9.81))
    assert (flow[1:] == 0).all()


def test_a_pump_draws_down_to_its_start_level_and_stands_without_power():
    basin, works = town(one_pump(capacity_m3_per_s=20.0))
    before, after = flood(basin, works, whole(works), 1.0, 900.0, land_m=1.0)
    assert 0.69 < after.depth_m[1, 8] + 0.5 < 0.72
    assert after.pumped_m3 == after.outflow_m3 > 100
    assert mass_error(basin, before, after) <= 1e-12
    _, early = flood(basin, works, whole(works), 1.0, 3.0, land_m=1.0)
    assert early.pumped_m3 == pytest.approx(60.0)
    _, dark = flood(basin, works, whole(works, pump_running_fraction=np.zeros(1)), 1.0, 900.0, land_m=1.0)
    assert dark.pumped_m3 == 0


def test_a_pump_back_into_the_river_moves_water_and_books_no_outflow():
    basin, works = town(one_pump(to=(1, 2)))
    before, after = flood(basin, works, whole(works), 0.5, 10.0, land_m=1.0)
    assert after.pumped_m3 == pytest.approx(20.0)
    assert after.outflow_m3 == 0
    assert after.depth_m[:, :LEVEE].sum() == pytest.approx(before.depth_m[:, :LEVEE].sum() + 20.0 / basin.cell_m2)


@pytest.mark.parametrize("form", ["numpy", "compiled"])
def test_a_trickle_into_a_sleeping_tile_is_not_lost(form):
    if form == "compiled":
        pytest.importorskip("numba", reason="Numba is not installed (extra `fast`)")
    basin = sw.make_basin(np.where(np.arange(400) < 20, -1.0, 0.0)[None].repeat(3, 0), 20.0)
    works = sw.make_works(basin, pumps=one_pump((1, 390), 1e-4, -9.0, (1, 5)))
    before = sw.still(basin, 0.0)
    setting = sw.Setting(pump_running_fraction=np.ones(1))
    after = sw.advance(basin, before, 30.0, sw.Sources(structures=sw.Structures(works, setting)), form=form)
    assert after.depth_m[:, 300:].sum() * basin.cell_m2 == pytest.approx(30e-4)
    assert mass_error(basin, before, after) <= 1e-12


def test_storm_drains_take_their_rate_until_they_are_full():
    rate = np.where(np.arange(COLUMNS) > LEVEE, 1e-5, 0.0) * np.ones((ROWS, 1))
    covered_m2 = (rate > 0).sum() * 400
    basin, works = town(drains=sw.Drains(rate, capacity_m3=30.0))
    before, after = flood(basin, works, whole(works), 0.5, 60.0, land_m=1.0)
    assert after.drained_m3 == after.outflow_m3 == pytest.approx(1e-5 * 60 * covered_m2)
    assert mass_error(basin, before, after) <= 1e-12
    _, full = flood(basin, works, whole(works), 0.5, 600.0, land_m=1.0)
    assert full.drained_m3 == pytest.approx(30.0)
    _, dry = flood(basin, works, whole(works), 0.5, 600.0)
    assert dry.drained_m3 == 0


@settings(max_examples=30, deadline=None)
@given(
    arrays(float, (ROWS, COLUMNS), elements=st.one_of(st.just(0.0), st.floats(0, 5))),
    arrays(float, ROWS, elements=st.floats(0, 3)),
    arrays(float, ROWS, elements=st.floats(0, 1)),
    st.floats(0, 1e4),
)
def test_works_of_any_kind_never_draw_a_cell_below_zero(depth, crest_m, fraction, capacity):
    basin, works = town(one_pump((2, 9), capacity, -1.0), gate_width_m=20.0)
    depth[:, LEVEE] = 0
    setting = whole(works, crest_m=crest_m, gate_open_fraction=fraction)
    setting = sw.open_breach(works, setting, 1, 45.0, 0.0)
    before = replace(sw.still(basin, -1.0), depth_m=depth)
    after = sw.advance(basin, before, 5.0, sw.Sources(structures=sw.Structures(works, setting)), form="numpy")
    assert after.depth_m.min() >= 0
    assert after.depth_m.sum() == pytest.approx(depth.sum(), rel=1e-12)


def test_both_forms_of_both_kinds_agree_on_a_breach():
    pytest.importorskip("numba", reason="Numba is not installed (extra `fast`)")
    basin, works = town(one_pump())
    sources = sw.Sources(structures=sw.Structures(works, sw.open_breach(works, whole(works), 2, 35.0, 0.0)))
    for run, at_rest in ((sw.advance, sw.still), (sw.advance_inertial, sw.still_on_faces)):
        before = at_rest(basin, np.where(RIVER, 2.5, -1.0))
        slow, fast = (run(basin, before, 120.0, sources, form=form) for form in ("numpy", "compiled"))
        assert fast.depth_m == pytest.approx(slow.depth_m, abs=1e-11)
        assert slow.crossed_m3 > 100
        assert mass_error(basin, before, slow) <= 1e-12


def test_float32_works_stay_float32():
    basin, works = town(dtype=np.float32)
    before, after = flood(basin, works, sw.open_breach(works, whole(works), 2, 35.0, 0.0), 2.5, 60.0)
    assert after.depth_m.dtype == np.float32
    assert mass_error(basin, before, after) <= 1e-5


def test_segments_are_due_after_the_time_their_level_stood_too_high():
    _, works = town()
    since = np.full(ROWS, np.nan)
    for time_s, level in ((0, [1, 4, 4, 1]), (600, [4, 4, 1, 1]), (1200, [4, 4, 4, 1])):
        since = sw.above_since_s(since, np.array(level), 3.0, time_s)
    assert since[:3].tolist() == [600, 0, 1200]
    assert np.isnan(since[3])
    assert sw.due_to_breach(whole(works), since, 1200.0, 600.0).tolist() == [1, 0]
    opened = sw.open_breach(works, whole(works), 1, 10.0, 1200.0)
    assert sw.due_to_breach(opened, since, 1200.0, 600.0).tolist() == [0]


def test_tokyo_rule_a_levee_without_resistance_sinks_by_three_quarters_then_goes_when_overtopped():
    crest, ground, resistant = np.array([5.0, 5.0, 0.5]), np.array([1.0, 1.0, 1.0]), np.array([False, True, False])
    shaken = sw.shaken_crest_m(crest, ground, resistant)
    assert shaken == pytest.approx([2.0, 5.0, 0.5])
    assert sw.shaken_crest_m(crest, ground, resistant, shaken=False) == pytest.approx(crest)
    assert sw.overtopped_crest_m(shaken, ground, resistant, np.array([1.9, 9.0, 0.4])) == pytest.approx([2.0, 5.0, 0.5])
    assert sw.overtopped_crest_m(shaken, ground, resistant, np.array([2.1, 9.0, 0.4])) == pytest.approx([1.0, 5.0, 0.5])


BASIN, WORKS = town(one_pump())
ONE = {"length_m": np.ones(1), "invert_m": np.zeros(1)}


def barrier(here, there, **change):
    cells = [np.array([k]) for k in (*here, *there)]
    return sw.make_works(BASIN, sw.Barriers(*cells, **{**ONE, **change}))


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        (lambda: barrier((0, 4), (9, 6)), r"protected_column: a cell outside the basin, segment at \(0,\)"),
        (lambda: barrier((0, 4), (0, 5)), "two cells that are one or touch"),
        (lambda: barrier((0, 4), (0, 6), length_m=np.zeros(1)), "length_m: a segment without length"),
        (lambda: barrier((0, 4), (0, 6), invert_m=np.full(1, np.nan)), r"invert_m: no number at \(0,\)"),
        (lambda: barrier((0, 4), (0, 6), gate_width_m=2.0), "gate_width_m: wider than its segment"),
        (lambda: barrier((0.5, 4), (0, 6)), "barriers: row needs whole numbers"),
        (lambda: sw.make_works(BASIN, pumps=one_pump((7, -1))), "to_row, to_column: a cell outside"),
        (lambda: sw.make_works(BASIN, pumps=one_pump(at=(1, 50))), "row, column: a cell outside the basin, pump"),
        (lambda: sw.make_works(BASIN, pumps=one_pump(capacity_m3_per_s=-1.0)), "capacity_m3_per_s: below 0"),
        (lambda: sw.make_works(BASIN, drains=sw.Drains(np.full((ROWS, COLUMNS), -1.0))), "drains: a rate below 0"),
        (lambda: sw.open_breach(WORKS, whole(WORKS), 4, 60.0, 0.0), r"segment 4 lies outside the levee \(0 to 3\)"),
        (lambda: sw.open_breach(WORKS, whole(WORKS), 1, 0.0, 0.0), "is not a breach"),
        (lambda: sw.final_width_m([100.0, 0.0]), r"river_width_m: a river narrower than 1 m or no number at \(1,\)"),
    ],
)  # fmt: skip
def test_works_that_cannot_be_are_refused_with_place(wrong, says):
    with pytest.raises(ParameterError, match=says):
        wrong()


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"crest_m": np.full(ROWS, np.nan)}, r"crest_m: no number at \(0,\)"),
        ({"crest_m": np.zeros(2)}, r"crest_m: shape \(2,\), the works need \(4,\)"),
        ({"gate_open_fraction": np.full(ROWS, 1.1)}, "gate_open_fraction: a fraction outside 0 to 1"),
        ({"pump_running_fraction": np.array([-0.1])}, "pump_running_fraction: a fraction outside"),
        ({"breach_width_m": np.full(ROWS, 30.0)}, "breach_width_m: wider than its segment"),
        ({"breach_start_s": np.zeros(ROWS)}, "breach_width_m: a breach without a width"),
    ],
)
def test_a_setting_that_does_not_fit_is_refused_before_the_first_step(change, says):
    with pytest.raises(ParameterError, match=says):
        flood(BASIN, WORKS, whole(WORKS, **change), 1.0, 1.0)


def test_works_of_another_bed_are_refused():
    lower = replace(BASIN, bed_m=BASIN.bed_m - 0.1)
    with pytest.raises(ParameterError, match="another bed; make the works again"):
        flood(lower, WORKS, whole(WORKS), 1.0, 1.0)
