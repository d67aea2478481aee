"""A river or a coast in small, for the damage layer: patches of four cells, two levees, a road through the water."""

from dataclasses import replace
from functools import cache

import numpy as np

from layers.damage import LAYER
from tests.layers.hazard.small_water import river_world
from twin.chance import Chance
from twin.contract import Clock
from twin.params import load
from twin.run import freeze
from twin.world import IndexSet, World

PARAMS = load(LAYER.params_file)
CHANCE = Chance(1, 0)
N_CELL = 4
ROAD = 0
STEP_S = 600


@cache
def place(sea: bool = False) -> World:
    """Patches shared out among the first four cells; the sea in the east makes it a coast."""
    world = river_world()
    patch, n = world["patch"], len(world["patch"])
    cell = np.arange(n) % N_CELL
    share = 1.0 / np.bincount(cell)[cell]
    town = np.asarray(world["cell"]["municipality"])[cell]
    columns = {**patch.columns, "cell": cell, "share": share, "municipality": town}
    sets = {**world.sets, "patch": IndexSet(patch.name, patch.ids, patch.keys, columns)}
    on_road = np.stack([np.full(10, ROAD), np.arange(10)], axis=1)
    settings = {**world.settings, "water_side_east": 2.0 if sea else 3.0}
    return replace(world, sets=sets, settings=settings, arrays={**world.arrays, "road_patch": on_road})


@cache
def given(sea: bool = False):
    """The layer's constants there."""
    return LAYER.prepare(place(sea), PARAMS)


def inputs(world: World, **values):
    """Inputs on their index sets; numbers are spread, what is not named is zero, levees stand dry."""
    quiet = {"wind_m_per_s": 2.0, "water_service_fraction": 1.0, "first_response_fraction": 0.5, "soil_water_m": 0.05}
    quiet["levee_level_m"] = np.nan
    named = {**quiet, **values}
    arrays = {var.name: np.full(world.shape(var.on), named.get(var.name, 0.0), dtype=float) for var in LAYER.needs}
    for array in arrays.values():
        array.setflags(write=False)
    return arrays


def walk(steps, constants, sea: bool = False):
    """Step through the inputs, ten minutes each; states, last outputs, events."""
    state, states, events, outputs = freeze(LAYER.start(constants, CHANCE)), [], [], {}
    for number, values in enumerate(steps):
        clock = Clock(number * STEP_S, STEP_S, place(sea).origin, CHANCE)
        result = LAYER.step(constants, state, inputs(place(sea), **values), clock)
        state, outputs = freeze(result.state), result.outputs
        states.append(state)
        events += result.events
    return states, outputs, events
