"""Compares branches with their baseline on the headline numbers, member by member, also while they still run."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np

from scenarios.assemble import chosen_layers
from scenarios.branches import same_plan
from scenarios.execution import Plan
from scenarios.headlines import HEADLINES, PER_DAY, Headline
from scenarios.report.words import QUANTITIES
from scenarios.running import ONE_DRAW
from twin import compare as pairing
from twin import store
from twin.errors import ScenarioError
from twin.units import DAY_S, HOUR_S

Array = np.ndarray
EVERYWHERE = "all"
MOST_BRANCHES, MOST_AREAS = 20, 50
Cube = dict[tuple[str, str], Array]  # (quantity, area) -> values (time,)
Side = tuple[Array, Cube]  # sample times and series of one member


def compare(
    base: store.RunFolder,
    branches: Sequence[store.RunFolder],
    quantities: Iterable[str] | None = None,
    areas: Iterable[str] | None = None,
    curves: bool = True,
) -> dict[str, Any]:
    """Paired differences of every branch from the baseline, JSON-ready; see the README for the fields.

    Works on the members that both runs have brought to the end; while there is none, on what both have reached.
    quantities: of the headlines, default all. areas: town codes or `all`, default `all`. Raises ScenarioError for runs
    that cannot be paired, or an unknown quantity.
    """
    chosen = _chosen(quantities)
    places = tuple(areas or (EVERYWHERE,))
    if len(branches) > MOST_BRANCHES or len(places) > MOST_AREAS:
        raise ScenarioError(f"compare at most {MOST_BRANCHES} branches and {MOST_AREAS} areas at once")
    manifest = base.manifest()
    told = [_branch(base, manifest, branch, chosen, places, curves) for branch in branches]
    return {"base": manifest["run_id"], "scenario": manifest["scenario"], "start": manifest["start"], "branches": told}


def outcomes(
    folder: store.RunFolder, member: int, headlines: Sequence[Headline], from_s: int, until_s: int
) -> dict[Headline, float]:
    """The headline numbers of one member of a run for the whole region; missing series are left out."""
    times, cube = _read(folder, member, {one.quantity for one in headlines}, (EVERYWHERE,))
    span = (times >= from_s) & (times <= until_s)
    return {
        one: _summed_up(times[span], cube[one.quantity, EVERYWHERE][span], one)
        for one in headlines
        if (one.quantity, EVERYWHERE) in cube
    }


def _chosen(quantities: Iterable[str] | None) -> list[Headline]:
    known = {one.quantity for one in HEADLINES}
    wanted = known if quantities is None else set(quantities)
    if wanted - known:
        raise ScenarioError(f"no headline '{min(wanted - known)}'; headlines: {', '.join(sorted(known))}")
    return [one for one in HEADLINES if one.quantity in wanted]


def _branch(
    base: store.RunFolder,
    manifest: Mapping[str, Any],
    branch: store.RunFolder,
    chosen: Sequence[Headline],
    places: Sequence[str],
    curves: bool,
) -> dict[str, Any]:
    """One branch against the baseline."""
    own = branch.manifest()
    if not same_plan(Plan.of(manifest), Plan.of(own)):
        raise ScenarioError(
            f"{own['run_id']} and {manifest['run_id']} differ in scenario, seed, settings or cuts; only branches of "
            "one run can be compared member by member"
        )
    of = min(int(manifest["members"]), int(own["members"]))
    names = {one.quantity for one in chosen}
    until_s = min(int(manifest["until_s"]), int(own["until_s"]))
    reached = {member: min(_end(base, member), _end(branch, member)) for member in range(of)}
    whole = [member for member, end_s in reached.items() if end_s >= until_s]
    if not whole:
        begun = {member: end_s for member, end_s in reached.items() if end_s >= 0}
        whole = [max(begun, key=lambda member: (begun[member], -member))] if begun else []
        until_s = max(begun.values(), default=0)
    pairs = [tuple(_read(run, member, names, places) for run in (base, branch)) for member in whole]
    from_s = max(int(manifest.get("forked_at_s") or 0), int(own.get("forked_at_s") or 0))
    record = own.get("countermeasure") or {}
    return {
        "run_id": own["run_id"],
        **{name: record.get(name, "") for name in ("name", "title_ja", "title_en", "reason")},
        "members": len(whole),
        "of": of,
        "one_draw": own.get("draws") == ONE_DRAW or of == 1,
        "from_s": from_s,
        "until_s": until_s,
        "differences": _differences(pairs, chosen, places, (from_s, until_s), curves),
    }


def _differences(
    pairs: Sequence[tuple[Side, ...]],
    chosen: Sequence[Headline],
    places: Sequence[str],
    span: tuple[int, int],
    curves: bool,
) -> list[dict[str, Any]]:
    """All headlines at all places that every one of these members has."""
    if not pairs:
        return []
    times = [np.intersect1d(one[0], two[0]) for one, two in pairs]
    common = times[0]
    for more in times[1:]:
        common = np.intersect1d(common, more)
    common = common[(common >= span[0]) & (common <= span[1])]
    rows = []
    for headline in chosen:
        for place in places:
            key = (headline.quantity, place)
            if len(common) and all(key in one[1] and key in two[1] for one, two in pairs):
                sides = [np.array([_at(side, key, common) for side in column]) for column in zip(*pairs, strict=True)]
                rows.append(_row(headline, place, common, sides[0], sides[1], curves))
    return rows


def _row(headline: Headline, place: str, times: Array, base: Array, branch: Array, curves: bool) -> dict[str, Any]:
    """One headline at one place; base and branch (member, time)."""
    words, unit = QUANTITIES[headline.quantity]
    first, second = (np.array([_summed_up(times, one, headline) for one in side]) for side in (base, branch))
    better = headline.better
    row: dict[str, Any] = {
        "quantity": headline.quantity,
        "title_ja": words.ja,
        "title_en": words.en,
        "unit": _unit(headline),
        "unit_ja": unit.ja.removesuffix("/日") if headline.summary == "integral" else unit.ja,
        "unit_en": unit.en.removesuffix("/day") if headline.summary == "integral" else unit.en,
        "area": place,
        "group": headline.group,
        "summary": headline.summary,
        "better": better,
        "base": pairing.spread(first, better)._asdict(),
        "branch": pairing.spread(second, better)._asdict(),
        "difference": pairing.difference(first, second, better)._asdict(),
    }
    if curves:
        low, middle, high = np.quantile(branch - base, (0.1, 0.5, 0.9), axis=0, method="hazen")
        row["curve"] = {
            "time_s": times.tolist(),
            "middle": middle.tolist(),
            "low80": low.tolist(),
            "high80": high.tolist(),
            "base_middle": np.median(base, axis=0).tolist(),
            "branch_middle": np.median(branch, axis=0).tolist(),
        }
    return row


def _summed_up(times: Array, values: Array, headline: Headline) -> float:
    """One number of one member; values (time,), what is not known counts as 0."""
    known = np.nan_to_num(values)
    if headline.summary == "end":
        return float(known[-1])
    if headline.summary == "peak":
        return float(known.max())
    per_s = DAY_S if headline.quantity in PER_DAY else HOUR_S
    return float(np.trapezoid(known, times) / per_s)


def _read(folder: store.RunFolder, member: int, quantities: set[str], places: Sequence[str]) -> Side:
    """Sample times and true series of one member out of its parts, finished or not."""
    times: list[Array] = []
    found: dict[tuple[str, str], list[Array]] = {}
    for part in store.parts(folder.member_folder(member), "series"):
        block = store.block(part)
        if block is None:
            continue
        times.append(block.time_s)
        columns = [(place, block.areas.index(place)) for place in places if place in block.areas]
        for row, (name, kind) in enumerate(zip(block.quantities, block.kinds, strict=True)):
            if kind == "true" and name in quantities:
                for place, column in columns:
                    found.setdefault((name, place), []).append(block.values[:, row, column])
    if not times:
        return np.empty(0, np.int64), {}
    return np.concatenate(times), {key: np.concatenate(pieces) for key, pieces in found.items()}


def _at(side: Side, key: tuple[str, str], times: Array) -> Array:
    """Values at these sample times, which the member has."""
    return side[1][key][np.searchsorted(side[0], times)]


def _end(folder: store.RunFolder, member: int) -> int:
    """Instant a member has come to, by the name of its last part; -1 before the first."""
    parts = store.parts(folder.member_folder(member), "series")
    return int(parts[-1].stem.partition("-")[2]) if parts else -1


def _unit(headline: Headline) -> str:
    """Unit of the summed-up number: an integral over time adds hours, or takes the day out of a rate per day."""
    unit = next(
        series.unit
        for layer in chosen_layers({})
        for series in layer.series
        if series.name == headline.quantity and series.kind == "true"
    )
    return f"{unit}*h" if headline.summary == "integral" and headline.quantity not in PER_DAY else unit
