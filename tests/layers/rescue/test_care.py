"""Ambulances and hospitals: nobody is lost on the way, function needs power, water and a usable building."""

from dataclasses import replace

import numpy as np
import pytest

from layers.rescue import ambulance, hospitals
from tests.layers.rescue import small


def _ward(**inputs):
    given = small.given()
    return hospitals.ward(given, small.start().medical, small.calm(**inputs), np.zeros(len(given.hospital_beds)))


def _waiting(persons):
    medical = small.start().medical
    waiting = medical.waiting.copy()
    waiting[0, :] = persons
    return replace(medical, waiting=waiting)


def test_a_hospital_needs_power_water_and_a_building():
    full, dark, dry, shut = (
        _ward(),
        _ward(hospital_power=0.0),
        _ward(hospital_water=0.0),
        _ward(hospital_usable=0.0),
    )
    assert (full.function == 1.0).all()
    assert dark.function == pytest.approx(np.full_like(dark.function, small.given().params.unpowered_function))
    assert (dry.rate_per_s < full.rate_per_s).all()
    assert (shut.rate_per_s == 0).all()


def test_medical_teams_raise_the_throughput():
    given = small.given()
    teams = np.ones(len(given.hospital_beds))
    more = hospitals.ward(given, small.start().medical, small.calm(), teams).rate_per_s
    assert more - _ward().rate_per_s == pytest.approx(np.full(len(teams), given.params.dmat_patients_per_s))


def test_treatment_keeps_count_of_patients():
    given, before = small.given(), _waiting(40.0)
    after = hospitals.treat(given, before, _ward(), 3600)
    assert before.waiting.sum() == pytest.approx(after.waiting.sum() + after.treated.sum())
    assert after.treated.sum() == pytest.approx(min(80.0, _ward().rate_per_s[0] * 3600))


def test_treatment_does_not_depend_on_the_step():
    given, medical = small.given(), _waiting(40.0)
    once = hospitals.treat(given, medical, _ward(), 3600)
    for _ in range(6):
        medical = hospitals.treat(given, medical, _ward(), 600)
    assert medical.waiting == pytest.approx(once.waiting)


def test_patients_of_a_failed_hospital_move_on_and_none_is_lost():
    given, before = small.given(), _waiting(40.0)
    shut = _ward(hospital_usable=np.array([0.0, *[1.0] * (len(given.hospital_beds) - 1)]))
    destination = np.full(given.n_town, 1)
    after = hospitals.move_on(given, before, shut, destination, 3600)
    assert after.waiting.sum() == pytest.approx(80.0)
    assert after.waiting[1].sum() > 0


def test_unknown_hospitals_count_as_working_until_they_report():
    drive_s = np.array([[100.0, 900.0]])
    rate = np.ones(2)
    unknown = hospitals.decide_destination(drive_s, np.full(2, np.nan), np.full(2, np.nan), rate, 0.5)
    known = hospitals.decide_destination(drive_s, np.array([0.0, np.nan]), np.full(2, np.nan), rate, 0.5)
    queue = hospitals.decide_destination(drive_s, np.ones(2), np.array([1e4, 0.0]), rate, 0.5)
    closed = hospitals.decide_destination(np.full((1, 2), np.inf), np.ones(2), np.zeros(2), rate, 0.5)
    assert [x[0] for x in (unknown, known, queue, closed)] == [0, 1, 1, -1]


def test_a_hospital_is_known_only_after_its_report():
    given, medical = small.given(), small.start().medical
    first = hospitals.hear(given, medical, _ward(), 600, small.CHANCE)
    assert np.isnan(first.known_function).all()
    later = hospitals.hear(given, first, _ward(), 86400, small.CHANCE)
    assert (later.known_function == 1.0).all()


def test_ambulances_bring_everyone_and_no_more():
    given = small.given()
    medical = replace(small.start().medical, ambulance_waiting=np.array([50.0, 3.0]))
    destination = np.array([0, -1])
    after, brought = ambulance.drive_off(given, medical, destination, np.full(2, 600.0), 3600)
    assert after.ambulance_waiting + brought == pytest.approx(np.array([50.0, 3.0]))
    assert brought[1] == 0  # no way to any hospital
    far, _ = ambulance.drive_off(given, medical, destination, np.full(2, 6000.0), 3600)
    assert far.ambulance_waiting[0] > after.ambulance_waiting[0]


def test_people_are_handed_over_whole():
    medical = replace(small.start().medical, treated=np.array([1.7, 0.4]))
    medical, first = hospitals.hand_over(medical)
    medical, second = hospitals.hand_over(replace(medical, treated=np.array([2.2, 0.4])))
    assert first.tolist() == [1.0, 0.0]
    assert second.tolist() == [1.0, 0.0]
