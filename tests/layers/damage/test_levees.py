"""Levees: sink by shaking, breach by overtopping or long high water, one breach after another."""

from dataclasses import replace

import numpy as np
import pytest

from layers.damage import levees
from tests.layers.damage.wet_place import CHANCE, PARAMS, STEP_S, given, inputs, place, walk
from twin.errors import ParameterError

RIVER = given()
PLACE = RIVER.levees
N = PLACE.keys.size
CREST = PLACE.crest_m
SURE = PARAMS.replace({"levee_overtopped_s": 1800.0, "levee_overtopping_m": 0.1, "levee_weakness": 5.0})


def many(n=4000, length_m=1000.0):
    """So many like segments far from each other."""
    at = np.arange(n)
    like = {
        name: np.full(n, values[0]) for name, values in vars(PLACE).items() if name not in ("keys", "ids", "x_m", "y_m")
    }
    like["length_m"] = np.full(n, length_m)
    like["pieces"] = np.full(n, round(length_m / levees.PIECE_M))
    like["piece"] = at * 10_000
    return levees.Levees(keys=at * 7919 + 3, ids=at.astype(str), x_m=at * 1e5, y_m=at * 0.0, **like)


def test_crests_sink_linearly_between_the_intensities():
    low, high = PARAMS.levee_sinks_intensity
    felt = [low - 0.1, (low + high) / 2, high, high + 1.0]
    n_cell = RIVER.cell_keys.size
    sunk = [levees.settlement_m(PLACE, np.full(n_cell, intensity), PARAMS)[0] for intensity in felt]
    height_m = CREST[0] - PLACE.foot_m[0]
    assert sunk == pytest.approx([0.0, 0.375 * height_m, 0.75 * height_m, 0.75 * height_m])
    strong = replace(PLACE, resistant=np.ones(N, bool))
    assert not levees.settlement_m(strong, np.full(n_cell, 7.0), PARAMS).any()


def test_a_raised_crest_stands_higher():
    raised = PARAMS.replace({"levee_raised_m": 0.5})
    calm = np.zeros(RIVER.cell_keys.size)
    assert levees.settlement_m(PLACE, calm, raised).tolist() == [-0.5] * N
    over = levees.overtopping_m(PLACE, CREST + 0.8, levees.settlement_m(PLACE, calm, raised))
    assert over == pytest.approx(np.full(N, 0.3))


def test_strain_is_the_expected_number_of_breaches():
    like = many()
    sunk, level = np.zeros(4000), like.crest_m + 2.0 * PARAMS.levee_overtopping_m
    over = levees.overtopping_m(like, level, sunk)
    load = levees.strain(like, over, np.zeros(4000), int(PARAMS.levee_overtopped_s / 4), PARAMS)
    assert load == pytest.approx(np.full(4000, 0.5))
    never, calm = np.full(4000, np.nan), np.zeros(4000, bool)
    begun = levees.breached_s(like, never, levees.Load(load, calm), 600, PARAMS, CHANCE)
    assert np.isfinite(begun).mean() == pytest.approx(1.0 - np.exp(-0.5), abs=0.02)


def test_a_levee_in_more_pieces_is_no_weaker():
    one, ten = (levees.strain(many(n, 10_000.0 / n), np.full(n, 0.2), np.zeros(n), STEP_S, PARAMS) for n in (1, 10))
    assert one.sum() == pytest.approx(ten.sum())


def test_a_levee_is_as_weak_at_the_same_places_in_more_pieces():
    """Strain per metre that breaks a stretch of 50 m is the lower of those that break its halves."""
    coarse, fine = many(200, 50.0), many(400, 25.0)
    coarse, fine = (replace(one, piece=np.arange(one.ids.size) * one.pieces) for one in (coarse, fine))
    halves = levees.capacity(fine, np.arange(400), CHANCE).reshape(200, 2) / 25.0
    whole = levees.capacity(coarse, np.arange(200), CHANCE) / 50.0
    assert whole == pytest.approx(halves.min(axis=1))
    some = np.array([3, 90])
    assert levees.capacity(coarse, some, CHANCE) == pytest.approx(50.0 * whole[some])
    other = replace(coarse, bank=coarse.bank + 1)
    assert not np.isclose(levees.capacity(other, np.arange(200), CHANCE), 50.0 * whole).any()
    assert levees.capacity(coarse, np.zeros(0, int), CHANCE).size == 0


def test_long_high_water_strains_only_after_soaking():
    above = levees.above_danger_s(PLACE, PLACE.danger_m + 0.1, np.full(N, 1200.0), STEP_S)
    assert above.tolist() == [1800.0] * N
    assert not levees.above_danger_s(PLACE, PLACE.danger_m - 0.1, above, STEP_S).any()
    soaking = PARAMS.levee_soaking_s
    waits = [levees.strain(PLACE, np.zeros(N), np.full(N, soaking + late), STEP_S, PARAMS)[0] for late in (0, 300, 9e3)]
    assert waits[0] == 0.0
    assert waits[2] == pytest.approx(2.0 * waits[1])


def test_breaches_open_one_after_another_with_room_between():
    never, calm = np.full(N, np.nan), np.zeros(N, bool)
    first = levees.breached_s(PLACE, never, levees.Load(np.full(N, 50.0), calm), 600, PARAMS, CHANCE)
    begun = np.flatnonzero(np.isfinite(first))
    assert 1 <= begun.size <= 3  # two kilometres of river
    for row in begun:
        away = np.hypot(PLACE.x_m[begun] - PLACE.x_m[row], PLACE.y_m[begun] - PLACE.y_m[row])
        assert np.sort(away)[1:].min(initial=np.inf) >= PARAMS.breach_spacing_m
    second = levees.breached_s(PLACE, first, levees.Load(np.full(N, 500.0), calm), 1200, PARAMS, CHANCE)
    assert np.array_equal(second[begun], first[begun])
    narrow = PARAMS.replace({"breach_spacing_m": 0.0})
    more = levees.breached_s(PLACE, first, levees.Load(np.full(N, 500.0), calm), 1200, narrow, CHANCE)
    later = np.flatnonzero(more == 1200.0)
    assert later.size
    assert np.hypot(*(axis[later, None] - axis[begun] for axis in (PLACE.x_m, PLACE.y_m))).min() >= PLACE.width_m[0]


def test_sea_walls_and_shaken_levees_fail_when_overtopped():
    wall = replace(PLACE, river=np.arange(N) > 0, resistant=np.arange(N) == 1)
    sunk = np.where(np.arange(N) == 2, 0.4, 0.0)
    failing = levees.fails_at_once(wall, np.full(N, 0.1), sunk, PARAMS)
    assert failing.tolist() == [True, False, True, *[False] * (N - 3)]
    assert not levees.fails_at_once(wall, np.zeros(N), sunk, PARAMS).any()


def test_the_river_breaches_its_levee_in_time_and_says_so():
    river = replace(RIVER, params=SURE)
    dry = [{"levee_level_m": CREST - 0.3}] * 3
    states, outputs, events = walk([*dry, *[{"levee_level_m": CREST + 0.4}] * 12], river)
    begun = np.flatnonzero(np.isfinite(outputs["levee_breach_s"]))
    assert begun.size
    assert outputs["levee_breach_s"][begun].min() > 3 * STEP_S
    assert not np.isfinite(states[2].surface.levee_breach_s).any()
    lines = [event for event in events if event.kind == "levee_breached"]
    assert sorted(event.row for event in lines) == begun.tolist()
    assert lines[0].amount == pytest.approx(CREST[lines[0].row] + 0.4)
    assert ("levee_level_m", lines[0].row) in lines[0].causes


def test_no_breach_below_crest_and_danger_level():
    level = np.minimum(CREST, PLACE.danger_m) - 0.01
    _, outputs, _ = walk([{"levee_level_m": level}] * 40, replace(RIVER, params=SURE))
    assert np.isnan(outputs["levee_breach_s"]).all()


def test_a_higher_crest_delays_the_breach():
    high = walk([{"levee_level_m": CREST + 0.4}] * 6, replace(RIVER, params=SURE.replace({"levee_raised_m": 0.5})))
    low = walk([{"levee_level_m": CREST + 0.4}] * 6, replace(RIVER, params=SURE))
    assert np.isfinite(low[1]["levee_breach_s"]).any()
    assert np.isnan(high[1]["levee_breach_s"]).all()
    assert high[1]["levee_settlement_m"][0] == -0.5


def test_a_given_breach_happens_at_its_time_and_place():
    forced = replace(RIVER, params=PARAMS.replace({"breach_forced_s": 1200.0, "breach_forced_segment": 7}))
    _, outputs, _ = walk([{}] * 4, forced)
    assert np.flatnonzero(np.isfinite(outputs["levee_breach_s"])).tolist() == [7]
    assert outputs["levee_breach_s"][7] == 1200.0


def test_a_breach_outside_the_levees_is_refused_before_the_first_step():
    from layers.damage import LAYER

    outside = PARAMS.replace({"breach_forced_s": 0.0, "breach_forced_segment": N})
    with pytest.raises(ParameterError, match=f"breach_forced_segment = {N}: there are {N} levee segments"):
        LAYER.prepare(place(), outside)


def test_sunken_crests_are_told_by_town_and_stay_the_same_array():
    shock = {"shock_intensity": 6.5, "shock_pga_m_per_s2": 5.0}
    states, outputs, events = walk([shock, {}, {}], RIVER)
    assert outputs["levee_settlement_m"] == pytest.approx(0.75 * (CREST - PLACE.foot_m))
    assert states[2].surface.levee_settlement_m is states[0].surface.levee_settlement_m
    sunk = [event for event in events if event.kind == "levee_sunk"]
    assert [PLACE.town[event.row] for event in sunk] == np.unique(PLACE.town).tolist()


def test_strain_survives_a_halved_step():
    from layers.damage import LAYER
    from twin.contract import Clock

    ends = {}
    for dt_s in (600, 300):
        state = LAYER.start(RIVER, CHANCE)
        for start_s in range(0, 3600, dt_s):
            values = inputs(place(), levee_level_m=CREST + 0.2)
            state = LAYER.step(RIVER, state, values, Clock(start_s, dt_s, place().origin, CHANCE)).state
        ends[dt_s] = state.levee_strain
    assert ends[300] == pytest.approx(ends[600])
