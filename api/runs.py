"""What the commands about runs do: start, resume, list, report, validate."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from api.console import Console
from api.progress import RunProgress
from scenarios import check, countermeasures, read_scenario
from scenarios.execution import Plan
from scenarios.running import create, finish, new_run_id, report
from scenarios.schema import duration_s
from twin import store
from twin.errors import ScenarioError, StoreError


def parse_settings(texts: Sequence[str]) -> dict[str, Any]:
    """`layer.parameter=value` texts as a dict. Raises ScenarioError for a text without `=` or with a bad number."""
    settings: dict[str, Any] = {}
    for text in texts:
        name, equals, value = text.partition("=")
        if not equals or not name:
            raise ScenarioError(f"--set '{text}': write layer.parameter=value")
        try:
            settings[name.strip()] = json.loads(value)
        except ValueError:
            raise ScenarioError(f"--set '{text}': '{value}' is not a number") from None
    return settings


def start(
    console: Console,
    name: str,
    until: str | None,
    seed: int | None,
    members: int | None,
    settings: Mapping[str, Any],
    cuts: Sequence[str],
    out: Path | None,
    absorb_until: str | None,
    region: str | None,
    apply: Path | None = None,
) -> None:
    """Check, create the run folder, run, merge, report."""
    if absorb_until is not None or region is not None:
        raise ScenarioError("absorbing observations and other regions are not part of this version")
    problems = check(name)
    if problems:
        raise ScenarioError("\n".join(problems))
    scenario = read_scenario(name)
    record = countermeasures.read(apply) if apply else None
    found = countermeasures.problems(record, scenario) if record else []
    if found:
        raise ScenarioError("\n".join(found))
    plan = Plan.make(
        scenario,
        seconds(until, "--until") if until else None,
        seed,
        members,
        settings,
        cuts,
        str(console.data_dir / "cache"),
        record.model_dump(mode="json") if record else None,
    )
    if plan.until_s <= 0:
        raise ScenarioError(f"--until {until} is shorter than one step of the schedule")
    run_id = new_run_id(scenario.name)
    folder = create(plan, scenario, out or console.data_dir / "runs" / run_id, run_id)
    carry_out(console, folder)


def resume(console: Console, run: str) -> None:
    """Go on with a run that was cut short; a finished run is left alone."""
    folder = find(console.data_dir, run)
    if folder.manifest()["status"] == "done":
        console.say("この実行は完了しています。", "This run is finished already.")
        return
    carry_out(console, folder)


def carry_out(console: Console, folder: store.RunFolder, show: bool = True) -> dict[str, Any]:
    """Bring a run to its end with progress on the console; returns the manifest."""
    plan = Plan.of(folder.manifest())
    with RunProgress(console, plan.members, plan.until_s) as progress:
        manifest = finish(folder, progress)
    console.say(f"報告書: {folder.path / 'report.html'}", f"report: {folder.path / 'report.html'}")
    if console.json and show:
        console.show_json(manifest)
    return manifest


def write_report(console: Console, run: str) -> Path:
    """Render the report of a finished run again."""
    return report(find(console.data_dir, run))


def validate(console: Console, name: str, members: int | None, out: Path | None, absorb_until: str | None) -> None:
    """Run the validation ensemble and print the scores."""
    from scenarios import validation

    if absorb_until is not None:
        raise ScenarioError("validate compares a run that never peeked; --absorb-until is refused here")
    scenario = read_scenario(name)
    if scenario.scoring is None:
        raise ScenarioError(f"scenario '{scenario.name}' has no `validate` block: nothing was observed there")
    kept = str(console.data_dir / "cache")
    plan = Plan.make(scenario, scenario.scoring.until, None, members or scenario.scoring.members, cache=kept)
    run_id = new_run_id(f"{scenario.name}-validation")
    folder = create(plan, scenario, out or console.data_dir / "runs" / run_id, run_id)
    carry_out(console, folder, show=False)
    result = validation.score(folder, scenario)
    folder.write_text("validation.json", json.dumps(result, ensure_ascii=False, indent=1, default=float))
    report(folder, scenario)
    console.show(result, validation.lines(result, console.lang))


def listing(data_dir: Path) -> list[dict[str, Any]]:
    """Runs below the data folder, newest first."""
    rows = []
    for path in sorted((data_dir / "runs").glob("*/manifest.json"), key=lambda p: p.stat().st_mtime, reverse=True):
        try:
            manifest = store.RunFolder(path.parent).manifest()
        except StoreError:
            continue
        keys = ("run_id", "scenario", "status", "members", "until_s", "start")
        rows.append({**{key: manifest.get(key) for key in keys}, "path": str(path.parent)})
    return rows


def find(data_dir: Path, run: str) -> store.RunFolder:
    """The folder of a run named by id or path. Raises StoreError with the ids there are."""
    for path in (Path(run), data_dir / "runs" / run):
        if (path / "manifest.json").is_file():
            return store.RunFolder(path)
    known = ", ".join(row["run_id"] for row in listing(data_dir)[:5]) or "none"
    raise StoreError(f"no run '{run}' under {data_dir / 'runs'}; newest runs: {known}")


def seconds(text: str, option: str) -> int:
    """Whole seconds of an option written like 72h. Raises ScenarioError naming the option."""
    try:
        return duration_s(text)
    except ValueError as error:
        raise ScenarioError(f"{option} '{text}': {error}") from None
