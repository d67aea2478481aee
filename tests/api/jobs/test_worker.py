"""A worker in this process, with work that does what each test needs."""

from __future__ import annotations

import errno

import pytest

from api.jobs.errors import BusyError, QueueError
from api.jobs.worker import Worker
from twin.errors import Interrupted, ScenarioError, StoreError


class Pool:
    """Stands for warm member processes."""

    opened, closed = 0, 0

    def __init__(self):
        Pool.opened += 1

    def close(self):
        Pool.closed += 1


@pytest.fixture
def url(tmp_path):
    return f"sqlite:///{tmp_path / 'jobs.sqlite'}"


@pytest.fixture
def worker(store, tmp_path):
    """Makes a worker that carries out jobs with the given function."""
    Pool.opened = Pool.closed = 0

    def make(work, **options):
        def carry_out(job, data_dir, progress, stop, pool, meter):
            return work(job, progress, stop)

        return Worker(store, tmp_path, carry_out=carry_out, open_pool=Pool, sleep=lambda _: None, **options)

    return make


def does(error):
    """Work that ends with an error."""

    def work(job, progress, stop):
        raise error

    return work


def test_a_job_is_done_with_its_result_and_last_news(store, submit, worker):
    submit("a")

    def work(job, progress, stop):
        progress(0, 60, None)
        progress(0, 120, ("警報", "warning"))
        assert not stop()
        return {"digest": "d", "members": 1}

    assert worker(work).serve_one()
    job = store.get("a")
    assert (job.state, job.digest, job.result["members"], job.now_s, job.progress) == ("done", "d", 1, 120, 1.0)
    assert [event.kind for event in store.events_after("a", 2)] == ["progress", "remark", "progress", "status"]


def test_the_pool_stays_warm_between_jobs_and_is_made_anew_after_a_fault(submit, worker):
    for name in ("a", "b", "c"):
        submit(name)
    one = worker(lambda job, progress, stop: {})
    assert [one.serve_one() for _ in range(4)] == [True, True, True, False]
    assert (Pool.opened, Pool.closed) == (1, 0)
    submit("d")
    submit("e")
    one = worker(does(EOFError()))
    one.serve_one()
    one.serve_one()
    assert (Pool.opened, Pool.closed) == (3, 2)


@pytest.mark.parametrize(
    ("error", "state"),
    [
        (ScenarioError("no such place"), "failed"),
        (StoreError("disk full"), "interrupted"),
        (Interrupted("cannot write: No space left on device"), "interrupted"),
        (OSError(errno.ENOSPC, "No space left"), "interrupted"),
        (MemoryError(), "interrupted"),
        (EOFError(), "interrupted"),
        (BusyError("held"), "interrupted"),
        (ZeroDivisionError("division by zero in /secret/place.py"), "failed"),
    ],
)
def test_what_becomes_of_a_job_whose_work_fails(store, submit, worker, tmp_path, error, state):
    submit("a")
    assert worker(does(error)).serve_one()
    job = store.get("a")
    assert job.state == state
    assert job.message
    assert job.setbacks == (state == "interrupted")
    assert "secret" not in job.message


def test_messages_name_no_path(store, submit, worker, tmp_path):
    submit("a")
    worker(does(StoreError(f"cannot write {tmp_path}/runs/a/series.parquet: No space left"))).serve_one()
    assert str(tmp_path) not in store.get("a").message
    assert "No space left" in store.get("a").message


def test_a_worker_told_to_leave_gives_its_job_back(store, submit, worker):
    submit("a")

    def work(job, progress, stop):
        one.leave()
        assert stop()
        raise Interrupted("stopped")

    one = worker(work)
    one.run()
    job = store.get("a")
    assert (job.state, job.setbacks, job.worker) == ("accepted", 0, "")
    assert Pool.closed == 1


def test_a_worker_whose_server_is_gone_leaves(submit, store, worker):
    submit("a")
    worker(lambda job, progress, stop: {}, parent=2**30).run()
    assert store.get("a").state == "accepted"


def test_cancelled_and_deleted_jobs_stop_and_the_deleted_one_leaves_nothing(store, submit, worker, tmp_path):
    for name, ask, left in (("a", store.cancel, ["cancelled"]), ("b", store.delete, [])):
        submit(name)

        def work(job, progress, stop, ask=ask):
            folder = tmp_path / "runs" / job.run_id
            folder.mkdir(parents=True)
            ask(job.run_id)
            assert stop()
            raise Interrupted("stopped")

        worker(work).serve_one()
        assert [job.state for job in store.page()[0] if job.run_id == name] == left
    assert store.held("deleted") == []
    assert [path.name for path in (tmp_path / "runs").glob("[ab]")] == ["a"]


def test_what_a_worker_does_after_it_was_given_up_counts_for_nothing(store, submit, worker):
    submit("a")

    def work(job, progress, stop):
        store.release(job, "silent")
        other = store.claim("other")
        assert stop()
        store.finish(other, "done", digest="right")
        if fails:
            raise Interrupted("stopped")
        return {"digest": "late"}

    fails = True
    worker(work).serve_one()
    assert store.get("a").digest == "right"
    submit("b")
    fails = False
    worker(work).serve_one()
    assert store.get("b").digest == "right"


def test_a_database_that_fails_at_the_end_is_asked_again(store, submit, worker, monkeypatch):
    submit("a")
    finish, failures = store.finish, iter([QueueError("locked"), QueueError("locked")])

    def flaky(*arguments, **options):
        for error in failures:
            raise error
        return finish(*arguments, **options)

    monkeypatch.setattr(store, "finish", flaky)
    worker(lambda job, progress, stop: {"digest": "d"}).serve_one()
    assert store.get("a").digest == "d"


def test_a_database_that_fails_before_the_claim_is_waited_for(store, submit, worker, monkeypatch):
    submit("a")
    with monkeypatch.context() as patched:
        patched.setattr(store, "waiting", lambda kinds: (_ for _ in ()).throw(QueueError("locked")))
        assert not worker(lambda job, progress, stop: {}).serve_one()
    assert store.get("a").state == "accepted"


def test_a_worker_takes_only_its_kinds(store, submit, worker):
    submit("a", kind="run")
    assert not worker(lambda job, progress, stop: {}, kinds=("fork", "rank")).serve_one()
    submit("b", kind="fork")
    assert worker(lambda job, progress, stop: {}, kinds=("fork", "rank")).serve_one()
    assert store.get("a").state == "accepted"
