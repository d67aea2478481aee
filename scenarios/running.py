"""A run from its folder to its report: made with a manifest, carried out or resumed, merged, its fate marked.

The command line and the workers of the server both come through here.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict
from datetime import UTC, datetime
from hashlib import blake2b, sha256
from importlib import metadata
from pathlib import Path
from typing import Any

from scenarios.execution import Plan, Progress, layers_of, place_of, run_members
from scenarios.observed import observed_table
from scenarios.pool import Pool
from scenarios.reading import read_scenario
from scenarios.schema import Scenario
from twin import params, snapshot, store
from twin.errors import Interrupted, ScenarioError, StoreError, TwinError

_IMPORTED_AT = time.process_time()
ONE_DRAW = "one draw"


def new_run_id(name: str) -> str:
    """A name for a run: scenario, UTC time, and a short tail that tells runs of one second apart."""
    now = datetime.now(UTC)
    tail = blake2b(f"{now.isoformat()}{time.perf_counter_ns()}".encode(), digest_size=4).hexdigest()
    return f"{name}-{now:%Y%m%dt%H%M%Sz}-{tail}"


def create(plan: Plan, scenario: Scenario, path: Path, run_id: str, **more: Any) -> store.RunFolder:
    """Make the folder of a run with its manifest; `more` are further fields of it.

    Raises StoreError where a run is there already or the disk refuses.
    """
    return store.RunFolder.create(path, {**_manifest(run_id, scenario, plan), **more})


def finish(
    folder: store.RunFolder,
    progress: Progress | None = None,
    stop: Callable[[], bool] | None = None,
    pool: Pool | None = None,
    with_report: bool = True,
) -> dict[str, Any]:
    """Start or resume the run of a folder and bring it to its end; a finished one is left alone. Returns the manifest.

    Raises Interrupted when stopped or when the disk is full (everything kept, resumable), ScenarioError when the
    scenario has changed since, StateError when a layer fails.
    """
    manifest = folder.manifest()
    if manifest["status"] == "done":
        return manifest
    plan = Plan.of(manifest)
    scenario = read_scenario(plan.scenario)
    if file_hash(scenario) != manifest["scenario_sha256"]:
        raise ScenarioError(f"{scenario.path} has changed since the run began; a resumed run would not be the same run")
    folder.update_manifest(status="running")
    begun = time.perf_counter()
    try:
        results = run_members(plan, folder.path, progress, pool=pool, stop=stop)
        world = place_of(plan)[1]
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
    if with_report:
        report(folder, scenario)
    return manifest


def report(folder: store.RunFolder, scenario: Scenario | None = None) -> Path:
    """Write the report of a finished run (again)."""
    from scenarios.report import write_report

    return write_report(folder, scenario or read_scenario(folder.manifest()["plan"]["scenario"]))


def file_hash(scenario: Scenario) -> str:
    """SHA-256 of the scenario file."""
    return sha256(Path(scenario.path).read_bytes()).hexdigest()


def _manifest(run_id: str, scenario: Scenario, plan: Plan) -> dict[str, Any]:
    world = place_of(plan)[1]
    layers = layers_of(scenario)
    rows = {(layer.name, row.name): row for layer in layers for row in params.load(layer.params_file).rows.values()}

    def of_status(status: str) -> list[str]:
        return [f"{layer}.{name}" for (layer, name), row in rows.items() if row.status == status]

    return {
        "run_id": run_id,
        "scenario": scenario.name,
        "scenario_sha256": file_hash(scenario),
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
        "draws": ONE_DRAW if plan.members == 1 else f"{plan.members} members",
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
    with suppress(TwinError):  # where the disk refuses, the old manifest says "running", which a resume takes as well
        folder.update_manifest(status=status)
