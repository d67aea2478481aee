"""Requests and approvals: what an office asks climbs level by level, and every level takes its time."""

from __future__ import annotations

from collections.abc import Sequence
from enum import IntEnum

import numpy as np

from twin.chance import Chance
from twin.params import Params
from twin.table import Table

Array = np.ndarray


class Kind(IntEnum):
    """What is asked for; `LEVELS[kind]` offices must agree, beginning with the prefecture."""

    GENERATOR_CARS = 0
    GOODS = 1


LEVELS = (2, 1)


def empty() -> Table:
    """No request open."""
    return Table.empty(
        kind="int64", town="int64", amount="float64", asked_s="int64", level="int64", due_s="int64", count="int64"
    )


def approval_s(
    kind: int, key: Array | int, count: Array | int, level: int, able: float, params: Params, chance: Chance
) -> float:
    """Time one level takes, seconds: spread about the usual, bounded, longer in a disabled office."""
    z = chance.normal(f"government.approval_{kind}_{level}", key, count)[0]
    low, high = params.approval_bounds_s
    usual = params.approval_s * np.exp(params.approval_spread * z)
    return float(np.clip(usual, low, high) / max(able, params.least_able))


def ask(open_requests: Table, rows: Sequence[tuple[int, int, float, int, int]], now_s: int) -> Table:
    """Add requests: (kind, town, amount, count of the town's requests before, instant of the first decision)."""
    kind, town, amount, count, due_s = (np.array(column) for column in zip(*rows, strict=True))
    return open_requests.append(kind=kind, town=town, amount=amount, asked_s=now_s, level=0, due_s=due_s, count=count)


def decide_requests(
    open_requests: Table, keys: Array, able: Array, now_s: int, params: Params, chance: Chance
) -> tuple[Table, list[tuple[int, int, float, int]]]:
    """Let every level decide what is due; returns (open requests, granted as (kind, town, amount, waited s)).

    keys: int64 keys of the towns. able: how far prefecture and state can work, shape (2,). A later level starts when
    the one before has decided, so the result does not depend on how time is cut into steps.
    """
    due = np.flatnonzero(open_requests["due_s"] <= now_s)
    if not due.size:
        return open_requests, []
    level, due_s = open_requests["level"].copy(), open_requests["due_s"].copy()
    granted = []
    done = np.zeros(len(open_requests), dtype=bool)
    for row in due.tolist():
        kind, town = int(open_requests["kind"][row]), int(open_requests["town"][row])
        while due_s[row] <= now_s:
            level[row] += 1
            if level[row] >= LEVELS[kind]:
                done[row] = True
                amount, waited = float(open_requests["amount"][row]), int(due_s[row] - open_requests["asked_s"][row])
                granted.append((kind, town, amount, waited))
                break
            due_s[row] += int(
                approval_s(
                    kind, int(keys[town]), int(open_requests["count"][row]), int(level[row]), able[1], params, chance
                )
            )
    return open_requests.with_columns(level=level, due_s=due_s).select(~done), granted


def pending(open_requests: Table, n_town: int) -> Array:
    """Open requests of each town, (town,)."""
    return np.bincount(open_requests["town"], minlength=n_town).astype(np.float64)


def oldest_s(open_requests: Table, n_town: int, now_s: int) -> Array:
    """Age of each town's oldest open request, seconds; 0 without one; (town,)."""
    age = np.zeros(n_town)
    np.maximum.at(age, open_requests["town"], (now_s - open_requests["asked_s"]).astype(np.float64))
    return age
