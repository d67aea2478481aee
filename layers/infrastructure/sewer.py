"""Sewerage: pipes broken by shaking and settled ground, pumps that need power, by-passes laid over days."""

from __future__ import annotations

import numpy as np

from layers.infrastructure.counts import probability
from twin.params import Params

Array = np.ndarray


def broken_fraction(intensity_max: Array, liquefied: Array, params: Params) -> Array:
    """Share of sewer pipes that no longer drain, by town or cell: fragility by intensity, raised by liquefaction.

    intensity_max: instrumental; liquefied: 0..1. The form (intensity x ground) is that of the Tokyo 2022 estimate.
    """
    shaken = params.sewer_damage_most * probability(intensity_max, params.sewer_damage_intensity, params.sewer_spread)
    return np.minimum(shaken * (1.0 + params.sewer_liquefaction_factor * liquefied), 1.0)


def bypassed(broken: Array, dt_s: float, params: Params) -> Array:
    """Broken share after a step in which temporary pumps and by-passes are laid."""
    return broken * np.exp(-dt_s / params.sewer_bypass_s)


def usable(broken: Array, power_on: Array, params: Params) -> Array:
    """Share of sewerage that works: sound pipes whose pumps have mains or a generator; flow by gravity needs none."""
    pumped = params.sewer_pumped_fraction * (1.0 - params.sewer_generator_fraction)
    return (1.0 - broken) * (1.0 - pumped * (1.0 - power_on))
