"""Branches of a run: a run of its own that begins with its parent's past and goes on with a countermeasure.

What lies before the fork is linked, not copied and not computed again; chance is keyed, so whatever the
countermeasure does not reach is the same in parent and branch.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Mapping
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

from scenarios import countermeasures
from scenarios.execution import PARTS, Plan, layers_of, place_of, schedule_of
from scenarios.running import create
from twin import snapshot, store
from twin.errors import ScenarioError, StoreError


def fork(
    parent: store.RunFolder,
    at_s: int,
    countermeasure: Mapping[str, Any],
    path: Path,
    run_id: str,
    members: int | None = None,
    until_s: int | None = None,
) -> store.RunFolder:
    """Make the folder of a branch of `parent` at `at_s` (taken back to a step boundary); `running.finish` runs it.

    members: the first so many of the parent's, default all of them. Each begins at the parent's last snapshot at or
    before the fork. Raises ScenarioError for a countermeasure that cannot be carried out, a moment outside the run or
    more members than the parent has, StoreError where the parent has no snapshot before the fork.
    """
    manifest = parent.manifest()
    plan, record = Plan.of(manifest), countermeasures.parse(countermeasure)
    scenario, world, _ = place_of(plan)
    at_s, until_s = schedule_of(scenario).floor(at_s), until_s or plan.until_s
    number = plan.members if members is None else members
    if not 0 < number <= plan.members:
        raise ScenarioError(
            f"--members {number}: run {manifest['run_id']} has {plan.members}; ask for 1 to {plan.members}, "
            "or run it again with more"
        )
    if not 0 <= at_s < until_s:
        raise ScenarioError(f"--at: T+{at_s} s lies outside the run, which ends at T+{until_s} s")
    late = [
        pull
        for pull in countermeasures.resolve(record, scenario, world, layers_of(scenario), at_s)
        if pull.at_s >= until_s
    ]
    if late:
        raise ScenarioError(f"{late[0].id}: at: T+{late[0].at_s} s is not before the end of the run, T+{until_s} s")
    branch_plan = replace(
        plan,
        members=number,
        until_s=schedule_of(scenario).floor(until_s),
        countermeasures=(*plan.countermeasures, {"from_s": at_s, "record": record.model_dump(mode="json")}),
    )
    begins = {member: _last_snapshot(parent, member, at_s) for member in range(number)}
    more = {
        "parent": manifest["run_id"],
        "forked_at_s": at_s,
        "countermeasure": record.model_dump(mode="json"),
    }
    for member, begin_s in begins.items():  # before the manifest: a folder with a manifest is whole
        _link_past(parent, store.RunFolder(path), member, begin_s)
    return create(branch_plan, scenario, path, run_id, **more)


def same_plan(one: Plan, other: Plan) -> bool:
    """Whether two runs are the same but for countermeasures, members and length: their members can be paired."""
    apart = ("members", "until_s", "countermeasures", "cache")
    first, second = ({**asdict(plan), **dict.fromkeys(apart)} for plan in (one, other))
    return first == second


def _last_snapshot(parent: store.RunFolder, member: int, at_s: int) -> int:
    """Second of the member's last snapshot at or before the fork; 0: from the start."""
    times = [one for one in snapshot.times(parent.member_folder(member)) if one <= at_s]
    if not times and parent.manifest()["status"] in ("accepted", "running") and at_s > 0:
        raise StoreError(
            f"member {member} of {parent.path.name} has not come to T+{at_s} s yet; wait for it, or fork earlier"
        )
    return max(times, default=0)


def _link_past(parent: store.RunFolder, branch: store.RunFolder, member: int, begin_s: int) -> None:
    """Parts up to a snapshot, and the snapshot, into the branch's folder; none of these files is ever changed."""
    if begin_s == 0:
        return
    source, target = parent.member_folder(member), branch.member_folder(member)
    past = [part for name in PARTS for part in store.parts(source, name) if int(part.stem.split("-")[1]) <= begin_s]
    for file in (*past, *snapshot.files(source, begin_s)):
        try:
            (target / file.name).unlink(missing_ok=True)
            try:
                os.link(file, target / file.name)
            except OSError:  # another disk, or one without hard links
                shutil.copy2(file, target / file.name)
        except OSError as error:
            raise StoreError(f"cannot bring {file.name} into {target}: {error.strerror}") from None
