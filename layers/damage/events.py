"""Lines for the journal: what changed on the surface in one step, with its causes."""

from __future__ import annotations

import numpy as np

from layers.damage import facilities, levees
from layers.damage.facilities import USABLE, Facilities
from layers.damage.state import Given, State, Surface
from twin.contract import Event, Inputs
from twin.numerics import water_damage

Array = np.ndarray
# share of buildings people are harmed by or lose their home to -> kind of event
BY_STRUCTURE = {
    "wood_collapsed_fraction": "wood_collapse",
    "nonwood_collapsed_fraction": "nonwood_collapse",
    "wood_half_fraction": "wood_half_collapse",
    "nonwood_half_fraction": "nonwood_half_collapse",
}
DANGEROUS_M = water_damage.CAUGHT_M


def of_change(given: Given, before: Surface, after: Surface, shaken: bool, depth_m: Array | None = None) -> list[Event]:
    """Events of a step: collapses, slides, sites, debris, facilities out of use.

    depth_m: depth of water (patch,) where it rose in this step.
    """
    if before is after:
        return []
    params = given.params
    shock = ("shock_intensity",) if shaken else ("soil_water_m", "shock_intensity")
    lines = _grown("collapse", "buildings_collapsed", before, after, params.event_buildings, shock)
    if depth_m is not None:
        lines = [_also_by_water(given, line) for line in lines]
    for name, kind in BY_STRUCTURE.items():
        number = given.wood_buildings if name.startswith("wood") else given.other_buildings
        lines += _grown(kind, name, before, after, params.event_buildings, shock, number)
    lines += _grown("slide", "slide_buildings", before, after, params.event_slides, shock)
    lines += _on_roads("road_slide", "road_slides", given, (before, after), 1.0, shock)
    heavy = params.event_road_debris_m3
    lines += _on_roads("road_debris", "road_debris_m3", given, (before, after), heavy, ("buildings_collapsed",))
    lines += _sites(given, before, after)
    for place, name in zip(given.facilities, USABLE, strict=True):
        old, new = getattr(before, name), getattr(after, name)
        if old is not new:
            drowned = np.zeros(new.size, bool) if depth_m is None else facilities.drowned(place, depth_m, params)
            lines += [
                _flooded_facility(given, place, name, int(row))
                if drowned[row]
                else Event(
                    "unusable", name, int(row), float(new[row]), causes=(("shock_intensity", int(place.cell[row])),)
                )
                for row in np.flatnonzero(new < old)
            ]
    return lines


def of_water(given: Given, before: State, after: State) -> list[Event]:
    """Towns where the first house was flooded or carried off, or ten times as many as at the last line."""
    old, new = before.surface, after.surface
    if given.land is None or (old.buildings_flooded is new.buildings_flooded):
        return []
    was, now = (
        np.bincount(given.town_of_cell, weights=one.buildings_flooded + one.buildings_washed, minlength=given.n_town)
        for one in (old, new)
    )
    depth_before, depth = before.water_max_depth_m, after.water_max_depth_m
    fresh = (depth >= DANGEROUS_M) & (depth_before < DANGEROUS_M)
    lines = []
    for town in np.flatnonzero((now > 0.0) & (_steps(now, given) > _steps(was, given))):
        patches = np.flatnonzero(fresh & (given.land.town == town))
        causes = [("water_max_depth_m", int(patch)) for patch in patches]
        lines.append(
            Event("houses_flooded", "buildings_flooded", int(given.land.town_cell[town]), float(now[town]), -1, causes)
        )
    return lines


def _steps(number: Array, given: Given) -> Array:
    """0 none, 1 some, 2 from the least number that gets a line of its own, 3 ten times that, …"""
    tens = np.floor(np.log10(np.maximum(number, 1.0) / given.params.event_flooded_buildings) + 1e-9)
    return np.where(number > 0.0, 1.0 + np.maximum(tens + 1.0, 0.0), 0.0)


def of_levees(given: Given, before: Surface, after: Surface, inputs: Inputs) -> list[Event]:
    """Towns whose levees sank, by their worst segment, and segments that breached, with the level of the water."""
    place, lines = given.levees, []
    sunk, broken = after.levee_settlement_m, after.levee_breach_s
    if sunk is not before.levee_settlement_m:
        more = sunk - before.levee_settlement_m
        for town in np.unique(place.town[more > 0.0]):
            row = _worst(place, sunk, int(town))
            cause = (("shock_intensity", int(place.cell[row])),)
            lines.append(Event("levee_sunk", "levee_settlement_m", row, float(sunk[row]), causes=cause))
    if broken is not before.levee_breach_s:
        level_m = inputs["levee_level_m"]
        for row in np.flatnonzero(np.isfinite(broken) & np.isnan(before.levee_breach_s)).tolist():
            worst = _worst(place, sunk, int(place.town[row]))
            causes = (("levee_level_m", row), ("levee_settlement_m", worst))
            args = (round(float(level_m[row] - place.crest_m[row] + sunk[row]), 2),)
            lines.append(
                Event("levee_breached", "levee_breach_s", row, float(np.nan_to_num(level_m[row])), -1, causes, args)
            )
    return lines


def _worst(place: levees.Levees, sunk_m: Array, town: int) -> int:
    return int(np.argmax(np.where(place.town == town, sunk_m, -np.inf)))


def _also_by_water(given: Given, line: Event) -> Event:
    assert given.land is not None
    town = int(given.town_of_cell[line.row])
    return line._replace(causes=[("buildings_flooded", int(given.land.town_cell[town])), *line.causes])


def _flooded_facility(given: Given, place: Facilities, name: str, row: int) -> Event:
    assert given.land is not None
    patch = int(place.patch[row])
    town_cell = int(given.land.town_cell[given.land.town[patch]])
    causes = (("water_max_depth_m", patch), ("buildings_flooded", town_cell))
    return Event("facility_flooded", name, row, 0.0, causes=causes)


def of_fire(kind: str, cell: int, amount: float, by_power: bool) -> Event:
    """A fire that broke out or ended."""
    first = "fires_burning" if kind == "fire_out" else "reenergised_customers" if by_power else "shock_intensity"
    return Event(kind, "fires_burning", cell, amount, causes=((first, cell),))


def _grown(
    kind: str,
    name: str,
    before: Surface,
    after: Surface,
    least: float,
    causes: tuple[str, ...],
    unit: Array | float = 1.0,
) -> list[Event]:
    """Cells where a count grew by `least` or more; unit: what a quantity is multiplied by to be a count."""
    old, new = getattr(before, name), getattr(after, name)
    if old is new:
        return []
    more = (new - old) * unit
    return [
        Event(kind, name, int(cell), float(more[cell]), causes=[(cause, int(cell)) for cause in causes])
        for cell in np.flatnonzero(more >= least)
    ]


def _on_roads(
    kind: str, name: str, given: Given, change: tuple[Surface, Surface], least: float, causes: tuple[str, ...]
) -> list[Event]:
    """Roads where something grew by `least` or more; causes are sought at the road's cell."""
    old, new = (getattr(surface, name) for surface in change)
    if old is new:
        return []
    more = new - old
    return [
        Event(
            kind, name, int(road), float(more[road]), causes=[(cause, int(given.road_cell[road])) for cause in causes]
        )
        for road in np.flatnonzero(more >= least)
    ]


def _sites(given: Given, before: Surface, after: Surface) -> list[Event]:
    old, new = before.site_damage_fraction, after.site_damage_fraction
    if old is new:
        return []
    return [
        Event(
            "site_collapse",
            "site_damage_fraction",
            int(row),
            float(new[row]),
            causes=(("shock_intensity", int(given.sites.cell[row])),),
        )
        for row in np.flatnonzero(new > old)
    ]
