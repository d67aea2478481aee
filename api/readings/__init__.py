"""Results read out of run folders: series, events with their causes, frames; while a run goes on as well as after it.

Nothing here writes. Texts of users never become part of a path: a run is found by an id of plain letters, digits
and hyphens, everything else is looked up among the names the run itself holds.
"""

from api.readings import events, frames, series
from api.readings.asking import AskError, NotThere, moment_s
from api.readings.frames import Frame, frame, frame_list
from api.readings.runs import OpenRun, find

__all__ = [
    "AskError",
    "Frame",
    "NotThere",
    "OpenRun",
    "events",
    "find",
    "frame",
    "frame_list",
    "frames",
    "moment_s",
    "series",
]
