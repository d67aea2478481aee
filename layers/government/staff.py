"""The staff budget of a town: shelters, telephones, reports, checks, counting and supply use the same people."""

from __future__ import annotations

from enum import IntEnum

import numpy as np

from layers.government.known import or_zero
from twin.params import Params
from twin.units import DAY_S, HOUR_S

Array = np.ndarray


class Duty(IntEnum):
    """Columns of an allocation, in order of precedence."""

    COMPILE = 0
    SHELTERS = 1
    CHECKS = 2
    PHONES = 3
    SUPPLY = 4
    COUNTING = 5


def available_persons(staff: Array, attendance: Array, able: Array, support: Array, params: Params) -> Array:
    """Staff free for disaster duties now, persons (town,).

    staff: posts; attendance: share at work; able: how far the hall can be used (a hall that cannot be entered works
    slowly elsewhere); support: people sent by others. One shift of those present is on duty.
    """
    return (staff * attendance * params.disaster_share + support) * params.shift_share * able


def allocate(available: Array, wanted: Array, params: Params) -> Array:
    """Persons on each duty, (town, duty): in order of precedence, each at most its cap of the available.

    available: (town,); wanted: (town, duty) persons. What is left over goes to nobody.
    """
    granted = np.zeros_like(wanted)
    left = available.copy()
    for duty in Duty:
        share = np.minimum(wanted[:, duty], available * params.duty_caps[duty])
        granted[:, duty] = np.minimum(share, left)
        left = left - granted[:, duty]
    return granted


def compile_persons(posts: Array, params: Params) -> Array:
    """People a town needs to write its situation report, persons (town,): a share of its posts within bounds."""
    low, high = params.compile_bounds_persons
    return np.clip(params.compile_share * posts, low, high)


def wanted_persons(
    compiling: Array,
    evacuees: Array,
    shelter_staff: Array,
    unchecked: Array,
    calls_waiting: Array,
    available: Array,
    params: Params,
) -> Array:
    """What each duty asks for, persons (town, duty), from what the town hall itself knows; NaN counts as nothing."""
    people = or_zero(evacuees)
    wanted = np.zeros((len(available), len(Duty)))
    wanted[:, Duty.COMPILE] = compiling
    wanted[:, Duty.SHELTERS] = or_zero(shelter_staff)
    wanted[:, Duty.CHECKS] = params.check_team_persons * or_zero(unchecked)
    wanted[:, Duty.PHONES] = np.ceil(calls_waiting * params.call_s / params.phone_target_s)
    wanted[:, Duty.SUPPLY] = params.supply_persons_per_evacuee * people
    wanted[:, Duty.COUNTING] = available
    return wanted


def answer(waiting: Array, arriving: Array, persons: Array, dt_s: int, params: Params) -> Array:
    """Calls left waiting after dt_s: answered at one per `call_s` and person, given up with time `give_up_s`."""
    patience = np.exp(-dt_s / params.give_up_s)
    kept = waiting * patience + arriving * (1.0 + patience) / 2.0
    return np.maximum(0.0, kept - persons * dt_s / params.call_s)


def readiness(called_in_s: Array, now_s: int, clock_offset_s: int, params: Params) -> Array:
    """Share of those who could come that are at work before a shock has struck, 0..1 (town,).

    In office hours everybody is. Else a night watch holds the hall until the town calls its people in on a warning
    (called_in_s, -1 not yet); then they come one after the other.
    """
    open_s, close_s = params.office_hours * HOUR_S
    if open_s <= (now_s + clock_offset_s) % DAY_S < close_s:
        return np.ones(len(called_in_s))
    come = -np.expm1(-np.maximum(now_s - called_in_s, 0.0) / params.call_in_s)
    return params.night_watch + (1.0 - params.night_watch) * np.where(called_in_s >= 0, come, 0.0)


def checks_done(
    left: Array, carry: Array, persons: Array, dt_s: int, params: Params, check_s: Array | float | None = None
) -> tuple[Array, Array, Array]:
    """Whole shelter checks done in dt_s, those left, and the work carried into the next step, each (town,).

    check_s: time of one check if not the usual one, (town,).
    """
    each_s = params.check_s if check_s is None else check_s
    work = carry + persons / params.check_team_persons * dt_s / each_s
    done = np.floor(np.minimum(work, left))
    left = left - done
    return done, left, np.where(left > 0, np.minimum(work - done, 1.0), 0.0)


def support_persons(target: Array, decided_s: int, now_s: int, params: Params) -> Array:
    """Outside staff present of those decided at one instant (-1: not yet), persons (town,)."""
    return target * arrived_fraction(decided_s, now_s, params)


def arrived_fraction(sent_s: Array | int, now_s: int, params: Params) -> Array:
    """Share of outside staff that has come: they arrive evenly over `support_ramp_s` after travelling; 0 if not sent.

    sent_s: when they were sent, -1 not.
    """
    share = (now_s - np.asarray(sent_s) - params.support_travel_s) / params.support_ramp_s
    return np.where(np.asarray(sent_s) >= 0, np.clip(share, 0.0, 1.0), 0.0)
