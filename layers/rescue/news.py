"""What is worth a line in the journal, with the causes it has."""

from __future__ import annotations

import numpy as np

from layers.rescue.codes import IS_SCOUT, Task, Trigger
from layers.rescue.state import Given, State
from twin.contract import Event
from twin.missions import DONE, TRAVELLING, Missions

Array = np.ndarray
Causes = tuple[tuple[str, int], ...]
CALL_OF_TRIGGER = {
    Trigger.FIRE_AID: "fire_aid_called",
    Trigger.SDF: "sdf_called",
    Trigger.POLICE_AID: "police_aid_called",
    Trigger.MEDICAL_AID: "medical_aid_called",
}


class News:
    """Collects the events of one step."""

    def __init__(self, given: Given, now_s: int) -> None:
        self.given, self.now_s = given, now_s
        self.events: list[Event] = []

    def arrived(self, bases: Array) -> None:
        """The first crews of forces from outside are there."""
        roster = self.given.roster
        for base in bases.tolist():
            crews = roster.base == base
            call = CALL_OF_TRIGGER.get(int(roster.trigger[crews][0]))
            causes = ((call, 0),) if call else ()
            self._add("force_arrived", "crews_arrived", base, float(roster.persons[crews].sum()), causes)

    def sent_arrived(self, persons: Array, places: Array, quantity: str) -> None:
        """Units sent by order to towns or hospitals (`places`, one per unit) are there."""
        for place in np.unique(places).tolist():
            here = float(persons[places == place].sum())
            self._add("force_arrived", quantity, place, here, ((quantity, place),))

    def cases(self, cells: Array) -> None:
        """The first place in a cell becomes known by a call."""
        for cell in cells.tolist():
            self._add("incident_known", "cases_known", cell, 1.0, (("trapped_calls", cell), ("trapped_persons", cell)))

    def sites(self, rows: Array) -> None:
        """A large site asks for help."""
        for site in rows.tolist():
            causes = (("site_trapped_persons", site), ("site_damage_fraction", site))
            self._add("site_known", "sites_known", site, 1.0, causes)

    def fires(self, cells: Array) -> None:
        """Crews are ordered to a cell that began to burn."""
        for cell in cells.tolist():
            self._add("fire_reported", "fire_crews", cell, 1.0, (("fires_burning", cell),))

    def by_hand(self, began: Array, ended: Array) -> None:
        """A dispatch centre falls back to work by hand, or recovers."""
        for towns, kind in ((began, "dispatch_manual"), (ended, "dispatch_restored")):
            for town in towns.tolist():
                self._add(kind, "dispatch_manual", town, 1.0, (("dispatch_fraction", town),))

    def sent(self, missions: Missions, log: Array) -> None:
        """Crews set out to free people, and scouts report."""
        places, after, kind = self.given.places, log["after"], log["kind"]
        for line in log[(after == TRAVELLING) & (kind == Task.EXTRACT)]:
            cell = int(places.entity[line["place"]])
            self._add("crew_assigned", "crews_sent", cell, 1.0, (("cases_known", cell),), time_s=int(line["time_s"]))
        for line in log[(after == DONE) & IS_SCOUT[kind]]:
            town = int(places.town[line["place"]])
            by = ("air",) if line["kind"] == Task.FLIGHT else ("road",)
            causes = (("scouting_wanted", town),)
            self.events.append(Event("scouted", "scout_reports", town, 1.0, int(line["time_s"]), causes, by))

    def freed(self, freed: Array, site_freed: Array) -> None:
        """People freed from houses and from large sites."""
        for cell in np.flatnonzero(freed).tolist():
            self._add("freed", "freed_persons", cell, freed[cell], (("crews_sent", cell), ("cases_known", cell)))
        for site in np.flatnonzero(site_freed).tolist():
            self._add("freed", "site_freed_persons", site, site_freed[site], (("sites_known", site),))

    def stranded_known(self, cells: Array, persons: Array) -> None:
        """Responders hear of or see people cut off by water."""
        for cell in cells.tolist():
            causes = (("stranded_persons", cell), ("water_depth_m", cell))
            self._add("stranded_known", "stranded_known_persons", cell, persons[cell], causes)

    def lifted(self, persons: Array) -> None:
        """People fetched by boat or helicopter."""
        for cell in np.flatnonzero(persons).tolist():
            self._add("lifted", "lifted_persons", cell, persons[cell], (("stranded_known_persons", cell),))

    def overloaded(self, rows: Array, waiting: Array) -> None:
        """More patients wait at a hospital than it can look after."""
        for row in rows.tolist():
            town = int(np.argmax(waiting[row]))
            causes = (("hospital_power", row), ("hospital_water", row), ("hospital_usable", row))
            patients = (("walk_in_persons", town), ("ambulance_calls", town))
            self._add("hospital_overloaded", "hospital_waiting_persons", row, waiting[row].sum(), causes + patients)

    def _add(
        self,
        kind: str,
        quantity: str,
        row: int,
        amount: float,
        causes: tuple[tuple[str, int], ...],
        *,
        time_s: int = -1,
    ) -> None:
        self.events.append(Event(kind, quantity, int(row), float(amount), time_s, causes))


def fuel_total_l(given: Given, state: State) -> float:
    """Fuel of response vehicles, litres."""
    return float(state.fuel_l.sum())
