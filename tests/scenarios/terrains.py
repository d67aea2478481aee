"""The two scenarios with a terrain, and versions of them with other seeds and squares."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np

from scenarios import build_world, read_scenario
from scenarios.schema import Scenario
from scenarios.synthesis.terrain import Ground, build_ground
from twin.world import World

NAMES = ("coastal-town", "river-town")


def changed(name: str, **terrain: Any) -> Scenario:
    """A shipped scenario with some fields of its terrain block changed."""
    scenario = read_scenario(name)
    assert scenario.terrain is not None
    return scenario.model_copy(update={"terrain": scenario.terrain.model_copy(update=terrain)})


@cache
def world_of(name: str, square_m: float = 50.0, seed: int | None = None) -> World:
    """The world at a resolution, with another seed of the terrain if asked."""
    more = {} if seed is None else {"seed": seed}
    return build_world(changed(name, square_m=square_m, **more))


@cache
def ground_of(name: str) -> Ground:
    """The generated ground of a shipped scenario."""
    terrain = read_scenario(name).terrain
    assert terrain is not None
    return build_ground(terrain)


def persons_on(world: World) -> np.ndarray:
    """Residents of every patch."""
    patch, cell = world["patch"], world["cell"]
    return np.where(patch["cell"] >= 0, cell["night_persons"][patch["cell"]] * patch["share"], 0.0)
