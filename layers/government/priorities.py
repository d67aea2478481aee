"""Where headquarters believes the need is: silent towns, weights for search and roads, cars, staff, shelters."""

from __future__ import annotations

import numpy as np

from layers.government.alerts import MAJOR_TSUNAMI_WARNING, TSUNAMI_WARNING
from layers.government.known import or_zero
from twin.params import Params

Array = np.ndarray


def decide_intensity_estimate(intensity: Array, neighbours: Array) -> Array:
    """Known intensity, and for towns not heard of the mean of their neighbours', (town,); NaN when nobody is heard.

    neighbours: row numbers of the nearest towns, (town, k). A missing value is not weak shaking.
    """
    around = intensity[neighbours]
    heard = ~np.isnan(around)
    count = heard.sum(axis=1)
    mean = np.where(heard, around, 0.0).sum(axis=1) / np.maximum(count, 1)
    return np.where(np.isnan(intensity), np.where(count > 0, mean, np.nan), intensity)


def decide_silent(heard_s: Array, first_due_s: float, now_s: int, params: Params) -> Array:
    """Which town halls count as silent: their next report is overdue by more than `silence_s`, bool (town,).

    heard_s: when each was last heard, -1 never; first_due_s: when the first report was due.
    """
    due_s = np.where(heard_s >= 0, heard_s + params.report_every_s, first_due_s)
    return now_s - due_s > params.silence_s


def decide_scouting(silent: Array, intensity: Array, params: Params) -> Array:
    """Where a flight or a liaison officer is wanted: silent towns believed to be shaken hard, 0 or 1 (town,)."""
    return (silent & (or_zero(intensity) >= params.scouting_intensity)).astype(np.float64)


def decide_need(
    trapped: Array, incidents: Array, intensity: Array, population: Array, silent: Array, params: Params
) -> Array:
    """Believed need by town, persons (town,): reported trapped and open incidents plus an estimate from shaking.

    The estimate from shaking counts fully where nothing was reported or the hall is silent, less where reports came.
    """
    excess = np.maximum(or_zero(intensity) - params.prior_intensity, 0.0)
    prior = population * params.prior_trapped_fraction * excess**2
    trust = np.where(np.isnan(trapped) | silent, 1.0, params.prior_after_report)
    return or_zero(trapped) + params.persons_per_incident * or_zero(incidents) + trust * prior


def decide_flood_need(flooded_homes: Array, tsunami: Array, flood: Array, endangered: Array, params: Params) -> Array:
    """Believed need by water, persons (town,): from flooded homes reported, and from warnings before any report.

    tsunami, flood: warnings known; a major tsunami warning or level 5 means that some of the `endangered` residents
    (persons) are believed cut off. flooded_homes: reported, NaN = no report.
    """
    feared = (tsunami >= MAJOR_TSUNAMI_WARNING) | (flood >= params.overflow_level)
    trust = np.where(or_zero(flooded_homes) > 0, params.prior_after_report, 1.0)
    return (
        params.persons_per_flooded_home * or_zero(flooded_homes)
        + trust * feared * params.prior_stranded_fraction * endangered
    )


def decide_shelters_ahead(call: float, tsunami: float, safe_halls: float, open_halls: float, params: Params) -> float:
    """Halls a town wants open before the water comes, whole; NaN = no decision.

    call: flood call decided (0, 3, 4, 5). tsunami: class known. safe_halls: designated halls outside the danger zone.
    Halls already open (open_halls, as known) are not closed for it.
    """
    if tsunami < TSUNAMI_WARNING and call < 3.0:
        return float("nan")
    share = 1.0 if tsunami >= TSUNAMI_WARNING or call > 3.0 else params.halls_at_level_3
    return float(max(np.ceil(share * safe_halls), np.nan_to_num(open_halls)))


def decide_weights(need: Array, population: Array, params: Params) -> Array:
    """Weight of each town (1 = equal): square root of its share of the need over its share of people, bounded."""
    if need.sum() <= 0:
        return np.ones_like(need)
    ratio = (need / need.sum()) / (population / population.sum())
    low, high = params.weight_bounds
    return np.clip(np.sqrt(ratio), low, high)


def decide_generator_cars(
    approved: Array, wanted: Array, weight: Array, fleet: float, ordered: Array | None = None
) -> Array:
    """Cars allotted to each town, whole (town,): the weightiest towns first until the fleet is spent.

    approved: cars granted; wanted: dark facilities last reported (NaN: as approved); cars go back when light returns.
    ordered: cars ordered to a town, NaN = none; they are taken out of the fleet first, whatever is wanted there.
    """
    claim = np.minimum(approved, np.where(np.isnan(wanted), approved, wanted))
    free = np.ones(len(claim), dtype=bool) if ordered is None else np.isnan(ordered)
    claim = claim if ordered is None else np.where(free, claim, ordered)
    allotted = np.zeros_like(claim)
    for town in np.lexsort((np.arange(len(claim)), -weight, free)).tolist():
        allotted[town] = min(claim[town], fleet)
        fleet -= allotted[town]
    return allotted


def decide_support(intensity: Array, evacuees: Array, homes: Array, params: Params) -> Array:
    """Outside staff sent to each town, persons (town,): an equal team for the hardest-hit towns, as far as reported.

    Ranked by known intensity, then by reported evacuees and damaged homes.
    """
    hit = or_zero(intensity) >= params.support_intensity
    rank = np.lexsort((-or_zero(evacuees) - or_zero(homes), -or_zero(intensity)))
    chosen = [town for town in rank.tolist() if hit[town]][: int(params.support_towns)]
    target = np.zeros(len(intensity))
    target[chosen] = params.support_team_persons
    return target


def fleet_units(now_s: int, params: Params) -> float:
    """Generator cars in the region by now: a few from the start, more as other utilities send theirs, whole units."""
    return float(np.floor(np.interp(now_s, params.fleet_at_s, params.fleet_units)))


def decide_shelters_target(evacuees: float, shelters: float, site_floor_m2: float, params: Params) -> float:
    """How many shelters a town with many nearly empty halls needs, from its last head-count; NaN = keep them all.

    site_floor_m2: mean floor of a hall of the town. Halls count as nearly empty when people fill less than
    `consolidation_below_occupancy` of the open floor; those kept are filled to `consolidation_fill` at most.
    """
    room_persons = site_floor_m2 / params.consolidation_m2_per_person
    if not shelters >= params.consolidation_least_shelters:
        return float("nan")
    if not evacuees < params.consolidation_below_occupancy * room_persons * shelters:
        return float("nan")
    by_people = np.ceil(evacuees / (params.consolidation_fill * room_persons))
    return float(max(by_people, np.ceil(shelters * params.consolidation_least_fraction)))


def decide_gathering(draw: float, staff_wanted: float, staff_granted: float, params: Params) -> bool:
    """Whether a town with nearly empty halls gathers people into fewer today; missing staff makes it likelier.

    draw: number in (0, 1) of the town and day. staff_wanted, staff_granted: persons for shelters, as the hall knows.
    """
    short = 1.0 - staff_granted / staff_wanted if staff_wanted > staff_granted else 0.0
    return bool(draw < params.consolidation_chance * (1.0 + short))
