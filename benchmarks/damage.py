"""Damage to single buildings and fire between patches: how many a second, beside the plain forms they replace."""

from __future__ import annotations

import itertools
import time
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
from scipy.special import ndtr

from benchmarks import measuring
from twin.numerics import fire_spread, losses
from twin.numerics.fragility import (
    IS_WOOD,
    SHAKING_MEAN,
    SHAKING_SD,
    buildings_by_tsunami,
    shaking_table,
    tsunami_damage_probability,
    tsunami_table,
)

Array = np.ndarray
SIZES = (10_000, 100_000, 1_000_000)
REPEATS = 5
STEP_S = 600.0
BOUND = {
    "fire-spread": "arrays of the edges at the front, many small ones: one search by scipy over the same edges, in one "
    "go from the first fires, is faster while nothing changes; ours goes on from a saved front",
    "fire-spread-in-steps": "the same; beside a search from the start in every step of 600 s, as it would have to be "
    "made when wind or crews change",
}
FIRE_S, PATCH_M, PATCHES_PER_FIRE = 6 * 3600.0, 25.0, 1000


def measure(peers: bool = False, tell: Callable[[str], None] = measuring.silent) -> Iterator[dict[str, Any]]:
    """Three cases at three sizes; the plain forms run beside them always: they need no other package."""
    for table in (shaking_table, tsunami_table):
        begun = time.perf_counter()
        table()
        tell(f"{table.__name__}: {time.perf_counter() - begun:.3f} s once")
    for case, prepare, unit, limit in (
        ("fragility-and-casualties", _shaken, "buildings/s", "0.3 s for 1,000,000"),
        ("tsunami-fragility", _flooded, "buildings/s", None),
        ("fire-spread", _burning, "patches/s", None),
        ("fire-spread-in-steps", _burning_in_steps, "patches/s", None),
    ):
        for size in SIZES:
            row = {"case": case, "size": size, "unit": unit, "limit": limit, **_measured(size, *prepare(size))}
            yield row | ({"bound": BOUND[case]} if case in BOUND else {})


def _measured(size: int, run: Callable[[], Array], plain: Callable[[], Array], peer: str) -> dict[str, Any]:
    """Ours and the plain form, timed one after the other, and how far their results differ."""
    timing, ours = measuring.timed(run, REPEATS)
    beside, theirs = measuring.timed(plain)
    return {
        "value": size / timing.wall_s,
        **timing.row,
        "peers": {peer: size / beside.wall_s, f"{peer}, greatest difference": float(np.nanmax(np.abs(ours - theirs)))},
    }


def _shaken(size: int) -> tuple[Callable[[], Array], Callable[[], Array], str]:
    """Damage, casualties and debris of every building under its own intensity; compared: expected deaths."""
    rng = np.random.default_rng(1)
    intensity = np.clip(rng.normal(6.0, 0.7, size), 0.0, 9.0)
    stock = losses.Stock(
        rng.integers(0, 5, size), rng.uniform(50.0, 300.0, size), rng.uniform(0.0, 5.0, size), rng.random(size)
    )
    return (
        lambda: losses.building_losses(intensity, stock, 3.0).dead_persons,
        lambda: _plain_losses(intensity, stock, 3.0)[0],
        "ndtr",
    )


def _plain_losses(intensity: Array, stock: losses.Stock, crowding: float) -> tuple[Array, ...]:
    """The same formulas with exact curves, one array operation after the other."""
    row = stock.class_of_building
    at_least = ndtr((intensity[:, None] - SHAKING_MEAN[row]) / SHAKING_SD[row][:, None])
    total, half, wood = at_least[:, 0], at_least[:, 1] - at_least[:, 0], IS_WOOD[row]
    deaths = np.where(
        wood,
        losses.deaths_wood_persons(total, stock.indoor_ratio),
        losses.deaths_non_wood_persons(total, stock.indoor_ratio, crowding, 1.0),
    )
    severe = losses.severe_injuries_persons(total, stock.indoor_persons)
    hurt = np.maximum(losses.injury_rate_fraction(total, half) * stock.indoor_persons, severe)
    whole_kg = np.where(wood, losses.WOOD_DEBRIS_KG_PER_M2 * stock.floor_area_m2, losses.NON_WOOD_DEBRIS_KG)
    trapped = losses.trapped_persons(total, stock.indoor_persons)
    return deaths, severe, hurt, trapped, losses.debris_kg(whole_kg, 1.0, total, half)


def _flooded(size: int) -> tuple[Callable[[], Array], Callable[[], Array], str]:
    """P(at least DS1 to DS6) of every building; a fifth of them dry."""
    rng = np.random.default_rng(2)
    depth_m = np.minimum(rng.lognormal(0.5, 1.0, size), 90.0) * (rng.random(size) < 0.8)
    kind = rng.integers(0, 10, size)
    return (
        lambda: buildings_by_tsunami(depth_m, kind),
        lambda: tsunami_damage_probability(depth_m, kind).T,
        "ndtr",
    )


def _burning(size: int) -> tuple[Callable[[], Array], Callable[[], Array], str]:
    """Six hours of fire in one step from the fronts, beside one search; compared: the hour each patch catches fire."""
    return _fires(size, [FIRE_S])


def _burning_in_steps(size: int) -> tuple[Callable[[], Array], Callable[[], Array], str]:
    """The same in steps of ten minutes, as the damage layer takes them, beside a search anew in each."""
    return _fires(size, np.arange(STEP_S, FIRE_S + STEP_S, STEP_S).tolist())


def _fires(size: int, until_s: list[float]) -> tuple[Callable[[], Array], Callable[[], Array], str]:
    """Fire on a square town stepped from the fronts to these instants, and the search for the ways it takes."""
    side = round(size**0.5)
    graph, rng = fire_spread.grid_graph(side, side, PATCH_M), np.random.default_rng(3)
    town = fire_spread.Town(house_m=10.0, gap_m=4.0, houses_along_edge=2.0)
    edge_s = fire_spread.crossing_s(graph, town, 5.0, 3.0)
    is_open = rng.random(edge_s.size) < fire_spread.edge_probability(graph, town, 34.0**0.5)
    started = rng.choice(side * side, max(side * side // PATCHES_PER_FIRE, 1), replace=False)
    begun = fire_spread.ignite(fire_spread.no_fires(graph), started, 0.0)

    def stepped() -> Array:
        fires = begun
        for start_s, end_s in itertools.pairwise([0.0, *until_s]):
            fires = fire_spread.advance(graph, fires, edge_s, is_open, 0.0, start_s, end_s)
        return np.minimum(fires.ignite_s, FIRE_S) / 3600

    def searched() -> Array:
        for end_s in until_s:
            found_s = fire_spread.arrival_s(graph, edge_s, is_open, started, until_s=end_s)
        return np.minimum(found_s, FIRE_S) / 3600

    return stepped, searched, "dijkstra"
