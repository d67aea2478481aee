"""The watchdog names a layer that is stuck, once for each call, and leaves quick layers alone."""

import threading
import time
from dataclasses import replace

import pytest

from tests.twin import toy
from twin.errors import StateError
from twin.watch import Watchdog

LIMIT_S = 0.02
PATIENCE_S = 30.0  # how long a test waits for the watchdog before it fails


def slow_twin(hold):
    """A toy twin whose basin calls `hold()` in every step."""

    def step(given, state, inputs, clock):
        hold()
        return toy.basin_step(given, state, inputs, clock)

    return toy.twin(layers=(toy.SPRING, replace(toy.BASIN, step=step)))


def run_watched(twin, until_s, report, limit_s=LIMIT_S):
    with Watchdog(twin, report, limit_s):
        toy.final(twin, until_s)


def test_a_stuck_layer_is_named_while_it_is_stuck():
    told, released = [], threading.Event()

    def report(layer, spent_s, now_s):
        told.append((layer, spent_s, now_s))
        released.set()

    run_watched(slow_twin(lambda: released.wait(PATIENCE_S)), 60, report)
    assert [(layer, now_s) for layer, _, now_s in told] == [("basin", 0)]
    assert LIMIT_S < told[0][1] < PATIENCE_S


def test_one_call_is_told_once_however_long_it_lasts():
    told = []

    def hold():
        while not told:
            time.sleep(LIMIT_S / 4)
        time.sleep(10 * LIMIT_S)  # the watchdog looks about forty times more

    run_watched(slow_twin(hold), 60, lambda *what: told.append(what))
    assert len(told) == 1


def test_every_stuck_call_is_told():
    told, steps = [], iter(range(100))

    def hold():
        wanted = next(steps) + 1
        end = time.monotonic() + PATIENCE_S
        while len(told) < wanted and time.monotonic() < end:
            time.sleep(LIMIT_S / 4)

    run_watched(slow_twin(hold), 300, lambda layer, spent_s, now_s: told.append((layer, now_s)))
    assert told == [("basin", 0), ("basin", 240)]


def test_quick_layers_and_pauses_between_steps_are_not_told():
    told = []
    twin = toy.twin()
    with Watchdog(twin, lambda *what: told.append(what), PATIENCE_S):
        toy.final(twin, 600)
    with Watchdog(twin, lambda *what: told.append(what), LIMIT_S):
        time.sleep(4 * LIMIT_S)
    assert told == []


def test_the_watch_ends_with_the_run_also_when_it_fails():
    def broken():
        raise ZeroDivisionError

    before = threading.active_count()
    with pytest.raises(StateError):
        run_watched(slow_twin(broken), 60, lambda *what: None, PATIENCE_S)
    assert threading.active_count() == before
