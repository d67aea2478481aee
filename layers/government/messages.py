"""Messages between offices: written by someone, sent over a channel, late, partial, doubled or lost on the way."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from layers.government.known import Known, Source, absorb
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
    n_sender, n_quantity = bundle.values.shape
    pair_key = bundle.key[:, None] + bundle.quantity[None, :] + 1
    omitted = (
        chance.uniform(f"{purpose}.omitted", pair_key.ravel(), np.repeat(bundle.count, n_quantity)).reshape(
            n_sender, n_quantity
        )
        < channel.left_out_fraction
    )
    written = ~np.isnan(bundle.values) & ~omitted & ~lost[:, None]
    for receiver in receivers:
        flight = _append(flight, bundle, receiver, channel, written, delay_s)
    doubled = chance.uniform(f"{purpose}.doubled", bundle.key, bundle.count) < channel.doubled_fraction
    if (doubled & ~lost).any():
        flight = _append(flight, bundle, receivers[0], channel, written & doubled[:, None], 2.0 * delay_s)
    return flight


def _append(flight: Table, bundle: Bundle, receiver: int, channel: Channel, written: Array, delay_s: Array) -> Table:
    row, column = np.nonzero(written)
    if not row.size:
        return flight
    return flight.append(
        sender=bundle.sender[row],
        receiver=receiver,
        quantity=bundle.quantity[column],
        area=bundle.area[row],
        value=bundle.values[row, column],
        as_of_s=bundle.as_of_s,
        sent_s=bundle.as_of_s,
        due_s=bundle.as_of_s + delay_s[row].astype(np.int64),
        channel=int(channel.source),
    )


def deliver(flight: Table, known: Known, now_s: int) -> tuple[Table, Known, Table]:
    """Hand over what is due; returns (still in flight, known, delivered rows)."""
    due = flight["due_s"] <= now_s
    arrived = flight.select(due)
    if not len(arrived):
        return flight, known, arrived
    known = absorb(
        known,
        arrived["receiver"],
        arrived["quantity"],
        arrived["area"],
        arrived["value"],
        arrived["as_of_s"],
        arrived["due_s"],
        arrived["channel"],
    )
    return flight.select(~due), known, arrived


def rounded(values: Array) -> Array:
    """Numbers as offices write them: to hundreds from 10,000, to tens from 1,000, whole from 10; NaN stays."""
    grain = np.select([values >= 10_000, values >= 1_000, values >= 10], [100.0, 10.0, 1.0], 0.01)
    return np.round(values / grain) * grain
