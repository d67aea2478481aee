"""Python imports this first where the folder is on PYTHONPATH: a wall clock that leaps by what a file says.

The file is named by TWIN_FAULTS_CLOCK and holds seconds; the monotonic clock is left alone, as a real leap leaves it.
"""

import os
import time

_TRUE_TIME, _TRUE_TIME_NS = time.time, time.time_ns


def _offset_s() -> float:
    try:
        with open(os.environ["TWIN_FAULTS_CLOCK"]) as file:
            return float(file.read())
    except (OSError, KeyError, ValueError):
        return 0.0


if "TWIN_FAULTS_CLOCK" in os.environ:
    time.time = lambda: _TRUE_TIME() + _offset_s()
    time.time_ns = lambda: _TRUE_TIME_NS() + round(_offset_s() * 1e9)
