"""Road closures, simulated against reported, by route: how many sections, and on which routes.

The first snapshot may be fitted; later ones are scored. Reported sections are an administrator's, ours are links of the
trunk-road table: numbers are compared within a factor, and the share of reported routes hit is printed.
"""

from __future__ import annotations

import csv
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import numpy as np
import pyarrow.compute as pc

from scenarios.schema import Scenario, ScoredQuantity
from twin.store import RunFolder

SHUT_FROM = 2  # road states 2 (emergency vehicles only) and 3 (closed) count as closed to ordinary traffic
SOURCE = "cabinet"  # the road map keeps sections listed after reopening; the two sources must not be added


@dataclass(frozen=True)
class Snapshot:
    """Sections reported closed or limited per (class, route) at one instant; route `all` where only a sum is given."""

    time_s: int
    sections: Mapping[tuple[str, str], int]


def snapshots(scenario: Scenario) -> list[Snapshot]:
    """Reported snapshots in order of time."""
    found: dict[int, dict[tuple[str, str], int]] = defaultdict(dict)
    with (scenario.facts_folder / "report_road.csv").open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            if row["source"] == SOURCE:
                time_s = int((datetime.fromisoformat(row["snapshot"]) - scenario.start).total_seconds())
                count = int(row["sections_closed"] or 0) + int(row["sections_limited"] or 0)
                found[time_s][(row["road_class"], row["route"])] = count
    return [Snapshot(time_s, found[time_s]) for time_s in sorted(found)]


def score_roads(folder: RunFolder, scenario: Scenario, quantity: ScoredQuantity) -> dict[str, Any]:
    """Factor between simulated (median over members) and reported sections, largest over the scored snapshots."""
    known = snapshots(scenario)
    roads = _roads(scenario)
    members = folder.manifest()["members"]
    history = _history(folder)
    until_s = folder.manifest()["until_s"]
    rows = []
    for number, snapshot in enumerate(one for one in known if one.time_s <= until_s):
        shut = [_shut(history.get(member, ()), snapshot.time_s) for member in range(members)]
        rows.append(_row(number, snapshot, shut, roads))
    scored = [row for row in rows if row["scored"]]
    error = max((row["factor"] for row in scored), default=None)
    return {
        "quantity": quantity.quantity,
        "kind": "true",
        "measure": quantity.measure,
        "limit": quantity.limit,
        "note": quantity.note,
        "n_scored": len(scored),
        "error": error,
        "passed": None if error is None else error <= quantity.limit,
        "covered": None,
        "hit_rate": float(np.mean([row["hit_rate"] for row in scored])) if scored else None,
        "snapshots": rows,
        "baselines": _baselines(rows),
    }


def _row(number: int, snapshot: Snapshot, shut: list[set[str]], roads: Mapping[str, tuple[str, str]]) -> dict[str, Any]:
    reported = sum(snapshot.sections.values())
    simulated = float(np.median([len(one) for one in shut]))
    routes = {key for key, count in snapshot.sections.items() if count and key[1] != "all"}
    hits = [np.mean([any(roads[road] == key for road in one) for one in shut]) for key in sorted(routes)]
    by_class = {
        kind: [
            sum(count for key, count in snapshot.sections.items() if key[0] == kind),
            float(np.median([sum(roads[road][0] == kind for road in one) for one in shut])),
        ]
        for kind in ("expressway", "national", "prefectural")
    }
    return {
        "time_s": snapshot.time_s,
        "reported": reported,
        "simulated": simulated,
        "by_class": by_class,
        "factor": max(max(simulated, 0.5) / max(reported, 0.5), max(reported, 0.5) / max(simulated, 0.5)),
        "hit_rate": float(np.mean(hits)) if hits else 1.0,
        "scored": number > 0,
    }


def _roads(scenario: Scenario) -> dict[str, tuple[str, str]]:
    with (scenario.facts_folder / "road.csv").open(encoding="utf-8", newline="") as file:
        return {row["id"]: (row["road_class"], row["route"]) for row in csv.DictReader(file)}


def _history(folder: RunFolder) -> dict[int, list[tuple[int, str, float]]]:
    """Member -> (time, road id, new state) of every change of a road's state, in order."""
    events = folder.events()
    chosen = events.filter(pc.equal(pc.cast(events["quantity"], "string"), "infrastructure.road_state")).to_pydict()
    history: dict[int, list[tuple[int, str, float]]] = defaultdict(list)
    for member, time_s, road, state in zip(
        chosen["member"], chosen["time_s"], chosen["subject"], chosen["amount"], strict=True
    ):
        history[member].append((time_s, road, state))
    return history


def _shut(history: Any, at_s: int) -> set[str]:
    state: dict[str, float] = {}
    for time_s, road, new in history:
        if time_s <= at_s:
            state[road] = new
    return {road for road, now in state.items() if now >= SHUT_FROM}


def _baselines(rows: list[dict[str, Any]]) -> dict[str, float]:
    """Largest factor of persistence (the first snapshot) and of the best constant over the scored snapshots."""
    scored = [row["reported"] for row in rows if row["scored"]]
    if not scored:
        return {}
    constant = float(np.sqrt(min(scored) * max(scored)))
    guesses = {"persistence": rows[0]["reported"], "best_constant": constant}
    return {name: max(max(guess / one, one / guess) for one in scored) for name, guess in guesses.items()}
