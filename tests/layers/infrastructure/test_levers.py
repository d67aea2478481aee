"""Order levers on the layer alone: what each changes, where, when, and that taking back undoes it."""

from dataclasses import replace

import numpy as np
import pytest

from layers.infrastructure import LAYER, levers, sending
from layers.infrastructure import crews as gang
from layers.infrastructure.facilities import HOSPITAL, OFFICE, SHELTER, STATION
from layers.infrastructure.roads import CLOSED, EMERGENCY_ONLY, OPEN
from tests.layers.infrastructure.conftest import ORIGIN
from twin import ledger
from twin.contract import Clock
from twin.missions import NEVER_S

HOUR_S = 3600
NAMES = [lever.name for lever in levers.LEVERS]


@pytest.fixture
def hit(shaken, world):
    """A shaken bench of few line gangs, whose faults are located after six hours; `lost` keeps houses lost."""
    one = shaken(locate_s=6.0 * HOUR_S)
    one.lost = {"buildings_collapsed": world["cell"]["buildings"].sum(axis=1) * 0.04}
    return one


def forked(one):
    """The same run once more, from here on."""
    other = type(one)(one.world, one.given, one.state, one.chance, one.now_s)
    other.lost = one.lost
    return other


def summed(one, until_h, name):
    """Sum of a series over the steps until an hour, by town."""
    total = np.zeros(len(one.world["municipality"]))
    while one.now_s < until_h * HOUR_S:
        one.step(1800, **one.lost)
        total += LAYER.measure(one.given, one.state)[name]
    return total


def went_on(one, until_h, dt_s=1800, **inputs):
    """The bench, stepped on with its books checked in every step."""
    while one.now_s < until_h * HOUR_S:
        before, clock = ledger.totals(LAYER, one.given, one.state), Clock(one.now_s, dt_s, ORIGIN, one.chance)
        one.step(dt_s, **one.lost, **inputs)
        fed = {"returned_fuel": np.zeros(1), **one.inputs(**inputs)}
        ledger.check(LAYER, one.given, before, one.result, fed, clock)
    return one


def everything(one):
    """All series now."""
    return LAYER.measure(one.given, one.state)


def test_every_order_is_recorded_on_the_rows_it_names(world):
    orders = [lever for lever in LAYER.levers if not lever.target]
    recorded = {var.name: var.on for var in LAYER.records}
    assert [lever.name for lever in orders] == NAMES
    for lever in orders:
        assert lever.withdraws
        assert lever.on in world
        assert lever.low < lever.high
        assert recorded[levers.QUANTITY.get(lever.name, lever.name)] == lever.on


@pytest.mark.parametrize("lever", levers.LEVERS, ids=lambda lever: lever.name)
def test_an_order_writes_a_line_per_row_and_taken_back_at_once_leaves_no_trace(hit, lever):
    plain, ordered = forked(hit), forked(hit)
    lines = ordered.obey(lever.name, [1, 0], lever.high).events
    assert [(line.kind, line.quantity, line.row, line.amount) for line in lines] == [
        ("ordered", levers.QUANTITY.get(lever.name, lever.name), row, lever.high) for row in (1, 0)
    ]
    ordered.obey(lever.name, [0, 1], np.nan)
    assert LAYER.stocks[0].total(ordered.given, ordered.state) == LAYER.stocks[0].total(plain.given, plain.state)
    for one in (plain, ordered):
        went_on(one, 5)
    for name, values in everything(plain).items():
        assert np.array_equal(values, everything(ordered)[name], equal_nan=True), name
    for name, values in plain.result.outputs.items():
        assert np.array_equal(values, ordered.result.outputs[name]), name


@pytest.mark.parametrize(
    ("lever", "series"),
    [
        ("power_crews_sent", "power_contracts_out"),
        ("water_crews_sent", "households_without_water"),
        ("road_crews_sent", "roads_closed"),
    ],
)
def test_gangs_sent_to_a_town_mend_it_sooner_but_not_before_they_are_there(hit, lever, series):
    plain, ordered = forked(hit), forked(hit)
    ordered.obey(lever, [1], 8.0)
    there_h = int(hit.given.params.sent_travel_s + hit.given.params.aid_muster_s) // HOUR_S
    assert np.array_equal(summed(plain, there_h, series), summed(ordered, there_h, series))
    without, with_them = summed(plain, 48, series), summed(ordered, 48, series)
    assert with_them[1] < 0.95 * without[1]
    pool = gang.guest_pool(2, levers.CREWS.index(lever), 1)
    assert (ordered.state.crews.units.pool == pool).sum() == 8
    assert not (plain.state.crews.units.pool >= gang.guest_pool(2, 0)).any()


def test_gangs_sent_to_a_town_work_nowhere_else(hit):
    hit.obey("power_crews_sent", [1], 3.0)
    pool, seen = gang.guest_pool(2, 0, 1), set()
    while hit.now_s < 40 * HOUR_S:
        hit.step(1800, **hit.lost)
        crew = hit.state.crews
        mine = crew.missions.pool == pool
        seen |= set(sending.towns(hit.given, crew)[mine].tolist())
        assert crew.missions.need[mine].sum() <= 3
    assert seen == {1}


def test_gangs_taken_back_leave_after_their_job_and_come_all_the_way_again(hit):
    hit.obey("water_crews_sent", [0], 4.0)
    went_on(hit, 2)
    hit.obey("water_crews_sent", [0], np.nan)
    went_on(hit, 3)
    pool = gang.guest_pool(2, 1, 0)
    assert (hit.state.crews.units.leave_s[hit.state.crews.units.pool == pool] <= hit.now_s).all()
    hit.obey("water_crews_sent", [0], 2.0)
    went_on(hit, 4)
    units = hit.state.crews.units
    staying = (units.pool == pool) & (units.leave_s == NEVER_S)
    assert staying.sum() == 2
    assert (units.available_s[staying] > hit.now_s + 5 * HOUR_S).all()


def test_a_job_for_more_gangs_than_were_sent_takes_them_longer_in_all_the_same_work():
    jobs, need, island = np.array([2, 0, 1]), np.array([1, 1, 3]), np.zeros(3, int)
    assert list(sending._shared_out(jobs, need, island, [0, 0], 0)) == [(2, 2)]
    assert list(sending._shared_out(jobs, need, island, [0, 0], 3)) == [(0, 1), (1, 1)]
    assert list(sending._shared_out(jobs, need, island, [5, 5], 0)) == []
    columns = {name: np.array([6000]) for name in ("left_s", "work_s")} | {"pool": np.array([0]), "need": np.array([3])}
    sending._give(columns, 0, 104, 2)
    assert (columns["left_s"][0] * columns["need"][0], columns["pool"][0]) == (18000, 104)


def test_the_town_named_first_is_mended_first_at_the_cost_of_the_other(hit):
    plain, ordered = forked(hit), forked(hit)
    ordered.obey("power_first", [1], 1000.0)
    without, first = summed(plain, 48, "power_contracts_out"), summed(ordered, 48, "power_contracts_out")
    assert first[1] < without[1]
    assert first[0] > without[0]
    dry = forked(hit)
    dry.obey("water_first", [1], 1000.0)
    assert summed(dry, 48, "households_without_water")[1] < summed(forked(hit), 48, "households_without_water")[1]


def in_queue(one, names, rows, value):
    """Missions and places moved after half an hour, with an order; those of the same moment without."""
    plain, ordered = forked(one), forked(one)
    for name in names:
        ordered.obey(name, rows, value)
    for bench in (plain, ordered):
        went_on(bench, one.now_s / HOUR_S + 0.5)
    assert plain.state.crews.missions.key.tolist() == ordered.state.crews.missions.key.tolist()
    return plain.state.crews, ordered.state.crews, ordered


def test_a_queue_returns_to_its_order_when_the_weight_is_taken_back(hit):
    went_on(hit, 8)
    before, after, ordered = in_queue(hit, ["power_first", "water_first", "hospital_first"], [0], 30.0)
    assert not np.array_equal(before.missions.priority, after.missions.priority)
    named = sending.towns(hit.given, after) == 0
    hospital = int(hit.given.facilities.hospital_zone[0])
    assert not after.ahead[~named & (after.subject != hospital)].any()
    for name in ("power_first", "water_first", "hospital_first"):
        ordered.obey(name, [0], np.nan)
    went_on(ordered, hit.now_s / HOUR_S + 1.0)
    again = ordered.state.crews
    assert not again.ahead.any()
    kept = np.isin(again.missions.key, before.missions.key)
    was = dict(zip(before.missions.key.tolist(), before.missions.priority.tolist()))
    assert [was[key] for key in again.missions.key[kept].tolist()] == again.missions.priority[kept].tolist()


def test_a_facility_lifts_only_the_jobs_it_hangs_on(hit):
    went_on(hit, 8)
    place = hit.given.facilities
    for lever, kind in levers.SITES_FIRST.items():
        _, after, _ = in_queue(hit, [lever], [0], 100.0)
        site = int(place.first[kind])
        section = place.feeder[site] * 6 + place.section[site]
        m = after.missions
        mine = (m.kind == gang.FAULT) & (after.subject == section)
        mine |= (m.kind == gang.PATROL) & (after.subject == place.feeder[site])
        if kind == HOSPITAL:
            mine |= np.isin(m.kind, (gang.SURVEY, gang.LEAK)) & (after.subject == place.hospital_zone[0])
        assert mine.any() or kind == OFFICE
        assert np.array_equal(after.ahead > 0, mine)


def test_a_road_named_first_is_inspected_before_all_others(hit):
    went_on(hit, 0.5)
    _, after, _ = in_queue(hit, ["road_first"], [7], 1.0)
    m = after.missions
    inspections = m.kind == gang.INSPECT
    first = np.argmin(np.where(inspections, m.priority, 32000))
    assert after.subject[first] == 7
    assert set(after.subject[after.ahead > 0].tolist()) == {7}


def roads_of(one):
    return one.given.roads, one.state.roads, one.state.travel


def test_a_closed_road_keeps_general_traffic_off_once_police_stand_there(bench):
    plain, ordered = bench(), bench()
    plain.lost = ordered.lost = {}
    ordered.obey("road_closed", [7], 1.0)
    jam = {"traffic_factor": 2.0, "dt_s": 600}
    for one in (plain, ordered):
        went_on(one, 0.5, **jam)
    assert np.array_equal(plain.state.travel.truck_s, ordered.state.travel.truck_s)
    for one in (plain, ordered):
        went_on(one, 1.5, **jam)
    place, way, times = roads_of(ordered)
    assert way.status[7] == EMERGENCY_ONLY
    assert (np.delete(way.status, 7) == OPEN).all()
    a, b = int(place.node_a[7]), int(place.node_b[7])
    assert times.truck_s[a, b] > plain.state.travel.truck_s[a, b]
    assert times.emergency_s[a, b] < plain.state.travel.emergency_s[a, b]
    assert (times.truck_s >= plain.state.travel.truck_s - 1e-9).all()
    assert everything(ordered)["roads_closed"].sum() == 1.0
    assert [(e.kind, e.row, e.causes) for e in ordered.result.events] == []
    ordered.obey("road_closed", [7], np.nan)
    result = ordered.step(600, traffic_factor=2.0)
    assert [(e.kind, e.row) for e in result.events] == [("road_opened", 7)]
    assert ordered.state.travel.truck_s == pytest.approx(plain.state.travel.truck_s)
    assert ordered.state.travel.emergency_s == pytest.approx(plain.state.travel.emergency_s)


def test_closing_a_road_that_is_broken_opens_nothing(bench):
    one = bench()
    one.step(600)
    way = replace(one.state.roads, bridge_broken=np.ones(len(one.given.roads.keys), np.int64), settled=False)
    one.state = replace(one.state, roads=way)
    one.obey("road_closed", [7], 1.0)
    for _ in range(8):
        one.step(600)
    assert one.state.roads.barred[7]
    assert (one.state.roads.status == CLOSED).all()


def test_contraflow_thins_the_jam_of_its_town_and_turns_trucks_away(bench):
    plain, ordered = bench(), bench()
    plain.lost = ordered.lost = {}
    town = int(ordered.given.roads.municipality[7])
    ordered.obey("contraflow", [7], 1.0)
    fleeing = {"evacuee_cars_units": 800.0, "traffic_factor": 1.5}
    for one in (plain, ordered):
        went_on(one, 5, **fleeing)
    faster = ordered.result.outputs["local_speed_fraction"] / plain.result.outputs["local_speed_fraction"]
    assert faster[town] > 1.02
    assert faster[1 - town] == 1.0
    place, way, times = roads_of(ordered)
    assert way.reversed.nonzero()[0].tolist() == [7]
    assert way.status[7] == OPEN
    a, b = int(place.node_a[7]), int(place.node_b[7])
    assert times.truck_s[a, b] > plain.state.travel.truck_s[a, b]
    ordered.obey("contraflow", [7], np.nan)
    for one in (plain, ordered):
        went_on(one, 6, **fleeing)
    assert np.array_equal(ordered.result.outputs["local_speed_fraction"], plain.result.outputs["local_speed_fraction"])
    assert ordered.state.travel.truck_s == pytest.approx(plain.state.travel.truck_s)


@pytest.fixture
def dark(bench):
    """A bench without any electricity from the network and without fuel in fixed tanks."""
    one = bench()
    one.step(600)
    grid = replace(one.state.power, dark=np.ones(len(one.given.power.keys), bool))
    halls = replace(one.state.facilities, fuel_l=np.zeros_like(one.state.facilities.fuel_l))
    one.state, one.lost = replace(one.state, power=grid, facilities=halls), {}
    return one


@pytest.mark.parametrize(("lever", "kind"), levers.CARS.items())
def test_a_generator_car_drives_is_connected_burns_its_fuel_and_goes(dark, lever, kind):
    place, params = dark.given.facilities, dark.given.params
    site = int(place.first[kind]) + 1
    dark.obey(lever, [1], 1.0)
    tank_l = float(dark.state.orders.cars.left[site])
    assert tank_l == pytest.approx(params.sent_car_tank_s * params.generator_burn_l_per_h[kind] / 3600.0)
    there_h = (params.sent_travel_s + params.aid_muster_s + params.car_connect_s) / HOUR_S
    went_on(dark, there_h)
    assert dark.state.facilities.power[site] == 0.0
    went_on(dark, there_h + 2)
    assert dark.state.facilities.power[site] == params.car_power_fraction
    lit = np.flatnonzero(dark.state.facilities.power[place.feeder >= 0])
    assert lit.tolist() == [np.flatnonzero(place.feeder >= 0).tolist().index(site)]
    assert 0.0 < dark.state.orders.cars.left[site] < tank_l
    went_on(dark, there_h + 12)
    assert dark.state.facilities.power[site] == 0.0
    assert dark.state.orders.cars.left[site] == 0.0
    assert dark.result.outputs["fuel_wanted_l"][place.municipality[site]] >= tank_l - 1e-6
    went_on(dark, there_h + 12.5, fuel_delivered_l=10000.0)
    assert dark.state.facilities.power[site] > 0.0
    assert dark.state.orders.cars.left[site] > 0.0
    left_l = float(dark.state.orders.cars.left[site])
    assert dark.obey(lever, [1], np.nan).booked == {"fuel": pytest.approx(-left_l)}
    went_on(dark, there_h + 14)
    units = dark.state.crews.units
    assert (units.leave_s[units.pool == gang.guest_pool(2, 3, 0)] <= dark.now_s).all()
    assert not (dark.state.crews.missions.kind == gang.SENT_CAR).any()


def test_an_ordered_car_takes_none_from_the_town(dark):
    place = dark.given.facilities
    dark.obey("generator_at_hospital", [0], 1.0)
    went_on(dark, 10, generator_cars_units=20.0)
    asked = dark.state.facilities.car_asked
    assert not asked[0]
    assert asked[1 : place.first[HOSPITAL + 1]].all()
    assert dark.state.facilities.power[0] > 0.0


def test_a_terminal_gives_an_office_its_lines_while_its_battery_lasts(dark):
    params = dark.given.params
    dark.obey("satellite_at_office", [0], 1.0)
    went_on(dark, 7.5)
    before = dark.result.outputs["office_telecom"]
    faults = np.ones_like(dark.state.power.faults)
    dark.state = replace(dark.state, power=replace(dark.state.power, faults=faults))
    quiet = {"phone_load_fraction": 50.0}
    went_on(dark, 10, **quiet)
    lines = dark.result.outputs["office_telecom"]
    assert lines[0] == params.satellite_line_fraction
    assert (lines[1:3] < before[1:3]).all()
    assert lines[1] < 0.5
    went_on(dark, 10 + params.satellite_battery_s / HOUR_S, **quiet)
    assert dark.result.outputs["office_telecom"][0] < 0.5
    assert dark.state.orders.terminals.left[dark.given.facilities.first[OFFICE]] == 0.0


def test_a_terminal_at_a_shelter_serves_its_cell_and_one_at_a_station_its_line(dark):
    place, stations = dark.given.facilities, dark.given.telecom
    cut = np.ones(len(stations.keys), bool)
    dark.state = replace(dark.state, telecom=replace(dark.state.telecom, line_cut=cut, line_asked=cut))
    dark.obey("satellite_at_shelter", [0], 1.0)
    dark.obey("satellite_at_station", [3], 1.0)
    hall = replace(dark.state.power, dark=np.zeros(len(dark.given.power.keys), bool))
    dark.state = replace(dark.state, power=hall)
    went_on(dark, 6)
    assert not dark.state.telecom.up.any()
    assert not dark.state.seen.coverage.any()
    result = went_on(dark, 10).state
    assert result.telecom.up.nonzero()[0].tolist() == [3]
    sites = [int(place.first[SHELTER]), int(place.first[STATION]) + 3]
    assert result.orders.terminals.on.nonzero()[0].tolist() == sites
    cell = int(place.cell[place.first[SHELTER]])
    reached = stations.to_cell[:, [3]].toarray().ravel() > 0
    served = result.seen.coverage.nonzero()[0].tolist()
    assert cell in served
    assert set(served) <= {cell, *reached.nonzero()[0].tolist()}
    persons = dark.given.town.persons[cell]
    assert result.seen.coverage[cell] >= min(dark.given.params.satellite_persons / persons, 1.0) - 1e-9
