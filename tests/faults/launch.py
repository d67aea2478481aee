"""`twin` with short leases, as a program: python -m tests.faults.launch [--far] -- ARGUMENTS OF TWIN

A pause of a worker that outlasts its lease takes ten minutes with the product's own numbers; here it takes seconds.
--far: the server takes its workers for those of another machine, of whose processes it can ask nothing and which it
cannot end, so that only their silence tells, and a worker that was given up may wake up again.
"""

from __future__ import annotations

import os
import signal
import sys
import threading
import time

from api.jobs import processes, supervisor

LEASE_S, HUNG_S = 2.0, 3.0
RESTART_LONGEST_S = 2.0  # here a worker that dies young says nothing about the machine


def main(arguments: list[str]) -> None:
    """Set the numbers, then be `twin`."""
    end = arguments.index("--")
    threading.Thread(target=_leave_with, args=(os.getppid(),), daemon=True).start()
    supervisor.HUNG_S, supervisor.RESTART_LONGEST_S = HUNG_S, RESTART_LONGEST_S
    supervisor.Supervisor.__init__.__kwdefaults__["lease_s"] = LEASE_S  # type: ignore[index]
    if "--far" in arguments[:end]:
        processes.pid_of = lambda worker: None
    from api.cli import main as twin

    sys.argv = ["twin", *arguments[end + 1 :]]
    twin()


def _leave_with(parent: int) -> None:
    """No server outlives the soak, however that one ends."""
    while os.getppid() == parent:
        time.sleep(1.0)
    os.kill(os.getpid(), signal.SIGTERM)


if __name__ == "__main__":
    main(sys.argv[1:])
