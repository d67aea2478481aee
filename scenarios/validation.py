"""Simulated against reported: errors, coverage of the band, and three baselines that know nothing of the model.

Observations are read as what they are (see `reports`): at their as-of time where the true state is compared, at the
time of publication where the reported state is compared; stale copies are left out; nothing is forced to be monotone.
"""

from __future__ import annotations

import csv
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from scenarios.observed import Report, reports
from scenarios.roads import score_roads
from scenarios.schema import Scenario, ScoredQuantity
from twin.store import RunFolder

Array = np.ndarray
DAY_S = 86400.0
# Share still out by day after the shock, Kobe 1995 (customers; households; customers): the fixed restoration curve
KOBE_1995 = {
    "power_contracts_out": ((0.6, 0.50), (1.0, 0.36), (2.0, 0.11), (3.0, 0.06), (4.0, 0.03), (5.0, 0.01), (6.0, 0.0)),
    "households_without_water": ((0.0, 1.0), (7.0, 0.485), (14.0, 0.31), (42.0, 0.0)),
    "households_without_gas": ((0.0, 1.0), (5.5, 1.0), (61.0, 0.1), (85.0, 0.0)),
}


@dataclass(frozen=True)
class Compared:
    """Observed points of one area and the ensemble at the same instants: simulated has shape (member, point)."""

    area: str
    weight: float
    time_s: Array
    observed: Array
    simulated: Array
    fitted: Array  # True where the point may be fitted
    scored: Array


def score(folder: RunFolder, scenario: Scenario) -> dict[str, Any]:
    """All scores of a finished validation run, as plain data. The scenario must have a `validate` block."""
    assert scenario.scoring is not None
    stream = reports(scenario)
    series = folder.series()
    people = _population(scenario)
    rows = []
    for quantity in scenario.scoring.quantities:
        if quantity.report == "report_road":
            rows.append(score_roads(folder, scenario, quantity))
        else:
            rows.append(_score(quantity, stream, series, scenario, people))
    scored = [row for row in rows if row.get("n_scored")]
    covered = sum(row["covered"] for row in scored if row.get("covered") is not None)
    points = sum(row["n_scored"] for row in scored if row.get("covered") is not None)
    return {
        "scenario": scenario.name,
        "members": folder.manifest()["members"],
        "band": scenario.scoring.band,
        "coverage": covered / points if points else None,
        "coverage_points": points,
        "not_observed": ["evacuees_in_cars"],
        "quantities": rows,
    }


def _score(
    quantity: ScoredQuantity,
    stream: Sequence[Report],
    series: pa.Table,
    scenario: Scenario,
    people: Mapping[str, float],
) -> dict[str, Any]:
    extra = quantity.model_extra or {}
    name = str(extra.get("series", quantity.quantity))
    chosen = series.filter(
        pc.and_(
            pc.equal(pc.cast(series["quantity"], pa.string()), name),
            pc.equal(pc.cast(series["kind"], pa.string()), quantity.kind),
        )
    )
    ensemble = _by_area(chosen)
    groups = [tuple(group) for group in quantity.areas]
    if extra.get("by_municipality"):
        groups += [(code,) for code in sorted(people)]
    given = float(extra.get("subtract", 0.0))
    compared = [
        one
        for group in groups
        if (one := _compare(group, quantity, stream, ensemble, scenario, people, given)) is not None
    ]
    band = scenario.scoring.band if scenario.scoring else 0.8
    whole = [one for one in compared if one.scored.any()]
    row: dict[str, Any] = {
        "quantity": quantity.quantity,
        "kind": quantity.kind,
        "measure": quantity.measure,
        "limit": quantity.limit,
        "note": quantity.note,
        "n_scored": int(sum(one.scored.sum() for one in whole)),
    }
    if not whole:
        return {**row, "result": "not observed"}
    errors = [_errors(one, quantity, band) for one in whole]
    row["areas"] = [{"area": one.area, **error} for one, error in zip(whole, errors, strict=True)]
    row["covered"] = int(sum(error["covered"] for error in errors))
    row["error"] = errors[0]["error"]
    row["passed"] = bool(errors[0]["error"] <= quantity.limit)
    towns = [(one.weight, error["error"]) for one, error in zip(whole, errors, strict=True) if one.area not in ("all",)]
    if towns:
        row["error_by_town_weighted"] = float(np.average([e for _, e in towns], weights=[w for w, _ in towns]))
    row["baselines"] = _baselines(whole[0], quantity)
    return row


def _by_area(rows: pa.Table) -> dict[str, tuple[Array, Array]]:
    """Area -> (times, values (member, time)) of one simulated series."""
    rows = rows.filter(pc.greater_equal(rows["member"], 0))
    area = pc.cast(rows["area"], pa.string()).to_numpy(zero_copy_only=False)
    time_s, member, value = (rows[name].to_numpy() for name in ("time_s", "member", "value"))
    found = {}
    for code in np.unique(area.astype(str)) if len(area) else ():
        at = area == code
        order = np.lexsort((time_s[at], member[at]))
        times = np.unique(time_s[at])
        found[str(code)] = (times, value[at][order].reshape(-1, len(times)))
    return found


def _compare(
    group: tuple[str, ...],
    quantity: ScoredQuantity,
    stream: Sequence[Report],
    ensemble: Mapping[str, tuple[Array, Array]],
    scenario: Scenario,
    people: Mapping[str, float],
    given: float,
) -> Compared | None:
    points = _points(group, quantity, stream)
    if not points or any(code not in ensemble for code in group):
        return None
    times = ensemble[group[0]][0]
    values = sum(np.nan_to_num(ensemble[code][1]) for code in group)
    at_s = np.array([at for at, _, _ in points], dtype=np.float64)
    inside = at_s <= times[-1]
    at_s, published, observed = (np.array([p[k] for p in points])[inside] for k in (0, 1, 2))
    if not len(at_s):
        return None
    instants = published if quantity.kind == "reported" else at_s
    simulated = np.array(
        [np.interp(np.minimum(instants, times[-1]), times, member) for member in np.atleast_2d(values)]
    )
    origin_s = scenario.start.timestamp()

    def window(first: Any, last: Any) -> Array:
        low = -np.inf if first is None else first.timestamp() - origin_s
        high = np.inf if last is None else last.timestamp() - origin_s
        return (at_s >= low) & (at_s <= high)

    return Compared(
        "+".join(group),
        sum(people.get(code, 0.0) for code in group),
        at_s,
        observed - given,
        simulated,
        window(None, quantity.fit_until) if quantity.fit_until else np.zeros(len(at_s), dtype=bool),
        window(quantity.score_from, quantity.score_until),
    )


def _points(
    group: tuple[str, ...], quantity: ScoredQuantity, stream: Sequence[Report]
) -> list[tuple[float, float, float]]:
    """(as-of, published, value) of a group, only where every member of the group was reported."""
    found: dict[tuple[int, int], dict[str, float]] = {}
    restored = str((quantity.model_extra or {}).get("restored", ""))
    plus = str((quantity.model_extra or {}).get("plus", ""))
    back: dict[int, float] = {}
    for report in stream:
        if report.quantity in (restored, plus) and report.area in group and report.source == quantity.source:
            change = report.value if report.quantity == restored else -report.value
            back[report.as_of_s] = back.get(report.as_of_s, 0.0) + change
        if report.quantity != quantity.report or report.area not in group or "stale_copy" in report.flags:
            continue
        if quantity.source and report.source != quantity.source:
            continue
        found.setdefault((report.as_of_s, report.published_s), {})[report.area] = report.value
    return [
        (float(as_of), float(published), sum(values.values()) - back.get(as_of, 0.0))
        for (as_of, published), values in sorted(found.items())
        if len(values) == len(group)
    ]


def _errors(one: Compared, quantity: ScoredQuantity, band: float) -> dict[str, Any]:
    middle = np.median(one.simulated, axis=0)
    low, high = np.quantile(one.simulated, [(1 - band) / 2, (1 + band) / 2], axis=0)
    at = one.scored
    covered = int(((one.observed >= low) & (one.observed <= high))[at].sum())
    return {
        "error": _error(middle[at], one.observed[at], float(one.observed.max()), quantity.measure),
        "covered": covered,
        "time_s": one.time_s.tolist(),
        "observed": one.observed.tolist(),
        "median": middle.tolist(),
        "low": low.tolist(),
        "high": high.tolist(),
        "scored": at.tolist(),
        "fitted": one.fitted.tolist(),
    }


def _error(simulated: Array, observed: Array, peak: float, measure: str) -> float:
    """`rms_of_peak`: root mean square over the observed peak; `factor`: largest ratio either way."""
    if measure == "rms_of_peak":
        return float(np.sqrt(np.mean((simulated - observed) ** 2)) / max(peak, 1.0))
    ratio = np.maximum(simulated, 0.5) / np.maximum(observed, 0.5)
    return float(np.max(np.maximum(ratio, 1.0 / ratio)))


def _baselines(one: Compared, quantity: ScoredQuantity) -> dict[str, float]:
    """Errors of persistence, the best constant and Kobe's restoration curve on the same scored points."""
    at, peak = one.scored, float(one.observed.max())
    truth = one.observed[at]
    before = np.flatnonzero(one.time_s < one.time_s[at].min())
    guesses = {"best_constant": np.full(len(truth), truth.mean())}
    if before.size:
        guesses["persistence"] = np.full(len(truth), one.observed[before[-1]])
    curve = KOBE_1995.get(quantity.quantity)
    if curve:
        days, share = np.array(curve).T
        guesses["kobe_1995_curve"] = peak * np.interp(one.time_s[at] / DAY_S, days, share)
    return {name: _error(guess, truth, peak, quantity.measure) for name, guess in guesses.items()}


def _population(scenario: Scenario) -> dict[str, float]:
    with (scenario.facts_folder / "municipality.csv").open(encoding="utf-8", newline="") as file:
        return {row["code"]: float(row["population"]) for row in csv.DictReader(file)}


def lines(result: Mapping[str, Any], lang: str) -> list[str]:
    """The scores as a table of text."""
    head = (
        ("量", "種別", "点", "誤差", "限度", "判定", "素朴な予測")
        if lang == "ja"
        else ("quantity", "kind", "points", "error", "limit", "verdict", "baselines")
    )
    out = ["{:<28}{:<10}{:>7}{:>9}{:>7}  {:<8}{}".format(*head)]
    for row in result["quantities"]:
        error, verdict = row.get("error"), row.get("passed")
        other = ", ".join(f"{name} {value:.2f}" for name, value in row.get("baselines", {}).items())
        told = "–" if verdict is None else "ok" if verdict else "outside"
        shown = "–" if error is None else f"{error:.2f}"
        out.append(
            f"{row['quantity']:<28}{row['kind']:<10}{row.get('n_scored', 0):>7}{shown:>9}{row['limit']:>7.2f}"
            f"  {told:<8}{other}"
        )
    if result["coverage"] is not None:
        out.append(
            f"{result['band']:.0%} band of {result['members']} members covers {result['coverage']:.0%} "
            f"of {result['coverage_points']} scored points"
        )
    out += [f"{name}: {'観測なし' if lang == 'ja' else 'not observed'}" for name in result["not_observed"]]
    return out
