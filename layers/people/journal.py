"""Which changes of the people layer are worth a line in the journal, and what caused them."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from layers.people.flooding import deepest_patch
from layers.people.release import Ended
from layers.people.state import (
    DEAD,
    FIRE,
    FLEEING,
    LANDSLIDE,
    LIFT,
    RESIDENTIAL,
    SITE,
    TRAPPED,
    WATER,
    Flood,
    Given,
    State,
)
from twin.contract import Event, Inputs
from twin.table import Table

Array = np.ndarray
CAUSES = {
    RESIDENTIAL: ("wood_collapsed_fraction", "nonwood_collapsed_fraction", "shock_intensity"),
    SITE: ("site_damage_fraction",),
    FIRE: ("fires_burning", "buildings_burnt"),
    LANDSLIDE: ("slide_buildings",),
}

HOME_LOSSES = (
    "wood_collapsed_fraction",
    "nonwood_collapsed_fraction",
    "wood_half_fraction",
    "nonwood_half_fraction",
    "slide_buildings",
    "buildings_burnt",
    "uninhabitable_fraction",
)
FIRST_CITED = 3  # places cited by a line that sums up many
HARDSHIPS = ("wbgt_c", "crowding_fraction", "home_water_fraction", "home_food_fraction", "medicine_fraction")


def harmed(fresh: Table) -> Iterator[Event]:
    """One line per place and cause for the new dead and the new trapped."""
    for state, name in ((DEAD, "killed"), (TRAPPED, "trapped")):
        for kind, causes in CAUSES.items():
            rows = np.flatnonzero((fresh["state"] == state) & (fresh["kind"] == kind))
            at_site = kind == SITE
            quantity = _quantity(at_site, state == DEAD)
            for place, number in _counted(fresh["site" if at_site else "cell"][rows]):
                yield Event(
                    name, quantity, place, number, causes=[(cause, place) for cause in causes], args=(int(kind),)
                )


def ended(victims: Table, rows: Ended) -> Iterator[Event]:
    """One line per place for those freed by neighbours or responders and for those who died waiting."""
    if not sum(len(some) for some in rows):
        return
    kinds = (
        ("freed_by_neighbours", rows.by_neighbours, False, ("trapped_persons", "site_trapped_persons")),
        ("freed_by_responders", rows.by_responders, False, ("freed_persons", "site_freed_persons")),
        ("died_trapped", rows.died_trapped, True, ("trapped_persons", "site_trapped_persons")),
    )
    for name, who, died, causes in kinds:
        for at_site in (False, True):
            some = who[(victims["site"][who] >= 0) == at_site] if len(who) else who
            waiting = _quantity(at_site, False)
            cause = causes[int(at_site)]
            for place, number in _counted(victims["site" if at_site else "cell"][some]):
                cited = [(quantity, place) for quantity in dict.fromkeys((waiting, cause))]
                yield Event(name, _quantity(at_site, died), place, number, causes=cited)
    for place, number in _counted(victims["cell"][rows.died_hurt]):
        yield Event("died_untreated", "deaths_persons", place, number, causes=[("deaths_persons", place)])


def called(calls_of_cell: Array) -> Iterator[Event]:
    """One line per cell from which people called about the trapped."""
    for cell in np.flatnonzero(calls_of_cell):
        yield Event("call", "trapped_calls", int(cell), calls_of_cell[cell], causes=[("trapped_persons", int(cell))])


def towns(given: Given, before: State, after: State) -> Iterator[Event]:
    """Jams that begin or end, staff that stays away, and towns where many have fallen ill."""
    params, was, now = given.params, before.town, after.town
    shock = [("shock_intensity", -1)]
    jammed_before, jammed = (state.traffic_factor > params.journal_traffic_factor for state in (was, now))
    for town in (jammed != jammed_before).nonzero()[0]:
        name = "jam_begins" if jammed[town] else "jam_ends"
        yield Event(name, "traffic_factor", int(town), now.traffic_factor[town], causes=shock)
    present = now.attendance_fraction
    for town in ((present < 1.0) & (was.attendance_fraction >= 1.0)).nonzero()[0]:
        yield Event("staff_short", "staff_attendance_fraction", int(town), present[town], causes=shock)
    every = params.journal_ill_persons
    ill_before, ill = (state.ill_home.count + state.ill_shelter.count for state in (before, after))
    for town in (ill // every > ill_before // every).nonzero()[0]:
        causes = [(need, int(town)) for need in HARDSHIPS]
        yield Event("many_ill", "persons_ill", int(town), ill[town], causes=causes)


def homeless(given: Given, before: Array, after: Array) -> Iterator[Event]:
    """One line per cell in which many more people have lost their home."""
    if before is after:
        return
    more = after - before
    for cell in np.flatnonzero(more >= given.params.journal_displaced_persons):
        causes = [(need, int(cell)) for need in HOME_LOSSES]
        yield Event("home_lost", "persons_displaced", int(cell), more[cell], causes=causes)


def died_of_hardship(fresh: Table) -> Iterator[Event]:
    """One line per town with disaster-related deaths."""
    for town, number in _counted(fresh["municipality"]):
        yield Event(
            "related_death",
            "deaths_related_persons",
            town,
            number,
            causes=[("persons_ill", town), ("crowding_fraction", town), ("shelter_wbgt_c", town)],
        )


def drowned(given: Given, fresh: Table, inputs: Inputs) -> Iterator[Event]:
    """One line per cell for those killed by water at home, and one for those whom it reached on their way."""
    assert given.water is not None
    for kind, name in ((WATER, "drowned_at_home"), (FLEEING, "drowned_on_way")):
        for cell, number in _counted(fresh["cell"][(fresh["kind"] == kind) & (fresh["state"] == DEAD)]):
            patch = deepest_patch(given.water, inputs["water_max_depth_m"], cell)
            causes = [("caught_persons", cell)] if kind == FLEEING else []
            causes += [(need, patch) for need in ("water_max_depth_m", "water_depth_m") if patch >= 0]
            yield Event(name, "deaths_persons", cell, number, causes=causes, args=(kind,))


def stranded(given: Given, before: Flood, after: Flood, inputs: Inputs) -> Iterator[Event]:
    """Cells where many are newly cut off by water, and those where nobody is any more."""
    assert given.water is not None
    least = given.params.journal_stranded_persons
    many = (after.stranded >= least) & (before.stranded < least)
    for cell in np.flatnonzero(many).tolist():
        patch = deepest_patch(given.water, inputs["water_depth_m"], cell)
        causes = [("water_depth_m", patch), ("water_max_depth_m", patch)]
        yield Event("stranded", "stranded_persons", cell, float(after.stranded[cell]), causes=causes)
    for cell in np.flatnonzero((after.stranded == 0) & (before.stranded >= least)).tolist():
        patch = deepest_patch(given.water, inputs["water_max_depth_m"], cell)
        causes = [("lifted_persons", cell), ("stranded_persons", cell), ("water_depth_m", patch)]
        yield Event("stranded_ends", "stranded_persons", cell, float(before.stranded[cell]), causes=causes)


def confirmed(victims: Table, rise: Array, start_s: int, end_s: int) -> Iterator[Event]:
    """One line per town in which deaths were confirmed in the step, citing where some of the people died."""
    for town in (rise > 0).nonzero()[0]:
        due = (victims["confirm_s"] > start_s) & (victims["confirm_s"] <= end_s)
        rows = np.flatnonzero(due & (victims["municipality"] == town))[:FIRST_CITED].tolist()
        places = [
            (_quantity(site >= 0, True), int(site if site >= 0 else victims["cell"][row]))
            for row, site in zip(rows, victims["site"][rows])
        ]
        yield Event("death_confirmed", "deaths_confirmed_persons", int(town), rise[town], causes=places)


def in_lifts(fresh: Table) -> Iterator[Event]:
    """One line per cell with people shut in lifts."""
    for cell, number in _counted(fresh["cell"][fresh["kind"] == LIFT]):
        yield Event("shut_in_lift", "lift_trapped_persons", cell, number, causes=[("shock_intensity", cell)])


def _quantity(at_site: bool, died: bool) -> str:
    if died:
        return "site_deaths_persons" if at_site else "deaths_persons"
    return "site_trapped_persons" if at_site else "trapped_persons"


def _counted(places: Array) -> list[tuple[int, int]]:
    if not len(places):
        return []
    found, numbers = np.unique(places, return_counts=True)
    return list(zip(found.tolist(), numbers.tolist()))
