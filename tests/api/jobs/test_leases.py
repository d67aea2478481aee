"""Leases: one holder at a time, a late holder changes nothing, and no clock decides who is alive."""

from __future__ import annotations

import multiprocessing
from concurrent.futures import ThreadPoolExecutor

import pytest

from api.jobs.leases import CRASHES_AT_ONCE
from api.jobs.store import JobStore

LEASE_S = 8.0


def look(store, begin_s, end_s, step_s=1.0):
    """Watch the holders for a while; returns how many jobs were put back."""
    times = [begin_s + k * step_s for k in range(int((end_s - begin_s) / step_s) + 1)]
    return sum(store.release_expired(now) for now in times)


def reached(now_s, progress):
    """What a worker tells when it has come so far."""
    return [("progress", {"now_s": now_s, "progress": progress})]


def claim_all(url, name):
    """Claim until nothing is left; returns what was got."""
    with JobStore(url) as store:
        return [job.run_id for job in iter(lambda: store.claim(name), None)]


def test_each_job_is_claimed_once_by_threads(store, submit):
    names = [f"a{n}" for n in range(24)]
    for name in names:
        submit(name)

    def work(n):
        return [job.run_id for job in iter(lambda: store.claim(f"w{n}"), None)]

    with ThreadPoolExecutor(8) as threads:
        taken = [run_id for got in threads.map(work, range(8)) for run_id in got]
    assert sorted(taken) == sorted(names)


def test_each_job_is_claimed_once_by_processes(url, store, submit):
    names = [f"a{n}" for n in range(24)]
    for name in names:
        submit(name)
    with multiprocessing.get_context("spawn").Pool(2) as pool:
        got = pool.starmap(claim_all, [(url, "w1"), (url, "w2")])
    assert sorted(got[0] + got[1]) == sorted(names)


def test_forks_go_first_then_the_oldest_and_lanes_are_kept(store, submit):
    for name, kind in (("a", "run"), ("b", "run"), ("c", "rank"), ("d", "fork")):
        submit(name, kind=kind)
    assert store.claim("w", kinds=("rank",)).run_id == "c"
    assert [store.claim("w").run_id for _ in range(3)] == ["d", "a", "b"]
    assert not store.waiting()
    assert store.claim("w") is None


def test_a_late_holder_changes_nothing(store, submit):
    submit("a")
    late = store.claim("w1")
    assert store.release(late, "gone").state == "accepted"
    assert store.release(late, "gone") is None
    assert store.beat(late, [("remark", {})]) == "lost"
    present = store.claim("w1")  # the same worker, another attempt
    assert present.attempt == 2
    before = store.get("a"), store.events_after("a")
    assert store.finish(late, "done", digest="late") is None
    assert store.give_back(late) is None
    assert store.beat(late) == "lost"
    assert (store.get("a"), store.events_after("a")) == before
    assert store.finish(present, "done", digest="right").digest == "right"
    assert store.finish(present, "done", digest="again") is None
    assert store.get("a").digest == "right"


def test_a_silent_holder_is_given_up_and_one_that_beats_is_not(store, submit):
    submit("a")
    submit("b")
    silent, alive = store.claim("w1", LEASE_S), store.claim("w2", LEASE_S)
    put_back = 0
    for now in range(20):
        store.beat(alive)
        put_back += store.release_expired(float(now))
    assert put_back == 1
    assert store.beat(silent) == "lost"
    assert store.get("a").state == "accepted"
    assert store.beat(alive) == "go on"


def test_a_lease_is_not_given_up_early(store, submit):
    submit("a")
    store.claim("w", LEASE_S)
    assert look(store, 0.0, LEASE_S - 1) == 0
    assert look(store, LEASE_S, LEASE_S) == 1


@pytest.mark.parametrize("leap_s", [1e9, -1e9])
def test_no_leap_of_a_clock_takes_a_job_from_its_holder(url, leap_s):
    wall = [1_800_000_000.0]
    with JobStore(url, lambda: wall[0]) as store:
        store.submit("run", "a", {}, "planner")
        job = store.claim("w", LEASE_S)
        assert look(store, 0.0, 3.0) == 0
        wall[0] += leap_s
        assert store.release_expired(3.0 + leap_s) == 0
        assert store.release_expired(4.0 + leap_s) == 0
        assert store.beat(job) == "go on"
        store.submit("run", "b", {}, "planner")
        assert [one.run_id for one in store.page()[0]] == ["b", "a"]
        assert store.finish(job, "done").finished == wall[0]


def test_a_job_that_ends_its_workers_waits_instead_of_looping(store, submit):
    submit("a")
    states = [store.release(store.claim("w"), "killed").state for _ in range(CRASHES_AT_ONCE)]
    assert states == ["accepted"] * (CRASHES_AT_ONCE - 1) + ["interrupted"]
    assert store.claim("w") is None
    interrupted = store.get("a")
    assert (interrupted.setbacks, interrupted.message) == (CRASHES_AT_ONCE, "killed")
    assert store.retry(interrupted).setbacks == CRASHES_AT_ONCE
    assert store.retry(interrupted) is None


def test_progress_forgives_setbacks_and_repeating_old_ground_does_not(store, submit):
    submit("a")
    job = store.claim("w")
    store.beat(job, reached(600, 0.5))
    assert store.release(job, "killed").setbacks == 1
    job = store.claim("w")
    store.beat(job, reached(300, 0.25))
    assert store.release(job, "killed").setbacks == 2
    job = store.claim("w")
    store.beat(job, reached(900, 0.75))
    assert store.release(job, "killed").setbacks == 1


def test_a_full_disk_interrupts_and_resume_starts_afresh(store, submit):
    submit("a")
    ended = store.finish(store.claim("w"), "interrupted", message="no space\0 left")
    assert (ended.state, ended.message, ended.setbacks) == ("interrupted", "no space left", 1)
    assert store.claim("w") is None
    assert store.resume("a").setbacks == 0
    job = store.claim("w")
    store.cancel("a")
    assert store.finish(job, "interrupted").state == "cancelled"


def test_a_deleted_job_whose_holder_died_does_not_come_back(store, submit):
    submit("a")
    job = store.claim("w")
    store.delete("a")
    assert store.release(job, "killed").state == "deleted"
    assert store.claim("w") is None


def test_a_job_ends_only_in_a_way_that_is_an_end(store, submit):
    submit("a")
    with pytest.raises(ValueError, match="accepted"):
        store.finish(store.claim("w"), "accepted")
