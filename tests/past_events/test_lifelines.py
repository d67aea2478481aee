"""How lifelines came back after Kobe 1995 and Kumamoto 2016, against the infrastructure layer on its own.

The layer runs in the small two-towns region (19,000 contracts) with one shock and as many crews per customer as then
(six workers to a crew and four to a pipe gang, assumed). Only shares of the outage are compared, as means of three
members: size, roads and faults of the region are not those of Kobe. Target for restoration shares: RMS 0.10.
"""

from dataclasses import replace
from functools import lru_cache
from types import SimpleNamespace

import numpy as np
import pytest

from layers.infrastructure import LAYER, water
from layers.infrastructure import crews as crews_of_region
from scenarios import build_world, read_scenario
from twin.chance import Chance
from twin.contract import Clock
from twin.params import load
from twin.run import freeze
from twin.units import DAY_S, HOUR_S

PARAMS = load(LAYER.params_file)
QUIET = {"phone_load_fraction": 1.0, "traffic_factor": 1.0, "road_priority": 1.0}
SERIES = ("power_contracts_out", "households_without_water")

# (hours after the shock, share of the outage left)
KOBE_POWER = ((1.73, 1.0), (14.2, 0.50), (38.2, 0.36), (62.2, 0.11), (86.2, 0.06), (110.2, 0.03), (134.2, 0.01))
KUMAMOTO_POWER = ((0.02, 1.0), (32.1, 100.0 / 476.6), (102.0, 3.7 / 476.6), (113.6, 0.0))
KOBE_WATER = ((12.0, 1.0), (7 * 24.0, 0.63 / 1.285), (14 * 24.0, 0.40 / 1.285))
STRONG = {"intensity": 6.3, "pgv": 1.0, "collapsed": 0.1}


@lru_cache(maxsize=1)
def world():
    return build_world(read_scenario("two-towns"))


@lru_cache(maxsize=32)
def course(member, power_aid, water_aid, hours):
    """(hours, contracts without power, households without water), each an array (time,)."""
    chance = Chance(7, member)
    given = replace(LAYER.prepare(world(), PARAMS), params=PARAMS)
    state = freeze(LAYER.start(given, chance))
    lost = world()["cell"]["buildings"].sum(axis=1) * STRONG["collapsed"]
    n_town = len(world()["municipality"])
    levels = QUIET | {
        "buildings_collapsed": lost,
        "power_aid_crews": power_aid / n_town,
        "water_aid_crews": water_aid / n_town,
    }
    shock = {"shock_intensity": STRONG["intensity"], "shock_pgv_m_per_s": STRONG["pgv"]}
    now_s, rows = 0, []
    while now_s < hours * HOUR_S:
        dt_s = 60 if now_s == 0 else 600 if now_s < DAY_S // 2 else 3600
        values = levels | (shock if now_s == 0 else {})
        inputs = {v.name: np.broadcast_to(values.get(v.name, 0.0), world().shape(v.on)) * 1.0 for v in LAYER.needs}
        state = freeze(LAYER.step(given, state, inputs, Clock(now_s, dt_s, world().origin, chance)).state)
        now_s += dt_s
        measured = LAYER.measure(given, state)
        rows.append((now_s / HOUR_S, *(measured[name].sum() for name in SERIES)))
    return np.array(rows).T


def own_crews(water):
    """Gangs the region has without aid."""
    pools = crews_of_region.own_units(crews_of_region.prepare(world()), PARAMS)
    return int(pools[crews_of_region.WATER if water else crews_of_region.POWER])


def shares_left(recorded, column, crews_per_1000, water=False):
    """Modelled share of the outage left at the recorded hours, mean of three members."""
    hours = np.array([hour for hour, _ in recorded])
    result = []
    for member in range(3):
        first = course(member, 0, 0, 12)
        wanted = round(np.interp(hours[0], first[0], first[column]) / 1000.0 * crews_per_1000)
        crews = max(wanted - own_crews(water), 0)
        one = course(member, 0 if water else crews, crews if water else 0, hours[-1] + 1)
        out = np.interp(hours, one[0], one[column])
        result.append(out / out[0])
    return np.mean(result, axis=0)


def rms(modelled, recorded):
    """Root mean square over all points but the first, which both curves start from."""
    return float(np.sqrt(np.mean((modelled - np.array([share for _, share in recorded]))[1:] ** 2)))


def test_kumamoto_2016_power():
    """Compared: 476,600 out after the second shock, under 100,000 after 32 h, 3,700 after 102 h, none after 114 h
    (press archive kantsuu), with 4,200 workers at it. Band: RMS 0.10 of the share.
    """
    crews_per_1000 = 4200 / 6 / 476.6
    assert rms(shares_left(KUMAMOTO_POWER, 1, crews_per_1000), KUMAMOTO_POWER) < 0.10


@pytest.mark.xfail(
    strict=True,
    reason="measured: RMS 0.37; 85, 79, 59, 45, 31 and 25 % left against 50, 36, 11, 6, 3 and 1 %. Too slow: faults "
    "are located a day after the shock (6 h: RMS 0.30) and take a crew 10 h, both fitted to 2026. With four times the "
    "crews RMS is 0.20, so the assumed six workers to a crew do not explain it alone",
)
def test_kobe_1995_power():
    """Compared: share of the 1.0 million out at 07:30 over six days (Kobe Shimbun and others), at most 4,700 workers.
    Band: RMS 0.10 of the share.
    """
    assert rms(shares_left(KOBE_POWER, 1, 4700 / 6 / 1000.0), KOBE_POWER) < 0.10


def test_kobe_1995_power_switched_back_before_any_repair():
    """Compared: 2.6 million out at once, 1.0 million at 07:30: 0.38 left after 1.7 h, by switching alone.

    Band: 0.20 of a share: how much of an outage is trips and how much broken line depends on the region.
    """
    left = shares_left(((0.02, 1.0), (1.73, 1.0 / 2.6)), 1, 0.0)[1]
    assert abs(left - 1.0 / 2.6) < 0.20


def test_tokyo_2022_crew_days_per_pole_leave_a_plausible_time_per_wire_fault():
    """Compared: 3.6 crew-days per broken pole (p. 388) with the layer's mean time per fault, for 84 poles among 939
    faults (Cabinet Office, summer of 2026, before 2 August).

    The layer knows one kind of fault: with poles at 3.6 crew-days, the rest must leave each wire fault a time within
    the planning range of 3 to 12 h.
    """
    mean_h = PARAMS.fault_repair_s / HOUR_S
    day_h = PARAMS.crew_duty_s / HOUR_S
    wire_h = (939 * mean_h - 84 * 3.6 * day_h) / 855
    assert 3.0 <= wire_h <= 12.0


@pytest.mark.xfail(
    strict=True,
    reason="measured: RMS 0.23; 38 and 0 % left against 49 and 31 %. The tail is missing: work ends within two weeks, "
    "Kobe's took six. A fifth of the region, four zones in all, is dry, which is no test of a whole city's outage",
)
def test_kobe_1995_water():
    """Compared: 1.27-1.30 million households without water, 0.63 on day 7, 0.40 on day 14 (Cabinet Office and others),
    8,600 workers, four to a gang. Band: RMS 0.10 of the share.
    """
    assert rms(shares_left(KOBE_WATER, 2, 8600 / 4 / 1285.0, water=True), KOBE_WATER) < 0.10


@pytest.mark.parametrize(
    ("breaks_per_km", "cut_off"), [(0.05, 0.089), (0.1, 0.180), (0.2, 0.331), (0.5, 0.591), (1.0, 0.765), (2.0, 0.880)]
)
def test_water_outage_by_breaks(breaks_per_km, cut_off):
    """Compared: share of households cut off by breaks per km (Kawakami 1996 in Tokyo 2022 p. 392, table worked out).

    Through the layer's service of a zone of 10 km in two pipe classes, tank full. Band: the rounding of the table.
    """
    place = SimpleNamespace(pipe_km=np.array([[4.0, 6.0]]), tank_s=np.array([28800.0]))
    zone = SimpleNamespace(
        known=np.array([10.0 * breaks_per_km]), phase=np.array([water.PRESSURISED]), level_s=place.tank_s
    )
    connected, served = water.service(zone, place, PARAMS, 12.0)
    assert 1.0 - connected[0] == pytest.approx(cut_off, abs=0.0006)
    assert served[0] == connected[0]
