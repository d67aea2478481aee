"""What a job tells while it is done: in time, not too much, and nothing lost."""

from __future__ import annotations

import pytest

from api.jobs.errors import QueueError
from api.jobs.voice import BEAT_S, MOST_NOTES, Voice


class Clock:
    """Seconds that pass when told."""

    def __init__(self):
        self.now = 100.0

    def __call__(self):
        return self.now


@pytest.fixture
def url(tmp_path):
    return f"sqlite:///{tmp_path / 'jobs.sqlite'}"


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def voice(store, submit, clock):
    submit("a")
    told = Voice(store, store.claim("w"), now=clock)
    told.expect(2, 1000)
    return told


def kinds(store):
    return [event.kind for event in store.events_after("a", 2)]


def test_the_first_news_is_told_at_once_and_then_once_a_second(voice, store, clock):
    for now_s in range(100, 600, 100):
        voice.progress(0, now_s)
    assert kinds(store) == ["progress"]
    assert store.get("a").now_s == 100
    clock.now += BEAT_S
    assert not voice.stop()
    assert kinds(store) == ["progress", "progress"]
    assert (store.get("a").now_s, store.get("a").progress) == (500, 0.25)
    clock.now += BEAT_S
    voice.stop()
    assert kinds(store) == ["progress", "progress"]  # nothing new to tell


def test_remarks_are_spread_over_seconds_and_none_is_lost(voice, store, clock):
    for k in range(12):
        voice.progress(0, 100 + k, (f"か{k}", f"remark {k}"))
    for _ in range(2):
        clock.now += BEAT_S
        before = len(kinds(store))
        voice.stop()
        assert len(kinds(store)) - before <= MOST_NOTES
    store.beat(voice._job, voice.rest())
    told = [event.data["en"] for event in store.events_after("a") if event.kind == "remark"]
    assert told == [f"remark {k}" for k in range(12)]
    assert voice.rest() == []


def test_a_cancel_is_heard_within_a_beat(voice, store, clock):
    assert not voice.stop()
    store.cancel("a")
    clock.now += BEAT_S
    assert voice.stop()
    assert voice.cancelled
    assert not voice.lost


def test_a_job_given_to_somebody_else_is_left(voice, store, clock):
    store.release(voice._job, "silent")
    voice.progress(0, 100)
    assert voice.stop()
    assert voice.lost


def test_a_database_that_fails_for_a_while_stops_nothing_and_loses_no_remark(voice, store, clock, monkeypatch):
    def fail(*_):
        raise QueueError("locked")

    with monkeypatch.context() as patched:
        patched.setattr(store, "beat", fail)
        voice.progress(0, 100, ("警報", "warning"))
        assert not voice.stop()
    clock.now += BEAT_S
    voice.stop()
    assert kinds(store) == ["remark", "progress"]


def test_the_worker_that_has_to_leave_stops_its_job(store, submit):
    submit("a")
    voice = Voice(store, store.claim("w"), leaving=lambda: True)
    assert voice.stop()
    assert not voice.cancelled
