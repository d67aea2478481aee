"""What headquarters hears of the shaking: intensity messages that take time or get lost; the tsunami advisory."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from twin.chance import Chance
from twin.params import Params

Array = np.ndarray
NEVER_S = np.iinfo(np.int64).max


@dataclass(frozen=True)
class Messages:
    """Intensity messages under way and arrived; all (municipality,). `due_s` NEVER_S: none under way."""

    due_s: Array
    value: Array
    heard: Array


def none_sent(n_town: int) -> Messages:
    """Nothing heard yet."""
    return Messages(np.full(n_town, NEVER_S), np.full(n_town, np.nan), np.full(n_town, np.nan))


def send(messages: Messages, town_intensity: Array, due_s: Array, higher: Array) -> Messages:
    """Messages of a shock for the towns where it is the strongest so far (`higher`), due at `due_s` (NEVER_S: lost)."""
    return Messages(
        np.where(higher, due_s, messages.due_s),
        np.where(higher, town_intensity, messages.value),
        messages.heard,
    )


def deliver(messages: Messages, now_s: int) -> Messages:
    """Values that are due by `now_s` become known; the same object if none is."""
    arrived = messages.due_s <= now_s
    if not arrived.any():
        return messages
    return Messages(
        np.where(arrived, NEVER_S, messages.due_s),
        messages.value,
        np.where(arrived, messages.value, messages.heard),
    )


def due_by_chance(shock_s: int, keys: Array, number: int, params: Params, chance: Chance) -> Array:
    """Arrival time of each town's message, NEVER_S where it is lost; `number` counts the region's shocks."""
    lost = chance.uniform("hazard.message_lost", keys, number) < params.message_loss_fraction
    return np.where(lost, NEVER_S, shock_s + int(params.message_delay_s))


def advisory_in_force(magnitude_mw: float, coast_m: float, since_shock_s: int, params: Params) -> bool:
    """Whether a tsunami advisory holds: issued when a strong shock lies near the coast, lifted after a fixed time."""
    issued = magnitude_mw >= params.advisory_least_mw and coast_m <= params.advisory_coast_m
    return issued and params.advisory_start_s <= since_shock_s < params.advisory_end_s
