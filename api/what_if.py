"""What the commands about branches do: fork, compare, rank, archive."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from api.console import Console
from api.runs import carry_out, find, seconds
from scenarios import branches, comparing, countermeasures, ranking
from scenarios.running import new_run_id
from twin import snapshot
from twin.errors import ScenarioError

Row = Mapping[str, Any]


def fork(console: Console, run: str, at: str, apply: Path, members: int | None, out: Path | None) -> None:
    """Make a branch, run it, and print how it differs from its parent."""
    parent = find(console.data_dir, run)
    record = countermeasures.read(apply)
    run_id = new_run_id(f"{parent.manifest()['scenario']}-{record.name}"[:80])
    path = out or console.data_dir / "runs" / run_id
    folder = branches.fork(parent, seconds(at, "--at"), record.model_dump(mode="json"), path, run_id, members)
    manifest = carry_out(console, folder, show=False)
    found = comparing.compare(parent, [folder], curves=False)
    console.show({"run": manifest, "comparison": found}, [run_id, *comparison_lines(found, console.lang)])


def compare(
    console: Console, runs: Sequence[str], quantities: Sequence[str] | None, areas: Sequence[str] | None
) -> None:
    """Print how branches differ from the first run."""
    if len(runs) < 2:
        raise ScenarioError("compare: name the baseline and at least one branch")
    base, *others = (find(console.data_dir, run) for run in runs)
    found = comparing.compare(base, others, quantities, areas)
    console.show(found, comparison_lines(found, console.lang))


def rank(
    console: Console,
    run: str,
    at: str,
    candidates: Path,
    objective: str | None,
    until: str | None,
    members: int | None,
    budget: int | None,
    out: Path | None,
) -> None:
    """Run the race and print its result; the answer so far is shown after every batch."""
    parent = find(console.data_dir, run)
    records = [one.model_dump(mode="json") for one in countermeasures.read_candidates(candidates)]
    place = out or console.data_dir / "ranks" / new_run_id(f"{parent.manifest()['scenario']}-rank")
    answer = ranking.rank(
        parent,
        seconds(at, "--at"),
        records,
        place,
        objective=objective,
        until_s=seconds(until, "--until") if until else None,
        most_members=members,
        budget=budget,
        tell=lambda now: console.note(_standing_line(now)),
    )
    place.mkdir(parents=True, exist_ok=True)
    (place / "rank.json").write_text(json.dumps(answer, ensure_ascii=False, indent=1), encoding="utf-8")
    console.show(answer, rank_lines(answer, console.lang))


def archive(console: Console, run: str) -> None:
    """Compress the snapshots of a finished run."""
    folder = find(console.data_dir, run)
    if folder.manifest()["status"] != "done":
        raise ScenarioError(f"{run} is not finished; only finished runs are archived")
    places = sorted((folder.path / "snapshots").glob("member-*"))
    before, after = map(sum, zip(*(snapshot.compress(place) for place in places)))
    content = {"run": folder.path.name, "bytes_before": before, "bytes_after": after}
    console.show(content, [f"{before / 1e6:.1f} MB -> {after / 1e6:.1f} MB"])


def comparison_lines(found: Row, lang: str) -> list[str]:
    """The differences as a table, one branch after another."""
    lines = []
    for branch in found["branches"]:
        one = branch["one_draw"]
        drawn = {
            "ja": "一つの試行（幅は不明）" if one else f"{branch['members']}/{branch['of']} メンバー",
            "en": "one draw (no range)" if one else f"{branch['members']}/{branch['of']} members",
        }[lang]
        lines.append(f"{branch['run_id']}  {branch[f'title_{lang}'] or branch['name']}  {drawn}")
        moved = [row for row in branch["differences"] if row["difference"]["verdict"] != "same"]
        lines += [_difference_line(row, lang) for row in moved]
        same = len(branch["differences"]) - len(moved)
        lines.append({"ja": f"  変化なし: {same} 指標", "en": f"  unchanged: {same} numbers"}[lang])
    return lines


VERDICTS = {
    "better": ("改善", "better"),
    "worse": ("悪化", "worse"),
    "unclear": ("不明", "unclear"),
    "changed": ("変化", "changed"),
    "one-draw": ("一試行", "one draw"),
}


def _difference_line(row: Row, lang: str) -> str:
    apart = row["difference"]
    verdict = VERDICTS[apart["verdict"]][lang == "en"]
    low, high = apart["range80"]
    return (
        f"  {row[f'title_{lang}']} [{row['unit']}, {row['summary']}, {row['area']}]: {row['base']['mean']:,.4g} -> "
        f"{row['branch']['mean']:,.4g}  {apart['mean']:+,.4g} (80 %: {low:+,.4g} .. {high:+,.4g})  {verdict}"
    )


def rank_lines(answer: Row, lang: str) -> list[str]:
    """The candidates, best first."""
    rows = sorted(answer["candidates"], key=lambda row: row["difference"]["mean"])
    lines = [
        f"{row['name']:<28} {row['difference']['mean']:+12.5g}  P(best) {row['probability_best']:.2f}  "
        f"regret {row['regret']:.4g}  n={row['members']}  {row[f'title_{lang}']}"
        for row in rows
    ]
    return [*lines, _standing_line(answer)]


def _standing_line(now: Row) -> str:
    return (
        f"{now['verdict']}: {now['best']} (P within tolerance {now['probability_good']:.2f}), "
        f"{now['members_used']} members, equal allocation {now['members_equal_allocation']}"
    )
