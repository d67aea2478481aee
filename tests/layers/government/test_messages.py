"""Messages: keyed loss, delay, doubling; delivery when due."""

import numpy as np

from layers.government import messages
from layers.government.known import Source, absorb, nothing_known
from layers.government.messages import Bundle, Channel
from twin.chance import Chance

CHANCE = Chance(3)
N = 2000


def channel(lost=0.0, doubled=0.0, left_out=0.0):
    return Channel(Source.MUNICIPAL_LINE, 900.0, 0.5, lost, doubled, left_out)


def bundle(count=0, as_of_s=0, n=N):
    rows = np.arange(n)
    values = np.ones((n, 2))
    return Bundle(rows, rows * 7919 + 1, np.full(n, count), rows, np.array([0, 1]), values, as_of_s)


def test_shares_lost_and_left_out_are_those_asked_for():
    flight = messages.post(messages.empty(), bundle(), (0,), channel(lost=0.2, left_out=0.1), CHANCE)
    assert abs(len(flight) / (2 * N) - 0.8 * 0.9) < 0.02


def test_a_report_is_lost_as_a_whole():
    flight = messages.post(messages.empty(), bundle(), (0,), channel(lost=0.3), CHANCE)
    assert set(np.bincount(flight["sender"], minlength=N)) == {0, 2}


def test_the_same_report_meets_the_same_luck_and_the_next_one_another():
    def sent(count):
        flight = messages.post(messages.empty(), bundle(count), (0,), channel(0.3), CHANCE)
        return flight["due_s"].tolist()

    assert sent(0) == sent(0)
    assert sent(0) != sent(1)


def test_more_loss_only_takes_messages_away():
    few = messages.post(messages.empty(), bundle(), (0,), channel(0.1), CHANCE)["sender"]
    more = messages.post(messages.empty(), bundle(), (0,), channel(0.4), CHANCE)["sender"]
    assert set(more) < set(few)


def test_median_delay_is_the_channels():
    flight = messages.post(messages.empty(), bundle(), (0,), channel(), CHANCE)
    assert abs(np.median(flight["due_s"]) - 900.0) < 40.0


def heard(known, arrived):
    names = ("receiver", "quantity", "area", "value", "as_of_s", "due_s", "channel")
    return absorb(known, *(arrived[name] for name in names))


def test_doubled_messages_come_twice_and_change_nothing():
    once = messages.post(messages.empty(), bundle(n=50), (50,), channel(), CHANCE)
    twice = messages.post(messages.empty(), bundle(n=50), (50,), channel(doubled=1.0), CHANCE)
    assert len(twice) == 2 * len(once)
    values = [heard(nothing_known(51, 2, 50), flight).value for flight in (once, twice)]
    np.testing.assert_array_equal(*values)


def test_delivery_in_two_parts_equals_delivery_at_once():
    flight = messages.post(messages.empty(), bundle(n=80), (80,), channel(), CHANCE)
    blank = nothing_known(81, 2, 80)
    left, first = messages.due(flight, 700)
    _, second = messages.due(left, 5000)
    _, whole = messages.due(flight, 5000)
    assert 0 < len(first) < len(whole) == len(first) + len(second)
    in_parts, at_once = heard(heard(blank, first), second), heard(blank, whole)
    np.testing.assert_array_equal(in_parts.value, at_once.value)
    np.testing.assert_array_equal(in_parts.received_s, at_once.received_s)


def test_nothing_due_returns_the_same_table():
    flight = messages.post(messages.empty(), bundle(n=5), (5,), channel(), CHANCE)
    left, arrived = messages.due(flight, 0)
    assert left is flight
    assert len(arrived) == 0


def test_numbers_are_written_round():
    written = messages.rounded(np.array([0.5, 12.4, 1234.0, 48_533.0, np.nan]))
    np.testing.assert_array_equal(written, [0.5, 12.0, 1230.0, 48_500.0, np.nan])
