"""What the report knows of sea and flood water: the ground it can reach, and what the members' snapshots hold of it.

Depths lie in snapshots only, patch by patch, as the layers handed them out; series know towns. A run without a
terrain, or without snapshots, has none of this.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from scenarios.report.data import RunData
from scenarios.synthesis import build_world
from twin import snapshot
from twin.errors import SnapshotError
from twin.units import HOUR_S
from twin.world import IndexSet, World

Array = np.ndarray
RIVER_LEVEE, SEA_WALL, GATE = 0, 1, 2  # column `kind` of the levees
WET_M = 0.01  # ground under at least this much counts as inundated, as on the official tsunami maps (assumed)
HALF = 0.5
MOST_INSTANTS = 6
# index set -> field of `Wet` -> quantity handed out by a layer
HANDED_OUT: Mapping[str, Mapping[str, str]] = {
    "patch": {"depth_m": "hazard.water_depth_m", "highest_m": "hazard.water_max_depth_m"},
    "levee": {
        "level_m": "hazard.levee_level_m",
        "breach_s": "damage.levee_breach_s",
        "open_fraction": "infrastructure.gate_open_fraction",
    },
    "pump": {"power": "infrastructure.pump_power"},
}


@dataclass(frozen=True)
class Ground:
    """The water grid; fields (row, column), rows grow to the north. Places are in squares from the south-west corner.

    town: row of the municipality, -1 sea or river. lived_in: inside an inhabited cell. danger: inside the official
    hazard-map zone. area_m2 (patch,). levee (levee, 2), levee_kind, levee_danger_m (levee,), levee_town: its code.
    places: shelter, refuge, pump -> (place, 2). towns: code -> where its people live.
    danger_persons: code -> residents inside the zone.
    """

    square_m: float
    town: Array
    lived_in: Array
    danger: Array
    patch_row: Array
    patch_column: Array
    area_m2: Array
    levee: Array
    levee_kind: Array
    levee_danger_m: Array
    levee_town: tuple[str, ...]
    places: Mapping[str, Array]
    towns: Mapping[str, tuple[float, float]]
    danger_persons: Mapping[str, float]

    def field(self, values: Array) -> Array:
        """Values by patch as a field (row, column); 0 on sea and river."""
        found = np.zeros(self.town.shape)
        found[self.patch_row, self.patch_column] = values
        return found


@dataclass(frozen=True)
class Wet:
    """Water and works at one instant, by member: depth now and largest so far (member, patch); level at the levees,
    time of breach, open share of gates (member, levee); power of the pumps (member, pump)."""

    time_s: int
    depth_m: Array
    highest_m: Array
    level_m: Array
    breach_s: Array
    open_fraction: Array
    power: Array

    @property
    def breached(self) -> Array:
        """Segments that have breached in at least half of the members, (levee,) yes/no."""
        return np.isfinite(self.breach_s).mean(axis=0) >= HALF

    @property
    def dark(self) -> Array:
        """Pumps without power in at least half of the members, (pump,) yes/no."""
        return (self.power < HALF).mean(axis=0) >= HALF

    @property
    def closed(self) -> Array:
        """Segments whose gate is shut in at least half of the members, (levee,) yes/no."""
        return (self.open_fraction < HALF).mean(axis=0) >= HALF


@dataclass(frozen=True)
class Water:
    """Ground and what was seen on it, in order of time; `seen` may be empty. sea: a tsunami can come."""

    ground: Ground
    sea: bool
    seen: Sequence[Wet]

    @property
    def last(self) -> Wet | None:
        """The latest instant there is."""
        return self.seen[-1] if self.seen else None


def read_water(run: RunData) -> Water | None:
    """Ground and snapshots of a run in a world with a terrain; None for other worlds."""
    if run.scenario.terrain is None:
        return None
    world = build_world(run.scenario)
    ground = ground_of(world)
    times = _instants(run)
    sea = "sea_dx_m" in world.settings
    return Water(ground, sea, [wet for time_s in times if (wet := _read(run, world, time_s)) is not None])


def ground_of(world: World) -> Ground:
    """The water grid of a world with a terrain."""
    patch, levee, dx_m = world["patch"], world["levee"], world.settings["water_dx_m"]
    corner = np.array([world.settings["water_west_m"], world.settings["water_south_m"]])
    at = (patch["water_row"], patch["water_column"])
    shape = world.arrays["water_bed_m"].shape
    codes = world["municipality"].ids

    def squares(name: str, rows: Array) -> Array:
        of_patch = np.asarray(world[name]["patch"])[rows]
        return _places(patch, corner, dx_m, of_patch[of_patch >= 0])

    places = {name: squares(name, np.arange(len(world[name]))) for name in ("shelter", "refuge", "pump")}
    return Ground(
        square_m=float(dx_m),
        town=_spread(shape, at, patch["municipality"], -1),
        lived_in=_spread(shape, at, patch["cell"], -1) >= 0,
        danger=_spread(shape, at, patch["danger"], 0) > 0,
        patch_row=np.asarray(at[0]),
        patch_column=np.asarray(at[1]),
        area_m2=np.asarray(patch["area_m2"]),
        levee=_places(levee, corner, dx_m, np.arange(len(levee))),
        levee_kind=np.asarray(levee["kind"]),
        levee_danger_m=np.asarray(levee["danger_m"]),
        levee_town=tuple(codes[np.asarray(levee["municipality"])].tolist()),
        places=places,
        towns=_centres(world, corner, dx_m),
        danger_persons=_in_danger(world),
    )


def _spread(shape: tuple[int, ...], at: tuple[Array, Array], values: Array, elsewhere: int) -> Array:
    found = np.full(shape, elsewhere)
    found[at] = values
    return found


def _places(members: IndexSet, corner: Array, dx_m: float, rows: Array) -> Array:
    """Local metres of some rows as squares from the corner."""
    return (np.column_stack([members["x_m"][rows], members["y_m"][rows]]) - corner) / dx_m


def _centres(world: World, corner: Array, dx_m: float) -> dict[str, tuple[float, float]]:
    """Where the people of each town live in the middle."""
    cell, found = world["cell"], {}
    for town, code in enumerate(world["municipality"].ids.tolist()):
        mine = np.asarray(cell["municipality"]) == town
        if mine.any():
            weights = np.asarray(cell["night_persons"], float)[mine] + 1e-9
            x, y = (np.average(np.asarray(cell[name])[mine], weights=weights) for name in ("x_m", "y_m"))
            found[code] = (float((x - corner[0]) / dx_m), float((y - corner[1]) / dx_m))
    return found


def _in_danger(world: World) -> dict[str, float]:
    """Residents inside the hazard-map zone by town."""
    patch = world["patch"]
    cell = np.asarray(patch["cell"])
    living = np.where(cell >= 0, np.asarray(world["cell"]["night_persons"], float)[np.maximum(cell, 0)], 0.0)
    persons = living * patch["share"] * (np.asarray(patch["danger"]) > 0)
    codes = world["municipality"].ids.tolist()
    by_town = np.bincount(patch["municipality"], weights=persons, minlength=len(codes))
    return dict(zip(codes, by_town.tolist()))


def _instants(run: RunData) -> list[int]:
    """Whole hours with a snapshot, and the last one; at most six, the early ones first as most happens then."""
    times = [time_s for time_s in snapshot.times(run.folder.member_folder(0)) if 0 < time_s <= run.end_s]
    whole = [time_s for time_s in times if time_s % HOUR_S == 0]
    return sorted({*whole[: MOST_INSTANTS - 1], *times[-1:]})


def _read(run: RunData, world: World, time_s: int) -> Wet | None:
    """The members' snapshots of one instant; None if one is missing, damaged or of another place."""
    names = {name: path for some in HANDED_OUT.values() for name, path in some.items()}
    sizes = {name: len(world[on]) for on, some in HANDED_OUT.items() for name in some}
    members = []
    for member in range(run.n_member):
        try:
            held = snapshot.handed_out(run.folder.member_folder(member), time_s, set(names.values()))
        except SnapshotError:
            return None
        members.append({name: held.get(path, np.full(sizes[name], np.nan)) for name, path in names.items()})
        if any(values.shape != (sizes[name],) for name, values in members[-1].items()):
            return None
    return Wet(time_s, **{name: np.array([one[name] for one in members], dtype=float) for name in names})
