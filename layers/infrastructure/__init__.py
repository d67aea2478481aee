"""Power, water, sewer, gas, roads, telecom: damage that spreads and is restored.

A step, in the order of `course.py`: crews travel and work; what they finished is restored; a shock or houses newly
lost break more; water drowns what stands low; supply follows the chain mains, generators, stations and pumps, tanks;
new work is asked for.
Mains, generators and stations move in every step; crews, water zones, gas and sewers in the half-hourly rounds of the
control rooms and after a shock.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from layers.infrastructure import course, levers, outputs, reports
from layers.infrastructure.state import Given, State, prepare, start
from twin.contract import Clock, Inputs, Layer, Lever, Result, Series, Stock, Var

Array = np.ndarray

NEEDS = (
    Var(
        "shock_pgv_m_per_s",
        "m_per_s",
        "cell",
        doc="peak ground velocity at the surface of that shock; 0 when there was none",
    ),
    Var(
        "shock_intensity",
        "1",
        "cell",
        doc="JMA instrumental intensity of the strongest shock inside the step; 0 when there was none",
    ),
    Var("liquefaction_fraction", "1", "cell", doc="share of the cell's ground liquefied so far"),
    Var("road_debris_m3", "m3", "road", doc="debris on the road from buildings beside it"),
    Var("road_slides", "1", "road", doc="slope failures lying on the road"),
    Var("buildings_collapsed", "building", "cell", doc="buildings totally collapsed so far by shaking or slope"),
    Var("buildings_burnt", "building", "cell", doc="buildings burnt down so far"),
    Var("local_blocked_fraction", "1", "municipality", doc="share of narrow streets blocked by collapsed buildings"),
    Var("phone_load_fraction", "1", "municipality", doc="offered telephone traffic as a multiple of capacity"),
    Var("traffic_factor", "1", "municipality", doc="travel time multiplier from jams (1 = free)"),
    Var("shelter_persons", "person", "municipality", doc="people staying in the shelter"),
    Var("fuel_delivered_l", "litre", "municipality", "amount", doc="fuel handed to lifeline generators", stock="fuel"),
    Var("road_clearing_crews", "crew", "municipality", doc="engineer crews that clear roads"),
    Var("water_support_l_per_s", "litre_per_s", "municipality", doc="water brought by Self-Defence tank trucks"),
    Var("power_aid_crews", "crew", "region", doc="mutual-aid crews for electricity called up"),
    Var("water_aid_crews", "crew", "region", doc="mutual-aid crews for water called up"),
    Var("gas_aid_crews", "crew", "region", doc="mutual-aid crews for gas called up"),
    Var("generator_cars_units", "unit", "municipality", doc="generator cars allotted to the town"),
    Var("road_priority", "1", "municipality", doc="weight of the town in road inspection and opening (1 = equal)"),
    Var("water_depth_m", "m", "patch", doc="depth of sea or flood water on the ground now"),
    Var("tsunami_warning", "1", "municipality", doc="tsunami warning in force: 0 none or advisory, 1 warning, 2 major"),
    Var("flood_warning", "1", "municipality", doc="flood warning level in force, 0 to 5, by river stages"),
    Var("evacuee_cars_units", "unit", "municipality", doc="cars of people fleeing that are on the road now"),
)

GIVES = (
    Var("power_on_fraction", "1", "cell", doc="share of households supplied with electricity"),
    Var("water_service_fraction", "1", "cell", doc="share of normal piped water service"),
    Var("water_drinkable", "1", "cell", doc="1 if the piped water may be drunk"),
    Var("gas_on_fraction", "1", "cell", doc="share of city-gas customers supplied (1 where there is no city gas)"),
    Var("telecom_fraction", "1", "cell", doc="share of people with mobile service"),
    Var("sewer_usable_fraction", "1", "municipality", doc="share of sewerage that works"),
    Var("travel_emergency_s", "s", "node*node", doc="travel time of emergency vehicles; infinite when cut off"),
    Var("travel_truck_s", "s", "node*node", doc="travel time of trucks and ordinary vehicles; infinite when cut off"),
    Var("local_speed_fraction", "1", "municipality", doc="speed on local streets as a share of normal"),
    Var("hospital_power", "1", "hospital", doc="share of the electricity a hospital needs, generator included"),
    Var("hospital_water", "1", "hospital", doc="share of the water a hospital needs, its tank included"),
    Var("shelter_power", "1", "shelter", doc="1 if the shelter has electricity"),
    Var("shelter_water", "1", "shelter", doc="share of piped water at the shelter"),
    Var("office_power", "1", "office", doc="1 if the office has electricity, emergency power included"),
    Var("office_telecom", "1", "office", doc="share of the office's lines that work"),
    Var("depot_power", "1", "depot", doc="1 if the depot has electricity"),
    Var("fuel_station_power", "1", "fuel_station", doc="1 if the filling station has electricity"),
    Var(
        "dispatch_fraction",
        "1",
        "municipality",
        doc="119 dispatch capability as a share of normal (power, lines, the centre itself)",
    ),
    Var("reenergised_customers", "customer", "cell", "amount", doc="customers whose supply came back"),
    Var("fuel_wanted_l", "litre", "municipality", doc="generator fuel the lifelines want delivered"),
    Var(
        "generator_cars_wanted_units",
        "unit",
        "municipality",
        doc="important facilities dark without a generator of their own",
    ),
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
    Var("roads_inspected_fraction", "1", "municipality", doc="share of trunk-road sections inspected"),
    Var("water_leak_l_per_s", "litre_per_s", "municipality", doc="water lost through leaks"),
    Var("pump_power", "1", "pump", doc="1 if the drainage pump has electricity and stands above the water"),
    Var("gate_open_fraction", "1", "levee", doc="open share of the gate in the levee segment; 0 where there is none"),
)

RECORDS = (
    Var("feeder_out_customers", "customer", "feeder", doc="contracts of the feeder without supply"),
    Var("zone_breaks", "1", "water_zone", doc="pipe breaks of the zone so far"),
    Var("zone_pump", "1", "water_zone", doc="supply of the zone's pump"),
    Var("zone_out_households", "household", "water_zone", doc="households of the zone without piped water"),
    Var("block_out_customers", "customer", "gas_block", doc="customers of the block without gas"),
    Var("road_state", "1", "road", doc="0 open, 1 limited, 2 emergency vehicles only, 3 closed"),
    Var("road_flooded", "1", "road", doc="1 while water on the road shuts it to cars"),
    Var("substation_drowned", "1", "substation", doc="1 while the substation's plant is drowned or not yet dried"),
    Var("stations_drowned_units", "unit", "municipality", doc="base stations drowned and not yet dried"),
    Var("facility_drowned_units", "unit", "municipality", doc="hospitals and offices whose electrical room drowned"),
    *levers.RECORDS,
)

SERIES = (
    Series("households_without_power", "household", "households without electricity"),
    Series("power_contracts_out", "customer", "contracts without supply, lost buildings left out"),
    Series("households_without_water", "household", "households without piped water"),
    Series("households_without_gas", "household", "city-gas customers stopped"),
    Series("base_stations_down", "unit", "mobile base stations out of service"),
    Series("people_without_telecom", "person", "people whom no mobile station reaches"),
    Series("roads_closed", "unit", "trunk-road sections closed to ordinary vehicles"),
    Series("roads_flooded", "unit", "trunk-road sections that water shuts to ordinary vehicles"),
    Series("pumps_stopped", "unit", "drainage pump stations not at full power"),
    Series("gates_open", "unit", "gates in levees and sea walls that stand open"),
    Series("contracts_cut_by_water", "customer", "contracts whose house connection is drowned"),
    Series("facilities_dark", "unit", "hospitals, offices and water pumps without any electricity"),
    Series("local_speed_fraction", "1", "speed on local streets as a share of normal", total="mean"),
    Series(
        "calls_blocked_fraction", "1", "share of telephone calls that do not get through a busy network", total="mean"
    ),
    Series("hospital_water_fraction", "1", "share of the water they need that hospitals have", total="mean"),
)

LEVERS = (
    Lever("power_crews", "crew", 0.5, 20.0, "utility", "power_crews_per_100000", "own line gangs per 100,000 people"),
    Lever("water_crews", "crew", 0.5, 20.0, "utility", "water_crews_per_100000", "pipe gangs per 100,000 people"),
    Lever("road_crews", "crew", 0.2, 10.0, "prefecture", "road_crews_per_100000", "road gangs per 100,000 people"),
    Lever(
        "station_cars", "unit", 0.2, 10.0, "utility", "station_cars_per_100000", "mobile generators of the operators"
    ),
    Lever("gates_remote", "1", 0.0, 1.0, "prefecture", "gate_remote_fraction", "share of gates closed from afar"),
    Lever(
        "gate_hands", "s", 0.0, 3600.0, "municipality", "gate_hand_limit_s", "time until volunteers must leave gates"
    ),
    Lever("pump_cars", "unit", 0.0, 20.0, "state", "pump_cars_units", "pump cars for each station that stands still"),
    Lever("shelter_first", "1", 0.0, 5.0, "utility", "shelter_weight", "weight of full shelters in restoration"),
    Lever("car_ask", "s", 3600.0, 86400.0, "hospital", "car_ask_s", "own fuel left when a generator car is asked for"),
    *levers.LEVERS,
)


def step(given: Given, state: State, inputs: Inputs, clock: Clock) -> Result:
    """Advance all lifelines over the interval."""
    after, burnt_l, fresh = course.advance(given, state, inputs, clock)
    after = outputs.look(given, state, after, inputs, fresh.shaken)
    values = outputs.give(given, state, after, inputs, clock)
    events = reports.events(given, state, after, inputs, fresh)
    return Result(after, values, events, {"fuel": 0.0 - burnt_l})


def measure(given: Given, state: State) -> dict[str, Array]:
    """The declared series, (municipality,)."""
    return outputs.measure(given, state)


def fuel_l(given: Given, state: State) -> float:
    """Litres in the tanks of generators and sent generator cars and in the towns' lifeline stores."""
    return float(state.facilities.fuel_l.sum() + state.facilities.pool_l.sum() + state.orders.cars.left.sum())


LAYER = Layer(
    name="infrastructure",
    doc="Power, water, sewer, gas, roads, telecom: damage that spreads and is restored.",
    needs=NEEDS,
    gives=GIVES,
    prepare=prepare,
    start=start,
    step=step,
    measure=measure,
    params_file=Path(__file__).with_name("params.toml"),
    stocks=(Stock("fuel", "litre", fuel_l),),
    levers=LEVERS,
    series=SERIES,
    records=RECORDS,
    every_s=600,
    wakes=("shock_intensity", "tsunami_warning"),
    state_schema=3,
    obey=levers.obey,
)
