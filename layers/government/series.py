"""Series and internal quantities of the layer; reported series show what the last publication said."""

from __future__ import annotations

import numpy as np

from layers.government import outputs, pulled, requests, triggers
from layers.government.known import Holder, Q, information_age_s
from layers.government.state import Given, State
from twin.contract import Series, Var

Array = np.ndarray

# name of the true series -> (quantity published, unit, doc)
REPORTED = {
    "households_without_power": (Q.POWER_OUT, "customer", "contracts without supply as last published"),
    "households_without_water": (Q.WATER_OUT, "household", "households without water as last published"),
    "households_without_gas": (Q.GAS_OUT, "customer", "city-gas customers stopped as last published"),
    "base_stations_down": (Q.BASE_STATIONS_DOWN, "unit", "mobile base stations down as last published"),
    "roads_closed": (Q.ROADS_CLOSED, "unit", "road sections closed or limited as last published"),
    "evacuees_in_shelters": (Q.EVACUEES, "person", "people in shelters as last published"),
    "shelters_open": (Q.SHELTERS_OPEN, "unit", "shelters open as last published"),
    "deaths": (Q.DEATHS, "person", "deaths as last published"),
    "injured_severe": (Q.INJURED_SEVERE, "person", "severely hurt people as last published"),
    "injured_light": (Q.INJURED_LIGHT, "person", "lightly hurt people as last published"),
    "trapped_persons": (Q.TRAPPED_KNOWN, "person", "trapped people at known places as last published"),
    "rescued_persons": (Q.RESCUED_FIRE, "person", "people rescued by fire services as last published"),
    "buildings_collapsed": (Q.HOMES_FULL, "building", "homes classed as totally destroyed as last published"),
    "buildings_half_collapsed": (Q.HOMES_HALF, "building", "homes classed as half destroyed as last published"),
    "buildings_partial": (Q.HOMES_PARTIAL, "building", "homes classed as partly damaged as last published"),
    "buildings_flooded": (Q.HOMES_FLOODED, "building", "homes flooded above the floor as last published"),
    "missing": (Q.MISSING, "person", "people unaccounted for as last published"),
    "incidents_open": (Q.INCIDENTS_OPEN, "1", "known incidents not yet closed as last published"),
    "trucks_queued": (Q.TRUCKS_WAITING, "unit", "trucks waiting at depots as last published"),
    "homes_unclassified": (Q.HOMES_UNCLASSIFIED, "building", "damaged homes not yet classed as last published"),
}

SERIES = (
    Series("requests_pending", "1", "requests waiting for a decision"),
    Series("approval_delay_s", "s", "age of the oldest open request, or the wait of the last one decided", total="max"),
    Series("responders_requested", "person", "responders asked for from outside, shared over towns by search weight"),
    Series("silent_towns", "1", "town halls the prefecture has not heard from in time"),
    Series("information_age_s", "s", "mean age of what the prefecture knows of a town", total="mean"),
    Series("disaster_staff_persons", "person", "municipal and supporting staff on disaster duties"),
    Series("town_calls_waiting", "call", "telephone calls to the town hall not yet answered"),
    Series("generator_cars_allotted", "unit", "generator cars allotted"),
    Series("homes_tagged", "building", "damaged homes with a safety tag"),
    Series("flood_call", "1", "call of the town for floods: 0, 3 (old people), 4 (all), 5 (take cover)", total="max"),
    Series("residents_ordered", "person", "residents under an evacuation order"),
    *(Series(f"reported.{name}", unit, doc, kind="reported") for name, (_, unit, doc) in REPORTED.items()),
)

RECORDS = (
    Var("town_silent", "1", "municipality", doc="1 while the prefecture counts the town hall as silent"),
    Var("report_delay_s", "s", "municipality", doc="time a report of the town hall was under way"),
    Var("requests_open", "1", "municipality", doc="requests of or for the town waiting for a decision"),
    Var("headquarters_set", "1", "office", doc="1 once the office's headquarters stands"),
    Var("reports_published", "1", "region", doc="number of the prefecture's situation report"),
    Var("relief_act_applied", "1", "region", doc="1 once the Disaster Relief Act is applied"),
    Var("national_headquarters_set", "1", "region", doc="1 once the national headquarters stands"),
    Var("tsunami_warning_known", "1", "municipality", doc="class of the tsunami warning the town hall knows"),
    Var("flood_warning_known", "1", "municipality", doc="flood warning level the town hall knows"),
    Var("flooded_homes_listed", "1", "municipality", doc="homes flooded above the floor on the town's list"),
    Var("staff_support_persons", "person", "region", doc="staff sent by other governments, once decided"),
    Var("town_support_persons", "person", "municipality", doc="outside staff ordered to the town"),
)


def measure(given: Given, state: State) -> dict[str, Array]:
    """Every declared series at the state's instant, (town,); reported series hold NaN where nothing was published."""
    n_town, now_s = given.n_town, state.now_s
    waiting_s = requests.oldest_s(state.requests, n_town, now_s)
    share = pulled.override(state.search_weight, state.pulled.search_weight) * given.population
    values = {
        "requests_pending": requests.pending(state.requests, n_town),
        "approval_delay_s": np.maximum(waiting_s, state.last_delay_s),
        "responders_requested": triggers.requested_persons(state.calls_due_s, now_s, given.params)
        * share
        / share.sum(),
        "silent_towns": state.silent.astype(np.float64),
        "information_age_s": information_age_s(state.known.as_of_s[Holder.PREFECTURE, Q.INTENSITY + 1 :], now_s),
        "disaster_staff_persons": state.staff.sum(axis=1),
        "town_calls_waiting": state.calls_waiting,
        "generator_cars_allotted": state.generator_cars,
        "homes_tagged": np.floor(state.counts.tagged),
        "flood_call": outputs.flood_call(given, state),
        "residents_ordered": outputs.ordered_fraction(given, state) * given.population,
    }
    values.update({f"reported.{name}": state.rhythm.published_value[row[0]] for name, row in REPORTED.items()})
    return values
