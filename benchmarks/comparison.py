"""Two measurements beside each other: what became faster, slower or larger beyond the noise of the repeats."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator, Mapping
from pathlib import Path
from typing import Any

from benchmarks.results import identity
from twin.errors import ScenarioError

Row = dict[str, Any]
SPREADS, LEAST_NOISE, UNKNOWN_NOISE, MEMORY_NOISE = 3.0, 0.05, 0.25, 0.10
LOWER_IS_BETTER = ("s", "ms", "MB", "ms per step")
BEYOND = ("faster", "slower", "changed", "more memory", "less memory")


def compare(old: Path, new: Path, subjects: Collection[str] = ()) -> dict[str, Any]:
    """Rows of both files with their ratio, noise and flags; files as `twin bench --json` or `results.json` give them.

    subjects: compare only these. Raises ScenarioError for a file that holds no results.
    """
    files = [[row for row in read(path) if not subjects or row["subject"] in subjects] for path in (old, new)]
    before, after = ({identity(row): row for row in rows} for rows in files)
    rows = [_compared(before.get(key), after.get(key)) for key in {**before, **after}]
    flagged = sum(any(flag in BEYOND for flag in row["flags"]) for row in rows)
    return {"old": str(old), "new": str(new), "rows": rows, "flagged": flagged}


def read(path: Path) -> list[Row]:
    """Result rows of a file. Raises ScenarioError naming the file and what is wrong with it."""
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        if "subjects" in content:
            return [row for one in content["subjects"].values() for row in one["results"]]
        rows: list[Row] = content["results"]
        for row in rows:
            row["subject"], row["case"], row["value"], row["unit"]
        return rows
    except OSError as error:
        raise ScenarioError(f"cannot read {path}: {error.strerror}") from None
    except (ValueError, KeyError, TypeError, AttributeError):
        raise ScenarioError(f"{path} does not hold results; write it with `twin bench --save FILE`") from None


def noise(*rows: Row) -> float:
    """Relative change that may be chance: three times the larger spread of the repeats, at least 5 %.

    25 % where a row was measured only once.
    """
    spreads = [row["spread_s"] / row["wall_s"] for row in rows if row.get("spread_s") is not None and row.get("wall_s")]
    return max(SPREADS * max(spreads), LEAST_NOISE) if len(spreads) == len(rows) else UNKNOWN_NOISE


def _compared(before: Row | None, after: Row | None) -> dict[str, Any]:
    known: Row = after or before or {}
    result: dict[str, Any] = {name: known.get(name) for name in ("subject", "case", "size", "threads", "dtype", "unit")}
    result |= {"old": before and before["value"], "new": after and after["value"]}
    result |= {"old_load": before and before.get("load"), "new_load": after and after.get("load")}
    result |= {"ratio": None, "noise": None, "flags": []}
    if before is None or after is None:
        result["flags"] = ["new" if before is None else "gone"]
    elif before["unit"] != after["unit"] or not before["value"]:
        result["flags"] = ["not comparable"]
    else:
        result |= {"ratio": after["value"] / before["value"], "noise": noise(before, after)}
        result["flags"] = list(_flags(before, after, result["ratio"], result["noise"]))
    return result


def _flags(before: Row, after: Row, ratio: float, noise: float) -> Iterator[str]:
    """Outside 1 / (1 + noise) to 1 + noise; which way is better follows from the unit."""
    unit = after["unit"]
    if not 1.0 / (1.0 + noise) <= ratio <= 1.0 + noise:
        if unit.endswith("/s") or unit in LOWER_IS_BETTER:
            yield "faster" if (ratio > 1.0) == unit.endswith("/s") else "slower"
        else:
            yield "changed"
    if before.get("peak_rss_mb") and after.get("peak_rss_mb"):
        memory = after["peak_rss_mb"] / before["peak_rss_mb"]
        if not 1.0 / (1.0 + MEMORY_NOISE) <= memory <= 1.0 + MEMORY_NOISE:
            yield "more memory" if memory > 1.0 else "less memory"


def lines(content: Mapping[str, Any]) -> list[str]:
    """The comparison as text."""
    told = [f"{'subject':<18} {'case':<34} {'size':>12} {'old':>10} {'new':>10} {'ratio':>7} {'noise':>6}  load"]
    for row in content["rows"]:
        size = "" if row["size"] is None else f"{row['size']:,}"
        old, new, ratio = (_short(row[name]) for name in ("old", "new", "ratio"))
        share = "" if row["noise"] is None else f"{row['noise']:.0%}"
        load = f"{_short(row['old_load'])} > {_short(row['new_load'])}"
        flags = ", ".join(row["flags"])
        name = f"{row['subject']:<18} {row['case']:<34} {size:>12}"
        told.append(f"{name} {old:>10} {new:>10} {ratio:>7} {share:>6}  {load}  {flags}")
    return [*told, f"{content['flagged']} of {len(content['rows'])} beyond noise"]


def _short(value: float | None) -> str:
    return "-" if value is None else f"{value:.4g}"
