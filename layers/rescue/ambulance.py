"""Ambulances: calls answered wait for a vehicle, which is bound for the whole run; everyday patients compete."""

from __future__ import annotations

import numpy as np

from layers.rescue import hospitals
from layers.rescue.hospitals import Ward
from layers.rescue.state import Given, Medical, changed
from twin.contract import Clock, Inputs

Array = np.ndarray


def service_per_s(given: Given, drive_s: Array) -> Array:
    """Runs per second the ambulances of each district manage, (town,): the drive to and from hospital binds them."""
    params = given.params
    vehicles = given.fire_crews * params.ambulance_crew_fraction * params.ambulance_ready_factor
    return vehicles / (params.ambulance_scene_s + 2.0 * drive_s)


def drive_off(given: Given, medical: Medical, destination: Array, drive_s: Array, dt_s: int) -> tuple[Medical, Array]:
    """Bring waiting patients to hospital with the vehicles of each district; returns (medical, brought (town,)).

    Patients of towns without a way to any hospital go on waiting.
    """
    waiting = medical.ambulance_waiting * (destination >= 0)
    if not waiting.any():
        return medical, waiting
    town = given.district
    load = np.bincount(town, weights=waiting, minlength=given.n_town)
    time_s = np.bincount(town, weights=waiting * np.where(destination >= 0, drive_s, 0.0), minlength=given.n_town)
    runs = service_per_s(given, time_s / np.maximum(load, 1e-12)) * dt_s
    share = np.minimum(1.0, runs / np.maximum(load, 1e-12))
    brought = waiting * share[town]
    return changed(medical, ambulance_waiting=medical.ambulance_waiting - brought, runs=medical.runs + brought), brought


def care(given: Given, medical: Medical, inputs: Inputs, teams: Array, clock: Clock, dt_s: int) -> tuple[Medical, Ward]:
    """One round of the medical chain over `dt_s`: transport, walk-ins, reports, treatment, moving on."""
    now = hospitals.ward(given, medical, inputs, teams)
    drive_s = inputs["travel_emergency_s"].take(given.hospital_way)
    usual_rate = given.hospital_beds * given.params.patients_per_bed_s
    destination = hospitals.decide_destination(
        drive_s, medical.known_function, medical.known_waiting, usual_rate, given.params.wait_weight_s
    )
    took_s = drive_s[np.arange(given.n_town), destination]
    medical, brought = drive_off(given, medical, destination, took_s, dt_s)
    waiting = hospitals.receive(medical.waiting, destination, brought)
    medical = changed(medical, waiting=waiting)
    if medical.walk_in.any():
        waiting = hospitals.receive(waiting, np.argmin(drive_s, axis=1), medical.walk_in)
        medical = changed(medical, waiting=waiting, walk_in=np.zeros(given.n_town))
    medical = hospitals.treat(given, medical, now, dt_s)
    medical = hospitals.move_on(given, medical, now, destination, dt_s)
    return hospitals.hear(given, medical, now, clock.end_s, clock.chance), now
