"""Hospitals: what each can still do, who waits, who is treated, who is moved on; and what is known about them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from layers.rescue.state import Given, Medical, changed, fraction
from twin.chance import Chance
from twin.contract import Inputs

Array = np.ndarray
LEAST_FUNCTION = 0.15  # below this a hospital takes no patients by ambulance


@dataclass(frozen=True)
class Ward:
    """What the hospitals can do now: function 0..1 and patients taken in hand per second, both (hospital,)."""

    function: Array
    rate_per_s: Array
    full: Array


def ward(given: Given, medical: Medical, inputs: Inputs, teams: Array) -> Ward:
    """Function = building x electricity x water; throughput = beds x function x staff, plus medical teams.

    Without a free bed a hospital only treats those who can go home again.
    """
    params = given.params
    power = params.unpowered_function + (1.0 - params.unpowered_function) * fraction(inputs["hospital_power"])
    water = params.dry_function + (1.0 - params.dry_function) * fraction(inputs["hospital_water"])
    usable = fraction(inputs["hospital_usable"])
    function = usable * power * water
    light = float(inputs["daylight"][0])
    staff = light + (1.0 - light) * params.night_staff_fraction
    free_beds = given.hospital_beds * (function * (1.0 + params.surge_beds_fraction) - params.bed_occupancy)
    full = medical.bedded >= free_beds
    rate = given.hospital_beds * params.patients_per_bed_s * function * staff
    rate = rate * np.where(full, 1.0 - params.admitted_fraction, 1.0)
    return Ward(function, rate + teams * params.dmat_patients_per_s * (usable > 0), full)


def hear(given: Given, medical: Medical, state_of: Ward, now_s: int, chance: Chance) -> Medical:
    """Hospitals whose report is due tell their function and queue; until the first report they are unknown."""
    params = given.params
    rows = np.flatnonzero(medical.report_due_s <= now_s)
    if not rows.size:
        return medical
    report_due_s, reports = medical.report_due_s.copy(), medical.reports.copy()
    first = rows[report_due_s[rows] < 0]
    told = rows[report_due_s[rows] >= 0]
    gap_s = chance.exponential(
        "rescue.hospital_report", given.hospital_keys[rows], params.hospital_report_s, reports[rows]
    )
    report_due_s[rows] = np.where(report_due_s[rows] < 0, 0, report_due_s[rows]) + np.ceil(gap_s).astype(np.int64)
    reports[rows] += 1
    medical = changed(medical, report_due_s=report_due_s, reports=reports)
    if first.size == rows.size:
        return medical
    known_function, known_waiting = medical.known_function.copy(), medical.known_waiting.copy()
    known_function[told] = state_of.function[told]
    known_waiting[told] = medical.waiting[told].sum(axis=1)
    return changed(medical, known_function=known_function, known_waiting=known_waiting)


def decide_destination(
    drive_s: Array, known_function: Array, known_waiting: Array, usual_rate: Array, wait_weight: float
) -> Array:
    """Hospital each town's ambulances drive to, rows (town,), -1 where none can be reached.

    drive_s: (town, hospital). A hospital nobody heard of counts as working; a known queue counts as time.
    """
    wait_s = np.fmax(known_waiting, 0.0) / np.maximum(usual_rate, 1e-9)
    score = drive_s + np.where(known_function < LEAST_FUNCTION, np.inf, wait_weight * wait_s)
    best = score.argmin(axis=1)
    return np.where(np.isfinite(score[np.arange(len(best)), best]), best, -1)


def receive(waiting: Array, hospital: Array, persons: Array) -> Array:
    """Add arrivals, (hospital, town): `persons` (town,) of each town come to `hospital` (town,)."""
    towns = np.flatnonzero((persons > 0) & (hospital >= 0))
    if not towns.size:
        return waiting
    waiting = waiting.copy()
    waiting[hospital[towns], towns] += persons[towns]
    return waiting


def treat(given: Given, medical: Medical, ward_now: Ward, dt_s: int) -> Medical:
    """Take patients in hand at each hospital's pace, towns of origin alike; some keep a bed for days.

    Waiting before = waiting after + treated.
    """
    params = given.params
    queue = medical.waiting.sum(axis=1)
    stay = np.exp(-dt_s / params.bed_stay_s)
    if not queue.any():
        return changed(medical, bedded=medical.bedded * stay) if medical.bedded.any() else medical
    served = np.minimum(queue, ward_now.rate_per_s * dt_s)
    left = 1.0 - served / np.maximum(queue, 1e-12)
    treated = medical.treated + ((1.0 - left)[:, None] * medical.waiting).sum(axis=0)
    admitted = served * np.where(ward_now.full, 0.0, params.admitted_fraction)
    return changed(
        medical, waiting=medical.waiting * left[:, None], treated=treated, bedded=medical.bedded * stay + admitted
    )


def move_on(given: Given, medical: Medical, ward_now: Ward, destination: Array, dt_s: int) -> Medical:
    """Patients of failed hospitals, and the severe ones of overloaded hospitals, are driven to others.

    They go where the ambulances of their town now go, unless a long queue is known there. None is lost.
    """
    params = given.params
    queue = medical.waiting.sum(axis=1)
    failed = ward_now.function < LEAST_FUNCTION
    rows = np.flatnonzero((failed | (queue > params.overload_patients)) & (queue > 0))
    if not rows.size:
        return medical
    share = -np.expm1(-dt_s / params.transfer_s) * np.where(failed[rows], 1.0, params.admitted_fraction)
    room = np.fmax(medical.known_waiting, 0.0)[destination] <= params.overload_patients
    elsewhere = ((destination >= 0) & room)[None, :] & (destination[None, :] != rows[:, None])
    moving = medical.waiting[rows] * share[:, None] * elsewhere
    waiting = medical.waiting.copy()
    waiting[rows] -= moving
    moved = moving.sum(axis=0)
    return changed(medical, waiting=receive(waiting, destination, moved), runs=medical.runs + moved)


def hand_over(medical: Medical) -> tuple[Medical, Array]:
    """Treated people in whole persons since the last hand-over, (town,)."""
    whole = np.floor(medical.treated + 1e-9)
    if np.array_equal(whole, medical.told):
        return medical, np.zeros_like(whole)
    return changed(medical, told=whole), whole - medical.told
