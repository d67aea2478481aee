"""Who wants to be away from home, and where: lost homes, outages, fear, and orders, each apart.

Demand is a level per cell and reason that people approach with a delay: quickly when they leave, slowly when they
return. Orders are one reason among several and move few people; nothing here is orders times compliance.
"""

from __future__ import annotations

import numpy as np

from layers.evacuation.state import Demand, Given, Place, Reason
from layers.evacuation.whole import apportion
from twin.contract import Clock, Inputs
from twin.params import Params
from twin.records import changed
from twin.units import HOUR_S

Array = np.ndarray


def night_fraction(params: Params, hour: float) -> float:
    """How much of a night it is, 0 by day .. 1 at night, with straight lines of `dusk_h` hours between."""
    return within(hour, params.evening_h, params.morning_h, params.dusk_h)


def within(hour: float, begin_h: float, end_h: float, ramp_h: float) -> float:
    """How far an hour lies between two others, 0 outside .. 1 inside, with straight lines of `ramp_h` hours."""
    since_begin = (hour - begin_h) % 24.0
    length = (end_h - begin_h) % 24.0
    rising = since_begin / ramp_h
    falling = (length - since_begin) / ramp_h
    return float(min(max(min(rising, falling), 0.0), 1.0))


def heat_fraction(params: Params, wbgt_c: Array) -> Array:
    """How far the heat is dangerous: 0 at `mild_wbgt_c` and below, 1 at `danger_wbgt_c` and above."""
    return np.clip((wbgt_c - params.mild_wbgt_c) / (params.danger_wbgt_c - params.mild_wbgt_c), 0.0, 1.0)


def fading(felt: Array, new: Array, dt_s: int, params: Params) -> Array:
    """Felt shocks remembered after dt_s: older ones fade exponentially, new ones count in full."""
    return felt * np.exp(-dt_s / params.fear_fades_s) + new


def fear_level(params: Params, felt: Array, night: float) -> Array:
    """How strongly fear acts at this time of day, 0..1; felt: remembered shocks of intensity 4 or more (saturating)."""
    time_of_day = params.fear_day_fraction + (1.0 - params.fear_day_fraction) * night
    return -np.expm1(-felt / params.fear_shocks) * time_of_day


def fear_share(params: Params, level: Array, damaged: Array) -> Array:
    """Share of the residents of undamaged or half-damaged homes whom fear drives out, 0..1.

    level: see `fear_level`; damaged: share of the buildings around that are collapsed or half collapsed and not yet
    tagged as safe.
    """
    return np.minimum(level * (params.fear_rate + params.fear_damage_rate * damaged), 1.0)


def fear_ratio_2016(params: Params) -> float:
    """Observed share of residents in shelters at the peak of April 2016 over what this event's fear gives then.

    The fear calibrated on 2026 is applied to the shocks, the night and the damage of 2016. The observed share counts
    every reason; by this layer's rates lost homes and outages make up about a tenth of it. What else lies above 1
    this calibration leaves unexplained (a second, larger shock in the night after the first), so the layer must not
    be used for an event like 2016 without a new fit. A check of the calibration: no step, series or event uses it.
    """
    level = fear_level(params, np.array(params.felt_2016), 1.0)
    modelled = fear_share(params, level, np.array(params.damaged_2016_fraction))
    return float(params.share_2016 / (modelled * params.fear_split[Place.SHELTER]))


def outage_share(params: Params, inputs: Inputs, demand: Demand, town: Array, night: float) -> Array:
    """Share of the residents whom missing power (with heat and night) or water drives out, (cell,), 0..1."""
    hot = heat_fraction(params, inputs["wbgt_c"])
    rate = params.power_rate * (1.0 + params.outage_night_gain * night + params.outage_heat_gain * hot)
    share = np.zeros(len(town))
    cells = demand.power_out_s.nonzero()[0]
    lasting = -np.expm1(-demand.power_out_s[cells] / params.power_patience_s)
    share[cells] = rate[town[cells]] * (1.0 - inputs["power_on_fraction"][cells]) * lasting
    cells = demand.water_out_s.nonzero()[0]
    lasting = -np.expm1(-demand.water_out_s[cells] / params.water_patience_s)
    share[cells] += params.water_rate * (1.0 - inputs["water_service_fraction"][cells]) * lasting
    return np.minimum(share, 1.0)


def order_share(params: Params, given: Given, inputs: Inputs) -> Array:
    """Share of the residents who follow an evacuation order, or a tsunami advisory near the coast, (cell,)."""
    ordered = given.cells.spread(params.order_compliance * inputs["evacuation_order_fraction"])
    advisory = inputs["tsunami_advisory"] > 0
    if not advisory.any():
        return ordered
    return np.maximum(ordered, params.tsunami_compliance * given.cells.spread(advisory) * given.coastal)


def outage_clock(before_s: Array, service: Array, least: float, dt_s: int) -> Array:
    """How long each cell has been out of service, below `least`, by the end of the step; 0 where it is served."""
    out = service < least
    if not (out.any() or before_s.any()):
        return before_s
    return (before_s + dt_s) * out


def remember(given: Given, before: Demand, inputs: Inputs, clock: Clock) -> Demand:
    """Advance the memories: length of outages, felt shocks, reluctance to sleep in a hot car, alarm."""
    params, dt_s = given.params, clock.dt_s
    least = 1.0 - params.outage_counts_fraction
    hot = heat_fraction(params, inputs["wbgt_c"])
    car_target = 1.0 - params.car_heat_loss * hot
    weight = -np.expm1(-dt_s / params.car_change_s)
    felt = inputs["felt_shocks"]
    reason = (felt > 0) | (inputs["evacuation_order_fraction"] > 0) | (inputs["tsunami_advisory"] > 0)
    reason |= inputs["flood_call"] > 0
    return changed(
        before,
        power_out_s=outage_clock(before.power_out_s, inputs["power_on_fraction"], least, dt_s),
        water_out_s=outage_clock(before.water_out_s, inputs["water_service_fraction"], least, dt_s),
        felt=fading(before.felt, felt, dt_s, params),
        car_factor=before.car_factor + weight * (car_target - before.car_factor),
        alarmed=before.alarmed | reason,
    )


def target_persons(given: Given, demand: Demand, inputs: Inputs, hour: float, flown: Array | None = None) -> Array:
    """Residents with a reason to be away now, before any delay, (reason, cell), fractional.

    A safety tag lets the people of half-collapsed homes and their neighbours go back; collapsed homes stay lost.
    flown: people who fled from water that still threatens their homes (cell,); in worlds where households flee one by
    one, orders and advisories move only those who live outside the hazard zone here.
    """
    params, cells = given.params, given.cells
    night = night_fraction(params, hour)
    half, collapsed = inputs["buildings_half_collapsed"], inputs["buildings_collapsed"]
    cleared = cells.spread(params.tag_clears_fraction * inputs["homes_tagged_fraction"])
    half_share = half / np.maximum(half + collapsed, 1.0)
    damaged = np.minimum((collapsed + half * (1.0 - cleared)) / given.buildings, 1.0)
    target = np.empty_like(demand.wanted_persons)
    target[Reason.BROUGHT] = 0.0
    displaced = np.minimum(inputs["persons_displaced"], given.residents_persons)
    brought = demand.wanted_persons[Reason.BROUGHT]
    target[Reason.LOST] = np.maximum(displaced * (1.0 - cleared * half_share) - brought, 0.0)
    left = given.residents_persons - displaced
    lean = cells.spread(readiness(params, demand.leaning))
    target[Reason.OUTAGE] = left * np.minimum(lean * outage_share(params, inputs, demand, cells.town, night), 1.0)
    left = left - target[Reason.OUTAGE]
    fear = cells.spread(fear_level(params, demand.felt, night))
    target[Reason.FEAR] = left * np.minimum(lean * fear_share(params, fear, damaged), 1.0)
    if inputs["evacuation_order_fraction"].any() or inputs["tsunami_advisory"].any():
        share = np.minimum(lean * order_share(params, given, inputs), 1.0)
        target[Reason.ORDER] = (left - target[Reason.FEAR]) * share
    else:
        target[Reason.ORDER] = 0.0
    if flown is not None:
        target[Reason.ORDER] *= given.ground.outside_fraction
        target[Reason.ORDER] += _unharmed(given, flown, displaced)
    return target


def _unharmed(given: Given, flown: Array, displaced: Array) -> Array:
    """Of people who fled, those whose homes are not lost as far as one knows, (cell,)."""
    return flown * (1.0 - displaced / np.maximum(given.residents_persons, 1.0))


def take_over(given: Given, demand: Demand, handed_on: Array, flown: Array, displaced: Array) -> Demand:
    """People who fled and are now handed on want to be away already: no delay before they do, (cell,) all.

    handed_on: in this step; flown: all handed on whose homes are still threatened; displaced: residents without a home.
    """
    fled = np.maximum(handed_on, flown)
    safe = _unharmed(given, np.ones_like(fled), np.minimum(displaced, given.residents_persons))
    wanted = demand.wanted_persons.copy()
    wanted[Reason.LOST] = np.maximum(wanted[Reason.LOST], fled * (1.0 - safe))
    wanted[Reason.ORDER] = np.maximum(wanted[Reason.ORDER], flown * safe)
    return changed(demand, wanted_persons=wanted)


def readiness(params: Params, leaning: Array) -> Array:
    """How readily people of a town leave homes that still stand, mean 1, (municipality,).

    leaning: the town's standard normal quantile; towns alike in damage have differed by a factor of about two.
    """
    spread = params.town_readiness_spread
    return np.exp(spread * leaning - 0.5 * spread**2)


def approach(given: Given, wanted: Array, target: Array, mobile: Array, dt_s: int) -> Array:
    """Demand after dt_s: exponential approach, exact for a constant target, so independent of the step.

    mobile: share of households together and able to move, (municipality,): it slows leaving, never returning.
    """
    leave = -np.expm1(-dt_s / given.params.leave_s[:, None] * mobile)
    back = -np.expm1(-dt_s / given.params.return_s)[:, None]
    gap = target - wanted
    gap *= np.where(gap > 0, given.cells.spread(leave), back)
    gap += wanted
    return gap


def bring(given: Given, wanted: Array, brought: Array, displaced: Array) -> Array:
    """Add people brought by responders to the demand of cells with lost homes, (reason, cell)."""
    if not brought.any():
        return wanted
    weight = np.floor(np.where(given.cells.sums(displaced)[given.cells.town] > 0, displaced, given.residents_persons))
    most = np.minimum(np.floor(brought), given.cells.sums(weight))
    more = wanted.copy()
    more[Reason.BROUGHT] += apportion(most, weight, given.cells)
    return more


def wishes(given: Given, demand: Demand, fed: Array, quantile: Array) -> Array:
    """Whole people who want to stay in each kind of place, (wish, cell).

    fed: share of the people in the town's shelters with meals and water, (municipality,): unfed, some look for
    relatives instead; heat moves people from cars to shelters. Each cell rounds by its own quantile: no bias, no
    step length.
    """
    params, spread = given.params, given.cells.spread
    split = np.array(
        [params.lost_split, params.outage_split, params.fear_split, params.order_split, params.brought_split]
    )
    wish = split.T @ demand.wanted_persons
    too_hot = wish[Place.CAR] * spread(1.0 - demand.car_factor)
    wish[Place.CAR] -= too_hot
    unfed = (wish[Place.SHELTER] + too_hot) * spread(params.unfed_leave_fraction * (1.0 - fed))
    wish[Place.SHELTER] += too_hot - unfed
    wish[Place.RELATIVES] += unfed
    wish += quantile
    return np.floor(wish, out=wish)


def advance(given: Given, before: Demand, inputs: Inputs, clock: Clock, flown: Array | None = None) -> Demand:
    """Demand at the end of the step; flown: see `target_persons`."""
    demand = remember(given, before, inputs, clock)
    target = target_persons(given, demand, inputs, clock.hour, flown)
    mobile = inputs["households_mobile_fraction"]
    wanted = approach(given, demand.wanted_persons, target, mobile, clock.dt_s)
    wanted = bring(given, wanted, inputs["brought_persons"], inputs["persons_displaced"])
    return changed(demand, wanted_persons=wanted)


def hour_of_s(given: Given, time_s: int) -> float:
    """Local hour of the day of an instant."""
    return (given.origin_of_day_s + time_s) % (24 * HOUR_S) / HOUR_S
