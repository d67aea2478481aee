"""A worker process whose jobs count to a hundred in a file, one line each step, and go on from the lines there are."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

from api.jobs import processes
from api.jobs.records import KINDS
from api.jobs.store import JobStore
from api.jobs.worker import Worker
from twin.errors import Interrupted

STEPS, STEP_S = 100, 0.01


def count(job, data_dir, progress, stop, pool, meter):
    """The work: a line says which step was done, in which attempt."""
    meter.expect(1, STEPS)
    path = data_dir / job.run_id
    done = len(path.read_text().splitlines()) if path.exists() else 0
    for step in range(done, STEPS):
        time.sleep(STEP_S)
        with path.open("a") as file:
            file.write(f"{step} {job.attempt}\n")
        progress(0, step + 1, None)
        if stop():
            raise Interrupted("stopped")
    return {"digest": f"counted to {STEPS}"}


def spawn(data_dir, url):
    """Start workers of this kind, as Supervisor(spawn=…) does; each leaves when this process ends."""
    root = Path(__file__).parents[3]
    command = [sys.executable, "-m", "tests.api.jobs.counting", str(data_dir), url, str(os.getpid())]

    def start(kinds=KINDS):
        given = {**os.environ, processes.MARK: "1"}
        return subprocess.Popen([*command, ",".join(kinds)], env=given, cwd=root, start_new_session=True)

    return start


if __name__ == "__main__":
    place, database, parent, lane = sys.argv[1:]
    with JobStore(database) as opened:
        worker = Worker(opened, Path(place), lane.split(","), carry_out=count, parent=int(parent))
        signal.signal(signal.SIGTERM, worker.leave)
        worker.run()
