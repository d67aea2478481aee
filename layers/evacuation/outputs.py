"""What other layers and the series see of the layer at the end of a step."""

from __future__ import annotations

import numpy as np

from layers.evacuation import behaviour, moves, shelters
from layers.evacuation.flight import Fled
from layers.evacuation.households import CARE, CAUGHT, MOVING, SLOW
from layers.evacuation.state import Given, Place, State, Status
from twin.contract import Clock, Inputs

Array = np.ndarray


def outputs(
    given: Given,
    state: State,
    inputs: Inputs,
    clock: Clock,
    moved: moves.Moved,
    sick: moves.Transfers,
    fled: Fled | None = None,
) -> dict[str, Array]:
    """Every give at the end of the step; fled: None in worlds where nobody flees from water."""
    halls, params, cars = state.halls, given.params, state.towns.car_persons
    night = behaviour.night_fraction(params, clock.hour)
    car_c = inputs["wbgt_c"] + params.car_day_c + (params.car_night_c - params.car_day_c) * night
    inside, heat, capacity, staff, n_open, n_unchecked = given.halls.sums(
        np.array(
            [
                halls.present,
                halls.present * halls.wbgt_c,
                halls.capacity_persons,
                shelters.staff_wanted_persons(given, halls),
                halls.status == Status.OPEN,
                shelters.live(halls) & ~halls.checked,
            ]
        )
    )
    heat = heat + cars * car_c
    exposed = inside + cars
    return {
        "caught_persons": given.nobody if fled is None or not fled.caught.any() else fled.caught,
        "caught_at_persons": given.no_patch if fled is None or not fled.caught.any() else fled.caught_at,
        "evacuee_cars_units": given.no_cars if fled is None or not fled.cars_units.any() else fled.cars_units,
        "shelter_persons": halls.present,
        "car_persons": cars,
        "elsewhere_persons": elsewhere(given, state),
        "leaving_persons": moved.leaving if fled is None else moved.leaving + fled.leaving,
        "returning_persons": moved.returning,
        "crowding_fraction": inside / np.maximum(capacity, 1.0),
        "shelter_wbgt_c": np.where(exposed > 0, heat / np.maximum(exposed, 1.0), inputs["wbgt_c"]),
        "shelter_counted_persons": state.towns.counted_persons,
        "shelter_staff_wanted_persons": staff,
        "shelters_open_units": n_open,
        "shelters_unchecked_units": n_unchecked,
        "shelter_ambulance_calls": sick.transferred,
    }


def elsewhere(given: Given, state: State) -> Array:
    """Evacuees with relatives, in hotels, undesignated places and yards, (municipality,)."""
    away, sums = state.away_persons, given.cells.sums
    in_yards = np.ceil((1.0 - given.params.turned_car_fraction) * sums(away[Place.TURNED_AWAY]) - state.town_quantile)
    return sums(away[Place.RELATIVES] + away[Place.UNDESIGNATED]) + np.maximum(in_yards, 0.0)


def measure(given: Given, state: State) -> dict[str, Array]:
    """Series values by municipality."""
    halls, sums = state.halls, given.halls.sums
    return {
        "evacuees_in_shelters": sums(halls.present),
        "evacuees_in_cars": state.towns.car_persons,
        "evacuees_elsewhere": elsewhere(given, state),
        "evacuees_in_hospital": given.cells.sums(state.away_persons[Place.HOSPITAL]),
        "shelters_open": sums(halls.status == Status.OPEN),
        "shelters_full": sums(halls.full),
        "shelter_capacity_persons": sums(halls.capacity_persons),
        "refused_persons": state.towns.refused_persons,
        "evacuees_fleeing": given.cells.sums(state.away_persons[Place.UNDER_WAY]),
        "evacuees_in_refuges": given.cells.sums(state.away_persons[Place.REFUGE]),
        "people_caught": state.flight.caught_persons,
        "care_home_persons_moved": state.flight.care_persons,
        **_aged(given, state),
        **_slow(given, state),
    }


def _aged(given: Given, state: State) -> dict[str, Array]:
    """People aged 65 and over in shelters and cars: by the share of them in the cells the people there came from."""
    away, sums = state.away_persons, given.cells.sums
    parked = away[Place.CAR] + given.params.turned_car_fraction * away[Place.TURNED_AWAY]
    inside = given.halls.sums(state.halls.present)
    found = {}
    for name, persons, places in (
        ("evacuees_aged_65_in_shelters", inside, away[Place.SHELTER]),
        ("evacuees_aged_65_in_cars", state.towns.car_persons, parked),
    ):
        share = sums(places * given.share_65) / np.maximum(sums(places), 1e-9)
        found[name] = persons * share
    return found


def _slow(given: Given, state: State) -> dict[str, Array]:
    """People of slow households and of care homes who are on their way or were caught by water."""
    names = ("evacuees_fleeing_slow", "people_caught_slow", "care_home_persons_caught")
    n_towns, homes = len(given.town_keys), state.flight.households
    if not len(homes):
        return dict.fromkeys(names, np.zeros(n_towns))
    group, phase = homes["group"], homes["phase"]
    rows = (
        (group == SLOW) & (phase == MOVING),
        (group == SLOW) & (phase == CAUGHT),
        (group == CARE) & (phase == CAUGHT),
    )
    town, gone = given.cells.town[homes["cell"]], homes["gone"]
    return {
        name: np.bincount(town[mask], weights=gone[mask], minlength=n_towns)
        for name, mask in zip(names, rows, strict=True)
    }
