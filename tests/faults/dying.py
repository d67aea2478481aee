"""A job that is killed at one certain moment: in a process of its own, which ends itself as `kill -9` would."""

from __future__ import annotations

import importlib
import multiprocessing
import os
import signal
from pathlib import Path
from typing import Any

from api.jobs import work
from api.jobs.records import Job
from tests.faults.plans import InOrder

LIMIT_S = 90.0


def die(job: Job, data_dir: Path, at: str, call: int = 1, having: str = "") -> int:
    """Carry a job out in another process that kills itself at a call of a function; returns its exit code.

    at: `module:name` or `module:class.name`. call: which of its calls; having: only those with this in the arguments.
    """
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["scenarios.execution", "scenarios.report", "tests.faults.dying"])
    process = context.Process(target=_carry_out, args=(job, data_dir, at, call, having))
    process.start()
    process.join(LIMIT_S)
    if process.exitcode is None:
        process.kill()
        process.join()
    return process.exitcode or 0


def _carry_out(job: Job, data_dir: Path, at: str, call: int, having: str) -> None:
    module, _, names = at.partition(":")
    *owners, name = names.split(".")
    owner: Any = importlib.import_module(module)
    for one in owners:
        owner = getattr(owner, one)
    real, seen = getattr(owner, name), []

    def deadly(*arguments: Any, **named: Any) -> Any:
        """The function, until its hour has come."""
        if having in f"{arguments} {named}":
            seen.append(name)
            if len(seen) == call:
                os.kill(os.getpid(), signal.SIGKILL)
        return real(*arguments, **named)

    setattr(owner, name, deadly)
    work.carry_out(job, data_dir, pool=InOrder())
