"""What decision makers have ordered and the layer's own decisions may not undo: the part of the state levers write."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from twin.params import Params

Array = np.ndarray

TANKERS_AID, FUEL_FLEET, CONTRACT_TRUCKS = range(3)
GROWING = ("tankers_aid", "fleet_emergency_factor", "contract_trucks_factor")
"""Parameters that say how much aid there will be; when one is changed during a run, the difference takes its time.

In the order of the three numbers above."""


@dataclass(frozen=True)
class Ordered:
    """Orders in force.

    first_units: goods the hubs send before anything else, not yet on a truck (municipality, item).
    hands_factor: docks and hands over the usual, hands_coming_factor: what they change to at hands_due_s; (depot,).
    trucks_units, trucks_coming_units, trucks_due_s: the same for trucks from outside, of the whole region.
    airlift_meals: meals a day to fly, airlift_from_s: when crews are ready, airlift_owed_meals: of today, not yet
    flown; (municipality,). second_hub_open: 1 while loads may be named for it.
    seen, behind: values of the parameters GROWING, and how much of the last changes is still missing; (3,).
    """

    first_units: Array
    hands_factor: Array
    hands_coming_factor: Array
    hands_due_s: Array
    trucks_units: float
    trucks_coming_units: float
    trucks_due_s: int
    airlift_meals: Array
    airlift_from_s: Array
    airlift_owed_meals: Array
    second_hub_open: int
    seen: Array
    behind: Array


def nothing_ordered(params: Params, n_town: int, n_item: int, n_depot: int) -> Ordered:
    """Nothing but what the parameters say."""
    return Ordered(
        first_units=np.zeros((n_town, n_item)),
        hands_factor=np.ones(n_depot),
        hands_coming_factor=np.ones(n_depot),
        hands_due_s=np.zeros(n_depot, np.int64),
        trucks_units=0.0,
        trucks_coming_units=0.0,
        trucks_due_s=0,
        airlift_meals=np.zeros(n_town),
        airlift_from_s=np.zeros(n_town, np.int64),
        airlift_owed_meals=np.zeros(n_town),
        second_hub_open=int(params.second_hub > 0),
        seen=growing(params),
        behind=np.zeros(len(GROWING)),
    )


def growing(params: Params) -> Array:
    """Values of the parameters GROWING, (3,)."""
    return np.array([float(params[name]) for name in GROWING])
