"""Any sequence of what callers, workers and accidents do to the queue, against a model of a dozen lines."""

from __future__ import annotations

import tempfile
from dataclasses import dataclass, field

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, invariant, rule

from api.jobs.errors import ConflictError, NotFoundError
from api.jobs.leases import CRASHES_AT_ONCE
from api.jobs.records import Job
from api.jobs.store import JobStore

RESTING = ("interrupted", "failed", "cancelled")


@dataclass
class Expected:
    """What the model knows of a job."""

    state: str = "accepted"
    wish: str = ""
    setbacks: int = 0
    attempts: int = 0
    done: int = 0
    claims: list[Job] = field(default_factory=list)


class Queue(RuleBasedStateMachine):
    """The store beside the model; claims stay in hand after their time, so late holders act too."""

    jobs = Bundle("jobs")
    claims = Bundle("claims")

    def __init__(self):
        super().__init__()
        self.place = tempfile.TemporaryDirectory()
        self.wall_s = 1e9
        self.store = JobStore(f"sqlite:///{self.place.name}/jobs.sqlite", lambda: self.wall_s)
        self.model: dict[str, Expected] = {}

    def teardown(self):
        self._drain()
        self.store.close()
        self.place.cleanup()

    @rule(target=jobs, key=st.none() | st.sampled_from("xy"))
    def submit(self, key):
        name = f"a{len(self.model)}"
        job, created = self.store.submit("run", name, {}, "planner", key, "")
        assert created == (job.run_id == name)
        assert created or key is not None
        if created:
            self.model[name] = Expected()
        return job.run_id

    @rule(leap_s=st.sampled_from([-1e8, 1e8]))
    def clock_leaps(self, leap_s):
        self.wall_s += leap_s

    @rule(target=claims, worker=st.sampled_from(["w1", "w2"]))
    def claim(self, worker):
        job = self.store.claim(worker)
        first = next((name for name, one in self.model.items() if one.state == "accepted"), None)
        assert (job and job.run_id) == first
        if job is not None:
            one = self.model[first]
            one.state, one.attempts = "running", one.attempts + 1
            one.claims.append(job)
            assert job.attempt == one.attempts
        return job

    def _held(self, job):
        """The model of a job that this claim still holds, else None."""
        one = self.model.get(job.run_id) if job else None
        return one if one and one.state == "running" and one.claims[-1] == job else None

    @rule(job=claims)
    def beat(self, job):
        if job is not None:
            one = self._held(job)
            assert self.store.beat(job) == ("lost" if one is None else "stop" if one.wish else "go on")

    @rule(job=claims, state=st.sampled_from(["done", "failed", "interrupted"]))
    def finish(self, job, state):
        self._left(job, state, lambda: self.store.finish(job, state), setback=state == "interrupted")

    @rule(job=claims)
    def give_back(self, job):
        self._left(job, "accepted", lambda: self.store.give_back(job))

    @rule(job=claims)
    def worker_dies(self, job):
        one = self._held(job)
        too_often = one is not None and one.setbacks + 1 >= CRASHES_AT_ONCE
        self._left(job, "interrupted" if too_often else "accepted", lambda: self.store.release(job, ""), setback=True)

    def _left(self, job, state, act, setback=False):
        """A holder lets go: nothing happens if it is not the holder, else the wish or this state comes true."""
        if job is None:
            return
        one, told = self._held(job), act()
        assert (told is None) == (one is None)
        if one is None:
            return
        if one.wish == "delete":
            state = "deleted"
        elif one.wish == "cancel" and state in ("accepted", "interrupted"):
            state = "cancelled"
        one.setbacks = 0 if state == "done" else one.setbacks + setback
        one.state, one.wish, one.done = state, "", one.done + (state == "done")
        assert told.state == state

    def _seen(self, name):
        one = self.model[name]
        return None if "deleted" in one.state or one.wish == "delete" else one

    @rule(name=jobs)
    def cancel(self, name):
        one = self._seen(name)
        if one is None or one.state in ("done", "failed"):
            with pytest.raises(NotFoundError if one is None else ConflictError):
                self.store.cancel(name)
        elif one.state == "running":
            self.store.cancel(name)
            one.wish = "cancel"
        else:
            self.store.cancel(name)
            one.state = "cancelled"

    @rule(name=jobs)
    def resume(self, name):
        one = self._seen(name)
        if one is None:
            with pytest.raises(NotFoundError):
                self.store.resume(name)
            return
        self.store.resume(name)
        if one.state == "running":
            one.wish = ""
        elif one.state in RESTING:
            one.state, one.setbacks = "accepted", 0

    @rule(name=jobs)
    def retry(self, name):
        one = self._seen(name)
        if one is not None and one.state == "interrupted":
            assert self.store.retry(self.store.get(name)).state == "accepted"
            one.state = "accepted"

    @rule(name=jobs)
    def delete(self, name):
        one = self._seen(name)
        if one is None:
            with pytest.raises(NotFoundError):
                self.store.delete(name)
        else:
            assert self.store.delete(name) == (one.state != "running")
            one.state, one.wish = ("running", "delete") if one.state == "running" else ("deleted", "")

    @invariant()
    def same_as_the_model(self):
        shown = {job.run_id: (job.state, job.setbacks) for job in self.store.page(1000)[0]}
        assert shown == {name: (one.state, one.setbacks) for name, one in self.model.items() if self._seen(name)}

    def _drain(self):
        """Whoever still works lets go, workers take the rest: everything left to do is done, once."""
        for one in self.model.values():
            if one.state == "running":
                self.give_back(one.claims[-1])
            if one.state == "interrupted":
                one.state = "accepted"
        for job in self.store.held("interrupted"):
            self.store.retry(job)
        while (job := self.claim("w3")) is not None:
            self.finish(job, "done")
        for one in self.model.values():
            assert one.state in ("done", "failed", "cancelled", "deleted")
            assert one.done == (one.state == "done") or one.state == "deleted"
        assert not self.store.held("running")


TestQueue = Queue.TestCase
TestQueue.settings = settings(max_examples=15, stateful_step_count=25)
