"""On which patch of ground every place stands, and which floor of a shelter is in use."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from scenarios.facts import FactTable
from scenarios.synthesis.frame import Frame
from twin.world import IndexSet

Array = np.ndarray
NO_PLACE = -1
WITH_PATCH = (
    "shelter",
    "hospital",
    "depot",
    "office",
    "fuel_station",
    "site",
    "base_station",
    "substation",
    "water_zone",
)


def with_patches(frame: Frame, sets: Mapping[str, IndexSet], patch: IndexSet, generated: bool) -> dict[str, IndexSet]:
    """The sets of places with the patch each stands on; shelters also with the height of the floor in use."""
    result = {}
    for name in WITH_PATCH:
        members = sets[name]
        at = _places_of(frame, members, patch) if generated else members["cell"].astype(np.int64)
        more = {"patch": at}
        if name == "shelter":
            more["floor_height_m"] = _floors(frame, members) if generated else np.zeros(len(members))
        for column in more.values():
            column.setflags(write=False)
        result[name] = IndexSet(name, members.ids, members.keys, {**members.columns, **more})
    return result


def _places_of(frame: Frame, members: IndexSet, patch: IndexSet) -> Array:
    """Patch of each place inside its cell: the nearest to where it is listed, else drawn by share of the cell."""
    homes = np.flatnonzero(patch["share"] > 0)
    order = homes[np.argsort(patch["cell"][homes], kind="stable")]
    owner = patch["cell"][order]
    ends = np.cumsum(patch["share"][order])
    cell = np.asarray(members["cell"])
    first, last = np.searchsorted(owner, cell), np.searchsorted(owner, cell, side="right")
    start = np.where(first > 0, ends[first - 1], 0.0)
    draw = frame.chance.uniform(f"region.patch-{members.name}", members.keys)
    found = np.searchsorted(ends, start + draw * (ends[np.maximum(last - 1, 0)] - start))
    chosen = order[np.clip(found, first, np.maximum(last - 1, 0))]
    x_m, y_m, listed = _listed_places(frame, members)
    for row in listed.tolist():
        inside = order[first[row] : last[row]]
        chosen[row] = inside[np.argmin((patch["x_m"][inside] - x_m[row]) ** 2 + (patch["y_m"][inside] - y_m[row]) ** 2)]
    return np.where(cell >= 0, chosen, NO_PLACE).astype(np.int64)


def _listed_places(frame: Frame, members: IndexSet) -> tuple[Array, Array, Array]:
    """x, y of the places whose position is known, and their rows."""
    if "x_m" in members:
        return members["x_m"], members["y_m"], np.arange(len(members))
    n_town = len(frame.codes)
    if members.name in ("hospital", "site"):
        table: FactTable = frame.facts[members.name]
        x_m, y_m = frame.local(table["lat"], table["lon"])
        return x_m, y_m, np.arange(len(table))
    if members.name in ("office", "depot"):  # both begin with one per municipality, at its hall
        towns = frame.facts["municipality"]
        x_m, y_m = frame.local(towns["office_lat"], towns["office_lon"])
        return x_m, y_m, np.arange(n_town)
    return np.zeros(0), np.zeros(0), np.zeros(0, dtype=np.int64)


def _floors(frame: Frame, shelters: IndexSet) -> Array:
    """Height of the floor in use above the ground: the upper one where the building has one for floods."""
    rules = frame.rules
    upper = frame.chance.uniform("region.shelter-upper", shelters.keys) < rules.shelter_upper_share[shelters["kind"]]
    return np.where(upper, rules.shelter_upper_floor_m, 0.0)
