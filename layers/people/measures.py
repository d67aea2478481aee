"""What the people layer reports about itself: series by municipality, internal quantities of events, the stock."""

from __future__ import annotations

import numpy as np

from layers.people.presence import absent_persons
from layers.people.state import (
    DEAD,
    FIRE,
    FLEEING,
    HURT,
    IN_CAR,
    IN_SHELTER,
    KILLED,
    LANDSLIDE,
    LIFT,
    LIGHTLY,
    RELATED,
    RESIDENTIAL,
    SEVERELY,
    SITE,
    STUCK,
    TRAPPED,
    TREATED,
    WATER,
    Given,
    State,
)
from layers.people.town import by_town, on_cells
from twin.contract import Series, Var
from twin.table import Table

Array = np.ndarray

RECORDS = (
    Var("deaths_persons", "person", "cell", doc="deaths in the cell, related ones not counted"),
    Var("site_deaths_persons", "person", "site", doc="deaths at a large site"),
    Var("lift_trapped_persons", "person", "cell", doc="people shut in lifts"),
    Var("deaths_related_persons", "person", "municipality", doc="disaster-related deaths"),
)

SERIES = (
    Series("deaths", "person", "people killed so far by shock, fire, slope and water: all kinds except related deaths"),
    Series("deaths_residential", "person", "people killed in dwellings and other ordinary buildings"),
    Series("deaths_site", "person", "people killed at large sites"),
    Series("deaths_fire", "person", "people killed by fire"),
    Series("deaths_landslide", "person", "people killed by landslides"),
    Series("deaths_water", "person", "people killed by sea or flood water, at home or on their way"),
    Series("deaths_water_on_way", "person", "those of them whom the water reached on their way"),
    Series("deaths_related", "person", "disaster-related deaths, never inside `deaths`"),
    Series("injured_severe", "person", "severely hurt people alive, freed from where they were trapped"),
    Series("injured_light", "person", "lightly hurt people, freed from where they were trapped"),
    Series("trapped_persons", "person", "people trapped in dwellings and large sites now"),
    Series("missing", "person", "people reported unaccounted for and not found"),
    Series("cardiac_arrest", "person", "dead people found whose death is not yet confirmed"),
    Series("ill", "person", "people taken ill so far by heat, crowding or lack of care"),
    Series("persons_home", "person", "people at home now"),
    Series("persons_at_work", "person", "residents at work now"),
    Series("persons_at_school", "person", "residents at school, club or day care now"),
    Series("persons_at_shops", "person", "residents in shops and at leisure now"),
    Series("persons_on_road", "person", "residents on the road now, those going home after a shock included"),
    Series("persons_away", "person", "residents who stay elsewhere as evacuees"),
    Series("freed_by_neighbours", "person", "trapped people freed by neighbours so far"),
    Series("lift_trapped", "person", "people shut in lifts now"),
    Series("injured_waiting", "person", "hurt people not yet treated, those who never ask for care included"),
    Series("ill_expected", "person", "mean number of people taken ill so far, without the luck of the draw"),
    Series("landslide_victims_expected", "person", "mean number of dead and hurt by landslides so far"),
    Series("deaths_water_expected", "person", "mean number of people killed by water so far"),
    Series("stranded_persons", "person", "residents at home cut off by water and not yet fetched"),
    Series("persons_displaced", "person", "residents whose home cannot be lived in"),
    Series("emergency_calls", "call", "119 calls that got through so far"),
    Series("deaths_aged_65", "person", "people aged 65 and over killed so far, related deaths not counted"),
    Series("deaths_related_aged_65", "person", "people aged 65 and over who died of hardship so far"),
    Series("trapped_aged_65", "person", "people aged 65 and over trapped in dwellings and large sites now"),
    Series(
        "injured_severe_aged_65", "person", "severely hurt people aged 65 and over, freed from where they were trapped"
    ),
    Series("deaths_related_in_shelters", "person", "disaster-related deaths so far of people who stayed in shelters"),
    Series("deaths_related_in_cars", "person", "disaster-related deaths so far of people who stayed in cars"),
    Series("ill_in_shelters_expected", "person", "mean number of people in shelters taken ill so far"),
    Series("ill_in_cars_expected", "person", "mean number of people in cars taken ill so far"),
    Series(
        "ill_dependent_expected", "person", "mean number of people ill so far for lack of power, oxygen or dialysis"
    ),
    Series(
        "dependent_persons",
        "person",
        "living people who need power, oxygen or dialysis; derived: by the national rate of the people",
    ),
    Series(
        "dependent_without_power_persons",
        "person",
        "users of powered devices whose battery and cylinder are empty now; derived: by the national rate of users",
    ),
    Series(
        "dependent_without_dialysis_persons",
        "person",
        "dialysis patients overdue now for want of water; derived: by the national rate of patients",
    ),
    Series("traffic_factor", "1", "travel time as a multiple of free flow", total="mean"),
    Series("staff_attendance_fraction", "1", "share of municipal staff at work", total="mean"),
)


def at_home(given: Given, state: State, absent: Array) -> Array:
    """Residents at home, int64 (cell,), when this share of each town is out; those cut off by water cannot be out."""
    held = state.flood.stranded if given.water is not None else None
    return state.residents - absent_persons(on_cells(given, absent), state.residents, state.quantile, held)


def home_persons(given: Given, state: State) -> Array:
    """Residents at home now, int64 (cell,)."""
    return at_home(given, state, state.town.absent_fraction)


def persons_out(given: Given, state: State, home: Array) -> Array:
    """Residents at work, at school, in shops and on the road now, (4, municipality); home: (cell,)."""
    residents = by_town(given, state.residents)
    out = residents - by_town(given, home)
    homeward = np.minimum(state.town.homeward_fraction * residents, out)
    shares = state.place_fractions / max(state.place_fractions.sum(), 1e-9)
    places = shares[:, None] * (out - homeward)
    places[3] += homeward
    return places


def missing(state: State) -> Array:
    """Rows of people reported unaccounted for and not found yet, bool (victim,)."""
    victims = state.victims
    gone = (victims["state"] == TRAPPED) | ((victims["state"] == DEAD) & (victims["found_s"] > state.now_s))
    return gone & (victims["missing_s"] <= state.now_s)


def confirmed(victims: Table, now_s: int) -> Array:
    """Rows of dead people whose death is confirmed, bool (victim,); related deaths take a certificate instead."""
    dead = (victims["state"] == DEAD) & (victims["kind"] != RELATED)
    return dead & (victims["confirm_s"] <= now_s)


def in_care(state: State) -> Array:
    """Rows of hurt people alive and out of the rubble, bool (victim,)."""
    condition = state.victims["state"]
    return (condition == HURT) | (condition == TREATED)


def count(given: Given, victims: Table, rows: Array) -> Array:
    """Victims by municipality, float64."""
    towns = victims["municipality"][rows]
    return np.bincount(towns, minlength=given.n_towns).astype(np.float64)


def in_hospital(given: Given, state: State) -> Array:
    """Hurt people whom hospitals know, by severity and municipality, float64 (severity, municipality)."""
    victims, n_towns = state.victims, given.n_towns
    rows = (in_care(state) & victims["asked"]).nonzero()[0]
    place = victims["severity"][rows].astype(np.int64) * n_towns + victims["municipality"][rows]
    return np.bincount(place, minlength=(SEVERELY + 1) * n_towns).reshape(-1, n_towns).astype(np.float64)


def _masks(state: State) -> dict[str, Array]:
    """Rows of the victims that each series counts, bool (victim,)."""
    kind, condition = state.victims["kind"], state.victims["state"]
    dead, cared, severity = condition == DEAD, in_care(state), state.victims["severity"]
    unconfirmed = dead & (kind != RELATED) & ~confirmed(state.victims, state.now_s)
    related, aged = dead & (kind == RELATED), state.victims["aged"]
    arrest = unconfirmed & (state.victims["found_s"] <= state.now_s)
    return {
        "deaths": dead & (kind != RELATED),
        "deaths_residential": dead & (kind == RESIDENTIAL),
        "deaths_site": dead & (kind == SITE),
        "deaths_fire": dead & (kind == FIRE),
        "deaths_landslide": dead & (kind == LANDSLIDE),
        "deaths_water": dead & ((kind == WATER) | (kind == FLEEING)),
        "deaths_water_on_way": dead & (kind == FLEEING),
        "deaths_related": related,
        "deaths_aged_65": dead & (kind != RELATED) & aged,
        "deaths_related_aged_65": related & aged,
        "deaths_related_in_shelters": related & (state.victims["lived"] == IN_SHELTER),
        "deaths_related_in_cars": related & (state.victims["lived"] == IN_CAR),
        "trapped_aged_65": (condition == TRAPPED) & aged,
        "injured_severe_aged_65": cared & (severity == SEVERELY) & aged,
        "injured_severe": cared & (severity == SEVERELY),
        "injured_light": cared & (severity == LIGHTLY),
        "trapped_persons": condition == TRAPPED,
        "missing": missing(state),
        "cardiac_arrest": arrest,
        "injured_waiting": condition == HURT,
        "lift_trapped": (condition == STUCK) & (kind == LIFT),
    }


def measure(given: Given, state: State) -> dict[str, Array]:
    """Every series now, (municipality,) float64."""
    values = {name: count(given, state.victims, mask) for name, mask in _masks(state).items()}
    slides = state.expected[LANDSLIDE].sum(axis=0)
    values["landslide_victims_expected"] = by_town(given, slides)
    values["deaths_water_expected"] = by_town(given, state.expected[[WATER, FLEEING], KILLED].sum(axis=0))
    values["ill_expected"] = state.ill_home.level + state.ill_shelter.level
    values["emergency_calls"] = state.emergency_calls.astype(np.float64)
    values["traffic_factor"] = state.town.traffic_factor
    values["staff_attendance_fraction"] = state.town.attendance_fraction
    values["ill"] = (state.ill_home.count + state.ill_shelter.count).astype(np.float64)
    home = home_persons(given, state)
    places = ("persons_at_work", "persons_at_school", "persons_at_shops", "persons_on_road")
    values.update(zip(places, persons_out(given, state, home), strict=True))
    of_cells = {
        "persons_home": home,
        "persons_away": state.away,
        "persons_displaced": state.displaced_persons,
        "stranded_persons": state.flood.stranded,
    }
    for name, cells in of_cells.items():
        values[name] = by_town(given, cells)
    values["freed_by_neighbours"] = state.neighbour_freed.astype(np.float64)
    return values | _of_groups(given, state)


def _of_groups(given: Given, state: State) -> dict[str, Array]:
    """People who depend on power, oxygen or dialysis, and mean numbers of the ill by group."""
    params, groups, town = given.params, state.groups, state.town
    living = by_town(given, state.residents + state.away)
    users, patients = params.device_users_per_person * living, params.dialysis_per_person * living
    return {
        "dependent_persons": users + patients,
        "dependent_without_power_persons": users * (1.0 - town.device_ok_fraction),
        "dependent_without_dialysis_persons": patients * (1.0 - town.dialysis_ok_fraction),
        "ill_in_shelters_expected": groups.ill_in_shelters,
        "ill_in_cars_expected": groups.ill_in_cars,
        "ill_dependent_expected": groups.ill_dependent,
    }
