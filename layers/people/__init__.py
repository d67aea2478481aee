"""Where people are, how they move, who is trapped, hurt, ill or dead; owner of all persons.

Residents and evacuees are whole numbers per cell; each dead, trapped or hurt person is a row with clocks of its own.

state         what is kept; Poisson events that do not depend on the steps
presence      places by hour and day, the way home and its jams
casualties    expected dead, trapped and hurt from new damage;  harm      which damage is new
flooding      water: drowned, caught, cut off;                  drowning  shares who die by depth
victims       expectations become persons with clocks;          release   freed, treated, dead
calls         119, hospital visits, town halls;                 illness   heat, crowding, devices, related deaths
town          moves, lost homes, staff, households;             measures  series;   journal   events
advance       one step;                         levers    what may be changed from outside
"""

from __future__ import annotations

from pathlib import Path

from layers.people.advance import step
from layers.people.levers import LEVERS, obey
from layers.people.measures import RECORDS, SERIES, measure
from layers.people.state import persons, prepare, start
from twin.contract import Layer, Stock, Var

NEEDS = (
    Var("tsunami_warning", "1", "municipality", doc="tsunami warning in force: 0 none or advisory, 1 warning, 2 major"),
    Var(
        "shock_intensity",
        "1",
        "cell",
        doc="JMA instrumental intensity of the strongest shock inside the step; 0 when there was none",
    ),
    Var("wbgt_c", "degC", "municipality", doc="wet-bulb globe temperature outdoors"),
    Var("daylight", "1", "region", doc="1 by day, 0 by night, between in twilight"),
    Var("wood_collapsed_fraction", "1", "cell", doc="share of the wooden buildings collapsed"),
    Var("nonwood_collapsed_fraction", "1", "cell", doc="share of the other buildings collapsed"),
    Var("wood_half_fraction", "1", "cell", doc="share of the wooden buildings half collapsed"),
    Var("nonwood_half_fraction", "1", "cell", doc="share of the other buildings half collapsed"),
    Var("slide_buildings", "building", "cell", doc="buildings hit by landslides so far"),
    Var("site_damage_fraction", "1", "site", doc="share of the large site's floors lost"),
    Var("fires_burning", "1", "cell", doc="fires burning now"),
    Var("buildings_burnt", "building", "cell", doc="buildings burnt down so far"),
    Var("power_on_fraction", "1", "cell", doc="share of households supplied with electricity"),
    Var("water_service_fraction", "1", "cell", doc="share of normal piped water service"),
    Var("telecom_fraction", "1", "cell", doc="share of people with mobile service"),
    Var("leaving_persons", "person", "cell", "amount", doc="people who leave home"),
    Var("returning_persons", "person", "cell", "amount", doc="people who go home"),
    Var("crowding_fraction", "1", "municipality", doc="people in shelters over habitable capacity"),
    Var("shelter_wbgt_c", "degC", "municipality", doc="heat people in shelters and cars live in (WBGT)"),
    Var("car_persons", "person", "municipality", doc="people staying in cars"),
    Var("shelter_persons", "person", "municipality", doc="people staying in the shelter"),
    Var("home_water_fraction", "1", "municipality", doc="drinking water people at home get over what they need"),
    Var("home_food_fraction", "1", "municipality", doc="food people at home get over what they need"),
    Var("medicine_fraction", "1", "municipality", doc="medicine, oxygen and milk available over need"),
    Var("freed_persons", "person", "cell", "amount", doc="trapped people freed from dwellings by responders"),
    Var("site_freed_persons", "person", "site", "amount", doc="trapped people freed from large sites"),
    Var("treated_persons", "person", "municipality", "amount", doc="patients given a bed or treatment"),
    Var("advice", "1", "municipality", doc="strength of heat and safety advice that reaches residents"),
    Var("water_depth_m", "m", "patch", doc="depth of sea or flood water on the ground now"),
    Var("water_max_depth_m", "m", "patch", doc="largest depth of sea or flood water so far"),
    Var("uninhabitable_fraction", "1", "cell", doc="share of the homes that water has made unfit to live in"),
    Var(
        "caught_at_persons",
        "person",
        "patch",
        "amount",
        doc="the same people by the patch where the water reached them",
    ),
    Var(
        "caught_persons",
        "person",
        "cell",
        "amount",
        doc="people on their way whom the water reached, by cell they left",
    ),
    Var("lifted_persons", "person", "cell", "amount", doc="stranded people fetched by boat or helicopter"),
)

GIVES = (
    Var(
        "persons_at_hand",
        "person",
        "cell",
        doc="residents who have not left, at home or out; those cut off not counted",
    ),
    Var(
        "persons_home", "person", "cell", doc="people at home now who can leave it: those cut off by water not counted"
    ),
    Var("persons_present", "person", "cell", doc="people in the cell now, at home or not"),
    Var("persons_displaced", "person", "cell", doc="residents whose home cannot be lived in"),
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
    Var("staff_attendance_fraction", "1", "municipality", doc="share of municipal staff at work"),
    Var("resident_calls", "call", "municipality", "amount", doc="telephone calls to the town hall"),
    Var("phone_load_fraction", "1", "municipality", doc="offered telephone traffic as a multiple of capacity"),
    Var("traffic_factor", "1", "municipality", doc="travel time multiplier from jams (1 = free)"),
    Var("persons_dependent", "person", "municipality", doc="people at home who depend on power, oxygen or dialysis"),
    Var("persons_ill", "person", "municipality", "amount", doc="people newly ill from heat, crowding or lack of care"),
    Var(
        "first_response_fraction",
        "1",
        "cell",
        doc="share of adults present and awake who can put out a fire or help a neighbour",
    ),
    Var(
        "households_mobile_fraction", "1", "municipality", doc="share of households that are together and able to move"
    ),
    Var("deaths_confirmed_persons", "person", "municipality", doc="deaths identified by hospital or police"),
    Var("missing_persons", "person", "municipality", doc="people reported unaccounted for"),
    Var("injured_severe_persons", "person", "municipality", doc="severely hurt people known to hospitals"),
    Var("injured_light_persons", "person", "municipality", doc="lightly hurt people known to hospitals"),
    Var("persons_away", "person", "cell", doc="residents who stay elsewhere as evacuees, as confirmed by this layer"),
    Var("stranded_persons", "person", "cell", doc="people on upper floors and roofs amid water, waiting to be fetched"),
)

LAYER = Layer(
    name="people",
    doc=__doc__,
    needs=NEEDS,
    gives=GIVES,
    prepare=prepare,
    start=start,
    step=step,
    measure=measure,
    params_file=Path(__file__).with_name("params.toml"),
    stocks=(Stock("persons", "person", persons),),
    levers=LEVERS,
    series=SERIES,
    records=RECORDS,
    every_s=600,
    wakes=("shock_intensity", "tsunami_warning", "caught_persons"),
    state_schema=3,
    obey=obey,
    tables=("cell", "municipality", "site", "incident", "patch"),
)
