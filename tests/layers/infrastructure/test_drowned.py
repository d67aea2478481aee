"""Drowned plant: when it fails, who mends it, and that the outage outlasts the flood."""

from __future__ import annotations

import numpy as np
import pytest

from layers.infrastructure import drowned
from layers.infrastructure.facilities import HOSPITAL, PUMP, STATION
from layers.infrastructure.gates import GATE

SURE = {"flood_low_fraction": [1.0] * 9, "flood_sill_spread": 0.0}
HOUR_S, DAY_S = 3600, 86400


def flood_at(one, kind, depth_m, row=0):
    """Depth by patch: only the patch of one site is wet."""
    depth = np.zeros(one.world.shape("patch"))
    patch = drowned.of_set(one.given.sites, one.given.sites.patch, kind)[row]
    assert patch >= 0
    depth[patch] = depth_m
    return depth


@pytest.mark.parametrize(("depth_m", "dark"), [(0.45, False), (0.55, True)])
def test_a_substation_drowns_above_its_sill_and_darkens_its_feeders(coast, depth_m, dark):
    one = coast(**SURE)
    one.step(60)
    one.step(600, water_depth_m=flood_at(one, drowned.SUBSTATION, depth_m))
    hit = one.given.power.substation == 0
    assert (~one.state.power.on[hit].any(axis=1) == dark).all()
    assert one.state.power.on[~hit].all()
    assert (one.result.outputs["power_on_fraction"].min() < 1.0) == dark
    assert (one.result.outputs["power_out_customers"].sum() > 0) == dark


def test_a_substation_comes_back_only_after_the_water_and_the_gangs_work(coast):
    one = coast(**SURE)
    one.step(60)
    wet = flood_at(one, drowned.SUBSTATION, 2.0)
    list(one.run(12 * HOUR_S, water_depth_m=wet))
    assert one.state.sites.drowned.any()
    assert not one.state.sites.asked.any()
    list(one.run(12 * HOUR_S + int(one.given.params.dry_work_s[drowned.SUBSTATION])))
    assert one.state.power.dark.any()
    list(one.run(8 * DAY_S, 3600))
    assert one.state.power.on.all()
    assert not one.state.sites.drowned.any()
    assert not one.state.sites.asked.any()


def test_no_gang_goes_to_the_coast_while_a_warning_holds(coast):
    one = coast(**SURE)
    one.step(60)
    one.step(600, water_depth_m=flood_at(one, STATION, 2.0))
    list(one.run(4 * HOUR_S, tsunami_warning=2.0))
    assert one.state.sites.drowned.any()
    assert not one.state.sites.asked.any()
    list(one.run(6 * HOUR_S))
    assert one.state.sites.asked.any()


def test_a_drowned_base_station_and_its_town_say_so(coast):
    one = coast(**SURE)
    one.step(60)
    one.step(600, water_depth_m=flood_at(one, STATION, 1.0), tsunami_warning=2.0)
    assert np.flatnonzero(~one.state.telecom.up).tolist() == np.flatnonzero(one.state.telecom.drowned).tolist() != []
    (line,) = [event for event in one.result.events if event.kind == "stations_drowned"]
    assert ("tsunami_warning", line.row) in line.causes
    assert line.amount == one.state.telecom.drowned.sum()


def test_a_drowned_hospital_has_neither_mains_nor_generator_until_electricians_are_done(coast):
    one = coast(**SURE)
    one.step(60)
    wet = flood_at(one, HOSPITAL, 0.8, row=1)
    one.step(600, water_depth_m=wet)
    assert one.result.outputs["hospital_power"][1] == 0.0
    assert one.booked_l == 0.0, "a drowned generator burns nothing"
    one.step(600)
    work_s = int(one.given.params.dry_work_s[HOSPITAL])
    list(one.run(one.now_s + work_s - 1200, 600))
    assert one.result.outputs["hospital_power"][1] == 0.0
    list(one.run(one.now_s + 1200, 600))
    assert one.result.outputs["hospital_power"][1] == 1.0


def test_plant_upstairs_never_drowns(coast):
    one = coast(flood_low_fraction=[0.0] * 9)
    one.step(60)
    one.step(600, water_depth_m=20.0)
    assert not one.state.sites.drowned.any()


def test_a_drowned_waterworks_leaves_its_zone_to_the_tank(coast):
    one = coast(**SURE)
    one.step(60)
    wet = flood_at(one, PUMP, 1.0)
    list(one.run(2 * DAY_S, 3600, water_depth_m=wet))
    assert one.state.facilities.power[one.given.facilities.first[PUMP]] == 0.0
    assert one.totals()["households_without_water"] > 0


def test_a_second_flood_before_the_electricians_are_done_starts_their_work_anew(coast):
    one = coast(**SURE)
    one.step(60)
    wet = flood_at(one, HOSPITAL, 0.8, row=1)
    one.step(600, water_depth_m=wet)
    one.step(600)
    first_s = one.state.sites.due_s[1]
    one.step(600, water_depth_m=wet)
    one.step(600)
    assert one.state.sites.due_s[1] == first_s + 1200


def test_worlds_without_water_are_not_touched(bench):
    one = bench()
    before = one.state.sites, one.state.ground, one.state.gates
    one.step(60)
    one.step(600, water_depth_m=5.0, tsunami_warning=2.0)
    assert all(old is new for old, new in zip(before, (one.state.sites, one.state.ground, one.state.gates)))
    assert one.totals()["power_contracts_out"] == 0.0


def test_fuel_books_close_in_a_flood(coast):
    from layers.infrastructure import fuel_l

    one = coast()
    begin = fuel_l(one.given, one.state)
    one.step(60)
    list(one.run(6 * HOUR_S, water_depth_m=0.8, fuel_delivered_l=10.0))
    list(one.run(2 * DAY_S, 3600, fuel_delivered_l=10.0))
    assert fuel_l(one.given, one.state) == pytest.approx(begin + one.booked_l)
    assert one.booked_l != 0.0


def test_gates_are_segments_of_their_kind(coast):
    one = coast()
    assert (one.world["levee"]["kind"][one.given.gates.row] == GATE).all()
    assert one.given.gates.row.size
