"""Fire, police, Self-Defence and medical forces: search, rescue, transport, firefighting, hospitals.

Calls (`dispatch`) and patrols (`dwellings`) make places known; missions (`twin.missions`) send crews from one pool
that rescue and fires (`fire`) share; large sites have rules of their own (`sites`). Truth is met only where a crew
ends its work. `forces` says who is called, ready, on shift and supplied, `ways` who gets where, `ambulance` and
`hospitals` what becomes of the hurt, `scouting` who visits silent towns, clears roads and helps hospitals, `boats`
who fetches people cut off by water, `levers` and `sent` what is ordered from outside.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from layers.rescue import boats
from layers.rescue.levers import LEVERS, obey
from layers.rescue.news import fuel_total_l
from layers.rescue.setting import prepare
from layers.rescue.state import Given, State, start
from layers.rescue.stepping import step
from twin.contract import Layer, Series, Stock, Var

Array = np.ndarray

NEEDS = (
    Var("work_stopped", "1", "municipality", doc="1 while outdoor work is stopped after a shock of 5-lower or more"),
    Var("daylight", "1", "region", doc="1 by day, 0 by night, between in twilight"),
    Var("wbgt_c", "degC", "municipality", doc="wet-bulb globe temperature outdoors"),
    Var("wind_m_per_s", "m_per_s", "region", doc="mean wind speed"),
    Var("fires_burning", "1", "cell", doc="fires burning now"),
    Var("buildings_collapsed", "building", "cell", doc="buildings totally collapsed so far by shaking or slope"),
    Var("hospital_usable", "1", "hospital", doc="share of the hospital's function that structure and fixtures allow"),
    Var("site_damage_fraction", "1", "site", doc="share of the large site's floors lost"),
    Var("local_blocked_fraction", "1", "municipality", doc="share of narrow streets blocked by collapsed buildings"),
    Var("travel_emergency_s", "s", "node*node", doc="travel time of emergency vehicles; infinite when cut off"),
    Var("local_speed_fraction", "1", "municipality", doc="speed on local streets as a share of normal"),
    Var("hospital_power", "1", "hospital", doc="share of the electricity a hospital needs, generator included"),
    Var("hospital_water", "1", "hospital", doc="share of the water a hospital needs, its tank included"),
    Var(
        "dispatch_fraction",
        "1",
        "municipality",
        doc="119 dispatch capability as a share of normal (power, lines, the centre itself)",
    ),
    Var("water_service_fraction", "1", "municipality", doc="share of normal piped water service"),
    Var("trapped_persons", "person", "cell", doc="people trapped in collapsed dwellings (the truth)"),
    Var("site_trapped_persons", "person", "site", doc="people trapped in large sites (the truth)"),
    Var("trapped_calls", "call", "cell", "amount", doc="119 calls about trapped people, duplicates included"),
    Var(
        "ambulance_calls",
        "call",
        "municipality",
        "amount",
        doc="119 calls for an ambulance: hurt, ill and everyday demand",
    ),
    Var("walk_in_persons", "person", "municipality", "amount", doc="hurt people who go to hospital by themselves"),
    Var("shelter_ambulance_calls", "call", "municipality", "amount", doc="119 calls from shelters and cars"),
    Var("responder_fuel_l", "litre", "municipality", "amount", doc="fuel handed to response vehicles", stock="fuel"),
    Var("responder_food_fraction", "1", "municipality", doc="food and water for responders over need"),
    Var("fire_aid_called", "1", "region", doc="1 once emergency fire teams are called"),
    Var("sdf_called", "1", "region", doc="1 once the Self-Defence Forces are requested"),
    Var("police_aid_called", "1", "region", doc="1 once wide-area police units are called"),
    Var("medical_aid_called", "1", "region", doc="1 once medical assistance teams are called"),
    Var("search_priority", "1", "municipality", doc="weight of the town in sending rescue forces (1 = equal)"),
    Var("scouting_wanted", "1", "municipality", doc="1 where a silent town shall be visited or flown over"),
    Var("water_depth_m", "m", "cell", doc="depth of sea or flood water on the ground now"),
    Var("tsunami_warning", "1", "municipality", doc="tsunami warning in force: 0 none or advisory, 1 warning, 2 major"),
    Var("stranded_persons", "person", "cell", doc="people on upper floors and roofs amid water, waiting to be fetched"),
)

GIVES = (
    Var("freed_persons", "person", "cell", "amount", doc="trapped people freed from dwellings by responders"),
    Var("site_freed_persons", "person", "site", "amount", doc="trapped people freed from large sites"),
    Var("treated_persons", "person", "municipality", "amount", doc="patients given a bed or treatment"),
    Var("hospital_waiting_persons", "person", "hospital", doc="patients waiting at the hospital"),
    Var("fire_crews", "crew", "cell", doc="crews at work on fires"),
    Var("road_clearing_crews", "crew", "municipality", doc="engineer crews that clear roads"),
    Var("water_support_l_per_s", "litre_per_s", "municipality", doc="water brought by Self-Defence tank trucks"),
    Var(
        "scout_reports",
        "report",
        "municipality",
        "amount",
        doc="reports by reconnaissance flights, liaison officers and patrols",
    ),
    Var("trapped_known_persons", "person", "municipality", doc="trapped people at places known to responders"),
    Var("incidents_open", "1", "municipality", doc="known incidents not yet closed"),
    Var("responders_present_persons", "person", "municipality", doc="responders in the town"),
    Var("responders_working_persons", "person", "region", doc="responders at work"),
    Var("responder_fuel_wanted_l", "litre", "municipality", doc="fuel response vehicles want"),
    Var("forces_trucks_units", "unit", "region", doc="trucks of the forces that carry goods"),
    Var("brought_persons", "person", "municipality", "amount", doc="freed or helped people brought to shelters"),
    Var("rescued_fire_persons", "person", "municipality", doc="people rescued by fire services so far (local and aid)"),
    Var("lifted_persons", "person", "cell", "amount", doc="stranded people fetched by boat or helicopter"),
)

RECORDS = (
    Var("cases_known", "1", "cell", doc="places with trapped people known by calls"),
    Var("crews_sent", "1", "cell", doc="crews sent to free people"),
    Var("sites_known", "1", "site", doc="large sites that asked for help"),
    Var("stranded_known_persons", "person", "cell", doc="people cut off by water when responders first knew of them"),
    Var("dispatch_manual", "1", "municipality", doc="1 while the dispatch centre works by hand"),
    Var("crews_arrived", "1", "base", doc="1 once the first crew of the base is ready in the region"),
    Var("sent_crews", "crew", "municipality", doc="fire crews sent to the town by order"),
    Var("sent_teams_crews", "crew", "hospital", doc="medical teams sent to the hospital by order"),
    Var("airlift_helicopters", "1", "hospital", doc="helicopters allotted to fly severe patients out of the hospital"),
)

SERIES = (
    Series("rescued_persons", "person", "people freed from rubble or fetched from water by all responders so far"),
    Series("rescued_fire_service", "person", "people freed by fire services, local and from outside, so far"),
    Series("rescue_waiting", "1", "known places of trapped people without a crew"),
    Series("hospital_patients_waiting", "person", "patients waiting at hospitals, by place of hospital"),
    Series("ambulance_patients_waiting", "person", "patients waiting for an ambulance"),
    Series("responders_moving", "person", "responders on the way, those coming from outside included"),
    Series("responders_working", "person", "responders at work"),
    Series("ambulance_runs", "1", "ambulance runs so far, everyday patients included"),
    Series("responder_fuel", "litre", "fuel of response vehicles at hand"),
    Series("scouting_orders", "1", "visits and flights ordered to silent towns so far"),
    Series("lifted_persons", "person", "people fetched from water by boat or helicopter so far"),
    Series("stranded_waiting", "person", "people cut off by water whom responders know of and have not fetched"),
    Series("patients_airlifted", "person", "severe patients flown out of hospitals so far, by place of hospital"),
    Series("search_negatives", "1", "places searched without finding anybody so far"),
)


def measure(given: Given, state: State) -> dict[str, Array]:
    """The declared series now, (municipality,) each."""
    medical, present = state.medical, state.present
    waiting = np.bincount(given.hospital_town, weights=medical.waiting.sum(axis=1), minlength=given.n_town)
    return {
        "rescued_persons": state.counts.rescued.astype(np.float64),
        "rescued_fire_service": state.counts.rescued_fire.astype(np.float64),
        "rescue_waiting": present.waiting,
        "hospital_patients_waiting": waiting,
        "ambulance_patients_waiting": medical.ambulance_waiting + state.calls.ambulance,
        "responders_moving": present.moving,
        "responders_working": present.working,
        "ambulance_runs": np.floor(medical.runs + 1e-9),
        "responder_fuel": state.fuel_l,
        "scouting_orders": state.counts.visits.astype(np.float64),
        "lifted_persons": state.lifts.lifted.astype(np.float64),
        "stranded_waiting": np.bincount(given.cell_town, weights=boats.waiting(state.lifts), minlength=given.n_town),
        "patients_airlifted": np.bincount(given.hospital_town, weights=state.sent.flown, minlength=given.n_town),
        "search_negatives": state.counts.negatives.astype(np.float64),
    }


LAYER = Layer(
    name="rescue",
    doc=__doc__ or "",
    needs=NEEDS,
    gives=GIVES,
    prepare=prepare,
    start=start,
    step=step,
    measure=measure,
    params_file=Path(__file__).with_name("params.toml"),
    stocks=(Stock("fuel", "litre", fuel_total_l),),
    levers=LEVERS,
    series=SERIES,
    records=RECORDS,
    every_s=300,
    state_schema=3,
    obey=obey,
)
