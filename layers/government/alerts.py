"""Warnings of the agency on the dedicated line to the offices: sent at once, heard after seconds, or by the backup.

A warning is a message like any other: until it has arrived nobody decides on it. The line wakes the desks it reaches.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum
from typing import TYPE_CHECKING

import numpy as np

from layers.government import messages
from layers.government.known import Holder, Known, Source, absorb, nothing_known
from twin.contract import Clock, Event, Inputs
from twin.records import changed
from twin.table import Table

if TYPE_CHECKING:  # the state holds an `Alerts`
    from layers.government.state import Given, State

Array = np.ndarray
TSUNAMI_WARNING, MAJOR_TSUNAMI_WARNING = 1.0, 2.0


class Warned(IntEnum):
    """What is warned of: the quantity axis of `Alerts.known`."""

    TSUNAMI = 0
    FLOOD = 1


WARNINGS = ("tsunami_warning", "flood_warning")  # needs, in the order of `Warned`


@dataclass(frozen=True)
class Alerts:
    """Warnings by holder and town: known, messages on the line, and what the agency sent last.

    issued, n_issued: class or level last sent and how often it changed, (warning, town).
    """

    known: Known
    messages: Table
    issued: Array
    n_issued: Array


def no_alerts(n_town: int) -> Alerts:
    """Nothing was ever warned of."""
    shape = (len(Warned), n_town)
    return Alerts(
        nothing_known(len(Holder), len(Warned), n_town), messages.empty(), np.zeros(shape), np.zeros(shape, np.int64)
    )


def level(alerts: Alerts, holder: int, warning: Warned) -> Array:
    """Class or level as `holder` knows it, (town,); 0 where nothing was heard: no warning is the normal state."""
    known = alerts.known.value[holder, warning]
    return np.where(np.isnan(known), 0.0, known)


def heard_s(alerts: Alerts, holder: int, warning: Warned) -> Array:
    """When the warning known arrived, seconds (town,); -1 never."""
    arrived: Array = alerts.known.received_s[holder, warning]
    return arrived


def issue(given: Given, alerts: Alerts, inputs: Inputs, able: Array, clock: Clock) -> Alerts:
    """Put every change of a warning on the line to its hall, the prefecture and the state.

    able: how far each office can work, (office,): a dark hall takes longer to notice.
    """
    if not any((inputs[name] != sent).any() for name, sent in zip(WARNINGS, alerts.issued)):
        return alerts
    now = np.stack([inputs[name] for name in WARNINGS])
    warning, town = np.nonzero(now != alerts.issued)
    flight, count = alerts.messages, 2 * alerts.n_issued[warning, town] + warning
    offices = (town, np.full_like(town, given.prefecture), np.full_like(town, given.state))
    for holder, office in zip(Holder, offices, strict=True):
        delay_s = _line_s(given, given.office_keys[office], count, able[office], clock)
        as_of_s = np.full(len(town), clock.end_s)
        flight = messages.add(
            flight,
            sender=np.full(len(town), given.state),
            receiver=np.full(len(town), int(holder)),
            quantity=warning,
            area=town,
            value=now[warning, town],
            as_of_s=as_of_s,
            sent_s=as_of_s,
            due_s=as_of_s + delay_s.astype(np.int64),
            channel=np.full(len(town), int(Source.AGENCY)),
        )
    return Alerts(alerts.known, flight, now, alerts.n_issued + (now != alerts.issued))


def _line_s(given: Given, keys: Array, count: Array, able: Array, clock: Clock) -> Array:
    """Seconds until an office has taken note: by the line, or by fax and television where the receiver fails."""
    params, chance = given.params, clock.chance
    spread = np.exp(params.alert_delay_spread * chance.normal("government.alert_delay", keys, count))
    failed = chance.uniform("government.alert_failed", keys, count) < params.alert_failed_fraction
    usual_s = np.where(failed, params.alert_backup_s, params.alert_delay_s)
    return usual_s * spread / np.maximum(able, params.least_able)


def listen(given: Given, state: State, inputs: Inputs, able: Array, clock: Clock) -> tuple[State, list[Event]]:
    """Send what is new, take in what arrives by now, and wake the desks it reaches."""
    alerts = issue(given, state.alerts, inputs, able, clock)
    flight, arrived = messages.due(alerts.messages, clock.end_s)
    if not len(arrived):
        return (state if alerts is state.alerts else changed(state, alerts=alerts)), []
    names = ("receiver", "quantity", "area", "value", "as_of_s", "due_s", "channel")
    known = absorb(alerts.known, *(arrived[name] for name in names))
    receiver = arrived["receiver"]
    upper = np.where(receiver == Holder.PREFECTURE, given.prefecture, given.state)
    desks = state.desk_due_s.copy()
    np.minimum.at(desks, np.where(receiver == Holder.HALLS, arrived["area"], upper), clock.end_s)
    events = _heard_events(alerts.known.value[Holder.HALLS], known, arrived)
    return changed(state, alerts=Alerts(known, flight, alerts.issued, alerts.n_issued), desk_due_s=desks), events


def _heard_events(before: Array, known: Known, arrived: Table) -> list[Event]:
    """A line for every hall that hears of a warning higher than the one it knew."""
    after = known.value[Holder.HALLS]
    lines = []
    for row in np.flatnonzero(arrived["receiver"] == Holder.HALLS):
        warning, town = int(arrived["quantity"][row]), int(arrived["area"][row])
        higher = after[warning, town] > np.nan_to_num(before[warning, town])
        if higher and after[warning, town] == arrived["value"][row]:
            lines.append(_heard(warning, town, float(after[warning, town]), int(arrived["due_s"][row])))
    return lines


def _heard(warning: int, town: int, amount: float, time_s: int) -> Event:
    cause = ((WARNINGS[warning], town),)
    if warning == Warned.TSUNAMI:
        return Event("tsunami_warning_heard", "tsunami_warning_known", town, amount, time_s=time_s, causes=cause)
    return Event("flood_warning_heard", "flood_warning_known", town, amount, time_s=time_s, causes=cause)


def causes(alerts: Alerts, holder: int, town: int | None = None) -> tuple[tuple[str, int], ...]:
    """The warnings `holder` knows to be in force, as causes: of one town, or of the town where each is highest."""
    found = []
    for warning in Warned:
        known = level(alerts, holder, warning)
        row = int(np.argmax(known)) if town is None else town
        if known[row] > 0:
            found.append((WARNINGS[warning], row))
    return tuple(found)
