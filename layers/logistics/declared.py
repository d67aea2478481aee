"""What the layer needs and gives, what it writes to the series and what its events are about."""

from __future__ import annotations

from twin.contract import Series, Var

NEEDS = (
    Var("wbgt_c", "degC", "municipality", doc="wet-bulb globe temperature outdoors"),
    Var("tsunami_advisory", "1", "municipality", doc="1 while a tsunami advisory or warning holds for the coast"),
    Var("depot_usable", "1", "depot", doc="share of the depot's floor that can be used"),
    Var("fuel_station_usable", "1", "fuel_station", doc="1 if tanks and pumps are sound"),
    Var("travel_truck_s", "s", "node*node", doc="travel time of trucks and ordinary vehicles; infinite when cut off"),
    Var("depot_power", "1", "depot", doc="1 if the depot has electricity"),
    Var("fuel_station_power", "1", "fuel_station", doc="1 if the filling station has electricity"),
    Var("fuel_wanted_l", "litre", "municipality", doc="generator fuel the lifelines want delivered"),
    Var("water_service_fraction", "1", "municipality", doc="share of normal piped water service"),
    Var("power_on_fraction", "1", "municipality", doc="share of households supplied with electricity"),
    Var("persons_home", "person", "municipality", doc="people at home now"),
    Var("persons_dependent", "person", "municipality", doc="people at home who depend on power, oxygen or dialysis"),
    Var("shelter_persons", "person", "shelter", doc="people staying in the shelter"),
    Var("car_persons", "person", "municipality", doc="people staying in cars"),
    Var("responders_present_persons", "person", "municipality", doc="responders in the town"),
    Var("responder_fuel_wanted_l", "litre", "municipality", doc="fuel response vehicles want"),
    Var("forces_trucks_units", "unit", "region", doc="trucks of the forces that carry goods"),
    Var("goods_ordered_units", "unit", "municipality*item", "amount", doc="goods ordered from the last report"),
    Var("push_started", "1", "region", doc="1 once the state sends goods without request"),
)

GIVES = (
    Var("shelter_meals_fraction", "1", "shelter", doc="share of the meals needed that is served"),
    Var("shelter_drink_fraction", "1", "shelter", doc="share of the drinking water needed that is there"),
    Var("shelter_toilets_fraction", "1", "shelter", doc="usable toilets over toilets needed (1 per 50, then per 20)"),
    Var("shelter_cooling_fraction", "1", "shelter", doc="coolers there over coolers needed"),
    Var("home_water_fraction", "1", "municipality", doc="drinking water people at home get over what they need"),
    Var("home_food_fraction", "1", "municipality", doc="food people at home get over what they need"),
    Var("medicine_fraction", "1", "municipality", doc="medicine, oxygen and milk available over need"),
    Var("fuel_delivered_l", "litre", "municipality", "amount", doc="fuel handed to lifeline generators", stock="fuel"),
    Var("responder_fuel_l", "litre", "municipality", "amount", doc="fuel handed to response vehicles", stock="fuel"),
    Var("responder_food_fraction", "1", "municipality", doc="food and water for responders over need"),
    Var("stock_days", "1", "municipality", doc="days of food the town's own stock still covers"),
    Var("trucks_waiting_units", "unit", "municipality", doc="trucks waiting at the depots in the town"),
    Var("goods_received_units", "unit", "municipality*item", doc="goods that arrived in the town so far"),
)

RECORDS = (
    Var("depot_queue_units", "unit", "depot", doc="trucks waiting for a dock at the depot's place"),
    Var("fuel_station_open", "1", "fuel_station", doc="1 while the station sells fuel"),
    Var("depot_hands", "1", "depot", doc="docks and hands ordered for the depot over the usual"),
    Var("trucks_sent_units", "unit", "region", doc="trucks from outside ordered to the hubs"),
)

SERIES = (
    Series("meals_short", "meal", "meals per day that people need now and do not get (shelters, cars, homes)"),
    Series("water_short_l", "litre", "drinking water per day that people need now and do not get"),
    Series("trucks_queued", "unit", "trucks waiting for a dock at hubs and municipal depots"),
    Series("fuel_stations_open", "unit", "filling stations that sell fuel"),
    Series("shops_open", "unit", "food shops open"),
    Series("water_points", "unit", "emergency water points at work"),
    Series("water_tankers", "unit", "tankers at work"),
    Series("meals_in_stock", "meal", "meals in the town's depots and shelters, hubs left out"),
    Series("meals_received", "meal", "meals brought to the town's depots so far"),
    Series("hub_stock_m3", "m3", "goods lying in hubs in the town"),
    Series("goods_under_way_m3", "m3", "goods bought, pushed or sent that are on trucks for a place in the town"),
    Series("people_without_medicine", "person", "dependent people without the medicine or oxygen of the day"),
    Series("responder_meals", "meal", "what responders in the town still have of their own"),
    Series("fuel_in_stations_l", "litre", "fuel in the tanks of filling stations"),
    Series("fuel_to_generators_l", "litre", "fuel handed to generators of lifelines so far"),
    Series("fuel_to_responders_l", "litre", "fuel handed to response vehicles so far"),
)
