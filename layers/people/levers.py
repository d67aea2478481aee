"""What a decision maker may change here: parameters for the whole region, supply of dependent people by town."""

from __future__ import annotations

import numpy as np

from layers.people.state import Given, State
from twin.contract import Clock, Event, Lever, Order, Result
from twin.records import changed

LEVERS = (
    Lever(
        "neighbour_help",
        "1",
        0.5,
        0.85,
        "municipality",
        "neighbour_freed_fraction",
        "training, tools and drills of neighbourhood groups: share of the trapped they can free",
        prepares=True,
    ),
    Lever(
        "site_first_rescue",
        "1",
        0.0,
        0.6,
        "municipality",
        "site_neighbour_freed_fraction",
        "company fire brigades and jacks at large sites",
        prepares=True,
    ),
    Lever(
        "furniture_fixed",
        "1",
        3e-5,
        1e-3,
        "municipality",
        "fall_injury_fraction_at_6",
        "secured furniture",
        prepares=True,
    ),
    Lever("stay_at_work", "s", 1200.0, 10800.0, "prefecture", "return_home_s", "employers keep staff until jams ease"),
    Lever("heat_advice", "1", 0.0, 0.6, "municipality", "advice_effect", "what heat advice achieves when it arrives"),
    Lever("staff_call_out", "1", 0.4, 0.9, "municipality", "first_attendance", "staff on duty near the town hall"),
    Lever(
        "upstairs_help",
        "1",
        0.1,
        1.0,
        "municipality",
        "aged_ground_fraction",
        "neighbours and carers help old people upstairs: share of them who still stay on the ground floor",
    ),
    Lever("device_supply", "1", 0.0, 1.0, "prefecture", "delivery_cover", "oxygen and batteries brought to homes"),
    Lever(
        "deliver_to_dependent",
        "1",
        0.0,
        1.0,
        "prefecture",
        doc="suppliers and health centres bring oxygen, batteries and places for dialysis to the dependent people of "
        "the town: share of them reached, if goods are there; begins after `delivery_delay_s`",
        on="municipality",
        withdraws=True,
    ),
)


def obey(given: Given, state: State, order: Order, clock: Clock) -> Result:
    """Carry out one order on towns; the share ordered last counts. One `ordered` line per row."""
    groups, taken_back = state.groups, bool(np.isnan(order.value))
    cover, from_s = groups.delivery_cover.copy(), groups.delivery_from_s.copy()
    cover[order.rows] = 0.0 if taken_back else order.value
    from_s[order.rows] = np.inf if taken_back else clock.start_s + given.params.delivery_delay_s
    told = [
        Event("ordered", "persons_dependent", row, float(cover[row]), args=(order.lever,))
        for row in order.rows.tolist()
    ]
    return Result(changed(state, groups=changed(groups, delivery_cover=cover, delivery_from_s=from_s)), {}, told)
