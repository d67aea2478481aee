"""The two tables missions live in: what has to be done, and who can do it."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Any, ClassVar, Self

import numpy as np

from twin.errors import StateError

Array = np.ndarray

PHASES = ("waiting", "travelling", "working", "done", "cancelled")
WAITING, TRAVELLING, WORKING, DONE, CANCELLED = range(len(PHASES))
IDLE = -1
"""`Units.mission` of a unit without a mission; no mission may have this key."""
NEVER_S = 2**62
"""A time that does not come, in seconds; small enough to add durations to."""

LOG = np.dtype([("time_s", "i8"), ("key", "i8"), ("kind", "i2"), ("place", "i4"), ("before", "i1"), ("after", "i1")])
"""One change of phase: when, which mission (key, kind, place), from which phase to which."""


@dataclass(frozen=True)
class Rows:
    """Equal-length columns, one row per entity. Every change returns a new table and leaves the old one alone."""

    key: Array

    DTYPES: ClassVar[dict[str, str]] = {}

    def __post_init__(self) -> None:
        lengths = {column.name: len(getattr(self, column.name)) for column in fields(self)}
        if len(set(lengths.values())) > 1:
            raise StateError(f"columns of {type(self).__name__} differ in length: {lengths}")

    def __len__(self) -> int:
        return len(self.key)

    @classmethod
    def empty(cls) -> Self:
        """A table without rows."""
        return cls(**{column.name: np.empty(0, cls._dtype(column.name)) for column in fields(cls)})

    def with_columns(self, **columns: Array) -> Self:
        """The same rows with these columns instead, which must have the same length: they are not checked."""
        table = object.__new__(type(self))
        table.__dict__.update(self.__dict__, **columns)
        return table

    def select(self, mask: Array) -> Self:
        """The rows where `mask` is true, or the rows with these numbers, in the order given."""
        return self.with_columns(**{name: column[mask] for name, column in vars(self).items()})

    @classmethod
    def _dtype(cls, name: str) -> str:
        return cls.DTYPES.get(name, "int64")

    def _extended(self, new: dict[str, Any]) -> Self:
        """New rows at the end; scalars are repeated. Refuses keys that are already there, double or IDLE."""
        count = np.size(new["key"])
        columns = {name: np.empty(len(self) + count, self._dtype(name)) for name in new}
        for name, column in columns.items():
            column[: len(self)], column[len(self) :] = getattr(self, name), new[name]
        key = columns["key"][len(self) :]
        ordered = np.sort(columns["key"])
        if (ordered[1:] == ordered[:-1]).any() or (key == IDLE).any():
            raise StateError(
                f"{type(self).__name__}.append: keys must be new, distinct and not {IDLE}; "
                f"make them from permanent ids. First keys given: {key[:5].tolist()}"
            )
        return self.with_columns(**columns)


@dataclass(frozen=True)
class Missions(Rows):
    """Work that waits for units or has them; arrays (mission,).

    key: permanent int64 id. kind: the caller's. pool: which units may serve. priority: 0 is most urgent.
    place: destination, a row of the caller's table. asked_s: since when it waits.
    work_s: nominal work of one full crew, seconds; left_s: what remains of it, brought up to date whenever work is
    interrupted or ends (while WORKING, the end is `due_s`). need: units, granted all or none.
    preemptible: a more urgent mission may take its units. phase: one of PHASES.
    due_s: end of the present travel or work, -1 when there is none.
    sent_s, began_s: when units first set out, and when work first began, -1 before.
    done_s: when it was done or cancelled, -1 before.
    pace: seconds on site per nominal second since work last began (the stretch then in force).
    """

    kind: Array
    pool: Array
    priority: Array
    place: Array
    asked_s: Array
    work_s: Array
    need: Array
    preemptible: Array
    phase: Array
    due_s: Array
    sent_s: Array
    began_s: Array
    done_s: Array
    left_s: Array
    pace: Array

    DTYPES: ClassVar[dict[str, str]] = {
        **{"kind": "int16", "pool": "int16", "priority": "int16", "place": "int32", "need": "int16"},
        **{"preemptible": "bool", "phase": "int8", "pace": "float64"},
    }

    def append(
        self,
        *,
        key: Any,
        place: Any,
        asked_s: Any,
        work_s: Any,
        kind: Any = 0,
        pool: Any = 0,
        priority: Any = 0,
        need: Any = 1,
        preemptible: Any = False,
    ) -> Missions:
        """These and the new waiting missions; arrays of one length, scalars are repeated.

        Raises StateError for keys already in the table, negative work, or a need below one unit.
        """
        if np.min(work_s, initial=0) < 0 or np.min(need, initial=1) < 1:
            raise StateError("Missions.append: work_s must be >= 0 and need >= 1; check the rows handed in")
        asked = {"key": key, "kind": kind, "pool": pool, "priority": priority, "place": place, "need": need}
        asked |= {"asked_s": asked_s, "work_s": work_s, "left_s": work_s, "preemptible": preemptible}
        fresh = {"phase": WAITING, "due_s": -1, "sent_s": -1, "began_s": -1, "done_s": -1, "pace": 1.0}
        return self._extended(asked | fresh)

    def drop_done(self, before_s: int) -> Missions:
        """Without the missions done or cancelled before `before_s`; the same object when there are none."""
        old = (self.phase >= DONE) & (self.done_s < before_s)
        return self.select(~old) if old.any() else self


@dataclass(frozen=True)
class Units(Rows):
    """Who can be sent; arrays (unit,).

    key: permanent int64 id. pool: which missions it serves. base: place it belongs to.
    place: where its present or next journey starts: on the road, where it set out; on the way back, its base.
    mission: key of the mission it is on, IDLE otherwise. available_s: not before. leave_s: not from then on.
    duty_s, rest_s, shift_offset_s: on duty while (t - shift_offset_s) mod (duty_s + rest_s) < duty_s; rest_s 0 means
    always on duty. return_to_base: goes back to `base` after each mission and is busy meanwhile.
    departed_s, arrive_s: present or last journey; idle units are free from arrive_s on.
    """

    pool: Array
    base: Array
    place: Array
    mission: Array
    available_s: Array
    leave_s: Array
    duty_s: Array
    rest_s: Array
    shift_offset_s: Array
    return_to_base: Array
    departed_s: Array
    arrive_s: Array

    DTYPES: ClassVar[dict[str, str]] = {
        **{"pool": "int16", "base": "int32", "place": "int32", "return_to_base": "bool"},
    }

    def append(
        self,
        *,
        key: Any,
        base: Any,
        pool: Any = 0,
        place: Any = None,
        available_s: Any = 0,
        leave_s: Any = NEVER_S,
        duty_s: Any = 0,
        rest_s: Any = 0,
        shift_offset_s: Any = 0,
        return_to_base: Any = False,
    ) -> Units:
        """These and the new idle units, standing at `place` (their base if not given); scalars are repeated.

        Raises StateError for keys already in the table, negative times of duty or rest, or rest without duty.
        """
        if np.min(duty_s, initial=0) < 0 or np.min(rest_s, initial=0) < 0:
            raise StateError("Units.append: duty_s and rest_s must be >= 0; rest_s 0 means always on duty")
        if np.any((np.asarray(rest_s) > 0) & (np.asarray(duty_s) == 0)):
            raise StateError("Units.append: a unit with rest_s needs duty_s > 0, else it never works")
        who = {"key": key, "pool": pool, "base": base, "place": base if place is None else place}
        when = {"available_s": available_s, "leave_s": leave_s, "duty_s": duty_s, "rest_s": rest_s}
        when |= {"shift_offset_s": shift_offset_s, "return_to_base": return_to_base}
        idle = {"mission": IDLE, "departed_s": 0, "arrive_s": 0}
        return self._extended(who | when | idle)
