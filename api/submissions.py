"""From what a caller asks for to a job: checked against scenario, parent and limits before it is accepted."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from hashlib import sha256
from typing import Any

import orjson

from api.jobs.records import Job
from api.problems import Problem
from api.schemas import ForkAsk, RankAsk, RunAsk
from api.settings import Settings
from api.shelf import Shelf
from scenarios import countermeasures, ranking, read_scenario, scenario_names
from scenarios.assemble import member_params
from scenarios.execution import Plan, layers_of, place_of, schedule_of
from scenarios.reading import nearest
from scenarios.running import new_run_id
from scenarios.schema import Scenario
from twin.errors import ScenarioError, TwinError

Accepted = tuple[Job, bool]  # the job, and whether it is new
LONGEST_NAME = 80  # of the readable part of a run id


class Desk:
    """Accepts runs, forks and rankings. owner: id of the caller's key."""

    def __init__(self, settings: Settings, shelf: Shelf):
        self.settings, self.shelf = settings, shelf

    def run(self, ask: RunAsk, owner: str, idempotency_key: str | None) -> Accepted:
        """Accept a run. Raises Problem or a TwinError that says what is wrong."""
        scenario = known_scenario(ask.scenario)
        plan = self.plan(ask, scenario)
        shown = {
            "scenario": scenario.name,
            "start": scenario.start.isoformat(),
            **{name: getattr(plan, name) for name in ("members", "seed", "until_s")},
            "countermeasure": plan.countermeasures[0]["record"] if plan.countermeasures else None,
        }
        payload = {"plan": asdict(plan), "shown": shown}
        return self._submit("run", scenario.name, payload, (ask, "run"), (owner, idempotency_key))

    def plan(self, ask: RunAsk, scenario: Scenario) -> Plan:
        """What to run. Raises Problem `invalid` beyond the limits, TwinError for what the scenario has not."""
        limits = self.settings.limits
        _hold("#/members", ask.members or scenario.members, limits.members, "members")
        _hold("#/until", ask.until or scenario.until_s, limits.until_s, "seconds of simulated time")
        _hold("#/set", len(ask.set), limits.settings, "settings")
        record = _record(ask.countermeasure)
        plan = Plan.make(
            scenario,
            ask.until,
            ask.seed,
            ask.members,
            ask.set,
            ask.cut,
            str(self.settings.data_dir / "cache"),
            record.model_dump(mode="json") if record else None,
        )
        if plan.until_s <= 0:
            raise Problem("invalid", "`until` is shorter than one step", [("#/until", "shorter than one step")])
        check_settings(scenario, ask.set)
        if record:
            resolve(record, scenario, 0)
        return plan

    def fork(self, run_id: str, ask: ForkAsk, owner: str, idempotency_key: str | None) -> Accepted:
        """Accept a branch of a run."""
        manifest = self.parent(run_id, ask.at)
        members = ask.members or int(manifest["members"])
        _hold("#/members", members, min(self.settings.limits.members, int(manifest["members"])), "members of this run")
        record = countermeasures.parse(ask.countermeasure)
        scenario = read_scenario(Plan.of(manifest).scenario)
        at_s = schedule_of(scenario).floor(ask.at)
        resolve(record, scenario, at_s)
        told = record.model_dump(mode="json")
        shown = {**{name: manifest[name] for name in ("scenario", "start", "seed", "until_s")}, "members": members}
        payload = {"parent": run_id, "at_s": at_s, "countermeasure": told, "members": members, "shown": shown}
        name = f"{scenario.name}-{record.name}"
        return self._submit("fork", name, payload, (ask, run_id), (owner, idempotency_key))

    def rank(self, run_id: str, ask: RankAsk, owner: str, idempotency_key: str | None) -> Accepted:
        """Accept a ranking of countermeasures."""
        limits = self.settings.limits
        manifest = self.parent(run_id, ask.at)
        _hold("#/candidates", len(ask.candidates), limits.candidates, "candidates")
        _hold("#/members", ask.members or 1, limits.members, "members")
        records = [countermeasures.parse(one, f"candidates.{number}") for number, one in enumerate(ask.candidates)]
        names = [record.name for record in records]
        if len(set(names)) != len(names) or ranking.NOTHING in names:
            raise ScenarioError(f"candidates need names of their own, and none may be called '{ranking.NOTHING}'")
        if min(ask.members or int(manifest["members"]), int(manifest["members"])) < 2:
            raise ScenarioError("one draw says nothing of what is best; rank from a run of 8 members or more")
        scenario = read_scenario(Plan.of(manifest).scenario)
        at_s = schedule_of(scenario).floor(ask.at)
        for record in records:
            resolve(record, scenario, at_s)
        payload = {"parent": run_id, "at_s": at_s, "candidates": [one.model_dump(mode="json") for one in records]}
        payload |= rank_options(ask)
        return self._submit("rank", f"{scenario.name}-rank", payload, (ask, run_id), (owner, idempotency_key))

    def parent(self, run_id: str, at_s: int) -> Mapping[str, Any]:
        """Manifest of a run that branches can start from at this moment."""
        manifest = self._manifest(run_id)
        if at_s >= int(manifest["until_s"]):
            end = f"the run ends at T+{manifest['until_s']} s"
            raise Problem("invalid", f"a fork must lie within its run; {end}", [("#/at", end)])
        return manifest

    def _manifest(self, run_id: str) -> Mapping[str, Any]:
        self.shelf.folder(run_id)
        manifest = self.shelf.manifest(run_id)
        if manifest is None:
            raise Problem("conflict", f"run '{run_id}' cannot be read")
        return manifest

    def resume(self, run_id: str, owner: str) -> Job:
        """Let a run go on; one of the command line becomes a job of this server."""
        job = self.shelf.job(run_id)
        limits = self.settings.limits
        if job is not None:
            resumed = self.shelf.jobs.resume(run_id, limits=limits)
            self.shelf.changed()
            return resumed
        manifest = self._manifest(run_id)
        if manifest.get("status") == "done":
            raise Problem("conflict", f"run '{run_id}' is finished; there is nothing to go on with")
        plan = Plan.of(manifest)
        names = ("scenario", "start", "members", "seed", "until_s", "countermeasure")
        payload: dict[str, Any] = {"plan": asdict(plan), "shown": {name: manifest.get(name) for name in names}}
        kind = "run"
        if manifest.get("parent"):
            kind = "fork"
            payload |= {"parent": manifest["parent"], "at_s": manifest.get("forked_at_s")}
            payload |= {"countermeasure": manifest.get("countermeasure") or {}, "members": plan.members}
        job, _ = self.shelf.jobs.submit(kind, run_id, payload, owner, None, "", limits)
        self.shelf.adopted(run_id)
        return job

    def _submit(
        self, kind: str, name: str, payload: dict[str, Any], ask: tuple[Any, str], caller: tuple[str, str | None]
    ) -> Accepted:
        """Hand over; the digest of the request tells a repeated request from another one with the same key."""
        body, place = ask
        told = orjson.dumps([kind, place, body.model_dump(mode="json")], option=orjson.OPT_SORT_KEYS)
        run_id = new_run_id(name[:LONGEST_NAME].rstrip("-"))
        owner, key = caller
        parent = payload.get("parent")
        accepted = self.shelf.jobs.submit(
            kind,
            run_id,
            payload,
            owner,
            key,
            sha256(told).hexdigest(),
            self.settings.limits,
            parent=parent if parent and self.shelf.job(parent) is not None else None,
        )
        self.shelf.changed()
        return accepted


def known_scenario(name: str, pointer: str = "#/scenario") -> Scenario:
    """A shipped scenario by its name; never a file. Raises Problem `invalid` with the nearest name."""
    names = scenario_names()
    if name not in names:
        text = f"no scenario '{name}'{nearest(name, names)}"
        raise Problem("invalid", f"{text}; GET /v1/scenarios lists them", [(pointer, text)])
    return read_scenario(name)


def check_settings(scenario: Scenario, settings: Mapping[str, Any]) -> None:
    """Raises a TwinError or Problem for a parameter that is not there, out of range or of another shape."""
    if not settings:
        return
    layers = layers_of(scenario)
    usual = member_params(layers, {}, 0, 0)
    wrong = []
    for dotted, value in settings.items():
        layer, _, name = dotted.partition(".")
        rows = usual[layer].rows if layer in usual else {}
        if name in rows and shape_of(value) != shape_of(rows[name].value):
            wrong.append((f"#/set/{dotted}", f"must be {shape_of(rows[name].value)}"))
    if wrong:
        raise Problem("invalid", "settings of the wrong shape", wrong)
    member_params(layers, settings, 0, 0)


def shape_of(value: Any) -> str:
    """What sort of value a parameter takes, in words."""
    if isinstance(value, Sequence) and not isinstance(value, str):
        return (
            f"a list of {len(value)} numbers" if all(not isinstance(one, str) for one in value) else "a list of names"
        )
    return "a text" if isinstance(value, str) else "a number"


def resolve(record: countermeasures.Countermeasure, scenario: Scenario, at_s: int) -> None:
    """Raises ScenarioError with everything that keeps a countermeasure from being carried out."""
    plan = Plan.make(scenario)
    _, world, _ = place_of(plan)
    countermeasures.resolve(record, scenario, world, layers_of(scenario), at_s)


def problems_of(data: Mapping[str, Any], scenario: Scenario, at_s: int) -> list[str]:
    """The same as a list of lines; empty when it can be carried out."""
    try:
        resolve(countermeasures.parse(data), scenario, at_s)
    except TwinError as error:
        return [line for line in str(error).splitlines() if line.strip()]
    return []


def rank_options(ask: RankAsk) -> dict[str, Any]:
    """What `ranking.rank` takes by name. Raises ScenarioError for an objective that is none."""
    ranking.objective_of(ask.objective)
    options = {
        "objective": ask.objective,
        "until_s": ask.horizon,
        "most_members": ask.members,
        "budget": ask.effort,
    }
    return {name: value for name, value in options.items() if value is not None}


def _record(data: Mapping[str, Any] | None) -> countermeasures.Countermeasure | None:
    return None if data is None else countermeasures.parse(data)


def _hold(pointer: str, asked: int, most: int, what: str) -> None:
    if asked > most:
        raise Problem("invalid", f"at most {most} {what} here", [(pointer, f"{asked} is more than {most}")])
