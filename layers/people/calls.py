"""Who calls for help and who walks in: emergency calls limited by telephone lines, hospital visits, town halls."""

from __future__ import annotations

import numpy as np

from layers.people.state import HURT, TRAPPED, Given
from twin.chance import Chance
from twin.table import Table

Array = np.ndarray


def trapped_calls(given: Given, chance: Chance, victims: Table, line_s: Array) -> tuple[Table, Array]:
    """119 calls about people still trapped in dwellings, repeats included; returns (victims, calls per cell).

    A call gets through when the time with a working line in the cell passes the caller's mark, so an outage
    delays it and a congested network thins it out.
    """
    params, cell, calls, mark = given.params, victims["cell"], victims["calls"], victims["line_due_s"]
    trapped = (victims["state"] == TRAPPED).nonzero()[0]
    waiting = trapped[calls[trapped] < params.calls_per_trapped_limit]
    due = waiting[mark[waiting] <= line_s[cell[waiting]]]
    if not due.size:
        return victims, given.nobody
    calls_of_cell = np.zeros(len(line_s))
    calls, mark = calls.copy(), mark.copy()
    while due.size:
        calls_of_cell += np.bincount(cell[due], minlength=len(line_s))
        calls[due] += 1
        mark[due] += chance.exponential("people.repeat_call", victims["key"][due], params.repeat_call_s, calls[due])
        due = due[(calls[due] < params.calls_per_trapped_limit) & (mark[due] <= line_s[cell[due]])]
    return victims.with_columns(calls=calls, line_due_s=mark), calls_of_cell


def care_seekers(given: Given, victims: Table, line_s: Array, now_s: int) -> tuple[Table, Array, Array]:
    """Hurt people who now ask for care: (victims, ambulance calls, walk-in persons), both per municipality."""
    waiting = ((victims["state"] == HURT) & ~victims["asked"]).nonzero()[0]
    calling = victims["line_due_s"][waiting] <= line_s[victims["cell"][waiting]]
    walking = ~calling & (victims["ask_s"][waiting] <= now_s)
    towns = victims["municipality"][waiting]
    ambulance = np.bincount(towns[calling], minlength=given.n_towns).astype(np.float64)
    walk_in = np.bincount(towns[walking], minlength=given.n_towns).astype(np.float64)
    asking = waiting[calling | walking]
    if asking.size:
        asked = victims["asked"].copy()
        asked[asking] = True
        victims = victims.with_columns(asked=asked)
    return victims, ambulance, walk_in


def town_hall_calls_per_s(given: Given, awake: float, power: Array, water: Array, displaced: Array) -> Array:
    """Calls people want to make to the town hall per second, (municipality,): outages and lost homes drive them.

    awake: share of the people awake.
    """
    params = given.params
    per_person_s = (
        params.everyday_call_rate + params.power_call_rate * (1.0 - power) + params.water_call_rate * (1.0 - water)
    )
    calls = given.town_night_persons * per_person_s + params.displaced_call_rate * displaced
    return calls * awake


def phone_load(given: Given, excess: Array, strength: Array | float, dt_s: float) -> Array:
    """Offered telephone traffic above normal at the end of a step, as a multiple of capacity, (municipality,).

    A strong shock lifts it to its peak by `strength` (0..1) at the end of the step; it then halves again and again.
    """
    params = given.params
    fading = excess * 0.5 ** (dt_s / params.phone_half_life_s)
    return np.maximum(fading, params.phone_peak_excess * strength)
