"""Fire and the direction of the wind: mirrored by a turn, farthest with the wind, round in calm air, more with more."""

from itertools import pairwise

import numpy as np
import pytest

from layers.damage import LAYER, fires
from tests.contract import runs
from twin import snapshot
from twin.params import load

SIDE, HOURS = 15, 8
MIDDLE = SIDE // 2
# a dense quarter between narrow streets, where fire always finds the next house
PARAMS = load(LAYER.params_file).replace(
    {"jump_chance_dense": 0.9, "dense_wood_per_km2": 2000.0, "border_road_m": 6.0, "house_burn_s": 1200.0}
)
COLUMN, ROW = (index.ravel() for index in np.meshgrid(np.arange(SIDE), np.arange(SIDE)))
BORDERS = fires.neighbours(COLUMN * 100.0, ROW * 100.0, np.full(SIDE**2, 1e4))
KEYS = np.arange(SIDE**2) * 31 + 5
WOOD_PER_M2 = np.full(SIDE**2, 0.004)
UNHINDERED = {"damage.ignition_log10": -3.5, "damage.crews_to_hold": 6.0, "damage.crew_per_house_s": 10800.0}


class Even:
    """Every draw is one half: fires stand in the middle of their cells and go on where the odds favour them."""

    def uniform(self, purpose, keys, occurrence=0):
        return np.full(np.broadcast_shapes(np.shape(keys), np.shape(occurrence)), 0.5)


def land(wind):
    return fires.land(BORDERS, KEYS, WOOD_PER_M2, wind, PARAMS)


def burnt(wind, chance=None, hours=HOURS):
    """Houses burnt in each cell, (row from the south, column from the west), by a fire in the middle left alone."""
    table = fires.no_fires().append(
        cell=MIDDLE * SIDE + MIDDLE, number=0, cause=0, ignite_s=0, burning=1, burnt=0.0, limit=40.0, work_s=0.0,
        spent_s=0.0, tried=0,
    )  # fmt: skip
    place = land(wind)
    for now_s in range(600, hours * 3600 + 1, 600):
        before, zero = table["burnt"], np.zeros(len(table))
        alone = fires.Defence(zero, zero + 1.0, zero)
        table = fires.burn(table, zero + 600.0, alone, wind.speed_m_per_s, PARAMS)
        table = table.with_columns(burning=np.ones(len(table), np.int64))
        table, fresh, _ = fires.over_borders(table, before, place, now_s, chance or Even())
        table = table.append(**fresh.with_columns(limit=np.full(len(fresh), 40.0)).columns)
    return np.bincount(table["cell"], weights=table["burnt"], minlength=SIDE**2).reshape(SIDE, SIDE)


def arms(pattern):
    """Houses burnt to the east, west, north and south of the middle, straight on."""
    return (
        pattern[MIDDLE, MIDDLE + 1 :].sum(), pattern[MIDDLE, :MIDDLE].sum(),
        pattern[MIDDLE + 1 :, MIDDLE].sum(), pattern[:MIDDLE, MIDDLE].sum(),
    )  # fmt: skip


@pytest.mark.parametrize("speed", [1.5, 4.0, 9.0])
def test_wind_turned_round_mirrors_what_burns(speed):
    west, east, south = (burnt(fires.Wind(speed, deg)) for deg in (270.0, 90.0, 180.0))
    assert west == pytest.approx(east[:, ::-1])
    assert south == pytest.approx(west.T)
    assert not np.allclose(west, east)


@pytest.mark.parametrize("speed", [1.5, 4.0, 9.0])
def test_most_burns_downwind_and_least_upwind(speed):
    with_wind, against, north, south = arms(burnt(fires.Wind(speed, 270.0)))
    assert north == pytest.approx(south)
    assert with_wind > north >= against


def test_calm_air_and_unknown_direction_burn_round():
    calm = burnt(fires.Wind(0.0, 270.0))
    assert np.array_equal(calm, calm[::-1, ::-1].T)
    assert np.array_equal(calm, burnt(fires.Wind(0.0, 10.0)))
    assert np.array_equal(calm, burnt(fires.Wind(0.0)))
    unknown = land(fires.Wind(6.0))
    assert np.all(unknown.stretch == 1.0)
    assert np.ptp(unknown.over) == 0.0


def test_more_burns_in_stronger_wind():
    totals = [burnt(fires.Wind(speed, 270.0)).sum() for speed in (0.0, 1.0, 2.0, 4.0, 7.0, 12.0)]
    assert all(less < more for less, more in pairwise(totals))


def test_fire_crosses_wider_gaps_with_the_wind_than_against_it():
    wide = PARAMS.replace({"border_road_m": 12.0})
    place = fires.land(BORDERS, KEYS, WOOD_PER_M2, fires.Wind(8.0, 270.0), wide)
    sides = (BORDERS.east > 0.5, BORDERS.east < -0.5, BORDERS.north > 0.5)
    east, west, across = (place.over[edge].mean() for edge in sides)
    assert east > across > west > 0.0
    assert place.over[BORDERS.east > 0.5] == pytest.approx(land_over(wide, 8.0))


def land_over(params, speed):
    """With the wind all of it is felt, as at every border where no direction is known."""
    return fires.land(BORDERS, KEYS, WOOD_PER_M2, fires.Wind(speed), params).over[0]


def test_burnt_ground_reaches_the_border_sooner_with_the_wind():
    place = land(fires.Wind(5.0, 270.0))
    east, west = place.stretch[BORDERS.east > 0.5].mean(), place.stretch[BORDERS.east < -0.5].mean()
    assert east > 1.5 > 1.0 > west > 0.3


def test_a_run_with_large_fires_goes_on_as_saved(tmp_path):
    """Saved amid fires under wind, loaded and gone on: the same fires as without a break."""
    cut_s, until_s = 3600, 2 * 3600
    whole = runs.run(runs.begin(settings=UNHINDERED), until_s)
    first, second = runs.run(runs.begin(settings=UNHINDERED), cut_s), runs.begin(settings=UNHINDERED)
    schemas = {layer.name: layer.state_schema for layer in first.wiring.layers}
    snapshot.Writer(tmp_path, schemas, "w").save(first.state)
    second.resume(snapshot.load(tmp_path, cut_s, second.state, schemas, "w"))
    runs.run(second, until_s)
    assert len(first.state.layers["damage"].fires) > 0
    assert runs.content(second) == runs.content(whole)


def test_a_border_is_met_once_however_the_wind_turns():
    """Burnt ground that the east wind holds back from the eastern border reaches it once the wind has turned."""
    table = fires.no_fires().append(
        cell=MIDDLE * SIDE + MIDDLE, number=0, cause=0, ignite_s=0, burning=1, burnt=30.0, limit=400.0, work_s=0.0,
        spent_s=0.0, tried=0,
    )  # fmt: skip
    met = []
    for hour, from_deg in enumerate((90.0, 270.0, 90.0, 270.0)):
        before, table = table["burnt"], table.with_columns(burnt=table["burnt"] + 1.0)
        first = table["tried"]
        table, fresh, _ = fires.over_borders(table, before, land(fires.Wind(4.0, from_deg)), 600 * hour, Even())
        met.append((int(table["tried"][0] ^ first[0]).bit_count(), len(fresh)))
    assert sum(borders for borders, _ in met) <= 4
    assert met[0][0] > 0
    assert met[1][0] > 0  # the other side, by the turn and not by growth alone
    assert met[2][0] == met[3][0] == 0
