"""A large fire at work in the whole layer: it goes on in the next cell, and the journal says where it came from."""

from dataclasses import replace

import numpy as np

from layers.damage import LAYER, fires
from scenarios import build_world, read_scenario
from twin.chance import Chance
from twin.contract import Clock
from twin.params import load
from twin.run import freeze

CHANCE = Chance(1, 0)
WORLD = build_world(read_scenario("two-towns"))
GIVEN = LAYER.prepare(WORLD, load(LAYER.params_file))


def day(given, burnt):
    """A day with fires in cell 20 that have burnt these numbers of houses and can burn any number."""
    table = fires.no_fires().append(
        cell=20, number=np.arange(len(burnt)), cause=fires.BY_SHAKING, ignite_s=0, burning=1, burnt=burnt, limit=1e6,
        work_s=0.0, spent_s=0.0, tried=0,
    )  # fmt: skip
    state = freeze(replace(LAYER.start(given, CHANCE), fires=table))
    inputs = {var.name: np.zeros(WORLD.shape(var.on)) for var in LAYER.needs}
    return LAYER.step(given, state, inputs, Clock(600, 86400, WORLD.origin, CHANCE))


def test_borders_join_cells_of_the_region_both_ways():
    pairs = set(zip(GIVEN.borders.source.tolist(), GIVEN.borders.target.tolist()))
    assert pairs == {(target, source) for source, target in pairs}
    assert np.diff(GIVEN.borders.first).max() == 4


def test_large_fires_go_on_in_the_next_cells():
    dense = replace(GIVEN, wood_per_m2=np.full(len(WORLD["cell"]), 0.004))
    result = day(dense, np.linspace(100.0, 6000.0, 1000))
    table = result.state.fires
    caught = table["cell"][table["cause"] == fires.BY_NEIGHBOUR].tolist()
    assert len(set(caught)) == len(caught) > 1
    assert set(caught) <= set(dense.borders.target[dense.borders.source == 20].tolist())
    lines = [line for line in result.events if line.kind == "fire"]
    assert [line.row for line in lines] == caught
    assert all(tuple(line.causes) == (("fires_burning", 20),) for line in lines)
    assert np.all(result.outputs["fires_burning"][caught] == 1.0)
    assert not result.outputs["buildings_burnt"][caught].any()


def test_a_small_fire_stays_in_its_cell():
    assert day(GIVEN, np.array([1.0])).state.fires["cell"].tolist() == [20]
