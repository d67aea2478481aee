"""Town-wide consequences: evacuees who leave and return, lost homes, staff at work, households able to move."""

from __future__ import annotations

import numpy as np

from layers.people.state import Given

Array = np.ndarray


def move(residents: Array, away: Array, leaving: Array, returning: Array) -> tuple[Array, Array]:
    """Confirm moves between home and elsewhere, int64 (cell,): only who is there leaves, who is away returns.

    Who leaves may be out for the day: in a flight to high ground people leave from where they are.
    """
    if not (leaving.any() or returning.any()):
        return residents, away
    out = np.minimum(np.rint(leaving).astype(np.int64), residents)
    back = np.minimum(np.rint(returning).astype(np.int64), away)
    return residents - out + back, away + out - back


def displaced_persons(
    given: Given,
    wood: tuple[Array, Array],
    nonwood: tuple[Array, Array],
    lost: tuple[Array, Array],
    living: Array,
    quantile: Array,
) -> Array:
    """Residents whose home cannot be lived in, whole persons (cell,).

    wood, nonwood: (collapsed, half-collapsed) share; lost: buildings burnt or hit by slides, and share of the homes
    that water has made unfit; living: residents and evacuees alive. All of a collapsed and the given share of a
    half-collapsed home leave (Tokyo 2022 p.396); of the homes left after that, water takes its share.
    """
    half = given.params.half_collapsed_leave_fraction
    per_building = given.night_persons / np.maximum(given.wood_buildings + given.nonwood_buildings, 1.0)
    expected = (
        given.wood_residents * (wood[0] + half * wood[1])
        + given.nonwood_residents * (nonwood[0] + half * nonwood[1])
        + per_building * lost[0]
    )
    expected = expected + lost[1] * np.maximum(given.night_persons - expected, 0.0)
    return np.minimum(np.floor(expected + quantile), living.astype(np.float64)) * (expected > 0)


def strong_shock(given: Given, shock_intensity: Array) -> Array:
    """How strongly a town is struck now, 0..1 by municipality: population mean of a ramp in intensity."""
    params = given.params
    span = params.full_alarm_intensity - params.alarm_intensity
    strength = np.clip((shock_intensity - params.alarm_intensity) / span, 0.0, 1.0)
    return by_town(given, strength * given.share_of_town)


def by_town(given: Given, values: Array) -> Array:
    """Sum of cell values by municipality, float64 (in one pass over the ordered cells, faster than a bincount)."""
    listed = values if given.cells_by_town is None else values[given.cells_by_town]
    sums = np.add.reduceat(listed, given.first_of_town)
    if len(sums) == given.n_towns:
        return sums.astype(np.float64, copy=False)
    total = np.zeros(given.n_towns)
    total[given.towns_with_cells] = sums
    return total


def on_cells(given: Given, values: Array) -> Array:
    """Values of municipalities on their cells, (cell,)."""
    return values.repeat(given.cells_per_town) if given.cells_by_town is None else values[given.town]


def service_of_town(given: Given, values: Array) -> Array:
    """Mean over the residents of a share of service, cell values to (municipality,), 0..1."""
    if values.min() >= 1.0:
        return np.ones(given.n_towns)
    return np.minimum(by_town(given, values * given.share_of_town), 1.0)


def staff_attendance(given: Given, strong_s: Array, now_s: int, victim_fraction: Array, traffic: Array) -> Array:
    """Share of municipal staff at work, (municipality,), 1 where no strong shock was felt.

    First-hours level until 12 h, then growth to the level of the following days; lowered where staff are victims
    themselves and, in the first hours, where roads are jammed.
    """
    params = given.params
    late = np.maximum(now_s - strong_s - params.first_attendance_s, 0.0)
    grown = 1.0 - np.exp(-late / params.attendance_growth_s)
    level = params.first_attendance + (params.late_attendance - params.first_attendance) * grown
    held_up = 1.0 - params.jam_absence * (traffic - 1.0)
    share = level * (1.0 - np.minimum(victim_fraction, 1.0)) * held_up
    return np.where(np.isnan(share), 1.0, np.minimum(np.maximum(share, 0.0), 1.0))


def households_mobile(given: Given, waiting_fraction: Array) -> Array:
    """Share of households that are together and able to move, (municipality,): separation and frailty keep others."""
    params = given.params
    separated = params.separated_households_per_absent * np.maximum(waiting_fraction, 0.0)
    frail = params.frail_households_per_share_65 * given.town_share_65
    return np.maximum(1.0 - separated, 0.0) * (1.0 - frail)


def first_response(given: Given, awake_fraction: float, shaken: Array | float, present: Array) -> Array:
    """Share of adults present, awake and able to put out a fire or help a neighbour, per cell, 0..1.

    A strong shock (shaken, 0..1, by cell or everywhere) wakes sleepers; frail old people cannot help.
    """
    awake = np.maximum(awake_fraction, given.params.woken_fraction * shaken)
    here = np.minimum(present / np.maximum(given.night_persons, 1.0), 1.0)
    return np.minimum(awake * given.able_fraction * here, 1.0)


def dependents(given: Given, home_persons: Array) -> Array:
    """People at home who depend on powered devices, oxygen or dialysis, whole persons (municipality,)."""
    params = given.params
    return np.rint(home_persons * (params.device_users_per_person + params.dialysis_per_person))
