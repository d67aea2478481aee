"""City gas: blocks shut off by velocity, leak survey and repair of the mains, then opening house by house."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from twin.params import Params
from twin.records import changed
from twin.world import World

Array = np.ndarray


@dataclass(frozen=True)
class GasPlace:
    """Blocks that can be shut off one by one; network_customers: of the whole town's network, (block,)."""

    keys: Array
    customers: Array
    municipality: Array
    cell: Array
    network_customers: Array


@dataclass(frozen=True)
class Gas:
    """Per block: stopped; survey_left_s: crew-seconds until its mains are tight; to_visit: customers never visited;
    absent: customers visited in vain; restored: customers open again. Floats; outputs are whole.
    """

    stopped: Array
    survey_left_s: Array
    to_visit: Array
    absent: Array


def prepare(world: World) -> GasPlace:
    """Constants from the blocks."""
    block = world["gas_block"]
    customers, town = block["customers"].astype(float), block["municipality"]
    network = np.bincount(town, customers, minlength=len(world["municipality"]))[town]
    return GasPlace(block.keys, customers, town, block["cell"], network)


def start(place: GasPlace) -> Gas:
    """All blocks open."""
    n = len(place.keys)
    return Gas(np.zeros(n, bool), np.zeros(n), np.zeros(n), np.zeros(n))


def shake(gas: Gas, place: GasPlace, params: Params, pgv_m_per_s: Array) -> tuple[Gas, Array]:
    """Shut blocks whose SI value (a multiple of PGV) passes the operator's limit; returns those newly shut."""
    si = params.si_per_pgv * pgv_m_per_s[place.cell]
    small = is_small(place, params)
    town_most = np.zeros(place.municipality.max(initial=-1) + 1)
    np.maximum.at(town_most, place.municipality, si)
    stop_small = small & (town_most[place.municipality] > params.gas_small_stop_si_m_per_s)
    newly = (stop_small | (si > params.gas_stop_si_m_per_s)) & ~gas.stopped
    if not newly.any():
        return gas, newly
    survey_s = np.where(newly, place.customers * params.gas_survey_s_per_customer, gas.survey_left_s)
    return (
        changed(
            gas,
            stopped=gas.stopped | newly,
            survey_left_s=survey_s,
            to_visit=np.where(newly, place.customers, gas.to_visit),
        ),
        newly,
    )


def is_small(place: GasPlace, params: Params) -> Array:
    """Blocks of small operators, bool (block,).

    At 60 kine everyone stops. From 30 kine on an operator stops if it finds damage: a small one with few crews then
    stops its whole network by the strongest shaken block, a large one goes on.
    """
    least, most = params.gas_small_network_customers
    return (place.network_customers >= least) & (place.network_customers <= most)


def restore(gas: Gas, place: GasPlace, params: Params, crews: float, working_s: float) -> Gas:
    """Let the gangs work: mains of the smallest blocks first, then visits, then second visits to the absent.

    crews: at work; working_s: seconds of the step in working hours. Work flows from one phase into the next within
    the step, so that its length does not matter.
    """
    if not gas.stopped.any() or crews <= 0 or working_s <= 0:
        return gas
    crew_s = crews * working_s
    left, to_visit, absent = gas.survey_left_s.copy(), gas.to_visit.copy(), gas.absent.copy()
    for block in _order(gas, place):
        used_s = min(left[block], crew_s)
        left[block] -= used_s
        crew_s -= used_s
        if left[block] > 0:
            break
        visits = min(to_visit[block], crew_s / params.gas_visit_s)
        to_visit[block] -= visits
        absent[block] += visits * params.absent_fraction
        crew_s -= visits * params.gas_visit_s
        again = min(absent[block] / (1.0 - params.absent_fraction), crew_s / params.gas_visit_s)
        absent[block] = max(absent[block] - again * (1.0 - params.absent_fraction), 0.0)
        crew_s -= again * params.gas_visit_s
        if crew_s <= 0:
            break
    stopped = gas.stopped & (left + to_visit + absent > 0.5)
    return Gas(stopped, left, np.where(stopped, to_visit, 0.0), np.where(stopped, absent, 0.0))


def _order(gas: Gas, place: GasPlace) -> list[int]:
    rows = np.flatnonzero(gas.stopped)
    return [int(row) for row in rows[np.argsort(place.customers[rows], kind="stable")]]


def customers_out(gas: Gas) -> Array:
    """Customers without gas in each block, whole numbers as float (block,)."""
    return np.ceil(gas.to_visit + gas.absent - 1e-9)
