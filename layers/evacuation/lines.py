"""Lines for the journal: shelters that open, close and fill up, and large moves, each with what caused it."""

from __future__ import annotations

import numpy as np

from layers.evacuation.moves import Moved
from layers.evacuation.shelters import floor_persons
from layers.evacuation.state import LIMIT_NAMES, REASON_NAMES, Demand, Given, Halls, Limit, Reason, State, Status, Towns
from twin.contract import Event
from twin.records import changed

Array = np.ndarray
Causes = tuple[tuple[str, int], ...]


def limit_causes(given: Given, row: int, limit: int) -> Causes:
    """Quantities behind the condition that binds shelter `row`."""
    town = int(given.halls.town[row])
    return {
        Limit.FLOOR: (),
        Limit.CHECK: (("shelter_usable", row),),
        Limit.HEAT: (("shelter_power", row), ("wbgt_c", town)),
        Limit.TOILETS: (("shelter_water", row), ("shelter_toilets_fraction", row)),
        Limit.WATER: (("shelter_drink_fraction", row),),
        Limit.STAFF: (("shelter_staff_persons", town),),
        Limit.POWER: (("shelter_power", row),),
    }[limit]


def of_halls(given: Given, before: Halls, after: Halls, by_residents: Array, ordered: Array) -> list[Event]:
    """Openings and closings of larger and of ordered shelters; every shelter found unusable with people inside."""
    if after.status is before.status:
        return []
    moved = np.flatnonzero(before.status != after.status)
    if not moved.size:
        return []
    large = floor_persons(given) >= given.params.event_opening_persons
    events = []
    told = large | (before.persons > 0) | (ordered > 0)
    for row in moved[told[moved]].tolist():
        town = int(given.halls.town[row])
        status = int(after.status[row])
        if status == Status.OPEN:
            staff: Causes = (("shelter_checks_units", town), ("shelter_staff_persons", town))
            who = "residents" if by_residents[row] else "town"
            causes: Causes = (("refused_persons", town),) if by_residents[row] else staff
            causes += (("shelter_persons", row),) if ordered[row] > 0 else ()
            args = (who, LIMIT_NAMES[int(after.limit[row])])
            events.append(
                Event(
                    "shelter_opened",
                    "shelter_persons",
                    row,
                    float(after.capacity_persons[row]),
                    -1,
                    causes,
                    args,
                )
            )
        elif status == Status.MERGED:
            causes = (("shelters_target_units", town),)
            events.append(Event("shelter_consolidated", "shelter_persons", row, float(before.persons[row]), -1, causes))
        elif status == Status.UNUSABLE:
            causes = (("shelter_usable", row),)
            events.append(Event("shelter_unusable", "shelter_persons", row, float(before.persons[row]), -1, causes))
    return events


def of_full(given: Given, before: Halls, after: Halls) -> list[Event]:
    """Shelters that became full, with the condition that binds and what causes it."""
    filled = np.flatnonzero(after.full & ~before.full & (after.persons >= given.params.event_full_persons))
    return [
        Event(
            "shelter_full",
            "shelter_limit",
            row,
            float(after.persons[row]),
            -1,
            limit_causes(given, row, int(after.limit[row])),
            (LIMIT_NAMES[int(after.limit[row])],),
        )
        for row in filled.tolist()
    ]


def reason_causes(given: Given, demand: Demand, town: int) -> tuple[str, Causes]:
    """Main reason of a town's evacuees and the quantity behind it, in the cell where it weighs most."""
    cells = np.flatnonzero(given.cells.town == town)
    wanted = demand.wanted_persons[:, cells]
    reason = int(np.argmax(wanted.sum(axis=1)))
    cell = int(cells[np.argmax(wanted[reason])])
    causes = {
        Reason.LOST: (("persons_displaced", cell),),
        Reason.OUTAGE: (("power_on_fraction", cell), ("water_service_fraction", cell)),
        Reason.FEAR: (("felt_shocks", town), ("buildings_half_collapsed", cell)),
        Reason.ORDER: (("evacuation_order_fraction", town), ("tsunami_advisory", town)),
        Reason.BROUGHT: (("brought_persons", town),),
    }[reason]
    return REASON_NAMES[reason], causes


def of_moves(given: Given, demand: Demand, left: Array, returned: Array) -> tuple[list[Event], Array, Array]:
    """Towns from which many left or returned since their last line; returns (events, left, returned) kept on."""
    least = given.params.event_moves_persons
    if max(left.max(), returned.max()) < least:
        return [], left, returned
    events = []
    for town in np.flatnonzero(left >= least).tolist():
        reason, causes = reason_causes(given, demand, town)
        events.append(
            Event("people_left_home", "evacuees_moved_persons", town, float(left[town]), -1, causes, (reason,))
        )
    for town in np.flatnonzero(returned >= least).tolist():
        reason, causes = reason_causes(given, demand, town)
        events.append(
            Event(
                "people_went_home",
                "evacuees_moved_persons",
                town,
                float(returned[town]),
                -1,
                causes,
                (reason,),
            )
        )
    return events, np.where(left >= least, 0.0, left), np.where(returned >= least, 0.0, returned)


def of_refusals(before: Array, after: Array, least_persons: float) -> list[Event]:
    """Towns whose shelters turned away another `least_persons` people."""
    if after is before:
        return []
    crossed = np.flatnonzero(np.floor(after / least_persons) > np.floor(before / least_persons))
    return [
        Event(
            "people_turned_away",
            "refused_persons",
            town,
            float(after[town]),
            -1,
            (("shelters_open_units", town),),
        )
        for town in crossed.tolist()
    ]


def journal(
    given: Given,
    state: State,
    demand: Demand,
    halls: Halls,
    towns: Towns,
    moved: Moved,
    by_residents: Array,
) -> tuple[Towns, list[Event]]:
    """Significant events of the step, and what is kept for the next line."""
    left = towns.left_persons + given.cells.sums(moved.leaving)
    returned = towns.returned_persons + given.cells.sums(moved.returning)
    events, left, returned = of_moves(given, demand, left, returned)
    events += of_halls(given, state.halls, halls, by_residents, state.ordered)
    events += of_full(given, state.halls, halls)
    least = given.params.event_moves_persons
    events += of_refusals(state.towns.refused_persons, towns.refused_persons, least)
    return changed(towns, left_persons=left, returned_persons=returned), events
