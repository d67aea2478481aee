"""Municipality, prefecture and state: reports, requests, approvals, dispatch and their delays; owner of what is known.

Layers before this one hold what is true. Here offices see their own town, write messages, wait for approvals and meet
at fixed hours; every decision is taken on what arrived. `known.py` holds what each office knows, `messages.py` and
`reporting.py` how it gets there, `offices.py` who decides, `cycle.py` the order of a step. Water: `alerts.py` the line
of the warnings, `orders.py` orders and calls on them, `flooding.py` flooded homes and the Disaster Relief Act. Levers:
`levers.py` carries out the orders of those who pull them, `pulled.py` holds them beside what the offices decide.
"""

from __future__ import annotations

from pathlib import Path

from layers.government import alerts, cycle, flooding
from layers.government.levers import LEVERS, obey
from layers.government.outputs import give
from layers.government.series import RECORDS, SERIES, measure
from layers.government.state import Given, State, prepare, start
from twin.contract import Clock, Inputs, Layer, Result, Var

NEEDS = (
    Var(
        "intensity_received",
        "1",
        "municipality",
        doc="observed maximum intensity as received by headquarters; NaN until (or unless) the message comes",
    ),
    Var("office_usable", "1", "office", doc="1 if the office can be entered and used, less if limited"),
    Var(
        "buildings_collapsed", "building", "municipality", doc="buildings totally collapsed so far by shaking or slope"
    ),
    Var(
        "buildings_half_collapsed",
        "building",
        "municipality",
        doc="buildings half collapsed so far, collapsed ones not counted",
    ),
    Var("buildings_partial", "building", "municipality", doc="buildings partly damaged so far, worse ones not counted"),
    Var("office_power", "1", "office", doc="1 if the office has electricity, emergency power included"),
    Var("office_telecom", "1", "office", doc="share of the office's lines that work"),
    Var(
        "power_out_customers", "customer", "municipality", doc="contracts without supply, as the utility monitors them"
    ),
    Var("water_out_households", "household", "municipality", doc="households without piped water"),
    Var("gas_out_customers", "customer", "municipality", doc="city-gas customers stopped"),
    Var("base_stations_down_units", "unit", "municipality", doc="mobile base stations out of service"),
    Var(
        "roads_found_closed_units",
        "unit",
        "municipality",
        doc="road sections found closed or limited by inspection so far",
    ),
    Var(
        "generator_cars_wanted_units",
        "unit",
        "municipality",
        doc="important facilities dark without a generator of their own",
    ),
    Var("staff_attendance_fraction", "1", "municipality", doc="share of municipal staff at work"),
    Var("resident_calls", "call", "municipality", "amount", doc="telephone calls to the town hall"),
    Var("deaths_confirmed_persons", "person", "municipality", doc="deaths identified by hospital or police"),
    Var("missing_persons", "person", "municipality", doc="people reported unaccounted for"),
    Var("injured_severe_persons", "person", "municipality", doc="severely hurt people known to hospitals"),
    Var("injured_light_persons", "person", "municipality", doc="lightly hurt people known to hospitals"),
    Var(
        "shelter_counted_persons",
        "person",
        "municipality",
        doc="people in shelters at the last head-count (known in the town); NaN before the first",
    ),
    Var("shelter_staff_wanted_persons", "person", "municipality", doc="municipal staff the open shelters need"),
    Var("shelters_open_units", "unit", "municipality", doc="shelters open"),
    Var("shelters_unchecked_units", "unit", "municipality", doc="shelters waiting for a safety check"),
    Var("stock_days", "1", "municipality", doc="days of food the town's own stock still covers"),
    Var("trucks_waiting_units", "unit", "municipality", doc="trucks waiting at the depots in the town"),
    Var("goods_received_units", "unit", "municipality*item", doc="goods that arrived in the town so far"),
    Var(
        "scout_reports",
        "report",
        "municipality",
        "amount",
        doc="reports by reconnaissance flights, liaison officers and patrols",
    ),
    Var("trapped_known_persons", "person", "municipality", doc="trapped people at places known to responders"),
    Var("incidents_open", "1", "municipality", doc="known incidents not yet closed"),
    Var("rescued_fire_persons", "person", "municipality", doc="people rescued by fire services so far (local and aid)"),
    Var("tsunami_warning", "1", "municipality", doc="tsunami warning in force: 0 none or advisory, 1 warning, 2 major"),
    Var("flood_warning", "1", "municipality", doc="flood warning level in force, 0 to 5, by river stages"),
    Var(
        "buildings_flooded",
        "building",
        "municipality",
        doc="buildings flooded above the floor, worse ones not counted",
    ),
    Var("water_depth_m", "m", "patch", doc="depth of sea or flood water on the ground now"),
)

GIVES = (
    Var("power_aid_crews", "crew", "region", doc="mutual-aid crews for electricity called up"),
    Var("water_aid_crews", "crew", "region", doc="mutual-aid crews for water called up"),
    Var("gas_aid_crews", "crew", "region", doc="mutual-aid crews for gas called up"),
    Var("generator_cars_units", "unit", "municipality", doc="generator cars allotted to the town"),
    Var("road_priority", "1", "municipality", doc="weight of the town in road inspection and opening (1 = equal)"),
    Var("fire_aid_called", "1", "region", doc="1 once emergency fire teams are called"),
    Var("sdf_called", "1", "region", doc="1 once the Self-Defence Forces are requested"),
    Var("police_aid_called", "1", "region", doc="1 once wide-area police units are called"),
    Var("medical_aid_called", "1", "region", doc="1 once medical assistance teams are called"),
    Var("search_priority", "1", "municipality", doc="weight of the town in sending rescue forces (1 = equal)"),
    Var("scouting_wanted", "1", "municipality", doc="1 where a silent town shall be visited or flown over"),
    Var("evacuation_order_fraction", "1", "municipality", doc="share of residents under an evacuation order"),
    Var(
        "flood_call",
        "1",
        "municipality",
        doc="call of the town for floods: 0 none, 3 old people and care homes leave, 4 all leave, 5 take cover",
    ),
    Var("shelter_staff_persons", "person", "municipality", doc="municipal staff on shelter duty"),
    Var("shelter_checks_units", "unit", "municipality", "amount", doc="shelter safety checks done"),
    Var(
        "shelters_target_units", "unit", "municipality", doc="number of shelters the town wants open; NaN = no decision"
    ),
    Var("homes_tagged_fraction", "1", "municipality", doc="share of damaged homes with a safety tag"),
    Var(
        "goods_ordered_units",
        "unit",
        "municipality*item",
        "amount",
        doc="goods ordered for the town from the last report",
    ),
    Var("push_started", "1", "region", doc="1 once the state sends goods without request"),
    Var("advice", "1", "municipality", doc="strength of heat and safety advice that reaches residents"),
)


def step(given: Given, state: State, inputs: Inputs, clock: Clock) -> Result:
    """Hear, work, decide, write, approve; then say what the offices want of the others."""
    able = cycle.own_resources(given, inputs)
    state, warned = alerts.listen(given, state, inputs, able, clock)
    state, events = cycle.hear(given, state, inputs, clock.end_s)
    flooded = state.flooding
    state, checks = cycle.work(given, state, inputs, able, clock)
    events += [*warned, *flooding.first_listed(flooded, state.flooding)]
    plan = cycle.decide(given, state, inputs, clock)
    state = cycle.allot_staff(given, state, plan, inputs, able, clock.end_s)
    state, decided = cycle.carry_out(given, state, plan, inputs, able, clock)
    state, goods, approved = cycle.grant(given, state, able, clock)
    outputs = give(given, state, inputs, checks, goods)
    return Result(state, outputs, [*events, *decided, *approved])


LAYER = Layer(
    name="government",
    doc=__doc__,
    needs=NEEDS,
    gives=GIVES,
    prepare=prepare,
    start=start,
    step=step,
    measure=measure,
    params_file=Path(__file__).with_name("params.toml"),
    levers=LEVERS,
    series=SERIES,
    records=RECORDS,
    state_schema=3,
    every_s=600,
    wakes=("tsunami_warning",),
    tables=("municipality", "cell", "office", "item", "shelter", "patch"),
    obey=obey,
)
