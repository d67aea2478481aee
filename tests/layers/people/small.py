"""A hand-made world of two towns and six cells with one large site, and inputs in which nothing happens."""

from datetime import datetime, timedelta, timezone

import numpy as np

from layers.people import LAYER
from twin.chance import Chance
from twin.contract import Clock
from twin.params import load
from twin.run import freeze
from twin.world import IndexSet, World

ORIGIN = datetime(2026, 7, 28, 16, 27, tzinfo=timezone(timedelta(hours=9)))
PARAMS = load(LAYER.params_file)
CHANCE = Chance(11)
CALM = {
    "wbgt_c": 25.0,
    "daylight": 1.0,
    "power_on_fraction": 1.0,
    "water_service_fraction": 1.0,
    "telecom_fraction": 1.0,
    "shelter_wbgt_c": 25.0,
    "home_water_fraction": 1.0,
    "home_food_fraction": 1.0,
    "medicine_fraction": 1.0,
}


def small_world(n_cells: int = 6, night: int = 3000, incidents: bool = False, water: str = "", care: int = 0) -> World:
    """Two towns; every cell has 1,000 wooden and 100 other buildings.

    water: `sea` or `river` for a world with a water grid, in which every cell has three patches: the first holds half
    of its people (and `care` residents of a care home) on low ground, the second the others, the third is fields.
    """
    town = np.arange(n_cells) * 2 // n_cells
    residents = np.tile(np.array([0.2, 0.3, 0.3, 0.1, 0.1]) * night, (n_cells, 1)).astype(np.int64)
    buildings = np.tile([300, 300, 400, 50, 50], (n_cells, 1))
    sets = {
        "region": IndexSet.build("region", ["all"]),
        "municipality": IndexSet.build("municipality", ["43202", "43442"], share_65=np.array([0.3, 0.4])),
        "cell": IndexSet.build(
            "cell",
            [f"4930{n:04d}" for n in range(n_cells)],
            municipality=town,
            night_persons=residents.sum(axis=1),
            day_persons=residents.sum(axis=1),
            share_65=np.full(n_cells, 0.3),
            buildings=buildings,
            residents=residents,
            floor_m2=np.full((n_cells, 5), 100.0),
        ),
        "site": IndexSet.build(
            "site",
            ["site-1", "site-2"],
            cell=np.array([0, n_cells - 1]),
            municipality=np.array([0, 1]),
            persons_day=np.array([400, 900]),
            persons_night=np.array([50, 10]),
            patch=np.array([0, 2 if water else n_cells - 1]),
        ),
        "patch": patches(town, care) if water else patches(town, 0, per_cell=1),
    }
    if incidents:
        sets["incident"] = _incidents()
    settings = {"school_holiday": 1.0}
    if water:
        settings |= {"water_dx_m": 100.0, "water_side_west": 2.0 if water == "sea" else 1.0}
    return World("small", ORIGIN, sets, settings=settings)


def _incidents() -> IndexSet:
    """One given incident at the first site after half a minute."""
    return IndexSet.build(
        "incident",
        ["first"],
        site=np.array([0]),
        time_s=np.array([30]),
        persons_exposed=np.array([150.0]),
        persons_dead=np.array([12.0]),
        persons_trapped=np.array([15.0]),
    )


def patches(town: np.ndarray, care: int, per_cell: int = 3) -> IndexSet:
    """Patches of all cells, those of one cell side by side."""
    cell = np.repeat(np.arange(len(town)), per_cell)
    nth = np.arange(len(cell)) % per_cell
    return IndexSet.build(
        "patch",
        [f"{c}/{n}" for c, n in zip(cell, nth)],
        cell=cell,
        municipality=town[cell],
        share=np.ones(len(cell)) if per_cell == 1 else np.array([0.5, 0.5, 0.0])[nth],
        care_persons=np.where(nth == 0, care, 0),
        way_m=np.where(nth == 0, 300.0, 0.0),
    )


def depths(world: World, *of_nth: float) -> np.ndarray:
    """Depth on every patch by its number in the cell."""
    return np.tile(np.array(of_nth), len(world["cell"]))


def begin(world: World, chance: Chance = CHANCE, **params: float):
    """(given, state) at time 0."""
    given = LAYER.prepare(world, PARAMS.replace(params))
    return given, freeze(LAYER.start(given, chance))


def calm_inputs(world: World, **changed) -> dict[str, np.ndarray]:
    """Inputs in which nothing happens; keywords replace some of them by a number or an array."""
    inputs = {}
    for need in LAYER.needs:
        value = np.broadcast_to(changed.get(need.name, CALM.get(need.name, 0.0)), world.shape(need.on)).astype(float)
        value.setflags(write=False)
        inputs[need.name] = value
    return inputs


def run(world: World, given, state, until_s: int, dt_s: int = 600, *, chance=CHANCE, start_s: int = 0, **levels):
    """Step on with constant inputs; returns (state, last result)."""
    result = None
    inputs = calm_inputs(world, **levels)
    for now_s in range(start_s, until_s, dt_s):
        result = LAYER.step(given, state, inputs, Clock(now_s, dt_s, ORIGIN, chance))
        state = freeze(result.state)
    return state, result


def struck(world: World, given, state, chance: Chance = CHANCE, **damage):
    """The state after one step of 60 s in which damage and a strong shock happen."""
    levels = {"shock_intensity": 6.5, "wood_collapsed_fraction": 0.2, "wood_half_fraction": 0.1, **damage}
    return run(world, given, state, 60, 60, chance=chance, **levels)
