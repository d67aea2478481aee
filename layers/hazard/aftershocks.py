"""Which shocks come when: the main shock, given aftershocks, simulated ones (Omori-Utsu, Gutenberg-Richter)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from twin.chance import Chance
from twin.numerics import ground
from twin.params import Params
from twin.table import Table
from twin.units import DAY_S, HOUR_S

Array = np.ndarray
COUNT_WINDOW_S = 13 * HOUR_S  # the counts of felt shocks used for the productivity cover 13 h
HORIZON_S = 60 * DAY_S
MAIN, GIVEN, SIMULATED = 0, 1, 2


@dataclass(frozen=True)
class Zone:
    """Where aftershocks happen: along the main fault, in local metres."""

    x_m: float
    y_m: float
    strike_deg: float
    length_m: float
    magnitude_mw: float


def list_shocks(given: Table, zone: Zone, simulate: bool, use_given: bool, params: Params, chance: Chance) -> Table:
    """All shocks by time: columns time_s, x_m, y_m, depth_m, mw, origin (MAIN, GIVEN, SIMULATED), key, row,
    residual_log10 (of simulated ones).

    given: the scenario's shocks (row = row in the world's table, -1 for simulated ones). When both kinds are
    used, simulated shocks of `given_complete_mw` or more are left out until the last given one, since the
    table holds these.
    """
    keep = given if use_given else given.select(given["origin"] == MAIN)
    shocks = keep
    if simulate:
        extra = simulate_shocks(zone, params, chance)
        after_table = extra["time_s"] > (keep["time_s"].max(initial=0) if use_given and len(keep) > 1 else -1)
        shocks = _joined(keep, extra.select(after_table | (extra["mw"] < params.given_complete_mw)))
    return shocks.select(np.argsort(shocks["time_s"], kind="stable"))


def simulate_shocks(zone: Zone, params: Params, chance: Chance) -> Table:
    """Aftershocks of at least `aftershock_least_mw`, keyed by their number in the sequence."""
    scale = 10.0 ** (params.gutenberg_richter_b * (zone.magnitude_mw - params.aftershock_reference_mw))
    productivity = ground.omori_productivity(
        params.aftershock_count * scale, COUNT_WINDOW_S, params.omori_c_s, params.omori_p
    )
    expected = float(ground.omori_count(HORIZON_S, productivity, params.omori_c_s, params.omori_p))
    number = np.arange(int(expected + 6.0 * np.sqrt(expected) + 10.0))  # beyond six sd no shock falls inside
    arrivals = np.cumsum(chance.exponential("hazard.aftershock_time", number, 1.0))
    time_s = ground.omori_time_s(arrivals, productivity, params.omori_c_s, params.omori_p)
    most = max(zone.magnitude_mw - params.aftershock_below_main, params.aftershock_least_mw + 0.1)
    uniform = chance.uniform("hazard.aftershock_magnitude", number)
    mw = ground.gutenberg_richter_magnitude(uniform, params.gutenberg_richter_b, params.aftershock_least_mw, most)
    along = (chance.uniform("hazard.aftershock_along", number) - 0.5) * zone.length_m
    across = chance.normal("hazard.aftershock_across", number) * params.aftershock_spread_m
    strike = np.radians(zone.strike_deg)
    deep = params.aftershock_depth_m
    depth = deep[0] + (deep[1] - deep[0]) * chance.uniform("hazard.aftershock_depth", number)
    inside = time_s < HORIZON_S
    table = Table(
        {
            "time_s": np.where(inside, time_s, HORIZON_S).astype(np.int64),
            "x_m": zone.x_m + along * np.sin(strike) + across * np.cos(strike),
            "y_m": zone.y_m + along * np.cos(strike) - across * np.sin(strike),
            "depth_m": depth,
            "mw": mw,
            "origin": np.full(number.size, SIMULATED),
            "key": number,
            "row": np.full(number.size, -1),
            "residual_log10": params.aftershock_event_sd * chance.normal("hazard.aftershock_event", number),
        }
    )
    return table.select(inside)


def _joined(first: Table, second: Table) -> Table:
    return Table({name: np.concatenate([first[name], second[name]]) for name in first})
