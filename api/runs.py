"""What the commands about runs do: start, resume, list, report, validate."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict
from datetime import UTC, datetime
from hashlib import blake2b, sha256
from importlib import metadata
from pathlib import Path
from typing import Any

from api.console import Console
from api.progress import RunProgress
from scenarios import build_world, check, read_scenario
from scenarios.execution import Plan, layers_of, run_members
from scenarios.observed import observed_table
from scenarios.report import write_report as render_report
from scenarios.schema import Scenario, duration_s
from twin import params, snapshot, store
from twin.errors import Interrupted, ScenarioError, StoreError, TwinError

_IMPORTED_AT = time.process_time()


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
) -> None:
    """Check, create the run folder, run, merge, report."""
    if absorb_until is not None or region is not None:
        raise ScenarioError("absorbing observations and other regions are not part of this version")
    problems = check(name)
    if problems:
        raise ScenarioError("\n".join(problems))
    scenario = read_scenario(name)
    plan = Plan.make(scenario, _seconds(until), seed, members, settings, cuts, str(console.data_dir / "cache"))
    if plan.until_s <= 0:
        raise ScenarioError(f"--until {until} is shorter than one step of the schedule")
    run_id = new_run_id(scenario.name)
    folder = store.RunFolder.create(out or console.data_dir / "runs" / run_id, _manifest(run_id, scenario, plan))
    _finish(console, folder, scenario, plan)


def resume(console: Console, run: str) -> None:
    """Go on with a run that was cut short; a finished run is left alone."""
    folder = find(console.data_dir, run)
    manifest = folder.manifest()
    if manifest["status"] == "done":
        console.say("この実行は完了しています。", "This run is finished already.")
        return
    scenario = read_scenario(manifest["plan"]["scenario"])
    if _file_hash(scenario) != manifest["scenario_sha256"]:
        raise ScenarioError(f"{scenario.path} has changed since the run began; a resumed run would not be the same run")
    plan = Plan(**{**manifest["plan"], "cuts": tuple(manifest["plan"]["cuts"])})
    _finish(console, folder, scenario, plan)


def _finish(console: Console, folder: store.RunFolder, scenario: Scenario, plan: Plan) -> None:
    folder.update_manifest(status="running")
    begun = time.perf_counter()
    try:
        with RunProgress(console, plan.members, plan.until_s) as progress:
            results = run_members(plan, folder.path, progress)
        world = build_world(scenario)
        digest = folder.merge(range(plan.members), observed_table(scenario, world, plan.until_s))
    except (Interrupted, StoreError) as error:
        _mark(folder, "interrupted")
        raise Interrupted(str(error)) from None
    except Exception:
        _mark(folder, "failed")
        raise
    manifest = folder.update_manifest(
        status="done",
        finished=datetime.now(UTC).isoformat(timespec="seconds"),
        wall_s=round(time.perf_counter() - begun, 3),
        import_s=round(_IMPORTED_AT, 3),
        digest=digest,
        **_figures(results),
    )
    path = render_report(folder, scenario)
    console.say(f"報告書: {path}", f"report: {path}")
    if console.json:
        console.show_json(manifest)


def write_report(console: Console, run: str) -> Path:
    """Render the report of a finished run again."""
    folder = find(console.data_dir, run)
    return render_report(folder, read_scenario(folder.manifest()["plan"]["scenario"]))


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
    folder = store.RunFolder.create(out or console.data_dir / "runs" / run_id, _manifest(run_id, scenario, plan))
    _finish(console, folder, scenario, plan)
    result = validation.score(folder, scenario)
    folder.write_text("validation.json", json.dumps(result, ensure_ascii=False, indent=1, default=float))
    render_report(folder, scenario)
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


def new_run_id(name: str) -> str:
    """A name for a run: scenario, UTC time, and a short tail that tells runs of one second apart."""
    now = datetime.now(UTC)
    tail = blake2b(f"{now.isoformat()}{time.perf_counter_ns()}".encode(), digest_size=2).hexdigest()
    return f"{name}-{now:%Y%m%dT%H%M%SZ}-{tail}"


def _manifest(run_id: str, scenario: Scenario, plan: Plan) -> dict[str, Any]:
    world = build_world(scenario)
    layers = layers_of(scenario)
    rows = {(layer.name, row.name): row for layer in layers for row in params.load(layer.params_file).rows.values()}

    def of_status(status: str) -> list[str]:
        return [f"{layer}.{name}" for (layer, name), row in rows.items() if row.status == status]

    return {
        "run_id": run_id,
        "scenario": scenario.name,
        "scenario_sha256": _file_hash(scenario),
        "code_version": metadata.version("disaster-twin"),
        "seed": plan.seed,
        "members": plan.members,
        "command": {"until_s": plan.until_s, "set": dict(plan.settings), "cut": list(plan.cuts)},
        "plan": asdict(plan),
        "start": scenario.start.isoformat(),
        "until_s": plan.until_s,
        "created": datetime.now(UTC).isoformat(timespec="seconds"),
        "status": "accepted",
        "cuts": list(plan.cuts),
        "absorbed_until_s": None,
        "params_unverified": of_status("unverified"),
        "params_calibrated": of_status("calibrated"),
        "params_assumed": of_status("assumed"),
        "sources": [dict(row) for row in world.sources],
        "attribution": sorted({row["attribution"] for row in world.sources if row.get("attribution")}),
        "labels": dict(world.labels),
        "schema_versions": {
            "snapshot_format": snapshot.FORMAT,
            "series_version": store.SERIES_VERSION,
            "scenario_version": scenario.version,
            "state_schema": {layer.name: layer.state_schema for layer in layers},
        },
        "draws": "one draw" if plan.members == 1 else f"{plan.members} members",
    }


def _figures(results: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    names = results[0]["layer_s"]
    return {
        "peak_rss_mb": max(result["peak_rss_mb"] for result in results),
        "layer_s": {
            name: round(sum(result["layer_s"][name] for result in results) / len(results), 4) for name in names
        },
        "steps": results[0]["steps"],
        "member_wall_s": [round(result["wall_s"], 3) for result in results],
    }


def _mark(folder: store.RunFolder, status: str) -> None:
    with suppress(TwinError):  # where the disk refuses, the old manifest says "running", which `resume` takes as well
        folder.update_manifest(status=status)


def _file_hash(scenario: Scenario) -> str:
    return sha256(Path(scenario.path).read_bytes()).hexdigest()


def _seconds(text: str | None) -> int | None:
    if text is None:
        return None
    try:
        return duration_s(text)
    except ValueError as error:
        raise ScenarioError(f"--until '{text}': {error}") from None
