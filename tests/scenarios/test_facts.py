"""The fact tables of the default scenario: they parse, agree with each other and name their sources."""

from __future__ import annotations

import csv
import math
from collections import Counter, defaultdict
from datetime import datetime, timedelta
from pathlib import Path

import pytest

FOLDER = Path(__file__).parents[2] / "scenarios" / "kumamoto-2026"
CENSUS_PERSONS = 1_738_301  # population of Kumamoto prefecture, census of 1 October 2020
LIMIT = datetime.fromisoformat("2026-08-03T00:00:00+09:00")  # nothing after 2 August 2026 may be here
STATUS = {"read", "recomputed", "assumed", "unverified"}
TABLES = sorted(path.stem for path in FOLDER.glob("*.csv"))
COLUMNS = {
    "municipality": "code name_ja name_en kind office_lat office_lon centre_lat centre_lon area_km2 population "
    "population_year households share_65 daytime_ratio water_utility gas_customers telecom_note status",
    "settlement": "municipality name_en lat lon weight radius_km",
    "outline": "ring order lat lon",
    "ground": "ring order lat lon ground",
    "fault": "lat lon strike_deg dip_deg length_km width_km top_km rake_deg mw mw_low mw_high",
    "shock": "id time lat lon depth_km mj mw max_class role source",
    "intensity_observed": "shock municipality class received_min status",
    "station": "number municipality lat lon",
    "node": "id name_en name_ja lat lon kind municipality",
    "road": "id route name_ja road_class node_a node_b length_km bridges slope_exposed_fraction lanes status",
    "office": "id kind municipality name_ja lat lon staff emergency_power_h status",
    "hospital": "id name_ja municipality lat lon beds disaster_base status",
    "base": "id kind name_ja municipality lat lon personnel crews crew_size mobilise_min source status",
    "site": "id name_ja kind municipality lat lon persons_day persons_night floor_m2 status",
    "incident": "site time_s kind persons_exposed persons_dead_given persons_trapped_given needs_machine source",
    "weather": "date tmax_c tmin_c humidity rain_mm kind",
    "report": "as_of published received source municipality quantity value flag",
    "report_road": "snapshot road_class route sections_closed sections_limited sections_damage_related",
    "traffic": "counter date hour_from ratio",
    "sources": "table title url licence attribution retrieved label note",
}


def rows(table: str) -> list[dict[str, str]]:
    with (FOLDER / f"{table}.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file, strict=True))


def codes() -> set[str]:
    return {row["code"] for row in rows("municipality")}


def distance_km(a: dict[str, str], b: dict[str, str]) -> float:
    north = (float(a["lat"]) - float(b["lat"])) * 110.9
    east = (float(a["lon"]) - float(b["lon"])) * 111.3 * math.cos(math.radians(float(a["lat"])))
    return math.hypot(north, east)


def reported(source: str, quantity: str, municipality: str = "all") -> dict[str, float]:
    """Latest value by as-of time of one reported quantity."""
    chosen = [
        row
        for row in rows("report")
        if (row["source"], row["quantity"], row["municipality"]) == (source, quantity, municipality)
    ]
    return {row["as_of"]: float(row["value"]) for row in chosen}


def test_every_table_is_here():
    assert set(TABLES) == set(COLUMNS)


@pytest.mark.parametrize("table", TABLES)
def test_rows_parse_and_columns_are_complete(table):
    content = rows(table)
    assert content, table
    assert not set(COLUMNS[table].split()) - set(content[0])
    for number, row in enumerate(content, start=2):
        assert None not in row, f"{table}.csv:{number}"
        assert None not in row.values(), f"{table}.csv:{number}"
        assert "nan" not in {value.lower() for value in row.values()}, f"{table}.csv:{number}"
        assert row.get("status", "assumed") in STATUS, f"{table}.csv:{number}"


@pytest.mark.parametrize("table", TABLES)
def test_places_lie_in_the_prefecture(table):
    for row in rows(table):
        if "lat" in row and row.get("kind") != "state":
            assert 32.0 < float(row["lat"]) < 33.3, row
            assert 129.8 < float(row["lon"]) < 131.5, row


@pytest.mark.parametrize("table", TABLES)
def test_municipality_codes_are_known(table):
    extra = {"all"} if table == "report" else {""} if table in {"node", "office", "base"} else set()
    for row in rows(table):
        if "municipality" in row:
            assert row["municipality"] in codes() | extra, row


def test_codes_are_unique_and_have_five_digits():
    found = [row["code"] for row in rows("municipality")]
    assert len(found) == len(set(found)) == 45
    assert all(len(code) == 5 and code.isdigit() and code.startswith("43") for code in found)
    assert "43100" in found
    assert not {"43101", "43102", "43103", "43104", "43105"} & set(found)


@pytest.mark.parametrize("table", ["shock", "node", "road", "office", "hospital", "base", "site"])
def test_ids_are_unique(table):
    assert Counter(row["id"] for row in rows(table)).most_common(1)[0][1] == 1


def test_population_adds_up_to_the_census():
    population = sum(int(row["population"]) for row in rows("municipality"))
    assert abs(population - CENSUS_PERSONS) < 0.01 * CENSUS_PERSONS
    for row in rows("municipality"):
        assert 1.8 < int(row["population"]) / int(row["households"]) < 3.2, row["name_ja"]
        assert 0.15 < float(row["share_65"]) < 0.6, row["name_ja"]


def test_yatsushiro_and_hikawa_share_one_water_utility():
    utility = {row["code"]: row["water_utility"] for row in rows("municipality")}
    assert utility["43202"] == utility["43468"]
    assert Counter(utility.values())[utility["43202"]] == 2
    assert len(set(utility.values())) == 44


def test_gas_customers_of_yatsushiro_cover_those_cut_off():
    gas = {row["code"]: int(row["gas_customers"]) for row in rows("municipality")}
    assert gas["43202"] >= max(reported("cabinet", "gas_stopped", "43202")["2026-07-31T06:30:00+09:00"], 8892)


def test_settlement_weights_sum_to_one():
    total: dict[str, float] = defaultdict(float)
    for row in rows("settlement"):
        assert float(row["radius_km"]) > 0
        total[row["municipality"]] += float(row["weight"])
    assert set(total) == codes()
    assert all(math.isclose(value, 1.0, abs_tol=1e-9) for value in total.values()), total


@pytest.mark.parametrize("table", ["outline", "ground"])
def test_rings_are_numbered_without_gaps(table):
    order: dict[str, list[int]] = defaultdict(list)
    for row in rows(table):
        order[row["ring"]].append(int(row["order"]))
    assert all(found == list(range(len(found))) and len(found) >= 3 for found in order.values())
    assert table != "outline" or sum(map(len, order.values())) <= 150


def test_uki_and_hikawa_lie_over_the_fault():
    (fault,) = rows("fault")
    strike, dip = math.radians(float(fault["strike_deg"])), math.radians(float(fault["dip_deg"]))
    reach_km = float(fault["width_km"]) * math.cos(dip)
    offices = {row["code"]: row for row in rows("municipality")}
    for code in ("43213", "43468"):
        north = (float(offices[code]["office_lat"]) - float(fault["lat"])) * 110.9
        east = (float(offices[code]["office_lon"]) - float(fault["lon"])) * 93.6
        along_km = north * math.cos(strike) + east * math.sin(strike)
        down_dip_km = east * math.cos(strike) - north * math.sin(strike)  # to the right of the strike
        assert abs(along_km) <= float(fault["length_km"]) / 2
        assert 0 <= down_dip_km <= reach_km


def test_fault_values_lie_in_their_ranges():
    (fault,) = rows("fault")
    for name in ("strike_deg", "dip_deg", "length_km", "width_km", "top_km", "rake_deg", "mw"):
        assert float(fault[f"{name}_low"]) <= float(fault[name]) <= float(fault[f"{name}_high"]), name


def test_one_main_shock_with_every_municipality_observed():
    shocks = rows("shock")
    (main,) = [row for row in shocks if row["role"] == "mainshock"]
    assert main["time"] == "2026-07-28T16:27:00+09:00"
    assert float(main["mj"]) == 7.1
    assert float(main["depth_km"]) == 16
    felt = {row["municipality"]: row for row in rows("intensity_observed") if row["shock"] == main["id"]}
    assert set(felt) == codes()
    assert {code for code, row in felt.items() if row["class"] == "7"} == {"43213", "43468"}
    assert {code for code, row in felt.items() if row["class"] == "5@"} == {"43442", "43444"}
    assert all((row["received_min"] == "") == (row["class"] == "5@") for row in felt.values())
    assert {row["shock"] for row in rows("intensity_observed")} <= {row["id"] for row in shocks}


def test_every_municipality_has_a_station_and_an_office():
    assert {row["municipality"] for row in rows("station")} == codes()
    assert {row["municipality"] for row in rows("office") if row["kind"] == "municipality"} == codes()
    assert {row["municipality"] for row in rows("node") if row["kind"] == "office"} == codes()


def test_road_graph_is_connected():
    near: dict[str, set[str]] = defaultdict(set)
    for road in rows("road"):
        near[road["node_a"]].add(road["node_b"])
        near[road["node_b"]].add(road["node_a"])
    nodes = {row["id"] for row in rows("node")}
    assert set(near) == nodes
    reached, waiting = {"office-43100"}, ["office-43100"]
    while waiting:
        fresh = near[waiting.pop()] - reached
        reached |= fresh
        waiting += fresh
    assert reached == nodes


def test_roads_are_not_shorter_than_the_straight_line():
    nodes = {row["id"]: row for row in rows("node")}
    for road in rows("road"):
        straight_km = distance_km(nodes[road["node_a"]], nodes[road["node_b"]])
        assert straight_km - 0.1 <= float(road["length_km"]) <= 2.0 * straight_km + 0.5, road["id"]
        assert 0 <= float(road["slope_exposed_fraction"]) <= 1
        assert int(road["lanes"]) in {1, 2, 4}


def test_gateways_open_to_every_side():
    ways = {row["id"]: row for row in rows("node") if row["kind"] == "gateway"}
    assert {"gw-fukuoka", "gw-ebino", "gw-kagoshima", "gw-takachiho", "gw-oita"} <= set(ways)
    assert {"E3", "E3A", "E77"} <= {row["route"] for row in rows("road") if row["road_class"] == "expressway"}


def test_forces_are_complete():
    bases = rows("base")
    heads = {row["id"].split("-")[1] for row in bases if row["kind"] == "fire"}
    kinds = Counter(row["kind"] for row in bases)
    assert len(heads) == 12
    assert kinds["police"] == 23
    assert {row["municipality"] for row in bases if row["kind"] == "volunteer"} == codes()
    strength: Counter[str] = Counter()
    for row in bases:
        strength[row["kind"]] += int(row["personnel"])
        assert int(row["crews"]) * int(row["crew_size"]) <= 1.5 * int(row["personnel"]) + 10, row["id"]
    assert strength["aid_fire"] == 1138  # Cabinet Office, 29 July 14:00
    assert strength["sdf"] == 3600
    assert strength["sdf"] + strength["aid_sdf"] == 5100
    assert abs(strength["volunteer"] - 30_000) < 600


def test_incidents_happen_at_sites_and_stay_below_the_reported_dead():
    sites = {row["id"]: row for row in rows("site")}
    for row in rows("incident"):
        dead = reported("cabinet", "deaths", sites[row["site"]]["municipality"])["2026-08-02T08:00:00+09:00"]
        low, given, high = (float(row[f"persons_dead_{name}"]) for name in ("low", "given", "high"))
        assert 0 < low <= given <= high <= dead
        assert given + float(row["persons_trapped_given"]) <= float(row["persons_exposed"])


def test_weather_has_every_day_once():
    days = [datetime.fromisoformat(row["date"]) for row in rows("weather")]
    assert days == [datetime(2026, 7, 28) + timedelta(days=k) for k in range(36)]
    for row in rows("weather"):
        assert float(row["tmin_c"]) < float(row["tmax_c"])
        assert 0 < float(row["humidity"]) < 1
        assert row["kind"] in {"observed", "forecast", "assumed"}
        assert row["date"] <= "2026-08-08" or row["kind"] == "assumed"


def test_reports_are_sorted_and_carry_zones():
    stream = rows("report")
    instants = [[datetime.fromisoformat(row[name]) for name in ("as_of", "published", "received")] for row in stream]
    assert all(time.utcoffset() == timedelta(hours=9) for row in instants for time in row)
    assert all(as_of <= published <= received < LIMIT for as_of, published, received in instants)
    assert [row[1] for row in instants] == sorted(row[1] for row in instants)
    assert len({row["published"] for row in stream if row["source"] == "pref"}) == 10
    assert len({row["published"] for row in stream if row["source"] == "cabinet"}) == 6
    assert all(row["value"] != "" and float(row["value"]) >= 0 for row in stream)


@pytest.mark.parametrize("table", ["shock", "report_road"])
def test_other_times_carry_zones(table):
    for row in rows(table):
        time = datetime.fromisoformat(row["time" if table == "shock" else "snapshot"])
        assert time.utcoffset() == timedelta(hours=9)
        assert time < LIMIT


def test_no_report_says_the_same_thing_twice():
    keys = Counter(
        tuple(row[name] for name in ("as_of", "published", "source", "municipality", "quantity", "flag"))
        for row in rows("report")
    )
    assert keys.most_common(1)[0][1] == 1


def test_stale_copies_and_relabelled_rows_are_flagged():
    stream = rows("report")
    copied = [
        row
        for row in stream
        if row["quantity"] == "power_contracts_out" and row["as_of"].startswith("2026-08-02T07:30")
    ]
    assert copied
    assert all(row["flag"] == "stale_copy" for row in copied)
    water = [row for row in stream if row["quantity"] == "households_without_water" and row["source"] == "cabinet"]
    by_time: dict[str, float] = defaultdict(float)
    for row in water:
        if row["municipality"] in {"43202", "43468"}:
            by_time[row["as_of"]] += float(row["value"])
            assert (row["flag"] == "relabelled") == (row["as_of"] >= "2026-07-31")
    assert len(by_time) == 6
    assert set(by_time.values()) == {28_500.0}


def test_headline_figures_are_those_printed():
    assert reported("cabinet", "power_contracts_out")["2026-07-28T17:09:00+09:00"] == 48_530
    assert reported("cabinet", "power_contracts_out")["2026-07-31T16:44:00+09:00"] == 0
    assert list(reported("cabinet", "base_stations_down").values()) == [96, 157, 122, 25, 12, 9]
    assert list(reported("cabinet", "evacuees_in_shelters").values()) == [9186, 7547, 9931, 9637, 9374, 9158]
    assert list(reported("pref", "deaths").values()) == [1, 9, 15, 25, 34, 34, 34, 34, 35, 35]
    rescued = reported("cabinet", "rescued_persons")
    assert rescued == {"2026-07-30T05:30:00+09:00": 85, "2026-07-30T12:00:00+09:00": 98}
    assert reported("cabinet", "gas_restored", "43202") == {"2026-08-02T07:00:00+09:00": 421}


def test_road_sections_name_their_reading():
    for row in rows("report_road"):
        closed, limited = int(row["sections_closed"]), int(row["sections_limited"])
        assert closed + limited >= int(row["sections_damage_related"]), row
        assert row["source"] in {"mlit_map", "cabinet"}
    expressway: Counter[str] = Counter()
    for row in rows("report_road"):
        if row["source"] == "cabinet" and row["road_class"] == "expressway":
            expressway[row["snapshot"]] += int(row["sections_closed"]) + int(row["sections_limited"])
    assert list(expressway.values()) == [17, 17, 17, 9, 9, 9]


def test_traffic_is_a_ratio_after_the_event_only():
    content = rows("traffic")
    assert {row["date"] for row in content} == {
        f"2026-{day}" for day in ("07-28", "07-29", "07-30", "07-31", "08-01", "08-02")
    }
    assert len({row["counter"] for row in content}) == 12  # the thirteenth counter is silent after 1 July
    assert all(0 <= float(row["ratio"]) < 20 and row["hour_from"] in {"0", "6", "12", "18"} for row in content)


def test_every_table_has_a_source():
    sources = rows("sources")
    assert {row["table"] for row in sources} == {f"{table}.csv" for table in TABLES if table != "sources"}
    assert {row["label"] for row in sources} <= {"real", "derived", "synthetic"}
    wording = "国土交通省API 機能による交通量(参考値)を加工して作成"
    assert all(row["attribution"] == wording for row in sources if row["table"] == "traffic.csv")
    assert not any("ODbL" in row["licence"] or "OpenStreetMap" in row["title"] for row in sources)
    assert all(row["attribution"] for row in sources if row["licence"] != "facts")
