"""Who is called and when: triggers by reported intensity and by danger; utilities call each other on known outages."""

from __future__ import annotations

from enum import IntEnum

import numpy as np

from layers.government.alerts import MAJOR_TSUNAMI_WARNING
from layers.government.known import NEVER, or_zero
from twin.params import Params

Array = np.ndarray


class Call(IntEnum):
    """Decisions taken once; rows of `calls_due_s`."""

    FIRE_AID = 0
    POLICE_AID = 1
    MEDICAL_AID = 2
    SDF = 3
    RELIEF_ACT = 4
    NATIONAL_HEADQUARTERS = 5
    STAFF_SUPPORT = 6
    PUSH = 7


class Aid(IntEnum):
    """Utilities with mutual aid; rows of `aid_called_s` and `aid_crews`."""

    POWER = 0
    WATER = 1
    GAS = 2


def decide_calls(
    due_s: Array, intensity: Array, trapped: Array, deaths: Array, evacuees: Array, now_s: int, params: Params
) -> Array:
    """When each call takes effect, seconds (call,); -1 while nothing known gives a reason.

    intensity, trapped, deaths, evacuees: what the deciding office knows by town, NaN where it heard nothing.
    Strong reported shaking anywhere is reason enough; without an intensity message, reported danger to life is.
    A call once given stands; it takes effect after the time its paper way takes (`call_delay_s`). Goods are pushed on
    the same reasons or when reported evacuees exceed a limit, unless the lever forbids it.
    """
    shaken = bool(np.nanmax(intensity, initial=-np.inf) >= params.trigger_intensity)
    danger = _total(trapped) + _total(deaths) >= params.trigger_persons_in_danger
    reason = np.full(len(Call), shaken or danger)
    reason[Call.PUSH] = (reason[Call.PUSH] or _total(evacuees) >= params.push_evacuees) and params.push_allowed > 0
    delay_s = params.call_delay_s.copy()
    delay_s[Call.PUSH] = params.push_delay_s
    return np.where((due_s < 0) & reason, now_s + delay_s.astype(np.int64), due_s)


def decide_calls_on_warning(
    due_s: Array, tsunami: Array, tsunami_heard_s: Array, flood: Array, flood_heard_s: Array, params: Params
) -> Array:
    """When each call takes effect, seconds (call,), with what warnings call before any damage is known.

    tsunami, flood: class and level the state knows, (town,); *_heard_s: when it heard. A major tsunami warning calls
    forces and the national headquarters, the overflow of a river (level 5) forces with boats; -1 in the lists: not
    called by a warning. A call given for another reason is only brought forward.
    """
    for known, least, heard_s, delay_s in (
        (tsunami, MAJOR_TSUNAMI_WARNING, tsunami_heard_s, params.major_call_delay_s),
        (flood, params.overflow_level, flood_heard_s, params.overflow_call_delay_s),
    ):
        if (known >= least).any():
            by_warning = heard_s[known >= least].min() + delay_s.astype(np.int64)
            sooner = (delay_s >= 0) & ((due_s < 0) | (by_warning < due_s))
            due_s = np.where(sooner, by_warning, due_s)
    return due_s


def in_force(due_s: Array, call: Call, now_s: int) -> bool:
    """Whether a call has taken effect."""
    return bool(0 <= due_s[call] <= now_s)


def may_push(ordered_s: Array, params: Params) -> bool:
    """Whether goods may be pushed: the state does so by itself, or push was ordered; ordered_s: (call,), -1 not."""
    return bool(params.push_allowed > 0 or ordered_s[Call.PUSH] >= 0)


def decide_aid(called_s: Array, crews: Array, known_out: Array, now_s: int, params: Params) -> tuple[Array, Array]:
    """When mutual aid was called and how many crews, (utility,) each, from the outages the utilities reported.

    known_out: reported customers out of power, households without water, customers without gas; NaN = no report.
    Aid is called when an outage exceeds what own crews mend; the number asked grows with the largest outage known,
    up to what the others can spare, and does not fall while the outage lasts.
    """
    out = or_zero(known_out)
    wanted = np.minimum(np.ceil(out / params.aid_customers_per_crew), params.aid_most_crews * params.aid_size)
    asking = out >= params.aid_threshold
    called = np.where((called_s < 0) & asking, now_s, called_s)
    return called, np.where(called >= 0, np.maximum(crews, wanted), crews)


def aid_present_crews(called_s: Array, crews: Array, now_s: int, params: Params) -> Array:
    """Crews of mutual aid that have come: they gather evenly over `aid_ramp_s` after setting out, (utility,)."""
    share = np.clip((now_s - called_s - params.aid_travel_s) / params.aid_ramp_s, 0.0, 1.0)
    return np.where(called_s >= 0, np.floor(crews * share + 1e-9), 0.0)


def decide_order_fraction(intensity: float, population: float, hazard_fraction: float, params: Params) -> float:
    """Share of a town's residents put under an evacuation order, from the intensity its hall knows; NaN: none.

    From `order_intensity` on those near the sea or steep ground are ordered out; from `whole_town_intensity` on towns
    below `whole_town_persons` order everybody out, as small towns did in 2026.
    """
    if not intensity >= params.order_intensity:
        return 0.0
    whole = intensity >= params.whole_town_intensity and population < params.whole_town_persons
    return 1.0 if whole else hazard_fraction


def requested_persons(due_s: Array, now_s: int, params: Params) -> float:
    """Responders asked for from outside by the calls in force, persons."""
    called = (due_s >= 0) & (due_s <= now_s)
    return float((params.requested_persons * called).sum())


def nothing_called() -> Array:
    """No call given, (call,)."""
    return np.full(len(Call), NEVER, np.int64)


def _total(values: Array) -> float:
    return float(np.nansum(values))
