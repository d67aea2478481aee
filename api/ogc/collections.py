"""The collections of OGC API – Features: places of each scenario, and what each run says of them now."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from api import geometry
from api.geometry import ON_MAP, Geometry, points, shipped_path
from api.problems import Problem
from api.readings import NotThere, OpenRun, find, frames
from api.readings.runs import RUN_ID, Kept
from scenarios import scenario_names
from scenarios.mapped import MAPPED

Array = np.ndarray
PLACES, STATE = "places", "state"
NEWEST_RUNS = 20  # listed; older ones can still be opened by their name
CRS84 = "http://www.opengis.net/def/crs/OGC/1.3/CRS84"


@dataclass(frozen=True)
class Collection:
    """One collection: an index set of a region and, if it shows a state, the run that says what holds there."""

    name: str
    title: str
    description: str
    on: str
    scenario_path: str
    run: OpenRun | None = None

    @cached_property
    def geometry(self) -> Geometry:
        """Shapes in row order."""
        return geometry.geometry(self.scenario_path, self.on)

    @cached_property
    def times_s(self) -> list[int]:
        """Instants whose state every member that has begun has kept; empty for places."""
        return [] if self.run is None else frames.common_times(self.run, mapped_on()[self.on][0])

    def values(self, time_s: int) -> dict[str, Array]:
        """Mapped quantities at an instant, by property name: of the only member, else the mean over the members."""
        run = self.run
        if run is None:
            return {}
        member: int | str = "mean" if run.members > 1 else 0
        found = {}
        for name in mapped_on()[self.on]:
            try:
                found[name.partition(".")[2]] = frames.frame(run, name, time_s, member).values
            except NotThere:  # a run of an older version may lack one
                continue
        return found

    def instant(self, time_s: int) -> datetime:
        """Instant of a second of the run."""
        if self.run is None:
            raise ValueError("places have no time")
        return self.run.start + timedelta(seconds=time_s)

    def told(self, root: str, extent: Mapping[str, Any], links: list[dict[str, str]]) -> dict[str, Any]:
        """The collection as the standard describes one."""
        address = f"{root}/collections/{self.name}"
        items = [
            {"href": f"{address}/items", "rel": "items", "type": "application/geo+json", "title": self.title},
            {"href": f"{address}/items?f=html", "rel": "items", "type": "text/html", "title": self.title},
        ]
        return {
            "id": self.name,
            "title": self.title,
            "description": self.description,
            "itemType": "feature",
            "crs": [CRS84],
            "extent": dict(extent),
            "links": [*links, *items],
        }

    def extent(self) -> dict[str, Any]:
        """Where and when."""
        west, south, east, north = region_box(self.scenario_path)
        found: dict[str, Any] = {"spatial": {"bbox": [[west, south, east, north]], "crs": CRS84}}
        if self.run is not None:
            ends = [self.times_s[0], self.times_s[-1]] if self.times_s else []
            found["temporal"] = {"interval": [[utc(self.instant(time_s)) for time_s in ends] or [None, None]]}
        return found


def utc(instant: datetime) -> str:
    """An instant as the standard writes it."""
    return instant.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")


def mapped_on() -> dict[str, list[str]]:
    """Index set -> mapped quantities on it."""
    found: dict[str, list[str]] = {}
    for one in MAPPED:
        found.setdefault(frames.given_vars()[one.quantity].on, []).append(one.quantity)
    return found


_BOXES: Kept[tuple[float, float, float, float]] = Kept(16)


def region_box(path: str) -> tuple[float, float, float, float]:
    """West, south, east, north of everything of a region, degrees."""
    return _BOXES.get(path, lambda: _box(path))


def _box(path: str) -> tuple[float, float, float, float]:
    world = geometry.place_of(path).world
    edges = [geometry.geometry(path, on).bounds for on in ("cell", "patch")]
    spots = np.concatenate([points(world, on) for on in ("municipality", "node")])
    west, south = np.fmin.reduce([edge[:2] for edge in edges] + [spots.min(axis=0)])
    east, north = np.fmax.reduce([edge[2:] for edge in edges] + [spots.max(axis=0)])
    return float(west), float(south), float(east), float(north)


def every(data_dir: Path) -> Iterator[Collection]:
    """Collections of all scenarios, then of the newest runs; sets without entities are left out."""
    for scenario in scenario_names():
        path = shipped_path(scenario)
        world = geometry.place_of(path).world
        yield from (_places(scenario, path, on) for on in ON_MAP if len(world[on]))
    for run in _newest(data_dir):
        world = geometry.place_of(run.scenario_path).world
        yield from (_state(run, on) for on in mapped_on() if len(world[on]))


def known(data_dir: Path, name: str) -> Collection:
    """A collection by its name. Raises Problem `not-found`."""
    kind, _, rest = name.partition(".")
    whose, _, on = rest.partition(".")
    if kind == PLACES and whose in scenario_names() and on in ON_MAP:
        return _places(whose, shipped_path(whose), on)
    if kind == STATE and on in mapped_on():
        return _state(find(data_dir, whose), on)
    raise Problem("not-found", "no collection of that name; the list of collections tells which there are")


def _newest(data_dir: Path) -> list[OpenRun]:
    """Runs that have kept a state already, newest first."""
    places = [path for path in (data_dir / "runs").glob("*/manifest.json") if RUN_ID.fullmatch(path.parent.name)]
    found = []
    for path in sorted(places, key=_age, reverse=True):
        try:
            run = find(data_dir, path.parent.name)
        except NotThere:  # deleted in between
            continue
        if "plan" in run.manifest and frames.times(run, MAPPED[0].quantity):
            found.append(run)
        if len(found) == NEWEST_RUNS:
            break
    return found


def _age(path: Path) -> float:
    try:
        return path.stat().st_mtime
    except OSError:
        return 0.0


def _places(scenario: str, path: str, on: str) -> Collection:
    region = geometry.place_of(path)
    label = "synthetic" if on == "municipality" else region.world.labels.get(on, "synthetic")
    title = f"{on.replace('_', ' ')} – {region.scenario.title_en}"
    return Collection(f"{PLACES}.{scenario}.{on}", title, f"places; {label} data", on, path)


def _state(run: OpenRun, on: str) -> Collection:
    members = f"mean of {run.members} members" if run.members > 1 else "one draw"
    title = f"{on.replace('_', ' ')} – state of run {run.run_id}"
    description = f"simulated (exercise), {members}; a state holds until the next one, normally for an hour"
    return Collection(f"{STATE}.{run.run_id}.{on}", title, description, on, run.scenario_path, run)
