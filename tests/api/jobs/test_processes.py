"""Who holds a job, and whether that process lives."""

from __future__ import annotations

import os
import subprocess
import sys
import time

import pytest

from api.jobs import processes

pytestmark = pytest.mark.skipif(not os.path.exists("/proc/self/stat"), reason="looks into /proc, which Linux has")
SLEEPER = [sys.executable, "-S", "-c", "import time; print('up', flush=True); time.sleep(60)"]
PARENT = [sys.executable, "-S", "-c", f"import subprocess, time; subprocess.Popen({SLEEPER!r}); time.sleep(60)"]


def start(command, marked=True):
    given = {**os.environ, processes.MARK: "1"} if marked else dict(os.environ)
    process = subprocess.Popen(command, env=given, start_new_session=True, stdout=subprocess.PIPE)
    assert process.stdout.readline() == b"up\n"
    return process


def holder(pid):
    """The id that process has as a holder of jobs."""
    place, _, _, lane = processes.own_id("run").split(":")
    return ":".join((place, str(pid), processes._started(pid), lane))


def test_this_process_lives_and_knows_itself():
    own = processes.own_id("run")
    assert processes.pid_of(own) == os.getpid()
    assert not processes.is_gone(own)


def test_a_killed_process_is_gone_even_before_its_parent_noticed():
    process = start(SLEEPER)
    name = holder(process.pid)
    assert not processes.is_gone(name)
    process.kill()
    deadline = time.monotonic() + 10
    while not processes.is_gone(name) and time.monotonic() < deadline:
        time.sleep(0.01)
    assert processes.is_gone(name)
    process.wait()
    process.stdout.close()
    assert processes.is_gone(name)


def test_another_process_with_the_same_number_is_not_the_holder():
    place, pid, started, lane = processes.own_id("run").split(":")
    assert processes.is_gone(":".join((place, pid, str(int(started) + 1), lane)))


@pytest.mark.parametrize("name", ["", "w", "elsewhere:1:1:run", "::::"])
def test_of_processes_elsewhere_nothing_is_known(name):
    assert processes.pid_of(name) is None
    assert not processes.is_gone(name)
    processes.end_group(name)


def test_what_a_dead_holder_left_behind_is_ended():
    process = start(PARENT)
    name = holder(process.pid)
    assert len(processes._members(process.pid)) == 2
    process.kill()
    process.wait()
    assert len(processes._members(process.pid)) == 1
    processes.end_group(name)
    assert processes._members(process.pid) == []
    process.stdout.close()


def test_a_process_without_our_mark_is_never_touched():
    process = start(SLEEPER, marked=False)
    processes.end_group(holder(process.pid), wait_s=0.1)
    assert process.poll() is None
    process.kill()
    process.wait()
    process.stdout.close()
