"""A strip of patches from the sea (west) to a hill (east): ways, one refuge, two shelters; and a run of the layer."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

import numpy as np

from layers.evacuation import LAYER
from layers.evacuation.state import Given, State, prepare, start
from tests.layers.evacuation.small_world import CHANCE, ORIGIN, clock, inputs
from twin.params import load
from twin.world import IndexSet, World

PATCHES, CELLS, PATCH_M, SAFE_FROM = 40, 4, 50.0, 36
REFUGE_PATCH = 8
# everybody able, on foot, at once, after exactly five minutes, warned at once
PLAIN = {
    "leave_at_once_fraction": 1.0,
    "leave_after_errand_fraction": 0.0,
    "start_spread": 0.0,
    "loudspeaker_fraction": 1.0,
    "slow_65_fraction": 0.2,
    "car_fraction": 0.0,
    "shadow_fraction": 0.0,
}


def _patches(refuge_there: bool, care_persons: int) -> IndexSet:
    """Ten to a cell along the strip; from SAFE_FROM on they are safe ground."""
    row = np.arange(PATCHES)
    way_m = np.maximum(SAFE_FROM - row, 0) * PATCH_M
    refuge_m = np.abs(row - REFUGE_PATCH) * PATCH_M
    toward = row - np.sign(row - REFUGE_PATCH)
    nowhere = np.full(PATCHES, -1)
    care = np.zeros(PATCHES, dtype=np.int64)
    care[5] = care_persons
    share = np.full(PATCHES, 0.1)
    return IndexSet.build(
        "patch",
        [f"p{k:02d}" for k in row],
        cell=row // 10,
        municipality=np.zeros(PATCHES, dtype=np.int64),
        area_m2=np.full(PATCHES, PATCH_M**2),
        share=share,
        water_row=np.zeros(PATCHES, dtype=np.int64),
        water_column=row,
        coast_distance_m=(row + 0.5) * PATCH_M,
        care_persons=care,
        next=np.where(way_m > 0, row + 1, -1),
        way_m=way_m,
        refuge_next=np.where(row == REFUGE_PATCH, -1, toward) if refuge_there else nowhere,
        refuge_way_m=refuge_m if refuge_there else np.full(PATCHES, np.inf),
        refuge=np.zeros(PATCHES, dtype=np.int64) if refuge_there else nowhere,
        danger=(row < SAFE_FROM).astype(np.int64),
    )


def _refuges(n: int, capacity_persons: float) -> IndexSet:
    return IndexSet.build(
        "refuge",
        ["tower"][:n],
        patch=np.full(n, REFUGE_PATCH),
        capacity_persons=np.full(n, capacity_persons),
        floor_height_m=np.full(n, 10.0),
    )


def _cells(persons: int) -> IndexSet:
    return IndexSet.build(
        "cell",
        [f"c{k}" for k in range(CELLS)],
        municipality=np.zeros(CELLS, dtype=np.int64),
        x_m=np.arange(CELLS) * 500.0,
        y_m=np.zeros(CELLS),
        night_persons=np.full(CELLS, persons),
        buildings=np.full((CELLS, 5), 20),
        coast_distance_m=np.arange(CELLS) * 500.0 + 250.0,
        share_65=np.full(CELLS, 0.3),
    )


def _shelters() -> IndexSet:
    return IndexSet.build(
        "shelter",
        ["low", "high"],
        municipality=np.zeros(2, dtype=np.int64),
        cell=np.array([0, 3]),
        kind=np.zeros(2, dtype=np.int64),
        floor_m2=np.array([900.0, 4000.0]),
        cooled=np.ones(2),
        toilets=np.full(2, 40),
        patch=np.array([5, 38]),
        floor_height_m=np.zeros(2),
    )


def strip(capacity_persons: float = 0.0, care_persons: int = 0, persons: int = 300) -> World:
    """Cells of ten patches each along the strip; patches from SAFE_FROM on are safe ground."""
    refuge_there = capacity_persons > 0
    sets = {
        "cell": _cells(persons),
        "municipality": IndexSet.build("municipality", ["99211"], coastal=np.ones(1)),
        "shelter": _shelters(),
        "patch": _patches(refuge_there, care_persons),
        "refuge": _refuges(1 if refuge_there else 0, capacity_persons),
    }
    return World("strip", ORIGIN, sets)


def made(world: World | None = None, **values: object) -> tuple[Given, State]:
    """Given and first state of the strip, plain behaviour with some parameters replaced."""
    params = load(LAYER.params_file).replace({**PLAIN, **values})
    given = prepare(world or strip(), params)
    return given, start(given, CHANCE)


@dataclass
class Story:
    """What happened in a run: sums of amounts (cell,), the last state and outputs, all events."""

    state: State
    home: np.ndarray
    away: np.ndarray
    caught: np.ndarray = field(default_factory=lambda: np.zeros(CELLS))
    events: list = field(default_factory=list)
    outputs: dict = field(default_factory=dict)
    booked: float = 0.0
    caught_at: np.ndarray = field(default_factory=lambda: np.zeros(PATCHES))


Depth = Callable[[int], np.ndarray]


def dry(_now_s: int) -> np.ndarray:
    """No water."""
    return np.zeros(PATCHES)


def wave(arrives_s: int, reach: int = PATCHES, depth_m: float = 2.0) -> Depth:
    """From `arrives_s` on the first `reach` patches stand under water."""
    return lambda now_s: np.where(np.arange(PATCHES) < reach, depth_m, 0.0) * (now_s >= arrives_s)


def run(given: Given, state: State, ends_s: Iterable[int], depth: Depth = dry, **values: object) -> Story:
    """Step to each of `ends_s` (ascending), a shock in the first step; people confirm every move at once.

    out: share of the residents who are not at home, as `people` splits them anew in each of its steps.
    """
    out = values.pop("out", 0.0)
    story = Story(state, given.residents_persons.copy(), np.zeros(CELLS))
    values = {"tsunami_warning": 2.0, "shelter_staff_persons": 40.0, "shelter_checks_units": 2.0, **values}
    quiet, now_s = inputs(given, **values), 0
    for end_s in ends_s:
        arrays = {
            "persons_home": np.floor(story.home * (1.0 - out)),
            "persons_at_hand": story.home.copy(),
            "persons_away": story.away.copy(),
            "water_depth_m": depth(end_s),
            "felt_shocks": np.full(1, float(now_s == 0 and "flood_call" not in values)),
        }
        result = LAYER.step(given, story.state, {**quiet, **arrays}, clock(now_s, end_s - now_s))
        given_out = result.outputs
        moved = given_out["leaving_persons"] - given_out["returning_persons"]
        story.home = story.home - moved
        story.away = story.away + moved - given_out["caught_persons"]
        story.state, story.outputs, now_s = result.state, given_out, end_s
        story.caught += given_out["caught_persons"]
        story.caught_at += given_out["caught_at_persons"]
        story.events += result.events
        story.booked += result.booked["evacuees"]
    return story
