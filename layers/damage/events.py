"""Lines for the journal: what changed on the surface in one step, with its causes."""

from __future__ import annotations

import numpy as np

from layers.damage.state import Given, Surface
from twin.contract import Event

Array = np.ndarray
# share of buildings people are harmed by or lose their home to -> kind of event
BY_STRUCTURE = {
    "wood_collapsed_fraction": "wood_collapse",
    "nonwood_collapsed_fraction": "nonwood_collapse",
    "wood_half_fraction": "wood_half_collapse",
    "nonwood_half_fraction": "nonwood_half_collapse",
}
USABLE = ("shelter_usable", "hospital_usable", "depot_usable", "office_usable", "fuel_station_usable")


def of_change(given: Given, before: Surface, after: Surface, shaken: bool) -> list[Event]:
    """Events of a step: collapses, slides, sites, debris, facilities out of use, fires that broke out or ended."""
    if before is after:
        return []
    params = given.params
    shock = ("shock_intensity",) if shaken else ("soil_water_m", "shock_intensity")
    lines = _grown("collapse", "buildings_collapsed", before, after, params.event_buildings, shock)
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
            lines += [
                Event("unusable", name, int(row), float(new[row]), causes=(("shock_intensity", int(place.cell[row])),))
                for row in np.flatnonzero(new < old)
            ]
    return lines


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
