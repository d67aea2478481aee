"""Messages between offices: written by someone, sent over a channel, late, partial, doubled or lost on the way."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from layers.government.known import Source
from twin.chance import Chance
from twin.table import Table

Array = np.ndarray


@dataclass(frozen=True)
class Channel:
    """How a channel treats what is sent over it: median delay (s) and shares lost, doubled and left out."""

    source: Source
    delay_s: float
    delay_spread: float
    lost_fraction: float
    doubled_fraction: float
    left_out_fraction: float


def empty() -> Table:
    """No message in flight."""
    return Table.empty(
        sender="int64",
        receiver="int64",
        quantity="int64",
        area="int64",
        value="float64",
        as_of_s="int64",
        sent_s="int64",
        due_s="int64",
        channel="int64",
    )


NO_MESSAGE = empty()


@dataclass(frozen=True)
class Bundle:
    """One report: many quantities written by one office at one instant.

    key: int64 keys of the senders; count: how many reports the sender wrote on this channel before, shape (sender,).
    values: (sender, quantity); NaN = not in the report. area: the town each sender writes about, (sender,).
    """

    sender: Array
    key: Array
    count: Array
    area: Array
    quantity: Array
    values: Array
    as_of_s: int


def post(
    flight: Table,
    bundle: Bundle,
    receivers: tuple[int, ...],
    channel: Channel,
    chance: Chance,
    slow: Array | float = 1.0,
) -> Table:
    """Put one bundle per sender on its way; whole bundles are lost or doubled, single quantities left out.

    slow: factor on the delay, shape (sender,).
    """
    purpose = f"government.{channel.source.name.lower()}"
    lost = chance.uniform(f"{purpose}.lost", bundle.key, bundle.count) < channel.lost_fraction
    delay_s = (
        channel.delay_s
        * slow
        * np.exp(channel.delay_spread * chance.normal(f"{purpose}.delay", bundle.key, bundle.count))
    )
    row, column = np.nonzero(~np.isnan(bundle.values) & ~lost[:, None])
    if channel.left_out_fraction > 0.0:
        pair_key = bundle.key[row] + bundle.quantity[column] + 1
        kept = chance.uniform(f"{purpose}.omitted", pair_key, bundle.count[row]) >= channel.left_out_fraction
        row, column = row[kept], column[kept]
    if not row.size:
        return flight
    doubled = chance.uniform(f"{purpose}.doubled", bundle.key, bundle.count) < channel.doubled_fraction
    again, wait_s = doubled[row].nonzero()[0], delay_s[row]
    wait_s = np.concatenate([*[wait_s] * len(receivers), 2.0 * wait_s[again]])  # the copy comes later
    numbers = [len(row)] * len(receivers) + [len(again)]
    receiver = np.concatenate([np.full(n, int(to)) for to, n in zip((*receivers, receivers[0]), numbers, strict=True)])
    row, column = (np.concatenate([*[lines] * len(receivers), lines[again]]) for lines in (row, column))
    as_of_s = np.full(len(row), bundle.as_of_s)
    return add(
        flight,
        sender=bundle.sender[row],
        receiver=receiver,
        quantity=bundle.quantity[column],
        area=bundle.area[row],
        value=bundle.values[row, column],
        as_of_s=as_of_s,
        sent_s=as_of_s,
        due_s=as_of_s + wait_s.astype(np.int64),
        channel=np.full(len(row), int(channel.source)),
    )


def add(flight: Table, **columns: Array) -> Table:
    """More messages at the end; every column an array of its type."""
    return Table({name: np.concatenate([flight[name], columns[name]]) for name in flight})


def due(flight: Table, now_s: int) -> tuple[Table, Table]:
    """Split what is under way into (still in flight, arrived by now)."""
    ripe = flight["due_s"] <= now_s
    rows = ripe.nonzero()[0]
    return (flight.select((~ripe).nonzero()[0]), flight.select(rows)) if rows.size else (flight, NO_MESSAGE)


def rounded(values: Array) -> Array:
    """Numbers as offices write them: to hundreds from 10,000, to tens from 1,000, whole from 10; NaN stays."""
    grain = np.where(values >= 1_000, np.where(values >= 10_000, 100.0, 10.0), np.where(values >= 10, 1.0, 0.01))
    return np.round(values / grain) * grain
