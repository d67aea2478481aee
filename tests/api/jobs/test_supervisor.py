"""Workers die, servers die, clocks leap: every accepted job still ends once."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from dataclasses import asdict

import pytest

from api.jobs import processes
from api.jobs.store import JobStore
from api.jobs.supervisor import LANES, MOST_RETRIES, RESTART_LONGEST_S, RETRY_FIRST_S, Supervisor, lanes_for
from scenarios import read_scenario, running
from scenarios.execution import Plan
from tests.api.jobs.counting import STEPS, spawn

WAIT_S = 120.0


class Puppet:
    """A worker process that lives and dies as told."""

    pid = 2**22 + 1

    def __init__(self):
        self.code = None

    def poll(self):
        return self.code

    def send_signal(self, number):
        self.code = -number


class Theatre:
    """A supervisor with puppets and a clock that passes as told."""

    def __init__(self, tmp_path):
        self.now, self.puppets = 1000.0, []
        self.supervisor = Supervisor(tmp_path, lanes=LANES[:1], spawn=self._spawn, now=lambda: self.now)

    def _spawn(self, kinds):
        self.puppets.append(Puppet())
        return self.puppets[-1]

    def pass_s(self, seconds):
        for _ in range(round(seconds / 0.25)):
            self.now += 0.25
            self.supervisor.tick()


@pytest.fixture
def url(tmp_path):
    return f"sqlite:///{tmp_path / 'jobs.sqlite'}"


@pytest.fixture
def theatre(tmp_path, store):
    made = Theatre(tmp_path)
    yield made
    made.supervisor.stop()


def until(condition):
    """Wait until something holds."""
    deadline = time.monotonic() + WAIT_S
    while not condition():
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.02)


def counted(tmp_path, run_id):
    """(step, attempt) of every line a counting job wrote."""
    path = tmp_path / run_id
    return [tuple(map(int, line.split())) for line in path.read_text().splitlines()] if path.exists() else []


def test_lanes_keep_one_worker_free_for_what_ifs():
    assert lanes_for(None) == LANES
    assert lanes_for(1) == (LANES[0],)
    assert lanes_for(3) == (LANES[0], LANES[0], LANES[1])
    assert "run" not in LANES[1]


def test_dead_workers_are_replaced_ever_more_slowly(theatre):
    theatre.supervisor.tick()
    for _ in range(10):
        theatre.puppets[-1].code = 1
        before = len(theatre.puppets)
        theatre.pass_s(RESTART_LONGEST_S + 0.5)
        assert len(theatre.puppets) == before + 1
    theatre.pass_s(60.0)
    theatre.puppets[-1].code = 1  # this one had lived long
    before = len(theatre.puppets)
    theatre.pass_s(0.25)
    assert len(theatre.puppets) == before + 1
    for _ in range(20):  # none of these lives for a moment
        theatre.puppets[-1].code = 1
        theatre.pass_s(0.25)
    assert len(theatre.puppets) - before < 8


def test_a_job_of_a_dead_process_is_put_back_at_once(theatre, store, submit):
    submit("a")
    place, pid, started, lane = processes.own_id("run").split(":")
    store.claim(":".join((place, pid, str(int(started) - 1), lane)))  # of another process with this number
    submit("b")
    store.claim(processes.own_id("run"))
    theatre.supervisor.tick()
    assert [store.get(run_id).state for run_id in "ab"] == ["accepted", "running"]


def test_a_silent_worker_elsewhere_is_given_up_after_its_lease(theatre, store, submit):
    submit("a")
    store.claim("elsewhere:1:1:run", lease_s=8.0)
    theatre.pass_s(7.0)
    assert store.get("a").state == "running"
    theatre.pass_s(4.0)
    assert store.get("a").state == "accepted"


def test_a_silent_worker_that_lives_here_is_waited_for_longer(theatre, store, submit, monkeypatch):
    monkeypatch.setattr("api.jobs.supervisor.HUNG_S", 20.0)
    ended = []
    monkeypatch.setattr(processes, "end_group", ended.append)
    submit("a")
    holder = store.claim(processes.own_id("run"), lease_s=8.0).worker
    theatre.pass_s(15.0)
    assert store.get("a").state == "running"
    theatre.pass_s(8.0)
    assert (store.get("a").state, ended) == ("accepted", [holder])


def test_a_leap_of_the_watch_gives_nobody_up(theatre, store, submit):
    submit("a")
    store.claim("elsewhere:1:1:run", lease_s=8.0)
    theatre.pass_s(2.0)
    theatre.now += 1e6
    theatre.pass_s(2.0)
    assert store.get("a").state == "running"


def test_interrupted_jobs_are_tried_again_ever_more_slowly_and_not_for_ever(theatre, store, submit):
    submit("a")
    waits = []
    while store.get("a").setbacks < MOST_RETRIES:
        store.finish(store.claim("elsewhere:1:1:run"), "interrupted", message="no space left")
        begin_s = theatre.now
        while store.get("a").state == "interrupted" and len(waits) < 3:
            theatre.pass_s(1.0)
        waits.append(theatre.now - begin_s)
        if len(waits) >= 3:
            store.retry(store.get("a"))
    assert RETRY_FIRST_S <= waits[0] < waits[1] < waits[2]
    store.finish(store.claim("w"), "interrupted")
    theatre.pass_s(4.0)
    theatre.now += 1e6
    theatre.pass_s(4.0)
    assert store.get("a").state == "interrupted"


def test_what_deleted_jobs_left_is_swept_up(theatre, store, submit, tmp_path):
    submit("a")
    (tmp_path / "runs" / "a").mkdir(parents=True)
    store.delete("a")  # and the server dies before it removes the folder
    theatre.pass_s(1.0)
    assert not (tmp_path / "runs" / "a").exists()
    assert store.held("deleted") == []


def test_a_look_that_fails_does_not_end_the_watch(theatre, monkeypatch):
    looks = []

    def tick():
        looks.append(1)
        raise ZeroDivisionError

    theatre.supervisor.start()
    monkeypatch.setattr(theatre.supervisor, "tick", tick)
    until(lambda: len(looks) >= 2)


def test_jobs_survive_killed_workers_and_a_killed_server(tmp_path, store, submit, url):
    submit("a")
    start = spawn(tmp_path, url)
    with Supervisor(tmp_path, lanes=LANES[:1], spawn=start) as first:
        until(lambda: len(counted(tmp_path, "a")) > 10)
        os.kill(first.pids()[0], signal.SIGKILL)
        until(lambda: len({attempt for _, attempt in counted(tmp_path, "a")}) > 1)
    waiting = store.get("a")  # the server stopped in order, and the worker gave its job back
    assert (waiting.state, waiting.worker) == ("accepted", "")
    orphan = start()  # a worker whose server dies together with it
    until(lambda: store.get("a").state == "running")
    orphan.kill()
    orphan.wait()
    assert store.get("a").state == "running"
    with Supervisor(tmp_path, lanes=LANES[:1], spawn=start):
        until(lambda: store.get("a").state == "done")
    lines = counted(tmp_path, "a")
    assert [step for step, _ in lines] == list(range(STEPS))
    assert [attempt for _, attempt in lines] == sorted(attempt for _, attempt in lines)
    assert lines[-1][1] >= 4
    statuses = [event.data["status"] for event in store.events_after("a") if event.kind == "status"]
    assert statuses.count("done") == 1


@pytest.mark.slow
def test_a_run_whose_workers_and_supervisor_are_killed_gives_the_digest_of_one_left_alone(tmp_path, store, submit):
    plan = Plan.make(read_scenario("two-towns"), until_s=6 * 3600, members=2)
    submit("a", payload={"plan": json.loads(json.dumps(asdict(plan)))})
    command = [sys.executable, "-m", "api.jobs.supervisor", "--data-dir", str(tmp_path), "--workers", "1"]
    for strike in range(3):
        server = subprocess.Popen(command, start_new_session=True, stderr=subprocess.DEVNULL)
        before = store.get("a").attempt
        until(lambda before=before: store.get("a").attempt > before)
        time.sleep(0.3 * strike)
        holder = processes.pid_of(store.get("a").worker)
        if strike != 1 and holder:
            os.kill(holder, signal.SIGKILL)
        server.kill()
        server.wait()
        if store.get("a").state == "done":
            break
    with JobStore(f"sqlite:///{tmp_path / 'jobs.sqlite'}"), Supervisor(tmp_path, lanes=LANES[:1]):
        until(lambda: store.get("a").state == "done")
    whole = running.create(plan, read_scenario("two-towns"), tmp_path / "whole", "whole")
    assert store.get("a").digest == running.finish(whole, with_report=False)["digest"]
