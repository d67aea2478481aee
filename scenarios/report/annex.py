"""The pages that follow: curves, towns, coupling matrix and loops, data labels, parameters, cuts, validation."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import numpy as np
from markupsafe import Markup

from layers import choose
from layers.couplings import COUPLINGS, LOOPS, ORDER, matrix, pairs
from scenarios.report import svg
from scenarios.report.data import Block, Observed, RunData
from scenarios.report.maps import intensity_class
from scenarios.report.spread import Spread
from scenarios.report.text import NOT_HEARD, NOT_OBSERVED, Both, duration
from scenarios.report.words import (
    BASELINES,
    LABELS,
    LAYERS,
    LOOPS_JA,
    MEASURES,
    STATUSES,
    quantity_name,
    source_name,
    unit_name,
)
from twin import params

# headline series: (true, reported, observed)
CURVES: tuple[tuple[str, str, str], ...] = (
    ("trapped_persons", "trapped_persons", ""),
    ("rescued_persons", "", ""),
    ("rescued_fire_service", "rescued_persons", "rescued_fire_service"),
    ("rescue_waiting", "", ""),
    ("deaths", "deaths", "deaths"),
    ("injured_severe", "injured_severe", "injured_severe"),
    ("injured_light", "injured_light", "injured_light"),
    ("hospital_patients_waiting", "", ""),
    ("buildings_collapsed", "buildings_collapsed", "buildings_collapsed"),
    ("buildings_half_collapsed", "buildings_half_collapsed", "buildings_half_collapsed"),
    ("buildings_partial", "buildings_partial", "buildings_partial"),
    ("fires_burning", "", ""),
    ("buildings_burnt", "", ""),
    ("households_without_power", "", ""),
    ("power_contracts_out", "households_without_power", "power_contracts_out"),
    ("households_without_water", "households_without_water", "households_without_water"),
    ("households_without_gas", "households_without_gas", "gas_stopped"),
    ("base_stations_down", "base_stations_down", "base_stations_down"),
    ("people_without_telecom", "", ""),
    ("roads_closed", "roads_closed", ""),
    ("evacuees_in_shelters", "evacuees_in_shelters", "evacuees_in_shelters"),
    ("evacuees_in_cars", "", ""),
    ("shelters_open", "shelters_open", "shelters_open"),
    ("responders_requested", "", ""),
    ("responders_moving", "", ""),
    ("responders_working", "", ""),
    ("meals_short", "", ""),
    ("water_short_l", "", ""),
    ("trucks_queued", "", ""),
    ("requests_pending", "", ""),
    ("approval_delay_s", "", ""),
    ("debris_m3", "", ""),
)
# shown in worlds that water can reach, where something of it happened
WATER_CURVES: tuple[tuple[str, str, str], ...] = (
    ("evacuees_fleeing", "", ""),
    ("evacuees_in_refuges", "", ""),
    ("people_caught", "", ""),
    ("residents_ordered", "", ""),
    ("care_home_persons_moved", "", ""),
    ("stranded_persons", "", ""),
    ("lifted_persons", "", ""),
    ("deaths_water", "", ""),
    ("buildings_flooded", "buildings_flooded", ""),
    ("buildings_washed", "", ""),
    ("flooded_area_m2", "", ""),
    ("levees_breached", "", ""),
    ("pumps_stopped", "", ""),
    ("roads_flooded", "", ""),
)

# columns of the town table: (kind, quantity, how it is read: at the end or its largest value)
TOWN_COLUMNS: tuple[tuple[str, str, str], ...] = (
    ("true", "buildings_collapsed", "end"),
    ("reported", "buildings_collapsed", "end"),
    ("true", "deaths", "end"),
    ("true", "trapped_persons", "peak"),
    ("true", "power_contracts_out", "peak"),
    ("true", "households_without_water", "end"),
    ("true", "evacuees_in_shelters", "end"),
    ("reported", "evacuees_in_shelters", "end"),
    ("true", "meals_short", "peak"),
)


def curves(run: RunData) -> list[dict[str, Any]]:
    """Plots of the headline series there are."""
    rows = []
    wet = WATER_CURVES if run.scenario.terrain is not None else ()
    shown = (*(row for row in wet if run.happened(row[0])), *CURVES)
    for true, reported, observed in shown:
        block = run.block("true", true)
        told = run.block("reported", reported) if reported else None
        if block is None and told is None:
            continue
        points = run.observed_total(observed) if observed else []
        name, unit = quantity_name(true), unit_name(true)
        if true == "approval_delay_s":
            block, unit = _hours(block), Both("時間", "hours")
        rows.append(
            {
                "name": name,
                "unit": unit,
                "picture": svg.curve(name, run.end_s, block, told, points),
                "note": _curve_note(run, true, reported, points, told),
            }
        )
    return rows


def _hours(block: Block | None) -> Block | None:
    return None if block is None else Block("h", block.time_s, block.areas, block.values / 3600.0)


def _curve_note(run: RunData, true: str, reported: str, points: list[Observed], told: Block | None) -> Both:
    """Why a line is absent."""
    notes = []
    if true == "evacuees_in_cars":
        notes.append(Both("観測されていない量", "not observed"))
    elif not [one for one in points if one.time_s <= run.end_s]:
        notes.append(NOT_OBSERVED)
    if reported and (told is None or not np.isfinite(told.of("all")).any()):
        notes.append(Both("報告：", "reports: ") + NOT_HEARD)
    if not notes:
        return Both("", "")
    return Both("、".join(note.ja for note in notes), "; ".join(note.en for note in notes))


def towns(run: RunData) -> tuple[list[Both], list[dict[str, Any]]]:
    """Heads and rows of the town table, strongest shaking first."""
    used = [column for column in TOWN_COLUMNS if run.block(column[0], column[1]) is not None]
    heads = [_head(*column) for column in used]
    rows = []
    for town in run.towns:
        values = run.at("true", "max_intensity", town.code, run.end_s)
        middle = float(np.median(values[np.isfinite(values)])) if np.isfinite(values).any() else float("nan")
        ja, en, colour, ink = intensity_class(middle)
        cells = [_town_cell(run, town.code, *column) for column in used]
        row = {"name": town.name, "code": town.code, "class": Both(ja, en), "colour": colour, "ink": ink}
        rows.append({**row, "population": f"{town.population:,.0f}", "cells": cells, "order": np.nan_to_num(middle)})
    return heads, sorted(rows, key=lambda row: (-row["order"], row["code"]))


def _head(kind: str, quantity: str, how: str) -> Both:
    mark = Both("報告", "reported") if kind == "reported" else Both("真値", "true")
    peak = Both("・最大", ", peak") if how == "peak" else Both("", "")
    name = quantity_name(quantity)
    return Both(f"{name.ja}（{mark.ja}{peak.ja}）", f"{name.en} ({mark.en}{peak.en})")


def _town_cell(run: RunData, code: str, kind: str, quantity: str, how: str) -> tuple[Both, bool]:
    block = run.block(kind, quantity)
    assert block is not None
    values = block.of(code)
    known = np.isfinite(values).any(axis=1)
    found = np.full(len(values), np.nan)
    found[known] = np.nanmax(values[known], axis=1) if how == "peak" else values[known, -1]
    spread = Spread.of(found)
    return spread.text(digits=3 if kind == "true" else None), spread.known


def coupling_matrix(run: RunData) -> dict[str, Any]:
    """Rows from each layer to each layer, pairs, loops and what was cut."""
    count = matrix()
    cuts = set(run.manifest.get("cuts", []))
    cut_pairs = {(link.source_layer, link.target_layer) for link in COUPLINGS if link.id in cuts}
    rows = [
        {
            "name": LAYERS[source],
            "cells": [
                {"n": count[source][target], "own": source == target, "cut": (source, target) in cut_pairs}
                for target in ORDER
            ],
        }
        for source in ORDER
    ]
    loops = [
        {"key": key, "text": Both(LOOPS_JA.get(key, text), text), "open": bool(cuts & set(links))}
        for key, (text, links) in LOOPS.items()
    ]
    heads = [LAYERS[name] for name in ORDER]
    return {"heads": heads, "rows": rows, "loops": loops, "pairs": len(pairs()), "links": len(COUPLINGS)}


def labels(manifest: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Every table with its label and its sources."""
    sources: dict[str, list[Mapping[str, str]]] = {}
    for row in manifest.get("sources", []):
        sources.setdefault(str(row.get("table", "")).removesuffix(".csv"), []).append(row)
    told = dict(manifest.get("labels", {}))
    found = []
    for table in sorted({*told, *sources}):
        label = told.get(table) or next((row.get("label", "") for row in sources.get(table, [])), "")
        found.append({"table": table, "key": label, "label": LABELS.get(label, Both(label, label))})
        found[-1]["sources"] = sources.get(table, [])
    return found


def parameters(manifest: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Parameters that are not read from a source, by status, with value, unit, range and reason."""
    settings = dict(manifest.get("command", {}).get("set", {}))
    tables = {layer: params.load(choose(layer).params_file).rows for layer in ORDER}
    groups = []
    for status in ("unverified", "calibrated", "assumed"):
        names = [str(name) for name in manifest.get(f"params_{status}", [])]
        rows = [_parameter(name, settings, tables) for name in names]
        groups.append({"key": status, "name": STATUSES[status], "rows": rows})
    return groups


def _parameter(
    name: str, settings: Mapping[str, Any], tables: Mapping[str, Mapping[str, params.Parameter]]
) -> dict[str, str]:
    layer, _, key = name.partition(".")
    row = tables.get(layer, {}).get(key)
    if row is None:
        return {"name": name, "value": "", "range": "", "reason": ""}
    value = settings.get(name, row.value)
    told = "" if row.low is None or row.high is None else f"{row.low:g}–{row.high:g}"
    unit = "" if row.unit == "1" else f" {row.unit}"
    return {"name": name, "value": f"{_short(value)}{unit}", "range": told, "reason": row.reason or row.source}


def _short(value: Any) -> str:
    if isinstance(value, float):
        return f"{value:g}"
    if isinstance(value, list):
        return ", ".join(_short(one) for one in value[:6]) + (" …" if len(value) > 6 else "")
    return str(value)


def validation(run: RunData) -> dict[str, Any] | None:
    """Scores of `validation.json` if it lies in the run folder. A damaged file is told, not hidden."""
    path = run.folder.path / "validation.json"
    if not path.is_file():
        return None
    try:
        result = json.loads(path.read_text(encoding="utf-8"))
        return {**result, "rows": [_scored(row) for row in result["quantities"]], "damaged": False}
    except (OSError, ValueError, KeyError, TypeError):
        return {"damaged": True, "rows": []}


def _scored(row: Mapping[str, Any]) -> dict[str, Any]:
    worse = [name for name, value in row.get("baselines", {}).items() if value < (row.get("error") or 0)]
    measure = str(row.get("measure", ""))
    shown = {
        "name": quantity_name(row["quantity"]),
        "kind": row.get("kind", ""),
        "measure": MEASURES.get(measure, Both(measure, measure)),
        "error": _two(row.get("error")),
        "limit": _two(row.get("limit")),
        "n": row.get("n_scored", 0),
        "passed": row.get("passed"),
        "note": row.get("note", ""),
        "baselines": [
            {"name": BASELINES.get(name, Both(name, name)), "value": f"{value:.2f}", "better": name in worse}
            for name, value in row.get("baselines", {}).items()
        ],
    }
    areas = row.get("areas") or []
    picture = _score_plot(shown["name"], areas[0]) if areas and "median" in areas[0] else Markup("")
    return {**shown, "picture": picture}


def _two(value: Any) -> str:
    return "–" if value is None else f"{value:.2f}"


def _score_plot(name: Both, area: Mapping[str, Any]) -> Markup:
    """Simulated median and band against the observed points of one area; a single point gets a short bar."""
    times = np.asarray(area["time_s"], dtype=np.int64)
    order = np.argsort(times, kind="stable")
    members = np.array([area["low"], area["median"], area["high"]], dtype=float)[:, order]
    points = [Observed("", "all", int(at), float(value), "pref") for at, value in zip(times, area["observed"])]
    shown, end_s = times[order], int(times.max())
    if len(shown) == 1:
        shown, members = np.array([0.98 * end_s, end_s]), np.repeat(members, 2, axis=1)
    return svg.curve(name, end_s, Block("", shown, ("all",), members[:, None, :]), None, points)


def costs(manifest: Mapping[str, Any]) -> Both:
    """How long the computation took."""
    wall = duration(float(manifest.get("wall_s") or float("nan")))
    seconds = manifest.get("wall_s")
    told = f"{seconds:.1f}" if isinstance(seconds, int | float) else "–"
    return Both(f"{told}秒", f"{told} s") if isinstance(seconds, int | float) else wall


def sources_seen(run: RunData) -> list[Both]:
    """Names of the sources of the observations."""
    return [source_name(name) for name in sorted({one.source for one in run.observed})]
