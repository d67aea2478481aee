"""The queue as the API uses it: nothing accepted is lost, nothing is done twice, and every refusal has its reason."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from types import SimpleNamespace

import pytest
from sqlalchemy import create_engine, update

from api.jobs.errors import (
    ConflictError,
    CursorError,
    IdempotencyError,
    JobError,
    LimitError,
    NotFoundError,
    QueueError,
    VersionError,
)
from api.jobs.schema import SCHEMA
from api.jobs.store import JobStore


def test_a_submitted_job_is_there_for_another_connection(store, submit, url):
    job = submit("a", payload={"plan": {"seed": 7}}, parent=None)
    with JobStore(url) as other:
        assert other.get("a") == job
    assert (job.state, job.payload, job.attempt) == ("accepted", {"plan": {"seed": 7}}, 0)


def test_the_same_key_and_request_give_the_same_job(store):
    def ask(run_id, digest="d", owner="planner"):
        return store.submit("run", run_id, {}, owner, idempotency_key="k\0\udc80", request_digest=digest)

    first, created = ask("a")
    assert created
    assert ask("b") == (first, False)
    assert ask("c", owner="another")[1]
    with pytest.raises(IdempotencyError):
        ask("d", digest="another")
    assert [job.run_id for job in store.page()[0]] == ["c", "a"]


def test_many_submissions_with_one_key_make_one_job(store):
    def ask(n):
        return store.submit("run", f"a{n}", {}, "planner", idempotency_key="k", request_digest="d")

    with ThreadPoolExecutor(8) as threads:
        answers = list(threads.map(ask, range(8)))
    assert sum(created for _, created in answers) == 1
    assert len({job.run_id for job, _ in answers}) == 1


def test_a_run_id_is_used_once_and_is_no_path(submit):
    submit("a")
    with pytest.raises(ConflictError):
        submit("a", owner="another")
    for bad in ("../a", "", "a/b", ".a", "a\0", "x" * 201):
        with pytest.raises(JobError):
            submit(bad)


@pytest.mark.parametrize("bad", ["no", "../a", "a\0", "\udc80", "x" * 10_000])
def test_what_is_not_there_is_not_found(store, bad):
    for ask in (store.get, store.cancel, store.resume, store.delete, store.events_after):
        with pytest.raises(NotFoundError):
            ask(bad)


def test_pages_go_through_all_jobs_newest_first(store, submit):
    names = [f"a{n}" for n in range(7)]
    for name in names:
        submit(name, kind="fork" if name == "a3" else "run", parent="a0" if name == "a3" else None)
    found, cursor = [], None
    while True:
        jobs, cursor = store.page(3, cursor)
        found += [job.run_id for job in jobs]
        if cursor is None:
            break
    assert found == names[::-1]
    assert [job.run_id for job in store.page(parent="a0")[0]] == ["a3"]
    assert store.page(owner="nobody") == ([], None)
    for bad in ("", "x", "-1", "9" * 30, "１"):
        with pytest.raises(CursorError):
            store.page(cursor=bad)


def test_limits_hold_per_owner_and_in_all(store, submit):
    limits = SimpleNamespace(queued=3, queued_of_one=2)
    submit("a", limits=limits)
    submit("b", limits=limits)
    with pytest.raises(LimitError) as refused:
        submit("c", limits=limits)
    assert (refused.value.limit, refused.value.retry_after_s) == (2, 30)
    submit("c", owner="another", limits=limits)
    with pytest.raises(LimitError) as refused:
        submit("d", owner="third", limits=limits)
    assert refused.value.limit == 3
    store.cancel("a")
    submit("d", limits=limits)
    with pytest.raises(LimitError):
        store.resume("a", limits)


def test_limits_hold_for_submissions_at_once(store, submit):
    limits = SimpleNamespace(queued=3, queued_of_one=3)

    def ask(n):
        try:
            return submit(f"a{n}", limits=limits)
        except LimitError:
            return None

    with ThreadPoolExecutor(8) as threads:
        assert sum(job is not None for job in threads.map(ask, range(8))) == 3


def test_cancel_and_resume_of_a_job_nobody_works_at(store, submit):
    submit("a")
    assert store.cancel("a").state == "cancelled"
    assert store.cancel("a").state == "cancelled"
    assert store.claim("w") is None
    assert store.resume("a").state == "accepted"
    assert store.resume("a").state == "accepted"
    assert store.claim("w").run_id == "a"


def test_a_running_job_is_cancelled_by_its_holder(store, submit):
    submit("a")
    job = store.claim("w")
    assert store.cancel("a").state == "running"
    assert store.beat(job) == "stop"
    assert store.give_back(job).state == "cancelled"
    assert store.resume("a").state == "accepted"


def test_a_cancel_not_yet_heard_can_be_taken_back(store, submit):
    submit("a")
    job = store.claim("w")
    store.cancel("a")
    store.resume("a")
    assert store.beat(job) == "go on"


def test_a_job_that_ended_before_the_cancel_was_heard_is_done(store, submit):
    submit("a")
    job = store.claim("w")
    store.cancel("a")
    assert store.finish(job, "done", digest="x", result={"best": float("nan")}).state == "done"
    assert store.get("a").result == {"best": None}
    with pytest.raises(ConflictError):
        store.cancel("a")
    assert store.resume("a").state == "done"


def test_two_who_delete_the_same_job(store, submit):
    submit("a", idempotency_key="k")

    def ask(n):
        try:
            return store.delete("a")
        except NotFoundError:
            return "not found"

    with ThreadPoolExecutor(8) as threads:
        answers = list(threads.map(ask, range(8)))
    assert sorted(map(str, answers)) == ["True"] + 7 * ["not found"]
    assert store.page() == ([], None)
    store.forget("a")
    submit("a", idempotency_key="k", request_digest="another request")


def test_a_running_job_is_gone_at_once_and_dropped_by_its_holder(store, submit):
    submit("a")
    job = store.claim("w")
    assert store.delete("a") is False
    for ask in (store.get, store.delete, store.cancel):
        with pytest.raises(NotFoundError):
            ask("a")
    assert store.page()[0] == []
    store.forget("a")  # not yet: its holder is still at work
    assert store.beat(job) == "stop"
    assert store.finish(job, "done").state == "deleted"
    assert [one.run_id for one in store.held("deleted")] == ["a"]
    store.forget("a")
    assert store.held("deleted") == []


def test_a_run_others_start_from_cannot_be_deleted_under_them(store, submit):
    submit("a")
    store.finish(store.claim("w"), "done")
    submit("b", kind="fork", parent="a")
    with pytest.raises(ConflictError, match="'b'"):
        store.delete("a")
    store.cancel("b")
    assert store.delete("a")
    with pytest.raises(NotFoundError):
        submit("c", kind="fork", parent="a")


def test_events_count_up_and_are_replayed_from_any_point(store, submit):
    submit("a")
    job = store.claim("w")
    store.beat(job, [("progress", {"now_s": 600}), ("remark", {"ja": "警報", "en": "warning"})])
    assert store.note("a", "remark", {"en": "noted"}) == 5
    store.finish(job, "done", notes=[("progress", {"now_s": 1200})])
    events = store.events_after("a")
    assert [event.seq for event in events] == list(range(1, 8))
    assert [event.kind for event in events] == [
        "status",
        "status",
        "progress",
        "remark",
        "remark",
        "progress",
        "status",
    ]
    assert store.events_after("a", 4) == events[4:]
    assert store.events_after("a", 4, limit=1) == events[4:5]
    assert store.events_after("a", 10**30) == []
    assert events[0].data == {"status": "accepted", "message": ""}
    assert events[3].data["ja"] == "警報"


def test_old_progress_is_dropped_and_remarks_are_kept(store, submit, monkeypatch):
    monkeypatch.setattr("api.jobs.database.MOST_PROGRESS_EVENTS", 10)
    submit("a")
    job = store.claim("w")
    store.beat(job, [("remark", {})])
    for now_s in range(40):
        store.beat(job, [("progress", {"now_s": now_s})])
    events = store.events_after("a")
    assert [event.kind for event in events[:3]] == ["status", "status", "remark"]
    assert 10 <= len(events) - 3 < 20
    assert [event.seq for event in events[-2:]] == [42, 43]


def test_counts_by_kind_and_state(store, submit):
    submit("a")
    submit("b")
    submit("c", kind="fork")
    store.claim("w")
    assert store.counts() == {("run", "accepted"): 2, ("fork", "running"): 1}


def test_another_version_is_refused_with_both_numbers(url, store):
    engine = create_engine(url)
    with engine.begin() as connection:
        connection.execute(update(SCHEMA).values(version=99))
    engine.dispose()
    with pytest.raises(VersionError, match="version 99, this program needs version 1"):
        JobStore(url)


def test_urls_that_cannot_be_used_are_refused_without_their_password():
    for bad in ("nonsense", "sqlite://", "mysql://u:secret@h/d", "postgresql://u:secret@127.0.0.1:1/d"):
        with pytest.raises(QueueError) as refused:
            JobStore(bad)
        assert "secret" not in str(refused.value)


def test_a_database_that_went_away_is_our_own_error(tmp_path):
    store = JobStore(f"sqlite:///{tmp_path / 'sub' / 'jobs.sqlite'}")
    store.close()
    (tmp_path / "sub").rename(tmp_path / "gone")
    with pytest.raises(QueueError):
        store.submit("run", "a", {}, "planner")
