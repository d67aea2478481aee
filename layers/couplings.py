"""Every feedback between the eight layers, one row each, the order of the layers in a step, and the closed loops.

The order is fixed. Rows along it are immediate; rows against it are lagged and say what the target sees before
the first step. Pairs left empty on purpose, because no direct mechanism is known: logistics to damage, government
to damage, evacuation to damage, logistics to hazard, people to hazard, rescue to hazard, evacuation to hazard,
government to hazard.
"""

from __future__ import annotations

from twin.contract import Link

NOT_KNOWN = float("nan")

ORDER = (
    "hazard",
    "damage",
    "infrastructure",
    "people",
    "evacuation",
    "logistics",
    "rescue",
    "government",
)

# fmt: off
COUPLINGS: tuple[Link, ...] = (
    # what hazard does to the others
    Link("shock_intensity-to-damage", "hazard.shock_intensity", "damage.shock_intensity", "shaking damages buildings; aftershocks hit weakened ones"),
    Link("shock_pga_m_per_s2-to-damage", "hazard.shock_pga_m_per_s2", "damage.shock_pga_m_per_s2", "acceleration breaks slopes"),
    Link("soil_water_m-to-damage", "hazard.soil_water_m", "damage.soil_water_m", "rain-soaked, shaken slopes fail at lower limits", carrier="municipality_to_cell"),
    Link("wind_m_per_s-to-damage", "hazard.wind_m_per_s", "damage.wind_m_per_s", "wind spreads fire", neutral=2.0),
    Link("liquefaction_fraction-to-damage", "hazard.liquefaction_fraction", "damage.liquefaction_fraction", "settled ground tilts buildings"),
    Link("shock_pgv_m_per_s-to-infrastructure", "hazard.shock_pgv_m_per_s", "infrastructure.shock_pgv_m_per_s", "ground velocity breaks pipes, poles and bridges"),
    Link("shock_intensity-to-infrastructure", "hazard.shock_intensity", "infrastructure.shock_intensity", "shaking trips substations, gas blocks and starts road inspection"),
    Link("liquefaction_fraction-to-infrastructure", "hazard.liquefaction_fraction", "infrastructure.liquefaction_fraction", "liquefied ground breaks pipes and roads"),
    Link("shock_intensity-to-people", "hazard.shock_intensity", "people.shock_intensity", "furniture, ceilings and glass hurt people indoors; lifts stop"),
    Link("wbgt_c-to-people", "hazard.wbgt_c", "people.wbgt_c", "heat makes people ill", neutral=25.0),
    Link("daylight-to-people", "hazard.daylight", "people.daylight", "darkness slows neighbours who help", neutral=1.0),
    Link("felt_shocks-to-evacuation", "hazard.felt_shocks", "evacuation.felt_shocks", "felt aftershocks drive people out of their homes"),
    Link("wbgt_c-to-evacuation", "hazard.wbgt_c", "evacuation.wbgt_c", "heat decides whether shelters and cars can be lived in", neutral=25.0),
    Link("tsunami_advisory-to-evacuation", "hazard.tsunami_advisory", "evacuation.tsunami_advisory", "people leave the coast under an advisory"),
    Link("wbgt_c-to-logistics", "hazard.wbgt_c", "logistics.wbgt_c", "heat raises drinking-water need and slows loading", neutral=25.0),
    Link("tsunami_advisory-to-logistics", "hazard.tsunami_advisory", "logistics.tsunami_advisory", "ports close under an advisory"),
    Link("work_stopped-to-rescue", "hazard.work_stopped", "rescue.work_stopped", "crews leave damaged sites after a strong aftershock"),
    Link("daylight-to-rescue", "hazard.daylight", "rescue.daylight", "no search flights or hoists in darkness; search is slower", neutral=1.0),
    Link("wind_m_per_s-to-rescue", "hazard.wind_m_per_s", "rescue.wind_m_per_s", "helicopters hoist slowly in wind and not at all in a storm", bites_in="river-town"),
    Link("wbgt_c-to-rescue", "hazard.wbgt_c", "rescue.wbgt_c", "heat forces rest", neutral=25.0),
    Link("intensity_received-to-government", "hazard.intensity_received", "government.intensity_received", "intensity messages trigger headquarters and forces", neutral=NOT_KNOWN),
    Link("water_max_depth_m-to-damage", "hazard.water_max_depth_m", "damage.water_max_depth_m", "water floods and carries off buildings", bites_in="coastal-town"),
    Link("water_force_m3_per_s2-to-damage", "hazard.water_force_m3_per_s2", "damage.water_force_m3_per_s2", "fast deep water washes houses away", bites_in="river-town"),
    Link("levee_level_m-to-damage", "hazard.levee_level_m", "damage.levee_level_m", "levees that are overtopped or full for long give way", bites_in="river-town", neutral=NOT_KNOWN),
    Link("water_depth_m-to-infrastructure", "hazard.water_depth_m", "infrastructure.water_depth_m", "water shuts roads and drowns substations, pumps and base stations", bites_in="coastal-town"),
    Link("tsunami_warning-to-infrastructure", "hazard.tsunami_warning", "infrastructure.tsunami_warning", "a warning sets off the closing of the gates", bites_in="coastal-town"),
    Link("flood_warning-to-infrastructure", "hazard.flood_warning", "infrastructure.flood_warning", "keepers shut the gates of river levees as the river rises", bites_in="river-town"),
    Link("tsunami_warning-to-people", "hazard.tsunami_warning", "people.tsunami_warning", "while a warning holds people move minute by minute", bites_in="coastal-town"),
    Link("water_depth_m-to-people", "hazard.water_depth_m", "people.water_depth_m", "water reaches people at home, at work and outdoors", bites_in="coastal-town"),
    Link("water_max_depth_m-to-people", "hazard.water_max_depth_m", "people.water_max_depth_m", "deaths follow the largest depth", bites_in="coastal-town"),
    Link("water_depth_m-to-evacuation", "hazard.water_depth_m", "evacuation.water_depth_m", "water catches people on their way and shuts ways and halls", bites_in="coastal-town"),
    Link("tsunami_warning-to-evacuation", "hazard.tsunami_warning", "evacuation.tsunami_warning", "a warning makes people flee to high ground at once", bites_in="coastal-town"),
    Link("flood_warning-to-evacuation", "hazard.flood_warning", "evacuation.flood_warning", "rising warning levels make people leave low ground", bites_in="river-town"),
    Link("daylight-to-evacuation", "hazard.daylight", "evacuation.daylight", "darkness slows those who flee", bites_in="river-town", neutral=1.0),
    Link("water_depth_m-to-rescue", "hazard.water_depth_m", "rescue.water_depth_m", "nobody searches on foot where water stands", bites_in="coastal-town", carrier="patch_to_cell_mean"),
    Link("tsunami_warning-to-rescue", "hazard.tsunami_warning", "rescue.tsunami_warning", "crews keep out of the danger zone while a warning holds", bites_in="coastal-town"),
    Link("tsunami_warning-to-government", "hazard.tsunami_warning", "government.tsunami_warning", "a warning orders evacuation without delay", bites_in="coastal-town"),
    Link("flood_warning-to-government", "hazard.flood_warning", "government.flood_warning", "warning levels lead the mayor's orders", bites_in="river-town"),
    Link("water_depth_m-to-government", "hazard.water_depth_m", "government.water_depth_m", "nobody counts flooded homes while water stands", bites_in="river-town"),
    # what damage does to the others
    Link("wood_collapsed_fraction-to-people", "damage.wood_collapsed_fraction", "people.wood_collapsed_fraction", "collapse kills and traps"),
    Link("nonwood_collapsed_fraction-to-people", "damage.nonwood_collapsed_fraction", "people.nonwood_collapsed_fraction", "collapse kills and traps"),
    Link("wood_half_fraction-to-people", "damage.wood_half_fraction", "people.wood_half_fraction", "half collapse hurts and displaces"),
    Link("nonwood_half_fraction-to-people", "damage.nonwood_half_fraction", "people.nonwood_half_fraction", "half collapse hurts and displaces"),
    Link("slide_buildings-to-people", "damage.slide_buildings", "people.slide_buildings", "landslides bury houses"),
    Link("site_damage_fraction-to-people", "damage.site_damage_fraction", "people.site_damage_fraction", "large sites kill and trap many at once"),
    Link("fires_burning-to-people", "damage.fires_burning", "people.fires_burning", "fire kills those who cannot escape"),
    Link("buildings_burnt-to-people", "damage.buildings_burnt", "people.buildings_burnt", "burnt homes displace"),
    Link("fires_burning-to-rescue", "damage.fires_burning", "rescue.fires_burning", "fires need the crews that also rescue"),
    Link("buildings_collapsed-to-rescue", "damage.buildings_collapsed", "rescue.buildings_collapsed", "collapsed blocks must be searched"),
    Link("hospital_usable-to-rescue", "damage.hospital_usable", "rescue.hospital_usable", "damaged hospitals take fewer patients", neutral=1.0),
    Link("site_damage_fraction-to-rescue", "damage.site_damage_fraction", "rescue.site_damage_fraction", "large sites become long jobs with machines"),
    Link("local_blocked_fraction-to-rescue", "damage.local_blocked_fraction", "rescue.local_blocked_fraction", "blocked streets lengthen the last part of the way", carrier="cell_to_municipality_mean"),
    Link("road_debris_m3-to-infrastructure", "damage.road_debris_m3", "infrastructure.road_debris_m3", "debris closes roads"),
    Link("road_slides-to-infrastructure", "damage.road_slides", "infrastructure.road_slides", "slope failures close roads", bites_in="kumamoto-2026"),
    Link("buildings_collapsed-to-infrastructure", "damage.buildings_collapsed", "infrastructure.buildings_collapsed", "falling houses pull down poles and drops and break service pipes"),
    Link("buildings_burnt-to-infrastructure", "damage.buildings_burnt", "infrastructure.buildings_burnt", "fire destroys poles and drops", bites_in="kumamoto-2026"),
    Link("local_blocked_fraction-to-infrastructure", "damage.local_blocked_fraction", "infrastructure.local_blocked_fraction", "blocked streets slow local traffic", carrier="cell_to_municipality_mean"),
    Link("shelter_usable-to-evacuation", "damage.shelter_usable", "evacuation.shelter_usable", "damaged halls cannot shelter", neutral=1.0),
    Link("buildings_collapsed-to-evacuation", "damage.buildings_collapsed", "evacuation.buildings_collapsed", "homes lost"),
    Link("buildings_half_collapsed-to-evacuation", "damage.buildings_half_collapsed", "evacuation.buildings_half_collapsed", "homes feared unsafe"),
    Link("depot_usable-to-logistics", "damage.depot_usable", "logistics.depot_usable", "a damaged depot handles less and loses stock", neutral=1.0),
    Link("fuel_station_usable-to-logistics", "damage.fuel_station_usable", "logistics.fuel_station_usable", "damaged stations sell no fuel", neutral=1.0),
    Link("office_usable-to-government", "damage.office_usable", "government.office_usable", "a hall that cannot be entered works slowly elsewhere", neutral=1.0),
    Link("buildings_collapsed-to-government", "damage.buildings_collapsed", "government.buildings_collapsed", "damage there is to find, count and certify", carrier="cell_to_municipality_sum"),
    Link("buildings_half_collapsed-to-government", "damage.buildings_half_collapsed", "government.buildings_half_collapsed", "damage there is to find, count and certify", carrier="cell_to_municipality_sum"),
    Link("buildings_partial-to-government", "damage.buildings_partial", "government.buildings_partial", "damage there is to find, count and certify", carrier="cell_to_municipality_sum"),
    Link("levee_settlement_m-to-hazard", "damage.levee_settlement_m", "hazard.levee_settlement_m", "sunken levees are overtopped sooner", lag=True, before=0.0, bites_in="coastal-town"),
    Link("levee_breach_s-to-hazard", "damage.levee_breach_s", "hazard.levee_breach_s", "a breach lets the river or the sea in", lag=True, before=NOT_KNOWN, neutral=NOT_KNOWN, bites_in="river-town"),
    Link("uninhabitable_fraction-to-people", "damage.uninhabitable_fraction", "people.uninhabitable_fraction", "flooded homes displace", bites_in="coastal-town"),
    Link("buildings_flooded-to-government", "damage.buildings_flooded", "government.buildings_flooded", "flooded houses are to find, count and certify", carrier="cell_to_municipality_sum", bites_in="coastal-town"),
    # what infrastructure does to the others
    Link("reenergised_customers-to-damage", "infrastructure.reenergised_customers", "damage.reenergised_customers", "returning supply ignites damaged wiring", lag=True, before=0.0),
    Link("water_service_fraction-to-damage", "infrastructure.water_service_fraction", "damage.water_service_fraction", "without hydrants fire grows", lag=True, before=1.0, neutral=1.0),
    Link("power_on_fraction-to-people", "infrastructure.power_on_fraction", "people.power_on_fraction", "home devices stop, cooling fails", neutral=1.0),
    Link("water_service_fraction-to-people", "infrastructure.water_service_fraction", "people.water_service_fraction", "people without water fetch it and fall ill", neutral=1.0),
    Link("telecom_fraction-to-people", "infrastructure.telecom_fraction", "people.telecom_fraction", "without a line nobody can call", neutral=1.0),
    Link("power_on_fraction-to-evacuation", "infrastructure.power_on_fraction", "evacuation.power_on_fraction", "dark, hot homes drive people out; returning power sends them home", neutral=1.0),
    Link("water_service_fraction-to-evacuation", "infrastructure.water_service_fraction", "evacuation.water_service_fraction", "homes without water drive people out", neutral=1.0),
    Link("shelter_power-to-evacuation", "infrastructure.shelter_power", "evacuation.shelter_power", "cooling and light of shelters", neutral=1.0),
    Link("shelter_water-to-evacuation", "infrastructure.shelter_water", "evacuation.shelter_water", "flush toilets and taps of shelters", neutral=1.0),
    Link("travel_truck_s-to-logistics", "infrastructure.travel_truck_s", "logistics.travel_truck_s", "trucks need roads", neutral="free_travel_s"),
    Link("depot_power-to-logistics", "infrastructure.depot_power", "logistics.depot_power", "forklifts, lights and cold rooms need power", neutral=1.0),
    Link("fuel_station_power-to-logistics", "infrastructure.fuel_station_power", "logistics.fuel_station_power", "pumps need power", neutral=1.0),
    Link("fuel_wanted_l-to-logistics", "infrastructure.fuel_wanted_l", "logistics.fuel_wanted_l", "generators order fuel"),
    Link("water_service_fraction-to-logistics", "infrastructure.water_service_fraction", "logistics.water_service_fraction", "people without water need tankers", carrier="cell_to_municipality_mean", neutral=1.0),
    Link("power_on_fraction-to-logistics", "infrastructure.power_on_fraction", "logistics.power_on_fraction", "shops open with power", carrier="cell_to_municipality_mean", neutral=1.0),
    Link("travel_emergency_s-to-rescue", "infrastructure.travel_emergency_s", "rescue.travel_emergency_s", "crews need roads", neutral="free_travel_s"),
    Link("local_speed_fraction-to-rescue", "infrastructure.local_speed_fraction", "rescue.local_speed_fraction", "local streets decide the last kilometre", neutral=1.0),
    Link("hospital_power-to-rescue", "infrastructure.hospital_power", "rescue.hospital_power", "hospital beds need power", neutral=1.0),
    Link("hospital_water-to-rescue", "infrastructure.hospital_water", "rescue.hospital_water", "hospital beds and dialysis need water", neutral=1.0),
    Link("dispatch_fraction-to-rescue", "infrastructure.dispatch_fraction", "rescue.dispatch_fraction", "a failed dispatch centre works by hand", neutral=1.0),
    Link("water_service_fraction-to-rescue", "infrastructure.water_service_fraction", "rescue.water_service_fraction", "hydrants feed fire engines", carrier="cell_to_municipality_mean", neutral=1.0),
    Link("office_power-to-government", "infrastructure.office_power", "government.office_power", "a dark hall goes silent", neutral=1.0),
    Link("office_telecom-to-government", "infrastructure.office_telecom", "government.office_telecom", "reports need lines", neutral=1.0),
    Link("power_out_customers-to-government", "infrastructure.power_out_customers", "government.power_out_customers", "the utility reports its outages"),
    Link("water_out_households-to-government", "infrastructure.water_out_households", "government.water_out_households", "the waterworks reports its outages"),
    Link("gas_out_customers-to-government", "infrastructure.gas_out_customers", "government.gas_out_customers", "the gas company reports its stops"),
    Link("base_stations_down_units-to-government", "infrastructure.base_stations_down_units", "government.base_stations_down_units", "operators report stations down"),
    Link("roads_found_closed_units-to-government", "infrastructure.roads_found_closed_units", "government.roads_found_closed_units", "road offices report closures found"),
    Link("generator_cars_wanted_units-to-government", "infrastructure.generator_cars_wanted_units", "government.generator_cars_wanted_units", "dark facilities ask for generator cars"),
    Link("pump_power-to-hazard", "infrastructure.pump_power", "hazard.pump_power", "drainage pumps need electricity", lag=True, before=1.0, neutral=1.0, bites_in="river-town"),
    Link("gate_open_fraction-to-hazard", "infrastructure.gate_open_fraction", "hazard.gate_open_fraction", "open gates let the water in", lag=True, before=1.0, bites_in="coastal-town"),
    Link("telecom_fraction-to-evacuation", "infrastructure.telecom_fraction", "evacuation.telecom_fraction", "warnings reach people by telephone", bites_in="coastal-town", neutral=1.0),
    # what people does to the others
    Link("phone_load_fraction-to-infrastructure", "people.phone_load_fraction", "infrastructure.phone_load_fraction", "calls of families congest the network", lag=True, before=1.0, neutral=1.0),
    Link("traffic_factor-to-infrastructure", "people.traffic_factor", "infrastructure.traffic_factor", "commuters and families jam the roads", lag=True, before=1.0, neutral=1.0),
    Link("first_response_fraction-to-damage", "people.first_response_fraction", "damage.first_response_fraction", "residents put out fires at first", lag=True, before=0.5, neutral=0.5),
    Link("persons_at_hand-to-evacuation", "people.persons_at_hand", "evacuation.persons_at_hand", "who is there can flee, from home or from work", bites_in="coastal-town"),
    Link("persons_home-to-evacuation", "people.persons_home", "evacuation.persons_home", "only who is at home can leave it"),
    Link("persons_displaced-to-evacuation", "people.persons_displaced", "evacuation.persons_displaced", "people without a home need a place"),
    Link("households_mobile_fraction-to-evacuation", "people.households_mobile_fraction", "evacuation.households_mobile_fraction", "separated or frail households move later", neutral=1.0),
    Link("persons_away-to-evacuation", "people.persons_away", "evacuation.persons_away", "who is known to have left cannot leave again", bites_in="coastal-town"),
    Link("persons_ill-to-evacuation", "people.persons_ill", "evacuation.persons_ill", "illness forces transfer out of shelters"),
    Link("persons_home-to-logistics", "people.persons_home", "logistics.persons_home", "people at home eat and drink their own stock, then queue", carrier="cell_to_municipality_sum"),
    Link("persons_dependent-to-logistics", "people.persons_dependent", "logistics.persons_dependent", "dependent people need medicine, oxygen and milk"),
    Link("trapped_persons-to-rescue", "people.trapped_persons", "rescue.trapped_persons", "those who are there can be found"),
    Link("site_trapped_persons-to-rescue", "people.site_trapped_persons", "rescue.site_trapped_persons", "those who are there can be found"),
    Link("trapped_calls-to-rescue", "people.trapped_calls", "rescue.trapped_calls", "calls make incidents known"),
    Link("ambulance_calls-to-rescue", "people.ambulance_calls", "rescue.ambulance_calls", "everyday and earthquake patients share the ambulances"),
    Link("walk_in_persons-to-rescue", "people.walk_in_persons", "rescue.walk_in_persons", "most hurt people walk into the nearest hospital"),
    Link("staff_attendance_fraction-to-government", "people.staff_attendance_fraction", "government.staff_attendance_fraction", "officials are victims or cannot reach the office", neutral=1.0),
    Link("resident_calls-to-government", "people.resident_calls", "government.resident_calls", "residents' calls eat staff hours"),
    Link("deaths_confirmed_persons-to-government", "people.deaths_confirmed_persons", "government.deaths_confirmed_persons", "hospitals and police report deaths"),
    Link("missing_persons-to-government", "people.missing_persons", "government.missing_persons", "families report the unaccounted-for"),
    Link("injured_severe_persons-to-government", "people.injured_severe_persons", "government.injured_severe_persons", "hospitals report the hurt"),
    Link("injured_light_persons-to-government", "people.injured_light_persons", "government.injured_light_persons", "hospitals report the hurt"),
    Link("stranded_persons-to-rescue", "people.stranded_persons", "rescue.stranded_persons", "people amid water wait to be fetched", bites_in="river-town"),
    # what evacuation does to the others
    Link("caught_at_persons-to-people", "evacuation.caught_at_persons", "people.caught_at_persons", "how deep it is where the water reaches them decides who drowns", lag=True, before=0.0, bites_in="coastal-town"),
    Link("caught_persons-to-people", "evacuation.caught_persons", "people.caught_persons", "those whom the water reaches on the way drown or are hurt", lag=True, before=0.0, bites_in="coastal-town"),
    Link("evacuee_cars_units-to-infrastructure", "evacuation.evacuee_cars_units", "infrastructure.evacuee_cars_units", "cars of those who flee fill the roads", lag=True, before=0.0, bites_in="coastal-town"),
    Link("leaving_persons-to-people", "evacuation.leaving_persons", "people.leaving_persons", "evacuees leave home", lag=True, before=0.0),
    Link("returning_persons-to-people", "evacuation.returning_persons", "people.returning_persons", "evacuees go home", lag=True, before=0.0),
    Link("crowding_fraction-to-people", "evacuation.crowding_fraction", "people.crowding_fraction", "crowding brings illness", lag=True, before=0.0),
    Link("shelter_wbgt_c-to-people", "evacuation.shelter_wbgt_c", "people.shelter_wbgt_c", "hot shelters and cars bring heat illness", lag=True, before=25.0, neutral=25.0, bites_in="kumamoto-2026"),
    Link("car_persons-to-people", "evacuation.car_persons", "people.car_persons", "sleeping in cars brings illness", lag=True, before=0.0),
    Link("shelter_persons-to-people", "evacuation.shelter_persons", "people.shelter_persons", "people in shelters are exposed to their conditions", carrier="shelter_to_municipality_sum", lag=True, before=0.0),
    Link("shelter_persons-to-logistics", "evacuation.shelter_persons", "logistics.shelter_persons", "people in shelters eat and drink"),
    Link("car_persons-to-logistics", "evacuation.car_persons", "logistics.car_persons", "people in cars queue for water and meals"),
    Link("shelter_ambulance_calls-to-rescue", "evacuation.shelter_ambulance_calls", "rescue.shelter_ambulance_calls", "shelters call ambulances"),
    Link("shelter_counted_persons-to-government", "evacuation.shelter_counted_persons", "government.shelter_counted_persons", "head-counts are reported", neutral=NOT_KNOWN),
    Link("shelter_staff_wanted_persons-to-government", "evacuation.shelter_staff_wanted_persons", "government.shelter_staff_wanted_persons", "shelters absorb municipal staff"),
    Link("shelters_open_units-to-government", "evacuation.shelters_open_units", "government.shelters_open_units", "open shelters are reported"),
    Link("shelters_unchecked_units-to-government", "evacuation.shelters_unchecked_units", "government.shelters_unchecked_units", "unchecked halls wait for inspectors"),
    Link("shelter_persons-to-infrastructure", "evacuation.shelter_persons", "infrastructure.shelter_persons", "occupied shelters rank higher in restoration and load the mains", carrier="shelter_to_municipality_sum", lag=True, before=0.0, bites_in="kumamoto-2026"),
    # what logistics does to the others
    Link("fuel_delivered_l-to-infrastructure", "logistics.fuel_delivered_l", "infrastructure.fuel_delivered_l", "fuel keeps generators and base stations alive", lag=True, before=0.0, transfer=True),
    Link("shelter_meals_fraction-to-evacuation", "logistics.shelter_meals_fraction", "evacuation.shelter_meals_fraction", "unfed shelters empty", lag=True, before=1.0, neutral=1.0),
    Link("shelter_drink_fraction-to-evacuation", "logistics.shelter_drink_fraction", "evacuation.shelter_drink_fraction", "drinking water decides habitable capacity", lag=True, before=1.0, neutral=1.0),
    Link("shelter_toilets_fraction-to-evacuation", "logistics.shelter_toilets_fraction", "evacuation.shelter_toilets_fraction", "toilets decide habitable capacity", lag=True, before=1.0, neutral=1.0),
    Link("shelter_cooling_fraction-to-evacuation", "logistics.shelter_cooling_fraction", "evacuation.shelter_cooling_fraction", "coolers decide whether a hall is habitable in heat", lag=True, before=0.0),
    Link("home_water_fraction-to-people", "logistics.home_water_fraction", "people.home_water_fraction", "thirst brings illness", lag=True, before=1.0, neutral=1.0),
    Link("home_food_fraction-to-people", "logistics.home_food_fraction", "people.home_food_fraction", "lack of food sends people out and makes them ill", lag=True, before=1.0, neutral=1.0),
    Link("medicine_fraction-to-people", "logistics.medicine_fraction", "people.medicine_fraction", "medicine and oxygen keep dependent people alive", lag=True, before=1.0, neutral=1.0),
    Link("responder_fuel_l-to-rescue", "logistics.responder_fuel_l", "rescue.responder_fuel_l", "vehicles need fuel", transfer=True),
    Link("responder_food_fraction-to-rescue", "logistics.responder_food_fraction", "rescue.responder_food_fraction", "crews need food after self-supply ends", neutral=1.0),
    Link("stock_days-to-government", "logistics.stock_days", "government.stock_days", "stock reports set orders", neutral=3.0),
    Link("trucks_waiting_units-to-government", "logistics.trucks_waiting_units", "government.trucks_waiting_units", "queues at the hub are reported"),
    Link("goods_received_units-to-government", "logistics.goods_received_units", "government.goods_received_units", "receipts are set against orders"),
    # what rescue does to the others
    Link("lifted_persons-to-people", "rescue.lifted_persons", "people.lifted_persons", "stranded people are fetched", lag=True, before=0.0, bites_in="river-town"),
    Link("freed_persons-to-people", "rescue.freed_persons", "people.freed_persons", "the trapped are freed", lag=True, before=0.0),
    Link("site_freed_persons-to-people", "rescue.site_freed_persons", "people.site_freed_persons", "the trapped are freed", lag=True, before=0.0),
    Link("treated_persons-to-people", "rescue.treated_persons", "people.treated_persons", "waiting kills, treatment saves", lag=True, before=0.0),
    Link("fire_crews-to-damage", "rescue.fire_crews", "damage.fire_crews", "crews hold fires", lag=True, before=0.0),
    Link("road_clearing_crews-to-infrastructure", "rescue.road_clearing_crews", "infrastructure.road_clearing_crews", "engineers open roads", lag=True, before=0.0),
    Link("water_support_l_per_s-to-infrastructure", "rescue.water_support_l_per_s", "infrastructure.water_support_l_per_s", "tank trucks bring water", lag=True, before=0.0),
    Link("responders_present_persons-to-logistics", "rescue.responders_present_persons", "logistics.responders_present_persons", "forces eat after self-supply ends", lag=True, before=0.0),
    Link("responder_fuel_wanted_l-to-logistics", "rescue.responder_fuel_wanted_l", "logistics.responder_fuel_wanted_l", "forces consume fuel", lag=True, before=0.0),
    Link("forces_trucks_units-to-logistics", "rescue.forces_trucks_units", "logistics.forces_trucks_units", "forces carry goods", lag=True, before=0.0),
    Link("brought_persons-to-evacuation", "rescue.brought_persons", "evacuation.brought_persons", "freed people are brought to shelters", lag=True, before=0.0),
    Link("scout_reports-to-government", "rescue.scout_reports", "government.scout_reports", "scouts speak for silent towns", bites_in="kumamoto-2026"),
    Link("trapped_known_persons-to-government", "rescue.trapped_known_persons", "government.trapped_known_persons", "known incidents are reported"),
    Link("incidents_open-to-government", "rescue.incidents_open", "government.incidents_open", "open incidents are reported"),
    Link("rescued_fire_persons-to-government", "rescue.rescued_fire_persons", "government.rescued_fire_persons", "rescues are reported"),
    # what government does to the others
    Link("power_aid_crews-to-infrastructure", "government.power_aid_crews", "infrastructure.power_aid_crews", "mutual aid repairs lines", lag=True, before=0.0, bites_in="kumamoto-2026"),
    Link("water_aid_crews-to-infrastructure", "government.water_aid_crews", "infrastructure.water_aid_crews", "mutual aid repairs pipes", lag=True, before=0.0),
    Link("gas_aid_crews-to-infrastructure", "government.gas_aid_crews", "infrastructure.gas_aid_crews", "mutual aid visits houses", lag=True, before=0.0),
    Link("generator_cars_units-to-infrastructure", "government.generator_cars_units", "infrastructure.generator_cars_units", "generator cars feed dark facilities", lag=True, before=0.0, bites_in="kumamoto-2026"),
    Link("road_priority-to-infrastructure", "government.road_priority", "infrastructure.road_priority", "road order", lag=True, before=1.0, neutral=1.0),
    Link("fire_aid_called-to-rescue", "government.fire_aid_called", "rescue.fire_aid_called", "emergency fire teams come when called", lag=True, before=0.0),
    Link("sdf_called-to-rescue", "government.sdf_called", "rescue.sdf_called", "Self-Defence Forces come when requested", lag=True, before=0.0),
    Link("police_aid_called-to-rescue", "government.police_aid_called", "rescue.police_aid_called", "wide-area police units come when called", lag=True, before=0.0),
    Link("medical_aid_called-to-rescue", "government.medical_aid_called", "rescue.medical_aid_called", "medical teams come when called", lag=True, before=0.0),
    Link("search_priority-to-rescue", "government.search_priority", "rescue.search_priority", "headquarters sends forces where it believes the need is", lag=True, before=1.0, neutral=1.0),
    Link("scouting_wanted-to-rescue", "government.scouting_wanted", "rescue.scouting_wanted", "silent towns are visited", lag=True, before=0.0),
    Link("evacuation_order_fraction-to-evacuation", "government.evacuation_order_fraction", "evacuation.evacuation_order_fraction", "orders move some people", lag=True, before=0.0),
    Link("flood_call-to-evacuation", "government.flood_call", "evacuation.flood_call", "the call for old people and care homes, then for all", lag=True, before=0.0, bites_in="river-town"),
    Link("shelter_staff_persons-to-evacuation", "government.shelter_staff_persons", "evacuation.shelter_staff_persons", "staff open and run shelters", lag=True, before=0.0),
    Link("shelter_checks_units-to-evacuation", "government.shelter_checks_units", "evacuation.shelter_checks_units", "halls open after a check", lag=True, before=0.0),
    Link("shelters_target_units-to-evacuation", "government.shelters_target_units", "evacuation.shelters_target_units", "towns consolidate shelters", lag=True, before=NOT_KNOWN, neutral=NOT_KNOWN, bites_in="kumamoto-2026"),
    Link("homes_tagged_fraction-to-evacuation", "government.homes_tagged_fraction", "evacuation.homes_tagged_fraction", "safety tags decide re-entry", lag=True, before=0.0),
    Link("goods_ordered_units-to-logistics", "government.goods_ordered_units", "logistics.goods_ordered_units", "orders follow the last report", lag=True, before=0.0),
    Link("push_started-to-logistics", "government.push_started", "logistics.push_started", "the state pushes goods", lag=True, before=0.0),
    Link("advice-to-people", "government.advice", "people.advice", "advice and warnings change behaviour", lag=True, before=0.0),
)
# fmt: on

# loop -> (what it is, its rows in order); each is closed and holds at least one lagged row
LOOPS: dict[str, tuple[str, tuple[str, ...]]] = {
    "a": (
        "dark facilities wait for the generator cars they ask for",
        ("generator_cars_wanted_units-to-government", "generator_cars_units-to-infrastructure"),
    ),
    "b": (
        "generators need fuel, fuel stations need power",
        ("fuel_wanted_l-to-logistics", "fuel_delivered_l-to-infrastructure"),
    ),
    "c": (
        "engineers open the roads they drive on",
        ("travel_emergency_s-to-rescue", "road_clearing_crews-to-infrastructure"),
    ),
    "d": (
        "broken mains feed no hydrants, fires burn longer",
        ("buildings_burnt-to-infrastructure", "water_service_fraction-to-damage"),
    ),
    "e": ("fires and rescue share the crews", ("fires_burning-to-rescue", "fire_crews-to-damage")),
    "f": ("waiting makes the trapped worse", ("trapped_persons-to-rescue", "freed_persons-to-people")),
    "g": (
        "families jam the roads rescuers need",
        ("traffic_factor-to-infrastructure", "travel_emergency_s-to-rescue", "freed_persons-to-people"),
    ),
    "h": (
        "shelters absorb the staff that opens shelters",
        ("shelter_staff_wanted_persons-to-government", "shelter_staff_persons-to-evacuation"),
    ),
    "i": (
        "head-counts set goods, goods set who can stay",
        ("shelter_persons-to-logistics", "shelter_drink_fraction-to-evacuation"),
    ),
    "j": ("scouts are sent where nothing is heard", ("scouting_wanted-to-rescue", "scout_reports-to-government")),
    "k": (
        "officials at work open shelters for people like themselves",
        (
            "staff_attendance_fraction-to-government",
            "shelter_staff_persons-to-evacuation",
            "leaving_persons-to-people",
        ),
    ),
    "l": ("responders use up what they bring", ("responder_fuel_wanted_l-to-logistics", "responder_fuel_l-to-rescue")),
    "m": (
        "shelters make people ill, the ill are transferred",
        ("shelter_wbgt_c-to-people", "persons_ill-to-evacuation"),
    ),
    "n": (
        "outages fill shelters, full shelters move up the repair list",
        ("power_on_fraction-to-evacuation", "shelter_persons-to-infrastructure"),
    ),
    "r": (
        "access decides what is scouted, scouting decides which road opens",
        ("travel_emergency_s-to-rescue", "scout_reports-to-government", "road_priority-to-infrastructure"),
    ),
    "p": (
        "pumps keep low ground dry until the water drowns them",
        ("pump_power-to-hazard", "water_depth_m-to-infrastructure"),
    ),
    "q": (
        "high rivers breach levees, a breach draws the river down and floods the land",
        ("levee_breach_s-to-hazard", "levee_level_m-to-damage"),
    ),
    "s": (
        "reported head-counts set orders, meals keep people in shelters",
        (
            "shelter_counted_persons-to-government",
            "goods_ordered_units-to-logistics",
            "shelter_meals_fraction-to-evacuation",
        ),
    ),
}


def pairs() -> list[tuple[str, str]]:
    """Directed pairs of layers that have at least one row, in layer order."""
    found = {(link.source_layer, link.target_layer) for link in COUPLINGS}
    return [(source, target) for source in ORDER for target in ORDER if (source, target) in found]


def matrix() -> dict[str, dict[str, int]]:
    """Number of rows from each layer (first key) to each layer (second key)."""
    count = {source: dict.fromkeys(ORDER, 0) for source in ORDER}
    for link in COUPLINGS:
        count[link.source_layer][link.target_layer] += 1
    return count
